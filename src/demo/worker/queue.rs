//! The worker's side of the queue folder: claim, finish, give back.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use crate::demo::DemoError;

/// The queue beside a results file: `results.jsonl` → `results.queue/`.
#[derive(Clone, Debug)]
pub struct Queue {
    root: PathBuf,
    /// What a claimed file's name ends with: `.<host>.<pid>`.
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

impl Queue {
    #[must_use]
    pub fn beside(results: &Path) -> Self {
        Self {
            root: results.with_extension("queue"),
            mark: format!(".{}.{}", host(), std::process::id()),
        }
    }

    fn claimed(&self, name: &str) -> PathBuf {
        self.root.join("claimed").join(format!("{name}{}", self.mark))
    }

    /// Takes the entry that was accepted first, by renaming it: of two workers, one succeeds.
    ///
    /// # Errors
    /// A queue folder that is there but cannot be read or renamed in; none is no error.
    pub fn claim(&self) -> Result<Option<Claim>, DemoError> {
        for name in names(&self.root.join("pending"))?
            .into_iter()
            .filter(|name| name.ends_with(".json"))
        {
            let (from, to) = (self.root.join("pending").join(&name), self.claimed(&name));
            match fs::rename(&from, &to) {
                Ok(()) => return Ok(Some(read(&to, name))),
                // Another worker was faster, or the person withdrew it.
                Err(error) if error.kind() == ErrorKind::NotFound && !from.exists() => {}
                Err(source) => {
                    return Err(DemoError::Io {
                        action: "claim",
                        path: from,
                        source,
                    });
                }
            }
        }
        Ok(None)
    }

    /// Moves a claimed entry to `done/`, under its first name.
    ///
    /// # Errors
    /// A file that cannot be renamed. One that is gone is no error: someone else tidied up.
    pub fn finish(&self, claim: &Claim) -> Result<(), DemoError> {
        move_if_there(
            &self.claimed(&claim.name),
            &self.root.join("done").join(&claim.name),
        )
    }

    /// Puts a claimed entry back, for another worker or a later run.
    ///
    /// # Errors
    /// As [`Queue::finish`].
    pub fn give_back(&self, claim: &Claim) -> Result<(), DemoError> {
        move_if_there(
            &self.claimed(&claim.name),
            &self.root.join("pending").join(&claim.name),
        )
    }

    /// Gives back what workers of this host claimed and did not live to finish.
    ///
    /// # Errors
    /// As [`Queue::finish`].
    pub fn recover(&self) -> Result<(), DemoError> {
        let claimed = self.root.join("claimed");
        for file in names(&claimed)? {
            let Some((name, mark)) = file.split_once(".json.") else {
                continue;
            };
            if is_dead_worker(mark) {
                let pending = self.root.join("pending").join(format!("{name}.json"));
                move_if_there(&claimed.join(&file), &pending)?;
            }
        }
        Ok(())
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

fn move_if_there(from: &Path, to: &Path) -> Result<(), DemoError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(DemoError::Io {
            action: "move",
            path: from.to_owned(),
            source: error,
        }),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Names of the entries in a folder of the queue, the oldest first; temporary files are passed over.
fn names(folder: &Path) -> Result<Vec<String>, DemoError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(DemoError::Io {
                action: "read",
                path: folder.to_owned(),
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
