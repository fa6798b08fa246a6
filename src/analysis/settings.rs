//! What a person can choose about the model and the acquisition function.

use std::sync::Arc;

use super::model_file::ModelFile;

pub use super::model_file::TransformName;

pub use crate::acquisition::{AcquisitionFunction, AcquisitionSettings, Pending};
pub use crate::gp::Objective;

/// What stands for the hyperparameters of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hyperparameters {
    /// The most likely ones.
    #[default]
    Map,
    /// Up to 64 rows, a dozen draws of them, averaged over: predictions are wider where the data leave them open.
    Average,
}

impl Hyperparameters {
    pub const ALL: [Self; 2] = [Self::Map, Self::Average];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Average => "average",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|h| h.name() == name)
    }
}

/// What is known of the noise of an observation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum NoiseSetting {
    /// Nothing: it is estimated.
    #[default]
    Estimated,
    /// Its standard deviation, in the user's units.
    Known(f64),
    /// There is none.
    Deterministic,
}

/// How the surrogate is built.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// `--kernel SPEC`, parsed by `gp::spec`; `None` is the default Matérn-5/2 with ARD.
    pub kernel: Option<Arc<str>>,
    pub objective: Objective,
    /// Half-rank warp of the worse half of the outputs before standardising.
    pub output_warp: bool,
    /// How outputs are transformed; `None`: by `output_warp` and the number of trials.
    pub transform: Option<TransformName>,
    /// Whether numbers are warped before the kernel compares them (Kumaraswamy, fitted).
    pub input_warp: bool,
    pub noise: NoiseSetting,
    pub hyperparameters: Hyperparameters,
    /// Whether hyperparameters have priors; without them they are fitted to the objective alone, in wide boxes.
    pub priors: bool,
    /// With noise, nobody knows how good the best trial is: what there is to beat is the largest `μ + c·σ` at a trial, with
    /// this `c`. At 0, and at few trials, it is the largest mean.
    pub doubt: f64,
    /// Whether failed trials teach where not to look.
    pub failures: bool,
    /// Whether pruned and running trials teach by what they have reported.
    pub pruned: bool,
    pub seed: u64,
    /// `--model FILE`: used as it is, on whatever data comes; nothing is fitted.
    pub given: Option<Arc<ModelFile>>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            kernel: None,
            objective: Objective::default(),
            output_warp: true,
            transform: None,
            input_warp: false,
            noise: NoiseSetting::default(),
            hyperparameters: Hyperparameters::default(),
            priors: true,
            doubt: 1.0,
            failures: true,
            pruned: true,
            seed: 0,
            given: None,
        }
    }
}
