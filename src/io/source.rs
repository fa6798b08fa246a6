//! What a kind of source is, and what a reader of one is told.
//!
//! There are two ways to be fed: a text gets its lines ([`Lines`]); a folder, a database or a document looks
//! after its own files ([`Store`]). Both are a [`Source`], which makes a study of what it has.

use std::ops::ControlFlow;
use std::path::Path;

use crate::study::label::scrub;
use crate::study::{Constraint, Diagnostic, Direction, Study};

pub use crate::study::StudyEntry;

use super::error::ReadError;
use super::space_file::SpaceFile;
use super::watch::Target;

/// One kind of source: an entry of [`super::sources::KINDS`].
#[derive(Debug)]
pub struct Kind {
    /// As `--from` and `trials --format json` name it.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// Other names that `--from` takes for it.
    pub aliases: &'static [&'static str],
    pub reads: Reads,
}

/// How a kind is recognized and opened.
#[derive(Debug)]
pub enum Reads {
    /// One text, a row a line. The reader follows the file (or the pipe) and hands out whole lines.
    Lines {
        /// How sure this kind is of a text, from its first lines: 0 (not mine) to 100. What it recognizes in
        /// a part of a text it must recognize in the whole, so that a growing file ends as the kind it is.
        recognize: fn(head: &Head<'_>) -> u8,
        /// A source of this kind that has read nothing yet.
        open: fn(options: &ReadOptions) -> Box<dyn Lines>,
        /// Whether a last line without a line end may be taken for whole once the file has stopped growing.
        settles: bool,
    },
    /// A folder, a database or a document, which looks after its own files. These are asked before the
    /// texts, and may only claim what is plainly theirs.
    Store {
        /// How sure this kind is of a place: 0 (not mine) to 100.
        recognize: fn(place: &Place<'_>) -> u8,
        /// A source of this kind that has read nothing yet.
        open: OpenStore,
    },
}

/// Opens a store at a path.
pub type OpenStore = fn(path: &Path, options: &ReadOptions) -> Result<Box<dyn Store>, ReadError>;

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A place that may be a store: what is looked at to tell.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub path: &'a Path,
    pub form: Form,
    /// The first [`Place::LOOKED_AT`] bytes, of a file.
    pub first: &'a [u8],
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    File,
    Folder,
    /// Nothing: the path is an address (`postgresql://…`, `sqlite:///…`).
    Address,
}

impl Place<'_> {
    /// Bytes of a file that are looked at.
    pub const LOOKED_AT: usize = 64 * 1024;

    /// The address, where the path is one.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.path.to_str().filter(|_| self.form == Form::Address)
    }

    /// Whether a folder holds something of this name.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.form == Form::Folder && self.path.join(name).exists()
    }
}

/// The beginning of a text, for recognising its kind.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub bytes: &'a [u8],
    /// Whether the text ends there (so that a last line without line end is a line).
    pub is_all: bool,
}

impl<'a> Head<'a> {
    /// Lines that are looked at.
    pub const LINES: usize = 50;

    /// The lines that say something: not blank, no comment, whole, without byte order mark; the first
    /// [`Head::LINES`] of them.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let bytes = without_mark(self.bytes);
        let whole = if self.is_all {
            bytes.len()
        } else {
            bytes.iter().rposition(|b| *b == b'\n').unwrap_or(0)
        };
        bytes
            .get(..whole)
            .unwrap_or_default()
            .split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
            .take(Self::LINES)
    }
}

/// A text without its UTF-8 byte order mark.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A source that is open: it knows at any time what study it holds.
pub trait Source: Send {
    /// The study so far, with its space and directions where the source declares them, and what was wrong in
    /// places that have no lines. Trials are shared with what was returned before, where they did not change.
    fn study(&mut self) -> Study;

    /// The metrics there are, where the one that was asked for is none of them; as of the last study.
    fn metrics_instead(&self) -> Option<String> {
        None
    }

    /// The studies there are, where a source may hold several.
    fn studies(&self) -> Vec<StudyEntry> {
        Vec::new()
    }

    /// Whether of several studies the newest is meant where none is named: it is the one that runs.
    fn takes_newest(&self) -> bool {
        false
    }
}

/// Reads the lines of one text, in order.
pub trait Lines: Source {
    /// Takes one whole line, without its line end. `number` counts from 1.
    fn line(&mut self, number: u64, text: &[u8], problems: &mut Problems);

    /// The text is over as far as anyone can tell: what was held back for more lines is to be judged now.
    /// Returns whether something was; should the text grow after all, it is then read anew.
    fn settle(&mut self, _problems: &mut Problems) -> bool {
        false
    }
}

/// A folder, a database or a document: finds by itself what is new.
///
/// It takes no lock, writes nothing, and reads only what is new where the format allows that. What it cannot
/// read is a diagnostic of its study, with the name of the file in the message, and the rest lives on.
pub trait Store: Source {
    /// Takes whatever is new; cheap where nothing is, for it is called at every sign of life and every two
    /// seconds. `watch` is told now and then how far reading is; where it breaks off, what was read so far
    /// counts and the next poll goes on.
    ///
    /// # Errors
    /// The whole source cannot be read (now).
    fn poll(&mut self, watch: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError>;

    /// As [`Lines::settle`], for a store of texts; says whether anything changed.
    fn settle(&mut self) -> Change {
        Change::Unchanged
    }

    /// Whether it can be worked with, beyond what every source is asked.
    ///
    /// # Errors
    /// Why not.
    fn check(&self) -> Result<(), ReadError> {
        Ok(())
    }

    /// What tells of changes: files, folders, or nothing but the clock.
    fn watched(&self) -> Vec<Target>;

    /// Whether it was not there at the last poll.
    fn is_missing(&self) -> bool {
        false
    }

    /// When what was read was written last, where anything tells: seconds since the Unix epoch.
    fn modified(&self) -> Option<f64> {
        None
    }
}

/// What a look at a source brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Unchanged,
    /// Rows were added, or rows that were there got a later word.
    Appended,
    /// The source is another one than before (truncated, rewritten, replaced): nothing before holds.
    Rebuilt,
}

impl Change {
    /// [`Change::Rebuilt`], or that nothing changed.
    #[must_use]
    pub fn rebuilt_if(is_rebuilt: bool) -> Self {
        if is_rebuilt {
            Self::Rebuilt
        } else {
            Self::Unchanged
        }
    }

    /// Of two, the one that says more.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Rebuilt, _) | (_, Self::Rebuilt) => Self::Rebuilt,
            (Self::Appended, _) | (_, Self::Appended) => Self::Appended,
            (Self::Unchanged, Self::Unchanged) => Self::Unchanged,
        }
    }
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub bytes_done: u64,
    /// Bytes there are, as far as is known (a pipe does not say).
    pub bytes_total: u64,
}

/// What the person said about a source.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `--from KIND`; recognised by content without it.
    pub kind: Option<&'static Kind>,
    /// `--study NAME`.
    pub study: Option<String>,
    /// Further sources that are read as one study with the first.
    pub also: Vec<std::path::PathBuf>,
    /// `--also-study NAME`: further studies of the source.
    pub also_studies: Vec<String>,
    /// `--offset-per-study`: a constant a source or study is learned and taken away.
    pub offset_per_study: bool,
    /// `--metric NAME`.
    pub metric: Option<String>,
    /// `--direction`.
    pub direction: Option<Direction>,
    /// `--params A,B,C`; empty: all.
    pub params: Vec<String>,
    /// `--constraint`: what the measurements of a trial must satisfy.
    pub constraints: Vec<Constraint>,
    /// `--space FILE`, read.
    pub space: Option<SpaceFile>,
}

impl ReadOptions {
    /// The name of the objective, from the option or the space file.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.metric
            .as_deref()
            .or_else(|| self.space.as_ref()?.metric.as_deref())
    }

    /// The direction, from the option or the space file.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        self.direction.or_else(|| self.space.as_ref()?.direction)
    }
}

/// What was wrong, line by line: the first [`Problems::KEPT`] in full, the rest as a number.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    kept: Vec<Diagnostic>,
    dropped: u64,
}

impl Problems {
    /// Number of diagnostics that are kept in full.
    pub const KEPT: usize = 1000;

    /// Notes one. The message is scrubbed here.
    pub fn push(&mut self, line: u64, message: impl FnOnce() -> String) {
        if self.kept.len() < Self::KEPT {
            self.kept.push(Diagnostic {
                line: (line > 0).then_some(line),
                message: scrub(&message()),
            });
        } else {
            self.dropped += 1;
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// All of them, with a last one that counts those that were not kept.
    #[must_use]
    pub fn list(&self) -> Vec<Diagnostic> {
        let mut list = self.kept.clone();
        if self.dropped > 0 {
            list.push(Diagnostic {
                line: None,
                message: format!(
                    "{} more lines have problems; the first {} are listed.",
                    self.dropped,
                    Self::KEPT
                ),
            });
        }
        list
    }
}
