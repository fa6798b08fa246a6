//! Every way out, and back in.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Sandbox, Session, Start, contains};
use crate::{ENTER, LEAVE, explorer};

#[track_caller]
fn assert_given_back(session: &crate::harness::Session) {
    let raw = session.raw();
    assert!(
        raw.starts_with(ENTER),
        "{}",
        raw[..40.min(raw.len())].escape_ascii()
    );
    assert_eq!(count(&raw, ENTER), count(&raw, LEAVE));
    assert!(!session.screen(vt100::Screen::alternate_screen));
    assert!(!session.screen(vt100::Screen::hide_cursor));
    assert!(!session.screen(vt100::Screen::bracketed_paste));
    assert_eq!(session.line_settings(), session.settings_before);
}

fn count(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).filter(|w| *w == needle).count()
}

#[test]
fn quitting_gives_the_terminal_back_byte_for_byte() {
    let (_sandbox, mut session) = explorer(&Start::default());
    assert!(session.screen(vt100::Screen::alternate_screen));
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
    session.wait_all_read();
    assert_given_back(&session);
    assert!(session.raw().ends_with(LEAVE));
}

#[test]
fn quitting_with_a_summary_prints_it_where_it_stays() {
    let (_sandbox, mut session) = explorer(&Start::default());
    session.send("Q");
    assert_eq!(session.wait_exit(), 0);
    session.wait_all_read();
    assert_given_back(&session);
    assert!(
        session.contents().contains("12 trials (12 complete"),
        "{}",
        session.contents()
    );
    assert!(session.contents().contains("0.4321"));
}

#[test]
fn a_terminating_signal_puts_the_terminal_back_and_is_told_in_the_status() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let (_sandbox, mut session) = explorer(&Start::default());
        session.signal(signal);
        assert_eq!(session.wait_exit(), status);
        session.wait_all_read();
        assert_given_back(&session);
    }
}

#[test]
fn ctrl_c_ends_even_while_text_is_typed() {
    let (_sandbox, mut session) = explorer(&Start::default());
    session.send(":theme");
    session.wait_for(":theme");
    session.send("\x03");
    session.wait_exit();
    session.wait_all_read();
    assert_given_back(&session);
}

#[test]
fn suspended_it_leaves_the_shell_alone_and_resumed_it_draws_everything() {
    let (_sandbox, mut session) = explorer(&Start {
        in_shell: true,
        ..Start::default()
    });
    session.send("\x1a");
    session.wait_for("Stopped");
    assert!(!session.screen(vt100::Screen::alternate_screen));
    assert!(!session.screen(vt100::Screen::hide_cursor));
    session.send("echo mar''ker\r");
    session.wait_for("marker");
    session.send("fg\r");
    session.wait_until("the explorer again", |screen| {
        (screen.alternate_screen() && screen.contents().contains("0.4321")).then_some(())
    });
    session.send("q");
    session.wait_until("the shell's fourth prompt", |screen| {
        (!screen.alternate_screen() && screen.contents().matches("prompt>").count() == 4).then_some(())
    });
    session.send("echo still''here\r");
    session.wait_for("stillhere");
}

#[test]
fn without_a_shell_that_could_resume_it_ctrl_z_does_not_freeze_the_window() {
    let (_sandbox, mut session) = explorer(&Start::default());
    session.send("\x1a");
    session.wait_for("no shell");
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

#[test]
fn stopped_and_continued_by_others_it_takes_the_terminal_again() {
    let (_sandbox, mut session) = explorer(&Start::default());
    let before = session.byte_count();
    session.signal(Signal::STOP);
    session.signal(Signal::CONT);
    let until = std::time::Instant::now() + crate::harness::deadline();
    while !contains(&session.raw_from(before), ENTER) {
        assert!(std::time::Instant::now() < until, "it was not taken again");
        std::thread::sleep(Duration::from_millis(10));
    }
    session.wait_for("0.4321");
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

#[test]
fn when_the_terminal_is_gone_it_ends() {
    let (_sandbox, mut session) = explorer(&Start::default());
    session.hang_up();
    session.wait_exit();
}

/// The explorer, with a panic in a place that is built for it.
#[cfg(debug_assertions)]
fn asked_to_panic(place: &str) -> (Sandbox, Session) {
    let sandbox = Sandbox::new();
    sandbox.write("results.jsonl", &crate::rows(0.4321));
    let start = Start {
        args: &["results.jsonl", "--theme", "dark"],
        env: &[("TUNESCOPE_TEST_PANIC", place)],
        ..Start::default()
    };
    let session = Session::start(&sandbox, &start);
    (sandbox, session)
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_of_a_worker_keeps_the_screen_and_is_told_on_it() {
    let (_sandbox, mut session) = asked_to_panic("fit");
    session.wait_for("error in tunescope itself");
    assert!(session.screen(vt100::Screen::alternate_screen));
    assert_eq!(count(&session.raw(), LEAVE), 0);
    assert!(
        !contains(&session.raw(), b"panicked at"),
        "the report went into the middle of a frame"
    );
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
    session.wait_all_read();
    assert_given_back(&session);
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_of_the_screen_itself_puts_the_terminal_back_before_it_is_told() {
    let (_sandbox, mut session) = asked_to_panic("key");
    session.wait_for("0.4321");
    session.send("j");
    assert_eq!(session.wait_exit(), 101);
    session.wait_all_read();
    assert_given_back(&session);
    assert!(
        session.contents().contains("asked to panic in key"),
        "{}",
        session.contents()
    );
}
