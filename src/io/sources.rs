//! The kinds of sources there are. A new kind is a file beside these and a line in [`KINDS`].

pub mod ax;
pub(super) mod configspace;
pub mod deepcave;
pub mod delimited;
pub mod documents;
pub mod jsonl;
pub mod lightning;
pub mod mlflow;
pub mod optuna_journal;
pub mod optuna_rdb;
pub mod ray;
pub mod smac;
pub mod syne_tune;
pub mod wandb;

use std::path::Path;

use super::database::{DatabaseError, Url, url};
use super::error::ReadError;
use super::source::{Head, Kind, Place, Reads};

/// Every kind. Of equally sure ones the first is taken.
#[rustfmt::skip]
pub static KINDS: &[&Kind] = &[
    &optuna_journal::KIND,
    &optuna_rdb::KIND,
    &jsonl::KIND,
    &delimited::KIND,
    &ax::KIND,
    &deepcave::KIND,
    &documents::KIND,
    &lightning::KIND,
    &mlflow::KIND,
    &ray::KIND,
    &smac::KIND,
    &syne_tune::KIND,
    &wandb::KIND,
];

/// The kind that a text is, by its content. `None`: too little is there to tell, or it is none of them.
#[must_use]
pub fn recognize(head: &Head<'_>) -> Option<&'static Kind> {
    surest(|kind| match kind.reads {
        Reads::Lines { recognize, .. } => recognize(head),
        Reads::Store { .. } => 0,
    })
    .map(|(kind, _)| kind)
}

/// The kind of store that a place is; `None`: none.
#[must_use]
pub fn store_at(place: &Place<'_>) -> Option<&'static Kind> {
    surest(|kind| match kind.reads {
        Reads::Lines { .. } => 0,
        Reads::Store { recognize, .. } => recognize(place),
    })
    .map(|(kind, _)| kind)
}

/// The first of the kinds that are surest, and how sure it is.
pub(super) fn surest(sure: impl Fn(&Kind) -> u8) -> Option<(&'static Kind, u8)> {
    let mut best: Option<(&'static Kind, u8)> = None;
    for kind in KINDS {
        let sure = sure(kind);
        if sure > best.map_or(0, |(_, s)| s) {
            best = Some((kind, sure));
        }
    }
    best
}

/// The kind of a name, as `--from` gives it.
///
/// # Errors
/// There is none of this name: the message lists them.
pub fn by_name(name: &str) -> Result<&'static Kind, ReadError> {
    let wanted = super::names::normalized(name).replace('_', "-");
    KINDS
        .iter()
        .find(|k| k.name == wanted || k.aliases.contains(&wanted.as_str()))
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

pub(super) fn unknown_address(path: &Path) -> ReadError {
    // An address of a kind that is read, but with a mistake in it.
    if let Some(Err(source @ DatabaseError::BadUrl { .. })) = Url::of(path)
        && path.to_str().is_some_and(url::is_database)
    {
        return ReadError::Database { source };
    }
    let text = path.to_string_lossy();
    // A password stands before the `@`; it is nobody's business.
    let shown = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => text.into_owned(),
    };
    ReadError::UnknownAddress {
        address: crate::study::label::scrub(&shown),
    }
}

pub(super) fn unknown(path: &Path) -> ReadError {
    ReadError::UnknownKind {
        path: path.to_owned(),
        known: names(),
    }
}
