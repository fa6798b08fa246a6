//! Says when a source may have changed.
//!
//! The parent folder is watched, not the file: a watch on a file goes deaf for ever once the file is
//! replaced. Beside the events, the file is looked at with `stat` every two seconds (device, inode, size,
//! both times), for network file systems that send none. A thread of its own calls back; dropping the
//! [`Watch`] ends it.
//!
//! The first event after a rest is passed on at once, so that an appended row is on screen without delay;
//! those of a burst are gathered, one call in [`Pace::gap`], because each call costs little (only new bytes
//! are read) and a later one makes the work of an earlier one obsolete anyway.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::pipe::Pipe;
use super::tail::Stamp;

/// What is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Look again.
    Changed,
    /// Nothing has changed for a while: an unfinished last line will hardly be finished any more.
    Quiet,
}

/// How often things happen.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Least time between two calls.
    pub gap: Duration,
    /// Time between two looks with `stat`.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            gap: Duration::from_millis(30),
            poll: Duration::from_secs(2),
        }
    }
}

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One file, also where it does not exist yet.
    File(PathBuf),
    /// A folder with everything in it, two levels deep.
    Folder(PathBuf),
    /// A folder with everything in it, whose reader finds out cheaply what is new: beside the events it is
    /// asked to look again every [`Pace::poll`].
    Tree(PathBuf),
    /// Nothing that sends events (a server): look again every [`Pace::poll`].
    Clock,
}

/// A watch; ends when dropped.
pub struct Watch {
    signals: Option<Sender<Signal>>,
    thread: Option<JoinHandle<()>>,
    pipe: Option<Arc<Pipe>>,
}

enum Signal {
    Event,
    Stop,
}

impl Watch {
    /// Watches a file, or a name where one will be.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn file(path: &Path, pace: Pace, call: impl FnMut(Sign) + Send + 'static) -> std::io::Result<Self> {
        Self::start(Target::File(path.to_owned()), pace, call)
    }

    /// Watches a folder and the folders in it (the queue), or a name where one will be.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn folder(path: &Path, pace: Pace, call: impl FnMut(Sign) + Send + 'static) -> std::io::Result<Self> {
        Self::start(Target::Folder(path.to_owned()), pace, call)
    }

    /// Watches a pipe: its own thread calls back.
    #[must_use]
    pub fn pipe(pipe: &Arc<Pipe>, mut call: impl FnMut(Sign) + Send + 'static) -> Self {
        let (signals, comes) = mpsc::channel();
        let wake = signals.clone();
        pipe.on_change(move || {
            let _ = wake.send(Signal::Event);
        });
        let thread = std::thread::Builder::new()
            .name("watch pipe".to_owned())
            .spawn(move || {
                while let Ok(Signal::Event) = comes.recv() {
                    call(Sign::Changed);
                }
            });
        Self {
            signals: Some(signals),
            thread: thread.ok(),
            pipe: Some(Arc::clone(pipe)),
        }
    }

    /// Watches several things at once: the signs of any are passed on, one at a time.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn all(
        targets: Vec<Target>,
        pace: Pace,
        call: impl FnMut(Sign) + Send + 'static,
    ) -> std::io::Result<Vec<Self>> {
        let call = Arc::new(Mutex::new(call));
        let start = |target| {
            let call = Arc::clone(&call);
            Self::start(target, pace, move |sign| {
                (call.lock().unwrap_or_else(PoisonError::into_inner))(sign);
            })
        };
        targets.into_iter().map(start).collect()
    }

    fn start(target: Target, pace: Pace, call: impl FnMut(Sign) + Send + 'static) -> std::io::Result<Self> {
        let (signals, comes) = mpsc::channel();
        let wake = signals.clone();
        let thread = std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || Watching::new(target, wake).run(&comes, pace, call))?;
        Ok(Self {
            signals: Some(signals),
            thread: Some(thread),
            pipe: None,
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(pipe) = &self.pipe {
            pipe.forget();
        }
        if let Some(signals) = self.signals.take() {
            let _ = signals.send(Signal::Stop);
        }
        if let Some(thread) = self.thread.take() {
            // A callback that drops its own watch must not wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// One folder under event watch: which, which incarnation of it, and the name that counts in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    folder: PathBuf,
    identity: Option<(u64, u64)>,
    name: Option<OsString>,
}

/// The state of the watching thread.
struct Watching {
    target: Target,
    wake: Sender<Signal>,
    /// Kept alive for its events.
    events: Option<RecommendedWatcher>,
    places: Vec<Place>,
    print: Option<Print>,
}

/// What `stat` says of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Print {
    File(Stamp),
    Folder(Vec<(PathBuf, Stamp)>),
}

impl Watching {
    fn new(target: Target, wake: Sender<Signal>) -> Self {
        let mut watching = Self {
            target,
            wake,
            events: None,
            places: Vec::new(),
            print: None,
        };
        watching.print = watching.look();
        watching.rewatch();
        watching
    }

    fn run(mut self, comes: &Receiver<Signal>, pace: Pace, mut call: impl FnMut(Sign)) {
        // Whatever happened before the watch stood is caught by one look now.
        call(Sign::Changed);
        let mut last_call = Instant::now();
        let mut next_poll = last_call + pace.poll;
        let mut is_due = false;
        let mut was_quiet = false;
        loop {
            let now = Instant::now();
            if is_due && now >= last_call + pace.gap {
                self.print = self.look();
                call(Sign::Changed);
                last_call = now;
                is_due = false;
                was_quiet = false;
                next_poll = now + pace.poll;
            }
            if now >= next_poll {
                self.rewatch();
                let print = self.look();
                if matches!(self.target, Target::Tree(_) | Target::Clock) {
                    is_due = true;
                } else if print == self.print {
                    if !was_quiet {
                        call(Sign::Quiet);
                    }
                    was_quiet = true;
                } else {
                    self.print = print;
                    is_due = true;
                }
                next_poll = now + pace.poll;
                continue;
            }
            let until = if is_due {
                next_poll.min(last_call + pace.gap)
            } else {
                next_poll
            };
            match comes.recv_timeout(until.saturating_duration_since(now)) {
                Ok(Signal::Event) => is_due = true,
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // A burst is one event.
            loop {
                match comes.try_recv() {
                    Ok(Signal::Event) => is_due = true,
                    Ok(Signal::Stop) => return,
                    Err(_) => break,
                }
            }
        }
    }

    fn look(&self) -> Option<Print> {
        match &self.target {
            Target::File(path) => std::fs::metadata(path).ok().map(|m| Print::File(Stamp::of(&m))),
            Target::Folder(path) => {
                let mut entries = Vec::new();
                collect(path, 0, &mut entries);
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                (!entries.is_empty()).then_some(Print::Folder(entries))
            }
            Target::Tree(_) | Target::Clock => None,
        }
    }

    /// The folders that must be watched now: that of the name, and that of the file which a link leads to.
    fn wanted(&self) -> Vec<Place> {
        match &self.target {
            Target::File(path) => {
                let mut places = vec![place(path)];
                if let Ok(real) = std::fs::canonicalize(path) {
                    let real = place(&real);
                    let is_same = places
                        .iter()
                        .any(|p| p.name == real.name && p.identity == real.identity);
                    if !is_same {
                        places.push(real);
                    }
                }
                places
            }
            Target::Folder(path) | Target::Tree(path) => vec![Place {
                identity: identity(path),
                folder: path.clone(),
                name: None,
            }],
            Target::Clock => Vec::new(),
        }
    }

    /// Sets the event watches anew where a folder appeared, went or became another one.
    fn rewatch(&mut self) {
        let wanted = self.wanted();
        if wanted == self.places && self.events.is_some() {
            return;
        }
        let names: Option<Vec<OsString>> = wanted.iter().map(|p| p.name.clone()).collect();
        let wake = self.wake.clone();
        let handler = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else {
                // An overflow, perhaps: looking again is never wrong.
                let _ = wake.send(Signal::Event);
                return;
            };
            // Our own reading raises access events.
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            let is_ours = match &names {
                None => true,
                Some(names) => event
                    .paths
                    .iter()
                    .any(|p| p.file_name().is_some_and(|name| names.iter().any(|n| n == name))),
            };
            if is_ours || event.need_rescan() {
                let _ = wake.send(Signal::Event);
            }
        };
        let mode = match self.target {
            Target::File(_) | Target::Clock => RecursiveMode::NonRecursive,
            Target::Folder(_) | Target::Tree(_) => RecursiveMode::Recursive,
        };
        self.events = notify::recommended_watcher(handler).ok().and_then(|mut watcher| {
            let mut is_any = false;
            for place in wanted.iter().filter(|p| p.identity.is_some()) {
                is_any |= watcher.watch(&place.folder, mode).is_ok();
            }
            is_any.then_some(watcher)
        });
        // Without event watches the next poll tries again.
        self.places = if self.events.is_some() { wanted } else { Vec::new() };
    }
}

fn place(path: &Path) -> Place {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    Place {
        identity: identity(&folder),
        name: path.file_name().map(OsString::from),
        folder,
    }
}

#[cfg(unix)]
fn identity(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(folder: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(folder)
        .ok()
        .filter(std::fs::Metadata::is_dir)
        .map(|_| (0, 0))
}

/// Everything in a folder, two levels deep (the queue has one).
fn collect(folder: &Path, depth: usize, entries: &mut Vec<(PathBuf, Stamp)>) {
    let Ok(listing) = std::fs::read_dir(folder) else {
        return;
    };
    if let Ok(metadata) = std::fs::metadata(folder) {
        entries.push((folder.to_owned(), Stamp::of(&metadata)));
    }
    for entry in listing.flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() && depth < 2 {
            collect(&entry.path(), depth + 1, entries);
        } else {
            entries.push((entry.path(), Stamp::of(&metadata)));
        }
    }
}
