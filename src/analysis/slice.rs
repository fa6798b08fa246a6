//! One-dimensional slices of the posterior through the probe.

mod compute;

pub(super) use compute::{kind, places, position};

use crate::study::Value;

/// What the axis of a slice looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceKind {
    /// A continuum, drawn as a curve.
    Curve,
    /// An int or a stepped float, drawn as steps; one point a value (at most 64, else thinned).
    Steps,
    /// A category, drawn as one column a choice.
    Choices,
}

/// The posterior at one place of a slice. Outputs are in the user's units.
#[derive(Clone, Debug, PartialEq)]
pub struct SlicePoint {
    /// Place along the axis in `[0, 1]`: the unit coordinate, or `(k + ½)/count` of a choice.
    pub position: f64,
    pub value: Value,
    /// Median (the mean, where the output transform is linear).
    pub mean: f64,
    pub low68: f64,
    pub high68: f64,
    pub low95: f64,
    pub high95: f64,
    /// The chosen acquisition function (`ln EI` is shown as EI here: a strip needs a linear scale).
    pub acquisition: f64,
    /// The two terms of EI in model units, whatever function is in use: they sum to it. Misprinted where that is in use.
    pub exploitation: f64,
    pub exploration: f64,
    /// `P(feasible)`; `None` while there are no constraints.
    pub p_feasible: Option<f64>,
}

impl SlicePoint {
    /// Whether a trial here is probably infeasible.
    #[must_use]
    pub fn is_infeasible(&self) -> bool {
        self.p_feasible.is_some_and(|p| p < 0.5)
    }
}

/// A trial drawn into a slice; it fades with its distance from the slice.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceTrial {
    /// Index into `Study::trials`.
    pub trial: usize,
    pub position: f64,
    /// Objective value in the user's units.
    pub value: f64,
    /// Kernel correlation with its foot on the slice, in `[0, 1]`: 1 lies on the slice.
    pub weight: f64,
}

/// The posterior along one parameter, all others at the probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Index into `Space::params`.
    pub param: usize,
    pub kind: SliceKind,
    /// In ascending position.
    pub points: Vec<SlicePoint>,
    /// Complete trials, weakest weight first (so that the nearest are drawn last).
    pub trials: Vec<SliceTrial>,
    /// Index into `points` of the largest acquisition.
    pub best_acquisition: usize,
    /// Position of the incumbent, the suggestion and the probe.
    pub incumbent: Option<f64>,
    pub suggestion: Option<f64>,
    pub probe: f64,
}
