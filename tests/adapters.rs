//! Ray Tune and SMAC with the adapters of `demo/adapters`: what is in the queue folder runs, and is done.
//!
//! The Python is `$TUNESCOPE_ADAPTERS_PYTHON`, else `$TUNESCOPE_PYTHON`, else `python3`. Without the package a test says so and
//! passes, except with `TUNESCOPE_REQUIRE_PEERS=1`, where it fails. A tuner that does not end is stopped, and is a failure.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tunescope::io::delivery::{Decision, Origin, QueueFolder, Status, random_bytes};
use tunescope::study::{Label, Value};

#[path = "common/skip.rs"]
mod skip;

use skip::skipped;

/// Ray takes about 20 s on two idle cores.
const PATIENCE: Duration = Duration::from_secs(300);

fn python_with(package: &str) -> Option<PathBuf> {
    let named = |name| std::env::var_os(name);
    let python = named("TUNESCOPE_ADAPTERS_PYTHON").or_else(|| named("TUNESCOPE_PYTHON"));
    let python = PathBuf::from(python.unwrap_or_else(|| "python3".into()));
    let found = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    found.is_ok_and(|o| o.status.success()).then_some(python)
}

/// Runs a script on a queue with one accepted configuration; what it printed.
fn run(package: &str, script: &str) -> Option<String> {
    let Some(python) = python_with(package) else {
        skipped(&format!(
            "there is no Python with {package} (set TUNESCOPE_PYTHON)"
        ));
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
    let (said, wrong) = (dir.path().join("said"), dir.path().join("wrong"));
    // A group of its own, so that what it starts can be stopped with it; files, so that no process that outlives it
    // keeps us waiting at a pipe.
    let mut child = Command::new(python)
        .arg(root.join("tests/adapters").join(script))
        .arg(root.join("demo/adapters"))
        .arg(queue.root())
        .arg(dir.path().join("out"))
        .env("RAY_USAGE_STATS_ENABLED", "0")
        .stdin(Stdio::null())
        .stdout(File::create(&said).unwrap())
        .stderr(File::create(&wrong).unwrap())
        .process_group(0)
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > until {
            let group = rustix::process::Pid::from_child(&child);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let text = fs::read_to_string(&said).unwrap();
    let errors = fs::read_to_string(&wrong).unwrap();
    let status = status.unwrap_or_else(|| panic!("it does not end\n{text}\n{errors}"));
    assert!(status.success(), "{text}\n{errors}");
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
