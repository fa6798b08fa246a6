//! The kernel editor: which kernel the data prefer, and building another.

use tui_input::Input;

use crate::analysis::KernelEvidence;
use crate::session::action::Action;
use crate::session::effect::{Effect, KernelOrder};
use crate::session::kernels::{Join, KernelRow, Piece};
use crate::session::model::{Model, Overlay};
use crate::session::msg::TextKey;

use super::{act, overlay, say};

/// Opens the editor and asks for what is not known yet.
pub fn show(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(surrogate) = &model.surrogate else {
        return say(
            model,
            "there is no model yet whose kernel could be compared",
            true,
        );
    };
    let now = surrogate.value.kernel_spec().to_owned();
    let mut rows: Vec<KernelRow> = surrogate
        .value
        .alternatives()
        .iter()
        .map(|s| row(s, false))
        .collect();
    for own in model.kernels.rows.iter().filter(|r| r.is_own) {
        if !rows.iter().any(|r| same(&r.spec, &own.spec)) {
            rows.push(own.clone());
        }
    }
    for row in &mut rows {
        row.figures = (model.kernels.rows.iter())
            .find(|r| r.spec == row.spec)
            .and_then(|r| r.figures.clone());
    }
    let cursor = rows.iter().position(|r| same(&r.spec, &now)).unwrap_or(0);
    model.kernels.rows = rows;
    model.kernels.input = None;
    model.kernels.remark = None;
    model.overlay = Some(Overlay::Kernels { cursor });
    ask(model, effects);
}

fn row(spec: &str, is_own: bool) -> KernelRow {
    KernelRow {
        spec: spec.to_owned(),
        is_own,
        figures: None,
    }
}

/// Whether two specifications are the same but for blanks.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let tight = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    tight(a) == tight(b)
}

/// Asks for the figures that are missing, or for all of them where the data or the way of fitting changed.
pub fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    if !matches!(model.overlay, Some(Overlay::Kernels { .. })) {
        return;
    }
    let Some(surrogate) = &model.surrogate else { return };
    let about = (
        surrogate.data,
        format!("{:?} {}", model.settings.objective, model.settings.output_warp),
    );
    if model.kernels.about.as_ref() != Some(&about) {
        // Old figures stay on screen until the new ones come: `round` tells them apart.
        model.kernels.about = Some(about);
        model.kernels.rows.iter_mut().for_each(|r| r.figures = None);
    }
    let specs: Vec<String> = (model.kernels.rows.iter())
        .filter(|r| r.figures.is_none())
        .map(|r| r.spec.clone())
        .collect();
    if specs.is_empty() {
        return;
    }
    model.kernels.round += 1;
    effects.push(Effect::CompareKernels(Box::new(KernelOrder {
        round: model.kernels.round,
        surrogate: surrogate.value.clone(),
        specs,
    })));
}

/// The figures of one kernel.
pub fn evidence(model: &mut Model, round: u64, evidence: KernelEvidence) {
    if round != model.kernels.round {
        return;
    }
    for row in &mut model.kernels.rows {
        if row.spec == evidence.spec {
            row.figures = Some(evidence.clone());
        }
    }
}

fn cursor(model: &Model) -> Option<usize> {
    match model.overlay {
        Some(Overlay::Kernels { cursor }) => Some(cursor),
        _ => None,
    }
}

/// The kernel under the cursor becomes the model's.
pub fn choose(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(row) = cursor(model).and_then(|i| model.kernels.rows.get(i)) else {
        return;
    };
    if let Some(Err(why)) = row.figures.as_ref().map(|f| f.outcome.as_ref()) {
        let text = why.clone();
        return say(model, text, true);
    }
    let spec = (!same(&row.spec, "matern52")).then(|| row.spec.clone());
    act::act(model, Action::SetKernel(spec), effects);
}

/// Joins the kernel under the cursor to the expression.
pub fn join(model: &mut Model, times: bool, effects: &mut Vec<Effect>) {
    let Some(row) = cursor(model).and_then(|i| model.kernels.rows.get(i)) else {
        return;
    };
    let spec = row.spec.clone();
    let join = match (model.kernels.pieces.is_empty(), times) {
        (true, _) => Join::First,
        (false, true) => Join::Times,
        (false, false) => Join::Plus,
    };
    model.kernels.pieces.push(Piece { join, spec });
    built(model, effects);
}

/// Takes the last piece away, or the row under the cursor where it is the person's own.
pub fn take_back(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.kernels.pieces.pop().is_some() {
        built(model, effects);
        return;
    }
    let Some(i) = cursor(model) else { return };
    if model.kernels.rows.get(i).is_some_and(|r| r.is_own) && model.kernels.rows.len() > 1 {
        model.kernels.rows.remove(i);
        model.overlay = Some(Overlay::Kernels {
            cursor: i.min(model.kernels.rows.len() - 1),
        });
    }
}

/// Two pieces make a kernel of their own, whose evidence is worked out at once.
fn built(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.kernels.pieces.len() < 2 {
        return;
    }
    let spec = model.kernels.expression();
    add(model, &spec, effects);
}

/// A row for this kernel; the cursor stays where it builds, and goes there where it was typed.
fn add(model: &mut Model, spec: &str, effects: &mut Vec<Effect>) -> usize {
    let at = match model.kernels.rows.iter().position(|r| same(&r.spec, spec)) {
        Some(at) => at,
        None => {
            model.kernels.rows.push(row(spec, true));
            model.kernels.rows.len() - 1
        }
    };
    ask(model, effects);
    at
}

/// Opens the line for typing, with the expression or the kernel under the cursor in it.
pub fn edit(model: &mut Model) {
    let text = if model.kernels.pieces.is_empty() {
        (cursor(model).and_then(|i| model.kernels.rows.get(i))).map_or_else(String::new, |r| r.spec.clone())
    } else {
        model.kernels.expression()
    };
    model.kernels.input = Some(Input::new(text));
    model.kernels.remark = None;
}

/// One key in that line.
pub fn type_key(model: &mut Model, key: TextKey, effects: &mut Vec<Effect>) {
    let Some(input) = &mut model.kernels.input else {
        return;
    };
    match key {
        TextKey::Escape => model.kernels.input = None,
        TextKey::Enter => {
            let text = input.value().trim().to_owned();
            model.kernels.input = None;
            if !text.is_empty() {
                model.kernels.pieces = vec![Piece {
                    join: Join::First,
                    spec: text.clone(),
                }];
                let at = add(model, &text, effects);
                model.overlay = Some(Overlay::Kernels { cursor: at });
            }
        }
        TextKey::Tab => {
            let names: Vec<String> = (model.study.space.params.iter())
                .map(|p| p.name.shown().to_owned())
                .collect();
            if let Some(whole) = completed(input.value(), &names) {
                *input = Input::new(whole);
            }
        }
        _ => overlay::feed(input, key),
    }
}

/// The text with its last word completed: a parameter inside brackets, else a kernel.
fn completed(text: &str, params: &[String]) -> Option<String> {
    let at = text
        .rfind(|c: char| "+*()[], ".contains(c))
        .map_or(0, |i| i + text[i..].chars().next().map_or(1, char::len_utf8));
    let (head, last) = text.split_at(at);
    let in_brackets = head.rfind('[') > head.rfind(']');
    let kernels = [
        "matern52",
        "matern32",
        "matern12",
        "matern72",
        "matern(nu=",
        "rbf",
        "rq",
        "periodic",
        "linear",
        "hamming",
        "categorical",
        "mixed",
        "warp(",
        "constant",
    ];
    let found: Vec<&str> = if in_brackets {
        params
            .iter()
            .map(String::as_str)
            .filter(|n| n.starts_with(last))
            .collect()
    } else {
        kernels.into_iter().filter(|k| k.starts_with(last)).collect()
    };
    let first = found.first().filter(|_| !last.is_empty())?;
    Some(format!("{head}{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_completes_to_a_kernel_or_inside_brackets_to_a_parameter() {
        let params = ["lr".to_owned(), "dropout".to_owned()];
        assert_eq!(
            completed("matern52 + rb", &params).as_deref(),
            Some("matern52 + rbf")
        );
        assert_eq!(completed("rbf[dr", &params).as_deref(), Some("rbf[dropout"));
        assert_eq!(
            completed("rbf[lr]*ma", &params).as_deref(),
            Some("rbf[lr]*matern52")
        );
        assert_eq!(completed("rbf + ", &params), None);
    }

    #[test]
    fn blanks_do_not_tell_kernels_apart() {
        assert!(same("rbf + constant", "rbf+constant"));
        assert!(!same("rbf", "rbf+constant"));
    }
}
