//! The commands without a screen: what they answer, byte for byte where it matters.

#[path = "common/program.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::Output;

use program::{said, tunescope};
use serde_json::{Value as Json, json};

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    path.to_str().unwrap().to_owned()
}

/// A call that succeeds without a word beside its answer.
fn run(args: &[&str]) -> Output {
    let output = tunescope(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
    output
}

fn answer(args: &[&str]) -> Json {
    serde_json::from_slice(&run(args).stdout).unwrap()
}

fn text(args: &[&str]) -> String {
    String::from_utf8(run(args).stdout).unwrap()
}

/// A study of its own that a test may write to.
fn study(rows: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    std::fs::write(&path, rows).unwrap();
    (folder, path)
}

fn small_study() -> (tempfile::TempDir, PathBuf) {
    let rows: String = (0..8)
        .map(|i| {
            let x = f64::from(i) / 8.0;
            let y = (x - 0.6).powi(2) + 0.1;
            format!(
                "{{\"id\":{i},\"params\":{{\"x\":{x},\"opt\":\"{}\"}},\"value\":{y}}}\n",
                ["a", "b"][i as usize % 2]
            )
        })
        .collect();
    study(&rows)
}

const SPACE: &str = "[study]\nmetric = \"value\"\n[params.x]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\n\
                     [params.opt]\ntype = \"categorical\"\nchoices = [\"a\", \"b\"]\n";

#[test]
fn trials_in_all_four_forms_tell_the_same() {
    let source = data("results_nested.jsonl");
    let report = answer(&["trials", &source, "--format", "json"]);
    assert_eq!(report["source"]["kind"], "jsonl");
    assert_eq!(
        report["counts"],
        json!({"total": 32, "complete": 29, "pruned": 1, "failed": 2, "running": 0, "waiting": 0})
    );
    let trials = report["trials"].as_array().unwrap();
    let lines = text(&["trials", &source, "--format", "jsonl"]);
    let from_lines: Vec<Json> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(trials, &from_lines);
    assert_eq!(text(&["trials", &source, "--format", "csv"]).lines().count(), 33);
    let words = text(&["trials", &source]);
    assert!(
        words.contains("32 trials: 29 complete, 1 pruned, 2 failed"),
        "{words}"
    );
    assert!(words.contains("best: trial 29"), "{words}");
}

#[test]
fn what_trials_writes_as_jsonl_reads_back_as_the_same_study() {
    let source = data("results_nested.jsonl");
    let lines = text(&["trials", &source, "--format", "jsonl"]);
    let (_folder, copy) = study(&lines);
    let (a, b) = (
        answer(&["trials", &source, "--format", "json"]),
        answer(&["trials", copy.to_str().unwrap(), "--format", "json"]),
    );
    for field in ["counts", "space", "best", "trials"] {
        assert_eq!(a[field], b[field], "{field}");
    }
}

#[test]
fn standard_input_is_a_source() {
    let bytes = std::fs::read(data("results_nested.jsonl")).unwrap();
    let output = tunescope(&["trials", "-", "--format", "json"])
        .write_stdin(bytes)
        .output()
        .unwrap();
    assert!(output.status.success());
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["total"], 32);
}

#[test]
fn a_fitted_model_is_read_back_and_gives_the_same_posterior() {
    let (folder, source) = small_study();
    let space = folder.path().join("space.toml");
    std::fs::write(&space, SPACE).unwrap();
    let (source, space) = (source.to_str().unwrap(), space.to_str().unwrap());
    // A linear output transform: through a warp the model alone cannot know the data it was fitted to.
    let common = ["--space", space, "--no-output-warp"];
    let fit = answer(&[&["fit", source, "--format", "json"], &common[..]].concat());
    for field in [
        "model",
        "objective",
        "log_marginal_likelihood",
        "log_posterior",
        "loo_log_predictive",
        "trials_used",
        "trials_left_out",
        "jitter",
        "warnings",
        "seconds",
    ] {
        assert!(fit.get(field).is_some(), "{field}");
    }
    assert_eq!(fit["trials_used"], 8);
    let model = folder.path().join("model.json");
    std::fs::write(&model, fit["model"].to_string()).unwrap();
    let at = ["--at", r#"{"x": 0.55, "opt": "a"}"#, "--format", "json"];
    let fitted = answer(&[&["predict", source], &common[..], &at[..]].concat());
    let given = answer(
        &[
            &[
                "predict",
                source,
                "--space",
                space,
                "--model",
                model.to_str().unwrap(),
            ],
            &at[..],
        ]
        .concat(),
    );
    for field in ["mean", "sd", "sd_observed", "low95", "high95"] {
        let (a, b) = (
            fitted[0][field].as_f64().unwrap(),
            given[0][field].as_f64().unwrap(),
        );
        assert!((a - b).abs() < 1e-9, "{field}: {a} {b}");
    }
}

#[test]
fn the_two_terms_of_ei_sum_to_it_at_every_point_and_the_order_is_kept() {
    let (folder, source) = small_study();
    let points = folder.path().join("points.jsonl");
    std::fs::write(
        &points,
        "{\"x\":0.1,\"opt\":\"a\"}\n\n{\"x\":0.7,\"opt\":\"b\"}\n",
    )
    .unwrap();
    let found = answer(&[
        "predict",
        source.to_str().unwrap(),
        "--points",
        points.to_str().unwrap(),
        "--format",
        "json",
    ]);
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["params"], json!({"x": 0.1, "opt": "a"}));
    for point in found {
        let a = &point["acquisition"];
        let number = |name: &str| a[name].as_f64().unwrap();
        let sum = number("exploitation") + number("exploration");
        assert!((sum - number("ei")).abs() <= 1e-12 * number("ei").abs().max(1e-12));
        assert!((number("log_ei").exp() - number("ei")).abs() <= 1e-9 * number("ei"));
        assert!(
            point["low95"].as_f64() < point["mean"].as_f64()
                && point["mean"].as_f64() < point["high95"].as_f64()
        );
    }
}

#[test]
fn suggestions_are_repeatable_distinct_and_inside_the_space() {
    let (folder, source) = small_study();
    let space = folder.path().join("space.toml");
    std::fs::write(&space, SPACE).unwrap();
    let args = [
        "suggest",
        source.to_str().unwrap(),
        "--space",
        space.to_str().unwrap(),
        "-n",
        "3",
        "--seed",
        "5",
        "--format",
        "json",
    ];
    let first = answer(&args);
    assert_eq!(first, answer(&args));
    let all = first.as_array().unwrap();
    assert_eq!(all.len(), 3);
    for (i, s) in all.iter().enumerate() {
        let x = s["params"]["x"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&x));
        assert_eq!(s["acquisition"]["name"], "logei");
        assert!(all[..i].iter().all(|other| other["params"] != s["params"]));
    }
}

#[test]
fn without_priors_the_data_alone_decide_and_are_explained_better() {
    for name in ["results_nested.jsonl", "optuna_journal.log"] {
        let source = data(name);
        let fit = |more: &[&str]| answer(&[&["fit", &source, "--format", "json"], more].concat());
        let (with, without) = (fit(&[]), fit(&["--no-priors"]));
        let evidence = |fit: &Json| fit["log_marginal_likelihood"].as_f64().unwrap();
        assert!(
            evidence(&without) > evidence(&with) + 1.0,
            "{name}: {} is no better than {}",
            evidence(&without),
            evidence(&with)
        );
        assert_ne!(with["model"]["kernel"], without["model"]["kernel"]);
        // The model that it gives is a model like any other.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.json");
        std::fs::write(&file, without["model"].to_string()).unwrap();
        let given = fit(&["--model", file.to_str().unwrap()]);
        assert!((evidence(&given) - evidence(&without)).abs() < 1e-6);
        let next = answer(&["suggest", &source, "--no-priors", "--format", "json"]);
        assert!(next[0]["mean"].is_number());
        let both = tunescope(&["fit", &source, "--no-priors", "--model", file.to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(
            both.status.code(),
            Some(2),
            "priors of a model that is given mean nothing"
        );
    }
}

#[test]
fn without_any_trial_there_is_a_suggestion_all_the_same() {
    let (folder, source) = study("{\"id\":0,\"state\":\"running\",\"params\":{\"x\":0.5,\"opt\":\"a\"}}\n");
    let space = folder.path().join("space.toml");
    std::fs::write(&space, SPACE).unwrap();
    let found = answer(&[
        "suggest",
        source.to_str().unwrap(),
        "--space",
        space.to_str().unwrap(),
        "--format",
        "json",
    ]);
    assert_eq!(found[0]["reason"], "initial design");
    assert_eq!(found[0]["mean"], Json::Null);
}

#[test]
fn an_accepted_configuration_waits_in_the_queue_and_is_not_suggested_again() {
    let (folder, source) = small_study();
    let source = source.to_str().unwrap();
    let accepted = answer(&[
        "accept",
        source,
        "--suggested",
        "--note",
        "why not",
        "--format",
        "json",
    ]);
    let file = accepted["file"].as_str().unwrap();
    assert!(Path::new(file).starts_with(folder.path().join("results.queue/pending")));
    let body: Json = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(body["params"], accepted["params"]);
    assert_eq!(
        (&body["origin"], &body["note"]),
        (&json!("suggested"), &json!("why not"))
    );
    assert!(body["predicted"]["mean"].is_f64());
    let next = answer(&["suggest", source, "--format", "json"]);
    assert_ne!(next[0]["params"], accepted["params"]);
    let by_hand = answer(&[
        "accept",
        source,
        "--config",
        r#"{"x":0.3,"opt":"b"}"#,
        "--format",
        "json",
    ]);
    assert_eq!(by_hand["origin"], "manual");
}

#[test]
fn a_trial_that_is_told_is_one_whole_line_and_counts() {
    let (_folder, source) = small_study();
    let path = source.to_str().unwrap();
    run(&[
        "tell",
        path,
        "--config",
        r#"{"x":0.61,"opt":"a"}"#,
        "--value",
        "0.05",
    ]);
    run(&[
        "tell",
        path,
        "--config",
        r#"{"x":0.2,"opt":"a"}"#,
        "--value",
        "nan",
    ]);
    let report = answer(&["trials", path, "--format", "json"]);
    assert_eq!(report["counts"]["total"], 10);
    assert_eq!(report["counts"]["failed"], 1);
    assert_eq!(report["best"]["id"], 8);
    assert_eq!(report["best"]["value"], 0.05);
    assert_eq!(report["warnings"], json!([]));
}

#[test]
fn telling_ends_a_last_line_without_line_end_and_keeps_to_the_shape_of_the_rows() {
    let (_folder, source) = study("{\"x\":0.1,\"loss\":0.5}\n{\"x\":0.2,\"loss\":0.4}");
    let path = source.to_str().unwrap();
    run(&["tell", path, "--config", r#"{"x":0.3}"#, "--value", "0.3"]);
    let written = std::fs::read_to_string(&source).unwrap();
    let last: Json = serde_json::from_str(written.lines().last().unwrap()).unwrap();
    assert_eq!(written.lines().count(), 3);
    assert_eq!((&last["x"], &last["loss"]), (&json!(0.3), &json!(0.3)));
    let report = answer(&["trials", path, "--format", "json"]);
    assert_eq!(
        (&report["counts"]["complete"], &report["best"]["value"]),
        (&json!(3), &json!(0.3))
    );
}

#[test]
fn what_init_writes_is_a_space_that_is_read_back() {
    let (folder, source) = small_study();
    let path = source.to_str().unwrap();
    let space = folder.path().join("space.toml");
    std::fs::write(&space, text(&["init", path])).unwrap();
    let (inferred, given) = (
        answer(&["trials", path, "--format", "json"]),
        answer(&[
            "trials",
            path,
            "--space",
            space.to_str().unwrap(),
            "--format",
            "json",
        ]),
    );
    assert_eq!(
        (&inferred["space"]["inferred"], &given["space"]["inferred"]),
        (&json!(true), &json!(false))
    );
    for field in ["name", "type", "low", "high", "choices"] {
        for i in 0..2 {
            assert_eq!(
                inferred["space"]["params"][i][field],
                given["space"]["params"][i][field]
            );
        }
    }
}

#[test]
fn without_a_screen_the_explorer_prints_the_plain_report() {
    let (_folder, source) = small_study();
    let words = text(&[source.to_str().unwrap()]);
    assert!(words.contains("8 trials (8 complete"), "{words}");
    assert!(
        words.contains("best value") && words.contains("next (predicted"),
        "{words}"
    );
    assert!(!words.contains('\u{1b}'));
}

#[test]
fn names_are_data_and_never_control_sequences() {
    let (_folder, source) = study(
        "{\"params\":{\"a\\u001b[31m\\u202eb\":1.5},\"value\":1}\n{\"params\":{\"a\\u001b[31m\\u202eb\":2.25},\"value\":0.5}\n",
    );
    let path = source.to_str().unwrap();
    let json_text = text(&["trials", path, "--format", "json"]);
    assert!(json_text.contains("a\\u001b[31m\\u202eb"), "{json_text}");
    for args in [
        &["trials", path][..],
        &["fit", path],
        &["suggest", path],
        &[path],
        &["init", path],
    ] {
        let words = text(args);
        assert!(!words.contains(['\u{1b}', '\u{202e}']), "{args:?}: {words:?}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    use std::io::Read as _;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .args(["trials", &data("optuna_journal.log"), "--format", "jsonl"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(said, "");
}

#[test]
fn keys_completions_and_the_manual_come_from_the_definitions() {
    assert!(text(&["keys"]).contains("accept"));
    let keys = answer(&["keys", "--format", "json"]);
    assert!(
        keys.as_array()
            .unwrap()
            .iter()
            .any(|k| k["keys"][0] == "A" && k["does"] == "accept")
    );
    assert!(text(&["completions", "bash"]).contains("--acquisition"));
    let manual = text(&["man"]);
    assert!(
        manual.contains(".TH tunescope") && manual.contains("TUNESCOPE SUGGEST"),
        "{manual}"
    );
    assert!(!manual.contains("demo\\-worker"));
}
