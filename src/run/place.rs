//! The folder beside a results file: logs, and what is known of each attempt.
//!
//! `results.jsonl` → `results.logs/`. Attempt 1 of trial 7 writes `7.log` (its standard output), `7.err` (its
//! standard error), reads `7.json`, and is kept in `7.run`; attempt 2 has `7.2.log` and so on. `7.run` is
//! locked (`flock`) as long as somebody keeps the attempt: the lock ends with the process, however it ends,
//! so a number that another process has now deceives nobody.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunError;

/// The folder of a results file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    dir: PathBuf,
}

/// What a keeper writes down when the command has been started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub host: String,
    /// Process that keeps the attempt.
    pub keeper: u32,
    /// First process of the command, and its group.
    pub pid: u32,
    /// When that process was born, in the units of the system: two processes with one number differ in it.
    pub born: Option<u64>,
    pub started: String,
}

/// What a keeper writes down when the command is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Over {
    pub end: How,
    pub finished: String,
    pub seconds: f64,
    /// What `--metric-file` held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_file: Option<String>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Exited(i32),
    Signalled(i32),
    TimedOut,
    /// It was asked to end.
    Stopped,
    NotStarted(String),
    /// Nobody knows: its keeper is gone.
    Lost,
}

/// What is known of an attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    pub kept: Option<Kept>,
    pub over: Option<Over>,
}

impl Place {
    #[must_use]
    pub fn beside(results: &Path) -> Self {
        Self {
            dir: results.with_extension("logs"),
        }
    }

    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn file(&self, trial: u64, attempt: u32, ending: &str) -> PathBuf {
        self.dir.join(if attempt <= 1 {
            format!("{trial}.{ending}")
        } else {
            format!("{trial}.{attempt}.{ending}")
        })
    }

    #[must_use]
    pub fn log(&self, trial: u64, attempt: u32) -> PathBuf {
        self.file(trial, attempt, "log")
    }

    #[must_use]
    pub fn errors(&self, trial: u64, attempt: u32) -> PathBuf {
        self.file(trial, attempt, "err")
    }

    #[must_use]
    pub fn input(&self, trial: u64, attempt: u32) -> PathBuf {
        self.file(trial, attempt, "json")
    }

    #[must_use]
    pub fn record(&self, trial: u64, attempt: u32) -> PathBuf {
        self.file(trial, attempt, "run")
    }

    /// What the loop itself says of its state.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.dir.join("run.json")
    }

    /// Makes the folder and takes the lock of the loop: there is one loop on a results file at a time.
    ///
    /// # Errors
    /// Another loop has it; the folder cannot be made.
    pub fn lock(&self) -> Result<File, RunError> {
        fs::create_dir_all(&self.dir).map_err(RunError::io("make the folder", &self.dir))?;
        let path = self.dir.join("run.lock");
        let wrong = |source| RunError::io("lock", &path)(source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(wrong)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut by = String::new();
                // The name of the other is a help, not a need.
                let _ = file.read_to_string(&mut by);
                return Err(RunError::Locked {
                    results: self.dir.with_extension("jsonl"),
                    by: crate::study::label::scrub(by.trim()),
                });
            }
            Err(fs::TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
            Err(fs::TryLockError::Error(e)) => return Err(wrong(e)),
        }
        let name = format!(
            "process {} on {}",
            std::process::id(),
            crate::io::delivery::claim::host()
        );
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(name.as_bytes()))
            .map_err(wrong)?;
        Ok(file)
    }

    /// Whether a loop is on the results file now.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let path = self.dir.join("run.lock");
        File::open(path).is_ok_and(|f| matches!(f.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    /// Opens the record of an attempt for the one who keeps it. `None`: somebody keeps it already.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn keep(&self, trial: u64, attempt: u32) -> Result<Option<Record>, RunError> {
        let path = self.record(trial, attempt);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(RunError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(e)) => return Err(RunError::io("lock", &path)(e)),
        }
        Ok(Some(Record { file, path }))
    }

    /// Whether somebody keeps the attempt.
    #[must_use]
    pub fn is_kept(&self, trial: u64, attempt: u32) -> bool {
        File::open(self.record(trial, attempt))
            .is_ok_and(|f| matches!(f.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    /// What is known of an attempt.
    #[must_use]
    pub fn known(&self, trial: u64, attempt: u32) -> Known {
        let text = fs::read_to_string(self.record(trial, attempt)).unwrap_or_default();
        known(&text)
    }
}

fn known(text: &str) -> Known {
    let mut known = Known::default();
    for line in text.lines() {
        if let Ok(over) = serde_json::from_str(line) {
            known.over = known.over.or(Some(over));
        } else if let Ok(kept) = serde_json::from_str(line) {
            known.kept = Some(kept);
        }
    }
    known
}

/// The record of an attempt, locked.
#[derive(Debug)]
pub struct Record {
    file: File,
    path: PathBuf,
}

impl Record {
    /// What is in it already.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn known(&mut self) -> Result<Known, RunError> {
        let mut text = String::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_string(&mut text))
            .map_err(RunError::io("read", &self.path))?;
        Ok(known(&text))
    }

    /// Appends a line, synced.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, line: &impl Serialize) -> Result<(), RunError> {
        let wrong = |source| RunError::io("write to", &self.path)(source);
        let text = serde_json::to_string(line).map_err(|e| wrong(e.into()))?;
        // Behind a line that a killed writer left unfinished a new one begins.
        self.file
            .write_all(format!("{text}\n").as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(wrong)
    }
}

/// When a process was born, where the system tells: field 22 of `/proc/PID/stat` (proc(5)).
#[must_use]
pub fn birth(pid: u32) -> Option<u64> {
    field(pid, 22)
}

/// The parent of a process, where the system tells: field 4.
#[must_use]
pub fn parent(pid: u32) -> Option<u32> {
    u32::try_from(field(pid, 4)?).ok()
}

/// A number of `/proc/PID/stat`, by its place in proc(5); those from 3 on.
fn field(pid: u32, number: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(number.checked_sub(3)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(end: How) -> Over {
        Over {
            end,
            finished: "2026-11-23T20:00:00Z".into(),
            seconds: 1.5,
            metric_file: None,
        }
    }

    #[test]
    fn an_attempt_has_one_keeper_and_one_end() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::beside(&dir.path().join("r.jsonl"));
        let _lock = place.lock().unwrap();
        assert!(place.is_locked());
        assert!(matches!(place.lock(), Err(RunError::Locked { .. })));
        let mut record = place.keep(7, 1).unwrap().unwrap();
        assert!(place.keep(7, 1).unwrap().is_none() && place.is_kept(7, 1));
        let kept = Kept {
            host: "h".into(),
            keeper: 1,
            pid: 2,
            born: Some(3),
            started: "2026-11-23T20:00:00Z".into(),
        };
        record.add(&kept).unwrap();
        record.add(&over(How::Exited(0))).unwrap();
        record.add(&over(How::Lost)).unwrap();
        assert_eq!(record.known().unwrap(), place.known(7, 1));
        drop(record);
        assert!(!place.is_kept(7, 1));
        let known = place.known(7, 1);
        assert_eq!(known.kept, Some(kept));
        assert_eq!(known.over.unwrap().end, How::Exited(0), "the first end counts");
        assert_eq!(place.log(7, 2), place.dir().join("7.2.log"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_has_a_time_of_birth() {
        assert!(birth(std::process::id()).is_some());
        assert_eq!(
            parent(std::process::id()),
            Some(std::os::unix::process::parent_id())
        );
        assert_eq!(birth(u32::MAX), None);
    }
}
