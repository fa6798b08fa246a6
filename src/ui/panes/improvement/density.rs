//! The belief at the probe as a density that shares the value axis of the slice: each row as long as its share of the
//! probability, the part that improves apart (the other one where EI is misprinted).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::analysis::Improvement;
use crate::language::tr;
use crate::ui::context::Context;
use crate::ui::text;
use crate::ui::widgets::axis::Scale;
use crate::ui::widgets::bars::{LEFT, LOWER};

pub struct Density<'a, 'm> {
    pub ctx: &'a Context<'m>,
    pub belief: &'a Improvement,
    pub scale: Scale,
}

/// One row of cells: how long its bar is in eighths of a cell, and how much of it, from below, lies below the threshold.
struct Row {
    eighths: usize,
    below: f64,
}

impl Density<'_, '_> {
    pub fn draw(&self, buf: &mut Buffer, area: Rect) {
        let rows = self.rows(area);
        let theme = &self.ctx.theme;
        if rows.iter().all(|row| row.eighths == 0) {
            let words = tr!(self.ctx, "beyond the axis");
            text::put(
                buf,
                area.x + 1,
                area.y,
                usize::from(area.width - 1),
                words,
                theme.dim(),
            );
            return;
        }
        for (y, row) in (area.y..area.bottom()).zip(&rows) {
            text::put(buf, area.x, y, 1, "│", theme.faint());
            self.bar(buf, Rect::new(area.x + 1, y, area.width - 1, 1), row);
        }
    }

    /// Rows from the top.
    fn rows(&self, area: Rect) -> Vec<Row> {
        let height = f64::from(area.height);
        let value = |share: f64| self.scale.value(share);
        let edges: Vec<f64> = (0..=area.height).map(|r| 1.0 - f64::from(r) / height).collect();
        let shares: Vec<f64> = edges
            .windows(2)
            .map(|e| (self.belief.share_beyond(value(e[0])) - self.belief.share_beyond(value(e[1]))).abs())
            .collect();
        let most = shares.iter().copied().fold(0.0, f64::max);
        let threshold = self.scale.position(self.belief.threshold);
        let cells = f64::from(area.width - 1);
        edges
            .windows(2)
            .zip(shares)
            .map(|(e, share)| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a few cells"
                )]
                let eighths = if most > 1e-9 {
                    (8.0 * cells * share / most).round() as usize
                } else {
                    0
                };
                Row {
                    eighths,
                    below: ((threshold - e[1]) / (e[0] - e[1])).clamp(0.0, 1.0),
                }
            })
            .collect()
    }

    fn bar(&self, buf: &mut Buffer, area: Rect, row: &Row) {
        let theme = &self.ctx.theme;
        // Which of the two parts counts.
        let downward = self.belief.is_downward() != self.belief.is_misprinted;
        let (below, above) = (downward, !downward);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of eight"
        )]
        let split = (8.0 * row.below).round() as usize;
        let mostly = if row.below >= 0.5 { below } else { above };
        for (i, x) in (area.x..area.right()).enumerate() {
            let level = row.eighths.saturating_sub(8 * i).min(8);
            let Some(cell) = buf.cell_mut((x, area.y)) else {
                continue;
            };
            if level == 0 {
                break;
            }
            if !theme.has_fills() {
                // Half a cell is enough to be one: nothing finer can be told by these glyphs.
                let improves = mostly;
                if level >= 4 {
                    let (glyph, style) = theme.density_glyph(improves);
                    cell.set_symbol(glyph).set_style(style);
                }
                continue;
            }
            let color = |improves: bool| theme.density(improves).unwrap_or(Color::Reset);
            if level == 8 && (1..8).contains(&split) {
                let style = Style::new().fg(color(below)).bg(color(above));
                cell.set_symbol(LOWER.get(split).copied().unwrap_or("▄"))
                    .set_style(style);
            } else if level == 8 {
                cell.set_symbol(" ").set_style(Style::new().bg(color(mostly)));
            } else {
                cell.set_symbol(LEFT.get(level).copied().unwrap_or("▌"))
                    .set_style(Style::new().fg(color(mostly)));
            }
        }
    }
}
