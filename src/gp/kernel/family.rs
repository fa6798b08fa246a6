//! Correlation `g(q)` and slope `g'(q)` of the stationary families, a block at a time.

use std::sync::Arc;

use super::exp::exp_negative;
use super::matern::{GeneralMatern, HALF_INTEGER_LIMIT};
use crate::gp::FitError;

/// A stationary family with its fixed shape. Formulas: `z = √(2ν q)`.
#[derive(Clone, Debug)]
pub(crate) enum Family {
    Rbf,
    /// `exp(−q)`, slope `−exp(−q)`: of the categorical kernel, whose q is a mean of mismatches.
    Exponential,
    /// `ν = 1/2`: `exp(−z)`, slope `−exp(−z)/(2√q)`.
    Half,
    /// `ν = 3/2`: `(1 + z) exp(−z)`, slope `−3/2 exp(−z)`.
    ThreeHalves,
    /// `ν = 5/2`: `(1 + z + z²/3) exp(−z)`, slope `−5/6 (1 + z) exp(−z)`.
    FiveHalves,
    /// `ν = p + 1/2`: a polynomial of degree p times `exp(−z)`; the slope is `−ν/(2(ν−1))` times that
    /// of order ν − 1 at the same z. Coefficients by rising power.
    HalfInteger {
        nu: f64,
        value: Vec<f64>,
        slope: Vec<f64>,
    },
    General(Arc<GeneralMatern>),
}

/// From here on a Matérn kernel is its limit: the relative difference to the RBF, `(q²/8 − q/2)/ν`, is below 1e-7
/// wherever the kernel is not negligible.
const RBF_FROM: f64 = 1e9;

impl Family {
    pub(crate) fn matern(nu: f64) -> Result<Self, FitError> {
        if nu.is_nan() || nu <= 0.0 {
            return Err(FitError::BadHyperparameter {
                name: "nu of a Matérn kernel".to_owned(),
                value: nu,
            });
        }
        if nu >= RBF_FROM {
            return Ok(Self::Rbf);
        }
        let p = nu - 0.5;
        if (p - p.round()).abs() > 1e-12 || nu > HALF_INTEGER_LIMIT {
            return Ok(Self::General(Arc::new(GeneralMatern::new(nu))));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        Ok(match p.round() as u32 {
            0 => Self::Half,
            1 => Self::ThreeHalves,
            2 => Self::FiveHalves,
            p => {
                let factor = -nu / (2.0 * (nu - 1.0));
                let mut slope = half_integer_coefficients(p - 1);
                slope.iter_mut().for_each(|c| *c *= factor);
                Self::HalfInteger {
                    nu,
                    value: half_integer_coefficients(p),
                    slope,
                }
            }
        })
    }

    /// Fills `k = g(q)` and `s = g'(q)`; all three of the same length.
    ///
    /// Where the slope diverges at `q = 0` (ν ≤ 1) it is given as 0: it is only ever multiplied by a
    /// component of `q`, and that product is 0.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    pub(crate) fn fill(&self, q: &[f64], k: &mut [f64], s: &mut [f64]) {
        match self {
            Self::Rbf => each::<RbfShape>(q, k, s),
            Self::Exponential => each::<ExponentialShape>(q, k, s),
            Self::Half => each::<HalfShape>(q, k, s),
            Self::ThreeHalves => each::<ThreeHalvesShape>(q, k, s),
            Self::FiveHalves => each::<FiveHalvesShape>(q, k, s),
            Self::HalfInteger { nu, value, slope } => {
                let c = 2.0 * nu;
                for ((q, k), s) in q.iter().zip(k).zip(s) {
                    let z = (c * q).sqrt();
                    let e = exp_negative(-z);
                    let is_zero = e == 0.0;
                    *k = if is_zero { 0.0 } else { polynomial(value, z) * e };
                    *s = if is_zero { 0.0 } else { polynomial(slope, z) * e };
                }
            }
            Self::General(matern) => {
                for ((q, k), s) in q.iter().zip(k).zip(s) {
                    (*k, *s) = matern.fast(*q);
                }
            }
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn each<S: Shape>(q: &[f64], k: &mut [f64], s: &mut [f64]) {
    for ((q, k), s) in q.iter().zip(k).zip(s) {
        (*k, *s) = S::at(*q);
    }
}

/// `(g(q), g'(q))`. A trait and not a closure: a closure that is called from several vector widths is compiled
/// once, for the narrowest.
trait Shape {
    fn at(q: f64) -> (f64, f64);
}

struct RbfShape;

impl Shape for RbfShape {
    #[inline(always)]
    fn at(q: f64) -> (f64, f64) {
        let e = exp_negative(-0.5 * q);
        (e, -0.5 * e)
    }
}

struct ExponentialShape;

impl Shape for ExponentialShape {
    #[inline(always)]
    fn at(q: f64) -> (f64, f64) {
        let e = exp_negative(-q);
        (e, -e)
    }
}

struct HalfShape;

impl Shape for HalfShape {
    #[inline(always)]
    fn at(q: f64) -> (f64, f64) {
        let r = q.sqrt();
        let e = exp_negative(-r);
        (e, if q > 0.0 { -0.5 * e / r } else { 0.0 })
    }
}

struct ThreeHalvesShape;

impl Shape for ThreeHalvesShape {
    #[inline(always)]
    fn at(q: f64) -> (f64, f64) {
        let z = (3.0 * q).sqrt();
        let e = exp_negative(-z);
        ((1.0 + z) * e, -1.5 * e)
    }
}

struct FiveHalvesShape;

impl Shape for FiveHalvesShape {
    #[inline(always)]
    fn at(q: f64) -> (f64, f64) {
        let z = (5.0 * q).sqrt();
        let e = exp_negative(-z);
        ((1.0 + z + z * z * (1.0 / 3.0)) * e, (-5.0 / 6.0) * (1.0 + z) * e)
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn polynomial(coefficients: &[f64], z: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * z + c)
}

/// Coefficients `c_i` of `z^i` in `m_{p+1/2}(z) exp(z)`:
/// `p!/(2p)! Σ_i (p+i)!/(i! (p−i)!) (2z)^{p−i}` (Rasmussen & Williams eq. 4.16); all positive, so
/// nothing cancels.
fn half_integer_coefficients(p: u32) -> Vec<f64> {
    // c_0 = 1 and c_{i+1}/c_i = 2(p−i)/((2p−i)(i+1)).
    let mut c = vec![1.0];
    for i in 0..p {
        let ratio = 2.0 * f64::from(p - i) / (f64::from(2 * p - i) * f64::from(i + 1));
        let last = c.last().copied().unwrap_or(1.0);
        c.push(last * ratio);
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_integer_coefficients_are_the_known_ones() {
        let close = |a: Vec<f64>, b: &[f64]| {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                assert!((a - b).abs() < 1e-15, "{a} {b}");
            }
        };
        close(half_integer_coefficients(1), &[1.0, 1.0]);
        close(half_integer_coefficients(2), &[1.0, 1.0, 1.0 / 3.0]);
        close(half_integer_coefficients(3), &[1.0, 1.0, 0.4, 1.0 / 15.0]);
    }
}
