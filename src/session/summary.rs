//! The plain words that are printed after the screen is gone.

use crate::study::number::{duration, significant, with_sd};

use super::model::Model;

/// A few lines: the study, the best, the suggestion, the verdict. Text is scrubbed already.
#[must_use]
pub fn summary(model: &Model) -> String {
    let counts = model.study.counts();
    let mut lines = vec![format!(
        "{}: {} trials ({counts})",
        model.source.path, counts.total
    )];
    if let Some(best) = model.study.best() {
        let trial = &model.study.trials[best];
        let params: Vec<String> = model
            .study
            .space
            .params
            .iter()
            .filter_map(|p| Some(format!("{}={}", p.name, trial.param(p.column)?)))
            .collect();
        lines.push(format!(
            "best {} {} (trial {}): {}",
            model.study.metric,
            significant(trial.values.first().copied().unwrap_or(f64::NAN), 6),
            trial.id,
            params.join(" ")
        ));
    }
    if let Some(suggestion) = model.suggestion() {
        let params: Vec<String> = model
            .study
            .space
            .params
            .iter()
            .zip(&suggestion.configuration)
            .map(|(p, v)| format!("{}={v}", p.name))
            .collect();
        let predicted = suggestion
            .prediction
            .map_or_else(String::new, |p| format!(", predicted {}", with_sd(p.mean, p.sd)));
        lines.push(format!("next{predicted}: {}", params.join(" ")));
    }
    if let Some(trust) = &model.trust {
        lines.push(format!(
            "model {}: {}",
            trust.value.verdict.word(),
            trust.value.reason
        ));
    }
    if let Some(changed) = model.source.changed {
        lines.push(format!("last change {} ago", duration(model.now - changed)));
    }
    lines.join("\n")
}
