//! The queue folder: one file a decision, moved between folders by rename.
//!
//! `results.jsonl` → `results.queue/` with `pending/`, `claimed/`, `done/`, `withdrawn/`. A rename is
//! atomic on one disk and on NFS, so of a worker that claims and a person who withdraws exactly one wins.
//! The folder alone tells the state of every decision; it is made when the first one is delivered.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;

use crate::study::Diagnostic;
use crate::study::label::scrub;

use super::decision::is_plain_id;
use super::error::{absolute, printable, shown};
use super::{Decision, DeliveryError, Plan, Receipt, Status};

/// The stations of a queue file, in the order of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Station {
    Pending,
    Claimed,
    Done,
    Withdrawn,
}

impl Station {
    const ALL: [Self; 4] = [Self::Pending, Self::Claimed, Self::Done, Self::Withdrawn];

    fn folder(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Longest queue file that is read: a configuration has no use for a megabyte.
const MAX_BYTES: u64 = 1 << 20;
/// Files of one folder that are read; the newest ones.
const MAX_FILES: usize = 10_000;
/// A temporary file of this age belongs to a program that died.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The door of a source without a queue of its own.
#[derive(Clone, Debug)]
pub struct QueueFolder {
    root: PathBuf,
    /// Files of `done/` and `withdrawn/`, which change no more: each is read once.
    settled: Arc<Mutex<HashMap<PathBuf, Decision>>>,
}

/// What the folder holds, and what in it is not usable.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Oldest first.
    pub receipts: Vec<Receipt>,
    pub diagnostics: Vec<Diagnostic>,
}

impl QueueFolder {
    /// The queue beside a source: `results.jsonl` → `results.queue`. A link is not followed: workers find
    /// the queue by the name of the source alone.
    #[must_use]
    pub fn beside(source: &Path) -> Self {
        let source = crate::io::database::url::file_of(source);
        Self::at(&absolute(&source).with_extension("queue"))
    }

    /// A queue at a given place.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            settled: Arc::default(),
        }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What [`Self::deliver`] would write, and where.
    ///
    /// # Errors
    /// A parameter that cannot be written.
    pub fn describe(&self, decision: &Decision) -> Result<Plan, DeliveryError> {
        let path = self.dir(Station::Pending).join(file_name(decision));
        Ok(Plan {
            action: format!("write one file into {}", shown(&self.dir(Station::Pending))),
            place: shown(&path),
            params: printable(&Json::Object(decision.params_json()?).to_string()),
            content: printable(&decision.to_json()?.to_string()),
            ahead: self.names(Station::Pending, &mut Vec::new()).len(),
        })
    }

    /// Writes the decision into `pending/`: a temporary name in the same folder, write, sync, read back,
    /// rename, sync of the folder. A decision that is in the folder already is not written again.
    ///
    /// # Errors
    /// Nothing is left behind in `pending/` when an error is returned before the rename.
    pub fn deliver(&self, decision: &Decision) -> Result<Receipt, DeliveryError> {
        let mut text = decision.to_json()?.to_string();
        text.push('\n');
        if let Some(receipt) = self.find(&decision.id) {
            return Ok(receipt);
        }
        self.make_folders()?;
        let pending = self.dir(Station::Pending);
        self.sweep();
        let temporary = pending.join(format!(".{}.{}.tmp", decision.id, std::process::id()));
        let path = pending.join(file_name(decision));
        let written = write_checked(&temporary, &path, text.as_bytes());
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        sync_folder(&pending)?;
        // A worker may have taken it already: it is wherever its name is now.
        self.find(&decision.id)
            .ok_or_else(|| DeliveryError::ReadBackDiffers { place: shown(&path) })
    }

    /// Moves a decision from `pending/` to `withdrawn/`.
    ///
    /// # Errors
    /// Says who was faster where a worker claimed it first.
    pub fn withdraw(&self, receipt: &Receipt) -> Result<Receipt, DeliveryError> {
        let id = &receipt.decision.id;
        let unknown = || DeliveryError::Unknown {
            id: id.clone(),
            place: shown(&self.root),
        };
        let name = self
            .names(Station::Pending, &mut Vec::new())
            .into_iter()
            .find(|name| name.id == *id);
        if let Some(name) = name {
            self.make_folders()?;
            let from = self.dir(Station::Pending).join(&name.full);
            let to = self.dir(Station::Withdrawn).join(&name.full);
            match fs::rename(&from, &to) {
                Ok(()) => {
                    sync_folder(&self.dir(Station::Withdrawn))?;
                    sync_folder(&self.dir(Station::Pending))?;
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(DeliveryError::io("withdraw", &from)(e)),
            }
        }
        let now = self.find(id).ok_or_else(unknown)?;
        match now.status {
            Status::Withdrawn => Ok(now),
            Status::Claimed { by } => Err(DeliveryError::WorkerWasFaster { by }),
            Status::Queued => Err(unknown()),
            Status::Running { .. } | Status::Finished { .. } | Status::Failed { .. } => {
                Err(DeliveryError::WorkerWasFaster {
                    by: "a worker that has finished it".to_owned(),
                })
            }
        }
    }

    /// Moves the decisions whose result is in the source to `done/`. Another tunescope may do the same at
    /// the same time. Returns how many this call moved.
    ///
    /// # Errors
    /// A rename that fails for another reason than that the file is gone.
    pub fn settle(&self, finished: &HashSet<String>) -> Result<usize, DeliveryError> {
        if finished.is_empty() {
            return Ok(0);
        }
        let mut moved = 0;
        // A worker that reads `pending/` without claiming has run it all the same: not to be run again.
        for station in [Station::Claimed, Station::Pending] {
            for name in self.names(station, &mut Vec::new()) {
                if !finished.contains(&name.id) {
                    continue;
                }
                if moved == 0 {
                    self.make_folders()?;
                }
                let from = self.dir(station).join(&name.full);
                match fs::rename(&from, self.dir(Station::Done).join(&name.full)) {
                    Ok(()) => moved += 1,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => return Err(DeliveryError::io("move to done", &from)(e)),
                }
            }
        }
        Ok(moved)
    }

    /// Every decision in the folder, oldest first, and what is not usable. Needs nothing but the folder.
    #[must_use]
    pub fn list(&self) -> Listing {
        let mut listing = Listing::default();
        let mut seen = HashSet::new();
        // In the order of its life: a file that moves on while we look may be seen twice (the later
        // station counts) but is never missed.
        for station in Station::ALL {
            for name in self.names(station, &mut listing.diagnostics) {
                match self.receipt(station, &name) {
                    Ok(receipt) => {
                        if !seen.insert(receipt.decision.id.clone()) {
                            listing.receipts.retain(|r| r.decision.id != receipt.decision.id);
                        }
                        listing.receipts.push(receipt);
                    }
                    Err(Unusable::Gone) => {}
                    Err(Unusable::Because(why)) => listing.diagnostics.push(Diagnostic {
                        line: None,
                        message: format!(
                            "The queue file {}/{} is left alone: {why}.",
                            station.folder(),
                            scrub(&name.full)
                        ),
                    }),
                }
            }
        }
        listing
            .receipts
            .sort_by(|a, b| (a.decision.created, &a.decision.id).cmp(&(b.decision.created, &b.decision.id)));
        listing
    }

    fn dir(&self, station: Station) -> PathBuf {
        self.root.join(station.folder())
    }

    fn make_folders(&self) -> Result<(), DeliveryError> {
        if fs::metadata(&self.root).is_ok_and(|m| !m.is_dir()) {
            return Err(DeliveryError::NotAFolder {
                place: shown(&self.root),
            });
        }
        for station in Station::ALL {
            let dir = self.dir(station);
            fs::create_dir_all(&dir).map_err(DeliveryError::io("make the folder", &dir))?;
        }
        sync_folder(&self.root)?;
        self.root.parent().map_or(Ok(()), sync_folder)
    }

    /// Removes temporary files of programs that died between writing and renaming.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(self.dir(Station::Pending)) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_old = entry
                .metadata()
                .and_then(|m| m.modified())
                .is_ok_and(|t| t.elapsed().is_ok_and(|age| age > ABANDONED));
            if name.starts_with('.') && name.ends_with(".tmp") && is_old {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn names(&self, station: Station, diagnostics: &mut Vec<Diagnostic>) -> Vec<Name> {
        let Ok(entries) = fs::read_dir(self.dir(station)) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for entry in entries.flatten() {
            let full = entry.file_name();
            let Some(full) = full.to_str().filter(|f| !f.starts_with('.')) else {
                continue;
            };
            match Name::parse(full) {
                Some(name) => names.push(name),
                None => diagnostics.push(Diagnostic {
                    line: None,
                    message: format!(
                        "The file {}/{} is left alone: it is not named like a decision.",
                        station.folder(),
                        scrub(full)
                    ),
                }),
            }
        }
        names.sort_by(|a, b| a.full.cmp(&b.full));
        if names.len() > MAX_FILES {
            names.drain(..names.len() - MAX_FILES);
        }
        names
    }

    /// The decision wherever it is now. Looked for twice, because it may move while we look.
    fn find(&self, id: &str) -> Option<Receipt> {
        (0..2).find_map(|_| {
            Station::ALL.into_iter().find_map(|station| {
                self.names(station, &mut Vec::new())
                    .into_iter()
                    .filter(|name| name.id == id)
                    .find_map(|name| self.receipt(station, &name).ok())
            })
        })
    }

    fn settled_decision(&self, path: &Path, name: &Name) -> Result<Decision, Unusable> {
        // A thread that panicked with the map in hand left it whole: entries are only ever added.
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(decision) = settled.get(path) {
            return Ok(decision.clone());
        }
        let decision = read_decision(path, name)?;
        settled.insert(path.to_owned(), decision.clone());
        Ok(decision)
    }

    fn receipt(&self, station: Station, name: &Name) -> Result<Receipt, Unusable> {
        let path = self.dir(station).join(&name.full);
        let decision = match station {
            Station::Pending | Station::Claimed => read_decision(&path, name)?,
            Station::Done | Station::Withdrawn => self.settled_decision(&path, name)?,
        };
        let status = match station {
            Station::Pending => Status::Queued,
            Station::Claimed => Status::Claimed { by: name.claimant() },
            Station::Done => Status::Finished {
                trial: None,
                value: None,
            },
            Station::Withdrawn => Status::Withdrawn,
        };
        Ok(Receipt {
            decision,
            status,
            place: shown(&path),
            file: Some(path),
            trial: None,
        })
    }
}

fn read_decision(path: &Path, name: &Name) -> Result<Decision, Unusable> {
    let bytes = read_plain(path)?;
    let json = serde_json::from_slice(&bytes)
        .map_err(|_| Unusable::Because("it is not whole JSON (still being written, or damaged)"))?;
    let decision = Decision::from_json(&json).map_err(Unusable::Because)?;
    if decision.id != name.id {
        return Err(Unusable::Because("its name and its \"id\" differ"));
    }
    Ok(decision)
}

enum Unusable {
    /// It moved on while we looked.
    Gone,
    Because(&'static str),
}

/// The name of a queue file: `<time>_<id>.json`, and after a claim `.<host>.<pid>`.
struct Name {
    full: String,
    id: String,
    claim: String,
}

impl Name {
    fn parse(full: &str) -> Option<Self> {
        let (stem, claim) = match full.split_once(".json.") {
            Some((stem, claim)) => (stem, claim),
            None => (full.strip_suffix(".json")?, ""),
        };
        let (_, id) = stem.split_once('_')?;
        is_plain_id(id).then(|| Self {
            full: full.to_owned(),
            id: id.to_owned(),
            claim: claim.to_owned(),
        })
    }

    fn claimant(&self) -> String {
        match self.claim.rsplit_once('.') {
            Some((host, pid)) => format!("{} ({})", scrub(host), scrub(pid)),
            None if self.claim.is_empty() => "a worker that did not say who it is".to_owned(),
            None => scrub(&self.claim),
        }
    }
}

/// Sorts by time, to the microsecond.
fn file_name(decision: &Decision) -> String {
    let micros = decision.created.as_microsecond();
    let time = decision.created.strftime("%Y%m%dT%H%M%S");
    format!("{time}{:06}Z_{}.json", micros.rem_euclid(1_000_000), decision.id)
}

fn write_checked(temporary: &Path, path: &Path, bytes: &[u8]) -> Result<(), DeliveryError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(temporary)
        .map_err(DeliveryError::io("write", temporary))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(DeliveryError::io("write", temporary))?;
    drop(file);
    let back = fs::read(temporary).map_err(DeliveryError::io("read back", temporary))?;
    if back != bytes {
        return Err(DeliveryError::ReadBackDiffers {
            place: shown(temporary),
        });
    }
    fs::rename(temporary, path).map_err(DeliveryError::io("put into place", path))
}

/// Makes renames in a folder durable. Some network file systems refuse to sync a folder; the rename holds
/// there all the same.
fn sync_folder(dir: &Path) -> Result<(), DeliveryError> {
    match File::open(dir).and_then(|f| f.sync_all()) {
        Ok(()) => Ok(()),
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        Err(e) => Err(DeliveryError::io("sync the folder", dir)(e)),
    }
}

/// Reads a regular file of sane length; never follows a link, never waits on a pipe.
fn read_plain(path: &Path) -> Result<Vec<u8>, Unusable> {
    let gone_or = |why| {
        move |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => Unusable::Gone,
            _ => Unusable::Because(why),
        }
    };
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(gone_or("it cannot be opened as a plain file"))?;
    let metadata = file.metadata().map_err(gone_or("it cannot be read"))?;
    if !metadata.is_file() {
        return Err(Unusable::Because("it is not a plain file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(Unusable::Because("it is larger than a megabyte"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(gone_or("it cannot be read"))?;
    Ok(bytes)
}
