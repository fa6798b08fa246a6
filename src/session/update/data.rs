//! New data, new fits, and what was computed from them.

use std::sync::Arc;

use crate::analysis::{History, Importance, Slice, Suggestion, Surface, Surrogate};
use crate::session::effect::{Effect, Parts};
use crate::session::model::{FitStatus, Model, ProbeOrigin, SourceStatus, Stamped, SurfaceOf};
use crate::study::{Configuration, Space, Study, Value};

use super::{consequences, explore, follow, keep, navigate, request_fit, say, suggest_again};

/// Takes in a new state of the study: rows, history and tables at once, then a fit.
pub fn study(model: &mut Model, study: Arc<Study>, source: SourceStatus, effects: &mut Vec<Effect>) {
    let before = std::mem::replace(&mut model.source, source);
    if !before.studies.is_empty() && model.source.studies.len() > before.studies.len() {
        let new = (model.source.studies.iter()).find(|s| !before.studies.iter().any(|b| b.name == s.name));
        if let Some(new) = new {
            let text = format!("a new study has begun: {} (B goes there)", new.name);
            say(model, text, false);
        }
    }
    if model.frozen {
        // Kept for when the panes may follow again; only the newest matters.
        model.held = Some(study);
        return;
    }
    take(model, study, effects);
}

/// Lets the panes see the newest study that was read. Behind a lens it waits: what is looked at there stays.
pub fn take(model: &mut Model, study: Arc<Study>, effects: &mut Vec<Effect>) {
    if model.lens.is_on() {
        model.lens.real = Some(study);
        return;
    }
    see(model, study, effects);
}

/// Shows a study.
pub(super) fn see(model: &mut Model, study: Arc<Study>, effects: &mut Vec<Effect>) {
    let old = std::mem::replace(&mut model.study, study);
    model.data += 1;
    model.history = History::of(&model.study);
    if model.lab.is_some() {
        // A function may go below zero with the next point: its axis stays what it is.
        model.history.log = false;
    }
    if old.space.params != model.study.space.params {
        remap_all(model, &old.space);
    }
    if model.bell && has_new_best(&old, &model.study) {
        effects.push(Effect::Bell);
    }
    keep::ask(model, effects);
    navigate::rebuild_rows(model);
    if model.study.has_objective() {
        request_fit(model, effects);
    } else {
        forget(model);
        // Does nothing while there is no space.
        suggest_again(model, effects);
    }
}

/// Whether a study that goes on has a better best than before; reading it for the first time is no news.
fn has_new_best(old: &Study, new: &Study) -> bool {
    let best = |s: &Study| s.trials.get(s.best()?)?.objective();
    old.name == new.name
        && !old.trials.is_empty()
        && best(new).is_some_and(|now| best(old).is_none_or(|was| new.direction().is_better(now, was)))
}

/// Drops what was computed: without a finished trial there is nothing that it could be about.
pub fn forget(model: &mut Model) {
    model.fit = FitStatus::Idle;
    model.surrogate = None;
    model.fitted = None;
    model.slices = None;
    model.surface = None;
    model.surface_asked = None;
    model.surface_shown = None;
    model.comparison = None;
    model.explained.forget();
    model.kernels = Default::default();
    model.trust = None;
    model.importance = None;
    model.stopping = None;
    model.probe.consequences = None;
    if let Some(draft) = &mut model.draft {
        draft.consequences = None;
    }
    if model.suggestion().is_some_and(|s| s.prediction.is_some()) {
        model.suggestions = None;
    }
}

/// Whether a result may be shown at all: one of a study that has since been emptied or left may not.
pub fn has_ground(model: &Model, data: u64) -> bool {
    data >= model.ground && model.study.has_objective()
}

/// Carries what the person holds over to a new space, by name; what is new begins at the old study's
/// nothing and takes the suggestion's value when one comes.
fn remap_all(model: &mut Model, old: &Space) {
    let new = model.study.space.clone();
    let remap = |configuration: &Configuration| -> Option<Configuration> {
        new.params
            .iter()
            .map(|p| {
                let i = old.index_of(p.name.raw())?;
                p.snap(configuration.get(i)?)
            })
            .collect()
    };
    model.probe.configuration = remap(&model.probe.configuration).unwrap_or_default();
    if model.probe.configuration.is_empty() {
        model.probe.origin = ProbeOrigin::Suggestion;
    }
    let had_draft = model.draft.is_some();
    model.draft = model.draft.take().and_then(|mut draft| {
        draft.base = remap(&draft.base)?;
        draft.values = remap(&draft.values)?;
        draft.field = None;
        Some(draft)
    });
    if had_draft && model.draft.is_none() {
        say(
            model,
            "the space has changed: the draft has no value for a new parameter and was dropped",
            true,
        );
    }
    let locks: Vec<Option<Value>> = new
        .params
        .iter()
        .map(|p| {
            let i = old.index_of(p.name.raw())?;
            p.snap(model.locks.get(i)?.as_ref()?)
        })
        .collect();
    model.locks = locks;
    model.rejections.retain_mut(|r| match remap(&r.configuration) {
        Some(configuration) => {
            r.configuration = configuration;
            true
        }
        None => false,
    });
    let name = |i: usize| old.params.get(i).and_then(|p| new.index_of(p.name.raw()));
    model.pair = model.pair.and_then(|(x, y)| Some((name(x)?, name(y)?)));
    model.param = model.param.min(new.len().saturating_sub(1));
    // Panes index parameters of the space: results for the old one cannot be drawn over the new one.
    model.ground = model.data;
    model.surrogate = None;
    model.fitted = None;
    model.suggestions = None;
    model.slices = None;
    model.surface = None;
    model.surface_asked = None;
    model.surface_shown = None;
    model.importance = None;
    model.comparison = None;
    model.explained.forget();
}

/// Takes in a fit and asks for what depends on it.
pub fn fitted(
    model: &mut Model,
    data: u64,
    surrogate: Arc<Surrogate>,
    refitted: bool,
    effects: &mut Vec<Effect>,
) {
    // Of the same rows a fit is better than rows appended to the fit before, whichever comes first.
    let is_late = |shown: u64| shown > data || shown == data && !refitted;
    if !has_ground(model, data) || model.surrogate.as_ref().is_some_and(|s| is_late(s.data)) {
        return;
    }
    model.fit_id += 1;
    if refitted && data == model.data {
        super::tune::note_fitted(model, &surrogate);
    }
    model.surrogate = Some(Stamped {
        fit: model.fit_id,
        data,
        value: surrogate,
    });
    if data == model.data {
        model.fit = if refitted {
            FitStatus::Current
        } else {
            FitStatus::Fitting { since: model.now }
        };
    }
    if refitted {
        super::kernels::ask(model, effects);
    }
    show_fit(model, refitted, effects);
}

/// Takes in the shown fit with the present queue counted.
pub fn believed(
    model: &mut Model,
    (fit, data): (u64, u64),
    surrogate: Arc<Surrogate>,
    effects: &mut Vec<Effect>,
) {
    // A fit that came meanwhile is asked to count the queue itself.
    if !has_ground(model, data) || fit != model.fit_id {
        return;
    }
    model.fit_id += 1;
    model.surrogate = Some(Stamped {
        fit: model.fit_id,
        data,
        value: surrogate,
    });
    show_fit(model, false, effects);
}

/// What depends on the fit: at once for the configuration in hand, the rest is asked for, the nearest to the eye first.
fn show_fit(model: &mut Model, diagnosis: bool, effects: &mut Vec<Effect>) {
    let found = (!model.in_hand().is_empty())
        .then(|| consequences(model, model.in_hand()))
        .flatten();
    match &mut model.draft {
        Some(draft) => draft.consequences = found,
        None => model.probe.consequences = found,
    }
    let parts = Parts {
        diagnosis,
        ..Parts::ACQUIRED
    };
    explore(model, parts, effects);
}

/// Takes in suggestions. The probe follows them where it stands on the suggestion; a draft never does.
pub fn suggested(model: &mut Model, stamped: Stamped<Vec<Suggestion>>, effects: &mut Vec<Effect>) {
    if stamped.fit < model.fit_id && model.surrogate.is_some() {
        return;
    }
    let Some(first) = stamped.value.first() else {
        return;
    };
    if stamped.data < model.ground || first.prediction.is_some() && !has_ground(model, stamped.data) {
        return;
    }
    if first.configuration.len() != model.study.space.len() {
        return;
    }
    let configuration = first.configuration.clone();
    model.suggestions = Some(stamped);
    if let Some(draft) = &mut model.draft {
        draft.outdated = draft.base != configuration;
        // A draft that was kept is there before any probe: where it goes once the draft is closed.
        if model.probe.configuration.is_empty() {
            model.probe.configuration = configuration;
            model.probe.origin = ProbeOrigin::Suggestion;
        }
        follow(model, effects);
        return;
    }
    let follows = model.probe.origin == ProbeOrigin::Suggestion || model.probe.configuration.is_empty();
    if follows && model.probe.configuration != configuration {
        model.probe.configuration = configuration;
        model.probe.origin = ProbeOrigin::Suggestion;
        follow(model, effects);
    } else {
        // The mark of the suggestion has moved all the same.
        follow(model, effects);
    }
}

pub fn sliced(model: &mut Model, stamped: Stamped<Vec<Slice>>) {
    if has_ground(model, stamped.data)
        && stamped.fit <= model.fit_id
        && stamped.value.iter().all(|s| s.param < model.study.space.len())
    {
        model.slices = Some(stamped);
    }
}

pub fn surfaced(model: &mut Model, stamped: Stamped<Surface>) {
    let n = model.study.space.len();
    if has_ground(model, stamped.data)
        && stamped.fit <= model.fit_id
        && stamped.value.x_param < n
        && stamped.value.y_param < n
    {
        let of = model.surface_asked.clone();
        let same_place = |a: &SurfaceOf, b: &SurfaceOf| a.pair == b.pair && a.rest == b.rest;
        // What is fine already does not become coarse and fine again for a new fit: it would only flicker.
        let is_step_back = stamped.value.coarse
            && model.surface.as_ref().is_some_and(|s| !s.value.coarse)
            && (model.surface_shown.as_ref().zip(of.as_ref())).is_some_and(|(a, b)| same_place(a, b));
        if is_step_back {
            return;
        }
        model.surface = Some(stamped);
        model.surface_shown = of;
        // The probe may have moved on while it was computed.
        super::place_marks(model);
    }
}

/// Importance decides the order of the slices and the pair of the surface.
pub fn weighed(model: &mut Model, stamped: Stamped<Importance>, effects: &mut Vec<Effect>) {
    if !has_ground(model, stamped.data) {
        return;
    }
    let before = model.surface_pair();
    model.importance = Some(stamped);
    if model.surface_pair() != before {
        explore(
            model,
            Parts {
                surface: true,
                ..Parts::default()
            },
            effects,
        );
    }
}
