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
    /// What its owner measured for each constraint that the source itself declares ([`super::Place::Told`]); NaN where
    /// it told nothing, and shorter where the rest was not told.
    pub constraints: Box<[f64]>,
    /// Whether it is said to run, but its worker has stopped to give the signs of life that it gave before.
    pub is_silent: bool,
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
            constraints: Box::default(),
            is_silent: false,
            line: 0,
        }
    }

    /// Whether its result is still to come: it waits, or runs with a worker that is alive as far as is known.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        !self.state.is_finished() && !self.is_silent
    }

    /// The modelled objective of a complete trial, where it is finite.
    #[must_use]
    pub fn objective(&self) -> Option<f64> {
        (self.state == TrialState::Complete)
            .then(|| self.values.first().copied())
            .flatten()
            .filter(|v| v.is_finite())
    }

    /// The standard deviation of the objective value, where the source tells it: an attribute (or a measurement beside
    /// the objective) called `value_sd`, `value_stderr`, `value_sem`, `sd`, or like the metric with one of those endings. In
    /// the user's units; not negative.
    #[must_use]
    pub fn objective_sd(&self, metric: &str) -> Option<f64> {
        let tells = |name: &str| {
            // As `tunescope run` records what it measures.
            let name = name.strip_prefix("attributes.").unwrap_or(name);
            let stem = ["_sd", "_stderr", "_sem"]
                .iter()
                .find_map(|end| name.strip_suffix(end));
            name == "sd" || stem.is_some_and(|stem| stem == "value" || stem == metric)
        };
        let (_, value) = self.attributes.iter().find(|(name, _)| tells(name.raw()))?;
        value.as_f64().filter(|sd| sd.is_finite() && *sd >= 0.0)
    }

    /// Whether two looks at a trial tell the same of it, but for its place in the source and whether its worker is silent.
    /// A NaN is the same as itself.
    #[must_use]
    pub fn tells_the_same(&self, other: &Self) -> bool {
        fn bits(values: &[f64]) -> impl Iterator<Item = u64> {
            values.iter().map(|v| v.to_bits())
        }
        fn curve(trial: &Trial) -> impl Iterator<Item = (u64, u64)> {
            trial.intermediate.iter().map(|(step, v)| (*step, v.to_bits()))
        }
        self.id == other.id
            && self.state == other.state
            && self.params == other.params
            && bits(&self.values).eq(bits(&other.values))
            && curve(self).eq(curve(other))
            && self.started == other.started
            && self.finished == other.finished
            && self.seconds == other.seconds
            && self.queue_id == other.queue_id
            && self.error == other.error
            && self.attributes == other.attributes
            && bits(&self.constraints).eq(bits(&other.constraints))
    }

    /// The value of column `column`.
    #[must_use]
    pub fn param(&self, column: usize) -> Option<&Value> {
        self.params.get(column).and_then(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_tells_the_same_until_anything_of_it_changes() {
        let trial = Trial {
            values: vec![f64::NAN],
            intermediate: vec![(1, f64::NAN)],
            constraints: [f64::NAN].into(),
            attributes: vec![(Label::new("gb"), Value::Float(20.0))],
            ..Trial::new(TrialId::Number(0))
        };
        let after = |change: &dyn Fn(&mut Trial)| {
            let mut changed = trial.clone();
            change(&mut changed);
            trial.tells_the_same(&changed)
        };
        assert!(after(&|t| (t.line, t.is_silent) = (7, true)));
        let changes: [&dyn Fn(&mut Trial); 12] = [
            &|t| t.id = TrialId::Number(1),
            &|t| t.state = TrialState::Failed,
            &|t| t.params.push(None),
            &|t| t.values[0] = 0.0,
            &|t| t.intermediate[0].1 = 0.0,
            &|t| t.started = Some(0.0),
            &|t| t.finished = Some(0.0),
            &|t| t.seconds = Some(0.0),
            &|t| t.queue_id = Some(Label::new("q")),
            &|t| t.error = Some(Label::new("oom")),
            &|t| t.attributes[0].1 = Value::Float(30.0),
            &|t| t.constraints[0] = 1.0,
        ];
        assert_eq!(changes.map(|change| after(change)), [false; 12]);
    }

    #[test]
    fn the_deviation_of_a_value_is_known_by_its_name() {
        let with = |name: &str, value: Value| {
            let mut trial = Trial::new(TrialId::Number(0));
            trial.attributes = vec![(Label::new("note"), Value::Float(9.0)), (Label::new(name), value)];
            trial.objective_sd("loss")
        };
        for name in [
            "sd",
            "value_sd",
            "value_sem",
            "loss_sd",
            "loss_stderr",
            "attributes.value_sd",
        ] {
            assert_eq!(with(name, Value::Float(0.25)), Some(0.25), "{name}");
        }
        assert_eq!(with("sd", Value::Int(2)), Some(2.0));
        for name in ["lossy_sd", "accuracy_sd", "sdx", "std"] {
            assert_eq!(with(name, Value::Float(0.25)), None, "{name}");
        }
        assert_eq!(with("sd", Value::Float(-1.0)), None);
        assert_eq!(with("sd", Value::Text("small".into())), None);
    }
}
