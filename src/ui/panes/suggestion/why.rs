//! Why this one: what pulls it there, what would cost most, what comes second, how near the next trial is.

use ratatui::text::Span;

use super::Row;
use crate::analysis::ConstraintPrediction;
use crate::analysis::suggestion::{Climb, Pull};
use crate::language::tr;
use crate::ui::context::Context;
use crate::ui::number::{percent, significant};
use crate::ui::text;

/// Widest label at the left.
const LABEL: usize = 10;
/// Most lines of a reason.
const LINES: usize = 2;

pub(super) fn rows<'a>(ctx: &Context<'a>, width: usize) -> Vec<Row<'a>> {
    let theme = &ctx.theme;
    let mut out = Vec::new();
    for ((rank, label, words), group) in sentences(ctx, width).into_iter().zip(super::SUM + 1..) {
        let room = width.saturating_sub(LABEL + 2).max(12);
        // A number stays with its per cent.
        let words = words.replace(" %", "\u{a0}%");
        let mut lines = text::wrap(&words, room);
        if lines.len() > LINES {
            lines.truncate(LINES);
            if let Some(last) = lines.last_mut() {
                *last = text::fit(&format!("{last} …"), room).into_owned();
            }
        }
        for (i, line) in lines.into_iter().enumerate() {
            let head = if i == 0 { label } else { "" };
            out.push(Row {
                group,
                ..Row::new(
                    rank,
                    vec![
                        Span::styled(format!("  {}", text::left(head, LABEL)), theme.dim()),
                        Span::raw(line.replace('\u{a0}', " ")),
                    ],
                )
            });
        }
    }
    if !out.is_empty() {
        out.push(Row::blank(2));
    }
    out
}

/// The same as labels and words, for those who read instead of look.
pub fn reasons(ctx: &Context<'_>) -> Vec<(&'static str, String)> {
    let all = sentences(ctx, usize::MAX);
    all.into_iter().map(|(_, label, words)| (label, words)).collect()
}

/// A reason: how soon it gives way where there is little room, what it is about, and the words.
type Reason = (u8, &'static str, String);

fn sentences(ctx: &Context<'_>, width: usize) -> Vec<Reason> {
    let each = super::constraints(ctx).iter();
    let mut out: Vec<Reason> = each
        .map(|at| (6, tr!(ctx, "feasible"), constraint_words(ctx, at)))
        .collect();
    let nearest = match &ctx.model.draft {
        Some(draft) => draft.consequences.as_ref().and_then(|c| c.nearest),
        None => ctx.model.suggestion().and_then(|s| s.why.nearest),
    };
    // Of a draft nobody says why.
    let suggestion = ctx.model.suggestion().filter(|_| ctx.model.draft.is_none());
    if let Some(why) = suggestion.map(|s| &s.why) {
        if !why.pulls.is_empty() {
            let most = if width >= 64 { 3 } else { 2 };
            let pulls: Vec<String> = why.pulls.iter().take(most).map(|p| pull(ctx, p)).collect();
            out.push((5, tr!(ctx, "pulled by"), pulls.join(", ")));
        }
        if let Some((param, lost)) = why.costliest {
            let words = tr!(
                ctx,
                "{param}: at the best's value {lost} of EI is lost",
                param = ctx.param_name(param),
                lost = percent(lost)
            );
            out.push((4, tr!(ctx, "hinges on"), words));
        }
        if let Some((configuration, share)) = &why.runner_up {
            out.push((3, tr!(ctx, "runner-up"), runner_up(ctx, configuration, *share)));
        }
        if !why.climbs.is_empty() {
            out.push((6, tr!(ctx, "starts"), climbs(ctx, &why.climbs)));
        }
    }
    out.extend(failures(ctx));
    if let Some((trial, distance)) = nearest {
        let words = tr!(
            ctx,
            "trial {trial}, {distance} lengthscales away",
            trial = text::fit(&ctx.trial_name(trial), 12),
            distance = significant(distance, 2)
        );
        out.push((4, tr!(ctx, "nearest"), words));
    }
    out
}

/// "trial 7 at 0.31 (82 % alike)", on one line where it can be.
fn pull(ctx: &Context<'_>, pull: &Pull) -> String {
    let trial = ctx.model.study.trials.get(pull.trial);
    let value = trial
        .and_then(|t| t.objective())
        .map_or_else(String::new, |v| tr!(ctx, " at {v}", v = ctx.value.show(v)));
    tr!(
        ctx,
        "trial {trial}{value} ({correlation} alike)",
        trial = text::fit(&ctx.trial_name(pull.trial), 12),
        value = value,
        correlation = percent(pull.correlation)
    )
    .replace(' ', text::UNBROKEN.encode_utf8(&mut [0; 4]))
}

/// What failed, and what that weighs here; a success that is all but certain weighs nothing and says nothing.
fn failures(ctx: &Context<'_>) -> Option<Reason> {
    let p_ok = super::predicted(ctx).0?.p_ok.filter(|p| *p < 0.995)?;
    let surrogate = &ctx.model.surrogate.as_ref()?.value;
    let (failed, passed) = surrogate.failures()?;
    let words = tr!(
        ctx,
        "{failed} of {all} trials failed; P(ok) is {p_ok} here and weighs the EI{caution}",
        failed = failed,
        all = failed + passed,
        p_ok = significant(p_ok, 2),
        caution = match surrogate.caution() {
            c if c > 1.0 => tr!(ctx, " {c} times ({n} of the last 10 failed)", c = c, n = c - 1.0),
            _ => String::new(),
        }
    );
    Some((4, tr!(ctx, "failures"), words))
}

/// "peak_gb ≤ 24 with 93 %, 21.3 expected (18 to 25)".
fn constraint_words(ctx: &Context<'_>, at: &ConstraintPrediction) -> String {
    tr!(
        ctx,
        "{constraint} with {chance}, {value} expected ({low} to {high})",
        constraint = &at.constraint,
        value = significant(at.value, 3),
        low = significant(at.low95, 3),
        high = significant(at.high95, 3),
        chance = percent(at.probability)
    )
}

/// "5 (∙) end at 2 maxima (△): x 0.63 by 3, x 0.12 by 2".
fn climbs(ctx: &Context<'_>, climbs: &[Climb]) -> String {
    if let [only] = climbs {
        return tr!(ctx, "1 (∙) ends at {place} (△)", place = place(ctx, &only.to));
    }
    let peaks = climbs.iter().map(|c| c.peak).max().unwrap_or(0) + 1;
    let told: Vec<String> = (0..peaks.min(3))
        .filter_map(|k| {
            let mut here = climbs.iter().filter(|c| c.peak == k);
            let place = place(ctx, &here.next()?.to);
            Some(tr!(ctx, "{place} by {by}", place = place, by = 1 + here.count()))
        })
        .collect();
    let (told, more) = (told.join(", "), if peaks > 3 { ", …" } else { "" });
    let n = climbs.len();
    if peaks == 1 {
        return tr!(ctx, "all {n} (∙) end at {told} (△)", n = n, told = told);
    }
    tr!(
        ctx,
        "{n} (∙) end at {peaks} maxima (△): {told}{more}",
        n = n,
        peaks = peaks,
        told = told,
        more = more
    )
}

/// The two parameters that matter most, at a configuration.
fn place(ctx: &Context<'_>, configuration: &[crate::study::Value]) -> String {
    let shown = (ctx.model.params_by_importance().into_iter().take(2)).filter_map(|p| {
        let value = configuration.get(p).filter(|v| !v.is_inactive())?;
        Some(format!(
            "{} {}",
            text::fit(ctx.param_name(p), 12),
            Context::show_short(value)
        ))
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The other peak and in what it differs most visibly.
fn runner_up(ctx: &Context<'_>, configuration: &[crate::study::Value], share: f64) -> String {
    let suggested = ctx
        .model
        .suggestion()
        .map_or(&[][..], |s| s.configuration.as_slice());
    let differs: Vec<String> = ctx
        .model
        .params_by_importance()
        .into_iter()
        .filter(|p| configuration.get(*p) != suggested.get(*p))
        .take(3)
        .filter_map(|p| {
            configuration
                .get(p)
                .map(|v| format!("{} {}", ctx.param_name(p), Context::show(v)))
        })
        .collect();
    let (share, join) = (percent(share), differs.join(", "));
    if ctx.seeks_feasible() {
        return tr!(
            ctx,
            "{share} of this P(feasible) at {join}",
            share = share,
            join = join
        );
    }
    tr!(ctx, "{share} of this EI at {join}", share = share, join = join)
}
