//! Which kernel the data prefer: Laplace's evidence against numerical integration, and rankings that must hold.

#[path = "common/studies.rs"]
mod studies;

use std::cell::Cell;
use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use studies::{complete, cube, floats};
use tunescope::analysis::{ALTERNATIVES, ModelSettings, Surrogate, SurrogateError, compare_kernels};
use tunescope::gp::{
    Data, FitOptions, InputKind, Kernel, Mean, Model, Objective, Priors, evaluate, fit, log_evidence,
};
use tunescope::study::Direction;

fn never() -> bool {
    false
}

/// Twenty-four rows of a smooth function on a line.
fn wave() -> Data {
    let x = DMatrix::from_fn(24, 1, |i, _| ((i + 1) as f64 * 0.618_034).fract());
    let y = DVector::from_fn(24, |i, _| {
        (7.0 * x[(i, 0)]).sin() + 0.1 * ((i * 5 % 7) as f64 / 7.0 - 0.5)
    });
    Data::new(x, y)
}

#[test]
fn the_log_evidence_is_the_integral_over_the_hyperparameters() {
    let data = wave();
    let kinds = [InputKind::Numeric];
    let options = FitOptions {
        noise_variance: Some(0.002),
        mean: Mean::Fixed(0.0),
        ..FitOptions::default()
    };
    let kernel = Kernel::Product(vec![
        Kernel::constant(1.0),
        Kernel::Rbf {
            lengthscales: vec![0.2],
            inputs: None,
        },
    ]);
    let fitted = fit(&kernel, &kinds, &data, &options, None, &never).unwrap();
    let laplace = log_evidence(&fitted, &kinds, &data, &options, &never).unwrap();
    let priors = Priors::default();
    let roles = kernel.roles(&kinds);
    let (cells, low, high) = (60, [-4.0, -3.5], [4.0, 1.0]);
    let step = |k: usize| (high[k] - low[k]) / f64::from(cells);
    let mut terms = Vec::new();
    for i in 0..cells {
        for j in 0..cells {
            let theta = [
                low[0] + (f64::from(i) + 0.5) * step(0),
                low[1] + (f64::from(j) + 0.5) * step(1),
            ];
            let model = Model {
                kernel: kernel.with_parameters(&theta.map(f64::exp)),
                mean: Mean::Fixed(0.0),
                noise_variance: 0.002,
            };
            let likelihood = evaluate(&model, &kinds, &data, Objective::MarginalLikelihood).map(|e| e.value);
            let prior: f64 = (0..2).map(|k| priors.of(roles[k]).log_density(theta[k]).0).sum();
            terms.push(likelihood.unwrap_or(f64::NEG_INFINITY) + prior);
        }
    }
    let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|t| (t - top).exp()).sum();
    let exact = top + sum.ln() + (step(0) * step(1)).ln();
    assert!((laplace - exact).abs() < 0.1, "{laplace} {exact}");
}

/// A study of a function of two inputs.
fn study(f: impl Fn(f64, f64) -> f64, n: usize) -> Surrogate {
    let mut study = cube(2, Direction::Maximize);
    for i in 1..=n {
        let (a, b) = ((i as f64 * 0.754_878).fract(), (i as f64 * 0.569_840).fract());
        complete(&mut study, &floats(&[a, b]), f(a, b));
    }
    let settings = ModelSettings {
        output_warp: false,
        ..ModelSettings::default()
    };
    Surrogate::fit(&Arc::new(study), &settings, None, &never).unwrap()
}

fn score(model: &Surrogate, spec: &str) -> f64 {
    let evidence = model.evidence_of(spec, &never).unwrap().outcome.unwrap();
    evidence.score()
}

#[test]
fn a_smooth_function_prefers_a_smooth_kernel_and_a_rough_one_a_rough_kernel() {
    let smooth = study(|a, b| (5.0 * a).sin() + (4.0 * b).cos(), 40);
    assert!(score(&smooth, "rbf") > score(&smooth, "matern12") + 5.0);
    let rough = study(
        |a, b| (a - 0.31).abs() + (b - 0.67).abs() + (a - b).abs().sqrt(),
        60,
    );
    assert!(score(&rough, "matern32") > score(&rough, "rbf"));
}

#[test]
fn a_comparison_tells_of_each_kernel_as_it_comes_and_of_those_that_cannot_be_read() {
    let model = study(|a, b| a * b, 20);
    let mut specs = ALTERNATIVES.to_vec();
    specs.push("matern52 + nonsense");
    let mut told = Vec::new();
    let found = compare_kernels(&model, &specs, &mut |e| told.push(e.clone()), &never).unwrap();
    assert_eq!(found, told);
    assert_eq!(found.len(), specs.len());
    for (kernel, spec) in found.iter().zip(&specs) {
        assert_eq!(kernel.spec, *spec);
        if *spec == "matern52 + nonsense" {
            let why = kernel.outcome.as_ref().unwrap_err();
            assert!(why.contains("column 12"), "{why}");
            continue;
        }
        let e = kernel.outcome.as_ref().unwrap();
        assert!(e.log_evidence.unwrap() < e.log_posterior + 30.0 && e.loo.is_finite());
        assert_eq!(e.rows, 20);
        let bic = -2.0 * e.log_marginal_likelihood + e.hyperparameters as f64 * 20.0_f64.ln();
        assert!((e.bic - bic).abs() < 1e-9);
    }
    // The kernel of the model itself has the figures of the model.
    let own = found[0].outcome.as_ref().unwrap();
    assert!((own.log_marginal_likelihood - model.summary.log_marginal_likelihood).abs() < 0.05);
}

#[test]
fn a_comparison_can_be_called_off() {
    let model = study(|a, b| a + b, 20);
    let calls = Cell::new(0);
    let cancel = || {
        calls.set(calls.get() + 1);
        calls.get() > 30
    };
    let found = compare_kernels(&model, &ALTERNATIVES, &mut |_| (), &cancel);
    assert_eq!(found, Err(SurrogateError::Cancelled));
}

#[test]
fn the_alternatives_of_a_model_begin_with_its_own_kernel_and_suit_its_inputs() {
    use studies::{choices, float, study as of};
    use tunescope::study::Value;
    let mut both = of(vec![float(0.0, 1.0), choices(&["a", "b"])], Direction::Maximize);
    let mut names = of(
        vec![choices(&["a", "b", "c"]), choices(&["x", "y"])],
        Direction::Maximize,
    );
    for i in 0..12_usize {
        let x = (i as f64 * 0.618_034).fract();
        let text = |list: &[&str]| Value::Text(list[i % list.len()].into());
        complete(&mut both, &[Value::Float(x), text(&["a", "b"])], x);
        complete(&mut names, &[text(&["a", "b", "c"]), text(&["x", "y"])], x);
    }
    for (study, mixed) in [(both, true), (names, false)] {
        let settings = ModelSettings {
            kernel: Some("matern52 + constant".into()),
            ..ModelSettings::default()
        };
        let model = Surrogate::fit(&Arc::new(study), &settings, None, &never).unwrap();
        let specs = model.alternatives();
        assert_eq!(specs[0], "matern52 + constant");
        assert_eq!(specs.iter().any(|s| s == "mixed"), mixed);
        for found in compare_kernels(&model, &specs, &mut |_| (), &never).unwrap() {
            assert!(found.outcome.is_ok(), "{found:?}");
        }
    }
}
