//! The keeper: the thread that writes down what was decided and not delivered, the newest word only.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use crate::io::kept::{self, KeptFile};
use crate::session::{Kept, Msg, Seen};

enum Order {
    Recall(String),
    Keep(String, Box<Kept>),
    Look(String, Box<Seen>),
}

/// The handle of the thread. Dropping it waits until the last word is on disk.
#[derive(Debug)]
pub struct Keeper {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread for a source; `keeps`: whether this source is one to come back to.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(
        source: PathBuf,
        keeps: bool,
        tell: impl Fn(Msg) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let folder = kept::default_folder().filter(|_| keeps);
        let file = move |study: &str| KeptFile::of(folder.as_deref()?, &source, study);
        let thread = thread::Builder::new()
            .name("keep".into())
            .spawn(move || run(&inbox, &file, &tell))?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    pub fn recall(&self, study: String) {
        self.send(Order::Recall(study));
    }

    pub fn keep(&self, study: String, kept: Box<Kept>) {
        self.send(Order::Keep(study, kept));
    }

    pub fn look(&self, study: String, seen: Box<Seen>) {
        self.send(Order::Look(study, seen));
    }

    fn send(&self, order: Order) {
        if let Some(orders) = &self.orders {
            drop(orders.send(order));
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(inbox: &Receiver<Order>, file: &impl Fn(&str) -> Option<KeptFile>, tell: &impl Fn(Msg) -> bool) {
    let mut next = None;
    let mut has_complained = false;
    loop {
        let Some(order) = next.take().or_else(|| inbox.recv().ok()) else {
            return;
        };
        match order {
            Order::Recall(study) => {
                let file = file(&study);
                let found = match &file {
                    Some(file) => file.read().map(|k| k.map(Box::new)).map_err(|e| e.to_string()),
                    None => Ok(None),
                };
                let is_safe = file.is_some();
                tell(Msg::Recalled {
                    study: study.clone(),
                    found,
                    is_safe,
                });
                // Nothing is remembered where nothing can be written: no answer, no news.
                if let Some(file) = file {
                    let seen = file.read_seen().map(Box::new);
                    tell(Msg::LookedLast { study, seen });
                }
            }
            // Whoever cannot write decisions is told so above; that somebody looked is no loss.
            Order::Look(study, seen) => {
                if let Some(file) = file(&study) {
                    drop(file.write_seen(&seen));
                }
            }
            Order::Keep(study, mut kept) => {
                // A newer word on the same study makes this one obsolete.
                while let Ok(order) = inbox.try_recv() {
                    match order {
                        Order::Keep(again, newer) if again == study => kept = newer,
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                let Some(file) = file(&study) else { continue };
                match file.write(&kept) {
                    Ok(()) => has_complained = false,
                    // Once: every key may change the draft.
                    Err(_) if has_complained => {}
                    Err(error) => {
                        has_complained = true;
                        tell(Msg::Say {
                            text: error.to_string(),
                            is_error: true,
                        });
                    }
                }
            }
        }
    }
}
