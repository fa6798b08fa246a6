//! The worker: a process that runs the objective and writes what it gives into the results file.
//!
//! It takes what a person accepted from the queue folder first, what it left unfinished next, then
//! what the model suggests. It is told to stop by a signal, or by the end of its parent.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::training::{Effort, Ending, Task};
use super::{DemoError, objective};
use crate::io::delivery::claim::{self, Claim, Claims, Fate};
use crate::io::results::{Results, Row};

/// Asks the model for the next configuration of the study in a results file; `None` where it has none.
pub type Suggest<'a> = dyn FnMut(&Path) -> Option<Map<String, Json>> + 'a;

/// Learning curves are written at most this often, so that a watcher has time to draw.
const CURVE_INTERVAL: Duration = Duration::from_millis(300);
/// How long a stop may go unnoticed while the worker waits.
const NAP: Duration = Duration::from_millis(50);
/// How often the queue is looked at by a worker that has nothing else to do.
const LOOK: Duration = Duration::from_millis(200);

/// Arguments of `tunescope demo-worker`.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkerArgs {
    /// The results file to append to
    pub results: PathBuf,
    /// Makes the trials repeatable
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Suggest no more after this many trials of this worker; with --parent, what is accepted is still run
    #[arg(long)]
    pub trials: Option<u64>,
    /// At least this long from the start of one trial to the next: `2s`, `500ms`
    #[arg(long, value_parser = parse_duration, default_value = "0s")]
    pub pace: Duration,
    /// Stop when this process is no longer the parent
    #[arg(long)]
    pub parent: Option<u32>,
}

/// The arguments behind `tunescope demo-worker`.
///
/// # Errors
/// A call that is off, in clap's words.
pub fn parse(args: &[String]) -> Result<WorkerArgs, clap::Error> {
    #[derive(clap::Parser)]
    #[command(name = "tunescope demo-worker")]
    struct Call {
        #[command(flatten)]
        args: WorkerArgs,
    }
    let words = std::iter::once("tunescope demo-worker").chain(args.iter().map(String::as_str));
    <Call as clap::Parser>::try_parse_from(words).map(|call| call.args)
}

/// Reads `2s`, `500ms`, `1.5` (seconds).
///
/// # Errors
/// Anything else, a negative number, NaN.
pub fn parse_duration(text: &str) -> Result<Duration, DemoError> {
    let text = text.trim();
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    number
        .trim()
        .parse::<f64>()
        .ok()
        .and_then(|n| Duration::try_from_secs_f64(n * unit).ok())
        .ok_or_else(|| DemoError::Duration {
            duration: text.to_owned(),
        })
}

/// Runs trials until `--trials` is reached, a signal comes or the parent ends.
///
/// # Errors
/// Results or queue files that cannot be written. A trial that fails is a result, not an error.
pub fn run(args: &WorkerArgs, suggest: &mut Suggest<'_>) -> Result<(), DemoError> {
    let signalled = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&signalled))
            .map_err(DemoError::io("listen for signals for", &args.results))?;
    }
    let parent = args.parent;
    let is_stopped = move || {
        signalled.load(Ordering::Relaxed) || parent.is_some_and(|expected| parent_id() != Some(expected))
    };
    let mut worker = Worker::new(&args.results, args.seed, Effort::FULL, Box::new(is_stopped))?;
    worker.run(args.trials.unwrap_or(u64::MAX), args.pace, suggest)?;
    // As long as somebody watches, what they accept is run.
    if args.parent.is_some() {
        worker.serve()?;
    }
    Ok(())
}

fn parent_id() -> Option<u32> {
    rustix::process::getppid().and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
}

/// One worker on one results file.
pub struct Worker {
    results: Results,
    claims: Claims,
    task: Task,
    seed: u64,
    is_stopped: Box<dyn Fn() -> bool>,
}

/// What is to be run next, and where it comes from.
struct Job {
    /// Of a trial that was begun before.
    id: Option<u64>,
    params: Map<String, Json>,
    claim: Option<Claim>,
}

impl Worker {
    /// # Errors
    /// Assets that do not fit the program, files that cannot be read.
    pub fn new(
        results: &Path,
        seed: u64,
        effort: Effort,
        is_stopped: Box<dyn Fn() -> bool>,
    ) -> Result<Self, DemoError> {
        let mut worker = Self {
            results: Results::new(results),
            claims: Claims::beside(results),
            task: Task::new(effort)?,
            seed,
            is_stopped,
        };
        worker.claims.recover(&mut |_| Fate::GiveBack)?;
        worker.recover()?;
        Ok(worker)
    }

    /// Runs up to `trials` trials, one at a time, at least `pace` from start to start.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(&mut self, trials: u64, pace: Duration, suggest: &mut Suggest<'_>) -> Result<(), DemoError> {
        for _ in 0..trials {
            let next_start = Instant::now() + pace;
            if (self.is_stopped)() {
                break;
            }
            let job = self.next_job(suggest)?;
            self.run_job(job)?;
            while !(self.is_stopped)() {
                let Some(left) = next_start.checked_duration_since(Instant::now()) else {
                    break;
                };
                std::thread::sleep(left.min(NAP));
            }
        }
        Ok(())
    }

    /// Runs what is accepted, and nothing else, until it is stopped.
    fn serve(&mut self) -> Result<(), DemoError> {
        while !(self.is_stopped)() {
            match self.claims.claim()? {
                Some(claim) => {
                    let job = self.claimed(claim)?;
                    self.run_job(job)?;
                }
                None => std::thread::sleep(LOOK),
            }
        }
        Ok(())
    }

    /// What was accepted, as the trial that was begun with it, where there is one.
    fn claimed(&mut self, claim: Claim) -> Result<Job, DemoError> {
        let rows = self.results.rows()?;
        let is_it = |row: &Row| {
            row.get("state").and_then(Json::as_str) == Some("waiting")
                && row.get("queue_id").and_then(Json::as_str) == Some(&claim.id)
        };
        Ok(Job {
            id: rows.iter().find(|(_, row)| is_it(row)).map(|(id, _)| *id),
            params: claim.params.clone(),
            claim: Some(claim),
        })
    }

    /// Trials that a worker of this host had begun when it was killed are waiting again.
    fn recover(&mut self) -> Result<(), DemoError> {
        for mut row in self.results.rows()?.clone().into_values() {
            let worker = row.get("worker").and_then(Json::as_str);
            if row.get("state").and_then(Json::as_str) == Some("running")
                && worker.is_some_and(claim::is_dead_worker)
            {
                row.insert("state".to_owned(), json!("waiting"));
                self.results.append(&row)?;
            }
        }
        Ok(())
    }

    fn next_job(&mut self, suggest: &mut Suggest<'_>) -> Result<Job, DemoError> {
        if let Some(claim) = self.claims.claim()? {
            return self.claimed(claim);
        }
        let rows = self.results.rows()?;
        let is_waiting = |row: &Row| {
            row.get("state").and_then(Json::as_str) == Some("waiting") && !row.contains_key("queue_id")
        };
        if let Some((id, row)) = rows.iter().find(|(_, row)| is_waiting(row))
            && let Some(Json::Object(params)) = row.get("params")
        {
            return Ok(Job {
                id: Some(*id),
                params: params.clone(),
                claim: None,
            });
        }
        let next = rows.last_key_value().map_or(0, |(id, _)| id + 1);
        let params = match suggest(self.results.path()) {
            Some(params) => params,
            None => objective::draw(self.seed, next)?,
        };
        Ok(Job {
            id: None,
            params,
            claim: None,
        })
    }

    /// Runs one trial: a line when it begins, lines with its learning curve, a line when it ends.
    fn run_job(&mut self, job: Job) -> Result<(), DemoError> {
        let clock = Instant::now();
        let mut row = self.begin(&job)?;
        let id = row.get("id").and_then(Json::as_u64).unwrap_or(0);
        let outcome = self.evaluate(&mut row, objective::trial_seed(self.seed, id))?;
        let was_stopped = matches!(outcome, Outcome::Stopped);
        match outcome {
            Outcome::Value(value) => {
                row.insert("state".to_owned(), json!("complete"));
                row.insert("value".to_owned(), json!(value));
            }
            Outcome::Failed(why) => {
                row.insert("state".to_owned(), json!("failed"));
                row.insert("value".to_owned(), Json::Null);
                row.insert("error".to_owned(), json!(why));
            }
            Outcome::Stopped => {
                row.insert("state".to_owned(), json!("waiting"));
                row.insert("intermediate".to_owned(), json!({}));
            }
        }
        if !was_stopped {
            row.insert("finished".to_owned(), json!(jiff::Timestamp::now().to_string()));
            row.insert("seconds".to_owned(), json!(seconds(clock.elapsed())));
        }
        self.results.append(&row)?;
        match &job.claim {
            Some(claim) if was_stopped => self.claims.give_back(&claim.name)?,
            Some(claim) => self.claims.finish(&claim.name)?,
            None => {}
        }
        Ok(())
    }

    /// Writes the first line of a trial and returns it.
    fn begin(&mut self, job: &Job) -> Result<Row, DemoError> {
        let seed = self.seed;
        let make = |id: u64| {
            let mut row = Row::new();
            let mut insert = |key: &str, value: Json| row.insert(key.to_owned(), value);
            insert("id", json!(id));
            insert("state", json!("running"));
            insert("params", Json::Object(job.params.clone()));
            insert("intermediate", json!({}));
            insert("seed", json!(objective::trial_seed(seed, id)));
            insert(
                "worker",
                json!(format!("{}.{}", claim::host(), std::process::id())),
            );
            if let Some(claim) = &job.claim {
                insert("queue_id", json!(claim.id));
            }
            insert("started", json!(jiff::Timestamp::now().to_string()));
            row
        };
        match job.id {
            Some(id) => {
                let row = make(id);
                self.results.append(&row)?;
                Ok(row)
            }
            None => Ok(self.results.append_new(make)?.1),
        }
    }

    /// Runs the objective; the learning curve goes into `row` and, now and then, into the file.
    fn evaluate(&mut self, row: &mut Row, seed: u64) -> Result<Outcome, DemoError> {
        let params = match row.get("params") {
            Some(Json::Object(params)) => params,
            _ => &Map::new(),
        };
        let settings = match objective::settings(params) {
            Ok(settings) => settings,
            Err(error) => return Ok(Outcome::Failed(error.to_string())),
        };
        let mut last_written = Instant::now();
        let mut trouble = None;
        let Self {
            task,
            results,
            is_stopped,
            ..
        } = self;
        let ending = task.fine_tune(&settings, seed, &mut |progress| {
            if let Some(loss) = progress.loss {
                if let Some(Json::Object(curve)) = row.get_mut("intermediate") {
                    curve.insert(progress.characters.to_string(), json!(loss));
                }
                if last_written.elapsed() >= CURVE_INTERVAL {
                    last_written = Instant::now();
                    trouble = results.append(row).err();
                }
            }
            if trouble.is_some() || is_stopped() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if let Some(error) = trouble {
            return Err(error.into());
        }
        Ok(match ending {
            Ending::Complete(value) => Outcome::Value(value),
            Ending::Diverged { characters } => Outcome::Failed(format!(
                "the loss was no longer a number after {characters} characters of training"
            )),
            Ending::Stopped => Outcome::Stopped,
        })
    }
}

enum Outcome {
    Value(f64),
    Failed(String),
    Stopped,
}

/// To a millisecond.
fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e3).round() / 1e3
}
