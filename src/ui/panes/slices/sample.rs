//! Values of a slice between its points, and a slice of bare trials before there is a model.

use crate::analysis::Slice;
use crate::analysis::slice::{SliceKind, SlicePoint, SliceTrial};
use crate::study::Value;
use crate::ui::context::Context;

/// Trials drawn into a slice before there is a model.
const MOST_RAW_TRIALS: usize = 2000;

/// The bands of the prior, where functions drawn from it are shown: mean 0, standard deviation 1 everywhere.
fn prior_points(ctx: &Context<'_>) -> Vec<SlicePoint> {
    if ctx.model.explained.prior.is_none() {
        return Vec::new();
    }
    let point = |position: f64| SlicePoint {
        position,
        value: Value::Float(position),
        mean: 0.0,
        low68: -1.0,
        high68: 1.0,
        low95: -2.0,
        high95: 2.0,
        acquisition: f64::NAN,
        exploitation: f64::NAN,
        exploration: f64::NAN,
        p_feasible: None,
    };
    vec![point(0.0), point(1.0)]
}

/// The trials alone, for as long as there is no model.
pub(super) fn raw_slice(ctx: &Context<'_>, param: usize) -> Slice {
    let study = &ctx.model.study;
    let place = |values: &[Value]| values.get(param).and_then(|v| ctx.position(param, v));
    let column = study.space.params.get(param).map(|p| p.column);
    let trials = study
        .trials
        .iter()
        .enumerate()
        .rev()
        .take(MOST_RAW_TRIALS)
        .filter_map(|(i, t)| {
            let value = t.objective()?;
            let position = ctx.position(param, t.param(column?)?)?;
            Some(SliceTrial {
                trial: i,
                position,
                value,
                weight: 0.5,
            })
        })
        .collect();
    Slice {
        param,
        kind: SliceKind::Curve,
        points: prior_points(ctx),
        trials,
        best_acquisition: 0,
        incumbent: ctx
            .best
            .and_then(|b| study.trials.get(b))
            .and_then(|t| t.param(column?))
            .and_then(|v| ctx.position(param, v)),
        suggestion: ctx.model.suggestion().and_then(|s| place(&s.configuration)),
        probe: place(ctx.model.in_hand()).unwrap_or(f64::NAN),
    }
}

/// The points around a position and the share of the way between them.
fn around(slice: &Slice, u: f64) -> Option<(usize, usize, f64)> {
    let last = slice.points.len().checked_sub(1)?;
    let i = slice.points.partition_point(|p| p.position < u);
    let (a, b) = (i.saturating_sub(1).min(last), i.min(last));
    let (pa, pb) = (slice.points.get(a)?.position, slice.points.get(b)?.position);
    let t = if pb > pa {
        ((u - pa) / (pb - pa)).clamp(0.0, 1.0)
    } else {
        0.0
    };
    if slice.kind == SliceKind::Curve {
        return Some((a, b, t));
    }
    let nearest = if t > 0.5 { b } else { a };
    Some((nearest, nearest, 0.0))
}

pub(super) fn mean_at(slice: &Slice, u: f64) -> Option<f64> {
    let (a, b, t) = around(slice, u)?;
    let (a, b) = (slice.points.get(a)?.mean, slice.points.get(b)?.mean);
    Some(if t == 0.0 { a } else { a + t * (b - a) })
}

pub(super) fn acquisition_at(slice: &Slice, u: f64) -> f64 {
    let value = || {
        let (a, b, t) = around(slice, u)?;
        let (a, b) = (slice.points.get(a)?, slice.points.get(b)?);
        if slice.kind == SliceKind::Choices {
            return ((u - a.position).abs() <= half_bar(slice)).then_some(a.acquisition);
        }
        let (a, b) = (a.acquisition, b.acquisition);
        Some(if t == 0.0 { a } else { a + t * (b - a) })
    };
    value().unwrap_or(f64::NEG_INFINITY)
}

/// `P(feasible)` at a place of a slice; `None` without constraints and between the bars of choices.
pub(super) fn p_feasible_at(slice: &Slice, u: f64) -> Option<f64> {
    let (a, b, t) = around(slice, u)?;
    let (a, b) = (slice.points.get(a)?, slice.points.get(b)?);
    if slice.kind == SliceKind::Choices && (u - a.position).abs() > half_bar(slice) {
        return None;
    }
    let (a, b) = (a.p_feasible?, b.p_feasible?);
    Some(if t == 0.0 { a } else { a + t * (b - a) })
}

/// Half of the width of a choice's column that its bar takes.
#[expect(clippy::cast_precision_loss, reason = "few choices")]
fn half_bar(slice: &Slice) -> f64 {
    0.32 / slice.points.len().max(1) as f64
}
