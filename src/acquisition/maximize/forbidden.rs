//! What must not be proposed: points already seen, regions that a person rejected.

use std::collections::HashSet;

/// Two points closer than this on every continuous coordinate are one.
const SAME: f64 = 1e-6;

/// Points that were tried, are running or wait in a queue.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    exact: HashSet<Vec<u64>>,
    points: Vec<Vec<f64>>,
}

impl Seen {
    #[must_use]
    pub fn new(points: impl IntoIterator<Item = Vec<f64>>) -> Self {
        let mut seen = Self::default();
        for point in points {
            seen.insert(point);
        }
        seen
    }

    /// Takes a point in unit-cube coordinates; one that is known stands once.
    pub fn insert(&mut self, point: Vec<f64>) {
        if self.exact.insert(key(&point)) {
            self.points.push(point);
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether exactly this point is known: enough on grids, and quick.
    #[must_use]
    pub fn holds(&self, point: &[f64]) -> bool {
        self.exact.contains(&key(point))
    }

    /// Whether no known point is this one, to within 1e-6 of the width of a continuous coordinate.
    #[must_use]
    pub fn allows(&self, point: &[f64]) -> bool {
        !self.holds(point)
            && !self
                .points
                .iter()
                .any(|p| p.iter().zip(point).all(|(a, b)| (a - b).abs() < SAME))
    }
}

fn key(point: &[f64]) -> Vec<u64> {
    // Adding zero makes −0 and 0 one key.
    point.iter().map(|u| (u + 0.0).to_bits()).collect()
}

/// A region that candidates must avoid: `√Σ (w_j·Δ_j)² < radius`, where `Δ_j` is the difference of
/// coordinate `j`, or 1 where it is a category that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub center: Vec<f64>,
    pub radius: f64,
    pub weights: Vec<f64>,
    /// Which coordinates are categories.
    pub categories: Vec<bool>,
}

impl Region {
    /// Whether a point, in the same coordinates, lies in it.
    #[must_use]
    pub fn holds(&self, point: &[f64]) -> bool {
        let square: f64 = self
            .center
            .iter()
            .zip(point)
            .enumerate()
            .map(|(j, (a, b))| {
                let difference = if self.categories.get(j).copied().unwrap_or(false) {
                    f64::from(u8::from(a != b))
                } else {
                    a - b
                };
                (difference * self.weights.get(j).copied().unwrap_or(1.0)).powi(2)
            })
            .sum();
        square < self.radius * self.radius
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_within_a_millionth_is_the_same_point() {
        let seen = Seen::new([vec![0.5, 1.0], vec![-0.0, 0.0]]);
        assert!(!seen.allows(&[0.5 + 1e-7, 1.0]));
        assert!(!seen.holds(&[0.5 + 1e-7, 1.0]));
        assert!(seen.allows(&[0.5, 0.0]));
        assert!(seen.holds(&[0.0, 0.0]));
    }

    #[test]
    fn a_region_is_a_ball_that_other_categories_leave() {
        let region = Region {
            center: vec![0.5, 1.0],
            radius: 0.2,
            weights: vec![1.0, 0.5],
            categories: vec![false, true],
        };
        assert!(region.holds(&[0.6, 1.0]));
        assert!(!region.holds(&[0.71, 1.0]));
        assert!(!region.holds(&[0.5, 2.0]));
    }
}
