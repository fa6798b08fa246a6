//! A finished trial that a person records in Optuna's storage: what `study.add_trial` writes.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::study::label::scrub;
use crate::study::{Configuration, Label, Space, Value};

use super::super::optuna::distribution::Distribution;
use super::DeliveryError;
use super::decision::random_uuid;
use super::distribution::check;
use super::waiting::Domains;

/// A finished trial on its way into a storage.
#[derive(Clone, Debug)]
pub struct Told {
    /// Never written twice.
    pub id: String,
    /// Name and value of each parameter that takes part, and the distribution where the storage has none yet.
    params: Vec<(Label, Value, Option<String>)>,
    values: Vec<f64>,
    pub when: Timestamp,
}

/// A parameter as Optuna keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ToldParam {
    pub name: String,
    pub internal: f64,
    pub distribution: String,
}

impl Told {
    /// A configuration of the space and what it gave, one value an objective; a value that is not finite is a failure. A
    /// space that was inferred says nothing of distributions.
    #[must_use]
    pub fn new(space: &Space, configuration: &Configuration, values: &[f64], when: Timestamp) -> Self {
        let params = space.params.iter().zip(configuration);
        let params = params.filter(|(_, v)| !v.is_inactive()).map(|(p, v)| {
            let text = (!space.inferred).then(|| Distribution::text_of(&p.domain));
            (p.name.clone(), v.clone(), text)
        });
        Self {
            id: random_uuid(),
            params: params.collect(),
            values: values.to_vec(),
            when,
        }
    }

    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.values.is_empty() || self.values.iter().any(|v| !v.is_finite())
    }

    /// The values of a trial that did not fail.
    pub(super) fn finite_values(&self) -> impl Iterator<Item = f64> {
        let values = if self.is_failed() { &[][..] } else { &self.values };
        values.iter().copied()
    }

    /// The user attribute by which it is known again.
    pub(super) fn attribute(&self) -> Json {
        json!({"by": "user", "id": self.id, "created": self.when.to_string(), "origin": "told"})
    }

    /// The parameters as the storage keeps them, each checked against the distribution that the study has for it.
    ///
    /// # Errors
    /// Which value is refused, and why.
    pub(super) fn params(&self, domains: &impl Domains) -> Result<Vec<ToldParam>, DeliveryError> {
        self.params
            .iter()
            .map(|(name, value, own)| {
                let refused = |problem: &str, remedy| DeliveryError::Refused {
                    name: name.shown().to_owned(),
                    value: scrub(&value.to_string()),
                    problem: problem.to_owned(),
                    remedy,
                };
                let own = || Distribution::parse(own.as_deref()?);
                let distribution = (domains.distribution(name.raw()).cloned())
                    .or_else(own)
                    .ok_or_else(|| {
                        refused(
                            "has no distribution yet, which Optuna needs beside it",
                            "give the space with --space, or let a worker run a trial first",
                        )
                    })?;
                let checked = check(&distribution, name, value)?;
                let internal = distribution.internal(&checked).ok_or_else(|| {
                    refused("cannot be told from another choice by Optuna", "choose another")
                })?;
                Ok(ToldParam {
                    name: name.raw().to_owned(),
                    internal,
                    distribution: distribution.text.to_string(),
                })
            })
            .collect()
    }
}
