//! The race: how far each runner is from the best, over the evaluations, and the ranks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::language::tr;
use crate::learn::race::{Lane, Race};
use crate::session::Pane;
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::text;
use crate::ui::widgets::axis::{self, Scale, Tick};
use crate::ui::widgets::braille::Sheet;
use crate::ui::widgets::panel;

/// Letters of the lanes, at the end of each curve and in the legend.
const LETTERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
/// A regret below this share of the largest is drawn at it: a logarithm has no zero.
const FLOOR: f64 = 1e-6;
/// Width of the legend.
const LEGEND: u16 = 42;
/// The same without the mean over races, and from what width of the pane on there is room for that.
const SLIM_LEGEND: u16 = 33;
const WIDE: u16 = 76;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let races = &ctx.model.races;
    let mut title = ctx.title::<()>(Pane::Race, detail(ctx, true), None);
    title.shorter = vec![detail(ctx, false)];
    let body = panel::titled(buf, area, &ctx.theme, title);
    let Some(race) = &races.last else {
        let line = if races.is_running {
            tr!(ctx, "The runners are at the start…")
        } else {
            tr!(
                ctx,
                "Enter starts a race: acquisition functions, chance and the trials as they were run, from the same start."
            )
        };
        panel::say(buf, body, &ctx.theme, &[line]);
        return;
    };
    let has_legend = body.width >= 60;
    let legend = match body.width {
        WIDE.. => LEGEND,
        _ if has_legend => SLIM_LEGEND,
        _ => 0,
    };
    let plot = Rect {
        width: body.width.saturating_sub(legend),
        ..body
    };
    let cursor = races.cursor.min(race.lanes.len().saturating_sub(1));
    chart(ctx, buf, plot, race, cursor);
    if has_legend {
        let side = Rect::new(plot.right() + 3, body.y, legend - 3, body.height);
        table(ctx, buf, side, race, cursor);
    }
}

/// What is raced for and how far it is, with what it is raced on or without.
fn detail<'a>(ctx: &Context<'a>, with_ground: bool) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let races = &ctx.model.races;
    let Some(race) = &races.last else {
        return vec![Span::styled(ctx.language().reword(&races.ground), theme.dim())];
    };
    let what = match race.optimum {
        Some(_) => tr!(ctx, "regret"),
        None => tr!(ctx, "distance to the best found"),
    };
    let state = match race.is_done() {
        true => tr!(
            ctx,
            "{evaluations} evaluations each",
            evaluations = race.evaluations
        ),
        false => tr!(
            ctx,
            "{made} of {evaluations}",
            made = race.made(),
            evaluations = race.evaluations
        ),
    };
    let what = if with_ground {
        tr!(
            ctx,
            "{what} on {ground}",
            what = what,
            ground = ctx.language().reword(&races.ground)
        )
    } else {
        what.to_owned()
    };
    vec![
        Span::styled(what, theme.dim()),
        Span::styled(format!(", {state}"), theme.text()),
    ]
}

/// Regrets of a lane after each evaluation, as they are drawn.
fn curve(race: &Race, lane: &Lane, floor: f64) -> Vec<f64> {
    (0..lane.best.len())
        .map(|k| race.regret(lane, k).max(floor))
        .collect()
}

fn chart(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, race: &Race, cursor: usize) {
    let regrets = || {
        race.lanes
            .iter()
            .flat_map(|l| (0..l.best.len()).map(|k| race.regret(l, k)))
    };
    let high = regrets().filter(|r| r.is_finite()).fold(0.0, f64::max);
    let least = regrets()
        .filter(|r| *r > high * FLOOR)
        .fold(f64::INFINITY, f64::min);
    if high <= 0.0 || !least.is_finite() {
        panel::say(
            buf,
            area,
            &ctx.theme,
            &[tr!(ctx, "Nobody is better than anybody yet.")],
        );
        return;
    }
    // A little below the least that is not nothing: what is exact lies on the floor.
    let floor = (least / 2.0).max(high * FLOOR);
    let scale = Scale::new(floor, high.max(floor * 1.01), true);
    let labels = scale.ticks(usize::from(area.height / 3).clamp(2, 6));
    let gutter = labels.iter().map(|t| text::width(&t.label)).max().unwrap_or(0) + 1;
    let gutter = u16::try_from(gutter).unwrap_or(8).min(area.width / 3);
    let plot = Rect::new(
        area.x + gutter,
        area.y,
        area.width.saturating_sub(gutter + 2),
        area.height.saturating_sub(1),
    );
    if plot.width < 8 || plot.height < 3 {
        return;
    }
    for tick in &labels {
        if let Some(r) = axis::row(tick.position, plot.height) {
            let label = text::right(&tick.label, usize::from(gutter - 1));
            let (x, y) = (area.x, plot.y + r);
            text::put(buf, x, y, usize::from(gutter), &label, ctx.theme.dim());
        }
    }
    // The one that stands out is drawn last, over the others.
    let order = (0..race.lanes.len()).filter(|i| *i != cursor).chain([cursor]);
    let mut ends: Vec<(u16, usize)> = Vec::new();
    for i in order {
        let Some(lane) = race.lanes.get(i) else { continue };
        let values = curve(race, lane, floor);
        let style = style(ctx, i, cursor);
        steps(ctx, buf, plot, &scale, &values, race.evaluations, style);
        if let Some(r) = values
            .last()
            .and_then(|v| axis::row(scale.position(*v), plot.height))
        {
            ends.push((r, i));
        }
    }
    letters(ctx, buf, plot, ends, cursor);
    evaluations(ctx, buf, plot, race.evaluations);
}

fn style(ctx: &Context<'_>, lane: usize, cursor: usize) -> Style {
    if lane == cursor {
        ctx.theme.accent_strong()
    } else {
        ctx.theme.dim()
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares of an axis")]
fn steps(
    ctx: &Context<'_>,
    buf: &mut Buffer,
    plot: Rect,
    scale: &Scale,
    values: &[f64],
    evaluations: usize,
    style: Style,
) {
    let mut sheet = Sheet::new(plot.width, plot.height);
    let x = |k: usize| k as f64 / evaluations.max(1) as f64 * (1.0 - 1e-9);
    for (k, pair) in values.windows(2).enumerate() {
        let (from, to) = (scale.position(pair[0]), scale.position(pair[1]));
        sheet.line((x(k), from), (x(k + 1), from));
        sheet.line((x(k + 1), from), (x(k + 1), to));
    }
    if let [only] = values {
        sheet.set_at(0.0, scale.position(*only));
    }
    sheet.draw(buf, plot, style, ctx.theme.ascii);
}

/// A letter beside the end of each curve; where two would meet, the next free row takes the second.
fn letters(ctx: &Context<'_>, buf: &mut Buffer, plot: Rect, mut ends: Vec<(u16, usize)>, cursor: usize) {
    ends.sort_by_key(|(r, i)| (*r, *i != cursor, *i));
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for (r, i) in ends {
        let place = (0..2_u16)
            .map(|c| (r, c))
            .chain((r + 1..plot.height).flat_map(|r| (0..2).map(move |c| (r, c))))
            .chain((0..r).rev().flat_map(|r| (0..2).map(move |c| (r, c))))
            .find(|p| !taken.contains(p));
        let Some((row, column)) = place else { continue };
        taken.push((row, column));
        let letter = LETTERS.get(i).copied().unwrap_or("?");
        text::put(
            buf,
            plot.right() + column,
            plot.y + row,
            1,
            letter,
            style(ctx, i, cursor),
        );
    }
}

fn evaluations(ctx: &Context<'_>, buf: &mut Buffer, plot: Rect, count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a count of evaluations")]
    let tick = |k: usize| Tick {
        position: k as f64 / count.max(1) as f64,
        label: k.to_string(),
    };
    let step = match count {
        0..=10 => 2,
        11..=30 => 5,
        _ => 10,
    };
    let ticks: Vec<Tick> = (0..=count).step_by(step).map(tick).collect();
    let area = Rect::new(plot.x, plot.bottom(), plot.width, 1);
    axis::write_labels(buf, area, &ticks, ctx.theme.dim());
}

/// Who is where: letter, name, regret, rank, and the mean rank over the races so far.
fn table(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, race: &Race, cursor: usize) {
    let theme = &ctx.theme;
    let races = &ctx.model.races;
    let made = race.made();
    let ranks = race.ranks(made);
    let finished = races.ranks.iter().map(|(.., n)| *n).max().unwrap_or(0);
    let mean = match finished {
        0 => String::new(),
        1 => tr!(ctx, "1 race").to_owned(),
        n => tr!(ctx, "mean of {n}", n = n),
    };
    // The mean stands where all of it does.
    let has_mean = area.width >= LEGEND - 3;
    let mean = if has_mean { mean } else { String::new() };
    let head = format!(
        "  {}{} {}  {mean}",
        text::left("", 14),
        text::right(tr!(ctx, "now"), 7),
        text::right(tr!(ctx, "rank"), 4)
    );
    text::put_spans(buf, text::row(area, 0), &[Span::styled(head, theme.dim())]);
    for (k, (lane, rank)) in (1..area.height).zip(race.lanes.iter().zip(&ranks)) {
        let i = usize::from(k - 1);
        let style = if i == cursor {
            theme.accent_strong()
        } else {
            theme.text()
        };
        let regret = significant(race.regret(lane, made), 2);
        let name = text::left(ctx.language().word(lane.runner.title()), 13);
        let mean = match races.mean_rank(lane.runner) {
            Some((mean, _)) if finished > 0 && has_mean => format!("{mean:.1}"),
            _ => String::new(),
        };
        let stopped = if lane.ended && lane.points.len() < race.evaluations {
            tr!(ctx, " after {points}", points = lane.points.len())
        } else {
            String::new()
        };
        let spans = [
            Span::styled(format!("{} ", LETTERS.get(i).copied().unwrap_or("?")), style),
            Span::styled(format!("{name} {regret:>7} {rank:>4}  "), style),
            Span::styled(format!("{mean}{stopped}"), theme.dim()),
        ];
        text::put_spans(buf, text::row(area, k), &spans);
    }
}
