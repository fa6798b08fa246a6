//! Parameters that take part for some configurations only: learned from the rows or declared, left out of suggestions
//! where they take no part, and worth knowing about.

#[path = "common/studies.rs"]
mod studies;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use studies::{choices, fit, float, never, study};
use tunescope::analysis::{AcquisitionSettings, ModelSettings, SuggestRequest, Suggestion, Surrogate};
use tunescope::io::space_file::space_toml;
use tunescope::io::{ReadOptions, SpaceFile, read_once};
use tunescope::study::{
    Activity, Direction, Encoder, Label, Rule, Study, Trial, TrialId, TrialState, Value, When,
};

fn read(name: &str, space: Option<&str>) -> Study {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let options = ReadOptions {
        space: space.map(|text| SpaceFile::parse(text, Path::new("space.toml")).unwrap()),
        ..ReadOptions::default()
    };
    let reader = read_once(&path, options, &mut |_| ControlFlow::Continue(())).unwrap();
    (*reader.study()).clone()
}

fn suggest(model: &Surrogate, locks: Vec<Option<Value>>, seed: u64) -> Suggestion {
    let request = SuggestRequest {
        count: 1,
        acquisition: AcquisitionSettings::default(),
        locks,
        seed,
        ..SuggestRequest::default()
    };
    model.suggest(&request, &never).unwrap().remove(0)
}

fn rules(study: &Study, name: &str) -> String {
    let p = &study.space.params[study.space.index_of(name).unwrap()];
    p.activity.as_ref().map_or_else(String::new, ToString::to_string)
}

#[test]
fn the_rules_of_a_define_by_run_study_are_learned_from_its_trials() {
    let study = read("define_by_run.log", None);
    assert_eq!(rules(&study, "momentum"), "optimizer = sgd");
    assert_eq!(rules(&study, "beta2"), "optimizer = adam");
    assert_eq!(rules(&study, "width_1"), "layers ≥ 2");
    assert_eq!(rules(&study, "width_2"), "layers ≥ 3");
    assert_eq!(rules(&study, "lr"), "");
    let notes = study.notes.join(" ");
    assert!(
        notes.contains("parameter momentum is active when optimizer = sgd"),
        "{notes}"
    );
    assert_eq!(fit(&study).summary.trials_used, 36);
    assert!(fit(&study).summary.left_out.is_empty());
}

#[test]
fn each_branch_of_a_define_by_run_study_gets_suggestions_of_the_model() {
    let study = read("define_by_run.log", None);
    let model = fit(&study);
    let at = |name: &str| study.space.index_of(name).unwrap();
    for optimizer in ["sgd", "adam", "rmsprop"] {
        for layers in 1..=3 {
            let mut locks = vec![None; study.space.len()];
            locks[at("optimizer")] = Some(Value::Text(optimizer.into()));
            locks[at("layers")] = Some(Value::Int(layers));
            let found = suggest(&model, locks, 2);
            assert_eq!(found.reason.word(), "acquisition");
            let json = study.space.configuration_to_json(&found.configuration);
            assert_eq!(json.contains_key("momentum"), optimizer == "sgd", "{json:?}");
            assert_eq!(json.contains_key("beta2"), optimizer == "adam", "{json:?}");
            assert_eq!(json.contains_key("width_1"), layers >= 2, "{json:?}");
            assert_eq!(json.contains_key("width_2"), layers >= 3, "{json:?}");
            assert_eq!(
                study.space.check(&found.configuration).unwrap(),
                found.configuration
            );
        }
    }
}

#[test]
fn what_takes_no_part_changes_no_prediction_and_is_dropped_where_it_is_given() {
    let study = read("define_by_run.log", None);
    let model = fit(&study);
    let parse = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        study.space.configuration_from_json(json.as_object().unwrap())
    };
    let plain = parse(r#"{"lr": 0.01, "optimizer": "rmsprop", "layers": 1}"#).unwrap();
    let given = parse(r#"{"lr": 0.01, "optimizer": "rmsprop", "layers": 1, "momentum": 0.3, "width_2": 32}"#)
        .unwrap();
    assert_eq!(plain, given);
    assert_eq!(plain[study.space.index_of("momentum").unwrap()], Value::Inactive);
    let missing = parse(r#"{"lr": 0.01, "optimizer": "sgd", "layers": 1}"#)
        .unwrap_err()
        .to_string();
    assert!(missing.contains("momentum"), "{missing}");
    // Along a parameter that takes no part nothing changes.
    let slices = model
        .slices(&plain, &AcquisitionSettings::default(), None, 9, &never)
        .unwrap();
    for slice in slices {
        let name = study.space.params[slice.param].name.raw();
        let spread = |f: fn(&tunescope::analysis::slice::SlicePoint) -> f64| {
            let values: Vec<f64> = slice.points.iter().map(f).collect();
            values.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b))
                - values.iter().fold(f64::INFINITY, |a, b| a.min(*b))
        };
        let inactive = plain[slice.param] == Value::Inactive;
        assert_eq!(
            spread(|p| p.mean) == 0.0 && spread(|p| p.high68) == 0.0,
            inactive,
            "{name}"
        );
    }
}

#[test]
fn encoding_and_decoding_agree_about_what_takes_part() {
    let study = read("define_by_run.log", None);
    let encoder = Encoder::new(&study.space);
    assert!(encoder.own_dims() < encoder.dims());
    for trial in &study.trials {
        let configuration = study.space.configuration_of(trial).unwrap();
        let point = encoder.encode(&configuration).unwrap();
        let back = encoder.decode(&point.0);
        for (a, b) in configuration.iter().zip(&back) {
            match (a.as_f64(), b.as_f64()) {
                (Some(x), Some(y)) => assert!((x / y - 1.0).abs() < 1e-5, "{a} {b}"),
                _ => assert_eq!(a, b),
            }
        }
        assert_eq!(encoder.snap(&point.0).0.len(), encoder.dims());
        let mut settled = point.0.clone();
        encoder.settle(&mut settled);
        assert_eq!(settled, point.0);
    }
}

/// Branch `a` has a valley of its own that is the best there is; `b` has none and is flat.
fn value(x: f64, branch: &str, y: Option<f64>) -> f64 {
    let common = (x - 0.4).powi(2);
    match branch {
        "a" => common + 4.0 * (y.unwrap() - 0.15).powi(2) - 0.3,
        _ => common,
    }
}

fn branches(known: bool) -> Study {
    let mut study = study(
        vec![float(0.0, 1.0), choices(&["a", "b", "c"]), float(0.0, 1.0)],
        Direction::Minimize,
    );
    if known {
        study.space.params[2].activity = Some(Activity {
            rules: vec![Rule {
                parent: Label::new("x1"),
                when: When::OneOf(vec![Value::Text("a".into())]),
            }],
            ..Activity::default()
        });
    }
    study
}

fn add(study: &mut Study, x: f64, branch: &str, y: f64) {
    // The program reports what it was asked for only.
    let y = (branch == "a").then_some(y);
    let known = study.space.params[2].activity.is_some();
    let last = match y {
        Some(y) => Some(Value::Float(y)),
        None if known => None,
        // Without the structure every row needs a value: a person would log the default.
        None => Some(Value::Float(0.9)),
    };
    study.trials.push(Arc::new(Trial {
        state: TrialState::Complete,
        params: vec![Some(Value::Float(x)), Some(Value::Text(branch.into())), last],
        values: vec![value(x, branch, y)],
        ..Trial::new(TrialId::Number(study.trials.len() as u64))
    }));
}

/// Simple regret after each of `steps` suggestions of a study that knows the structure or does not, summed.
fn search(known: bool, seed: u64, steps: usize) -> f64 {
    let mut study = branches(known);
    for k in 0..9_u32 {
        let shift = |step: f64| (0.37 * seed as f64 + step * f64::from(k)).fract();
        add(
            &mut study,
            shift(0.618_034),
            ["a", "b", "c"][k as usize % 3],
            shift(0.414_214),
        );
    }
    let mut sum = 0.0;
    for k in 0..steps {
        let found = suggest(&fit(&study), Vec::new(), seed + k as u64).configuration;
        let branch = found[1].to_string();
        let y = found[2].as_f64().unwrap_or(0.5);
        add(&mut study, found[0].as_f64().unwrap(), &branch, y);
        let best = study.best().and_then(|i| study.trials[i].objective()).unwrap();
        sum += best + 0.3;
    }
    sum
}

#[test]
fn knowing_the_structure_wins() {
    let seeds = [1, 2, 3, 4, 5];
    let known: f64 = seeds.iter().map(|s| search(true, *s, 12)).sum();
    let unknown: f64 = seeds.iter().map(|s| search(false, *s, 12)).sum();
    println!("summed regret: {known:.3} with the structure, {unknown:.3} without");
    assert!(known < unknown, "{known} {unknown}");
}

#[test]
fn one_configuration_is_never_proposed_twice_whatever_was_inactive() {
    // A finite space: 3 + 1 + 1 configurations.
    let mut finite = study(
        vec![choices(&["a", "b", "c"]), choices(&["p", "q", "r"])],
        Direction::Minimize,
    );
    finite.space.params[1].activity = Some(Activity {
        rules: vec![Rule {
            parent: Label::new("x0"),
            when: When::OneOf(vec![Value::Text("a".into())]),
        }],
        ..Activity::default()
    });
    let mut seen = Vec::new();
    for k in 0..5_u32 {
        let next = if k == 0 {
            let request = SuggestRequest {
                count: 1,
                ..SuggestRequest::default()
            };
            tunescope::analysis::suggest_without_model(&Arc::new(finite.clone()), &request).remove(0)
        } else {
            suggest(&fit(&finite), Vec::new(), u64::from(k))
        };
        let json = serde_json::to_string(&finite.space.configuration_to_json(&next.configuration)).unwrap();
        assert!(!seen.contains(&json), "{json} again");
        seen.push(json);
        finite.trials.push(Arc::new(Trial {
            state: TrialState::Complete,
            params: next
                .configuration
                .iter()
                .map(|v| (!v.is_inactive()).then(|| v.clone()))
                .collect(),
            values: vec![f64::from(k)],
            ..Trial::new(TrialId::Number(u64::from(k)))
        }));
    }
    assert_eq!(seen.len(), 5);
}

#[test]
fn a_space_file_declares_it_and_init_writes_it_out() {
    let text = r#"
[params.lr]
type = "float"
low = 1e-4
high = 1e-1
log = true
[params.optimizer]
choices = ["sgd", "adam", "rmsprop"]
[params.momentum]
type = "float"
low = 0.0
high = 0.99
active = { optimizer = "sgd" }
[params.beta2]
type = "float"
low = 0.9
high = 0.9999
active = { optimizer = ["adam"] }
[params.layers]
type = "int"
low = 1
high = 3
[params.width_1]
type = "int"
low = 16
high = 128
step = 16
active = { layers = { min = 2 } }
[params.width_2]
type = "int"
low = 16
high = 128
step = 16
active = { layers = { min = 3 } }
"#;
    let declared = read("define_by_run.log", Some(text));
    assert_eq!(rules(&declared, "width_1"), "layers ≥ 2");
    assert_eq!(rules(&declared, "beta2"), "optimizer = adam");
    assert!(!declared.space.params[2].activity.as_ref().unwrap().inferred);
    let written = space_toml(&declared);
    assert!(written.contains("active = { layers = { min = 2 } }"), "{written}");
    let again = SpaceFile::parse(&written, Path::new("space.toml")).unwrap();
    for (a, b) in again.params.iter().zip(&declared.space.params) {
        assert_eq!(
            (&a.name, &a.domain, &a.activity),
            (&b.name, &b.domain, &b.activity)
        );
    }
    let inferred = space_toml(&read("define_by_run.log", None));
    assert!(
        inferred.contains("active = { optimizer = [\"sgd\"] }   # inferred"),
        "{inferred}"
    );
    let with = |line: &str| {
        let text = text.replace("active = { optimizer = \"sgd\" }", line);
        SpaceFile::parse(&text, Path::new("space.toml"))
            .unwrap_err()
            .to_string()
    };
    assert!(with("active = { optimiser = \"sgd\" }").contains("optimiser, which is no parameter"));
    assert!(with("active = { optimizer = \"sdg\" }").contains("sdg, which is no choice of optimizer"));
    assert!(with("active = { optimizer = { min = 1 } }").contains("categorical"));
    assert!(with("active = { momentum = { min = 0.1 } }").contains("circle"));
    assert!(with("active = 3").contains("names another parameter"));
}

#[test]
fn rows_without_a_rule_are_learned_from_and_suggestions_leave_nothing_out() {
    let mut study = study(vec![float(0.0, 1.0), float(0.0, 1.0)], Direction::Minimize);
    for k in 0..14_u32 {
        let x = (0.3 + 0.618_034 * f64::from(k)).fract();
        let y = (0.1 + 0.414_214 * f64::from(k)).fract();
        // Present by no rule that the rows show.
        let present = [0, 1, 4, 5, 8, 11, 13].contains(&k);
        study.trials.push(Arc::new(Trial {
            state: TrialState::Complete,
            params: vec![Some(Value::Float(x)), present.then_some(Value::Float(y))],
            values: vec![(x - 0.5).powi(2) + if present { 0.3 * y } else { 0.2 }],
            ..Trial::new(TrialId::Number(u64::from(k)))
        }));
    }
    let trials = study.trials.clone();
    study.space.infer_activity(&trials);
    assert!(rules(&study, "x1").contains("no rule"), "{}", rules(&study, "x1"));
    let model = fit(&study);
    assert_eq!(model.summary.trials_used, 14);
    let found = suggest(&model, Vec::new(), 1);
    assert!(!found.configuration[1].is_inactive());
    // The written model knows the switch, too.
    let file = model.model_file();
    assert!(
        file.inputs.iter().any(|i| i.name == "active(x1)"),
        "{:?}",
        file.inputs
    );
    let again = Surrogate::with_model(&Arc::new(study.clone()), &ModelSettings::default(), &file).unwrap();
    let (a, b) = (
        model.predict(&found.configuration).unwrap(),
        again.predict(&found.configuration).unwrap(),
    );
    assert!((a.mean - b.mean).abs() < 1e-6, "{a:?} {b:?}");
}
