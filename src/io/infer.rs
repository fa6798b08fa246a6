//! The domain of a parameter, from the values that were tried.
//!
//! The inferred range is the observed one, nothing wider: it contains every trial, and it holds no value
//! that the person's program may refuse (a dropout of −0.02, a batch of 3). `tunescope init` writes it out
//! for widening by hand. Numbers stay numbers, however few distinct ones there are; text and booleans are
//! categories, in sorted order. A scale is logarithmic where `low > 0` and `high/low ≥ 1000`.

use crate::study::{Domain, Label, Value};

/// Distinct values that are remembered of a column.
const MAX_CHOICES: usize = 64;
/// Ratio of the bounds from which on a scale is taken for logarithmic.
const LOG_RATIO: f64 = 1e3;
/// Up to so many distinct numbers beside `null` are choices; beyond, `null` counts as absent.
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

    /// The domain that the values span.
    #[must_use]
    pub fn infer(&self) -> Inferred {
        match self.choices.as_slice() {
            [] => return Inferred::Nothing,
            [only] => return Inferred::Constant(only.clone()),
            _ => {}
        }
        let is_choice_with_null =
            self.nulls > 0 && !self.has_more_choices && self.choices.len() <= MAX_CHOICES_WITH_NULL;
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
        let log = low > 0.0 && high / low >= LOG_RATIO;
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
        assert_eq!(
            infer(&[Value::Float(1.0), Value::Null, Value::Float(0.5)]),
            Inferred::Domain(Domain::Categorical {
                choices: vec![Value::Null, Value::Float(0.5), Value::Float(1.0)]
            })
        );
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
