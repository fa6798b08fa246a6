//! A surface in levels of colour, two square pixels a cell, with contour lines; or as glyphs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::braille::Sheet;
use super::hatch::{STROKE, has_stroke};
use crate::ui::theme::Theme;

/// Levels between two contour lines: every second or third, so that lines run where the colour changes.
fn contour_step(levels: usize) -> usize {
    if levels.is_multiple_of(2) && levels <= 10 {
        2
    } else {
        3
    }
}

/// Values on a grid over the unit square; row 0 at the smallest `y`.
pub struct Heatmap<'a> {
    pub xs: &'a [f64],
    pub ys: &'a [f64],
    /// `(row, column)` at `row·xs.len() + column`.
    pub values: &'a [f64],
    pub low: f64,
    pub high: f64,
    /// Whether places between columns (rows) mean nothing: choices and grids.
    pub steps_x: bool,
    pub steps_y: bool,
    /// Whether small values take the bright end.
    pub inverted: bool,
}

impl Heatmap<'_> {
    /// Smallest and largest finite value.
    #[must_use]
    pub fn range(values: &[f64]) -> Option<(f64, f64)> {
        let mut finite = values.iter().copied().filter(|v| v.is_finite());
        let first = finite.next()?;
        Some(finite.fold((first, first), |(a, b), v| (a.min(v), b.max(v))))
    }

    fn value(&self, row: usize, column: usize) -> f64 {
        self.values
            .get(row * self.xs.len() + column)
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// The value at a place of the unit square: bilinear, or the nearest where steps are.
    #[must_use]
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let (c, tx) = locate(self.xs, x, self.steps_x);
        let (r, ty) = locate(self.ys, y, self.steps_y);
        let mix = |a: f64, b: f64, t: f64| if t == 0.0 { a } else { a + t * (b - a) };
        let low = mix(
            self.value(r, c),
            if tx == 0.0 { 0.0 } else { self.value(r, c + 1) },
            tx,
        );
        if ty == 0.0 {
            return low;
        }
        let high = mix(
            self.value(r + 1, c),
            if tx == 0.0 { 0.0 } else { self.value(r + 1, c + 1) },
            tx,
        );
        mix(low, high, ty)
    }

    /// Share of the range in `[0, 1]`, 1 at the bright end.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        let t = if span > 0.0 {
            (value - self.low) / span
        } else {
            0.5
        };
        if self.inverted { 1.0 - t } else { t }
    }

    /// The level of a place.
    #[must_use]
    pub fn level(&self, x: f64, y: f64, theme: &Theme) -> Option<usize> {
        theme.ramp.level(self.share(self.at(x, y)))
    }

    /// Draws the surface into `area`.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme, contours: bool) {
        for row in 0..area.height {
            for column in 0..area.width {
                let x = (f64::from(column) + 0.5) / f64::from(area.width);
                let y = |offset: f64| 1.0 - (f64::from(row) + offset) / f64::from(area.height);
                let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) else {
                    continue;
                };
                if !theme.has_fills() {
                    match self.level(x, y(0.5), theme) {
                        Some(level) => cell.set_symbol(theme.ramp.glyph(level)),
                        None => cell.set_symbol("?"),
                    };
                    continue;
                }
                let color =
                    |level: Option<usize>| level.and_then(|l| theme.ramp.color(l)).unwrap_or(Color::Reset);
                let (top, bottom) = (
                    color(self.level(x, y(0.25), theme)),
                    color(self.level(x, y(0.75), theme)),
                );
                // One colour needs no glyph: fewer bytes, and runs of the same cell.
                if top == bottom {
                    cell.set_symbol(" ").set_style(Style::new().bg(top));
                } else {
                    cell.set_symbol("▀").set_style(Style::new().fg(top).bg(bottom));
                }
            }
        }
        if contours && theme.has_fills() && !self.steps_x && !self.steps_y {
            self.draw_contours(buf, area, theme);
        }
    }

    fn draw_contours(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let mut sheet = Sheet::new(area.width, area.height);
        let (w, h) = sheet.dots();
        let step = contour_step(theme.ramp.len());
        let bands: Vec<Option<usize>> = (0..h)
            .flat_map(|dy| (0..w).map(move |dx| (dx, dy)))
            .map(|(dx, dy)| {
                let x = (f64::from(dx) + 0.5) / f64::from(w);
                let y = 1.0 - (f64::from(dy) + 0.5) / f64::from(h);
                Some(self.level(x, y, theme)? / step)
            })
            .collect();
        let band = |dx: i32, dy: i32| {
            usize::try_from(dy * w + dx)
                .ok()
                .and_then(|i| bands.get(i).copied())
                .flatten()
        };
        for dy in 0..h {
            for dx in 0..w {
                let here = band(dx, dy);
                let crosses = |x: i32, y: i32| {
                    x < w && y < h && here.is_some() && band(x, y).is_some() && band(x, y) != here
                };
                if crosses(dx + 1, dy) || crosses(dx, dy + 1) {
                    sheet.set(dx, dy);
                }
            }
        }
        for row in 0..area.height {
            for column in 0..area.width {
                if sheet.is_set(column, row) {
                    self.prepare(buf, area, column, row, theme);
                }
            }
        }
        sheet.draw(buf, area, Style::new(), theme.ascii);
    }

    /// Hatches what `other`, a share on the same grid, puts below one half.
    pub fn hatch(&self, buf: &mut Buffer, area: Rect, theme: &Theme, other: &[f64]) {
        if other.len() != self.values.len() {
            return;
        }
        let share = Heatmap {
            values: other,
            ..*self
        };
        for row in 0..area.height {
            for column in (0..area.width).filter(|column| has_stroke(*column, row)) {
                let x = (f64::from(column) + 0.5) / f64::from(area.width);
                let y = 1.0 - (f64::from(row) + 0.5) / f64::from(area.height);
                if share.at(x, y) >= 0.5 {
                    continue;
                }
                if theme.has_fills() {
                    self.prepare(buf, area, column, row, theme);
                }
                let is_dense = (self.cell_level(area, column, row, theme))
                    .is_some_and(|level| !theme.has_fills() && is_dense(level, theme));
                if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                    cell.set_symbol(STROKE);
                    if is_dense {
                        cell.set_style(Style::new().add_modifier(Modifier::REVERSED));
                    }
                }
            }
        }
    }

    /// Makes a cell of one colour and gives it the ink of a contour: a few levels darker, where there are any.
    fn prepare(&self, buf: &mut Buffer, area: Rect, column: u16, row: u16, theme: &Theme) {
        let Some(level) = self.cell_level(area, column, row, theme) else {
            return;
        };
        let step = theme.ramp.len() / 3;
        let ink = level.checked_sub(step).unwrap_or(level + step);
        if let (Some(ground), Some(ink), Some(cell)) = (
            theme.ramp.color(level),
            theme.ramp.color(ink),
            buf.cell_mut((area.x + column, area.y + row)),
        ) {
            cell.set_style(Style::new().fg(ink).bg(ground));
        }
    }

    fn cell_level(&self, area: Rect, column: u16, row: u16, theme: &Theme) -> Option<usize> {
        let x = (f64::from(column) + 0.5) / f64::from(area.width.max(1));
        let y = 1.0 - (f64::from(row) + 0.5) / f64::from(area.height.max(1));
        self.level(x, y, theme)
    }

    /// Puts a mark on a cell with the ink that reads there; the cell becomes one colour.
    pub fn mark(
        &self,
        buf: &mut Buffer,
        area: Rect,
        at: (u16, u16),
        glyph: &str,
        style: Style,
        theme: &Theme,
    ) {
        let Some(cell) = buf.cell_mut((area.x + at.0, area.y + at.1)) else {
            return;
        };
        match self.cell_level(area, at.0, at.1, theme) {
            Some(level) if theme.has_fills() => {
                cell.reset();
                cell.set_symbol(glyph).set_style(
                    style
                        .fg(theme.ramp.ink(level))
                        .bg(theme.ramp.color(level).unwrap_or(Color::Reset)),
                );
            }
            Some(level) if is_dense(level, theme) => {
                cell.reset();
                let ink = Style::new().add_modifier(Modifier::REVERSED);
                cell.set_symbol(glyph).set_style(ink);
            }
            _ => {
                cell.reset();
                cell.set_symbol(glyph).set_style(style);
            }
        }
    }
}

/// Whether a level is a dense shade of ink: a mark is left out of it, for a hole would be seen before the mark.
fn is_dense(level: usize, theme: &Theme) -> bool {
    !theme.ascii && 2 * level > theme.ramp.len()
}

/// The index before a place and the share of the way to the next.
fn locate(places: &[f64], at: f64, steps: bool) -> (usize, f64) {
    let i = places.partition_point(|p| *p < at);
    let (Some(before), Some(after)) = (i.checked_sub(1).and_then(|k| places.get(k)), places.get(i)) else {
        return (i.min(places.len().saturating_sub(1)), 0.0);
    };
    let t = (at - before) / (after - before);
    if steps || !t.is_finite() {
        return (if t > 0.5 { i } else { i - 1 }, 0.0);
    }
    if t >= 1.0 { (i, 0.0) } else { (i - 1, t.max(0.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::model::{Appearance, ColorLevel};

    fn map<'a>(values: &'a [f64], steps: bool) -> Heatmap<'a> {
        Heatmap {
            xs: &[0.25, 0.75],
            ys: &[0.25, 0.75],
            values,
            low: 0.0,
            high: 1.0,
            steps_x: steps,
            steps_y: steps,
            inverted: false,
        }
    }

    #[test]
    fn between_points_it_is_bilinear_or_nearest_and_flat_beyond() {
        let values = [0.0, 1.0, 0.0, 1.0];
        assert_eq!(map(&values, false).at(0.5, 0.5), 0.5);
        assert_eq!(map(&values, true).at(0.45, 0.5), 0.0);
        assert_eq!(map(&values, false).at(0.0, 1.0), 0.0);
        assert_eq!(map(&values, false).at(1.0, 0.1), 1.0);
        assert!(map(&[], false).at(0.5, 0.5).is_nan());
    }

    #[test]
    fn without_colour_levels_are_glyphs_and_holes_are_question_marks() {
        let theme = Theme::new(&Appearance {
            color: ColorLevel::None,
            ..Appearance::default()
        });
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 2));
        let area = buf.area;
        map(&[0.0, 0.5, 1.0, f64::NAN], true).draw(&mut buf, area, &theme, true);
        assert_eq!(buf, Buffer::with_lines(["█?", " ▒"]));
    }

    #[test]
    fn on_dense_ink_a_mark_is_left_out_of_it_and_on_thin_ink_it_is_drawn() {
        let theme = Theme::new(&Appearance {
            color: ColorLevel::Sixteen,
            ..Appearance::default()
        });
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        let area = buf.area;
        let values = [0.0, 1.0, 0.0, 1.0];
        let map = map(&values, true);
        map.draw(&mut buf, area, &theme, false);
        for x in [0, 1] {
            map.mark(&mut buf, area, (x, 0), "●", theme.strong(), &theme);
        }
        let reversed = |x: u16| buf[(x, 0)].modifier.contains(Modifier::REVERSED);
        assert_eq!((buf[(0, 0)].symbol(), reversed(0)), ("●", false));
        assert_eq!((buf[(1, 0)].symbol(), reversed(1)), ("●", true));
    }

    #[test]
    fn on_dense_ink_the_hatching_is_left_out_of_it() {
        let theme = Theme::new(&Appearance {
            color: ColorLevel::None,
            ..Appearance::default()
        });
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 1));
        let area = buf.area;
        let values = [0.0, 1.0, 0.0, 1.0];
        let map = map(&values, true);
        map.draw(&mut buf, area, &theme, false);
        map.hatch(&mut buf, area, &theme, &[0.2; 4]);
        let strokes: Vec<(u16, bool)> = (0..8)
            .filter(|x| buf[(*x, 0)].symbol() == STROKE)
            .map(|x| (x, buf[(x, 0)].modifier.contains(Modifier::REVERSED)))
            .collect();
        assert_eq!(strokes, [(0, false), (4, true)]);
    }

    #[test]
    fn contours_run_where_every_second_level_begins_and_nowhere_else() {
        let theme = Theme::new(&Appearance::default());
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 2));
        let area = buf.area;
        map(&[0.0, 0.5, 0.0, 0.5], false).draw(&mut buf, area, &theme, true);
        let braille = |x: u16| buf[(x, 0)].symbol().chars().all(|c| c >= '\u{2801}');
        let lines: Vec<u16> = (0..10).filter(|x| braille(*x)).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
}
