//! Decisions reach workers of the real Optuna through its databases: SQLite, PostgreSQL and MariaDB.
//!
//! `$TUNESCOPE_DATABASE_SOAK_SECONDS` (default 3) is the length of the long ones.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{Door, Status};
use tunescope::io::{ReadOptions, Reader, read_once};
use tunescope::study::TrialState;

#[path = "common/delivering.rs"]
mod delivering;
#[path = "common/optuna.rs"]
mod peer;
#[path = "common/servers.rs"]
mod servers;
use delivering::{Killed, check_soak, deliver_many, receipts, said_by};
use peer::{Folder, Parked, ask, decision, has_optuna, optuna, params, text};
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
    delivering::refuses_what_optuna_would_choke_on(&mut door);
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
    delivering::withdraws_the_first_of_two(worker, &mut door, &storage.url);
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
    let (_, said) = tunescope(&["doctor", &storage.url, "--study", "s"]);
    assert!(!said.contains(SECRET), "{said}");
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
    deliver_many(&mut Door::for_source(&url, Some("s")));
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
    while !writers.iter().all(thread::JoinHandle::is_finished) {
        reader.poll().unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    let said = said_by(writers);
    std::fs::write(&stop, "").unwrap();
    let trials = || ask(&["dump", &storage.url, "s"]);
    check_soak(&said, logs, trials);
    let trials = trials();
    // The reader that followed it all has what one has that begins now, and what Optuna has.
    reader.poll().unwrap();
    let show = |r: &Reader| tunescope::io::trials_report(&r.study(), "", "");
    assert_eq!(show(&reader), show(&read(storage)));
    assert_eq!(reader.study().trials.len(), trials.len());
}

fn killed_writers_leave_a_good_study(storage: &Storage) {
    let killed = Killed::writers(6, || again("role_deliver_many", storage, "60"));
    let trials = ask(&["dump", &storage.url, "s"]);
    let mut door = storage.door();
    killed.check(&trials, &mut door);
}
