//! Acquisition functions side by side: what each says along one parameter, and where each would go next.
//!
//! All of them stand on the same fit, the same pending trials and the same locks, so that what differs is the
//! question that each asks.

mod compute;

use crate::acquisition::AcquisitionFunction;
use crate::analysis::slice::{SliceKind, SliceTrial};
use crate::analysis::suggestion::Reason;
use crate::analysis::surrogate::SuggestRequest;
use crate::study::{Configuration, Value};

/// What to compare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompareRequest {
    /// The parameter along which the curves run (index into `Space::params`).
    pub param: usize,
    /// Where all others stand.
    pub probe: Configuration,
    /// Places along a continuum.
    pub points: usize,
    /// In this order.
    pub functions: Vec<AcquisitionFunction>,
    /// Locks, rejections, pending configurations, ξ, β and seed of every next point; its function and its count
    /// are not looked at.
    pub suggest: SuggestRequest,
}

/// Acquisition functions along one parameter, all others at the probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Index into `Space::params`.
    pub param: usize,
    pub kind: SliceKind,
    /// The places of every curve along the axis, in `[0, 1]`, ascending.
    pub positions: Vec<f64>,
    pub values: Vec<Value>,
    /// The posterior at the places, in the user's units: median and the central 95 %.
    pub mean: Vec<f64>,
    pub low95: Vec<f64>,
    pub high95: Vec<f64>,
    /// Complete trials, weakest weight first.
    pub trials: Vec<SliceTrial>,
    pub incumbent: Option<f64>,
    pub probe: f64,
    /// One a function, in the order asked for.
    pub rows: Vec<Compared>,
}

/// One acquisition function of a [`Comparison`].
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub function: AcquisitionFunction,
    /// One a position, from 0 (the smallest of the curve) to 1 (its largest), on the linear scale of
    /// [`AcquisitionFunction::linear`]; all 0 where it is flat.
    pub curve: Vec<f64>,
    /// The smallest and the largest value of the curve on that scale.
    pub range: (f64, f64),
    /// Index into `positions` of the largest value.
    pub best: usize,
    /// `None` while it is being looked for, and where nothing is left to propose.
    pub next: Option<NextPoint>,
}

/// What one acquisition function would try next, anywhere in the space.
#[derive(Clone, Debug, PartialEq)]
pub struct NextPoint {
    pub configuration: Configuration,
    /// Its place along the axis of the comparison.
    pub position: f64,
    /// The prediction there, in the user's units.
    pub mean: f64,
    pub sd: f64,
    /// The acquisition function there, in its own unit.
    pub value: f64,
    pub reason: Reason,
}
