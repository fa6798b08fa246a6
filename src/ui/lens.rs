//! The lines that say what lens the study is seen through, so that nobody takes the past or a what-if for what is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::Suggestion;
use crate::language::tr;
use crate::session::Model;
use crate::session::lens::{Imagined, NextRun};
use crate::study::{TrialState, Value};
use crate::ui::number::{percent, significant, with_sd};

use super::context::Context;
use super::text;

/// Rows that the lines take of a screen of this height; none where no lens is on and no game is played.
#[must_use]
pub fn height(model: &Model, screen: u16) -> u16 {
    let is_past = model.lens.is_past() && model.lens.imagined.is_empty();
    match screen {
        _ if !model.lens.is_on() && model.games.now.is_none() => 0,
        0..20 => 2,
        30.. if is_past && model.games.now.is_none() => 4,
        _ => 3,
    }
}

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    if let Some(game) = &ctx.model.games.now {
        return put(buf, area, &super::game::lines(ctx, game));
    }
    let mut lines = vec![headline(ctx)];
    match ctx.model.lens.imagined.last() {
        Some(last) => lines.extend(what_if(ctx, last)),
        None => {
            lines.extend(next_run(ctx));
            let sums = balance(ctx, usize::from(area.width));
            // The sums tell more than the values of one trial.
            let at = if area.height < 4 {
                lines.len().min(2)
            } else {
                lines.len()
            };
            lines.insert(at, sums);
        }
    }
    put(buf, area, &lines);
}

fn put(buf: &mut Buffer, area: Rect, lines: &[Vec<Span<'_>>]) {
    for (i, line) in (0..area.height).zip(lines) {
        text::put_spans(buf, text::row(area, i), line);
    }
}

/// The words on the lens itself: "as of 12 of 60 trials".
#[must_use]
pub fn words(ctx: &Context<'_>) -> String {
    let lens = &ctx.model.lens;
    let mut words = Vec::new();
    if let Some(past) = &lens.past {
        words.push(tr!(
            ctx,
            "as of {count} of {ended} trials",
            count = past.count,
            ended = ctx.model.ended()
        ));
    }
    match lens.imagined.len() {
        0 => {}
        1 => words.push(tr!(ctx, "imagined").to_owned()),
        n => words.push(tr!(ctx, "{n} imagined", n = n)),
    }
    words.join(", ")
}

fn headline<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let lens = &ctx.model.lens;
    let chip = theme.accent_strong().patch(theme.selected());
    let mut spans = vec![Span::styled(format!(" {} ", words(ctx)), chip)];
    let said = match lens.imagined.last() {
        Some(last) => tr!(
            ctx,
            " {metric} {last} ({words}), at {configuration}",
            metric = text::fit(ctx.metric(), 16),
            last = ctx.value.show(last.value),
            words = ctx.language().word(last.guess.words()),
            configuration = configuration(ctx, &last.configuration)
        ),
        None => tr!(ctx, " as it was then; only the space is as known now").to_owned(),
    };
    spans.push(Span::styled(said, theme.text()));
    spans
}

/// What the study went on with, and what the model of then thinks of it.
fn next_run<'a>(ctx: &Context<'a>) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let Some(next) = ctx.model.lens.past.as_ref().and_then(|p| p.next.as_ref()) else {
        return vec![vec![Span::styled(
            tr!(ctx, "no trial began after this"),
            theme.dim(),
        )]];
    };
    let mut first = vec![
        Span::styled(tr!(ctx, "then came trial {id}: ", id = next.id), theme.dim()),
        Span::styled(outcome(ctx, next), theme.strong()),
    ];
    if let Some(c) = &next.consequences {
        let p = c.prediction;
        first.push(Span::styled(
            tr!(ctx, "  predicted {sd}", sd = with_sd(p.mean, p.sd)),
            theme.text(),
        ));
        if let Some(share) = c.share_of_best.filter(|s| s.is_finite()) {
            first.push(Span::styled(
                tr!(
                    ctx,
                    ", with {share} of the EI of its pick",
                    share = percent(share.min(9.99))
                ),
                theme.text(),
            ));
        }
    }
    let second = match &next.configuration {
        Some(values) => configuration(ctx, values),
        None => tr!(ctx, "it lacks a value for some parameter").to_owned(),
    };
    vec![first, vec![Span::styled(format!("  {second}"), theme.dim())]]
}

/// What the trials that were run gained or cost against the picks of their time.
fn balance<'a>(ctx: &Context<'a>, width: usize) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let Some(replaying) = &ctx.model.lens.replay else {
        return Vec::new();
    };
    let replay = &replaying.found;
    let b = replay.balance(usize::MAX, ctx.model.study.direction().sign());
    if b.overrides + b.followed == 0 {
        let words = match (replay.begun, replay.is_done()) {
            (0, _) | (_, false) => tr!(ctx, "judging the trials against the picks of their time…"),
            _ => tr!(ctx, "no trial can be judged: none began after a first value"),
        };
        return vec![Span::styled(words, theme.dim())];
    }
    let judged = if replay.is_done() {
        String::new()
    } else {
        tr!(ctx, " (of {wanted} judged)", wanted = replay.wanted)
    };
    let count = match b.followed {
        0 => tr!(
            ctx,
            "{overrides} trials were not the model's picks{judged}: ",
            overrides = b.overrides,
            judged = judged
        ),
        n => tr!(
            ctx,
            "{n} trials were the model's picks, {overrides} not{judged}: ",
            n = n,
            overrides = b.overrides,
            judged = judged
        ),
    };
    let size = significant(b.expected.abs(), 2);
    let then = if b.expected < 0.0 {
        tr!(ctx, "gave up {size} of EI", size = size)
    } else {
        tr!(ctx, "gained {size} of EI", size = size)
    };
    let side = if b.realised < 0.0 {
        tr!(ctx, "worse")
    } else {
        tr!(ctx, "better")
    };
    let now = match b.measured {
        0 => String::new(),
        n => tr!(
            ctx,
            "; as seen now {realised_sd} {side} than the picks, {better} of {n} better",
            realised_sd = with_sd(b.realised.abs(), b.realised_sd),
            side = side,
            better = b.better,
            n = n
        ),
    };
    let brief = tr!(
        ctx,
        "{overrides} were not the model's picks: {then}; {better} of {measured} did better",
        overrides = b.overrides,
        then = then,
        better = b.better,
        measured = b.measured
    );
    if text::width(&count) + text::width(&then) + text::width(&now) > width {
        return vec![Span::styled(brief, theme.text())];
    }
    vec![
        Span::styled(count, theme.dim()),
        Span::styled(then + &now, theme.text()),
    ]
}

fn outcome(ctx: &Context<'_>, next: &NextRun) -> String {
    match (next.state, next.value) {
        (TrialState::Complete, Some(value)) => {
            format!("{} {}", text::fit(ctx.metric(), 16), ctx.value.show(value))
        }
        (state, _) => ctx.language().word(state.word()).to_owned(),
    }
}

/// The next suggestion before and after: what has changed stands out.
fn what_if<'a>(ctx: &Context<'a>, last: &Imagined) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let before = last.before.suggestions.as_ref().and_then(|s| s.value.first());
    let is_new = (ctx.model.suggestions.as_ref()).is_some_and(|s| s.data >= ctx.model.ground);
    let after = ctx.model.suggestion().filter(|_| is_new);
    vec![
        suggested(ctx, tr!(ctx, "next without it  "), before, None),
        suggested(ctx, tr!(ctx, "next with it     "), after, before),
    ]
    .into_iter()
    .map(|spans| match spans.len() {
        1 => [spans, vec![Span::styled("…", theme.dim())]].concat(),
        _ => spans,
    })
    .collect()
}

fn suggested<'a>(
    ctx: &Context<'a>,
    name: &'static str,
    suggestion: Option<&Suggestion>,
    before: Option<&Suggestion>,
) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let mut spans = vec![Span::styled(name, theme.dim())];
    let Some(suggestion) = suggestion else {
        return spans;
    };
    if let Some(readout) = suggestion.readout {
        let ei = text::minus(&significant(readout.ei, 3));
        spans.push(Span::styled(format!("EI {}  ", text::left(&ei, 9)), theme.text()));
    }
    for i in ctx.model.params_by_importance() {
        let Some(value) = suggestion.configuration.get(i).filter(|v| !v.is_inactive()) else {
            continue;
        };
        let shown = Context::show_short(value);
        let was = before.and_then(|b| b.configuration.get(i));
        let is_changed = was.is_some_and(|w| Context::show_short(w) != shown);
        let style = if is_changed { theme.accent() } else { theme.dim() };
        let name = text::fit(ctx.param_name(i), 16);
        spans.push(Span::styled(format!("{name} {shown}  "), style));
    }
    spans
}

/// "learning_rate 3e-4  dropout 0.1", what matters most first.
pub(super) fn configuration(ctx: &Context<'_>, values: &[Value]) -> String {
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
