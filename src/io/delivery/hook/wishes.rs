//! Commands that are still to be started, so that a program that is killed between delivering a configuration and
//! starting its command loses none, and starts none twice.
//!
//! A wish is a file `ID.wish` in the state folder. It is written and synced before the configuration is delivered, is
//! called `ID.starting` from just before its command is started, and is gone once that runs. Its writer holds a lock
//! (`flock`) on it, which ends with the process: what is found without a lock was left by one that died. There,
//!
//! - `ID.wish` means that the command was not started: it is now, if the configuration was delivered;
//! - `ID.starting` means that nobody knows: that is said, and left to the person.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::super::super::kept;
use super::super::{Decision, DeliveryError, Door, Receipt, Status};
use super::{Hook, RunningHook};
use crate::study::label::scrub;

/// Longest wish that is read.
const MAX_BYTES: u64 = 1 << 21;

/// The wishes about one source.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// `None`: there is no home to keep them in.
    folder: Option<PathBuf>,
    source: String,
}

/// One that this process holds.
#[derive(Debug)]
struct Wish {
    /// Holds the lock.
    _file: File,
    path: PathBuf,
}

/// What became of one that a killed process left.
#[derive(Debug)]
pub enum Recovered {
    /// Its command is started now.
    Started {
        decision: Decision,
        running: RunningHook,
        /// A sentence for the person.
        said: String,
    },
    /// Nobody knows whether it was: a sentence for the person.
    Unsure(String),
}

/// What was delivered, and the command that was started for it, or why it was not.
pub type Delivered = (Receipt, Option<Result<RunningHook, DeliveryError>>);

impl Wishes {
    /// Those about a source, in a folder (`$XDG_STATE_HOME/tunescope`).
    #[must_use]
    pub fn of(state: Option<&Path>, source: &Path) -> Self {
        Self {
            folder: state.map(|state| state.join("commands")),
            source: kept::identity(source),
        }
    }

    /// Delivers a configuration and starts its command.
    ///
    /// # Errors
    /// It was not delivered; then no command is started either.
    pub fn deliver(
        &self,
        door: &mut Door,
        decision: &Decision,
        hook: Option<&Hook>,
    ) -> Result<Delivered, DeliveryError> {
        let Some(hook) = hook else {
            return Ok((door.deliver(decision)?, None));
        };
        // Where it cannot be written the command is started all the same: it is only not safe from a kill.
        let mut wish = self.write(hook, decision).ok().flatten();
        let receipt = match door.deliver(decision) {
            Ok(receipt) => receipt,
            Err(error) => {
                end(wish);
                return Err(error);
            }
        };
        if let Some(wish) = &mut wish {
            let _ = wish.starting();
        }
        let started = hook.start(decision);
        end(wish);
        Ok((receipt, Some(started)))
    }

    /// Sees to what killed processes left: starts what was not started, and says what nobody knows. What is told is
    /// forgotten only then: whoever is killed before it was heard leaves it to the next.
    pub fn recover(&self, door: &mut Door, tell: &mut dyn FnMut(Recovered)) {
        let left = self.left();
        if left.is_empty() {
            return;
        }
        let Ok(listing) = door.receipts() else {
            // Later, when the door opens.
            return;
        };
        let is_delivered = |decision: &Decision| {
            let mut receipts = listing.receipts.iter();
            receipts.any(|r| r.decision.id == decision.id && r.status != Status::Withdrawn)
        };
        for (mut wish, hook, decision) in left {
            let params = decision.params_json().map(Json::Object).unwrap_or_default();
            let what = format!(
                "`{}` for the accepted {}",
                hook.describe(),
                scrub(&params.to_string())
            );
            if wish.is_starting() {
                tell(Recovered::Unsure(format!(
                    "tunescope was killed while it started {what}: see whether that runs, and start it by hand if not"
                )));
            } else if is_delivered(&decision)
                && wish.starting().is_ok()
                && let Ok(running) = hook.start(&decision)
            {
                let said = format!("tunescope was killed before it could start {what}: it is started now");
                tell(Recovered::Started {
                    decision,
                    running,
                    said,
                });
            }
            end(Some(wish));
        }
    }

    fn write(&self, hook: &Hook, decision: &Decision) -> io::Result<Option<Wish>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        kept::make_private(folder)?;
        let path = folder.join(format!("{}.wish", decision.id));
        // Under another name first: under its own it is whole and locked from the first moment on.
        let temporary = folder.join(format!(".{}.{}.tmp", decision.id, std::process::id()));
        let decision = decision.to_json().map_err(io::Error::other)?;
        let text = json!({"source": self.source, "command": hook.words, "decision": decision}).to_string();
        let written = (|| -> io::Result<File> {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&temporary)?;
            file.lock()?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            Ok(file)
        })();
        let file = written.inspect_err(|_| drop(fs::remove_file(&temporary)))?;
        Ok(Some(Wish { _file: file, path }))
    }

    /// Those of processes that are gone; each is locked now.
    fn left(&self) -> Vec<(Wish, Hook, Decision)> {
        let folder = self.folder.iter();
        let entries = folder.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| is_wish(path))
            .collect();
        paths.sort();
        paths
            .into_iter()
            .filter_map(|path| self.take_over(path))
            .collect()
    }

    fn take_over(&self, path: PathBuf) -> Option<(Wish, Hook, Decision)> {
        let file = File::open(&path).ok()?;
        file.try_lock().ok()?;
        // Its owner may have ended it between the two.
        let (now, opened) = (fs::metadata(&path).ok()?, file.metadata().ok()?);
        if (now.dev(), now.ino()) != (opened.dev(), opened.ino()) {
            return None;
        }
        let mut text = String::new();
        (&file).take(MAX_BYTES).read_to_string(&mut text).ok()?;
        let json: Json = serde_json::from_str(&text).ok()?;
        if json.get("source")?.as_str()? != self.source {
            return None;
        }
        let words = json.get("command")?.as_array()?.iter();
        let words: Vec<String> = words.filter_map(|w| w.as_str().map(str::to_owned)).collect();
        let decision = Decision::from_json(json.get("decision")?).ok()?;
        Some((Wish { _file: file, path }, Hook { words }, decision))
    }
}

fn is_wish(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "wish" || e == "starting")
}

fn end(wish: Option<Wish>) {
    if let Some(wish) = wish {
        let _ = fs::remove_file(&wish.path);
    }
}

impl Wish {
    fn is_starting(&self) -> bool {
        self.path.extension().is_some_and(|e| e == "starting")
    }

    /// From now on nobody knows whether the command runs.
    fn starting(&mut self) -> io::Result<()> {
        let path = self.path.with_extension("starting");
        fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }
}
