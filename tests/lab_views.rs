//! What the lab shows beyond points and steps: the game's band, regret, the climbs of the search, draws from the prior,
//! windows beside a lesson, and every label in the language of the lesson.

#[path = "common/desk.rs"]
mod desk;

use std::collections::BTreeSet;
use std::sync::Arc;

use desk::{Desk, screen};
use tunescope::analysis::Reason;
use tunescope::language::Language;
use tunescope::learn::game::Stage;
use tunescope::session::explained::HistoryLayer;
use tunescope::session::model::{Overlay, Pane};
use tunescope::session::update::game::drawn_band;
use tunescope::session::{Lab, Model};
use tunescope::study::Value;

fn on(function: &str, language: Language) -> Desk {
    Desk::lab(Lab::function(function, 0.0, 7, language, Arc::default()).unwrap())
}

#[test]
fn a_lab_opened_for_the_game_begins_it_with_the_model_hidden() {
    let mut lab = Lab::function("branin", 0.0, 7, Language::English, Arc::default()).unwrap();
    lab.plays = true;
    let desk = Desk::lab(lab);
    assert!(desk.model.is_blind());
    assert!(screen(&desk.model, 120, 36).contains("game, round 1 of 10"));
}

#[test]
fn the_band_is_drawn_with_the_arrows_and_stands_on_the_slice() {
    let mut desk = on("forrester", Language::English);
    desk.press("N<Right><Enter>");
    assert_eq!(drawn_band(&desk.model), None);
    desk.press("<Up>");
    let first = drawn_band(&desk.model).unwrap();
    assert!(screen(&desk.model, 120, 36).contains("━━━━━"), "its ends show");
    desk.press("<Up>");
    let up = drawn_band(&desk.model).unwrap();
    let (low, high) = (up.low - first.low, up.high - first.high);
    assert!(
        low > 0.0 && (low - high).abs() < 1e-9,
        "the centre moves, the width stays"
    );
    desk.press("<Right>");
    let wide = drawn_band(&desk.model).unwrap();
    assert!(
        (wide.low + wide.high - up.low - up.high).abs() < 1e-9,
        "the width grows about the centre"
    );
    assert!(wide.high - wide.low > up.high - up.low);
    desk.press("<Down><Left>");
    let back = drawn_band(&desk.model).unwrap();
    assert!((back.low - first.low).abs() < 1e-9 && (back.high - first.high).abs() < 1e-9);
    // Typing takes the place of the drawing.
    desk.press("1<Space>2");
    let typed = drawn_band(&desk.model).unwrap();
    assert_eq!((typed.low, typed.high), (1.0, 2.0));
    desk.press("<Enter>");
    let game = desk.model.games.now.as_ref().unwrap();
    assert_eq!((game.stage, game.rounds[0].band), (Stage::Revealed, Some(typed)));
    let shown = screen(&desk.model, 120, 36);
    assert!(
        shown.contains('◉') && shown.contains("EI "),
        "the value stands beside the band:\n{shown}"
    );
}

#[test]
fn nothing_that_the_model_knows_shows_while_it_is_hidden() {
    let mut desk = on("forrester", Language::English);
    desk.press("ss~7");
    assert!(screen(&desk.model, 160, 48).contains("next point by ξ"));
    desk.press("N");
    for keys in ["1", "6", "7", "8"] {
        desk.press(keys);
        let shown = screen(&desk.model, 160, 48);
        assert!(
            shown.contains("Hidden until") || shown.contains("the model is hidden"),
            "{shown}"
        );
        for mark in ["◆", "○", "▲"] {
            assert!(!shown.contains(mark), "{mark} shows after {keys}:\n{shown}");
        }
    }
    let hints: Vec<&str> = tunescope::keymap::hints(&desk.model)
        .iter()
        .map(|(_, label)| *label)
        .collect();
    assert!(
        !hints.contains(&"accept") && !hints.contains(&"reject"),
        "{hints:?}"
    );
}

#[test]
fn regret_stands_in_the_history_once_the_truth_is_shown_and_is_drawn_on_request() {
    let mut desk = on("forrester", Language::English);
    desk.press("sss5oo");
    assert!(
        desk.model.explained.history == HistoryLayer::Values && desk.notice().contains("V shows the truth"),
        "{}",
        desk.notice()
    );
    desk.press("V");
    let bench = &desk.model.lab.as_ref().unwrap().bench;
    let (regrets, regret) = (bench.regrets(), bench.regret().unwrap());
    assert_eq!(regrets.len(), bench.points().len());
    assert_eq!(regrets.last(), Some(&regret));
    assert!(
        regrets.windows(2).all(|w| w[1] <= w[0]),
        "without noise the best only gets better: {regrets:?}"
    );
    let told = format!("regret {}", tunescope::study::number::significant(regret, 2));
    let shown = screen(&desk.model, 120, 36);
    assert!(
        shown.matches(&told).count() >= 2,
        "{told} in header and history:\n{shown}"
    );
    desk.press("o");
    assert!(screen(&desk.model, 120, 36).contains("simple regret (log)"));
    desk.press("V");
    let shown = screen(&desk.model, 120, 36);
    assert!(
        !shown.contains(&told),
        "{told} is hidden with the truth:\n{shown}"
    );
}

#[test]
fn the_first_step_in_the_lab_follows_the_acquisition_function() {
    let desk = on("forrester", Language::English);
    let suggestion = desk.model.suggestion().unwrap();
    assert_eq!(suggestion.reason, Reason::Acquisition);
    let slice = &desk.model.slices.as_ref().unwrap().value[0];
    let best = &slice.points[slice.best_acquisition];
    let next = suggestion.configuration[0].as_f64().unwrap();
    // Slices of these workers have few points: the suggestion is at least as good, and near the best of them.
    assert!(suggestion.readout.unwrap().ei >= best.acquisition - 1e-9);
    assert!((best.position - next).abs() <= 0.125, "{next}, {}", best.position);
}

#[test]
fn with_few_starts_each_climb_is_told_and_the_highest_is_taken() {
    let mut desk = on("gramacy_lee", Language::English);
    desk.press("ssss");
    let all = desk.model.suggestion().unwrap().clone();
    assert!(all.why.climbs.is_empty());
    let mut missed = 0;
    for starts in [1, 2, 3, 5, 8, 16] {
        desk.press("%");
        assert_eq!(desk.model.acquisition.starts, Some(starts));
        let suggestion = desk.model.suggestion().unwrap();
        let climbs = &suggestion.why.climbs;
        assert!(
            !climbs.is_empty() && climbs.len() <= starts,
            "{} of {starts}",
            climbs.len()
        );
        let top = climbs.iter().max_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
        let at = |c: &[Value]| c[0].as_f64().unwrap();
        assert!(
            (at(&top.to) - at(&suggestion.configuration)).abs() < 1e-2,
            "{starts}"
        );
        assert_eq!(top.peak, 0, "peaks count from the highest");
        let (ours, best) = (
            suggestion.readout.unwrap().chosen.unwrap(),
            all.readout.unwrap().chosen.unwrap(),
        );
        assert!(ours <= best + 1e-3, "{ours} beats the full search {best}");
        missed += usize::from(ours < best - 0.05);
    }
    assert!(
        missed > 0,
        "a single start misses the highest hill here: that is what the knob is for"
    );
    assert!(screen(&desk.model, 120, 36).contains('△'));
    desk.press("%");
    assert_eq!(desk.model.acquisition.starts, None);
    assert_eq!(desk.model.suggestion().unwrap().configuration, all.configuration);
}

#[test]
fn before_the_first_point_samples_are_draws_from_the_prior() {
    let mut desk = on("forrester", Language::English);
    desk.press("~<Backspace><Backspace><Backspace>");
    let prior = desk.model.explained.prior.clone().unwrap();
    assert_eq!(prior.cuts[0].curves.len(), desk.model.explained.samples);
    let (places, curves) =
        tunescope::learn::bench::prior_curves(&prior.kernel, prior.lengthscale, prior.seed, prior.count)
            .unwrap();
    assert_eq!(
        (&prior.cuts[0].positions, &prior.cuts[0].curves),
        (&places, &curves)
    );
    let shown = screen(&desk.model, 160, 48);
    assert!(
        shown.contains("functions drawn from the prior") && shown.contains('○'),
        "{shown}"
    );
    desk.press("K");
    let other = desk.model.explained.prior.clone().unwrap();
    assert_ne!(
        (other.kernel, &other.cuts[0].curves),
        (prior.kernel, &curves),
        "the kernel is a live knob"
    );
    desk.press("<Space>");
    assert!(desk.model.explained.prior.is_none());
}

#[test]
fn a_comparison_stands_beside_the_lesson_that_asks_for_it() {
    for language in Language::ALL {
        let lab = Lab::named_lesson("10", language, Arc::default())
            .unwrap()
            .unwrap();
        let mut desk = Desk::lab(lab);
        desk.press("<Enter><Enter><Enter>C");
        assert!(matches!(desk.model.overlay, Some(Overlay::Compare { .. })));
        let task = desk.model.play().unwrap().task().unwrap().ask.clone();
        for (w, h) in [(80, 24), (120, 36), (160, 48)] {
            let shown = screen(&desk.model, w, h);
            let begin: String = task.chars().take(8).collect();
            assert!(shown.contains(&begin), "the task is covered at {w}x{h}:\n{shown}");
            let title = language.word("acquisition functions");
            assert!(shown.contains(title), "{shown}");
        }
    }
}

#[test]
fn help_lists_the_keys_of_the_lab_in_the_lab_alone() {
    let mut lab = on("forrester", Language::English);
    lab.press("?");
    let shown = |model: &Model| screen(model, 200, 100);
    let text = shown(&lab.model);
    assert!(
        text.contains("in the lab") && !text.contains("playing a lesson") && !text.contains("withdraw"),
        "{text}"
    );
    let mut explorer = Desk::open(tunescope::study::Study::empty());
    explorer.press("?");
    let text = shown(&explorer.model);
    assert!(
        !text.contains("in the lab") && !text.contains("choosing a lesson") && text.contains("withdraw"),
        "{text}"
    );
}

/// Names that are the same in every language: functions, kernels, keys, and what a formula is written with.
const NAMES: &[&str] = &[
    "Forrester",
    "Branin",
    "Thompson",
    "Ackley",
    "Goldstein",
    "Gramacy",
    "Griewank",
    "Hartmann",
    "Levy",
    "Michalewicz",
    "Price",
    "Rastrigin",
    "Rosenbrock",
    "Styblinski",
    "Tang",
    "gamma",
    "enter",
    "Enter",
    "space",
    "backspace",
    "shift",
    "pageup",
    "pagedown",
    "home",
    "Home",
    "Esc",
    "matern",
    "viridis",
    "magma",
    "batlow",
    // The identity of a trial that is imagined, as any other.
    "imagined",
];

#[test]
fn in_a_chinese_lab_no_label_is_left_in_english() {
    let mut left = BTreeSet::new();
    let mut look = |desk: &Desk, place: &str| {
        for (w, h) in [(80, 24), (120, 36), (160, 48)] {
            let shown = screen(&desk.model, w, h);
            let words = shown.split(|c: char| !c.is_ascii_alphabetic());
            for word in words.filter(|w| w.len() >= 4 && !NAMES.contains(w)) {
                left.insert(format!("{word} ({place})"));
            }
        }
    };
    for function in ["forrester", "branin"] {
        let mut desk = on(function, Language::SimplifiedChinese);
        desk.press("ss");
        for pane in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            desk.press(pane);
            look(&desk, pane);
        }
        for keys in [
            "C",
            "H",
            "J",
            "?",
            "V",
            "5o",
            "~",
            "%",
            "N",
            "<Right><Enter><Up>",
            "<Enter>",
            "<Esc>",
        ] {
            desk.press(keys);
            look(&desk, keys);
            if keys.len() == 1 && "CHJ?".contains(keys) {
                desk.press("<Esc>");
            }
        }
        desk.press("<Esc>Ig");
        look(&desk, "what if");
        desk.press("<Esc>,,");
        look(&desk, "the past");
    }
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_pane_that_cannot_be_drawn_in_one_dimension_gives_its_place_away() {
    let mut desk = on("forrester", Language::English);
    desk.press("6");
    for (w, h) in [(120, 36), (160, 48)] {
        assert!(!screen(&desk.model, w, h).contains("needs two parameters"));
    }
    desk.press("2");
    assert_eq!(desk.model.focus, Pane::Surface);
    assert!(
        screen(&desk.model, 120, 36).contains("needs two parameters"),
        "it is there where it is asked for"
    );
}
