//! Pruned and unfinished trials teach by what they have reported.

#[path = "common/studies.rs"]
mod studies;

use std::path::Path;
use std::sync::Arc;

use studies::{cube, floats};
use tunescope::analysis::curves::Curves;
use tunescope::analysis::{AcquisitionSettings, ModelSettings, SuggestRequest, Suggestion, Surrogate};
use tunescope::io::{ReadOptions, read_once};
use tunescope::study::{Direction, Study, Trial, TrialId, TrialState, Value};

fn never() -> bool {
    false
}

fn read(name: &str) -> Study {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let reader = read_once(&path, ReadOptions::default(), &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    (*reader.study()).clone()
}

fn fit(study: &Study, pruned: bool) -> Surrogate {
    let settings = ModelSettings {
        pruned,
        ..ModelSettings::default()
    };
    Surrogate::fit(&Arc::new(study.clone()), &settings, None, &never).unwrap()
}

fn next(model: &Surrogate) -> Suggestion {
    let request = SuggestRequest {
        count: 1,
        acquisition: AcquisitionSettings::default(),
        seed: 1,
        ..SuggestRequest::default()
    };
    model.suggest(&request, &never).unwrap().remove(0)
}

/// Largest difference over numeric parameters in the unit cube, 1 where a category differs.
fn apart(study: &Study, a: &[Value], b: &[Value]) -> f64 {
    let encoder = tunescope::study::Encoder::new(&study.space);
    let (a, b) = (encoder.encode(a).unwrap().0, encoder.encode(b).unwrap().0);
    (0..a.len())
        .map(|j| {
            if encoder.axis(j).is_category() {
                f64::from(u8::from(a[j] != b[j]))
            } else {
                (a[j] - b[j]).abs()
            }
        })
        .fold(0.0, f64::max)
}

/// Each complete trial is cut after its `reports`-th report and promised from the others: root mean square error over the
/// spread of the final values, and the share inside the 95 % bands.
fn cut(study: &Study, reports: usize) -> (f64, f64, usize) {
    let complete: Vec<usize> = (0..study.trials.len())
        .filter(|&i| study.trials[i].objective().is_some() && study.trials[i].intermediate.len() > reports)
        .collect();
    let finals: Vec<f64> = complete
        .iter()
        .filter_map(|&i| study.trials[i].objective())
        .collect();
    let mean = finals.iter().sum::<f64>() / finals.len() as f64;
    let spread = finals.iter().map(|f| (f - mean).powi(2)).sum::<f64>();
    let (mut squares, mut inside, mut count) = (0.0, 0, 0);
    for &i in &complete {
        let mut others = study.clone();
        let trial = others.trials.remove(i);
        let Some(promise) = Curves::of(&others).promise(&trial.intermediate[..reports], None) else {
            continue;
        };
        let missed = trial.objective().unwrap() - promise.value;
        squares += missed * missed;
        inside += usize::from(missed.abs() <= 1.96 * promise.sd);
        count += 1;
    }
    ((squares / spread).sqrt(), inside as f64 / count as f64, count)
}

#[test]
fn cut_curves_of_real_studies_are_finished_within_their_bands() {
    for (name, errors) in [
        ("optuna_journal.log", [0.37, 0.26, 0.20, 0.14]),
        ("results_nested.jsonl", [0.66, 0.20, 0.13, 0.07]),
    ] {
        let study = read(name);
        for (k, most) in errors.into_iter().enumerate() {
            let (error, inside, count) = cut(&study, k + 1);
            println!(
                "{name}, cut after {} reports: error {error:.3}, {inside:.3} inside, {count}",
                k + 1
            );
            assert!(count >= 25, "{name}");
            assert!(error < most, "{name} after {}: {error}", k + 1);
            assert!((0.85..=1.0).contains(&inside), "{name} after {}: {inside}", k + 1);
        }
    }
}

#[test]
fn no_point_of_the_replay_stands_in_the_corner_where_every_trial_was_pruned() {
    // Optuna's GPSampler proposed one corner in trials 38 to 57, each pruned after its first report.
    let all = read("optuna_journal.log");
    let corner = all.space.configuration_of(&all.trials[40]).unwrap();
    let repeats = (38..58)
        .filter(|&i| {
            apart(
                &all,
                &all.space.configuration_of(&all.trials[i]).unwrap(),
                &corner,
            ) < 0.05
        })
        .count();
    assert_eq!(repeats, 20, "the file is not the one that is meant");
    let mut stuck = Vec::new();
    for end in 39..=58 {
        let mut study = all.clone();
        study.trials.truncate(end);
        let suggestion = next(&fit(&study, true));
        if apart(&all, &suggestion.configuration, &corner) < 0.2 {
            stuck.push(end);
        }
    }
    println!("suggestions within 0.2 of the corner, after so many trials: {stuck:?}");
    // One more look at the border of what is known is an answer; a second is not.
    assert!(stuck.len() <= 1, "{stuck:?}");
}

#[test]
fn the_screen_says_what_became_of_pruned_trials() {
    let mut study = read("optuna_journal.log");
    study.trials.truncate(58);
    let model = fit(&study, true);
    let pruned = study.counts().pruned;
    let words = model.summary.warnings.join(" ");
    assert!(
        words.contains(&format!("{pruned} pruned trials count with the final value")),
        "{words}"
    );
    let lints = model.trust().lints.join(" ");
    assert!(lints.contains("20 pruned trials around learning_rate"), "{lints}");
    assert!(lints.contains("counted as 2.4"), "{lints}");
    let of = |state| model.extrapolations().filter(move |e| e.state == state).count();
    assert_eq!(of(TrialState::Pruned), pruned);
    assert_eq!(model.summary.trials_used, study.counts().complete + pruned);
    for e in model.extrapolations() {
        assert!(e.value < e.last + 1e-9 && e.sd > 0.0, "{e:?}");
    }
}

/// Losses that fall along `3/√step` towards `floor(x)`, reported at steps 1, 2, 4 and 8.
fn trial(number: usize, x: f64, state: TrialState, reports: usize) -> Arc<Trial> {
    let floor = 0.2 + (x - 0.7).powi(2);
    let curve: Vec<(u64, f64)> = [1_u64, 2, 4, 8]
        .into_iter()
        .map(|s| {
            (
                s,
                floor + 0.3 / (s as f64).sqrt() + 0.002 * ((number * s as usize) as f64).sin(),
            )
        })
        .take(reports)
        .collect();
    Arc::new(Trial {
        state,
        params: floats(&[x]).into_iter().map(Some).collect(),
        values: match state {
            TrialState::Complete | TrialState::Pruned => {
                curve.iter().map(|c| c.1).next_back().into_iter().collect()
            }
            _ => Vec::new(),
        },
        intermediate: curve,
        ..Trial::new(TrialId::Number(number as u64))
    })
}

fn curves(complete: &[f64]) -> Study {
    let mut study = cube(1, Direction::Minimize);
    for (i, x) in complete.iter().enumerate() {
        study.trials.push(trial(i, *x, TrialState::Complete, 4));
    }
    study
}

#[test]
fn a_promise_is_never_the_incumbent() {
    let mut study = curves(&[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.95]);
    let before = fit(&study, true).to_beat();
    // Its curve promises what is better by far than all that is complete.
    study.trials.push(trial(7, 0.7, TrialState::Pruned, 2));
    let model = fit(&study, true);
    let promised = model.extrapolation(7).unwrap();
    assert!(promised.value < before - 0.02, "{promised:?} {before}");
    assert!(
        (model.to_beat() - before).abs() < 0.02,
        "{} {before}",
        model.to_beat()
    );
    assert!(model.predict(&floats(&[0.7])).unwrap().mean < before - 0.01);
    assert_eq!(study.best(), Some(6));
}

#[test]
fn a_running_trial_counts_by_what_it_has_reported_and_again_with_every_report() {
    let mut study = curves(&[0.05, 0.2, 0.35, 0.5, 0.65, 0.95]);
    study.trials.push(trial(6, 0.8, TrialState::Running, 0));
    let silent = fit(&study, true);
    assert_eq!(silent.extrapolations().count(), 0);
    let mut last = silent.predict(&floats(&[0.8])).unwrap().sd;
    let mut model = silent;
    for reports in [1, 3] {
        study.trials.pop();
        study.trials.push(trial(6, 0.8, TrialState::Running, reports));
        model = model.append(&Arc::new(study.clone())).unwrap();
        let e = model.extrapolation(6).unwrap();
        assert_eq!(e.state, TrialState::Running);
        let sd = model.predict(&floats(&[0.8])).unwrap().sd;
        assert!(sd < last, "{sd} {last}");
        last = sd;
    }
    study.trials.pop();
    study.trials.push(trial(6, 0.8, TrialState::Complete, 4));
    let model = model.append(&Arc::new(study.clone())).unwrap();
    assert_eq!(model.extrapolations().count(), 0);
    assert_eq!(model.summary.trials_used, 7);
}

#[test]
fn an_append_beside_pruned_trials_is_the_posterior_of_all_rows() {
    let mut study = curves(&[0.05, 0.2, 0.35, 0.5, 0.65, 0.95]);
    study.trials.push(trial(6, 0.1, TrialState::Pruned, 1));
    let model = fit(&study, true);
    study.trials.push(trial(7, 0.72, TrialState::Complete, 4));
    study.trials.push(trial(8, 0.15, TrialState::Pruned, 2));
    let study = Arc::new(study);
    let appended = model.append(&study).unwrap();
    let mut file = appended.model_file();
    file.output.transform = model.model_file().output.transform;
    let again = Surrogate::with_model(&study, &ModelSettings::default(), &file).unwrap();
    for x in [0.1, 0.3, 0.72, 0.9] {
        let (a, b) = (
            appended.predict(&floats(&[x])).unwrap(),
            again.predict(&floats(&[x])).unwrap(),
        );
        assert!(
            (a.mean - b.mean).abs() < 1e-6 && (a.sd - b.sd).abs() < 1e-6,
            "{x}: {a:?} {b:?}"
        );
    }
}

#[test]
fn without_complete_curves_the_last_value_stands_with_a_wide_error() {
    let mut study = cube(1, Direction::Minimize);
    for (i, x) in [0.1, 0.3, 0.6, 0.9].into_iter().enumerate() {
        let bare = Trial {
            intermediate: Vec::new(),
            ..(*trial(i, x, TrialState::Complete, 4)).clone()
        };
        study.trials.push(Arc::new(bare));
    }
    study.trials.push(trial(4, 0.5, TrialState::Pruned, 1));
    let model = fit(&study, true);
    let e = model.extrapolation(4).unwrap();
    assert_eq!((e.learned_from, e.value), (0, e.last));
    assert!(e.sd > 0.05, "{e:?}");
    assert!(
        model
            .summary
            .warnings
            .join(" ")
            .contains("for want of complete curves")
    );
}

#[test]
fn ignored_they_are_left_out_with_a_reason_and_a_given_model_does_not_count_them() {
    let mut study = curves(&[0.05, 0.2, 0.35, 0.5, 0.65, 0.95]);
    study.trials.push(trial(6, 0.1, TrialState::Pruned, 1));
    let ignored = fit(&study, false);
    assert_eq!(ignored.summary.trials_used, 6);
    assert!(ignored.summary.left_out[0].1.contains("pruned"));
    let file = ignored.model_file();
    assert_eq!(file.learned, None);
    let given = Surrogate::with_model(&Arc::new(study.clone()), &ModelSettings::default(), &file).unwrap();
    assert_eq!(given.summary.trials_used, 6);
    // One that was fitted with them counts them again.
    let file = fit(&study, true).model_file();
    let json = serde_json::to_string(&file).unwrap();
    assert!(
        json.contains(r#""trials":{"pruned":"model","failures":"ignore"}"#),
        "{json}"
    );
    let back = tunescope::analysis::ModelFile::from_json_text(&json).unwrap();
    let given = Surrogate::with_model(&Arc::new(study), &ModelSettings::default(), &back).unwrap();
    assert_eq!(given.summary.trials_used, 7);
}
