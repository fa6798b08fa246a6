//! The lab in a terminal: a function, and a lesson in wide characters.

use crate::harness::{Sandbox, Session, Start};

fn lab(sandbox: &Sandbox, args: &[&str], size: (u16, u16)) -> Session {
    let args: Vec<&str> = ["learn", "--theme", "dark"]
        .into_iter()
        .chain(args.iter().copied())
        .collect();
    Session::start(
        sandbox,
        &Start {
            args: &args,
            size,
            ..Start::default()
        },
    )
}

#[test]
fn a_function_is_tried_stepped_on_and_revealed() {
    let sandbox = Sandbox::new();
    let mut session = lab(&sandbox, &["forrester"], (120, 36));
    session.wait_for("Forrester");
    session.wait_for("3 complete");
    // The probe stands on the suggestion: before there is one, there is no place to evaluate.
    session.wait_for("by log EI");
    // A point at the probe, then two steps of the optimiser: each waits for the fit before.
    for (key, words) in [(" ", "4 complete"), ("s", "5 complete"), ("s", "6 complete")] {
        session.send(key);
        session.wait_for(words);
    }
    session.wait_for("truth hidden");
    session.send("V");
    session.wait_for("truth shown");
    session.send("Z");
    session.wait_for("5 complete");
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

#[test]
fn a_lesson_in_chinese_keeps_its_columns() {
    let sandbox = Sandbox::new();
    let mut session = lab(&sandbox, &["1", "--lang", "zh"], (80, 24));
    session.wait_for("高斯过程");
    session.wait_quiet(std::time::Duration::from_millis(500));
    // No wide character was cut in two, or pushed what follows it out of its column.
    session.screen(|screen| {
        for row in 0..24 {
            for column in 0..80 {
                let Some(cell) = screen.cell(row, column) else {
                    continue;
                };
                if cell.is_wide() {
                    let next = screen.cell(row, column + 1);
                    assert!(
                        next.is_some_and(|c| c.is_wide_continuation()),
                        "row {row}, column {column}"
                    );
                }
            }
        }
    });
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}
