//! What is read of Optuna's databases, against what Optuna says of them, and that reading leaves no trace.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rstest::rstest;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use tunescope::io::{Change, ReadOptions, Reader, read_once, trials_report};
use tunescope::study::{TrialState, Value};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn of_study(name: &str) -> ReadOptions {
    ReadOptions {
        study: Some(name.to_owned()),
        ..ReadOptions::default()
    }
}

fn read(path: &Path, options: ReadOptions) -> Reader {
    read_once(path, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Everything in a folder, byte by byte.
fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|p| {
            (
                p.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(p).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// A copy that may be written, in a folder of its own.
fn copy(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    fs::write(&path, fs::read(data(name)).unwrap()).unwrap();
    (folder, path)
}

#[rstest]
#[case("optuna_2.10.db", 0)]
#[case("optuna_study.db", 0)]
#[case("optuna_study.db", 1)]
fn a_database_is_what_optuna_says_it_is(#[case] name: &str, #[case] study: usize) {
    let truth: Json = serde_json::from_str(&fs::read_to_string(data("truth_rdb.json")).unwrap()).unwrap();
    let truth = &truth[name]["studies"][study];
    let reader = read(&data(name), of_study(truth["study"].as_str().unwrap()));
    assert_eq!(reader.kind().unwrap().name, "optuna-rdb");
    let report = trials_report(&reader.study(), "optuna-rdb", name);
    assert_eq!(report["study"]["name"], truth["study"]);
    assert_eq!(report["study"]["directions"], truth["directions"]);
    let count = |word: &str| truth["counts"][word].as_u64().unwrap_or(0);
    let counts = json!({"total": truth["n_total"], "complete": count("COMPLETE"), "pruned": count("PRUNED"),
        "failed": count("FAIL"), "running": count("RUNNING"), "waiting": count("WAITING")});
    assert_eq!(report["counts"], counts);
    if let Some(best) = truth.get("best_number").filter(|b| !b.is_null()) {
        assert_eq!(&report["best"]["id"], best);
        assert_eq!(report["best"]["value"], truth["best_value"]);
        assert_eq!(report["best"]["params"], truth["best_params"]);
    }
    assert_eq!(report["space"]["inferred"], false);
    let params = truth["params"].as_object().unwrap();
    let found = report["space"]["params"].as_array().unwrap();
    assert_eq!(found.len(), params.len());
    for (name, expected) in params {
        let found = found.iter().find(|p| p["name"] == **name).unwrap();
        for key in ["type", "low", "high", "log", "step", "choices"] {
            match &expected[key] {
                Json::Null => {}
                Json::Number(n) => assert_eq!(found[key].as_f64(), n.as_f64(), "{name}.{key}"),
                other => assert_eq!(&found[key], other, "{name}.{key}"),
            }
        }
        if let Some(set) = expected["n_set"].as_u64() {
            let trials = report["trials"].as_array().unwrap();
            let with = trials.iter().filter(|t| t["params"].get(name).is_some()).count();
            assert_eq!(with as u64, set, "{name}");
        }
    }
    let trials = report["trials"].as_array().unwrap();
    let points: usize = trials
        .iter()
        .map(|t| t["intermediate"].as_object().unwrap().len())
        .sum();
    assert_eq!(json!(points), truth["n_intermediate"]);
    for (trial, expected) in trials
        .iter()
        .zip(truth["first_values"].as_array().into_iter().flatten())
    {
        let values = match trial.get("values") {
            Some(values) => values.clone(),
            None if trial["value"].is_null() => Json::Null,
            None => json!([trial["value"]]),
        };
        assert_eq!(&values, expected);
    }
    assert_eq!(report["warnings"], json!([]));
}

#[test]
fn of_several_studies_the_newest_is_read_and_all_are_listed() {
    let reader = read(&data("optuna_study.db"), ReadOptions::default());
    assert_eq!(reader.study().name, *"deman-loss-vs-time");
    assert!(reader.study().notes.iter().any(|n| n.contains("man-sqlite-tpe")));
    let studies = reader.studies();
    assert_eq!(studies.len(), 2);
    assert_eq!((studies[0].trials, studies[1].trials), (40, 20));
    assert!((studies[0].best.unwrap() - 2.140_334).abs() < 1e-5);
    assert_eq!((studies[1].directions.len(), studies[1].best), (2, None));
    assert!(studies[0].changed.unwrap() > 1.7e9);
}

#[test]
fn an_address_and_a_path_are_the_same_file() {
    let (_folder, path) = copy("optuna_2.10.db");
    let address = PathBuf::from(format!("sqlite:///{}", path.display()));
    let by_address = read(&address, ReadOptions::default());
    assert_eq!(by_address.study().trials.len(), 16);
    let missing = PathBuf::from("sqlite:///no/such.db");
    let error = read_once(&missing, ReadOptions::default(), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(error.err().unwrap().to_string().contains("there is no such file"));
}

#[test]
fn reading_changes_no_byte_and_leaves_nothing_beside() {
    for mode in ["delete", "wal", "truncate"] {
        let (folder, path) = copy("optuna_study.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", mode).unwrap();
        drop(writer);
        let before = everything(folder.path());
        assert_eq!(read(&path, of_study("man-sqlite-tpe")).study().trials.len(), 40);
        assert_eq!(everything(folder.path()), before, "{mode}");
    }
}

#[test]
fn what_stands_in_the_log_of_a_living_or_a_killed_writer_is_read() {
    let (folder, path) = copy("optuna_study.db");
    let writer = Connection::open(&path).unwrap();
    writer.pragma_update(None, "journal_mode", "wal").unwrap();
    writer
        .execute(
            "INSERT INTO trials (trial_id, number, study_id, state) VALUES (1000, 40, 1, 'RUNNING')",
            [],
        )
        .unwrap();
    let before = everything(folder.path());
    assert_eq!(read(&path, of_study("man-sqlite-tpe")).study().trials.len(), 41);
    let names = |files: Vec<(String, Vec<u8>)>| files.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(names(everything(folder.path())), names(before.clone()));
    // As after a kill: the log is there, its index is not.
    let other = tempfile::tempdir().unwrap();
    for (name, bytes) in before.iter().filter(|(n, _)| !n.ends_with("-shm")) {
        fs::write(other.path().join(name), bytes).unwrap();
    }
    let still = everything(other.path());
    assert_eq!(
        read(&other.path().join("study.db"), of_study("man-sqlite-tpe"))
            .study()
            .trials
            .len(),
        41
    );
    assert_eq!(everything(other.path()), still);
}

#[test]
fn a_half_written_transaction_of_a_killed_writer_is_not_read_and_not_touched() {
    let (folder, path) = copy("optuna_study.db");
    let writer = Connection::open(&path).unwrap();
    writer.pragma_update(None, "cache_size", 2).unwrap();
    writer.pragma_update(None, "synchronous", "full").unwrap();
    // More than the cache holds: pages of the unfinished transaction reach the file.
    writer
        .execute_batch(
            "BEGIN; UPDATE trial_params SET param_value = -1; DELETE FROM trial_intermediate_values;",
        )
        .unwrap();
    let other = tempfile::tempdir().unwrap();
    for (name, bytes) in everything(folder.path()) {
        fs::write(other.path().join(name), bytes).unwrap();
    }
    let still = everything(other.path());
    assert!(
        still.iter().any(|(n, _)| n.ends_with("-journal")),
        "the test tests something"
    );
    assert_ne!(
        still[0].1,
        fs::read(data("optuna_study.db")).unwrap(),
        "the test tests something"
    );
    let study = read(&other.path().join("study.db"), of_study("man-sqlite-tpe")).study();
    assert_eq!(
        study.best().map(|i| study.trials[i].values[0]),
        Some(2.140_334_367_752_075)
    );
    assert_eq!(everything(other.path()), still);
}

#[test]
fn a_writer_that_holds_the_file_keeps_nobody_from_reading_and_is_not_kept() {
    let (_folder, path) = copy("optuna_study.db");
    let writer = Connection::open(&path).unwrap();
    writer.busy_timeout(std::time::Duration::ZERO).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut reader = Reader::open(&path, of_study("man-sqlite-tpe")).unwrap();
    reader.poll().unwrap();
    assert_eq!(reader.study().trials.len(), 40);
    // The reader is open, and the writer need not wait for it.
    writer
        .execute(
            "INSERT INTO trials (trial_id, number, study_id, state) VALUES (1000, 40, 1, 'WAITING')",
            [],
        )
        .unwrap();
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(reader.poll().unwrap(), Change::Appended);
    assert_eq!(reader.study().trials[40].state, TrialState::Waiting);
}

#[test]
fn a_trial_is_followed_from_the_queue_to_its_end() {
    let (_folder, path) = copy("optuna_study.db");
    let writer = Connection::open(&path).unwrap();
    let run = |sql: &str| writer.execute_batch(sql).unwrap();
    let mut reader = Reader::open(&path, of_study("man-sqlite-tpe")).unwrap();
    reader.poll().unwrap();
    let old = std::sync::Arc::clone(&reader.study().trials[0]);
    run("INSERT INTO trials (trial_id, number, study_id, state) VALUES (1000, 40, 1, 'WAITING');
         INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (1000, 'fixed_params', '{\"lr\": 0.02}');
         INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (1000, 'tunescope', '{\"id\": \"q-1\"}');
         INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (1000, 'host', '\"a1\"');");
    assert_eq!(reader.poll().unwrap(), Change::Appended);
    let study = reader.study();
    let column = study.columns.iter().position(|c| *c == "lr").unwrap();
    assert_eq!(study.trials[40].param(column), Some(&Value::Float(0.02)));
    assert_eq!(study.trials[40].queue_id.as_ref().unwrap().raw(), "q-1");
    assert_eq!(study.trials[40].attributes[0].0, *"host");
    run("UPDATE trials SET state = 'RUNNING', datetime_start = '2026-11-23 20:00:00.5' WHERE trial_id = 1000;
         INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) VALUES
           (1000, 1, 0.5, 'FINITE'), (1000, 2, NULL, 'INF_POS'), (1000, 3, NULL, 'NAN'), (1000, 4, NULL, 'INF_NEG');");
    assert_eq!(reader.poll().unwrap(), Change::Appended);
    let points = reader.study().trials[40].intermediate.clone();
    assert_eq!(points[..2], [(1, 0.5), (2, f64::INFINITY)]);
    assert!(points[2].1.is_nan() && points[3].1 == f64::NEG_INFINITY);
    assert_eq!(reader.poll().unwrap(), Change::Unchanged);
    run("UPDATE trials SET state = 'COMPLETE', datetime_complete = '2026-11-23 20:00:02.0' WHERE trial_id = 1000;
         INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (1000, 0, 1.25, 'FINITE');");
    assert_eq!(reader.poll().unwrap(), Change::Appended);
    let study = reader.study();
    assert_eq!(
        (study.trials[40].values[0], study.trials[40].seconds),
        (1.25, Some(1.5))
    );
    assert_eq!(
        study.trials[40].param(column),
        None,
        "what was only announced is gone"
    );
    assert!(
        std::sync::Arc::ptr_eq(&old, &study.trials[0]),
        "what did not change is shared"
    );
    run("PRAGMA foreign_keys = OFF; DELETE FROM trials WHERE trial_id = 1000");
    assert_eq!(reader.poll().unwrap(), Change::Rebuilt);
    assert_eq!(reader.study().trials.len(), 40);
}

#[test]
fn a_worker_that_fell_silent_is_named() {
    let (_folder, path) = copy("optuna_study.db");
    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch(
            "INSERT INTO trials (trial_id, number, study_id, state) VALUES (1000, 40, 1, 'RUNNING'), (1001, 41, 1, 'RUNNING');
             INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (1000, '2026-01-01 10:00:00'), (1001, CURRENT_TIMESTAMP);",
        )
        .unwrap();
    let study = read(&path, of_study("man-sqlite-tpe")).study();
    let said: Vec<&str> = study.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert!(
        said[0].contains("trial 40 is running") && said[0].contains("2026-01-01 10:00:00"),
        "{said:?}"
    );
    assert_eq!(said.len(), 1, "{said:?}");
    let is_pending = |number: usize| study.trials[number].is_pending();
    assert_eq!(
        (is_pending(40), is_pending(41)),
        (false, true),
        "nothing is expected of a dead worker"
    );
}

#[test]
fn the_tables_of_the_first_versions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name VARCHAR(512), direction VARCHAR(8));
             CREATE TABLE version_info (version_info_id INTEGER, schema_version INTEGER, library_version VARCHAR(256));
             CREATE TABLE study_system_attributes (study_id INTEGER, key VARCHAR(512), value_json VARCHAR(2048));
             CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, study_id INTEGER, state VARCHAR(8), value FLOAT,
               datetime_start DATETIME, datetime_complete DATETIME);
             CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY, trial_id INTEGER, param_name VARCHAR(512),
               param_value FLOAT, distribution_json VARCHAR(2048));
             CREATE TABLE trial_values (trial_value_id INTEGER PRIMARY KEY, trial_id INTEGER, step INTEGER, value FLOAT);
             CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER PRIMARY KEY, trial_id INTEGER, key TEXT, value_json TEXT);
             CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER PRIMARY KEY, trial_id INTEGER, key TEXT, value_json TEXT);
             INSERT INTO studies VALUES (1, 'old', 'MAXIMIZE');
             INSERT INTO version_info VALUES (1, 2, '0.19.0');
             INSERT INTO trials VALUES (3, 1, 'COMPLETE', 0.5, '2020-01-01 10:00:00', '2020-01-01 10:00:10');
             INSERT INTO trials VALUES (5, 1, 'COMPLETE', 0.75, '2020-01-01 10:00:00', '2020-01-01 10:00:10');
             INSERT INTO trial_params VALUES (1, 3, 'x', 0.25, '{\"name\": \"UniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0}}');
             INSERT INTO trial_params VALUES (2, 5, 'x', 0.5, '{\"name\": \"UniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0}}');
             INSERT INTO trial_values VALUES (1, 3, 7, 0.125);",
        )
        .unwrap();
    let report = trials_report(&read(&path, ReadOptions::default()).study(), "", "");
    assert_eq!(report["study"]["direction"], "maximize");
    assert_eq!(
        report["best"],
        json!({"id": 1, "value": 0.75, "params": {"x": 0.5}})
    );
    assert_eq!(report["trials"][0]["intermediate"], json!({"7": 0.125}));
    assert_eq!(report["trials"][0]["seconds"], 10.0);
}

#[test]
fn a_database_of_something_else_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE a (b)")
        .unwrap();
    let error = read_once(&path, ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    let said = error.err().unwrap().to_string();
    assert!(
        said.contains("Optuna's tables are not in this database"),
        "{said}"
    );
}
