//! What of a trial is shown beside its numbers, and whether two looks at it show the same.

use crate::study::{Label, Trial, Value};

use super::super::super::json::{Cursor, Members, Node};
use super::super::distribution::value;

/// Longest text of a user attribute that is kept.
const MAX_ATTRIBUTE: usize = 4096;

/// A user attribute: our own identity where it is ours, else something to show.
pub(super) fn attribute(trial: &mut Trial, key: &str, json: &str) {
    let node = Cursor::new(json.as_bytes()).value();
    match (key, node) {
        ("queue_id", Ok(Node::Text(id))) => trial.queue_id = Some(Label::new(&id)),
        ("tunescope", Ok(Node::Object(bytes))) => {
            for member in Members::of(bytes).flatten() {
                if let (key, Node::Text(id)) = member
                    && key == "id"
                {
                    trial.queue_id = Some(Label::new(&id));
                }
            }
        }
        (key, Ok(node)) if json.len() <= MAX_ATTRIBUTE => {
            let value = value(&node).unwrap_or(Value::Null);
            trial.attributes.push((Label::new(key), value));
        }
        _ => {}
    }
}

/// Whether two trials show the same.
pub(super) fn is_same(a: &Trial, b: &Trial) -> bool {
    let bits = |x: &f64| x.to_bits();
    let points = |t: &Trial| {
        t.intermediate
            .iter()
            .map(|(s, x)| (*s, x.to_bits()))
            .collect::<Vec<_>>()
    };
    a.id == b.id
        && a.state == b.state
        && a.params == b.params
        && a.values.iter().map(bits).eq(b.values.iter().map(bits))
        && a.intermediate.len() == b.intermediate.len()
        && points(a) == points(b)
        && a.started == b.started
        && a.finished == b.finished
        && a.queue_id == b.queue_id
        && a.attributes == b.attributes
}
