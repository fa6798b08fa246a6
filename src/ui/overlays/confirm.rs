//! A confirmation: exactly what will be written, and where.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::window;
use crate::session::model::Confirm;
use crate::ui::context::Context;
use crate::ui::number::{percent, with_sd};
use crate::ui::text;

/// Rows that the text to be written may take.
const MOST_ROWS: usize = 12;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, confirm: &Confirm) {
    let theme = &ctx.theme;
    let width = usize::from(body.width.saturating_sub(6));
    let (title, mut lines): (&str, Vec<Vec<Span<'_>>>) = match confirm {
        Confirm::Accept {
            text,
            place,
            configuration,
        } => (
            "accept: write exactly this?",
            accepted(ctx, text, place, configuration, width),
        ),
        Confirm::Withdraw { receipt } => ("withdraw this one?", withdrawn(ctx, *receipt, width)),
        Confirm::Forget { what } => (
            "forget?",
            vec![vec![
                Span::styled("drops ", theme.dim()),
                Span::raw(what.clone()),
                Span::styled("; what was accepted stays", theme.dim()),
            ]],
        ),
        Confirm::QuitWithDraft => (
            "leave?",
            vec![vec![Span::raw("The draft you are editing would be lost.")]],
        ),
        Confirm::QuitRun => ("leave, and stop the loop?", run_words(ctx)),
    };
    lines.push(Vec::new());
    let answers: &[(&str, &str)] = match confirm {
        Confirm::QuitRun => &[
            ("f", " finish what runs   "),
            ("y", " stop it now   "),
            ("l", " let it go on alone   "),
            ("n", " stay, esc too"),
        ],
        _ => &[("y", " yes   "), ("n", " no, esc too")],
    };
    lines.push(
        answers
            .iter()
            .flat_map(|(key, word)| {
                [
                    Span::styled(*key, theme.accent_strong()),
                    Span::styled(*word, theme.dim()),
                ]
            })
            .collect(),
    );
    let height = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(body.height);
    let outer = Rect::new(body.x, body.bottom() - height, body.width, height);
    let inner = window::frame(ctx, buf, outer, title, "");
    // The question and its answer stay in sight, whatever the length of the text.
    let skip = lines.len().saturating_sub(usize::from(inner.height));
    for (i, line) in (0..inner.height).zip(lines.iter().skip(skip)) {
        text::put_spans(buf, text::row(inner, i), line);
    }
}

/// What is written, where, and what is predicted of it.
fn accepted<'a>(
    ctx: &Context<'a>,
    written: &str,
    place: &str,
    configuration: &[crate::study::Value],
    width: usize,
) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let mut lines: Vec<Vec<Span<'_>>> = text::wrap(written, width)
        .into_iter()
        .take(MOST_ROWS)
        .map(|l| vec![Span::styled(l, theme.strong())])
        .collect();
    lines.push(vec![
        Span::styled("to ", theme.dim()),
        Span::raw(place.to_owned()),
    ]);
    lines.extend(predicted(ctx, configuration));
    if ctx.model.run.as_ref().is_some_and(|run| !run.is_active) {
        lines.push(vec![Span::styled(
            "The loop is over: this waits until it is started again, with budget left.",
            theme.accent(),
        )]);
    }
    lines
}

/// Which configuration is taken back, and from where.
fn withdrawn<'a>(ctx: &Context<'a>, receipt: usize, width: usize) -> Vec<Vec<Span<'a>>> {
    let Some(receipt) = ctx.model.receipts.get(receipt) else {
        return Vec::new();
    };
    let values = receipt.configuration.iter().enumerate();
    let what: Vec<String> = values
        .map(|(p, v)| format!("{} {v}", ctx.param_name(p)))
        .collect();
    let mut lines: Vec<Vec<Span<'_>>> = text::wrap(&what.join(", "), width)
        .into_iter()
        .take(MOST_ROWS)
        .map(|l| vec![Span::raw(l)])
        .collect();
    lines.push(vec![
        Span::styled("from ", ctx.theme.dim()),
        Span::raw(receipt.place.clone()),
    ]);
    lines
}

fn run_words<'a>(ctx: &Context<'a>) -> Vec<Vec<Span<'a>>> {
    let running = ctx.model.run.as_ref().map_or(0, |run| run.running);
    let words = match running {
        0 => "No trial runs just now.".to_owned(),
        1 => "1 trial runs; stopped, it is run again by the next loop.".to_owned(),
        n => format!("{n} trials run; stopped, they are run again by the next loop."),
    };
    vec![vec![Span::raw(words)]]
}

/// What is written down as predicted, and by which fit: that of the moment in which it is confirmed.
fn predicted<'a>(ctx: &Context<'a>, configuration: &[crate::study::Value]) -> Option<Vec<Span<'a>>> {
    let model = ctx.model;
    if model.in_hand() != configuration {
        return None;
    }
    let consequences = match &model.draft {
        Some(draft) => draft.consequences.as_ref(),
        None => model.probe.consequences.as_ref(),
    }?;
    let (stamped, summary) = (model.surrogate.as_ref()?, ctx.summary?);
    let p = &consequences.prediction;
    let age = if model.is_stale(stamped) {
        ", newer rows are not in it yet"
    } else {
        ""
    };
    let warned = (p.p_feasible.filter(|p| *p < 0.5))
        .map(|chance| Span::styled(format!("; P(feasible) {}", percent(chance)), ctx.theme.accent()));
    let mut spans = vec![
        Span::styled("predicted ", ctx.theme.dim()),
        Span::raw(with_sd(p.mean, p.sd_observed)),
        Span::styled(
            format!(
                " for one run, by fit {} of {} trials{age}",
                stamped.fit, summary.trials_used
            ),
            ctx.theme.dim(),
        ),
    ];
    spans.extend(warned);
    Some(spans)
}
