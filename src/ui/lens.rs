//! The lines that say what lens the study is seen through, so that nobody takes the past or a what-if for what is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
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
        let whole = whole(line, usize::from(area.width));
        text::put_spans(buf, text::row(area, i), &whole);
    }
}

/// The spans that fit whole, with a sign where some do not; the first in any case.
fn whole<'s>(line: &[Span<'s>], width: usize) -> Vec<Span<'s>> {
    if text::spans_width(line) <= width || line.len() < 2 {
        return line.to_vec();
    }
    let count = (1..line.len())
        .rev()
        .find(|n| text::spans_width(&line[..*n]) < width)
        .unwrap_or(1);
    let mut kept = line[..count].to_vec();
    kept.push(Span::raw("…"));
    kept
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
    let Some(last) = lens.imagined.last() else {
        let said = tr!(ctx, " as it was then; only the space is as known now");
        spans.push(Span::styled(said, theme.text()));
        return spans;
    };
    let said = tr!(
        ctx,
        " {metric} {last} ({words}), at ",
        metric = text::fit(ctx.metric(), 16),
        last = ctx.value.show(last.value),
        words = ctx.language().word(last.guess.words())
    );
    spans.push(Span::styled(said, theme.text()));
    spans.extend(configuration_spans(ctx, &last.configuration, theme.text()));
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
            let words = if share < 2.0 {
                tr!(
                    ctx,
                    ", with {share} of the EI of its pick",
                    share = percent(share)
                )
            } else {
                // It was chosen by something else than EI, or for a space that has changed.
                tr!(ctx, ", with more EI than its pick").to_owned()
            };
            first.push(Span::styled(words, theme.text()));
        }
    }
    let mut second = vec![Span::raw("  ")];
    match &next.configuration {
        Some(values) => second.extend(configuration_spans(ctx, values, theme.dim())),
        None => second.push(Span::styled(
            tr!(ctx, "it lacks a value for some parameter"),
            theme.dim(),
        )),
    }
    vec![first, second]
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
    let (overrides, total) = (b.overrides, b.overrides + b.followed);
    let who = if replay.is_done() {
        tr!(
            ctx,
            "{overrides} of {total} trials were not the model's pick: ",
            overrides = overrides,
            total = total
        )
    } else {
        tr!(
            ctx,
            "{overrides} of {total} trials judged so far were not the model's pick: ",
            overrides = overrides,
            total = total
        )
    };
    let size = significant(b.expected.abs(), 2);
    let then = if b.expected < 0.0 {
        tr!(ctx, "they gave up {size} of EI", size = size)
    } else {
        tr!(ctx, "they gained {size} of EI", size = size)
    };
    if b.measured == 0 {
        return vec![Span::styled(who, theme.dim()), Span::styled(then, theme.text())];
    }
    let better = tr!(
        ctx,
        "as known now {better} of {measured} were better than it",
        better = b.better,
        measured = b.measured
    );
    let side = if b.realised < 0.0 {
        tr!(ctx, "worse")
    } else {
        tr!(ctx, "better")
    };
    let sum = tr!(
        ctx,
        ", in sum {size} {side}",
        size = with_sd(b.realised.abs(), b.realised_sd),
        side = side
    );
    // What comes of it matters more than what was given up for it.
    let forms = [
        format!("{then}; {better}{sum}"),
        format!("{then}; {better}"),
        better,
    ];
    let fits = |said: &&String| text::width(&who) + text::width(said) <= width;
    let said = forms.iter().find(fits).or(forms.last()).cloned();
    vec![
        Span::styled(who, theme.dim()),
        Span::styled(said.unwrap_or_default(), theme.text()),
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
    let mut is_first = true;
    for i in ctx.model.params_by_importance() {
        let Some(value) = suggestion.configuration.get(i).filter(|v| !v.is_inactive()) else {
            continue;
        };
        let shown = Context::show_short(value);
        let was = before.and_then(|b| b.configuration.get(i));
        let is_changed = was.is_some_and(|w| Context::show_short(w) != shown);
        let style = if is_changed { theme.accent() } else { theme.dim() };
        let name = text::fit(ctx.param_name(i), 16);
        let gap = if is_first { "" } else { "  " };
        is_first = false;
        spans.push(Span::styled(format!("{gap}{name} {shown}"), style));
    }
    spans
}

/// "learning_rate 3e-4  dropout 0.1", what matters most first.
pub(super) fn configuration(ctx: &Context<'_>, values: &[Value]) -> String {
    parts(ctx, values).join("  ")
}

/// The same, a span a parameter.
fn configuration_spans<'a>(ctx: &Context<'_>, values: &[Value], style: Style) -> Vec<Span<'a>> {
    let gaps = std::iter::once("").chain(std::iter::repeat("  "));
    (gaps.zip(parts(ctx, values)))
        .map(|(gap, part)| Span::styled(format!("{gap}{part}"), style))
        .collect()
}

fn parts(ctx: &Context<'_>, values: &[Value]) -> Vec<String> {
    (ctx.model.params_by_importance().into_iter())
        .filter_map(|i| {
            let value = values.get(i).filter(|v| !v.is_inactive())?;
            Some(format!(
                "{} {}",
                text::fit(ctx.param_name(i), 16),
                Context::show_short(value)
            ))
        })
        .collect()
}
