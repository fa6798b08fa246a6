//! What was searched and what was observed.
//!
//! Everything here is plain data: no file, clock, thread or terminal. Text that comes from outside
//! enters as a [`Label`], which is scrubbed once, at construction.

pub mod activity;
pub mod constraint;
pub mod encoding;
pub mod error;
pub mod form;
pub mod label;
pub mod number;
pub mod parameter;
pub mod past;
pub mod space;
pub mod trial;
pub mod value;

pub use activity::{Activity, Rule, When};
pub use constraint::{Constraint, Place, Side};
pub use encoding::{Axis, Encoder, UnitPoint};
pub use error::StudyError;
pub use form::Form;
pub use label::Label;
pub use parameter::{Domain, Parameter};
pub use space::{Configuration, Space};
pub use trial::{Trial, TrialId, TrialState};
pub use value::Value;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Whether smaller or larger objective values are better, as the user sees them.
///
/// The engine always maximises `g = s·y` with `s = sign()`; the sign is applied once, when
/// outputs are encoded, and undone once, when they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Minimize,
    Maximize,
}

impl Direction {
    /// `+1` to maximise, `−1` to minimise.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Minimize => -1.0,
            Self::Maximize => 1.0,
        }
    }

    /// Whether `a` is strictly better than `b`, in the user's units.
    #[must_use]
    pub fn is_better(self, a: f64, b: f64) -> bool {
        self.sign() * a > self.sign() * b
    }
}

/// When the study counts as done: at the first limit that is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Number of finished trials.
    pub trials: Option<u64>,
    /// Seconds in which at least one trial ran: a night between two runs does not count.
    pub seconds: Option<f64>,
    /// Objective value, in the user's units.
    pub target: Option<f64>,
}

/// Something wrong with one row of a source. The good rows live on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// 1-based line of the source, where the kind of source has lines.
    pub line: Option<u64>,
    /// A complete sentence: what is wrong and what to do. Already scrubbed.
    pub message: String,
}

/// What a source holds: the space, the trials in the order they began, and what was wrong.
///
/// Trials are behind [`Arc`], so that a snapshot of 100,000 trials costs a copy of pointers.
#[derive(Clone, Debug)]
pub struct Study {
    pub name: Label,
    /// Name of the objective.
    pub metric: Label,
    /// One direction an objective; never empty. The first is the one that is modelled.
    pub directions: Vec<Direction>,
    /// Every parameter name seen, in the order of appearance; `Trial::params` is aligned with it.
    pub columns: Vec<Label>,
    /// The search space; its parameters refer to columns by index.
    pub space: Space,
    pub trials: Vec<Arc<Trial>>,
    pub budget: Budget,
    /// What a result must satisfy.
    pub constraints: Vec<Constraint>,
    pub diagnostics: Vec<Diagnostic>,
    /// What was assumed without being told (a guessed objective, a column that was left out), in
    /// complete sentences. Already scrubbed.
    pub notes: Vec<String>,
}

/// One of several studies of a source, as a chooser shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyEntry {
    pub name: Label,
    pub trials: usize,
    /// One an objective; empty where the source does not tell.
    pub directions: Vec<Direction>,
    /// The best value of a complete trial, where there is one objective.
    pub best: Option<f64>,
    /// When something of it changed last, where that is known: seconds since the Unix epoch.
    pub changed: Option<f64>,
}

impl StudyEntry {
    /// An entry of which no more is known.
    #[must_use]
    pub fn new(name: Label, trials: usize) -> Self {
        Self {
            name,
            trials,
            directions: Vec::new(),
            best: None,
            changed: None,
        }
    }
}

/// How many trials are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub total: usize,
    pub complete: usize,
    pub pruned: usize,
    pub failed: usize,
    pub running: usize,
    pub waiting: usize,
}

/// `12 complete, 1 pruned, 0 failed, 2 running, 0 waiting`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            complete,
            pruned,
            failed,
            running,
            waiting,
            ..
        } = self;
        write!(
            f,
            "{complete} complete, {pruned} pruned, {failed} failed, {running} running, {waiting} waiting"
        )
    }
}

impl Study {
    /// A study in which nothing has been read yet.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            name: Label::new(""),
            metric: Label::new("value"),
            directions: vec![Direction::Minimize],
            columns: Vec::new(),
            space: Space::default(),
            trials: Vec::new(),
            budget: Budget::default(),
            constraints: Vec::new(),
            diagnostics: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The direction of the modelled objective.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.directions.first().copied().unwrap_or(Direction::Minimize)
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            total: self.trials.len(),
            ..Counts::default()
        };
        for trial in &self.trials {
            match trial.state {
                TrialState::Complete => counts.complete += 1,
                TrialState::Pruned => counts.pruned += 1,
                TrialState::Failed => counts.failed += 1,
                TrialState::Running => counts.running += 1,
                TrialState::Waiting => counts.waiting += 1,
            }
        }
        counts
    }

    /// Seconds in which at least one trial ran, up to `now` for those that still run: the measure of
    /// [`Budget::seconds`]. Trials without times count nothing.
    #[must_use]
    pub fn busy_seconds(&self, now: f64) -> f64 {
        let mut spans: Vec<(f64, f64)> = self
            .trials
            .iter()
            .filter_map(|t| {
                let start = t.started.filter(|s| s.is_finite())?;
                let end = match t.state {
                    TrialState::Running => Some(now),
                    _ => t.finished.or_else(|| Some(start + t.seconds?)),
                };
                Some((start, end.filter(|e| *e > start)?))
            })
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut total, mut until) = (0.0, f64::NEG_INFINITY);
        for (start, end) in spans {
            total += (end - start.max(until)).max(0.0);
            until = until.max(end);
        }
        total
    }

    /// Whether any trial is complete with a finite value: whether there is something to model.
    #[must_use]
    pub fn has_objective(&self) -> bool {
        self.trials.iter().any(|t| t.objective().is_some())
    }

    /// Index of the best complete trial with a finite value that is not infeasible; the earliest of equals.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        let direction = self.direction();
        let mut best: Option<(usize, f64)> = None;
        for (i, trial) in self.trials.iter().enumerate() {
            if let Some(value) = self.feasible_objective(trial)
                && best.is_none_or(|(_, b)| direction.is_better(value, b))
            {
                best = Some((i, value));
            }
        }
        best.map(|(i, _)| i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(state: TrialState, value: f64) -> Arc<Trial> {
        Arc::new(Trial {
            state,
            values: vec![value],
            ..Trial::new(TrialId::Number(0))
        })
    }

    #[test]
    fn time_counts_once_and_only_while_something_runs() {
        let span = |state, started, finished| {
            let mut trial = Trial::new(TrialId::Number(0));
            (trial.state, trial.started, trial.finished) = (state, Some(started), finished);
            Arc::new(trial)
        };
        let mut study = Study::empty();
        study.trials = vec![
            span(TrialState::Complete, 10.0, Some(20.0)),
            span(TrialState::Failed, 15.0, Some(18.0)),
            span(TrialState::Complete, 18.0, Some(30.0)),
            span(TrialState::Waiting, 5.0, None),
            span(TrialState::Running, 100.0, None),
        ];
        assert!((study.busy_seconds(104.0) - 24.0).abs() < 1e-9);
    }

    #[test]
    fn the_best_is_the_earliest_complete_finite_one_in_the_direction() {
        let mut study = Study::empty();
        study.trials = vec![
            trial(TrialState::Complete, 2.0),
            trial(TrialState::Pruned, 0.1),
            trial(TrialState::Complete, 1.0),
            trial(TrialState::Complete, 1.0),
            trial(TrialState::Complete, f64::NAN),
        ];
        assert_eq!(study.best(), Some(2));
        study.directions = vec![Direction::Maximize];
        assert_eq!(study.best(), Some(0));
    }
}
