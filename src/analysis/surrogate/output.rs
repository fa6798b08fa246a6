//! Between the user's values and the outputs of the model. Nothing else knows the direction.

use crate::analysis::model_file::{OutputSpec, TransformName};
use crate::study::Direction;

/// `t = T(s·y)`: the sign, then the transform. Increasing, so quantiles map to quantiles.
#[derive(Clone, Debug)]
pub struct Output {
    sign: f64,
    transform: Transform,
}

#[derive(Clone, Debug)]
enum Transform {
    Identity,
    Standardize { mean: f64, sd: f64 },
}

impl Output {
    pub fn sign(&self) -> f64 {
        self.sign
    }

    /// Standardises.
    pub fn fit(direction: Direction, g: &[f64], _warp: bool) -> Self {
        let (mean, sd) = moments(g);
        Self {
            sign: direction.sign(),
            transform: Transform::Standardize { mean, sd },
        }
    }

    /// The transform of a MODEL file; what it leaves open is computed from the data.
    pub fn given(direction: Direction, g: &[f64], spec: &OutputSpec) -> Self {
        let transform = match spec.transform {
            TransformName::Identity => Transform::Identity,
            _ => {
                let (mean, sd) = moments(g);
                Transform::Standardize {
                    mean: spec.mean.unwrap_or(mean),
                    sd: spec.sd.unwrap_or(sd),
                }
            }
        };
        Self {
            sign: direction.sign(),
            transform,
        }
    }

    pub fn spec(&self) -> OutputSpec {
        let (transform, mean, sd) = match self.transform {
            Transform::Identity => (TransformName::Identity, None, None),
            Transform::Standardize { mean, sd } => (TransformName::Standardize, Some(mean), Some(sd)),
        };
        OutputSpec {
            transform,
            mean,
            sd,
            lambda: None,
        }
    }

    /// The model output of `g = s·y`.
    pub fn forward(&self, g: f64) -> f64 {
        match self.transform {
            Transform::Identity => g,
            Transform::Standardize { mean, sd } => (g - mean) / sd,
        }
    }

    /// The value in the user's units of a model output.
    pub fn to_user(&self, t: f64) -> f64 {
        self.sign
            * match self.transform {
                Transform::Identity => t,
                Transform::Standardize { mean, sd } => mean + sd * t,
            }
    }
}

fn moments(g: &[f64]) -> (f64, f64) {
    let n = g.len() as f64;
    let mean = g.iter().sum::<f64>() / n;
    let sd = (g.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
    let flat = sd < 1e-12 * mean.abs().max(1.0);
    (mean, if flat { 1.0 } else { sd })
}
