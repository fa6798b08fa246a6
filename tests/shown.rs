//! What is drawn and read out is what the suggestion maximises: with trials that run, with configurations that wait in a
//! queue, by every acquisition function.

#[path = "common/session.rs"]
mod session;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use session::opened;
use studies::{branin, complete, cube, floats, push};
use tunescope::acquisition::random::Random;
use tunescope::analysis::settings::Hyperparameters;
use tunescope::analysis::{
    AcquisitionFunction, AcquisitionSettings, Layer, ModelSettings, Pending, SuggestRequest, Surrogate,
};
use tunescope::session::effect::{Effect, FitRequest};
use tunescope::session::receipt::{Receipt, ReceiptState};
use tunescope::session::{Model, Msg, update};
use tunescope::study::{Configuration, Direction, Study, TrialState};

fn never() -> bool {
    false
}

fn twenty() -> Study {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..20 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
    }
    study
}

fn fit(study: Study) -> Surrogate {
    Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &never).unwrap()
}

fn asked(acquisition: AcquisitionSettings) -> SuggestRequest {
    SuggestRequest {
        count: 1,
        acquisition,
        ..SuggestRequest::default()
    }
}

/// The value of the function in use, as the probe shows it.
fn shown(model: &Surrogate, at: &Configuration, acquisition: &AcquisitionSettings) -> f64 {
    model.readout(at, acquisition).unwrap().1.chosen.unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * (1.0 + b.abs())
}

#[test]
fn no_place_shows_more_than_the_suggestion_with_a_trial_under_way_and_one_queued() {
    let mut study = twenty();
    push(&mut study, TrialState::Running, &floats(&[0.55, 0.2]), None);
    let queued = vec![floats(&[0.12, 0.8])];
    let surrogate = fit(study).with_queued(&queued).unwrap();
    assert_eq!(surrogate.pending_counted(), 2);
    let mut random = Random::new(3);
    for pending in Pending::ALL {
        for function in AcquisitionFunction::ALL {
            let acquisition = AcquisitionSettings {
                function,
                pending,
                ..AcquisitionSettings::default()
            };
            let found = surrogate.suggest(&asked(acquisition), &never).unwrap().remove(0);
            let value = found.readout.unwrap().chosen.unwrap();
            let there = shown(&surrogate, &found.configuration, &acquisition);
            assert!(
                close(there, value),
                "{function:?} {pending:?}: {there} is not {value}"
            );
            for _ in 0..100 {
                let other = shown(
                    &surrogate,
                    &floats(&[random.uniform(), random.uniform()]),
                    &acquisition,
                );
                assert!(
                    other <= value + 0.02 * (1.0 + value.abs()),
                    "{function:?} {pending:?}: {other} is above {value}"
                );
            }
        }
    }
}

#[test]
fn slices_surface_and_readout_count_the_queue_as_the_suggestion_does() {
    let plain = fit(twenty());
    let acquisition = AcquisitionSettings {
        function: AcquisitionFunction::Ei,
        ..AcquisitionSettings::default()
    };
    let first = plain.suggest(&asked(acquisition), &never).unwrap().remove(0);
    let queue = vec![first.configuration.clone()];
    let counted = plain.with_queued(&queue).unwrap();
    // The suggestion with the queue in the request and with the queue in the model is one.
    let by_request = SuggestRequest {
        pending: queue.clone(),
        ..asked(acquisition)
    };
    let second = plain.suggest(&by_request, &never).unwrap().remove(0);
    let same = counted.suggest(&by_request, &never).unwrap().remove(0);
    assert_eq!(second.configuration, same.configuration);
    assert_ne!(second.configuration, first.configuration);
    let value = second.readout.unwrap().chosen.unwrap();
    assert!(close(shown(&counted, &second.configuration, &acquisition), value));
    // Where the queued trial is, hardly anything is left to gain; without the queue it is the best place.
    let at = &first.configuration;
    assert!(shown(&counted, at, &acquisition) < 0.2 * shown(&plain, at, &acquisition));
    // The strip of a slice and the cells of the surface are values of the same thing, and none is above it.
    let probe = &second.configuration;
    let slices = counted.slices(probe, &acquisition, None, 65, &never).unwrap();
    for (slice, axis) in slices.iter().zip([0, 1]) {
        for point in &slice.points {
            let mut place = probe.clone();
            place[axis] = point.value.clone();
            assert!(close(point.acquisition, shown(&counted, &place, &acquisition)));
            assert!(point.acquisition <= value * 1.02);
        }
    }
    let surface = counted
        .surface((0, 1), probe, &acquisition, None, 24, 16, &never)
        .unwrap();
    let drawn = surface.layer(Layer::Acquisition);
    for (k, cell) in drawn.iter().enumerate() {
        let (x, y) = (surface.xs[k % 24], surface.ys[k / 24]);
        assert!(close(*cell, shown(&counted, &floats(&[x, y]), &acquisition)));
        assert!(*cell <= value * 1.02);
    }
}

#[test]
fn averaged_hyperparameters_count_the_queue_too() {
    let settings = ModelSettings {
        hyperparameters: Hyperparameters::Average,
        ..ModelSettings::default()
    };
    let plain = Surrogate::fit(&Arc::new(twenty()), &settings, None, &never).unwrap();
    let acquisition = AcquisitionSettings::default();
    let first = plain.suggest(&asked(acquisition), &never).unwrap().remove(0);
    let counted = plain
        .with_queued(std::slice::from_ref(&first.configuration))
        .unwrap();
    let at = |model: &Surrogate| shown(model, &first.configuration, &acquisition);
    assert!(at(&counted) < at(&plain) - 1.0);
    let next = counted.suggest(&asked(acquisition), &never).unwrap().remove(0);
    assert!(close(
        shown(&counted, &next.configuration, &acquisition),
        next.readout.unwrap().chosen.unwrap()
    ));
}

#[test]
fn what_the_study_has_as_pending_already_counts_once_and_what_does_not_fit_not_at_all() {
    let mut study = twenty();
    push(&mut study, TrialState::Running, &floats(&[0.55, 0.2]), None);
    let queue = vec![
        floats(&[0.55, 0.2]),
        floats(&[0.3, 0.3]),
        floats(&[0.3, 0.3]),
        Vec::new(),
    ];
    let counted = fit(study).with_queued(&queue).unwrap();
    assert_eq!(counted.pending_counted(), 2);
    assert_eq!(counted.with_queued(&[]).unwrap().pending_counted(), 1);
}

/// A session with a fitted model of its study.
fn modelled() -> Model {
    let mut model = opened();
    let surrogate = Surrogate::fit(&model.study, &model.settings, None, &never).unwrap();
    let fitted = Msg::Fitted {
        data: model.data,
        surrogate: Arc::new(surrogate),
        refitted: true,
    };
    update(&mut model, fitted, 1002.0);
    model
}

fn queued(model: &Model, state: ReceiptState) -> Receipt {
    Receipt {
        id: "a".to_owned(),
        configuration: model.in_hand().to_vec(),
        created: 1003.0,
        edited: Vec::new(),
        predicted: None,
        state,
        place: String::new(),
        hook: None,
    }
}

fn asks_to_count(effects: &[Effect]) -> Option<&FitRequest> {
    effects.iter().find_map(|e| match e {
        Effect::Believe(request) => Some(&**request),
        _ => None,
    })
}

#[test]
fn a_session_counts_its_queue_in_what_it_shows_and_asks_for_it_once() {
    let mut model = modelled();
    let before = model.surrogate.clone().unwrap();
    let waiting = queued(&model, ReceiptState::Queued);
    let effects = update(&mut model, Msg::Receipts(vec![waiting.clone()]), 1003.0);
    let request = asks_to_count(&effects).expect("the queue is to be counted");
    assert_eq!(request.queued, std::slice::from_ref(&waiting.configuration));
    let counted = request
        .previous
        .as_ref()
        .unwrap()
        .with_queued(&request.queued)
        .unwrap();
    let (fit, data) = (request.fit, request.data);
    assert!(
        asks_to_count(&update(&mut model, Msg::Tick, 1003.1)).is_none(),
        "asked once"
    );
    let answer = Msg::Believed {
        fit,
        data,
        surrogate: Arc::new(counted),
    };
    let effects = update(&mut model, answer, 1003.2);
    let shown = model.surrogate.as_ref().unwrap();
    assert_eq!(shown.value.queued(), std::slice::from_ref(&waiting.configuration));
    assert!(shown.fit > before.fit, "what was made before is out of date");
    let explored = effects.iter().find_map(|e| match e {
        Effect::Explore(request) => Some(request),
        _ => None,
    });
    let explored = explored.expect("everything that depends on it is drawn again");
    assert!(explored.parts.slices && explored.parts.surface && explored.parts.suggestion);
    assert_eq!(explored.surrogate.as_ref().unwrap().queued().len(), 1);
    assert!(asks_to_count(&effects).is_none());
    // Withdrawn: it no longer counts.
    let withdrawn = queued(&model, ReceiptState::Withdrawn);
    let effects = update(&mut model, Msg::Receipts(vec![withdrawn]), 1004.0);
    assert!(asks_to_count(&effects).unwrap().queued.is_empty());
}

#[test]
fn an_answer_about_a_fit_that_is_no_longer_shown_is_not_taken() {
    let mut model = modelled();
    let old = model.surrogate.clone().unwrap();
    let waiting = queued(&model, ReceiptState::Queued);
    let queue = [waiting.configuration.clone()];
    update(&mut model, Msg::Receipts(vec![waiting]), 1003.0);
    let newer = Msg::Fitted {
        data: model.data,
        surrogate: Arc::new((*old.value).clone()),
        refitted: true,
    };
    let effects = update(&mut model, newer, 1003.1);
    assert!(asks_to_count(&effects).is_some(), "asked for the newer one");
    let late = Msg::Believed {
        fit: old.fit,
        data: old.data,
        surrogate: Arc::new(old.value.with_queued(&queue).unwrap()),
    };
    let fit = model.fit_id;
    update(&mut model, late, 1003.2);
    assert_eq!(model.fit_id, fit);
    assert!(model.surrogate.as_ref().unwrap().value.queued().is_empty());
}

#[test]
fn rows_appended_to_an_older_fit_do_not_replace_a_fit_of_the_same_rows() {
    let mut model = modelled();
    let shown = model.surrogate.clone().unwrap();
    let appended = Msg::Fitted {
        data: model.data,
        surrogate: Arc::clone(&shown.value),
        refitted: false,
    };
    let effects = update(&mut model, appended, 1003.0);
    assert_eq!(model.surrogate.as_ref().unwrap().fit, shown.fit);
    assert!(
        matches!(model.fit, tunescope::session::model::FitStatus::Current),
        "nothing is waited for"
    );
    assert!(effects.is_empty());
}
