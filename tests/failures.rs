//! Failures teach: where trials fail, the search does not go again and again.

#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use studies::{complete, cube, fit_with as fit, floats, never, next, numbers, push};
use tunescope::analysis::{AcquisitionFunction, AcquisitionSettings, Layer, ModelSettings, Surrogate};
use tunescope::study::{Direction, Study, TrialState, Value};

/// The loss falls towards large `x0`, and beyond 0.7 every run diverges.
fn evaluate(study: &mut Study, x: &[f64]) {
    let configuration = floats(x);
    if x[0] > 0.7 {
        push(study, TrialState::Failed, &configuration, None);
    } else {
        let value = (1.0 - x[0]).powi(2) + 0.3 * (x[1] - 0.4).powi(2);
        complete(study, &configuration, value);
    }
}

/// A spread of 12 trials, some of which failed.
fn start() -> Study {
    design(evaluate)
}

/// What lies in a disc looks best from outside, and fails.
fn disc(study: &mut Study, x: &[f64]) {
    let square = (x[0] - 0.8).powi(2) + (x[1] - 0.3).powi(2);
    if square < 0.06 {
        push(study, TrialState::Failed, &floats(x), None);
    } else {
        let value = (5.0 * x[0]).sin() * (4.0 * x[1]).cos() + 0.3 * x[1] - 2.0 * (-8.0 * square).exp();
        complete(study, &floats(x), value);
    }
}

fn design(evaluate: fn(&mut Study, &[f64])) -> Study {
    let mut study = cube(2, Direction::Minimize);
    for k in 0..12 {
        let x = (0.5 + 0.618_034 * f64::from(k)).fract();
        evaluate(&mut study, &[x, (f64::from(k) + 0.5) / 12.0]);
    }
    study
}

/// How many of the next 20 suggestions fail, and how many of them in a row at most.
fn search(evaluate: fn(&mut Study, &[f64]), failures: bool) -> (usize, usize) {
    let mut study = design(evaluate);
    let settings = ModelSettings {
        failures,
        ..ModelSettings::default()
    };
    let (mut failed, mut row, mut longest) = (0, 0, 0);
    for _ in 0..20 {
        let model = fit(&study, &settings);
        let x = numbers(&next(&model, AcquisitionFunction::LogEi).configuration);
        evaluate(&mut study, &x);
        let is_failure = study.trials.last().unwrap().state == TrialState::Failed;
        failed += usize::from(is_failure);
        row = if is_failure { row + 1 } else { 0 };
        longest = longest.max(row);
    }
    (failed, longest)
}

#[test]
fn a_region_that_fails_is_not_proposed_again_and_again() {
    let (failed, row) = search(disc, true);
    let (blind, blind_row) = search(disc, false);
    println!(
        "disc: {failed} of 20 failed, {row} in a row; without the model of failures {blind}, {blind_row}"
    );
    assert!(failed <= 9 && row <= 5, "{failed} of 20 failed, {row} in a row");
    assert!(blind >= 14, "the test shows nothing: {blind}");
}

#[test]
fn an_optimum_on_the_border_is_approached_from_the_side_that_comes_through() {
    let (failed, row) = search(evaluate, true);
    let (blind, blind_row) = search(evaluate, false);
    println!(
        "border: {failed} of 20 failed, {row} in a row; without the model of failures {blind}, {blind_row}"
    );
    assert!(
        failed < blind && row < blind_row,
        "{failed} of 20, {row} in a row; blind {blind}, {blind_row}"
    );
}

#[test]
fn p_ok_is_small_where_trials_failed_and_large_where_they_came_through() {
    let study = start();
    let model = fit(&study, &ModelSettings::default());
    let p_ok = |x: &[f64]| model.predict(&floats(x)).unwrap().p_ok.unwrap();
    for trial in &study.trials {
        let configuration: Vec<Value> = trial.params.iter().flatten().cloned().collect();
        let p = p_ok(&numbers(&configuration));
        if trial.state == TrialState::Failed {
            assert!(p < 0.5, "{configuration:?}: {p}");
        } else {
            assert!(p > 0.5, "{configuration:?}: {p}");
        }
    }
    assert_eq!(
        model.failures(),
        Some((study.counts().failed, study.counts().complete))
    );
    let lints = model.trust().lints.join(" ");
    assert!(lints.contains("all with x0 ≥ 0.7"), "{lints}");
}

#[test]
fn the_suggestion_is_the_maximum_of_the_surface_that_is_shown() {
    let study = start();
    let model = fit(&study, &ModelSettings::default());
    for function in [
        AcquisitionFunction::LogEi,
        AcquisitionFunction::Pi,
        AcquisitionFunction::Ucb,
    ] {
        let acquisition = AcquisitionSettings {
            function,
            ..AcquisitionSettings::default()
        };
        let suggestion = next(&model, function);
        let shown = |configuration: &[Value], columns, rows| {
            model
                .surface((0, 1), configuration, &acquisition, None, columns, rows, &never)
                .unwrap()
                .layer(Layer::Acquisition)
                .to_vec()
        };
        let grid = shown(&suggestion.configuration, 80, 80);
        let largest = grid.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let slices = model
            .slices(&suggestion.configuration, &acquisition, None, 2001, &never)
            .unwrap();
        for slice in slices {
            let top = slice.points[slice.best_acquisition].acquisition;
            let at = slice.points[slice.best_acquisition].position;
            assert!(
                (at - slice.probe).abs() < 2e-3,
                "{function:?}: {at} {}",
                slice.probe
            );
            assert!(
                top >= largest - 1e-9 * largest.abs(),
                "{function:?}: {top} {largest}"
            );
        }
    }
}

#[test]
fn without_a_failure_nothing_changes_and_p_ok_is_left_out() {
    let mut study = start();
    study.trials.retain(|t| t.state == TrialState::Complete);
    let with = fit(&study, &ModelSettings::default());
    let without = fit(
        &study,
        &ModelSettings {
            failures: false,
            ..ModelSettings::default()
        },
    );
    let (a, b) = (
        next(&with, AcquisitionFunction::LogEi),
        next(&without, AcquisitionFunction::LogEi),
    );
    assert_eq!(a, b);
    assert_eq!(a.prediction.unwrap().p_ok, None);
}

#[test]
fn scattered_failures_leave_the_border_soft() {
    let mut study = cube(2, Direction::Minimize);
    for k in 0..30 {
        let x = (0.5 + 0.618_034 * f64::from(k)).fract();
        let y = (f64::from(k) + 0.5) / 30.0;
        if k % 7 == 3 {
            push(&mut study, TrialState::Failed, &floats(&[x, y]), None);
        } else {
            complete(&mut study, &floats(&[x, y]), (x - 0.3).powi(2) + y);
        }
    }
    let model = fit(&study, &ModelSettings::default());
    for k in 0..30 {
        let x = (0.25 + 0.618_034 * f64::from(k)).fract();
        let p = model
            .predict(&floats(&[x, f64::from(k) / 30.0]))
            .unwrap()
            .p_ok
            .unwrap();
        assert!((0.25..=1.0).contains(&p), "{p}");
    }
}

#[test]
fn a_failed_trial_that_arrives_is_counted_at_once() {
    let mut study = start();
    let model = fit(&study, &ModelSettings::default());
    let before = next(&model, AcquisitionFunction::LogEi);
    push(&mut study, TrialState::Failed, &before.configuration, None);
    let appended = model.append(&Arc::new(study)).unwrap();
    let p = |m: &Surrogate| m.predict(&before.configuration).unwrap().p_ok.unwrap();
    assert!(p(&appended) < 0.7 * p(&model), "{} {}", p(&appended), p(&model));
}
