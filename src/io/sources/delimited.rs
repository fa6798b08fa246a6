//! Generic CSV and TSV: a header, then one trial a row.

use crate::study::{Label, Study, TrialId, Value};

use super::super::json::{Members, Node};
use super::super::names::{self, Prefixed, Role};
use super::super::source::{Head, Kind, Lines, Problems, ReadOptions, Reads, Source};
use super::super::table::{Group, Row, Table};
use super::super::time::{parse_duration, parse_time};
use super::jsonl::not_finite;
use decimal::Mark;

mod decimal;

/// Separated by comma, semicolon, tab or bar.
pub static KIND: Kind = Kind {
    name: "csv",
    title: "CSV",
    aliases: &["tsv"],
    reads: Reads::Lines {
        recognize,
        open: |options| Box::new(Delimited::new(options)),
        settles: true,
    },
};

/// Lines that one quoted cell may span; beyond, the quote is taken for damage.
const MAX_CELL_LINES: usize = 200;

fn recognize(head: &Head<'_>) -> u8 {
    let Some(header) = head.lines().next() else {
        return 0;
    };
    if header.starts_with(b"{") || header.starts_with(b"[") {
        return 0;
    }
    let Ok(header) = std::str::from_utf8(header) else {
        return 0;
    };
    if header.starts_with("sep=") {
        return 60;
    }
    let names = split(header, separator(header)).unwrap_or_default();
    let has_name = names.iter().any(|n| n.text.chars().any(char::is_alphabetic));
    // Lines of a log begin with a time.
    let is_log = names.iter().any(|n| parse_time(n.text.trim()).is_some());
    if names.len() > 1 && has_name && !is_log && !header.chars().any(|c| c.is_control() && c != '\t') {
        50
    } else {
        0
    }
}

/// The separator of a header: the one of which it has most, outside quotes.
pub(crate) fn separator(header: &str) -> char {
    let mut counts = [(',', 0), (';', 0), ('\t', 0), ('|', 0)];
    let mut is_quoted = false;
    for c in header.chars() {
        if c == '"' {
            is_quoted = !is_quoted;
        } else if !is_quoted && let Some(count) = counts.iter_mut().find(|(s, _)| *s == c) {
            count.1 += 1;
        }
    }
    let mut best = counts[0];
    for count in counts {
        if count.1 > best.1 {
            best = count;
        }
    }
    best.0
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub text: String,
    is_quoted: bool,
}

/// The cells of a record; `None` where a quote is open at its end.
pub(crate) fn split(record: &str, separator: char) -> Option<Vec<Cell>> {
    let mut cells = Vec::new();
    let mut text = String::new();
    let (mut is_quoted, mut is_open) = (false, false);
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_open && chars.peek() == Some(&'"') => {
                chars.next();
                text.push('"');
            }
            '"' if is_open => is_open = false,
            // Inside an unquoted cell a quote is a character like any other.
            '"' if text.trim().is_empty() && !is_quoted => {
                text.clear();
                is_quoted = true;
                is_open = true;
            }
            c if c == separator && !is_open => {
                cells.push(Cell {
                    text: std::mem::take(&mut text),
                    is_quoted,
                });
                is_quoted = false;
            }
            c => text.push(c),
        }
    }
    cells.push(Cell { text, is_quoted });
    (!is_open).then_some(cells)
}

/// What is done with a column.
#[derive(Clone, Copy, Debug)]
enum Place {
    Role(Role),
    Cell(usize),
    Objective(usize),
}

struct Delimited {
    table: Table,
    separator: Option<char>,
    decimal: Mark,
    header: Option<String>,
    /// Names of the columns, as the header gives them.
    names: Vec<String>,
    places: Vec<Place>,
    objectives: usize,
    /// Lines of a record whose quote is still open, and the number of the first.
    pending: Option<(u64, String, usize)>,
}

impl Delimited {
    fn new(options: &ReadOptions) -> Self {
        Self {
            table: Table::new(options, true),
            separator: None,
            decimal: Mark::default(),
            header: None,
            names: Vec::new(),
            places: Vec::new(),
            objectives: 0,
            pending: None,
        }
    }

    fn record(&mut self, number: u64, record: &str, problems: &mut Problems) {
        let separator = *self.separator.get_or_insert_with(|| separator(record));
        let Some(cells) = split(record, separator) else {
            return;
        };
        if self.header.is_none() {
            self.header = Some(record.to_owned());
            self.read_header(number, &cells, problems);
            return;
        }
        let has_excess = cells
            .get(self.places.len()..)
            .is_some_and(|rest| rest.iter().any(|c| !c.text.trim().is_empty()));
        if cells.len() < self.places.len() || has_excess {
            let (found, expected) = (cells.len(), self.places.len());
            problems.push(number, || {
                format!("the row has {found} cells where the header has {expected}; it was skipped.")
            });
            return;
        }
        if separator != ',' {
            self.decimal = self.decimal.in_the_light_of(cells.iter().map(|c| c.text.trim()));
        }
        let has_decimal_comma = separator != ',' && self.decimal != Mark::Point;
        self.row(number, &cells, has_decimal_comma, problems);
    }

    fn read_header(&mut self, number: u64, cells: &[Cell], problems: &mut Problems) {
        let mut seen = std::collections::HashSet::new();
        let numbers = cells
            .iter()
            .filter(|c| c.text.trim().parse::<f64>().is_ok())
            .count();
        if numbers > 1 {
            problems.push(number, || {
                format!(
                    "{numbers} columns have numbers for names: if this is a trial, write the names above it."
                )
            });
        }
        for cell in cells {
            let name = cell.text.trim();
            self.names.push(name.to_owned());
            if !name.is_empty() && !seen.insert(name.to_owned()) {
                problems.push(number, || {
                    format!("two columns are named {name}; the first one counts.")
                });
                self.places.push(Place::Role(Role::Ignored));
                continue;
            }
            let place = self.place(name);
            self.places.push(place);
        }
    }

    fn place(&mut self, name: &str) -> Place {
        if self.table.is_asked_for(name) && names::role(name) != Role::Value {
            return Place::Cell(self.table.column(Group::Plain, name));
        }
        match names::prefixed(name) {
            Prefixed::Param(name) => return Place::Cell(self.table.column(Group::Param, name)),
            Prefixed::Metric(name) => {
                return Place::Cell(self.table.column(Group::Metric, name));
            }
            Prefixed::Objective(name) => {
                let shown = if name.parse::<usize>().is_ok() {
                    format!("value {name}")
                } else {
                    name.to_owned()
                };
                self.table.value_names.push(Label::new(&shown));
                self.objectives += 1;
                return Place::Objective(self.objectives - 1);
            }
            Prefixed::Ignored => return Place::Role(Role::Ignored),
            Prefixed::None => {}
        }
        match names::role(name) {
            Role::Value => {
                self.objectives += 1;
                Place::Objective(self.objectives - 1)
            }
            Role::Other | Role::Metrics => Place::Cell(self.table.column(Group::Plain, name)),
            role => Place::Role(role),
        }
    }

    fn row(&mut self, number: u64, cells: &[Cell], has_decimal_comma: bool, problems: &mut Problems) {
        let mut row = Row {
            line: number,
            ..Row::default()
        };
        let mut id_rank = u8::MAX;
        for (k, cell) in cells.iter().enumerate() {
            let Some(place) = self.places.get(k).copied() else {
                break;
            };
            let has_decimal_comma = has_decimal_comma || has_quoted_decimal_comma(cell);
            let text = cell.text.trim();
            if let Place::Objective(k) = place {
                let x = match scalar(text, has_decimal_comma) {
                    Scalar::Value(value) => value.as_f64().unwrap_or(f64::NAN),
                    Scalar::Text | Scalar::Absent => f64::NAN,
                };
                let values = row.values.get_or_insert_default();
                values.resize(values.len().max(k + 1), f64::NAN);
                if let Some(slot) = values.get_mut(k) {
                    *slot = x;
                }
                continue;
            }
            if text.is_empty() {
                continue;
            }
            match place {
                Place::Role(Role::Id(rank)) if rank < id_rank => {
                    id_rank = rank;
                    row.id = Some(trial_id(text));
                }
                Place::Role(Role::Params) if text.starts_with('{') => self.object(text, &mut row),
                Place::Role(Role::Params) => {
                    // Under such a name but no object: a column like any other.
                    let name = self.names.get(k).cloned().unwrap_or_default();
                    let column = self.table.column(Group::Plain, &name);
                    let value = match scalar(text, has_decimal_comma) {
                        Scalar::Value(value) => value,
                        Scalar::Text | Scalar::Absent => self.table.text(column, text),
                    };
                    row.set(column, value);
                }
                Place::Role(role) => by_role(role, text, &mut row, number, problems),
                Place::Cell(column) => {
                    let value = match scalar(text, has_decimal_comma) {
                        Scalar::Value(value) => value,
                        Scalar::Text => match self.percentage(k, text) {
                            Some(x) => Value::Float(x),
                            None => self.table.text(column, text),
                        },
                        Scalar::Absent => continue,
                    };
                    row.set(column, value);
                }
                Place::Objective(_) => {}
            }
        }
        self.table.push(row);
    }
}

impl Delimited {
    /// The number before a percent sign, in the column of a metric.
    fn percentage(&self, column: usize, text: &str) -> Option<f64> {
        let number = text.strip_suffix('%')?.trim_end().parse().ok()?;
        names::is_metric(self.names.get(column)?).then_some(number)
    }

    /// A cell that holds all parameters as a JSON object.
    fn object(&mut self, text: &str, row: &mut Row) {
        for (name, node) in Members::of(text.as_bytes()).map_while(Result::ok) {
            let column = self.table.column(Group::Param, &name);
            let value = match node {
                Node::Null => Value::Null,
                Node::Bool(b) => Value::Bool(b),
                Node::Int(i) => Value::Int(i),
                Node::Float(x) => Value::Float(x),
                Node::Text(text) => self.table.text(column, &text),
                Node::Array(bytes) | Node::Object(bytes) => {
                    self.table.text(column, &String::from_utf8_lossy(bytes))
                }
            };
            row.set(column, value);
        }
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

/// Whether a quoted cell between commas is a number with a decimal comma (`0,125`), not one with its
/// thousands apart (`10,000`).
fn has_quoted_decimal_comma(cell: &Cell) -> bool {
    let text = cell.text.trim().trim_start_matches(['-', '+']);
    cell.is_quoted
        && text.split_once(',').is_some_and(|(whole, part)| {
            part.len() != 3 || whole.len() > 3 || whole.is_empty() || whole.starts_with('0')
        })
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
        Role::Step => row.step = number_of_trial(text),
        Role::Started => row.started = moment(text),
        Role::Finished => row.finished = moment(text).or(row.finished),
        Role::Seconds => row.seconds = row.seconds.or_else(|| parse_duration(text)),
        Role::Run => row.run = row.run.take().or_else(|| Some(trial_id(text))),
        Role::QueueId => row.queue_id = Some(Label::new(text)),
        Role::Error => row.error = Some(Label::new(text)),
        Role::Id(_)
        | Role::Value
        | Role::Intermediate
        | Role::Params
        | Role::Metrics
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

/// What a cell holds.
pub(crate) enum Scalar {
    Value(Value),
    Text,
    Absent,
}

/// A cell as a number, a boolean or nothing; text is left to the caller.
pub(crate) fn scalar(text: &str, has_decimal_comma: bool) -> Scalar {
    if text.is_empty() {
        return Scalar::Absent;
    }
    let first = text.as_bytes().first().copied().unwrap_or(0);
    if first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.') {
        if let Ok(i) = text.parse::<i64>() {
            return Scalar::Value(Value::Int(i));
        }
        if let Ok(x) = text.parse::<f64>() {
            return Scalar::Value(Value::Float(x));
        }
        if has_decimal_comma
            && text.matches(',').count() == 1
            && !text.contains('.')
            && let Ok(x) = text.replace(',', ".").parse::<f64>()
        {
            return Scalar::Value(Value::Float(x));
        }
    }
    if let Some(x) = not_finite(text) {
        return Scalar::Value(Value::Float(x));
    }
    match text {
        "None" | "none" | "null" | "NULL" | "NA" | "N/A" | "<NA>" | "NaT" => Scalar::Value(Value::Null),
        "true" | "True" | "TRUE" => Scalar::Value(Value::Bool(true)),
        "false" | "False" | "FALSE" => Scalar::Value(Value::Bool(false)),
        _ => Scalar::Text,
    }
}

impl Lines for Delimited {
    fn line(&mut self, number: u64, text: &[u8], problems: &mut Problems) {
        let text = String::from_utf8_lossy(text);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        let (first, record, lines) = match self.pending.take() {
            Some((first, mut record, lines)) => {
                record.push('\n');
                record.push_str(text);
                (first, record, lines + 1)
            }
            None => {
                let blank = text.trim();
                if blank.is_empty() || blank.starts_with('#') {
                    return;
                }
                if let (None, Some(sep)) = (&self.header, blank.strip_prefix("sep=")) {
                    self.separator = sep.chars().next();
                    return;
                }
                if self.header.as_deref() == Some(text) {
                    return;
                }
                (number, text.to_owned(), 1)
            }
        };
        let separator = self.separator.unwrap_or_else(|| separator(&record));
        if split(&record, separator).is_some() {
            self.record(first, &record, problems);
        } else if lines < MAX_CELL_LINES {
            self.pending = Some((first, record, lines));
        } else {
            self.pending = Some((first, record, lines));
            self.settle(problems);
        }
    }

    /// A quote that never closes: the line where it opened is bad, those after it are read again.
    fn settle(&mut self, problems: &mut Problems) -> bool {
        let is_held = self.pending.is_some();
        while let Some((first, record, _)) = self.pending.take() {
            problems.push(first, || {
                "a quote is opened and never closed; the line was skipped.".to_owned()
            });
            for (line, number) in record.split('\n').zip(first..).skip(1) {
                self.line(number, line.as_bytes(), problems);
            }
        }
        is_held
    }
}

impl Source for Delimited {
    fn study(&mut self) -> Study {
        self.table.study()
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::TrialState;

    fn read(text: &str) -> (Study, Problems) {
        let mut source = Delimited::new(&ReadOptions::default());
        let mut problems = Problems::default();
        for (line, number) in text.lines().zip(1..) {
            source.line(number, line.as_bytes(), &mut problems);
        }
        source.settle(&mut problems);
        (source.study(), problems)
    }

    #[test]
    fn separators_quotes_and_decimal_commas_are_detected() {
        for text in [
            "lr,opt,val_loss\n0.1,\"a,\"\"b\",1.5\n0.2,sgd,2.5\n",
            "lr;opt;val_loss\n0,1;\"a,\"\"b\";1,5\n0,2;sgd;2,5\n",
            "lr\topt\tval_loss\n0.1\ta,\"b\t1.5\n0.2\tsgd\t2.5\n",
            "sep=|\nlr|opt|val_loss\n0.1|a,\"b|1.5\n0.2|sgd|2.5\n",
        ] {
            let (study, problems) = read(text);
            assert_eq!(problems.list(), [], "{text}");
            assert_eq!(study.columns, ["lr", "opt"], "{text}");
            assert_eq!(study.trials[0].param(0), Some(&Value::Float(0.1)), "{text}");
            assert_eq!(
                study.trials[0].param(1),
                Some(&Value::Text("a,\"b".into())),
                "{text}"
            );
            assert_eq!(study.trials[1].values, [2.5], "{text}");
        }
    }

    #[test]
    fn a_comma_is_decimal_where_no_number_has_a_point() {
        for (text, first) in [
            ("lr\topt\tloss\n1,5\ta\t0,5\n2,5\tb\t0,25\n", Value::Float(1.5)),
            ("lr|opt|loss\n1,5|a|0,5\n2,5|b|0,25\n", Value::Float(1.5)),
            // A list stays one where other numbers have a point.
            (
                "layers;opt;loss\n64,64;a;0.5\n32,32;b;0.25\n",
                Value::Text("64,64".into()),
            ),
            (
                "layers\topt\tloss\n64,64\ta\t0.5\n32,32\tb\t0.25\n",
                Value::Text("64,64".into()),
            ),
        ] {
            let (study, problems) = read(text);
            assert_eq!(problems.list(), [], "{text}");
            assert_eq!(study.metric, "loss", "{text}");
            assert_eq!(study.trials[0].param(0), Some(&first), "{text}");
            assert_eq!(study.trials[1].values, [0.25], "{text}");
        }
    }

    #[test]
    fn percentages_are_numbers_of_a_metric() {
        let (study, _) = read("dropout,accuracy\n10%,91.5%\n20%,92 %\n");
        assert_eq!(study.trials[1].values, [92.0]);
        assert_eq!(study.trials[0].param(0), Some(&Value::Text("10%".into())));
    }

    #[test]
    fn a_table_without_names_is_told_so_and_a_log_is_no_table() {
        let (_, problems) = read("0,0.1,sgd,0.5\n1,0.2,adam,0.4\n");
        assert!(problems.list()[0].message.contains("names above it"));
        let head = |bytes| recognize(&Head { bytes, is_all: true });
        assert_eq!(head(b"2024-05-01 10:00:00,123 INFO trial, loss=0.5\n"), 0);
        assert_eq!(head(b"lr,loss\n1,2\n"), 50);
    }

    #[test]
    fn what_optuna_exports_is_understood() {
        let (study, _) = read(
            "number,values_0,values_time,params_lr,user_attrs_x,duration,state\n\
             0,1.0,2.0,0.1,7,0 days 00:00:01.5,COMPLETE\n1,,,0.2,7,,FAIL\n2,,,0.3,7,,RUNNING\n",
        );
        assert_eq!(study.directions.len(), 2);
        assert_eq!(study.trials[0].values, [1.0, 2.0]);
        assert_eq!(study.trials[0].seconds, Some(1.5));
        assert_eq!(study.trials[1].state, TrialState::Failed);
        assert_eq!(study.trials[2].state, TrialState::Running);
        assert_eq!(study.columns, ["lr"]);
    }

    #[test]
    fn parameters_may_stand_in_one_cell_as_json() {
        let (study, _) =
            read("trial_id,config,loss\n0,\"{\"\"lr\"\": 0.1, \"\"opt\"\": \"\"sgd\"\"}\",2.5\n");
        assert_eq!(study.columns, ["lr", "opt"]);
        assert_eq!(study.trials[0].param(0), Some(&Value::Float(0.1)));
    }

    #[test]
    fn bad_rows_are_reported_and_an_open_quote_does_not_swallow_the_rest() {
        let (study, problems) = read("a,loss\n1,2\n3\n4,\"5\n6,7\n8,9,10\n");
        let ids: Vec<Option<f64>> = study.trials.iter().map(|t| t.objective()).collect();
        assert_eq!(ids, [Some(2.0), Some(7.0)]);
        let lines: Vec<Option<u64>> = problems.list().iter().map(|d| d.line).collect();
        assert_eq!(lines, [Some(3), Some(4), Some(6)]);
    }

    #[test]
    fn a_quoted_cell_may_span_lines() {
        let (study, problems) = read("a,notes,loss\n1,\"x\ny\",2\n3,z,4\n");
        assert_eq!(problems.list(), []);
        assert_eq!(study.trials.len(), 2);
    }
}
