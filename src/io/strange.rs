//! What is plainly no results file, in one sentence each.

use std::path::Path;

use super::source::without_mark;

/// Bytes at the beginning of a text that are looked at.
pub const LOOKED_AT: usize = 4096;

/// Why a text cannot be a results file, by its first bytes; `None` where nothing speaks against it.
#[must_use]
pub fn strangeness(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some("is UTF-16 text, and UTF-8 is read; save it as UTF-8");
    }
    if is_binary(head) {
        return Some("is binary, and text is read: jsonl, csv or an Optuna journal");
    }
    is_printed_over_lines(head).then_some(
        "is one JSON document over several lines, and one object a line is read; write it so, for example \
         with `jq -c '.[]'`",
    )
}

/// More than one byte in ten that no text has.
fn is_binary(head: &[u8]) -> bool {
    let odd = head
        .iter()
        .filter(|b| matches!(b, 0..=8 | 11 | 12 | 14..=26 | 28..=31 | 127))
        .count();
    odd * 10 > head.len()
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
        is(b"\xff\xfel\0r\0", "UTF-16");
        is(b"\x7fELF\0\x01\n\x02", "binary");
        is(b"[\n {\n  \"a\": 1", "several lines");
        is(b"{\n  \"a\": 1,\n", "several lines");
        for good in [
            &b"[\n{\"a\": 1},\n{\"a\": 2}\n]\n"[..],
            b"{\"a\": \"\\u0000\"}\n",
            b"\xef\xbb\xbflr,loss\n1,2\n",
            b"caf\xe9,loss\n1,2\n",
            b"",
        ] {
            assert_eq!(strangeness(good), None, "{}", String::from_utf8_lossy(good));
        }
    }
}
