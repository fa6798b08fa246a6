//! Fitting, evaluating a given model, and appending.

use std::collections::HashMap;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::constraints::ConstraintModels;
use super::failures::FailureModel;
use super::fitting::{Plan, trial_noise};
use super::output::Output;
use super::queued::all_pending;
use super::rows::Rows;
use super::scales::lengthscales;
use super::training::Training;
use super::{Averaged, FitSummary, Surrogate, SurrogateError, row_means};
use crate::acquisition::ranking::Factor;
use crate::analysis::model_file::{self, ModelFile};
use crate::analysis::settings::{Hyperparameters, ModelSettings, NoiseSetting};
use crate::gp::{self, Ensemble, Mean, Model, Posterior, Priors, Role};
use crate::study::{Encoder, Study, Trial, TrialState};

/// Above this noise variance (model units) the incumbent is the largest posterior mean at an observed
/// point, below it the best observation itself.
pub const NOISY: f64 = 1e-4;

/// Fewer observations than this and the warp of the worse half has too little to stand on.
const WARP_FROM: usize = 8;

/// With fewer observations than this the fitted noise is mostly its prior, and the best is not doubted.
const DOUBTED_FROM: usize = 25;

/// With more rows than this a second fit starts from the first.
const COLD_UP_TO: usize = 300;

impl Surrogate {
    /// Fits a model to the complete trials of a study: warp and standardisation of the outputs, exact
    /// merging of repeats, hyperparameters by maximum a posteriori (from `previous` where it suits).
    ///
    /// Few trials: the priors alone below `max(3, min(d + 1, 6))`, no warp below 8. More than 2,000: an active set,
    /// named in the summary.
    ///
    /// # Errors
    /// No usable trial, nothing to tune, an unreadable kernel, a failed fit, or a cancellation.
    pub fn fit(
        study: &Arc<Study>,
        settings: &ModelSettings,
        previous: Option<&Self>,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Self, SurrogateError> {
        if let Some(file) = &settings.given {
            return Self::with_model(study, settings, file);
        }
        let training = Training::of(study, Encoder::new(&study.space), settings.pruned);
        let d = check(study, &training)?;
        let n = training.g.len();
        let warm = previous.filter(|p| p.suits(settings, &training));
        let output = output_of(settings, study, &training);
        // The noise of the last fit says how wide the outputs are to be: mostly one fit is enough then.
        let output = match warm.filter(|p| p.output.is_like(&output)) {
            Some(warm) => warm.output.again(study.direction(), &training.known_outputs()),
            None => output,
        };
        let rows = rows_of(study, settings, &training, &output);
        // Repeats that differ say how noisy it is, even where all trials are at one configuration.
        let scatters = rows.data.within_ss() > 1e-24;
        let is_flat = !scatters && rows.data.y.iter().all(|y| (y - rows.data.y[0]).abs() < 1e-12);
        let is_open = n < fitted_from(d) && settings.hyperparameters == Hyperparameters::Map;
        if is_flat || (is_open && !scatters) {
            let plan = Plan::of(settings, &training, &output, 0)?;
            let model = prior_mode(&plan);
            let posterior = Posterior::new(&model, &training.kinds, &rows.data)?;
            let mut this = Self::assemble(study, settings, training, rows, output, posterior)?;
            this.learn_factors(previous, false, cancel)?;
            this.summary.prior_only = true;
            this.summary.loo_log_predictive = this.posterior.loo().total_at_mean;
            this.summary.hyperparameters_from = 0;
            if is_flat && n > 1 {
                this.summary.warnings.push(
                    "All values are equal, so nothing can be learned but where there are no trials."
                        .to_owned(),
                );
            }
            return Ok(this);
        }
        let warm_fits = warm.map_or(0, |p| p.warm_fits + 1);
        let plan = Plan::of(settings, &training, &output, warm_fits)?;
        let start = warm.map(|p| p.posterior.model());
        let kinds = &training.kinds;
        let fit = plan.fit(kinds, &rows.data, start, cancel)?;
        let outputs = training.known_outputs();
        let noise = noise_beside(&fit.model, &rows);
        let (output, rows, fit) = match output.above_noise(study.direction(), &outputs, noise) {
            None => (output, rows, fit),
            // What a few hundred rows say about other outputs is looked for anew; more rows stay near.
            Some(output) => {
                let rows = rows_of(study, settings, &training, &output);
                let near = (rows.data.n() > COLD_UP_TO).then_some(&fit.model).or(start);
                let fit = plan.fit(kinds, &rows.data, near, cancel)?;
                (output, rows, fit)
            }
        };
        let averaged = plan.averaged(settings, &fit, kinds, &rows.data, cancel)?;
        let mut this = Self::assemble(study, settings, training, rows, output, fit.posterior)?;
        this.learn_factors(previous, false, cancel)?;
        this.average(averaged)?;
        if settings.input_warp || !plan.specified.open_orders.is_empty() {
            let kernel = &this.posterior.model().kernel;
            this.summary.kernel = gp::spec::print(kernel, &names(&this.training.encoder));
        }
        this.warm_fits = warm_fits;
        this.at_bounds = fit.at_bounds;
        this.summary.log_posterior = this.summary.log_marginal_likelihood + fit.log_prior;
        this.summary.loo_log_predictive = this.posterior.loo().total_at_mean;
        Ok(this)
    }

    /// Whether another fit can start from this one.
    fn suits(&self, settings: &ModelSettings, training: &Training) -> bool {
        !self.summary.prior_only
            && self.settings.kernel == settings.kernel
            && self.settings.priors == settings.priors
            && self.settings.input_warp == settings.input_warp
            && self.training.kinds == training.kinds
    }

    /// The model of a file, evaluated as given: nothing is fitted, no output is warped.
    ///
    /// # Errors
    /// As [`Surrogate::fit`], and a model that does not suit the space.
    pub fn with_model(
        study: &Arc<Study>,
        settings: &ModelSettings,
        file: &ModelFile,
    ) -> Result<Self, SurrogateError> {
        let (encoder, model) = model_file::bind(file, &study.space)?;
        let learned = file.learned.unwrap_or_default();
        let settings = &ModelSettings {
            pruned: settings.pruned && learned.pruned,
            failures: settings.failures && learned.failures,
            doubt: file.doubt,
            ..settings.clone()
        };
        let training = Training::of(study, encoder, settings.pruned);
        check(study, &training)?;
        let output = Output::given(study.direction(), &training.known_outputs(), &file.output);
        let rows = Rows::of(&training, &output, settings.seed, &|_| 0.0);
        let posterior = Posterior::new(&model, &training.kinds, &rows.data)?;
        let mut this = Self::assemble(study, settings, training, rows, output, posterior)?;
        this.learn_factors(None, false, &|| false)?;
        this.summary.loo_log_predictive = this.posterior.loo().total_at_mean;
        let kernel = &this.posterior.model().kernel;
        this.summary.kernel = gp::spec::print(kernel, &names(&this.training.encoder));
        Ok(this)
    }

    /// The same model with the trials that have completed since, in O(n²) a trial: hyperparameters and output
    /// transform stay. Also takes over new pending trials.
    ///
    /// `None` where the change is more than that: a trial that was learned from is gone or different, the space
    /// or the direction changed, or so many came that a fit is as quick.
    #[must_use]
    pub fn append(&self, study: &Arc<Study>) -> Option<Self> {
        if study.space.params != self.study.space.params || study.direction() != self.study.direction() {
            return None;
        }
        let mut training = Training::of(study, self.training.encoder.clone(), self.settings.pruned);
        let place: HashMap<usize, usize> = training.trials.iter().enumerate().map(|(k, t)| (*t, k)).collect();
        let mut old = Vec::with_capacity(self.training.trials.len());
        for (k, trial) in self.training.trials.iter().enumerate() {
            let now = *place.get(trial)?;
            let same_point = self.training.x.row(k) == training.x.row(now);
            if !same_point || self.training.g[k].to_bits() != training.g[now].to_bits() {
                return None;
            }
            old.push(now);
        }
        let mut is_old = vec![false; training.trials.len()];
        old.iter().for_each(|&k| is_old[k] = true);
        let fresh: Vec<usize> = (0..is_old.len()).filter(|&k| !is_old[k]).collect();
        if fresh.len() > 8.max(old.len() / 4) {
            return None;
        }
        let mut observations = self.observations.clone();
        observations.extend((0..fresh.len()).map(|k| old.len() + k));
        let known = old.len();
        old.extend(fresh);
        training.reorder(&old);
        let output = self.output.clone();
        let (rows, posterior) = if self.training.partial.is_empty() && training.partial.is_empty() {
            self.grown(study, &training, known, observations)?
        } else {
            // What a curve promises changes with every report: the rows anew, the model as it is.
            let rows = {
                let noise = |k: usize| self.noise_of_trial(study, training.trials[k], training.g[k]);
                Rows::over(&training, &output, &noise, observations)
            };
            let posterior = Posterior::new(self.posterior.model(), &training.kinds, &rows.data).ok()?;
            (rows, posterior)
        };
        let mut this = Self::assemble(study, &self.settings, training, rows, output, posterior).ok()?;
        this.average(self.regrown(&this.posterior)).ok()?;
        this.learn_factors(Some(self), true, &|| false).ok()?;
        this.summary.hyperparameters_from = self.summary.hyperparameters_from;
        this.summary.kernel.clone_from(&self.summary.kernel);
        this.summary.prior_only = self.summary.prior_only;
        this.summary.loo_log_predictive = self.summary.loo_log_predictive;
        this.warm_fits = self.warm_fits;
        this.at_bounds.clone_from(&self.at_bounds);
        Some(this)
    }

    /// What a trial is known to carry; of a given model, nothing.
    fn noise_of_trial(&self, study: &Study, trial: usize, g: f64) -> f64 {
        if self.settings.given.is_some() {
            return 0.0;
        }
        trial_noise(study, &self.settings, &self.output, trial, g)
    }

    /// The noise that an observation of `g = s·y` is known to carry beside that of the model.
    pub(super) fn known_noise(&self, g: f64) -> f64 {
        match self.settings.noise {
            NoiseSetting::Known(sd) if self.output.variance_of(sd).is_none() => {
                self.output.variance_at(g, sd)
            }
            _ => 0.0,
        }
    }

    /// The posteriors that are averaged over, on the rows of a posterior that has grown.
    fn regrown(&self, posterior: &Posterior) -> Option<Ensemble> {
        let averaged = self.averaged.as_ref()?;
        averaged
            .base
            .map(|member| Posterior::new(member.model(), &self.training.kinds, posterior.data()))
            .ok()
    }

    /// Averages over posteriors, where there are any.
    fn average(&mut self, base: Option<Ensemble>) -> Result<(), SurrogateError> {
        self.averaged = match base {
            None => None,
            Some(base) => Some(Averaged {
                believed: base.map(|member| believe(member, &self.pending))?,
                base,
            }),
        };
        Ok(())
    }

    /// The posterior with the complete trials from `known` on, row by row.
    fn grown(
        &self,
        study: &Study,
        training: &Training,
        known: usize,
        observations: Vec<usize>,
    ) -> Option<(Rows, Posterior)> {
        let mut posterior = self.posterior.clone();
        let mut row_of = self.row_of.clone();
        for k in known..training.g.len() {
            let x: Vec<f64> = training.x.row(k).iter().copied().collect();
            let (g, y) = (training.g[k], self.output.forward(training.g[k]));
            let noise = self.noise_of_trial(study, training.trials[k], g);
            posterior = posterior.append_noisy(&x, y, noise).ok()?;
            row_of.push(posterior.n() - 1);
        }
        let rows = Rows {
            observations,
            row_of,
            own: posterior.n(),
            promised: Vec::new(),
            data: posterior.data().clone(),
        };
        Some((rows, posterior))
    }

    /// The model of what fails, where failures count, and those of the constraints. With `keeps`, what `previous` found
    /// out of them stays: an append is no fit.
    fn learn_factors(
        &mut self,
        previous: Option<&Self>,
        keeps: bool,
        cancel: &dyn Fn() -> bool,
    ) -> Result<(), SurrogateError> {
        if self.settings.failures {
            let before = previous
                .filter(|_| keeps)
                .and_then(|p| p.failure_model.as_deref());
            self.failure_model = FailureModel::of(&self.training, &self.scales, before).map(Arc::new);
        }
        let before = previous
            .filter(|p| p.training.kinds == self.training.kinds)
            .and_then(|p| p.constraint_models.as_deref());
        let constraints =
            ConstraintModels::of(&self.study, &self.training, &self.settings, before, keeps, cancel)?;
        self.constraint_models = constraints.map(Arc::new);
        let failures = self.failure_model.clone().map(|f| f as Arc<dyn Factor>);
        let constraints = self.constraint_models.clone().map(|c| c as Arc<dyn Factor>);
        self.factors = [failures, constraints].into_iter().flatten().collect();
        self.believed_incumbent = self
            .incumbent
            .max(self.best_promise(&self.posterior, &self.pending));
        Ok(())
    }

    /// The largest mean at pending points that are probably feasible; −∞ without such points.
    pub(super) fn best_promise(&self, posterior: &Posterior, points: &[Vec<f64>]) -> f64 {
        let Some(models) = &self.constraint_models else {
            return best_mean(posterior, points);
        };
        let logs = models.log_feasible(points);
        let likely = points.iter().zip(logs).filter(|(_, l)| *l >= 0.5_f64.ln());
        best_mean(posterior, &likely.map(|(p, _)| p.clone()).collect::<Vec<_>>())
    }

    fn assemble(
        study: &Arc<Study>,
        settings: &ModelSettings,
        training: Training,
        rows: Rows,
        output: Output,
        posterior: Posterior,
    ) -> Result<Self, SurrogateError> {
        let pending = all_pending(&training, &[]);
        let believed = believe(&posterior, &pending)?;
        let contends = contending(study, &training, &rows);
        let incumbent = incumbent(&posterior, &training, &rows, &output, &contends, settings.doubt);
        let believed_incumbent = incumbent.max(best_mean(&posterior, &pending));
        let scales = lengthscales(&posterior.model().kernel, training.encoder.dims());
        let mut this = Self {
            summary: FitSummary::default(),
            study: Arc::clone(study),
            settings: settings.clone(),
            training,
            queued: Vec::new(),
            pending,
            observations: rows.observations,
            row_of: rows.row_of,
            own_rows: rows.own,
            promised: rows.promised,
            output,
            posterior,
            believed,
            incumbent,
            believed_incumbent,
            averaged: None,
            failure_model: None,
            constraint_models: None,
            contends,
            scales,
            warm_fits: 0,
            at_bounds: Vec::new(),
            factors: Vec::new(),
            draws: Arc::default(),
        };
        this.summary = this.summarize();
        Ok(this)
    }

    fn summarize(&self) -> FitSummary {
        let model = self.posterior.model();
        let likelihood = self.posterior.log_marginal_likelihood().value;
        let (used, all) = (self.observations.len(), self.training.trials.len());
        // Of an observation near the best: what is known of it beside what the model has for all.
        let best = self.output.sign() * self.output.to_user(self.incumbent);
        let noise_variance = model.noise_variance + self.known_noise(best);
        let noise = noise_variance.sqrt();
        let at = |t: f64| self.output.to_user(self.incumbent + t);
        let mut warnings = Vec::new();
        if self.posterior.jitter() > 0.0 {
            warnings.push(format!(
                "The covariance matrix needed {:.1e} on its diagonal; some trials are nearly identical.",
                self.posterior.jitter()
            ));
        }
        if used < all {
            warnings.push(format!(
                "The model stands on {used} of {all} trials: the best, those near them, and a spread of the rest."
            ));
        }
        warnings.extend(self.promise_words());
        let pruned = self.training.partial.iter().filter(|p| !p.is_running).count();
        FitSummary {
            trials_used: used + pruned,
            left_out: self.training.left_out.clone(),
            log_marginal_likelihood: likelihood,
            log_posterior: likelihood,
            // Filled by fits; an append has no time for the inverse.
            loo_log_predictive: f64::NAN,
            jitter: self.posterior.jitter(),
            warnings,
            kernel: self.settings.kernel.as_deref().unwrap_or("matern52").to_owned(),
            lengthscales: self
                .scales
                .iter()
                .enumerate()
                .take(self.training.encoder.own_dims())
                .map(|(j, l)| (self.training.encoder.param_of(j), *l))
                .collect(),
            signal_variance: self.posterior.prior_variance(),
            noise_variance,
            noise_sd: 0.5 * (at(noise) - at(-noise)).abs(),
            hyperparameters_from: used + pruned,
            active_set: (used < all).then_some((used, all)),
            prior_only: false,
        }
    }
}

/// The observations as rows under a transform.
fn rows_of(study: &Study, settings: &ModelSettings, training: &Training, output: &Output) -> Rows {
    let noise = |i: usize| {
        let (trial, g) = (training.trials[i], training.g[i]);
        trial_noise(study, settings, output, trial, g)
    };
    Rows::of(training, output, settings.seed, &noise)
}

/// Noise variance of an observation in model units: that of the model, and the middle one of what is known of complete
/// trials.
fn noise_beside(model: &Model, rows: &Rows) -> f64 {
    let mut known: Vec<f64> = rows.data.known_noise.iter().take(rows.own).copied().collect();
    known.sort_by(f64::total_cmp);
    model.noise_variance + known.get(known.len() / 2).copied().unwrap_or(0.0)
}

fn check(study: &Study, training: &Training) -> Result<usize, SurrogateError> {
    if training.encoder.dims() == 0 {
        return Err(SurrogateError::NothingToTune);
    }
    if training.g.is_empty() {
        return Err(nothing_usable(study));
    }
    Ok(training.encoder.dims())
}

/// No trial has a value yet, or those that have one lack parameters.
fn nothing_usable(study: &Study) -> SurrogateError {
    let done: Vec<&Trial> = study
        .trials
        .iter()
        .map(|trial| &**trial)
        .filter(|t| t.state == TrialState::Complete && t.objective().is_some())
        .collect();
    let missing: Vec<&str> = study
        .space
        .params
        .iter()
        .filter(|p| done.iter().any(|t| t.param(p.column).is_none()))
        .map(|p| p.name.shown())
        .collect();
    if missing.is_empty() {
        return SurrogateError::NoTrials;
    }
    SurrogateError::NothingShared {
        missing: missing.join(", "),
    }
}

/// Number of observations from which hyperparameters are fitted.
pub fn fitted_from(d: usize) -> usize {
    (d + 1).clamp(3, 6)
}

/// The transform of the outputs: the one that was asked for, or by the number of trials.
fn output_of(settings: &ModelSettings, study: &Study, training: &Training) -> Output {
    let g = training.known_outputs();
    let warp = settings.output_warp && training.g.len() >= WARP_FROM;
    match settings.transform {
        Some(name) => Output::named(study.direction(), &g, name),
        None => Output::fit(study.direction(), &g, warp),
    }
}

/// Names of the parameters that have a coordinate.
pub fn names(encoder: &Encoder) -> Vec<&str> {
    (0..encoder.dims()).map(|j| encoder.input_name(j)).collect()
}

/// The hyperparameters that the priors think most likely, but for those that are held.
fn prior_mode(plan: &Plan) -> Model {
    let noise = Priors::default().of(Role::Noise).location.exp();
    Model {
        kernel: plan.specified.kernel.clone(),
        mean: Mean::Profiled,
        noise_variance: plan.options.noise_variance.unwrap_or(noise),
    }
}

/// The posterior that knows of pending points.
pub fn believe(posterior: &Posterior, pending: &[Vec<f64>]) -> Result<Posterior, SurrogateError> {
    let d = posterior.dims();
    let points = DMatrix::from_fn(pending.len(), d, |i, j| pending[i][j]);
    Ok(posterior.with_pending(&points)?)
}

/// The largest mean at some points; −∞ without points.
pub fn best_mean(posterior: &Posterior, points: &[Vec<f64>]) -> f64 {
    let points = super::matrix(points, posterior.dims());
    let means = posterior.predict_mean(&points);
    means.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Which rows of complete trials stand for one that is not infeasible; empty where all do, or none does.
fn contending(study: &Study, training: &Training, rows: &Rows) -> Vec<bool> {
    if study.constraints.is_empty() {
        return Vec::new();
    }
    let mut contends = vec![false; rows.own];
    for (&k, &row) in rows.observations.iter().zip(&rows.row_of) {
        let trial = training.trials.get(k).and_then(|t| study.trials.get(*t));
        if let (Some(slot), Some(trial)) = (contends.get_mut(row), trial) {
            *slot |= study.is_feasible(trial) != Some(false);
        }
    }
    if contends.iter().all(|c| *c) || !contends.contains(&true) {
        contends.clear();
    }
    contends
}

/// The largest of the values at rows that may be the incumbent.
fn best_of(values: impl Iterator<Item = f64>, contends: &[bool]) -> f64 {
    let contends = contends
        .iter()
        .copied()
        .chain(std::iter::repeat(contends.is_empty()));
    (values.zip(contends).filter(|(_, c)| *c))
        .map(|(v, _)| v)
        .fold(f64::NEG_INFINITY, f64::max)
}

/// The part of a wished doubt that is in force: none without noise, and none while trials are few.
pub(super) fn doubt(posterior: &Posterior, wished: f64) -> f64 {
    let is_noisy = posterior.model().noise_variance > NOISY;
    if is_noisy && posterior.data().total >= DOUBTED_FROM {
        wished.max(0.0)
    } else {
        0.0
    }
}

/// The largest `μ + c·σ` at the first `own` rows that may be the incumbent.
///
/// Of noisy evaluations the best is the one that was over-estimated most. An incumbent at the mean alone makes improvement
/// of what may be there already, and the search goes on measuring one place; with one standard deviation more it looks
/// around it; at few trials the mean stands, for their noise is mostly its prior. Measured in `benches/README.md`. Checked by `tests/incumbent.rs`.
pub(super) fn doubted_best(posterior: &Posterior, own: usize, contends: &[bool], doubt: f64) -> f64 {
    let means: Vec<f64> = row_means(posterior).into_iter().take(own).collect();
    let best = best_of(means.iter().copied(), contends);
    let doubt = self::doubt(posterior, doubt);
    if doubt <= 0.0 || !best.is_finite() {
        return best;
    }
    // The variance at a row is at most that of its noise: few rows can win.
    let data = posterior.data();
    let noise = posterior.model().noise_variance;
    let may = |i: usize| contends.get(i).copied().unwrap_or(contends.is_empty());
    let rivals: Vec<usize> = (0..means.len())
        .filter(|&i| may(i) && means[i] + doubt * data.noise_of(i, noise).sqrt() >= best)
        .collect();
    let at = posterior.predict(&data.x.select_rows(&rivals));
    let tops = at.mean.iter().zip(&at.variance);
    tops.map(|(m, v)| m + doubt * v.max(0.0).sqrt())
        .fold(best, f64::max)
}

/// What there is to beat, in model units, from complete trials alone: a promise is no result.
fn incumbent(
    posterior: &Posterior,
    training: &Training,
    rows: &Rows,
    output: &Output,
    contends: &[bool],
    doubt: f64,
) -> f64 {
    if posterior.model().noise_variance > NOISY {
        doubted_best(posterior, rows.own, contends, doubt)
    } else {
        // Of repeats, each counts for itself; those of one row are infeasible together.
        let each = rows.observations.iter().zip(&rows.row_of);
        let may = |row: &usize| contends.get(*row).copied().unwrap_or(contends.is_empty());
        each.filter(|(_, row)| may(row))
            .map(|(&k, _)| output.forward(training.g[k]))
            .fold(f64::NEG_INFINITY, f64::max)
    }
}
