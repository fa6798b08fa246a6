//! The fitting thread.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::analysis::{ModelSettings, Surrogate, SurrogateError};
use crate::session::Msg;
use crate::session::effect::FitRequest;

use super::explore::counted;
use super::guarded;
use super::mailbox::{Mailbox, Taken};

/// Above this many trials, hyperparameters are not fitted again for every new one.
const EVERY_TRIAL_UP_TO: usize = 300;
/// Growth of the data that calls for new hyperparameters above that.
const GROWTH: f64 = 1.05;
/// Quiet time after which they are fitted again anyway.
const IDLE: Duration = Duration::from_secs(10);

/// The handle of the thread.
#[derive(Debug)]
pub struct Fitter {
    mailbox: Arc<Mailbox<FitRequest>>,
    thread: Option<JoinHandle<()>>,
}

impl Fitter {
    /// Starts the thread; `tell` says whether anyone listens still.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(tell: impl Fn(Msg) -> bool + Send + 'static) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let inbox = Arc::clone(&mailbox);
        let thread = thread::Builder::new()
            .name("fit".into())
            .spawn(move || run(&inbox, &tell))?;
        Ok(Self {
            mailbox,
            thread: Some(thread),
        })
    }

    /// Asks for a fit. One that runs is only stopped where its result could not be used: its model or its
    /// space is no longer wanted. New rows alone let it finish and are appended to its result, so that a
    /// fast stream of rows cannot keep hyperparameters from ever being fitted.
    pub fn post(&self, request: FitRequest) {
        self.mailbox.post(request);
    }
}

impl Drop for Fitter {
    fn drop(&mut self) {
        self.mailbox.close();
        if let Some(thread) = self.thread.take() {
            // The cancellation check sees the closed mailbox; a result that still comes goes nowhere.
            drop(thread.join());
        }
    }
}

/// What the thread remembers between fits.
#[derive(Default)]
struct State {
    /// The last fit and the settings that made it.
    last: Option<(Arc<Surrogate>, ModelSettings)>,
    /// Rows that were only appended and wait for a quiet moment.
    postponed: Option<FitRequest>,
}

fn run(mailbox: &Mailbox<FitRequest>, tell: &impl Fn(Msg) -> bool) {
    let mut state = State::default();
    loop {
        let wait = state.postponed.is_some().then_some(IDLE);
        let request = match mailbox.take(wait) {
            Taken::Closed => return,
            Taken::Idle => match state.postponed.take() {
                Some(request) => request,
                None => continue,
            },
            Taken::Work(request) => {
                state.postponed = None;
                if let Some(msg) = append_only(&mut state, &request) {
                    if !tell(msg) {
                        return;
                    }
                    continue;
                }
                request
            }
        };
        let Some(msg) = fit(mailbox, &mut state, request) else {
            continue;
        };
        if !tell(msg) {
            return;
        }
    }
}

/// Where there are many trials and few new ones, the hyperparameters may stand for a while.
fn append_only(state: &mut State, request: &FitRequest) -> Option<Msg> {
    let (last, settings) = state.last.as_ref()?;
    if request.afresh || *settings != request.settings {
        return None;
    }
    let appended = guarded("append", || last.append(&request.study)).ok()??;
    let n = appended.summary.trials_used;
    let from = appended.summary.hyperparameters_from;
    #[expect(clippy::cast_precision_loss, reason = "counts of trials")]
    let grown = n as f64 >= GROWTH * from as f64;
    if n <= EVERY_TRIAL_UP_TO || grown || n == last.summary.trials_used && n == from {
        return None;
    }
    let surrogate = Arc::new(counted(appended, &request.queued));
    state.last = Some((Arc::clone(&surrogate), request.settings.clone()));
    state.postponed = (n > from).then(|| request.clone());
    Some(Msg::Fitted {
        data: request.data,
        surrogate,
        refitted: true,
    })
}

/// One full fit; `None`: it was cancelled.
fn fit(mailbox: &Mailbox<FitRequest>, state: &mut State, request: FitRequest) -> Option<Msg> {
    let cancel = || {
        mailbox.is_closed()
            || mailbox.peek(|waiting| {
                waiting.is_some_and(|w| {
                    // Through a lens another study is seen, not a longer one.
                    let is_other = w.afresh || request.afresh;
                    is_other
                        || w.settings != request.settings
                        || w.study.space.params != request.study.space.params
                })
            })
    };
    let previous = state
        .last
        .as_ref()
        .filter(|(_, settings)| settings.kernel == request.settings.kernel)
        .map(|(surrogate, _)| Arc::clone(surrogate))
        .or_else(|| request.previous.clone())
        .filter(|_| !request.afresh);
    let result = guarded("fit", || {
        Surrogate::fit(&request.study, &request.settings, previous.as_deref(), &cancel)
    });
    match result {
        Ok(Ok(surrogate)) => {
            let mut surrogate = Arc::new(surrogate);
            let mut data = request.data;
            // Rows that came meanwhile are in the answer already: it must not be older than the screen.
            let newer = mailbox
                .peek(|w| w.map(|w| (w.data, Arc::clone(&w.study))))
                .filter(|_| !request.afresh);
            if let Some((newer, study)) = newer
                && let Ok(Some(appended)) = guarded("append", || surrogate.append(&study))
            {
                surrogate = Arc::new(appended);
                data = newer;
            }
            if !request.queued.is_empty()
                && let Ok(counted) = surrogate.with_queued(&request.queued)
            {
                surrogate = Arc::new(counted);
            }
            if !request.afresh {
                state.last = Some((Arc::clone(&surrogate), request.settings.clone()));
            }
            Some(Msg::Fitted {
                data,
                surrogate,
                refitted: true,
            })
        }
        Ok(Err(SurrogateError::Cancelled)) => None,
        Ok(Err(error)) => Some(Msg::FitFailed {
            data: request.data,
            reason: error.to_string(),
        }),
        Err(reason) => Some(Msg::FitFailed {
            data: request.data,
            reason,
        }),
    }
}
