//! Numbers as people read them: rounded to what is known.

/// `x` with `digits` significant digits; scientific below 1e-3 and from 1e6 on (`3.2e-4`), plain between.
/// Trailing zeros after the point go, unless `x` is rounded to an integer anyway.
#[must_use]
pub fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if !x.is_finite() {
        return if x.is_nan() {
            "nan".to_owned()
        } else if x > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        };
    }
    let digits = digits.max(1);
    let scientific = format!("{x:.*e}", digits - 1);
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0);
    if (-3..6).contains(&exponent) {
        let decimals = i32::try_from(digits).unwrap_or(6) - 1 - exponent;
        trim_zeros(&format!("{x:.*}", usize::try_from(decimals).unwrap_or(0)))
    } else {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        format!("{}e{exponent}", trim_zeros(mantissa))
    }
}

/// A number with the decimals that its uncertainty justifies: `sd` gets two significant digits and the
/// mean the same last decimal (`0.4123 ± 0.0087`). Scientific with a shared exponent where plain digits
/// would run long.
#[must_use]
pub fn plus_minus(mean: f64, sd: f64) -> (String, String) {
    if !mean.is_finite() || !sd.is_finite() || sd <= 0.0 {
        return (significant(mean, 5), significant(sd, 2));
    }
    let sd_exponent = exponent_of(&format!("{sd:.1e}"));
    let mean_exponent = if mean == 0.0 {
        sd_exponent
    } else {
        exponent_of(&format!("{mean:e}"))
    };
    let top = mean_exponent.max(sd_exponent);
    if (-4..6).contains(&top) && sd_exponent > -8 {
        let decimals = usize::try_from(1 - sd_exponent).unwrap_or(0);
        (format!("{mean:.decimals$}"), format!("{sd:.decimals$}"))
    } else {
        let scale = 10f64.powi(top);
        let decimals = usize::try_from(top - sd_exponent + 1).unwrap_or(1).min(8);
        (
            format!("{:.decimals$}e{top}", mean / scale),
            format!("{:.decimals$}e{top}", sd / scale),
        )
    }
}

/// Numbers of one sum with the same last decimal: the largest of them has `digits` significant ones. Scientific with a
/// shared exponent where plain digits would run long.
#[must_use]
pub fn aligned(values: &[f64], digits: usize) -> Vec<String> {
    let sizes = values.iter().map(|v| v.abs()).filter(|v| v.is_finite());
    let largest = sizes.fold(0.0, f64::max);
    if largest == 0.0 {
        return values.iter().map(|v| significant(*v, digits)).collect();
    }
    let after = i32::try_from(digits.max(1)).unwrap_or(6) - 1;
    let top = exponent_of(&format!("{largest:.*e}", usize::try_from(after).unwrap_or(0)));
    let plain = (-3..6).contains(&top);
    let (decimals, scale, tail) = match plain {
        true => (after - top, 1.0, String::new()),
        false => (after, 10f64.powi(top), format!("e{top}")),
    };
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let show = |v: &f64| {
        if v.is_finite() {
            let text = format!("{:.decimals$}", v / scale);
            // A zero has no sign.
            let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
            format!(
                "{}{tail}",
                if is_zero {
                    text.trim_start_matches('-')
                } else {
                    &text
                }
            )
        } else {
            significant(*v, digits)
        }
    };
    values.iter().map(show).collect()
}

/// `x` to a hundredth of a range it lies in; what is nothing beside the range is `0`.
#[must_use]
pub fn in_range(x: f64, range: f64) -> String {
    let grain = range.abs() / 100.0;
    if !x.is_finite() || !grain.is_finite() || grain == 0.0 {
        return significant(x, 3);
    }
    if x.abs() < grain / 2.0 {
        return "0".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, reason = "an exponent of f64")]
    let decimals = (-grain.log10()).floor() as i32;
    if (0..=5).contains(&decimals) && x.abs() < 1e5 {
        return format!("{x:.*}", usize::try_from(decimals).unwrap_or(0));
    }
    // As many digits as reach down to the grain.
    let digits = exponent_of(&format!("{x:e}")) + decimals + 1;
    significant(x, usize::try_from(digits.clamp(1, 6)).unwrap_or(3))
}

/// `mean ± sd` in one string.
#[must_use]
pub fn with_sd(mean: f64, sd: f64) -> String {
    let (mean, sd) = plus_minus(mean, sd);
    format!("{mean} ± {sd}")
}

/// A share as a percentage: whole from 10 % on, one decimal below, `<0.1 %` at the bottom.
#[must_use]
pub fn percent(share: f64) -> String {
    let p = 100.0 * share;
    if !p.is_finite() {
        "–".to_owned()
    } else if p >= 9.95 {
        format!("{p:.0} %")
    } else if p >= 0.1 || p <= 0.0 {
        format!("{p:.1} %")
    } else {
        "<0.1 %".to_owned()
    }
}

/// A duration in the two largest units that matter: `42 s`, `3 min 10 s`, `2 h 05 min`, `3 d 4 h`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    if seconds < 10.0 {
        return format!("{} s", significant(seconds, 2));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and not negative"
    )]
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3600),
    }
}

fn exponent_of(scientific: &str) -> i32 {
    scientific
        .split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0)
}

fn trim_zeros(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uncertainty_decides_the_digits() {
        assert_eq!(with_sd(0.412_345, 0.0087), "0.4123 ± 0.0087");
        assert_eq!(with_sd(2.145, 0.32), "2.15 ± 0.32");
        assert_eq!(with_sd(1_234.5, 20.0), "1234 ± 20");
        assert_eq!(with_sd(3.2e-7, 1.0e-8), "3.20e-7 ± 0.10e-7");
    }

    #[test]
    fn the_terms_of_a_sum_end_at_the_same_decimal() {
        let terms = |values: &[f64]| aligned(values, 3).join(" ");
        assert_eq!(terms(&[0.0243, 0.05006, 0.07436]), "0.0243 0.0501 0.0744");
        assert_eq!(terms(&[-9.0e-4, 9.901e-4, 9.01e-5]), "-9.00e-4 9.90e-4 0.90e-4");
        assert_eq!(terms(&[1234.5, -0.4, 1234.1]), "1234 0 1234");
        assert_eq!(terms(&[0.0, 0.0]), "0 0");
        assert_eq!(terms(&[f64::NAN, 1.0]), "nan 1.00");
    }

    #[test]
    fn the_ends_of_a_range_are_told_to_a_hundredth_of_it() {
        assert_eq!(in_range(2.141_7, 0.39), "2.14");
        assert_eq!(in_range(7.4e-36, 0.074), "0");
        assert_eq!(in_range(0.0743, 0.0743), "0.074");
        assert_eq!(in_range(-0.0304, 0.0543), "-0.030");
        assert_eq!(in_range(3.2e-7, 3.2e-7), "3.2e-7");
        assert_eq!(in_range(123_456.0, 4000.0), "123456");
        assert_eq!(in_range(0.5, 0.0), "0.5");
    }

    #[test]
    fn significant_digits_without_ballast() {
        assert_eq!(significant(0.000_316_227, 3), "3.16e-4");
        assert_eq!(significant(0.05, 4), "0.05");
        assert_eq!(significant(32.0, 3), "32");
        assert_eq!(significant(1e20, 3), "1e20");
        assert_eq!(percent(0.1234), "12 %");
        assert_eq!(percent(0.0004), "<0.1 %");
        assert_eq!(duration(7505.0), "2 h 05 min");
    }
}
