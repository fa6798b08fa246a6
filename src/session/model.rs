//! Everything the screen shows, in one place.

mod appearance;
mod overlay;
mod pane;
mod source;

pub use appearance::{Appearance, ColorLevel, ThemeChoice};
pub use overlay::{Confirm, Overlay};
pub use pane::Pane;
pub use source::{SourceState, SourceStatus};

use std::sync::Arc;

use crate::analysis::{
    AcquisitionSettings, Advice, Comparison, History, Importance, Layer, ModelFile, ModelSettings, Slice,
    Suggestion, Surface, Surrogate, Trust,
};
use crate::study::{Configuration, Study, Value};

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
use super::seen::LastLook;
use super::table::Table;

/// A result with what it was computed from.
#[derive(Clone, Debug)]
pub struct Stamped<T> {
    /// The fit that it belongs to.
    pub fit: u64,
    /// The data that the fit had seen.
    pub data: u64,
    pub value: T,
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
    /// What is measured of a constraint (index into `Study::constraints`).
    Constraint(usize),
    /// A column (index into `Study::columns`).
    Column(usize),
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

/// One line for the person, until the next key or until it fades.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    pub is_error: bool,
    pub since: f64,
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
    pub stopping: Option<Stamped<Advice>>,

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
    /// What was seen when the program ran before.
    pub look: LastLook,
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
    /// Whether a new best rings the bell.
    pub bell: bool,
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
            look: LastLook::default(),
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
            bell: false,
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
