//! The user attributes of a trial: our own identity where it is ours, else something to show.

use crate::study::{Label, Trial};

use super::super::json::{Members, Node};
use super::distribution::value;

/// Longest text of a user attribute that is kept.
const MAX_ATTRIBUTE: usize = 4096;

/// Takes one user attribute. A later one of the same name takes the place of the earlier one.
pub fn note(trial: &mut Trial, key: &str, node: &Node<'_>) {
    match (key, node) {
        ("queue_id", Node::Text(id)) => trial.queue_id = Some(Label::new(id)),
        ("tunescope", Node::Object(bytes)) => {
            for member in Members::of(bytes).flatten() {
                if let (key, Node::Text(id)) = member
                    && key == "id"
                {
                    trial.queue_id = Some(Label::new(&id));
                }
            }
        }
        (key, node) if is_short(node) => {
            let value = value(node);
            match trial.attributes.iter_mut().find(|(known, _)| known == key) {
                Some((_, old)) => *old = value,
                None => trial.attributes.push((Label::new(key), value)),
            }
        }
        _ => {}
    }
}

fn is_short(node: &Node<'_>) -> bool {
    let bytes = match node {
        Node::Text(text) => text.len(),
        Node::Array(bytes) | Node::Object(bytes) => bytes.len(),
        _ => 0,
    };
    bytes <= MAX_ATTRIBUTE
}
