//! Observations as the rows of the model.

use nalgebra::DVector;

use super::active::active_set;
use super::output::Output;
use super::predict::matrix;
use super::training::{Partial, Training};
use crate::gp::Data;

/// How much of the variance of a promise its repeats share: they were made by one relation, so that many of them at one
/// place are no proof.
const SHARED: f64 = 0.5;

/// Observations and how they enter the model: one row a configuration with complete trials, then one a configuration with
/// unfinished ones, each with the noise of its promise.
pub struct Rows {
    pub observations: Vec<usize>,
    /// The row that each of `observations` belongs to.
    pub row_of: Vec<usize>,
    /// Rows of complete trials.
    pub own: usize,
    /// The first of the unfinished trials that each of the rest stands for.
    pub promised: Vec<usize>,
    pub data: Data,
}

impl Rows {
    /// `noise`: the variance that an observation is known to carry beside that of the model.
    pub fn of(training: &Training, output: &Output, seed: u64, noise: &dyn Fn(usize) -> f64) -> Self {
        Self::over(training, output, noise, active_set(training, seed))
    }

    /// The rows of these complete trials and of all unfinished ones.
    pub fn over(
        training: &Training,
        output: &Output,
        noise: &dyn Fn(usize) -> f64,
        observations: Vec<usize>,
    ) -> Self {
        let x = training.x.select_rows(&observations);
        let y = DVector::from_iterator(
            observations.len(),
            observations.iter().map(|&i| output.forward(training.g[i])),
        );
        let known: Vec<f64> = observations.iter().map(|&i| noise(i)).collect();
        let (mut data, row_of) = if known.iter().any(|v| *v > 0.0) {
            // Repeats need not be equally good: each stays a row of its own.
            let data = Data::with_known_noise(x, y, known);
            (data, (0..observations.len()).collect())
        } else {
            Data::merge_repeats(&x, &y)
        };
        let own = data.n();
        let promised = add(&mut data, &training.partial, output);
        Self {
            observations,
            row_of,
            own,
            promised,
            data,
        }
    }
}

/// Mean and noise variance of a promise in model units: the median, and half the central 68 %.
pub fn in_model_units(partial: &Partial, output: &Output) -> (f64, f64) {
    let at = |value: f64| output.forward(output.sign() * value);
    let promise = &partial.promise;
    let half = 0.5 * (at(promise.value + promise.sd) - at(promise.value - promise.sd)).abs();
    (at(promise.value), half * half)
}

/// Appends the unfinished trials, those at one configuration as one row.
fn add(data: &mut Data, partial: &[Partial], output: &Output) -> Vec<usize> {
    let mut groups: Vec<(&[f64], Vec<usize>)> = Vec::new();
    for (k, p) in partial.iter().enumerate() {
        match groups.iter_mut().find(|(point, _)| *point == p.point.as_slice()) {
            Some((_, members)) => members.push(k),
            None => groups.push((&p.point, vec![k])),
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let own = data.n();
    let points: Vec<Vec<f64>> = groups.iter().map(|(point, _)| point.to_vec()).collect();
    let below = matrix(&points, data.x.ncols());
    data.x = stacked(&data.x, &below);
    let mut y: Vec<f64> = data.y.iter().copied().collect();
    data.known_noise.resize(own, 0.0);
    for (_, members) in &groups {
        let (mean, variance) = together(partial, members, output);
        y.push(mean);
        data.known_noise.push(variance);
        data.counts.push(1.0);
        data.within.push(0.0);
        data.total += 1;
    }
    data.y = DVector::from_vec(y);
    groups
        .iter()
        .filter_map(|(_, members)| members.first().copied())
        .collect()
}

/// The mean of several promises by their precision, and its variance.
fn together(partial: &[Partial], members: &[usize], output: &Output) -> (f64, f64) {
    let each: Vec<(f64, f64)> = members
        .iter()
        .filter_map(|&k| partial.get(k))
        .map(|p| in_model_units(p, output))
        .map(|(mean, variance)| (mean, variance.max(1e-12)))
        .collect();
    let precision: f64 = each.iter().map(|(_, v)| 1.0 / v).sum();
    let mean = each.iter().map(|(m, v)| m / v).sum::<f64>() / precision;
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let count = each.len() as f64;
    (mean, count / precision * (SHARED + (1.0 - SHARED) / count))
}

fn stacked(above: &nalgebra::DMatrix<f64>, below: &nalgebra::DMatrix<f64>) -> nalgebra::DMatrix<f64> {
    let n = above.nrows();
    nalgebra::DMatrix::from_fn(n + below.nrows(), above.ncols(), |i, j| {
        if i < n { above[(i, j)] } else { below[(i - n, j)] }
    })
}
