//! What is written to the terminal, and what is made of what it sends.

use std::time::Duration;

use crate::harness::{Sandbox, Session, Start, contains};
use crate::{BEGIN, END, ENTER, LEAVE, explorer, rows};

/// How long nothing must be written for the screen to count as at rest.
const REST: Duration = Duration::from_millis(700);

#[test]
fn every_frame_is_one_synchronised_update_and_nothing_is_between_them() {
    let (_sandbox, mut session) = explorer(&Start::default());
    for key in ["j", "3", "\t", "?", "\x1b", "z", "z"] {
        session.send(key);
        session.wait_quiet(Duration::from_millis(150));
    }
    session.send("q");
    session.wait_exit();
    session.wait_all_read();
    let raw = session.raw();
    let mut rest = raw.strip_prefix(ENTER).expect("it begins by entering");
    let mut frames = 0;
    while let Some(frame) = rest.strip_prefix(BEGIN) {
        let end = frame
            .windows(END.len())
            .position(|w| w == END)
            .expect("a begin has its end");
        assert!(!contains(&frame[..end], BEGIN), "frames are nested");
        rest = &frame[end + END.len()..];
        frames += 1;
    }
    assert_eq!(rest.escape_ascii().to_string(), LEAVE.escape_ascii().to_string());
    assert!(frames > 5, "{frames}");
}

#[test]
fn when_nothing_happens_nothing_is_written() {
    let (_sandbox, session) = explorer(&Start::default());
    let rested = session.wait_quiet(Duration::from_secs(1));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        session.byte_count(),
        rested,
        "{}",
        session.raw_from(rested).escape_ascii()
    );
}

#[test]
fn a_key_press_costs_no_more_than_its_budget() {
    let (_sandbox, mut session) = explorer(&Start::default());
    let mut costs = Vec::new();
    for key in ["3", "j", "j", "j", "k", "1", "j", "2", "\t", "4", "j"] {
        let before = session.wait_quiet(REST);
        session.send(key);
        let after = session.wait_quiet(REST);
        costs.push((after - before, key));
    }
    costs.sort_unstable();
    let typical = costs[costs.len() / 2].0;
    assert!(typical <= 4096, "{costs:?}");
}

#[test]
fn a_late_reply_of_the_terminal_changes_nothing_and_accepts_nothing() {
    let (sandbox, mut session) = explorer(&Start::default());
    let rested = session.wait_quiet(Duration::from_secs(1));
    for reply in [
        "\x1b]11;rgb:1a1a/eaea/f0f0\x1b\\",
        "\x1b]11;rgb:1a1a/eaea/f0f0\x07",
        "\x1b[?62;22c",
        "\x1b[12;40R",
        "\x1bP>|xterm(390)\x1b\\",
        "\x1b[?2026;2$y",
    ] {
        session.send(reply);
    }
    // Torn by the network, right where an impatient parser takes the first half for Alt-].
    session.send("\x1b]");
    std::thread::sleep(Duration::from_millis(120));
    session.send("11;rgb:AAAA/EEEE/yyyy\x1b\\");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        session.wait_quiet(REST),
        rested,
        "{}",
        session.raw_from(rested).escape_ascii()
    );
    assert!(!sandbox.path().join("results.queue").exists());
    // It still listens.
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

#[test]
fn the_terminal_is_asked_nothing_while_the_screen_is_ours() {
    let (_sandbox, mut session) = explorer(&Start {
        args: &["--theme", "auto"],
        ..Start::default()
    });
    session.resize(90, 30);
    session.wait_for("0.4321");
    session.send("\x0c");
    session.wait_quiet(REST);
    let raw = session.raw();
    let entered = raw
        .windows(ENTER.len())
        .position(|w| w == ENTER)
        .expect("it entered");
    // Nobody answered the one question that comes before.
    assert!(contains(&raw[..entered], b"\x1b]11;?"));
    let ours = &raw[entered..];
    for query in [
        &b"\x1b[6n"[..],
        b"\x1b[c",
        b"\x1b[0c",
        b"\x1b[>",
        b"]11;?",
        b"]10;?",
        b"$p",
        b"\x1b[?u",
    ] {
        assert!(!contains(ours, query), "{}", query.escape_ascii());
    }
}

/// The explorer on a terminal that answers the question for its background, however slowly it is scheduled.
fn answered(reply: &str) -> Session {
    let sandbox = Sandbox::new();
    sandbox.write("results.jsonl", &rows(0.4321));
    let mut session = Session::start(
        &sandbox,
        &Start {
            args: &["results.jsonl"],
            env: &[("TUNESCOPE_ANSWER_MS", "600000")],
            ..Start::default()
        },
    );
    session.wait_raw(b"\x1b]11;?");
    // The colour, and what every terminal knows to say of itself, by which an end is put to waiting.
    session.send(&format!("{reply}\x1b[?62;22c"));
    session.wait_for("0.4321");
    session.wait_quiet(REST);
    session
}

#[test]
fn a_light_terminal_gets_the_light_theme_and_a_dark_one_the_dark() {
    // The accents of both themes in 256 colours.
    let (dark, light) = (&b"38;5;215"[..], &b"38;5;130"[..]);
    for (reply, wanted, other) in [
        ("\x1b]11;rgb:fafa/fafa/f5f5\x1b\\", light, dark),
        ("\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\", dark, light),
    ] {
        let mut session = answered(reply);
        let raw = session.raw();
        assert!(contains(&raw, wanted), "{}", reply.escape_debug());
        assert!(!contains(&raw, other), "{}", reply.escape_debug());
        // Nothing of the answer was taken for keys.
        assert!(session.contents().contains("1 slices"));
        session.send("q");
        assert_eq!(session.wait_exit(), 0);
    }
}

#[test]
fn without_colours_the_selection_can_be_seen_and_no_colour_is_sent() {
    let (_sandbox, mut session) = explorer(&Start {
        env: &[("NO_COLOR", "1")],
        ..Start::default()
    });
    session.send("3");
    session.wait_until("a reversed cell", |screen| {
        let (rows, columns) = screen.size();
        let cells = (0..rows.get()).flat_map(|r| (0..columns.get()).map(move |c| (r, c)));
        let mut reversed = cells.filter(|(r, c)| screen.cell(*r, *c).is_some_and(vt100::Cell::inverse));
        reversed.next()
    });
    session.wait_quiet(REST);
    for sequence in graphic_renditions(&session.raw()) {
        let coloured = sequence
            .split(';')
            .filter_map(|code| code.parse::<u32>().ok())
            .any(|code| matches!(code, 30..=38 | 40..=48 | 90..=107));
        assert!(!coloured, "{sequence}");
    }
}

/// The parameters of every `CSI … m`.
fn graphic_renditions(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    text.split("\x1b[")
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            rest[end..].starts_with('m').then(|| rest[..end].to_owned())
        })
        .collect()
}

#[test]
fn hostile_names_never_reach_the_terminal_raw() {
    let sandbox = Sandbox::new();
    let hostile = "l\\u001b]0;owned\\u0007r\\u202e\\u009b31m";
    let mut rows = String::new();
    for i in 0..8 {
        rows.push_str(&format!(
            "{{\"params\":{{\"{hostile}\":0.{i}1,\"opt\":\"a\\u001b[2J{}\"}},\"value\":0.{}123,\
             \"error\":\"\\u001bc\"}}\n",
            i % 2,
            9 - i
        ));
    }
    rows.push_str("{\"broken\u{1b}[31m\n");
    sandbox.write("results.jsonl", &rows);
    let mut session = Session::start(
        &sandbox,
        &Start {
            args: &["results.jsonl", "--theme", "dark"],
            ..Start::default()
        },
    );
    session.wait_for("0.2123");
    for key in ["1", "2", "3", "4", "5", "d", "\x1b", "w", "\x1b"] {
        session.send(key);
        session.wait_quiet(Duration::from_millis(200));
    }
    session.send("Q");
    session.wait_exit();
    session.wait_all_read();
    let raw = session.raw();
    assert!(!contains(&raw, b"\x1b]"), "an OSC got through");
    assert!(!contains(&raw, b"\x1bc"), "a reset got through");
    let text = String::from_utf8(raw).expect("whole characters only");
    assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{7}']));
    // The one clear is the first frame's own, if any: data cannot add one.
    assert!(text.matches("\x1b[2J").count() <= 1, "a clear got through");
}
