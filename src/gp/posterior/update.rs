//! New rows in O(n²), hyperparameters kept.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};

use super::{Inner, Posterior, weigh};
use crate::gp::linalg::Factor;
use crate::gp::{Data, FitError};

/// Appended rows after which the matrix is factored afresh, so that rounding cannot pile up.
const REFACTOR_AFTER: usize = 64;
/// A new pivot below this share of its diagonal entry is mostly rounding: factor afresh.
const SMALL_PIVOT: f64 = 1e-9;

impl Posterior {
    /// The posterior with one more observation, equal to the batch result to rounding. An exact repeat of
    /// a row is a row of its own here.
    ///
    /// # Errors
    /// A point of the wrong shape, numbers that are not finite, or a matrix that does not factor.
    pub fn append(&self, x: &[f64], y: f64) -> Result<Self, FitError> {
        self.append_noisy(x, y, 0.0)
    }

    /// As [`Posterior::append`], for an observation that is known to carry this noise variance beside that of the
    /// model (output units squared).
    ///
    /// # Errors
    /// As [`Posterior::append`].
    pub fn append_noisy(&self, x: &[f64], y: f64, known_noise: f64) -> Result<Self, FitError> {
        if let Some(base) = &self.inner.without_pending {
            let n = base.n();
            let pending = self.rows().rows(n, self.pending()).into_owned();
            return base.append_noisy(x, y, known_noise)?.with_pending(&pending);
        }
        self.check_point(x, self.n())?;
        if !(y.is_finite() && known_noise.is_finite() && known_noise >= 0.0) {
            return Err(FitError::NotFinite {
                what: "the output",
                row: self.n(),
            });
        }
        let inner = &*self.inner;
        let mut data = inner.data.clone();
        data.push(x, y, known_noise);
        let grown = if inner.factor.grown() < REFACTOR_AFTER {
            self.grow(x, known_noise)
        } else {
            None
        };
        let Some(factor) = grown else {
            return Self::with_program(
                inner.model.clone(),
                Arc::clone(&inner.kinds),
                Arc::clone(&inner.program),
                data,
            );
        };
        let (mean, alpha, data_fit) = weigh(&factor, inner.model.mean, &data.y, 0);
        Ok(Self {
            inner: Arc::new(Inner {
                data,
                factor,
                alpha,
                mean,
                data_fit,
                leave_one_out: OnceLock::new(),
                wide: OnceLock::new(),
                ..inner.clone()
            }),
        })
    }

    /// The posterior as if every pending point had returned its present mean (the kriging believer): the
    /// mean stays as it is everywhere, the variance shrinks around the points. Replaces earlier pending points.
    ///
    /// # Errors
    /// Points of the wrong shape, numbers that are not finite, or a matrix that does not factor.
    pub fn with_pending(&self, points: &DMatrix<f64>) -> Result<Self, FitError> {
        let base = self.inner.without_pending.as_ref().unwrap_or(self);
        if points.nrows() == 0 {
            return Ok(base.clone());
        }
        let mut current = base.clone();
        for p in 0..points.nrows() {
            let x: Vec<f64> = points.row(p).iter().copied().collect();
            current.check_point(&x, p)?;
            let factor = current.grow_at_any_pivot(&x);
            let n = current.rows().nrows();
            let mut rows = current.rows().clone().resize_vertically(n + 1, 0.0);
            x.iter().enumerate().for_each(|(j, v)| rows[(n, j)] = *v);
            current = Self {
                inner: Arc::new(Inner {
                    rows_with_pending: Some(rows),
                    factor,
                    alpha: current.inner.alpha.clone().resize_vertically(n + 1, 0.0),
                    without_pending: Some(base.clone()),
                    leave_one_out: OnceLock::new(),
                    wide: OnceLock::new(),
                    ..(*current.inner).clone()
                }),
            };
        }
        Ok(current)
    }

    /// The posterior of the same rows with other outputs (a re-standardisation, say): the factor is kept,
    /// O(n²). `within` holds the sums of squares within rows of the new outputs. Noise that is known of rows
    /// stays as it is. Pending points are dropped.
    ///
    /// # Errors
    /// Outputs of the wrong number, or not finite.
    pub fn with_outputs(&self, y: DVector<f64>, within: Vec<f64>) -> Result<Self, FitError> {
        if let Some(base) = &self.inner.without_pending {
            return base.with_outputs(y, within);
        }
        let inner = &*self.inner;
        let data = Data {
            y,
            within,
            ..inner.data.clone()
        };
        data.check(self.dims())?;
        let (mean, alpha, data_fit) = weigh(&inner.factor, inner.model.mean, &data.y, 0);
        Ok(Self {
            inner: Arc::new(Inner {
                data,
                alpha,
                mean,
                data_fit,
                leave_one_out: OnceLock::new(),
                wide: OnceLock::new(),
                ..inner.clone()
            }),
        })
    }

    fn check_point(&self, x: &[f64], row: usize) -> Result<(), FitError> {
        if x.len() != self.dims() {
            return Err(FitError::Shape {
                what: "a point",
                expected: self.dims(),
                found: x.len(),
            });
        }
        if x.iter().any(|v| !v.is_finite()) {
            return Err(FitError::NotFinite {
                what: "an input",
                row,
            });
        }
        Ok(())
    }

    /// The factor with a row for `x`, or `None` where the new pivot is too small to trust.
    fn grow(&self, x: &[f64], known_noise: f64) -> Option<Factor> {
        let (l, pivot, full) = self.new_row(x, known_noise);
        let trusted = pivot > SMALL_PIVOT * full && pivot > 10.0 * self.inner.jitter;
        trusted.then(|| self.inner.factor.grow(l.as_slice(), pivot.sqrt()))
    }

    /// As [`Posterior::grow`], with the pivot lifted to the threshold: a pending point changes no mean, so
    /// that a variance of almost 0 there is all that can go wrong.
    fn grow_at_any_pivot(&self, x: &[f64]) -> Factor {
        let (l, pivot, full) = self.new_row(x, 0.0);
        self.inner
            .factor
            .grow(l.as_slice(), pivot.max(SMALL_PIVOT * full).sqrt())
    }

    /// `(L⁻¹k, δ², K_xx)` of a new row.
    fn new_row(&self, x: &[f64], known_noise: f64) -> (DMatrix<f64>, f64, f64) {
        let point = DMatrix::from_row_slice(1, x.len(), x);
        let mut l = self.cross(&point);
        self.inner.factor.solve(&mut l);
        let full =
            self.prior_variance_at(x) + self.inner.model.noise_variance + known_noise + self.inner.jitter;
        let pivot = full - l.norm_squared();
        (l, pivot, full)
    }
}
