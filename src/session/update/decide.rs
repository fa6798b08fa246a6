//! Accept, reject, withdraw: what a person decides is never lost.

use crate::session::effect::{DeliverRequest, Effect, Origin, RunWord};
use crate::session::model::{Confirm, Model, Overlay, ProbeOrigin, Rejection};
use crate::session::receipt::{Receipt, ReceiptState};
use crate::study::Configuration;

use super::{consequences, say, suggest_again};

/// Opens the confirm line for the configuration in hand.
pub fn accept(model: &mut Model) {
    if super::lens::refuses(model) {
        return;
    }
    let place = match &model.door {
        Ok(place) => place.clone(),
        Err(why) => {
            let text = format!("nothing can be queued here: {why}");
            return say(model, text, true);
        }
    };
    if model
        .draft
        .as_ref()
        .is_some_and(|d| d.field.as_ref().is_some_and(|f| f.is_error))
    {
        return say(
            model,
            "the field being edited holds no valid value; mend it or press Esc",
            true,
        );
    }
    match model.study.space.check(model.in_hand()) {
        Ok(configuration) if !configuration.is_empty() => {
            let text = describe(model, &configuration);
            model.overlay = Some(Overlay::Confirm(Confirm::Accept {
                configuration,
                text,
                place,
            }));
        }
        Ok(_) => say(
            model,
            "there is no configuration yet; wait for the first suggestion",
            true,
        ),
        Err(why) => say(model, format!("not accepted: {why}"), true),
    }
}

/// `learning_rate=3.1e-4 batch_size=32 …`
fn describe(model: &Model, configuration: &Configuration) -> String {
    let parts: Vec<String> = model
        .study
        .space
        .params
        .iter()
        .zip(configuration)
        .filter(|(_, v)| !v.is_inactive())
        .map(|(p, v)| match v.as_f64() {
            Some(x) => format!("{}={}", p.name, crate::study::number::significant(x, 6)),
            None => format!("{}={v}", p.name),
        })
        .collect();
    parts.join("  ")
}

/// Does what the open confirm line says.
pub fn confirm(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Overlay::Confirm(confirm)) = model.overlay.take() else {
        return;
    };
    match confirm {
        Confirm::Accept {
            configuration, place, ..
        } => deliver(model, configuration, place, effects),
        Confirm::Withdraw { receipt } => {
            if let Some(r) = model.receipts.get(receipt) {
                effects.push(Effect::Withdraw(r.id.clone()));
            }
        }
        Confirm::Forget { .. } => super::keep::forget(model, effects),
        Confirm::QuitWithDraft => effects.push(Effect::Quit(crate::session::model::Quit::Silent)),
        Confirm::QuitRun => {
            model.overlay = Some(Overlay::Confirm(Confirm::QuitRun));
            leave_run(model, RunWord::Stop, effects);
        }
    }
}

/// The answer to the question what becomes of the loop; no answer to any other question.
pub fn leave_run(model: &mut Model, word: RunWord, effects: &mut Vec<Effect>) {
    if matches!(model.overlay, Some(Overlay::Confirm(Confirm::QuitRun))) {
        model.overlay = None;
        effects.push(Effect::Run(word));
        effects.push(Effect::Quit(crate::session::model::Quit::Silent));
    }
}

fn deliver(model: &mut Model, configuration: Configuration, place: String, effects: &mut Vec<Effect>) {
    let suggested = model.suggestion().map(|s| s.configuration.clone());
    let base = model.draft.as_ref().map(|d| d.base.clone()).or(suggested.clone());
    let edited: Vec<String> = match &base {
        Some(base) => (model.study.space.params.iter().zip(base).zip(&configuration))
            .filter(|((_, b), c)| b != c)
            .map(|((p, _), _)| p.name.raw().to_owned())
            .collect(),
        None => Vec::new(),
    };
    let origin = if suggested.as_ref() == Some(&configuration) {
        Origin::Suggested
    } else if model.draft.is_some() {
        Origin::Edited
    } else {
        Origin::Manual
    };
    let edited = if origin == Origin::Edited {
        edited
    } else {
        Vec::new()
    };
    let found = consequences(model, &configuration);
    let predicted = found
        .as_ref()
        .map(|c| (c.prediction.mean, c.prediction.sd_observed));
    let acquisition = found
        .as_ref()
        .and_then(|c| Some((model.acquisition.function.name(), c.readout.chosen?)));
    model.receipts.insert(
        0,
        Receipt {
            id: String::new(),
            configuration: configuration.clone(),
            created: model.now,
            edited: edited.clone(),
            predicted,
            state: ReceiptState::Sending,
            place,
            hook: None,
        },
    );
    effects.push(Effect::Deliver(Box::new(DeliverRequest {
        configuration,
        origin,
        edited,
        predicted,
        acquisition,
    })));
}

/// Where it waits now; of a long path the end.
fn queued(place: &str) -> String {
    match place.rsplit_once('/') {
        Some((_, name)) if place.len() > 60 => format!("queued: …/{name}"),
        _ => format!("queued: {place}"),
    }
}

/// The answer of the edge to a delivery or a withdrawal.
pub fn delivered(model: &mut Model, receipt: Receipt, effects: &mut Vec<Effect>) {
    let slot = model
        .receipts
        .iter()
        .position(|r| !r.id.is_empty() && r.id == receipt.id)
        .or_else(|| {
            model
                .receipts
                .iter()
                .rposition(|r| r.state == ReceiptState::Sending && r.configuration == receipt.configuration)
        });
    let accepted = receipt.state == ReceiptState::Queued;
    match &receipt.state {
        ReceiptState::Queued => say(model, queued(&receipt.place), false),
        ReceiptState::Withdrawn => say(model, "withdrawn: no worker will run it", false),
        ReceiptState::Refused { reason } => say(model, reason.clone(), true),
        ReceiptState::Claimed { by } => {
            say(model, format!("not withdrawn: a worker was faster ({by})"), true);
        }
        _ => {}
    }
    if accepted
        && model
            .draft
            .as_ref()
            .is_some_and(|d| d.values == receipt.configuration)
    {
        // The decision is made and safe on disk: the draft has served.
        model.draft = None;
        model.probe.origin = ProbeOrigin::Suggestion;
    }
    if accepted
        && let Some(aside) = &mut model.lens.aside
        && (aside.draft.as_ref()).is_some_and(|d| d.values == receipt.configuration)
    {
        aside.draft = None;
    }
    match slot {
        Some(i) => model.receipts[i] = receipt,
        None => model.receipts.insert(0, receipt),
    }
    suggest_again(model, effects);
}

/// The queue as it stands on disk; receipts still being sent or refused are kept.
pub fn receipts(model: &mut Model, receipts: Vec<Receipt>, effects: &mut Vec<Effect>) {
    let open = |list: &[Receipt]| list.iter().filter(|r| r.is_open()).count();
    let before = open(&model.receipts);
    let mut kept: Vec<Receipt> = model
        .receipts
        .iter()
        .filter(|r| {
            matches!(r.state, ReceiptState::Sending | ReceiptState::Refused { .. })
                && !receipts.iter().any(|n| n.id == r.id)
        })
        .cloned()
        .collect();
    kept.extend(receipts);
    if kept == model.receipts {
        return;
    }
    model.receipts = kept;
    if let Some(cursor) = model.receipt_cursor {
        model.receipt_cursor = (!model.receipts.is_empty()).then(|| cursor.min(model.receipts.len() - 1));
    }
    if open(&model.receipts) != before {
        suggest_again(model, effects);
    }
}

/// Keeps suggestions away from the configuration in hand.
pub fn reject(model: &mut Model, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    let configuration = model.in_hand().to_vec();
    if configuration.is_empty() {
        return say(model, "there is no configuration to reject yet", true);
    }
    model.rejections.push(Rejection {
        configuration,
        when: model.now,
    });
    if model.draft.is_none() {
        model.probe.origin = ProbeOrigin::Suggestion;
    }
    let n = model.rejections.len();
    say(
        model,
        format!("rejected: suggestions leave this region alone ({n} in all; U undoes)"),
        false,
    );
    suggest_again(model, effects);
}

/// Takes back the newest rejection, or the one under the cursor of the list.
pub fn undo_reject(model: &mut Model, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    let index = match &model.overlay {
        Some(Overlay::Rejections { cursor }) => *cursor,
        _ => model.rejections.len().saturating_sub(1),
    };
    if index >= model.rejections.len() {
        return say(model, "nothing has been rejected", true);
    }
    model.rejections.remove(index);
    if let Some(Overlay::Rejections { cursor }) = &mut model.overlay {
        *cursor = (*cursor).min(model.rejections.len().saturating_sub(1));
    }
    say(model, "the region is open again", false);
    suggest_again(model, effects);
}

/// Asks to take back the receipt under the cursor, or the newest that nobody has taken.
pub fn withdraw(model: &mut Model) {
    if super::lens::refuses(model) {
        return;
    }
    let at = model
        .receipt_cursor
        .filter(|i| model.receipts.get(*i).is_some_and(Receipt::is_pending))
        .or_else(|| model.receipts.iter().position(Receipt::is_pending));
    match at {
        Some(receipt) => model.overlay = Some(Overlay::Confirm(Confirm::Withdraw { receipt })),
        None => say(
            model,
            "nothing is waiting in the queue, so there is nothing to withdraw",
            true,
        ),
    }
}
