//! What holds for any kernel that the catalogue can build.

use proptest::prelude::*;

use super::*;

/// A leaf over some of the inputs.
fn any_leaf() -> impl Strategy<Value = Kernel> {
    let scale = || 0.2..2.0_f64;
    prop_oneof![
        (0.1..3.0_f64).prop_map(Kernel::constant),
        (0.2..20.0_f64, prop::collection::vec(scale(), 3)).prop_map(|(alpha, lengthscales)| {
            Kernel::RationalQuadratic {
                alpha,
                lengthscales,
                inputs: None,
            }
        }),
        (
            prop::array::uniform2(scale()),
            prop::array::uniform2(0.2..2.0_f64)
        )
            .prop_map(|(l, p)| {
                Kernel::Periodic {
                    lengthscales: l.to_vec(),
                    periods: p.to_vec(),
                    inputs: Some(vec![1, 0]),
                }
            }),
        (prop::array::uniform2(scale()), -0.5..1.5_f64).prop_map(|(v, center)| Kernel::Linear {
            variances: v.to_vec(),
            center,
            inputs: Some(vec![0, 1]),
        }),
        scale().prop_map(|l| Kernel::Categorical {
            lengthscales: vec![l],
            inputs: Some(vec![2]),
        }),
        (0.4..4.0_f64, scale()).prop_map(|(nu, l)| Kernel::Matern {
            nu,
            lengthscales: vec![l],
            inputs: Some(vec![0]),
        }),
    ]
}

fn any_kernel() -> impl Strategy<Value = Kernel> {
    let tree = any_leaf().prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Kernel::Sum),
            prop::collection::vec(inner, 1..4).prop_map(Kernel::Product),
        ]
    });
    (tree, prop::option::of((0.4..2.5_f64, 0.4..2.5_f64))).prop_map(|(kernel, warp)| match warp {
        None => kernel,
        Some((a, b)) => Kernel::Warp {
            a: vec![a],
            b: vec![b],
            inputs: Some(vec![0]),
            kernel: Box::new(kernel),
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_are_central_differences_and_the_kernel_is_symmetric(
        kernel in any_kernel(),
        a in prop::array::uniform2(0.05..0.95_f64),
        b in prop::array::uniform2(0.05..0.95_f64),
        categories in (0..3_u8, 0..3_u8),
    ) {
        prop_assume!((a[0] - b[0]).abs() > 0.02 && (a[1] - b[1]).abs() > 0.02);
        let a = [a[0], a[1], f64::from(categories.0)];
        let b = [b[0], b[1], f64::from(categories.1)];
        let got = kernel.gradient(&KINDS, &a, &b).unwrap();
        let back = value(&kernel, &b, &a);
        prop_assert!((back - got.value).abs() <= 1e-13 * (1.0 + got.value.abs()));
        let h = 1e-5;
        let parameters = kernel.parameters();
        let scale = 1.0 + kernel.prior_variance();
        for i in 0..parameters.len() {
            let at = |s: f64| {
                let mut p = parameters.clone();
                p[i] *= (s * h).exp();
                value(&kernel.with_parameters(&p), &a, &b)
            };
            let numeric = (at(1.0) - at(-1.0)) / (2.0 * h);
            prop_assert!((got.dlog[i] - numeric).abs() < 1e-6 * (scale + numeric.abs()), "{i}: {} {}", got.dlog[i], numeric);
        }
        for j in 0..2 {
            let at = |s: f64| {
                let mut x = a;
                x[j] += s * 1e-6;
                value(&kernel, &x, &b)
            };
            let numeric = (at(1.0) - at(-1.0)) / 2e-6;
            prop_assert!((got.dx[j] - numeric).abs() < 1e-5 * (scale + numeric.abs()), "{j}: {} {}", got.dx[j], numeric);
        }
        prop_assert!(got.dx[2] == 0.0 && got.dx.len() == 3);
    }

    #[test]
    fn gram_matrices_are_positive_semi_definite(kernel in any_kernel(), seed in 0..1000_u64, n in 2..9_usize) {
        let x = points(n, seed);
        let row = |i: usize| [x[(i, 0)], x[(i, 1)], x[(i, 2)]];
        let k = DMatrix::from_fn(n, n, |i, j| value(&kernel, &row(i), &row(j)));
        let scale = k.diagonal().amax();
        let smallest = k.symmetric_eigen().eigenvalues.min();
        prop_assert!(smallest > -1e-10 * scale * 9.0, "{smallest}");
    }
}
