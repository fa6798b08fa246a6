//! What lies over the panes: command line, filter, and stepping out.

use tui_input::{Input, InputRequest};

use crate::session::command;
use crate::session::effect::Effect;
use crate::session::filter::Filter;
use crate::session::model::{Model, Overlay, Pane};
use crate::session::msg::TextKey;

use super::{act, edit, game, kernels, lens, navigate, say};

/// Whether keys are text at the moment.
#[must_use]
pub fn is_typing(model: &Model) -> bool {
    matches!(
        model.overlay,
        Some(
            Overlay::Command { .. } | Overlay::Filter { .. } | Overlay::Imagine { .. } | Overlay::Band { .. }
        )
    ) || matches!(model.overlay, Some(Overlay::Help { typing: true, .. }))
        || matches!(model.overlay, Some(Overlay::Kernels { .. })) && model.kernels.input.is_some()
        || model.overlay.is_none() && model.draft.as_ref().is_some_and(|d| d.field.is_some())
}

/// Steps out of one layer; never quits.
pub fn back(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(Overlay::Help { scroll, sought, .. }) = &mut model.overlay
        && !sought.value().is_empty()
    {
        (*scroll, *sought) = (0, Input::default());
        return;
    }
    if model.overlay.take().is_some() {
        return;
    }
    if let Some(draft) = &model.draft {
        if draft.edits() == 0 {
            model.draft = None;
        } else {
            say(model, "your draft is kept: A accepts it, D discards it", false);
        }
        return;
    }
    if model.games.now.is_some() {
        game::end(model, effects);
    } else if model.lens.is_on() {
        lens::step_out(model, effects);
    } else if model.zoomed {
        model.zoomed = false;
    } else if let Some(host) = model.focus.host() {
        navigate::focus(model, host);
    } else if !model.table.filter.is_empty() && model.focus == Pane::Trials {
        set_filter(model, "");
    }
}

/// One key while text is being typed.
pub fn text(model: &mut Model, key: TextKey, effects: &mut Vec<Effect>) {
    match &model.overlay {
        Some(Overlay::Command { .. }) => command_key(model, key, effects),
        Some(Overlay::Filter { .. }) => filter_key(model, key),
        Some(Overlay::Help { .. }) => seek_key(model, key),
        Some(Overlay::Imagine { .. }) => lens::type_key(model, key, effects),
        Some(Overlay::Band { .. }) => game::type_key(model, key, effects),
        Some(Overlay::Kernels { .. }) => kernels::type_key(model, key, effects),
        Some(_) => {}
        None => match (&model.draft, key) {
            (Some(draft), _) if draft.field.is_some() => edit::type_key(model, key, effects),
            (Some(_), TextKey::Char(c)) => edit::open_field(model, Some(c), effects),
            _ => {}
        },
    }
}

pub fn paste(model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
    // Line ends in a paste must never act as Enter.
    let clean: String = text
        .chars()
        .filter(|c| !crate::study::label::is_hostile(*c))
        .take(4096)
        .collect();
    match &mut model.overlay {
        Some(
            Overlay::Command { input, .. }
            | Overlay::Filter { input, .. }
            | Overlay::Imagine { input, .. }
            | Overlay::Band { input, .. }
            | Overlay::Help {
                sought: input,
                typing: true,
                ..
            },
        ) => {
            for c in clean.chars() {
                feed(input, TextKey::Char(c));
            }
            retype(model);
        }
        Some(Overlay::Kernels { .. }) => {
            if let Some(input) = &mut model.kernels.input {
                for c in clean.chars() {
                    feed(input, TextKey::Char(c));
                }
            }
        }
        Some(_) => {}
        None => edit::paste(model, &clean, effects),
    }
}

/// Applies an editing key to a line of text.
pub fn feed(input: &mut Input, key: TextKey) {
    let request = match key {
        TextKey::Char(c) => InputRequest::InsertChar(c),
        TextKey::Backspace => InputRequest::DeletePrevChar,
        TextKey::Delete => InputRequest::DeleteNextChar,
        TextKey::Left => InputRequest::GoToPrevChar,
        TextKey::Right => InputRequest::GoToNextChar,
        TextKey::Home => InputRequest::GoToStart,
        TextKey::End => InputRequest::GoToEnd,
        TextKey::DeleteWord => InputRequest::DeletePrevWord,
        TextKey::DeleteLine => InputRequest::DeleteLine,
        TextKey::Enter | TextKey::Escape | TextKey::Tab | TextKey::BackTab | TextKey::Up | TextKey::Down => {
            return;
        }
    };
    input.handle(request);
}

pub fn open_command(model: &mut Model) {
    let completions = command::completions("", &model.study);
    model.overlay = Some(Overlay::Command {
        input: Input::default(),
        completions,
        remark: None,
    });
}

fn command_key(model: &mut Model, key: TextKey, effects: &mut Vec<Effect>) {
    let Some(Overlay::Command {
        input,
        completions,
        remark,
    }) = &mut model.overlay
    else {
        return;
    };
    match key {
        TextKey::Escape => model.overlay = None,
        TextKey::Enter => {
            let text = input.value().to_owned();
            if text.trim().is_empty() {
                model.overlay = None;
                return;
            }
            let open = model.overlay.take();
            if let Err(why) = act::run_command(model, &text, effects) {
                model.overlay = open;
                if let Some(Overlay::Command { remark, .. }) = &mut model.overlay {
                    *remark = Some(why);
                }
            }
        }
        TextKey::Tab => {
            if let Some(longest) = common_beginning(completions)
                && longest.len() > input.value().len()
            {
                let closed = completions.len() == 1;
                *input = Input::new(if closed { format!("{longest} ") } else { longest });
                *remark = None;
            }
            retype(model);
        }
        TextKey::Backspace if input.value().is_empty() => model.overlay = None,
        _ => {
            feed(input, key);
            *remark = None;
            retype(model);
        }
    }
}

fn common_beginning(words: &[String]) -> Option<String> {
    let mut common = words.first()?.clone();
    for word in words {
        while !word.starts_with(&common) {
            common.pop()?;
        }
    }
    Some(common)
}

pub fn open_filter(model: &mut Model) {
    navigate::focus(model, Pane::Trials);
    let input = Input::new(model.table.filter.clone());
    model.overlay = Some(Overlay::Filter { input, remark: None });
}

fn filter_key(model: &mut Model, key: TextKey) {
    let Some(Overlay::Filter { input, remark }) = &mut model.overlay else {
        return;
    };
    match key {
        TextKey::Escape => {
            model.overlay = None;
            set_filter(model, "");
        }
        TextKey::Enter => {
            if remark.is_none() {
                model.overlay = None;
            }
        }
        _ => {
            feed(input, key);
            retype(model);
        }
    }
}

/// Begins to look for a key in the help, or goes on with what was sought.
pub fn seek(model: &mut Model) {
    if let Some(Overlay::Help { typing, .. }) = &mut model.overlay {
        *typing = true;
    }
}

/// One key of what is sought: the help shows at once what matches. `Esc` forgets it.
fn seek_key(model: &mut Model, key: TextKey) {
    let (rows, all) = model.hits.overlay_rows;
    let Some(Overlay::Help {
        scroll,
        sought,
        typing,
    }) = &mut model.overlay
    else {
        return;
    };
    match key {
        TextKey::Up => *scroll = scroll.saturating_sub(1),
        TextKey::Down => *scroll = (*scroll + 1).min(all.saturating_sub(rows)),
        TextKey::Enter | TextKey::Tab | TextKey::BackTab => *typing = false,
        TextKey::Escape => {
            *typing = false;
            *sought = Input::default();
            *scroll = 0;
        }
        _ => {
            feed(sought, key);
            *scroll = 0;
        }
    }
}

/// What is typed takes effect at once where it is valid.
fn retype(model: &mut Model) {
    match &mut model.overlay {
        Some(Overlay::Command {
            input, completions, ..
        }) => {
            *completions = command::completions(input.value(), &model.study);
        }
        Some(Overlay::Filter { input, remark }) => {
            let text = input.value().to_owned();
            match Filter::parse(&text, &model.study) {
                Ok(_) => {
                    *remark = None;
                    model.table.filter = text;
                    navigate::rebuild_rows(model);
                }
                Err(why) => *remark = Some(why),
            }
        }
        _ => {}
    }
}

/// `:filter EXPRESSION`.
pub fn set_filter(model: &mut Model, text: &str) {
    match Filter::parse(text, &model.study) {
        Ok(_) => {
            text.clone_into(&mut model.table.filter);
            navigate::rebuild_rows(model);
        }
        Err(why) => say(model, why, true),
    }
}
