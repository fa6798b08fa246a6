//! The guessing game and the race, by key strings, with workers that answer at once.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/studies.rs"]
mod studies;

use desk::{Desk, screen};
use studies::scattered;
use tunescope::learn::game::{Band, Stage};
use tunescope::learn::race::Runner;
use tunescope::session::effect::Effect;
use tunescope::session::{Overlay, Pane};
use tunescope::study::{Direction, Study};

fn study(trials: usize) -> Study {
    scattered(trials, Direction::Minimize)
}

#[test]
fn a_round_hides_the_model_until_the_point_is_placed_and_scores_both_picks() {
    let mut desk = Desk::open(study(14));
    desk.press("N");
    assert_eq!(desk.model.looked_at(), 6);
    assert!(desk.model.is_blind());
    let shown = screen(&desk.model, 120, 36);
    assert!(
        shown.contains("round 1 of 8") && shown.contains("Hidden until"),
        "{shown}"
    );
    assert!(!shown.contains("◆"), "the suggestion shows:\n{shown}");
    // Nothing gives it away.
    let probe = desk.model.in_hand().to_vec();
    desk.press("n,.C");
    assert!(desk.model.overlay.is_none() && desk.model.in_hand() == probe);
    assert_eq!(desk.model.looked_at(), 6);
    desk.press("<Right><Right><Enter>");
    assert!(matches!(desk.model.overlay, Some(Overlay::Band { .. })));
    desk.press("-50 400<Enter>");
    let game = desk.model.games.now.as_ref().unwrap();
    assert_eq!(game.stage, Stage::Revealed);
    let round = &game.rounds[0];
    assert_eq!(round.guess, desk.model.in_hand());
    assert_eq!(round.picked, desk.model.suggestion().unwrap().configuration);
    assert_eq!(
        round.band,
        Some(Band {
            low: -50.0,
            high: 400.0
        })
    );
    assert_eq!(round.points, game.points(&round.guess));
    assert!(round.value.is_some() && round.model_band.is_some());
    let shown = screen(&desk.model, 120, 36);
    assert!(shown.contains("points, EI ") && shown.contains("held"), "{shown}");
    assert!(shown.contains("◆"));
    desk.press("<Enter>");
    assert_eq!(desk.model.looked_at(), 7);
    assert!(desk.model.is_blind());
}

#[test]
fn a_whole_game_ends_in_a_summary_that_is_saved_and_everything_is_as_before() {
    let mut desk = Desk::open(study(10));
    desk.press("E<Enter><C-u>0.3<Enter>");
    let draft = desk.model.draft.clone().unwrap();
    desk.press("N");
    let rounds = desk.model.games.now.as_ref().unwrap().of;
    assert_eq!(rounds, 5);
    for k in 0..rounds {
        // One without a band, one by arrows, the rest typed.
        let band = match k {
            0 => "<Enter>",
            1 => "<Right><Up><Left><Enter>",
            _ => "0 100<Enter>",
        };
        desk.press("<Enter>").press(band);
        assert_eq!(desk.model.games.now.as_ref().unwrap().rounds.len(), k + 1);
        desk.press("<Enter>");
    }
    assert!(desk.model.games.now.is_none());
    assert!(!desk.model.lens.is_on());
    assert!(matches!(desk.model.overlay, Some(Overlay::Game { .. })));
    let saved = desk.effects.iter().find_map(|e| match e {
        Effect::SaveGame(game) => Some(game.clone()),
        _ => None,
    });
    let saved = saved.unwrap();
    assert_eq!(saved["rounds"].as_array().unwrap().len(), rounds);
    assert_eq!(saved["score"]["bands"], 4);
    let shown = screen(&desk.model, 80, 24);
    assert!(
        shown.contains("points a round") && shown.contains("Interval score"),
        "{shown}"
    );
    desk.press("<Esc>");
    assert_eq!(desk.model.draft.as_ref().unwrap().values, draft.values);
    assert_eq!(desk.model.study.trials.len(), 10);
}

#[test]
fn a_band_that_is_none_is_said_and_esc_goes_back_to_placing() {
    let mut desk = Desk::open(study(12));
    desk.press("N<Enter>0.2<Enter>");
    assert!(matches!(
        &desk.model.overlay,
        Some(Overlay::Band { remark: Some(_), .. })
    ));
    desk.press("<Esc>");
    assert!(desk.model.overlay.is_none() && desk.model.is_blind());
    desk.press("<Esc>");
    assert!(desk.model.games.now.is_none() && !desk.model.lens.is_on());
    assert!(desk.effects.iter().all(|e| !matches!(e, Effect::SaveGame(_))));
    // Too little to play on.
    let mut small = Desk::open(study(2));
    small.press("N");
    assert!(small.model.games.now.is_none());
    assert!(small.notice().contains("only 2"), "{}", small.notice());
}

#[test]
fn a_race_begins_when_its_pane_is_looked_at_and_the_next_one_counts_into_the_ranks() {
    let mut desk = Desk::open(study(10));
    desk.press("9");
    assert_eq!(desk.model.focus, Pane::Race);
    let race = desk.model.races.last.clone().unwrap();
    assert!(race.is_done() && !desk.model.races.is_running);
    assert_eq!(race.lanes.len(), Runner::ALL.len() + 1);
    let you = race.lanes.last().unwrap();
    assert_eq!(you.runner, Runner::You);
    assert_eq!(you.points.len(), 4, "the trials after the start");
    assert_eq!(desk.model.races.mean_rank(Runner::Random).unwrap().1, 1);
    desk.press("<Enter>");
    let again = desk.model.races.last.clone().unwrap();
    assert_ne!(again.seed, race.seed);
    assert_eq!(desk.model.races.mean_rank(Runner::Random).unwrap().1, 2);
    for (w, h) in [(80, 24), (120, 36), (160, 48)] {
        let shown = screen(&desk.model, w, h);
        assert!(shown.contains("race"), "{shown}");
        assert!(
            shown.contains("random"),
            "the legend is missing at {w}x{h}:\n{shown}"
        );
    }
    desk.press("jj");
    assert_eq!(desk.model.races.cursor, 2);
    desk.press("<Esc>");
    assert_eq!(desk.model.focus, Pane::History);
}

#[test]
fn nothing_is_raced_before_there_is_a_model() {
    let mut desk = Desk::open(study(0));
    desk.press("9");
    assert!(desk.model.races.last.is_none());
    assert!(desk.notice().contains("nothing to race on"), "{}", desk.notice());
}
