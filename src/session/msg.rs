//! What can happen to a session.

use std::sync::Arc;

use crate::analysis::{
    Advice, Comparison, Importance, KernelEvidence, Ladder, LikelihoodMap, Prospects, Replay, Samples, Slice,
    Suggestion, Surface, Surrogate, Trust,
};
use crate::learn::race::Race;
use crate::study::Study;

use super::action::Action;
use super::hit::HitMap;
use super::kept::Kept;
use super::lab::Lab;
use super::model::{RunStatus, SourceStatus, Stamped};
use super::receipt::Receipt;
use super::seen::Seen;

/// A key while text is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKey {
    Char(char),
    Backspace,
    Delete,
    Left,
    Right,
    Home,
    End,
    DeleteWord,
    DeleteLine,
    /// Applies.
    Enter,
    /// Steps out.
    Escape,
    /// Completes, or goes to the next field.
    Tab,
    BackTab,
    Up,
    Down,
}

/// A mouse event, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    Press { x: u16, y: u16 },
    Drag { x: u16, y: u16 },
    ScrollUp { x: u16, y: u16 },
    ScrollDown { x: u16, y: u16 },
}

/// One message.
#[derive(Clone, Debug)]
pub enum Msg {
    Act(Action),
    Text(TextKey),
    /// Several characters at once (a bracketed paste).
    Paste(String),
    Pointer(Pointer),
    Resize(u16, u16),
    /// What the last frame drew.
    Drawn(HitMap),
    /// A second has passed (only sent while something on screen depends on it).
    Tick,

    /// The loop of `tunescope run` says how it stands.
    Run(RunStatus),
    /// The source changed its state, not its data.
    Source(SourceStatus),
    /// New data.
    Study {
        study: Arc<Study>,
        source: SourceStatus,
    },
    /// What was decided on a study when the program ran before, or why it cannot be read. `is_safe`: what is
    /// decided now will be written.
    Recalled {
        study: String,
        found: Result<Option<Box<Kept>>, String>,
        is_safe: bool,
    },
    /// What was seen of a study when the program ran before.
    LookedLast {
        study: String,
        seen: Option<Box<Seen>>,
    },
    /// How configurations reach workers, in words, or why they cannot.
    Door(Result<String, String>),
    Fitted {
        data: u64,
        surrogate: Arc<Surrogate>,
        refitted: bool,
    },
    /// The fit that is shown, with the present queue counted as pending.
    Believed {
        fit: u64,
        data: u64,
        surrogate: Arc<Surrogate>,
    },
    FitFailed {
        data: u64,
        reason: String,
    },
    Suggested(Stamped<Vec<Suggestion>>),
    /// Everything there is to say on suggestion number so many has been said.
    Answered(u64),
    /// Puts another bench under the explorer.
    OpenLab(Box<Lab>),
    Sliced(Stamped<Vec<Slice>>),
    Surfaced(Stamped<Surface>),
    Compared(Stamped<Comparison>),
    Sampled(Stamped<Samples>),
    Climbed(Stamped<Ladder>),
    Mapped(Stamped<LikelihoodMap>),
    KernelEvidence {
        round: u64,
        evidence: KernelEvidence,
    },
    Replayed {
        round: u64,
        replay: Arc<Replay>,
    },
    Prospected {
        round: u64,
        prospects: Arc<Prospects>,
    },
    Raced {
        round: u64,
        race: Arc<Race>,
    },
    Trusted(Stamped<Trust>),
    Weighed(Stamped<Importance>),
    Stopping(Stamped<Advice>),
    /// An exploration failed: what and why.
    ExploreFailed {
        reason: String,
    },

    /// All receipts as they stand now, newest first.
    Receipts(Vec<Receipt>),
    /// One thing was written, or could not be: the receipt with its new state.
    Delivered(Receipt),
    /// A sentence from the edge of the program.
    Say {
        text: String,
        is_error: bool,
    },
}
