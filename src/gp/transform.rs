//! Monotone maps from outputs to what the Gaussian process sees, and back.
//!
//! Larger is better on both sides. All maps increase, so medians and quantiles go through
//! [`OutputTransform::inverse`] as they are. Checked by `tests/transforms.rs`.

pub mod power;

mod warp;

pub use power::{PowerFamily, box_cox, fit_lambda, inverse_box_cox, inverse_yeo_johnson, yeo_johnson};
pub use warp::HalfRank;

/// Which transform to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransformKind {
    Identity,
    /// To mean 0 and standard deviation 1 (with n − 1).
    Standardize,
    /// A power family, λ by likelihood in [−5, 5], then standardised.
    BoxCox,
    YeoJohnson,
    /// The worse half pulled to the shape of a normal by rank, then standardised.
    HalfRank,
    /// As `HalfRank`, with a log warp that spreads the best before standardising.
    #[default]
    HalfRankLog,
}

/// A fitted transform: `t = (w(y) − mean)/sd` with `w` the warp.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputTransform {
    pub warp: Warp,
    /// Of the warped outputs.
    pub mean: f64,
    pub sd: f64,
    /// All outputs are equal (to 1e-12): nothing to learn a scale from, `sd` is 1.
    pub is_constant: bool,
}

/// The non-linear part.
#[derive(Clone, Debug, PartialEq)]
pub enum Warp {
    None,
    BoxCox { lambda: f64 },
    YeoJohnson { lambda: f64 },
    HalfRank { ranks: HalfRank, log: Option<LogWarp> },
}

/// `0.5 − log1p(0.5 (max − y)/(max − min))/ln 1.5`: −0.5 at `min`, 0.5 at `max`, steepest at `max`, and straight
/// on beyond it. Source: Vizier's output warping (Song et al. 2024, arXiv 2408.11527).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogWarp {
    pub min: f64,
    pub max: f64,
}

const LOG_SCALE: f64 = 0.5;

impl LogWarp {
    fn slope_at_max(self) -> f64 {
        LOG_SCALE / ((self.max - self.min) * (1.0 + LOG_SCALE).ln())
    }

    /// The warp of a value.
    #[must_use]
    pub fn forward(self, y: f64) -> f64 {
        if y > self.max {
            return 0.5 + (y - self.max) * self.slope_at_max();
        }
        0.5 - (LOG_SCALE * (self.max - y) / (self.max - self.min)).ln_1p() / (1.0 + LOG_SCALE).ln()
    }

    /// The value with that warp.
    #[must_use]
    pub fn inverse(self, t: f64) -> f64 {
        if t > 0.5 {
            return self.max + (t - 0.5) / self.slope_at_max();
        }
        self.max - (self.max - self.min) / LOG_SCALE * ((0.5 - t) * (1.0 + LOG_SCALE).ln()).exp_m1()
    }
}

impl OutputTransform {
    /// The transform that changes nothing.
    #[must_use]
    pub fn identity() -> Self {
        Self {
            warp: Warp::None,
            mean: 0.0,
            sd: 1.0,
            is_constant: false,
        }
    }

    /// Fits a transform to finite outputs. A warp that does not suit them (Box–Cox with outputs ≤ 0, any with
    /// fewer than two different values) is left out; constant outputs are only shifted.
    #[must_use]
    pub fn fit(kind: TransformKind, y: &[f64]) -> Self {
        Self::fit_spread(kind, y, 0.0)
    }

    /// [`OutputTransform::fit`] with a least scale of a half-rank warp (see [`HalfRank`]), in units of the outputs.
    #[must_use]
    pub fn fit_spread(kind: TransformKind, y: &[f64], least: f64) -> Self {
        let (mean, sd) = mean_and_sd(y);
        let is_constant = sd <= 1e-12 * mean.abs().max(1.0) || y.len() < 2;
        if kind == TransformKind::Identity {
            return Self {
                is_constant,
                ..Self::identity()
            };
        }
        if is_constant {
            return Self {
                warp: Warp::None,
                mean,
                sd: 1.0,
                is_constant,
            };
        }
        let warp = Self::fit_warp(kind, y, least);
        let warped: Vec<f64> = y.iter().map(|v| warp.forward(*v)).collect();
        let (mean, sd) = mean_and_sd(&warped);
        if sd.is_finite() && sd > 1e-12 * mean.abs().max(1e-3) {
            return Self {
                warp,
                mean,
                sd,
                is_constant,
            };
        }
        let (mean, sd) = mean_and_sd(y);
        Self {
            warp: Warp::None,
            mean,
            sd,
            is_constant,
        }
    }

    fn fit_warp(kind: TransformKind, y: &[f64], least: f64) -> Warp {
        match kind {
            TransformKind::Identity | TransformKind::Standardize => Warp::None,
            TransformKind::BoxCox if y.iter().any(|v| *v <= 0.0) => Warp::None,
            TransformKind::BoxCox => Warp::BoxCox {
                lambda: fit_lambda(PowerFamily::BoxCox, y, (-5.0, 5.0)),
            },
            TransformKind::YeoJohnson => Warp::YeoJohnson {
                lambda: fit_lambda(PowerFamily::YeoJohnson, y, (-5.0, 5.0)),
            },
            TransformKind::HalfRank | TransformKind::HalfRankLog => {
                let Some(ranks) = HalfRank::fit(y, least) else {
                    return Warp::None;
                };
                let warped: Vec<f64> = y.iter().map(|v| ranks.forward(*v)).collect();
                let min = warped.iter().copied().fold(f64::INFINITY, f64::min);
                let max = warped.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let log = (kind == TransformKind::HalfRankLog && max > min).then_some(LogWarp { min, max });
                Warp::HalfRank { ranks, log }
            }
        }
    }

    /// The model's value of an output, old or new.
    #[must_use]
    pub fn forward(&self, y: f64) -> f64 {
        (self.warp.forward(y) - self.mean) / self.sd
    }

    /// The output of a model value. Where a power family has an end (`λy + 1 ≤ 0`), that end.
    #[must_use]
    pub fn inverse(&self, t: f64) -> f64 {
        self.warp.inverse(self.mean + self.sd * t)
    }

    /// Whether the map is a straight line, so that means and standard deviations go through it.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        self.warp == Warp::None
    }

    /// `s` of a half-rank warp.
    #[must_use]
    pub fn half_rank_scale(&self) -> Option<f64> {
        match &self.warp {
            Warp::HalfRank { ranks, log: None } => Some(ranks.scale()),
            _ => None,
        }
    }

    /// λ of a power family.
    #[must_use]
    pub fn lambda(&self) -> Option<f64> {
        match self.warp {
            Warp::BoxCox { lambda } | Warp::YeoJohnson { lambda } => Some(lambda),
            Warp::None | Warp::HalfRank { .. } => None,
        }
    }
}

impl Warp {
    fn forward(&self, y: f64) -> f64 {
        match self {
            Self::None => y,
            Self::BoxCox { lambda } => box_cox(y, *lambda),
            Self::YeoJohnson { lambda } => yeo_johnson(y, *lambda),
            Self::HalfRank { ranks, log } => {
                let r = ranks.forward(y);
                log.map_or(r, |log| log.forward(r))
            }
        }
    }

    fn inverse(&self, t: f64) -> f64 {
        match self {
            Self::None => t,
            Self::BoxCox { lambda } => inverse_box_cox(t, *lambda),
            Self::YeoJohnson { lambda } => inverse_yeo_johnson(t, *lambda),
            Self::HalfRank { ranks, log } => ranks.inverse(log.map_or(t, |log| log.inverse(t))),
        }
    }
}

/// Mean and standard deviation with n − 1; 0 for fewer than two numbers.
fn mean_and_sd(y: &[f64]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let n = y.len() as f64;
    if y.is_empty() {
        return (0.0, 0.0);
    }
    let mean = y.iter().sum::<f64>() / n;
    if y.len() < 2 {
        return (mean, 0.0);
    }
    let ss: f64 = y.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (ss / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const Y: [f64; 9] = [-30.0, -3.0, 0.5, 0.7, 0.7, 1.1, 1.2, 1.9, 2.0];
    const KINDS: [TransformKind; 5] = [
        TransformKind::Identity,
        TransformKind::Standardize,
        TransformKind::YeoJohnson,
        TransformKind::HalfRank,
        TransformKind::HalfRankLog,
    ];

    #[test]
    fn every_transform_increases_and_its_inverse_undoes_it_beyond_the_data_too() {
        for kind in KINDS {
            let t = OutputTransform::fit(kind, &Y);
            let mut last = f64::NEG_INFINITY;
            for i in 0..400 {
                let y = -45.0 + 0.125 * f64::from(i);
                let v = t.forward(y);
                assert!(v > last, "{kind:?} at {y}");
                assert!(
                    (t.inverse(v) - y).abs() < 1e-7 * (1.0 + y.abs()),
                    "{kind:?} at {y}: {}",
                    t.inverse(v)
                );
                last = v;
            }
        }
    }

    #[test]
    fn all_but_the_identity_standardise() {
        for kind in &KINDS[1..] {
            let t = OutputTransform::fit(*kind, &Y);
            let (mean, sd) = mean_and_sd(&Y.map(|y| t.forward(y)));
            assert!(mean.abs() < 1e-12 && (sd - 1.0).abs() < 1e-12, "{kind:?}");
        }
    }

    #[test]
    fn constant_outputs_are_shifted_and_marked() {
        for kind in &KINDS[1..] {
            let t = OutputTransform::fit(*kind, &[7.0, 7.0, 7.0]);
            assert!(t.is_constant && t.sd == 1.0 && t.forward(7.0) == 0.0, "{kind:?}");
        }
        assert!(OutputTransform::fit(TransformKind::default(), &[3.0]).is_constant);
        assert!(OutputTransform::fit(TransformKind::default(), &[]).is_constant);
    }

    #[test]
    fn the_log_warp_is_its_documented_expression() {
        let w = LogWarp { min: -2.0, max: 3.0 };
        for y in [-4.0, -2.0, 0.0, 2.5, 3.0_f64] {
            let documented = 0.5 - (0.5 * (3.0 - y) / (3.0 - -2.0)).ln_1p() / 1.5_f64.ln();
            assert!((w.forward(y) - documented).abs() < 1e-15);
        }
    }
}
