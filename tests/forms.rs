//! `suggest` in the notations of other programs says the same configuration in each.

#[path = "common/program.rs"]
mod program;

use program::{text, tunescope};
use serde_json::{Map, Value as Json};

fn suggest(format: &str) -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/results_nested.jsonl");
    let answer = text(&mut tunescope(&[
        "suggest", source, "--seed", "7", "--format", format,
    ]));
    answer.trim_end().to_owned()
}

/// `name` and `value` as a JSON value, as far as these parameters need it.
fn pair(text: &str, joint: &str) -> (String, Json) {
    let (name, value) = text.split_once(joint).unwrap();
    let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value.trim_matches('"')));
    (name.trim_matches('"').to_owned(), value)
}

#[test]
fn every_notation_says_the_same_configuration() {
    let answer: Json = serde_json::from_str(&suggest("json")).unwrap();
    let expected = answer[0]["params"].as_object().unwrap();
    let yaml: Map<_, _> = suggest("yaml").lines().map(|l| pair(l, ": ")).collect();
    assert_eq!(&yaml, expected);
    let args = suggest("args");
    let args: Map<_, _> = args
        .split(' ')
        .map(|a| pair(a.strip_prefix("--").unwrap(), "="))
        .collect();
    assert_eq!(&args, expected);
    let python = suggest("python");
    let dict: Map<_, _> = python
        .trim_matches(['{', '}'])
        .split(", ")
        .map(|p| pair(p, ": "))
        .collect();
    assert_eq!(&dict, expected);
    assert_eq!(suggest("optuna"), format!("study.enqueue_trial({python})"));
}
