//! Following a file and a window that change.

use crate::explorer;
use crate::harness::{Sandbox, Session, Start};
use crate::rows;

#[test]
fn rows_that_are_appended_are_seen() {
    let (sandbox, session) = explorer(&Start::default());
    sandbox.append(
        "results.jsonl",
        "{\"id\":12,\"params\":{\"learning_rate\":1e-3,\"dropout\":0.1,\"scheduler\":\"cosine\"},\"value\":0.2468}\n",
    );
    session.wait_for("0.2468");
}

#[test]
fn a_file_replaced_three_times_in_a_row_is_seen_each_time() {
    let (sandbox, session) = explorer(&Start::default());
    for best in [0.3951, 0.2846, 0.1735] {
        sandbox.replace("results.jsonl", &rows(best));
        session.wait_for(&best.to_string());
    }
}

#[test]
fn a_file_that_does_not_exist_yet_is_waited_for() {
    let sandbox = Sandbox::new();
    let mut session = Session::start(
        &sandbox,
        &Start {
            args: &["results.jsonl"],
            ..Start::default()
        },
    );
    session.wait_until("a screen", |screen| {
        (screen.alternate_screen() && screen.contents().trim().len() > 20).then_some(())
    });
    sandbox.write("results.jsonl", &rows(0.4321));
    session.wait_for("0.4321");
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

#[test]
fn a_storm_of_sizes_ends_in_the_same_screen_as_the_size_at_rest() {
    let (_sandbox, mut session) = explorer(&Start::default());
    let mut state = 7_u32;
    for _ in 0..60 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let columns = 10 + u16::try_from(state >> 24).unwrap();
        let rows = 3 + u16::try_from(state >> 26).unwrap();
        session.resize(columns, rows);
    }
    session.resize(120, 36);
    session.wait_for("0.4321");
    session.wait_quiet(std::time::Duration::from_millis(700));
    let after = session.contents();
    // Everything again from scratch must give what is there.
    session.send("\x0c");
    session.wait_quiet(std::time::Duration::from_millis(700));
    pretty_equal(&after, &session.contents());
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

/// Equal but for digits: ages count on.
fn pretty_equal(a: &str, b: &str) {
    let without_ages = |text: &str| -> String { text.chars().filter(|c| !c.is_ascii_digit()).collect() };
    assert_eq!(without_ages(a), without_ages(b), "\n{a}\n---\n{b}");
}
