//! A decision as a waiting trial of Optuna, in whichever storage: the attributes that carry it, and whether the
//! study would take its values.

use serde_json::{Map, Value as Json, json};

use crate::study::Label;
use crate::study::label::scrub;

use super::super::optuna::distribution::Distribution;
use super::decision::{edited_of, origin_of, part};
use super::distribution::check;
use super::{Decision, DeliveryError};

/// The user attribute that a trial of ours carries.
pub(super) const KEY: &str = "tunescope";

/// What the trials of a study say of its parameters.
pub(super) trait Domains {
    /// The one that a parameter had last.
    fn distribution(&self, name: &str) -> Option<&Distribution>;
    /// Names of the parameters, sorted.
    fn names(&self) -> Vec<&str>;
}

/// The value of the user attribute.
pub(super) fn user_attribute(decision: &Decision) -> Json {
    let names: Vec<&str> = decision.edited.iter().map(Label::raw).collect();
    json!({
        "by": "user",
        "id": decision.id,
        "created": decision.created.to_string(),
        "from": decision.acquisition.as_ref().map(|a| a.name.as_str()),
        "origin": decision.origin,
        "edited": names,
        "predicted": decision.predicted,
        "acquisition": decision.acquisition,
        "note": decision.note.as_ref().map(Label::raw),
    })
}

/// The decision behind a trial that tunescope wrote: its user attribute and its `fixed_params`.
pub(super) fn decision_of(ours: &Json, fixed: &Json) -> Option<Decision> {
    let ours = ours.as_object()?;
    let text = |key: &str| ours.get(key).and_then(Json::as_str);
    let mut decision = Decision::from_json(&json!({
        "id": ours.get("id")?,
        "created": text("created").unwrap_or("1970-01-01T00:00:00Z"),
        "params": fixed,
    }))
    .ok()?;
    decision.origin = origin_of(text("origin"));
    decision.edited = edited_of(ours.get("edited"));
    decision.predicted = part(ours.get("predicted"));
    decision.acquisition = part(ours.get("acquisition"));
    decision.note = text("note").map(Label::new);
    Some(decision)
}

/// Every value checked against the distribution that the study's trials have for it.
///
/// # Errors
/// Which value Optuna would choke on, or ignore, and why.
pub(super) fn fixed_params(
    domains: &impl Domains,
    decision: &Decision,
) -> Result<Map<String, Json>, DeliveryError> {
    let known = domains.names();
    let mut fixed = decision.params_json()?;
    for (label, value) in &decision.params {
        if let Some(distribution) = domains.distribution(label.raw()) {
            fixed.insert(
                label.raw().to_owned(),
                check(distribution, label, value)?.to_json(),
            );
        } else if !known.is_empty() {
            return Err(DeliveryError::Refused {
                name: label.shown().to_owned(),
                value: scrub(&value.to_string()),
                problem: format!(
                    "would be ignored by Optuna, because no trial of the study has such a parameter (they \
                     have {})",
                    scrub(&known.join(", "))
                ),
                remedy: "leave it out",
            });
        }
    }
    Ok(fixed)
}
