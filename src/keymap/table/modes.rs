//! Keys while something is edited, confirmed, looked back at, or open in a window.

use super::Context::{Compare, Confirm, Draft, Help, Kernels, Knobs, Lens, Overlay, Studies};
use super::{Section, b};
use crate::session::Action;

pub(super) static DRAFT: Section = Section {
    title: "editing a draft",
    context: Draft,
    bindings: &[
        b(Draft, &["A"], Action::Accept, "accept", 1),
        b(Draft, &["D"], Action::DiscardDraft, "discard", 2),
        b(Draft, &["L"], Action::ToggleLock, "lock", 3),
        b(Draft, &["<Enter>"], Action::EditField, "type a value", 4),
        b(Draft, &["<Left>", "h"], Action::Left, "nudge down", 5),
        b(Draft, &["<Right>", "l"], Action::Right, "nudge up", 5),
        b(
            Draft,
            &["<Backspace>", "r"],
            Action::ResetParam,
            "reset this value",
            6,
        ),
        b(Draft, &["<Tab>"], Action::Down, "next value", 0),
        b(Draft, &["<S-Tab>"], Action::Up, "previous value", 0),
    ],
};

pub(super) static LENS: Section = Section {
    title: "looking at the past or at what-ifs",
    context: Lens,
    bindings: &[
        b(Lens, &["<Esc>"], Action::Back, "back", 1),
        b(Lens, &[","], Action::Earlier, "earlier", 2),
        b(Lens, &["."], Action::Later, "later", 3),
        b(Lens, &[";"], Action::Earliest, "first", 4),
        b(Lens, &["'"], Action::Now, "now", 4),
        b(Lens, &["I"], Action::Imagine, "imagine", 5),
    ],
};

pub(super) static CONFIRM: Section = Section {
    title: "confirming",
    context: Confirm,
    bindings: &[
        b(Confirm, &["y", "<Enter>"], Action::ConfirmYes, "yes", 1),
        b(Confirm, &["n", "<Esc>", "q"], Action::ConfirmNo, "no", 2),
        b(
            Confirm,
            &["f"],
            Action::RunFinish,
            "leave a loop: finish what runs",
            0,
        ),
        b(
            Confirm,
            &["l"],
            Action::RunLeave,
            "leave a loop: let trials go on alone",
            0,
        ),
    ],
};

pub(super) static OVERLAY: Section = Section {
    title: "in a window",
    context: Overlay,
    bindings: &[
        b(Overlay, &["<Esc>", "q", "?"], Action::Back, "close", 1),
        b(Overlay, &["<Up>", "k"], Action::Up, "up", 0),
        b(Overlay, &["<Down>", "j"], Action::Down, "down", 0),
        b(Overlay, &["<PageUp>", "<C-u>"], Action::PageUp, "a page up", 0),
        b(
            Overlay,
            &["<PageDown>", "<C-d>", "<Space>"],
            Action::PageDown,
            "a page down",
            0,
        ),
        b(Overlay, &["<Home>", "g"], Action::Top, "first", 0),
        b(Overlay, &["<End>", "G"], Action::Bottom, "last", 0),
        b(Overlay, &["U"], Action::UndoReject, "take back a rejection", 2),
    ],
};

pub(super) static HELP: Section = Section {
    title: "in the help",
    context: Help,
    bindings: &[
        b(Help, &["/"], Action::FindKey, "find a key or a sign", 2),
        b(Help, &["<Space>"], Action::PageDown, "turn the page", 3),
    ],
};

pub(super) static KERNELS: Section = Section {
    title: "editing the kernel",
    context: Kernels,
    bindings: &[
        b(Kernels, &["<Enter>"], Action::Choose, "use it", 1),
        b(Kernels, &["+"], Action::KernelPlus, "join by +", 2),
        b(Kernels, &["*"], Action::KernelTimes, "join by *", 3),
        b(Kernels, &["<Backspace>"], Action::KernelBack, "take back", 4),
        b(Kernels, &["e", "i"], Action::KernelEdit, "type one", 5),
        b(
            Kernels,
            &["T"],
            Action::ToggleObjective,
            "likelihood / leave-one-out",
            6,
        ),
    ],
};

pub(super) static COMPARE: Section = Section {
    title: "comparing acquisition functions",
    context: Compare,
    bindings: &[
        b(Compare, &["<Enter>"], Action::Choose, "let it choose", 1),
        b(Compare, &["n"], Action::ProbeCompared, "probe to its next", 2),
        b(Compare, &["]"], Action::NextParam, "parameter", 3),
        b(Compare, &["["], Action::PreviousParam, "previous parameter", 0),
        b(Compare, &["<Left>", "h"], Action::Left, "move the probe", 4),
        b(Compare, &["<Right>", "l"], Action::Right, "move the probe", 0),
        b(Compare, &["<S-Left>", "<"], Action::BigLeft, "in big steps", 0),
        b(Compare, &["<S-Right>", ">"], Action::BigRight, "in big steps", 0),
        b(Compare, &["}"], Action::XiUp, "ξ up", 5),
        b(Compare, &["{"], Action::XiDown, "ξ down", 0),
        b(Compare, &[")"], Action::BetaUp, "β up", 5),
        b(Compare, &["("], Action::BetaDown, "β down", 0),
    ],
};

pub(super) static KNOBS: Section = Section {
    title: "setting hyperparameters",
    context: Knobs,
    bindings: &[
        b(Knobs, &["<Left>", "h"], Action::Left, "smaller", 1),
        b(Knobs, &["<Right>", "l"], Action::Right, "larger", 1),
        b(Knobs, &["<S-Left>", "<"], Action::BigLeft, "half", 2),
        b(Knobs, &["<S-Right>", ">"], Action::BigRight, "twice", 2),
        b(Knobs, &["<Backspace>"], Action::ResetKnob, "as fitted", 3),
        b(Knobs, &["r"], Action::ResetKnobs, "fit all again", 4),
        b(
            Knobs,
            &["T"],
            Action::ToggleObjective,
            "fit by likelihood / leave-one-out",
            0,
        ),
    ],
};

pub(super) static STUDIES: Section = Section {
    title: "choosing a study",
    context: Studies,
    bindings: &[b(Studies, &["<Enter>"], Action::Choose, "go there", 1)],
};
