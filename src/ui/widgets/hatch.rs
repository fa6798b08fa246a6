//! The hatching of what is probably infeasible: the same strokes over surfaces and slices, placed by the cell alone, so
//! that they stand still while what lies below them changes.

/// One stroke.
pub const STROKE: &str = "╱";

/// Whether a cell has a stroke: one in four, in lines that lean.
#[must_use]
pub fn has_stroke(column: u16, row: u16) -> bool {
    (u32::from(column) + 2 * u32::from(row)).is_multiple_of(4)
}
