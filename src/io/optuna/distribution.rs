//! Optuna's distributions, as JSON inside a JSON string.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use crate::study::{Domain, Label, Value};

use super::super::json::{Cursor, Members, Node, elements};

/// A distribution: the class that Optuna would make of it, and the domain it stands for.
#[derive(Clone, Debug)]
pub struct Distribution {
    class: Class,
    pub domain: Domain,
    /// As the storage has it.
    pub text: Box<str>,
    /// Positions of the choices that are lists or objects, which Optuna stores with a warning; the domain has their text.
    pub compound: Vec<usize>,
}

/// Distributions by their JSON text: a study has few, and each of its trials repeats them.
#[derive(Debug, Default)]
pub struct Distributions(HashMap<Box<str>, Option<Arc<Distribution>>>);

impl Distributions {
    /// Most texts that are remembered.
    const KEPT: usize = 10_000;

    /// The distribution of a text; `None` for one that is not understood.
    pub fn get(&mut self, text: &str) -> Option<Arc<Distribution>> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let parsed = Distribution::parse(text).map(Arc::new);
        if self.0.len() < Self::KEPT {
            self.0.insert(text.into(), parsed.clone());
        }
        parsed
    }
}

/// The classes are told apart even where they mean the same: Optuna compares them by identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Float,
    Uniform,
    LogUniform,
    DiscreteUniform,
    Int,
    IntUniform,
    IntLogUniform,
    Categorical,
}

impl Class {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "FloatDistribution" | "float" => Self::Float,
            "UniformDistribution" => Self::Uniform,
            "LogUniformDistribution" => Self::LogUniform,
            "DiscreteUniformDistribution" => Self::DiscreteUniform,
            "IntDistribution" | "int" => Self::Int,
            "IntUniformDistribution" => Self::IntUniform,
            "IntLogUniformDistribution" => Self::IntLogUniform,
            "CategoricalDistribution" | "categorical" => Self::Categorical,
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Attributes {
    low: Option<f64>,
    high: Option<f64>,
    step: Option<f64>,
    log: bool,
    choices: Vec<Value>,
    compound: Vec<usize>,
}

impl Attributes {
    fn read(&mut self, key: &str, node: &Node<'_>) {
        match key {
            "low" => self.low = node.as_f64(),
            "high" => self.high = node.as_f64(),
            "step" | "q" => self.step = node.as_f64(),
            "log" => self.log = matches!(node, Node::Bool(true)),
            "choices" => {
                if let Node::Array(bytes) = node {
                    let nodes = elements(bytes).unwrap_or_default();
                    self.choices = nodes.iter().map(value).collect();
                    let is_compound =
                        |(_, n): &(usize, &Node<'_>)| matches!(n, Node::Array(_) | Node::Object(_));
                    let compound = nodes.iter().enumerate().filter(is_compound);
                    self.compound = compound.map(|(at, _)| at).collect();
                }
            }
            _ => {}
        }
    }
}

/// A JSON scalar as a parameter value; lists as their text.
pub fn value(node: &Node<'_>) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(b) => Value::Bool(*b),
        Node::Int(i) => Value::Int(*i),
        Node::Float(x) => Value::Float(*x),
        Node::Text(text) => Value::Text(Label::new(text)),
        Node::Array(bytes) | Node::Object(bytes) => Value::Text(Label::new(&String::from_utf8_lossy(bytes))),
    }
}

/// Whether Python holds two values for equal, as it does `True`, `1` and `1.0`; and Optuna two NaN.
#[must_use]
pub fn is_equal_to_python(a: &Value, b: &Value) -> bool {
    let number = |v: &Value| match v {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        _ => v.as_f64(),
    };
    a == b || matches!((number(a), number(b)), (Some(x), Some(y)) if x == y || x.is_nan() && y.is_nan())
}

impl Distribution {
    /// Reads `{"name": …, "attributes": {…}}` or the abbreviated `{"type": …, "low": …}`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut class = None;
        let mut attributes = Attributes::default();
        for member in Members::from(Cursor::new(text.as_bytes())) {
            let (key, node) = member.ok()?;
            match (key.as_ref(), &node) {
                ("name" | "type", Node::Text(name)) => class = Class::of(name),
                ("attributes", Node::Object(bytes)) => {
                    for member in Members::of(bytes) {
                        let (key, node) = member.ok()?;
                        attributes.read(&key, &node);
                    }
                }
                (key, node) => attributes.read(key, node),
            }
        }
        let class = class?;
        Some(Self {
            class,
            compound: std::mem::take(&mut attributes.compound),
            domain: domain(class, attributes)?,
            text: text.into(),
        })
    }

    /// The text in which Optuna keeps the distribution of a domain.
    #[must_use]
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

    /// Whether Optuna lets a trial use `self` for a parameter that an earlier trial used with `first`:
    /// the same class and log flag, and the same choices (`check_distribution_compatibility`).
    #[must_use]
    pub fn is_compatible_with(&self, first: &Self) -> bool {
        self.class == first.class
            && match (&self.domain, &first.domain) {
                (Domain::Float { log: a, .. }, Domain::Float { log: b, .. })
                | (Domain::Int { log: a, .. }, Domain::Int { log: b, .. }) => a == b,
                (Domain::Categorical { choices: a }, Domain::Categorical { choices: b }) => {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal_to_python(a, b))
                }
                _ => false,
            }
    }

    /// The user's value of an internal number: itself, rounded to an int, or the choice at that index.
    #[must_use]
    pub fn external(&self, internal: f64) -> Option<Value> {
        match &self.domain {
            Domain::Float { .. } => Some(Value::Float(internal)),
            #[expect(clippy::cast_possible_truncation, reason = "as Python's int() does")]
            Domain::Int { .. } => internal.is_finite().then_some(Value::Int(internal as i64)),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an index, checked by get"
            )]
            Domain::Categorical { choices } => {
                (internal >= 0.0).then(|| choices.get(internal as usize).cloned())?
            }
        }
    }

    /// The number in which Optuna keeps a value: itself, or the index of the first choice that is the same.
    #[must_use]
    pub fn internal(&self, value: &Value) -> Option<f64> {
        match &self.domain {
            Domain::Float { .. } | Domain::Int { .. } => value.as_f64(),
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            Domain::Categorical { choices } => choices.iter().position(|c| c == value).map(|i| i as f64),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounds of an int distribution")]
fn domain(class: Class, attributes: Attributes) -> Option<Domain> {
    let whole = |x: f64| x.is_finite().then_some(x as i64);
    Some(match class {
        Class::Categorical => Domain::Categorical {
            choices: attributes.choices,
        },
        Class::Float | Class::Uniform | Class::LogUniform | Class::DiscreteUniform => Domain::Float {
            low: attributes.low?,
            high: attributes.high?,
            log: attributes.log || class == Class::LogUniform,
            step: attributes.step,
        },
        Class::Int | Class::IntUniform | Class::IntLogUniform => Domain::Int {
            low: whole(attributes.low?)?,
            high: whole(attributes.high?)?,
            log: attributes.log || class == Class::IntLogUniform,
            step: attributes.step.and_then(whole).unwrap_or(1),
        },
    })
}

/// The smallest domain that holds both: trials of one study may have had different bounds.
#[must_use]
pub fn union(a: &Domain, b: &Domain) -> Domain {
    match (a, b) {
        (
            Domain::Float {
                low: l1,
                high: h1,
                log,
                step: s1,
            },
            Domain::Float {
                low: l2,
                high: h2,
                step: s2,
                ..
            },
        ) => Domain::Float {
            low: l1.min(*l2),
            high: h1.max(*h2),
            log: *log,
            // Two grids have one grid in common only if they are the same.
            step: s1.filter(|s| Some(*s) == *s2 && (l1 - l2) % s == 0.0),
        },
        (
            Domain::Int {
                low: l1,
                high: h1,
                log,
                step: s1,
            },
            Domain::Int {
                low: l2,
                high: h2,
                step: s2,
                ..
            },
        ) => Domain::Int {
            low: *l1.min(l2),
            high: *h1.max(h2),
            log: *log,
            step: if s1 == s2 && *s1 > 0 && l1.abs_diff(*l2) % s1.unsigned_abs() == 0 {
                *s1
            } else {
                1
            },
        },
        _ => a.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_optuna_is_read() {
        let float = Domain::Float {
            low: 1e-5,
            high: 0.1,
            log: true,
            step: None,
        };
        for json in [
            r#"{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}"#,
            r#"{"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.1}}"#,
            r#"{"type":"float","low":1e-05,"high":0.1,"log":true}"#,
        ] {
            assert_eq!(Distribution::parse(json).unwrap().domain, float, "{json}");
        }
        let q = Distribution::parse(
            r#"{"name":"DiscreteUniformDistribution","attributes":{"low":0.0,"high":1.0,"q":0.25}}"#,
        );
        assert!(matches!(q.unwrap().domain, Domain::Float { step: Some(s), .. } if s == 0.25));
        let choice = Distribution::parse(
            r#"{"name":"CategoricalDistribution","attributes":{"choices":[null,true,1,"a"]}}"#,
        )
        .unwrap();
        assert_eq!(choice.external(1.0), Some(Value::Bool(true)));
        assert_eq!(choice.external(9.0), None);
        assert_eq!(choice.external(-1.0), None);
    }

    #[test]
    fn compatibility_is_that_of_optuna() {
        let float = |low, log| {
            let json = format!(r#"{{"type":"float","low":{low},"high":1.0,"log":{log}}}"#);
            Distribution::parse(&json).unwrap()
        };
        assert!(float(0.1, true).is_compatible_with(&float(0.2, true)));
        assert!(!float(0.1, true).is_compatible_with(&float(0.1, false)));
        let old = Distribution::parse(r#"{"name":"UniformDistribution","attributes":{"low":0,"high":1}}"#);
        assert!(!float(0.0, false).is_compatible_with(&old.unwrap()));
    }
    #[test]
    fn choices_are_as_equal_as_python_holds_them() {
        let choice = |choices: &str| {
            let json =
                format!(r#"{{"name":"CategoricalDistribution","attributes":{{"choices":{choices}}}}}"#);
            Distribution::parse(&json).unwrap()
        };
        assert!(choice("[true, 2, NaN]").is_compatible_with(&choice("[1, 2.0, NaN]")));
        assert!(!choice(r#"["1"]"#).is_compatible_with(&choice("[1]")));
        assert!(!choice("[1]").is_compatible_with(&choice("[1, 2]")));
        assert_eq!(choice(r#"["a", [64, 64], {"b": 1}]"#).compound, [1, 2]);
    }

    #[test]
    fn a_domain_becomes_the_text_that_is_read_as_the_same() {
        for domain in [
            Domain::Categorical {
                choices: vec![Value::Bool(true), Value::Text("a\u{1b}".into()), Value::Null],
            },
            Domain::Int {
                low: 4,
                high: 32,
                log: false,
                step: 4,
            },
            Domain::Float {
                low: 1e-5,
                high: 0.1,
                log: true,
                step: None,
            },
        ] {
            let text = Distribution::text_of(&domain);
            assert_eq!(Distribution::parse(&text).unwrap().domain, domain, "{text}");
        }
    }
}
