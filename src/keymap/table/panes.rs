//! Keys of one pane each.

use super::{Context, Section, b};
use crate::session::{Action, Pane};

const IN_SLICES: Context = Context::Pane(Pane::Slices);
const IN_SURFACE: Context = Context::Pane(Pane::Surface);
const IN_TRIALS: Context = Context::Pane(Pane::Trials);
const IN_SUGGESTION: Context = Context::Pane(Pane::Suggestion);
const IN_HISTORY: Context = Context::Pane(Pane::History);
const IN_IMPROVEMENT: Context = Context::Pane(Pane::Improvement);
const IN_LADDER: Context = Context::Pane(Pane::Ladder);
const IN_EVIDENCE: Context = Context::Pane(Pane::Evidence);
const IN_RACE: Context = Context::Pane(Pane::Race);

pub(super) static SLICES: Section = Section {
    title: "slices",
    context: IN_SLICES,
    bindings: &[b(
        IN_SLICES,
        &["<Enter>"],
        Action::EditField,
        "edit this value",
        0,
    )],
};

pub(super) static SURFACE: Section = Section {
    title: "surface",
    context: IN_SURFACE,
    bindings: &[
        b(IN_SURFACE, &["o"], Action::NextLayer, "layer", 3),
        b(IN_SURFACE, &["p"], Action::NextPair, "pair", 4),
    ],
};

pub(super) static TRIALS: Section = Section {
    title: "trials",
    context: IN_TRIALS,
    bindings: &[
        b(IN_TRIALS, &["<Enter>"], Action::ShowTrial, "detail", 3),
        b(IN_TRIALS, &["s"], Action::SortNext, "sort", 4),
        b(IN_TRIALS, &["S"], Action::SortReverse, "reverse the order", 0),
        b(IN_TRIALS, &["/"], Action::OpenFilter, "filter", 5),
        b(IN_TRIALS, &["F"], Action::ToggleFollow, "follow the newest", 0),
        b(
            IN_TRIALS,
            &["<Space>"],
            Action::ProbeTrial,
            "probe to this trial",
            0,
        ),
    ],
};

pub(super) static SUGGESTION: Section = Section {
    title: "suggestion",
    context: IN_SUGGESTION,
    bindings: &[b(
        IN_SUGGESTION,
        &["<Enter>"],
        Action::EditField,
        "edit this value",
        4,
    )],
};

pub(super) static HISTORY: Section = Section {
    title: "history",
    context: IN_HISTORY,
    bindings: &[
        b(IN_HISTORY, &["<Enter>"], Action::ShowTrial, "detail", 3),
        b(IN_HISTORY, &["o"], Action::NextHistory, "values / gain", 4),
    ],
};

pub(super) static IMPROVEMENT: Section = Section {
    title: "EI",
    context: IN_IMPROVEMENT,
    bindings: &[
        b(
            IN_IMPROVEMENT,
            &["<Left>", "h"],
            Action::Left,
            "move the probe",
            3,
        ),
        b(IN_IMPROVEMENT, &["}"], Action::XiUp, "ξ up", 4),
        b(IN_IMPROVEMENT, &["~"], Action::ToggleSamples, "samples", 5),
        b(IN_IMPROVEMENT, &["]"], Action::NextParam, "parameter", 6),
    ],
};

pub(super) static LADDER: Section = Section {
    title: "ladder",
    context: IN_LADDER,
    bindings: &[
        b(IN_LADDER, &["<Up>", "k"], Action::Up, "ξ up", 3),
        b(IN_LADDER, &["<Down>", "j"], Action::Down, "ξ down", 4),
        b(IN_LADDER, &["]"], Action::NextParam, "parameter", 5),
    ],
};

pub(super) static EVIDENCE: Section = Section {
    title: "evidence",
    context: IN_EVIDENCE,
    bindings: &[
        b(IN_EVIDENCE, &["<Left>", "h"], Action::Left, "lengthscale", 3),
        b(IN_EVIDENCE, &["<Up>", "k"], Action::Up, "noise", 4),
        b(IN_EVIDENCE, &["<Enter>"], Action::NextOptimum, "next optimum", 5),
        b(IN_EVIDENCE, &["<Backspace>"], Action::ResetKnobs, "as fitted", 6),
        b(IN_EVIDENCE, &["]"], Action::NextParam, "parameter", 7),
    ],
};

pub(super) static RACE: Section = Section {
    title: "race",
    context: IN_RACE,
    bindings: &[
        b(IN_RACE, &["<Enter>"], Action::Race, "race again", 3),
        b(IN_RACE, &["<Backspace>"], Action::StopRace, "call it off", 4),
    ],
};
