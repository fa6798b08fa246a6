//! One line of an Optuna journal, as far as delivery needs it.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The fields of all operations together; a missing one is its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    pub op_code: Option<u8>,
    pub worker_id: String,
    pub study_id: Option<usize>,
    pub study_name: Option<String>,
    pub trial_id: Option<usize>,
    pub state: Option<u8>,
    pub value: Option<Json>,
    pub values: Option<Vec<Json>>,
    pub datetime_start: Option<String>,
    pub datetime_complete: Option<String>,
    pub distributions: Option<Map<String, Json>>,
    pub param_name: Option<String>,
    pub distribution: Option<String>,
    pub user_attrs: Option<Map<String, Json>>,
    pub system_attrs: Option<Map<String, Json>>,
    pub system_attr: Option<Map<String, Json>>,
}

/// The fields that count trials and studies, for a line whose texts do not decode (Python lets a lone
/// surrogate pass).
#[derive(Deserialize)]
struct Bare {
    op_code: Option<u8>,
    study_id: Option<usize>,
    trial_id: Option<usize>,
    state: Option<u8>,
}

impl Record {
    /// `None` for a line that Python's JSON parser would refuse too.
    pub fn parse(line: &[u8]) -> Option<Self> {
        if let Ok(record) = serde_json::from_slice(line) {
            return Some(record);
        }
        let quoted = quote_non_finite(line);
        if let Ok(record) = serde_json::from_slice(&quoted) {
            return Some(record);
        }
        serde_json::from_slice::<Bare>(&quoted).ok().map(|bare| Self {
            op_code: bare.op_code,
            study_id: bare.study_id,
            trial_id: bare.trial_id,
            state: bare.state,
            ..Self::default()
        })
    }

    /// The first objective value, where it is a finite number.
    pub fn objective(&self) -> Option<f64> {
        let first = self
            .values
            .as_ref()
            .and_then(|v| v.first())
            .or(self.value.as_ref())?;
        first.as_f64().filter(|x| x.is_finite())
    }
}

/// Python writes bare `NaN`, `Infinity` and `-Infinity`; they become texts, as Rustuna writes them.
fn quote_non_finite(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 16);
    let (mut rest, mut in_text) = (line, false);
    while let Some((&byte, after)) = rest.split_first() {
        if in_text {
            out.push(byte);
            rest = after;
            if byte == b'\\' {
                if let Some((&escaped, after)) = rest.split_first() {
                    out.push(escaped);
                    rest = after;
                }
            } else if byte == b'"' {
                in_text = false;
            }
            continue;
        }
        let token: &[u8] = [b"NaN".as_slice(), b"-Infinity", b"Infinity"]
            .into_iter()
            .find(|t| rest.starts_with(t))
            .unwrap_or_default();
        if token.is_empty() {
            in_text = byte == b'"';
            out.push(byte);
            rest = after;
        } else {
            out.push(b'"');
            out.extend_from_slice(token);
            out.push(b'"');
            rest = rest.get(token.len()..).unwrap_or_default();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_nan_is_read_and_text_is_left_alone() {
        let line = br#"{"op_code":6,"worker_id":"a \" NaN","trial_id":3,"state":1,"values":[-Infinity,NaN]}"#;
        let record = Record::parse(line).unwrap();
        assert_eq!(record.worker_id, "a \" NaN");
        assert_eq!((record.trial_id, record.objective()), (Some(3), None));
    }

    #[test]
    fn two_records_run_together_are_damage() {
        assert!(Record::parse(br#"{"op_code":4}{"op_code":4}"#).is_none());
        assert!(Record::parse(b"").is_none());
    }

    #[test]
    fn a_lone_surrogate_is_no_damage() {
        let line = br#"{"op_code":4,"study_id":0,"user_attrs":{"x":"\ud800"},"datetime_start":null}"#;
        assert_eq!(Record::parse(line).unwrap().study_id, Some(0));
    }
}
