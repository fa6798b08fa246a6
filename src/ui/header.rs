//! The first two lines: is the run alive and going well, and can the model be trusted?

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::{FitSummary, Outlook, Verdict};
use crate::language::tr;
use crate::session::Lab;
use crate::session::model::{FitStatus, SourceState};
use crate::study::{Direction, Trial, TrialState};
use crate::ui::number::{duration, fixed, percent, significant};

use super::context::{Context, ago, state_glyph};
use super::text;
use super::widgets::bars;

type Spans<'a> = Vec<Span<'a>>;

/// From talkative to terse; the first that fits is drawn.
const TERSENESS: u8 = 4;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let run = |level| (source(ctx, level), counts(ctx, level));
    both_ends(buf, text::row(area, 0), run);
    // Where the history is on screen it tells the advice with its reasons.
    let is_alone = ctx.model.zoomed || buf.area.width < 100 || buf.area.height < 28;
    let going = |level| (best(ctx, level), trust(ctx, level, is_alone));
    both_ends(buf, text::row(area, 1), going);
}

/// Writes one part at the left and one at the right end, as talkative as there is room for.
fn both_ends<'a>(buf: &mut Buffer, area: Rect, parts: impl Fn(u8) -> (Spans<'a>, Spans<'a>)) {
    let width = usize::from(area.width);
    let mut chosen = parts(TERSENESS);
    for level in 0..TERSENESS {
        let (left, right) = parts(level);
        if text::spans_width(&left) + text::spans_width(&right) + 3 <= width {
            chosen = (left, right);
            break;
        }
    }
    let (left, right) = chosen;
    let right_width = u16::try_from(text::spans_width(&right)).unwrap_or(u16::MAX);
    let end = text::put_spans(
        buf,
        Rect {
            width: area
                .width
                .saturating_sub(if right_width < area.width { right_width } else { 0 }),
            ..area
        },
        &left,
    );
    let x = area
        .right()
        .saturating_sub(right_width)
        .max(end.saturating_add(1));
    if x < area.right() {
        text::put_spans(buf, Rect::new(x, area.y, area.right() - x, 1), &right);
    }
}

/// Name of the study, its source, and whether data still comes.
fn source<'a>(ctx: &Context<'a>, level: u8) -> Spans<'a> {
    let model = ctx.model;
    let theme = &ctx.theme;
    let file = model.source.path.rsplit('/').next().unwrap_or(&model.source.path);
    let name = if model.study.name.is_empty() {
        file
    } else {
        model.study.name.shown()
    };
    let most = match level {
        0 => 72,
        1 | 2 => 32,
        _ => 18,
    };
    let mut spans = vec![Span::styled(
        text::fit(
            &text::clean(if name.is_empty() { "tunescope" } else { name }),
            most,
        )
        .into_owned(),
        theme.strong(),
    )];
    if level < 1 && !model.study.name.is_empty() && !file.is_empty() {
        spans.push(Span::styled(format!("  {}", text::fit(file, 32)), theme.dim()));
    }
    if level < 1 && !model.source.kind.is_empty() {
        let kind = ctx.language().word(&model.source.kind);
        spans.push(Span::styled(format!("  {kind}"), theme.dim()));
    }
    if model.source.studies.len() > 1 {
        let n = model.source.studies.len();
        let text = match level {
            0..2 => format!("  one of {n} studies (B)"),
            _ => format!("  1/{n} (B)"),
        };
        spans.push(Span::styled(text, theme.dim()));
    }
    if level < 2 && model.study.space.inferred && !model.study.space.is_empty() {
        spans.push(Span::styled(tr!(ctx, "  space inferred"), theme.dim()));
    }
    spans.push(Span::raw("   "));
    spans.extend(liveness(ctx, level));
    spans.extend(run(ctx, level));
    spans
}

/// How the loop stands that feeds this source.
fn run<'a>(ctx: &Context<'a>, level: u8) -> Spans<'a> {
    let Some(run) = &ctx.model.run else {
        return Vec::new();
    };
    let style = if run.is_active {
        ctx.theme.accent()
    } else {
        ctx.theme.strong()
    };
    let most = match level {
        0 => 72,
        1 => 40,
        2 => 24,
        _ => 14,
    };
    let glyph = if run.is_active { "↻" } else { "■" };
    vec![Span::styled(
        format!("   {glyph} {}", text::fit(&run.words, most)),
        style,
    )]
}

/// What is explored in the lab, instead of how old the data are.
fn in_the_lab<'a>(ctx: &Context<'a>, lab: &Lab, level: u8) -> Spans<'a> {
    let theme = &ctx.theme;
    let mut words = Vec::new();
    if lab.steps_left > 0 {
        words.push(tr!(ctx, "stepping…").to_owned());
    }
    if lab.bench.noise_sd() > 0.0 {
        words.push(tr!(
            ctx,
            "noise {noise_sd}",
            noise_sd = significant(lab.bench.noise_sd(), 2)
        ));
    }
    if level < 2 {
        words.push(
            match (lab.bench.has_truth(), lab.truth_shown()) {
                (false, _) => tr!(ctx, "recorded"),
                (true, true) => tr!(ctx, "truth shown"),
                (true, false) => tr!(ctx, "truth hidden"),
            }
            .to_owned(),
        );
    }
    if lab.truth_shown()
        && let Some(regret) = lab.bench.regret()
    {
        words.push(tr!(ctx, "regret {regret}", regret = significant(regret, 2)));
    }
    vec![Span::styled(words.join("  "), theme.dim())]
}

fn liveness<'a>(ctx: &Context<'a>, level: u8) -> Spans<'a> {
    let model = ctx.model;
    let theme = &ctx.theme;
    if let Some(lab) = &model.lab {
        return in_the_lab(ctx, lab, level);
    }
    let age = model.source.changed.map(|t| ago(model.now - t));
    let with_age = |word: &str| match &age {
        Some(age) if level < 2 => format!("{word}, new data {age}"),
        Some(age) => format!("{word}, {age}"),
        None => word.to_owned(),
    };
    let (glyph, words, style) = match &model.source.state {
        SourceState::Opening => ("◌", "opening…".to_owned(), theme.dim()),
        SourceState::Reading { done, total } => {
            #[expect(clippy::cast_precision_loss, reason = "a share")]
            let share = *done as f64 / (*total).max(1) as f64;
            (
                "◌",
                format!("reading, {}", percent(share.min(1.0))),
                theme.accent(),
            )
        }
        SourceState::Live if model.frozen => ("‖", with_age("frozen"), theme.accent()),
        SourceState::Live => ("●", with_age("live"), theme.text()),
        SourceState::Missing => ("○", with_age("missing, waiting for the file"), theme.error()),
        SourceState::Failed(why) => (
            "✗",
            format!("cannot be read: {}", text::fit(&text::clean(why), 60)),
            theme.error(),
        ),
        SourceState::Ended => ("■", "ended".to_owned(), theme.dim()),
    };
    let mut spans = vec![Span::styled(format!("{glyph} {words}"), style)];
    let bad = model.study.diagnostics.len();
    if bad > 0 {
        let text = match level {
            0..3 if bad == 1 => "  1 bad row".to_owned(),
            0..3 => format!("  {bad} bad rows"),
            _ => format!("  {bad} bad"),
        };
        spans.push(Span::styled(text, theme.error()));
    }
    let notes = model.study.notes.len();
    if notes > 0 {
        let text = match level {
            0..3 if notes == 1 => "  ⚑ 1 note (d)".to_owned(),
            0..3 => format!("  ⚑ {notes} notes (d)"),
            _ => format!("  ⚑ {notes}"),
        };
        spans.push(Span::styled(text, theme.accent()));
    }
    spans
}

/// Trials by state, in words where there is room, and the budget.
fn counts<'a>(ctx: &Context<'a>, level: u8) -> Spans<'a> {
    let theme = &ctx.theme;
    let counts = ctx.counts;
    let mut spans = Vec::new();
    for (state, count) in [
        (TrialState::Complete, counts.complete),
        (TrialState::Pruned, counts.pruned),
        (TrialState::Failed, counts.failed),
        (TrialState::Running, counts.running),
        (TrialState::Waiting, counts.waiting),
    ] {
        if count == 0 && state != TrialState::Complete {
            continue;
        }
        if !spans.is_empty() {
            spans.push(Span::raw("  "));
        }
        let style = match state {
            TrialState::Failed => theme.error(),
            TrialState::Complete | TrialState::Running => theme.text(),
            TrialState::Pruned | TrialState::Waiting => theme.dim(),
        };
        let word = match level {
            0..3 => format!(" {}", ctx.language().word(state.word())),
            _ => String::new(),
        };
        spans.push(Span::styled(
            format!("{} {count}{word}", state_glyph(state)),
            style,
        ));
    }
    spans.extend(infeasible(ctx, level));
    spans.extend(budget(ctx, level));
    spans
}

/// How many of the complete ones are infeasible.
fn infeasible<'a>(ctx: &Context<'a>, level: u8) -> Option<Span<'a>> {
    let study = &ctx.model.study;
    if study.constraints.is_empty() {
        return None;
    }
    let is_counted = |t: &&Arc<Trial>| t.state == TrialState::Complete && ctx.is_infeasible(t);
    let count = study.trials.iter().filter(is_counted).count();
    let word = match level {
        0..3 => format!(" {}", ctx.language().word("infeasible")),
        _ => String::new(),
    };
    (count > 0).then(|| Span::styled(format!("  ⊗ {count}{word}"), ctx.theme.dim()))
}

fn budget<'a>(ctx: &Context<'a>, level: u8) -> Spans<'a> {
    let model = ctx.model;
    let budget = model.study.budget;
    let counts = ctx.counts;
    let finished = counts.complete + counts.pruned + counts.failed;
    let mut parts: Vec<(f64, String)> = Vec::new();
    if let Some(limit) = budget.trials {
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let share = finished as f64 / limit.max(1) as f64;
        parts.push((
            share,
            tr!(ctx, "{finished} of {limit}", finished = finished, limit = limit),
        ));
    }
    if let Some(limit) = budget.seconds {
        let used = model.study.busy_seconds(model.now);
        if used > 0.0 && limit > 0.0 {
            parts.push((
                used / limit,
                tr!(ctx, "{limit} used", limit = percent((used / limit).min(1.0))),
            ));
        }
    }
    let Some((share, words)) = parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Vec::new();
    };
    let cells = if level < 2 { 12 } else { 6 };
    let mut spans = vec![Span::raw("   ")];
    if level < 4 {
        spans.extend(bars::gauge(share, cells, &ctx.theme));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(
        if level == 0 {
            tr!(ctx, "{words} budget", words = words)
        } else {
            words
        },
        ctx.theme.dim(),
    ));
    spans
}

/// The best value, who had it and how long ago.
fn best<'a>(ctx: &Context<'a>, level: u8) -> Spans<'a> {
    let model = ctx.model;
    let theme = &ctx.theme;
    let (Some(trial), Some(value)) = (ctx.best, ctx.best_value()) else {
        let text = if model.study.trials.is_empty() {
            tr!(ctx, "no trial yet")
        } else if model.study.has_objective() {
            let words = match level {
                0 => tr!(
                    ctx,
                    "⊗ every trial is infeasible: a feasible one is sought, whatever its value"
                ),
                _ => tr!(ctx, "⊗ every trial is infeasible"),
            };
            return vec![Span::styled(words, theme.accent_strong())];
        } else {
            tr!(ctx, "no finished trial yet")
        };
        return vec![Span::styled(text, theme.dim())];
    };
    let goal = match model.study.direction() {
        Direction::Minimize => tr!(ctx, "smallest"),
        Direction::Maximize => tr!(ctx, "largest"),
    };
    let mut spans = vec![Span::styled("★ ", theme.strong())];
    spans.push(Span::styled(
        match level {
            0 => tr!(
                ctx,
                "best {metric} ({goal} so far) ",
                metric = text::fit(ctx.metric(), 24),
                goal = goal
            ),
            1..3 => tr!(ctx, "best {metric} ", metric = text::fit(ctx.metric(), 16)),
            _ => tr!(ctx, "best ").to_owned(),
        },
        theme.dim(),
    ));
    spans.push(Span::styled(ctx.value.show(value), theme.strong()));
    let since = model
        .history
        .last_improvement
        .map_or(0, |i| model.history.points.len().saturating_sub(i + 1));
    let when = model
        .study
        .trials
        .get(trial)
        .and_then(|t| t.finished)
        .filter(|_| level < 2)
        .map(|t| format!(", {}", ago(model.now - t)))
        .unwrap_or_default();
    let behind = match since {
        0 => tr!(ctx, "the newest").to_owned(),
        1 => tr!(ctx, "1 trial ago").to_owned(),
        n => tr!(ctx, "{n} trials ago", n = n),
    };
    spans.push(Span::styled(
        tr!(
            ctx,
            "  trial {trial}, {behind}{when}",
            trial = text::fit(&ctx.trial_name(trial), 14),
            behind = behind,
            when = when
        ),
        theme.dim(),
    ));
    if let Some(target) = model.study.budget.target
        && level < 3
    {
        let reached = !model.study.direction().is_better(target, value);
        let text = if reached {
            tr!(ctx, "  target {target} reached", target = significant(target, 4))
        } else {
            tr!(ctx, "  target {target}", target = significant(target, 4))
        };
        spans.push(Span::styled(
            text,
            if reached { theme.accent() } else { theme.dim() },
        ));
    }
    spans
}

/// The verdict on the model, and what it stands on.
fn trust<'a>(ctx: &Context<'a>, level: u8, with_advice: bool) -> Spans<'a> {
    let theme = &ctx.theme;
    let mut spans = Vec::new();
    if let Some(trust) = &ctx.model.trust {
        let (glyph, style) = match trust.value.verdict {
            Verdict::Good => ("✓", theme.text()),
            Verdict::Weak => ("≈", theme.accent()),
            Verdict::Misleading => ("✗", theme.error()),
            Verdict::TooFew | Verdict::Flat => ("◌", theme.dim()),
        };
        spans.push(Span::styled(tr!(ctx, "model "), theme.dim()));
        spans.push(Span::styled(
            format!("{glyph} {}", ctx.language().word(trust.value.verdict.word())),
            style,
        ));
        if level < 2 {
            let reason = continued(&ctx.language().reword(&text::clean(&trust.value.reason)));
            spans.push(Span::styled(format!(": {reason}"), theme.dim()));
        } else if level < 3 && trust.value.q2.is_finite() {
            spans.push(Span::styled(
                format!(", Q² {}", fixed(trust.value.q2.max(-9.99), 2)),
                theme.dim(),
            ));
        }
    }
    spans.extend(remarks(ctx, level));
    let advice = if with_advice {
        outlook(ctx, level)
    } else {
        Span::raw("")
    };
    let fit = fit_words(ctx, level, !advice.content.is_empty());
    for part in [advice, fit] {
        if !part.content.is_empty() {
            if !spans.is_empty() {
                spans.push(Span::raw("   "));
            }
            spans.push(part);
        }
    }
    spans
}

/// How many remarks there are on the model, and the key that tells them.
fn remarks<'a>(ctx: &Context<'a>, level: u8) -> Option<Span<'a>> {
    let lints = ctx.model.trust.as_ref().map_or(0, |t| t.value.lints.len());
    let warnings = ctx.summary.map_or(0, |s| s.warnings.len());
    let words = match (lints + warnings, level) {
        // Where both do not fit, the reason of the verdict comes first.
        (0, _) | (_, 1) => return None,
        (1, 0) => format!("   {}", tr!(ctx, "1 remark (w)")),
        (n, 0) => format!("   {}", tr!(ctx, "{n} remarks (w)", n = n)),
        (n, _) => format!("  ⚑ {n} (w)"),
    };
    Some(Span::styled(words, ctx.theme.dim()))
}

/// Whether to go on, in a few words.
fn outlook<'a>(ctx: &Context<'a>, level: u8) -> Span<'a> {
    let advice = ctx.model.stopping.as_ref().map(|s| s.value.outlook);
    let is_told = matches!(ctx.model.fit, FitStatus::Current) && !ctx.model.is_blind();
    match advice.filter(|_| is_told) {
        Some(outlook) if outlook != Outlook::TooFew && level < TERSENESS => {
            Span::styled(ctx.language().word(outlook.word()), ctx.theme.text())
        }
        _ => Span::raw(""),
    }
}

/// A sentence as the second half of one: no capital, no full stop.
fn continued(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut chars = sentence.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            format!(
                "{}{}",
                first.to_lowercase(),
                sentence.get(first.len_utf8()..).unwrap_or_default()
            )
        }
        _ => sentence.to_owned(),
    }
}

fn fit_words<'a>(ctx: &Context<'a>, level: u8, has_advice: bool) -> Span<'a> {
    let model = ctx.model;
    let theme = &ctx.theme;
    match &model.fit {
        FitStatus::Fitting { since } => {
            let waited = model.now - since;
            let text = if waited >= 3.0 && level < 3 {
                tr!(
                    ctx,
                    "refitting, {waited}…",
                    waited = duration((waited / 5.0).floor().max(0.2) * 5.0)
                )
            } else {
                tr!(ctx, "refitting…").to_owned()
            };
            Span::styled(text, theme.accent())
        }
        // Nothing has failed: there is nothing to compare yet.
        FitStatus::Failed(_) if ctx.encoder.dims() == 0 => Span::styled(
            tr!(
                ctx,
                "needs 2 different trials; {complete} now",
                complete = ctx.counts.complete
            ),
            theme.dim(),
        ),
        FitStatus::Failed(why) => Span::styled(
            match level {
                0..2 => tr!(ctx, "fit failed: {why}", why = text::fit(&text::clean(why), 48)),
                _ => tr!(ctx, "fit failed").to_owned(),
            },
            theme.error(),
        ),
        FitStatus::Idle => Span::raw(""),
        FitStatus::Current => {
            let words = ctx
                .summary
                .and_then(|s| hyperparameter_words(ctx, s, level, has_advice));
            Span::styled(words.unwrap_or_default(), theme.dim())
        }
    }
}

/// Where the hyperparameters are from; nothing where the advice beside it says more.
fn hyperparameter_words(
    ctx: &Context<'_>,
    summary: &FitSummary,
    level: u8,
    has_advice: bool,
) -> Option<String> {
    let model = ctx.model;
    let (from, all) = (summary.hyperparameters_from, summary.trials_used);
    // Where room is short, the advice beside it says more.
    let is_usual = summary.active_set.is_none() && !summary.prior_only && from == all;
    let is_given = model.settings.given.is_some();
    if level >= 2 && is_usual && has_advice && !is_given {
        return None;
    }
    Some(match (summary.active_set, level) {
        _ if model.by_hand.model.is_some() => match level {
            0..3 => tr!(ctx, "hyperparameters set by hand (H)").to_owned(),
            _ => tr!(ctx, "by hand").to_owned(),
        },
        _ if model.settings.given.is_some() => match level {
            0..3 => tr!(ctx, "hyperparameters as given").to_owned(),
            _ => tr!(ctx, "given").to_owned(),
        },
        _ if summary.prior_only => match level {
            0..2 => tr!(ctx, "prior hyperparameters").to_owned(),
            2..4 => tr!(ctx, "prior only").to_owned(),
            _ => tr!(ctx, "prior").to_owned(),
        },
        (Some((used, all)), 0..2) => tr!(
            ctx,
            "stands on {used} of {all} trials, fitted to {from}",
            used = used,
            all = all,
            from = from
        ),
        (Some((used, all)), _) => tr!(ctx, "on {used} of {all}", used = used, all = all),
        (None, 0..2) if from < all => tr!(
            ctx,
            "hyperparameters fitted to {from} of {all} trials",
            from = from,
            all = all
        ),
        (None, 0..2) => tr!(ctx, "hyperparameters fitted to {from} trials", from = from),
        (None, 2..4) => tr!(ctx, "fitted to {from} trials", from = from),
        (None, _) => format!("n = {from}"),
    })
}
