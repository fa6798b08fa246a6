//! Between the user's values and the outputs of the model. Nothing else knows the direction.

use crate::analysis::model_file::{OutputSpec, TransformName};
use crate::gp::transform::{Warp, yeo_johnson};
use crate::gp::{OutputTransform, TransformKind};
use crate::study::Direction;

/// A half-rank warp gives the worse half at least this many standard deviations of the noise, as far as it has them. Measured on
/// noisy functions (`benches/README.md`): with 5 or 10 noise fills the model's outputs and a search stays in the first good
/// place; 20, 40 and 100 do not differ beyond the spread of seeds.
const ABOVE_NOISE: f64 = 20.0;

/// Of the logarithm of the scale: what is less is left as it is.
const LEAST_CHANGE: f64 = 0.1;

/// `t = T(s·y)`: the sign, then the transform. Increasing, so quantiles map to quantiles.
#[derive(Clone, Debug)]
pub struct Output {
    sign: f64,
    /// A power of two that values are divided by first: 1 unless their squares would overflow.
    unit: f64,
    name: TransformName,
    transform: OutputTransform,
    /// The least scale that a half-rank warp was given, in the user's units.
    least: f64,
}

impl Output {
    pub fn sign(&self) -> f64 {
        self.sign
    }

    /// Half-rank warp where `warp` says so, and standardisation.
    pub fn fit(direction: Direction, g: &[f64], warp: bool) -> Self {
        let name = if warp {
            TransformName::HalfRank
        } else {
            TransformName::Standardize
        };
        Self::named(direction, g, name)
    }

    /// A transform by its name.
    pub fn named(direction: Direction, g: &[f64], name: TransformName) -> Self {
        Self::spread(direction, g, name, 0.0)
    }

    fn spread(direction: Direction, g: &[f64], name: TransformName, least: f64) -> Self {
        let unit = Self::unit_for(name, g);
        let g: Vec<f64> = g.iter().map(|v| v / unit).collect();
        Self {
            sign: direction.sign(),
            unit,
            name,
            transform: OutputTransform::fit_spread(kind(name), &g, least / unit),
            least,
        }
    }

    /// The same transform with the worse half spread as far as noise of a variance (in model units) asks for; `None`
    /// where that changes next to nothing, or where there is no half-rank warp.
    pub fn above_noise(&self, direction: Direction, g: &[f64], variance: f64) -> Option<Self> {
        let scale = self.transform.half_rank_scale()?;
        let least = ABOVE_NOISE * variance.sqrt() * self.transform.sd * self.unit;
        let wider = Self::spread(direction, g, self.name, least);
        let change = wider.transform.half_rank_scale()? / scale;
        (change.ln().abs() > LEAST_CHANGE).then_some(wider)
    }

    /// Whether another one is of the same kind.
    pub fn is_like(&self, other: &Self) -> bool {
        self.name == other.name
    }

    /// The same kind of transform for other outputs, as wide at least.
    pub fn again(&self, direction: Direction, g: &[f64]) -> Self {
        Self::spread(direction, g, self.name, self.least)
    }

    /// The transform of a MODEL file; what it leaves open is computed from the data.
    pub fn given(direction: Direction, g: &[f64], spec: &OutputSpec) -> Self {
        let unit = Self::unit_for(spec.transform, g);
        let g: Vec<f64> = g.iter().map(|v| v / unit).collect();
        let least = spec.spread.unwrap_or(0.0);
        let mut transform = match (spec.transform, spec.lambda) {
            (TransformName::YeoJohnson, Some(lambda)) => with_lambda(lambda, &g),
            (name, _) => OutputTransform::fit_spread(kind(name), &g, least / unit),
        };
        let warped = spec_unit(&transform, unit);
        if spec.transform != TransformName::Identity {
            transform.mean = spec.mean.map_or(transform.mean, |mean| mean / warped);
            transform.sd = spec.sd.map_or(transform.sd, |sd| sd / warped);
        }
        Self {
            sign: direction.sign(),
            unit,
            name: spec.transform,
            transform,
            least,
        }
    }

    /// A power is no power of other units, and the identity has none.
    fn unit_for(name: TransformName, g: &[f64]) -> f64 {
        match name {
            TransformName::Identity | TransformName::YeoJohnson => 1.0,
            TransformName::Standardize | TransformName::HalfRank | TransformName::HalfRankLog => unit_of(g),
        }
    }

    /// The variance in model units of a standard deviation in the user's, where that is the same everywhere.
    pub fn variance_of(&self, sd: f64) -> Option<f64> {
        let scaled = sd / (self.unit * self.transform.sd);
        self.transform.is_linear().then_some(scaled * scaled)
    }

    /// The variance in model units of a standard deviation in the user's at `g = s·y`: half the way from a deviation
    /// below to one above, squared.
    pub fn variance_at(&self, g: f64, sd: f64) -> f64 {
        (0.5 * (self.forward(g + sd) - self.forward(g - sd))).powi(2)
    }

    pub fn spec(&self) -> OutputSpec {
        let is_identity = self.name == TransformName::Identity;
        let unit = spec_unit(&self.transform, self.unit);
        OutputSpec {
            transform: self.name,
            mean: (!is_identity).then_some(unit * self.transform.mean),
            sd: (!is_identity).then_some(unit * self.transform.sd),
            lambda: self.transform.lambda(),
            spread: (self.least > 0.0).then_some(self.least),
        }
    }

    /// The model output of `g = s·y`.
    pub fn forward(&self, g: f64) -> f64 {
        self.transform.forward(g / self.unit)
    }

    /// The value in the user's units of a model output.
    pub fn to_user(&self, t: f64) -> f64 {
        let value = self.unit * self.transform.inverse(t);
        self.sign * value.clamp(-f64::MAX, f64::MAX)
    }
}

/// The unit of `mean` and `sd` in a MODEL: that of the values, unless a warp has taken it away already.
fn spec_unit(transform: &OutputTransform, unit: f64) -> f64 {
    if transform.is_linear() { unit } else { 1.0 }
}

/// 1, or a power of two near the largest value where sums of squares would overflow.
fn unit_of(g: &[f64]) -> f64 {
    let largest = g.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest < 1e140 {
        return 1.0;
    }
    largest.log2().floor().exp2()
}

/// Yeo–Johnson with a known λ, standardised.
fn with_lambda(lambda: f64, g: &[f64]) -> OutputTransform {
    let warped: Vec<f64> = g.iter().map(|v| yeo_johnson(*v, lambda)).collect();
    OutputTransform {
        warp: Warp::YeoJohnson { lambda },
        ..OutputTransform::fit(TransformKind::Standardize, &warped)
    }
}

fn kind(name: TransformName) -> TransformKind {
    match name {
        TransformName::Identity => TransformKind::Identity,
        TransformName::Standardize => TransformKind::Standardize,
        TransformName::YeoJohnson => TransformKind::YeoJohnson,
        TransformName::HalfRank => TransformKind::HalfRank,
        TransformName::HalfRankLog => TransformKind::HalfRankLog,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_whose_squares_overflow_are_learned_from_all_the_same() {
        let small = [1.0, -1.7, 0.3, 1.5, -0.2, 0.9, -1.1, 0.4, 1.2];
        for scale in [1e300, 1e160] {
            let large: Vec<f64> = small.iter().map(|v| v * scale).collect();
            for warp in [false, true] {
                let a = Output::fit(Direction::Minimize, &small, warp);
                let b = Output::fit(Direction::Minimize, &large, warp);
                for (x, y) in small.iter().zip(&large) {
                    assert!((a.forward(*x) - b.forward(*y)).abs() < 1e-9, "{scale} {warp}");
                    assert!((b.to_user(b.forward(*y)) / y + 1.0).abs() < 1e-9);
                }
                let given = Output::given(Direction::Minimize, &large, &b.spec());
                assert!((given.forward(large[3]) - b.forward(large[3])).abs() < 1e-9);
            }
        }
    }
}
