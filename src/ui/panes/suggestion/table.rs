//! The parameters of the suggestion or the draft, one a line: name, value, place in its range, marks.

use ratatui::text::Span;

use super::Row;
use crate::language::tr;
use crate::session::{Pane, Target};
use crate::ui::context::Context;
use crate::ui::text;
use crate::ui::widgets::bars;

/// Widest name and value.
const NAME: usize = 20;
const VALUE: usize = 10;

pub fn rows<'a>(ctx: &Context<'a>, width: usize) -> Vec<Row<'a>> {
    let model = ctx.model;
    let order = model.params_by_importance();
    let name_width = order
        .iter()
        .map(|p| text::width(ctx.param_name(*p)))
        .max()
        .unwrap_or(0)
        .min(NAME)
        .min(width / 3);
    let track = width.saturating_sub(name_width + VALUE + 18).clamp(0, 28);
    order
        .into_iter()
        .flat_map(|param| {
            let row = row(ctx, param, name_width, track);
            let remark = row.field_at.and_then(|at| remark(ctx, usize::from(at)));
            std::iter::once(row).chain(remark)
        })
        .collect()
}

/// What is to be said of the value being typed, on a line of its own: it must be read.
fn remark<'a>(ctx: &Context<'a>, at: usize) -> Option<Row<'a>> {
    let field = ctx.model.draft.as_ref()?.field.as_ref()?;
    let words = text::clean(field.remark.as_deref()?).into_owned();
    let style = if field.is_error {
        ctx.theme.error()
    } else {
        ctx.theme.dim()
    };
    let indent = at.min(4);
    Some(Row::new(
        9,
        vec![Span::raw(" ".repeat(indent)), Span::styled(words, style)],
    ))
}

fn row<'a>(ctx: &Context<'a>, param: usize, name_width: usize, track: usize) -> Row<'a> {
    let (model, theme) = (ctx.model, &ctx.theme);
    let draft = model.draft.as_ref();
    let values = draft.map_or_else(
        || {
            model
                .suggestion()
                .map_or(model.in_hand(), |s| s.configuration.as_slice())
        },
        |d| d.values.as_slice(),
    );
    let cursor = draft.map_or(model.param, |d| d.cursor);
    let here = cursor == param
        && model.receipt_cursor.is_none()
        && (draft.is_some() || model.focus == Pane::Suggestion);
    let edited = draft.is_some_and(|d| d.is_edited(param));
    let value = values.get(param).map(Context::show).unwrap_or_default();
    let value_style = match (here, edited) {
        (true, _) => theme.selected(),
        (false, true) => theme.accent_strong(),
        (false, false) => theme.text(),
    };
    let mut spans = vec![
        Span::styled(if here { "▌" } else { " " }, theme.accent_strong()),
        Span::styled(
            text::left(&text::middle(ctx.param_name(param), name_width), name_width),
            if here { theme.strong() } else { theme.dim() },
        ),
        Span::raw("  "),
        Span::styled(text::right(&value, VALUE), value_style),
        Span::raw("  "),
    ];
    if track >= 6 {
        spans.extend(range(ctx, param, values, track));
        spans.push(Span::raw("  "));
    }
    if model.locks.get(param).is_some_and(Option::is_some) {
        spans.push(Span::styled(tr!(ctx, "locked "), theme.accent()));
    }
    if edited && let Some(old) = draft.and_then(|d| d.base.get(param)) {
        spans.push(Span::styled(
            tr!(ctx, "was {old}", old = Context::show_short(old)),
            theme.accent(),
        ));
    }
    let mut row = Row::new(9, spans);
    row.target = Some(Target::ParamRow(param));
    if here && draft.is_some_and(|d| d.field.is_some()) {
        row.field_at = u16::try_from(1 + name_width + 3).ok();
    }
    row
}

/// Where the value lies between its bounds; the best beside it.
fn range<'a>(ctx: &Context<'a>, param: usize, values: &[crate::study::Value], cells: usize) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let mut marks = Vec::new();
    let best = ctx
        .best
        .and_then(|b| ctx.model.study.trials.get(b))
        .zip(ctx.model.study.space.params.get(param))
        .and_then(|(t, p)| t.param(p.column))
        .and_then(|v| ctx.position(param, v));
    if let Some(at) = best {
        marks.push((at, "★", theme.dim()));
    }
    if let Some(draft) = ctx.model.draft.as_ref().filter(|d| d.is_edited(param))
        && let Some(at) = draft.base.get(param).and_then(|v| ctx.position(param, v))
    {
        marks.push((at, "◆", theme.dim()));
    }
    if let Some(at) = values.get(param).and_then(|v| ctx.position(param, v)) {
        marks.push((at, super::glyph(ctx), theme.accent()));
    }
    bars::track(cells, &marks, theme)
}
