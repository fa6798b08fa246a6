//! Axes: round ticks, log ticks, labels that stand at their values and never touch each other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::study::{Domain, Encoder, Parameter};
use crate::ui::number::significant;
use crate::ui::text;

/// A place along an axis and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// In `[0, 1]`.
    pub position: f64,
    pub label: String,
}

/// A numeric axis in the user's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub log: bool,
}

impl Scale {
    /// An axis over `low..=high`; a range of no width or no meaning is widened to one that can be drawn.
    #[must_use]
    pub fn new(low: f64, high: f64, log: bool) -> Self {
        let log = log && low > 0.0;
        let (low, high) = if low.is_finite() && high.is_finite() {
            (low.min(high), low.max(high))
        } else {
            (0.0, 1.0)
        };
        // Halved: the span of two huge numbers overflows, half of the span of two denormals is nothing.
        let half = high / 2.0 - low / 2.0;
        if half > 0.0 && half > 0.5e-12 * low.abs().max(high.abs()) {
            return Self { low, high, log };
        }
        if log && low > 0.0 {
            return Self {
                low: low / 2.0,
                high: high * 2.0,
                log,
            };
        }
        let largest = low.abs().max(high.abs());
        let margin = if largest < 1e-300 { 1.0 } else { largest * 0.1 };
        Self {
            low: (low - margin).max(f64::MIN),
            high: (high + margin).min(f64::MAX),
            log: false,
        }
    }

    /// Share of the axis at a value: 0 at `low`, 1 at `high`, beyond them outside; NaN stays NaN.
    #[must_use]
    pub fn position(&self, x: f64) -> f64 {
        if self.log {
            if x <= 0.0 {
                return -1.0;
            }
            return (x.ln() - self.low.ln()) / (self.high.ln() - self.low.ln());
        }
        // Halved first: the span of two huge numbers overflows.
        (x / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// The value at a share of the axis: the inverse of [`Scale::position`].
    #[must_use]
    pub fn value(&self, share: f64) -> f64 {
        if self.log {
            let (low, high) = (self.low.ln(), self.high.ln());
            return (low + share * (high - low)).exp();
        }
        self.low * (1.0 - share) + self.high * share
    }

    #[must_use]
    pub fn contains(&self, x: f64) -> bool {
        x >= self.low && x <= self.high
    }

    /// At most `max` ticks at round values.
    #[must_use]
    pub fn ticks(&self, max: usize) -> Vec<Tick> {
        let values = if self.log {
            log_values(self.low, self.high, max)
        } else {
            round_values(self.low, self.high, max)
        };
        let labels = labels(&values, self.log);
        values
            .into_iter()
            .zip(labels)
            .map(|(v, label)| Tick {
                position: self.position(v),
                label,
            })
            .filter(|t| t.position.is_finite())
            .collect()
    }
}

/// Whole numbers below it are exact, and so is one more than each.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Multiples of 1, 2 or 5 times a power of ten inside `low..=high`, at most `max`.
fn round_values(low: f64, high: f64, max: usize) -> Vec<f64> {
    let max = max.max(1);
    let span = high - low;
    if span == f64::INFINITY {
        return thin(&[low, 0.0, high], max);
    }
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    #[expect(clippy::cast_precision_loss, reason = "a few ticks")]
    let raw = span / max as f64;
    let magnitude = 10f64.powf(raw.log10().floor());
    if !magnitude.is_finite() || magnitude <= 0.0 {
        return vec![low];
    }
    let mut best = Vec::new();
    let mut finer: Vec<f64> = Vec::new();
    for factor in [1.0, 2.0, 5.0, 10.0, 20.0, 50.0] {
        let step = factor * magnitude;
        let first = (low / step - 1e-9).ceil();
        let last = (high / step + 1e-9).floor();
        // Of a range a few ulps wide the multiples are too large to be told apart: k + 1 is k again.
        if !(first.abs().max(last.abs()) < EXACT && (0.0..64.0).contains(&(last - first))) {
            continue;
        }
        let values: Vec<f64> = (0..64u8)
            .map(|i| first + f64::from(i))
            .take_while(|k| *k <= last)
            .map(|k| if k == 0.0 { 0.0 } else { k * step })
            .collect();
        if values.len() <= max {
            // A lone tick tells no scale: rather one or two more than asked for.
            if values.len() >= 2 || finer.len() > max + 2 || finer.is_empty() {
                best = values;
            } else {
                best = finer;
            }
            break;
        }
        finer = values;
    }
    if best.is_empty() {
        best.push(low);
    }
    best
}

/// Powers of ten inside the range, thinned to at most `max`; with 2 and 5 between them where there is room.
fn log_values(low: f64, high: f64, max: usize) -> Vec<f64> {
    let max = max.max(1);
    let (a, b) = (low.log10(), high.log10());
    if !(a.is_finite() && b.is_finite()) {
        return round_values(low, high, max);
    }
    let inside = |v: f64| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9);
    let sweep = |factors: &[f64]| -> Vec<f64> {
        let mut values = Vec::new();
        let mut e = a.floor();
        while e <= b.ceil() && values.len() < 700 {
            for f in factors {
                let v = f * 10f64.powf(e);
                if inside(v) {
                    values.push(v);
                }
            }
            e += 1.0;
        }
        values
    };
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0][..]] {
        let values = sweep(factors);
        if values.len() >= 2 && values.len() <= max {
            return values;
        }
    }
    let decades = sweep(&[1.0]);
    if decades.len() < 2 {
        let values = sweep(&[1.0, 2.0, 5.0]);
        if values.len() >= 2 {
            return thin(&values, max);
        }
        return round_values(low, high, max);
    }
    thin(&decades, max)
}

/// Every k-th value, so that at most `max` are left.
fn thin(values: &[f64], max: usize) -> Vec<f64> {
    let step = values.len().div_ceil(max.max(1)).max(1);
    values.iter().copied().step_by(step).collect()
}

/// Labels with as many decimals as the distance between ticks asks for.
fn labels(values: &[f64], log: bool) -> Vec<String> {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let step = values
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(f64::INFINITY, f64::min);
    let plain = !log && step.is_finite() && step >= 1e-4 && largest < 1e6;
    values
        .iter()
        .map(|v| {
            if plain {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between 0 and 5"
                )]
                let decimals = (-(step * 1.0001).log10().floor()).clamp(0.0, 5.0) as usize;
                text::minus(&format!("{v:.decimals$}"))
            } else if log {
                significant(*v, 1)
            } else {
                text::minus(&significant(*v, 3))
            }
        })
        .collect()
}

/// Ticks of a parameter's axis, placed as the model places its values.
#[must_use]
pub fn parameter_ticks(encoder: &Encoder, parameter: usize, p: &Parameter, max: usize) -> Vec<Tick> {
    let Some(j) = encoder.coordinate_of(parameter) else {
        return vec![Tick {
            position: 0.5,
            label: only_label(p),
        }];
    };
    let axis = encoder.axis(j);
    let at = |x: f64| axis.forward(x);
    let (values, log) = match &p.domain {
        Domain::Categorical { choices } => {
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            return choices
                .iter()
                .enumerate()
                .map(|(k, c)| Tick {
                    position: (k as f64 + 0.5) / choices.len() as f64,
                    label: c.to_string(),
                })
                .collect();
        }
        Domain::Float { low, high, log, .. } if *log => (log_values(*low, *high, max), true),
        Domain::Float { low, high, .. } => (round_values(*low, *high, max), false),
        #[expect(clippy::cast_precision_loss, reason = "axis labels")]
        Domain::Int { low, high, log, .. } => (integer_values(*low as f64, *high as f64, *log, max), false),
    };
    let labels = labels(&values, log);
    values
        .into_iter()
        .zip(labels)
        .map(|(v, label)| Tick {
            position: at(v),
            label,
        })
        .filter(|t| t.position.is_finite())
        .collect()
}

fn only_label(p: &Parameter) -> String {
    match &p.domain {
        Domain::Float { low, .. } => significant(*low, 3),
        Domain::Int { low, .. } => low.to_string(),
        Domain::Categorical { choices } => choices.first().map_or_else(String::new, ToString::to_string),
    }
}

fn integer_values(low: f64, high: f64, log: bool, max: usize) -> Vec<f64> {
    if log && high / low.max(1.0) > 8.0 {
        // Powers of two are how people choose such numbers.
        let mut values = Vec::new();
        let mut v = 1.0;
        while v <= high {
            if v >= low {
                values.push(v);
            }
            v *= 2.0;
        }
        return thin(&values, max);
    }
    let values: Vec<f64> = round_values(low, high, max)
        .into_iter()
        .filter(|v| v.fract() == 0.0)
        .collect();
    if values.len() < 2 { vec![low, high] } else { values }
}

/// The column of a share of `width` cells.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the width"
)]
pub fn column(position: f64, width: u16) -> Option<u16> {
    if width == 0 || !(-0.001..=1.001).contains(&position) {
        return None;
    }
    let c = (position.clamp(0.0, 1.0) * f64::from(width)).floor() as u16;
    Some(c.min(width - 1))
}

/// The row of a share, counted from the top, where 1 is the top edge.
#[must_use]
pub fn row(position: f64, height: u16) -> Option<u16> {
    column(1.0 - position, height)
}

/// Writes labels under an axis, each centred on its tick; one that would touch another is left out,
/// the outermost come first. Returns the columns of the ticks that were written.
pub fn write_labels(buf: &mut Buffer, area: Rect, ticks: &[Tick], style: Style) -> Vec<u16> {
    let mut taken = vec![false; usize::from(area.width)];
    let mut written = Vec::new();
    for i in outermost_first(ticks.len()) {
        let Some(tick) = ticks.get(i) else { continue };
        let Some(c) = column(tick.position, area.width) else {
            continue;
        };
        let w = text::width(&tick.label);
        if w == 0 || w > usize::from(area.width) {
            continue;
        }
        let start = usize::from(c)
            .saturating_sub(w / 2)
            .min(usize::from(area.width) - w);
        let from = start.saturating_sub(1);
        let to = (start + w + 1).min(taken.len());
        if taken.get(from..to).is_none_or(|s| s.contains(&true)) {
            continue;
        }
        if let Some(s) = taken.get_mut(start..start + w) {
            s.fill(true);
        }
        #[expect(clippy::cast_possible_truncation, reason = "below the width")]
        let x = area.x + start as u16;
        text::put(buf, x, area.y, w, &tick.label, style);
        written.push(c);
    }
    written
}

/// `0, n−1, n/2, …`: ends first, then the rest from the left.
fn outermost_first(n: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(n);
    if n > 0 {
        order.push(0);
    }
    if n > 1 {
        order.push(n - 1);
    }
    if n > 2 {
        order.push(n / 2);
        order.extend((1..n - 1).filter(|i| *i != n / 2));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Space;

    fn shown(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            shown(&Scale::new(0.0, 1.0, false).ticks(6)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            shown(&Scale::new(0.31, 0.47, false).ticks(4)),
            ["0.35", "0.40", "0.45"]
        );
        assert_eq!(
            shown(&Scale::new(1e-5, 1e-1, true).ticks(5)),
            ["1e-5", "1e-4", "0.001", "0.01", "0.1"]
        );
        assert_eq!(
            shown(&Scale::new(-3.0e9, 3.0e9, false).ticks(3)),
            ["−2e9", "0", "2e9"]
        );
    }

    #[test]
    fn every_scale_has_at_most_the_ticks_asked_for_at_finite_places() {
        for (low, high) in [
            (0.0, 0.0),
            (f64::NAN, 1.0),
            (-1e308, 1e308),
            (1e-300, 1e300),
            (5.0, 5.0 + 1e-15),
            (0.3, 0.300_000_000_000_000_04),
            (-1.7e308, 1.7e308),
            (1.7e308, 1.7e308),
            (1.7e308, 1.7e308_f64.next_up()),
            (0.0, f64::from_bits(1)),
            (f64::from_bits(1), f64::from_bits(3)),
            (f64::NEG_INFINITY, f64::INFINITY),
        ] {
            for log in [false, true] {
                for max in [1, 2, 5, 9] {
                    let ticks = Scale::new(low, high, log).ticks(max);
                    assert!(ticks.len() <= max + 2, "{low} {high} {log} {max}: {ticks:?}");
                    assert!(ticks.iter().all(|t| t.position.is_finite()));
                    assert!(round_values(low, high, max).len() <= max + 2);
                    assert!(log_values(low, high, max).len() <= max + 2);
                }
            }
        }
    }

    #[test]
    fn a_parameter_a_few_ulps_wide_has_an_axis_with_few_ticks() {
        for (low, high) in [
            (0.3, 0.300_000_000_000_000_04),
            (-1.7e308, 1.7e308),
            (1e16, 1e16 + 4.0),
            (f64::from_bits(1), f64::from_bits(9)),
        ] {
            for log in [false, true] {
                let domain = Domain::Float {
                    low,
                    high,
                    log: log && low > 0.0,
                    step: None,
                };
                let space = Space {
                    params: vec![Parameter::new("x".into(), 0, domain).unwrap()],
                    inferred: false,
                };
                let ticks = parameter_ticks(&Encoder::new(&space), 0, &space.params[0], 5);
                assert!(ticks.len() <= 7, "{low} {high}: {ticks:?}");
            }
        }
    }

    #[test]
    fn labels_stand_at_their_values_and_never_touch() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 21, 1));
        let area = buf.area;
        let columns = write_labels(
            &mut buf,
            area,
            &Scale::new(0.0, 10.0, false).ticks(6),
            Style::new(),
        );
        assert_eq!(buf, Buffer::with_lines(["0   2   4   6   8  10"]));
        assert!(columns.contains(&0) && columns.contains(&20) && columns.contains(&8));
        let mut narrow = Buffer::empty(Rect::new(0, 0, 7, 1));
        let area = narrow.area;
        let ticks = Scale::new(0.0, 100.0, false).ticks(5);
        write_labels(&mut narrow, area, &ticks, Style::new());
        assert_eq!(narrow, Buffer::with_lines(["0   100"]));
    }

    #[test]
    fn parameter_axes_follow_the_encoding() {
        let p = |name: &str, column, domain| Parameter::new(name.into(), column, domain).unwrap();
        let space = Space {
            params: vec![
                p(
                    "lr",
                    0,
                    Domain::Float {
                        low: 1e-5,
                        high: 1e-1,
                        log: true,
                        step: None,
                    },
                ),
                p(
                    "batch",
                    1,
                    Domain::Int {
                        low: 8,
                        high: 128,
                        log: true,
                        step: 1,
                    },
                ),
                p(
                    "scheduler",
                    2,
                    Domain::Categorical {
                        choices: vec!["linear".into(), "cosine".into()]
                            .into_iter()
                            .map(crate::study::Value::Text)
                            .collect(),
                    },
                ),
            ],
            inferred: false,
        };
        let encoder = Encoder::new(&space);
        let lr = parameter_ticks(&encoder, 0, &space.params[0], 5);
        assert_eq!(shown(&lr), ["1e-5", "1e-4", "0.001", "0.01", "0.1"]);
        assert!((lr[2].position - 0.5).abs() < 1e-12);
        let batch = parameter_ticks(&encoder, 1, &space.params[1], 5);
        assert_eq!(shown(&batch), ["8", "16", "32", "64", "128"]);
        let s = parameter_ticks(&encoder, 2, &space.params[2], 5);
        assert_eq!((s[0].position, s[1].position), (0.25, 0.75));
    }
}
