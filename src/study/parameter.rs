//! One parameter and the values it may take.

use super::{Label, StudyError, Value};

/// The closed set of values that a parameter may take, in the user's units.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// `[low, high]`, on the grid `low + k·step` where there is a step.
    Float {
        low: f64,
        high: f64,
        log: bool,
        step: Option<f64>,
    },
    /// `{low, low + step, …, ≤ high}`.
    Int {
        low: i64,
        high: i64,
        log: bool,
        step: i64,
    },
    Categorical {
        choices: Vec<Value>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: Label,
    /// Index into `Study::columns` and `Trial::params`.
    pub column: usize,
    pub domain: Domain,
    /// When it takes part; `None`: always.
    pub activity: Option<super::Activity>,
}

impl Parameter {
    /// Checks the domain: finite bounds, `low < high` (or `=`, a fixed parameter), a log scale above 0.
    ///
    /// # Errors
    /// Names the parameter, the offending number and what to do.
    pub fn new(name: Label, column: usize, domain: Domain) -> Result<Self, StudyError> {
        let shown = || name.shown().to_owned();
        match &domain {
            Domain::Float { low, high, log, step } => {
                for value in [*low, *high] {
                    if !value.is_finite() {
                        return Err(StudyError::NotFinite { name: shown(), value });
                    }
                }
                check_range(&name, *low, *high, *log)?;
                if let Some(step) = *step {
                    if !(step > 0.0 && step.is_finite()) {
                        return Err(StudyError::BadStep { name: shown(), step });
                    }
                    if *log {
                        return Err(StudyError::StepOnLog { name: shown() });
                    }
                    if (high - low) / step > 2f64.powi(53) {
                        return Err(StudyError::StepTooSmall { name: shown(), step });
                    }
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "only for the message and the sign")]
            Domain::Int { low, high, log, step } => {
                check_range(&name, *low as f64, *high as f64, *log)?;
                if let Some(value) = [*low, *high].into_iter().find(|x| x.unsigned_abs() > 1 << 53) {
                    return Err(StudyError::TooLarge { name: shown(), value });
                }
                if *step < 1 {
                    return Err(StudyError::BadStep {
                        name: shown(),
                        step: *step as f64,
                    });
                }
                if *log && *step != 1 {
                    return Err(StudyError::StepOnLog { name: shown() });
                }
            }
            Domain::Categorical { choices } => {
                if choices.is_empty() {
                    return Err(StudyError::NoChoices { name: shown() });
                }
            }
        }
        Ok(Self {
            name,
            column,
            domain,
            activity: None,
        })
    }

    /// The value that a trial has for it; `null` counts as none unless it is a choice.
    #[must_use]
    pub fn of<'t>(&self, trial: &'t super::Trial) -> Option<&'t Value> {
        let value = trial.param(self.column)?;
        (!matches!(value, Value::Null) || self.choice_index(value).is_some()).then_some(value)
    }

    /// An allowed value in the middle of the axis; the first choice of a category.
    #[must_use]
    pub fn middle(&self) -> Value {
        let axis = super::Axis::of(self);
        match &self.domain {
            Domain::Categorical { choices } => choices.first().cloned().unwrap_or(Value::Null),
            Domain::Float { .. } | Domain::Int { .. } => {
                let x = Value::Float(axis.inverse(0.5));
                self.snap(&x).unwrap_or(x)
            }
        }
    }

    #[must_use]
    pub fn is_log(&self) -> bool {
        matches!(
            self.domain,
            Domain::Float { log: true, .. } | Domain::Int { log: true, .. }
        )
    }

    #[must_use]
    pub fn is_categorical(&self) -> bool {
        matches!(self.domain, Domain::Categorical { .. })
    }

    /// Number of values it may take; `None` for a continuum.
    #[must_use]
    pub fn cardinality(&self) -> Option<u64> {
        match &self.domain {
            Domain::Float {
                step: None,
                low,
                high,
                ..
            } => (low == high).then_some(1),
            Domain::Float {
                step: Some(step),
                low,
                high,
                ..
            } => Some(grid_steps(*low, *high, *step).saturating_add(1)),
            Domain::Int { low, high, step, .. } => {
                Some((high.abs_diff(*low) / step.unsigned_abs().max(1)).saturating_add(1))
            }
            Domain::Categorical { choices } => Some(choices.len() as u64),
        }
    }

    /// The value itself where it is allowed as it stands, with its type made canonical (`8.0` → `8`).
    ///
    /// # Errors
    /// Says in words why the value is not in the domain.
    pub fn check(&self, value: &Value) -> Result<Value, StudyError> {
        let name = || self.name.shown().to_owned();
        let number = || {
            value
                .as_f64()
                .filter(|x| !x.is_nan())
                .ok_or_else(|| StudyError::NotANumber {
                    name: name(),
                    value: value.to_string(),
                })
        };
        let out_of_range = |low: String, high: String| StudyError::OutOfRange {
            name: name(),
            value: value.to_string(),
            low,
            high,
        };
        match &self.domain {
            Domain::Float { low, high, .. } => {
                let x = number()?;
                if x < *low || x > *high {
                    return Err(out_of_range(low.to_string(), high.to_string()));
                }
                let snapped = self.snap(value).and_then(|v| v.as_f64()).unwrap_or(x);
                if (snapped - x).abs() > 1e-9 * (1.0 + x.abs()) {
                    return Err(self.off_grid(x, value));
                }
                Ok(Value::Float(if self.cardinality().is_some() {
                    snapped
                } else {
                    x
                }))
            }
            Domain::Int { low, high, .. } => {
                let x = number()?;
                #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 have no use")]
                if x < *low as f64 || x > *high as f64 {
                    return Err(out_of_range(low.to_string(), high.to_string()));
                }
                match self.snap(value) {
                    Some(Value::Int(i)) if Value::Int(i) == *value => Ok(Value::Int(i)),
                    _ => Err(self.off_grid(x, value)),
                }
            }
            Domain::Categorical { choices } => {
                choices
                    .iter()
                    .find(|c| *c == value)
                    .cloned()
                    .ok_or_else(|| StudyError::NotAChoice {
                        name: name(),
                        value: value.to_string(),
                        choices: choices
                            .iter()
                            .map(Value::to_string)
                            .collect::<Vec<_>>()
                            .join(", "),
                    })
            }
        }
    }

    /// The nearest allowed value to a number (clamped, on the grid); the choice itself for a category.
    /// `None` where there is no nearest (text for a number, an unknown choice, NaN).
    #[must_use]
    pub fn snap(&self, value: &Value) -> Option<Value> {
        match &self.domain {
            Domain::Float { low, high, step, .. } => {
                let x = value.as_f64().filter(|x| !x.is_nan())?.clamp(*low, *high);
                Some(Value::Float(match step {
                    Some(step) => nearest_on_grid(x, *low, *high, *step),
                    None => x,
                }))
            }
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "clamped first"
            )]
            Domain::Int { low, high, step, .. } => {
                let x = value
                    .as_f64()
                    .filter(|x| !x.is_nan())?
                    .clamp(*low as f64, *high as f64);
                // The width of a range of `i64` may be beyond `i64`.
                let (low, high, step) = (i128::from(*low), i128::from(*high), i128::from(*step).max(1));
                let last = ((high - low) / step).max(0);
                let k = (((x - low as f64) / step as f64).round() as i128).clamp(0, last);
                i64::try_from(low + k * step).ok().map(Value::Int)
            }
            Domain::Categorical { choices } => choices.iter().find(|c| *c == value).cloned(),
        }
    }

    /// Index of a choice of a categorical parameter.
    #[must_use]
    pub fn choice_index(&self, value: &Value) -> Option<usize> {
        match &self.domain {
            Domain::Categorical { choices } => choices.iter().position(|c| c == value),
            Domain::Float { .. } | Domain::Int { .. } => None,
        }
    }

    fn off_grid(&self, x: f64, value: &Value) -> StudyError {
        let (low, step) = match &self.domain {
            Domain::Float { low, step, .. } => (*low, step.unwrap_or(0.0)),
            #[expect(clippy::cast_precision_loss, reason = "for the message")]
            Domain::Int { low, step, .. } => (*low as f64, *step as f64),
            Domain::Categorical { .. } => (0.0, 0.0),
        };
        let k = ((x - low) / step).floor();
        let at = |k: f64| {
            self.snap(&Value::Float(low + k * step))
                .map_or_else(String::new, |v| v.to_string())
        };
        StudyError::OffGrid {
            name: self.name.shown().to_owned(),
            value: value.to_string(),
            low: low.to_string(),
            step: step.to_string(),
            below: at(k),
            above: at(k + 1.0),
        }
    }
}

fn check_range(name: &Label, low: f64, high: f64, log: bool) -> Result<(), StudyError> {
    if low > high {
        return Err(StudyError::EmptyRange {
            name: name.shown().to_owned(),
            low,
            high,
        });
    }
    if log && low <= 0.0 {
        return Err(StudyError::LogOfNonPositive {
            name: name.shown().to_owned(),
            low,
        });
    }
    Ok(())
}

/// Number of whole steps between the bounds; a relative 1e-9 of a step forgives decimal steps (0.4/0.05).
pub(crate) fn grid_steps(low: f64, high: f64, step: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "non-negative, saturates"
    )]
    {
        ((high - low) / step + 1e-9).floor().max(0.0) as u64
    }
}

fn nearest_on_grid(x: f64, low: f64, high: f64, step: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "grids have few points")]
    let last = grid_steps(low, high, step) as f64;
    let k = ((x - low) / step).round().clamp(0.0, last);
    // Decimal grids read best when the value is the decimal nearest to the step's own digits.
    let exact = low + k * step;
    let rounded = format!("{exact:.12}").parse().unwrap_or(exact);
    if f64::abs(rounded - exact) <= 1e-9 * step {
        rounded
    } else {
        exact
    }
    .clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(domain: Domain) -> Parameter {
        Parameter::new(Label::new("p"), 0, domain).unwrap()
    }

    #[test]
    fn a_log_scale_from_zero_is_refused_by_name() {
        let error = Parameter::new(
            Label::new("lr"),
            0,
            Domain::Float {
                low: 0.0,
                high: 1.0,
                log: true,
                step: None,
            },
        );
        assert!(error.unwrap_err().to_string().contains("lr"));
    }

    #[test]
    fn integers_beyond_what_a_float_holds_are_refused_and_never_overflow() {
        let domain = Domain::Int {
            low: i64::MIN,
            high: i64::MAX,
            log: false,
            step: 1,
        };
        let error = Parameter::new(Label::new("seed"), 0, domain.clone()).unwrap_err();
        assert!(error.to_string().contains("parameter seed"), "{error}");
        let p = Parameter {
            name: Label::new("seed"),
            column: 0,
            domain,
            activity: None,
        };
        assert_eq!(p.cardinality(), Some(u64::MAX));
        assert_eq!(p.snap(&Value::Int(0)), Some(Value::Int(0)));
        assert_eq!(p.snap(&Value::Float(1e300)), Some(Value::Int(i64::MAX)));
        let fine = Domain::Float {
            low: 0.0,
            high: 1.0,
            log: false,
            step: Some(1e-300),
        };
        let error = Parameter::new(Label::new("lr"), 0, fine).unwrap_err();
        assert!(
            error.to_string().contains("parameter lr: the step 1e-300"),
            "{error}"
        );
    }

    #[test]
    fn values_snap_to_the_grid_and_stay_inside() {
        let p = parameter(Domain::Float {
            low: 0.0,
            high: 0.4,
            log: false,
            step: Some(0.05),
        });
        assert_eq!(p.cardinality(), Some(9));
        assert_eq!(p.snap(&Value::Float(0.17)), Some(Value::Float(0.15)));
        assert_eq!(p.snap(&Value::Float(9.0)), Some(Value::Float(0.4)));
        assert!(
            p.check(&Value::Float(0.17))
                .unwrap_err()
                .to_string()
                .contains("0.15 and 0.2")
        );
        let p = parameter(Domain::Int {
            low: 4,
            high: 31,
            log: false,
            step: 4,
        });
        assert_eq!(p.snap(&Value::Int(31)), Some(Value::Int(28)));
        assert_eq!(p.check(&Value::Float(8.0)).unwrap(), Value::Int(8));
        assert!(p.check(&Value::Float(8.5)).is_err());
    }

    #[test]
    fn an_unknown_choice_is_told_the_choices() {
        let p = parameter(Domain::Categorical {
            choices: vec![Value::Text("adam".into()), Value::Null],
        });
        let message = p.check(&Value::Text("sgd".into())).unwrap_err().to_string();
        assert!(message.contains("adam, none"), "{message}");
    }
}
