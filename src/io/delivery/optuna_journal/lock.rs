//! The lock of an Optuna journal, by Optuna's own protocol.
//!
//! The lock is the directory entry `<journal>.lock`, made by `symlink` (or, with Optuna's other lock class,
//! by an exclusive `open`), and released by renaming it to a unique name and unlinking that. Who finds it
//! waits 1 ms, doubling to 1 s (to 50 ms here: a person waits, and the lock is held for milliseconds). A lock that did not change for a grace period was left by a program that
//! died and is broken. Source: optuna `storages/journal/_file.py`; checked by `tests/optuna_delivery.rs`.
//!
//! Two more things differ from Optuna, both on the careful side. The link's target is always absolute: a
//! relative one that dangles makes Optuna wait for ever. And a lock counts as left over only while the
//! directory entry itself also stays the same one: Optuna looks at the time of the journal alone and can
//! break a lock that changed hands without a write.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::super::DeliveryError;
use super::super::decision::random_uuid;
use super::super::error::{resolved, shown};

/// How long to wait for the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockPolicy {
    /// A lock unchanged for this long was left behind. Optuna's default.
    pub grace: Duration,
    /// When to give up; longer than the grace period, so that a lock left behind is recovered.
    pub deadline: Duration,
}

impl Default for LockPolicy {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            deadline: Duration::from_secs(45),
        }
    }
}

const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// The lock, held. Dropping it releases it.
#[derive(Debug)]
pub struct JournalLock {
    held: Vec<Held>,
}

/// One lock file that is ours, with what makes it recognisable.
#[derive(Debug)]
struct Held {
    path: PathBuf,
    identity: Identity,
}

/// One directory entry, not what it points at: device, inode, time of making. A rename keeps all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64, i64, i64);

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|m| Self(m.dev(), m.ino(), m.mtime(), m.mtime_nsec()))
    }
}

/// What is looked at to tell a live lock: the entry, and when the journal was last written.
type Sight = (Identity, Option<(i64, i64)>);

impl JournalLock {
    /// Waits for the lock of a journal and takes it. A journal that is reached through a link has two
    /// lock names, and workers may use either: both are taken, always in the same order.
    ///
    /// # Errors
    /// The deadline passed, or the folder cannot be written.
    pub fn acquire(journal: &Path, policy: LockPolicy) -> Result<Self, DeliveryError> {
        let until = Instant::now() + policy.deadline;
        let mut lock = Self { held: Vec::new() };
        for (name, target) in lock_names(journal) {
            let held = take(&name, &target, policy, until)?;
            lock.held.push(held);
        }
        Ok(lock)
    }

    /// That nobody broke the lock in the meantime (as happens to a program that was suspended).
    ///
    /// # Errors
    /// It is gone, or somebody else's.
    pub fn check(&self) -> Result<(), DeliveryError> {
        for held in &self.held {
            if Identity::of(&held.path).ok() != Some(held.identity) {
                return Err(DeliveryError::LockLost {
                    lock: shown(&held.path),
                });
            }
        }
        Ok(())
    }
}

impl Drop for JournalLock {
    fn drop(&mut self) {
        while let Some(held) = self.held.pop() {
            // Never release a lock that is somebody else's by now.
            if Identity::of(&held.path).ok() == Some(held.identity) {
                remove(&held.path, held.identity);
            }
        }
    }
}

/// `(lock, target)` of every name that workers may know the journal by, sorted.
fn lock_names(journal: &Path) -> Vec<(PathBuf, PathBuf)> {
    let real = resolved(journal);
    let mut names = vec![real.clone()];
    if let (Some(parent), Some(name)) = (journal.parent(), journal.file_name()) {
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        names.push(resolved(parent).join(name));
    }
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let mut lock = name.into_os_string();
            lock.push(".lock");
            (PathBuf::from(lock), real.clone())
        })
        .collect()
}

fn take(lock: &Path, target: &Path, policy: LockPolicy, until: Instant) -> Result<Held, DeliveryError> {
    let started = Instant::now();
    let mut wait = FIRST_WAIT;
    let mut watched: Option<(Sight, Instant)> = None;
    loop {
        match symlink(target, lock) {
            Ok(()) => {
                let identity = Identity::of(lock).map_err(DeliveryError::io("look at the lock", lock))?;
                return Ok(Held {
                    path: lock.to_owned(),
                    identity,
                });
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(DeliveryError::io("make the lock", lock)(e)),
        }
        if Instant::now() >= until {
            return Err(DeliveryError::Locked {
                lock: shown(lock),
                seconds: started.elapsed().as_secs(),
            });
        }
        // A lock that is gone again by now is free: try at once.
        let Ok(identity) = Identity::of(lock) else {
            continue;
        };
        let sight = (identity, modified(lock, target));
        match watched {
            Some((seen, since)) if seen == sight => {
                if since.elapsed() > policy.grace {
                    remove(lock, identity);
                    (watched, wait) = (None, FIRST_WAIT);
                    continue;
                }
            }
            _ => watched = Some((sight, Instant::now())),
        }
        thread::sleep(wait.min(until.saturating_duration_since(Instant::now())));
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Optuna's sign of life: the time of what the lock points at, which is the journal. Where the target
/// dangles (a relative path seen from another folder), the journal is looked at directly.
fn modified(lock: &Path, target: &Path) -> Option<(i64, i64)> {
    let metadata = fs::metadata(lock).or_else(|_| fs::metadata(target)).ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec()))
}

/// Renames the lock to a unique name and unlinks that. If it turns out to be another lock than the one
/// that was looked at (its owner was faster by a hair), it is put back.
fn remove(lock: &Path, expected: Identity) {
    let mut unique = lock.as_os_str().to_owned();
    unique.push(random_uuid());
    unique.push(".rename");
    let unique = PathBuf::from(unique);
    if fs::rename(lock, &unique).is_err() {
        return;
    }
    if Identity::of(&unique).is_ok_and(|id| id != expected) {
        // A hard link never replaces an existing name, unlike a rename.
        let _ = fs::hard_link(&unique, lock);
    }
    let _ = fs::remove_file(&unique);
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: LockPolicy = LockPolicy {
        grace: Duration::from_millis(60),
        deadline: Duration::from_secs(5),
    };

    fn journal() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("j.log");
        fs::write(&path, "").unwrap();
        (dir, path)
    }

    fn lock_of(path: &Path) -> PathBuf {
        path.with_file_name("j.log.lock")
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_lock_points_at_the_absolute_path_and_leaves_nothing_behind() {
        let (dir, path) = journal();
        let lock = JournalLock::acquire(&path, QUICK).unwrap();
        assert_eq!(fs::read_link(lock_of(&path)).unwrap(), path);
        lock.check().unwrap();
        drop(lock);
        assert_eq!(names(dir.path()), ["j.log"]);
    }

    #[test]
    fn a_journal_behind_a_link_is_locked_under_both_names() {
        let (dir, path) = journal();
        let link = path.with_file_name("link.log");
        symlink("j.log", &link).unwrap();
        let lock = JournalLock::acquire(&link, QUICK).unwrap();
        assert_eq!(
            names(dir.path()),
            ["j.log", "j.log.lock", "link.log", "link.log.lock"]
        );
        assert_eq!(fs::read_link(path.with_file_name("link.log.lock")).unwrap(), path);
        drop(lock);
        assert_eq!(names(dir.path()), ["j.log", "link.log"]);
    }

    #[test]
    fn left_over_locks_of_every_kind_are_broken_after_the_grace_period() {
        let (dir, path) = journal();
        for make in [
            (|l: &Path, j: &Path| symlink(j, l).unwrap()) as fn(&Path, &Path),
            |l, _| symlink("elsewhere/j.log", l).unwrap(),
            |l, _| fs::write(l, "").unwrap(),
        ] {
            make(&lock_of(&path), &path);
            let started = Instant::now();
            drop(JournalLock::acquire(&path, QUICK).unwrap());
            assert!(started.elapsed() >= QUICK.grace, "broken too early");
            assert_eq!(names(dir.path()), ["j.log"]);
        }
    }

    #[test]
    fn a_live_lock_is_waited_for_and_never_broken() {
        let (_dir, path) = journal();
        symlink(&path, lock_of(&path)).unwrap();
        let policy = LockPolicy {
            grace: Duration::from_secs(3600),
            deadline: Duration::from_millis(50),
        };
        let error = JournalLock::acquire(&path, policy).unwrap_err();
        assert!(matches!(error, DeliveryError::Locked { .. }), "{error}");
        assert!(fs::symlink_metadata(lock_of(&path)).is_ok());
        let mine = {
            fs::remove_file(lock_of(&path)).unwrap();
            JournalLock::acquire(&path, policy).unwrap()
        };
        // Broken and taken by somebody else while we slept: not ours to release.
        fs::remove_file(lock_of(&path)).unwrap();
        fs::write(lock_of(&path), "").unwrap();
        assert!(matches!(mine.check(), Err(DeliveryError::LockLost { .. })));
        drop(mine);
        assert!(fs::symlink_metadata(lock_of(&path)).is_ok());
    }
}
