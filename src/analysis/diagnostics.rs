//! Can the model be trusted? One verdict in words, with its reason.

mod edges;
mod lints;
mod trust;

pub use edges::Edge;

/// The verdict, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Leave-one-out predictions are good and the bands hold what they promise.
    Good,
    /// Usable with care.
    Weak,
    /// No better than the mean, or bands that mislead.
    Misleading,
    /// Too few trials to tell.
    TooFew,
    /// Enough trials, all of one value.
    Flat,
}

impl Verdict {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Weak => "weak",
            Self::Misleading => "misleading",
            Self::TooFew => "too few trials",
            Self::Flat => "all values alike",
        }
    }
}

/// One trial left out of the fit and predicted from the others.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Index into `Study::trials`.
    pub trial: usize,
    /// Observed and predicted value in the user's units.
    pub observed: f64,
    pub predicted: f64,
    /// Standardised residual `(y − μ₋ᵢ)/σ₋ᵢ` in model units, larger is better than predicted.
    pub z: f64,
}

/// Everything behind the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    pub verdict: Verdict,
    /// A complete sentence, such as "predicts left-out trials well (Q² 0.87, n = 40)".
    pub reason: String,
    /// `1 − Σ(y − μ₋ᵢ)²/Σ(y − ȳ)²` in model units.
    pub q2: f64,
    /// Share of trials inside their leave-one-out 68 % and 95 % bands.
    pub coverage68: f64,
    pub coverage95: f64,
    /// Mean leave-one-out log predictive density, nats per trial, model units.
    pub log_predictive: f64,
    /// One-step-ahead: how predictions made before each recent result fared, where known.
    pub one_step: Option<OneStep>,
    pub left_out: Vec<LeftOut>,
    /// Complete sentences about what looks odd: a lengthscale at its bound, the best at an edge of the
    /// space, repeated suggestions, noise at its floor.
    pub lints: Vec<String>,
    /// Parameters whose best value is at an end of their range.
    pub edges: Vec<Edge>,
}

/// Record of honest predictions: each trial predicted from the trials before it.
#[derive(Clone, Debug, PartialEq)]
pub struct OneStep {
    pub count: usize,
    /// Root mean square of `z`; 1 is calibrated, 2 means bands half as wide as they should be.
    pub z_rms: f64,
    pub coverage95: f64,
}
