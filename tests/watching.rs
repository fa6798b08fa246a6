//! Real files, real events: what a reader makes of everything that happens to a file while it is watched.

use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tempfile::TempDir;
use tunescope::io::{Change, Pace, ReadOptions, Reader, Sign, Watch, read_once};
use tunescope::study::{Study, TrialState};

/// Longer than anything here takes, shorter than patience.
const DEADLINE: Duration = Duration::from_secs(20);
/// Events alone: a look with `stat` comes too late to help.
const EVENTS_ONLY: Pace = Pace {
    gap: Duration::from_millis(5),
    poll: Duration::from_secs(3600),
};

fn row(id: usize) -> String {
    format!(
        "{{\"id\": {id}, \"params\": {{\"lr\": {}}}, \"value\": {id}.5}}\n",
        0.1 + id as f64
    )
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A watched file and its reader.
struct Bench {
    folder: TempDir,
    path: PathBuf,
    reader: Reader,
    signs: Receiver<Sign>,
    _watch: Watch,
    changes: Vec<Change>,
}

impl Bench {
    fn new(before: Option<&str>, pace: Pace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.jsonl");
        if let Some(text) = before {
            fs::write(&path, text).unwrap();
        }
        Self::on(folder, path, pace)
    }

    fn on(folder: TempDir, path: PathBuf, pace: Pace) -> Self {
        let (send, signs) = mpsc::channel();
        let watch = Watch::file(&path, pace, move |sign| {
            let _ = send.send(sign);
        })
        .unwrap();
        // The first sign says that the watch stands.
        assert_eq!(signs.recv_timeout(DEADLINE), Ok(Sign::Changed));
        let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
        reader.poll().unwrap();
        Self {
            folder,
            path,
            reader,
            signs,
            _watch: watch,
            changes: Vec::new(),
        }
    }

    /// Polls on each sign until the study is as wanted.
    fn until(&mut self, what: &str, is_there: impl Fn(&Study) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !is_there(&self.reader.study()) {
            let left = end.saturating_duration_since(Instant::now());
            let sign = self.signs.recv_timeout(left);
            assert!(sign.is_ok(), "{what}: {:?}", values(&self.reader.study()));
            match self.reader.poll().unwrap() {
                Change::Unchanged => {}
                change => self.changes.push(change),
            }
        }
    }

    fn until_values(&mut self, what: &str, wanted: &[f64]) {
        self.until(what, |study| values(study) == wanted);
    }

    fn replace(&self, text: &str) {
        let other = self.folder.path().join("temporary");
        fs::write(&other, text).unwrap();
        fs::rename(&other, &self.path).unwrap();
    }
}

fn values(study: &Study) -> Vec<f64> {
    study.trials.iter().filter_map(|t| t.objective()).collect()
}

#[test]
fn appended_rows_arrive_and_only_they_are_read() {
    let mut bench = Bench::new(Some(&row(1)), EVENTS_ONLY);
    bench.until_values("first", &[1.5]);
    let first = bench.reader.study().trials[0].clone();
    for id in 2..6 {
        append(&bench.path, &row(id));
        bench.until("appended", |s| s.trials.len() == id);
    }
    assert!(bench.changes.iter().all(|c| *c == Change::Appended));
    // The trial is the very same object: nothing was read or built again.
    assert!(std::sync::Arc::ptr_eq(&first, &bench.reader.study().trials[0]));
}

#[test]
fn a_row_cut_in_the_middle_is_not_yet_there_and_then_is() {
    let mut bench = Bench::new(Some(&row(1)), EVENTS_ONLY);
    let two = row(2);
    let (head, rest) = two.split_at(20);
    append(&bench.path, head);
    append(&bench.path, rest.trim_end());
    bench.reader.poll().unwrap();
    assert_eq!(values(&bench.reader.study()), [1.5]);
    append(&bench.path, "\n");
    bench.until_values("finished later", &[1.5, 2.5]);
    assert!(bench.reader.study().diagnostics.is_empty());
}

#[test]
fn truncation_and_rewriting_in_place_begin_anew() {
    let mut bench = Bench::new(Some(&(row(1) + &row(2) + &row(3))), EVENTS_ONLY);
    bench.until_values("first", &[1.5, 2.5, 3.5]);
    File::options()
        .write(true)
        .open(&bench.path)
        .unwrap()
        .set_len(row(1).len() as u64)
        .unwrap();
    bench.until_values("truncated", &[1.5]);
    append(&bench.path, &row(7));
    bench.until_values("appended after", &[1.5, 7.5]);
    // The same file, the same length, other content.
    let mut file = File::options().write(true).open(&bench.path).unwrap();
    file.write_all((row(8) + &row(9)).as_bytes()).unwrap();
    bench.until_values("rewritten", &[8.5, 9.5]);
    // Rewritten and longer at once looks like growth, but is not.
    fs::write(&bench.path, row(4) + &row(5) + &row(6)).unwrap();
    bench.until_values("rewritten longer", &[4.5, 5.5, 6.5]);
    assert!(bench.changes.contains(&Change::Rebuilt));
}

#[test]
fn atomic_replacement_is_seen_again_and_again() {
    let mut bench = Bench::new(Some(&row(1)), EVENTS_ONLY);
    for k in 2..6 {
        bench.replace(&(row(k) + &row(k + 10)));
        bench.until_values("replaced", &[k as f64 + 0.5, k as f64 + 10.5]);
        append(&bench.path, &row(99));
        bench.until("appended after", |s| s.trials.len() == 3);
    }
}

#[test]
fn deletion_keeps_what_was_read_and_return_is_seen() {
    let mut bench = Bench::new(Some(&row(1)), EVENTS_ONLY);
    bench.until_values("first", &[1.5]);
    fs::remove_file(&bench.path).unwrap();
    let end = Instant::now() + DEADLINE;
    while !bench.reader.is_missing() {
        bench
            .signs
            .recv_timeout(end.saturating_duration_since(Instant::now()))
            .unwrap();
        bench.reader.poll().unwrap();
    }
    assert_eq!(values(&bench.reader.study()), [1.5]);
    append(&bench.path, &row(5));
    bench.until_values("returned", &[5.5]);
    assert!(!bench.reader.is_missing());
}

#[test]
fn a_file_that_is_empty_or_not_there_yet_is_waited_for() {
    let mut bench = Bench::new(None, EVENTS_ONLY);
    assert!(bench.reader.is_missing());
    File::create(&bench.path).unwrap();
    append(&bench.path, &row(1));
    bench.until_values("appeared", &[1.5]);
    let mut bench = Bench::new(Some(""), EVENTS_ONLY);
    append(&bench.path, "\n# a comment\n");
    append(&bench.path, &row(1));
    bench.until_values("filled", &[1.5]);
    assert_eq!(bench.reader.kind().unwrap().name, "jsonl");
}

#[test]
fn without_events_the_look_with_stat_finds_everything() {
    // A folder that is not there when the watch begins sends no events.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later/results.jsonl");
    let pace = Pace {
        gap: Duration::from_millis(5),
        poll: Duration::from_millis(20),
    };
    let mut bench = Bench::on(folder, path.clone(), pace);
    fs::create_dir(path.parent().unwrap()).unwrap();
    append(&path, &row(1));
    bench.until_values("appeared", &[1.5]);
    // The whole folder is exchanged for another one.
    fs::rename(path.parent().unwrap(), bench.folder.path().join("old")).unwrap();
    fs::create_dir(path.parent().unwrap()).unwrap();
    append(&path, &row(2));
    bench.until_values("another folder", &[2.5]);
    append(&path, &row(3));
    bench.until_values("and its events", &[2.5, 3.5]);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_followed_to_where_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    fs::create_dir(&real).unwrap();
    fs::write(real.join("x.jsonl"), row(1)).unwrap();
    let link = folder.path().join("link.jsonl");
    std::os::unix::fs::symlink(real.join("x.jsonl"), &link).unwrap();
    let mut bench = Bench::on(folder, link, EVENTS_ONLY);
    append(&real.join("x.jsonl"), &row(2));
    bench.until_values("written behind the link", &[1.5, 2.5]);
}

#[test]
fn our_own_reading_raises_no_sign() {
    let bench = Bench::new(Some(&row(1)), EVENTS_ONLY);
    while bench.signs.try_recv().is_ok() {}
    for _ in 0..3 {
        fs::read(&bench.path).unwrap();
    }
    fs::write(bench.folder.path().join("other.jsonl"), "x").unwrap();
    assert!(bench.signs.recv_timeout(Duration::from_millis(200)).is_err());
}

#[test]
fn a_queue_folder_is_watched_with_its_subfolders() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("results.queue");
    for name in ["pending", "claimed"] {
        fs::create_dir_all(queue.join(name)).unwrap();
    }
    let (send, signs) = mpsc::channel();
    let watch = Watch::folder(&queue, EVENTS_ONLY, move |sign| {
        let _ = send.send(sign);
    })
    .unwrap();
    assert_eq!(signs.recv_timeout(DEADLINE), Ok(Sign::Changed));
    fs::write(queue.join("pending/1.json"), "{}").unwrap();
    assert_eq!(signs.recv_timeout(DEADLINE), Ok(Sign::Changed));
    while signs.recv_timeout(Duration::from_millis(100)).is_ok() {}
    fs::rename(queue.join("pending/1.json"), queue.join("claimed/1.json.host.1")).unwrap();
    assert_eq!(signs.recv_timeout(DEADLINE), Ok(Sign::Changed));
    drop(watch);
    while signs.try_recv().is_ok() {}
    fs::write(queue.join("pending/2.json"), "{}").unwrap();
    assert_eq!(
        signs.recv_timeout(DEADLINE),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn a_last_line_without_its_end_counts_once_the_file_rests_and_is_corrected_if_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    append(&path, "id,lr,loss\n1,0.1,2\n2,0.2,3");
    let once = read_once(&path, ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(values(&once.study()), [2.0, 3.0]);

    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    reader.poll().unwrap();
    assert_eq!(values(&reader.study()), [2.0]);
    assert_eq!(reader.settle(), Change::Appended);
    assert_eq!(values(&reader.study()), [2.0, 3.0]);
    assert_eq!(reader.settle(), Change::Unchanged);
    append(&path, "5\n3,0.3,4\n");
    assert_eq!(reader.poll().unwrap(), Change::Rebuilt);
    assert_eq!(values(&reader.study()), [2.0, 35.0, 4.0]);
    append(&path, "4,0.4,5");
    reader.poll().unwrap();
    reader.settle();
    append(&path, "\n5,0.5,6\n");
    assert_eq!(reader.poll().unwrap(), Change::Appended);
    assert_eq!(values(&reader.study()), [2.0, 35.0, 4.0, 5.0, 6.0]);
}

#[test]
fn reading_can_be_stopped_between_pieces_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.jsonl");
    let text: String = (0..60_000).map(row).collect();
    fs::write(&path, &text).unwrap();
    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    let mut seen = Vec::new();
    let stopped = reader.poll_with(&mut |progress| {
        seen.push(progress);
        ControlFlow::Break(())
    });
    assert_eq!(stopped.unwrap(), Change::Appended);
    assert!(reader.is_behind());
    let part = reader.study().trials.len();
    assert!(part > 0 && part < 60_000, "{part}");
    assert_eq!(seen[0].bytes_total, text.len() as u64);
    reader.poll().unwrap();
    assert!(!reader.is_behind());
    assert_eq!(reader.study().trials.len(), 60_000);
}

/// Everything of a study that can be seen.
fn picture(study: &Study) -> String {
    let report = tunescope::io::trials_report(study, "", "");
    let lines: Vec<u64> = study.trials.iter().map(|t| t.line).collect();
    format!("{report} {lines:?} {:?}", study.notes)
}

/// `None`: it is refused as no results file.
fn whole(path: &Path) -> Option<String> {
    let reader = read_once(path, ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    Some(picture(&reader.ok()?.study()))
}

/// Appends a text in the given pieces, polling after each, and compares with reading it at once; false
/// where either way refuses it as no results file.
fn in_pieces(text: &[u8], cuts: &[usize]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("piecewise");
    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        let mut file = File::options().append(true).create(true).open(&path).unwrap();
        file.write_all(&text[pair[0]..pair[1]]).unwrap();
        if reader.poll().is_err() {
            return false;
        }
    }
    reader.settle();
    match whole(&path) {
        Some(whole) if reader.check().is_ok() => {
            assert_eq!(picture(&reader.study()), whole);
            true
        }
        _ => false,
    }
}

fn data(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .join(name),
    )
    .unwrap()
}

#[test]
fn a_text_that_turns_out_to_be_a_document_is_the_same_study_in_pieces() {
    assert!(in_pieces(b"[{\n\"", &[3]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_file_read_in_pieces_is_the_file_read_at_once(cuts in prop::collection::vec(any::<usize>(), 0..40)) {
        for name in ["optuna_journal.log", "results_nested.jsonl", "results_flat.jsonl", "results.csv",
            "wandb_export.csv"] {
            prop_assert!(in_pieces(&data(name), &cuts), "{name} was refused");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_are_survived_and_nothing_hostile_is_shown(
        head in prop::sample::select(vec![
            "", "{\"op_code\":0,\"study_name\":\"\u{1b}[31m\",\"directions\":[1]}\n{\"op_code\":4,\"study_id\":0",
            "{\"id\": 1, \"params\": {\"l\u{202e}r\": 1}, \"value\": 2}\n{\"id\"", "a\u{9b},b;c\td\n1,2\n",
            "{\"op_code\":5,\"trial_id\":0,\"param_name\":\"", "[", "\u{feff}{\"a\":",
        ]),
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            prop::sample::select(vec!["\n", "{", "}", "\"", ",", ":", "NaN", "-", "\\u", "\\", "1e999", "[[", "null",
                "\"params\":{", "\"value\":", "{\"op_code\":", "\"state\":", "4", "\r\n", "\u{1b}]0;x\u{7}", "\"intermediate\":"])
                .prop_map(|s| s.as_bytes().to_vec()),
        ], 0..40),
    ) {
        let mut text = head.as_bytes().to_vec();
        text.extend(pieces.concat());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any");
        fs::write(&path, &text).unwrap();
        let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
        reader.poll().unwrap();
        reader.settle();
        let study = reader.study();
        let hostile = |text: &str| text.chars().any(tunescope::study::label::is_hostile);
        for label in study.columns.iter().chain([&study.name, &study.metric]) {
            prop_assert!(!hostile(&label.to_string()));
        }
        for trial in &study.trials {
            prop_assert!(!hostile(&trial.id.to_string()));
            for value in trial.params.iter().flatten() {
                prop_assert!(!hostile(&value.to_string()));
            }
            prop_assert!(trial.state != TrialState::Complete || reader.kind().unwrap().name != "jsonl"
                || trial.objective().is_some());
        }
        for text in study.diagnostics.iter().map(|d| &d.message).chain(&study.notes) {
            prop_assert!(!hostile(text));
        }
        prop_assert!(study.diagnostics.len() <= 1001);
        in_pieces(&text, &[3, 17, 40, 41, 97, 150]);
    }
}
