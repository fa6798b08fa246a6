//! A constraint that a result must satisfy: memory at most 24 GB, latency at most 200 ms, accuracy at least 0.9.
//!
//! A trial is *feasible* where it satisfies every constraint, and *infeasible* where it violates one; one that violated
//! none but did not tell of all is neither. The best trial is looked for among those that are not infeasible.

use std::fmt;

use super::label::scrub;
use super::{Label, Study, Trial};

/// Which side of the bound is allowed; the bound itself is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    AtMost,
    AtLeast,
}

/// Where the measurement that is constrained stands in a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In [`Trial::constraints`], at this index.
    Told(usize),
    /// Among the attributes.
    Attribute(Label),
    /// In this column of the parameters: what looked like a parameter is a measurement.
    Column(usize),
    /// Nowhere yet.
    Unknown,
}

/// One outcome constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Name of the measurement.
    pub name: Label,
    pub side: Side,
    /// In the units of the measurement.
    pub bound: f64,
    pub place: Place,
}

impl Constraint {
    /// A constraint as a person writes it: `peak_gb<=24`, `accuracy >= 0.9` (`<` and `>` are read as well).
    ///
    /// # Errors
    /// What is wrong with the text, and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let example = "write the measurement, <= or >=, and a number, such as peak_gb<=24";
        let Some((at, sign)) = text
            .char_indices()
            .find(|(_, c)| matches!(c, '<' | '>' | '≤' | '≥'))
        else {
            return Err(format!("`{}` has neither <= nor >=; {example}", scrub(text)));
        };
        let side = if matches!(sign, '<' | '≤') {
            Side::AtMost
        } else {
            Side::AtLeast
        };
        let (name, rest) = text.split_at(at);
        let name = name.trim();
        let rest = rest.strip_prefix(sign).unwrap_or(rest);
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
        if name.is_empty() {
            return Err(format!(
                "`{}` does not name a measurement; {example}",
                scrub(text)
            ));
        }
        match rest.parse::<f64>() {
            Ok(bound) if bound.is_finite() => Ok(Self {
                name: Label::new(name),
                side,
                bound,
                place: Place::Unknown,
            }),
            _ => Err(format!(
                "`{}` is no number that {} can be held against; {example}",
                scrub(rest),
                scrub(name)
            )),
        }
    }

    /// How far a measurement is beyond the bound, in its units: at most 0 where the constraint is satisfied.
    #[must_use]
    pub fn excess(&self, value: f64) -> f64 {
        match self.side {
            Side::AtMost => value - self.bound,
            Side::AtLeast => self.bound - value,
        }
    }

    /// Whether a measurement is beyond the bound.
    #[must_use]
    pub fn is_violated_by(&self, value: f64) -> bool {
        self.excess(value) > 0.0
    }

    /// The measurement that is `excess` beyond the bound.
    #[must_use]
    pub fn value(&self, excess: f64) -> f64 {
        match self.side {
            Side::AtMost => self.bound + excess,
            Side::AtLeast => self.bound - excess,
        }
    }

    /// What a trial has told of it, in the units of the measurement; it may be infinite, not NaN.
    #[must_use]
    pub fn of(&self, trial: &Trial) -> Option<f64> {
        let value = match &self.place {
            Place::Told(at) => *trial.constraints.get(*at)?,
            Place::Attribute(name) => trial.attributes.iter().find(|(n, _)| n == name)?.1.as_f64()?,
            Place::Column(column) => trial.param(*column)?.as_f64()?,
            Place::Unknown => return None,
        };
        (!value.is_nan()).then_some(value)
    }

    /// `<=` or `>=`, as [`Constraint::parse`] reads it.
    #[must_use]
    pub fn sign(&self) -> &'static str {
        match self.side {
            Side::AtMost => "<=",
            Side::AtLeast => ">=",
        }
    }
}

/// `peak_gb ≤ 24`.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.side {
            Side::AtMost => '≤',
            Side::AtLeast => '≥',
        };
        write!(f, "{} {sign} {}", self.name, self.bound)
    }
}

impl Study {
    /// Whether a trial satisfies every constraint: `Some(false)` where it violates one, `None` where it violated none
    /// but has not told of all (or there are none).
    #[must_use]
    pub fn is_feasible(&self, trial: &Trial) -> Option<bool> {
        let mut told = !self.constraints.is_empty();
        for constraint in &self.constraints {
            match constraint.of(trial) {
                Some(value) if constraint.is_violated_by(value) => return Some(false),
                Some(_) => {}
                None => told = false,
            }
        }
        told.then_some(true)
    }

    /// The objective of a complete trial that is not infeasible, where it is finite.
    #[must_use]
    pub fn feasible_objective(&self, trial: &Trial) -> Option<f64> {
        trial
            .objective()
            .filter(|_| self.is_feasible(trial) != Some(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{TrialId, TrialState, Value};
    use std::sync::Arc;

    #[test]
    fn a_constraint_is_read_as_it_is_written() {
        let read = |text| Constraint::parse(text).unwrap();
        for (text, shown) in [
            ("peak_gb<=24", "peak_gb ≤ 24"),
            (" eval/accuracy >= 0.9 ", "eval/accuracy ≥ 0.9"),
            ("latency ms < 2e2", "latency ms ≤ 200"),
            ("a≥-1", "a ≥ -1"),
        ] {
            assert_eq!(read(text).to_string(), shown);
        }
        assert_eq!(read("a>=1").excess(0.25), 0.75);
        assert_eq!(read("a>=1").value(0.75), 0.25);
        assert_eq!(read("a<=1").excess(0.25), -0.75);
        for (text, part) in [
            ("peak_gb", "neither <= nor >="),
            ("<=3", "does not name"),
            ("a<=b", "`b` is no number"),
            ("a<=inf", "`inf` is no number"),
            ("a<=", "`` is no number"),
        ] {
            let said = Constraint::parse(text).unwrap_err();
            assert!(said.contains(part) && said.contains("peak_gb<=24"), "{said}");
        }
    }

    fn trial(value: f64, told: &[f64], gb: Option<f64>) -> Arc<Trial> {
        Arc::new(Trial {
            state: TrialState::Complete,
            values: vec![value],
            constraints: told.into(),
            attributes: gb
                .map(|gb| (Label::new("gb"), Value::Float(gb)))
                .into_iter()
                .collect(),
            ..Trial::new(TrialId::Number(0))
        })
    }

    #[test]
    fn the_best_satisfies_every_constraint_that_it_tells_of() {
        let mut study = Study::empty();
        let constraint = |text: &str, place| Constraint {
            place,
            ..Constraint::parse(text).unwrap()
        };
        study.constraints = vec![
            constraint("c<=0", Place::Told(0)),
            constraint("gb<=24", Place::Attribute(Label::new("gb"))),
        ];
        study.trials = vec![
            trial(1.0, &[0.1], Some(10.0)),
            trial(2.0, &[-1.0], Some(30.0)),
            trial(3.0, &[f64::NAN], Some(24.0)),
            trial(4.0, &[0.0], Some(24.0)),
            trial(0.0, &[f64::INFINITY], None),
        ];
        let each: Vec<Option<bool>> = study.trials.iter().map(|t| study.is_feasible(t)).collect();
        assert_eq!(each, [Some(false), Some(false), None, Some(true), Some(false)]);
        assert_eq!(study.best(), Some(2));
        study.trials.truncate(2);
        assert_eq!(study.best(), None);
        assert!(study.has_objective());
    }
}
