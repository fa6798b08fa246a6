//! What the explorer prints where there is no screen: the four questions, answered in plain text.

use std::path::Path;

use super::args::Explore;
use super::error::CliError;
use super::out::Out;
use super::text::{Columns, best_words, harmless, value_words};
use super::{engine, load};
use crate::analysis::{AcquisitionSettings, ModelSettings, SurrogateError};
use crate::study::number::{percent, with_sd};

pub fn print(
    source: &Path,
    args: &Explore,
    settings: &ModelSettings,
    acquisition: AcquisitionSettings,
) -> Result<(), CliError> {
    let study = load::study(source, &args.reading)?;
    let mut out = Out::new();
    let counts = study.counts();
    out.line(format!(
        "{}: {} trials ({counts})",
        harmless(&load::shown_path(source)),
        counts.total
    ))?;
    if let Some(best) = best_words(&study, "") {
        out.line(best)?;
    }
    let modelling = (&args.modelling, settings);
    let name = args.reading.study.as_deref();
    let found = match engine::suggest(&study, source, name, 1, modelling, acquisition) {
        Err(CliError::Suggest(exhausted)) => {
            out.line(format!("next: {exhausted}"))?;
            Vec::new()
        }
        found => found?,
    };
    if let Some(next) = found.first() {
        let predicted = next
            .prediction
            .map_or_else(String::new, |p| format!(" (predicted {})", with_sd(p.mean, p.sd)));
        out.line(format!("next{predicted}, by {}:", next.reason.word()))?;
        let mut params = Columns::default();
        for (p, v) in study.space.params.iter().zip(&next.configuration) {
            params.row([p.name.to_string(), value_words(v)]);
        }
        out.columns(&params, 2)?;
    }
    match engine::surrogate(&study, &args.modelling, settings) {
        Ok(model) => {
            let trust = model.trust();
            out.line(format!("model {}: {}", trust.verdict.word(), trust.reason))?;
            if let Some(importance) = model.importance(&|| false) {
                let words: Vec<String> = importance
                    .shares
                    .iter()
                    .filter_map(|s| {
                        Some(format!(
                            "{} {}",
                            study.space.params.get(s.param)?.name,
                            percent(s.total)
                        ))
                    })
                    .collect();
                out.line(format!("what matters: {}", words.join(", ")))?;
            }
        }
        Err(CliError::Surrogate(SurrogateError::NoTrials)) => {
            out.line("no model yet: it needs a complete trial")?;
        }
        Err(CliError::Surrogate(error @ SurrogateError::NothingShared { .. })) => {
            out.line(format!("no model yet: {}", harmless(&error.to_string())))?;
        }
        Err(error) => return Err(error),
    }
    if !study.diagnostics.is_empty() {
        out.line(format!(
            "{} warnings; see tunescope trials",
            study.diagnostics.len()
        ))?;
    }
    out.finish()
}
