//! Whether a value belongs to a distribution of Optuna.
//!
//! Optuna does not check the fixed parameters of a waiting trial: a value out of range runs with a
//! warning, a fraction for an integer reaches the objective as it is, and an unknown category makes
//! `study.optimize` stop. So every value is checked here first, by the rules of optuna `distributions.py`.

use crate::study::label::scrub;
use crate::study::{Domain, Label, Value};

use super::super::optuna::distribution::{Distribution, is_equal_to_python};
use super::DeliveryError;

/// How far from a whole number of steps a value may be. Optuna's own tolerance.
const STEP_TOLERANCE: f64 = 1e-8;

/// Why a value is refused, and what to do.
type Refusal = (String, &'static str);

/// What a worker's `suggest_*` will return: floats as floats, ints as ints, a category as its own label.
///
/// # Errors
/// Says in a sentence why the value does not belong here.
pub(super) fn check(
    distribution: &Distribution,
    name: &Label,
    value: &Value,
) -> Result<Value, DeliveryError> {
    let checked = match &distribution.domain {
        Domain::Float { low, high, step, .. } => float((*low, *high), *step, value),
        Domain::Int { low, high, step, .. } => int((*low, *high), *step, value),
        Domain::Categorical { choices } => category(choices, &distribution.compound, value),
    };
    checked.map_err(|(problem, remedy)| DeliveryError::Refused {
        name: name.shown().to_owned(),
        value: words(value),
        problem,
        remedy,
    })
}

fn float((low, high): (f64, f64), step: Option<f64>, value: &Value) -> Result<Value, Refusal> {
    let x = value.as_f64().filter(|x| x.is_finite());
    let x = x.ok_or_else(|| ("is not a number".to_owned(), "give a number"))?;
    if !(low..=high).contains(&x) {
        return Err(outside(low, high));
    }
    if let Some(step) = step {
        let k = (x - low) / step;
        if (k - k.round()).abs() >= STEP_TOLERANCE {
            return Err(off_grid(low, step));
        }
    }
    Ok(Value::Float(x))
}

fn int((low, high): (i64, i64), step: i64, value: &Value) -> Result<Value, Refusal> {
    let i = as_whole(value).ok_or_else(|| ("is not a whole number".to_owned(), "give a whole number"))?;
    if !(low..=high).contains(&i) {
        return Err(outside(low, high));
    }
    if i.checked_sub(low).is_none_or(|d| d % step.max(1) != 0) {
        return Err(off_grid(low, step));
    }
    Ok(Value::Int(i))
}

fn outside<T: std::fmt::Display>(low: T, high: T) -> Refusal {
    (format!("is outside {low} … {high}"), "give a value inside")
}

fn off_grid<T: std::fmt::Display>(low: T, step: T) -> Refusal {
    (
        format!("is not on the grid {low} + k·{step}"),
        "give a value on it",
    )
}

/// The choice itself. Python holds `True`, `1` and `1.0` for equal, and Optuna takes the first that is
/// equal: a choice hidden behind such a twin cannot be asked for.
fn category(choices: &[Value], compound: &[usize], value: &Value) -> Result<Value, Refusal> {
    let Some(index) = choices.iter().position(|c| c == value) else {
        let known: Vec<String> = choices.iter().map(words).collect();
        return Err((
            format!("is not one of {}", known.join(", ")),
            "choose one of these",
        ));
    };
    if compound.contains(&index) {
        return Err((
            "is a list or an object, of which the storage does not say as what Python has it (a tuple, say)"
                .to_owned(),
            "enqueue it with Optuna itself: study.enqueue_trial",
        ));
    }
    let choice = choices.get(index).unwrap_or(value);
    if let Some(twin) = choices.iter().take(index).find(|c| is_equal_to_python(c, choice)) {
        return Err((
            format!("cannot be told from the choice {} by Optuna", words(twin)),
            "choose another, or rename the choices",
        ));
    }
    Ok(choice.clone())
}

fn as_whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(i) => Some(*i),
        Value::Float(x) if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
            Some(*x as i64)
        }
        _ => None,
    }
}

fn words(value: &Value) -> String {
    scrub(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(distribution: &str, value: impl Into<serde_json::Value>) -> Result<String, String> {
        let distribution = Distribution::parse(distribution).unwrap();
        let value = Value::from_json(&value.into()).unwrap();
        super::check(&distribution, &Label::new("p"), &value)
            .map(|v| v.to_json().to_string())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn numbers_get_the_type_that_the_objective_expects() {
        let float =
            r#"{"name":"FloatDistribution","attributes":{"step":null,"low":0.0,"high":2.0,"log":false}}"#;
        assert_eq!(check(float, 1).unwrap(), "1.0");
        assert!(check(float, 2.5).unwrap_err().contains("outside 0 … 2"));
        assert!(check(float, "1").unwrap_err().contains("not a number"));
        assert!(check(float, true).is_err());
        let int = r#"{"name":"IntDistribution","attributes":{"log":false,"step":4,"low":4,"high":32}}"#;
        assert_eq!(check(int, 8.0).unwrap(), "8");
        assert!(check(int, 3.7).unwrap_err().contains("whole number"));
        assert!(check(int, 6).unwrap_err().contains("grid 4 + k·4"));
        let stepped =
            r#"{"name":"DiscreteUniformDistribution","attributes":{"low":0.0,"high":0.4,"q":0.05}}"#;
        assert_eq!(check(stepped, 0.15).unwrap(), "0.15");
        assert!(check(stepped, 0.17).is_err());
    }

    #[test]
    fn a_category_is_matched_by_identity_not_by_python_equality() {
        let choices =
            r#"{"name":"CategoricalDistribution","attributes":{"choices":[true,1,"adam",null,8,[64,64]]}}"#;
        assert_eq!(check(choices, "adam").unwrap(), "\"adam\"");
        assert_eq!(check(choices, ()).unwrap(), "null");
        assert_eq!(check(choices, true).unwrap(), "true");
        assert_eq!(check(choices, 8.0).unwrap(), "8");
        assert!(
            check(choices, 1)
                .unwrap_err()
                .contains("told from the choice true")
        );
        let message = check(choices, "adm").unwrap_err();
        assert!(message.contains("one of true, 1, adam, none, 8"), "{message}");
        assert!(check(choices, "8").is_err());
        let message = check(choices, "[64,64]").unwrap_err();
        assert!(
            message.contains("is a list") && message.contains("study.enqueue_trial"),
            "{message}"
        );
    }

    #[test]
    fn the_abbreviated_and_the_older_forms_are_checked_too() {
        for text in [
            r#"{"type":"int","low":1,"high":3}"#,
            r#"{"name":"IntUniformDistribution","attributes":{"low":1,"high":3,"step":1}}"#,
        ] {
            assert_eq!(check(text, 2).unwrap(), "2");
        }
    }
}
