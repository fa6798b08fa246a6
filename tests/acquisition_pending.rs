//! Pending trials: fantasies against the joint expected improvement of two points, constant liars and
//! kriging believers against reference batches (`data/oracles/acquisition.json`), gradients against differences.

mod oracles;

use nalgebra::{DMatrix, DVector};
use oracles::{kernel_of, load, matrix, near, number, numbers};
use serde_json::Value;
use tunescope::acquisition::ei;
use tunescope::acquisition::fantasies::{Best, Fantasies};
use tunescope::acquisition::normal;
use tunescope::acquisition::sobol::Sobol;
use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};

fn sign(row: &Value) -> f64 {
    if row["direction"] == "maximise" { 1.0 } else { -1.0 }
}

/// `EI(1) + E[EI(2 | f₁; max(best, f₁))]` is the joint EI: the identity that fantasies stand on, with many of them.
#[test]
fn the_average_over_fantasies_is_the_joint_expected_improvement() {
    for row in load("acquisition")["qei2"].as_array().unwrap() {
        let s = sign(row);
        let mean: Vec<f64> = numbers(&row["mean"]).iter().map(|m| s * m).collect();
        let (cov, best) = (matrix(&row["cov"]), s * number(&row["best"]));
        let want = number(&row["qei"]);
        if want < 1e-12 || cov[(0, 0)] <= 0.0 {
            continue;
        }
        let sd = cov[(0, 0)].sqrt();
        let slope = cov[(0, 1)] / sd;
        let rest = (cov[(1, 1)] - slope * slope).max(0.0).sqrt();
        let mut sobol = Sobol::new(1, 3);
        let count = 1 << 14;
        let sum: f64 = (0..count)
            .map(|_| {
                let z = normal::quantile(sobol.next_point()[0]);
                let f = mean[0] + sd * z;
                ei::ei(mean[1] + slope * z, rest, best.max(f), 0.0).value
            })
            .sum();
        let joint = ei::ei(mean[0], sd, best, 0.0).value + sum / f64::from(count);
        near(joint, want, 1e-3 * want, &format!("{}", row["id"]));
    }
}

fn posterior(noise_variance: f64) -> Posterior {
    let x = DMatrix::from_row_slice(5, 2, &[0.1, 0.2, 0.4, 0.9, 0.7, 0.3, 0.95, 0.8, 0.5, 0.5]);
    let y = DVector::from_vec(vec![0.3, -0.5, 0.8, 0.1, 0.6]);
    let model = Model {
        kernel: Kernel::scaled_matern(1.2, 2.5, vec![0.3, 0.4]),
        mean: Mean::Fixed(0.1),
        noise_variance,
    };
    Posterior::new(&model, &[InputKind::Numeric; 2], &Data::new(x, y)).unwrap()
}

#[test]
fn fantasies_of_one_point_integrate_like_quadrature() {
    let base = posterior(1e-8);
    let pending = DMatrix::from_row_slice(1, 2, &[0.62, 0.41]);
    let best = 0.8;
    let fantasies = Fantasies::new(&base, &pending, Best::Observed(best), 0.0, 5).unwrap();
    let believed = base.with_pending(&pending).unwrap();
    for u in [[0.7, 0.5], [0.3, 0.6], [0.63, 0.42]] {
        let both = DMatrix::from_row_slice(2, 2, &[0.62, 0.41, u[0], u[1]]);
        let (mean, cov) = (base.predict_mean(&both), base.covariance(&both));
        let sd = cov[(0, 0)].sqrt();
        let slope = cov[(0, 1)] / sd;
        let rest = (cov[(1, 1)] - slope * slope).max(0.0).sqrt();
        let (steps, width) = (20_000, 16.0);
        let exact: f64 = (0..steps)
            .map(|i| {
                let z = -0.5 * width + width * (f64::from(i) + 0.5) / f64::from(steps);
                let f = mean[0] + sd * z;
                normal::pdf(z) * ei::ei(mean[1] + slope * z, rest, best.max(f), 0.0).value * width
                    / f64::from(steps)
            })
            .sum();
        let point = DMatrix::from_row_slice(1, 2, &u);
        let got = fantasies.values(&point, &believed.predict(&point))[0];
        near(got, exact.ln(), 0.05, "the logarithm of the average");
    }
}

#[test]
fn the_gradient_of_fantasies_agrees_with_central_differences() {
    let pending = DMatrix::from_row_slice(3, 2, &[0.62, 0.41, 0.2, 0.6, 0.9, 0.1]);
    for (noise, best) in [(1e-6, Best::Observed(0.8)), (0.05, Best::Mean)] {
        let base = posterior(noise);
        let fantasies = Fantasies::new(&base, &pending, best, 0.01, 5).unwrap();
        let believed = base.with_pending(&pending).unwrap();
        let value = |u: [f64; 2]| {
            let p = DMatrix::from_row_slice(1, 2, &u);
            fantasies.values(&p, &believed.predict(&p))[0]
        };
        for u in [[0.7, 0.5], [0.31, 0.62], [0.05, 0.95]] {
            let p = DMatrix::from_row_slice(1, 2, &u);
            let at = believed.predict_batch_with_gradient(&p);
            let (at, gradient) = fantasies.slopes(&p, &at).remove(0);
            assert!((at - value(u)).abs() < 1e-11);
            for j in 0..2 {
                let h = 1e-5;
                let (mut up, mut down) = (u, u);
                up[j] += h;
                down[j] -= h;
                let difference = (value(up) - value(down)) / (2.0 * h);
                assert!(
                    (gradient[j] - difference).abs() < 1e-5 * (1.0 + difference.abs()),
                    "{u:?} {} {difference}",
                    gradient[j]
                );
            }
        }
    }
}

#[test]
fn without_a_correlation_a_pending_trial_leaves_little_but_a_higher_bar() {
    let base = posterior(1e-6);
    let pending = DMatrix::from_row_slice(1, 2, &[30.0, 30.0]);
    let believed = base.with_pending(&pending).unwrap();
    let fantasies = Fantasies::new(&base, &pending, Best::Observed(0.8), 0.0, 5).unwrap();
    let p = DMatrix::from_row_slice(1, 2, &[0.72, 0.44]);
    let at = base.predict(&p);
    let plain = ei::log_ei(at.mean[0], at.variance[0].sqrt(), 0.8, 0.0).value;
    let got = fantasies.values(&p, &believed.predict(&p))[0];
    assert!(got <= plain + 1e-9 && got > plain - 2.0, "{got} {plain}");
}

/// All three rules of the reference batches, by appending what is fantasised as an observation.
#[test]
fn greedy_batches_with_fantasised_observations_pick_what_the_oracles_pick() {
    let mut compared = 0;
    for case in load("acquisition")["fantasies"].as_array().unwrap() {
        let s = sign(case);
        let (x, candidates) = (matrix(&case["X"]), matrix(&case["candidates"]));
        let y: Vec<f64> = numbers(&case["y"]).iter().map(|y| s * y).collect();
        let model = Model {
            kernel: kernel_of(&case["kernel"], None),
            mean: Mean::Fixed(s * number(&case["prior_mean"])),
            noise_variance: number(&case["noise_variance"]),
        };
        let kinds = vec![InputKind::Numeric; x.ncols()];
        let best = s * number(&case["best"]);
        let mut posterior = Posterior::new(&model, &kinds, &Data::new(x, DVector::from_vec(y))).unwrap();
        for step in case["steps"].as_array().unwrap() {
            let at = posterior.predict(&candidates);
            let means = numbers(&step["posterior_mean"]);
            let variances = numbers(&step["posterior_variance"]);
            let log_ei: Vec<f64> = (0..candidates.nrows())
                .map(|i| {
                    near(s * at.mean[i], means[i], 1e-9, "mean");
                    near(at.variance[i], variances[i], 1e-9, "variance");
                    compared += 1;
                    ei::log_ei(at.mean[i], at.variance[i].sqrt(), best, 0.0).value
                })
                .collect();
            let top = (0..log_ei.len())
                .max_by(|a, b| log_ei[*a].total_cmp(&log_ei[*b]))
                .unwrap();
            assert_eq!(
                top as u64,
                step["selected_index"].as_u64().unwrap(),
                "{}",
                case["id"]
            );
            let row: Vec<f64> = candidates.row(top).iter().copied().collect();
            posterior = posterior.append(&row, s * number(&step["fantasy_y"])).unwrap();
        }
    }
    assert!(compared > 300, "{compared}");
}
