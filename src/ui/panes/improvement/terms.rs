//! EI along the slice: exploitation and exploration as areas, their sum as a line.
//!
//! Where exploitation is positive, exploration stands on it and the top of both is EI; where it is negative it hangs below
//! zero, and EI runs inside exploration, lower by as much.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::analysis::slice::SliceKind;
use crate::analysis::{AcquisitionFunction, Slice};
use crate::language::tr;
use crate::ui::context::Context;
use crate::ui::text;
use crate::ui::widgets::axis::{self, Scale};
use crate::ui::widgets::bars::LOWER;
use crate::ui::widgets::braille::Sheet;

use super::Places;

/// What lies at a place of the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Outside,
    Exploitation,
    Exploration,
}

pub struct Terms<'a, 'm> {
    ctx: &'a Context<'m>,
    slice: &'a Slice,
    pub scale: Scale,
}

/// The two terms at one place.
#[derive(Clone, Copy)]
struct Pair {
    exploitation: f64,
    exploration: f64,
}

impl Pair {
    fn zone(self, v: f64) -> Zone {
        let (signed, doubt) = (self.exploitation, self.exploration);
        if (v >= 0.0 && v < signed) || (v < 0.0 && v >= signed) {
            Zone::Exploitation
        } else if v >= signed.max(0.0) && v < signed.max(0.0) + doubt {
            Zone::Exploration
        } else {
            Zone::Outside
        }
    }

    fn edge(self, low: f64, high: f64) -> f64 {
        let base = self.exploitation.max(0.0);
        [base + self.exploration, self.exploitation, 0.0]
            .into_iter()
            .find(|e| *e > low && *e < high)
            .unwrap_or(f64::midpoint(low, high))
    }
}

impl<'a, 'm> Terms<'a, 'm> {
    pub fn of(ctx: &'a Context<'m>, slice: &'a Slice) -> Self {
        let finite = || {
            slice
                .points
                .iter()
                .filter(|p| p.exploitation.is_finite() && p.exploration.is_finite())
        };
        let low = finite().map(|p| p.exploitation).fold(0.0, f64::min);
        let high = finite()
            .map(|p| p.exploitation.max(0.0) + p.exploration)
            .fold(0.0, f64::max);
        Self {
            ctx,
            slice,
            scale: Scale::new(low, high + 0.04 * (high - low), false),
        }
    }

    /// The terms at a share of the axis; `None` between the bars of choices.
    fn at(&self, u: f64) -> Option<Pair> {
        let points = &self.slice.points;
        let last = points.len().checked_sub(1)?;
        let i = points.partition_point(|p| p.position < u);
        let (a, b) = (
            points.get(i.saturating_sub(1).min(last))?,
            points.get(i.min(last))?,
        );
        let width = b.position - a.position;
        let t = if width > 0.0 {
            ((u - a.position) / width).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let pair = |p: &crate::analysis::slice::SlicePoint| Pair {
            exploitation: p.exploitation,
            exploration: p.exploration,
        };
        if self.slice.kind == SliceKind::Curve {
            let mix = |x: f64, y: f64| if t == 0.0 { x } else { x + t * (y - x) };
            let (a, b) = (pair(a), pair(b));
            return Some(Pair {
                exploitation: mix(a.exploitation, b.exploitation),
                exploration: mix(a.exploration, b.exploration),
            });
        }
        let nearest = if t > 0.5 { b } else { a };
        #[expect(clippy::cast_precision_loss, reason = "few choices")]
        let half = 0.32 / points.len().max(1) as f64;
        let inside = self.slice.kind == SliceKind::Steps || (u - nearest.position).abs() <= half;
        inside.then(|| pair(nearest))
    }

    /// Draws the areas, the sum and the probe; the column of the largest sum.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, places: &Places) -> Option<u16> {
        let theme = &self.ctx.theme;
        for column in 0..area.width {
            let u = (f64::from(column) + 0.5) / f64::from(area.width);
            let pair = self.at(u).unwrap_or(Pair {
                exploitation: 0.0,
                exploration: 0.0,
            });
            for row in 0..area.height {
                let value = |r: u16| self.scale.value(1.0 - f64::from(r) / f64::from(area.height));
                let (top, bottom) = (value(row), value(row + 1));
                if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                    let (symbol, style) = self.cell(pair, bottom, top);
                    cell.set_symbol(symbol).set_style(style);
                }
            }
        }
        if let Some(c) = axis::column(self.slice.probe, area.width) {
            for r in 0..area.height {
                self.over(buf, area, (c, r), "│", theme.dim());
            }
        }
        self.line(buf, area);
        for tick in self.scale.ticks(usize::from(area.height / 2).clamp(2, 4)) {
            if let Some(r) = axis::row(tick.position, area.height) {
                let label = text::right(&tick.label, usize::from(places.gutter.saturating_sub(1)));
                let (x, y) = (area.x - places.gutter, area.y + r);
                text::put(buf, x, y, usize::from(places.gutter), &label, theme.dim());
            }
        }
        let sum = |p: &crate::analysis::slice::SlicePoint| p.exploitation + p.exploration;
        let best = self
            .slice
            .points
            .iter()
            .filter(|p| sum(p) > 0.0)
            .max_by(|a, b| sum(a).total_cmp(&sum(b)))?;
        axis::column(best.position, area.width)
    }

    fn cell(&self, pair: Pair, bottom: f64, top: f64) -> (&'static str, Style) {
        let theme = &self.ctx.theme;
        let middle = pair.zone(f64::midpoint(bottom, top));
        // Zero is drawn where nothing else is.
        let has_zero = self.scale.low < 0.0 && bottom <= 0.0 && top > 0.0;
        if !theme.has_fills() {
            return match middle {
                Zone::Outside if has_zero => ("─", theme.faint()),
                Zone::Outside => (" ", Style::new()),
                Zone::Exploitation => theme.term_glyph(true),
                Zone::Exploration => theme.term_glyph(false),
            };
        }
        let (below, above) = (
            pair.zone(bottom + 1e-6 * (top - bottom)),
            pair.zone(top - 1e-6 * (top - bottom)),
        );
        if below == Zone::Outside && above == Zone::Outside && has_zero && middle == Zone::Outside {
            return ("─", theme.faint());
        }
        if below == above {
            return (" ", Style::new().bg(self.color(middle)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of eight"
        )]
        let eighths = (8.0 * (pair.edge(bottom, top) - bottom) / (top - bottom)).round() as usize;
        match eighths {
            0 => (" ", Style::new().bg(self.color(above))),
            8.. => (" ", Style::new().bg(self.color(below))),
            k => {
                let symbol = LOWER.get(k).copied().unwrap_or("▄");
                if below == Zone::Outside {
                    // The terminal's own background cannot be named as a foreground: swap the two.
                    let style = Style::new().fg(self.color(above)).bg(Color::Reset);
                    (symbol, style.add_modifier(Modifier::REVERSED))
                } else {
                    (symbol, Style::new().fg(self.color(below)).bg(self.color(above)))
                }
            }
        }
    }

    fn color(&self, zone: Zone) -> Color {
        match zone {
            Zone::Outside => None,
            Zone::Exploitation => self.ctx.theme.term_fill(true),
            Zone::Exploration => self.ctx.theme.term_fill(false),
        }
        .unwrap_or(Color::Reset)
    }

    /// A glyph over the areas that keeps what is behind it.
    fn over(&self, buf: &mut Buffer, area: Rect, (c, r): (u16, u16), glyph: &str, style: Style) {
        let ground = self.ground(area, c, r);
        if let Some(cell) = buf.cell_mut((area.x + c, area.y + r)) {
            cell.reset();
            cell.set_symbol(glyph).set_style(style.bg(ground));
        }
    }

    fn ground(&self, area: Rect, c: u16, r: u16) -> Color {
        if !self.ctx.theme.has_fills() {
            return Color::Reset;
        }
        let u = (f64::from(c) + 0.5) / f64::from(area.width.max(1));
        let v = self
            .scale
            .value(1.0 - (f64::from(r) + 0.5) / f64::from(area.height.max(1)));
        self.at(u).map_or(Color::Reset, |pair| self.color(pair.zone(v)))
    }

    /// The sum.
    fn line(&self, buf: &mut Buffer, area: Rect) {
        let theme = &self.ctx.theme;
        let mut sheet = Sheet::new(area.width, area.height);
        let n = i32::from(area.width) * 2;
        let mut last: Option<(f64, f64)> = None;
        for k in 0..n {
            let u = (f64::from(k) + 0.5) / f64::from(n.max(1));
            let here = self
                .at(u)
                .map(|p| (u, self.scale.position(p.exploitation + p.exploration)));
            match (last, here) {
                (Some(a), Some(b)) => sheet.line(a, b),
                (None, Some((x, y))) => sheet.set_at(x, y),
                _ => {}
            }
            last = here;
        }
        for r in 0..area.height {
            for c in 0..area.width {
                if sheet.is_set(c, r) {
                    self.over(buf, area, (c, r), " ", Style::new());
                }
            }
        }
        sheet.draw(buf, area, theme.strong(), theme.ascii);
    }

    /// What the areas are.
    pub fn legend(&self, buf: &mut Buffer, area: Rect) {
        let theme = &self.ctx.theme;
        let swatch = |exploits: bool| match theme.term_fill(exploits) {
            Some(color) => Span::styled("  ", Style::new().bg(color)),
            None => {
                let (glyph, style) = theme.term_glyph(exploits);
                Span::styled(glyph.repeat(2), style)
            }
        };
        let sum = match self.ctx.model.acquisition.function {
            AcquisitionFunction::MisprintedEi => tr!(self.ctx, " wrong EI = "),
            _ => " EI = ",
        };
        let spans = |sum: &'static str, words: [&'static str; 2]| {
            [
                Span::styled("━━", theme.strong()),
                Span::styled(sum, theme.text()),
                swatch(true),
                Span::styled(words[0], theme.text()),
                swatch(false),
                Span::styled(words[1], theme.text()),
            ]
        };
        let forms = [
            spans(
                sum,
                [tr!(self.ctx, " exploitation + "), tr!(self.ctx, " exploration")],
            ),
            spans(sum, [tr!(self.ctx, " exploit. + "), tr!(self.ctx, " explore")]),
        ];
        let fitting = (forms.into_iter()).find(|form| text::spans_width(form) <= usize::from(area.width));
        let shortest = || spans(" = ", [tr!(self.ctx, " exploit "), tr!(self.ctx, " explore")]);
        text::put_spans(buf, area, &fitting.unwrap_or_else(shortest));
    }
}
