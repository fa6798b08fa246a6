//! Expected improvement while trials are pending: averaged over what they may return.
//!
//! With `y_P ~ N(μ_P, Σ_PP + σn² I)` for the pending points, `L` the factor of that covariance and `ε_s` standard
//! normal, fantasy `s` shifts the mean by `t(x)·ε_s`, `t(x) = L⁻¹ cov(f(P), f(x))`, and its deviation is that of the
//! posterior which knows the pending points. Each fantasy has its own incumbent, and an analytic `ln EI`:
//! `α = ln 1/S Σ_s EI(μ + t·ε_s, σ; f*_s)`. Without noise that is the joint EI of candidate and pending points less the joint EI
//! of the pending points alone.
//!
//! **Units**: model output units, larger is better. **Source**: Snoek, Larochelle & Adams 2012, §3.2; with an analytic
//! inner expectation, Wilson, Hutter & Deisenroth 2018. Checked by `tests/acquisition_pending.rs`.

use nalgebra::{DMatrix, DVector};

use super::ei::{self, Sensitivity};
use super::normal;
use super::ranking::{chained, log_mean_exp, shares};
use super::sobol::Sobol;
use crate::gp::{FitError, Moments, PointGradient, Posterior};

/// Number of fantasies.
const COUNT: usize = 64;

/// What there is to beat, and how it follows a fantasy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Best {
    /// The best observation (no noise to speak of): a fantasy that is better replaces it.
    Observed(f64),
    /// The largest mean at a row: all means move with the fantasy.
    Mean,
}

/// Fantasies of pending trials.
#[derive(Clone, Debug)]
pub struct Fantasies {
    /// Without the pending points.
    base: Posterior,
    pending: DMatrix<f64>,
    /// `K⁻¹ k(X, P)`: n × r.
    weights: DMatrix<f64>,
    /// `L` of `Σ_PP + σn² I`.
    factor: DMatrix<f64>,
    /// S × r.
    draws: DMatrix<f64>,
    /// Incumbent of each fantasy.
    incumbents: Vec<f64>,
    xi: f64,
}

impl Fantasies {
    /// Fantasies of the rows of `pending` (r × d, at least one) on a posterior that does not know them.
    ///
    /// # Errors
    /// A covariance of the pending points that does not factor.
    pub fn new(
        base: &Posterior,
        pending: &DMatrix<f64>,
        best: Best,
        xi: f64,
        seed: u64,
    ) -> Result<Self, FitError> {
        let r = pending.nrows();
        let noise = base.model().noise_variance + base.jitter();
        let own = base.covariance(pending);
        let least = 1e-9 * base.prior_variance();
        let noisy = own.clone() + DMatrix::from_diagonal_element(r, r, noise.max(least));
        let factor = noisy
            .cholesky()
            .map(|c| c.unpack())
            .ok_or(FitError::NotPositiveDefinite {
                rows: r,
                jitter: least,
            })?;
        let mut sobol = Sobol::new(r, seed);
        let mut draws = DMatrix::zeros(COUNT, r);
        for mut row in draws.row_iter_mut() {
            let u = sobol.next_point();
            row.iter_mut().zip(u).for_each(|(z, u)| *z = normal::quantile(u));
        }
        let mut this = Self {
            weights: base.solve(base.cross_covariance(pending)),
            base: base.clone(),
            pending: pending.clone(),
            factor,
            draws,
            incumbents: Vec::new(),
            xi,
        };
        this.incumbents = this.incumbents_of(best, &own);
        Ok(this)
    }

    fn incumbents_of(&self, best: Best, own: &DMatrix<f64>) -> Vec<f64> {
        let at = self.base.predict_mean(&self.pending);
        match best {
            Best::Observed(value) => (0..self.draws.nrows())
                .map(|s| {
                    let shift = &self.factor * self.draws.row(s).transpose();
                    at.iter().zip(shift.iter()).fold(value, |b, (m, d)| b.max(m + d))
                })
                .collect(),
            Best::Mean => {
                let rows = self.base.conditioned_rows();
                let row_means = self.base.predict_mean(rows);
                let row_shifts = self.shifts(rows);
                let mut pending_shifts = own.clone();
                self.factor.solve_lower_triangular_mut(&mut pending_shifts);
                (0..self.draws.nrows())
                    .map(|s| {
                        let z = self.draws.row(s).transpose();
                        let top = |means: &[f64], shifts: &DMatrix<f64>| {
                            let moved = shifts.tr_mul(&z);
                            means
                                .iter()
                                .zip(moved.iter())
                                .map(|(m, d)| m + d)
                                .fold(f64::NEG_INFINITY, f64::max)
                        };
                        top(&row_means, &row_shifts).max(top(&at, &pending_shifts))
                    })
                    .collect()
            }
        }
    }

    /// `t` at the rows of `points`: r × m.
    fn shifts(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        let mut t = self.base.prior_cross(&self.pending, points);
        t.gemm_tr(-1.0, &self.weights, &self.base.cross_covariance(points), 1.0);
        self.factor.solve_lower_triangular_mut(&mut t);
        t
    }

    fn each(&self, mean: f64, sd: f64, t: &DVector<f64>) -> Vec<Sensitivity> {
        let shifts = &self.draws * t;
        shifts
            .iter()
            .zip(&self.incumbents)
            .map(|(d, best)| ei::log_ei(mean + d, sd, *best, self.xi))
            .collect()
    }

    /// `α` at the rows of `points`; `moments` are those of the posterior that knows the pending points.
    #[must_use]
    pub fn values(&self, points: &DMatrix<f64>, moments: &Moments) -> Vec<f64> {
        let t = self.shifts(points);
        (0..points.nrows())
            .map(|i| {
                let each = self.each(
                    moments.mean[i],
                    moments.variance[i].sqrt(),
                    &t.column(i).into_owned(),
                );
                log_mean_exp(&each.iter().map(|s| s.value).collect::<Vec<_>>())
            })
            .collect()
    }

    /// `α` and its gradient at the rows of `points`; `at` is that of the posterior that knows the pending points.
    #[must_use]
    pub fn slopes(&self, points: &DMatrix<f64>, at: &[PointGradient]) -> Vec<(f64, Vec<f64>)> {
        let t = self.shifts(points);
        let rows = self.base.conditioned_rows();
        at.iter()
            .enumerate()
            .map(|(i, at)| {
                let each = self.each(at.mean, at.variance.sqrt(), &t.column(i).into_owned());
                let values: Vec<f64> = each.iter().map(|s| s.value).collect();
                let shares = shares(&values, true);
                let whole = log_mean_exp(&values);
                let mut joint = Sensitivity {
                    value: whole,
                    d_mean: 0.0,
                    d_sd: 0.0,
                };
                let mut by_shift = DVector::zeros(self.pending.nrows());
                for ((share, s), z) in shares.iter().zip(&each).zip(self.draws.row_iter()) {
                    if *share > 0.0 {
                        joint.d_mean += share * s.d_mean;
                        joint.d_sd += share * s.d_sd;
                        by_shift.axpy(share * s.d_mean, &z.transpose(), 1.0);
                    }
                }
                let mut gradient = chained(&joint, at);
                // t = L⁻¹(k(P, x) − Wᵀk(X, x)): coefficients of the two covariances.
                self.factor.tr_solve_lower_triangular_mut(&mut by_shift);
                let of_rows = -(&self.weights * &by_shift);
                let x: Vec<f64> = points.row(i).iter().copied().collect();
                let added = [
                    self.base.prior_slope(&x, &self.pending, by_shift.as_slice()),
                    self.base.prior_slope(&x, rows, of_rows.as_slice()),
                ];
                for slope in added {
                    gradient.iter_mut().zip(slope).for_each(|(g, s)| *g += s);
                }
                (whole, gradient)
            })
            .collect()
    }
}
