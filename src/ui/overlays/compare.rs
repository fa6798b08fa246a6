//! Acquisition functions side by side: each one's curve along one parameter, and its own next point.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::window;
use crate::analysis::slice::SliceKind;
use crate::analysis::{Compared, Comparison, NextPoint};
use crate::language::tr;
use crate::session::HitMap;
use crate::ui::context::Context;
use crate::ui::number::{significant, with_sd};
use crate::ui::text;
use crate::ui::widgets::axis;
use crate::ui::widgets::{bars, panel};

/// Room for a function's name beside its curve.
const NAME: u16 = 18;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, cursor: usize, hits: &mut HitMap) {
    let outer = body;
    let param = ctx.param_name(ctx.model.param);
    let detail = tr!(
        ctx,
        "along {param}, the rest at {probe_words}",
        param = text::fit(&text::clean(param), 24),
        probe_words = ctx.probe_words()
    );
    let inner = window::frame(ctx, buf, outer, tr!(ctx, "acquisition functions"), &detail);
    hits.overlay_rows = (usize::from(inner.height), usize::from(inner.height));
    let Some(comparison) = &ctx.model.comparison else {
        panel::say(buf, inner, &ctx.theme, &[tr!(ctx, "Comparing…")]);
        return;
    };
    Pane {
        ctx,
        comparison: &comparison.value,
        cursor,
        used: (comparison.value.rows.iter()).position(|r| r.function == ctx.model.acquisition.function),
    }
    .draw(buf, inner);
}

/// The comparison as a pane, wherever it is drawn.
pub struct Pane<'a, 'm> {
    pub ctx: &'a Context<'m>,
    pub comparison: &'a Comparison,
    /// The row under the cursor.
    pub cursor: usize,
    /// The row of the function that chooses now.
    pub used: Option<usize>,
}

impl Pane<'_, '_> {
    pub fn draw(&self, buf: &mut Buffer, area: Rect) {
        let rows = u16::try_from(self.comparison.rows.len()).unwrap_or(1).max(1);
        // Two lines for the axis and its labels; what is left is shared out.
        let room = area.height.saturating_sub(2);
        let each = (room / rows).clamp(1, 8);
        if room == 0 || area.width < NAME + 12 {
            panel::say(
                buf,
                area,
                &self.ctx.theme,
                &[tr!(self.ctx, "A comparison needs more room.")],
            );
            return;
        }
        let aside = if area.width >= 96 {
            (area.width * 38 / 100).min(60)
        } else {
            0
        };
        let chart = area
            .width
            .saturating_sub(NAME + aside + if aside > 0 { 2 } else { 0 });
        let mut y = area.y;
        // Where they do not all fit, those around the cursor are shown.
        let shown = usize::from(room / each).max(1);
        let first = (self.cursor + 1).saturating_sub(shown);
        let rows = self.comparison.rows.iter().enumerate();
        for (i, row) in rows.skip(first).take(shown) {
            let block = Rect::new(area.x, y, area.width, each);
            self.row(buf, block, chart, aside, i, row);
            y += each;
        }
        self.axis(
            buf,
            Rect::new(area.x + NAME, y, chart, area.bottom().saturating_sub(y)),
        );
        // Where a row has no line for words, those of the one under the cursor stand below all.
        if aside == 0 && each < 2 {
            let below = Rect::new(
                area.x + 2,
                y + 3,
                area.width.saturating_sub(3),
                area.bottom().saturating_sub(y + 3),
            );
            if let Some(row) = self.comparison.rows.get(self.cursor)
                && below.height >= 3
            {
                self.at_length(buf, below, row);
            }
        }
    }

    /// One function in words: its value at its next point, its range along the axis, and where that point lies.
    fn at_length(&self, buf: &mut Buffer, area: Rect, row: &Compared) {
        let theme = &self.ctx.theme;
        let (low, high) = range(row);
        let mut head = vec![
            Span::styled(self.ctx.language().word(row.function.title()), theme.strong()),
            Span::styled(
                tr!(
                    self.ctx,
                    "  {low} … {high} along the axis",
                    low = significant(low, 2),
                    high = significant(high, 2)
                ),
                theme.dim(),
            ),
        ];
        if let Some(next) = &row.next {
            head.push(Span::styled(
                tr!(
                    self.ctx,
                    ", {next} at its next point",
                    next = significant(value_at(row, next), 3)
                ),
                theme.dim(),
            ));
        }
        text::put_spans(buf, text::row(area, 0), &head);
        let words = Rect::new(area.x, area.y + 1, area.width, area.height - 1);
        self.next(buf, words, row.next.as_ref(), true);
    }

    fn row(&self, buf: &mut Buffer, block: Rect, chart: u16, aside: u16, i: usize, row: &Compared) {
        let theme = &self.ctx.theme;
        let here = i == self.cursor;
        let style = if here { theme.selected() } else { theme.text() };
        let name = Rect {
            width: NAME - 1,
            ..block
        };
        text::put_spans(
            buf,
            text::row(name, 0),
            &[
                Span::styled(if here { "▌" } else { " " }, theme.accent_strong()),
                Span::styled(if self.used == Some(i) { "● " } else { "  " }, theme.accent()),
                Span::styled(self.ctx.language().word(row.function.title()), style),
            ],
        );
        let in_words = aside == 0 && block.height < 2;
        if block.height >= 2 {
            let words = row.next.as_ref().map_or_else(
                || tr!(self.ctx, "looking…").to_owned(),
                |n| format!("   {}", significant(value_at(row, n), 3)),
            );
            text::put_spans(buf, text::row(name, 1), &[Span::styled(words, theme.dim())]);
        }
        if block.height >= 3 {
            let (low, high) = range(row);
            let span = format!("   {} … {}", significant(low, 2), significant(high, 2));
            text::put_spans(buf, text::row(name, 2), &[Span::styled(span, theme.faint())]);
        }
        // The next point in words beside the curve, or in the last line of its block.
        let below = u16::from(aside == 0 && !in_words && block.height >= 2);
        let gap = u16::from(block.height >= 4);
        let strip = Rect::new(
            block.x + NAME,
            block.y,
            chart,
            block.height.saturating_sub(below + gap).max(1),
        );
        self.curve(buf, strip, row, here);
        let words = if aside > 0 {
            Rect::new(
                strip.right() + 2,
                block.y,
                aside,
                block.height.saturating_sub(gap),
            )
        } else if below > 0 {
            Rect::new(strip.x, strip.bottom(), chart, 1)
        } else {
            return;
        };
        self.next(buf, words, row.next.as_ref(), here);
    }

    fn curve(&self, buf: &mut Buffer, area: Rect, row: &Compared, here: bool) {
        let theme = &self.ctx.theme;
        let heights: Vec<f64> = (0..area.width)
            .map(|c| self.at(row, (f64::from(c) + 0.5) / f64::from(area.width)))
            .collect();
        bars::strip(buf, area, &heights, theme.strip(), theme);
        let mut mark = |position: f64, glyph: &str, whole: bool| {
            let Some(c) = axis::column(position, area.width) else {
                return;
            };
            for y in area.y..area.bottom() {
                if let Some(cell) = buf.cell_mut((area.x + c, y)) {
                    if y == area.y {
                        cell.set_symbol(glyph);
                        cell.set_style(theme.accent_strong());
                    } else if whole {
                        cell.set_style(theme.accent_strong());
                    }
                }
            }
        };
        if let Some(p) = self.comparison.positions.get(row.best) {
            mark(*p, "▲", here);
        }
        if let Some(next) = &row.next {
            mark(next.position, "◆", true);
        }
    }

    /// The height of a curve at a share of the axis.
    fn at(&self, row: &Compared, u: f64) -> f64 {
        let positions = &self.comparison.positions;
        let Some(last) = positions.len().checked_sub(1) else {
            return 0.0;
        };
        let i = positions.partition_point(|p| *p < u);
        let (a, b) = (i.saturating_sub(1).min(last), i.min(last));
        let value = |k: usize| row.curve.get(k).copied().unwrap_or(0.0);
        let place = |k: usize| positions.get(k).copied().unwrap_or(0.0);
        let t = if place(b) > place(a) {
            ((u - place(a)) / (place(b) - place(a))).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let nearest = if t > 0.5 { b } else { a };
        match self.comparison.kind {
            SliceKind::Curve => value(a) + t * (value(b) - value(a)),
            SliceKind::Steps => value(nearest),
            SliceKind::Choices => {
                #[expect(clippy::cast_precision_loss, reason = "few choices")]
                let half = 0.32 / positions.len().max(1) as f64;
                if (u - place(nearest)).abs() <= half {
                    value(nearest)
                } else {
                    0.0
                }
            }
        }
    }

    /// Where a function would go: what is predicted there, and its values that differ from the suggestion's.
    fn next(&self, buf: &mut Buffer, area: Rect, next: Option<&NextPoint>, here: bool) {
        let theme = &self.ctx.theme;
        let Some(next) = next else {
            text::put_spans(
                buf,
                text::row(area, 0),
                &[Span::styled(
                    tr!(self.ctx, "looking for its next point…"),
                    theme.dim(),
                )],
            );
            return;
        };
        let head = Span::styled(
            format!("◆ {}  ", with_sd(next.mean, next.sd)),
            if here { theme.strong() } else { theme.text() },
        );
        let values = self.values(next);
        if area.height < 2 {
            text::put_spans(
                buf,
                text::row(area, 0),
                &[head, Span::styled(values, theme.dim())],
            );
            return;
        }
        text::put_spans(buf, text::row(area, 0), &[head]);
        // A name and its value stay together; that more differ is said.
        let parts: Vec<String> = values.split(", ").map(str::to_owned).collect();
        let room = usize::from(area.width.saturating_sub(4));
        let mut lines = text::wrap_parts(&parts, ", ", room);
        let shown = usize::from(area.height) - 1;
        if lines.len() > shown {
            lines.truncate(shown);
            if let Some(last) = lines.last_mut() {
                last.push_str(" …");
            }
        }
        for (i, line) in (1..area.height).zip(lines) {
            text::put_spans(
                buf,
                text::row(area, i),
                &[Span::styled(format!("  {line}"), theme.dim())],
            );
        }
    }

    fn values(&self, next: &NextPoint) -> String {
        let model = self.ctx.model;
        let suggested = model.suggestion().map(|s| &s.configuration);
        if suggested == Some(&next.configuration) {
            return tr!(self.ctx, "the suggestion").to_owned();
        }
        let shown: Vec<String> = (model.params_by_importance().into_iter())
            .filter_map(|p| {
                let value = next.configuration.get(p)?;
                Some(format!(
                    "{} {}",
                    text::fit(self.ctx.param_name(p), 14),
                    Context::show_short(value)
                ))
            })
            .collect();
        shown.join(", ")
    }

    fn axis(&self, buf: &mut Buffer, area: Rect) {
        let (ctx, theme) = (self.ctx, &self.ctx.theme);
        let line = text::row(area, 0);
        if line.height == 0 {
            return;
        }
        let labels = text::row(area, 1);
        let param = self.comparison.param;
        let mut ticks = Vec::new();
        if let Some(p) = ctx.model.study.space.params.get(param) {
            ticks = axis::parameter_ticks(&ctx.encoder, param, p, usize::from(area.width / 8).clamp(2, 9));
            if p.is_categorical() {
                let room = usize::from(area.width) / ticks.len().max(1);
                for tick in &mut ticks {
                    tick.label = text::fit(&tick.label, room.saturating_sub(1).max(1)).into_owned();
                }
            }
        }
        panel::fill(buf, line, "─", theme.faint());
        let written = axis::write_labels(buf, labels, &ticks, theme.dim());
        for c in written {
            text::put(buf, line.x + c, line.y, 1, "┴", theme.faint());
        }
        let at = |p: f64| axis::column(p, area.width);
        if let Some(c) = at(self.comparison.probe) {
            text::put(buf, line.x + c, line.y, 1, "┼", theme.text());
        }
        if let Some(c) = self.comparison.incumbent.and_then(at) {
            text::put(buf, line.x + c, line.y, 1, "★", theme.strong());
        }
        let x = area.x.saturating_sub(NAME);
        text::put(
            buf,
            x,
            line.y,
            usize::from(NAME - 1),
            tr!(self.ctx, "▲ top  ◆ its next"),
            theme.dim(),
        );
    }
}

/// The value at the next point, in the units of the curve: a logarithm is drawn as what it is of.
fn value_at(row: &Compared, next: &NextPoint) -> f64 {
    if row.function == row.function.linear() {
        next.value
    } else {
        next.value.exp()
    }
}

/// The range of a curve; what underflows beside the top is nothing.
fn range(row: &Compared) -> (f64, f64) {
    let (low, high) = row.range;
    (if low.abs() < 1e-6 * high.abs() { 0.0 } else { low }, high)
}
