//! What a kind of source is, and what a reader of one is told.

use crate::study::label::scrub;
use crate::study::{Diagnostic, Direction, Study};

use super::space_file::SpaceFile;

/// One kind of results file: an entry of [`super::sources::KINDS`].
#[derive(Debug)]
pub struct Kind {
    /// As `--from` and `trials --format json` name it.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// How sure this kind is of a text, from its first lines: 0 (not mine) to 100. What it recognizes in a
    /// part of a text it must recognize in the whole, so that a growing file ends as the kind it is.
    pub recognize: fn(head: &Head<'_>) -> u8,
    /// A reader of this kind that has read nothing yet.
    pub open: fn(options: &ReadOptions) -> Box<dyn Source>,
    /// Whether a last line without a line end may be taken for whole once the file has stopped growing.
    pub settles: bool,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
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

/// Reads the lines of one text, in order, and knows at any time what study they make.
pub trait Source: Send {
    /// Takes one whole line, without its line end. `number` counts from 1.
    fn line(&mut self, number: u64, text: &[u8], problems: &mut Problems);

    /// The text is over as far as anyone can tell: what was held back for more lines is to be judged now.
    /// Returns whether something was; should the text grow after all, it is then read anew.
    fn settle(&mut self, _problems: &mut Problems) -> bool {
        false
    }

    /// The study so far. Trials are shared with what was returned before, where they did not change.
    fn study(&mut self) -> Study;

    /// The metrics there are, where the one that was asked for is none of them; as of the last study.
    fn metrics_instead(&self) -> Option<String> {
        None
    }

    /// The studies there are, where a source may hold several.
    fn studies(&self) -> Vec<StudyEntry> {
        Vec::new()
    }
}

/// One of several studies of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyEntry {
    pub name: crate::study::Label,
    pub trials: usize,
}

/// What the person said about a source.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `--from KIND`; recognised by content without it.
    pub kind: Option<&'static Kind>,
    /// `--study NAME`.
    pub study: Option<String>,
    /// `--metric NAME`.
    pub metric: Option<String>,
    /// `--direction`.
    pub direction: Option<Direction>,
    /// `--params A,B,C`; empty: all.
    pub params: Vec<String>,
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
