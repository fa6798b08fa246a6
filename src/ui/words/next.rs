//! What comes next, and why?

use super::super::context::Context;
use super::super::number::{percent, significant, with_sd};
use super::super::panes::suggestion::why;
use super::{Section, Table};
use crate::analysis::{Reason, Suggestion};
use crate::session::receipt::{Receipt, ReceiptState};

pub fn section(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("suggestion", "the suggestion");
    match ctx.model.suggestion() {
        Some(suggestion) => suggested(ctx, suggestion, &mut out),
        None if ctx.model.study.space.is_empty() => out.say("There is no parameter that could be tuned."),
        None => out.say("There is no suggestion."),
    }
    queue(ctx, &mut out);
    out
}

fn suggested(ctx: &Context<'_>, suggestion: &Suggestion, out: &mut Section) {
    out.say(match suggestion.reason {
        Reason::InitialDesign => "The next configuration is a point of the initial design.",
        Reason::Acquisition => "The next configuration is the maximum of the acquisition function.",
        Reason::Replicate => {
            "The next configuration is one that was tried: with this noise it is worth another look."
        }
        Reason::Exhausted => "Every configuration was tried; this one is worth another look.",
    });
    let best = ctx.best.and_then(|i| ctx.model.study.trials.get(i));
    let mut table = Table::new(
        "the next configuration",
        &["parameter", "suggested", "best so far"],
        [1, 2],
    );
    let params = ctx.model.study.space.params.iter();
    table.rows = params
        .zip(&suggestion.configuration)
        .map(|(p, value)| {
            let best = best
                .and_then(|t| p.of(t))
                .map_or_else(|| "–".to_owned(), Context::show);
            vec![p.name.to_string(), Context::show(value), best]
        })
        .collect();
    out.table(table);
    if let Some(p) = &suggestion.prediction {
        let against = ctx.best_value().map_or_else(String::new, |b| {
            format!("; the best so far is {}", ctx.value.show(b))
        });
        out.say(format!(
            "Predicted {}: {}, 95 % between {} and {}{against}.",
            ctx.metric(),
            with_sd(p.mean, p.sd),
            ctx.value.show(p.low95),
            ctx.value.show(p.high95)
        ));
    }
    if ctx.seeks_feasible() {
        out.say("No trial is feasible yet: what is likely to be is proposed, whatever its value.");
    } else if let Some(r) = &suggestion.readout {
        out.say(format!(
            "Expected improvement {} = exploitation {} + exploration {}, in units of the model; the chance of an improvement \
             is {}.",
            significant(r.ei, 3),
            significant(r.exploitation, 3),
            significant(r.exploration, 3),
            percent(r.pi)
        ));
        let function = ctx.model.acquisition.function;
        if let Some(value) = r.chosen {
            out.say(format!(
                "Ranked by {}: {} {}.",
                function.title(),
                significant(value, 4),
                function.unit()
            ));
        }
    }
    for (label, words) in why::reasons(ctx) {
        out.say(format!("{label}: {words}."));
    }
}

fn queue(ctx: &Context<'_>, out: &mut Section) {
    let mut table = Table::new(
        "accepted configurations, newest first",
        &["state", "configuration", "predicted", "result"],
        [2, 3],
    );
    table.rows = ctx.model.receipts.iter().map(|r| receipt(ctx, r)).collect();
    out.table(table);
}

fn receipt(ctx: &Context<'_>, receipt: &Receipt) -> Vec<String> {
    let params = ctx.model.study.space.params.iter().zip(&receipt.configuration);
    let words: Vec<String> = params
        .filter(|(_, v)| !v.is_inactive())
        .map(|(p, v)| format!("{}={}", p.name, Context::show(v)))
        .collect();
    let state = match &receipt.state {
        ReceiptState::Claimed { by } => format!("claimed by {by}"),
        ReceiptState::Running { trial } => format!("running as trial {trial}"),
        ReceiptState::Failed { trial } => format!("failed, trial {trial}"),
        ReceiptState::Finished { trial, .. } => format!("finished, trial {trial}"),
        _ => receipt.word().to_owned(),
    };
    let result = match receipt.state {
        ReceiptState::Finished { value, .. } => ctx.value.show(value),
        _ => "–".to_owned(),
    };
    let predicted = receipt
        .predicted
        .map_or_else(|| "–".to_owned(), |(mean, sd)| with_sd(mean, sd));
    vec![state, words.join(" "), predicted, result]
}
