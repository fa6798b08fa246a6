//! Files that their owner rewrites whole, and what to say of those that cannot be read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::study::Diagnostic;
use crate::study::label::{scrub, without_code};

use super::encoding::decoded;
use super::json::tree::Json;
use super::tail::Stamp;

/// Largest document that is read.
const MAX_SIZE: u64 = 1 << 30;

/// One such file, and how it was when it was read.
#[derive(Debug)]
pub struct Document {
    path: PathBuf,
    stamp: Option<Stamp>,
    modified: Option<f64>,
}

/// What a look at a document brought.
#[derive(Debug)]
pub enum Fresh {
    /// Nobody wrote to it since.
    Same,
    /// It is not there.
    Missing,
    /// What stands in it now.
    New(Vec<u8>),
}

impl Document {
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            stamp: None,
            modified: None,
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it was written last: seconds since the Unix epoch.
    #[must_use]
    pub fn modified(&self) -> Option<f64> {
        self.modified
    }

    /// Reads it whole where it is new.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn look(&mut self) -> io::Result<Fresh> {
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(metadata) => metadata,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.stamp = None;
                return Ok(Fresh::Missing);
            }
            Err(e) => return Err(e),
        };
        let stamp = Stamp::of(&metadata);
        if self.stamp == Some(stamp) {
            return Ok(Fresh::Same);
        }
        if stamp.size > MAX_SIZE {
            return Err(io::Error::other("it is larger than 1 GiB"));
        }
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(MAX_SIZE).read_to_end(&mut bytes)?;
        self.stamp = Some(Stamp::of(&metadata));
        self.modified = metadata.modified().ok().and_then(seconds);
        Ok(Fresh::New(decoded(bytes)))
    }

    /// Reads it as JSON where it is new and whole. What is wrong with it is noted in `complaints` by its file name, and
    /// taken back once it reads well.
    pub fn look_for_json(&mut self, complaints: &mut Complaints) -> Option<Json> {
        let name = name_of(&self.path);
        let bytes = match self.look() {
            Ok(Fresh::Same | Fresh::Missing) => return None,
            Ok(Fresh::New(bytes)) => bytes,
            Err(error) => {
                complaints.say(&name, None, &format!("cannot be read ({error})."));
                return None;
            }
        };
        match Json::parse(&bytes) {
            Ok(json) => {
                complaints.clear(&name);
                Some(json)
            }
            Err(error) => {
                let line = bytes
                    .get(..error.at)
                    .map_or(1, |b| b.iter().filter(|b| **b == b'\n').count() as u64 + 1);
                self.forget();
                let message = if self.is_fresh() {
                    "the document is being written, or cut off; the last whole one holds.".to_owned()
                } else {
                    format!(
                        "this is not whole JSON: {} was expected; the last whole one holds.",
                        error.expected
                    )
                };
                complaints.say(&name, Some(line), &message);
                None
            }
        }
    }

    /// Whether it was written to so recently that a half of it may be there.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        is_recent(self.modified)
    }

    /// Has the next look read it again, although nobody may have written to it.
    pub fn forget(&mut self) {
        self.stamp = None;
    }
}

/// The last part of a path, as a study or a file is called; empty where it has none.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// Seconds since the Unix epoch.
#[must_use]
pub fn seconds(time: SystemTime) -> Option<f64> {
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

/// Whether a moment lies in the last three seconds.
#[must_use]
pub fn is_recent(moment: Option<f64>) -> bool {
    let now = seconds(SystemTime::now()).unwrap_or(0.0);
    moment.is_some_and(|then| now - then < Duration::from_secs(3).as_secs_f64())
}

/// What is wrong with which file; a file that reads well again is not complained of any more.
#[derive(Debug, Default)]
pub struct Complaints(BTreeMap<String, Vec<Diagnostic>>);

/// Most complaints that are listed.
const LISTED: usize = 1000;

impl Complaints {
    /// Replaces what was said of a file (by its name within the source).
    pub fn say(&mut self, file: &str, line: Option<u64>, message: &str) {
        let message = scrub(&without_code(&format!("{file}: {message}")));
        self.0.insert(file.to_owned(), vec![Diagnostic { line, message }]);
    }

    /// Adds to what was said of a file.
    pub fn add(&mut self, file: &str, line: Option<u64>, message: &str) {
        let list = self.0.entry(file.to_owned()).or_default();
        if list.len() < LISTED {
            let message = scrub(&without_code(&format!("{file}: {message}")));
            list.push(Diagnostic { line, message });
        }
    }

    /// The file is fine.
    pub fn clear(&mut self, file: &str) {
        self.0.remove(file);
    }

    #[must_use]
    pub fn list(&self) -> Vec<Diagnostic> {
        self.0.values().flatten().take(LISTED).cloned().collect()
    }
}
