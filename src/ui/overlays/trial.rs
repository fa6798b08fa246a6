//! One trial in detail.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::language::tr;
use crate::session::HitMap;
use crate::study::{Side, Trial};
use crate::ui::context::{Context, ago, state_glyph};
use crate::ui::number::{duration, significant};
use crate::ui::text;
use crate::ui::widgets::bars;

/// Widest sparkline of intermediate values.
const CURVE: usize = 64;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, index: usize, scroll: usize, hits: &mut HitMap) {
    let Some(trial) = ctx.model.study.trials.get(index) else {
        return;
    };
    let title = tr!(ctx, "trial {id}", id = trial.id);
    let mut lines = outcome(ctx, index, trial);
    lines.push(Line::default());
    lines.extend(parameters(ctx, trial));
    lines.extend(curve(ctx, trial));
    Window {
        title: &title,
        detail: ctx.language().word(trial.state.word()),
        lines,
        width: 84,
    }
    .draw(ctx, buf, body, scroll, hits);
}

fn pair<'a>(ctx: &Context<'a>, name: &str, value: String) -> Line<'a> {
    Line::from(vec![
        Span::styled(text::left(name, 20), ctx.theme.dim()),
        Span::raw(value),
    ])
}

fn outcome<'a>(ctx: &Context<'a>, index: usize, trial: &Trial) -> Vec<Line<'a>> {
    let state = ctx.language().word(trial.state.word());
    let state = if ctx.is_infeasible(trial) {
        format!("⊗ {state}, {}", ctx.language().word("infeasible"))
    } else {
        format!("{} {state}", state_glyph(trial.state))
    };
    let mut lines = vec![pair(ctx, tr!(ctx, "state"), state)];
    for (i, v) in trial.values.iter().enumerate() {
        let name = if i == 0 {
            ctx.metric().to_owned()
        } else {
            tr!(ctx, "objective {i}", i = i + 1)
        };
        lines.push(pair(ctx, &name, significant(*v, 6)));
    }
    if ctx.best == Some(index) {
        lines.push(pair(ctx, "", tr!(ctx, "★ the best so far").to_owned()));
    }
    lines.extend(constraints(ctx, trial));
    lines.extend(extrapolated(ctx, index));
    lines.extend(left_out(ctx, index));
    if let Some(t) = trial.started {
        lines.push(pair(ctx, tr!(ctx, "started"), ago(ctx.model.now - t)));
    }
    if let Some(s) = trial.seconds {
        lines.push(pair(ctx, tr!(ctx, "took"), duration(s)));
    }
    if let Some(id) = &trial.queue_id {
        lines.push(pair(ctx, tr!(ctx, "from the queue"), id.to_string()));
    }
    if let Some(error) = &trial.error {
        lines.push(Line::from(vec![
            Span::styled(text::left(tr!(ctx, "error"), 20), ctx.theme.dim()),
            Span::styled(error.to_string(), ctx.theme.error()),
        ]));
    }
    if trial.line > 0 {
        lines.push(pair(ctx, tr!(ctx, "line"), trial.line.to_string()));
    }
    lines
}

/// What an unfinished curve counts as.
fn extrapolated<'a>(ctx: &Context<'a>, index: usize) -> Vec<Line<'a>> {
    let surrogate = ctx.model.surrogate.as_ref();
    let Some(e) = surrogate.and_then(|s| s.value.extrapolation(index)) else {
        return Vec::new();
    };
    let step = e
        .step
        .map_or_else(String::new, |s| tr!(ctx, " at step {s}", s = s));
    let how = match e.learned_from {
        0 => tr!(ctx, "too few complete curves to learn from: a wide error").to_owned(),
        n => tr!(ctx, "as {n} complete trials went on", n = n),
    };
    let (value, sd) = crate::study::number::plus_minus(e.value, e.sd);
    let last = format!("{}{step}", significant(e.last, 6));
    let counts = tr!(
        ctx,
        "{value} ± {sd} at the end ({how})",
        value = value,
        sd = sd,
        how = how
    );
    vec![
        pair(ctx, tr!(ctx, "last report"), last),
        pair(ctx, tr!(ctx, "counts as"), counts),
    ]
}

/// What the others say of it.
fn left_out<'a>(ctx: &Context<'a>, index: usize) -> Option<Line<'a>> {
    let mut all = ctx.model.trust.iter().flat_map(|t| &t.value.left_out);
    let l = all.find(|l| l.trial == index)?;
    let words = tr!(
        ctx,
        "predicts {value} ({z}σ {side} than predicted{surprise})",
        value = ctx.value.show(l.predicted),
        z = format_args!("{:.1}", l.z.abs()),
        side = if l.z < 0.0 {
            tr!(ctx, "worse")
        } else {
            tr!(ctx, "better")
        },
        surprise = if l.z.abs() > 2.0 {
            tr!(ctx, ", a surprise")
        } else {
            ""
        }
    );
    Some(pair(ctx, tr!(ctx, "left out, the model"), words))
}

/// What was measured of each constraint, and by how much it is violated.
fn constraints<'a>(ctx: &Context<'a>, trial: &Trial) -> Vec<Line<'a>> {
    let told = ctx.model.study.constraints.iter().filter_map(|c| {
        let value = c.of(trial)?;
        let excess = c.excess(value);
        let bound = format!("{} {}", if c.side == Side::AtMost { "≤" } else { "≥" }, c.bound);
        let (words, style) = if excess > 0.0 {
            let excess = significant(excess, 3);
            (
                tr!(ctx, "⊗ {excess} beyond {bound}", excess = excess, bound = bound),
                ctx.theme.accent(),
            )
        } else {
            (tr!(ctx, "✓ within {bound}", bound = bound), ctx.theme.dim())
        };
        let mut line = pair(ctx, c.name.shown(), format!("{}  ", significant(value, 6)));
        line.spans.push(Span::styled(words, style));
        Some(line)
    });
    told.collect()
}

fn parameters<'a>(ctx: &Context<'a>, trial: &Trial) -> Vec<Line<'a>> {
    let study = &ctx.model.study;
    study
        .columns
        .iter()
        .enumerate()
        .filter_map(|(c, name)| {
            let value = trial.param(c)?;
            let param = study.space.params.iter().position(|p| p.column == c);
            let mut spans = vec![
                Span::styled(text::left(name.shown(), 20), ctx.theme.dim()),
                Span::raw(text::right(&value.to_string(), 22)),
            ];
            if let Some(at) = param.and_then(|p| ctx.position(p, value)) {
                spans.push(Span::raw("  "));
                spans.extend(bars::track(24, &[(at, "●", ctx.theme.strong())], &ctx.theme));
            }
            Some(Line::from(spans))
        })
        .collect()
}

/// The intermediate values as a sparkline with its ends.
fn curve<'a>(ctx: &Context<'a>, trial: &Trial) -> Vec<Line<'a>> {
    let (Some((first_step, _)), Some((last_step, last))) =
        (trial.intermediate.first(), trial.intermediate.last())
    else {
        return Vec::new();
    };
    let n = trial.intermediate.len();
    let values: Vec<f64> = if n <= CURVE {
        trial.intermediate.iter().map(|(_, v)| *v).collect()
    } else {
        (0..CURVE)
            .filter_map(|k| trial.intermediate.get(k * (n - 1) / (CURVE - 1)))
            .map(|(_, v)| *v)
            .collect()
    };
    vec![
        Line::default(),
        Line::from(vec![
            Span::styled(tr!(ctx, "intermediate  "), ctx.theme.dim()),
            Span::styled(bars::sparkline(&values, &ctx.theme), ctx.theme.model()),
        ]),
        Line::styled(
            tr!(
                ctx,
                "              {n} values, steps {first_step} to {last_step}, last {last}",
                n = n,
                first_step = first_step,
                last_step = last_step,
                last = significant(*last, 5)
            ),
            ctx.theme.dim(),
        ),
    ]
}
