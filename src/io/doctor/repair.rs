//! A mended copy: every record that can be read, one a line, byte for byte; the original is only read.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::json::Cursor;
use super::super::reader::Reader;
use super::super::report::trials_jsonl;

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Records that were written.
    pub kept: u64,
    /// Lines of which something was left out.
    pub mended: u64,
    /// Whether the trials were written as JSON lines, because the source is no file of lines.
    pub is_export: bool,
}

/// Why there is no mended copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    #[error("{}: is there already; give a name for the mended copy that is free", path.display())]
    Exists { path: PathBuf },
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
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(out)
        .map_err(|source| {
            if source.kind() == io::ErrorKind::AlreadyExists {
                RepairError::Exists { path: out.to_owned() }
            } else {
                RepairError::Io {
                    path: out.to_owned(),
                    action: "written",
                    source,
                }
            }
        })?;
    let mut to = BufWriter::new(file);
    let written = write(reader, &mut to).and_then(|repaired| {
        to.flush()?;
        to.get_ref().sync_all()?;
        Ok(repaired)
    });
    written.map_err(|source| {
        let _ = std::fs::remove_file(out);
        RepairError::Io {
            path: out.to_owned(),
            action: "written",
            source,
        }
    })
}

fn write(reader: &Reader, to: &mut impl Write) -> io::Result<Repaired> {
    let kind = reader.kind().map_or("", |k| k.name);
    match kind {
        "optuna-journal" => each_line(reader.path(), |line, repaired| {
            json_records(line, b"{\"op_code\"", to, repaired)
        }),
        "jsonl" => {
            let mut opening = None;
            each_line(reader.path(), |line, repaired| {
                if opening.is_none() {
                    opening = opening_of(line);
                }
                json_records(line, opening.as_deref().unwrap_or(b"{\""), to, repaired)
            })
        }
        "csv" => {
            let bad: Vec<u64> = reader.study().diagnostics.iter().filter_map(|d| d.line).collect();
            let mut number = 0;
            each_line(reader.path(), |line, repaired| {
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
                is_export: true,
            })
        }
    }
}

fn each_line(
    path: &Path,
    mut take: impl FnMut(&[u8], &mut Repaired) -> io::Result<()>,
) -> io::Result<Repaired> {
    let mut from = BufReader::new(File::open(path)?);
    let mut repaired = Repaired::default();
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let whole = line.strip_suffix(b"\n").unwrap_or(&line);
        take(whole.strip_suffix(b"\r").unwrap_or(whole), &mut repaired)?;
        line.clear();
    }
    Ok(repaired)
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
}
