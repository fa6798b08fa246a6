//! Simplified Chinese: what is drawn. The terms are those of the lessons.

mod explained;
mod frame;
mod keys;
mod panes;
mod said;
mod windows;

pub(super) use said::SAID;

use super::Words;

/// All of it.
pub const WORDS: &[Words] = &[
    frame::FRAME,
    panes::PANES,
    explained::EXPLAINED,
    windows::WINDOWS,
    keys::KEYS,
    SAID,
];
