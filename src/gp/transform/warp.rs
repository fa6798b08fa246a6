//! The half-rank warp.

use statrs::distribution::{ContinuousCDF, Normal};

/// Outputs better than the median stay as they are; each worse value becomes
/// `median + s Φ⁻¹(½ (rank − ½)/m)`, with its rank among the different values from the worst, `m` the number of
/// different values below the median (+ ½ where the median itself was observed) and `s` the root mean square distance of the better half
/// to the median. Outliers among the bad lose their weight, the good half keeps its units.
///
/// Where the good half is no wider than noise, ranks would blow noise up to signal: `s` can be given a least value, up to
/// the root mean square distance of the worse half to the median, with which the worse half keeps its spread.
///
/// Between and beyond the known values it is the polygon through them. Source: Vizier's output warping (Song et al. 2024,
/// arXiv 2408.11527).
#[derive(Clone, Debug, PartialEq)]
pub struct HalfRank {
    /// Corners below the median, from the worst up, and the median last: `(output, warped)`.
    corners: Vec<(f64, f64)>,
    scale: f64,
}

impl HalfRank {
    /// `None` where fewer than two values differ, or none lies above the median. `least`: of `s`; 0 leaves it to the good
    /// half.
    #[must_use]
    pub fn fit(y: &[f64], least: f64) -> Option<Self> {
        let mut sorted = y.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        if n < 2 {
            return None;
        }
        let median = if n % 2 == 1 {
            sorted[n / 2]
        } else {
            sorted[n / 2 - 1] + 0.5 * (sorted[n / 2] - sorted[n / 2 - 1])
        };
        let good: Vec<f64> = sorted.iter().copied().filter(|v| *v >= median).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let scale = (good.iter().map(|v| (v - median).powi(2)).sum::<f64>() / good.len() as f64).sqrt();
        // Half of all outputs share the median: any unit will do, the distances below it say which.
        let scale = if scale > 0.0 { scale } else { median - sorted[0] };
        if !(scale.is_finite() && scale > 0.0) {
            return None;
        }
        let mut bad: Vec<f64> = sorted.iter().copied().filter(|v| *v < median).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let spread = (bad.iter().map(|v| (v - median).powi(2)).sum::<f64>() / bad.len().max(1) as f64).sqrt();
        let scale = scale.max(least.min(spread));
        bad.dedup();
        let half = if sorted.contains(&median) { 0.5 } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let denominator = bad.len() as f64 + half;
        let normal = Normal::standard();
        let mut corners: Vec<(f64, f64)> = bad
            .iter()
            .enumerate()
            .map(|(rank, v)| {
                #[expect(clippy::cast_precision_loss, reason = "counts")]
                let p = 0.5 * (rank as f64 + 0.5) / denominator;
                (*v, median + scale * normal.inverse_cdf(p))
            })
            .collect();
        corners.push((median, median));
        Some(Self { corners, scale })
    }

    /// `s`.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The warp of an output; the identity from the median up.
    #[must_use]
    pub fn forward(&self, y: f64) -> f64 {
        polygon(&self.corners, y, |c| *c)
    }

    /// The output with that warp.
    #[must_use]
    pub fn inverse(&self, t: f64) -> f64 {
        polygon(&self.corners, t, |c| (c.1, c.0))
    }
}

/// Straight lines through the corners, the first one extended downwards and the identity above the last.
fn polygon(corners: &[(f64, f64)], x: f64, side: impl Fn(&(f64, f64)) -> (f64, f64)) -> f64 {
    let Some(last) = corners.last().map(&side) else {
        return x;
    };
    if x >= last.0 || corners.len() < 2 {
        return x;
    }
    let above = corners
        .partition_point(|c| side(c).0 <= x)
        .clamp(1, corners.len() - 1);
    let ((x0, y0), (x1, y1)) = (side(&corners[above - 1]), side(&corners[above]));
    if x == x0 {
        return y0;
    }
    y0 + (x - x0) * ((y1 - y0) / (x1 - x0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_good_half_stays_and_the_bad_half_follows_the_documented_ranks() {
        let y = [5.0, 1.0, 4.0, -100.0, 3.0];
        let warp = HalfRank::fit(&y, 0.0).unwrap();
        for good in [3.0, 4.0, 5.0, 9.0] {
            assert!((warp.forward(good) - good).abs() < 1e-15);
        }
        // Median 3 was observed, two values below it: denominator 2.5; s² = (0 + 1 + 4)/3.
        let s = (5.0_f64 / 3.0).sqrt();
        let normal = Normal::standard();
        for (rank, bad) in [(1.0, -100.0), (2.0, 1.0)] {
            let documented = 3.0 + s * normal.inverse_cdf(0.5 * (rank - 0.5) / 2.5);
            assert!((warp.forward(bad) - documented).abs() < 1e-12);
        }
    }

    #[test]
    fn an_even_number_without_an_observed_median_uses_the_plain_count() {
        let warp = HalfRank::fit(&[0.0, 1.0, 2.0, 4.0], 0.0).unwrap();
        // Median 1.5, s² = (0.25 + 6.25)/2, two values below.
        let s = 3.25_f64.sqrt();
        let normal = Normal::standard();
        assert!((warp.forward(0.0) - (1.5 + s * normal.inverse_cdf(0.125))).abs() < 1e-12);
        assert!((warp.forward(1.0) - (1.5 + s * normal.inverse_cdf(0.375))).abs() < 1e-12);
    }

    #[test]
    fn a_least_scale_widens_the_bad_half_up_to_its_own_spread_and_leaves_the_good_half() {
        let y = [5.0, 1.0, 4.0, -2.0, 3.0];
        let narrow = HalfRank::fit(&y, 0.0).unwrap();
        assert_eq!(HalfRank::fit(&y, 0.5), Some(narrow.clone()), "less than it has");
        let wide = HalfRank::fit(&y, 2.0).unwrap();
        assert_eq!(wide.scale(), 2.0);
        assert!((wide.forward(-2.0) - 3.0) / (narrow.forward(-2.0) - 3.0) > 1.5);
        assert_eq!(wide.forward(4.5), 4.5);
        // Of −2 and 1 about 3: √((25 + 4)/2).
        assert!((HalfRank::fit(&y, 1e9).unwrap().scale() - 14.5_f64.sqrt()).abs() < 1e-12);
    }
}
