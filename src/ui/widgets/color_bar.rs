//! The key to a surface: its levels from the low end to the high end, with numbers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::axis::Scale;
use crate::ui::number::in_range;
use crate::ui::text;
use crate::ui::theme::Theme;

/// A vertical bar two cells wide, large values on top, with labels at its right.
pub struct ColorBar {
    pub low: f64,
    pub high: f64,
    /// Whether small values take the bright end.
    pub inverted: bool,
}

impl ColorBar {
    /// Cells that bar and labels take.
    pub const WIDTH: u16 = 10;

    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        if area.width < 3 || area.height == 0 {
            return;
        }
        self.levels(buf, area, theme);
        self.numbers(buf, area, theme);
    }

    /// The bar alone.
    pub fn levels(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        for row in 0..area.height {
            let share = |offset: f64| {
                let t = 1.0 - (f64::from(row) + offset) / f64::from(area.height);
                theme.ramp.level(if self.inverted { 1.0 - t } else { t })
            };
            for column in 0..2 {
                let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) else {
                    continue;
                };
                if theme.has_fills() {
                    let color =
                        |l: Option<usize>| l.and_then(|l| theme.ramp.color(l)).unwrap_or(Color::Reset);
                    cell.set_symbol("▀")
                        .set_style(Style::new().fg(color(share(0.25))).bg(color(share(0.75))));
                } else if let Some(level) = share(0.5) {
                    cell.set_symbol(theme.ramp.glyph(level));
                }
            }
        }
    }

    /// Both ends, and round values between them where there is room.
    fn numbers(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let room = usize::from(area.width - 3);
        let scale = Scale::new(self.low, self.high, false);
        let mut labels = vec![
            (0, in_range(self.high, self.high - self.low)),
            (area.height - 1, in_range(self.low, self.high - self.low)),
        ];
        for tick in scale.ticks(usize::from(area.height / 3).clamp(2, 6)) {
            if let Some(row) = super::axis::row(tick.position, area.height)
                && labels.iter().all(|(r, _)| r.abs_diff(row) > 1)
            {
                labels.push((row, tick.label));
            }
        }
        for (row, label) in labels {
            text::put(buf, area.x + 2, area.y + row, 1, "╴", theme.faint());
            text::put(buf, area.x + 3, area.y + row, room, &label, theme.dim());
        }
    }
}
