//! Focus, cursors, scrolling, and the probe.

use crate::session::action::Action;
use crate::session::effect::{Effect, Parts};
use crate::session::filter::Filter;
use crate::session::model::{Model, Overlay, Pane, ProbeOrigin, SortKey};
use crate::session::nudge::nudge;
use crate::session::table;
use crate::study::{Configuration, Encoder, Space, Trial, Value};

use super::{compare, explore, follow, say};

/// Brings a pane to the front. A guest takes the place of its host, and the host takes it back.
pub fn focus(model: &mut Model, pane: Pane) {
    if !model.panes().contains(&pane) {
        return say(model, format!("there is no {} here", pane.title()), true);
    }
    model.focus = pane;
    let place = pane.host().unwrap_or(pane);
    model.guests.retain(|g| g.host() != Some(place));
    if pane.host().is_some() {
        model.guests.push(pane);
    }
    if pane != Pane::Suggestion {
        model.receipt_cursor = None;
    }
}

pub fn cycle_pane(model: &mut Model, by: isize) {
    let mut all = Pane::OVERVIEW.map(|host| model.in_place_of(host)).to_vec();
    all.extend(model.play().map(|_| Pane::Lesson));
    let now = all.iter().position(|p| *p == model.focus).unwrap_or(0);
    let next = now.checked_add_signed(by).unwrap_or(all.len() - 1) % all.len();
    focus(model, all[next]);
}

/// Up, down, top, bottom and pages in whatever has the focus.
pub fn vertical(model: &mut Model, action: &Action, effects: &mut Vec<Effect>) {
    if scroll_overlay(model, action) {
        return;
    }
    if model.draft.is_some() {
        return step_row(model, action);
    }
    match model.focus {
        Pane::Trials => {
            let page = model.hits.table_rows.max(2) - 1;
            let last = model.table.rows.len().saturating_sub(1);
            let now = model.table.cursor().unwrap_or(0);
            let next = match action {
                Action::Up => now.saturating_sub(1),
                Action::Down => now + 1,
                Action::PageUp => now.saturating_sub(page),
                Action::PageDown => now + page,
                Action::Top => 0,
                _ => last,
            };
            select_row(model, next.min(last), effects);
        }
        Pane::History => match action {
            Action::Up | Action::PageUp => step_history(model, 1, effects),
            Action::Down | Action::PageDown => step_history(model, -1, effects),
            Action::Top => step_history(model, isize::MIN / 2, effects),
            _ => step_history(model, isize::MAX / 2, effects),
        },
        Pane::Surface => match action {
            Action::Up => move_axis(model, 1, 1, false, effects),
            Action::Down => move_axis(model, 1, -1, false, effects),
            Action::PageUp | Action::Top => move_axis(model, 1, 1, true, effects),
            _ => move_axis(model, 1, -1, true, effects),
        },
        Pane::Race => super::race::step(
            model,
            match action {
                Action::Up => -1,
                Action::Down => 1,
                Action::PageUp | Action::Top => isize::MIN / 2,
                _ => isize::MAX / 2,
            },
        ),
        Pane::Ladder => match action {
            Action::Up | Action::PageUp | Action::Bottom => super::act::act(model, Action::XiUp, effects),
            _ => super::act::act(model, Action::XiDown, effects),
        },
        Pane::Evidence => match action {
            Action::Up => super::tune::turn_on_map(model, true, 1, false, effects),
            Action::Down => super::tune::turn_on_map(model, true, -1, false, effects),
            Action::PageUp | Action::Top => super::tune::turn_on_map(model, true, 1, true, effects),
            _ => super::tune::turn_on_map(model, true, -1, true, effects),
        },
        Pane::Slices | Pane::Improvement => match action {
            Action::Up => step_param(model, -1),
            Action::Down => step_param(model, 1),
            Action::PageUp => step_param(model, -i32::try_from(model.hits.slice_slots).unwrap_or(1).max(1)),
            Action::PageDown => step_param(model, i32::try_from(model.hits.slice_slots).unwrap_or(1).max(1)),
            Action::Top => step_param(model, i32::MIN / 2),
            _ => step_param(model, i32::MAX / 2),
        },
        Pane::Suggestion => step_row(model, action),
        Pane::Lesson => super::lab::scroll(model, action),
    }
}

/// Scrolls an open overlay; false where none takes the key.
fn scroll_overlay(model: &mut Model, action: &Action) -> bool {
    let (rows, all) = model.hits.overlay_rows;
    let most = all.saturating_sub(rows);
    // The help is made of whole pages.
    let page = match &model.overlay {
        Some(Overlay::Help { .. }) => rows.max(1),
        _ => rows.max(2) - 1,
    };
    let rejections = model.rejections.len();
    let studies = model.source.studies.len();
    let kernels = model.kernels.rows.len();
    let compared = compare::functions(model).len();
    let knobs = super::tune::hand_knobs(model).len();
    match &mut model.overlay {
        Some(
            Overlay::Help { scroll, .. }
            | Overlay::Diagnostics { scroll }
            | Overlay::Model { scroll }
            | Overlay::Game { scroll }
            | Overlay::Trial { scroll, .. },
        ) => {
            *scroll = match action {
                Action::Up => scroll.saturating_sub(1),
                Action::Down => *scroll + 1,
                Action::PageUp => scroll.saturating_sub(page),
                Action::PageDown => *scroll + page,
                Action::Top => 0,
                _ => most,
            }
            .min(most);
            true
        }
        Some(Overlay::Rejections { cursor }) => {
            *cursor = step_list(*cursor, rejections, page, action);
            true
        }
        Some(Overlay::Studies { cursor }) => {
            *cursor = step_list(*cursor, studies, page, action);
            true
        }
        Some(Overlay::Kernels { cursor }) => {
            *cursor = step_list(*cursor, kernels, page, action);
            true
        }
        Some(Overlay::Compare { cursor }) => {
            *cursor = step_list(*cursor, compared, page, action);
            true
        }
        Some(Overlay::Knobs { cursor }) => {
            *cursor = step_list(*cursor, knobs, page, action);
            true
        }
        Some(Overlay::Course { cursor }) => {
            *cursor = step_list(*cursor, crate::session::lab::menu().len(), page, action);
            true
        }
        Some(_) => true,
        None => false,
    }
}

/// Where a list's cursor goes.
pub fn step_list(cursor: usize, length: usize, page: usize, action: &Action) -> usize {
    match action {
        Action::Up => cursor.saturating_sub(1),
        Action::Down => cursor + 1,
        Action::PageUp => cursor.saturating_sub(page),
        Action::PageDown => cursor + page,
        Action::Top => 0,
        _ => length,
    }
    .min(length.saturating_sub(1))
}

/// Left and right: along the parameter in hand, the x axis of the surface, the columns of the table, time.
pub fn horizontal(model: &mut Model, by: i32, big: bool, effects: &mut Vec<Effect>) {
    match model.overlay {
        None => {}
        Some(Overlay::Knobs { .. }) => return super::tune::turn(model, by, big, effects),
        // The probe moves along the parameter that is compared.
        Some(Overlay::Compare { .. }) => return move_param(model, model.param, by, big, effects),
        Some(_) => return,
    }
    if model.draft.is_none() {
        match model.focus {
            Pane::Surface => return move_axis(model, 0, by, big, effects),
            Pane::Trials => {
                let most = model.study.columns.len().saturating_sub(1);
                let now = model.table.column_offset;
                model.table.column_offset = if by < 0 {
                    now.saturating_sub(1)
                } else {
                    (now + 1).min(most)
                };
                return;
            }
            Pane::History => {
                let step = if big { 10 } else { 1 };
                return step_history(model, isize::try_from(by).unwrap_or(0) * step, effects);
            }
            Pane::Evidence => return super::tune::turn_on_map(model, false, by, big, effects),
            Pane::Slices
            | Pane::Suggestion
            | Pane::Improvement
            | Pane::Ladder
            | Pane::Race
            | Pane::Lesson => {}
        }
    }
    move_param(model, model.param, by, big, effects);
}

/// Moves the surface's axis `which` (0: x, 1: y).
fn move_axis(model: &mut Model, which: usize, by: i32, big: bool, effects: &mut Vec<Effect>) {
    if let Some((x, y)) = model.surface_pair() {
        move_param(model, if which == 0 { x } else { y }, by, big, effects);
    }
}

/// Moves one value of the configuration in hand.
pub fn move_param(model: &mut Model, param: usize, by: i32, big: bool, effects: &mut Vec<Effect>) {
    let (Some(p), Some(value)) = (model.study.space.params.get(param), model.in_hand().get(param)) else {
        return say(model, "there is no configuration to move yet", true);
    };
    if model.locks.get(param).is_some_and(Option::is_some) {
        let text = format!("{} is locked (L unlocks it)", p.name);
        return say(model, text, true);
    }
    let value = nudge(p, value, by, big);
    set_value(model, param, value, effects);
}

/// Sets one value of the configuration in hand and lets everything follow.
pub fn set_value(model: &mut Model, param: usize, value: Value, effects: &mut Vec<Effect>) {
    match &mut model.draft {
        Some(draft) => {
            if let Some(slot) = draft.values.get_mut(param) {
                *slot = value;
            }
        }
        None => {
            if let Some(slot) = model.probe.configuration.get_mut(param) {
                *slot = value;
                model.probe.origin = ProbeOrigin::Moved;
            }
        }
    }
    follow(model, effects);
}

/// Puts the probe on a configuration; a draft stays where it is.
pub fn set_probe(
    model: &mut Model,
    configuration: Configuration,
    origin: ProbeOrigin,
    effects: &mut Vec<Effect>,
) {
    if model.draft.is_some() {
        return say(model, "your draft is kept: A accepts it, D discards it", false);
    }
    model.probe.configuration = configuration;
    model.probe.origin = origin;
    follow(model, effects);
}

pub fn probe_suggestion(model: &mut Model, effects: &mut Vec<Effect>) {
    match model.suggestion().map(|s| s.configuration.clone()) {
        Some(configuration) => set_probe(model, configuration, ProbeOrigin::Suggestion, effects),
        None => say(model, "there is no suggestion yet", true),
    }
}

pub fn probe_best(model: &mut Model, effects: &mut Vec<Effect>) {
    match model.study.best() {
        Some(trial) => probe_trial(model, trial, ProbeOrigin::Best, effects),
        None => say(model, "there is no complete trial yet", true),
    }
}

pub fn probe_centre(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.study.space.is_empty() {
        return say(model, "there is no space yet", true);
    }
    let encoder = Encoder::new(&model.study.space);
    let middle: Vec<f64> = encoder.axes().map(|axis| axis.at_position(0.5)).collect();
    let centre = encoder.decode(&middle);
    set_probe(model, centre, ProbeOrigin::Centre, effects);
}

/// What a trial ran, snapped to the space; `None`: it lacks a value for some parameter.
pub fn configuration_of(space: &Space, trial: &Trial) -> Option<Configuration> {
    (space.params.iter())
        .map(|p| {
            let inactive = p.activity.as_ref().map(|_| Value::Inactive);
            p.of(trial).and_then(|v| p.snap(v)).or(inactive)
        })
        .collect::<Option<Configuration>>()
        .map(|configuration| space.settled(&configuration))
}

/// Puts the probe on a trial; values outside of the space are drawn at its edge.
pub fn probe_trial(model: &mut Model, trial: usize, origin: ProbeOrigin, effects: &mut Vec<Effect>) {
    let Some(found) = model.study.trials.get(trial) else {
        return;
    };
    let configuration = configuration_of(&model.study.space, found);
    match configuration {
        Some(configuration) if !configuration.is_empty() => set_probe(model, configuration, origin, effects),
        _ => say(
            model,
            format!("trial {} lacks a value for some parameter", found.id),
            true,
        ),
    }
}

/// Moves the parameter cursor in the order of importance.
pub fn step_param(model: &mut Model, by: i32) {
    let order = model.params_by_importance();
    if order.is_empty() {
        return;
    }
    let now = order.iter().position(|p| *p == model.param).unwrap_or(0);
    let last = order.len() - 1;
    let next = i64::try_from(now).unwrap_or(0) + i64::from(by);
    let next = usize::try_from(next.max(0)).unwrap_or(0).min(last);
    model.param = order[next];
    let slots = model.hits.slice_slots.max(1);
    model.slice_offset = model.slice_offset.clamp((next + 1).saturating_sub(slots), next);
    sync_draft_cursor(model);
}

/// Moves the parameter cursor through the rows of the suggestion, as they are drawn, then on into the queue.
fn step_row(model: &mut Model, action: &Action) {
    let rows = model.params_by_importance();
    let receipts = if model.draft.is_some() {
        0
    } else {
        model.receipts.len()
    };
    let Some(last) = (rows.len() + receipts)
        .checked_sub(1)
        .filter(|_| !rows.is_empty())
    else {
        return;
    };
    let row = rows.iter().position(|p| *p == model.param).unwrap_or(0);
    let now = model.receipt_cursor.map_or(row, |r| rows.len() + r);
    let next = match action {
        Action::Up => now.saturating_sub(1),
        Action::Down => now + 1,
        Action::PageUp | Action::Top => 0,
        _ => last,
    }
    .min(last);
    match rows.get(next) {
        Some(param) => {
            model.param = *param;
            model.receipt_cursor = None;
        }
        None => model.receipt_cursor = Some(next - rows.len()),
    }
    sync_draft_cursor(model);
}

/// The parameter in the next row of the suggestion, or in the one before; round at the ends.
pub fn neighbour(model: &Model, is_next: bool) -> usize {
    let rows = model.params_by_importance();
    let n = rows.len().max(1);
    let row = rows.iter().position(|p| *p == model.param).unwrap_or(0);
    let to = if is_next { row + 1 } else { row + n - 1 };
    rows.get(to % n).copied().unwrap_or(model.param)
}

pub fn sync_draft_cursor(model: &mut Model) {
    if let Some(draft) = &mut model.draft {
        if draft.cursor != model.param {
            draft.field = None;
        }
        draft.cursor = model.param;
    }
}

pub fn set_pair(model: &mut Model, x: usize, y: usize, effects: &mut Vec<Effect>) {
    model.pair = Some((x, y));
    explore(
        model,
        Parts {
            surface: true,
            ..Parts::default()
        },
        effects,
    );
}

/// The next pair in the order of importance: (1,2), (1,3), (2,3), (1,4), …
pub fn next_pair(model: &mut Model, effects: &mut Vec<Effect>) {
    let order = model.params_by_importance();
    let pairs: Vec<(usize, usize)> = (1..order.len())
        .flat_map(|b| (0..b).map(move |a| (a, b)))
        .map(|(a, b)| (order[a], order[b]))
        .collect();
    if pairs.is_empty() {
        return say(model, "a surface needs two parameters", true);
    }
    let now = model.surface_pair();
    let at = now.and_then(|(x, y)| pairs.iter().position(|p| *p == (x, y) || *p == (y, x)));
    let (x, y) = pairs[at.map_or(0, |i| (i + 1) % pairs.len())];
    set_pair(model, x, y, effects);
}

/// Sorts by a column; by the one that it is sorted by, the other way round.
pub fn sort_by(model: &mut Model, key: SortKey) {
    let is_same = model.table.sort == key;
    model.table.descending = is_same && !model.table.descending;
    model.table.sort = key;
    rebuild_rows(model);
}

/// Filters and sorts again, keeping the selected trial where it can.
pub fn rebuild_rows(model: &mut Model) {
    let filter = Filter::parse(&model.table.filter, &model.study).unwrap_or(Filter::And(Vec::new()));
    model.table.rows = table::rows(&model.study, &filter, model.table.sort, model.table.descending);
    if model.table.follow {
        model.table.selected = model.table.rows.iter().copied().max();
    } else if model.table.cursor().is_none() {
        model.table.selected = model.table.rows.first().copied();
    }
    clamp_scroll(model);
}

/// Keeps the cursor in the window, for the sizes of the last frame.
pub fn clamp_scroll(model: &mut Model) {
    let rows = model.hits.table_rows.max(1);
    let cursor = model.table.cursor().unwrap_or(0);
    let most = model.table.rows.len().saturating_sub(rows);
    let lowest = (cursor + 1).saturating_sub(rows);
    model.table.offset = model
        .table
        .offset
        .clamp(lowest, cursor.max(lowest))
        .min(most.max(lowest));
    let order = model.params_by_importance();
    let at = order.iter().position(|p| *p == model.param).unwrap_or(0);
    let slots = model.hits.slice_slots.max(1);
    model.slice_offset = model.slice_offset.clamp((at + 1).saturating_sub(slots), at);
}

/// Selects a row of the table; the probe goes there.
pub fn select_row(model: &mut Model, row: usize, effects: &mut Vec<Effect>) {
    let Some(trial) = model.table.rows.get(row).copied() else {
        return;
    };
    select_trial(model, trial, effects);
}

/// Selects a trial; the probe goes there where it has every value, silently stays where it has not.
pub fn select_trial(model: &mut Model, trial: usize, effects: &mut Vec<Effect>) {
    model.table.selected = Some(trial);
    model.table.follow = false;
    clamp_scroll(model);
    let complete = model.study.trials.get(trial).is_some_and(|t| {
        model
            .study
            .space
            .params
            .iter()
            .all(|p| t.param(p.column).is_some())
    });
    if model.draft.is_none() && complete {
        probe_trial(model, trial, ProbeOrigin::Trial(trial), effects);
    }
}

fn step_history(model: &mut Model, by: isize, effects: &mut Vec<Effect>) {
    let last = model.history.points.len();
    if last == 0 {
        return;
    }
    let now = model
        .table
        .selected
        .and_then(|t| model.history.points.iter().position(|p| p.trial == t))
        .unwrap_or(last - 1);
    let next = now.saturating_add_signed(by).min(last - 1);
    let trial = model.history.points[next].trial;
    select_trial(model, trial, effects);
}

/// The next sort key: order, value, state, seconds, then each visible column.
pub fn sort_next(model: &mut Model) {
    let mut keys = vec![SortKey::Order, SortKey::Value, SortKey::State, SortKey::Seconds];
    keys.extend((0..model.study.constraints.len()).map(SortKey::Constraint));
    keys.extend((0..model.study.columns.len()).map(SortKey::Column));
    let now = keys.iter().position(|k| *k == model.table.sort).unwrap_or(0);
    model.table.sort = keys[(now + 1) % keys.len()];
    model.table.descending = model.table.sort == SortKey::Order
        || model.table.sort == SortKey::Value && model.study.direction() == crate::study::Direction::Maximize;
    rebuild_rows(model);
}

/// Goes to the trial with this id.
pub fn goto_trial(model: &mut Model, id: &str, effects: &mut Vec<Effect>) {
    match model.study.trials.iter().position(|t| t.id.to_string() == id) {
        Some(trial) => {
            if !model.table.rows.contains(&trial) {
                model.table.filter.clear();
                rebuild_rows(model);
            }
            focus(model, Pane::Trials);
            select_trial(model, trial, effects);
        }
        None => say(model, format!("there is no trial {id}"), true),
    }
}

/// The next row that matches the filter's words beyond the cursor.
pub fn find(model: &mut Model, by: isize, effects: &mut Vec<Effect>) {
    let Some(cursor) = model.table.cursor() else {
        return;
    };
    let rows = model.table.rows.len();
    if rows == 0 {
        return;
    }
    let next = cursor.checked_add_signed(by).unwrap_or(rows - 1) % rows;
    select_row(model, next, effects);
}
