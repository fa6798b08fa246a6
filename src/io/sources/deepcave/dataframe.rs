//! A DeepCAVE run as two tables: `trials.csv`, one run of a configuration a row, and `configspace.csv`, one parameter
//! a row.
//!
//! The columns of `trials.csv` are `config_id`, the parameters, `metric:NAME [LOW; HIGH] (maximize)` for each
//! objective, `status`, `start_time` and `end_time`, and it may have `budget` and `seed`; what else stands there is
//! an attribute. Source: `deepcave/runs/converters/dataframe.py` of DeepCAVE.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::study::{Direction, Domain, Label, Study, TrialId, TrialState, Value};

use super::super::super::cells::text_value;
use super::super::super::document::{Complaints, Document, Fresh, name_of};
use super::super::super::error::ReadError;
use super::super::super::names;
use super::super::super::source::{Change, Progress, ReadOptions, Source, Store};
use super::super::super::table::{Declared, Group, Row, Table};
use super::super::super::watch::Target;
use super::super::delimited::{Scalar, scalar};
use super::{Run, gather};

const TRIALS: &str = "trials.csv";
const SPACE: &str = "configspace.csv";
/// Bytes of a table that are looked at for its header.
const MAX_HEADER: u64 = 64 * 1024;

/// Whether a folder, or its `trials.csv`, is such a run: by what its header says, which no other table does.
pub(super) fn recognize(path: &Path) -> bool {
    let (folder, trials) = files(path);
    let header = header_of(&trials);
    let has = |name: &str| header.iter().any(|head| head == name);
    let has_objective = header
        .iter()
        .any(|head| head.starts_with("metric:") && names::objective(head).is_some());
    has("config_id") && has("status") && (has_objective || folder.join(SPACE).is_file())
}

/// The folder of the run and its table of trials.
fn files(path: &Path) -> (PathBuf, PathBuf) {
    if path.is_dir() {
        (path.to_owned(), path.join(TRIALS))
    } else {
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        (folder, path.to_owned())
    }
}

fn header_of(path: &Path) -> StringRecord {
    use std::io::Read;
    let is_table = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) && path.is_file();
    let file = std::fs::File::open(path).ok().filter(|_| is_table);
    let header = file.and_then(|file| {
        csv::Reader::from_reader(file.take(MAX_HEADER))
            .headers()
            .ok()
            .cloned()
    });
    header.unwrap_or_default()
}

pub(super) struct DataFrame {
    folder: PathBuf,
    space: Document,
    trials: Document,
    table: Table,
    complaints: Complaints,
}

impl DataFrame {
    pub(super) fn new(path: &Path, options: &ReadOptions) -> Self {
        let (folder, trials) = files(path);
        Self {
            space: Document::new(&folder.join(SPACE)),
            trials: Document::new(&trials),
            folder,
            table: Table::new(options, false),
            complaints: Complaints::default(),
        }
    }

    /// Takes the space where it is new; returns whether it was.
    fn read_space(&mut self) -> bool {
        let bytes = match self.space.look() {
            Ok(Fresh::New(bytes)) => bytes,
            Ok(Fresh::Same | Fresh::Missing) => return false,
            Err(error) => {
                self.complaints
                    .say(SPACE, None, &format!("cannot be read ({error})."));
                return false;
            }
        };
        self.complaints.clear(SPACE);
        let mut domains = Vec::new();
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(bytes.as_slice());
        let header = reader.headers().cloned().unwrap_or_default();
        for (record, line) in reader.records().zip(2u64..) {
            let Ok(record) = record else {
                self.complaints
                    .add(SPACE, Some(line), "the row is no text; it was skipped.");
                continue;
            };
            let line = record.position().map_or(line, csv::Position::line);
            let cells = Cells {
                header: &header,
                record: &record,
            };
            let Some(name) = cells.get("name") else { continue };
            match domain(&cells) {
                Ok(domain) => domains.push((Label::new(name), domain)),
                Err(why) => self.complaints.add(
                    SPACE,
                    Some(line),
                    &format!("parameter {name} {why}; it is left out of the space."),
                ),
            }
        }
        self.table.declare(Declared {
            domains,
            ..self.table.declared.clone()
        });
        true
    }

    fn read_trials(&mut self) -> Result<bool, ReadError> {
        let name = name_of(self.trials.path());
        let mut bytes = match self.trials.look() {
            Ok(Fresh::New(bytes)) => bytes,
            Ok(Fresh::Same | Fresh::Missing) => return Ok(false),
            Err(source) => {
                return Err(ReadError::Io {
                    path: self.trials.path().to_owned(),
                    source,
                });
            }
        };
        if !bytes.ends_with(b"\n") && self.trials.is_fresh() {
            // The last row is being written: the next look takes it.
            self.trials.forget();
            bytes.truncate(bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
        }
        self.complaints.clear(&name);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(bytes.as_slice());
        let header = reader.headers().cloned().unwrap_or_default();
        self.declare_objectives(&header);
        self.table.forget_rows();
        let mut configs: Vec<(u64, Row, Vec<Run>)> = Vec::new();
        let mut place_of = std::collections::HashMap::new();
        for (record, number) in reader.records().zip(0u64..) {
            let Ok(record) = record else {
                self.complaints
                    .add(&name, Some(number + 2), "the row is no text; it was skipped.");
                continue;
            };
            let line = record.position().map_or(number + 2, csv::Position::line);
            if record.len() != header.len() {
                let (found, expected) = (record.len(), header.len());
                let why =
                    format!("the row has {found} cells where the header has {expected}; it was skipped.");
                self.complaints.add(&name, Some(line), &why);
                continue;
            }
            let cells = Cells {
                header: &header,
                record: &record,
            };
            let id = cells.get("config_id").and_then(whole).unwrap_or(number);
            let at = *place_of.entry(id).or_insert_with(|| {
                configs.push((id, self.row(id, line, &cells), Vec::new()));
                configs.len() - 1
            });
            if let Some((_, _, runs)) = configs.get_mut(at) {
                runs.push(run(&cells));
            }
        }
        for (_, mut row, runs) in configs {
            gather(&mut row, &runs);
            self.table.replace(row);
        }
        Ok(true)
    }

    fn declare_objectives(&mut self, header: &StringRecord) {
        let told = header.iter().filter(|head| head.starts_with("metric:"));
        let told: Vec<(&str, Direction)> = told
            .map(|head| {
                let plain = head.trim_start_matches("metric:");
                names::objective(head).unwrap_or_else(|| (plain, names::direction(plain)))
            })
            .collect();
        self.table.value_names = told.iter().map(|(name, _)| Label::new(name)).collect();
        self.table.declare(Declared {
            directions: told.iter().map(|(_, direction)| *direction).collect(),
            ..self.table.declared.clone()
        });
    }

    /// What a row says of its configuration, whose runs are not in it yet.
    fn row(&mut self, id: u64, line: u64, cells: &Cells<'_>) -> Row {
        let mut row = Row {
            id: Some(TrialId::Number(id)),
            line,
            ..Row::default()
        };
        let is_known =
            |table: &Table, head: &str| table.declared.domains.iter().any(|(name, _)| *name == *head);
        let has_space = !self.table.declared.domains.is_empty();
        for (head, text) in cells.all() {
            let is_own = OWN.contains(&head) || head.starts_with("metric:");
            if is_own || text.is_empty() {
                continue;
            }
            let is_param = if has_space {
                is_known(&self.table, head)
            } else {
                names::role(head) == names::Role::Other && !head.starts_with("additional")
            };
            if is_param {
                let column = self.table.column(Group::Param, head);
                let value = self.value(head, column, text);
                row.set(column, value);
            } else if let Scalar::Value(value) = scalar(text, false) {
                row.attributes.push((Label::new(head), value));
            } else {
                row.attributes
                    .push((Label::new(head), Value::Text(Label::new(text))));
            }
        }
        row
    }

    /// The value of a parameter: a choice by its text, a whole number also where pandas wrote `50.0`.
    fn value(&mut self, name: &str, column: usize, text: &str) -> Value {
        let domain = self.table.declared.domains.iter().find(|(n, _)| *n == *name);
        match domain.map(|(_, domain)| domain) {
            Some(Domain::Int { .. }) => whole_number(text).map(Value::Int),
            Some(Domain::Categorical { choices }) => {
                let meant = choice(text);
                choices.iter().find(|c| **c == meant).cloned()
            }
            Some(Domain::Float { .. }) | None => None,
        }
        .unwrap_or_else(|| text_value(&mut self.table, column, text))
    }
}

/// Columns of `trials.csv` that are neither parameters nor attributes.
const OWN: &[&str] = &[
    "config_id",
    "budget",
    "seed",
    "status",
    "start_time",
    "end_time",
    "",
];

/// A row with the names of its columns.
struct Cells<'r> {
    header: &'r StringRecord,
    record: &'r StringRecord,
}

impl<'r> Cells<'r> {
    fn all(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.header
            .iter()
            .zip(self.record)
            .map(|(head, text)| (head, text.trim()))
    }

    fn get(&self, name: &str) -> Option<&'r str> {
        self.all()
            .find(|(head, text)| *head == name && !text.is_empty())
            .map(|(_, text)| text)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.parse().ok()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked")]
fn whole_number(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let x: f64 = text.parse().ok()?;
        (x.fract() == 0.0 && x.abs() < 2f64.powi(53)).then_some(x as i64)
    })
}

fn whole(text: &str) -> Option<u64> {
    u64::try_from(whole_number(text)?).ok()
}

/// What a text means where choices stand.
fn choice(text: &str) -> Value {
    match scalar(text, false) {
        Scalar::Value(value) => value,
        Scalar::Text | Scalar::Absent => Value::Text(Label::new(text)),
    }
}

fn domain(cells: &Cells<'_>) -> Result<Domain, String> {
    let is_log = cells
        .get("log")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let bound = |name: &str| {
        let text = cells.get(name).ok_or_else(|| format!("has no bound `{name}`"))?;
        text.parse::<f64>()
            .map_err(|_| format!("has the bound `{name}` {text}, which is no number"))
    };
    let whole_bound = |name: &str| {
        let text = cells.get(name).ok_or_else(|| format!("has no bound `{name}`"))?;
        whole_number(text).ok_or_else(|| format!("has the bound `{name}` {text}, which is no whole number"))
    };
    match cells.get("type").unwrap_or("") {
        "float" => Ok(Domain::Float {
            low: bound("lower")?,
            high: bound("upper")?,
            log: is_log,
            step: None,
        }),
        "integer" => Ok(Domain::Int {
            low: whole_bound("lower")?,
            high: whole_bound("upper")?,
            log: is_log,
            step: 1,
        }),
        "categorical" => Ok(Domain::Categorical {
            choices: cells
                .all()
                .filter(|(head, text)| head.starts_with("item_") && !text.is_empty())
                .map(|(_, text)| choice(text))
                .collect(),
        }),
        "" => Err("has no type".to_owned()),
        other => Err(format!(
            "is of the unknown type {other}; float, integer and categorical are known"
        )),
    }
}

fn run(cells: &Cells<'_>) -> Run {
    let word = cells.get("status").unwrap_or("");
    let state = match word.to_ascii_lowercase().as_str() {
        "success" => TrialState::Complete,
        "not_evaluated" => TrialState::Waiting,
        "pruned" => TrialState::Pruned,
        _ => TrialState::Failed,
    };
    let objectives = cells.all().filter(|(head, _)| head.starts_with("metric:"));
    Run {
        budget: cells.number("budget").unwrap_or(0.0),
        costs: objectives
            .map(|(_, text)| text.parse().unwrap_or(f64::NAN))
            .collect(),
        state,
        started: cells.number("start_time").unwrap_or(0.0),
        finished: cells.number("end_time").unwrap_or(0.0),
        traceback: (state == TrialState::Failed).then(|| format!("DeepCAVE says {}", word.to_lowercase())),
    }
}

impl Source for DataFrame {
    fn study(&mut self) -> Study {
        self.table
            .study_of_store(&name_of(&self.folder), &[], &self.complaints)
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for DataFrame {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        if self.read_space() {
            self.trials.forget();
        }
        Ok(Change::rebuilt_if(self.read_trials()?))
    }

    fn watched(&self) -> Vec<Target> {
        vec![Target::Tree(self.folder.clone())]
    }

    fn is_missing(&self) -> bool {
        !self.trials.path().exists()
    }

    fn modified(&self) -> Option<f64> {
        self.trials.modified()
    }
}
