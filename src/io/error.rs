//! Why a source cannot be read at all. What is wrong with one row is a `Diagnostic` instead.

use std::io;
use std::path::{Path, PathBuf};

use super::database::url::shown;

/// A source, or a space file, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    #[error(
        "{}: there is no such file; check the path, or start the run that writes it",
        shown(path)
    )]
    Missing { path: PathBuf },
    #[error("{}: the file is empty; nothing has been written yet", shown(path))]
    Empty { path: PathBuf },
    #[error(
        "{}: nothing in this folder is of a kind that is read ({known}); give the results file itself",
        shown(path)
    )]
    NothingInFolder { path: PathBuf, known: String },
    #[error(
        "{}: this folder holds {count} things that can be read ({known}); name one, such as `tunescope {}`",
        shown(path),
        first.display()
    )]
    WhichInFolder {
        path: PathBuf,
        count: usize,
        known: String,
        first: PathBuf,
    },
    #[error("{address}: addresses of this kind are not read; the kinds are sqlite, postgresql and mysql")]
    UnknownAddress { address: String },
    #[error("{source}")]
    Database {
        #[source]
        source: super::database::DatabaseError,
    },
    #[error("{place}: Optuna's tables are not in this database; check the path or URL, or start the study")]
    NotOptuna { place: String },
    #[error("{}: {message}", shown(path))]
    Store { path: PathBuf, message: String },
    #[error("{}: cannot be read ({source}); check its permissions", shown(path))]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: {why}", shown(path))]
    Strange { path: PathBuf, why: &'static str },
    #[error(
        "{}: is a device, which has no end; give a results file, or `-` for standard input",
        shown(path)
    )]
    Device { path: PathBuf },
    #[error(
        "{}: the content is none of {known}; give --from KIND if you know better",
        shown(path)
    )]
    UnknownKind { path: PathBuf, known: String },
    #[error("there is no kind of source named {name}; the kinds are {known}")]
    NoSuchKind { name: String, known: String },
    #[error("{}: there is no study named {name}; its studies are {known}", shown(path))]
    NoSuchStudy {
        path: PathBuf,
        name: String,
        known: String,
    },
    #[error("{}: holds several studies; choose one with --study: {known}", shown(path))]
    WhichStudy { path: PathBuf, known: String },
    #[error("{}: there is no metric {name}; the metrics are {known}", shown(path))]
    NoSuchMetric {
        path: PathBuf,
        name: String,
        known: String,
    },
    #[error("{}: there is no parameter {name}; {}", shown(path), parameters(known, path))]
    NoSuchColumn {
        path: PathBuf,
        name: String,
        known: String,
    },
    #[error(
        "{}: there is no such space file; check the path, or write one: tunescope init SOURCE > space.toml",
        shown(path)
    )]
    NoSpaceFile { path: PathBuf },
    #[error("{}:{line}: {message}", shown(path))]
    SpaceFile {
        path: PathBuf,
        line: usize,
        message: String,
    },
    #[error(
        "{}: more than 512 MiB came, or a line of more than 64 MiB: that is no table of results; give a file",
        path.display()
    )]
    TooMuch { path: PathBuf },
    #[error(
        "{first} and {other} are no one study: {metric} is to be {direction} in one and {other_metric} {other_direction} \
         in the other; --metric NAME, with --direction, chooses what they share"
    )]
    Directions {
        first: String,
        other: String,
        metric: String,
        other_metric: String,
        direction: &'static str,
        other_direction: &'static str,
    },
    #[error("reading was interrupted")]
    Interrupted,
}

/// Which parameters there are, or where to see them: what `--params` leaves out is not read at all.
fn parameters(known: &str, path: &Path) -> String {
    if known.is_empty() {
        format!("`tunescope trials {}` without --params lists them", shown(path))
    } else {
        format!("of those named there are {known}")
    }
}
