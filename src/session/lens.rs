//! Looking at a study other than as it is: as it was, or as it might become.
//!
//! What was read stays what it is ([`Lens::real`]); `Model::study` is what the lens lets through. Everything that the
//! person had in hand is put aside meanwhile and comes back untouched.

use std::sync::Arc;

use crate::analysis::{
    AcquisitionSettings, Advice, Comparison, History, Importance, ModelSettings, Replay, Slice, Suggestion,
    Surface, Surrogate, Trust,
};
use crate::study::{Configuration, Study, TrialId, TrialState, Value, past};

use super::draft::{Consequences, Draft};
use super::kernels::Kernels;
use super::model::{FitStatus, Fitted, Model, Probe, Rejection, Stamped, SurfaceOf};

/// What lies between the person and the study.
#[derive(Clone, Debug, Default)]
pub struct Lens {
    /// The study as read; `None`: no lens is on.
    pub real: Option<Arc<Study>>,
    /// The time machine.
    pub past: Option<Past>,
    /// What-ifs, each on top of those before it.
    pub imagined: Vec<Imagined>,
    /// What belongs to the person.
    pub aside: Option<Aside>,
    /// The trials against the picks of their time; kept for the next look back.
    pub replay: Option<Replaying>,
}

/// A replay and what it is of.
#[derive(Clone, Debug)]
pub struct Replaying {
    pub study: Arc<Study>,
    pub settings: ModelSettings,
    pub acquisition: AcquisitionSettings,
    /// Answers to an older order are late.
    pub round: u64,
    pub found: Arc<Replay>,
}

/// The study as it was.
#[derive(Clone, Debug)]
pub struct Past {
    /// So many trials had ended.
    pub count: usize,
    /// What the study went on with.
    pub next: Option<NextRun>,
    /// The screen as it was before.
    pub before: Box<Seen>,
}

/// The trial that began next.
#[derive(Clone, Debug)]
pub struct NextRun {
    pub id: TrialId,
    /// `None`: it lacks a value for some parameter.
    pub configuration: Option<Configuration>,
    pub state: TrialState,
    /// What came of it, in the user's units.
    pub value: Option<f64>,
    /// What the model of then expects of it.
    pub consequences: Option<Consequences>,
}

/// One result that nobody has measured.
#[derive(Clone, Debug)]
pub struct Imagined {
    pub configuration: Configuration,
    /// In the user's units.
    pub value: f64,
    pub guess: Guess,
    /// The screen as it was before.
    pub before: Box<Seen>,
}

/// How an imagined value was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// One standard deviation of an observation better than predicted.
    Good,
    AsPredicted,
    /// One worse.
    Bad,
    /// A number.
    Stated,
}

impl Guess {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Good => "good: 1 σ better than predicted",
            Self::AsPredicted => "as predicted",
            Self::Bad => "bad: 1 σ worse than predicted",
            Self::Stated => "as you say",
        }
    }
}

/// What a person decided and not yet delivered, while a lens is on.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    pub draft: Option<Draft>,
    pub locks: Vec<Option<Value>>,
    pub rejections: Vec<Rejection>,
}

/// What was on screen and where the person was, to come back to at once.
#[derive(Clone, Debug)]
pub struct Seen {
    pub study: Arc<Study>,
    pub history: History,
    pub settings: ModelSettings,
    pub acquisition: AcquisitionSettings,
    pub fit: FitStatus,
    pub surrogate: Option<Stamped<Arc<Surrogate>>>,
    pub fitted: Option<Fitted>,
    pub suggestions: Option<Stamped<Vec<Suggestion>>>,
    pub slices: Option<Stamped<Vec<Slice>>>,
    pub surface: Option<Stamped<Surface>>,
    pub surface_shown: Option<SurfaceOf>,
    pub comparison: Option<Stamped<Comparison>>,
    pub kernels: Kernels,
    pub trust: Option<Stamped<Trust>>,
    pub importance: Option<Stamped<Importance>>,
    pub stopping: Option<Stamped<Advice>>,
    pub probe: Probe,
    pub selected: Option<usize>,
    pub follow: bool,
    pub param: usize,
    /// The count of the data that it stood on.
    pub data: u64,
}

impl Lens {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.real.is_some()
    }

    /// Whether the study is looked at as it was.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// The study as it is seen: `None` where no lens is on.
    #[must_use]
    pub fn view(&self) -> Option<Study> {
        let real = self.real.as_ref()?;
        let mut study = match &self.past {
            Some(past) => past::as_of(real, past.count),
            None => Study::clone(real),
        };
        for (k, imagined) in self.imagined.iter().enumerate() {
            let trial = trial(&study, k, imagined);
            study.trials.push(Arc::new(trial));
        }
        Some(study)
    }
}

/// An imagined result as a trial.
fn trial(study: &Study, k: usize, imagined: &Imagined) -> crate::study::Trial {
    let name = match k {
        0 => "imagined".to_owned(),
        k => format!("imagined {}", k + 1),
    };
    let mut params = vec![None; study.columns.len()];
    for (p, value) in study.space.params.iter().zip(&imagined.configuration) {
        if let Some(slot) = params.get_mut(p.column) {
            *slot = (!value.is_inactive()).then(|| value.clone());
        }
    }
    crate::study::Trial {
        state: TrialState::Complete,
        params,
        values: vec![imagined.value],
        ..crate::study::Trial::new(TrialId::Text(name.as_str().into()))
    }
}

impl Model {
    /// The study as read, whatever lens is on.
    #[must_use]
    pub fn real(&self) -> &Arc<Study> {
        self.lens.real.as_ref().unwrap_or(&self.study)
    }

    /// So many trials of the source have ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        (self.real().trials.iter())
            .filter(|t| t.state.is_finished())
            .count()
    }

    /// The trial at which the study is looked at: how many of them have ended, as seen.
    #[must_use]
    pub fn looked_at(&self) -> usize {
        self.lens.past.as_ref().map_or_else(|| self.ended(), |p| p.count)
    }

    /// The rejections, locks and the draft of the person, which a lens puts aside.
    #[must_use]
    pub fn own(&self) -> (Option<&Draft>, &[Option<Value>], &[Rejection]) {
        match &self.lens.aside {
            Some(aside) => (aside.draft.as_ref(), &aside.locks, &aside.rejections),
            None => (self.draft.as_ref(), &self.locks, &self.rejections),
        }
    }
}
