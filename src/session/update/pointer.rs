//! The mouse: what was drawn under it decides what it does.

use crate::session::action::Action;
use crate::session::effect::Effect;
use crate::session::hit::{Area, Target};
use crate::session::model::{Model, Pane};
use crate::session::msg::Pointer;
use crate::session::nudge::at_position;

use super::{navigate, overlay};

pub fn pointer(model: &mut Model, pointer: Pointer, effects: &mut Vec<Effect>) {
    match pointer {
        Pointer::Press { x, y } | Pointer::Drag { x, y } => {
            if model.overlay.is_some() && !overlay::is_typing(model) {
                return;
            }
            let Some((area, target)) = model.hits.at(x, y) else {
                return;
            };
            press(
                model,
                (x, y),
                area,
                target,
                matches!(pointer, Pointer::Drag { .. }),
                effects,
            );
        }
        Pointer::ScrollUp { x, y } => scroll(model, (x, y), &Action::Up, effects),
        Pointer::ScrollDown { x, y } => scroll(model, (x, y), &Action::Down, effects),
    }
}

fn scroll(model: &mut Model, (x, y): (u16, u16), action: &Action, effects: &mut Vec<Effect>) {
    if model.overlay.is_none()
        && let Some(pane) = pane_at(model, x, y)
    {
        navigate::focus(model, pane);
    }
    navigate::vertical(model, action, effects);
}

fn pane_at(model: &Model, x: u16, y: u16) -> Option<Pane> {
    model
        .hits
        .regions
        .iter()
        .rev()
        .find_map(|(area, target)| match target {
            Target::Pane(pane) if area.contains(x, y) => Some(*pane),
            _ => None,
        })
}

/// Places of a cell's middle within an area, from the left and from the bottom, in `[0, 1]`.
fn places((x, y): (u16, u16), area: Area) -> (f64, f64) {
    let across = (f64::from(x - area.x) + 0.5) / f64::from(area.width.max(1));
    let up = 1.0 - (f64::from(y - area.y) + 0.5) / f64::from(area.height.max(1));
    (across, up)
}

fn press(
    model: &mut Model,
    cell: (u16, u16),
    area: Area,
    target: Target,
    dragging: bool,
    effects: &mut Vec<Effect>,
) {
    if !dragging && let Some(pane) = pane_at(model, cell.0, cell.1) {
        navigate::focus(model, pane);
    }
    let (across, up) = places(cell, area);
    let value =
        |model: &Model, i: usize, place| model.study.space.params.get(i).map(|p| at_position(p, place));
    match target {
        Target::Pane(_) => {}
        Target::TrialRow(trial) => navigate::select_trial(model, trial, effects),
        Target::TableColumn(key) => {
            if dragging {
                return;
            }
            navigate::sort_by(model, key);
        }
        Target::Slice { param } => {
            model.param = param;
            navigate::sync_draft_cursor(model);
            if let Some(v) = value(model, param, across) {
                navigate::set_value(model, param, v, effects);
            }
        }
        Target::Surface => {
            let Some((px, py)) = model.surface.as_ref().map(|s| (s.value.x_param, s.value.y_param)) else {
                return;
            };
            if let (Some(vx), Some(vy)) = (value(model, px, across), value(model, py, up)) {
                navigate::set_value(model, px, vx, effects);
                navigate::set_value(model, py, vy, effects);
            }
        }
        Target::Likelihood => {
            let place = (model.explained.likelihood.as_ref()).and_then(|m| m.value.place(across, up));
            if let Some(place) = place {
                super::tune::set_place(model, place, effects);
            }
        }
        Target::ParamRow(i) => {
            model.param = i;
            model.receipt_cursor = None;
            navigate::sync_draft_cursor(model);
        }
        Target::ReceiptRow(i) => model.receipt_cursor = Some(i),
    }
}
