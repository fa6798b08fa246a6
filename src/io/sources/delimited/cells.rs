//! The cells of a line of a table.

/// What stands between the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// One sign.
    Sign(char),
    /// One blank or more, as in a table that is printed in columns.
    Blanks,
    /// Two blanks or more: the cells have blanks of their own.
    WideBlanks,
}

impl Separator {
    /// The sign that separates the cells of a new line.
    pub(crate) fn sign(self) -> char {
        match self {
            Self::Sign(sign) => sign,
            Self::Blanks => ' ',
            Self::WideBlanks => '\t',
        }
    }
}

/// The separator of a line of names: the sign of which it has most, outside quotes; blanks where it has none.
pub(crate) fn separator(header: &str) -> Separator {
    let mut counts = [(',', 0), (';', 0), ('\t', 0), ('|', 0)];
    let mut is_quoted = false;
    for c in header.chars() {
        if c == '"' {
            is_quoted = !is_quoted;
        } else if !is_quoted && let Some(count) = counts.iter_mut().find(|(s, _)| *s == c) {
            count.1 += 1;
        }
    }
    let mut best = counts[0];
    for count in counts {
        if count.1 > best.1 {
            best = count;
        }
    }
    if best.1 == 0 && header.trim().contains(' ') {
        return Separator::Blanks;
    }
    Separator::Sign(best.0)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub text: String,
    pub is_quoted: bool,
}

/// The cells of a record; `None` where a quote is open at its end.
pub(crate) fn split(record: &str, separator: Separator) -> Option<Vec<Cell>> {
    match separator {
        Separator::Sign('|') => {
            // Lines of a printed table have one at either end.
            let inner = record.trim().strip_prefix('|').and_then(|r| r.strip_suffix('|'));
            by_sign(inner.unwrap_or(record), '|')
        }
        Separator::Sign(sign) => by_sign(record, sign),
        Separator::Blanks => by_sign(&by_blanks(record, 1), '\u{1f}'),
        Separator::WideBlanks => by_sign(&by_blanks(record, 2), '\u{1f}'),
    }
}

/// A line with its runs of at least so many blanks as one sign of which no text has any.
fn by_blanks(record: &str, least: usize) -> String {
    let mut out = String::with_capacity(record.len());
    let (mut run, mut is_quoted) = (String::new(), false);
    for c in record.trim().chars() {
        if matches!(c, ' ' | '\t') && !is_quoted {
            run.push(c);
            continue;
        }
        if run.chars().count() >= least || run.contains('\t') {
            out.push('\u{1f}');
        } else {
            out.push_str(&run);
        }
        run.clear();
        is_quoted ^= c == '"';
        out.push(c);
    }
    out
}

fn by_sign(record: &str, separator: char) -> Option<Vec<Cell>> {
    let mut cells = Vec::new();
    let mut text = String::new();
    let (mut is_quoted, mut is_open) = (false, false);
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_open && chars.peek() == Some(&'"') => {
                chars.next();
                text.push('"');
            }
            '"' if is_open => is_open = false,
            // Inside an unquoted cell a quote is a character like any other.
            '"' if text.trim().is_empty() && !is_quoted => {
                text.clear();
                is_quoted = true;
                is_open = true;
            }
            c if c == separator && !is_open => {
                cells.push(Cell {
                    text: std::mem::take(&mut text),
                    is_quoted,
                });
                is_quoted = false;
            }
            c => text.push(c),
        }
    }
    cells.push(Cell { text, is_quoted });
    (!is_open).then_some(cells)
}

/// Whether a line only rules off the others (`|---|:-:|`, `+====+`).
pub(crate) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let lines = line
        .chars()
        .filter(|c| matches!(c, '-' | '=' | '─' | '═'))
        .count();
    lines > 1
        && line.chars().all(|c| {
            matches!(
                c,
                '-' | '=' | '+' | ':' | '|' | ' ' | '_' | '─' | '═' | '┼' | '│' | '╪'
            )
        })
        && (line.contains(['|', '+']) || lines > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, separator: Separator) -> Vec<String> {
        let cells = split(line, separator).unwrap();
        cells.into_iter().map(|c| c.text.trim().to_owned()).collect()
    }

    #[test]
    fn lines_are_split_by_signs_blanks_and_frames() {
        assert_eq!(separator("lr  opt loss"), Separator::Blanks);
        assert_eq!(separator("batch size,loss"), Separator::Sign(','));
        assert_eq!(
            texts(" 0  0.1 \"a b\"\t2 ", Separator::Blanks),
            ["0", "0.1", "a b", "2"]
        );
        assert_eq!(
            texts("batch size   val loss", Separator::WideBlanks),
            ["batch size", "val loss"]
        );
        assert_eq!(texts("| a | b |", Separator::Sign('|')), ["a", "b"]);
        assert_eq!(texts("a|b", Separator::Sign('|')), ["a", "b"]);
    }

    #[test]
    fn a_rule_is_no_row() {
        for line in ["|---|:-:|", "+----+====+", "--- --- ---", "─────"] {
            assert!(is_rule(line), "{line}");
        }
        for line in ["-,-,-", "-", "- -", "-1", "a-b", "-\t-", "--"] {
            assert!(!is_rule(line), "{line}");
        }
    }
}
