//! Why a configuration could not be delivered or withdrawn.

use std::path::{Path, PathBuf};

/// Every message is a sentence for the person who decided: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    #[error("parameter {name}: {value} is not a finite number, so no worker could run it; give a finite one")]
    NotFinite { name: String, value: f64 },
    #[error("parameter {name}: {value} {problem}; {remedy}")]
    Refused {
        name: String,
        value: String,
        problem: String,
        remedy: &'static str,
    },
    #[error("cannot {action} {place}: {source}")]
    Io {
        action: &'static str,
        place: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{place} is in the way: a queue needs a folder of that name; move the file away")]
    NotAFolder { place: String },
    #[error(
        "{place} does not hold what was written to it; the disk or network file system lost data, so do not rely on this decision"
    )]
    ReadBackDiffers { place: String },
    #[error("a worker was faster: claimed by {by}")]
    WorkerWasFaster { by: String },
    #[error("a worker was faster: trial {trial} is {state}")]
    TrialStarted { trial: u64, state: &'static str },
    #[error("there is no decision {id} in {place}; it may have been removed by hand")]
    Unknown { id: String, place: String },
    #[error("decision {id} has been withdrawn already")]
    AlreadyWithdrawn { id: String },
    #[error(
        "the journal is locked: {lock} has been held for {seconds} s by another program; try again, and if \
         no worker runs any more, delete the lock"
    )]
    Locked { lock: String, seconds: u64 },
    #[error(
        "the lock {lock} was taken away before anything was written (was tunescope suspended?); try again"
    )]
    LockLost { lock: String },
    #[error(
        "{place} ends in an unfinished line of {bytes} bytes, so a writer died there; whatever is appended \
         makes the file unreadable for Optuna; stop the workers and cut it with: truncate -s -{bytes} FILE"
    )]
    TornJournal { place: String, bytes: u64 },
    #[error(
        "line {line} of {place} is damaged, and Optuna refuses such a file as a whole; repair or remove that \
         line while no worker runs, then try again"
    )]
    DamagedJournal { place: String, line: u64 },
    #[error(
        "{place} was made by an Optuna older than 1.3, which knows no waiting trials in this form; upgrade it \
         with: optuna storage upgrade --storage URL"
    )]
    OldOptuna { place: String },
    #[error(transparent)]
    Database(#[from] crate::io::database::DatabaseError),
    #[error("{place} holds no study yet; start the worker once, then try again")]
    NoStudy { place: String },
    #[error("there is no study {name} in {place}; it holds {known}")]
    NoSuchStudy {
        name: String,
        place: String,
        known: String,
    },
    #[error("{place} holds several studies ({known}); choose one with --study NAME")]
    WhichStudy { place: String, known: String },
    #[error(
        "{place} is written by Rustuna, whose workers take trials from a queue of their own and would never \
         run a waiting trial of the journal; enqueue the configuration with Rustuna itself"
    )]
    Rustuna { place: String },
}

impl DeliveryError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let place = shown(path);
        move |source| Self::Io {
            action,
            place,
            source,
        }
    }
}

/// A path as it may be shown.
pub(super) fn shown(path: &Path) -> String {
    crate::study::label::scrub(&path.to_string_lossy())
}

/// What will be written, in full: unlike [`crate::study::label::scrub`] it cuts nothing off.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !crate::study::label::is_hostile(*c))
        .collect()
}

/// The same path without symbolic links, or as it is where it does not resolve.
pub(super) fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| absolute(path))
}

/// The same path from the root, links kept.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
