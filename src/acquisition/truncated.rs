//! The standard normal distribution cut off above: what is left of its variance, and what knowing the cut tells.
//!
//! With `λ = φ(z)/Φ(z)`, a standard normal known to be below `z` has the mean `−λ` and the variance
//! `1 − λ(λ + z)`. For `t = −z > 3` the ratios `r_n` of [`super::normal`] replace every difference that
//! would cancel: `λ = t + r₁`, `λ + z = r₁`, `1 − λ(λ + z) = r₁(2r₂ − r₁)`. **Source**: Rosenbaum 1961 for the moments; the
//! tail forms follow from `r_n = 1/(t + (n+1) r_{n+1})`. Checked below against quadrature and differences.

use super::normal::{HALF_LN_2PI, TAIL, cdf, log_cdf, pdf, tail_ratio_from};

/// A standard normal cut off above `z`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// `λ = φ(z)/Φ(z)`; the mean is `−λ`.
    pub lambda: f64,
    /// The share of the variance that the cut takes away, `λ(λ + z)`, in `[0, 1]`.
    pub share: f64,
    /// The derivative of the share by `z`; never positive.
    pub share_slope: f64,
    /// The share that is left, `1 − λ(λ + z)`, without cancellation.
    pub left: f64,
}

/// What a cut at `z` does to the moments.
#[must_use]
pub fn below(z: f64) -> Cut {
    if z < -TAIL {
        let t = -z;
        let (r1, r2, r3) = (
            tail_ratio_from(t, 1),
            tail_ratio_from(t, 2),
            tail_ratio_from(t, 3),
        );
        let gap = 2.0 * r2 - r1;
        let left = r1 * gap;
        // r₁′ = −r₁(2r₂ − r₁) and r₂′ = −r₂(3r₃ − 2r₂), by t.
        let share_slope = r1 * (r1 * gap - gap * gap - 2.0 * r2 * (3.0 * r3 - 2.0 * r2));
        return Cut {
            lambda: t + r1,
            share: 1.0 - left,
            share_slope,
            left,
        };
    }
    let lambda = pdf(z) / cdf(z);
    let share = lambda * (lambda + z);
    Cut {
        lambda,
        share,
        share_slope: lambda - share * (2.0 * lambda + z),
        left: 1.0 - share,
    }
}

/// How many nats are learned about a standard normal from being told that it is below `z`:
/// `zφ(z)/(2Φ(z)) − log Φ(z)`, with its derivative `−½λ(1 + z(λ + z))`.
///
/// In the tail: `½log 2π + log(t + r₁) − ½t r₁` and `−(t + r₁) r₁ r₂`.
/// **Source**: Wang & Jegelka 2017 (arXiv 1703.01968) eq. 6.
#[must_use]
pub fn information(z: f64) -> (f64, f64) {
    if z < -TAIL {
        let t = -z;
        let (r1, r2) = (tail_ratio_from(t, 1), tail_ratio_from(t, 2));
        let value = HALF_LN_2PI + (t + r1).ln() - 0.5 * t * r1;
        return (value, -(t + r1) * r1 * r2);
    }
    if z == f64::INFINITY {
        return (0.0, 0.0);
    }
    let lambda = pdf(z) / cdf(z);
    let value = 0.5 * z * lambda - log_cdf(z);
    (value, -0.5 * lambda * z.mul_add(lambda + z, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of a standard normal below `z`, by the trapezoid rule.
    fn moments(z: f64) -> (f64, f64) {
        let (steps, width) = (400_000, 12.0);
        let h = width / f64::from(steps);
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        for i in 0..=steps {
            let x = z - f64::from(i) * h;
            // Scaled by the density at the cut, so that nothing underflows.
            let w = (0.5 * (z * z - x * x)).exp() * if i == 0 || i == steps { 0.5 } else { 1.0 };
            mass += w;
            first += w * (x - z);
            second += w * (x - z) * (x - z);
        }
        let mean = first / mass;
        (z + mean, second / mass - mean * mean)
    }

    #[test]
    fn moments_are_those_of_the_cut_distribution() {
        for z in [2.5, 0.3, -1.0, -2.9, -3.1, -6.0, -12.0] {
            let (mean, variance) = moments(z);
            let cut = below(z);
            assert!((cut.lambda + mean).abs() < 1e-7 * (1.0 + mean.abs()), "{z}");
            assert!((cut.left - variance).abs() < 1e-7, "{z} {} {variance}", cut.left);
            assert!((cut.left + cut.share - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn slopes_agree_with_central_differences_down_the_tail() {
        for z in [4.0, 1.0, -1.0, -2.99, -3.01, -8.0, -30.0] {
            let h = 1e-5 * (1.0_f64 + f64::abs(z));
            let share = (below(z - h).left - below(z + h).left) / (2.0 * h);
            let cut = below(z);
            assert!(
                (cut.share_slope - share).abs() < 2e-8 * cut.share_slope.abs() + 1e-10,
                "{z}"
            );
            let (_, slope) = information(z);
            let difference = (information(z + h).0 - information(z - h).0) / (2.0 * h);
            assert!((slope - difference).abs() < 1e-8 * (1.0 + slope.abs()), "{z}");
        }
    }

    #[test]
    fn far_below_the_cut_nothing_is_known_and_far_above_it_everything_is() {
        assert_eq!(information(f64::INFINITY), (0.0, 0.0));
        assert!(information(40.0).0 < 1e-300 && below(40.0).share < 1e-300);
        let deep = below(-1e6);
        assert!((deep.left * 1e12 - 1.0).abs() < 1e-6);
        assert!(information(-1e6).0.is_finite());
    }
}
