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
    let theme = &ctx.theme;
    let told = &at.improvement;
    let dim = |words: &str| {
        let is_room = width >= NAME + 16;
        let remark = is_room.then(|| Span::styled(format!("  {words}"), theme.dim()));
        remark.into_iter().collect::<Vec<_>>()
    };
    let best = match ctx.best_value() {
        Some(seen) if (seen - told.best).abs() > 1e-9 * (1.0 + seen.abs()) => {
            if ctx.model.settings.doubt > 0.0 {
                tr!(ctx, "best μ + σ")
            } else {
                tr!(ctx, "best's mean")
            }
        }
        _ => tr!(ctx, "best"),
    };
    let (text, strong) = (theme.text(), theme.strong());
    let largest = told.exploitation.abs().max(told.exploration).max(told.ei);
    let cells = width.saturating_sub(NAME + 10).min(12);
    let bar = |value: f64| {
        let mut spans = vec![Span::raw(" ")];
        // Shorter ones are specks.
        if cells >= 8 {
            spans.extend(bars::signed(value, largest, cells, theme));
        }
        spans
    };
    let number = |value: f64| text::left(&short(value, largest), TERM);
    let (chance, gain, sum) = match told.is_misprinted {
        true => (
            tr!(ctx, "P(worse)"),
            tr!(ctx, "× mean loss"),
            tr!(ctx, "= wrong EI"),
        ),
        false => (tr!(ctx, "P(improve)"), tr!(ctx, "× mean gain"), "= EI"),
    };
    let weighs = match ctx.model.surrogate.as_ref().map_or(1.0, |s| s.value.caution()) {
        power if power > 1.0 => tr!(ctx, "weighs it, to the power {power}", power = power),
        _ => tr!(ctx, "weighs it").to_owned(),
    };
    let p_ok = at
        .prediction
        .p_ok
        .map(|p| (tr!(ctx, "P(ok)"), percent(p), dim(&weighs), text));
    let mut lines = vec![
        Some((
            "μ ± σ",
            belief(at.prediction.mean, at.prediction.sd, width.saturating_sub(NAME)),
            Vec::new(),
            strong,
        )),
        Some((
            best,
            ctx.value.show(told.best),
            dim(if told.xi > 0.0 {
                tr!(ctx, "and ξ to beat")
            } else {
                tr!(ctx, "to beat")
            }),
            text,
        )),
        Some(("z", fixed(told.z, 2), dim(tr!(ctx, "σ from it")), text)),
        None,
        Some((chance, percent(told.probability), dim(tr!(ctx, "shaded")), text)),
        Some((
            gain,
            significant(told.gain, 3),
            in_units(ctx, told, told.gain, width),
            text,
        )),
        Some((
            sum,
            significant(told.ei, 3),
            in_units(ctx, told, told.ei, width),
            strong,
        )),
        None,
        Some((
            tr!(ctx, "exploitation"),
            number(told.exploitation),
            bar(told.exploitation),
            text,
        )),
        Some((
            tr!(ctx, "exploration"),
            number(told.exploration),
            bar(told.exploration),
            text,
        )),
    ];
    if let Some(p_ok) = p_ok {
        lines.push(None);
        lines.push(Some(p_ok));
    }
    lines
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
