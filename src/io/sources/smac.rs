//! SMAC's output folder: `runhistory.json` with what was run, `configspace.json` with the space and
//! `scenario.json` with the objectives; all are rewritten whole after each run.
//!
//! SMAC may run a configuration several times, on other seeds, instances and budgets. Here a configuration is
//! one trial: its value is the mean of the runs at its highest budget, as SMAC compares configurations, and the
//! means at its budgets are its learning curve.

mod history;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Direction, Label, Study};

use super::super::document::{Complaints, Document, name_of};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::source::{
    Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store, StudyEntry,
};
use super::super::table::{Declared, Table};
use super::super::watch::Target;
use super::configspace;
use history::Config;

/// SMAC3's run history.
pub static KIND: Kind = Kind {
    name: "smac",
    title: "SMAC",
    aliases: &["smac3"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Smac::new(path, options))),
    },
};

const HISTORY: &str = "runhistory.json";

fn recognize(place: &Place<'_>) -> u8 {
    match place.form {
        Form::Folder if place.holds(HISTORY) || !runs_below(place.path).is_empty() => 90,
        Form::File => {
            let has = |key: &[u8]| place.first.windows(key.len()).any(|w| w == key);
            let name = place.path.file_name().is_some_and(|n| n == HISTORY);
            let is_object = place.first.trim_ascii_start().starts_with(b"{");
            if is_object && has(b"\"data\"") && (name || has(b"\"config_id\"") && has(b"\"cost\"")) {
                90
            } else {
                0
            }
        }
        _ => 0,
    }
}

/// The folders below `<name>/` (one a seed, named by it) that hold a run history.
fn runs_below(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| name_of(path).bytes().all(|b| b.is_ascii_digit()) && path.join(HISTORY).is_file())
        .take(1000)
        .collect();
    found.sort();
    found
}

struct Smac {
    options: ReadOptions,
    given: PathBuf,
    /// The folder of the run that is read.
    folder: PathBuf,
    history: Document,
    space: Document,
    scenario: Document,
    objectives: Vec<Label>,
    name: Option<String>,
    notes: Vec<String>,
    configs: Vec<Config>,
    table: Table,
    complaints: Complaints,
    is_missing: bool,
}

impl Smac {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        let folder = if path.is_dir() {
            path.to_owned()
        } else {
            path.parent().map_or_else(PathBuf::new, Path::to_owned)
        };
        let history = if path.is_dir() {
            path.join(HISTORY)
        } else {
            path.to_owned()
        };
        Self {
            options: options.clone(),
            given: path.to_owned(),
            history: Document::new(&history),
            space: Document::new(&folder.join("configspace.json")),
            scenario: Document::new(&folder.join("scenario.json")),
            folder,
            objectives: Vec::new(),
            name: None,
            notes: Vec::new(),
            configs: Vec::new(),
            table: Table::new(options, false),
            complaints: Complaints::default(),
            is_missing: false,
        }
    }

    /// The runs of the folder that was given, where it holds several (one a seed).
    fn runs(&self) -> Vec<PathBuf> {
        if !self.given.is_dir() || self.given.join(HISTORY).is_file() {
            return Vec::new();
        }
        runs_below(&self.given)
    }

    /// Turns to the run of the wanted name, or to the one that was written last.
    fn choose(&mut self) {
        let runs = self.runs();
        let wanted = match &self.options.study {
            Some(name) => runs.iter().find(|run| name_of(run) == *name),
            None => runs.iter().max_by_key(|run| {
                std::fs::metadata(run.join(HISTORY))
                    .and_then(|m| m.modified())
                    .ok()
            }),
        };
        if let Some(run) = wanted.cloned()
            && run != self.folder
        {
            let given = std::mem::take(&mut self.given);
            *self = Self::new(&run, &self.options.clone());
            self.given = given;
        }
    }

    fn read_space(&mut self) -> bool {
        let Some(json) = self.space.look_for_json(&mut self.complaints) else {
            return false;
        };
        self.notes.clear();
        let domains = configspace::domains(&json, &mut self.notes);
        self.table.declare(Declared {
            domains,
            directions: vec![Direction::Minimize],
            ..Declared::default()
        });
        self.configs.clear();
        true
    }

    fn read_scenario(&mut self) -> bool {
        let Some(json) = self.scenario.look_for_json(&mut self.complaints) else {
            return false;
        };
        self.name = json.at("name").as_text().map(str::to_owned);
        self.objectives = match json.at("objectives") {
            Json::List(names) => names.iter().filter_map(Json::as_text).map(Label::new).collect(),
            name => name.as_text().map(Label::new).into_iter().collect(),
        };
        self.configs.clear();
        true
    }

    fn read_history(&mut self) -> Change {
        let Some(json) = self.history.look_for_json(&mut self.complaints) else {
            return Change::Unchanged;
        };
        let name = name_of(self.history.path());
        let configs = history::configs(&json, &name, &mut self.complaints);
        let is_continued = configs.len() >= self.configs.len()
            && self
                .configs
                .iter()
                .zip(&configs)
                .all(|(old, new)| old.id == new.id && old.params == new.params);
        if !is_continued {
            self.configs.clear();
            self.table.forget_rows();
        }
        let objectives = configs.iter().map(Config::objectives).max().unwrap_or(1).max(1);
        self.declare_objectives(objectives);
        for (k, config) in configs.iter().enumerate() {
            if self.configs.get(k) != Some(config) {
                let row = config.row(&mut self.table, objectives);
                self.table.replace(row);
            }
        }
        self.configs = configs;
        if is_continued {
            Change::Appended
        } else {
            Change::Rebuilt
        }
    }

    fn declare_objectives(&mut self, count: usize) {
        self.table.value_names = (0..count)
            .map(|k| match self.objectives.get(k) {
                Some(name) => name.clone(),
                None if count == 1 => Label::new("cost"),
                None => Label::new(&format!("cost {k}")),
            })
            .collect();
        let declared = Declared {
            directions: vec![Direction::Minimize; count],
            ..self.table.declared.clone()
        };
        self.table.declare(declared);
    }
}

impl Source for Smac {
    fn study(&mut self) -> Study {
        let name = self.name.clone().unwrap_or_else(|| name_of(&self.folder));
        let mut study = self.table.study_of_store(&name, &self.notes, &self.complaints);
        let runs: usize = self.configs.iter().map(Config::runs).sum();
        if runs > self.configs.len() {
            study.notes.push(format!(
                "{runs} runs of {} configurations: the value of one is the mean of its runs at its highest budget.",
                self.configs.len()
            ));
        }
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }

    fn studies(&self) -> Vec<StudyEntry> {
        let runs = self.runs();
        if runs.len() < 2 {
            return Vec::new();
        }
        runs.iter()
            .map(|run| {
                let trials = if *run == self.folder {
                    self.configs.len()
                } else {
                    0
                };
                StudyEntry::new(Label::new(&name_of(run)), trials)
            })
            .collect()
    }
}

impl Store for Smac {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        self.choose();
        self.is_missing = !self.history.path().exists();
        let is_new = self.read_space() | self.read_scenario();
        if is_new {
            self.table.forget_rows();
            self.history.forget();
        }
        let change = self.read_history();
        Ok(if is_new {
            change.and(Change::Rebuilt)
        } else {
            change
        })
    }

    fn watched(&self) -> Vec<Target> {
        vec![Target::Tree(if self.given.is_dir() {
            self.given.clone()
        } else {
            self.folder.clone()
        })]
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }

    fn modified(&self) -> Option<f64> {
        self.history.modified()
    }
}
