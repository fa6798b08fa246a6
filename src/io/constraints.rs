//! The constraints that a person sets (`--constraint`, `[constraints]` of a space file), found in what a source
//! measures.

use crate::study::{Constraint, Diagnostic, Label, Place, Study, Trial};

use super::names;
use super::source::ReadOptions;

/// Trials from either end that are looked through for a measurement: a name that no trial has must not cost a walk
/// through all of them at each poll.
const LOOKED_AT: usize = 2000;

/// Adds the constraints that a person sets to those that the source declares (one of the same name is replaced), and
/// finds each where the trials have it: among what they told, their attributes, or a column that looked like a
/// parameter, which then is none any more. One that is nowhere is a diagnostic, once there are results.
pub fn apply(study: &mut Study, options: &ReadOptions) {
    let in_file = options.space.iter().flat_map(|space| &space.constraints);
    for given in in_file.chain(&options.constraints) {
        match study.constraints.iter_mut().find(|c| c.name == given.name) {
            // What the trials told is the same measurement, wherever it stands.
            Some(known) => {
                let place = std::mem::replace(&mut known.place, Place::Unknown);
                *known = Constraint {
                    place,
                    ..given.clone()
                };
            }
            None => study.constraints.push(given.clone()),
        }
    }
    for k in 0..study.constraints.len() {
        let Some(constraint) = study.constraints.get(k) else {
            break;
        };
        if constraint.place != Place::Unknown {
            continue;
        }
        let name = constraint.name.clone();
        match find(study, &name) {
            Found::At(place) => {
                if let Place::Column(column) = &place {
                    study.space.params.retain(|p| p.column != *column);
                }
                if let Some(constraint) = study.constraints.get_mut(k) {
                    constraint.place = place;
                }
            }
            Found::Parameter => study.diagnostics.push(complaint(format!(
                "constraint {name}: that is a parameter; its range in the space is what bounds it."
            ))),
            Found::Nowhere(others) if study.has_objective() => {
                let others = match others.as_slice() {
                    [] => "they measure nothing but the objective".to_owned(),
                    names => format!("they have {}", names.join(", ")),
                };
                study.diagnostics.push(complaint(format!(
                    "constraint {name}: no trial has a measurement of that name; {others}."
                )));
            }
            Found::Nowhere(_) => {}
        }
    }
}

fn complaint(message: String) -> Diagnostic {
    Diagnostic { line: None, message }
}

enum Found {
    At(Place),
    /// A parameter that was declared as one.
    Parameter,
    /// The names of the numbers that trials have.
    Nowhere(Vec<String>),
}

/// Where trials have a measurement: under its whole name (`user_attrs_latency` in an export of Optuna is `latency`), or
/// under one that ends in it (`eval/latency`) where that is but one.
fn find(study: &Study, name: &Label) -> Found {
    let bare = names::without_attribute_prefix(name.raw());
    if let Some(column) = study.columns.iter().position(|c| c == name) {
        let is_parameter = study.space.params.iter().any(|p| p.column == column);
        return match is_parameter && !study.space.inferred {
            true => Found::Parameter,
            false => Found::At(Place::Column(column)),
        };
    }
    let mut ending: Vec<Label> = Vec::new();
    let mut others: Vec<Label> = Vec::new();
    let n = study.trials.len();
    let ends = study.trials.iter().take(LOOKED_AT);
    let last = study
        .trials
        .iter()
        .skip(LOOKED_AT.max(n.saturating_sub(LOOKED_AT)));
    for trial in ends.chain(last) {
        for measured in numbers(trial) {
            if measured == name || *measured == *bare {
                return Found::At(Place::Attribute(measured.clone()));
            }
            let list = match is_ending(measured.raw(), bare) {
                true => &mut ending,
                false => &mut others,
            };
            if !list.contains(measured) {
                list.push(measured.clone());
            }
        }
    }
    match ending.as_slice() {
        [one] => Found::At(Place::Attribute(one.clone())),
        [] => Found::Nowhere(others.iter().take(8).map(|l| l.shown().to_owned()).collect()),
        several => Found::Nowhere(several.iter().map(|l| l.shown().to_owned()).collect()),
    }
}

fn numbers(trial: &Trial) -> impl Iterator<Item = &Label> {
    let numeric = trial.attributes.iter().filter(|(_, v)| v.as_f64().is_some());
    numeric.map(|(name, _)| name)
}

fn is_ending(measured: &str, name: &str) -> bool {
    let before = measured.strip_suffix(name).unwrap_or("");
    before.ends_with(['/', '.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Domain, Parameter, TrialId, TrialState, Value};
    use std::sync::Arc;

    fn study(attributes: &[(&str, f64)]) -> Study {
        let mut study = Study::empty();
        study.trials = vec![Arc::new(Trial {
            state: TrialState::Complete,
            values: vec![1.0],
            params: vec![Some(Value::Float(0.1))],
            attributes: attributes
                .iter()
                .map(|(name, v)| (Label::new(name), Value::Float(*v)))
                .collect(),
            ..Trial::new(TrialId::Number(0))
        })];
        study.columns = vec![Label::new("lr")];
        study
    }

    fn with(text: &str) -> ReadOptions {
        ReadOptions {
            constraints: vec![Constraint::parse(text).unwrap()],
            ..ReadOptions::default()
        }
    }

    #[test]
    fn a_constraint_is_found_by_its_whole_name_or_by_the_one_name_that_ends_in_it() {
        let place = |attributes: &[(&str, f64)], text: &str| {
            let mut study = study(attributes);
            apply(&mut study, &with(text));
            (study.constraints[0].of(&study.trials[0]), study.diagnostics)
        };
        assert_eq!(place(&[("gb", 3.0), ("x/gb", 4.0)], "gb<=2").0, Some(3.0));
        assert_eq!(place(&[("x/gb", 4.0)], "gb<=2").0, Some(4.0));
        assert_eq!(place(&[("gb", 4.0)], "user_attrs_gb<=2").0, Some(4.0));
        let (none, said) = place(&[("x/gb", 4.0), ("y/gb", 4.0)], "gb<=2");
        assert_eq!(none, None);
        assert!(said[0].message.contains("they have x/gb, y/gb"), "{said:?}");
        let (_, said) = place(&[], "gb<=2");
        assert!(said[0].message.contains("nothing but the objective"), "{said:?}");
    }

    #[test]
    fn what_looked_like_a_parameter_is_a_measurement_and_what_is_declared_stays_one() {
        let parameter = |study: &mut Study, inferred| {
            let domain = Domain::Float {
                low: 0.0,
                high: 1.0,
                log: false,
                step: None,
            };
            study.space.params = vec![Parameter::new(Label::new("lr"), 0, domain).unwrap()];
            study.space.inferred = inferred;
        };
        let mut inferred = study(&[]);
        parameter(&mut inferred, true);
        apply(&mut inferred, &with("lr<=0.05"));
        assert!(inferred.space.params.is_empty());
        assert_eq!(inferred.is_feasible(&inferred.trials[0]), Some(false));
        let mut declared = study(&[]);
        parameter(&mut declared, false);
        apply(&mut declared, &with("lr<=0.05"));
        assert_eq!(declared.space.params.len(), 1);
        assert!(declared.diagnostics[0].message.contains("that is a parameter"));
    }
}
