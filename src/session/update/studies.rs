//! One source, several studies: which one is looked at.

use std::sync::Arc;

use crate::session::effect::Effect;
use crate::session::kept::Kept;
use crate::session::model::{FitStatus, Model, Overlay, Probe, SortKey, SourceState};
use crate::study::Study;

use super::{data, keep, navigate, say};

/// Opens the list with the cursor on the present study.
pub fn show(model: &mut Model) {
    if model.source.studies.is_empty() {
        return say(model, "this source holds one study only", false);
    }
    let cursor = (model.source.studies.iter())
        .position(|s| s.name == model.study.name)
        .unwrap_or(0);
    model.overlay = Some(Overlay::Studies { cursor });
}

/// Goes to the study under the cursor.
pub fn choose(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Overlay::Studies { cursor }) = model.overlay else {
        return;
    };
    let name = model.source.studies.get(cursor).map(|s| s.name.raw().to_owned());
    model.overlay = None;
    if let Some(name) = name {
        go(model, name, effects);
    }
}

/// Goes to the study of this name, or of the only name that begins or continues like this.
pub fn switch(model: &mut Model, wanted: &str, effects: &mut Vec<Effect>) {
    let all = &model.source.studies;
    let exact = all.iter().find(|s| s.name == *wanted || s.name.shown() == wanted);
    let lower = wanted.to_lowercase();
    let alike: Vec<_> = all
        .iter()
        .filter(|s| s.name.shown().to_lowercase().contains(&lower))
        .collect();
    let only = match alike.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    match exact.or(only).map(|s| s.name.raw().to_owned()) {
        Some(name) => go(model, name, effects),
        None if all.len() < 2 => say(model, "this source holds one study only", true),
        None => {
            let names: Vec<&str> = all.iter().map(|s| s.name.shown()).collect();
            let text = format!("there is no one study {wanted}; there are {}", names.join(", "));
            say(model, text, true);
        }
    }
}

fn go(model: &mut Model, name: String, effects: &mut Vec<Effect>) {
    if model.study.name == *name {
        return say(model, "this is the study that is shown", false);
    }
    model.games.now = None;
    super::lens::leave(model, effects);
    if model.keeping.is_open
        && let Some(old) = model.keeping.asked.take()
    {
        model.keeping.shelf.insert(old, Kept::of(model));
    }
    model.keeping.asked = None;
    model.keeping.is_open = false;
    model.keeping.last = Kept::default();
    leave(model);
    model.chosen = Some(name.clone());
    effects.push(Effect::ChooseStudy(name));
}

/// Takes everything off the screen that is about the present study.
pub(super) fn leave(model: &mut Model) {
    keep::clear(model);
    model.study = Arc::new(Study::empty());
    model.held = None;
    model.data += 1;
    model.ground = model.data + 1;
    model.history = Default::default();
    data::forget(model);
    model.suggestions = None;
    model.fit = FitStatus::Idle;
    model.probe = Probe::default();
    model.receipts.clear();
    model.receipt_cursor = None;
    model.door = Err("the study is not open yet".to_owned());
    model.param = 0;
    model.pair = None;
    model.slice_offset = 0;
    model.table.filter.clear();
    model.table.hidden.clear();
    model.table.selected = None;
    model.table.follow = true;
    model.table.column_offset = 0;
    if matches!(model.table.sort, SortKey::Column(_) | SortKey::Constraint(_)) {
        model.table.sort = SortKey::Order;
        model.table.descending = true;
    }
    model.source.state = SourceState::Opening;
    model.source.changed = None;
    navigate::rebuild_rows(model);
}
