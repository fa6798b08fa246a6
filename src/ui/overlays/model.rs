//! The model: what it is, what it was fitted to, whether it can be trusted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::analysis::{FitSummary, Trust};
use crate::language::tr;
use crate::session::HitMap;
use crate::ui::context::Context;
use crate::ui::marks;
use crate::ui::number::{fixed, percent, signed, significant};
use crate::ui::text;
use crate::ui::widgets::bars;

const NAME: usize = 24;
/// Content width of the window.
const WIDTH: u16 = 92;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, scroll: usize, hits: &mut HitMap) {
    let mut lines = Vec::new();
    match &ctx.model.trust {
        Some(trust) => lines.extend(verdict(ctx, &trust.value)),
        None => lines.push(Line::styled(
            tr!(ctx, "No verdict yet: it comes with the first fit."),
            ctx.theme.dim(),
        )),
    }
    if let Some(summary) = ctx.summary {
        lines.push(Line::default());
        lines.extend(fit(ctx, summary));
        lines.push(Line::default());
        lines.extend(lengthscales(ctx, summary));
        lines.extend(importance(ctx));
        lines.extend(left_to_gain(ctx));
    }
    let study = &ctx.model.study;
    if study.space.inferred || !study.notes.is_empty() {
        lines.push(Line::default());
        lines.push(heading(ctx, tr!(ctx, "what was assumed")));
    }
    if study.space.inferred {
        lines.push(Line::raw(tr!(
            ctx,
            "The space is inferred from the rows; a space file gives it bounds."
        )));
    }
    for note in &study.notes {
        for part in text::wrap(&ctx.language().reword(note), usize::from(WIDTH) - 6) {
            lines.push(Line::raw(part));
        }
    }
    let warnings: Vec<&String> = ctx
        .summary
        .iter()
        .flat_map(|s| &s.warnings)
        .chain(ctx.model.trust.iter().flat_map(|t| &t.value.lints))
        .collect();
    if !warnings.is_empty() {
        lines.push(Line::default());
        lines.push(heading(ctx, tr!(ctx, "what looks odd")));
    }
    // The window wraps them to what it has.
    lines.extend(warnings.into_iter().map(|warning| {
        Line::from(vec![
            Span::styled("! ", ctx.theme.accent_strong()),
            Span::raw(ctx.language().reword(warning)),
        ])
    }));
    Window {
        title: tr!(ctx, "model"),
        detail: tr!(ctx, "what it is and whether to trust it"),
        lines,
        width: WIDTH,
    }
    .draw(ctx, buf, body, scroll, hits);
}

fn heading<'a>(ctx: &Context<'a>, words: &'static str) -> Line<'a> {
    Line::styled(words, ctx.theme.strong())
}

fn pair<'a>(ctx: &Context<'a>, name: &'static str, value: String) -> Line<'a> {
    Line::from(vec![
        Span::styled(text::left(name, NAME), ctx.theme.dim()),
        Span::raw(value),
    ])
}

fn verdict<'a>(ctx: &Context<'a>, trust: &Trust) -> Vec<Line<'a>> {
    let mut lines = vec![heading(ctx, tr!(ctx, "can it be trusted?"))];
    lines.push(Line::from(vec![
        Span::styled(
            text::left(ctx.language().word(trust.verdict.word()), NAME),
            ctx.theme.accent_strong(),
        ),
        Span::raw(ctx.language().reword(&trust.reason).into_owned()),
    ]));
    lines.push(pair(
        ctx,
        tr!(ctx, "left out, Q²"),
        tr!(
            ctx,
            "{q2}  (1 is perfect, 0 is no better than the mean)",
            q2 = fixed(trust.q2, 2)
        ),
    ));
    lines.push(coverage(
        ctx,
        tr!(ctx, "inside 68 % bands"),
        trust.coverage68,
        0.68,
    ));
    lines.push(coverage(
        ctx,
        tr!(ctx, "inside 95 % bands"),
        trust.coverage95,
        0.95,
    ));
    lines.push(pair(
        ctx,
        tr!(ctx, "log density"),
        tr!(
            ctx,
            "{log_predictive} nats a trial, left out",
            log_predictive = signed(trust.log_predictive, 2)
        ),
    ));
    if let Some(one) = &trust.one_step {
        lines.push(pair(
            ctx,
            tr!(ctx, "one step ahead"),
            tr!(
                ctx,
                "{count} results, z rms {z_rms} (1 is calibrated), {coverage95} inside 95 %",
                count = one.count,
                z_rms = format_args!("{:.2}", one.z_rms),
                coverage95 = percent(one.coverage95)
            ),
        ));
    }
    if !trust.left_out.is_empty() {
        lines.push(Line::from(vec![
            Span::styled(text::left(tr!(ctx, "residuals z"), NAME), ctx.theme.dim()),
            Span::styled("−3 ", ctx.theme.dim()),
            Span::styled(calibration(ctx, trust), ctx.theme.model()),
            Span::styled(" +3", ctx.theme.dim()),
        ]));
    }
    lines
}

/// A bar of what was reached beside what was promised.
fn coverage<'a>(ctx: &Context<'a>, name: &'static str, reached: f64, promised: f64) -> Line<'a> {
    let theme = &ctx.theme;
    let mut spans = vec![
        Span::styled(text::left(name, NAME), theme.dim()),
        Span::raw(text::right(&percent(reached), 6)),
        Span::raw("  "),
    ];
    let marks = [(promised, "│", theme.text()), (reached, "●", theme.model())];
    spans.extend(bars::track(30, &marks, theme));
    Line::from(spans)
}

/// Histogram of the residuals between −3 and 3.
fn calibration(ctx: &Context<'_>, trust: &Trust) -> String {
    let mut bins = [0.0f64; 25];
    for l in &trust.left_out {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the bins"
        )]
        let i = (((l.z.clamp(-3.0, 3.0) + 3.0) / 6.0) * 24.0).round() as usize;
        if l.z.is_finite()
            && let Some(bin) = bins.get_mut(i)
        {
            *bin += 1.0;
        }
    }
    bars::sparkline(&bins, &ctx.theme)
}

fn fit<'a>(ctx: &Context<'a>, s: &FitSummary) -> Vec<Line<'a>> {
    let mut lines = vec![heading(ctx, tr!(ctx, "what it is"))];
    lines.push(pair(ctx, tr!(ctx, "kernel"), s.kernel.clone()));
    lines.push(pair(
        ctx,
        tr!(ctx, "trials"),
        match s.active_set {
            Some((used, all)) => tr!(ctx, "an active set of {used} of {all}", used = used, all = all),
            None => tr!(
                ctx,
                "{trials_used} used, {left_out} left out",
                trials_used = s.trials_used,
                left_out = s.left_out.len()
            ),
        },
    ));
    lines.push(pair(
        ctx,
        tr!(ctx, "hyperparameters θ"),
        if s.prior_only {
            tr!(ctx, "modes of the prior: too few trials to fit").to_owned()
        } else {
            tr!(
                ctx,
                "fitted to {hyperparameters_from} trials",
                hyperparameters_from = s.hyperparameters_from
            )
        },
    ));
    lines.extend(counted(ctx));
    lines.push(pair(
        ctx,
        tr!(ctx, "noise"),
        tr!(
            ctx,
            "{noise_sd} {metric} (variance {noise_variance} of the model's)",
            noise_sd = significant(s.noise_sd, 2),
            metric = ctx.metric(),
            noise_variance = significant(s.noise_variance, 2)
        ),
    ));
    lines.push(pair(
        ctx,
        tr!(ctx, "signal variance"),
        significant(s.signal_variance, 3),
    ));
    lines.push(pair(
        ctx,
        tr!(ctx, "log marginal likelihood"),
        tr!(
            ctx,
            "{log_marginal_likelihood}  (posterior {log_posterior}, leave-one-out {loo_log_predictive})",
            log_marginal_likelihood = fixed(s.log_marginal_likelihood, 2),
            log_posterior = fixed(s.log_posterior, 2),
            loo_log_predictive = fixed(s.loo_log_predictive, 2)
        ),
    ));
    lines.push(pair(
        ctx,
        tr!(ctx, "jitter"),
        if s.jitter > 0.0 {
            significant(s.jitter, 2)
        } else {
            tr!(ctx, "none was needed").to_owned()
        },
    ));
    lines
}

/// What counts beside complete trials and one set of hyperparameters.
fn counted<'a>(ctx: &Context<'a>) -> Vec<Line<'a>> {
    let Some(surrogate) = ctx.model.surrogate.as_ref().map(|s| &*s.value) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(averaged) = surrogate.averaged_over() {
        let count = averaged.members().count();
        let words = tr!(
            ctx,
            "over {count} draws: wider where few trials leave them open",
            count = count
        );
        lines.push(pair(ctx, tr!(ctx, "averaged"), words));
    }
    let unfinished = surrogate.extrapolations().count();
    if unfinished > 0 {
        let words = tr!(
            ctx,
            "{unfinished} trials count with what their curves promise (≈ in the table)",
            unfinished = unfinished
        );
        lines.push(pair(ctx, tr!(ctx, "unfinished"), words));
    }
    let weight = marks::weight(surrogate).unwrap_or_default();
    if let Some((failed, passed)) = surrogate.failures() {
        let words = tr!(
            ctx,
            "{failed} of {passed} trials: the acquisition is weighed by {weight}",
            failed = failed,
            passed = failed + passed,
            weight = weight
        );
        lines.push(pair(ctx, tr!(ctx, "failed"), words));
        let recent = surrogate.caution() - 1.0;
        if recent > 0.0 {
            let words = tr!(
                ctx,
                "the power is 1 + {recent}, the failures among the last 10 outcomes",
                recent = recent
            );
            lines.push(pair(ctx, "", words));
        }
    }
    if let Some((infeasible, feasible)) = surrogate.feasibility_counts() {
        let constraints: Vec<String> = (ctx.model.study.constraints.iter())
            .map(ToString::to_string)
            .collect();
        let (constraints, all) = (constraints.join(", "), infeasible + feasible);
        let words = if ctx.seeks_feasible() {
            tr!(
                ctx,
                "{constraints}: all {all} trials are infeasible; until one is not, {weight} alone ranks",
                constraints = constraints,
                all = all,
                weight = weight
            )
        } else {
            tr!(
                ctx,
                "{constraints}: {infeasible} of {all} trials are infeasible; the acquisition is weighed by {weight}",
                constraints = constraints,
                infeasible = infeasible,
                all = all,
                weight = weight
            )
        };
        lines.push(pair(ctx, tr!(ctx, "constraints"), words));
    }
    if surrogate.pending_counted() > 0 {
        let words = tr!(
            ctx,
            "{pending_counted} that run or are queued, believed to return their mean",
            pending_counted = surrogate.pending_counted()
        );
        lines.push(pair(ctx, tr!(ctx, "pending"), words));
    }
    lines
}

/// Shares of the variation of the mean, with how sure they are.
fn importance<'a>(ctx: &Context<'a>) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let Some(found) = &ctx.model.importance else {
        return Vec::new();
    };
    let mut lines = vec![
        Line::default(),
        heading(
            ctx,
            tr!(
                ctx,
                "how much of the variation each parameter explains (80 % band)"
            ),
        ),
    ];
    for share in &found.value.shares {
        let mut spans = vec![
            Span::styled(
                text::left(&text::middle(ctx.param_name(share.param), NAME - 2), NAME),
                theme.dim(),
            ),
            Span::raw(text::right(&percent(share.total), 7)),
            Span::raw("  "),
        ];
        let (low, high) = share.spread.unwrap_or((f64::NAN, f64::NAN));
        let marks = [
            (low, "├", theme.model()),
            (high, "┤", theme.model()),
            (share.total, "●", theme.model()),
        ];
        spans.extend(bars::track(30, &marks, theme));
        lines.push(Line::from(spans));
    }
    lines
}

/// What going on may bring: the expected gain of the next trial beside the noise, and at most.
fn left_to_gain<'a>(ctx: &Context<'a>) -> Vec<Line<'a>> {
    let Some(advice) = ctx.model.stopping.as_ref().map(|s| &s.value) else {
        return Vec::new();
    };
    let mut lines = vec![Line::default(), heading(ctx, tr!(ctx, "is it time to stop?"))];
    lines.push(pair(
        ctx,
        ctx.language().word(advice.outlook.word()),
        ctx.language().reword(&advice.sentence).into_owned(),
    ));
    if let Some(gain) = advice.gain {
        let words = tr!(
            ctx,
            "{bound} at the upper end of the most hopeful 95 % band",
            bound = significant(gain.bound, 2)
        );
        lines.push(pair(ctx, tr!(ctx, "at most to gain"), words));
    }
    lines
}

/// Short lengthscales matter: a bar of `1/ℓ`, and what it means in words.
fn lengthscales<'a>(ctx: &Context<'a>, s: &FitSummary) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let mut lines = vec![heading(
        ctx,
        tr!(ctx, "how fast values change along each parameter"),
    )];
    let mut sorted = s.lengthscales.clone();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let fastest = sorted.first().map_or(1.0, |(_, l)| 1.0 / l.max(1e-12));
    for (param, l) in sorted {
        let words = match l {
            l if l < 0.15 => tr!(ctx, "very fast"),
            l if l < 0.5 => tr!(ctx, "fast"),
            l if l < 1.5 => tr!(ctx, "smoothly"),
            l if l < 4.0 => tr!(ctx, "slowly"),
            _ => tr!(ctx, "hardly"),
        };
        let mut spans = vec![
            Span::styled(text::left(ctx.param_name(param), NAME), theme.dim()),
            Span::raw(text::right(&significant(l, 2), 7)),
            Span::raw("  "),
        ];
        spans.extend(bars::positive(1.0 / l.max(1e-12) / fastest, 1.0, 24, theme));
        spans.push(Span::styled(format!("  {words}"), theme.dim()));
        lines.push(Line::from(spans));
    }
    lines
}
