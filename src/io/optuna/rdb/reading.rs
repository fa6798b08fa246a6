//! One study of a storage, followed: from rows to trials.

use std::sync::Arc;

use crate::study::{Diagnostic, Direction, Label, Study, Trial, TrialId, TrialState, Value};

use super::super::super::database::{Connection, Database, DatabaseError};
use super::super::super::json::Cursor;
use super::super::super::source::{Change, StudyEntry};
use super::super::columns::Columns;
use super::super::constraints::Constraints;
use super::super::distribution::Distributions;
use super::super::proposal::{Proposal, is_rustuna_key};
use super::super::{RUSTUNA, attribute};
use super::layout::Layout;
use super::listing::{self, Listed};
use super::rows::{self, Batch, Draft, Known};
use super::zone::Zone;

/// A running trial without a sign of life for this long (seconds) has hardly a worker any more: Optuna's own
/// measure is twice the interval that was chosen, which is not written down; a minute is usual.
pub const SILENT: f64 = 180.0;
/// What is said of such a trial, after its name.
pub const SILENT_WORKER: &str = "is running, but the last sign of life of its worker is of";
/// Most problems that are listed.
const MAX_PROBLEMS: usize = 100;

/// One study of a storage, and what is known of it so far.
#[derive(Debug, Default)]
pub struct Reading {
    wanted: Option<String>,
    /// Chosen once: another study that becomes the newest does not take its place.
    chosen: Option<Label>,
    layout: Option<Layout>,
    studies: Vec<Listed>,
    /// The chosen one, as of the last look.
    current: Option<Listed>,
    known: Known,
    metric_names: Vec<Label>,
    columns: Columns,
    constraints: Constraints,
    distributions: Distributions,
    /// Identities of the trials, ascending, and their times as the storage keeps them.
    ids: Vec<(i64, Option<f64>, Option<f64>)>,
    trials: Vec<Arc<Trial>>,
    zone: Option<Zone>,
    has_rustuna: bool,
    has_heartbeats: bool,
    silent: Vec<Diagnostic>,
    problems: Vec<Diagnostic>,
}

/// What one transaction brought.
struct Fetched {
    layout: Option<Layout>,
    studies: Vec<Listed>,
    current: Option<Listed>,
    batch: Option<Batch>,
}

impl Reading {
    /// A reading of the study of a name, or of the newest; nothing is read yet.
    #[must_use]
    pub fn new(wanted: Option<&str>) -> Self {
        Self {
            wanted: wanted.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Takes whatever is new. `written`: when the file was written last, or for a server the present.
    ///
    /// # Errors
    /// The database cannot be asked; what was known stays.
    pub fn look(
        &mut self,
        database: &mut Database,
        written: Option<f64>,
        is_file: bool,
    ) -> Result<Change, DatabaseError> {
        let mut fetched = None;
        let outcome = database.read(&mut |connection| {
            fetched = Some(self.fetch(connection)?);
            Ok(())
        });
        if outcome.is_err() {
            // The tables may have been changed by a newer version: look at them again next time.
            self.layout = None;
        }
        outcome?;
        let Some(fetched) = fetched else {
            return Ok(Change::Unchanged);
        };
        Ok(self.take(fetched, written, is_file))
    }

    /// Whether these are Optuna's tables, as of the last look.
    #[must_use]
    pub fn is_optuna(&self) -> bool {
        self.layout.is_some()
    }

    /// Whether a running trial gives signs of life, so that their staying away would be news.
    #[must_use]
    pub fn has_heartbeats(&self) -> bool {
        self.has_heartbeats
    }

    fn fetch(&self, connection: &mut dyn Connection) -> Result<Fetched, DatabaseError> {
        let layout = match &self.layout {
            Some(layout) => Some(layout.clone()),
            None => Layout::of(connection)?,
        };
        let Some(known_layout) = &layout else {
            return Ok(Fetched {
                layout,
                studies: Vec::new(),
                current: None,
                batch: None,
            });
        };
        let mut studies = listing::studies(connection, known_layout)?;
        if studies.len() > 1 {
            listing::add_best(connection, known_layout, &mut studies)?;
        }
        let name = self.wanted.as_deref().or(self.chosen.as_ref().map(Label::raw));
        let current = listing::choose(&studies, name)
            .or_else(|| listing::choose(&studies, self.wanted.as_deref()))
            .cloned();
        let batch = match &current {
            Some(current) => {
                let is_same = self
                    .current
                    .as_ref()
                    .is_some_and(|c| c.id == current.id && c.name == current.name);
                let nothing = Known::default();
                let known = if is_same { &self.known } else { &nothing };
                let is_only = studies.iter().all(|s| s.id == current.id || s.trials == 0);
                Some(rows::fetch(connection, known_layout, current, is_only, known)?)
            }
            None => None,
        };
        Ok(Fetched {
            layout,
            studies,
            current,
            batch,
        })
    }

    fn take(&mut self, fetched: Fetched, written: Option<f64>, is_file: bool) -> Change {
        self.layout = fetched.layout;
        let mut change = Change::Unchanged;
        let listing = |s: &Listed| (s.id, s.name.clone(), s.directions.clone());
        let is_other_study = fetched.current.as_ref().map(listing) != self.current.as_ref().map(listing);
        if fetched.studies.len() != self.studies.len() {
            change = Change::Appended;
        }
        self.studies = fetched.studies;
        self.chosen = fetched.current.as_ref().map(|c| c.name.clone());
        let Some(batch) = fetched.batch else {
            let had = self.current.take().is_some();
            self.forget();
            return if had { Change::Rebuilt } else { change };
        };
        if is_other_study || (batch.is_whole && !self.trials.is_empty()) {
            self.forget();
            change = Change::Rebuilt;
        }
        self.current = fetched.current;
        self.has_rustuna |= self.layout.as_ref().is_some_and(Layout::has_rustuna);
        if self.metric_names != batch.metric_names {
            self.metric_names.clone_from(&batch.metric_names);
            change = change.and(Change::Appended);
        }
        for draft in &batch.trials {
            if self.place(&batch, draft) {
                change = change.and(Change::Appended);
            }
        }
        if self.set_zone(written, is_file) {
            change = change.and(Change::Appended);
        }
        if self.listen(&batch) {
            change = change.and(Change::Appended);
        }
        self.known = Known {
            count: self.trials.len(),
            last: self.ids.last().map_or(0, |(id, ..)| *id),
            unfinished: self
                .ids
                .iter()
                .zip(&self.trials)
                .filter(|(_, t)| !t.state.is_finished())
                .map(|((id, ..), _)| *id)
                .collect(),
        };
        change
    }

    /// Nothing is known of any trial.
    fn forget(&mut self) {
        self.known = Known::default();
        self.columns = Columns::default();
        self.constraints = Constraints::default();
        self.ids.clear();
        self.trials.clear();
        self.metric_names.clear();
        self.silent.clear();
        self.problems.clear();
        self.zone = None;
    }

    /// Puts one trial where it belongs; false where it is as it was.
    fn place(&mut self, batch: &Batch, draft: &Draft) -> bool {
        let at = self.ids.binary_search_by_key(&draft.id, |(id, ..)| *id);
        let position = at.unwrap_or_else(|end| end);
        let trial = self.trial(batch, draft, position);
        let times = (draft.id, draft.began, draft.ended);
        match at {
            Ok(at) => {
                let (Some(slot), Some(id)) = (self.trials.get_mut(at), self.ids.get_mut(at)) else {
                    return false;
                };
                *id = times;
                let is_new = !slot.tells_the_same(&trial);
                if is_new {
                    *slot = Arc::new(trial);
                }
                is_new
            }
            Err(at) => {
                self.ids.insert(at, times);
                self.trials.insert(at, Arc::new(trial));
                true
            }
        }
    }

    fn trial(&mut self, batch: &Batch, draft: &Draft, position: usize) -> Trial {
        let number = draft
            .number
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(position);
        let mut trial = Trial::new(TrialId::Number(number as u64));
        trial.state = draft.state;
        let zone = self.zone.unwrap_or(Zone::Utc);
        trial.started = draft.began.map(|t| zone.moment(t));
        trial.finished = draft.ended.map(|t| zone.moment(t));
        trial.seconds = draft.began.zip(draft.ended).map(|(a, b)| b - a);
        trial.params = self.params(batch, draft, number);
        for (objective, value) in &draft.values {
            let at = usize::try_from(*objective).unwrap_or(0).min(64);
            if trial.values.len() <= at {
                trial.values.resize(at + 1, f64::NAN);
            }
            if let Some(slot) = trial.values.get_mut(at) {
                *slot = *value;
            }
        }
        trial.intermediate = draft
            .intermediate
            .iter()
            .filter_map(|(step, x)| Some((u64::try_from(*step).ok()?, *x)))
            .collect();
        trial.intermediate.sort_by_key(|(step, _)| *step);
        for (key, json) in &draft.user {
            if let Ok(node) = Cursor::new(json.as_bytes()).value() {
                attribute::note(&mut trial, batch.text(*key), &node);
            }
        }
        for (key, json) in &draft.system {
            let key = batch.text(*key);
            if Constraints::is_told_by(key)
                && let Ok(node) = Cursor::new(json.as_bytes()).value()
            {
                self.constraints.note(&mut trial.constraints, key, &node);
            }
        }
        trial
    }

    /// What was set, and of a trial that is not over what was announced.
    fn params(&mut self, batch: &Batch, draft: &Draft, number: usize) -> Vec<Option<Value>> {
        let mut proposal = Proposal::default();
        for (name, distribution, value) in &draft.params {
            let (name, text) = (batch.text(*name), batch.text(*distribution));
            let distribution = self.distributions.get(text);
            if let Some(distribution) = distribution
                && let Some(value) = distribution.external(*value)
            {
                let column = self.columns.column(name);
                self.columns.note(column, &distribution);
                proposal.set(column, value);
            } else {
                self.complain(format!(
                    "trial {number}: the distribution or value of parameter {} is not understood; it was left out.",
                    Label::new(name)
                ));
            }
        }
        for (key, json) in &draft.system {
            let key = batch.text(*key);
            self.has_rustuna |= is_rustuna_key(key);
            if !Constraints::is_told_by(key)
                && let Ok(node) = Cursor::new(json.as_bytes()).value()
            {
                proposal.system_attribute(&mut self.columns, key, &node);
            }
        }
        proposal.params()
    }

    /// Says it once, however often the trial is looked at.
    fn complain(&mut self, message: String) {
        if self.problems.len() < MAX_PROBLEMS && !self.problems.iter().any(|d| d.message == message) {
            self.problems.push(Diagnostic { line: None, message });
        }
    }

    /// Settles what the times mean, as far as they go by now; true where that changed what is shown.
    fn set_zone(&mut self, written: Option<f64>, is_file: bool) -> bool {
        let times = self
            .ids
            .iter()
            .flat_map(|(_, began, ended)| began.iter().chain(ended));
        let latest = times.copied().reduce(f64::max);
        let major = self.layout.as_ref().and_then(Layout::major);
        let zone = Zone::of(latest, written, is_file, major);
        let was = self.zone.replace(zone).unwrap_or(Zone::Utc);
        if was == zone {
            return false;
        }
        for ((_, began, ended), trial) in self.ids.iter().zip(&mut self.trials) {
            let trial = Arc::make_mut(trial);
            trial.started = began.map(|t| zone.moment(t));
            trial.finished = ended.map(|t| zone.moment(t));
        }
        true
    }

    /// Names the running trials whose workers fell silent; true where that is news.
    fn listen(&mut self, batch: &Batch) -> bool {
        let mut silent = Vec::new();
        self.has_heartbeats = !batch.heartbeats.is_empty();
        for (id, beat, now) in &batch.heartbeats {
            let at = self.ids.binary_search_by_key(id, |(id, ..)| *id);
            let Some(trial) = at.ok().and_then(|at| self.trials.get_mut(at)) else {
                continue;
            };
            let is_silent = now - beat > SILENT && trial.state == TrialState::Running;
            if trial.is_silent != is_silent {
                Arc::make_mut(trial).is_silent = is_silent;
            }
            if is_silent {
                let beat = super::super::super::time::naive_text(*beat);
                silent.push(Diagnostic {
                    line: None,
                    message: format!(
                        "trial {} {SILENT_WORKER} {} by the database's clock; the worker has probably died, and no result is expected of it.",
                        trial.id,
                        beat.get(..19).unwrap_or(&beat)
                    ),
                });
            }
        }
        let is_new = silent != self.silent;
        self.silent = silent;
        is_new
    }

    /// The study so far.
    #[must_use]
    pub fn study(&self) -> Study {
        let mut study = Study::empty();
        let Some(current) = &self.current else {
            return study;
        };
        study.name = current.name.clone();
        study.metric = self
            .metric_names
            .first()
            .cloned()
            .unwrap_or_else(|| Label::new("value"));
        study.directions.clone_from(&current.directions);
        study.columns.clone_from(&self.columns.names);
        study.trials.clone_from(&self.trials);
        study.constraints = self.constraints.list().to_vec();
        study.space = self.columns.space(&mut study.notes, &mut study.diagnostics);
        study
            .diagnostics
            .extend(self.problems.iter().chain(&self.silent).cloned());
        if self.studies.len() > 1 && self.wanted.is_none() {
            let names: Vec<&str> = self.studies.iter().map(|s| s.name.shown()).collect();
            study.notes.push(format!(
                "there are {} studies ({}); --study NAME chooses another than {}, the newest with trials.",
                names.len(),
                names.join(", "),
                study.name
            ));
        }
        if self.has_rustuna {
            study.notes.push(RUSTUNA.to_owned());
        }
        study
    }

    /// The studies there are.
    #[must_use]
    pub fn studies(&self) -> Vec<StudyEntry> {
        let zone = self.zone.unwrap_or(Zone::Utc);
        let entry = |s: &Listed| StudyEntry {
            name: s.name.clone(),
            trials: s.trials,
            directions: s.directions.clone(),
            best: s.best,
            changed: s.changed.map(|t| zone.moment(t)),
        };
        self.studies.iter().map(entry).collect()
    }

    /// The name of the study that is read.
    #[must_use]
    pub fn name(&self) -> Option<&Label> {
        self.current.as_ref().map(|c| &c.name)
    }

    /// The directions of the study that is read.
    #[must_use]
    pub fn directions(&self) -> &[Direction] {
        self.current.as_ref().map_or(&[], |c| &c.directions)
    }

    /// The latest time of the study, in seconds since the Unix epoch.
    #[must_use]
    pub fn latest(&self) -> Option<f64> {
        let times = self
            .trials
            .iter()
            .flat_map(|t| t.started.into_iter().chain(t.finished));
        times.reduce(f64::max)
    }
}
