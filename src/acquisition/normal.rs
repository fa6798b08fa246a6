//! The standard normal distribution, to full precision in both tails.
//!
//! Everything below `z = −3` comes from one continued fraction. With `t = −z` and the iterated integrals
//! of the tail, `I_0 = Φ(−t)` and `I_n(t) = ∫_t^∞ I_{n−1}`, the ratios `r_n = I_n/I_{n−1}` satisfy
//! `r_n = 1/(t + (n+1) r_{n+1})`, which gives the Mills ratio, `log Φ`, `log h` and `h′/h` without any
//! cancellation. The error function is that of `libm`: statrs's loses five digits near 0.7. Checked by
//! `tests/normal.rs` against 20-digit values.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

use libm::erfc;

/// `½ ln 2π`.
pub const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// Above this `t = −z` the continued fraction is exact to a unit in the last place with 40 terms, and
/// below it the direct forms lose at most one digit.
pub(super) const TAIL: f64 = 3.0;

/// `φ(z) = exp(−z²/2)/√2π`.
#[must_use]
pub fn pdf(z: f64) -> f64 {
    let square = z * z;
    // The rounding error of z² matters once it is multiplied by exp: one fma keeps it.
    let rest = if square.is_finite() {
        z.mul_add(z, -square)
    } else {
        0.0
    };
    (-0.5 * square).exp() * (1.0 - 0.5 * rest) / (2.0 * PI).sqrt()
}

/// `log φ(z)`.
#[must_use]
pub fn log_pdf(z: f64) -> f64 {
    -0.5 * z * z - HALF_LN_2PI
}

/// The ratios `r_1 = I_1/I_0` and the Mills ratio `1/(t + r_1)` for `t ≥ 3`.
///
/// **Source**: backward recurrence of the iterated integrals of the complementary error function
/// (Abramowitz & Stegun 7.2.5), started at `r = (−t + √(t² + 4(N+1)))/(2(N+1))`.
#[must_use]
fn tail_ratio(t: f64) -> f64 {
    let terms = if t > 10.0 {
        10_u32
    } else if t > 5.0 {
        20
    } else {
        40
    };
    let n = f64::from(terms + 1);
    // The conjugate form: no cancellation for large t.
    let mut r = 2.0 / (t + t.mul_add(t, 4.0 * n).sqrt());
    for k in (1..=terms).rev() {
        r = 1.0 / (t + f64::from(k + 1) * r);
    }
    r
}

/// `r_first` for `t ≥ 3`.
pub(super) fn tail_ratio_from(t: f64, first: u32) -> f64 {
    let terms = if t > 5.0 { 20_u32 } else { 40 };
    let n = f64::from(terms + 1);
    let mut r = 2.0 / (t + t.mul_add(t, 4.0 * n).sqrt());
    for k in (first..=terms).rev() {
        r = 1.0 / (t + f64::from(k + 1) * r);
    }
    r
}

/// The upper Mills ratio `(1 − Φ(z))/φ(z)`; infinite where it overflows (`z < −38`).
#[must_use]
pub fn mills_ratio(z: f64) -> f64 {
    if z >= TAIL {
        1.0 / (z + tail_ratio(z))
    } else {
        // exp(z²/2)·erfc(z/√2)·√(π/2), with the rounding error of z² put back.
        let square = z * z;
        let rest = if square.is_finite() {
            z.mul_add(z, -square)
        } else {
            0.0
        };
        (0.5 * square).exp() * (1.0 + 0.5 * rest) * erfc(z * FRAC_1_SQRT_2) * (0.5 * PI).sqrt()
    }
}

/// `Φ(z)`.
#[must_use]
pub fn cdf(z: f64) -> f64 {
    if z < -TAIL {
        pdf(z) * mills_ratio(-z)
    } else {
        0.5 * erfc(-z * FRAC_1_SQRT_2)
    }
}

/// `log Φ(z)`, finite for every finite `z`.
#[must_use]
pub fn log_cdf(z: f64) -> f64 {
    if z < -TAIL {
        let t = -z;
        log_pdf(t) - (t + tail_ratio(t)).ln()
    } else if z < 0.0 {
        cdf(z).ln()
    } else {
        (-cdf(-z)).ln_1p()
    }
}

/// `φ(z)/Φ(z)`, the derivative of `log Φ`.
#[must_use]
pub fn pdf_over_cdf(z: f64) -> f64 {
    if z < -TAIL {
        let t = -z;
        t + tail_ratio(t)
    } else {
        pdf(z) / cdf(z)
    }
}

/// `h(z) = φ(z) + z Φ(z)`: expected improvement in units of the standard deviation.
#[must_use]
pub fn h(z: f64) -> f64 {
    if z < -TAIL {
        let t = -z;
        let r = tail_ratio(t);
        pdf(t) * r / (t + r)
    } else if z < 0.0 {
        // φ·(1 − t·Mills(t)): one rounding of the product less than φ + zΦ.
        pdf(z) * z.mul_add(mills_ratio(-z), 1.0)
    } else {
        z.mul_add(cdf(z), pdf(z))
    }
}

/// `log h(z)`, finite for every finite `z`.
///
/// For `z ≥ −3`: `log(φ + zΦ)`. For `t = −z > 3`: `−t²/2 − ½log 2π − log(t + r₁) + log r₁`.
#[must_use]
pub fn log_h(z: f64) -> f64 {
    if z < -TAIL {
        let t = -z;
        let r = tail_ratio(t);
        log_pdf(t) - (t + r).ln() + r.ln()
    } else {
        h(z).ln()
    }
}

/// `h′(z)/h(z) = Φ(z)/h(z)`, the derivative of `log h`; `1/r₁` in the tail.
#[must_use]
pub fn h_slope(z: f64) -> f64 {
    if z < -TAIL {
        1.0 / tail_ratio(-z)
    } else {
        cdf(z) / h(z)
    }
}

/// `φ(z)/h(z)`; `(t + r₁)/r₁` in the tail.
#[must_use]
pub fn pdf_over_h(z: f64) -> f64 {
    if z < -TAIL {
        let t = -z;
        let r = tail_ratio(t);
        (t + r) / r
    } else {
        pdf(z) / h(z)
    }
}

/// The quantile: the `z` with `Φ(z) = p`. `±∞` at `p = 0` and `1`, NaN outside of `[0, 1]`.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        f64::NAN
    } else if p > 0.5 {
        // 1 − p is exact for p ≥ ½.
        -lower_quantile((1.0 - p).ln())
    } else {
        lower_quantile(p.ln())
    }
}

/// Newton on `log Φ(z) − log p`, which is concave and nearly linear in `z²`: at most six steps.
fn lower_quantile(log_p: f64) -> f64 {
    if log_p == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    let mut z = if log_p > -1.5 {
        // A line through the median is close enough here.
        (log_p + LN_2) * 0.9
    } else {
        let s = (-2.0 * log_p).sqrt();
        -(s - (s.ln() + HALF_LN_2PI) / s).max(0.0)
    };
    for _ in 0..20 {
        let step = (log_cdf(z) - log_p) / pdf_over_cdf(z);
        z -= step;
        if step.abs() <= 1e-15 * (1.0 + z.abs()) {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_branches_join_without_a_step() {
        let (a, b) = (-TAIL - 1e-9, -TAIL + 1e-9);
        for f in [log_h, log_cdf, h_slope, pdf_over_h, pdf_over_cdf, log_pdf] {
            let slope = (f(b + 1e-3) - f(b)) / 1e-3;
            assert!((f(b) - f(a) - slope * 2e-9).abs() < 1e-11, "{} {}", f(a), f(b));
        }
    }

    #[test]
    fn the_second_ratio_continues_the_first() {
        for t in [3.0, 5.5, 12.0, 1e4] {
            let (r1, r2) = (tail_ratio(t), tail_ratio_from(t, 2));
            assert!((r1 * (t + 2.0 * r2) - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn probabilities_outside_the_unit_interval_have_no_quantile() {
        assert!(quantile(-0.1).is_nan() && quantile(f64::NAN).is_nan());
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
    }
}
