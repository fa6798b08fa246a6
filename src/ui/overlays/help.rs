//! Every key, from the table that also dispatches them, in columns by where it holds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::keymap::{Context as Place, SECTIONS, works};
use crate::language::tr;
use crate::session::HitMap;
use crate::ui::context::Context;
use crate::ui::text;

/// Width of the keys and of a whole column.
const KEYS: usize = 14;
const COLUMN: usize = 50;
/// As wide as the longest label asks for.
const WIDEST: usize = 62;
/// Most keys shown for one action.
const MOST_KEYS: usize = 3;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, scroll: usize, hits: &mut HitMap) {
    let columns = (usize::from(body.width.saturating_sub(6)) / COLUMN).clamp(1, 3);
    let column = (usize::from(body.width.saturating_sub(6)) / columns).clamp(COLUMN, WIDEST);
    let lines = in_columns(groups(ctx), columns, column);
    let width = u16::try_from(columns * column + 4).unwrap_or(u16::MAX);
    Window {
        title: tr!(ctx, "keys"),
        detail: tr!(ctx, "arrows scroll, esc closes"),
        lines,
        width,
    }
    .draw(ctx, buf, body, scroll, hits);
}

/// One block a section: its title, its keys, a blank line. The pane with the focus comes first; the keys of the lab are
/// told in the lab.
fn groups<'a>(ctx: &Context<'a>) -> Vec<Vec<Line<'a>>> {
    let theme = &ctx.theme;
    let mut sections = SECTIONS;
    sections.sort_by_key(|s| s.context != Place::Pane(ctx.model.focus));
    let keys = sections
        .into_iter()
        .map(|section| {
            let keys = section.bindings.iter().filter(|b| works(ctx.model, b));
            let keys = keys.map(|b| {
                Line::from(vec![
                    Span::styled(text::right(&b.keys_for_people(MOST_KEYS), KEYS), theme.accent()),
                    Span::raw("  "),
                    Span::raw(ctx.language().word(b.label)),
                ])
            });
            let mut lines = vec![Line::styled(ctx.language().word(section.title), theme.strong())];
            lines.extend(keys);
            lines.push(Line::default());
            lines
        })
        .filter(|lines| lines.len() > 2);
    keys.chain(std::iter::once(signs(ctx))).collect()
}

/// What the marks of charts, tables and titles stand for.
fn signs<'a>(ctx: &Context<'a>) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let told: [(&str, &str); 14] = [
        ("★", tr!(ctx, "the best trial")),
        ("◆", tr!(ctx, "the suggestion")),
        ("┼ │", tr!(ctx, "the probe")),
        ("◇", tr!(ctx, "your draft")),
        ("▲", tr!(ctx, "largest acquisition of a slice")),
        ("● • ·", tr!(ctx, "trials, near the slice to far off")),
        ("▴ ▾", tr!(ctx, "trials beyond the axis")),
        ("◌", tr!(ctx, "waiting")),
        ("◐", tr!(ctx, "running")),
        ("✗", tr!(ctx, "failed")),
        ("⊘", tr!(ctx, "pruned")),
        ("≈", tr!(ctx, "the end that its curve promises")),
        ("P(ok)", tr!(ctx, "chance to come through")),
        ("P(ok)^c", tr!(ctx, "c: 1 + failures of last 10 outcomes")),
    ];
    let mut lines = vec![Line::styled(tr!(ctx, "signs"), theme.strong())];
    lines.extend(told.into_iter().map(|(sign, words)| {
        Line::from(vec![
            Span::styled(text::right(sign, KEYS), theme.accent()),
            Span::raw("  "),
            Span::raw(words),
        ])
    }));
    lines.push(Line::default());
    lines
}

/// Deals the blocks to columns of about the same height, in reading order.
fn in_columns(groups: Vec<Vec<Line<'_>>>, columns: usize, width: usize) -> Vec<Line<'_>> {
    let total: usize = groups.iter().map(Vec::len).sum();
    let target = total.div_ceil(columns.max(1)) + 2;
    let groups: Vec<Vec<Line<'_>>> = groups.into_iter().flat_map(|g| split(g, target)).collect();
    let mut dealt: Vec<Vec<Line<'_>>> = vec![Vec::new(); columns.max(1)];
    let mut at = 0;
    for group in groups {
        let full = dealt
            .get(at)
            .is_some_and(|c| !c.is_empty() && c.len() + group.len() / 2 > target);
        if full && at + 1 < dealt.len() {
            at += 1;
        }
        if let Some(column) = dealt.get_mut(at) {
            column.extend(group);
        }
    }
    let height = dealt.iter().map(Vec::len).max().unwrap_or(0);
    (0..height)
        .map(|row| {
            let mut spans = Vec::new();
            for column in &dealt {
                spans.extend(cell(column.get(row), width));
            }
            Line::from(spans)
        })
        .collect()
}

/// A block longer than a column goes on in the next under the same title.
fn split(group: Vec<Line<'_>>, most: usize) -> Vec<Vec<Line<'_>>> {
    if group.len() <= most || most < 8 {
        return vec![group];
    }
    let title = group.first().cloned().unwrap_or_default();
    let rows: Vec<Line<'_>> = group.into_iter().skip(1).collect();
    // Room is left for the short block of the focused pane before it.
    let parts = rows.len().div_ceil(most.saturating_sub(6));
    let size = rows.len().div_ceil(parts);
    rows.chunks(size)
        .map(|chunk| {
            let mut part = vec![title.clone()];
            part.extend(chunk.iter().cloned());
            if chunk.last().is_some_and(|l| !l.spans.is_empty()) {
                part.push(Line::default());
            }
            part
        })
        .collect()
}

/// A line made exactly as wide as a column.
fn cell<'a>(line: Option<&Line<'a>>, column: usize) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let mut used = 0;
    for span in line.map(|l| l.spans.as_slice()).unwrap_or_default() {
        let style = line.map_or(span.style, |l| l.style.patch(span.style));
        let content = text::fit(&span.content, (column - 1).saturating_sub(used)).into_owned();
        used += text::width(&content);
        spans.push(Span::styled(content, style));
    }
    spans.push(Span::raw(" ".repeat(column.saturating_sub(used))));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binding_that_can_hold_is_in_the_help() {
        let mut model = crate::session::Model::new(0.0, (120, 36));
        for in_lab in [false, true] {
            if in_lab {
                let lab = crate::session::Lab::named_lesson(
                    "1",
                    crate::language::Language::English,
                    Default::default(),
                );
                model.lab = Some(Box::new(lab.unwrap().unwrap()));
            }
            let ctx = Context::new(&model);
            for columns in 1..=3 {
                let all: Vec<String> = in_columns(groups(&ctx), columns, COLUMN)
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                for section in SECTIONS {
                    let is_told = |words: &str| all.iter().any(|l| l.contains(words));
                    let works: Vec<_> = section.bindings.iter().filter(|b| works(&model, b)).collect();
                    assert_eq!(is_told(section.title), !works.is_empty(), "{}", section.title);
                    for binding in works {
                        let label = text::fit(binding.label, COLUMN - 1 - KEYS - 2).into_owned();
                        assert!(is_told(&label), "{label}");
                    }
                }
            }
        }
    }
}
