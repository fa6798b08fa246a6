//! The exploring thread: what must be quick, the nearest to the eye first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::analysis::{SuggestRequest, Surrogate, suggest_without_model};
use crate::session::effect::{ExploreRequest, FitRequest, Parts, REJECTED_RADIUS};
use crate::session::{Msg, Stamped};
use crate::study::Configuration;

use super::guarded;
use super::mailbox::{Mailbox, Taken};

/// Places along a slice.
const SLICE_POINTS: usize = 97;
/// Cells of a coarse and of a fine surface.
const COARSE: (usize, usize) = (16, 12);
const FINE: (usize, usize) = (64, 48);
/// A fine surface that comes within so many seconds needs no coarse one before it.
const QUICK: f64 = 0.03;

/// What the thread does, in the order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    Append,
    Slices,
    CoarseSurface,
    Suggestion,
    Trust,
    FineSurface,
    Importance,
}

/// Everything that waits.
#[derive(Debug, Default)]
struct Waiting {
    append: Option<FitRequest>,
    request: Option<ExploreRequest>,
    tasks: Vec<Task>,
}

impl Waiting {
    fn join(mut self, new: Self) -> Self {
        self.append = match (new.append, self.append) {
            // The newest queue, on the newest rows.
            (Some(new), Some(old)) if old.data > new.data => Some(FitRequest {
                queued: new.queued,
                ..old
            }),
            (new, old) => new.or(old),
        };
        if new.request.is_some() {
            self.request = new.request;
        }
        for task in new.tasks {
            self.add(task);
        }
        self
    }

    fn squared_trials(&self) -> f64 {
        let n = self
            .request
            .as_ref()
            .and_then(|r| r.surrogate.as_ref())
            .map_or(1, |s| s.summary.trials_used);
        #[expect(clippy::cast_precision_loss, reason = "a count of trials")]
        let n = n.max(1) as f64;
        n * n
    }

    fn add(&mut self, task: Task) {
        if !self.tasks.contains(&task) {
            self.tasks.push(task);
            self.tasks.sort_unstable();
        }
    }
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Explorer {
    mailbox: Arc<Mailbox<Waiting>>,
    /// The most urgent task posted since the running one began; a running task that is not more urgent
    /// stops and waits its turn.
    interrupt: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

const NOTHING: usize = usize::MAX;

impl Explorer {
    /// Starts the thread; `tell` says whether anyone listens still.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(tell: impl Fn(Msg) -> bool + Send + 'static) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let interrupt = Arc::new(AtomicUsize::new(NOTHING));
        let (inbox, flag) = (Arc::clone(&mailbox), Arc::clone(&interrupt));
        let thread = thread::Builder::new()
            .name("explore".into())
            .spawn(move || run(&inbox, &flag, &tell))?;
        Ok(Self {
            mailbox,
            interrupt,
            thread: Some(thread),
        })
    }

    /// Appends the newest rows with the present hyperparameters, where there is a model.
    pub fn post_append(&self, request: FitRequest) {
        if request.previous.is_some() {
            self.post(Waiting {
                append: Some(request),
                request: None,
                tasks: vec![Task::Append],
            });
        }
    }

    /// Asks for parts of an exploration.
    pub fn post_explore(&self, request: ExploreRequest) {
        self.post(Waiting {
            append: None,
            tasks: tasks(request.parts),
            request: Some(request),
        });
    }

    fn post(&self, waiting: Waiting) {
        if let Some(first) = waiting.tasks.first() {
            self.interrupt.fetch_min(*first as usize, Ordering::SeqCst);
        }
        self.mailbox.post_with(waiting, Waiting::join);
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.mailbox.close();
        self.interrupt.store(0, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(mailbox: &Mailbox<Waiting>, interrupt: &AtomicUsize, tell: &impl Fn(Msg) -> bool) {
    let mut waiting = Waiting::default();
    // What a fine surface took last, in seconds for each squared trial.
    let mut fine_cost: Option<f64> = None;
    loop {
        // What has come meanwhile joins what is left; only an empty list waits.
        if waiting.tasks.is_empty() {
            match mailbox.take(None) {
                Taken::Work(new) => waiting = waiting.join(new),
                Taken::Idle => continue,
                Taken::Closed => return,
            }
        } else {
            match mailbox.take(Some(std::time::Duration::ZERO)) {
                Taken::Work(new) => waiting = waiting.join(new),
                Taken::Idle => {}
                Taken::Closed => return,
            }
        }
        interrupt.store(NOTHING, Ordering::SeqCst);
        // A post between the take and the store would be missed by the flag, not by the mailbox.
        if mailbox.peek(|w| w.is_some()) {
            continue;
        }
        let task = waiting.tasks.remove(0);
        let squared = waiting.squared_trials();
        if task == Task::CoarseSurface && fine_cost.is_some_and(|cost| cost * squared < QUICK) {
            continue;
        }
        let begun = Instant::now();
        let cancel = || interrupt.load(Ordering::SeqCst) <= task as usize;
        match guarded(place(task), || perform(task, &waiting, &cancel)) {
            Ok(Outcome::Done(messages)) => {
                if task == Task::FineSurface && !messages.is_empty() {
                    fine_cost = Some(begun.elapsed().as_secs_f64() / squared);
                }
                for msg in messages {
                    if !tell(msg) {
                        return;
                    }
                }
            }
            Ok(Outcome::Cancelled) => waiting.add(task),
            Err(reason) => {
                if !tell(Msg::ExploreFailed { reason }) {
                    return;
                }
            }
        }
        if task == Task::Append {
            waiting.append = None;
        }
    }
}

/// What the parts of an exploration are made of.
pub(super) fn tasks(parts: Parts) -> Vec<Task> {
    let wanted = [
        (parts.slices, Task::Slices),
        (parts.surface, Task::CoarseSurface),
        (parts.suggestion, Task::Suggestion),
        (parts.diagnosis, Task::Trust),
        (parts.surface, Task::FineSurface),
        (parts.diagnosis, Task::Importance),
    ];
    wanted
        .into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, task)| task)
        .collect()
}

pub(super) fn place(task: Task) -> &'static str {
    match task {
        Task::Append => "append",
        Task::Slices => "slices",
        Task::CoarseSurface | Task::FineSurface => "surface",
        Task::Suggestion => "suggestion",
        Task::Trust => "trust",
        Task::Importance => "importance",
    }
}

pub(super) enum Outcome {
    Done(Vec<Msg>),
    Cancelled,
}

fn perform(task: Task, waiting: &Waiting, cancel: &dyn Fn() -> bool) -> Outcome {
    if task == Task::Append {
        return Outcome::Done(waiting.append.as_ref().and_then(append).into_iter().collect());
    }
    match &waiting.request {
        Some(request) => part(task, request, cancel),
        None => Outcome::Done(Vec::new()),
    }
}

/// One part of an exploration.
pub(super) fn part(task: Task, request: &ExploreRequest, cancel: &dyn Fn() -> bool) -> Outcome {
    match (&request.surrogate, task) {
        (None, Task::Suggestion) => {
            let found = suggest_without_model(&request.study, &suggest_request(request));
            Outcome::Done(vec![
                Msg::Suggested(stamped(request, found)),
                Msg::Answered(request.asked),
            ])
        }
        (None, _) => Outcome::Done(Vec::new()),
        (Some(surrogate), task) => explore(task, surrogate, request, cancel),
    }
}

/// With the queue counted as pending; a fit that cannot is shown without.
pub(super) fn counted(surrogate: Surrogate, queued: &[Configuration]) -> Surrogate {
    if queued.is_empty() {
        return surrogate;
    }
    let counted = surrogate.with_queued(queued);
    counted.unwrap_or(surrogate)
}

fn append(request: &FitRequest) -> Option<Msg> {
    let previous = request.previous.as_ref()?;
    if Arc::ptr_eq(previous.study(), &request.study) {
        // Another kernel is no new row; another queue is counted in the same fit.
        if previous.queued() == request.queued {
            return None;
        }
        let surrogate = previous.with_queued(&request.queued).ok()?;
        return Some(Msg::Believed {
            fit: request.fit,
            data: request.data,
            surrogate: Arc::new(surrogate),
        });
    }
    let surrogate = counted(previous.append(&request.study)?, &request.queued);
    Some(Msg::Fitted {
        data: request.data,
        surrogate: Arc::new(surrogate),
        refitted: false,
    })
}

fn stamped<T>(request: &ExploreRequest, value: T) -> Stamped<T> {
    Stamped {
        fit: request.fit,
        data: request.data,
        value,
    }
}

fn suggest_request(request: &ExploreRequest) -> SuggestRequest {
    SuggestRequest {
        count: 1,
        acquisition: request.acquisition,
        locks: request.locks.clone(),
        rejected: request
            .rejections
            .iter()
            .map(|r| (r.configuration.clone(), REJECTED_RADIUS))
            .collect(),
        pending: request.pending.clone(),
        seed: request.seed,
    }
}

fn explore(
    task: Task,
    surrogate: &Surrogate,
    request: &ExploreRequest,
    cancel: &dyn Fn() -> bool,
) -> Outcome {
    let suggestion = request.suggestion.as_deref();
    let message = match task {
        Task::Append => None,
        Task::Slices => surrogate
            .slices(
                &request.probe,
                &request.acquisition,
                suggestion,
                SLICE_POINTS,
                cancel,
            )
            .map(|s| Msg::Sliced(stamped(request, s))),
        Task::CoarseSurface | Task::FineSurface => {
            let Some(pair) = request.pair else {
                return Outcome::Done(Vec::new());
            };
            let (columns, rows) = if task == Task::FineSurface { FINE } else { COARSE };
            surrogate
                .surface(
                    pair,
                    &request.probe,
                    &request.acquisition,
                    suggestion,
                    columns,
                    rows,
                    cancel,
                )
                .map(|mut s| {
                    s.coarse = task == Task::CoarseSurface;
                    Msg::Surfaced(stamped(request, s))
                })
        }
        Task::Suggestion => match surrogate.suggest(&suggest_request(request), cancel) {
            Ok(found) => {
                return Outcome::Done(vec![
                    Msg::Suggested(stamped(request, found)),
                    Msg::Answered(request.asked),
                ]);
            }
            Err(_) if cancel() => None,
            Err(error) => Some(Msg::ExploreFailed {
                reason: error.to_string(),
            }),
        },
        Task::Trust => {
            return Outcome::Done(vec![
                Msg::Trusted(stamped(request, surrogate.trust())),
                Msg::Stopping(stamped(request, surrogate.stopping_advice())),
            ]);
        }
        Task::Importance => surrogate
            .importance(cancel)
            .map(|i| Msg::Weighed(stamped(request, i))),
    };
    match message {
        Some(message) => Outcome::Done(vec![message]),
        None if cancel() => Outcome::Cancelled,
        // It cannot be drawn for this configuration: nothing to wait for.
        None => Outcome::Done(Vec::new()),
    }
}
