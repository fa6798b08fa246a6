//! Is the run alive, and going well?

use super::super::context::{Context, ago};
use super::super::number::{duration, significant};
use super::{Section, Table};
use crate::study::{Direction, TrialState};

pub fn section(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("run", "the run");
    out.say(source(ctx));
    out.say(counts(ctx));
    if let Some(words) = budget(ctx) {
        out.say(words);
    }
    best(ctx, &mut out);
    out
}

fn source(ctx: &Context<'_>) -> String {
    let model = ctx.model;
    let study = &model.study;
    let verb = match study.direction() {
        Direction::Minimize => "minimises",
        Direction::Maximize => "maximises",
    };
    let name = if study.name.is_empty() {
        String::new()
    } else {
        format!("Study {} ", study.name)
    };
    let kind = if model.source.kind.is_empty() {
        String::new()
    } else {
        format!(" ({})", model.source.kind)
    };
    let mut words = format!("{name}in {}{kind} {verb} {}.", model.source.path, ctx.metric());
    if study.directions.len() > 1 {
        words.push_str(&format!(
            " It has {} objectives; the first is modelled.",
            study.directions.len()
        ));
    }
    if model.source.studies.len() > 1 {
        words.push_str(&format!(
            " It is one of {} studies of this source.",
            model.source.studies.len()
        ));
    }
    if let Some(changed) = model.source.changed {
        words.push_str(&format!(" The source last changed {}.", ago(model.now - changed)));
    }
    words
}

fn counts(ctx: &Context<'_>) -> String {
    let c = ctx.counts;
    if c.total == 0 {
        return "There is no trial yet.".to_owned();
    }
    let parts = [
        (c.complete, "complete"),
        (c.pruned, "pruned"),
        (c.failed, "failed"),
        (c.running, "running"),
        (c.waiting, "waiting"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    format!("{} trials: {}.", c.total, words.join(", "))
}

fn budget(ctx: &Context<'_>) -> Option<String> {
    let budget = ctx.model.study.budget;
    let c = ctx.counts;
    let mut parts = Vec::new();
    if let Some(trials) = budget.trials {
        parts.push(format!("{} of {trials} trials", c.complete + c.pruned + c.failed));
    }
    if let Some(seconds) = budget.seconds {
        let busy = ctx.model.study.busy_seconds(ctx.model.now);
        parts.push(format!("{} of {}", duration(busy), duration(seconds)));
    }
    if let Some(target) = budget.target {
        parts.push(format!("target {}", significant(target, 6)));
    }
    (!parts.is_empty()).then(|| format!("Budget used: {}.", parts.join(", ")))
}

fn best(ctx: &Context<'_>, out: &mut Section) {
    let study = &ctx.model.study;
    let complete = study.trials.iter().filter(|t| t.state == TrialState::Complete);
    match complete.filter(|t| ctx.is_infeasible(t)).count() {
        0 => {}
        n => out.say(format!("{n} of the complete trials are infeasible.")),
    }
    let Some((index, trial)) = ctx.best.and_then(|i| Some((i, study.trials.get(i)?))) else {
        return;
    };
    let since = ctx.model.history.points.iter();
    let since = since
        .skip_while(|p| p.trial != index)
        .skip(1)
        .filter(|p| {
            matches!(
                p.state,
                TrialState::Complete | TrialState::Pruned | TrialState::Failed
            )
        })
        .count();
    let value = ctx.best_value().unwrap_or(f64::NAN);
    let after = match since {
        0 => "it is the newest result".to_owned(),
        1 => "one trial has finished since".to_owned(),
        n => format!("{n} trials have finished since"),
    };
    out.say(format!(
        "The best {} is {}, of trial {}; {after}.",
        ctx.metric(),
        ctx.value.show(value),
        ctx.trial_name(index)
    ));
    let mut table = Table::new("the best configuration", &["parameter", "value"], [1]);
    table.rows = study
        .space
        .params
        .iter()
        .filter_map(|p| Some(vec![p.name.to_string(), Context::show(p.of(trial)?)]))
        .collect();
    out.table(table);
}
