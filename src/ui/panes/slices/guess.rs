//! In the guessing game: the band that the learner expects where the probe is, and then what came of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Frame;
use crate::analysis::Slice;
use crate::learn::game::{Band, Round, Stage};
use crate::session::update::game::drawn_band;
use crate::ui::context::Context;
use crate::ui::widgets::axis;
use crate::ui::widgets::band_chart::BandChart;

/// The round that is laid open, while the probe is still where the point was placed.
fn revealed<'a>(ctx: &Context<'a>) -> Option<&'a Round> {
    let game = ctx
        .model
        .games
        .now
        .as_ref()
        .filter(|g| g.stage == Stage::Revealed)?;
    game.rounds.last().filter(|r| r.guess == ctx.model.in_hand())
}

fn band(ctx: &Context<'_>) -> Option<Band> {
    drawn_band(ctx.model).or_else(|| revealed(ctx)?.band)
}

/// What must be in sight.
pub(super) fn values(ctx: &Context<'_>) -> impl Iterator<Item = f64> {
    let ends = band(ctx).into_iter().flat_map(|b| [b.low, b.high]);
    ends.chain(revealed(ctx).and_then(|r| r.value))
}

/// The band as a bar through its ends and its centre, and the value of the placed point.
pub(super) fn draw(
    frame: &Frame<'_, '_>,
    chart: &BandChart<'_>,
    slice: &Slice,
    buf: &mut Buffer,
    area: Rect,
) {
    let (ctx, theme) = (frame.ctx, &frame.ctx.theme);
    let Some(c) = axis::column(slice.probe, area.width) else {
        return;
    };
    let row = |v: f64| {
        let place = frame.scale.position(v).clamp(0.0, 1.0);
        axis::row(place, area.height).unwrap_or(area.height.saturating_sub(1))
    };
    let glyphs = if theme.ascii {
        ["#", "=", "o", "@"]
    } else {
        ["┃", "━", "◇", "◉"]
    };
    if let Some(band) = band(ctx) {
        let style = theme.accent_strong();
        let (top, bottom) = (row(band.high), row(band.low));
        for r in top..=bottom {
            frame.mark(buf, area, chart, (c, r), glyphs[0], style);
        }
        for r in [top, bottom] {
            for x in c.saturating_sub(2)..=(c + 2).min(area.width.saturating_sub(1)) {
                frame.mark(buf, area, chart, (x, r), glyphs[1], style);
            }
        }
        let centre = row(f64::midpoint(band.low, band.high));
        frame.mark(buf, area, chart, (c, centre), glyphs[2], style);
    }
    if let Some(value) = revealed(ctx).and_then(|r| r.value) {
        frame.mark(buf, area, chart, (c, row(value)), glyphs[3], theme.strong());
    }
}
