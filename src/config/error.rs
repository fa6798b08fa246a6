//! What can be wrong with a settings file.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A place in a text file, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// The place of byte `offset` of `text`.
    #[must_use]
    pub fn of(path: &std::path::Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("{}: the settings file cannot be read ({source}); check the path and its permissions", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{place}: {message}; see `tunescope man` for the form of the file")]
    Syntax { place: Place, message: String },
    #[error("{place}: there is no setting {key}; {}", hint(*.nearest, known))]
    UnknownKey {
        place: Place,
        key: String,
        nearest: Option<&'static str>,
        known: String,
    },
    #[error("{place}: {key} is to be {wanted}, not {found}")]
    WrongType {
        place: Place,
        key: &'static str,
        wanted: &'static str,
        found: String,
    },
    #[error("{place}: {key} cannot be {value}; {}", hint(*.nearest, known))]
    UnknownName {
        place: Place,
        key: &'static str,
        value: String,
        nearest: Option<&'static str>,
        known: String,
    },
}

fn hint(nearest: Option<&str>, known: &str) -> String {
    match nearest {
        Some(name) => format!("did you mean {name}?"),
        None => format!("there are {known}"),
    }
}
