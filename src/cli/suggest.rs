//! `tunescope suggest`: the next configurations.

use serde_json::{Value as Json, json};

use super::args::{Suggest, SuggestFormat};
use super::error::CliError;
use super::out::Out;
use super::text::{Columns, configuration_words, value_words};
use super::{engine, load};
use crate::analysis::{AcquisitionSettings, Suggestion};
use crate::config::FileSettings;
use crate::study::number::{significant, with_sd};
use crate::study::{Form, Study};

pub fn run(args: &Suggest) -> Result<(), CliError> {
    let file = FileSettings::load(args.engine.config.config.as_deref())?;
    let settings = engine::model_settings(&args.engine.modelling, &file);
    let acquisition = engine::acquisition_settings(&args.engine.acquisition, &file);
    let study = load::study_or_start(&args.source, &args.engine.reading)?;
    let count = usize::try_from(args.count).unwrap_or(1);
    let found = engine::suggest(
        &study,
        &args.source,
        args.engine.reading.study.as_deref(),
        count,
        (&args.engine.modelling, &settings),
        acquisition,
    )?;
    if found.is_empty() {
        return Err(CliError::Suggest(crate::analysis::SuggestError::Exhausted));
    }
    if found.len() < count {
        super::say(&format!(
            "{} of {count}: the search space has no more configurations",
            found.len()
        ));
    }
    let mut out = Out::new();
    match args.format {
        SuggestFormat::Json => {
            let all: Vec<Json> = found.iter().map(|s| json(s, &study, acquisition)).collect();
            out.json(&all)?;
        }
        SuggestFormat::Yaml => forms(Form::Yaml, &found, &study, &mut out)?,
        SuggestFormat::Args => forms(Form::Args, &found, &study, &mut out)?,
        SuggestFormat::Optuna => forms(Form::Optuna, &found, &study, &mut out)?,
        SuggestFormat::Python => forms(Form::Python, &found, &study, &mut out)?,
        SuggestFormat::Text => {
            for (i, suggestion) in found.iter().enumerate() {
                if i > 0 {
                    out.line("")?;
                }
                text(suggestion, &study, acquisition, &mut out)?;
            }
        }
    }
    out.finish()
}

/// One a line; several documents of YAML.
fn forms(form: Form, found: &[Suggestion], study: &Study, out: &mut Out) -> Result<(), CliError> {
    for (i, suggestion) in found.iter().enumerate() {
        if form == Form::Yaml && i > 0 {
            out.line("---")?;
        }
        out.line(form.text(&study.space, &suggestion.configuration))?;
    }
    Ok(())
}

/// One of the answers of `suggest --format json`.
pub fn json(suggestion: &Suggestion, study: &Study, acquisition: AcquisitionSettings) -> Json {
    let (p, r) = (&suggestion.prediction, &suggestion.readout);
    json!({
        "params": study.space.configuration_to_json(&suggestion.configuration),
        "mean": p.map(|p| p.mean),
        "sd": p.map(|p| p.sd),
        "acquisition": {
            "name": acquisition.function.name(),
            "value": r.and_then(|r| r.chosen),
        },
        "exploitation": r.map(|r| r.exploitation),
        "exploration": r.map(|r| r.exploration),
        "p_ok": p.and_then(|p| p.p_ok),
        "p_feasible": p.and_then(|p| p.p_feasible),
        "constraints": super::constraints::json(&suggestion.why.constraints),
        "reason": suggestion.reason.word(),
    })
}

fn text(
    suggestion: &Suggestion,
    study: &Study,
    acquisition: AcquisitionSettings,
    out: &mut Out,
) -> Result<(), CliError> {
    let mut params = Columns::default();
    let values = study.space.params.iter().zip(&suggestion.configuration);
    for (p, v) in values.filter(|(_, v)| !v.is_inactive()) {
        params.row([p.name.to_string(), value_words(v)]);
    }
    out.columns(&params, 0)?;
    if let Some(p) = suggestion.prediction {
        let best = study.best().and_then(|i| study.trials.get(i)?.objective());
        let against = best.map_or_else(String::new, |b| {
            format!(", the best so far is {}", significant(b, 5))
        });
        out.line(format!(
            "  predicted {} {}{against}",
            study.metric,
            with_sd(p.mean, p.sd)
        ))?;
    }
    // Where nothing is feasible there is nothing to improve on.
    let is_seeking = study.best().is_none() && !suggestion.why.constraints.is_empty();
    if let Some(r) = suggestion.readout.filter(|_| !is_seeking) {
        out.line(format!(
            "  expected improvement {} = exploitation {} + exploration {}; P(improve) {}{}",
            significant(r.ei, 3),
            significant(r.exploitation, 3),
            significant(r.exploration, 3),
            crate::study::number::percent(r.pi),
            suggestion
                .prediction
                .and_then(|p| p.p_ok)
                .map_or_else(String::new, |p| format!("; P(ok) {}", significant(p, 2)))
        ))?;
    }
    for constraint in &suggestion.why.constraints {
        out.line(format!("  {}", super::constraints::words(constraint)))?;
    }
    let by = suggestion
        .readout
        .and_then(|r| r.chosen)
        .map_or_else(String::new, |value| {
            let function = acquisition.function;
            let value = significant(value, 4);
            if is_seeking && function.is_positive() {
                return ": no trial is feasible yet, so this is where one is most likely to be".to_owned();
            }
            format!(
                ", {} {value} {}: {}",
                function.title(),
                function.unit(),
                function.explanation()
            )
        });
    out.line(format!("  reason: {}{by}", suggestion.reason.word()))?;
    if let Some((other, share)) = &suggestion.why.runner_up {
        out.line(format!(
            "  runner-up at {}: {}",
            crate::study::number::percent(*share),
            configuration_words(&study.space, other)
        ))?;
    }
    Ok(())
}
