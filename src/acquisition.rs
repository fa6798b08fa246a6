//! What a configuration is worth trying for, and the configuration that is worth most.
//!
//! Works on model output units, where larger is better, and on points of the unit cube (indices for
//! categories); knows no trials and no direction.

pub mod ei;
pub mod maximize;
pub mod mes;
pub mod normal;
pub mod paths;
pub mod pi;
pub mod random;
pub mod sobol;
pub mod truncated;
pub mod ucb;

pub use ei::{ExpectedImprovement, Sensitivity};

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

    /// The name as a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::LogEi => "log EI",
            Self::Ei => "EI",
            Self::Pi => "P(improve)",
            Self::Ucb => "UCB",
        }
    }

    /// The function that is drawn in its place, on a scale that starts at zero: EI for its logarithm.
    #[must_use]
    pub fn linear(self) -> Self {
        match self {
            Self::LogEi => Self::Ei,
            Self::Ei | Self::Pi | Self::Ucb => self,
        }
    }

    /// What a value is measured in. Model units are those of the transformed output, larger is better.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::LogEi => "ln of model units",
            Self::Ei | Self::Ucb => "model units",
            Self::Pi => "probability",
        }
    }

    /// What it asks of a candidate, in one line.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::LogEi => "the logarithm of EI: the same order, with a slope where EI vanishes",
            Self::Ei => "how much better than the best so far, on average",
            Self::Pi => "how likely better than the best so far, however little",
            Self::Ucb => "how good at best: the mean plus β standard deviations",
        }
    }

    /// Whether the margin ξ changes it.
    #[must_use]
    pub fn uses_xi(self) -> bool {
        match self {
            Self::LogEi | Self::Ei | Self::Pi => true,
            Self::Ucb => false,
        }
    }

    /// Whether the weight β changes it.
    #[must_use]
    pub fn uses_beta(self) -> bool {
        self == Self::Ucb
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

impl AcquisitionSettings {
    /// The value that is reported and drawn under the function's name.
    #[must_use]
    pub fn value(&self, mean: f64, sd: f64, incumbent: f64) -> f64 {
        match self.function {
            AcquisitionFunction::LogEi => ei::log_ei(mean, sd, incumbent, self.xi).value,
            AcquisitionFunction::Ei => ei::ei(mean, sd, incumbent, self.xi).value,
            AcquisitionFunction::Pi => pi::pi(mean, sd, incumbent, self.xi).value,
            AcquisitionFunction::Ucb => ucb::ucb(mean, sd, self.beta).value,
        }
    }

    /// What the maximiser climbs: `log EI` for EI and `log PI` for PI, which have the same maxima and a
    /// slope everywhere.
    #[must_use]
    pub fn climbed(&self, mean: f64, sd: f64, incumbent: f64) -> Sensitivity {
        match self.function {
            AcquisitionFunction::LogEi | AcquisitionFunction::Ei => ei::log_ei(mean, sd, incumbent, self.xi),
            AcquisitionFunction::Pi => pi::log_pi(mean, sd, incumbent, self.xi),
            AcquisitionFunction::Ucb => ucb::ucb(mean, sd, self.beta),
        }
    }

    /// The value on a linear scale that starts at zero, for strips and surfaces: EI for `ln EI`, the rest as
    /// they are.
    #[must_use]
    pub fn linear(&self, mean: f64, sd: f64, incumbent: f64) -> f64 {
        match self.function {
            AcquisitionFunction::LogEi => ei::ei(mean, sd, incumbent, self.xi).value,
            AcquisitionFunction::Ei | AcquisitionFunction::Pi | AcquisitionFunction::Ucb => {
                self.value(mean, sd, incumbent)
            }
        }
    }
}
