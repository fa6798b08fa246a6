//! The same in a SQLite file: tables instead of folders.
//!
//! Read whole where the file changed, in three passes of which only the runs under way, and those that ended
//! since, ask for their measurements again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::super::database::{Cell, Connection, DatabaseError, Dialect, SqliteFile, Url, is_sqlite};
use super::super::super::document::Complaints;
use super::super::super::source::{Form, Place};
use super::super::super::tail::Stamp;
use super::files::Looked;
use super::runs::{Point, Run, Runs};

/// In SQL, MLflow writes an infinity as the largest number there is.
const INFINITE: f64 = f64::MAX;

/// The file that a path or an address (`sqlite:///mlflow.db`, as MLflow itself has it) means.
pub fn file_of(path: &Path) -> Option<PathBuf> {
    match Url::of(path) {
        None => Some(path.to_owned()),
        Some(Ok(url)) if url.dialect == Dialect::Sqlite => Some(PathBuf::from(&url.database)),
        Some(_) => None,
    }
}

/// Whether a place is a SQLite file with MLflow's tables.
pub fn is_store(place: &Place<'_>) -> bool {
    let Some(file) = file_of(place.path).map(|path| SqliteFile::new(&path)) else {
        return false;
    };
    if place.form == Form::File && !is_sqlite(place.first) || !file.is_sqlite() {
        return false;
    }
    let mut tables = 0;
    let read = file.read(&mut |connection| {
        let sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' \
                   AND name IN ('experiments', 'runs', 'latest_metrics')";
        connection.each(sql, &[], &mut |row| {
            tables = row.first().and_then(Cell::as_i64).unwrap_or(0);
        })
    });
    read.is_ok() && tables == 3
}

/// The file and what was seen of it.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    file: SqliteFile,
    stamps: Vec<Option<Stamp>>,
    /// Runs that were over when they were read.
    over: BTreeSet<String>,
}

impl Database {
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: SqliteFile::new(path),
            stamps: Vec::new(),
            over: BTreeSet::new(),
        }
    }

    pub fn modified(&self) -> Option<f64> {
        self.file.modified()
    }

    /// The file and what lies beside it while it is written.
    pub fn files(&self) -> Vec<PathBuf> {
        ["", "-wal", "-journal"]
            .iter()
            .map(|suffix| {
                let mut name = self.path.clone().into_os_string();
                name.push(suffix);
                PathBuf::from(name)
            })
            .collect()
    }

    /// Takes what is new.
    pub fn look(&mut self, runs: &mut Runs, complaints: &mut Complaints) -> Looked {
        let stamps: Vec<Option<Stamp>> = self
            .files()
            .iter()
            .map(|p| std::fs::metadata(p).ok().map(|m| Stamp::of(&m)))
            .collect();
        if stamps == self.stamps {
            return Looked::default();
        }
        let mut read = Runs::default();
        let (over, before) = (&self.over, &*runs);
        let outcome = self.file.read(&mut |connection| {
            read = all(connection, over, before)?;
            Ok(())
        });
        let name = self
            .path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        if let Err(error) = outcome {
            complaints.say(&name, None, &error.to_string());
            return Looked::default();
        }
        complaints.clear(&name);
        self.stamps = stamps;
        let mut looked = Looked {
            is_rebuilt: read.experiments != runs.experiments && !runs.experiments.is_empty()
                || runs.all.keys().any(|id| !read.all.contains_key(id)),
            changed: Vec::new(),
        };
        for (id, run) in &read.all {
            if runs.all.get(id) != Some(run) {
                looked.changed.push(id.clone());
            }
        }
        looked.is_rebuilt |= read.experiments != runs.experiments && looked.changed.is_empty();
        self.over = read
            .all
            .values()
            .filter(|r| matches!(r.status.as_str(), "FINISHED" | "FAILED" | "KILLED"))
            .map(|r| r.id.clone())
            .collect();
        *runs = read;
        looked
    }
}

/// Everything that is active. What was read of runs that are over still holds.
fn all(
    connection: &mut dyn Connection,
    over: &BTreeSet<String>,
    before: &Runs,
) -> Result<Runs, DatabaseError> {
    let mut runs = Runs::default();
    let text = |row: &[Cell<'_>], k: usize| match row.get(k) {
        Some(Cell::Text(text)) => Some(text.clone().into_owned()),
        Some(Cell::Int(i)) => Some(i.to_string()),
        _ => None,
    };
    connection.each(
        "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'",
        &[],
        &mut |row| {
            if let (Some(id), Some(name)) = (text(row, 0), text(row, 1)) {
                runs.experiments.insert(id, name);
            }
        },
    )?;
    let mut fresh: Vec<String> = Vec::new();
    let mut found: BTreeMap<String, Run> = BTreeMap::new();
    connection.each(
        "SELECT run_uuid, experiment_id, name, status, start_time, end_time FROM runs WHERE lifecycle_stage = 'active'",
        &[],
        &mut |row| {
            let (Some(id), Some(experiment)) = (text(row, 0), text(row, 1)) else {
                return;
            };
            let millis = |k: usize| row.get(k).and_then(Cell::as_f64).map(|t| t / 1e3);
            let run = Run {
                id: id.clone(),
                experiment,
                name: text(row, 2).filter(|n| !n.is_empty()),
                status: text(row, 3).unwrap_or_default(),
                started: millis(4),
                finished: millis(5),
                ..Run::default()
            };
            match before.all.get(&id).filter(|old| over.contains(&id) && old.status == run.status) {
                Some(old) => {
                    let kept = Run {
                        params: old.params.clone(),
                        metrics: old.metrics.clone(),
                        tags: old.tags.clone(),
                        parent: old.parent.clone(),
                        name: run.name.clone().or_else(|| old.name.clone()),
                        ..run
                    };
                    found.insert(id, kept);
                }
                None => {
                    fresh.push(id.clone());
                    found.insert(id, run);
                }
            }
        },
    )?;
    found.retain(|_, run| runs.experiments.contains_key(&run.experiment));
    fresh.retain(|id| found.contains_key(id));
    let is_first = before.all.is_empty();
    if is_first {
        details(connection, None, &mut found)?;
    } else {
        for id in &fresh {
            details(connection, Some(id), &mut found)?;
        }
    }
    runs.all = found;
    Ok(runs)
}

/// Parameters, tags and measurements, of one run or of all.
fn details(
    connection: &mut dyn Connection,
    run: Option<&str>,
    found: &mut BTreeMap<String, Run>,
) -> Result<(), DatabaseError> {
    let of = |sql: &str| {
        if run.is_some() {
            format!("{sql} WHERE run_uuid = ?")
        } else {
            sql.to_owned()
        }
    };
    let arguments: Vec<Cell<'_>> = run.map(Cell::text).into_iter().collect();
    connection.each(
        &of("SELECT run_uuid, key, value FROM params"),
        &arguments,
        &mut |row| {
            if let [Cell::Text(id), Cell::Text(key), value] = row
                && let Some(run) = found.get_mut(id.as_ref())
            {
                let value = value.as_text().unwrap_or("").to_owned();
                run.params.insert(key.clone().into_owned(), value);
            }
        },
    )?;
    connection.each(
        &of("SELECT run_uuid, key, value FROM tags"),
        &arguments,
        &mut |row| {
            if let [Cell::Text(id), Cell::Text(key), value] = row
                && let Some(run) = found.get_mut(id.as_ref())
            {
                run.tag(key, value.as_text().unwrap_or(""));
            }
        },
    )?;
    connection.each(
        &(of("SELECT run_uuid, key, value, timestamp, step, is_nan FROM metrics")
            + " ORDER BY step, timestamp"),
        &arguments,
        &mut |row| {
            let [Cell::Text(id), Cell::Text(key), value, time, step, is_nan] = row else {
                return;
            };
            let Some(run) = found.get_mut(id.as_ref()) else {
                return;
            };
            let value = match value.as_f64() {
                _ if is_nan.as_i64().is_some_and(|n| n != 0) => f64::NAN,
                Some(x) if x >= INFINITE => f64::INFINITY,
                Some(x) if x <= -INFINITE => f64::NEG_INFINITY,
                Some(x) => x,
                None => f64::NAN,
            };
            let point = Point {
                time: time.as_f64().unwrap_or(0.0),
                value,
                step: step.as_i64().unwrap_or(0),
            };
            run.metrics
                .entry(key.clone().into_owned())
                .or_default()
                .push(point);
        },
    )
}
