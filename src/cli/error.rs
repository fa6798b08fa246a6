//! Why a command could not be carried out, with the exit status that says so.

use std::io;

/// What a command ends with where it does not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// Standard output was closed by its reader: nothing to say.
    #[error("standard output was closed")]
    ClosedPipe,
    #[error("standard output cannot be written: {0}")]
    Stdout(#[source] io::Error),
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
}

impl CliError {
    /// 1: the work could not be done; 2: the call is off; 0 where the reader of a pipe has had enough.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Config(_) => 2,
            Self::Stdout(_) => 1,
        }
    }
}

/// An error of standard output: a closed pipe ends quietly.
pub fn stdout_error(error: io::Error) -> CliError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        CliError::ClosedPipe
    } else {
        CliError::Stdout(error)
    }
}
