//! The loop on a thread of its own, beside a screen.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::{listen, word_of};
use crate::cli::error::CliError;
use crate::cli::say;
use crate::run::drive::{Inbox, control};
use crate::run::{Control, End, RunError, Settings, Told};
use crate::session::model::RunStatus;

/// What a screen is told of the loop: how it stands, and at last why it ended.
pub fn status_teller(
    settings: &Settings,
    statuses: Sender<RunStatus>,
) -> impl FnMut(Result<&Told<'_>, &End>) + Send + 'static + use<> {
    let jobs = settings.rules.jobs;
    let mut last = None;
    move |told| {
        let status = match told {
            Ok(Told::Standing(standing)) => RunStatus {
                is_active: standing.phase != "over",
                words: match standing.phase {
                    "running" => format!("loop: {} of {jobs} jobs busy", standing.running),
                    phase => format!("loop: {phase}, {} still run", standing.running),
                },
                running: standing.running,
            },
            Err(end) => RunStatus {
                is_active: false,
                words: format!("loop over: {}", end.sentence()),
                running: 0,
            },
            Ok(_) => return,
        };
        if last.as_ref() != Some(&status) {
            last = Some(status.clone());
            // A screen that is gone needs no status.
            let _ = statuses.send(status);
        }
    }
}

/// The loop beside a screen: a thread, and what it told last.
pub struct Beside {
    pub control: Control,
    thread: std::thread::JoinHandle<Result<End, RunError>>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Beside {
    /// Starts the loop; what it tells goes to `tell`.
    pub fn start(
        settings: &Settings,
        mut tell: impl FnMut(Result<&Told<'_>, &End>) + Send + 'static,
    ) -> Result<Self, CliError> {
        let (control, inbox): (Control, Inbox) = control();
        let ours = control.clone();
        let settings = settings.clone();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (opened, is_open) = std::sync::mpsc::channel();
        let notices = Arc::clone(&told);
        let thread = std::thread::Builder::new()
            .name("loop".into())
            .spawn(move || {
                let end = crate::run::run(&settings, &ours, &inbox, &mut |told| {
                    if let Told::Notice(text) = &told {
                        notices
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(text.clone());
                    }
                    if let Told::Opened { .. } = &told {
                        let _ = opened.send(());
                    }
                    tell(Ok(&told));
                })?;
                tell(Err(&end));
                Ok(end)
            })
            .map_err(CliError::Terminal)?;
        let beside = Self {
            control,
            thread,
            told,
        };
        // A loop that cannot begin has no use for a screen.
        if is_open.recv().is_err() {
            beside.join(0)?;
            return Err(CliError::NoProposal("the loop ended before it began".to_owned()));
        }
        Ok(beside)
    }

    /// Waits for the end, and says what was left to say. `signal` ended the screen, where it is not 0.
    pub fn join(self, signal: i32) -> Result<End, CliError> {
        let listening = listen(&self.control, Arc::new(AtomicBool::new(true)));
        if let Some(word) = word_of(signal) {
            self.control.say(word);
        }
        if !self.thread.is_finished() && signal == 0 {
            say("waiting for the trials that run to end; Ctrl-C stops them");
        }
        let end = self.thread.join();
        drop(listening);
        for notice in self.told.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            say(&notice);
        }
        match end {
            Ok(end) => Ok(end?),
            Err(_) => Err(CliError::NoProposal(
                "the loop ended by an error in tunescope itself".to_owned(),
            )),
        }
    }
}
