//! History: every value in order, the best so far as a step line, and what is expected next.

mod prospects;
mod regret;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::history::HistoryPoint;
use crate::language::{Language, tr};
use crate::session::Pane;
use crate::study::{Direction, TrialId, TrialState};
use crate::ui::context::Context;
use crate::ui::text;
use crate::ui::widgets::axis::{self, Scale, Tick};
use crate::ui::widgets::braille::Sheet;
use crate::ui::widgets::panel;

/// Cells at the right that show what is expected of the suggestion.
const NEXT: u16 = 6;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let history = &ctx.model.history;
    if let Some(regrets) = regret::series(ctx) {
        return regret::draw(ctx, &regrets, buf, area);
    }
    if let Some(series) = prospects::series(ctx) {
        return prospects::draw(ctx, &series, buf, area);
    }
    let prediction = ctx.model.suggestion().and_then(|s| s.prediction);
    let scale = ctx.value_scale(
        range(ctx),
        prediction.iter().flat_map(|p| [p.low68, p.high68]),
        std::iter::empty(),
    );
    let mut title = ctx.title::<()>(Pane::History, detail(ctx, scale, true), None);
    title.shorter = vec![detail(ctx, scale, false)];
    let body = panel::titled(buf, area, &ctx.theme, title);
    if history.points.is_empty() {
        let line = tr!(
            ctx,
            "No trial has begun. Values appear here one by one, with the best so far as a line."
        );
        panel::say(buf, body, &ctx.theme, &[line]);
        return;
    }
    if history.points.iter().all(|p| p.value.is_none()) {
        let line = tr!(
            ctx,
            "No value yet: {running} running, {failed} failed. Values appear here as trials finish.",
            running = ctx.counts.running,
            failed = ctx.counts.failed
        );
        panel::say(buf, body, &ctx.theme, &[line.as_str()]);
        return;
    }
    let advice = advice(ctx, body);
    let labels = scale.ticks(usize::from(body.height / 3).clamp(2, 6));
    let gutter = labels.iter().map(|t| text::width(&t.label)).max().unwrap_or(0) + 1;
    let gutter = u16::try_from(gutter).unwrap_or(8).min(body.width / 3);
    let next = if prediction.is_some() { NEXT } else { 0 };
    let has_rug = body.height >= 7
        && history
            .points
            .iter()
            .any(|p| matches!(p.state, TrialState::Failed | TrialState::Running));
    let rug = u16::from(has_rug);
    let below = 1 + rug + u16::try_from(advice.len()).unwrap_or(0);
    let plot = Rect::new(
        body.x + gutter,
        body.y,
        body.width.saturating_sub(gutter + next),
        body.height.saturating_sub(below),
    );
    if plot.width < 4 || plot.height < 2 {
        return;
    }
    let chart = Chart {
        ctx,
        scale,
        plot,
        rug,
    };
    chart.value_labels(buf, &labels, gutter);
    chart.selection(buf, &history.points);
    chart.best_line(buf, &history.points);
    chart.points(buf, &history.points);
    chart.star(buf);
    chart.next(buf, next);
    chart.count_labels(
        buf,
        Rect::new(plot.x, plot.bottom() + rug, plot.width, 1),
        &history.points,
    );
    for (y, line) in (plot.bottom() + 1 + rug..body.bottom()).zip(advice) {
        let area = Rect::new(body.x, y, body.width, 1);
        text::put_spans(buf, area, &[Span::styled(line, ctx.theme.dim())]);
    }
}

/// The advice on stopping, where there is room below the plot.
fn advice(ctx: &Context<'_>, body: Rect) -> Vec<String> {
    match &ctx.model.stopping {
        Some(advice) if body.height >= 8 => advice_lines(
            ctx.language(),
            &advice.value.sentence,
            usize::from(body.width),
            body.height >= 11,
        ),
        _ => Vec::new(),
    }
}

/// The advice in one line or two. Where it would be cut the verdict, which follows the colon after the
/// reasons, stands alone.
fn advice_lines(language: Language, advice: &str, width: usize, two: bool) -> Vec<String> {
    let lines = text::wrap(&language.reword(advice), width.max(1));
    if lines.len() <= if two { 2 } else { 1 } {
        return lines;
    }
    let verdict = match advice.split_once(": ") {
        Some((head, _)) if head.starts_with("Worth") => "Worth going on.".to_owned(),
        Some((head, _)) if head.starts_with("No trial") => "No trial is feasible yet.".to_owned(),
        Some((_, tail)) => {
            let mut chars = tail.chars();
            chars
                .next()
                .map(|c| c.to_uppercase().chain(chars).collect())
                .unwrap_or_default()
        }
        None => advice.to_owned(),
    };
    text::wrap(&language.reword(&verdict), width.max(1))
        .into_iter()
        .take(1)
        .collect()
}

/// The robust range, cut on the bad side to a few times what decisions are made in.
fn range(ctx: &Context<'_>) -> Option<(f64, f64)> {
    let (low, high) = ctx.model.history.range?;
    let Some((a, b)) = ctx.decisive.filter(|(a, b)| a < b && !ctx.model.history.log) else {
        return Some((low, high));
    };
    Some(match ctx.model.study.direction() {
        Direction::Minimize => (low, high.min(b + 0.5 * (b - a))),
        Direction::Maximize => (low.max(a - 0.5 * (b - a)), high),
    })
}

/// What is drawn, with the key to the line or without, and what lies outside.
fn detail<'a>(ctx: &Context<'a>, scale: Scale, with_key: bool) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let history = &ctx.model.history;
    let mut spans = vec![Span::styled(
        tr!(
            ctx,
            "{metric} of each trial{log}{key}",
            metric = text::fit(ctx.metric(), 24),
            log = if scale.log { " (log)" } else { "" },
            key = if with_key {
                match ctx.best {
                    Some(_) => tr!(ctx, ", line: best so far"),
                    None => "",
                }
            } else {
                ""
            }
        ),
        theme.dim(),
    )];
    spans.extend(regret::now(ctx).map(|words| Span::styled(words, theme.truth())));
    let outside = |above: bool| {
        history
            .points
            .iter()
            .filter_map(|p| p.value)
            .filter(|v| if above { *v > scale.high } else { *v < scale.low })
            .count()
    };
    for (count, word) in [
        (outside(true), tr!(ctx, "above")),
        (outside(false), tr!(ctx, "below")),
    ] {
        if count > 0 {
            spans.push(Span::styled(format!(", {count} {word}"), theme.accent()));
        }
    }
    spans
}

struct Chart<'a, 'm> {
    ctx: &'a Context<'m>,
    scale: Scale,
    plot: Rect,
    /// Rows below the plot for trials without a value.
    rug: u16,
}

impl Chart<'_, '_> {
    /// Share of the axis of point `i` of `n`.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    fn x(i: usize, n: usize) -> f64 {
        (i as f64 + 0.5) / n.max(1) as f64
    }

    fn value_labels(&self, buf: &mut Buffer, labels: &[Tick], gutter: u16) {
        for tick in labels {
            if let Some(r) = axis::row(tick.position, self.plot.height) {
                let label = text::right(&tick.label, usize::from(gutter.saturating_sub(1)));
                let (x, y) = (self.plot.x - gutter, self.plot.y + r);
                text::put(buf, x, y, usize::from(gutter), &label, self.ctx.theme.dim());
            }
        }
    }

    /// A column at the trial that is selected, while it is trials that are looked at.
    fn selection(&self, buf: &mut Buffer, points: &[HistoryPoint]) {
        if !matches!(self.ctx.model.focus, Pane::Trials | Pane::History) {
            return;
        }
        let place = self
            .ctx
            .model
            .table
            .selected
            .and_then(|t| points.binary_search_by_key(&t, |p| p.trial).ok())
            .and_then(|i| axis::column(Self::x(i, points.len()), self.plot.width));
        if let Some(c) = place {
            for y in self.plot.y..self.plot.bottom() + self.rug {
                text::put(buf, self.plot.x + c, y, 1, "│", self.ctx.theme.accent());
            }
        }
    }

    fn points(&self, buf: &mut Buffer, points: &[HistoryPoint]) {
        let theme = &self.ctx.theme;
        let n = points.len();
        if n > 3 * usize::from(self.plot.width) {
            self.cloud(buf, points);
        }
        for (i, p) in points.iter().enumerate() {
            let Some(c) = axis::column(Self::x(i, n), self.plot.width) else {
                continue;
            };
            let place = p.value.map(|v| self.scale.position(v));
            let bottom = self.plot.height - 1;
            let unvalued = bottom + self.rug;
            let row = match place {
                _ if matches!(p.state, TrialState::Failed | TrialState::Running) => unvalued,
                Some(y) if y > 1.0 => 0,
                Some(y) => axis::row(y, self.plot.height).unwrap_or(bottom),
                None => unvalued,
            };
            let off_scale = place.is_some_and(|y| y > 1.0);
            let queued = self
                .ctx
                .model
                .study
                .trials
                .get(p.trial)
                .is_some_and(|t| t.queue_id.is_some());
            let (glyph, style) = match p.state {
                TrialState::Failed => ("✗", theme.error()),
                TrialState::Running => ("◐", theme.text()),
                TrialState::Pruned => ("⊘", theme.faint()),
                TrialState::Complete if off_scale => ("▴", theme.dim()),
                TrialState::Complete if queued => ("◆", theme.accent()),
                TrialState::Complete if n > 3 * usize::from(self.plot.width) => continue,
                TrialState::Complete if p.value.is_none() => ("×", theme.error()),
                TrialState::Complete if self.is_infeasible(p) => ("⊗", theme.faint()),
                TrialState::Complete => ("•", theme.dim()),
                TrialState::Waiting => continue,
            };
            text::put(buf, self.plot.x + c, self.plot.y + row, 1, glyph, style);
        }
    }

    fn is_infeasible(&self, point: &HistoryPoint) -> bool {
        let trial = self.ctx.model.study.trials.get(point.trial);
        trial.is_some_and(|t| self.ctx.is_infeasible(t))
    }

    /// Thousands of points as fine dots.
    fn cloud(&self, buf: &mut Buffer, points: &[HistoryPoint]) {
        let mut sheet = Sheet::new(self.plot.width, self.plot.height);
        for (i, p) in points.iter().enumerate() {
            if let Some(v) = p.value {
                sheet.set_at(Self::x(i, points.len()), self.scale.position(v));
            }
        }
        sheet.draw(buf, self.plot, self.ctx.theme.dim(), self.ctx.theme.ascii);
    }

    fn best_line(&self, buf: &mut Buffer, points: &[HistoryPoint]) {
        let mut sheet = Sheet::new(self.plot.width, self.plot.height);
        let n = points.len();
        let mut last: Option<(f64, f64)> = None;
        for (i, p) in points.iter().enumerate() {
            let Some(best) = p.best else { continue };
            let here = (Self::x(i, n), self.scale.position(best));
            match last {
                // Level points of a long run need not be drawn one by one.
                Some(from) if from.1 == here.1 && i + 1 < n => continue,
                Some(from) => {
                    sheet.line(from, (here.0, from.1));
                    sheet.line((here.0, from.1), here);
                }
                None => sheet.set_at(here.0, here.1),
            }
            last = Some(here);
        }
        if let Some(from) = last {
            sheet.line(from, (1.0 - 1e-9, from.1));
        }
        sheet.draw(buf, self.plot, self.ctx.theme.model(), self.ctx.theme.ascii);
    }

    fn star(&self, buf: &mut Buffer) {
        let history = &self.ctx.model.history;
        let Some(i) = history.last_improvement else { return };
        let Some(best) = history.points.get(i).and_then(|p| p.best) else {
            return;
        };
        if let (Some(c), Some(r)) = (
            axis::column(Self::x(i, history.points.len()), self.plot.width),
            axis::row(self.scale.position(best), self.plot.height),
        ) {
            let (x, y) = (self.plot.x + c, self.plot.y + r);
            text::put(buf, x, y, 1, "★", self.ctx.theme.strong());
        }
    }

    /// What is expected of the suggestion: mean and 68 % at the right of the last trial.
    fn next(&self, buf: &mut Buffer, width: u16) {
        let Some(p) = self.ctx.model.suggestion().and_then(|s| s.prediction) else {
            return;
        };
        if width < 3 {
            return;
        }
        let x = self.plot.right() + 2;
        let row = |v: f64| axis::row(self.scale.position(v).clamp(0.0, 1.0), self.plot.height);
        if let (Some(top), Some(bottom)) = (row(p.high68), row(p.low68)) {
            for r in top..=bottom {
                text::put(buf, x, self.plot.y + r, 1, "│", self.ctx.theme.accent());
            }
        }
        if let Some(r) = row(p.mean) {
            text::put(buf, x, self.plot.y + r, 1, "◆", self.ctx.theme.accent_strong());
        }
        let draft = self
            .ctx
            .model
            .draft
            .as_ref()
            .and_then(|d| d.consequences.as_ref());
        if let Some(r) = draft.and_then(|c| row(c.prediction.mean)) {
            text::put(
                buf,
                x + 1,
                self.plot.y + r,
                1,
                "◇",
                self.ctx.theme.accent_strong(),
            );
        }
    }

    /// Ids where they are numbers, else the count.
    fn count_labels(&self, buf: &mut Buffer, area: Rect, points: &[HistoryPoint]) {
        let n = points.len();
        let label = |k: usize| {
            let trial = points
                .get(k)
                .and_then(|p| self.ctx.model.study.trials.get(p.trial));
            match trial.map(|t| &t.id) {
                Some(TrialId::Number(id)) => id.to_string(),
                _ => (k + 1).to_string(),
            }
        };
        let last = n.saturating_sub(1);
        let mut ticks = vec![Tick {
            position: Self::x(0, n),
            label: label(0),
        }];
        for k in [last / 4, last / 2, 3 * last / 4, last] {
            if k > 0 {
                ticks.push(Tick {
                    position: Self::x(k, n),
                    label: label(k),
                });
            }
        }
        ticks.dedup();
        axis::write_labels(buf, area, &ticks, self.ctx.theme.dim());
        if area.right() + NEXT <= buf.area.right() && self.ctx.model.suggestion().is_some() {
            text::put(
                buf,
                area.right() + 1,
                area.y,
                usize::from(NEXT),
                tr!(self.ctx, "next"),
                self.ctx.theme.accent(),
            );
        }
    }
}
