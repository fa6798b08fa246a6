//! What a refit costs: Hartmann-6 with noise, one core. `cargo bench --bench refit` prints the table of `benches/README.md`;
//! `-- --criterion` criterion's statistics.
//!
//! For comparison, on the same function and machine (cold, one thread, n = 100 / 500 / 1000): Optuna 29 ms / 0.54 s /
//! 3.1 s, scikit-learn 89 ms / 2.1 s / 11 s, BoTorch (maximum likelihood) 0.19 s / 0.84 s / 8.5 s.

#[path = "common/draws.rs"]
mod draws;
#[path = "../tests/common/studies.rs"]
mod studies;
#[path = "common/timing.rs"]
mod timing;

use std::hint::black_box;

use nalgebra::{DMatrix, DVector};
use studies::hartmann6;
use tunescope::gp::{Data, FitOptions, InputKind, Kernel, Mean, Model, Objective, Posterior, evaluate, fit};

const DIMS: usize = 6;
const KINDS: [InputKind; DIMS] = [InputKind::Numeric; DIMS];

/// Uniform points, outputs standardised.
fn data(n: usize) -> Data {
    let mut uniform = draws::uniform(0x2545_f491_4f6c_dd1d);
    let x = DMatrix::from_fn(n, DIMS, |_, _| uniform());
    let y = DVector::from_fn(n, |i, _| {
        let row: Vec<f64> = x.row(i).iter().copied().collect();
        hartmann6(&row) + 0.07 * (uniform() - 0.5)
    });
    let (mean, sd) = (y.mean(), y.variance().sqrt());
    Data::new(x, y.map(|v| (v - mean) / sd))
}

fn model() -> Model {
    Model {
        kernel: Kernel::default_for(DIMS),
        mean: Mean::Profiled,
        noise_variance: 0.01,
    }
}

/// What is timed at one number of rows.
fn work(n: usize) -> Vec<timing::Work> {
    let (data, model) = (data(n), model());
    let earlier = data.select(&(0..n - 1).collect::<Vec<_>>());
    let refit = |data: &Data, warm: Option<&Model>| {
        let options = FitOptions::default();
        fit(
            &Kernel::default_for(DIMS),
            &KINDS,
            black_box(data),
            &options,
            warm,
            &|| false,
        )
        .expect("a fit")
    };
    let warm = refit(&earlier, None).model;
    let posterior = Posterior::new(&model, &KINDS, &data).expect("a posterior");
    let points = DMatrix::from_fn(1024, DIMS, |i, j| {
        ((i + 1) as f64 * (0.618 + 0.1 * j as f64)).fract()
    });
    let likelihood = |objective| -> Box<dyn FnMut()> {
        let (data, model) = (data.clone(), model.clone());
        Box::new(move || {
            black_box(evaluate(&model, &KINDS, black_box(&data), objective)).ok();
        })
    };
    let (cold, again, grown) = (data.clone(), data.clone(), posterior.clone());
    vec![
        (
            "likelihood and gradient",
            likelihood(Objective::MarginalLikelihood),
        ),
        ("leave-one-out and gradient", likelihood(Objective::LeaveOneOut)),
        (
            "cold fit",
            Box::new(move || {
                black_box(refit(&cold, None));
            }),
        ),
        (
            "warm fit",
            Box::new(move || {
                black_box(refit(&again, Some(&warm)));
            }),
        ),
        (
            "predict 1024 points",
            Box::new(move || {
                black_box(posterior.predict(black_box(&points)));
            }),
        ),
        (
            "append a row to the posterior",
            Box::new(move || {
                black_box(grown.append(black_box(&[0.3; DIMS]), 0.1)).ok();
            }),
        ),
    ]
}

const SIZES: [usize; 3] = [100, 500, 1000];

fn main() {
    timing::run("gp", &SIZES, work);
}
