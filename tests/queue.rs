//! The queue folder: exactly one of a claim and a withdrawal wins, nothing is lost, and what else lies in
//! the folder is a diagnostic.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{
    AcquisitionReading, Decision, DeliveryError, Door, Origin, Predicted, QueueFolder, Receipt, Status,
    random_bytes,
};
use tunescope::study::{Label, Study, Trial, TrialId, TrialState, Value};

fn decision_at(created: &str, lr: f64) -> Decision {
    let mut decision = Decision::new(
        created.parse().unwrap(),
        random_bytes(),
        vec![
            (Label::new("lr"), Value::Float(lr)),
            (Label::new("batch"), Value::Int(8)),
            (Label::new("opt"), Value::Text(Label::new("adam"))),
        ],
        Origin::Edited,
    );
    decision.edited = vec![Label::new("lr")];
    decision.predicted = Some(Predicted { mean: 0.4, sd: 0.01 });
    decision.acquisition = Some(AcquisitionReading {
        name: "logei".into(),
        value: -3.5,
    });
    decision.note = Some(Label::new("a hunch"));
    decision
}

fn decision(lr: f64) -> Decision {
    decision_at(&Timestamp::now().to_string(), lr)
}

struct Place {
    _dir: tempfile::TempDir,
    source: PathBuf,
    root: PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("results.jsonl");
    fs::write(&source, "{\"params\": {\"lr\": 0.1}, \"value\": 1.0}\n").unwrap();
    Place {
        root: dir.path().join("results.queue"),
        source,
        _dir: dir,
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What a worker does, without any of our code.
fn claim(root: &Path, mark: &str) -> Option<String> {
    names(&root.join("pending"))
        .into_iter()
        .filter(|n| n.ends_with(".json"))
        .find(|n| {
            let to = root.join("claimed").join(format!("{n}.{mark}"));
            fs::rename(root.join("pending").join(n), to).is_ok()
        })
}

fn receipts(door: &mut Door) -> Vec<Receipt> {
    let listing = door.receipts().unwrap();
    assert_eq!(listing.diagnostics, []);
    listing.receipts
}

#[test]
fn nothing_is_made_before_the_first_decision_is_delivered() {
    let place = place();
    let mut door = Door::for_source(&place.source, None);
    let plan = door.describe(&decision(1e-3)).unwrap();
    assert!(plan.place.contains("results.queue/pending/20"), "{plan:?}");
    assert_eq!(plan.params, r#"{"lr":0.001,"batch":8,"opt":"adam"}"#);
    assert_eq!(plan.ahead, 0);
    assert!(receipts(&mut door).is_empty());
    assert_eq!(door.settle(&Study::empty()).unwrap(), 0);
    assert!(!place.root.exists());
}

#[test]
fn a_delivered_file_is_what_the_interface_promises_and_its_name_sorts_by_time() {
    let place = place();
    let mut door = Door::for_source(&place.source, None);
    // Delivered in the wrong order, a microsecond apart, across a second.
    let times = [
        "2026-11-23T20:00:01.000000Z",
        "2026-11-23T20:00:00.999999Z",
        "2026-11-23T20:00:00.999998Z",
    ];
    let all: Vec<Decision> = times.iter().map(|t| decision_at(t, 1e-3)).collect();
    for decision in &all {
        let receipt = door.deliver(decision).unwrap();
        assert_eq!((receipt.status, &receipt.decision), (Status::Queued, decision));
    }
    let pending = names(&place.root.join("pending"));
    let expected: Vec<String> = all
        .iter()
        .rev()
        .map(|d| {
            let time = d.created.strftime("%Y%m%dT%H%M%S%6f");
            format!("{time}Z_{}.json", d.id)
        })
        .collect();
    assert_eq!(pending, expected, "no temporary file is left either");
    let text = fs::read_to_string(place.root.join("pending").join(&pending[2])).unwrap();
    let body: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(
        body,
        json!({
            "id": all[0].id,
            "created": "2026-11-23T20:00:01Z",
            "params": {"lr": 0.001, "batch": 8, "opt": "adam"},
            "origin": "edited",
            "edited": ["lr"],
            "predicted": {"mean": 0.4, "sd": 0.01},
            "acquisition": {"name": "logei", "value": -3.5},
            "note": "a hunch",
        })
    );
    let listed: Vec<Decision> = receipts(&mut door).into_iter().map(|r| r.decision).collect();
    assert_eq!(listed, all.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn the_same_decision_is_never_written_twice_wherever_it_is_by_now() {
    let place = place();
    let mut door = Door::for_source(&place.source, None);
    let ours = decision(1e-3);
    door.deliver(&ours).unwrap();
    assert_eq!(door.deliver(&ours).unwrap().status, Status::Queued);
    claim(&place.root, "node7.example.org.41").unwrap();
    let by = "node7.example.org (41)".to_owned();
    assert_eq!(door.deliver(&ours).unwrap().status, Status::Claimed { by });
    assert!(names(&place.root.join("pending")).is_empty());
}

#[test]
fn withdrawing_works_until_a_worker_was_faster() {
    let place = place();
    let mut door = Door::for_source(&place.source, None);
    let (first, second) = (decision(1e-3), decision(2e-3));
    let first = door.deliver(&first).unwrap();
    let second = door.deliver(&second).unwrap();
    // A folder that somebody tidied away is no reason to fail.
    fs::remove_dir(place.root.join("withdrawn")).unwrap();
    let gone = door.withdraw(&second, Timestamp::now()).unwrap();
    assert_eq!(gone.status, Status::Withdrawn);
    assert_eq!(names(&place.root.join("withdrawn")).len(), 1);
    claim(&place.root, "gpu3.977").unwrap();
    let error = door.withdraw(&first, Timestamp::now()).unwrap_err();
    assert_eq!(error.to_string(), "a worker was faster: claimed by gpu3 (977)");
    fs::remove_dir_all(&place.root).unwrap();
    let error = door.withdraw(&first, Timestamp::now()).unwrap_err();
    assert!(matches!(error, DeliveryError::Unknown { .. }), "{error}");
}

#[test]
fn results_settle_the_queue_and_a_new_start_knows_every_state() {
    let place = place();
    let mut door = Door::for_source(&place.source, None);
    let all: Vec<Decision> = (0..4)
        .map(|i| decision_at(&format!("2026-11-23T20:00:0{i}Z"), 1e-3))
        .collect();
    for decision in &all {
        door.deliver(decision).unwrap();
    }
    for pid in 1..=2 {
        claim(&place.root, &format!("h.{pid}")).unwrap();
    }
    let third = receipts(&mut door).remove(2);
    door.withdraw(&third, Timestamp::now()).unwrap();
    let mut trial = Trial::new(TrialId::Number(9));
    trial.queue_id = Some(Label::new(&all[0].id));
    let mut running = Trial::new(TrialId::Number(10));
    running.queue_id = Some(Label::new(&all[1].id));
    (trial.state, trial.values) = (TrialState::Complete, vec![0.41]);
    let mut study = Study::empty();
    study.trials = vec![Arc::new(trial), Arc::new(running)];
    // Another tunescope sees the same result.
    let other = Door::for_source(&place.source, None);
    assert_eq!(other.settle(&study).unwrap(), 1);
    assert_eq!(door.settle(&study).unwrap(), 0);
    assert_eq!(names(&place.root.join("done")).len(), 1);

    let mut fresh = receipts(&mut Door::for_source(&place.source, None));
    tunescope::io::delivery::follow(&mut fresh, &study);
    let states: Vec<Status> = fresh.into_iter().map(|r| r.status).collect();
    let trial = |n| TrialId::Number(n);
    assert_eq!(
        states,
        [
            Status::Finished {
                trial: Some(trial(9)),
                value: Some(0.41)
            },
            Status::Running { trial: trial(10) },
            Status::Withdrawn,
            Status::Queued,
        ]
    );
}

#[test]
fn hostile_and_partial_files_are_diagnostics_and_the_good_ones_live_on() {
    let place = place();
    let mut door = Door::for_source(&place.source, None);
    let good = decision(1e-3);
    let receipt = door.deliver(&good).unwrap();
    let pending = place.root.join("pending");
    let id = |n: u8| format!("01a209fe-727b-7fff-bfff-0000000000{n:02}");
    let file = |n: u8| pending.join(format!("20261123T200000000000Z_{}.json", id(n)));
    let body = fs::read_to_string(receipt.file.as_ref().unwrap()).unwrap();
    fs::write(file(1), &body[..body.len() / 2]).unwrap();
    fs::write(file(2), &body).unwrap();
    fs::write(file(3), vec![b' '; 2 << 20]).unwrap();
    fs::create_dir(file(4)).unwrap();
    symlink("/etc/passwd", file(5)).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, file(6), rustix::fs::Mode::RUSR).unwrap();
    fs::write(file(7), format!("{{\"id\":\"{}\",\"params\":[]}}", id(7))).unwrap();
    fs::write(file(8), "[".repeat(100_000)).unwrap();
    fs::write(pending.join("readme.txt"), "hello").unwrap();
    fs::write(pending.join("x_..\u{1b}[31m.json"), "{}").unwrap();
    fs::write(pending.join(".half.tmp"), "{").unwrap();
    let listing = door.receipts().unwrap();
    let ids: Vec<&str> = listing.receipts.iter().map(|r| r.decision.id.as_str()).collect();
    assert_eq!(ids, [good.id.as_str()]);
    let messages: Vec<&str> = listing.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages.len(), 10, "{messages:#?}");
    assert!(messages.iter().all(|m| !m.contains('\u{1b}')));
    // They do not keep the good one from being withdrawn.
    assert_eq!(
        door.withdraw(&receipt, Timestamp::now()).unwrap().status,
        Status::Withdrawn
    );
}

#[test]
fn a_file_in_the_way_of_the_folder_is_said() {
    let place = place();
    fs::write(&place.root, "mine").unwrap();
    let mut door = Door::for_source(&place.source, None);
    let error = door.deliver(&decision(1e-3)).unwrap_err();
    assert!(matches!(error, DeliveryError::NotAFolder { .. }), "{error}");
    assert_eq!(fs::read_to_string(&place.root).unwrap(), "mine");
}

#[test]
fn two_tunescopes_two_workers_and_a_change_of_mind_never_lose_or_double_anything() {
    let place = place();
    let queue = QueueFolder::beside(&place.source);
    let is_over = AtomicBool::new(false);
    let (delivered, claimed, withdrawn) = thread::scope(|scope| {
        let workers: Vec<_> = ["a.1", "b.2"]
            .map(|mark| {
                let (root, is_over) = (&place.root, &is_over);
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    loop {
                        let last_look = is_over.load(Ordering::Acquire);
                        let found = root.join("pending").exists().then(|| claim(root, mark)).flatten();
                        match found {
                            Some(name) => mine.push(name),
                            None if last_look => return mine,
                            None => thread::yield_now(),
                        }
                    }
                })
            })
            .into();
        let tunescopes: Vec<_> = (0..2)
            .map(|_| {
                let queue = queue.clone();
                scope.spawn(move || {
                    let (mut delivered, mut withdrawn) = (Vec::new(), Vec::new());
                    for i in 0..60 {
                        let receipt = queue.deliver(&decision(f64::from(i))).unwrap();
                        let id = receipt.decision.id.clone();
                        if i % 2 == 0 {
                            match queue.withdraw(&receipt) {
                                Ok(_) => withdrawn.push(id.clone()),
                                Err(DeliveryError::WorkerWasFaster { .. }) => {}
                                Err(e) => panic!("{e}"),
                            }
                        }
                        delivered.push(id);
                    }
                    (delivered, withdrawn)
                })
            })
            .collect();
        let (mut delivered, mut withdrawn) = (Vec::new(), Vec::new());
        for tunescope in tunescopes {
            let (d, w) = tunescope.join().unwrap();
            delivered.extend(d);
            withdrawn.extend(w);
        }
        is_over.store(true, Ordering::Release);
        let claimed: Vec<String> = workers.into_iter().flat_map(|w| w.join().unwrap()).collect();
        (delivered, claimed, withdrawn)
    });
    let id_of = |name: &String| name.split_once('_').unwrap().1.replace(".json", "");
    let ran: Vec<String> = claimed.iter().map(id_of).collect();
    let once: BTreeSet<&String> = ran.iter().chain(&withdrawn).collect();
    assert_eq!(
        once.len(),
        ran.len() + withdrawn.len(),
        "something was taken twice"
    );
    assert_eq!(once, delivered.iter().collect::<BTreeSet<_>>());
    let finished: HashSet<String> = ran.into_iter().collect();
    assert_eq!(queue.settle(&finished).unwrap(), finished.len());
    assert_eq!(names(&place.root.join("claimed")), Vec::<String>::new());
    assert_eq!(queue.list().receipts.len(), delivered.len());
}
