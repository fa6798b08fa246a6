//! A finished trial, recorded by hand in a file of rows: one whole row more, under a lock, read back.
//!
//! The lock is the one under which the loop writes its own rows (`flock`), held from the look at what is there to the sync.

pub mod delimited;
pub mod jsonl;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::encoding::{Decoder, Encoding};
use crate::study::{Study, TrialId};

/// Longest text that is written to by hand.
const MAX_SIZE: u64 = 1 << 30;

/// Why a row was not appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TellError {
    #[error("cannot be {action} ({source})")]
    Io {
        action: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the last line is unfinished: its writer is busy, or died; try again, or end that line first")]
    Unfinished,
    #[error("the line that was appended does not read back the same; look at the end of the file")]
    ReadBackDiffers,
    #[error("its header has no column for {name}, so let the program that writes it record the trial")]
    NoColumn { name: String },
    #[error("it has no header, so there is no telling what a row means")]
    NoHeader,
    #[error(
        "a row for it would be read as something else ({what}); let the program that writes it record the trial"
    )]
    Misread { what: &'static str },
    #[error(
        "it is no UTF-8 text, and rows are written as that; let the program that writes it record the trial"
    )]
    Encoding,
    #[error("it is larger than 1 GB; let the program that writes it record the trial")]
    TooLarge,
}

/// A file that is about to get one more row.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    file: File,
    /// What is in it.
    pub text: String,
}

fn wrong(action: &'static str) -> impl FnOnce(io::Error) -> TellError {
    move |source| TellError::Io { action, source }
}

impl Rows {
    /// Opens a file, or makes it, and takes its lock; a file system without locks is used without.
    ///
    /// # Errors
    /// It cannot be opened, locked or read.
    pub fn lock(path: &Path) -> Result<Self, TellError> {
        let mut options = OpenOptions::new();
        let open = options.append(true).read(true).create(true).open(path);
        let mut file = open.map_err(wrong("opened"))?;
        match file.lock() {
            Err(error) if error.kind() != ErrorKind::Unsupported => return Err(wrong("locked")(error)),
            Ok(()) | Err(_) => {}
        }
        if file.metadata().map_err(wrong("read"))?.len() > MAX_SIZE {
            return Err(TellError::TooLarge);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(wrong("read"))?;
        let mut decoder = Decoder::default();
        decoder.decode(&bytes);
        if !matches!(decoder.encoding(), None | Some(Encoding::Utf8)) {
            return Err(TellError::Encoding);
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the last line lacks its end.
    #[must_use]
    pub fn is_open_ended(&self) -> bool {
        !self.text.is_empty() && !self.text.ends_with('\n')
    }

    /// Appends lines in one write, synced and read back, behind the end of a line that lacks it.
    ///
    /// # Errors
    /// It cannot be written, or is not there afterwards.
    pub fn append(mut self, lines: &str) -> Result<(), TellError> {
        let start = if self.is_open_ended() { "\n" } else { "" };
        let bytes = format!("{start}{lines}\n");
        self.file
            .write_all(bytes.as_bytes())
            .and_then(|()| self.file.sync_all())
            .map_err(wrong("appended to"))?;
        let length = bytes.len() as u64;
        let end = self.file.stream_position().map_err(wrong("read back"))?;
        let mut back = Vec::new();
        self.file
            .seek(SeekFrom::Start(end.saturating_sub(length)))
            .and_then(|_| self.file.take(length).read_to_end(&mut back))
            .map_err(wrong("read back"))?;
        if back == bytes.as_bytes() {
            Ok(())
        } else {
            Err(TellError::ReadBackDiffers)
        }
    }
}

/// One more than the largest number of a trial; `None` where trials have other names.
#[must_use]
pub fn next_number(study: Option<&Study>) -> Option<u64> {
    let mut next = 0;
    for trial in study.iter().flat_map(|s| &s.trials) {
        match trial.id {
            TrialId::Number(n) => next = next.max(n.saturating_add(1)),
            TrialId::Text(_) => return None,
        }
    }
    Some(next)
}
