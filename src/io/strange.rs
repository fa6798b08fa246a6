//! What is plainly no results file, in one sentence each.

use std::path::Path;

use super::source::without_mark;

/// Bytes at the beginning of a text that are looked at.
pub const LOOKED_AT: usize = 4096;

/// What is said of a line with a hole.
pub const HOLE: &str =
    "zero bytes stand where text should, as after a crash; what else is on the line was read.";

/// Names of which one stands near the beginning of a zip archive that is something else, and what to do about that.
const ZIPPED: &[(&[u8], &str)] = &[
    (
        b"[Content_Types].xml",
        "is an Office document; save the table in it as CSV, and give that",
    ),
    (
        b"xl/",
        "is an Excel workbook; save the table in it as CSV, and give that",
    ),
    (
        b"mimetypeapplication/vnd.oasis.opendocument",
        "is a LibreOffice document; save the table in it as CSV, and give that",
    ),
    (
        b".npy",
        "holds arrays of NumPy, which have no names of parameters; write a CSV with names from it",
    ),
    (
        b"data.pkl",
        "is a checkpoint of PyTorch; give the results file of the study",
    ),
];

/// The first bytes of archives and of tables that are no text, and what to do about them.
const PACKED: &[(&[u8], &str)] = &[
    (
        b"PK\x03\x04",
        "is a zip archive; unpack it, for example with `unzip`",
    ),
    (
        b"\xfd7zXZ\0",
        "is packed by xz; unpack it, for example with `xz -dk`",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "is packed by zstd; unpack it, for example with `zstd -d`",
    ),
    (
        b"BZh",
        "is packed by bzip2; unpack it, for example with `bzip2 -dk`",
    ),
    (
        b"PAR1",
        "is a Parquet table; write it as CSV, for example with pandas: read_parquet(FILE).to_csv(\"results.csv\")",
    ),
    (
        b"ARROW1",
        "is a Feather table; write it as CSV, for example with pandas: read_feather(FILE).to_csv(\"results.csv\")",
    ),
    (
        b"\x89HDF\r\n",
        "is an HDF5 file; write the table in it as CSV, for example with pandas: read_hdf(FILE).to_csv(\"results.csv\")",
    ),
];

/// What is said of an object that Python pickled: protocols 2 to 5 begin with their number.
const PICKLED: &str = "is a Python pickle, which can run anything when it is loaded and is not read; load it in Python and \
                       write its trials as CSV or JSON lines";

/// Why a text cannot be a results file, by its first bytes; `None` where nothing speaks against it.
#[must_use]
pub fn strangeness(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    if head.starts_with(b"PK\x03\x04") {
        let holds = |name: &[u8]| head.windows(name.len()).any(|w| w == name);
        if let Some((_, why)) = ZIPPED.iter().find(|(name, _)| holds(name)) {
            return Some(why);
        }
    }
    if let Some((_, why)) = PACKED.iter().find(|(sign, _)| head.starts_with(sign)) {
        return Some(why);
    }
    if matches!(head, [0x80, 2..=5, ..]) && is_binary(head) {
        return Some(PICKLED);
    }
    if is_binary(head) {
        return Some("is binary, and text is read: jsonl, csv or an Optuna journal");
    }
    if !is_printed_over_lines(head) {
        return None;
    }
    Some(if without_mark(head).trim_ascii_start().starts_with(b"{") {
        "is JSON printed over several lines, and one object a line is read; write it so, for example with `jq -c .`"
    } else {
        "is one JSON document over several lines, and one object a line is read; write it so, for example \
         with `jq -c '.[]'`"
    })
}

/// More than one byte in ten that no text has. Zeros after whole lines of text do not count: that is a hole, as a
/// crash or a network file system leaves it.
fn is_binary(head: &[u8]) -> bool {
    let is_odd = |b: &u8| matches!(b, 0..=8 | 11 | 12 | 14..=26 | 28..=31 | 127);
    let text = head.split(|b| *b == 0).next().unwrap_or_default();
    let has_hole = text.contains(&b'\n') && !text.iter().any(is_odd);
    let odd = head
        .iter()
        .filter(|b| is_odd(b) && !(has_hole && **b == 0))
        .count();
    odd * 10 > head.len()
}

/// A line without the zeros of a hole around it.
#[must_use]
pub fn without_hole(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|b| *b != 0).unwrap_or(line.len());
    let end = line.iter().rposition(|b| *b != 0).map_or(start, |at| at + 1);
    line.get(start..end).unwrap_or_default()
}

/// A bracket alone on the first line, and on a later one the beginning of an object that does not end there.
fn is_printed_over_lines(head: &[u8]) -> bool {
    let end = head.iter().rposition(|b| *b == b'\n').unwrap_or(0);
    let mut lines = without_mark(head.get(..end).unwrap_or_default())
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    match lines.next() {
        Some(b"{" | b"[{") => lines.next().is_some_and(|line| line.starts_with(b"\"")),
        Some(b"[") => lines.next() == Some(b"{"),
        _ => false,
    }
}

/// Whether a path is a device that is no terminal (`/dev/zero`).
#[cfg(unix)]
pub(super) fn is_endless(path: &Path, metadata: &std::fs::Metadata) -> bool {
    use std::io::IsTerminal;
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_block_device()
        || kind.is_char_device() && std::fs::File::open(path).is_ok_and(|file| !file.is_terminal())
}

#[cfg(not(unix))]
pub(super) fn is_endless(_: &Path, _: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_results_file_is_told_from_what_is() {
        let is = |bytes: &[u8], word: &str| {
            assert!(strangeness(bytes).is_some_and(|why| why.contains(word)), "{word}");
        };
        is(b"\xfd7zXZ\0\0\x04\xe6", "xz -dk");
        is(b"PK\x03\x04\x14\0", "unzip");
        is(b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0xl/workbook.xml", "Excel");
        is(b"PK\x03\x04\x14\0\0\0\0\0a.npy", "NumPy");
        is(b"PAR1\x15\x04\x15\0", "Parquet");
        is(b"\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94", "pickle");
        is(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0", "binary");
        is(b"\x7fELF\0\x01\n\x02", "binary");
        is(b"[\n {\n  \"a\": 1", "several lines");
        is(b"{\n  \"a\": 1,\n", "several lines");
        for good in [
            &b"[\n{\"a\": 1},\n{\"a\": 2}\n]\n"[..],
            b"{\"a\": \"\\u0000\"}\n",
            b"\xef\xbb\xbflr,loss\n1,2\n",
            b"caf\xe9,loss\n1,2\n",
            b"lr,loss\n1,2\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"",
        ] {
            assert_eq!(strangeness(good), None, "{}", String::from_utf8_lossy(good));
        }
    }
}
