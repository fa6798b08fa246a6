//! From a path to a study, and again whenever the file changes.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::study::{Diagnostic, Label, Parameter, Study};

use super::constraints;
use super::encoding::Decoder;
use super::error::ReadError;
use super::pipe::Pipe;
pub use super::source::{Change, Progress};
use super::source::{Kind, Lines, Problems, ReadOptions, Reads, Source, Store, StudyEntry};
use super::table::file_study;
use super::tail::{Fate, Stamp, Tail};
use super::watch::Target;

mod check;
mod origin;
mod text;

pub use check::fixed;
use check::{note_activity, warn_of_gaps};
use origin::Found;
use text::OddBytes;

/// Where it is read from.
enum Origin {
    File(Tail),
    Pipe(Arc<Pipe>),
    /// A source that looks after its own files.
    Store(Box<dyn Store>),
    /// A folder in which nothing can be read (yet).
    Nothing,
}

/// An open source.
pub struct Reader {
    path: PathBuf,
    options: ReadOptions,
    origin: Origin,
    kind: Option<&'static Kind>,
    lines_source: Option<Box<dyn Lines>>,
    /// From the bytes of the file to those of its text.
    decoder: Decoder,
    /// What `stat` said when it was last found to be no store (yet).
    probed: Option<Stamp>,
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
    /// What lines that are not UTF-8 are taken for, once there was one.
    odd_bytes: Option<OddBytes>,
    /// Whether a line had signs beyond ASCII that were UTF-8.
    has_wide_signs: bool,
    is_missing: bool,
    /// Whether a read was stopped half-way, so that there is more although the file did not change.
    is_behind: bool,
    study: Arc<Study>,
}

impl Reader {
    /// Opens a source: a file (which need not exist yet), a folder, an address, or `-` for standard input.
    /// Reads nothing yet but what it takes to know the kind of a store.
    ///
    /// # Errors
    /// The path is a device, an address of no known kind, or a folder in which nothing, or more than one thing,
    /// can be read.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self, ReadError> {
        let found = origin::find(path, &options)?;
        Ok(Self::at(found, options))
    }

    fn at(found: Found, options: ReadOptions) -> Self {
        let mut reader = Self {
            path: found.path,
            origin: found.origin,
            kind: found.kind.or(options.kind),
            lines_source: None,
            decoder: Decoder::default(),
            probed: None,
            head: Some(Vec::new()),
            rest: Vec::new(),
            settled: 0,
            must_restart: false,
            lines: 0,
            problems: Problems::default(),
            strange: None,
            first: Vec::new(),
            is_skipping: false,
            odd_bytes: None,
            has_wide_signs: false,
            is_missing: false,
            is_behind: false,
            study: Arc::new(Study::empty()),
            options,
        };
        reader.study = Arc::new(reader.compose());
        reader
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
        self.probe_again()?;
        if matches!(self.origin, Origin::Store(_)) {
            return self.poll_store(watch);
        }
        if matches!(self.origin, Origin::Nothing) {
            self.is_missing = true;
            return Ok(Change::Unchanged);
        }
        if let Origin::File(tail) = &mut self.origin {
            let fate = tail.look().map_err(failed(&self.path))?;
            self.is_missing = fate == Fate::Missing;
            match fate {
                Fate::Missing => return Ok(Change::Unchanged),
                Fate::Same if !self.is_behind => return Ok(Change::Unchanged),
                Fate::Same | Fate::Grown => {}
                Fate::Replaced => {
                    self.restart();
                    self.decoder = Decoder::default();
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
                Origin::Store(_) | Origin::Nothing => 0,
            };
            if read == 0 {
                break;
            }
            change = change.and(self.take_in(&chunk));
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

    /// Takes the bytes of the file that were just read.
    fn take_in(&mut self, bytes: &[u8]) -> Change {
        let mut change = Change::Appended;
        for piece in bytes.chunks(self.decoder.piece(bytes).max(1)) {
            let text = self.decoder.decode(piece);
            if self.feed(&text) {
                change = Change::Rebuilt;
                if matches!(&self.origin, Origin::File(tail) if tail.is_at_start()) {
                    // All of it is read again.
                    break;
                }
            }
        }
        change
    }

    fn poll_store(
        &mut self,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Change, ReadError> {
        let Origin::Store(store) = &mut self.origin else {
            return Ok(Change::Unchanged);
        };
        self.is_behind = false;
        let is_behind = &mut self.is_behind;
        let polled = store.poll(&mut |progress| {
            let flow = watch(progress);
            *is_behind |= flow.is_break();
            flow
        });
        let change = match polled {
            Ok(change) => change,
            Err(error) => return self.judge_anew(error),
        };
        self.is_missing = store.is_missing();
        if change != Change::Unchanged {
            self.study = Arc::new(self.compose());
        }
        Ok(change)
    }

    /// The file has stopped growing: a last line without line end is taken for whole, where the kind
    /// allows it and the line reads as one. Should it grow after all, what was taken is corrected.
    pub fn settle(&mut self) -> Change {
        if let Origin::Store(store) = &mut self.origin {
            let change = store.settle();
            if change != Change::Unchanged {
                self.study = Arc::new(self.compose());
            }
            return change;
        }
        if self.strange.is_some() || matches!(self.origin, Origin::Nothing) {
            return Change::Unchanged;
        }
        if self.lines_source.is_none() {
            self.decide_at_end();
        }
        let (Some(mut source), Some(kind)) = (self.lines_source.take(), self.kind) else {
            return Change::Unchanged;
        };
        if !matches!(kind.reads, Reads::Lines { settles: true, .. }) || self.settled > 0 {
            self.lines_source = Some(source);
            return Change::Unchanged;
        }
        let is_new = !self.rest.trim_ascii().is_empty();
        if is_new {
            let rest = std::mem::take(&mut self.rest);
            self.lines += 1;
            self.hand_out(source.as_mut(), &rest);
            // It is stepped over when its line end comes.
            self.lines -= 1;
            self.settled = rest.len();
            self.rest = rest;
        }
        let is_judged = source.settle(&mut self.problems);
        self.lines_source = Some(source);
        self.must_restart |= is_judged;
        if is_new || is_judged {
            self.study = Arc::new(self.compose());
            return Change::Appended;
        }
        Change::Unchanged
    }

    /// The study with everything the person said about it.
    fn compose(&mut self) -> Study {
        let mut study = match (&mut self.origin, &mut self.lines_source) {
            (Origin::Store(store), _) => store.study(),
            (_, Some(lines)) => lines.study(),
            (_, None) => Study::empty(),
        };
        if study.name.is_empty() {
            study.name = match &self.options.space {
                Some(space) if space.name.is_some() => Label::new(space.name.as_deref().unwrap_or("")),
                _ if self.path.as_os_str() == "-" => Label::new("standard input"),
                _ => file_study(&self.path),
            };
        }
        let instead = self.source().and_then(Source::metrics_instead);
        if let (Some(metric), None) = (self.options.metric(), instead) {
            study.metric = Label::new(metric);
        }
        if let (Some(direction), Some(first)) = (self.options.direction(), study.directions.first_mut()) {
            *first = direction;
        }
        self.apply_space(&mut study);
        constraints::apply(&mut study, &self.options);
        study.space.infer_activity(&study.trials);
        if !self.options.params.is_empty() {
            let wanted = &self.options.params;
            study
                .space
                .params
                .retain(|p| wanted.iter().any(|w| p.name == **w));
        }
        note_activity(&mut study);
        let decided = std::mem::replace(&mut study.diagnostics, self.problems.list());
        study.diagnostics.extend(decided);
        warn_of_gaps(&mut study);
        if let Some(why) = self.decoder.trouble() {
            study.diagnostics.push(Diagnostic {
                line: None,
                message: format!("{why}."),
            });
        }
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
        self.source().map_or_else(Vec::new, Source::studies)
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
            Origin::File(_) | Origin::Store(_) | Origin::Nothing => None,
        }
    }

    /// What to watch in order to know when to look again; nothing for a pipe, which calls by itself.
    #[must_use]
    pub fn watched(&self) -> Vec<Target> {
        match &self.origin {
            Origin::File(_) => vec![Target::File(self.path.clone())],
            Origin::Pipe(_) => Vec::new(),
            Origin::Store(store) => store.watched(),
            Origin::Nothing => vec![Target::Tree(self.path.clone())],
        }
    }

    /// When the source was last written to: seconds since the Unix epoch.
    #[must_use]
    pub fn modified(&self) -> Option<f64> {
        if let Origin::Store(store) = &self.origin {
            return store.modified();
        }
        let time = std::fs::metadata(&self.path).ok()?.modified().ok()?;
        let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(since.as_secs_f64())
    }

    /// What was opened, whichever way it is fed.
    fn source(&self) -> Option<&dyn Source> {
        match (&self.origin, &self.lines_source) {
            (Origin::Store(store), _) => Some(store.as_ref()),
            (_, Some(lines)) => Some(lines.as_ref()),
            (_, None) => None,
        }
    }

    #[must_use]
    pub fn progress(&self) -> Progress {
        let (bytes_done, bytes_total) = match &self.origin {
            Origin::File(tail) => tail.progress(),
            Origin::Pipe(pipe) => (pipe.taken(), pipe.taken()),
            Origin::Store(_) | Origin::Nothing => (0, 0),
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
