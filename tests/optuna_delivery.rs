//! Decisions reach workers of the real Optuna, and nothing that Optuna would choke on is ever written.
//!
//! `$TUNESCOPE_SOAK_SECONDS` (default 3) is the length of the long one.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{DeliveryError, Door, JournalLock, LockPolicy, OptunaJournal, Status};
use tunescope::study::TrialId;

#[path = "common/delivering.rs"]
mod delivering;
#[path = "common/optuna.rs"]
mod peer;
use delivering::{Killed, by_decision, check_soak, deliver_many, receipts, said_by};
use peer::{Folder, Parked, ask, decision, has_optuna, optuna, params, text};

const PATIENCE: Duration = Duration::from_secs(60);

/// For locks that killed writers leave behind.
const IMPATIENT: LockPolicy = LockPolicy {
    grace: Duration::from_millis(300),
    deadline: Duration::from_secs(45),
};

fn status(door: &mut Door, id: &str) -> Status {
    receipts(door)
        .into_iter()
        .find(|r| r.decision.id == id)
        .unwrap()
        .status
}

#[test]
fn a_live_worker_runs_an_edited_configuration_as_its_next_trial() {
    if !has_optuna() {
        return;
    }
    let (_folder, journal) = Folder::seeded();
    let worker = Parked::start(&journal);
    let mut door = Door::for_source(&journal, None);
    assert!(matches!(door, Door::Optuna(_)));
    let ours = decision(1.25e-3);
    let plan = door.describe(&ours).unwrap();
    assert_eq!(plan.place, text(&journal));
    assert_eq!(plan.params, params(1.25e-3).to_string());
    assert!(plan.content.contains(&plan.params), "{plan:?}");
    let receipt = door.deliver(&ours).unwrap();
    assert_eq!(receipt.status, Status::Queued);
    assert_eq!(door.deliver(&ours).unwrap().place, receipt.place, "idempotent");

    let ran = worker.finish();
    assert_eq!(ran[1]["ours"], json!(ours.id), "the very next one");
    assert_eq!(ran[1]["params"], params(1.25e-3));
    assert_eq!(ran.iter().filter(|r| r["ours"] == json!(ours.id)).count(), 1);

    // A tunescope that starts now knows all of it from the file alone.
    let found = receipts(&mut Door::for_source(&journal, None)).remove(0);
    assert_eq!(found.decision, ours);
    let value = match found.status {
        Status::Finished { value, .. } => value.unwrap(),
        other => panic!("{other:?}"),
    };
    assert!((value - 8.151_25).abs() < 1e-12);
}

#[test]
fn what_optuna_would_choke_on_is_refused_before_a_byte_is_written() {
    if !has_optuna() {
        return;
    }
    let (folder, journal) = Folder::seeded();
    let before = fs::read(&journal).unwrap();
    let mut door = Door::for_source(&journal, None);
    delivering::refuses_what_optuna_would_choke_on(&mut door);
    assert_eq!(fs::read(&journal).unwrap(), before);
    assert_eq!(folder.names(), ["j.log"]);
}

#[test]
fn a_withdrawn_trial_is_skipped_and_a_started_one_is_not_touched() {
    if !has_optuna() {
        return;
    }
    let (_folder, journal) = Folder::seeded();
    let worker = Parked::start(&journal);
    let mut door = Door::for_source(&journal, Some("s"));
    let second = delivering::withdraws_the_first_of_two(worker, &mut door, text(&journal));
    let before = fs::read(&journal).unwrap();
    assert!(door.withdraw(&second, Timestamp::now()).is_err());
    assert_eq!(fs::read(&journal).unwrap(), before);
    let listed = receipts(&mut door);
    assert_eq!(listed[0].status, Status::Withdrawn);
}

#[test]
fn times_are_written_as_the_journal_spells_them() {
    if !has_optuna() {
        return;
    }
    let (_folder, journal) = Folder::seeded();
    let text_now = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text_now.replace("+00:00", "")).unwrap();
    let last_time = |journal: &Path| {
        let text = fs::read_to_string(journal).unwrap();
        let line: Json = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        line["datetime_complete"].as_str().unwrap().to_owned()
    };
    let mut door = Door::for_source(&journal, None);
    let receipt = door.deliver(&decision(1e-3)).unwrap();
    door.withdraw(&receipt, Timestamp::now()).unwrap();
    let naive = last_time(&journal);
    assert_eq!(naive.len(), "2026-11-23T17:52:56.142796".len(), "{naive}");
    ask(&["seed", text(&journal), "s", "1"]);
    let is_offset = fs::read_to_string(&journal).unwrap().contains("+00:00");
    let receipt = door.deliver(&decision(2e-3)).unwrap();
    door.withdraw(&receipt, Timestamp::now()).unwrap();
    assert_eq!(last_time(&journal).ends_with("+00:00"), is_offset);
    assert!(!last_time(&journal).ends_with('Z'));
    ask(&["dump", text(&journal), "s"]);
}

#[test]
fn implicit_study_and_trial_identities_are_counted_as_optuna_counts() {
    if !has_optuna() {
        return;
    }
    let folder = Folder::new();
    let journal = folder.path.join("j.log");
    ask(&["several", text(&journal)]);
    let error = Door::for_source(&journal, None)
        .deliver(&decision(1e-3))
        .unwrap_err();
    assert!(error.to_string().contains("first, third, second"), "{error}");
    for name in ["third", "second"] {
        let mut door = Door::for_source(&journal, Some(name));
        let (kept, gone) = (decision(1e-3), decision(2e-3));
        door.deliver(&kept).unwrap();
        let receipt = door.deliver(&gone).unwrap();
        door.withdraw(&receipt, Timestamp::now()).unwrap();
        let trials = ask(&["dump", text(&journal), name]);
        let of = |id: &str| trials.iter().find(|t| t["ours"] == json!(id)).unwrap();
        assert_eq!(of(&kept.id)["state"], "WAITING");
        assert_eq!(of(&kept.id)["fixed"], params(1e-3));
        assert_eq!(of(&gone.id)["state"], "FAIL");
        let number = of(&kept.id)["number"].as_u64().unwrap();
        assert!(receipts(&mut door)[0].place.contains(&format!("trial {number} ")));
    }
    assert_eq!(ask(&["dump", text(&journal), "first"]).len(), 2);
}

#[test]
fn a_torn_end_is_refused_with_the_remedy_because_appending_would_brick_the_journal() {
    if !has_optuna() {
        return;
    }
    let (folder, journal) = Folder::seeded();
    let whole = fs::read(&journal).unwrap();
    let torn = b"{\"op_code\":7,\"worker_id\":\"x";
    let line = b"{\"op_code\":2,\"worker_id\":\"x\",\"study_id\":0,\"user_attr\":{\"a\":1}}\n";
    // Why neither appending nor ending the torn line will do: Optuna refuses both.
    let copy = folder.path.join("copy.log");
    for glue in [b"".as_slice(), b"\n"] {
        fs::write(&copy, [&whole[..], torn, glue, line, line].concat()).unwrap();
        assert_eq!(ask(&["refuses", text(&copy)]), [json!({"refused": true})]);
    }
    fs::write(&journal, [&whole[..], torn].concat()).unwrap();
    let mut door = Door::for_source(&journal, None);
    let error = door.deliver(&decision(1e-3)).unwrap_err();
    assert!(error.to_string().contains("truncate -s -27"), "{error}");
    assert_eq!(fs::read(&journal).unwrap().len(), whole.len() + torn.len());
    let cut = Command::new("truncate")
        .args(["-s", "-27", text(&journal)])
        .status();
    assert!(cut.unwrap().success());
    door.deliver(&decision(1e-3)).unwrap();
    assert_eq!(ask(&["dump", text(&journal), "s"]).len(), 4);
}

#[test]
fn damaged_and_foreign_journals_are_refused_with_the_reason() {
    let folder = Folder::new();
    let journal = folder.path.join("j.log");
    let study = r#"{"op_code":0,"worker_id":"w","study_name":"s","directions":[1]}"#;
    let trial = r#"{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null}"#;
    let rust = r#"{"op_code":4,"worker_id":"5f-ThreadId(2)","study_id":0,"datetime_start":null}"#;
    for (content, why) in [
        (format!("{study}\n{trial}{trial}\n{trial}\n"), "line 2 of"),
        (format!("{study}\n\n"), "line 2 of"),
        (format!("{study}\n{rust}\n"), "Rustuna"),
        (format!("{trial}\n"), "no study yet"),
    ] {
        fs::write(&journal, &content).unwrap();
        let mut door = Door::for_source(&journal, None);
        let error = door.deliver(&decision(1e-3)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(fs::read_to_string(&journal).unwrap(), content);
    }
    let mut door = Door::optuna(&folder.path.join("missing.log"), None);
    assert!(matches!(
        door.deliver(&decision(1e-3)),
        Err(DeliveryError::Io { .. })
    ));
    assert_eq!(folder.names(), ["j.log"]);
}

#[test]
fn a_trial_that_optuna_retries_is_followed_to_its_newest_run() {
    let folder = Folder::new();
    let journal = folder.path.join("j.log");
    let study = r#"{"op_code":0,"worker_id":"w","study_name":"s","directions":[1]}"#;
    fs::write(&journal, format!("{study}\n")).unwrap();
    let mut door = Door::for_source(&journal, None);
    let ours = decision(1e-3);
    door.deliver(&ours).unwrap();
    let line = fs::read_to_string(&journal)
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    let state = |trial: u8, state: u8, more: &str| {
        format!(r#"{{"op_code":6,"worker_id":"w","trial_id":{trial},"state":{state},"values":{more}}}"#)
    };
    let append = |lines: &[&str]| {
        let mut file = fs::OpenOptions::new().append(true).open(&journal).unwrap();
        writeln!(file, "{}", lines.join("\n")).unwrap();
    };
    append(&[&state(0, 0, "null"), &state(0, 3, "null")]);
    let trial = |n| Some(TrialId::Number(n));
    assert_eq!(status(&mut door, &ours.id), Status::Failed { trial: trial(0) });
    // `RetryFailedTrialCallback` enqueues a copy, attributes and all.
    append(&[&line]);
    assert_eq!(status(&mut door, &ours.id), Status::Queued);
    append(&[&state(1, 0, "null"), &state(1, 1, "[NaN]"), &state(0, 1, "[3.0]")]);
    let value = None;
    assert_eq!(
        status(&mut door, &ours.id),
        Status::Finished {
            trial: trial(1),
            value
        }
    );
    assert_eq!(receipts(&mut door).len(), 1);
}

/// Starts this test binary again as a process of its own.
fn again(role: &str, journal: &str, more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", role, "--nocapture"])
        .env("TUNESCOPE_TEST_JOURNAL", journal)
        .envs(more.iter().copied())
        .stdout(Stdio::piped());
    command
}

fn role_journal() -> Option<PathBuf> {
    std::env::var_os("TUNESCOPE_TEST_JOURNAL").map(PathBuf::from)
}

#[test]
#[ignore = "a role that other tests start as a process"]
fn role_deliver_one() {
    let Some(journal) = role_journal() else { return };
    Door::for_source(&journal, None).deliver(&decision(3e-3)).unwrap();
}

#[test]
#[ignore = "a role that other tests start as a process"]
fn role_hold_the_lock() {
    let Some(journal) = role_journal() else { return };
    let _lock = JournalLock::acquire(&journal, LockPolicy::default()).unwrap();
    println!("\nholding");
    thread::sleep(PATIENCE);
}

#[test]
#[ignore = "a role that other tests start as a process"]
fn role_deliver_many() {
    let Some(journal) = role_journal() else { return };
    deliver_many(&mut Door::for_source(&journal, None));
}

#[test]
fn two_tunescopes_and_two_workers_lose_nothing_and_run_nothing_twice() {
    if !has_optuna() {
        return;
    }
    let (folder, journal) = Folder::seeded();
    let seconds = std::env::var("TUNESCOPE_SOAK_SECONDS").unwrap_or_else(|_| "3".into());
    let stop = folder.path.join("stop");
    let workers: Vec<Child> = ["symlink", "open"]
        .iter()
        .map(|kind| {
            optuna(&["work", text(&journal), "s", text(&stop), kind])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    // Pipes are read to the end beside us, or a full one would stop its writer.
    let logs: Vec<_> = workers
        .into_iter()
        .map(|w| thread::spawn(move || w.wait_with_output().unwrap()))
        .collect();
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let seconds = [("TUNESCOPE_TEST_SECONDS", seconds.as_str())];
            let child = again("role_deliver_many", text(&journal), &seconds)
                .spawn()
                .unwrap();
            thread::spawn(move || child.wait_with_output().unwrap())
        })
        .collect();
    let said = said_by(writers);
    fs::write(&stop, "").unwrap();
    let trials = || ask(&["dump", text(&journal), "s"]);
    check_soak(&said, logs, trials);
    assert_eq!(by_decision(&trials()).len(), said.len(), "and no other");
    assert_eq!(folder.names(), ["j.log", "stop"], "locks are gone");
    let finished = receipts(&mut Door::for_source(&journal, None));
    assert_eq!(finished.len(), said.len());
    assert!(finished.iter().all(|r| match r.status {
        Status::Finished { .. } => !said[&r.decision.id].1,
        Status::Withdrawn => said[&r.decision.id].1,
        _ => false,
    }));
}

#[test]
#[ignore = "a role that other tests start as a process"]
fn role_deliver_many_impatiently() {
    let Some(journal) = role_journal() else { return };
    let door = OptunaJournal::new(&journal, None).with_policy(IMPATIENT);
    deliver_many(&mut Door::Optuna(Box::new(door)));
}

#[test]
fn writers_that_are_killed_at_any_moment_leave_a_journal_that_optuna_reads() {
    if !has_optuna() {
        return;
    }
    let (folder, journal) = Folder::seeded();
    let killed = Killed::writers(12, || {
        again(
            "role_deliver_many_impatiently",
            text(&journal),
            &[("TUNESCOPE_TEST_SECONDS", "60")],
        )
    });
    let trials = ask(&["dump", text(&journal), "s"]);
    let door = OptunaJournal::new(&journal, None).with_policy(IMPATIENT);
    // Whoever was killed with the lock in hand is waited for, and then it is broken.
    killed.check(&trials, &mut Door::Optuna(Box::new(door)));
    assert_eq!(folder.names(), ["j.log"], "locks are gone");
    assert_eq!(ask(&["append", text(&journal), "s", "3"]), [json!({"ok": true})]);
}

#[test]
fn a_lock_left_by_a_killed_tunescope_is_recovered_by_optuna_and_by_us() {
    if !has_optuna() {
        return;
    }
    let (folder, journal) = Folder::seeded();
    let die_with_the_lock = || {
        // From another folder, by a relative path: the link must still lead somewhere.
        let mut child = again("role_hold_the_lock", "j.log", &[])
            .current_dir(&folder.path)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while lines.next().unwrap().unwrap() != "holding" {}
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(folder.names(), ["j.log", "j.log.lock"]);
    };
    die_with_the_lock();
    let version = ask(&["version"])[0]["version"].as_str().unwrap().to_owned();
    if version.starts_with('3') || version.starts_with("4.0") {
        eprintln!("Optuna {version} has no grace period: only our own recovery is tested");
    } else {
        assert_eq!(ask(&["append", text(&journal), "s", "3"]), [json!({"ok": true})]);
        assert_eq!(folder.names(), ["j.log"]);
        die_with_the_lock();
    }
    let mut door = OptunaJournal::new(&journal, None).with_policy(IMPATIENT);
    door.deliver(&decision(1e-3)).unwrap();
    assert_eq!(folder.names(), ["j.log"]);
    assert_eq!(ask(&["dump", text(&journal), "s"]).len(), 4);
}

#[test]
fn a_journal_reached_by_a_relative_path_or_a_link_is_the_same_journal() {
    if !has_optuna() {
        return;
    }
    let folder = Folder::new();
    fs::create_dir(folder.path.join("sub")).unwrap();
    let journal = folder.path.join("sub/j.log");
    ask(&["seed", text(&journal), "s"]);
    let link = folder.path.join("link.log");
    symlink("sub/j.log", &link).unwrap();
    let one = again("role_deliver_one", "sub/j.log", &[])
        .current_dir(&folder.path)
        .status();
    assert!(one.unwrap().success());
    Door::for_source(&link, None).deliver(&decision(1e-3)).unwrap();
    assert_eq!(folder.names(), ["link.log", "sub"]);
    let waiting = ask(&["dump", text(&journal), "s"])
        .into_iter()
        .filter(|t| t["state"] == "WAITING")
        .count();
    assert_eq!(waiting, 2);
}
