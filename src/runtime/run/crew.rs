//! The threads beside the loop.

use std::sync::mpsc::Sender;

use super::{Event, Settings};
use crate::io::watch::{Pace, Sign, Watch};
use crate::runtime::clerk::Clerk;
use crate::runtime::keeper::Keeper;
use crate::runtime::reading::Reading;
use crate::runtime::worker::compare::Comparer;
use crate::runtime::worker::explore::Explorer;
use crate::runtime::worker::fit::Fitter;
use crate::runtime::worker::long::{prospects, race, replay};
use crate::runtime::worker::single::Single;
use crate::session::Effect;
use crate::session::effect::{ProspectOrder, RaceOrder, ReplayOrder};

/// Everything that works beside the loop; dropped (and joined) before the terminal is given back.
pub(super) struct Crew {
    pub sourced: Option<Sourced>,
    pub fitter: Fitter,
    pub explorer: Explorer,
    pub comparer: Comparer,
    pub replayer: Single<ReplayOrder>,
    pub racer: Single<RaceOrder>,
    pub prospector: Single<ProspectOrder>,
}

/// Those that work on a source: none in the lab.
pub(super) struct Sourced {
    reading: Reading,
    /// Watches the queue folder: a claimed or finished entry shows at once.
    _queue: Watch,
    pub clerk: Clerk,
    keeper: Keeper,
}

impl Sourced {
    fn start(settings: Settings, events: &Sender<Event>) -> std::io::Result<Self> {
        let tell = || {
            let events = events.clone();
            move |msg| events.send(Event::Msg(msg)).is_ok()
        };
        let study = settings.read.study.clone();
        let clerk = Clerk::spawn(settings.source.clone(), study, settings.on_accept, tell())?;
        let queue = crate::io::delivery::QueueFolder::beside(&settings.source);
        let looks = clerk.looks();
        let queue = Watch::folder(queue.root(), Pace::default(), move |sign| {
            if sign == Sign::Changed {
                looks();
            }
        })?;
        let keeper = Keeper::spawn(settings.source.clone(), settings.title.is_none(), tell())?;
        let reading = Reading::spawn(settings.source, settings.read, settings.title, tell())?;
        Ok(Self {
            reading,
            _queue: queue,
            clerk,
            keeper,
        })
    }
}

impl Sourced {
    pub fn perform(&self, effect: Effect) {
        match effect {
            Effect::Deliver(request) => self.clerk.deliver(*request),
            Effect::Withdraw(id) => self.clerk.withdraw(id),
            Effect::ChooseStudy(study) => {
                self.clerk.choose(study.clone());
                self.reading.choose(study);
            }
            Effect::Recall { study } => self.keeper.recall(study),
            Effect::Keep { study, kept } => self.keeper.keep(study, kept),
            Effect::Look { study, seen } => self.keeper.look(study, seen),
            _ => {}
        }
    }
}

impl Crew {
    pub fn start(settings: Settings, is_lab: bool, events: &Sender<Event>) -> std::io::Result<Self> {
        let tell = || {
            let events = events.clone();
            move |msg| events.send(Event::Msg(msg)).is_ok()
        };
        let fitter = Fitter::spawn(tell())?;
        let explorer = Explorer::spawn(tell())?;
        let comparer = Comparer::spawn(tell())?;
        let replayer = Single::spawn("replay", replay, tell())?;
        let racer = Single::spawn("race", race, tell())?;
        let prospector = Single::spawn("prospects", prospects, tell())?;
        let sourced = (!is_lab).then(|| Sourced::start(settings, events)).transpose()?;
        let inputs = events.clone();
        crate::runtime::input::spawn(move |input| inputs.send(Event::Input(input)).is_ok())?;
        let signals = events.clone();
        crate::runtime::signals::spawn(move |signal| signals.send(Event::Signal(signal)).is_ok())?;
        Ok(Self {
            sourced,
            fitter,
            explorer,
            comparer,
            replayer,
            racer,
            prospector,
        })
    }
}
