//! The suggestion in two lines, for screens on which its pane is hidden.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::{against, comes_through, cost, draw_field, predicted, within};
use crate::language::tr;
use crate::ui::context::Context;
use crate::ui::number::{percent, with_sd};
use crate::ui::text;

/// Draws it; returns where the text cursor stands while a value is typed.
pub fn draw_summary(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
    let theme = &ctx.theme;
    text::put_spans(buf, text::row(area, 0), &worth(ctx, usize::from(area.width)));
    let line = text::row(area, 1);
    if let Some(draft) = ctx.model.draft.as_ref().filter(|d| d.field.is_some()) {
        let name = format!("  {} ", text::fit(ctx.param_name(draft.cursor), 24));
        let at = text::put_spans(buf, line, &[Span::styled(name, theme.accent())]);
        return draw_field(ctx, buf, line, at - line.x, true);
    }
    let values = match &ctx.model.draft {
        Some(draft) => &draft.values,
        None => &ctx.model.suggestion()?.configuration,
    };
    let mut spans = Vec::new();
    for param in ctx.model.params_by_importance() {
        let Some(value) = values.get(param) else { continue };
        let edited = ctx.model.draft.as_ref().is_some_and(|d| d.is_edited(param));
        let style = if edited { theme.accent() } else { theme.text() };
        spans.push(Span::styled(
            format!("{} ", text::middle(ctx.param_name(param), 16)),
            theme.dim(),
        ));
        spans.push(Span::styled(format!("{}   ", Context::show(value)), style));
    }
    text::put_spans(
        buf,
        line,
        &whole_pairs(spans, usize::from(line.width), theme.dim()),
    );
    None
}

/// What is predicted of what is in hand, on one line.
fn worth<'a>(ctx: &Context<'a>, width: usize) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let (prediction, readout) = predicted(ctx);
    let mut spans = vec![Span::styled(
        if ctx.model.draft.is_some() {
            tr!(ctx, "◇ draft ")
        } else {
            tr!(ctx, "◆ next ")
        },
        theme.accent_strong(),
    )];
    match prediction {
        _ if ctx.model.is_blind() => {
            spans.push(Span::styled(
                tr!(ctx, "hidden until you have placed your own point"),
                theme.dim(),
            ));
        }
        Some(p) => {
            spans.push(Span::styled(with_sd(p.mean, p.sd), theme.strong()));
            if let Some(cost) = cost(ctx) {
                spans.push(Span::styled(format!("  {cost}"), theme.accent()));
            }
            if let Some(r) = readout.filter(|_| !ctx.seeks_feasible()) {
                spans.push(Span::styled(
                    tr!(ctx, "  P(improve) {pi}", pi = percent(r.pi)),
                    theme.dim(),
                ));
            }
            if [p.p_ok, p.p_feasible].into_iter().flatten().any(|p| p < 0.995) {
                spans.push(Span::styled(comes_through(ctx, &p)[1..].to_owned(), theme.dim()));
            }
            let room = width.saturating_sub(text::spans_width(&spans) + 2);
            let words = within(against(ctx, &p), room);
            // "0.019 worse" rather than half of what it is worse than.
            let brief = words.split(" than ").next().unwrap_or_default();
            let fitting = [words.as_str(), brief]
                .into_iter()
                .find(|w| text::width(w) <= room);
            spans.extend(fitting.map(|w| Span::raw(format!("  {w}"))));
        }
        None if ctx.model.suggestion().is_some() => spans.push(Span::styled(
            tr!(
                ctx,
                "by the initial design: the model needs a few finished trials"
            ),
            theme.dim(),
        )),
        None => spans.push(Span::styled(
            if ctx.model.study.space.is_empty() {
                tr!(ctx, "waiting for the first trials")
            } else {
                tr!(ctx, "Computing the first suggestion…")
            },
            theme.dim(),
        )),
    }
    spans
}

/// Names with their values, as many as fit whole, and how many more there are.
fn whole_pairs(mut spans: Vec<Span<'_>>, width: usize, dim: Style) -> Vec<Span<'_>> {
    const INDENT: usize = 2;
    let all = spans.len() / 2;
    let mut used = INDENT;
    let fitting = spans.chunks(2).take_while(|pair| {
        used += text::spans_width(pair);
        // The white space behind the last one may be cut.
        used <= width + 3
    });
    let mut count = fitting.count();
    let more = |count: usize| format!("+{}", all - count);
    while count > 0
        && count < all
        && INDENT + text::spans_width(&spans[..2 * count]) + more(count).len() > width
    {
        count -= 1;
    }
    let rest = (count < all).then(|| Span::styled(more(count), dim));
    spans.truncate(2 * count);
    std::iter::once(Span::raw(" ".repeat(INDENT)))
        .chain(spans)
        .chain(rest)
        .collect()
}
