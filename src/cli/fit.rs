//! `tunescope fit`: the model, and what it makes of the data.

use std::time::Instant;

use serde_json::{Value as Json, json};

use super::args::{Fit, Format};
use super::error::CliError;
use super::out::Out;
use super::text::{Columns, domain_words};
use super::{engine, load};
use crate::analysis::Surrogate;
use crate::analysis::settings::Objective;
use crate::config::FileSettings;
use crate::study::Study;
use crate::study::number::{significant, with_sd};

pub fn run(args: &Fit) -> Result<(), CliError> {
    let file = FileSettings::load(args.config.config.as_deref())?;
    let settings = engine::model_settings(&args.modelling, &file);
    let study = load::study(&args.source, &args.reading)?;
    let started = Instant::now();
    let model = engine::surrogate(&study, &args.modelling, &settings)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut out = Out::new();
    match args.output.format {
        Format::Json => {
            let mut answer = report(&model, settings.objective);
            answer["seconds"] = seconds.into();
            out.json(&answer)?;
        }
        Format::Text => text(&model, &study, args, seconds, &mut out)?,
    }
    out.finish()
}

/// The answer of `fit --format json`, but for the time it took: the rest is the same each time.
pub fn report(model: &Surrogate, objective: Objective) -> Json {
    let summary = &model.summary;
    let left_out: Vec<Json> = summary
        .left_out
        .iter()
        .map(|(id, why)| json!({"id": id, "why": why}))
        .collect();
    let study = model.study();
    let extrapolated: Vec<Json> = model
        .extrapolations()
        .filter_map(|e| {
            let trial = study.trials.get(e.trial)?;
            Some(json!({
                "id": trial.id,
                "state": e.state.word(),
                "step": e.step,
                "last": e.last,
                "value": e.value,
                "sd": e.sd,
                "learned_from": e.learned_from,
            }))
        })
        .collect();
    json!({
        "model": Json::from(model.model_file()),
        "objective": match objective {
            Objective::MarginalLikelihood => "marginal_likelihood",
            Objective::LeaveOneOut => "loo",
        },
        "log_marginal_likelihood": summary.log_marginal_likelihood,
        "log_posterior": summary.log_posterior,
        "loo_log_predictive": summary.loo_log_predictive,
        "trials_used": summary.trials_used,
        "trials_left_out": left_out,
        "trials_extrapolated": extrapolated,
        "jitter": summary.jitter,
        "warnings": summary.warnings,
    })
}

fn text(model: &Surrogate, study: &Study, args: &Fit, seconds: f64, out: &mut Out) -> Result<(), CliError> {
    let summary = &model.summary;
    let how = if args.modelling.model.is_some() {
        "model as given"
    } else if summary.prior_only {
        "priors alone: too few trials to fit"
    } else {
        "fitted"
    };
    out.line(format!(
        "Gaussian process on {} trials ({how}, {} s)",
        summary.trials_used,
        significant(seconds, 2)
    ))?;
    if let Some((used, all)) = summary.active_set {
        out.line(format!("  stands on {used} of {all} trials"))?;
    }
    let mut facts = Columns::default();
    let mut fact = |name: &str, value: String| facts.row([name.to_owned(), value]);
    fact("kernel", summary.kernel.clone());
    fact("signal variance", significant(summary.signal_variance, 4));
    fact(
        "noise variance",
        format!(
            "{} (sd {} in {} near the best)",
            significant(summary.noise_variance, 4),
            significant(summary.noise_sd, 3),
            study.metric
        ),
    );
    fact(
        "log marginal likelihood",
        significant(summary.log_marginal_likelihood, 6),
    );
    fact("log posterior", significant(summary.log_posterior, 6));
    fact(
        "leave-one-out log density",
        significant(summary.loo_log_predictive, 6),
    );
    if summary.jitter > 0.0 {
        fact("jitter", significant(summary.jitter, 2));
    }
    out.columns(&facts, 2)?;
    out.line("")?;
    out.line("lengthscales (in widths of the axis; long means it matters little)")?;
    let mut scales = Columns::flush_right([1]);
    for (param, lengthscale) in &summary.lengthscales {
        if let Some(p) = study.space.params.get(*param) {
            scales.row([p.name.to_string(), significant(*lengthscale, 3), domain_words(p)]);
        }
    }
    out.columns(&scales, 2)?;
    let trust = model.trust();
    out.line("")?;
    out.line(format!("trust: {}: {}", trust.verdict.word(), trust.reason))?;
    for lint in trust.lints.iter().chain(&summary.warnings) {
        out.line(format!("  {lint}"))?;
    }
    if let Some(best) = study.best().and_then(|i| study.trials.get(i))
        && let Some(configuration) = study.space.configuration_of(best)
        && let Ok(p) = model.predict(&configuration)
    {
        out.line(format!(
            "best: trial {}, {} {}; the model says {}",
            best.id,
            study.metric,
            significant(best.objective().unwrap_or(f64::NAN), 6),
            with_sd(p.mean, p.sd)
        ))?;
    }
    if !summary.left_out.is_empty() {
        let count = summary.left_out.len();
        out.line(format!(
            "left out: {count} {}",
            if count == 1 { "trial" } else { "trials" }
        ))?;
        for (id, why) in &summary.left_out {
            out.line(format!("  {id}: {why}"))?;
        }
    }
    Ok(())
}
