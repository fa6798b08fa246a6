//! What lies over the panes: windows with text that can be scrolled, completions, confirmations.

mod compare;
mod confirm;
mod course;
mod help;
mod kernels;
mod knobs;
mod model;
mod studies;
mod trial;
pub(super) mod window;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::language::tr;
use crate::session::command;
use crate::session::model::SourceState;
use crate::session::{HitMap, Overlay};

use super::context::{Context, ago};
use super::layout::Layout;
use super::text;
use window::Window;
pub(super) use window::clear;

/// Draws the overlay of the model, if any, over `body`.
pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, layout: &Layout, hits: &mut HitMap) {
    let (body, beside) = (layout.body, layout.beside_the_lesson());
    let Some(overlay) = ctx.model.overlay.as_ref() else {
        return;
    };
    match overlay {
        Overlay::Help { scroll, sought, .. } => help::draw(ctx, buf, body, (*scroll, sought.value()), hits),
        Overlay::Diagnostics { scroll } => diagnostics(ctx, buf, body, *scroll, hits),
        Overlay::Trial { trial, scroll } => trial::draw(ctx, buf, body, *trial, *scroll, hits),
        Overlay::Model { scroll } => model::draw(ctx, buf, body, *scroll, hits),
        Overlay::Rejections { cursor } => rejections(ctx, buf, body, *cursor, hits),
        Overlay::Kernels { cursor } => kernels::draw(ctx, buf, beside, *cursor, hits),
        Overlay::Compare { cursor } => compare::draw(ctx, buf, beside, *cursor, hits),
        Overlay::Knobs { cursor } => knobs::draw(ctx, buf, beside, *cursor, hits),
        Overlay::Course { cursor } => course::draw(ctx, buf, body, *cursor, hits),
        Overlay::Studies { cursor } => studies::draw(ctx, buf, body, *cursor, hits),
        Overlay::Command {
            input, completions, ..
        } => completion_list(ctx, buf, body, input.value(), completions),
        Overlay::Filter { .. } => filter_hint(ctx, buf, body),
        // Typed at the foot of the screen.
        Overlay::Imagine { .. } | Overlay::Band { .. } => {}
        Overlay::Game { scroll } => super::game::summary(ctx, buf, body, *scroll, hits),
        Overlay::Confirm(confirm) => confirm::draw(ctx, buf, body, confirm),
    }
}

fn diagnostics(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, scroll: usize, hits: &mut HitMap) {
    let theme = &ctx.theme;
    let study = &ctx.model.study;
    let width = usize::from(body.width.saturating_sub(8)).clamp(1, 96);
    let mut lines = Vec::new();
    if let SourceState::Failed(why) = &ctx.model.source.state {
        for part in text::wrap(why, width) {
            lines.push(Line::styled(part, theme.error()));
        }
    } else if study.diagnostics.is_empty() {
        let words = if study.trials.is_empty() {
            tr!(ctx, "No row has been read yet.")
        } else {
            tr!(ctx, "Every row was understood.")
        };
        lines.push(Line::styled(words, theme.dim()));
    }
    for d in &study.diagnostics {
        let place = d
            .line
            .map_or_else(|| "–".to_owned(), |l| tr!(ctx, "line {l}", l = l));
        for (i, part) in text::wrap(&d.message, width.saturating_sub(14))
            .into_iter()
            .enumerate()
        {
            lines.push(Line::from(vec![
                Span::styled(text::left(if i == 0 { &place } else { "" }, 14), theme.accent()),
                Span::raw(part),
            ]));
        }
    }
    for note in &study.notes {
        for (i, part) in text::wrap(note, width.saturating_sub(14)).into_iter().enumerate() {
            let head = if i == 0 { tr!(ctx, "assumed") } else { "" };
            lines.push(Line::from(vec![
                Span::styled(text::left(head, 14), theme.dim()),
                Span::raw(part),
            ]));
        }
    }
    let detail = match study.diagnostics.len() {
        0 => String::new(),
        1 => tr!(ctx, "1 thing to look at").to_owned(),
        n => tr!(ctx, "{n} things to look at", n = n),
    };
    Window {
        title: tr!(ctx, "diagnostics"),
        detail: &detail,
        lines,
        width: 100,
    }
    .draw(ctx, buf, body, scroll, hits);
}

fn rejections(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, cursor: usize, hits: &mut HitMap) {
    let theme = &ctx.theme;
    let mut lines = Vec::new();
    if ctx.model.rejections.is_empty() {
        lines.push(Line::styled(
            tr!(
                ctx,
                "Nothing is rejected. X on a suggestion keeps the next ones away from it."
            ),
            theme.dim(),
        ));
    }
    for (i, rejection) in ctx.model.rejections.iter().enumerate() {
        let values: Vec<String> = ctx
            .model
            .params_by_importance()
            .into_iter()
            .filter_map(|p| {
                rejection
                    .configuration
                    .get(p)
                    .map(|v| format!("{} {}", ctx.param_name(p), Context::show(v)))
            })
            .collect();
        let style = if i == cursor {
            theme.selected()
        } else {
            theme.text()
        };
        lines.push(Line::from(vec![
            Span::styled(if i == cursor { "▌" } else { " " }, theme.accent_strong()),
            Span::styled(text::left(&ago(ctx.model.now - rejection.when), 14), theme.dim()),
            Span::styled(values.join(", "), style),
        ]));
    }
    Window {
        title: tr!(ctx, "rejected"),
        detail: tr!(ctx, "regions that suggestions leave alone"),
        lines,
        width: 100,
    }
    .draw(
        ctx,
        buf,
        body,
        cursor.saturating_sub(usize::from(body.height / 2)),
        hits,
    );
}

/// Most rows of completions.
const COMPLETION_ROWS: usize = 13;

/// What can complete the command, just above the line it is typed into. Few commands are told with what they take and
/// do, many by their names; below the values of an argument stands the command they belong to.
fn completion_list(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, typed: &str, completions: &[String]) {
    let most = COMPLETION_ROWS.min(usize::from(body.height).saturating_sub(2));
    let is_name = !typed.trim_start().contains(' ');
    let mut lines: Vec<Line<'_>> = Vec::new();
    if is_name && completions.len() <= most {
        let found = completions.iter().filter_map(|c| command::meant(c));
        lines.extend(found.enumerate().map(|(i, c)| usage(ctx, c, i == 0)));
    } else {
        lines.extend(in_columns(ctx, completions, usize::from(body.width), most));
    }
    if !is_name && let Some(meant) = command::meant(typed) {
        lines.push(usage(ctx, meant, false));
    }
    let height = u16::try_from(lines.len()).unwrap_or(0).min(body.height);
    let area = Rect::new(body.x, body.bottom() - height, body.width, height);
    window::clear(buf, area);
    for (i, line) in (0..height).zip(&lines) {
        text::put_spans(buf, text::row(area, i), &line.spans);
    }
}

/// Name, argument and meaning of a command.
fn usage<'a>(ctx: &Context<'a>, command: &'static command::Command, is_first: bool) -> Line<'a> {
    let theme = &ctx.theme;
    let name = if is_first { theme.accent() } else { theme.text() };
    let mut spans = vec![Span::styled(format!(" {}", text::left(command.name, 13)), name)];
    if !command.argument.is_empty() {
        spans.push(Span::raw(format!("{}  ", command.argument)));
    }
    spans.push(Span::styled(command.help, theme.dim()));
    Line::from(spans)
}

/// Completions in as many columns as there is room for, read from top to bottom.
fn in_columns<'a>(ctx: &Context<'a>, completions: &[String], width: usize, most: usize) -> Vec<Line<'a>> {
    let widest = completions
        .iter()
        .map(|c| text::width(c))
        .max()
        .unwrap_or(1)
        .min(56);
    let columns = (width / (widest + 3)).max(1);
    let rows = completions.len().div_ceil(columns).min(most.max(1));
    let cell = |row: usize, column: usize| {
        let i = column * rows + row;
        let style = if i == 0 {
            ctx.theme.accent()
        } else {
            ctx.theme.dim()
        };
        let name = completions.get(i)?;
        Some(Span::styled(format!(" {}", text::left(name, widest + 2)), style))
    };
    (0..rows)
        .map(|row| Line::from((0..columns).filter_map(|c| cell(row, c)).collect::<Vec<_>>()))
        .collect()
}

/// What a filter may say, while it is typed.
fn filter_hint(ctx: &Context<'_>, buf: &mut Buffer, body: Rect) {
    let area = Rect::new(body.x, body.bottom().saturating_sub(1), body.width, 1);
    window::clear(buf, area);
    let first = ctx
        .model
        .study
        .space
        .params
        .first()
        .map_or("lr", |p| p.name.shown());
    let (metric, first) = (text::fit(ctx.metric(), 16), text::fit(first, 16));
    let words = if ctx.model.study.constraints.is_empty() {
        tr!(
            ctx,
            " such as {metric}<0.5 state=complete {first}>0.1; empty shows all",
            metric = metric,
            first = first
        )
    } else {
        tr!(
            ctx,
            " such as {metric}<0.5 -infeasible {first}>0.1; empty shows all",
            metric = metric,
            first = first
        )
    };
    text::put_spans(buf, area, &[Span::styled(words, ctx.theme.dim())]);
}
