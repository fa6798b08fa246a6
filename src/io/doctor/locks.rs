//! What a writer of a journal that died left behind: its lock, or half a line.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
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

/// Bytes at the end that are looked at for the beginning of the last line.
const TAIL: u64 = 1 << 20;
/// Whoever writes a line needs less than this.
const WRITING: f64 = 5.0;

/// A last line without its end, which nobody is writing any more: the next line that is appended would run into it, and
/// Optuna refuses that.
pub fn torn_end(journal: &Path, modified: Option<f64>, now: f64) -> Option<Finding> {
    let mut file = File::open(journal).ok()?;
    let length = file.metadata().ok().filter(|m| m.is_file())?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    let bytes = match tail.iter().rposition(|b| *b == b'\n') {
        Some(end) => tail.len() - end - 1,
        None => tail.len(),
    };
    if bytes == 0 || modified.is_some_and(|m| now - m < WRITING) {
        return None;
    }
    let message = format!(
        "the journal ends in an unfinished line of {bytes} bytes, so a writer died there; whatever is appended makes the file \
         unreadable for Optuna: cut it off while no worker runs."
    );
    let command = format!("truncate -s -{bytes} {}", quote(&journal.to_string_lossy()));
    Some(Finding::new("torn-end", Severity::Problem, message).with_command(command))
}
