//! `tunescope tell`: a finished trial, recorded by hand.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::args::{Format, Tell};
use super::error::CliError;
use super::load;
use super::out::Out;
use crate::study::{Study, TrialId};

/// Longest last line that is looked at.
const MAX_LINE: u64 = 1 << 20;

/// How the rows of a JSONL file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `{"params": {…}, "value": …}`
    Nested,
    /// `{"lr": …, "val_loss": …}`
    Flat,
}

/// How a file ends.
#[derive(Debug, PartialEq)]
struct Ending {
    /// Whether a line end is missing after a whole last line.
    needs_line_end: bool,
    shape: Shape,
}

pub fn run(args: &Tell) -> Result<(), CliError> {
    if args.source.as_os_str() == "-" {
        return Err(cannot(
            &args.source,
            "standard input cannot be written; name a file",
        ));
    }
    let object = load::object("--config", &args.configuration)?;
    let study = existing(args)?;
    let params = match &study {
        Some(study) if !study.space.is_empty() => {
            let configuration = load::configuration(study, "--config", &object)?;
            study.space.configuration_to_json(&configuration)
        }
        _ => object,
    };
    let ending = ending(&args.source)?;
    let row = row(study.as_ref(), ending.shape, params, args.value);
    let line = append(&args.source, &row, ending.needs_line_end)?;
    let mut out = Out::new();
    match args.output.format {
        Format::Json => out.json(&json!({"path": load::shown_path(&args.source), "row": row}))?,
        Format::Text => out.line(format!(
            "appended to {}: {}",
            super::text::harmless(&args.source.to_string_lossy()),
            super::text::harmless(&line)
        ))?,
    }
    out.finish()
}

fn cannot(path: &Path, why: impl Into<String>) -> CliError {
    CliError::CannotTell {
        path: path.to_owned(),
        why: why.into(),
    }
}

/// The study of the file, where there is one already; only JSONL can be appended to.
fn existing(args: &Tell) -> Result<Option<Study>, CliError> {
    let is_url = args.source.to_str().is_some_and(crate::io::database::url::is_url);
    let size = match std::fs::metadata(&args.source) {
        Ok(meta) => meta.len(),
        _ if is_url => 1,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(file_error(&args.source, "read", source)),
    };
    if size == 0 {
        return Ok(None);
    }
    let reader = load::read(&args.source, &args.reading)?;
    match reader.kind().map(|k| k.name) {
        Some("jsonl") => Ok(Some(Study::clone(&reader.study()))),
        Some("optuna-journal" | "optuna-rdb") => Err(cannot(
            &args.source,
            "a finished trial of an Optuna study is recorded by Optuna: \
             study.add_trial(optuna.create_trial(params=…, distributions=…, value=…)); \
             to have a worker run a configuration, use `tunescope accept`",
        )),
        kind => Err(cannot(
            &args.source,
            format!(
                "this is {}, and only JSONL can be appended to; let the program that writes it record the trial",
                kind.unwrap_or("of no known kind")
            ),
        )),
    }
}

/// What is appended: in the shape of the rows that are there, with the next free number where trials are
/// numbered.
fn row(study: Option<&Study>, shape: Shape, params: Map<String, Json>, value: f64) -> Json {
    let state = if value.is_finite() { "complete" } else { "failed" };
    let id = study.map_or(Some(0), next_number);
    let metric = study.map_or("value", |s| s.metric.raw());
    let mut row = Map::new();
    if let Some(id) = id {
        row.insert("id".to_owned(), id.into());
    }
    row.insert("state".to_owned(), state.into());
    match shape {
        Shape::Nested => {
            row.insert("params".to_owned(), Json::Object(params));
            row.insert("value".to_owned(), json!(value));
        }
        Shape::Flat => {
            row.extend(params);
            row.insert(metric.to_owned(), json!(value));
        }
    }
    Json::Object(row)
}

/// One more than the largest number; `None` where trials have other names.
fn next_number(study: &Study) -> Option<u64> {
    let mut next = 0;
    for trial in &study.trials {
        match trial.id {
            TrialId::Number(n) => next = next.max(n.saturating_add(1)),
            TrialId::Text(_) => return None,
        }
    }
    Some(next)
}

/// Looks at the last line.
fn ending(path: &Path) -> Result<Ending, CliError> {
    let wrong = |source| file_error(path, "read", source);
    let fresh = Ending {
        needs_line_end: false,
        shape: Shape::Nested,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(fresh),
        Err(error) => return Err(wrong(error)),
    };
    let size = file.metadata().map_err(wrong)?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(MAX_LINE)))
        .map_err(wrong)?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).map_err(wrong)?;
    let needs_line_end = tail.last().is_some_and(|b| *b != b'\n');
    let last = tail
        .split(|b| *b == b'\n')
        .rfind(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    match serde_json::from_slice::<Json>(last) {
        Ok(row) => Ok(Ending {
            needs_line_end,
            shape: if row.get("params").is_some_and(Json::is_object) {
                Shape::Nested
            } else {
                Shape::Flat
            },
        }),
        Err(_) if last.is_empty() => Ok(fresh),
        // A whole line may still be no strict JSON (a bare NaN); an open one is being written.
        Err(_) if needs_line_end => Err(cannot(
            path,
            "the last line is unfinished: its writer is busy, or died; try again, or end that line first",
        )),
        Err(_) => Ok(Ending {
            needs_line_end,
            shape: if String::from_utf8_lossy(last).contains("\"params\"") {
                Shape::Nested
            } else {
                Shape::Flat
            },
        }),
    }
}

/// Appends one whole line in one write, synced, and reads it back.
fn append(path: &Path, row: &Json, needs_line_end: bool) -> Result<String, CliError> {
    let line = row.to_string();
    let start = if needs_line_end { "\n" } else { "" };
    let bytes = format!("{start}{line}\n");
    let wrong = |source| file_error(path, "appended to", source);
    let mut file = OpenOptions::new()
        .append(true)
        .read(true)
        .create(true)
        .open(path)
        .map_err(wrong)?;
    file.write_all(bytes.as_bytes()).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    let mut back = String::new();
    let end = file.stream_position().map_err(wrong)?;
    file.seek(SeekFrom::Start(end.saturating_sub(bytes.len() as u64)))
        .map_err(wrong)?;
    file.take(bytes.len() as u64)
        .read_to_string(&mut back)
        .map_err(wrong)?;
    if back == bytes {
        Ok(line)
    } else {
        Err(cannot(
            path,
            "the line that was appended does not read back the same; look at the end of the file",
        ))
    }
}

fn file_error(path: &Path, action: &'static str, source: io::Error) -> CliError {
    CliError::File {
        path: path.to_owned(),
        action,
        source,
    }
}
