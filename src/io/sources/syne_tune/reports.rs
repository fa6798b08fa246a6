//! The rows of `results.csv`, gathered by trial.

use std::path::Path;

use crate::study::{Label, TrialId, TrialState, Value};

use super::super::super::cells::{set_params, text_value};
use super::super::super::document::Complaints;
use super::super::super::json::tree::Json;
use super::super::super::names;
use super::super::super::table::{Group, Row, Table, value_column};
use super::Setting;

/// One trial: names of the columns, and its rows in order.
#[derive(Debug)]
pub struct Trial {
    id: String,
    header: std::sync::Arc<[String]>,
    rows: Vec<csv::StringRecord>,
}

/// The trials of a table, in the order of their first reports.
pub fn trials(text: &[u8], file: &str, complaints: &mut Complaints) -> Vec<Trial> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let header: std::sync::Arc<[String]> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(_) => return Vec::new(),
    };
    let Some(id_at) = header.iter().position(|h| h == "trial_id") else {
        complaints.add(file, Some(1), "there is no column trial_id.");
        return Vec::new();
    };
    let mut found: Vec<Trial> = Vec::new();
    for record in reader.records() {
        let line = record
            .as_ref()
            .ok()
            .and_then(|r| r.position())
            .map(csv::Position::line);
        let Ok(record) = record else {
            complaints.add(file, line, "a row is no text; it was skipped.");
            continue;
        };
        if record.len() != header.len() {
            complaints.add(
                file,
                line,
                &format!(
                    "the row has {} cells where the header has {}; it was skipped.",
                    record.len(),
                    header.len()
                ),
            );
            continue;
        }
        let id = record.get(id_at).unwrap_or("").trim_end_matches(".0").to_owned();
        match found.iter_mut().rev().find(|t| t.id == id) {
            Some(trial) => trial.rows.push(record),
            None => found.push(Trial {
                id,
                header: std::sync::Arc::clone(&header),
                rows: vec![record],
            }),
        }
    }
    found
}

/// Trials of which there is a folder and no report: those that failed before one, wait for one, or were killed.
pub fn without_reports(folder: &Path, known: &[Trial], table: &mut Table) -> Vec<Row> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut numbers: Vec<u64> = entries
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .filter(|n: &u64| !known.iter().any(|t| t.id.parse() == Ok(*n)))
        .collect();
    numbers.sort_unstable();
    let row = |number: u64| {
        let own = folder.join(number.to_string());
        let config = Json::parse(&std::fs::read(own.join("config.json")).ok()?).ok()?;
        let mut row = Row {
            id: Some(TrialId::Number(number)),
            ..Row::default()
        };
        set_params(table, &mut row, &config, '.');
        let said = std::fs::read(own.join("std.err")).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let is_over = own.join("end").exists();
        row.state = Some(if said.contains("Traceback (most recent call last)") {
            row.error = said.lines().rev().find(|l| !l.trim().is_empty()).map(Label::new);
            TrialState::Failed
        } else if own.join("stop").exists() {
            TrialState::Pruned
        } else if is_over {
            TrialState::Failed
        } else {
            TrialState::Running
        });
        Some(row)
    };
    numbers.into_iter().filter_map(row).collect()
}

/// The largest resource that any trial reached, where more than one row says so: trials that got there ended.
pub fn common_end(trials: &[Trial], setting: &Setting) -> Option<f64> {
    let name = setting.resource.as_deref()?;
    let ends: Vec<f64> = trials.iter().filter_map(|t| t.last(name)?.parse().ok()).collect();
    let most = ends.iter().copied().reduce(f64::max)?;
    (ends.iter().filter(|e| **e == most).count() > 1).then_some(most)
}

impl Trial {
    fn cell<'r>(&self, row: &'r csv::StringRecord, name: &str) -> Option<&'r str> {
        let at = self.header.iter().position(|h| h == name)?;
        row.get(at).filter(|c| !c.is_empty())
    }

    /// The last cell of a column that is not empty.
    fn last(&self, name: &str) -> Option<&str> {
        self.rows.iter().rev().find_map(|row| self.cell(row, name))
    }

    /// The state; see the head of the module above.
    fn state(&self, setting: &Setting, limit: Option<f64>, folder: &Path) -> TrialState {
        let reached = setting
            .resource
            .as_deref()
            .and_then(|name| self.last(name)?.parse::<f64>().ok());
        let is_full = matches!((reached, limit), (Some(at), Some(end)) if at >= end);
        let own = folder.join(&self.id);
        let is_stopped = self.last("st_decision") == Some("STOP") || own.join("stop").exists();
        match self.last("st_status").and_then(names::state) {
            Some(TrialState::Failed) => TrialState::Failed,
            _ if !is_full && !is_stopped && Self::has_failed(&own) => TrialState::Failed,
            Some(TrialState::Complete) => TrialState::Complete,
            _ if is_full => TrialState::Complete,
            Some(TrialState::Pruned) => TrialState::Pruned,
            _ if is_stopped => TrialState::Pruned,
            _ if own.join("end").exists() => TrialState::Complete,
            _ => TrialState::Running,
        }
    }

    /// Whether its error output ends in an exception.
    fn has_failed(own: &Path) -> bool {
        std::fs::read(own.join("std.err"))
            .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("Traceback (most recent call last)"))
    }

    /// The trial as a row.
    pub fn row(&self, setting: &Setting, limit: Option<f64>, folder: &Path, table: &mut Table) -> Row {
        let mut row = Row {
            id: Some(
                self.id
                    .parse()
                    .map_or_else(|_| TrialId::Text(Label::new(&self.id)), TrialId::Number),
            ),
            state: Some(self.state(setting, limit, folder)),
            ..Row::default()
        };
        let is_several = setting.metrics.len() > 1;
        for name in self.header.iter() {
            if let Some(param) = name.strip_prefix("config_") {
                if let Some(text) = self.last(name) {
                    let column = table.column(Group::Param, param);
                    let cell = text_value(table, column, text);
                    row.set(column, cell);
                }
                continue;
            }
            if name.starts_with("st_") || name == "trial_id" || is_several && setting.metrics.contains(name) {
                continue;
            }
            if let Some(x) = self.last(name).and_then(number) {
                let column = table.column(Group::Metric, name);
                row.set(column, Value::Float(x));
                if let Ok(column) = u32::try_from(column) {
                    self.curve(name, setting, column, &mut row);
                }
            }
        }
        if is_several {
            let values = setting
                .metrics
                .iter()
                .map(|m| self.last(m).and_then(number).unwrap_or(f64::NAN));
            row.values = Some(values.collect());
            for (k, name) in setting.metrics.iter().enumerate() {
                self.curve(name, setting, value_column(k), &mut row);
            }
        }
        let time = |name: &str| self.last(name).and_then(number);
        row.seconds = time("st_worker_time");
        row.finished = time("st_worker_timestamp").filter(|_| row.state.is_some_and(TrialState::is_finished));
        row.started = Some(()).and_then(|()| Some(time("st_worker_timestamp")? - row.seconds?));
        row
    }

    fn curve(&self, name: &str, setting: &Setting, column: u32, row: &mut Row) {
        for (record, k) in self.rows.iter().zip(1u64..) {
            let Some(x) = self.cell(record, name).and_then(number) else {
                continue;
            };
            let step = setting
                .resource
                .as_deref()
                .and_then(|r| self.cell(record, r)?.parse::<f64>().ok());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            let step = step
                .filter(|s| *s >= 0.0 && *s < 9e15)
                .map_or(k, |s| s.round() as u64);
            row.steps.push((step, column, x));
        }
    }
}

/// A number, also one that is not finite.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}
