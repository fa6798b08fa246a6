//! A whole JSON document that holds trials: a list of objects, printed over lines or not; an object with such a
//! list under a usual name (`trials`, `results`, `history`, …); and HiPlot's experiments (`datapoints`).
//!
//! Each object is read as a line of JSONL would be.

use std::ops::ControlFlow;
use std::path::Path;

use crate::study::{Direction, Label, Study};

use super::super::document::{Complaints, Document};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::source::{
    Change, Form, Kind, Lines, Place, Problems, Progress, ReadOptions, Reads, Source, Store, without_mark,
};
use super::super::table::Declared;
use super::super::watch::Target;
use super::jsonl::Jsonl;
use shape::{LISTS, domains, is_table, trials};

mod shape;

/// One JSON document.
pub static KIND: Kind = Kind {
    name: "json-document",
    title: "JSON",
    aliases: &["hiplot", "document"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Whole::new(path, options))),
    },
};

fn recognize(place: &Place<'_>) -> u8 {
    if place.form != Form::File {
        return 0;
    }
    let mut lines = place
        .first
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or_default();
    let second = lines.next();
    // A bracket at the very end may be the beginning of a row that is still being written.
    let is_ended = lines.next().is_some() || place.first.ends_with(b"\n");
    // Printed over lines: a bracket alone, and within it the beginning of an object or a name.
    let is_printed = match first {
        b"[" => second == Some(b"{") && is_ended,
        b"[{" => second.is_some_and(|l| l.starts_with(b"\"")),
        b"{" => {
            second.is_some_and(|l| l.starts_with(b"\"")) && place.first.split(|b| *b == b'\n').any(opens_list)
        }
        _ => false,
    };
    // On one line: an object whose list comes early, or a list of several objects that is the whole text.
    let is_single = second.is_none()
        && (first.starts_with(b"{\"") && opens_objects(first)
            || first.starts_with(b"[{") && first.ends_with(b"]"));
    let is_object = first.starts_with(b"{") && (second.is_none() || first == b"{");
    let is_columns = is_object && is_table(place.first);
    let is_over_lines = second.is_some() && is_over_lines(place.first);
    if is_printed || is_single || is_columns || is_object && is_hiplot(place.first) || is_over_lines {
        40
    } else {
        0
    }
}

/// Whether a list of trials begins on a line.
fn opens_list(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    LISTS.iter().any(|name| {
        text.split_once(&format!("\"{name}\"")).is_some_and(|(_, rest)| {
            rest.trim_start()
                .strip_prefix(':')
                .is_some_and(|r| r.trim_start().starts_with('['))
        })
    })
}

/// Whether an object whose first line is no whole one goes on over the lines below, and holds trials.
fn is_over_lines(first: &[u8]) -> bool {
    let text = without_mark(first).trim_ascii();
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    if !line.starts_with(b"{") || Json::parse(line).is_ok() {
        return false;
    }
    match Json::parse(text) {
        Ok(json) => !trials(&json).is_empty(),
        // What is looked at of a long one ends in its midst.
        Err(error) => {
            let is_cut = first.len() >= Place::LOOKED_AT && error.at >= text.len();
            is_cut && text.split(|b| *b == b'\n').any(opens_list)
        }
    }
}

/// Whether a text begins as `HiPlot` writes an experiment: what it says of each parameter comes before the points, and
/// may be longer than what is looked at.
fn is_hiplot(first: &[u8]) -> bool {
    let inner = first.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
    inner.trim_ascii_start().starts_with(b"\"parameters_definition\"")
}

/// Whether one of the first names of an object holds a list of objects. A `history` may be the learning curve of
/// a single trial: there, the objects must have parameters.
fn opens_objects(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line.get(..400).unwrap_or(line));
    LISTS.iter().any(|name| {
        let Some((_, rest)) = text.split_once(&format!("\"{name}\"")) else {
            return false;
        };
        let plain: String = rest.chars().filter(|c| !c.is_whitespace()).take(40).collect();
        plain.starts_with(":[{") && (*name != "history" || plain.starts_with(":[{\"params\""))
    })
}

struct Whole {
    document: Document,
    options: ReadOptions,
    rows: Jsonl,
    /// What the document calls its study.
    name: Option<Label>,
    problems: Problems,
    complaints: Complaints,
}

impl Whole {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        Self {
            document: Document::new(path),
            options: options.clone(),
            rows: Jsonl::new(options),
            name: None,
            problems: Problems::default(),
            complaints: Complaints::default(),
        }
    }
}

/// What the document says of the study beside its trials.
fn declared(json: &Json) -> Declared {
    let told = |names: &[&str]| names.iter().find_map(|name| json.at(name).as_text());
    let direction = |word: &str| match word.to_lowercase().as_str() {
        "max" | "maximize" | "maximise" | "maximization" => Some(Direction::Maximize),
        "min" | "minimize" | "minimise" | "minimization" => Some(Direction::Minimize),
        _ => None,
    };
    let several = json.at("directions").items().iter().filter_map(Json::as_text);
    let mut directions: Vec<Direction> = several.filter_map(direction).collect();
    if directions.is_empty() {
        directions.extend(told(&["direction", "mode", "goal", "study_direction"]).and_then(direction));
    }
    Declared {
        metric: told(&["metric", "metric_name", "objective", "objective_name"]).map(Label::new),
        directions,
        domains: domains(json),
    }
}

impl Source for Whole {
    fn study(&mut self) -> Study {
        let mut study = self.rows.study();
        study.name = self.name.clone().unwrap_or(study.name);
        study.diagnostics.extend(self.problems.list());
        study.diagnostics.extend(self.complaints.list());
        study
    }

    fn metrics_instead(&self) -> Option<String> {
        self.rows.metrics_instead()
    }
}

impl Store for Whole {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let Some(json) = self.document.look_for_json(&mut self.complaints) else {
            return Ok(Change::Unchanged);
        };
        self.rows = Jsonl::new(&self.options);
        self.problems.clear();
        let items = trials(&json);
        self.rows.declare(declared(&json));
        let name = ["study_name", "study", "name", "experiment_name"]
            .iter()
            .find_map(|name| json.at(name).as_text());
        self.name = name.map(Label::new);
        if items.is_empty() && !json.items().is_empty() | !json.members().is_empty() {
            self.problems.push(0, || {
                format!("the document holds no list of trials ({}).", LISTS.join(", "))
            });
        }
        for (item, number) in items.iter().zip(1..) {
            self.rows
                .line(number, item.to_string().as_bytes(), &mut self.problems);
        }
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
