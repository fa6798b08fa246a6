//! What the records of a journal do, by the rules of Optuna's own reader (`storages/journal/_storage.py`).
//!
//! Identities are implicit: the study of the k-th accepted op 0 is k, the trial of the k-th accepted op 4 is
//! k, over all studies. What Optuna ignores is ignored here: a study of a name that exists, a trial of a
//! study that does not, anything said of a finished trial, `RUNNING` said of a running one (the first line
//! wins the race for a queued trial), and a parameter whose distribution is incompatible with that of the
//! first trial that has it. Checked against Optuna's own replay by `tests/trials.rs` and `tests/optuna_files.rs`.
//!
//! What is kept is what the rules themselves need. Who wants more makes it from the [`Event`]s: the source its
//! trials, the delivery its receipts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::study::{TrialState, Value};

use super::super::super::json::{Members, Node};
use super::super::super::time::has_offset;
use super::super::distribution::{Distribution, Distributions};
use super::super::proposal::is_rustuna_key;
use super::record::Record;

/// The state of a journal after the records so far.
#[derive(Debug, Default)]
pub struct Rules {
    /// By identity, deleted ones too.
    pub studies: Vec<StudySlot>,
    /// By identity.
    trials: Vec<TrialSlot>,
    distributions: Distributions,
    pub dialect: TimeDialect,
    /// Whether Rustuna wrote some of it; its workers do not take WAITING trials.
    pub has_rustuna: bool,
    /// Damaged records that may have made a trial, and of which none speaks so far.
    doubts: usize,
}

/// One study, as far as the rules go.
#[derive(Debug)]
pub struct StudySlot {
    pub name: String,
    pub is_deleted: bool,
    pub trials: usize,
    /// How many of its trials wait for a worker.
    pub waiting: usize,
    distributions: HashMap<Box<str>, Known>,
}

/// The distributions of one parameter.
#[derive(Debug)]
struct Known {
    /// The lowest trial number that has it, with the distribution it used: Optuna measures others by it.
    first: (usize, Arc<Distribution>),
    last: Arc<Distribution>,
}

/// One trial, as far as the rules go.
#[derive(Clone, Copy, Debug)]
pub struct TrialSlot {
    pub study: usize,
    /// Its position in the study.
    pub number: usize,
    pub state: TrialState,
}

/// How the writers of a journal spell times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeDialect {
    /// Local time without offset: Optuna up to 4.9. Every version reads it.
    #[default]
    NaiveLocal,
    /// UTC with offset: Optuna from 5.0 on.
    UtcOffset,
}

/// What an accepted record did. Studies and trials are identities over the whole journal.
#[derive(Debug)]
pub enum Event<'a> {
    StudyMade(usize),
    StudyDeleted(usize),
    /// Its user or system attribute is in the record.
    StudyAttribute(usize),
    /// With the parameters that it was made with.
    TrialMade(usize, Vec<Param<'a>>),
    ParamSet(usize, Param<'a>),
    /// With the state that it had before.
    StateSet(usize, TrialState),
    /// Its intermediate value is in the record.
    Reported(usize),
    UserAttribute(usize),
    SystemAttribute(usize),
}

/// One parameter of one trial.
#[derive(Debug)]
pub struct Param<'a> {
    pub name: Cow<'a, str>,
    pub value: Value,
    pub distribution: Arc<Distribution>,
}

/// Why a record did nothing, where that is worth a word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    #[error("op_code {0} is not known; the record was skipped.")]
    Operation(i64),
    #[error("a trial of study {0}, which does not exist, was skipped, as Optuna does.")]
    NoStudy(i64),
    #[error("trial {0} does not exist; the record was skipped, as Optuna does.")]
    NoTrial(i64),
    #[error("state {0} is not known; the record was skipped.")]
    State(i64),
    #[error("parameter {0}: its distribution or value is not understood; it was skipped.")]
    Param(String),
    #[error(
        "parameter {0}: its distribution does not go with that of earlier trials; it was skipped, as Optuna does."
    )]
    Incompatible(String),
}

impl StudySlot {
    /// The distribution that a parameter had last.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&Arc<Distribution>> {
        self.distributions.get(name).map(|known| &known.last)
    }

    /// The parameters that its trials had.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.distributions.keys().map(AsRef::as_ref)
    }

    fn note(&mut self, name: &str, number: usize, distribution: &Arc<Distribution>) {
        let new = || (number, Arc::clone(distribution));
        match self.distributions.get_mut(name) {
            Some(known) => {
                if number <= known.first.0 {
                    known.first = new();
                }
                known.last = Arc::clone(distribution);
            }
            None => {
                let known = Known {
                    first: new(),
                    last: Arc::clone(distribution),
                };
                self.distributions.insert(name.into(), known);
            }
        }
    }
}

/// The state of Optuna's number for it.
fn state(code: i64) -> Option<TrialState> {
    Some(match code {
        0 => TrialState::Running,
        1 => TrialState::Complete,
        2 => TrialState::Pruned,
        3 => TrialState::Failed,
        4 => TrialState::Waiting,
        _ => return None,
    })
}

/// The name of a study whose record is damaged.
#[must_use]
pub fn lost_name(study: usize) -> String {
    format!("study {study} (its name is lost)")
}

/// Optuna's number of a state.
#[must_use]
pub fn code(state: TrialState) -> u8 {
    match state {
        TrialState::Running => 0,
        TrialState::Complete => 1,
        TrialState::Pruned => 2,
        TrialState::Failed => 3,
        TrialState::Waiting => 4,
    }
}

impl Rules {
    /// The study of an identity, where it has not been deleted.
    #[must_use]
    pub fn study(&self, id: Option<i64>) -> Option<usize> {
        let at = usize::try_from(id?).ok()?;
        self.studies.get(at).filter(|s| !s.is_deleted).map(|_| at)
    }

    /// The studies that have not been deleted, with their identities.
    pub fn living(&self) -> impl Iterator<Item = (usize, &StudySlot)> {
        self.studies.iter().enumerate().filter(|(_, s)| !s.is_deleted)
    }

    #[must_use]
    pub fn trial(&self, id: usize) -> Option<&TrialSlot> {
        self.trials.get(id)
    }

    /// Identities of the trials so far are below this.
    #[must_use]
    pub fn trial_count(&self) -> usize {
        self.trials.len()
    }

    /// Says which study a damaged trial is of, where there is only one.
    pub fn complete(&self, record: &mut Record<'_>) {
        if record.study_id.is_none()
            && let [(only, _)] = self.living().collect::<Vec<_>>()[..]
        {
            record.study_id = i64::try_from(only).ok();
        }
    }

    /// Notes a damaged record of which nobody can tell what it was.
    pub fn doubt(&mut self) {
        self.doubts += 1;
    }

    /// The record that damage must have hidden before this one: it speaks of a trial that nothing made, and who wrote it
    /// knew that one. To be applied first, and then asked again.
    pub fn hidden(&mut self, record: &Record<'_>) -> Option<Record<'static>> {
        let id = usize::try_from(record.trial_id?).ok()?;
        let missing = (id + 1).checked_sub(self.trials.len())?;
        if missing == 0 || missing > self.doubts || !matches!(record.op, Some(5..=9)) {
            return None;
        }
        let mut made = Record {
            op: Some(4),
            ..Record::default()
        };
        self.complete(&mut made);
        made.study_id?;
        self.doubts -= 1;
        Some(made)
    }

    /// Applies one record. `None` where Optuna ignores it without a word.
    ///
    /// # Errors
    /// It did nothing, and a person may want to know why.
    pub fn apply<'a>(&mut self, record: &Record<'a>) -> Result<Option<Event<'a>>, Skipped> {
        self.has_rustuna |= is_rustuna(record);
        if let Some(time) = record.completed.as_deref().or(record.started.as_deref()) {
            self.dialect = if has_offset(time) {
                TimeDialect::UtcOffset
            } else {
                TimeDialect::NaiveLocal
            };
        }
        match record.op {
            Some(0) => Ok(self.make_study(record)),
            Some(1) => Ok(self.study(record.study_id).map(|id| {
                if let Some(study) = self.studies.get_mut(id) {
                    study.is_deleted = true;
                }
                Event::StudyDeleted(id)
            })),
            Some(2 | 3) => Ok(self.study(record.study_id).map(Event::StudyAttribute)),
            Some(4) => self.make_trial(record).map(Some),
            Some(5..=9) => self.change_trial(record),
            Some(10) => Ok(None),
            op => Err(Skipped::Operation(op.unwrap_or(-1))),
        }
    }

    fn make_study<'a>(&mut self, record: &Record<'a>) -> Option<Event<'a>> {
        let id = self.studies.len();
        let name = match &record.study_name {
            Some(name) => name.clone().into_owned(),
            None => lost_name(id),
        };
        if self.living().any(|(_, s)| s.name == name) {
            return None;
        }
        self.studies.push(StudySlot {
            name,
            is_deleted: false,
            trials: 0,
            waiting: 0,
            distributions: HashMap::new(),
        });
        Some(Event::StudyMade(id))
    }

    fn make_trial<'a>(&mut self, record: &Record<'a>) -> Result<Event<'a>, Skipped> {
        let no_study = Skipped::NoStudy(record.study_id.unwrap_or(-1));
        let at = self.study(record.study_id).ok_or_else(|| no_study.clone())?;
        let params = self.template(record);
        let study = self.studies.get_mut(at).ok_or(no_study)?;
        let number = study.trials;
        let state = record.state.and_then(state).unwrap_or(TrialState::Running);
        study.trials += 1;
        study.waiting += usize::from(state == TrialState::Waiting);
        for param in &params {
            study.note(&param.name, number, &param.distribution);
        }
        let id = self.trials.len();
        self.trials.push(TrialSlot {
            study: at,
            number,
            state,
        });
        Ok(Event::TrialMade(id, params))
    }

    /// What a trial was made with: Optuna's `add_trial` says everything at once.
    fn template<'a>(&mut self, record: &Record<'a>) -> Vec<Param<'a>> {
        let mut distributions = HashMap::new();
        for (name, node) in Members::of(record.distributions.unwrap_or(b"{}")).flatten() {
            if let Some(distribution) = node.as_text().and_then(|text| self.distributions.get(text)) {
                distributions.insert(name, distribution);
            }
        }
        let params = Members::of(record.params.unwrap_or(b"{}")).flatten();
        params
            .filter_map(|(name, node)| {
                let distribution = Arc::clone(distributions.get(&name)?);
                let value = distribution.external(node.as_f64()?)?;
                Some(Param {
                    name,
                    value,
                    distribution,
                })
            })
            .collect()
    }

    fn change_trial<'a>(&mut self, record: &Record<'a>) -> Result<Option<Event<'a>>, Skipped> {
        let no_trial = || Skipped::NoTrial(record.trial_id.unwrap_or(-1));
        let id = record
            .trial_id
            .and_then(|id| usize::try_from(id).ok())
            .ok_or_else(no_trial)?;
        let slot = *self.trials.get(id).ok_or_else(no_trial)?;
        if slot.state.is_finished() {
            return Ok(None);
        }
        match record.op {
            Some(5) => self.set_param(id, slot, record).map(Some),
            Some(6) => self.set_state(id, slot, record),
            Some(7) => Ok(Some(Event::Reported(id))),
            Some(9) => Ok(Some(Event::SystemAttribute(id))),
            _ => Ok(Some(Event::UserAttribute(id))),
        }
    }

    fn set_param<'a>(
        &mut self,
        id: usize,
        slot: TrialSlot,
        record: &Record<'a>,
    ) -> Result<Event<'a>, Skipped> {
        let name = record.param_name.clone().unwrap_or_default();
        let text = record.distribution.as_deref();
        let known = text.and_then(|text| self.distributions.get(text)).and_then(|d| {
            let value = d.external(record.param_value?)?;
            Some((d, value))
        });
        let Some((distribution, value)) = known else {
            return Err(Skipped::Param(name.into_owned()));
        };
        if let Some(study) = self.studies.get_mut(slot.study) {
            let first = study.distributions.get(name.as_ref()).map(|known| &known.first.1);
            if first.is_some_and(|first| !distribution.is_compatible_with(first)) {
                return Err(Skipped::Incompatible(name.into_owned()));
            }
            study.note(&name, slot.number, &distribution);
        }
        let param = Param {
            name,
            value,
            distribution,
        };
        Ok(Event::ParamSet(id, param))
    }

    fn set_state<'a>(
        &mut self,
        id: usize,
        slot: TrialSlot,
        record: &Record<'a>,
    ) -> Result<Option<Event<'a>>, Skipped> {
        let new = record
            .state
            .and_then(state)
            .ok_or(Skipped::State(record.state.unwrap_or(-1)))?;
        if new == TrialState::Running && slot.state == TrialState::Running {
            return Ok(None);
        }
        if let Some(slot) = self.trials.get_mut(id) {
            slot.state = new;
        }
        if let Some(study) = self.studies.get_mut(slot.study) {
            study.waiting = (study.waiting + usize::from(new == TrialState::Waiting))
                .saturating_sub(usize::from(slot.state == TrialState::Waiting));
        }
        Ok(Some(Event::StateSet(id, slot.state)))
    }
}

/// Rustuna shares the format but not the queue. It shows by its worker names, its attributes, and an
/// operation that Optuna does not write.
fn is_rustuna(record: &Record<'_>) -> bool {
    let has_keys = |bytes: Option<&[u8]>| {
        bytes.is_some_and(|b| {
            Members::of(b)
                .flatten()
                .any(|(key, _): (Cow<'_, str>, Node<'_>)| is_rustuna_key(&key))
        })
    };
    record.op == Some(10)
        || (record.worker.as_ref()).is_some_and(|w| w.contains("ThreadId(") && w.ends_with(')'))
        || (matches!(record.op, Some(3 | 9)) && has_keys(record.attribute))
        || has_keys(record.system_attributes)
}

#[cfg(test)]
mod tests {
    use super::super::line::{Piece, take_apart};
    use super::*;

    fn apply(rules: &mut Rules, line: &str) -> Result<String, String> {
        let mut said = Err("no record".to_owned());
        take_apart(line.as_bytes(), |piece| {
            if let Piece::Record(record, _) = piece {
                said = match rules.apply(&record) {
                    Ok(event) => Ok(format!("{event:?}")
                        .split('(')
                        .take(2)
                        .collect::<Vec<_>>()
                        .join("(")),
                    Err(skipped) => Err(skipped.to_string()),
                };
            }
        });
        said
    }

    #[test]
    fn identities_are_counted_over_all_studies_and_a_deleted_study_frees_none() {
        let mut rules = Rules::default();
        let study =
            |name: &str| format!(r#"{{"op_code":0,"worker_id":"w","study_name":"{name}","directions":[1]}}"#);
        let trial = |study: u8| {
            format!(r#"{{"op_code":4,"worker_id":"w","study_id":{study},"datetime_start":null}}"#)
        };
        for (line, event) in [
            (study("a"), "Some(StudyMade"),
            (study("a"), "None"),
            (study("b"), "Some(StudyMade"),
            (trial(0), "Some(TrialMade"),
            (trial(1), "Some(TrialMade"),
            (
                r#"{"op_code":1,"worker_id":"w","study_id":0}"#.to_owned(),
                "Some(StudyDeleted",
            ),
            (study("a"), "Some(StudyMade"),
            (trial(2), "Some(TrialMade"),
        ] {
            assert_eq!(apply(&mut rules, &line).unwrap(), event, "{line}");
        }
        assert!(apply(&mut rules, &trial(0)).unwrap_err().contains("study 0"));
        assert_eq!(
            rules
                .living()
                .map(|(id, s)| (id, s.name.as_str()))
                .collect::<Vec<_>>(),
            [(1, "b"), (2, "a")]
        );
        let slot = rules.trial(2).unwrap();
        assert_eq!((slot.study, slot.number, rules.trial_count()), (2, 0, 3));
    }
}
