//! What was seen: values over time, and the trials themselves.

use super::super::context::Context;
use super::super::number::duration;
use super::{Section, Table};
use crate::study::{Trial, TrialState};

/// Most rows of a table of trials; a file with all of them is what `trials` writes.
const MOST: usize = 500;

pub fn history(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("history", "history");
    let history = &ctx.model.history;
    if history.points.is_empty() {
        return out;
    }
    let mut table = Table::new(
        "each trial that was the best when it ended",
        &["trial", ctx.metric(), "trials before it"],
        [1, 2],
    );
    let mut best = None;
    for (before, point) in history.points.iter().enumerate() {
        if point.state == TrialState::Complete && point.best != best && point.best.is_some() {
            best = point.best;
            let value = best.unwrap_or(f64::NAN);
            table.rows.push(vec![
                ctx.trial_name(point.trial),
                ctx.value.show(value),
                before.to_string(),
            ]);
        }
    }
    if let Some((low, high)) = history.range {
        let clipped = match history.clipped {
            0 => String::new(),
            1 => "; one value lies outside of the picture".to_owned(),
            n => format!("; {n} values lie outside of the picture"),
        };
        out.say(format!(
            "Values of {} between {} and {}{clipped}. {} improvements.",
            ctx.metric(),
            ctx.value.show(low),
            ctx.value.show(high),
            table.rows.len()
        ));
    }
    out.table(table);
    out
}

pub fn trials(ctx: &Context<'_>) -> Section {
    let mut out = Section::new("trials", "trials");
    let study = &ctx.model.study;
    if study.trials.is_empty() {
        return out;
    }
    let rows = &ctx.model.table.rows;
    if rows.len() > MOST {
        out.say(format!(
            "The newest {MOST} of {}; `tunescope trials` lists them all.",
            rows.len()
        ));
    }
    let mut head = vec!["trial", "state", ctx.metric(), "time"];
    head.extend(study.space.params.iter().map(|p| p.name.shown()));
    let mut table = Table::new("all trials", &head, [2, 3]);
    let from = study.trials.len().saturating_sub(MOST);
    table.rows = study.trials.iter().skip(from).map(|t| row(ctx, t)).collect();
    out.table(table);
    out
}

fn row(ctx: &Context<'_>, trial: &Trial) -> Vec<String> {
    let values: Vec<String> = trial.values.iter().map(|v| ctx.value.show(*v)).collect();
    let none = || "–".to_owned();
    let mut cells = vec![
        trial.id.to_string(),
        trial.state.word().to_owned(),
        if values.is_empty() {
            none()
        } else {
            values.join(" ")
        },
        trial.seconds.map_or_else(none, duration),
    ];
    let params = ctx.model.study.space.params.iter();
    cells.extend(params.map(|p| p.of(trial).map_or_else(none, Context::show)));
    cells
}
