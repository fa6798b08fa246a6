//! `m_ν` of any order up to some hundreds, to a few units in the last place of `1 − m_ν` and of `m_ν` alike.
//!
//! With `ν = μ + k`, `|μ| ≤ ½`, the modified Bessel functions of orders μ and μ + 1 are computed, and from there
//! `m_{ν+1} = m_ν + z²/(4ν) · m_{ν−1}/(ν−1)` climbs (`K_{ν+1} = K_{ν−1} + (2ν/z) K_ν` in terms of m): nothing cancels, and no
//! number of the size of `Γ(ν)` or `z^ν` appears. Near z = 0 it is `1 − m` that climbs, because a covariance matrix
//! of near-duplicates is made of that difference.
//!
//! - `z ≤ 2`: Temme's series (Temme 1975, J. Comput. Phys. 19, 324), whose second sum is `1 − m_{μ+1}` once its first term,
//!   which is 1, is left out.
//! - `z > 2`: `e^z K_μ(z) = ∫₀^∞ exp(−z(cosh t − 1)) cosh(μt) dt` (DLMF 10.32.9) by the trapezoidal rule, which on such an
//!   integrand is off by `exp(−2π·width/h)`: below 1e-17 with some twenty nodes.
//!
//! Checked by `tests/kernels.rs` and by fifty-digit values below.

use std::f64::consts::{LN_2, PI};

/// Taylor coefficients of `1/Γ(1+μ)`; the first one left out is below 1e-22 at |μ| = ½.
const RECIPROCAL_GAMMA: [f64; 24] = [
    1.0,
    5.772_156_649_015_329e-1,
    -6.558_780_715_202_539e-1,
    -4.200_263_503_409_524e-2,
    1.665_386_113_822_914_9e-1,
    -4.219_773_455_554_434e-2,
    -9.621_971_527_876_974e-3,
    7.218_943_246_663_1e-3,
    -1.165_167_591_859_065_1e-3,
    -2.152_416_741_149_509_7e-4,
    1.280_502_823_881_162e-4,
    -2.013_485_478_078_824e-5,
    -1.250_493_482_142_670_7e-6,
    1.133_027_231_981_696e-6,
    -2.056_338_416_977_607e-7,
    6.116_095_104_481_416e-9,
    5.002_007_644_469_223e-9,
    -1.181_274_570_487_02e-9,
    1.043_426_711_691_100_5e-10,
    7.782_263_439_905_071e-12,
    -3.696_805_618_642_206e-12,
    5.100_370_287_454_476e-13,
    -2.058_326_053_566_507e-14,
    -5.348_122_539_423_018e-15,
];

/// Up to here Temme's series is used.
const SERIES_TO: f64 = 2.0;
/// A scaled value above this is brought down, so that `z^ν` cannot overflow.
const TALL: f64 = 1e200;

/// `(odd, even)` parts of `1/Γ(1+μ) = even − μ·odd`; then `1/Γ(1−μ) = even + μ·odd`.
fn reciprocal_gamma_parts(mu: f64) -> (f64, f64) {
    let (mut odd, mut even) = (0.0, 0.0);
    for pair in RECIPROCAL_GAMMA.chunks_exact(2).rev() {
        even = even * mu * mu + pair[0];
        odd = odd * mu * mu - pair[1];
    }
    (odd, even)
}

/// What a ladder starts from: the values at orders μ and μ + 1.
struct Feet {
    mu: f64,
    /// Steps from order μ to order ν.
    steps: u32,
    /// `K_μ` and `K_{μ+1}`: both times `e^z` for z > 2.
    k: [f64; 2],
    /// `m_μ/μ = (2^{1−μ}/Γ(1+μ)) z^μ K_μ`; times `e^z` for z > 2. It has a value at μ ≤ 0, too.
    lower: f64,
    /// `1 − m_{μ+1}` for z ≤ 2, `e^z m_{μ+1}` beyond.
    upper: f64,
}

impl Feet {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "orders of some hundreds"
    )]
    fn new(nu: f64, z: f64) -> Self {
        let steps = (nu + 0.5).floor();
        let mu = nu - steps;
        let steps = steps as u32;
        if z <= SERIES_TO {
            Self::series(mu, steps, z)
        } else {
            Self::integral(mu, steps, z)
        }
    }

    fn series(mu: f64, steps: u32, z: f64) -> Self {
        let (odd, even) = reciprocal_gamma_parts(mu);
        let log = (2.0 / z).ln();
        let sigma = mu * log;
        let (rise, fall) = (sigma.exp(), (-sigma).exp());
        let sinhc = if sigma.abs() > 1e-3 {
            sigma.sinh() / sigma
        } else {
            1.0 + sigma * sigma * (1.0 / 6.0 + sigma * sigma / 120.0)
        };
        let pole = if mu == 0.0 { 1.0 } else { PI * mu / (PI * mu).sin() };
        let first = 0.5 * rise / (even - mu * odd);
        let (mut p, mut q) = (first, 0.5 * fall / (even + mu * odd));
        let mut f = pole * (sigma.cosh() * odd + sinhc * log * even);
        let (x, mut c) = (0.25 * z * z, 1.0);
        let (mut sum, mut gap) = (f, 0.0);
        for k in 1..60 {
            let k = f64::from(k);
            f = (k * f + p + q) / (k * k - mu * mu);
            p /= k - mu;
            q /= k + mu;
            c *= x / k;
            sum += c * f;
            let term = c * (k * f - p);
            gap += term;
            if c * f < 1e-17 * sum && term.abs() < 1e-17 * gap.abs() {
                break;
            }
        }
        Self {
            mu,
            steps,
            k: [sum, 2.0 / z * (first - gap)],
            lower: sum / first,
            upper: gap / first,
        }
    }

    fn integral(mu: f64, steps: u32, z: f64) -> Self {
        // Narrow enough for the Gaussian that the integrand becomes at large z, and for the strip |Im t| < π/2.
        let h = (0.6 / z.sqrt()).min(0.2);
        let (mut at_mu, mut above) = (0.5, 0.5);
        let mut t = h;
        loop {
            let decay = 2.0 * z * (0.5 * t).sinh().powi(2);
            if decay > 45.0 + 1.5 * t {
                break;
            }
            let weight = (-decay).exp();
            at_mu += weight * (mu * t).cosh();
            above += weight * ((mu + 1.0) * t).cosh();
            t += h;
        }
        let (odd, even) = reciprocal_gamma_parts(mu);
        let scale = 2.0 * (0.5 * z).powf(mu) * (even - mu * odd);
        let k = [h * at_mu, h * above];
        Self {
            mu,
            steps,
            k,
            lower: scale * k[0],
            upper: scale * 0.5 * z * k[1],
        }
    }

    /// `ln m_ν` and the log of `m_{ν−1}/(ν−1)`, for ν ≥ ½.
    fn climb(&self, z: f64) -> (f64, f64) {
        let x = 0.25 * z * z;
        let (mut lower, mut order) = (self.lower, self.mu + 1.0);
        if z <= SERIES_TO {
            let mut gap = self.upper;
            for _ in 1..self.steps {
                let next = gap - x / order * lower;
                lower = (1.0 - gap) / order;
                gap = next;
                order += 1.0;
            }
            return ((-gap).ln_1p(), lower.ln());
        }
        let (mut value, mut shift) = (self.upper, -z);
        for _ in 1..self.steps {
            let next = value + x / order * lower;
            lower = value / order;
            value = next;
            order += 1.0;
            if value > TALL {
                value /= TALL;
                lower /= TALL;
                shift += TALL.ln();
            }
        }
        ((value.ln() + shift).min(0.0), lower.ln() + shift)
    }
}

/// `(ln m_ν, ln(−dm_ν/dq))` at z > 0, `q = z²/(2ν)`.
pub(super) fn ln_value_and_slope(nu: f64, z: f64) -> (f64, f64) {
    let feet = Feet::new(nu, z);
    if feet.steps > 0 {
        let (value, lower) = feet.climb(z);
        return (value, (0.5 * nu).ln() + lower);
    }
    let shift = if z <= SERIES_TO { 0.0 } else { -z };
    let value = ((nu * feet.lower).ln() + shift).min(0.0);
    // −dm/dq = ν²/Γ(1+ν) (2/z)^{1−ν} K_{1−ν}(z): the order 1 − ν is the upper foot of another ladder.
    let (odd, even) = reciprocal_gamma_parts(nu);
    let k = Feet::new(1.0 - nu, z).k[1];
    let slope = (nu * nu * (even - nu * odd) * k).ln() + (1.0 - nu) * (LN_2 - z.ln()) + shift;
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(ν, z, ln m, ln(−dm/dq))` with fifty digits.
    #[rustfmt::skip]
    const KNOWN: [(f64, f64, f64, f64); 59] = [
        (0.1, 1e-09, -0.015619512711364903, 33.367474745957985),
        (0.1, 0.001, -0.2818710862461186, 8.499546932761092),
        (0.1, 0.7, -2.074480924068755, -3.6472395157316155),
        (0.1, 1.9, -3.6116670781416604, -6.3842643747146735),
        (0.1, 2.1, -3.8474765235366863, -6.734045813410206),
        (0.1, 9.0, -11.29464470757629, -15.752253298182652),
        (0.1, 40.0, -42.881604057102415, -48.86319074584016),
        (0.1, 700.0, -704.0236922769069, -712.8767866839853),
        (0.3, 1e-09, -3.798881582208352e-06, 27.250927491336295),
        (0.3, 0.001, -0.015238759362016375, 7.909134823974115),
        (0.3, 2.1, -2.664910931782239, -4.5316844097326126),
        (0.3, 40.0, -41.124555124768825, -46.01246839591391),
        (0.3, 700.0, -701.6951338869911, -709.4499015158693),
        (0.5, 1e-09, -1e-09, 20.030118655386467),
        (0.5, 0.001, -0.001, 6.213608098422192),
        (0.5, 2.1, -2.1, -3.5350845252893226),
        (0.5, 700.0, -700.0, -707.2442275156034),
        (0.99, 1e-09, -1.3309936698466043e-17, 3.2424024083042156),
        (0.99, 0.001, -4.061067683195515e-06, 2.0102910349748835),
        (0.99, 2.1, -1.3659310696159213, -2.3111513979122744),
        (0.99, 700.0, -696.5625814901766, -703.1244116617294),
        (1.0, 1e-09, -1.0669598676302413e-17, 3.0368357013932057),
        (1.0, 0.001, -3.761850990178286e-06, 1.9492885501921986),
        (1.0, 0.7, -0.3076147825904688, -0.4147280874701225),
        (1.0, 1.9, -1.1928538801015829, -2.049137547057892),
        (1.0, 2.1, -1.355697401948359, -2.2947782370499974),
        (1.0, 9.0, -7.6360465468143195, -9.886014834303493),
        (1.0, 40.0, -37.920508623289784, -41.6217352914168),
        (1.0, 700.0, -696.4981331477235, -703.049927258944),
        (1.001, 1.9, -1.1919038378373326, -2.0476127298721774),
        (1.001, 9.0, -7.6338606207203155, -9.882934810189102),
        (1.001, 700.0, -696.4916973927049, -703.0424934311443),
        (1.7, 0.001, -3.571265326404278e-07, 0.19407812822844725),
        (1.7, 1.9, -0.7383951803562165, -1.353014016928818),
        (1.7, 2.1, -0.8617634140115157, -1.5371714322821595),
        (1.7, 9.0, -6.387929652600292, -8.180869673442311),
        (1.7, 700.0, -692.300423205864, -698.3225883519793),
        (2.0, 1.9, -0.6237679881079243, -1.1928538801015829),
        (2.0, 9.0, -5.974243161232601, -7.6360465468143195),
        (2.0, 700.0, -690.6380586661604, -696.4981331477235),
        (19.9, 1e-09, -1.322751322751323e-20, -0.6415893708950953),
        (19.9, 0.001, -1.322751322262588e-08, -0.6415893848615757),
        (19.9, 0.7, -0.006480308628509228, -0.6484315614717896),
        (19.9, 1.9, -0.04768786895167693, -0.6919334719965615),
        (19.9, 2.1, -0.05823871816521928, -0.7030698883837231),
        (19.9, 9.0, -1.0417794974857437, -1.7381711869466672),
        (19.9, 40.0, -15.555808653246206, -16.716898218871023),
        (19.9, 700.0, -624.5443552982726, -628.1324068881548),
        (60.25, 0.7, -0.0020674738584454946, -0.6785133538726286),
        (60.25, 1.9, -0.015230076664070486, -0.691901854695071),
        (60.25, 9.0, -0.3407773978060809, -1.0230029833696996),
        (60.25, 40.0, -6.410433702279752, -7.186334765442714),
        (200.0, 1e-09, -1.2562814070351761e-21, -0.688134638736401),
        (200.0, 0.001, -1.2562814070311905e-09, -0.6881346399990272),
        (200.0, 2.1, -0.005540123498266776, -0.6937027418655615),
        (200.0, 700.0, -360.3417495926779, -361.8756008882631),
        (499.0, 1.9, -0.001812245691929183, -0.6929570538812607),
        (499.0, 9.0, -0.0406609873524639, -0.7318839553179501),
        (499.0, 700.0, -206.9849627178645, -207.9856856835423),
    ];

    #[test]
    fn values_and_slopes_match_fifty_digits_near_zero_as_well() {
        for (nu, z, value, slope) in KNOWN {
            let (a, b) = ln_value_and_slope(nu, z);
            // Below order ½ only m itself is there, whose difference from 1 is large; above it, that of the foot.
            let floor = if nu < 0.5 { 1e-15 } else { 4e-16 * f64::min(1.0, z) };
            assert!(
                (a - value).abs() <= floor + 1e-13 * value.abs(),
                "{nu} {z}: {a} {value}"
            );
            assert!(
                (b - slope).abs() <= 6e-15 * (1.0 + slope.abs()),
                "{nu} {z}: {b} {slope}"
            );
        }
    }

    #[test]
    fn both_routes_agree_where_they_meet() {
        for nu in [0.1, 0.5, 0.93, 1.0, 2.4, 19.9, 120.7, 400.3] {
            let (a, b) = (
                Feet::series(nu - (nu + 0.5_f64).floor(), (nu + 0.5) as u32, 2.0),
                Feet::integral(nu - (nu + 0.5_f64).floor(), (nu + 0.5) as u32, 2.0),
            );
            let e = 2.0_f64.exp();
            for (a, b) in a.k.iter().zip(b.k) {
                assert!((a * e / b - 1.0).abs() < 4e-15, "{nu}");
            }
            assert!((a.lower * e / b.lower - 1.0).abs() < 4e-15, "{nu}");
            assert!(((1.0 - a.upper) * e / b.upper - 1.0).abs() < 4e-15, "{nu}");
        }
    }
}
