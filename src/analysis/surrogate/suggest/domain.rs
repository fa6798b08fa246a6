//! Where a search may go: what each coordinate may be, what is locked, what was rejected.

use super::SuggestError;
use crate::acquisition::maximize::{Coordinate, Region};
use crate::analysis::surrogate::training::Training;
use crate::study::encoding::Axis;
use crate::study::{Configuration, Encoder, Study, Value};

/// Grids longer than this are searched as a continuum and rounded at the end.
const MOST_LEVELS: u64 = 65_536;

/// What each coordinate may be: switches are set by their rules, and on where there is none, so that no value is
/// missing where it may be asked for.
pub(in crate::analysis::surrogate) fn coordinates(encoder: &Encoder) -> Vec<Coordinate> {
    (0..encoder.dims())
        .map(|j| {
            if encoder.is_free_switch(j) {
                Coordinate::Levels([1.0].into())
            } else if j >= encoder.own_dims() {
                Coordinate::Category(1)
            } else {
                coordinate(encoder.axis(j))
            }
        })
        .collect()
}

fn coordinate(axis: &Axis) -> Coordinate {
    match (axis, axis.count()) {
        (Axis::Category { count }, _) => Coordinate::Category(*count),
        (Axis::Grid { .. }, Some(count)) if count <= MOST_LEVELS => {
            let levels: Vec<f64> = (0..count).map(|k| axis.coordinate(k)).collect();
            Coordinate::Levels(levels.into())
        }
        _ => Coordinate::Continuous,
    }
}

/// Held coordinates, and the locked values as given.
pub(super) type Fixed = (Vec<Option<f64>>, Vec<Option<Value>>);

/// Coordinates and checked values of the locks.
pub(super) fn fix(study: &Study, encoder: &Encoder, locks: &[Option<Value>]) -> Result<Fixed, SuggestError> {
    let mut fixed = vec![None; encoder.dims()];
    let mut values = vec![None; study.space.len()];
    for (i, parameter) in study.space.params.iter().enumerate() {
        let Some(Some(lock)) = locks.get(i) else {
            continue;
        };
        let value = parameter.check(lock).map_err(SuggestError::Lock)?;
        if let Some(j) = encoder.coordinate_of(i) {
            let u = encoder.coordinate_at(i, &value).map_err(SuggestError::Lock)?;
            // Bit for bit a value of the grid.
            let on_axis = |u: f64| coordinate(encoder.axis(j)).snap(u);
            fixed[j] = u.map(|u| match encoder.axis(j) {
                Axis::Unit { .. } => u,
                Axis::Grid { .. } | Axis::Category { .. } => on_axis(u),
            });
        }
        values[i] = Some(value);
    }
    Ok((fixed, values))
}

/// The neighbourhoods of rejected configurations, as far along each coordinate as its lengthscale reaches.
pub(super) fn regions(
    training: &Training,
    scales: &[f64],
    fixed: &[Option<f64>],
    rejected: &[(Configuration, f64)],
) -> Vec<Region> {
    let shortest = scales
        .iter()
        .zip(fixed)
        .filter(|(_, f)| f.is_none())
        .map(|(l, _)| *l)
        .fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = scales.iter().map(|l| (shortest / l).min(1.0)).collect();
    rejected
        .iter()
        .filter_map(|(configuration, radius)| {
            Some(Region {
                center: training.point(configuration).ok()?,
                radius: *radius,
                weights: weights.clone(),
                categories: training.encoder.axes().map(Axis::is_category).collect(),
            })
        })
        .collect()
}
