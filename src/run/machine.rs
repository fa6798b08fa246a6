//! What the loop does next: events in, effects out.
//!
//! No process, file or clock: the time comes with each event, and whatever is to happen outside is an
//! [`Effect`]. So every rule of the loop is a list of events in a test.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value as Json};

use crate::study::{Budget, Direction};

/// A configuration as the command gets it.
pub type Params = Map<String, Json>;

/// What a person told the loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Trials at the same time.
    pub jobs: usize,
    pub budget: Budget,
    pub direction: Direction,
    /// How often a trial whose command failed is tried again.
    pub retries: u32,
    /// Failed trials in a row that end the loop; 0: never.
    pub failures: u32,
}

/// What the results file says when the loop begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Trials that are over.
    pub finished: u64,
    pub best: Option<f64>,
    /// Seconds in which at least one trial ran.
    pub busy: f64,
    /// Trials that still run, with the attempt each is at.
    pub running: Vec<(u64, Tries)>,
    /// Trials that were begun or planned and are to be run, the oldest first.
    pub waiting: Vec<(u64, Tries)>,
}

/// How often a trial was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Number of the attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// Attempts that failed. One that was interrupted is an attempt, but no failure.
    pub failed: u32,
}

/// A configuration that somebody accepted, taken from the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// Identity of the decision.
    pub id: String,
    pub params: Params,
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The metric, which may be NaN or infinite: a failed trial, but of a command that works.
    Value(f64),
    /// The metric of a trial that violates a constraint: never the best.
    Infeasible(f64),
    /// The command ended the trial before its time, as its values on the way were poor.
    Pruned,
    /// The configuration is none that could be run: why.
    Unfit(String),
    /// The command failed: why.
    Failed(String),
    /// The command cannot be started at all: why.
    NotStarted(String),
    /// It was stopped because we said so.
    Stopped,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The loop begins.
    Go,
    /// The answer to [`Effect::Claim`].
    Claimed(Option<Accepted>),
    /// The answer to [`Effect::Suggest`]; `None`: there is no configuration left.
    Suggested(Option<Params>),
    /// The answer to [`Effect::Begin`]: it has this number now.
    Begun(u64),
    Ended {
        trial: u64,
        verdict: Verdict,
    },
    /// Something that must work does not: why.
    Broken(String),
    /// Finish what runs, start nothing new. A second time: stop what runs.
    Interrupt,
    /// Stop what runs.
    Stop,
    /// Go away; what runs goes on without us.
    Leave,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Look whether somebody accepted a configuration.
    Claim,
    /// Ask the model.
    Suggest,
    /// Record a new trial as running and start it as attempt 1.
    Begin {
        params: Params,
        queue_id: Option<String>,
    },
    /// Record a trial that is there as running and start this attempt.
    Again { trial: u64, tries: Tries },
    /// Ask the trial's command to end.
    Halt { trial: u64 },
    /// Record that a trial is over.
    Conclude { trial: u64, outcome: Outcome },
    /// Record that an attempt failed and that the trial will be tried again.
    Retry { trial: u64, why: String },
    /// The loop is over.
    Finish(End),
}

/// What is recorded of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Complete(f64),
    Pruned,
    Failed(String),
    /// It is to be run again by a later loop.
    Waiting(String),
}

/// Why the loop is over.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// So many trials are done.
    Trials(u64),
    /// The time of the budget is used up.
    Time(f64),
    /// The target is reached.
    Target(f64),
    /// Every configuration of the space has been tried.
    Exhausted,
    /// So many trials failed in a row; the last one because of this.
    Failures(u32, String),
    /// The command cannot be started.
    NotStarted(String),
    /// Something that must work does not.
    Broken(String),
    /// A person stopped it; so many trials wait to be run.
    Interrupted { waiting: usize },
    /// It left so many trials running.
    Left { running: usize },
}

/// What one asks for at a time: the next configuration.
#[derive(Clone, Debug, PartialEq)]
enum Request {
    None,
    /// The queue is being looked at; a suggestion may be at hand already.
    Claim(Option<Params>),
    Suggest,
    Begin,
}

/// In which way it goes on.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Open,
    /// Nothing new; what runs is finished.
    Draining(End),
    /// What runs is being stopped.
    Halting(End),
    Over,
}

/// The loop.
#[derive(Clone, Debug)]
pub struct Loop {
    rules: Rules,
    phase: Phase,
    request: Request,
    running: BTreeMap<u64, Tries>,
    waiting: VecDeque<(u64, Tries)>,
    finished: u64,
    best: Option<f64>,
    in_a_row: u32,
    busy: f64,
    /// Since when at least one trial has been running.
    busy_since: Option<f64>,
}

/// What there is to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub finished: u64,
    pub running: usize,
    pub waiting: usize,
    pub best: Option<f64>,
    pub phase: &'static str,
    /// What the loop is about to end for, while what runs is finished.
    pub ending: Option<End>,
}

impl Loop {
    #[must_use]
    pub fn new(rules: Rules, past: Past, now: f64) -> Self {
        Self {
            phase: Phase::Open,
            request: Request::None,
            busy_since: (!past.running.is_empty()).then_some(now),
            running: past.running.into_iter().collect(),
            waiting: past.waiting.into(),
            finished: past.finished,
            best: past.best,
            in_a_row: 0,
            busy: past.busy,
            rules,
        }
    }

    /// What is to be done because of `event`, at `now` (seconds since the epoch).
    pub fn step(&mut self, event: Event, now: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.phase == Phase::Over {
            return effects;
        }
        match event {
            Event::Go | Event::Tick => {}
            Event::Claimed(found) => self.claimed(found, &mut effects),
            Event::Suggested(found) => self.suggested(found, &mut effects),
            Event::Begun(trial) => self.begun(trial, &mut effects),
            Event::Ended { trial, verdict } => self.ended(trial, verdict, &mut effects),
            // What runs goes on: its end is written down elsewhere too, and the next loop will find it.
            Event::Broken(why) => {
                self.request = Request::None;
                self.drain(End::Broken(why));
            }
            Event::Interrupt => match self.phase {
                Phase::Open => self.drain(End::Interrupted { waiting: 0 }),
                _ => self.halt(End::Interrupted { waiting: 0 }, &mut effects),
            },
            Event::Stop => self.halt(End::Interrupted { waiting: 0 }, &mut effects),
            Event::Leave => {
                self.phase = Phase::Over;
                effects.push(Effect::Finish(End::Left {
                    running: self.running.len(),
                }));
                return effects;
            }
        }
        self.keep_time(now);
        self.go_on(now, &mut effects);
        effects
    }

    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            finished: self.finished,
            running: self.running.len(),
            waiting: self.waiting.len(),
            best: self.best,
            phase: match &self.phase {
                Phase::Open => "running",
                Phase::Draining(_) => "finishing",
                Phase::Halting(_) => "stopping",
                Phase::Over => "over",
            },
            ending: match &self.phase {
                Phase::Draining(end) => Some(end.clone()),
                _ => None,
            },
        }
    }

    /// The attempt that a running trial is at.
    #[must_use]
    pub fn tries(&self, trial: u64) -> Option<Tries> {
        self.running.get(&trial).copied()
    }

    /// Seconds in which at least one trial ran.
    #[must_use]
    pub fn busy(&self, now: f64) -> f64 {
        self.busy + self.busy_since.map_or(0.0, |since| (now - since).max(0.0))
    }

    fn claimed(&mut self, found: Option<Accepted>, effects: &mut Vec<Effect>) {
        let spare = match std::mem::replace(&mut self.request, Request::None) {
            Request::Claim(spare) => spare,
            other => {
                self.request = other;
                return;
            }
        };
        match (found, spare) {
            // What a person accepted comes before what the model proposes; the proposal is made anew,
            // because it did not know of this one. What was taken from the queue is begun even when the
            // loop is about to end: nobody else would run it.
            (Some(accepted), _) => {
                self.request = Request::Begin;
                effects.push(Effect::Begin {
                    params: accepted.params,
                    queue_id: Some(accepted.id),
                });
            }
            (None, _) if self.phase != Phase::Open => {}
            (None, Some(params)) => {
                self.request = Request::Begin;
                effects.push(Effect::Begin {
                    params,
                    queue_id: None,
                });
            }
            (None, None) => match self.waiting.pop_front() {
                Some((trial, tries)) => self.again(trial, tries, effects),
                None => {
                    self.request = Request::Suggest;
                    effects.push(Effect::Suggest);
                }
            },
        }
    }

    fn suggested(&mut self, found: Option<Params>, effects: &mut Vec<Effect>) {
        if self.request != Request::Suggest {
            return;
        }
        self.request = Request::None;
        if self.phase != Phase::Open {
            return;
        }
        match found {
            // The queue is looked at once more: the model may have thought for a while.
            Some(params) => {
                self.request = Request::Claim(Some(params));
                effects.push(Effect::Claim);
            }
            None => self.drain(End::Exhausted),
        }
    }

    fn begun(&mut self, trial: u64, effects: &mut Vec<Effect>) {
        if self.request == Request::Begin {
            self.request = Request::None;
        }
        let tries = Tries {
            attempt: 1,
            failed: 0,
        };
        self.running.insert(trial, tries);
        if matches!(self.phase, Phase::Halting(_)) {
            effects.push(Effect::Halt { trial });
        }
    }

    fn again(&mut self, trial: u64, tries: Tries, effects: &mut Vec<Effect>) {
        let tries = Tries {
            attempt: tries.attempt + 1,
            ..tries
        };
        self.running.insert(trial, tries);
        effects.push(Effect::Again { trial, tries });
    }

    fn ended(&mut self, trial: u64, verdict: Verdict, effects: &mut Vec<Effect>) {
        let Some(tries) = self.running.remove(&trial) else {
            return;
        };
        match verdict {
            Verdict::Value(value) | Verdict::Infeasible(value) if value.is_finite() => {
                self.in_a_row = 0;
                self.finished += 1;
                let direction = self.rules.direction;
                let may = matches!(verdict, Verdict::Value(_));
                if may && self.best.is_none_or(|best| direction.is_better(value, best)) {
                    self.best = Some(value);
                }
                let outcome = Outcome::Complete(value);
                effects.push(Effect::Conclude { trial, outcome });
            }
            // Over as any other, and a sign that the command works; the best is among complete ones.
            Verdict::Pruned => {
                self.in_a_row = 0;
                self.finished += 1;
                let outcome = Outcome::Pruned;
                effects.push(Effect::Conclude { trial, outcome });
            }
            Verdict::Value(value) | Verdict::Infeasible(value) => {
                self.useless(trial, format!("the metric is {value}"), effects)
            }
            Verdict::Unfit(why) => self.useless(trial, why, effects),
            Verdict::Stopped => {
                let outcome = Outcome::Waiting("it was stopped, and is to be run again".to_owned());
                self.waiting.push_back((trial, tries));
                effects.push(Effect::Conclude { trial, outcome });
            }
            Verdict::NotStarted(why) => {
                self.waiting.push_back((trial, tries));
                let outcome = Outcome::Waiting(why.clone());
                effects.push(Effect::Conclude { trial, outcome });
                self.drain(End::NotStarted(why));
            }
            Verdict::Failed(why) => self.failed(trial, tries, why, effects),
        }
    }

    /// A trial without a result, of which the command is not to blame: not tried again, and no reason to end.
    fn useless(&mut self, trial: u64, why: String, effects: &mut Vec<Effect>) {
        self.finished += 1;
        let outcome = Outcome::Failed(why);
        effects.push(Effect::Conclude { trial, outcome });
    }

    fn failed(&mut self, trial: u64, mut tries: Tries, why: String, effects: &mut Vec<Effect>) {
        tries.failed += 1;
        if tries.failed <= self.rules.retries {
            match &self.phase {
                Phase::Open => {
                    effects.push(Effect::Retry { trial, why });
                    self.again(trial, tries, effects);
                    return;
                }
                // A later loop may try again.
                Phase::Draining(End::Interrupted { .. }) | Phase::Halting(_) => {
                    self.waiting.push_back((trial, tries));
                    let outcome = Outcome::Waiting(why);
                    effects.push(Effect::Conclude { trial, outcome });
                    return;
                }
                Phase::Draining(_) | Phase::Over => {}
            }
        }
        self.finished += 1;
        self.in_a_row += 1;
        let outcome = Outcome::Failed(why.clone());
        effects.push(Effect::Conclude { trial, outcome });
        if self.rules.failures > 0 && self.in_a_row >= self.rules.failures {
            self.drain(End::Failures(self.in_a_row, why));
        }
    }

    fn drain(&mut self, end: End) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining(end);
        }
    }

    fn halt(&mut self, end: End, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Halting(_)) {
            return;
        }
        // What ended the loop first is what it ended for; a person who stops what is left stops it.
        self.phase = Phase::Halting(end);
        effects.extend(self.running.keys().map(|&trial| Effect::Halt { trial }));
    }

    fn keep_time(&mut self, now: f64) {
        match (self.busy_since, self.running.is_empty()) {
            (None, false) => self.busy_since = Some(now),
            (Some(since), true) => {
                self.busy += (now - since).max(0.0);
                self.busy_since = None;
            }
            _ => {}
        }
    }

    /// Asks for the next configuration where there is room for one, or ends.
    fn go_on(&mut self, now: f64, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Open
            && let Some(end) = self.reached(now)
        {
            self.drain(end);
        }
        let is_free = self.phase == Phase::Open && self.request == Request::None;
        if is_free && self.running.len() < self.rules.jobs && self.room() > 0 {
            // What was begun before keeps its place in the budget.
            if self.room() > self.waiting.len() as u64 || self.waiting.is_empty() {
                self.request = Request::Claim(None);
                effects.push(Effect::Claim);
            } else if let Some((trial, tries)) = self.waiting.pop_front() {
                self.again(trial, tries, effects);
                self.keep_time(now);
                return self.go_on(now, effects);
            }
        }
        let is_idle = self.running.is_empty() && !matches!(self.request, Request::Begin | Request::Claim(_));
        let end = match &self.phase {
            Phase::Draining(end) | Phase::Halting(end) if is_idle => end.clone(),
            _ => return,
        };
        self.phase = Phase::Over;
        effects.push(Effect::Finish(match end {
            End::Interrupted { .. } => End::Interrupted {
                waiting: self.waiting.len(),
            },
            end => end,
        }));
    }

    /// Trials that may still be started.
    fn room(&self) -> u64 {
        let taken = self.finished + self.running.len() as u64;
        self.rules
            .budget
            .trials
            .map_or(u64::MAX, |all| all.saturating_sub(taken))
    }

    /// The limit of the budget that is reached. That of trials counts once all of them are over.
    fn reached(&self, now: f64) -> Option<End> {
        let budget = self.rules.budget;
        if let (Some(target), Some(best)) = (budget.target, self.best)
            && !self.rules.direction.is_better(target, best)
        {
            return Some(End::Target(best));
        }
        if let Some(seconds) = budget.seconds
            && self.busy(now) >= seconds
        {
            return Some(End::Time(seconds));
        }
        match budget.trials {
            Some(all) if self.finished >= all => Some(End::Trials(self.finished)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
