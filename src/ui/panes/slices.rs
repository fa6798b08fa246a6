//! Slices: the posterior along each parameter through the probe, with the acquisition below.

mod grid;
mod guess;
mod hatched;
mod sample;
mod samples;
mod truth;

use std::borrow::Cow;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::analysis::Slice;
use crate::analysis::importance::Share;
use crate::analysis::slice::SliceTrial;
use crate::language::tr;
use crate::session::nudge::position_of;
use crate::session::{HitMap, Pane, Target};
use crate::study::{Trial, TrialState};
use crate::ui::context::Context;
use crate::ui::marks::Drawn;
use crate::ui::number::percent;
use crate::ui::widgets::axis::{self, Scale};
use crate::ui::widgets::band_chart::BandChart;
use crate::ui::widgets::thin::thinned;
use crate::ui::widgets::{bars, panel};
use crate::ui::{hit, text};
use grid::Grid;
use sample::{acquisition_at, mean_at, raw_slice};

/// So many standard deviations of the prior are in sight.
const PRIOR_SPAN: f64 = 3.0;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let model = ctx.model;
    let mut title = ctx.title(Pane::Slices, detail(ctx), model.slices.as_ref());
    if model.slices.is_some() {
        ctx.mark(&mut title, Drawn::Acquisition);
        title.shorter = shorter(ctx);
    }
    let body = panel::titled(buf, area, &ctx.theme, title);
    let count = model.study.space.len();
    if count == 0 {
        let lines = if model.study.trials.is_empty() {
            tr!(
                ctx,
                "Nothing has been read yet. Slices appear with the first trials: one chart a parameter."
            )
        } else if !model.study.columns.is_empty() {
            tr!(
                ctx,
                "Every parameter has one value so far: slices need 2 different trials, or a space file."
            )
        } else {
            tr!(
                ctx,
                "No parameter is known yet: slices need trials with parameters."
            )
        };
        panel::say(buf, body, &ctx.theme, &[lines]);
        return;
    }
    let order = model.params_by_importance();
    let scale = scale(ctx);
    // As wide as the longest label of any density: a tall slice may draw more of them, with more digits.
    let gutter = (2..=6)
        .flat_map(|n| scale.ticks(n))
        .map(|t| text::width(&t.label))
        .max()
        .unwrap_or(0)
        .min(9)
        + 1;
    let gutter = u16::try_from(gutter).unwrap_or(8);
    let grid = Grid::of(body, gutter, count);
    hits.slice_slots = grid.slots();
    let first = first_shown(ctx, &order, grid.slots());
    for (slot, param) in order.iter().skip(first).take(grid.slots()).enumerate() {
        let cell = grid.cell(slot);
        let frame = Frame {
            ctx,
            scale,
            gutter,
            labelled: slot % usize::from(grid.columns) == 0,
        };
        frame.draw(buf, cell, *param, hits);
    }
}

/// The value axis of all slices, so that their heights can be compared.
fn scale(ctx: &Context<'_>) -> Scale {
    if ctx.model.explained.prior.is_some() {
        return Scale::new(-PRIOR_SPAN, PRIOR_SPAN, false);
    }
    let slices = || ctx.model.slices.iter().flat_map(|s| &s.value);
    let means = slices().flat_map(|s| s.points.iter().map(|p| p.mean));
    let next = ctx.model.suggestion().and_then(|s| s.prediction);
    let bounds = next.into_iter().flat_map(|p| [p.low68, p.high68]);
    let here = slices().filter_map(|s| mean_at(s, s.probe));
    let whole = slices().find_map(|s| ctx.whole_scale(s));
    whole.unwrap_or_else(|| {
        let here = here.chain(guess::values(ctx));
        ctx.value_scale(ctx.decisive, means.chain(bounds), here)
    })
}

fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    if ctx.model.is_blind() {
        return vec![Span::styled(
            tr!(ctx, "observed values; the model is hidden"),
            theme.dim(),
        )];
    }
    if let Some(words) = samples::of_the_prior(ctx) {
        return vec![Span::styled(words, theme.dim())];
    }
    if ctx.model.slices.is_none() {
        return vec![Span::styled(
            tr!(ctx, "observed values, no model yet"),
            theme.dim(),
        )];
    }
    vec![
        Span::styled(
            tr!(ctx, "{metric} predicted through ", metric = ctx.metric()),
            theme.dim(),
        ),
        Span::styled(ctx.probe_words(), theme.text()),
        Span::styled(truth::words(ctx), theme.truth()),
        Span::styled(tr!(ctx, ", bands ±1σ ±2σ"), theme.dim()),
        Span::styled(hatch_words(ctx), theme.dim()),
        Span::styled(samples::words(ctx), theme.dim()),
    ]
}

/// What the hatching says, where there is any.
fn hatch_words(ctx: &Context<'_>) -> &'static str {
    if hatched::is_anywhere(ctx) {
        tr!(ctx, ", ╱ probably infeasible")
    } else {
        ""
    }
}

/// What is drawn and through what, where there is less room.
fn shorter<'a>(ctx: &Context<'a>) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    if ctx.model.is_blind() {
        return vec![vec![Span::styled(tr!(ctx, "observed values"), theme.dim())]];
    }
    if samples::of_the_prior(ctx).is_some() {
        return Vec::new();
    }
    let through = |words: &str| {
        vec![
            Span::styled(words.to_owned(), theme.dim()),
            Span::styled(ctx.probe_words(), theme.text()),
            Span::styled(truth::words(ctx), theme.truth()),
        ]
    };
    let mut all = vec![
        through(&tr!(ctx, "{metric} predicted through ", metric = ctx.metric())),
        through(tr!(ctx, "through ")),
        through(tr!(ctx, "at ")),
    ];
    // What the strokes mean comes before what the metric is called.
    if hatched::is_anywhere(ctx) {
        let told = [
            hatch_words(ctx),
            tr!(ctx, ", ╱ infeasible"),
            tr!(ctx, ", ╱ infeasible"),
        ];
        let with = all.iter().zip(told).map(|(spans, words)| {
            let mut spans = spans.clone();
            spans.push(Span::styled(words, theme.dim()));
            spans
        });
        all.splice(0..0, with.collect::<Vec<_>>());
    }
    all
}

/// The first slice drawn: where the model says, moved so that the cursor is in sight.
fn first_shown(ctx: &Context<'_>, order: &[usize], slots: usize) -> usize {
    let last = order.len().saturating_sub(slots);
    let mut first = ctx.model.slice_offset.min(last);
    if let Some(at) = order.iter().position(|p| *p == ctx.model.param) {
        if at < first {
            first = at;
        } else if at >= first + slots {
            first = at + 1 - slots.max(1);
        }
    }
    first.min(last)
}

/// "87 %", with how sure that is where there is room and where it is more than a per cent: "87 ±4 %".
fn share_words(share: &Share, is_wide: bool) -> String {
    let words = percent(share.total);
    let half = share.spread.map(|(low, high)| 50.0 * (high - low));
    match half.filter(|half| is_wide && *half >= 0.95) {
        Some(half) => words.replace(" %", &format!(" ±{half:.0} %")),
        None => words,
    }
}

/// Most failed trials that are marked on an axis.
const MOST_FAILED: usize = 200;

/// Whether a glyph is the edge of a band, which a mark may cover.
pub fn is_edge(glyph: &str) -> bool {
    bars::LOWER.iter().skip(1).any(|g| *g == glyph)
}

/// One slice.
pub struct Frame<'a, 'm> {
    pub ctx: &'a Context<'m>,
    pub scale: Scale,
    pub gutter: u16,
    pub labelled: bool,
}

impl Frame<'_, '_> {
    fn draw(&self, buf: &mut Buffer, cell: Rect, param: usize, hits: &mut HitMap) {
        let gutter = if self.labelled {
            self.gutter.min(cell.width / 3)
        } else {
            0
        };
        let inner = Rect::new(
            cell.x + gutter,
            cell.y,
            cell.width.saturating_sub(gutter),
            cell.height,
        );
        if inner.width < 4 || inner.height < 5 {
            return;
        }
        let slice = self.slice(param);
        let has_strip = slice.points.iter().any(|p| p.acquisition.is_finite());
        let strip_rows = match (has_strip, inner.height) {
            (false, _) => 0,
            (true, 0..12) => 1,
            (true, _) => 2,
        };
        let rest = inner.height - 3 - strip_rows;
        let plot = Rect::new(inner.x, inner.y + 1, inner.width, rest);
        let strip = Rect::new(inner.x, plot.bottom(), inner.width, strip_rows);
        let rug = Rect::new(inner.x, strip.bottom(), inner.width, 1);
        let labels = Rect::new(inner.x, rug.bottom(), inner.width, 1);
        self.heading(buf, inner, param);
        self.plot(buf, plot, &slice);
        // Without any value there is nothing that an axis could be of.
        if self.labelled && self.ctx.decisive.is_some() {
            self.value_labels(buf, plot, gutter);
        }
        let peak = self.strip(buf, strip, &slice);
        let ticks = self.axis_labels(buf, labels, param);
        self.rug(buf, rug, &slice, &ticks, peak);
        hit(
            hits,
            Rect {
                height: plot.height + strip_rows + 1,
                ..plot
            },
            Target::Slice { param },
        );
    }

    /// The slice, or the bare trials where there is none yet.
    fn slice(&self, param: usize) -> Cow<'_, Slice> {
        if let Some(slice) = self
            .ctx
            .model
            .slices
            .iter()
            .flat_map(|s| &s.value)
            .find(|s| s.param == param)
        {
            return Cow::Borrowed(slice);
        }
        Cow::Owned(raw_slice(self.ctx, param))
    }

    /// Name, value at the probe, share of importance.
    pub fn heading(&self, buf: &mut Buffer, inner: Rect, param: usize) {
        let theme = &self.ctx.theme;
        let share = self
            .ctx
            .model
            .importance
            .iter()
            .flat_map(|i| &i.value.shares)
            .find(|s| s.param == param)
            .map(|s| share_words(s, inner.width >= 34))
            .filter(|_| inner.width >= 20)
            .unwrap_or_default();
        let share_width = u16::try_from(text::width(&share)).unwrap_or(0);
        let room = inner
            .width
            .saturating_sub(share_width + u16::from(share_width > 0));
        let spans = self.name_and_value(param, usize::from(room));
        let line = Rect {
            width: room,
            height: 1,
            ..inner
        };
        text::put_spans(buf, line, &spans);
        let x = inner.right() - share_width;
        text::put(buf, x, inner.y, usize::from(share_width), &share, theme.dim());
    }

    /// The name gives way to the value where both do not fit.
    fn name_and_value(&self, param: usize, room: usize) -> Vec<Span<'_>> {
        let (ctx, theme) = (self.ctx, &self.ctx.theme);
        let here = ctx.model.param == param;
        let name_style = if here && ctx.model.focus == Pane::Slices {
            theme.accent_strong()
        } else {
            theme.strong()
        };
        let value = ctx
            .model
            .in_hand()
            .get(param)
            .map(Context::show_short)
            .unwrap_or_default();
        let locked = ctx.model.locks.get(param).is_some_and(Option::is_some);
        let taken = text::width(&value) + 2 + if locked { 7 } else { 0 };
        // Where it fits beside the whole name: `w` tells more.
        let at_end = (ctx.model.trust.iter())
            .flat_map(|t| &t.value.edges)
            .any(|e| e.param == param)
            .then(|| tr!(ctx, "★ at the end"))
            .filter(|words| taken + text::width(ctx.param_name(param)) + text::width(words) + 3 <= room);
        let name = text::middle(ctx.param_name(param), room.saturating_sub(taken).max(6)).into_owned();
        let mut spans = vec![
            Span::styled(if here { "▸" } else { "" }, theme.accent_strong()),
            Span::styled(name, name_style),
            Span::raw(" "),
            Span::styled(value, theme.text()),
        ];
        if locked {
            spans.push(Span::styled(tr!(self.ctx, " locked"), theme.accent()));
        }
        if let Some(words) = at_end {
            spans.extend([Span::raw("  "), Span::styled(words, theme.accent())]);
        }
        spans
    }

    pub fn plot(&self, buf: &mut Buffer, area: Rect, slice: &Slice) {
        let ctx = self.ctx;
        let chart = self.chart(slice);
        chart.draw_bands(buf, area, &ctx.theme);
        hatched::draw(self, &chart, slice, buf, area);
        let cut = samples::cut(ctx, slice.param);
        if let Some(cut) = cut {
            samples::lines(&chart, cut, buf, area, &ctx.theme);
        }
        if let Some(c) = axis::column(slice.probe, area.width) {
            let glyph = if ctx.theme.ascii { "|" } else { "│" };
            for r in 0..area.height {
                self.mark(buf, area, &chart, (c, r), glyph, ctx.theme.dim());
            }
        }
        truth::line(ctx, &chart, slice, buf, area);
        chart.draw_mean(buf, area, &ctx.theme);
        for trial in thinned(&slice.trials, |t| t.weight) {
            self.trial(buf, area, &chart, trial);
        }
        if cut.is_some() {
            for (x, y) in samples::optima(ctx, slice.param) {
                let r = axis::row(self.scale.position(y).clamp(0.0, 1.0), area.height);
                if let (Some(c), Some(r)) = (axis::column(x, area.width), r) {
                    self.mark(buf, area, &chart, (c, r), "○", ctx.theme.accent());
                }
            }
        }
        if let (Some(x), Some(y)) = (slice.incumbent, ctx.best_value())
            && let (Some(c), Some(r)) = (
                axis::column(x, area.width),
                axis::row(self.scale.position(y), area.height),
            )
        {
            self.mark(buf, area, &chart, (c, r), "★", ctx.theme.strong());
        }
        if let Some(x) = slice.suggestion.filter(|x| (x - slice.probe).abs() < 1e-9)
            && let Some(mean) = mean_at(slice, x)
            && let (Some(c), Some(r)) = (
                axis::column(x, area.width),
                axis::row(self.scale.position(mean), area.height),
            )
        {
            self.mark(buf, area, &chart, (c, r), "◆", ctx.theme.accent_strong());
        }
        guess::draw(self, &chart, slice, buf, area);
        if ctx.model.draft.is_some()
            && let Some(mean) = mean_at(slice, slice.probe)
            && let (Some(c), Some(r)) = (
                axis::column(slice.probe, area.width),
                axis::row(self.scale.position(mean), area.height),
            )
        {
            self.mark(buf, area, &chart, (c, r), "◇", ctx.theme.accent_strong());
        }
    }

    pub fn chart<'s>(&self, slice: &'s Slice) -> BandChart<'s> {
        BandChart {
            points: &slice.points,
            kind: slice.kind,
            scale: self.scale,
        }
    }

    fn trial(&self, buf: &mut Buffer, area: Rect, chart: &BandChart<'_>, trial: &SliceTrial) {
        let p = self.scale.position(trial.value);
        if p.is_nan() {
            return;
        }
        let (row, glyph) = match axis::row(p, area.height) {
            Some(row) => (row, self.ctx.trial_glyph(trial.trial, trial.weight)),
            None if p > 1.0 => (0, "▴"),
            None => (area.height.saturating_sub(1), "▾"),
        };
        if let Some(c) = axis::column(trial.position, area.width) {
            self.mark(
                buf,
                area,
                chart,
                (c, row),
                glyph,
                self.ctx.theme.fade(trial.weight),
            );
        }
    }

    /// A glyph over the chart that keeps the background of the band.
    pub fn mark(
        &self,
        buf: &mut Buffer,
        area: Rect,
        chart: &BandChart<'_>,
        at: (u16, u16),
        glyph: &str,
        style: Style,
    ) {
        let ground = chart.ground(area, at.0, at.1, &self.ctx.theme);
        if let Some(cell) = buf.cell_mut((area.x + at.0, area.y + at.1)) {
            cell.reset();
            cell.set_symbol(glyph).set_style(style.bg(ground));
        }
    }

    pub fn value_labels(&self, buf: &mut Buffer, plot: Rect, gutter: u16) {
        for tick in self.scale.ticks(usize::from(plot.height / 2).clamp(2, 6)) {
            if let Some(r) = axis::row(tick.position, plot.height) {
                let label = text::right(&tick.label, usize::from(gutter.saturating_sub(1)));
                text::put(
                    buf,
                    plot.x - gutter,
                    plot.y + r,
                    usize::from(gutter),
                    &label,
                    self.ctx.theme.dim(),
                );
            }
        }
    }

    /// The acquisition, scaled to its maximum in this slice; returns the column of the maximum.
    fn strip(&self, buf: &mut Buffer, area: Rect, slice: &Slice) -> Option<u16> {
        if area.height == 0 {
            return None;
        }
        let finite = || slice.points.iter().filter(|p| p.acquisition.is_finite());
        let high = finite().map(|p| p.acquisition).fold(f64::NEG_INFINITY, f64::max);
        let low = finite()
            .map(|p| p.acquisition)
            .fold(f64::INFINITY, f64::min)
            .min(high);
        // EI and PI start at zero; a confidence bound has no zero.
        let low = if low >= 0.0 { 0.0 } else { low };
        let heights: Vec<f64> = (0..area.width)
            .map(|c| {
                let u = (f64::from(c) + 0.5) / f64::from(area.width);
                let a = acquisition_at(slice, u);
                if high > low { (a - low) / (high - low) } else { 0.0 }
            })
            .collect();
        bars::strip(buf, area, &heights, self.ctx.theme.strip(), &self.ctx.theme);
        if high <= low {
            return None;
        }
        let peak = slice.points.get(slice.best_acquisition)?.position;
        let c = axis::column(peak, area.width)?;
        for y in area.y..area.bottom() {
            if let Some(cell) = buf.cell_mut((area.x + c, y)) {
                cell.set_style(self.ctx.theme.accent_strong());
            }
        }
        Some(c)
    }

    pub fn axis_labels(&self, buf: &mut Buffer, area: Rect, param: usize) -> Vec<u16> {
        let Some(p) = self.ctx.model.study.space.params.get(param) else {
            return Vec::new();
        };
        let most = usize::from(area.width / 6).clamp(2, 9);
        let mut ticks = axis::parameter_ticks(&self.ctx.encoder, param, p, most);
        if p.is_categorical() {
            let room = usize::from(area.width) / ticks.len().max(1);
            for tick in &mut ticks {
                tick.label = text::fit(&tick.label, room.saturating_sub(1).max(1)).into_owned();
            }
        }
        axis::write_labels(buf, area, &ticks, self.ctx.theme.dim())
    }

    /// Places of the failed trials, the latest ones where there are many.
    fn failed(&self, param: usize) -> impl Iterator<Item = f64> {
        let study = &self.ctx.model.study;
        let any = self.ctx.counts.failed > 0;
        let latest = study
            .trials
            .iter()
            .rev()
            .filter(|t| t.state == TrialState::Failed);
        let param = study.space.params.get(param).filter(|_| any);
        param.into_iter().flat_map(move |p| {
            let place = move |t: &Arc<Trial>| position_of(p, p.of(t)?);
            latest.clone().take(MOST_FAILED).filter_map(place)
        })
    }

    /// The line of the axis with its ticks and the places of everything that matters.
    pub fn rug(&self, buf: &mut Buffer, area: Rect, slice: &Slice, ticks: &[u16], peak: Option<u16>) {
        let theme = &self.ctx.theme;
        panel::fill(buf, area, "─", theme.faint());
        let mut put = |c: u16, glyph: &str, style: Style| {
            text::put(buf, area.x + c, area.y, 1, glyph, style);
        };
        for c in ticks {
            put(*c, "┴", theme.faint());
        }
        let at = |p: f64| axis::column(p, area.width);
        // Where trials failed, whatever came of the others.
        for c in self.failed(slice.param).filter_map(at) {
            put(c, "✗", theme.error());
        }
        // Where the search started, and the tops that it reached.
        let place = |c: &[crate::study::Value]| self.ctx.position(slice.param, c.get(slice.param)?);
        let climbs = || (self.ctx.model.suggestion().into_iter()).flat_map(|s| &s.why.climbs);
        for c in climbs().filter_map(|c| place(&c.from).and_then(at)) {
            put(c, "∙", theme.accent());
        }
        for c in climbs().filter_map(|c| place(&c.to).and_then(at)) {
            put(c, "△", theme.accent_strong());
        }
        if let Some(c) = at(slice.probe).filter(|_| self.ctx.model.draft.is_none()) {
            put(c, "┼", theme.text());
        }
        if let Some(c) = peak {
            put(c, "▲", theme.accent());
        }
        if let Some(c) = slice.incumbent.and_then(at) {
            put(c, "★", theme.strong());
        }
        if let Some(c) = slice.suggestion.and_then(at) {
            put(c, "◆", theme.accent_strong().add_modifier(Modifier::BOLD));
        }
        if let Some(c) = at(slice.probe).filter(|_| self.ctx.model.draft.is_some()) {
            put(c, "◇", theme.accent_strong());
        }
    }
}
