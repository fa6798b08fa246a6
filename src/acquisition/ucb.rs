//! Upper confidence bound, `UCB = μ + βσ` (β multiplies the standard deviation).
//!
//! **Units**: model output units, larger is better. **Source**: Cox & John 1992; Srinivas et al. 2010, whose
//! `√β_t` is our β. Checked by `tests/acquisition.rs`.

use super::ei::Sensitivity;

/// `μ + βσ`.
#[must_use]
pub fn ucb(mean: f64, sd: f64, beta: f64) -> Sensitivity {
    Sensitivity {
        value: beta.mul_add(sd, mean),
        d_mean: 1.0,
        d_sd: beta,
    }
}
