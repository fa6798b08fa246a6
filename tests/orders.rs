//! The order of a Matérn kernel, found from data whose order is known.

use nalgebra::{DMatrix, DVector};
use tunescope::gp::{Data, FitOptions, InputKind, Kernel, Mean, Model, Posterior, fit, fit_orders};

const KINDS: [InputKind; 1] = [InputKind::Numeric];

fn never() -> bool {
    false
}

/// A path of a process on a line, drawn through the factor of its covariance.
fn path(kernel: &Kernel, n: usize, seed: u64) -> Data {
    let x = DMatrix::from_fn(n, 1, |i, _| i as f64 / (n - 1) as f64);
    let model = Model {
        kernel: kernel.clone(),
        mean: Mean::Fixed(0.0),
        noise_variance: 1e-6,
    };
    let rows = Data::new(x.clone(), DVector::zeros(n));
    let l = Posterior::new(&model, &KINDS, &rows).unwrap().cholesky_factor();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (f64::from(u32::try_from(state >> 32).unwrap()) + 0.5) / 4_294_967_296.0
    };
    let z = DVector::from_fn(n, |_, _| {
        (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
    });
    Data::new(x, l * z)
}

fn matern(nu: f64) -> Kernel {
    Kernel::scaled_matern(1.0, nu, vec![0.2])
}

fn found(data: &Data) -> (Kernel, f64) {
    let options = FitOptions::default();
    let fitted = fit_orders(&matern(2.5), &[0], &KINDS, data, &options, &never).unwrap();
    (fitted.model.kernel, fitted.objective_value)
}

#[test]
fn the_order_that_drew_the_data_is_found_roughly() {
    let (rough, _) = found(&path(&matern(0.5), 80, 3));
    assert!(rough.orders().first().is_some_and(|nu| *nu < 1.0), "{rough:?}");
    let (middle, _) = found(&path(&matern(1.5), 80, 5));
    assert!(
        middle.orders().first().is_some_and(|nu| (0.8..3.0).contains(nu)),
        "{middle:?}"
    );
    let (smooth, _) = found(&path(&matern(60.0), 60, 7));
    // The RBF has no order.
    assert!(smooth.orders().first().is_none_or(|nu| *nu > 3.0), "{smooth:?}");
}

#[test]
fn looking_for_the_order_never_loses_to_a_closed_form() {
    for (nu, seed) in [(0.8, 1), (2.5, 2), (5.0, 4)] {
        let data = path(&matern(nu), 50, seed);
        let (_, best) = found(&data);
        for order in [0.5, 1.5, 2.5, 3.5] {
            let fixed = fit(
                &matern(order),
                &KINDS,
                &data,
                &FitOptions::default(),
                None,
                &never,
            )
            .unwrap();
            assert!(
                best > fixed.objective_value - 0.02,
                "{nu} {order}: {best} {}",
                fixed.objective_value
            );
        }
    }
}

#[test]
fn each_of_several_leaves_has_its_own_order() {
    let data = path(&matern(1.5), 40, 9);
    let kernel = Kernel::Sum(vec![matern(2.5), matern(0.5)]);
    let fitted = fit_orders(&kernel, &[0], &KINDS, &data, &FitOptions::default(), &never).unwrap();
    // The second was given and stays.
    assert_eq!(fitted.model.kernel.orders().last(), Some(&0.5));
}
