//! The kernel editor: what the data say of each kernel, and the expression that is being built.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::analysis::Evidence;
use crate::analysis::settings::Objective;
use crate::language::tr;
use crate::session::HitMap;
use crate::session::kernels::KernelRow;
use crate::session::update::kernels::same;
use crate::ui::context::Context;
use crate::ui::number::{fixed, signed};
use crate::ui::text;
use crate::ui::widgets::bars;

const WIDTH: u16 = 108;
/// Differences of log evidence beyond this are all the same to the eye.
const FAR: f64 = 12.0;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, cursor: usize, hits: &mut HitMap) {
    let theme = &ctx.theme;
    let kernels = &ctx.model.kernels;
    let width = usize::from(WIDTH.min(body.width).saturating_sub(4));
    let name = (kernels.rows.iter())
        .map(|r| text::width(&r.spec))
        .max()
        .unwrap_or(0)
        .clamp(16, 40)
        .min(width / 2);
    let is_loo = ctx.model.settings.objective == Objective::LeaveOneOut;
    let score = if is_loo {
        tr!(ctx, "loo")
    } else {
        tr!(ctx, "evidence")
    };
    let mut lines = vec![Line::styled(
        format!(
            "   {} {score:>9} {:>8} {:>9} {:>9} {:>3}",
            text::left(tr!(ctx, "kernel"), name),
            tr!(ctx, "Δ best"),
            tr!(ctx, "log lik."),
            tr!(ctx, "loo"),
            "θ"
        ),
        theme.dim(),
    )];
    let best = kernels.best_score();
    for (i, row) in kernels.rows.iter().enumerate() {
        lines.push(line(ctx, row, i == cursor, best, name, width));
    }
    lines.push(Line::default());
    lines.extend(building(ctx, width));
    lines.extend(remarks(ctx, is_loo, width));
    let detail = match (ctx.model.kernels.rows.iter())
        .filter(|r| r.figures.is_none())
        .count()
    {
        0 => tr!(ctx, "which one the data prefer").to_owned(),
        n => tr!(ctx, "which one the data prefer, {n} to come…", n = n),
    };
    Window {
        title: tr!(ctx, "kernels"),
        detail: &detail,
        lines,
        width: WIDTH,
    }
    .draw_around(ctx, buf, body, cursor + 2, hits);
}

fn line<'a>(
    ctx: &Context<'a>,
    row: &KernelRow,
    here: bool,
    best: Option<f64>,
    name: usize,
    width: usize,
) -> Line<'a> {
    let theme = &ctx.theme;
    let used = ctx
        .model
        .surrogate
        .as_ref()
        .is_some_and(|s| same(s.value.kernel_spec(), &row.spec));
    let mut spans = vec![
        Span::styled(if here { "▌" } else { " " }, theme.accent_strong()),
        Span::styled(if used { "● " } else { "  " }, theme.accent()),
        Span::styled(
            text::left(&text::clean(&row.spec), name),
            if here { theme.selected() } else { theme.text() },
        ),
    ];
    match row.figures.as_ref().map(|f| &f.outcome) {
        None => spans.push(Span::styled(tr!(ctx, "   working it out…"), theme.dim())),
        Some(Err(why)) => spans.push(Span::styled(
            format!(
                "  {}",
                text::fit(&text::clean(why), width.saturating_sub(name + 5))
            ),
            theme.error(),
        )),
        Some(Ok(evidence)) => spans.extend(figures(ctx, evidence, best, width.saturating_sub(name + 46))),
    }
    Line::from(spans)
}

fn figures<'a>(ctx: &Context<'a>, evidence: &Evidence, best: Option<f64>, room: usize) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let score = evidence.score();
    let behind = best.map_or(0.0, |b| score - b);
    let is_best = behind > -1e-9;
    let style = if is_best { theme.strong() } else { theme.text() };
    let mut spans = vec![
        Span::styled(format!(" {:>9}", fixed(score, 2)), style),
        Span::styled(
            format!(
                " {:>8}",
                if is_best {
                    "★".to_owned()
                } else {
                    signed(behind, 2)
                }
            ),
            if is_best {
                theme.accent_strong()
            } else {
                theme.text()
            },
        ),
        Span::styled(
            format!(
                " {:>9} {:>9} {:>3}",
                fixed(evidence.log_marginal_likelihood, 2),
                fixed(evidence.loo, 2),
                evidence.hyperparameters
            ),
            theme.dim(),
        ),
    ];
    // Two blanks and the longest verdict: shown whole or not at all.
    if room >= 16 {
        spans.push(Span::raw("  "));
        let cells = room.saturating_sub(18).clamp(0, 16);
        if cells >= 6 {
            spans.extend(bars::positive((FAR + behind).max(0.0), FAR, cells, theme));
            spans.push(Span::raw(" "));
        }
        spans.push(Span::styled(verdict(ctx, behind), theme.dim()));
    }
    spans
}

/// How strongly the data prefer the best over one that is so far behind, in nats.
fn verdict(ctx: &Context<'_>, behind: f64) -> &'static str {
    match behind {
        b if b > -1e-9 => tr!(ctx, "the best"),
        b if b > -1.0 => tr!(ctx, "as good"),
        b if b > -3.0 => tr!(ctx, "a little worse"),
        b if b > -5.0 => tr!(ctx, "clearly worse"),
        _ => tr!(ctx, "ruled out"),
    }
}

fn building<'a>(ctx: &Context<'a>, width: usize) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let kernels = &ctx.model.kernels;
    if let Some(input) = &kernels.input {
        let before: String = input.value().chars().take(input.cursor()).collect();
        let at: String = input.value().chars().skip(input.cursor()).take(1).collect();
        let after: String = input.value().chars().skip(input.cursor() + 1).collect();
        let at = if at.is_empty() { " ".to_owned() } else { at };
        return vec![Line::from(vec![
            Span::styled(tr!(ctx, "type a kernel  "), theme.accent_strong()),
            Span::raw(text::clean(&before).into_owned()),
            Span::styled(text::clean(&at).into_owned(), theme.selected()),
            Span::raw(text::clean(&after).into_owned()),
        ])];
    }
    let expression = kernels.expression();
    let words = if expression.is_empty() {
        vec![Span::styled(
            tr!(
                ctx,
                "+ and * join the kernel under the cursor to one of your own; e types one"
            ),
            theme.dim(),
        )]
    } else {
        vec![
            Span::styled(tr!(ctx, "building  "), theme.accent_strong()),
            Span::styled(
                text::fit(&text::clean(&expression), width.saturating_sub(46)).into_owned(),
                theme.strong(),
            ),
            Span::styled(
                tr!(ctx, "   + and * join one, backspace takes it away"),
                theme.dim(),
            ),
        ]
    };
    vec![Line::from(words)]
}

fn remarks<'a>(ctx: &Context<'a>, is_loo: bool, width: usize) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let mut words = if is_loo {
        tr!(ctx, "loo: log density of each trial, predicted from all others; the larger the better. T goes back to the likelihood.")
            .to_owned()
    } else {
        tr!(ctx, "evidence: how probable the data are under the kernel, all its hyperparameters θ weighed (nats; Δ below −5 is decisive).")
            .to_owned()
    };
    let rows = (ctx.model.kernels.rows.iter())
        .filter_map(|r| r.figures.as_ref()?.outcome.as_ref().ok())
        .map(|e| e.rows)
        .max();
    if let (Some(rows), Some(summary)) = (rows, ctx.summary)
        && rows * 10 < summary.trials_used * 8
    {
        words.push_str(&tr!(
            ctx,
            " From {rows} of {trials_used} trials.",
            rows = rows,
            trials_used = summary.trials_used
        ));
    }
    text::wrap(&words, width)
        .into_iter()
        .map(|l| Line::styled(l, theme.dim()))
        .collect()
}
