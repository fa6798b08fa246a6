//! The numbers of the picture: exactly those of the engine.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::analysis::Improvement;
use crate::language::tr;
use crate::session::draft::Consequences;
use crate::ui::context::Context;
use crate::ui::number::{fixed, percent, significant, with_sd};
use crate::ui::text;
use crate::ui::widgets::bars;

/// Room for the names.
const NAME: usize = 13;
/// Room for a term.
const TERM: usize = 8;

/// A line: its name, its value, a remark; or an empty one.
type Line<'a> = Option<(&'static str, String, Vec<Span<'a>>, Style)>;

pub fn draw(ctx: &Context<'_>, at: &Consequences, buf: &mut Buffer, area: Rect) {
    if area.width < 16 || area.height == 0 {
        return;
    }
    let lines = lines(ctx, at, usize::from(area.width));
    // What separates gives way first.
    let room = usize::from(area.height);
    let gaps = lines.iter().filter(|l| l.is_none()).count();
    let mut spare = (room + gaps).saturating_sub(lines.len()).min(gaps);
    let mut y = area.y;
    for line in lines {
        if y >= area.bottom() {
            break;
        }
        let Some((name, value, remark, style)) = line else {
            if spare > 0 {
                spare -= 1;
                y += 1;
            }
            continue;
        };
        let mut spans = vec![
            Span::styled(text::left(name, NAME), ctx.theme.dim()),
            Span::styled(value, style),
        ];
        spans.extend(remark);
        text::put_spans(buf, Rect::new(area.x, y, area.width, 1), &spans);
        y += 1;
    }
}

fn lines<'a>(ctx: &Context<'a>, at: &Consequences, width: usize) -> Vec<Line<'a>> {
    let mut lines = belief_lines(ctx, at, width);
    lines.push(None);
    lines.extend(product_lines(ctx, &at.improvement, width));
    lines.push(None);
    lines.extend(term_lines(ctx, &at.improvement, width));
    if let Some(p) = at.prediction.p_ok {
        let surrogate = ctx.model.surrogate.as_ref();
        let weighs = match surrogate.map_or(1.0, |s| s.value.caution()) {
            power if power > 1.0 => tr!(ctx, "weighs it, to the power {power}", power = power),
            _ => tr!(ctx, "weighs it").to_owned(),
        };
        let remark = remark(ctx, &weighs, width);
        lines.push(None);
        lines.push(Some((tr!(ctx, "P(ok)"), percent(p), remark, ctx.theme.text())));
    }
    lines
}

/// Words behind a value, where there is room for some.
fn remark<'a>(ctx: &Context<'a>, words: &str, width: usize) -> Vec<Span<'a>> {
    let is_room = width >= NAME + 16;
    let remark = is_room.then(|| Span::styled(format!("  {words}"), ctx.theme.dim()));
    remark.into_iter().collect()
}

/// What is believed, what there is to beat, and how far from it that is.
fn belief_lines<'a>(ctx: &Context<'a>, at: &Consequences, width: usize) -> Vec<Line<'a>> {
    let (theme, told) = (&ctx.theme, &at.improvement);
    let doubt = ctx.model.surrogate.as_ref().map_or(0.0, |s| s.value.doubt());
    let best = match ctx.best_value() {
        Some(seen) if (seen - told.best).abs() <= 1e-9 * (1.0 + seen.abs()) => tr!(ctx, "best"),
        None => tr!(ctx, "best"),
        Some(_) if doubt > 0.0 => tr!(ctx, "best μ + σ"),
        Some(_) => tr!(ctx, "best's mean"),
    };
    let beaten = match told.xi > 0.0 {
        true => tr!(ctx, "and ξ to beat"),
        false => tr!(ctx, "to beat"),
    };
    let believed = belief(at.prediction.mean, at.prediction.sd, width.saturating_sub(NAME));
    let away = remark(ctx, tr!(ctx, "σ from it"), width);
    vec![
        Some(("μ ± σ", believed, Vec::new(), theme.strong())),
        Some((
            best,
            ctx.value.show(told.best),
            remark(ctx, beaten, width),
            theme.text(),
        )),
        Some(("z", fixed(told.z, 2), away, theme.text())),
    ]
}

/// EI as a probability times a gain.
fn product_lines<'a>(ctx: &Context<'a>, told: &Improvement, width: usize) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let (chance, gain, sum) = match told.is_misprinted {
        true => (
            tr!(ctx, "P(worse)"),
            tr!(ctx, "× mean loss"),
            tr!(ctx, "= wrong EI"),
        ),
        false => (tr!(ctx, "P(improve)"), tr!(ctx, "× mean gain"), "= EI"),
    };
    let line = |name, value: f64, style| {
        let units = in_units(ctx, told, value, width);
        Some((name, significant(value, 3), units, style))
    };
    let shaded = remark(ctx, tr!(ctx, "shaded"), width);
    vec![
        Some((chance, percent(told.probability), shaded, theme.text())),
        line(gain, told.gain, theme.text()),
        line(sum, told.ei, theme.strong()),
    ]
}

/// EI as its two terms, with bars.
fn term_lines<'a>(ctx: &Context<'a>, told: &Improvement, width: usize) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let largest = told.exploitation.abs().max(told.exploration).max(told.ei);
    let cells = width.saturating_sub(NAME + 10).min(12);
    let line = |name, value: f64| {
        let mut bar = vec![Span::raw(" ")];
        // Shorter ones are specks.
        if cells >= 8 {
            bar.extend(bars::signed(value, largest, cells, theme));
        }
        Some((name, text::left(&short(value, largest), TERM), bar, theme.text()))
    };
    vec![
        line(tr!(ctx, "exploitation"), told.exploitation),
        line(tr!(ctx, "exploration"), told.exploration),
    ]
}

/// `μ ± σ`, with fewer digits where there is no room for all that are known.
fn belief(mean: f64, sd: f64, room: usize) -> String {
    let brief = format!("{} ± {}", significant(mean, 3), significant(sd, 1));
    let dense = brief.replace(' ', "");
    // Half a deviation would be none.
    let all = [with_sd(mean, sd), brief, dense];
    let fits = |t: &String| text::width(t) <= room;
    all.into_iter().find(fits).unwrap_or_else(|| significant(mean, 3))
}

/// A term with as many of three digits as there is room for.
fn short(value: f64, largest: f64) -> String {
    // What is left of a difference of equal numbers, and of a chance so small that nothing of it is to be seen.
    let is_nothing = value.abs() < 1e-12 * largest || value.abs() < 1e-99;
    let value = if is_nothing { 0.0 } else { value };
    let written = |digits| Some(significant(value, digits)).filter(|t| text::width(t) <= TERM);
    written(3)
        .or_else(|| written(2))
        .unwrap_or_else(|| significant(value, 1))
}

/// The same in the user's units, where there is room and they have one size.
fn in_units<'a>(ctx: &Context<'a>, told: &Improvement, value: f64, width: usize) -> Vec<Span<'a>> {
    match told.unit {
        Some(unit) if width >= NAME + 18 && (unit - 1.0).abs() > 1e-9 => {
            let words = format!(
                "  ({} {})",
                significant(unit * value, 2),
                text::fit(ctx.metric(), 10)
            );
            vec![Span::styled(words, ctx.theme.dim())]
        }
        _ => Vec::new(),
    }
}

/// What a little more of μ or σ would do, and what EI is counted in.
pub fn foot(ctx: &Context<'_>, told: &Improvement, buf: &mut Buffer, area: Rect) {
    if area.height == 0 {
        return;
    }
    let theme = &ctx.theme;
    let word = match told.is_downward() {
        true => tr!(ctx, "lower is better"),
        false => tr!(ctx, "higher is better"),
    };
    // A misprinted EI grows as the mean gets worse.
    let (sign, by_mean) = match told.is_downward() != told.is_misprinted {
        true => ("−", -told.probability),
        false => ("", told.probability),
    };
    let units = match told.unit {
        Some(unit) if (unit - 1.0).abs() <= 1e-9 => {
            tr!(ctx, "   EI in {metric}", metric = text::fit(ctx.metric(), 20))
        }
        Some(unit) => tr!(
            ctx,
            "   EI in model units, 1 = {unit} {metric}",
            unit = significant(unit, 3),
            metric = text::fit(ctx.metric(), 16)
        ),
        None => tr!(ctx, "   EI in model units: the output is warped").to_owned(),
    };
    // What is no number gives way first.
    let spans = |word: &str, units: &str| {
        vec![
            Span::styled("∂EI/∂μ", theme.strong()),
            Span::styled(format!(" = {sign}Φ(z) = "), theme.dim()),
            Span::raw(fixed(by_mean, 3)),
            Span::styled(format!("{word}   "), theme.dim()),
            Span::styled("∂EI/∂σ", theme.strong()),
            Span::styled(" = φ(z) = ", theme.dim()),
            Span::raw(fixed(told.density, 3)),
            Span::styled(units.to_owned(), theme.dim()),
        ]
    };
    let word = format!(" ({word})");
    let all = [spans(&word, &units), spans(&word, ""), spans("", "")];
    let fits = |s: &&Vec<Span<'_>>| text::spans_width(s) <= usize::from(area.width);
    let Some(spans) = all.iter().find(fits).or(all.last()) else {
        return;
    };
    text::put_spans(buf, area, spans);
}
