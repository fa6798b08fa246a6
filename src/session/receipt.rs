//! What became of an accepted configuration.

use crate::study::{Configuration, TrialId};

/// The stations of a delivered configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum ReceiptState {
    /// Being written.
    Sending,
    Queued,
    /// A worker took it (`host (pid)` in words).
    Claimed {
        by: String,
    },
    Running {
        trial: TrialId,
    },
    /// Finished with this value, in the user's units.
    Finished {
        trial: TrialId,
        value: f64,
    },
    /// The trial ended without a value.
    Failed {
        trial: TrialId,
    },
    Withdrawn,
    /// It could not be delivered: why, in a sentence.
    Refused {
        reason: String,
    },
}

/// One accepted configuration and what it was predicted to give.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// Identity of the queue entry.
    pub id: String,
    pub configuration: Configuration,
    /// Seconds since the Unix epoch.
    pub created: f64,
    /// Names of the parameters that the person changed.
    pub edited: Vec<String>,
    /// Predicted mean and sd of an observation, in the user's units.
    pub predicted: Option<(f64, f64)>,
    pub state: ReceiptState,
    /// Where it was written, in words.
    pub place: String,
    /// What the `--on-accept` command said, once it ended.
    pub hook: Option<String>,
}

impl Receipt {
    /// Whether nobody has taken it yet, so that it can be withdrawn.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.state, ReceiptState::Queued)
    }

    /// Whether it still occupies a worker or the queue.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self.state,
            ReceiptState::Sending
                | ReceiptState::Queued
                | ReceiptState::Claimed { .. }
                | ReceiptState::Running { .. }
        )
    }

    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.state {
            ReceiptState::Sending => "sending",
            ReceiptState::Queued => "queued",
            ReceiptState::Claimed { .. } => "claimed",
            ReceiptState::Running { .. } => "running",
            ReceiptState::Finished { .. } => "finished",
            ReceiptState::Failed { .. } => "failed",
            ReceiptState::Withdrawn => "withdrawn",
            ReceiptState::Refused { .. } => "refused",
        }
    }
}
