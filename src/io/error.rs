//! Why a source cannot be read at all. What is wrong with one row is a `Diagnostic` instead.

use std::io;
use std::path::PathBuf;

/// A source, or a space file, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    #[error("{}: there is no such file; check the path, or start the run that writes it", path.display())]
    Missing { path: PathBuf },
    #[error("{}: the file is empty; nothing has been written yet", path.display())]
    Empty { path: PathBuf },
    #[error(
        "{}: nothing in this folder is of a kind that is read ({known}); give the results file itself",
        path.display()
    )]
    NothingInFolder { path: PathBuf, known: String },
    #[error(
        "{}: this folder holds {count} things that can be read ({known}); name one, such as `tunescope {}`",
        path.display(),
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
    #[error("{}: {message}", path.display())]
    Store { path: PathBuf, message: String },
    #[error("{}: cannot be read ({source}); check its permissions", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: {why}", path.display())]
    Strange { path: PathBuf, why: &'static str },
    #[error("{}: is a device, which has no end; give a results file, or `-` for standard input", path.display())]
    Device { path: PathBuf },
    #[error(
        "{}: the content is none of {known}; give --from KIND if you know better",
        path.display()
    )]
    UnknownKind { path: PathBuf, known: String },
    #[error("there is no kind of source named {name}; the kinds are {known}")]
    NoSuchKind { name: String, known: String },
    #[error("{}: there is no study named {name}; its studies are {known}", path.display())]
    NoSuchStudy {
        path: PathBuf,
        name: String,
        known: String,
    },
    #[error("{}: holds several studies; choose one with --study: {known}", path.display())]
    WhichStudy { path: PathBuf, known: String },
    #[error("{}: there is no metric {name}; the metrics are {known}", path.display())]
    NoSuchMetric {
        path: PathBuf,
        name: String,
        known: String,
    },
    #[error("{}: there is no column {name}; the columns are {known}", path.display())]
    NoSuchColumn {
        path: PathBuf,
        name: String,
        known: String,
    },
    #[error("{}:{line}: {message}", path.display())]
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
    #[error("reading was interrupted")]
    Interrupted,
}
