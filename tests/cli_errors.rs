//! What is said when a call is off or the work cannot be done: one sentence, on standard error, with the
//! status that fits.

use assert_cmd::Command;
use rstest::rstest;

fn tunescope(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("tunescope")
        .unwrap()
        .args(args)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

const NESTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/results_nested.jsonl");
const CSV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/results.csv");
const JOURNAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/optuna_journal.log");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/gp");
const CARGO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

#[rstest]
#[case::missing_file(&["trials", "/no/such.jsonl"], 1, &["/no/such.jsonl", "no such file"])]
#[case::no_results(&["trials", CARGO], 1, &["Cargo.toml", "--from"])]
#[case::folder(&["trials", FOLDER], 1, &["src/gp", "folder"])]
#[case::unknown_kind(&["trials", NESTED, "--from", "jsnol"], 2, &["jsnol", "jsonl"])]
#[case::unknown_study(&["trials", JOURNAL, "--study", "nope"], 1, &["nope", "man-finetune"])]
#[case::unknown_param(&["trials", NESTED, "--params", "lr"], 1, &["no parameter lr"])]
#[case::bad_kernel(&["fit", NESTED, "--kernel", "matern53"], 2, &["kernel", "matern53"])]
#[case::not_json(&["predict", NESTED, "--at", "{lr: 1}"], 2, &["--at", "JSON"])]
#[case::not_an_object(&["predict", NESTED, "--at", "[1]"], 2, &["--at", "object"])]
#[case::unknown_name(&["predict", NESTED, "--at", "{\"lr\": 1}"], 2, &["lr", "learning_rate"])]
#[case::no_point(&["predict", NESTED], 2, &["--at", "--points"])]
#[case::no_model_file(&["fit", NESTED, "--model", "/no/model.json"], 1, &["/no/model.json"])]
#[case::not_a_model(&["fit", NESTED, "--model", NESTED], 2, &["results_nested.jsonl", "model"])]
#[case::no_settings(&["fit", NESTED, "--config", "/no/config.toml"], 2, &["/no/config.toml"])]
#[case::tell_nothing(&["tell", CSV, "--config", "{}", "--value", "1"], 2, &["--config", "the value is missing"])]
#[case::tell_two(&["tell", CSV, "--config", "{}", "--value", "1", "--value", "2"], 1, &["results.csv", "1 objective"])]
#[case::tell_value(&["tell", NESTED, "--config", "{}", "--value", "low"], 2, &["low"])]
#[case::mistyped(&["sugest"], 2, &["suggest"])]
#[case::nothing(&[], 2, &["results.jsonl", "demo"])]
#[case::unknown_option(&["fit", NESTED, "--kernle", "rbf"], 2, &["--kernel"])]
#[case::unknown_acquisition(&["suggest", NESTED, "--acquisition", "logie"], 2, &["logei"])]
fn a_mistake_is_told_in_words(#[case] args: &[&str], #[case] status: i32, #[case] words: &[&str]) {
    let (code, out, said) = tunescope(args);
    for word in words {
        assert!(said.contains(word), "{args:?} said {said:?}, without {word:?}");
    }
    assert_eq!(code, status, "{args:?} said {said:?}");
    assert_eq!(out, "");
    assert!(
        !said.contains("panicked") && !said.contains("stack backtrace"),
        "{said}"
    );
}

#[test]
fn our_own_sentences_are_one_line() {
    for args in [
        &["trials", "/no/such\nfile\u{1b}[31m"][..],
        &["sugest"],
        &["fit", NESTED, "--kernel", "x"],
    ] {
        let (_, _, said) = tunescope(args);
        assert_eq!(said.trim_end().lines().count(), 1, "{said:?}");
        assert!(said.starts_with("tunescope: "), "{said:?}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn a_value_that_optuna_would_refuse_is_refused_and_the_journal_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("journal.log");
    std::fs::copy(JOURNAL, &copy).unwrap();
    let before = std::fs::read(&copy).unwrap();
    let config = r#"{"learning_rate":1e-3,"batch_size":8,"warmup_ratio":0.1,"weight_decay":1e-3,"dropout":7,
        "lr_scheduler":"cosine","frozen_layers":1}"#;
    let (code, _, said) = tunescope(&["tell", copy.to_str().unwrap(), "--config", config, "--value", "1"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("dropout"), "{said}");
    assert_eq!(std::fs::read(&copy).unwrap(), before);
}

#[test]
fn an_unfinished_last_line_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let torn = "{\"params\":{\"x\":1},\"value\":2}\n{\"params\":{\"x\":2},\"val";
    std::fs::write(&path, torn).unwrap();
    let (code, _, said) = tunescope(&[
        "tell",
        path.to_str().unwrap(),
        "--config",
        "{\"x\":1}",
        "--value",
        "1",
    ]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("unfinished"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), torn);
}

#[test]
fn help_and_version_are_answers() {
    for args in [&["--help"][..], &["--version"], &["suggest", "--help"]] {
        let (code, out, said) = tunescope(args);
        assert_eq!((code, said.as_str()), (0, ""));
        assert!(out.contains("tunescope"));
    }
    let (_, help, _) = tunescope(&["--help"]);
    assert!(!help.contains("demo-worker"));
}

const SPACE: &str = "[study]\nmetric = \"y\"\ndirection = \"minimize\"\n\n[params.x]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\n";

#[test]
fn suggestions_need_no_results_where_a_space_file_says_what_to_tune() {
    let folder = tempfile::tempdir().unwrap();
    let space = folder.path().join("space.toml");
    std::fs::write(&space, SPACE).unwrap();
    let empty = folder.path().join("empty.jsonl");
    std::fs::write(&empty, "").unwrap();
    let missing = folder.path().join("missing.jsonl");
    let space = space.to_str().unwrap();
    for source in [empty.to_str().unwrap(), missing.to_str().unwrap(), "-"] {
        let (code, out, said) =
            tunescope(&["suggest", source, "--space", space, "-n", "2", "--format", "json"]);
        assert_eq!(code, 0, "{source} said {said:?}");
        let found: serde_json::Value = serde_json::from_str(&out).unwrap();
        let x = |i: usize| found[i]["params"]["x"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&x(1)) && x(0) != x(1), "{out}");
    }
    let (code, _, said) = tunescope(&["suggest", missing.to_str().unwrap()]);
    assert!(code == 1 && said.contains("no such file"), "{said}");
}

#[test]
fn a_batch_larger_than_what_is_left_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let space = folder.path().join("space.toml");
    std::fs::write(
        &space,
        SPACE.replace(
            "type = \"float\"\nlow = 0.0\nhigh = 1.0",
            "type = \"int\"\nlow = 1\nhigh = 3",
        ),
    )
    .unwrap();
    let (code, out, said) = tunescope(&[
        "suggest",
        "-",
        "--space",
        space.to_str().unwrap(),
        "-n",
        "5",
        "--format",
        "json",
    ]);
    assert_eq!(code, 0, "{said}");
    let found: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(found.len(), 3);
    assert!(
        said.contains("3 of 5") && said.contains("no more configurations"),
        "{said}"
    );
}
