//! Generic CSV and TSV, and tables printed in columns or frames: a line of names, then one trial a row.

use crate::study::{Direction, Label, Study};

use super::super::names::{self, Prefixed, Role};
use super::super::source::{Head, Kind, Lines, Problems, ReadOptions, Reads, Source, without_mark};
use super::super::table::{Group, Table};
use cells::{is_rule, separator};
use decimal::Mark;
use head::{Header, Line};

mod cells;
mod decimal;
mod head;
mod row;
mod scalar;

pub(crate) use cells::{Separator, split};
pub(crate) use scalar::{Scalar, scalar, with_unit};

/// Separated by comma, semicolon, tab, bar or blanks.
pub static KIND: Kind = Kind {
    name: "csv",
    title: "CSV",
    aliases: &["tsv", "table"],
    reads: Reads::Lines {
        recognize,
        open: |options| Box::new(Delimited::new(options)),
        settles: true,
    },
};

/// Lines that one quoted cell may span; beyond, the quote is taken for damage.
const MAX_CELL_LINES: usize = 200;
/// Lines that tell where the rows begin.
const MAX_HEAD: usize = 24;

fn recognize(head: &Head<'_>) -> u8 {
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let lines: Vec<Line> = head
        .lines()
        .take(MAX_HEAD)
        .map(text)
        .filter(|line| !is_rule(line))
        .zip(1..)
        .map(|(line, number)| (number, line))
        .collect();
    let remark = without_mark(head.bytes)
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .take_while(|line| line.is_empty() || line.starts_with(b"#"))
        .filter(|line| !line.is_empty())
        .last()
        .map(text);
    head::sureness(&lines, remark.as_deref())
}

/// The separator and the names of the columns of a table that is there.
pub(crate) fn header_of(text: &str) -> Option<(Separator, Vec<String>)> {
    let is_row = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && !is_rule(line)
    };
    let mut lines = text.lines().filter(is_row).peekable();
    let given = lines.peek().and_then(|line| line.trim().strip_prefix("sep="));
    let given = given.and_then(|sep| sep.chars().next()).map(Separator::Sign);
    let lines = lines.skip(usize::from(given.is_some())).take(MAX_HEAD);
    let lines: Vec<Line> = (1..).zip(lines.map(str::to_owned)).collect();
    head::header(&lines, None, given, true).map(|header| (header.separator, header.names))
}

/// What is done with a column.
#[derive(Clone, Copy, Debug)]
enum Place {
    Role(Role),
    Cell(usize),
    Objective(usize),
    /// Says by yes or no what became of the trial.
    Flag,
    /// Names the measurement that a row is.
    Named,
}

struct Delimited {
    table: Table,
    /// As a line `sep=…` gives it.
    given: Option<Separator>,
    separator: Separator,
    decimal: Mark,
    /// The comment that was read last.
    remark: Option<String>,
    /// The first lines, until it is clear where the rows begin.
    first: Vec<Line>,
    has_header: bool,
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
            given: None,
            separator: Separator::Sign(','),
            decimal: Mark::default(),
            remark: None,
            first: Vec::new(),
            has_header: false,
            header: None,
            names: Vec::new(),
            places: Vec::new(),
            objectives: 0,
            pending: None,
        }
    }

    fn record(&mut self, number: u64, record: &str, problems: &mut Problems) {
        if !self.has_header {
            self.first.push((number, record.to_owned()));
            self.find_header(false, problems);
            return;
        }
        let Some(cells) = split(record, self.separator) else {
            return;
        };
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
        let is_comma = self.separator == Separator::Sign(',');
        if is_comma {
            // Beside numbers with a decimal comma there is no telling what `10,000` is.
            if cells.iter().any(scalar::has_quoted_decimal_comma) {
                self.decimal = Mark::Comma;
            }
        } else {
            self.decimal = self.decimal.in_the_light_of(cells.iter().map(|c| c.text.trim()));
        }
        let has_decimal_comma = !is_comma && self.decimal != Mark::Point;
        self.row(number, &cells, has_decimal_comma, problems);
    }

    /// Where it is clear where the rows begin, what was held back is read.
    fn find_header(&mut self, is_all: bool, problems: &mut Problems) {
        let Some(header) = head::header(&self.first, self.remark.as_deref(), self.given, is_all) else {
            return;
        };
        let first = std::mem::take(&mut self.first);
        self.has_header = true;
        for (number, _) in first.iter().take(header.titles) {
            problems.push(*number, || {
                "the line stands above the names of the columns; it was skipped.".to_owned()
            });
        }
        let at = first.get(header.titles).map_or(1, |(number, _)| *number);
        let above = header.above;
        self.read_header(at, header, problems);
        for (number, text) in first.into_iter().skip(above) {
            self.record(number, &text, problems);
        }
    }

    fn read_header(&mut self, number: u64, header: Header, problems: &mut Problems) {
        self.separator = header.separator;
        self.header = header.line;
        let numbers = header
            .names
            .iter()
            .filter(|name| name.parse::<f64>().is_ok())
            .count();
        if numbers > 1 {
            problems.push(number, || {
                format!(
                    "{numbers} columns have numbers for names: if this is a trial, write the names above it."
                )
            });
        }
        let mut seen = std::collections::HashSet::new();
        for name in header.names {
            if !name.is_empty() && !seen.insert(name.clone()) {
                problems.push(number, || {
                    format!("two columns are named {name}; the first one counts.")
                });
                self.places.push(Place::Role(Role::Ignored));
            } else {
                let place = self.place(&name);
                self.places.push(place);
            }
            self.names.push(name);
        }
        self.find_named();
    }

    /// A row a measurement: a column that names it beside one for its value, of trials that have names.
    fn find_named(&mut self) {
        let is_name = |name: &String| {
            ["metric", "metric_name", "metric_key", "key", "tag", "variable"]
                .contains(&names::normalized(name).as_str())
        };
        let has_trials = self
            .places
            .iter()
            .any(|p| matches!(p, Place::Role(Role::Id(_) | Role::Run)));
        let at = self.names.iter().position(is_name);
        if self.objectives == 1
            && has_trials
            && let Some(place) = at.and_then(|k| self.places.get_mut(k))
            && matches!(place, Place::Cell(_))
        {
            *place = Place::Named;
        }
    }

    fn place(&mut self, name: &str) -> Place {
        if self.table.is_asked_for(name) && names::role(name) != Role::Value {
            return Place::Cell(self.table.column(Group::Plain, name));
        }
        if let Some((name, direction)) = names::objective(name) {
            return self.told_objective(name, direction);
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
            Prefixed::Attribute(name) => {
                return Place::Cell(self.table.column(Group::Attribute, name));
            }
            Prefixed::Ignored => return Place::Role(Role::Ignored),
            Prefixed::None => {}
        }
        match names::role(name) {
            Role::Value => {
                self.objectives += 1;
                Place::Objective(self.objectives - 1)
            }
            Role::Other | Role::Metrics if names::is_flag(name) => Place::Flag,
            Role::Other | Role::Metrics => Place::Cell(self.table.column(Group::Plain, name)),
            role => Place::Role(role),
        }
    }
}

impl Delimited {
    /// An objective whose column says in which direction it improves.
    fn told_objective(&mut self, name: &str, direction: Direction) -> Place {
        let at = self.objectives;
        let names = &mut self.table.value_names;
        names.extend((names.len()..at).map(|k| Label::new(&format!("value {k}"))));
        names.push(Label::new(name));
        let directions = &mut self.table.declared.directions;
        directions.resize(at, Direction::Minimize);
        directions.push(direction);
        self.objectives += 1;
        Place::Objective(at)
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
                if blank.starts_with('#') && !self.has_header && self.first.is_empty() {
                    self.remark = Some(blank.to_owned());
                }
                if blank.is_empty() || blank.starts_with('#') || is_rule(blank) {
                    return;
                }
                if let (false, Some(sep)) = (self.has_header, blank.strip_prefix("sep=")) {
                    self.given = sep.chars().next().map(Separator::Sign);
                    return;
                }
                if self.header.as_deref() == Some(text) {
                    return;
                }
                (number, text.to_owned(), 1)
            }
        };
        let separator = if self.has_header {
            self.separator
        } else {
            self.given
                .or_else(|| self.first.iter().find_map(|(_, line)| head::own_separator(line)))
                .unwrap_or_else(|| separator(&record))
        };
        if split(&record, separator).is_some() {
            self.record(first, &record, problems);
        } else if lines < MAX_CELL_LINES {
            self.pending = Some((first, record, lines));
        } else {
            self.pending = Some((first, record, lines));
            self.settle(problems);
        }
    }

    /// A quote that never closes: the line where it opened is bad, those after it are read again. The names of the
    /// columns are where they seem to be by now.
    fn settle(&mut self, problems: &mut Problems) -> bool {
        let is_held = self.pending.is_some() || !self.first.is_empty();
        while let Some((first, record, _)) = self.pending.take() {
            problems.push(first, || {
                "a quote is opened and never closed; the line was skipped.".to_owned()
            });
            for (line, number) in record.split('\n').zip(first..).skip(1) {
                self.line(number, line.as_bytes(), problems);
            }
        }
        self.find_header(true, problems);
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
    use crate::study::{TrialState, Value};

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
        assert_eq!(study.trials[1].attributes, [("x".into(), Value::Int(7))]);
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
