//! One coordinate: what lies between 0 and 1, and which values it stands for.
//!
//! The formulas are those of [`super`]; checked by `tests/transforms.rs`.

use crate::study::{Domain, Parameter};

/// How one coordinate is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Axis {
    /// A continuum over the unit interval.
    Unit { low: f64, high: f64, log: bool },
    /// `count` equally spaced values `first + k·step`, each a bin (equal in `ln` on a log scale).
    Grid {
        first: f64,
        step: f64,
        count: u64,
        log: bool,
        integer: bool,
    },
    /// The index of a choice.
    Category { count: usize },
}

impl Axis {
    /// The axis of a parameter.
    #[must_use]
    pub fn of(parameter: &Parameter) -> Self {
        match &parameter.domain {
            Domain::Float {
                low,
                high,
                log,
                step: None,
            } => Self::Unit {
                low: *low,
                high: *high,
                log: *log,
            },
            Domain::Float {
                low,
                step: Some(step),
                ..
            } => Self::Grid {
                first: *low,
                step: *step,
                count: parameter.cardinality().unwrap_or(1),
                log: false,
                integer: false,
            },
            #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 have no use")]
            Domain::Int { low, log, step, .. } => Self::Grid {
                first: *low as f64,
                step: *step as f64,
                count: parameter.cardinality().unwrap_or(1),
                log: *log,
                integer: true,
            },
            Domain::Categorical { choices } => Self::Category { count: choices.len() },
        }
    }

    /// Edges of the axis after the transform: those of the outer bins on a grid.
    #[expect(clippy::cast_precision_loss, reason = "grids have few points")]
    fn edges(&self) -> (f64, f64) {
        match *self {
            Self::Unit { low, high, log } => (scale(low, log), scale(high, log)),
            Self::Grid {
                first,
                step,
                count,
                log,
                ..
            } => {
                let last = first + step * (count - 1) as f64;
                (scale(first - step / 2.0, log), scale(last + step / 2.0, log))
            }
            Self::Category { count } => (0.0, count as f64),
        }
    }

    /// The coordinate of a number; outside `[0, 1]` where the number is outside the bounds.
    #[must_use]
    pub fn forward(&self, x: f64) -> f64 {
        match self {
            Self::Unit { log, .. } | Self::Grid { log, .. } => {
                let (a, b) = self.edges();
                // Halved, because the width of a range may be too large for a double; otherwise exactly the same.
                (0.5 * scale(x, *log) - 0.5 * a) / (0.5 * b - 0.5 * a)
            }
            Self::Category { .. } => x,
        }
    }

    /// The allowed number nearest to a coordinate (clamped to the axis first).
    #[must_use]
    pub fn inverse(&self, u: f64) -> f64 {
        match *self {
            Self::Unit { low, high, log } => {
                let u = u.clamp(0.0, 1.0);
                let (a, b) = self.edges();
                unscale(2.0 * (0.5 * a + u * (0.5 * b - 0.5 * a)), log).clamp(low, high)
            }
            #[expect(clippy::cast_precision_loss, reason = "grids have few points")]
            Self::Grid {
                first,
                step,
                count,
                log,
                ..
            } => {
                let u = u.clamp(0.0, 1.0);
                let (a, b) = self.edges();
                let x = unscale(a + u * (b - a), log);
                let k = ((x - first) / step).round().clamp(0.0, (count - 1) as f64);
                first + k * step
            }
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            Self::Category { count } => u.round().clamp(0.0, (count - 1) as f64),
        }
    }

    #[must_use]
    pub fn is_category(&self) -> bool {
        matches!(self, Self::Category { .. })
    }

    /// Number of values, `None` for a continuum.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Unit { .. } => None,
            Self::Grid { count, .. } => Some(*count),
            Self::Category { count } => Some(*count as u64),
        }
    }

    /// Place of a coordinate along a drawn axis, in `[0, 1]`: the unit coordinate itself, or the middle of
    /// the `k`-th of `count` equal columns for a category.
    #[must_use]
    pub fn position(&self, coordinate: f64) -> f64 {
        match self {
            Self::Unit { .. } | Self::Grid { .. } => coordinate,
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            Self::Category { count } => (coordinate + 0.5) / *count as f64,
        }
    }

    /// The coordinate at a place along a drawn axis; undoes [`Axis::position`].
    #[must_use]
    pub fn at_position(&self, position: f64) -> f64 {
        match self {
            Self::Unit { .. } | Self::Grid { .. } => position,
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            Self::Category { count } => (position * *count as f64).floor().clamp(0.0, (*count - 1) as f64),
        }
    }

    /// The coordinate of value number `k` of a grid or category.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "grids have few points")]
    pub fn coordinate(&self, k: u64) -> f64 {
        match self {
            Self::Unit { .. } => f64::NAN,
            Self::Grid { first, step, .. } => self.forward(first + k as f64 * step),
            Self::Category { .. } => k as f64,
        }
    }
}

fn scale(x: f64, log: bool) -> f64 {
    if log { x.ln() } else { x }
}

fn unscale(t: f64, log: bool) -> f64 {
    if log { t.exp() } else { t }
}
