//! What the panes show, in sentences and tables: for reports, and for those who do not see the drawing.
//!
//! Pure, like the panes: the same model, the same numbers, rounded in the same way.

mod learned;
mod next;
mod run;
mod seen;
mod trust;

use crate::session::Model;

use super::context::Context;
use super::text;

/// Most cells of a line of plain text; tables may be wider.
const WIDTH: usize = 100;

/// One pane in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// A name for links.
    pub id: &'static str,
    pub title: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Sentence(String),
    Table(Table),
}

/// Rows of cells under a head; the first cell of a row names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub caption: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Columns of numbers: set flush right.
    pub numbers: Vec<usize>,
}

impl Table {
    fn new(caption: impl Into<String>, head: &[&str], numbers: impl IntoIterator<Item = usize>) -> Self {
        Self {
            caption: caption.into(),
            head: head.iter().map(|h| (*h).to_owned()).collect(),
            rows: Vec::new(),
            numbers: numbers.into_iter().collect(),
        }
    }
}

impl Section {
    fn new(id: &'static str, title: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    fn say(&mut self, sentence: impl Into<String>) {
        self.blocks.push(Block::Sentence(sentence.into()));
    }

    fn table(&mut self, table: Table) {
        if !table.rows.is_empty() {
            self.blocks.push(Block::Table(table));
        }
    }
}

/// Every pane, in the order in which the screen answers: is it going well, what comes next, what was learned, can it be
/// trusted; then what all that stands on.
#[must_use]
pub fn sections(model: &Model) -> Vec<Section> {
    let ctx = Context::new(model);
    let all = [
        run::section(&ctx),
        next::section(&ctx),
        learned::slices(&ctx),
        learned::surface(&ctx),
        trust::section(&ctx),
        seen::history(&ctx),
        seen::trials(&ctx),
        trust::warnings(&ctx),
    ];
    all.into_iter().filter(|s| !s.blocks.is_empty()).collect()
}

/// As plain text, tables in columns.
#[must_use]
pub fn plain(sections: &[Section]) -> String {
    let mut out: Vec<String> = Vec::new();
    for section in sections {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.push(section.title.clone());
        out.push("-".repeat(text::width(&section.title)));
        for block in &section.blocks {
            match block {
                Block::Sentence(words) => out.extend(text::wrap(words, WIDTH)),
                Block::Table(table) => columns(table, &mut out),
            }
        }
    }
    out.join("\n")
}

fn columns(table: &Table, out: &mut Vec<String>) {
    let all = || std::iter::once(&table.head).chain(&table.rows);
    let widths: Vec<usize> = (0..table.head.len())
        .map(|j| {
            all()
                .filter_map(|r| r.get(j))
                .map(|c| text::width(c))
                .max()
                .unwrap_or(0)
        })
        .collect();
    out.push(String::new());
    out.extend(text::wrap(&format!("{}:", table.caption), WIDTH));
    for row in all() {
        let cells = row.iter().zip(&widths).enumerate().map(|(j, (cell, width))| {
            let pad = " ".repeat(width.saturating_sub(text::width(cell)));
            if table.numbers.contains(&j) {
                format!("{pad}{cell}")
            } else {
                format!("{cell}{pad}")
            }
        });
        let line = format!("  {}", cells.collect::<Vec<_>>().join("  "));
        out.push(line.trim_end().to_owned());
    }
    out.push(String::new());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_lines_up_and_an_empty_study_says_what_it_waits_for() {
        let mut section = Section::new("x", "学習");
        let mut table = Table::new("values", &["name", "value"], [1]);
        table.rows = vec![vec!["学習率".into(), "1".into()], vec!["b".into(), "10".into()]];
        section.table(table);
        assert_eq!(
            plain(&[section]),
            "学習\n----\n\nvalues:\n  name    value\n  学習率      1\n  b          10\n"
        );
        let empty = plain(&sections(&Model::new(0.0, (80, 24))));
        assert!(empty.contains("no trial yet"), "{empty}");
    }
}
