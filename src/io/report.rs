//! What was read, as `trials` prints it.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::study::label::is_hostile;
use crate::study::{Diagnostic, Domain, Parameter, Study, Trial, When};

/// The JSON of `trials --format json`, made a trial at a time as it is written: as one tree, that of 100,000 trials
/// would take longer to make than the file takes to read. Numbers that are not finite are `null`; the bounds of an
/// inferred space are those observed.
#[derive(Debug, Serialize)]
pub struct TrialsReport<'s> {
    source: Json,
    #[serde(rename = "study")]
    about: Json,
    space: Json,
    counts: Json,
    best: Json,
    trials: Trials<'s>,
    warnings: Vec<Json>,
}

#[derive(Debug)]
struct Trials<'s>(&'s Study);

impl Serialize for Trials<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(study) = self;
        serializer.collect_seq(study.trials.iter().map(|t| trial_report(study, t)))
    }
}

impl<'s> TrialsReport<'s> {
    #[must_use]
    pub fn of(study: &'s Study, kind: &str, path: &str) -> Self {
        let best = study.best().and_then(|i| study.trials.get(i));
        Self {
            source: json!({"kind": kind, "path": path}),
            about: json!({
                "name": study.name,
                "metric": study.metric,
                "direction": study.direction(),
                "directions": study.directions,
                "constraints": constraints(study),
            }),
            space: json!({
                "inferred": study.space.inferred,
                "params": study.space.params.iter().map(parameter).collect::<Vec<_>>(),
            }),
            counts: json!(study.counts()),
            best: json!(best.map(|trial| json!({
                "id": trial.id,
                "value": trial.objective(),
                "params": params(study, trial),
            }))),
            trials: Trials(study),
            warnings: warnings(study),
        }
    }
}

/// [`TrialsReport`] as a tree.
#[must_use]
pub fn trials_report(study: &Study, kind: &str, path: &str) -> Json {
    json!(TrialsReport::of(study, kind, path))
}

/// The constraints, each as its name, its side (`<=`, `>=`) and its bound.
fn constraints(study: &Study) -> Vec<Json> {
    let each = study.constraints.iter();
    each.map(|c| json!({"name": c.name, "side": c.sign(), "bound": c.bound}))
        .collect()
}

fn parameter(parameter: &Parameter) -> Json {
    let name = &parameter.name;
    let mut json = match &parameter.domain {
        Domain::Float { low, high, log, step } => json!({
            "name": name, "type": "float", "low": low, "high": high, "log": log, "step": step, "choices": null,
        }),
        Domain::Int { low, high, log, step } => json!({
            "name": name, "type": "int", "low": low, "high": high, "log": log, "step": step, "choices": null,
        }),
        Domain::Categorical { choices } => json!({
            "name": name, "type": "categorical", "low": null, "high": null, "log": false, "step": null,
            "choices": choices,
        }),
    };
    // Only where there is something to say: most spaces have no conditions.
    if let (Some(activity), Some(object)) = (&parameter.activity, json.as_object_mut()) {
        let mut rules = Map::new();
        for rule in &activity.rules {
            let condition = match &rule.when {
                When::OneOf(values) => json!(values),
                When::AtLeast(x) => json!({"min": x}),
                When::AtMost(x) => json!({"max": x}),
            };
            let slot = rules.entry(rule.parent.raw().to_owned()).or_insert(Json::Null);
            match (slot.as_object_mut(), condition) {
                (Some(both), Json::Object(more)) => both.extend(more),
                (_, condition) => *slot = condition,
            }
        }
        object.insert("active".to_owned(), Json::Object(rules));
        object.insert("active_inferred".to_owned(), activity.inferred.into());
    }
    json
}

fn params(study: &Study, trial: &Trial) -> Map<String, Json> {
    study
        .columns
        .iter()
        .enumerate()
        .filter_map(|(k, name)| Some((name.raw().to_owned(), trial.param(k)?.to_json())))
        .collect()
}

/// One trial, as `--format json` and `jsonl` give it.
#[must_use]
pub fn trial_report(study: &Study, trial: &Trial) -> Json {
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(trial.id));
    out.insert("state".to_owned(), json!(trial.state));
    out.insert("params".to_owned(), Json::Object(params(study, trial)));
    if study.directions.len() > 1 {
        out.insert("values".to_owned(), json!(trial.values));
    } else {
        out.insert("value".to_owned(), json!(trial.values.first()));
    }
    let curve: Map<String, Json> = trial
        .intermediate
        .iter()
        .map(|(step, x)| (step.to_string(), json!(x)))
        .collect();
    out.insert("intermediate".to_owned(), Json::Object(curve));
    out.insert("seconds".to_owned(), json!(trial.seconds));
    if !study.constraints.is_empty() {
        let told = study.constraints.iter();
        let told = told.map(|c| (c.name.raw().to_owned(), json!(c.of(trial))));
        out.insert("constraints".to_owned(), Json::Object(told.collect()));
        out.insert("feasible".to_owned(), json!(study.is_feasible(trial)));
    }
    if let Some(id) = &trial.queue_id {
        out.insert("queue_id".to_owned(), json!(id));
    }
    if !trial.attributes.is_empty() {
        let attributes = trial.attributes.iter();
        let attributes = attributes.map(|(name, value)| (name.raw().to_owned(), value.to_json()));
        out.insert("attributes".to_owned(), Json::Object(attributes.collect()));
    }
    Json::Object(out)
}

/// `[{"line", "message"}]` of everything that was wrong.
fn warnings(study: &Study) -> Vec<Json> {
    study
        .diagnostics
        .iter()
        .map(|Diagnostic { line, message }| json!({"line": line, "message": message}))
        .collect()
}

/// `trials --format jsonl`: one trial a line, in the shape that the generic reader reads.
#[must_use]
pub fn trials_jsonl(study: &Study) -> String {
    let mut out = String::new();
    for trial in &study.trials {
        out.push_str(&trial_report(study, trial).to_string());
        out.push('\n');
    }
    out
}

/// A text as it is, but for what a terminal must never see: a table has no escapes for it.
fn harmless(text: &str) -> String {
    let sign = |c| {
        if is_hostile(c) && !matches!(c, '\n' | '\t') {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(sign).collect()
}

/// `trials --format csv`: a header and one trial a row, with parameters as `params_NAME`, in the shape
/// that the generic reader reads.
///
/// # Errors
/// None that a vector as target can give; kept for the writer's sake.
pub fn trials_csv(study: &Study) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let count = study.directions.len();
    let mut header = vec!["number".to_owned(), "state".to_owned()];
    if count > 1 {
        header.extend((0..count).map(|k| format!("values_{k}")));
    } else {
        header.push("value".to_owned());
    }
    header.push("seconds".to_owned());
    header.extend(
        study
            .columns
            .iter()
            .map(|c| harmless(&format!("params_{}", c.raw()))),
    );
    writer.write_record(&header)?;
    for trial in &study.trials {
        let number = |x: Option<&f64>| x.map_or_else(String::new, f64::to_string);
        let mut row = vec![trial.id.to_string(), trial.state.word().to_owned()];
        row.extend((0..count).map(|k| number(trial.values.get(k))));
        row.push(number(trial.seconds.as_ref()));
        row.extend((0..study.columns.len()).map(|k| {
            trial
                .param(k)
                .map_or_else(String::new, |value| match value.to_json() {
                    Json::String(text) => harmless(&text),
                    Json::Null => "None".to_owned(),
                    other => other.to_string(),
                })
        }));
        writer.write_record(&row)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
