//! From a path to a study, and again whenever the file changes.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::study::{Diagnostic, Label, Parameter, Study};

use super::error::ReadError;
use super::pipe::Pipe;
use super::source::{Head, Kind, Problems, ReadOptions, Source, StudyEntry, without_mark};
use super::sources;
use super::strange::{LOOKED_AT, is_endless, strangeness};

mod check;

use super::table::file_study;
use super::tail::{Fate, Tail};
use check::warn_of_gaps;

/// What a look at the source brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Unchanged,
    /// Rows were added, or rows that were there got a later word.
    Appended,
    /// The source is another one than before (truncated, rewritten, replaced): nothing before holds.
    Rebuilt,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub bytes_done: u64,
    /// Bytes there are, as far as is known (a pipe does not say).
    pub bytes_total: u64,
}

/// Where bytes come from.
enum Origin {
    File(Tail),
    Pipe(Arc<Pipe>),
}

/// An open source.
pub struct Reader {
    path: PathBuf,
    options: ReadOptions,
    origin: Origin,
    kind: Option<&'static Kind>,
    source: Option<Box<dyn Source>>,
    /// The first bytes, while they may still change the opinion on the kind.
    head: Option<Vec<u8>>,
    /// Bytes after the last line end; before the kind is known, everything.
    rest: Vec<u8>,
    /// Bytes of `rest` that were taken for a whole line, because the file had stopped growing.
    settled: usize,
    must_restart: bool,
    lines: u64,
    problems: Problems,
    /// Why this is no results file at all; nothing of it is kept then.
    strange: Option<&'static str>,
    /// The bytes at the beginning by which that is judged, however they came.
    first: Vec<u8>,
    /// Whether the line being read is too long, so that it is passed over.
    is_skipping: bool,
    /// Whether a line that is not UTF-8 was reported.
    has_odd_bytes: bool,
    is_missing: bool,
    /// Whether a read was stopped half-way, so that there is more although the file did not change.
    is_behind: bool,
    study: Arc<Study>,
}

/// Bytes from which on a text must have shown its kind.
const MAX_HEAD: usize = 256 * 1024;
/// Longest line that is read.
const MAX_LINE: usize = 64 * 1024 * 1024;

impl Reader {
    /// Opens a source: a file, which need not exist yet, or `-` for standard input. Reads nothing yet.
    ///
    /// # Errors
    /// The path is a folder, or a device.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self, ReadError> {
        let origin = if path.as_os_str() == "-" {
            Origin::Pipe(Pipe::standard_input())
        } else {
            match std::fs::metadata(path) {
                Ok(m) if m.is_dir() => {
                    return Err(ReadError::Folder {
                        path: path.to_owned(),
                    });
                }
                Ok(m) if is_endless(path, &m) => {
                    return Err(ReadError::Device {
                        path: path.to_owned(),
                    });
                }
                Ok(m) if !m.is_file() => Origin::Pipe(Pipe::open(path)),
                _ => Origin::File(Tail::new(path)),
            }
        };
        let mut reader = Self {
            path: path.to_owned(),
            origin,
            kind: options.kind,
            source: None,
            head: Some(Vec::new()),
            rest: Vec::new(),
            settled: 0,
            must_restart: false,
            lines: 0,
            problems: Problems::default(),
            strange: None,
            first: Vec::new(),
            is_skipping: false,
            has_odd_bytes: false,
            is_missing: false,
            is_behind: false,
            study: Arc::new(Study::empty()),
            options,
        };
        reader.study = Arc::new(reader.compose());
        Ok(reader)
    }

    /// Takes whatever is new. Cheap where nothing is.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn poll(&mut self) -> Result<Change, ReadError> {
        self.poll_with(&mut |_| ControlFlow::Continue(()))
    }

    /// Takes whatever is new, and tells `watch` after each mebibyte. Where `watch` breaks off, what was
    /// read so far counts, and the next poll goes on from there ([`Reader::is_behind`]).
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn poll_with(
        &mut self,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Change, ReadError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ReadError::Io { path, source }
        };
        let mut change = Change::Unchanged;
        if let Origin::File(tail) = &mut self.origin {
            let fate = tail.look().map_err(failed(&self.path))?;
            self.is_missing = fate == Fate::Missing;
            match fate {
                Fate::Missing => return Ok(Change::Unchanged),
                Fate::Same if !self.is_behind => return Ok(Change::Unchanged),
                Fate::Same | Fate::Grown => {}
                Fate::Replaced => {
                    self.restart();
                    change = Change::Rebuilt;
                }
            }
        }
        let mut chunk = Vec::new();
        self.is_behind = false;
        loop {
            let read = match &mut self.origin {
                Origin::File(tail) => tail.read(&mut chunk).map_err(failed(&self.path))?,
                Origin::Pipe(pipe) => pipe.take(&mut chunk),
            };
            if read == 0 {
                break;
            }
            if self.feed(&chunk) {
                change = Change::Rebuilt;
            } else if change == Change::Unchanged {
                change = Change::Appended;
            }
            if watch(self.progress()).is_break() {
                self.is_behind = true;
                break;
            }
        }
        if change != Change::Unchanged {
            self.study = Arc::new(self.compose());
        }
        Ok(change)
    }

    /// The file has stopped growing: a last line without line end is taken for whole, where the kind
    /// allows it and the line reads as one. Should it grow after all, what was taken is corrected.
    pub fn settle(&mut self) -> Change {
        if self.strange.is_some() {
            return Change::Unchanged;
        }
        if self.source.is_none() {
            self.decide_at_end();
        }
        let (Some(source), Some(kind)) = (self.source.as_mut(), self.kind) else {
            return Change::Unchanged;
        };
        if !kind.settles || self.settled > 0 {
            return Change::Unchanged;
        }
        let is_new = !self.rest.trim_ascii().is_empty();
        if is_new {
            source.line(self.lines + 1, &self.rest, &mut self.problems);
            self.settled = self.rest.len();
        }
        let is_judged = source.settle(&mut self.problems);
        self.must_restart |= is_judged;
        if is_new || is_judged {
            self.study = Arc::new(self.compose());
            return Change::Appended;
        }
        Change::Unchanged
    }

    /// Takes new bytes. Returns whether everything had to be read anew.
    fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut is_rebuilt = false;
        if self.settled > 0 || self.must_restart {
            let is_line_end = bytes
                .split(|b| *b == b'\n')
                .next()
                .is_some_and(|rest| rest.trim_ascii().is_empty() && bytes.contains(&b'\n'));
            if is_line_end && !self.must_restart {
                // The line was whole: step over it.
                let end = bytes.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
                self.rest.clear();
                self.settled = 0;
                self.lines += 1;
                return self.feed(bytes.get(end..).unwrap_or_default());
            }
            is_rebuilt = self.reread();
            if is_rebuilt {
                return true;
            }
        }
        let bytes = self.after_skipped(bytes);
        self.rest.extend_from_slice(bytes);
        let room = LOOKED_AT.saturating_sub(self.first.len()).min(bytes.len());
        if room > 0 {
            self.first
                .extend_from_slice(bytes.get(..room).unwrap_or_default());
            let was_strange = self.strange.is_some();
            self.strange = strangeness(&self.first);
            if was_strange && self.strange.is_none() && self.reread() {
                return true;
            }
        }
        if self.strange.is_some() {
            // It will not become a results file by growing.
            self.source = None;
            self.head = None;
            self.rest.truncate(1);
            return is_rebuilt;
        }
        is_rebuilt |= self.decide(bytes);
        self.take_lines();
        self.limit_line();
        is_rebuilt
    }

    /// What follows a line that is passed over.
    fn after_skipped<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if !self.is_skipping {
            return bytes;
        }
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            return &[];
        };
        self.is_skipping = false;
        self.lines += 1;
        bytes.get(end + 1..).unwrap_or_default()
    }

    /// Gives up a line that is too long to be a row.
    fn limit_line(&mut self) {
        if self.rest.len() <= MAX_LINE {
            return;
        }
        if self.source.is_none() {
            self.strange = Some("has no line end in its first 64 MiB: that is no results file");
            self.head = None;
            self.rest.truncate(1);
            return;
        }
        self.problems.push(self.lines + 1, || {
            "the line is longer than 64 MiB; it was skipped.".to_owned()
        });
        self.rest.clear();
        self.is_skipping = true;
    }

    /// Begins anew from the first byte; the bytes that were just read are read again. A pipe cannot: it
    /// goes on as if the settled line had ended there.
    fn reread(&mut self) -> bool {
        self.must_restart = false;
        if let Origin::File(tail) = &mut self.origin {
            *tail = Tail::new(&self.path);
            let is_open = tail.look().is_ok();
            self.restart();
            return is_open;
        }
        self.rest.clear();
        self.settled = 0;
        self.lines += 1;
        false
    }

    fn restart(&mut self) {
        self.kind = self.options.kind;
        self.source = None;
        self.head = Some(Vec::new());
        self.rest.clear();
        self.settled = 0;
        self.must_restart = false;
        self.lines = 0;
        self.problems.clear();
        self.strange = None;
        self.first.clear();
        self.is_skipping = false;
        self.has_odd_bytes = false;
    }

    /// Finds out what kind of text it is. While the text is short the opinion may change: then everything
    /// is taken again, in the new light, and the answer is `true`.
    fn decide(&mut self, new: &[u8]) -> bool {
        if self.options.kind.is_some() {
            self.head = None;
            if self.source.is_none() {
                self.source = self.kind.map(|kind| (kind.open)(&self.options));
            }
            return false;
        }
        let Some(head) = self.head.as_mut() else {
            if self.source.is_none() {
                // It will not become readable by growing; what follows need not be kept.
                self.rest.truncate(MAX_HEAD);
            }
            return false;
        };
        let limit = MAX_HEAD.saturating_sub(head.len());
        // A first line that is longer is needed whole.
        let first_end = new
            .iter()
            .position(|b| *b == b'\n')
            .map_or(new.len(), |at| at + 1);
        let has_line = head.contains(&b'\n');
        let room = if has_line { limit } else { limit.max(first_end) }.min(new.len());
        head.extend_from_slice(new.get(..room).unwrap_or_default());
        let is_full = head.len() >= MAX_HEAD && head.contains(&b'\n');
        let text = Head {
            bytes: head,
            is_all: false,
        };
        let is_enough = is_full || text.lines().count() == Head::LINES;
        let kind = sources::recognize(&text);
        let is_changed = kind.is_some() && kind != self.kind;
        let is_again = is_changed && self.source.is_some();
        if is_again {
            let mut all = std::mem::take(head);
            all.extend_from_slice(new.get(room..).unwrap_or_default());
            self.restart();
            self.head = Some(all.get(..all.len().min(MAX_HEAD)).unwrap_or_default().to_vec());
            self.rest = all;
        }
        if is_changed {
            self.kind = kind;
            self.source = kind.map(|kind| (kind.open)(&self.options));
        }
        if is_enough {
            self.head = None;
        }
        is_again
    }

    /// The last chance to find the kind of a text that is all there, with or without a last line end.
    fn decide_at_end(&mut self) {
        let text = Head {
            bytes: &self.rest,
            is_all: true,
        };
        self.kind = self.options.kind.or_else(|| sources::recognize(&text));
        self.source = self.kind.map(|kind| (kind.open)(&self.options));
        self.take_lines();
    }

    fn take_lines(&mut self) {
        let Some(source) = self.source.as_mut() else {
            return;
        };
        let Some(end) = self.rest.iter().rposition(|b| *b == b'\n') else {
            return;
        };
        let whole = self.rest.get(..end).unwrap_or_default();
        for line in whole.split(|b| *b == b'\n') {
            self.lines += 1;
            let line = if self.lines == 1 { without_mark(line) } else { line };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !self.has_odd_bytes && std::str::from_utf8(line).is_err() {
                self.has_odd_bytes = true;
                self.problems.push(self.lines, || {
                    "the line is not UTF-8; what is not is shown as \u{fffd}, here and in later lines; save the \
                     file as UTF-8."
                        .to_owned()
                });
            }
            source.line(self.lines, line, &mut self.problems);
        }
        self.rest.drain(..=end);
    }

    /// The study with everything the person said about it.
    fn compose(&mut self) -> Study {
        let mut study = match self.source.as_mut() {
            Some(source) => source.study(),
            None => Study::empty(),
        };
        if study.name.is_empty() {
            study.name = match &self.options.space {
                Some(space) if space.name.is_some() => Label::new(space.name.as_deref().unwrap_or("")),
                _ if self.path.as_os_str() == "-" => Label::new("standard input"),
                _ => file_study(&self.path),
            };
        }
        let instead = self.source.as_ref().and_then(|s| s.metrics_instead());
        if let (Some(metric), None) = (self.options.metric(), instead) {
            study.metric = Label::new(metric);
        }
        if let (Some(direction), Some(first)) = (self.options.direction(), study.directions.first_mut()) {
            *first = direction;
        }
        self.apply_space(&mut study);
        if !self.options.params.is_empty() {
            let wanted = &self.options.params;
            study
                .space
                .params
                .retain(|p| wanted.iter().any(|w| p.name == **w));
        }
        let decided = std::mem::replace(&mut study.diagnostics, self.problems.list());
        study.diagnostics.extend(decided);
        warn_of_gaps(&mut study);
        if let Some(why) = self.strange {
            study.diagnostics.push(Diagnostic {
                line: None,
                message: format!("the file {why}."),
            });
        }
        for note in &mut study.notes {
            *note = crate::study::label::scrub(note);
        }
        study
    }

    /// The parameters of the space file, in the columns of the source.
    fn apply_space(&self, study: &mut Study) {
        let Some(space) = &self.options.space else {
            return;
        };
        study.budget = space.budget;
        if space.params.is_empty() {
            return;
        }
        let mut params = Vec::new();
        for given in &space.params {
            let column = study
                .columns
                .iter()
                .position(|c| *c == given.name)
                .unwrap_or_else(|| {
                    study.columns.push(given.name.clone());
                    study.columns.len() - 1
                });
            params.push(Parameter {
                column,
                ..given.clone()
            });
        }
        study.space.params = params;
        study.space.inferred = false;
    }

    /// The study as of the last poll; shared, so that keeping one costs nothing.
    #[must_use]
    pub fn study(&self) -> Arc<Study> {
        Arc::clone(&self.study)
    }

    /// The kind, once it is known.
    #[must_use]
    pub fn kind(&self) -> Option<&'static Kind> {
        self.kind
    }

    /// The studies there are, where the source may hold several.
    #[must_use]
    pub fn studies(&self) -> Vec<StudyEntry> {
        self.source.as_ref().map_or_else(Vec::new, |s| s.studies())
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn options(&self) -> &ReadOptions {
        &self.options
    }

    /// Whether the file was not there at the last poll.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// Whether a poll was broken off, so that the next one goes on reading.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// The pipe that the source is, where it is one; its end is final.
    #[must_use]
    pub fn pipe(&self) -> Option<&Arc<Pipe>> {
        match &self.origin {
            Origin::Pipe(pipe) => Some(pipe),
            Origin::File(_) => None,
        }
    }

    #[must_use]
    pub fn progress(&self) -> Progress {
        let (bytes_done, bytes_total) = match &self.origin {
            Origin::File(tail) => tail.progress(),
            Origin::Pipe(pipe) => (pipe.taken(), pipe.taken()),
        };
        Progress {
            bytes_done,
            bytes_total,
        }
    }
}

/// Reads a source once, to its end, as the headless commands do.
///
/// # Errors
/// It cannot be read, or not worked with; or `watch` broke off.
pub fn read_once(
    path: &Path,
    options: ReadOptions,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Reader, ReadError> {
    let mut reader = Reader::open(path, options)?;
    if let Origin::Pipe(pipe) = &reader.origin {
        pipe.wait_for_end();
    }
    reader.poll_with(watch)?;
    if reader.is_behind {
        return Err(ReadError::Interrupted);
    }
    reader.settle();
    reader.check()?;
    Ok(reader)
}
