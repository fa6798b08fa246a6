//! From the arguments to a study.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::args::Reading;
use super::error::CliError;
use super::progress::Progress;
use crate::io::sources::{self};
use crate::io::{ReadError, ReadOptions, Reader, SpaceFile, read_once};
use crate::study::{Configuration, Study, Value};

/// What the options say about a source.
pub fn options(reading: &Reading) -> Result<ReadOptions, CliError> {
    Ok(ReadOptions {
        kind: reading.from.as_deref().map(sources::by_name).transpose()?,
        study: reading.study.clone(),
        also: reading.also.clone(),
        also_studies: reading.also_study.clone(),
        offset_per_study: reading.offset_per_study,
        metric: reading.metric.clone(),
        direction: reading.direction.map(Into::into),
        params: reading.params.clone(),
        constraints: reading.constraint.clone(),
        space: reading.space.as_deref().map(SpaceFile::read).transpose()?,
    })
}

/// Reads a source once, to its end.
pub fn read(source: &Path, reading: &Reading) -> Result<Reader, CliError> {
    let progress = Progress::start(format!("reading {}", shown_path(source)));
    let mut watch = |now: crate::io::Progress| {
        progress.at(now.bytes_done, now.bytes_total);
        ControlFlow::Continue(())
    };
    let reader = read_once(source, options(reading)?, &mut watch)?;
    drop(progress);
    let studies = reader.studies();
    if studies.len() > 1 && reading.study.is_none() {
        let names: Vec<&str> = studies.iter().map(|s| s.name.shown()).collect();
        super::say(&format!(
            "{} holds {} studies ({}); this is {}; --study NAME chooses another",
            shown_path(source),
            studies.len(),
            names.join(", "),
            reader.study().name
        ));
    }
    Ok(reader)
}

/// The study of a source that has something to tune.
pub fn study(source: &Path, reading: &Reading) -> Result<Arc<Study>, CliError> {
    tunable(source, read(source, reading)?.study())
}

/// As [`study`]; where a space file says what there is to tune, a source that is not there or is empty is a study
/// without trials.
pub fn study_or_start(source: &Path, reading: &Reading) -> Result<Arc<Study>, CliError> {
    tunable(source, read_or_start(source, reading)?.study())
}

/// As [`read`]; what is not there, or is empty, is read as no trial where a space file says what there is to tune.
pub fn read_or_start(source: &Path, reading: &Reading) -> Result<Reader, CliError> {
    match read(source, reading) {
        Err(CliError::Read(ReadError::Missing { .. } | ReadError::Empty { .. }))
            if reading.space.is_some() =>
        {
            Ok(Reader::open(source, options(reading)?)?)
        }
        found => found,
    }
}

fn tunable(source: &Path, study: Arc<Study>) -> Result<Arc<Study>, CliError> {
    if study.space.is_empty() && study.space.inferred && study.trials.len() == 1 && !study.columns.is_empty()
    {
        return Err(CliError::OneTrial {
            path: source.to_owned(),
        });
    }
    if study.space.is_empty() {
        return Err(CliError::NoSpace {
            path: source.to_owned(),
        });
    }
    Ok(study)
}

/// The name that `trials` gives a path.
pub fn shown_path(source: &Path) -> String {
    crate::io::database::url::shown(source)
}

/// A JSON object; `place` says where the text came from.
pub fn object(place: &str, text: &str) -> Result<Map<String, Json>, CliError> {
    match serde_json::from_str(text) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(CliError::NotAnObject {
            place: place.to_owned(),
        }),
        Err(source) => Err(CliError::Json {
            place: place.to_owned(),
            source,
        }),
    }
}

/// A configuration of the space. Where the space was inferred, its bounds are those seen so far, so a number
/// may lie outside of them; otherwise every value must be allowed.
pub fn configuration(
    study: &Study,
    place: &str,
    object: &Map<String, Json>,
) -> Result<Configuration, CliError> {
    let space = &study.space;
    let wrong = |source| CliError::Configuration {
        place: place.to_owned(),
        source,
    };
    let checked = space.configuration_from_json(object);
    if !space.inferred {
        return checked.map_err(wrong);
    }
    checked.or_else(|error| {
        let loose: Option<Configuration> = space
            .params
            .iter()
            .map(|p| {
                let Some(value) = object.get(p.name.raw()).and_then(Value::from_json) else {
                    return p.activity.is_some().then_some(Value::Inactive);
                };
                p.check(&value)
                    .ok()
                    .or_else(|| (!p.is_categorical()).then_some(value))
            })
            .collect();
        let known = object.keys().all(|k| space.index_of(k).is_some());
        loose
            .filter(|values| {
                known
                    && values.iter().zip(&space.params).all(|(v, p)| {
                        p.is_categorical() || v.is_inactive() || v.as_f64().is_some_and(f64::is_finite)
                    })
            })
            // As many values as take part, no more and no fewer.
            .map(|values| {
                let keep = |i| space.is_active(&values, i);
                let marked = values.iter().enumerate();
                marked
                    .map(|(i, v)| if keep(i) { v.clone() } else { Value::Inactive })
                    .collect::<Configuration>()
            })
            .filter(|values| (0..values.len()).all(|i| space.is_active(values, i) != values[i].is_inactive()))
            .ok_or_else(|| wrong(error))
    })
}
