//! History as what the best next trial was expected to gain, after each trial that ended: when to stop, as a curve. The
//! lines that it falls below are those of the advice: the noise, and a hundredth of what was gained so far.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::analysis::stopping::{Gain, SHARE};
use crate::language::tr;
use crate::session::Pane;
use crate::session::explained::HistoryLayer;
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::text;
use crate::ui::widgets::axis::{self, Scale, Tick};
use crate::ui::widgets::braille::Sheet;
use crate::ui::widgets::panel;

/// So far below the lower of the two lines (as a factor) the curve may go on; then it runs along the floor.
const BELOW: f64 = 1e-2;

/// What there is to draw.
pub(super) struct Series {
    /// Ended trials and the largest expected gain then, ascending; not all of it may be known yet.
    curve: Vec<(usize, f64)>,
    /// As the model on screen has it.
    now: Option<Gain>,
    /// How many trials have ended, as looked at, and in the source.
    ended: (usize, usize),
}

/// What was to be gained, where that was asked for.
pub(super) fn series(ctx: &Context<'_>) -> Option<Series> {
    let model = ctx.model;
    if model.explained.history != HistoryLayer::Prospects || model.is_blind() {
        return None;
    }
    let ended = (model.looked_at(), model.ended());
    let now = (model.stopping.as_ref()).and_then(|s| s.value.gain);
    let past = model.explained.prospects.found.at.iter();
    let mut curve: Vec<(usize, f64)> = past
        .filter(|p| p.known < ended.0)
        .filter_map(|p| Some((p.known, p.gain?.expected)))
        .collect();
    curve.extend(now.map(|gain| (ended.0, gain.expected)));
    Some(Series { curve, now, ended })
}

pub(super) fn draw(ctx: &Context<'_>, series: &Series, buf: &mut Buffer, area: Rect) {
    let theme = &ctx.theme;
    let mut title = ctx.title::<()>(Pane::History, detail(ctx, series, true), None);
    let brief = detail(ctx, series, false);
    title.shorter = vec![brief.clone(), brief.into_iter().take(1).collect()];
    let prospects = &ctx.model.explained.prospects;
    if prospects.is_running {
        let (made, wanted) = (prospects.found.at.len(), prospects.found.wanted);
        let words = match wanted {
            0 => tr!(ctx, "computing…").to_owned(),
            _ => tr!(ctx, "{made} of {wanted}…", made = made, wanted = wanted),
        };
        title.remark = vec![Span::styled(words, theme.accent())];
    }
    let body = panel::titled(buf, area, theme, title);
    let positive = series.curve.iter().map(|(_, gain)| *gain).filter(|g| *g > 0.0);
    let Some(high) = positive.fold(None, |most: Option<f64>, g| Some(most.map_or(g, |m| m.max(g)))) else {
        panel::say(buf, body, theme, &[why_empty(ctx)]);
        return;
    };
    let lines = lines(ctx, series);
    let (plot, below) = places(ctx, body);
    if plot.width < 12 || plot.height < 3 {
        return;
    }
    let scale = scale(series, &lines, high);
    let labels = scale.ticks(usize::from(plot.height / 3).clamp(2, 6));
    let gutter = labels.iter().map(|t| text::width(&t.label)).max().unwrap_or(0) + 1;
    let gutter = u16::try_from(gutter).unwrap_or(8).min(plot.width / 3);
    let plot = Rect::new(plot.x + gutter, plot.y, plot.width - gutter, plot.height);
    for tick in &labels {
        if let Some(r) = axis::row(tick.position, plot.height) {
            let label = text::right(&tick.label, usize::from(gutter - 1));
            text::put(buf, body.x, plot.y + r, usize::from(gutter), &label, theme.dim());
        }
    }
    for (value, words) in &lines {
        level(ctx, buf, plot, scale.position(*value), words);
    }
    curve(ctx, series, scale, buf, plot);
    counts(
        ctx,
        series.ended.0,
        buf,
        Rect::new(plot.x, plot.bottom(), plot.width, 1),
    );
    for (y, line) in (plot.bottom() + 1..body.bottom()).zip(below) {
        let row = Rect::new(body.x, y, body.width, 1);
        text::put_spans(buf, row, &[Span::styled(line, theme.dim())]);
    }
}

/// What is drawn; long, with by what it was computed.
fn detail<'a>(ctx: &Context<'a>, series: &Series, is_long: bool) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let words = if is_long {
        tr!(
            ctx,
            "what the best next trial was expected to gain (log), by today's settings"
        )
    } else {
        tr!(ctx, "expected gain of the next trial (log)")
    };
    let mut spans = vec![Span::styled(words, theme.dim())];
    if let Some(gain) = series.now {
        let now = tr!(ctx, ", now {gain}", gain = significant(gain.expected, 2));
        spans.push(Span::styled(now, theme.accent()));
    }
    spans
}

fn why_empty(ctx: &Context<'_>) -> &'static str {
    if ctx.model.explained.prospects.is_running {
        tr!(
            ctx,
            "Looking back: the model is fitted to the trials of each time…"
        )
    } else {
        tr!(
            ctx,
            "What a further trial may gain is known once a model is fitted to a few finished trials."
        )
    }
}

/// The levels below which going on brings little, as they are now, with what each is.
fn lines(ctx: &Context<'_>, series: &Series) -> Vec<(f64, String)> {
    let Some(gain) = series.now else {
        return Vec::new();
    };
    let share = SHARE * gain.spread;
    let all = [
        (
            gain.noise,
            tr!(ctx, "noise {noise}", noise = significant(gain.noise, 2)),
        ),
        (
            share,
            tr!(
                ctx,
                "1 % of the gain so far {share}",
                share = significant(share, 2)
            ),
        ),
    ];
    all.into_iter()
        .filter(|(value, _)| value.is_finite() && *value > 0.0)
        .collect()
}

/// The plot, and the advice that stands below it.
fn places(ctx: &Context<'_>, body: Rect) -> (Rect, Vec<String>) {
    let advice = super::advice(ctx, body);
    let rows = 1 + u16::try_from(advice.len()).unwrap_or(0);
    let plot = Rect::new(
        body.x,
        body.y,
        body.width.saturating_sub(1),
        body.height.saturating_sub(rows),
    );
    (plot, advice)
}

/// From the largest gain to somewhat below the lower line, or to the least gain where that is higher.
fn scale(series: &Series, lines: &[(f64, String)], high: f64) -> Scale {
    let values = || lines.iter().map(|(v, _)| *v);
    let top = values().fold(high, f64::max);
    let least = (series.curve.iter())
        .map(|(_, g)| *g)
        .filter(|g| *g > 0.0)
        .fold(high, f64::min);
    let lowest = values().fold(top, f64::min);
    let low = least.max(BELOW * lowest).min(lowest);
    Scale::new(0.7 * low, 1.4 * top, true)
}

/// A dashed line across the plot with its words at the left.
fn level(ctx: &Context<'_>, buf: &mut Buffer, plot: Rect, position: f64, words: &str) {
    let Some(r) = axis::row(position, plot.height) else {
        return;
    };
    let y = plot.y + r;
    for x in (plot.x..plot.right()).step_by(2) {
        text::put(buf, x, y, 1, "╌", ctx.theme.faint());
    }
    let words = format!(" {words} ");
    let width = u16::try_from(text::width(&words)).unwrap_or(u16::MAX);
    // Of two lines on one row, or one above the other, each keeps its end of the plot.
    let x = plot.x + 1;
    if width.saturating_add(2) < plot.width {
        let blank = |x| buf.cell((x, y)).is_some_and(|c| [" ", "╌"].contains(&c.symbol()));
        let x = if (x..x + width).all(blank) {
            x
        } else {
            plot.right() - width - 1
        };
        text::put(buf, x, y, usize::from(width), &words, ctx.theme.dim());
    }
}

/// Share of the axis of `known` of `ended` trials: where history has the last of them.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn place(known: usize, ended: usize) -> f64 {
    (known as f64 - 0.5) / ended.max(1) as f64
}

fn curve(ctx: &Context<'_>, series: &Series, scale: Scale, buf: &mut Buffer, plot: Rect) {
    let mut sheet = Sheet::new(plot.width, plot.height);
    let at = |(known, gain): (usize, f64)| {
        let y = if gain > 0.0 { scale.position(gain) } else { 0.0 };
        (place(known, series.ended.0), y.clamp(0.0, 1.0))
    };
    let mut last: Option<(f64, f64)> = None;
    for (known, gain) in &series.curve {
        let here = at((*known, *gain));
        // What lies between is not known yet.
        let is_open = *known == series.ended.0 && ctx.model.explained.prospects.is_running;
        match last {
            Some(from) if !is_open => sheet.line(from, here),
            _ => sheet.set_at(here.0, here.1),
        }
        last = Some(here);
    }
    sheet.draw(buf, plot, ctx.theme.accent(), ctx.theme.ascii);
    if let Some(gain) = series.now {
        let (x, y) = at((series.ended.0, gain.expected));
        if let (Some(c), Some(r)) = (axis::column(x, plot.width), axis::row(y, plot.height)) {
            let style: Style = ctx.theme.accent_strong();
            text::put(buf, plot.x + c, plot.y + r, 1, "◆", style);
        }
    }
}

/// How many trials had ended.
fn counts(ctx: &Context<'_>, ended: usize, buf: &mut Buffer, area: Rect) {
    let mut labels: Vec<Tick> = [1, ended / 4, ended / 2, 3 * ended / 4, ended]
        .into_iter()
        .filter(|k| *k > 0)
        .map(|k| Tick {
            position: place(k, ended),
            label: k.to_string(),
        })
        .collect();
    labels.dedup();
    axis::write_labels(buf, area, &labels, ctx.theme.dim());
}
