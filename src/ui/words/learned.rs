//! What has the model learned?

use super::super::context::Context;
use super::super::marks;
use super::super::number::{percent, significant};
use super::{Section, Table};
use crate::analysis::slice::{SliceKind, SlicePoint};
use crate::analysis::{AcquisitionFunction, Layer, Slice, Surface};
use crate::session::nudge::at_position;
use crate::study::{Direction, Domain, Parameter, Value};

/// Rows of the table of a slice that has more places.
const PLACES: usize = 9;

pub fn slices(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("slices", "slices");
    let Some(slices) = &ctx.model.slices else {
        return out;
    };
    out.say(format!(
        "Each parameter alone, all others as in {}; the one that matters most comes first.",
        ctx.probe_words()
    ));
    for param in ctx.model.params_by_importance() {
        let slice = slices.value.iter().find(|s| s.param == param);
        let parameter = ctx.model.study.space.params.get(param);
        if let (Some(slice), Some(parameter)) = (slice, parameter) {
            sentence(ctx, slice, parameter, &mut out);
            table(ctx, slice, &mut out);
        }
    }
    out
}

fn sentence(ctx: &Context<'_>, slice: &Slice, parameter: &Parameter, out: &mut Section) {
    let share = ctx.model.importance.as_ref().and_then(|i| {
        let share = i.value.shares.iter().find(|s| s.param == slice.param)?;
        Some(format!(
            ", {} of what the model says varies",
            percent(share.total)
        ))
    });
    let mut words = format!(
        "{} ({}){}.",
        parameter.name,
        domain(parameter),
        share.unwrap_or_default()
    );
    let finite = || slice.points.iter().filter(|p| p.mean.is_finite());
    let low = finite().min_by(|a, b| a.mean.total_cmp(&b.mean));
    let high = finite().max_by(|a, b| a.mean.total_cmp(&b.mean));
    if let (Some(low), Some(high)) = (low, high) {
        let (good, bad) = match ctx.model.study.direction() {
            Direction::Minimize => (low, high),
            Direction::Maximize => (high, low),
        };
        let at = |p: &SlicePoint| format!("{} at {}", ctx.value.show(p.mean), Context::show(&p.value));
        words.push_str(&format!(
            " The mean is best with {}, worst with {}.",
            at(good),
            at(bad)
        ));
    }
    let name = acquisition(ctx);
    if let Some(p) = slice.points.get(slice.best_acquisition) {
        words.push_str(&format!(" {name} is largest at {}.", Context::show(&p.value)));
    }
    out.say(words);
}

fn table(ctx: &Context<'_>, slice: &Slice, out: &mut Section) {
    let name = ctx.param_name(slice.param);
    let acquisition = acquisition(ctx);
    let head = [name, "mean", "95 % from", "to", &acquisition];
    let mut table = Table::new(
        format!("{} along {name}", ctx.metric()),
        &head,
        if slice.kind == SliceKind::Choices {
            1..5
        } else {
            0..5
        },
    );
    let last = slice.points.len().saturating_sub(1);
    let places: Vec<usize> = if slice.kind == SliceKind::Choices || last < PLACES {
        (0..=last).collect()
    } else {
        (0..PLACES).map(|k| k * last / (PLACES - 1)).collect()
    };
    table.rows = places
        .into_iter()
        .filter_map(|i| slice.points.get(i))
        .map(|p| {
            vec![
                Context::show(&p.value),
                ctx.value.show(p.mean),
                ctx.value.show(p.low95),
                ctx.value.show(p.high95),
                significant(p.acquisition, 3),
            ]
        })
        .collect();
    out.table(table);
}

/// What slices show of the acquisition function: of a logarithm the function itself, with what weighs it.
fn acquisition(ctx: &Context<'_>) -> String {
    let function = match ctx.model.acquisition.function {
        AcquisitionFunction::LogEi => AcquisitionFunction::Ei,
        other => other,
    };
    let weight = ctx.model.surrogate.as_ref().and_then(|s| marks::weight(&s.value));
    match weight {
        Some(weight) if ctx.seeks_feasible() && function.is_positive() => weight,
        Some(weight) => format!("{} × {weight}", function.title()),
        None => function.title().to_owned(),
    }
}

/// What a parameter may be.
fn domain(parameter: &Parameter) -> String {
    match &parameter.domain {
        Domain::Float { low, high, log, .. } => {
            let log = if *log { ", log" } else { "" };
            format!("{} to {}{log}", significant(*low, 4), significant(*high, 4))
        }
        Domain::Int { low, high, log, step } => {
            let log = if *log { ", log" } else { "" };
            let step = if *step == 1 {
                String::new()
            } else {
                format!(", step {step}")
            };
            format!("{low} to {high}, whole numbers{log}{step}")
        }
        Domain::Categorical { choices } => {
            let words: Vec<String> = choices.iter().map(Value::to_string).collect();
            words.join(", ")
        }
    }
}

pub fn surface(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("surface", "surface");
    let Some(surface) = ctx.model.surface.as_ref().map(|s| &s.value) else {
        return out;
    };
    let (x, y) = (ctx.param_name(surface.x_param), ctx.param_name(surface.y_param));
    out.say(format!(
        "{x} and {y} together, all others as in {}: where each layer is smallest and largest.",
        ctx.probe_words()
    ));
    let head = ["layer", "smallest", x, y, "largest", x, y];
    let mut table = Table::new(format!("the surface over {x} and {y}"), &head, 1..7);
    table.rows = Layer::ALL
        .into_iter()
        .filter_map(|layer| extremes(ctx, surface, layer))
        .collect();
    out.table(table);
    out
}

fn extremes(ctx: &Context<'_>, surface: &Surface, layer: Layer) -> Option<Vec<String>> {
    let cells = surface.layer(layer);
    let finite = || cells.iter().enumerate().filter(|(_, v)| v.is_finite());
    let low = finite().min_by(|a, b| a.1.total_cmp(b.1))?;
    let high = finite().max_by(|a, b| a.1.total_cmp(b.1))?;
    let mut row = vec![layer.title().to_owned()];
    for (cell, value) in [low, high] {
        row.push(match layer {
            Layer::Mean => ctx.value.show(*value),
            _ => significant(*value, 3),
        });
        let columns = surface.columns.max(1);
        let place = |param: usize, at: Option<&f64>| {
            let parameter = ctx.model.study.space.params.get(param);
            parameter
                .zip(at)
                .map_or_else(|| "–".to_owned(), |(p, u)| Context::show(&at_position(p, *u)))
        };
        row.push(place(surface.x_param, surface.xs.get(cell % columns)));
        row.push(place(surface.y_param, surface.ys.get(cell / columns)));
    }
    Some(row)
}
