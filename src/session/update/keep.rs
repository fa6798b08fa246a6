//! Keeping what was decided and not delivered, across restarts and between studies.

use crate::session::effect::{Effect, Parts};
use crate::session::kept::Kept;
use crate::session::model::{Confirm, Model, Overlay};

use super::{explore, follow, request_fit, say, suggest_again};

/// Asks for what was decided on this study before, once there is a space that it can be about.
pub fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    // The lab forgets: what is played with is no decision.
    if model.lab.is_some() {
        return;
    }
    let name = model.study.name.raw();
    if model.study.space.is_empty() || model.keeping.asked.as_deref() == Some(name) {
        return;
    }
    let study = name.to_owned();
    model.keeping.asked = Some(study.clone());
    model.keeping.is_open = false;
    if let Some(kept) = model.keeping.shelf.remove(&study) {
        // Decided in this very session: there is nothing newer anywhere.
        model.keeping.is_open = true;
        model.keeping.last = kept.clone();
        if !kept.is_empty() {
            restore(model, &kept, effects);
        }
        return;
    }
    effects.push(Effect::Recall { study });
}

/// The answer: what was decided when the program ran before.
pub fn recalled(
    model: &mut Model,
    study: &str,
    found: Result<Option<Box<Kept>>, String>,
    is_safe: bool,
    effects: &mut Vec<Effect>,
) {
    if model.keeping.asked.as_deref() != Some(study) || model.keeping.is_open {
        return;
    }
    // What comes back is the person's: it goes where the rest of that is.
    super::lens::leave(model, effects);
    model.keeping.is_open = true;
    model.keeping.is_safe = is_safe;
    match found {
        Ok(Some(kept)) if !kept.is_empty() => {
            model.keeping.last = (*kept).clone();
            restore(model, &kept, effects);
        }
        Ok(_) => {}
        Err(why) => say(model, why, true),
    }
}

fn restore(model: &mut Model, kept: &Kept, effects: &mut Vec<Effect>) {
    let changed = kept.restore(model);
    say(
        model,
        format!("as you left it: {}  (:forget drops it)", kept.words()),
        false,
    );
    if changed && model.study.has_objective() {
        request_fit(model, effects);
    }
    if model.draft.is_some() {
        follow(model, effects);
    }
    suggest_again(model, effects);
}

/// Writes down what has changed since it was last written.
pub fn note(model: &mut Model, effects: &mut Vec<Effect>) {
    if !model.keeping.is_open {
        return;
    }
    let Some(study) = model.keeping.asked.clone() else {
        return;
    };
    let kept = Kept::of(model);
    if kept == model.keeping.last {
        return;
    }
    model.keeping.last = kept.clone();
    effects.push(Effect::Keep {
        study,
        kept: Box::new(kept),
    });
}

/// Asks whether all of it is to be dropped.
pub fn ask_to_forget(model: &mut Model) {
    if super::lens::refuses(model) {
        return;
    }
    let kept = Kept::of(model);
    if kept.is_empty() {
        return say(
            model,
            "there is nothing to forget: nothing is decided that is not delivered",
            false,
        );
    }
    model.overlay = Some(Overlay::Confirm(Confirm::Forget { what: kept.words() }));
}

/// Drops it: the model is again as the program was started.
pub fn forget(model: &mut Model, effects: &mut Vec<Effect>) {
    clear(model);
    say(model, "forgotten: everything is as tunescope was started", false);
    if model.study.has_objective() {
        request_fit(model, effects);
    }
    explore(model, Parts::ACQUIRED, effects);
}

/// Rejections, locks, the draft and what was set by hand.
pub fn clear(model: &mut Model) {
    model.rejections.clear();
    model.locks.clear();
    model.draft = None;
    model.by_hand = Default::default();
    model.settings = model.start.0.clone();
    model.acquisition = model.start.1;
}
