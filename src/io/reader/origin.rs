//! What stands at a path: a text, a pipe, or a store; and in a folder, the one thing that can be read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::encoding::decoded;
use super::super::error::ReadError;
use super::super::merged;
use super::super::pipe::Pipe;
use super::super::source::{Form, Head, Kind, Place, ReadOptions, Reads};
use super::super::sources;
use super::super::strange::{is_endless, strangeness};
use super::super::tail::{Stamp, Tail};
use super::{Change, Origin, Reader};

/// What was found.
pub(super) struct Found {
    pub path: PathBuf,
    pub kind: Option<&'static Kind>,
    pub origin: Origin,
}

/// Endings of files that are no results, whatever stands in them.
const NO_RESULTS: &[&str] = &[
    "md", "rst", "txt", "py", "ipynb", "rs", "sh", "toml", "yaml", "yml", "ini", "cfg", "lock", "html",
    "svg", "png", "pdf", "pkl", "pt", "pth", "gz", "zip", "xz", "zst", "tar",
];
/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 2000;
/// Names that a message lists.
const LISTED: usize = 8;

/// Finds out what a path is.
///
/// # Errors
/// As [`Reader::open`].
pub(super) fn find(path: &Path, options: &ReadOptions) -> Result<Found, ReadError> {
    let found = |kind, origin| Found {
        path: path.to_owned(),
        kind,
        origin,
    };
    if merged::is_wanted(options) {
        let store = Box::new(merged::Merged::open(path, options)?);
        return Ok(found(Some(&merged::KIND), Origin::Store(store)));
    }
    if path.as_os_str() == "-" {
        return Ok(found(None, Origin::Pipe(Pipe::standard_input())));
    }
    let metadata = std::fs::metadata(path);
    let form = match &metadata {
        Ok(m) if m.is_dir() => Form::Folder,
        Ok(m) if is_endless(path, m) => {
            return Err(ReadError::Device {
                path: path.to_owned(),
            });
        }
        Ok(m) if !m.is_file() => return Ok(found(None, Origin::Pipe(Pipe::open(path)))),
        Ok(_) => Form::File,
        Err(_) if is_address(path) => Form::Address,
        Err(_) => return Ok(found(None, Origin::File(Tail::new(path)))),
    };
    if let Some((kind, store)) = store_at(path, form, options)? {
        return Ok(found(Some(kind), store));
    }
    match form {
        Form::File => Ok(found(None, Origin::File(Tail::new(path)))),
        Form::Address => Err(sources::unknown_address(path)),
        Form::Folder => match only_thing_in(path)? {
            Some(thing) => find(&thing, options),
            None => Ok(found(None, Origin::Nothing)),
        },
    }
}

/// The store that is at a path, opened.
fn store_at(
    path: &Path,
    form: Form,
    options: &ReadOptions,
) -> Result<Option<(&'static Kind, Origin)>, ReadError> {
    let kind = match options.kind {
        Some(kind) => Some(kind),
        None => {
            let first = if form == Form::File {
                first_bytes(path)
            } else {
                Vec::new()
            };
            sources::store_at(&Place {
                path,
                form,
                first: &first,
            })
        }
    };
    let Some(kind) = kind else { return Ok(None) };
    match kind.reads {
        Reads::Lines { .. } => Ok(None),
        Reads::Store { open, .. } => Ok(Some((kind, Origin::Store(open(path, options)?)))),
    }
}

fn is_address(path: &Path) -> bool {
    let scheme = path.to_str().and_then(|text| text.split_once("://"));
    scheme.is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'))
    })
}

/// The first bytes of the text of a file; nothing where it cannot be read (reading it will say why).
pub(crate) fn first_bytes(path: &Path) -> Vec<u8> {
    let mut first = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(Place::LOOKED_AT as u64).read_to_end(&mut first);
    }
    decoded(first)
}

/// The one file or folder in a folder that can be read, where there is one already.
fn only_thing_in(folder: &Path) -> Result<Option<PathBuf>, ReadError> {
    let io = |source| ReadError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut things = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)?.flatten().take(MAX_ENTRIES) {
        let path = entry.path();
        if is_readable(&path) {
            things.push(path);
        }
    }
    things.sort();
    match things.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        several => {
            let names = several.iter().take(LISTED).filter_map(|p| p.file_name());
            let mut known: Vec<String> = names
                .map(|name| crate::study::label::scrub(&name.to_string_lossy()))
                .collect();
            if several.len() > LISTED {
                known.push(format!("{} more", several.len() - LISTED));
            }
            Err(ReadError::WhichInFolder {
                path: folder.to_owned(),
                count: several.len(),
                known: known.join(", "),
                first: several.first().cloned().unwrap_or_default(),
            })
        }
    }
}

/// Whether an entry of a folder is a store or a text of a kind that is sure of it.
fn is_readable(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    if name.starts_with('.') || name.ends_with(".queue") {
        return false;
    }
    let Ok(metadata) = std::fs::metadata(path) else {
        return false;
    };
    let form = if metadata.is_dir() {
        Form::Folder
    } else if metadata.is_file() {
        Form::File
    } else {
        return false;
    };
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let first = if form == Form::File {
        first_bytes(path)
    } else {
        Vec::new()
    };
    let place = Place {
        path,
        form,
        first: &first,
    };
    if sources::store_at(&place).is_some() {
        return true;
    }
    let head = Head {
        bytes: &first,
        is_all: first.len() < Place::LOOKED_AT,
    };
    form == Form::File
        && !ending.as_deref().is_some_and(|e| NO_RESULTS.contains(&e))
        && strangeness(&first).is_none()
        && sources::recognize(&head).is_some_and(|kind| {
            // A log is no table of results, unless it is Optuna's.
            kind.name == "optuna-journal" || ending.as_deref() != Some("log")
        })
}

impl Reader {
    /// A store that cannot be read may have been taken for another kind than it has become since (a database
    /// whose tables were not there yet).
    pub(super) fn judge_anew(&mut self, error: ReadError) -> Result<Change, ReadError> {
        match find(&self.path, &self.options) {
            Ok(found) if found.kind.is_some() && found.kind != self.kind => {
                self.turn_to(found.origin, found.kind);
                // The next look reads it.
                Ok(Change::Unchanged)
            }
            _ => Err(error),
        }
    }

    /// A path at which nothing readable was may have become a store since, and an empty folder be filled.
    pub(super) fn probe_again(&mut self) -> Result<(), ReadError> {
        let is_open = match &self.origin {
            // Lines of which none was a row may be the beginning of a document that is written slowly.
            Origin::File(_) => {
                let has_rows = !self.study.trials.is_empty();
                self.lines_source.is_some() && (has_rows || self.options.kind.is_some())
            }
            Origin::Nothing => false,
            Origin::Pipe(_) | Origin::Store(_) => true,
        };
        if is_open {
            return Ok(());
        }
        let Ok(metadata) = std::fs::metadata(&self.path) else {
            return Ok(());
        };
        let stamp = Stamp::of(&metadata);
        if self.probed == Some(stamp) && metadata.is_file() {
            return Ok(());
        }
        self.probed = Some(stamp);
        let found = find(&self.path, &self.options)?;
        match found.origin {
            Origin::Pipe(_) => {}
            Origin::File(_) if matches!(self.origin, Origin::File(_)) => {}
            origin => {
                self.restart();
                self.path = found.path;
                self.turn_to(origin, found.kind);
            }
        }
        Ok(())
    }

    /// Reads from another origin from now on; its study is the one of a reader that was just opened on it.
    fn turn_to(&mut self, origin: Origin, kind: Option<&'static Kind>) {
        self.origin = origin;
        self.kind = kind;
        self.study = Arc::new(self.compose());
    }
}
