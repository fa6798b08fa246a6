//! Simplified Chinese: what is drawn. The terms are those of the lessons.

mod explained;
mod frame;
mod judged;
mod keys;
mod panes;
mod said;
mod windows;

use judged::JUDGED;
use said::SAID;

use super::Words;

/// All of it.
pub const WORDS: &[Words] = &[
    frame::FRAME,
    panes::PANES,
    explained::EXPLAINED,
    windows::WINDOWS,
    keys::KEYS,
    JUDGED,
    SAID,
];

/// Sentences that are recognised whole, in the order in which they are looked at.
pub(super) const WHOLE: &[Words] = &[JUDGED, SAID];
