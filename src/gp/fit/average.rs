//! Draws of the hyperparameters from their posterior, for averaging over what few rows leave open.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::laplace::LEAST_CURVATURE;
use super::{Fit, FitOptions, Task};
use crate::gp::kernel::Program;
use crate::gp::likelihood::{Evaluator, rows_for};
use crate::gp::random::Random;
use crate::gp::{Data, FitError, InputKind, Model};

/// Sweeps over all directions before the first draw, and between draws: directions are those of the curvature at the
/// optimum, scaled by it, so that neighbouring draws hardly remember each other.
const BURN_IN: usize = 3;
const THIN: usize = 2;
/// First width of a slice, in standard deviations of the Gaussian at the optimum.
const WIDTH: f64 = 2.5;
/// Steps out on each side, and trials within a slice, before the point stays.
const STEPS_OUT: usize = 8;
const SHRINKS: usize = 40;

/// `count` draws from `p(θ|y) ∝ exp(objective(θ)) p(θ)` over the logs of the hyperparameters, inside their boxes, by
/// slice sampling along the principal directions of the curvature at a fit. Repeatable by `options.seed`.
///
/// With the leave-one-out objective these are draws from what it defines in the place of a likelihood. Without
/// priors the boxes are all that bounds it.
///
/// # Errors
/// A kernel that does not suit the inputs, or a call-off through `cancel`, which is asked before every sweep.
/// Source: Neal 2003; for Bayesian optimisation Snoek, Larochelle & Adams 2012. Checked by `tests/averaging.rs`.
pub fn sample(
    fit: &Fit,
    kinds: &[InputKind],
    data: &Data,
    options: &FitOptions,
    count: usize,
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Model>, FitError> {
    let program = Arc::new(Program::compile(&fit.model.kernel, kinds)?);
    let task = Task::new(&program, options, cancel);
    let data = &*rows_for(options.objective, data);
    let Some(optimum) = task.theta_of(&fit.model) else {
        return Err(FitError::EmptyKernel);
    };
    // Along an edge of its box, too: a hyperparameter that ended there has a posterior inside.
    let free: Vec<usize> = (0..optimum.len()).filter(|&i| !task.is_fixed(i)).collect();
    let directions = task.directions(&optimum, &free, data);
    let mut chain = Chain::new(&task, data, optimum);
    let mut random = Random::new(options.seed ^ 0x5175_6172_6b73);
    let mut found = Vec::with_capacity(count);
    let sweeps = BURN_IN + THIN * count;
    for sweep in 0..sweeps {
        if cancel() {
            return Err(FitError::Cancelled);
        }
        for direction in directions.column_iter() {
            chain.step(&free, &direction.into_owned(), &mut random);
        }
        if sweep >= BURN_IN && (sweep - BURN_IN) % THIN == THIN - 1 {
            found.push(chain.model(&fit.model));
        }
    }
    Ok(found)
}

impl Task<'_> {
    /// Columns: the principal directions of the curvature, as long as a standard deviation is along each.
    fn directions(&self, theta: &[f64], free: &[usize], data: &Data) -> DMatrix<f64> {
        let p = free.len();
        let curvature = self.curvature(theta, free, data);
        let curvature = curvature.filter(|h| h.iter().all(|v| v.is_finite()));
        let eigen = SymmetricEigen::new(curvature.unwrap_or_else(|| DMatrix::identity(p, p)));
        let mut directions = eigen.eigenvectors;
        for (mut column, value) in directions.column_iter_mut().zip(eigen.eigenvalues.iter()) {
            column /= value.max(LEAST_CURVATURE).sqrt();
        }
        directions
    }
}

/// A point that walks through the posterior of the logs of the hyperparameters.
struct Chain<'a> {
    task: &'a Task<'a>,
    evaluator: Evaluator<'a>,
    parameters: Vec<f64>,
    theta: Vec<f64>,
    value: f64,
}

impl<'a> Chain<'a> {
    fn new(task: &'a Task<'a>, data: &'a Data, theta: Vec<f64>) -> Self {
        let mut chain = Self {
            evaluator: Evaluator::new(task.program, data, task.options.mean, task.options.objective),
            parameters: vec![0.0; theta.len()],
            task,
            value: f64::NEG_INFINITY,
            theta,
        };
        let start = chain.theta.clone();
        chain.value = chain.log_density(&start);
        chain
    }

    /// −∞ outside the box, and where the matrix does not factor.
    fn log_density(&mut self, theta: &[f64]) -> f64 {
        let inside = theta
            .iter()
            .zip(&self.task.bounds)
            .all(|(t, (low, high))| *t >= low - 1e-12 && *t <= high + 1e-12);
        if !inside {
            return f64::NEG_INFINITY;
        }
        self.parameters
            .iter_mut()
            .zip(theta)
            .for_each(|(p, t)| *p = t.exp());
        let value = self.evaluator.value(&self.parameters);
        value.map_or(f64::NEG_INFINITY, |v| v + self.task.add_prior(theta, None))
    }

    /// One update along a direction: a slice by stepping out, then shrinkage (Neal 2003, figures 3 and 5).
    fn step(&mut self, free: &[usize], direction: &DVector<f64>, random: &mut Random) {
        let level = self.value + random.uniform().ln();
        let at = |chain: &Self, t: f64| {
            let mut theta = chain.theta.clone();
            free.iter().zip(direction).for_each(|(&i, d)| theta[i] += t * d);
            theta
        };
        let mut low = -WIDTH * random.uniform();
        let mut high = low + WIDTH;
        for end in [&mut low, &mut high] {
            let out = if *end < 0.0 { -WIDTH } else { WIDTH };
            for _ in 0..STEPS_OUT {
                let theta = at(self, *end);
                if self.log_density(&theta) <= level {
                    break;
                }
                *end += out;
            }
        }
        for _ in 0..SHRINKS {
            let t = low + (high - low) * random.uniform();
            let theta = at(self, t);
            let value = self.log_density(&theta);
            if value > level {
                (self.theta, self.value) = (theta, value);
                return;
            }
            if t < 0.0 {
                low = t;
            } else {
                high = t;
            }
        }
    }

    fn model(&self, like: &Model) -> Model {
        let values = self.task.values(&self.theta);
        let (noise, parameters) = values.split_last().unwrap_or((&like.noise_variance, &[]));
        Model {
            kernel: like.kernel.with_parameters(parameters),
            mean: like.mean,
            noise_variance: *noise,
        }
    }
}
