//! Trials and study from the rows of a table.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::study::{Domain, Label, Parameter, Space, Study, Trial, TrialId, TrialState, Value};

use super::super::document::Complaints;
use super::super::infer::Inferred;
use super::Group;
use super::roles::{Objective, Roles};
use super::{Column, Row, Table, number_of, value_column};

impl Table {
    /// The study so far of a store that says what it is called, what it assumed and what it could not read.
    pub fn study_of_store(&mut self, name: &str, notes: &[String], complaints: &Complaints) -> Study {
        let mut study = self.study();
        study.name = Label::new(name);
        study.notes.extend_from_slice(notes);
        study.diagnostics.extend(complaints.list());
        study
    }

    /// The study so far.
    pub fn study(&mut self) -> Study {
        let roles = self.decide();
        self.rebuild(&roles);
        let mut notes = self.notes(&roles);
        let columns: Vec<Label> = roles
            .params
            .iter()
            .filter_map(|i| self.columns.get(*i))
            .map(|c| c.name.clone())
            .collect();
        let space = self.space(&roles, &mut notes);
        let mut directions = vec![self.direction(roles.metric.as_ref())];
        if roles.objective == Objective::Values && self.declared.directions.len() > 1 {
            directions.clone_from(&self.declared.directions);
            if roles.first_value < directions.len() {
                directions.swap(0, roles.first_value);
            }
            if let (Some(told), Some(first)) = (self.options.direction(), directions.first_mut()) {
                *first = told;
            }
        } else if roles.objective == Objective::Values {
            let count = self
                .rows
                .iter()
                .filter_map(|r| r.values.as_ref().map(Vec::len))
                .max()
                .unwrap_or(1);
            for k in 1..count {
                let direction = match self.value_names.get(k) {
                    Some(name) => super::super::names::direction(name.raw()),
                    None => directions.first().copied().unwrap_or(self.direction(None)),
                };
                directions.push(direction);
            }
        }
        if roles.first_value > 0 && roles.first_value < directions.len() && self.declared.directions.len() < 2
        {
            let name = self.value_names.first().map_or("value", Label::raw);
            if let Some(slot) = directions.get_mut(roles.first_value) {
                *slot = super::super::names::direction(name);
            }
        }
        let study = Study {
            diagnostics: self.warnings(&roles),
            metric: roles.metric.clone().unwrap_or_else(|| Label::new("value")),
            directions,
            columns,
            space,
            trials: self.built.clone(),
            notes,
            ..Study::empty()
        };
        self.roles = roles;
        study
    }

    fn rebuild(&mut self, roles: &Roles) {
        if !roles.extends(&self.roles) {
            self.built.clear();
            self.dirty.clear();
        }
        let places: HashMap<usize, usize> = roles.params.iter().enumerate().map(|(k, c)| (*c, k)).collect();
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        let mut built = std::mem::take(&mut self.built);
        let build = |row: &Row| Arc::new(self.trial(row, roles, &places));
        for i in dirty {
            if let (Some(slot), Some(row)) = (built.get_mut(i), self.rows.get(i)) {
                *slot = build(row);
            }
        }
        built.extend(self.rows.iter().skip(built.len()).map(build));
        self.built = built;
    }

    fn trial(&self, row: &Row, roles: &Roles, places: &HashMap<usize, usize>) -> Trial {
        let mut params = vec![None; roles.params.len()];
        for (i, cell) in row.cells.iter().enumerate() {
            if let (Some(value), Some(k)) = (cell, places.get(&i))
                && let Some(slot) = params.get_mut(*k)
            {
                *slot = match value {
                    Value::Text(text) if roles.mended.contains(&i) => number_of(text),
                    value => Some(value.clone()),
                };
            }
        }
        while params.last().is_some_and(Option::is_none) {
            params.pop();
        }
        let values = self.values(row, roles);
        let (state, values, why) = judge(row.state, values);
        Trial {
            state,
            params,
            values,
            intermediate: intermediate(row, roles),
            started: row.started.or_else(|| Some(row.finished? - row.seconds?)),
            finished: row.finished.or_else(|| Some(row.started? + row.seconds?)),
            seconds: row.seconds.or_else(|| Some(row.finished? - row.started?)),
            queue_id: row.queue_id.clone(),
            error: row.error.clone().or_else(|| why.map(Label::new)),
            attributes: self.attributes(row, roles, places),
            line: row.line,
            ..Trial::new(row.id.clone().unwrap_or(TrialId::Number(0)))
        }
    }

    /// What a row says beside its parameters and its objective: its other columns first.
    fn attributes(&self, row: &Row, roles: &Roles, places: &HashMap<usize, usize>) -> Vec<(Label, Value)> {
        let others = self.columns.iter().zip(&row.cells).enumerate();
        let mut all: Vec<(Label, Value)> = others
            .filter(|(i, (column, _))| {
                let is_other = column.group != Group::Param;
                (is_other || roles.measured.get(*i) == Some(&true))
                    && roles.objective != Objective::Column(*i)
                    && !places.contains_key(i)
            })
            .filter_map(|(_, (column, cell))| Some((column.name.clone(), cell.clone()?)))
            .collect();
        all.extend(row.attributes.iter().cloned());
        all
    }

    /// The objective of a row: `None` where it does not say.
    fn values(&self, row: &Row, roles: &Roles) -> Option<Vec<f64>> {
        let values = match roles.objective {
            Objective::None => None,
            Objective::Values => row.values.clone().map(|mut values| {
                if roles.first_value < values.len() {
                    values.swap(0, roles.first_value);
                }
                values
            }),
            Objective::Column(i) => row
                .cell(i)
                .map(|value| {
                    let read = match value {
                        Value::Text(text) => number_of(text).and_then(|v| v.as_f64()),
                        value => value.as_f64(),
                    };
                    vec![read.unwrap_or(f64::NAN)]
                })
                .or_else(|| row.values.clone().filter(|_| self.options.metric().is_none())),
        };
        let is_open = matches!(row.state, Some(TrialState::Running | TrialState::Waiting));
        values.or_else(|| {
            (self.absent_is_failed && !is_open && roles.objective != Objective::None).then(|| vec![f64::NAN])
        })
    }

    fn space(&self, roles: &Roles, notes: &mut Vec<String>) -> Space {
        let mut space = Space {
            params: Vec::new(),
            inferred: self.declared.domains.is_empty(),
        };
        if self.options.space.as_ref().is_some_and(|s| !s.params.is_empty()) {
            return space;
        }
        if self.rows.len() == 1 && space.inferred && !roles.params.is_empty() {
            notes.push(
                "there is one trial so far; a range is inferred from two values of a parameter, or given with --space."
                    .to_owned(),
            );
            return space;
        }
        for (k, column) in roles
            .params
            .iter()
            .enumerate()
            .filter_map(|(k, i)| Some((k, self.columns.get(*i)?)))
        {
            let declared = self
                .declared
                .domains
                .iter()
                .find(|(name, _)| *name == column.name);
            if let Some((name, domain)) = declared {
                match Parameter::new(name.clone(), k, domain.clone()) {
                    Ok(parameter) => space.params.push(parameter),
                    Err(error) => notes.push(format!("{error}; the parameter is left out of the space.")),
                }
                continue;
            }
            if space.inferred {
                space.params.extend(self.inferred(column, k, notes));
            } else if !matches!(column.seen().infer(), Inferred::Constant(_) | Inferred::Nothing) {
                notes.push(format!(
                    "parameter {} is not in the declared space; it is shown and not modelled.",
                    column.name
                ));
            }
        }
        space
    }

    /// The parameter that a column is, at its place; what stands against that is noted.
    fn inferred(&self, column: &Column, k: usize, notes: &mut Vec<String>) -> Option<Parameter> {
        let inferred = column.seen().infer();
        if let Some(why) = self.why_left_out(column, &inferred) {
            notes.push(why);
            return None;
        }
        let Inferred::Domain(domain) = inferred else {
            return None;
        };
        let error = match Parameter::new(column.name.clone(), k, domain.clone()) {
            Ok(parameter) => return Some(parameter),
            Err(error) => error,
        };
        let Some(domain) = real(&domain) else {
            notes.push(format!("{error}; the parameter is left out of the space."));
            return None;
        };
        notes.push(format!(
            "parameter {} has whole numbers beyond 2^53, which a double cannot tell apart; it is modelled as a real \
             number.",
            column.name
        ));
        Parameter::new(column.name.clone(), k, domain).ok()
    }
}

/// A range of whole numbers as one of real numbers.
#[expect(clippy::cast_precision_loss, reason = "that is the point")]
fn real(domain: &Domain) -> Option<Domain> {
    match domain {
        Domain::Int { low, high, log, .. } => Some(Domain::Float {
            low: *low as f64,
            high: *high as f64,
            log: *log,
            step: None,
        }),
        Domain::Float { .. } | Domain::Categorical { .. } => None,
    }
}

/// The state of a trial, from its word and its values: a value that is no finite number means failed.
fn judge(
    state: Option<TrialState>,
    values: Option<Vec<f64>>,
) -> (TrialState, Vec<f64>, Option<&'static str>) {
    let is_finite = values
        .as_ref()
        .map(|v| !v.is_empty() && v.iter().all(|x| x.is_finite()));
    let values = values.unwrap_or_default();
    match (state, is_finite) {
        (None | Some(TrialState::Complete), Some(true)) => (TrialState::Complete, values, None),
        (None | Some(TrialState::Complete), Some(false)) => (
            TrialState::Failed,
            values,
            Some("the value is not a finite number"),
        ),
        (Some(TrialState::Complete), None) => {
            (TrialState::Failed, values, Some("complete, but without a value"))
        }
        (None, None) => (TrialState::Running, values, None),
        (Some(open @ (TrialState::Running | TrialState::Waiting)), _) => (open, Vec::new(), None),
        (Some(other @ (TrialState::Pruned | TrialState::Failed)), _) => (other, values, None),
    }
}

fn intermediate(row: &Row, roles: &Roles) -> Vec<(u64, f64)> {
    let mut points = row.intermediate.clone().unwrap_or_default();
    let wanted = match roles.objective {
        Objective::None => None,
        Objective::Values => Some(value_column(roles.first_value)),
        Objective::Column(i) => u32::try_from(i).ok(),
    };
    // A single step of a trial without a name is how far it came, no curve.
    let is_curve = !row.is_anonymous || row.steps.iter().any(|(step, ..)| Some(*step) != row.step);
    points.extend(
        row.steps
            .iter()
            .filter(|(_, column, _)| is_curve && Some(*column) == wanted)
            .map(|(step, _, x)| (*step, *x)),
    );
    // Of repeated steps the last one counts; the sort is stable.
    points.sort_by_key(|(step, _)| *step);
    points.reverse();
    points.dedup_by_key(|(step, _)| *step);
    points.reverse();
    points
}

/// What a study is called where nothing says: the name of its file without the extension.
#[must_use]
pub fn file_study(path: &Path) -> Label {
    path.file_stem()
        .map_or_else(|| Label::new(""), |stem| Label::new(&stem.to_string_lossy()))
}
