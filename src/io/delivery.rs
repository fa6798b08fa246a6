//! Decisions on their way to the workers.
//!
//! A [`Door`] is the way into one source's queue: a waiting trial in Optuna's journal or database, or a file in
//! the queue folder beside a source that has no queue. Everything is written under the owner's own protocol,
//! synced, and checked by reading it back; nothing is written before a person decides. A [`Receipt`] says
//! what became of each decision and is recovered from the door alone after a restart.

mod bridge;
pub mod claim;
pub mod decision;
mod distribution;
pub mod error;
pub mod hook;
pub mod optuna_journal;
pub mod optuna_rdb;
pub mod queue;
pub mod receipt;
pub mod told;
mod waiting;

pub use claim::{Claim, Claims};
pub use decision::{AcquisitionReading, Decision, Origin, Predicted, random_bytes};
pub use error::DeliveryError;
pub use hook::{Hook, HookError, HookOutcome, Recovered, RunningHook, Wishes};
pub use optuna_journal::{JournalLock, LockPolicy, OptunaJournal};
pub use optuna_rdb::OptunaRdb;
pub use queue::{Listing, QueueFolder};
pub use receipt::{Receipt, Status, Written, follow};
pub use told::Told;

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;

use super::database::DatabaseError;
use crate::study::Study;

/// What will be written, and where: the confirm line. All texts are scrubbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// A clause that follows "tunescope will".
    pub action: String,
    /// The file.
    pub place: String,
    /// The values as they are written, as one JSON object.
    pub params: String,
    /// The text that is written, in full.
    pub content: String,
    /// How many configurations wait before this one.
    pub ahead: usize,
}

/// The way into the queue of one source.
#[derive(Debug)]
pub enum Door {
    /// The folder beside a source without a queue of its own.
    Queue(QueueFolder),
    /// Waiting trials in an Optuna journal.
    Optuna(Box<OptunaJournal>),
    /// Waiting trials in Optuna's database.
    Database(Box<OptunaRdb>),
    /// A URL that is not understood: every use of it says so.
    Shut(DatabaseError),
}

impl Door {
    /// The door of a source, by its content: an Optuna journal begins with a record that has an `op_code`, and
    /// Optuna's database has its tables. Nothing is written. `study` chooses where a source holds several.
    #[must_use]
    pub fn for_source(source: &Path, study: Option<&str>) -> Self {
        if optuna_rdb::is_optuna(source) {
            Self::database(source, study)
        } else if is_optuna_journal(source) {
            Self::optuna(source, study)
        } else {
            Self::queue(source)
        }
    }

    /// The queue folder beside a source, whatever it is.
    #[must_use]
    pub fn queue(source: &Path) -> Self {
        Self::Queue(QueueFolder::beside(source))
    }

    #[must_use]
    pub fn optuna(journal: &Path, study: Option<&str>) -> Self {
        Self::Optuna(Box::new(OptunaJournal::new(journal, study)))
    }

    #[must_use]
    pub fn database(source: &Path, study: Option<&str>) -> Self {
        match OptunaRdb::new(source, study) {
            Ok(door) => Self::Database(Box::new(door)),
            Err(error) => Self::Shut(error),
        }
    }

    /// Whether the source's own workers take from here, so that no other door can turn out to be the right one.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Optuna(_) | Self::Database(_))
    }

    /// How configurations reach the workers, in words, for the status of the source.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Queue(queue) => format!("the queue folder {}", error::shown(near(queue.root()))),
            Self::Optuna(journal) => format!("waiting trials in {}", error::shown(journal.path())),
            Self::Database(database) => format!("waiting trials in {}", database.place()),
            Self::Shut(error) => error.to_string(),
        }
    }

    /// What [`Self::deliver`] would write, and where. Checks what can be checked without writing.
    ///
    /// # Errors
    /// Why it would not be delivered.
    pub fn describe(&mut self, decision: &Decision) -> Result<Plan, DeliveryError> {
        match self {
            Self::Queue(queue) => queue.describe(decision),
            Self::Optuna(journal) => journal.describe(decision),
            Self::Database(database) => database.describe(decision),
            Self::Shut(error) => Err(error.clone().into()),
        }
    }

    /// Writes the decision where the workers take their next configuration from. May wait for a lock (up to
    /// [`LockPolicy::deadline`]): not for the thread that draws. The same decision is never written twice.
    ///
    /// # Errors
    /// It was not delivered; the sentence says why and what to do.
    pub fn deliver(&mut self, decision: &Decision) -> Result<Receipt, DeliveryError> {
        match self {
            Self::Queue(queue) => queue.deliver(decision),
            Self::Optuna(journal) => journal.deliver(decision),
            Self::Database(database) => database.deliver(decision),
            Self::Shut(error) => Err(error.clone().into()),
        }
    }

    /// Records a finished trial in Optuna's storage.
    ///
    /// # Errors
    /// It was not recorded; the sentence says why and what to do. A queue folder holds no results.
    pub fn tell(&mut self, told: &Told) -> Result<Written, DeliveryError> {
        match self {
            Self::Queue(queue) => Err(DeliveryError::NoStudy {
                place: error::shown(queue.root()),
            }),
            Self::Optuna(journal) => journal.tell(told),
            Self::Database(database) => database.tell(told),
            Self::Shut(error) => Err(error.clone().into()),
        }
    }

    /// Takes a decision back that no worker has taken yet.
    ///
    /// # Errors
    /// A worker was faster: who.
    pub fn withdraw(&mut self, receipt: &Receipt, now: Timestamp) -> Result<Receipt, DeliveryError> {
        match self {
            Self::Queue(queue) => queue.withdraw(receipt),
            Self::Optuna(journal) => journal.withdraw(receipt, now),
            Self::Database(database) => database.withdraw(receipt, now),
            Self::Shut(error) => Err(error.clone().into()),
        }
    }

    /// Every decision that went through this door, oldest first, from what is on disk alone. Call
    /// [`follow`] on the receipts to bring in what the source says of their trials.
    ///
    /// # Errors
    /// The journal cannot be read. A queue folder that does not exist is an empty listing.
    pub fn receipts(&mut self) -> Result<Listing, DeliveryError> {
        match self {
            Self::Queue(queue) => Ok(queue.list()),
            Self::Optuna(journal) => Ok(Listing {
                receipts: journal.receipts()?,
                diagnostics: Vec::new(),
            }),
            Self::Database(database) => Ok(Listing {
                receipts: database.receipts()?,
                diagnostics: Vec::new(),
            }),
            Self::Shut(error) => Err(error.clone().into()),
        }
    }

    /// Moves decisions whose result is in the study to `done/`, where the door is a folder. Returns how
    /// many were moved. Writes nothing where there is nothing to move.
    ///
    /// # Errors
    /// A rename that the file system refuses.
    pub fn settle(&self, study: &Study) -> Result<usize, DeliveryError> {
        match self {
            Self::Queue(queue) => queue.settle(&finished_ids(study)),
            Self::Optuna(_) | Self::Database(_) | Self::Shut(_) => Ok(0),
        }
    }
}

/// Identities of the decisions whose trials are over.
#[must_use]
pub fn finished_ids(study: &Study) -> HashSet<String> {
    study
        .trials
        .iter()
        .filter(|t| t.state.is_finished())
        .filter_map(|t| t.queue_id.as_ref().map(|id| id.raw().to_owned()))
        .collect()
}

fn is_optuna_journal(source: &Path) -> bool {
    // A fifo or device is not opened: it would wait, or lose what is read.
    if !std::fs::metadata(source).is_ok_and(|m| m.is_file()) {
        return false;
    }
    let Ok(file) = File::open(source) else {
        return false;
    };
    let mut head = Vec::new();
    if file.take(4096).read_to_end(&mut head).is_err() {
        return false;
    }
    let head = String::from_utf8_lossy(&head);
    let head = head.trim_start();
    head.starts_with('{') && head.lines().next().is_some_and(|l| l.contains("\"op_code\""))
}

/// The path as somebody standing in the current folder would write it.
fn near(path: &Path) -> &Path {
    (std::env::current_dir().ok())
        .and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path)
}
