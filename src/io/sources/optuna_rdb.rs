//! Optuna's database (`RDBStorage`): a SQLite file, or a server by URL.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::study::Study;

use super::super::database::{Database, DatabaseError, Dialect, SqliteFile, Url, is_sqlite, url};
use super::super::error::ReadError;
use super::super::optuna::rdb::layout::Layout;
use super::super::optuna::rdb::reading::Reading;
use super::super::source::{
    Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store, StudyEntry,
};
use super::super::watch::Target;

/// Optuna's `RDBStorage`.
pub static KIND: Kind = Kind {
    name: "optuna-rdb",
    title: "Optuna database",
    aliases: &["rdb", "optuna-sqlite", "sqlite", "postgresql", "mysql"],
    reads: Reads::Store {
        recognize,
        open: |path, options| Ok(Box::new(Rdb::open(path, options)?)),
    },
};

/// What a SQLite file is that has none of Optuna's tables: ours to refuse, if it is nobody's.
const FOREIGN: u8 = 5;

fn recognize(place: &Place<'_>) -> u8 {
    match (place.form, Url::of(place.path)) {
        (Form::File, None) if is_sqlite(place.first) => sureness(place.path),
        (Form::Address, Some(Ok(url))) if url.dialect == Dialect::Sqlite => {
            if Path::new(&url.database).exists() {
                sureness(Path::new(&url.database))
            } else {
                FOREIGN
            }
        }
        (Form::Address, Some(Ok(_))) => 50,
        _ => 0,
    }
}

fn sureness(path: &Path) -> u8 {
    let mut found = false;
    let outcome = SqliteFile::new(path).read(&mut |connection| {
        found = Layout::of(connection)?.is_some();
        Ok(())
    });
    match (outcome, found) {
        (Ok(()), true) => 95,
        _ => FOREIGN,
    }
}

/// An open storage.
struct Rdb {
    path: PathBuf,
    database: Database,
    reading: Reading,
    /// What told the file's states apart at the last look.
    stamps: Option<Vec<(u64, SystemTime)>>,
    /// A look in between, for what no file tells: heartbeats that do not come.
    looked: Option<Instant>,
    is_missing: bool,
}

/// Longest time without a look where workers give signs of life.
const LISTEN: Duration = Duration::from_secs(30);
/// A file that was written less than this ago is looked at again at the next sign.
const FRESH: Duration = Duration::from_millis(100);

impl Rdb {
    fn open(path: &Path, options: &ReadOptions) -> Result<Self, ReadError> {
        let database = Database::at(path).map_err(|e| failed(path, &e))?;
        Ok(Self {
            path: path.to_owned(),
            database,
            reading: Reading::new(options.study.as_deref()),
            stamps: None,
            looked: None,
            is_missing: false,
        })
    }

    /// The files of a SQLite database; empty for a server.
    fn files(&self) -> Vec<PathBuf> {
        let Database::Sqlite(file) = &self.database else {
            return Vec::new();
        };
        let beside = |suffix: &str| {
            let mut name = file.path().to_owned().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        vec![beside(""), beside("-wal"), beside("-journal")]
    }

    fn stamps(&self) -> Option<Vec<(u64, SystemTime)>> {
        let files = self.files();
        (!files.is_empty()).then(|| {
            let stamp = |f: &PathBuf| {
                let metadata = std::fs::metadata(f).ok()?;
                Some((metadata.len(), metadata.modified().ok()?))
            };
            files
                .iter()
                .map(|f| stamp(f).unwrap_or((0, UNIX_EPOCH)))
                .collect()
        })
    }
}

fn failed(path: &Path, error: &DatabaseError) -> ReadError {
    match error {
        DatabaseError::Missing { .. } => ReadError::Missing {
            path: path.to_owned(),
        },
        error => ReadError::Database {
            source: error.clone(),
        },
    }
}

impl Source for Rdb {
    fn study(&mut self) -> Study {
        self.reading.study()
    }

    fn studies(&self) -> Vec<StudyEntry> {
        self.reading.studies()
    }

    fn takes_newest(&self) -> bool {
        true
    }
}

impl Store for Rdb {
    fn poll(&mut self, _watch: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let stamps = self.stamps();
        let is_due = self.reading.has_heartbeats() && self.looked.is_none_or(|t| t.elapsed() > LISTEN);
        if stamps.is_some() && stamps == self.stamps && !is_due {
            return Ok(Change::Unchanged);
        }
        let (written, is_file) = match &self.database {
            Database::Sqlite(file) => (file.modified(), true),
            _ => (
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .ok()
                    .map(|d| d.as_secs_f64()),
                false,
            ),
        };
        let change = match self.reading.look(&mut self.database, written, is_file) {
            Err(DatabaseError::Missing { .. }) => {
                self.is_missing = true;
                self.stamps = None;
                return Ok(Change::Unchanged);
            }
            outcome => outcome.map_err(|e| failed(&self.path, &e))?,
        };
        self.is_missing = false;
        if !self.reading.is_optuna() {
            return Err(ReadError::NotOptuna {
                place: url::shown(&self.path),
            });
        }
        self.looked = Some(Instant::now());
        // The clock of a file system is coarse: what was written this moment may be written again unseen.
        let is_fresh = |(_, t): &(u64, SystemTime)| t.elapsed().is_ok_and(|age| age < FRESH);
        self.stamps = stamps.filter(|stamps| !stamps.iter().any(is_fresh));
        Ok(change)
    }

    fn watched(&self) -> Vec<Target> {
        let files = self.files();
        if files.is_empty() {
            return vec![Target::Clock];
        }
        let clock = self.reading.has_heartbeats().then_some(Target::Clock);
        files.into_iter().map(Target::File).chain(clock).collect()
    }

    fn is_missing(&self) -> bool {
        self.is_missing
    }

    fn modified(&self) -> Option<f64> {
        match &self.database {
            Database::Sqlite(file) => file.modified(),
            _ => self.reading.latest(),
        }
    }
}
