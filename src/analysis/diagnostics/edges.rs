//! The best trial at an end of a range: whether it might go on beyond, and a wider range to try.

use crate::analysis::surrogate::{Surrogate, matrix};
use crate::study::encoding::Axis;

/// A best value closer than this to an end of its axis, as a share of it, hints at a range that is too narrow.
const EDGE: f64 = 0.02;
/// Fewer trials say nothing about an end.
const ENOUGH: usize = 5;
/// A grid with fewer values has its best at an end too often.
const LEAST_VALUES: u64 = 5;
/// How far inward the mean is looked at, as a share of a continuum.
const INWARD: f64 = 0.1;
/// The mean has to fall by more than this inward, in deviations of the prior: else the parameter does not matter there.
const FALLS: f64 = 0.01;
/// By how much a range is widened, as a share of its width (on a log scale: of its logarithm).
const WIDER: f64 = 0.25;

/// A parameter whose best value is at an end of its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Index into `Space::params`.
    pub param: usize,
    /// Whether it is the upper end.
    pub upper: bool,
    /// A wider range to try, in the user's units.
    pub low: f64,
    pub high: f64,
}

impl Surrogate {
    /// Numbers whose best value is at an end of their range, where the mean falls inward and a wider range makes sense.
    /// Checked by `tests/diagnosis.rs`.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        let Some(best) = self.best_point() else {
            return Vec::new();
        };
        let training = self.training();
        if training.trials.len() < ENOUGH {
            return Vec::new();
        }
        let encoder = &training.encoder;
        (0..encoder.own_dims())
            .filter(|j| self.takes_part_at_best(*j))
            .filter_map(|j| {
                let axis = encoder.axis(j);
                let (upper, inward) = end(axis, best[j])?;
                let (low, high) = wider(axis, upper)?;
                self.falls(&best, j, inward).then_some(Edge {
                    param: encoder.param_of(j),
                    upper,
                    low,
                    high,
                })
            })
            .collect()
    }

    /// Whether the best trial has a value for the parameter of this coordinate.
    fn takes_part_at_best(&self, j: usize) -> bool {
        let best = self.study.best().and_then(|b| self.study.trials.get(b));
        let values = best.and_then(|t| self.study.space.configuration_of(t));
        values.is_some_and(|c| c.get(self.param_of(j)).is_some_and(|v| !v.is_inactive()))
    }

    /// Whether the mean is worse with this coordinate moved inward.
    fn falls(&self, best: &[f64], j: usize, inward: f64) -> bool {
        let mut inside = best.to_vec();
        inside[j] = inward;
        let points = matrix(&[best.to_vec(), inside], best.len());
        let mean = self.posterior().predict(&points).mean;
        let least = FALLS * self.posterior().prior_variance().sqrt();
        mean.first()
            .zip(mean.get(1))
            .is_some_and(|(at, in_)| at - in_ > least)
    }
}

/// At which end a coordinate is, if at one (`true`: the upper), and a coordinate inward of it.
fn end(axis: &Axis, u: f64) -> Option<(bool, f64)> {
    match axis {
        Axis::Unit { .. } if u <= EDGE => Some((false, u + INWARD)),
        Axis::Unit { .. } if u >= 1.0 - EDGE => Some((true, u - INWARD)),
        Axis::Grid { count, .. } if *count >= LEAST_VALUES => {
            let last = count - 1;
            let at = |k: u64| (u - axis.coordinate(k)).abs() < 1e-9;
            match (at(0), at(last)) {
                (true, _) => Some((false, axis.coordinate(1))),
                (_, true) => Some((true, axis.coordinate(last - 1))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The range with one end further out: times a power of its ratio on a log scale, else plus a share of its width; zero is
/// not crossed, and what counts things is not brought to none. `None`: nothing lies beyond.
fn wider(axis: &Axis, upper: bool) -> Option<(f64, f64)> {
    let (low, high, log) = match *axis {
        Axis::Unit { low, high, log } => (low, high, log),
        #[expect(clippy::cast_precision_loss, reason = "grids have few points")]
        Axis::Grid {
            first,
            step,
            count,
            log,
            ..
        } => (first, first + step * (count - 1) as f64, log),
        Axis::Category { .. } => return None,
    };
    let outward = match (log, upper) {
        (true, true) => high * (high / low).powf(WIDER),
        (true, false) => low / (high / low).powf(WIDER),
        (false, true) => high + WIDER * (high - low),
        (false, false) => low - WIDER * (high - low),
    };
    let is_integer = matches!(axis, Axis::Grid { integer: true, .. });
    let within = match upper {
        false if low > 0.0 && is_integer => outward.max(1.0),
        false if low >= 0.0 => outward.max(0.0),
        true if high <= 0.0 => outward.min(0.0),
        _ => outward,
    };
    // On a grid by whole steps, at least one where there is room for it.
    let moved = match *axis {
        Axis::Grid { step, .. } => {
            let end = if upper { high } else { low };
            let room = ((within - end).abs() / step + 1e-9).floor();
            let least = if within == outward { room.max(1.0) } else { room };
            end + if upper { least * step } else { -least * step }
        }
        _ => within,
    };
    match upper {
        true if moved > high => Some((low, moved)),
        false if moved < low => Some((moved, high)),
        _ => None,
    }
    .filter(|(low, high)| low.is_finite() && high.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(low: f64, high: f64, log: bool) -> Axis {
        Axis::Unit { low, high, log }
    }

    fn integers(first: f64, step: f64, count: u64, log: bool) -> Axis {
        Axis::Grid {
            first,
            step,
            count,
            log,
            integer: true,
        }
    }

    #[test]
    fn a_wider_range_never_crosses_zero_and_is_a_factor_on_a_log_scale() {
        let (low, high) = wider(&unit(1e-4, 1.0, true), false).unwrap();
        assert!((low / 1e-5 - 1.0).abs() < 1e-12 && high == 1.0);
        let (low, high) = wider(&unit(1e-4, 1.0, true), true).unwrap();
        assert!(low == 1e-4 && (high / 10.0 - 1.0).abs() < 1e-12);
        assert_eq!(wider(&unit(0.1, 0.9, false), false), Some((0.0, 0.9)));
        assert_eq!(wider(&unit(0.0, 0.5, false), false), None);
        assert_eq!(wider(&unit(-1.0, 1.0, false), false), Some((-1.5, 1.0)));
        assert_eq!(wider(&unit(-4.0, -0.5, false), true), Some((-4.0, 0.0)));
        assert_eq!(wider(&unit(-4.0, 0.0, false), true), None);
    }

    #[test]
    fn a_grid_is_widened_by_whole_steps_and_counts_stay_above_none() {
        assert_eq!(wider(&integers(1.0, 1.0, 8, false), true), Some((1.0, 9.0)));
        assert_eq!(wider(&integers(1.0, 1.0, 8, false), false), None);
        assert_eq!(wider(&integers(8.0, 8.0, 8, false), false), None);
        assert_eq!(wider(&integers(4.0, 1.0, 9, false), false), Some((2.0, 12.0)));
        assert_eq!(wider(&integers(16.0, 1.0, 241, true), true), Some((16.0, 512.0)));
        assert_eq!(wider(&integers(0.0, 1.0, 5, false), true), Some((0.0, 5.0)));
    }
}
