//! The demo as an objective: its search space, and how a configuration becomes a training run.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use super::DemoError;
use super::optimizer::Scheduler;
use super::rng::Rng;
use super::training::Settings;
use crate::acquisition::sobol::Sobol;
use crate::study::{Configuration, Domain, Encoder, Label, Parameter, Space, StudyError, Value};

/// Name of the study.
pub const STUDY: &str = "finetune";
/// Name of the objective: validation loss in nats a character, smaller is better.
pub const METRIC: &str = "val_loss";
/// The `[params]` part of the demo's `space.toml`.
pub const SPACE_TOML: &str = include_str!("../../assets/demo-space.toml");

static SPACE: LazyLock<Result<Space, Box<StudyError>>> = LazyLock::new(build);

/// The search space of the demo; says the same as [`SPACE_TOML`].
///
/// # Errors
/// None in practice: a domain that does not hold would be a defect of the program.
pub fn space() -> Result<&'static Space, DemoError> {
    SPACE.as_ref().map_err(|source| DemoError::Space {
        source: source.clone(),
    })
}

fn build() -> Result<Space, Box<StudyError>> {
    let float = |low, high, log| Domain::Float {
        low,
        high,
        log,
        step: None,
    };
    let int = |low, high, step| Domain::Int {
        low,
        high,
        log: false,
        step,
    };
    let schedulers = Scheduler::ALL.map(|s| Value::Text(Label::new(s.name())));
    let domains = [
        ("learning_rate", float(2e-5, 2e-1, true)),
        ("batch_size", int(8, 64, 8)),
        ("warmup_ratio", float(0.0, 0.3, false)),
        ("weight_decay", float(1e-3, 3.0, true)),
        ("dropout", float(0.0, 0.4, false)),
        (
            "scheduler",
            Domain::Categorical {
                choices: schedulers.to_vec(),
            },
        ),
        ("frozen_layers", int(0, 3, 1)),
    ];
    let params = domains
        .into_iter()
        .enumerate()
        .map(|(column, (name, domain))| Parameter::new(Label::new(name), column, domain).map_err(Box::new))
        .collect::<Result<_, _>>()?;
    Ok(Space {
        params,
        inferred: false,
    })
}

/// The training run of a configuration in the order of [`space`]; every value is checked first.
///
/// # Errors
/// The first value that is missing, unknown or outside its domain.
pub fn settings(params: &Map<String, Json>) -> Result<Settings, DemoError> {
    let space = space()?;
    let values = space
        .configuration_from_json(params)
        .map_err(|source| DemoError::Configuration {
            source: Box::new(source),
        })?;
    let number = |name: &str| {
        space
            .index_of(name)
            .and_then(|i| values.get(i)?.as_f64())
            .unwrap_or(f64::NAN)
    };
    let scheduler = space.index_of("scheduler").and_then(|i| match values.get(i) {
        Some(Value::Text(label)) => Scheduler::from_name(label.raw()),
        _ => None,
    });
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked against their domains"
    )]
    Ok(Settings {
        learning_rate: number("learning_rate"),
        batch_size: number("batch_size") as usize,
        warmup_ratio: number("warmup_ratio"),
        weight_decay: number("weight_decay"),
        dropout: number("dropout"),
        scheduler: scheduler.unwrap_or(Scheduler::Linear),
        frozen_layers: number("frozen_layers") as usize,
    })
}

/// Configuration number `index` of a space-filling design that is a function of `seed`: a scrambled
/// Sobol sequence, each value of a grid or category equally often. Used where nobody else has a say.
///
/// # Errors
/// As [`space`].
pub fn draw(seed: u64, index: u64) -> Result<Map<String, Json>, DemoError> {
    let space = space()?;
    let encoder = Encoder::new(space);
    let mut sobol = Sobol::new(encoder.dims(), seed);
    let mut point = vec![0.0; encoder.dims()];
    for _ in 0..=index {
        sobol.next_into(&mut point);
    }
    for (u, axis) in point.iter_mut().zip(encoder.axes()) {
        if let Some(count) = axis.count() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "few values"
            )]
            let k = ((*u * count as f64) as u64).min(count - 1);
            *u = axis.coordinate(k);
        }
    }
    let configuration: Configuration = encoder
        .decode(&point)
        .into_iter()
        .map(|value| match value {
            Value::Float(x) => Value::Float(four_digits(x)),
            other => other,
        })
        .collect();
    Ok(space.configuration_to_json(&configuration))
}

/// To four significant digits: what is run is then what a person reads.
fn four_digits(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// The seed of one trial of a study; 32 bits, so that every reader of JSON keeps it exactly.
#[must_use]
pub fn trial_seed(seed: u64, trial: u64) -> u64 {
    Rng::new(seed, trial).next_u64() >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_space_file_says_the_same_as_the_space() {
        let file: toml::Table = SPACE_TOML.parse().unwrap();
        let params = file["params"].as_table().unwrap();
        let space = space().unwrap();
        assert_eq!(params.len(), space.len());
        for parameter in &space.params {
            let said = params[parameter.name.raw()].as_table().unwrap();
            let number = |key: &str| {
                said.get(key)
                    .and_then(|v| v.as_float().or_else(|| v.as_integer().map(|i| i as f64)))
            };
            match &parameter.domain {
                Domain::Float { low, high, log, step } => {
                    assert_eq!(said["type"].as_str(), Some("float"));
                    assert_eq!((number("low"), number("high")), (Some(*low), Some(*high)));
                    assert_eq!(said.get("log").is_some_and(|l| l.as_bool() == Some(true)), *log);
                    assert_eq!(number("step"), *step);
                }
                Domain::Int { low, high, step, .. } => {
                    assert_eq!(said["type"].as_str(), Some("int"));
                    assert_eq!(number("low"), Some(*low as f64));
                    assert_eq!(number("high"), Some(*high as f64));
                    assert_eq!(number("step").unwrap_or(1.0), *step as f64);
                }
                Domain::Categorical { choices } => {
                    let said: Vec<_> = said["choices"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|c| c.as_str().unwrap())
                        .collect();
                    assert_eq!(said, Scheduler::ALL.map(Scheduler::name));
                    assert_eq!(choices.len(), said.len());
                }
            }
        }
    }

    #[test]
    fn draws_are_repeatable_runnable_and_cover_every_choice() {
        let draws: Vec<_> = (0..24).map(|i| draw(3, i).unwrap()).collect();
        assert_eq!(draws[5], draw(3, 5).unwrap());
        assert_ne!(draws[5], draw(4, 5).unwrap());
        let runs: Vec<Settings> = draws.iter().map(|d| settings(d).unwrap()).collect();
        for scheduler in Scheduler::ALL {
            assert!(runs.iter().any(|r| r.scheduler == scheduler));
        }
        for frozen in 0..=3 {
            assert!(runs.iter().any(|r| r.frozen_layers == frozen));
        }
    }

    #[test]
    fn a_configuration_outside_the_space_is_named() {
        let mut params = draw(1, 0).unwrap();
        params.insert("dropout".to_owned(), Json::from(0.9));
        let message = settings(&params).unwrap_err().to_string();
        assert!(message.contains("dropout"), "{message}");
    }
}
