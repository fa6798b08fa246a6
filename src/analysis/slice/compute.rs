//! Slices from a surrogate.

use super::{Slice, SliceKind, SlicePoint, SliceTrial};
use crate::acquisition::AcquisitionSettings;
use crate::acquisition::ranking::Ranking;
use crate::analysis::surrogate::Surrogate;
use crate::study::Value;
use crate::study::encoding::Axis;

/// At most so many steps are drawn of a grid.
const MOST_STEPS: u64 = 64;

/// Trials that a slice keeps: those nearest to it.
const MOST_TRIALS: usize = 2000;

impl Surrogate {
    /// One slice a parameter that has a coordinate, in the order of the space, through the probe.
    /// `points` is the number of places along a continuum.
    ///
    /// `None` where the probe has no coordinates, or on cancellation.
    #[must_use]
    pub fn slices(
        &self,
        probe: &[Value],
        acquisition: &AcquisitionSettings,
        suggestion: Option<&[Value]>,
        points: usize,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Vec<Slice>> {
        let encoder = &self.training().encoder;
        let probe = self.training().point(probe).ok()?;
        let suggestion = suggestion.and_then(|s| self.training().point(s).ok());
        let incumbent = self.best_point();
        let ranking = self.ranking(acquisition, cancel)?;
        (0..encoder.own_dims())
            .map(|j| {
                let axis = encoder.axis(j);
                let place = |point: &Vec<f64>| position(axis, point[j]);
                let drawn = self.slice_points(j, &probe, (&ranking, acquisition), points, cancel)?;
                let best_acquisition = largest(&drawn);
                Some(Slice {
                    param: encoder.param_of(j),
                    kind: kind(axis),
                    best_acquisition,
                    points: drawn,
                    trials: self.slice_trials(j, &probe),
                    incumbent: incumbent.as_ref().map(place),
                    suggestion: suggestion.as_ref().map(place),
                    probe: position(axis, probe[j]),
                })
            })
            .collect()
    }

    /// The posterior, an acquisition function and, as that has them, the terms of EI along coordinate `j`; `None` on
    /// cancellation.
    pub(in crate::analysis) fn slice_points(
        &self,
        j: usize,
        probe: &[f64],
        (ranking, acquisition): (&Ranking, &AcquisitionSettings),
        points: usize,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Vec<SlicePoint>> {
        if cancel() {
            return None;
        }
        let encoder = &self.training().encoder;
        let axis = encoder.axis(j);
        let places = places(axis, points, MOST_STEPS);
        let along: Vec<Vec<f64>> = places
            .iter()
            .map(|u| {
                let mut point = probe.to_vec();
                point[j] = *u;
                point
            })
            .collect();
        let settled: Vec<Vec<f64>> = along
            .iter()
            .map(|point| {
                let mut point = point.clone();
                encoder.settle(&mut point);
                point
            })
            .collect();
        let moments = self.moments(&settled);
        let values = self.values(ranking, &settled, &moments);
        let has_constraints = self.feasibility_counts().is_some();
        let drawn = moments
            .into_iter()
            .zip(values)
            .zip(along)
            .map(|((at, climbed), point)| {
                let bands = self.bands(at.mean, at.sd);
                let terms = acquisition.terms(at.mean, at.believed_sd, self.believed_incumbent());
                let value = encoder.decode(&point).swap_remove(encoder.param_of(j));
                SlicePoint {
                    position: position(axis, point[j]),
                    value,
                    mean: bands.median,
                    low68: bands.low68,
                    high68: bands.high68,
                    low95: bands.low95,
                    high95: bands.high95,
                    acquisition: ranking.linear(climbed),
                    exploitation: terms.exploitation,
                    exploration: terms.exploration,
                    p_feasible: has_constraints.then(|| at.log_feasible.exp()),
                }
            })
            .collect();
        Some(drawn)
    }

    /// Trials, weakest first, weighed by the prior correlation with their foot on the slice.
    pub(in crate::analysis) fn slice_trials(&self, j: usize, probe: &[f64]) -> Vec<SliceTrial> {
        let axis = self.training().encoder.axis(j);
        let mut trials: Vec<SliceTrial> = self
            .observed()
            .filter(|(trial, ..)| self.takes_part(*trial, j))
            .map(|(trial, value, point)| {
                let mut foot = probe.to_vec();
                foot[j] = point[j];
                SliceTrial {
                    trial,
                    position: position(axis, point[j]),
                    value,
                    weight: self.posterior().prior_correlation(&point, &foot),
                }
            })
            .collect();
        trials.sort_by(|a, b| a.weight.total_cmp(&b.weight));
        // More than can be drawn is only memory, and there is a list for every parameter.
        trials.drain(..trials.len().saturating_sub(MOST_TRIALS));
        trials.shrink_to_fit();
        trials
    }
}

/// Place of a coordinate along a drawn axis.
pub(in crate::analysis) fn position(axis: &Axis, u: f64) -> f64 {
    match axis {
        #[expect(clippy::cast_precision_loss, reason = "few choices")]
        Axis::Category { count } => (u + 0.5) / *count as f64,
        Axis::Unit { .. } | Axis::Grid { .. } => u,
    }
}

/// Coordinates to evaluate along an axis: `points` of a continuum, at most `steps` of a grid (the ends among
/// them), every choice.
pub(in crate::analysis) fn places(axis: &Axis, points: usize, steps: u64) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "few places")]
    match axis.count() {
        None => (0..points)
            .map(|k| k as f64 / (points.max(2) - 1) as f64)
            .collect(),
        Some(count) if axis.is_category() || count <= steps => {
            (0..count).map(|k| axis.coordinate(k)).collect()
        }
        Some(count) => (0..steps)
            .map(|k| {
                // Rounded thinning; u128 because a count may be large.
                let last = u128::from(count - 1);
                let divisor = u128::from(steps.max(2) - 1);
                let index = (u128::from(k) * last + divisor / 2) / divisor;
                axis.coordinate(u64::try_from(index).unwrap_or(count - 1))
            })
            .collect(),
    }
}

pub(in crate::analysis) fn kind(axis: &Axis) -> SliceKind {
    match axis {
        Axis::Unit { .. } => SliceKind::Curve,
        Axis::Grid { .. } => SliceKind::Steps,
        Axis::Category { .. } => SliceKind::Choices,
    }
}

fn largest(points: &[SlicePoint]) -> usize {
    points
        .iter()
        .enumerate()
        .filter(|(_, p)| !p.acquisition.is_nan())
        .max_by(|a, b| a.1.acquisition.total_cmp(&b.1.acquisition).then(b.0.cmp(&a.0)))
        .map_or(0, |(i, _)| i)
}
