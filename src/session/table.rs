//! The trial table: which rows, in which order, and where the cursor is.

use super::model::SortKey;

/// State of the trial table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Sort key and whether descending; missing values always come last.
    pub sort: SortKey,
    pub descending: bool,
    /// The filter as typed; empty: none. Already valid.
    pub filter: String,
    /// Columns that are hidden (indices into `Study::columns`).
    pub hidden: Vec<usize>,
    /// Indices into `Study::trials`, filtered and sorted.
    pub rows: Vec<usize>,
    /// The selected trial (an index into `Study::trials`); it stays selected while rows move.
    pub selected: Option<usize>,
    /// First row drawn, an index into `rows`.
    pub offset: usize,
    /// First parameter column drawn.
    pub column_offset: usize,
    /// Whether the cursor follows the newest trial.
    pub follow: bool,
    /// Text searched for; empty: none.
    pub search: String,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            sort: SortKey::Order,
            descending: true,
            filter: String::new(),
            hidden: Vec::new(),
            rows: Vec::new(),
            selected: None,
            offset: 0,
            column_offset: 0,
            follow: true,
            search: String::new(),
        }
    }
}

impl Table {
    /// Position of the selected trial in `rows`.
    #[must_use]
    pub fn cursor(&self) -> Option<usize> {
        self.selected
            .and_then(|trial| self.rows.iter().position(|r| *r == trial))
    }
}
