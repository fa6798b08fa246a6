//! Expected improvement per expected second.

#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use studies::{branin, complete, cube, floats};
use tunescope::analysis::{
    AcquisitionFunction, AcquisitionSettings, ModelSettings, SuggestRequest, Surrogate,
};
use tunescope::study::Direction;

fn never() -> bool {
    false
}

/// Trials that take ten times as long on the right half as on the left one, or say nothing of it.
fn surrogate(timed: bool) -> Surrogate {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..24 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        complete(&mut study, &floats(&u), branin(&u));
        let trial = Arc::make_mut(study.trials.last_mut().unwrap());
        trial.seconds = timed.then(|| 10.0_f64.powf(2.0 * u[0]) * 5.0);
    }
    Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &never).unwrap()
}

fn by(function: AcquisitionFunction) -> AcquisitionSettings {
    AcquisitionSettings {
        function,
        ..AcquisitionSettings::default()
    }
}

#[test]
fn the_value_is_the_improvement_over_the_seconds_that_are_expected() {
    let surrogate = surrogate(true);
    assert_eq!(surrogate.durations(), 24);
    assert!(surrogate.prepare(&[AcquisitionFunction::Eips], &never));
    for u in [[0.2, 0.3], [0.8, 0.6], [0.5, 0.9]] {
        let at = floats(&u);
        let seconds = surrogate.expected_seconds(&at).unwrap().unwrap();
        let truth = 10.0_f64.powf(2.0 * u[0]) * 5.0;
        assert!((seconds / truth).ln().abs() < 0.2, "{u:?} {seconds} {truth}");
        let (_, r) = surrogate.readout(&at, &by(AcquisitionFunction::Eips)).unwrap();
        assert!((r.eips.unwrap() * seconds / r.ei - 1.0).abs() < 1e-9);
        assert_eq!(r.chosen, r.eips);
    }
}

#[test]
fn it_prefers_the_cheaper_of_places_that_promise_alike_and_is_ei_where_nothing_is_known() {
    let request = |function| SuggestRequest {
        count: 1,
        acquisition: by(function),
        ..SuggestRequest::default()
    };
    let timed = surrogate(true);
    let plain = timed
        .suggest(&request(AcquisitionFunction::LogEi), &never)
        .unwrap()
        .remove(0);
    let cheap = timed
        .suggest(&request(AcquisitionFunction::Eips), &never)
        .unwrap()
        .remove(0);
    let seconds =
        |s: &tunescope::analysis::Suggestion| timed.expected_seconds(&s.configuration).unwrap().unwrap();
    assert!(seconds(&cheap) <= seconds(&plain));
    let rate = |s: &tunescope::analysis::Suggestion| s.readout.unwrap().ei / seconds(s);
    assert!(rate(&cheap) >= rate(&plain) * (1.0 - 1e-6));

    let untimed = surrogate(false);
    assert_eq!(untimed.durations(), 0);
    let plain = untimed
        .suggest(&request(AcquisitionFunction::Ei), &never)
        .unwrap()
        .remove(0);
    let same = untimed
        .suggest(&request(AcquisitionFunction::Eips), &never)
        .unwrap()
        .remove(0);
    assert_eq!(plain.configuration, same.configuration);
    assert_eq!(untimed.expected_seconds(&plain.configuration).unwrap(), None);
}
