//! Optuna's journal: one operation a line, of which the readers make studies.
//!
//! [`mod@line`] takes a line apart into records and damage, [`record`] parses one, and [`rules`] says what it does to
//! which study and trial. Everything that reads a journal (the source, the delivery, the doctor's mended copy)
//! goes through these three, so that all of them count studies and trials alike.

pub mod line;
pub mod record;
pub mod rules;
