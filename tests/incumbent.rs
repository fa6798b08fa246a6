//! What there is to beat, without noise and with it.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use desk::{Desk, screen};
use studies::{branin, complete, cube, fit_with as fit, floats};
use tunescope::analysis::model_file::ModelFile;
use tunescope::analysis::settings::NoiseSetting;
use tunescope::analysis::{ModelSettings, Surrogate};
use tunescope::study::{Direction, Study};

fn study(noise: f64) -> Study {
    study_of(40, noise)
}

fn study_of(trials: u32, noise: f64) -> Study {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..trials {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        let draw = (f64::from(i) * 12.9898).sin() * 2.0;
        complete(&mut study, &floats(&u), branin(&u) + noise * draw);
    }
    study
}

fn with(doubt: f64) -> ModelSettings {
    ModelSettings {
        doubt,
        ..ModelSettings::default()
    }
}

/// Means and deviations at the trials, and the incumbent.
fn at_trials(model: &Surrogate) -> (Vec<(f64, f64)>, f64) {
    let mut incumbent = f64::NAN;
    let at = model.study().trials.iter().map(|t| {
        let configuration: Vec<_> = t.params.iter().flatten().cloned().collect();
        let p = model.predict(&configuration).unwrap();
        incumbent = p.model_incumbent;
        (p.model_mean, p.model_sd)
    });
    (at.collect(), incumbent)
}

#[test]
fn with_noise_it_is_the_largest_mean_and_so_many_deviations_at_a_trial() {
    let study = study(10.0);
    for doubt in [0.0, 0.5, 1.0, 3.0] {
        let model = fit(&study, &with(doubt));
        assert!(model.summary.noise_variance > 1e-3, "the test needs noise");
        let (at, incumbent) = at_trials(&model);
        let largest = at
            .iter()
            .map(|(m, s)| m + doubt * s)
            .fold(f64::NEG_INFINITY, f64::max);
        assert!(
            (incumbent - largest).abs() < 1e-9,
            "{doubt}: {incumbent} {largest}"
        );
    }
}

#[test]
fn without_noise_it_is_the_best_observation_whatever_the_doubt() {
    let study = study(0.0);
    let settings = |doubt| ModelSettings {
        noise: NoiseSetting::Deterministic,
        ..with(doubt)
    };
    let (at, plain) = at_trials(&fit(&study, &settings(0.0)));
    let (_, doubted) = at_trials(&fit(&study, &settings(3.0)));
    assert_eq!(plain, doubted);
    let largest = at.iter().map(|(m, _)| *m).fold(f64::NEG_INFINITY, f64::max);
    assert!((plain - largest).abs() < 1e-3);
}

#[test]
fn an_append_keeps_the_doubt_and_a_given_model_has_its_own() {
    let mut study = study(10.0);
    let model = fit(&study, &with(1.0));
    complete(&mut study, &floats(&[0.3, 0.3]), branin(&[0.3, 0.3]));
    let grown = model.append(&Arc::new(study.clone())).unwrap();
    let (at, incumbent) = at_trials(&grown);
    let top = |doubt: f64| {
        at.iter()
            .map(|(m, s)| m + doubt * s)
            .fold(f64::NEG_INFINITY, f64::max)
    };
    assert!((incumbent - top(1.0)).abs() < 1e-9);
    // A model file says what it was fitted with; one that does not say it has no doubt.
    let file = model.model_file();
    assert_eq!(file.doubt, 1.0);
    for doubt in [1.0, 0.0] {
        let text = serde_json::to_string(&ModelFile {
            doubt,
            ..file.clone()
        })
        .unwrap();
        assert_eq!(text.contains("doubt"), doubt > 0.0);
        let given = ModelSettings {
            given: Some(Arc::new(ModelFile::from_json_text(&text).unwrap())),
            ..with(1.0)
        };
        let (at, incumbent) = at_trials(&fit(&study, &given));
        let largest = at
            .iter()
            .map(|(m, s)| m + doubt * s)
            .fold(f64::NEG_INFINITY, f64::max);
        assert!((incumbent - largest).abs() < 1e-9);
    }
}

#[test]
fn at_few_trials_it_is_the_largest_mean() {
    for (trials, doubt) in [(24, 0.0), (25, 1.0)] {
        let model = fit(&study_of(trials, 10.0), &with(1.0));
        assert!(model.summary.noise_variance > 1e-3, "the test needs noise");
        let (at, incumbent) = at_trials(&model);
        let top = at
            .iter()
            .map(|(m, s)| m + doubt * s)
            .fold(f64::NEG_INFINITY, f64::max);
        assert!((incumbent - top).abs() < 1e-9, "{trials}: {incumbent} {top}");
    }
}

#[test]
fn the_picture_of_ei_names_what_is_in_force_while_trials_are_few_too() {
    for (trials, name) in [(20, "best's mean"), (40, "best μ + σ")] {
        let mut desk = Desk::open(study_of(trials, 10.0));
        assert!(
            desk.model.settings.doubt > 0.0,
            "it is wished for, whether in force or not"
        );
        desk.press("6z");
        let shown = screen(&desk.model, 120, 36);
        assert!(shown.contains(name), "{trials}:\n{shown}");
    }
}
