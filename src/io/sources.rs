//! The kinds of results files there are. A new kind is a file beside these and a line in [`KINDS`].

pub mod delimited;
pub mod jsonl;
pub mod optuna_journal;

use std::path::Path;

use super::error::ReadError;
use super::source::{Head, Kind};

/// Every kind. Of equally sure ones the first is taken.
pub static KINDS: &[&Kind] = &[&optuna_journal::KIND, &jsonl::KIND, &delimited::KIND];

/// The kind that a text is, by its content. `None`: too little is there to tell, or it is none of them.
#[must_use]
pub fn recognize(head: &Head<'_>) -> Option<&'static Kind> {
    let mut best: Option<(u8, &'static Kind)> = None;
    for kind in KINDS {
        let sure = (kind.recognize)(head);
        if sure > best.map_or(0, |(s, _)| s) {
            best = Some((sure, kind));
        }
    }
    best.map(|(_, kind)| kind)
}

/// The kind of a name, as `--from` gives it.
///
/// # Errors
/// There is none of this name: the message lists them.
pub fn by_name(name: &str) -> Result<&'static Kind, ReadError> {
    let wanted = super::names::normalized(name);
    let alias = match wanted.as_str() {
        "tsv" => "csv",
        "json" | "ndjson" => "jsonl",
        "optuna" | "journal" | "optuna_journal" => "optuna-journal",
        other => other,
    };
    KINDS
        .iter()
        .find(|k| k.name == alias)
        .copied()
        .ok_or_else(|| ReadError::NoSuchKind {
            name: crate::study::label::scrub(name),
            known: names(),
        })
}

/// The names of all kinds, for messages.
#[must_use]
pub fn names() -> String {
    KINDS.iter().map(|k| k.name).collect::<Vec<_>>().join(", ")
}

pub(super) fn unknown(path: &Path) -> ReadError {
    ReadError::UnknownKind {
        path: path.to_owned(),
        known: names(),
    }
}
