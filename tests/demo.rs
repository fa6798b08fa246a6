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

// The worker.

struct Desk {
    _dir: TempDir,
    results: PathBuf,
    queue: PathBuf,
}

fn desk() -> Desk {
    let dir = TempDir::new().unwrap();
    let files = prepare(dir.path(), Start::default()).unwrap();
    Desk {
        results: files.results,
        queue: files.queue,
        _dir: dir,
    }
}

impl Desk {
    fn worker(&self, is_stopped: impl Fn() -> bool + 'static) -> Worker {
        Worker::new(&self.results, 11, SMALL, Box::new(is_stopped)).unwrap()
    }

    fn run(&self, trials: u64, suggest: &mut Suggest<'_>) {
        self.worker(|| false)
            .run(trials, Duration::ZERO, suggest)
            .unwrap();
    }

    fn accept(&self, name: &str, entry: &Json) {
        fs::write(self.queue.join("pending").join(name), entry.to_string()).unwrap();
    }

    fn folder(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.queue.join(name))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The last line of each trial, by id.
    fn trials(&self) -> Vec<Json> {
        let mut trials: Vec<Json> = Vec::new();
        for line in lines(&self.results) {
            let id = usize::try_from(line["id"].as_u64().unwrap()).unwrap();
            trials.resize(trials.len().max(id + 1), Json::Null);
            trials[id] = line;
        }
        trials
    }
}

/// Every line parses: none is torn.
fn lines(path: &Path) -> Vec<Json> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn params(index: u64) -> Map<String, Json> {
    objective::draw(99, index).unwrap()
}

/// A suggestion that must not be asked for.
fn nobody(_: &Path) -> Option<Map<String, Json>> {
    panic!("the worker asked for a suggestion while the queue held one");
}

#[test]
fn the_worker_takes_the_queue_first_in_order_and_moves_it_to_done() {
    let desk = desk();
    desk.accept("20261123T2.json", &json!({"id": "q2", "params": params(2)}));
    desk.accept("20261123T1.json", &json!({"id": "q1", "params": params(1)}));
    desk.accept(".20261123T0.json.tmp", &json!("half a file"));
    desk.run(2, &mut nobody);
    desk.run(1, &mut |_| Some(params(3)));
    let trials = desk.trials();
    let ran: Vec<_> = trials.iter().map(|t| (&t["queue_id"], &t["params"])).collect();
    let (p1, p2, p3) = (json!(params(1)), json!(params(2)), json!(params(3)));
    assert_eq!(
        ran,
        [(&json!("q1"), &p1), (&json!("q2"), &p2), (&Json::Null, &p3)]
    );
    assert_eq!(desk.folder("done"), ["20261123T1.json", "20261123T2.json"]);
    assert!(desk.folder("claimed").is_empty());
    assert_eq!(desk.folder("pending"), [".20261123T0.json.tmp"]);
}

#[test]
fn a_trial_is_written_as_running_then_as_complete_with_its_curve() {
    let desk = desk();
    desk.run(1, &mut |_| None);
    let lines = lines(&desk.results);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!(first["state"], "running");
    assert_eq!(last["state"], "complete");
    assert_eq!(first["params"], last["params"]);
    assert_eq!(last["intermediate"].as_object().unwrap().len(), SMALL.reports);
    assert_eq!(last["intermediate"][SMALL.characters.to_string()], last["value"]);
    for key in ["started", "finished"] {
        last[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    assert!(last["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn two_runs_with_one_seed_give_the_same_trials() {
    let results = || {
        let desk = desk();
        desk.run(3, &mut |_| None);
        desk.trials()
            .iter()
            .map(|t| (t["params"].clone(), t["value"].clone(), t["intermediate"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(results(), results());
}

#[test]
fn a_configuration_that_cannot_be_run_becomes_a_failed_trial_that_says_why() {
    let desk = desk();
    let mut wrong = params(0);
    wrong.insert("dropout".to_owned(), json!(7));
    desk.accept("1.json", &json!({"id": "high", "params": wrong}));
    fs::write(desk.queue.join("pending/2.json"), "not json").unwrap();
    desk.run(2, &mut nobody);
    for (trial, word) in desk.trials().iter().zip(["dropout", "learning_rate"]) {
        assert_eq!(trial["state"], "failed");
        assert_eq!(trial["value"], Json::Null);
        assert!(trial["error"].as_str().unwrap().contains(word), "{trial}");
    }
    assert_eq!(desk.folder("done"), ["1.json", "2.json"]);
}

#[test]
fn a_stop_in_the_middle_gives_the_configuration_back_and_the_next_run_takes_it_up() {
    let desk = desk();
    desk.accept("1.json", &json!({"id": "q1", "params": params(1)}));
    // Asked once before the trial and once a step: stops at the fourth step.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let mut worker = desk.worker(move || count.fetch_add(1, Ordering::Relaxed) > 4);
    worker.run(5, Duration::ZERO, &mut |_| None).unwrap();
    assert_eq!(desk.trials().len(), 1);
    assert_eq!(desk.trials()[0]["state"], "waiting");
    assert_eq!(desk.folder("pending"), ["1.json"]);
    assert!(desk.folder("claimed").is_empty());

    desk.run(1, &mut nobody);
    assert_eq!(desk.trials().len(), 1);
    assert_eq!(desk.trials()[0]["state"], "complete");
    assert_eq!(desk.trials()[0]["params"], json!(params(1)));
    assert_eq!(desk.folder("done"), ["1.json"]);
}

#[test]
fn what_a_killed_worker_left_behind_is_run_again() {
    // A process that has ended, and whose id is not yet in use again.
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let dead = format!("{}.{}", tunescope::io::delivery::claim::host(), child.id());
    child.wait().unwrap();
    let desk = desk();
    let row = json!({"id": 0, "state": "running", "params": params(4), "worker": dead});
    fs::write(&desk.results, format!("{row}\n")).unwrap();
    let entry = json!({"id": "q9", "params": params(9)}).to_string();
    fs::write(desk.queue.join(format!("claimed/9.json.{dead}")), entry).unwrap();
    desk.run(2, &mut nobody);
    let trials = desk.trials();
    assert_eq!(trials.len(), 2);
    assert_eq!(
        (&trials[0]["state"], &trials[0]["params"]),
        (&json!("complete"), &json!(params(4)))
    );
    assert_eq!(trials[1]["queue_id"], "q9");
    assert_eq!(desk.folder("done"), ["9.json"]);
}

#[test]
fn a_line_that_someone_left_unfinished_does_not_spoil_the_next() {
    let desk = desk();
    fs::write(
        &desk.results,
        "{\"id\": 6, \"state\": \"complete\", \"value\": 1.0}\n{\"id\": 7, \"par",
    )
    .unwrap();
    desk.run(1, &mut |_| None);
    let text = fs::read_to_string(&desk.results).unwrap();
    let rows: Vec<_> = text.lines().map(serde_json::from_str::<Json>).collect();
    assert_eq!(rows.iter().filter(|r| r.is_err()).count(), 1);
    assert_eq!(rows.last().unwrap().as_ref().unwrap()["state"], "complete");
    assert_eq!(rows.last().unwrap().as_ref().unwrap()["id"], 7);
}

#[test]
fn two_workers_on_one_file_share_no_id_and_no_entry() {
    let desk = desk();
    for i in 0..4 {
        desk.accept(
            &format!("{i}.json"),
            &json!({"id": format!("q{i}"), "params": params(i)}),
        );
    }
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| desk.run(3, &mut |_| None));
        }
    });
    let trials = desk.trials();
    assert_eq!(trials.len(), 6);
    let mut ids: Vec<_> = trials.iter().filter_map(|t| t["queue_id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["q0", "q1", "q2", "q3"]);
    assert!(
        trials
            .iter()
            .all(|t| t["state"] == "complete" || t["state"] == "failed")
    );
    assert_eq!(desk.folder("done").len(), 4);
}

#[test]
fn durations_are_read_with_and_without_units() {
    assert_eq!(parse_duration("2s").unwrap(), Duration::from_secs(2));
    assert_eq!(parse_duration("500ms").unwrap(), Duration::from_millis(500));
    assert_eq!(parse_duration("1.5").unwrap(), Duration::from_millis(1500));
    for wrong in ["", "s", "-1s", "nan", "2h", "1e40"] {
        assert!(parse_duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_arguments_of_the_worker_are_read_as_the_demo_passes_them() {
    let words = [
        "results.jsonl",
        "--seed",
        "4",
        "--trials",
        "9",
        "--pace",
        "2s",
        "--parent",
        "77",
    ];
    let args = tunescope::demo::worker::parse(&words.map(str::to_owned)).unwrap();
    assert_eq!((args.seed, args.trials, args.parent), (4, Some(9), Some(77)));
    assert_eq!(
        (args.results, args.pace),
        (PathBuf::from("results.jsonl"), Duration::from_secs(2))
    );
    assert!(tunescope::demo::worker::parse(&["--pace".to_owned(), "soon".to_owned()]).is_err());
}

// The worker as a process.

/// Not a test of its own: what the next test starts as a child.
#[test]
#[ignore = "started by a_signal_ends_the_worker_between_whole_lines"]
fn worker_process() {
    let args = std::env::var("DEMO_WORKER_ARGS").unwrap();
    let args: Vec<String> = args.split('\n').map(str::to_owned).collect();
    let args = tunescope::demo::worker::parse(&args).unwrap();
    tunescope::demo::worker::run(&args, &mut |_| None).unwrap();
}

#[test]
fn a_signal_ends_the_worker_between_whole_lines() {
    let desk = desk();
    let own = std::process::id().to_string();
    let args = [desk.results.to_str().unwrap(), "--parent", &own].join("\n");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker_process", "--ignored"])
        .env("DEMO_WORKER_ARGS", args)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let deadline = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&desk.results).unwrap().len() == 0 {
        assert!(Instant::now() < deadline, "no trial began");
        assert!(child.try_wait().unwrap().is_none(), "the worker ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    for trial in desk.trials() {
        assert!(trial["state"] != "running", "{trial}");
    }
}

#[test]
fn a_worker_whose_parent_is_gone_begins_nothing() {
    let desk = desk();
    let args = [desk.results.to_str().unwrap(), "--parent", "2147483646"].map(str::to_owned);
    let args = tunescope::demo::worker::parse(&args).unwrap();
    tunescope::demo::worker::run(&args, &mut nobody).unwrap();
    assert!(desk.trials().is_empty());
}
