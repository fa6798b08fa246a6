//! Every kind of source against what the tool that wrote it says (`tests/data/sources/truth.json`); each alive,
//! each damaged.

use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::{Value as Json, json};
use tunescope::io::{Change, ReadOptions, Reader, read_once, trials_report};
use tunescope::study::TrialState;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/sources")
        .join(name)
}

fn truth(name: &str) -> Json {
    let text = fs::read_to_string(data("truth.json")).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    all[name].clone()
}

fn try_read(path: &Path, options: ReadOptions) -> Result<Reader, String> {
    read_once(path, options, &mut |_| ControlFlow::Continue(())).map_err(|e| e.to_string())
}

fn report_of(path: &Path, options: ReadOptions) -> Json {
    let reader = try_read(path, options).unwrap();
    trials_report(&reader.study(), reader.kind().unwrap().name, "here")
}

fn report(name: &str) -> Json {
    report_of(&data(name), ReadOptions::default())
}

fn asked(metric: Option<&str>, study: Option<&str>) -> ReadOptions {
    ReadOptions {
        metric: metric.map(str::to_owned),
        study: study.map(str::to_owned),
        ..ReadOptions::default()
    }
}

/// Copies a folder, to be changed.
fn copied(name: &str) -> (tempfile::TempDir, PathBuf) {
    fn copy(from: &Path, to: &Path) {
        if from.is_dir() {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                copy(&entry.path(), &to.join(entry.file_name()));
            }
        } else {
            fs::copy(from, to).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    copy(&data(name), &path);
    (folder, path)
}

fn same(ours: &Json, theirs: &Json) -> bool {
    let number = |j: &Json| j.as_f64().or_else(|| j.as_str()?.parse().ok());
    match (number(ours), number(theirs)) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs(),
        _ => ours == theirs,
    }
}

fn assert_params(ours: &Json, theirs: &Json) {
    for (name, value) in theirs.as_object().unwrap() {
        assert!(same(&ours[name], value), "{name}: {} {value}", ours[name]);
    }
}

#[rstest]
#[case("mlruns", "mlflow", 15, 0, 1)]
#[case("wandb", "wandb", 15, 0, 1)]
#[case("smac_man", "smac", 14, 0, 0)]
#[case("syne_man_asha", "syne-tune", 2, 7, 0)]
#[case("ax_client_snapshot.json", "ax", 16, 0, 0)]
#[case("ray_man_asha", "ray", 14, 0, 0)]
fn a_source_is_what_its_tool_says_it_is(
    #[case] name: &str,
    #[case] kind: &str,
    #[case] complete: u64,
    #[case] pruned: u64,
    #[case] failed: u64,
) {
    let (report, truth) = (report(name), truth(name));
    assert_eq!(report["source"]["kind"], kind);
    assert_eq!(report["study"]["metric"], truth["objective"]);
    assert_eq!(report["study"]["direction"], truth["direction"]);
    assert_eq!(report["warnings"], json!([]));
    let total = ["n_total", "n_in_experiment_state", "n_configs", "n_trials"];
    let total = total.iter().find_map(|k| truth[k].as_u64()).unwrap();
    assert_eq!(report["counts"]["total"], total);
    assert_eq!(report["counts"]["complete"], complete);
    assert_eq!(report["counts"]["pruned"], pruned);
    assert_eq!(report["counts"]["failed"], failed);
    let best = &report["best"];
    let one = ["best_by_last_result", "best_row"]
        .iter()
        .map(|k| &truth[k])
        .find(|b| b.is_object());
    let value = one.map_or(&truth["best_value"], |b| &b["value"]);
    assert!(same(&best["value"], value), "{} {value}", best["value"]);
    assert_params(
        &best["params"],
        one.map_or(&truth["best_params"], |b| &b["params"]),
    );
    let id = [
        &truth["best_id"],
        &truth["best_config_id"],
        &one.unwrap_or(&Json::Null)["id"],
    ];
    if kind != "wandb"
        && let Some(id) = id.into_iter().find(|i| !i.is_null())
    {
        assert_eq!(&best["id"], id);
    }
    let space = report["space"]["params"].as_array().unwrap();
    for (name, expected) in truth["params"].as_object().into_iter().flatten() {
        let found = space.iter().find(|p| p["name"] == **name).unwrap();
        let (low, high) = match expected["type"].as_str().unwrap() {
            "numeric" => ("low_seen", "high_seen"),
            "float" | "int" => ("low", "high"),
            _ => {
                assert_eq!(found["choices"], expected["choices"]);
                continue;
            }
        };
        assert!(
            same(&found["low"], &expected[low]) && same(&found["high"], &expected[high]),
            "{name}"
        );
        if expected["log"] == true {
            assert_eq!(found["log"], true, "{name}");
        }
    }
}

#[test]
fn learning_curves_and_waiting_trials_of_ray_are_there() {
    let (report, truth) = (report("ray_man_asha"), truth("ray_man_asha"));
    for expected in truth["trials"].as_array().unwrap() {
        let trials = report["trials"].as_array().unwrap();
        // The one that waits has no report, and so no name among those that the tool's reader gives.
        let Some(found) = trials.iter().find(|t| t["id"] == expected["id"]) else {
            assert_eq!(expected["n"], 0, "{expected}");
            continue;
        };
        assert_eq!(
            found["intermediate"].as_object().unwrap().len() as u64,
            expected["n"]
        );
        assert_params(&found["params"], &expected["params"]);
        assert!(expected["n"] == 0 || same(&found["value"], &expected["last"]));
    }
    assert_eq!(report["counts"]["waiting"], 1);
}

#[test]
fn another_metric_can_be_chosen_and_those_there_are_are_named() {
    for name in [
        "ray_man_asha",
        "mlruns",
        "wandb",
        "syne_man_asha",
        "ax_client_snapshot.json",
    ] {
        let study = try_read(&data(name), asked(Some("val_acc"), None))
            .unwrap()
            .study();
        assert_eq!(study.metric, "val_acc", "{name}");
        assert_eq!(study.direction(), tunescope::study::Direction::Maximize, "{name}");
        let why = try_read(&data(name), asked(Some("nope"), None)).err().unwrap();
        assert!(
            why.contains("val_loss") && why.contains("val_acc"),
            "{name}: {why}"
        );
        let study = try_read(&data(name), ReadOptions::default()).unwrap().study();
        assert!(
            study.notes.iter().any(|n| n.contains("val_acc")),
            "{name}: {:?}",
            study.notes
        );
    }
}

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
    let path = folder.path().join("exp");
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
fn smac_in_every_dialect_with_several_runs_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runhistory.json");
    let configs = "\"configs\": {\"1\": {\"lr\": 0.1, \"opt\": \"a\"}, \"2\": {\"lr\": 0.2}}";
    let new = "[{\"config_id\": 1, \"seed\": 0, \"budget\": 3.0, \"cost\": 2.0, \"time\": 1, \"status\": 1, \"starttime\": 10, \"endtime\": 11},
        {\"config_id\": 1, \"seed\": 1, \"budget\": 3.0, \"cost\": 4.0, \"time\": 1, \"status\": 1},
        {\"config_id\": 1, \"seed\": 0, \"budget\": 1.0, \"cost\": 9.0, \"time\": 1, \"status\": 1},
        {\"config_id\": 2, \"seed\": 0, \"budget\": 1.0, \"cost\": Infinity, \"time\": 1, \"status\": 2}]";
    let listed = "[[1, null, 0, 3.0, 2.0, 1, 1, 10, 11, {}], [1, null, 1, 3.0, 4.0, 1, 1, 0, 0, {}],
        [1, null, 0, 1.0, 9.0, 1, 1, 0, 0, {}], [2, null, 0, 1.0, Infinity, 1, 2, 0, 0, {}]]";
    let paired = "[[[1, null, 0, 3.0], [2.0, 1, {\"__enum__\": \"StatusType.SUCCESS\"}, 10, 11, {}]],
        [[1, null, 1, 3.0], [4.0, 1, {\"__enum__\": \"StatusType.SUCCESS\"}, 0, 0, {}]],
        [[1, null, 0, 1.0], [9.0, 1, {\"__enum__\": \"StatusType.SUCCESS\"}, 0, 0, {}]],
        [[2, null, 0, 1.0], [2147483647, 1, {\"__enum__\": \"StatusType.CRASHED\"}, 0, 0, {}]]]";
    for data in [new, listed, paired] {
        fs::write(&path, format!("{{\"stats\": {{}}, \"data\": {data}, {configs}}}")).unwrap();
        let report = report_of(folder.path(), ReadOptions::default());
        assert_eq!(report["source"]["kind"], "smac");
        assert_eq!(report["counts"]["total"], 2, "{report}");
        assert_eq!(report["best"]["value"], 3.0);
        assert_eq!(report["trials"][0]["intermediate"], json!({"1": 9.0, "3": 3.0}));
        assert_eq!(report["trials"][1]["state"], "failed");
    }
    fs::write(&path, "{\"stats\": {}, \"data\": [{\"config_id\": 1, \"cost\": [1.0, 2.0], \"status\": 1}], \"configs\": {\"1\": {\"lr\": 1}}}").unwrap();
    fs::write(
        folder.path().join("scenario.json"),
        "{\"name\": \"two\", \"objectives\": [\"err\", \"seconds\"]}",
    )
    .unwrap();
    let report = report_of(folder.path(), asked(Some("seconds"), None));
    assert_eq!(report["study"]["directions"], json!(["minimize", "minimize"]));
    assert_eq!(report["trials"][0]["values"], json!([2.0, 1.0]));
}

#[test]
fn deepcave_and_documents_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    let write = |name: &str, text: &str| fs::write(run.join(name), text).unwrap();
    write(
        "meta.json",
        "{\"objectives\": [{\"name\": \"acc\", \"optimize\": \"upper\"}], \"budgets\": [1, 3]}",
    );
    write(
        "configspace.json",
        "{\"hyperparameters\": [{\"type\": \"uniform_float\", \"name\": \"lr\", \"lower\": 1e-4, \"upper\": 1, \"log\": true}]}",
    );
    write("configs.json", "{\"0\": {\"lr\": 0.1}, \"1\": {\"lr\": 0.2}}");
    write("origins.json", "{\"0\": \"Sobol\"}");
    write(
        "history.jsonl",
        "[0, 1, [0.5], 0.0, 1.0, 1, {}]\n[0, 3, [0.7], 1.0, 3.0, 1, {}]\nx\n[1, 1, [null], 1.0, 3.0, 4, {\"traceback\": \"E\\nboom\"}]\n",
    );
    // The folder above holds this run alone.
    let report = report_of(folder.path(), ReadOptions::default());
    assert_eq!(report["source"]["kind"], "deepcave");
    assert_eq!(report["study"]["direction"], "maximize");
    assert_eq!(report["best"]["value"], 0.7);
    assert_eq!(report["space"]["params"][0]["log"], true);
    assert_eq!(report["warnings"][0]["line"], 3);
    assert_eq!(report["counts"]["failed"], 1);
    for text in [
        "[\n {\n  \"params\": {\n   \"a\": 1\n  },\n  \"value\": 2\n },\n {\"params\": {\"a\": 3}, \"value\": NaN}\n]\n",
        "{\"run_id\": \"x\", \"history\": [{\"params\": {\"a\": 1}, \"value\": 2}, {\"params\": {\"a\": 3}, \"value\": NaN}]}",
        "{\n \"study\": \"s\",\n \"trials\": [\n  {\"params\": {\"a\": 1}, \"value\": 2},\n  {\"params\": {\"a\": 3}, \"value\": null}]}\n",
        "{\"datapoints\": [{\"uid\": \"1\", \"from_uid\": null, \"values\": {\"a\": 1, \"loss\": 2}}, {\"uid\": \"2\", \"values\": {\"a\": 3, \"loss\": NaN}}]}",
    ] {
        let path = folder.path().join("document");
        fs::write(&path, text).unwrap();
        let report = report_of(&path, ReadOptions::default());
        assert_eq!(report["source"]["kind"], "json-document", "{text}");
        assert_eq!(report["best"]["value"], 2.0, "{text}");
        assert_eq!(
            (&report["counts"]["total"], &report["counts"]["failed"]),
            (&json!(2), &json!(1)),
            "{text}"
        );
    }
}

#[test]
fn one_row_of_jsonl_with_a_learning_curve_is_no_document() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    fs::write(
        &path,
        "{\"id\": 1, \"history\": [{\"step\": 1, \"value\": 2}], \"params\": {\"a\": 1}, \"value\": 2}\n",
    )
    .unwrap();
    assert_eq!(
        report_of(&path, ReadOptions::default())["source"]["kind"],
        "jsonl"
    );
}

#[test]
fn a_folder_of_several_results_says_which_there_are() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.jsonl", "b.jsonl"] {
        fs::write(
            folder.path().join(name),
            "{\"params\": {\"a\": 1}, \"value\": 2}\n",
        )
        .unwrap();
    }
    fs::write(folder.path().join("README.md"), "a, b\nc, d\n").unwrap();
    let why = try_read(folder.path(), ReadOptions::default()).err().unwrap();
    assert!(
        why.contains("2 things") && why.contains("a.jsonl, b.jsonl"),
        "{why}"
    );
    fs::remove_file(folder.path().join("b.jsonl")).unwrap();
    assert_eq!(
        report_of(folder.path(), ReadOptions::default())["counts"]["total"],
        1
    );
}

/// Every document of every kind, cut and with bytes turned: a sentence or a study, never a panic.
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
fn whole_numbers_beyond_what_a_double_holds_are_kept_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    fs::write(
        &path,
        "big,lr,loss\n9007199254740993,0.1,1\n9223372036854775807,0.2,2\n",
    )
    .unwrap();
    let study = try_read(&path, ReadOptions::default()).unwrap().study();
    assert_eq!(
        study.trials[0].param(0),
        Some(&tunescope::study::Value::Int(9_007_199_254_740_993))
    );
    assert_eq!(study.space.params.len(), 2);
    assert!(
        study.notes.iter().any(|n| n.contains("2^53")),
        "{:?}",
        study.notes
    );
    fs::write(&path, "lr,loss\n0.1,1\n").unwrap();
    let study = try_read(&path, ReadOptions::default()).unwrap().study();
    assert!(
        study.notes.iter().any(|n| n.contains("one trial so far")),
        "{:?}",
        study.notes
    );
}

#[test]
fn ax_with_several_objectives_failures_and_curves() {
    let report = report("ax_mo.json");
    assert_eq!(report["study"]["directions"], json!(["maximize", "minimize"]));
    let counts = &report["counts"];
    assert_eq!((&counts["complete"], &counts["pruned"]), (&json!(4), &json!(1)));
    assert_eq!((&counts["failed"], &counts["running"]), (&json!(1), &json!(1)));
    assert_eq!(report["trials"][6]["values"], json!([0.56, -3.0]));
    assert_eq!(report["trials"][6]["attributes"]["acc sem"], 0.02);
    let chosen = report_of(&data("ax_mo.json"), asked(Some("lat"), None));
    assert_eq!(chosen["study"]["directions"], json!(["minimize", "maximize"]));
    assert_eq!(chosen["best"]["value"], -3.0);
    let curve = report_of(&data("ax_curve.json"), ReadOptions::default());
    assert_eq!(curve["trials"][1]["intermediate"]["2"], 1.333_333_333_3);
    assert_eq!(curve["best"]["value"], 0.25);
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
