//! One record of the journal, parsed but not yet applied.

use std::borrow::Cow;

use super::super::super::json::{Cursor, JsonError, Members, Node};

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
}
