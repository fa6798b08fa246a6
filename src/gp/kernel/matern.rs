//! The Matérn correlation of any order.
//!
//! `m_ν(z) = 2^(1−ν)/Γ(ν) · z^ν K_ν(z)`, `z = √(2ν q)`, and from `d/dz [z^ν K_ν] = −z^ν K_{ν−1}`
//! - ν > 1: `dm_ν/dq = −ν/(2(ν−1)) · m_{ν−1}(z)`,
//! - ν ≤ 1: `dm_ν/dq = −ν 2^(1−ν)/Γ(ν) · z^(ν−1) K_{1−ν}(z)`,
//!
//! so one evaluator of `ln m_ν` serves both and nothing cancels. Checked by `tests/kernels.rs`.

mod ladder;

use std::f64::consts::PI;

use ladder::ln_value_and_slope as on_the_ladder;

/// Half-integer orders above this use the general route: the polynomial would have too many terms.
pub(crate) const HALF_INTEGER_LIMIT: f64 = 20.5;
/// From this order on the uniform expansion of `K_ν` is good to the last place with four terms.
const UNIFORM_FROM: f64 = 500.0;

/// `m_ν(z)`, for ν > 0 and z ≥ 0. NaN for anything else.
#[must_use]
pub fn correlation(nu: f64, z: f64) -> f64 {
    if nu.is_nan() || nu <= 0.0 || z.is_nan() || z < 0.0 {
        return f64::NAN;
    }
    if z == 0.0 {
        return 1.0;
    }
    ln_value_and_slope(nu, z).0.exp()
}

/// `(ln m_ν(z), ln(−dm_ν/dq))` for z > 0.
fn ln_value_and_slope(nu: f64, z: f64) -> (f64, f64) {
    if nu >= UNIFORM_FROM {
        let slope = (0.5 * nu / (nu - 1.0)).ln() + ln_large(nu - 1.0, z);
        return (ln_large(nu, z), slope);
    }
    if z > FAR {
        return (-z, -z);
    }
    on_the_ladder(nu, z)
}

/// Beyond this z, correlations of orders up to [`UNIFORM_FROM`] are zero.
const FAR: f64 = 1e5;

/// `ln m_ν` for large orders.
fn ln_large(nu: f64, z: f64) -> f64 {
    if z < nu.sqrt() {
        ln_series(nu, z)
    } else {
        ln_uniform(nu, z)
    }
}

/// `Σ_k (−z²/4)^k / (k! (ν−1)…(ν−k))`: the part of `m_ν` from `I_{−ν}`; the other part is of the order
/// `(z/2)^{2ν}/Γ(ν)²` and below 1e-16 here. Exact in `1 − m` near 0.
fn ln_series(nu: f64, z: f64) -> f64 {
    let x = -0.25 * z * z;
    let (mut term, mut rest) = (1.0, 0.0);
    for k in 1..60 {
        let k = f64::from(k);
        term *= x / (k * (nu - k));
        rest += term;
        if term.abs() < 1e-18 * rest.abs() {
            break;
        }
    }
    rest.ln_1p()
}

/// The uniform expansion for large orders (DLMF 10.41.4 and 10.41.10), put together with Stirling's series
/// so that the large terms cancel on paper: with `s = √(1 + (z/ν)²)`, `d = s − 1`,
/// `ln m = ν(ln(1 + d/2) − d) − ½ ln s + ln Σ_k (−1)^k u_k(1/s)/ν^k − (1/(12ν) − 1/(360ν³) + 1/(1260ν⁵))`.
fn ln_uniform(nu: f64, z: f64) -> f64 {
    let x = z / nu;
    let s = (1.0 + x * x).sqrt();
    let d = x * x / (1.0 + s);
    let p = 1.0 / s;
    let p2 = p * p;
    let u1 = p * (3.0 - 5.0 * p2) / 24.0;
    let u2 = p2 * (81.0 + p2 * (-462.0 + p2 * 385.0)) / 1152.0;
    let u3 = p * p2 * (30_375.0 + p2 * (-369_603.0 + p2 * (765_765.0 - p2 * 425_425.0))) / 414_720.0;
    let u4 = p2
        * p2
        * (4_465_125.0
            + p2 * (-94_121_676.0 + p2 * (349_922_430.0 + p2 * (-446_185_740.0 + p2 * 185_910_725.0))))
        / 39_813_120.0;
    let w = 1.0 / nu;
    let sum = w * (-u1 + w * (u2 + w * (-u3 + w * u4)));
    let stirling = w * (1.0 / 12.0 + w * w * (-1.0 / 360.0 + w * w / 1260.0));
    let value = nu * ((0.5 * d).ln_1p() - d) - 0.5 * d.ln_1p() + sum.ln_1p() - stirling;
    value.min(0.0)
}

/// `z` from `2^LOW` to `2^HIGH` is tabulated, each octave in four pieces.
const LOW: i32 = -30;
const HIGH: i32 = 10;
const PIECES: usize = ((HIGH - LOW) as usize) * 4;
const NODES: usize = 10;

/// `m_ν` with its slope for a fixed order: Chebyshev polynomials of degree 9 for `ln m` and
/// `ln(−dm/dq)`, to 1e-12, because a Bessel function costs fifty times as much.
#[derive(Clone, Debug)]
pub(crate) struct GeneralMatern {
    nu: f64,
    value: Vec<[f64; NODES]>,
    slope: Vec<[f64; NODES]>,
}

impl GeneralMatern {
    pub(crate) fn new(nu: f64) -> Self {
        let (value, slope) = (0..PIECES).map(|piece| chebyshev(piece, nu)).unzip();
        Self { nu, value, slope }
    }

    /// `(m_ν, dm_ν/dq)` at `q`; the slope is 0 at `q = 0` where it diverges (ν ≤ 1).
    pub(crate) fn fast(&self, q: f64) -> (f64, f64) {
        let z = (2.0 * self.nu * q).sqrt();
        let bits = z.to_bits();
        let exponent = (bits >> 52) as i32 - 1023;
        if exponent < LOW || !z.is_finite() {
            return self.exact(z);
        }
        if exponent >= HIGH {
            // Below exp(−300), unless the order is so large that z grows while the distance does not.
            return if self.nu < UNIFORM_FROM {
                (0.0, 0.0)
            } else {
                self.exact(z)
            };
        }
        #[expect(clippy::cast_sign_loss, reason = "at least LOW")]
        let piece = ((exponent - LOW) as usize) * 4 + ((bits >> 50) & 3) as usize;
        // The piece starts at the number with the low mantissa bits cleared and is a quarter octave wide.
        let start = f64::from_bits(bits >> 50 << 50);
        let quarter = f64::from_bits(bits >> 52 << 52) * 0.25;
        let t = (z - start) / quarter * 2.0 - 1.0;
        let value = clenshaw(&self.value[piece], t).min(0.0).exp();
        (value, -clenshaw(&self.slope[piece], t).exp())
    }

    fn exact(&self, z: f64) -> (f64, f64) {
        if z.is_nan() {
            return (f64::NAN, f64::NAN);
        }
        if z <= 0.0 {
            let slope = if self.nu > 1.0 {
                -0.5 * self.nu / (self.nu - 1.0)
            } else {
                0.0
            };
            return (1.0, slope);
        }
        if z.is_infinite() {
            return (0.0, 0.0);
        }
        let (value, slope) = ln_value_and_slope(self.nu, z);
        (value.exp(), -slope.exp())
    }
}

/// Chebyshev coefficients of `ln m_ν` and `ln(−dm_ν/dq)` on a piece.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn chebyshev(piece: usize, nu: f64) -> ([f64; NODES], [f64; NODES]) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "few pieces"
    )]
    let octave = f64::powi(2.0, LOW + (piece / 4) as i32);
    let start = octave * (1.0 + 0.25 * (piece % 4) as f64);
    let angle = |i: usize| PI * (i as f64 + 0.5) / NODES as f64;
    let samples: [(f64, f64); NODES] =
        std::array::from_fn(|i| ln_value_and_slope(nu, start + octave * 0.125 * (angle(i).cos() + 1.0)));
    let coefficients = |of: fn(&(f64, f64)) -> f64| {
        std::array::from_fn(|k| {
            let sum: f64 = samples
                .iter()
                .enumerate()
                .map(|(i, s)| of(s) * (k as f64 * angle(i)).cos())
                .sum();
            sum * if k == 0 { 1.0 } else { 2.0 } / NODES as f64
        })
    };
    (coefficients(|s| s.0), coefficients(|s| s.1))
}

/// `Σ c_k T_k(t)`.
fn clenshaw(c: &[f64; NODES], t: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for &ck in c[1..].iter().rev() {
        (b1, b2) = (2.0 * t * b1 - b2 + ck, b1);
    }
    t * b1 - b2 + c[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with 50 digits; `r = z/√(2ν)` is 0.01, 0.5, 2.
    const KNOWN: [(f64, [f64; 3]); 6] = [
        (
            0.3,
            [
                0.948_367_267_014_945_8,
                0.498_347_326_364_247,
                0.127_139_326_028_340_7,
            ],
        ),
        (
            0.8,
            [
                0.998_705_759_452_804_5,
                0.695_766_579_285_614_7,
                0.138_983_620_830_866_1,
            ],
        ),
        (
            1.7,
            [
                0.999_878_886_875_151_8,
                0.797_847_904_362_123_8,
                0.139_543_347_675_166_4,
            ],
        ),
        (
            2.5,
            [
                0.999_916_676_959_971,
                0.828_649_142_418_125_3,
                0.138_660_219_138_504_3,
            ],
        ),
        (
            7.3,
            [
                0.999_942_065_486_990_6,
                0.866_801_988_045_998_7,
                0.136_302_928_808_095_8,
            ],
        ),
        (
            50.2,
            [
                0.999_948_985_068_141_8,
                0.880_405_647_728_059_1,
                0.135_368_309_113_880_8,
            ],
        ),
    ];

    #[test]
    fn the_correlation_matches_fifty_digit_values_exactly_and_from_the_table() {
        for (nu, values) in KNOWN {
            let table = GeneralMatern::new(nu);
            for (r, known) in [0.01, 0.5, 2.0].into_iter().zip(values) {
                let exact = correlation(nu, (2.0 * nu).sqrt() * r);
                assert!((exact / known - 1.0).abs() < 5e-15, "{nu} {r}: {exact} {known}");
                let (fast, _) = table.fast(r * r);
                assert!((fast / known - 1.0).abs() < 1e-12, "{nu} {r}: {fast} {known}");
            }
        }
    }

    #[test]
    fn near_zero_the_table_keeps_one_minus_the_correlation() {
        for nu in [0.7, 1.0, 1.3, 2.0, 7.3, 19.9, 150.0, 700.0] {
            let table = GeneralMatern::new(nu);
            for z in [3e-9, 1e-6, 1e-3, 0.1_f64] {
                let q = z * z / (2.0 * nu);
                let (value, exact) = (table.fast(q).0, ln_value_and_slope(nu, z).0);
                assert!(
                    (value.ln() - exact).abs() < 3e-16 + 1e-12 * exact.abs(),
                    "{nu} {z}"
                );
            }
        }
    }

    #[test]
    fn the_routes_agree_where_they_meet() {
        for z in [1e-9, 1e-3, 0.5, 9.0, 22.0, 23.0, 40.0, 300.0, 2000.0] {
            for nu in [UNIFORM_FROM, UNIFORM_FROM + 0.7] {
                let (a, b) = on_the_ladder(nu, z);
                assert!(
                    (a - ln_large(nu, z)).abs() < 1e-15 + 1e-13 * a.abs(),
                    "{nu} {z}: {a} {}",
                    ln_large(nu, z)
                );
                let slope = (0.5 * nu / (nu - 1.0)).ln() + ln_large(nu - 1.0, z);
                assert!(
                    (b - slope).abs() < 1e-14 * (1.0 + b.abs()),
                    "{nu} {z}: {b} {slope}"
                );
            }
        }
    }

    #[test]
    fn very_large_orders_do_not_fall_off_the_table() {
        for nu in [1e5, 1e7, 9e8] {
            let (value, slope) = GeneralMatern::new(nu).fast(4.0);
            let rbf = f64::exp(-2.0);
            assert!((value / rbf - 1.0).abs() < 2.0 / nu + 1e-9, "{nu}: {value}");
            assert!(
                (slope / (-0.5 * rbf) - 1.0).abs() < 4.0 / nu + 1e-9,
                "{nu}: {slope}"
            );
        }
    }

    #[test]
    fn the_slope_is_the_derivative_of_the_value() {
        for nu in [0.3, 0.8, 1.0, 1.3, 2.0, 3.7, 25.0, 150.0] {
            let table = GeneralMatern::new(nu);
            for q in [0.01, 0.3, 1.0, 4.0] {
                let h = 1e-5 * q;
                let numeric = (table.exact((2.0 * nu * (q + h)).sqrt()).0
                    - table.exact((2.0 * nu * (q - h)).sqrt()).0)
                    / (2.0 * h);
                let (_, slope) = table.fast(q);
                assert!(
                    (slope / numeric - 1.0).abs() < 1e-6,
                    "{nu} {q}: {slope} {numeric}"
                );
            }
        }
    }
}
