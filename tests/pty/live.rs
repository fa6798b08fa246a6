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
    // The last that is computed: what matters most, which orders the slices.
    session.wait_until("the shares of the parameters", |screen| {
        let text = screen.contents();
        let mut rows = text.lines().filter(|row| row.contains("▸learning_rate"));
        rows.any(|row| row.contains(" %")).then_some(())
    });
    session.wait_quiet(std::time::Duration::from_millis(700));
    let after = seen(&session);
    // Everything again from scratch must give what is there.
    session.send("\x0c");
    session.wait_quiet(std::time::Duration::from_millis(700));
    assert_eq!(after, seen(&session));
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
}

/// The processes whose command line names `word`.
#[cfg(target_os = "linux")]
fn processes_naming(word: &str) -> Vec<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(word))
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_demo_runs_trials_of_its_own_and_leaves_no_worker_behind() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("demo");
    let name = folder.to_str().unwrap();
    let mut session = Session::start(
        &sandbox,
        &Start {
            args: &[
                "demo", "--dir", name, "--from", "12", "--pace", "0", "--theme", "dark",
            ],
            ..Start::default()
        },
    );
    session.wait_until("a screen", |screen| screen.alternate_screen().then_some(()));
    let until = std::time::Instant::now() + crate::harness::deadline();
    loop {
        let text = std::fs::read_to_string(folder.join("results.jsonl")).unwrap_or_default();
        if text.lines().count() > 12 {
            break;
        }
        assert!(std::time::Instant::now() < until, "no trial was run: {text}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(
        processes_naming(name)
            .iter()
            .any(|line| line.contains("demo-worker"))
    );
    session.send("q");
    assert_eq!(session.wait_exit(), 0);
    session.wait_all_read();
    assert!(
        session.contents().contains("the demo's results stay in"),
        "{}",
        session.contents()
    );
    assert_eq!(
        processes_naming("demo-worker")
            .iter()
            .filter(|l| l.contains(name))
            .count(),
        0
    );
}

/// What is to be seen, line by line: of half blocks their two colours, however they were written. Without digits, since
/// ages count on.
fn seen(session: &Session) -> Vec<String> {
    session.wait_until("a screen", |screen| {
        let (rows, columns) = screen.size();
        let line = |row: u16| -> String {
            let cells = (0..columns.get()).filter_map(|column| screen.cell(row, column));
            let cells = cells.filter(|cell| !cell.contents().starts_with(|c: char| c.is_ascii_digit()));
            cells
                .map(|cell| {
                    let (front, back) = (cell.fgcolor(), cell.bgcolor());
                    match cell.contents() {
                        "" | " " if back == vt100::Color::Default => " ".to_owned(),
                        "" | " " => format!("[{back:?} {back:?}]"),
                        "\u{2580}" => format!("[{front:?} {back:?}]"),
                        "\u{2584}" => format!("[{back:?} {front:?}]"),
                        "\u{2588}" => format!("[{front:?} {front:?}]"),
                        text => text.to_owned(),
                    }
                })
                .collect()
        };
        Some(
            (0..rows.get())
                .map(|row| line(row).trim_end().to_owned())
                .collect(),
        )
    })
}
