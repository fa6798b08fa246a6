//! Setting text for people: columns that line up, whatever the script of the words.

use unicode_width::UnicodeWidthStr as _;

use crate::study::label::is_hostile;
use crate::study::number::significant;
use crate::study::{Domain, Parameter, Space, Study, Value};

/// One line without any character that a terminal must never see. Unlike `scrub` it cuts nothing: an error
/// may name many columns.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\t' | '\r') { ' ' } else { c })
        .filter(|c| !is_hostile(*c))
        .collect()
}

/// A value, rounded for reading.
pub fn value_words(value: &Value) -> String {
    match value {
        Value::Float(x) => significant(*x, 5),
        other => other.to_string(),
    }
}

/// `lr=3e-4 scheduler=cosine`.
pub fn configuration_words(space: &Space, configuration: &[Value]) -> String {
    let words: Vec<String> = space
        .params
        .iter()
        .zip(configuration)
        .filter(|(_, v)| !v.is_inactive())
        .map(|(p, v)| format!("{}={}", p.name, value_words(v)))
        .collect();
    words.join(" ")
}

/// `best val_loss 0.41 (trial 7): lr=3e-4`, where there is a best; `ago` says when it was found.
pub fn best_words(study: &Study, ago: &str) -> Option<String> {
    let best = study.trials.get(study.best()?)?;
    let params = study.space.configuration_of(best);
    Some(format!(
        "best {} {} (trial {}{ago}): {}",
        study.metric,
        significant(best.objective().unwrap_or(f64::NAN), 6),
        best.id,
        params.map_or_else(String::new, |c| configuration_words(&study.space, &c))
    ))
}

/// What there is instead of a best.
pub fn no_best_words(study: &Study) -> &'static str {
    if study.has_objective() {
        "no feasible result yet"
    } else {
        "no result yet"
    }
}

/// What a parameter may be: `1e-5 … 0.03, log`.
pub fn domain_words(parameter: &Parameter) -> String {
    match &parameter.domain {
        Domain::Float { low, high, log, step } => {
            let mut words = format!("{} … {}", significant(*low, 6), significant(*high, 6));
            if *log {
                words.push_str(", log");
            }
            if let Some(step) = step {
                words.push_str(&format!(", step {}", significant(*step, 6)));
            }
            words
        }
        Domain::Int { low, high, log, step } => {
            let mut words = format!("{low} … {high}, whole numbers");
            if *log {
                words.push_str(", log");
            }
            if *step != 1 {
                words.push_str(&format!(", step {step}"));
            }
            words
        }
        Domain::Categorical { choices } => {
            let words: Vec<String> = choices.iter().map(Value::to_string).collect();
            words.join(" | ")
        }
    }
}

/// Rows of cells, set in columns as wide as their widest cell. All cells are scrubbed already.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    rows: Vec<Vec<String>>,
    /// Columns that are set flush right (numbers).
    right: Vec<usize>,
}

impl Columns {
    /// Columns of which those with these indices are set flush right.
    pub fn flush_right(columns: impl IntoIterator<Item = usize>) -> Self {
        Self {
            rows: Vec::new(),
            right: columns.into_iter().collect(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, indented by `indent` cells, two cells between columns, nothing at line ends.
    pub fn lines(&self, indent: usize) -> impl Iterator<Item = String> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count)
            .map(|j| {
                self.rows
                    .iter()
                    .filter_map(|r| r.get(j))
                    .map(|c| c.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        self.rows.iter().map(move |row| {
            let mut line = " ".repeat(indent);
            for (j, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[j].saturating_sub(cell.width()));
                if j > 0 {
                    line.push_str("  ");
                }
                if self.right.contains(&j) {
                    line.push_str(&pad);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    line.push_str(&pad);
                }
            }
            line.truncate(line.trim_end().len());
            line
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_cells_not_bytes() {
        let mut columns = Columns::flush_right([1]);
        columns.row(["学習率".to_owned(), "1".to_owned(), "x".to_owned()]);
        columns.row(["lr".to_owned(), "10".to_owned()]);
        let lines: Vec<String> = columns.lines(1).collect();
        assert_eq!(lines, [" 学習率   1  x", " lr      10"]);
    }
}
