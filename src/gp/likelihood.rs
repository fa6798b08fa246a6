//! The two objectives of a fit, with their gradients by the logs of the hyperparameters.
//!
//! - Marginal likelihood: `−½ rᵀα − ½ log|K| − n/2 log 2π`, `r = y − β`; gradient `½ Σ (ααᵀ − K⁻¹) ∘ ∂K/∂log θ`
//!   (Rasmussen & Williams 2006, eq. 5.9).
//! - Leave-one-out log predictive: `Σ ½ log d_i − ½ α_i²/d_i − ½ log 2π`, `d = diag K⁻¹` (eq. 5.10 to 5.12). With
//!   `b = −α/d`, `c = ½/d + ½ α²/d²`, `u = K⁻¹b` its gradient is
//!   `Σ (−½(uαᵀ + αuᵀ) − K⁻¹ diag(c) K⁻¹) ∘ ∂K/∂log θ`: one n³ product for all hyperparameters together.
//!
//! Leave-one-out counts observations, not rows: repeats are taken apart first (`Data::apart`), and the others of a
//! repeat stay when one of them is left out. A profiled mean is the envelope of the first (`β̂` needs no gradient term) and, in the second, replaces `K⁻¹` by
//! `(K + τ²11ᵀ)⁻¹`. Checked by `tests/posterior.rs` and `tests/mle.rs`.

use std::borrow::Cow;
use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::kernel::{Coefficients, Columns, LeafStore, Program, Scratch};
use super::linalg::{Work, cholesky, gram_lower, inverse_lower, mirror, solve_lower, solve_lower_transposed};
use super::posterior::repeats_term;
use super::{Data, FitError, InputKind, Mean, Model};

/// What hyperparameters are fitted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Objective {
    #[default]
    MarginalLikelihood,
    LeaveOneOut,
}

/// An objective at one model: no priors, and no penalty on a profiled mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub value: f64,
    /// By the natural logs of the kernel's parameters, depth first, then of the noise variance.
    pub gradient: Vec<f64>,
}

/// The rows that an objective is evaluated on.
pub(crate) fn rows_for(objective: Objective, data: &Data) -> Cow<'_, Data> {
    if objective == Objective::LeaveOneOut && data.total > data.n() {
        Cow::Owned(data.apart())
    } else {
        Cow::Borrowed(data)
    }
}

/// Evaluates an objective with its gradient, without jitter.
///
/// # Errors
/// Shapes or numbers that do not fit, or a matrix that does not factor.
pub fn evaluate(
    model: &Model,
    kinds: &[InputKind],
    data: &Data,
    objective: Objective,
) -> Result<Evaluation, FitError> {
    data.check(kinds.len())?;
    let data = &*rows_for(objective, data);
    let program = Program::compile(&model.kernel, kinds)?;
    let mut parameters = model.kernel.parameters();
    parameters.push(model.noise_variance);
    let mut evaluator = Evaluator::new(&program, data, model.mean, objective);
    let mut gradient = vec![0.0; parameters.len()];
    match evaluator.evaluate(&parameters, &mut gradient) {
        Some(value) => Ok(Evaluation {
            value: value - evaluator.penalty,
            gradient,
        }),
        None => Err(FitError::NotPositiveDefinite {
            rows: data.n(),
            jitter: 0.0,
        }),
    }
}

/// An objective over fixed rows with every buffer it needs: evaluations do not allocate.
pub(crate) struct Evaluator<'a> {
    program: &'a Program,
    data: &'a Data,
    mean: Mean,
    objective: Objective,
    /// `K`, then its factor.
    k: Vec<f64>,
    /// `K⁻¹` (lower), or its profiled form (both triangles) for leave-one-out.
    inverse: Vec<f64>,
    /// For leave-one-out: `K⁻¹ diag(√c)`, and twice its Gram matrix.
    scaled: Vec<f64>,
    gram: Vec<f64>,
    /// `L⁻¹[y, 1]`, then `α` in the first column.
    solved: Vec<f64>,
    /// With `α`, the rank-two part `uαᵀ + αuᵀ` of the contraction.
    u: Vec<f64>,
    weights: Vec<f64>,
    store: LeafStore,
    scratch: Scratch,
    work: Work,
    /// The rows with their warped columns, where the kernel has any.
    wide: Option<DMatrix<f64>>,
    /// `−β̂²/(2τ²)` of the last evaluation; 0 unless the mean is profiled.
    pub(crate) penalty: f64,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(program: &'a Program, data: &'a Data, mean: Mean, objective: Objective) -> Self {
        let n = data.n();
        let loo = if objective == Objective::LeaveOneOut {
            n * n
        } else {
            0
        };
        let mut store = LeafStore::default();
        store.resize(program, n);
        Self {
            program,
            data,
            mean,
            objective,
            k: vec![0.0; n * n],
            inverse: vec![0.0; n * n],
            scaled: vec![0.0; loo],
            gram: vec![0.0; loo],
            solved: vec![0.0; 2 * n],
            u: vec![0.0; n],
            weights: vec![0.0; program.params()],
            store,
            scratch: Scratch::new(program),
            work: Work::new(n),
            wide: None,
            penalty: 0.0,
        }
    }

    /// The objective, with the penalty on a profiled mean, at linear-scale parameters (the noise
    /// variance last). `None` where `K` does not factor; then the gradient is left alone.
    pub(crate) fn evaluate(&mut self, parameters: &[f64], gradient: &mut [f64]) -> Option<f64> {
        let noise = self.factorize(parameters, true)?;
        let n = self.data.n();
        let (data_fit, beta) = self.solve();
        inverse_lower(&mut self.inverse, &self.k, n, &mut self.work);
        let value = match self.objective {
            Objective::MarginalLikelihood => self.marginal(noise, data_fit, beta),
            Objective::LeaveOneOut => self.leave_one_out(),
        };
        self.contract(noise, gradient);
        value.is_finite().then_some(value)
    }

    /// [`Evaluator::evaluate`] without the gradient: of the marginal likelihood a third of the work.
    pub(crate) fn value(&mut self, parameters: &[f64]) -> Option<f64> {
        let noise = self.factorize(parameters, false)?;
        let (data_fit, beta) = self.solve();
        let value = match self.objective {
            Objective::MarginalLikelihood => self.marginal(noise, data_fit, beta),
            Objective::LeaveOneOut => {
                inverse_lower(&mut self.inverse, &self.k, self.data.n(), &mut self.work);
                self.leave_one_out()
            }
        };
        value.is_finite().then_some(value)
    }

    /// Leaves the factor of `K` in `k`; gives the noise variance.
    fn factorize(&mut self, parameters: &[f64], with_gradient: bool) -> Option<f64> {
        let (&noise, kernel) = parameters.split_last()?;
        let n = self.data.n();
        self.program.fill_weights(kernel, &mut self.weights);
        if let Cow::Owned(wide) = self.program.widen(&self.weights, &self.data.x) {
            self.wide = Some(wide);
        }
        self.program.fill_triangle(
            &self.weights,
            Columns::new(self.wide.as_ref().unwrap_or(&self.data.x)),
            &mut self.k,
            with_gradient.then_some(&mut self.store),
            &mut self.scratch,
        );
        for i in 0..n {
            self.k[i * n + i] += self.data.noise_of(i, noise);
        }
        cholesky(&mut self.k, n, &mut self.work).then_some(noise)
    }

    /// Leaves `α` in the first column; gives `−½ rᵀα` and `β`.
    fn solve(&mut self) -> (f64, f64) {
        let n = self.data.n();
        let (y, ones) = self.solved.split_at_mut(n);
        y.copy_from_slice(self.data.y.as_slice());
        let beta = match self.mean {
            Mean::Fixed(m) => {
                y.iter_mut().for_each(|v| *v -= m);
                solve_lower(&self.k, n, y, 1);
                m
            }
            Mean::Profiled => {
                ones.fill(1.0);
                solve_lower(&self.k, n, &mut self.solved, 2);
                let (y, ones) = self.solved.split_at_mut(n);
                let (mut cross, mut square) = (0.0, 1.0 / Mean::PROFILE_VARIANCE);
                for (a, b) in y.iter().zip(ones.iter()) {
                    cross += a * b;
                    square += b * b;
                }
                let beta = cross / square;
                y.iter_mut().zip(ones).for_each(|(y, o)| *y -= beta * *o);
                beta
            }
        };
        let z = &mut self.solved[..n];
        let data_fit = -0.5 * z.iter().map(|v| v * v).sum::<f64>();
        solve_lower_transposed(&self.k, n, z, 1);
        (data_fit, beta)
    }

    fn marginal(&mut self, noise: f64, data_fit: f64, beta: f64) -> f64 {
        let n = self.data.n();
        let half_log_det: f64 = (0..n).map(|i| self.k[i * n + i].ln()).sum();
        for (u, a) in self.u.iter_mut().zip(&self.solved[..n]) {
            *u = 0.5 * a;
        }
        self.penalty = match self.mean {
            Mean::Profiled => -0.5 * beta * beta / Mean::PROFILE_VARIANCE,
            Mean::Fixed(_) => 0.0,
        };
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let constant = -0.5 * n as f64 * (2.0 * PI).ln();
        data_fit - half_log_det + constant + repeats_term(self.data, noise) + self.penalty
    }

    fn leave_one_out(&mut self) -> f64 {
        let n = self.data.n();
        mirror(&mut self.inverse, n);
        if self.mean == Mean::Profiled {
            self.profile_inverse();
        }
        let alpha = &self.solved[..n];
        let mut value = 0.0;
        self.u.fill(0.0);
        for (i, &a) in alpha.iter().enumerate() {
            let d = self.inverse[i * n + i];
            value += 0.5 * d.ln() - 0.5 * a * a / d - 0.5 * (2.0 * PI).ln();
            let root = (0.5 / d + 0.5 * a * a / (d * d)).sqrt();
            let column = &self.inverse[i * n..(i + 1) * n];
            for ((s, u), v) in self.scaled[i * n..(i + 1) * n]
                .iter_mut()
                .zip(&mut self.u)
                .zip(column)
            {
                *s = root * v;
                // −u of the formula, so that both objectives contract `uαᵀ + αuᵀ − B`.
                *u += a / d * v;
            }
        }
        gram_lower(&mut self.gram, &self.scaled, n, 2.0);
        value
    }

    /// `K⁻¹ ← K⁻¹ − vvᵀ/(1ᵀv + 1/τ²)`, `v = K⁻¹1`.
    fn profile_inverse(&mut self) {
        let n = self.data.n();
        let v: Vec<f64> = self.inverse.chunks_exact(n).map(|c| c.iter().sum()).collect();
        let s = v.iter().sum::<f64>() + 1.0 / Mean::PROFILE_VARIANCE;
        for (column, vj) in self.inverse.chunks_exact_mut(n).zip(&v) {
            for (entry, vi) in column.iter_mut().zip(&v) {
                *entry -= vi * vj / s;
            }
        }
    }

    fn contract(&mut self, noise: f64, gradient: &mut [f64]) {
        let n = self.data.n();
        let (alpha, u) = (&self.solved[..n], &self.u[..]);
        let b = match self.objective {
            Objective::MarginalLikelihood => &self.inverse[..],
            Objective::LeaveOneOut => &self.gram[..],
        };
        self.program.contract_triangle(
            &self.weights,
            Columns::new(self.wide.as_ref().unwrap_or(&self.data.x)),
            &self.store,
            Coefficients { alpha, u, b },
            &mut self.scratch,
        );
        gradient.fill(0.0);
        self.scratch.take_gradient(gradient);
        if let Some(wide) = self.wide.take() {
            self.contract_warps(&wide, gradient);
        }
        let (alpha, u) = (&self.solved[..n], &self.u[..]);
        let b = match self.objective {
            Objective::MarginalLikelihood => &self.inverse[..],
            Objective::LeaveOneOut => &self.gram[..],
        };
        let mut slope = 0.0;
        for (i, c) in self.data.counts.iter().enumerate() {
            slope += 0.5 * (2.0 * u[i] * alpha[i] - b[i * n + i]) / c;
        }
        slope *= noise;
        if self.objective == Objective::MarginalLikelihood && self.data.total > n {
            #[expect(clippy::cast_precision_loss, reason = "counts")]
            let extra = (self.data.total - n) as f64;
            slope += -0.5 * extra + 0.5 * self.data.within_ss() / noise;
        }
        if let Some(last) = gradient.last_mut() {
            *last = slope;
        }
    }

    /// The part of the gradient that goes through the warped columns: `Σ_i (Σ_m a_im ∂k(x_i, x_m)/∂w(x_i)) ∂w(x_i)/∂θ`.
    fn contract_warps(&mut self, wide: &DMatrix<f64>, gradient: &mut [f64]) {
        let n = self.data.n();
        let b = match self.objective {
            Objective::MarginalLikelihood => &mut self.inverse,
            Objective::LeaveOneOut => &mut self.gram,
        };
        mirror(b, n);
        let (alpha, u) = (&self.solved[..n], &self.u[..]);
        let none = vec![0.0; n];
        let mut coefficients = vec![0.0; n];
        let mut by_column = vec![[0.0; 2]; wide.ncols()];
        for (i, b) in b.chunks_exact(n).enumerate() {
            let rows = alpha.iter().zip(u).zip(b);
            for (c, ((a, v), b)) in coefficients.iter_mut().zip(rows) {
                *c = v * alpha[i] + a * u[i] - b;
            }
            let point: Vec<f64> = wide.row(i).iter().copied().collect();
            by_column.fill([0.0; 2]);
            self.program.contract_point(
                &self.weights,
                Columns::new(wide),
                &point,
                [&coefficients, &none],
                &mut by_column,
                &mut self.scratch,
            );
            self.program
                .add_warp_gradient(&self.weights, &point, &by_column, gradient);
        }
    }
}
