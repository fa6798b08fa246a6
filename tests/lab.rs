//! The lab, as key strings in and a model out.

#[path = "common/desk.rs"]
mod desk;

use std::sync::Arc;

use desk::{Desk, screen};
use tunescope::analysis::AcquisitionFunction;
use tunescope::learn::expression::Expression;
use tunescope::learn::lesson::catalog::{self, Language};
use tunescope::session::Lab;
use tunescope::session::effect::Effect;
use tunescope::session::lab::menu;
use tunescope::session::model::{Overlay, Pane};
use tunescope::study::Value;

fn forrester(noise: f64) -> Desk {
    let lab = Lab::function("forrester", noise, 7, Language::English, Arc::default()).unwrap();
    Desk::lab(lab)
}

fn points(desk: &Desk) -> Vec<(f64, f64)> {
    let trials = desk.model.study.trials.iter();
    trials
        .map(|t| {
            let x = t.params[0].as_ref().and_then(Value::as_f64).unwrap();
            (x, t.values[0])
        })
        .collect()
}

#[test]
fn a_point_is_added_where_the_probe_is_taken_away_and_put_back() {
    let mut desk = forrester(0.0);
    let start = points(&desk);
    desk.press("c<Space>");
    let added = points(&desk);
    assert_eq!(added.len(), start.len() + 1);
    let (x, y) = *added.last().unwrap();
    assert_eq!(x, 0.5);
    assert!((y - (6.0 * x - 2.0_f64).powi(2) * (12.0 * x - 4.0_f64).sin()).abs() < 1e-12);
    assert!(desk.notice().contains("f here is 0.909"), "{}", desk.notice());
    desk.press("<Backspace>");
    assert_eq!(points(&desk), start);
    desk.press("Z");
    assert_eq!(points(&desk), added);
    desk.press("Z");
    assert_eq!(points(&desk), start);
    desk.press("Z");
    assert!(desk.notice().contains("no step to take back"));
    desk.press("ss<C-r>");
    assert_eq!(points(&desk), start);
}

#[test]
fn a_step_evaluates_the_next_point_that_was_shown() {
    let mut desk = forrester(0.0);
    for _ in 0..3 {
        let next = desk.model.suggestion().unwrap().configuration[0]
            .as_f64()
            .unwrap();
        desk.press("s");
        assert_eq!(points(&desk).last().unwrap().0, next);
    }
    let before = points(&desk).len();
    desk.press("S");
    assert_eq!(points(&desk).len(), before + 10);
    assert!(desk.model.lab.as_ref().unwrap().bench.regret().unwrap() < 1e-3);
}

#[test]
fn a_room_with_one_seed_sees_the_same_noise() {
    let play = || {
        let mut desk = forrester(0.5);
        desk.press("c<Space><Space>ss");
        points(&desk)
    };
    let (a, b) = (play(), play());
    assert_eq!(a, b);
    let twice: Vec<f64> = a.iter().filter(|p| p.0 == 0.5).map(|p| p.1).collect();
    assert!(twice.len() >= 2 && twice[0] != twice[1], "{twice:?}");
}

#[test]
fn the_truth_is_drawn_when_it_is_revealed_and_only_then() {
    let mut desk = forrester(0.0);
    assert!(!screen(&desk.model, 120, 36).contains("┄ truth"));
    assert!(screen(&desk.model, 120, 36).contains("truth hidden"));
    desk.press("V");
    let shown = screen(&desk.model, 120, 36);
    assert!(shown.contains("┄ truth") && shown.contains("regret"), "{shown}");
    desk.press("V");
    assert!(!screen(&desk.model, 120, 36).contains("┄ truth"));
}

#[test]
fn the_wrong_sign_goes_where_the_mean_is_worst_and_comes_back() {
    let mut desk = forrester(0.0);
    desk.press("s:").press("sign<Space>wrong<Enter>n");
    assert_eq!(desk.model.acquisition.function, AcquisitionFunction::MisprintedEi);
    let surrogate = desk.model.surrogate.as_ref().unwrap().value.clone();
    let value = |x: f64| {
        let (p, _) = surrogate
            .readout(&[Value::Float(x)], &desk.model.acquisition)
            .unwrap();
        tunescope::acquisition::ei::misprinted(p.model_mean, p.model_sd, p.model_incumbent, 0.0).value
    };
    let next = desk.model.suggestion().unwrap().configuration[0]
        .as_f64()
        .unwrap();
    let best = (0..=400)
        .map(|i| value(f64::from(i) / 400.0))
        .fold(f64::MIN, f64::max);
    assert!(value(next) >= best - 1e-6);
    desk.press("a");
    assert_ne!(desk.model.acquisition.function, AcquisitionFunction::MisprintedEi);
}

#[test]
fn a_race_in_the_lab_is_run_on_the_true_function() {
    let mut desk = forrester(0.0);
    desk.press("c<Space>9");
    let race = desk.model.races.last.clone().unwrap();
    assert!((race.optimum.unwrap() + 6.020_740_055_767_083).abs() < 1e-9);
    assert!(race.is_done() && race.lanes.len() == 8, "{}", race.lanes.len());
}

#[test]
fn a_game_in_the_lab_places_points_and_is_saved_at_its_end() {
    let mut desk = forrester(0.0);
    let before = points(&desk).len();
    desk.press("VN");
    assert!(desk.model.is_blind() && !desk.model.lab.as_ref().unwrap().truth_shown());
    for round in 0..10 {
        desk.press(if round % 2 == 0 { "<S-Left>" } else { "<S-Right>" });
        desk.press("<Enter>");
        assert!(
            matches!(desk.model.overlay, Some(Overlay::Band { .. })),
            "{}",
            desk.notice()
        );
        desk.press("-")
            .press("8")
            .press("<Space>")
            .press("8")
            .press("<Enter>");
        desk.press("<Enter>");
    }
    assert!(desk.model.games.now.is_none());
    let score = desk.model.games.last.as_ref().unwrap().score();
    assert_eq!((score.rounds, score.bands), (10, 10));
    assert!(desk.effects.iter().any(|e| matches!(e, Effect::SaveGame(_))));
    assert_eq!(
        points(&desk).len(),
        before + 9,
        "the point of the last round is not evaluated again"
    );
}

#[test]
fn the_past_of_a_lab_can_be_looked_at() {
    let mut desk = forrester(0.0);
    desk.press("ss,");
    assert_eq!(desk.model.study.trials.len(), points(&desk).len());
    let past = points(&desk).len();
    desk.press("<Esc>");
    assert_eq!(points(&desk).len(), past + 1);
}

#[test]
fn the_menu_opens_what_is_chosen() {
    let mut desk = forrester(0.0);
    desk.press("J");
    let text = screen(&desk.model, 120, 36);
    for name in catalog::names() {
        let title = catalog::named(name, Language::English).unwrap().unwrap().title;
        assert!(text.contains(&title), "{title}\n{text}");
    }
    desk.press("jj<Enter>");
    assert_eq!(desk.model.play().unwrap().name(), Some("03-noise"));
    desk.press("JG<Enter>");
    assert!(
        desk.model.play().is_some() || desk.model.overlay.is_some(),
        "there is no recorded study here"
    );
    assert!(menu().len() > 25);
}

#[test]
fn a_lesson_is_read_beside_its_picture_at_every_size_in_both_languages() {
    for language in Language::ALL {
        for (i, name) in catalog::names().enumerate() {
            if i == 11 {
                continue;
            }
            let lab = Lab::named_lesson(name, language, Arc::default())
                .unwrap()
                .unwrap();
            let mut desk = Desk::lab(lab);
            desk.press("<Enter>");
            let play = desk.model.play().unwrap();
            let title: String = play.lesson().title.chars().take(16).collect();
            let ask = play.task().map(|t| t.ask.clone()).unwrap_or_default();
            let begin: String = ask.chars().take(6).collect();
            for (w, h) in [(80, 24), (100, 30), (120, 36), (160, 48), (200, 60)] {
                let text = screen(&desk.model, w, h);
                let place = format!("{name} at {w}x{h}\n{text}");
                assert!(text.contains(&title), "{place}");
                assert!(text.contains(&format!("○ {begin}")), "{place}");
                assert!(!text.contains("needs more room"), "{place}");
                for line in text.lines() {
                    assert!(tunescope::ui::text::width(line) <= usize::from(w), "{place}");
                }
            }
        }
    }
}

#[test]
fn a_formula_and_a_draw_from_a_prior_are_explored_like_any_function() {
    let formula = Expression::parse("sin(3*x) + 0.5*x", &["x"]).unwrap();
    let lab = Lab::formula(formula, (0.0, 5.0), 0.0, 1, Language::English, Arc::default()).unwrap();
    let mut desk = Desk::lab(lab);
    desk.press("S");
    assert!(desk.model.lab.as_ref().unwrap().bench.regret().unwrap() < 1e-2);
    let lab = Lab::prior(("matern52", 0.2), 0.0, 3, Language::English, Arc::default()).unwrap();
    let mut desk = Desk::lab(lab);
    desk.press("SS");
    assert!(desk.model.lab.as_ref().unwrap().bench.regret().unwrap() < 0.05);
}

#[test]
fn in_the_lab_nothing_is_delivered_and_nothing_is_kept() {
    let mut desk = forrester(0.0);
    desk.press("AL");
    assert!(
        !desk
            .effects
            .iter()
            .any(|e| matches!(e, Effect::Deliver(_) | Effect::Keep { .. }))
    );
    assert_eq!(desk.model.focus, Pane::Slices);
}
