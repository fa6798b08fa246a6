//! Long work on demand: judging every choice of a study, what was to be gained over time, and races.

use std::sync::Arc;

use crate::analysis::{Prospects, prospects as analysis, replay};
use crate::learn::race;
use crate::session::Msg;
use crate::session::effect::{ProspectOrder, RaceOrder, ReplayOrder};

/// Judges the choices of a study, one by one.
pub fn replay(order: ReplayOrder, say: &mut dyn FnMut(Msg), cancel: &dyn Fn() -> bool) {
    let round = order.round;
    let mut tell = |replay: &replay::Replay| {
        say(Msg::Replayed {
            round,
            replay: Arc::new(replay.clone()),
        });
    };
    let (settings, acquisition) = (&order.settings, &order.acquisition);
    let all = replay::replay(&order.study, settings, acquisition, order.done, &mut tell, cancel);
    if let Some(all) = all {
        tell(&all);
    }
}

/// What was to be gained after each trial, one by one.
pub fn prospects(order: ProspectOrder, say: &mut dyn FnMut(Msg), cancel: &dyn Fn() -> bool) {
    let round = order.round;
    let mut tell = |prospects: &Prospects| {
        say(Msg::Prospected {
            round,
            prospects: Arc::new(prospects.clone()),
        });
    };
    let earlier = (order.earlier.as_ref()).map(|(study, prospects)| (&**study, &**prospects));
    let all = analysis::prospects(&order.study, &order.settings, earlier, &mut tell, cancel);
    if let Some(all) = all {
        tell(&all);
    }
}

/// Runs a race, round by round.
pub fn race(order: RaceOrder, say: &mut dyn FnMut(Msg), cancel: &dyn Fn() -> bool) {
    let round = order.round;
    let mut tell = |race: &race::Race| {
        say(Msg::Raced {
            round,
            race: Arc::new(race.clone()),
        });
    };
    // What is told last is the end.
    drop(race::race(&order.request, &mut tell, cancel));
}
