//! Locks that somebody left behind.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::{Finding, Severity, quote};

/// Optuna breaks a lock that did not change for so long.
const GRACE: f64 = 30.0;

/// The lock beside a journal: whether it is left over, and whether it hangs every worker.
pub fn of_journal(journal: &Path, now: f64) -> Option<Finding> {
    let mut name = journal.as_os_str().to_owned();
    name.push(".lock");
    let lock = Path::new(&name);
    let metadata = fs::symlink_metadata(lock).ok()?;
    let since = metadata
        .modified()
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?
        .as_secs_f64();
    let age = now - since;
    let shown = lock.display();
    let command = format!("rm -- {}", quote(&lock.to_string_lossy()));
    let is_dangling = metadata.is_symlink() && fs::metadata(lock).is_err();
    if is_dangling {
        let message = format!(
            "the lock {shown} points at a file that is not there: Optuna cannot tell its age, so that every worker \
             waits for ever; remove it once no worker is writing."
        );
        return Some(Finding::new("lock", Severity::Problem, message).with_command(command));
    }
    if age > GRACE {
        let message = format!(
            "the lock {shown} was left {} ago by a program that died; workers wait {GRACE:.0} s for it and then \
             break it.",
            crate::study::number::duration(age)
        );
        return Some(Finding::new("lock", Severity::Problem, message).with_command(command));
    }
    let message = format!("the lock {shown} is held right now, as it should be while somebody writes.");
    Some(Finding::new("lock", Severity::Note, message))
}
