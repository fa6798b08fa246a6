//! Posteriors against 40-digit references (`data/oracles/posterior.json`) and against what must hold for any data.

mod oracles;

use nalgebra::{DMatrix, DVector};
use oracles::{kernel_of, load, matrix, near, number, numbers, vector};
use proptest::prelude::*;
use serde_json::Value;
use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Objective, Posterior, evaluate};

/// General orders go through a table good to 1e-11.
fn slack(kernel: &Value) -> f64 {
    let closed = kernel["nu"]
        .as_f64()
        .is_none_or(|nu| [0.5, 1.5, 2.5].contains(&nu));
    if closed { 1.0 } else { 10.0 }
}

struct Case {
    id: String,
    model: Model,
    kinds: Vec<InputKind>,
    data: Data,
    points: DMatrix<f64>,
    slack: f64,
}

fn case(value: &Value) -> Case {
    let x = matrix(&value["X"]);
    Case {
        id: value["id"].as_str().unwrap().to_owned(),
        model: Model {
            kernel: kernel_of(&value["kernel"], None),
            mean: Mean::Fixed(number(&value["prior_mean"])),
            noise_variance: number(&value["noise_variance"]),
        },
        kinds: vec![InputKind::Numeric; x.ncols()],
        data: Data::new(x, vector(&value["y"])),
        points: matrix(&value["X_test"]),
        slack: slack(&value["kernel"]),
    }
}

#[test]
fn moments_and_covariances_match_their_references_without_jitter() {
    for value in load("posterior")["cases"].as_array().unwrap() {
        let c = case(value);
        let tol = |name: &str| c.slack * number(&value["tol"][name]);
        let posterior = Posterior::new(&c.model, &c.kinds, &c.data).unwrap();
        assert!(posterior.jitter() == 0.0, "{}", c.id);
        let got = posterior.predict(&c.points);
        let means = posterior.predict_mean(&c.points);
        for (i, known) in numbers(&value["mean"]).into_iter().enumerate() {
            near(got.mean[i], known, tol("mean"), &c.id);
            near(means[i], known, tol("mean"), &c.id);
        }
        for (got, known) in got.variance.iter().zip(numbers(&value["latent_variance"])) {
            near(*got, known, tol("cov"), &c.id);
        }
        let (got, known) = (posterior.covariance(&c.points), matrix(&value["cov"]));
        assert!((got - known).amax() <= tol("cov"), "{}", c.id);
    }
}

#[test]
fn gradients_at_new_points_match_their_references() {
    for value in load("posterior")["cases"].as_array().unwrap() {
        let c = case(value);
        let posterior = Posterior::new(&c.model, &c.kinds, &c.data).unwrap();
        let (dmean, dvariance) = (matrix(&value["dmean_dx"]), matrix(&value["dlatent_variance_dx"]));
        // The references give no tolerance for gradients: that of the value, per lengthscale.
        let shortest = numbers(&value["kernel"]["lengthscales"])
            .into_iter()
            .fold(1.0, f64::min);
        let tol = |name: &str| 20.0 * c.slack * number(&value["tol"][name]) / shortest;
        let batch = posterior.predict_batch_with_gradient(&c.points);
        for (i, got) in batch.iter().enumerate() {
            for j in 0..c.kinds.len() {
                near(got.dmean[j], dmean[(i, j)], tol("mean"), &c.id);
                near(got.dvariance[j], dvariance[(i, j)], tol("cov"), &c.id);
            }
            let x: Vec<f64> = c.points.row(i).iter().copied().collect();
            let single = posterior.predict_with_gradient(&x);
            near(single.mean, got.mean, tol("mean"), &c.id);
            near(single.variance, got.variance, tol("cov"), &c.id);
        }
    }
}

#[test]
fn likelihoods_with_their_terms_and_gradients_match_their_references() {
    for value in load("posterior")["cases"].as_array().unwrap() {
        let c = case(value);
        let tol = |name: &str| c.slack * number(&value["tol"][name]);
        let posterior = Posterior::new(&c.model, &c.kinds, &c.data).unwrap();
        let lml = posterior.log_marginal_likelihood();
        near(lml.value, number(&value["lml"]), tol("lml"), &c.id);
        near(lml.data_fit, number(&value["lml_data_fit"]), tol("lml"), &c.id);
        near(lml.log_det, number(&value["lml_log_det_term"]), tol("lml"), &c.id);
        near(lml.constant, number(&value["lml_constant"]), 1e-12, &c.id);
        let slope: f64 = posterior.alpha().iter().sum();
        near(slope, number(&value["lml_dprior_mean"]), tol("lml_grad"), &c.id);
        let got = evaluate(&c.model, &c.kinds, &c.data, Objective::MarginalLikelihood).unwrap();
        near(got.value, lml.value, tol("lml"), &c.id);
        for (got, known) in got.gradient.iter().zip(numbers(&value["lml_grad"])) {
            near(*got, known, tol("lml_grad"), &c.id);
        }
    }
}

#[test]
fn leave_one_out_matches_its_references() {
    for value in load("posterior")["cases"].as_array().unwrap() {
        let c = case(value);
        let tol = |name: &str| c.slack * number(&value["tol"][name]);
        let posterior = Posterior::new(&c.model, &c.kinds, &c.data).unwrap();
        let loo = posterior.loo();
        for (got, known) in loo.mean.iter().zip(numbers(&value["loo_mean"])) {
            near(*got, known, tol("loo_mean"), &c.id);
        }
        for (got, known) in loo.variance.iter().zip(numbers(&value["loo_variance"])) {
            near(got / known, 1.0, tol("loo_variance_rel"), &c.id);
        }
        near(loo.total(), number(&value["loo_total"]), tol("loo_total"), &c.id);
        let got = evaluate(&c.model, &c.kinds, &c.data, Objective::LeaveOneOut).unwrap();
        near(got.value, number(&value["loo_total"]), tol("loo_total"), &c.id);
        for (got, known) in got.gradient.iter().zip(numbers(&value["loo_grad"])) {
            near(*got, known, tol("loo_grad"), &c.id);
        }
    }
}

/// A small problem over two numbers and a category, with repeats where asked.
fn problem(n: usize, seed: u64, repeats: bool) -> (Vec<InputKind>, DMatrix<f64>, DVector<f64>) {
    let kinds = vec![InputKind::Numeric, InputKind::Category, InputKind::Numeric];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let mut x = DMatrix::from_fn(n, 3, |_, j| {
        if j == 1 {
            (uniform() * 3.0).floor().min(2.0)
        } else {
            uniform()
        }
    });
    if repeats {
        for i in (1..n).step_by(2) {
            let earlier = x.row(i / 2).into_owned();
            x.set_row(i, &earlier);
        }
    }
    let y = DVector::from_fn(n, |i, _| {
        (5.0 * x[(i, 0)]).sin() + 0.3 * x[(i, 1)] - x[(i, 2)] + 0.2 * uniform()
    });
    (kinds, x, y)
}

fn model(mean: Mean) -> Model {
    Model {
        kernel: Kernel::scaled_matern(1.7, 2.5, vec![0.4, 1.3, 0.8]),
        mean,
        noise_variance: 0.03,
    }
}

#[test]
fn merged_repeats_have_the_likelihood_and_posterior_of_the_unmerged_rows() {
    let (kinds, x, y) = problem(24, 5, true);
    for mean in [Mean::Fixed(0.2), Mean::Profiled] {
        let model = model(mean);
        let plain = Data::new(x.clone(), y.clone());
        let (merged, row_of) = Data::merge_repeats(&x, &y);
        assert!(merged.n() < plain.n() && merged.total == 24 && row_of.len() == 24);
        let (a, b) = (
            Posterior::new(&model, &kinds, &plain).unwrap(),
            Posterior::new(&model, &kinds, &merged).unwrap(),
        );
        let (la, lb) = (a.log_marginal_likelihood(), b.log_marginal_likelihood());
        near(la.value, lb.value, 1e-9, "likelihood");
        near(
            lb.data_fit + lb.log_det + lb.constant + lb.repeats,
            lb.value,
            1e-12,
            "terms",
        );
        near(a.mean_constant(), b.mean_constant(), 1e-10, "mean constant");
        let (_, points, _) = problem(9, 77, false);
        let (pa, pb) = (a.predict(&points), b.predict(&points));
        for i in 0..9 {
            near(pa.mean[i], pb.mean[i], 1e-10, "mean");
            near(pa.variance[i], pb.variance[i], 1e-10, "variance");
        }
        let (loo_a, loo_b) = (a.loo(), b.loo());
        near(loo_a.total(), loo_b.total(), 1e-9, "leave one out");
        near(
            loo_a.total_at_mean,
            loo_b.total_at_mean,
            1e-9,
            "leave one out, given mean",
        );
        let fa = evaluate(&model, &kinds, &plain, Objective::LeaveOneOut).unwrap();
        let fb = evaluate(&model, &kinds, &merged, Objective::LeaveOneOut).unwrap();
        near(fa.value, loo_a.total(), 1e-9, "leave-one-out objective");
        near(fa.value, fb.value, 1e-9, "leave-one-out objective, merged");
        for (a, b) in fa.gradient.iter().zip(&fb.gradient) {
            near(*a, *b, 1e-8, "leave-one-out gradient");
        }
        let ga = evaluate(&model, &kinds, &plain, Objective::MarginalLikelihood).unwrap();
        let gb = evaluate(&model, &kinds, &merged, Objective::MarginalLikelihood).unwrap();
        for (a, b) in ga.gradient.iter().zip(&gb.gradient) {
            near(*a, *b, 1e-8, "gradient");
        }
    }
}

#[test]
fn a_profiled_mean_is_its_documented_expression() {
    let (kinds, x, y) = problem(15, 3, false);
    let model = model(Mean::Profiled);
    let posterior = Posterior::new(&model, &kinds, &Data::new(x.clone(), y.clone())).unwrap();
    let k = DMatrix::from_fn(15, 15, |i, j| {
        let row = |i: usize| x.row(i).iter().copied().collect::<Vec<f64>>();
        posterior.prior_covariance(&row(i), &row(j)) + if i == j { 0.03 } else { 0.0 }
    });
    let inverse = k.try_inverse().unwrap();
    let ones = DVector::from_element(15, 1.0);
    let documented = ones.dot(&(&inverse * &y)) / (ones.dot(&(&inverse * &ones)) + 1.0);
    near(posterior.mean_constant(), documented, 1e-10, "β̂");
    let far = posterior.predict(&DMatrix::from_row_slice(1, 3, &[1e6, 9.0, -1e6]));
    near(
        far.mean[0],
        documented,
        1e-10,
        "far away the mean is the constant",
    );
    near(far.variance[0], 1.7, 1e-12, "and the variance that of the prior");
}

#[test]
fn leaving_one_out_is_refitting_without_it_under_a_profiled_mean_too() {
    let (kinds, x, y) = problem(12, 9, false);
    for mean in [Mean::Fixed(0.1), Mean::Profiled] {
        let model = model(mean);
        let loo = Posterior::new(&model, &kinds, &Data::new(x.clone(), y.clone()))
            .unwrap()
            .loo();
        for left in 0..12 {
            let rest = Data::new(x.clone().remove_row(left), y.clone().remove_row(left));
            let posterior = Posterior::new(&model, &kinds, &rest).unwrap();
            let at = x.rows(left, 1).into_owned();
            let got = posterior.predict(&at);
            near(loo.mean[left], got.mean[0], 1e-9, "mean");
            if mean == Mean::Fixed(0.1) {
                near(loo.variance[left], got.variance[0] + 0.03, 1e-9, "variance");
            } else {
                // Not knowing the mean widens the prediction.
                assert!(loo.variance[left] >= got.variance[0] + 0.03 - 1e-12);
            }
            let z = y[left] - loo.mean[left];
            let v = loo.variance[left];
            let density = -0.5 * z * z / v - 0.5 * (std::f64::consts::TAU * v).ln();
            near(loo.log_density[left], density, 1e-10, "density");
        }
    }
}

#[test]
fn objective_gradients_are_central_differences_for_any_tree_and_both_means() {
    let (kinds, x, y) = problem(20, 21, true);
    let kernel = Kernel::Sum(vec![
        Kernel::Product(vec![
            Kernel::constant(1.2),
            Kernel::Matern {
                nu: 1.7,
                lengthscales: vec![0.5, 0.9],
                inputs: Some(vec![0, 2]),
            },
            Kernel::Hamming {
                lengthscale: 0.7,
                inputs: Some(vec![1]),
            },
        ]),
        Kernel::Product(vec![
            Kernel::constant(0.3),
            Kernel::Rbf {
                lengthscales: vec![0.3, 1.1, 0.6],
                inputs: None,
            },
        ]),
        Kernel::constant(0.4),
    ]);
    let (data, _) = Data::merge_repeats(&x, &y);
    for mean in [Mean::Fixed(0.3), Mean::Profiled] {
        for objective in [Objective::MarginalLikelihood, Objective::LeaveOneOut] {
            let at = |parameters: &[f64]| {
                let (noise, kernel_parameters) = parameters.split_last().unwrap();
                let model = Model {
                    kernel: kernel.with_parameters(kernel_parameters),
                    mean,
                    noise_variance: *noise,
                };
                let posterior = Posterior::new(&model, &kinds, &data).unwrap();
                let penalty = match (mean, objective) {
                    // The objective of the fit is penalised: its gradient is that of the sum.
                    (Mean::Profiled, Objective::MarginalLikelihood) => {
                        -0.5 * posterior.mean_constant().powi(2)
                    }
                    _ => 0.0,
                };
                (evaluate(&model, &kinds, &data, objective).unwrap(), penalty)
            };
            let mut parameters = kernel.parameters();
            parameters.push(0.05);
            let (here, _) = at(&parameters);
            for i in 0..parameters.len() {
                let h = 1e-5;
                let shifted = |s: f64| {
                    let mut p = parameters.clone();
                    p[i] *= (s * h).exp();
                    let (e, penalty) = at(&p);
                    e.value + penalty
                };
                let numeric = (shifted(1.0) - shifted(-1.0)) / (2.0 * h);
                near(
                    here.gradient[i],
                    numeric,
                    1e-5 * (1.0 + numeric.abs()),
                    &format!("{mean:?} {objective:?} {i}"),
                );
            }
        }
    }
}

#[test]
fn jitter_is_used_only_where_it_must_be_and_is_reported() {
    let x = DMatrix::from_row_slice(3, 1, &[0.5, 0.5, 0.5]);
    let data = Data::new(x, DVector::from_vec(vec![1.0, 1.0, 1.0]));
    let model = Model {
        kernel: Kernel::scaled_matern(2.0, 2.5, vec![0.3]),
        mean: Mean::Fixed(0.0),
        noise_variance: 0.0,
    };
    let posterior = Posterior::new(&model, &[InputKind::Numeric], &data).unwrap();
    assert!(
        posterior.jitter() > 0.0 && posterior.jitter() <= 2e-4,
        "{}",
        posterior.jitter()
    );
    assert!(
        posterior
            .predict(&data.x)
            .mean
            .iter()
            .all(|m| (m - 1.0).abs() < 1e-3)
    );
}

#[test]
fn without_rows_the_posterior_is_the_prior() {
    let kinds = [InputKind::Numeric; 2];
    for mean in [Mean::Fixed(0.7), Mean::Profiled] {
        let model = Model {
            kernel: Kernel::scaled_matern(2.0, 2.5, vec![0.3, 0.3]),
            mean,
            noise_variance: 0.1,
        };
        let data = Data::new(DMatrix::zeros(0, 2), DVector::zeros(0));
        let posterior = Posterior::new(&model, &kinds, &data).unwrap();
        let got = posterior.predict_with_gradient(&[0.2, 0.9]);
        let expected = if mean == Mean::Profiled { 0.0 } else { 0.7 };
        assert!((got.mean - expected).abs() < 1e-15 && (got.variance - 2.0).abs() < 1e-15);
        assert!(got.dvariance.iter().chain(&got.dmean).all(|g| *g == 0.0));
        assert!(posterior.log_marginal_likelihood().value == 0.0 && posterior.loo().mean.is_empty());
        let first = posterior.append(&[0.2, 0.9], 1.0).unwrap();
        assert!(first.predict(&first.data().x).variance[0] < 0.1);
    }
}

#[test]
fn rows_that_cannot_be_learned_from_are_refused_with_their_number() {
    let kinds = [InputKind::Numeric];
    let x = DMatrix::from_row_slice(2, 1, &[0.1, 0.2]);
    let model = Model {
        kernel: Kernel::default_for(1),
        mean: Mean::Profiled,
        noise_variance: 0.1,
    };
    let bad = Data::new(x.clone(), DVector::from_vec(vec![0.0, f64::NAN]));
    let error = Posterior::new(&model, &kinds, &bad).unwrap_err().to_string();
    assert_eq!(
        error,
        "the output of row 1 is not a finite number; leave the row out"
    );
    let good = Data::new(x, DVector::from_vec(vec![0.0, 1.0]));
    let posterior = Posterior::new(&model, &kinds, &good).unwrap();
    assert!(posterior.append(&[f64::INFINITY], 1.0).is_err());
    assert!(posterior.append(&[0.1, 0.2], 1.0).is_err());
    assert!(posterior.append(&[0.1], f64::NAN).is_err());
    assert!(Posterior::new(&model, &[InputKind::Numeric; 2], &good).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rows_does_not_matter_and_variances_are_never_negative(seed in 1_u64..1000, n in 2_usize..40) {
        let (kinds, x, y) = problem(n, seed, seed % 2 == 0);
        let model = model(Mean::Profiled);
        let order: Vec<usize> = (0..n).rev().collect();
        let turned = Data::new(x.select_rows(&order), y.select_rows(&order));
        let a = Posterior::new(&model, &kinds, &Data::new(x, y)).unwrap();
        let b = Posterior::new(&model, &kinds, &turned).unwrap();
        let (_, points, _) = problem(6, seed + 1000, false);
        let (pa, pb) = (a.predict(&points), b.predict(&points));
        for i in 0..6 {
            prop_assert!((pa.mean[i] - pb.mean[i]).abs() < 1e-10);
            prop_assert!((pa.variance[i] - pb.variance[i]).abs() < 1e-10);
            prop_assert!(pa.variance[i] >= 0.0 && pa.variance[i] <= a.prior_variance() + 1e-12);
        }
        let (la, lb) = (a.log_marginal_likelihood().value, b.log_marginal_likelihood().value);
        prop_assert!((la - lb).abs() < 1e-9 * (1.0 + la.abs()));
    }

    #[test]
    fn without_noise_the_mean_runs_through_the_data(seed in 1_u64..1000) {
        let (kinds, x, y) = problem(8, seed, false);
        let model = Model { noise_variance: 1e-12, ..model(Mean::Profiled) };
        let posterior = Posterior::new(&model, &kinds, &Data::new(x.clone(), y.clone())).unwrap();
        let got = posterior.predict(&x);
        for i in 0..8 {
            prop_assert!((got.mean[i] - y[i]).abs() < 1e-6, "{} {}", got.mean[i], y[i]);
            prop_assert!(got.variance[i] < 1e-6);
        }
    }

    #[test]
    fn predicted_gradients_are_central_differences(seed in 1_u64..1000) {
        let (kinds, x, y) = problem(30, seed, false);
        let posterior = Posterior::new(&model(Mean::Profiled), &kinds, &Data::new(x, y)).unwrap();
        let at = [0.37, 1.0, 0.61];
        let got = posterior.predict_with_gradient(&at);
        for j in [0, 2] {
            let h = 1e-5;
            let moved = |s: f64| {
                let mut p = at;
                p[j] += s * h;
                let m = posterior.predict(&DMatrix::from_row_slice(1, 3, &p));
                (m.mean[0], m.variance[0])
            };
            let ((ma, va), (mb, vb)) = (moved(1.0), moved(-1.0));
            prop_assert!((got.dmean[j] - (ma - mb) / (2.0 * h)).abs() < 1e-6);
            prop_assert!((got.dvariance[j] - (va - vb) / (2.0 * h)).abs() < 1e-6);
        }
        prop_assert!(got.dmean[1] == 0.0 && got.dvariance[1] == 0.0);
    }
}
