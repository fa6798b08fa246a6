//! The search space: the parameters that are tuned, in a fixed order.

use super::{Parameter, StudyError, Trial, Value};

/// The parameters of a study. A *configuration* is one [`Value`] a parameter, in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    pub params: Vec<Parameter>,
    /// Whether bounds and types were inferred from the rows (and are to be shown as inferred).
    pub inferred: bool,
}

/// One value a parameter, aligned with `Space::params`.
pub type Configuration = Vec<Value>;

impl Space {
    #[must_use]
    pub fn len(&self) -> usize {
        self.params.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    /// Index of a parameter by its raw name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|p| p.name == *name)
    }

    /// The configuration of a trial, where it has a value for every parameter.
    #[must_use]
    pub fn configuration_of(&self, trial: &Trial) -> Option<Configuration> {
        self.params
            .iter()
            .map(|p| trial.param(p.column).cloned())
            .collect()
    }

    /// Checks every value against its domain and makes the types canonical.
    ///
    /// # Errors
    /// The first parameter that does not hold.
    pub fn check(&self, configuration: &[Value]) -> Result<Configuration, StudyError> {
        self.params
            .iter()
            .enumerate()
            .map(|(i, p)| match configuration.get(i) {
                Some(value) => p.check(value),
                None => Err(StudyError::Missing {
                    name: p.name.shown().to_owned(),
                }),
            })
            .collect()
    }

    /// Reads `{"name": value, …}`; every parameter must be there, no other name may be.
    ///
    /// # Errors
    /// Unknown and missing names, and values outside their domains.
    pub fn configuration_from_json(
        &self,
        json: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Configuration, StudyError> {
        if let Some(name) = json.keys().find(|k| self.index_of(k).is_none()) {
            return Err(StudyError::Unknown {
                name: super::label::scrub(name),
                known: self
                    .params
                    .iter()
                    .map(|p| p.name.shown())
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
        self.params
            .iter()
            .map(|p| {
                let value =
                    json.get(p.name.raw())
                        .and_then(Value::from_json)
                        .ok_or_else(|| StudyError::Missing {
                            name: p.name.shown().to_owned(),
                        })?;
                p.check(&value)
            })
            .collect()
    }

    /// `{"name": value, …}` in the order of the space.
    #[must_use]
    pub fn configuration_to_json(
        &self,
        configuration: &[Value],
    ) -> serde_json::Map<String, serde_json::Value> {
        self.params
            .iter()
            .zip(configuration)
            .map(|(p, v)| (p.name.raw().to_owned(), v.to_json()))
            .collect()
    }
}
