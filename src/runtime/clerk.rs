//! The clerk: the one thread that writes decisions, and follows what becomes of them.
//!
//! A lock of the source's owner may make it wait; the screen never does.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;

use crate::io::delivery::{
    Decision, Door, Hook, Receipt, Recovered, RunningHook, Wishes, follow, random_bytes,
};
use crate::io::kept::default_folder;
use crate::session::Msg;
use crate::session::effect::DeliverRequest;
use crate::session::receipt::{Receipt as SessionReceipt, ReceiptState};
use crate::study::Study;
use crate::study::label::without_code;

/// How often a command that was started is asked whether it has ended.
const HOOK_POLL: Duration = Duration::from_millis(100);

/// What the clerk can be asked.
enum Order {
    Deliver(Box<DeliverRequest>),
    Withdraw(String),
    /// The source has changed: follow the receipts.
    Study {
        study: Arc<Study>,
        /// Whether the source holds others beside it.
        several: bool,
    },
    /// The queue has changed on disk.
    Look,
    /// The person looks at another study of the source.
    Choose(String),
    Close,
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Clerk {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl Clerk {
    /// Starts the thread for a source. `place` is the file whose workers take configurations.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn spawn(
        place: PathBuf,
        study: Option<String>,
        hook: Option<Hook>,
        tell: impl Fn(Msg) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("clerk".into())
            .spawn(move || Desk::new(place, study, hook, &tell).run(&inbox))?;
        Ok(Self {
            orders,
            thread: Some(thread),
        })
    }

    pub fn deliver(&self, request: DeliverRequest) {
        self.send(Order::Deliver(Box::new(request)));
    }

    pub fn withdraw(&self, id: String) {
        self.send(Order::Withdraw(id));
    }

    pub fn study(&self, study: Arc<Study>, several: bool) {
        self.send(Order::Study { study, several });
    }

    /// From now on it is about another study of the source.
    pub fn choose(&self, study: String) {
        self.send(Order::Choose(study));
    }

    /// A call that makes the clerk look at the queue, for the thread that watches it.
    pub fn looks(&self) -> impl Fn() + Send + 'static {
        let orders = self.orders.clone();
        move || drop(orders.send(Order::Look))
    }

    fn send(&self, order: Order) {
        // The thread only ends when nobody listens any more; then there is nobody to tell either.
        drop(self.orders.send(order));
    }
}

impl Drop for Clerk {
    /// Waits for what is being written: a decision is never cut short.
    fn drop(&mut self) {
        self.send(Order::Close);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Desk<'a> {
    place: PathBuf,
    study_name: Option<String>,
    door: Option<Door>,
    /// The study that the door leads to.
    door_study: Option<String>,
    hook: Option<Hook>,
    wishes: Wishes,
    running: HashMap<String, RunningHook>,
    /// What commands said, by the identity of the decision.
    said: HashMap<String, String>,
    study: Arc<Study>,
    last: Vec<SessionReceipt>,
    tell: &'a dyn Fn(Msg) -> bool,
}

impl<'a> Desk<'a> {
    fn new(
        place: PathBuf,
        study_name: Option<String>,
        hook: Option<Hook>,
        tell: &'a dyn Fn(Msg) -> bool,
    ) -> Self {
        Self {
            wishes: Wishes::of(default_folder().as_deref(), &place),
            place,
            study_name,
            door: None,
            door_study: None,
            hook,
            running: HashMap::new(),
            said: HashMap::new(),
            study: Arc::new(Study::empty()),
            last: Vec::new(),
            tell,
        }
    }

    fn run(&mut self, inbox: &Receiver<Order>) {
        loop {
            let order = if self.running.is_empty() {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(HOOK_POLL)
            };
            let goes_on = match order {
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => false,
                Ok(Order::Deliver(request)) => self.deliver(&request),
                Ok(Order::Withdraw(id)) => self.withdraw(&id),
                Ok(Order::Study { study, several }) => {
                    // What is shown is what is decided on, also where it was not chosen by name.
                    let name = study.name.raw();
                    if several && self.study_name.as_deref() != Some(name) {
                        self.study_name = Some(name.to_owned());
                        self.door = None;
                    }
                    // Only the newest matters; what is queued behind it will be taken in turn.
                    self.study = study;
                    self.open() && self.refresh()
                }
                Ok(Order::Choose(study)) => {
                    // The door opens again with the first rows of the new study.
                    self.study_name = Some(study);
                    self.study = Arc::new(Study::empty());
                    self.door = None;
                    self.last.clear();
                    true
                }
                Ok(Order::Look) => self.refresh(),
                Err(RecvTimeoutError::Timeout) => self.ask_hooks(),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// The door is chosen by the content of the source, so it can only be opened once there is some.
    /// Looked at again with every change: an empty file may turn out to be an Optuna journal.
    fn open(&mut self) -> bool {
        if self.place.as_os_str() == "-" {
            let why = "standard input has no queue; give the file itself".to_owned();
            return (self.tell)(Msg::Door(Err(why)));
        }
        // Of several studies, the one that is shown.
        let shown = Some(self.study.name.raw()).filter(|name| !name.is_empty());
        let study = self.study_name.as_deref().or(shown).map(str::to_owned);
        let is_known = study == self.door_study;
        if is_known && self.door.as_ref().is_some_and(Door::is_own) {
            return true;
        }
        let door = Door::for_source(&self.place, study.as_deref());
        let same = |known: &Door| std::mem::discriminant(known) == std::mem::discriminant(&door);
        let is_same = self.door.as_ref().is_some_and(same);
        if is_same && (is_known || !door.is_own()) {
            return true;
        }
        self.door_study = study;
        let mut words = door.words();
        if let Some(hook) = &self.hook {
            words = format!("{words}; then starts {}", hook.describe());
        }
        self.door = Some(door);
        (self.tell)(Msg::Door(Ok(words))) && self.recover()
    }

    /// Sees to the commands that a tunescope which was killed could not start any more.
    fn recover(&mut self) -> bool {
        let (Some(door), Some(_)) = (&mut self.door, &self.hook) else {
            return true;
        };
        let (running, tell) = (&mut self.running, self.tell);
        let mut is_heard = true;
        self.wishes.recover(door, &mut |recovered| {
            let text = match recovered {
                Recovered::Started {
                    decision,
                    running: hook,
                    said,
                } => {
                    running.insert(decision.id, hook);
                    said
                }
                Recovered::Unsure(said) => said,
            };
            is_heard &= tell(Msg::Say { text, is_error: true });
        });
        is_heard
    }

    fn deliver(&mut self, request: &DeliverRequest) -> bool {
        self.open();
        let decision = Decision::from_request(request, &self.study.space, Timestamp::now(), random_bytes());
        let refused = |reason: String| SessionReceipt {
            id: decision.id.clone(),
            configuration: request.configuration.clone(),
            created: 0.0,
            edited: request.edited.clone(),
            predicted: request.predicted,
            state: ReceiptState::Refused { reason },
            place: String::new(),
            hook: None,
        };
        let Some(door) = &mut self.door else { return true };
        let (receipt, started) = match self.wishes.deliver(door, &decision, self.hook.as_ref()) {
            Ok(delivered) => delivered,
            Err(error) => {
                return (self.tell)(Msg::Delivered(refused(
                    without_code(&error.to_string()).into_owned(),
                )));
            }
        };
        match started {
            Some(Ok(running)) => {
                self.running.insert(decision.id.clone(), running);
            }
            Some(Err(error)) => {
                self.said.insert(decision.id.clone(), error.to_string());
            }
            None => {}
        }
        // The session finds the receipt by the configuration it asked for.
        let told = SessionReceipt {
            configuration: request.configuration.clone(),
            ..self.shown(&receipt)
        };
        (self.tell)(Msg::Delivered(told)) && self.refresh()
    }

    fn shown(&self, receipt: &Receipt) -> SessionReceipt {
        let id = &receipt.decision.id;
        let hook = if self.running.contains_key(id) {
            Some("running".to_owned())
        } else {
            self.said.get(id).cloned()
        };
        receipt.for_session(&self.study.space, hook)
    }

    fn withdraw(&mut self, id: &str) -> bool {
        let Some(door) = &mut self.door else { return true };
        let listing = match door.receipts() {
            Ok(listing) => listing,
            Err(error) => {
                return (self.tell)(Msg::Say {
                    text: without_code(&error.to_string()).into_owned(),
                    is_error: true,
                });
            }
        };
        let Some(receipt) = listing.receipts.into_iter().find(|r| r.decision.id == *id) else {
            let text = "that configuration is in the queue no more".to_owned();
            return (self.tell)(Msg::Say { text, is_error: true }) && self.refresh();
        };
        match door.withdraw(&receipt, Timestamp::now()) {
            Ok(receipt) => {
                let told = self.shown(&receipt);
                (self.tell)(Msg::Delivered(told)) && self.refresh()
            }
            Err(error) => {
                (self.tell)(Msg::Say {
                    text: without_code(&error.to_string()).into_owned(),
                    is_error: true,
                }) && self.refresh()
            }
        }
    }

    fn ask_hooks(&mut self) -> bool {
        let ended: Vec<(String, String)> = self
            .running
            .iter()
            .filter_map(|(id, hook)| hook.poll().map(|o| (id.clone(), o.sentence())))
            .collect();
        for (id, sentence) in &ended {
            self.running.remove(id);
            self.said.insert(id.clone(), sentence.clone());
        }
        ended.is_empty() || self.refresh()
    }

    /// Reads the queue and says what is new.
    fn refresh(&mut self) -> bool {
        let Some(door) = &mut self.door else { return true };
        if let Err(error) = door.settle(&self.study)
            && !(self.tell)(Msg::Say {
                text: without_code(&error.to_string()).into_owned(),
                is_error: true,
            })
        {
            return false;
        }
        let Ok(mut listing) = door.receipts() else {
            return true;
        };
        follow(&mut listing.receipts, &self.study);
        let mut receipts: Vec<SessionReceipt> = listing.receipts.iter().map(|r| self.shown(r)).collect();
        receipts.reverse();
        if receipts == self.last {
            return true;
        }
        self.last.clone_from(&receipts);
        (self.tell)(Msg::Receipts(receipts))
    }
}
