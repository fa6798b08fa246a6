//! One run: what its records say of it.

use crate::study::{Direction, Label, TrialId, TrialState, Value};

use super::super::super::cells::{flatten, set_params, value};
use super::super::super::json::tree::Json;
use super::super::super::table::{Group, Row, Table};
use super::record::{Field, Fields, bytes, item, number, text};

/// Points of a curve that are kept of each measurement; beyond, every second one goes.
const MAX_POINTS: usize = 4096;

/// A run so far.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub id: String,
    name: Option<String>,
    project: Option<String>,
    sweep: Option<String>,
    group: Option<String>,
    tags: Vec<String>,
    config: Vec<(String, Json)>,
    summary: Vec<(String, Json)>,
    /// Of each measurement: its name and its points.
    curves: Vec<Curve>,
    /// Measurements that were given a goal (`define_metric`).
    pub goals: Vec<(String, Direction)>,
    pub started: Option<f64>,
    last_time: Option<f64>,
    runtime: Option<f64>,
    exit: Option<u64>,
}

#[derive(Clone, Debug)]
struct Curve {
    name: String,
    points: Vec<(u64, f64)>,
    /// Every how many-th point is kept.
    stride: u64,
    seen: u64,
}

impl Curve {
    fn push(&mut self, step: u64, x: f64) {
        self.seen += 1;
        if !self.seen.is_multiple_of(self.stride) {
            return;
        }
        self.points.push((step, x));
        if self.points.len() > MAX_POINTS {
            let mut k = 0usize;
            self.points.retain(|_| {
                k += 1;
                k.is_multiple_of(2)
            });
            self.stride *= 2;
        }
    }
}

/// Replaces the value of a name, or adds it.
fn put(list: &mut Vec<(String, Json)>, name: String, json: Json) {
    match list.iter_mut().find(|(n, _)| *n == name) {
        Some((_, old)) => *old = json,
        None => list.push((name, json)),
    }
}

impl Run {
    /// The project, and the sweep where the run is part of one.
    pub fn study(&self) -> String {
        let project = self.project.as_deref().unwrap_or("uncategorized");
        match &self.sweep {
            Some(sweep) => format!("{project}/{sweep}"),
            None => project.to_owned(),
        }
    }

    /// Takes one record.
    pub fn take(&mut self, record: &[u8]) {
        for field in Fields::of(record) {
            match field {
                Field::Bytes(2, history) => self.history(history),
                Field::Bytes(3, summary) => self.update_summary(summary),
                Field::Bytes(5, config) => self.update_config(config),
                Field::Bytes(12, metric) => self.metric(metric),
                Field::Bytes(17, run) => self.run(run),
                Field::Bytes(18, exit) => {
                    self.exit = Some(number(exit, 1).unwrap_or(0));
                    #[expect(clippy::cast_precision_loss, reason = "seconds")]
                    let runtime = number(exit, 2).map(|s| s as f64);
                    self.runtime = runtime.filter(|s| *s > 0.0).or(self.runtime);
                }
                _ => {}
            }
        }
    }

    fn run(&mut self, run: &[u8]) {
        self.id = text(run, 1).unwrap_or_default();
        self.project = text(run, 3).or(self.project.take());
        self.group = text(run, 6).or(self.group.take());
        self.name = text(run, 8).or(self.name.take());
        self.sweep = text(run, 12).or(self.sweep.take());
        self.tags = Fields::of(run)
            .filter_map(|f| match f {
                Field::Bytes(10, tag) => Some(String::from_utf8_lossy(tag).into_owned()),
                _ => None,
            })
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "seconds and nanoseconds")]
        if let Some(time) = bytes(run, 17) {
            let (whole, nanos) = (number(time, 1).unwrap_or(0), number(time, 2).unwrap_or(0));
            self.started = Some(whole as f64 + nanos as f64 * 1e-9);
        }
        if let Some(config) = bytes(run, 4) {
            self.update_config(config);
        }
        if let Some(summary) = bytes(run, 5) {
            self.update_summary(summary);
        }
        self.exit = None;
    }

    fn items<'m>(message: &'m [u8]) -> impl Iterator<Item = (String, Json)> + 'm {
        Fields::of(message).filter_map(|field| match field {
            Field::Bytes(1, message) => {
                let (name, json) = item(message)?;
                Some((name, Json::parse(json).ok()?))
            }
            _ => None,
        })
    }

    fn update_config(&mut self, config: &[u8]) {
        for (name, json) in Self::items(config) {
            if name != "_wandb" && !name.starts_with("_wandb.") {
                put(&mut self.config, name, json);
            }
        }
    }

    fn update_summary(&mut self, summary: &[u8]) {
        for (name, json) in Self::items(summary) {
            put(&mut self.summary, name, json);
        }
    }

    fn history(&mut self, history: &[u8]) {
        let items: Vec<(String, Json)> = Self::items(history).collect();
        let find = |wanted: &str| {
            items
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, json)| json)
        };
        let told = bytes(history, 2).and_then(|step| number(step, 1));
        let step = find("_step").and_then(Json::as_u64).or(told).unwrap_or(0);
        self.last_time = find("_timestamp").and_then(Json::as_f64).or(self.last_time);
        self.runtime = find("_runtime").and_then(Json::as_f64).or(self.runtime);
        for (name, json) in &items {
            if name.starts_with('_') {
                continue;
            }
            if !json.at("_type").is_null() {
                continue;
            }
            self.point(name, step, json);
            flatten(json, '.', &mut |inner, leaf| {
                self.point(&format!("{name}.{inner}"), step, leaf)
            });
        }
    }

    fn point(&mut self, name: &str, step: u64, json: &Json) {
        let x = match json {
            Json::Int(_) | Json::Float(_) => json.as_f64(),
            // W&B writes what is not finite as a text.
            Json::Text(text) => super::super::jsonl::not_finite(text),
            _ => None,
        };
        let Some(x) = x else { return };
        let curve = match self.curves.iter_mut().position(|c| c.name == name) {
            Some(k) => self.curves.get_mut(k),
            None => {
                self.curves.push(Curve {
                    name: name.to_owned(),
                    points: Vec::new(),
                    stride: 1,
                    seen: 0,
                });
                self.curves.last_mut()
            }
        };
        if let Some(curve) = curve {
            curve.push(step, x);
        }
    }

    fn metric(&mut self, metric: &[u8]) {
        let direction = match number(metric, 8) {
            Some(1) => Direction::Minimize,
            Some(2) => Direction::Maximize,
            _ => return,
        };
        if let Some(name) = text(metric, 1)
            && !self.goals.iter().any(|(n, _)| *n == name)
        {
            self.goals.push((name, direction));
        }
    }

    /// Takes over what a later file says of the same run.
    pub fn resume(&mut self, later: &Self) {
        for (name, json) in &later.config {
            put(&mut self.config, name.clone(), json.clone());
        }
        for (name, json) in &later.summary {
            put(&mut self.summary, name.clone(), json.clone());
        }
        for curve in &later.curves {
            match self.curves.iter_mut().find(|c| c.name == curve.name) {
                Some(old) => old.points.extend(&curve.points),
                None => self.curves.push(curve.clone()),
            }
        }
        self.last_time = later.last_time.or(self.last_time);
        self.runtime = later.runtime.or(self.runtime);
        self.exit = later.exit;
    }

    /// The run as a row.
    pub fn row(&self, table: &mut Table) -> Row {
        let mut row = Row {
            id: Some(TrialId::Text(Label::new(&self.id))),
            state: Some(match self.exit {
                Some(0) => TrialState::Complete,
                Some(_) => TrialState::Failed,
                None => TrialState::Running,
            }),
            started: self.started,
            seconds: self.runtime,
            ..Row::default()
        };
        if self.exit.is_some() {
            row.finished = self.last_time;
        }
        row.error = self
            .exit
            .filter(|c| *c != 0)
            .map(|c| Label::new(&format!("the run ended with exit code {c}")));
        set_params(table, &mut row, &Json::Map(self.config.clone()), '.');
        self.measure(table, &mut row);
        for (name, text) in [("name", &self.name), ("group", &self.group)] {
            if let Some(text) = text {
                row.attributes
                    .push((name.into(), Value::Text(text.as_str().into())));
            }
        }
        if !self.tags.is_empty() {
            row.attributes
                .push(("tags".into(), Value::Text(self.tags.join(", ").as_str().into())));
        }
        row
    }

    /// Puts the measurements and the curves into a row.
    fn measure(&self, table: &mut Table, row: &mut Row) {
        for curve in &self.curves {
            let column = table.column(Group::Metric, &curve.name);
            if let Some((_, x)) = curve.points.last() {
                row.set(column, Value::Float(*x));
            }
            if let Ok(column) = u32::try_from(column) {
                row.steps
                    .extend(curve.points.iter().map(|(step, x)| (*step, column, *x)));
            }
        }
        // Histograms, images and tables are no measurements.
        let plain = self
            .summary
            .iter()
            .filter(|(_, json)| json.at("_type").is_null())
            .cloned();
        flatten(&Json::Map(plain.collect()), '.', &mut |name, leaf| {
            if name.starts_with('_') {
                return;
            }
            match leaf {
                Json::Int(_) | Json::Float(_) => {
                    let column = table.column(Group::Metric, name);
                    let cell = value(table, column, leaf);
                    row.set(column, cell);
                }
                Json::Text(text) => match super::super::jsonl::not_finite(text) {
                    Some(x) => {
                        let column = table.column(Group::Metric, name);
                        row.set(column, Value::Float(x));
                    }
                    None => row
                        .attributes
                        .push((name.into(), Value::Text(text.as_str().into()))),
                },
                _ => {}
            }
        });
    }
}
