//! What a person can choose about the model and the acquisition function.

use std::sync::Arc;

/// Which acquisition function ranks candidates. All are "larger is better".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AcquisitionFunction {
    /// `ln EI`: the same maximiser as EI, with a slope where EI underflows.
    #[default]
    LogEi,
    Ei,
    /// Probability of improvement.
    Pi,
    /// Upper confidence bound of `g = s·y`.
    Ucb,
}

impl AcquisitionFunction {
    pub const ALL: [Self; 4] = [Self::LogEi, Self::Ei, Self::Pi, Self::Ucb];

    /// The name on the command line, in JSON and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogEi => "logei",
            Self::Ei => "ei",
            Self::Pi => "pi",
            Self::Ucb => "ucb",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// The acquisition function and its knobs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcquisitionSettings {
    pub function: AcquisitionFunction,
    /// Exploration margin ξ of EI and PI, in standardised output units.
    pub xi: f64,
    /// Weight of the standard deviation in UCB: `μ + β σ`.
    pub beta: f64,
}

impl Default for AcquisitionSettings {
    fn default() -> Self {
        Self {
            function: AcquisitionFunction::default(),
            xi: 0.0,
            beta: 1.8,
        }
    }
}

/// How the surrogate is built.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// `--kernel SPEC`, parsed by `gp::spec`; `None` is the default Matérn-5/2 with ARD.
    pub kernel: Option<Arc<str>>,
    pub objective: Objective,
    /// Half-rank and log warp of the worse half of the outputs before standardising.
    pub output_warp: bool,
    pub seed: u64,
}

/// What hyperparameters are fitted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Objective {
    #[default]
    MarginalLikelihood,
    LeaveOneOut,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            kernel: None,
            objective: Objective::default(),
            output_warp: true,
            seed: 0,
        }
    }
}
