//! The posterior along one axis: ±1σ and ±2σ bands as backgrounds, the mean as a fine line over them.
//!
//! Bands and line never fight for a cell: bands own the background (with eighth blocks at their edges), the
//! line owns the foreground. Without fills the bands are shades.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::axis::Scale;
use super::braille::Sheet;
use crate::analysis::slice::{SliceKind, SlicePoint};
use crate::ui::theme::Theme;

/// Lower blocks of one to seven eighths.
const EIGHTHS: [&str; 7] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇"];
/// Half of the width of a choice's column that its bar takes.
const BAR_HALF_WIDTH: f64 = 0.32;

/// What lies at a place of the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Outside,
    Wide,
    Narrow,
}

/// Heights of the five lines at one place, as shares of the chart.
#[derive(Clone, Copy, Debug)]
struct Section {
    low95: f64,
    low68: f64,
    mean: f64,
    high68: f64,
    high95: f64,
}

impl Section {
    fn of(p: &SlicePoint, scale: &Scale) -> Self {
        Self {
            low95: scale.position(p.low95),
            low68: scale.position(p.low68),
            mean: scale.position(p.mean),
            high68: scale.position(p.high68),
            high95: scale.position(p.high95),
        }
    }

    fn mix(a: Self, b: Self, t: f64) -> Self {
        let m = |x: f64, y: f64| if x == y { x } else { x + t * (y - x) };
        Self {
            low95: m(a.low95, b.low95),
            low68: m(a.low68, b.low68),
            mean: m(a.mean, b.mean),
            high68: m(a.high68, b.high68),
            high95: m(a.high95, b.high95),
        }
    }

    fn zone(&self, y: f64) -> Zone {
        if y >= self.low68 && y <= self.high68 {
            Zone::Narrow
        } else if y >= self.low95 && y <= self.high95 {
            Zone::Wide
        } else {
            Zone::Outside
        }
    }

    /// The edge between the zones at `bottom` and `top`.
    fn edge(&self, bottom: f64, top: f64) -> f64 {
        [self.high95, self.low95, self.high68, self.low68]
            .into_iter()
            .find(|e| *e > bottom && *e < top)
            .unwrap_or(f64::midpoint(bottom, top))
    }
}

/// A chart over points in ascending position.
pub struct BandChart<'a> {
    pub points: &'a [SlicePoint],
    pub kind: SliceKind,
    pub scale: Scale,
}

impl BandChart<'_> {
    /// The lines at a share of the axis; `None` beyond the points and between the bars of choices.
    fn at(&self, u: f64) -> Option<Section> {
        let i = self.points.partition_point(|p| p.position < u);
        let after = self.points.get(i);
        let before = i.checked_sub(1).and_then(|k| self.points.get(k));
        let section = |p: &SlicePoint| Section::of(p, &self.scale);
        match (self.kind, before, after) {
            (_, None, None) => None,
            (SliceKind::Curve, Some(a), Some(b)) => {
                let t = (u - a.position) / (b.position - a.position);
                Some(Section::mix(section(a), section(b), t))
            }
            (SliceKind::Curve, Some(p), None) | (SliceKind::Curve, None, Some(p)) => Some(section(p)),
            (SliceKind::Steps | SliceKind::Choices, a, b) => {
                let nearest = match (a, b) {
                    (Some(a), Some(b)) if u - a.position <= b.position - u => a,
                    (Some(a), None) => a,
                    (_, Some(b)) => b,
                    (None, None) => return None,
                };
                #[expect(clippy::cast_precision_loss, reason = "few choices")]
                let half = BAR_HALF_WIDTH / self.points.len().max(1) as f64;
                let inside = self.kind == SliceKind::Steps || (u - nearest.position).abs() <= half;
                inside.then(|| section(nearest))
            }
        }
    }

    /// The background behind a cell, for marks that are drawn over the chart.
    #[must_use]
    pub fn ground(&self, area: Rect, column: u16, row: u16, theme: &Theme) -> Color {
        let Some((narrow, wide)) = theme.bands() else {
            return Color::Reset;
        };
        let u = (f64::from(column) + 0.5) / f64::from(area.width.max(1));
        let y = 1.0 - (f64::from(row) + 0.5) / f64::from(area.height.max(1));
        match self.at(u).map_or(Zone::Outside, |s| s.zone(y)) {
            Zone::Outside => Color::Reset,
            Zone::Wide => wide,
            Zone::Narrow => narrow,
        }
    }

    /// Draws the bands as backgrounds.
    pub fn draw_bands(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        for column in 0..area.width {
            let u = (f64::from(column) + 0.5) / f64::from(area.width);
            let Some(section) = self.at(u) else { continue };
            for row in 0..area.height {
                let top = 1.0 - f64::from(row) / f64::from(area.height);
                let bottom = 1.0 - f64::from(row + 1) / f64::from(area.height);
                if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                    let (symbol, style) = band_cell(&section, bottom, top, theme);
                    cell.set_symbol(symbol).set_style(style);
                }
            }
        }
    }

    /// Draws the mean over them.
    pub fn draw_mean(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let mut sheet = Sheet::new(area.width, area.height);
        let n = i32::from(area.width) * 2;
        let mut last: Option<(f64, f64)> = None;
        for k in 0..n {
            let u = (f64::from(k) + 0.5) / f64::from(n.max(1));
            let here = self.at(u).map(|s| (u, s.mean));
            match (last, here) {
                (Some(a), Some(b)) => sheet.line(a, b),
                (None, Some((x, y))) => sheet.set_at(x, y),
                _ => {}
            }
            last = here;
        }
        for row in 0..area.height {
            for column in 0..area.width {
                if sheet.is_set(column, row) {
                    let ground = self.ground(area, column, row, theme);
                    if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                        cell.reset();
                        cell.set_bg(ground);
                    }
                }
            }
        }
        sheet.draw(buf, area, theme.model().add_modifier(Modifier::BOLD), theme.ascii);
    }
}

/// Symbol and style of one cell of the bands.
fn band_cell(section: &Section, bottom: f64, top: f64, theme: &Theme) -> (&'static str, Style) {
    let Some((narrow, wide)) = theme.bands() else {
        let style = theme.faint();
        return match section.zone(f64::midpoint(bottom, top)) {
            Zone::Outside => (" ", Style::new()),
            Zone::Wide if theme.ascii => (".", style),
            Zone::Narrow if theme.ascii => (":", style),
            Zone::Wide => ("░", style),
            Zone::Narrow => ("▒", style),
        };
    };
    let color = |zone| match zone {
        Zone::Outside => Color::Reset,
        Zone::Wide => wide,
        Zone::Narrow => narrow,
    };
    let (below, above) = (section.zone(bottom), section.zone(top));
    if below == above {
        // A band thinner than a cell shows where it covers the middle.
        let zone = section.zone(f64::midpoint(bottom, top));
        return (" ", Style::new().bg(color(zone)));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of eight"
    )]
    let eighths = (8.0 * (section.edge(bottom, top) - bottom) / (top - bottom)).round() as usize;
    match eighths {
        0 => (" ", Style::new().bg(color(above))),
        8.. => (" ", Style::new().bg(color(below))),
        k => {
            let symbol = EIGHTHS.get(k - 1).copied().unwrap_or("▄");
            if below == Zone::Outside {
                // The terminal's own background cannot be named as a foreground: swap the two.
                let style = Style::new()
                    .fg(color(above))
                    .bg(Color::Reset)
                    .add_modifier(Modifier::REVERSED);
                (symbol, style)
            } else {
                (symbol, Style::new().fg(color(below)).bg(color(above)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::model::{Appearance, ColorLevel};
    use crate::study::Value;

    fn point(position: f64, mean: f64, sd: f64) -> SlicePoint {
        SlicePoint {
            position,
            value: Value::Float(position),
            mean,
            low68: mean - sd,
            high68: mean + sd,
            low95: mean - 2.0 * sd,
            high95: mean + 2.0 * sd,
            acquisition: 0.0,
            exploitation: 0.0,
            exploration: 0.0,
            p_feasible: None,
        }
    }

    fn drawn(points: &[SlicePoint], kind: SliceKind, color: ColorLevel) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 5));
        let theme = Theme::new(&Appearance {
            color,
            ..Appearance::default()
        });
        let chart = BandChart {
            points,
            kind,
            scale: Scale::new(0.0, 10.0, false),
        };
        let area = buf.area;
        chart.draw_bands(&mut buf, area, &theme);
        chart.draw_mean(&mut buf, area, &theme);
        buf
    }

    fn symbols(buf: &Buffer) -> Vec<String> {
        (0..buf.area.height)
            .map(|y| {
                (0..buf.area.width)
                    .map(|x| buf[(x, y)].symbol().to_owned())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn without_fills_bands_are_shades_around_the_mean() {
        let buf = drawn(
            &[point(0.0, 5.0, 2.1), point(1.0, 5.0, 2.1)],
            SliceKind::Curve,
            ColorLevel::None,
        );
        assert_eq!(
            symbols(&buf),
            ["░░░░░░░░", "▒▒▒▒▒▒▒▒", "⠤⠤⠤⠤⠤⠤⠤⠤", "▒▒▒▒▒▒▒▒", "░░░░░░░░"]
        );
    }

    #[test]
    fn with_fills_bands_are_backgrounds_and_the_mean_keeps_the_foreground() {
        let buf = drawn(
            &[point(0.0, 5.0, 0.9), point(1.0, 5.0, 0.9)],
            SliceKind::Curve,
            ColorLevel::True,
        );
        let (narrow, wide) = Theme::new(&Appearance::default()).bands().unwrap();
        assert_eq!(buf[(3, 2)].symbol(), "⠤");
        assert_eq!(buf[(3, 2)].bg, narrow);
        assert_eq!((buf[(3, 1)].symbol(), buf[(3, 1)].fg), ("▃", wide));
        assert!(buf[(3, 3)].modifier.contains(Modifier::REVERSED));
        assert_eq!(buf[(3, 0)].bg, Color::Reset);
    }

    #[test]
    fn choices_are_bars_with_space_between() {
        let buf = drawn(
            &[point(0.25, 5.0, 2.0), point(0.75, 5.0, 2.0)],
            SliceKind::Choices,
            ColorLevel::None,
        );
        assert_eq!(symbols(&buf)[0], " ░░  ░░ ");
    }
}
