//! How many slices fit, and where each lies.

use ratatui::layout::Rect;

/// Smallest slice that is worth its place.
const MIN_WIDTH: u16 = 24;
const MIN_HEIGHT: u16 = 9;

/// Slices in columns and rows.
pub(super) struct Grid {
    area: Rect,
    gutter: u16,
    pub columns: u16,
    rows: u16,
}

impl Grid {
    /// As many slices as can be read, in the shape that suits them.
    pub fn of(area: Rect, gutter: u16, count: usize) -> Self {
        let mut best = (1, 1, f64::NEG_INFINITY);
        for columns in 1..=6u16 {
            for rows in 1..=8u16 {
                let w = area.width.saturating_sub(gutter + 2 * columns) / columns;
                let h = area.height / rows;
                let slots = usize::from(columns) * usize::from(rows);
                let spare = slots.saturating_sub(count);
                // A column that nothing stands in is room that the others lack.
                let fits = (columns == 1 || w >= MIN_WIDTH && usize::from(columns) <= count)
                    && (rows == 1 || h >= MIN_HEIGHT);
                if !fits || spare >= usize::from(columns) {
                    continue;
                }
                let shape = (f64::from(w.max(1)) / (2.6 * f64::from(h.max(1)))).ln().abs();
                #[expect(clippy::cast_precision_loss, reason = "a few slices")]
                let score = slots.min(count) as f64 - 0.5 * shape - 0.2 * spare as f64;
                if score > best.2 {
                    best = (columns, rows, score);
                }
            }
        }
        Self {
            area,
            gutter,
            columns: best.0,
            rows: best.1,
        }
    }

    pub fn slots(&self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }

    /// The rectangle of a slot; those of the first column include the labels of the value axis.
    pub fn cell(&self, slot: usize) -> Rect {
        let slot = u16::try_from(slot).unwrap_or(0);
        let (column, row) = (slot % self.columns, slot / self.columns);
        let usable = self.area.width.saturating_sub(self.gutter);
        let from = |k: u16| self.gutter + k * usable / self.columns;
        let top = |k: u16| k * self.area.height / self.rows;
        let x = if column == 0 { 0 } else { from(column) };
        let end = from(column + 1);
        let gap = if column + 1 < self.columns { 2 } else { 0 };
        Rect::new(
            self.area.x + x,
            self.area.y + top(row),
            end.saturating_sub(x + gap),
            top(row + 1) - top(row),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_lie_inside_without_touching_and_fill_what_they_can() {
        for (w, h) in [(94, 26), (62, 19), (80, 17), (114, 34), (300, 90), (30, 6)] {
            for count in [1, 2, 3, 7, 12, 40] {
                let area = Rect::new(3, 2, w, h);
                let grid = Grid::of(area, 6, count);
                assert!(grid.slots() >= 1);
                for a in 0..grid.slots() {
                    let cell = grid.cell(a);
                    assert_eq!(area.union(cell), area, "{count} in {w}x{h}");
                    for b in 0..a {
                        assert!(cell.intersection(grid.cell(b)).is_empty());
                    }
                }
            }
        }
        assert_eq!(Grid::of(Rect::new(0, 0, 94, 26), 6, 6).slots(), 6);
        for (w, h) in [(80, 9), (80, 17), (200, 60)] {
            assert_eq!(Grid::of(Rect::new(0, 0, w, h), 6, 1).columns, 1, "{w}x{h}");
        }
    }
}
