//! A row of CSV or TSV, under the header that is there.

use serde_json::{Map, Value as Json};

use super::super::names::{self, Prefixed, Role};
use super::super::sources::delimited::{Separator, header_of, split};
use super::{Rows, TellError, next_number};
use crate::study::{Study, TrialState};

/// Whether a new file of this name gets a header instead of JSON.
#[must_use]
pub fn is_named_so(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with(".csv") || name.ends_with(".tsv")
}

/// How a table is written.
#[derive(Debug)]
struct Style {
    separator: Separator,
    has_decimal_comma: bool,
    has_carriage_return: bool,
    names: Vec<String>,
    /// The words of its states, by what they mean.
    words: Vec<(TrialState, String)>,
}

impl Style {
    fn of(text: &str) -> Result<Self, TellError> {
        let (separator, names) = header_of(text.trim_start_matches('\u{feff}')).ok_or(TellError::NoHeader)?;
        let state = names.iter().position(|n| names::role(n) == Role::State);
        let mut style = Self {
            separator,
            has_decimal_comma: false,
            has_carriage_return: text.contains("\r\n"),
            names,
            words: Vec::new(),
        };
        for line in text.lines() {
            let cells = split(line, separator).unwrap_or_default();
            style.has_decimal_comma |=
                separator == Separator::Sign(';') && cells.iter().any(|c| has_comma(&c.text));
            if let Some(word) = state.and_then(|k| cells.get(k)).map(|c| c.text.trim())
                && let Some(state) = names::state(word)
                && !style.words.iter().any(|(s, _)| *s == state)
            {
                style.words.push((state, word.to_owned()));
            }
        }
        Ok(style)
    }

    fn number(&self, x: f64) -> String {
        if !x.is_finite() {
            return "nan".to_owned();
        }
        let text = Json::from(x).to_string();
        if self.has_decimal_comma {
            text.replace('.', ",")
        } else {
            text
        }
    }

    fn value(&self, value: &Json) -> String {
        match value {
            Json::Null => "None".to_owned(),
            Json::String(text) => text.clone(),
            Json::Number(n) if n.is_f64() => n.as_f64().map_or_else(String::new, |x| self.number(x)),
            other => other.to_string(),
        }
    }

    /// The word of a state in the way of the others: Optuna shouts.
    fn word(&self, state: TrialState) -> String {
        if let Some((_, word)) = self.words.iter().find(|(s, _)| *s == state) {
            return word.clone();
        }
        let is_loud = |w: &str| w.chars().any(char::is_uppercase) && !w.chars().any(char::is_lowercase);
        match (state, self.words.iter().any(|(_, w)| is_loud(w))) {
            (TrialState::Failed, true) => "FAIL".to_owned(),
            (state, true) => state.word().to_uppercase(),
            (state, false) => state.word().to_owned(),
        }
    }

    fn quoted(&self, cell: &str) -> String {
        let is_special = |c: char| c == self.separator.sign() || matches!(c, '"' | '\n' | '\r');
        if cell.is_empty() && !matches!(self.separator, Separator::Sign(_)) {
            // Between blanks nothing is no cell.
            "NA".to_owned()
        } else if cell.contains(is_special) || cell.trim() != cell {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    }
}

/// A number with a decimal comma.
fn has_comma(cell: &str) -> bool {
    let cell = cell.trim().trim_start_matches(['-', '+']);
    cell.split_once(',').is_some_and(|(a, b)| {
        let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        is_digits(a) && b.bytes().next().is_some_and(|c| c.is_ascii_digit())
    })
}

/// The row of a finished trial (a header before it, where the file is empty).
///
/// # Errors
/// There is no column for one of its values.
pub fn row(
    rows: &Rows,
    study: Option<&Study>,
    params: &Map<String, Json>,
    values: &[f64],
) -> Result<String, TellError> {
    let is_new = rows.text.trim().is_empty();
    let style = if is_new {
        let is_tab = rows
            .path()
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
        fresh(
            params,
            values.len(),
            Separator::Sign(if is_tab { '\t' } else { ',' }),
        )
    } else {
        Style::of(&rows.text)?
    };
    let last = rows.text.lines().last().unwrap_or_default();
    let is_short = || split(last, style.separator).is_none_or(|c| c.len() < style.names.len());
    if rows.is_open_ended() && !is_new && is_short() {
        return Err(TellError::Unfinished);
    }
    let mut out = line(&style, &cells(&style, study, params, values)?);
    if is_new {
        out.insert_str(0, &format!("{}\n", line(&style, &style.names)));
    }
    if style.has_carriage_return {
        out.push('\r');
    }
    Ok(out)
}

fn fresh(params: &Map<String, Json>, values: usize, separator: Separator) -> Style {
    let mut names = vec!["id".to_owned(), "state".to_owned()];
    names.extend(params.keys().cloned());
    match values {
        1 => names.push("value".to_owned()),
        n => names.extend((0..n).map(|k| format!("values_{k}"))),
    }
    Style {
        separator,
        has_decimal_comma: false,
        has_carriage_return: false,
        names,
        words: Vec::new(),
    }
}

fn line(style: &Style, cells: &[String]) -> String {
    let quoted: Vec<String> = cells.iter().map(|c| style.quoted(c)).collect();
    quoted.join(&style.separator.sign().to_string())
}

fn cells(
    style: &Style,
    study: Option<&Study>,
    params: &Map<String, Json>,
    values: &[f64],
) -> Result<Vec<String>, TellError> {
    let metric = study.map_or("value", |s| s.metric.raw());
    let is_failed = values.iter().any(|v| !v.is_finite());
    let state = if is_failed {
        TrialState::Failed
    } else {
        TrialState::Complete
    };
    let mut left: Vec<&str> = params.keys().map(String::as_str).collect();
    let mut measured = values.iter();
    let cells = style.names.iter().map(|name| {
        let short = match names::prefixed(name) {
            Prefixed::Param(short) | Prefixed::Metric(short) => short,
            _ => name,
        };
        if let Some(at) = left.iter().position(|n| *n == name || *n == short) {
            let key = left.remove(at);
            return params.get(key).map_or_else(String::new, |v| style.value(v));
        }
        let is_objective = matches!(names::prefixed(name), Prefixed::Objective(_))
            || names::role(name) == Role::Value
            || name == metric
            || short == metric;
        if is_objective {
            let value = measured.next();
            return value.map_or_else(String::new, |v| style.number(*v));
        }
        match names::role(name) {
            Role::Id(_) => next_number(study).map_or_else(
                || format!("told-{}", study.map_or(0, |s| s.trials.len())),
                |n| n.to_string(),
            ),
            Role::State => style.word(state),
            _ => String::new(),
        }
    });
    let cells: Vec<String> = cells.collect();
    match left.first().copied().or(measured.next().map(|_| metric)) {
        Some(name) => Err(TellError::NoColumn {
            name: crate::study::label::scrub(name),
        }),
        None => Ok(cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_of_a_table_is_kept() {
        let style = Style::of("\u{feff}number;value;params_lr;state\r\n0;1,5;0,1;COMPLETE\r\n").unwrap();
        assert_eq!(
            (style.separator, style.has_decimal_comma),
            (Separator::Sign(';'), true)
        );
        assert!(style.has_carriage_return);
        assert_eq!(style.number(0.25), "0,25");
        assert_eq!(style.word(TrialState::Failed), "FAIL");
        let style = Style::of("a,b,loss\n1,x,2\n").unwrap();
        assert_eq!(style.quoted("a,\"b"), "\"a,\"\"b\"");
        assert_eq!(style.word(TrialState::Complete), "complete");
        assert!(!style.has_decimal_comma);
        assert!(Style::of("# nothing\n").is_err());
    }
}
