//! Studies made in memory, and the functions that fill them.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::f64::consts::PI;
use std::sync::Arc;

use tunescope::analysis::{
    AcquisitionFunction, AcquisitionSettings, ModelSettings, SuggestRequest, Suggestion, Surrogate,
};
use tunescope::study::{
    Direction, Domain, Label, Parameter, Space, Study, Trial, TrialId, TrialState, Value,
};

pub fn never() -> bool {
    false
}

/// The model of a study, as it is by default.
pub fn fit(study: &Study) -> Surrogate {
    fit_with(study, &ModelSettings::default())
}

pub fn fit_with(study: &Study, settings: &ModelSettings) -> Surrogate {
    Surrogate::fit(&Arc::new(study.clone()), settings, None, &never).unwrap()
}

/// The one suggestion of an acquisition function.
pub fn next(model: &Surrogate, function: AcquisitionFunction) -> Suggestion {
    let request = SuggestRequest {
        count: 1,
        acquisition: AcquisitionSettings {
            function,
            ..AcquisitionSettings::default()
        },
        seed: 3,
        ..SuggestRequest::default()
    };
    model.suggest(&request, &never).unwrap().remove(0)
}

pub fn float(low: f64, high: f64) -> Domain {
    Domain::Float {
        low,
        high,
        log: false,
        step: None,
    }
}

pub fn log_float(low: f64, high: f64) -> Domain {
    Domain::Float {
        low,
        high,
        log: true,
        step: None,
    }
}

pub fn int(low: i64, high: i64) -> Domain {
    Domain::Int {
        low,
        high,
        log: false,
        step: 1,
    }
}

pub fn choices(names: &[&str]) -> Domain {
    Domain::Categorical {
        choices: names.iter().map(|n| Value::Text((*n).into())).collect(),
    }
}

/// A study without trials; parameters are called x0, x1, ….
pub fn study(domains: Vec<Domain>, direction: Direction) -> Study {
    let params: Vec<Parameter> = domains
        .into_iter()
        .enumerate()
        .map(|(i, d)| Parameter::new(Label::new(&format!("x{i}")), i, d).unwrap())
        .collect();
    Study {
        columns: params.iter().map(|p| p.name.clone()).collect(),
        space: Space {
            params,
            inferred: false,
        },
        directions: vec![direction],
        ..Study::empty()
    }
}

pub fn cube(d: usize, direction: Direction) -> Study {
    study(vec![float(0.0, 1.0); d], direction)
}

pub fn push(study: &mut Study, state: TrialState, configuration: &[Value], value: Option<f64>) {
    let id = TrialId::Number(study.trials.len() as u64);
    study.trials.push(Arc::new(Trial {
        state,
        params: configuration.iter().cloned().map(Some).collect(),
        values: value.into_iter().collect(),
        ..Trial::new(id)
    }));
}

pub fn complete(study: &mut Study, configuration: &[Value], value: f64) {
    push(study, TrialState::Complete, configuration, Some(value));
}

pub fn floats(point: &[f64]) -> Vec<Value> {
    point.iter().map(|x| Value::Float(*x)).collect()
}

pub fn numbers(configuration: &[Value]) -> Vec<f64> {
    configuration
        .iter()
        .map(|v| v.as_f64().unwrap_or(f64::NAN))
        .collect()
}

/// Branin over the unit square; three optima of 0.397887.
pub fn branin(u: &[f64]) -> f64 {
    let (x, y) = (15.0 * u[0] - 5.0, 15.0 * u[1]);
    let a = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    a * a + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

/// Branin at the first points of a low-discrepancy sequence; turned over where it is maximised.
pub fn scattered(trials: usize, direction: Direction) -> Study {
    let mut study = cube(2, direction);
    for i in 0..trials {
        let x = (i as f64 * 0.618_034 + 0.1).fract();
        let y = (i as f64 * 0.754_878 + 0.4).fract();
        complete(&mut study, &floats(&[x, y]), -direction.sign() * branin(&[x, y]));
    }
    study
}

/// Hartmann's six-dimensional function; optimum −3.32237.
pub fn hartmann6(u: &[f64]) -> f64 {
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let alpha = [1.0, 1.2, 3.0, 3.2];
    -(0..4)
        .map(|i| {
            let q: f64 = (0..6).map(|j| A[i][j] * (u[j] - P[i][j]).powi(2)).sum();
            alpha[i] * (-q).exp()
        })
        .sum::<f64>()
}

/// Levy over the unit cube, shifted domain `[−10, 10]`; optimum 0 at 1.
pub fn levy(u: &[f64]) -> f64 {
    let w: Vec<f64> = u.iter().map(|u| 1.0 + (20.0 * u - 10.0 - 1.0) / 4.0).collect();
    let last = w[w.len() - 1];
    let inner: f64 = w[..w.len() - 1]
        .iter()
        .map(|w| (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2)))
        .sum();
    (PI * w[0]).sin().powi(2) + inner + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
}
