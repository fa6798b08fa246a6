//! Experiments and runs, however they were stored.

use std::collections::BTreeMap;

use crate::study::{Label, TrialId, TrialState, Value};

use super::super::super::cells::text_value;
use super::super::super::table::{Group, Row, Table};

/// One measurement: milliseconds since the Unix epoch, the number, the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub time: f64,
    pub value: f64,
    pub step: i64,
}

/// What is known of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub id: String,
    pub experiment: String,
    pub name: Option<String>,
    pub parent: Option<String>,
    /// `RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED` or `KILLED`.
    pub status: String,
    /// Seconds since the Unix epoch.
    pub started: Option<f64>,
    pub finished: Option<f64>,
    pub params: BTreeMap<String, String>,
    pub metrics: BTreeMap<String, Vec<Point>>,
    /// Tags that people set.
    pub tags: BTreeMap<String, String>,
}

/// Everything that is not deleted.
#[derive(Debug, Default)]
pub struct Runs {
    /// Names of the experiments by identity.
    pub experiments: BTreeMap<String, String>,
    pub all: BTreeMap<String, Run>,
}

impl Runs {
    pub fn of<'s>(&'s self, experiment: &'s str) -> impl Iterator<Item = &'s Run> {
        self.all.values().filter(move |r| r.experiment == experiment)
    }

    /// Identities of the runs of an experiment that other runs name as their parent.
    pub fn parents(&self, experiment: &str) -> Vec<String> {
        let mut found: Vec<String> = self
            .of(experiment)
            .filter_map(|r| r.parent.clone())
            .filter(|p| self.all.contains_key(p))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

impl Run {
    /// Sets a tag; a few of MLflow's own say something.
    pub fn tag(&mut self, name: &str, text: &str) {
        match name {
            "mlflow.parentRunId" => self.parent = Some(text.trim().to_owned()),
            "mlflow.runName" => {
                self.name.get_or_insert_with(|| text.trim().to_owned());
            }
            name if name.starts_with("mlflow.") => {}
            name => {
                self.tags.insert(name.to_owned(), text.trim_end().to_owned());
            }
        }
    }

    /// The run as a row.
    pub fn row(&self, table: &mut Table) -> Row {
        let mut row = Row {
            id: Some(TrialId::Text(Label::new(&self.id))),
            state: Some(match self.status.as_str() {
                "FINISHED" => TrialState::Complete,
                "SCHEDULED" => TrialState::Waiting,
                "FAILED" | "KILLED" => TrialState::Failed,
                _ => TrialState::Running,
            }),
            started: self.started,
            finished: self.finished,
            ..Row::default()
        };
        if row.state == Some(TrialState::Failed) {
            row.error = Some(Label::new(&format!("MLflow says {}", self.status.to_lowercase())));
        }
        for (name, text) in &self.params {
            let column = table.column(Group::Param, name);
            let cell = text_value(table, column, text);
            row.set(column, cell);
        }
        for (name, points) in &self.metrics {
            let column = table.column(Group::Metric, name);
            let last = points.iter().max_by(|a, b| {
                (a.step, a.time)
                    .partial_cmp(&(b.step, b.time))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            let Some(last) = last else { continue };
            row.set(column, Value::Float(last.value));
            let Ok(column) = u32::try_from(column) else {
                continue;
            };
            // Whoever logs without steps logs them all at step 0.
            let is_stepless = points.len() > 1 && points.iter().all(|p| p.step == 0);
            row.steps.extend(points.iter().zip(0u64..).filter_map(|(p, k)| {
                let step = if is_stepless {
                    k
                } else {
                    u64::try_from(p.step).ok()?
                };
                Some((step, column, p.value))
            }));
        }
        if let Some(name) = &self.name {
            row.attributes
                .push(("run name".into(), Value::Text(name.as_str().into())));
        }
        for (name, text) in &self.tags {
            row.attributes
                .push((Label::new(name), Value::Text(text.as_str().into())));
        }
        row
    }
}

/// A number as MLflow writes it: `nan`, `inf` and the largest double for an infinity in SQL.
pub fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}
