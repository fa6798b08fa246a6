//! Syne Tune's results: `results.csv.zip` (one row a report, rewritten whole every few seconds) and
//! `metadata.json` (metrics, modes and the search space).
//!
//! The state that a row gives is the one at the time of the report, which is nearly always `InProgress`. So a
//! trial is over where the scheduler stopped it, where its folder says so, or where it reached the largest
//! resource; one that was stopped short of that counts as pruned.

mod reports;
mod space;
mod zip;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Direction, Label, Study};

use super::super::document::{Complaints, Document, Fresh, name_of};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::source::{Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store};
use super::super::table::{Declared, Table};
use super::super::watch::Target;

/// Syne Tune's results folder.
pub static KIND: Kind = Kind {
    name: "syne-tune",
    title: "Syne Tune",
    aliases: &["syne", "synetune"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(SyneTune::new(path, options))),
    },
};

const RESULTS: &str = "results.csv.zip";

fn recognize(place: &Place<'_>) -> u8 {
    match place.form {
        Form::Folder if place.holds(RESULTS) => 90,
        Form::Folder if place.holds("metadata.json") && place.holds("tuner.dill") => 80,
        Form::File
            if place.first.starts_with(b"PK\x03\x04") && place.path.to_string_lossy().ends_with(RESULTS) =>
        {
            90
        }
        _ => 0,
    }
}

/// What the metadata says.
#[derive(Debug, Default)]
pub struct Setting {
    metrics: Vec<String>,
    directions: Vec<Direction>,
    /// The column in which a trial's progress is counted, and where it ends.
    resource: Option<String>,
    limit: Option<f64>,
}

struct SyneTune {
    folder: PathBuf,
    metadata: Document,
    results: Document,
    setting: Setting,
    notes: Vec<String>,
    table: Table,
    complaints: Complaints,
}

impl SyneTune {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        let folder = if path.is_dir() {
            path.to_owned()
        } else {
            path.parent().map_or_else(PathBuf::new, Path::to_owned)
        };
        Self {
            metadata: Document::new(&folder.join("metadata.json")),
            results: Document::new(&folder.join(RESULTS)),
            folder,
            setting: Setting::default(),
            notes: Vec::new(),
            table: Table::new(options, false),
            complaints: Complaints::default(),
        }
    }

    fn read_metadata(&mut self) -> bool {
        let Some(json) = self.metadata.look_for_json(&mut self.complaints) else {
            return false;
        };
        self.setting = setting(&json);
        let parsed;
        let space = match json.at("config_space") {
            Json::Text(text) => {
                parsed = Json::parse(text.as_bytes()).unwrap_or(Json::Null);
                &parsed
            }
            Json::Null => json.at("scheduler_kwargs").at("config_space"),
            object => object,
        };
        self.notes.clear();
        self.table.forget_rows();
        let is_several = self.setting.metrics.len() > 1;
        self.table.value_names = if is_several {
            self.setting.metrics.iter().map(|n| Label::new(n)).collect()
        } else {
            Vec::new()
        };
        self.table.declare(Declared {
            metric: self
                .setting
                .metrics
                .first()
                .filter(|_| !is_several)
                .map(|n| Label::new(n)),
            directions: self.setting.directions.clone(),
            domains: space::domains(space, &mut self.notes),
        });
        true
    }

    fn read_results(&mut self) -> Result<bool, ReadError> {
        let name = RESULTS;
        let bytes = match self.results.look() {
            Ok(Fresh::New(bytes)) => bytes,
            Ok(Fresh::Same | Fresh::Missing) => return Ok(false),
            Err(source) => {
                return Err(ReadError::Io {
                    path: self.results.path().to_owned(),
                    source,
                });
            }
        };
        let text = match zip::only_file(&bytes) {
            Ok(text) => text,
            Err(why) => {
                // Caught while it is being written: the last whole one holds.
                let is_fresh = self.results.is_fresh();
                self.results.forget();
                if !is_fresh {
                    self.complaints.say(
                        name,
                        None,
                        &format!("the archive {why}; the last whole one holds."),
                    );
                }
                return Ok(false);
            }
        };
        self.complaints.clear(name);
        self.table.forget_rows();
        let trials = reports::trials(&text, name, &mut self.complaints);
        let limit = self
            .setting
            .limit
            .or_else(|| reports::common_end(&trials, &self.setting));
        let mut rows: Vec<_> = trials
            .iter()
            .map(|trial| trial.row(&self.setting, limit, &self.folder, &mut self.table))
            .collect();
        rows.extend(reports::without_reports(&self.folder, &trials, &mut self.table));
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        for row in rows {
            self.table.replace(row);
        }
        Ok(true)
    }
}

fn setting(json: &Json) -> Setting {
    let texts = |json: &Json| -> Vec<String> {
        match json {
            Json::Text(text) => vec![text.clone()],
            list => list
                .items()
                .iter()
                .filter_map(Json::as_text)
                .map(str::to_owned)
                .collect(),
        }
    };
    let mut metrics = texts(json.at("metric_names"));
    if metrics.is_empty() {
        metrics = texts(json.at("metric"));
    }
    let modes = match json.at("metric_mode") {
        Json::Null => texts(json.at("metric_modes")),
        modes => texts(modes),
    };
    let kwargs = json.at("scheduler_kwargs");
    let directions = (0..metrics.len())
        .map(|k| match modes.get(k).or(modes.first()).map(String::as_str) {
            Some("max") => Direction::Maximize,
            None if kwargs.at("do_minimize").as_bool() == Some(false) => Direction::Maximize,
            _ => Direction::Minimize,
        })
        .collect();
    let resource = ["time_attr", "resource_attr"]
        .iter()
        .find_map(|k| kwargs.at(k).as_text())
        .or_else(|| json.at("resource_attr").as_text());
    Setting {
        metrics,
        directions,
        resource: resource.map(str::to_owned),
        limit: ["max_t", "max_resource_level"]
            .iter()
            .find_map(|k| kwargs.at(k).as_f64()),
    }
}

impl Source for SyneTune {
    fn study(&mut self) -> Study {
        self.table
            .study_of_store(&name_of(&self.folder), &self.notes, &self.complaints)
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for SyneTune {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let is_new = self.read_metadata();
        if is_new {
            self.results.forget();
        }
        Ok(Change::rebuilt_if(self.read_results()? | is_new))
    }

    fn watched(&self) -> Vec<Target> {
        vec![Target::Tree(self.folder.clone())]
    }

    fn is_missing(&self) -> bool {
        !self.folder.exists()
    }

    fn modified(&self) -> Option<f64> {
        self.results.modified()
    }
}
