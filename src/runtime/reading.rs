//! The reading thread: follows the source and tells what it says.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::io::reader::{Change, Progress, Reader};
use crate::io::source::ReadOptions;
use crate::io::watch::{Pace, Sign, Watch};
use crate::session::Msg;
use crate::session::model::{SourceState, SourceStatus};
use crate::study::label::{scrub, without_code};
use crate::study::{Label, StudyEntry};

/// Least time between two words on how far the first reading is.
const PROGRESS: Duration = Duration::from_millis(50);

/// How long the thread is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// The handle of the thread.
#[derive(Debug)]
pub struct Reading {
    stop: Arc<AtomicBool>,
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

/// What wakes the thread.
enum Wake {
    Sign(Sign),
    /// The person wants another study of the source.
    Study(String),
}

impl Reading {
    /// Starts the thread.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(
        path: PathBuf,
        options: ReadOptions,
        title: Option<String>,
        tell: impl Fn(Msg) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let watcher = wake.clone();
        let thread = thread::Builder::new().name("read".into()).spawn(move || {
            let shown = title.unwrap_or_else(|| scrub(&crate::io::database::url::shown(&path)));
            let mut desk = Desk {
                shown,
                stop: &flag,
                tell: &tell,
                last: None,
                changed: None,
                chosen: options.study.clone(),
                studies: Arc::default(),
                shown_study: Label::new(""),
            };
            let mut reader = match Reader::open(&path, options) {
                Ok(reader) => reader,
                Err(error) => {
                    desk.status(
                        "",
                        SourceState::Failed(without_code(&error.to_string()).into_owned()),
                    );
                    return;
                }
            };
            // Watching begins before the first read, so that nothing falls between the two.
            let mut watched = reader.watched();
            let mut watches = desk.watch(&reader, &watcher);
            let mut goes_on = desk.look(&mut reader);
            while goes_on {
                if reader.watched() != watched {
                    watched = reader.watched();
                    drop(watches);
                    watches = desk.watch(&reader, &watcher);
                }
                let Ok(mut wake) = woken.recv() else { return };
                // Of what came meanwhile only the strongest counts.
                while let Ok(next) = woken.try_recv() {
                    if !matches!(next, Wake::Sign(Sign::Quiet)) && !matches!(wake, Wake::Study(_)) {
                        wake = next;
                    }
                }
                if flag.load(Ordering::SeqCst) {
                    return;
                }
                goes_on = match wake {
                    Wake::Sign(Sign::Changed) => desk.look(&mut reader),
                    Wake::Sign(Sign::Quiet) => desk.settle(&mut reader),
                    Wake::Study(name) => desk.choose(&mut reader, name),
                };
            }
        })?;
        Ok(Self {
            stop,
            wake,
            thread: Some(thread),
        })
    }
}

impl Reading {
    /// Reads another study of the same source from now on.
    pub fn choose(&self, study: String) {
        // Where nobody is woken the thread has ended already.
        let _ = self.wake.send(Wake::Study(study));
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.wake.send(Wake::Sign(Sign::Quiet));
        if let Some(thread) = self.thread.take() {
            // A server that does not answer keeps nobody from quitting: reading changes nothing.
            let until = Instant::now() + PATIENCE;
            while !thread.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(2));
            }
            if thread.is_finished() {
                drop(thread.join());
            }
        }
    }
}

struct Desk<'a> {
    shown: String,
    stop: &'a AtomicBool,
    tell: &'a dyn Fn(Msg) -> bool,
    /// The state that was told last.
    last: Option<SourceState>,
    changed: Option<f64>,
    /// The study that is asked for by name.
    chosen: Option<String>,
    /// As of the last look.
    studies: Arc<[StudyEntry]>,
    /// The study that was told last.
    shown_study: Label,
}

impl Desk<'_> {
    fn source(&self, kind: &str, state: SourceState) -> SourceStatus {
        SourceStatus {
            kind: kind.to_owned(),
            path: self.shown.clone(),
            state,
            changed: self.changed,
            checked: Some(now()),
            studies: Arc::clone(&self.studies),
            chosen: self.chosen.clone(),
        }
    }

    /// Watches whatever tells of changes.
    fn watch(&mut self, reader: &Reader, wake: &Sender<Wake>) -> Vec<Watch> {
        let wake = wake.clone();
        let call = move |sign| {
            let _ = wake.send(Wake::Sign(sign));
        };
        if let Some(pipe) = reader.pipe() {
            return vec![Watch::pipe(pipe, call)];
        }
        Watch::all(reader.watched(), Pace::default(), call).unwrap_or_else(|error| {
            self.status(
                "",
                SourceState::Failed(format!("the source cannot be watched: {error}")),
            );
            Vec::new()
        })
    }

    /// Tells the state where it is another than before.
    fn status(&mut self, kind: &str, state: SourceState) -> bool {
        if self.last.as_ref() == Some(&state) {
            return true;
        }
        self.last = Some(state.clone());
        (self.tell)(Msg::Source(self.source(kind, state)))
    }

    /// One look at the file; false where nobody listens any more.
    fn look(&mut self, reader: &mut Reader) -> bool {
        let kind = reader.kind().map_or("", |k| k.title);
        let first = self.last.is_none();
        let (mut told, mut listening) = (Instant::now(), true);
        let result = reader.poll_with(&mut |progress: Progress| {
            if first && told.elapsed() >= PROGRESS {
                told = Instant::now();
                let state = SourceState::Reading {
                    done: progress.bytes_done,
                    total: progress.bytes_total,
                };
                listening = (self.tell)(Msg::Source(self.source(kind, state)));
            }
            if listening && !self.stop.load(Ordering::SeqCst) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        if !listening || self.stop.load(Ordering::SeqCst) {
            return false;
        }
        let kind = reader.kind().map_or("", |k| k.title);
        if let Some(name) = self.is_led_away(reader) {
            return self.stay(reader, name);
        }
        let studies = reader.studies();
        if *self.studies != *studies {
            self.studies = studies.into();
        }
        match result {
            Err(error) => self.status(
                kind,
                SourceState::Failed(without_code(&error.to_string()).into_owned()),
            ),
            Ok(change) => {
                let state = if reader.is_missing() {
                    SourceState::Missing
                } else if reader.pipe().is_some_and(|p| p.is_over()) {
                    SourceState::Ended
                } else {
                    SourceState::Live
                };
                if change == Change::Unchanged && !first {
                    return self.status(kind, state);
                }
                self.changed = reader.modified().or(self.changed);
                self.last = Some(state.clone());
                self.shown_study = reader.study().name.clone();
                (self.tell)(Msg::Study {
                    study: reader.study(),
                    source: self.source(kind, state),
                })
            }
        }
    }
}

impl Desk<'_> {
    /// The study that was shown, where the source would now lead to another that began meanwhile: nobody
    /// asked for that one.
    fn is_led_away(&self, reader: &Reader) -> Option<String> {
        let studies = reader.studies();
        (reader.options().study.is_none()
            && reader.pipe().is_none()
            && studies.len() > 1
            && reader.study().name != self.shown_study
            && studies.iter().any(|s| s.name == self.shown_study))
        .then(|| self.shown_study.raw().to_owned())
    }

    /// Begins anew with another study of the same source.
    fn choose(&mut self, reader: &mut Reader, study: String) -> bool {
        self.chosen = Some(study.clone());
        self.last = None;
        self.changed = None;
        self.stay(reader, study)
    }

    fn stay(&mut self, reader: &mut Reader, study: String) -> bool {
        let options = ReadOptions {
            study: Some(study),
            ..reader.options().clone()
        };
        if reader.pipe().is_some() {
            let why = "a pipe cannot be read again: start with --study to choose".to_owned();
            return self.status("", SourceState::Failed(why));
        }
        match Reader::open(reader.path(), options) {
            Ok(new) => {
                *reader = new;
                self.look(reader)
            }
            Err(error) => self.status(
                "",
                SourceState::Failed(without_code(&error.to_string()).into_owned()),
            ),
        }
    }

    fn settle(&mut self, reader: &mut Reader) -> bool {
        if reader.is_missing() || reader.settle() == Change::Unchanged {
            return true;
        }
        let kind = reader.kind().map_or("", |k| k.title);
        self.changed = reader.modified().or(self.changed);
        (self.tell)(Msg::Study {
            study: reader.study(),
            source: self.source(kind, SourceState::Live),
        })
    }
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}
