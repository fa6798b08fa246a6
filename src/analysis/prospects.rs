//! What a further trial was expected to bring, after each trial that ended: when to stop, as a curve.
//!
//! For `k` ended trials: the study as it was then, the model of it *as it is set now*, and the [`Gain`] of that model: its
//! `expected` is `max EI · P(ok)^c · |dy/dt|` over the places that [`Surrogate::gain`] looks at, in the user's units. It
//! is what today's settings would have said then, not what was said.
//!
//! Up to `AFRESH_UP_TO` trials each model is fitted as if nothing had been fitted before; beyond, hyperparameters are
//! fitted at every tenth part more, and the trials between are appended. Which these are depends on `k` alone, so that a
//! curve that goes on is the curve made at once. Checked by `tests/prospects.rs`.

use std::sync::Arc;

use super::settings::ModelSettings;
use super::stopping::Gain;
use super::surrogate::Surrogate;
use crate::study::{Study, Trial, past};

/// Up to this many ended trials each model is fitted for itself.
const AFRESH_UP_TO: usize = 80;
const GROWTH: f64 = 1.1;
/// At most so many models are made.
const MOST: usize = 240;

/// What was to be gained when `known` trials had ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    pub known: usize,
    /// `None`: too few trials to say, or none that is feasible.
    pub gain: Option<Gain>,
}

/// The curve, in ascending `known`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prospects {
    pub at: Vec<Prospect>,
    /// How many there are in the end.
    pub wanted: usize,
}

impl Prospects {
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at.len() >= self.wanted
    }
}

/// The model of a moment.
struct Then {
    known: usize,
    /// Ended trials when its hyperparameters were fitted.
    fitted: usize,
    surrogate: Surrogate,
}

/// The prospects of a study before its last ended trial (of which the model on screen tells), going on from those of an
/// earlier state of it where they still hold. `tell` is called after each new one. `None`: it was cancelled; what was told stands.
#[must_use]
pub fn prospects(
    study: &Arc<Study>,
    settings: &ModelSettings,
    earlier: Option<(&Study, &Prospects)>,
    tell: &mut dyn FnMut(&Prospects),
    cancel: &dyn Fn() -> bool,
) -> Option<Prospects> {
    let moments = moments(study);
    let mut found = Prospects {
        at: Vec::with_capacity(moments.len()),
        wanted: moments.len(),
    };
    let mut then: Option<Then> = None;
    for known in moments {
        if cancel() {
            return None;
        }
        let kept = earlier.and_then(|(old, prospects)| {
            let at = prospects.at.iter().find(|p| p.known == known)?;
            is_same_past(old, study, known).then_some(*at)
        });
        if let Some(prospect) = kept {
            found.at.push(prospect);
            continue;
        }
        then = model_of(study, settings, known, then.take(), cancel);
        if cancel() {
            return None;
        }
        let gain = then.as_ref().and_then(|t| t.surrogate.gain());
        found.at.push(Prospect { known, gain });
        tell(&found);
    }
    Some(found)
}

/// The numbers of ended trials that are looked at: all but the last, or every second, fourth, … of many, so that those of
/// a shorter study are among them until the step doubles. Before a first value there is no model.
fn moments(study: &Study) -> Vec<usize> {
    let order = past::ended(study);
    let valued = (order.iter()).position(|i| study.trials[*i].objective().is_some());
    let (first, last) = (valued.map_or(order.len(), |k| k + 1), order.len());
    let mut step = 1;
    while last / step > MOST {
        step *= 2;
    }
    (first..last).filter(|k| k % step == 0).collect()
}

/// At how many ended trials the hyperparameters of the model of `known` were fitted.
fn fitted_at(known: usize) -> usize {
    let mut at = known.min(AFRESH_UP_TO);
    loop {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of trials"
        )]
        let next = (GROWTH * at as f64).ceil() as usize;
        if at < AFRESH_UP_TO || next > known {
            return at;
        }
        at = next;
    }
}

fn model_of(
    study: &Study,
    settings: &ModelSettings,
    known: usize,
    before: Option<Then>,
    cancel: &dyn Fn() -> bool,
) -> Option<Then> {
    let view = |count: usize| Arc::new(past::as_of(study, count));
    let fit = |count: usize| Surrogate::fit(&view(count), settings, None, cancel).ok();
    let fitted = fitted_at(known);
    let base = match before.filter(|t| t.fitted == fitted) {
        Some(then) => Some((then.known, then.surrogate)),
        None => fit(fitted).map(|s| (fitted, s)),
    };
    let surrogate = match base {
        Some((at, surrogate)) if at == known => surrogate,
        Some((_, surrogate)) => match surrogate.append(&view(known)) {
            Some(grown) => grown,
            None => fit(known)?,
        },
        None => fit(known)?,
    };
    Some(Then {
        known,
        fitted,
        surrogate,
    })
}

/// Whether the study was the same when `known` trials had ended, by what is known of it now and by what was.
fn is_same_past(old: &Study, new: &Study, known: usize) -> bool {
    let is_other = old.space.params != new.space.params
        || old.direction() != new.direction()
        || old.metric != new.metric
        || old.constraints != new.constraints;
    if is_other {
        return false;
    }
    let (old, new) = (past::as_of(old, known), past::as_of(new, known));
    old.trials.len() == new.trials.len() && old.trials.iter().zip(&new.trials).all(|(a, b)| is_same(a, b))
}

fn is_same(a: &Arc<Trial>, b: &Arc<Trial>) -> bool {
    // A silent worker's trial is not pending.
    Arc::ptr_eq(a, b) || a.is_silent == b.is_silent && a.tells_the_same(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Constraint, Direction, Label, Place, TrialId, TrialState, Value};

    #[test]
    fn a_past_is_the_same_only_while_its_constraints_and_what_was_told_of_them_are() {
        let trial = |id: u64| {
            Arc::new(Trial {
                state: TrialState::Complete,
                values: vec![1.0],
                attributes: vec![(Label::new("gb"), Value::Float(20.0))],
                constraints: [-1.0].into(),
                ..Trial::new(TrialId::Number(id))
            })
        };
        let mut study = Study::empty();
        study.trials = (0..4).map(trial).collect();
        study.constraints = vec![Constraint {
            place: Place::Attribute(Label::new("gb")),
            ..Constraint::parse("gb<=24").unwrap()
        }];
        // Whether the past of two trials stands after a change to the study, or to its second trial.
        let stands = |change: &dyn Fn(&mut Study)| {
            let mut changed = study.clone();
            change(&mut changed);
            is_same_past(&study, &changed, 2)
        };
        let second = |change: &dyn Fn(&mut Trial)| {
            stands(&|study| {
                let mut trial = Trial::clone(&study.trials[1]);
                change(&mut trial);
                study.trials[1] = Arc::new(trial);
            })
        };
        assert!(stands(&|_| {}) && second(&|trial| trial.line = 7));
        assert!(stands(&|study| study.trials[2] = trial(9)), "that came later");
        assert!(!stands(&|study| study.constraints[0].bound = 16.0));
        assert!(!stands(&|study| study.constraints.clear()));
        assert!(!stands(&|study| study.directions = vec![Direction::Maximize]));
        assert!(!second(&|trial| trial.attributes[0].1 = Value::Float(30.0)));
        assert!(!second(&|trial| trial.constraints[0] = 1.0));
        assert!(!second(&|trial| trial.values[0] = 2.0));
    }

    #[test]
    fn the_trials_that_a_model_is_fitted_at_depend_on_its_place_alone() {
        assert_eq!([1, 37, 80].map(fitted_at), [1, 37, 80]);
        assert_eq!([81, 87, 88, 96, 97].map(fitted_at), [80, 80, 88, 88, 97]);
        for known in 1..3000 {
            let at = fitted_at(known);
            assert!(at <= known && known * 10 <= at * 11 + 10, "{known}: {at}");
            assert_eq!(fitted_at(at), at);
        }
    }
}
