//! When to stop, as a curve: what the model of each time expected to gain.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/studies.rs"]
mod studies;

use std::sync::Arc;

use desk::{Desk, screen};
use studies::{branin, complete, cube, floats, push, scattered};
use tunescope::analysis::prospects::{Prospects, prospects};
use tunescope::analysis::{ModelSettings, Surrogate};
use tunescope::language::Language;
use tunescope::session::effect::Effect;
use tunescope::session::explained::HistoryLayer;
use tunescope::session::{Action, Lab, Msg, update};
use tunescope::study::number::significant;
use tunescope::study::{Direction, Study, TrialState, past};

fn study(trials: usize) -> Study {
    scattered(trials, Direction::Minimize)
}

/// The curve, and how many models were made for it.
fn made(study: &Arc<Study>, earlier: Option<(&Study, &Prospects)>) -> (Prospects, usize) {
    let mut told = 0;
    let mut tell = |_: &Prospects| told += 1;
    let found = prospects(study, &ModelSettings::default(), earlier, &mut tell, &|| false).unwrap();
    (found, told)
}

#[test]
fn each_is_what_the_model_of_its_time_expected_to_gain() {
    let study = Arc::new(study(14));
    let (found, _) = made(&study, None);
    let known: Vec<usize> = found.at.iter().map(|p| p.known).collect();
    assert_eq!(known, (1..14).collect::<Vec<_>>(), "the last is on screen");
    for prospect in [&found.at[8], &found.at[12]] {
        let then = Arc::new(past::as_of(&study, prospect.known));
        let model = Surrogate::fit(&then, &ModelSettings::default(), None, &|| false).unwrap();
        assert_eq!(prospect.gain, model.gain());
    }
    assert_eq!(found.at[0].gain, None, "of one trial nothing is learned");
}

#[test]
fn a_curve_that_goes_on_is_the_curve_made_at_once_and_only_what_is_new_is_computed() {
    let (shorter, longer) = (Arc::new(study(90)), Arc::new(study(93)));
    let (begun, _) = made(&shorter, None);
    let (at_once, all) = made(&longer, None);
    let (gone_on, new) = made(&longer, Some((&shorter, &begun)));
    assert_eq!((all, new), (92, 3));
    for (a, b) in at_once.at.iter().zip(&gone_on.at) {
        let (a, b) = (
            a.gain.map_or(0.0, |g| g.expected),
            b.gain.map_or(0.0, |g| g.expected),
        );
        assert!((a - b).abs() <= 1e-6 * a.abs(), "{a} {b}");
    }
    // A trial that reads differently now takes with it what was known after it, and nothing else.
    let mut changed = (*longer).clone();
    let mut trial = (*changed.trials[87]).clone();
    trial.values[0] += 1.0;
    changed.trials[87] = Arc::new(trial);
    let (_, again) = made(&Arc::new(changed), Some((&longer, &at_once)));
    assert_eq!(again, 5, "of 88 to 92 known trials");
}

#[test]
fn failures_count_as_known_and_running_trials_do_not() {
    let mut study = study(8);
    push(&mut study, TrialState::Failed, &floats(&[0.2, 0.2]), None);
    push(&mut study, TrialState::Running, &floats(&[0.3, 0.9]), None);
    let (found, _) = made(&Arc::new(study), None);
    assert_eq!(found.at.last().map(|p| p.known), Some(8));
    // A study of failures has no model at any time.
    let mut none = cube(2, Direction::Minimize);
    push(&mut none, TrialState::Failed, &floats(&[0.2, 0.2]), None);
    assert_eq!(made(&Arc::new(none), None).0, Prospects::default());
}

#[test]
fn the_history_shows_it_by_a_key_and_its_end_is_what_the_advice_says() {
    let mut desk = Desk::open(study(16));
    desk.model.stopping = None;
    let surrogate = Arc::clone(&desk.model.surrogate.as_ref().unwrap().value);
    let advice = surrogate.stopping_advice();
    let now = significant(advice.gain.unwrap().expected, 2);
    let (fit, data) = (desk.model.fit_id, desk.model.data);
    let value = advice;
    desk.say(Msg::Stopping(tunescope::session::Stamped { fit, data, value }));
    desk.press("5z");
    assert!(!screen(&desk.model, 120, 36).contains("expected to gain (log)"));
    desk.press("o");
    let shown = screen(&desk.model, 120, 36);
    assert!(
        shown.contains("was expected to gain (log), by today's settings, now "),
        "{shown}"
    );
    assert!(shown.contains(&format!(", now {now}")), "{now}:\n{shown}");
    assert!(shown.contains("1 % of the gain so far"), "{shown}");
    assert_eq!(desk.model.explained.prospects.found.at.len(), 15);
    // A new trial adds the one that was the last.
    desk.read(study(17));
    assert_eq!(desk.model.explained.prospects.found.at.len(), 16);
    // Other settings are another history.
    let before = desk.model.explained.prospects.found.clone();
    desk.press("W");
    let after = &desk.model.explained.prospects.found;
    assert!(after.at.len() == 16 && **after != *before);
    desk.press("o");
    assert!(screen(&desk.model, 120, 36).contains("line: best so far"));
}

#[test]
fn it_is_asked_for_while_it_is_looked_at_called_off_after_and_late_answers_are_dropped() {
    let mut desk = Desk::open(study(10));
    let model = &mut desk.model;
    let toggle = |model: &mut tunescope::session::Model| update(model, Msg::Act(Action::NextHistory), 1002.0);
    let orders = |effects: &[Effect]| -> Vec<bool> {
        (effects.iter())
            .filter_map(|e| match e {
                Effect::Prospect(order) => Some(order.is_some()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(orders(&toggle(model)), [true]);
    assert!(
        orders(&update(model, Msg::Tick, 1002.0)).is_empty(),
        "once is enough"
    );
    let round = model.explained.prospects.round;
    assert_eq!(orders(&toggle(model)), [false]);
    assert_eq!(orders(&toggle(model)), [true], "it was not finished");
    let late = Msg::Prospected {
        round,
        prospects: Arc::new(made(&model.study.clone(), None).0),
    };
    update(model, late, 1003.0);
    assert!(model.explained.prospects.found.at.is_empty() && model.explained.prospects.is_running);
}

#[test]
fn in_the_lab_the_regret_comes_first_once_the_truth_is_shown() {
    let mut desk = Desk::lab(Lab::function("forrester", 0.0, 7, Language::English, Arc::default()).unwrap());
    desk.press("sss5o");
    assert_eq!(desk.model.explained.history, HistoryLayer::Prospects);
    desk.press("oVo");
    assert_eq!(desk.model.explained.history, HistoryLayer::Regret);
    desk.press("o");
    assert_eq!(desk.model.explained.history, HistoryLayer::Prospects);
}

#[test]
fn the_gain_is_that_of_the_suggestion_also_where_many_parameters_hide_the_maximum() {
    let mut study = cube(7, Direction::Minimize);
    let mut random = tunescope::acquisition::random::Random::new(5);
    for _ in 0..40 {
        let x: Vec<f64> = (0..7).map(|_| random.uniform()).collect();
        let valley: f64 = x
            .iter()
            .enumerate()
            .map(|(j, u)| (u - 0.2 - 0.08 * j as f64).powi(2))
            .sum();
        complete(&mut study, &floats(&x), valley);
    }
    let model = Surrogate::fit(&Arc::new(study), &ModelSettings::default(), None, &|| false).unwrap();
    let request = tunescope::analysis::SuggestRequest {
        count: 1,
        ..Default::default()
    };
    let next = model.suggest(&request, &|| false).unwrap().remove(0);
    let acquisition = tunescope::analysis::AcquisitionSettings::default();
    // In the user's units at the best mean: EI over its size in units of the model, by the chance that both share.
    let improvement = model.improvement(&next.configuration, &acquisition).unwrap();
    let unit = improvement.unit.unwrap_or(1.0);
    let gain = model.gain().unwrap().expected;
    let of_next = unit * next.readout.unwrap().ei;
    assert!(
        gain >= 0.98 * of_next,
        "{gain} at most, but {of_next} at the suggestion"
    );
}

#[test]
fn what_a_search_doubts_of_its_best_is_no_gain() {
    let mut study = cube(2, Direction::Minimize);
    for i in 0..40_u32 {
        let u = [(f64::from(i) * 0.618).fract(), (f64::from(i) * 0.414).fract()];
        let draw = 20.0 * (f64::from(i) * 12.9898).sin();
        complete(&mut study, &floats(&u), branin(&u) + draw);
    }
    let study = Arc::new(study);
    let gain = |doubt: f64| {
        let settings = ModelSettings {
            doubt,
            ..ModelSettings::default()
        };
        let model = Surrogate::fit(&study, &settings, None, &|| false).unwrap();
        assert_eq!(model.doubt(), doubt);
        model.gain().unwrap()
    };
    let (plain, doubted) = (gain(0.0), gain(2.0));
    assert_eq!((plain.spread, plain.bound), (doubted.spread, doubted.bound));
    // The place where a search looks next is another one; what is to be gained is about the same.
    let ratio = doubted.expected / plain.expected;
    assert!((0.8..=1.0).contains(&ratio), "{doubted:?} {plain:?}");
}
