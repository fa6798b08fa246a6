//! `update(&mut Model, Msg, now) -> Vec<Effect>`: the only way a session changes.

mod act;
mod compare;
mod data;
mod decide;
mod edit;
pub mod explain;
pub mod game;
mod keep;
pub mod kernels;
mod lab;
pub mod lens;
mod navigate;
pub mod overlay;
mod pointer;
mod race;
mod seen;
mod studies;
pub mod tune;

use crate::study::{Configuration, Value};

use super::action::Action;
use super::draft::Consequences;
use super::effect::{Effect, ExploreRequest, FitRequest, Parts};
use super::model::{FitStatus, Model, Notice};
use super::msg::Msg;

/// Seconds after which a notice fades.
const NOTICE_SECONDS: f64 = 8.0;

/// Changes the model by one message and says what is to be done outside. `now` is in seconds since the
/// epoch.
pub fn update(model: &mut Model, msg: Msg, now: f64) -> Vec<Effect> {
    model.now = now;
    // With any message, not with ticks alone: where much happens there is no time for a tick.
    if (model.notice.as_ref()).is_some_and(|n| now - n.since > NOTICE_SECONDS) {
        model.notice = None;
    }
    let mut effects = Vec::new();
    let is_key = matches!(msg, Msg::Act(_) | Msg::Text(_) | Msg::Pointer(_));
    if is_key {
        seen::key(model, matches!(msg, Msg::Act(Action::Back)));
    }
    match msg {
        Msg::Act(action) => {
            model.notice = None;
            lab::heed(model, &action);
            act::act(model, action, &mut effects);
        }
        Msg::Text(key) => {
            model.notice = None;
            overlay::text(model, key, &mut effects);
        }
        Msg::Paste(text) => overlay::paste(model, &text, &mut effects),
        Msg::Pointer(pointer) => pointer::pointer(model, pointer, &mut effects),
        Msg::Resize(width, height) => model.size = (width, height),
        Msg::Drawn(hits) => {
            model.hits = hits;
            navigate::clamp_scroll(model);
        }
        // Time alone has passed.
        Msg::Tick => {}
        Msg::Source(source) if source.chosen == model.chosen => model.source = source,
        Msg::Study { study, source } if source.chosen == model.chosen => {
            data::study(model, study, source, &mut effects);
        }
        // Said of a study that was left meanwhile.
        Msg::Source(_) | Msg::Study { .. } => {}
        Msg::Recalled {
            study,
            found,
            is_safe,
        } => keep::recalled(model, &study, found, is_safe, &mut effects),
        Msg::LookedLast { study, seen } => seen::recalled(model, study, seen),
        Msg::Run(run) => model.run = Some(run),
        Msg::Door(door) => model.door = door,
        Msg::Fitted {
            data,
            surrogate,
            refitted,
        } => {
            data::fitted(model, data, surrogate, refitted, &mut effects);
            lens::judge(model);
        }
        Msg::Believed { fit, data, surrogate } => {
            data::believed(model, (fit, data), surrogate, &mut effects);
        }
        Msg::FitFailed { data, reason } => {
            if data == model.data && data >= model.ground {
                model.fit = FitStatus::Failed(reason);
                lens::failed(model, &mut effects);
            }
        }
        Msg::Suggested(stamped) => {
            data::suggested(model, stamped, &mut effects);
            lens::judge(model);
        }
        Msg::Answered(asked) => model.answered = asked,
        Msg::OpenLab(lab) => lab::open(model, lab, &mut effects),
        Msg::Sliced(stamped) => data::sliced(model, stamped),
        Msg::Surfaced(stamped) => data::surfaced(model, stamped),
        Msg::KernelEvidence { round, evidence } => kernels::evidence(model, round, evidence),
        Msg::Compared(stamped) => compare::compared(model, stamped),
        Msg::Replayed { round, replay } => lens::replayed(model, round, replay),
        Msg::Prospected { round, prospects } => explain::prospected(model, round, prospects),
        Msg::Raced { round, race } => race::raced(model, round, race),
        Msg::Sampled(stamped) => explain::sampled(model, stamped),
        Msg::Climbed(stamped) => explain::climbed(model, stamped),
        Msg::Mapped(stamped) => explain::mapped(model, stamped),
        Msg::Trusted(stamped) => {
            if data::has_ground(model, stamped.data) && stamped.fit <= model.fit_id {
                model.trust = Some(stamped);
            }
        }
        Msg::Weighed(stamped) => data::weighed(model, stamped, &mut effects),
        Msg::Stopping(stamped) => {
            if data::has_ground(model, stamped.data) {
                model.stopping = Some(stamped);
            }
        }
        Msg::ExploreFailed { reason } => {
            lab::halt(model);
            say(model, reason, true);
        }
        Msg::Receipts(receipts) => decide::receipts(model, receipts, &mut effects),
        Msg::Delivered(receipt) => decide::delivered(model, receipt, &mut effects),
        Msg::Say { text, is_error } => say(model, text, is_error),
    }
    count_queue(model, &mut effects);
    explain::ask(model, &mut effects);
    keep::note(model, &mut effects);
    seen::after(model, is_key, &mut effects);
    lab::after(model, &mut effects);
    effects
}

/// Where the queue is another one than the shown model counts as pending, it is to be counted: what is drawn and read
/// out is what the next suggestion maximises.
fn count_queue(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(shown) = &model.surrogate else {
        model.queue_asked = None;
        return;
    };
    let open = pending(model);
    if shown.value.queued() == open {
        model.queue_asked = None;
    } else if model.queue_asked.as_ref() != Some(&(model.fit_id, open.clone())) {
        effects.push(Effect::Believe(Box::new(FitRequest {
            fit: model.fit_id,
            data: shown.data,
            study: shown.value.study().clone(),
            settings: model.settings.clone(),
            previous: Some(shown.value.clone()),
            afresh: false,
            queued: open.clone(),
        })));
        model.queue_asked = Some((model.fit_id, open));
    }
}

/// Puts one line before the person.
pub(super) fn say(model: &mut Model, text: impl Into<String>, is_error: bool) {
    model.notice = Some(Notice {
        text: text.into(),
        is_error,
        since: model.now,
    });
}

/// Asks for a fit of the newest data.
pub(super) fn request_fit(model: &mut Model, effects: &mut Vec<Effect>) {
    model.fit = FitStatus::Fitting { since: model.now };
    effects.push(Effect::Fit(Box::new(FitRequest {
        fit: model.fit_id,
        data: model.data,
        study: model.study.clone(),
        settings: model.settings.clone(),
        previous: model.surrogate.as_ref().map(|s| s.value.clone()),
        afresh: model.lens.is_on(),
        queued: pending(model),
    })));
}

/// Asks for parts of an exploration of the present fit.
pub(super) fn explore(model: &mut Model, parts: Parts, effects: &mut Vec<Effect>) {
    let parts = if model.surrogate.is_some() {
        Parts {
            slices: parts.slices && !model.in_hand().is_empty(),
            ..parts
        }
    } else {
        Parts {
            suggestion: parts.suggestion,
            ..Parts::default()
        }
    };
    if parts == Parts::default() || model.study.space.is_empty() {
        return;
    }
    if parts.surface {
        model.surface_asked = model.surface_of();
    }
    if parts.suggestion {
        model.asked += 1;
    }
    if parts.suggestion || parts.slices {
        compare::ask(model, effects);
    }
    let suggestion = model.suggestion().map(|s| s.configuration.clone());
    effects.push(Effect::Explore(Box::new(ExploreRequest {
        fit: model.fit_id,
        data: model.surrogate.as_ref().map_or(model.data, |s| s.data),
        surrogate: model.surrogate.as_ref().map(|s| s.value.clone()),
        study: model.study.clone(),
        parts,
        acquisition: model.acquisition,
        probe: model.in_hand().to_vec(),
        suggestion,
        pair: model.surface_pair(),
        locks: model.locks.clone(),
        rejections: model.rejections.clone(),
        pending: pending(model),
        seed: model.settings.seed,
        asked: model.asked,
    })));
}

/// Asks for the suggestion alone: what it is to respect has changed, what is drawn has not.
pub(super) fn suggest_again(model: &mut Model, effects: &mut Vec<Effect>) {
    let parts = Parts {
        suggestion: true,
        ..Parts::default()
    };
    explore(model, parts, effects);
}

/// Configurations that are queued or running beyond what the study says; none of them was in the past.
pub(super) fn pending(model: &Model) -> Vec<Configuration> {
    (model.receipts.iter())
        .filter(|r| r.is_open() && !model.lens.is_past())
        .map(|r| r.configuration.clone())
        .collect()
}

/// What a configuration would give, from the fit that is shown.
pub(super) fn consequences(model: &Model, configuration: &[Value]) -> Option<Consequences> {
    let surrogate = &model.surrogate.as_ref()?.value;
    let (prediction, readout) = surrogate.readout(configuration, &model.acquisition).ok()?;
    let improvement = surrogate.improvement(configuration, &model.acquisition).ok()?;
    let weighed = |log_ei: f64, p: &crate::analysis::Prediction| log_ei + surrogate.log_weight_of(p);
    let best = model
        .suggestion()
        .and_then(|s| Some(weighed(s.readout?.log_ei, &s.prediction?)));
    Some(Consequences {
        prediction,
        readout,
        improvement,
        share_of_best: best.map(|b| (weighed(readout.log_ei, &prediction) - b).exp()),
        nearest: surrogate.nearest(configuration),
        constraints: surrogate.constraints_at(configuration).unwrap_or_default(),
    })
}

/// After the configuration in hand moved: its consequences, its marks, and new slices and surface.
pub(super) fn follow(model: &mut Model, effects: &mut Vec<Effect>) {
    let configuration = model.study.space.settled(model.in_hand());
    // A choice may have brought parameters into play, or taken them out.
    match &mut model.draft {
        Some(draft) if draft.values.len() == configuration.len() => draft.values.clone_from(&configuration),
        None if model.probe.configuration.len() == configuration.len() => {
            model.probe.configuration.clone_from(&configuration);
        }
        _ => {}
    }
    let found = consequences(model, &configuration);
    match &mut model.draft {
        Some(draft) => draft.consequences = found,
        None => model.probe.consequences = found,
    }
    // The marks move at once; the curves follow from the worker.
    place_marks(model);
    // Along its own two axes the probe moves over the surface, which stays what it is.
    let surface = model.surface_asked.is_none() || model.surface_asked != model.surface_of();
    explore(
        model,
        Parts {
            slices: true,
            surface,
            ..Parts::default()
        },
        effects,
    );
}

/// Puts the marks of the configuration in hand on the slices and the surface.
fn place_marks(model: &mut Model) {
    let configuration = model.in_hand().to_vec();
    let position =
        |i: usize| super::nudge::position_of(model.study.space.params.get(i)?, configuration.get(i)?);
    if let Some(slices) = &mut model.slices {
        for slice in &mut slices.value {
            if let Some(p) = position(slice.param) {
                slice.probe = p;
            }
        }
    }
    if let Some(surface) = &mut model.surface {
        let surface = &mut surface.value;
        if let (Some(x), Some(y)) = (position(surface.x_param), position(surface.y_param)) {
            surface.probe = (x, y);
        }
    }
}
