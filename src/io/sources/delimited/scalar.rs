//! What the text of a cell means: a number, a yes or no, nothing, or itself.

use std::borrow::Cow;

use crate::study::Value;

use super::super::jsonl::not_finite;
use super::cells::Cell;

/// What a cell holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar {
    Value(Value),
    Text,
    Absent,
}

/// Words of spreadsheets, R and pandas for a cell without a value. (`None` and `null` are values: a choice may be none.)
#[rustfmt::skip]
const ABSENT: &[&str] = &[
    "NA", "N/A", "n/a", "na", "<NA>", "NaT", "#N/A", "#NA", "N.A.", "n.a.", "-", "--", "---", "–", "—", "?", "missing",
    "#VALUE!", "#DIV/0!", "#REF!", "#NUM!",
];

/// Whether a cell says that it has no value.
pub(super) fn is_absent(text: &str) -> bool {
    let is_digit = text.as_bytes().first().is_none_or(u8::is_ascii_digit);
    text.is_empty() || !is_digit && ABSENT.contains(&text)
}

/// A cell as a number, a boolean or nothing; text is left to the caller.
pub(crate) fn scalar(text: &str, has_decimal_comma: bool) -> Scalar {
    if is_absent(text) {
        return Scalar::Absent;
    }
    if let Some(value) = number(text, has_decimal_comma) {
        return Scalar::Value(value);
    }
    if let Some(x) = not_finite(text) {
        return Scalar::Value(Value::Float(x));
    }
    match text {
        "None" | "none" | "null" | "NULL" | "Null" | "nil" => Scalar::Value(Value::Null),
        "true" | "True" | "TRUE" => Scalar::Value(Value::Bool(true)),
        "false" | "False" | "FALSE" => Scalar::Value(Value::Bool(false)),
        _ => Scalar::Text,
    }
}

fn number(text: &str, has_decimal_comma: bool) -> Option<Value> {
    let first = text.as_bytes().first().copied().unwrap_or(0);
    if !first.is_ascii_digit() && !matches!(first, b'-' | b'+' | b'.') {
        return None;
    }
    let parsed = |text: &str| {
        let whole = text.parse().map(Value::Int).ok();
        whole.or_else(|| text.parse().map(Value::Float).ok())
    };
    if let Some(value) = parsed(text) {
        return Some(value);
    }
    if has_decimal_comma && text.matches(',').count() == 1 {
        // `1.234,5`
        let text = if is_grouped(text.split(',').next().unwrap_or_default(), '.') {
            Cow::Owned(text.replace('.', ""))
        } else {
            Cow::Borrowed(text)
        };
        if !text.contains('.') {
            return text.replace(',', ".").parse().map(Value::Float).ok();
        }
    }
    // `1_000`
    let is_digit = |c: Option<&u8>| c.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let is_underscored = bytes
        .iter()
        .enumerate()
        .all(|(i, b)| *b != b'_' || i > 0 && is_digit(bytes.get(i - 1)) && is_digit(bytes.get(i + 1)));
    if is_underscored && text.contains('_') {
        return parsed(&text.replace('_', ""));
    }
    None
}

/// Whether digits stand in groups of three with this sign between them (`1,500,000`).
fn is_grouped(text: &str, sign: char) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let mut groups = digits.split(sign);
    let is_digits = |g: &str| g.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let mut count = 0;
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && is_digits(first)
        && groups.all(|g| {
            count += 1;
            g.len() == 3 && is_digits(g)
        })
        && count > 0
}

/// A quoted cell between commas that is a number with its thousands apart (`10,000`, `1,500.5`), without the commas.
pub(super) fn without_groups(cell: &Cell) -> Option<String> {
    if !cell.is_quoted {
        return None;
    }
    let text = cell.text.trim();
    let whole = text.split('.').next().unwrap_or_default();
    is_grouped(whole, ',').then(|| text.replace(',', ""))
}

/// Whether a quoted cell between commas is a number with a decimal comma (`0,125`), not one with its
/// thousands apart (`10,000`).
pub(super) fn has_quoted_decimal_comma(cell: &Cell) -> bool {
    let text = cell.text.trim().trim_start_matches(['-', '+']);
    cell.is_quoted
        && text.split_once(',').is_some_and(|(whole, part)| {
            let is_number = format!("{whole}.{part}").parse::<f64>().is_ok();
            is_number && (part.len() != 3 || whole.len() > 3 || whole.is_empty() || whole.starts_with('0'))
        })
}

/// The number of a measurement with its unit or its spread behind it: `91.5 %`, `12.5ms`, `0.41 ± 0.02`, `0.41 (0.02)`.
pub(super) fn measured(text: &str) -> Option<f64> {
    let spread = ["±", "+/-", "+-", "("]
        .iter()
        .find_map(|sign| text.split_once(sign));
    if let Some((number, _)) = spread {
        return number.trim().parse().ok();
    }
    with_unit(text).map(|(number, _)| number)
}

/// A number and the unit right behind it: `91.5 %`, `12.5ms`, `8GB`.
pub(crate) fn with_unit(text: &str) -> Option<(f64, &str)> {
    let is_exponent = |at: usize| {
        let rest = text.get(at + 1..).unwrap_or_default();
        rest.trim_start_matches(['-', '+'])
            .starts_with(|c: char| c.is_ascii_digit())
    };
    let (end, _) = text.char_indices().find(|(at, c)| {
        !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+') || matches!(c, 'e' | 'E') && is_exponent(*at))
    })?;
    let unit = text.get(end..)?.trim_start();
    let is_unit = unit.chars().count() <= 8
        && unit
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '%' | '/' | 'µ'));
    let number = text.get(..end)?.trim().parse().ok().filter(|_| is_unit)?;
    Some((number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Cell {
        Cell {
            text: text.to_owned(),
            is_quoted: true,
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let int = |i| Scalar::Value(Value::Int(i));
        let float = |x| Scalar::Value(Value::Float(x));
        assert_eq!(scalar("1_000", false), int(1000));
        assert_eq!(scalar("_1", false), Scalar::Text);
        assert_eq!(scalar("1__0", false), Scalar::Text);
        assert_eq!(scalar("1.234,5", true), float(1234.5));
        assert_eq!(scalar("0,5", true), float(0.5));
        assert_eq!(scalar("1.2.3,5", true), Scalar::Text);
        assert_eq!(without_groups(&cell("1,500,000")).as_deref(), Some("1500000"));
        assert_eq!(without_groups(&cell("-10,000.5")).as_deref(), Some("-10000.5"));
        for list in ["64,64", "1,2,3", "10,0000", "1000,000", "0,125"] {
            assert_eq!(without_groups(&cell(list)), None, "{list}");
        }
    }

    #[test]
    fn nothing_has_many_words_and_none_is_a_choice() {
        for word in ["", "NA", "-", "—", "n/a", "#N/A", "?"] {
            assert_eq!(scalar(word, false), Scalar::Absent, "{word}");
        }
        assert_eq!(scalar("None", false), Scalar::Value(Value::Null));
        assert!(matches!(scalar("NaN", false), Scalar::Value(Value::Float(x)) if x.is_nan()));
    }

    #[test]
    fn a_unit_or_a_spread_behind_a_measurement_is_stepped_over() {
        for (text, x) in [
            ("91.5%", 91.5),
            ("92 %", 92.0),
            ("12.5ms", 12.5),
            ("1e-3s", 1e-3),
            ("0.41 ± 0.02", 0.41),
            ("0.41+-0.02", 0.41),
            ("0.41 +/- 0.02", 0.41),
            ("0.41+/-0.02", 0.41),
            ("-0.41 (0.02)", -0.41),
            ("2.5 nats", 2.5),
        ] {
            assert_eq!(measured(text), Some(x), "{text}");
        }
        for text in ["sgd", "1:30", "1,2", "2024-05-01T", "3 of 4 runs", "", "%"] {
            assert_eq!(measured(text), None, "{text}");
        }
    }
}
