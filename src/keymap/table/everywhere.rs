//! Keys that hold in all panes, by what they are for.

use super::Context::{Always, Everywhere};
use super::{Section, b};
use crate::session::{Action, Pane};

pub(super) static DECIDING: Section = Section {
    title: "deciding",
    context: Everywhere,
    bindings: &[
        b(Everywhere, &["A"], Action::Accept, "accept", 3),
        b(Everywhere, &["E", "i"], Action::Edit, "edit", 4),
        b(Everywhere, &["D"], Action::DiscardDraft, "discard the draft", 0),
        b(Everywhere, &["X"], Action::Reject, "reject", 5),
        b(
            Everywhere,
            &["U"],
            Action::UndoReject,
            "undo the last rejection",
            0,
        ),
        b(Everywhere, &["R"], Action::ShowRejections, "list rejections", 0),
        b(Everywhere, &["u"], Action::Withdraw, "withdraw from the queue", 0),
        b(Everywhere, &["L"], Action::ToggleLock, "lock the parameter", 6),
    ],
};

pub(super) static PROBE: Section = Section {
    title: "the probe",
    context: Everywhere,
    bindings: &[
        b(
            Everywhere,
            &["n"],
            Action::ProbeSuggestion,
            "probe to the suggestion",
            7,
        ),
        b(Everywhere, &["b"], Action::ProbeBest, "probe to the best", 7),
        b(Everywhere, &["c"], Action::ProbeCentre, "probe to the centre", 0),
        b(Everywhere, &["]"], Action::NextParam, "next parameter", 0),
        b(Everywhere, &["["], Action::PreviousParam, "previous parameter", 0),
    ],
};

pub(super) static PANES: Section = Section {
    title: "panes",
    context: Everywhere,
    bindings: &[
        b(Everywhere, &["<Tab>"], Action::NextPane, "next pane", 9),
        b(Everywhere, &["<S-Tab>"], Action::PreviousPane, "previous pane", 0),
        b(Everywhere, &["1"], Action::Focus(Pane::Slices), "slices", 0),
        b(Everywhere, &["2"], Action::Focus(Pane::Surface), "surface", 0),
        b(Everywhere, &["3"], Action::Focus(Pane::Trials), "trials", 0),
        b(
            Everywhere,
            &["4"],
            Action::Focus(Pane::Suggestion),
            "suggestion",
            0,
        ),
        b(Everywhere, &["5"], Action::Focus(Pane::History), "history", 0),
        b(
            Everywhere,
            &["6"],
            Action::Focus(Pane::Improvement),
            "EI: why it is what it is",
            0,
        ),
        b(
            Everywhere,
            &["7"],
            Action::Focus(Pane::Ladder),
            "the ladder of ξ",
            0,
        ),
        b(
            Everywhere,
            &["8"],
            Action::Focus(Pane::Evidence),
            "the likelihood and its optima",
            0,
        ),
        b(Everywhere, &["9"], Action::Focus(Pane::Race), "the race", 0),
        b(Everywhere, &["z"], Action::ToggleZoom, "zoom", 8),
        b(Everywhere, &["<Esc>"], Action::Back, "step out of one layer", 0),
    ],
};

pub(super) static MOVING: Section = Section {
    title: "moving",
    context: Everywhere,
    bindings: &[
        b(Everywhere, &["<Up>", "k"], Action::Up, "up", 0),
        b(Everywhere, &["<Down>", "j"], Action::Down, "down", 0),
        b(
            Everywhere,
            &["<Left>", "h"],
            Action::Left,
            "left: the probe, an axis, a column, time",
            0,
        ),
        b(Everywhere, &["<Right>", "l"], Action::Right, "right", 0),
        b(
            Everywhere,
            &["<S-Left>", "<"],
            Action::BigLeft,
            "left in big steps",
            0,
        ),
        b(
            Everywhere,
            &["<S-Right>", ">"],
            Action::BigRight,
            "right in big steps",
            0,
        ),
        b(Everywhere, &["<Home>", "g"], Action::Top, "first", 0),
        b(Everywhere, &["<End>", "G"], Action::Bottom, "last", 0),
        b(Everywhere, &["<PageUp>", "<C-u>"], Action::PageUp, "a page up", 0),
        b(
            Everywhere,
            &["<PageDown>", "<C-d>"],
            Action::PageDown,
            "a page down",
            0,
        ),
    ],
};

pub(super) static MODEL: Section = Section {
    title: "the model and what it proposes",
    context: Everywhere,
    bindings: &[
        b(
            Everywhere,
            &["a"],
            Action::NextAcquisition,
            "next acquisition function",
            0,
        ),
        b(Everywhere, &["}"], Action::XiUp, "more exploration: ξ up", 0),
        b(Everywhere, &["{"], Action::XiDown, "less exploration: ξ down", 0),
        b(Everywhere, &[")"], Action::BetaUp, "β of UCB up", 0),
        b(Everywhere, &["("], Action::BetaDown, "β of UCB down", 0),
        b(
            Everywhere,
            &["~"],
            Action::ToggleSamples,
            "posterior samples on/off",
            0,
        ),
        b(Everywhere, &["+"], Action::MoreSamples, "more samples", 0),
        b(Everywhere, &["-"], Action::FewerSamples, "fewer samples", 0),
        b(
            Everywhere,
            &["%"],
            Action::NextStarts,
            "starts of the search: 1, 2, 3 … all",
            0,
        ),
        b(Everywhere, &["K"], Action::NextKernel, "next kernel", 0),
        b(
            Everywhere,
            &["W"],
            Action::ToggleWarp,
            "warp of bad outputs on/off",
            0,
        ),
        b(
            Everywhere,
            &["T"],
            Action::ToggleObjective,
            "fit by likelihood / leave-one-out",
            0,
        ),
        b(Everywhere, &["r"], Action::Refit, "fit again", 0),
        b(Everywhere, &["w"], Action::ShowModel, "the model in numbers", 0),
        b(
            Everywhere,
            &["e"],
            Action::ShowKernels,
            "kernels and their evidence",
            0,
        ),
        b(
            Everywhere,
            &["C"],
            Action::Compare,
            "acquisition functions side by side",
            0,
        ),
        b(
            Everywhere,
            &["H"],
            Action::ShowKnobs,
            "set hyperparameters by hand",
            0,
        ),
    ],
};

pub(super) static LOOKING: Section = Section {
    title: "how it is drawn",
    context: Everywhere,
    bindings: &[
        b(
            Everywhere,
            &["o"],
            Action::NextLayer,
            "next layer of the surface",
            0,
        ),
        b(Everywhere, &["O"], Action::PreviousLayer, "previous layer", 0),
        b(
            Everywhere,
            &["p"],
            Action::NextPair,
            "next pair of the surface",
            0,
        ),
        b(
            Everywhere,
            &["P"],
            Action::SwapAxes,
            "swap the axes of the surface",
            0,
        ),
        b(Everywhere, &["f"], Action::ToggleFreeze, "freeze the panes", 0),
        b(Everywhere, &["m"], Action::NextRamp, "next colour ramp", 0),
        b(
            Everywhere,
            &["x"],
            Action::ToggleCrosshair,
            "cross-hair on/off",
            0,
        ),
        b(
            Everywhere,
            &["v"],
            Action::ToggleContours,
            "contour lines on/off",
            0,
        ),
        b(Everywhere, &["t"], Action::NextTheme, "dark / light", 0),
        b(Everywhere, &["M"], Action::ToggleMouse, "mouse on/off", 0),
    ],
};

pub(super) static TIME: Section = Section {
    title: "time and what-ifs",
    context: Everywhere,
    bindings: &[
        b(Everywhere, &[","], Action::Earlier, "a trial back in time", 0),
        b(Everywhere, &["."], Action::Later, "a trial forward in time", 0),
        b(Everywhere, &[";"], Action::Earliest, "back to the first trial", 0),
        b(Everywhere, &["'"], Action::Now, "back to now", 0),
        b(
            Everywhere,
            &["I"],
            Action::Imagine,
            "imagine the result of the suggestion",
            0,
        ),
        b(Everywhere, &["N"], Action::Game, "the guessing game", 0),
    ],
};

pub(super) static SESSION: Section = Section {
    title: "and besides",
    context: Everywhere,
    bindings: &[
        b(
            Everywhere,
            &["d"],
            Action::ShowDiagnostics,
            "warnings and bad rows",
            0,
        ),
        b(
            Everywhere,
            &["B"],
            Action::ShowStudies,
            "other studies of the source",
            0,
        ),
        b(Everywhere, &["y"], Action::CopyValue, "copy the value", 0),
        b(
            Everywhere,
            &["Y"],
            Action::CopyConfiguration,
            "copy the configuration",
            0,
        ),
        b(Everywhere, &["/"], Action::OpenFilter, "filter trials", 0),
        b(Everywhere, &[":"], Action::OpenCommand, "command", 10),
        b(Everywhere, &["?", "<F1>"], Action::Help, "help", 1),
        b(Everywhere, &["q"], Action::Quit, "quit", 2),
        b(
            Everywhere,
            &["Q"],
            Action::QuitWithSummary,
            "quit and print a summary",
            0,
        ),
    ],
};

pub(super) static ALWAYS: Section = Section {
    title: "always",
    context: Always,
    bindings: &[
        b(Always, &["<C-c>"], Action::Interrupt, "end at once", 0),
        b(Always, &["<C-l>"], Action::Redraw, "draw everything again", 0),
        b(Always, &["<C-z>"], Action::Suspend, "suspend (fg resumes)", 0),
    ],
};
