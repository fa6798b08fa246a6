//! A SQLite file that somebody else writes.
//!
//! **Reading** changes no byte, leaves no `-wal` or `-shm` behind, and keeps nobody waiting where that can be
//! avoided. A file at rest is read without any lock (`immutable=1`), and what was read counts only if the file
//! was still the same afterwards. A file that is being written is read under SQLite's own protocol: with a
//! write-ahead log readers and writers do not meet; with a rollback journal a writer's commit waits for the
//! milliseconds that a look takes. What only a writer could mend (a journal left by a killed process, a log
//! without its index) is mended in a copy, never in the file itself.
//!
//! **Writing** is one `BEGIN IMMEDIATE` transaction in the journal mode that the file has.
//!
//! POSIX locks belong to the process: closing any descriptor of a file drops all its locks. [`GATE`] keeps
//! what opens the file beside SQLite away from a transaction of ours.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, SystemTime};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection as Sqlite, ErrorCode, OpenFlags, ToSql, params_from_iter};

mod salvage;

pub use salvage::Salvaged;

use super::{Cell, Connection, DatabaseError, Dialect, EachRow, Work, ended};
use crate::study::label::scrub;

/// Held for writing by our transactions, for reading by whoever opens a database file without SQLite.
static GATE: RwLock<()> = RwLock::new(());

/// How often a file at rest is tried before its owner's locks are taken.
const QUIET_TRIES: u32 = 3;
/// A file that was written less than this ago is not at rest.
const REST: Duration = Duration::from_millis(40);
/// How long another program's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Whether these are the first bytes of a SQLite file.
#[must_use]
pub fn is_sqlite(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// A SQLite file, opened for each reading or writing and closed after it.
#[derive(Clone, Debug)]
pub struct SqliteFile {
    path: PathBuf,
}

/// What tells one state of the file from another.
#[derive(Debug, PartialEq)]
struct Print {
    bytes: u64,
    modified: Option<SystemTime>,
    /// The first 100 bytes, with the change counter.
    header: Vec<u8>,
    /// Bytes of the write-ahead log.
    log: Option<u64>,
    has_log_index: bool,
    /// Whether a rollback journal with something in it lies beside the file.
    has_journal: bool,
}

impl Print {
    fn uses_log(&self) -> bool {
        self.header.get(18..20) == Some(&[2, 2])
    }

    fn is_at_rest(&self) -> bool {
        let age = self
            .modified
            .and_then(|m| SystemTime::now().duration_since(m).ok());
        !self.has_journal && self.log.unwrap_or(0) == 0 && age.is_some_and(|age| age > REST)
    }
}

impl SqliteFile {
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is there and says that it is one of SQLite's.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        // A fifo or device is not opened: it would wait, or lose what is read.
        std::fs::metadata(&self.path).is_ok_and(|m| m.is_file())
            && self.print().is_ok_and(|print| is_sqlite(&print.header))
    }

    pub(in crate::io) fn place(&self) -> String {
        scrub(&self.path.to_string_lossy())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn print(&self) -> Result<Print, DatabaseError> {
        let _gate = GATE.read().unwrap_or_else(PoisonError::into_inner);
        let refused = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => DatabaseError::Missing { place: self.place() },
            _ => DatabaseError::Refused {
                place: self.place(),
                reason: error.to_string(),
            },
        };
        let file = File::open(&self.path).map_err(refused)?;
        let metadata = file.metadata().map_err(refused)?;
        let mut header = Vec::with_capacity(100);
        file.take(100).read_to_end(&mut header).map_err(refused)?;
        let bytes = |suffix: &str| std::fs::metadata(self.beside(suffix)).ok().map(|m| m.len());
        Ok(Print {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            header,
            log: bytes("-wal"),
            has_log_index: bytes("-shm").is_some(),
            has_journal: bytes("-journal").is_some_and(|b| b > 0) && has_content(&self.beside("-journal")),
        })
    }

    /// When the file or its log was last written, in seconds since the epoch.
    #[must_use]
    pub fn modified(&self) -> Option<f64> {
        ["", "-wal"]
            .iter()
            .filter_map(|suffix| std::fs::metadata(self.beside(suffix)).ok()?.modified().ok())
            .filter_map(|t| Some(t.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64()))
            .reduce(f64::max)
    }

    /// See [`super::Database::read`].
    ///
    /// # Errors
    /// The file is not there, or no database, or was locked for too long.
    pub fn read(&self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        for turn in 0..QUIET_TRIES {
            let before = self.print()?;
            if !is_sqlite(&before.header) {
                return Err(DatabaseError::Refused {
                    place: self.place(),
                    reason: "it is no SQLite file".to_owned(),
                });
            }
            if before.is_at_rest() {
                // A torn picture can end in an error too: it counts only if the file was still.
                let outcome = self.read_still(work);
                if self.print()? == before {
                    return outcome;
                }
            } else if before.uses_log() && before.log.unwrap_or(0) > 0 {
                return if before.has_log_index {
                    self.read_shared(work)
                } else {
                    self.read_copy(work)
                };
            }
            if turn + 1 < QUIET_TRIES {
                thread::sleep(REST);
            }
        }
        match self.read_shared(work) {
            Err(DatabaseError::Refused { .. }) if self.print()?.has_journal => self.read_copy(work),
            outcome => outcome,
        }
    }

    /// Without any lock, of a file that nobody is writing.
    fn read_still(&self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let sqlite = Sqlite::open_with_flags(self.uri("immutable=1"), flags).map_err(|e| self.said(&e))?;
        self.look(sqlite, work)
    }

    /// Under SQLite's own shared locks.
    fn read_shared(&self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let sqlite = Sqlite::open_with_flags(self.uri("readonly_shm=1"), flags).map_err(|e| self.said(&e))?;
        self.look(sqlite, work)
    }

    /// From a copy of the file and what lies beside it, where SQLite may mend what a killed writer left.
    fn read_copy(&self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        let (_folder, copy) = self.copied()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let sqlite = Sqlite::open_with_flags(&copy, flags).map_err(|e| self.said(&e))?;
        self.look(sqlite, work)
    }

    /// A copy with what lies beside it, in a folder that goes away with the returned guard.
    fn copied(&self) -> Result<(Scratch, PathBuf), DatabaseError> {
        let refused = |error: std::io::Error| DatabaseError::Refused {
            place: self.place(),
            reason: format!("it cannot be copied to be read: {error}"),
        };
        let folder = Scratch::new().map_err(refused)?;
        let copy = folder.path.join("copy.db");
        let _gate = GATE.read().unwrap_or_else(PoisonError::into_inner);
        for suffix in ["-journal", "-wal", ""] {
            let from = self.beside(suffix);
            let mut to = copy.clone().into_os_string();
            to.push(suffix);
            if suffix.is_empty() || from.exists() {
                std::fs::copy(&from, &to).map_err(refused)?;
            }
        }
        Ok((folder, copy))
    }

    fn look(&self, sqlite: Sqlite, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        let said = |e: rusqlite::Error| self.said(&e);
        sqlite.busy_timeout(PATIENCE).map_err(said)?;
        // One transaction, so that all queries see one picture.
        sqlite.execute_batch("BEGIN").map_err(said)?;
        let mut inside = Inside { file: self, sqlite };
        let outcome = work(&mut inside);
        let _ = inside.sqlite.execute_batch("ROLLBACK");
        outcome
    }

    /// See [`super::Database::write`].
    ///
    /// # Errors
    /// As [`SqliteFile::read`].
    pub fn write(&self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        if !self.path.exists() {
            return Err(DatabaseError::Missing { place: self.place() });
        }
        let _gate = GATE.write().unwrap_or_else(PoisonError::into_inner);
        let said = |e: rusqlite::Error| self.said(&e);
        let sqlite = Sqlite::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(said)?;
        sqlite.busy_timeout(PATIENCE).map_err(said)?;
        // A decision must outlast a power cut, whatever the build's default is.
        sqlite
            .execute_batch("PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE")
            .map_err(said)?;
        let mut inside = Inside { file: self, sqlite };
        let outcome = work(&mut inside);
        let mut say = |word: &str| inside.sqlite.execute_batch(word).map_err(|e| self.said(&e));
        // Only here the readers are waited for. Failing that, nothing was written.
        let (outcome, is_over) = ended(outcome, &mut say);
        if !is_over {
            let _ = say("ROLLBACK");
        }
        outcome
    }

    /// The file as SQLite's URI, with an option.
    fn uri(&self, option: &str) -> String {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut uri = String::from("file:");
        for byte in path.as_os_str().as_encoded_bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
                uri.push(char::from(*byte));
            } else {
                uri.push_str(&format!("%{byte:02x}"));
            }
        }
        uri.push('?');
        uri.push_str(option);
        uri
    }

    fn said(&self, error: &rusqlite::Error) -> DatabaseError {
        let place = self.place();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::Busy {
                place,
                seconds: PATIENCE.as_secs(),
            },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DatabaseError::Damaged {
                place,
                reason: scrub(&error.to_string()),
            },
            // A definition that does not parse is said without a code of its own.
            _ if error.to_string().contains("malformed database schema") => DatabaseError::Damaged {
                place,
                reason: scrub(&error.to_string()),
            },
            _ => DatabaseError::Refused {
                place,
                reason: scrub(&error.to_string()),
            },
        }
    }
}

/// A rollback journal that says something: one that was ended by zeroing its head says nothing.
fn has_content(journal: &Path) -> bool {
    let mut head = [0_u8; 8];
    File::open(journal).is_ok_and(|mut f| f.read_exact(&mut head).is_ok() && head != [0; 8])
}

/// A folder of our own that goes away with its content.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new() -> std::io::Result<Self> {
        let random: String = crate::io::delivery::random_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let path = std::env::temp_dir().join(format!("tunescope-{random}"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// An open transaction.
struct Inside<'a> {
    file: &'a SqliteFile,
    sqlite: Sqlite,
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Null => ValueRef::Null,
            Cell::Int(i) => ValueRef::Integer(*i),
            Cell::Real(x) => ValueRef::Real(*x),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Moment(t) => return Ok(crate::io::time::naive_text(*t).into()),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Cell<'_> {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(i) => Cell::Int(i),
        ValueRef::Real(x) => Cell::Real(x),
        ValueRef::Text(text) | ValueRef::Blob(text) => Cell::Text(String::from_utf8_lossy(text)),
    }
}

impl Connection for Inside<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn each(
        &mut self,
        sql: &str,
        arguments: &[Cell<'_>],
        row: &mut EachRow<'_>,
    ) -> Result<(), DatabaseError> {
        let said = |e: rusqlite::Error| self.file.said(&e);
        let mut statement = self.sqlite.prepare(sql).map_err(said)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(arguments)).map_err(said)?;
        while let Some(found) = rows.next().map_err(said)? {
            let mut cells = [const { Cell::Null }; 16];
            for (at, slot) in cells.iter_mut().enumerate().take(columns) {
                *slot = found.get_ref(at).map_or(Cell::Null, cell);
            }
            row(cells.get(..columns).unwrap_or(&cells));
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, arguments: &[Cell<'_>]) -> Result<u64, DatabaseError> {
        let changed = self
            .sqlite
            .execute(sql, params_from_iter(arguments))
            .map_err(|e| self.file.said(&e))?;
        Ok(changed as u64)
    }

    fn insert(&mut self, sql: &str, _key: &str, arguments: &[Cell<'_>]) -> Result<i64, DatabaseError> {
        self.execute(sql, arguments)?;
        Ok(self.sqlite.last_insert_rowid())
    }
}
