//! Whether what was read can be worked with.

use crate::study::{Diagnostic, Label, Study, Trial, TrialState};

use super::super::error::ReadError;
use super::super::source::Source;
use super::super::sources;
use super::Reader;

impl Reader {
    /// Whether what was read so far can be worked with; why not, as a headless command would say it.
    ///
    /// # Errors
    /// There is no file, nothing in it, nothing that is understood, not the wanted study or column, or
    /// several studies and no choice.
    pub fn check(&self) -> Result<(), ReadError> {
        let path = || self.path.clone();
        if matches!(self.origin, super::Origin::Nothing) {
            return Err(ReadError::NothingInFolder {
                path: path(),
                known: sources::names(),
            });
        }
        if let super::Origin::Store(store) = &self.origin {
            store.check()?;
        }
        if self.is_missing {
            return Err(ReadError::Missing { path: path() });
        }
        if let Some(why) = self.strange {
            return Err(ReadError::Strange { path: path(), why });
        }
        if self.pipe().is_some_and(|p| p.is_cut()) {
            return Err(ReadError::TooMuch { path: path() });
        }
        if self.source().is_none() {
            return Err(if self.rest.trim_ascii().is_empty() {
                ReadError::Empty { path: path() }
            } else {
                sources::unknown(&self.path)
            });
        }
        let studies = self.studies();
        let known = || {
            let names: Vec<&str> = studies.iter().map(|s| s.name.shown()).collect();
            names.join(", ")
        };
        match &self.options.study {
            Some(name) if !studies.is_empty() && !studies.iter().any(|s| s.name == **name) => {
                return Err(ReadError::NoSuchStudy {
                    path: path(),
                    name: crate::study::label::scrub(name),
                    known: known(),
                });
            }
            None if studies.len() > 1 && !self.source().is_some_and(Source::takes_newest) => {
                return Err(ReadError::WhichStudy {
                    path: path(),
                    known: known(),
                });
            }
            _ => {}
        }
        if let (Some(name), Some(known)) = (
            self.options.metric(),
            self.source().and_then(Source::metrics_instead),
        ) {
            return Err(ReadError::NoSuchMetric {
                path: path(),
                name: crate::study::label::scrub(name),
                known,
            });
        }
        let columns = &self.study.columns;
        match self
            .options
            .params
            .iter()
            .find(|p| !columns.iter().any(|c| *c == ***p))
        {
            Some(name) if !self.study.trials.is_empty() => Err(ReadError::NoSuchColumn {
                path: path(),
                name: crate::study::label::scrub(name),
                known: columns.iter().map(Label::shown).collect::<Vec<_>>().join(", "),
            }),
            _ => Ok(()),
        }
    }
}

/// Says which parameters take part for some configurations only, as far as that was learned from the rows.
pub(super) fn note_activity(study: &mut Study) {
    for p in &study.space.params {
        if let Some(activity) = p.activity.as_ref().filter(|a| a.inferred) {
            study.notes.push(format!(
                "parameter {} is active when {activity} (learned from the trials; `active` in a space file says it for sure).",
                p.name
            ));
        }
    }
}

/// What is said of a parameter of a declared space that has no choice left.
#[must_use]
pub fn fixed(study: &Study) -> Vec<String> {
    let params = study.space.params.iter();
    params
        .filter(|p| !study.space.inferred && p.cardinality() == Some(1))
        .map(|p| {
            format!(
                "parameter {} has one value only: it is fixed, and nothing is searched there.",
                p.name
            )
        })
        .collect()
}

/// Names the parameters because of which no trial can be learned from, and notes those that their owner has fixed,
/// which is no mistake.
pub(super) fn warn_of_gaps(study: &mut Study) {
    let mut warnings = Vec::new();
    let complete = || study.trials.iter().filter(|t| t.state == TrialState::Complete);
    let is_full = |t: &Trial| study.space.configuration_of(t).is_some();
    if complete().next().is_some() && !complete().any(|t| is_full(t)) {
        let gaps = study
            .space
            .params
            .iter()
            .filter(|p| complete().any(|t| t.param(p.column).is_none()));
        let names: Vec<&str> = gaps.map(|p| p.name.shown()).collect();
        warnings.push(format!(
            "no complete trial has a value for every parameter ({} are not in every one), so that no model can \
             be fitted; --params with those that every trial has makes it possible.",
            names.join(", ")
        ));
    }
    let fixed = fixed(study);
    study.notes.extend(fixed);
    study
        .diagnostics
        .extend(warnings.into_iter().map(|message| Diagnostic {
            line: None,
            message: crate::study::label::scrub(&message),
        }));
}
