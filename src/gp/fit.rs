//! Hyperparameters by maximum a posteriori, maximum likelihood or leave-one-out.
//!
//! Everything happens in `θ = ln` of the hyperparameters, inside boxes. The objective has several optima ("all
//! noise, long lengthscales" beside "signal, short lengthscales"), so a cold fit looks from several starts.
//! Source: Rasmussen & Williams 2006, ch. 5. Checked by `tests/mle.rs`.

mod average;
mod laplace;
mod orders;

pub use average::sample;
pub use laplace::log_evidence;
pub use orders::{fit_orders, settled};

use std::sync::Arc;

use super::kernel::{Kernel, Program, Role};
use super::lbfgs::{Minimizer, Probe, Tolerance};
use super::likelihood::{Evaluator, Objective, rows_for};
use super::prior::{Bounds, Priors};
use super::random::Random;
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
    /// Log density of a model's hyperparameters over `dims` inputs under the priors of these options, with the penalty
    /// on its prior mean `constant`; nothing counts that is held or given. 0 without priors.
    #[must_use]
    pub fn log_prior(&self, model: &Model, constant: f64, dims: usize) -> f64 {
        let Some(priors) = &self.priors else {
            return 0.0;
        };
        let mut roles = model.kernel.roles(dims);
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

/// Steps that every start gets before they are compared.
const TRIAL_ITERATIONS: usize = 12;
/// A start that is this many nats behind after its trial is given up.
const HOPELESS: f64 = 5.0;
/// A start within this distance of the best (largest difference of logs) is on its way to the same optimum.
const SAME_BASIN: f64 = 0.05;
/// Optima of a subset and of all rows are no further apart than this (largest difference of logs).
const SAME_OPTIMUM: f64 = 1.0;

/// Smallest relative decrease of an objective that is worth another step.
const DECREASE: f64 = 1e-7;
/// With more rows than this, the starts of a cold fit race on [`RACE_SIZE`] rows.
const RACE_ABOVE: usize = 300;
const RACE_SIZE: usize = 200;
/// Steps on all rows after a subset has been fitted.
const POLISH_ITERATIONS: usize = 10;
/// Their smallest relative decrease: less than what the choice of the subset has cost.
const POLISH_DECREASE: f64 = 1e-5;

/// At most so many optima of few rows are followed to more.
const MOST_RIVALS: usize = 2;
/// Steps that the second of them gets before it is compared with the first.
const RIVAL_ITERATIONS: usize = 6;
/// Optima closer than this (largest difference of logs) are one.
const ONE_OPTIMUM: f64 = 0.3;

/// Optima by their value, each once.
fn apart(mut optima: Vec<Minimizer>) -> Vec<Minimizer> {
    optima.sort_by(|a, b| a.value.total_cmp(&b.value));
    let mut kept: Vec<Minimizer> = Vec::new();
    for run in optima {
        if kept.iter().all(|k| !run.is_near(&k.x, ONE_OPTIMUM)) {
            kept.push(run);
        }
    }
    kept
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

    /// Starts of a cold fit, the most likely to win first.
    fn cold_starts(&self, n: usize) -> Vec<Vec<f64>> {
        let mode = self.mode();
        let halved = 0.5_f64.ln();
        let mut short = mode.clone();
        let mut noisy = mode.clone();
        for (i, role) in self.roles.iter().enumerate() {
            match role {
                Role::Lengthscale { .. } | Role::SharedLengthscale | Role::Period { .. } => {
                    short[i] += halved;
                }
                Role::Noise => noisy[i] = 0.1_f64.ln(),
                Role::Variance
                | Role::CategoryScale { .. }
                | Role::Shape
                | Role::SlopeVariance { .. }
                | Role::WarpA { .. }
                | Role::WarpB { .. } => {}
            }
        }
        let mut starts = vec![mode.clone(), short, noisy];
        let draws = self.options.extra_starts.unwrap_or(if n < 100 { 2 } else { 0 });
        let mut random = Random::new(self.options.seed);
        let priors = self.options.priors.unwrap_or_default();
        for _ in 0..draws {
            starts.push(
                self.roles
                    .iter()
                    .map(|role| {
                        let prior = priors.of(*role);
                        prior.location + prior.sd * random.normal()
                    })
                    .collect(),
            );
        }
        starts
    }

    fn tolerance(n: usize) -> Tolerance {
        Tolerance {
            #[expect(clippy::cast_precision_loss, reason = "a count")]
            gradient: 1e-3 * (n as f64).sqrt(),
            decrease: DECREASE,
        }
    }

    /// The optima that the starts lead to on the rows given, the best first, none near another.
    fn race(
        &self,
        data: &Data,
        warm: Option<Vec<f64>>,
        tally: &mut Tally,
    ) -> Result<Vec<Minimizer>, FitError> {
        let n = data.n();
        let is_warm = warm.is_some();
        let starts = match warm {
            Some(theta) if self.options.refresh => vec![theta, self.mode()],
            Some(theta) => vec![theta],
            None => self.cold_starts(n),
        };
        let cap = if is_warm {
            self.options.warm_iterations
        } else {
            self.options.cold_iterations
        };
        let mut objective = self.objective(data, tally);
        let mut runs: Vec<Minimizer> = starts
            .iter()
            .filter_map(|start| Minimizer::new(start, &self.bounds, &mut objective))
            .collect();
        let tolerance = Self::tolerance(n);
        let first = if runs.len() > 1 {
            cap.min(TRIAL_ITERATIONS)
        } else {
            cap
        };
        for run in &mut runs {
            run.run(first, tolerance, &mut objective);
        }
        runs.sort_by(|a, b| a.value.total_cmp(&b.value));
        let mut optima: Vec<Minimizer> = Vec::new();
        for mut run in runs {
            let best = optima.iter().map(|o| o.value).fold(f64::INFINITY, f64::min);
            let known = optima.iter().any(|o| run.is_near(&o.x, SAME_BASIN));
            if run.value - best <= HOPELESS && !known {
                run.run(cap - first, tolerance, &mut objective);
                optima.push(run);
            }
        }
        drop(objective);
        if tally.cancelled {
            return Err(FitError::Cancelled);
        }
        if optima.is_empty() {
            return Err(FitError::NoFiniteStart { rows: n });
        }
        Ok(apart(optima))
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

    /// From few rows to all: starts race on the first size, each further size goes on from the winners with
    /// the curvature learned so far. Gives `θ` and the size of the largest subset that stood for all rows.
    fn optimum(
        &self,
        data: &Data,
        warm: Option<Vec<f64>>,
        tally: &mut Tally,
    ) -> Result<(Vec<f64>, Option<usize>), FitError> {
        let n = data.n();
        let is_large = n > self.options.subset_above && self.options.subset_size < n;
        let mut sizes = Vec::new();
        if warm.is_none() && n > RACE_ABOVE {
            sizes.push(RACE_SIZE);
        }
        if is_large {
            sizes.push(self.options.subset_size);
        }
        sizes.sort_unstable();
        sizes.dedup();
        let cap = if warm.is_some() {
            self.options.warm_iterations
        } else {
            self.options.cold_iterations
        };
        let mut field: Vec<Minimizer> = Vec::new();
        let mut from = 0;
        for size in sizes {
            let part = data.select(&self.subset(data, size));
            field = if field.is_empty() {
                self.race(&part, warm.clone(), tally)?
            } else {
                self.refine(&part, (&field, from, None), cap, DECREASE, tally)?
            };
            from = size;
        }
        if field.is_empty() {
            field = self.race(data, warm, tally)?;
        } else {
            let (cap, decrease) = if is_large { self.polish() } else { (cap, DECREASE) };
            // A warm start was polished on nearly all of these rows: the subset lends its curvature alone,
            // unless it has found another optimum.
            let near = |theta: &&Vec<f64>| field.first().is_some_and(|run| run.is_near(theta, SAME_OPTIMUM));
            let start = warm.as_ref().filter(near).map(Vec::as_slice);
            field = self.refine(data, (&field, from, start), cap, decrease, tally)?;
        }
        let best = field
            .into_iter()
            .next()
            .ok_or(FitError::NoFiniteStart { rows: n })?;
        Ok((best.x, is_large.then_some(self.options.subset_size)))
    }

    /// Steps on all rows after a subset, and their smallest relative decrease. Priors make up for what the choice of the
    /// subset has cost; without them there are directions that only all rows settle.
    fn polish(&self) -> (usize, f64) {
        let free = (0..self.roles.len()).filter(|&i| !self.is_fixed(i)).count();
        if self.options.priors.is_some() {
            (POLISH_ITERATIONS.max(free), POLISH_DECREASE)
        } else {
            (POLISH_ITERATIONS + 3 * free, 0.1 * POLISH_DECREASE)
        }
    }

    /// Goes on from the optima of `from` rows with their curvature: from the best (or from `start` in its place), and
    /// from those that are hardly behind it as long as they may still win.
    fn refine(
        &self,
        data: &Data,
        (field, from, start): (&[Minimizer], usize, Option<&[f64]>),
        cap: usize,
        decrease: f64,
        tally: &mut Tally,
    ) -> Result<Vec<Minimizer>, FitError> {
        let n = data.n();
        let tolerance = Tolerance {
            decrease,
            ..Self::tolerance(n)
        };
        let mut objective = self.objective(data, tally);
        let mut optima: Vec<Minimizer> = Vec::new();
        let lead = field.first().map_or(0.0, |run| run.value);
        for (place, run) in field.iter().take(MOST_RIVALS).enumerate() {
            if run.value - lead > HOPELESS {
                break;
            }
            let at = start.filter(|_| place == 0).unwrap_or(&run.x);
            let Some(mut fine) = Minimizer::new(at, &self.bounds, &mut objective) else {
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "counts")]
            fine.inherit(run, n as f64 / from as f64);
            // A rival shows in a few steps whether it is worth the rest.
            let first = if place == 0 {
                cap
            } else {
                cap.min(RIVAL_ITERATIONS)
            };
            fine.run(first, tolerance, &mut objective);
            let best = optima.iter().map(|o| o.value).fold(f64::INFINITY, f64::min);
            if place > 0 && fine.value - best <= HOPELESS {
                fine.run(cap - first, tolerance, &mut objective);
            }
            optima.push(fine);
        }
        drop(objective);
        if tally.cancelled {
            return Err(FitError::Cancelled);
        }
        if optima.is_empty() {
            // The winners of the subset have no value on all rows: look afresh.
            return self.race(data, None, tally);
        }
        Ok(apart(optima))
    }

    /// The rows with the largest outputs (the best, as the engine has them) for a quarter, and a random choice
    /// of the others.
    fn subset(&self, data: &Data, size: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..data.n()).collect();
        rows.sort_by(|a, b| data.y[*b].total_cmp(&data.y[*a]).then(a.cmp(b)));
        let best = size / 4;
        Random::new(self.options.seed).choose_front(&mut rows[best..], size - best);
        rows.truncate(size);
        rows.sort_unstable();
        rows
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
        let values: Vec<f64> = theta.iter().map(|t| t.exp()).collect();
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
