//! The studies of a journal with their trials as they are shown, made from what its records did.

use std::sync::Arc;

use crate::study::{Direction, Label, Trial, TrialId, TrialState};

use super::super::super::json::{Members, Node, elements};
use super::super::super::optuna::attribute;
use super::super::super::optuna::columns::Columns;
use super::super::super::optuna::constraints::Constraints;
use super::super::super::optuna::journal::record::Record;
use super::super::super::optuna::journal::rules::{Event, Param, Rules, TrialSlot};
use super::super::super::optuna::proposal::Proposal;
use super::super::super::time::parse_time;

/// One study of the journal.
#[derive(Debug)]
pub struct JournalStudy {
    pub name: Label,
    pub directions: Vec<Direction>,
    pub metric_names: Vec<Label>,
    pub is_deleted: bool,
    /// The identity of its latest trial: greater is newer.
    pub last_trial: Option<usize>,
    pub columns: Columns,
    pub constraints: Constraints,
    /// The trials, in the order of their numbers.
    pub trials: Vec<Arc<Trial>>,
}

impl JournalStudy {
    fn new(record: &Record<'_>, name: &str) -> Self {
        let mut directions: Vec<Direction> = elements(record.directions.unwrap_or(b"[]"))
            .unwrap_or_default()
            .iter()
            .map(|d| match d.as_i64() {
                Some(2) => Direction::Maximize,
                _ => Direction::Minimize,
            })
            .collect();
        if directions.is_empty() {
            directions.push(Direction::Minimize);
        }
        Self {
            name: Label::new(name),
            directions,
            metric_names: Vec::new(),
            is_deleted: false,
            last_trial: None,
            columns: Columns::default(),
            constraints: Constraints::default(),
            trials: Vec::new(),
        }
    }

    /// The best value of a complete trial, where there is one objective.
    #[must_use]
    pub fn best(&self) -> Option<f64> {
        let [direction] = self.directions.as_slice() else {
            return None;
        };
        self.trials
            .iter()
            .filter_map(|t| t.objective())
            .reduce(|a, b| match direction {
                Direction::Minimize => a.min(b),
                Direction::Maximize => a.max(b),
            })
    }

    /// When a trial began or ended last.
    #[must_use]
    pub fn changed(&self) -> Option<f64> {
        let times = self
            .trials
            .iter()
            .flat_map(|t| t.started.into_iter().chain(t.finished));
        times.reduce(f64::max)
    }
}

/// All studies, by identity.
#[derive(Debug, Default)]
pub struct Studies {
    pub list: Vec<JournalStudy>,
    /// By identity of the trial: what its shown form does not hold.
    proposals: Vec<Proposal>,
}

impl Studies {
    /// Follows what a record did.
    pub fn follow(&mut self, event: Event<'_>, record: &Record<'_>, line: u64, rules: &Rules) {
        match event {
            Event::StudyMade(id) => {
                let name = rules.studies.get(id).map_or("", |s| &s.name);
                self.list.push(JournalStudy::new(record, name));
            }
            Event::StudyDeleted(id) => {
                if let Some(study) = self.list.get_mut(id) {
                    study.is_deleted = true;
                }
            }
            Event::StudyAttribute(id) => self.study_attribute(id, record),
            Event::TrialMade(id, params) => {
                if let Some(slot) = rules.trial(id) {
                    self.make_trial(id, *slot, params, record, line);
                }
            }
            Event::ParamSet(id, param) => {
                if let Some(slot) = rules.trial(id) {
                    self.set(id, *slot, param);
                    self.show(id, *slot);
                }
            }
            Event::StateSet(id, _) => {
                if let Some(slot) = rules.trial(id) {
                    self.set_state(id, *slot, record);
                }
            }
            Event::Reported(id) => {
                if let (Some(step), Some(trial)) = (record.step, self.trial_mut(rules.trial(id)))
                    && let Ok(step) = u64::try_from(step)
                {
                    let x = record.intermediate_value.unwrap_or(f64::NAN);
                    note_step(&mut trial.intermediate, step, x);
                }
            }
            Event::UserAttribute(id) => {
                if let Some(trial) = self.trial_mut(rules.trial(id)) {
                    for (key, node) in Members::of(record.attribute.unwrap_or(b"{}")).flatten() {
                        attribute::note(trial, &key, &node);
                    }
                }
            }
            Event::SystemAttribute(id) => {
                if let Some(slot) = rules.trial(id) {
                    self.system_attributes(id, *slot, record.attribute);
                    self.show(id, *slot);
                }
            }
        }
    }

    fn study_attribute(&mut self, id: usize, record: &Record<'_>) {
        let Some(study) = self.list.get_mut(id).filter(|_| record.op == Some(3)) else {
            return;
        };
        for (key, node) in Members::of(record.attribute.unwrap_or(b"{}")).flatten() {
            if let ("study:metric_names", Node::Array(bytes)) = (key.as_ref(), node) {
                study.metric_names = elements(bytes)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|n| n.as_text().map(Label::new))
                    .collect();
            }
        }
    }

    fn make_trial(
        &mut self,
        id: usize,
        slot: TrialSlot,
        params: Vec<Param<'_>>,
        record: &Record<'_>,
        line: u64,
    ) {
        let Some(study) = self.list.get_mut(slot.study) else {
            return;
        };
        let mut trial = Trial::new(TrialId::Number(slot.number as u64));
        trial.line = line;
        trial.state = slot.state;
        trial.values = (record.values()).unwrap_or_else(|| record.value.into_iter().collect());
        trial.started = record.started.as_deref().and_then(parse_time);
        trial.finished = record.completed.as_deref().and_then(parse_time);
        for (step, node) in Members::of(record.intermediate_values.unwrap_or(b"{}")).flatten() {
            if let Ok(step) = step.parse() {
                note_step(&mut trial.intermediate, step, node.as_f64().unwrap_or(f64::NAN));
            }
        }
        for (key, node) in Members::of(record.user_attributes.unwrap_or(b"{}")).flatten() {
            attribute::note(&mut trial, &key, &node);
        }
        study.last_trial = Some(id);
        study.trials.push(Arc::new(trial));
        self.proposals.push(Proposal::default());
        for param in params {
            self.set(id, slot, param);
        }
        self.system_attributes(id, slot, record.system_attributes);
        self.show(id, slot);
        self.settle(id, slot);
    }

    fn set(&mut self, id: usize, slot: TrialSlot, param: Param<'_>) {
        if let (Some(study), Some(proposal)) = (self.list.get_mut(slot.study), self.proposals.get_mut(id)) {
            let column = study.columns.column(&param.name);
            study.columns.note(column, &param.distribution);
            proposal.set(column, param.value);
        }
    }

    fn set_state(&mut self, id: usize, slot: TrialSlot, record: &Record<'_>) {
        if let Some(trial) = self.trial_mut(Some(&slot)) {
            trial.state = slot.state;
            if slot.state == TrialState::Running {
                trial.started = record.started.as_deref().and_then(parse_time).or(trial.started);
            }
            if slot.state.is_finished() {
                trial.finished = record
                    .completed
                    .as_deref()
                    .and_then(parse_time)
                    .or(trial.finished);
            }
            if let Some(values) = record.values() {
                trial.values = values;
            }
        }
        self.settle(id, slot);
    }

    /// Of a trial that is over only what was set remains: what was announced is of no use any more.
    fn settle(&mut self, id: usize, slot: TrialSlot) {
        if slot.state.is_finished() {
            if let Some(proposal) = self.proposals.get_mut(id) {
                proposal.forget_announced();
            }
            self.show(id, slot);
            if let Some(proposal) = self.proposals.get_mut(id) {
                *proposal = Proposal::default();
            }
        } else {
            self.time(slot);
        }
    }

    fn system_attributes(&mut self, id: usize, slot: TrialSlot, attributes: Option<&[u8]>) {
        let (Some(study), Some(proposal)) = (self.list.get_mut(slot.study), self.proposals.get_mut(id))
        else {
            return;
        };
        for (key, node) in Members::of(attributes.unwrap_or(b"{}")).flatten() {
            if Constraints::is_told_by(&key) {
                if let Some(trial) = study.trials.get_mut(slot.number) {
                    study
                        .constraints
                        .note(&mut Arc::make_mut(trial).constraints, &key, &node);
                }
            } else {
                proposal.system_attribute(&mut study.columns, &key, &node);
            }
        }
    }

    /// Puts the parameters of a trial together.
    fn show(&mut self, id: usize, slot: TrialSlot) {
        let Some(params) = self.proposals.get(id).map(Proposal::params) else {
            return;
        };
        if let Some(trial) = self.trial_mut(Some(&slot)) {
            trial.params = params;
        }
        self.time(slot);
    }

    fn time(&mut self, slot: TrialSlot) {
        if let Some(trial) = self.trial_mut(Some(&slot)) {
            trial.seconds = trial.started.zip(trial.finished).map(|(a, b)| b - a);
        }
    }

    /// The shown trial, copied first where somebody still looks at it.
    fn trial_mut(&mut self, slot: Option<&TrialSlot>) -> Option<&mut Trial> {
        let slot = slot?;
        let trials = &mut self.list.get_mut(slot.study)?.trials;
        trials.get_mut(slot.number).map(Arc::make_mut)
    }
}

fn note_step(points: &mut Vec<(u64, f64)>, step: u64, x: f64) {
    match points.binary_search_by_key(&step, |(s, _)| *s) {
        Ok(at) => {
            if let Some(point) = points.get_mut(at) {
                point.1 = x;
            }
        }
        Err(at) => points.insert(at, (step, x)),
    }
}
