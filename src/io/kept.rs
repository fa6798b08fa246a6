//! The file that holds what a person decided on one study and did not deliver:
//! `$XDG_STATE_HOME/tunescope/<hash>.json`, one a source and study.
//!
//! Written whole, to a temporary name, synced and renamed: it is the old state or the new one, never half of either.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::session::{Kept, Seen};
use crate::study::label::scrub;

/// What a newer tunescope might write differently.
const VERSION: u32 = 1;

/// The file of one study of one source.
#[derive(Clone, Debug)]
pub struct KeptFile {
    path: PathBuf,
    source: String,
    study: String,
}

#[derive(Serialize, Deserialize)]
struct Content<T> {
    version: u32,
    /// What it is about: two sources may meet in one hash.
    source: String,
    study: String,
    #[serde(flatten)]
    kept: T,
}

/// Why decisions cannot be kept or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptError {
    #[error("{}: what was decided cannot be {what}: {source}", scrub(&path.display().to_string()))]
    Io {
        what: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "{}: what was decided before cannot be read ({reason}); the file was put aside as {}",
        scrub(&path.display().to_string()),
        scrub(&aside.display().to_string())
    )]
    Damaged {
        path: PathBuf,
        aside: PathBuf,
        reason: String,
    },
}

/// Where state files lie; `None` where there is no home.
#[must_use]
pub fn default_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    etcetera::base_strategy::Xdg::new()
        .ok()
        .and_then(|xdg| Some(xdg.state_dir()?.join("tunescope")))
}

impl KeptFile {
    /// The file of a study of a source, in a folder. Standard input has none: it does not come back.
    #[must_use]
    pub fn of(folder: &Path, source: &Path, study: &str) -> Option<Self> {
        if source.as_os_str() == "-" {
            return None;
        }
        let source = identity(source);
        let hash = fnv(source.bytes().chain([0]).chain(study.bytes()));
        Some(Self {
            path: folder.join(format!("{hash:016x}.json")),
            source,
            study: study.to_owned(),
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was kept; `None`: nothing. What cannot be read is put aside, never written over.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self) -> Result<Option<Kept>, KeptError> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.io("read", source)),
        };
        let reason = match serde_json::from_slice::<Content<Kept>>(&bytes) {
            Ok(content) if content.version > VERSION => {
                format!("version {} is newer than this tunescope", content.version)
            }
            Ok(content) if content.source == self.source && content.study == self.study => {
                return Ok(Some(content.kept));
            }
            Ok(_) => return Ok(None),
            Err(error) => error.to_string(),
        };
        let aside = self.path.with_extension("unreadable");
        std::fs::rename(&self.path, &aside).map_err(|e| self.io("put aside", e))?;
        Err(KeptError::Damaged {
            path: self.path.clone(),
            aside,
            reason,
        })
    }

    /// Writes what is kept now; nothing kept is no file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, kept: &Kept) -> Result<(), KeptError> {
        if kept.is_empty() {
            return match std::fs::remove_file(&self.path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(self.io("dropped", e)),
                _ => Ok(()),
            };
        }
        self.write_whole(&self.path, kept)
    }

    /// What was seen of the study when somebody looked last; `None`: nothing is known of that. What cannot be read is
    /// worth no word: the next look replaces it.
    #[must_use]
    pub fn read_seen(&self) -> Option<Seen> {
        let bytes = std::fs::read(self.seen_path()).ok()?;
        let content: Content<Seen> = serde_json::from_slice(&bytes).ok()?;
        (content.version <= VERSION && content.source == self.source && content.study == self.study)
            .then_some(content.kept)
    }

    /// Writes down what was seen, in a file of its own: it changes with every look, decisions do not.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_seen(&self, seen: &Seen) -> Result<(), KeptError> {
        self.write_whole(&self.seen_path(), seen)
    }

    fn seen_path(&self) -> PathBuf {
        self.path.with_extension("seen")
    }

    fn write_whole<T: Serialize>(&self, path: &Path, kept: &T) -> Result<(), KeptError> {
        let content = Content {
            version: VERSION,
            source: self.source.clone(),
            study: self.study.clone(),
            kept,
        };
        let failed = |e| self.io("kept", e);
        let mut text = serde_json::to_vec_pretty(&content).map_err(|e| failed(e.into()))?;
        text.push(b'\n');
        let folder = path.parent().unwrap_or(Path::new("."));
        make_private(folder).map_err(failed)?;
        let mut name = path.to_owned().into_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = PathBuf::from(name);
        let written = (|| {
            let mut file = std::fs::File::create(&temporary)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&temporary, path)
        })();
        if written.is_err() {
            drop(std::fs::remove_file(&temporary));
        }
        written.map_err(failed)
    }

    fn io(&self, what: &'static str, source: std::io::Error) -> KeptError {
        KeptError::Io {
            what,
            path: self.path.clone(),
            source,
        }
    }
}

/// The folder, for its owner alone.
pub(super) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// How a source is called however it is named: the whole path without links, or the URL without its password.
pub(super) fn identity(source: &Path) -> String {
    let text = source.to_string_lossy();
    if let Some((scheme, rest)) = text.split_once("://") {
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let clean = match authority.rsplit_once('@') {
            Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
            None => authority.to_owned(),
        };
        return format!("{scheme}://{clean}{path}");
    }
    // A file that does not exist yet has a folder that does.
    let whole = source.canonicalize().or_else(|_| {
        let absolute = std::path::absolute(source)?;
        let folder = absolute.parent().unwrap_or(Path::new("/")).canonicalize()?;
        Ok::<_, std::io::Error>(folder.join(absolute.file_name().unwrap_or_default()))
    });
    whole
        .unwrap_or_else(|_| source.to_owned())
        .to_string_lossy()
        .into_owned()
}

/// FNV-1a, 64 bits: names must be the same in every build.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::kept::ByHand;

    fn some() -> Kept {
        Kept {
            by_hand: ByHand {
                acquisition: Some("ucb".to_owned()),
                ..ByHand::default()
            },
            ..Kept::default()
        }
    }

    #[test]
    fn what_is_written_is_read_back_by_every_name_of_the_source_and_by_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("r.jsonl");
        std::fs::write(&source, "").unwrap();
        let state = dir.path().join("state");
        let file = KeptFile::of(&state, &source, "s").unwrap();
        assert!(file.read().unwrap().is_none());
        file.write(&some()).unwrap();
        let same = KeptFile::of(&state, &dir.path().join("./r.jsonl"), "s").unwrap();
        assert_eq!(same.read().unwrap(), Some(some()));
        assert!(
            KeptFile::of(&state, &source, "t")
                .unwrap()
                .read()
                .unwrap()
                .is_none()
        );
        file.write(&Kept::default()).unwrap();
        assert!(file.read().unwrap().is_none());
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 0);
    }

    #[test]
    fn a_look_is_kept_apart_from_decisions_and_a_damaged_one_is_no_look() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeptFile::of(dir.path(), Path::new("/nowhere/x.csv"), "s").unwrap();
        assert_eq!(file.read_seen(), None);
        let seen = Seen {
            when: 12.5,
            over: 7,
            ..Seen::default()
        };
        file.write_seen(&seen).unwrap();
        file.write(&Kept::default()).unwrap();
        assert_eq!(file.read_seen(), Some(seen));
        assert_eq!(file.read().unwrap(), None);
        std::fs::write(file.seen_path(), "{\"version\"").unwrap();
        assert_eq!(file.read_seen(), None);
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeptFile::of(dir.path(), Path::new("/nowhere/x.csv"), "").unwrap();
        std::fs::write(file.path(), "{\"version\": 1, ").unwrap();
        let said = file.read().unwrap_err().to_string();
        assert!(said.contains("put aside"), "{said}");
        assert!(file.read().unwrap().is_none());
        assert!(file.path().with_extension("unreadable").exists());
    }

    #[test]
    fn a_password_is_no_part_of_the_identity() {
        let with = identity(Path::new("postgresql://ann:secret@host:5432/db"));
        assert_eq!(with, "postgresql://ann@host:5432/db");
    }

    #[test]
    fn standard_input_has_no_memory() {
        assert!(KeptFile::of(Path::new("/tmp"), Path::new("-"), "s").is_none());
    }
}
