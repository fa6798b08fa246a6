//! Kernel values and derivatives against 40-digit references (`data/oracles/kernels.json`).

mod oracles;

use oracles::{close, kernel_of, load, number, numbers};
use proptest::prelude::*;
use serde_json::Value;
use tunescope::gp::{InputKind, Kernel};

/// Closed forms; general orders go through a Bessel function or its table.
const CLOSED: f64 = 1e-12;
const GENERAL: f64 = 1e-10;

fn tolerance(kernel: &Value) -> f64 {
    let orders: Vec<f64> = match kernel.get("children") {
        Some(children) => {
            return children
                .as_array()
                .unwrap()
                .iter()
                .map(tolerance)
                .fold(CLOSED, f64::max);
        }
        None => kernel["nu"].as_f64().into_iter().collect(),
    };
    if orders.iter().all(|nu| [0.5, 1.5, 2.5, 7.5].contains(nu)) {
        CLOSED
    } else {
        GENERAL
    }
}

/// The oracle's tree in ours: a leaf with a variance is a product with a constant.
fn tree(node: &Value) -> Kernel {
    if let Some(children) = node.get("children") {
        let terms = children.as_array().unwrap().iter().map(tree).collect();
        return match node["op"].as_str().unwrap() {
            "sum" => Kernel::Sum(terms),
            _ => Kernel::Product(terms),
        };
    }
    let inputs = node["dims"].as_array().map(|l| {
        l.iter()
            .map(|v| usize::try_from(v.as_u64().unwrap()).unwrap())
            .collect()
    });
    kernel_of(node, inputs)
}

#[test]
fn stationary_kernels_match_their_references_at_every_distance() {
    for case in load("kernels")["stationary"].as_array().unwrap() {
        let spec = &case["kernel"];
        let kernel = kernel_of(spec, None);
        let tolerance = tolerance(spec);
        for point in case["points"].as_array().unwrap() {
            let r = number(&point["r"]);
            let at = format!("{} r={r}", case["id"]);
            let got = kernel.gradient(&[InputKind::Numeric], &[r], &[0.0]).unwrap();
            close(got.value, number(&point["k"]), tolerance, &at);
            close(got.dlog[0], number(&point["dk_dlogvariance"]), tolerance, &at);
            if let Some(d) = point["dk_dloglengthscale"].as_f64() {
                close(got.dlog[1], d, tolerance, &at);
            }
            // At r = 0 the reference is the right derivative, ours that of the even function.
            if r > 0.0 && point["dk_dr"].is_number() {
                close(got.dx[0], number(&point["dk_dr"]), tolerance, &at);
            }
        }
    }
}

#[test]
fn anisotropic_kernels_match_their_references() {
    for case in load("kernels")["ard"].as_array().unwrap() {
        let (x, x2) = (numbers(&case["x"]), numbers(&case["x2"]));
        let kinds = vec![InputKind::Numeric; x.len()];
        let got = kernel_of(&case["kernel"], None)
            .gradient(&kinds, &x, &x2)
            .unwrap();
        let (tolerance, id) = (tolerance(&case["kernel"]), case["id"].as_str().unwrap());
        close(got.value, number(&case["k"]), tolerance, id);
        for (got, known) in got.dlog[1..].iter().zip(numbers(&case["dk_dloglengthscales"])) {
            close(*got, known, tolerance, id);
        }
        for (got, known) in got.dx.iter().zip(numbers(&case["dk_dx"])) {
            close(*got, known, tolerance, id);
        }
    }
}

#[test]
fn sums_and_products_match_their_references() {
    for case in load("kernels")["composite"].as_array().unwrap() {
        let (x, x2) = (numbers(&case["x"]), numbers(&case["x2"]));
        let kinds = vec![InputKind::Numeric; x.len()];
        let kernel = tree(&case["tree"]);
        let got = kernel.gradient(&kinds, &x, &x2).unwrap();
        let (tolerance, id) = (tolerance(&case["tree"]), case["id"].as_str().unwrap());
        close(got.value, number(&case["k"]), tolerance, id);
        assert_eq!(
            got.dlog.len(),
            case["param_names"].as_array().unwrap().len(),
            "{id}"
        );
        for (got, known) in got.dlog.iter().zip(numbers(&case["dk_dlogparams"])) {
            close(*got, known, tolerance, id);
        }
        for (got, known) in got.dx.iter().zip(numbers(&case["dk_dx"])) {
            close(*got, known, tolerance, id);
        }
    }
}

#[test]
fn the_documented_expressions_hold_to_the_letter() {
    let kinds = [InputKind::Numeric, InputKind::Category];
    let (a, b) = ([0.3, 2.0], [0.75, 0.0]);
    let (l0, l1) = (0.4, 1.7_f64);
    let q = (0.3_f64 - 0.75).powi(2) / (l0 * l0) + 1.0 / (l1 * l1);
    let value = |k: Kernel| k.value(&kinds, &a, &b).unwrap();
    let lengthscales = vec![l0, l1];
    let rbf = Kernel::Rbf {
        lengthscales: lengthscales.clone(),
        inputs: None,
    };
    close(value(rbf), (-q / 2.0).exp(), 1e-14, "rbf");
    let matern = |nu| {
        value(Kernel::Matern {
            nu,
            lengthscales: lengthscales.clone(),
            inputs: None,
        })
    };
    let z = |nu: f64| (2.0 * nu * q).sqrt();
    close(matern(0.5), (-z(0.5)).exp(), 1e-14, "1/2");
    close(matern(1.5), (1.0 + z(1.5)) * (-z(1.5)).exp(), 1e-14, "3/2");
    close(
        matern(2.5),
        (1.0 + z(2.5) + z(2.5).powi(2) / 3.0) * (-z(2.5)).exp(),
        1e-14,
        "5/2",
    );
    close(
        matern(3.5),
        (1.0 + z(3.5) + 2.0 * z(3.5).powi(2) / 5.0 + z(3.5).powi(3) / 15.0) * (-z(3.5)).exp(),
        1e-14,
        "7/2",
    );
    let hamming = Kernel::Hamming {
        lengthscale: 0.8,
        inputs: None,
    };
    close(
        value(hamming),
        (-2.0 / (2.0 * 0.8_f64.powi(2))).exp(),
        1e-14,
        "two inputs differ",
    );
    close(value(Kernel::constant(3.0)), 3.0, 0.0, "constant");
}

#[test]
fn the_order_runs_smoothly_into_the_radial_basis_function() {
    let kinds = [InputKind::Numeric];
    let k = |nu: f64, r: f64| {
        let kernel = Kernel::Matern {
            nu,
            lengthscales: vec![1.0],
            inputs: None,
        };
        kernel.value(&kinds, &[r], &[0.0]).unwrap()
    };
    for r in [1e-3, 0.3, 1.2, 3.0_f64] {
        let (q, rbf) = (r * r, (-0.5 * r * r).exp());
        // First correction: exp(−q/2)(1 + (q²/8 − q/2)/ν).
        for nu in [300.0, 3000.0] {
            close(
                k(nu, r),
                rbf * (1.0 + (q * q / 8.0 - q / 2.0) / nu),
                20.0 / (nu * nu),
                "limit",
            );
        }
        close(k(0.999e9, r), k(1.001e9, r), 1e-7, "switch");
        // Across the switches between routes and half-integers.
        for nu in [0.5, 1.0, 1.5, 2.5, 20.0, 20.5, 100.0] {
            close(k(nu * (1.0 - 1e-9), r), k(nu, r), 1e-7, "neighbouring orders");
        }
    }
}

#[test]
fn kernels_that_do_not_suit_their_inputs_are_refused() {
    let kinds = [InputKind::Numeric; 2];
    let rbf = |lengthscales: Vec<f64>, inputs: Option<Vec<usize>>| Kernel::Rbf { lengthscales, inputs };
    for bad in [
        rbf(vec![1.0], None),
        rbf(vec![1.0], Some(vec![2])),
        rbf(vec![1.0, -1.0], None),
        rbf(vec![1.0, f64::NAN], None),
        Kernel::constant(0.0),
        Kernel::Sum(vec![]),
        Kernel::Matern {
            nu: 0.0,
            lengthscales: vec![1.0, 1.0],
            inputs: None,
        },
    ] {
        assert!(bad.value(&kinds, &[0.0, 0.0], &[1.0, 1.0]).is_err(), "{bad:?}");
    }
}

#[test]
fn lengthscales_at_the_ends_of_what_a_number_holds_give_ones_and_zeros() {
    let kinds = [InputKind::Numeric];
    for nu in [
        0.1, 0.5, 1.0, 1.5, 1.7, 2.5, 3.5, 9.5, 20.5, 60.0, 300.0, 700.0, 1e9,
    ] {
        for (lengthscale, far) in [(1e-300, 0.0), (1e300, 1.0)] {
            let kernel = Kernel::Matern {
                nu,
                lengthscales: vec![lengthscale],
                inputs: None,
            };
            let at = |b: f64| kernel.gradient(&kinds, &[0.25], &[b]).unwrap();
            let (same, other) = (at(0.25), at(0.75));
            assert!(
                same.value == 1.0 && other.value == far,
                "{nu} {lengthscale}: {other:?}"
            );
            let slopes = [same.dlog, same.dx, other.dlog, other.dx].concat();
            assert!(
                slopes.iter().all(|s| s.abs() < 1e-20),
                "{nu} {lengthscale}: {slopes:?}"
            );
        }
    }
}

fn any_kernel() -> impl Strategy<Value = Kernel> {
    let leaf = prop_oneof![
        (0.1..3.0_f64).prop_map(Kernel::constant),
        prop::collection::vec(0.1..3.0_f64, 3).prop_map(|lengthscales| Kernel::Rbf {
            lengthscales,
            inputs: None
        }),
        (
            prop_oneof![Just(0.5), Just(1.5), Just(2.5), Just(3.5), 0.4..6.0_f64],
            0.1..3.0_f64
        )
            .prop_map(|(nu, l)| Kernel::Matern {
                nu,
                lengthscales: vec![l],
                inputs: Some(vec![1])
            }),
        (0.3..2.0_f64).prop_map(|lengthscale| Kernel::Hamming {
            lengthscale,
            inputs: Some(vec![2])
        }),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Kernel::Sum),
            prop::collection::vec(inner, 1..4).prop_map(Kernel::Product),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_are_central_differences_and_the_kernel_is_symmetric(
        kernel in any_kernel(),
        a in prop::array::uniform2(0.0..1.0_f64),
        b in prop::array::uniform2(0.0..1.0_f64),
        categories in (0..3_u8, 0..3_u8),
    ) {
        prop_assume!((a[0] - b[0]).abs() > 0.02 && (a[1] - b[1]).abs() > 0.02);
        let kinds = [InputKind::Numeric, InputKind::Numeric, InputKind::Category];
        let a = [a[0], a[1], f64::from(categories.0)];
        let b = [b[0], b[1], f64::from(categories.1)];
        let got = kernel.gradient(&kinds, &a, &b).unwrap();
        let back = kernel.value(&kinds, &b, &a).unwrap();
        prop_assert!((back - got.value).abs() <= 1e-15 * got.value.abs());
        let h = 1e-5;
        let parameters = kernel.parameters();
        for i in 0..parameters.len() {
            let at = |s: f64| {
                let mut p = parameters.clone();
                p[i] *= (s * h).exp();
                kernel.with_parameters(&p).value(&kinds, &a, &b).unwrap()
            };
            let numeric = (at(1.0) - at(-1.0)) / (2.0 * h);
            prop_assert!((got.dlog[i] - numeric).abs() < 1e-6 * (1.0 + got.value), "{i}: {} {}", got.dlog[i], numeric);
        }
        for j in 0..2 {
            let at = |s: f64| {
                let mut x = a;
                x[j] += s * 1e-6;
                kernel.value(&kinds, &x, &b).unwrap()
            };
            let numeric = (at(1.0) - at(-1.0)) / 2e-6;
            prop_assert!((got.dx[j] - numeric).abs() < 1e-5 * (1.0 + numeric.abs()), "{j}: {} {}", got.dx[j], numeric);
        }
        prop_assert!(got.dx[2] == 0.0);
    }

    #[test]
    fn gram_matrices_are_positive_semi_definite(
        kernel in any_kernel(),
        points in prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64, 0..3_u8), 2..9),
    ) {
        let kinds = [InputKind::Numeric, InputKind::Numeric, InputKind::Category];
        let n = points.len();
        let row = |i: usize| [points[i].0, points[i].1, f64::from(points[i].2)];
        let k = nalgebra::DMatrix::from_fn(n, n, |i, j| kernel.value(&kinds, &row(i), &row(j)).unwrap());
        let scale = kernel.prior_variance();
        let smallest = k.symmetric_eigen().eigenvalues.min();
        prop_assert!(smallest > -1e-10 * scale * f64::from(u8::try_from(n).unwrap()), "{smallest}");
    }
}

/// Orders and arguments of both routes, beside an implementation of Amos' algorithm 644.
#[test]
fn general_orders_agree_with_another_library() {
    use complex_bessel::besselk_scaled;
    use nalgebra::Complex;
    use statrs::function::gamma::ln_gamma;
    use tunescope::gp::kernel::matern::correlation;
    for nu in [
        0.1_f64, 0.33, 0.5, 0.99, 1.0, 1.01, 1.7, 4.4, 9.7, 19.9, 33.3, 77.7,
    ] {
        for z in [1e-6_f64, 1e-3, 0.1, 1.9, 2.1, 5.0, 30.0, 200.0] {
            let Ok(k) = besselk_scaled(nu, Complex::new(z, 0.0)) else {
                continue;
            };
            if !k.re.is_finite() {
                continue;
            }
            let log = (1.0 - nu) * std::f64::consts::LN_2 - ln_gamma(nu) + nu * z.ln() + k.re.ln() - z;
            close(correlation(nu, z), log.exp(), 1e-12, &format!("{nu} {z}"));
        }
    }
}
