//! Journals and databases of many versions of Optuna, made to be strange, and what Optuna itself reads in each.
//!
//! The files and `truth.json` are those of `tests/python/optuna_files.py`; where Optuna is installed they are made
//! anew and compared again.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};
use tunescope::io::{ReadOptions, read_once, trials_report};

#[path = "common/optuna.rs"]
mod peer;

/// What two readers of the same decimal may differ by in a difference of two times.
const CLOCK: f64 = 2e-5;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/optuna")
}

/// What is read of one study, as `trials --format json` says it.
fn read(path: &Path, study: &str) -> Json {
    let options = ReadOptions {
        study: Some(study.to_owned()),
        ..ReadOptions::default()
    };
    let reader = read_once(path, options, &mut |_| ControlFlow::Continue(())).unwrap();
    trials_report(&reader.study(), reader.kind().unwrap().name, "")
}

/// A number as Optuna has it: those that JSON does not know are texts.
fn number(json: &Json) -> Option<f64> {
    match json {
        Json::String(text) => text.parse().ok(),
        json => json.as_f64(),
    }
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn map(json: &Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap_or_default()
}

/// Same type, same value: `true` is not 1, and `"7"` not 7.
fn is_same(a: &Json, b: &Json) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => a.is_i64() == b.is_i64() && x == y,
        _ => a == b,
    }
}

fn check_file(path: &Path, studies: &Json) {
    for truth in list(studies) {
        let name = truth["study"].as_str().unwrap();
        let found = read(path, name);
        let place = format!("{} of {}", name, path.display());
        assert_eq!(found["study"]["name"], truth["study"], "{place}");
        assert_eq!(found["study"]["directions"], truth["directions"], "{place}");
        check_counts(&found, truth, &place);
        check_space(&found, truth, &place);
        check_best(&found, truth, &place);
        for (found, truth) in list(&found["trials"]).iter().zip(list(&truth["trials"])) {
            check_trial(found, truth, &format!("trial {} in {place}", truth["id"]));
        }
    }
}

fn check_counts(found: &Json, truth: &Json, place: &str) {
    let trials = list(&truth["trials"]);
    assert_eq!(found["counts"]["total"], trials.len(), "{place}");
    assert_eq!(list(&found["trials"]).len(), trials.len(), "{place}");
    for word in ["complete", "pruned", "failed", "running", "waiting"] {
        let count = trials.iter().filter(|t| t["state"] == word).count();
        assert_eq!(found["counts"][word], count, "{word} in {place}");
    }
}

fn check_best(found: &Json, truth: &Json, place: &str) {
    if list(&truth["directions"]).len() == 1 {
        assert_eq!(found["best"]["value"], truth["best"]["value"], "{place}");
        assert!(
            truth["best"].is_null() || list(&truth["best"]["ids"]).contains(&found["best"]["id"]),
            "{place}"
        );
    }
}

fn check_space(found: &Json, truth: &Json, place: &str) {
    let params = list(&found["space"]["params"]);
    let by_name: BTreeMap<&str, &Json> = params.iter().map(|p| (p["name"].as_str().unwrap(), p)).collect();
    let names: Vec<&str> = by_name.keys().copied().collect();
    let truth = truth["space"].as_object().unwrap();
    let mut expected: Vec<&str> = truth.keys().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "{place}");
    for (name, distributions) in truth {
        let (param, all) = (by_name[name.as_str()], list(distributions));
        let first = &all[0]["attributes"];
        let class = all[0]["name"].as_str().unwrap();
        let place = format!("parameter {name} of {place}");
        if class.starts_with("Categorical") {
            assert_eq!(param["type"], "categorical", "{place}");
            let (a, b) = (list(&param["choices"]), list(&first["choices"]));
            assert!(
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
                "{place}: {a:?} {b:?}"
            );
            continue;
        }
        assert_eq!(
            param["type"],
            if class.starts_with("Int") { "int" } else { "float" },
            "{place}"
        );
        let bounds = |key: &str| {
            all.iter()
                .filter_map(|d| d["attributes"][key].as_f64())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            param["low"].as_f64(),
            bounds("low").into_iter().reduce(f64::min),
            "{place}"
        );
        assert_eq!(
            param["high"].as_f64(),
            bounds("high").into_iter().reduce(f64::max),
            "{place}"
        );
        assert_eq!(
            param["log"],
            first["log"] == true || class.contains("Log"),
            "{place}"
        );
        if all.iter().all(|d| d == &all[0]) {
            let step = if first["step"].is_null() {
                &first["q"]
            } else {
                &first["step"]
            };
            let implied = (param["type"] == "int").then_some(1.0);
            assert_eq!(param["step"].as_f64(), step.as_f64().or(implied), "{place}");
        }
    }
}

fn check_trial(found: &Json, truth: &Json, place: &str) {
    assert_eq!(found["id"], truth["id"], "{place}");
    assert_eq!(found["state"], truth["state"], "{place}");
    let mut params = map(&truth["params"]);
    if matches!(truth["state"].as_str(), Some("waiting" | "running")) {
        for (name, value) in map(&truth["fixed"]) {
            params.entry(name).or_insert(value);
        }
    }
    let read = map(&found["params"]);
    assert_eq!(read.len(), params.len(), "{place}: {read:?} {params:?}");
    for (name, value) in &params {
        assert!(
            is_same(&read[name], value),
            "{name} of {place}: {} {value}",
            read[name]
        );
    }
    let values: Vec<Option<f64>> = list(&truth["values"]).iter().map(number).collect();
    if values.iter().all(|v| v.is_some_and(f64::is_finite)) {
        let found: Vec<Option<f64>> = match &found["values"] {
            Json::Null => found["value"].as_f64().map(Some).into_iter().collect(),
            many => list(many).iter().map(Json::as_f64).collect(),
        };
        assert_eq!(found, values, "{place}");
    } else {
        assert!(found["value"].as_f64().is_none_or(|x| !x.is_finite()), "{place}");
    }
    let (steps, truths) = (map(&found["intermediate"]), map(&truth["intermediate"]));
    assert_eq!(steps.keys().collect::<Vec<_>>().len(), truths.len(), "{place}");
    for (step, value) in &truths {
        let finite = |x: Option<f64>| x.filter(|x| x.is_finite());
        assert_eq!(
            finite(steps[step].as_f64()),
            finite(number(value)),
            "step {step} of {place}"
        );
    }
    match (found["seconds"].as_f64(), truth["seconds"].as_f64()) {
        (Some(a), Some(b)) => assert!((a - b).abs() < CLOCK, "{place}: {a} s, {b} s"),
        (a, b) => assert_eq!(a, b, "{place}"),
    }
    let told: Vec<f64> = map(&found["constraints"])
        .values()
        .filter_map(Json::as_f64)
        .collect();
    let constraints: Vec<f64> = list(&truth["constraints"]).iter().filter_map(number).collect();
    assert_eq!(told, constraints, "{place}");
    if !constraints.is_empty() {
        let is_feasible = constraints.iter().all(|c| *c <= 0.0);
        assert_eq!(found["feasible"], is_feasible, "{place}");
    }
    let attributes = map(&found["attributes"]);
    for key in list(&truth["user"]).iter().filter_map(Json::as_str) {
        assert!(
            attributes.contains_key(key),
            "attribute {key:?} of {place}: {attributes:?}"
        );
    }
}

#[test]
fn files_of_many_versions_are_what_optuna_says_they_are() {
    let truth: Json = serde_json::from_slice(&std::fs::read(data().join("truth.json")).unwrap()).unwrap();
    let truth = truth.as_object().unwrap();
    assert!(truth.len() >= 15);
    for (file, studies) in truth {
        assert!(!list(studies).is_empty(), "{file}");
        check_file(&data().join(file), studies);
    }
}

#[test]
fn what_the_installed_optuna_writes_today_is_what_it_says_it_is() {
    if !peer::has_optuna() {
        return;
    }
    let folder = peer::Folder::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/optuna_files.py");
    let run = |arguments: &[&str]| {
        let mut command = peer::python();
        let output = command
            .arg("-Wignore")
            .arg(&script)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    run(&["make", peer::text(&folder.path)]);
    let files: Vec<String> = folder.names().into_iter().filter(|n| n.contains('.')).collect();
    assert!(files.len() >= 17, "{files:?}");
    for file in files {
        let path = folder.path.join(&file);
        let truth: Json = serde_json::from_slice(&run(&["truth", peer::text(&path)])).unwrap();
        for (_, studies) in truth.as_object().unwrap() {
            check_file(&path, studies);
        }
    }
}
