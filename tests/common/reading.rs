//! The sources in `tests/data/sources`, and what is read of them.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tunescope::io::{ReadOptions, Reader, read_once, trials_report};

pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/sources")
        .join(name)
}

pub fn truth(name: &str) -> Json {
    let text = fs::read_to_string(data("truth.json")).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    all[name].clone()
}

pub fn try_read(path: &Path, options: ReadOptions) -> Result<Reader, String> {
    read_once(path, options, &mut |_| ControlFlow::Continue(())).map_err(|e| e.to_string())
}

pub fn report_of(path: &Path, options: ReadOptions) -> Json {
    let reader = try_read(path, options).unwrap();
    trials_report(&reader.study(), reader.kind().unwrap().name, "here")
}

pub fn report(name: &str) -> Json {
    report_of(&data(name), ReadOptions::default())
}

pub fn asked(metric: Option<&str>, study: Option<&str>) -> ReadOptions {
    ReadOptions {
        metric: metric.map(str::to_owned),
        study: study.map(str::to_owned),
        ..ReadOptions::default()
    }
}

/// Copies a folder, to be changed.
pub fn copied(name: &str) -> (tempfile::TempDir, PathBuf) {
    fn copy(from: &Path, to: &Path) {
        if from.is_dir() {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                copy(&entry.path(), &to.join(entry.file_name()));
            }
        } else {
            fs::copy(from, to).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    copy(&data(name), &path);
    (folder, path)
}

pub fn same(ours: &Json, theirs: &Json) -> bool {
    let number = |j: &Json| j.as_f64().or_else(|| j.as_str()?.parse().ok());
    match (number(ours), number(theirs)) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs(),
        _ => ours == theirs,
    }
}

pub fn assert_params(ours: &Json, theirs: &Json) {
    for (name, value) in theirs.as_object().unwrap() {
        assert!(same(&ours[name], value), "{name}: {} {value}", ours[name]);
    }
}
