//! `tunescope tell`: a finished trial, recorded by hand, under the locking protocol of whoever owns the source.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::args::{Format, Tell};
use super::error::CliError;
use super::load;
use super::out::Out;
use super::text::harmless;
use crate::io::delivery::{Door, Told};
use crate::io::read_once;
use crate::io::told::{Rows, TellError, delimited, jsonl};
use crate::study::{Configuration, Study, Trial, TrialState, Value};

/// How a source takes a finished trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Jsonl,
    Delimited,
    Optuna,
}

pub fn run(args: &Tell) -> Result<(), CliError> {
    if args.source.as_os_str() == "-" {
        return Err(cannot(
            &args.source,
            "standard input cannot be written; name a file",
        ));
    }
    let object = load::object("--config", &args.configuration)?;
    let (way, study) = existing(args)?;
    let expected = study.as_ref().map_or(args.value.len(), |s| s.directions.len());
    if args.value.len() != expected {
        let s = if expected == 1 { "" } else { "s" };
        let words = format!("the study has {expected} objective{s}; give --value for each, in their order");
        return Err(cannot(&args.source, words));
    }
    let known = study.as_deref().filter(|s| !s.space.is_empty());
    let configuration = known
        .map(|s| load::configuration(s, "--config", &object))
        .transpose()?;
    let params = match (known, &configuration) {
        (Some(study), Some(configuration)) => study.space.configuration_to_json(configuration),
        _ => object,
    };
    match (way, known.zip(configuration)) {
        (Way::Optuna, Some((study, configuration))) => optuna(args, study, &configuration),
        (Way::Optuna, None) => Err(cannot(
            &args.source,
            "the study has no parameter yet; give the space with --space, or let a worker run a trial first",
        )),
        (way, _) => rows(args, way, &params),
    }
}

fn cannot(path: &Path, why: impl Into<String>) -> CliError {
    CliError::CannotTell {
        path: path.to_owned(),
        why: why.into(),
    }
}

/// How the source takes a trial, and its study, where there is one already.
fn existing(args: &Tell) -> Result<(Way, Option<Arc<Study>>), CliError> {
    let is_url = args.source.to_str().is_some_and(crate::io::database::url::is_url);
    let size = match std::fs::metadata(&args.source) {
        Ok(meta) => meta.len(),
        _ if is_url => 1,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => {
            return Err(CliError::File {
                path: args.source.clone(),
                action: "read",
                source,
            });
        }
    };
    if size == 0 {
        let is_table = delimited::is_named_so(&args.source.to_string_lossy());
        let way = if is_table { Way::Delimited } else { Way::Jsonl };
        let has_space = args.reading.space.is_some();
        let study = has_space.then(|| load::study_or_start(&args.source, &args.reading));
        return Ok((way, study.transpose()?));
    }
    let reader = load::read(&args.source, &args.reading)?;
    let way = match reader.kind().map(|k| k.name) {
        Some("jsonl") => Way::Jsonl,
        Some("csv") => Way::Delimited,
        Some("optuna-journal" | "optuna-rdb") => Way::Optuna,
        kind => {
            return Err(cannot(
                &args.source,
                format!(
                    "this is {}, and only JSONL, CSV and Optuna's storage can be added to; let the program that \
                     writes it record the trial",
                    kind.unwrap_or("of no known kind")
                ),
            ));
        }
    };
    Ok((way, Some(reader.study())))
}

fn rows(args: &Tell, way: Way, params: &Map<String, Json>) -> Result<(), CliError> {
    let wrong = |e: TellError| cannot(&args.source, e.to_string());
    let rows = Rows::lock(&args.source).map_err(wrong)?;
    // Read once more, now that nobody else writes: the number of the trial is taken from here.
    let study = if rows.text.trim().is_empty() {
        None
    } else {
        Some(load::read(&args.source, &args.reading)?.study())
    };
    let (line, row) = if way == Way::Jsonl {
        let row = jsonl::row(&rows, study.as_deref(), params.clone(), &args.value).map_err(wrong)?;
        (row.to_string(), row)
    } else {
        let line = delimited::row(&rows, study.as_deref(), params, &args.value).map_err(wrong)?;
        rehearse(args, (&rows, study.as_deref()), &line, params)?;
        (line, json!({"params": params, "values": args.value}))
    };
    rows.append(&line).map_err(wrong)?;
    let mut out = Out::new();
    match args.output.format {
        Format::Json => out.json(&json!({"path": load::shown_path(&args.source), "row": row}))?,
        Format::Text => out.line(format!(
            "appended to {}: {}",
            harmless(&load::shown_path(&args.source)),
            harmless(line.trim_end())
        ))?,
    }
    out.finish()
}

/// A copy that is removed again.
struct Rehearsal(PathBuf);

impl Drop for Rehearsal {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// What a table means is inferred from its cells, so a row is tried on a copy first: it must be read as the one trial more
/// that was told.
fn rehearse(
    args: &Tell,
    (rows, before): (&Rows, Option<&Study>),
    line: &str,
    params: &Map<String, Json>,
) -> Result<(), CliError> {
    let misread = |what| Err(cannot(&args.source, TellError::Misread { what }.to_string()));
    let unique = crate::io::delivery::random_bytes();
    let name: String = unique.iter().map(|b| format!("{b:02x}")).collect();
    let copy = Rehearsal(std::env::temp_dir().join(format!("tunescope-{name}.csv")));
    let start = if rows.is_open_ended() { "\n" } else { "" };
    let text = format!("{}{start}{line}\n", rows.text);
    std::fs::write(&copy.0, text).map_err(|source| CliError::File {
        path: copy.0.clone(),
        action: "written",
        source,
    })?;
    let mut options = load::options(&args.reading)?;
    options.also.clear();
    let goes_on = &mut |_| std::ops::ControlFlow::Continue(());
    let after = read_once(&copy.0, options, goes_on)?.study();
    let count = before.map_or(0, |s| s.trials.len());
    let Some(trial) = after.trials.last().filter(|_| after.trials.len() == count + 1) else {
        return misread("not as one trial more");
    };
    if !has_values(trial, &args.value) {
        return misread("with another value");
    }
    let is_same = |(name, given): (&String, &Json)| {
        let column = after.columns.iter().position(|c| c.raw() == name);
        match column.and_then(|c| trial.param(c)) {
            Some(read) => Value::from_json(given).is_some_and(|g| g == *read),
            None => given.is_null(),
        }
    };
    // Of a single row nobody can tell which columns are parameters.
    if count > 0 && !params.iter().all(is_same) {
        return misread("with other parameters");
    }
    Ok(())
}

fn has_values(trial: &Trial, values: &[f64]) -> bool {
    match trial.state {
        TrialState::Failed => values.iter().any(|v| !v.is_finite()),
        TrialState::Complete => trial.values == values,
        _ => false,
    }
}

/// As `study.add_trial` does it.
fn optuna(args: &Tell, study: &Study, configuration: &Configuration) -> Result<(), CliError> {
    let shown = Some(study.name.raw()).filter(|name| !name.is_empty());
    let mut door = Door::for_source(&args.source, args.reading.study.as_deref().or(shown));
    let told = Told::new(&study.space, configuration, &args.value, Timestamp::now());
    let written = door.tell(&told)?;
    let mut out = Out::new();
    let state = if told.is_failed() { "failed" } else { "complete" };
    match args.output.format {
        Format::Json => out.json(&json!({
            "path": written.storage,
            "study": written.study,
            "number": written.number,
            "row": {
                "id": written.number,
                "state": state,
                "params": study.space.configuration_to_json(configuration),
                "values": args.value,
            },
        }))?,
        Format::Text => out.line(format!(
            "recorded as trial {} ({state}) of study {} in {}",
            written.number,
            harmless(&written.study),
            harmless(&written.storage)
        ))?,
    }
    out.finish()
}
