//! `tunescope run`: the loop, with the explorer on a terminal and one line a trial elsewhere.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::args::run::{LostName, Run};
use super::args::{Format, Reading};
use super::error::CliError;
use super::out::Out;
use super::text::{harmless, value_words};
use super::{engine, explore, load};
use crate::config::FileSettings;
use crate::io::SpaceFile;
use crate::io::results::Row;
use crate::run::command::input;
use crate::run::drive::{Inbox, Word, control};
use crate::run::machine::{Params, Rules, Standing};
use crate::run::propose::{self, Engine};
use crate::run::recover::Lost;
use crate::run::{Control, End, RunError, Settings, Template, Told};
use crate::session::effect::RunWord;
use crate::session::model::RunStatus;
use crate::study::number::{duration, significant};
use crate::study::{Budget, Direction, Space, Value};

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
        return Err(CliError::NoSpace {
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
    let signal = listen(&control)?;
    if settings.rules.budget == Budget::default() {
        super::say("there is no budget: the loop goes on until it is stopped (Ctrl-C)");
    }
    let mut lines = Lines::new(args.format, settings);
    let end = crate::run::run(settings, &control, &inbox, &mut |told| lines.told(&told))?;
    if args.format == Format::Text {
        say_end(&end);
    }
    status(&end, signal.load(Ordering::SeqCst), settings)
}

/// Signals become words to the loop; the number of the last one is kept.
fn listen(control: &Control) -> Result<Arc<AtomicI32>, CliError> {
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
                super::say("finishing what runs; Ctrl-C again stops it");
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

/// Why it ended, where that is no error.
pub fn say_end(end: &End) {
    if end.word() != "failed" {
        super::say(&end.sentence());
    }
}

/// What a screen is told of the loop: how it stands, and at last why it ended.
pub fn status_teller(
    settings: &Settings,
    statuses: Sender<RunStatus>,
) -> impl FnMut(Result<&Told<'_>, &End>) + Send + 'static + use<> {
    let jobs = settings.rules.jobs;
    let mut last = None;
    move |told| {
        let status = match told {
            Ok(Told::Standing(standing)) => RunStatus {
                is_active: standing.phase != "over",
                words: match standing.phase {
                    "running" => format!("loop: {} of {jobs} jobs busy", standing.running),
                    phase => format!("loop: {phase}, {} still run", standing.running),
                },
                running: standing.running,
            },
            Err(end) => RunStatus {
                is_active: false,
                words: format!("loop over: {}", end.sentence()),
                running: 0,
            },
            Ok(_) => return,
        };
        if last.as_ref() != Some(&status) {
            last = Some(status.clone());
            // A screen that is gone needs no status.
            let _ = statuses.send(status);
        }
    }
}

/// The exit status of an end.
pub fn status(end: &End, signal: i32, settings: &Settings) -> Result<ExitCode, CliError> {
    match end {
        End::Trials(_) | End::Time(_) | End::Target(_) | End::Exhausted => Ok(ExitCode::SUCCESS),
        End::Failures(..) | End::NotStarted(_) | End::Broken(_) => Err(CliError::Loop {
            path: settings.results.clone(),
            why: end.sentence(),
        }),
        End::Interrupted { .. } | End::Left { .. } if signal > 0 => {
            Ok(ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)))
        }
        End::Interrupted { .. } | End::Left { .. } => Ok(ExitCode::from(3)),
    }
}

/// One line a trial, on standard output.
struct Lines<'a> {
    format: Format,
    settings: &'a Settings,
    /// Standard output is gone; the loop goes on without it.
    is_closed: bool,
    best: Option<f64>,
}

impl<'a> Lines<'a> {
    fn new(format: Format, settings: &'a Settings) -> Self {
        Self {
            format,
            settings,
            is_closed: false,
            best: None,
        }
    }

    fn told(&mut self, told: &Told<'_>) {
        match told {
            Told::Opened {
                finished,
                running,
                waiting,
            } => {
                if finished + (*running + *waiting) as u64 > 0 {
                    super::say(&format!(
                        "going on with {}: {finished} trials are over, {running} still run, {waiting} are to be run again",
                        harmless(&self.settings.results.to_string_lossy())
                    ));
                }
            }
            Told::Retry { trial, attempt, why } => {
                super::say(&format!(
                    "trial {trial}: attempt {attempt} failed ({why}); trying again"
                ));
            }
            Told::Notice(text) => super::say(text),
            Told::Ended { row, standing } => self.ended(row, standing),
            Told::Standing(standing) => self.best = standing.best,
            Told::Began { .. } => {}
        }
    }

    fn ended(&mut self, row: &Row, standing: &Standing) {
        let line = match self.format {
            Format::Json => Json::Object((*row).clone()).to_string(),
            Format::Text => self.line(row, standing),
        };
        if self.is_closed {
            return;
        }
        let mut out = Out::new();
        let written = out.line(line).and_then(|()| out.finish());
        self.is_closed = written.is_err();
    }

    fn line(&mut self, row: &Row, standing: &Standing) -> String {
        let id = row.get("id").and_then(Json::as_u64).unwrap_or(0);
        let state = row.get("state").and_then(Json::as_str).unwrap_or("");
        let what = match (row.get("value").and_then(Json::as_f64), row.get("error")) {
            (Some(value), _) => format!("{} {}", harmless(&self.settings.metric), significant(value, 6)),
            (None, Some(error)) => harmless(error.as_str().unwrap_or("")),
            (None, None) => String::new(),
        };
        let seconds = row.get("seconds").and_then(Json::as_f64);
        let took = seconds.map_or_else(String::new, |s| format!("  {}", duration(s)));
        let is_best = standing.best != self.best;
        self.best = standing.best;
        let best = match standing.best {
            Some(_) if is_best => "  the best so far".to_owned(),
            Some(best) => format!("  best {}", significant(best, 6)),
            None => String::new(),
        };
        let of = self.settings.rules.budget.trials;
        let of = of.map_or_else(String::new, |n| format!(" of {n}"));
        format!(
            "{}{of}  trial {id}  {state}  {what}{took}  {}{best}",
            standing.finished,
            params_words(row.get("params").and_then(Json::as_object))
        )
    }
}

fn params_words(params: Option<&Params>) -> String {
    let words: Vec<String> = params
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value = Value::from_json(value).map_or_else(|| value.to_string(), |v| value_words(&v));
            format!("{}={}", harmless(name), harmless(&value))
        })
        .collect();
    words.join(" ")
}

/// The loop beside a screen: a thread, and what it told last.
pub struct Beside {
    pub control: Control,
    thread: std::thread::JoinHandle<Result<End, RunError>>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Beside {
    /// Starts the loop; what it tells goes to `tell`.
    pub fn start(
        settings: &Settings,
        mut tell: impl FnMut(Result<&Told<'_>, &End>) + Send + 'static,
    ) -> Result<Self, CliError> {
        let (control, inbox): (Control, Inbox) = control();
        let ours = control.clone();
        let settings = settings.clone();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (opened, is_open) = std::sync::mpsc::channel();
        let notices = Arc::clone(&told);
        let thread = std::thread::Builder::new()
            .name("loop".into())
            .spawn(move || {
                let end = crate::run::run(&settings, &ours, &inbox, &mut |told| {
                    if let Told::Notice(text) = &told {
                        notices
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(text.clone());
                    }
                    if let Told::Opened { .. } = &told {
                        let _ = opened.send(());
                    }
                    tell(Ok(&told));
                })?;
                tell(Err(&end));
                Ok(end)
            })
            .map_err(CliError::Terminal)?;
        let beside = Self {
            control,
            thread,
            told,
        };
        // A loop that cannot begin has no use for a screen.
        if is_open.recv().is_err() {
            beside.join(0)?;
            return Err(CliError::NoProposal("the loop ended before it began".to_owned()));
        }
        Ok(beside)
    }

    /// Waits for the end, and says what was left to say. `signal` ended the screen, where it is not 0.
    pub fn join(self, signal: i32) -> Result<End, CliError> {
        let listening = listen(&self.control);
        if let Some(word) = word_of(signal) {
            self.control.say(word);
        }
        if !self.thread.is_finished() && signal == 0 {
            super::say("waiting for the trials that run to end; Ctrl-C stops them");
        }
        let end = self.thread.join();
        drop(listening);
        for notice in self.told.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            super::say(&notice);
        }
        match end {
            Ok(end) => Ok(end?),
            Err(_) => Err(CliError::NoProposal(
                "the loop ended by an error in tunescope itself".to_owned(),
            )),
        }
    }
}
