//! Generic JSONL: one object a line, nested (`{"params": {…}, "value": …}`) or flat.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::study::{Label, Study, Value};

use super::super::json::{Cursor, JsonError, Members, Node, elements};
use super::super::names::{self, Prefixed, Role};
use super::super::optuna::attribute;
use super::super::source::{Head, Kind, Lines, Problems, ReadOptions, Reads, Source};
use super::super::table::{Declared, Group, Row, Table};
use super::super::time::parse_duration;
use values::{curve, long_id, moment, named, trial_id};

mod values;

pub(super) use values::not_finite;

/// One JSON object a line.
pub static KIND: Kind = Kind {
    name: "jsonl",
    title: "JSON lines",
    aliases: &["json", "ndjson"],
    reads: Reads::Lines {
        recognize,
        open: |options| Box::new(Jsonl::new(options)),
        settles: true,
    },
};

/// Levels of nesting that are flattened into dotted names.
const MAX_FLATTEN: usize = 4;

fn recognize(head: &Head<'_>) -> u8 {
    let (mut objects, mut others) = (0u32, 0u32);
    for line in head.lines() {
        if opens_object(line) {
            objects += 1;
        } else if line != b"[" && line != b"]" {
            others += 1;
        }
    }
    match objects {
        0 => 0,
        n if n >= others => 80,
        // Not against the header of a CSV, but better than nothing.
        _ => 30,
    }
}

/// Whether an object with names begins here, or an empty one: a brace alone opens a block of any language.
fn opens_object(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    cursor.take(b'[');
    cursor.take(b'{') && matches!(cursor.peek(), Some(b'"' | b'\'' | b'}'))
}

/// What is done with the value of a key.
#[derive(Clone, Copy, Debug)]
enum Place {
    Role(Role),
    Cell(Group, usize),
    /// One of several objectives (`values_0`).
    Objective(usize),
    /// A name of which nothing is known; a scalar becomes a column, an object is flattened.
    Open,
}

pub(super) struct Jsonl {
    table: Table,
    /// What is done with each top-level key, decided when it is first seen.
    places: HashMap<Box<str>, Place>,
    /// How a row begins (`{"id"`), to find the next one after damage.
    opening: Option<Vec<u8>>,
    objectives: Vec<Box<str>>,
    /// Words for states that nobody knows, of the row being read.
    odd_states: Vec<String>,
}

impl Jsonl {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self {
            table: Table::new(options, false),
            places: HashMap::new(),
            opening: None,
            objectives: Vec::new(),
            odd_states: Vec::new(),
        }
    }

    /// Takes what is known of the study beside its rows.
    pub(super) fn declare(&mut self, declared: Declared) {
        self.table.declare(declared);
    }

    fn place(&mut self, key: &str) -> Place {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = self.new_place(key);
        self.places.insert(key.into(), place);
        place
    }

    fn new_place(&mut self, key: &str) -> Place {
        if self.table.is_asked_for(key) && names::role(key) != Role::Value {
            return Place::Cell(Group::Plain, self.table.column(Group::Plain, key));
        }
        match names::role(key) {
            Role::Other => {}
            role => return Place::Role(role),
        }
        match names::prefixed(key) {
            Prefixed::Param(name) => Place::Cell(Group::Param, self.table.column(Group::Param, name)),
            Prefixed::Metric(name) => Place::Cell(Group::Metric, self.table.column(Group::Metric, name)),
            Prefixed::Objective(name) => {
                self.objectives.push(name.into());
                if name.parse::<usize>().is_err() {
                    self.table.value_names.push(Label::new(name));
                }
                Place::Objective(self.objectives.len() - 1)
            }
            Prefixed::Attribute(name) => {
                Place::Cell(Group::Attribute, self.table.column(Group::Attribute, name))
            }
            Prefixed::Ignored => Place::Role(Role::Ignored),
            Prefixed::None => Place::Open,
        }
    }

    /// Reads one object that begins at `start`; returns the offset after it, and whether it is a row.
    fn object(&mut self, number: u64, text: &[u8], start: usize) -> Result<(usize, bool), JsonError> {
        let mut members = Members::from(Cursor::starting_at(text, start));
        let mut row = Row {
            line: number,
            ..Row::default()
        };
        let mut id_rank = u8::MAX;
        while let Some(member) = members.next() {
            let (key, node) = member?;
            match self.place(&key) {
                Place::Role(Role::Id(rank)) if rank < id_rank => {
                    let id = long_id(&node, text, members.offset()).or_else(|| trial_id(&node));
                    if let Some(id) = id {
                        id_rank = rank;
                        row.id = Some(id);
                    }
                }
                // No message: a measurement of that name.
                Place::Role(Role::Error) if matches!(node, Node::Int(_) | Node::Float(_)) => {
                    self.flatten(Group::Plain, &key, &node, &mut row, 0)?;
                }
                Place::Role(role) => self.by_role(role, &key, &node, &mut row)?,
                Place::Open if matches!(node, Node::Bool(_)) && names::is_flag(&key) => {
                    row.state = row.state.or(names::flag(&key, node == Node::Bool(true)));
                }
                Place::Cell(group, column) => self.cell(group, column, &node, &mut row),
                Place::Objective(k) => {
                    let values = row.values.get_or_insert_default();
                    if values.len() <= k {
                        values.resize(k + 1, f64::NAN);
                    }
                    if let Some(slot) = values.get_mut(k) {
                        *slot = node.as_f64().unwrap_or(f64::NAN);
                    }
                }
                Place::Open => self.flatten(Group::Plain, &key, &node, &mut row, 0)?,
            }
        }
        let is_row = self.table.says_something(&row);
        if is_row {
            self.table.push(row);
        }
        Ok((members.offset(), is_row))
    }

    fn by_role(&mut self, role: Role, key: &str, node: &Node<'_>, row: &mut Row) -> Result<(), JsonError> {
        let label = |node: &Node<'_>| match node {
            Node::Text(text) => Some(Label::new(text)),
            Node::Int(i) => Some(Label::new(&i.to_string())),
            _ => None,
        };
        match role {
            Role::State => {
                let said = node.as_text().and_then(names::state);
                if let (None, Some(word)) = (said, node.as_text()) {
                    self.odd_states.push(word.to_owned());
                }
                row.state = said.or(row.state);
            }
            Role::Step => {
                row.step = node.as_i64().and_then(|i| u64::try_from(i).ok()).or(row.step);
            }
            Role::Iteration => row.iteration = node.as_i64().and_then(|i| u64::try_from(i).ok()),
            Role::Value => row.values = objectives(self, node)?,
            Role::Intermediate => row.intermediate = curve(node)?,
            Role::Started => row.started = moment(node),
            Role::Finished => row.finished = moment(node).or(row.finished),
            Role::Seconds => {
                let unit = names::seconds_a_unit(key).unwrap_or(1.0);
                row.seconds = row.seconds.or_else(|| match node {
                    Node::Text(text) => parse_duration(text),
                    node => node
                        .as_f64()
                        .map(|x| x * unit)
                        .filter(|x| x.is_finite() && *x >= 0.0),
                });
            }
            Role::Run => row.run = row.run.take().or_else(|| trial_id(node)),
            Role::Label => {
                if let Some(label) = label(node) {
                    row.tell_apart(label.raw());
                }
            }
            Role::QueueId => row.queue_id = label(node),
            Role::Error => row.error = label(node),
            Role::Attributes => {
                if let Node::Object(bytes) = node {
                    self.attributes(key, bytes, row)?;
                }
            }
            Role::Params | Role::Metrics => {
                let group = if role == Role::Params {
                    Group::Param
                } else {
                    Group::Metric
                };
                match node {
                    Node::Object(bytes) => {
                        for member in Members::of(bytes) {
                            let (key, node) = member?;
                            self.flatten(group, &key, &node, row, 0)?;
                        }
                    }
                    Node::Null => {}
                    Node::Array(bytes) => {
                        for (name, node) in named(bytes)? {
                            self.flatten(group, &name, &node, row, 0)?;
                        }
                    }
                    // A scalar under such a name is a column like any other.
                    node => self.flatten(Group::Plain, key, node, row, 0)?,
                }
            }
            Role::Id(_) | Role::Ignored | Role::Other => {}
        }
        Ok(())
    }

    /// What was noted of a trial, among it our own identity. What users of Optuna note has the name that they gave it, as in
    /// Optuna's own files; what stands elsewhere (`info`) has where.
    fn attributes(&mut self, key: &str, bytes: &[u8], row: &mut Row) -> Result<(), JsonError> {
        let is_of_user = names::normalized(key).starts_with("user_");
        for member in Members::of(bytes) {
            let (name, node) = member?;
            if !attribute::is_short(&node) {
                continue;
            }
            if is_of_user && let Some(id) = attribute::queue_id(&name, &node) {
                row.queue_id = Some(id);
                continue;
            }
            let name = match is_of_user {
                true => name,
                false => format!("{key}.{name}").into(),
            };
            self.flatten(Group::Attribute, &name, &node, row, 0)?;
        }
        Ok(())
    }

    /// A scalar becomes the cell of a column; of an object each member does, under a dotted name.
    fn flatten(
        &mut self,
        group: Group,
        name: &str,
        node: &Node<'_>,
        row: &mut Row,
        depth: usize,
    ) -> Result<(), JsonError> {
        match node {
            Node::Object(bytes) if depth < MAX_FLATTEN => {
                for member in Members::of(bytes) {
                    let (key, node) = member?;
                    self.flatten(group, &format!("{name}.{key}"), &node, row, depth + 1)?;
                }
            }
            Node::Object(_) => {}
            // Lists beside the parameters are no measurement; among them they are a choice like any other.
            Node::Array(_) if matches!(group, Group::Metric | Group::Plain) => {}
            node => {
                let column = self.table.column(group, name);
                self.cell(group, column, node, row);
            }
        }
        Ok(())
    }

    fn cell(&mut self, group: Group, column: usize, node: &Node<'_>, row: &mut Row) {
        let value = match node {
            Node::Null => Value::Null,
            Node::Bool(b) => Value::Bool(*b),
            Node::Int(i) => Value::Int(*i),
            Node::Float(x) => Value::Float(*x),
            Node::Text(text) => match not_finite(text).or_else(|| self.measured(column, text)) {
                Some(x) if group != Group::Param => Value::Float(x),
                _ => self.table.text(column, text),
            },
            Node::Array(bytes) | Node::Object(bytes) => {
                self.table.text(column, &String::from_utf8_lossy(bytes))
            }
        };
        row.set(column, value);
    }

    /// The number that a text is under the name of a metric, as shells write it (`"loss": "0.4"`).
    fn measured(&self, column: usize, text: &str) -> Option<f64> {
        let number = text.trim().parse().ok()?;
        let column = self.table.columns.get(column)?;
        (column.group == Group::Metric || names::is_metric(column.name.raw())).then_some(number)
    }

    fn resume(&self, text: &[u8], after: usize) -> Option<usize> {
        let opening = self.opening.as_deref()?;
        text.get(after..)?
            .windows(opening.len())
            .position(|w| w == opening)
            .map(|at| at + after)
    }
}

impl Lines for Jsonl {
    fn line(&mut self, number: u64, text: &[u8], problems: &mut Problems) {
        let mut at = 0;
        loop {
            let mut cursor = Cursor::starting_at(text, at);
            // Comments, and the brackets and commas of a JSON array with one object a line.
            match cursor.peek() {
                None | Some(b'#') => return,
                Some(b',' | b'[' | b']') => {
                    at = cursor.offset() + 1;
                    continue;
                }
                Some(_) => {}
            }
            if at > 0 && text.get(..at).is_some_and(|t| t.ends_with(b"}")) {
                problems.push(number, || {
                    "two rows run together on one line; both were read.".to_owned()
                });
            }
            let start = cursor.offset();
            let read = self.object(number, text, start);
            match read {
                Ok((end, is_row)) => {
                    if !is_row {
                        problems.push(number, || {
                            "the object has no identity, no parameters and no value; it was skipped."
                                .to_owned()
                        });
                    }
                    for word in self.odd_states.drain(..) {
                        problems.push(number, || {
                            format!("{word} is no state that is known; the value decides.")
                        });
                    }
                    if self.opening.is_none() {
                        self.opening = opening_of(text.get(start..).unwrap_or_default());
                    }
                    at = end;
                }
                Err(error) => {
                    self.odd_states.clear();
                    let next = self.resume(text, start + 1);
                    problems.push(number, || complaint(text, error, next.is_some()));
                    match next {
                        Some(next) => at = next,
                        None => return,
                    }
                }
            }
        }
    }
}

impl Source for Jsonl {
    fn study(&mut self) -> Study {
        self.table.study()
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

fn complaint(text: &[u8], error: JsonError, resumes: bool) -> String {
    let start: String = String::from_utf8_lossy(text).chars().take(40).collect();
    let outcome = if resumes {
        "the part before the next row was skipped"
    } else {
        "the line was skipped"
    };
    format!(
        "not a JSON object: {} was expected at column {}, in `{start}…`; {outcome}.",
        error.expected,
        error.at + 1
    )
}

/// `{"key"` of a row.
fn opening_of(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().enumerate().filter(|(_, b)| **b == b'"').nth(1)?.0;
    text.get(..=end).map(<[u8]>::to_vec)
}

/// The objectives under `value` or `values`: a number, a list, or an object of named ones.
fn objectives(source: &mut Jsonl, node: &Node<'_>) -> Result<Option<Vec<f64>>, JsonError> {
    let number = |node: &Node<'_>| node.as_f64().unwrap_or(f64::NAN);
    Ok(Some(match node {
        Node::Array(bytes) => elements(bytes)?.iter().map(number).collect(),
        Node::Object(bytes) => {
            let members: Vec<(Cow<'_, str>, Node<'_>)> = Members::of(bytes).collect::<Result<_, _>>()?;
            if source.table.value_names.is_empty() {
                source.table.value_names = members.iter().map(|(k, _)| Label::new(k)).collect();
            }
            members.iter().map(|(_, node)| number(node)).collect()
        }
        node => vec![number(node)],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::TrialState;

    fn read(lines: &[&str]) -> (Study, Problems) {
        let mut source = Jsonl::new(&ReadOptions::default());
        let mut problems = Problems::default();
        for (line, number) in lines.iter().zip(1..) {
            source.line(number, line.as_bytes(), &mut problems);
        }
        (source.study(), problems)
    }

    #[test]
    fn nested_and_flat_rows_make_the_same_study() {
        let (nested, _) = read(&[
            r#"{"id": 7, "params": {"lr": 3e-4, "opt": "adam"}, "value": 0.4, "seconds": 2}"#,
            r#"{"id": 8, "params": {"lr": 1e-3, "opt": "sgd"}, "value": null}"#,
        ]);
        let (flat, _) = read(&[
            r#"{"trial_id": 7, "lr": 3e-4, "opt": "adam", "val_loss": 0.4, "time_s": 2}"#,
            r#"{"trial_id": 8, "lr": 1e-3, "opt": "sgd", "val_loss": NaN}"#,
        ]);
        for study in [&nested, &flat] {
            assert_eq!(study.space.len(), 2);
            assert_eq!(study.trials[0].values, [0.4]);
            assert_eq!(study.trials[0].seconds, Some(2.0));
            assert_eq!(study.trials[1].state, TrialState::Failed);
        }
        assert_eq!(nested.space, flat.space);
        assert_eq!(flat.metric, "val_loss");
    }

    #[test]
    fn the_later_word_on_a_trial_counts() {
        let (study, _) = read(&[
            r#"{"id": 1, "state": "running", "params": {"a": 1, "b": 2}, "queue_id": "q7"}"#,
            r#"{"id": 2, "params": {"a": 3, "b": 2}, "value": 2}"#,
            r#"{"id": 1, "state": "complete", "value": 5.0}"#,
        ]);
        assert_eq!(study.trials.len(), 2);
        assert_eq!(study.trials[0].state, TrialState::Complete);
        assert_eq!(study.trials[0].param(0), Some(&Value::Int(1)));
        assert_eq!(study.trials[0].queue_id.as_ref().unwrap().raw(), "q7");
    }

    #[test]
    fn a_row_a_step_makes_one_trial_with_its_curve() {
        let (study, _) = read(&[
            r#"{"trial": 0, "step": 1, "lr": 0.1, "val_loss": 3.0}"#,
            r#"{"trial": 0, "step": 2, "lr": 0.1, "val_loss": 2.0}"#,
            r#"{"trial": 1, "step": 1, "lr": 0.2, "val_loss": 4.0}"#,
        ]);
        assert_eq!(study.trials.len(), 2);
        assert_eq!(study.trials[0].intermediate, [(1, 3.0), (2, 2.0)]);
        assert_eq!(study.trials[0].values, [2.0]);
        assert_eq!(study.columns, ["lr"]);
    }

    #[test]
    fn identities_of_any_length_stay_apart() {
        let (study, _) = read(&[
            r#"{"id": 18446744073709551616, "params": {"a": 1}, "value": 1}"#,
            r#"{"id": 18446744073709551617, "params": {"a": 2}, "value": 2}"#,
            r#"{"id": 18446744073709551614, "params": {"a": 3}, "value": 3}"#,
            r#"{"id": 2.5, "params": {"a": 4}, "value": 4}"#,
        ]);
        let ids: Vec<String> = study.trials.iter().map(|t| t.id.to_string()).collect();
        assert_eq!(
            ids,
            [
                "18446744073709551616",
                "18446744073709551617",
                "18446744073709551614",
                "2.5"
            ]
        );
    }

    #[test]
    fn parameters_may_be_a_list_of_names_and_values() {
        let (study, problems) = read(&[
            r#"{"trial": 0, "params": [{"name": "lr", "value": 0.1}, {"name": "opt", "value": "sgd"}], "loss": 2}"#,
            r#"{"trial": 1, "params": [{"name": "lr", "value": 0.2}, 7, {"name": "x"}], "loss": 1}"#,
        ]);
        assert_eq!(problems.list(), []);
        assert_eq!(study.columns, ["lr", "opt"]);
        assert_eq!(study.trials[1].param(0), Some(&Value::Float(0.2)));
    }

    #[test]
    fn a_metric_written_as_text_is_a_number_and_a_choice_written_so_is_none() {
        let (study, _) = read(&[
            r#"{"trial": "0", "params": {"batch": "16"}, "val_loss": "0.5"}"#,
            r#"{"trial": "1", "params": {"batch": "32"}, "val_loss": "0.25"}"#,
        ]);
        assert_eq!(study.trials[1].values, [0.25]);
        assert_eq!(study.trials[1].param(0), Some(&Value::Text("32".into())));
    }

    #[test]
    fn damage_is_reported_and_what_is_whole_lives_on() {
        let (study, problems) = read(&[
            r#"{"id": 1, "params": {"a": 1}, "value": 1}"#,
            r#"{"id": 2, "params": {"a": 2}, "val{"id": 3, "params": {"a": 3}, "value": 3}"#,
            r#"{"id": 4, "params": {"a": 4}, "value": 4}{"id": 5, "params": {"a": 5}, "value": 5}"#,
            "garbage",
            "",
            "# a comment",
        ]);
        let ids: Vec<String> = study.trials.iter().map(|t| t.id.to_string()).collect();
        assert_eq!(ids, ["1", "3", "4", "5"]);
        let lines: Vec<Option<u64>> = problems.list().iter().map(|d| d.line).collect();
        assert_eq!(lines, [Some(2), Some(3), Some(4)]);
    }
}
