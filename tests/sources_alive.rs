//! Sources that grow, change, lag, are damaged, or are several.

#[path = "common/reading.rs"]
mod reading;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use reading::{asked, copied, data, report_of, try_read};
use serde_json::{Value as Json, json};
use tunescope::io::{Change, ReadOptions, Reader, trials_report};
use tunescope::study::TrialState;

#[test]
fn ray_is_followed_as_reports_come_and_states_change() {
    let (_folder, path) = copied("ray_man_asha");
    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    assert_ne!(reader.poll().unwrap(), Change::Unchanged);
    assert_eq!(reader.poll().unwrap(), Change::Unchanged);
    let trial = path.join("trainable_9901b_00015_15_x=1_2026");
    fs::create_dir(&trial).unwrap();
    fs::write(
        trial.join("params.json"),
        "{\"learning_rate\": 0.5, \"model\": {\"width\": 8}}",
    )
    .unwrap();
    let line = |step: u32, loss: &str| {
        format!(
            "{{\"val_loss\": {loss}, \"training_iteration\": {step}, \"trial_id\": \"9901b_00015\", \"done\": false}}\n"
        )
    };
    fs::write(
        trial.join("result.json"),
        line(1, "3.5") + "{\"val_loss\": 3.0, \"train",
    )
    .unwrap();
    assert_ne!(reader.poll().unwrap(), Change::Unchanged);
    let last = |reader: &Reader| reader.study().trials.last().unwrap().clone();
    assert_eq!(last(&reader).intermediate, [(1, 3.5)]);
    assert_eq!(last(&reader).state, TrialState::Running);
    fs::write(trial.join("result.json"), line(1, "3.5") + &line(2, "NaN")).unwrap();
    fs::write(
        trial.join("error.txt"),
        "Traceback\n\u{1b}[31mValueError: too hot\u{1b}[0m\n",
    )
    .unwrap();
    reader.poll().unwrap();
    assert_eq!(last(&reader).state, TrialState::Failed);
    assert_eq!(last(&reader).error.as_ref().unwrap(), &"ValueError: too hot");
    assert_eq!(last(&reader).intermediate.len(), 2);
    fs::remove_dir_all(&trial).unwrap();
    assert_eq!(reader.poll().unwrap(), Change::Rebuilt);
    assert_eq!(reader.study().trials.len(), 15);
}

#[test]
fn an_empty_folder_waits_for_its_experiment() {
    let folder = tempfile::tempdir().unwrap();
    // A name that no experiment of this machine has: its live folder would be read with it.
    let path = folder.path().join("exp-of-this-test-alone");
    fs::create_dir(&path).unwrap();
    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    assert_eq!(reader.poll().unwrap(), Change::Unchanged);
    assert!(reader.is_missing());
    let trial = path.join("train_abcde_00000_0_2026");
    fs::create_dir(&trial).unwrap();
    fs::write(trial.join("params.json"), "{\"lr\": 0.5}").unwrap();
    fs::write(
        trial.join("result.json"),
        "{\"loss\": 1, \"training_iteration\": 1}\n",
    )
    .unwrap();
    assert_ne!(reader.poll().unwrap(), Change::Unchanged);
    assert_eq!(reader.kind().unwrap().name, "ray");
    assert_eq!(reader.study().trials.len(), 1);
}

#[test]
fn mlflow_is_followed_and_sweeps_are_told_apart() {
    let (_folder, path) = copied("mlruns");
    let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
    reader.poll().unwrap();
    let experiment = path.join("349033493918511538");
    let run = |id: &str, status: u32, parent: Option<&str>| {
        let place = experiment.join(id);
        for folder in ["params", "metrics/eval", "tags"] {
            fs::create_dir_all(place.join(folder)).unwrap();
        }
        let meta = format!(
            "run_id: {id}\nrun_name: {id}\nstatus: {status}\nstart_time: 1895459486285\nlifecycle_stage: active\n"
        );
        fs::write(place.join("meta.yaml"), meta).unwrap();
        fs::write(place.join("params/learning_rate"), "0.01").unwrap();
        fs::write(place.join("metrics/val_loss"), "1 nan 0\n2 2.5 1\n3 2.0").unwrap();
        fs::write(place.join("metrics/eval/f1"), "1 0.5 0\n").unwrap();
        if let Some(parent) = parent {
            fs::write(place.join("tags/mlflow.parentRunId"), parent).unwrap();
        }
        place
    };
    run("sweep", 3, None);
    let child = run("child", 1, Some("sweep"));
    assert_ne!(reader.poll().unwrap(), Change::Unchanged);
    let study = reader.study();
    assert_eq!(study.trials.len(), 17);
    let last = study.trials.last().unwrap();
    assert_eq!((last.state, last.intermediate.len()), (TrialState::Running, 2));
    assert!(study.notes.iter().any(|n| n.contains("hold sweeps")));
    fs::write(child.join("metrics/val_loss"), "1 nan 0\n2 2.5 1\n3 2.0 2\n").unwrap();
    let meta = fs::read_to_string(child.join("meta.yaml"))
        .unwrap()
        .replace("status: 1", "status: 3");
    fs::write(child.join("meta.yaml"), meta).unwrap();
    reader.poll().unwrap();
    let last = reader.study().trials.last().unwrap().clone();
    assert_eq!((last.objective(), last.state), (Some(2.0), TrialState::Complete));
    assert_eq!(
        try_read(&path, asked(None, Some("man-ft/sweep")))
            .unwrap()
            .study()
            .trials
            .len(),
        1
    );
    assert_eq!(
        try_read(&path, asked(Some("eval/f1"), None))
            .unwrap()
            .study()
            .metric,
        "eval/f1"
    );
    assert!(
        try_read(&path, asked(None, Some("other")))
            .err()
            .unwrap()
            .contains("man-ft")
    );
    fs::remove_dir_all(&child).unwrap();
    assert_eq!(reader.poll().unwrap(), Change::Rebuilt);
    assert_eq!(reader.study().trials.len(), 17);
    assert_eq!(
        try_read(&experiment, ReadOptions::default())
            .unwrap()
            .study()
            .trials
            .len(),
        17
    );
}

/// The run file of the best run, and its bytes.
fn run_file() -> (PathBuf, Vec<u8>) {
    let path = data("wandb/offline-run-20261123_184441-r42t35yj/run-r42t35yj.wandb");
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

#[test]
fn a_run_file_of_wandb_grows_byte_by_byte_to_the_same_run() {
    let (path, bytes) = run_file();
    let whole = report_of(&path, ReadOptions::default());
    let folder = tempfile::tempdir().unwrap();
    let growing = folder.path().join("run-r42t35yj.wandb");
    fs::write(&growing, &bytes[..7]).unwrap();
    let mut reader = Reader::open(&growing, ReadOptions::default()).unwrap();
    let mut file = fs::File::options().append(true).open(&growing).unwrap();
    let mut states = Vec::new();
    for chunk in bytes[7..].chunks(97) {
        file.write_all(chunk).unwrap();
        file.flush().unwrap();
        reader.poll().unwrap();
        states.extend(reader.study().trials.first().map(|t| t.state));
    }
    assert_eq!(states.first(), Some(&TrialState::Running));
    assert_eq!(states.last(), Some(&TrialState::Complete));
    let grown = trials_report(&reader.study(), "wandb", "here");
    assert_eq!(grown["trials"], whole["trials"]);
    assert_eq!(grown["warnings"], json!([]));
}

#[test]
fn damage_in_a_run_file_is_told_and_the_rest_of_the_file_lives_on() {
    let (_, bytes) = run_file();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run-x.wandb");
    for at in (7..bytes.len()).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        drop(try_read(&path, ReadOptions::default()));
        fs::write(&path, &damaged[..at]).unwrap();
        drop(try_read(&path, ReadOptions::default()));
    }
}

#[test]
fn damaged_documents_are_survived() {
    for (name, file) in [
        ("smac_man", "runhistory.json"),
        ("smac_man", "configspace.json"),
        ("syne_man_asha", "results.csv.zip"),
        ("syne_man_asha", "metadata.json"),
        ("ray_man_asha", "experiment_state-2026-11-23_18-49-25.json"),
    ] {
        let (_folder, path) = copied(name);
        let bytes = fs::read(path.join(file)).unwrap();
        let step = (bytes.len() / 40).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut turned = bytes.clone();
            turned[at] = turned[at].wrapping_add(101);
            for content in [&bytes[..at], &turned[..]] {
                fs::write(path.join(file), content).unwrap();
                if let Err(why) = try_read(&path, ReadOptions::default()) {
                    assert!(!why.contains('\n') && !why.is_empty());
                }
            }
        }
    }
}

#[test]
fn several_sources_are_one_study_with_their_identities_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, rows: &[(f64, f64)]| {
        let path = folder.path().join(name);
        let lines = rows.iter().enumerate().map(|(k, (lr, loss))| {
            format!(
                "{{\"id\": {k}, \"params\": {{\"lr\": {lr}, \"opt\": \"{}\"}}, \"value\": {loss}}}\n",
                &name[..1]
            )
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
        path
    };
    let curve = |x: f64, shift: f64| (x, (x - 0.4) * (x - 0.4) + shift);
    let a = write(
        "a.jsonl",
        &(0..12)
            .map(|k| curve(f64::from(k) / 11.0, 0.0))
            .collect::<Vec<_>>(),
    );
    let b = write(
        "b.jsonl",
        &(0..9)
            .map(|k| curve(0.2 + f64::from(k) / 20.0, 0.5))
            .collect::<Vec<_>>(),
    );
    let options = |offset| ReadOptions {
        also: vec![b.clone()],
        offset_per_study: offset,
        params: vec!["lr".to_owned()],
        ..ReadOptions::default()
    };
    let mut reader = Reader::open(&a, options(false)).unwrap();
    reader.poll().unwrap();
    let study = reader.study();
    assert_eq!(study.trials.len(), 21);
    let mut ids: Vec<String> = study.trials.iter().map(|t| t.id.to_string()).collect();
    assert!(ids.contains(&"a/3".to_owned()) && ids.contains(&"b/3".to_owned()));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 21);
    assert_eq!(
        (study.name.to_string(), study.diagnostics.len()),
        ("a + b".to_owned(), 0)
    );
    let first = study.trials[0].clone();
    fs::File::options()
        .append(true)
        .open(&b)
        .unwrap()
        .write_all(b"{\"id\": 99, \"params\": {\"lr\": 2.0}, \"value\": 7}\n")
        .unwrap();
    assert_eq!(reader.poll().unwrap(), Change::Appended);
    assert_eq!(reader.study().trials.len(), 22);
    assert!(std::sync::Arc::ptr_eq(&first, &reader.study().trials[0]));
    let with = |study: &tunescope::study::Study, id: &str| {
        let trial = study.trials.iter().find(|t| t.id.to_string() == id).unwrap();
        trial.values[0]
    };
    let moved = try_read(&a, options(true)).unwrap().study();
    assert!((with(&moved, "a/3") - with(&study, "a/3")).abs() < 1e-12);
    let taken = with(&study, "b/3") - with(&moved, "b/3");
    assert!((taken - 0.5).abs() < 0.1, "{taken}");
    // The two optimizers differ between the files alone: together they are a parameter.
    let all = ReadOptions {
        params: Vec::new(),
        ..options(false)
    };
    let names: Vec<String> = try_read(&a, all)
        .unwrap()
        .study()
        .space
        .params
        .iter()
        .map(|p| p.name.to_string())
        .collect();
    assert_eq!(names, ["lr", "opt"]);
    let missing = ReadOptions {
        also: vec![folder.path().join("c.jsonl")],
        ..ReadOptions::default()
    };
    assert!(try_read(&a, missing).err().unwrap().contains("c.jsonl"));
}

#[test]
fn rays_staging_folder_is_read_where_it_is_ahead_of_the_storage() {
    let (_folder, storage) = copied("ray_man_asha");
    let temporary = tempfile::tempdir().unwrap();
    let staging = temporary
        .path()
        .join("ray/session_x/artifacts/t/ray_man_asha/driver_artifacts");
    let name = "trainable_9901b_00000_0_new";
    for (root, reports) in [(&storage, 1), (&staging, 4)] {
        let trial = root.join(name);
        fs::create_dir_all(&trial).unwrap();
        fs::write(trial.join("params.json"), "{\"learning_rate\": 0.5}").unwrap();
        let line = |k| {
            format!(
                "{{\"val_loss\": {}, \"training_iteration\": {k}, \"trial_id\": \"9901b_00077\"}}\n",
                3.0 / f64::from(k)
            )
        };
        fs::write(
            trial.join("result.json"),
            (1..=reports).map(line).collect::<String>(),
        )
        .unwrap();
    }
    let state = "experiment_state-2026-11-23_18-49-25.json";
    fs::copy(storage.join(state), staging.join(state)).unwrap();
    let run = |command: &str| {
        let output = assert_cmd::Command::cargo_bin("tunescope")
            .unwrap()
            .env("RAY_TMPDIR", temporary.path())
            .args([command, storage.to_str().unwrap(), "--format", "json"])
            .output()
            .unwrap();
        serde_json::from_slice::<Json>(&output.stdout).unwrap()
    };
    let trials = run("trials");
    let found = trials["trials"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["id"] == "9901b_00077")
        .unwrap();
    assert_eq!(
        (found["intermediate"].as_object().unwrap().len(), &found["state"]),
        (4, &json!("running"))
    );
    let findings = run("doctor")["findings"].clone();
    let lag = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["check"] == "staging-lag")
        .unwrap()
        .clone();
    assert!(
        lag["message"].as_str().unwrap().contains("3 reports of 1 trials"),
        "{lag}"
    );
}

#[test]
fn a_watch_over_a_tree_signs_for_what_happens_deep_in_it() {
    use tunescope::io::watch::{Pace, Target};
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let pace = Pace {
        poll: std::time::Duration::from_secs(3600),
        ..Pace::default()
    };
    let targets = vec![Target::Tree(folder.path().to_owned()), Target::Clock];
    let watches = tunescope::io::Watch::all(targets, pace, move |sign| {
        let _ = tell.send(sign);
    })
    .unwrap();
    let wait = |what: &str| {
        told.recv_timeout(std::time::Duration::from_secs(20))
            .unwrap_or_else(|_| panic!("{what}"))
    };
    // Each of the two looks once at its start.
    wait("first");
    wait("second");
    fs::write(deep.join("metric"), "1").unwrap();
    assert_eq!(wait("deep"), tunescope::io::Sign::Changed);
    drop(watches);
}
