//! Optuna's journal file: a decision becomes a waiting trial with fixed parameters.
//!
//! Running workers take waiting trials, oldest first, as their next ones. The line is the one that
//! `study.enqueue_trial` writes, appended under Optuna's own lock; everything that can be checked is
//! checked before, because Optuna checks nothing (see `distribution.rs`).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use crate::study::label::scrub;
use crate::study::{TrialId, TrialState};

use super::super::optuna::distribution::Distribution;
use super::super::optuna::journal::rules::{StudySlot, TimeDialect, code};
use super::decision::random_uuid;
use super::error::{printable, resolved, shown};
use super::told::{Told, ToldParam};
use super::waiting::{self, Domains};
use super::{Decision, DeliveryError, Plan, Receipt, Status, Written};

mod lock;
mod replay;

pub use lock::{JournalLock, LockPolicy};
use replay::{OurTrial, Replay};

impl Domains for StudySlot {
    fn distribution(&self, name: &str) -> Option<&Distribution> {
        self.last(name).map(AsRef::as_ref)
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.params().collect();
        names.sort_unstable();
        names
    }
}

/// The door into one study of an Optuna journal.
#[derive(Debug)]
pub struct OptunaJournal {
    path: PathBuf,
    study: Option<String>,
    worker_id: String,
    policy: LockPolicy,
    replay: Replay,
}

impl OptunaJournal {
    /// The door of a journal; `study` chooses where it holds several. Nothing is read or written yet.
    #[must_use]
    pub fn new(path: &Path, study: Option<&str>) -> Self {
        Self {
            path: path.to_owned(),
            study: study.map(str::to_owned),
            worker_id: format!("tunescope-{}", random_uuid()),
            policy: LockPolicy::default(),
            replay: Replay::default(),
        }
    }

    /// The same door with another patience for the lock.
    #[must_use]
    pub fn with_policy(mut self, policy: LockPolicy) -> Self {
        self.policy = policy;
        self
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What [`Self::deliver`] would append. Checks everything that delivery checks and takes no lock.
    ///
    /// # Errors
    /// Why it would not be delivered.
    pub fn describe(&mut self, decision: &Decision) -> Result<Plan, DeliveryError> {
        self.read()?;
        let (study, slot) = self.study()?;
        let line = self.waiting_trial(study, slot, decision)?;
        Ok(Plan {
            action: format!(
                "append one waiting trial to the Optuna study {} in {}",
                scrub(&slot.name),
                shown(&self.path)
            ),
            place: shown(&resolved(&self.path)),
            params: printable(&line["system_attrs"]["fixed_params"].to_string()),
            content: printable(&line.to_string()),
            ahead: slot.waiting,
        })
    }

    /// Appends a waiting trial under the lock: replay to the end, check, append, sync, read back. A
    /// decision that is in the journal already is not written again.
    ///
    /// # Errors
    /// Nothing was written, or what was written in part has been taken back.
    pub fn deliver(&mut self, decision: &Decision) -> Result<Receipt, DeliveryError> {
        // All that can take long happens before the lock is held.
        self.read()?;
        let (study, slot) = self.study()?;
        self.waiting_trial(study, slot, decision)?;
        let mut journal = self.lock()?;
        let (study, slot) = self.study()?;
        if self.replay.our_trial(study, &decision.id).is_none() {
            let line = self.waiting_trial(study, slot, decision)?;
            self.append(&mut journal, &line)?;
        }
        drop(journal);
        self.find(&decision.id).map(|ours| self.receipt(ours))
    }

    /// Ends a trial that is still waiting, so that workers skip it.
    ///
    /// # Errors
    /// A worker was faster; or the decision is not in the journal.
    pub fn withdraw(&mut self, receipt: &Receipt, now: Timestamp) -> Result<Receipt, DeliveryError> {
        let id = &receipt.decision.id;
        self.read()?;
        self.still_waiting(id)?;
        let mut journal = self.lock()?;
        let trial = self.still_waiting(id)?;
        let line = json!({
            "op_code": 6,
            "worker_id": self.worker_id,
            "trial_id": trial,
            "state": code(TrialState::Failed),
            "values": null,
            "datetime_complete": time_text(now, self.replay.rules.dialect),
        });
        self.append(&mut journal, &line)?;
        drop(journal);
        self.find(id).map(|ours| self.receipt(ours))
    }

    /// Appends a finished trial under the lock, as [`Self::deliver`] appends a waiting one.
    ///
    /// # Errors
    /// As [`Self::deliver`].
    pub fn tell(&mut self, told: &Told) -> Result<Written, DeliveryError> {
        self.read()?;
        let (study, slot) = self.study()?;
        self.finished_trial(study, slot, told)?;
        let mut journal = self.lock()?;
        let (study, slot) = self.study()?;
        let number = slot.trials as u64;
        let line = self.finished_trial(study, slot, told)?;
        self.append(&mut journal, &line)?;
        drop(journal);
        let (_, slot) = self.study()?;
        Ok(Written {
            study: scrub(&slot.name),
            number,
            storage: shown(&self.path),
        })
    }

    /// The line of a finished trial, in the shape of Optuna's own.
    fn finished_trial(&self, study: usize, slot: &StudySlot, told: &Told) -> Result<Json, DeliveryError> {
        let params = told.params(slot)?;
        let text = |p: &ToldParam| (p.name.clone(), Json::from(p.distribution.as_str()));
        let number = |p: &ToldParam| (p.name.clone(), Json::from(p.internal));
        let when = time_text(told.when, self.replay.rules.dialect);
        let values: Vec<f64> = told.finite_values().collect();
        Ok(json!({
            "op_code": 4,
            "worker_id": self.worker_id,
            "study_id": study,
            "datetime_start": when,
            "datetime_complete": when,
            "state": code(if told.is_failed() { TrialState::Failed } else { TrialState::Complete }),
            "value": if let [value] = values[..] { Some(value) } else { None },
            "values": (values.len() > 1).then_some(values),
            "distributions": params.iter().map(text).collect::<Map<_, _>>(),
            "params": params.iter().map(number).collect::<Map<_, _>>(),
            "user_attrs": {waiting::KEY: told.attribute()},
            "system_attrs": {},
            "intermediate_values": {},
        }))
    }

    /// Every decision that tunescope put into this study, in the order of the journal.
    ///
    /// # Errors
    /// The journal cannot be read, or which study is meant is not clear.
    pub fn receipts(&mut self) -> Result<Vec<Receipt>, DeliveryError> {
        self.read()?;
        let (study, _) = self.chosen_study()?;
        let ours = self.replay.ours.iter().filter(|t| t.study == study);
        Ok(ours.map(|t| self.receipt(t)).collect())
    }

    fn read(&mut self) -> Result<(), DeliveryError> {
        let file = File::open(&self.path).map_err(DeliveryError::io("read", &self.path))?;
        self.replay
            .catch_up(&file)
            .map_err(DeliveryError::io("read", &self.path))
    }

    /// The study that is meant, in a journal whose workers would accept a waiting trial.
    fn study(&self) -> Result<(usize, &StudySlot), DeliveryError> {
        let place = || shown(&self.path);
        if let Some(line) = self.replay.damaged {
            return Err(DeliveryError::DamagedJournal { place: place(), line });
        }
        if self.replay.rules.has_rustuna {
            return Err(DeliveryError::Rustuna { place: place() });
        }
        self.chosen_study()
    }

    fn chosen_study(&self) -> Result<(usize, &StudySlot), DeliveryError> {
        let place = || shown(&self.path);
        let alive: Vec<(usize, &StudySlot)> = self.replay.rules.living().collect();
        let known = || {
            let names: Vec<String> = alive.iter().map(|(_, s)| scrub(&s.name)).collect();
            names.join(", ")
        };
        match (&self.study, alive.as_slice()) {
            (_, []) => Err(DeliveryError::NoStudy { place: place() }),
            (None, [only]) => Ok(*only),
            (None, _) => Err(DeliveryError::WhichStudy {
                place: place(),
                known: known(),
            }),
            (Some(name), _) => alive
                .iter()
                .find(|(_, s)| s.name == *name)
                .copied()
                .ok_or_else(|| DeliveryError::NoSuchStudy {
                    name: scrub(name),
                    place: place(),
                    known: known(),
                }),
        }
    }

    /// The line of a waiting trial, in the shape of Optuna's own.
    fn waiting_trial(
        &self,
        study: usize,
        slot: &StudySlot,
        decision: &Decision,
    ) -> Result<Json, DeliveryError> {
        Ok(json!({
            "op_code": 4,
            "worker_id": self.worker_id,
            "study_id": study,
            "datetime_start": null,
            "state": code(TrialState::Waiting),
            "value": null,
            "values": null,
            "distributions": {},
            "params": {},
            "user_attrs": {waiting::KEY: waiting::user_attribute(decision)},
            "system_attrs": {"fixed_params": waiting::fixed_params(slot, decision)?},
            "intermediate_values": {},
        }))
    }

    fn lock(&mut self) -> Result<Locked, DeliveryError> {
        let lock = JournalLock::acquire(&self.path, self.policy)?;
        // Opened after the lock was taken: a network file system then shows what others wrote.
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&self.path)
            .map_err(DeliveryError::io("write to", &self.path))?;
        self.replay
            .catch_up(&file)
            .map_err(DeliveryError::io("read", &self.path))?;
        Ok(Locked { lock, file })
    }

    /// Appends one line at the end that the replay has reached. Half a line, left by a full disk, is taken
    /// back while the lock is still ours.
    fn append(&mut self, journal: &mut Locked, line: &Json) -> Result<(), DeliveryError> {
        // A torn end is a writer that died. Neither appending to it nor ending it first helps: both leave
        // a line that Optuna refuses as soon as another one follows.
        if self.replay.torn > 0 {
            return Err(DeliveryError::TornJournal {
                place: shown(&self.path),
                bytes: self.replay.torn,
            });
        }
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        let end = self.replay.offset;
        journal.lock.check()?;
        let written = journal
            .file
            .write_all(&bytes)
            .and_then(|()| journal.file.sync_all())
            .map_err(DeliveryError::io("append to", &self.path))
            .and_then(|()| self.read_back(&journal.file, end, &bytes));
        if written.is_err() && journal.lock.check().is_ok() {
            take_back(&journal.file, end, &bytes);
        }
        written?;
        self.replay
            .catch_up(&journal.file)
            .map_err(DeliveryError::io("read back", &self.path))
    }

    fn read_back(&self, file: &File, at: u64, bytes: &[u8]) -> Result<(), DeliveryError> {
        let mut back = vec![0; bytes.len()];
        file.read_exact_at(&mut back, at)
            .map_err(DeliveryError::io("read back", &self.path))?;
        if back == bytes {
            return Ok(());
        }
        Err(DeliveryError::ReadBackDiffers {
            place: shown(&self.path),
        })
    }

    fn find(&self, id: &str) -> Result<&OurTrial, DeliveryError> {
        let (study, _) = self.chosen_study()?;
        self.replay
            .our_trial(study, id)
            .ok_or_else(|| DeliveryError::Unknown {
                id: id.to_owned(),
                place: shown(&self.path),
            })
    }

    /// The journal-wide identity of our trial, if nobody has taken it.
    fn still_waiting(&self, id: &str) -> Result<usize, DeliveryError> {
        let ours = self.find(id)?;
        if ours.withdrawn {
            return Err(DeliveryError::AlreadyWithdrawn { id: id.to_owned() });
        }
        if ours.state == TrialState::Waiting {
            return Ok(ours.trial);
        }
        Err(DeliveryError::TrialStarted {
            trial: ours.number,
            state: ours.state.word(),
        })
    }

    fn study_name(&self, ours: &OurTrial) -> &str {
        self.replay.rules.studies.get(ours.study).map_or("", |s| &s.name)
    }

    fn receipt(&self, ours: &OurTrial) -> Receipt {
        let trial = TrialId::Number(ours.number);
        let status = match ours.state {
            TrialState::Waiting => Status::Queued,
            TrialState::Running => Status::Running { trial },
            TrialState::Complete | TrialState::Pruned => Status::Finished {
                trial: Some(trial),
                value: ours.value,
            },
            TrialState::Failed if ours.withdrawn => Status::Withdrawn,
            TrialState::Failed => Status::Failed { trial: Some(trial) },
        };
        Receipt {
            decision: ours.decision.clone(),
            status,
            place: format!(
                "waiting trial {} of study {} in {}",
                ours.number,
                scrub(self.study_name(ours)),
                shown(&self.path)
            ),
            file: None,
            trial: Some(Written {
                study: scrub(self.study_name(ours)),
                number: ours.number,
                storage: shown(&self.path),
            }),
        }
    }
}

/// The journal while we hold its lock. Fields drop in order: the lock is released after nothing else.
#[derive(Debug)]
struct Locked {
    file: File,
    lock: JournalLock,
}

/// Cuts off what was written in part. Only a piece of our own line without its end: a whole line may have
/// been read by a worker already, and whatever else is there is somebody else's.
fn take_back(file: &File, end: u64, bytes: &[u8]) {
    let Ok(length) = file.metadata().map(|m| m.len()) else {
        return;
    };
    let Some(tail) = length
        .checked_sub(end)
        .filter(|t| (1..bytes.len() as u64).contains(t))
    else {
        return;
    };
    let mut back = vec![0; usize::try_from(tail).unwrap_or(0)];
    if file.read_exact_at(&mut back, end).is_ok() && bytes.starts_with(&back) {
        let _ = file.set_len(end).and_then(|()| file.sync_all());
    }
}

/// A time as the journal's own writers spell it; never with a `Z`, which Python before 3.11 refuses.
fn time_text(now: Timestamp, dialect: TimeDialect) -> String {
    let (zone, offset) = match dialect {
        TimeDialect::UtcOffset => (TimeZone::UTC, "+00:00"),
        TimeDialect::NaiveLocal => (TimeZone::system(), ""),
    };
    let local = now.to_zoned(zone);
    format!("{}{offset}", local.strftime("%Y-%m-%dT%H:%M:%S.%6f"))
}
