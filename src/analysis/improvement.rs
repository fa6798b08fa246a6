//! Expected improvement at one configuration, taken apart: all that a picture of it shows.
//!
//! With the threshold `T = f* + ξ`, `Δ = μ − T` and `z = Δ/σ` (model output units, larger is better):
//!
//! - `P(improve) = P(f > T) = Φ(z)`,
//! - mean gain `= E[f − T | f > T] = EI/Φ(z) = Δ + σ·φ(z)/Φ(z)`,
//! - `EI = Φ(z) · mean gain = Δ·Φ(z) + σ·φ(z)`: exploitation and exploration,
//! - `∂EI/∂μ = Φ(z)`, `∂EI/∂σ = φ(z)`.
//!
//! What is believed of the value itself is told as quantiles in the user's units, so that a density can be drawn on any
//! axis, through any output transform: a share of probability is a difference of [`Improvement::share_beyond`].
//! Checked by `tests/lab_numbers.rs`.

use crate::acquisition::{AcquisitionFunction, AcquisitionSettings, ei, normal, pi};
use crate::analysis::surrogate::Surrogate;
use crate::study::{StudyError, Value};

/// Half of the quantiles are on each side of the median, `1/PER_SD` standard deviations apart.
const REACH: i32 = 48;
const PER_SD: i32 = 8;

/// Expected improvement at one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Improvement {
    /// Model output units, larger is better; pending trials are counted, as in the acquisition functions.
    pub mean: f64,
    pub sd: f64,
    pub incumbent: f64,
    pub xi: f64,
    /// `(μ − f* − ξ)/σ`; infinite where σ is 0.
    pub z: f64,
    /// `Φ(z)`: also `∂EI/∂μ`.
    pub probability: f64,
    /// `φ(z)`: `∂EI/∂σ`.
    pub density: f64,
    /// `EI/Φ(z)`: what is gained on average where something is gained.
    pub gain: f64,
    pub ei: f64,
    pub exploitation: f64,
    pub exploration: f64,
    /// `f*` and `f* + ξ` in the user's units.
    pub best: f64,
    pub threshold: f64,
    /// The terms are those of [`ei::misprinted`]: its EI is what is *lost* on average, its probability that of a loss.
    pub is_misprinted: bool,
    /// What one unit of the model's output is in the user's units beyond the threshold, where it is the same
    /// everywhere there.
    pub unit: Option<f64>,
    /// `(z, value)` in ascending z: the value in the user's units that is `z` standard deviations above the mean.
    quantiles: Vec<(f64, f64)>,
}

impl Improvement {
    /// From moments in model units, the incumbent and ξ; `to_user` maps a model output to the user's units, one to one.
    #[must_use]
    pub fn of((mean, sd): (f64, f64), incumbent: f64, xi: f64, to_user: &dyn Fn(f64) -> f64) -> Self {
        let threshold = incumbent + xi;
        let improvement = mean - threshold;
        let sensitivity = ei::ei(mean, sd, incumbent, xi);
        let terms = ei::terms(mean, sd, incumbent, xi);
        let z = if sd > 0.0 {
            improvement / sd
        } else {
            improvement.signum() * f64::INFINITY
        };
        // As logarithms: far below the incumbent both vanish and their ratio does not.
        let gain = if sd > 0.0 {
            let log_ei = ei::log_ei(mean, sd, incumbent, xi).value;
            (log_ei - pi::log_pi(mean, sd, incumbent, xi).value).exp()
        } else {
            improvement.max(0.0)
        };
        let step = |k: f64| (to_user(threshold + k) - to_user(threshold)).abs() / k;
        let (near, far) = (step(0.01), step(1.0));
        Self {
            mean,
            sd,
            incumbent,
            xi,
            z,
            probability: sensitivity.d_mean,
            density: if sd > 0.0 { normal::pdf(z) } else { 0.0 },
            gain,
            ei: sensitivity.value,
            exploitation: terms.exploitation,
            exploration: terms.exploration,
            best: to_user(incumbent),
            threshold: to_user(threshold),
            is_misprinted: false,
            unit: ((near - far).abs() <= 1e-6 * far && far > 0.0).then_some(far),
            quantiles: (-REACH..=REACH)
                .map(|k| f64::from(k) / f64::from(PER_SD))
                .map(|z| (z, to_user(mean + z * sd)))
                .collect(),
        }
    }

    /// The same belief as the misprinted formula weighs it: every number of EI is that at the mean mirrored in the
    /// incumbent, where `Z = (f* − μ − ξ)/σ`.
    #[must_use]
    pub fn misprinted(self, to_user: &dyn Fn(f64) -> f64) -> Self {
        let mirrored = (2.0 * self.incumbent - self.mean, self.sd);
        let wrong = Self::of(mirrored, self.incumbent, self.xi, to_user);
        Self {
            z: wrong.z,
            probability: wrong.probability,
            density: wrong.density,
            gain: wrong.gain,
            ei: wrong.ei,
            exploitation: wrong.exploitation,
            exploration: wrong.exploration,
            threshold: to_user(self.incumbent - self.xi),
            is_misprinted: true,
            ..self
        }
    }

    /// The quantile at `z` standard deviations above the mean (in the direction of better values), in the user's units.
    #[must_use]
    pub fn quantile(&self, z: f64) -> f64 {
        let i = self.quantiles.partition_point(|q| q.0 < z);
        interpolated(&self.quantiles, i, z, |q| q.0, |q| q.1)
    }

    /// The probability that the value is better than `value` (user's units).
    #[must_use]
    pub fn share_beyond(&self, value: f64) -> f64 {
        normal::cdf(-self.z_of(value))
    }

    /// How many standard deviations a value in the user's units lies above the mean, in the direction of better values.
    fn z_of(&self, value: f64) -> f64 {
        let (Some(worst), Some(best)) = (self.quantiles.first(), self.quantiles.last()) else {
            return f64::NAN;
        };
        if worst.1 == best.1 {
            return if value == best.1 { 0.0 } else { f64::INFINITY };
        }
        // Ascending in z: ascending in the value where larger is better, descending where smaller is.
        let sign = if best.1 > worst.1 { 1.0 } else { -1.0 };
        let at = sign * value;
        if at <= sign * worst.1 {
            return f64::NEG_INFINITY;
        }
        if at >= sign * best.1 {
            return f64::INFINITY;
        }
        let i = self.quantiles.partition_point(|q| sign * q.1 < at);
        interpolated(&self.quantiles, i, at, |q| sign * q.1, |q| q.0)
    }

    /// Whether better values are smaller ones.
    #[must_use]
    pub fn is_downward(&self) -> bool {
        match (self.quantiles.first(), self.quantiles.last()) {
            (Some(worst), Some(best)) => best.1 < worst.1,
            _ => false,
        }
    }
}

/// Between the entries before and at `i`.
fn interpolated(
    table: &[(f64, f64)],
    i: usize,
    at: f64,
    x: impl Fn(&(f64, f64)) -> f64,
    y: impl Fn(&(f64, f64)) -> f64,
) -> f64 {
    let last = table.len().saturating_sub(1);
    let (Some(a), Some(b)) = (table.get(i.saturating_sub(1).min(last)), table.get(i.min(last))) else {
        return f64::NAN;
    };
    let width = x(b) - x(a);
    if width == 0.0 {
        return y(b);
    }
    y(a) + (at - x(a)) / width * (y(b) - y(a))
}

impl Surrogate {
    /// Expected improvement at a configuration, taken apart. The same numbers as [`Surrogate::readout`] gives.
    ///
    /// # Errors
    /// As [`Surrogate::predict`].
    pub fn improvement(
        &self,
        configuration: &[Value],
        acquisition: &AcquisitionSettings,
    ) -> Result<Improvement, StudyError> {
        let at = self.predict(configuration)?;
        let to_user = |t: f64| self.output().to_user(t);
        let moments = (at.model_mean, at.model_sd);
        let told = Improvement::of(moments, at.model_incumbent, acquisition.xi, &to_user);
        Ok(match acquisition.function {
            AcquisitionFunction::MisprintedEi => told.misprinted(&to_user),
            _ => told,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mean: f64, sd: f64, incumbent: f64, xi: f64) -> Improvement {
        // Minimised, one model unit is a fifth of the user's.
        Improvement::of((mean, sd), incumbent, xi, &|t| 3.0 - 0.2 * t)
    }

    /// Trapezoid over the part of `N(f; μ, σ²)` beyond the threshold.
    fn integral(mean: f64, sd: f64, threshold: f64, weight: impl Fn(f64) -> f64) -> f64 {
        let (top, steps) = (mean + 12.0 * sd, 400_000);
        let width = (top - threshold) / f64::from(steps);
        (0..=steps)
            .map(|i| threshold + f64::from(i) * width)
            .map(|f| weight(f) * normal::pdf((f - mean) / sd) / sd * width)
            .sum()
    }

    #[test]
    fn the_shaded_part_has_the_probability_and_the_mean_gain_that_are_told() {
        for (mean, sd, incumbent, xi) in [(0.3, 0.5, 0.7, 0.0), (1.2, 0.4, 0.7, 0.1), (-0.4, 0.9, 0.2, 0.05)]
        {
            let told = at(mean, sd, incumbent, xi);
            let threshold = incumbent + xi;
            let mass = integral(mean, sd, threshold, |_| 1.0);
            let gain = integral(mean, sd, threshold, |f| f - threshold) / mass;
            assert!((told.probability - mass).abs() < 1e-4, "{}", told.probability);
            assert!((told.gain - gain).abs() < 1e-4, "{} {gain}", told.gain);
            assert!((told.probability * told.gain - told.ei).abs() < 1e-12);
            assert!((told.exploitation + told.exploration - told.ei).abs() < 1e-12);
            assert!((told.share_beyond(told.threshold) - told.probability).abs() < 1e-9);
        }
    }

    #[test]
    fn shares_of_the_density_add_up_and_fall_towards_better_values() {
        let told = at(0.3, 0.5, 0.7, 0.0);
        assert!(told.is_downward());
        assert_eq!((told.share_beyond(1e9), told.share_beyond(-1e9)), (1.0, 0.0));
        let edges: Vec<f64> = (0..=40).map(|k| 2.0 + 0.05 * f64::from(k)).collect();
        let shares: Vec<f64> = edges
            .windows(2)
            .map(|w| told.share_beyond(w[1]) - told.share_beyond(w[0]))
            .collect();
        assert!(shares.iter().all(|s| *s >= 0.0));
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((told.quantile(0.0) - (3.0 - 0.2 * 0.3)).abs() < 1e-12);
        assert!((told.unit.unwrap() - 0.2).abs() < 1e-9);
    }

    #[test]
    fn derivatives_are_those_of_the_sum() {
        let (mean, sd, incumbent, step) = (0.2, 0.6, 0.5, 1e-6);
        let told = at(mean, sd, incumbent, 0.1);
        let by_mean =
            (at(mean + step, sd, incumbent, 0.1).ei - at(mean - step, sd, incumbent, 0.1).ei) / (2.0 * step);
        let by_sd =
            (at(mean, sd + step, incumbent, 0.1).ei - at(mean, sd - step, incumbent, 0.1).ei) / (2.0 * step);
        assert!((told.probability - by_mean).abs() < 1e-7);
        assert!((told.density - by_sd).abs() < 1e-7);
    }

    #[test]
    fn without_doubt_and_far_down_nothing_is_undefined_that_need_not_be() {
        let sure = at(0.9, 0.0, 0.5, 0.0);
        assert_eq!((sure.probability, sure.ei, sure.exploration), (1.0, 0.4, 0.0));
        assert_eq!(sure.z, f64::INFINITY);
        let far = at(-30.0, 0.3, 0.5, 0.0);
        assert!(far.gain.is_finite() && far.gain > 0.0 && far.ei >= 0.0);
    }
}
