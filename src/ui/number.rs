//! Numbers on the screen: as [`crate::study::number`] rounds them, with a true minus sign before them.
//! Exponents keep theirs, so that a value that is copied off the screen still reads as a number.

pub use crate::study::number::{duration, percent};

use super::text::minus;
use crate::study::number;

/// `x` with `digits` significant digits.
#[must_use]
pub fn significant(x: f64, digits: usize) -> String {
    minus(&number::significant(x, digits))
}

/// Mean and deviation with the decimals that the deviation justifies.
#[must_use]
pub fn plus_minus(mean: f64, sd: f64) -> (String, String) {
    let (mean, sd) = number::plus_minus(mean, sd);
    (minus(&mean), sd)
}

/// `mean ± sd` in one string.
#[must_use]
pub fn with_sd(mean: f64, sd: f64) -> String {
    minus(&number::with_sd(mean, sd))
}

/// The terms of a sum, each with its sign, all to the same decimal.
#[must_use]
pub fn terms(values: &[f64], digits: usize) -> Vec<String> {
    let sign = |text: String| match text.strip_prefix('-') {
        Some(size) => format!("−{size}"),
        None => format!("+{text}"),
    };
    number::aligned(values, digits).into_iter().map(sign).collect()
}

/// `x` to a hundredth of the range it lies in.
#[must_use]
pub fn in_range(x: f64, range: f64) -> String {
    minus(&number::in_range(x, range))
}

/// `x` with so many decimals.
#[must_use]
pub fn fixed(x: f64, decimals: usize) -> String {
    minus(&unsigned_zero(format!("{x:.decimals$}")))
}

/// The same with its sign in any case, but where nothing is left of it.
#[must_use]
pub fn signed(x: f64, decimals: usize) -> String {
    minus(&unsigned_zero(format!("{x:+.decimals$}")))
}

/// A number that rounds to zero has no side.
fn unsigned_zero(mut text: String) -> String {
    if text.bytes().all(|b| matches!(b, b'0' | b'.' | b'+' | b'-')) && text.starts_with(['+', '-']) {
        text.remove(0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_before_a_number_is_one_and_an_exponent_keeps_its_hyphen() {
        assert_eq!(significant(-0.000_25, 2), "−2.5e-4");
        assert_eq!(with_sd(-0.25, 0.01), "−0.250 ± 0.010");
        assert_eq!(terms(&[-0.5, 0.25], 2), ["−0.50", "+0.25"]);
        assert_eq!(fixed(-1.0, 1), "−1.0");
        assert_eq!(signed(0.5, 1), "+0.5");
        assert_eq!([signed(-0.04, 1), signed(0.04, 1), fixed(-0.04, 1)], ["0.0"; 3]);
    }
}
