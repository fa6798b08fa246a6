//! The reports of one trial, read as they grow: `result.json`, one JSON object a report, or else `progress.csv`.

use std::io;
use std::path::PathBuf;

use crate::study::Value;

use super::super::super::cells::{flatten, value};
use super::super::super::document::{Complaints, is_recent, seconds};
use super::super::super::json::tree::Json;
use super::super::super::table::{Group, Row, Table};
use super::super::super::tail::{Fate, Tail};
use super::progress::Progress;

/// Keys that Ray adds to every report.
#[rustfmt::skip]
const BOOKKEEPING: &[&str] = &[
    "timestamp", "checkpoint_dir_name", "done", "training_iteration", "trial_id", "date", "time_this_iter_s",
    "time_total_s", "pid", "hostname", "node_ip", "config", "time_since_restore", "iterations_since_restore",
    "experiment_tag", "experiment_id", "timesteps_total", "episodes_total", "timesteps_since_restore",
    "should_checkpoint", "warmup_time", "timesteps_this_iter", "trial_name", "agent_timesteps_total",
];

/// The reports of one trial.
#[derive(Debug, Default)]
pub struct Reports {
    tail: Option<(PathBuf, Tail)>,
    /// Where the reports are the rows of a table.
    progress: Option<Progress>,
    rest: Vec<u8>,
    lines: u64,
    /// `(step, name, number)` of every measurement.
    points: Vec<(u64, u32, f64)>,
    names: Vec<String>,
    last: Option<Json>,
    config: Option<Json>,
    first_time: Option<(f64, f64)>,
    count: u64,
    modified: Option<f64>,
}

impl Reports {
    /// Takes what is new, from the place that has most. Returns whether something was.
    pub fn look(&mut self, places: &[PathBuf], name: &str, complaints: &mut Complaints) -> io::Result<bool> {
        let Some((path, is_table)) = furthest(places, "result.json")
            .map(|path| (path, false))
            .or_else(|| furthest(places, "progress.csv").map(|path| (path, true)))
        else {
            return Ok(false);
        };
        if self.tail.as_ref().is_none_or(|(at, _)| *at != path) {
            if self.tail.is_some() {
                *self = Self::default();
            }
            self.tail = Some((path.clone(), Tail::new(&path)));
            self.progress = is_table.then(Progress::default);
        }
        let Some((_, mut tail)) = self.tail.take() else {
            return Ok(false);
        };
        let is_new = match tail.look()? {
            Fate::Missing | Fate::Same => false,
            Fate::Grown => self.take(&mut tail, name, complaints)?,
            Fate::Replaced => {
                let mut anew = Self {
                    progress: is_table.then(Progress::default),
                    ..Self::default()
                };
                anew.take(&mut tail, name, complaints)?;
                let written = std::fs::metadata(&path)
                    .ok()
                    .and_then(|m| m.modified().ok())
                    .and_then(seconds);
                if anew.count < self.count && is_recent(written) {
                    // A copy under way: what was there is not gone. The next look begins anew.
                    self.tail = Some((path.clone(), Tail::new(&path)));
                    self.forget_position();
                    return Ok(false);
                }
                *self = anew;
                true
            }
        };
        tail.release();
        if is_new {
            self.modified = std::fs::metadata(&path)
                .ok()
                .and_then(|m| m.modified().ok())
                .and_then(seconds);
        }
        self.tail = Some((path, tail));
        Ok(is_new)
    }

    /// Keeps what is known, but will take every line again.
    fn forget_position(&mut self) {
        self.rest.clear();
        self.progress = self.progress.is_some().then(Progress::default);
        self.lines = 0;
        self.count = 0;
        self.points.clear();
    }

    fn take(&mut self, tail: &mut Tail, name: &str, complaints: &mut Complaints) -> io::Result<bool> {
        let mut chunk = Vec::new();
        let mut is_new = false;
        while tail.read(&mut chunk)? > 0 {
            self.rest.extend_from_slice(&chunk);
            let Some(end) = self.rest.iter().rposition(|b| *b == b'\n') else {
                continue;
            };
            let whole: Vec<u8> = self.rest.drain(..=end).collect();
            for line in whole
                .split(|b| *b == b'\n')
                .filter(|l| !l.trim_ascii().is_empty())
            {
                self.lines += 1;
                match self.read(line) {
                    Ok(Some(json)) => self.report(json),
                    Ok(None) => {}
                    Err(message) => {
                        let file = if self.progress.is_some() {
                            "progress.csv"
                        } else {
                            "result.json"
                        };
                        complaints.add(&format!("{name}/{file}"), Some(self.lines), &message);
                    }
                }
                is_new = true;
            }
        }
        Ok(is_new)
    }

    /// The report on a line, if there is one; what is wrong with it.
    fn read(&mut self, line: &[u8]) -> Result<Option<Json>, String> {
        if let Some(progress) = &mut self.progress {
            return (progress.line(line))
                .map_err(|why| format!("the report is damaged: {why}; it was skipped."));
        }
        match Json::parse(line) {
            Ok(json @ Json::Map(_)) => Ok(Some(json)),
            Ok(_) => Err("the line is no report; it was skipped.".to_owned()),
            Err(error) => Err(format!(
                "the report is damaged: {} was expected at column {}; it was skipped.",
                error.expected,
                error.at + 1
            )),
        }
    }

    fn report(&mut self, json: Json) {
        self.count += 1;
        let step = json.at("training_iteration").as_u64().unwrap_or(self.count);
        if self.first_time.is_none()
            && let (Some(at), Some(after)) = (json.at("timestamp").as_f64(), json.at("time_total_s").as_f64())
        {
            self.first_time = Some((at, after));
        }
        if self.config.is_none() && !json.at("config").is_null() {
            self.config = Some(json.at("config").clone());
        }
        flatten(&json, '/', &mut |name, leaf| {
            if is_bookkeeping(name) {
                return;
            }
            if let (Json::Int(_) | Json::Float(_), Some(x)) = (leaf, leaf.as_f64()) {
                let k = self.names.iter().position(|n| n == name).unwrap_or_else(|| {
                    self.names.push(name.to_owned());
                    self.names.len() - 1
                });
                if let Ok(k) = u32::try_from(k) {
                    self.points.push((step, k, x));
                }
            }
        });
        // What an earlier report said and this one does not, holds.
        let before = self.last.take();
        let mut members = json.members().to_vec();
        if let Some(Json::Map(old)) = before {
            for (name, value) in old {
                if !members.iter().any(|(n, _)| *n == name) {
                    members.push((name, value));
                }
            }
        }
        members.retain(|(name, _)| name != "config");
        self.last = Some(Json::Map(members));
    }

    /// Puts measurements, curves and times into a row.
    pub fn fill(&self, table: &mut Table, row: &mut Row) {
        let Some(last) = &self.last else { return };
        let columns: Vec<usize> = self
            .names
            .iter()
            .map(|n| table.column(Group::Metric, n))
            .collect();
        flatten(last, '/', &mut |name, leaf| {
            if is_bookkeeping(name) {
                return;
            }
            match leaf {
                Json::Int(_) | Json::Float(_) => {
                    if let Some(k) = self.names.iter().position(|n| n == name)
                        && let Some(column) = columns.get(k)
                    {
                        let cell = value(table, *column, leaf);
                        row.set(*column, cell);
                    }
                }
                Json::Text(text) => row
                    .attributes
                    .push((name.into(), Value::Text(text.as_str().into()))),
                Json::Bool(b) => row.attributes.push((name.into(), Value::Bool(*b))),
                _ => {}
            }
        });
        row.steps = self
            .points
            .iter()
            .filter_map(|(step, k, x)| {
                let column = columns.get(usize::try_from(*k).ok()?)?;
                Some((*step, u32::try_from(*column).ok()?, *x))
            })
            .collect();
        row.seconds = last
            .at("time_total_s")
            .as_f64()
            .filter(|s| s.is_finite() && *s >= 0.0);
        row.finished = last.at("timestamp").as_f64();
        row.started = self.first_time.map(|(at, after)| at - after);
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a report says that it is the last one. (One that ends by itself often does not.)
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.last
            .as_ref()
            .is_some_and(|l| l.at("done").as_bool() == Some(true))
    }

    #[must_use]
    pub fn trial_id(&self) -> Option<&str> {
        self.last.as_ref()?.at("trial_id").as_text()
    }

    #[must_use]
    pub fn config(&self) -> Option<&Json> {
        self.config.as_ref()
    }

    #[must_use]
    pub fn modified(&self) -> Option<f64> {
        self.modified
    }
}

/// The file of this name that holds most.
fn furthest(places: &[PathBuf], file: &str) -> Option<PathBuf> {
    let mut best: Option<(u64, PathBuf)> = None;
    for path in places.iter().map(|place| place.join(file)) {
        if let Ok(found) = std::fs::metadata(&path)
            && best.as_ref().is_none_or(|(most, _)| found.len() > *most)
        {
            best = Some((found.len(), path));
        }
    }
    best.map(|(_, path)| path)
}

fn is_bookkeeping(name: &str) -> bool {
    BOOKKEEPING.contains(&name) || name.starts_with("config/") || name.starts_with("perf/")
}
