//! Replays the operations of a journal, by the rules of Optuna's own reader.
//!
//! Identities are implicit: the study of the k-th accepted op 0 is k, the trial of the k-th accepted op 4 is
//! k, over all studies. What Optuna ignores is ignored here: a study of a name that exists, a trial of a
//! study that does not, anything said of a finished trial, `RUNNING` said of a running one (the first line
//! wins the race for a queued trial), and a parameter whose distribution is incompatible with that of the
//! first trial that has it. Checked against Optuna's own replay by `tests/trials.rs`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::study::{Direction, Label, Trial, TrialId, TrialState, Value};

use super::super::super::json::{Members, Node, elements};
use super::super::super::optuna::columns::Columns;
use super::super::super::optuna::distribution::{Distribution, Distributions};
use super::super::super::optuna::proposal::{Proposal, is_rustuna_key};
use super::super::super::source::Problems;
use super::super::super::time::{has_offset, parse_time};
use super::record::Record;

/// One study of the journal.
#[derive(Debug)]
pub struct JournalStudy {
    pub name: Label,
    pub directions: Vec<Direction>,
    pub metric_names: Vec<Label>,
    pub is_deleted: bool,
    /// Identities (positions in `Replay::trials`) in the order of the trial numbers.
    pub trial_ids: Vec<usize>,
    pub columns: Columns,
    /// The trials, in the order of their numbers, as they are shown.
    pub trials: Vec<Arc<Trial>>,
}

impl JournalStudy {
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

/// What of a trial its shown form does not hold.
#[derive(Debug, Default)]
struct Hidden {
    study: usize,
    number: usize,
    params: Proposal,
}

/// The state of a journal after the records so far.
#[derive(Debug, Default)]
pub struct Replay {
    pub studies: Vec<JournalStudy>,
    hidden: Vec<Hidden>,
    distributions: Distributions,
    /// Whether the latest times are local ones without offset (Optuna up to 4.9).
    pub has_local_times: bool,
    /// Whether Rustuna wrote some of it; its workers do not take WAITING trials.
    pub has_rustuna: bool,
}

const RUNNING: i64 = 0;

fn state(code: i64) -> Option<TrialState> {
    Some(match code {
        RUNNING => TrialState::Running,
        1 => TrialState::Complete,
        2 => TrialState::Pruned,
        3 => TrialState::Failed,
        4 => TrialState::Waiting,
        _ => return None,
    })
}

fn position(id: Option<i64>) -> Option<usize> {
    id.and_then(|id| usize::try_from(id).ok())
}

impl Replay {
    /// Applies one record.
    pub fn apply(&mut self, record: &Record<'_>, line: u64, problems: &mut Problems) {
        self.has_rustuna |=
            record.op == Some(10) || record.worker.as_ref().is_some_and(|w| w.contains("ThreadId("));
        match record.op {
            Some(0) => self.create_study(record),
            Some(1) => {
                if let Some(study) = position(record.study_id).and_then(|s| self.studies.get_mut(s)) {
                    study.is_deleted = true;
                }
            }
            Some(2) => {}
            Some(3) => self.study_attribute(record),
            Some(4) => self.create_trial(record, line, problems),
            Some(5..=9) => self.change_trial(record, line, problems),
            Some(10) => {}
            op => problems.push(line, || {
                format!(
                    "op_code {} is not known; the record was skipped.",
                    op.unwrap_or(-1)
                )
            }),
        }
    }

    fn create_study(&mut self, record: &Record<'_>) {
        let name = record.study_name.as_deref().unwrap_or("");
        if self.studies.iter().any(|s| !s.is_deleted && s.name == *name) {
            return;
        }
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
        self.studies.push(JournalStudy {
            name: Label::new(name),
            directions,
            metric_names: Vec::new(),
            is_deleted: false,
            trial_ids: Vec::new(),
            columns: Columns::default(),
            trials: Vec::new(),
        });
    }

    fn study_attribute(&mut self, record: &Record<'_>) {
        let Some(study) = position(record.study_id)
            .and_then(|s| self.studies.get_mut(s))
            .filter(|s| !s.is_deleted)
        else {
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

    fn create_trial(&mut self, record: &Record<'_>, line: u64, problems: &mut Problems) {
        let Some(study_id) =
            position(record.study_id).filter(|s| self.studies.get(*s).is_some_and(|s| !s.is_deleted))
        else {
            problems.push(line, || {
                format!(
                    "a trial of study {}, which does not exist, was skipped, as Optuna does.",
                    record.study_id.unwrap_or(-1)
                )
            });
            return;
        };
        let id = self.hidden.len();
        let Some(study) = self.studies.get_mut(study_id) else {
            return;
        };
        let number = study.trials.len();
        study.trial_ids.push(id);
        let mut trial = Trial::new(TrialId::Number(number as u64));
        trial.line = line;
        trial.state = record
            .state
            .map_or(Some(TrialState::Running), state)
            .unwrap_or(TrialState::Running);
        study.trials.push(Arc::new(trial));
        self.hidden.push(Hidden {
            study: study_id,
            number,
            ..Hidden::default()
        });
        self.template(id, record);
        for (key, node) in Members::of(record.system_attributes.unwrap_or(b"{}")).flatten() {
            self.system_attribute(id, &key, &node);
        }
        self.show(id);
    }

    /// What a trial was created with: Optuna's `add_trial` and `enqueue_trial` say everything at once.
    fn template(&mut self, id: usize, record: &Record<'_>) {
        let mut distributions = HashMap::new();
        for (name, node) in Members::of(record.distributions.unwrap_or(b"{}")).flatten() {
            if let Some(text) = node.as_text()
                && let Some(distribution) = self.distributions.get(text)
            {
                distributions.insert(name.into_owned(), distribution);
            }
        }
        for (name, node) in Members::of(record.params.unwrap_or(b"{}")).flatten() {
            if let Some(distribution) = distributions.get(name.as_ref())
                && let Some(value) = node.as_f64().and_then(|x| distribution.external(x))
            {
                self.set(id, &name, value, distribution);
            }
        }
        let started = self.moment(record.started.as_deref());
        let finished = self.moment(record.completed.as_deref());
        let Some(trial) = self.trial_mut(id) else {
            return;
        };
        trial.values = match record.values {
            Some(bytes) => numbers(bytes),
            None => record.value.into_iter().collect(),
        };
        trial.started = started;
        trial.finished = finished;
        for (step, node) in Members::of(record.intermediate_values.unwrap_or(b"{}")).flatten() {
            if let Ok(step) = step.parse() {
                note_step(&mut trial.intermediate, step, node.as_f64().unwrap_or(f64::NAN));
            }
        }
    }

    fn change_trial(&mut self, record: &Record<'_>, line: u64, problems: &mut Problems) {
        let Some(id) = position(record.trial_id).filter(|id| *id < self.hidden.len()) else {
            problems.push(line, || {
                format!(
                    "trial {} does not exist; the record was skipped, as Optuna does.",
                    record.trial_id.unwrap_or(-1)
                )
            });
            return;
        };
        if self.trial(id).is_none_or(|t| t.state.is_finished()) {
            return;
        }
        match record.op {
            Some(5) => self.set_param(id, record, line, problems),
            Some(6) => self.set_state(id, record, line, problems),
            Some(7) => {
                if let (Some(step), Some(trial)) = (record.step, self.trial_mut(id))
                    && let Ok(step) = u64::try_from(step)
                {
                    let x = record.intermediate_value.unwrap_or(f64::NAN);
                    note_step(&mut trial.intermediate, step, x);
                }
            }
            Some(9) => {
                for (key, node) in Members::of(record.attribute.unwrap_or(b"{}")).flatten() {
                    self.system_attribute(id, &key, &node);
                }
                self.show(id);
            }
            _ => self.user_attribute(id, record),
        }
    }

    fn set_param(&mut self, id: usize, record: &Record<'_>, line: u64, problems: &mut Problems) {
        let name = record.param_name.as_deref().unwrap_or("");
        let distribution = record
            .distribution
            .as_deref()
            .and_then(|d| self.distributions.get(d));
        let value = record.param_value;
        let Some((distribution, value)) = distribution.and_then(|d| {
            let value = d.external(value?)?;
            Some((d, value))
        }) else {
            problems.push(line, || {
                format!("parameter {name}: its distribution or value is not understood; it was skipped.")
            });
            return;
        };
        let Some(hidden) = self.hidden.get(id) else {
            return;
        };
        let first = self.studies.get(hidden.study).and_then(|s| s.columns.first(name));
        if first.is_some_and(|first| !distribution.is_compatible_with(first)) {
            problems.push(line, || {
                format!(
                    "parameter {name}: its distribution does not go with that of earlier trials; it was \
                     skipped, as Optuna does."
                )
            });
            return;
        }
        self.set(id, name, value, &distribution);
        self.show(id);
    }

    fn set(&mut self, id: usize, name: &str, value: Value, distribution: &Arc<Distribution>) {
        let Some(hidden) = self.hidden.get_mut(id) else {
            return;
        };
        let Some(study) = self.studies.get_mut(hidden.study) else {
            return;
        };
        let column = study.columns.column(name);
        study.columns.note(column, hidden.number, distribution);
        hidden.params.set(column, value);
    }

    fn set_state(&mut self, id: usize, record: &Record<'_>, line: u64, problems: &mut Problems) {
        let Some(new) = record.state.and_then(state) else {
            problems.push(line, || {
                format!(
                    "state {} is not known; the record was skipped.",
                    record.state.unwrap_or(-1)
                )
            });
            return;
        };
        let is_running = self.trial(id).is_some_and(|t| t.state == TrialState::Running);
        if new == TrialState::Running && is_running {
            return;
        }
        let started = self.moment(record.started.as_deref());
        let finished = self.moment(record.completed.as_deref());
        if let Some(trial) = self.trial_mut(id) {
            trial.state = new;
            if new == TrialState::Running {
                trial.started = started.or(trial.started);
            }
            if new.is_finished() {
                trial.finished = finished.or(trial.finished);
            }
            if let Some(bytes) = record.values {
                trial.values = numbers(bytes);
            }
            trial.seconds = trial.started.zip(trial.finished).map(|(a, b)| b - a);
        }
        if new.is_finished() {
            if let Some(hidden) = self.hidden.get_mut(id) {
                hidden.params.forget_announced();
            }
            self.show(id);
            if let Some(hidden) = self.hidden.get_mut(id) {
                hidden.params = Proposal::default();
            }
        }
    }

    fn user_attribute(&mut self, id: usize, record: &Record<'_>) {
        for (key, node) in Members::of(record.attribute.unwrap_or(b"{}")).flatten() {
            if let ("queue_id", Some(text), Some(trial)) = (key.as_ref(), node.as_text(), self.trial_mut(id))
            {
                trial.queue_id = Some(Label::new(text));
            }
        }
    }

    fn system_attribute(&mut self, id: usize, key: &str, node: &Node<'_>) {
        self.has_rustuna |= is_rustuna_key(key);
        if let Some(hidden) = self.hidden.get_mut(id)
            && let Some(study) = self.studies.get_mut(hidden.study)
        {
            hidden.params.system_attribute(&mut study.columns, key, node);
        }
    }

    /// Puts the parameters of a trial together.
    fn show(&mut self, id: usize) {
        let Some(params) = self.hidden.get(id).map(|h| h.params.params()) else {
            return;
        };
        if let Some(trial) = self.trial_mut(id) {
            trial.params = params;
            trial.seconds = trial.started.zip(trial.finished).map(|(a, b)| b - a);
        }
    }

    fn trial(&self, id: usize) -> Option<&Trial> {
        let hidden = self.hidden.get(id)?;
        Some(self.studies.get(hidden.study)?.trials.get(hidden.number)?)
    }

    /// The shown trial, copied first where somebody still looks at it.
    fn trial_mut(&mut self, id: usize) -> Option<&mut Trial> {
        let hidden = self.hidden.get(id)?;
        let trials = &mut self.studies.get_mut(hidden.study)?.trials;
        trials.get_mut(hidden.number).map(Arc::make_mut)
    }

    fn moment(&mut self, text: Option<&str>) -> Option<f64> {
        let text = text?;
        self.has_local_times = !has_offset(text);
        parse_time(text)
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

fn numbers(bytes: &[u8]) -> Vec<f64> {
    elements(bytes)
        .unwrap_or_default()
        .iter()
        .map(|n| n.as_f64().unwrap_or(f64::NAN))
        .collect()
}
