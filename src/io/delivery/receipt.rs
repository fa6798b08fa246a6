//! What became of a delivered configuration.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::study::{Study, Trial, TrialId, TrialState};

use super::Decision;

/// The stations of a delivered configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Written; nobody has taken it yet.
    Queued,
    /// A worker took it: `host (pid)` in words, scrubbed.
    Claimed {
        by: String,
    },
    Running {
        trial: TrialId,
    },
    /// Over, with this value in the user's units; `None` where the source has not told it (yet).
    Finished {
        trial: Option<TrialId>,
        value: Option<f64>,
    },
    /// The trial ended without a value.
    Failed {
        trial: Option<TrialId>,
    },
    Withdrawn,
}

impl Status {
    /// Whether it can still be withdrawn.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Queued)
    }

    /// How far along it is; a receipt never goes back.
    fn rank(&self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Claimed { .. } => 1,
            Self::Running { .. } => 2,
            Self::Withdrawn => 3,
            Self::Failed { trial: None } | Self::Finished { trial: None, .. } => 4,
            Self::Failed { .. } | Self::Finished { .. } => 5,
        }
    }
}

/// One delivered configuration: what was decided, where it was written, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub decision: Decision,
    pub status: Status,
    /// Where it is, in words, scrubbed.
    pub place: String,
    /// The file of the queue folder, where it is in one.
    pub file: Option<PathBuf>,
    /// The waiting trial, where it is one.
    pub trial: Option<Written>,
}

/// A waiting trial that was written. All texts are scrubbed, and hold no password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    pub study: String,
    /// As Optuna numbers it.
    pub number: u64,
    /// The journal, the database file, or the URL of the server.
    pub storage: String,
}

/// Brings receipts up to date with what the source says: a trial whose `queue_id` is the identity of a
/// decision is the run of that decision.
pub fn follow(receipts: &mut [Receipt], study: &Study) {
    let runs: HashMap<&str, &Trial> = study
        .trials
        .iter()
        .filter_map(|t| Some((t.queue_id.as_ref()?.raw(), t.as_ref())))
        .collect();
    for receipt in receipts {
        if let Some(status) = runs.get(receipt.decision.id.as_str()).and_then(|t| status_of(t))
            && status.rank() >= receipt.status.rank()
        {
            receipt.status = status;
        }
    }
}

fn status_of(trial: &Trial) -> Option<Status> {
    let id = trial.id.clone();
    Some(match trial.state {
        TrialState::Waiting => return None,
        TrialState::Running => Status::Running { trial: id },
        TrialState::Complete | TrialState::Pruned => Status::Finished {
            trial: Some(id),
            value: trial.values.first().copied().filter(|v| v.is_finite()),
        },
        TrialState::Failed => Status::Failed { trial: Some(id) },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Origin;
    use super::*;
    use crate::study::Label;

    #[test]
    fn a_receipt_follows_its_trial_and_never_goes_back() {
        let now = "2026-11-23T20:00:00Z".parse().unwrap();
        let decision = Decision::new(now, [1; 10], Vec::new(), Origin::Suggested);
        let mut trial = Trial::new(TrialId::Number(7));
        trial.queue_id = Some(Label::new(&decision.id));
        let mut receipts = [Receipt {
            decision,
            status: Status::Claimed {
                by: "host (1)".into(),
            },
            place: String::new(),
            file: None,
            trial: None,
        }];
        let mut study = Study::empty();
        study.trials = vec![Arc::new(trial.clone())];
        follow(&mut receipts, &study);
        let trial_id = TrialId::Number(7);
        assert_eq!(
            receipts[0].status,
            Status::Running {
                trial: trial_id.clone()
            }
        );
        trial.state = TrialState::Complete;
        trial.values = vec![0.25];
        study.trials = vec![Arc::new(trial.clone())];
        follow(&mut receipts, &study);
        let finished = Status::Finished {
            trial: Some(trial_id),
            value: Some(0.25),
        };
        assert_eq!(receipts[0].status, finished);
        trial.state = TrialState::Running;
        study.trials = vec![Arc::new(trial)];
        follow(&mut receipts, &study);
        assert_eq!(receipts[0].status, finished);
    }
}
