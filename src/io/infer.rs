//! The domain of a parameter, from the values that were tried.
//!
//! The inferred range is the observed one, nothing wider: it contains every trial, and it holds no value
//! that the person's program may refuse (a dropout of −0.02, a batch of 3). `tunescope init` writes it out
//! for widening by hand. Numbers stay numbers, however few distinct ones there are; text and booleans are
//! categories, in sorted order. A scale is logarithmic where all values are positive, they span two decades, and
//! more of the first ones lie far below the largest than chance would put there on an even scale (a thousand draws
//! from 0 to 1 span three decades too).

use statrs::distribution::{DiscreteCDF as _, Poisson};

use crate::study::{Domain, Label, Value};

/// Distinct values that are remembered of a column.
const MAX_CHOICES: usize = 64;
/// Ratio of the bounds from which on a scale may be logarithmic.
const LOG_RATIO: f64 = 1e2;
/// Ratio of the bounds from which on it usually is.
const WIDE_RATIO: f64 = 1e3;
/// How improbable the first values must be on an even scale, for a wide ratio and for others.
const IMPROBABLE: (f64, f64) = (0.01, 0.005);
/// How many first values tell: later ones are where an optimiser gathers.
const FIRST: usize = 12;
/// Up to so many distinct numbers beside `null` are choices; beyond, `null` counts as absent. So it does beside numbers
/// with a fraction that hardly ever repeat: they were drawn from a range.
const MAX_CHOICES_WITH_NULL: usize = 8;

/// What was seen of one column.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    nulls: u64,
    bools: u64,
    ints: u64,
    floats: u64,
    texts: u64,
    low: Option<f64>,
    high: Option<f64>,
    /// The first numbers, in the order in which they came.
    first: Vec<f64>,
    low_int: i64,
    high_int: i64,
    choices: Vec<Value>,
    has_more_choices: bool,
}

/// What can be said of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Inferred {
    Domain(Domain),
    /// One value only: nothing to search.
    Constant(Value),
    /// Text with so many distinct values that it names things rather than chooses.
    TooMany,
    /// No value was seen.
    Nothing,
}

impl Stats {
    /// Takes one value into account.
    pub fn observe(&mut self, value: &Value) {
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.bools += 1,
            Value::Text(_) => self.texts += 1,
            Value::Int(i) => {
                let is_first = self.ints == 0;
                self.low_int = if is_first { *i } else { self.low_int.min(*i) };
                self.high_int = if is_first { *i } else { self.high_int.max(*i) };
                self.ints += 1;
            }
            Value::Inactive => return,
            Value::Float(x) if !x.is_finite() => return,
            Value::Float(_) => self.floats += 1,
        }
        if let Some(x) = value.as_f64() {
            self.low = Some(self.low.map_or(x, |low| low.min(x)));
            self.high = Some(self.high.map_or(x, |high| high.max(x)));
            if self.first.len() < FIRST {
                self.first.push(x);
            }
        }
        if !self.has_more_choices && !self.choices.contains(value) {
            if self.choices.len() < MAX_CHOICES {
                self.choices.push(value.clone());
            } else {
                self.has_more_choices = true;
            }
        }
    }

    /// Whether every value was a number (or missing).
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.bools == 0 && self.texts == 0
    }

    /// How many values were numbers.
    #[must_use]
    pub fn numbers(&self) -> u64 {
        self.ints + self.floats
    }

    /// Whether some value was a number.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        self.ints + self.floats > 0
    }

    /// Whether there are more different numbers than one would offer as choices: five with a fraction, or nine.
    #[must_use]
    pub fn is_no_choice(&self) -> bool {
        let most = if self.floats > 0 { 4 } else { 8 };
        self.has_more_choices || self.choices.len() > most
    }

    /// Whether the values look drawn from a logarithmic scale: two decades or more, and more of the first values lie
    /// far below `high` than chance would put there on an even scale. Of `n` values there, the number up to a small `x`
    /// is Poisson with mean `n·x/high`. In simulation 3 in 100 even parameters are taken for logarithmic, of those that
    /// are logarithmic over four decades 2 in 3 are found from 5 values, all from 10.
    fn is_logarithmic(&self, low: f64, high: f64) -> bool {
        let ratio = high / low;
        if low <= 0.0 || ratio < LOG_RATIO {
            return false;
        }
        let improbable = if ratio >= WIDE_RATIO {
            IMPROBABLE.0
        } else {
            IMPROBABLE.1
        };
        let mut first = self.first.clone();
        let is_sorted = first.is_sorted() || first.iter().rev().is_sorted();
        let mut n = first.len() as u64;
        if is_sorted && n < self.numbers() {
            // A table in the order of this column: its first values are no sample, but its smallest is.
            first = vec![low];
            n = self.numbers();
        }
        first.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let n = n as f64;
        (first.iter().take_while(|x| **x <= 0.2 * high).zip(0..)).any(|(x, before)| {
            // P(more than `before` values up to here).
            Poisson::new(n * x / high).is_ok_and(|count| count.sf(before) < improbable)
        })
    }

    /// The domain that the values span.
    #[must_use]
    pub fn infer(&self) -> Inferred {
        match self.choices.as_slice() {
            [] => return Inferred::Nothing,
            [only] => return Inferred::Constant(only.clone()),
            _ => {}
        }
        let distinct = self.choices.iter().filter(|c| c.as_f64().is_some()).count() as u64;
        let is_drawn = self.floats > 0 && distinct > 1 && self.numbers() < 2 * distinct;
        let is_choice_with_null = self.nulls > 0
            && !self.has_more_choices
            && self.choices.len() <= MAX_CHOICES_WITH_NULL
            && !is_drawn;
        if !self.is_numeric() || is_choice_with_null {
            if self.has_more_choices {
                return Inferred::TooMany;
            }
            let mut choices = self.choices.clone();
            choices.sort_by(by_kind_and_value);
            return Inferred::Domain(Domain::Categorical { choices });
        }
        let (Some(low), Some(high)) = (self.low, self.high) else {
            return Inferred::Nothing;
        };
        if low >= high {
            return Inferred::Constant(Value::Float(low));
        }
        let log = self.is_logarithmic(low, high);
        Inferred::Domain(if self.floats == 0 {
            Domain::Int {
                low: self.low_int,
                high: self.high_int,
                log,
                step: 1,
            }
        } else {
            Domain::Float {
                low,
                high,
                log,
                step: None,
            }
        })
    }
}

/// `null`, then booleans, numbers and text, each in its own order.
fn by_kind_and_value(a: &Value, b: &Value) -> std::cmp::Ordering {
    let kind = |v: &Value| match v {
        Value::Null | Value::Inactive => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Float(_) => 2,
        Value::Text(_) => 3,
    };
    let text = |v: &Value| match v {
        Value::Text(label) => Some(label.clone()),
        _ => None,
    };
    let number = |v: &Value| match v {
        Value::Bool(b) => f64::from(u8::from(*b)),
        other => other.as_f64().unwrap_or(0.0),
    };
    kind(a)
        .cmp(&kind(b))
        .then(number(a).total_cmp(&number(b)))
        .then_with(|| text(a).cmp(&text(b)))
}

/// Why a column is not in the inferred space, in words.
#[must_use]
pub fn left_out(name: &Label, inferred: &Inferred) -> Option<String> {
    let name = name.shown();
    match inferred {
        Inferred::Domain(_) => None,
        Inferred::Constant(value) => Some(format!(
            "parameter {name} is always {value}: it is not part of the inferred space."
        )),
        Inferred::TooMany => Some(format!(
            "parameter {name} has more than {MAX_CHOICES} distinct texts: it is not part of the inferred space."
        )),
        Inferred::Nothing => Some(format!(
            "parameter {name} has no usable value: it is not part of the inferred space."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(values: &[Value]) -> Inferred {
        let mut stats = Stats::default();
        values.iter().for_each(|v| stats.observe(v));
        stats.infer()
    }

    #[test]
    fn a_wide_positive_range_is_logarithmic_and_bounds_are_those_seen() {
        let values: Vec<Value> = [1e-5, 3e-4, 0.028].map(Value::Float).to_vec();
        let expected = Domain::Float {
            low: 1e-5,
            high: 0.028,
            log: true,
            step: None,
        };
        assert_eq!(infer(&values), Inferred::Domain(expected));
    }

    /// `n` values spread evenly from `low` to `high` after `f`.
    fn spread(n: u32, low: f64, high: f64, f: fn(f64) -> f64) -> Vec<Value> {
        let at = |i: u32| f(low + (high - low) * (f64::from(i) + 0.5) / f64::from(n));
        (0..n).map(|i| Value::Float(at(i))).collect()
    }

    fn is_log(values: &[Value]) -> bool {
        matches!(infer(values), Inferred::Domain(Domain::Float { log: true, .. }))
    }

    #[test]
    fn the_scale_is_the_one_that_the_values_are_even_on() {
        let same = |x: f64| x;
        // In the order of a golden-ratio sequence, as even as draws get.
        let even: Vec<Value> = (1..1000_u32)
            .map(|i| Value::Float((f64::from(i) * 0.618_033_988_749_895).fract()))
            .collect();
        assert!(!is_log(&even), "three decades by chance");
        assert!(!is_log(&spread(60, 0.0, 0.3, same)));
        assert!(
            is_log(&spread(12, 1e-5_f64.ln(), 1e-2_f64.ln(), f64::exp)),
            "not three decades"
        );
        assert!(is_log(&spread(4, 1e-6_f64.ln(), 1e-2_f64.ln(), f64::exp)));
        assert!(
            !is_log(&spread(40, 1_f64.ln(), 50_f64.ln(), f64::exp)),
            "less than two decades"
        );
        // 190 of 200 gathered near 3e-3 by an optimiser.
        let mut gathered = spread(10, 1e-6_f64.ln(), 1e-2_f64.ln(), f64::exp);
        gathered.extend(spread(190, 2e-3, 4e-3, same));
        gathered.rotate_left(3);
        gathered.swap(0, 5);
        assert!(is_log(&gathered));
        assert!(is_log(&[1e-5, 1e-2].map(Value::Float)), "two values");
        let mut with_zero = spread(40, 1e-6_f64.ln(), 1e-2_f64.ln(), f64::exp);
        with_zero.push(Value::Float(0.0));
        assert!(!is_log(&with_zero), "zero has no logarithm");
    }

    #[test]
    fn few_integers_stay_integers() {
        let values: Vec<Value> = [32, 4, 16].map(Value::Int).to_vec();
        let expected = Domain::Int {
            low: 4,
            high: 32,
            log: false,
            step: 1,
        };
        assert_eq!(infer(&values), Inferred::Domain(expected));
    }

    #[test]
    fn text_booleans_and_a_null_beside_few_numbers_are_sorted_choices() {
        let text = |s: &str| Value::Text(s.into());
        assert_eq!(
            infer(&[text("linear"), text("constant")]),
            Inferred::Domain(Domain::Categorical {
                choices: vec![text("constant"), text("linear")]
            })
        );
        let (half, one) = (Value::Float(0.5), Value::Float(1.0));
        let choices = vec![Value::Null, half.clone(), one.clone()];
        assert_eq!(
            infer(&[one.clone(), Value::Null, half.clone(), half.clone(), one.clone()]),
            Inferred::Domain(Domain::Categorical { choices })
        );
        assert_eq!(
            infer(&[Value::Int(10), Value::Null, Value::Int(5)]),
            Inferred::Domain(Domain::Categorical {
                choices: vec![Value::Null, Value::Int(5), Value::Int(10)]
            })
        );
    }

    #[test]
    fn numbers_that_never_repeat_are_a_range_also_beside_a_null() {
        let drawn = [0.013, 0.27, 0.081, 0.154].map(Value::Float);
        let values: Vec<Value> = drawn.into_iter().chain([Value::Null, Value::Null]).collect();
        assert!(matches!(
            infer(&values),
            Inferred::Domain(Domain::Float {
                low: 0.013,
                high: 0.27,
                ..
            })
        ));
    }

    #[test]
    fn what_never_changes_is_no_parameter() {
        assert_eq!(
            infer(&[Value::Int(3), Value::Float(3.0)]),
            Inferred::Constant(Value::Int(3))
        );
        assert_eq!(infer(&[Value::Float(f64::NAN)]), Inferred::Nothing);
        let names: Vec<Value> = (0..100)
            .map(|i| Value::Text(format!("run-{i}").as_str().into()))
            .collect();
        assert_eq!(infer(&names), Inferred::TooMany);
    }
}
