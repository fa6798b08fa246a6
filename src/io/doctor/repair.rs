//! A mended copy: every record that can be read, one a line, byte for byte; the original is only read.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::super::database::{Database, DatabaseError, SqliteFile};
use super::super::json::Cursor;
use super::super::json::tree::Json as Tree;
use super::super::optuna::journal::line::{Piece, is_read_by_optuna, take_apart};
use super::super::optuna::journal::record::Record;
use super::super::optuna::journal::rules::{Rules, Skipped, lost_name};
use super::super::reader::Reader;
use super::super::report::trials_jsonl;

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Records that were written.
    pub kept: u64,
    /// Lines of which something was left out, or places of a database.
    pub mended: u64,
    pub form: Form,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The lines of the source.
    #[default]
    Lines,
    /// The rows of a SQLite file, in another one.
    Database,
    /// The trials as JSON lines, because the source is neither.
    Export,
}

/// Why there is no mended copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    #[error("{}: is there already; give a name for the mended copy that is free", path.display())]
    Exists { path: PathBuf },
    #[error("{}: nothing of it can be read, so that there is nothing to write; look for a backup", path.display())]
    Nothing { path: PathBuf },
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("{}: cannot be {action} ({source})", path.display())]
    Io {
        path: PathBuf,
        action: &'static str,
        #[source]
        source: io::Error,
    },
}

/// Writes the mended copy of a source to `out`, which must not exist.
///
/// # Errors
/// `out` exists or cannot be written, or the source cannot be read.
pub fn repair(reader: &Reader, out: &Path) -> Result<Repaired, RepairError> {
    if let Some(file) = sqlite_file(reader.path()) {
        return salvage(&file, out);
    }
    let file = make(out)?;
    let mut to = BufWriter::new(file);
    let written = write(reader, &mut to).and_then(|repaired| {
        to.flush()?;
        to.get_ref().sync_all()?;
        Ok(repaired)
    });
    let repaired = written.map_err(|source| {
        let _ = std::fs::remove_file(out);
        RepairError::Io {
            path: out.to_owned(),
            action: "written",
            source,
        }
    })?;
    not_nothing(repaired, reader.path(), out)
}

/// A copy in which nothing stands is none.
fn not_nothing(repaired: Repaired, source: &Path, out: &Path) -> Result<Repaired, RepairError> {
    if repaired.kept > 0 || repaired.mended == 0 {
        return Ok(repaired);
    }
    let _ = std::fs::remove_file(out);
    Err(RepairError::Nothing {
        path: source.to_owned(),
    })
}

/// The SQLite file that a path or address means, where it is one.
#[must_use]
pub fn sqlite_file(source: &Path) -> Option<SqliteFile> {
    match Database::at(source).ok()? {
        Database::Sqlite(file) => Some(file).filter(SqliteFile::is_sqlite),
        _ => None,
    }
}

/// Writes what can be read of a SQLite file into a new one, which must not exist.
///
/// # Errors
/// As [`repair`].
pub fn salvage(file: &SqliteFile, out: &Path) -> Result<Repaired, RepairError> {
    drop(make(out)?);
    match file.salvage(out) {
        Ok(salvaged) => {
            let repaired = Repaired {
                kept: salvaged.rows,
                mended: salvaged.gaps,
                form: Form::Database,
            };
            not_nothing(repaired, Path::new(&file.place()), out)
        }
        Err(error) => {
            let _ = std::fs::remove_file(out);
            Err(error.into())
        }
    }
}

fn make(out: &Path) -> Result<File, RepairError> {
    let made = OpenOptions::new().write(true).create_new(true).open(out);
    made.map_err(|source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            RepairError::Exists { path: out.to_owned() }
        } else {
            RepairError::Io {
                path: out.to_owned(),
                action: "written",
                source,
            }
        }
    })
}

fn write(reader: &Reader, to: &mut impl Write) -> io::Result<Repaired> {
    let kind = reader.kind().map_or("", |k| k.name);
    match kind {
        "optuna-journal" => {
            let mut rules = Rules::default();
            each_line(reader.path(), |line, is_whole, repaired| {
                // The torn end of a writer that died: nobody has read it.
                if !is_whole && !is_read_by_optuna(line) {
                    repaired.mended += 1;
                    return Ok(());
                }
                journal_records(line, &mut rules, to, repaired)
            })
        }
        "jsonl" => {
            let mut opening = None;
            each_line(reader.path(), |line, _, repaired| {
                if opening.is_none() {
                    opening = opening_of(line);
                }
                json_records(line, opening.as_deref().unwrap_or(b"{\""), to, repaired)
            })
        }
        "csv" => {
            let bad: Vec<u64> = reader.study().diagnostics.iter().filter_map(|d| d.line).collect();
            let mut number = 0;
            each_line(reader.path(), |line, _, repaired| {
                number += 1;
                if bad.contains(&number) && number > 1 {
                    repaired.mended += 1;
                    return Ok(());
                }
                repaired.kept += u64::from(number > 1 && !line.trim_ascii().is_empty());
                to.write_all(line)?;
                to.write_all(b"\n")
            })
        }
        _ => {
            let study = reader.study();
            to.write_all(trials_jsonl(&study).as_bytes())?;
            Ok(Repaired {
                kept: study.trials.len() as u64,
                mended: 0,
                form: Form::Export,
            })
        }
    }
}

/// Hands out every line, and whether it has its end.
fn each_line(
    path: &Path,
    mut take: impl FnMut(&[u8], bool, &mut Repaired) -> io::Result<()>,
) -> io::Result<Repaired> {
    let mut from = BufReader::new(File::open(path)?);
    let mut repaired = Repaired::default();
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let whole = line.strip_suffix(b"\n").unwrap_or(&line);
        let is_whole = whole.len() < line.len();
        take(
            whole.strip_suffix(b"\r").unwrap_or(whole),
            is_whole,
            &mut repaired,
        )?;
        line.clear();
    }
    Ok(repaired)
}

/// Every whole record of a journal's line. One that made a study or a trial and is damaged is written anew with what is
/// legible of it, for the identities of all that follow are counted from it.
fn journal_records(
    line: &[u8],
    rules: &mut Rules,
    to: &mut impl Write,
    repaired: &mut Repaired,
) -> io::Result<()> {
    let is_clean = is_read_by_optuna(line);
    let mut written = Ok(());
    take_apart(line, |piece| {
        let (record, bytes) = match piece {
            Piece::Record(record, bytes) => (record, plain(bytes)),
            Piece::Salvaged(mut record, _) => {
                rules.complete(&mut record);
                let text = placeholder(&record, rules.studies.len());
                (record, Cow::Owned(text.into_bytes()))
            }
            Piece::Damage(_) => return rules.doubt(),
            Piece::Rest | Piece::Merged | Piece::Blank => return,
        };
        while let Some(made) = rules.hidden(&record) {
            let text = placeholder(&made, rules.studies.len());
            let is_made = rules.apply(&made).is_ok();
            repaired.kept += u64::from(is_made);
            if written.is_ok() && is_made {
                written = to.write_all(text.as_bytes()).and_then(|()| to.write_all(b"\n"));
            }
        }
        // What Optuna would stop at is no record.
        if matches!(rules.apply(&record), Err(Skipped::Operation(_))) || !is_read_by_optuna(&bytes) {
            return;
        }
        repaired.kept += 1;
        if written.is_ok() {
            written = to.write_all(&bytes).and_then(|()| to.write_all(b"\n"));
        }
    });
    repaired.mended += u64::from(!is_clean);
    written
}

/// A record byte for byte, or where Optuna would not read it, what it says.
fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Tree::parse(bytes) {
        Ok(tree) if !is_read_by_optuna(bytes) => Cow::Owned(tree.to_string().into_bytes()),
        _ => Cow::Borrowed(bytes),
    }
}

/// The record that made a study or a trial, of what is left of it.
fn placeholder(record: &Record<'_>, studies: usize) -> String {
    let directions = record
        .directions
        .and_then(|bytes| serde_json::from_slice::<Json>(bytes).ok());
    let json = match record.op {
        Some(0) => json!({
            "op_code": 0,
            "worker_id": "tunescope-repair",
            "study_name": record.study_name.clone().map_or_else(|| lost_name(studies), Cow::into_owned),
            "directions": directions.unwrap_or_else(|| json!([1])),
        }),
        _ => json!({
            "op_code": 4,
            "worker_id": "tunescope-repair",
            "study_id": record.study_id.unwrap_or(-1),
            "datetime_start": null,
            "state": record.state.unwrap_or(0),
        }),
    };
    json.to_string()
}

/// `{"key"` of a row.
fn opening_of(line: &[u8]) -> Option<Vec<u8>> {
    let end = line.iter().enumerate().filter(|(_, b)| **b == b'"').nth(1)?.0;
    line.get(..=end)
        .filter(|o| o.starts_with(b"{"))
        .map(<[u8]>::to_vec)
}

/// Every whole object of a line, each on a line of its own; after damage it goes on where the next record opens.
fn json_records(line: &[u8], opening: &[u8], to: &mut impl Write, repaired: &mut Repaired) -> io::Result<()> {
    let text = super::super::source::without_mark(line);
    let mut at = 0;
    let mut records = 0u64;
    let mut is_clean = text.len() == line.len();
    loop {
        let mut cursor = Cursor::starting_at(text, at);
        let Some(next) = cursor.peek() else { break };
        let start = cursor.offset();
        if next == b'{'
            && cursor.value().is_ok()
            && is_object(text.get(start..cursor.offset()).unwrap_or_default())
        {
            to.write_all(text.get(start..cursor.offset()).unwrap_or_default())?;
            to.write_all(b"\n")?;
            records += 1;
            at = cursor.offset();
            continue;
        }
        is_clean = false;
        let rest = text.get(start + 1..).unwrap_or_default();
        match rest.windows(opening.len()).position(|w| w == opening) {
            Some(found) => at = start + 1 + found,
            None => break,
        }
    }
    repaired.kept += records;
    repaired.mended += u64::from(!is_clean || records != 1);
    Ok(())
}

/// Whether the members of an object are JSON, not only its brackets.
fn is_object(bytes: &[u8]) -> bool {
    super::super::json::Members::of(bytes).all(|member| member.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_separated_and_what_is_torn_is_left_out() {
        let mended = |line: &str| {
            let (mut out, mut repaired) = (Vec::new(), Repaired::default());
            json_records(line.as_bytes(), b"{\"op_code\"", &mut out, &mut repaired).unwrap();
            (String::from_utf8(out).unwrap(), repaired.kept, repaired.mended)
        };
        assert_eq!(
            mended("{\"op_code\": 1, \"x\": NaN}"),
            ("{\"op_code\": 1, \"x\": NaN}\n".to_owned(), 1, 0)
        );
        let two = mended("{\"op_code\":1}{{\"op_code\":2}");
        assert_eq!(two, ("{\"op_code\":1}\n{\"op_code\":2}\n".to_owned(), 2, 1));
        assert_eq!(mended("{\"op_code\":1,\"a\":{\"op_code\":2}").1, 1);
        assert_eq!(mended(""), (String::new(), 0, 1));
    }

    #[test]
    fn a_mended_journal_holds_what_optuna_reads_and_counts_what_was_lost() {
        let (mut out, mut repaired, mut rules) = (Vec::new(), Repaired::default(), Rules::default());
        for line in [
            r#"{"op_code":0,"worker_id":"w","study_name":"s","directions":[2]}"#,
            r#"{"op_code":4,"worker_id":"w","study_id":0,"datetime_st"#,
            "",
            r#"{"op_code":7,"trial_id":0,"step":1,"intermediate_value":NaN}{"op_code":7,"trial_id":0,"step":.5}"#,
            r#"{"op_code":99}"#,
            "{\"op_code\":8,\"trial_id\":0,\"user_attr\":{\"a\u{1}\":None,\"b\":-inf}}",
        ] {
            journal_records(line.as_bytes(), &mut rules, &mut out, &mut repaired).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(
            lines[1].contains(r#""study_id":0"#) && lines[1].contains(r#""state":0"#),
            "{text}"
        );
        assert!(lines[2].ends_with("NaN}"), "{text}");
        assert!(lines[3].ends_with(r#""step": 0.5}"#), "{text}");
        assert!(
            lines[4].ends_with(r#""user_attr": {"a\u0001": null, "b": -Infinity}}"#),
            "{text}"
        );
        assert_eq!((repaired.kept, repaired.mended, rules.trial_count()), (5, 4, 1));
    }
}
