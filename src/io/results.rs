//! The results file as those see it who write it: whole lines, appended, under a lock.
//!
//! One object a line with an integer `id`; a later line of the same `id` replaces the earlier one. The lock
//! (`flock`) is held while one line is written, so that several writers never share an id or a line.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

/// A results file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct ResultsError {
    pub action: &'static str,
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

/// What the file says about one trial: the last line with its id.
pub type Row = Map<String, Json>;

/// Appends to `results.jsonl`, and knows what is in it. Only what is new since the last look is read.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    rows: BTreeMap<u64, Row>,
    /// Bytes that were read: up to the end of a line.
    read: u64,
    /// Device and inode of the file that was read.
    identity: Option<(u64, u64)>,
    /// Ids below this are taken, whatever the rows say.
    floor: u64,
}

impl Results {
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            rows: BTreeMap::new(),
            read: 0,
            identity: None,
            floor: 0,
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// New trials get ids from here on: rows without an id have numbers too, for those who read the file.
    pub fn start_ids_at(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
    }

    /// The last line of every trial with an integer id. Lines that are not objects are passed over.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn rows(&mut self) -> Result<&BTreeMap<u64, Row>, ResultsError> {
        let mut file = self.open()?;
        self.catch_up(&mut file)?;
        Ok(&self.rows)
    }

    /// What was last seen of one trial.
    #[must_use]
    pub fn row(&self, id: u64) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// Appends a line.
    ///
    /// # Errors
    /// A file that cannot be opened or written.
    pub fn append(&mut self, row: &Row) -> Result<(), ResultsError> {
        let mut file = self.locked()?;
        self.write(&mut file, row)
    }

    /// Appends a line, and waits until the disk has it.
    ///
    /// # Errors
    /// As [`Results::append`].
    pub fn append_synced(&mut self, row: &Row) -> Result<(), ResultsError> {
        let mut file = self.locked()?;
        self.write(&mut file, row)?;
        file.sync_data().map_err(self.cannot("sync"))
    }

    /// Appends the first line of a trial: reading the largest id and writing the next are one step,
    /// so that two writers on one file never share an id. Returns the id and what was written.
    ///
    /// # Errors
    /// As [`Results::append`].
    pub fn append_new(&mut self, make: impl FnOnce(u64) -> Row) -> Result<(u64, Row), ResultsError> {
        let mut file = self.locked()?;
        self.catch_up(&mut file)?;
        let next = self.rows.last_key_value().map_or(0, |(last, _)| last + 1);
        let id = next.max(self.floor);
        let row = make(id);
        self.write(&mut file, &row)?;
        file.sync_data().map_err(self.cannot("sync"))?;
        self.floor = id + 1;
        Ok((id, row))
    }

    fn cannot(&self, action: &'static str) -> impl FnOnce(io::Error) -> ResultsError {
        let path = self.path.clone();
        move |source| ResultsError { action, path, source }
    }

    fn open(&self) -> Result<File, ResultsError> {
        OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(self.cannot("open"))
    }

    /// The lock ends with the file. A file system without locks is used without.
    fn locked(&self) -> Result<File, ResultsError> {
        let file = self.open()?;
        match file.lock() {
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(self.cannot("lock")(error)),
            Ok(()) | Err(_) => Ok(file),
        }
    }

    /// Reads the whole lines that are new.
    fn catch_up(&mut self, file: &mut File) -> Result<(), ResultsError> {
        let meta = file.metadata().map_err(self.cannot("read"))?;
        let identity = identity(&meta);
        if identity != self.identity || meta.len() < self.read {
            self.rows.clear();
            self.read = 0;
            self.identity = identity;
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.read))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(self.cannot("read"))?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let lines = bytes.get(..whole).unwrap_or_default().split(|&b| b == b'\n');
        for row in lines.filter_map(|line| serde_json::from_slice::<Row>(line).ok()) {
            if let Some(id) = row.get("id").and_then(Json::as_u64) {
                self.rows.insert(id, row);
            }
        }
        self.read += whole as u64;
        Ok(())
    }

    /// One call writes the whole line. Behind a line that someone left unfinished a new one begins.
    fn write(&mut self, file: &mut File, row: &Row) -> Result<(), ResultsError> {
        let mut line = String::new();
        if ends_within_a_line(file).map_err(self.cannot("read"))? {
            line.push('\n');
        }
        line.push_str(&Json::Object(row.clone()).to_string());
        line.push('\n');
        file.write_all(line.as_bytes())
            .and_then(|()| file.flush())
            .map_err(self.cannot("write to"))
    }
}

#[cfg(unix)]
fn identity(meta: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(json: Json) -> Row {
        json.as_object().cloned().unwrap()
    }

    #[test]
    fn two_writers_never_share_an_id_or_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        std::fs::write(&path, "{\"id\": 4, \"state\": \"compl").unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    let mut results = Results::new(path);
                    for _ in 0..25 {
                        let (id, _) = results
                            .append_new(|id| row(json!({"id": id, "writer": writer})))
                            .unwrap();
                        results.append(&row(json!({"id": id, "done": writer}))).unwrap();
                    }
                });
            }
        });
        let mut results = Results::new(&path);
        let rows = results.rows().unwrap();
        assert_eq!(rows.len(), 100);
        assert!(rows.values().all(|r| r.contains_key("done")));
    }

    #[test]
    fn only_what_is_new_is_read_and_another_file_is_read_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        let mut results = Results::new(&path);
        results.start_ids_at(3);
        let (id, _) = results.append_new(|id| row(json!({"id": id, "a": 1}))).unwrap();
        assert_eq!(id, 3);
        results.append(&row(json!({"id": 3, "a": 2}))).unwrap();
        assert_eq!(results.rows().unwrap()[&3]["a"], 2);
        std::fs::write(&path, "{\"id\": 9}\nnot a row\n").unwrap();
        assert_eq!(results.rows().unwrap().keys().copied().collect::<Vec<_>>(), [9]);
    }
}
