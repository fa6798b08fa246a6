//! Which columns are parameters, and which is the objective.

use crate::study::{Diagnostic, Direction, Domain, Label, TrialState};

use super::super::infer::{Inferred, left_out};
use super::super::names::{self, Role};
use super::{Column, Group, Table};

/// Where the objective of a row stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    #[default]
    None,
    /// Under a name that says so.
    Values,
    Column(usize),
}

/// The decision, made from everything seen so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roles {
    /// Columns of the table that are parameters, in the order of `Study::columns`.
    pub params: Vec<usize>,
    pub objective: Objective,
    pub metric: Option<Label>,
    /// Of several values of a row the one that is the objective.
    pub first_value: usize,
    /// Columns of numbers in which texts are to be read as numbers, or left out.
    pub mended: Vec<usize>,
    /// For each column, whether it is a measurement.
    pub measured: Vec<bool>,
}

impl Roles {
    /// Whether a trial built for `self` is what it would be for `other`, but for cells it does not have.
    pub fn extends(&self, earlier: &Self) -> bool {
        self.objective == earlier.objective
            && self.first_value == earlier.first_value
            && self.mended == earlier.mended
            && self.measured.starts_with(&earlier.measured)
            && self.params.starts_with(&earlier.params)
    }
}

impl Table {
    pub(super) fn decide(&self) -> Roles {
        let measured = self.measured();
        let objective = self.objective(&measured);
        let metric = match &objective {
            Objective::Column(i) => self.columns.get(*i).map(|c| c.name.clone()),
            Objective::Values => self
                .options
                .metric()
                .filter(|_| self.missing_metric(&objective).is_none())
                .map(Label::new)
                .or_else(|| self.value_names.first().cloned()),
            Objective::None => self
                .options
                .metric()
                .map(Label::new)
                .or_else(|| self.declared.metric.clone())
                .or_else(|| self.value_names.first().cloned()),
        };
        Roles {
            params: self.parameters(&objective, &measured),
            objective,
            metric,
            first_value: self
                .options
                .metric()
                .and_then(|wanted| self.value_names.iter().position(|n| *n == *wanted))
                .unwrap_or(0),
            mended: (0..self.columns.len()).filter(|i| self.is_mended(*i)).collect(),
            measured,
        }
    }

    fn objective(&self, is_measured: &[bool]) -> Objective {
        let measured = |(i, c): (usize, &Column)| (c.group != Group::Param).then_some((i, c.clone_name()));
        if let Some(wanted) = self.options.metric() {
            let mut named = self
                .columns
                .iter()
                .enumerate()
                .filter_map(measured)
                .filter(|(_, name)| name == wanted || name.rsplit(['.', '/']).next() == Some(wanted));
            if let Some((i, _)) = named.next() {
                return Objective::Column(i);
            }
        }
        if self.has_values {
            return Objective::Values;
        }
        if let Some(declared) = &self.declared.metric
            && let Some((i, _)) = self
                .columns
                .iter()
                .enumerate()
                .filter_map(measured)
                .find(|(_, name)| *declared == **name)
        {
            return Objective::Column(i);
        }
        let candidates = || {
            self.columns.iter().enumerate().filter(|(_, c)| {
                !matches!(c.group, Group::Param | Group::Attribute)
                    && c.seen().is_numeric()
                    && !self.is_parameter_asked_for(c)
            })
        };
        let by_name = candidates()
            .filter(|(i, _)| is_measured.get(*i) == Some(&true))
            .min_by_key(|(i, c)| {
                let name = c.name.raw();
                let is_named = c.group == Group::Metric || names::is_metric(name);
                let is_bookkeeping =
                    !names::is_metric(name) && !matches!(names::role(name), Role::Other | Role::Value);
                // Before what only its rows tell comes the usual name of a result.
                let is_response = is_named || names::is_response(name);
                (
                    is_bookkeeping,
                    !is_named,
                    !is_response,
                    names::metric_rank(name),
                    *i,
                )
            });
        if let Some((i, _)) = by_name {
            return Objective::Column(i);
        }
        let mut responses =
            candidates().filter(|(_, c)| c.seen().has_numbers() && names::is_response(c.name.raw()));
        if let Some((i, _)) = responses.next_back() {
            return Objective::Column(i);
        }
        // Nothing has a telling name; where parameters are marked, a single number beside them is it.
        let has_params = self.columns.iter().any(|c| c.group == Group::Param);
        let mut rest = candidates().filter(|(_, c)| c.seen().has_numbers());
        match (has_params, rest.next(), rest.next()) {
            (true, Some((i, _)), None) => Objective::Column(i),
            _ => Objective::None,
        }
    }

    fn is_mended(&self, i: usize) -> bool {
        let is_choice = |name: &Label| {
            let params = self.options.space.iter().flat_map(|s| &s.params);
            let declared = &self.declared.domains;
            params.into_iter().any(|p| p.name == *name && p.is_categorical())
                || (declared.iter()).any(|(n, d)| n == name && matches!(d, Domain::Categorical { .. }))
        };
        self.columns
            .get(i)
            .is_some_and(|c| c.is_mended() && !is_choice(&c.name))
    }

    /// The metrics there are, where the one that was asked for is none of them. Where rows have a single
    /// value without a name, or none yet, any name will do.
    pub fn missing_metric(&self, objective: &Objective) -> Option<String> {
        let wanted = self.options.metric()?;
        let is_wanted = |name: &str| name == wanted || name.rsplit(['.', '/']).next() == Some(wanted);
        let has_params = self.columns.iter().any(|c| c.group == Group::Param);
        let is_measured = self.measured();
        let numbers = (self.columns.iter().zip(is_measured))
            .filter(|(c, _)| c.group != Group::Param && c.seen().has_numbers() && c.seen().is_numeric());
        let mut known: Vec<&str> = numbers
            .filter(|(_, is_measured)| {
                *is_measured || *objective == Objective::None || has_params && *objective != Objective::Values
            })
            .map(|(c, _)| c.name.shown())
            .collect();
        let is_there = match objective {
            Objective::Column(i) => self.columns.get(*i).is_some_and(|c| is_wanted(c.name.raw())),
            Objective::Values => {
                known.extend(
                    self.value_names
                        .iter()
                        .map(Label::shown)
                        .filter(|n| !n.starts_with("value ")),
                );
                names::role(wanted) == names::Role::Value
                    || self.value_names.iter().any(|n| *n == *wanted)
                    || known.is_empty()
            }
            Objective::None => !self.has_closed_row(),
        };
        if is_there || known.is_empty() {
            return None;
        }
        if *objective == Objective::Values && self.value_names.is_empty() {
            known.insert(0, "value");
        }
        Some(known.join(", "))
    }

    /// Whether some row is not said to be open still.
    fn has_closed_row(&self) -> bool {
        let is_open = |s| matches!(s, Some(TrialState::Running | TrialState::Waiting));
        self.rows.iter().any(|row| !is_open(row.state))
    }

    /// What a person must know about the decision, with lines where it is about one.
    pub(super) fn warnings(&self, roles: &Roles) -> Vec<Diagnostic> {
        let mut list = Vec::new();
        let mut warn = |line: Option<u64>, message: String| {
            let message = crate::study::label::scrub(&message);
            list.push(Diagnostic { line, message });
        };
        if let (Some(wanted), Some(known)) = (self.options.metric(), self.missing_metric(&roles.objective)) {
            warn(
                None,
                format!("there is no metric {wanted}; the metrics are {known}."),
            );
        } else if roles.objective == Objective::None && self.has_closed_row() {
            let numeric = self
                .columns
                .iter()
                .filter(|c| c.group != Group::Param && c.seen().is_numeric() && c.seen().has_numbers());
            let numeric: Vec<&str> = numeric.map(|c| c.name.shown()).collect();
            if !numeric.is_empty() {
                warn(
                    None,
                    format!(
                        "no column looks like a metric, so that rows count as running; the numeric columns \
                         are {}: name one with --metric.",
                        numeric.join(", ")
                    ),
                );
            }
        }
        for (i, column) in roles
            .mended
            .iter()
            .filter_map(|i| Some((*i, self.columns.get(*i)?)))
        {
            let name = &column.name;
            let outcome = match roles.objective {
                Objective::Column(k) if k == i => "the trial counts as failed",
                _ if roles.params.contains(&i) => "the value is left out",
                _ => continue,
            };
            for (line, text) in &column.odd {
                warn(
                    Some(*line),
                    format!("{name}: {text} is no number, as the rest of the column is; {outcome}."),
                );
            }
            let unsaid = column.odd_count - column.odd.len() as u64;
            if unsaid > 0 {
                warn(
                    None,
                    format!("{name}: {unsaid} more values are no numbers; {outcome}."),
                );
            }
        }
        list
    }

    fn is_parameter_asked_for(&self, column: &Column) -> bool {
        self.options.params.iter().any(|p| column.name == **p)
            || self
                .options
                .space
                .as_ref()
                .is_some_and(|s| s.params.iter().any(|p| p.name == column.name))
    }

    fn parameters(&self, objective: &Objective, measured: &[bool]) -> Vec<usize> {
        let is_objective = |i: usize| *objective == Objective::Column(i);
        if !self.options.params.is_empty() {
            return self
                .options
                .params
                .iter()
                .filter_map(|name| self.best_column(name))
                .collect();
        }
        let has_params = self.columns.iter().any(|c| c.group == Group::Param);
        let all = self.columns.iter().enumerate();
        if has_params {
            return all
                .filter(|(_, c)| {
                    c.group == Group::Param || self.is_parameter_asked_for(c) && !c.is_shadowed(self)
                })
                .map(|(i, _)| i)
                .collect();
        }
        if let Some(space) = &self.options.space
            && !space.params.is_empty()
        {
            return space
                .params
                .iter()
                .filter_map(|p| self.best_column(p.name.raw()))
                .collect();
        }
        all.filter(|(i, c)| {
            c.group == Group::Plain
                && !is_objective(*i)
                && !(c.seen().is_numeric() && measured.get(*i) == Some(&true))
        })
        .map(|(i, _)| i)
        .collect()
    }

    /// The column that a person means by a name: the one marked as a parameter, if there is one.
    pub(super) fn best_column(&self, name: &str) -> Option<usize> {
        [Group::Param, Group::Plain, Group::Metric, Group::Attribute]
            .into_iter()
            .find_map(|group| self.by_name.get(&(group, Box::from(name))).copied())
    }

    /// The direction: as told, or as the name of the metric says.
    pub(super) fn direction(&self, metric: Option<&Label>) -> Direction {
        let declared = &self.declared;
        let of_values = metric.and_then(|name| self.value_names.iter().position(|n| n == name));
        let is_meant = match &declared.metric {
            Some(name) => metric.is_none_or(|metric| metric == name),
            None => metric.is_none() || self.value_names.is_empty(),
        };
        self.options
            .direction()
            .or_else(|| {
                declared
                    .directions
                    .get(of_values.or(is_meant.then_some(0))?)
                    .copied()
            })
            .unwrap_or_else(|| names::direction(metric.map_or("value", Label::raw)))
    }

    /// What was decided without being told, in words.
    pub(super) fn notes(&self, roles: &Roles) -> Vec<String> {
        let mut notes = Vec::new();
        match (&roles.objective, &roles.metric, self.options.metric()) {
            (Objective::None, Some(metric), Some(_)) => {
                notes.push(format!(
                    "there is no column {metric}; --metric NAME chooses the objective."
                ));
            }
            // A metric that was declared is only not measured yet.
            (Objective::None, None, _) if !self.rows.is_empty() => {
                notes.push("no column looks like an objective; --metric NAME chooses one.".to_owned());
            }
            (Objective::Column(i), Some(metric), None) => {
                let others = self.other_metrics(*i, &roles.measured);
                let is_declared = self.declared.metric.as_ref() == Some(metric);
                if !is_declared || self.declared.directions.is_empty() {
                    notes.push(format!(
                        "{} {metric}{}{others}; --metric and --direction say otherwise.",
                        if is_declared {
                            "the objective is declared to be"
                        } else {
                            "the objective is taken to be"
                        },
                        match self.direction(Some(metric)) {
                            Direction::Minimize => ", to minimize",
                            Direction::Maximize => ", to maximize",
                        }
                    ));
                } else if !others.is_empty() {
                    notes.push(format!(
                        "the objective is {metric}{others}; --metric chooses another."
                    ));
                }
            }
            _ => {}
        }
        if self.joined > 0 {
            notes.push(
                "rows without a name that have the same parameters and a step that rises are taken for one trial."
                    .to_owned(),
            );
        }
        for name in &self.options.params {
            if !self.rows.is_empty() && self.best_column(name).is_none() {
                notes.push(format!(
                    "there is no column {}, which --params names; it is left out.",
                    crate::study::label::scrub(name)
                ));
            }
        }
        notes
    }

    /// The measurements beside the objective, as the end of a clause.
    fn other_metrics(&self, objective: usize, measured: &[bool]) -> String {
        let is_other = |(i, c): &(usize, &Column)| {
            *i != objective
                && c.seen().is_numeric()
                && c.seen().has_numbers()
                && measured.get(*i) == Some(&true)
        };
        let others = self.columns.iter().enumerate().filter(is_other);
        let names: Vec<&str> = others.map(|(_, c)| c.name.shown()).take(12).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!(" (there are {} too)", names.join(", "))
        }
    }

    /// Why a parameter is not in the inferred space; `None` where it is.
    pub(super) fn why_left_out(&self, column: &Column, inferred: &Inferred) -> Option<String> {
        let is_noise = matches!(names::role(column.name.raw()), Role::Ignored | Role::Label)
            && !self.options.params.iter().any(|p| column.name == **p);
        if is_noise && matches!(inferred, Inferred::Domain(_)) {
            return Some(format!(
                "parameter {} is taken for bookkeeping; --params or a space file puts it into the space.",
                column.name
            ));
        }
        left_out(&column.name, inferred)
    }
}

impl Column {
    fn clone_name(&self) -> String {
        self.name.raw().to_owned()
    }

    /// Whether a column marked as a parameter has the same name.
    fn is_shadowed(&self, table: &Table) -> bool {
        self.group != Group::Param
            && table
                .by_name
                .contains_key(&(Group::Param, Box::from(self.name.raw())))
    }
}
