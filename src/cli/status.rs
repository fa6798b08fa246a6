//! `tunescope status`: how a study is doing, for a status bar, a script, a glance.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use unicode_width::UnicodeWidthStr as _;

use super::args::Format;
use super::args::run::{Colors, Status};
use super::error::CliError;
use super::out::Out;
use super::text::{best_words, configuration_words, harmless, no_best_words};
use super::{engine, load};
use crate::analysis::{SuggestRequest, Suggestion, Surrogate, SurrogateError, suggest_without_model};
use crate::config::FileSettings;
use crate::io::kept::{self, KeptFile};
use crate::run::place::Place;
use crate::run::state::State;
use crate::session::seen::{Changes, Seen, View};
use crate::study::number::{duration, significant, with_sd};
use crate::study::{Budget, Counts, Study};

/// Exit statuses of `--exit-code` besides 0.
const RUNNING: u8 = 3;
const IDLE: u8 = 4;

/// Everything that is said, in one place.
struct Facts {
    source: String,
    study: Arc<Study>,
    counts: Counts,
    budget: Budget,
    /// Seconds in which something ran.
    busy: f64,
    /// Seconds since the source changed.
    age: Option<f64>,
    /// Seconds since the best was found.
    best_age: Option<f64>,
    state: Standing,
    why: Option<String>,
    loop_state: Option<State>,
    is_looped: bool,
    model: Option<Surrogate>,
    next: Option<Suggestion>,
    /// What is new since somebody looked at it in the explorer; `None`: nobody did.
    since: Option<Since>,
}

/// The last look and what is new since.
struct Since {
    /// Seconds ago.
    age: f64,
    changes: Changes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Done,
    Running,
    Idle,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Idle => "idle",
        }
    }
}

pub fn run(args: &Status) -> Result<ExitCode, CliError> {
    let facts = gather(args)?;
    let mut out = Out::new();
    if args.line {
        out.line(line(&facts, usize::from(args.width), args.colors))?;
    } else {
        match args.format {
            Format::Json => out.json(&to_json(&facts))?,
            Format::Text => text(&facts, &mut out)?,
        }
    }
    out.finish()?;
    Ok(match (args.exit_code, facts.state) {
        (false, _) | (true, Standing::Done) => ExitCode::SUCCESS,
        (true, Standing::Running) => ExitCode::from(RUNNING),
        (true, Standing::Idle) => ExitCode::from(IDLE),
    })
}

fn gather(args: &Status) -> Result<Facts, CliError> {
    let file = FileSettings::load(args.engine.config.config.as_deref())?;
    let place = Place::beside(&args.source);
    let loop_state = State::read(&place);
    let mut reading = args.engine.reading.clone();
    if let (None, Some(state)) = (&reading.space, &loop_state) {
        // What the loop runs with is what its results are read with, as long as it is there.
        reading.space = Some(state.space.clone().into()).filter(|p: &std::path::PathBuf| p.is_file());
        reading.metric = reading
            .metric
            .or_else(|| Some(state.metric.clone()).filter(|m| !m.is_empty()));
    }
    let study = load::study_or_start(&args.source, &reading)?;
    let now = now();
    let known = loop_state.as_ref().map_or(study.budget, State::budget);
    let given = args.budget.unwrap_or_default();
    let budget = Budget {
        trials: given.trials.or(known.trials).or(study.budget.trials),
        seconds: given.seconds.or(known.seconds).or(study.budget.seconds),
        target: given.target.or(known.target).or(study.budget.target),
    };
    let counts = study.counts();
    let busy = study.busy_seconds(now);
    let is_looped = place.is_locked();
    // Who gives a budget asks whether that one is reached, whatever the loop was told.
    let said = loop_state.as_ref().filter(|_| args.budget.is_none());
    let (state, why) = standing(&study, counts, busy, budget, said, is_looped);
    let best = study.best().and_then(|i| study.trials.get(i));
    let best_age = best.and_then(|t| t.finished).map(|t| (now - t).max(0.0));
    let (model, next) = if args.no_model {
        (None, None)
    } else {
        modelled(args, &study, &file)?
    };
    let since = since(&args.source, &study, model.as_ref(), next.as_ref(), now);
    Ok(Facts {
        source: load::shown_path(&args.source),
        age: age(&args.source, &study, now),
        since,
        study,
        counts,
        budget,
        busy,
        best_age,
        state,
        why,
        loop_state,
        is_looped,
        model,
        next,
    })
}

/// What is new since the explorer was looked at. Asking is not looking: nothing is written.
fn since(
    source: &Path,
    study: &Study,
    model: Option<&Surrogate>,
    next: Option<&Suggestion>,
    now: f64,
) -> Option<Since> {
    let folder = kept::default_folder()?;
    let seen = KeptFile::of(&folder, source, study.name.raw())?.read_seen()?;
    // Working it out costs about as much as a fit: only where there is something to compare it with.
    let importance = model
        .filter(|_| seen.leader.is_some())
        .and_then(|m| m.importance(&|| false));
    let view = View {
        study,
        suggestion: next.filter(|s| s.prediction.is_some()),
        importance: importance.as_ref(),
        verdict: model.map(|m| m.trust().verdict),
    };
    Some(Since {
        age: (now - seen.when).max(0.0),
        changes: seen.changes(&Seen::of(view, now), study),
    })
}

/// The model and its suggestion; neither where there is nothing to model, which is no error here.
fn modelled(
    args: &Status,
    study: &Arc<Study>,
    file: &FileSettings,
) -> Result<(Option<Surrogate>, Option<Suggestion>), CliError> {
    let settings = engine::model_settings(&args.engine.modelling, file);
    let request = SuggestRequest {
        count: 1,
        acquisition: engine::acquisition_settings(&args.engine.acquisition, file),
        pending: engine::queued(study, &args.source, args.engine.reading.study.as_deref()),
        seed: settings.seed,
        ..SuggestRequest::default()
    };
    match engine::surrogate(study, &args.engine.modelling, &settings) {
        Ok(model) => {
            let next = model
                .suggest(&request, &|| false)
                .ok()
                .and_then(|s| s.into_iter().next());
            Ok((Some(model), next))
        }
        Err(CliError::Surrogate(error)) if !matches!(error, SurrogateError::Kernel(_)) => {
            Ok((None, suggest_without_model(study, &request).into_iter().next()))
        }
        Err(error) => Err(error),
    }
}

/// Seconds since the source changed: by its time on disk, or by what the last trial says.
fn age(source: &Path, study: &Study, now: f64) -> Option<f64> {
    let on_disk = std::fs::metadata(source)
        .ok()
        .filter(std::fs::Metadata::is_file)
        .and_then(|m| m.modified().ok()?.duration_since(UNIX_EPOCH).ok())
        .map(|d| d.as_secs_f64());
    let told = || {
        let times = study.trials.iter().filter_map(|t| t.finished.or(t.started));
        times.fold(None, |last: Option<f64>, t| Some(last.map_or(t, |l| l.max(t))))
    };
    on_disk.or_else(told).map(|t| (now - t).max(0.0))
}

fn standing(
    study: &Study,
    counts: Counts,
    busy: f64,
    budget: Budget,
    state: Option<&State>,
    is_looped: bool,
) -> (Standing, Option<String>) {
    let best = study.best().and_then(|i| study.trials.get(i)?.objective());
    let finished = (counts.complete + counts.pruned + counts.failed) as u64;
    let reached = if let (Some(target), Some(best)) = (budget.target, best)
        && !study.direction().is_better(target, best)
    {
        Some(format!("the target {} is reached", significant(target, 6)))
    } else if budget.trials.is_some_and(|n| finished >= n) {
        Some(format!("{finished} trials are over"))
    } else if let Some(seconds) = budget.seconds
        && busy >= seconds
    {
        Some(format!("{} are used up", duration(seconds)))
    } else {
        None
    };
    // What runs when the budget is reached is finished first.
    if counts.running > 0 || is_looped {
        return (Standing::Running, reached);
    }
    let said = state.filter(|s| s.state == "done").and_then(|s| s.why.clone());
    match reached.or(said) {
        Some(why) => (Standing::Done, Some(why)),
        None => {
            let why = state.and_then(|s| s.why.clone());
            (Standing::Idle, why)
        }
    }
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

fn to_json(facts: &Facts) -> Json {
    let study = &facts.study;
    let best = study.best().and_then(|i| study.trials.get(i)).map(|t| {
        let params = study.space.configuration_of(t);
        json!({
            "id": t.id,
            "value": t.objective(),
            "params": params.map(|c| study.space.configuration_to_json(&c)),
            "age_seconds": facts.best_age,
        })
    });
    let trust = facts.model.as_ref().map(Surrogate::trust);
    json!({
        "source": facts.source,
        "study": study.name.raw(),
        "metric": study.metric.raw(),
        "direction": format!("{:?}", study.direction()).to_lowercase(),
        "state": facts.state.word(),
        "why": facts.why,
        "age_seconds": facts.age,
        "counts": facts.counts,
        "budget": {
            "trials": facts.budget.trials,
            "seconds": facts.budget.seconds,
            "target": facts.budget.target,
            "seconds_used": facts.busy,
        },
        "best": best,
        "model": trust.map(|t| json!({
            "verdict": t.verdict.word(),
            "reason": t.reason,
            "advice": facts.model.as_ref().map(|m| m.stopping_advice().sentence),
        })),
        "suggestion": facts.next.as_ref().map(|s| json!({
            "params": study.space.configuration_to_json(&s.configuration),
            "mean": s.prediction.map(|p| p.mean),
            "sd": s.prediction.map(|p| p.sd),
            "reason": s.reason.word(),
        })),
        "since": facts.since.as_ref().map(|s| json!({
            "age_seconds": s.age,
            "changes": s.changes,
            "words": s.changes.words(),
        })),
        "loop": facts.loop_state.as_ref().map(|s| json!({
            "running": facts.is_looped,
            "state": s.state,
            "why": s.why,
            "pid": s.pid,
            "host": s.host,
            "jobs": s.jobs,
            "started": s.started,
            "ended": s.ended,
        })),
    })
}

fn text(facts: &Facts, out: &mut Out) -> Result<(), CliError> {
    let study = &facts.study;
    let counts = facts.counts;
    let age = facts
        .age
        .map_or_else(String::new, |a| format!(", data {} old", duration(a)));
    let why = facts
        .why
        .as_deref()
        .map_or_else(String::new, |w| format!(" ({})", harmless(w)));
    out.line(format!(
        "{}: {}{why}{age}",
        harmless(&facts.source),
        facts.state.word()
    ))?;
    let of = facts
        .budget
        .trials
        .map_or_else(String::new, |n| format!(" of {n}"));
    out.line(format!(
        "{}{of} trials over: {} complete, {} pruned, {} failed; {} running, {} waiting",
        finished(counts),
        counts.complete,
        counts.pruned,
        counts.failed,
        counts.running,
        counts.waiting
    ))?;
    let ago = facts.best_age;
    let ago = ago.map_or_else(String::new, |a| format!(", {} ago", duration(a)));
    out.line(best_words(study, &ago).unwrap_or_else(|| no_best_words(study).to_owned()))?;
    if let Some(since) = facts.since.as_ref().filter(|s| !s.changes.is_empty()) {
        let words: Vec<String> = since.changes.words().iter().map(|w| harmless(w)).collect();
        out.line(format!(
            "since you last looked, {} ago: {}",
            duration(since.age),
            words.join(", ")
        ))?;
    }
    if let Some(model) = &facts.model {
        let trust = model.trust();
        out.line(format!(
            "model {}: {}",
            trust.verdict.word(),
            harmless(&trust.reason)
        ))?;
        out.line(harmless(&model.stopping_advice().sentence))?;
    }
    if let Some(next) = &facts.next {
        let predicted = next
            .prediction
            .map_or_else(String::new, |p| format!(" (predicted {})", with_sd(p.mean, p.sd)));
        out.line(format!(
            "next{predicted}: {}",
            configuration_words(&study.space, &next.configuration)
        ))?;
    }
    Ok(())
}

fn finished(counts: Counts) -> usize {
    counts.complete + counts.pruned + counts.failed
}

/// What a part of the line means, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Good,
    Bad,
    Dim,
}

/// One part of the line. The smaller the rank, the longer it stays when there is little room.
struct Part {
    rank: u8,
    tone: Tone,
    text: String,
}

fn parts(facts: &Facts) -> Vec<Part> {
    let study = &facts.study;
    let counts = facts.counts;
    let mut parts = Vec::new();
    let mut add = |rank, tone, text: String| parts.push(Part { rank, tone, text });
    let name = if study.name.is_empty() {
        Path::new(&facts.source)
            .file_stem()
            .map_or_else(String::new, |n| harmless(&n.to_string_lossy()))
    } else {
        study.name.shown().to_owned()
    };
    add(4, Tone::Plain, name.chars().take(20).collect());
    let of = facts.budget.trials.map_or_else(String::new, |n| format!("/{n}"));
    add(1, Tone::Plain, format!("{}{of}", finished(counts)));
    match facts.state {
        Standing::Done => add(2, Tone::Good, "done".to_owned()),
        Standing::Running => add(2, Tone::Good, format!("▶{}", counts.running)),
        Standing::Idle => add(2, Tone::Dim, "idle".to_owned()),
    }
    if counts.failed > 0 {
        add(6, Tone::Bad, format!("✗{}", counts.failed));
    }
    if let Some(best) = study.best().and_then(|i| study.trials.get(i)) {
        let value = significant(best.objective().unwrap_or(f64::NAN), 4);
        add(0, Tone::Good, format!("★{value}"));
        let ago = facts
            .best_age
            .map_or_else(String::new, |a| format!(" {} ago", duration(a)));
        add(7, Tone::Dim, format!("#{}{ago}", best.id));
    }
    if let Some(model) = &facts.model {
        add(5, Tone::Plain, format!("model {}", model.trust().verdict.word()));
    }
    if let Some(age) = facts.age {
        add(3, Tone::Dim, format!("data {}", duration(age)));
    }
    if let Some(next) = &facts.next {
        let words = configuration_words(&study.space, &next.configuration);
        add(8, Tone::Dim, format!("next {words}"));
    }
    parts
}

/// One line of at most `width` cells: whole parts, the least important left out first.
fn line(facts: &Facts, width: usize, colors: Option<Colors>) -> String {
    let mut parts = parts(facts);
    let cells = |parts: &[Part]| {
        let text: usize = parts.iter().map(|p| p.text.width()).sum();
        text + 2 * parts.len().saturating_sub(1)
    };
    while cells(&parts) > width && parts.len() > 1 {
        let worst = parts.iter().map(|p| p.rank).max();
        parts.retain(|p| Some(p.rank) != worst);
    }
    if cells(&parts) > width
        && let Some(last) = parts.first_mut()
    {
        while last.text.width() > width {
            last.text.pop();
        }
    }
    let words: Vec<String> = parts.iter().map(|p| painted(p, colors)).collect();
    words.join("  ")
}

fn painted(part: &Part, colors: Option<Colors>) -> String {
    let text = &part.text;
    match (colors, part.tone) {
        (None, _) | (_, Tone::Plain) => text.clone(),
        (Some(Colors::Ansi), Tone::Good) => format!("\u{1b}[32m{text}\u{1b}[0m"),
        (Some(Colors::Ansi), Tone::Bad) => format!("\u{1b}[31m{text}\u{1b}[0m"),
        (Some(Colors::Ansi), Tone::Dim) => format!("\u{1b}[2m{text}\u{1b}[0m"),
        // A # begins a format in tmux; two are one.
        (Some(Colors::Tmux), tone) => {
            let style = match tone {
                Tone::Good => "fg=green",
                Tone::Bad => "fg=red",
                Tone::Dim | Tone::Plain => "dim",
            };
            format!("#[{style}]{}#[default]", text.replace('#', "##"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Trial, TrialId, TrialState};

    fn facts() -> Facts {
        let mut study = Study::empty();
        study.name = "a study with a long name".into();
        let mut trial = Trial::new(TrialId::Number(17));
        trial.state = TrialState::Complete;
        trial.values = vec![0.398_123];
        study.trials = vec![Arc::new(trial)];
        Facts {
            source: "r.jsonl".into(),
            counts: study.counts(),
            study: Arc::new(study),
            budget: Budget {
                trials: Some(60),
                ..Budget::default()
            },
            busy: 0.0,
            age: Some(12.0),
            best_age: Some(240.0),
            state: Standing::Running,
            why: None,
            loop_state: None,
            is_looped: true,
            model: None,
            next: None,
            since: None,
        }
    }

    #[test]
    fn the_line_fits_whatever_the_room_and_keeps_the_best_to_the_last() {
        let facts = facts();
        for width in 1..120 {
            let line = line(&facts, width, None);
            assert!(line.width() <= width, "{width}: {line}");
            assert!(width < 7 || line.contains("★0.3981"), "{width}: {line}");
        }
        assert!(line(&facts, 120, None).starts_with("a study with a long"));
    }

    #[test]
    fn no_colour_unless_asked_and_then_no_more_cells() {
        let facts = facts();
        let plain = line(&facts, 60, None);
        assert!(!plain.contains('\u{1b}') && !plain.contains("#["));
        assert!(line(&facts, 60, Some(Colors::Tmux)).contains("#[fg=green]★0.3981#[default]"));
        assert!(line(&facts, 60, Some(Colors::Ansi)).contains("\u{1b}[32m★0.3981\u{1b}[0m"));
    }

    #[test]
    fn done_means_reached_and_nothing_runs() {
        let facts = facts();
        let budget = Budget {
            target: Some(0.4),
            ..Budget::default()
        };
        let mut counts = facts.counts;
        let stand = |counts, state: Option<&State>, budget| {
            standing(&facts.study, counts, 0.0, budget, state, false).0
        };
        assert_eq!(stand(counts, None, budget), Standing::Done);
        assert_eq!(stand(counts, None, Budget::default()), Standing::Idle);
        let state = State {
            state: "done".into(),
            why: Some("every configuration was tried".into()),
            ..State::default()
        };
        assert_eq!(stand(counts, Some(&state), Budget::default()), Standing::Done);
        counts.running = 1;
        assert_eq!(stand(counts, Some(&state), budget), Standing::Running);
    }
}
