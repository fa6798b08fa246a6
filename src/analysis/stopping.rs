//! Is it time to stop? Advice in words; nothing stops by itself.

use super::surrogate::{SuggestRequest, Surrogate, matrix};
use crate::acquisition::ei;
use crate::acquisition::sobol::Sobol;

/// Share of the spread below which what is left to gain is not worth a trial (the 1 % rule of Jones et al.
/// 1998).
pub const SHARE: f64 = 0.01;

/// The central 95 % of a normal distribution, in standard deviations.
const Z95: f64 = 1.96;

/// What a further trial may bring, in the user's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// The largest expected improvement.
    pub expected: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Distance from the median value to the best.
    pub spread: f64,
    /// How much better the best of the upper ends of the 95 % bands is than the best mean: what regret may be at most,
    /// place by place.
    pub bound: f64,
}

/// Whether another trial is worth its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    TooFew,
    /// Every trial violates a constraint.
    NoneFeasible,
    GoOn,
    Repeat,
    Stop,
}

impl Outlook {
    /// The advice in a few words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TooFew => "too early to tell",
            Self::NoneFeasible => "no feasible trial yet",
            Self::GoOn => "worth going on",
            Self::Repeat => "repeat the best",
            Self::Stop => "stopping costs little",
        }
    }
}

/// Advice on stopping.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    pub outlook: Outlook,
    /// With its reasons.
    pub sentence: String,
    /// `None`: nothing can be said of it.
    pub gain: Option<Gain>,
}

impl Surrogate {
    /// What a further trial may bring, beyond the best that is believed to be there (with noise the best mean: the doubt
    /// that a search has of it is a reason to look, not something gained): at the maximum of EI, as a suggestion finds
    /// it, at 512 places of the space and in the neighbourhood of the best trials. Without the maximum too little would be
    /// promised where many parameters leave the others far from it. `None` where there are too few trials to say, and
    /// while no trial is feasible: nothing is had that could be improved on. Checked by `tests/prospects.rs` and
    /// `tests/constraints.rs`.
    #[must_use]
    pub fn gain(&self) -> Option<Gain> {
        if self.summary.prior_only || self.seeks_feasible() {
            return None;
        }
        let encoder = &self.training().encoder;
        let request = SuggestRequest {
            count: 1,
            seed: self.settings().seed,
            ..SuggestRequest::default()
        };
        // None where the space is used up.
        let next = self.suggest(&request, &|| false).unwrap_or_default();
        let next = next.first().and_then(|s| encoder.encode(&s.configuration).ok());
        // Sobol points set switches at random where no rule does: both branches are looked at.
        let mut sobol = Sobol::new(encoder.dims(), self.settings().seed);
        let mut points: Vec<Vec<f64>> = (0..512).map(|_| encoder.snap(&sobol.next_point()).0).collect();
        points.extend(next.map(|point| point.0));
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
        let had = self.best_belief();
        let best = at
            .mean
            .iter()
            .zip(&at.variance)
            .zip(self.log_weight(&points))
            .map(|((m, v), weight)| ei::log_ei(*m, v.sqrt(), had, 0.0).value + weight)
            .fold(f64::NEG_INFINITY, f64::max);
        let upper = at
            .mean
            .iter()
            .zip(&at.variance)
            .map(|(m, v)| m + Z95 * v.sqrt())
            .fold(f64::NEG_INFINITY, f64::max);
        let mut values: Vec<f64> = self.observed().map(|(_, value, _)| value).collect();
        values.sort_by(f64::total_cmp);
        let median = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        let top = self.output().to_user(had);
        Some(Gain {
            expected: best.exp() * self.slope(had).abs(),
            noise: self.summary.noise_sd,
            spread: (median - top).abs(),
            bound: (self.output().to_user(upper.max(had)) - top).abs(),
        })
    }

    /// Whether another trial is worth its cost: in a few words, and as one sentence with the reasons.
    #[must_use]
    pub fn stopping_advice(&self) -> Advice {
        let Some(gain) = self.gain() else {
            return self.why_no_gain();
        };
        let (expected, noise, spread) = (short(gain.expected), short(gain.noise), short(gain.spread));
        let (outlook, sentence) = if gain.expected < SHARE * gain.spread {
            (
                Outlook::Stop,
                format!(
                    "The best next trial is expected to gain {expected}, less than 1 % of what was gained so far ({spread}): \
                     stopping costs little."
                ),
            )
        } else if gain.expected < gain.noise {
            (
                Outlook::Repeat,
                format!(
                    "The best next trial is expected to gain {expected}, less than the noise ({noise}): \
                     repeating the best says more than searching on."
                ),
            )
        } else {
            (
                Outlook::GoOn,
                format!(
                    "Worth going on: the best next trial is expected to gain {expected} (noise {noise})."
                ),
            )
        };
        Advice {
            outlook,
            sentence,
            gain: Some(gain),
        }
    }

    /// The advice where nothing can be said of gains.
    fn why_no_gain(&self) -> Advice {
        let values: Vec<f64> = self.observed().map(|(_, value, _)| value).collect();
        let is_flat = values.len() > 7 && values.windows(2).all(|w| w[0] == w[1]);
        let (outlook, sentence) = if self.seeks_feasible() {
            (
                Outlook::NoneFeasible,
                "No trial is feasible yet: the search first looks for one that violates no constraint.",
            )
        } else if is_flat {
            (
                Outlook::TooFew,
                "All values are alike: nothing says what is left to gain.",
            )
        } else {
            (Outlook::TooFew, "Too few trials to say what is left to gain.")
        };
        Advice {
            outlook,
            sentence: sentence.to_owned(),
            gain: None,
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
