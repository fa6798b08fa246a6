//! Whether a SQLite file is sound, by SQLite's own check.

use super::super::database::{DatabaseError, SqliteFile};
use super::{Finding, Severity};

/// Faults that are asked for; the first is named.
const ASKED: u32 = 20;

/// What SQLite says of its file, where that is not \"ok\".
pub fn of_sqlite(file: &SqliteFile, source: &str) -> Option<Finding> {
    let mut faults: Vec<String> = Vec::new();
    let asked = file.read(&mut |connection| {
        faults.clear();
        connection.each(&format!("PRAGMA integrity_check({ASKED})"), &[], &mut |row| {
            faults.extend(row.first().and_then(|cell| cell.as_text()).map(str::to_owned));
        })
    });
    if let Err(DatabaseError::Damaged { reason, .. }) = asked {
        faults.insert(0, reason);
    }
    let first = faults.iter().find(|fault| *fault != "ok")?;
    // The first words say where: the lines after them, what.
    let words: Vec<&str> = first.split_whitespace().take(24).collect();
    let message = format!(
        "the SQLite file is damaged ({}): what cannot be read of it is missing here, and Optuna may stop at it.",
        words.join(" ")
    );
    let command = format!("tunescope doctor {source} --repair MENDED.db");
    Some(Finding::new("damaged", Severity::Problem, message).with_command(command))
}
