//! Can the model be trusted? And what looked odd.

use super::super::context::Context;
use super::super::number::{fixed, percent, signed, significant};
use super::{Section, Table};
use crate::analysis::{FitSummary, Trust};
use crate::session::model::FitStatus;

pub fn section(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("model", "the model");
    if let FitStatus::Failed(why) = &ctx.model.fit {
        out.say(format!("There is no model: {why}."));
    }
    let Some(summary) = ctx.summary else {
        if out.blocks.is_empty() {
            out.say("There is no model yet: it needs a complete trial.");
        }
        return out;
    };
    let trust = ctx.model.trust.as_ref().map(|t| &t.value);
    if let Some(trust) = trust {
        verdict(trust, &mut out);
    }
    if let Some(advice) = &ctx.model.stopping {
        out.say(advice.value.sentence.clone());
        if let Some(gain) = advice.value.gain {
            out.say(format!(
                "At the most hopeful place, the upper end of its 95 % band, {} could be gained.",
                significant(gain.bound, 2)
            ));
        }
    }
    fit(ctx, summary, &mut out);
    lengthscales(ctx, summary, &mut out);
    let odd = summary.warnings.iter().chain(trust.iter().flat_map(|t| &t.lints));
    for sentence in odd {
        out.say(format!("Odd: {sentence}"));
    }
    out
}

fn verdict(trust: &Trust, out: &mut Section) {
    out.say(format!("Verdict: {}. {}", trust.verdict.word(), trust.reason));
    let mut words = format!(
        "Each trial predicted from the others: Q² {} (1 is perfect, 0 no better than the mean), {} inside their 68 % bands, \
         {} inside their 95 % bands, log density {} nats a trial.",
        fixed(trust.q2, 2),
        percent(trust.coverage68),
        percent(trust.coverage95),
        signed(trust.log_predictive, 2)
    );
    if let Some(one) = &trust.one_step {
        words.push_str(&format!(
            " Each of the last {} predicted from those before it: z rms {} (1 is calibrated), {} inside 95 %.",
            one.count,
            fixed(one.z_rms, 2),
            percent(one.coverage95)
        ));
    }
    out.say(words);
}

fn fit(ctx: &Context<'_>, summary: &FitSummary, out: &mut Section) {
    let mut words = format!(
        "Gaussian process with kernel {} on {} trials; log marginal likelihood {}, noise {} in {} near the best.",
        summary.kernel,
        summary.trials_used,
        significant(summary.log_marginal_likelihood, 5),
        significant(summary.noise_sd, 2),
        ctx.metric()
    );
    if let Some((used, all)) = summary.active_set {
        words.push_str(&format!(" It stands on {used} of {all} trials."));
    }
    if !summary.left_out.is_empty() {
        words.push_str(&format!(" {} trials are left out.", summary.left_out.len()));
    }
    out.say(words);
}

fn lengthscales(ctx: &Context<'_>, summary: &FitSummary, out: &mut Section) {
    let head = ["parameter", "lengthscale", "matters", "alone"];
    let mut table = Table::new(
        "what matters: lengthscales in widths of the axis (long means little), shares of the variation of the mean",
        &head,
        [1, 2, 3],
    );
    for param in ctx.model.params_by_importance() {
        let none = || "–".to_owned();
        let scale = summary.lengthscales.iter().find(|(p, _)| *p == param);
        let importance = ctx.model.importance.as_ref();
        let share = importance.and_then(|i| i.value.shares.iter().find(|s| s.param == param));
        table.rows.push(vec![
            ctx.param_name(param).to_owned(),
            scale.map_or_else(none, |(_, l)| significant(*l, 3)),
            share.map_or_else(none, |s| match s.spread {
                Some((low, high)) => format!("{} ({} to {})", percent(s.total), percent(low), percent(high)),
                None => percent(s.total),
            }),
            share.map_or_else(none, |s| percent(s.first)),
        ]);
    }
    out.table(table);
}

/// What was assumed without being told, and the rows that were wrong.
pub fn warnings(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("warnings", "what was assumed, and what was wrong");
    let study = &ctx.model.study;
    if study.space.inferred && !study.space.is_empty() {
        out.say("The space is inferred from the rows; a space file gives it bounds.");
    }
    for note in &study.notes {
        out.say(note.clone());
    }
    let mut table = Table::new("warnings", &["line", "what"], [0]);
    table.rows = study
        .diagnostics
        .iter()
        .map(|d| {
            let line = d.line.map_or_else(|| "–".to_owned(), |l| l.to_string());
            vec![line, d.message.clone()]
        })
        .collect();
    out.table(table);
    out
}
