//! Hyperparameters set by hand: what they cost in evidence is seen at once.

use std::sync::Arc;

use crate::analysis::knobs::{self, Knob};
use crate::analysis::likelihood::Place;
use crate::analysis::{ModelFile, Surrogate};
use crate::session::effect::Effect;
use crate::session::model::{Fitted, Model, Overlay};

use super::{request_fit, say};

/// What one fine and one coarse step multiplies a hyperparameter by.
const FINE: f64 = 1.1;
const COARSE: f64 = 2.0;

const NO_KNOB: &str =
    "this parameter has no lengthscale that could be set: the kernel has none for it, or there is no model";

/// Opens the sliders.
pub fn show(model: &mut Model) {
    if hand_model(model).is_none() {
        return say(
            model,
            "there is no model yet whose hyperparameters could be set",
            true,
        );
    }
    model.overlay = Some(Overlay::Knobs { cursor: 0 });
}

/// The model that the sliders stand on: as set by hand or as given, else as fitted.
#[must_use]
pub fn hand_model(model: &Model) -> Option<&ModelFile> {
    (model.settings.given.as_deref()).or_else(|| model.fitted.as_ref().map(|f| &f.model))
}

/// The sliders as they stand.
#[must_use]
pub fn hand_knobs(model: &Model) -> Vec<Knob> {
    hand_model(model).map(knobs::knobs).unwrap_or_default()
}

/// Remembers what fitting gave, for the sliders to come back to.
pub fn note_fitted(model: &mut Model, surrogate: &Surrogate) {
    if surrogate.settings().given.is_none() {
        model.fitted = Some(Fitted {
            model: surrogate.model_file(),
            log_marginal_likelihood: surrogate.summary.log_marginal_likelihood,
            loo: surrogate.summary.loo_log_predictive,
            data: model.data,
        });
    }
}

/// Turns the knob under the cursor.
pub fn turn(model: &mut Model, by: i32, big: bool, effects: &mut Vec<Effect>) {
    let factor = if big { COARSE } else { FINE }.powi(by);
    let all = hand_knobs(model);
    if let Some(knob) = cursor(model).and_then(|i| all.get(i)) {
        set(model, knob, knob.value * factor, effects);
    }
}

/// Puts the knob under the cursor back to what fitting gave.
pub fn reset_one(model: &mut Model, effects: &mut Vec<Effect>) {
    let (all, fitted) = (hand_knobs(model), fitted_knobs(model));
    let Some(i) = cursor(model) else { return };
    match (all.get(i), fitted.get(i)) {
        (Some(knob), Some(was)) if all.len() == fitted.len() => set(model, knob, was.value, effects),
        _ => say(
            model,
            "there is no fitted value to go back to; r fits again",
            true,
        ),
    }
}

/// What fitting gave, knob by knob; empty where nothing has been fitted.
#[must_use]
pub fn fitted_knobs(model: &Model) -> Vec<Knob> {
    model
        .fitted
        .as_ref()
        .map(|f| knobs::knobs(&f.model))
        .unwrap_or_default()
}

/// A model that was given or set by hand gives way to what the person asks for now.
pub fn let_go(model: &mut Model) {
    model.settings.given = None;
    model.by_hand.model = None;
}

/// Lets the data decide again.
pub fn reset_all(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.settings.given.is_none() {
        return say(model, "they are as fitted", false);
    }
    let_go(model);
    say(model, "hyperparameters are fitted to the data again", false);
    request_fit(model, effects);
}

/// The knob of the chosen parameter's lengthscale, or the one lengthscale of all.
#[must_use]
pub fn lengthscale_knob<'a>(model: &Model, all: &'a [Knob]) -> Option<&'a Knob> {
    let name = model.study.space.params.get(model.param)?.name.raw();
    let lengthscales = || all.iter().filter(|k| k.is_lengthscale());
    lengthscales()
        .find(|k| k.input.as_deref() == Some(name))
        .or_else(|| lengthscales().find(|k| k.input.is_none()))
}

/// Turns the lengthscale of the chosen parameter, or the noise, as the map of the likelihood shows them.
pub fn turn_on_map(model: &mut Model, is_noise: bool, by: i32, big: bool, effects: &mut Vec<Effect>) {
    let factor = if big { COARSE } else { FINE }.powi(by);
    let all = hand_knobs(model);
    let knob = if is_noise {
        all.last()
    } else {
        lengthscale_knob(model, &all)
    };
    match knob {
        // The map is of the standard deviation.
        Some(knob) if is_noise => set(model, knob, knob.value * factor * factor, effects),
        Some(knob) => set(model, knob, knob.value * factor, effects),
        None => say(model, NO_KNOB, true),
    }
}

/// Sets lengthscale and noise at once.
pub fn set_place(model: &mut Model, place: Place, effects: &mut Vec<Effect>) {
    let all = hand_knobs(model);
    let (Some(now), Some(length), Some(noise)) =
        (hand_model(model), lengthscale_knob(model, &all), all.last())
    else {
        return say(model, NO_KNOB, true);
    };
    let turned = knobs::turned(now, length, rounded(place.lengthscale))
        .and_then(|model| knobs::turned(&model, noise, rounded(place.noise_sd * place.noise_sd)));
    match turned {
        Ok(turned) => take(model, turned, effects),
        Err(why) => say(model, why.to_string(), true),
    }
}

/// Sets every lengthscale, on an axis from 0 to 1; `false`: there is no model yet that has any.
pub fn set_lengthscales(model: &mut Model, value: f64, effects: &mut Vec<Effect>) -> bool {
    let Some(mut turned) = hand_model(model).cloned() else {
        return false;
    };
    for i in 0..knobs::knobs(&turned).len() {
        let knob = knobs::knobs(&turned).into_iter().nth(i);
        if let Some(knob) = knob.filter(Knob::is_lengthscale)
            && let Ok(next) = knobs::turned(&turned, &knob, value)
        {
            turned = next;
        }
    }
    take(model, turned, effects);
    true
}

fn take(model: &mut Model, turned: ModelFile, effects: &mut Vec<Effect>) {
    model.by_hand.model = Some(turned.clone());
    model.settings.given = Some(Arc::new(turned));
    request_fit(model, effects);
}

/// Three digits are what a person can mean.
fn rounded(value: f64) -> f64 {
    crate::study::number::significant(value, 3)
        .parse()
        .unwrap_or(value)
}

fn cursor(model: &Model) -> Option<usize> {
    match model.overlay {
        Some(Overlay::Knobs { cursor }) => Some(cursor),
        _ => None,
    }
}

fn set(model: &mut Model, knob: &Knob, value: f64, effects: &mut Vec<Effect>) {
    let Some(now) = hand_model(model) else { return };
    match knobs::turned(now, knob, rounded(value)) {
        Ok(turned) => take(model, turned, effects),
        Err(why) => say(model, why.to_string(), true),
    }
}
