//! The real program in a real (pseudo-)terminal: what it turns on it turns off, what it is sent it
//! survives, and what it writes is what a terminal wants to see.

#[path = "pty/harness.rs"]
mod harness;
#[path = "pty/honest.rs"]
mod honest;
#[path = "pty/lab.rs"]
mod lab;
#[path = "pty/leaving.rs"]
mod leaving;
#[path = "pty/live.rs"]
mod live;

use harness::{Sandbox, Session, Start};

/// What the program turns on, in one piece each, and turns off in the reverse order.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?25l";
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1004l\x1b[?2004l\x1b[?1049l";
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// A study of twelve trials; the best value is `best`, which is on the screen then.
fn rows(best: f64) -> String {
    let mut text = String::new();
    for i in 0..12_u32 {
        let lr = 10_f64.powf(-4.5 + 0.25 * f64::from(i));
        let dropout = f64::from((i * 5) % 12) / 30.0;
        let scheduler = ["linear", "cosine", "constant"][i as usize % 3];
        let value = if i == 7 {
            best
        } else {
            best + 0.11 + 0.07 * f64::from(i.abs_diff(7)) + dropout / 3.0
        };
        text.push_str(&format!(
            "{{\"id\":{i},\"state\":\"complete\",\"params\":{{\"learning_rate\":{lr:e},\"dropout\":{dropout},\
             \"scheduler\":\"{scheduler}\"}},\"value\":{value},\"seconds\":2.5}}\n"
        ));
    }
    text
}

/// A sandbox with the study in it, and the explorer on it, with its best on screen.
fn explorer(start: &Start<'_>) -> (Sandbox, Session) {
    let sandbox = Sandbox::new();
    sandbox.write("results.jsonl", &rows(0.4321));
    // Without a theme the terminal is asked for its background first, which few tests are about.
    let theme = if start.args.contains(&"--theme") {
        &[][..]
    } else {
        &["--theme", "dark"]
    };
    let args: Vec<&str> = std::iter::once("results.jsonl")
        .chain(theme.iter().copied())
        .chain(start.args.iter().copied())
        .collect();
    let session = Session::start(
        &sandbox,
        &Start {
            args: &args,
            ..*start
        },
    );
    session.wait_for("0.4321");
    (sandbox, session)
}
