//! Starting races and taking in how they stand.

use std::sync::Arc;

use crate::learn::race::{Course, Race, RaceRequest, Runner, StandIn};
use crate::session::effect::{Effect, RaceOrder};
use crate::session::lab::Lab;
use crate::session::model::{Model, Pane};
use crate::session::race::EVALUATIONS;
use crate::study::{Configuration, past};

use super::say;

/// Starts a race where none was run yet and the pane is looked at.
pub fn begin(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.focus == Pane::Race && model.races.last.is_none() && !model.races.is_running {
        start(model, effects);
    }
}

/// Starts the next race, with a seed of its own.
pub fn start(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some((request, ground)) = request(model) else {
        return say(
            model,
            "there is nothing to race on yet: it takes a model of a few finished trials",
            true,
        );
    };
    let races = &mut model.races;
    if races.ground != ground {
        // Ranks on other ground say nothing about this.
        races.ranks.clear();
        races.ground = ground;
    }
    races.round += 1;
    races.seed += 1;
    races.is_running = true;
    races.last = None;
    effects.push(Effect::Race(Some(Box::new(RaceOrder {
        round: races.round,
        request,
    }))));
}

/// Calls off the race that runs.
pub fn stop(model: &mut Model, effects: &mut Vec<Effect>) {
    if !std::mem::take(&mut model.races.is_running) {
        return say(model, "no race is running", false);
    }
    model.races.round += 1;
    effects.push(Effect::Race(None));
    say(model, "the race is called off; it does not count", false);
}

/// How the race stands.
pub fn raced(model: &mut Model, round: u64, race: Arc<Race>) {
    if round != model.races.round {
        return;
    }
    if race.is_done() && std::mem::take(&mut model.races.is_running) {
        model.races.count(&race);
    }
    model.races.last = Some(race);
}

/// The cursor among the lanes.
pub fn step(model: &mut Model, by: isize) {
    let lanes = model.races.last.as_ref().map_or(0, |r| r.lanes.len());
    let next = model.races.cursor.saturating_add_signed(by);
    model.races.cursor = next.min(lanes.saturating_sub(1));
}

/// On the mean of the model, from where the study itself began; its other trials are the learner's way.
fn request(model: &Model) -> Option<(RaceRequest, String)> {
    if let Some(lab) = model.lab.as_ref().filter(|l| l.bench.has_truth()) {
        return Some(on_bench(model, lab));
    }
    let surrogate = &model.surrogate.as_ref()?.value;
    let course = StandIn::new(Arc::clone(surrogate));
    let study = &model.study;
    let ran: Vec<Configuration> = (past::ended(study).into_iter())
        .filter_map(|i| super::navigate::configuration_of(&study.space, study.trials.get(i)?))
        .collect();
    let dims = study.space.len();
    let start: Vec<(Configuration, f64)> = (ran.iter().take((dims + 1).min(5)))
        .filter_map(|c| Some((c.clone(), surrogate.predict(c).ok()?.mean)))
        .collect();
    let yours = ran.into_iter().skip(start.len()).take(EVALUATIONS).collect();
    let ground = format!(
        "the mean of the model of {} trials",
        surrogate.summary.trials_used
    );
    Some((on(model, Arc::new(course), start, yours), ground))
}

/// On the true function of the lab, from its start points; what the learner added since is their way.
fn on_bench(model: &Model, lab: &Lab) -> (RaceRequest, String) {
    let bench = &lab.bench;
    let start: Vec<(Configuration, f64)> = (bench.start().iter())
        .map(|p| (p.configuration.clone(), bench.value(p)))
        .collect();
    let yours = (bench.points().iter())
        .filter(|p| !bench.start().contains(p))
        .map(|p| p.configuration.clone())
        .take(EVALUATIONS)
        .collect();
    (
        on(model, Arc::new(bench.clone()), start, yours),
        lab.title.clone(),
    )
}

/// The race of all runners on a course, under the settings of the session.
fn on(
    model: &Model,
    course: Arc<dyn Course>,
    start: Vec<(Configuration, f64)>,
    yours: Vec<Configuration>,
) -> RaceRequest {
    RaceRequest {
        course,
        start,
        yours,
        runners: Runner::ALL.to_vec(),
        evaluations: EVALUATIONS,
        settings: crate::analysis::ModelSettings {
            // Hyperparameters that are given belong to the model that is raced on.
            given: None,
            ..model.settings.clone()
        },
        acquisition: model.acquisition,
        seed: model.settings.seed.wrapping_add(model.races.seed),
    }
}
