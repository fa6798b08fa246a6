//! The time machine and what-ifs: putting a lens on, changing it, and taking it off as if it had never been there.

use std::sync::Arc;

use tui_input::Input;

use crate::analysis::Replay;
use crate::session::effect::{Effect, Parts, ReplayOrder};
use crate::session::lens::{Aside, Guess, Imagined, NextRun, Past, Replaying, Seen};
use crate::session::model::{FitStatus, Model, Overlay, ProbeOrigin, Stamped};
use crate::session::msg::TextKey;
use crate::study::{Configuration, Direction, TrialId, past};

use super::{consequences, data, explore, follow, navigate, overlay, request_fit, say, suggest_again};

/// Whether a lens keeps the person from deciding; it is said in words.
pub fn refuses(model: &mut Model) -> bool {
    if !model.lens.is_on() {
        return false;
    }
    let what = if model.lens.imagined.is_empty() {
        format!("the study as of {} trials", model.looked_at())
    } else {
        "an imagined result".to_owned()
    };
    let text = format!("this is {what}: nothing is decided here (Esc comes back)");
    say(model, text, true);
    true
}

/// Steps through time by so many ended trials.
pub fn step(model: &mut Model, by: isize, effects: &mut Vec<Effect>) {
    let next = model.looked_at().saturating_add_signed(by);
    if by > 0 && !model.lens.is_past() {
        return say(model, "this is now; , goes back in time", false);
    }
    as_of(model, next.max(1), effects);
}

/// Looks at the study when `count` trials had ended.
pub fn as_of(model: &mut Model, count: usize, effects: &mut Vec<Effect>) {
    let all = model.ended();
    if all == 0 {
        return say(model, "no trial has ended yet: there is no past to go to", true);
    }
    if count == 0 || count > all {
        let text = format!("the past has 1 to {all} ended trials, not {count}");
        return say(model, text, true);
    }
    if count == all {
        if model.lens.is_past() {
            leave(model, effects);
            return say(model, format!("this is now: {all} trials have ended"), false);
        }
        return say(model, "this is now; , goes back in time", false);
    }
    if model.lens.is_past() && model.looked_at() == count && model.lens.imagined.is_empty() {
        return say(model, format!("trial {count} is as far back as it goes"), false);
    }
    forget_imagined(model);
    if model.lens.past.is_none() {
        put_on(model);
        // What was rejected, locked and queued since was not there then.
        model.locks.clear();
        model.rejections.clear();
        let before = Box::new(Seen::of(model));
        model.lens.past = Some(Past {
            count,
            next: None,
            before,
        });
        ask_replay(model, effects);
    }
    if let Some(past) = &mut model.lens.past {
        past.count = count;
    }
    let next = next_run(model);
    if let Some(past) = &mut model.lens.past {
        past.next = next;
    }
    look(model, effects);
}

/// The trial that the study went on with.
fn next_run(model: &Model) -> Option<NextRun> {
    let real = model.real();
    let next = past::next_begun(real, &past::ended(real), model.looked_at())?;
    let trial = real.trials.get(next)?;
    Some(NextRun {
        id: trial.id.clone(),
        configuration: navigate::configuration_of(&real.space, trial),
        state: trial.state,
        value: trial.objective(),
        consequences: None,
    })
}

/// Has the choices of the study judged, going on from where an earlier look back left them.
fn ask_replay(model: &mut Model, effects: &mut Vec<Effect>) {
    let real = Arc::clone(model.real());
    let before = model.lens.replay.take();
    let round = before.as_ref().map_or(0, |r| r.round) + 1;
    let same = before.filter(|r| {
        Arc::ptr_eq(&r.study, &real) && r.settings == model.settings && r.acquisition == model.acquisition
    });
    let done = same.map_or_else(Arc::default, |r| r.found);
    let is_done = done.begun > 0 && done.is_done();
    model.lens.replay = Some(Replaying {
        study: Arc::clone(&real),
        settings: model.settings.clone(),
        acquisition: model.acquisition,
        round,
        found: Arc::clone(&done),
    });
    if !is_done {
        effects.push(Effect::Replay(Some(Box::new(ReplayOrder {
            round,
            study: real,
            settings: model.settings.clone(),
            acquisition: model.acquisition,
            done: Replay::clone(&done),
        }))));
    }
}

/// What is judged so far.
pub fn replayed(model: &mut Model, round: u64, replay: Arc<Replay>) {
    if let Some(replaying) = model.lens.replay.as_mut().filter(|r| r.round == round) {
        replaying.found = replay;
    }
}

/// After a new fit or suggestion: what the model of then expects of the trial that came next.
pub fn judge(model: &mut Model) {
    let is_then = (model.surrogate.as_ref()).is_some_and(|s| s.data >= model.ground);
    let Some(next) = model.lens.past.as_ref().and_then(|p| p.next.as_ref()) else {
        return;
    };
    let found = next
        .configuration
        .as_ref()
        .filter(|_| is_then)
        .and_then(|c| consequences(model, c));
    if let Some(next) = model.lens.past.as_mut().and_then(|p| p.next.as_mut()) {
        next.consequences = found;
    }
}

/// Opens the line in which a result is imagined: for the draft, for a probe that was moved by hand, else for the
/// suggestion.
pub fn ask(model: &mut Model) {
    let Some(configuration) = subject(model) else {
        return say(
            model,
            "there is no suggestion yet whose result could be imagined",
            true,
        );
    };
    let predicted =
        consequences(model, &configuration).map(|c| (c.prediction.mean, c.prediction.sd_observed));
    model.overlay = Some(Overlay::Imagine {
        configuration,
        predicted,
        input: Input::default(),
        remark: None,
    });
}

/// `:imagine VALUE`.
pub fn imagine(model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
    let Some(configuration) = subject(model) else {
        return say(
            model,
            "there is no suggestion yet whose result could be imagined",
            true,
        );
    };
    match read(model, &configuration, text) {
        Ok((value, guess)) => apply(model, configuration, value, guess, effects),
        Err(why) => say(model, why, true),
    }
}

/// What a what-if is about.
fn subject(model: &Model) -> Option<Configuration> {
    let suggested = || model.suggestion().map(|s| s.configuration.clone());
    if let Some(draft) = &model.draft {
        return Some(draft.values.clone());
    }
    let probe = &model.probe;
    let is_imagined = (model.lens.imagined.iter()).any(|i| i.configuration == probe.configuration);
    let is_by_hand = matches!(probe.origin, ProbeOrigin::Moved | ProbeOrigin::Centre);
    if is_by_hand && !is_imagined && !probe.configuration.is_empty() {
        return Some(probe.configuration.clone());
    }
    suggested()
}

/// A key while a result is being imagined.
pub fn type_key(model: &mut Model, key: TextKey, effects: &mut Vec<Effect>) {
    let Some(Overlay::Imagine {
        configuration,
        input,
        remark,
        ..
    }) = &mut model.overlay
    else {
        return;
    };
    let is_word = input.value().is_empty() && matches!(key, TextKey::Char('g' | 'p' | 'b'));
    match key {
        TextKey::Escape => model.overlay = None,
        TextKey::Backspace if input.value().is_empty() => model.overlay = None,
        _ if is_word || key == TextKey::Enter => {
            let text = match key {
                TextKey::Char(c) => c.to_string(),
                _ => input.value().to_owned(),
            };
            let configuration = configuration.clone();
            match read(model, &configuration, &text) {
                Ok((value, guess)) => {
                    model.overlay = None;
                    apply(model, configuration, value, guess, effects);
                }
                Err(why) => {
                    if let Some(Overlay::Imagine { remark, .. }) = &mut model.overlay {
                        *remark = Some(why);
                    }
                }
            }
        }
        _ => {
            *remark = None;
            overlay::feed(input, key);
        }
    }
}

/// What is imagined, as a value in the user's units.
fn read(model: &Model, configuration: &Configuration, text: &str) -> Result<(f64, Guess), String> {
    let text = text.trim();
    let guess = match text {
        "g" | "good" => Guess::Good,
        "p" | "predicted" | "as predicted" => Guess::AsPredicted,
        "b" | "bad" => Guess::Bad,
        _ => {
            let number = text.parse().ok().filter(|v: &f64| v.is_finite());
            return match number {
                Some(value) => Ok((value, Guess::Stated)),
                None => Err("a number, or g (good), p (as predicted), b (bad)".to_owned()),
            };
        }
    };
    let Some(found) = consequences(model, configuration) else {
        return Err("nothing is predicted here yet: type a number".to_owned());
    };
    let p = found.prediction;
    let is_up = match guess {
        Guess::AsPredicted | Guess::Stated => return Ok((p.mean, guess)),
        Guess::Good => model.study.direction() == Direction::Maximize,
        Guess::Bad => model.study.direction() == Direction::Minimize,
    };
    // The end of the band, widened from the function to an observation of it.
    let wider = if p.sd > 0.0 { p.sd_observed / p.sd } else { 1.0 };
    let end = if is_up { p.high68 } else { p.low68 };
    Ok((p.mean + (end - p.mean) * wider, guess))
}

fn apply(
    model: &mut Model,
    configuration: Configuration,
    value: f64,
    guess: Guess,
    effects: &mut Vec<Effect>,
) {
    let before = Box::new(Seen::of(model));
    put_on(model);
    // The band is seen to close where the probe is.
    model.probe.configuration.clone_from(&configuration);
    model.probe.origin = ProbeOrigin::Moved;
    model.lens.imagined.push(Imagined {
        configuration,
        value,
        guess,
        before,
    });
    look(model, effects);
}

/// Takes the outermost lens off.
pub fn step_out(model: &mut Model, effects: &mut Vec<Effect>) {
    let is_last = model.lens.imagined.len() + usize::from(model.lens.is_past()) <= 1;
    match model.lens.imagined.pop() {
        Some(last) if !is_last => {
            put_back(model, *last.before);
            resume(model, effects);
        }
        Some(last) => {
            model.lens.imagined.push(last);
            leave(model, effects);
        }
        None => leave(model, effects),
    }
}

/// Takes every lens off: everything is as it was, and what was read meanwhile is shown.
pub fn leave(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.lens.is_on() {
        // A game on the past ends with it.
        model.games.now = None;
    }
    forget_imagined(model);
    if let Some(past) = model.lens.past.take() {
        effects.push(Effect::Replay(None));
        put_back(model, *past.before);
    }
    if let Some(aside) = model.lens.aside.take() {
        model.draft = aside.draft;
        model.locks = aside.locks;
        model.rejections = aside.rejections;
    }
    let Some(real) = model.lens.real.take() else {
        return;
    };
    if Arc::ptr_eq(&real, &model.study) {
        resume(model, effects);
    } else {
        data::see(model, real, effects);
    }
}

/// Forgets what was imagined.
fn forget_imagined(model: &mut Model) {
    let first = std::mem::take(&mut model.lens.imagined).into_iter().next();
    if let Some(first) = first {
        put_back(model, *first.before);
    }
}

/// The first lens: what is in hand is put aside.
fn put_on(model: &mut Model) {
    if model.lens.is_on() {
        return;
    }
    model.lens.real = Some(Arc::clone(&model.study));
    model.lens.aside = Some(Aside {
        draft: model.draft.take(),
        locks: model.locks.clone(),
        rejections: model.rejections.clone(),
    });
}

/// Shows what the lens lets through.
fn look(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(view) = model.lens.view() else { return };
    // Trials keep their names, not their places.
    let place = |i: usize| {
        let id: &TrialId = &model.study.trials.get(i)?.id;
        view.trials.iter().position(|t| t.id == *id)
    };
    let selected = model.table.selected.and_then(place);
    let origin = match model.probe.origin {
        ProbeOrigin::Trial(i) => place(i).map_or(ProbeOrigin::Moved, ProbeOrigin::Trial),
        other => other,
    };
    model.table.selected = selected;
    model.probe.origin = origin;
    // What is still being computed is about something else.
    model.ground = model.data + 1;
    data::see(model, Arc::new(view), effects);
    if !model.probe.configuration.is_empty() {
        follow(model, effects);
    }
}

/// A fit of what is seen through a lens has failed: the model of something else must not stand in for it.
pub fn failed(model: &mut Model, effects: &mut Vec<Effect>) {
    let is_other = (model.surrogate.as_ref()).is_some_and(|s| s.data < model.ground);
    if !model.lens.is_on() || !is_other {
        return;
    }
    let fit = model.fit.clone();
    data::forget(model);
    model.fit = fit;
    suggest_again(model, effects);
}

impl Seen {
    /// The screen as it is.
    fn of(model: &Model) -> Self {
        Self {
            study: Arc::clone(&model.study),
            history: model.history.clone(),
            settings: model.settings.clone(),
            acquisition: model.acquisition,
            fit: model.fit.clone(),
            surrogate: model.surrogate.clone(),
            fitted: model.fitted.clone(),
            suggestions: model.suggestions.clone(),
            slices: model.slices.clone(),
            surface: model.surface.clone(),
            surface_shown: model.surface_shown.clone(),
            comparison: model.comparison.clone(),
            kernels: model.kernels.clone(),
            trust: model.trust.clone(),
            importance: model.importance.clone(),
            stopping: model.stopping.clone(),
            probe: model.probe.clone(),
            selected: model.table.selected,
            follow: model.table.follow,
            param: model.param,
            data: model.data,
        }
    }
}

/// Puts the screen back as it was. It counts as new: what was asked for in between is about something else.
fn put_back(model: &mut Model, seen: Seen) {
    fn anew<T>(old: Option<Stamped<T>>, was: u64, fit: u64, data: u64) -> Option<Stamped<T>> {
        old.map(|s| Stamped {
            fit,
            // What was older than its data is so still.
            data: if s.data == was {
                data
            } else {
                data.saturating_sub(1)
            },
            value: s.value,
        })
    }
    model.data += 2;
    model.ground = model.data;
    model.fit_id += 1;
    let (was, fit, data) = (seen.data, model.fit_id, model.data);
    let is_changed = (
        model.settings != seen.settings,
        model.acquisition != seen.acquisition,
    );
    model.study = seen.study;
    model.history = seen.history;
    model.surrogate = anew(seen.surrogate, was, fit, data);
    model.fitted = seen.fitted.map(|f| crate::session::model::Fitted { data, ..f });
    model.suggestions = anew(seen.suggestions, was, fit, data);
    model.slices = anew(seen.slices, was, fit, data);
    model.surface = anew(seen.surface, was, fit, data);
    model.comparison = anew(seen.comparison, was, fit, data);
    model.trust = anew(seen.trust, was, fit, data);
    model.importance = anew(seen.importance, was, fit, data);
    model.stopping = anew(seen.stopping, was, fit, data);
    model.surface_shown = seen.surface_shown;
    model.surface_asked = None;
    let round = model.kernels.round;
    model.kernels = seen.kernels;
    model.kernels.round = round + 1;
    model.kernels.about = None;
    model.probe = seen.probe;
    model.table.selected = seen.selected;
    model.table.follow = seen.follow;
    model.param = seen.param;
    // Settings that were turned meanwhile stay as they are: then the model that comes back is not theirs.
    model.fit = match seen.fit {
        FitStatus::Current | FitStatus::Idle | FitStatus::Failed(_) if is_changed.0 => {
            FitStatus::Fitting { since: model.now }
        }
        fit => fit,
    };
    navigate::rebuild_rows(model);
}

/// Asks for what was not there yet, or is no longer what was asked for.
fn resume(model: &mut Model, effects: &mut Vec<Effect>) {
    let is_open = matches!(model.fit, FitStatus::Fitting { .. });
    if is_open && model.study.has_objective() {
        request_fit(model, effects);
    }
    follow(model, effects);
    let parts = Parts {
        diagnosis: model.trust.is_none() || model.importance.is_none(),
        ..Parts::ACQUIRED
    };
    explore(model, parts, effects);
}
