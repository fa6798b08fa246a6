//! Probability of improvement, `PI = Φ((μ − f* − ξ)/σ)`.
//!
//! **Units**: model output units, larger is better. **Source**: Kushner 1964. Checked by
//! `tests/acquisition.rs`.

use super::{ei::Sensitivity, normal};

/// `Φ(z)`; with `σ = 0`: whether the improvement is positive.
#[must_use]
pub fn pi(mean: f64, sd: f64, incumbent: f64, xi: f64) -> Sensitivity {
    let improvement = mean - incumbent - xi;
    if sd <= 0.0 {
        return Sensitivity {
            value: if improvement > 0.0 { 1.0 } else { 0.0 },
            d_mean: 0.0,
            d_sd: 0.0,
        };
    }
    let z = improvement / sd;
    let density = normal::pdf(z);
    Sensitivity {
        value: normal::cdf(z),
        d_mean: density / sd,
        d_sd: -density * z / sd,
    }
}

/// `log Φ(z)`, with `∂/∂μ = (φ/Φ)/σ` and `∂/∂σ = −z(φ/Φ)/σ`.
#[must_use]
pub fn log_pi(mean: f64, sd: f64, incumbent: f64, xi: f64) -> Sensitivity {
    let improvement = mean - incumbent - xi;
    if sd <= 0.0 {
        return Sensitivity {
            value: if improvement > 0.0 { 0.0 } else { f64::NEG_INFINITY },
            d_mean: 0.0,
            d_sd: 0.0,
        };
    }
    let z = improvement / sd;
    let slope = normal::pdf_over_cdf(z) / sd;
    Sensitivity {
        value: normal::log_cdf(z),
        d_mean: slope,
        d_sd: -z * slope,
    }
}
