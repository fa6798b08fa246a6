//! Weights & Biases run files on disk (`wandb/…run-*/run-*.wandb`), offline or not: no account, no network.
//!
//! Each run is one append-only log of records (`log`), whose few fields of interest are picked out of their
//! protobuf (`record`); only what is new is read. A run is one trial. Runs of another project, or of another
//! sweep, are another study.

mod log;
mod record;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Direction, Label, Study};

use super::super::document::{Complaints, name_of, seconds};
use super::super::error::ReadError;
use super::super::source::{
    Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store, StudyEntry,
};
use super::super::table::{Declared, Table};
use super::super::watch::Target;
use log::Log;
use run::Run;

/// W&B's run files.
pub static KIND: Kind = Kind {
    name: "wandb",
    title: "W&B run files",
    aliases: &["w&b", "weights-and-biases"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Wandb::new(path, options))),
    },
};

fn recognize(place: &Place<'_>) -> u8 {
    match place.form {
        Form::File if place.first.starts_with(b":W&B") => 95,
        Form::Folder if !files(place.path).is_empty() => 90,
        // As it is in the first moments of a first run.
        Form::Folder if place.holds("debug-internal.log") && place.holds("latest-run") => 60,
        _ => 0,
    }
}

/// The run files at a place: a file, the folder of a run, or the folder of all runs.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let is_run_file = |path: &Path| path.extension().is_some_and(|e| e == "wandb");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|e| e.path()).collect()
    };
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in list(path) {
        if is_run_file(&entry) {
            found.push(entry);
        } else if is_run_folder(&name_of(&entry)) {
            found.extend(list(&entry).into_iter().filter(|p| is_run_file(p)));
        }
    }
    found.sort();
    found
}

/// `run-<stamp>-<id>` or `offline-run-<stamp>-<id>`, not the link `latest-run`.
fn is_run_folder(name: &str) -> bool {
    name.strip_prefix("offline-").unwrap_or(name).starts_with("run-")
}

struct Wandb {
    options: ReadOptions,
    path: PathBuf,
    logs: BTreeMap<PathBuf, (Log, Run)>,
    /// Name of the study that the table holds.
    chosen: Option<String>,
    table: Table,
    complaints: Complaints,
    modified: Option<f64>,
    is_missing: bool,
}

impl Wandb {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        Self {
            options: options.clone(),
            path: path.to_owned(),
            logs: BTreeMap::new(),
            chosen: None,
            table: Table::new(options, false),
            complaints: Complaints::default(),
            modified: None,
            is_missing: false,
        }
    }

    /// Names of the studies with their numbers of runs, and the moment the latest began.
    fn entries(&self) -> BTreeMap<String, (usize, f64)> {
        let mut entries: BTreeMap<String, (usize, f64)> = BTreeMap::new();
        for run in files_of_runs(&self.logs)
            .values()
            .filter_map(|files| files.first())
        {
            let entry = entries.entry(run.study()).or_insert((0, 0.0));
            entry.0 += 1;
            entry.1 = entry.1.max(run.started.unwrap_or(0.0));
        }
        entries
    }

    /// Puts the runs of the wanted study into the table: those that changed, or all where it is another study.
    fn hand_over(&mut self, changed: &BTreeSet<String>, is_rebuilt: bool) {
        let entries = self.entries();
        let latest = |e: &(&String, &(usize, f64))| e.1.1;
        let chosen = match &self.options.study {
            Some(name) => entries.keys().find(|n| *n == name).cloned(),
            None => {
                let last = entries.iter().max_by(|a, b| latest(a).total_cmp(&latest(b)));
                last.map(|(name, _)| name.clone())
            }
        };
        let is_rebuilt = is_rebuilt || chosen != self.chosen;
        self.chosen = chosen;
        let mut wanted: Vec<Vec<&Run>> = files_of_runs(&self.logs)
            .into_iter()
            .filter(|(id, files)| {
                files.first().map(|r| r.study()) == self.chosen && (is_rebuilt || changed.contains(*id))
            })
            .map(|(_, files)| files)
            .collect();
        let started = |files: &Vec<&Run>| files.first().and_then(|r| r.started).unwrap_or(0.0);
        wanted.sort_by(|a, b| started(a).total_cmp(&started(b)));
        if is_rebuilt {
            self.table.forget_rows();
        }
        let goals = wanted.iter().flatten().flat_map(|run| &run.goals);
        let declared = declared(goals);
        if declared.metric.is_some() || is_rebuilt {
            self.table.declare(declared);
        }
        for files in wanted {
            let row = match files.as_slice() {
                [only] => only.row(&mut self.table),
                several => {
                    let mut whole = several.first().map_or_else(Run::default, |run| Run::clone(run));
                    several.iter().skip(1).for_each(|later| whole.resume(later));
                    whole.row(&mut self.table)
                }
            };
            self.table.replace(row);
        }
    }
}

/// The files of each run, by its identity: one that was resumed has several, the later go on top.
fn files_of_runs(logs: &BTreeMap<PathBuf, (Log, Run)>) -> BTreeMap<&str, Vec<&Run>> {
    let mut found: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
    for (_, run) in logs.values().filter(|(_, run)| !run.id.is_empty()) {
        found.entry(run.id.as_str()).or_default().push(run);
    }
    found
}

/// The metric to which a run gave a goal, where there is one.
fn declared<'r>(all: impl Iterator<Item = &'r (String, Direction)>) -> Declared {
    let mut goals: Vec<(&str, Direction)> = Vec::new();
    for (name, direction) in all {
        if !goals.iter().any(|(n, _)| n == name) {
            goals.push((name, *direction));
        }
    }
    match goals.as_slice() {
        [(name, direction)] => Declared {
            metric: Some(Label::new(name)),
            directions: vec![*direction],
            ..Declared::default()
        },
        _ => Declared::default(),
    }
}

impl Source for Wandb {
    fn study(&mut self) -> Study {
        let mut study = self.table.study();
        study.name = Label::new(self.chosen.as_deref().unwrap_or(""));
        let entries = self.entries();
        if entries.len() > 1 && self.options.study.is_none() {
            let names: Vec<&str> = entries.keys().map(String::as_str).collect();
            study.notes.push(format!(
                "there are runs of {} projects or sweeps ({}); --study NAME chooses another than {}.",
                entries.len(),
                names.join(", "),
                study.name
            ));
        }
        study.diagnostics.extend(self.complaints.list());
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }

    fn studies(&self) -> Vec<StudyEntry> {
        self.entries()
            .into_iter()
            .map(|(name, (trials, _))| StudyEntry::new(Label::new(&name), trials))
            .collect()
    }
}

impl Store for Wandb {
    fn poll(&mut self, watch: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        self.is_missing = !self.path.exists();
        let files = files(&self.path);
        let before = self.logs.len();
        self.logs.retain(|path, _| files.contains(path));
        let is_gone = self.logs.len() < before;
        let mut changed = BTreeSet::new();
        let total = files.len() as u64;
        for (path, done) in files.into_iter().zip(1u64..) {
            let (log, run) = self
                .logs
                .entry(path.clone())
                .or_insert_with(|| (Log::new(&path), Run::default()));
            let name = name_of(&path);
            match log.look(run, &name, &mut self.complaints) {
                Ok(true) => {
                    changed.insert(run.id.clone());
                    let written = std::fs::metadata(&path)
                        .ok()
                        .and_then(|m| m.modified().ok())
                        .and_then(seconds);
                    self.modified = [self.modified, written].into_iter().flatten().reduce(f64::max);
                }
                Ok(false) => {}
                Err(error) => self
                    .complaints
                    .say(&name, None, &format!("cannot be read ({error}).")),
            }
            let progress = Progress {
                bytes_done: done,
                bytes_total: total,
            };
            if watch(progress).is_break() {
                break;
            }
        }
        if changed.is_empty() && !is_gone {
            return Ok(Change::Unchanged);
        }
        self.hand_over(&changed, is_gone);
        Ok(if is_gone {
            Change::Rebuilt
        } else {
            Change::Appended
        })
    }

    fn watched(&self) -> Vec<Target> {
        vec![if self.path.is_file() {
            Target::File(self.path.clone())
        } else {
            Target::Tree(self.path.clone())
        }]
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }

    fn modified(&self) -> Option<f64> {
        self.modified
    }
}
