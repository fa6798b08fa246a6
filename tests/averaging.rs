//! Averaging over hyperparameters: draws against numerical integration, mixtures against their formulas.

use nalgebra::{DMatrix, DVector};
use tunescope::gp::{
    Data, Ensemble, FitError, FitOptions, InputKind, Kernel, Mean, Model, Objective, Posterior, Priors,
    evaluate, fit, sample,
};

const KINDS: [InputKind; 1] = [InputKind::Numeric];

fn never() -> bool {
    false
}

/// Few rows of a wave: hyperparameters are open.
fn wave(n: usize) -> Data {
    let x = DMatrix::from_fn(n, 1, |i, _| ((i + 1) as f64 * 0.618_034).fract());
    let y = DVector::from_fn(n, |i, _| {
        (6.0 * x[(i, 0)]).sin() + 0.2 * ((i * 5 % 7) as f64 / 7.0 - 0.5)
    });
    Data::new(x, y)
}

fn kernel() -> Kernel {
    Kernel::Product(vec![
        Kernel::constant(1.0),
        Kernel::Rbf {
            lengthscales: vec![0.2],
            inputs: None,
        },
    ])
}

fn options() -> FitOptions {
    FitOptions {
        noise_variance: Some(0.01),
        mean: Mean::Fixed(0.0),
        seed: 5,
        ..FitOptions::default()
    }
}

/// Means and deviations of the two logs under the posterior, on a grid.
fn integrated(data: &Data) -> [(f64, f64); 2] {
    let (priors, roles) = (Priors::default(), kernel().roles(&KINDS));
    let (cells, low, high) = (80, [-4.0, -4.0], [4.6, 2.0]);
    let step = |k: usize| (high[k] - low[k]) / f64::from(cells);
    let mut points = Vec::new();
    for i in 0..cells {
        for j in 0..cells {
            let theta = [
                low[0] + (f64::from(i) + 0.5) * step(0),
                low[1] + (f64::from(j) + 0.5) * step(1),
            ];
            let model = Model {
                kernel: kernel().with_parameters(&theta.map(f64::exp)),
                mean: Mean::Fixed(0.0),
                noise_variance: 0.01,
            };
            let value = evaluate(&model, &KINDS, data, Objective::MarginalLikelihood)
                .unwrap()
                .value;
            let prior: f64 = (0..2).map(|k| priors.of(roles[k]).log_density(theta[k]).0).sum();
            points.push((theta, value + prior));
        }
    }
    let top = points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = points.iter().map(|p| (p.1 - top).exp()).sum();
    [0, 1].map(|k| {
        let mean: f64 = points.iter().map(|p| p.0[k] * (p.1 - top).exp()).sum::<f64>() / total;
        let square: f64 = points
            .iter()
            .map(|p| (p.0[k] - mean).powi(2) * (p.1 - top).exp())
            .sum();
        (mean, (square / total).sqrt())
    })
}

#[test]
fn draws_have_the_means_and_deviations_of_the_posterior() {
    let data = wave(9);
    let fitted = fit(&kernel(), &KINDS, &data, &options(), None, &never).unwrap();
    let draws = sample(&fitted, &KINDS, &data, &options(), 1500, &never).unwrap();
    for (k, (mean, sd)) in integrated(&data).into_iter().enumerate() {
        let logs: Vec<f64> = draws.iter().map(|m| m.kernel.parameters()[k].ln()).collect();
        let n = logs.len() as f64;
        let got = logs.iter().sum::<f64>() / n;
        let spread = (logs.iter().map(|v| (v - got).powi(2)).sum::<f64>() / n).sqrt();
        assert!((got - mean).abs() < 0.12 * sd, "{k}: {got} {mean} ± {sd}");
        assert!((spread / sd - 1.0).abs() < 0.1, "{k}: {spread} {sd}");
        assert!(draws.iter().all(|m| (m.noise_variance - 0.01).abs() < 1e-12));
    }
}

#[test]
fn draws_are_repeatable_by_seed_stay_in_their_boxes_and_can_be_called_off() {
    let data = wave(7);
    let free = FitOptions {
        noise_variance: None,
        ..options()
    };
    for options in [
        free.clone(),
        FitOptions {
            priors: None,
            ..free.clone()
        },
        FitOptions {
            objective: Objective::LeaveOneOut,
            ..free
        },
    ] {
        let fitted = fit(&kernel(), &KINDS, &data, &options, None, &never).unwrap();
        let draw = |seed| {
            let options = FitOptions {
                seed,
                ..options.clone()
            };
            sample(&fitted, &KINDS, &data, &options, 12, &never).unwrap()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        for model in draw(3) {
            let mut values = model.kernel.parameters();
            values.push(model.noise_variance);
            let roles = [kernel().roles(&KINDS), vec![tunescope::gp::Role::Noise]].concat();
            for (value, role) in values.iter().zip(roles) {
                let (low, high) = options.bounds.of(role);
                assert!(*value > low * 0.999 && *value < high * 1.001, "{role:?} {value}");
            }
        }
        let called_off = sample(&fitted, &KINDS, &data, &options, 12, &|| true);
        assert_eq!(called_off, Err(FitError::Cancelled));
    }
}

#[test]
fn what_is_held_is_held_in_fits_and_in_draws() {
    let data = wave(12);
    let options = FitOptions {
        held: vec![None, Some(0.33)],
        ..options()
    };
    let fitted = fit(&kernel(), &KINDS, &data, &options, None, &never).unwrap();
    assert!((fitted.model.kernel.parameters()[1] - 0.33).abs() < 1e-12);
    for model in sample(&fitted, &KINDS, &data, &options, 5, &never).unwrap() {
        assert!((model.kernel.parameters()[1] - 0.33).abs() < 1e-12);
    }
    // The prior of what is held is no part of what is maximised.
    let prior = Priors::default().variance;
    let variance = fitted.model.kernel.parameters()[0];
    assert!((fitted.log_prior - prior.log_density(variance.ln()).0).abs() < 1e-9);
}

#[test]
fn the_moments_of_an_ensemble_are_those_of_the_mixture() {
    let data = wave(8);
    let posteriors: Vec<Posterior> = [0.1, 0.3, 0.8]
        .into_iter()
        .map(|l| {
            let model = Model {
                kernel: Kernel::scaled_matern(1.0 + l, 2.5, vec![l]),
                mean: Mean::Profiled,
                noise_variance: 0.01 * l,
            };
            Posterior::new(&model, &KINDS, &data).unwrap()
        })
        .collect();
    let at = DMatrix::from_column_slice(4, 1, &[0.05, 0.4, 0.77, 1.3]);
    let each: Vec<_> = posteriors.iter().map(|p| p.predict(&at)).collect();
    let ensemble = Ensemble::new(posteriors.clone()).unwrap();
    assert_eq!((ensemble.len(), ensemble.members().len()), (3, 3));
    assert!((ensemble.noise_variance() - 0.01 * 0.4).abs() < 1e-15);
    let got = ensemble.predict(&at);
    for i in 0..4 {
        let mean = (each[0].mean[i] + each[1].mean[i] + each[2].mean[i]) / 3.0;
        // E[f²] − E[f]².
        let square: f64 = each
            .iter()
            .map(|m| m.variance[i] + m.mean[i].powi(2))
            .sum::<f64>()
            / 3.0;
        assert!((got.mean[i] - mean).abs() < 1e-12);
        assert!((got.variance[i] - (square - mean * mean)).abs() < 1e-12);
    }
    let alone = Ensemble::one(posteriors[1].clone()).predict(&at);
    assert_eq!(alone, each[1]);
    let pending = ensemble
        .map(|p| p.with_pending(&at.rows(0, 1).into_owned()))
        .unwrap();
    assert!(pending.members().all(|p| p.pending() == 1));
    assert!(Ensemble::new(Vec::new()).is_none());
}
