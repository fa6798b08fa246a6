//! A row of a table: what each cell says of the trial.

use crate::study::{Label, TrialId, Value};

use super::super::super::cells::{flatten, value};
use super::super::super::json::tree::Json;
use super::super::super::names::{self, Role};
use super::super::super::source::Problems;
use super::super::super::table::{Group, Row};
use super::super::super::time::{parse_duration, parse_time};
use super::cells::Cell;
use super::decimal::Mark;
use super::scalar::{Scalar, has_quoted_decimal_comma, is_absent, measured, scalar, without_groups};
use super::{Delimited, Place};

impl Delimited {
    pub(super) fn row(
        &mut self,
        number: u64,
        cells: &[Cell],
        has_decimal_comma: bool,
        problems: &mut Problems,
    ) {
        let mut row = Row {
            line: number,
            ..Row::default()
        };
        let mut id_rank = u8::MAX;
        let mut named = None;
        for (k, cell) in cells.iter().enumerate() {
            let Some(place) = self.places.get(k).copied() else {
                break;
            };
            let has_decimal_comma = has_decimal_comma || has_quoted_decimal_comma(cell);
            let plain = without_groups(cell).filter(|_| self.decimal != Mark::Comma);
            let text = plain.as_deref().unwrap_or(&cell.text).trim();
            let means = || scalar(text, has_decimal_comma);
            match place {
                Place::Objective(k) => objective(&mut row, k, text, &means()),
                _ if is_absent(text) => {}
                Place::Role(Role::Id(rank)) if rank < id_rank => {
                    id_rank = rank;
                    row.id = Some(trial_id(text));
                }
                Place::Role(Role::Params) if text.starts_with('{') => {
                    self.object(Group::Param, text, &mut row);
                }
                Place::Role(Role::Attributes) if text.starts_with('{') => {
                    self.object(Group::Attribute, text, &mut row);
                }
                Place::Cell(_) if text.starts_with('{') && self.is_of_metrics(k) => {
                    self.object(Group::Metric, text, &mut row);
                }
                Place::Role(Role::Error) if means() == Scalar::Text => {
                    by_role(Role::Error, text, &mut row, number, problems);
                }
                Place::Flag if matches!(means(), Scalar::Value(Value::Bool(_))) => {
                    let is_so = means() == Scalar::Value(Value::Bool(true));
                    let said = self.names.get(k).and_then(|name| names::flag(name, is_so));
                    row.state = row.state.or(said);
                }
                Place::Named => named = Some(text.to_owned()),
                // Under such a name but no object, no message, no yes or no: a column like any other.
                Place::Role(Role::Params | Role::Error) | Place::Flag => {
                    let name = self.names.get(k).cloned().unwrap_or_default();
                    let column = self.table.column(Group::Plain, &name);
                    self.cell(&mut row, k, column, text, means());
                }
                Place::Role(Role::Seconds) => {
                    let unit = self.names.get(k).and_then(|name| names::seconds_a_unit(name));
                    let seconds = match means() {
                        Scalar::Value(value) => value.as_f64().map(|x| x * unit.unwrap_or(1.0)),
                        Scalar::Text | Scalar::Absent => parse_duration(text),
                    };
                    row.seconds = row.seconds.or(seconds.filter(|s| s.is_finite() && *s >= 0.0));
                }
                Place::Role(role) => by_role(role, text, &mut row, number, problems),
                Place::Cell(column) => self.cell(&mut row, k, column, text, means()),
            }
        }
        if let Some(name) = named {
            let value = row
                .values
                .take()
                .and_then(|v| v.first().copied())
                .unwrap_or(f64::NAN);
            let column = self.table.column(Group::Metric, &name);
            row.set(column, Value::Float(value));
        }
        self.table.push(row);
    }

    /// The cell of a column of the table, that is the `k`th of the file.
    fn cell(&mut self, row: &mut Row, k: usize, column: usize, text: &str, means: Scalar) {
        let value = match means {
            Scalar::Value(value) => value,
            Scalar::Text => {
                let is_metric = self.names.get(k).is_some_and(|name| names::is_metric(name));
                match measured(text).filter(|_| is_metric) {
                    Some(x) => Value::Float(x),
                    None => self.table.text(column, text),
                }
            }
            Scalar::Absent => return,
        };
        row.set(column, value);
    }

    /// Whether a column is one of objects that hold measurements (`summary`, as W&B exports it).
    fn is_of_metrics(&self, k: usize) -> bool {
        self.names
            .get(k)
            .is_some_and(|name| names::role(name) == Role::Metrics)
    }

    /// A cell that holds all parameters, or all measurements, as a JSON object or as Python prints one.
    fn object(&mut self, group: Group, text: &str, row: &mut Row) {
        let Ok(json) = Json::parse(text.as_bytes()) else {
            return;
        };
        flatten(&json, '.', &mut |name, leaf| {
            // What W&B keeps for itself stands behind an underscore.
            if group == Group::Metric && name.starts_with('_') {
                let seconds = leaf.as_f64().filter(|_| names::role(name) == Role::Seconds);
                row.seconds = row.seconds.or(seconds);
                return;
            }
            if group == Group::Metric && !matches!(leaf, Json::Int(_) | Json::Float(_) | Json::Null) {
                return;
            }
            let column = self.table.column(group, name);
            let value = value(&mut self.table, column, leaf);
            row.set(column, value);
        });
    }
}

fn objective(row: &mut Row, k: usize, text: &str, means: &Scalar) {
    let x = match means {
        Scalar::Value(value) => value.as_f64(),
        Scalar::Text => measured(text),
        Scalar::Absent => None,
    };
    let values = row.values.get_or_insert_default();
    values.resize(values.len().max(k + 1), f64::NAN);
    if let Some(slot) = values.get_mut(k) {
        *slot = x.unwrap_or(f64::NAN);
    }
}

fn number_of_trial(text: &str) -> Option<u64> {
    text.parse()
        .ok()
        .or_else(|| text.strip_suffix(".0").and_then(|t| t.parse().ok()))
}

fn trial_id(text: &str) -> TrialId {
    number_of_trial(text).map_or_else(|| TrialId::Text(Label::new(text)), TrialId::Number)
}

fn by_role(role: Role, text: &str, row: &mut Row, number: u64, problems: &mut Problems) {
    match role {
        Role::State => {
            row.state = names::state(text);
            if row.state.is_none() {
                problems.push(number, || {
                    format!("{text} is no state that is known; the value decides.")
                });
            }
        }
        Role::Step => row.step = number_of_trial(text).or(row.step),
        Role::Iteration => row.iteration = number_of_trial(text),
        Role::Started => row.started = moment(text),
        Role::Finished => row.finished = moment(text).or(row.finished),
        Role::Run => row.run = row.run.take().or_else(|| Some(trial_id(text))),
        Role::Label => row.tell_apart(text),
        Role::QueueId => row.queue_id = Some(Label::new(text)),
        Role::Error => row.error = Some(Label::new(text)),
        Role::Id(_)
        | Role::Seconds
        | Role::Value
        | Role::Intermediate
        | Role::Params
        | Role::Metrics
        | Role::Attributes
        | Role::Ignored
        | Role::Other => {}
    }
}

fn moment(text: &str) -> Option<f64> {
    parse_time(text).or_else(|| {
        let x: f64 = text.parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0)?;
        Some(if x > 1e11 { x / 1e3 } else { x })
    })
}
