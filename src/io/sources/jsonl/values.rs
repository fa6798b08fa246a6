//! What the values of a row of JSONL mean: identities, moments, learning curves.

use std::borrow::Cow;

use crate::study::{Label, TrialId};

use super::super::super::json::{JsonError, Members, Node, elements};
use super::super::super::names::{self, Role};
use super::super::super::time::parse_time;

pub(super) fn trial_id(node: &Node<'_>) -> Option<TrialId> {
    match node {
        Node::Text(text) => Some(TrialId::Text(Label::new(text))),
        node => node
            .as_i64()
            .and_then(|i| u64::try_from(i).ok())
            .map(TrialId::Number)
            .or_else(|| match node {
                Node::Int(i) => Some(TrialId::Text(Label::new(&i.to_string()))),
                Node::Float(x) if x.is_finite() => Some(TrialId::Text(Label::new(&x.to_string()))),
                _ => None,
            }),
    }
}

/// A whole number that is longer than a number of a machine (128 random bits, say), digit by digit: as a float it would
/// be that of other trials too. It ends at `end`.
pub(super) fn long_id(node: &Node<'_>, text: &[u8], end: usize) -> Option<TrialId> {
    let (Node::Float(_), Some(head)) = (node, text.get(..end)) else {
        return None;
    };
    let start = head
        .iter()
        .rposition(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        .map_or(0, |at| at + 1);
    let digits = std::str::from_utf8(head.get(start..)?).ok()?;
    let is_whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_whole.then(|| {
        digits
            .parse()
            .map_or_else(|_| TrialId::Text(Label::new(digits)), TrialId::Number)
    })
}

/// NaN and the infinities as text.
pub(in crate::io::sources) fn not_finite(text: &str) -> Option<f64> {
    match text.trim().to_ascii_lowercase().as_str() {
        "nan" => Some(f64::NAN),
        "inf" | "infinity" | "+inf" | "+infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The members of a list of pairs, `[{"name": "lr", "value": 0.1}, …]`.
pub(super) fn named(list: &[u8]) -> Result<Vec<(Cow<'_, str>, Node<'_>)>, JsonError> {
    let mut pairs = Vec::new();
    for element in elements(list)? {
        let Node::Object(bytes) = element else { continue };
        let (mut name, mut value) = (None, None);
        for member in Members::of(bytes) {
            match member? {
                (key, Node::Text(text)) if key == "name" => name = Some(text),
                (key, node) if key == "value" => value = Some(node),
                _ => {}
            }
        }
        pairs.extend(name.zip(value));
    }
    Ok(pairs)
}

/// `{"100": 0.61}`, `[[100, 0.61]]`, `[{"step": 100, "value": 0.61}]` or `[0.61, 0.48]` (steps from 0).
pub(super) fn curve(node: &Node<'_>) -> Result<Option<Vec<(u64, f64)>>, JsonError> {
    let number = |node: &Node<'_>| node.as_f64().unwrap_or(f64::NAN);
    let step = |node: &Node<'_>| node.as_f64().filter(|x| *x >= 0.0 && *x < 9e15);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above"
    )]
    let whole = |x: f64| x as u64;
    let mut points = Vec::new();
    match node {
        Node::Object(bytes) => {
            for member in Members::of(bytes) {
                let (key, node) = member?;
                if let Ok(at) = key.trim().parse::<u64>() {
                    points.push((at, number(&node)));
                }
            }
        }
        Node::Array(bytes) => {
            for (k, element) in (0u64..).zip(elements(bytes)?) {
                match element {
                    Node::Array(pair) => {
                        let pair = elements(pair)?;
                        if let [at, value] = pair.as_slice()
                            && let Some(at) = step(at)
                        {
                            points.push((whole(at), number(value)));
                        }
                    }
                    Node::Object(bytes) => points.extend(point(k, bytes)?),
                    node => points.push((k, number(&node))),
                }
            }
        }
        _ => return Ok(None),
    }
    points.sort_by_key(|(at, _)| *at);
    Ok(Some(points))
}

fn point(k: u64, bytes: &[u8]) -> Result<Option<(u64, f64)>, JsonError> {
    let (mut at, mut value) = (k, None);
    for member in Members::of(bytes) {
        let (key, node) = member?;
        match names::role(&key) {
            Role::Step | Role::Iteration => {
                at = node.as_i64().and_then(|i| u64::try_from(i).ok()).unwrap_or(k)
            }
            Role::Value => value = Some(node.as_f64().unwrap_or(f64::NAN)),
            _ if value.is_none() && names::is_metric(&key) => {
                value = Some(node.as_f64().unwrap_or(f64::NAN));
            }
            _ => {}
        }
    }
    Ok(value.map(|value| (at, value)))
}

/// An ISO time, or seconds (or milliseconds) since the epoch.
pub(super) fn moment(node: &Node<'_>) -> Option<f64> {
    match node {
        Node::Text(text) => parse_time(text),
        node => node
            .as_f64()
            .filter(|x| x.is_finite() && *x > 0.0)
            .map(|x| if x > 1e11 { x / 1e3 } else { x }),
    }
}
