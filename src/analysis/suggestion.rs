//! The next configuration, and why it.

use crate::study::{Configuration, UnitPoint};

use super::surrogate::{ConstraintPrediction, Prediction, Readout};

/// Where a suggestion comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too few trials for a model: the centre first, then a scrambled Sobol sequence.
    InitialDesign,
    /// The maximum of the acquisition function.
    Acquisition,
    /// The maximum is a configuration already seen; under noise it is worth another look.
    Replicate,
    /// Every configuration of a finite space has been tried.
    Exhausted,
}

impl Reason {
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::InitialDesign => "initial design",
            Self::Acquisition => "acquisition",
            Self::Replicate => "replicate",
            Self::Exhausted => "search space exhausted",
        }
    }
}

/// A trial that pulls the predicted mean at the suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Pull {
    /// Index into `Study::trials`.
    pub trial: usize,
    /// Its kernel correlation with the suggestion, in `[0, 1]`.
    pub correlation: f64,
    /// How far it moves the predicted mean: with it less without it, in the user's units (signed).
    pub contribution: f64,
}

/// One climb of the search, from where it started to the local maximum that it reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Climb {
    pub from: Configuration,
    pub to: Configuration,
    /// Which of the separate maxima it reached, the highest first.
    pub peak: usize,
    /// The acquisition function there.
    pub value: f64,
}

/// The reasons behind a suggestion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// Strongest first, at most three.
    pub pulls: Vec<Pull>,
    /// The parameter whose change would cost most: its index and the share of EI that is lost (`0..=1`)
    /// when it alone is moved to its value in the incumbent.
    pub costliest: Option<(usize, f64)>,
    /// The next best separate peak: its configuration and its EI as a share of the suggestion's.
    pub runner_up: Option<(Configuration, f64)>,
    /// Nearest trial: index into `Study::trials` and distance in lengthscales.
    pub nearest: Option<(usize, f64)>,
    /// Every climb of the search, where the number of starts was chosen by hand.
    pub climbs: Vec<Climb>,
    /// What is predicted of each measurement that is constrained.
    pub constraints: Vec<ConstraintPrediction>,
}

/// One proposed configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    pub configuration: Configuration,
    pub point: UnitPoint,
    pub reason: Reason,
    /// `None` while there is no model.
    pub prediction: Option<Prediction>,
    /// `None` while there is no model.
    pub readout: Option<Readout>,
    pub why: Why,
}
