//! One value of one parameter, as the user writes it.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Label;

/// A parameter's value in the user's own units.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Label),
    /// Of a parameter that takes no part in this configuration; never read from a source, never written.
    Inactive,
}

impl Value {
    #[must_use]
    pub fn is_inactive(&self) -> bool {
        matches!(self, Self::Inactive)
    }

    /// The number that this is, if it is one. Text is never read as a number here: sources decide that.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "parameters beyond 2^53 have no use")]
            Self::Int(i) => Some(*i as f64),
            Self::Float(x) => Some(*x),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::Inactive => None,
        }
    }

    /// From a JSON scalar; `None` for arrays and objects.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        Some(match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(i) => Self::Int(i),
                None => Self::Float(n.as_f64()?),
            },
            serde_json::Value::String(s) => Self::Text(Label::new(s)),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => return None,
        })
    }

    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null | Self::Inactive => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => (*i).into(),
            Self::Float(x) => (*x).into(),
            Self::Text(label) => label.raw().into(),
        }
    }
}

/// Numbers are equal across `Int` and `Float` (`8 == 8.0`); a boolean is never equal to a number.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Inactive, Self::Inactive) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (a, b) => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.pad("none"),
            Self::Inactive => f.pad("not active"),
            Self::Bool(b) => f.pad(if *b { "true" } else { "false" }),
            Self::Int(i) => f.pad(&i.to_string()),
            Self::Float(x) => f.pad(&x.to_string()),
            Self::Text(label) => f.pad(label.shown()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Inactive => serializer.serialize_none(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Int(i) => serializer.serialize_i64(*i),
            Self::Float(x) => serializer.serialize_f64(*x),
            Self::Text(label) => label.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_is_not_one_and_eight_is_eight_point_zero() {
        assert_ne!(Value::Bool(true), Value::Int(1));
        assert_eq!(Value::Int(8), Value::Float(8.0));
        assert_eq!(std::mem::size_of::<Option<Value>>(), 16);
    }
}
