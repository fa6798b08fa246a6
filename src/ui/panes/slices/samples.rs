//! Posterior samples over a slice, and where each of them is best.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::analysis::samples::SampleCut;
use crate::analysis::slice::SliceKind;
use crate::ui::context::Context;
use crate::ui::theme::Theme;
use crate::ui::widgets::band_chart::BandChart;
use crate::ui::widgets::braille::Sheet;

/// The samples along a parameter, where some are to be drawn.
pub fn cut<'m>(ctx: &Context<'m>, param: usize) -> Option<&'m SampleCut> {
    let shown = &ctx.model.explained;
    let sampled = shown.sampled.as_ref().filter(|_| shown.samples > 0)?;
    sampled.value.cuts.iter().find(|c| c.param == param)
}

/// What a title says of them.
pub fn words(ctx: &Context<'_>) -> String {
    match ctx.model.explained.samples {
        0 => String::new(),
        1 => ", 1 sample, ○ its best".to_owned(),
        n => format!(", {n} samples, ○ their best"),
    }
}

/// Draws all of them as fine lines that keep the bands behind them.
pub fn lines(chart: &BandChart<'_>, cut: &SampleCut, buf: &mut Buffer, area: Rect, theme: &Theme) {
    let mut sheet = Sheet::new(area.width, area.height);
    for curve in &cut.curves {
        let places: Vec<(f64, f64)> = (cut.positions.iter().zip(curve))
            .map(|(x, y)| (*x, chart.scale.position(*y)))
            .collect();
        match cut.kind {
            SliceKind::Curve => places.windows(2).for_each(|w| sheet.line(w[0], w[1])),
            SliceKind::Steps | SliceKind::Choices => {
                #[expect(clippy::cast_precision_loss, reason = "few places")]
                let half = 0.32 / places.len().max(1) as f64;
                for (x, y) in places {
                    sheet.line((x - half, y), (x + half, y));
                }
            }
        }
    }
    for row in 0..area.height {
        for column in 0..area.width {
            if sheet.is_set(column, row) {
                let ground = chart.ground(area, column, row, theme);
                if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                    cell.reset();
                    cell.set_bg(ground);
                }
            }
        }
    }
    sheet.draw(buf, area, theme.sample(), theme.ascii);
}

/// Where each sample is best, anywhere in the space: its place along a parameter, and its value there.
pub fn optima(ctx: &Context<'_>, param: usize) -> Vec<(f64, f64)> {
    let Some(sampled) = &ctx.model.explained.sampled else {
        return Vec::new();
    };
    let found = sampled.value.optima.iter();
    found
        .filter_map(|o| Some((ctx.position(param, o.configuration.get(param)?)?, o.value)))
        .collect()
}
