//! Syne Tune's `config_space`, as its metadata writes it.

use crate::study::{Domain, Label, Value};

use super::super::super::json::tree::Json;
use super::super::configspace::choice;

/// The domains of a space; what is no domain is a constant.
pub fn domains(space: &Json, notes: &mut Vec<String>) -> Vec<(Label, Domain)> {
    let mut found = Vec::new();
    for (name, json) in space.members() {
        if !matches!(json, Json::Map(_)) {
            continue;
        }
        match domain(json) {
            Some(domain) => found.push((Label::new(name), domain)),
            None => notes.push(format!(
                "parameter {name} has a domain that is not known; it is left out of the space."
            )),
        }
    }
    found
}

fn domain(json: &Json) -> Option<Domain> {
    let kwargs = json.at("domain_kwargs");
    let log = matches!(json.at("sampler_cls").as_text(), Some("LogUniform"));
    let (low, high) = (kwargs.at("lower"), kwargs.at("upper"));
    Some(match json.at("domain_cls").as_text()? {
        "Float" => Domain::Float {
            low: low.as_f64()?,
            high: high.as_f64()?,
            log,
            step: None,
        },
        "Integer" => Domain::Int {
            low: low.as_i64()?,
            high: high.as_i64()?,
            log,
            step: 1,
        },
        "Categorical" | "Ordinal" | "OrdinalNearestNeighbor" => Domain::Categorical {
            choices: kwargs.at("categories").items().iter().map(choice).collect(),
        },
        "FiniteRange" => finite_range(kwargs)?,
        _ => return None,
    })
}

/// `size` values from `lower` to `upper`, evenly apart: a grid; on a log scale they are choices.
fn finite_range(kwargs: &Json) -> Option<Domain> {
    let (low, high) = (kwargs.at("lower").as_f64()?, kwargs.at("upper").as_f64()?);
    let size = kwargs.at("size").as_u64().filter(|n| (1..=10_000).contains(n))?;
    let log = kwargs.at("log_scale").as_bool().unwrap_or(false) && low > 0.0;
    let is_whole = kwargs.at("cast_int").as_bool().unwrap_or(false);
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let steps = (size.max(2) - 1) as f64;
    if !log && !is_whole {
        let step = Some((high - low) / steps).filter(|s| *s > 0.0);
        return Some(Domain::Float { low, high, log, step });
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let at = |k: u64| {
        let share = k as f64 / steps;
        if log {
            (low.ln() + share * (high.ln() - low.ln())).exp()
        } else {
            low + share * (high - low)
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and between bounds")]
    let value = |x: f64| {
        if is_whole {
            Value::Int(x.round() as i64)
        } else {
            Value::Float(x)
        }
    };
    let mut choices: Vec<Value> = Vec::new();
    for choice in (0..size).map(|k| value(at(k))) {
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    Some(Domain::Categorical { choices })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finite_ranges_are_grids_or_choices() {
        let of = |text: &str| finite_range(&Json::parse(text.as_bytes()).unwrap()).unwrap();
        let grid = of(r#"{"lower": 0.1, "upper": 0.9, "size": 9, "log_scale": false, "cast_int": false}"#);
        assert!(matches!(grid, Domain::Float { step: Some(s), .. } if (s - 0.1).abs() < 1e-12));
        let choices = of(r#"{"lower": 1, "upper": 1000, "size": 4, "log_scale": true, "cast_int": true}"#);
        let whole = [1, 10, 100, 1000].map(Value::Int).to_vec();
        assert_eq!(choices, Domain::Categorical { choices: whole });
    }
}
