//! The table itself, in sections.

mod everywhere;
mod lab;
mod modes;
mod panes;

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
    /// In the help.
    Help,
    /// In the kernel editor.
    Kernels,
    /// In the comparison of acquisition functions.
    Compare,
    /// While something waits to be confirmed.
    Confirm,
}

impl Context {
    /// Where it is, in words.
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
            Self::Help => "in the help",
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
            Self::Lab | Self::Lesson | Self::Question | Self::Course | Self::Pane(Pane::Lesson)
        )
    }
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

/// Keys that belong together, under one heading in help.
pub struct Section {
    pub title: &'static str,
    /// Where all of them hold.
    pub context: Context,
    pub bindings: &'static [Binding],
}

/// Every key, in the order of help.
pub static SECTIONS: [&Section; 32] = [
    &everywhere::DECIDING,
    &everywhere::PROBE,
    &everywhere::PANES,
    &everywhere::MOVING,
    &everywhere::MODEL,
    &everywhere::LOOKING,
    &everywhere::TIME,
    &everywhere::SESSION,
    &panes::SLICES,
    &panes::SURFACE,
    &panes::TRIALS,
    &panes::SUGGESTION,
    &panes::HISTORY,
    &panes::IMPROVEMENT,
    &panes::LADDER,
    &panes::EVIDENCE,
    &panes::RACE,
    &lab::LAB,
    &lab::LESSON,
    &lab::QUESTION,
    &lab::COURSE,
    &modes::DRAFT,
    &modes::LENS,
    &lab::GAME,
    &modes::CONFIRM,
    &modes::OVERLAY,
    &modes::HELP,
    &modes::KERNELS,
    &modes::COMPARE,
    &modes::KNOBS,
    &modes::STUDIES,
    &everywhere::ALWAYS,
];

/// Every key of every section.
pub fn bindings() -> impl Iterator<Item = &'static Binding> {
    SECTIONS.iter().flat_map(|s| s.bindings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_parses_and_no_context_binds_a_key_twice() {
        let all: Vec<&Binding> = bindings().collect();
        for (i, a) in all.iter().enumerate() {
            for key in a.keys {
                assert!(Key::parse(key).is_some(), "{key}");
                let again = all[i + 1..]
                    .iter()
                    .any(|o| o.context == a.context && o.keys.contains(key));
                assert!(!again, "{key} is bound twice in {:?}", a.context);
            }
        }
    }

    #[test]
    fn a_section_holds_in_one_place_and_has_a_title_of_its_own() {
        for (i, section) in SECTIONS.iter().enumerate() {
            assert!(section.bindings.iter().all(|b| b.context == section.context));
            let of_its_place =
                section.context == Context::Everywhere || section.title == section.context.title();
            assert!(of_its_place, "{}", section.title);
            assert!(
                !SECTIONS[i + 1..].iter().any(|o| o.title == section.title),
                "{}",
                section.title
            );
        }
    }
}
