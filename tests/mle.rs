//! Fits against optima found by other programs with 64 to 96 starts (`data/oracles/mle.json`).

mod oracles;
#[path = "common/studies.rs"]
mod studies;

use std::cell::Cell;
use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use oracles::{kernel_of, load, matrix, near, number, numbers, vector};
use serde_json::{Value, json};
use studies::{complete, cube, floats};
use tunescope::analysis::settings::TransformName;
use tunescope::analysis::{ModelSettings, Surrogate};
use tunescope::gp::{
    Bounds, Data, FitError, FitOptions, InputKind, Kernel, Mean, Model, Objective, evaluate, fit,
};
use tunescope::study::Direction;

fn spec(case: &Value, at: &Value) -> Value {
    json!({"type": case["kernel_type"], "nu": case["nu"], "variance": at["variance"], "lengthscales": at["lengthscales"]})
}

fn data(case: &Value) -> Data {
    Data::new(matrix(&case["X"]), vector(&case["y"]))
}

fn range(v: &Value) -> (f64, f64) {
    (number(&v[0]), number(&v[1]))
}

#[test]
fn objectives_and_gradients_at_given_hyperparameters_match_their_references() {
    for case in load("mle")["cases"].as_array().unwrap() {
        let at = &case["at_default"];
        let model = Model {
            kernel: kernel_of(&spec(case, at), None),
            mean: Mean::Fixed(0.0),
            noise_variance: number(&at["noise_variance"]),
        };
        let data = data(case);
        let kinds = vec![InputKind::Numeric; data.x.ncols()];
        for (objective, value, gradient) in [
            (Objective::MarginalLikelihood, "lml", "lml_grad"),
            (Objective::LeaveOneOut, "loo_log_density", "loo_grad"),
        ] {
            let got = evaluate(&model, &kinds, &data, objective).unwrap();
            let known = number(&at[value]);
            near(got.value, known, 1e-9 * (1.0 + known.abs()), value);
            for (got, known) in got.gradient.iter().zip(numbers(&at[gradient])) {
                near(*got, known, 1e-8 * (1.0 + known.abs()), gradient);
            }
        }
    }
}

/// The references' own pass mark.
const SHORTFALL: f64 = 1e-4;

fn check_optimum(objective: Objective, field: &str) {
    for case in load("mle")["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let best = &case[field];
        let data = data(case);
        let kinds = vec![InputKind::Numeric; data.x.ncols()];
        let bounds = Bounds {
            variance: range(&case["bounds"]["variance"]),
            lengthscale: range(&case["bounds"]["lengthscale"]),
            noise_variance: range(&case["bounds"]["noise_variance"]),
            ..Bounds::default()
        };
        let options = FitOptions {
            objective,
            priors: None,
            bounds,
            mean: Mean::Fixed(0.0),
            ..FitOptions::default()
        };
        let got = fit(
            &kernel_of(&spec(case, best), None),
            &kinds,
            &data,
            &options,
            None,
            &|| false,
        )
        .unwrap();
        let value = number(&best["value"]);
        assert!(
            got.objective_value >= value - SHORTFALL,
            "{id}: {} < {value}",
            got.objective_value
        );
        let again = evaluate(&got.model, &kinds, &data, objective).unwrap().value;
        near(again, got.objective_value, 1e-8 * (1.0 + value.abs()), id);
        for (role, v) in got
            .model
            .kernel
            .roles(&kinds)
            .iter()
            .zip(got.model.kernel.parameters())
        {
            let (low, high) = bounds.of(*role);
            assert!(
                v >= low * (1.0 - 1e-12) && v <= high * (1.0 + 1e-12),
                "{id}: {role:?} {v}"
            );
        }
        let expected = best["at_bound"].as_array().unwrap().len();
        assert_eq!(got.at_bounds.len(), expected, "{id}: {:?}", got.at_bounds);
    }
}

#[test]
fn the_marginal_likelihood_reaches_the_reference_optimum() {
    check_optimum(Objective::MarginalLikelihood, "best_lml");
}

#[test]
fn the_leave_one_out_objective_reaches_the_reference_optimum() {
    check_optimum(Objective::LeaveOneOut, "best_loo");
}

/// Likelihoods with many optima, ridges and edges: of forty starts of scipy's L-BFGS-B a few reach the best.
#[test]
fn hard_likelihoods_without_priors_are_climbed_as_high_as_forty_starts_of_another_optimiser() {
    let file = load("mle_hard");
    let boxes = &file["meta"]["bounds"];
    for case in file["cases"].as_array().unwrap() {
        let data = data(case);
        let kinds = vec![InputKind::Numeric; data.x.ncols()];
        let spec = json!({
            "type": if case["nu"].is_null() { "rbf" } else { "matern" },
            "nu": case["nu"], "variance": 1.0, "lengthscales": vec![1.0; kinds.len()],
        });
        let options = FitOptions {
            objective: match case["objective"].as_str() {
                Some("loo") => Objective::LeaveOneOut,
                _ => Objective::MarginalLikelihood,
            },
            priors: None,
            bounds: Bounds {
                variance: range(&boxes["variance"]),
                lengthscale: range(&boxes["lengthscale"]),
                noise_variance: range(&boxes["noise_variance"]),
                ..Bounds::default()
            },
            mean: Mean::Fixed(0.0),
            ..FitOptions::default()
        };
        let got = fit(&kernel_of(&spec, None), &kinds, &data, &options, None, &|| false).unwrap();
        let best = number(&case["best"]);
        assert!(
            got.objective_value >= best - SHORTFALL,
            "{}: {} < {best}",
            case["id"],
            got.objective_value
        );
    }
}

/// The same by the way of `fit --no-priors --transform identity`, whose prior mean is its own: what it reports is no worse
/// than the optimum without one.
#[test]
fn a_study_is_fitted_without_priors_as_well_as_its_rows() {
    let file = load("mle_hard");
    for case in file["cases"].as_array().unwrap() {
        let is_loo = case["objective"] == "loo";
        let x = matrix(&case["X"]);
        let mut study = cube(x.ncols(), Direction::Maximize);
        for (row, y) in x.row_iter().zip(numbers(&case["y"])) {
            let point: Vec<f64> = row.iter().copied().collect();
            complete(&mut study, &floats(&point), y);
        }
        let kernel = case["nu"]
            .as_f64()
            .map_or_else(|| "rbf".to_owned(), |nu| format!("matern(nu={nu})"));
        let settings = ModelSettings {
            kernel: Some(kernel.into()),
            objective: if is_loo {
                Objective::LeaveOneOut
            } else {
                Objective::MarginalLikelihood
            },
            transform: Some(TransformName::Identity),
            priors: false,
            ..ModelSettings::default()
        };
        let fitted = Surrogate::fit(&Arc::new(study), &settings, None, &|| false).unwrap();
        let summary = &fitted.summary;
        let got = if is_loo {
            summary.loo_log_predictive
        } else {
            summary.log_marginal_likelihood
        };
        let best = number(&case["best"]);
        assert!(
            got >= best - 2.0 * SHORTFALL,
            "{} {}: {got} < {best}",
            case["id"],
            case["objective"]
        );
    }
}

/// A smooth function of three inputs, of which the last does nothing.
fn smooth(n: usize) -> (Vec<InputKind>, Data) {
    let x = DMatrix::from_fn(n, 3, |i, j| {
        ((i as f64 + 1.0) * [0.819_172_5, 0.671_043_6, 0.549_700_5][j]).fract()
    });
    let y = DVector::from_fn(n, |i, _| {
        (6.0 * x[(i, 0)]).sin() + x[(i, 1)] + 0.05 * ((i * 37 % 17) as f64 / 17.0 - 0.5)
    });
    (vec![InputKind::Numeric; 3], Data::new(x, y))
}

#[test]
fn the_same_seed_gives_the_same_fit_to_the_last_bit() {
    let (kinds, data) = smooth(40);
    let run = |seed| {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        fit(&Kernel::default_for(3), &kinds, &data, &options, None, &|| false).unwrap()
    };
    let (a, b) = (run(3), run(3));
    assert_eq!(a.model, b.model);
    assert!(a.objective_value.to_bits() == b.objective_value.to_bits());
    near(
        a.objective_value,
        run(4).objective_value,
        1e-2,
        "another seed finds the same optimum",
    );
}

#[test]
fn a_fit_finds_which_inputs_matter_and_how_noisy_the_outputs_are() {
    let (kinds, data) = smooth(60);
    let fit = fit(
        &Kernel::default_for(3),
        &kinds,
        &data,
        &FitOptions::default(),
        None,
        &|| false,
    )
    .unwrap();
    let lengths = &fit.model.kernel.parameters()[1..];
    assert!(lengths[0] < lengths[1] && lengths[1] < lengths[2], "{lengths:?}");
    assert!(fit.model.noise_variance < 3e-3, "{}", fit.model.noise_variance);
    near(
        fit.objective_value,
        fit.log_marginal_likelihood + fit.log_prior,
        1e-9,
        "the objective is the likelihood and the prior",
    );
    assert!(fit.at_bounds.is_empty());
}

#[test]
fn a_warm_start_reaches_the_cold_optimum_with_fewer_evaluations() {
    let (kinds, data) = smooth(60);
    let options = FitOptions::default();
    let kernel = Kernel::default_for(3);
    let earlier = fit(
        &kernel,
        &kinds,
        &data.select(&(0..55).collect::<Vec<_>>()),
        &options,
        None,
        &|| false,
    )
    .unwrap();
    let cold = fit(&kernel, &kinds, &data, &options, None, &|| false).unwrap();
    let warm = fit(&kernel, &kinds, &data, &options, Some(&earlier.model), &|| false).unwrap();
    near(warm.objective_value, cold.objective_value, 1e-2, "optimum");
    assert!(
        warm.evaluations * 2 < cold.evaluations,
        "{} {}",
        warm.evaluations,
        cold.evaluations
    );
}

#[test]
fn a_known_noise_variance_stays_as_it_is() {
    let (kinds, data) = smooth(30);
    let options = FitOptions {
        noise_variance: Some(1e-6),
        ..FitOptions::default()
    };
    let fit = fit(&Kernel::default_for(3), &kinds, &data, &options, None, &|| false).unwrap();
    near(fit.model.noise_variance, 1e-6, 1e-18, "noise");
    assert!(fit.at_bounds.is_empty());
}

#[test]
fn a_fit_can_be_called_off_at_any_evaluation() {
    let (kinds, data) = smooth(30);
    for after in [0, 1, 7, 40] {
        let count = Cell::new(0);
        let cancel = || {
            count.set(count.get() + 1);
            count.get() > after
        };
        let result = fit(
            &Kernel::default_for(3),
            &kinds,
            &data,
            &FitOptions::default(),
            None,
            &cancel,
        );
        assert_eq!(result.err(), Some(FitError::Cancelled), "{after}");
    }
}

#[test]
fn one_row_constant_outputs_and_no_rows_are_answered() {
    let kinds = [InputKind::Numeric];
    let kernel = Kernel::default_for(1);
    let at = |x: &[f64], y: &[f64]| {
        let data = Data::new(
            DMatrix::from_column_slice(x.len(), 1, x),
            DVector::from_column_slice(y),
        );
        fit(&kernel, &kinds, &data, &FitOptions::default(), None, &|| false)
    };
    assert_eq!(at(&[], &[]).err(), Some(FitError::NoData));
    assert!(at(&[0.5], &[0.0]).unwrap().objective_value.is_finite());
    assert!(
        at(&[0.1, 0.5, 0.9], &[0.0; 3])
            .unwrap()
            .objective_value
            .is_finite()
    );
    assert!(
        at(&[0.5; 6], &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
            .unwrap()
            .objective_value
            .is_finite()
    );
}

#[test]
fn many_rows_are_fitted_on_a_subset_and_polished_close_to_the_full_optimum() {
    let (kinds, data) = smooth(300);
    let kernel = Kernel::default_for(3);
    let all = fit(&kernel, &kinds, &data, &FitOptions::default(), None, &|| false).unwrap();
    let options = FitOptions {
        subset_above: 200,
        subset_size: 150,
        ..FitOptions::default()
    };
    let part = fit(&kernel, &kinds, &data, &options, None, &|| false).unwrap();
    assert_eq!((part.subset, part.posterior.n()), (Some(150), 300));
    assert!(
        part.objective_value > all.objective_value - 0.5,
        "{} {}",
        part.objective_value,
        all.objective_value
    );
}
