//! The last look: what is new since, told once, and this look written down for the next time.

use crate::session::effect::Effect;
use crate::session::model::Model;
use crate::session::seen::{Digest, Seen};

use super::say;

/// Seconds between two looks that are written down while keys are pressed.
const APART: f64 = 60.0;
/// Seconds for which the news stay at least where they are in nobody's way.
const READ: f64 = 60.0;

/// The answer: what was seen of a study when the program ran before.
pub fn recalled(model: &mut Model, study: String, seen: Option<Box<Seen>>) {
    if model.keeping.asked.as_deref() != Some(&study) {
        return;
    }
    model.look = Default::default();
    model.look.before = Some((study, seen));
}

/// After each message: tells what is new once there is something to compare, and notes that somebody looked.
pub fn after(model: &mut Model, is_key: bool, effects: &mut Vec<Effect>) {
    let Some((study, before)) = &model.look.before else {
        return;
    };
    if model.lab.is_some() || model.keeping.asked.as_ref() != Some(study) {
        return;
    }
    let is_due = model.look.written.is_none_or(|t| model.now - t >= APART);
    let ends = effects.iter().any(|e| matches!(e, Effect::Quit(_)));
    if model.look.is_told && !(is_key && is_due || ends) {
        return;
    }
    let Some(now) = model.seen() else {
        return;
    };
    let study = study.clone();
    if !model.look.is_told {
        model.look.is_told = true;
        model.look.digest = before.as_ref().and_then(|before| {
            let phrases = before.changes(&now, &model.study).words();
            (!phrases.is_empty()).then_some(Digest {
                looked: before.when,
                phrases,
                since: model.now,
            })
        });
    }
    if is_key && is_due || ends {
        model.look.written = Some(model.now);
        effects.push(Effect::Look {
            study,
            seen: Box::new(now),
        });
    }
}

/// A key was pressed: the news give way where they cover the footer, and elsewhere to Esc or once they were long enough
/// in sight.
pub fn key(model: &mut Model, is_back: bool) {
    let (width, height) = model.size;
    let covers = width < 100 || height < 28;
    let is_read = |d: &Digest| model.now - d.since > READ;
    if model
        .look
        .digest
        .as_ref()
        .is_some_and(|d| covers || is_back || is_read(d))
    {
        model.look.digest = None;
    }
}

/// `:since` tells it again.
pub fn tell_again(model: &mut Model) {
    let Some((_, before)) = &model.look.before else {
        return say(model, "nothing is remembered of this source", false);
    };
    let (Some(before), Some(now)) = (before, model.seen()) else {
        return say(model, "this is the first look at this study", false);
    };
    let phrases = before.changes(&now, &model.study).words();
    if phrases.is_empty() {
        return say(model, "nothing is new since you last looked", false);
    }
    model.look.digest = Some(Digest {
        looked: before.when,
        phrases,
        since: model.now,
    });
}
