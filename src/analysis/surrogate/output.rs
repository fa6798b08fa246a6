//! Between the user's values and the outputs of the model. Nothing else knows the direction.

use crate::analysis::model_file::{OutputSpec, TransformName};
use crate::gp::transform::{Warp, yeo_johnson};
use crate::gp::{OutputTransform, TransformKind};
use crate::study::Direction;

/// `t = T(s·y)`: the sign, then the transform. Increasing, so quantiles map to quantiles.
#[derive(Clone, Debug)]
pub struct Output {
    sign: f64,
    name: TransformName,
    transform: OutputTransform,
}

impl Output {
    pub fn sign(&self) -> f64 {
        self.sign
    }

    /// Half-rank and log warp where `warp` says so, and standardisation.
    pub fn fit(direction: Direction, g: &[f64], warp: bool) -> Self {
        let name = if warp {
            TransformName::HalfRankLog
        } else {
            TransformName::Standardize
        };
        Self {
            sign: direction.sign(),
            name,
            transform: OutputTransform::fit(kind(name), g),
        }
    }

    /// The transform of a MODEL file; what it leaves open is computed from the data.
    pub fn given(direction: Direction, g: &[f64], spec: &OutputSpec) -> Self {
        let mut transform = match (spec.transform, spec.lambda) {
            (TransformName::YeoJohnson, Some(lambda)) => with_lambda(lambda, g),
            (name, _) => OutputTransform::fit(kind(name), g),
        };
        if spec.transform != TransformName::Identity {
            transform.mean = spec.mean.unwrap_or(transform.mean);
            transform.sd = spec.sd.unwrap_or(transform.sd);
        }
        Self {
            sign: direction.sign(),
            name: spec.transform,
            transform,
        }
    }

    pub fn spec(&self) -> OutputSpec {
        let is_identity = self.name == TransformName::Identity;
        OutputSpec {
            transform: self.name,
            mean: (!is_identity).then_some(self.transform.mean),
            sd: (!is_identity).then_some(self.transform.sd),
            lambda: self.transform.lambda(),
        }
    }

    /// The model output of `g = s·y`.
    pub fn forward(&self, g: f64) -> f64 {
        self.transform.forward(g)
    }

    /// The value in the user's units of a model output.
    pub fn to_user(&self, t: f64) -> f64 {
        self.sign * self.transform.inverse(t)
    }
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
        TransformName::HalfRankLog => TransformKind::HalfRankLog,
    }
}
