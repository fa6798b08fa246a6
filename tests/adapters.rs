//! Ray Tune and SMAC with the adapters of `demo/adapters`: what is in the queue folder runs, and is done.
//!
//! `TUNESCOPE_ADAPTERS_PYTHON` names a Python with `ray[tune]` or `smac`; without it, or without the package, the
//! test says so and passes.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use tunescope::io::delivery::{Decision, Origin, QueueFolder, Status, random_bytes};
use tunescope::study::{Label, Value};

fn python_with(package: &str) -> Option<PathBuf> {
    let python = PathBuf::from(std::env::var_os("TUNESCOPE_ADAPTERS_PYTHON")?);
    let found = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    found.is_ok_and(|o| o.status.success()).then_some(python)
}

/// Runs a script on a queue with one accepted configuration; what it printed.
fn run(package: &str, script: &str) -> Option<String> {
    let Some(python) = python_with(package) else {
        eprintln!("skipped: TUNESCOPE_ADAPTERS_PYTHON names no Python with {package}");
        return None;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let queue = QueueFolder::beside(&dir.path().join("results.jsonl"));
    let params = vec![
        (Label::new("x"), Value::Float(0.625)),
        (Label::new("n"), Value::Int(42)),
    ];
    let decision = Decision::new(Timestamp::now(), random_bytes(), params, Origin::Manual);
    queue.deliver(&decision).unwrap();
    let output = Command::new(python)
        .arg(root.join("tests/adapters").join(script))
        .arg(root.join("demo/adapters"))
        .arg(queue.root())
        .arg(dir.path().join("out"))
        .env("RAY_USAGE_STATS_ENABLED", "0")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(matches!(queue.list().receipts[0].status, Status::Finished { .. }));
    Some(text)
}

#[test]
fn ray_tune_runs_what_was_accepted_and_its_searcher_the_rest() {
    let Some(text) = run("ray.tune", "ray_run.py") else {
        return;
    };
    assert!(text.contains("ran 0.625 42 42.625"), "{text}");
    assert!(text.contains("inner 3 3"), "{text}");
}

#[test]
fn smac_runs_what_was_accepted_and_learns_from_it() {
    let Some(text) = run("smac", "smac_run.py") else {
        return;
    };
    assert_eq!(text.matches("ran ").count(), 5, "{text}");
    assert!(text.contains("ran 0.625 42 42.625"), "{text}");
    assert!(text.contains("told 5"), "{text}");
}
