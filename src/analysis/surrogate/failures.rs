//! How likely a configuration comes through: failures as data.
//!
//! Trials that failed say nothing about the objective and everything about where not to look. A second Gaussian
//! process is regressed on `z = 1` (failed) and `z = 0` (came through), with the lengthscales of the first one times
//! a common factor, and
//!
//! `P(ok) = Φ((½ − m)/√(v + τ²))`
//!
//! of its posterior mean `m`, variance `v` and label noise `τ²`. Its prior mean is `m₀ = (½ + failed)/(1 + all)` and its
//! prior variance is such that far from all trials `P(ok) = 1 − m₀`, the share of trials that come through. The
//! factor and `τ²` are those under which the labels, each left out, are predicted best: failures that cluster make
//! the border sharp, scattered ones keep it soft.
//!
//! The acquisition function is weighed by `P(ok)^c` with the caution `c = 1 + ` the failures among the last ten outcomes:
//! where the objective promises much beyond a border, expected improvement times `P(ok)` alone goes on knocking there
//! (in a simulation of five such cases 14 to 19 of 20 suggestions failed; with the caution 7 to 16, with as good a
//! best value).
//!
//! Source: the classification by regression of Vizier's infeasibility model (Song et al. 2024, arXiv 2408.11527) with the
//! weighing of Gelbart, Snoek & Adams 2014 (arXiv 1403.5607, eq. 5). Checked by `tests/failures.rs`.

use nalgebra::{DMatrix, DVector};

use super::predict::matrix;
use super::training::Training;
use crate::acquisition::normal;
use crate::acquisition::ranking::Factor;
use crate::gp::{Data, FitError, InputKind, Kernel, Mean, Model, Posterior};

/// Multiples of the lengthscales of the objective.
const FACTORS: [f64; 3] = [0.5, 1.0, 2.0];
/// Label noise over the variance of the labels' process; the first is believed before there is evidence.
const NOISES: [f64; 6] = [0.5, 1.0, 0.25, 0.125, 0.06, 0.03];
/// Standard deviation of the prior over the logarithm of the two, about the first of the noises and a factor of 1.
const PRIOR_SPREAD: f64 = 1.4;
/// Lengthscales beyond the cube would let one failure speak for a whole axis.
const LONGEST: f64 = 2.0;
/// At most so many failed trials, the latest, and as many that came through, the nearest to them.
const MOST: usize = 160;

/// What was chosen by leaving labels out.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    factor: f64,
    noise: f64,
}

/// The model of what fails.
#[derive(Clone, Debug)]
pub(in crate::analysis) struct FailureModel {
    posterior: Posterior,
    shape: Shape,
    /// `τ²`.
    label_noise: f64,
    /// `c`.
    pub caution: f64,
    pub failed: usize,
    pub passed: usize,
}

impl FailureModel {
    /// `None` while nothing failed, or where there is no such model (the labels cannot be fitted).
    ///
    /// `previous` keeps its factor and noise: leaving labels out is for fits, not for appends.
    pub fn of(training: &Training, scales: &[f64], previous: Option<&Self>) -> Option<Self> {
        let (failed, passed) = (&training.failed_points, &training.passed_points);
        if failed.is_empty() {
            return None;
        }
        let labels = Labels::choose(training, scales);
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let base = (0.5 + failed.len() as f64) / (1.0 + (failed.len() + passed.len()) as f64);
        let at = |shape: Shape| labels.posterior(scales, shape, base);
        let (shape, posterior) = match previous {
            Some(p) => (p.shape, at(p.shape).ok()?),
            None => best_shape(&labels, &at)?,
        };
        let label_noise = posterior.model().noise_variance;
        Some(Self {
            posterior,
            shape,
            label_noise,
            caution: training.caution,
            failed: failed.len(),
            passed: passed.len(),
        })
    }

    /// `c log P(ok)` at points: what is added to the logarithm of an acquisition function.
    pub fn log_weight(&self, points: &[Vec<f64>]) -> Vec<f64> {
        self.logs(&matrix(points, self.posterior.dims()))
    }

    /// `log P(ok)` at points.
    pub fn log_ok(&self, points: &[Vec<f64>]) -> Vec<f64> {
        let at = self.posterior.predict(&matrix(points, self.posterior.dims()));
        at.mean
            .iter()
            .zip(&at.variance)
            .map(|(m, v)| normal::log_cdf((0.5 - m) / (v + self.label_noise).sqrt()))
            .collect()
    }
}

impl Factor for FailureModel {
    fn logs(&self, points: &DMatrix<f64>) -> Vec<f64> {
        let at = self.posterior.predict(points);
        let each = at.mean.iter().zip(&at.variance);
        each.map(|(m, v)| self.caution * normal::log_cdf((0.5 - m) / (v + self.label_noise).sqrt()))
            .collect()
    }

    /// With `a = (½ − m)/s`, `s² = v + τ²`: `∇ c log Φ(a) = −c (φ/Φ)(a) (∇m/s + a ∇v/(2 s²))`.
    fn log_slopes(&self, points: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)> {
        self.posterior
            .predict_batch_with_gradient(points)
            .into_iter()
            .map(|at| {
                let square = at.variance + self.label_noise;
                let s = square.sqrt();
                let a = (0.5 - at.mean) / s;
                let slope = -self.caution * normal::pdf_over_cdf(a);
                let by = at.dmean.iter().zip(&at.dvariance);
                let gradient = by.map(|(m, v)| slope * (m / s + a * v / (2.0 * square)));
                (self.caution * normal::log_cdf(a), gradient.collect())
            })
            .collect()
    }
}

/// The factor and noise under which left-out labels are predicted best.
fn best_shape(
    labels: &Labels,
    at: &dyn Fn(Shape) -> Result<Posterior, FitError>,
) -> Option<(Shape, Posterior)> {
    let mut best: Option<(f64, Shape, Posterior)> = None;
    for factor in FACTORS {
        for noise in NOISES {
            let shape = Shape { factor, noise };
            let Ok(posterior) = at(shape) else { continue };
            let away = (factor.ln().powi(2) + (noise / NOISES[0]).ln().powi(2)) / PRIOR_SPREAD.powi(2);
            let score = labels.score(&posterior) - 0.5 * away;
            if score.is_finite() && best.as_ref().is_none_or(|(b, ..)| score > *b) {
                best = Some((score, shape, posterior));
            }
        }
    }
    best.map(|(_, shape, posterior)| (shape, posterior))
}

/// Labelled points, repeats merged.
struct Labels {
    kinds: Vec<InputKind>,
    data: Data,
}

impl Labels {
    fn choose(training: &Training, scales: &[f64]) -> Self {
        let failed = &training.failed_points;
        let mut points: Vec<Vec<f64>> = failed.iter().rev().take(MOST).cloned().collect();
        let labelled = points.len();
        points.extend(nearest(training, scales, &points));
        let dims = training.encoder.dims();
        let z = DVector::from_fn(points.len(), |i, _| f64::from(u8::from(i < labelled)));
        let (data, _) = Data::merge_repeats(&matrix(&points, dims), &z);
        Self {
            kinds: training.kinds.clone(),
            data,
        }
    }

    fn posterior(&self, scales: &[f64], shape: Shape, base: f64) -> Result<Posterior, FitError> {
        let total = far_variance(base);
        let variance = total / (1.0 + shape.noise);
        let lengths = scales.iter().map(|l| shape.factor * l.min(LONGEST)).collect();
        let model = Model {
            kernel: Kernel::scaled_matern(variance, 2.5, lengths),
            mean: Mean::Fixed(base),
            noise_variance: total - variance,
        };
        Posterior::new(&model, &self.kinds, &self.data)
    }

    /// Log likelihood of the labels, each row predicted from the others.
    fn score(&self, posterior: &Posterior) -> f64 {
        let loo = posterior.loo();
        let noise = posterior.model().noise_variance;
        (0..self.data.n())
            .map(|i| {
                let count = self.data.counts[i];
                let latent = (loo.variance[i] - noise / count).max(0.0);
                let a = (0.5 - loo.mean[i]) / (latent + noise).sqrt();
                let label = self.data.y[i];
                count * (label * normal::log_cdf(-a) + (1.0 - label) * normal::log_cdf(a))
            })
            .sum()
    }
}

/// `v + τ²` at which `Φ((½ − m₀)/√(v + τ²)) = 1 − m₀`.
fn far_variance(base: f64) -> f64 {
    let z = normal::quantile(1.0 - base);
    if z.abs() < 1e-3 {
        // The limit for m₀ → ½, 1/2π.
        return 0.5 * std::f64::consts::FRAC_1_PI;
    }
    ((0.5 - base) / z).powi(2)
}

/// The points that came through: all of them, or the nearest to the failed ones and a spread of the rest.
fn nearest(training: &Training, scales: &[f64], failed: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let passed = &training.passed_points;
    if passed.len() <= MOST {
        return passed.clone();
    }
    let gap = |point: &[f64]| {
        failed
            .iter()
            .map(|f| training.square_distance(scales, f, point))
            .fold(f64::INFINITY, f64::min)
    };
    let gaps: Vec<f64> = passed.iter().map(|p| gap(p)).collect();
    let mut order: Vec<usize> = (0..passed.len()).collect();
    order.sort_by(|&a, &b| gaps[a].total_cmp(&gaps[b]).then(a.cmp(&b)));
    let (near, far) = order.split_at(MOST / 2);
    let step = far.len().div_ceil(MOST / 2).max(1);
    near.iter()
        .chain(far.iter().step_by(step))
        .map(|&i| passed[i].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_from_all_trials_p_ok_is_the_share_that_comes_through() {
        for base in [0.02, 0.1, 0.5, 0.7] {
            let p = normal::cdf((0.5 - base) / far_variance(base).sqrt());
            assert!((p - (1.0 - base)).abs() < 1e-9, "{base}: {p}");
        }
    }
}
