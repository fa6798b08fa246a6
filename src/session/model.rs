//! Everything the screen shows, in one place.

use std::sync::Arc;

use crate::analysis::{
    AcquisitionSettings, Comparison, History, Importance, Layer, ModelFile, ModelSettings, Slice, Suggestion,
    Surface, Surrogate, Trust,
};
use crate::study::{Configuration, Study, StudyEntry, Value};

use super::draft::{Consequences, Draft};
use super::explained::Explained;
use super::game::Games;
use super::hit::HitMap;
use super::kept::{ByHand, Keeping};
use super::kernels::Kernels;
use super::lab::Lab;
use super::lens::Lens;
use super::race::Races;
use super::receipt::Receipt;
use super::table::Table;

/// The panes, in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    #[default]
    Slices,
    Surface,
    Trials,
    Suggestion,
    History,
    /// Why EI is what it is at the probe.
    Improvement,
    /// Where the next point lies for each ξ.
    Ladder,
    /// The likelihood over lengthscale and noise.
    Evidence,
    /// Acquisition functions against each other and against chance.
    Race,
    /// The lesson that is played in the lab.
    Lesson,
}

impl Pane {
    pub const ALL: [Self; 10] = [
        Self::Slices,
        Self::Surface,
        Self::Trials,
        Self::Suggestion,
        Self::History,
        Self::Improvement,
        Self::Ladder,
        Self::Evidence,
        Self::Race,
        Self::Lesson,
    ];

    /// Those that a wide screen shows all at once, in reading order.
    pub const OVERVIEW: [Self; 5] = [
        Self::Slices,
        Self::Surface,
        Self::Trials,
        Self::Suggestion,
        Self::History,
    ];

    /// The pane of the overview whose place this one takes once it is asked for; `None` for those of the overview.
    #[must_use]
    pub fn host(self) -> Option<Self> {
        match self {
            Self::Slices | Self::Surface | Self::Trials | Self::Suggestion | Self::History | Self::Lesson => {
                None
            }
            Self::Improvement => Some(Self::Slices),
            Self::Ladder | Self::Race => Some(Self::History),
            Self::Evidence => Some(Self::Surface),
        }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Slices => "slices",
            Self::Surface => "surface",
            Self::Trials => "trials",
            Self::Suggestion => "suggestion",
            Self::History => "history",
            Self::Improvement => "EI",
            Self::Ladder => "ladder",
            Self::Evidence => "evidence",
            Self::Race => "race",
            Self::Lesson => "lesson",
        }
    }

    /// The digit that focuses it.
    #[must_use]
    pub fn number(self) -> usize {
        match self {
            Self::Slices => 1,
            Self::Surface => 2,
            Self::Trials => 3,
            Self::Suggestion => 4,
            Self::History => 5,
            Self::Improvement => 6,
            Self::Ladder => 7,
            Self::Evidence => 8,
            Self::Race => 9,
            Self::Lesson => 0,
        }
    }
}

/// A result with what it was computed from.
#[derive(Clone, Debug)]
pub struct Stamped<T> {
    /// The fit that it belongs to.
    pub fit: u64,
    /// The data that the fit had seen.
    pub data: u64,
    pub value: T,
}

/// What is known of the source, in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceStatus {
    /// Kind in words: "JSONL", "Optuna journal", …; empty while unknown.
    pub kind: String,
    /// The path as it may be shown.
    pub path: String,
    pub state: SourceState,
    /// Seconds since the epoch of the last change that was read.
    pub changed: Option<f64>,
    /// Seconds since the epoch of the last look at the file (event or poll).
    pub checked: Option<f64>,
    /// The studies that the source holds, where it may hold several.
    pub studies: Arc<[StudyEntry]>,
    /// The study that was asked for by name, when this was read.
    pub chosen: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum SourceState {
    /// Not looked at yet.
    #[default]
    Opening,
    /// Being read for the first time: bytes done and all.
    Reading {
        done: u64,
        total: u64,
    },
    Live,
    /// The file does not exist (yet, or no more).
    Missing,
    /// It cannot be read: why.
    Failed(String),
    /// It cannot change: standard input that has ended.
    Ended,
}

/// What the fitting worker is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FitStatus {
    /// Nothing to fit yet.
    #[default]
    Idle,
    /// Since when (seconds since the epoch).
    Fitting { since: f64 },
    /// The model stands on all the data read.
    Current,
    /// The last fit failed, the previous model is still shown: why.
    Failed(String),
}

/// What fitting gave, beside which hyperparameters set by hand are judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    pub model: ModelFile,
    pub log_marginal_likelihood: f64,
    pub loo: f64,
    /// The data that it was fitted to.
    pub data: u64,
}

/// All that a surface depends on: where none of it has changed, the surface has not.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceOf {
    pub fit: u64,
    pub acquisition: AcquisitionSettings,
    pub pair: (usize, usize),
    /// The probe, without its values of the pair.
    pub rest: Configuration,
    pub suggestion: Option<Configuration>,
}

/// Where the probe came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProbeOrigin {
    #[default]
    Suggestion,
    Best,
    Centre,
    /// A trial (index into `Study::trials`).
    Trial(usize),
    /// Moved by hand.
    Moved,
}

/// The configuration that all panes share.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// Empty while there is no space.
    pub configuration: Configuration,
    pub origin: ProbeOrigin,
    pub consequences: Option<Consequences>,
}

/// A region that suggestions leave alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    pub configuration: Configuration,
    /// Seconds since the epoch.
    pub when: f64,
}

/// What the trial table is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// Order in the source.
    Order,
    State,
    Value,
    Seconds,
    /// A column (index into `Study::columns`).
    Column(usize),
}

/// What a person is asked to confirm, with exactly what will be written and where.
#[derive(Clone, Debug, PartialEq)]
pub enum Confirm {
    Accept {
        configuration: Configuration,
        text: String,
        place: String,
    },
    Withdraw {
        receipt: usize,
    },
    QuitWithDraft,
    /// Drops what was decided and not delivered: what that is, in words.
    Forget {
        what: String,
    },
    /// The loop of `tunescope run` is at work: what becomes of it?
    QuitRun,
}

/// The loop that feeds this source, where the explorer was opened by `tunescope run`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunStatus {
    /// Whether it still starts or awaits trials.
    pub is_active: bool,
    /// What it does, or why it is over; scrubbed.
    pub words: String,
    pub running: usize,
}

/// What lies over the panes.
#[derive(Clone, Debug)]
pub enum Overlay {
    Help {
        scroll: usize,
    },
    /// The list of bad rows and warnings.
    Diagnostics {
        scroll: usize,
    },
    /// One trial in detail (index into `Study::trials`).
    Trial {
        trial: usize,
        scroll: usize,
    },
    /// The model: kernel, lengthscales, noise, likelihood, trust, lints.
    Model {
        scroll: usize,
    },
    /// Rejected regions.
    Rejections {
        cursor: usize,
    },
    /// `:` with the completions of what is typed.
    Command {
        input: tui_input::Input,
        completions: Vec<String>,
        remark: Option<String>,
    },
    /// `/` in the table: filter expression.
    Filter {
        input: tui_input::Input,
        remark: Option<String>,
    },
    Confirm(Confirm),
    /// The studies of the source.
    Studies {
        cursor: usize,
    },
    /// Kernels and the evidence of each.
    Kernels {
        cursor: usize,
    },
    /// Acquisition functions side by side.
    Compare {
        cursor: usize,
    },
    /// Hyperparameters, to be set by hand.
    Knobs {
        cursor: usize,
    },
    /// The band that is expected for a placed point.
    Band {
        /// Drawn with the arrow keys; `None`: what is typed counts.
        drawn: Option<crate::learn::game::Band>,
        input: tui_input::Input,
        remark: Option<String>,
    },
    /// The end of a game.
    Game {
        scroll: usize,
    },
    /// A result to be imagined for a configuration.
    Imagine {
        configuration: Configuration,
        /// What is predicted for it: mean and sd of an observation, in the user's units.
        predicted: Option<(f64, f64)>,
        input: tui_input::Input,
        remark: Option<String>,
    },
    /// Lessons and functions of the lab.
    Course {
        cursor: usize,
    },
}

/// One line for the person, until the next key or until it fades.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    pub is_error: bool,
    pub since: f64,
}

/// Which theme is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    #[default]
    Dark,
    Light,
}

/// How many colours may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorLevel {
    None,
    Sixteen,
    Indexed256,
    #[default]
    True,
}

/// How things are drawn; changed by keys and `:` commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appearance {
    pub theme: ThemeChoice,
    pub color: ColorLevel,
    /// Index of the colour ramp of surfaces.
    pub ramp: usize,
    /// Plain ASCII instead of Braille and blocks.
    pub ascii: bool,
    pub crosshair: bool,
    pub contours: bool,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            color: ColorLevel::default(),
            ramp: 0,
            ascii: false,
            crosshair: true,
            contours: true,
        }
    }
}

/// Why the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quit {
    Silent,
    /// Prints a plain summary after the screen is restored.
    WithSummary,
}

/// The whole state of a session.
#[derive(Clone, Debug)]
pub struct Model {
    /// Seconds since the epoch, as of the last message.
    pub now: f64,
    pub size: (u16, u16),

    // what was read
    pub source: SourceStatus,
    pub run: Option<RunStatus>,
    /// What only the lab has, where the trials come from its bench.
    pub lab: Option<Box<Lab>>,
    /// As it is seen: with a lens on, not as it was read ([`Model::real`]).
    pub study: Arc<Study>,
    pub lens: Lens,
    /// Counts the changes of the data; every result carries the one it saw.
    pub data: u64,
    /// The first count of data that is about the present study and space: no older result may be shown.
    pub ground: u64,
    /// The study that is asked for by name; `None`: the source's own choice.
    pub chosen: Option<String>,
    pub history: History,

    // what was computed
    pub settings: ModelSettings,
    pub acquisition: AcquisitionSettings,
    pub fit: FitStatus,
    /// Counts fits that arrived.
    pub fit_id: u64,
    pub surrogate: Option<Stamped<Arc<Surrogate>>>,
    /// The last model whose hyperparameters were fitted.
    pub fitted: Option<Fitted>,
    pub suggestions: Option<Stamped<Vec<Suggestion>>>,
    /// Counts the suggestions asked for, and the last of them that was answered.
    pub asked: u64,
    pub answered: u64,
    pub slices: Option<Stamped<Vec<Slice>>>,
    pub surface: Option<Stamped<Surface>>,
    /// What the surface was last asked for, and what the one that is shown is of.
    pub surface_asked: Option<SurfaceOf>,
    pub surface_shown: Option<SurfaceOf>,
    pub comparison: Option<Stamped<Comparison>>,
    pub kernels: Kernels,
    pub races: Races,
    pub games: Games,
    pub explained: Explained,
    pub trust: Option<Stamped<Trust>>,
    pub importance: Option<Stamped<Importance>>,
    /// Advice on stopping, a sentence.
    pub stopping: Option<Stamped<String>>,

    // what the person does
    pub probe: Probe,
    pub draft: Option<Draft>,
    /// What was set by hand of model and acquisition function.
    pub by_hand: ByHand,
    /// What model and acquisition function were when the program started.
    pub start: (ModelSettings, AcquisitionSettings),
    /// What of them the person stated at the start: what was kept gives way to it.
    pub stated: ByHand,
    pub keeping: Keeping,
    /// One a parameter: the value it is locked at.
    pub locks: Vec<Option<Value>>,
    pub rejections: Vec<Rejection>,
    /// Newest first.
    pub receipts: Vec<Receipt>,
    /// The fit and the queue that it was asked to count, while the answer is on its way.
    pub queue_asked: Option<(u64, Vec<Configuration>)>,
    /// What accepting does with this source, in words; `None`: it cannot be delivered, `Err` says why.
    pub door: Result<String, String>,

    // how it is looked at
    pub focus: Pane,
    /// Panes that stand in the place of one of the overview, see [`Pane::host`].
    pub guests: Vec<Pane>,
    pub zoomed: bool,
    pub overlay: Option<Overlay>,
    pub notice: Option<Notice>,
    pub table: Table,
    /// Parameter under the cursor in slices and suggestion (index into `Space::params`).
    pub param: usize,
    /// Receipt under the cursor while the suggestion pane's cursor is below the parameters.
    pub receipt_cursor: Option<usize>,
    /// First slice drawn, in the order of importance.
    pub slice_offset: usize,
    pub layer: Layer,
    /// Parameters of the surface: `(x, y)`; `None`: the pair that matters most.
    pub pair: Option<(usize, usize)>,
    /// New data is read but panes stand still.
    pub frozen: bool,
    /// The newest study read while frozen.
    pub held: Option<Arc<Study>>,
    pub mouse: bool,
    pub appearance: Appearance,
    pub hits: HitMap,
    pub quit: Option<Quit>,
}

impl Model {
    /// A session on a source of which nothing is known yet.
    #[must_use]
    pub fn new(now: f64, size: (u16, u16)) -> Self {
        Self {
            now,
            size,
            source: SourceStatus::default(),
            run: None,
            lab: None,
            study: Arc::new(Study::empty()),
            lens: Lens::default(),
            data: 0,
            ground: 0,
            chosen: None,
            history: History::default(),
            settings: ModelSettings::default(),
            acquisition: AcquisitionSettings::default(),
            fit: FitStatus::default(),
            fit_id: 0,
            surrogate: None,
            fitted: None,
            suggestions: None,
            asked: 0,
            answered: 0,
            slices: None,
            surface: None,
            surface_asked: None,
            surface_shown: None,
            comparison: None,
            kernels: Kernels::default(),
            races: Races::default(),
            games: Games::default(),
            explained: Explained::default(),
            trust: None,
            importance: None,
            stopping: None,
            probe: Probe::default(),
            draft: None,
            by_hand: ByHand::default(),
            start: Default::default(),
            stated: ByHand::default(),
            keeping: Keeping::default(),
            locks: Vec::new(),
            rejections: Vec::new(),
            receipts: Vec::new(),
            queue_asked: None,
            door: Err("the source is not open yet".to_owned()),
            focus: Pane::default(),
            guests: Vec::new(),
            zoomed: false,
            overlay: None,
            notice: None,
            table: Table::default(),
            param: 0,
            receipt_cursor: None,
            slice_offset: 0,
            layer: Layer::default(),
            pair: None,
            frozen: false,
            held: None,
            mouse: false,
            appearance: Appearance::default(),
            hits: HitMap::default(),
            quit: None,
        }
    }

    /// Whether a result was computed from older data than what has been read.
    #[must_use]
    pub fn is_stale<T>(&self, stamped: &Stamped<T>) -> bool {
        stamped.data < self.data
    }

    /// The suggestion that is shown: the first of the batch.
    #[must_use]
    pub fn suggestion(&self) -> Option<&Suggestion> {
        self.suggestions.as_ref().and_then(|s| s.value.first())
    }

    /// What stands in the place of a pane of the overview: itself, or the guest that was asked for.
    #[must_use]
    pub fn in_place_of(&self, host: Pane) -> Pane {
        if self.focus.host() == Some(host) {
            return self.focus;
        }
        let guest = self.guests.iter().find(|g| g.host() == Some(host));
        guest.copied().filter(|_| self.focus != host).unwrap_or(host)
    }

    /// Whether a pane may be on screen, so that what it shows is worth computing.
    #[must_use]
    pub fn is_wanted(&self, pane: Pane) -> bool {
        pane.host().is_none_or(|host| self.in_place_of(host) == pane)
    }

    /// The configuration in hand: the draft where there is one, else the probe.
    #[must_use]
    pub fn in_hand(&self) -> &[Value] {
        self.draft
            .as_ref()
            .map_or(&self.probe.configuration, |d| &d.values)
    }

    /// Parameters in the order in which they matter (indices into `Space::params`).
    #[must_use]
    pub fn params_by_importance(&self) -> Vec<usize> {
        let mut order: Vec<usize> = match &self.importance {
            Some(importance) => importance.value.shares.iter().map(|s| s.param).collect(),
            None => Vec::new(),
        };
        order.retain(|p| *p < self.study.space.len());
        for p in 0..self.study.space.len() {
            if !order.contains(&p) {
                order.push(p);
            }
        }
        order
    }

    /// What a surface asked for now would be of.
    #[must_use]
    pub fn surface_of(&self) -> Option<SurfaceOf> {
        let pair = self.surface_pair()?;
        let mut rest = self.in_hand().to_vec();
        for i in [pair.0, pair.1] {
            if let Some(value) = rest.get_mut(i) {
                *value = Value::Null;
            }
        }
        Some(SurfaceOf {
            fit: self.fit_id,
            acquisition: self.acquisition,
            pair,
            rest,
            suggestion: self.suggestion().map(|s| s.configuration.clone()),
        })
    }

    /// The parameters of the surface: chosen, or the pair that matters most, or the first two.
    #[must_use]
    pub fn surface_pair(&self) -> Option<(usize, usize)> {
        let n = self.study.space.len();
        if n < 2 {
            return None;
        }
        self.pair
            .or_else(|| self.importance.as_ref().and_then(|i| i.value.top_pair))
            .filter(|(x, y)| x != y && *x < n && *y < n)
            .or_else(|| {
                let order = self.params_by_importance();
                Some((*order.first()?, *order.get(1)?))
            })
    }
}
