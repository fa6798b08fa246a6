//! An Optuna journal as delivery follows it: read further under the lock, with what became of our own trials.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use serde_json::Value as Json;

use crate::study::TrialState;

use super::super::super::json::{Members, Node};
use super::super::super::optuna::journal::line::{Piece, is_json_to_python, take_apart};
use super::super::super::optuna::journal::record::Record;
use super::super::super::optuna::journal::rules::{Event, Rules, TrialSlot};
use super::super::Decision;
use super::super::waiting;

/// A trial that tunescope put into the journal.
#[derive(Clone, Debug)]
pub(super) struct OurTrial {
    pub decision: Decision,
    pub study: usize,
    /// Identity over the whole journal.
    pub trial: usize,
    /// Position inside its study, which Optuna shows as its number.
    pub number: u64,
    pub state: TrialState,
    pub value: Option<f64>,
    /// Failed while it was still waiting: nobody ran it.
    pub withdrawn: bool,
}

/// The state of a journal up to `offset`. [`Self::catch_up`] reads only what was appended since.
#[derive(Debug, Default)]
pub(super) struct Replay {
    file: Option<(u64, u64)>,
    pub offset: u64,
    lines: u64,
    /// Bytes of a last line without its end.
    pub torn: u64,
    /// First line that Optuna refuses.
    pub damaged: Option<u64>,
    pub rules: Rules,
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
            self.line(&line);
        }
    }

    pub fn our_trial(&self, study: usize, id: &str) -> Option<&OurTrial> {
        let position = self.by_decision.get(&(study, id.to_owned()))?;
        self.ours.get(*position)
    }

    fn line(&mut self, line: &[u8]) {
        let (mut pieces, mut records) = (0, 0);
        take_apart(line, |piece| {
            pieces += 1;
            if let Piece::Record(record, _) = piece {
                records += 1;
                if let Ok(Some(event)) = self.rules.apply(&record) {
                    self.follow(&event, &record);
                }
            }
        });
        if (pieces, records) != (1, 1) || !is_json_to_python(line) {
            self.damaged = self.damaged.or(Some(self.lines));
        }
    }

    fn follow(&mut self, event: &Event<'_>, record: &Record<'_>) {
        match event {
            Event::TrialMade(id, _) => {
                if let Some(slot) = self.rules.trial(*id).copied()
                    && let Some(decision) = decision_of(record)
                {
                    self.note(decision, *id, slot, record);
                }
            }
            Event::StateSet(id, before) => {
                if let Some(ours) = self.by_trial.get(id).and_then(|at| self.ours.get_mut(*at))
                    && let Some(slot) = self.rules.trial(*id)
                {
                    ours.state = slot.state;
                    ours.value = objective(record).or(ours.value);
                    ours.withdrawn = *before == TrialState::Waiting && slot.state == TrialState::Failed;
                }
            }
            _ => {}
        }
    }

    /// A trial of ours. Optuna's retry of a failed trial copies the attributes with our identity: from then
    /// on the decision is that newer trial.
    fn note(&mut self, decision: Decision, trial: usize, slot: TrialSlot, record: &Record<'_>) {
        let key = (slot.study, decision.id.clone());
        let ours = OurTrial {
            decision,
            study: slot.study,
            trial,
            number: slot.number as u64,
            state: slot.state,
            value: objective(record),
            withdrawn: false,
        };
        let position = *self.by_decision.entry(key).or_insert(self.ours.len());
        self.by_trial.insert(trial, position);
        match self.ours.get_mut(position) {
            Some(older) => {
                self.by_trial.remove(&older.trial);
                *older = ours;
            }
            None => self.ours.push(ours),
        }
    }
}

/// The first objective value, where it is a finite number.
fn objective(record: &Record<'_>) -> Option<f64> {
    let first = match record.values() {
        Some(values) => values.first().copied(),
        None => record.value,
    };
    first.filter(|x| x.is_finite())
}

/// The decision that a new trial carries, where it is one of ours.
fn decision_of(record: &Record<'_>) -> Option<Decision> {
    let find = |bytes: Option<&[u8]>, wanted: &str| {
        Members::of(bytes?).flatten().find_map(|(key, node)| match node {
            Node::Object(bytes) if key == wanted => serde_json::from_slice::<Json>(bytes).ok(),
            _ => None,
        })
    };
    let ours = find(record.user_attributes, waiting::KEY)?;
    let fixed = find(record.system_attributes, "fixed_params")?;
    waiting::decision_of(&ours, &fixed)
}
