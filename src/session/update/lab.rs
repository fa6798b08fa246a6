//! The lab: points by hand, steps of the optimiser, and the course.
//!
//! After each change of the bench the study is handed on the same way as one that was read from a file. A step of the
//! optimiser waits until everything on screen is about the newest data; so does what lessons ask about the next point.

mod prior;
mod quantities;

use std::sync::Arc;

use crate::analysis::AcquisitionFunction;
use crate::learn::bench::largest_gap;
use crate::learn::lesson::vocabulary::{Knob, Panel};
use crate::learn::lesson::{Setting, catalog};
use crate::learn::play::Moved;
use crate::session::action::Action;
use crate::session::effect::Effect;
use crate::session::explained::Explained;
use crate::session::kept::ByHand;
use crate::session::lab::{self, Lab, MOST_UNDO};
use crate::session::model::{Model, Overlay, Pane, SourceState, SourceStatus};
use crate::study::Encoder;
use crate::study::number::significant;

use super::{act as actions, data, game, lens, navigate, race, say, studies, tune};

/// A next point that moves so far on an axis from 0 to 1, on the same data, has jumped.
const JUMP: f64 = 0.1;
/// Samples that are drawn where a lesson shows them.
const SAMPLES: usize = 8;

/// What a person does ends what the optimiser does by itself; a step that is asked for while others are on their way
/// comes after them, so that a key pressed four times takes four steps.
pub fn heed(model: &mut Model, action: &Action) {
    let is_running_on = model.lab.as_ref().is_some_and(|l| l.runs_on);
    if is_running_on || !matches!(action, Action::LabStep(_)) {
        halt(model);
    }
}

pub fn halt(model: &mut Model) {
    if let Some(lab) = &mut model.lab {
        lab.steps_left = 0;
        lab.runs_on = false;
    }
}

/// Puts another bench under the explorer.
pub fn open(model: &mut Model, mut lab: Box<Lab>, effects: &mut Vec<Effect>) {
    model.games = Default::default();
    model.races = Default::default();
    lens::leave(model, effects);
    studies::leave(model);
    let (settings, acquisition) = model.start.clone();
    model.settings = settings;
    model.settings.seed = lab.bench.seed();
    // What is to be learned is easier to see where densities are normal and EI is in the function's own units.
    model.settings.output_warp &= !lab.bench.has_truth();
    // What is taught is improvement on the largest mean, which can be seen.
    model.settings.doubt = 0.0;
    model.acquisition = acquisition;
    model.acquisition.eager = lab.bench.has_truth();
    model.by_hand = ByHand::default();
    model.explained = Explained::default();
    model.guests.clear();
    model.overlay = None;
    model.zoomed = false;
    model.focus = Pane::default();
    model.door = Err("this is the lab, where the space bar evaluates".to_owned());
    let (settings, panels) = (std::mem::take(&mut lab.settings), lab.panels.clone());
    let is_lesson = lab.play.is_some();
    model.games.is_wanted = std::mem::take(&mut lab.plays);
    model.lab = Some(lab);
    refresh(model, effects);
    for (knob, setting) in &settings {
        set(model, *knob, setting, effects);
    }
    if is_lesson {
        model.explained.density = panels.contains(&Panel::Density);
        model.explained.terms = panels.contains(&Panel::Terms);
    }
    for panel in panels.iter().rev() {
        show(model, *panel, true, effects);
    }
    if is_lesson {
        // A probe on the next point would have done what many tasks ask for.
        navigate::probe_centre(model, effects);
    }
    model.notice = None;
    game::begin_wanted(model, effects);
}

/// Hands the bench on as a study.
fn refresh(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(lab) = &model.lab else { return };
    let study = Arc::new(lab.bench.study(&lab.title));
    let source = SourceStatus {
        kind: "lab".to_owned(),
        state: SourceState::Live,
        chosen: model.chosen.clone(),
        ..SourceStatus::default()
    };
    data::study(model, study, source, effects);
}

pub fn act(model: &mut Model, action: &Action, effects: &mut Vec<Effect>) {
    if let Action::SetLengthscale(value) = action {
        return set_lengthscale(model, *value, effects);
    }
    if model.lab.is_none() {
        return say(model, "only the lab has that: tunescope learn", true);
    }
    match action {
        Action::LabAdd => add(model, effects),
        Action::LabRemove => remove(model, effects),
        Action::LabStep(steps) => begin_steps(model, *steps),
        Action::LabUndo => undo(model, effects),
        Action::LabReset => {
            remember(model);
            if let Some(lab) = &mut model.lab {
                lab.bench.reset();
            }
            refresh(model, effects);
            say(model, "back at the start; Z undoes that", false);
        }
        Action::LabReveal => reveal(model),
        Action::SetNoise(sd) => {
            if let Some(lab) = &mut model.lab {
                lab.bench.set_noise(*sd);
            }
            refresh(model, effects);
            say(
                model,
                format!("noise of standard deviation {}", significant(*sd, 3)),
                false,
            );
        }
        Action::SetSign(right) => {
            let function = if *right {
                AcquisitionFunction::Ei
            } else {
                AcquisitionFunction::MisprintedEi
            };
            actions::act(model, Action::SetAcquisition(function), effects);
        }
        Action::LessonNext => next(model, effects),
        Action::LessonBack => {
            let went = model
                .lab
                .as_mut()
                .and_then(|l| l.play.as_mut())
                .is_some_and(|p| p.back());
            top(model);
            if !went {
                say(model, "this is the beginning", false);
            }
        }
        Action::LessonHint => {
            let shown = (model.lab.as_mut().and_then(|l| l.play.as_mut())).is_some_and(|p| p.show_hint());
            if !shown {
                say(model, "there is no hint here", false);
            }
        }
        Action::LessonAnswer(answer) => {
            let play = model.lab.as_mut().and_then(|l| l.play.as_mut());
            if play.is_none_or(|p| p.answer(*answer).is_none()) {
                say(model, "there is no such answer", false);
            }
        }
        Action::ShowCourse => {
            let here = model.play().and_then(|p| p.name());
            let cursor = (lab::menu().iter())
                .position(|c| matches!(c, lab::Choice::Lesson(name) if Some(*name) == here))
                .unwrap_or(0);
            model.overlay = Some(Overlay::Course { cursor });
        }
        _ => {}
    }
}

/// Takes the true function off the screen.
pub fn hide_truth(model: &mut Model) {
    if let Some(lab) = &mut model.lab {
        lab.show(Panel::Truth, false);
    }
}

/// Evaluates a configuration.
pub fn add_at(model: &mut Model, configuration: &[crate::study::Value], effects: &mut Vec<Effect>) {
    match evaluate(model, configuration) {
        Ok(_) => refresh(model, effects),
        Err(why) => say(model, why, true),
    }
}

/// Puts the table aside, to step back to.
fn remember(model: &mut Model) {
    if let Some(lab) = &mut model.lab {
        lab.undo.push(lab.bench.table().clone());
        let surplus = lab.undo.len().saturating_sub(MOST_UNDO);
        lab.undo.drain(..surplus);
    }
}

fn add(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.lens.is_on() {
        return say(
            model,
            "this is the past, or imagined: Esc comes back to now",
            true,
        );
    }
    let here = model.in_hand().to_vec();
    match evaluate(model, &here) {
        Ok(value) => {
            count(model, |c| c.added += 1);
            refresh(model, effects);
            say(model, format!("f here is {}", significant(value, 4)), false);
        }
        Err(why) => say(model, why, true),
    }
}

fn evaluate(model: &mut Model, configuration: &[crate::study::Value]) -> Result<f64, String> {
    let Some(lab) = &mut model.lab else {
        return Err("only the lab has that".to_owned());
    };
    let before = lab.bench.table().clone();
    let value = lab.bench.add(configuration).map_err(|e| e.to_string())?;
    lab.undo.push(before);
    let surplus = lab.undo.len().saturating_sub(MOST_UNDO);
    lab.undo.drain(..surplus);
    Ok(value)
}

fn remove(model: &mut Model, effects: &mut Vec<Effect>) {
    let here = model.in_hand().to_vec();
    remember(model);
    let gone = model.lab.as_mut().and_then(|lab| lab.bench.remove_nearest(&here));
    if gone.is_none() {
        model.lab.as_mut().and_then(|lab| lab.undo.pop());
        return say(model, "there is no point to take away", true);
    }
    count(model, |c| c.removed += 1);
    refresh(model, effects);
}

fn undo(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(lab) = &mut model.lab else { return };
    match lab.undo.pop() {
        Some(table) => {
            lab.bench.restore(table);
            refresh(model, effects);
        }
        None => say(model, "there is no step to take back", false),
    }
}

fn begin_steps(model: &mut Model, steps: u32) {
    let Some(lab) = &mut model.lab else { return };
    if lab.bench.has_truth() {
        lab.runs_on = steps == lab::CONTINUOUSLY;
        lab.steps_left = lab.steps_left.saturating_add(steps).min(lab::CONTINUOUSLY);
    } else {
        say(
            model,
            "this study is recorded: , and . step through its past",
            true,
        );
    }
}

fn reveal(model: &mut Model) {
    let Some(lab) = &mut model.lab else { return };
    if !lab.bench.has_truth() {
        return say(model, "nobody knows the truth of a recorded study", true);
    }
    let on = !lab.shows(Panel::Truth);
    lab.show(Panel::Truth, on);
}

fn count(model: &mut Model, what: impl FnOnce(&mut crate::learn::play::Counts)) {
    if let Some(play) = model.lab.as_mut().and_then(|l| l.play.as_mut()) {
        play.count(what);
    }
}

fn top(model: &mut Model) {
    if let Some(lab) = &mut model.lab {
        lab.scroll = 0;
    }
}

/// On in the lesson.
fn next(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(play) = model.lab.as_mut().and_then(|l| l.play.as_mut()) else {
        return say(model, "no lesson is played: J lists them", true);
    };
    let name = play.name();
    match play.go_on() {
        Moved::NotDone => say(model, "not done yet; Enter again goes on all the same", false),
        Moved::Step => {
            let (settings, panels) = play.directions();
            let (settings, panels) = (settings.to_vec(), panels.to_vec());
            top(model);
            for (knob, setting) in &settings {
                set(model, *knob, setting, effects);
            }
            for (panel, on) in panels {
                show(model, panel, on, effects);
            }
            model.notice = None;
        }
        Moved::Over => open_next(model, effects),
        Moved::End => {
            top(model);
            if let (Some(name), Some(lab)) = (name, &mut model.lab) {
                let mut shelf = (*lab.shelf).clone();
                if !shelf.done.iter().any(|n| n == name) {
                    shelf.done.push(name.to_owned());
                }
                lab.shelf = Arc::new(shelf);
                effects.push(Effect::LessonDone(name));
            }
        }
    }
}

/// From the end of a lesson on to the next one of the course.
fn open_next(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(lab) = &model.lab else { return };
    let name = lab.play.as_ref().and_then(|p| p.name());
    let Some(next) = name.and_then(catalog::after) else {
        return say(model, "this was the last lesson: J lists them all", false);
    };
    match Lab::chosen(lab::Choice::Lesson(next), lab.language, Arc::clone(&lab.shelf)) {
        Ok(lab) => open(model, Box::new(lab), effects),
        Err(why) => say(model, why.to_string(), true),
    }
}

/// Sets a knob of a lesson, by the action that a key would have.
fn set(model: &mut Model, knob: Knob, setting: &Setting, effects: &mut Vec<Effect>) {
    let action = match (knob, setting) {
        (Knob::Acquisition, Setting::Word(name)) => {
            AcquisitionFunction::from_name(name).map(Action::SetAcquisition)
        }
        (Knob::Kernel, Setting::Word(spec)) => Some(Action::SetKernel(Some(spec.clone()))),
        (Knob::Sign, Setting::Word(word)) => {
            // The right sign changes nothing where the sign is right.
            let is_wrong = model.acquisition.function == AcquisitionFunction::MisprintedEi;
            (is_wrong == (word == "right")).then_some(Action::SetSign(word == "right"))
        }
        (Knob::Lengthscale, Setting::Word(_)) => Some(Action::SetLengthscale(None)),
        (Knob::Lengthscale, Setting::Number(x)) => Some(Action::SetLengthscale(Some(*x))),
        (Knob::Xi, Setting::Number(x)) => Some(Action::SetXi(*x)),
        (Knob::Beta, Setting::Number(x)) => Some(Action::SetBeta(*x)),
        (Knob::Noise, Setting::Number(x)) => {
            let same = model.lab.as_ref().is_some_and(|l| l.bench.noise_sd() == *x);
            (!same).then_some(Action::SetNoise(*x))
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a lesson takes whole numbers of at least 0"
        )]
        (Knob::Samples, Setting::Number(x)) => Some(Action::SetSamples(*x as usize)),
        // The seed is that of the bench, from the start.
        (Knob::Seed, _) | (_, Setting::Word(_) | Setting::Number(_)) => None,
    };
    if let Some(action) = action {
        actions::act(model, action, effects);
    }
}

fn set_lengthscale(model: &mut Model, value: Option<f64>, effects: &mut Vec<Effect>) {
    if let Some(lab) = &mut model.lab {
        lab.lengthscale = None;
    }
    let Some(value) = value else {
        if model.settings.given.is_some() {
            tune::reset_all(model, effects);
        }
        return;
    };
    if tune::set_lengthscales(model, value, effects) {
        return;
    }
    match &mut model.lab {
        Some(lab) => lab.lengthscale = Some(value),
        None => say(
            model,
            "there is no model yet whose lengthscales could be set",
            true,
        ),
    }
}

/// Shows or hides what a lesson asks for.
fn show(model: &mut Model, panel: Panel, on: bool, effects: &mut Vec<Effect>) {
    if let Some(lab) = &mut model.lab {
        lab.show(panel, on);
    }
    let pane = match panel {
        Panel::Truth => return,
        Panel::Density => {
            model.explained.density = on;
            Pane::Improvement
        }
        Panel::Terms => {
            model.explained.terms = on;
            Pane::Improvement
        }
        Panel::Samples => {
            model.explained.samples = match (on, model.explained.samples) {
                (true, 0) => SAMPLES,
                (true, count) => count,
                (false, _) => 0,
            };
            return;
        }
        Panel::Evidence => Pane::Evidence,
        Panel::Ladder => Pane::Ladder,
        Panel::Race => Pane::Race,
        Panel::Surface => Pane::Surface,
        Panel::History => Pane::History,
        Panel::Comparison => {
            if on && model.surrogate.is_some() {
                actions::act(model, Action::Compare, effects);
            }
            return;
        }
    };
    if on {
        navigate::focus(model, pane);
        race::begin(model, effects);
    } else if pane.host().is_some() && !(model.explained.density || model.explained.terms) {
        navigate::focus(model, pane.host().unwrap_or(pane));
    }
}

/// After every message: a lengthscale that waits, jumps of the next point, the next step, and whether the task is done.
pub fn after(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.lab.is_none() {
        return;
    }
    if model.fitted.is_some()
        && let Some(value) = model.lab.as_mut().and_then(|l| l.lengthscale.take())
    {
        tune::set_lengthscales(model, value, effects);
    }
    game::begin_wanted(model, effects);
    prior::refresh(model);
    let is_now = !model.lens.is_on();
    if is_now && model.is_settled() {
        note_next(model);
        step(model, effects);
    }
    look(model);
}

/// Notes where the next point lies, and whether it has jumped there on the same data.
fn note_next(model: &mut Model) {
    let Some(next) = model.suggestion().map(|s| s.configuration.clone()) else {
        return;
    };
    let data = model.data;
    let encoder = Encoder::new(&model.study.space);
    let Some(lab) = &mut model.lab else { return };
    let jumped = lab.next.as_ref().is_some_and(|(before, place)| {
        *before == data
            && match (encoder.encode(place), encoder.encode(&next)) {
                (Ok(a), Ok(b)) => largest_gap(&encoder, &a.0, &b.0) > JUMP,
                _ => false,
            }
    });
    lab.next = Some((data, next));
    if jumped {
        count(model, |c| c.jumps += 1);
    }
}

/// Takes one of the steps that are left, at the suggestion of the newest data.
fn step(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.lab.as_ref().is_none_or(|l| l.steps_left == 0) {
        return;
    }
    let Some(next) = model.suggestion().map(|s| s.configuration.clone()) else {
        return;
    };
    match evaluate(model, &next) {
        Ok(_) => {
            if let Some(lab) = &mut model.lab {
                lab.steps_left -= 1;
            }
            count(model, |c| c.steps += 1);
            refresh(model, effects);
        }
        Err(why) => {
            halt(model);
            say(model, why, true);
        }
    }
}

/// Whether the task of the lesson is done.
fn look(model: &mut Model) {
    if model.play().is_none_or(|p| p.is_done()) {
        return;
    }
    let quantities = quantities::of(model);
    if let Some(play) = model.lab.as_mut().and_then(|l| l.play.as_mut()) {
        play.look(&quantities);
    }
}

/// Opens what is under the cursor of the menu.
pub fn choose(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Overlay::Course { cursor }) = model.overlay else {
        return;
    };
    let Some((choice, lab)) = lab::menu().get(cursor).copied().zip(model.lab.as_ref()) else {
        return;
    };
    match Lab::chosen(choice, lab.language, Arc::clone(&lab.shelf)) {
        Ok(lab) => open(model, Box::new(lab), effects),
        Err(why) => say(model, why.to_string(), true),
    }
}

/// Scrolls the lesson; the screen clamps it.
pub fn scroll(model: &mut Model, action: &Action) {
    let Some(lab) = &mut model.lab else { return };
    lab.scroll = match action {
        Action::Up => lab.scroll.saturating_sub(1),
        Action::Down => lab.scroll + 1,
        Action::PageUp => lab.scroll.saturating_sub(8),
        Action::PageDown => lab.scroll + 8,
        Action::Top => 0,
        _ => lab.scroll,
    };
}
