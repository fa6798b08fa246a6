//! `configspace.json`: a search space as the `ConfigSpace` package writes it, for SMAC and DeepCAVE.

use crate::study::{Domain, Label, Value};

use super::super::json::tree::Json;

/// The parameters of a space, in its order; constants are none. `notes` takes what cannot be modelled as it
/// is meant.
pub fn domains(json: &Json, notes: &mut Vec<String>) -> Vec<(Label, Domain)> {
    let mut all = Vec::new();
    for parameter in json.at("hyperparameters").items() {
        let Some(name) = parameter.at("name").as_text() else {
            continue;
        };
        match domain(parameter) {
            Ok(Some(domain)) => all.push((Label::new(name), domain)),
            Ok(None) => {}
            Err(why) => notes.push(format!("parameter {name} {why}; it is left out of the space.")),
        }
    }
    let conditions = json.at("conditions").items().len();
    if conditions > 0 {
        notes.push(format!(
            "{conditions} parameters are active only under a condition; where one is not, it has no value."
        ));
    }
    let forbidden = json.at("forbiddens").items().len();
    if forbidden > 0 {
        notes.push(format!(
            "the space has {forbidden} forbidden combinations, which suggestions do not know of."
        ));
    }
    all
}

/// `None`: a constant.
fn domain(parameter: &Json) -> Result<Option<Domain>, String> {
    let kind = parameter.at("type").as_text().unwrap_or("");
    let is_log = parameter.at("log").as_bool().unwrap_or(false);
    let bounds = || match (parameter.at("lower").as_f64(), parameter.at("upper").as_f64()) {
        (Some(low), Some(high)) => Ok((low, high)),
        _ => Err("has no bounds".to_owned()),
    };
    Ok(Some(match kind {
        "uniform_float" | "normal_float" | "beta_float" => {
            let (low, high) = bounds()?;
            Domain::Float {
                low,
                high,
                log: is_log,
                step: parameter.at("q").as_f64().filter(|q| *q > 0.0 && !is_log),
            }
        }
        "uniform_int" | "normal_int" | "beta_int" => {
            let whole = |key: &str| parameter.at(key).as_i64().ok_or("has no bounds".to_owned());
            Domain::Int {
                low: whole("lower")?,
                high: whole("upper")?,
                log: is_log,
                step: parameter
                    .at("q")
                    .as_i64()
                    .filter(|q| *q > 0 && !is_log)
                    .unwrap_or(1),
            }
        }
        "categorical" => Domain::Categorical {
            choices: parameter.at("choices").items().iter().map(choice).collect(),
        },
        "ordinal" => Domain::Categorical {
            choices: parameter.at("sequence").items().iter().map(choice).collect(),
        },
        "constant" | "unparametrized" => return Ok(None),
        other => return Err(format!("is of the unknown type {other}")),
    }))
}

/// A choice; what is no scalar is the text that it is written as.
pub fn choice(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Int(i) => Value::Int(*i),
        Json::Float(x) => Value::Float(*x),
        Json::Text(text) => Value::Text(Label::new(text)),
        other => Value::Text(Label::new(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_parameter_is_a_domain_and_constants_are_none() {
        let json = Json::parse(
            br#"{"hyperparameters": [
            {"type": "uniform_float", "name": "lr", "lower": 1e-5, "upper": 0.1, "log": true},
            {"type": "uniform_int", "name": "n", "lower": 1, "upper": 9, "log": false, "q": 2},
            {"type": "ordinal", "name": "size", "sequence": ["s", "m"]},
            {"type": "constant", "name": "k", "value": 1},
            {"type": "strange", "name": "x"}], "conditions": [{}], "forbiddens": []}"#,
        )
        .unwrap();
        let mut notes = Vec::new();
        let found = domains(&json, &mut notes);
        assert_eq!(found.len(), 3);
        let choices = vec![Value::Text("s".into()), Value::Text("m".into())];
        assert_eq!(found[2].1, Domain::Categorical { choices });
        assert!(matches!(
            found[1].1,
            Domain::Int {
                low: 1,
                high: 9,
                step: 2,
                ..
            }
        ));
        assert_eq!(notes.len(), 2);
    }
}
