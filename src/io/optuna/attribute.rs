//! The user attributes of a trial: our own identity where it is ours, else something to show.

use crate::study::{Label, Trial};

use super::super::json::{Members, Node};
use super::distribution::value;

/// The attribute that says which entry of our queue a trial is.
const OURS: &str = "tunescope";
/// Longest text of a user attribute that is kept.
const MAX_ATTRIBUTE: usize = 4096;

/// Takes one user attribute. A later one of the same name takes the place of the earlier one.
pub fn note(trial: &mut Trial, key: &str, node: &Node<'_>) {
    if let Some(id) = queue_id(key, node) {
        trial.queue_id = Some(id);
    } else if is_short(node) && !(key == OURS && matches!(node, Node::Object(_))) {
        let value = value(node);
        match trial.attributes.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => trial.attributes.push((Label::new(key), value)),
        }
    }
}

/// Our own identity of a trial, where that is what an attribute tells.
#[must_use]
pub fn queue_id(key: &str, node: &Node<'_>) -> Option<Label> {
    match (key, node) {
        ("queue_id", Node::Text(id)) => Some(Label::new(id)),
        (OURS, Node::Object(bytes)) => Members::of(bytes).flatten().find_map(|member| match member {
            (key, Node::Text(id)) if key == "id" => Some(Label::new(&id)),
            _ => None,
        }),
        _ => None,
    }
}

/// Whether an attribute is worth keeping: samplers keep megabytes in some.
#[must_use]
pub fn is_short(node: &Node<'_>) -> bool {
    let bytes = match node {
        Node::Text(text) => text.len(),
        Node::Array(bytes) | Node::Object(bytes) => bytes.len(),
        _ => 0,
    };
    bytes <= MAX_ATTRIBUTE
}
