//! `tunescope run`: the loop, with the explorer on a terminal and one line a trial elsewhere.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::args::run::{LostName, Run};
use super::args::{Format, Reading};
use super::error::CliError;
use super::out::Out;
use super::text::{best_words, harmless};
use super::{engine, explore, load};
use crate::config::FileSettings;
use crate::io::results::{Results, Row};
use crate::io::{Reader, SpaceFile};
use crate::run::command::input;
use crate::run::drive::{Word, control};
use crate::run::machine::Rules;
use crate::run::propose::{self, Engine};
use crate::run::recover::Lost;
use crate::run::{Control, End, RunError, Settings, Template};
use crate::session::effect::RunWord;
use crate::study::{Budget, Direction, Space};

mod beside;
mod lines;

pub use beside::{Beside, status_teller};
use lines::Lines;

pub fn run(args: &Run) -> Result<ExitCode, CliError> {
    let file = FileSettings::load(args.config.config.as_deref())?;
    let settings = settings(args, &file)?;
    if args.dry_run {
        return dry_run(&settings).map(|()| ExitCode::SUCCESS);
    }
    if !args.plain && args.format == Format::Text && std::io::stdout().is_terminal() {
        return explore::run_loop(args, &file, &settings);
    }
    plain(args, &settings)
}

fn settings(args: &Run, file: &FileSettings) -> Result<Settings, CliError> {
    let mut space_file = SpaceFile::read(&args.space)?;
    let space = Space {
        params: space_file.params.clone(),
        inferred: false,
    };
    if space.is_empty() {
        return Err(CliError::EmptySpace {
            path: args.space.clone(),
        });
    }
    let template = Template::parse(&args.command, &space)?;
    let metric = args.metric.clone().or_else(|| space_file.metric.clone());
    let metric = metric.unwrap_or_else(|| "value".to_owned());
    let direction = args.direction.map(Direction::from).or(space_file.direction);
    let direction = direction.unwrap_or(Direction::Minimize);
    let given = args.budget.unwrap_or_default();
    let budget = Budget {
        trials: given.trials.or(space_file.budget.trials),
        seconds: given.seconds.or(space_file.budget.seconds),
        target: given.target.or(space_file.budget.target),
    };
    let jobs = usize::try_from(args.jobs).unwrap_or(1);
    let metric_file = args
        .metric_file
        .as_ref()
        .map(|name| Template::parse(std::slice::from_ref(name), &space))
        .transpose()?;
    if let Some(name) = &metric_file
        && jobs > 1
        && !name.tells_trials_apart()
    {
        return Err(CliError::Run(RunError::SharedMetricFile {
            path: args.metric_file.clone().unwrap_or_default().into(),
            jobs,
        }));
    }
    space_file.metric = Some(metric.clone());
    space_file.direction = Some(direction);
    space_file.budget = budget;
    let constraints = space_file.constraints.clone();
    let mut model = engine::model_settings(&args.modelling, file);
    if let Some(path) = &args.modelling.model {
        model.given = Some(Arc::new(engine::model_file(path)?.1));
    }
    let mut read = load::options(&Reading::default())?;
    read.space = Some(space_file);
    Ok(Settings {
        results: args.out.clone(),
        space_file: args.space.clone(),
        space,
        metric,
        constraints,
        words: args.command.clone(),
        template,
        metric_file,
        timeout: args.timeout,
        log_limit: args.log_limit.saturating_mul(1_000_000),
        rules: Rules {
            jobs,
            budget,
            direction,
            retries: args.retries,
            failures: args.max_failures,
        },
        lost: match args.interrupted {
            LostName::Rerun => Lost::Rerun,
            LostName::Fail => Lost::Fail,
        },
        propose: propose::Settings {
            read,
            model,
            acquisition: engine::acquisition_settings(&args.acquisition, file),
        },
    })
}

/// The first command as a shell would read it, and its standard input.
fn dry_run(settings: &Settings) -> Result<(), CliError> {
    let mut engine = Engine::new(settings.propose.clone());
    let params = engine
        .propose(&settings.results)
        .map_err(CliError::NoProposal)?
        .params
        .ok_or(crate::analysis::SuggestError::Exhausted)?;
    let words = settings.template.fill(&params, 0, 1);
    let line = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
    let mut out = Out::new();
    out.line(harmless(&line))?;
    out.finish()?;
    super::say(&format!(
        "its standard input: {}",
        input(&params, 0, 1).trim_end()
    ));
    Ok(())
}

fn plain(args: &Run, settings: &Settings) -> Result<ExitCode, CliError> {
    let (control, inbox) = control();
    let is_ending = Arc::new(AtomicBool::new(false));
    let signal = listen(&control, Arc::clone(&is_ending))?;
    if settings.rules.budget == Budget::default() {
        super::say("there is no budget: the loop goes on until it is stopped (Ctrl-C)");
    }
    let mut lines = Lines::new(args.format, settings, is_ending);
    let end = crate::run::run(settings, &control, &inbox, &mut |told| lines.told(&told))?;
    conclude(&end, signal.load(Ordering::SeqCst), settings, args.format)
}

/// Signals become words to the loop; the number of the last one is kept. `is_ending`: nothing new is started, so that
/// a further Ctrl-C stops what runs.
fn listen(control: &Control, is_ending: Arc<AtomicBool>) -> Result<Arc<AtomicI32>, CliError> {
    let last = Arc::new(AtomicI32::new(0));
    let theirs = Arc::clone(&last);
    let control = control.clone();
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(CliError::Terminal)?;
    std::thread::spawn(move || {
        for number in signals.forever() {
            theirs.store(number, Ordering::SeqCst);
            let Some(word) = word_of(number) else { continue };
            if word == Word::Interrupt {
                super::say(if is_ending.swap(true, Ordering::SeqCst) {
                    "stopping what runs"
                } else {
                    "finishing what runs; Ctrl-C again stops it"
                });
            }
            if !control.say(word) {
                return;
            }
        }
    });
    Ok(last)
}

fn word_of(signal: i32) -> Option<Word> {
    match signal {
        SIGINT => Some(Word::Interrupt),
        SIGTERM => Some(Word::Stop),
        SIGHUP => Some(Word::Leave),
        _ => None,
    }
}

/// What the screen's answer means to the loop.
pub fn word(word: RunWord) -> Word {
    match word {
        RunWord::Finish => Word::Interrupt,
        RunWord::Stop => Word::Stop,
        RunWord::Leave => Word::Leave,
    }
}

/// What is said at the end, and the exit status of it.
pub fn conclude(end: &End, signal: i32, settings: &Settings, format: Format) -> Result<ExitCode, CliError> {
    let outcome = Outcome::read(settings);
    let failed = |why| CliError::Loop {
        path: settings.results.clone(),
        why,
    };
    if end.is_done() && outcome.finished > 0 && outcome.best.is_none() {
        return Err(failed(outcome.without_a_value(end)));
    }
    if end.word() == "failed" {
        return Err(failed(end.sentence()));
    }
    if format == Format::Text {
        super::say(&end.sentence());
        if let Some(best) = outcome.words() {
            super::say(&best);
        }
    }
    Ok(match end {
        End::Interrupted { .. } | End::Left { .. } if signal > 0 => {
            ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
        }
        End::Interrupted { .. } | End::Left { .. } => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    })
}

/// What the trials of the results file came to.
#[derive(Default)]
struct Outcome {
    finished: usize,
    failed: usize,
    pruned: usize,
    /// The best trial, in words.
    best: Option<String>,
    /// Why the newest of the failed ones failed.
    why: Option<String>,
}

impl Outcome {
    /// Nothing, where the file cannot be read: why, the loop has said.
    fn read(settings: &Settings) -> Self {
        let Ok(mut reader) = Reader::open(&settings.results, settings.propose.read.clone()) else {
            return Self::default();
        };
        if reader.poll().is_err() {
            return Self::default();
        }
        let study = reader.study();
        let counts = study.counts();
        let mut results = Results::new(&settings.results);
        let rows = results.rows().ok();
        let why = |row: &Row| Some(harmless(row.get("error")?.as_str()?));
        Self {
            why: rows.and_then(|rows| rows.values().rev().find_map(why)),
            finished: counts.complete + counts.pruned + counts.failed,
            failed: counts.failed,
            pruned: counts.pruned,
            best: best_words(&study, ""),
        }
    }

    fn words(&self) -> Option<String> {
        let best = self.best.as_ref()?;
        let mut words = best.clone();
        let pruned = if self.pruned == 1 {
            "was pruned"
        } else {
            "were pruned"
        };
        let and = [(self.failed, "failed"), (self.pruned, pruned)];
        for (count, what) in and.into_iter().filter(|(count, _)| *count > 0) {
            words.push_str(&format!("; {count} of {} trials {what}", self.finished));
        }
        Some(words)
    }

    fn without_a_value(&self, end: &End) -> String {
        if self.pruned == self.finished {
            return format!(
                "{}, and every trial was pruned, so that none has a final value; let the command prune less and start \
                 again with another --out",
                end.sentence()
            );
        }
        let why = self.why.as_ref();
        format!(
            "{}, and none has given a value{}; mend the command and start again with another --out",
            end.sentence(),
            why.map_or_else(String::new, |why| format!(" (the last one: {why})"))
        )
    }
}
