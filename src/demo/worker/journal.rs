//! The results file as the worker sees it: whole lines, appended, under a lock.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use crate::demo::DemoError;

/// Appends to `results.jsonl`.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

/// What the file says about one trial: the last line with its id.
pub type Row = Map<String, Json>;

impl Journal {
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

    /// The last line of every trial with an integer id. Lines that are not objects are passed over.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn rows(&self) -> Result<BTreeMap<u64, Row>, DemoError> {
        let mut file = self.open()?;
        self.rows_of(&mut file)
    }

    /// Appends a line.
    ///
    /// # Errors
    /// A file that cannot be opened or written.
    pub fn append(&self, row: &Row) -> Result<(), DemoError> {
        let mut file = self.locked()?;
        self.write(&mut file, row)
    }

    /// Appends the first line of a trial: reading the largest id and writing the next are one step,
    /// so that two workers on one file never share an id. Returns what was written.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_new(&self, make: impl FnOnce(u64) -> Row) -> Result<Row, DemoError> {
        let mut file = self.locked()?;
        let id = self
            .rows_of(&mut file)?
            .last_key_value()
            .map_or(0, |(last, _)| last + 1);
        let row = make(id);
        self.write(&mut file, &row)?;
        Ok(row)
    }

    fn open(&self) -> Result<File, DemoError> {
        OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(DemoError::io("open", &self.path))
    }

    /// The lock ends with the file. A file system without locks is used without.
    fn locked(&self) -> Result<File, DemoError> {
        let file = self.open()?;
        match file.lock() {
            Err(error) if error.kind() != ErrorKind::Unsupported => {
                Err(DemoError::io("lock", &self.path)(error))
            }
            Ok(()) | Err(_) => Ok(file),
        }
    }

    fn rows_of(&self, file: &mut File) -> Result<BTreeMap<u64, Row>, DemoError> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(DemoError::io("read", &self.path))?;
        Ok(bytes
            .split(|&b| b == b'\n')
            .filter_map(|line| serde_json::from_slice::<Row>(line).ok())
            .filter_map(|row| Some((row.get("id")?.as_u64()?, row)))
            .collect())
    }

    /// One call writes the whole line. Behind a line that someone left unfinished a new one begins.
    fn write(&self, file: &mut File, row: &Row) -> Result<(), DemoError> {
        let mut line = String::new();
        if ends_within_a_line(file).map_err(DemoError::io("read", &self.path))? {
            line.push('\n');
        }
        line.push_str(&Json::Object(row.clone()).to_string());
        line.push('\n');
        file.write_all(line.as_bytes())
            .and_then(|()| file.flush())
            .map_err(DemoError::io("write to", &self.path))
    }
}

fn ends_within_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}
