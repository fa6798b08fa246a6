//! Small moves of one value, and values from typed text.

use crate::study::number::significant;
use crate::study::{Axis, Domain, Parameter, Value};

/// Share of an axis that one fine and one coarse step covers.
const FINE: f64 = 0.01;
const COARSE: f64 = 0.1;

/// The value `steps` steps further along its axis: 1 % of a continuum (10 % if `big`), one value of a grid
/// (a tenth of it if `big`), the next choice of a category (wrapping). Continuous values are rounded to
/// three significant digits, as a person would type them.
#[must_use]
pub fn nudge(parameter: &Parameter, value: &Value, steps: i32, big: bool) -> Value {
    let axis = Axis::of(parameter);
    let steps = f64::from(steps);
    match (&parameter.domain, value.as_f64()) {
        (Domain::Categorical { choices }, _) => {
            #[expect(clippy::cast_possible_truncation, reason = "few choices")]
            let (now, by) = (parameter.choice_index(value).unwrap_or(0) as i64, steps as i64);
            let count = i64::try_from(choices.len()).unwrap_or(1).max(1);
            usize::try_from((now + by).rem_euclid(count))
                .ok()
                .and_then(|i| choices.get(i))
                .cloned()
                .unwrap_or_else(|| value.clone())
        }
        (_, Some(x)) => {
            let moved = match axis {
                #[expect(clippy::cast_precision_loss, reason = "grids have few points")]
                Axis::Grid { step, count, .. } => {
                    let by = if big {
                        (count as f64 / 10.0).ceil().max(2.0)
                    } else {
                        1.0
                    };
                    x + steps * by * step
                }
                Axis::Unit { .. } | Axis::Category { .. } => {
                    let by = if big { COARSE } else { FINE };
                    let y = axis.inverse(axis.forward(x) + steps * by);
                    significant(y, 3).parse().unwrap_or(y)
                }
            };
            parameter
                .snap(&Value::Float(moved))
                .unwrap_or_else(|| value.clone())
        }
        (_, None) => value.clone(),
    }
}

/// The value at a place of the drawn axis (`0..=1`).
#[must_use]
pub fn at_position(parameter: &Parameter, position: f64) -> Value {
    let axis = Axis::of(parameter);
    let x = axis.inverse(axis.at_position(position.clamp(0.0, 1.0)));
    match &parameter.domain {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a clamped index"
        )]
        Domain::Categorical { choices } => choices.get(x as usize).cloned().unwrap_or(Value::Null),
        Domain::Float { step: None, .. } => parameter
            .snap(&Value::Float(significant(x, 3).parse().unwrap_or(x)))
            .unwrap_or(Value::Float(x)),
        _ => parameter.snap(&Value::Float(x)).unwrap_or(Value::Float(x)),
    }
}

/// Place of a value on the drawn axis.
#[must_use]
pub fn position_of(parameter: &Parameter, value: &Value) -> Option<f64> {
    let axis = Axis::of(parameter);
    #[expect(clippy::cast_precision_loss, reason = "few choices")]
    let coordinate = match &parameter.domain {
        Domain::Categorical { .. } => parameter.choice_index(value)? as f64,
        _ => axis.forward(value.as_f64()?),
    };
    Some(axis.position(coordinate)).filter(|p| p.is_finite())
}

/// What typed text means for a parameter: the value, and what was done to it in words (`None`: taken as it
/// stands).
///
/// # Errors
/// Why it is no value of this parameter, in a sentence.
pub fn read(parameter: &Parameter, text: &str) -> Result<(Value, Option<String>), String> {
    let text = text.trim();
    if let Domain::Categorical { choices } = &parameter.domain {
        let wanted = text.to_lowercase();
        let exact = choices.iter().find(|c| c.to_string().to_lowercase() == wanted);
        let begins: Vec<&Value> = choices
            .iter()
            .filter(|c| !wanted.is_empty() && c.to_string().to_lowercase().starts_with(&wanted))
            .collect();
        return match (exact, begins.as_slice()) {
            (Some(choice), _) => Ok((choice.clone(), None)),
            (None, [one]) => Ok(((*one).clone(), Some(format!("takes {one}")))),
            _ => {
                let names: Vec<String> = choices.iter().map(Value::to_string).collect();
                Err(format!("one of {}", names.join(", ")))
            }
        };
    }
    let x: f64 = text.parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| {
        if text.is_empty() {
            "type a number".to_owned()
        } else {
            format!("{text:?} is not a number")
        }
    })?;
    match parameter.check(&Value::Float(x)) {
        Ok(value) => Ok((value, None)),
        Err(crate::study::StudyError::OffGrid { .. }) => {
            let value = parameter.snap(&Value::Float(x)).unwrap_or(Value::Float(x));
            let remark = format!("snaps to {value}");
            Ok((value, Some(remark)))
        }
        Err(crate::study::StudyError::OutOfRange { low, high, .. }) => {
            Err(format!("outside the space: {low} … {high}"))
        }
        Err(other) => Err(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Label;

    fn parameter(domain: Domain) -> Parameter {
        Parameter::new(Label::new("p"), 0, domain).unwrap()
    }

    #[test]
    fn nudges_stay_inside_and_on_the_grid() {
        let lr = parameter(Domain::Float {
            low: 1e-5,
            high: 1e-1,
            log: true,
            step: None,
        });
        let v = nudge(&lr, &Value::Float(1e-3), 1, false);
        assert_eq!(v, Value::Float(1.1e-3));
        assert_eq!(nudge(&lr, &Value::Float(1e-1), 5, true), Value::Float(1e-1));
        let batch = parameter(Domain::Int {
            low: 4,
            high: 32,
            log: false,
            step: 4,
        });
        assert_eq!(nudge(&batch, &Value::Int(8), 1, false), Value::Int(12));
        let kind = parameter(Domain::Categorical {
            choices: vec!["a".into(), "b".into()]
                .into_iter()
                .map(Value::Text)
                .collect(),
        });
        assert_eq!(
            nudge(&kind, &Value::Text("b".into()), 1, false),
            Value::Text("a".into())
        );
    }

    #[test]
    fn typed_text_snaps_or_is_refused_in_words() {
        let drop = parameter(Domain::Float {
            low: 0.0,
            high: 0.4,
            log: false,
            step: Some(0.05),
        });
        let (v, remark) = read(&drop, "0.17").unwrap();
        assert_eq!(
            (v, remark.as_deref()),
            (Value::Float(0.15), Some("snaps to 0.15"))
        );
        assert!(read(&drop, "2").unwrap_err().contains("0 … 0.4"));
        assert!(read(&drop, "x").is_err());
        let kind = parameter(Domain::Categorical {
            choices: vec![Value::Text("linear".into()), Value::Text("cosine".into())],
        });
        assert_eq!(read(&kind, "cos").unwrap().0, Value::Text("cosine".into()));
    }

    #[test]
    fn positions_and_values_undo_each_other() {
        let kind = parameter(Domain::Categorical {
            choices: (0..3).map(Value::Int).collect(),
        });
        for k in 0..3 {
            let p = position_of(&kind, &Value::Int(k)).unwrap();
            assert_eq!(at_position(&kind, p), Value::Int(k));
        }
    }
}
