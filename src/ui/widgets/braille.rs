//! Fine lines: 2 × 4 dots a cell in Braille, or a coarser hand in ASCII. Only the foreground is touched, so
//! that a line can lie over a filled band.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Bits of the dots of a cell, `[row][column]`.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// A sheet of dots over `width × height` cells; dot `(0, 0)` is at the top left.
#[derive(Clone, Debug)]
pub struct Sheet {
    width: u16,
    height: u16,
    cells: Vec<u8>,
}

impl Sheet {
    #[must_use]
    pub fn new(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            cells: vec![0; usize::from(width) * usize::from(height)],
        }
    }

    /// Dots across and down.
    #[must_use]
    pub fn dots(&self) -> (i32, i32) {
        (i32::from(self.width) * 2, i32::from(self.height) * 4)
    }

    /// Sets a dot; outside of the sheet nothing happens.
    pub fn set(&mut self, x: i32, y: i32) {
        let (w, h) = self.dots();
        if x < 0 || y < 0 || x >= w || y >= h {
            return;
        }
        #[expect(clippy::cast_sign_loss, reason = "checked above")]
        let (x, y) = (x as usize, y as usize);
        let cell = (y / 4) * usize::from(self.width) + x / 2;
        let dot = DOTS.get(y % 4).and_then(|r| r.get(x % 2)).copied().unwrap_or(0);
        if let Some(c) = self.cells.get_mut(cell) {
            *c |= dot;
        }
    }

    /// A dot at shares of the sheet, `(0, 0)` at the bottom left.
    pub fn set_at(&mut self, x: f64, y: f64) {
        if let Some((x, y)) = self.place(x, y) {
            self.set(x, y);
        }
    }

    /// The dot at shares of the sheet; `None` for NaN. Far outside is pulled to just outside.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "clamped to a little more than the sheet"
    )]
    fn place(&self, x: f64, y: f64) -> Option<(i32, i32)> {
        if x.is_nan() || y.is_nan() {
            return None;
        }
        let (w, h) = self.dots();
        let (w, h) = (f64::from(w), f64::from(h));
        let px = (x * w).clamp(-w, 2.0 * w);
        let py = ((1.0 - y) * h).clamp(-h, 2.0 * h);
        let edge = |p: f64, n: f64, at: f64| {
            if at == 0.0 || at == 1.0 { p.min(n - 1.0) } else { p }
        };
        Some((edge(px, w, x).floor() as i32, edge(py, h, 1.0 - y).floor() as i32))
    }

    /// A line between two places in shares of the sheet. Ends that are NaN draw nothing.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (Some((mut x, mut y)), Some((x1, y1))) = (self.place(from.0, from.1), self.place(to.0, to.1))
        else {
            return;
        };
        let (dx, dy) = ((x1 - x).abs(), -(y1 - y).abs());
        let (sx, sy) = ((x1 - x).signum(), (y1 - y).signum());
        let mut error = dx + dy;
        // Places are clamped, so that this ends after a few sheets at most.
        loop {
            self.set(x, y);
            if x == x1 && y == y1 {
                break;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += sx;
            }
            if twice <= dx {
                error += dx;
                y += sy;
            }
        }
    }

    /// Whether a cell has a dot.
    #[must_use]
    pub fn is_set(&self, column: u16, row: u16) -> bool {
        column < self.width
            && self
                .cells
                .get(usize::from(row) * usize::from(self.width) + usize::from(column))
                .is_some_and(|c| *c != 0)
    }

    /// Draws the cells that have dots; backgrounds stay.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, style: Style, ascii: bool) {
        for row in 0..self.height.min(area.height) {
            for column in 0..self.width.min(area.width) {
                let i = usize::from(row) * usize::from(self.width) + usize::from(column);
                let Some(&mask) = self.cells.get(i) else { continue };
                if mask == 0 {
                    continue;
                }
                if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                    let c = if ascii {
                        ascii_of(mask)
                    } else {
                        char::from_u32(0x2800 + u32::from(mask)).unwrap_or('*')
                    };
                    cell.set_char(c).set_style(style);
                }
            }
        }
    }
}

/// The ASCII character that lies most like the dots.
fn ascii_of(mask: u8) -> char {
    let row = |r: usize| DOTS.get(r).is_some_and(|[a, b]| mask & a != 0 || mask & b != 0);
    match (row(0), row(1) || row(2), row(3)) {
        (true, true, true) => '|',
        (true, _, false) => '\'',
        (false, true, false) => '-',
        (false, _, true) => '_',
        (true, false, true) => ':',
        (false, false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(sheet: &Sheet, ascii: bool) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, sheet.width, sheet.height));
        let area = buf.area;
        sheet.draw(&mut buf, area, Style::new(), ascii);
        buf
    }

    #[test]
    fn a_diagonal_goes_from_corner_to_corner() {
        let mut sheet = Sheet::new(4, 2);
        sheet.line((0.0, 0.0), (1.0, 1.0));
        assert_eq!(drawn(&sheet, false), Buffer::with_lines(["  ⡠⠊", "⡠⠊  "]));
        let mut level = Sheet::new(3, 1);
        level.line((0.0, 0.5), (1.0, 0.5));
        assert_eq!(drawn(&level, true), Buffer::with_lines(["---"]));
    }

    #[test]
    fn far_and_undefined_places_draw_nothing_inside() {
        let mut sheet = Sheet::new(3, 2);
        sheet.line((f64::NAN, 0.5), (1.0, 0.5));
        sheet.line((-1e300, 5e300), (1e300, 5e300));
        sheet.set_at(f64::INFINITY, 0.5);
        assert_eq!(drawn(&sheet, false), Buffer::with_lines(["   ", "   "]));
    }
}
