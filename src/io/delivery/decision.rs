//! One accepted configuration, as it is written down for a worker.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::study::{Label, Value};

use super::DeliveryError;

/// How the configuration came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The suggestion as it was.
    Suggested,
    /// The suggestion, changed by the person.
    Edited,
    /// Given by the person without a suggestion.
    Manual,
}

/// What the model expected, in the user's units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    pub mean: f64,
    pub sd: f64,
}

/// What the acquisition function gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AcquisitionReading {
    pub name: String,
    pub value: f64,
}

/// A configuration that a person accepted. The identity makes delivery idempotent: the same decision is
/// never written twice, however often delivery is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// A UUID of version 7 (see [`new_id`]): sorts by time.
    pub id: String,
    pub created: Timestamp,
    /// In the order of the space; integers are `Value::Int`, other numbers `Value::Float`.
    pub params: Vec<(Label, Value)>,
    pub origin: Origin,
    /// Names of the parameters that the person changed.
    pub edited: Vec<Label>,
    pub predicted: Option<Predicted>,
    pub acquisition: Option<AcquisitionReading>,
    pub note: Option<Label>,
}

impl Decision {
    /// A decision of the moment `now`, with an identity made of `now` and `random`.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 10], params: Vec<(Label, Value)>, origin: Origin) -> Self {
        Self {
            id: new_id(now, random),
            created: now,
            params,
            origin,
            edited: Vec::new(),
            predicted: None,
            acquisition: None,
            note: None,
        }
    }

    /// `{"name": value, …}` in the order of the parameters.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn params_json(&self) -> Result<Map<String, Json>, DeliveryError> {
        self.params
            .iter()
            .map(|(name, value)| match value {
                Value::Float(x) if !x.is_finite() => Err(DeliveryError::NotFinite {
                    name: name.shown().to_owned(),
                    value: *x,
                }),
                _ => Ok((name.raw().to_owned(), value.to_json())),
            })
            .collect()
    }

    /// The body of a queue file: the object that the interface promises, fields in its order.
    ///
    /// # Errors
    /// A parameter that JSON cannot hold. A prediction that it cannot hold is left out instead.
    pub fn to_json(&self) -> Result<Json, DeliveryError> {
        let names: Vec<&str> = self.edited.iter().map(Label::raw).collect();
        Ok(json!({
            "id": self.id,
            "created": self.created.to_string(),
            "params": self.params_json()?,
            "origin": self.origin,
            "edited": names,
            "predicted": self.predicted,
            "acquisition": self.acquisition,
            "note": self.note.as_ref().map(Label::raw),
        }))
    }

    /// Reads the body of a queue file back. What is optional may be missing or null.
    ///
    /// # Errors
    /// What is missing or has the wrong type, as a clause that can follow a file name.
    pub fn from_json(json: &Json) -> Result<Self, &'static str> {
        let object = json.as_object().ok_or("it does not hold a JSON object")?;
        let text = |key: &str| object.get(key).and_then(Json::as_str);
        let id = text("id")
            .filter(|id| is_plain_id(id))
            .ok_or("it has no usable \"id\"")?;
        let created = text("created")
            .and_then(|t| t.parse().ok())
            .ok_or("its \"created\" is not an RFC 3339 time")?;
        let params = object
            .get("params")
            .and_then(Json::as_object)
            .ok_or("it has no \"params\" object")?
            .iter()
            .map(|(name, value)| Some((Label::new(name), Value::from_json(value)?)))
            .collect::<Option<_>>()
            .ok_or("a parameter is not a plain value")?;
        Ok(Self {
            id: id.to_owned(),
            created,
            params,
            origin: origin_of(text("origin")),
            edited: edited_of(object.get("edited")),
            predicted: part(object.get("predicted")),
            acquisition: part(object.get("acquisition")),
            note: text("note").map(Label::new),
        })
    }
}

/// `suggested` where nothing, or nothing known, is said.
pub(super) fn origin_of(text: Option<&str>) -> Origin {
    match text {
        Some("edited") => Origin::Edited,
        Some("manual") => Origin::Manual,
        _ => Origin::Suggested,
    }
}

pub(super) fn edited_of(json: Option<&Json>) -> Vec<Label> {
    json.and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(Label::new)
        .collect()
}

/// A field that is simply absent where it does not parse.
pub(super) fn part<T: for<'de> Deserialize<'de>>(json: Option<&Json>) -> Option<T> {
    json.and_then(|v| T::deserialize(v).ok())
}

/// Identities are part of file names: letters, digits and `-` only.
pub(super) fn is_plain_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A UUID of version 7: 48 bits of Unix milliseconds, then random bits. Source: RFC 9562 §5.7.
#[must_use]
pub fn new_id(now: Timestamp, random: [u8; 10]) -> String {
    let ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    uuid_text(bytes)
}

/// A UUID of version 4, for names that need not sort. Source: RFC 9562 §5.4.
#[must_use]
pub(super) fn random_uuid() -> String {
    let mut bytes = [0_u8; 16];
    bytes[..8].copy_from_slice(&random_word().to_be_bytes());
    bytes[8..].copy_from_slice(&random_word().to_be_bytes());
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    uuid_text(bytes)
}

fn uuid_text(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// Random bytes for [`new_id`], from the keys that the operating system gives to every hash map.
/// Identities must not collide; they are not secrets.
#[must_use]
pub fn random_bytes() -> [u8; 10] {
    let mut bytes = [0_u8; 10];
    bytes[..8].copy_from_slice(&random_word().to_be_bytes());
    bytes[8..].copy_from_slice(&random_word().to_be_bytes()[..2]);
    bytes
}

fn random_word() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.write_i128(Timestamp::now().as_nanosecond());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Decision {
        let now = "2026-11-23T20:00:00.123456Z".parse().unwrap();
        let mut d = Decision::new(
            now,
            [0xff; 10],
            vec![
                (Label::new("z"), Value::Int(8)),
                (Label::new("a"), Value::Float(1.0)),
                (Label::new("opt"), Value::Text(Label::new("adam"))),
                (Label::new("clip"), Value::Null),
            ],
            Origin::Edited,
        );
        d.edited = vec![Label::new("a")];
        d.predicted = Some(Predicted { mean: 0.4, sd: 0.1 });
        d
    }

    #[test]
    fn identities_are_uuids_of_version_7_that_sort_by_time() {
        let id = decision().id;
        assert_eq!(id, "01a209fe-727b-7fff-bfff-ffffffffffff");
        let later = new_id("2026-11-23T20:00:00.124Z".parse().unwrap(), [0; 10]);
        assert!(later > id);
        assert_ne!(random_bytes(), random_bytes());
        assert_eq!(random_uuid().len(), 36);
    }

    #[test]
    fn the_body_keeps_order_and_types_and_reads_back() {
        let d = decision();
        let text = d.to_json().unwrap().to_string();
        assert!(
            text.contains(r#""params":{"z":8,"a":1.0,"opt":"adam","clip":null},"origin":"edited""#),
            "{text}"
        );
        let back = Decision::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(back, d);
        assert!(matches!(back.params[1].1, Value::Float(_)));
    }

    #[test]
    fn a_value_that_json_cannot_hold_is_refused_by_name() {
        let mut d = decision();
        d.params[1].1 = Value::Float(f64::NAN);
        assert!(d.to_json().unwrap_err().to_string().contains("parameter a"));
    }

    #[test]
    fn an_identity_that_could_leave_the_folder_is_refused() {
        let mut json = decision().to_json().unwrap();
        json["id"] = "../../etc/passwd".into();
        assert!(Decision::from_json(&json).is_err());
    }
}
