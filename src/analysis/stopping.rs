//! Is it time to stop? Advice in words; nothing stops by itself.

use super::surrogate::{Surrogate, matrix};
use crate::acquisition::ei;
use crate::acquisition::sobol::Sobol;

/// Share of the spread below which what is left to gain is not worth a trial (the 1 % rule of Jones et al.
/// 1998).
const SHARE: f64 = 0.01;

/// What a further trial may bring, in the user's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// The largest expected improvement over a spread of places and the best trials.
    pub expected: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Distance from the median value to the best.
    pub spread: f64,
}

impl Surrogate {
    /// What a further trial may bring. A look at 512 places and the neighbourhood of the best trials, not a
    /// full maximisation.
    #[must_use]
    pub fn gain(&self) -> Gain {
        let encoder = &self.training().encoder;
        // Sobol points set switches at random where no rule does: both branches are looked at.
        let mut sobol = Sobol::new(encoder.dims(), self.settings().seed);
        let mut points: Vec<Vec<f64>> = (0..512).map(|_| encoder.snap(&sobol.next_point()).0).collect();
        for center in self.best_rows(4) {
            for scale in [0.02, 0.1] {
                for _ in 0..32 {
                    let shift = sobol.next_point();
                    let near: Vec<f64> = center
                        .iter()
                        .zip(shift)
                        .map(|(c, s)| c + scale * (2.0 * s - 1.0))
                        .collect();
                    points.push(encoder.snap(&near).0);
                }
            }
        }
        let at = self.posterior().predict(&matrix(&points, encoder.dims()));
        let best = at
            .mean
            .iter()
            .zip(&at.variance)
            .zip(self.log_weight(&points))
            .map(|((m, v), weight)| ei::log_ei(*m, v.sqrt(), self.incumbent(), 0.0).value + weight)
            .fold(f64::NEG_INFINITY, f64::max);
        let mut values: Vec<f64> = self.observed().map(|(_, value, _)| value).collect();
        values.sort_by(f64::total_cmp);
        let median = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        let top = self.output().to_user(self.incumbent());
        Gain {
            expected: best.exp() * self.slope(self.incumbent()).abs(),
            noise: self.summary.noise_sd,
            spread: (median - top).abs(),
        }
    }

    /// Whether another trial is worth its cost, as one sentence.
    #[must_use]
    pub fn stopping_advice(&self) -> String {
        if self.summary.prior_only {
            return "Too few trials to say what is left to gain.".to_owned();
        }
        let gain = self.gain();
        let (expected, noise, spread) = (short(gain.expected), short(gain.noise), short(gain.spread));
        if gain.expected < SHARE * gain.spread {
            format!(
                "The best next trial is expected to gain {expected}, less than 1 % of what was gained so far ({spread}): \
                 stopping costs little."
            )
        } else if gain.expected < gain.noise {
            format!(
                "The best next trial is expected to gain {expected}, less than the noise ({noise}): \
                 repeating the best says more than searching on."
            )
        } else {
            format!("Worth going on: the best next trial is expected to gain {expected} (noise {noise}).")
        }
    }
}

/// Two significant digits.
fn short(x: f64) -> String {
    let rounded: f64 = format!("{x:.1e}").parse().unwrap_or(x);
    if rounded == 0.0 || (1e-3..1e5).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}
