//! The model: what it is, what it was fitted to, whether it can be trusted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::analysis::{FitSummary, Trust};
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
            "No verdict yet: it comes with the first fit.",
            ctx.theme.dim(),
        )),
    }
    if let Some(summary) = ctx.summary {
        lines.push(Line::default());
        lines.extend(fit(ctx, summary));
        lines.push(Line::default());
        lines.extend(lengthscales(ctx, summary));
    }
    let study = &ctx.model.study;
    if study.space.inferred || !study.notes.is_empty() {
        lines.push(Line::default());
        lines.push(heading(ctx, "what was assumed"));
    }
    if study.space.inferred {
        lines.push(Line::raw(
            "The space is inferred from the rows; a space file gives it bounds.",
        ));
    }
    for note in &study.notes {
        for part in text::wrap(note, usize::from(WIDTH) - 6) {
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
        lines.push(heading(ctx, "what looks odd"));
    }
    for warning in warnings {
        for (i, part) in text::wrap(warning, usize::from(WIDTH) - 8)
            .into_iter()
            .enumerate()
        {
            lines.push(Line::from(vec![
                Span::styled(if i == 0 { "! " } else { "  " }, ctx.theme.accent_strong()),
                Span::raw(part),
            ]));
        }
    }
    Window {
        title: "model",
        detail: "what it is and whether to trust it",
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
    let mut lines = vec![heading(ctx, "can it be trusted?")];
    lines.push(Line::from(vec![
        Span::styled(text::left(trust.verdict.word(), NAME), ctx.theme.accent_strong()),
        Span::raw(trust.reason.clone()),
    ]));
    lines.push(pair(
        ctx,
        "left out, Q²",
        format!(
            "{}  (1 is perfect, 0 is no better than the mean)",
            fixed(trust.q2, 2)
        ),
    ));
    lines.push(coverage(ctx, "inside 68 % bands", trust.coverage68, 0.68));
    lines.push(coverage(ctx, "inside 95 % bands", trust.coverage95, 0.95));
    lines.push(pair(
        ctx,
        "log density",
        format!("{} nats a trial, left out", signed(trust.log_predictive, 2)),
    ));
    if let Some(one) = &trust.one_step {
        lines.push(pair(
            ctx,
            "one step ahead",
            format!(
                "{} results, z rms {:.2} (1 is calibrated), {} inside 95 %",
                one.count,
                one.z_rms,
                percent(one.coverage95)
            ),
        ));
    }
    if !trust.left_out.is_empty() {
        lines.push(Line::from(vec![
            Span::styled(text::left("residuals z", NAME), ctx.theme.dim()),
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
    let mut lines = vec![heading(ctx, "what it is")];
    lines.push(pair(ctx, "kernel", s.kernel.clone()));
    lines.push(pair(
        ctx,
        "trials",
        match s.active_set {
            Some((used, all)) => format!("an active set of {used} of {all}"),
            None => format!("{} used, {} left out", s.trials_used, s.left_out.len()),
        },
    ));
    lines.push(pair(
        ctx,
        "hyperparameters θ",
        if s.prior_only {
            "modes of the prior: too few trials to fit".to_owned()
        } else {
            format!("fitted to {} trials", s.hyperparameters_from)
        },
    ));
    lines.extend(counted(ctx));
    lines.push(pair(
        ctx,
        "noise",
        format!(
            "{} {} (variance {} of the model's)",
            significant(s.noise_sd, 2),
            ctx.metric(),
            significant(s.noise_variance, 2)
        ),
    ));
    lines.push(pair(ctx, "signal variance", significant(s.signal_variance, 3)));
    lines.push(pair(
        ctx,
        "log marginal likelihood",
        format!(
            "{}  (posterior {}, leave-one-out {})",
            fixed(s.log_marginal_likelihood, 2),
            fixed(s.log_posterior, 2),
            fixed(s.loo_log_predictive, 2)
        ),
    ));
    lines.push(pair(
        ctx,
        "jitter",
        if s.jitter > 0.0 {
            significant(s.jitter, 2)
        } else {
            "none was needed".to_owned()
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
        let words = format!("over {count} draws: wider where few trials leave them open");
        lines.push(pair(ctx, "averaged", words));
    }
    let unfinished = surrogate.extrapolations().count();
    if unfinished > 0 {
        let words = format!("{unfinished} trials count with what their curves promise (≈ in the table)");
        lines.push(pair(ctx, "unfinished", words));
    }
    if let Some((failed, passed)) = surrogate.failures() {
        let weight = marks::weight(surrogate);
        let words = format!(
            "{failed} of {} trials: the acquisition is weighed by {weight}",
            failed + passed
        );
        lines.push(pair(ctx, "failed", words));
    }
    if surrogate.pending_counted() > 0 {
        let words = format!(
            "{} that run or are queued, believed to return their mean",
            surrogate.pending_counted()
        );
        lines.push(pair(ctx, "pending", words));
    }
    lines
}

/// Short lengthscales matter: a bar of `1/ℓ`, and what it means in words.
fn lengthscales<'a>(ctx: &Context<'a>, s: &FitSummary) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let mut lines = vec![heading(ctx, "how fast values change along each parameter")];
    let mut sorted = s.lengthscales.clone();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let fastest = sorted.first().map_or(1.0, |(_, l)| 1.0 / l.max(1e-12));
    for (param, l) in sorted {
        let words = match l {
            l if l < 0.15 => "very fast",
            l if l < 0.5 => "fast",
            l if l < 1.5 => "smoothly",
            l if l < 4.0 => "slowly",
            _ => "hardly",
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
