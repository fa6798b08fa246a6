//! Posterior samples over a slice, and where each of them is best.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::analysis::samples::SampleCut;
use crate::analysis::slice::SliceKind;
use crate::language::tr;
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::text;
use crate::ui::theme::Theme;
use crate::ui::widgets::band_chart::BandChart;
use crate::ui::widgets::braille::Sheet;

/// The samples along a parameter, where some are to be drawn.
pub fn cut<'m>(ctx: &Context<'m>, param: usize) -> Option<&'m SampleCut> {
    let shown = &ctx.model.explained;
    if let Some(prior) = &shown.prior {
        return prior.cuts.iter().find(|c| c.param == param);
    }
    let sampled = shown.sampled.as_ref().filter(|_| shown.samples > 0)?;
    sampled.value.cuts.iter().find(|c| c.param == param)
}

/// What a title says of them.
pub fn words(ctx: &Context<'_>) -> String {
    match ctx.model.explained.samples {
        0 => String::new(),
        1 => tr!(ctx, ", 1 sample, ○ its best").to_owned(),
        n => tr!(ctx, ", {n} samples, ○ their best", n = n),
    }
}

/// What is drawn from the prior, in words: what it is, and in what it is counted.
pub fn of_the_prior(ctx: &Context<'_>) -> Option<String> {
    let prior = ctx.model.explained.prior.as_ref()?;
    Some(tr!(
        ctx,
        "{n} functions drawn from the prior, {kernel} with lengthscale {l}, in its standard deviations, ○ their best",
        n = prior.count,
        kernel = text::clean(&prior.kernel),
        l = significant(prior.lengthscale, 2)
    ))
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
    let explained = &ctx.model.explained;
    if let Some(prior) = &explained.prior {
        let curves = prior.cuts.iter().filter(|c| c.param == param).flat_map(|c| {
            let least = |curve: &Vec<f64>| {
                (c.positions.iter().copied().zip(curve.iter().copied())).min_by(|a, b| a.1.total_cmp(&b.1))
            };
            c.curves.iter().filter_map(least).collect::<Vec<_>>()
        });
        return curves.collect();
    }
    let Some(sampled) = &explained.sampled else {
        return Vec::new();
    };
    let found = sampled.value.optima.iter();
    found
        .filter_map(|o| Some((ctx.position(param, o.configuration.get(param)?)?, o.value)))
        .collect()
}
