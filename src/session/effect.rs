//! What a session asks of the world.

use std::sync::Arc;

use crate::analysis::likelihood::Place;
use crate::analysis::{
    AcquisitionSettings, CompareRequest, LadderRequest, ModelSettings, Prospects, Replay, Surrogate,
};
use crate::learn::race::RaceRequest;
use crate::study::{Configuration, Study, Value};

use super::kept::Kept;
use super::model::{Quit, Rejection};
use super::seen::Seen;

/// A fit of the newest data; it replaces any that waits.
#[derive(Clone, Debug)]
pub struct FitRequest {
    /// The fit that is shown.
    pub fit: u64,
    pub data: u64,
    pub study: Arc<Study>,
    pub settings: ModelSettings,
    /// The model shown now: warm start, and the base of an append.
    pub previous: Option<Arc<Surrogate>>,
    /// Nothing that was fitted before may show in the result: a study seen through a lens looks the same however one
    /// came there.
    pub afresh: bool,
    /// What is queued or running beyond what the study says: counted as pending.
    pub queued: Vec<Configuration>,
}

/// Parts of an exploration; each replaces a waiting or running one of its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub suggestion: bool,
    pub slices: bool,
    pub surface: bool,
    /// Trust, importance and the advice on stopping.
    pub diagnosis: bool,
}

impl Parts {
    /// What depends on the acquisition function.
    pub const ACQUIRED: Self = Self {
        suggestion: true,
        slices: true,
        surface: true,
        diagnosis: false,
    };
}

/// What to compute from a fit.
#[derive(Clone, Debug)]
pub struct ExploreRequest {
    pub fit: u64,
    pub data: u64,
    /// `None`: there are too few trials for a model; only a suggestion is possible.
    pub surrogate: Option<Arc<Surrogate>>,
    pub study: Arc<Study>,
    pub parts: Parts,
    pub acquisition: AcquisitionSettings,
    pub probe: Configuration,
    pub suggestion: Option<Configuration>,
    pub pair: Option<(usize, usize)>,
    pub locks: Vec<Option<Value>>,
    pub rejections: Vec<Rejection>,
    /// Configurations that are queued or running beyond what the study says.
    pub pending: Vec<Configuration>,
    pub seed: u64,
    /// The suggestion's number: [`Msg::Answered`](super::Msg::Answered) repeats it.
    pub asked: u64,
}

/// Radius of a rejected region in the unit cube (per coordinate).
pub const REJECTED_RADIUS: f64 = 0.1;

/// A recorded study whose choices are to be judged.
#[derive(Clone, Debug)]
pub struct ReplayOrder {
    pub round: u64,
    pub study: Arc<Study>,
    pub settings: ModelSettings,
    pub acquisition: AcquisitionSettings,
    /// What is judged already.
    pub done: Replay,
}

/// A study whose history of what was to be gained is wanted.
#[derive(Clone, Debug)]
pub struct ProspectOrder {
    pub round: u64,
    pub study: Arc<Study>,
    pub settings: ModelSettings,
    /// What is known of an earlier state of it.
    pub earlier: Option<(Arc<Study>, Arc<Prospects>)>,
}

/// A race to be run.
#[derive(Clone, Debug)]
pub struct RaceOrder {
    pub round: u64,
    pub request: RaceRequest,
}

/// Acquisition functions to compare on a fit.
#[derive(Clone, Debug)]
pub struct CompareOrder {
    pub fit: u64,
    pub data: u64,
    pub surrogate: Arc<Surrogate>,
    pub request: CompareRequest,
}

/// Sample paths to cut along every parameter.
#[derive(Clone, Debug)]
pub struct SampleOrder {
    pub fit: u64,
    pub data: u64,
    pub surrogate: Arc<Surrogate>,
    pub probe: Configuration,
    pub count: usize,
}

/// A ladder of ξ to climb.
#[derive(Clone, Debug)]
pub struct LadderOrder {
    pub fit: u64,
    pub data: u64,
    pub surrogate: Arc<Surrogate>,
    pub request: LadderRequest,
}

/// A map of the likelihood over the lengthscale of a parameter and the noise.
#[derive(Clone, Debug)]
pub struct LikelihoodOrder {
    pub fit: u64,
    pub data: u64,
    pub surrogate: Arc<Surrogate>,
    pub param: usize,
    /// Places that it must reach to.
    pub within: Vec<Place>,
}

/// Kernels whose evidence is wanted, on the rows of a model.
#[derive(Clone, Debug)]
pub struct KernelOrder {
    pub round: u64,
    pub surrogate: Arc<Surrogate>,
    pub specs: Vec<String>,
}

/// A decision to deliver.
#[derive(Clone, Debug)]
pub struct DeliverRequest {
    pub configuration: Configuration,
    /// Whether it is the suggestion as it was, an edited one, or one by hand.
    pub origin: Origin,
    pub edited: Vec<String>,
    /// Mean and sd of an observation, in the user's units.
    pub predicted: Option<(f64, f64)>,
    /// Name and value of the acquisition function.
    pub acquisition: Option<(&'static str, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Suggested,
    Edited,
    Manual,
}

impl Origin {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
            Self::Edited => "edited",
            Self::Manual => "manual",
        }
    }
}

/// A word to the loop of `tunescope run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunWord {
    /// Finish what runs, start nothing new.
    Finish,
    /// Stop what runs; it is run again by the next loop.
    Stop,
    /// Leave what runs to go on alone.
    Leave,
}

/// One thing to do outside.
#[derive(Clone, Debug)]
pub enum Effect {
    Fit(Box<FitRequest>),
    /// Count what is queued in the model that is shown, without a fit.
    Believe(Box<FitRequest>),
    Explore(Box<ExploreRequest>),
    Compare(Box<CompareOrder>),
    CompareKernels(Box<KernelOrder>),
    /// `None`: it is no longer wanted.
    Replay(Option<Box<ReplayOrder>>),
    Race(Option<Box<RaceOrder>>),
    /// `None`: they are no longer looked at.
    Prospect(Option<Box<ProspectOrder>>),
    Sample(Box<SampleOrder>),
    Climb(Box<LadderOrder>),
    Map(Box<LikelihoodOrder>),
    Deliver(Box<DeliverRequest>),
    /// Withdraw the receipt with this id.
    Withdraw(String),
    /// Read from now on another study of the source.
    ChooseStudy(String),
    /// Ask for what was decided on a study when the program ran before.
    Recall {
        study: String,
    },
    /// Write down what was decided; empty: there is nothing left to keep.
    Keep {
        study: String,
        kept: Box<Kept>,
    },
    /// Write down what was seen of a study.
    Look {
        study: String,
        seen: Box<Seen>,
    },
    /// Ring the terminal's bell.
    Bell,
    /// Write the panes as they are to a file, in the format that its name ends in.
    Write {
        path: String,
    },
    Copy {
        text: String,
        what: String,
    },
    SetMouse(bool),
    /// Write down that a lesson of ours was played to its end.
    LessonDone(&'static str),
    Run(RunWord),
    /// Write down how a game went.
    SaveGame(Box<serde_json::Value>),
    RedrawFully,
    Suspend,
    Quit(Quit),
}
