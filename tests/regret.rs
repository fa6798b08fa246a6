//! The loop of the regret bench, shortly: it runs, and it beats random search by far.

#[path = "../benches/regret/curves.rs"]
#[allow(dead_code, reason = "the bench keeps files, too")]
mod curves;
#[path = "../benches/regret/play.rs"]
mod play;

use tunescope::learn::function::Function;

fn least(name: &str, evaluations: usize) -> f64 {
    let function = Function::named(name).unwrap();
    let game = play::Game {
        function: &function,
        noisy: false,
        seed: 0,
        own_design: false,
        evaluations,
        how: &play::How::default(),
    };
    game.play().unwrap().best().last().copied().unwrap()
}

#[test]
fn fifteen_evaluations_of_branin_come_closer_than_random_search_does_in_fifty() {
    // Medians of random search over six seeds: 2.7 after 20 evaluations, 0.6 after 50.
    let regret = least("branin", 15);
    assert!(regret < 0.6, "{regret}");
}

#[test]
fn a_space_with_categories_goes_through_the_same_loop() {
    // Random search: 0.056 after 30 evaluations.
    let regret = least("lmft", 16);
    assert!(regret < 0.2, "{regret}");
}
