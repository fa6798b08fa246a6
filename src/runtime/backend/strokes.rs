//! The cells that changed → bytes, in the order that takes the fewest.
//!
//! In true colour a change of both colours takes up to 38 bytes, an address 5 to 8. So cells are said by what they look like,
//! not by where they stand: every rendition once a frame, its cells from the top left to the bottom right. Between two of
//! them in a row what costs less than an address is said in its place: what stands there unchanged and looks alike, or a
//! blank where something else is said later in the frame. The frame is one write within a synchronised update, so nobody
//! sees the order.
//!
//! Checked by `what_is_said_in_any_order_looks_like_what_is_said_in_place` of [`super`].

use ratatui::buffer::Cell;
use unicode_width::UnicodeWidthStr;

use super::rendition::Rendition;
use crate::study::label::is_hostile;

/// What is on the screen, as far as it was said: by row and column.
#[derive(Debug, Default)]
pub(super) struct Shown {
    rows: Vec<Vec<Option<Cell>>>,
}

impl Shown {
    pub(super) fn forget(&mut self) {
        self.rows.clear();
    }

    fn at(&self, x: u16, y: u16) -> Option<&Cell> {
        self.rows.get(usize::from(y))?.get(usize::from(x))?.as_ref()
    }

    fn set(&mut self, x: u16, y: u16, cell: Option<&Cell>) {
        let (x, y) = (usize::from(x), usize::from(y));
        if self.rows.len() <= y {
            self.rows.resize_with(y + 1, Vec::new);
        }
        if let Some(row) = self.rows.get_mut(y) {
            if row.len() <= x {
                row.resize_with(x + 1, || None);
            }
            if let Some(slot) = row.get_mut(x) {
                *slot = cell.cloned();
            }
        }
    }
}

/// One changed cell and how it is said.
struct Stroke<'a> {
    x: u16,
    y: u16,
    symbol: &'a str,
    rendition: Rendition,
    /// Only its background is seen: whatever the foreground, it may be said.
    is_blank: bool,
    /// Whether the cursor is in the next column after it.
    is_narrow: bool,
    /// Whether it is so where glyphs of ambiguous width are wide, too.
    is_surely_narrow: bool,
}

impl<'a> Stroke<'a> {
    fn of(x: u16, y: u16, cell: &'a Cell) -> Self {
        // The last line of defence: text is scrubbed where it enters, but whatever a cell holds, no control or
        // bidirectional character leaves here.
        let is_fit = !cell.symbol().is_empty() && !cell.symbol().chars().any(is_hostile);
        let (symbol, rendition, is_blank) = if is_fit {
            Rendition::plainest(cell)
        } else {
            (" ", Rendition::of(cell), false)
        };
        Self {
            x,
            y,
            symbol,
            rendition,
            is_blank,
            is_narrow: is_fit && (symbol.len() == 1 || symbol.width() == 1),
            is_surely_narrow: is_fit && (symbol.len() == 1 || symbol.width_cjk() == 1),
        }
    }

    /// Whether it looks the same said in another rendition.
    fn fits(&self, rendition: Rendition) -> bool {
        self.rendition == rendition || self.is_blank && rendition.shows_blank_as(self.rendition.bg)
    }
}

/// Says the cells, which come row by row, and leaves the rendition plain.
pub(super) fn say<'a>(
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
    shown: &mut Shown,
    out: &mut Vec<u8>,
) {
    let cells: Vec<(u16, u16, &Cell)> = cells.collect();
    let mut strokes: Vec<Stroke<'_>> = cells
        .iter()
        .map(|(x, y, cell)| Stroke::of(*x, *y, cell))
        .collect();
    strokes.sort_by_key(|s| (s.y, s.x));
    join_blanks(&mut strokes);
    // What comes when: the renditions in their order, their cells as they stand.
    let mut order: Vec<usize> = (0..strokes.len()).collect();
    order.sort_by_key(|i| strokes.get(*i).map(|s| s.rendition.key()));
    let mut turn = vec![0; strokes.len()];
    for (at, i) in order.iter().enumerate() {
        if let Some(slot) = turn.get_mut(*i) {
            *slot = at;
        }
    }
    let mut rendition = Rendition::PLAIN;
    // Where the cursor is, where that is certain, and the row that it is in.
    let mut next: Option<(u16, u16)> = None;
    let mut row: Option<u16> = None;
    let mut was_narrow = false;
    for (at, i) in order.iter().enumerate() {
        let Some(stroke) = strokes.get(*i) else { continue };
        rendition.change(stroke.rendition, out);
        rendition = stroke.rendition;
        if next != Some((stroke.x, stroke.y)) {
            // Beyond the last column terminals disagree about where the cursor is.
            let sure = next.filter(|(x, y)| was_narrow && shown.at(*x, *y).is_some());
            let address = address(stroke, row, sure);
            let bridge = next
                .filter(|(x, y)| *y == stroke.y && *x < stroke.x)
                .and_then(|(x, _)| {
                    let is_later = |i: usize| turn.get(i).is_some_and(|turn| *turn > at);
                    bridge(x, stroke, (&strokes, *i), is_later, shown, address.len())
                });
            out.extend_from_slice(bridge.as_ref().map_or(&*address, String::as_str).as_bytes());
        }
        out.extend_from_slice(stroke.symbol.as_bytes());
        row = Some(stroke.y);
        was_narrow = stroke.is_surely_narrow;
        next = stroke.is_narrow.then_some((stroke.x + 1, stroke.y));
    }
    rendition.change(Rendition::PLAIN, out);
    for (x, y, cell) in cells {
        shown.set(x, y, Some(cell));
        // A wide glyph hides what was beside it.
        if cell.symbol().width() > 1 {
            shown.set(x + 1, y, None);
        }
    }
}

/// Blanks beside something with their background are said with it.
fn join_blanks(strokes: &mut [Stroke<'_>]) {
    let join = |strokes: &mut [Stroke<'_>], i: usize, with: usize| {
        let Some(other) = strokes.get(with).map(|s| (s.x, s.y, s.rendition, s.is_blank)) else {
            return;
        };
        let Some(this) = strokes.get_mut(i) else { return };
        let is_beside = other.1 == this.y && other.0.abs_diff(this.x) == 1;
        if this.is_blank && !other.3 && is_beside && this.fits(other.2) {
            this.rendition = other.2;
            // From here on its foreground counts: the next blank may follow it.
            this.is_blank = false;
        }
    };
    for i in 1..strokes.len() {
        join(strokes, i, i - 1);
    }
    for i in (0..strokes.len().saturating_sub(1)).rev() {
        join(strokes, i, i + 1);
    }
}

/// The sequence that brings the cursor to a stroke. Column-absolute within a row: right even where the terminal and we disagree
/// about the width of a glyph. One or two rows down, too: line feeds are shorter than a row's number, and the column is said
/// whatever they do to it. Relative where that is shorter and the last glyph surely narrow.
fn address(to: &Stroke<'_>, row: Option<u16>, from: Option<(u16, u16)>) -> String {
    let (x, y) = (to.x + 1, to.y + 1);
    let down = row.and_then(|row| to.y.checked_sub(row));
    let absolute = match down {
        Some(0) => format!("\x1b[{x}G"),
        Some(1) => format!("\n\x1b[{x}G"),
        Some(2) if y >= 10 => format!("\n\n\x1b[{x}G"),
        _ if x == 1 => format!("\x1b[{y}H"),
        _ => format!("\x1b[{y};{x}H"),
    };
    let relative = from.and_then(|from| relative(to, from));
    relative.filter(|r| r.len() < absolute.len()).unwrap_or(absolute)
}

/// The way from where the cursor surely is: right or left by a few columns, and down, never by a line feed, which some
/// terminals take for a return as well. `None`: up.
fn relative(to: &Stroke<'_>, (x, y): (u16, u16)) -> Option<String> {
    let by = |count: u16, letter: char| match count {
        0 => String::new(),
        1 => format!("\x1b[{letter}"),
        n => format!("\x1b[{n}{letter}"),
    };
    let across = match x.checked_sub(to.x) {
        Some(back @ 0..=3) => "\x08".repeat(usize::from(back)),
        Some(back) => by(back, 'D'),
        None => by(to.x - x, 'C'),
    };
    Some(by(to.y.checked_sub(y)?, 'B') + &across)
}

/// What may be said from column `x` up to a stroke in the place of its address: `None` where that would be longer, or
/// change what is seen in the end.
fn bridge(
    x: u16,
    to: &Stroke<'_>,
    (strokes, own): (&[Stroke<'_>], usize),
    is_later: impl Fn(usize) -> bool,
    shown: &Shown,
    most: usize,
) -> Option<String> {
    let mut said = String::new();
    for column in x..to.x {
        let back = usize::from(to.x - column);
        // Changed cells of the row stand before it, one a column at most.
        let changed = (own.saturating_sub(back)..own)
            .find(|i| strokes.get(*i).is_some_and(|s| (s.x, s.y) == (column, to.y)));
        match changed {
            // A wide glyph takes two columns: what stands beside it is not touched.
            Some(i) if is_later(i) && strokes.get(i).is_some_and(|s| s.is_narrow) => said.push(' '),
            Some(_) => return None,
            None => {
                let cell = shown.at(column, to.y)?;
                let there = Stroke::of(column, to.y, cell);
                if !there.is_narrow || !there.fits(to.rendition) {
                    return None;
                }
                said.push_str(there.symbol);
            }
        }
        if said.len() >= most {
            return None;
        }
    }
    Some(said)
}
