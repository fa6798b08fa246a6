//! The one way from a study to a posterior.

use crate::study::TrialId;

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
    pub model_sd: f64,
    pub model_incumbent: f64,
}

/// Every acquisition function at one configuration, exact functions of the prediction's model moments.
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

impl Readout {
    /// The value of one acquisition function.
    #[must_use]
    pub fn of(&self, function: AcquisitionFunction) -> f64 {
        match function {
            AcquisitionFunction::LogEi => self.log_ei,
            AcquisitionFunction::Ei => self.ei,
            AcquisitionFunction::Pi => self.pi,
            AcquisitionFunction::Ucb => self.ucb,
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
#[derive(Debug)]
pub struct Surrogate {
    pub summary: FitSummary,
}

// The engine behind these two lands with the analysis layer (helper acq replaces this block).
impl Surrogate {
    pub fn readout(
        &self,
        _: &[crate::study::Value],
        _: &super::AcquisitionSettings,
    ) -> Result<(Prediction, Readout), crate::study::StudyError> {
        Err(crate::study::StudyError::Missing { name: String::new() })
    }
    pub fn nearest(&self, _: &[crate::study::Value]) -> Option<(usize, f64)> {
        None
    }
}
