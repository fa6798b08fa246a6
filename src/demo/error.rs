//! Why the demo could not do its work.

use std::path::{Path, PathBuf};

use crate::io::delivery::DeliveryError;
use crate::io::results::ResultsError;
use crate::study::StudyError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    #[error("the grammar rule {rule:?} is broken: write `name = alternative | …` and define every {{name}}")]
    Grammar { rule: String },
    #[error("the character {character:?} is not in the demo's alphabet: take it out of the grammar")]
    Alphabet { character: char },
    #[error(
        "the stored model has {found} weights where its header asks for {expected}: \
         make it anew with `cargo run --example demo-assets -- weights`"
    )]
    Weights { expected: usize, found: usize },
    #[error(
        "the header of the stored model cannot be read ({source}): make it anew with `cargo run --example demo-assets -- weights`"
    )]
    Header { source: serde_json::Error },
    #[error("the demo's own search space does not hold: {source}")]
    Space { source: Box<StudyError> },
    #[error("the configuration cannot be run: {source}")]
    Configuration { source: Box<StudyError> },
    #[error("{found} recorded trials were asked for, {recorded} exist: use `--from {recorded}` or less")]
    Recorded { recorded: usize, found: usize },
    #[error("{duration:?} is not a duration: write for example `2s`, `500ms` or `1.5`")]
    Duration { duration: String },
    #[error(transparent)]
    Queue(#[from] DeliveryError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error("cannot {action} {path}: {source}", path = .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
}

impl DemoError {
    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
