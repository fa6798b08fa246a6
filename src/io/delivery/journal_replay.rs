//! What an Optuna journal says, as far as delivery needs it: which studies and trials there are, what
//! became of our own waiting trials, and which distributions the parameters have.
//!
//! Identities in a journal are implicit: a study's is the number of accepted `CREATE_STUDY` lines before
//! it, a trial's the number of accepted `CREATE_TRIAL` lines of all studies together. The rules are those
//! of optuna `storages/journal/_storage.py`; checked against Optuna by `tests/optuna_delivery.rs`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use serde_json::Value as Json;

use super::Decision;
use super::distribution::Distribution;
use super::journal_record::Record;
use super::waiting::{self, Domains};

pub(super) const RUNNING: u8 = 0;
pub(super) const COMPLETE: u8 = 1;
pub(super) const PRUNED: u8 = 2;
pub(super) const FAIL: u8 = 3;
pub(super) const WAITING: u8 = 4;

#[derive(Debug)]
pub(super) struct StudySlot {
    pub name: String,
    pub deleted: bool,
    pub trials: u64,
    pub waiting: usize,
    distributions: HashMap<String, Known>,
}

impl Domains for StudySlot {
    fn distribution(&self, name: &str) -> Option<&Distribution> {
        self.distributions.get(name).and_then(|k| k.parsed.as_ref())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.distributions.get(name).map(|k| k.text.as_str())
    }

    fn knows(&self, name: &str) -> bool {
        self.distributions.contains_key(name)
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.distributions.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

/// The distribution that a parameter had last. `parsed` is `None` for a kind that we do not know.
#[derive(Debug)]
struct Known {
    text: String,
    parsed: Option<Distribution>,
}

#[derive(Clone, Copy, Debug)]
struct TrialSlot {
    study: usize,
    state: u8,
}

/// A trial that tunescope put into the journal.
#[derive(Clone, Debug)]
pub(super) struct OurTrial {
    pub decision: Decision,
    pub study: usize,
    /// Identity over the whole journal.
    pub trial: usize,
    /// Position inside its study, which Optuna shows as its number.
    pub number: u64,
    pub state: u8,
    pub value: Option<f64>,
    /// Failed while it was still waiting: nobody ran it.
    pub withdrawn: bool,
}

/// How the journal's writers spell times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Local time without offset: Optuna up to 4.9. Every version reads it.
    #[default]
    NaiveLocal,
    /// UTC with offset: Optuna from 5.0 on.
    UtcOffset,
}

/// The state of a journal up to `offset`. [`Self::catch_up`] reads only what was appended since.
#[derive(Debug, Default)]
pub(super) struct Replay {
    file: Option<(u64, u64)>,
    pub offset: u64,
    lines: u64,
    /// Bytes of a last line without its end.
    pub torn: u64,
    /// First line that Python's JSON parser refuses.
    pub damaged: Option<u64>,
    pub is_rustuna: bool,
    pub dialect: Dialect,
    pub studies: Vec<StudySlot>,
    trials: Vec<TrialSlot>,
    pub ours: Vec<OurTrial>,
    /// Positions in `ours`, by trial and by study and identity of the decision.
    by_trial: HashMap<usize, usize>,
    by_decision: HashMap<(usize, String), usize>,
}

impl Replay {
    /// Reads what is new. A journal that is another file now, or shorter, is read from its start.
    pub fn catch_up(&mut self, file: &File) -> io::Result<()> {
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        if self.file != Some(identity) || metadata.len() < self.offset {
            *self = Self {
                file: Some(identity),
                ..Self::default()
            };
        }
        self.torn = 0;
        if metadata.len() == self.offset {
            return Ok(());
        }
        let mut reader = BufReader::with_capacity(1 << 16, file);
        reader.seek(SeekFrom::Start(self.offset))?;
        let mut line = Vec::new();
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line)? as u64;
            if line.pop_if(|b| *b == b'\n').is_none() {
                self.torn = bytes;
                return Ok(());
            }
            self.offset += bytes;
            self.lines += 1;
            match Record::parse(&line) {
                Some(record) => self.apply(record),
                None => self.damaged = self.damaged.or(Some(self.lines)),
            }
        }
    }

    pub fn our_trial(&self, study: usize, id: &str) -> Option<&OurTrial> {
        let position = self.by_decision.get(&(study, id.to_owned()))?;
        self.ours.get(*position)
    }

    fn apply(&mut self, mut record: Record) {
        self.is_rustuna |= is_rustuna(&record);
        if let Some(time) = record
            .datetime_complete
            .as_ref()
            .or(record.datetime_start.as_ref())
        {
            self.dialect = dialect_of(time);
        }
        match record.op_code {
            Some(0) => self.create_study(record),
            Some(1) => {
                if let Some(study) = record.study_id.and_then(|id| self.studies.get_mut(id)) {
                    study.deleted = true;
                }
            }
            Some(4) => self.create_trial(&mut record),
            Some(5) => self.set_param(record),
            Some(6) => self.set_state(&record),
            _ => {}
        }
    }

    fn create_study(&mut self, record: Record) {
        let name = record.study_name.unwrap_or_default();
        if self.studies.iter().any(|s| !s.deleted && s.name == name) {
            return;
        }
        self.studies.push(StudySlot {
            name,
            deleted: false,
            trials: 0,
            waiting: 0,
            distributions: HashMap::new(),
        });
    }

    fn create_trial(&mut self, record: &mut Record) {
        let Some((index, study)) = record
            .study_id
            .and_then(|id| Some((id, self.studies.get_mut(id)?)))
            .filter(|(_, s)| !s.deleted)
        else {
            return;
        };
        let state = record.state.unwrap_or(RUNNING);
        let (trial, number) = (self.trials.len(), study.trials);
        study.trials += 1;
        study.waiting += usize::from(state == WAITING);
        for (name, text) in record.distributions.take().unwrap_or_default() {
            if let Json::String(text) = text {
                study.distributions.insert(name, Known::new(text));
            }
        }
        self.trials.push(TrialSlot { study: index, state });
        let ours = record.user_attrs.as_ref().and_then(|a| a.get(waiting::KEY));
        let fixed = record.system_attrs.as_ref().and_then(|a| a.get("fixed_params"));
        if let Some(decision) = ours.zip(fixed).and_then(|(o, f)| waiting::decision_of(o, f)) {
            self.note(OurTrial {
                decision,
                study: index,
                trial,
                number,
                state,
                value: record.objective(),
                withdrawn: false,
            });
        }
    }

    /// A trial of ours. Optuna's retry of a failed trial copies the attributes with our identity: from then
    /// on the decision is that newer trial.
    fn note(&mut self, ours: OurTrial) {
        let key = (ours.study, ours.decision.id.clone());
        let position = *self.by_decision.entry(key).or_insert(self.ours.len());
        self.by_trial.insert(ours.trial, position);
        match self.ours.get_mut(position) {
            Some(older) => {
                self.by_trial.remove(&older.trial);
                *older = ours;
            }
            None => self.ours.push(ours),
        }
    }

    fn set_param(&mut self, record: Record) {
        let (Some(name), Some(text)) = (record.param_name, record.distribution) else {
            return;
        };
        let Some(study) = record
            .trial_id
            .and_then(|id| self.trials.get(id))
            .filter(|t| !is_finished(t.state))
            .and_then(|t| self.studies.get_mut(t.study))
        else {
            return;
        };
        match study.distributions.get_mut(&name) {
            Some(known) if known.text == text => {}
            Some(known) => {
                let new = Known::new(text);
                if known.is_compatible(&new) {
                    *known = new;
                }
            }
            None => {
                study.distributions.insert(name, Known::new(text));
            }
        }
    }

    fn set_state(&mut self, record: &Record) {
        let (Some(id), Some(state)) = (record.trial_id, record.state) else {
            return;
        };
        let Some(trial) = self.trials.get_mut(id) else {
            return;
        };
        if is_finished(trial.state) || (state == RUNNING && trial.state == RUNNING) {
            return;
        }
        let before = std::mem::replace(&mut trial.state, state);
        if let Some(study) = self.studies.get_mut(trial.study) {
            study.waiting = (study.waiting + usize::from(state == WAITING))
                .saturating_sub(usize::from(before == WAITING));
        }
        if let Some(ours) = self.by_trial.get(&id).and_then(|i| self.ours.get_mut(*i)) {
            ours.state = state;
            ours.value = record.objective().or(ours.value);
            ours.withdrawn = before == WAITING && state == FAIL;
        }
    }
}

impl Known {
    fn new(text: String) -> Self {
        Self {
            parsed: Distribution::parse(&text),
            text,
        }
    }

    fn is_compatible(&self, new: &Self) -> bool {
        match (&self.parsed, &new.parsed) {
            (Some(a), Some(b)) => a.is_compatible(b),
            _ => true,
        }
    }
}

pub(super) fn is_finished(state: u8) -> bool {
    matches!(state, COMPLETE | PRUNED | FAIL)
}

fn dialect_of(time: &str) -> Dialect {
    let clock = time.get(10..).unwrap_or_default();
    if clock.contains(['+', '-', 'Z']) {
        Dialect::UtcOffset
    } else {
        Dialect::NaiveLocal
    }
}

/// Rustuna shares the format but not the queue. It shows by its worker names, its attributes, and an
/// operation that Optuna does not write.
fn is_rustuna(record: &Record) -> bool {
    let has_labels = |attrs: &Option<serde_json::Map<String, Json>>| {
        attrs
            .as_ref()
            .is_some_and(|a| a.keys().any(|k| k.starts_with("category_labels:")))
    };
    record.op_code == Some(10)
        || (record.worker_id.contains("ThreadId(") && record.worker_id.ends_with(')'))
        || has_labels(&record.system_attr)
        || has_labels(&record.system_attrs)
}
