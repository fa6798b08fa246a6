//! The distributions of an Optuna study, and whether a value belongs to one.
//!
//! Optuna does not check the fixed parameters of a waiting trial: a value out of range runs with a
//! warning, a fraction for an integer reaches the objective as it is, and an unknown category makes
//! `study.optimize` stop. So every value is checked here first, by the rules of optuna `distributions.py`.

use serde_json::{Value as Json, json};

use crate::study::label::scrub;
use crate::study::{Domain, Label, Value};

use super::DeliveryError;

/// How far from a whole number of steps a value may be. Optuna's own tolerance.
const STEP_TOLERANCE: f64 = 1e-8;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Distribution {
    Float {
        low: f64,
        high: f64,
        log: bool,
        step: Option<f64>,
    },
    Int {
        low: i64,
        high: i64,
        log: bool,
        step: i64,
    },
    Categorical {
        choices: Vec<Json>,
    },
}

impl Distribution {
    /// Reads the JSON text of a distribution in today's, the abbreviated and the older forms. `None` for a
    /// kind that is not known.
    pub fn parse(text: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(text).ok()?;
        let (kind, attributes) = match json.get("name").and_then(Json::as_str) {
            Some(name) => (name, json.get("attributes")?),
            None => (json.get("type")?.as_str()?, &json),
        };
        let flag = |key: &str| attributes.get(key).and_then(Json::as_bool).unwrap_or(false);
        let number = |key: &str| attributes.get(key).and_then(Json::as_f64);
        let whole = |key: &str| attributes.get(key).and_then(as_whole);
        let float = |log, step| {
            Some(Self::Float {
                low: number("low")?,
                high: number("high")?,
                log,
                step,
            })
        };
        let int = |log| {
            Some(Self::Int {
                low: whole("low")?,
                high: whole("high")?,
                log,
                step: whole("step").unwrap_or(1).max(1),
            })
        };
        match kind {
            "FloatDistribution" | "float" => float(flag("log"), number("step")),
            "UniformDistribution" => float(false, None),
            "LogUniformDistribution" => float(true, None),
            "DiscreteUniformDistribution" => float(false, number("q")),
            "IntDistribution" | "int" => int(flag("log")),
            "IntUniformDistribution" => int(false),
            "IntLogUniformDistribution" => int(true),
            "CategoricalDistribution" | "categorical" => Some(Self::Categorical {
                choices: attributes.get("choices")?.as_array()?.clone(),
            }),
            _ => None,
        }
    }

    /// The text in which Optuna keeps the distribution of a domain.
    pub fn text_of(domain: &Domain) -> String {
        let json = match domain {
            Domain::Float { low, high, log, step } => json!({
                "name": "FloatDistribution",
                "attributes": {"step": step, "low": low, "high": high, "log": log},
            }),
            Domain::Int { low, high, log, step } => json!({
                "name": "IntDistribution",
                "attributes": {"log": log, "step": step, "low": low, "high": high},
            }),
            Domain::Categorical { choices } => json!({
                "name": "CategoricalDistribution",
                "attributes": {"choices": choices.iter().map(Value::to_json).collect::<Vec<_>>()},
            }),
        };
        json.to_string()
    }

    /// The number in which Optuna keeps a value that [`Self::check`] has let pass: itself, or the index of its choice.
    pub fn internal(&self, checked: &Json) -> Option<f64> {
        match self {
            Self::Float { .. } | Self::Int { .. } => checked.as_f64(),
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            Self::Categorical { choices } => choices.iter().position(|c| c == checked).map(|i| i as f64),
        }
    }

    /// Whether Optuna lets one parameter change from `self` to `other` within a study.
    pub fn is_compatible(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float { log: a, .. }, Self::Float { log: b, .. })
            | (Self::Int { log: a, .. }, Self::Int { log: b, .. }) => a == b,
            (Self::Categorical { choices: a }, Self::Categorical { choices: b }) => a == b,
            _ => false,
        }
    }

    /// The external representation that a worker's `suggest_*` will return: floats as floats, ints as
    /// ints, a category as its own label.
    ///
    /// # Errors
    /// Says in a sentence why the value does not belong here.
    pub fn check(&self, name: &Label, value: &Json) -> Result<Json, DeliveryError> {
        let refuse = |problem: String, remedy| DeliveryError::Refused {
            name: name.shown().to_owned(),
            value: words(value),
            problem,
            remedy,
        };
        match self {
            Self::Float { low, high, step, .. } => {
                let x = number_of(value).ok_or_else(|| refuse("is not a number".into(), "give a number"))?;
                if !(*low..=*high).contains(&x) {
                    return Err(refuse(
                        format!("is outside {low} … {high}"),
                        "give a value inside",
                    ));
                }
                if let Some(step) = step {
                    let k = (x - low) / step;
                    if (k - k.round()).abs() >= STEP_TOLERANCE {
                        return Err(refuse(
                            format!("is not on the grid {low} + k·{step}"),
                            "give a value on it",
                        ));
                    }
                }
                Ok(x.into())
            }
            Self::Int { low, high, step, .. } => {
                let i = as_whole(value)
                    .ok_or_else(|| refuse("is not a whole number".into(), "give a whole number"))?;
                if !(*low..=*high).contains(&i) {
                    return Err(refuse(
                        format!("is outside {low} … {high}"),
                        "give a value inside",
                    ));
                }
                if i.checked_sub(*low).is_none_or(|d| d % step != 0) {
                    return Err(refuse(
                        format!("is not on the grid {low} + k·{step}"),
                        "give a value on it",
                    ));
                }
                Ok(i.into())
            }
            Self::Categorical { choices } => category(choices, value, refuse),
        }
    }
}

/// The choice itself. Python holds `True`, `1` and `1.0` for equal, and Optuna takes the first that is
/// equal: a choice hidden behind such a twin cannot be asked for.
fn category(
    choices: &[Json],
    value: &Json,
    refuse: impl Fn(String, &'static str) -> DeliveryError,
) -> Result<Json, DeliveryError> {
    let found = choices
        .iter()
        .position(|c| c == value)
        .or_else(|| choices.iter().position(|c| is_same_number(c, value)));
    let Some(index) = found else {
        let known: Vec<String> = choices.iter().map(words).collect();
        return Err(refuse(
            format!("is not one of {}", known.join(", ")),
            "choose one of these",
        ));
    };
    let choice = choices.get(index).unwrap_or(value);
    if let Some(twin) = choices.iter().take(index).find(|c| is_equal_to_python(c, choice)) {
        return Err(refuse(
            format!("cannot be told from the choice {} by Optuna", words(twin)),
            "choose another, or rename the choices",
        ));
    }
    Ok(choice.clone())
}

fn is_same_number(a: &Json, b: &Json) -> bool {
    a.is_number() && b.is_number() && a.as_f64() == b.as_f64()
}

fn is_equal_to_python(a: &Json, b: &Json) -> bool {
    let number = |v: &Json| v.as_bool().map(|b| f64::from(u8::from(b))).or(v.as_f64());
    a == b || number(a).is_some_and(|x| number(b) == Some(x))
}

fn number_of(value: &Json) -> Option<f64> {
    value.as_f64().filter(|x| x.is_finite())
}

fn as_whole(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| {
        let x = number_of(value).filter(|x| x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        Some(x as i64)
    })
}

fn words(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::String(text) => scrub(text),
        _ => scrub(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(distribution: &str, value: Json) -> Result<Json, String> {
        Distribution::parse(distribution)
            .unwrap()
            .check(&Label::new("p"), &value)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn numbers_get_the_type_that_the_objective_expects() {
        let float =
            r#"{"name":"FloatDistribution","attributes":{"step":null,"low":0.0,"high":2.0,"log":false}}"#;
        assert_eq!(check(float, json!(1)).unwrap().to_string(), "1.0");
        assert!(check(float, json!(2.5)).unwrap_err().contains("outside 0 … 2"));
        assert!(check(float, json!("1")).unwrap_err().contains("not a number"));
        assert!(check(float, json!(true)).is_err());
        let int = r#"{"name":"IntDistribution","attributes":{"log":false,"step":4,"low":4,"high":32}}"#;
        assert_eq!(check(int, json!(8.0)).unwrap().to_string(), "8");
        assert!(check(int, json!(3.7)).unwrap_err().contains("whole number"));
        assert!(check(int, json!(6)).unwrap_err().contains("grid 4 + k·4"));
        let stepped =
            r#"{"name":"DiscreteUniformDistribution","attributes":{"low":0.0,"high":0.4,"q":0.05}}"#;
        assert_eq!(check(stepped, json!(0.15)).unwrap(), json!(0.15));
        assert!(check(stepped, json!(0.17)).is_err());
    }

    #[test]
    fn a_category_is_matched_by_identity_not_by_python_equality() {
        let choices = r#"{"name":"CategoricalDistribution","attributes":{"choices":[true,1,"adam",null,8]}}"#;
        assert_eq!(check(choices, json!("adam")).unwrap(), json!("adam"));
        assert_eq!(check(choices, json!(null)).unwrap(), json!(null));
        assert_eq!(check(choices, json!(true)).unwrap(), json!(true));
        assert_eq!(check(choices, json!(8.0)).unwrap().to_string(), "8");
        assert!(
            check(choices, json!(1))
                .unwrap_err()
                .contains("told from the choice true")
        );
        let message = check(choices, json!("adm")).unwrap_err();
        assert!(message.contains("one of true, 1, adam, none, 8"), "{message}");
        assert!(check(choices, json!("8")).is_err());
    }

    #[test]
    fn the_abbreviated_and_the_older_forms_are_read() {
        for text in [
            r#"{"type":"int","low":1,"high":3}"#,
            r#"{"name":"IntUniformDistribution","attributes":{"low":1,"high":3,"step":1}}"#,
        ] {
            assert_eq!(check(text, json!(2)).unwrap(), json!(2));
        }
        assert!(Distribution::parse(r#"{"name":"Unknown","attributes":{}}"#).is_none());
    }

    #[test]
    fn a_domain_becomes_the_text_that_is_read_as_the_same() {
        let choices = vec![Value::Bool(true), Value::Text("a".into()), Value::Null];
        let text = Distribution::text_of(&Domain::Categorical { choices });
        let read = Distribution::parse(&text).unwrap();
        assert_eq!(read.internal(&json!("a")), Some(1.0));
        assert_eq!(read.internal(&json!("b")), None);
        let text = Distribution::text_of(&Domain::Int {
            low: 4,
            high: 32,
            log: false,
            step: 4,
        });
        assert_eq!(
            Distribution::parse(&text),
            Some(Distribution::Int {
                low: 4,
                high: 32,
                log: false,
                step: 4
            })
        );
    }
}
