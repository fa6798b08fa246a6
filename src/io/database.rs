//! Databases that others own: SQLite files, PostgreSQL and MySQL by URL.
//!
//! [`Database::read`] gives one consistent picture without standing in a writer's way; [`Database::write`] is one
//! transaction under the owner's own locks. The SQL is written once: `?` for arguments, and [`Dialect`] where
//! the three differ. Everything blocks, with time limits: not for the thread that draws.

mod error;
mod mysql;
mod passfile;
mod postgres;
mod sqlite;
mod tls;
pub mod url;

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use super::scalar::Scalar;
pub use error::DatabaseError;
pub use sqlite::{Salvaged, SqliteFile, is_sqlite};
pub use url::{Dialect, Url};

/// Longest wait for a server to answer at all.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for one statement, and for a lock in the way of a write.
const STATEMENT: Duration = Duration::from_secs(30);

/// One field of a row, or one argument of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(Cow<'a, str>),
    /// A time without zone, as seconds since the epoch of that unknown zone.
    Moment(f64),
}

impl<'a> Cell<'a> {
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Int(i) => Scalar::Int(*i),
            Self::Real(x) => Scalar::Real(*x),
            Self::Text(text) => Scalar::Text(text),
            Self::Null | Self::Moment(_) => Scalar::Other,
        }
    }

    /// The whole number, also where a driver gives it as text.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let scalar = self.scalar();
        scalar.as_i64().or_else(|| scalar.as_text()?.trim().parse().ok())
    }

    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.scalar().as_f64()
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.scalar().as_text()
    }

    /// A time without zone; SQLite keeps it as text.
    #[must_use]
    pub fn as_moment(&self) -> Option<f64> {
        match self {
            Self::Moment(t) => Some(*t),
            Self::Text(text) => super::time::parse_naive(text),
            _ => None,
        }
    }
}

/// What is done with each row of an answer.
pub type EachRow<'f> = dyn FnMut(&[Cell<'_>]) + 'f;

/// A connection inside a transaction.
pub trait Connection {
    fn dialect(&self) -> Dialect;

    /// Runs a query and hands over row by row.
    ///
    /// # Errors
    /// The database refuses it, or is gone.
    fn each(&mut self, sql: &str, arguments: &[Cell<'_>], row: &mut EachRow<'_>)
    -> Result<(), DatabaseError>;

    /// Runs a statement; returns how many rows it changed.
    ///
    /// # Errors
    /// As [`Connection::each`].
    fn execute(&mut self, sql: &str, arguments: &[Cell<'_>]) -> Result<u64, DatabaseError>;

    /// Runs an `INSERT` into a table whose key the database gives, and returns that key.
    ///
    /// # Errors
    /// As [`Connection::each`].
    fn insert(&mut self, sql: &str, key: &str, arguments: &[Cell<'_>]) -> Result<i64, DatabaseError>;
}

/// The first row of an answer, as `pick` reads it.
///
/// # Errors
/// As [`Connection::each`].
pub fn first<T>(
    connection: &mut dyn Connection,
    sql: &str,
    arguments: &[Cell<'_>],
    mut pick: impl FnMut(&[Cell<'_>]) -> Option<T>,
) -> Result<Option<T>, DatabaseError> {
    let mut found = None;
    connection.each(sql, arguments, &mut |row| {
        if found.is_none() {
            found = pick(row);
        }
    })?;
    Ok(found)
}

/// What is done inside one transaction. A read may be done again from its start, so it must not keep anything
/// of an earlier try.
pub type Work<'f> = dyn FnMut(&mut dyn Connection) -> Result<(), DatabaseError> + 'f;

/// Ends a transaction: keeps what the work has done, or undoes it. `say` tells the database one word; returns what
/// became of it all, and whether the connection can be used again.
fn ended(
    outcome: Result<(), DatabaseError>,
    mut say: impl FnMut(&str) -> Result<(), DatabaseError>,
) -> (Result<(), DatabaseError>, bool) {
    match outcome {
        Ok(()) => {
            let committed = say("COMMIT");
            let is_usable = committed.is_ok();
            (committed, is_usable)
        }
        Err(refused) => (Err(refused), say("ROLLBACK").is_ok()),
    }
}

/// A database, not necessarily connected.
#[derive(Debug)]
pub enum Database {
    Sqlite(SqliteFile),
    Postgres(Box<postgres::Postgres>),
    Mysql(Box<mysql::Mysql>),
}

impl Database {
    /// The database of a URL. Connects to nothing yet.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        match url.dialect {
            Dialect::Sqlite => Self::Sqlite(SqliteFile::new(Path::new(&url.database))),
            Dialect::Postgres => Self::Postgres(Box::new(postgres::Postgres::new(url))),
            Dialect::Mysql => Self::Mysql(Box::new(mysql::Mysql::new(url))),
        }
    }

    /// The database that a path or URL on the command line means.
    ///
    /// # Errors
    /// It is a URL that is not understood.
    pub fn at(source: &Path) -> Result<Self, DatabaseError> {
        match Url::of(source) {
            Some(url) => Ok(Self::of(&url?)),
            None => Ok(Self::Sqlite(SqliteFile::new(source))),
        }
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// One consistent picture, read without changing anything and without keeping a writer waiting where that
    /// can be avoided.
    ///
    /// # Errors
    /// The database is not there, refuses, or is gone.
    pub fn read(&mut self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(file) => file.read(work),
            Self::Postgres(server) => server.transaction(work, true),
            Self::Mysql(server) => server.transaction(work, true),
        }
    }

    /// One transaction that changes something: all of it, or nothing. Where the answer to the commit is lost it
    /// may have happened: look again before trying again.
    ///
    /// # Errors
    /// As [`Database::read`]; nothing was changed then, except where the commit itself failed.
    pub fn write(&mut self, work: &mut Work<'_>) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(file) => file.write(work),
            Self::Postgres(server) => server.transaction(work, false),
            Self::Mysql(server) => server.transaction(work, false),
        }
    }
}
