//! Carrying out what the machine decides: files, processes, the queue, the model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};

use super::RunError;
use super::command::{Template, missing};
use super::follow::{News, Rein};
use super::machine::{Accepted, Effect, End, Event, Loop, Outcome, Params, Rules, Standing, Tries, Verdict};
use super::output::Observed;
use super::place::Place;
use super::propose::{self, Proposal, Proposer};
use super::recover::{Lost, recover, tries_of};
use super::state::State;
use crate::io::Reader;
use crate::io::delivery::claim::{Claims, host};
use crate::io::results::{Results, Row};
use crate::study::{Constraint, Space};

mod curve;
mod process;

use curve::Curve;
use process::starting;

/// How often the time is looked at.
const TICK: Duration = Duration::from_secs(1);

/// What the loop is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `results.jsonl`.
    pub results: PathBuf,
    /// The space file, for the record.
    pub space_file: PathBuf,
    pub space: Space,
    pub metric: String,
    /// What the measurements beside the metric must satisfy; they are recorded with it.
    pub constraints: Vec<Constraint>,
    /// The words of the command, for the record.
    pub words: Vec<String>,
    pub template: Template,
    /// Where the command writes its metric, with placeholders, instead of on standard output.
    pub metric_file: Option<Template>,
    /// Seconds that one attempt may take.
    pub timeout: Option<f64>,
    /// Most bytes of output of one attempt.
    pub log_limit: u64,
    pub rules: Rules,
    pub lost: Lost,
    pub propose: propose::Settings,
}

/// A word of the person to the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Finish what runs, start nothing new; a second time: stop what runs.
    Interrupt,
    /// Stop what runs.
    Stop,
    /// Go away; what runs goes on.
    Leave,
}

enum Input {
    Word(Word),
    News(News),
    Proposal(Proposal),
}

/// The ear of a loop: words from a person, a signal, a screen.
#[derive(Clone, Debug)]
pub struct Control {
    inputs: Sender<Input>,
}

impl Control {
    /// Tells the loop; false where it is over.
    pub fn say(&self, word: Word) -> bool {
        self.inputs.send(Input::Word(word)).is_ok()
    }
}

/// The other end of [`Control`].
#[derive(Debug)]
pub struct Inbox(Receiver<Input>);

/// A control and the end of it that the loop listens to.
#[must_use]
pub fn control() -> (Control, Inbox) {
    let (inputs, inbox) = mpsc::channel();
    (Control { inputs }, Inbox(inbox))
}

/// What the loop tells of its work.
#[derive(Debug)]
pub enum Told<'a> {
    /// It begins, with what an earlier loop left.
    Opened {
        finished: u64,
        running: usize,
        waiting: usize,
    },
    Began {
        trial: u64,
        attempt: u32,
        params: &'a Params,
        accepted: bool,
    },
    Retry {
        trial: u64,
        attempt: u32,
        why: &'a str,
    },
    /// A trial is over, or waits to be run again.
    Ended {
        row: &'a Row,
        standing: &'a Standing,
    },
    /// Something that is no reason to end.
    Notice(String),
    Standing(&'a Standing),
}

/// Runs the loop to its end.
///
/// # Errors
/// It could not begin. What goes wrong later is an [`End`].
pub fn run(
    settings: &Settings,
    control: &Control,
    inbox: &Inbox,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<End, RunError> {
    let place = Place::beside(&settings.results);
    // The lock lasts as long as the file is open.
    let _lock = place.lock()?;
    let now = now();
    let mut reader = Reader::open(&settings.results, settings.propose.read.clone())?;
    reader.poll()?;
    if let Some(kind) = reader.kind()
        && kind.name != "jsonl"
    {
        return Err(RunError::NotJsonl {
            path: settings.results.clone(),
            kind: kind.title,
        });
    }
    let mut results = Results::new(&settings.results);
    let claims = Claims::beside(&settings.results);
    let past = recover(&mut results, &place, &claims, &reader.study(), settings.lost, now)?;
    tell(Told::Opened {
        finished: past.finished,
        running: past.running.len(),
        waiting: past.waiting.len(),
    });
    let proposals = control.inputs.clone();
    let proposer = Proposer::spawn(&settings.results, settings.propose.clone(), move |found| {
        proposals.send(Input::Proposal(found)).is_ok()
    })
    .map_err(RunError::io("start a thread for", &settings.results))?;
    let names = claims.ours()?.into_iter().collect();
    let adopted = past.running.clone();
    let mut drive = Drive {
        machine: Loop::new(settings.rules.clone(), past, now),
        settings,
        place,
        results,
        claims,
        names,
        live: HashMap::new(),
        proposer,
        inputs: control.inputs.clone(),
        tell,
        end: None,
    };
    drive.record("running", None);
    for (trial, tries) in adopted {
        drive.adopt(trial, tries);
    }
    let end = drive.go(inbox);
    drive.record(end.word(), Some(&end));
    Ok(end)
}

/// A trial that runs.
struct Live {
    row: Row,
    curve: Curve,
    rein: Rein,
}

struct Drive<'a> {
    machine: Loop,
    settings: &'a Settings,
    place: Place,
    results: Results,
    claims: Claims,
    /// Files of the queue that are claimed, by the identity of the decision.
    names: HashMap<String, String>,
    live: HashMap<u64, Live>,
    proposer: Proposer,
    inputs: Sender<Input>,
    tell: &'a mut dyn FnMut(Told<'_>),
    end: Option<End>,
}

impl Drive<'_> {
    fn go(&mut self, inbox: &Inbox) -> End {
        self.step(Event::Go);
        loop {
            if let Some(end) = self.end.take() {
                return end;
            }
            match inbox.0.recv_timeout(TICK) {
                Ok(input) => self.input(input),
                Err(RecvTimeoutError::Timeout) => self.step(Event::Tick),
                // We hold a sender ourselves.
                Err(RecvTimeoutError::Disconnected) => {
                    return End::Left {
                        running: self.live.len(),
                    };
                }
            }
        }
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Word(Word::Interrupt) => self.step(Event::Interrupt),
            Input::Word(Word::Stop) => self.step(Event::Stop),
            Input::Word(Word::Leave) => {
                for live in self.live.values() {
                    live.rein.leave();
                }
                self.step(Event::Leave);
            }
            Input::Proposal(Ok(found)) => {
                if let Some(heeds) = found.heeds {
                    let text = format!("proposals now heed {heeds} of the explorer");
                    (self.tell)(Told::Notice(text));
                }
                self.step(Event::Suggested(found.params));
            }
            Input::Proposal(Err(why)) => self.step(Event::Broken(why)),
            Input::News(News::Observed { trial, values }) => self.observed(trial, &values),
            Input::News(News::Ended {
                trial,
                mut verdict,
                measured,
                seconds,
                finished,
            }) => {
                if let Some(live) = self.live.get_mut(&trial) {
                    let finished = finished.unwrap_or_else(|| jiff::Timestamp::now().to_string());
                    live.row.insert("finished".to_owned(), json!(finished));
                    live.row.insert("seconds".to_owned(), json!(seconds));
                    let is_violated = |c: &Constraint| {
                        let told = measured.iter().filter(|(name, _)| c.name == **name);
                        told.into_iter().any(|(_, value)| c.is_violated_by(*value))
                    };
                    if let Verdict::Value(value) = verdict
                        && self.settings.constraints.iter().any(is_violated)
                    {
                        verdict = Verdict::Infeasible(value);
                    }
                    if !measured.is_empty() {
                        let all = measured.into_iter().map(|(name, value)| (name, json!(value)));
                        live.row
                            .insert("attributes".to_owned(), Json::Object(all.collect()));
                    }
                }
                self.step(Event::Ended { trial, verdict });
            }
        }
    }

    /// One event, and everything that follows from it at once.
    fn step(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.machine.step(event, now()) {
                match self.perform(effect) {
                    Ok(next) => events.extend(next),
                    Err(error) => events.push(Event::Broken(error.to_string())),
                }
            }
        }
        let standing = self.machine.standing();
        (self.tell)(Told::Standing(&standing));
    }

    fn perform(&mut self, effect: Effect) -> Result<Option<Event>, RunError> {
        match effect {
            Effect::Claim => {
                let found = self.claims.claim()?;
                return Ok(Some(Event::Claimed(found.map(|claim| {
                    self.names.insert(claim.id.clone(), claim.name);
                    Accepted {
                        id: claim.id,
                        params: claim.params,
                    }
                }))));
            }
            Effect::Suggest => self.proposer.ask(),
            Effect::Begin { params, queue_id } => return self.begin(&params, queue_id.as_deref()),
            Effect::Again { trial, tries } => return self.again(trial, tries),
            Effect::Halt { trial } => {
                if let Some(live) = self.live.get(&trial) {
                    live.rein.halt();
                }
            }
            Effect::Retry { trial, why } => {
                let attempt = self.live.get(&trial).map_or(1, |l| tries_of(&l.row).attempt);
                (self.tell)(Told::Retry {
                    trial,
                    attempt,
                    why: &why,
                });
            }
            Effect::Conclude { trial, outcome } => self.conclude(trial, outcome)?,
            Effect::Finish(end) => self.end = Some(end),
        }
        Ok(None)
    }

    fn begin(&mut self, params: &Params, queue_id: Option<&str>) -> Result<Option<Event>, RunError> {
        let tries = Tries {
            attempt: 1,
            failed: 0,
        };
        let (trial, row) = self.results.append_new(|id| {
            let mut row = Row::new();
            row.insert("id".to_owned(), json!(id));
            row.insert("state".to_owned(), json!("running"));
            row.insert("params".to_owned(), Json::Object(params.clone()));
            if let Some(queue_id) = queue_id {
                row.insert("queue_id".to_owned(), json!(queue_id));
            }
            starting(&mut row, tries);
            row
        })?;
        let missing = missing(params, &self.settings.space);
        let next = if missing.is_empty() {
            self.start(trial, tries, row, queue_id.is_some())
        } else {
            // Nothing runs, but the machine will conclude it like any other.
            let verdict = Verdict::Unfit(format!(
                "the accepted configuration has no {}",
                crate::study::label::scrub(&missing.join(", "))
            ));
            self.keep(trial, row, Rein::default());
            Some(verdict)
        };
        // The machine must know of it before it hears of its end.
        for event in [
            Some(Event::Begun(trial)),
            next.map(|verdict| Event::Ended { trial, verdict }),
        ]
        .into_iter()
        .flatten()
        {
            self.forward(event);
        }
        Ok(None)
    }

    fn again(&mut self, trial: u64, tries: Tries) -> Result<Option<Event>, RunError> {
        self.results.rows()?;
        let mut row = self.results.row(trial).cloned().unwrap_or_default();
        row.insert("id".to_owned(), json!(trial));
        row.insert("state".to_owned(), json!("running"));
        for gone in [
            "value",
            "finished",
            "seconds",
            "error",
            "intermediate",
            "attributes",
        ] {
            row.shift_remove(gone);
        }
        starting(&mut row, tries);
        self.results.append_synced(&row)?;
        let accepted = row.contains_key("queue_id");
        let verdict = self.start(trial, tries, row, accepted);
        Ok(verdict.map(|verdict| Event::Ended { trial, verdict }))
    }

    /// Puts an event before whatever comes next: the machine hears it at once.
    fn forward(&mut self, event: Event) {
        for effect in self.machine.step(event, now()) {
            match self.perform(effect) {
                Ok(Some(next)) => self.forward(next),
                Ok(None) => {}
                Err(error) => self.forward(Event::Broken(error.to_string())),
            }
        }
    }

    /// Takes up an attempt that an earlier loop started.
    fn adopt(&mut self, trial: u64, tries: Tries) {
        let row = self.results.row(trial).cloned().unwrap_or_default();
        let rein = self.follow(trial, tries.attempt, None);
        let failed = rein.as_ref().err().map(ToString::to_string);
        self.keep(trial, row, rein.unwrap_or_default());
        if let Some(why) = failed {
            let verdict = Verdict::Failed(why);
            self.step(Event::Ended { trial, verdict });
        }
    }

    fn observed(&mut self, trial: u64, values: &[Observed]) {
        let Some(live) = self.live.get_mut(&trial) else {
            return;
        };
        for value in values {
            live.curve.add(*value);
        }
        if live.curve.is_due() {
            live.row.insert("intermediate".to_owned(), live.curve.to_json());
            live.curve.written();
            let row = live.row.clone();
            // Not worth an end: the whole curve is written again at the end of the trial.
            if let Err(error) = self.results.append(&row) {
                (self.tell)(Told::Notice(error.to_string()));
            }
        }
    }

    fn conclude(&mut self, trial: u64, outcome: Outcome) -> Result<(), RunError> {
        let Some(live) = self.live.remove(&trial) else {
            return Ok(());
        };
        let mut row = live.row;
        if !live.curve.is_empty() {
            row.insert("intermediate".to_owned(), live.curve.to_json());
        }
        let is_over = !matches!(outcome, Outcome::Waiting(_));
        let (state, value, error) = match outcome {
            Outcome::Complete(value) => ("complete", json!(value), None),
            Outcome::Pruned => {
                if live.curve.is_empty() {
                    (self.tell)(Told::Notice(format!(
                        "trial {trial} was pruned before it told a value with its step, such as step=3 {}=0.5: the \
                         model learns nothing from it",
                        crate::study::label::scrub(&self.settings.metric)
                    )));
                }
                ("pruned", Json::Null, None)
            }
            Outcome::Failed(why) => ("failed", Json::Null, Some(why)),
            Outcome::Waiting(why) => ("waiting", Json::Null, Some(why)),
        };
        row.insert("state".to_owned(), json!(state));
        if state == "pruned" {
            // A null would be a result that is none.
            row.shift_remove("value");
        } else {
            row.insert("value".to_owned(), value);
        }
        if let Some(why) = error {
            row.insert("error".to_owned(), json!(why));
        }
        if !is_over {
            for gone in ["value", "intermediate", "finished", "seconds", "attributes"] {
                row.shift_remove(gone);
            }
        }
        self.results.append_synced(&row)?;
        if is_over
            && let Some(queue_id) = row.get("queue_id").and_then(Json::as_str)
            && let Some(name) = self.names.remove(queue_id)
        {
            self.claims.finish(&name)?;
        }
        let standing = self.machine.standing();
        (self.tell)(Told::Ended {
            row: &row,
            standing: &standing,
        });
        Ok(())
    }

    /// Writes the state of the loop; that it cannot be written is a notice.
    fn record(&mut self, state: &str, end: Option<&End>) {
        let budget = self.settings.rules.budget;
        let old = State::read(&self.place).unwrap_or_default();
        let stamp = jiff::Timestamp::now().to_string();
        let now = State {
            state: state.to_owned(),
            why: end.map(End::sentence),
            host: host(),
            pid: std::process::id(),
            space: absolute(&self.settings.space_file),
            metric: self.settings.metric.clone(),
            trials: budget.trials,
            seconds: budget.seconds,
            target: budget.target,
            jobs: self.settings.rules.jobs,
            command: self.settings.words.clone(),
            started: if end.is_some() { old.started } else { stamp.clone() },
            ended: end.map(|_| stamp),
        };
        if let Err(error) = now.write(&self.place) {
            (self.tell)(Told::Notice(error.to_string()));
        }
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .to_string_lossy()
        .into_owned()
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}
