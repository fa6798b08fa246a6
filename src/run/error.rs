//! Why the loop cannot do its work.

use std::path::{Path, PathBuf};

use crate::io::delivery::DeliveryError;
use crate::io::results::ResultsError;

/// Every message is one sentence: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    #[error("there is no command to run; give it after `--`, such as: -- python train.py --lr {{lr}}")]
    NoCommand,
    #[error(
        "the command has {{{name}}}, which is no parameter; it knows {known} (text in braces is written {{{{{name}}}}})"
    )]
    Placeholder { name: String, known: String },
    #[error(
        "{}: {jobs} trials at a time would write this one metric file; put {{id}} into its name", path.display()
    )]
    SharedMetricFile { path: PathBuf, jobs: usize },
    #[error(
        "{by} runs the loop on {} already; wait for it, stop it, or give this loop a file of its own with --out",
        results.display()
    )]
    Locked { results: PathBuf, by: String },
    #[error("{}: this is {kind}, and the loop records JSON lines; name another file with --out", path.display())]
    NotJsonl { path: PathBuf, kind: &'static str },
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error(transparent)]
    Read(#[from] crate::io::ReadError),
}

impl RunError {
    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
