//! The variance that is left at a candidate once a sample of the maximum is known.

use nalgebra::DVector;

use crate::acquisition::truncated;

/// One sample of the maximum: what conditioning on it does. Its functionals are orthonormal, so that slopes and value
/// enter one after the other.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Posterior means of the slopes, which are known to be 0.
    slope_means: Vec<f64>,
    /// Mean and deviation of `f(x*)` given the slopes.
    mean: f64,
    sd: f64,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    /// C2 and C3: mean and variance of `f(x*)` after C2.
    Place { mean: f64, variance: f64 },
    /// `f(x*)` itself.
    Height(f64),
}

/// The variance at a candidate after conditioning, and its derivatives by the candidate's moments and by its
/// covariance with the (standardised) value at the maximum.
#[derive(Clone, Copy, Debug)]
pub(super) struct After {
    pub variance: f64,
    /// By the mean and the variance given the slopes: those of the candidate itself, too.
    pub by_mean: f64,
    pub by_variance: f64,
    pub by_covariance: f64,
}

impl Known {
    /// PES: `means` of the orthonormal functionals, `sd` of the value given the slopes, C2 against `best`.
    pub(super) fn place(means: &DVector<f64>, sd: f64, best: f64, noise: f64) -> Self {
        let (slope_means, mean) = split(means, sd);
        let variance = sd * sd;
        let whole = variance + noise;
        let cut = truncated::below((mean - best) / whole.sqrt());
        let then = Then::Place {
            mean: mean + variance * cut.lambda / whole.sqrt(),
            // V(1 − V·share/(V + σn²)), in two positive terms.
            variance: variance * (noise + variance * cut.left) / whole,
        };
        Self {
            slope_means,
            mean,
            sd,
            then,
        }
    }

    /// JES: the height is known.
    pub(super) fn height(means: &DVector<f64>, sd: f64, height: f64) -> Self {
        let (slope_means, mean) = split(means, sd);
        Self {
            slope_means,
            mean,
            sd,
            then: Then::Height(height),
        }
    }

    pub(super) fn slope_means(&self) -> &[f64] {
        &self.slope_means
    }

    /// What is left of the variance of `f` at a candidate with these moments and covariances with the
    /// functionals.
    pub(super) fn after(&self, mean: f64, variance: f64, covariances: &[f64]) -> After {
        let (of_value, of_slopes) = covariances
            .split_last()
            .map_or((0.0, covariances), |(l, s)| (*l, s));
        let mut m1 = mean;
        let mut v1 = variance;
        for (a, slope) in of_slopes.iter().zip(&self.slope_means) {
            m1 -= a * slope;
            v1 -= a * a;
        }
        match self.then {
            Then::Place { mean, variance } => self.after_place(m1, v1, of_value, mean, variance),
            Then::Height(height) => self.after_height(m1, v1, of_value, height),
        }
    }

    /// C2 and C3. With `ρ = c/V*`: `V₁₁ = v + ρ²(V*′ − V*)`, `V₁₂ = ρV*′`, `V₂₂ = V*′`, `s = V₁₁ + V₂₂ − 2V₁₂`,
    /// `a = (μ*′ − m′)/√s`, and `V₁₁ − λ(λ + a)(V₁₁ − V₁₂)²/s` is left.
    fn after_place(&self, m1: f64, v1: f64, c: f64, star_mean: f64, star_variance: f64) -> After {
        let rho = c / self.sd;
        let (shift, shrink) = (star_mean - self.mean, star_variance - self.sd * self.sd);
        let m = m1 + rho * shift;
        let v11 = (v1 + rho * rho * shrink).max(0.0);
        let v12 = rho * star_variance;
        let s = v11 + star_variance - 2.0 * v12;
        let e = v11 - v12;
        if s <= 1e-12 * (v11 + star_variance) || v11 == 0.0 {
            // The candidate is the maximum.
            return After {
                variance: v11,
                by_mean: 0.0,
                by_variance: 1.0,
                by_covariance: 2.0 * rho * shrink / self.sd,
            };
        }
        let a = (star_mean - m) / s.sqrt();
        let cut = truncated::below(a);
        let part = e * e / s;
        let by_s = part * (cut.share / s + 0.5 * cut.share_slope * a / s);
        let by_m = part * cut.share_slope / s.sqrt();
        let by_v11 = 1.0 - 2.0 * cut.share * e / s + by_s;
        let by_v12 = 2.0 * cut.share * e / s - 2.0 * by_s;
        let by_rho = 2.0 * rho * shrink * by_v11 + star_variance * by_v12 + shift * by_m;
        After {
            variance: (v11 - cut.share * part).max(0.0),
            by_mean: by_m,
            by_variance: by_v11,
            by_covariance: by_rho / self.sd,
        }
    }

    /// `v_c = v − ĉ²`, `m_c = m + ĉ(f* − μ*)/√V*`, `γ = (f* − m_c)/√v_c`; `v_c(1 − λ(λ + γ))` is left.
    fn after_height(&self, m1: f64, v1: f64, c: f64, height: f64) -> After {
        let v = v1 - c * c;
        let pull = (height - self.mean) / self.sd;
        if v <= 1e-14 * v1.max(f64::MIN_POSITIVE) {
            return After {
                variance: 0.0,
                by_mean: 0.0,
                by_variance: 0.0,
                by_covariance: 0.0,
            };
        }
        let m = m1 + c * pull;
        let gamma = (height - m) / v.sqrt();
        let cut = truncated::below(gamma);
        let (by_v, by_m) = if cut.share_slope == 0.0 {
            (1.0, 0.0)
        } else {
            (
                cut.left + 0.5 * cut.share_slope * gamma,
                cut.share_slope * v.sqrt(),
            )
        };
        After {
            variance: v * cut.left,
            by_mean: by_m,
            by_variance: by_v,
            by_covariance: pull * by_m - 2.0 * c * by_v,
        }
    }
}

/// Means of the slopes, and the mean of the value given that they are 0.
fn split(means: &DVector<f64>, sd: f64) -> (Vec<f64>, f64) {
    let count = means.len().saturating_sub(1);
    let value = means.get(count).map_or(0.0, |m| m * sd);
    (means.iter().take(count).copied().collect(), value)
}
