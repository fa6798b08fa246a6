//! The time machine and what-ifs, by key strings, with workers that answer at once.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/studies.rs"]
mod studies;

use desk::{Desk, screen};
use studies::{complete, cube, floats, scattered};
use tunescope::session::effect::Effect;
use tunescope::session::lens::Guess;
use tunescope::session::model::ProbeOrigin;
use tunescope::session::{Model, Overlay};
use tunescope::study::{Direction, Study, TrialId, TrialState, Value};

fn study(trials: usize) -> Study {
    scattered(trials, Direction::Minimize)
}

fn ids(model: &Model) -> Vec<String> {
    model.study.trials.iter().map(|t| t.id.to_string()).collect()
}

fn suggested(model: &Model) -> Vec<Value> {
    model.suggestion().unwrap().configuration.clone()
}

#[test]
fn stepping_back_shows_the_model_and_the_suggestion_that_a_reader_of_then_would_have_seen() {
    let mut desk = Desk::open(study(12));
    desk.press(",,");
    assert_eq!(desk.model.looked_at(), 10);
    assert_eq!(desk.model.study.trials.len(), 10);
    let then = Desk::open(study(10));
    assert_eq!(suggested(&desk.model), suggested(&then.model));
    let (a, b) = (&desk.model, &then.model);
    let (a, b) = (a.surrogate.as_ref().unwrap(), b.surrogate.as_ref().unwrap());
    assert_eq!(a.value.summary, b.value.summary);
    // However one came there.
    let mut other = Desk::open(study(12));
    other.press(";...........");
    assert!(!other.model.lens.is_on(), "the end of time is now");
    other.press(";.........");
    assert_eq!(other.model.looked_at(), 10);
    assert_eq!(suggested(&other.model), suggested(&then.model));
    other.press(":past 4<Enter>");
    assert_eq!(ids(&other.model), ["0", "1", "2", "3"]);
}

#[test]
fn the_next_trial_is_judged_by_the_model_of_then() {
    let mut desk = Desk::open(study(12));
    desk.press(":past 9<Enter>");
    let next = desk.model.lens.past.as_ref().unwrap().next.clone().unwrap();
    assert_eq!(next.id, TrialId::Number(9));
    assert_eq!(next.state, TrialState::Complete);
    assert_eq!(next.value, study(12).trials[9].objective());
    let surrogate = &desk.model.surrogate.as_ref().unwrap().value;
    let predicted = surrogate.predict(next.configuration.as_ref().unwrap()).unwrap();
    let found = next.consequences.unwrap();
    assert_eq!(found.prediction, predicted);
    let share = found.share_of_best.unwrap();
    assert!((0.0..=1.0 + 1e-9).contains(&share), "{share}");
}

#[test]
fn nothing_of_the_persons_is_lost_by_looking_back() {
    let mut desk = Desk::open(study(12));
    desk.press("X");
    // The first parameter is locked, the second is edited and left as a draft.
    desk.press("L]E<Enter><C-u>0.25<Enter>");
    let (draft, locks) = (desk.model.draft.clone().unwrap(), desk.model.locks.clone());
    let (suggestion, fits) = (suggested(&desk.model), desk.fits);
    let selected = desk.model.table.selected;
    let kept = |desk: &Desk| {
        desk.effects
            .iter()
            .filter(|e| matches!(e, Effect::Keep { .. }))
            .count()
    };
    let before = kept(&desk);
    desk.press(",");
    desk.press(",.;.");
    assert!(desk.model.draft.is_none() && desk.model.rejections.is_empty());
    assert_eq!(kept(&desk), before, "nothing kept is written over");
    desk.press("AXULD");
    assert!(desk.model.overlay.is_none());
    assert!(
        desk.notice().contains("nothing is decided here"),
        "{}",
        desk.notice()
    );
    let through = desk.fits;
    desk.press("<Esc>");
    assert!(!desk.model.lens.is_on());
    assert_eq!(desk.model.draft.as_ref().unwrap().values, draft.values);
    assert_eq!(desk.model.draft.as_ref().unwrap().base, draft.base);
    assert_eq!(desk.model.locks, locks);
    assert_eq!(desk.model.rejections.len(), 1);
    assert_eq!(suggested(&desk.model), suggestion);
    assert_eq!(desk.model.table.selected, selected);
    assert_eq!(desk.model.study.trials.len(), 12);
    assert_eq!(desk.fits, through, "coming back needs no fit");
    assert!(through > fits);
    let surrogate = desk.model.surrogate.as_ref().unwrap();
    assert!(!desk.model.is_stale(surrogate));
}

#[test]
fn what_is_read_meanwhile_waits_and_is_there_when_one_comes_back() {
    let mut desk = Desk::open(study(8));
    desk.press(",,");
    desk.read(study(11));
    assert_eq!(desk.model.study.trials.len(), 6);
    assert_eq!(desk.model.ended(), 11);
    desk.press(".");
    assert_eq!(desk.model.study.trials.len(), 7);
    desk.press("'");
    assert_eq!(desk.model.study.trials.len(), 11);
    assert!(!desk.model.lens.is_on());
    let fresh = Desk::open(study(11));
    assert_eq!(ids(&desk.model), ids(&fresh.model));
    assert_eq!(
        desk.model.surrogate.as_ref().unwrap().value.summary.trials_used,
        11
    );
}

#[test]
fn the_probe_and_the_selected_trial_keep_their_names() {
    let mut study = study(9);
    // Trial 3 is still running: earlier views hold it as such from trial 4 on.
    let mut running = (*study.trials[3]).clone();
    running.state = TrialState::Running;
    running.values.clear();
    study.trials[3] = std::sync::Arc::new(running);
    let mut desk = Desk::open(study);
    desk.press(":trial 5<Enter>");
    assert_eq!(desk.model.probe.origin, ProbeOrigin::Trial(5));
    let probe = desk.model.probe.configuration.clone();
    desk.press(":past 6<Enter>");
    let at = desk.model.table.selected.unwrap();
    assert_eq!(desk.model.study.trials[at].id, TrialId::Number(5));
    assert_eq!(desk.model.probe.configuration, probe);
    desk.press(":past 2<Enter>");
    assert_eq!(desk.model.probe.origin, ProbeOrigin::Moved);
    desk.press("<Esc>");
    assert_eq!(desk.model.probe.origin, ProbeOrigin::Trial(5));
    assert_eq!(desk.model.table.selected, Some(5));
}

#[test]
fn an_imagined_result_changes_the_posterior_and_the_next_suggestion_and_esc_forgets_it() {
    let mut desk = Desk::open(study(10));
    let (first, best) = (suggested(&desk.model), desk.model.study.best());
    let mean = |desk: &Desk| {
        let surrogate = &desk.model.surrogate.as_ref().unwrap().value;
        surrogate.predict(&first).unwrap()
    };
    let before = mean(&desk);
    desk.press("I");
    assert!(
        matches!(&desk.model.overlay, Some(Overlay::Imagine { configuration, .. }) if *configuration == first)
    );
    desk.press("0.1<Enter>");
    assert!(desk.model.overlay.is_none());
    assert_eq!(desk.model.study.trials.len(), 11);
    assert_eq!(desk.model.study.best(), Some(10));
    let after = mean(&desk);
    assert!(after.sd < before.sd && (after.mean - 0.1).abs() < (before.mean - 0.1).abs());
    assert_ne!(suggested(&desk.model), first, "the next one is another");
    assert_eq!(
        desk.model.probe.configuration, first,
        "the band closes where one looks"
    );
    // One more on top, on the next suggestion; then off, one at a time.
    let second = suggested(&desk.model);
    desk.press("Ib");
    assert_eq!(desk.model.lens.imagined.len(), 2);
    assert_eq!(desk.model.lens.imagined[1].configuration, second);
    desk.press("<Esc>");
    assert_eq!(desk.model.study.trials.len(), 11);
    assert_eq!(suggested(&desk.model), second);
    desk.press("<Esc>");
    assert!(!desk.model.lens.is_on());
    assert_eq!(desk.model.study.best(), best);
    assert_eq!(suggested(&desk.model), first);
    assert_eq!(mean(&desk), before);
    assert!(desk.effects.iter().all(|e| !matches!(e, Effect::Deliver(_))));
}

#[test]
fn good_and_bad_follow_the_direction_and_predicted_moves_the_best_mean_little() {
    for direction in [Direction::Minimize, Direction::Maximize] {
        let mut source = study(10);
        source.directions = vec![direction];
        let mut desk = Desk::open(source);
        let first = suggested(&desk.model);
        let surrogate = desk.model.surrogate.as_ref().unwrap().value.clone();
        let p = surrogate.predict(&first).unwrap();
        desk.press("Ig");
        let good = desk.model.lens.imagined[0].clone();
        assert_eq!(good.guess, Guess::Good);
        assert!(direction.is_better(good.value, p.mean));
        desk.press("<Esc>Ib");
        assert!(direction.is_better(p.mean, desk.model.lens.imagined[0].value));
        desk.press("<Esc>Ip");
        assert!((desk.model.lens.imagined[0].value - p.mean).abs() < 1e-12);
        desk.press("<Esc>Inonsense<Enter>");
        assert!(matches!(
            &desk.model.overlay,
            Some(Overlay::Imagine { remark: Some(_), .. })
        ));
        desk.press("<Esc>");
        assert!(desk.model.overlay.is_none() && !desk.model.lens.is_on());
    }
}

#[test]
fn a_what_if_is_about_the_draft_or_a_moved_probe_where_there_is_one() {
    let mut desk = Desk::open(study(10));
    desk.press("c");
    desk.press("Ip");
    let middle = vec![Value::Float(0.5), Value::Float(0.5)];
    assert_eq!(desk.model.lens.imagined[0].configuration, middle);
    desk.press("<Esc>n");
    desk.press("E<Enter><C-u>0.3<Enter>I");
    desk.press("p");
    assert_eq!(
        desk.model.lens.imagined[0].configuration[desk.model.param],
        Value::Float(0.3)
    );
    assert!(desk.model.draft.is_none());
    desk.press("<Esc>");
    assert_eq!(desk.model.draft.as_ref().unwrap().edits(), 1);
}

#[test]
fn a_what_if_works_in_the_past_and_a_step_in_time_forgets_it() {
    let mut desk = Desk::open(study(10));
    desk.press(",,Ig");
    assert_eq!((desk.model.looked_at(), desk.model.study.trials.len()), (8, 9));
    desk.press("<Esc>");
    assert_eq!((desk.model.looked_at(), desk.model.study.trials.len()), (8, 8));
    desk.press("Ig,");
    assert_eq!((desk.model.looked_at(), desk.model.study.trials.len()), (7, 7));
    desk.press("Ig'");
    assert!(!desk.model.lens.is_on());
    assert_eq!(desk.model.study.trials.len(), 10);
}

#[test]
fn knobs_turned_while_looking_back_stay_turned_and_what_comes_back_stands_on_them() {
    let mut desk = Desk::open(study(10));
    desk.press(",:kernel rbf<Enter>:xi 0.3<Enter><Esc>");
    assert_eq!(desk.model.settings.kernel.as_deref(), Some("rbf"));
    let surrogate = &desk.model.surrogate.as_ref().unwrap().value;
    assert_eq!(surrogate.settings().kernel.as_deref(), Some("rbf"));
    assert_eq!(surrogate.summary.trials_used, 10);
    assert!((desk.model.acquisition.xi - 0.3).abs() < 1e-12);
}

#[test]
fn a_study_without_a_past_says_so() {
    let mut desk = Desk::open(study(0));
    desk.press(",");
    assert!(desk.notice().contains("no past"), "{}", desk.notice());
    desk.read(study(1));
    desk.press(",");
    assert!(!desk.model.lens.is_on());
    desk.read(study(2));
    desk.press(",");
    assert_eq!(desk.model.study.trials.len(), 1);
    desk.press(",");
    assert_eq!(desk.model.study.trials.len(), 1);
    desk.press(".");
    assert!(!desk.model.lens.is_on());
    desk.press(":past 7<Enter>");
    assert!(desk.notice().contains("1 to 2"), "{}", desk.notice());
}

/// Where a configuration does not fit, whole parameters are left out: no name and no value is cut.
#[test]
fn lines_on_the_past_and_on_what_ifs_end_with_a_whole_value() {
    let mut study = cube(9, Direction::Minimize);
    for i in 0..12 {
        let x: Vec<f64> = (0..9)
            .map(|j| (f64::from(i) * 0.618 + 0.37 * f64::from(j)).fract())
            .collect();
        let value = x.iter().map(|u| (u - 0.4).powi(2)).sum();
        complete(&mut study, &floats(&x), value);
    }
    for keys in [",", "Ig"] {
        let mut desk = Desk::open(study.clone());
        desk.press(keys);
        for width in [80, 100, 120] {
            let shown = screen(&desk.model, width, 36);
            let lines: Vec<&str> = (shown.lines().skip(2).take(4).map(str::trim_end))
                .filter(|line| line.contains("x3 "))
                .collect();
            assert!(!lines.is_empty(), "{shown}");
            for line in lines {
                let Some(kept) = line.strip_suffix('…') else {
                    continue;
                };
                let words: Vec<&str> = kept.rsplit(' ').take(2).collect();
                let [value, name] = words[..] else {
                    panic!("{line:?}")
                };
                let is_whole = name.len() == 2 && name.starts_with('x') && value.parse::<f64>().is_ok();
                assert!(is_whole, "{name} {value} at the end of {line:?}");
            }
        }
    }
}
