//! Moves along the discrete coordinates.

use super::{Coordinate, Peak, Request};

/// Coordinates with up to this many values are searched exhaustively.
const EXHAUSTIVE: usize = 16;

/// One pass over the discrete coordinates of every start; says which starts moved. A move must improve by
/// more than rounding, so that alternation ends.
pub fn sweep(request: &Request<'_>, coordinates: &[usize], peaks: &mut [Peak]) -> Vec<bool> {
    let mut moved = vec![false; peaks.len()];
    for &j in coordinates {
        // On long grids steps of powers of two halve the distance to the maximum in each pass.
        for _ in 0..24 {
            if (request.cancel)() || !search(request, j, peaks, &mut moved) {
                break;
            }
        }
    }
    moved
}

/// Tries other values of coordinate `j` for all starts at once; whether another pass may find more.
fn search(request: &Request<'_>, j: usize, peaks: &mut [Peak], moved: &mut [bool]) -> bool {
    let finite = request.free_continuous().is_empty();
    let coordinate = &request.coordinates[j];
    let mut owners = Vec::new();
    let mut points = Vec::new();
    for (i, peak) in peaks.iter().enumerate() {
        for u in alternatives(coordinate, peak.point[j]) {
            let mut point = peak.point.clone();
            point[j] = u;
            if request.is_rejected(&point) || (finite && request.seen.holds(&point)) {
                continue;
            }
            owners.push(i);
            points.push(point);
        }
    }
    let scores = request.landscape.scores(&points);
    let mut any = false;
    for ((i, point), score) in owners.into_iter().zip(points).zip(scores) {
        if improves(score.value, peaks[i].score.value) {
            peaks[i] = Peak { point, score };
            moved[i] = true;
            any = true;
        }
    }
    any && coordinate.count().is_some_and(|count| count > EXHAUSTIVE)
}

/// More than the rounding noise of a posterior.
pub fn improves(new: f64, old: f64) -> bool {
    new > old + 1e-10 * (1.0 + old.abs()) || (old == f64::NEG_INFINITY && new > old)
}

/// Values to try instead of `u`.
fn alternatives(coordinate: &Coordinate, u: f64) -> Vec<f64> {
    let Some(count) = coordinate.count() else {
        return Vec::new();
    };
    let here = coordinate.nearest(u);
    let mut numbers: Vec<usize> = Vec::new();
    if count <= EXHAUSTIVE || matches!(coordinate, Coordinate::Category(_)) {
        numbers.extend(0..count);
    } else {
        numbers.extend((0..EXHAUSTIVE).map(|k| k * (count - 1) / (EXHAUSTIVE - 1)));
        let mut step = 1;
        while step < count {
            numbers.extend([here.saturating_sub(step), (here + step).min(count - 1)]);
            step *= 2;
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers.retain(|k| *k != here);
    numbers.into_iter().map(|k| coordinate.value(k)).collect()
}

/// All points that differ from `point` in one discrete coordinate.
pub fn neighbours(request: &Request<'_>, point: &[f64]) -> Vec<Vec<f64>> {
    if point.is_empty() {
        return Vec::new();
    }
    request
        .free_discrete()
        .into_iter()
        .flat_map(|j| {
            alternatives(&request.coordinates[j], point[j])
                .into_iter()
                .map(move |u| (j, u))
        })
        .map(|(j, u)| {
            let mut other = point.to_vec();
            other[j] = u;
            (request.snap)(&other)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_grid_is_tried_at_powers_of_two_and_a_short_one_everywhere() {
        let long = Coordinate::Levels((0..1000).map(|k| f64::from(k) / 999.0).collect());
        let tried = alternatives(&long, 0.5);
        assert!(tried.len() < 40);
        assert!(tried.contains(&(499.0 / 999.0)) || tried.contains(&(501.0 / 999.0)));
        assert_eq!(alternatives(&Coordinate::Category(20), 3.0).len(), 19);
    }
}
