//! Acquisition functions side by side: the pane that asks for a comparison and what can be done in it.

use crate::analysis::comparison::{CompareRequest, Comparison};
use crate::analysis::{AcquisitionFunction, SuggestRequest};
use crate::session::action::Action;
use crate::session::effect::{CompareOrder, Effect, REJECTED_RADIUS};
use crate::session::model::{Model, Overlay, ProbeOrigin, Stamped};

use super::{act, navigate, say};

/// Places along a continuum.
const POINTS: usize = 97;

/// Opens the comparison.
pub fn show(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.surrogate.is_none() {
        return say(
            model,
            "there is no model yet that acquisition functions could look at",
            true,
        );
    }
    let cursor = (functions(model).iter())
        .position(|f| *f == model.acquisition.function)
        .unwrap_or(0);
    model.overlay = Some(Overlay::Compare { cursor });
    ask(model, effects);
}

/// What is compared: in the lab no evaluation takes any time, so that EI per second would say nothing of its own.
#[must_use]
pub fn functions(model: &Model) -> &'static [AcquisitionFunction] {
    const ALL: &[AcquisitionFunction] = &AcquisitionFunction::ALL;
    const TIMELESS: &[AcquisitionFunction] = ALL.split_at(ALL.len() - 1).0;
    if model.lab.as_ref().is_some_and(|l| l.bench.has_truth()) {
        TIMELESS
    } else {
        ALL
    }
}

/// Asks for the comparison again, where it is on screen.
pub fn ask(model: &Model, effects: &mut Vec<Effect>) {
    if !matches!(model.overlay, Some(Overlay::Compare { .. })) {
        return;
    }
    let Some(surrogate) = &model.surrogate else { return };
    if model.in_hand().is_empty() {
        return;
    }
    effects.push(Effect::Compare(Box::new(CompareOrder {
        fit: surrogate.fit,
        data: surrogate.data,
        surrogate: surrogate.value.clone(),
        request: CompareRequest {
            param: model.param,
            probe: model.in_hand().to_vec(),
            points: POINTS,
            functions: functions(model).to_vec(),
            suggest: suggest_request(model),
        },
    })));
}

/// What suggestions are asked for now, one at a time.
pub fn suggest_request(model: &Model) -> SuggestRequest {
    SuggestRequest {
        count: 1,
        acquisition: model.acquisition,
        locks: model.locks.clone(),
        rejected: (model.rejections.iter())
            .map(|r| (r.configuration.clone(), REJECTED_RADIUS))
            .collect(),
        pending: super::pending(model),
        seed: model.settings.seed,
    }
}

/// Takes in a comparison. What is still looked for stays what it was where the fit is the same: next points
/// do not depend on the probe.
pub fn compared(model: &mut Model, mut stamped: Stamped<Comparison>) {
    if stamped.data < model.ground
        || stamped.value.param >= model.study.space.len()
        || !model.study.has_objective()
    {
        return;
    }
    if let Some(before) = model.comparison.as_ref().filter(|b| b.fit == stamped.fit) {
        for row in &mut stamped.value.rows {
            if row.next.is_none() {
                row.next = (before.value.rows.iter())
                    .find(|r| r.function == row.function)
                    .and_then(|r| r.next.clone());
            }
        }
    }
    model.comparison = Some(stamped);
}

/// The function under the cursor becomes the one that chooses.
pub fn choose(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Overlay::Compare { cursor }) = model.overlay else {
        return;
    };
    if let Some(function) = functions(model).get(cursor) {
        act::act(model, Action::SetAcquisition(*function), effects);
    }
}

/// The probe goes where the function under the cursor would go.
pub fn probe_next(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Overlay::Compare { cursor }) = model.overlay else {
        return;
    };
    let next = (model.comparison.as_ref())
        .and_then(|c| c.value.rows.get(cursor))
        .and_then(|r| r.next.as_ref())
        .map(|n| n.configuration.clone());
    match next {
        Some(configuration) => navigate::set_probe(model, configuration, ProbeOrigin::Moved, effects),
        None => say(model, "its next point is still being looked for", true),
    }
}
