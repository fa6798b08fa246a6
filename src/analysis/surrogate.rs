//! The one way from a study to a posterior.
//!
//! Complete trials become rows (`training`), their values become outputs where larger is better
//! (`output`), hyperparameters are fitted as `gp` does it, and everything that a pane draws or a script
//! reads is computed from the result.
//!
//! Two posteriors are kept. The *base* knows complete trials only; means, bands and diagnostics are its own.
//! The *believed* one also knows pending trials, as if each had returned its predicted mean (kriging believer):
//! it has the same mean and a smaller deviation near them. Acquisition values, wherever they are shown or
//! maximised, are those of the believed one, with what the pending trials are believed to return counted in the
//! incumbent (Ginsbourger, Le Riche & Carraro 2010), so that the suggestion is the maximum of what is shown and a
//! second worker is not sent where the first one is.
//!
//! Beside the objective stand the models of what fails (`failures`), of what measurements must satisfy (`constraints`)
//! and of what a trial costs (`cost`): factors of the acquisition function.

mod active;
mod build;
mod compare;
mod constraints;
mod cost;
mod failures;
mod fitting;
mod output;
mod predict;
mod promises;
mod queued;
mod ranking;
mod rows;
mod samples;
mod scales;
mod suggest;
mod training;

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};

use crate::gp::{Ensemble, FitError, Posterior};
use crate::study::{Configuration, Study, TrialId};

pub use constraints::ConstraintPrediction;
pub use promises::Extrapolation;

use super::model_file::{self, ModelFile, ModelFileError};
use super::settings::ModelSettings;
use crate::acquisition::ranking::Factor;
use constraints::ConstraintModels;
use failures::FailureModel;
use output::Output;
use ranking::Draws;
pub(in crate::analysis) use training::Partial;
use training::Training;

pub use compare::{ALTERNATIVES, Evidence, KernelEvidence, compare_kernels};
pub(in crate::analysis) use predict::{Moments, matrix};
pub(in crate::analysis) use ranking::Believed;
pub use suggest::{SuggestError, SuggestRequest, suggest_without_model};

use super::settings::AcquisitionFunction;

/// The posterior at one configuration. The first group is in the user's units (through a non-linear
/// output transform: the median, half the central 68 % width, quantiles), `model_*` in the model's
/// output units, where larger is always better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    pub mean: f64,
    /// Of the latent function.
    pub sd: f64,
    /// Of a new observation.
    pub sd_observed: f64,
    pub low68: f64,
    pub high68: f64,
    pub low95: f64,
    pub high95: f64,
    pub model_mean: f64,
    /// Of the latent function, pending trials counted.
    pub model_sd: f64,
    /// What the acquisition functions of the same configuration have to beat: the best of the complete trials, or
    /// the predicted mean of a pending one where that is larger. `exploitation + exploration = ei` holds with
    /// this incumbent.
    pub model_incumbent: f64,
    /// How likely an evaluation comes through at all; `None` while no trial failed.
    pub p_ok: Option<f64>,
    /// How likely every constraint is satisfied; `None` while there are none, or nothing was told of them.
    pub p_feasible: Option<f64>,
}

/// Every acquisition function at one configuration. Those of EI, PI and UCB are exact functions of the prediction's
/// model moments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Readout {
    pub ei: f64,
    pub log_ei: f64,
    /// `Δ·Φ(z)`; negative below the incumbent. `exploitation + exploration = ei`.
    pub exploitation: f64,
    /// `σ·φ(z)`.
    pub exploration: f64,
    pub pi: f64,
    pub log_pi: f64,
    pub ucb: f64,
    /// Nats. This one and those below are known once they were prepared ([`Surrogate::prepare`]).
    pub mes: Option<f64>,
    pub pes: Option<f64>,
    pub jes: Option<f64>,
    /// The first sample path of the fit.
    pub thompson: Option<f64>,
    pub eips: Option<f64>,
    /// The function in use, with all that counts in it (pending trials, chance of success): what is drawn
    /// and maximised.
    pub chosen: Option<f64>,
}

impl Readout {
    /// With the value of the function in use.
    pub(in crate::analysis) fn with(mut self, function: AcquisitionFunction, value: f64) -> Self {
        match function {
            AcquisitionFunction::Mes => self.mes = Some(value),
            AcquisitionFunction::Pes => self.pes = Some(value),
            AcquisitionFunction::Jes => self.jes = Some(value),
            AcquisitionFunction::Thompson => self.thompson = Some(value),
            AcquisitionFunction::Eips => self.eips = Some(value),
            AcquisitionFunction::LogEi
            | AcquisitionFunction::Ei
            | AcquisitionFunction::Pi
            | AcquisitionFunction::MisprintedEi
            | AcquisitionFunction::Ucb => {}
        }
        self.chosen = Some(value);
        self
    }

    /// The value of one acquisition function; NaN while it is not known.
    #[must_use]
    pub fn of(&self, function: AcquisitionFunction) -> f64 {
        match function {
            AcquisitionFunction::LogEi => self.log_ei,
            AcquisitionFunction::Ei => self.ei,
            AcquisitionFunction::Pi => self.pi,
            AcquisitionFunction::Ucb => self.ucb,
            AcquisitionFunction::Mes => self.mes.unwrap_or(f64::NAN),
            AcquisitionFunction::Pes => self.pes.unwrap_or(f64::NAN),
            AcquisitionFunction::Jes => self.jes.unwrap_or(f64::NAN),
            AcquisitionFunction::Thompson => self.thompson.unwrap_or(f64::NAN),
            AcquisitionFunction::Eips => self.eips.unwrap_or(f64::NAN),
            AcquisitionFunction::MisprintedEi => self.chosen.unwrap_or(f64::NAN),
        }
    }
}

/// What a fit is, in words and numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitSummary {
    /// Trials that the model learned from (repeats counted).
    pub trials_used: usize,
    pub left_out: Vec<(TrialId, String)>,
    pub log_marginal_likelihood: f64,
    pub log_posterior: f64,
    /// Log density of all observations, each predicted from all the others (of its own repeats, too), with the
    /// hyperparameters and the prior mean of [`Surrogate::model_file`] kept.
    pub loo_log_predictive: f64,
    /// Added to the diagonal beyond the noise, in model units.
    pub jitter: f64,
    /// Complete sentences.
    pub warnings: Vec<String>,
    /// The kernel as `--kernel` would write it.
    pub kernel: String,
    /// One a parameter (index into `Space::params`, lengthscale in unit coordinates).
    pub lengthscales: Vec<(usize, f64)>,
    pub signal_variance: f64,
    pub noise_variance: f64,
    /// Noise standard deviation in the user's units, near the incumbent.
    pub noise_sd: f64,
    /// Number of trials that the hyperparameters were fitted to.
    pub hyperparameters_from: usize,
    /// `(used, all)` where the model stands on an active set.
    pub active_set: Option<(usize, usize)>,
    /// Whether hyperparameters are prior modes (too few trials to fit).
    pub prior_only: bool,
}

/// A fitted model of a study: immutable, shared between threads.
#[derive(Clone, Debug)]
pub struct Surrogate {
    pub summary: FitSummary,
    pub(in crate::analysis) study: Arc<Study>,
    settings: ModelSettings,
    training: Training,
    /// What waits or runs beyond what the study says of it: see [`Surrogate::with_queued`].
    queued: Vec<Configuration>,
    /// Every pending point: those of the study and those of `queued` that it does not know, the latest last.
    pending: Vec<Vec<f64>>,
    /// Indices into `training` of the observations that the posterior knows, in its order.
    observations: Vec<usize>,
    /// The row of the posterior that each of `observations` belongs to.
    row_of: Vec<usize>,
    /// The rows of complete trials; those of unfinished ones come after them.
    own_rows: usize,
    /// Of each of the latter: the first of `training.partial` that it stands for.
    promised: Vec<usize>,
    output: Output,
    posterior: Posterior,
    believed: Posterior,
    /// What complete trials say there is to beat, in model units.
    incumbent: f64,
    /// What there is to beat once the pending trials have returned what is believed of them: the largest of
    /// `incumbent` and their predicted means, in model units.
    believed_incumbent: f64,
    /// Where hyperparameters are averaged over: what predictions and acquisition functions stand on.
    averaged: Option<Averaged>,
    /// What fails, if anything did.
    failure_model: Option<Arc<FailureModel>>,
    /// Of the constraints that trials told something of.
    constraint_models: Option<Arc<ConstraintModels>>,
    /// Which rows of complete trials may be the incumbent: those that are not infeasible. Empty: all.
    contends: Vec<bool>,
    /// Lengthscale of each coordinate.
    scales: Vec<f64>,
    /// Fits in a row that started from the one before.
    warm_fits: u32,
    /// Hyperparameters at an edge of their box.
    at_bounds: Vec<crate::gp::AtBound>,
    /// What multiplies every acquisition function, wherever it is shown or maximised: the probability of coming through, and of
    /// being feasible.
    factors: Vec<Arc<dyn Factor>>,
    /// What acquisition functions have drawn from this fit.
    draws: Arc<Draws>,
}

/// Posteriors under draws of the hyperparameters, without and with the pending trials.
#[derive(Clone, Debug)]
struct Averaged {
    base: Ensemble,
    believed: Ensemble,
}

/// Why there is no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SurrogateError {
    #[error("there is no complete trial with a finite value yet; the first one gives a model")]
    NoTrials,
    #[error("no trial has a value for every parameter: {missing}; name the shared ones with --params")]
    NothingShared {
        /// The parameters that complete trials lack, with commas.
        missing: String,
    },
    #[error("the space has no parameter with more than one value; give one a range")]
    NothingToTune,
    #[error("the fit was called off")]
    Cancelled,
    #[error("the fit failed: {0}")]
    Fit(FitError),
    #[error(transparent)]
    Kernel(#[from] crate::gp::spec::SpecError),
    #[error(transparent)]
    Model(#[from] ModelFileError),
}

impl From<FitError> for SurrogateError {
    fn from(error: FitError) -> Self {
        match error {
            FitError::Cancelled => Self::Cancelled,
            other => Self::Fit(other),
        }
    }
}

impl Surrogate {
    /// The model as `--model` reads it back.
    #[must_use]
    pub fn model_file(&self) -> ModelFile {
        let file = model_file::describe(
            &self.training.encoder,
            self.posterior.model(),
            self.posterior.mean_constant(),
            self.output.spec(),
        );
        let learned = model_file::Learned {
            pruned: !self.training.partial.is_empty(),
            failures: self.failure_model.is_some(),
        };
        ModelFile {
            learned: (learned.pruned || learned.failures).then_some(learned),
            doubt: if self.posterior.model().noise_variance > build::NOISY {
                self.settings.doubt
            } else {
                0.0
            },
            ..file
        }
    }

    /// The study that this is a model of.
    #[must_use]
    pub fn study(&self) -> &Arc<Study> {
        &self.study
    }

    /// What it was fitted with.
    #[must_use]
    pub fn settings(&self) -> &ModelSettings {
        &self.settings
    }

    pub(in crate::analysis) fn posterior(&self) -> &Posterior {
        &self.posterior
    }

    /// The posteriors of the complete trials that are averaged over: one for each draw of the hyperparameters, where
    /// [`Hyperparameters::Average`](super::settings::Hyperparameters) is in force and the trials are few.
    #[must_use]
    pub fn averaged_over(&self) -> Option<&Ensemble> {
        self.averaged.as_ref().map(|a| &a.base)
    }

    pub(in crate::analysis) fn training(&self) -> &Training {
        &self.training
    }

    pub(in crate::analysis) fn output(&self) -> &Output {
        &self.output
    }

    /// The trials that were learned from: index into `Study::trials`, value in the user's units, point.
    pub(in crate::analysis) fn observed(&self) -> impl Iterator<Item = (usize, f64, Vec<f64>)> + '_ {
        self.training.trials.iter().enumerate().map(|(k, trial)| {
            let value = self.output.sign() * self.training.g[k];
            (*trial, value, self.training.x.row(k).iter().copied().collect())
        })
    }

    /// Positions among the observations of the posterior, in the order of the study.
    pub(in crate::analysis) fn in_study_order(&self) -> Vec<usize> {
        let mut order = self.observations.clone();
        order.sort_by_key(|&k| self.training.trials[k]);
        order
    }

    /// Point and model output of observation `k`.
    pub(in crate::analysis) fn observation(&self, k: usize) -> (Vec<f64>, f64) {
        let point = self.training.x.row(k).iter().copied().collect();
        (point, self.output.forward(self.training.g[k]))
    }

    pub(in crate::analysis) fn rows_of(&self, observations: &[usize]) -> (DMatrix<f64>, DVector<f64>) {
        let y = observations
            .iter()
            .map(|&k| self.output.forward(self.training.g[k]));
        (
            self.training.x.select_rows(observations),
            DVector::from_iterator(observations.len(), y),
        )
    }

    /// What is known of failures: how many trials failed and how many came through. `None` while none failed, or
    /// where failures are left out.
    #[must_use]
    pub fn failures(&self) -> Option<(usize, usize)> {
        self.failure_model.as_ref().map(|f| (f.failed, f.passed))
    }

    /// How often `P(ok)` counts: the acquisition function is weighed by `P(ok)^c`, `c` = 1 and the failures among the
    /// last ten outcomes.
    #[must_use]
    pub fn caution(&self) -> f64 {
        self.failure_model.as_ref().map_or(1.0, |f| f.caution)
    }

    /// How many trials are infeasible and how many feasible; `None` while there are no constraints, or nothing was told
    /// of them.
    #[must_use]
    pub fn feasibility_counts(&self) -> Option<(usize, usize)> {
        self.constraint_models.as_ref().map(|c| c.counts)
    }

    /// Whether there are constraints and every trial violates one: then suggestions look for what is feasible, whatever
    /// the objective.
    #[must_use]
    pub fn seeks_feasible(&self) -> bool {
        self.constraint_models.as_ref().is_some_and(|c| !c.any_feasible)
    }

    /// What the probabilities of coming through and of being feasible add to the logarithm of an acquisition
    /// function; 0 while nothing failed and there are no constraints.
    pub(in crate::analysis) fn log_weight(&self, points: &[Vec<f64>]) -> Vec<f64> {
        let mut weights = vec![0.0; points.len()];
        let failures = self.failure_model.as_ref().map(|f| f.log_weight(points));
        let constraints = self.constraint_models.as_ref().map(|c| c.log_feasible(points));
        for logs in [failures, constraints].into_iter().flatten() {
            weights.iter_mut().zip(logs).for_each(|(w, l)| *w += l);
        }
        weights
    }

    /// What the probabilities of coming through and of being feasible add to the logarithm of an acquisition function,
    /// of a prediction.
    #[must_use]
    pub fn log_weight_of(&self, prediction: &Prediction) -> f64 {
        let log = |p: Option<f64>| p.map_or(0.0, f64::ln);
        self.caution() * log(prediction.p_ok) + log(prediction.p_feasible)
    }

    pub(in crate::analysis) fn at_bounds(&self) -> &[crate::gp::AtBound] {
        &self.at_bounds
    }

    /// Whether the parameter of coordinate `j` took part in a trial.
    pub(in crate::analysis) fn takes_part(&self, trial: usize, j: usize) -> bool {
        let parameter = self.training.encoder.parameter(self.param_of(j));
        parameter.activity.is_none()
            || self.study.trials.get(trial).is_some_and(|t| {
                let space = &self.study.space;
                space
                    .configuration_of(t)
                    .is_some_and(|c| c.get(self.param_of(j)).is_some_and(|v| !v.is_inactive()))
            })
    }

    /// Index of the parameter of coordinate `j`.
    pub(in crate::analysis) fn param_of(&self, j: usize) -> usize {
        self.training.encoder.param_of(j)
    }

    /// The coordinates of the best trial.
    pub(in crate::analysis) fn best_point(&self) -> Option<Vec<f64>> {
        let best = self.study.best()?;
        let row = self.training.trials.iter().position(|t| *t == best)?;
        Some(self.training.x.row(row).iter().copied().collect())
    }

    /// The trial that a row of the posterior stands for: the first of its repeats.
    pub(in crate::analysis) fn trial_of_row(&self, row: usize) -> Option<usize> {
        if let Some(k) = row.checked_sub(self.own_rows) {
            return Some(self.training.partial.get(*self.promised.get(k)?)?.trial);
        }
        let k = self.row_of.iter().position(|r| *r == row)?;
        self.training.trials.get(*self.observations.get(k)?).copied()
    }

    /// How many rows of the posterior are those of complete trials: the first ones.
    pub(in crate::analysis) fn own_rows(&self) -> usize {
        self.own_rows
    }

    /// Posterior means at the rows, without a kernel evaluation: `K α = y − β` gives
    /// `μ_i = y_i − (σn²/c_i + known noise + jitter)·α_i`.
    fn row_means(&self) -> Vec<f64> {
        row_means(&self.posterior)
    }
}

fn row_means(posterior: &Posterior) -> Vec<f64> {
    let noise = posterior.model().noise_variance;
    let jitter = posterior.jitter();
    let data = posterior.data();
    data.y
        .iter()
        .zip(posterior.alpha())
        .enumerate()
        .map(|(i, (y, a))| y - (data.noise_of(i, noise) + jitter) * a)
        .collect()
}
