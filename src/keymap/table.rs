//! The table itself.

use crate::session::lab::CONTINUOUSLY;
use crate::session::{Action, Pane};

use super::key::Key;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Even while text is typed.
    Always,
    /// In all panes, where the pane does not say otherwise.
    Everywhere,
    Pane(Pane),
    /// While a draft is open.
    Draft,
    /// While the past or something imagined is looked at.
    Lens,
    /// In the lab.
    Lab,
    /// Where a lesson is played.
    Lesson,
    /// While a lesson waits for an answer.
    Question,
    /// In the menu of the lab.
    Course,
    /// While a game is played.
    Game,
    /// Over an overlay.
    Overlay,
    /// In the list of studies.
    Studies,
    /// At the hyperparameters.
    Knobs,
    /// In the kernel editor.
    Kernels,
    /// In the comparison of acquisition functions.
    Compare,
    /// While something waits to be confirmed.
    Confirm,
}

impl Context {
    /// Heading in help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Everywhere => "everywhere",
            Self::Pane(pane) => pane.title(),
            Self::Draft => "editing a draft",
            Self::Lab => "in the lab",
            Self::Lesson => "playing a lesson",
            Self::Question => "answering a question",
            Self::Course => "choosing a lesson",
            Self::Game => "playing the guessing game",
            Self::Lens => "looking at the past or at what-ifs",
            Self::Overlay => "in a window",
            Self::Studies => "choosing a study",
            Self::Kernels => "editing the kernel",
            Self::Compare => "comparing acquisition functions",
            Self::Knobs => "setting hyperparameters",
            Self::Confirm => "confirming",
        }
    }

    /// Whether it is there in the lab only (`tunescope learn`).
    #[must_use]
    pub fn is_labs(self) -> bool {
        matches!(
            self,
            Self::Lab | Self::Lesson | Self::Course | Self::Pane(Pane::Lesson)
        )
    }

    /// The contexts in the order of help.
    pub const ALL: [Self; 25] = [
        Self::Everywhere,
        Self::Pane(Pane::Slices),
        Self::Pane(Pane::Surface),
        Self::Pane(Pane::Trials),
        Self::Pane(Pane::Suggestion),
        Self::Pane(Pane::History),
        Self::Pane(Pane::Improvement),
        Self::Pane(Pane::Ladder),
        Self::Pane(Pane::Evidence),
        Self::Pane(Pane::Race),
        Self::Pane(Pane::Lesson),
        Self::Lab,
        Self::Lesson,
        Self::Question,
        Self::Course,
        Self::Draft,
        Self::Lens,
        Self::Game,
        Self::Confirm,
        Self::Overlay,
        Self::Kernels,
        Self::Compare,
        Self::Knobs,
        Self::Studies,
        Self::Always,
    ];
}

/// One row of the table.
pub struct Binding {
    pub context: Context,
    /// In the notation of [`Key::parse`]; the first is the one the footer shows.
    pub keys: &'static [&'static str],
    pub action: Action,
    pub label: &'static str,
    /// Rank in the footer, 1 first; 0: only in help.
    pub hint: u8,
}

impl Binding {
    /// The first `most` keys as people write them.
    #[must_use]
    pub fn keys_for_people(&self, most: usize) -> String {
        let keys: Vec<String> = self
            .keys
            .iter()
            .take(most)
            .filter_map(|k| Key::parse(k))
            .map(|k| k.to_string())
            .collect();
        keys.join(" ")
    }
}

const fn b(
    context: Context,
    keys: &'static [&'static str],
    action: Action,
    label: &'static str,
    hint: u8,
) -> Binding {
    Binding {
        context,
        keys,
        action,
        label,
        hint,
    }
}

use Context::{
    Always, Compare, Confirm, Course, Draft, Everywhere, Game, Kernels, Knobs, Lab, Lens, Lesson, Overlay,
    Question, Studies,
};
const SLICES: Context = Context::Pane(Pane::Slices);
const SURFACE: Context = Context::Pane(Pane::Surface);
const TRIALS: Context = Context::Pane(Pane::Trials);
const SUGGESTION: Context = Context::Pane(Pane::Suggestion);
const HISTORY: Context = Context::Pane(Pane::History);
const RACE: Context = Context::Pane(Pane::Race);
const IMPROVEMENT: Context = Context::Pane(Pane::Improvement);
const LADDER: Context = Context::Pane(Pane::Ladder);
const EVIDENCE: Context = Context::Pane(Pane::Evidence);

/// Every key.
pub static TABLE: &[Binding] = &[
    b(Always, &["<C-c>"], Action::Interrupt, "end at once", 0),
    b(Always, &["<C-l>"], Action::Redraw, "draw everything again", 0),
    b(Always, &["<C-z>"], Action::Suspend, "suspend (fg resumes)", 0),
    // moving
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
    // the probe
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
    // time and what-ifs
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
    b(
        Game,
        &["<Enter>", "<Space>"],
        Action::GameEnter,
        "place your point, go on",
        1,
    ),
    b(Game, &["<Esc>", "N"], Action::Game, "end the game", 2),
    b(Lens, &["<Esc>"], Action::Back, "back", 1),
    b(Lens, &[","], Action::Earlier, "earlier", 2),
    b(Lens, &["."], Action::Later, "later", 3),
    b(Lens, &[";"], Action::Earliest, "first", 4),
    b(Lens, &["'"], Action::Now, "now", 4),
    b(Lens, &["I"], Action::Imagine, "imagine", 5),
    // deciding
    b(Everywhere, &["A"], Action::Accept, "accept", 3),
    b(Everywhere, &["E", "i"], Action::Edit, "edit", 4),
    b(
        Everywhere,
        &["D"],
        Action::DiscardDraft,
        "discard the draft, where there is one",
        0,
    ),
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
    // the model
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
    // looking
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
    // panes
    b(SLICES, &["<Enter>"], Action::EditField, "edit this value", 0),
    b(SURFACE, &["o"], Action::NextLayer, "layer", 3),
    b(SURFACE, &["p"], Action::NextPair, "pair", 4),
    b(TRIALS, &["<Enter>"], Action::ShowTrial, "detail", 3),
    b(TRIALS, &["s"], Action::SortNext, "sort", 4),
    b(TRIALS, &["S"], Action::SortReverse, "reverse the order", 0),
    b(TRIALS, &["/"], Action::OpenFilter, "filter", 5),
    b(TRIALS, &["F"], Action::ToggleFollow, "follow the newest", 0),
    b(TRIALS, &["<Space>"], Action::ProbeTrial, "probe to this trial", 0),
    b(SUGGESTION, &["<Enter>"], Action::EditField, "edit this value", 4),
    b(HISTORY, &["<Enter>"], Action::ShowTrial, "detail", 3),
    b(HISTORY, &["o"], Action::ToggleRegret, "values / regret", 4),
    b(RACE, &["<Enter>"], Action::Race, "race again", 3),
    b(RACE, &["<Backspace>"], Action::StopRace, "call it off", 4),
    b(IMPROVEMENT, &["<Left>", "h"], Action::Left, "move the probe", 3),
    b(IMPROVEMENT, &["}"], Action::XiUp, "ξ up", 4),
    b(IMPROVEMENT, &["~"], Action::ToggleSamples, "samples", 5),
    b(IMPROVEMENT, &["]"], Action::NextParam, "parameter", 6),
    b(LADDER, &["<Up>", "k"], Action::Up, "ξ up", 3),
    b(LADDER, &["<Down>", "j"], Action::Down, "ξ down", 4),
    b(LADDER, &["]"], Action::NextParam, "parameter", 5),
    b(EVIDENCE, &["<Left>", "h"], Action::Left, "lengthscale", 3),
    b(EVIDENCE, &["<Up>", "k"], Action::Up, "noise", 4),
    b(EVIDENCE, &["<Enter>"], Action::NextOptimum, "next optimum", 5),
    b(EVIDENCE, &["<Backspace>"], Action::ResetKnobs, "as fitted", 6),
    b(EVIDENCE, &["]"], Action::NextParam, "parameter", 7),
    // the lab
    b(Lab, &["<Space>"], Action::LabAdd, "evaluate here", 1),
    b(
        Lab,
        &["<Backspace>"],
        Action::LabRemove,
        "take the nearest away",
        5,
    ),
    b(Lab, &["s"], Action::LabStep(1), "step", 2),
    b(Lab, &["S"], Action::LabStep(10), "ten steps", 6),
    b(
        Lab,
        &["<C-p>"],
        Action::LabStep(CONTINUOUSLY),
        "run on; any key stops",
        7,
    ),
    b(Lab, &["Z"], Action::LabUndo, "step back", 6),
    b(Lab, &["<C-r>"], Action::LabReset, "start again", 0),
    b(Lab, &["V"], Action::LabReveal, "truth", 3),
    b(Lab, &["J"], Action::ShowCourse, "lessons and functions", 4),
    b(Lesson, &["<Enter>"], Action::LessonNext, "go on", 1),
    b(Lesson, &["<C-b>"], Action::LessonBack, "back to read", 0),
    b(Lesson, &["i"], Action::LessonHint, "hint", 2),
    b(Lesson, &["0"], Action::Focus(Pane::Lesson), "the lesson", 8),
    b(Question, &["1"], Action::LessonAnswer(0), "the first answer", 1),
    b(Question, &["2"], Action::LessonAnswer(1), "the second", 1),
    b(Question, &["3"], Action::LessonAnswer(2), "the third", 1),
    b(Question, &["4"], Action::LessonAnswer(3), "the fourth", 0),
    b(Course, &["<Enter>"], Action::Choose, "open it", 1),
    // draft
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
    // windows
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
    b(Studies, &["<Enter>"], Action::Choose, "go there", 1),
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
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_parses_and_no_context_binds_a_key_twice() {
        for (i, a) in TABLE.iter().enumerate() {
            for key in a.keys {
                assert!(Key::parse(key).is_some(), "{key}");
                let again = TABLE[i + 1..]
                    .iter()
                    .any(|o| o.context == a.context && o.keys.contains(key));
                assert!(!again, "{key} is bound twice in {}", a.context.title());
            }
        }
    }

    #[test]
    fn help_has_a_place_for_every_context() {
        for binding in TABLE {
            assert!(Context::ALL.contains(&binding.context));
        }
    }
}
