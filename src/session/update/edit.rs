//! The draft: a configuration that belongs to the person.

use crate::session::command::param;
use crate::session::draft::{Draft, Field};
use crate::session::effect::Effect;
use crate::session::model::{Model, Pane, ProbeOrigin};
use crate::session::msg::TextKey;
use crate::session::nudge::read;
use crate::study::{Value, number::significant};

use super::{follow, navigate, say, suggest_again};

/// Makes the probe a draft.
pub fn begin(model: &mut Model, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    if model.probe.configuration.is_empty() {
        return say(
            model,
            "there is no configuration to edit yet; wait for the first suggestion",
            true,
        );
    }
    if model.draft.is_none() {
        model.draft = Some(Draft::new(model.probe.configuration.clone(), model.param));
        follow(model, effects);
    }
    navigate::focus(model, Pane::Suggestion);
}

/// Opens the field under the cursor for typing, with its value or with the first character typed.
/// The value is there to be corrected: arrows and backspace edit it, a character takes its place.
pub fn open_field(model: &mut Model, first: Option<char>, effects: &mut Vec<Effect>) {
    if model.draft.is_none() {
        begin(model, effects);
        if model.draft.is_none() {
            return;
        }
    }
    let i = model.param;
    if model.locks.get(i).is_some_and(Option::is_some) {
        return say(model, "this parameter is locked (L unlocks it)", true);
    }
    let Some(draft) = &mut model.draft else { return };
    let Some(value) = draft.values.get(i).cloned() else {
        return;
    };
    draft.cursor = i;
    if value.is_inactive() {
        let text = model.study.space.params.get(i).and_then(|p| {
            let activity = p.activity.as_ref()?;
            Some(format!(
                "{} is not active here: it takes part when {activity}",
                p.name
            ))
        });
        return say(model, text.unwrap_or_default(), true);
    }
    let text = match first {
        Some(c) => c.to_string(),
        None => match &value {
            Value::Float(x) => significant(*x, 8),
            other => other.to_string(),
        },
    };
    draft.field = Some(Field {
        input: tui_input::Input::new(text),
        before: value,
        fresh: first.is_none(),
        remark: None,
        is_error: false,
    });
    retype(model, effects);
}

/// One key in the open field.
pub fn type_key(model: &mut Model, key: TextKey, effects: &mut Vec<Effect>) {
    match key {
        TextKey::Enter => close(model, true, None, effects),
        TextKey::Escape => close(model, false, None, effects),
        TextKey::Tab | TextKey::Down => close(model, true, Some(true), effects),
        TextKey::BackTab | TextKey::Up => close(model, true, Some(false), effects),
        _ => {
            if let Some(field) = model.draft.as_mut().and_then(|d| d.field.as_mut()) {
                if std::mem::take(&mut field.fresh) && matches!(key, TextKey::Char(_)) {
                    field.input.reset();
                }
                super::overlay::feed(&mut field.input, key);
            }
            retype(model, effects);
        }
    }
}

/// Pasted text goes into the open field.
pub fn paste(model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
    if let Some(field) = model.draft.as_mut().and_then(|d| d.field.as_mut()) {
        if std::mem::take(&mut field.fresh) {
            field.input.reset();
        }
        for c in text.chars().filter(|c| !crate::study::label::is_hostile(*c)) {
            super::overlay::feed(&mut field.input, TextKey::Char(c));
        }
    }
    retype(model, effects);
}

/// Reads the field again: a valid value is in the draft at once, so that its consequences show.
fn retype(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(draft) = &mut model.draft else { return };
    let Some(field) = &mut draft.field else { return };
    let Some(p) = model.study.space.params.get(draft.cursor) else {
        return;
    };
    match read(p, field.input.value()) {
        Ok((value, remark)) => {
            field.remark = remark;
            field.is_error = false;
            if let Some(slot) = draft.values.get_mut(draft.cursor) {
                *slot = value;
            }
        }
        Err(why) => {
            field.remark = Some(why);
            field.is_error = true;
        }
    }
    follow(model, effects);
}

/// Closes the field; `keep` takes the value (and stays where there is none), else the old one comes back. `then` goes on to
/// the next row or to the one before.
fn close(model: &mut Model, keep: bool, then: Option<bool>, effects: &mut Vec<Effect>) {
    let Some(draft) = &mut model.draft else { return };
    let Some(field) = &draft.field else { return };
    if keep && field.is_error {
        return;
    }
    if !keep && let Some(slot) = draft.values.get_mut(draft.cursor) {
        *slot = field.before.clone();
    }
    draft.field = None;
    if let Some(is_next) = then {
        model.param = navigate::neighbour(model, is_next);
        navigate::sync_draft_cursor(model);
    }
    follow(model, effects);
}

pub fn discard(model: &mut Model, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    if model.draft.take().is_none() {
        return say(model, "there is no draft", true);
    }
    say(model, "draft discarded", false);
    model.probe.origin = ProbeOrigin::Suggestion;
    if let Some(configuration) = model.suggestion().map(|s| s.configuration.clone()) {
        model.probe.configuration = configuration;
    }
    follow(model, effects);
}

pub fn reset_param(model: &mut Model, effects: &mut Vec<Effect>) {
    let i = model.param;
    if let Some(draft) = &mut model.draft
        && let (Some(base), Some(slot)) = (draft.base.get(i).cloned(), draft.values.get_mut(i))
    {
        *slot = base;
        follow(model, effects);
    }
}

/// Locks the parameter under the cursor at its value in hand, or unlocks it; the rest is optimised again.
pub fn toggle_lock(model: &mut Model, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    let i = model.param;
    let (Some(p), Some(value)) = (model.study.space.params.get(i), model.in_hand().get(i).cloned()) else {
        return say(model, "there is no value to lock yet", true);
    };
    if value.is_inactive() {
        return say(
            model,
            format!("{} is not active here; there is nothing to lock", p.name),
            true,
        );
    }
    let name = p.name.clone();
    model.locks.resize(model.study.space.len(), None);
    let text = match &mut model.locks[i] {
        lock @ Some(_) => {
            *lock = None;
            format!("{name} is free again")
        }
        lock @ None => {
            *lock = Some(value.clone());
            format!("{name} is locked at {value}; the rest is optimised around it")
        }
    };
    say(model, text, false);
    if model.draft.is_none() {
        model.probe.origin = ProbeOrigin::Suggestion;
    }
    suggest_again(model, effects);
}

pub fn unlock_all(model: &mut Model, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    model.locks.iter_mut().for_each(|l| *l = None);
    say(model, "all parameters are free", false);
    suggest_again(model, effects);
}

/// `:set NAME VALUE`.
pub fn set_param(model: &mut Model, name: &str, text: &str, effects: &mut Vec<Effect>) {
    if super::lens::refuses(model) {
        return;
    }
    let i = match param(name, &model.study) {
        Ok(i) => i,
        Err(why) => return say(model, why, true),
    };
    match read(&model.study.space.params[i], text) {
        Ok((value, remark)) => {
            begin(model, effects);
            model.param = i;
            navigate::sync_draft_cursor(model);
            navigate::set_value(model, i, value, effects);
            if let Some(remark) = remark {
                say(model, remark, false);
            }
        }
        Err(why) => say(model, format!("{name}: {why}"), true),
    }
}
