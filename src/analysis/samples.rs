//! Sample paths of the posterior along every parameter, and where each of them has its maximum.
//!
//! One set a fit, the one that Thompson sampling and the entropy searches look at: a moving probe shows other cuts of
//! the same functions. Checked by `tests/lab_numbers.rs`.

use crate::analysis::slice::SliceKind;
use crate::study::Configuration;

/// At most so many samples are drawn.
pub const MOST: usize = 32;

/// Some sample paths of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    pub count: usize,
    /// One a parameter that has a coordinate, in the order of the space.
    pub cuts: Vec<SampleCut>,
    /// One a sample; empty while they are looked for.
    pub optima: Vec<SampleOptimum>,
}

/// All samples along one parameter, the others at the probe.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleCut {
    /// Index into `Space::params`.
    pub param: usize,
    pub kind: SliceKind,
    /// Places along the axis in `[0, 1]`, ascending.
    pub positions: Vec<f64>,
    /// One list a sample, one value a position, in the user's units.
    pub curves: Vec<Vec<f64>>,
}

/// The best place of one sample, anywhere in the space.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleOptimum {
    pub configuration: Configuration,
    /// The sample there, in the user's units.
    pub value: f64,
}
