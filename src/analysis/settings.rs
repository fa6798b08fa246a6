//! What a person can choose about the model and the acquisition function.

use std::sync::Arc;

use super::model_file::ModelFile;

pub use crate::acquisition::{AcquisitionFunction, AcquisitionSettings};
pub use crate::gp::Objective;

/// How the surrogate is built.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// `--kernel SPEC`, parsed by `gp::spec`; `None` is the default Matérn-5/2 with ARD.
    pub kernel: Option<Arc<str>>,
    pub objective: Objective,
    /// Half-rank and log warp of the worse half of the outputs before standardising.
    pub output_warp: bool,
    /// Whether hyperparameters have priors; without them they are fitted to the objective alone, in wide boxes.
    pub priors: bool,
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
            priors: true,
            seed: 0,
            given: None,
        }
    }
}
