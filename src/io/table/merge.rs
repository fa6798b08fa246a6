//! Two rows about one trial.

use super::{Column, Group, Row};

/// The later word on a trial. Of what it does not mention, the parameters, the start, the queue entry and
/// the learning curve stay; a row with another step continues the curve.
pub(super) fn merge(old: &mut Row, new: Row, columns: &[Column]) {
    let is_step = new.step.is_some() && old.step.is_some() && new.step != old.step;
    let has_params = new
        .cells
        .iter()
        .zip(columns)
        .any(|(cell, column)| cell.is_some() && column.group == Group::Param);
    for (i, column) in columns.iter().enumerate() {
        let keeps = is_step || column.group != Group::Param || !has_params;
        match new.cell(i) {
            Some(value) => old.set(i, value.clone()),
            None if keeps => {}
            None => {
                if let Some(cell) = old.cells.get_mut(i) {
                    *cell = None;
                }
            }
        }
    }
    if is_step {
        old.steps.extend(new.steps);
        if new.values.is_some() {
            old.values = new.values;
        }
        if new.state.is_some() {
            old.state = new.state;
        }
    } else {
        if !new.steps.is_empty() {
            let is_said_anew =
                |step: u64, column: u32| new.steps.iter().any(|(s, c, _)| (*s, *c) == (step, column));
            old.steps
                .retain(|(step, column, _)| !is_said_anew(*step, *column));
            old.steps.extend(new.steps);
        }
        old.values = new.values;
        old.state = new.state;
        old.error = None;
        old.finished = None;
    }
    old.step = new.step.or(old.step);
    old.intermediate = new.intermediate.or(old.intermediate.take());
    old.started = new.started.or(old.started);
    old.finished = new.finished.or(old.finished);
    old.seconds = new.seconds.or(old.seconds);
    old.queue_id = new.queue_id.or(old.queue_id.take());
    old.error = new.error.or(old.error.take());
    if !new.attributes.is_empty() {
        old.attributes = new.attributes;
    }
}
