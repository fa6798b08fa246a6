//! The surface: one layer over two parameters, the others at the probe.

mod title;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::{Layer, Surface};
use crate::language::tr;
use crate::session::model::FitStatus;
use crate::session::nudge::position_of;
use crate::session::{HitMap, Pane, Target};
use crate::study::{Direction, Value};
use crate::ui::context::Context;
use crate::ui::marks::Drawn;
use crate::ui::number::{percent, significant, with_sd};
use crate::ui::theme::Theme;
use crate::ui::widgets::axis::{self, Tick};
use crate::ui::widgets::color_bar::ColorBar;
use crate::ui::widgets::heatmap::Heatmap;
use crate::ui::widgets::panel;
use crate::ui::widgets::thin::thinned;
use crate::ui::{hit, text};

/// Cells that a cross-hair reaches to each side.
const ARM: i32 = 3;
/// Where a known function is lowest.
const MINIMUM: &str = "✚";

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let model = ctx.model;
    let mut title = ctx.title(Pane::Surface, title::detail(ctx), model.surface.as_ref());
    if model.surface.is_some() {
        ctx.mark(&mut title, Drawn::of(model.layer));
        title.shorter = title::shorter(ctx);
    }
    let body = panel::titled(buf, area, &ctx.theme, title);
    let Some(surface) = model.surface.as_ref().map(|s| &s.value).filter(|s| is_whole(s)) else {
        panel::say(buf, body, &ctx.theme, &[why_empty(ctx)]);
        return;
    };
    let values = surface.layer(model.layer);
    let Some((low, high)) = shown_range(ctx, values) else {
        panel::say(
            buf,
            body,
            &ctx.theme,
            &[tr!(ctx, "This layer has no finite value here.")],
        );
        return;
    };
    let steps = |param: usize| {
        model
            .study
            .space
            .params
            .get(param)
            // Numbers are drawn as a continuum: a grid of them is only coarse. Choices have nothing between.
            .is_some_and(|p| p.is_categorical() || p.cardinality().is_some_and(|n| n <= 4))
    };
    let map = Heatmap {
        xs: &surface.xs,
        ys: &surface.ys,
        values,
        low,
        high,
        steps_x: steps(surface.x_param),
        steps_y: steps(surface.y_param),
        // Bright is better: for the mean of what is minimised that is the low end.
        inverted: model.layer == Layer::Mean && model.study.direction() == Direction::Minimize,
    };
    let mut theme = ctx.theme;
    if model.layer == Layer::Exploitation
        && let Some(signed) = theme.ramp.signed()
    {
        theme.ramp = signed;
    }
    let view = View {
        ctx,
        surface,
        map,
        places: Places::of(ctx, surface, body),
        theme,
    };
    view.draw(buf, hits);
}

/// The range that levels are spread over. Of the mean, a far tail of bad values shares the last level:
/// otherwise a corner that diverges would leave one colour for everything else.
fn shown_range(ctx: &Context<'_>, values: &[f64]) -> Option<(f64, f64)> {
    let (low, high) = Heatmap::range(values)?;
    match ctx.model.layer {
        Layer::Mean => {}
        // Nothing is in the middle of what may be a loss or a gain.
        Layer::Exploitation if ctx.theme.ramp.signed().is_some() => {
            let most = low.abs().max(high.abs());
            return Some((-most, most));
        }
        _ => return Some((low, high)),
    }
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(match ctx.model.study.direction() {
        Direction::Minimize => {
            let bulk = *sorted.get(last - last / 5)?;
            (
                low,
                if high - low > 1.6 * (bulk - low) {
                    low + 1.25 * (bulk - low)
                } else {
                    high
                },
            )
        }
        Direction::Maximize => {
            let bulk = *sorted.get(last / 5)?;
            (
                if high - low > 1.6 * (high - bulk) {
                    high - 1.25 * (high - bulk)
                } else {
                    low
                },
                high,
            )
        }
    })
    .filter(|(a, b)| a < b)
    .or(Some((low, high)))
}

fn is_whole(s: &Surface) -> bool {
    s.xs.len() == s.columns && s.ys.len() == s.rows && s.columns > 0 && s.rows > 0
}

fn why_empty(ctx: &Context<'_>) -> &'static str {
    if ctx.model.is_blind() {
        tr!(ctx, "Hidden until you have placed your own point.")
    } else if ctx.model.study.space.len() < 2 {
        tr!(ctx, "A surface needs two parameters.")
    } else if ctx.model.surrogate.is_none() && matches!(ctx.model.fit, FitStatus::Fitting { .. }) {
        tr!(ctx, "Fitting the first model…")
    } else if ctx.model.surrogate.is_none() {
        tr!(
            ctx,
            "The surface of the two parameters that matter most appears with the first model: it needs a few finished trials."
        )
    } else {
        tr!(ctx, "Computing…")
    }
}

/// Where the parts of the pane lie.
struct Places {
    plot: Rect,
    gutter: Rect,
    x_labels: Rect,
    bar: Rect,
    readout: Rect,
    y_ticks: Vec<Tick>,
}

impl Places {
    fn of(ctx: &Context<'_>, surface: &Surface, body: Rect) -> Self {
        let params = &ctx.model.study.space.params;
        let y_param = params.get(surface.y_param);
        let most = usize::from(body.height / 4).clamp(2, 8);
        let y_ticks = y_param
            .map(|p| axis::parameter_ticks(&ctx.encoder, surface.y_param, p, most))
            .unwrap_or_default();
        let widest = y_ticks.iter().map(|t| text::width(&t.label)).max().unwrap_or(0);
        let gutter = u16::try_from(widest.min(12) + 1).unwrap_or(8).min(body.width / 4);
        let readout_rows = match body.height {
            0..8 => 0,
            8..14 => 1,
            _ => 2,
        };
        let bar = if body.width >= 40 { ColorBar::WIDTH } else { 0 };
        let plot = Rect::new(
            body.x + gutter,
            body.y,
            body.width.saturating_sub(gutter + bar + 1),
            body.height.saturating_sub(1 + readout_rows),
        );
        Self {
            plot,
            gutter: Rect::new(body.x, plot.y, gutter, plot.height),
            x_labels: Rect::new(plot.x, plot.bottom(), plot.width, 1.min(body.height)),
            bar: Rect::new(plot.right() + 1, plot.y, bar, plot.height),
            readout: Rect::new(body.x, plot.bottom() + 1, body.width, readout_rows),
            y_ticks,
        }
    }
}

struct View<'a, 'm> {
    ctx: &'a Context<'m>,
    surface: &'a Surface,
    map: Heatmap<'a>,
    places: Places,
    /// With the ramp of the layer.
    theme: Theme,
}

impl View<'_, '_> {
    fn draw(&self, buf: &mut Buffer, hits: &mut HitMap) {
        let plot = self.places.plot;
        let theme = &self.theme;
        if plot.width < 4 || plot.height < 2 {
            return;
        }
        self.map
            .draw(buf, plot, theme, self.ctx.model.appearance.contours);
        self.map.hatch(buf, plot, theme, &self.surface.feasible);
        self.axes(buf);
        ColorBar {
            low: self.map.low,
            high: self.map.high,
            inverted: self.map.inverted,
        }
        .draw(buf, self.places.bar, theme);
        self.trials(buf);
        self.crosshair(buf);
        self.marks(buf);
        self.readout(buf);
        self.legend(buf);
        hit(hits, plot, Target::Surface);
    }

    /// Whether the levels run both ways from nothing.
    fn is_signed(&self) -> bool {
        self.ctx.model.layer == Layer::Exploitation && !self.theme.ramp.is_glyphs()
    }

    fn cell(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        let plot = self.places.plot;
        Some((axis::column(x, plot.width)?, axis::row(y, plot.height)?))
    }

    fn axes(&self, buf: &mut Buffer) {
        let (plot, theme) = (self.places.plot, &self.theme);
        let gutter = self.places.gutter;
        let mut last: Option<u16> = None;
        for tick in &self.places.y_ticks {
            let Some(r) = axis::row(tick.position, plot.height) else {
                continue;
            };
            if last == Some(r) {
                continue;
            }
            last = Some(r);
            let label = text::right(&tick.label, usize::from(gutter.width.saturating_sub(1)));
            text::put(
                buf,
                gutter.x,
                plot.y + r,
                usize::from(gutter.width),
                &label,
                theme.dim(),
            );
        }
        let params = &self.ctx.model.study.space.params;
        if let Some(p) = params.get(self.surface.x_param) {
            let most = usize::from(plot.width / 7).clamp(2, 9);
            let mut ticks = axis::parameter_ticks(&self.ctx.encoder, self.surface.x_param, p, most);
            if p.is_categorical() {
                let room = usize::from(plot.width) / ticks.len().max(1);
                for tick in &mut ticks {
                    tick.label = text::fit(&tick.label, room.saturating_sub(1).max(1)).into_owned();
                }
            }
            axis::write_labels(buf, self.places.x_labels, &ticks, theme.dim());
        }
        // The probe on both axes, also where the cross-hair is off.
        let (x, y) = self.surface.probe;
        if let Some(r) = axis::row(y, plot.height)
            && gutter.width > 0
        {
            text::put(buf, plot.x - 1, plot.y + r, 1, "▸", theme.accent());
        }
        if let Some(c) = axis::column(x, plot.width) {
            // Beside a label it would read as a part of it.
            let x = plot.x + c;
            let free = (x.saturating_sub(1)..=x + 1).all(|x| {
                buf.cell((x, self.places.x_labels.y))
                    .is_none_or(|cell| cell.symbol() == " ")
            });
            if free {
                text::put(buf, plot.x + c, self.places.x_labels.y, 1, "▴", theme.accent());
            }
        }
    }

    fn trials(&self, buf: &mut Buffer) {
        for mark in thinned(&self.surface.trials, |t| t.weight) {
            if mark.weight < 0.02 {
                continue;
            }
            let glyph = self.ctx.trial_glyph(mark.trial, mark.weight);
            if let Some(at) = self.cell(mark.x, mark.y) {
                self.map.mark(
                    buf,
                    self.places.plot,
                    at,
                    glyph,
                    self.theme.fade(mark.weight),
                    &self.theme,
                );
            }
        }
    }

    fn crosshair(&self, buf: &mut Buffer) {
        if !self.ctx.model.appearance.crosshair {
            return;
        }
        let (x, y) = self.surface.probe;
        let Some((c, r)) = self.cell(x, y) else {
            return;
        };
        let plot = self.places.plot;
        let put = |buf: &mut Buffer, dc: i32, dr: i32, glyph: &str| {
            let (cx, ry) = (i32::from(c) + dc, i32::from(r) + dr);
            if let (Ok(cx), Ok(ry)) = (u16::try_from(cx), u16::try_from(ry))
                && cx < plot.width
                && ry < plot.height
            {
                self.map
                    .mark(buf, plot, (cx, ry), glyph, self.theme.strong(), &self.theme);
            }
        };
        for d in 1..=ARM {
            put(buf, 2 * d, 0, "─");
            put(buf, 2 * d - 1, 0, "─");
            put(buf, -2 * d, 0, "─");
            put(buf, 1 - 2 * d, 0, "─");
        }
        for d in 1..=ARM.min(2) {
            put(buf, 0, d, "│");
            put(buf, 0, -d, "│");
        }
        let centre = if self.ctx.model.draft.is_some() {
            "◇"
        } else {
            "┼"
        };
        put(buf, 0, 0, centre);
    }

    /// Where a known function of the lab is lowest, once its truth is shown.
    fn minima(&self) -> Vec<(f64, f64)> {
        let model = self.ctx.model;
        let Some(lab) = model.lab.as_ref().filter(|l| l.truth_shown()) else {
            return Vec::new();
        };
        let position = |configuration: &[Value], param: usize| {
            position_of(model.study.space.params.get(param)?, configuration.get(param)?)
        };
        (lab.bench.minimizers().iter())
            .filter_map(|c| {
                Some((
                    position(c, self.surface.x_param)?,
                    position(c, self.surface.y_param)?,
                ))
            })
            .collect()
    }

    /// Where the search started and the tops that it reached, where the number of starts was chosen by hand.
    fn climbs(&self) -> Vec<((f64, f64), &'static str)> {
        let place = |c: &[crate::study::Value]| {
            let (x, y) = (self.surface.x_param, self.surface.y_param);
            Some((self.ctx.position(x, c.get(x)?)?, self.ctx.position(y, c.get(y)?)?))
        };
        let climbs = || (self.ctx.model.suggestion().into_iter()).flat_map(|s| &s.why.climbs);
        let starts = climbs().filter_map(|c| Some((place(&c.from)?, "∙")));
        starts
            .chain(climbs().filter_map(|c| Some((place(&c.to)?, "△"))))
            .collect()
    }

    fn marks(&self, buf: &mut Buffer) {
        let minima = self.minima().into_iter().map(|at| (Some(at), MINIMUM));
        let minima = self
            .climbs()
            .into_iter()
            .map(|(at, glyph)| (Some(at), glyph))
            .chain(minima);
        let ours = [(self.surface.incumbent, "★"), (self.surface.suggestion, "◆")];
        for (place, glyph) in minima.chain(ours) {
            if let Some(at) = place.and_then(|(x, y)| self.cell(x, y)) {
                self.map
                    .mark(buf, self.places.plot, at, glyph, self.theme.strong(), &self.theme);
            }
        }
    }

    /// Values of the probe: where it is, what is predicted there, what it is worth.
    fn readout(&self, buf: &mut Buffer) {
        let theme = &self.theme;
        let ctx = self.ctx;
        let hand = ctx.model.in_hand();
        let at = |param: usize| hand.get(param).map(Context::show_short).unwrap_or_default();
        let consequences = ctx
            .model
            .draft
            .as_ref()
            .map_or(ctx.model.probe.consequences.as_ref(), |d| d.consequences.as_ref());
        let glyph = if ctx.model.draft.is_some() { "◇ " } else { "┼ " };
        let mut spans = vec![Span::styled(glyph, theme.strong())];
        if let Some(c) = consequences {
            spans.push(Span::raw(with_sd(c.prediction.mean, c.prediction.sd)));
            let worth = match c.prediction.p_feasible {
                Some(p) if ctx.seeks_feasible() => format!("  P(feasible) {}  ", percent(p)),
                _ => format!(
                    "  EI {}  P {}  ",
                    significant(c.readout.ei, 2),
                    percent(c.readout.pi)
                ),
            };
            spans.push(Span::styled(worth, theme.dim()));
        }
        let place = tr!(
            self.ctx,
            "at {x_param} → {y_param} ↑",
            x_param = at(self.surface.x_param),
            y_param = at(self.surface.y_param)
        );
        spans.push(Span::styled(place, theme.dim()));
        text::put_spans(buf, text::row(self.places.readout, 0), &spans);
    }

    /// What colours and signs mean; what does not fit whole is left out.
    fn legend(&self, buf: &mut Buffer) {
        let ctx = self.ctx;
        let is_ink = self.theme.light && self.theme.ramp.is_glyphs();
        // The far tail of bad values shares the last level.
        let cut = match (Heatmap::range(self.map.values), is_ink) {
            (Some((_, high)), false) if high > self.map.high => {
                tr!(ctx, "; darkest: to {bad}", bad = significant(high, 2))
            }
            (Some((low, _)), false) if low < self.map.low => {
                tr!(ctx, "; darkest: to {bad}", bad = significant(low, 2))
            }
            (Some((_, high)), true) if high > self.map.high => {
                tr!(ctx, "; lightest: to {bad}", bad = significant(high, 2))
            }
            (Some((low, _)), true) if low < self.map.low => {
                tr!(ctx, "; lightest: to {bad}", bad = significant(low, 2))
            }
            _ => String::new(),
        };
        let levels = match ctx.model.layer {
            _ if self.is_signed() => tr!(ctx, "orange gains, blue loses"),
            Layer::Mean if is_ink => tr!(ctx, "dark is better"),
            Layer::Mean => tr!(ctx, "bright is better"),
            _ if is_ink => tr!(ctx, "dark is more"),
            _ => tr!(ctx, "bright is more"),
        };
        let others = if self.minima().is_empty() {
            tr!(self.ctx, "● trials")
        } else {
            tr!(self.ctx, "✚ true minima")
        };
        let name = |param: usize| text::middle(ctx.param_name(param), 14);
        // A narrow title has no room for them.
        let axes = format!(
            "→ {} ↑ {}",
            name(self.surface.x_param),
            name(self.surface.y_param)
        );
        let is_narrow = self.places.readout.width < 64;
        let has_hatching = self.surface.feasible.iter().any(|p| *p < 0.5);
        let hatching = has_hatching.then(|| tr!(ctx, "╱ ⊗ infeasible").to_owned());
        let parts = is_narrow
            .then_some(axes)
            .into_iter()
            .chain([format!("{levels}{cut}")]);
        let marks = [tr!(ctx, "★ best"), tr!(ctx, "◆ next"), others].map(str::to_owned);
        let mut legend = String::new();
        for part in parts.chain(hatching).chain(marks) {
            let gap = if legend.is_empty() { "" } else { "   " };
            let room = usize::from(self.places.readout.width);
            if text::width(&legend) + text::width(gap) + text::width(&part) > room {
                break;
            }
            legend = format!("{legend}{gap}{part}");
        }
        text::put_spans(
            buf,
            text::row(self.places.readout, 1),
            &[Span::styled(legend, self.theme.dim())],
        );
    }
}
