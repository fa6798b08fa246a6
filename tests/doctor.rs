//! The doctor finds what is wrong, and a mended copy reads as the original does, without complaint.

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use program::{said, tunescope};
use serde_json::Value as Json;

fn doctor(args: &[&str]) -> (i32, String, String) {
    let output = tunescope(&["doctor"]).args(args).output().unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().unwrap(), answer, said(&output))
}

fn json(args: &[&str]) -> (i32, Json) {
    let (code, out, err) = doctor(&[args, &["--format", "json"]].concat());
    (
        code,
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")),
    )
}

fn checks(report: &Json) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["check"].as_str().unwrap().to_owned())
        .collect()
}

fn trials(path: &Path) -> Json {
    program::json(tunescope(&["trials", "--format", "json"]).arg(path))
}

const STUDY: &str = r#"{"op_code":0,"worker_id":"w","study_name":"s","directions":[1]}"#;

fn trial(id: u32, x: f64) -> Vec<String> {
    vec![
        r#"{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-01-01T00:00:00+00:00"}"#
            .to_owned(),
        format!(
            r#"{{"op_code":5,"worker_id":"w","trial_id":{id},"param_name":"x","param_value_internal":{x},"distribution":"{{\"name\":\"FloatDistribution\",\"attributes\":{{\"step\":null,\"low\":0.0,\"high\":1.0,\"log\":false}}}}"}}"#
        ),
        format!(
            r#"{{"op_code":6,"worker_id":"w","trial_id":{id},"state":1,"values":[{x}],"datetime_complete":"2026-01-01T00:00:05+00:00"}}"#
        ),
    ]
}

#[test]
fn a_damaged_journal_is_told_and_mended_without_being_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.log");
    let mut lines = vec![STUDY.to_owned()];
    for (id, x) in [0.1, 0.5, 0.5, 0.9].into_iter().enumerate() {
        lines.extend(trial(u32::try_from(id).unwrap(), x));
    }
    let merged = format!("{}{}", lines.remove(2), lines.remove(2));
    lines.insert(2, merged);
    lines.insert(3, String::new());
    lines.push("{\"op_code\":7,\"worker".to_owned());
    // A trial that began long ago and never ended.
    lines.push(trial(4, 0.3).remove(0));
    // And half a line of a writer that died.
    let text = lines.join("\n") + "\n{\"op_code\":4,\"worker_id\":\"w\",\"study_id\":0,\"date";
    fs::write(&path, &text).unwrap();
    let old = SystemTime::now() - Duration::from_secs(100_000);
    fs::File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(old)
        .unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere/journal.log", folder.path().join("journal.log.lock")).unwrap();
    let shown = path.to_str().unwrap();
    let out = folder.path().join("mended.log");
    let (code, report) = json(&[shown, "--repair", out.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert_eq!(report["healthy"], false);
    let found = checks(&report);
    for check in ["bad-lines", "merged-records", "torn-end", "zombies", "duplicates"] {
        assert!(found.contains(&check.to_owned()), "{check} is not in {found:?}");
    }
    #[cfg(unix)]
    {
        let lock = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["check"] == "lock")
            .unwrap();
        assert!(lock["message"].as_str().unwrap().contains("for ever"));
        assert!(lock["command"].as_str().unwrap().starts_with("rm -- "));
    }
    let torn = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["check"] == "torn-end")
        .unwrap();
    assert!(
        torn["command"].as_str().unwrap().starts_with("truncate -s -47 "),
        "{torn}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let (before, after) = (trials(&path), trials(&out));
    assert_eq!(before["trials"], after["trials"]);
    assert_eq!(after["warnings"], serde_json::json!([]));
    let (code, _, err) = doctor(&[shown, "--repair", out.to_str().unwrap()]);
    assert!(code == 1 && err.contains("is there already"), "{err}");
}

#[test]
fn a_sound_source_has_status_0_and_parameters_that_move_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    let row = |k: u32| {
        format!(
            "{},{},{},{}\n",
            f64::from(k) / 7.0,
            (k * 5) % 7,
            f64::from(k) * 2.0,
            k % 4
        )
    };
    let rows: String = (0..12).map(row).collect();
    fs::write(
        &path,
        format!("lr,layers,loss,twin\n{}", rows.replace(",twin", "")),
    )
    .unwrap();
    let (code, out, err) = doctor(&[path.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
    let rows: String = (0..12)
        .map(|k| format!("{},{},{}\n", f64::from(k) / 7.0, f64::from(k) * 3.0, (k * 5) % 7))
        .collect();
    fs::write(&path, format!("lr,wd,loss\n{rows}bad\n")).unwrap();
    let mended = folder.path().join("mended.csv");
    let (code, report) = json(&[path.to_str().unwrap(), "--repair", mended.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert_eq!(checks(&report), ["bad-lines", "not-identified"]);
    assert!(
        report["findings"][1]["message"]
            .as_str()
            .unwrap()
            .contains("lr and wd")
    );
    assert_eq!(trials(&mended)["warnings"], serde_json::json!([]));
    assert_eq!(trials(&mended)["counts"]["total"], 12);
    let (code, _, err) = doctor(&[folder.path().join("nothing").to_str().unwrap()]);
    assert!(code == 1 && err.contains("no such file"));
}

#[test]
fn an_endless_pipe_ends_in_one_sentence() {
    let endless = vec![0u8; 80 << 20];
    let output = tunescope(&["trials", "-"]).write_stdin(endless).output().unwrap();
    let said = said(&output);
    assert!(
        output.status.code() == Some(1) && said.lines().count() == 1 && said.contains("binary"),
        "{said}"
    );
    let mut line = b"{\"lr\": 0.1, \"loss\": 1}\n{\"lr\": \"".to_vec();
    line.resize(80 << 20, b'x');
    let output = tunescope(&["trials", "-"]).write_stdin(line).output().unwrap();
    let said = program::said(&output);
    assert!(
        output.status.code() == Some(1) && said.contains("64 MiB"),
        "{said}"
    );
}

#[test]
fn a_trial_alone_is_waited_for_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    fs::write(&path, "{\"params\": {\"lr\": 0.1}, \"value\": 1}\n").unwrap();
    let output = tunescope(&["suggest"]).arg(&path).output().unwrap();
    let said = said(&output);
    assert!(
        output.status.code() == Some(1) && said.contains("one trial"),
        "{said}"
    );
}

#[test]
fn a_worker_without_a_heartbeat_is_dead_and_one_with_is_not_however_long_its_trial_takes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/optuna_study.db"),
        &path,
    )
    .unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "INSERT INTO trials (trial_id, number, study_id, state, datetime_start) VALUES
               (1000, 40, 1, 'RUNNING', '2026-01-01 09:00:00'), (1001, 41, 1, 'RUNNING', '2026-01-01 09:00:00');
             INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES
               (1000, '2026-01-01 10:00:00'), (1001, CURRENT_TIMESTAMP);",
        )
        .unwrap();
    // Nothing was written for a day: the heartbeat alone says that the second one lives.
    let day = Duration::from_secs(86_400);
    let file = fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - day).unwrap();
    let (code, report) = json(&[path.to_str().unwrap(), "--study", "man-sqlite-tpe"]);
    assert_eq!(code, 1);
    let findings = report["findings"].as_array().unwrap();
    let zombies: Vec<&Json> = findings.iter().filter(|f| f["check"] == "zombies").collect();
    assert_eq!(zombies.len(), 1, "{report}");
    assert_eq!(zombies[0]["trials"], serde_json::json!([40]));
    assert!(zombies[0]["message"].as_str().unwrap().contains("heartbeat"));
    assert!(zombies[0]["command"].as_str().unwrap().contains(".tell(40, "));
    let again = findings.iter().filter(|f| f["check"] == "reading");
    assert_eq!(again.count(), 0, "said once: {report}");
}

/// A real database of Optuna with `damage` done to its bytes, and what the doctor makes of it.
fn mended_database(
    damage: impl FnOnce(&mut Vec<u8>),
) -> (tempfile::TempDir, Vec<String>, rusqlite::Connection) {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("study.db"), folder.path().join("mended.db"));
    let mut bytes = fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/optuna/zoo-5.0.db"
    ))
    .unwrap();
    damage(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let (code, report) = json(&[path.to_str().unwrap(), "--repair", out.to_str().unwrap()]);
    assert_eq!(fs::read(&path).unwrap(), bytes, "the original was touched");
    let found = checks(&report);
    assert_eq!(code == 1, report["healthy"] == false);
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["check"] == "damaged");
    if let Some(finding) = finding {
        let command = finding["command"].as_str().unwrap();
        assert!(command.contains("--repair"), "{command}");
    }
    let database = rusqlite::Connection::open(&out).unwrap();
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |r| r.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    (folder, found, database)
}

fn count(database: &rusqlite::Connection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    database.query_row(&sql, [], |r| r.get(0)).unwrap()
}

#[test]
fn what_can_be_read_of_a_damaged_database_is_written_into_a_sound_one() {
    let is_damaged = |found: &[String]| found.contains(&"damaged".to_owned());
    let (_folder, found, whole) = mended_database(|_| {});
    assert!(!is_damaged(&found), "{found:?}");
    let all = count(&whole, "trials");
    assert!(all > 25 && count(&whole, "trial_params") > 200);
    let tables = ["studies", "trials", "trial_params", "trial_values"];
    // A page of parameters, wherever one is: fewer of them, all else as it was.
    let page = 4096;
    let (_folder, found, database) = mended_database(|bytes| {
        // Leaf pages hold the name of a parameter.
        let is_leaf = |page: &[u8]| page[0] == 13 && page.windows(9).any(|w| w == b"\"choices\"");
        let at = bytes.chunks(page).position(is_leaf).unwrap();
        bytes[at * page..(at + 1) * page].fill(0);
    });
    assert!(is_damaged(&found), "{found:?}");
    assert_eq!(count(&database, "trials"), all);
    let params = count(&database, "trial_params");
    assert!(params > 0 && params < count(&whole, "trial_params"), "{params}");
    // Cut in the middle, as by a full disk.
    let (_folder, found, database) = mended_database(|bytes| bytes.truncate(bytes.len() * 2 / 3));
    assert!(is_damaged(&found), "{found:?}");
    assert!(tables.iter().map(|t| count(&database, t)).sum::<i64>() > 0);
}

#[test]
fn texts_of_numbers_with_a_unit_and_fixed_parameters_are_noted_and_nothing_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    fs::write(
        &path,
        "lr,dropout,memory,kind,loss\n0.1,10%,8GB,2d,1\n0.2,12.5%,16GB,3x3,2\n0.3,20%,8MB,2d,3\n0.4,5%,8GB,2d,4\n",
    )
    .unwrap();
    let (code, report) = json(&[path.to_str().unwrap()]);
    assert_eq!(code, 0, "{report}");
    let findings = report["findings"].as_array().unwrap();
    let units: Vec<&str> = (findings.iter())
        .filter(|f| f["check"] == "units")
        .map(|f| f["message"].as_str().unwrap())
        .collect();
    // Gigabytes beside megabytes are no one unit.
    assert_eq!(units.len(), 1, "{report}");
    assert!(
        units[0].contains("dropout") && units[0].contains("written as 10"),
        "{units:?}"
    );
    let space = folder.path().join("space.toml");
    fs::write(
        &space,
        "[params.lr]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\n[params.kind]\nchoices = [\"2d\"]\n",
    )
    .unwrap();
    let options = [path.to_str().unwrap(), "--space", space.to_str().unwrap()];
    let (code, report) = json(&options);
    assert_eq!(code, 0, "{report}");
    assert!(checks(&report).contains(&"fixed".to_owned()), "{report}");
    let listed = program::json(tunescope(&["trials", "--format", "json"]).args(options));
    assert_eq!(listed["warnings"], serde_json::json!([]));
}

#[test]
fn a_mended_copy_in_which_nothing_would_stand_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE studies (a INTEGER); INSERT INTO studies VALUES (1);")
        .unwrap();
    drop(connection);
    let mut bytes = fs::read(&path).unwrap();
    // The page of the only table is overwritten.
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xa5;
    }
    fs::write(&path, bytes).unwrap();
    let out = folder.path().join("mended.db");
    let (code, said, err) = doctor(&[path.to_str().unwrap(), "--repair", out.to_str().unwrap()]);
    assert_eq!(code, 1, "{said}{err}");
    assert!(err.contains("nothing of it can be read"), "{said}{err}");
    assert!(!out.exists());
}

#[test]
fn a_trial_whose_record_is_torn_before_another_one_is_counted_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.log");
    let mut lines = vec![STUDY.to_owned()];
    for id in 0..3 {
        lines.extend(trial(id, f64::from(id) / 4.0));
    }
    let whole = lines.join("\n") + "\n";
    fs::write(&path, &whole).unwrap();
    let expected = trials(&path);
    // The record that made the second trial is cut, and the next one stands right behind it.
    let made: Vec<usize> = (0..lines.len())
        .filter(|i| lines[*i].contains("\"op_code\":4"))
        .collect();
    let cut = made[1];
    let next = lines.remove(cut + 1);
    lines[cut] = format!("{}{next}", &lines[cut][..26]);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let found = trials(&path);
    assert_eq!(found["counts"], expected["counts"]);
    let (code, report) = json(&[path.to_str().unwrap()]);
    assert_eq!(
        (code, checks(&report).contains(&"bad-lines".to_owned())),
        (1, true),
        "{report}"
    );
    let out = folder.path().join("mended.log");
    let (_, _, err) = doctor(&[path.to_str().unwrap(), "--repair", out.to_str().unwrap()]);
    let mended = trials(&out);
    assert_eq!(
        (&mended["counts"], &mended["warnings"]),
        (&expected["counts"], &serde_json::json!([])),
        "{err}"
    );
    let params = |report: &Json| -> Vec<Json> {
        let trials = report["trials"].as_array().unwrap();
        trials.iter().map(|t| t["params"].clone()).collect()
    };
    assert_eq!(params(&mended), params(&expected));
}
