//! MLflow: its file store (`mlruns/`), and its SQLite file.
//!
//! An experiment is a study and a run is a trial. Runs that other runs name as their parent hold a sweep
//! together and are no trials themselves; `--study EXPERIMENT/PARENT` takes the runs of one sweep alone.

mod database;
mod files;
mod runs;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Label, Study};

use super::super::document::Complaints;
use super::super::error::ReadError;
use super::super::source::{
    Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store, StudyEntry,
};
use super::super::table::Table;
use super::super::watch::Target;
use database::Database;
use files::Folder;
use runs::{Run, Runs};

/// MLflow's file store and its SQLite file.
pub static KIND: Kind = Kind {
    name: "mlflow",
    title: "MLflow",
    aliases: &["mlruns"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Mlflow::new(path, options))),
    },
};

fn recognize(place: &Place<'_>) -> u8 {
    match place.form {
        Form::Folder if files::is_store(place.path) => 90,
        Form::File | Form::Address if database::is_store(place) => 96,
        _ => 0,
    }
}

struct Mlflow {
    options: ReadOptions,
    path: PathBuf,
    storage: Storage,
    runs: Runs,
    /// The study that the table holds, and the parents that are left out.
    shown: Shown,
    table: Table,
    complaints: Complaints,
    is_missing: bool,
}

/// How the runs are stored.
enum Storage {
    Folder(Folder),
    Database(Database),
}

/// What the table shows.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    experiment: Option<String>,
    /// Identity of the parent whose runs are wanted alone.
    parent: Option<String>,
    parents: Vec<String>,
}

impl Mlflow {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        let file = database::file_of(path).unwrap_or_else(|| path.to_owned());
        let path = file.as_path();
        Self {
            options: options.clone(),
            path: path.to_owned(),
            storage: if path.is_dir() {
                Storage::Folder(Folder::new(path))
            } else {
                Storage::Database(Database::new(path))
            },
            runs: Runs::default(),
            shown: Shown::default(),
            table: Table::new(options, false),
            complaints: Complaints::default(),
            is_missing: false,
        }
    }

    /// The experiment and the sweep that are wanted; without a word, the experiment whose run began last.
    fn choose(&self) -> Shown {
        let latest = |experiment: &str| {
            let runs = self.runs.of(experiment);
            runs.filter_map(|r| r.started).fold(f64::NEG_INFINITY, f64::max)
        };
        let names = &self.runs.experiments;
        let mut shown = Shown::default();
        match &self.options.study {
            Some(name) => {
                let (experiment, parent) = match name.split_once('/') {
                    Some((e, p)) if !names.iter().any(|(id, n)| n == name || id == name) => (e, Some(p)),
                    _ => (name.as_str(), None),
                };
                shown.experiment = names
                    .iter()
                    .find(|(id, n)| *n == experiment || *id == experiment)
                    .map(|(id, _)| id.clone());
                if let (Some(experiment), Some(parent)) = (&shown.experiment, parent) {
                    let is_parent = |r: &&Run| r.id == parent || r.name.as_deref() == Some(parent);
                    shown.parent = self.runs.of(experiment).find(is_parent).map(|r| r.id.clone());
                }
            }
            None => {
                let used = names.keys().filter(|id| self.runs.of(id).next().is_some());
                shown.experiment = used.max_by(|a, b| latest(a).total_cmp(&latest(b))).cloned();
            }
        }
        if let Some(experiment) = &shown.experiment {
            shown.parents = self.runs.parents(experiment);
        }
        shown
    }

    /// Whether a run is a trial of the study that is shown.
    fn is_trial(&self, run: &Run) -> bool {
        Some(&run.experiment) == self.shown.experiment.as_ref()
            && !self.shown.parents.contains(&run.id)
            && self
                .shown
                .parent
                .as_ref()
                .is_none_or(|p| run.parent.as_ref() == Some(p))
    }

    /// Hands the runs of `changed` to the table; all of them, where what is shown is another study.
    fn hand_over(&mut self, changed: &[String], is_rebuilt: bool) -> Change {
        let shown = self.choose();
        let is_rebuilt = is_rebuilt || shown != self.shown;
        self.shown = shown;
        let mut ids: Vec<&Run> = if is_rebuilt {
            self.table.forget_rows();
            self.runs.all.values().collect()
        } else {
            changed.iter().filter_map(|id| self.runs.all.get(id)).collect()
        };
        ids.retain(|run| self.is_trial(run));
        ids.sort_by(|a, b| {
            let started = |r: &Run| r.started.unwrap_or(f64::INFINITY);
            started(a).total_cmp(&started(b)).then_with(|| a.id.cmp(&b.id))
        });
        let rows: Vec<_> = ids.into_iter().map(|run| run.row(&mut self.table)).collect();
        for row in rows {
            self.table.replace(row);
        }
        if is_rebuilt {
            Change::Rebuilt
        } else {
            Change::Appended
        }
    }
}

impl Source for Mlflow {
    fn study(&mut self) -> Study {
        let mut study = self.table.study();
        let experiment = self.shown.experiment.as_deref().unwrap_or("");
        let name = self
            .runs
            .experiments
            .get(experiment)
            .map_or(experiment, String::as_str);
        study.name = Label::new(name);
        let parents = self.shown.parents.len();
        if parents > 0 && self.shown.parent.is_none() {
            let names: Vec<&str> = self
                .shown
                .parents
                .iter()
                .filter_map(|id| self.runs.all.get(id)?.name.as_deref().or(Some(id)))
                .take(6)
                .collect();
            study.notes.push(format!(
                "{parents} parent runs ({}) hold sweeps together and are no trials; --study {name}/PARENT takes the \
                 runs of one sweep alone.",
                names.join(", ")
            ));
        }
        study.diagnostics.extend(self.complaints.list());
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }

    fn studies(&self) -> Vec<StudyEntry> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for run in self.runs.all.values() {
            *counts.entry(run.experiment.as_str()).or_default() += 1;
        }
        let mut entries: Vec<StudyEntry> = counts
            .into_iter()
            .map(|(id, trials)| {
                let name = self.runs.experiments.get(id).map_or(id, String::as_str);
                StudyEntry::new(Label::new(name), trials - self.runs.parents(id).len())
            })
            .collect();
        // An identity or a sweep is a name too, where somebody gave it.
        if let Some(name) = &self.options.study
            && self.shown.experiment.is_some()
            && (!name.contains('/')
                || self.shown.parent.is_some()
                || entries.iter().any(|e| e.name == **name))
            && !entries.iter().any(|e| e.name == **name)
        {
            entries.push(StudyEntry::new(Label::new(name), 0));
        }
        entries
    }
}

impl Store for Mlflow {
    fn poll(&mut self, watch: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        self.is_missing = !self.path.exists();
        let looked = match &mut self.storage {
            Storage::Folder(folder) => folder.look(&mut self.runs, &mut self.complaints, watch),
            Storage::Database(file) => file.look(&mut self.runs, &mut self.complaints),
        };
        if looked.changed.is_empty() && !looked.is_rebuilt {
            return Ok(Change::Unchanged);
        }
        Ok(self.hand_over(&looked.changed, looked.is_rebuilt))
    }

    fn watched(&self) -> Vec<Target> {
        match &self.storage {
            Storage::Folder(_) => vec![Target::Tree(self.path.clone())],
            Storage::Database(file) => file.files().into_iter().map(Target::File).collect(),
        }
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }

    fn modified(&self) -> Option<f64> {
        match &self.storage {
            Storage::Folder(folder) => folder.modified(),
            Storage::Database(file) => file.modified(),
        }
    }
}
