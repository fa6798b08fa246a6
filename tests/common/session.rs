//! A session in memory: a study, a suggestion, and keys pressed on it.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::sync::Arc;

use tunescope::analysis::{Reason, Suggestion};
use tunescope::keymap::{Key, lookup};
use tunescope::session::effect::Effect;
use tunescope::session::model::SourceStatus;
use tunescope::session::{Model, Msg, Stamped, update};
use tunescope::study::{
    Configuration, Domain, Encoder, Label, Parameter, Space, Study, Trial, TrialId, TrialState, Value,
};

pub fn space() -> Space {
    let text = |s: &str| Value::Text(Label::new(s));
    let domains = [
        (
            "learning_rate",
            Domain::Float {
                low: 1e-5,
                high: 1e-1,
                log: true,
                step: None,
            },
        ),
        (
            "batch_size",
            Domain::Int {
                low: 4,
                high: 32,
                log: false,
                step: 4,
            },
        ),
        (
            "dropout",
            Domain::Float {
                low: 0.0,
                high: 0.4,
                log: false,
                step: Some(0.05),
            },
        ),
        (
            "scheduler",
            Domain::Categorical {
                choices: vec![text("linear"), text("cosine"), text("constant")],
            },
        ),
    ];
    let params = domains
        .into_iter()
        .enumerate()
        .map(|(i, (name, domain))| Parameter::new(Label::new(name), i, domain).unwrap())
        .collect();
    Space {
        params,
        inferred: false,
    }
}

pub fn study(trials: usize) -> Arc<Study> {
    let mut study = Study::empty();
    study.space = space();
    study.columns = study.space.params.iter().map(|p| p.name.clone()).collect();
    let schedulers = ["linear", "cosine", "constant"];
    for i in 0..trials {
        let value = 2.0 + (i as f64 - 3.0).abs() / 10.0;
        study.trials.push(Arc::new(Trial {
            state: if i % 5 == 4 {
                TrialState::Pruned
            } else {
                TrialState::Complete
            },
            params: vec![
                Some(Value::Float(1e-4 * (i + 1) as f64)),
                Some(Value::Int(4 + 4 * (i % 8) as i64)),
                Some(Value::Float(0.05 * (i % 9) as f64)),
                Some(Value::Text(Label::new(schedulers[i % 3]))),
            ],
            values: vec![value],
            ..Trial::new(TrialId::Number(i as u64))
        }));
    }
    Arc::new(study)
}

pub fn suggestion(lr: f64) -> Stamped<Vec<Suggestion>> {
    let configuration: Configuration = vec![
        Value::Float(lr),
        Value::Int(16),
        Value::Float(0.1),
        Value::Text(Label::new("cosine")),
    ];
    let point = Encoder::new(&space()).encode(&configuration).unwrap();
    let value = vec![Suggestion {
        configuration,
        point,
        reason: Reason::Acquisition,
        prediction: None,
        readout: None,
        why: Default::default(),
    }];
    Stamped {
        fit: 1,
        data: 1,
        value,
    }
}

pub fn opened() -> Model {
    let mut model = Model::new(1000.0, (120, 36));
    update(
        &mut model,
        Msg::Door(Ok("the queue folder r.queue".into())),
        1000.0,
    );
    update(
        &mut model,
        Msg::Study {
            study: study(12),
            source: SourceStatus::default(),
        },
        1000.0,
    );
    update(&mut model, Msg::Suggested(suggestion(3e-4)), 1001.0);
    model
}

/// Presses keys: `jj<Tab>A`.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let end = if c == '<' && rest.len() > 1 {
            rest.find('>').map_or(1, |i| i + 1)
        } else {
            c.len_utf8()
        };
        let key = Key::parse(&rest[..end]).unwrap_or_else(|| panic!("no key {}", &rest[..end]));
        rest = &rest[end..];
        if let Some(msg) = lookup(model, key.event()) {
            effects.extend(update(model, msg, 1002.0));
        }
    }
    effects
}

pub fn value(model: &Model, i: usize) -> Value {
    model.in_hand()[i].clone()
}
