//! How near a fit comes to what the machine can do: `cargo bench --bench limit` prints the table of `benches/README.md`.
//!
//! One gradient of the marginal likelihood needs `n³` operations whatever the program does: `n³/3` to factor the matrix and
//! `2n³/3` to invert it (Rasmussen & Williams 2006, algorithm 2.1 and eq. 5.9). The machine's rate is that of a product of
//! two n × n matrices in the same library on the same thread. The share is the time that `n³` operations take at that
//! rate, divided by the time that a likelihood with its gradient takes; beside it stands where the rest goes: the
//! factorisation and the inverse (below the rate of a product, because of their triangles), and the kernel with its
//! gradients (`n²d`, no matrix product at all). `--quick` leaves out n = 2000.
//! `--fits` prints instead what a cold fit without priors reaches, beside the best of five fits that went on to the end.

#[path = "common/draws.rs"]
mod draws;

use std::hint::black_box;
use std::time::Instant;

use draws::uniform;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector};
use tunescope::gp::{Data, FitOptions, InputKind, Kernel, Mean, Model, fit};

/// Uniform points, a sum of waves with noise, outputs standardised.
fn data(n: usize, d: usize) -> Data {
    let mut u = uniform(0x2545_f491_4f6c_dd1d);
    let x = DMatrix::from_fn(n, d, |_, _| u());
    let y = DVector::from_fn(n, |i, _| {
        let wave: f64 = (0..d)
            .map(|j| (3.0 * x[(i, j)] / (1.0 + 0.3 * j as f64)).sin())
            .sum();
        wave + 0.1 * (u() - 0.5)
    });
    let (mean, sd) = (y.mean(), y.variance().sqrt());
    Data::new(x, y.map(|v| (v - mean) / sd))
}

/// The least of several timings, in seconds: what the machine does when nothing else holds it up.
fn best(mut f: impl FnMut(), least: f64) -> f64 {
    let (begin, mut fastest) = (Instant::now(), f64::INFINITY);
    let mut runs = 0;
    while runs < 3 || begin.elapsed().as_secs_f64() < least {
        let start = Instant::now();
        f();
        fastest = fastest.min(start.elapsed().as_secs_f64());
        runs += 1;
    }
    fastest
}

fn view(a: &[f64], n: usize) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(a, n, n)
}

fn view_mut(a: &mut [f64], n: usize) -> MatMut<'_, f64> {
    MatMut::from_column_major_slice_mut(a, n, n)
}

/// Operations a second of `C = A B`, n × n.
fn product_rate(n: usize) -> f64 {
    let mut u = uniform(7);
    let a: Vec<f64> = (0..n * n).map(|_| u()).collect();
    let b: Vec<f64> = (0..n * n).map(|_| u()).collect();
    let mut c = vec![0.0; n * n];
    let seconds = best(
        || {
            matmul(
                view_mut(&mut c, n),
                Accum::Replace,
                view(&a, n),
                view(&b, n),
                1.0,
                Par::Seq,
            );
            black_box(&c);
        },
        0.5,
    );
    2.0 * (n as f64).powi(3) / seconds
}

/// Seconds of a factorisation, and of the inverse from the factor.
fn factor_and_invert(k: &DMatrix<f64>) -> (f64, f64) {
    let n = k.nrows();
    let spec = faer::Spec::default();
    let mut work = MemBuffer::new(llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, spec));
    let mut l = k.clone();
    let factor = best(
        || {
            l.copy_from(k);
            let _ = llt::factor::cholesky_in_place(
                view_mut(l.as_mut_slice(), n),
                llt::factor::LltRegularization::default(),
                Par::Seq,
                MemStack::new(&mut work),
                spec,
            );
        },
        0.3,
    );
    let mut work = MemBuffer::new(llt::inverse::inverse_scratch::<f64>(n, Par::Seq));
    let mut inverse = DMatrix::zeros(n, n);
    let invert = best(
        || {
            let stack = MemStack::new(&mut work);
            llt::inverse::inverse(
                view_mut(inverse.as_mut_slice(), n),
                view(l.as_slice(), n),
                Par::Seq,
                stack,
            );
            black_box(&inverse);
        },
        0.3,
    );
    (factor, invert)
}

/// Seconds of a likelihood with its gradient as a fit computes them, one after the other in the same buffers: the steps
/// of warm fits, over their evaluations (their last posterior, a third of one, included).
fn per_evaluation(model: &Model, kinds: &[InputKind], data: &Data) -> f64 {
    let steps = FitOptions {
        subset_above: usize::MAX,
        warm_iterations: 15,
        priors: None,
        ..FitOptions::default()
    };
    let (begin, mut fastest) = (Instant::now(), f64::INFINITY);
    let mut runs = 0;
    while runs < 3 || begin.elapsed().as_secs_f64() < 0.5 {
        let start = Instant::now();
        let done = fit(&model.kernel, kinds, data, &steps, Some(model), &|| false);
        let evaluations = done.map_or(0, |f| f.evaluations).max(1);
        fastest = fastest.min(start.elapsed().as_secs_f64() / evaluations as f64);
        runs += 1;
    }
    fastest
}

fn row(n: usize, d: usize) {
    let (data, kinds) = (data(n, d), vec![InputKind::Numeric; d]);
    let model = Model {
        kernel: Kernel::default_for(d),
        mean: Mean::Profiled,
        noise_variance: 0.01,
    };
    let all = per_evaluation(&model, &kinds, &data);
    let points: Vec<Vec<f64>> = (0..n).map(|i| data.x.row(i).iter().copied().collect()).collect();
    let k = DMatrix::from_fn(n, n, |i, j| {
        let q: f64 = points[i]
            .iter()
            .zip(&points[j])
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        2.5 * (-q).exp() + if i == j { 0.01 } else { 0.0 }
    });
    let (factor, invert) = factor_and_invert(&k);
    let rate = product_rate(n);
    let floor = (n as f64).powi(3) / rate;
    let share = |seconds: f64| 100.0 * seconds / all;
    let started = Instant::now();
    let fitted = fit(
        &model.kernel,
        &kinds,
        &data,
        &FitOptions::default(),
        None,
        &|| false,
    );
    let cold = started.elapsed().as_secs_f64();
    let evaluations = fitted.map_or(0, |f| f.evaluations);
    println!(
        "| {n} | {d} | {:.0} | {:.3} | {:.2} | {:.0} % | {:.0} % | {:.0} % | {:.0} % | {:.0} | {evaluations} |",
        rate / 1e9,
        1e3 * floor,
        1e3 * all,
        share(floor),
        share(factor),
        share(invert),
        share(all - factor - invert),
        1e3 * cold,
    );
}

/// Log marginal likelihood of a cold fit without priors, and what it misses.
fn shortfall(n: usize, d: usize) {
    let (data, kinds) = (data(n, d), vec![InputKind::Numeric; d]);
    let kernel = Kernel::default_for(d);
    let never = || false;
    let with = |seed| FitOptions {
        priors: None,
        mean: Mean::Fixed(0.0),
        seed,
        ..FitOptions::default()
    };
    let mut reached = Vec::new();
    let mut polished = f64::NEG_INFINITY;
    for seed in 0..5 {
        let started = Instant::now();
        let Ok(cold) = fit(&kernel, &kinds, &data, &with(seed), None, &never) else {
            continue;
        };
        reached.push((cold.objective_value, started.elapsed().as_secs_f64()));
        let on = FitOptions {
            subset_above: usize::MAX,
            warm_iterations: 200,
            ..with(seed)
        };
        if let Ok(end) = fit(&kernel, &kinds, &data, &on, Some(&cold.model), &never) {
            polished = polished.max(end.objective_value);
        }
    }
    let missed: Vec<String> = reached
        .iter()
        .map(|(value, seconds)| format!("{:.3} ({seconds:.2} s)", polished - value))
        .collect();
    println!("| {n} | {d} | {polished:.2} | {} |", missed.join(", "));
}

fn main() {
    if std::env::args().any(|a| a == "--fits") {
        println!("| n | d | best, nats | missed by cold fits with seeds 0 to 4 |\n|---|---|---|---|");
        for (n, d) in [(100, 6), (500, 6), (1000, 6), (100, 20), (500, 20), (1000, 20)] {
            shortfall(n, d);
        }
        return;
    }
    let quick = std::env::args().any(|a| a == "--quick");
    println!(
        "| n | d | product GF/s | n³ at that rate, ms | likelihood and gradient, ms | share of the rate | factor | \
         inverse | kernel and the rest | cold fit, ms | its evaluations (most on a part) |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for n in [100, 500, 1000, 2000] {
        for d in [6, 20] {
            if !(quick && n == 2000) {
                row(n, d);
            }
        }
    }
}
