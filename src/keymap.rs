//! Keys: one table, from which dispatch, the footer, help and `tunescope keys` are made.

pub mod key;
pub mod table;

pub use key::Key;
pub use table::{Binding, Context, SECTIONS, Section, bindings};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::session::msg::TextKey;
use crate::session::update::overlay::is_typing;
use crate::session::{Action, Model, Msg, Overlay};

/// What a key means now; `None`: nothing. Keys with Alt mean nothing anywhere: that is what a late reply
/// of the terminal looks like.
#[must_use]
pub fn lookup(model: &Model, event: KeyEvent) -> Option<Msg> {
    if event
        .modifiers
        .intersects(KeyModifiers::ALT | KeyModifiers::META | KeyModifiers::SUPER)
    {
        return None;
    }
    let key = Key::of(event)?;
    if let Some(action) = find(Context::Always, key) {
        return Some(Msg::Act(action));
    }
    if is_typing(model) {
        return text_key(event).map(Msg::Text);
    }
    if model.overlay.is_none()
        && model.draft.is_some()
        && let KeyCode::Char(c @ ('0'..='9' | '.' | '-')) = event.code
        && event.modifiers.is_empty()
    {
        return Some(Msg::Text(TextKey::Char(c)));
    }
    contexts(model)
        .into_iter()
        .find_map(|context| find(context, key))
        .map(Msg::Act)
}

/// The contexts that hold now, the narrowest first.
#[must_use]
pub fn contexts(model: &Model) -> Vec<Context> {
    match &model.overlay {
        Some(Overlay::Confirm(_)) => vec![Context::Confirm],
        Some(Overlay::Help { .. }) => vec![Context::Help, Context::Overlay],
        Some(Overlay::Kernels { .. }) => vec![Context::Kernels, Context::Overlay],
        Some(Overlay::Compare { .. }) => vec![Context::Compare, Context::Overlay],
        Some(Overlay::Knobs { .. }) => vec![Context::Knobs, Context::Overlay],
        Some(Overlay::Course { .. }) => vec![Context::Course, Context::Overlay],
        Some(Overlay::Studies { .. }) => vec![Context::Studies, Context::Overlay],
        Some(_) => vec![Context::Overlay],
        None => contexts_behind(model),
    }
}

/// The contexts that hold where nothing lies over the panes, the narrowest first.
#[must_use]
pub fn contexts_behind(model: &Model) -> Vec<Context> {
    if model.draft.is_some() {
        return vec![Context::Draft, Context::Everywhere];
    }
    let mut all = Vec::new();
    if model.games.now.is_some() {
        all.push(Context::Game);
    } else if model.lens.is_on() {
        all.push(Context::Lens);
        all.extend(lesson(model));
    } else {
        all.extend(lesson(model));
        all.extend(model.lab.as_ref().map(|_| Context::Lab));
    }
    all.extend([Context::Pane(model.focus), Context::Everywhere]);
    all
}

fn lesson(model: &Model) -> Vec<Context> {
    let mut all = Vec::new();
    if let Some(play) = model.play() {
        all.extend(play.is_asking().then_some(Context::Question));
        all.push(Context::Lesson);
    }
    all
}

/// Keys and their meanings for the footer, most useful first.
#[must_use]
pub fn hints(model: &Model) -> Vec<(String, &'static str)> {
    if matches!(
        model.overlay,
        Some(Overlay::Imagine { .. } | Overlay::Band { .. })
    ) {
        return Vec::new();
    }
    if is_typing(model) {
        return vec![
            ("enter".to_owned(), "apply"),
            ("esc".to_owned(), "leave"),
            ("tab".to_owned(), "next"),
        ];
    }
    let takes_back = matches!(model.overlay, Some(Overlay::Rejections { .. }));
    let mut found: Vec<((bool, u8), &Binding)> = contexts(model)
        .into_iter()
        .flat_map(|context| bindings().filter(move |b| b.context == context && b.hint > 0))
        .filter(|b| works(model, b))
        .filter(|b| takes_back || b.context != Context::Overlay || b.action != Action::UndoReject)
        .filter(|b| is_possible(model, &b.action))
        // Nor a hint where there is none, nor more answers than there are.
        .filter(|b| match (&b.action, model.play()) {
            (Action::LessonHint, Some(play)) => play.has_hint(),
            (Action::LessonAnswer(i), Some(play)) => *i < play.answers().len(),
            _ => true,
        })
        // What cannot be done through a lens is not offered there.
        .filter(|b| {
            !model.lens.is_on()
                || !matches!(
                    b.action,
                    Action::Accept | Action::Edit | Action::EditField | Action::Reject | Action::ToggleLock
                )
        })
        // What concerns the draft or the lens comes before what always works.
        .map(|b| {
            (
                (
                    !matches!(b.context, Context::Draft | Context::Lens | Context::Game),
                    b.hint,
                ),
                b,
            )
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found
        .into_iter()
        .map(|(_, b)| (b.keys_for_people(1), b.label))
        .collect()
}

/// Whether a binding can do something in this mode, as far as the mode alone decides: the lab has keys of its own and
/// nobody to deliver to, and regret takes a truth.
#[must_use]
pub fn works(model: &Model, binding: &Binding) -> bool {
    let has_truth = model.lab.as_ref().is_some_and(|l| l.bench.has_truth());
    let in_context = match binding.context {
        Context::Lesson | Context::Question | Context::Pane(crate::session::Pane::Lesson) => {
            model.play().is_some()
        }
        context => !context.is_labs() || model.lab.is_some(),
    };
    in_context
        && match binding.action {
            Action::Accept
            | Action::Edit
            | Action::EditField
            | Action::Reject
            | Action::ToggleLock
            | Action::DiscardDraft
                if model.games.now.is_some() =>
            {
                false
            }
            Action::Accept | Action::Withdraw | Action::ShowStudies => model.lab.is_none(),
            Action::RunFinish | Action::RunLeave => model.run.is_some(),
            Action::LabAdd | Action::LabStep(_) | Action::LabReveal => has_truth,
            Action::LabRemove | Action::LabUndo | Action::LabReset => has_truth,
            _ => true,
        }
}

/// Whether there is anything that an action could act on: what would only say why not is not offered.
fn is_possible(model: &Model, action: &Action) -> bool {
    let in_hand = !model.in_hand().is_empty();
    match action {
        Action::Accept => in_hand && model.door.is_ok(),
        Action::Reject | Action::Edit | Action::EditField | Action::ToggleLock => in_hand,
        Action::ProbeSuggestion => model.suggestion().is_some(),
        Action::ProbeBest => model.history.last_improvement.is_some(),
        Action::NextLayer => model.surface_pair().is_some(),
        Action::NextPair => model.study.space.len() > 2,
        Action::OpenFilter | Action::SortNext => !model.study.trials.is_empty(),
        Action::ShowTrial => !model.table.rows.is_empty(),
        _ => true,
    }
}

fn find(context: Context, key: Key) -> Option<Action> {
    bindings()
        .find(|b| b.context == context && b.keys.iter().any(|k| Key::parse(k) == Some(key)))
        .map(|b| b.action.clone())
}

fn text_key(event: KeyEvent) -> Option<TextKey> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (event.code, control) {
        (KeyCode::Char('u'), true) => TextKey::DeleteLine,
        (KeyCode::Char('w'), true) => TextKey::DeleteWord,
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => TextKey::Home,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => TextKey::End,
        (KeyCode::Char('h'), true) | (KeyCode::Backspace, _) => TextKey::Backspace,
        (KeyCode::Char(c), false) => TextKey::Char(c),
        (KeyCode::Delete, _) => TextKey::Delete,
        (KeyCode::Left, _) => TextKey::Left,
        (KeyCode::Right, _) => TextKey::Right,
        (KeyCode::Up, _) => TextKey::Up,
        (KeyCode::Down, _) => TextKey::Down,
        (KeyCode::Enter, _) => TextKey::Enter,
        (KeyCode::Esc, _) => TextKey::Escape,
        (KeyCode::Tab, _) => TextKey::Tab,
        (KeyCode::BackTab, _) => TextKey::BackTab,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(model: &Model, notation: &str) -> Option<Msg> {
        lookup(model, Key::parse(notation).unwrap().event())
    }

    #[test]
    fn a_late_reply_of_the_terminal_can_do_nothing_that_lasts() {
        // ESC ] 1 1 ; r g b : … arrives as Alt-] and letters.
        let model = Model::new(0.0, (80, 24));
        let alt = KeyEvent::new(KeyCode::Char('A'), KeyModifiers::ALT);
        assert!(lookup(&model, alt).is_none());
        for c in "11;rgb:1a1a/eaea/f0f0".chars() {
            let found = lookup(&model, KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            let lasting = matches!(
                found,
                Some(Msg::Act(
                    Action::Accept | Action::Reject | Action::ConfirmYes | Action::Withdraw
                ))
            );
            assert!(!lasting, "{c}");
        }
    }

    #[test]
    fn deciding_takes_a_capital_and_a_confirmation() {
        let model = Model::new(0.0, (80, 24));
        assert!(matches!(press(&model, "A"), Some(Msg::Act(Action::Accept))));
        assert!(!matches!(press(&model, "a"), Some(Msg::Act(Action::Accept))));
    }

    #[test]
    fn the_footer_offers_nothing_that_an_empty_study_cannot_do() {
        let model = Model::new(0.0, (80, 24));
        let offered: Vec<&str> = hints(&model).iter().map(|(_, label)| *label).collect();
        assert_eq!(offered, ["help", "quit", "zoom", "next pane", "command"]);
    }

    #[test]
    fn ctrl_c_ends_from_anywhere() {
        let mut model = Model::new(0.0, (80, 24));
        model.overlay = Some(Overlay::help());
        assert!(matches!(
            press(&model, "<C-c>"),
            Some(Msg::Act(Action::Interrupt))
        ));
    }
}
