//! Predictive and joint entropy search: how much one noisy look tells about where the maximum is.
//!
//! `α(x) = ½ ln(v + σn²) − 1/M Σ_m ½ ln(v_m + σn²)`, in nats: the entropy of the next observation less its entropy once
//! the maximum `x*_m` of a sample path were known. Knowing it (PES) means, for the latent `f`:
//!
//! - C1: the slope at `x*` is 0 along every continuous coordinate in which `x*` lies inside (exact conditioning on
//!   symmetric differences, so that any kernel will do);
//! - C2: `f(x*)` is at least as good as every observation, `f(x*) + σn·z ≥ η` (one moment match);
//! - C3: `f(x) ≤ f(x*)` (one moment match a candidate).
//!
//! Joint entropy search (JES) knows the height as well: conditioning on `f(x*) = f*`, then `f(x) ≤ f*`. No iteration and
//! no Hessian; both are smooth, cost O(nM) a candidate and are never negative but for rounding.
//!
//! **Units**: model output units, larger is better. **Source**: Hernández-Lobato, Hoffman & Ghahramani 2014 (arXiv 1406.2541) for
//! C1 to C3; Hvarfner, Hutter & Nardi 2022 (arXiv 2206.04771) for JES. Checked by `tests/acquisition_entropy.rs` against
//! mutual information by brute force.

mod known;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::optima::Optimum;
use crate::gp::{Moments, PointGradient, Posterior};
use known::{After, Known};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Where the maximum is (PES).
    Place,
    /// Where it is and how high (JES).
    PlaceAndHeight,
}

/// Half the width of a symmetric difference, in lengthscales: its error is of third order, and 1e-16 of rounding
/// grows to 1e-12.
const STEP: f64 = 0.01;

/// A maximum closer than this to an end of the axis is at the end: no slope of 0 there.
const AT_END: f64 = 1e-6;

/// Candidates a panel.
const PANEL: usize = 256;

/// Added to the variance of a slope, as a share of `σf²/ℓ²`.
const SLOPE_JITTER: f64 = 1e-6;

/// What the samples of the maximum say about candidates.
#[derive(Clone, Debug)]
pub struct Information {
    posterior: Posterior,
    noise: f64,
    /// Points of all differences and maxima: Q × d.
    z: DMatrix<f64>,
    /// `K⁻¹ k(X, Z) T`: n × R.
    weights: DMatrix<f64>,
    blocks: Vec<Block>,
}

/// What belongs to one sample: its functionals are orthonormal under the posterior, slopes first, the value at the
/// maximum last.
#[derive(Clone, Debug)]
struct Block {
    /// First of its rows of `z`, and first of its functionals.
    row: usize,
    column: usize,
    /// Coefficients of the functionals on the points: Q_m × R_m.
    transform: DMatrix<f64>,
    known: Known,
}

/// What the conditioning is made of.
pub struct Setting<'a> {
    pub question: Question,
    /// Samples of the maximum.
    pub optima: &'a [Optimum],
    /// Lengthscale of each coordinate, and whether it is a continuum along which the paths have a slope.
    pub lengthscales: &'a [f64],
    pub smooth: &'a [bool],
    /// The best observation (or the largest mean at a row): what C2 measures against.
    pub best: f64,
}

impl Information {
    /// Conditions a posterior (which may know pending points) on each sample of the maximum. `None` without samples
    /// or on cancellation.
    #[must_use]
    pub fn new(posterior: &Posterior, setting: &Setting<'_>, cancel: &dyn Fn() -> bool) -> Option<Self> {
        let noise = posterior
            .model()
            .noise_variance
            .max(1e-9 * posterior.prior_variance());
        let mut blocks: Vec<Block> = Vec::new();
        let mut z: Vec<Vec<f64>> = Vec::new();
        let mut weights: Vec<DMatrix<f64>> = Vec::new();
        let mut column = 0;
        for optimum in setting.optima {
            if cancel() {
                return None;
            }
            let (points, raw) = functionals(posterior, optimum, setting);
            let Some((transform, means, sd)) = orthonormal(posterior, &points, raw, setting)
                .or_else(|| orthonormal(posterior, &points, value_alone(points.nrows()), setting))
            else {
                continue;
            };
            let solved = posterior.solve(posterior.cross_covariance(&points) * &transform);
            let count = transform.ncols();
            let known = match setting.question {
                Question::Place => Known::place(&means, sd, setting.best, noise),
                Question::PlaceAndHeight => Known::height(&means, sd, optimum.value),
            };
            blocks.push(Block {
                row: z.len(),
                column,
                transform,
                known,
            });
            column += count;
            z.extend(points.row_iter().map(|r| r.iter().copied().collect::<Vec<f64>>()));
            weights.push(solved);
        }
        if blocks.is_empty() {
            return None;
        }
        let n = posterior.conditioned_rows().nrows();
        let mut all = DMatrix::zeros(n, column);
        for (block, w) in blocks.iter().zip(&weights) {
            all.columns_mut(block.column, w.ncols()).copy_from(w);
        }
        Some(Self {
            posterior: posterior.clone(),
            noise,
            z: DMatrix::from_fn(z.len(), posterior.dims(), |i, j| z[i][j]),
            weights: all,
            blocks,
        })
    }

    /// Number of samples of the maximum that it stands on.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.blocks.len()
    }

    /// Posterior covariances of `f` at the rows of `points` with all functionals: R × m.
    fn covariances(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        let prior = self.posterior.prior_cross(&self.z, points);
        let cross = self.posterior.cross_covariance(points);
        let mut out = DMatrix::zeros(self.weights.ncols(), points.nrows());
        out.gemm_tr(-1.0, &self.weights, &cross, 0.0);
        for block in &self.blocks {
            let (q, r) = block.transform.shape();
            out.rows_mut(block.column, r)
                .gemm_tr(1.0, &block.transform, &prior.rows(block.row, q), 1.0);
        }
        out
    }

    /// `α` at the rows of `points`, in nats; `moments` are those of the posterior that it was made of.
    #[must_use]
    pub fn values(&self, points: &DMatrix<f64>, moments: &Moments) -> Vec<f64> {
        let mut values = Vec::with_capacity(points.nrows());
        for start in (0..points.nrows()).step_by(PANEL) {
            let len = PANEL.min(points.nrows() - start);
            let covariances = self.covariances(&points.rows(start, len).into_owned());
            for i in 0..len {
                let (mean, variance) = (moments.mean[start + i], moments.variance[start + i]);
                values.push(self.gain(mean, variance, &covariances, i, None));
            }
        }
        values
    }

    /// `α` of one candidate; adds its derivatives by the mean, the variance and every covariance where asked.
    fn gain(
        &self,
        mean: f64,
        variance: f64,
        covariances: &DMatrix<f64>,
        candidate: usize,
        mut slopes: Option<&mut Slopes>,
    ) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let share = 1.0 / self.blocks.len() as f64;
        let mut value = 0.5 * (variance + self.noise).ln();
        if let Some(slopes) = slopes.as_deref_mut() {
            slopes.variance += 0.5 / (variance + self.noise);
        }
        for block in &self.blocks {
            let r = block.transform.ncols();
            let part = covariances.column(candidate);
            let own = &part.as_slice()[block.column..block.column + r];
            let after = block.known.after(mean, variance, own);
            value -= 0.5 * share * (after.variance + self.noise).ln();
            if let Some(slopes) = slopes.as_deref_mut() {
                let outer = -0.5 * share / (after.variance + self.noise);
                slopes.add(outer, &after, own, block, &block.known);
            }
        }
        value
    }

    /// `α` and its gradient at the rows of `points`; `at` is that of the posterior that it was made of.
    #[must_use]
    pub fn slopes(&self, points: &DMatrix<f64>, at: &[PointGradient]) -> Vec<(f64, Vec<f64>)> {
        let covariances = self.covariances(points);
        let mut values = Vec::with_capacity(at.len());
        let mut outers = Vec::with_capacity(at.len());
        let mut by_covariance = DMatrix::zeros(self.weights.ncols(), at.len());
        for (i, at) in at.iter().enumerate() {
            let mut slopes = Slopes::new(self.weights.ncols());
            values.push(self.gain(at.mean, at.variance, &covariances, i, Some(&mut slopes)));
            by_covariance.column_mut(i).copy_from_slice(&slopes.covariances);
            outers.push((slopes.mean, slopes.variance));
        }
        // cov = Tᵀk(Z, x) − Wᵀk(X, x): coefficients of the prior covariances of each candidate.
        let of_rows = -(&self.weights * &by_covariance);
        let mut of_points = DMatrix::zeros(self.z.nrows(), at.len());
        for block in &self.blocks {
            let (q, r) = block.transform.shape();
            of_points.rows_mut(block.row, q).gemm(
                1.0,
                &block.transform,
                &by_covariance.rows(block.column, r),
                0.0,
            );
        }
        let rows = self.posterior.conditioned_rows();
        values
            .into_iter()
            .enumerate()
            .map(|(i, value)| {
                let x: Vec<f64> = points.row(i).iter().copied().collect();
                let mut gradient = self
                    .posterior
                    .prior_slope(&x, &self.z, of_points.column(i).as_slice());
                let added = self.posterior.prior_slope(&x, rows, of_rows.column(i).as_slice());
                let (by_mean, by_variance) = outers[i];
                for (j, g) in gradient.iter_mut().enumerate() {
                    *g += added[j] + by_mean * at[i].dmean[j] + by_variance * at[i].dvariance[j];
                }
                (value, gradient)
            })
            .collect()
    }
}

/// Derivatives of `α` at one candidate.
struct Slopes {
    mean: f64,
    variance: f64,
    covariances: Vec<f64>,
}

impl Slopes {
    fn new(functionals: usize) -> Self {
        Self {
            mean: 0.0,
            variance: 0.0,
            covariances: vec![0.0; functionals],
        }
    }

    fn add(&mut self, outer: f64, after: &After, own: &[f64], block: &Block, known: &Known) {
        self.mean += outer * after.by_mean;
        self.variance += outer * after.by_variance;
        let slots = &mut self.covariances[block.column..block.column + own.len()];
        let (last, slopes) = own.len().checked_sub(1).map_or((0, 0..0), |l| (l, 0..l));
        for r in slopes {
            // The variance falls by a_r², the mean by a_r times what the slope was expected to be.
            slots[r] += outer * (-2.0 * own[r] * after.by_variance - known.slope_means()[r] * after.by_mean);
        }
        slots[last] += outer * after.by_covariance;
    }
}

/// The points and the raw functionals of one sample: a symmetric difference for every smooth coordinate in which the
/// maximum is inside, then its value.
fn functionals(
    posterior: &Posterior,
    optimum: &Optimum,
    setting: &Setting<'_>,
) -> (DMatrix<f64>, DMatrix<f64>) {
    let d = posterior.dims();
    let inside = |j: usize| {
        setting.question == Question::Place
            && setting.smooth.get(j).copied().unwrap_or(false)
            && (AT_END..=1.0 - AT_END).contains(&optimum.point[j])
    };
    let along: Vec<usize> = (0..d).filter(|&j| inside(j)).collect();
    let mut points = DMatrix::from_fn(1 + 2 * along.len(), d, |_, j| optimum.point[j]);
    let mut raw = DMatrix::zeros(points.nrows(), along.len() + 1);
    for (c, &j) in along.iter().enumerate() {
        let h = STEP * setting.lengthscales.get(j).copied().unwrap_or(1.0).min(10.0);
        points[(1 + 2 * c, j)] += h;
        points[(2 + 2 * c, j)] -= h;
        raw[(1 + 2 * c, c)] = 0.5 / STEP;
        raw[(2 + 2 * c, c)] = -0.5 / STEP;
    }
    raw[(0, along.len())] = 1.0;
    (points, raw)
}

/// The value at the maximum alone: what is left where the slopes cannot be conditioned on.
fn value_alone(points: usize) -> DMatrix<f64> {
    let mut raw = DMatrix::zeros(points, 1);
    raw[(0, 0)] = 1.0;
    raw
}

/// Makes functionals orthonormal under the posterior: `(T, their means, the deviation of the last given the
/// others)`. `None` where their covariance does not factor.
fn orthonormal(
    posterior: &Posterior,
    points: &DMatrix<f64>,
    raw: DMatrix<f64>,
    _setting: &Setting<'_>,
) -> Option<(DMatrix<f64>, DVector<f64>, f64)> {
    let r = raw.ncols();
    let prior = posterior.prior_variance();
    let cross = posterior.cross_covariance(points) * &raw;
    let solved = posterior.solve(cross.clone());
    let mut covariance = raw.transpose() * posterior.prior_cross(points, points) * &raw;
    covariance.gemm_tr(-1.0, &cross, &solved, 1.0);
    // Slopes are by lengthscale, so that all of them have about the prior's variance.
    for c in 0..r {
        covariance[(c, c)] += if c + 1 == r { 1e-10 } else { SLOPE_JITTER } * prior;
    }
    let lower = Cholesky::new(covariance)?.unpack();
    let means = DVector::from_vec(posterior.predict_mean(points));
    let mut means = raw.tr_mul(&means);
    lower.solve_lower_triangular_mut(&mut means).then_some(())?;
    let mut transposed = raw.transpose();
    lower.solve_lower_triangular_mut(&mut transposed).then_some(())?;
    Some((transposed.transpose(), means, lower[(r - 1, r - 1)]))
}
