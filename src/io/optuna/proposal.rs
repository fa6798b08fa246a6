//! The parameters of one trial: what was set, and before that what the queue or the sampler announced.

use crate::study::{Label, Value};

use super::super::json::{Members, Node};
use super::columns::Columns;
use super::distribution::value;

/// Parameters by column. Only what was really set counts once a trial is over.
#[derive(Debug, Default)]
pub struct Proposal {
    set: Vec<Option<Value>>,
    /// `fixed_params`: the queue.
    fixed: Vec<(usize, Value)>,
    /// The pieces of `…relative_params:<i>`: the sampler.
    relative: Vec<(usize, Value)>,
    pieces: Vec<(u32, String)>,
}

impl Proposal {
    /// A parameter was set.
    pub fn set(&mut self, column: usize, value: Value) {
        if self.set.len() <= column {
            self.set.resize(column + 1, None);
        }
        if let Some(slot) = self.set.get_mut(column) {
            *slot = Some(value);
        }
    }

    /// A system attribute of the trial.
    pub fn system_attribute(&mut self, columns: &mut Columns, key: &str, node: &Node<'_>) {
        if let ("fixed_params", Node::Object(bytes)) = (key, node) {
            self.fixed = announced(columns, bytes);
        } else if let (Some(name), Node::Text(text)) = (key.strip_prefix("fixed_params:"), node) {
            let column = columns.column(name);
            self.fixed.push((column, rustuna_value(text)));
        } else if let (Some((_, piece)), Node::Text(text)) = (key.split_once(":relative_params:"), node)
            && let Ok(piece) = piece.parse()
        {
            self.pieces.retain(|(p, _)| *p != piece);
            self.pieces.push((piece, text.clone().into_owned()));
            self.pieces.sort_by_key(|(p, _)| *p);
            let whole: String = self.pieces.iter().map(|(_, t)| t.as_str()).collect();
            self.relative = announced(columns, whole.as_bytes());
        }
    }

    /// The trial is over: announcements are of no use any more.
    pub fn forget_announced(&mut self) {
        *self = Self {
            set: std::mem::take(&mut self.set),
            ..Self::default()
        };
    }

    /// What was set, else what the queue fixed, else what the sampler announced.
    #[must_use]
    pub fn params(&self) -> Vec<Option<Value>> {
        let mut params = self.set.clone();
        for (column, value) in self.fixed.iter().chain(&self.relative) {
            if params.len() <= *column {
                params.resize(column + 1, None);
            }
            if let Some(slot @ None) = params.get_mut(*column) {
                *slot = Some(value.clone());
            }
        }
        params
    }
}

/// Whether a system attribute is one that only Rustuna writes.
#[must_use]
pub fn is_rustuna_key(key: &str) -> bool {
    key.starts_with("category_labels:") || key.starts_with("fixed_params:")
}

/// `{"name": value}` with the user's values; what is cut (a piece is missing) gives what it has.
fn announced(columns: &mut Columns, bytes: &[u8]) -> Vec<(usize, Value)> {
    Members::of(bytes)
        .map_while(Result::ok)
        .map(|(name, node)| (columns.column(&name), value(&node)))
        .collect()
}

/// Rustuna's typed strings: `f:0x<bits>`, `i:<int>`, `s:<text>`, `true`, `false`, `None`.
fn rustuna_value(text: &str) -> Value {
    if let Some(bits) = text.strip_prefix("f:0x")
        && let Ok(bits) = u64::from_str_radix(bits, 16)
    {
        return Value::Float(f64::from_bits(bits));
    }
    if let Some(Ok(i)) = text.strip_prefix("i:").map(str::parse) {
        return Value::Int(i);
    }
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "None" => Value::Null,
        text => Value::Text(Label::new(text.strip_prefix("s:").unwrap_or(text))),
    }
}
