//! Rows one at a time against the batch result (`data/oracles/incremental.json`), and pending points.

mod oracles;

use nalgebra::{DMatrix, DVector};
use oracles::{kernel_of, load, matrix, near, number, numbers, vector};
use tunescope::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};

#[test]
fn every_step_of_a_growing_posterior_matches_its_reference() {
    for sequence in load("incremental")["sequences"].as_array().unwrap() {
        let id = sequence["id"].as_str().unwrap();
        let (x, y) = (matrix(&sequence["X"]), vector(&sequence["y"]));
        let points = matrix(&sequence["X_test"]);
        let tol = number(&sequence["rel_tol"]);
        let model = Model {
            kernel: kernel_of(&sequence["kernel"], None),
            mean: Mean::Fixed(number(&sequence["prior_mean"])),
            noise_variance: number(&sequence["noise_variance"]),
        };
        let kinds = vec![InputKind::Numeric; x.ncols()];
        let start = usize::try_from(sequence["n_start"].as_u64().unwrap()).unwrap();
        let first = Data::new(x.rows(0, start).into_owned(), y.rows(0, start).into_owned());
        let mut posterior = Posterior::new(&model, &kinds, &first).unwrap();
        for step in sequence["steps"].as_array().unwrap() {
            let n = usize::try_from(step["n"].as_u64().unwrap()).unwrap();
            if n > posterior.n() {
                let row: Vec<f64> = x.row(n - 1).iter().copied().collect();
                posterior = posterior.append(&row, y[n - 1]).unwrap();
            }
            assert_eq!(posterior.n(), n);
            assert!(posterior.jitter() == 0.0);
            let what = format!("{id} n={n}");
            let relative =
                |got: f64, known: f64, scale: f64| near(got, known, tol * (scale + known.abs()), &what);
            let moments = posterior.predict(&points);
            for (got, known) in moments.mean.iter().zip(numbers(&step["mean"])) {
                relative(*got, known, 1.0);
            }
            for (got, known) in moments.variance.iter().zip(numbers(&step["latent_variance"])) {
                relative(*got, known, 1.0);
            }
            relative(
                posterior.log_marginal_likelihood().value,
                number(&step["lml"]),
                1.0,
            );
            let alpha = numbers(&step["alpha"]);
            let largest = alpha.iter().fold(0.0, |m: f64, a| m.max(a.abs()));
            for (got, known) in posterior.alpha().iter().zip(&alpha) {
                relative(*got, *known, largest);
            }
            let l = posterior.cholesky_factor();
            for (j, known) in numbers(&step["chol_last_row"]).into_iter().enumerate() {
                relative(l[(n - 1, j)], known, 1.0);
            }
            if n < x.nrows() {
                let next = posterior.predict(&x.rows(n, 1).into_owned());
                if let Some(known) = step["next_point_mean"].as_f64() {
                    relative(next.mean[0], known, 1.0);
                    relative(next.variance[0], number(&step["next_point_latent_variance"]), 1.0);
                }
            }
        }
    }
}

const DIMS: usize = 3;

fn row(i: usize) -> [f64; DIMS] {
    // A Kronecker sequence: spread out, no two alike.
    let t = i as f64 + 1.0;
    [
        (t * 0.819_172_5).fract(),
        (t * 0.671_043_6).fract(),
        (t * 0.549_700_5).fract(),
    ]
}

fn output(x: &[f64]) -> f64 {
    (6.0 * x[0]).sin() + x[1] * x[2]
}

fn rows(n: usize) -> (DMatrix<f64>, DVector<f64>) {
    let x = DMatrix::from_fn(n, DIMS, |i, j| row(i)[j]);
    let y = DVector::from_fn(n, |i, _| output(&row(i)));
    (x, y)
}

fn model() -> Model {
    Model {
        kernel: Kernel::scaled_matern(1.4, 2.5, vec![0.4, 0.9, 0.7]),
        mean: Mean::Profiled,
        noise_variance: 1e-4,
    }
}

fn batch(n: usize) -> Posterior {
    let (x, y) = rows(n);
    Posterior::new(&model(), &[InputKind::Numeric; DIMS], &Data::new(x, y)).unwrap()
}

/// Agreement of an appended posterior with the batch one (house rule: 1e-9).
fn assert_same(a: &Posterior, b: &Posterior) {
    assert_eq!(a.n(), b.n());
    let points = DMatrix::from_fn(7, DIMS, |i, j| row(500 + i)[j]);
    let (pa, pb) = (a.predict(&points), b.predict(&points));
    for i in 0..7 {
        near(pa.mean[i], pb.mean[i], 1e-9, "mean");
        near(pa.variance[i], pb.variance[i], 1e-9, "variance");
    }
    near(a.mean_constant(), b.mean_constant(), 1e-9, "mean constant");
    let (la, lb) = (
        a.log_marginal_likelihood().value,
        b.log_marginal_likelihood().value,
    );
    near(la, lb, 1e-9 * (1.0 + lb.abs()), "likelihood");
    let (qa, qb) = (a.loo(), b.loo());
    for i in 0..a.n() {
        near(qa.mean[i], qb.mean[i], 1e-8, "leave-one-out mean");
    }
}

#[test]
fn appending_is_refitting_even_past_the_point_of_factoring_afresh() {
    let mut posterior = batch(5);
    for i in 5..140 {
        posterior = posterior.append(&row(i), output(&row(i))).unwrap();
        if [6, 40, 69, 70, 71, 139].contains(&i) {
            assert_same(&posterior, &batch(i + 1));
        }
    }
}

#[test]
fn a_repeat_without_noise_still_appends_with_the_jitter_it_needs() {
    let noiseless = Model {
        noise_variance: 0.0,
        ..model()
    };
    let (x, y) = rows(6);
    let posterior = Posterior::new(&noiseless, &[InputKind::Numeric; DIMS], &Data::new(x, y)).unwrap();
    let again = posterior.append(&row(2), output(&row(2))).unwrap();
    assert!(again.jitter() > 0.0);
    assert!(
        (again.predict(&DMatrix::from_row_slice(1, DIMS, &row(2))).mean[0] - output(&row(2))).abs() < 1e-3
    );
}

#[test]
fn pending_points_shrink_the_variance_and_leave_the_mean_alone() {
    let posterior = batch(80);
    let pending = DMatrix::from_fn(3, DIMS, |i, j| row(200 + i)[j]);
    let believer = posterior.with_pending(&pending).unwrap();
    assert_eq!((believer.n(), believer.pending()), (80, 3));
    let points = DMatrix::from_fn(20, DIMS, |i, j| row(300 + i)[j]);
    let (before, after) = (posterior.predict(&points), believer.predict(&points));
    for i in 0..20 {
        near(after.mean[i], before.mean[i], 1e-12, "mean");
        assert!(after.variance[i] <= before.variance[i] + 1e-12);
    }
    // The same as believing the mean: a batch with fantasies.
    let believed = posterior.predict_mean(&pending);
    let mut fantasy = posterior.clone();
    for (i, y) in believed.into_iter().enumerate() {
        fantasy = fantasy.append(&row(200 + i), y).unwrap();
    }
    let fantasised = fantasy.predict(&points);
    for i in 0..20 {
        near(after.variance[i], fantasised.variance[i], 1e-9, "variance");
    }
    // What was learned from trials is untouched.
    assert_eq!(
        believer.log_marginal_likelihood(),
        posterior.log_marginal_likelihood()
    );
    assert_eq!(believer.loo(), posterior.loo());
    // A result that comes in while others are pending.
    let more = believer.append(&row(80), output(&row(80))).unwrap();
    let expected = batch(81).with_pending(&pending).unwrap();
    let (a, b) = (more.predict(&points), expected.predict(&points));
    for i in 0..20 {
        near(a.mean[i], b.mean[i], 1e-9, "mean");
        near(a.variance[i], b.variance[i], 1e-9, "variance");
    }
    // Gradients see the pending points, too.
    let at = row(321);
    let gradient = believer.predict_with_gradient(&at);
    let h = 1e-5;
    let moved = |s: f64| {
        let p = [at[0] + s * h, at[1], at[2]];
        believer.predict(&DMatrix::from_row_slice(1, DIMS, &p)).variance[0]
    };
    near(
        gradient.dvariance[0],
        (moved(1.0) - moved(-1.0)) / (2.0 * h),
        1e-5,
        "gradient",
    );
    assert_eq!(
        believer.with_pending(&DMatrix::zeros(0, DIMS)).unwrap().pending(),
        0
    );
}

#[test]
fn pending_points_that_repeat_each_other_or_a_row_do_no_harm() {
    let noiseless = Model {
        noise_variance: 0.0,
        ..model()
    };
    let (x, y) = rows(10);
    let posterior = Posterior::new(&noiseless, &[InputKind::Numeric; DIMS], &Data::new(x, y)).unwrap();
    let same = DMatrix::from_fn(3, DIMS, |_, j| row(4)[j]);
    let believer = posterior.with_pending(&same).unwrap();
    let got = believer.predict(&same);
    assert!(got.variance.iter().all(|v| v.is_finite() && *v < 1e-3), "{got:?}");
}

#[test]
fn new_outputs_on_the_same_rows_are_a_batch_with_them() {
    let (x, y) = rows(30);
    let other = y.map(|v| 2.0 * v - 0.3);
    let moved = batch(30).with_outputs(other.clone(), vec![0.0; 30]).unwrap();
    let expected = Posterior::new(&model(), &[InputKind::Numeric; DIMS], &Data::new(x, other)).unwrap();
    assert_same(&moved, &expected);
}
