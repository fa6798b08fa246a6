//! What is read of real files, against what the tools that wrote them say (`truth.json`).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::{Value as Json, json};
use tunescope::io::{ReadOptions, Reader, read_once, trials_report};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn read(path: &Path, options: ReadOptions) -> Reader {
    read_once(path, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn report(name: &str) -> (Json, Reader) {
    let reader = read(&data(name), ReadOptions::default());
    let kind = reader.kind().unwrap().name;
    (trials_report(&reader.study(), kind, name), reader)
}

fn truth(name: &str) -> Json {
    let text = std::fs::read_to_string(data("truth.json")).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    all[name].clone()
}

/// The tools' words for the states, in ours.
fn counts_of(truth: &Json) -> Json {
    let mut counts = json!({"total": truth["n_total"], "complete": 0, "pruned": 0, "failed": 0,
        "running": 0, "waiting": 0});
    for (word, n) in truth["counts"].as_object().unwrap() {
        let ours = match word.to_lowercase().as_str() {
            "complete" | "completed" | "finished" => "complete",
            "fail" | "failed" => "failed",
            "pruned" => "pruned",
            "running" => "running",
            "waiting" => "waiting",
            other => panic!("{other}"),
        };
        counts[ours] = n.clone();
    }
    counts
}

fn param<'a>(report: &'a Json, name: &str) -> &'a Json {
    let params = report["space"]["params"].as_array().unwrap();
    params
        .iter()
        .find(|p| p["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {params:?}"))
}

#[rstest]
#[case("optuna_journal.log")]
#[case("optuna_3.6_journal.log")]
fn an_optuna_journal_is_what_optuna_says_it_is(#[case] name: &str) {
    let (report, _) = report(name);
    let truth = truth(name)["studies"][0].clone();
    assert_eq!(report["source"]["kind"], "optuna-journal");
    assert_eq!(report["study"]["name"], truth["study"]);
    assert_eq!(report["study"]["directions"], truth["directions"]);
    assert_eq!(report["counts"], counts_of(&truth));
    assert_eq!(report["best"]["id"], truth["best_number"]);
    assert_eq!(report["best"]["value"], truth["best_value"]);
    assert_eq!(report["best"]["params"], truth["best_params"]);
    assert_eq!(report["space"]["inferred"], false);
    let params = truth["params"].as_object().unwrap();
    assert_eq!(report["space"]["params"].as_array().unwrap().len(), params.len());
    for (name, expected) in params {
        let found = param(&report, name);
        for key in ["type", "low", "high", "log", "step", "choices"] {
            match &expected[key] {
                Json::Null => {}
                Json::Number(n) => assert_eq!(found[key].as_f64(), n.as_f64(), "{name}.{key}"),
                other => assert_eq!(&found[key], other, "{name}.{key}"),
            }
        }
    }
    let trials = report["trials"].as_array().unwrap();
    let points: usize = trials
        .iter()
        .map(|t| t["intermediate"].as_object().unwrap().len())
        .sum();
    assert_eq!(points as u64, truth["n_intermediate"]);
    for (trial, expected) in trials.iter().zip(truth["first_values"].as_array().unwrap()) {
        assert_eq!(trial["value"], expected[0]);
    }
    assert_eq!(report["warnings"], json!([]));
}

#[rstest]
#[case("results_nested.jsonl", "jsonl")]
#[case("results_flat.jsonl", "jsonl")]
#[case("results.csv", "csv")]
#[case("hiplot.csv", "csv")]
#[case("wandb_export.csv", "csv")]
#[case("ax_summary.csv", "csv")]
fn a_generic_file_is_what_its_writer_says_it_is(#[case] name: &str, #[case] kind: &str) {
    let (report, _) = report(name);
    let truth = truth(name);
    assert_eq!(report["source"]["kind"], kind);
    assert_eq!(report["study"]["metric"], truth["objective"]);
    assert_eq!(report["study"]["direction"], truth["direction"]);
    assert_eq!(report["counts"], counts_of(&truth));
    assert_eq!(report["best"]["id"], truth["best_id"]);
    assert_eq!(report["best"]["value"], truth["best_value"]);
    for (name, value) in truth["best_params"].as_object().unwrap() {
        let found = &report["best"]["params"][name];
        match value.as_f64() {
            Some(x) => assert_eq!(found.as_f64(), Some(x), "{name}"),
            None => assert_eq!(found, value, "{name}"),
        }
    }
    assert_eq!(
        report["best"]["params"].as_object().unwrap().len(),
        truth["best_params"].as_object().unwrap().len()
    );
    assert_eq!(report["space"]["inferred"], true);
    let params = truth["params"].as_object().unwrap();
    assert_eq!(report["space"]["params"].as_array().unwrap().len(), params.len());
    for (name, expected) in params {
        let found = param(&report, name);
        match expected["type"].as_str().unwrap() {
            "numeric" => {
                assert_eq!(found["low"].as_f64(), expected["low_seen"].as_f64(), "{name}");
                assert_eq!(found["high"].as_f64(), expected["high_seen"].as_f64(), "{name}");
            }
            "categorical" => assert_eq!(found["choices"], expected["choices"], "{name}"),
            // Ax gives the declared space, which its summary does not contain.
            _ => assert_ne!(found["type"], Json::Null),
        }
    }
    if let Some(points) = truth["n_intermediate"].as_u64() {
        let trials = report["trials"].as_array().unwrap();
        let found: usize = trials
            .iter()
            .map(|t| t["intermediate"].as_object().unwrap().len())
            .sum();
        assert_eq!(found as u64, points);
    }
    assert_eq!(report["warnings"], json!([]));
}
