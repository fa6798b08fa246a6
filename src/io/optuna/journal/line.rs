//! One line of a journal, taken apart: mostly one record, now and then two run together, or damage.

use serde::de::IgnoredAny;

use super::super::super::json::JsonError;
use super::super::super::source::without_mark;
use super::record::Record;

/// How every record begins; the place to go on after damage.
const OPENING: &[u8] = b"{\"op_code\"";

/// A part of a line.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A whole record, with the bytes that it stands in.
    Record(Record<'a>, &'a [u8]),
    /// A record that made a study or a trial, and of which only that is left.
    Salvaged(Record<'a>, Damage<'a>),
    /// What is no record.
    Damage(Damage<'a>),
    /// Something after the last record.
    Rest,
    /// The record after this one stands on the same line.
    Merged,
    Blank,
}

/// A place where a record should be.
#[derive(Clone, Copy, Debug)]
pub struct Damage<'a> {
    pub error: JsonError,
    /// From there on.
    pub text: &'a [u8],
    /// Whether a record follows on the same line.
    pub resumes: bool,
}

/// Where the next record opens.
#[must_use]
pub fn find(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(OPENING.len())
        .position(|w| w == OPENING)
        .map(|at| at + from)
}

/// Hands out the pieces of a line in their order. A line that Optuna reads is one [`Piece::Record`].
pub fn take_apart<'a>(line: &'a [u8], mut piece: impl FnMut(Piece<'a>)) {
    let text = without_mark(line);
    if text.trim_ascii().is_empty() {
        return piece(Piece::Blank);
    }
    let mut at = 0;
    loop {
        let next = match Record::read(text, at) {
            Ok((record, end)) => {
                let blanks = text.get(at..end).unwrap_or_default().trim_ascii_start();
                piece(Piece::Record(record, blanks));
                if text.get(end..).unwrap_or_default().trim_ascii().is_empty() {
                    return;
                }
                let next = find(text, end);
                piece(if next.is_some() {
                    Piece::Merged
                } else {
                    Piece::Rest
                });
                next
            }
            Err(error) => {
                let next = find(text, at + 1);
                let damage = Damage {
                    error,
                    text: text.get(at..).unwrap_or_default(),
                    resumes: next.is_some(),
                };
                // Before another record on the same line stands what a writer left that died: nobody counted it.
                let salvaged = match next {
                    None => Record::salvage(damage.text),
                    Some(_) => None,
                };
                piece(match salvaged {
                    Some(record) => Piece::Salvaged(record, damage),
                    None => Piece::Damage(damage),
                });
                next
            }
        };
        match next {
            Some(next) => at = next,
            None => return,
        }
    }
}

/// Whether Optuna reads a line: whether it is one record, and JSON to the letter as Python has it.
#[must_use]
pub fn is_read_by_optuna(line: &[u8]) -> bool {
    let (mut pieces, mut records) = (0, 0);
    take_apart(line, |piece| {
        pieces += 1;
        records += u32::from(matches!(piece, Piece::Record(..)));
    });
    (pieces, records) == (1, 1) && is_json_to_python(line)
}

/// Whether a text is JSON to the letter as Python has it: with bare `NaN`, in UTF-8.
#[must_use]
pub fn is_json_to_python(text: &[u8]) -> bool {
    let is_json = |text: &[u8]| serde_json::from_slice::<IgnoredAny>(text).is_ok();
    let text = without_mark(text);
    // Skipped values are not looked into, so that what they hold is looked at here.
    (is_json(text) || is_json(&quote_non_finite(text))) && std::str::from_utf8(text).is_ok()
}

/// Python writes bare `NaN`, `Infinity` and `-Infinity`; they become texts, as Rustuna writes them.
fn quote_non_finite(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 16);
    let (mut rest, mut in_text) = (line, false);
    while let Some((&byte, after)) = rest.split_first() {
        if in_text {
            out.push(byte);
            rest = after;
            if byte == b'\\' {
                if let Some((&escaped, after)) = rest.split_first() {
                    out.push(escaped);
                    rest = after;
                }
            } else if byte == b'"' {
                in_text = false;
            }
            continue;
        }
        let token: &[u8] = [b"NaN".as_slice(), b"-Infinity", b"Infinity"]
            .into_iter()
            .find(|t| rest.starts_with(t))
            .unwrap_or_default();
        if token.is_empty() {
            in_text = byte == b'"';
            out.push(byte);
            rest = after;
        } else {
            out.push(b'"');
            out.extend_from_slice(token);
            out.push(b'"');
            rest = rest.get(token.len()..).unwrap_or_default();
        }
    }
    out
}

impl std::fmt::Display for Damage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offset = self.error.at;
        let start: String = String::from_utf8_lossy(self.text).chars().take(40).collect();
        write!(
            f,
            "a record is damaged: {} was expected at column {}, in `{start}…`",
            self.error.expected,
            offset + 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(line: &str) -> String {
        let mut seen = Vec::new();
        take_apart(line.as_bytes(), |piece| {
            seen.push(match piece {
                Piece::Record(r, bytes) => {
                    assert!(bytes.starts_with(b"{") && bytes.ends_with(b"}"));
                    format!("record {}", r.op.unwrap())
                }
                Piece::Salvaged(r, _) => format!("salvaged {}", r.op.unwrap()),
                Piece::Damage(_) => "damage".to_owned(),
                Piece::Rest => "rest".to_owned(),
                Piece::Merged => "merged".to_owned(),
                Piece::Blank => "blank".to_owned(),
            });
        });
        seen.join(", ")
    }

    #[test]
    fn records_run_together_and_damage_are_told_apart() {
        let a = r#"{"op_code":7,"trial_id":0}"#;
        let trial = r#"{"op_code":4,"study_id":0,"datetime_start":nu"#;
        assert_eq!(pieces(a), "record 7");
        assert_eq!(pieces(&format!("\u{feff} {a}\r")), "record 7");
        assert_eq!(pieces(" \t"), "blank");
        assert_eq!(pieces(&format!("{a}{a}")), "record 7, merged, record 7");
        assert_eq!(pieces(&format!("{a}{{{a}")), "record 7, merged, record 7");
        assert_eq!(pieces(&format!("{a}]")), "record 7, rest");
        assert_eq!(pieces(&a[..20]), "damage");
        assert_eq!(pieces(trial), "salvaged 4");
        assert_eq!(pieces(&format!("{trial}{a}")), "damage, record 7");
        assert_eq!(pieces(r#"{"x":1}"#), "damage");
    }
    #[test]
    fn what_python_refuses_is_known_from_what_is_only_unusual() {
        let record = |more: &str| format!(r#"{{"op_code":6,"worker_id":"a \" NaN","x":{more}}}"#);
        for read in ["[-Infinity,NaN]", r#""\ud800""#, "1e999", r#"{"op_code":1}"#] {
            assert!(is_read_by_optuna(record(read).as_bytes()), "{read}");
        }
        for refused in ["None", "+1", ".5", "nan", "\"\u{1}\"", "[1,]", "1}{\"op_code\":1"] {
            assert!(!is_read_by_optuna(record(refused).as_bytes()), "{refused}");
        }
        assert!(!is_read_by_optuna(b"{\"op_code\":6,\"x\":\"\xff\"}"));
        assert!(!is_read_by_optuna(b""));
    }
}
