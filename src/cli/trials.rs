//! `tunescope trials`: what was read.

use std::sync::Arc;

use super::args::{Trials, TrialsFormat};
use super::error::{CliError, stdout_error};
use super::load;
use super::out::Out;
use super::text::{Columns, domain_words};
use crate::io::report::trial_report;
use crate::io::{TrialsReport, trials_csv};
use crate::study::number::{duration, significant};
use crate::study::{Study, Trial, TrialState};

pub fn run(args: &Trials) -> Result<(), CliError> {
    let reader = load::read(&args.source, &args.reading)?;
    let study = reader.study();
    let kind = reader.kind();
    let mut out = Out::new();
    match args.format {
        TrialsFormat::Json => {
            let name = kind.map_or("", |k| k.name);
            out.json(&TrialsReport::of(&study, name, &load::shown_path(&args.source)))?;
        }
        TrialsFormat::Jsonl => {
            for trial in &study.trials {
                out.json_line(&trial_report(&study, trial))?;
            }
        }
        TrialsFormat::Csv => {
            let table = trials_csv(&study).map_err(|e| stdout_error(e.into()))?;
            out.table(&table)?;
        }
        TrialsFormat::Text => text(&study, kind.map_or("nothing yet", |k| k.title), args, &mut out)?,
    }
    out.finish()
}

fn text(study: &Study, kind: &str, args: &Trials, out: &mut Out) -> Result<(), CliError> {
    let counts = study.counts();
    let path = super::text::harmless(&load::shown_path(&args.source));
    let name = if study.name.is_empty() {
        String::new()
    } else {
        format!(" · study {}", study.name)
    };
    out.line(format!("{path} · {kind}{name}"))?;
    let directions: Vec<String> = study
        .directions
        .iter()
        .map(|d| format!("{d:?}").to_lowercase())
        .collect();
    out.line(format!("{} {}", directions.join(", "), study.metric))?;
    out.line(format!("{} trials: {counts}", counts.total))?;
    for constraint in &study.constraints {
        let violates = |t: &&Arc<Trial>| constraint.of(t).is_some_and(|v| constraint.is_violated_by(v));
        let count = study.trials.iter().filter(violates).count();
        let violate = if count == 1 {
            "trial violates"
        } else {
            "trials violate"
        };
        out.line(format!("constraint {constraint}: {count} {violate} it"))?;
    }
    out.line("")?;
    out.line(if study.space.inferred {
        "space (inferred from the rows; tunescope init writes it out for editing)"
    } else {
        "space"
    })?;
    let mut space = Columns::default();
    for p in &study.space.params {
        let active = p.activity.as_ref().map_or_else(String::new, |a| {
            let learned = if a.inferred {
                ", learned from the trials"
            } else {
                ""
            };
            format!("active when {a}{learned}")
        });
        space.row([p.name.to_string(), domain_words(p), active]);
    }
    out.columns(&space, 2)?;
    if study.best().is_none() && study.has_objective() {
        out.line("")?;
        out.line("best: none yet, every trial is infeasible")?;
    }
    if let Some(best) = study.best().and_then(|i| study.trials.get(i)) {
        out.line("")?;
        out.line(format!(
            "best: trial {}, {} {}",
            best.id,
            study.metric,
            significant(best.objective().unwrap_or(f64::NAN), 6)
        ))?;
        let mut params = Columns::default();
        for p in &study.space.params {
            if let Some(value) = best.param(p.column) {
                params.row([p.name.to_string(), value.to_string()]);
            }
        }
        out.columns(&params, 2)?;
    }
    out.line("")?;
    out.columns(&table(study), 0)?;
    if !study.diagnostics.is_empty() {
        out.line("")?;
        out.line("warnings")?;
        for d in &study.diagnostics {
            let line = d.line.map_or_else(String::new, |l| format!("line {l}: "));
            out.line(format!("  {line}{}", d.message))?;
        }
    }
    Ok(())
}

fn table(study: &Study) -> Columns {
    let mut table = Columns::flush_right([0, 2, 3]);
    let head = ["trial", "state", study.metric.shown(), "time"];
    let params = study.space.params.iter().map(|p| p.name.to_string());
    table.row(head.map(str::to_owned).into_iter().chain(params));
    for trial in &study.trials {
        let cells = [
            trial.id.to_string(),
            state_word(study, trial).to_owned(),
            value_words(trial),
            trial.seconds.map_or_else(String::new, duration),
        ];
        let params = study.space.params.iter().map(|p| {
            trial
                .param(p.column)
                .map_or_else(|| "–".to_owned(), super::text::value_words)
        });
        table.row(cells.into_iter().chain(params));
    }
    table
}

/// A trial that came through and is infeasible is told apart.
fn state_word(study: &Study, trial: &Trial) -> &'static str {
    match trial.state {
        TrialState::Complete if study.is_feasible(trial) == Some(false) => "infeasible",
        state => state.word(),
    }
}

fn value_words(trial: &Trial) -> String {
    let word = |v: &f64| match v.is_nan() {
        true => "–".to_owned(),
        false => significant(*v, 6),
    };
    trial.values.iter().map(word).collect::<Vec<_>>().join(" ")
}
