//! Decisions reach workers of the real Optuna through its databases: SQLite, PostgreSQL and MariaDB.
//!
//! `$TUNESCOPE_DATABASE_SOAK_SECONDS` (default 3) is the length of the long ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{DeliveryError, Door, Receipt, Status};
use tunescope::io::{ReadOptions, Reader, read_once};
use tunescope::study::{Label, TrialState, Value};

#[path = "common/optuna.rs"]
mod peer;
#[path = "common/servers.rs"]
mod servers;
use peer::{Folder, Parked, ask, decision, has_optuna, json_lines, optuna, params, text};
use servers::{SECRET, Server};

/// A storage that lives as long as this.
struct Storage {
    url: String,
    /// What may be shown of it.
    shown: String,
    folder: Folder,
    _server: Option<Server>,
}

impl Storage {
    fn sqlite() -> Option<Self> {
        has_optuna().then(|| {
            let folder = Folder::new();
            let url = format!("sqlite:///{}", text(&folder.path.join("study.db")));
            Self {
                shown: url.clone(),
                url,
                folder,
                _server: None,
            }
        })
    }

    fn server(server: Option<Server>) -> Option<Self> {
        let server = server?;
        Some(Self {
            url: server.url.clone(),
            shown: server.shown.clone(),
            folder: Folder::new(),
            _server: Some(server),
        })
    }

    fn source(&self) -> &Path {
        Path::new(&self.url)
    }

    fn door(&self) -> Door {
        Door::for_source(self.source(), Some("s"))
    }
}

fn receipts(door: &mut Door) -> Vec<Receipt> {
    door.receipts().unwrap().receipts
}

fn read(storage: &Storage) -> Reader {
    let options = ReadOptions {
        study: Some("s".to_owned()),
        ..ReadOptions::default()
    };
    read_once(storage.source(), options, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Everything that is to hold of every database, on one of them: starting a server takes long.
fn everything(storage: Option<Storage>, workers: usize) {
    let Some(storage) = storage else { return };
    ask(&["seed", &storage.url, "s"]);
    a_live_worker_runs_it_next(&storage);
    what_optuna_would_choke_on_is_refused(&storage);
    a_withdrawn_trial_is_skipped(&storage);
    the_program_says_what_it_wrote_and_never_the_password(&storage);
    two_writers_and_workers(&storage, workers);
    killed_writers_leave_a_good_study(&storage);
}

#[test]
fn decisions_reach_workers_on_sqlite() {
    // With two workers Optuna itself may run a waiting trial twice on SQLite, which has no row locks: optuna#4002.
    everything(Storage::sqlite(), 1);
}

#[test]
fn decisions_reach_workers_on_postgresql() {
    everything(Storage::server(servers::postgres()), 2);
}

#[test]
fn decisions_reach_workers_on_mariadb() {
    everything(Storage::server(servers::mysql()), 2);
}

fn a_live_worker_runs_it_next(storage: &Storage) {
    let worker = Parked::start(storage.source());
    let mut door = storage.door();
    assert!(matches!(door, Door::Database(_)));
    let ours = decision(1.25e-3);
    let plan = door.describe(&ours).unwrap();
    assert_eq!(plan.place, storage.shown);
    assert_eq!(plan.params, params(1.25e-3).to_string());
    assert!(plan.content.contains(&plan.params) && plan.content.contains(&ours.id));
    let receipt = door.deliver(&ours).unwrap();
    assert_eq!(receipt.status, Status::Queued);
    assert!(receipt.place.contains("of study s in ") && receipt.place.ends_with(&storage.shown));
    assert_eq!(door.deliver(&ours).unwrap().trial, receipt.trial, "idempotent");
    let waiting = read(storage).study();
    let waiting = waiting
        .trials
        .iter()
        .find(|t| t.state == TrialState::Waiting)
        .unwrap();
    assert_eq!(waiting.queue_id.as_ref().unwrap().raw(), ours.id);

    let ran = worker.finish();
    assert_eq!(ran[1]["ours"], json!(ours.id), "the very next one");
    assert_eq!(ran[1]["params"], params(1.25e-3));
    assert_eq!(
        ran[1]["ran"],
        json!(receipt.trial.unwrap().number),
        "numbers go on"
    );
    assert_eq!(ran.iter().filter(|r| r["ours"] == json!(ours.id)).count(), 1);
    // A tunescope that starts now knows all of it from the database alone.
    let found = receipts(&mut storage.door()).remove(0);
    assert_eq!(found.decision, ours);
    match found.status {
        Status::Finished { value, .. } => assert!((value.unwrap() - 8.151_25).abs() < 1e-12),
        other => panic!("{other:?}"),
    }
}

fn what_optuna_would_choke_on_is_refused(storage: &Storage) {
    let before = ask(&["dump", &storage.url, "s"]).len();
    let mut door = storage.door();
    for (name, value, why) in [
        (
            "opt",
            Value::Text(Label::new("adm")),
            "not one of adam, sgd, none",
        ),
        ("lr", Value::Float(5.0), "outside 0.00001 … 0.1"),
        ("lr", Value::Float(f64::NAN), "not a finite number"),
        ("drop", Value::Float(0.17), "grid"),
        ("n", Value::Float(8.7), "not a whole number"),
        ("momentum", Value::Float(0.9), "would be ignored by Optuna"),
    ] {
        let mut decision = decision(1e-3);
        decision.params.retain(|(n, _)| *n != name);
        decision.params.push((Label::new(name), value));
        for error in [
            door.describe(&decision).unwrap_err(),
            door.deliver(&decision).unwrap_err(),
        ] {
            assert!(error.to_string().contains(why), "{error}");
        }
    }
    let mut other = Door::for_source(storage.source(), Some("nope"));
    let error = other.deliver(&decision(1e-3)).unwrap_err().to_string();
    assert!(
        error.contains("no study nope") && !error.contains(SECRET),
        "{error}"
    );
    assert_eq!(ask(&["dump", &storage.url, "s"]).len(), before);
}

fn a_withdrawn_trial_is_skipped(storage: &Storage) {
    let worker = Parked::start(storage.source());
    let mut door = storage.door();
    let (first, second) = (decision(1e-3), decision(2e-3));
    let first_receipt = door.deliver(&first).unwrap();
    let second_receipt = door.deliver(&second).unwrap();
    let gone = door.withdraw(&first_receipt, Timestamp::now()).unwrap();
    assert_eq!(gone.status, Status::Withdrawn);
    let again = door.withdraw(&first_receipt, Timestamp::now()).unwrap_err();
    assert!(matches!(again, DeliveryError::AlreadyWithdrawn { .. }));
    let ran = worker.finish();
    assert_eq!(ran[1]["ours"], json!(second.id));
    assert!(ran.iter().all(|r| r["ours"] != json!(first.id)));
    let late = door.withdraw(&second_receipt, Timestamp::now()).unwrap_err();
    assert!(late.to_string().contains("a worker was faster"), "{late}");
    let trials = ask(&["dump", &storage.url, "s"]);
    let state = |id: &str| trials.iter().find(|t| t["ours"] == json!(id)).unwrap()["state"].clone();
    assert_eq!(
        (state(&first.id), state(&second.id)),
        (json!("FAIL"), json!("COMPLETE"))
    );
    // The times are in the storage's own dialect: the trial ended just now.
    let study = read(storage).study();
    let ended = study
        .trials
        .iter()
        .filter_map(|t| t.finished)
        .reduce(f64::max)
        .unwrap();
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let now = Timestamp::now().as_second() as f64;
    assert!((ended - now).abs() < 300.0, "{ended} {now}");
}

fn tunescope(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn the_program_says_what_it_wrote_and_never_the_password(storage: &Storage) {
    let given = params(3.5e-3).to_string();
    let (ok, said) = tunescope(&["accept", &storage.url, "--study", "s", "--config", &given]);
    assert!(ok, "{said}");
    assert!(
        said.contains("waiting trial") && said.contains("of study s in"),
        "{said}"
    );
    assert!(said.contains(&storage.shown) && !said.contains(SECRET), "{said}");
    let (ok, said) = tunescope(&[
        "accept",
        &storage.url,
        "--study",
        "s",
        "--config",
        &given,
        "--format",
        "json",
    ]);
    assert!(ok && !said.contains(SECRET), "{said}");
    let answer: Json = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["trial"]["storage"], json!(storage.shown));
    assert_eq!(answer["trial"]["study"], "s");
    let (ok, said) = tunescope(&["trials", &storage.url, "--format", "json"]);
    assert!(ok && !said.contains(SECRET), "{said}");
    let report: Json = serde_json::from_str(&said).unwrap();
    assert_eq!(
        report["source"],
        json!({"kind": "optuna-rdb", "path": storage.shown})
    );
    assert_eq!(report["counts"]["waiting"], 2);
    if storage.url.contains(SECRET) {
        let wrong = storage.url.replace(SECRET, "wrong-word");
        let (ok, said) = tunescope(&["trials", &wrong]);
        assert!(
            !ok && !said.contains("wrong-word") && said.contains("no connection"),
            "{said}"
        );
    }
}

/// Starts this test binary again as a process of its own.
fn again(role: &str, storage: &Storage, seconds: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", role, "--nocapture"])
        .env("TUNESCOPE_TEST_STORAGE", &storage.url)
        .env("TUNESCOPE_TEST_SECONDS", seconds)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

#[test]
#[ignore = "a role that other tests start as a process"]
fn role_deliver_many() {
    let Some(url) = std::env::var_os("TUNESCOPE_TEST_STORAGE").map(PathBuf::from) else {
        return;
    };
    let seconds: f64 = std::env::var("TUNESCOPE_TEST_SECONDS").unwrap().parse().unwrap();
    let mut door = Door::for_source(&url, Some("s"));
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let mut i = 0_u32;
    // On a busy machine it takes longer, rather than meaning nothing.
    while Instant::now() < until || i < 12 {
        i += 1;
        let lr = 1e-3 + f64::from(i) * 1e-7;
        let decision = decision(lr);
        println!("\nplans {}", decision.id);
        let receipt = door.deliver(&decision).unwrap();
        let mut said = json!({"id": decision.id, "lr": lr, "withdrawn": false});
        if i.is_multiple_of(4) {
            match door.withdraw(&receipt, Timestamp::now()) {
                Ok(_) => said["withdrawn"] = json!(true),
                Err(DeliveryError::TrialStarted { .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
        println!("\nsaid {said}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What the lines of a role that begin so say.
fn after<'o>(output: &'o [u8], word: &str) -> Vec<&'o str> {
    let text = std::str::from_utf8(output).unwrap();
    text.lines()
        .filter_map(|l| l.strip_prefix(word))
        .map(str::trim)
        .collect()
}

fn two_writers_and_workers(storage: &Storage, workers: usize) {
    let seconds = std::env::var("TUNESCOPE_DATABASE_SOAK_SECONDS").unwrap_or_else(|_| "3".into());
    let stop = storage.folder.path.join("stop");
    let start = |_| -> Child {
        optuna(&["work", &storage.url, "s", text(&stop)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    // Pipes are read to the end beside us, or a full one would stop its writer.
    let gather = |child: Child| thread::spawn(move || child.wait_with_output().unwrap());
    let logs: Vec<_> = (0..workers).map(start).map(gather).collect();
    let writers: Vec<_> = (0..2)
        .map(|_| gather(again("role_deliver_many", storage, &seconds).spawn().unwrap()))
        .collect();
    let mut reader = read(storage);
    let mut said: BTreeMap<String, (f64, bool)> = BTreeMap::new();
    while !writers.iter().all(thread::JoinHandle::is_finished) {
        reader.poll().unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    for writer in writers {
        let output = writer.join().unwrap();
        assert!(output.status.success(), "a writer died");
        for line in after(&output.stdout, "said ") {
            let line: Json = serde_json::from_str(line).unwrap();
            let entry = (line["lr"].as_f64().unwrap(), line["withdrawn"] == json!(true));
            assert!(
                said.insert(line["id"].as_str().unwrap().to_owned(), entry)
                    .is_none()
            );
        }
    }
    std::fs::write(&stop, "").unwrap();
    let mut runs: HashMap<String, Vec<Json>> = HashMap::new();
    for log in logs {
        let output = log.join().unwrap();
        assert!(output.status.success(), "a worker died");
        for line in json_lines(&output.stdout) {
            if let Some(id) = line["ours"].as_str() {
                runs.entry(id.to_owned()).or_default().push(line.clone());
            }
        }
    }
    let trials = ask(&["dump", &storage.url, "s"]);
    check_soak(&said, &runs, &trials);
    // The reader that followed it all has what one has that begins now, and what Optuna has.
    reader.poll().unwrap();
    let show = |r: &Reader| tunescope::io::trials_report(&r.study(), "", "");
    assert_eq!(show(&reader), show(&read(storage)));
    assert_eq!(reader.study().trials.len(), trials.len());
}

/// Every decision is in the study once; it ran once with exactly its values, or not at all if withdrawn.
fn check_soak(said: &BTreeMap<String, (f64, bool)>, runs: &HashMap<String, Vec<Json>>, trials: &[Json]) {
    let withdrawn = said.values().filter(|(_, w)| *w).count();
    eprintln!(
        "{} delivered, {withdrawn} withdrawn, {} trials in all",
        said.len(),
        trials.len()
    );
    assert!(said.len() >= 20, "too few to mean anything: {}", said.len());
    let in_study = by_decision(trials);
    for (id, (lr, is_withdrawn)) in said {
        let ran = runs.get(id).map_or(0, Vec::len);
        let state = &in_study[id.as_str()]["state"];
        if *is_withdrawn {
            assert_eq!((ran, state), (0, &json!("FAIL")), "{id}");
        } else {
            assert_eq!((ran, state), (1, &json!("COMPLETE")), "{id}");
            assert_eq!(runs[id][0]["params"], params(*lr));
            assert_eq!(in_study[id.as_str()]["params"], params(*lr));
        }
    }
}

/// Our trials by their decisions, each there once; and the numbers of all trials count.
fn by_decision(trials: &[Json]) -> HashMap<&str, &Json> {
    let numbers: Vec<u64> = trials.iter().map(|t| t["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..trials.len() as u64).collect::<Vec<_>>());
    let mut found = HashMap::new();
    for trial in trials {
        if let Some(id) = trial["ours"].as_str() {
            assert!(found.insert(id, trial).is_none(), "{id} is there twice");
            assert!(
                trial["fixed"].is_object(),
                "a trial of ours without its parameters"
            );
        }
    }
    found
}

fn killed_writers_leave_a_good_study(storage: &Storage) {
    let (mut planned, mut told) = (BTreeSet::new(), BTreeSet::new());
    for turn in 0..6_u64 {
        let mut child = again("role_deliver_many", storage, "60").spawn().unwrap();
        // Let it begin, then kill it at another moment each time.
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut output = Vec::new();
        while after(&output, "said ").len() < 2 {
            std::io::BufRead::read_until(&mut out, b'\n', &mut output).unwrap();
        }
        thread::sleep(Duration::from_millis(7 * turn));
        child.kill().unwrap();
        child.wait().unwrap();
        std::io::Read::read_to_end(&mut out, &mut output).unwrap();
        planned.extend(after(&output, "plans ").into_iter().map(str::to_owned));
        for line in after(&output, "said ") {
            if let Ok(line) = serde_json::from_str::<Json>(line) {
                told.insert(line["id"].as_str().unwrap().to_owned());
            }
        }
    }
    let trials = ask(&["dump", &storage.url, "s"]);
    let found = by_decision(&trials);
    assert!(
        told.iter().all(|id| found.contains_key(id.as_str())),
        "what was told is lost"
    );
    assert!(told.len() >= 12 && planned.is_superset(&told));
    let mut door = storage.door();
    let listed = receipts(&mut door);
    assert_eq!(listed.len(), found.len());
    // The next one still goes in, and out.
    let receipt = door.deliver(&decision(1e-3)).unwrap();
    door.withdraw(&receipt, Timestamp::now()).unwrap();
}
