//! The worker's side of the queue folder: claim, finish, give back.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value as Json};

use super::DeliveryError;
use super::error::shown;

/// What workers of this very process hold. A claimed file with the process' own mark that is not among them is that of an
/// earlier process with the same number.
static HELD: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// The queue beside a results file: `results.jsonl` → `results.queue/`.
#[derive(Clone, Debug)]
pub struct Claims {
    root: PathBuf,
    /// What a claimed file's name ends with: `<host>.<pid>`.
    mark: String,
}

/// A configuration that this worker, and no other, is to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Name of the file in `pending/`.
    pub name: String,
    /// `id` of the entry; the file's name without its ending where there is none.
    pub id: String,
    /// Empty where the file cannot be read: the run then says what is missing.
    pub params: Map<String, Json>,
}

/// What is to become of a claim whose worker is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody began it: it waits again.
    GiveBack,
    /// Its trial was begun and goes on here: it is ours now.
    Keep,
    /// Its trial is over.
    Done,
}

impl Claims {
    #[must_use]
    pub fn beside(results: &Path) -> Self {
        Self {
            root: results.with_extension("queue"),
            mark: format!("{}.{}", host(), std::process::id()),
        }
    }

    fn claimed(&self, name: &str) -> PathBuf {
        self.root.join("claimed").join(format!("{name}.{}", self.mark))
    }

    /// How many configurations wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        names(&self.root.join("pending"))
            .map_or(0, |names| names.iter().filter(|n| n.ends_with(".json")).count())
    }

    /// Takes the entry that was accepted first, by renaming it: of two workers, one succeeds.
    ///
    /// # Errors
    /// A queue folder that is there but cannot be read or renamed in; none is no error.
    pub fn claim(&self) -> Result<Option<Claim>, DeliveryError> {
        for name in names(&self.root.join("pending"))?
            .into_iter()
            .filter(|name| name.ends_with(".json"))
        {
            let (from, to) = (self.root.join("pending").join(&name), self.claimed(&name));
            // Held from before it bears our mark: a worker that starts beside us must not take it for left behind. The
            // lock lasts over the renaming, so that who fails does not let go what another has just got.
            let mut held = held();
            match fs::rename(&from, &to) {
                Ok(()) => {
                    held.get_or_insert_default().insert(to.clone());
                    return Ok(Some(read(&to, name)));
                }
                // Another worker was faster, or the person withdrew it.
                Err(error) if error.kind() == ErrorKind::NotFound && !from.exists() => {}
                Err(error) => return Err(DeliveryError::io("claim", &from)(error)),
            }
        }
        Ok(None)
    }

    /// Moves a claimed entry to `done/`, under its first name.
    ///
    /// # Errors
    /// A file that cannot be renamed. One that is gone is no error: someone else tidied up.
    pub fn finish(&self, name: &str) -> Result<(), DeliveryError> {
        self.let_go(name, "done")
    }

    /// Puts a claimed entry back, for another worker or a later run.
    ///
    /// # Errors
    /// As [`Claims::finish`].
    pub fn give_back(&self, name: &str) -> Result<(), DeliveryError> {
        self.let_go(name, "pending")
    }

    fn let_go(&self, name: &str, folder: &str) -> Result<(), DeliveryError> {
        let claimed = self.claimed(name);
        let mut held = held();
        move_if_there(&claimed, &self.root.join(folder).join(name))?;
        held.get_or_insert_default().remove(&claimed);
        Ok(())
    }

    /// Looks after what workers of this host claimed and did not live to finish; `fate` says of each
    /// identity what is to become of it.
    ///
    /// # Errors
    /// As [`Claims::finish`].
    pub fn recover(&self, fate: &mut dyn FnMut(&str) -> Fate) -> Result<(), DeliveryError> {
        let claimed = self.root.join("claimed");
        let mut held = held();
        let held = held.get_or_insert_default();
        for file in names(&claimed)? {
            let Some((name, mark)) = file.split_once(".json.") else {
                continue;
            };
            let name = format!("{name}.json");
            let from = claimed.join(&file);
            if held.contains(&from) || mark != self.mark && !is_dead_worker(mark) {
                continue;
            }
            let to = match fate(&read(&from, name.clone()).id) {
                Fate::GiveBack => self.root.join("pending").join(&name),
                Fate::Keep => {
                    let ours = self.claimed(&name);
                    held.insert(ours.clone());
                    ours
                }
                Fate::Done => self.root.join("done").join(&name),
            };
            if from != to {
                move_if_there(&from, &to)?;
            }
        }
        Ok(())
    }

    /// The file names of what is claimed by this process, by identity.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn ours(&self) -> Result<Vec<(String, String)>, DeliveryError> {
        let claimed = self.root.join("claimed");
        Ok(names(&claimed)?
            .into_iter()
            .filter_map(|file| {
                let (name, mark) = file.split_once(".json.")?;
                let name = format!("{name}.json");
                (mark == self.mark).then(|| (read(&claimed.join(&file), name.clone()).id, name))
            })
            .collect())
    }
}

/// This host's name, fit for a file name.
#[must_use]
pub fn host() -> String {
    gethostname::gethostname()
        .to_string_lossy()
        .replace(['/', ' '], "-")
}

/// Whether `<host>.<pid>` names a process of this host that is no more.
#[must_use]
pub fn is_dead_worker(mark: &str) -> bool {
    let Some((their_host, pid)) = mark.rsplit_once('.') else {
        return false;
    };
    let Some(pid) = pid.parse().ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    their_host == host()
        && rustix::process::test_kill_process(pid).is_err_and(|e| e == rustix::io::Errno::SRCH)
}

fn held() -> MutexGuard<'static, Option<HashSet<PathBuf>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn move_if_there(from: &Path, to: &Path) -> Result<(), DeliveryError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(DeliveryError::io("move", from)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Names of the entries in a folder of the queue, the oldest first; temporary files are passed over.
fn names(folder: &Path) -> Result<Vec<String>, DeliveryError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(DeliveryError::Io {
                action: "read",
                place: shown(folder),
                source,
            });
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .filter(|name| name.ends_with(".json") || name.contains(".json."))
        .collect();
    names.sort();
    Ok(names)
}

fn read(path: &Path, name: String) -> Claim {
    let entry: Map<String, Json> = fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let id = match entry.get("id") {
        Some(Json::String(id)) => id.clone(),
        Some(Json::Number(id)) => id.to_string(),
        _ => name.trim_end_matches(".json").to_owned(),
    };
    let params = match entry.get("params") {
        Some(Json::Object(params)) => params.clone(),
        _ => Map::new(),
    };
    Claim { name, id, params }
}
