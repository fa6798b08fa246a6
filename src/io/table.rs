//! Trials from rows with named cells: what JSONL, CSV and the stores of other tools have in common.
//!
//! Rows are kept as they were read. Which columns are parameters and which is the objective is decided
//! from everything seen so far, each time the study is asked for; trials are built from the rows, and
//! built again only where a row changed or the decision did.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::study::{Direction, Domain, Label, Trial, TrialId, TrialState, Value};

use super::infer::Stats;
use super::names::{self, Role};
use super::source::ReadOptions;

mod build;
mod measured;
mod merge;
mod roles;
mod steps;

pub use build::file_study;
use merge::merge;
use roles::Roles;

/// Where a column stood: that decides what it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Among what the source itself calls parameters.
    Param,
    /// Among what the source itself calls metrics.
    Metric,
    /// Among what the source itself calls attributes: neither parameter nor, unless asked for, objective.
    Attribute,
    /// Side by side with everything else.
    Plain,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: Label,
    pub group: Group,
    pub stats: Stats,
    /// Whether its name, or where it stands, says that it is a measurement.
    is_measured: bool,
    /// Whether it may be a parameter.
    is_setting: bool,
    /// Once there was a text: the statistics with texts that read as numbers taken for numbers.
    mended: Option<Box<Stats>>,
    /// Lines of the texts that do not, the first [`MAX_ODD`] of them.
    odd: Vec<(u64, Label)>,
    odd_count: u64,
    /// Texts of this column, each once, so that rows share them.
    texts: HashMap<Box<str>, Label>,
}

/// Most odd cells of a column that are reported.
const MAX_ODD: usize = 20;

/// Most distinct texts of a column that are shared.
const MAX_SHARED_TEXTS: usize = 4096;

/// What one line says.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub id: Option<TrialId>,
    pub line: u64,
    /// What the row calls its run: its identity where it is a step and has no other.
    pub run: Option<TrialId>,
    /// Whether the identity is only its position.
    pub(crate) is_anonymous: bool,
    pub state: Option<TrialState>,
    pub step: Option<u64>,
    /// The step where the row is one of a named trial, and the number of the trial itself where it is not.
    pub iteration: Option<u64>,
    /// The objective under a name that says so (`value`, `values_0`); NaN where it is null.
    pub values: Option<Vec<f64>>,
    pub intermediate: Option<Vec<(u64, f64)>>,
    pub started: Option<f64>,
    pub finished: Option<f64>,
    pub seconds: Option<f64>,
    pub queue_id: Option<Label>,
    pub error: Option<Label>,
    /// A hash of what tells it from other runs with the same parameters.
    pub(crate) label: u64,
    /// What the row says beside all that.
    pub attributes: Vec<(Label, Value)>,
    /// Aligned with the columns of the table; may be shorter.
    pub cells: Vec<Option<Value>>,
    /// `(step, column, number)` of the steps so far, where rows are steps.
    pub(crate) steps: Vec<(u64, u32, f64)>,
}

/// The column number under which `Row::steps` keeps the `k`th of [`Row::values`].
pub(crate) fn value_column(k: usize) -> u32 {
    u32::MAX - u32::try_from(k).unwrap_or(0)
}

impl Row {
    /// Sets the cell of a column.
    pub fn set(&mut self, column: usize, value: Value) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, None);
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = Some(value);
        }
    }

    /// Takes a name or a seed into account that tells the row from others with the same parameters.
    pub fn tell_apart(&mut self, label: &str) {
        let mut hasher = DefaultHasher::new();
        (self.label, label).hash(&mut hasher);
        self.label = hasher.finish();
    }

    /// Gives back the room into which its lists have grown: a file may have a hundred thousand rows.
    fn shrink(&mut self) {
        self.cells.shrink_to_fit();
        self.attributes.shrink_to_fit();
        self.steps.shrink_to_fit();
        if let Some(values) = &mut self.values {
            values.shrink_to_fit();
        }
        if let Some(points) = &mut self.intermediate {
            points.shrink_to_fit();
        }
    }

    pub(crate) fn cell(&self, column: usize) -> Option<&Value> {
        self.cells.get(column).and_then(Option::as_ref)
    }
}

/// What a source says of its study by itself; everything may be missing. Options of the person go first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declared {
    /// The measurement that is the objective.
    pub metric: Option<Label>,
    /// One direction an objective; of [`Row::values`] where there are several.
    pub directions: Vec<Direction>,
    /// The search space, in its order.
    pub domains: Vec<(Label, Domain)>,
}

/// Everything that was read of a text of rows.
#[derive(Debug)]
pub struct Table {
    options: ReadOptions,
    /// Whether an objective that is not there means a failed trial (CSV, where NaN is written as nothing).
    absent_is_failed: bool,
    pub(crate) columns: Vec<Column>,
    by_name: HashMap<(Group, Box<str>), usize>,
    pub(crate) rows: Vec<Row>,
    by_id: HashMap<TrialId, usize>,
    next_number: u64,
    /// Names of the objectives of [`Row::values`], where the source names them.
    pub(crate) value_names: Vec<Label>,
    has_values: bool,
    pub(crate) declared: Declared,
    built: Vec<Arc<Trial>>,
    dirty: Vec<usize>,
    /// The trial without a name that runs with some parameters, by a hash of these.
    unnamed: HashMap<u64, usize>,
    /// Rows that continue one.
    joined: u64,
    roles: Roles,
}

impl Table {
    #[must_use]
    pub fn new(options: &ReadOptions, absent_is_failed: bool) -> Self {
        Self {
            options: options.clone(),
            absent_is_failed,
            columns: Vec::new(),
            by_name: HashMap::new(),
            rows: Vec::new(),
            by_id: HashMap::new(),
            next_number: 0,
            value_names: Vec::new(),
            has_values: false,
            declared: Declared::default(),
            built: Vec::new(),
            dirty: Vec::new(),
            unnamed: HashMap::new(),
            joined: 0,
            roles: Roles::default(),
        }
    }

    /// Takes what the source declares. Its parameters are columns from now on, in its order.
    pub fn declare(&mut self, declared: Declared) {
        for (name, _) in &declared.domains {
            self.column(Group::Param, name.raw());
        }
        self.declared = declared;
    }

    /// Forgets every row (the source is read anew); what columns there were stays, without what was in them.
    pub fn forget_rows(&mut self) {
        let (declared, names) = (
            std::mem::take(&mut self.declared),
            std::mem::take(&mut self.value_names),
        );
        *self = Self::new(&self.options, self.absent_is_failed);
        self.value_names = names;
        self.declare(declared);
    }

    /// Whether the person named this column, as a parameter or as the metric.
    #[must_use]
    pub fn is_asked_for(&self, name: &str) -> bool {
        self.options.params.iter().any(|p| p == name)
            || self.options.metric() == Some(name)
            || self
                .options
                .space
                .as_ref()
                .is_some_and(|s| s.params.iter().any(|p| p.name == *name))
    }

    /// Index of the column of this name, which is made where there is none.
    pub fn column(&mut self, group: Group, name: &str) -> usize {
        if let Some(index) = self.by_name.get(&(group, Box::from(name))) {
            return *index;
        }
        let index = self.columns.len();
        self.columns.push(Column {
            name: Label::new(name),
            group,
            stats: Stats::default(),
            is_measured: group == Group::Metric || names::is_metric(name),
            is_setting: group == Group::Param
                || group == Group::Plain && !names::is_metric(name) && names::role(name) == Role::Other,
            mended: None,
            odd: Vec::new(),
            odd_count: 0,
            texts: HashMap::new(),
        });
        self.by_name.insert((group, name.into()), index);
        index
    }

    /// A text cell of a column, shared with equal ones.
    pub fn text(&mut self, column: usize, text: &str) -> Value {
        let Some(column) = self.columns.get_mut(column) else {
            return Value::Text(Label::new(text));
        };
        if let Some(label) = column.texts.get(text) {
            return Value::Text(label.clone());
        }
        let label = Label::new(text);
        if column.texts.len() < MAX_SHARED_TEXTS {
            column.texts.insert(text.into(), label.clone());
        }
        Value::Text(label)
    }

    /// Whether a row is about a trial: it names one, or holds a value or a parameter.
    #[must_use]
    pub fn says_something(&self, row: &Row) -> bool {
        let has_params = self.columns.iter().any(|c| c.group == Group::Param);
        let tells = |group: Group| match group {
            Group::Param => true,
            Group::Attribute => false,
            Group::Metric | Group::Plain => !has_params,
        };
        let has_cell = self
            .columns
            .iter()
            .zip(&row.cells)
            .any(|(column, cell)| cell.is_some() && tells(column.group));
        row.id.is_some() || row.values.is_some() || has_cell
    }

    /// The metrics there are, where the one that was asked for is none of them; as of the last study.
    #[must_use]
    pub fn metrics_instead(&self) -> Option<String> {
        self.missing_metric(&self.roles.objective)
    }

    /// Takes all there is of a trial (the row has its identity), in the place of what was there.
    pub fn replace(&mut self, row: Row) {
        let Some(id) = row.id.clone() else { return };
        if let Some(&index) = self.by_id.get(&id)
            && let Some(old) = self.rows.get_mut(index)
        {
            for (column, cell) in self.columns.iter_mut().zip(&row.cells) {
                if let Some(value) = cell {
                    column.observe(value, row.line);
                }
            }
            self.has_values |= row.values.is_some();
            *old = row;
            self.dirty.push(index);
            return;
        }
        self.push(row);
    }

    /// Takes a row: a new trial, a further step of one, or the later word on one.
    pub fn push(&mut self, mut row: Row) {
        self.has_values |= row.values.is_some();
        if row.id.is_some() || row.run.is_some() {
            row.step = row.step.or(row.iteration);
        }
        row.is_anonymous = row.id.is_none() && (row.run.is_none() || row.step.is_none());
        let continued = if row.is_anonymous {
            self.continued(&row)
        } else {
            None
        };
        self.observe(&row, continued);
        let run = row.run.take().filter(|_| row.step.is_some());
        let given = row.id.take().or(run);
        if let Some(step) = row.step {
            self.note_step(step, &mut row);
        }
        if let Some(index) = continued {
            self.joined += 1;
            self.merge(index, row);
            return;
        }
        let id = given.unwrap_or(TrialId::Number(self.next_number));
        if let TrialId::Number(n) = id {
            self.next_number = self.next_number.max(n.saturating_add(1));
        }
        row.id = Some(id.clone());
        self.make_way(&id);
        if let Some(&index) = self.by_id.get(&id) {
            self.merge(index, row);
            return;
        }
        row.shrink();
        self.by_id.insert(id, self.rows.len());
        self.rows.push(row);
    }

    fn merge(&mut self, index: usize, row: Row) {
        if let Some(old) = self.rows.get_mut(index) {
            merge(old, row, &self.columns);
            self.dirty.push(index);
        }
    }

    /// Takes the cells of a row into account; those that the trial had before count once, or a trial of many steps
    /// would speak for many.
    fn observe(&mut self, row: &Row, continued: Option<usize>) {
        let run = row.run.as_ref().filter(|_| row.step.is_some());
        let known = continued
            .or_else(|| self.by_id.get(row.id.as_ref().or(run)?).copied())
            .and_then(|index| self.rows.get(index));
        for (i, (column, cell)) in self.columns.iter_mut().zip(&row.cells).enumerate() {
            if let Some(value) = cell
                && known.and_then(|row| row.cell(i)) != Some(value)
            {
                column.observe(value, row.line);
            }
        }
    }

    /// Gives a row that has its identity from its position another one, where a later row claims it.
    fn make_way(&mut self, id: &TrialId) {
        let Some(&index) = self.by_id.get(id) else {
            return;
        };
        if let Some(row) = self.rows.get_mut(index)
            && row.is_anonymous
        {
            let other = TrialId::Number(self.next_number);
            self.next_number = self.next_number.saturating_add(1);
            row.id = Some(other.clone());
            self.by_id.remove(id);
            self.by_id.insert(other, index);
            self.dirty.push(index);
        }
    }

    /// Keeps the numbers of a step that may turn out to be the objective.
    fn note_step(&self, step: u64, row: &mut Row) {
        for (i, column) in self.columns.iter().enumerate() {
            if column.group != Group::Param
                && let Some(x) = row.cell(i).and_then(Value::as_f64)
                && let Ok(i) = u32::try_from(i)
            {
                row.steps.push((step, i, x));
            }
        }
        for (k, x) in row.values.iter().flatten().enumerate() {
            row.steps.push((step, value_column(k), *x));
        }
    }
}

impl Column {
    fn observe(&mut self, value: &Value, line: u64) {
        if let Value::Text(text) = value {
            let mended = self.mended.get_or_insert_with(|| Box::new(self.stats.clone()));
            if let Some(number) = number_of(text) {
                mended.observe(&number);
            } else {
                self.odd_count += 1;
                if self.odd.len() < MAX_ODD {
                    self.odd.push((line, text.clone()));
                }
            }
        } else if let Some(mended) = &mut self.mended {
            mended.observe(value);
        }
        self.stats.observe(value);
    }

    /// Whether it is a column of numbers but for texts that read as such, and at most one odd one in ten (one in two
    /// of what is a measurement by its name). Where all are texts, many different numbers are numbers; few are choices.
    pub(crate) fn is_mended(&self) -> bool {
        let share = if self.is_measured { 2 } else { 10 };
        self.mended.as_ref().is_some_and(|mended| {
            let numbers = mended.numbers();
            let is_told = self.stats.has_numbers() || self.odd_count == 0 && mended.is_no_choice();
            is_told && mended.is_numeric() && numbers * share >= (numbers + self.odd_count) * (share - 1)
        })
    }

    /// What the column holds, in the light of [`Column::is_mended`].
    pub(crate) fn seen(&self) -> &Stats {
        match &self.mended {
            Some(mended) if self.is_mended() => mended,
            _ => &self.stats,
        }
    }
}

/// The number that a text reads as.
pub(crate) fn number_of(text: &Label) -> Option<Value> {
    let text = text.raw().trim();
    text.parse().map(Value::Int).ok().or_else(|| {
        let x: f64 = text.parse().ok().filter(|x: &f64| x.is_finite())?;
        Some(Value::Float(x))
    })
}
