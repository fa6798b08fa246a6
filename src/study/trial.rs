//! One evaluation of the objective: planned, under way, or over.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Label, Value};

/// How the owner of the source names a trial.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrialId {
    Number(u64),
    Text(Label),
}

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => f.pad(&n.to_string()),
            Self::Text(label) => f.pad(label.shown()),
        }
    }
}

impl Serialize for TrialId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(n) => serializer.serialize_u64(*n),
            Self::Text(label) => label.serialize(serializer),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialState {
    Waiting,
    Running,
    Complete,
    Pruned,
    Failed,
}

impl TrialState {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Pruned => "pruned",
            Self::Failed => "failed",
        }
    }

    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Complete | Self::Pruned | Self::Failed)
    }
}

/// One trial. `params` is aligned with `Study::columns` and may be shorter (the rest is absent).
#[derive(Clone, Debug)]
pub struct Trial {
    pub id: TrialId,
    pub state: TrialState,
    /// Values of the parameters; of a waiting trial: those that its owner fixed.
    pub params: Vec<Option<Value>>,
    /// Objective values in the user's units, first the modelled one; empty while there are none.
    pub values: Vec<f64>,
    /// `(step, value)` in ascending step order; values may be NaN or infinite.
    pub intermediate: Vec<(u64, f64)>,
    /// Seconds since the Unix epoch.
    pub started: Option<f64>,
    /// Seconds since the Unix epoch.
    pub finished: Option<f64>,
    /// How long it ran, as told or as the difference of the two times.
    pub seconds: Option<f64>,
    /// Identity of the queue entry that this trial ran, where it came from our queue.
    pub queue_id: Option<Label>,
    /// What its owner said of a failure.
    pub error: Option<Label>,
    /// What its owner noted beside all that (tags, user attributes, other measurements), in its order.
    pub attributes: Vec<(Label, Value)>,
    /// 1-based line of the source where the trial began (0: the source has no lines).
    pub line: u64,
}

impl Trial {
    /// A running trial of which nothing is known yet.
    #[must_use]
    pub fn new(id: TrialId) -> Self {
        Self {
            id,
            state: TrialState::Running,
            params: Vec::new(),
            values: Vec::new(),
            intermediate: Vec::new(),
            started: None,
            finished: None,
            seconds: None,
            queue_id: None,
            error: None,
            attributes: Vec::new(),
            line: 0,
        }
    }

    /// The modelled objective of a complete trial, where it is finite.
    #[must_use]
    pub fn objective(&self) -> Option<f64> {
        (self.state == TrialState::Complete)
            .then(|| self.values.first().copied())
            .flatten()
            .filter(|v| v.is_finite())
    }

    /// The value of column `column`.
    #[must_use]
    pub fn param(&self, column: usize) -> Option<&Value> {
        self.params.get(column).and_then(Option::as_ref)
    }
}
