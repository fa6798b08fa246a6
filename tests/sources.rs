//! Every kind of source against what the tool that wrote it says (`tests/data/sources/truth.json`).

#[path = "common/reading.rs"]
mod reading;

use std::fs;

use reading::{asked, assert_params, data, report, report_of, same, truth, try_read};
use rstest::rstest;
use serde_json::{Value as Json, json};
use tunescope::io::ReadOptions;

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
fn trials_of_ray_with_a_table_of_reports_alone_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(data("ray_man_asha")).unwrap() {
        let entry = entry.unwrap();
        let to = folder.path().join(entry.file_name());
        if entry.path().is_file() {
            fs::copy(entry.path(), to).unwrap();
            continue;
        }
        fs::create_dir(&to).unwrap();
        for file in fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
            if file.file_name() == "result.json" {
                fs::write(
                    to.join("progress.csv"),
                    table_of(&fs::read_to_string(file.path()).unwrap()),
                )
                .unwrap();
            } else if file.file_name() != "params.json" {
                fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
    }
    // The order of the parameters is that of the file that names them first.
    let by_name = |mut report: Json| {
        let params = report["space"]["params"].as_array_mut().unwrap();
        params.sort_by_key(|p| p["name"].to_string());
        report
    };
    let ours = by_name(report_of(folder.path(), ReadOptions::default()));
    let theirs = by_name(report("ray_man_asha"));
    assert_eq!(ours["counts"]["complete"], 14);
    for part in ["warnings", "space", "counts", "trials"] {
        assert_eq!(ours[part], theirs[part], "{part}");
    }
}

/// The reports as the rows of a table, as Ray writes it beside them.
fn table_of(reports: &str) -> String {
    let mut table = String::new();
    for line in reports.lines() {
        let mut report: serde_json::Map<String, Json> = serde_json::from_str(line).unwrap();
        if let Some(Json::Object(config)) = report.remove("config") {
            report.extend(
                config
                    .into_iter()
                    .map(|(name, value)| (format!("config/{name}"), value)),
            );
        }
        let cells = |cell: &dyn Fn((&String, &Json)) -> String| {
            report.iter().map(cell).collect::<Vec<_>>().join(",") + "\n"
        };
        if table.is_empty() {
            table += &cells(&|(name, _)| name.clone());
        }
        table += &cells(&|(_, value)| match value {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            Json::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
            value => value.to_string(),
        });
    }
    table
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

/// Written by Ax 1.3.1 (`objective="acc - 2*cost"`); the numbers are what its `summarize()` says of the metrics.
#[test]
fn ax_with_a_weighted_sum_of_metrics_is_read_as_that_sum() {
    let report = report("ax_sum.json");
    assert_eq!(report["study"]["metric"], "acc - 2*cost");
    assert_eq!(report["study"]["direction"], "maximize");
    assert_eq!(report["best"]["id"], 4);
    let (acc, cost) = (0.633_963_174_2, 0.090_837_131_3);
    let value = report["best"]["value"].as_f64().unwrap();
    assert!((value - (acc - 2.0 * cost)).abs() < 1e-12, "{value}");
    assert_eq!(report["trials"][4]["attributes"]["cost"], cost);
    assert_eq!(report["trials"][2]["value"], Json::Null);
    let cost_only = report_of(&data("ax_sum.json"), asked(Some("cost"), None));
    assert_eq!(cost_only["study"]["direction"], "minimize");
    assert_eq!(cost_only["best"]["value"], cost);
    let study = try_read(&data("ax_sum.json"), ReadOptions::default())
        .unwrap()
        .study();
    let said = "the space has 1 constraint between parameters";
    assert!(
        study.notes.iter().any(|n| n.starts_with(said)),
        "{:?}",
        study.notes
    );
}

#[test]
fn ax_names_its_metric_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ax.json");
    let mut json: Json = serde_json::from_slice(&fs::read(data("ax_sum.json")).unwrap()).unwrap();
    json["experiment"]["trials"] = json!({});
    json["experiment"]["data_by_trial"] = json!({});
    fs::write(&path, json.to_string()).unwrap();
    let report = report_of(&path, ReadOptions::default());
    assert_eq!(report["study"]["metric"], "acc - 2*cost");
    assert_eq!(report["study"]["direction"], "maximize");
}

/// Written by HiPlot: what it says of the parameters comes before the points.
#[test]
fn an_experiment_of_hiplot_with_parameter_definitions_is_no_single_row() {
    let report = report("hiplot_experiment.json");
    assert_eq!(report["source"]["kind"], "json-document");
    assert_eq!(report["counts"]["total"], 8);
    assert_eq!(report["counts"]["failed"], 1);
    assert_eq!(report["best"]["id"], "u6");
}

#[test]
fn a_run_of_deepcave_with_seeds_and_cpu_seconds_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "meta.json",
        r#"{"objectives": [{"name": "acc", "optimize": "upper"}], "budgets": [1, 3], "seeds": [1, 2]}"#,
    );
    write(
        "configspace.json",
        r#"{"hyperparameters": [{"type": "uniform_float", "name": "lr", "lower": 0, "upper": 1, "log": false}]}"#,
    );
    write(
        "configs.json",
        r#"{"0": {"lr": 0.25}, "1": {"lr": 0.5}, "2": {"lr": 0.75}}"#,
    );
    write(
        "history.jsonl",
        "[0, 1, 1, [0.5], 0.1, 0.0, 1.0, 1, {}]\n[0, 3, 1, [0.75], 0.1, 1.0, 2.0, 1, {}]\n\
         [0, 3, 2, [0.25], 0.1, 2.0, 4.0, 1, {}]\n[1, 3, 1, [0.625], 0.1, 4.0, 5.0, 1, {}]\n\
         [2, 1, 1, [null], 0.1, 5.0, 6.0, 8, {}]\n",
    );
    let report = report_of(folder.path(), ReadOptions::default());
    assert_eq!(report["source"]["kind"], "deepcave");
    let counts = &report["counts"];
    assert_eq!((&counts["complete"], &counts["pruned"]), (&json!(2), &json!(1)));
    let first = &report["trials"][0];
    assert_eq!((&first["value"], &first["seconds"]), (&json!(0.5), &json!(4.0)));
    assert_eq!(first["intermediate"], json!({"1": 0.5, "3": 0.5}));
    assert_eq!(report["best"]["id"], 1);
}

#[test]
fn mlflows_sqlite_file_is_read_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlflow.db");
    let sqlite = rusqlite::Connection::open(&path).unwrap();
    sqlite
        .execute_batch(
            "CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
             CREATE TABLE runs (run_uuid TEXT, experiment_id INTEGER, name TEXT, status TEXT, start_time BIGINT,
                 end_time BIGINT, lifecycle_stage TEXT);
             CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
             CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
             CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
             CREATE TABLE latest_metrics (key TEXT, value FLOAT, run_uuid TEXT);
             INSERT INTO experiments VALUES (0, 'Default', 'active'), (1, 'exp', 'active'), (2, 'gone', 'deleted');
             INSERT INTO runs VALUES ('p', 1, 'parent', 'FINISHED', 1000, 9000, 'active'),
                 ('a', 1, 'one', 'FINISHED', 1000, 3000, 'active'), ('b', 1, 'two', 'FINISHED', 2000, 4000, 'active'),
                 ('c', 1, 'three', 'FAILED', 3000, 4000, 'active'), ('d', 1, 'four', 'RUNNING', 4000, NULL, 'active'),
                 ('x', 1, 'old', 'FINISHED', 1, 2, 'deleted'), ('y', 2, 'old', 'FINISHED', 1, 2, 'active');
             INSERT INTO tags SELECT 'mlflow.parentRunId', 'p', run_uuid FROM runs WHERE run_uuid IN ('a', 'b', 'c', 'd');
             INSERT INTO params SELECT 'lr', '0.' || start_time, run_uuid FROM runs;
             INSERT INTO metrics VALUES ('loss', 2.5, 1, 'a', 0, 0), ('loss', 1.5, 2, 'a', 1, 0),
                 ('loss', 1.7976931348623157e308, 1, 'b', 0, 0), ('loss', 0, 1, 'c', 0, 1), ('loss', 9.0, 1, 'd', 0, 0);",
        )
        .unwrap();
    let shown = path.to_str().unwrap();
    for source in [shown.to_owned(), format!("sqlite:///{shown}")] {
        let report = report_of(std::path::Path::new(&source), ReadOptions::default());
        assert_eq!(report["source"]["kind"], "mlflow");
        assert_eq!(report["study"]["name"], "exp");
        let counts = json!({"total": 4, "complete": 1, "pruned": 0, "failed": 2, "running": 1, "waiting": 0});
        assert_eq!(report["counts"], counts);
        assert_eq!(
            (&report["best"]["id"], &report["best"]["value"]),
            (&json!("a"), &json!(1.5))
        );
        assert_eq!(report["trials"][0]["intermediate"], json!({"0": 2.5, "1": 1.5}));
        assert_eq!(report["trials"][0]["seconds"], 2.0);
    }
    let mut reader = tunescope::io::Reader::open(&path, ReadOptions::default()).unwrap();
    reader.poll().unwrap();
    sqlite
        .execute_batch(
            "UPDATE runs SET status = 'FINISHED', end_time = 5000 WHERE run_uuid = 'd';
             INSERT INTO metrics VALUES ('loss', 1.0, 2, 'd', 1, 0);
             INSERT INTO runs VALUES ('e', 1, 'five', 'RUNNING', 5000, NULL, 'active');
             INSERT INTO tags VALUES ('mlflow.parentRunId', 'p', 'e');",
        )
        .unwrap();
    assert_ne!(reader.poll().unwrap(), tunescope::io::Change::Unchanged);
    let study = reader.study();
    let best = study.best().and_then(|k| study.trials[k].objective());
    assert_eq!((study.trials.len(), best), (5, Some(1.0)));
    sqlite
        .execute_batch("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = 'e'")
        .unwrap();
    assert_eq!(reader.poll().unwrap(), tunescope::io::Change::Rebuilt);
    assert_eq!(reader.study().trials.len(), 4);
}

#[test]
fn a_run_of_deepcave_as_two_tables_is_read_with_every_objective() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "configspace.csv",
        "name,type,log,lower,upper,default,distribution,item_0,item_1,ordered,distribution_mu\n\
         lr,float,True,1e-05,1.0,0.01,uniform,,,,\nconfig_depth,integer,False,1.0,3.0,3.0,uniform,,,,\n\
         clip,categorical,,,,,,True,False,True,\nodd,strange,,,,,,,,,\n",
    );
    write(
        "trials.csv",
        "config_id,lr,config_depth,clip,metric:acc [0.0; 1.0] (maximize),metric:ms [0; +inf] (minimize),status,start_time,end_time,budget,seed,node\n\
         7,0.1,2.0,true,0.5,20,success,0,1,1,-1,a\n\
         7,0.1,2.0,true,0.75,30,SUCCESS,1,3,9,1,a\n7,0.1,2.0,true,0.25,40,success,3,4,9,2,a\n\
         8,0.2,3.0,false,0.625,10,success,4,5,9,-1,b\n9,0.3,1.0,true,,,timeout,5,6,9,-1,\n\
         4,0.3,1.0,true,0.1,5,pruned,6,7,1,-1,\n5,0.4\n",
    );
    // The folder and its table are the same.
    let of_folder = report_of(folder.path(), ReadOptions::default());
    let of_table = report_of(&folder.path().join("trials.csv"), ReadOptions::default());
    for report in [&of_folder, &of_table] {
        assert_eq!(report["source"]["kind"], "deepcave");
        assert_eq!(report["study"]["metric"], "acc");
        assert_eq!(report["study"]["directions"], json!(["maximize", "minimize"]));
        let counts = &report["counts"];
        let states = ["complete", "pruned", "failed", "total"].map(|state| counts[state].as_u64());
        assert_eq!(states, [Some(2), Some(1), Some(1), Some(4)]);
        let first = &report["trials"][0];
        assert_eq!((&first["id"], &first["values"]), (&json!(7), &json!([0.5, 35.0])));
        assert_eq!(first["intermediate"], json!({"1": 0.5, "9": 0.5}));
        assert_eq!(
            first["params"],
            json!({"lr": 0.1, "config_depth": 2, "clip": true})
        );
        assert_eq!(first["attributes"], json!({"node": "a"}));
        assert_eq!(report["best"]["id"], 8);
        let space = report["space"]["params"].as_array().unwrap();
        assert_eq!(space[0]["log"], true);
        assert_eq!((&space[1]["low"], &space[1]["high"]), (&json!(1), &json!(3)));
        assert_eq!(space[2]["choices"], json!([true, false]));
        let warnings = report["warnings"].as_array().unwrap();
        let at = |k: usize| (&warnings[k]["line"], warnings[k]["message"].as_str().unwrap());
        assert!(
            at(0).1.contains("parameter odd is of the unknown type strange"),
            "{}",
            at(0).1
        );
        assert_eq!((at(0).0, at(1).0), (&json!(5), &json!(8)));
    }
    let other = ReadOptions {
        metric: Some("ms".to_owned()),
        ..ReadOptions::default()
    };
    let report = report_of(folder.path(), other);
    assert_eq!(
        (&report["study"]["metric"], &report["study"]["direction"]),
        (&json!("ms"), &json!("minimize"))
    );
    assert_eq!(report["best"]["value"], 10.0);
}

#[test]
fn columns_that_say_the_direction_of_their_objective_are_the_objectives_of_any_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.csv");
    fs::write(
        &path,
        "config_id,lr,quality (higher is better),size [MB] (minimize)\n0,0.1,3,20\n0,0.2,5,40\n1,0.3,4,10\n",
    )
    .unwrap();
    let report = report_of(&path, ReadOptions::default());
    assert_eq!(report["study"]["metric"], "quality");
    assert_eq!(report["study"]["directions"], json!(["maximize", "minimize"]));
    // What a table calls `config_id` is no parameter, and two rows of one configuration are two trials.
    assert_eq!(report["counts"]["complete"], 3);
    assert_eq!(report["trials"][1]["params"], json!({"lr": 0.2}));
    assert_eq!(report["trials"][1]["values"], json!([5.0, 40.0]));
    assert_eq!(report["best"]["id"], report["trials"][1]["id"]);
}
