//! Where a slice leaves what is feasible: hatched as the surface is, where a trial is probably infeasible.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Frame;
use super::sample::p_feasible_at;
use crate::analysis::Slice;
use crate::ui::context::Context;
use crate::ui::widgets::band_chart::BandChart;
use crate::ui::widgets::hatch::{STROKE, has_stroke};

/// Whether a hatched place is in any of the slices.
pub(super) fn is_anywhere(ctx: &Context<'_>) -> bool {
    let slices = ctx.model.slices.iter().flat_map(|s| &s.value);
    slices.flat_map(|s| &s.points).any(|p| p.is_infeasible())
}

/// Strokes over the bands, from top to bottom; the fine edges of the bands stay.
pub(super) fn draw(
    frame: &Frame<'_, '_>,
    chart: &BandChart<'_>,
    slice: &Slice,
    buf: &mut Buffer,
    area: Rect,
) {
    let theme = &frame.ctx.theme;
    for column in 0..area.width {
        let u = (f64::from(column) + 0.5) / f64::from(area.width);
        if p_feasible_at(slice, u).is_none_or(|p| p >= 0.5) {
            continue;
        }
        for row in (0..area.height).filter(|row| has_stroke(column, *row)) {
            let is_edge = theme.has_fills()
                && (buf.cell((area.x + column, area.y + row))).is_some_and(|cell| cell.symbol() != " ");
            if !is_edge {
                frame.mark(buf, area, chart, (column, row), STROKE, theme.hatch());
            }
        }
    }
}
