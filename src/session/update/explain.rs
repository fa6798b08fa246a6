//! Samples, the ladder of ξ and the likelihood map: asked for where they are on screen and what they depend on has
//! changed, taken in as they come.

use std::sync::Arc;

use crate::analysis::likelihood::Place;
use crate::analysis::samples::MOST;
use crate::analysis::{Ladder, LadderRequest, LikelihoodMap, Prospects, Samples, knobs, ladder};
use crate::session::effect::{Effect, LadderOrder, LikelihoodOrder, ProspectOrder, SampleOrder};
use crate::session::explained::HistoryLayer;
use crate::session::model::{Model, Pane, Stamped};

use super::{compare, data, say, tune};

/// How many samples one key adds or takes away.
const COUNTS: [usize; 7] = [0, 1, 2, 4, 8, 16, MOST];
/// Drawn where samples are switched on.
const USUAL: usize = 8;

/// Asks for what is on screen and has not been asked for as it is now.
pub fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    ask_prospects(model, effects);
    if model.surrogate.is_none() || model.in_hand().is_empty() {
        return;
    }
    ask_samples(model, effects);
    if model.is_wanted(Pane::Ladder) {
        ask_ladder(model, effects);
    }
    if model.is_wanted(Pane::Evidence) {
        ask_likelihood(model, effects);
    }
}

fn ask_samples(model: &mut Model, effects: &mut Vec<Effect>) {
    let count = model.explained.samples.min(MOST);
    let Some(surrogate) = &model.surrogate else { return };
    if count == 0 {
        return;
    }
    let of = (surrogate.fit, model.in_hand().to_vec(), count);
    if model.explained.asked.samples.as_ref() == Some(&of) {
        return;
    }
    effects.push(Effect::Sample(Box::new(SampleOrder {
        fit: surrogate.fit,
        data: surrogate.data,
        surrogate: surrogate.value.clone(),
        probe: of.1.clone(),
        count,
    })));
    model.explained.asked.samples = Some(of);
}

fn ask_ladder(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(surrogate) = &model.surrogate else { return };
    let request = LadderRequest {
        param: model.param,
        probe: model.in_hand().to_vec(),
        suggest: compare::suggest_request(model),
    };
    // Only along a slice do probe and parameter matter; a ξ that has its rung changes nothing.
    let mut key = request.clone();
    let is_slice = (model.explained.ladder.as_ref()).is_some_and(|l| l.value.way == ladder::Way::Slice);
    if !is_slice {
        key.param = 0;
        key.probe.clear();
    }
    if ladder::RUNGS.contains(&key.suggest.acquisition.xi) {
        key.suggest.acquisition.xi = 0.0;
    }
    let of = (surrogate.fit, key);
    if model.explained.asked.ladder.as_ref() == Some(&of) {
        return;
    }
    effects.push(Effect::Climb(Box::new(LadderOrder {
        fit: surrogate.fit,
        data: surrogate.data,
        surrogate: surrogate.value.clone(),
        request,
    })));
    model.explained.asked.ladder = Some(of);
}

fn ask_likelihood(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(surrogate) = &model.surrogate else { return };
    let (fit, param) = (surrogate.fit, model.param);
    if model.explained.asked.likelihood == Some((fit, param)) {
        return;
    }
    model.explained.asked.likelihood = Some((fit, param));
    let of = surrogate.value.likelihood_of(param);
    let is_known = match (&of, &model.explained.asked.map) {
        (Some(new), Some(old)) => new.is_like(old),
        _ => false,
    };
    if is_known {
        return;
    }
    let order = LikelihoodOrder {
        fit,
        data: surrogate.data,
        surrogate: surrogate.value.clone(),
        param,
        within: fitted_place(model).into_iter().collect(),
    };
    model.explained.asked.map = of;
    if model.explained.asked.map.is_some() {
        effects.push(Effect::Map(Box::new(order)));
    }
}

/// The lengthscale of the chosen parameter and the noise as they were fitted.
#[must_use]
pub fn fitted_place(model: &Model) -> Option<Place> {
    let file = &model.fitted.as_ref()?.model;
    Some(Place {
        lengthscale: tune::lengthscale_knob(model, &knobs::knobs(file))?.value,
        noise_sd: file.noise_variance.sqrt(),
    })
}

/// Takes in samples; maxima that are still looked for stay what they were where the fit is the same.
pub fn sampled(model: &mut Model, mut stamped: Stamped<Samples>) {
    if !data::has_ground(model, stamped.data) || stamped.fit > model.fit_id {
        return;
    }
    if stamped.value.optima.is_empty()
        && let Some(before) = model.explained.sampled.take()
        && before.fit == stamped.fit
    {
        stamped.value.optima = before.value.optima;
        stamped.value.optima.truncate(stamped.value.count);
    }
    model.explained.sampled = Some(stamped);
}

/// Takes in a ladder. One that is still being climbed does not replace a whole one.
pub fn climbed(model: &mut Model, stamped: Stamped<Ladder>) {
    let n = model.study.space.len();
    let fits = stamped.value.rungs.iter().all(|r| r.configuration.len() == n);
    if !data::has_ground(model, stamped.data) || stamped.fit > model.fit_id || !fits {
        return;
    }
    let is_whole = (model.explained.ladder.as_ref()).is_some_and(|l| l.value.is_complete);
    if stamped.value.is_complete || !is_whole {
        model.explained.ladder = Some(stamped);
    }
}

/// Takes in a map. A coarse one does not replace a fine one of the same parameter.
pub fn mapped(model: &mut Model, stamped: Stamped<LikelihoodMap>) {
    if !data::has_ground(model, stamped.data)
        || stamped.fit > model.fit_id
        || stamped.value.param >= model.study.space.len()
    {
        return;
    }
    let is_step_back = stamped.value.coarse
        && (model.explained.likelihood.as_ref())
            .is_some_and(|m| !m.value.coarse && m.value.param == stamped.value.param);
    if !is_step_back {
        model.explained.likelihood = Some(stamped);
    }
}

/// Draws so many samples from now on.
pub fn set_samples(model: &mut Model, count: usize) {
    model.explained.samples = count.min(MOST);
    let is_prior = model
        .lab
        .as_ref()
        .is_some_and(|l| l.bench.has_truth() && l.bench.points().is_empty());
    let words = match model.explained.samples {
        n if n > 0 && is_prior => format!("{n} functions drawn from the prior: nothing is known yet"),
        0 => "no posterior samples are drawn".to_owned(),
        1 => "one posterior sample, with the place of its best value".to_owned(),
        n => format!("{n} posterior samples, each with the place of its best value"),
    };
    say(model, words, false);
}

/// The next layer of the history; regret gives the optimum away, so it takes a truth that is shown.
pub fn next_history(model: &mut Model) {
    let shows_truth = model.lab.as_ref().is_some_and(|l| l.truth_shown());
    model.explained.history = match model.explained.history {
        HistoryLayer::Values if shows_truth => HistoryLayer::Regret,
        HistoryLayer::Values | HistoryLayer::Regret => HistoryLayer::Prospects,
        HistoryLayer::Prospects => HistoryLayer::Values,
    };
    let can_show = model.lab.as_ref().is_some_and(|l| l.bench.has_truth());
    if model.explained.history == HistoryLayer::Values && can_show && !shows_truth {
        say(
            model,
            "regret tells where the optimum is: V shows the truth first",
            false,
        );
    }
}

/// Asks for what was to be gained in the past while that is looked at, and calls it off where it is not.
fn ask_prospects(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.explained.history != HistoryLayer::Prospects {
        let prospects = &mut model.explained.prospects;
        if std::mem::take(&mut prospects.is_running) {
            // Asked for again, it goes on where it was.
            effects.push(Effect::Prospect(None));
        }
        return;
    }
    let study = Arc::clone(model.real());
    let prospects = &mut model.explained.prospects;
    let before = (prospects.of.take()).filter(|(_, settings)| *settings == model.settings);
    let is_same = before.as_ref().is_some_and(|(old, _)| Arc::ptr_eq(old, &study));
    if is_same && (prospects.is_running || prospects.is_whole) {
        prospects.of = before;
        return;
    }
    if before.is_none() {
        prospects.found = Arc::default();
    }
    prospects.round += 1;
    (prospects.is_running, prospects.is_whole) = (true, false);
    effects.push(Effect::Prospect(Some(Box::new(ProspectOrder {
        round: prospects.round,
        study: Arc::clone(&study),
        settings: model.settings.clone(),
        earlier: before.map(|(old, _)| (old, Arc::clone(&prospects.found))),
    }))));
    prospects.of = Some((study, model.settings.clone()));
}

/// Takes in what was to be gained, as far as it is known.
pub fn prospected(model: &mut Model, round: u64, found: Arc<Prospects>) {
    let prospects = &mut model.explained.prospects;
    if prospects.round == round && prospects.of.is_some() {
        prospects.is_whole = found.is_done();
        prospects.is_running &= !prospects.is_whole;
        prospects.found = found;
    }
}

pub fn toggle_samples(model: &mut Model) {
    let count = if model.explained.samples == 0 { USUAL } else { 0 };
    set_samples(model, count);
}

pub fn step_samples(model: &mut Model, up: bool) {
    let now = model.explained.samples;
    let next = if up {
        COUNTS.into_iter().find(|c| *c > now)
    } else {
        COUNTS.into_iter().rev().find(|c| *c < now)
    };
    set_samples(model, next.unwrap_or(now));
}

/// Puts the hyperparameters of the map on its next optimum.
pub fn next_optimum(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(map) = &model.explained.likelihood else {
        return say(model, "the map of the likelihood is still being made", true);
    };
    let here = (model.surrogate.as_ref()).and_then(|s| s.value.lengthscale_and_noise(map.value.param));
    let places: Vec<Place> = map.value.optima.iter().map(|o| o.place).collect();
    let close = |p: &Place| {
        here.is_some_and(|h| {
            (h.lengthscale / p.lengthscale).ln().abs() < 0.05 && (h.noise_sd / p.noise_sd).ln().abs() < 0.05
        })
    };
    let next = places
        .iter()
        .position(close)
        .map_or(0, |i| (i + 1) % places.len());
    match places.get(next) {
        Some(place) => tune::set_place(model, *place, effects),
        None => say(model, "the map has no optimum", true),
    }
}
