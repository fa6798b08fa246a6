//! What can still be read of a damaged SQLite file, written into a new one.
//!
//! The damaged file is copied first: what a killed writer left (a log, a rollback journal) is worked in there, and
//! the original is only read. Then every table is copied row by row in the order of its keys. Where a row cannot be
//! read, the copying goes on behind it, at distances that double, so that one damaged page costs little more than its
//! own rows; and since the way down to the keys behind may lead over that page, also from the other end.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection as Sqlite, OpenFlags, params_from_iter};

use super::super::DatabaseError;
use super::SqliteFile;

/// What a salvage brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Rows that were copied.
    pub rows: u64,
    /// Places where something could not be read or written.
    pub gaps: u64,
}

/// Farthest jump over keys that cannot be read.
const FARTHEST: i64 = 1 << 24;

impl SqliteFile {
    /// Writes what can be read into a new SQLite file at `out`, which must be empty or not exist.
    ///
    /// # Errors
    /// The file is not there or not SQLite's, nothing of it can be read, or `out` cannot be written.
    pub fn salvage(&self, out: &Path) -> Result<Salvaged, DatabaseError> {
        let said = |e: rusqlite::Error| self.said(&e);
        let (_folder, copy) = self.copied()?;
        let from = Sqlite::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(said)?;
        // With this a definition that is damaged keeps only its own table from being read.
        from.execute_batch("PRAGMA writable_schema=ON; PRAGMA cell_size_check=ON")
            .map_err(said)?;
        let to = SqliteFile::new(out);
        let written = |e: rusqlite::Error| to.said(&e);
        let into = Sqlite::open(out).map_err(written)?;
        into.execute_batch("PRAGMA foreign_keys=OFF; BEGIN")
            .map_err(written)?;
        let mut salvaged = Salvaged::default();
        let mut last = Vec::new();
        for (kind, name, sql) in schema(&from).map_err(said)? {
            if kind != "table" {
                last.push(sql);
            } else if name.starts_with("sqlite_") {
                // Made by SQLite itself.
            } else if into.execute_batch(&sql).is_err() {
                salvaged.gaps += 1;
            } else {
                let table = copy_table(&from, &into, &name);
                salvaged.rows += table.rows;
                salvaged.gaps += table.gaps;
            }
        }
        for sql in last {
            salvaged.gaps += u64::from(into.execute_batch(&sql).is_err());
        }
        into.execute_batch("COMMIT").map_err(written)?;
        Ok(salvaged)
    }
}

/// Kind, name and definition of all that has one, in the order of its making.
fn schema(from: &Sqlite) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut statement = from.prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    // What is torn in the middle of the list ends it.
    while let Ok(Some(row)) = rows.next() {
        if let (Ok(kind), Ok(name), Ok(sql)) = (row.get(0), row.get(1), row.get(2)) {
            found.push((kind, name, sql));
        }
    }
    if found.is_empty() {
        rows.next()?;
    }
    Ok(found)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// One table on its way.
struct Copying<'a> {
    from: &'a Sqlite,
    into: &'a Sqlite,
    insert: String,
    salvaged: Salvaged,
}

fn copy_table(from: &Sqlite, into: &Sqlite, name: &str) -> Salvaged {
    let table = quoted(name);
    let columns = into
        .prepare(&format!("SELECT * FROM {table}"))
        .map_or(0, |s| s.column_count());
    let marks = vec!["?"; columns].join(", ");
    let mut copying = Copying {
        from,
        into,
        insert: format!("INSERT OR IGNORE INTO {table} VALUES ({marks})"),
        salvaged: Salvaged::default(),
    };
    let select = |which: &str| format!("SELECT rowid, * FROM {table} {which}");
    let (mut start, mut jump) = (i64::MIN, 1_i64);
    while let (reached, Err(_)) = copying.rows(
        &select(&format!("WHERE rowid >= {start} ORDER BY rowid")),
        columns,
    ) {
        (start, jump) = match reached {
            Some(reached) => (reached.saturating_add(1), 1),
            None if start == i64::MIN => (1, 1),
            None => (start.saturating_add(jump), jump * 2),
        };
        copying.salvaged.gaps += u64::from(jump == 1);
        if jump > FARTHEST {
            let _ = copying.rows(&select("ORDER BY rowid DESC"), columns);
            break;
        }
    }
    copying.salvaged
}

impl Copying<'_> {
    /// Copies rows until there are no more, or one cannot be read; returns the key of the last one.
    fn rows(&mut self, sql: &str, columns: usize) -> (Option<i64>, rusqlite::Result<()>) {
        let mut reached = None;
        let outcome = self.each(sql, columns, &mut reached);
        (reached, outcome)
    }

    fn each(&mut self, sql: &str, columns: usize, reached: &mut Option<i64>) -> rusqlite::Result<()> {
        let mut select = self.from.prepare(sql)?;
        let mut insert = self.into.prepare_cached(&self.insert)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            *reached = Some(row.get(0)?);
            let cells = (1..=columns).map(|at| row.get::<_, Value>(at));
            let written = cells
                .collect::<rusqlite::Result<Vec<_>>>()
                .and_then(|cells| insert.execute(params_from_iter(cells)));
            match written {
                Ok(changed) => self.salvaged.rows += changed as u64,
                Err(_) => self.salvaged.gaps += 1,
            }
        }
        Ok(())
    }
}
