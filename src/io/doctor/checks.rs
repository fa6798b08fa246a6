//! What can be said of a study, whatever kind of source it is from.

use std::collections::HashMap;

use crate::study::number::{duration, significant};
use crate::study::{Domain, Study, Trial, TrialId, TrialState, Value};

use super::super::optuna::rdb::reading::{SILENT, SILENT_WORKER};
use super::super::reader;
use super::super::sources::delimited::with_unit;
use super::heartbeats::Beats;
use super::{Finding, LISTED, Severity};

/// A trial that runs so much longer than the slowest one in twenty has hardly a worker any more.
const SLOW: f64 = 3.0;
/// Nothing is called dead before it was silent for so long.
const PATIENCE: f64 = 600.0;
/// Rank correlation from which on two parameters cannot be told apart.
const TIED: f64 = 0.999;

fn problem(check: &'static str, message: String) -> Finding {
    Finding::new(check, Severity::Problem, message)
}

fn note(check: &'static str, message: String) -> Finding {
    Finding::new(check, Severity::Note, message)
}

fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}

/// Lines that were skipped, and records that ran together.
pub fn bad_lines(study: &Study, source: &str) -> Vec<Finding> {
    let is_merged = |message: &str| message.contains("run together");
    let with_line = || study.diagnostics.iter().filter(|d| d.line.is_some());
    let mut found = Vec::new();
    for (check, wanted) in [("bad-lines", false), ("merged-records", true)] {
        let these: Vec<_> = with_line().filter(|d| is_merged(&d.message) == wanted).collect();
        let Some(first) = these.first() else { continue };
        let line = first.line.unwrap_or(0);
        let message = if wanted {
            format!(
                "{} hold several records run together; all of them were read.",
                count(these.len(), "line", "lines")
            )
        } else {
            format!(
                "{} could not be used; the first is line {line}: {}",
                count(these.len(), "line", "lines"),
                first.message
            )
        };
        let mut finding =
            problem(check, message).with_command(format!("tunescope doctor {source} --repair MENDED"));
        finding.lines = these.iter().filter_map(|d| d.line).take(LISTED).collect();
        found.push(finding);
    }
    found
}

/// What the reader complains of without a line.
pub fn other_diagnostics(study: &Study) -> Vec<Finding> {
    study
        .diagnostics
        .iter()
        // Said by a check of its own, with what mends it.
        .filter(|d| d.line.is_none() && !d.message.contains(SILENT_WORKER))
        .take(LISTED)
        .map(|d| problem("reading", d.message.clone()))
        .collect()
}

/// Parameters that their owner has fixed.
pub fn fixed(study: &Study) -> Vec<Finding> {
    let fixed = reader::fixed(study).into_iter();
    fixed.map(|message| note("fixed", message)).collect()
}

fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let at = ((sorted.len().checked_sub(1)?) as f64 * share).round() as usize;
    sorted.get(at).copied()
}

/// Running trials whose workers have stopped to give the signs of life that they gave before.
pub fn silent(study: &Study, beats: &Beats, kind: &str, source: &str) -> Option<Finding> {
    let dead: Vec<(&std::sync::Arc<Trial>, f64)> = (study.trials.iter())
        .filter_map(|t| Some((t, beats.silence(&t.id).filter(|s| *s > SILENT)?)))
        .collect();
    let (first, silence) = dead.first()?;
    let message = format!(
        "{} running, but without a heartbeat (the first is {}, for {}): the worker is dead.",
        count(dead.len(), "trial is", "trials are"),
        first.id,
        duration(*silence)
    );
    let finding = problem("zombies", message).with_trials(dead.iter().map(|(t, _)| &t.id));
    Some(match mend(kind, study, &first.id, source) {
        Some(command) => finding.with_command(command),
        None => finding,
    })
}

/// Running trials that show no sign of life, of those whose workers give none by heart.
pub fn zombies(
    study: &Study,
    (modified, now): (Option<f64>, f64),
    beats: &Beats,
    kind: &str,
    source: &str,
) -> Option<Finding> {
    let mut times: Vec<f64> = study
        .trials
        .iter()
        .filter(|t| t.state.is_finished())
        .filter_map(|t| t.seconds)
        .collect();
    times.sort_by(f64::total_cmp);
    let usual = quantile(&times, 0.95);
    let limit = usual.map_or(6.0 * 3600.0, |u| (SLOW * u).max(PATIENCE));
    let is_silent = modified.is_some_and(|m| now - m > limit.max(PATIENCE));
    let is_dead = |t: &&std::sync::Arc<Trial>| {
        t.state == TrialState::Running
            && beats.silence(&t.id).is_none()
            && (is_silent || t.started.is_some_and(|s| now - s > limit) && is_quiet(modified, now))
    };
    let dead: Vec<_> = study.trials.iter().filter(is_dead).collect();
    let first = dead.first()?;
    let age = first
        .started
        .or(modified)
        .map_or_else(String::new, |s| format!(", since {}", duration(now - s)));
    let usual = usual.map_or_else(String::new, |u| {
        format!("; nineteen in twenty take less than {}", duration(u))
    });
    let message = format!(
        "{} running without a sign of life (the first is {}{age}{usual}): the worker is probably dead.",
        count(dead.len(), "trial is", "trials are"),
        first.id
    );
    let finding = problem("zombies", message).with_trials(dead.iter().map(|t| &t.id));
    Some(match mend(kind, study, &first.id, source) {
        Some(command) => finding.with_command(command),
        None => finding,
    })
}

/// Whether the source as a whole was not written to for a while: only then is one trial's silence telling.
fn is_quiet(modified: Option<f64>, now: f64) -> bool {
    modified.is_none_or(|m| now - m > 60.0)
}

/// How a dead trial is closed with the owner's own tool.
fn mend(kind: &str, study: &Study, trial: &TrialId, source: &str) -> Option<String> {
    let storage = match kind {
        "optuna-journal" => {
            format!("optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend({source:?}))")
        }
        "optuna-rdb" | "optuna-sqlite" if source.contains("://") => format!("{source:?}"),
        "optuna-rdb" | "optuna-sqlite" => format!("{:?}", format!("sqlite:///{source}")),
        _ => return None,
    };
    let code = format!(
        "import optuna; optuna.load_study(study_name={:?}, storage={storage}).tell({trial}, \
         state=optuna.trial.TrialState.FAIL)",
        study.name.raw()
    );
    Some(format!("python -c {}", super::quote(&code)))
}

/// Trials whose objective is no finite number.
pub fn not_finite(study: &Study) -> Option<Finding> {
    let is_bad = |t: &&std::sync::Arc<Trial>| t.values.iter().any(|v| !v.is_finite());
    let bad: Vec<_> = study.trials.iter().filter(is_bad).collect();
    (!bad.is_empty()).then(|| {
        let message = format!(
            "{} a value that is no finite number; the model knows them as failed.",
            count(bad.len(), "trial has", "trials have")
        );
        note("not-finite", message).with_trials(bad.iter().map(|t| &t.id))
    })
}

/// A key that equal values share.
fn key(value: &Value) -> String {
    match value.as_f64() {
        Some(x) => format!("n{:x}", (x + 0.0).to_bits()),
        None => format!("{value:?}"),
    }
}

/// Configurations that were run more than once.
pub fn duplicates(study: &Study) -> Option<Finding> {
    let mut groups: HashMap<Vec<String>, Vec<&TrialId>> = HashMap::new();
    for trial in &study.trials {
        if let Some(configuration) = study.space.configuration_of(trial).filter(|c| !c.is_empty()) {
            groups
                .entry(configuration.iter().map(key).collect())
                .or_default()
                .push(&trial.id);
        }
    }
    let repeated: Vec<&Vec<&TrialId>> = groups.values().filter(|g| g.len() > 1).collect();
    let most = repeated
        .iter()
        .max_by_key(|g| (g.len(), std::cmp::Reverse(g.first())))?;
    let message = format!(
        "{} run more than once; the most often one {} times (trials {}). Repeats show the noise, and cost a run.",
        count(repeated.len(), "configuration was", "configurations were"),
        most.len(),
        most.iter()
            .take(8)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    );
    Some(note("duplicates", message).with_trials(most.iter().copied()))
}

/// Trials outside of the declared space.
pub fn outside(study: &Study) -> Option<Finding> {
    if study.space.inferred {
        return None;
    }
    let is_outside = |t: &&std::sync::Arc<Trial>| {
        study
            .space
            .params
            .iter()
            .any(|p| match (t.param(p.column), &p.domain) {
                (None, _) => false,
                (Some(value), Domain::Categorical { choices }) => !choices.contains(value),
                (Some(value), Domain::Float { low, high, .. }) => {
                    value.as_f64().is_none_or(|x| x < *low || x > *high)
                }
                #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 have no use")]
                (Some(value), Domain::Int { low, high, .. }) => {
                    value.as_f64().is_none_or(|x| x < *low as f64 || x > *high as f64)
                }
            })
    };
    let bad: Vec<_> = study.trials.iter().filter(is_outside).collect();
    (!bad.is_empty()).then(|| {
        let message = format!(
            "{} outside of the space that the source declares.",
            count(bad.len(), "trial lies", "trials lie")
        );
        note("outside", message).with_trials(bad.iter().map(|t| &t.id))
    })
}

/// The number, the unit and the whole of a text that is such.
fn part(value: &Value) -> Option<(f64, &str, &str)> {
    let Value::Text(text) = value else { return None };
    with_unit(text.raw().trim()).map(|(x, unit)| (x, unit, text.shown()))
}

/// Parameters whose values are numbers with a unit behind them, as texts.
pub fn units(study: &Study) -> Vec<Finding> {
    let mut found = Vec::new();
    for (column, name) in study.columns.iter().enumerate() {
        let values = study.trials.iter().filter_map(|t| t.param(column));
        let parts: Vec<(f64, &str, &str)> = values.map(part).collect::<Option<_>>().unwrap_or_default();
        let Some(&(x, unit, text)) = parts.first() else {
            continue;
        };
        let is_one = parts.iter().all(|p| p.0.to_bits() == x.to_bits());
        if is_one || parts.iter().any(|p| p.1 != unit) {
            continue;
        }
        let message = format!(
            "parameter {name} is a text with a unit, such as {text}: its values are choices without an order; written \
             as {} they are numbers, with {unit} in the name.",
            significant(x, 6)
        );
        found.push(note("units", message));
    }
    found
}

/// Parameters of which the data say nothing, or of which two cannot be told apart.
pub fn not_identified(study: &Study, source: &str) -> Vec<Finding> {
    let complete: Vec<&Trial> = study
        .trials
        .iter()
        .filter(|t| t.objective().is_some())
        .map(AsRef::as_ref)
        .collect();
    if complete.len() < 3 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut columns: Vec<(&str, Vec<f64>)> = Vec::new();
    for p in study.space.params.iter().filter(|p| p.cardinality() != Some(1)) {
        let values: Vec<Option<&Value>> = complete.iter().map(|t| t.param(p.column)).collect();
        let mut kinds: Vec<String> = values.iter().flatten().map(|v| key(v)).collect();
        kinds.sort();
        kinds.dedup();
        let name = p.name.shown();
        if kinds.len() < 2 {
            let message =
                format!("parameter {name} has one value in all complete trials: the data say nothing of it.");
            found.push(
                problem("not-identified", message)
                    .with_command(format!("tunescope init {source}   # and fix {name} there")),
            );
        } else if !p.is_categorical()
            && let Some(numbers) = values
                .iter()
                .map(|v| v.and_then(Value::as_f64))
                .collect::<Option<Vec<f64>>>()
        {
            columns.push((name, ranks(&numbers)));
        }
    }
    for (k, (a, x)) in columns.iter().enumerate() {
        for (b, y) in columns.iter().skip(k + 1) {
            let r = correlation(x, y);
            if r.abs() > TIED {
                let message = format!(
                    "parameters {a} and {b} always move together (rank correlation {}): their effects cannot be told apart.",
                    significant(r, 4)
                );
                found.push(problem("not-identified", message));
            }
        }
    }
    let needed = study.space.params.len() + 1;
    if complete.len() < needed {
        found.push(note(
            "few-trials",
            format!(
                "{} complete trials for {} parameters: the model is mostly its prior.",
                complete.len(),
                study.space.params.len()
            ),
        ));
    }
    found
}

/// Ranks, equal numbers sharing their mean rank.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    numbers
        .iter()
        .map(|x| {
            let below = sorted.partition_point(|y| y < x);
            let up_to = sorted.partition_point(|y| y <= x);
            #[expect(clippy::cast_precision_loss, reason = "a count of trials")]
            let rank = (below + up_to) as f64 / 2.0;
            rank
        })
        .collect()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "few trials")]
    let n = x.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
    let both = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if both > 0.0 {
        sum(&|a, b| a * b) / both
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_share_their_mean_rank_and_many_are_ranked_as_fast_as_they_are_sorted() {
        assert_eq!(
            ranks(&[3.0, 1.0, 2.0, 1.0, -0.0, 0.0]),
            [5.5, 3.0, 4.5, 3.0, 1.0, 1.0]
        );
        let many: Vec<f64> = (0..200_000).map(|i| f64::from(i * 7919 % 200_003)).collect();
        let ranked = ranks(&many);
        assert!((correlation(&many, &ranked) - 1.0).abs() < 1e-6);
    }
}
