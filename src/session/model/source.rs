//! How the source stands.

use std::sync::Arc;

use crate::study::StudyEntry;

/// What is known of the source, in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceStatus {
    /// Kind in words: "JSONL", "Optuna journal", …; empty while unknown.
    pub kind: String,
    /// The path as it may be shown.
    pub path: String,
    pub state: SourceState,
    /// Seconds since the epoch of the last change that was read.
    pub changed: Option<f64>,
    /// Seconds since the epoch of the last look at the file (event or poll).
    pub checked: Option<f64>,
    /// The studies that the source holds, where it may hold several.
    pub studies: Arc<[StudyEntry]>,
    /// The study that was asked for by name, when this was read.
    pub chosen: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum SourceState {
    /// Not looked at yet.
    #[default]
    Opening,
    /// Being read for the first time: bytes done and all.
    Reading {
        done: u64,
        total: u64,
    },
    Live,
    /// The file does not exist (yet, or no more).
    Missing,
    /// It cannot be read: why.
    Failed(String),
    /// It cannot change: standard input that has ended.
    Ended,
}
