//! The exact posterior of a Gaussian process, immutable and cheap to clone.
//!
//! With `K = k(X, X) + σn² diag(1/c)` and `α = K⁻¹(y − β)`, at a point with `k* = k(X, x)`:
//! `μ = β + k*ᵀα`, `σ² = k(x, x) − k*ᵀK⁻¹k*` (of the latent function: no noise).
//! Source: Rasmussen & Williams 2006, algorithm 2.1. Checked by `tests/posterior.rs` and `tests/incremental.rs`.

mod evidence;
mod functional;
mod predict;
mod update;

pub(crate) use evidence::repeats_term;
pub use evidence::{LeaveOneOut, LogMarginalLikelihood};
pub use predict::{Moments, PointGradient};

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};

use super::kernel::{Columns, Program, Scratch};
use super::linalg::{Factor, Work, cholesky};
use super::{Data, FitError, InputKind, Mean, Model};

/// Multiples of the prior variance that are tried on the diagonal, in this order.
const JITTER_LADDER: [f64; 5] = [0.0, 1e-10, 1e-8, 1e-6, 1e-4];

/// A conditioned Gaussian process.
#[derive(Clone, Debug)]
pub struct Posterior {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    model: Model,
    kinds: Arc<[InputKind]>,
    program: Arc<Program>,
    weights: Vec<f64>,
    data: Data,
    /// Rows with pending ones after them, where there are any.
    rows_with_pending: Option<DMatrix<f64>>,
    factor: Factor,
    /// 0 for pending rows.
    alpha: DVector<f64>,
    mean: f64,
    /// `−½ (y − β)ᵀ K⁻¹ (y − β)`.
    data_fit: f64,
    jitter: f64,
    /// The posterior without the pending rows, where there are any.
    without_pending: Option<Posterior>,
    leave_one_out: OnceLock<LeaveOneOut>,
    /// All rows with their warped columns, where the kernel has any.
    wide: OnceLock<DMatrix<f64>>,
}

impl Posterior {
    /// Conditions a model on rows. No rows are allowed: that is the prior.
    ///
    /// Where `K` does not factor, `σf²·{1e-10, 1e-8, 1e-6, 1e-4}` is tried on its diagonal;
    /// [`Posterior::jitter`] tells.
    ///
    /// # Errors
    /// Shapes that do not fit, numbers that are not finite, hyperparameters that are not above 0, or a matrix
    /// that does not factor even with the largest jitter.
    pub fn new(model: &Model, kinds: &[InputKind], data: &Data) -> Result<Self, FitError> {
        data.check(kinds.len())?;
        let program = Arc::new(Program::compile(&model.kernel, kinds)?);
        Self::with_program(model.clone(), kinds.into(), program, data.clone())
    }

    /// As [`Posterior::new`], with the kernel compiled and the rows checked already.
    pub(crate) fn with_program(
        model: Model,
        kinds: Arc<[InputKind]>,
        program: Arc<Program>,
        data: Data,
    ) -> Result<Self, FitError> {
        let noise = model.noise_variance;
        if !(noise.is_finite() && noise >= 0.0) {
            return Err(FitError::BadHyperparameter {
                name: "noise variance".to_owned(),
                value: noise,
            });
        }
        let weights = program.weights(&model.kernel.parameters());
        let (factor, jitter) = factorize(&program, &weights, noise, &data)?;
        let (mean, alpha, data_fit) = weigh(&factor, model.mean, &data.y, 0);
        Ok(Self {
            inner: Arc::new(Inner {
                model,
                kinds,
                program,
                weights,
                data,
                rows_with_pending: None,
                factor,
                alpha,
                mean,
                data_fit,
                jitter,
                without_pending: None,
                leave_one_out: OnceLock::new(),
                wide: OnceLock::new(),
            }),
        })
    }

    /// Number of rows learned from; pending ones do not count.
    #[must_use]
    pub fn n(&self) -> usize {
        self.inner.data.n()
    }

    /// Number of pending rows.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.inner.factor.n() - self.n()
    }

    /// Number of inputs.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.inner.kinds.len()
    }

    /// How each of the d inputs is compared.
    #[must_use]
    pub fn kinds(&self) -> &[InputKind] {
        &self.inner.kinds
    }

    /// The hyperparameters, as they were given.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.inner.model
    }

    /// The rows learned from, without pending ones.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.inner.data
    }

    /// The prior mean: as given, or `β̂`.
    #[must_use]
    pub fn mean_constant(&self) -> f64 {
        self.inner.mean
    }

    /// What had to be added to the diagonal beyond the noise, in output units squared.
    #[must_use]
    pub fn jitter(&self) -> f64 {
        self.inner.jitter
    }

    /// `α = K⁻¹(y − β)`; zeros at the end for pending rows.
    #[must_use]
    pub fn alpha(&self) -> &[f64] {
        self.inner.alpha.as_slice()
    }

    /// The lower Cholesky factor `L` of `K`, n × n (with pending rows, where there are any). A copy.
    #[must_use]
    pub fn cholesky_factor(&self) -> DMatrix<f64> {
        self.inner.factor.assemble()
    }

    /// `k(x, x)`: the variance of the latent function far from all rows. Under a kernel with linear parts, where it
    /// is not the same everywhere, its mean over the unit cube; see [`Posterior::prior_variance_at`].
    #[must_use]
    pub fn prior_variance(&self) -> f64 {
        self.inner.program.prior_variance(&self.inner.weights)
    }

    /// `k(x, x)` at a point.
    #[must_use]
    pub fn prior_variance_at(&self, x: &[f64]) -> f64 {
        if self.inner.program.is_even() {
            self.prior_variance()
        } else {
            self.prior_covariance(x, x)
        }
    }

    /// `k(a, b)` under the prior. NaN where a point has the wrong number of inputs.
    #[must_use]
    pub fn prior_covariance(&self, a: &[f64], b: &[f64]) -> f64 {
        if a.len() != self.dims() || b.len() != self.dims() {
            return f64::NAN;
        }
        self.inner.program.pair(&self.inner.weights, a, b)
    }

    /// `k(a, b) / √(k(a, a) k(b, b))`.
    #[must_use]
    pub fn prior_correlation(&self, a: &[f64], b: &[f64]) -> f64 {
        let scale = (self.prior_variance_at(a) * self.prior_variance_at(b)).sqrt();
        self.prior_covariance(a, b) / scale
    }

    fn rows(&self) -> &DMatrix<f64> {
        self.inner
            .rows_with_pending
            .as_ref()
            .unwrap_or(&self.inner.data.x)
    }

    /// The rows as the kernel compares them.
    fn wide_rows(&self) -> &DMatrix<f64> {
        if self.inner.program.has_warps() {
            let widen = || {
                self.inner
                    .program
                    .widen(&self.inner.weights, self.rows())
                    .into_owned()
            };
            self.inner.wide.get_or_init(widen)
        } else {
            self.rows()
        }
    }
}

/// Factors `K`, climbing the ladder of jitter.
fn factorize(program: &Program, weights: &[f64], noise: f64, data: &Data) -> Result<(Factor, f64), FitError> {
    let n = data.n();
    let mut k = DMatrix::zeros(n, n);
    let mut work = Work::new(n);
    let mut scratch = Scratch::new(program);
    let scale = program.prior_variance(weights);
    let wide = program.widen(weights, &data.x);
    let rows = Columns::new(&wide);
    let mut jitter = 0.0;
    for step in JITTER_LADDER {
        jitter = step * scale;
        program.fill_triangle(weights, rows, k.as_mut_slice(), None, &mut scratch);
        for i in 0..n {
            k[(i, i)] += data.noise_of(i, noise) + jitter;
        }
        if cholesky(k.as_mut_slice(), n, &mut work) {
            return Ok((Factor::from_lower(k), jitter));
        }
    }
    Err(FitError::NotPositiveDefinite { rows: n, jitter })
}

/// `(β, α, −½ (y − β)ᵀα)` for a factor whose last `pending` rows carry no observation.
fn weigh(factor: &Factor, mean: Mean, y: &DVector<f64>, pending: usize) -> (f64, DVector<f64>, f64) {
    let n = y.len();
    let (beta, mut z) = match mean {
        Mean::Fixed(m) => {
            let mut z = DMatrix::from_fn(n, 1, |i, _| y[i] - m);
            factor.solve(&mut z);
            (m, z)
        }
        Mean::Profiled => {
            let mut both = DMatrix::from_fn(n, 2, |i, j| if j == 0 { y[i] } else { 1.0 });
            factor.solve(&mut both);
            let (zy, z1) = (both.column(0), both.column(1));
            let beta = z1.dot(&zy) / (z1.norm_squared() + 1.0 / Mean::PROFILE_VARIANCE);
            let z = zy - z1 * beta;
            (beta, DMatrix::from_column_slice(n, 1, z.as_slice()))
        }
    };
    let data_fit = -0.5 * z.norm_squared();
    factor.solve_transposed(&mut z);
    let alpha = DVector::from_fn(n + pending, |i, _| if i < n { z[i] } else { 0.0 });
    (beta, alpha, data_fit)
}
