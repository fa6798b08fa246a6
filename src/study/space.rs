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

    /// The configuration of a trial, where it has a value for every parameter that takes part.
    #[must_use]
    pub fn configuration_of(&self, trial: &Trial) -> Option<Configuration> {
        let value = |i: usize| self.params.get(i).and_then(|p| p.of(trial).cloned());
        (0..self.params.len())
            .map(|i| match super::activity::is_active(&self.params, &value, i) {
                Some(false) => Some(Value::Inactive),
                Some(true) => value(i),
                None => None,
            })
            .collect()
    }

    /// Checks every value against its domain and makes the types canonical. What takes no part is marked so,
    /// whatever value it was given.
    ///
    /// # Errors
    /// The first parameter that does not hold.
    pub fn check(&self, configuration: &[Value]) -> Result<Configuration, StudyError> {
        self.params
            .iter()
            .enumerate()
            .map(|(i, p)| match configuration.get(i) {
                Some(_) if !self.is_active(configuration, i) => Ok(Value::Inactive),
                Some(Value::Inactive) => Err(StudyError::Missing {
                    name: p.name.shown().to_owned(),
                }),
                Some(value) => p.check(value),
                None => Err(StudyError::Missing {
                    name: p.name.shown().to_owned(),
                }),
            })
            .collect()
    }

    /// Reads `{"name": value, …}`; every parameter that takes part must be there, no other name may be. The value of
    /// one that takes no part beside the others has no meaning and is dropped.
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
        let given: Vec<Value> = self
            .params
            .iter()
            .map(|p| match json.get(p.name.raw()).and_then(Value::from_json) {
                Some(value) => Ok(value),
                None if p.activity.is_some() => Ok(Value::Inactive),
                None => Err(StudyError::Missing {
                    name: p.name.shown().to_owned(),
                }),
            })
            .collect::<Result<_, _>>()?;
        self.check(&given)
    }

    /// `{"name": value, …}` in the order of the space, without what takes no part.
    #[must_use]
    pub fn configuration_to_json(
        &self,
        configuration: &[Value],
    ) -> serde_json::Map<String, serde_json::Value> {
        self.params
            .iter()
            .zip(configuration)
            .filter(|(_, v)| !v.is_inactive())
            .map(|(p, v)| (p.name.raw().to_owned(), v.to_json()))
            .collect()
    }
}
