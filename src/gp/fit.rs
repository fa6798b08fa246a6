//! Hyperparameters by maximum a posteriori, maximum likelihood or leave-one-out.
//!
//! Everything happens in `θ = ln` of the hyperparameters, inside boxes. The objective has several optima ("all
//! noise, long lengthscales" beside "signal, short lengthscales"), so a cold fit looks from several starts.
//! Source: Rasmussen & Williams 2006, ch. 5. Checked by `tests/mle.rs`.

mod average;
mod laplace;
mod orders;
mod search;

pub use average::sample;
pub use laplace::log_evidence;
pub use orders::{fit_orders, settled};

use std::sync::Arc;

use super::kernel::{Kernel, Program, Role};
use super::lbfgs::Probe;
use super::likelihood::{Evaluator, Objective, rows_for};
use super::prior::{Bounds, Priors};
use super::{Data, FitError, InputKind, Mean, Model, Posterior};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitOptions {
    pub objective: Objective,
    /// `None`: the objective alone, inside the bounds.
    pub priors: Option<Priors>,
    pub bounds: Bounds,
    pub mean: Mean,
    /// `Some`: the noise variance is known (1e-6 for a deterministic objective) and not fitted.
    pub noise_variance: Option<f64>,
    /// Hyperparameters that are known, in the order of [`Kernel::parameters`] with the noise variance last: they keep
    /// these values and have no prior. Where the list ends, everything is fitted.
    pub held: Vec<Option<f64>>,
    /// Draws from the prior as further starts of a cold fit; `None`: two while n < 100.
    pub extra_starts: Option<usize>,
    /// A warm fit also looks from the mode of the prior; ask for it every tenth time.
    pub refresh: bool,
    /// Above this many rows, starts are compared on [`FitOptions::subset_size`] rows and the winner is polished
    /// on all.
    pub subset_above: usize,
    pub subset_size: usize,
    /// Caps on quasi-Newton steps.
    pub cold_iterations: usize,
    pub warm_iterations: usize,
    pub seed: u64,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            objective: Objective::default(),
            priors: Some(Priors::default()),
            bounds: Bounds::default(),
            mean: Mean::Profiled,
            noise_variance: None,
            held: Vec::new(),
            extra_starts: None,
            refresh: false,
            subset_above: 700,
            subset_size: 512,
            cold_iterations: 100,
            warm_iterations: 15,
            seed: 0,
        }
    }
}

impl FitOptions {
    /// Log density of a model's hyperparameters over inputs of these kinds under the priors of these options, with the penalty
    /// on its prior mean `constant`; nothing counts that is held or given. 0 without priors.
    #[must_use]
    pub fn log_prior(&self, model: &Model, constant: f64, kinds: &[InputKind]) -> f64 {
        let Some(priors) = &self.priors else {
            return 0.0;
        };
        let mut roles = model.kernel.roles(kinds);
        let mut values = model.kernel.parameters();
        if self.noise_variance.is_none() {
            roles.push(Role::Noise);
            values.push(model.noise_variance.max(f64::MIN_POSITIVE));
        }
        let held = self
            .held
            .iter()
            .map(Option::is_some)
            .chain(std::iter::repeat(false));
        let densities = roles.iter().zip(values).zip(held).filter(|(_, held)| !held);
        let sum: f64 = densities
            .map(|((role, value), _)| priors.of(*role).log_density(value.ln()).0)
            .sum();
        sum - 0.5 * constant * constant / Mean::PROFILE_VARIANCE
    }
}

/// A fitted model with the posterior of all rows under it.
#[derive(Clone, Debug)]
pub struct Fit {
    pub model: Model,
    pub posterior: Posterior,
    /// What was maximised, at the model: the objective plus the log prior.
    pub objective_value: f64,
    /// Of all rows, no priors.
    pub log_marginal_likelihood: f64,
    /// Log density of the hyperparameters (over their logs) plus the penalty on a profiled mean.
    pub log_prior: f64,
    /// Evaluations of the objective, on whatever number of rows.
    pub evaluations: usize,
    /// Rows that the starts were compared on, where not all.
    pub subset: Option<usize>,
    /// Hyperparameters that ended at an edge of their box.
    pub at_bounds: Vec<AtBound>,
}

/// A hyperparameter at an edge of its box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtBound {
    pub role: Role,
    /// Its place in [`Kernel::parameters`]; the noise comes after them.
    pub index: usize,
    pub value: f64,
    pub upper: bool,
}

/// Fits the hyperparameters of a kernel. Its own values matter only where they are fixed by a box; `warm`
/// is the model to start from, where there is one.
///
/// # Errors
/// No rows, shapes or numbers that do not fit, no start with a value, or a call-off through `cancel`, which is
/// asked before every evaluation.
pub fn fit(
    kernel: &Kernel,
    kinds: &[InputKind],
    data: &Data,
    options: &FitOptions,
    warm: Option<&Model>,
    cancel: &dyn Fn() -> bool,
) -> Result<Fit, FitError> {
    data.check(kinds.len())?;
    if data.n() == 0 {
        return Err(FitError::NoData);
    }
    let program = Arc::new(Program::compile(kernel, kinds)?);
    let task = Task::new(&program, options, cancel);
    let warm = warm.and_then(|model| task.theta_of(model));
    let mut tally = Tally::default();
    let (theta, subset) = task.optimum(&rows_for(options.objective, data), warm, &mut tally)?;
    task.finish(kernel, kinds, data, &theta, subset, tally.evaluations)
}

#[derive(Default)]
struct Tally {
    evaluations: usize,
    cancelled: bool,
}

/// What stays the same through a fit.
struct Task<'a> {
    program: &'a Arc<Program>,
    options: &'a FitOptions,
    cancel: &'a dyn Fn() -> bool,
    /// Of the kernel's parameters, then the noise.
    roles: Vec<Role>,
    /// Boxes in logs; a point for what is fixed.
    bounds: Vec<(f64, f64)>,
}

impl<'a> Task<'a> {
    fn new(program: &'a Arc<Program>, options: &'a FitOptions, cancel: &'a dyn Fn() -> bool) -> Self {
        let mut roles = program.roles().to_vec();
        roles.push(Role::Noise);
        let mut bounds: Vec<(f64, f64)> = roles
            .iter()
            .map(|role| {
                let (low, high) = options.bounds.of(*role);
                (low.ln(), high.ln())
            })
            .collect();
        if let (Some(noise), Some(last)) = (options.noise_variance, bounds.last_mut()) {
            *last = (noise.ln(), noise.ln());
        }
        for (bound, held) in bounds.iter_mut().zip(&options.held) {
            if let Some(value) = held {
                *bound = (value.ln(), value.ln());
            }
        }
        Self {
            program,
            options,
            cancel,
            roles,
            bounds,
        }
    }

    /// The logs of a model's hyperparameters, where it has as many as this kernel.
    fn theta_of(&self, model: &Model) -> Option<Vec<f64>> {
        let mut theta: Vec<f64> = model.kernel.parameters().iter().map(|v| v.ln()).collect();
        theta.push(model.noise_variance.ln());
        (theta.len() == self.roles.len()).then_some(theta)
    }

    #[expect(
        clippy::float_cmp,
        reason = "the ends of a box that is a point are one number"
    )]
    fn is_fixed(&self, i: usize) -> bool {
        self.bounds.get(i).is_none_or(|(low, high)| low == high)
    }

    /// Hyperparameters of logs; what is given or held is exactly that, not the exponential of its log.
    fn values(&self, theta: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = theta.iter().map(|t| t.exp()).collect();
        if let (Some(noise), Some(last)) = (self.options.noise_variance, values.last_mut()) {
            *last = noise;
        }
        for (value, held) in values.iter_mut().zip(&self.options.held) {
            if let Some(held) = held {
                *value = *held;
            }
        }
        values
    }

    /// Log prior and its gradient, added.
    fn add_prior(&self, theta: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let Some(priors) = &self.options.priors else {
            return 0.0;
        };
        let mut sum = 0.0;
        let mut gradient = gradient;
        for (i, (role, t)) in self.roles.iter().zip(theta).enumerate() {
            if self.is_fixed(i) {
                continue;
            }
            let (value, slope) = priors.of(*role).log_density(*t);
            sum += value;
            if let Some(gradient) = gradient.as_deref_mut() {
                gradient[i] += slope;
            }
        }
        sum
    }

    /// Where the priors peak (the default ones, where there are none).
    fn mode(&self) -> Vec<f64> {
        let priors = self.options.priors.unwrap_or_default();
        self.roles.iter().map(|role| priors.of(*role).location).collect()
    }

    /// The negative of what is maximised.
    fn objective<'b>(
        &'b self,
        data: &'b Data,
        tally: &'b mut Tally,
    ) -> impl FnMut(&[f64], &mut [f64]) -> Probe + 'b {
        let mut evaluator = Evaluator::new(self.program, data, self.options.mean, self.options.objective);
        let mut parameters = vec![0.0; self.roles.len()];
        move |theta: &[f64], gradient: &mut [f64]| {
            if (self.cancel)() {
                tally.cancelled = true;
                return Probe::Cancelled;
            }
            tally.evaluations += 1;
            parameters.iter_mut().zip(theta).for_each(|(p, t)| *p = t.exp());
            let Some(value) = evaluator.evaluate(&parameters, gradient) else {
                return Probe::Undefined;
            };
            let value = value + self.add_prior(theta, Some(gradient));
            gradient.iter_mut().for_each(|g| *g = -*g);
            if value.is_finite() {
                Probe::Value(-value)
            } else {
                Probe::Undefined
            }
        }
    }

    fn finish(
        &self,
        kernel: &Kernel,
        kinds: &[InputKind],
        data: &Data,
        theta: &[f64],
        subset: Option<usize>,
        evaluations: usize,
    ) -> Result<Fit, FitError> {
        let values = self.values(theta);
        let (noise, parameters) = values.split_last().ok_or(FitError::EmptyKernel)?;
        let model = Model {
            kernel: kernel.with_parameters(parameters),
            mean: self.options.mean,
            noise_variance: *noise,
        };
        let posterior = Posterior::with_program(
            model.clone(),
            kinds.into(),
            Arc::clone(self.program),
            data.clone(),
        )?;
        let log_marginal_likelihood = posterior.log_marginal_likelihood().value;
        let beta = posterior.mean_constant();
        let is_profiled =
            self.options.mean == Mean::Profiled && self.options.objective == Objective::MarginalLikelihood;
        let penalty = if is_profiled {
            -0.5 * beta * beta / Mean::PROFILE_VARIANCE
        } else {
            0.0
        };
        let log_prior = self.add_prior(theta, None) + penalty;
        let objective = match self.options.objective {
            Objective::MarginalLikelihood => log_marginal_likelihood,
            Objective::LeaveOneOut => posterior.loo().total(),
        };
        Ok(Fit {
            model,
            objective_value: objective + log_prior,
            log_marginal_likelihood,
            log_prior,
            evaluations,
            subset,
            at_bounds: self.at_bounds(theta),
            posterior,
        })
    }

    fn at_bounds(&self, theta: &[f64]) -> Vec<AtBound> {
        let mut list = Vec::new();
        for (index, (t, (low, high))) in theta.iter().zip(&self.bounds).enumerate() {
            let (lower, upper) = (t - low < 1e-6, high - t < 1e-6);
            if lower != upper {
                list.push(AtBound {
                    role: self.roles[index],
                    index,
                    value: t.exp(),
                    upper,
                });
            }
        }
        list
    }
}
