//! Where things were drawn, so that a click can find them and scrolling knows its window.

use super::model::{Pane, SortKey};

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    #[must_use]
    pub fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }
}

/// What a click on an area means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Focuses the pane (lowest priority).
    Pane(Pane),
    /// A row of the trial table: an index into `Study::trials`.
    TrialRow(usize),
    /// The header cell of a table column, by what it sorts.
    TableColumn(SortKey),
    /// The plot of a slice: the column of the click gives the position along parameter `param`.
    Slice { param: usize },
    /// The plot of the surface; the cell gives both positions (y grows upwards).
    Surface,
    /// The map of the likelihood.
    Likelihood,
    /// A row of the suggestion: an index into `Space::params`.
    ParamRow(usize),
    /// A receipt in the queue.
    ReceiptRow(usize),
}

/// Everything that the last frame drew, later entries on top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HitMap {
    pub regions: Vec<(Area, Target)>,
    /// Rows of the trial table that fit.
    pub table_rows: usize,
    /// Slices that fit.
    pub slice_slots: usize,
    /// Rows of an open overlay that fit, and how many it has.
    pub overlay_rows: (usize, usize),
    /// Panes on screen, in reading order.
    pub panes: Vec<Pane>,
}

impl HitMap {
    /// The topmost target at a cell and its area.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<(Area, Target)> {
        self.regions
            .iter()
            .rev()
            .find(|(area, _)| area.contains(x, y))
            .copied()
    }
}
