//! A Ray Tune experiment folder.
//!
//! One folder a trial, with `params.json`, `result.json` (one JSON object a report) and, after an error,
//! `error.txt` (without `result.json`: `progress.csv`); beside them `experiment_state-<time>.json`, which holds the states and is rewritten every few
//! seconds. While an experiment runs on this machine, Ray writes to a staging folder and copies it to the
//! storage folder at its own pace (10 s or more apart): where both are here, each trial is read from the one
//! that is ahead. Ray writes no search space and not whether the metric is to be minimized.

mod progress;
mod reports;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Label, Study, TrialId, TrialState, Value};

use super::super::cells::{flatten, set_params, value};
use super::super::document::{Complaints, Document, Fresh, name_of, seconds};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::source::{Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store};
use super::super::table::{Declared, Group, Row, Table};
use super::super::watch::Target;
use reports::Reports;
use state::{Experiment, TrialInfo};

/// Ray Tune's experiment folder, live or stored.
pub static KIND: Kind = Kind {
    name: "ray",
    title: "Ray Tune",
    aliases: &["ray-tune", "raytune", "tune"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Ray::new(path, options))),
    },
};

/// Entries of a folder that are looked at to tell.
const LOOKED_AT: usize = 200;

fn recognize(place: &Place<'_>) -> u8 {
    if place.form == Form::File {
        // It says where the trials of its folder stand: who gives it means the folder.
        let is_state = state::is_state_file(&name_of(place.path));
        return if is_state { 95 } else { 0 };
    }
    if place.form != Form::Folder {
        return 0;
    }
    let Ok(entries) = std::fs::read_dir(place.path) else {
        return 0;
    };
    let mut sure = 0;
    for entry in entries.flatten().take(LOOKED_AT) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if state::is_state_file(&name) {
            return 95;
        }
        let path = entry.path();
        let has = |file: &str| path.join(file).is_file();
        if sure == 0 && has("params.json") && (has("result.json") || has("progress.csv") || has("params.pkl"))
        {
            sure = 70;
        }
    }
    sure
}

/// One trial: its folder and what was read of it.
#[derive(Debug)]
struct Trial {
    id: String,
    config: Option<Json>,
    reports: Reports,
    error: Option<String>,
    /// Whether the table does not have the latest of it yet.
    is_dirty: bool,
}

struct Ray {
    root: PathBuf,
    /// The staging folder of the same experiment, where there is one on this machine.
    staging: Option<PathBuf>,
    state: Option<Document>,
    experiment: Experiment,
    trials: BTreeMap<String, Trial>,
    table: Table,
    complaints: Complaints,
    is_missing: bool,
    modified: Option<f64>,
}

impl Ray {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let path = match absolute.parent() {
            Some(folder) if path.is_file() => folder,
            _ => path,
        };
        Self {
            root: path.to_owned(),
            staging: state::staging_of(path),
            state: None,
            experiment: Experiment::default(),
            trials: BTreeMap::new(),
            table: Table::new(options, false),
            complaints: Complaints::default(),
            is_missing: false,
            modified: None,
        }
    }

    fn roots(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.root.as_path()).chain(self.staging.as_deref())
    }

    /// The newest state file, read where it is new; returns whether it said anything new.
    fn read_state(&mut self) -> bool {
        let Some(newest) = self.roots().filter_map(state::newest_state_file).max() else {
            return false;
        };
        if self.state.as_ref().is_none_or(|d| d.path() != newest.path) {
            self.state = Some(Document::new(&newest.path));
        }
        let Some(document) = self.state.as_mut() else {
            return false;
        };
        let name = name_of(document.path());
        match document.look() {
            Ok(Fresh::New(bytes)) => match Json::parse(&bytes) {
                Ok(json) => {
                    self.complaints.clear(&name);
                    self.experiment = Experiment::of(&json);
                    true
                }
                Err(error) => {
                    // Caught while it is being written: the next look brings it.
                    let is_fresh = document.is_fresh();
                    document.forget();
                    if !is_fresh {
                        let message = format!(
                            "not whole JSON ({} was expected); the states are older ones.",
                            error.expected
                        );
                        self.complaints.say(&name, None, &message);
                    }
                    false
                }
            },
            Ok(Fresh::Same | Fresh::Missing) => false,
            Err(error) => {
                self.complaints
                    .say(&name, None, &format!("cannot be read ({error})."));
                false
            }
        }
    }

    /// The folders of trials that are there now.
    fn folders(&mut self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.is_missing = true;
        let roots: Vec<PathBuf> = self.roots().map(Path::to_owned).collect();
        for root in roots {
            let Ok(entries) = std::fs::read_dir(&root) else {
                continue;
            };
            self.is_missing = false;
            for entry in entries.flatten() {
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                    continue;
                };
                if self.trials.contains_key(&name) {
                    names.insert(name);
                } else if entry.file_type().is_ok_and(|t| t.is_dir()) {
                    let path = entry.path();
                    let has = |file: &str| path.join(file).exists();
                    if has("params.json") || has("result.json") || has("progress.csv") {
                        names.insert(name);
                    }
                }
            }
        }
        names
    }

    fn read_trial(&mut self, name: &str) -> Result<bool, ReadError> {
        let places: Vec<PathBuf> = self.roots().map(|root| root.join(name)).collect();
        let trial = self.trials.entry(name.to_owned()).or_insert_with(|| Trial {
            id: state::id_in(name).unwrap_or_else(|| name.to_owned()),
            config: None,
            reports: Reports::default(),
            error: None,
            is_dirty: true,
        });
        let is_new = trial
            .reports
            .look(&places, name, &mut self.complaints)
            .map_err(|source| ReadError::Io {
                path: self.root.join(name),
                source,
            })?;
        if let Some(id) = trial.reports.trial_id()
            && trial.id != id
        {
            trial.id = id.to_owned();
            trial.is_dirty = true;
        }
        if trial.config.is_none() {
            trial.config = places.iter().find_map(|place| {
                let bytes = std::fs::read(place.join("params.json")).ok()?;
                Json::parse(&bytes).ok()
            });
            trial.is_dirty |= trial.config.is_some();
        }
        if trial.error.is_none()
            && let Some(bytes) = places
                .iter()
                .find_map(|p| std::fs::read(p.join("error.txt")).ok())
        {
            trial.error = Some(state::last_line(&String::from_utf8_lossy(&bytes)));
            trial.is_dirty = true;
        }
        trial.is_dirty |= is_new;
        self.modified = [self.modified, trial.reports.modified()]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        Ok(trial.is_dirty)
    }

    /// Hands the trials that changed to the table.
    fn hand_over(&mut self) {
        for trial in self.trials.values_mut().filter(|t| t.is_dirty) {
            trial.is_dirty = false;
            let info = self.experiment.trials.get(&trial.id);
            let row = row(trial, info, &mut self.table);
            self.table.replace(row);
        }
        // Trials that wait have no folder yet.
        let known: BTreeSet<&str> = self.trials.values().map(|t| t.id.as_str()).collect();
        for (id, info) in &self.experiment.trials {
            if known.contains(id.as_str()) {
                continue;
            }
            let trial = Trial {
                id: id.clone(),
                config: None,
                reports: Reports::default(),
                error: None,
                is_dirty: false,
            };
            let row = row(&trial, Some(info), &mut self.table);
            self.table.replace(row);
        }
    }
}

/// Whether the storage folder lags behind what Ray staged on this machine, and by how many reports.
pub fn staging_lag(storage: &Path) -> Option<super::super::doctor::Finding> {
    use super::super::doctor::{Finding, Severity};
    let staging = state::staging_of(storage)?;
    let lines = |path: &Path| std::fs::read(path).map_or(0, |b| b.iter().filter(|c| **c == b'\n').count());
    let (mut behind, mut trials) = (0, 0);
    for entry in std::fs::read_dir(&staging).ok()?.flatten() {
        let ahead = lines(&entry.path().join("result.json"));
        let stored = lines(&storage.join(entry.file_name()).join("result.json"));
        behind += ahead.saturating_sub(stored);
        trials += usize::from(ahead > stored);
    }
    (behind > 0).then(|| Finding {
        check: "staging-lag",
        severity: Severity::Note,
        message: format!(
            "the storage folder is {behind} reports of {trials} trials behind {}, where Ray writes first; both are read \
             here, other tools see the older state until Ray copies it.",
            staging.display()
        ),
        lines: Vec::new(),
        trials: Vec::new(),
        command: None,
    })
}

/// What is known of a trial, as a row.
fn row(trial: &Trial, info: Option<&TrialInfo>, table: &mut Table) -> Row {
    let mut row = Row {
        id: Some(TrialId::Text(Label::new(&trial.id))),
        ..Row::default()
    };
    let config = trial
        .config
        .as_ref()
        .or_else(|| info.map(|i| &i.config).filter(|c| !c.is_null()))
        .or_else(|| trial.reports.config());
    let sampled = info.map(|i| &i.sampled).filter(|s| !s.is_empty());
    match (config, sampled) {
        (Some(config), Some(sampled)) => flatten(config, '/', &mut |name, leaf| {
            if sampled.contains(name) {
                let column = table.column(Group::Param, name);
                let cell = value(table, column, leaf);
                row.set(column, cell);
            } else {
                let text = leaf.as_text().map_or_else(|| leaf.to_string(), str::to_owned);
                let cell = match leaf {
                    Json::Int(i) => Value::Int(*i),
                    Json::Float(x) => Value::Float(*x),
                    Json::Bool(b) => Value::Bool(*b),
                    Json::Null => Value::Null,
                    _ => Value::Text(Label::new(&text)),
                };
                row.attributes.push((Label::new(&format!("config/{name}")), cell));
            }
        }),
        (Some(config), None) => set_params(table, &mut row, config, '/'),
        (None, _) => {}
    }
    trial.reports.fill(table, &mut row);
    row.started = info.and_then(|i| i.started).or(row.started);
    row.state = Some(state_of(trial, info));
    if row.state == Some(TrialState::Failed) {
        row.error = trial.error.as_deref().map(Label::new);
    }
    if !row.state.is_some_and(TrialState::is_finished) {
        row.finished = None;
    }
    row
}

/// The state of a trial: as the experiment says it, unless the trial's own files say more.
fn state_of(trial: &Trial, info: Option<&TrialInfo>) -> TrialState {
    let has_reports = trial.reports.count() > 0;
    match info.map(|i| i.status.as_str()) {
        Some("TERMINATED") => TrialState::Complete,
        Some("ERROR") => TrialState::Failed,
        _ if trial.reports.is_done() => TrialState::Complete,
        Some("PENDING") if !has_reports => TrialState::Waiting,
        Some("RUNNING" | "PENDING" | "PAUSED") => TrialState::Running,
        _ if trial.error.is_some() => TrialState::Failed,
        _ if has_reports => TrialState::Running,
        _ => TrialState::Waiting,
    }
}

impl Source for Ray {
    fn study(&mut self) -> Study {
        self.table.declare(Declared {
            metric: self.experiment.metric.as_deref().map(Label::new),
            ..Declared::default()
        });
        let mut study = self
            .table
            .study_of_store(&name_of(&self.root), &[], &self.complaints);
        if let Some(staging) = &self.staging {
            study.notes.push(format!(
                "Ray is writing to {}, which is ahead of this folder; both are read.",
                staging.display()
            ));
        }
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for Ray {
    fn poll(&mut self, watch: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        if self.staging.as_ref().is_none_or(|s| !s.exists()) {
            self.staging = state::staging_of(&self.root);
        }
        let folders = self.folders();
        let mut change = Change::Unchanged;
        if self.trials.keys().any(|name| !folders.contains(name)) {
            self.trials.retain(|name, _| folders.contains(name));
            self.trials.values_mut().for_each(|t| t.is_dirty = true);
            self.table.forget_rows();
            change = Change::Rebuilt;
        }
        if self.read_state() {
            change = change.and(Change::Appended);
            self.trials.values_mut().for_each(|t| t.is_dirty = true);
        }
        let total = folders.len() as u64;
        for (done, name) in (1u64..).zip(&folders) {
            if self.read_trial(name)? {
                change = change.and(Change::Appended);
            }
            let progress = Progress {
                bytes_done: done,
                bytes_total: total,
            };
            if done % 256 == 0 && watch(progress).is_break() {
                break;
            }
        }
        if change != Change::Unchanged {
            self.hand_over();
        }
        if let Some(state) = &self.state {
            self.modified = [self.modified, state.modified()]
                .into_iter()
                .flatten()
                .reduce(f64::max);
        }
        Ok(change)
    }

    fn watched(&self) -> Vec<Target> {
        self.roots().map(|root| Target::Tree(root.to_owned())).collect()
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }

    fn modified(&self) -> Option<f64> {
        self.modified.or_else(|| {
            std::fs::metadata(&self.root)
                .ok()?
                .modified()
                .ok()
                .and_then(seconds)
        })
    }
}
