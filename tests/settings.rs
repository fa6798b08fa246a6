//! What a person can choose about a model, from the setting to the numbers.

#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use studies::{choices, complete, cube, fit_with as fit, float, floats, never, study};
use tunescope::analysis::settings::{Hyperparameters, NoiseSetting, Objective, TransformName};
use tunescope::analysis::{ModelSettings, SuggestRequest, Surrogate};
use tunescope::study::{Direction, Study, Value};

/// A function of two inputs around 100, to be minimised.
fn hills(n: usize) -> Study {
    let mut study = cube(2, Direction::Minimize);
    for i in 1..=n {
        let (a, b) = ((i as f64 * 0.754_878).fract(), (i as f64 * 0.569_840).fract());
        let wobble = 0.3 * ((i * 7 % 11) as f64 / 11.0 - 0.5);
        complete(
            &mut study,
            &floats(&[a, b]),
            100.0 + 5.0 * (5.0 * a).sin() + 4.0 * b * b + wobble,
        );
    }
    study
}

const PLAIN: TransformName = TransformName::Standardize;

fn settings() -> ModelSettings {
    ModelSettings {
        transform: Some(PLAIN),
        ..ModelSettings::default()
    }
}

#[test]
fn a_transform_is_the_one_that_was_named() {
    for name in TransformName::ALL {
        let model = fit(
            &hills(20),
            &ModelSettings {
                transform: Some(name),
                ..ModelSettings::default()
            },
        );
        assert_eq!(model.model_file().output.transform, name);
        let at = model.predict(&floats(&[0.3, 0.4])).unwrap();
        assert!((95.0..112.0).contains(&at.mean), "{name:?}: {}", at.mean);
        assert!(at.low95 < at.mean && at.mean < at.high95);
    }
    let default = fit(&hills(20), &ModelSettings::default());
    assert_eq!(default.model_file().output.transform, TransformName::HalfRank);
}

#[test]
fn noise_that_is_known_is_neither_fitted_nor_forgotten() {
    let study = hills(25);
    let none = fit(
        &study,
        &ModelSettings {
            noise: NoiseSetting::Deterministic,
            ..settings()
        },
    );
    assert!((none.summary.noise_variance - 1e-6).abs() < 1e-12);
    for transform in [PLAIN, TransformName::HalfRankLog] {
        let known = fit(
            &study,
            &ModelSettings {
                noise: NoiseSetting::Known(0.5),
                transform: Some(transform),
                ..ModelSettings::default()
            },
        );
        // Near the best trials, where every transform keeps the units.
        let best = study
            .best()
            .and_then(|i| study.space.configuration_of(&study.trials[i]))
            .unwrap();
        let at = known.predict(&best).unwrap();
        let observed = at.sd.hypot(0.5);
        let tolerance = if transform == PLAIN { 1e-9 } else { 0.15 * observed };
        assert!(
            (at.sd_observed - observed).abs() < tolerance,
            "{transform:?}: {at:?}"
        );
        // A trial more is a row more, and carries as much noise.
        let mut more = study.clone();
        complete(&mut more, &floats(&[0.42, 0.21]), 103.0);
        let grown = known.append(&Arc::new(more.clone())).unwrap();
        let at = grown.predict(&floats(&[0.42, 0.21])).unwrap();
        assert!(
            at.sd > 0.02,
            "{transform:?}: a noisy value is not taken as exact: {at:?}"
        );
    }
    let linear = fit(
        &study,
        &ModelSettings {
            noise: NoiseSetting::Known(0.5),
            ..settings()
        },
    );
    let scale = linear.model_file().output.sd.unwrap();
    assert!((linear.summary.noise_variance / (0.5 / scale).powi(2) - 1.0).abs() < 1e-9);
}

#[test]
fn averaging_over_hyperparameters_is_repeatable_survives_an_append_and_ends_at_many_trials() {
    let average = ModelSettings {
        hyperparameters: Hyperparameters::Average,
        ..settings()
    };
    for objective in [Objective::MarginalLikelihood, Objective::LeaveOneOut] {
        let average = ModelSettings {
            objective,
            ..average.clone()
        };
        let study = hills(8);
        let (map, model) = (fit(&study, &settings()), fit(&study, &average));
        assert!(map.averaged_over().is_none());
        assert!(model.averaged_over().unwrap().len() > 5);
        let at = |m: &Surrogate| m.predict(&floats(&[0.9, 0.1])).unwrap();
        assert_eq!(at(&model), at(&fit(&study, &average)));
        assert_ne!(at(&model), at(&map));
        // The law of total variance: no narrower than the members are on average.
        let members = model.averaged_over().unwrap();
        let point = nalgebra::DMatrix::from_row_slice(1, 2, &[0.9, 0.1]);
        let within: f64 = members.members().map(|p| p.predict(&point).variance[0]).sum();
        assert!(at(&model).model_sd.powi(2) >= within / members.len() as f64 - 1e-12);
        let mut more = study.clone();
        complete(&mut more, &floats(&[0.9, 0.1]), 104.0);
        let grown = model.append(&Arc::new(more)).unwrap();
        let averaged = grown.averaged_over().unwrap();
        assert_eq!(
            (averaged.len(), averaged.members().next().unwrap().n()),
            (members.len(), 9)
        );
        assert!(at(&grown).sd < at(&model).sd);
    }
    assert!(fit(&hills(70), &average).averaged_over().is_none());
    let suggested = fit(&hills(15), &average)
        .suggest(
            &SuggestRequest {
                count: 2,
                ..SuggestRequest::default()
            },
            &never,
        )
        .unwrap();
    assert_eq!(suggested.len(), 2);
}

/// What matters happens in the first tenth of the axis.
fn crowded(n: usize) -> Study {
    let mut study = cube(1, Direction::Maximize);
    for i in 1..=n {
        let x = (i as f64 * 0.618_034).fract();
        complete(&mut study, &floats(&[x]), (12.0 * x.powf(0.25)).sin());
    }
    study
}

#[test]
fn an_input_warp_helps_where_the_axis_is_crowded_and_is_written_and_read_back() {
    let study = crowded(30);
    let plain = fit(&study, &settings());
    let warped = fit(
        &study,
        &ModelSettings {
            input_warp: true,
            ..settings()
        },
    );
    let (a, b) = (plain.summary.log_posterior, warped.summary.log_posterior);
    assert!(b > a + 3.0, "{a} {b}");
    let read = Surrogate::with_model(warped.study(), &settings(), &warped.model_file()).unwrap();
    for x in [0.01, 0.07, 0.5, 0.93] {
        let (a, b) = (
            warped.predict(&floats(&[x])).unwrap(),
            read.predict(&floats(&[x])).unwrap(),
        );
        assert!(
            (a.mean - b.mean).abs() < 1e-7 && (a.sd - b.sd).abs() < 1e-7,
            "{a:?} {b:?}"
        );
    }
    assert!(
        read.summary.kernel.starts_with("warp("),
        "{}",
        read.summary.kernel
    );
}

#[test]
fn settings_of_a_kernel_are_held_and_an_open_order_is_found_and_named() {
    let study = hills(25);
    let with = |spec: &str| {
        fit(
            &study,
            &ModelSettings {
                kernel: Some(spec.into()),
                ..settings()
            },
        )
    };
    let held = serde_json::to_string(&with("rq(alpha=0.7)").model_file()).unwrap();
    assert!(held.contains("\"alpha\":0.7"), "{held}");
    let found = with("matern(nu=?)");
    let kernel = found.summary.kernel.clone();
    assert!(
        kernel.starts_with("constant*") && !kernel.contains('?'),
        "{kernel}"
    );
    assert!(found.summary.log_posterior > with("matern12").summary.log_posterior - 0.02);
    // From a model with an order, the next fit goes on with it.
    let mut more = study.clone();
    complete(&mut more, &floats(&[0.2, 0.9]), 104.0);
    let spec = ModelSettings {
        kernel: Some("matern(nu=?)".into()),
        ..settings()
    };
    let next = Surrogate::fit(&Arc::new(more), &spec, Some(&found), &never).unwrap();
    assert_eq!(next.summary.kernel, kernel);
}

#[test]
fn both_forms_of_categories_learn_which_choice_is_best() {
    let mut both = study(
        vec![float(0.0, 1.0), choices(&["a", "b", "c"])],
        Direction::Minimize,
    );
    for i in 0..30_usize {
        let x = (i as f64 * 0.618_034).fract();
        let name = ["a", "b", "c"][i % 3];
        let value = (x - 0.4).powi(2) + [0.6, 0.0, 0.3][i % 3];
        complete(&mut both, &[Value::Float(x), Value::Text(name.into())], value);
    }
    for spec in [
        "matern52",
        "mixed",
        "matern52[x0]*categorical",
        "rq[x0] + hamming",
    ] {
        let model = fit(
            &both,
            &ModelSettings {
                kernel: Some(spec.into()),
                ..settings()
            },
        );
        let at = |name: &str| {
            model
                .predict(&[Value::Float(0.41), Value::Text(name.into())])
                .unwrap()
                .mean
        };
        assert!(
            at("b") < at("c") && at("c") < at("a"),
            "{spec}: {} {} {}",
            at("a"),
            at("b"),
            at("c")
        );
        let lint = model.trust();
        assert!(!lint.reason.is_empty());
    }
}

#[test]
fn trials_that_tell_how_sure_they_are_weigh_as_much() {
    // Two places, each with an outlier; one of the two is told to be unsure.
    let study = |sd: Option<f64>| {
        let mut study = hills(16);
        complete(&mut study, &floats(&[0.5, 0.5]), 130.0);
        if let Some(sd) = sd {
            let last = study.trials.len() - 1;
            let trial = Arc::make_mut(&mut study.trials[last]);
            trial
                .attributes
                .push((tunescope::study::Label::new("value_sd"), Value::Float(sd)));
        }
        study
    };
    let at = |sd: Option<f64>, settings: &ModelSettings| {
        let model = fit(&study(sd), settings);
        model.predict(&floats(&[0.5, 0.5])).unwrap().mean
    };
    let (silent, sure, unsure) = (
        at(None, &settings()),
        at(Some(1e-3), &settings()),
        at(Some(60.0), &settings()),
    );
    assert!((silent - sure).abs() < 2.0, "{silent} {sure}");
    assert!(unsure < 112.0 && silent > unsure + 3.0, "{silent} {unsure}");
    // Through a warp, too, and for a trial that comes later.
    let warped = ModelSettings {
        transform: Some(TransformName::HalfRankLog),
        ..ModelSettings::default()
    };
    assert!(at(Some(60.0), &warped) <= at(None, &warped) + 1e-9);
    let before = fit(&hills(16), &settings());
    let grown = before.append(&Arc::new(study(Some(60.0)))).unwrap();
    let certain = before.append(&Arc::new(study(None))).unwrap();
    let mean = |m: &Surrogate| m.predict(&floats(&[0.5, 0.5])).unwrap().mean;
    assert!(mean(&grown) < mean(&certain));
}
