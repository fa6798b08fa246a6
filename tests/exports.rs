//! What trackers and tuners export, as files by hand after the real ones.

#[path = "common/reading.rs"]
mod reading;

use std::fs;
use std::path::Path;

use reading::{report_of, try_read};
use serde_json::{Value as Json, json};
use tunescope::io::ReadOptions;
use tunescope::study::{Constraint, Direction};

fn read(name: &str, text: &str) -> Json {
    read_as(name, text, ReadOptions::default())
}

fn read_as(name: &str, text: &str, options: ReadOptions) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    report_of(&path, options)
}

fn names(report: &Json) -> Vec<&str> {
    let params = report["space"]["params"].as_array().unwrap();
    params.iter().map(|p| p["name"].as_str().unwrap()).collect()
}

#[test]
fn the_table_of_runs_that_wandbs_api_gives_has_its_metrics_in_one_cell() {
    // As the table of its manual: dictionaries as Python prints them, or as JSON.
    let python = ",summary,config,name\n\
        0,\"{'_step': 9, '_runtime': 12.5, '_timestamp': 1714557720.1, 'val_loss': 0.5, 'acc': 0.75, '_wandb': {'runtime': 12}}\",\"{'lr': 0.1, 'optimizer': 'adam', 'model': {'depth': 2}}\",calm-1\n\
        1,\"{'_runtime': 3, 'val_loss': 0.25, 'acc': 0.5}\",\"{'lr': 0.2, 'optimizer': 'sgd', 'model': {'depth': 3}}\",calm-2\n\
        2,{},\"{'lr': 0.3, 'optimizer': None, 'model': {'depth': 4}}\",calm-3\n";
    for text in [
        python.to_owned(),
        python.replace('\'', "\"\"").replace("None", "null"),
    ] {
        let report = read("runs.csv", &text);
        assert_eq!(report["study"]["metric"], "val_loss", "{text}");
        assert_eq!(names(&report), ["lr", "optimizer", "model.depth"], "{text}");
        let first = &report["trials"][0];
        assert_eq!((&first["value"], &first["seconds"]), (&json!(0.5), &json!(12.5)));
        assert_eq!(first["attributes"], json!({"acc": 0.75}));
        assert_eq!(
            first["params"],
            json!({"lr": 0.1, "optimizer": "adam", "model.depth": 2})
        );
        assert_eq!(report["best"]["id"], 1);
        // A run without a summary has no value.
        assert_eq!(report["counts"]["complete"], 2);
    }
}

#[test]
fn the_table_of_a_sweep_on_wandbs_page_is_read() {
    let text = "\"Name\",\"State\",\"Notes\",\"User\",\"Tags\",\"Created\",\"Runtime\",\"Sweep\",\"batch_size\",\"learning_rate\",\"optimizer\",\"_runtime\",\"_step\",\"_timestamp\",\"epoch\",\"train_loss\",\"val_loss\"\n\
        \"a-1\",\"finished\",\"-\",\"me\",\"\",\"2024-05-01T10:00:00.000Z\",\"120\",\"abc\",\"32\",\"0.001\",\"adam\",\"119\",\"9\",\"1714557720\",\"9\",\"0.2\",\"0.31\"\n\
        \"a-2\",\"crashed\",\"-\",\"me\",\"\",\"2024-05-01T10:03:00.000Z\",\"12\",\"abc\",\"64\",\"0.1\",\"adam\",\"11\",\"1\",\"1714557820\",\"1\",\"\",\"\"\n\
        \"a-3\",\"running\",\"-\",\"me\",\"\",\"2024-05-01T10:06:00.000Z\",\"13\",\"abc\",\"16\",\"0.01\",\"sgd\",\"13\",\"1\",\"1714557920\",\"1\",\"0.5\",\"0.6\"\n\
        \"a-4\",\"finished\",\"-\",\"me\",\"\",\"2024-05-01T10:09:00.000Z\",\"60\",\"abc\",\"16\",\"0.003\",\"sgd\",\"59\",\"9\",\"1714558220\",\"9\",\"0.1\",\"0.25\"\n";
    let report = read("sweep.csv", text);
    assert_eq!(names(&report), ["batch_size", "learning_rate", "optimizer"]);
    let counts = &report["counts"];
    let states = ["complete", "failed", "running"].map(|s| counts[s].as_u64());
    assert_eq!(states, [Some(2), Some(1), Some(1)]);
    assert_eq!(
        (&report["best"]["id"], &report["best"]["value"]),
        (&json!(3), &json!(0.25))
    );
}

#[test]
fn a_measurement_without_a_telling_name_is_told_from_a_parameter_by_when_it_is_there() {
    // `Client.summarize().to_csv()` of Ax, with a tracked metric beside two objectives.
    let text = "trial_index,arm_name,trial_status,generation_node,zeta,bulk,spread,lr,layers,opt\n\
        0,0_0,COMPLETED,Sobol,0.5,31.0,3.0,0.001,3,sgd\n1,1_0,COMPLETED,Sobol,0.25,21.0,3.5,0.0001,2,sgd\n\
        2,2_0,FAILED,Sobol,,,,0.01,4,adam\n3,3_0,ABANDONED,MBM,,,,0.003,1,adam\n4,4_0,RUNNING,MBM,,,,0.002,1,adam\n";
    let report = read("ax.csv", text);
    assert_eq!(names(&report), ["lr", "layers", "opt"]);
    assert_eq!(report["study"]["metric"], "zeta");
    assert_eq!(
        report["best"]["params"],
        json!({"lr": 0.0001, "layers": 2, "opt": "sgd"})
    );
    for metric in ["bulk", "spread"] {
        let options = ReadOptions {
            metric: Some(metric.to_owned()),
            ..ReadOptions::default()
        };
        let report = read_as("ax.csv", text, options);
        assert_eq!(names(&report), ["lr", "layers", "opt"], "{metric}");
        assert_eq!(report["study"]["metric"], metric);
    }
    // A name that tells goes first, wherever it stands.
    let report = read("ax.csv", &text.replace("spread", "val_loss"));
    assert_eq!(
        (&report["study"]["metric"], names(&report).len()),
        (&json!("val_loss"), 3)
    );
    // Where all are complete nothing tells: the numbers are listed, and nothing is guessed.
    let all: Vec<&str> = text.lines().take(3).collect();
    let report = read("ax.csv", &all.join("\n"));
    assert!(
        report["warnings"][0]["message"]
            .as_str()
            .unwrap()
            .contains("name one with --metric")
    );
    // A parameter of some trials only is none of these: it is missing in complete ones, too.
    let text = "trial,state,lr,momentum,loss\n0,complete,0.1,,1\n1,complete,0.2,0.9,2\n2,failed,0.3,,\n3,complete,0.4,0.5,3\n";
    assert_eq!(names(&read("r.csv", text)), ["lr", "momentum"]);
}

#[test]
fn numbers_beside_a_null_are_numbers() {
    let rows = ["null", "0.013", "0.0021", "0.5"].iter().enumerate();
    let text: String = rows
        .map(|(i, wd)| format!("{{\"lr\": 0.{i}1, \"wd\": {wd}, \"loss\": {i}}}\n"))
        .collect();
    let report = read("r.jsonl", &text);
    let wd = &report["space"]["params"][1];
    assert_eq!(
        (&wd["type"], &wd["low"], &wd["high"]),
        (&json!("float"), &json!(0.0021), &json!(0.5))
    );
}

fn version(root: &Path, name: &str, settings: &str, epochs: u32, worst: f64) {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hparams.yaml"), settings).unwrap();
    let mut text = "epoch,step,train_loss,val_acc,val_loss\n".to_owned();
    for e in 0..epochs {
        text += &format!(
            "{e},{0},0.5,,\n{e},{1},,0.{e}5,{2}\n",
            e * 100 + 49,
            e * 100 + 99,
            worst - f64::from(e) / 8.0
        );
    }
    fs::write(folder.join("metrics.csv"), text).unwrap();
}

#[test]
fn the_runs_of_lightnings_csv_logger_are_trials_with_their_curves() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lightning_logs");
    version(&root, "version_0", "lr: 0.1\nmodel:\n  depth: 2\n", 4, 1.0);
    version(&root, "version_1", "lr: 0.01\nmodel:\n  depth: 3\n", 4, 0.5);
    version(&root, "version_2", "lr: 0.001\nmodel:\n  depth: 4\n", 2, 0.75);
    fs::write(root.join("notes.txt"), "x").unwrap();
    // The folder, and the one above it.
    for path in [&root, folder.path()] {
        let report = report_of(path, ReadOptions::default());
        assert_eq!(report["source"]["kind"], "lightning");
        assert_eq!(report["study"]["metric"], "val_loss");
        assert_eq!(names(&report), ["lr", "model.depth"]);
        let second = &report["trials"][1];
        assert_eq!((&second["id"], &second["value"]), (&json!(1), &json!(0.125)));
        assert_eq!(
            second["intermediate"],
            json!({"99": 0.5, "199": 0.375, "299": 0.25, "399": 0.125})
        );
        assert_eq!(second["attributes"]["val_acc"], json!(0.35));
        assert_eq!(report["best"]["params"], json!({"lr": 0.01, "model.depth": 3}));
        // The third is written to right now, and not where the others ended.
        let states: Vec<&str> = (0..3)
            .map(|k| report["trials"][k]["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["complete", "complete", "running"]);
    }
    // Nobody has written to it for an hour: it was ended early.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = fs::File::options()
        .append(true)
        .open(root.join("version_2/metrics.csv"))
        .unwrap();
    file.set_modified(old).unwrap();
    let report = report_of(&root, ReadOptions::default());
    assert_eq!(
        (&report["trials"][2]["state"], &report["trials"][2]["value"]),
        (&json!("complete"), &json!(0.625))
    );
}

#[test]
fn steps_without_any_parameter_are_the_curve_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    version(folder.path(), "one", "lr: 1\n", 3, 1.0);
    let report = report_of(&folder.path().join("one/metrics.csv"), ReadOptions::default());
    assert_eq!(report["counts"]["total"], 1);
    assert_eq!(
        report["trials"][0]["intermediate"],
        json!({"99": 1.0, "199": 0.875, "299": 0.75})
    );
    let text = "{\"step\": 1, \"loss\": 3}\n{\"step\": 2, \"loss\": 2}\n{\"step\": 1, \"loss\": 5}\n";
    let report = read("log.jsonl", text);
    assert_eq!(
        report["counts"]["total"], 2,
        "a step that does not rise begins another run"
    );
    assert_eq!(report["trials"][0]["intermediate"], json!({"1": 3.0, "2": 2.0}));
}

#[test]
fn a_document_of_columns_that_is_written_slowly_ends_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.json");
    for text in [
        "{\"lr\": [0.1, 0.2, 0.3], \"loss\": [3, 2, 1]}",
        "{\"lr\": [0.1, 0.2, 0.3],\n \"wd\": [1, 2, 3],\n \"loss\": [3, 2, 1]}\n",
        "{\"study\": \"s\",\n \"trials\": [{\"lr\": 1, \"loss\": 3},\n  {\"lr\": 2, \"loss\": 2}, {\"lr\": 3, \"loss\": 1}]}\n",
    ] {
        for cut in [9, 20, 30, 40] {
            fs::write(&path, &text[..cut]).unwrap();
            let mut reader = tunescope::io::Reader::open(&path, ReadOptions::default()).unwrap();
            reader.poll().unwrap();
            // Nobody writes for a while: what is there is taken for what it seems to be.
            reader.settle();
            let mut file = fs::File::options().append(true).open(&path).unwrap();
            std::io::Write::write_all(&mut file, &text.as_bytes()[cut..]).unwrap();
            while reader.poll().unwrap() != tunescope::io::Change::Unchanged {}
            reader.settle();
            assert_eq!(
                reader.kind().map(|k| k.name),
                Some("json-document"),
                "{cut}: {text}"
            );
            let study = reader.study();
            assert_eq!(
                (study.trials.len(), study.diagnostics.len()),
                (3, 0),
                "{cut}: {text}"
            );
        }
        // The same, all at once.
        assert_eq!(
            report_of(&path, ReadOptions::default())["counts"]["complete"],
            3,
            "{text}"
        );
    }
    // A row that was torn in the midst of others is no document.
    fs::write(&path, "{\"lr\": 0.1,\n{\"lr\": 0.2, \"loss\": 2}\n").unwrap();
    let report = report_of(&path, ReadOptions::default());
    assert_eq!(
        (&report["source"]["kind"], &report["counts"]["complete"]),
        (&json!("jsonl"), &json!(1))
    );
}

#[test]
fn every_objective_of_syne_tune_and_smac_is_read_with_its_direction_and_its_own_curve() {
    for name in ["smac_several", "syne_several"] {
        let truth = reading::truth(name);
        let objectives = truth["objectives"].as_array().unwrap();
        for (k, objective) in objectives.iter().enumerate() {
            let options = reading::asked(objective.as_str(), None);
            let report = report_of(&reading::data(name), options);
            assert_eq!(
                (&report["study"]["metric"], &report["warnings"]),
                (objective, &json!([])),
                "{name}"
            );
            assert_eq!(report["study"]["direction"], truth["directions"][k], "{name}");
            let trials = report["trials"].as_array().unwrap();
            let expected = truth["trials"].as_object().unwrap();
            assert_eq!(trials.len(), expected.len(), "{name}");
            for trial in trials {
                let expected = &expected[&trial["id"].to_string()];
                // The chosen one stands first.
                let values = trial["values"].as_array().unwrap();
                assert_eq!(
                    (&values[0], &values[k]),
                    (&expected["values"][k], &expected["values"][0]),
                    "{name} {trial}"
                );
                assert_eq!(trial["intermediate"], expected["curves"][k], "{name} {trial}");
            }
            let is_better = |a: f64, b: f64| {
                if truth["directions"][k] == "maximize" {
                    a > b
                } else {
                    a < b
                }
            };
            let done = trials.iter().filter(|t| t["state"] == "complete");
            let values = done.map(|t| t["values"][0].as_f64().unwrap());
            let best = values.reduce(|a, b| if is_better(b, a) { b } else { a }).unwrap();
            assert_eq!(report["best"]["value"], best, "{name}");
        }
        let options = reading::asked(Some("nothing"), None);
        let error = reading::try_read(&reading::data(name), options).err().unwrap();
        let known = format!(
            "{}, {}",
            objectives[0].as_str().unwrap(),
            objectives[1].as_str().unwrap()
        );
        assert!(error.contains(&known), "{error}");
    }
}

#[test]
fn mlflows_own_table_has_no_parameters_but_those_of_the_runs() {
    let text = "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,batch_size,lr,val_loss\n\
        2024-05-01 10:00:00,12.3s,a1,calm-1,LOCAL,train.py,me,FINISHED,16,0.1,1.5\n\
        2024-05-01 10:01:00,1.2min,b2,calm-2,LOCAL,train.py,me,FINISHED,32,0.01,0.5\n\
        2024-05-01 10:02:00,3s,c3,calm-3,LOCAL,train.py,me,FAILED,64,0.001,\n";
    let report = read("runs.csv", text);
    assert_eq!(report["best"]["params"], json!({"batch_size": 32, "lr": 0.01}));
    assert_eq!(
        (&report["best"]["id"], &report["counts"]["failed"]),
        (&json!("b2"), &json!(1))
    );
}

#[test]
fn the_state_file_of_a_ray_experiment_means_its_folder() {
    let folder = reading::data("ray_man_asha");
    let mut entries = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
    let is_state = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "json");
    let state = entries.find(is_state).unwrap();
    let (of_file, of_folder) = (
        report_of(&state, ReadOptions::default()),
        report_of(&folder, ReadOptions::default()),
    );
    assert_eq!(of_file, of_folder);
    assert_eq!(of_file["counts"]["complete"], 14);
}

/// What a user of Optuna noted of three trials, in each notation that exports of Optuna have.
fn noted() -> Vec<(&'static str, String)> {
    let rows = [(0, 0.1, 3.0, 20), (1, 0.2, 2.0, 24), (2, 0.3, 1.0, 30)];
    let lines = |row: &dyn Fn(i64, f64, f64, i64) -> String| -> String {
        rows.map(|(n, lr, value, gb)| row(n, lr, value, gb) + "\n")
            .concat()
    };
    let flat = |mark: &'static str| {
        lines(&move |n, lr, value, gb| {
            format!(
                "{{\"number\": {n}, \"params_lr\": {lr}, \"value\": {value}, \"user_attrs{mark}gb\": {gb}, \
                 \"user_attrs{mark}value_sd\": 0.25, \"user_attrs{mark}tag\": \"a\"}}"
            )
        })
    };
    let nested = |n, lr, value, gb| json!({"number": n, "user_attrs": {"gb": gb, "value_sd": 0.25, "tag": "a"}, "params": {"lr": lr}, "value": value});
    let table = |head: &str| {
        format!("number,value,params_lr,{head}gb,{head}value_sd,{head}tag,state\n")
            + &lines(&|n, lr, value, gb| format!("{n},{value},{lr},{gb},0.25,a,COMPLETE"))
    };
    let cell = "number,value,params_lr,user_attrs\n".to_owned()
        + &lines(&|n, lr, value, gb| {
            format!("{n},{value},{lr},\"{{'gb': {gb}, 'value_sd': 0.25, 'tag': 'a'}}\"")
        });
    vec![
        (
            "r.jsonl",
            lines(&|n, lr, value, gb| nested(n, lr, value, gb).to_string()),
        ),
        ("r.jsonl", flat("_")),
        ("r.jsonl", flat(".")),
        ("r.csv", table("user_attrs_")),
        ("r.csv", table("UserAttribute ")),
        ("r.csv", cell),
    ]
}

#[test]
fn what_users_of_optuna_note_has_its_name_in_every_notation() {
    for (name, text) in noted() {
        for constraint in ["gb<=24", "user_attrs_gb<=24"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            fs::write(&path, &text).unwrap();
            let options = ReadOptions {
                constraints: vec![Constraint::parse(constraint).unwrap()],
                ..ReadOptions::default()
            };
            let study = try_read(&path, options).unwrap().study();
            assert_eq!(study.columns, ["lr"], "{text}");
            assert_eq!(study.metric, *"value", "{text}");
            let feasible: Vec<_> = study.trials.iter().map(|t| study.is_feasible(t)).collect();
            assert_eq!(feasible, [Some(true), Some(true), Some(false)], "{text}");
            assert_eq!(study.best(), Some(1), "{text}");
            let first = &study.trials[0];
            assert_eq!(first.objective_sd("value"), Some(0.25), "{text}");
            let mut names: Vec<&str> = first.attributes.iter().map(|(n, _)| n.raw()).collect();
            names.sort_unstable();
            assert_eq!(names, ["gb", "tag", "value_sd"], "{text}");
        }
        // The objective may be one of them, where that is asked for.
        let options = ReadOptions {
            metric: Some("gb".to_owned()),
            direction: Some(Direction::Minimize),
            ..ReadOptions::default()
        };
        assert_eq!(read_as(name, &text, options)["best"]["value"], 20.0, "{text}");
    }
}

#[test]
fn a_note_of_ours_among_the_attributes_is_the_identity_of_the_queue() {
    let row =
        |attributes: Json| json!({"params": {"lr": 0.1}, "value": 1, "user_attrs": attributes}).to_string();
    for attributes in [json!({"tunescope": {"id": "q-1"}}), json!({"queue_id": "q-1"})] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        fs::write(&path, row(attributes) + "\n").unwrap();
        let study = try_read(&path, ReadOptions::default()).unwrap().study();
        assert_eq!(study.trials[0].queue_id, Some("q-1".into()));
        assert_eq!(study.trials[0].attributes, []);
    }
}

#[test]
fn objects_beside_the_parameters_hold_no_parameters() {
    let row = |k: u32| {
        let x = f64::from(k);
        json!({
            "info": {"gb": 10.0 * x, "loss": x}, "metadata": {"git": "abc", "seed": k}, "extra": {"n": k},
            "params": {"lr": 0.1 * x}, "value": 5.0 - x, "system_attrs": {"grid": k, "search": [1, 2]},
            "strange": {"deep": {"x": k}, "name": format!("n{k}")}, "attributes": {"value_sd": 0.5}, "meta": k,
        })
        .to_string()
            + "\n"
    };
    let text: String = (1..6).map(row).collect();
    let options = ReadOptions {
        constraints: vec![Constraint::parse("gb<=30").unwrap()],
        ..ReadOptions::default()
    };
    let report = read_as("r.jsonl", &text, options);
    assert_eq!(names(&report), ["lr"]);
    assert_eq!(report["study"]["metric"], "value");
    assert_eq!(report["warnings"], json!([]));
    assert_eq!(report["best"]["value"], 2.0, "{report}");
    assert_eq!(
        report["trials"][0]["attributes"],
        json!({
            "info.gb": 10.0, "info.loss": 1.0, "metadata.git": "abc", "metadata.seed": 1, "extra.n": 1,
            "strange.deep.x": 1, "strange.name": "n1", "attributes.value_sd": 0.5,
        })
    );
}
