//! What a configuration is worth trying for, and the configuration that is worth most.
//!
//! Works on model output units, where larger is better, and on points of the unit cube (indices for
//! categories); knows no trials and no direction.

pub mod ei;
pub mod fantasies;
pub mod information;
pub mod maximize;
pub mod mes;
pub mod normal;
pub mod optima;
pub mod paths;
pub mod pi;
pub mod random;
pub mod ranking;
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
    /// Max-value entropy search.
    Mes,
    /// Predictive entropy search.
    Pes,
    /// Joint entropy search.
    Jes,
    /// The value of one sample path.
    Thompson,
    /// Expected improvement per expected second.
    Eips,
    /// EI with the sign that is often misprinted, for the lab alone: see [`ei::misprinted`].
    MisprintedEi,
}

impl AcquisitionFunction {
    /// Those that a search may use.
    pub const ALL: [Self; 9] = [
        Self::LogEi,
        Self::Ei,
        Self::Pi,
        Self::Ucb,
        Self::Mes,
        Self::Pes,
        Self::Jes,
        Self::Thompson,
        Self::Eips,
    ];

    /// The name on the command line, in JSON and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogEi => "logei",
            Self::Ei => "ei",
            Self::Pi => "pi",
            Self::Ucb => "ucb",
            Self::Mes => "mes",
            Self::Pes => "pes",
            Self::Jes => "jes",
            Self::Thompson => "thompson",
            Self::Eips => "eips",
            Self::MisprintedEi => "misprinted",
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
            Self::Mes => "MES",
            Self::Pes => "PES",
            Self::Jes => "JES",
            Self::Thompson => "Thompson",
            Self::Eips => "EI per second",
            Self::MisprintedEi => "EI, misprinted",
        }
    }

    /// The function that is drawn in its place, on a scale that starts at zero: EI for its logarithm.
    #[must_use]
    pub fn linear(self) -> Self {
        if self == Self::LogEi { Self::Ei } else { self }
    }

    /// Whether it is never negative, so that its logarithm is climbed and factors multiply it.
    #[must_use]
    pub fn is_positive(self) -> bool {
        match self {
            Self::LogEi
            | Self::Ei
            | Self::Pi
            | Self::Mes
            | Self::Pes
            | Self::Jes
            | Self::Eips
            | Self::MisprintedEi => true,
            Self::Ucb | Self::Thompson => false,
        }
    }

    /// What a value is measured in. Model units are those of the transformed output, larger is better.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::LogEi => "ln of model units",
            Self::Ei | Self::Ucb | Self::Thompson | Self::MisprintedEi => "model units",
            Self::Pi => "probability",
            Self::Mes | Self::Pes | Self::Jes => "nats",
            Self::Eips => "model units per second",
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
            Self::Mes => "how much it would tell about how good the best can be",
            Self::Pes => "how much it would tell about where the best is",
            Self::Jes => "how much it would tell about where the best is and how good",
            Self::Thompson => "how good it is on one function drawn from what is still possible",
            Self::Eips => "how much better on average, for each second that a trial takes",
            Self::MisprintedEi => "EI with its sign the wrong way round: it rewards what is worse",
        }
    }

    /// Whether the margin ξ changes it.
    #[must_use]
    pub fn uses_xi(self) -> bool {
        match self {
            Self::LogEi | Self::Ei | Self::Pi | Self::Eips | Self::MisprintedEi => true,
            Self::Ucb | Self::Mes | Self::Pes | Self::Jes | Self::Thompson => false,
        }
    }

    /// Whether the weight β changes it.
    #[must_use]
    pub fn uses_beta(self) -> bool {
        self == Self::Ucb
    }

    /// The function of a command-line name (`logei`, `ei`, …); `None` for anything else.
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
    pub pending: Pending,
    /// The search climbs from so many scattered places alone; `None`: from the best of a large pool.
    pub starts: Option<usize>,
    /// It is followed from the first model on, without an initial design: in the lab, where it is what is looked at.
    pub eager: bool,
}

impl AcquisitionSettings {
    /// The two terms of EI with this ξ, whatever function is in use; of the misprinted one where that is in use, so that
    /// what is drawn is what is maximised.
    #[must_use]
    pub fn terms(&self, mean: f64, sd: f64, incumbent: f64) -> ei::ExpectedImprovement {
        match self.function {
            AcquisitionFunction::MisprintedEi => ei::terms(2.0 * incumbent - mean, sd, incumbent, self.xi),
            _ => ei::terms(mean, sd, incumbent, self.xi),
        }
    }
}

/// What EI makes of trials that are under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pending {
    /// Each is believed to return its predicted mean (the kriging believer).
    #[default]
    Believe,
    /// EI is averaged over what up to eight of them may return; more are believed.
    Fantasize,
}

impl Pending {
    /// Every treatment, in the order of menus.
    pub const ALL: [Self; 2] = [Self::Believe, Self::Fantasize];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Believe => "believe",
            Self::Fantasize => "fantasize",
        }
    }

    /// The treatment of a command-line name; `None` for anything else.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

impl Default for AcquisitionSettings {
    fn default() -> Self {
        Self {
            function: AcquisitionFunction::default(),
            xi: 0.0,
            beta: 1.8,
            pending: Pending::default(),
            starts: None,
            eager: false,
        }
    }
}
