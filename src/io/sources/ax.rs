//! Ax: the JSON snapshot of a `Client`, an `AxClient` or an `Experiment`, which its owner rewrites whole.

mod data;

use std::ops::ControlFlow;
use std::path::Path;

use crate::study::{Direction, Domain, Label, Study, TrialId, TrialState, Value};

use super::super::cells::set_params;
use super::super::document::{Complaints, Document};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::names;
use super::super::source::{Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store};
use super::super::table::{Declared, Group, Row, Table};
use super::super::time::parse_time;
use super::super::watch::Target;
use super::configspace::choice;
use super::smac::look;
use data::Observed;

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
    table: Table,
    complaints: Complaints,
}

/// What is to be optimized.
#[derive(Debug, Default, PartialEq)]
struct Objectives {
    names: Vec<String>,
    directions: Vec<Direction>,
}

impl Ax {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        Self {
            document: Document::new(path),
            name: Label::new(""),
            notes: Vec::new(),
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
        self.name = Label::new(experiment.at("name").as_text().unwrap_or(""));
        let objectives = objectives(experiment);
        let mut domains = Vec::new();
        for parameter in experiment.at("search_space").at("parameters").items() {
            match domain(parameter) {
                Some(domain) => domains.push(domain),
                None => self.note_fixed(parameter),
            }
        }
        let constraints = experiment
            .at("search_space")
            .at("parameter_constraints")
            .items()
            .len();
        if constraints > 0 {
            self.notes.push(format!(
                "the space has {constraints} constraints between parameters, which suggestions do not know of."
            ));
        }
        self.table.forget_rows();
        let is_single = objectives.names.len() == 1;
        self.table.value_names = if is_single {
            Vec::new()
        } else {
            objectives.names.iter().map(|n| Label::new(n)).collect()
        };
        self.table.declare(Declared {
            metric: objectives
                .names
                .first()
                .filter(|_| is_single)
                .map(|n| Label::new(n)),
            directions: objectives.directions.clone(),
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

fn objectives(experiment: &Json) -> Objectives {
    let config = experiment.at("optimization_config");
    let mut found = Objectives::default();
    one_objective(config.at("objective"), &mut found);
    found
}

/// An objective, or several within one; old versions hold metrics, new ones an expression (`-val_loss, acc`).
fn one_objective(objective: &Json, found: &mut Objectives) {
    for inner in objective.at("objectives").items() {
        one_objective(inner, found);
    }
    let is_minimized = |lower: Option<bool>| match objective.at("minimize").as_bool().or(lower) {
        Some(true) => Direction::Minimize,
        _ => Direction::Maximize,
    };
    for metric in std::iter::once(objective.at("metric")).chain(objective.at("metrics").items()) {
        if let Some(name) = metric.at("name").as_text() {
            found.names.push(name.to_owned());
            found
                .directions
                .push(is_minimized(metric.at("lower_is_better").as_bool()));
        }
    }
    let Some(expression) = objective.at("expression").as_text() else {
        return;
    };
    for part in expression.split(',') {
        let part = part.trim();
        let (name, direction) = match part.strip_prefix('-') {
            Some(rest) => (rest.trim(), Direction::Minimize),
            None => (part, Direction::Maximize),
        };
        let name = name.trim_start_matches("1.0*").trim_matches(['(', ')', ' ']);
        if !name.is_empty() {
            found.names.push(name.to_owned());
            found.directions.push(direction);
        }
    }
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
    objectives: &Objectives,
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
fn fill(observed: &Observed, arm: &str, objectives: &Objectives, table: &mut Table, row: &mut Row) {
    let is_several = objectives.names.len() > 1;
    if is_several {
        let values: Vec<Option<f64>> = objectives
            .names
            .iter()
            .map(|n| observed.last(arm, n).map(|m| m.mean))
            .collect();
        if values.iter().any(Option::is_some) {
            row.values = Some(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect());
        }
    }
    for metric in observed.metrics(arm) {
        let Some(last) = observed.last(arm, &metric) else {
            continue;
        };
        if !(is_several && objectives.names.contains(&metric)) {
            let column = table.column(Group::Metric, &metric);
            row.set(column, Value::Float(last.mean));
            if let Ok(column) = u32::try_from(column) {
                row.steps
                    .extend(observed.curve(arm, &metric).map(|(step, x)| (step, column, x)));
            }
        }
        if let Some(sem) = last.sem.filter(|s| *s > 0.0) {
            row.attributes
                .push((Label::new(&format!("{metric} sem")), Value::Float(sem)));
        }
    }
}

impl Source for Ax {
    fn study(&mut self) -> Study {
        let mut study = self.table.study();
        study.name = self.name.clone();
        study.notes.extend(self.notes.iter().cloned());
        study.diagnostics.extend(self.complaints.list());
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for Ax {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let Some(json) = look(&mut self.document, &mut self.complaints) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read_in_every_dialect() {
        let of = |text: &str| objectives(&Json::parse(text.as_bytes()).unwrap());
        let one = of(r#"{"optimization_config": {"objective": {"expression": "-val_loss"}}}"#);
        assert_eq!(one.names, ["val_loss"]);
        assert_eq!(one.directions, [Direction::Minimize]);
        let two = of(r#"{"optimization_config": {"objective": {"expression": "acc, -latency"}}}"#);
        assert_eq!(two.names, ["acc", "latency"]);
        assert_eq!(two.directions, [Direction::Maximize, Direction::Minimize]);
        let old = of(
            r#"{"optimization_config": {"objective": {"__type": "MultiObjective", "objectives": [
            {"metric": {"name": "a", "lower_is_better": true}, "minimize": true},
            {"metric": {"name": "b"}, "minimize": false}]}}}"#,
        );
        assert_eq!(old.names, ["a", "b"]);
        assert_eq!(old.directions, [Direction::Minimize, Direction::Maximize]);
    }
}
