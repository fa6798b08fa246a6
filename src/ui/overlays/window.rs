//! A framed window over the panes, scrolled by whole lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::language::tr;
use crate::session::HitMap;
use crate::ui::context::Context;
use crate::ui::text;
use crate::ui::widgets::panel;

pub struct Window<'a> {
    pub title: &'a str,
    pub detail: &'a str,
    pub lines: Vec<Line<'a>>,
    /// Widest it gets.
    pub width: u16,
}

impl Window<'_> {
    /// Rectangle of the content for a number of lines.
    #[must_use]
    pub fn place(body: Rect, width: u16, lines: usize) -> Rect {
        // Slivers of what lies behind would only disturb.
        let w = if body.width < width.saturating_add(24) {
            body.width
        } else {
            width
        };
        let wanted = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
        // One row of what lies behind would only look like a part of it.
        let h = if wanted.saturating_add(1) >= body.height {
            body.height
        } else {
            wanted.max(3)
        };
        Rect::new(
            body.x + (body.width - w) / 2,
            body.y + (body.height.saturating_sub(h)) / 2,
            w,
            h,
        )
    }

    /// Draws it so that one of its lines, where the cursor stands, is seen.
    pub fn draw_around(
        self,
        ctx: &Context<'_>,
        buf: &mut Buffer,
        body: Rect,
        line: usize,
        hits: &mut HitMap,
    ) {
        // The frame, and a line below the cursor.
        let rows = usize::from(body.height.saturating_sub(3));
        self.draw(ctx, buf, body, (line + 1).saturating_sub(rows), hits);
    }

    /// Draws it and notes how many lines there are and how many fit.
    pub fn draw(mut self, ctx: &Context<'_>, buf: &mut Buffer, body: Rect, scroll: usize, hits: &mut HitMap) {
        let content = usize::from(Self::place(body, self.width, self.lines.len()).width).saturating_sub(4);
        self.lines = self.lines.into_iter().flat_map(|l| wrapped(l, content)).collect();
        let outer = Self::place(body, self.width, self.lines.len());
        let inner = frame(ctx, buf, outer, self.title, self.detail);
        let height = usize::from(inner.height);
        hits.overlay_rows = (height, self.lines.len());
        let first = scroll.min(self.lines.len().saturating_sub(height));
        for (i, line) in (0..inner.height).zip(self.lines.iter().skip(first)) {
            let spans: Vec<Span<'_>> = line
                .spans
                .iter()
                .map(|s| Span::styled(s.content.clone(), line.style.patch(s.style)))
                .collect();
            text::put_spans(buf, text::row(inner, i), &spans);
        }
        if self.lines.len() > height && outer.height > 0 {
            let last = (first + height).min(self.lines.len());
            let words = tr!(
                ctx,
                " {first}–{last} of {lines} ",
                first = first + 1,
                last = last,
                lines = self.lines.len()
            );
            let w = u16::try_from(text::width(&words)).unwrap_or(0);
            let x = outer.right().saturating_sub(w + 2);
            text::put(
                buf,
                x,
                outer.bottom() - 1,
                usize::from(w),
                &words,
                ctx.theme.dim(),
            );
        }
    }
}

/// Narrowest column of words that is worth wrapping into.
const LEAST_WRAP: usize = 16;

/// A line that is too long goes on below the beginning of its last span: the end of a sentence matters, too.
fn wrapped(mut line: Line<'_>, width: usize) -> Vec<Line<'_>> {
    let spans: usize = text::spans_width(&line.spans);
    let last = line.spans.last().map_or(0, |s| text::width(s.content.trim_end()));
    let head = spans - line.spans.last().map_or(0, |s| text::width(&s.content));
    if head + last <= width || width < head + LEAST_WRAP {
        return vec![line];
    }
    let Some(tail) = line.spans.pop() else {
        return vec![line];
    };
    let style = line.style;
    let mut lines = text::wrap(&tail.content, width - head).into_iter();
    let indent = " ".repeat(head);
    let mut first = line;
    first
        .spans
        .push(Span::styled(lines.next().unwrap_or_default(), tail.style));
    let rest = lines
        .map(|part| Line::from(vec![Span::raw(indent.clone()), Span::styled(part, tail.style)]).style(style));
    std::iter::once(first).chain(rest).collect()
}

/// Clears an area, draws a thin frame with a title and returns the inside.
pub fn frame(ctx: &Context<'_>, buf: &mut Buffer, outer: Rect, title: &str, detail: &str) -> Rect {
    clear(buf, outer);
    if outer.width < 4 || outer.height < 3 {
        return outer;
    }
    let style = ctx.theme.accent();
    let (right, bottom) = (outer.right() - 1, outer.bottom() - 1);
    for y in [outer.y, bottom] {
        panel::fill(buf, Rect::new(outer.x, y, outer.width, 1), "─", style);
    }
    for x in [outer.x, right] {
        panel::fill(buf, Rect::new(x, outer.y, 1, outer.height), "│", style);
    }
    for (x, y, corner) in [
        (outer.x, outer.y, "╭"),
        (right, outer.y, "╮"),
        (outer.x, bottom, "╰"),
        (right, bottom, "╯"),
    ] {
        text::put(buf, x, y, 1, corner, style);
    }
    let head = Rect::new(outer.x + 2, outer.y, outer.width - 4, 1);
    let mut spans = vec![Span::styled(format!(" {title} "), ctx.theme.accent_strong())];
    if !detail.is_empty() {
        spans.push(Span::styled(format!(" {detail} "), ctx.theme.dim()));
    }
    text::put_spans(buf, head, &spans);
    Rect::new(
        outer.x + 2,
        outer.y + 1,
        outer.width.saturating_sub(4),
        outer.height - 2,
    )
}

/// Back to the terminal's own background.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}
