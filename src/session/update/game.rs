//! The guessing game: on a recorded study, round by round through its past.

use std::sync::Arc;

use tui_input::Input;

use crate::learn::game::{Band, Game, Stage};
use crate::learn::race::{Course, StandIn};
use crate::session::effect::Effect;
use crate::session::game::ROUNDS;
use crate::session::model::{FitStatus, Model, Overlay, ProbeOrigin};
use crate::session::msg::TextKey;
use crate::study::number::significant;

use super::{consequences, lens, navigate, overlay, say};

/// Presses from one end of what was seen to the other.
const STEPS: f64 = 40.0;

/// Begins a game, or ends the one under way.
pub fn toggle(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.games.now.is_some() {
        end(model, effects);
    } else {
        begin(model, effects);
    }
}

/// Whether a game keeps the person from something; it is said in words.
pub fn refuses(model: &mut Model) -> bool {
    let Some(game) = &model.games.now else {
        return false;
    };
    let text = if game.is_blind() {
        "the model is hidden until you have placed your point (Enter)"
    } else {
        "a game is under way: Enter goes on, Esc ends it"
    };
    say(model, text, true);
    true
}

/// Begins the game that the lab was opened for, as soon as there is something to play on.
pub fn begin_wanted(model: &mut Model, effects: &mut Vec<Effect>) {
    let has_truth = model.lab.as_ref().is_some_and(|l| l.bench.has_truth());
    if model.games.is_wanted && (has_truth || model.surrogate.is_some()) {
        model.games.is_wanted = false;
        begin(model, effects);
    }
}

fn begin(model: &mut Model, effects: &mut Vec<Effect>) {
    let at = model.lens.past.as_ref().map(|p| p.count);
    lens::leave(model, effects);
    if let Some(lab) = model.lab.as_ref().filter(|l| l.bench.has_truth()) {
        let course: Arc<dyn Course> = Arc::new(lab.bench.clone());
        let game = Game::new(course, lab.title.clone(), ROUNDS, model.settings.seed);
        // What is shown would be the answer.
        super::lab::hide_truth(model);
        model.games.now = Some(Box::new(game));
        return open_round(model, effects);
    }
    let Some(surrogate) = model.surrogate.as_ref().map(|s| Arc::clone(&s.value)) else {
        return say(
            model,
            "a game takes a model, and a model a few finished trials",
            true,
        );
    };
    let all = model.ended();
    // From where the model itself begins to choose.
    let guided = (2 * model.study.space.len() + 2).min(10);
    let count = at.unwrap_or_else(|| guided.min(all / 2)).max(2);
    if count >= all {
        return say(
            model,
            format!("a game takes trials to go on with: there are only {all}"),
            true,
        );
    }
    let ground = format!("a recorded study, as the model of its {all} trials sees it");
    let seed = model.settings.seed;
    let course: Arc<dyn Course> = Arc::new(StandIn::new(surrogate));
    let game = Game::new(course, ground, ROUNDS.min(all - count), seed);
    lens::as_of(model, count, effects);
    model.games.now = Some(Box::new(game));
    open_round(model, effects);
}

/// A new round: nothing of the model shows, and the probe stands where it gives nothing away.
fn open_round(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(game) = &mut model.games.now {
        game.stage = Stage::Placing;
    }
    model.overlay = None;
    model.probe.origin = ProbeOrigin::Moved;
    navigate::probe_centre(model, effects);
}

/// Enter: places the point, goes on to the next round, or closes the game.
pub fn enter(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(game) = &model.games.now else { return };
    match game.stage {
        Stage::Placing => place(model),
        Stage::Revealed if game.is_over() => end(model, effects),
        Stage::Revealed if is_on_bench(model) => {
            // The placed point stays: the next round begins from what it has taught.
            if let Some(guess) = game.rounds.last().map(|r| r.guess.clone()) {
                super::lab::add_at(model, &guess, effects);
            }
            open_round(model, effects);
        }
        Stage::Revealed => {
            let next = model.looked_at() + 1;
            if next >= model.ended() {
                return end(model, effects);
            }
            lens::as_of(model, next, effects);
            open_round(model, effects);
        }
    }
}

/// Whether points are evaluated as they are placed, not looked up in a recorded study.
fn is_on_bench(model: &Model) -> bool {
    model.lab.as_ref().is_some_and(|l| l.bench.has_truth())
}

/// The point is where the probe is: now the band.
fn place(model: &mut Model) {
    let is_current = model.fit == FitStatus::Current || matches!(model.fit, FitStatus::Failed(_));
    if !is_current || model.suggestion().is_none() || model.in_hand().is_empty() {
        return say(
            model,
            "the model still thinks about its own pick: a moment",
            false,
        );
    }
    model.overlay = Some(Overlay::Band {
        drawn: None,
        input: Input::default(),
        remark: None,
    });
}

/// A key while the band is drawn or typed: up and down move its centre, right and left its half-width.
pub fn type_key(model: &mut Model, key: TextKey, effects: &mut Vec<Effect>) {
    let Some(Overlay::Band { drawn, input, remark }) = &mut model.overlay else {
        return;
    };
    match key {
        TextKey::Escape => model.overlay = None,
        TextKey::Enter => match drawn.map_or_else(|| read(input.value()), |band| Ok(Some(band))) {
            Ok(band) => {
                model.overlay = None;
                reveal(model, band, effects);
            }
            Err(why) => *remark = Some(why),
        },
        TextKey::Left | TextKey::Right | TextKey::Up | TextKey::Down => {
            let now = drawn.or_else(|| read(input.value()).ok().flatten());
            let band = nudged(model, now, key);
            let text = format!("{} {}", significant(band.low, 3), significant(band.high, 3));
            model.overlay = Some(Overlay::Band {
                drawn: Some(band),
                input: Input::new(text),
                remark: None,
            });
        }
        _ => {
            *remark = None;
            if drawn.take().is_some() {
                // What is typed takes the place of what was drawn.
                input.reset();
            }
            overlay::feed(input, key);
        }
    }
}

/// The band that is being drawn or typed, as far as it is one.
#[must_use]
pub fn drawn_band(model: &Model) -> Option<Band> {
    match &model.overlay {
        Some(Overlay::Band {
            drawn: Some(band), ..
        }) => Some(*band),
        Some(Overlay::Band { input, .. }) => read(input.value()).ok().flatten(),
        _ => None,
    }
}

/// "0.2 0.5", "0.2..0.5", "0.2, 0.5"; empty: none.
fn read(text: &str) -> Result<Option<Band>, String> {
    let text = text.replace("..", " ").replace('…', " ");
    let words: Vec<&str> = (text.split([' ', ',', ';']))
        .filter(|w| !w.is_empty() && *w != "to")
        .collect();
    let number = |w: &str| w.parse().ok().filter(|x: &f64| x.is_finite());
    match words.as_slice() {
        [] => Ok(None),
        [a, b] => match (number(a), number(b)) {
            (Some(a), Some(b)) if a != b => Ok(Some(Band {
                low: a.min(b),
                high: a.max(b),
            })),
            _ => Err("two different numbers, such as 0.2 0.5".to_owned()),
        },
        _ => Err("two numbers, such as 0.2 0.5".to_owned()),
    }
}

/// The band after an arrow key; the first press puts one amid what was seen.
fn nudged(model: &Model, now: Option<Band>, key: TextKey) -> Band {
    let (low, high) = model.history.range.unwrap_or((0.0, 1.0));
    let span = if high > low { high - low } else { 1.0 };
    let Some(band) = now else {
        return Band {
            low: low + 0.25 * span,
            high: high - 0.25 * span,
        };
    };
    let step = span / STEPS;
    let (shift, stretch) = match key {
        TextKey::Up => (step, 0.0),
        TextKey::Down => (-step, 0.0),
        TextKey::Right => (0.0, step),
        _ => (0.0, -step),
    };
    let (low, high) = (band.low + shift - stretch, band.high + shift + stretch);
    if high - low > step / 10.0 {
        Band { low, high }
    } else {
        band
    }
}

fn reveal(model: &mut Model, band: Option<Band>, effects: &mut Vec<Effect>) {
    let guess = model.in_hand().to_vec();
    let Some(picked) = model.suggestion().map(|s| s.configuration.clone()) else {
        return;
    };
    let found = consequences(model, &guess);
    let number = model.study.trials.len() as u64;
    if let Some(game) = &mut model.games.now {
        let prediction = found.as_ref().map(|c| c.prediction);
        let share = found.as_ref().and_then(|c| c.share_of_best);
        game.place(guess, band, picked, prediction.as_ref(), share, number);
    }
    model.probe.consequences = found;
    super::follow(model, effects);
}

/// Ends the game: what was played is summed up and saved.
pub fn end(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(game) = model.games.now.take() else {
        return;
    };
    model.overlay = None;
    lens::leave(model, effects);
    if game.rounds.is_empty() {
        return say(model, "the game is over before its first round", false);
    }
    effects.push(Effect::SaveGame(Box::new(game.record(model.now))));
    model.games.last = Some(game);
    model.overlay = Some(Overlay::Game { scroll: 0 });
}
