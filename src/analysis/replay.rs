//! What the trials that were run gained or cost against the picks of the model of their time.
//!
//! For every trial of a recorded study: the study as it was when the trial began, the model of that study, the
//! configuration that the model would have proposed, and both judged twice. *Then*, by what the model of that time
//! expected to gain from either (expected improvement). *Now*, by what the trial really gave against what the model of
//! all trials predicts for the pick that was never run.

use std::sync::Arc;

use super::settings::{AcquisitionSettings, ModelSettings};
use super::surrogate::{SuggestRequest, Surrogate};
use crate::study::{Configuration, Encoder, Study, TrialState, past};

/// Up to this many ended trials each model is fitted as if nothing had been fitted before, as the time machine does;
/// beyond, hyperparameters stand until the data have grown by a tenth.
const AFRESH_UP_TO: usize = 80;
const GROWTH: f64 = 1.1;
/// At most so many trials are judged, evenly spread.
const MOST: usize = 240;
/// Closer than this on every axis from 0 to 1, a trial is the pick.
const SAME: f64 = 1e-3;

/// One trial against the pick of its time. Values are in the user's units.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Index into `Study::trials`.
    pub trial: usize,
    /// How many trials had ended when it began.
    pub known: usize,
    pub run: Configuration,
    pub picked: Configuration,
    /// Whether they are the same.
    pub followed: bool,
    /// Mean and standard deviation that the model of then predicted.
    pub predicted_run: (f64, f64),
    pub predicted_picked: (f64, f64),
    /// Expected improvement by the model of then: `EI · |dy/dt|` at its incumbent.
    pub ei_run: f64,
    pub ei_picked: f64,
    /// What came of the trial; `None`: it did not end with a value.
    pub value: Option<f64>,
    /// What the model of all trials predicts for the pick: mean and standard deviation.
    pub hindsight: (f64, f64),
}

/// All choices of a study, judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    pub choices: Vec<Choice>,
    /// How many are judged in the end.
    pub wanted: usize,
    /// Trials that began, whether judged or not.
    pub begun: usize,
}

/// The choices in sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    /// Judged trials that differ from the pick of their time.
    pub overrides: usize,
    pub followed: usize,
    /// What they gained in expected improvement by the models of their time; negative: they gave that much up.
    pub expected: f64,
    /// Overrides that ended with a value.
    pub measured: usize,
    /// How much better these were than the picks, by the model of all trials: sum, and its standard deviation as if
    /// the predictions were independent.
    pub realised: f64,
    pub realised_sd: f64,
    /// Overrides that were better than the pick would have been.
    pub better: usize,
}

impl Choice {
    /// How much better the trial was than the pick would have been, in the direction of the study.
    #[must_use]
    pub fn realised(&self, sign: f64) -> Option<f64> {
        self.value.map(|value| sign * (value - self.hindsight.0))
    }
}

impl Replay {
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.choices.len() >= self.wanted
    }

    /// The choices that were made when fewer than `until` trials had ended, in sums; `sign`: the direction's.
    #[must_use]
    pub fn balance(&self, until: usize, sign: f64) -> Balance {
        let mut balance = Balance::default();
        let mut variance = 0.0;
        for choice in self.choices.iter().filter(|c| c.known < until) {
            if choice.followed {
                balance.followed += 1;
                continue;
            }
            balance.overrides += 1;
            balance.expected += choice.ei_run - choice.ei_picked;
            if let Some(gain) = choice.realised(sign) {
                balance.measured += 1;
                balance.realised += gain;
                variance += choice.hindsight.1 * choice.hindsight.1;
                balance.better += usize::from(gain > 0.0);
            }
        }
        balance.realised_sd = variance.sqrt();
        balance
    }

    /// What was chosen when `known` trials had ended.
    #[must_use]
    pub fn at(&self, known: usize) -> Option<&Choice> {
        self.choices.iter().find(|c| c.known == known)
    }
}

/// One model of the past.
struct Then {
    known: usize,
    /// Ended trials when its hyperparameters were fitted.
    fitted: usize,
    study: Arc<Study>,
    surrogate: Surrogate,
}

/// Judges every trial of a study, going on from `done` where that is the beginning of the same. `tell` is called after
/// each. `None`: it was cancelled; what was told stands.
#[must_use]
pub fn replay(
    study: &Arc<Study>,
    settings: &ModelSettings,
    acquisition: &AcquisitionSettings,
    done: Replay,
    tell: &mut dyn FnMut(&Replay),
    cancel: &dyn Fn() -> bool,
) -> Option<Replay> {
    let (mut wanted, begun) = wanted(study);
    let last = done.choices.last().map(|c| (c.known, c.trial));
    wanted.retain(|(trial, known)| last.is_none_or(|last| (*known, *trial) > last));
    let mut replay = Replay {
        wanted: done.choices.len() + wanted.len(),
        begun,
        choices: done.choices,
    };
    let Ok(hindsight) = Surrogate::fit(study, settings, None, cancel) else {
        replay.wanted = replay.choices.len();
        return (!cancel()).then_some(replay);
    };
    let mut then: Option<Then> = None;
    for (trial, known) in wanted {
        then = Some(model_of(study, settings, known, then, cancel)?);
        let judged = (then.as_ref()).and_then(|t| judge(study, t, trial, acquisition, &hindsight, cancel));
        if cancel() {
            return None;
        }
        match judged {
            Some(choice) => replay.choices.push(choice),
            // It cannot be judged: the space was used up, say.
            None => replay.wanted -= 1,
        }
        tell(&replay);
    }
    Some(replay)
}

/// The trials to be judged with what was known when they began, and how many have begun.
fn wanted(study: &Study) -> (Vec<(usize, usize)>, usize) {
    let order = past::ended(study);
    let begun: Vec<usize> = (0..study.trials.len())
        .filter(|i| study.trials[*i].state != TrialState::Waiting)
        .collect();
    let mut all: Vec<(usize, usize)> = (begun.iter())
        .filter(|i| study.space.configuration_of(&study.trials[**i]).is_some())
        .map(|i| (*i, past::known_at(study, &order, *i)))
        // Before a first value there is no model.
        .filter(|(_, known)| {
            order
                .iter()
                .take(*known)
                .any(|j| study.trials[*j].objective().is_some())
        })
        .collect();
    all.sort_by_key(|(i, known)| (*known, *i));
    let n = all.len();
    if n > MOST {
        let kept: Vec<(usize, usize)> = (0..MOST).map(|k| all[k * n / MOST]).collect();
        return (kept, begun.len());
    }
    (all, begun.len())
}

fn model_of(
    study: &Arc<Study>,
    settings: &ModelSettings,
    known: usize,
    before: Option<Then>,
    cancel: &dyn Fn() -> bool,
) -> Option<Then> {
    if before.as_ref().is_some_and(|t| t.known == known) {
        return before;
    }
    let view = Arc::new(past::as_of(study, known));
    #[expect(clippy::cast_precision_loss, reason = "counts of trials")]
    let stands = |t: &&Then| known > AFRESH_UP_TO && (known as f64) < GROWTH * t.fitted as f64;
    let appended = before
        .as_ref()
        .filter(stands)
        .and_then(|t| Some((t.fitted, t.surrogate.append(&view)?)));
    let (fitted, surrogate) = match appended {
        Some(found) => found,
        None => (known, Surrogate::fit(&view, settings, None, cancel).ok()?),
    };
    Some(Then {
        known,
        fitted,
        study: view,
        surrogate,
    })
}

fn judge(
    study: &Study,
    then: &Then,
    trial: usize,
    acquisition: &AcquisitionSettings,
    hindsight: &Surrogate,
    cancel: &dyn Fn() -> bool,
) -> Option<Choice> {
    let run = study.space.configuration_of(study.trials.get(trial)?)?;
    let request = SuggestRequest {
        count: 1,
        acquisition: *acquisition,
        pending: begun_meanwhile(study, then, trial),
        seed: then.surrogate.settings().seed,
        ..SuggestRequest::default()
    };
    let picked = then.surrogate.suggest(&request, cancel).ok()?;
    let picked = picked.into_iter().next()?.configuration;
    let (at_run, read_run) = then.surrogate.readout(&run, acquisition).ok()?;
    let (at_picked, read_picked) = then.surrogate.readout(&picked, acquisition).ok()?;
    let slope = then.surrogate.slope(then.surrogate.incumbent()).abs();
    let after = hindsight.predict(&picked).ok()?;
    Some(Choice {
        trial,
        known: then.known,
        followed: is_same(study, &run, &picked),
        predicted_run: (at_run.mean, at_run.sd),
        predicted_picked: (at_picked.mean, at_picked.sd),
        ei_run: read_run.ei * slope,
        ei_picked: read_picked.ei * slope,
        value: study.trials[trial].objective(),
        hindsight: (after.mean, after.sd),
        run,
        picked,
    })
}

/// Trials that began before this one and after the last that had ended then: they were pending, too.
fn begun_meanwhile(study: &Study, then: &Then, trial: usize) -> Vec<Configuration> {
    let started = study.trials.get(trial).and_then(|t| t.started);
    let before = |i: usize| match (study.trials[i].started, started) {
        (Some(a), Some(b)) => a < b || a.total_cmp(&b).is_eq() && i < trial,
        _ => i < trial,
    };
    (0..study.trials.len())
        .filter(|i| *i != trial && study.trials[*i].state != TrialState::Waiting && before(*i))
        .filter(|i| !then.study.trials.iter().any(|t| t.id == study.trials[*i].id))
        .filter_map(|i| study.space.configuration_of(&study.trials[i]))
        .collect()
}

fn is_same(study: &Study, a: &Configuration, b: &Configuration) -> bool {
    let encoder = Encoder::new(&study.space);
    match (encoder.encode(a), encoder.encode(b)) {
        (Ok(a), Ok(b)) => a.0.iter().zip(&b.0).all(|(x, y)| (x - y).abs() < SAME),
        _ => a == b,
    }
}
