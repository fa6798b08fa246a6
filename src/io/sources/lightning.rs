//! A folder of runs by PyTorch Lightning's `CSVLogger`: one folder a run (`version_0`, …) with `hparams.yaml` and
//! `metrics.csv`, which has a row for each call of the logger, and in it only what was logged then.
//!
//! Lightning writes no states. A run that reached the last epoch that more than one reached is complete; another is
//! running while its file is written to, and complete with what it has after that.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::study::{Label, Study, TrialId, TrialState, Value};

use super::super::cells::{set_params, text_value};
use super::super::document::{Complaints, Document, Fresh, name_of, seconds};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::source::{Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store};
use super::super::table::{Group, Row, Table};
use super::super::watch::Target;

mod yaml;

/// Lightning's CSV logger.
pub static KIND: Kind = Kind {
    name: "lightning",
    title: "Lightning",
    aliases: &["pytorch-lightning"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Lightning::new(path, options))),
    },
};

const METRICS: &str = "metrics.csv";
const SETTINGS: &str = "hparams.yaml";
/// Entries of a folder that are looked at to tell.
const LOOKED_AT: usize = 200;
/// A run that is not at its end and was written to so recently is running.
const LIVE: f64 = 600.0;

fn recognize(place: &Place<'_>) -> u8 {
    if place.form == Form::Folder && runs_in(place.path).next().is_some() {
        75
    } else {
        0
    }
}

/// The folders of runs: those in a folder, or itself.
fn runs_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let is_run = |path: &PathBuf| path.join(SETTINGS).is_file() && path.join(METRICS).is_file();
    let own = Some(folder.to_owned()).filter(is_run);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.map(|entry| entry.path()).take(LOOKED_AT * 50);
    own.into_iter().chain(below.filter(move |path| is_run(path)))
}

/// One run, as it was read.
#[derive(Debug)]
struct Run {
    settings: Document,
    metrics: Document,
    params: Json,
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

struct Lightning {
    root: PathBuf,
    runs: BTreeMap<PathBuf, Run>,
    table: Table,
    complaints: Complaints,
    modified: Option<f64>,
}

impl Lightning {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        Self {
            root: path.to_owned(),
            runs: BTreeMap::new(),
            table: Table::new(options, false),
            complaints: Complaints::default(),
            modified: None,
        }
    }

    /// The last epoch that more than one run reached.
    fn common_end(&self) -> Option<f64> {
        let mut ends: Vec<f64> = self.runs.values().filter_map(Run::last_epoch).collect();
        ends.sort_by(f64::total_cmp);
        let last_two = ends.iter().rev().take(2).collect::<Vec<_>>();
        match last_two.as_slice() {
            [last, before] if last == before => Some(**last),
            _ => None,
        }
    }
}

impl Run {
    fn at(folder: &Path) -> Self {
        Self {
            settings: Document::new(&folder.join(SETTINGS)),
            metrics: Document::new(&folder.join(METRICS)),
            params: Json::Null,
            header: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Takes what is new; returns whether anything was.
    fn look(&mut self, name: &str, complaints: &mut Complaints) -> bool {
        let mut is_new = false;
        let mut failed = |file: &str, error: std::io::Error| {
            complaints.say(
                &format!("{name}/{file}"),
                None,
                &format!("cannot be read ({error})."),
            );
        };
        match self.settings.look() {
            Ok(Fresh::New(bytes)) => {
                self.params = yaml::settings(&String::from_utf8_lossy(&bytes));
                is_new = true;
            }
            Ok(Fresh::Same | Fresh::Missing) => {}
            Err(error) => failed(SETTINGS, error),
        }
        match self.metrics.look() {
            Ok(Fresh::New(mut bytes)) => {
                if !bytes.ends_with(b"\n") && self.metrics.is_fresh() {
                    // The last row is being written: the next look takes it.
                    self.metrics.forget();
                    bytes.truncate(bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
                }
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .from_reader(bytes.as_slice());
                let header = reader.headers().cloned().unwrap_or_default();
                self.header = header.iter().map(str::to_owned).collect();
                self.rows = reader
                    .records()
                    .map_while(Result::ok)
                    .filter(|row| row.len() == header.len())
                    .collect();
                is_new = true;
            }
            Ok(Fresh::Same | Fresh::Missing) => {}
            Err(error) => failed(METRICS, error),
        }
        is_new
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    fn last_epoch(&self) -> Option<f64> {
        let at = self.column("epoch")?;
        let mut cells = self.rows.iter().rev().filter_map(|row| row.get(at));
        cells.find_map(|cell| cell.parse().ok())
    }

    fn row(&self, id: TrialId, end: Option<f64>, now: f64, table: &mut Table) -> Row {
        let modified = self.metrics.modified();
        let is_over = self
            .last_epoch()
            .is_none_or(|epoch| end.is_none_or(|end| epoch >= end));
        let is_live = modified.is_some_and(|then| now - then < LIVE) && !(is_over && end.is_some());
        let mut row = Row {
            id: Some(id),
            state: is_live.then_some(TrialState::Running),
            ..Row::default()
        };
        set_params(table, &mut row, &self.params, '.');
        let step_at = self.column("step").or_else(|| self.column("epoch"));
        for (k, name) in self.header.iter().enumerate() {
            if name == "step" || name == "epoch" || name.is_empty() {
                continue;
            }
            for (record, number) in self.rows.iter().zip(0u64..) {
                let Some(text) = record.get(k).filter(|cell| !cell.is_empty()) else {
                    continue;
                };
                let column = table.column(Group::Metric, name);
                let value = text_value(table, column, text);
                let step = step_at
                    .and_then(|at| record.get(at)?.parse().ok())
                    .unwrap_or(number);
                if let (Some(x), Ok(column)) = (value.as_f64(), u32::try_from(column)) {
                    row.steps.push((step, column, x));
                }
                row.set(column, value);
            }
        }
        row.finished = modified.filter(|_| !is_live);
        if let Some(epoch) = self.last_epoch() {
            row.attributes.push(("epoch".into(), Value::Float(epoch)));
        }
        row
    }
}

/// `version_3` is trial 3.
fn id_of(folder: &Path) -> TrialId {
    let name = name_of(folder);
    let number = name.strip_prefix("version_").and_then(|n| n.parse().ok());
    number.map_or_else(|| TrialId::Text(Label::new(&name)), TrialId::Number)
}

impl Source for Lightning {
    fn study(&mut self) -> Study {
        self.table
            .study_of_store(&name_of(&self.root), &[], &self.complaints)
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for Lightning {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let mut is_new = false;
        for folder in runs_in(&self.root).collect::<Vec<_>>() {
            let run = self
                .runs
                .entry(folder.clone())
                .or_insert_with(|| Run::at(&folder));
            is_new |= run.look(&name_of(&folder), &mut self.complaints);
        }
        let count = self.runs.len();
        self.runs.retain(|folder, _| folder.join(METRICS).is_file());
        if !is_new && self.runs.len() == count {
            return Ok(Change::Unchanged);
        }
        let (end, now) = (self.common_end(), seconds(SystemTime::now()).unwrap_or(0.0));
        self.table.forget_rows();
        for (folder, run) in &self.runs {
            let row = run.row(id_of(folder), end, now, &mut self.table);
            self.table.replace(row);
        }
        self.modified = self
            .runs
            .values()
            .filter_map(|run| run.metrics.modified())
            .reduce(f64::max);
        Ok(Change::Rebuilt)
    }

    fn watched(&self) -> Vec<Target> {
        vec![Target::Tree(self.root.clone())]
    }

    fn is_missing(&self) -> bool {
        !self.root.exists()
    }

    fn modified(&self) -> Option<f64> {
        self.modified
    }
}
