//! `exp` without branches or calls, so that loops over it become vector code.

/// `1.5·2⁵²`: adding it rounds to an integer that sits in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Below this `exp` is subnormal; such correlations are zero, and cost no subnormal arithmetic.
const LOWEST: f64 = -708.0;

/// `exp(x)` for `x ≤ 0`, to within 2 units in the last place; below −708 it is 0.
///
/// `x = n ln 2 + r`, `|r| ≤ ln 2 / 2`, and a Taylor polynomial of degree 13 in `r` (the first term left
/// out is below 5e-18). NaN stays NaN.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
pub(crate) fn exp_negative(x: f64) -> f64 {
    let is_zero = x < LOWEST;
    let x = if is_zero { LOWEST } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let r2 = r * r;
    let r4 = r2 * r2;
    // Pairs first (Estrin): short dependency chains.
    let p01 = 1.0 + r;
    let p23 = 1.0 / 2.0 + r * (1.0 / 6.0);
    let p45 = 1.0 / 24.0 + r * (1.0 / 120.0);
    let p67 = 1.0 / 720.0 + r * (1.0 / 5_040.0);
    let p89 = 1.0 / 40_320.0 + r * (1.0 / 362_880.0);
    let pab = 1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0);
    let pcd = 1.0 / 479_001_600.0 + r * (1.0 / 6_227_020_800.0);
    let low = p23 + r2 * p45;
    let middle = p67 + r2 * p89;
    let high = pab + r2 * pcd;
    let p = p01 + r2 * (low + r4 * (middle + r4 * high));
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    if is_zero { 0.0 } else { p * scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_library_to_two_units_in_the_last_place() {
        let mut x: f64 = -1e-18;
        while x > -707.9 {
            let (a, b) = (exp_negative(x), x.exp());
            assert!((a / b - 1.0).abs() <= 4.5e-16, "{x}: {a} {b}");
            x *= 1.0007;
        }
        assert!((exp_negative(0.0) - 1.0).abs() == 0.0);
        assert!(exp_negative(-1e9) == 0.0 && exp_negative(-708.5) == 0.0);
        assert!(exp_negative(f64::NAN).is_nan());
    }
}
