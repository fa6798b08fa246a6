//! Every kernel of the catalogue in everything that a model does: values, gradients, posteriors, appends, evidence.

#[path = "kernel_catalogue/any.rs"]
mod any;
mod oracles;

use nalgebra::{DMatrix, DVector};
use oracles::{close, near};
use tunescope::gp::{
    Data, FitError, FitOptions, InputKind, Kernel, Mean, Model, Objective, Posterior, evaluate, fit,
};

/// Two numbers and a category.
const KINDS: [InputKind; 3] = [InputKind::Numeric, InputKind::Numeric, InputKind::Category];

fn value(kernel: &Kernel, a: &[f64; 3], b: &[f64; 3]) -> f64 {
    kernel.value(&KINDS, a, b).unwrap()
}

#[test]
fn the_documented_expressions_hold_to_the_letter() {
    let (a, b) = ([0.3, 0.85, 2.0], [0.75, 0.2, 0.0]);
    let (l0, l1, l2) = (0.4, 0.9, 1.7_f64);
    let q = (0.3_f64 - 0.75).powi(2) / (l0 * l0) + (0.85_f64 - 0.2).powi(2) / (l1 * l1) + 1.0 / (l2 * l2);
    for alpha in [0.3, 1.0, 7.5_f64] {
        let kernel = Kernel::RationalQuadratic {
            alpha,
            lengthscales: vec![l0, l1, l2],
            inputs: None,
        };
        let documented = (1.0 + q / (2.0 * alpha)).powf(-alpha);
        close(value(&kernel, &a, &b), documented, 1e-14, "rational quadratic");
    }
    let (p0, p1) = (0.25, 0.8_f64);
    let periodic = Kernel::Periodic {
        lengthscales: vec![l0, l1],
        periods: vec![p0, p1],
        inputs: Some(vec![0, 1]),
    };
    let sine = |d: f64, p: f64| (std::f64::consts::PI * d / p).sin();
    let documented =
        (-2.0 * (sine(0.3 - 0.75, p0).powi(2) / (l0 * l0) + sine(0.85 - 0.2, p1).powi(2) / (l1 * l1))).exp();
    close(value(&periodic, &a, &b), documented, 1e-13, "periodic");
    let shifted = [0.3 + 3.0 * p0, 0.85 - p1, 2.0];
    close(
        value(&periodic, &shifted, &b),
        documented,
        1e-12,
        "a period later",
    );
    let linear = Kernel::Linear {
        variances: vec![1.4, 0.6],
        center: 0.45,
        inputs: Some(vec![1, 0]),
    };
    let documented = 1.4 * (0.85 - 0.45) * (0.2 - 0.45) + 0.6 * (0.3 - 0.45) * (0.75 - 0.45);
    close(value(&linear, &a, &b), documented, 1e-14, "linear");
    let categorical = Kernel::Categorical {
        lengthscales: vec![0.7, 1.9],
        inputs: Some(vec![2, 0]),
    };
    let documented = (-0.5_f64 * (1.0 / 0.7 + 1.0 / 1.9)).exp();
    close(value(&categorical, &a, &b), documented, 1e-14, "categorical");
    let same = value(&categorical, &[0.3, 0.0, 1.0], &[0.3, 1.0, 1.0]);
    close(same, 1.0, 0.0, "categorical, equal");
    let warped = Kernel::Warp {
        a: vec![0.7],
        b: vec![1.6],
        inputs: Some(vec![1]),
        kernel: Box::new(Kernel::Rbf {
            lengthscales: vec![l0, l1],
            inputs: Some(vec![0, 1]),
        }),
    };
    let w = |x: f64| 1.0 - (1.0 - x.powf(0.7)).powf(1.6);
    let documented =
        (-0.5 * ((0.3_f64 - 0.75).powi(2) / (l0 * l0) + (w(0.85) - w(0.2)).powi(2) / (l1 * l1))).exp();
    close(value(&warped, &a, &b), documented, 1e-13, "warp");
}

#[test]
fn a_rational_quadratic_of_a_large_alpha_is_the_rbf() {
    let rbf = Kernel::Rbf {
        lengthscales: vec![0.4, 0.7, 1.1],
        inputs: None,
    };
    for (a, b) in [
        ([0.1, 0.2, 0.0], [0.15, 0.8, 0.0]),
        ([0.9, 0.3, 1.0], [0.2, 0.1, 0.0]),
        ([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]),
    ] {
        let rational = |alpha| {
            let kernel = Kernel::RationalQuadratic {
                alpha,
                lengthscales: vec![0.4, 0.7, 1.1],
                inputs: None,
            };
            value(&kernel, &a, &b)
        };
        close(rational(1e4), value(&rbf, &a, &b), 1e-3, "limit");
        close(rational(1e9), value(&rbf, &a, &b), 1e-7, "limit");
    }
}

#[test]
fn a_matern_of_order_ten_thousand_is_the_rbf_to_four_digits() {
    for r in [0.01, 0.5, 1.0, 2.0, 3.5] {
        let matern = Kernel::Matern {
            nu: 1e4,
            lengthscales: vec![1.0],
            inputs: None,
        };
        let k = matern.value(&[InputKind::Numeric], &[r], &[0.0]).unwrap();
        near(k, (-0.5 * r * r).exp(), 1e-4, "ν = 10⁴");
    }
}

/// mpmath, at r = 0.01, 0.5, 2.
#[test]
fn golden_values_of_general_orders() {
    for (nu, known) in [
        (
            0.3,
            [
                0.948_367_267_014_945_8,
                0.498_347_326_364_247,
                0.127_139_326_028_340_7,
            ],
        ),
        (
            0.8,
            [
                0.998_705_759_452_804_5,
                0.695_766_579_285_614_7,
                0.138_983_620_830_866_1,
            ],
        ),
        (
            1.7,
            [
                0.999_878_886_875_151_8,
                0.797_847_904_362_123_8,
                0.139_543_347_675_166_4,
            ],
        ),
        (
            2.5,
            [
                0.999_916_676_959_971,
                0.828_649_142_418_125_3,
                0.138_660_219_138_504_3,
            ],
        ),
        (
            7.3,
            [
                0.999_942_065_486_990_6,
                0.866_801_988_045_998_7,
                0.136_302_928_808_095_8,
            ],
        ),
        (
            50.2,
            [
                0.999_948_985_068_141_8,
                0.880_405_647_728_059_1,
                0.135_368_309_113_880_8,
            ],
        ),
    ] {
        let kernel = Kernel::Matern {
            nu,
            lengthscales: vec![1.0],
            inputs: None,
        };
        for (r, known) in [0.01, 0.5, 2.0].into_iter().zip(known) {
            let k = kernel.value(&[InputKind::Numeric], &[r], &[0.0]).unwrap();
            close(k, known, 1e-10, "golden");
        }
    }
}

/// mpmath: X = {.1, .5, .9}, y = {1, −1, .5}.
#[test]
fn a_golden_posterior() {
    let model = Model {
        kernel: Kernel::scaled_matern(1.5, 2.5, vec![0.3]),
        mean: Mean::Fixed(0.0),
        noise_variance: 0.01,
    };
    let data = Data::new(
        DMatrix::from_column_slice(3, 1, &[0.1, 0.5, 0.9]),
        DVector::from_column_slice(&[1.0, -1.0, 0.5]),
    );
    let posterior = Posterior::new(&model, &[InputKind::Numeric], &data).unwrap();
    close(
        posterior.log_marginal_likelihood().value,
        -4.612_818_406_925_372,
        1e-13,
        "likelihood",
    );
    let at = posterior.predict_with_gradient(&[0.35]);
    close(at.mean, -0.405_573_207_755_174_5, 1e-13, "mean");
    close(at.variance, 0.275_434_113_131_560_96, 1e-13, "variance");
    let loo = posterior.loo();
    for (i, (mean, variance)) in [
        (-0.421_886_96, 1.315_631_15),
        (0.500_758_55, 1.157_242_46),
        (-0.464_243_22, 1.315_631_15),
    ]
    .into_iter()
    .enumerate()
    {
        near(loo.mean[i], mean, 1e-8, "leave one out");
        near(loo.variance[i], variance, 1e-8, "leave one out");
    }
}

#[test]
fn kernels_that_do_not_suit_their_inputs_are_refused() {
    let rbf = || Kernel::Rbf {
        lengthscales: vec![1.0, 1.0, 1.0],
        inputs: None,
    };
    let warp = |inputs: Option<Vec<usize>>, kernel: Kernel| {
        let count = inputs.as_ref().map_or(3, Vec::len);
        Kernel::Warp {
            a: vec![1.0; count],
            b: vec![1.0; count],
            inputs,
            kernel: Box::new(kernel),
        }
    };
    let linear = |inputs, center| Kernel::Linear {
        variances: vec![1.0],
        center,
        inputs: Some(inputs),
    };
    let refused = |kernel: Kernel| kernel.value(&KINDS, &[0.1; 3], &[0.2; 3]).unwrap_err();
    assert!(matches!(
        refused(linear(vec![2], 0.5)),
        FitError::NeedsNumber { input: 2, .. }
    ));
    assert!(matches!(
        refused(linear(vec![0], f64::NAN)),
        FitError::BadHyperparameter { .. }
    ));
    assert!(matches!(
        refused(warp(None, rbf())),
        FitError::NeedsNumber { input: 2, .. }
    ));
    let twice = warp(Some(vec![0]), warp(Some(vec![1, 0]), rbf()));
    assert!(matches!(refused(twice), FitError::WarpedTwice { input: 0 }));
    let periods = Kernel::Periodic {
        lengthscales: vec![1.0],
        periods: vec![1.0, 2.0],
        inputs: Some(vec![0]),
    };
    assert!(matches!(refused(periods), FitError::Shape { .. }));
}

/// One of everything, twice nested.
fn everything() -> Kernel {
    Kernel::Sum(vec![
        Kernel::Product(vec![
            Kernel::constant(0.9),
            Kernel::RationalQuadratic {
                alpha: 1.3,
                lengthscales: vec![0.5, 1.4],
                inputs: Some(vec![0, 2]),
            },
            Kernel::Periodic {
                lengthscales: vec![1.1],
                periods: vec![0.45],
                inputs: Some(vec![1]),
            },
        ]),
        Kernel::Linear {
            variances: vec![0.8, 0.5],
            center: 0.3,
            inputs: Some(vec![0, 1]),
        },
        Kernel::Warp {
            a: vec![0.8, 1.5],
            b: vec![1.3, 0.9],
            inputs: Some(vec![0, 1]),
            kernel: Box::new(Kernel::Product(vec![
                Kernel::constant(1.1),
                Kernel::Sum(vec![
                    Kernel::Matern {
                        nu: 1.7,
                        lengthscales: vec![0.6, 0.4, 1.5],
                        inputs: None,
                    },
                    Kernel::Linear {
                        variances: vec![0.7],
                        center: 0.5,
                        inputs: Some(vec![1]),
                    },
                ]),
                Kernel::Categorical {
                    lengthscales: vec![1.2],
                    inputs: Some(vec![2]),
                },
            ])),
        },
        Kernel::Hamming {
            lengthscale: 0.9,
            inputs: Some(vec![2]),
        },
    ])
}

fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

fn points(n: usize, seed: u64) -> DMatrix<f64> {
    let mut u = uniform(seed);
    DMatrix::from_fn(n, 3, |_, j| {
        if j == 2 {
            (u() * 3.0).floor().min(2.0)
        } else {
            0.02 + 0.96 * u()
        }
    })
}

fn rows(n: usize, seed: u64) -> Data {
    let x = points(n, seed);
    let mut u = uniform(seed + 1);
    let y = DVector::from_fn(n, |i, _| {
        (5.0 * x[(i, 0)]).sin() + x[(i, 1)] + 0.2 * x[(i, 2)] + 0.2 * (u() - 0.5)
    });
    Data::new(x, y)
}

fn model(kernel: Kernel) -> Model {
    Model {
        kernel,
        mean: Mean::Profiled,
        noise_variance: 0.04,
    }
}

#[test]
fn appending_rows_is_conditioning_on_all_of_them() {
    let data = rows(30, 4);
    let whole = Posterior::new(&model(everything()), &KINDS, &data).unwrap();
    let mut grown = Posterior::new(
        &model(everything()),
        &KINDS,
        &data.select(&(0..22).collect::<Vec<_>>()),
    )
    .unwrap();
    for i in 22..30 {
        let x: Vec<f64> = data.x.row(i).iter().copied().collect();
        grown = grown.append(&x, data.y[i]).unwrap();
    }
    let at = points(7, 91);
    let (a, b) = (whole.predict(&at), grown.predict(&at));
    for i in 0..7 {
        near(a.mean[i], b.mean[i], 1e-9, "mean");
        near(a.variance[i], b.variance[i], 1e-9, "variance");
    }
    let (a, b) = (whole.log_marginal_likelihood(), grown.log_marginal_likelihood());
    near(a.value, b.value, 1e-9, "likelihood");
    // A pending point leaves the mean alone and lowers the variance.
    let believed = whole.with_pending(&at.rows(0, 2).into_owned()).unwrap();
    let (a, b) = (whole.predict(&at), believed.predict(&at));
    for i in 0..7 {
        near(a.mean[i], b.mean[i], 1e-9, "mean");
        assert!(b.variance[i] <= a.variance[i] + 1e-12);
    }
}

#[test]
fn gradients_of_the_posterior_are_central_differences() {
    let posterior = Posterior::new(&model(everything()), &KINDS, &rows(25, 8)).unwrap();
    let at = points(6, 17);
    for (i, got) in posterior.predict_batch_with_gradient(&at).iter().enumerate() {
        let x: Vec<f64> = at.row(i).iter().copied().collect();
        for j in 0..2 {
            let h = 1e-6;
            let shifted = |s: f64| {
                let mut x = x.clone();
                x[j] += s * h;
                posterior.predict_with_gradient(&x)
            };
            let (up, down) = (shifted(1.0), shifted(-1.0));
            let dmean = (up.mean - down.mean) / (2.0 * h);
            let dvariance = (up.variance - down.variance) / (2.0 * h);
            near(got.dmean[j], dmean, 1e-6 * (1.0 + dmean.abs()), "mean");
            near(
                got.dvariance[j],
                dvariance,
                1e-6 * (1.0 + dvariance.abs()),
                "variance",
            );
        }
        assert!(got.dmean[2] == 0.0 && got.dvariance[2] == 0.0);
        let covariance = posterior.covariance(&at);
        near(covariance[(i, i)], got.variance, 1e-9, "covariance");
    }
}

#[test]
fn gradients_of_both_objectives_are_central_differences_for_one_of_everything() {
    let mut data = rows(22, 6);
    for known in [Vec::new(), (0..22).map(|i| 0.01 * f64::from(i % 4)).collect()] {
        data.known_noise = known;
        for objective in [Objective::MarginalLikelihood, Objective::LeaveOneOut] {
            let kernel = everything();
            let at = |parameters: &[f64]| {
                let (noise, rest) = parameters.split_last().unwrap();
                let model = Model {
                    kernel: kernel.with_parameters(rest),
                    mean: Mean::Fixed(0.2),
                    noise_variance: *noise,
                };
                evaluate(&model, &KINDS, &data, objective).unwrap()
            };
            let mut parameters = kernel.parameters();
            parameters.push(0.05);
            let here = at(&parameters);
            for i in 0..parameters.len() {
                let h = 1e-5;
                let shifted = |s: f64| {
                    let mut p = parameters.clone();
                    p[i] *= (s * h).exp();
                    at(&p).value
                };
                let numeric = (shifted(1.0) - shifted(-1.0)) / (2.0 * h);
                near(
                    here.gradient[i],
                    numeric,
                    1e-6 * (1.0 + numeric.abs()),
                    &format!("{objective:?} {i}"),
                );
            }
        }
    }
}

#[test]
fn leaving_one_out_is_conditioning_on_the_others_with_noise_that_is_known_of_each() {
    let mut data = rows(12, 3);
    data.known_noise = (0..12).map(|i| 0.03 * f64::from(i % 3)).collect();
    let model = Model {
        mean: Mean::Fixed(0.1),
        ..model(everything())
    };
    let loo = Posterior::new(&model, &KINDS, &data).unwrap().loo();
    for left in 0..12 {
        let others: Vec<usize> = (0..12).filter(|i| *i != left).collect();
        let rest = Posterior::new(&model, &KINDS, &data.select(&others)).unwrap();
        let got = rest.predict(&data.x.rows(left, 1).into_owned());
        near(loo.mean[left], got.mean[0], 1e-9, "mean");
        let variance = got.variance[0] + data.noise_of(left, 0.04);
        near(loo.variance[left], variance, 1e-9, "variance");
    }
}

#[test]
fn every_kernel_can_be_fitted_and_does_not_lose_to_its_start() {
    let data = rows(40, 12);
    for spec in [
        "rq",
        "periodic + rbf",
        "linear + matern52",
        "mixed",
        "warp(matern52)",
        "constant*(rbf + linear*periodic)*categorical",
        "rq(alpha=1)[a] * matern(nu=3.1)",
    ] {
        let found = tunescope::gp::spec::read(spec, &["a", "b", "c"], &KINDS).unwrap();
        for objective in [Objective::MarginalLikelihood, Objective::LeaveOneOut] {
            let options = FitOptions {
                objective,
                extra_starts: Some(0),
                ..FitOptions::default()
            };
            let fitted = fit(&found.kernel, &KINDS, &data, &options, None, &|| false)
                .unwrap_or_else(|e| panic!("{spec}: {e}"));
            let start = Model {
                noise_variance: (-6.0_f64).exp(),
                ..model(found.kernel.clone())
            };
            let before = evaluate(&start, &KINDS, &data, objective).unwrap().value;
            let after = evaluate(&fitted.model, &KINDS, &data, objective).unwrap().value;
            assert!(after > before, "{spec} {objective:?}: {after} {before}");
            assert!(after.is_finite() && fitted.posterior.jitter() == 0.0, "{spec}");
        }
    }
}
