//! What a model of part of the trials costs: `cargo bench --bench active [N …]` (5000 and 20000 without a number).
//!
//! A long study of Hartmann-6 (half of it spread out, half near good places, a little noise). The program's own model
//! stands on an active set; beside it stands the exact posterior of all trials under the same hyperparameters (up to
//! 6,000 trials). The log EI of both suggestions under the *whole* model says what the part has missed, the true values
//! what it matters. Findings: `benches/README.md`.

#[path = "common/draws.rs"]
mod draws;
#[path = "../tests/common/studies.rs"]
mod studies;

use std::sync::Arc;
use std::time::Instant;

use draws::uniform;
use nalgebra::{DMatrix, DVector};
use studies::hartmann6;
use tunescope::acquisition::ei::log_ei;
use tunescope::analysis::model_file::KernelSpec;
use tunescope::analysis::settings::TransformName;
use tunescope::analysis::{ModelSettings, SuggestRequest, Surrogate};
use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};
use tunescope::study::{
    Direction, Domain, Label, Parameter, Space, Study, Trial, TrialId, TrialState, Value,
};

const DIMS: usize = 6;
/// Whole models of more trials would be a matrix of several gigabytes.
const MOST_WHOLE: usize = 6000;

fn study(n: usize) -> Study {
    let params: Vec<Parameter> = (0..DIMS)
        .filter_map(|i| {
            let domain = Domain::Float {
                low: 0.0,
                high: 1.0,
                log: false,
                step: None,
            };
            Parameter::new(Label::new(&format!("x{i}")), i, domain).ok()
        })
        .collect();
    let mut study = Study {
        columns: params.iter().map(|p| p.name.clone()).collect(),
        space: Space {
            params,
            inferred: false,
        },
        directions: vec![Direction::Minimize],
        ..Study::empty()
    };
    let mut u = uniform(0x1234_5678_9abc_def1);
    let mut good: (f64, Vec<f64>) = (f64::INFINITY, vec![0.5; DIMS]);
    for i in 0..n {
        let x: Vec<f64> = if i % 2 == 0 {
            (0..DIMS).map(|_| u()).collect()
        } else {
            good.1
                .iter()
                .map(|b| (b + 0.3 * (u() + u() - 1.0)).clamp(0.0, 1.0))
                .collect()
        };
        let value = hartmann6(&x) + 0.02 * (u() - 0.5);
        // A search that is never quite there: it moves to a better place now and then only.
        if value < good.0 && i % 101 == 0 {
            good = (value, x.clone());
        }
        study.trials.push(Arc::new(Trial {
            state: TrialState::Complete,
            params: x.iter().map(|v| Some(Value::Float(*v))).collect(),
            values: vec![value],
            ..Trial::new(TrialId::Number(i as u64))
        }));
    }
    study
}

/// The exact posterior of all trials under the hyperparameters of a model, and what there is to beat.
fn whole(model: &Surrogate) -> Option<(Posterior, f64)> {
    let file = model.model_file();
    let (mean, sd) = (file.output.mean?, file.output.sd?);
    let KernelSpec::Product(factors) = &file.kernel else {
        return None;
    };
    let [
        KernelSpec::Constant { variance, .. },
        KernelSpec::Matern { nu, lengthscales, .. },
    ] = &factors[..]
    else {
        return None;
    };
    let trials = &model.study().trials;
    let x = DMatrix::from_fn(trials.len(), DIMS, |i, j| match &trials[i].params[j] {
        Some(Value::Float(v)) => *v,
        _ => f64::NAN,
    });
    let y = DVector::from_fn(trials.len(), |i, _| {
        (-trials[i].objective().unwrap_or(f64::NAN) - mean) / sd
    });
    let all = Model {
        kernel: Kernel::scaled_matern(*variance, *nu, lengthscales.clone()),
        mean: Mean::Fixed(file.mean),
        noise_variance: file.noise_variance,
    };
    let posterior = Posterior::new(&all, &[InputKind::Numeric; DIMS], &Data::new(x.clone(), y)).ok()?;
    let incumbent = posterior
        .predict_mean(&x)
        .into_iter()
        .fold(f64::NEG_INFINITY, f64::max);
    Some((posterior, incumbent))
}

/// Log EI of a point under a whole model.
fn value(posterior: &Posterior, incumbent: f64, x: &[f64]) -> f64 {
    let at = posterior.predict_with_gradient(x);
    log_ei(at.mean, at.variance.sqrt(), incumbent, 0.0).value
}

/// The best point of a whole model: a crowd of points, then a walk downhill of ever smaller steps from the best of them.
fn best_of(posterior: &Posterior, incumbent: f64, near: &[f64]) -> (f64, Vec<f64>) {
    let mut u = uniform(99);
    let crowd = DMatrix::from_fn(3000, DIMS, |i, j| {
        if i % 2 == 0 {
            u()
        } else {
            (near[j] + 0.2 * (u() + u() - 1.0)).clamp(0.0, 1.0)
        }
    });
    let moments = posterior.predict(&crowd);
    let mut best = (value(posterior, incumbent, near), near.to_vec());
    for i in 0..crowd.nrows() {
        let at = log_ei(moments.mean[i], moments.variance[i].sqrt(), incumbent, 0.0).value;
        if at > best.0 {
            best = (at, crowd.row(i).iter().copied().collect());
        }
    }
    let mut step = 0.1;
    while step > 1e-4 {
        let tries = DMatrix::from_fn(64, DIMS, |_, j| {
            (best.1[j] + step * (u() + u() - 1.0)).clamp(0.0, 1.0)
        });
        let moments = posterior.predict(&tries);
        let mut moved = false;
        for i in 0..64 {
            let at = log_ei(moments.mean[i], moments.variance[i].sqrt(), incumbent, 0.0).value;
            if at > best.0 {
                best = (at, tries.row(i).iter().copied().collect());
                moved = true;
            }
        }
        if !moved {
            step *= 0.6;
        }
    }
    best
}

fn report(n: usize) {
    let settings = ModelSettings {
        transform: Some(TransformName::Standardize),
        ..ModelSettings::default()
    };
    let study = Arc::new(study(n));
    let started = Instant::now();
    let Ok(model) = Surrogate::fit(&study, &settings, None, &|| false) else {
        return;
    };
    let fitted = started.elapsed();
    let Ok(suggested) = model.suggest(
        &SuggestRequest {
            count: 1,
            ..SuggestRequest::default()
        },
        &|| false,
    ) else {
        return;
    };
    let Some(first) = suggested.first() else { return };
    let total = started.elapsed();
    let point = first.point.0.clone();
    let used = model.summary.active_set.map_or(n, |(used, _)| used);
    println!(
        "{n} trials, the model stands on {used}: cold fit {:.2} s, with the suggestion {:.2} s, true value there {:.4}",
        fitted.as_secs_f64(),
        total.as_secs_f64(),
        hartmann6(&point)
    );
    if n > MOST_WHOLE {
        return;
    }
    if let Some((posterior, incumbent)) = whole(&model) {
        let own = value(&posterior, incumbent, &point);
        let (largest, best) = best_of(&posterior, incumbent, &point);
        println!(
            "    under the whole model: log EI {own:.4} at the suggestion, {largest:.4} at its own best place, where the \
             true value is {:.4}",
            hartmann6(&best)
        );
    }
}

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let sizes = if asked.is_empty() {
        vec![5000, 20_000]
    } else {
        asked
    };
    sizes.into_iter().for_each(report);
}
