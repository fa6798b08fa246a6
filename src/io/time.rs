//! Times and durations as tuners write them.

use jiff::civil;
use jiff::tz::TimeZone;

/// Seconds since the Unix epoch of an ISO-8601 time, with `T` or a blank between date and time.
///
/// With an offset or `Z` it is that moment; without one it is local time, which is what Optuna up to 4.9
/// and `datetime.now().isoformat()` write. `None` for anything else.
#[must_use]
pub fn parse_time(text: &str) -> Option<f64> {
    let bytes = text.trim().as_bytes();
    let (year, month, day) = (digits(bytes, 0, 4)?, digits(bytes, 5, 2)?, digits(bytes, 8, 2)?);
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let date = civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    let (seconds, rest) = match bytes.get(10) {
        None => (0.0, &[][..]),
        Some(b'T' | b't' | b' ') => time_of_day(bytes.get(11..)?)?,
        Some(_) => return None,
    };
    let midnight = days_since_epoch(date) * 86_400.0;
    match offset(rest)? {
        Some(offset) => Some(midnight + seconds - offset),
        None => Some(local(date, seconds)?),
    }
}

/// Seconds since the epoch of its own, unsaid zone of a time such as `2026-11-23 18:56:22.376458`, as databases
/// keep them. An offset, should there be one, is heeded.
#[must_use]
pub fn parse_naive(text: &str) -> Option<f64> {
    let text = text.trim();
    let utc = format!("{text}Z");
    parse_time(if has_offset(text) { text } else { &utc })
}

/// The inverse of [`parse_naive`], to the microsecond.
#[must_use]
pub fn naive_text(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "microseconds of years −9999 to 9999"
    )]
    let moment = jiff::Timestamp::from_microsecond((seconds * 1e6).round() as i64).unwrap_or_default();
    moment.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// Seconds since the Unix epoch of a wall-clock time of this machine's zone that [`parse_naive`] read.
#[must_use]
pub fn local_moment(naive: f64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of years −9999 to 9999")]
    let whole = jiff::Timestamp::from_second(naive.floor() as i64).ok()?;
    let at = whole.to_zoned(TimeZone::UTC).datetime();
    let moment = TimeZone::system().to_ambiguous_timestamp(at).compatible().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of years −9999 to 9999")]
    Some(moment.as_second() as f64 + naive - naive.floor())
}

/// Whether a time says which moment it means (`Z` or an offset).
#[must_use]
pub fn has_offset(text: &str) -> bool {
    let time = text.trim().get(11..).unwrap_or("");
    time.ends_with(['Z', 'z']) || time.contains(['+', '-'])
}

fn digits(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    bytes
        .get(at..at + count)?
        .iter()
        .try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// `HH:MM[:SS[.ffffff]]` in seconds, and what follows it.
fn time_of_day(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let (hour, minute) = (digits(bytes, 0, 2)?, digits(bytes, 3, 2)?);
    if bytes.get(2) != Some(&b':') || hour > 24 || minute > 59 {
        return None;
    }
    let mut seconds = f64::from(hour * 3600 + minute * 60);
    let mut at = 5;
    if bytes.get(at) == Some(&b':') {
        seconds += f64::from(digits(bytes, at + 1, 2)?);
        at += 3;
        if matches!(bytes.get(at), Some(b'.' | b',')) {
            at += 1;
            let mut unit = 0.1;
            while let Some(b @ b'0'..=b'9') = bytes.get(at) {
                seconds += f64::from(b - b'0') * unit;
                unit /= 10.0;
                at += 1;
            }
        }
    }
    Some((seconds, bytes.get(at..).unwrap_or_default()))
}

/// `Some(None)`: there is no offset. `None`: there is something else.
#[expect(clippy::option_option, reason = "absent and wrong are different answers")]
fn offset(rest: &[u8]) -> Option<Option<f64>> {
    let sign = match rest {
        [] => return Some(None),
        [b'Z' | b'z'] | [b' ', b'U', b'T', b'C'] => return Some(Some(0.0)),
        [b'+', ..] => 1.0,
        [b'-', ..] => -1.0,
        _ => return None,
    };
    let hours = digits(rest, 1, 2)?;
    let minutes = match rest.get(3) {
        None => 0,
        Some(b':') => digits(rest, 4, 2)?,
        Some(_) => digits(rest, 3, 2)?,
    };
    Some(Some(sign * f64::from(hours * 3600 + minutes * 60)))
}

/// Days from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`).
fn days_since_epoch(date: civil::Date) -> f64 {
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    #[expect(clippy::cast_precision_loss, reason = "days of years −9999 to 9999")]
    {
        (era * 146_097 + day_of_era - 719_468) as f64
    }
}

/// A wall-clock time of this machine's zone.
fn local(date: civil::Date, seconds: f64) -> Option<f64> {
    let whole = seconds.floor();
    #[expect(clippy::cast_possible_truncation, reason = "seconds of one day")]
    let span = jiff::SignedDuration::from_secs(whole as i64);
    let at = date.to_datetime(civil::Time::midnight()).checked_add(span).ok()?;
    let moment = TimeZone::system().to_ambiguous_timestamp(at).compatible().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of years −9999 to 9999")]
    Some(moment.as_second() as f64 + (seconds - whole))
}

/// Seconds of a duration: pandas' `0 days 00:00:05.038766`, `1:02:03.5`, `90`, `8h`, `1h30m`, `45 min`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then_some(seconds);
    }
    if let Some((days, rest)) = text.split_once(" day") {
        let days: f64 = days.trim().parse().ok()?;
        let rest = rest.trim_start_matches('s').trim_start_matches(',').trim();
        let within = if rest.is_empty() { 0.0 } else { clock(rest)? };
        return Some(days * 86_400.0 + within);
    }
    if text.contains(':') {
        return clock(text);
    }
    with_units(text)
}

/// `H:MM:SS.f` or `MM:SS`.
fn clock(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut parts = 0;
    for part in text.trim_start_matches('+').split(':') {
        let part: f64 = part.trim().parse().ok().filter(|x: &f64| *x >= 0.0)?;
        total = total * 60.0 + part;
        parts += 1;
    }
    (parts == 2 || parts == 3).then_some(total)
}

/// `1d 2h30m 5.5s`, units in words or letters, each at most once in any order.
fn with_units(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..number_end)?.parse().ok()?;
        rest = rest.get(number_end..)?.trim_start();
        let unit_end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        total += number
            * match rest.get(..unit_end)? {
                "d" | "day" | "days" => 86_400.0,
                "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
                "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
                "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
                "ms" => 1e-3,
                _ => return None,
            };
        rest = rest.get(unit_end..)?.trim_start();
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_of_optuna_are_read() {
        let utc = parse_time("2026-11-23T18:23:56.529770+00:00").unwrap();
        assert!((utc - 1_795_458_236.529_77).abs() < 1e-5, "{utc}");
        assert_eq!(parse_time("2026-11-23T20:23:56.529770+02:00"), Some(utc));
        assert_eq!(parse_time("2026-11-23 18:23:56.529770Z"), Some(utc));
        let naive = "2026-11-23T18:23:56.529770";
        let zone = TimeZone::system();
        let there = civil::date(2026, 11, 23)
            .at(18, 23, 56, 0)
            .to_zoned(zone)
            .unwrap();
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let there = there.timestamp().as_second() as f64;
        assert!((parse_time(naive).unwrap() - there - 0.529_77).abs() < 1e-5);
        assert!(has_offset("2026-11-23T18:23:56+00:00") && !has_offset(naive));
    }

    #[test]
    fn times_without_zone_go_round() {
        let naive = parse_naive("2026-11-23 18:56:22.376458").unwrap();
        assert_eq!(naive_text(naive), "2026-11-23 18:56:22.376458");
        // The two add the fraction in another order: a microsecond is what such a time can tell.
        let (read, made) = (parse_time("2026-11-23 18:56:22.376458"), local_moment(naive));
        assert!((read.unwrap() - made.unwrap()).abs() < 1e-6);
        assert_eq!(
            parse_naive("2026-11-23 18:56:22+02:00"),
            Some(naive.floor() - 7200.0)
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-11-23T",
            "2026-11-23T9:00",
            "2026-11-23Tx",
            "é026-11-23",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(parse_time("1970-01-02T00:00:00Z"), Some(86_400.0));
    }

    #[test]
    fn durations_in_the_usual_notations() {
        for (text, seconds) in [
            ("0 days 00:00:05.5", 5.5),
            ("1 day, 1:00:00", 90_000.0),
            ("1:02:03", 3723.0),
            ("90", 90.0),
            ("8h", 28_800.0),
            ("1h30m", 5400.0),
            ("45 min", 2700.0),
        ] {
            assert_eq!(parse_duration(text), Some(seconds), "{text}");
        }
        for text in ["soon", "8x", "", "1:2:3:4", "-5", "h"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
