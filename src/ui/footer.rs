//! The last line: the keys that work right now, or one sentence for the person, or what is being typed.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::language::tr;
use crate::session::Overlay;
use crate::session::model::Notice;
use crate::ui::number::with_sd;

use super::Hint;
use super::context::Context;
use super::text;

/// Lines that a notice may take.
const MOST_LINES: usize = 3;

/// Draws the line; returns where the text cursor stands while something is typed into it.
pub fn draw(ctx: &Context<'_>, hints: &[Hint], buf: &mut Buffer, area: Rect) -> Option<Position> {
    if let Some((sign, input, remark)) = ctx.model.overlay.as_ref().and_then(|o| typed(ctx, o)) {
        return Some(prompt(ctx, buf, area, sign, input, remark));
    }
    match &ctx.model.notice {
        Some(said) => notice(ctx, said, buf, area),
        None => keys(ctx, hints, buf, area),
    }
    None
}

/// Words behind what is typed, in their style.
type Remark<'a> = (Cow<'a, str>, Style);

/// What is typed into: what stands before it, the text, and what is wrong with it or can be written.
fn typed<'a>(ctx: &Context<'a>, overlay: &'a Overlay) -> Option<(&'a str, &'a tui_input::Input, Remark<'a>)> {
    let said = |remark: &'a Option<String>, hint: Cow<'a, str>| match remark {
        Some(wrong) => (ctx.language().reword(wrong), ctx.theme.error()),
        None => (hint, ctx.theme.dim()),
    };
    match overlay {
        Overlay::Command { input, remark, .. } => Some((":", input, said(remark, "".into()))),
        Overlay::Filter { input, remark } => Some(("/", input, said(remark, "".into()))),
        Overlay::Help {
            sought, typing: true, ..
        } => {
            let hint = tr!(ctx, "words, or the key itself; enter keeps, esc shows all");
            Some(("/", sought, said(&None, hint.into())))
        }
        Overlay::Band { input, remark, .. } => {
            let hint = tr!(
                ctx,
                "↑↓ centre, ←→ width, or two numbers: it should hold the value 4 times in 5; Enter alone: none"
            );
            Some((tr!(ctx, "your band "), input, said(remark, hint.into())))
        }
        Overlay::Imagine {
            predicted,
            input,
            remark,
            ..
        } => {
            let hint = match predicted {
                Some((mean, sd)) => {
                    tr!(
                        ctx,
                        "predicted {sd}; g good, p as predicted, b bad",
                        sd = with_sd(*mean, *sd)
                    )
                }
                None => tr!(ctx, "a number; nothing is predicted yet").to_owned(),
            };
            Some((tr!(ctx, "what if it gave "), input, said(remark, hint.into())))
        }
        Overlay::Confirm(_)
        | Overlay::Help { typing: false, .. }
        | Overlay::Diagnostics { .. }
        | Overlay::Trial { .. }
        | Overlay::Model { .. }
        | Overlay::Game { .. }
        | Overlay::Rejections { .. }
        | Overlay::Course { .. }
        | Overlay::Studies { .. }
        | Overlay::Knobs { .. }
        | Overlay::Compare { .. }
        | Overlay::Kernels { .. } => None,
    }
}

/// What was said last. What does not fit on one line goes on above it: the end of a sentence matters too.
fn notice(ctx: &Context<'_>, notice: &Notice, buf: &mut Buffer, area: Rect) {
    let (glyph, style) = if notice.is_error {
        ("✗ ", ctx.theme.error())
    } else {
        ("▸ ", ctx.theme.accent())
    };
    let lines = text::wrap(
        &ctx.language().reword(&notice.text),
        usize::from(area.width).saturating_sub(2),
    );
    let lines = lines.get(..lines.len().min(MOST_LINES)).unwrap_or_default();
    let above = u16::try_from(lines.len().saturating_sub(1))
        .unwrap_or(0)
        .min(area.y);
    for (i, line) in lines.iter().enumerate() {
        let y = (area.y - above).saturating_add(u16::try_from(i).unwrap_or(0));
        let row = Rect::new(area.x, y, area.width, 1);
        if y != area.y {
            super::overlays::clear(buf, row);
        }
        let head = if i == 0 { glyph } else { "  " };
        let spans = [Span::styled(head, style), Span::styled(line.clone(), style)];
        text::put_spans(buf, row, &spans);
    }
}

/// Keys from the left for as long as they fit whole.
fn keys(ctx: &Context<'_>, hints: &[Hint], buf: &mut Buffer, area: Rect) {
    let mut x = area.x;
    for (i, hint) in hints.iter().enumerate() {
        // A narrower context takes a key from a wider one.
        if hints.iter().take(i).any(|h| h.keys == hint.keys) {
            continue;
        }
        let label = ctx.language().word(&hint.label);
        let w = text::width(&hint.keys) + 1 + text::width(label);
        if usize::from(area.right().saturating_sub(x)) < w {
            break;
        }
        x = text::put(buf, x, area.y, usize::MAX, &hint.keys, ctx.theme.accent());
        x = text::put(buf, x + 1, area.y, usize::MAX, label, ctx.theme.dim());
        x += 3;
    }
}

fn prompt(
    ctx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    sign: &str,
    input: &tui_input::Input,
    (remark, style): Remark<'_>,
) -> Position {
    let most = usize::from(area.width) / 2;
    let x = text::put(buf, area.x, area.y, most, sign, ctx.theme.accent_strong());
    let reserved = text::width(&remark).min(usize::from(area.width) / 2);
    let room = usize::from(area.right().saturating_sub(x + 1)).saturating_sub(reserved + 2);
    let (cursor, end) = field(buf, x, area.y, room, input, ctx);
    if !remark.is_empty() {
        text::put(buf, end + 2, area.y, usize::MAX, &remark, style);
    }
    Position::new(cursor, area.y)
}

/// The text being typed, scrolled so that the cursor is in sight. Returns the columns of the cursor and of
/// the end.
pub fn field(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    room: usize,
    input: &tui_input::Input,
    ctx: &Context<'_>,
) -> (u16, u16) {
    let room = room.max(1);
    let shown = text::clean(input.value());
    // What was dropped was invisible: the cursor counts the characters that are left before it.
    let before: String = input.value().chars().take(input.cursor()).collect();
    let before_width = text::width(&text::clean(&before));
    let skip = before_width.saturating_sub(room.saturating_sub(1));
    let mut visible = String::new();
    let mut at = 0;
    for c in shown.chars() {
        if at >= skip {
            visible.push(c);
        }
        at += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
    }
    let end = text::put(buf, x, y, room, &visible, ctx.theme.text());
    let cursor = u16::try_from(before_width.saturating_sub(skip)).unwrap_or(0);
    let cursor = x.saturating_add(cursor);
    // Also visible where the terminal's own cursor is not.
    if let Some(cell) = buf.cell_mut((cursor, y)) {
        cell.set_style(ctx.theme.selected());
    }
    (cursor, end.max(cursor + 1))
}
