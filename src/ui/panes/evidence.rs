//! The likelihood over one lengthscale and the noise: its hills, what was fitted, and what is in hand.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::LikelihoodMap;
use crate::analysis::likelihood::Place;
use crate::language::tr;
use crate::session::update::explain::fitted_place;
use crate::session::{HitMap, Pane, Target};
use crate::ui::context::Context;
use crate::ui::number::{fixed, significant};
use crate::ui::widgets::axis::{self, Scale};
use crate::ui::widgets::color_bar::ColorBar;
use crate::ui::widgets::heatmap::Heatmap;
use crate::ui::widgets::panel;
use crate::ui::{hit, text};

/// What lies so many nats below the top shares the last level: nobody chooses there.
const DEPTH: f64 = 12.0;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let model = ctx.model;
    let shown = model.explained.likelihood.as_ref();
    let title = ctx.title(Pane::Evidence, detail(ctx), shown);
    let body = panel::titled(buf, area, &ctx.theme, title);
    let map = shown.map(|m| &m.value).filter(|m| m.param == model.param);
    let Some(map) = map else {
        panel::say(buf, body, &ctx.theme, &[why_empty(ctx)]);
        return;
    };
    let clamped = clamped(map);
    let Some((low, high)) = Heatmap::range(&clamped) else {
        panel::say(
            buf,
            body,
            &ctx.theme,
            &[tr!(ctx, "The likelihood has no finite value here.")],
        );
        return;
    };
    View {
        ctx,
        map,
        values: &clamped,
        range: (low, high),
    }
    .draw(buf, body, hits);
}

/// The values, none of them far below the top.
fn clamped(map: &LikelihoodMap) -> Vec<f64> {
    let top = map
        .values
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .fold(f64::NEG_INFINITY, f64::max);
    map.values
        .iter()
        .map(|v| if v.is_nan() { *v } else { v.max(top - DEPTH) })
        .collect()
}

fn why_empty(ctx: &Context<'_>) -> &'static str {
    if ctx.model.is_blind() {
        return tr!(ctx, "Hidden until you have placed your own point.");
    }
    let Some(surrogate) = &ctx.model.surrogate else {
        return tr!(
            ctx,
            "The likelihood of the model's hyperparameters appears with the first model."
        );
    };
    if surrogate.value.lengthscale_and_noise(ctx.model.param).is_none() {
        return tr!(
            ctx,
            "The kernel has no lengthscale for this parameter. ] goes to the next."
        );
    }
    tr!(ctx, "Computing…")
}

fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let mut spans = vec![
        Span::styled(tr!(ctx, "log likelihood"), theme.text()),
        Span::styled(
            tr!(
                ctx,
                ", lengthscale of {param} → noise σ ↑",
                param = text::fit(ctx.param_name(ctx.model.param), 20)
            ),
            theme.dim(),
        ),
    ];
    if let Some(map) = ctx.model.explained.likelihood.as_ref().map(|m| &m.value) {
        let (used, all) = map.rows;
        if used < all {
            spans.push(Span::styled(
                tr!(ctx, ", of {used} of {all} trials", used = used, all = all),
                theme.accent(),
            ));
        }
        if map.coarse {
            spans.push(Span::styled(tr!(ctx, ", coarse"), theme.dim()));
        }
    }
    spans
}

struct View<'a, 'm> {
    ctx: &'a Context<'m>,
    map: &'a LikelihoodMap,
    values: &'a [f64],
    range: (f64, f64),
}

impl View<'_, '_> {
    fn draw(&self, buf: &mut Buffer, body: Rect, hits: &mut HitMap) {
        let theme = &self.ctx.theme;
        let words: u16 = match body.height {
            0..9 => 0,
            9..13 => 2,
            _ => 3,
        };
        let bar = if body.width >= 40 { ColorBar::WIDTH } else { 0 };
        let gutter = 7;
        let plot = Rect::new(
            body.x + gutter,
            body.y,
            body.width.saturating_sub(gutter + bar + 1),
            body.height.saturating_sub(1 + words),
        );
        if plot.width < 8 || plot.height < 3 {
            panel::say(buf, body, theme, &[tr!(self.ctx, "This map needs more room.")]);
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "few cells")]
        let centres = |n: usize| -> Vec<f64> { (0..n).map(|k| (k as f64 + 0.5) / n as f64).collect() };
        let (xs, ys) = (centres(self.map.columns()), centres(self.map.noises.len()));
        let map = Heatmap {
            xs: &xs,
            ys: &ys,
            values: self.values,
            low: self.range.0,
            high: self.range.1,
            steps_x: false,
            steps_y: false,
            inverted: false,
        };
        map.draw(buf, plot, theme, self.ctx.model.appearance.contours);
        self.axes(buf, plot, gutter);
        ColorBar {
            low: self.range.0,
            high: self.range.1,
            inverted: false,
        }
        .draw(buf, Rect::new(plot.right() + 1, plot.y, bar, plot.height), theme);
        for (place, glyph, _) in self.marks() {
            let at = self
                .map
                .position(place)
                .and_then(|(x, y)| Some((axis::column(x, plot.width)?, axis::row(y, plot.height)?)));
            if let Some(at) = at {
                map.mark(buf, plot, at, glyph, theme.strong(), theme);
            }
        }
        self.words(buf, Rect::new(body.x, plot.bottom() + 1, body.width, words));
        hit(hits, plot, Target::Likelihood);
    }

    /// What is marked, what is in hand last, with its log likelihood where that is known.
    fn marks(&self) -> Vec<(Place, &'static str, Option<f64>)> {
        let mut marks: Vec<(Place, &'static str, Option<f64>)> = (self.map.optima.iter().zip(["▲", "△"]))
            .map(|(o, glyph)| (o.place, glyph, Some(o.value)))
            .collect();
        let model = self.ctx.model;
        let fitted = fitted_place(model);
        if let Some(place) = fitted {
            let value = model.fitted.as_ref().map(|f| f.log_marginal_likelihood);
            marks.push((place, "◆", value));
        }
        if let Some(surrogate) = &model.surrogate
            && model.settings.given.is_some()
            && let Some(place) = surrogate.value.lengthscale_and_noise(self.map.param)
        {
            let value = surrogate.value.summary.log_marginal_likelihood;
            marks.push((place, "◇", Some(value)));
        }
        marks
    }

    fn axes(&self, buf: &mut Buffer, plot: Rect, gutter: u16) {
        let theme = &self.ctx.theme;
        let labels = Rect::new(plot.x, plot.bottom(), plot.width, 1);
        let corner = |x: f64, y: f64| self.map.place(x, y);
        let (Some(low), Some(high)) = (corner(0.0, 0.0), corner(1.0, 1.0)) else {
            return;
        };
        let across = Scale::new(low.lengthscale, high.lengthscale, true);
        axis::write_labels(
            buf,
            labels,
            &across.ticks(usize::from(plot.width / 8).clamp(2, 7)),
            theme.dim(),
        );
        let up = Scale::new(low.noise_sd, high.noise_sd, true);
        for tick in up.ticks(usize::from(plot.height / 3).clamp(2, 6)) {
            if let Some(r) = axis::row(tick.position, plot.height) {
                let label = text::right(&tick.label, usize::from(gutter - 1));
                text::put(
                    buf,
                    plot.x - gutter,
                    plot.y + r,
                    usize::from(gutter),
                    &label,
                    theme.dim(),
                );
            }
        }
    }

    /// What the marks are and how they compare, in nats.
    fn words(&self, buf: &mut Buffer, area: Rect) {
        let theme = &self.ctx.theme;
        let marks = self.marks();
        let name = |glyph: &str| match glyph {
            "▲" => tr!(self.ctx, "highest"),
            "△" => tr!(self.ctx, "second"),
            "◆" => tr!(self.ctx, "fitted"),
            _ => tr!(self.ctx, "in hand"),
        };
        let top = marks.first().and_then(|m| m.2);
        let all: Vec<String> = marks
            .iter()
            .map(|(place, glyph, value)| {
                let nats = match (value, top, *glyph) {
                    (Some(v), _, "▲") => format!(" {}", fixed(*v, 2)),
                    (Some(v), Some(top), _) => format!(" {}", crate::ui::number::signed(v - top, 2)),
                    _ => String::new(),
                };
                tr!(
                    self.ctx,
                    "{glyph} {glyph2}{nats} at length {lengthscale} σ {noise_sd}",
                    glyph = glyph,
                    glyph2 = name(glyph),
                    nats = nats,
                    lengthscale = significant(place.lengthscale, 2),
                    noise_sd = significant(place.noise_sd, 2)
                )
            })
            .collect();
        let lines = text::wrap_parts(&all, "   ", usize::from(area.width));
        for (i, line) in (0..area.height).zip(lines) {
            text::put_spans(buf, text::row(area, i), &[Span::styled(line, theme.text())]);
        }
        if area.height >= 3 {
            let units = [
                tr!(
                    self.ctx,
                    "length: 1 is the whole axis; σ: in standard deviations of the model's output; nats below the highest"
                ),
                tr!(
                    self.ctx,
                    "length 1: the whole axis; σ in sd of the output; nats below the highest"
                ),
                tr!(self.ctx, "length 1: the whole axis; nats below the highest"),
                tr!(self.ctx, "nats below the highest"),
            ];
            let fits = |unit: &&&str| text::width(unit) <= usize::from(area.width);
            let unit = units.iter().find(fits).copied().unwrap_or_default();
            text::put_spans(
                buf,
                text::row(area, area.height - 1),
                &[Span::styled(unit, theme.dim())],
            );
        }
    }
}
