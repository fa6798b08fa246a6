//! The true function of the lab over a slice.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::analysis::Slice;
use crate::analysis::slice::SliceKind;
use crate::language::tr;
use crate::session::nudge::at_position;
use crate::ui::context::Context;
use crate::ui::widgets::band_chart::BandChart;
use crate::ui::widgets::braille::Sheet;

/// What a title says of it.
pub fn words(ctx: &Context<'_>) -> &'static str {
    match ctx.model.lab.as_ref().is_some_and(|l| l.truth_shown()) {
        true => tr!(ctx, ", ┄ truth"),
        false => "",
    }
}

/// Draws it as a broken line, so that it is told from the mean without colour.
pub fn line(ctx: &Context<'_>, chart: &BandChart<'_>, slice: &Slice, buf: &mut Buffer, area: Rect) {
    let Some(lab) = ctx.model.lab.as_ref().filter(|l| l.truth_shown()) else {
        return;
    };
    let Some(parameter) = ctx.model.study.space.params.get(slice.param) else {
        return;
    };
    let mut configuration = ctx.model.in_hand().to_vec();
    let mut truth = |position: f64| {
        *configuration.get_mut(slice.param)? = at_position(parameter, position);
        lab.bench.truth(&configuration)
    };
    let mut sheet = Sheet::new(area.width, area.height);
    if slice.kind == SliceKind::Curve {
        let n = i32::from(area.width) * 2;
        let mut last: Option<(f64, f64)> = None;
        for k in 0..n {
            let u = (f64::from(k) + 0.5) / f64::from(n.max(1));
            let here = truth(u).map(|y| (u, chart.scale.position(y)));
            // Three of five dots: a dash and a gap.
            if let (Some(a), Some(b), true) = (last, here, k % 5 < 3) {
                sheet.line(a, b);
            }
            last = here;
        }
    } else {
        #[expect(clippy::cast_precision_loss, reason = "few places")]
        let half = 0.32 / slice.points.len().max(1) as f64;
        for point in &slice.points {
            if let Some(y) = truth(point.position) {
                let y = chart.scale.position(y);
                sheet.line((point.position - half, y), (point.position + half, y));
            }
        }
    }
    for row in 0..area.height {
        for column in 0..area.width {
            if sheet.is_set(column, row) {
                let ground = chart.ground(area, column, row, &ctx.theme);
                if let Some(cell) = buf.cell_mut((area.x + column, area.y + row)) {
                    cell.reset();
                    cell.set_bg(ground);
                }
            }
        }
    }
    sheet.draw(buf, area, ctx.theme.truth(), ctx.theme.ascii);
}
