//! The picture of EI: the slice of one parameter, the belief at the probe beside it with the part that improves, and
//! below, on the same axis, EI as its two areas.

mod density;
mod numbers;
mod terms;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::{AcquisitionFunction, Slice};
use crate::language::tr;
use crate::session::draft::Consequences;
use crate::session::{HitMap, Pane, Target};
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::panes::slices::{self, Frame};
use crate::ui::widgets::axis::{self, Scale};
use crate::ui::widgets::panel;
use crate::ui::{hit, text};

/// From this width on the numbers stand in a column of their own.
const WIDE: u16 = 96;
/// Width of the numbers.
const NUMBERS: u16 = 36;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let model = ctx.model;
    let title = ctx.title(Pane::Improvement, detail(ctx), model.slices.as_ref());
    let body = panel::titled(buf, area, &ctx.theme, title);
    let slice = (model.slices.iter().flat_map(|s| &s.value)).find(|s| s.param == model.param);
    let (Some(slice), Some(at)) = (slice.filter(|s| !s.points.is_empty()), ctx.consequences()) else {
        panel::say(buf, body, &ctx.theme, &[why_empty(ctx)]);
        return;
    };
    Picture {
        ctx,
        slice,
        at,
        scale: scale(ctx, slice, at),
    }
    .draw(buf, body, hits);
}

fn why_empty(ctx: &Context<'_>) -> &'static str {
    if ctx.model.is_blind() {
        return tr!(ctx, "Hidden until you have placed your own point.");
    }
    if ctx.model.surrogate.is_none() && ctx.model.slices.is_none() {
        tr!(
            ctx,
            "What EI is made of appears with the first model: it needs a finished trial."
        )
    } else if ctx.model.slices.is_none() {
        tr!(ctx, "Computing…")
    } else {
        tr!(
            ctx,
            "This parameter has one value only, or the probe has none for it: there is nothing to draw. ] goes to the next."
        )
    }
}

fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let what = if ctx.model.acquisition.function == AcquisitionFunction::MisprintedEi {
        tr!(ctx, "EI with the wrong sign")
    } else if ctx.model.explained.terms {
        tr!(ctx, "expected improvement")
    } else {
        tr!(ctx, "improvement")
    };
    if ctx.seeks_feasible() {
        let words = tr!(ctx, "not in use while no trial is feasible");
        return vec![Span::styled(words, theme.text())];
    }
    vec![
        Span::styled(
            tr!(
                ctx,
                "{what} along {param}",
                what = what,
                param = text::fit(ctx.param_name(ctx.model.param), 24)
            ),
            theme.text(),
        ),
        Span::styled(
            tr!(
                ctx,
                ", at {probe_words}, ξ {xi}",
                probe_words = ctx.probe_words(),
                xi = significant(ctx.model.acquisition.xi, 3)
            ),
            theme.dim(),
        ),
    ]
}

/// The value axis: what is predicted along the slice, and the belief at the probe with its better tail.
fn scale(ctx: &Context<'_>, slice: &Slice, at: &Consequences) -> Scale {
    let means = slice.points.iter().map(|p| p.mean);
    let tails = slice.points.iter().flat_map(|p| [p.low95, p.high95]);
    let belief = &at.improvement;
    let here = [belief.best, belief.quantile(-1.0), belief.quantile(2.0)];
    (ctx.whole_scale(slice))
        .unwrap_or_else(|| ctx.value_scale(ctx.decisive, means.chain(tails), here.into_iter()))
}

struct Picture<'a, 'm> {
    ctx: &'a Context<'m>,
    slice: &'a Slice,
    at: &'a Consequences,
    scale: Scale,
}

/// Where the parts lie.
struct Places {
    heading: Rect,
    plot: Rect,
    density: Rect,
    /// Between slice and terms.
    legend: Rect,
    terms: Rect,
    rug: Rect,
    labels: Rect,
    numbers: Rect,
    foot: Rect,
    gutter: u16,
}

impl Places {
    /// `gutter`: room for the labels of the value axes.
    fn of(ctx: &Context<'_>, body: Rect, gutter: u16) -> Self {
        let shown = &ctx.model.explained;
        let wide = body.width >= WIDE;
        let foot = u16::from(body.height >= 13 && shown.terms);
        let (has_side, has_terms) = (shown.density || shown.terms, shown.terms && body.height >= 9);
        // Without terms the numbers have no room below the density: the two stand side by side.
        let abreast = !wide && shown.density && !has_terms;
        let slim_density = (body.width * 14 / 100).clamp(8, 14);
        let slim_numbers = (body.width * 35 / 100).clamp(22, 28);
        let side = match (has_side, wide) {
            (false, _) => 0,
            (true, true) => u16::from(shown.density) * (body.width * 16 / 100).clamp(14, 30) + NUMBERS + 2,
            (true, false) if abreast => slim_density + 1 + slim_numbers,
            (true, false) => (body.width * 36 / 100).clamp(22, 30),
        };
        let column = Rect::new(
            body.x + gutter,
            body.y,
            body.width.saturating_sub(gutter + side + u16::from(side > 0)),
            body.height - foot,
        );
        // Heading, rug and labels, and the legend above the terms.
        let rest = column.height.saturating_sub(3 + u16::from(has_terms));
        let lower = if has_terms { (rest * 42 / 100).max(3) } else { 0 };
        let plot = Rect::new(column.x, column.y + 1, column.width, rest.saturating_sub(lower));
        let legend = Rect::new(column.x, plot.bottom(), column.width, u16::from(has_terms));
        let terms = Rect::new(column.x, legend.bottom(), column.width, lower);
        let rug = Rect::new(column.x, terms.bottom(), column.width, 1);
        let beside = column.right() + 1;
        let density = |width: u16| Rect {
            x: beside,
            width,
            ..plot
        };
        let (density, numbers) = if wide {
            let own = side.saturating_sub(NUMBERS + 2);
            let numbers = Rect::new(beside + own + 2, column.y, NUMBERS.min(side), column.height);
            (density(own), numbers)
        } else if abreast {
            let numbers = Rect::new(beside + slim_density + 1, body.y, slim_numbers, column.height);
            (density(slim_density), numbers)
        } else if shown.density {
            let height = column.bottom().saturating_sub(plot.bottom());
            (density(side), Rect::new(beside, plot.bottom(), side, height))
        } else {
            (density(0), Rect::new(beside, body.y, side, column.height))
        };
        Self {
            heading: Rect { height: 1, ..column },
            plot,
            density,
            legend,
            terms,
            rug,
            labels: Rect { y: rug.y + 1, ..rug },
            numbers: if has_side { numbers } else { Rect::default() },
            foot: Rect::new(body.x, body.bottom() - foot, body.width, foot),
            gutter,
        }
    }
}

impl Picture<'_, '_> {
    fn draw(&self, buf: &mut Buffer, body: Rect, hits: &mut HitMap) {
        let terms = terms::Terms::of(self.ctx, self.slice);
        let labels = self
            .scale
            .ticks(6)
            .into_iter()
            .chain((2..=4).flat_map(|n| terms.scale.ticks(n)));
        let widest = labels.map(|t| text::width(&t.label)).max().unwrap_or(0);
        let gutter = u16::try_from(widest.min(9) + 1).unwrap_or(8);
        let places = Places::of(self.ctx, body, gutter);
        if places.plot.width < 8 || places.plot.height < 3 {
            panel::say(
                buf,
                body,
                &self.ctx.theme,
                &[tr!(self.ctx, "This picture needs more room.")],
            );
            return;
        }
        let frame = Frame {
            ctx: self.ctx,
            scale: self.scale,
            gutter,
            labelled: true,
        };
        frame.heading(buf, places.heading, self.slice.param);
        frame.value_labels(buf, places.plot, gutter);
        frame.plot(buf, places.plot, self.slice);
        self.threshold(buf, &frame, &places);
        if places.density.width >= 6 {
            density::Density {
                ctx: self.ctx,
                belief: &self.at.improvement,
                scale: self.scale,
            }
            .draw(buf, places.density);
        }
        let peak = (places.terms.height > 0)
            .then(|| terms.draw(buf, places.terms, &places))
            .flatten();
        if places.terms.height > 0 {
            terms.legend(buf, places.legend);
        }
        let ticks = frame.axis_labels(buf, places.labels, self.slice.param);
        frame.rug(buf, places.rug, self.slice, &ticks, peak);
        numbers::draw(self.ctx, self.at, buf, places.numbers);
        numbers::foot(self.ctx, &self.at.improvement, buf, places.foot);
        let area = Rect {
            height: places.rug.bottom() - places.plot.y,
            ..places.plot
        };
        let param = self.slice.param;
        hit(hits, area, Target::Slice { param });
    }

    /// What has to be beaten, through slice and density.
    fn threshold(&self, buf: &mut Buffer, frame: &Frame<'_, '_>, places: &Places) {
        let theme = &self.ctx.theme;
        let Some(r) = axis::row(
            self.scale.position(self.at.improvement.threshold),
            places.plot.height,
        ) else {
            return;
        };
        let chart = frame.chart(self.slice);
        for c in 0..places.plot.width {
            let at = (places.plot.x + c, places.plot.y + r);
            let is_free = buf.cell(at).is_some_and(|cell| {
                matches!(cell.symbol(), " " | "░" | "▒" | "." | ":") || slices::is_edge(cell.symbol())
            });
            if is_free {
                frame.mark(buf, places.plot, &chart, (c, r), "╌", theme.accent());
            }
        }
    }
}
