//! A real Optuna at the other end, for the tests of delivery.
//!
//! The Python is `$TUNESCOPE_PYTHON` or `python3`. Where it has no Optuna the tests say so and pass, except
//! with a `$TUNESCOPE_PYTHON` or `TUNESCOPE_REQUIRE_PEERS=1`, where they fail.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{Decision, Origin, Predicted, random_bytes};
use tunescope::study::{Label, Value};

#[path = "skip.rs"]
pub mod skip;

use skip::skipped;

pub fn python() -> Command {
    Command::new(std::env::var("TUNESCOPE_PYTHON").unwrap_or_else(|_| "python3".into()))
}

/// Whether there is an Optuna; says so where there is none.
pub fn has_optuna() -> bool {
    let there = python()
        .args(["-c", "import optuna"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !there {
        assert!(
            std::env::var_os("TUNESCOPE_PYTHON").is_none(),
            "TUNESCOPE_PYTHON names a Python without optuna"
        );
        skipped("there is no Python with optuna (set TUNESCOPE_PYTHON)");
    }
    there
}

pub fn optuna(arguments: &[&str]) -> Command {
    let mut command = python();
    command
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/python/optuna_delivery.py"
        ))
        .args(arguments);
    command
}

/// Runs to the end and reads the JSON lines.
pub fn ask(arguments: &[&str]) -> Vec<Json> {
    let output = optuna(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    json_lines(&output.stdout)
}

pub fn json_lines(bytes: &[u8]) -> Vec<Json> {
    bytes
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect()
}

pub struct Folder {
    _dir: tempfile::TempDir,
    pub path: PathBuf,
}

impl Folder {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        Self { _dir: dir, path }
    }

    pub fn seeded() -> (Self, PathBuf) {
        let folder = Self::new();
        let journal = folder.path.join("j.log");
        ask(&["seed", text(&journal), "s"]);
        (folder, journal)
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.path)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A configuration of the test's space that no sampler would draw by accident.
pub fn decision(lr: f64) -> Decision {
    let word = |s: &str| Value::Text(Label::new(s));
    let mut decision = Decision::new(
        Timestamp::now(),
        random_bytes(),
        vec![
            (Label::new("lr"), Value::Float(lr)),
            (Label::new("drop"), Value::Float(0.15)),
            (Label::new("n"), Value::Int(8)),
            (Label::new("opt"), word("sgd")),
            (Label::new("nesterov"), Value::Bool(true)),
        ],
        Origin::Edited,
    );
    decision.edited = vec![Label::new("lr")];
    decision.predicted = Some(Predicted { mean: 8.0, sd: 0.5 });
    decision
}

pub fn params(lr: f64) -> Json {
    json!({"lr": lr, "drop": 0.15, "n": 8, "opt": "sgd", "nesterov": true})
}

/// A worker whose second trial is under way and waits for our word.
pub struct Parked {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Parked {
    pub fn start(journal: &Path) -> Self {
        let mut child = optuna(&["parked", text(journal), "s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut worker = Self { child, lines };
        while worker.next().is_some_and(|l| l.get("parked").is_none()) {}
        worker
    }

    pub fn next(&mut self) -> Option<Json> {
        self.lines
            .next()
            .map(|l| serde_json::from_str(&l.unwrap()).unwrap())
    }

    /// Lets it go on; what it ran from then on, the parked trial first.
    pub fn finish(mut self) -> Vec<Json> {
        writeln!(self.child.stdin.take().unwrap()).unwrap();
        let rest: Vec<Json> = std::iter::from_fn(|| self.next()).collect();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}
