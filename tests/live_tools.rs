//! The real tools write while tunescope reads: what it says at the end is what the tool itself says, and on the
//! way nothing is lost, nothing complained of.
//!
//! The Python is `$TUNESCOPE_PYTHON` or `python3`; a tool that it does not have is skipped, in words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::Value as Json;
use tunescope::io::{Change, ReadOptions, Reader};
use tunescope::study::Study;

#[path = "common/skip.rs"]
mod skip;

use skip::skipped;

fn python() -> Command {
    Command::new(std::env::var("TUNESCOPE_PYTHON").unwrap_or_else(|_| "python3".into()))
}

/// Whether the Python has a package; says so where it has not.
fn has(package: &str) -> bool {
    let there = python()
        .args(["-c", &format!("import {package}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !there {
        skipped(&format!(
            "there is no Python with {package} (set TUNESCOPE_PYTHON)"
        ));
    }
    there
}

/// Opens what is there as soon as something is.
fn open(path: &Path) -> Option<Reader> {
    if !path.exists() {
        return None;
    }
    Reader::open(path, ReadOptions::default()).ok()
}

fn summary(study: &Study) -> Vec<(String, String, Option<f64>)> {
    let mut all: Vec<_> = study
        .trials
        .iter()
        .map(|t| (t.id.to_string(), t.state.word().to_owned(), t.objective()))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[rstest]
#[case("mlflow", "mlruns", &[], "val/loss")]
#[case("mlflow", "mlflow.db", &["sqlite"], "val/loss")]
#[case("wandb", "wandb", &[], "val.loss")]
#[case("smac", "live", &[], "cost")]
#[case("ray", "live", &[], "val/loss")]
#[case("hiplot", "hiplot.json", &[], "loss")]
fn a_tool_at_work_is_followed_to_what_it_says_itself(
    #[case] tool: &str,
    #[case] place: &str,
    #[case] options: &[&str],
    #[case] metric: &str,
) {
    if !has(tool) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root: PathBuf = folder.path().canonicalize().unwrap();
    let path = root.join(place);
    let log = fs::File::create(root.join("errors.txt")).unwrap();
    let mut child = python()
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/live_tools.py"))
        .arg(tool)
        .arg(&root)
        .args(options)
        .current_dir(&root)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let (mut reader, mut most, mut changes) = (None, 0, 0);
    let deadline = Instant::now() + Duration::from_secs(240);
    let mut is_over = false;
    loop {
        reader = reader.or_else(|| open(&path));
        if let Some(reader) = &mut reader {
            // A database is nobody's while its tables are being made.
            let change = reader.poll().unwrap_or(Change::Unchanged);
            let now = reader.study().trials.len();
            // Documents are rewritten whole, and a sweep's parent is a trial until its first child is there.
            assert!(now + 1 >= most, "{tool}: {now} trials after {most}");
            most = most.max(now);
            changes += usize::from(change != Change::Unchanged);
        }
        if is_over {
            break;
        }
        is_over = child.try_wait().unwrap().is_some();
        assert!(Instant::now() < deadline, "{tool} takes too long");
        thread::sleep(Duration::from_millis(15));
    }
    let output = child.wait_with_output().unwrap();
    let errors = fs::read_to_string(root.join("errors.txt")).unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = answer
        .lines()
        .rev()
        .find(|l| l.starts_with('['))
        .unwrap_or_else(|| panic!("{tool}: {answer}{errors}"));
    let said: Vec<Json> = serde_json::from_str(line).unwrap();
    let mut expected: Vec<(String, String, Option<f64>)> = said
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (
                text("id"),
                text("state"),
                row["value"].as_f64().filter(|_| row["state"] == "complete"),
            )
        })
        .collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let mut reader = reader.unwrap_or_else(|| panic!("{tool}: nothing was there\n{errors}"));
    let until = Instant::now() + Duration::from_secs(10);
    while summary(&reader.study()) != expected && Instant::now() < until {
        reader.poll().unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    let study = reader.study();
    assert_eq!(summary(&study), expected, "{tool}: {:?}", study.notes);
    assert_eq!(study.metric, metric);
    assert_eq!(study.diagnostics, [], "{tool}");
    assert!(
        changes > 3 || tool == "hiplot",
        "{tool}: {changes} changes were seen"
    );
    assert!(
        study
            .space
            .params
            .iter()
            .any(|p| p.name == "lr" && (p.is_log() || tool == "ray")),
        "{tool}: {:?}",
        study.space
    );
}
