//! Laying out the files of a demo: the space, the queue, and recorded trials to begin with.

use std::fs;
use std::path::{Path, PathBuf};

use super::DemoError;
use super::objective::{METRIC, SPACE_TOML, STUDY};

/// Trials that this objective once gave, one JSON object a line, as the worker wrote them.
const RECORDED: &str = include_str!("../../assets/demo-recorded.jsonl");

/// How a demo begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Recorded trials to begin with.
    pub from: usize,
    /// New trials that are to be run; with `from` the budget in `space.toml`.
    pub trials: Option<u64>,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFiles {
    pub dir: PathBuf,
    /// `results.jsonl`, the source to watch.
    pub results: PathBuf,
    pub space: PathBuf,
    /// `results.queue`, with its four folders.
    pub queue: PathBuf,
    /// Whether results of an earlier demo were there, and were kept.
    pub is_continued: bool,
}

/// The recorded trials, in the order they were run.
pub fn recorded() -> impl Iterator<Item = &'static str> {
    RECORDED.lines().filter(|l| !l.is_empty())
}

/// Lays out a demo in `dir`, which is created where it is missing.
///
/// Files that are there stay: a demo goes on where it was left, and no result is overwritten.
///
/// # Errors
/// More recorded trials than there are; files that cannot be written.
pub fn prepare(dir: &Path, start: Start) -> Result<DemoFiles, DemoError> {
    let count = recorded().count();
    if start.from > count {
        return Err(DemoError::Recorded {
            recorded: count,
            found: start.from,
        });
    }
    let results = dir.join("results.jsonl");
    let queue = dir.join("results.queue");
    for folder in ["pending", "claimed", "done", "withdrawn"] {
        let folder = queue.join(folder);
        fs::create_dir_all(&folder).map_err(DemoError::io("create", &folder))?;
    }
    let is_continued = fs::metadata(&results).is_ok_and(|m| m.len() > 0);
    if !is_continued {
        let mut text = String::new();
        for line in recorded().take(start.from) {
            text.push_str(line);
            text.push('\n');
        }
        write_whole(&results, &text)?;
    }
    let space = dir.join("space.toml");
    if !space.exists() {
        write_whole(&space, &space_toml(start))?;
    }
    Ok(DemoFiles {
        dir: dir.to_owned(),
        results,
        space,
        queue,
        is_continued,
    })
}

/// The text of `space.toml`.
#[must_use]
pub fn space_toml(start: Start) -> String {
    let budget = start.trials.map_or_else(String::new, |trials| {
        format!(
            "[budget]\ntrials = {}\n\n",
            trials.saturating_add(start.from as u64)
        )
    });
    format!(
        "[study]\nname      = \"{STUDY}\"\nmetric    = \"{METRIC}\"\ndirection = \"minimize\"\n\n{budget}{SPACE_TOML}"
    )
}

/// Writes under a temporary name and renames: a watcher never sees half a file.
fn write_whole(path: &Path, text: &str) -> Result<(), DemoError> {
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    fs::write(&temporary, text).map_err(DemoError::io("write", &temporary))?;
    fs::rename(&temporary, path).map_err(DemoError::io("create", path))
}
