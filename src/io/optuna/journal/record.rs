//! One record of the journal, parsed but not yet applied.

use std::borrow::Cow;

use super::super::super::json::{Cursor, JsonError, Members, Node, elements};

/// The fields that some operation uses. What is an object or array stays as its bytes.
#[derive(Debug, Default)]
pub struct Record<'a> {
    pub op: Option<i64>,
    pub worker: Option<Cow<'a, str>>,
    pub study_id: Option<i64>,
    pub trial_id: Option<i64>,
    pub study_name: Option<Cow<'a, str>>,
    pub directions: Option<&'a [u8]>,
    /// `user_attr` or `system_attr`: one key and its value.
    pub attribute: Option<&'a [u8]>,
    pub state: Option<i64>,
    pub value: Option<f64>,
    pub values: Option<&'a [u8]>,
    pub started: Option<Cow<'a, str>>,
    pub completed: Option<Cow<'a, str>>,
    pub distributions: Option<&'a [u8]>,
    pub params: Option<&'a [u8]>,
    pub user_attributes: Option<&'a [u8]>,
    pub system_attributes: Option<&'a [u8]>,
    pub intermediate_values: Option<&'a [u8]>,
    pub param_name: Option<Cow<'a, str>>,
    pub param_value: Option<f64>,
    /// The string of the distribution with its escapes, which is what equal ones have in common.
    pub distribution: Option<Cow<'a, str>>,
    pub step: Option<i64>,
    pub intermediate_value: Option<f64>,
}

impl<'a> Record<'a> {
    /// Reads the record that begins at `start`; returns it and the offset after it.
    ///
    /// # Errors
    /// Where the text is no object, or one without an operation.
    pub fn read(text: &'a [u8], start: usize) -> Result<(Self, usize), JsonError> {
        let mut record = Self::default();
        let mut members = Members::from(Cursor::starting_at(text, start));
        for member in members.by_ref() {
            let (key, node) = member?;
            record.field(&key, node);
        }
        if record.op.is_none() {
            return Err(JsonError {
                at: start,
                expected: "a record with an `op_code`",
            });
        }
        Ok((record, members.offset()))
    }

    fn field(&mut self, key: &str, node: Node<'a>) {
        match (key, node) {
            ("op_code", node) => self.op = node.as_i64(),
            ("worker_id", Node::Text(text)) => self.worker = Some(text),
            ("study_id", node) => self.study_id = node.as_i64(),
            ("trial_id", node) => self.trial_id = node.as_i64(),
            ("study_name", Node::Text(text)) => self.study_name = Some(text),
            ("directions", Node::Array(bytes)) => self.directions = Some(bytes),
            ("user_attr" | "system_attr", Node::Object(bytes)) => self.attribute = Some(bytes),
            ("state", node) => self.state = node.as_i64(),
            ("value", node) => self.value = node.as_f64(),
            ("values", Node::Array(bytes)) => self.values = Some(bytes),
            ("datetime_start", Node::Text(text)) => self.started = Some(text),
            ("datetime_complete", Node::Text(text)) => self.completed = Some(text),
            ("distributions", Node::Object(bytes)) => self.distributions = Some(bytes),
            ("params", Node::Object(bytes)) => self.params = Some(bytes),
            ("user_attrs", Node::Object(bytes)) => self.user_attributes = Some(bytes),
            ("system_attrs", Node::Object(bytes)) => self.system_attributes = Some(bytes),
            ("intermediate_values", Node::Object(bytes)) => self.intermediate_values = Some(bytes),
            ("param_name", Node::Text(text)) => self.param_name = Some(text),
            ("param_value_internal", node) => self.param_value = node.as_f64(),
            ("distribution", Node::Text(text)) => self.distribution = Some(text),
            ("step", node) => self.step = node.as_i64(),
            ("intermediate_value", node) => self.intermediate_value = node.as_f64(),
            _ => {}
        }
    }
    /// What a damaged record must have been, where later records count on it: one that made a study or a trial.
    ///
    /// Identities are implicit, so a lost study or trial would shift all that follow. Who wrote the later records
    /// had read this one whole. What is still legible is kept; a trial that was written when it was over has lost its
    /// values, and counts as failed.
    #[must_use]
    pub fn salvage(text: &'a [u8]) -> Option<Self> {
        let op = number_after(text, b"\"op_code\":").filter(|op| matches!(op, 0 | 4))?;
        let field = |key: &[u8]| after(text, key).and_then(|at| Cursor::starting_at(text, at).value().ok());
        let mut record = Self {
            op: Some(op),
            study_id: number_after(text, b"\"study_id\":"),
            state: number_after(text, b"\"state\":").map(|s| if matches!(s, 1 | 2) { 3 } else { s }),
            ..Self::default()
        };
        if let Some(Node::Text(name)) = field(b"\"study_name\":") {
            record.study_name = Some(name);
        }
        if let Some(Node::Array(bytes)) = field(b"\"directions\":") {
            record.directions = Some(bytes);
        }
        Some(record)
    }

    /// The objective values that it tells; none where they are null or left out.
    #[must_use]
    pub fn values(&self) -> Option<Vec<f64>> {
        let bytes = self.values?;
        let numbers = elements(bytes).unwrap_or_default();
        Some(numbers.iter().map(|n| n.as_f64().unwrap_or(f64::NAN)).collect())
    }
}

/// Where the value of the first `key` begins.
fn after(text: &[u8], key: &[u8]) -> Option<usize> {
    text.windows(key.len())
        .position(|w| w == key)
        .map(|at| at + key.len())
}

/// A whole number that stands there in full.
fn number_after(text: &[u8], key: &[u8]) -> Option<i64> {
    let mut cursor = Cursor::starting_at(text, after(text, key)?);
    let number = cursor.value().ok()?.as_i64()?;
    matches!(cursor.peek(), Some(b',' | b'}')).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_damaged_record_that_others_count_on_what_is_legible_is_kept() {
        let trial = Record::salvage(br#"{"op_code":4,"worker_id":"w","study_id":3,"datetime_start":"20\x00"#)
            .unwrap();
        assert_eq!((trial.op, trial.study_id, trial.state), (Some(4), Some(3), None));
        let over =
            Record::salvage(br#"{"op_code": 4, "study_id": 0, "state": 1, "value": 0.5, "pa"#).unwrap();
        assert_eq!(over.state, Some(3));
        let study =
            Record::salvage(br#"{"op_code":0,"worker_id":"w","study_name":"a","directions":[2]"#).unwrap();
        assert_eq!(
            (study.study_name.as_deref(), study.directions),
            (Some("a"), Some(&b"[2]"[..]))
        );
        assert!(Record::salvage(br#"{"op_code":5,"trial_id":0"#).is_none());
        assert!(
            Record::salvage(br#"{"op_code":4"#).is_none(),
            "it may have been 42"
        );
        assert!(Record::salvage(b"junk").is_none());
    }
}
