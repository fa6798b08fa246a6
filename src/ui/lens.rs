//! The lines that say what lens the study is seen through, so that nobody takes the past or a what-if for what is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::session::lens::{Imagined, NextRun};
use crate::study::{TrialState, Value};
use crate::ui::number::{percent, significant, with_sd};

use super::context::Context;
use super::text;

/// Rows that the lines take, of a screen of this height; 0 where no lens is on.
#[must_use]
pub fn height(ctx_on: bool, screen: u16) -> u16 {
    match (ctx_on, screen) {
        (false, _) => 0,
        (true, 0..20) => 2,
        (true, _) => 3,
    }
}

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let mut lines = vec![headline(ctx)];
    match ctx.model.lens.imagined.last() {
        Some(last) => lines.extend(what_if(ctx, last)),
        None => lines.extend(next_run(ctx)),
    }
    for (i, line) in (0..area.height).zip(&lines) {
        text::put_spans(buf, text::row(area, i), line);
    }
}

/// The words on the lens itself: "as of trial 12 of 60".
#[must_use]
pub fn words(ctx: &Context<'_>) -> String {
    let lens = &ctx.model.lens;
    let mut words = Vec::new();
    if let Some(past) = &lens.past {
        words.push(format!("as of trial {} of {}", past.count, ctx.model.ended()));
    }
    match lens.imagined.len() {
        0 => {}
        1 => words.push("imagined".to_owned()),
        n => words.push(format!("{n} imagined")),
    }
    words.join(", ")
}

fn headline<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let lens = &ctx.model.lens;
    let chip = theme.accent_strong().patch(theme.selected());
    let mut spans = vec![Span::styled(format!(" {} ", words(ctx)), chip)];
    let said = match lens.imagined.last() {
        Some(last) => format!(
            " {} {} ({}), at {}",
            text::fit(ctx.metric(), 16),
            ctx.value.show(last.value),
            last.guess.words(),
            configuration(ctx, &last.configuration),
        ),
        None => " model, surface and suggestion as they were then; the space as it is known now".to_owned(),
    };
    spans.push(Span::styled(said, theme.text()));
    spans
}

/// What the study went on with, and what the model of then thinks of it.
fn next_run<'a>(ctx: &Context<'a>) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let Some(next) = ctx.model.lens.past.as_ref().and_then(|p| p.next.as_ref()) else {
        return vec![vec![Span::styled("no trial began after this", theme.dim())]];
    };
    let mut first = vec![
        Span::styled(format!("then came trial {}: ", next.id), theme.dim()),
        Span::styled(outcome(ctx, next), theme.strong()),
    ];
    if let Some(c) = &next.consequences {
        let p = c.prediction;
        first.push(Span::styled(
            format!("  predicted {}", with_sd(p.mean, p.sd)),
            theme.text(),
        ));
        if let Some(share) = c.share_of_best.filter(|s| s.is_finite()) {
            first.push(Span::styled(
                format!(", EI {} of the suggestion's", percent(share.min(9.99))),
                theme.text(),
            ));
        }
    }
    let second = match &next.configuration {
        Some(values) => configuration(ctx, values),
        None => "it lacks a value for some parameter".to_owned(),
    };
    vec![first, vec![Span::styled(format!("  {second}"), theme.dim())]]
}

fn outcome(ctx: &Context<'_>, next: &NextRun) -> String {
    match (next.state, next.value) {
        (TrialState::Complete, Some(value)) => {
            format!("{} {}", text::fit(ctx.metric(), 16), ctx.value.show(value))
        }
        (state, _) => state.word().to_owned(),
    }
}

/// The next suggestion before and after.
fn what_if<'a>(ctx: &Context<'a>, last: &Imagined) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let before = last.before.suggestions.as_ref().and_then(|s| s.value.first());
    let is_new = (ctx.model.suggestions.as_ref()).is_some_and(|s| s.data >= ctx.model.ground);
    let after = ctx.model.suggestion().filter(|_| is_new);
    let words = |s: Option<&crate::analysis::Suggestion>| match s {
        Some(s) => {
            let ei = (s.readout.map(|r| r.ei)).map_or(String::new(), |ei| {
                format!("  EI {}", text::minus(&significant(ei, 3)))
            });
            format!("{}{ei}", configuration(ctx, &s.configuration))
        }
        None => "…".to_owned(),
    };
    let line = |name: &'static str, words: String, style| {
        vec![Span::styled(name, theme.dim()), Span::styled(words, style)]
    };
    vec![
        line("next without it  ", words(before), theme.dim()),
        line("next with it     ", words(after), theme.text()),
    ]
}

/// "learning_rate 3e-4  dropout 0.1", what matters most first.
fn configuration(ctx: &Context<'_>, values: &[Value]) -> String {
    let parts: Vec<String> = (ctx.model.params_by_importance().into_iter())
        .filter_map(|i| {
            let value = values.get(i).filter(|v| !v.is_inactive())?;
            Some(format!(
                "{} {}",
                text::fit(ctx.param_name(i), 16),
                Context::show_short(value)
            ))
        })
        .collect();
    parts.join("  ")
}
