//! Sample paths: their moments are the posterior's, their slopes their own, and the same seed gives the same ones.

use nalgebra::{DMatrix, DVector};
use tunescope::acquisition::maximize::Coordinate;
use tunescope::acquisition::optima::{Place, optima};
use tunescope::acquisition::paths::Paths;
use tunescope::acquisition::random::Random;
use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};

const KINDS: [InputKind; 3] = [InputKind::Numeric, InputKind::Numeric, InputKind::Category];
const CHOICES: [usize; 3] = [0, 0, 3];

fn posterior(kernel: Kernel, noise_variance: f64) -> Posterior {
    let mut random = Random::new(4);
    let x = DMatrix::from_fn(14, 3, |_, j| {
        if j == 2 {
            random.below(3) as f64
        } else {
            random.uniform()
        }
    });
    let y = DVector::from_fn(14, |i, _| (5.0 * x[(i, 0)]).sin() + x[(i, 1)] - 0.3 * x[(i, 2)]);
    let model = Model {
        kernel,
        mean: Mean::Profiled,
        noise_variance,
    };
    Posterior::new(&model, &KINDS, &Data::new(x, y)).unwrap()
}

fn kernels() -> [Kernel; 3] {
    let ard = vec![0.4, 0.7, 1.1];
    let rbf = Kernel::Rbf {
        lengthscales: vec![0.5],
        inputs: Some(vec![0]),
    };
    [
        Kernel::scaled_matern(1.3, 2.5, ard.clone()),
        Kernel::scaled_matern(0.8, 0.8, ard.clone()),
        Kernel::Sum(vec![
            Kernel::Product(vec![Kernel::constant(0.6), rbf]),
            Kernel::scaled_matern(0.7, 1.5, ard),
        ]),
    ]
}

#[test]
fn moments_over_many_paths_are_those_of_the_posterior() {
    let mut random = Random::new(6);
    let points = DMatrix::from_fn(12, 3, |_, j| {
        if j == 2 {
            random.below(3) as f64
        } else {
            random.uniform()
        }
    });
    for kernel in kernels() {
        let posterior = posterior(kernel, 0.01);
        let exact = posterior.predict(&points);
        // Several sets, because the paths of one share their features.
        let sets = 24;
        let each = 200;
        let mut sum = [0.0; 12];
        let mut square = [0.0; 12];
        for seed in 0..sets {
            let values = Paths::draw(&posterior, &CHOICES, each, seed).values(&points);
            for i in 0..12 {
                for v in values.row(i).iter() {
                    sum[i] += v;
                    square[i] += (v - exact.mean[i]).powi(2);
                }
            }
        }
        let count = (sets * each as u64) as f64;
        for i in 0..12 {
            let (mean, variance) = (sum[i] / count, square[i] / count);
            let sd = exact.variance[i].sqrt();
            assert!(
                (mean - exact.mean[i]).abs() < 6.0 * sd / count.sqrt() + 1e-3,
                "mean {mean} is not {}",
                exact.mean[i]
            );
            assert!(
                (variance / exact.variance[i] - 1.0).abs() < 0.12,
                "variance {variance} is not {}",
                exact.variance[i]
            );
        }
    }
}

#[test]
fn slopes_are_those_of_the_path_and_a_seed_repeats_it() {
    let points = DMatrix::from_row_slice(2, 3, &[0.31, 0.62, 1.0, 0.87, 0.15, 2.0]);
    for kernel in kernels() {
        let smooth = kernel.is_differentiable();
        let posterior = posterior(kernel, 1e-4);
        let paths = Paths::draw(&posterior, &CHOICES, 3, 11);
        let again = Paths::draw(&posterior, &CHOICES, 3, 11);
        let values = paths.values(&points);
        assert_eq!(values, again.values(&points));
        assert_ne!(values, Paths::draw(&posterior, &CHOICES, 3, 12).values(&points));
        for path in 0..3 {
            let slopes = paths.slopes(path, &points);
            let alone = paths.values_of(path, &points);
            for (i, (value, gradient)) in slopes.iter().enumerate() {
                assert!((value - values[(i, path)]).abs() < 1e-10);
                assert!((alone[i] - values[(i, path)]).abs() < 1e-10);
                assert_eq!(gradient[2], 0.0, "a category has no slope");
                if !smooth {
                    continue;
                }
                for j in 0..2 {
                    let h = 1e-6;
                    let mut moved = points.clone();
                    moved[(i, j)] += h;
                    let up = paths.values_of(path, &moved)[i];
                    moved[(i, j)] -= 2.0 * h;
                    let down = paths.values_of(path, &moved)[i];
                    let difference = (up - down) / (2.0 * h);
                    assert!(
                        (gradient[j] - difference).abs() < 1e-5 * (1.0 + difference.abs()),
                        "{} is not {difference}",
                        gradient[j]
                    );
                }
            }
        }
    }
}

#[test]
fn a_path_goes_through_observations_that_have_no_noise() {
    let posterior = posterior(Kernel::scaled_matern(1.3, 2.5, vec![0.4, 0.7, 1.1]), 1e-8);
    let values = Paths::draw(&posterior, &CHOICES, 20, 2).values(&posterior.data().x);
    for i in 0..posterior.n() {
        for v in values.row(i).iter() {
            assert!((v - posterior.data().y[i]).abs() < 1e-3);
        }
    }
}

#[test]
fn the_maximum_of_a_path_is_above_a_dense_search() {
    let posterior = posterior(Kernel::scaled_matern(1.3, 2.5, vec![0.4, 0.7, 1.1]), 1e-4);
    let paths = Paths::draw(&posterior, &CHOICES, 12, 3);
    let place = Place {
        coordinates: &[
            Coordinate::Continuous,
            Coordinate::Continuous,
            Coordinate::Category(3),
        ],
        lengthscales: &[0.4, 0.7, 1.1],
        snap: &|p| p.to_vec(),
        around: &[],
        seed: 3,
    };
    let found = optima(&paths, &place, &|| false).unwrap();
    let mut random = Random::new(1);
    let points = DMatrix::from_fn(20_000, 3, |_, j| {
        if j == 2 {
            random.below(3) as f64
        } else {
            random.uniform()
        }
    });
    let values = paths.values(&points);
    for (path, optimum) in found.iter().enumerate() {
        let dense = values.column(path).max();
        assert!(
            optimum.value > dense - 2e-3,
            "path {path}: {} is below {dense}",
            optimum.value
        );
        assert!(optimum.point[2].fract() == 0.0);
    }
    assert!(optima(&paths, &place, &|| true).is_none());
}
