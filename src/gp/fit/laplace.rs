//! How well a kernel explains the data, whatever its hyperparameters are.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::{Fit, FitOptions, Tally, Task};
use crate::gp::kernel::Program;
use crate::gp::lbfgs::Probe;
use crate::gp::{Data, InputKind, Objective};

/// Step of the central differences of the gradient, in logs.
const STEP: f64 = 1e-3;
/// Least curvature of the log posterior along a direction: that of a prior wider than any of ours. A smaller or
/// negative one is rounding, or an optimum that was not reached.
pub(super) const LEAST_CURVATURE: f64 = 0.05;

/// The log evidence of a fitted kernel by Laplace's method, in nats:
/// `log p(y) ≈ log p(y|θ̂) + log p(θ̂) + p/2 log 2π − ½ log|H|`, `H` = minus the second derivatives of
/// `log p(y|θ) + log p(θ)` by the p logs of the free hyperparameters (those that are neither fixed nor at an
/// edge of their box). Differences between kernels are log Bayes factors: a kernel pays for hyperparameters that the data do
/// not need.
///
/// `None` without priors, for the leave-one-out objective (neither is a probability of the data), and
/// where the differences do not exist or `cancel` asks to stop.
/// Source: Rasmussen & Williams 2006, eq. 5.22 (MacKay 1992). Checked by `tests/comparison.rs`.
#[must_use]
pub fn log_evidence(
    fit: &Fit,
    kinds: &[InputKind],
    data: &Data,
    options: &FitOptions,
    cancel: &dyn Fn() -> bool,
) -> Option<f64> {
    if options.priors.is_none() || options.objective != Objective::MarginalLikelihood {
        return None;
    }
    let program = Arc::new(Program::compile(&fit.model.kernel, kinds).ok()?);
    let task = Task::new(&program, options, cancel);
    let theta = task.theta_of(&fit.model)?;
    let free = task.free(fit);
    let half_log_det: f64 = task
        .curvature(&theta, &free, data)?
        .symmetric_eigenvalues()
        .iter()
        .map(|v| 0.5 * v.max(LEAST_CURVATURE).ln())
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let volume = 0.5 * free.len() as f64 * std::f64::consts::TAU.ln();
    let value = fit.objective_value + volume - half_log_det;
    value.is_finite().then_some(value)
}

impl Task<'_> {
    /// The hyperparameters that are neither fixed nor at an edge of their box.
    pub(super) fn free(&self, fit: &Fit) -> Vec<usize> {
        (0..self.roles.len())
            .filter(|&i| !self.is_fixed(i))
            .filter(|i| fit.at_bounds.iter().all(|edge| edge.index != *i))
            .collect()
    }

    /// Minus the second derivatives of what is maximised, by the logs of the `free` hyperparameters.
    pub(super) fn curvature(&self, theta: &[f64], free: &[usize], data: &Data) -> Option<DMatrix<f64>> {
        let mut tally = Tally::default();
        let mut objective = self.objective(data, &mut tally);
        let mut slopes = |theta: &[f64]| {
            let mut gradient = vec![0.0; theta.len()];
            match objective(theta, &mut gradient) {
                Probe::Value(_) => Some(gradient),
                Probe::Undefined | Probe::Cancelled => None,
            }
        };
        let mut h = DMatrix::zeros(free.len(), free.len());
        for (column, &i) in free.iter().enumerate() {
            let mut shifted = theta.to_vec();
            shifted[i] = theta[i] + STEP;
            let above = slopes(&shifted)?;
            shifted[i] = theta[i] - STEP;
            let below = slopes(&shifted)?;
            for (row, &j) in free.iter().enumerate() {
                h[(row, column)] = (above[j] - below[j]) / (2.0 * STEP);
            }
        }
        Some(0.5 * (&h + h.transpose()))
    }
}
