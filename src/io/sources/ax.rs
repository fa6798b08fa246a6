//! Ax: the JSON snapshot of a `Client`, an `AxClient` or an `Experiment`, which its owner rewrites whole.

mod data;
mod objective;

use std::ops::ControlFlow;
use std::path::Path;

use crate::study::{Constraint, Domain, Label, Study, TrialId, TrialState, Value};

use super::super::cells::set_params;
use super::super::document::{Complaints, Document};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::names;
use super::super::source::{Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store};
use super::super::table::{Declared, Group, Row, Table, value_column};
use super::super::time::parse_time;
use super::super::watch::Target;
use super::configspace::choice;
use data::Observed;
use objective::{Objective, objectives};

/// Ax's JSON.
pub static KIND: Kind = Kind {
    name: "ax",
    title: "Ax",
    aliases: &["ax-platform"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Ax::new(path, options))),
    },
};

fn recognize(place: &Place<'_>) -> u8 {
    if place.form != Form::File || !place.first.trim_ascii_start().starts_with(b"{") {
        return 0;
    }
    // Without blanks, so that indented documents are recognized too.
    let head: Vec<u8> = place
        .first
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .take(8192)
        .collect();
    let has = |text: &[u8]| head.windows(text.len()).any(|w| w == text);
    if has(b"\"_type\":\"Client\"")
        || has(b"\"_type\":\"AxClient\"")
        || has(b"\"__type\":\"Experiment\"")
        || has(b"\"__type\":\"MultiTypeExperiment\"")
    {
        95
    } else {
        0
    }
}

struct Ax {
    document: Document,
    name: Label,
    notes: Vec<String>,
    constraints: Vec<Constraint>,
    table: Table,
    complaints: Complaints,
}

impl Ax {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        Self {
            document: Document::new(path),
            name: Label::new(""),
            notes: Vec::new(),
            constraints: Vec::new(),
            table: Table::new(options, false),
            complaints: Complaints::default(),
        }
    }

    fn take(&mut self, json: &Json) {
        let experiment = match json.at("experiment") {
            Json::Null => json,
            experiment => experiment,
        };
        self.notes.clear();
        self.constraints.clear();
        self.name = Label::new(experiment.at("name").as_text().unwrap_or(""));
        let objectives = objectives(experiment, &mut self.notes);
        let mut domains = Vec::new();
        for parameter in experiment.at("search_space").at("parameters").items() {
            match domain(parameter) {
                Some(domain) => domains.push(domain),
                None => self.note_fixed(parameter),
            }
        }
        self.note_constraints(experiment);
        self.table.forget_rows();
        let is_single = objectives.len() == 1;
        self.table.value_names = if is_single {
            Vec::new()
        } else {
            objectives.iter().map(|o| Label::new(&o.name)).collect()
        };
        self.table.declare(Declared {
            metric: objectives
                .first()
                .filter(|_| is_single)
                .map(|o| Label::new(&o.name)),
            directions: objectives.iter().map(|o| o.direction).collect(),
            domains,
        });
        for (index, trial) in experiment.at("trials").members() {
            let data = experiment.at("data_by_trial");
            let observed = data::of_trial(data_of(data, index));
            for row in rows(index, trial, &observed, &objectives, &mut self.table) {
                self.table.replace(row);
            }
        }
    }

    /// Takes the constraints on other metrics, and says what is not modelled: bounds on parameters together, and
    /// constraints that are a share of the status quo.
    fn note_constraints(&mut self, experiment: &Json) {
        let constraints = experiment.at("search_space").at("parameter_constraints").items();
        if !constraints.is_empty() {
            let noun = if constraints.len() == 1 {
                "constraint"
            } else {
                "constraints"
            };
            self.notes.push(format!(
                "the space has {} {noun} between parameters, which suggestions do not know of.",
                constraints.len()
            ));
        }
        for constraint in experiment
            .at("optimization_config")
            .at("outcome_constraints")
            .items()
        {
            let said = bound(constraint).unwrap_or_else(|| "an outcome".to_owned());
            match Constraint::parse(&said) {
                Ok(constraint) => self.constraints.push(constraint),
                Err(_) => self.notes.push(format!(
                    "Ax constrains {said}; the best trial and suggestions do not know of that."
                )),
            }
        }
    }

    fn note_fixed(&mut self, parameter: &Json) {
        let name = parameter.at("name").as_text().unwrap_or("");
        if parameter.at("__type").as_text() != Some("FixedParameter") {
            self.notes.push(format!(
                "parameter {name} is of a type that is not known; it is left out of the space."
            ));
        }
    }
}

/// The member of a trial, in an object or in a list of pairs (`OrderedDict`).
fn data_of<'j>(data: &'j Json, index: &str) -> &'j Json {
    let pairs = data.at("value").items();
    pairs
        .iter()
        .find_map(|pair| match pair.items() {
            [key, value] if key.to_string().trim_matches('"') == index => Some(value),
            _ => None,
        })
        .unwrap_or_else(|| data.at(index))
}

/// `latency <= 0.9`.
fn bound(constraint: &Json) -> Option<String> {
    if let Some(expression) = constraint.at("expression").as_text() {
        return Some(expression.to_owned());
    }
    let name = constraint.at("metric").at("name").as_text()?;
    let op = constraint.at("op");
    let sign = match op.at("name").as_text().or(op.as_text())? {
        "LEQ" => "<=",
        _ => ">=",
    };
    let relative = match constraint.at("relative").as_bool() {
        Some(true) => " % of the status quo",
        _ => "",
    };
    Some(format!(
        "{name} {sign} {}{relative}",
        constraint.at("bound").as_f64()?
    ))
}

fn domain(parameter: &Json) -> Option<(Label, Domain)> {
    let name = Label::new(parameter.at("name").as_text()?);
    let kind = parameter.at("__type").as_text()?;
    let is_whole = match parameter.at("parameter_type") {
        Json::Map(_) => parameter.at("parameter_type").at("name").as_text() == Some("INT"),
        // Numbered in old versions: 0 bool, 1 int, 2 float, 3 text.
        number => number.as_i64() == Some(1),
    };
    let log = parameter.at("log_scale").as_bool().unwrap_or(false);
    let domain = match kind {
        "RangeParameter" | "DerivedRangeParameter" if is_whole => Domain::Int {
            low: parameter.at("lower").as_i64()?,
            high: parameter.at("upper").as_i64()?,
            log,
            step: parameter
                .at("step_size")
                .as_i64()
                .filter(|s| *s > 0 && !log)
                .unwrap_or(1),
        },
        "RangeParameter" => Domain::Float {
            low: parameter.at("lower").as_f64()?,
            high: parameter.at("upper").as_f64()?,
            log,
            step: parameter.at("step_size").as_f64().filter(|s| *s > 0.0 && !log),
        },
        "ChoiceParameter" => Domain::Categorical {
            choices: parameter.at("values").items().iter().map(choice).collect(),
        },
        _ => return None,
    };
    Some((name, domain))
}

fn state(trial: &Json) -> Option<TrialState> {
    let status = trial.at("status");
    match status.at("name").as_text().or(status.as_text()) {
        Some(word) => names::state(word),
        None => Some(match status.as_i64()? {
            0 | 1 => TrialState::Waiting,
            2 => TrialState::Failed,
            3 => TrialState::Complete,
            4 | 6 => TrialState::Running,
            5 | 7 | 8 => TrialState::Pruned,
            _ => return None,
        }),
    }
}

fn moment(json: &Json) -> Option<f64> {
    json.as_text().or(json.at("value").as_text()).and_then(parse_time)
}

/// A trial is one row; a batch is one an arm.
fn rows(
    index: &str,
    trial: &Json,
    observed: &Observed,
    objectives: &[Objective],
    table: &mut Table,
) -> Vec<Row> {
    let single = trial.at("generator_run");
    let mut arms: Vec<(&Json, &Json)> = single
        .at("arms")
        .items()
        .iter()
        .map(|arm| (arm, single))
        .collect();
    let is_batch = trial.at("__type").as_text() == Some("BatchTrial");
    for structure in trial.at("generator_run_structs").items() {
        let run = structure.at("generator_run");
        arms.extend(run.at("arms").items().iter().map(|arm| (arm, run)));
    }
    arms.into_iter()
        .map(|(arm, run)| {
            let name = arm.at("name").as_text().unwrap_or("");
            let id = match index.parse() {
                Ok(number) if !is_batch => TrialId::Number(number),
                _ => TrialId::Text(Label::new(if name.is_empty() { index } else { name })),
            };
            let mut row = Row {
                id: Some(id),
                state: state(trial),
                started: moment(trial.at("time_run_started")).or_else(|| moment(trial.at("time_created"))),
                finished: moment(trial.at("time_completed")),
                ..Row::default()
            };
            if !row.state.is_some_and(TrialState::is_finished) {
                row.finished = None;
            }
            let reason = trial
                .at("status_reason")
                .as_text()
                .or(trial.at("failed_reason").as_text());
            row.error = reason
                .map(Label::new)
                .filter(|_| row.state == Some(TrialState::Failed));
            set_params(table, &mut row, arm.at("parameters"), '.');
            fill(observed, name, objectives, table, &mut row);
            let method = run
                .at("generator_key")
                .as_text()
                .or(run.at("_model_key").as_text());
            if let Some(method) = method.or(run.at("model_key").as_text()) {
                row.attributes.push(("method".into(), Value::Text(method.into())));
            }
            row
        })
        .collect()
}

/// The measurements of an arm: objectives first where there are several, the others beside them.
fn fill(observed: &Observed, arm: &str, objectives: &[Objective], table: &mut Table, row: &mut Row) {
    let last = |name: &str| observed.last(arm, name).map(|m| m.mean);
    let is_several = objectives.len() > 1;
    if is_several {
        let values: Vec<Option<f64>> = objectives.iter().map(|o| o.value(last)).collect();
        if values.iter().any(Option::is_some) {
            row.values = Some(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect());
        }
        for (k, objective) in objectives.iter().enumerate() {
            let curve = curve_of(observed, arm, objective).into_iter();
            row.steps
                .extend(curve.map(|(step, x)| (step, value_column(k), x)));
        }
    }
    let mut set = |name: &str, value: f64, curve: Vec<(u64, f64)>| {
        let column = table.column(Group::Metric, name);
        row.set(column, Value::Float(value));
        if let Ok(column) = u32::try_from(column) {
            row.steps
                .extend(curve.into_iter().map(|(step, x)| (step, column, x)));
        }
    };
    if let [objective] = objectives
        && objective.is_sum()
        && let Some(value) = objective.value(last)
    {
        set(&objective.name, value, curve_of(observed, arm, objective));
    }
    for metric in observed.metrics(arm) {
        let is_objective = is_several && objectives.iter().any(|o| !o.is_sum() && o.name == metric);
        if let Some(value) = last(&metric).filter(|_| !is_objective) {
            set(&metric, value, observed.curve(arm, &metric).collect());
        }
    }
    for metric in observed.metrics(arm) {
        let sem = observed.last(arm, &metric).and_then(|m| m.sem);
        if let Some(sem) = sem.filter(|s| *s > 0.0) {
            row.attributes
                .push((Label::new(&format!("{metric} sem")), Value::Float(sem)));
        }
    }
}

/// The sum at every step at which all of its metrics were measured.
fn curve_of(observed: &Observed, arm: &str, objective: &Objective) -> Vec<(u64, f64)> {
    let curves: Vec<(&str, Vec<(u64, f64)>)> = objective
        .terms
        .iter()
        .map(|(_, name)| (name.as_str(), observed.curve(arm, name).collect()))
        .collect();
    let at = |step: u64, name: &str| {
        let (_, curve) = curves.iter().find(|(n, _)| *n == name)?;
        curve.iter().find(|(s, _)| *s == step).map(|(_, x)| *x)
    };
    let steps = curves
        .first()
        .map(|(_, curve)| curve.as_slice())
        .unwrap_or_default();
    steps
        .iter()
        .filter_map(|(step, _)| Some((*step, objective.value(|name| at(*step, name))?)))
        .collect()
}

impl Source for Ax {
    fn study(&mut self) -> Study {
        let name = self.name.raw();
        let mut study = self.table.study_of_store(name, &self.notes, &self.complaints);
        study.constraints.clone_from(&self.constraints);
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for Ax {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let Some(json) = self.document.look_for_json(&mut self.complaints) else {
            return Ok(Change::Unchanged);
        };
        self.take(&json);
        Ok(Change::Rebuilt)
    }

    fn watched(&self) -> Vec<Target> {
        vec![Target::File(self.document.path().to_owned())]
    }

    fn is_missing(&self) -> bool {
        !self.document.path().exists()
    }

    fn modified(&self) -> Option<f64> {
        self.document.modified()
    }
}
