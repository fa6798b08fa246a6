//! The file store: a folder an experiment, in it a folder a run, and in that a file a parameter, a metric and a
//! tag.
//!
//! A run that is over is judged by a few `stat` calls, one that is under way by the files of its metrics; only
//! what changed is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::super::super::document::{Complaints, is_recent, seconds};
use super::super::super::source::Progress;
use super::runs::{Point, Run, Runs, number};

/// Largest file of a parameter, a tag or a description.
const MAX_TEXT: u64 = 1 << 20;
/// Levels of folders below `params`, `metrics` and `tags` (names with `/`).
const MAX_DEPTH: usize = 8;

/// Whether a folder is a store, or one experiment of one.
pub fn is_store(path: &Path) -> bool {
    if is_experiment(path) {
        return true;
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.take(200).any(|entry| is_experiment(&entry.path()))
}

/// Whether a folder is an experiment: its description names one, and no run.
fn is_experiment(path: &Path) -> bool {
    let meta = path.join("meta.yaml");
    meta.is_file()
        && read_text(&meta).is_some_and(|text| {
            let yaml = yaml(&text);
            yaml.contains_key("experiment_id")
                && !yaml.contains_key("run_id")
                && !yaml.contains_key("run_uuid")
        })
}

/// What a look brought.
#[derive(Debug, Default)]
pub struct Looked {
    /// Identities of the runs that are new or changed.
    pub changed: Vec<String>,
    /// Whether a run is gone, or an experiment is another one.
    pub is_rebuilt: bool,
}

/// The store and what was seen of it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// By folder of a run: its identity, the print of its files, and whether it is over.
    seen: BTreeMap<PathBuf, (String, u64, bool)>,
    modified: Option<f64>,
}

impl Folder {
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            seen: BTreeMap::new(),
            modified: None,
        }
    }

    pub fn modified(&self) -> Option<f64> {
        self.modified
    }

    /// Takes what is new.
    pub fn look(
        &mut self,
        runs: &mut Runs,
        complaints: &mut Complaints,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Looked {
        let mut looked = Looked::default();
        let experiments = if is_experiment(&self.root) {
            vec![self.root.clone()]
        } else {
            folders(&self.root)
        };
        let mut names = BTreeMap::new();
        let mut alive = BTreeSet::new();
        let mut places = Vec::new();
        for experiment in experiments {
            let Some(meta) = read_text(&experiment.join("meta.yaml")).map(|t| yaml(&t)) else {
                continue;
            };
            let Some(id) = meta.get("experiment_id") else {
                continue;
            };
            if meta.get("lifecycle_stage").is_some_and(|s| s == "deleted") {
                continue;
            }
            names.insert(id.clone(), meta.get("name").unwrap_or(id).clone());
            places.extend(folders(&experiment).into_iter().map(|run| (id.clone(), run)));
        }
        if names != runs.experiments {
            looked.is_rebuilt |= !runs.experiments.is_empty();
            runs.experiments = names;
        }
        let total = places.len() as u64;
        for ((experiment, place), done) in places.into_iter().zip(1u64..) {
            alive.insert(place.clone());
            self.look_at_run(&experiment, &place, runs, complaints, &mut looked);
            let progress = Progress {
                bytes_done: done,
                bytes_total: total,
            };
            if done % 256 == 0 && watch(progress).is_break() {
                return looked;
            }
        }
        let gone: Vec<PathBuf> = self
            .seen
            .keys()
            .filter(|p| !alive.contains(*p))
            .cloned()
            .collect();
        for place in gone {
            if let Some((id, ..)) = self.seen.remove(&place) {
                runs.all.remove(&id);
                looked.is_rebuilt = true;
            }
        }
        looked
    }

    fn look_at_run(
        &mut self,
        experiment: &str,
        place: &Path,
        runs: &mut Runs,
        complaints: &mut Complaints,
        looked: &mut Looked,
    ) {
        let is_over = self.seen.get(place).is_some_and(|(_, _, over)| *over);
        let before = self.seen.get(place).map(|(_, print, _)| *print);
        let print = print_of(place, is_over, &mut self.modified);
        if before == Some(print) {
            return;
        }
        let Some(text) = read_text(&place.join("meta.yaml")) else {
            return;
        };
        let meta = yaml(&text);
        let name = place
            .file_name()
            .map_or_else(String::new, |n| format!("{}/meta.yaml", n.to_string_lossy()));
        let Some(id) = meta.get("run_id").or_else(|| meta.get("run_uuid")).cloned() else {
            // Caught while it is being written: the next look brings it.
            let written = std::fs::metadata(place.join("meta.yaml"))
                .and_then(|m| m.modified())
                .ok()
                .and_then(seconds);
            if !is_recent(written) {
                complaints.say(&name, None, "there is no run_id in it; the run was skipped.");
            }
            return;
        };
        complaints.clear(&name);
        if meta.get("lifecycle_stage").is_some_and(|s| s == "deleted") {
            if runs.all.remove(&id).is_some() {
                looked.is_rebuilt = true;
            }
            self.seen.insert(place.to_owned(), (id, print, true));
            return;
        }
        let run = read_run(experiment, &id, place, &meta, complaints);
        let is_over = matches!(run.status.as_str(), "FINISHED" | "FAILED" | "KILLED");
        let print = print_of(place, is_over, &mut self.modified);
        self.seen.insert(place.to_owned(), (id.clone(), print, is_over));
        if runs.all.get(&id) != Some(&run) {
            runs.all.insert(id.clone(), run);
            looked.changed.push(id);
        }
    }
}

fn read_run(
    experiment: &str,
    id: &str,
    place: &Path,
    meta: &BTreeMap<String, String>,
    complaints: &mut Complaints,
) -> Run {
    let millis = |key: &str| Some(meta.get(key)?.parse::<f64>().ok()? / 1e3);
    let mut run = Run {
        id: id.to_owned(),
        experiment: experiment.to_owned(),
        name: meta
            .get("run_name")
            .or_else(|| meta.get("name"))
            .filter(|n| !n.is_empty())
            .cloned(),
        status: match meta.get("status").map_or("", String::as_str) {
            "1" => "RUNNING",
            "2" => "SCHEDULED",
            "3" => "FINISHED",
            "4" => "FAILED",
            "5" => "KILLED",
            other => other,
        }
        .to_owned(),
        started: millis("start_time"),
        finished: millis("end_time"),
        ..Run::default()
    };
    for (name, path) in files_in(&place.join("params")) {
        // A file that is made and not yet written is no parameter of nothing.
        if let Some(text) = read_text(&path).filter(|t| !t.is_empty()) {
            run.params
                .insert(name, text.trim_end_matches(['\n', '\r']).to_owned());
        }
    }
    for (name, path) in files_in(&place.join("tags")) {
        if let Some(text) = read_text(&path) {
            run.tag(&name, &text);
        }
    }
    for (name, path) in files_in(&place.join("metrics")) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let file = format!("{id}/metrics/{name}");
        complaints.clear(&file);
        let points = points(&String::from_utf8_lossy(&bytes), &file, complaints);
        run.metrics.insert(name, points);
    }
    run
}

/// `<milliseconds> <value> [<step>]` a line. A last line without its end is not there yet.
fn points(text: &str, file: &str, complaints: &mut Complaints) -> Vec<Point> {
    let mut found = Vec::new();
    for (line, k) in text.split_inclusive('\n').zip(1u64..) {
        if !line.ends_with('\n') {
            break;
        }
        let mut cells = line.split_whitespace();
        let read = (|| {
            Some(Point {
                time: cells.next()?.parse().ok()?,
                value: number(cells.next()?)?,
                step: cells.next().map_or(Some(0), |s| s.parse().ok())?,
            })
        })();
        match read {
            Some(point) => found.push(point),
            None if line.trim().is_empty() => {}
            None => complaints.add(file, Some(k), "the line is no measurement; it was skipped."),
        }
    }
    found
}

/// The folders in a folder, but for hidden ones.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|e| {
            e.file_type().is_ok_and(|t| t.is_dir()) && !e.file_name().to_string_lossy().starts_with('.')
        })
        .map(|e| e.path())
        .filter(|p| {
            !matches!(
                p.file_name().and_then(OsStr::to_str),
                Some("models" | "traces" | "artifacts")
            )
        })
        .collect();
    found.sort();
    found
}

/// The files below a folder with their names: those with `/` are in folders of their own.
fn files_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    descend(folder, "", 0, &mut found);
    found
}

fn descend(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type() {
            Ok(t) if t.is_dir() && depth < MAX_DEPTH => {
                descend(&entry.path(), &format!("{name}/"), depth + 1, found)
            }
            Ok(t) if t.is_file() => found.push((name, entry.path())),
            _ => {}
        }
    }
}

/// A print of what `stat` says of a run's files: of its folders and its description, and while it is under way
/// of its metrics.
fn print_of(place: &Path, is_over: bool, latest: &mut Option<f64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut add = |path: &Path| {
        let Ok(metadata) = std::fs::metadata(path) else {
            return;
        };
        let modified = metadata
            .modified()
            .ok()
            .and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        (metadata.len(), modified).hash(&mut hasher);
        *latest = [*latest, modified.map(|d| d.as_secs_f64())]
            .into_iter()
            .flatten()
            .reduce(f64::max);
    };
    for name in ["meta.yaml", "params", "metrics", "tags"] {
        add(&place.join(name));
    }
    if !is_over {
        let mut files = files_in(&place.join("metrics"));
        files.extend(files_in(&place.join("params")));
        files.sort();
        files.iter().for_each(|(_, path)| add(path));
    }
    is_over.hash(&mut hasher);
    hasher.finish()
}

fn read_text(path: &Path) -> Option<String> {
    if std::fs::metadata(path).ok()?.len() > MAX_TEXT {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The top level of a YAML mapping of scalars, which is all that MLflow writes there.
fn yaml(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|l| !l.starts_with([' ', '#', '-'])) {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let plain = match value.as_bytes() {
            [b'\'', .., b'\''] if value.len() >= 2 => {
                value.get(1..value.len() - 1).unwrap_or("").replace("''", "'")
            }
            [b'"', .., b'"'] if value.len() >= 2 => {
                value.get(1..value.len() - 1).unwrap_or("").replace("\\\"", "\"")
            }
            b"null" | b"~" => continue,
            _ => value.to_owned(),
        };
        found.insert(key.trim().to_owned(), plain);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptions_of_mlflow_are_read() {
        let meta =
            yaml("experiment_id: '0'\nname: my \"run\": a\ntags: []\nend_time: null\nnested:\n  a: 1\n");
        assert_eq!(meta["experiment_id"], "0");
        assert_eq!(meta["name"], "my \"run\": a");
        assert!(!meta.contains_key("end_time") && !meta.contains_key("a"));
    }

    #[test]
    fn measurements_are_lines_and_a_cut_one_waits() {
        let mut complaints = Complaints::default();
        let found = points(
            "1000 nan 0\n2000 -inf 1\n3000 0.5\nbad line\n4000 0.",
            "m",
            &mut complaints,
        );
        assert_eq!(found.len(), 3);
        assert!(found[0].value.is_nan());
        assert_eq!((found[2].step, complaints.list().len()), (0, 1));
        assert_eq!(points("5000", "m", &mut complaints).len(), 0);
    }

    #[test]
    fn a_parameter_that_is_not_yet_written_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let params = folder.path().join("params");
        std::fs::create_dir(&params).unwrap();
        std::fs::write(params.join("width"), "").unwrap();
        let read = || {
            let mut complaints = Complaints::default();
            read_run("0", "a", folder.path(), &BTreeMap::new(), &mut complaints).params
        };
        assert!(read().is_empty());
        let before = print_of(folder.path(), false, &mut None);
        std::fs::write(params.join("width"), "64").unwrap();
        assert_ne!(print_of(folder.path(), false, &mut None), before);
        assert_eq!(read().get("width").map(String::as_str), Some("64"));
    }
}
