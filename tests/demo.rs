//! The built-in objective: its arithmetic, its repeatability, and its worker.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;
use tunescope::demo::model::{Batch, Dropout, Model, Shape, Workspace};
use tunescope::demo::optimizer::Scheduler;
use tunescope::demo::rng::Rng;
use tunescope::demo::training::{self, Effort, Ending, Settings, Task};
use tunescope::demo::worker::{Suggest, Worker, parse_duration};
use tunescope::demo::{Start, objective, prepare, recorded};

#[path = "demo/worker.rs"]
mod worker;

/// Enough to show the behaviour, in a tenth of a second without optimisation.
const SMALL: Effort = Effort {
    text: 1_500,
    characters: 3_072,
    held_out: 400,
    reports: 6,
};

fn settings() -> Settings {
    Settings {
        learning_rate: 1e-3,
        batch_size: 8,
        warmup_ratio: 0.1,
        weight_decay: 0.01,
        dropout: 0.1,
        scheduler: Scheduler::Cosine,
        frozen_layers: 1,
    }
}

fn tune(task: &Task, settings: &Settings, seed: u64) -> (Ending, Vec<(usize, f64)>) {
    let mut curve = Vec::new();
    let ending = task.fine_tune(settings, seed, &mut |progress| {
        curve.extend(progress.loss.map(|loss| (progress.characters, loss)));
        ControlFlow::Continue(())
    });
    (ending, curve)
}

/// Every line parses: none is torn.
fn lines(path: &Path) -> Vec<Json> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

// The arithmetic.

fn small_network() -> (Model, Batch) {
    let shape = Shape {
        vocabulary: 11,
        context: 3,
        embedding: 4,
        hidden: 8,
        inner: 12,
        blocks: 2,
    };
    let mut rng = Rng::new(17, 0);
    let mut model = Model::random(shape, &mut rng);
    // Biases and gains away from their start, so that their gradients are tested in general position.
    for part in model.layout().clone().parts() {
        let spread = if part.decays { 0.0 } else { 0.2 };
        for w in &mut model.weights[part.range()] {
            *w += spread * rng.normal() as f32;
        }
    }
    let text: Vec<u8> = (0..60).map(|_| rng.below(11) as u8).collect();
    let mut batch = Batch::default();
    batch.push(&text, 3, 57, 3);
    (model, batch)
}

/// Loss with the same dropout mask each time.
fn loss(model: &Model, batch: &Batch, rate: f64, workspace: &mut Workspace) -> f64 {
    let rng = &mut Rng::new(23, 0);
    let dropout = (rate > 0.0).then_some(Dropout { rate, rng });
    model.forward(batch, dropout, workspace)
}

#[test]
fn the_gradient_agrees_with_finite_differences() {
    // A loss in single precision has noise of about 1e-7, divided by the step.
    const STEP: f32 = 4e-3;
    const TOLERANCE: f64 = 5e-4;
    let (model, batch) = small_network();
    for rate in [0.0, 0.3] {
        let mut workspace = Workspace::default();
        loss(&model, &batch, rate, &mut workspace);
        let mut gradient = vec![f32::NAN; model.weights.len()];
        model.backward(&batch, 0, &mut workspace, &mut gradient);
        let mut largest = 0.0_f64;
        for (i, &g) in gradient.iter().enumerate() {
            let slope = |step: f32| {
                let at = |delta: f32| {
                    let mut moved = model.clone();
                    moved.weights[i] += delta;
                    loss(&moved, &batch, rate, &mut Workspace::default())
                };
                (at(step) - at(-step)) / f64::from(2.0 * step)
            };
            // Richardson: the error of second order cancels.
            let difference = (4.0 * slope(STEP) - slope(2.0 * STEP)) / 3.0;
            assert!(
                (f64::from(g) - difference).abs() < TOLERANCE,
                "weight {i}, dropout {rate}: {g} by hand, {difference} by differences"
            );
            largest = largest.max(difference.abs());
        }
        assert!(
            largest > 50.0 * TOLERANCE,
            "the gradient is too small to test: {largest}"
        );
    }
}

#[test]
fn the_gradient_of_trained_layers_does_not_depend_on_freezing_the_others() {
    let (model, batch) = small_network();
    let mut workspace = Workspace::default();
    let mut gradient = |frozen| {
        let mut gradient = vec![f32::NAN; model.weights.len()];
        loss(&model, &batch, 0.0, &mut workspace);
        model.backward(&batch, frozen, &mut workspace, &mut gradient);
        gradient
    };
    let full = gradient(0);
    for frozen in 1..=2 {
        let first = model.layout().first_of_layer(frozen);
        let partial = gradient(frozen);
        assert!(first > 0 && partial[..first].iter().all(|g| g.is_nan()));
        assert_eq!(partial[first..], full[first..]);
    }
}

#[test]
fn dropout_keeps_the_expected_share_and_the_expected_activation() {
    let (model, batch) = small_network();
    let mut workspace = Workspace::default();
    let plain = model.forward(&batch, None, &mut workspace);
    let mut rng = Rng::new(3, 0);
    let losses: Vec<f64> = (0..200)
        .map(|_| {
            let rng = &mut rng;
            model.forward(&batch, Some(Dropout { rate: 0.2, rng }), &mut workspace)
        })
        .collect();
    let mean = losses.iter().sum::<f64>() / 200.0;
    assert!(losses.iter().any(|l| l != &losses[0]));
    // Noise in the logits can only raise the expected cross-entropy, and 20 % raises it little.
    assert!(mean > plain && mean < plain + 0.5, "{plain} → {mean}");
}

// The task.

#[test]
fn the_stored_weights_have_the_loss_that_their_file_states() {
    let (header, model) = training::pretrained().unwrap();
    assert_eq!(header.shape(), training::shape());
    let loss = model.loss(&training::held_out_prose().unwrap(), &mut Workspace::default());
    // Other machines multiply in another order.
    assert!((loss - header.loss).abs() < 1e-4, "{loss} ≠ {}", header.loss);
    let unigram = (header.vocabulary as f64).ln();
    assert!(loss < 0.15 * unigram, "pre-training taught nothing: {loss}");
}

#[test]
fn pretraining_is_repeatable_and_learns() {
    let mut losses = Vec::new();
    let first = training::pretrain(24_000, 1, &mut |_, loss| losses.push(loss)).unwrap();
    assert!(
        losses.last() < losses.first().map(|l| l * 0.75).as_ref(),
        "{losses:?}"
    );
    assert_eq!(first, training::pretrain(24_000, 1, &mut |_, _| ()).unwrap());
    assert!(training::pretrain(24_000, 2, &mut |_, _| ()).unwrap() != first);
}

#[test]
fn a_trial_is_a_function_of_its_configuration_and_seed_bit_for_bit() {
    let task = Task::new(SMALL).unwrap();
    let (ending, curve) = tune(&task, &settings(), 5);
    assert_eq!((ending, curve.clone()), tune(&task, &settings(), 5));
    assert_eq!((ending, curve), tune(&Task::new(SMALL).unwrap(), &settings(), 5));
    let (other, _) = tune(&task, &settings(), 6);
    let (Ending::Complete(a), Ending::Complete(b)) = (ending, other) else {
        panic!("{ending:?} {other:?}");
    };
    assert!(a != b && (a - b).abs() < 0.2, "seeds {a} and {b}");
}

#[test]
fn fine_tuning_lowers_the_loss_and_reports_its_curve() {
    let task = Task::new(SMALL).unwrap();
    let (ending, curve) = tune(&task, &settings(), 1);
    let Ending::Complete(value) = ending else {
        panic!("{ending:?}");
    };
    assert!(
        value < task.untuned_loss() - 0.05,
        "{} → {value}",
        task.untuned_loss()
    );
    assert_eq!(curve.len(), SMALL.reports);
    assert_eq!(curve.last(), Some(&(SMALL.characters, value)));
    assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn every_setting_changes_the_outcome() {
    let task = Task::new(SMALL).unwrap();
    let base = tune(&task, &settings(), 1).0;
    let variants: [fn(&mut Settings); 7] = [
        |s| s.learning_rate = 2e-3,
        |s| s.batch_size = 16,
        |s| s.warmup_ratio = 0.3,
        |s| s.weight_decay = 1.0,
        |s| s.dropout = 0.0,
        |s| s.scheduler = Scheduler::Constant,
        |s| s.frozen_layers = 3,
    ];
    for (i, change) in variants.iter().enumerate() {
        let mut changed = settings();
        change(&mut changed);
        assert_ne!(tune(&task, &changed, 1).0, base, "variant {i}");
    }
}

#[test]
fn a_learning_rate_that_is_far_too_high_ends_in_not_a_number() {
    let task = Task::new(SMALL).unwrap();
    let reckless = Settings {
        learning_rate: 0.1,
        warmup_ratio: 0.0,
        scheduler: Scheduler::Constant,
        frozen_layers: 0,
        ..settings()
    };
    let (ending, _) = tune(&task, &reckless, 1);
    assert!(matches!(ending, Ending::Diverged { .. }), "{ending:?}");
    // Not by a rule about the rate: with all but the last block and the head frozen it may hold on.
    let mild = Settings {
        learning_rate: 0.01,
        ..reckless
    };
    assert!(matches!(tune(&task, &mild, 1).0, Ending::Complete(_)));
}

// The recorded trials.

#[test]
fn recorded_trials_are_what_the_objective_gives() {
    let rows: Vec<Map<String, Json>> = recorded().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(rows.len() >= 40, "{}", rows.len());
    let failed = rows.iter().filter(|r| r["state"] == "failed").count();
    assert!((1..=rows.len() / 5).contains(&failed), "{failed} failed");
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row["id"], json!(i));
        objective::settings(row["params"].as_object().unwrap()).unwrap();
        assert!(row["state"] == "failed" || row["intermediate"].as_object().unwrap().len() >= 5);
    }
    // One of them again, in full; chosen for being quick and far from the edge of divergence.
    let quiet = rows
        .iter()
        .filter(|r| r["params"]["learning_rate"].as_f64().unwrap() < 1e-3)
        .max_by_key(|r| {
            (
                r["params"]["frozen_layers"].as_i64(),
                r["params"]["batch_size"].as_i64(),
            )
        })
        .unwrap();
    let settings = objective::settings(quiet["params"].as_object().unwrap()).unwrap();
    let task = Task::new(Effort::FULL).unwrap();
    let (ending, _) = tune(&task, &settings, quiet["seed"].as_u64().unwrap());
    let (Ending::Complete(value), Some(recorded)) = (ending, quiet["value"].as_f64()) else {
        panic!("{ending:?} for {quiet:?}");
    };
    // Other processors multiply in another order, and training spreads the difference.
    assert!((value - recorded).abs() < 5e-3, "{value} ≠ {recorded}");
}

#[test]
fn preparing_lays_out_the_files_and_keeps_what_is_there() {
    let dir = TempDir::new().unwrap();
    let start = Start {
        from: 3,
        trials: Some(7),
    };
    let files = prepare(dir.path(), start).unwrap();
    assert!(!files.is_continued);
    assert_eq!(lines(&files.results).len(), 3);
    let space: toml::Table = fs::read_to_string(&files.space).unwrap().parse().unwrap();
    assert_eq!(space["budget"]["trials"].as_integer(), Some(10));
    assert_eq!(space["study"]["direction"].as_str(), Some("minimize"));
    assert!(files.queue.join("pending").is_dir());

    let again = prepare(dir.path(), Start::default()).unwrap();
    assert!(again.is_continued);
    assert_eq!(lines(&files.results).len(), 3);

    let start = Start {
        from: 100_000,
        trials: None,
    };
    let message = prepare(dir.path(), start).unwrap_err().to_string();
    assert!(message.contains(&recorded().count().to_string()), "{message}");
}
