//! Max-value entropy search: how much one noiseless look tells about the height of the maximum.
//!
//! `α(x) = 1/K Σ_k [γφ(γ)/(2Φ(γ)) − log Φ(γ)]`, `γ = (y*_k − μ)/σ`, in nats. The maxima `y*_k` follow a Gumbel
//! distribution that is matched to the quartiles of `P(max f ≤ y) ≈ Π_i Φ((y − μ_i)/σ_i)` over a set of candidates,
//! and are its quantiles at `(k − ½)/K`: the same each time, and better spread than random draws.
//!
//! **Units**: model output units, larger is better. **Source**: Wang & Jegelka 2017, arXiv 1703.01968. Checked by
//! `tests/acquisition_entropy.rs`.

use std::f64::consts::LN_2;

use super::ei::Sensitivity;
use super::{normal, truncated};

/// A Gumbel distribution of the maximum, `P(max ≤ y) = exp(−exp(−(y − a)/b))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gumbel {
    /// `a`.
    pub location: f64,
    /// `b`; 0 where all is known.
    pub scale: f64,
    /// The quartiles that it was matched to.
    pub quartiles: [f64; 3],
}

impl Gumbel {
    /// Matches the quartiles of the maximum of independent normals: `b = (q75 − q25)/(ln ln 4 − ln ln 4/3)`,
    /// `a = q50 + b ln ln 2`. `None` without normals.
    #[must_use]
    pub fn match_maximum(mean: &[f64], sd: &[f64]) -> Option<Self> {
        let known = mean
            .iter()
            .zip(sd)
            .filter(|(m, s)| m.is_finite() && (**s <= 0.0 || s.is_nan()))
            .map(|(m, _)| *m)
            .fold(f64::NEG_INFINITY, f64::max);
        let normals: Vec<(f64, f64)> = mean
            .iter()
            .zip(sd)
            .filter(|(m, s)| m.is_finite() && s.is_finite() && **s > 0.0)
            .map(|(m, s)| (*m, *s))
            .collect();
        if normals.is_empty() {
            return known.is_finite().then_some(Self {
                location: known,
                scale: 0.0,
                quartiles: [known; 3],
            });
        }
        let quartiles = [0.25, 0.5, 0.75].map(|p| maximum_quantile(&normals, p).max(known));
        let [q25, q50, q75] = quartiles;
        let scale = (q75 - q25) / (4.0_f64.ln().ln() - (4.0_f64 / 3.0).ln().ln());
        Some(Self {
            location: q50 + scale * LN_2.ln(),
            scale,
            quartiles,
        })
    }

    /// `a − b ln(−ln u)` for `u` in `(0, 1)`.
    #[must_use]
    pub fn quantile(&self, u: f64) -> f64 {
        if self.scale == 0.0 {
            self.location
        } else {
            self.location - self.scale * (-u.ln()).ln()
        }
    }
}

/// The `y` with `Π Φ((y − μ_i)/σ_i) = p`: Newton on its logarithm, which is concave and increasing, kept inside a bracket.
fn maximum_quantile(normals: &[(f64, f64)], p: f64) -> f64 {
    let target = p.ln();
    let each = normal::quantile(p);
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let all = normal::quantile(p.powf(1.0 / normals.len() as f64));
    // The maximum lies above each of them, and below the largest if all were as likely to be it.
    let mut low = normals
        .iter()
        .map(|(m, s)| m + each * s)
        .fold(f64::NEG_INFINITY, f64::max);
    let mut high = normals
        .iter()
        .map(|(m, s)| m + all * s)
        .fold(f64::NEG_INFINITY, f64::max);
    // Normals that are surely below the lower end add nothing to the last digit.
    let close: Vec<(f64, f64)> = normals
        .iter()
        .copied()
        .filter(|(m, s)| (low - m) / s < 9.0)
        .collect();
    let mut y = low;
    for _ in 0..200 {
        let (mut value, mut slope) = (-target, 0.0);
        for (m, s) in &close {
            let z = (y - m) / s;
            value += normal::log_cdf(z);
            slope += normal::pdf_over_cdf(z) / s;
        }
        if value < 0.0 {
            low = y;
        } else {
            high = y;
        }
        let newton = y - value / slope;
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        let done = (next - y).abs() <= 1e-14 * (1.0 + y.abs());
        y = next;
        if done || high - low <= 1e-15 * (1.0 + y.abs()) {
            break;
        }
    }
    y
}

/// Values that the maximum may have, all as likely.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxValues {
    samples: Vec<f64>,
}

impl MaxValues {
    /// How many are used.
    pub const COUNT: usize = 16;

    /// Of given samples `y*`, in model units.
    #[must_use]
    pub fn new(samples: Vec<f64>) -> Self {
        Self { samples }
    }

    /// Quantiles of a Gumbel distribution at `(k − ½)/K`, none below `least`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    pub fn of(gumbel: &Gumbel, count: usize, least: f64) -> Self {
        let samples = (0..count)
            .map(|k| gumbel.quantile((k as f64 + 0.5) / count as f64).max(least))
            .collect();
        Self { samples }
    }

    /// The sampled maxima `y*`, in model units.
    #[must_use]
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// `α` of a place with these moments and its derivatives; 0 where `σ = 0`, or without samples.
    #[must_use]
    pub fn mes(&self, mean: f64, sd: f64) -> Sensitivity {
        let mut out = Sensitivity {
            value: 0.0,
            d_mean: 0.0,
            d_sd: 0.0,
        };
        if sd <= 0.0 || sd.is_nan() || self.samples.is_empty() {
            return out;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let share = 1.0 / self.samples.len() as f64;
        for y in &self.samples {
            let gamma = (y - mean) / sd;
            let (value, slope) = truncated::information(gamma);
            out.value += share * value;
            // A slope of 0 far above the maximum, and not 0·∞.
            if slope != 0.0 {
                out.d_mean -= share * slope / sd;
                out.d_sd -= share * slope * gamma / sd;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quartiles_of_the_maximum_of_equal_normals_are_known() {
        // P(max of n ≤ y) = Φ(y)^n.
        let n = 50;
        let gumbel = Gumbel::match_maximum(&vec![0.0; n], &vec![1.0; n]).unwrap();
        for (p, q) in [0.25_f64, 0.5, 0.75].into_iter().zip(gumbel.quartiles) {
            let exact = normal::quantile(p.powf(1.0 / 50.0));
            assert!((q - exact).abs() < 1e-12, "{q} {exact}");
        }
        assert!((gumbel.quantile(0.5) - gumbel.quartiles[1]).abs() < 1e-12);
    }

    #[test]
    fn without_doubt_the_maximum_is_the_largest_mean_and_nothing_is_to_learn() {
        let gumbel = Gumbel::match_maximum(&[0.3, 0.7], &[0.0, 0.0]).unwrap();
        assert_eq!((gumbel.location, gumbel.scale), (0.7, 0.0));
        let values = MaxValues::of(&gumbel, 4, f64::NEG_INFINITY);
        assert_eq!(values.samples(), [0.7; 4]);
        assert_eq!(values.mes(0.7, 0.0).value, 0.0);
        assert_eq!(Gumbel::match_maximum(&[], &[]), None);
        // One sure value among doubtful ones is a lower bound.
        let mixed = Gumbel::match_maximum(&[0.9, 0.0], &[0.0, 0.01]).unwrap();
        assert_eq!(mixed.quartiles, [0.9; 3]);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let values = MaxValues::new(vec![0.9, 1.4, 2.0]);
        for (mean, sd) in [(0.5, 0.4), (-3.0, 0.2), (1.2, 0.05), (3.0, 0.1)] {
            let at = values.mes(mean, sd);
            let h = 1e-6;
            let d_mean = (values.mes(mean + h, sd).value - values.mes(mean - h, sd).value) / (2.0 * h);
            let d_sd = (values.mes(mean, sd + h).value - values.mes(mean, sd - h).value) / (2.0 * h);
            assert!((at.d_mean - d_mean).abs() < 1e-6 * (1.0 + d_mean.abs()));
            assert!((at.d_sd - d_sd).abs() < 1e-6 * (1.0 + d_sd.abs()));
            assert!(at.value >= 0.0);
        }
    }
}
