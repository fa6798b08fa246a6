//! What is read of real files, against what the tools that wrote them say (`truth.json`).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::{Value as Json, json};
use tunescope::io::{ReadOptions, Reader, read_once, trials_report};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn read(path: &Path, options: ReadOptions) -> Reader {
    read_once(path, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn report(name: &str) -> (Json, Reader) {
    let reader = read(&data(name), ReadOptions::default());
    let kind = reader.kind().unwrap().name;
    (trials_report(&reader.study(), kind, name), reader)
}

fn truth(name: &str) -> Json {
    let text = std::fs::read_to_string(data("truth.json")).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    all[name].clone()
}

/// The tools' words for the states, in ours.
fn counts_of(truth: &Json) -> Json {
    let mut counts = json!({"total": truth["n_total"], "complete": 0, "pruned": 0, "failed": 0,
        "running": 0, "waiting": 0});
    for (word, n) in truth["counts"].as_object().unwrap() {
        let ours = match word.to_lowercase().as_str() {
            "complete" | "completed" | "finished" => "complete",
            "fail" | "failed" => "failed",
            "pruned" => "pruned",
            "running" => "running",
            "waiting" => "waiting",
            other => panic!("{other}"),
        };
        counts[ours] = n.clone();
    }
    counts
}

fn param<'a>(report: &'a Json, name: &str) -> &'a Json {
    let params = report["space"]["params"].as_array().unwrap();
    params
        .iter()
        .find(|p| p["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {params:?}"))
}

#[rstest]
#[case("optuna_journal.log")]
#[case("optuna_3.6_journal.log")]
fn an_optuna_journal_is_what_optuna_says_it_is(#[case] name: &str) {
    let (report, _) = report(name);
    let truth = truth(name)["studies"][0].clone();
    assert_eq!(report["source"]["kind"], "optuna-journal");
    assert_eq!(report["study"]["name"], truth["study"]);
    assert_eq!(report["study"]["directions"], truth["directions"]);
    assert_eq!(report["counts"], counts_of(&truth));
    assert_eq!(report["best"]["id"], truth["best_number"]);
    assert_eq!(report["best"]["value"], truth["best_value"]);
    assert_eq!(report["best"]["params"], truth["best_params"]);
    assert_eq!(report["space"]["inferred"], false);
    let params = truth["params"].as_object().unwrap();
    assert_eq!(report["space"]["params"].as_array().unwrap().len(), params.len());
    for (name, expected) in params {
        let found = param(&report, name);
        for key in ["type", "low", "high", "log", "step", "choices"] {
            match &expected[key] {
                Json::Null => {}
                Json::Number(n) => assert_eq!(found[key].as_f64(), n.as_f64(), "{name}.{key}"),
                other => assert_eq!(&found[key], other, "{name}.{key}"),
            }
        }
    }
    let trials = report["trials"].as_array().unwrap();
    let points: usize = trials
        .iter()
        .map(|t| t["intermediate"].as_object().unwrap().len())
        .sum();
    assert_eq!(points as u64, truth["n_intermediate"]);
    for (trial, expected) in trials.iter().zip(truth["first_values"].as_array().unwrap()) {
        assert_eq!(trial["value"], expected[0]);
    }
    assert_eq!(report["warnings"], json!([]));
}

#[rstest]
#[case("results_nested.jsonl", "jsonl")]
#[case("results_flat.jsonl", "jsonl")]
#[case("results.csv", "csv")]
#[case("hiplot.csv", "csv")]
#[case("wandb_export.csv", "csv")]
#[case("ax_summary.csv", "csv")]
fn a_generic_file_is_what_its_writer_says_it_is(#[case] name: &str, #[case] kind: &str) {
    let (report, _) = report(name);
    let truth = truth(name);
    assert_eq!(report["source"]["kind"], kind);
    assert_eq!(report["study"]["metric"], truth["objective"]);
    assert_eq!(report["study"]["direction"], truth["direction"]);
    assert_eq!(report["counts"], counts_of(&truth));
    assert_eq!(report["best"]["id"], truth["best_id"]);
    assert_eq!(report["best"]["value"], truth["best_value"]);
    for (name, value) in truth["best_params"].as_object().unwrap() {
        let found = &report["best"]["params"][name];
        match value.as_f64() {
            Some(x) => assert_eq!(found.as_f64(), Some(x), "{name}"),
            None => assert_eq!(found, value, "{name}"),
        }
    }
    assert_eq!(
        report["best"]["params"].as_object().unwrap().len(),
        truth["best_params"].as_object().unwrap().len()
    );
    assert_eq!(report["space"]["inferred"], true);
    let params = truth["params"].as_object().unwrap();
    assert_eq!(report["space"]["params"].as_array().unwrap().len(), params.len());
    for (name, expected) in params {
        let found = param(&report, name);
        match expected["type"].as_str().unwrap() {
            "numeric" => {
                assert_eq!(found["low"].as_f64(), expected["low_seen"].as_f64(), "{name}");
                assert_eq!(found["high"].as_f64(), expected["high_seen"].as_f64(), "{name}");
            }
            "categorical" => assert_eq!(found["choices"], expected["choices"], "{name}"),
            // Ax gives the declared space, which its summary does not contain.
            _ => assert_ne!(found["type"], Json::Null),
        }
    }
    if let Some(points) = truth["n_intermediate"].as_u64() {
        let trials = report["trials"].as_array().unwrap();
        let found: usize = trials
            .iter()
            .map(|t| t["intermediate"].as_object().unwrap().len())
            .sum();
        assert_eq!(found as u64, points);
    }
    assert_eq!(report["warnings"], json!([]));
}

/// `None` where two JSON values mean the same (numbers by value, non-finite ones by name).
fn differ(ours: &Json, theirs: &Json) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(a), Some(b)) => a != b,
        _ => ours != theirs,
    }
}

#[test]
fn every_rule_of_optunas_replay_is_followed() {
    // Written by tests/python/journal_rules.py: random operations, most of which Optuna ignores.
    let path = data("journal_rules.log");
    let text = std::fs::read_to_string(data("journal_rules.json")).unwrap();
    let studies: Vec<Json> = serde_json::from_str(&text).unwrap();
    let all = Reader::open(&path, ReadOptions::default()).map(|mut r| r.poll().map(|_| r.studies()));
    let names: Vec<String> = all.unwrap().unwrap().iter().map(|s| s.name.to_string()).collect();
    let theirs: Vec<&str> = studies.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, theirs);
    let mut compared = 0;
    for expected in &studies {
        let options = ReadOptions {
            study: expected["name"].as_str().map(str::to_owned),
            ..ReadOptions::default()
        };
        let study = read(&path, options).study();
        let trials = expected["trials"].as_array().unwrap();
        assert_eq!(study.trials.len(), trials.len());
        for (trial, expected) in study.trials.iter().zip(trials) {
            let state = trial.state.word().to_uppercase().replace("FAILED", "FAIL");
            assert_eq!(state, expected["state"], "{expected}");
            let values: Vec<String> = trial.values.iter().map(f64::to_string).collect();
            let theirs: Vec<String> = expected["values"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|v| {
                    v.as_f64()
                        .map_or_else(|| v.as_str().unwrap().to_owned(), |x| x.to_string())
                })
                .map(|v| v.replace("nan", "NaN"))
                .collect();
            assert_eq!(values, theirs, "{expected}");
            let curve: Vec<String> = trial
                .intermediate
                .iter()
                .map(|(s, x)| format!("{s}: {x}"))
                .collect();
            let theirs: Vec<String> = expected["intermediate"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(s, x)| {
                    format!(
                        "{s}: {}",
                        x.as_f64()
                            .map_or_else(|| x.as_str().unwrap().replace("nan", "NaN"), |x| x.to_string())
                    )
                })
                .collect();
            assert_eq!(curve, theirs, "{expected}");
            for (column, name) in study.columns.iter().enumerate() {
                let ours = trial.param(column).map(tunescope::study::Value::to_json);
                let theirs = expected["params"].get(name.raw());
                match (ours, theirs) {
                    (Some(ours), Some(theirs)) => assert!(!differ(&ours, theirs), "{name} {ours} {expected}"),
                    // What the queue fixed is shown until the trial is over.
                    (Some(ours), None) => assert!(!trial.state.is_finished() && ours == 0.5, "{expected}"),
                    (None, theirs) => assert_eq!(theirs, None, "{name} {expected}"),
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 100);
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn why_not(text: &str, options: ReadOptions) -> String {
    let (_folder, path) = written(text);
    match read_once(&path, options, &mut |_| ControlFlow::Continue(())) {
        Ok(_) => panic!("read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_cannot_be_worked_with_is_said_in_one_sentence() {
    let several = "{\"op_code\":0,\"worker_id\":\"w\",\"study_name\":\"a\",\"directions\":[1]}\n\
                   {\"op_code\":0,\"worker_id\":\"w\",\"study_name\":\"b\",\"directions\":[1]}\n";
    let named = |name: &str| ReadOptions {
        study: Some(name.to_owned()),
        ..ReadOptions::default()
    };
    assert!(why_not(several, ReadOptions::default()).contains("--study: a, b"));
    assert!(why_not(several, named("c")).contains("no study named c"));
    assert!(why_not("", ReadOptions::default()).contains("is empty"));
    assert!(why_not("\u{7f}ELF\u{0}\u{1}\n\u{2}", ReadOptions::default()).contains("jsonl"));
    let params = ReadOptions {
        params: vec!["lr".to_owned(), "typo".to_owned()],
        ..ReadOptions::default()
    };
    let rows = "{\"id\": 1, \"params\": {\"lr\": 1, \"x\": 2}, \"value\": 3}\n";
    assert!(why_not(rows, params).contains("no parameter typo"));
    let missing = read_once(Path::new("/nowhere/x.jsonl"), ReadOptions::default(), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(missing.err().unwrap().to_string().contains("no such file"));
}

#[test]
fn options_choose_the_metric_the_direction_and_the_parameters() {
    let options = ReadOptions {
        metric: Some("val_acc".to_owned()),
        params: vec!["dropout".to_owned(), "learning_rate".to_owned()],
        ..ReadOptions::default()
    };
    let study = read(&data("hiplot.csv"), options).study();
    assert_eq!(study.metric, "val_acc");
    assert_eq!(study.direction(), tunescope::study::Direction::Maximize);
    assert_eq!(study.columns, ["dropout", "learning_rate"]);
    let best = study.trials[study.best().unwrap()].objective().unwrap();
    assert!(
        study
            .trials
            .iter()
            .filter_map(|t| t.objective())
            .all(|v| v <= best)
    );
}

#[test]
fn a_space_file_takes_the_place_of_what_is_inferred() {
    let toml = "[study]\nmetric = \"val_loss\"\n[budget]\ntrials = 40\n\
                [params.dropout]\ntype = \"float\"\nlow = 0.0\nhigh = 0.5\n\
                [params.momentum]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\n";
    let space = tunescope::io::SpaceFile::parse(toml, Path::new("space.toml")).unwrap();
    for name in ["results_nested.jsonl", "results_flat.jsonl", "optuna_journal.log"] {
        let options = ReadOptions {
            space: Some(space.clone()),
            ..ReadOptions::default()
        };
        let study = read(&data(name), options).study();
        assert!(!study.space.inferred, "{name}");
        assert_eq!(study.space.len(), 2);
        assert_eq!(study.budget.trials, Some(40));
        let dropout = study.space.params[0].column;
        assert_eq!(study.columns[dropout], "dropout");
        assert!(study.trials[0].param(dropout).is_some(), "{name}");
        assert_eq!(study.columns[study.space.params[1].column], "momentum");
    }
}

#[rstest]
#[case("optuna_journal.log")]
#[case("results_nested.jsonl")]
#[case("hiplot.csv")]
fn what_is_written_as_jsonl_or_csv_reads_back_as_the_same_trials(#[case] name: &str) {
    let (_, reader) = report(name);
    let study = reader.study();
    for text in [
        tunescope::io::trials_jsonl(&study),
        tunescope::io::trials_csv(&study).unwrap(),
    ] {
        let (_folder, path) = written(&text);
        let again = read(&path, ReadOptions::default()).study();
        assert_eq!(again.counts(), study.counts(), "{name}");
        for (a, b) in study.trials.iter().zip(&again.trials) {
            assert_eq!(a.id, b.id);
            assert_eq!(a.objective(), b.objective());
            for (column, label) in study.columns.iter().enumerate() {
                let there = again.columns.iter().position(|c| c == label).unwrap();
                assert_eq!(a.param(column), b.param(there), "{name} {label}");
            }
        }
    }
}

#[test]
fn line_ends_marks_and_comments_of_other_systems_are_no_trouble() {
    let plain = std::fs::read_to_string(data("results_flat.jsonl")).unwrap();
    let odd = format!("\u{feff}# written by hand\r\n\r\n{}", plain.replace('\n', "\r\n"));
    let (_folder, path) = written(&odd);
    let ours = read(&path, ReadOptions::default()).study();
    let theirs = read(&data("results_flat.jsonl"), ReadOptions::default()).study();
    assert_eq!(ours.diagnostics, []);
    assert_eq!(ours.counts(), theirs.counts());
    assert_eq!(ours.space, theirs.space);
}

#[test]
fn a_hole_of_zeros_takes_no_row_with_it() {
    for name in ["results_flat.jsonl", "results.csv", "optuna_journal.log"] {
        let plain = std::fs::read(data(name)).unwrap();
        let theirs = read(&data(name), ReadOptions::default()).study();
        let at = plain.iter().rposition(|b| *b == b'\n').unwrap() + 1;
        let middle = plain[..at / 2].iter().rposition(|b| *b == b'\n').unwrap() + 1;
        let hole = [0_u8; 5000];
        for holed in [
            [&plain[..at], &hole].concat(),
            [&plain[..at], &hole, b"\n"].concat(),
            [&plain[..middle], &hole, &plain[middle..at]].concat(),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("study");
            let is_cut = !holed.ends_with(b"\n");
            std::fs::write(&path, holed).unwrap();
            let ours = read(&path, ReadOptions::default()).study();
            assert_eq!(ours.counts(), theirs.counts(), "{name}");
            let is_said = |d: &&tunescope::study::Diagnostic| d.message.contains("zero bytes");
            let said = ours.diagnostics.iter().filter(is_said).count();
            // What follows the last line end of a journal is a record that is being written.
            let is_open = name == "optuna_journal.log" && is_cut;
            assert_eq!(said, usize::from(!is_open), "{name}: {:?}", ours.diagnostics);
            // In a journal a line of nothing else is a blank one, of which Optuna thinks less than we do.
            let others = ours
                .diagnostics
                .iter()
                .filter(|d| !d.message.contains("blank line"));
            assert_eq!(others.count(), theirs.diagnostics.len() + said, "{name}");
        }
    }
}

#[test]
fn programs_and_logs_are_no_results() {
    for text in [
        "#!/bin/sh\nset -e\nf() {\n  echo {x}\n}\n{ echo a; }\n",
        "int main()\n{\n  return 0;\n}\n",
        "2024-05-01 10:00:00,123 INFO trial, loss=0.5\n2024-05-01 10:00:01,123 INFO trial, loss=0.4\n",
    ] {
        assert!(
            why_not(text, ReadOptions::default()).contains("is none of"),
            "{text}"
        );
    }
}

#[test]
fn the_scale_of_a_parameter_does_not_depend_on_how_many_rows_a_trial_has() {
    let rates = [3e-5, 0.07, 2e-4, 8e-4, 5e-5, 0.01, 0.004, 1.2e-4, 0.03, 6e-4];
    for steps in [1, 2, 20] {
        let rows = rates.iter().enumerate().flat_map(|(trial, lr)| {
            (0..steps).map(move |step| {
                format!("{{\"trial\":{trial},\"step\":{step},\"lr\":{lr},\"loss\":{step}}}\n")
            })
        });
        let (_folder, path) = written(&rows.collect::<String>());
        let study = read(&path, ReadOptions::default()).study();
        assert_eq!(study.trials.len(), rates.len());
        let domain = format!("{:?}", study.space.params[0].domain);
        assert!(domain.contains("log: true"), "{steps} steps: {domain}");
    }
}

#[test]
fn thousands_of_bad_lines_are_counted_and_the_first_ones_kept() {
    let good = "{\"id\": 1, \"params\": {\"a\": 1}, \"value\": 2}\n";
    let (_folder, path) = written(&(good.to_owned() + &"{broken\n".repeat(5000)));
    let study = read(&path, ReadOptions::default()).study();
    assert_eq!(study.trials.len(), 1);
    assert_eq!(study.diagnostics.len(), 1001);
    assert_eq!(study.diagnostics[0].line, Some(2));
    assert!(study.diagnostics[1000].message.contains("4000 more"));
}

#[test]
fn proposals_of_running_trials_are_known_before_their_parameters_are() {
    let text = "{\"op_code\":0,\"worker_id\":\"w\",\"study_name\":\"a\",\"directions\":[1]}\n\
        {\"op_code\":4,\"worker_id\":\"w\",\"study_id\":0,\"datetime_start\":\"2026-11-23T18:00:00\"}\n\
        {\"op_code\":9,\"worker_id\":\"w\",\"trial_id\":0,\"system_attr\":{\"gp:relative_params:0\":\"{\\\"lr\\\": 0.25, \\\"o\"}}\n\
        {\"op_code\":9,\"worker_id\":\"w\",\"trial_id\":0,\"system_attr\":{\"gp:relative_params:1\":\"pt\\\": \\\"sgd\\\"}\"}}\n";
    let (_folder, path) = written(text);
    let study = read(&path, ReadOptions::default()).study();
    let shown: Vec<String> = study.trials[0]
        .params
        .iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown, ["0.25", "sgd"]);
}

#[test]
fn a_first_line_of_any_length_is_read_and_so_is_what_follows() {
    let row = |id: u32, note: &str| {
        format!("{{\"id\": {id}, \"params\": {{\"a\": {id}}}, \"value\": 2, \"notes\": \"{note}\"}}\n")
    };
    for length in [300_000, 2_500_000] {
        let (_folder, path) = written(&(row(1, &"x".repeat(length)) + &row(2, "") + &row(3, "")));
        let study = read(&path, ReadOptions::default()).study();
        assert_eq!(study.trials.len(), 3, "{length}");
        assert_eq!(study.diagnostics, []);
    }
    let csv = format!("lr,loss,{}\n0.1,2,\n0.2,3,\n", "n".repeat(300_000));
    let (_folder, path) = written(&csv);
    assert_eq!(read(&path, ReadOptions::default()).study().trials.len(), 2);
}

#[test]
fn what_is_no_results_file_is_refused_in_one_sentence() {
    let pretty = "{\n \"params\": {\n   \"a\": 1\n  },\n  \"value\": 2\n }\n";
    assert!(why_not(pretty, ReadOptions::default()).contains("one object a line"));
    assert!(why_not(&"\u{0}\u{1}".repeat(900), ReadOptions::default()).contains("binary"));
    let device = read_once(Path::new("/dev/zero"), ReadOptions::default(), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(device.err().unwrap().to_string().contains("device"));
    let row = "[{\"params\": {\"a\": 1}, \"value\": 2}, {\"params\": {\"a\": 3}, \"value\": 2}]";
    let (_folder, path) = written(row);
    let study = read(&path, ReadOptions::default()).study();
    assert_eq!((study.trials.len(), study.diagnostics.len()), (2, 0));
}

#[test]
fn bytes_that_are_no_text_are_reported_once_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study");
    std::fs::write(&path, b"opt,loss\ncaf\xe9,1\nb\xe9,2\nc,3\n").unwrap();
    let study = read(&path, ReadOptions::default()).study();
    assert_eq!(study.trials.len(), 3);
    let lines: Vec<Option<u64>> = study.diagnostics.iter().map(|d| d.line).collect();
    assert_eq!(lines, [Some(2)]);
}

#[test]
fn a_metric_that_is_nowhere_in_the_data_is_refused_with_those_there_are() {
    let asked = |metric: &str| ReadOptions {
        metric: Some(metric.to_owned()),
        ..ReadOptions::default()
    };
    let rows =
        "{\"lr\": 0.1, \"val_loss\": 1, \"val_acc\": 2}\n{\"lr\": 0.2, \"val_loss\": 3, \"val_acc\": 4}\n";
    let why = why_not(rows, asked("nope"));
    assert!(
        why.contains("there is no metric nope; the metrics are val_loss, val_acc"),
        "{why}"
    );
    let nested = "{\"params\": {\"a\": 1}, \"value\": 2}\n{\"params\": {\"a\": 3}, \"value\": 4}\n";
    let (_folder, path) = written(nested);
    assert_eq!(read(&path, asked("my_loss")).study().metric, "my_loss");
    let several = "{\"params\": {\"a\": 1}, \"values\": {\"loss\": 2, \"acc\": 0.5}}\n";
    assert!(why_not(several, asked("nope")).contains("loss, acc"));
    let (_folder, path) = written(several);
    assert_eq!(read(&path, asked("acc")).study().trials[0].objective(), Some(0.5));
}

#[test]
fn columns_without_a_metric_are_warned_about_and_listed() {
    let (_folder, path) = written("x,q,opt\n1,2,a\n3,4,b\n");
    let study = read(&path, ReadOptions::default()).study();
    assert!(
        study.diagnostics[0]
            .message
            .contains("the numeric columns are x, q")
    );
    let (_folder, path) = written("x,loss,n\n\"0,1\",\"1,5\",\"10,000\"\n\"0,125\",\"2,5\",\"20,000\"\n");
    let study = read(&path, ReadOptions::default()).study();
    assert_eq!(study.trials[1].objective(), Some(2.5));
    assert_eq!(study.trials[1].param(0).and_then(|v| v.as_f64()), Some(0.125));
    assert_eq!(study.trials[1].param(1).unwrap().to_string(), "20,000");
}

#[test]
fn a_row_without_identity_is_not_replaced_by_one_that_has_its_position() {
    let (_folder, path) = written(
        "{\"params\": {\"a\": 1}, \"value\": 1}\n{\"id\": 0, \"params\": {\"a\": 2}, \"value\": 2}\n\
         {\"id\": 0, \"params\": {\"a\": 3}, \"value\": 3}\n{\"params\": {\"a\": 4}, \"value\": 4}\n",
    );
    let study = read(&path, ReadOptions::default()).study();
    let values: Vec<Option<f64>> = study.trials.iter().map(|t| t.objective()).collect();
    assert_eq!(values, [Some(1.0), Some(3.0), Some(4.0)]);
    let ids: Vec<String> = study.trials.iter().map(|t| t.id.to_string()).collect();
    assert_eq!(ids, ["1", "0", "2"]);
}

#[test]
fn texts_in_a_column_of_numbers_are_read_as_such_or_left_out_with_a_warning() {
    let mut text: String = (0..20)
        .map(|i| format!("{{\"lr\": 0.{i:02}, \"loss\": {i}}}\n"))
        .collect();
    text.push_str("{\"lr\": \"0.35\", \"loss\": 1}\n{\"lr\": \"auto\", \"loss\": 2}\n");
    let (_folder, path) = written(&text);
    let study = read(&path, ReadOptions::default()).study();
    let p = &study.space.params[0];
    assert!(!p.is_categorical());
    assert_eq!(study.trials[20].param(p.column).unwrap().as_f64(), Some(0.35));
    assert_eq!(study.trials[21].param(p.column), None);
    assert_eq!(study.diagnostics[0].line, Some(22));
    assert!(study.diagnostics[0].message.contains("lr: auto is no number"));
}

#[test]
fn steps_of_a_run_are_one_trial() {
    let (_folder, path) = written("run,epoch,lr,val_loss\nr0,0,0.1,3\nr0,1,0.1,2\nr1,0,0.2,5\n");
    let study = read(&path, ReadOptions::default()).study();
    assert_eq!(study.trials.len(), 2);
    assert_eq!(study.trials[0].intermediate, [(0, 3.0), (1, 2.0)]);
    assert_eq!(study.columns, ["lr"]);
}

#[test]
fn parameters_that_only_some_rows_have_are_conditional() {
    let (_folder, path) = written(
        "{\"params\": {\"a\": 1, \"b\": 1}, \"value\": 1}\n{\"params\": {\"a\": 2, \"c\": 1}, \"value\": 2}\n\
         {\"params\": {\"a\": 3, \"b\": 4}, \"value\": 1}\n{\"params\": {\"a\": 5, \"c\": 2}, \"value\": 2}\n",
    );
    let study = read(&path, ReadOptions::default()).study();
    assert!(study.diagnostics.is_empty(), "{:?}", study.diagnostics);
    let conditional: Vec<&str> = (study.space.params.iter())
        .filter(|p| p.activity.is_some())
        .map(|p| p.name.shown())
        .collect();
    assert_eq!(conditional, ["b", "c"]);
    assert!(study.space.is_conditional());
}

#[test]
fn an_impossible_distribution_of_a_journal_is_warned_about_by_name() {
    let journal = |distribution: &str| {
        format!(
            "{{\"op_code\":0,\"worker_id\":\"w\",\"study_name\":\"a\",\"directions\":[1]}}\n\
             {{\"op_code\":4,\"worker_id\":\"w\",\"study_id\":0,\"datetime_start\":\"2026-11-23T18:00:00\"}}\n\
             {{\"op_code\":5,\"worker_id\":\"w\",\"trial_id\":0,\"param_name\":\"lr\",\"param_value_internal\":1,\
             \"distribution\":{}}}\n",
            json!(distribution)
        )
    };
    for attributes in [
        r#"{"name":"FloatDistribution","attributes":{"low":2,"high":1,"log":false,"step":null}}"#,
        r#"{"name":"FloatDistribution","attributes":{"low":0,"high":1,"log":true,"step":null}}"#,
        r#"{"name":"FloatDistribution","attributes":{"low":0,"high":Infinity,"log":false,"step":null}}"#,
        r#"{"name":"IntDistribution","attributes":{"low":0,"high":9,"log":false,"step":0}}"#,
        r#"{"name":"IntDistribution","attributes":{"low":-9223372036854775808,"high":9223372036854775807,"log":false,"step":1}}"#,
        r#"{"name":"CategoricalDistribution","attributes":{"choices":[]}}"#,
    ] {
        let (_folder, path) = written(&journal(attributes));
        let study = read(&path, ReadOptions::default()).study();
        assert_eq!(study.diagnostics.len(), 1, "{attributes}");
        assert!(
            study.diagnostics[0].message.contains("parameter lr"),
            "{attributes}"
        );
    }
}
