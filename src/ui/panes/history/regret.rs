//! History as simple regret: how far the truth at the best point is from the optimum, after each evaluation.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::language::tr;
use crate::session::explained::HistoryLayer;
use crate::session::{Lab, Pane};
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::text;
use crate::ui::widgets::axis::{self, Scale, Tick};
use crate::ui::widgets::braille::Sheet;
use crate::ui::widgets::panel;

/// A regret below this share of the largest is drawn at it: a logarithm has no zero.
const FLOOR: f64 = 1e-6;

/// The lab whose truth is on the screen.
fn lab<'a>(ctx: &Context<'a>) -> Option<&'a Lab> {
    ctx.model.lab.as_deref().filter(|l| l.truth_shown())
}

/// ", regret 0.12": what the best point of what is looked at lacks.
pub(super) fn now(ctx: &Context<'_>) -> Option<String> {
    let last = *known(ctx, lab(ctx)?).last()?;
    last.is_finite()
        .then(|| tr!(ctx, ", regret {regret}", regret = significant(last, 2)))
}

/// The regrets to draw, where they were asked for.
pub(super) fn series(ctx: &Context<'_>) -> Option<Vec<f64>> {
    let lab = lab(ctx).filter(|_| ctx.model.explained.history == HistoryLayer::Regret)?;
    Some(known(ctx, lab)).filter(|r| r.iter().any(|v| v.is_finite()))
}

/// Of the trials that are looked at: in the past there are fewer.
fn known(ctx: &Context<'_>, lab: &Lab) -> Vec<f64> {
    let mut regrets = lab.bench.regrets();
    regrets.truncate(ctx.model.history.points.len());
    regrets
}

pub(super) fn draw(ctx: &Context<'_>, regrets: &[f64], buf: &mut Buffer, area: Rect) {
    let theme = &ctx.theme;
    let detail = vec![
        Span::styled(
            tr!(ctx, "simple regret (log): f at the best point less the minimum").to_owned(),
            theme.dim(),
        ),
        Span::styled(now(ctx).unwrap_or_default(), theme.truth()),
    ];
    let body = panel::titled(buf, area, theme, ctx.title::<()>(Pane::History, detail, None));
    let high = regrets
        .iter()
        .copied()
        .filter(|r| r.is_finite())
        .fold(0.0, f64::max);
    let least = regrets
        .iter()
        .copied()
        .filter(|r| *r > high * FLOOR)
        .fold(f64::INFINITY, f64::min);
    if high <= 0.0 || !least.is_finite() {
        panel::say(
            buf,
            body,
            theme,
            &[tr!(ctx, "The best point is the optimum: the regret is 0.")],
        );
        return;
    }
    let floor = (least / 2.0).max(high * FLOOR);
    let scale = Scale::new(floor, high.max(floor * 1.01), true);
    let labels = scale.ticks(usize::from(body.height / 3).clamp(2, 6));
    let gutter = labels.iter().map(|t| text::width(&t.label)).max().unwrap_or(0) + 1;
    let gutter = u16::try_from(gutter).unwrap_or(8).min(body.width / 3);
    let plot = Rect::new(
        body.x + gutter,
        body.y,
        body.width.saturating_sub(gutter + 1),
        body.height.saturating_sub(1),
    );
    if plot.width < 4 || plot.height < 2 {
        return;
    }
    for tick in &labels {
        if let Some(r) = axis::row(tick.position, plot.height) {
            let label = text::right(&tick.label, usize::from(gutter.saturating_sub(1)));
            text::put(buf, body.x, plot.y + r, usize::from(gutter), &label, theme.dim());
        }
    }
    steps(regrets, floor, scale, buf, plot, ctx);
    let n = regrets.len();
    let labels: Vec<Tick> = [0, n / 4, n / 2, 3 * n / 4, n.saturating_sub(1)]
        .into_iter()
        .map(|k| Tick {
            position: place(k, n),
            label: (k + 1).to_string(),
        })
        .collect();
    let line = Rect::new(plot.x, plot.bottom(), plot.width, 1);
    axis::write_labels(buf, line, &labels, theme.dim());
}

/// Share of the axis of point `k` of `n`.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn place(k: usize, n: usize) -> f64 {
    (k as f64 + 0.5) / n.max(1) as f64
}

fn steps(regrets: &[f64], floor: f64, scale: Scale, buf: &mut Buffer, plot: Rect, ctx: &Context<'_>) {
    let n = regrets.len();
    let mut sheet = Sheet::new(plot.width, plot.height);
    let at = |k: usize| {
        let value = regrets.get(k).copied().filter(|r| r.is_finite())?;
        Some((place(k, n), scale.position(value.max(floor))))
    };
    for k in 0..n {
        match (k.checked_sub(1).and_then(at), at(k)) {
            (Some(from), Some(here)) => {
                sheet.line(from, (here.0, from.1));
                sheet.line((here.0, from.1), here);
            }
            (None, Some(here)) => sheet.set_at(here.0, here.1),
            _ => {}
        }
    }
    if let Some(last) = n.checked_sub(1).and_then(at) {
        sheet.line(last, (1.0 - 1e-9, last.1));
    }
    sheet.draw(buf, plot, ctx.theme.truth(), ctx.theme.ascii);
}
