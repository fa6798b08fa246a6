//! Overrides against the model's own picks, over recorded studies.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use desk::Desk;
use studies::{branin, complete, floats, push, scattered};
use tunescope::analysis::replay::{Replay, replay};
use tunescope::analysis::{AcquisitionSettings, ModelSettings, SuggestRequest, Surrogate};
use tunescope::study::{Direction, Study, TrialState, past};

fn study(trials: usize, direction: Direction) -> Arc<Study> {
    Arc::new(scattered(trials, direction))
}

fn replayed(study: &Arc<Study>, done: Replay) -> Replay {
    let (settings, acquisition) = (ModelSettings::default(), AcquisitionSettings::default());
    replay(study, &settings, &acquisition, done, &mut |_| {}, &|| false).unwrap()
}

#[test]
fn each_pick_is_what_a_reader_of_then_would_have_been_suggested() {
    let study = study(12, Direction::Minimize);
    let found = replayed(&study, Replay::default());
    assert!(found.is_done());
    assert_eq!(found.choices.len(), 11, "the first trial had no model");
    for choice in [&found.choices[5], &found.choices[10]] {
        assert_eq!(choice.known, choice.trial);
        let then = Arc::new(past::as_of(&study, choice.known));
        let surrogate = Surrogate::fit(&then, &ModelSettings::default(), None, &|| false).unwrap();
        let request = SuggestRequest {
            count: 1,
            ..SuggestRequest::default()
        };
        let picked = surrogate.suggest(&request, &|| false).unwrap();
        assert_eq!(picked[0].configuration, choice.picked);
        let p = surrogate.predict(&choice.run).unwrap();
        assert_eq!(choice.predicted_run, (p.mean, p.sd));
        let acquisition = AcquisitionSettings::default();
        let (_, read) = surrogate.readout(&choice.picked, &acquisition).unwrap();
        // In the user's units: EI grows with what a step of the model's output is worth there.
        let ratio = choice.ei_picked / read.ei;
        let (_, other) = surrogate.readout(&choice.run, &acquisition).unwrap();
        assert!((choice.ei_run - ratio * other.ei).abs() <= 1e-12 * ratio.abs());
        assert_eq!(choice.value, study.trials[choice.trial].objective());
    }
    // The time machine shows the same pick.
    let mut desk = Desk::open((*study).clone());
    desk.press(":past 10<Enter>");
    let shown = &desk.model.suggestion().unwrap().configuration;
    assert_eq!(*shown, found.at(10).unwrap().picked);
}

#[test]
fn the_balance_adds_up_and_follows_the_direction() {
    for direction in [Direction::Minimize, Direction::Maximize] {
        let study = study(14, direction);
        let found = replayed(&study, Replay::default());
        let sign = direction.sign();
        let balance = found.balance(usize::MAX, sign);
        assert_eq!(balance.overrides + balance.followed, found.choices.len());
        assert!(
            balance.expected < 0.0,
            "a fixed sequence gives EI up: {balance:?}"
        );
        // It loses to the picks with hindsight, too.
        assert!(balance.realised < 0.0, "{balance:?}");
        let by_hand: f64 = (found.choices.iter())
            .filter(|c| !c.followed)
            .map(|c| sign * (c.value.unwrap() - c.hindsight.0))
            .sum();
        assert!((balance.realised - by_hand).abs() < 1e-9);
        assert!(found.balance(6, sign).overrides < balance.overrides);
    }
}

#[test]
fn a_study_that_took_every_pick_has_overridden_nothing() {
    let mut study = (*study(6, Direction::Minimize)).clone();
    for _ in 0..4 {
        let now = Arc::new(study.clone());
        let surrogate = Surrogate::fit(&now, &ModelSettings::default(), None, &|| false).unwrap();
        let request = SuggestRequest {
            count: 1,
            ..SuggestRequest::default()
        };
        let next = surrogate
            .suggest(&request, &|| false)
            .unwrap()
            .remove(0)
            .configuration;
        let value = branin(&studies::numbers(&next));
        complete(&mut study, &next, value);
    }
    let found = replayed(&Arc::new(study), Replay::default());
    assert!(found.choices[5..].iter().all(|c| c.followed), "{found:#?}");
    assert_eq!(
        found.balance(usize::MAX, -1.0).followed,
        4 + found.choices[..5].iter().filter(|c| c.followed).count()
    );
}

#[test]
fn it_goes_on_where_it_was_called_off_and_skips_what_cannot_be_judged() {
    let mut study = (*study(9, Direction::Minimize)).clone();
    push(&mut study, TrialState::Failed, &floats(&[0.2, 0.2]), None);
    push(&mut study, TrialState::Running, &floats(&[0.3, 0.9]), None);
    push(&mut study, TrialState::Waiting, &floats(&[0.5, 0.5]), None);
    let study = Arc::new(study);
    let whole = replayed(&study, Replay::default());
    assert_eq!((whole.begun, whole.choices.len()), (11, 10));
    assert_eq!(whole.choices[8].value, None);
    let mut told = Replay::default();
    let count = std::cell::Cell::new(0);
    let (settings, acquisition) = (ModelSettings::default(), AcquisitionSettings::default());
    let mut keep = |r: &Replay| {
        told = r.clone();
        count.set(count.get() + 1);
    };
    let stopped = replay(
        &study,
        &settings,
        &acquisition,
        Replay::default(),
        &mut keep,
        &|| count.get() >= 4,
    );
    assert!(stopped.is_none() && told.choices.len() == 4);
    assert_eq!(replayed(&study, told), whole);
}
