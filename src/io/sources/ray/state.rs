//! `experiment_state-<time>.json`: the states of the trials, and JSON within JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::super::cells::flatten;
use super::super::super::json::tree::Json;

/// What the experiment says of its trials.
#[derive(Debug, Default)]
pub struct Experiment {
    /// The metric that was named to the tuner, if any was.
    pub metric: Option<String>,
    pub trials: BTreeMap<String, TrialInfo>,
}

/// What it says of one.
#[derive(Debug)]
pub struct TrialInfo {
    /// `PENDING`, `RUNNING`, `PAUSED`, `TERMINATED` or `ERROR`.
    pub status: String,
    pub config: Json,
    /// Names of what was sampled, as against fixed; empty where it does not say.
    pub sampled: BTreeSet<String>,
    pub started: Option<f64>,
}

impl Experiment {
    /// From the document: of today (`trial_data`: pairs of texts) or of Ray 2.0 to 2.6 (`checkpoints`: texts or
    /// objects).
    pub fn of(json: &Json) -> Self {
        let mut experiment = Self {
            metric: json.at("runner_data").at("_metric").as_text().map(str::to_owned),
            trials: BTreeMap::new(),
        };
        for entry in json
            .at("trial_data")
            .items()
            .iter()
            .chain(json.at("checkpoints").items())
        {
            let (fixed, running) = match entry {
                Json::List(pair) => (
                    inner(pair.first().unwrap_or(&Json::Null)),
                    inner(pair.get(1).unwrap_or(&Json::Null)),
                ),
                one => (inner(one), Json::Null),
            };
            let Some(id) = fixed.at("trial_id").as_text() else {
                continue;
            };
            let mut sampled = BTreeSet::new();
            flatten(fixed.at("evaluated_params"), '/', &mut |name, _| {
                sampled.insert(name.to_owned());
            });
            let started = [&running, &fixed]
                .iter()
                .find_map(|j| j.at("start_time").as_f64());
            let status = fixed.at("status").as_text().or(running.at("status").as_text());
            let info = TrialInfo {
                status: status.unwrap_or("").to_owned(),
                config: fixed.at("config").clone(),
                sampled,
                started,
            };
            experiment.trials.insert(id.to_owned(), info);
        }
        experiment
    }
}

/// A value that may be JSON in a text.
fn inner(json: &Json) -> Json {
    match json {
        Json::Text(text) => Json::parse(text.as_bytes()).unwrap_or(Json::Null),
        other => other.clone(),
    }
}

pub fn is_state_file(name: &str) -> bool {
    name.starts_with("experiment_state-")
        && Path::new(name)
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

/// A state file, ordered by age.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateFile {
    name: String,
    modified: Option<SystemTime>,
    pub path: PathBuf,
}

/// The newest state file of a folder: a resumed experiment has several.
pub fn newest_state_file(folder: &Path) -> Option<StateFile> {
    std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.to_owned();
            is_state_file(&name).then(|| StateFile {
                modified: entry.metadata().ok().and_then(|m| m.modified().ok()),
                path: entry.path(),
                name,
            })
        })
        .max()
}

/// The identity of a trial from the name of its folder (`train_9901b_00000_0_lr=0.1_2026-…`).
pub fn id_in(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('_').collect();
    parts.windows(2).find_map(|pair| match pair {
        [run, number]
            if (4..=8).contains(&run.len())
                && run.bytes().all(|b| b.is_ascii_hexdigit())
                && number.len() == 5
                && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Some(format!("{run}_{number}"))
        }
        _ => None,
    })
}

/// The last line that says something, without the codes that colour it.
pub fn last_line(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("")
        .to_owned()
}

/// Where Ray stages the experiment of a storage folder on this machine: below Ray's temporary folder, in
/// `session_*/artifacts/<time>/<experiment>/driver_artifacts`, with a state file of the same name.
pub fn staging_of(storage: &Path) -> Option<PathBuf> {
    let storage = std::fs::canonicalize(storage).ok()?;
    let name = storage.file_name()?.to_owned();
    let temporary = std::env::var_os("RAY_TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let mut best: Option<(SystemTime, PathBuf)> = None;
    for session in std::fs::read_dir(temporary.join("ray")).ok()?.flatten() {
        let Ok(times) = std::fs::read_dir(session.path().join("artifacts")) else {
            continue;
        };
        for time in times.flatten() {
            let staged = time.path().join(&name).join("driver_artifacts");
            let Some(state) = newest_state_file(&staged) else {
                continue;
            };
            let is_same = storage.join(&state.name).exists()
                || (newest_state_file(&storage).is_none() && holds_folders_of(&staged, &storage));
            let is_newer = best
                .as_ref()
                .is_none_or(|(t, _)| state.modified.is_some_and(|m| m > *t));
            if is_same
                && is_newer
                && let Some(modified) = state.modified
                && std::fs::canonicalize(&staged).is_ok_and(|s| s != storage)
            {
                best = Some((modified, staged));
            }
        }
    }
    best.map(|(_, path)| path)
}

/// Whether `staged` has every folder that `storage` has: without a state file only its trials tell an experiment from
/// another one of the same name.
fn holds_folders_of(staged: &Path, storage: &Path) -> bool {
    std::fs::read_dir(storage).is_ok_and(|entries| {
        entries
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .all(|entry| staged.join(entry.file_name()).is_dir())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_found_in_the_name_of_the_folder() {
        let name = "trainable_9901b_00003_3_batch_size=4,dropout=0.2244_2026-11-23_18-49-53";
        assert_eq!(id_in(name).as_deref(), Some("9901b_00003"));
        assert_eq!(
            id_in("train_func_abc12345_00012_12_2026-01-01_00-00-00").as_deref(),
            Some("abc12345_00012")
        );
        assert_eq!(id_in("checkpoint_000003"), None);
    }

    #[test]
    fn the_error_is_its_last_line_without_colours() {
        let text = "Traceback\n  File x\n\u{1b}[31mValueError: lr must be positive\u{1b}[0m\n\n";
        assert_eq!(last_line(text), "ValueError: lr must be positive");
    }
}
