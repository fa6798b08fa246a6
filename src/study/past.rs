//! A study as it was: the first trials that ended, and what ran beside them.
//!
//! Trials end in the order of their times where every ended trial has one, else in the order of the source. What a
//! trial that still ran then had reported is not known any more: it is pending, without its reports.

use std::sync::Arc;

use super::{Place, Study, Trial, TrialState};

/// The trials that have ended (complete, pruned, failed), as indices into `Study::trials`, in the order in which they
/// ended.
#[must_use]
pub fn ended(study: &Study) -> Vec<usize> {
    let mut order: Vec<usize> = (study.trials.iter().enumerate())
        .filter(|(_, t)| t.state.is_finished())
        .map(|(i, _)| i)
        .collect();
    if is_timed(study, &order) {
        let time = |i: &usize| study.trials[*i].finished.unwrap_or(f64::INFINITY);
        order.sort_by(|a, b| time(a).total_cmp(&time(b)).then(a.cmp(b)));
    }
    order
}

fn is_timed(study: &Study, ended: &[usize]) -> bool {
    let told = |t: Option<f64>| t.is_some_and(f64::is_finite);
    (ended.iter().filter_map(|i| study.trials.get(*i))).all(|t| told(t.finished))
}

/// The study when `count` trials had ended. The space, the budget and what was noted stay as they are: they are about
/// the whole source.
#[must_use]
pub fn as_of(study: &Study, count: usize) -> Study {
    let order = ended(study);
    let known = order.get(..count.min(order.len())).unwrap_or_default();
    let moment = moment(study, &order, known);
    let mut is_known = vec![false; study.trials.len()];
    for i in known {
        if let Some(slot) = is_known.get_mut(*i) {
            *slot = true;
        }
    }
    let newest = known.iter().copied().max();
    let trials = (study.trials.iter().zip(is_known).enumerate())
        .filter_map(|(i, (trial, known))| {
            if known {
                return Some(Arc::clone(trial));
            }
            let had_begun = match (moment, trial.started) {
                (Some(moment), Some(started)) => started < moment,
                // Trials stand in the order in which they began.
                _ => newest.is_some_and(|n| i < n),
            };
            (had_begun && trial.state != TrialState::Waiting).then(|| Arc::new(running(study, trial)))
        })
        .collect();
    Study {
        trials,
        ..study.clone()
    }
}

/// When the last of the known trials ended, where times are told.
fn moment(study: &Study, order: &[usize], known: &[usize]) -> Option<f64> {
    let last = study.trials.get(*known.last()?)?;
    last.finished.filter(|t| t.is_finite() && is_timed(study, order))
}

/// The trial as it was before it ended.
fn running(study: &Study, trial: &Trial) -> Trial {
    let mut params = trial.params.clone();
    for constraint in &study.constraints {
        // A column that is constrained is a measurement of its end, not a parameter.
        if let Place::Column(column) = constraint.place
            && let Some(measured) = params.get_mut(column)
        {
            *measured = None;
        }
    }
    Trial {
        params,
        state: TrialState::Running,
        values: Vec::new(),
        intermediate: Vec::new(),
        finished: None,
        seconds: None,
        error: None,
        // What was noted may be a measurement of its end.
        attributes: Vec::new(),
        constraints: Box::default(),
        ..trial.clone()
    }
}

/// How many trials had ended when trial `index` began: what was known when it was chosen.
#[must_use]
pub fn known_at(study: &Study, order: &[usize], index: usize) -> usize {
    let started = study.trials.get(index).and_then(|t| t.started);
    match started.filter(|s| s.is_finite() && is_timed(study, order)) {
        Some(started) => (order.iter().filter_map(|i| study.trials.get(*i)?.finished))
            .take_while(|f| *f <= started)
            .count(),
        None => order.iter().filter(|i| **i < index).count(),
    }
}

/// The trial that began next when `count` trials had ended; `None`: none did.
#[must_use]
pub fn next_begun(study: &Study, order: &[usize], count: usize) -> Option<usize> {
    let known = order.get(..count.min(order.len()))?;
    let has_begun = |i: &usize| study.trials[*i].state != TrialState::Waiting;
    let starts = |i: usize| study.trials.get(i)?.started.filter(|s| s.is_finite());
    let moment = moment(study, order, known)
        .filter(|_| (0..study.trials.len()).all(|i| !has_begun(&i) || starts(i).is_some()));
    match moment {
        Some(moment) => (0..study.trials.len())
            .filter(has_begun)
            .filter_map(|i| Some((i, starts(i).filter(|s| *s >= moment)?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(i, _)| i),
        None => {
            let newest = known.iter().copied().max();
            (newest.map_or(0, |n| n + 1)..study.trials.len()).find(has_begun)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::TrialId;

    fn trial(id: u64, state: TrialState, times: Option<(f64, Option<f64>)>) -> Arc<Trial> {
        Arc::new(Trial {
            state,
            values: vec![1.0],
            started: times.map(|t| t.0),
            finished: times.and_then(|t| t.1),
            ..Trial::new(TrialId::Number(id))
        })
    }

    fn ids(study: &Study) -> Vec<(String, TrialState)> {
        (study.trials.iter())
            .map(|t| (t.id.to_string(), t.state))
            .collect()
    }

    #[test]
    fn trials_end_in_the_order_of_their_times_and_what_ran_beside_them_is_pending() {
        use TrialState::{Complete, Failed, Running};
        let study = Study {
            trials: vec![
                trial(0, Complete, Some((0.0, Some(50.0)))),
                trial(1, Complete, Some((1.0, Some(10.0)))),
                trial(2, Failed, Some((12.0, Some(20.0)))),
                trial(3, Running, Some((45.0, None))),
                trial(4, Complete, Some((52.0, Some(60.0)))),
            ],
            ..Study::empty()
        };
        assert_eq!(ended(&study), [1, 2, 0, 4]);
        assert_eq!(
            ids(&as_of(&study, 1)),
            [("0".into(), Running), ("1".into(), Complete)]
        );
        let then = as_of(&study, 3);
        assert_eq!(
            ids(&then),
            [
                ("0".into(), Complete),
                ("1".into(), Complete),
                ("2".into(), Failed),
                ("3".into(), Running)
            ]
        );
        assert!(then.trials[3].values.is_empty());
        assert_eq!(as_of(&study, 99).trials.len(), 5);
        assert!(as_of(&study, 0).trials.is_empty());
        let order = ended(&study);
        let known: Vec<usize> = (0..5).map(|i| known_at(&study, &order, i)).collect();
        assert_eq!(known, [0, 0, 1, 2, 3]);
        let next: Vec<_> = (0..5).map(|k| next_begun(&study, &order, k)).collect();
        assert_eq!(next, [Some(0), Some(2), Some(3), Some(4), None]);
    }

    #[test]
    fn what_a_trial_measured_at_its_end_was_not_known_while_it_ran() {
        use crate::study::{Constraint, Value};
        let measured = |place| Constraint {
            place,
            ..Constraint::parse("gb<=24").unwrap()
        };
        let mut study = Study::empty();
        study.constraints = vec![measured(Place::Column(1)), measured(Place::Told(0))];
        study.trials = (0..2)
            .map(|id| {
                Arc::new(Trial {
                    params: vec![Some(Value::Float(0.1)), Some(Value::Float(30.0))],
                    constraints: [1.0].into(),
                    ..Trial::clone(&trial(
                        id,
                        TrialState::Complete,
                        Some((0.0, Some(10.0 - id as f64))),
                    ))
                })
            })
            .collect();
        let then = as_of(&study, 1);
        let told = |k: usize| -> Vec<Option<f64>> {
            let trial = &then.trials[k];
            study.constraints.iter().map(|c| c.of(trial)).collect()
        };
        assert_eq!(then.trials[0].state, TrialState::Running);
        assert_eq!(then.trials[0].param(0), Some(&Value::Float(0.1)));
        assert_eq!((told(0), told(1)), (vec![None; 2], vec![Some(30.0), Some(1.0)]));
    }

    #[test]
    fn without_times_the_order_of_the_source_counts() {
        use TrialState::{Complete, Pruned, Running, Waiting};
        let study = Study {
            trials: [Complete, Running, Pruned, Waiting, Complete]
                .into_iter()
                .zip(0..)
                .map(|(state, id)| trial(id, state, None))
                .collect(),
            ..Study::empty()
        };
        assert_eq!(ended(&study), [0, 2, 4]);
        assert_eq!(ids(&as_of(&study, 1)), [("0".into(), Complete)]);
        let then = as_of(&study, 2);
        assert_eq!(ids(&then)[1], ("1".to_owned(), Running));
        assert_eq!(then.trials.len(), 3);
        assert_eq!(
            as_of(&study, 3).trials.len(),
            4,
            "who waits now did not wait then"
        );
        let order = ended(&study);
        assert_eq!((known_at(&study, &order, 0), known_at(&study, &order, 4)), (0, 2));
        assert_eq!(next_begun(&study, &order, 1), Some(1));
        assert_eq!(next_begun(&study, &order, 2), Some(4));
    }
}
