//! `tunescope tell` in every kind of source that takes a trial by hand: what was told is read back by the owner itself, and
//! what cannot be told leaves the source as it was.

#[path = "common/optuna.rs"]
mod peer;
#[path = "common/servers.rs"]
mod servers;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rstest::rstest;
use serde_json::{Value as Json, json};

use peer::{Folder, ask, has_optuna, python, text};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tunescope"));
    command.args(args).env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn answer(args: &[&str]) -> Json {
    let output = command(args).args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn tell(source: &str, config: &Json, values: &[&str], more: &[&str]) -> Json {
    let config = config.to_string();
    let mut args = vec!["tell", source, "--config", &config];
    for value in values {
        args.extend(["--value", value]);
    }
    args.extend(more);
    answer(&args)
}

fn refused(source: &str, config: &Json, value: &str, more: &[&str]) -> String {
    let config = config.to_string();
    let output = command(&["tell", source, "--config", &config, "--value", value])
        .args(more)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{config} was told");
    let said = said(&output);
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}

/// What Optuna says of all trials of a study, after it has run one more itself.
const LOOK: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import optuna
from optuna_delivery import storage, suggest, value_of
study = optuna.load_study(study_name="s", storage=storage(sys.argv[2]), sampler=optuna.samplers.TPESampler(n_startup_trials=1, seed=1))
study.optimize(lambda t: value_of(suggest(t)), n_trials=1)
for t in study.trials:
    print(json.dumps({"number": t.number, "state": t.state.name, "params": t.params, "values": t.values,
        "distributions": {k: repr(d) for k, d in t.distributions.items()},
        "is_timed": t.datetime_start is not None and t.datetime_complete is not None}))
print(json.dumps({"best": study.best_trial.number}))
"#;

fn look(storage: &str) -> Vec<Json> {
    let output = python()
        .args([
            "-c",
            LOOK,
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python"),
            storage,
        ])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    peer::json_lines(&output.stdout)
}

/// Three trials by Optuna, then two by hand.
fn optuna_reads_what_was_told(storage: &str) {
    ask(&["seed", storage, "s"]);
    let config = peer::params(0.0025);
    let told = tell(storage, &config, &["-3.5"], &[]);
    assert_eq!((&told["number"], &told["study"]), (&json!(3), &json!("s")));
    tell(storage, &config, &["nan"], &[]);
    for (name, value, word) in [
        ("lr", json!(2.0), "lr"),
        ("n", json!(5), "n"),
        ("opt", json!("adm"), "opt"),
        ("extra", json!(1), "extra"),
    ] {
        let mut config = config.clone();
        config[name] = value;
        let said = refused(storage, &config, "1", &[]);
        assert!(said.contains(word) && !said.contains(servers::SECRET), "{said}");
    }
    let trials = look(storage);
    assert_eq!(trials.len(), 7, "three and two and one, and the best");
    assert_eq!(trials[3]["state"], "COMPLETE");
    assert_eq!(trials[3]["values"], json!([-3.5]));
    assert_eq!(trials[3]["params"], config);
    assert_eq!(trials[3]["distributions"], trials[0]["distributions"]);
    assert_eq!(trials[3]["is_timed"], true);
    assert_eq!(
        (&trials[4]["state"], &trials[4]["values"]),
        (&json!("FAIL"), &Json::Null)
    );
    assert_eq!(trials[5]["state"], "COMPLETE");
    assert_eq!(trials[6]["best"], 3);
    let read = answer(&["trials", storage]);
    assert_eq!(read["best"]["id"], 3);
    assert_eq!(read["counts"]["failed"], 1);
    assert_eq!(read["warnings"], json!([]));
}

#[test]
fn optuna_reads_what_was_told_to_its_journal() {
    if has_optuna() {
        let folder = Folder::new();
        optuna_reads_what_was_told(text(&folder.path.join("j.log")));
        assert_eq!(folder.names(), ["j.log"], "no lock is left");
    }
}

#[test]
fn optuna_reads_what_was_told_to_its_sqlite() {
    if has_optuna() {
        let folder = Folder::new();
        optuna_reads_what_was_told(&format!("sqlite:///{}", text(&folder.path.join("s.db"))));
    }
}

#[test]
fn optuna_reads_what_was_told_to_its_postgresql() {
    if let Some(server) = servers::postgres() {
        optuna_reads_what_was_told(&server.url);
    }
}

#[test]
fn optuna_reads_what_was_told_to_its_mariadb() {
    if let Some(server) = servers::mysql() {
        optuna_reads_what_was_told(&server.url);
    }
}

/// Several people tell while a worker runs.
fn nothing_is_lost_or_doubled(storage: &str) {
    const EACH: usize = 6;
    ask(&["seed", storage, "s"]);
    let worker = peer::optuna(&["seed", storage, "s", "12"]).spawn().unwrap();
    let values = |person: usize| (0..EACH).map(move |k| (100 * (person + 1) + k).to_string());
    std::thread::scope(|scope| {
        for person in 0..2 {
            scope.spawn(move || {
                for value in values(person) {
                    tell(storage, &peer::params(0.01), &[&value], &[]);
                }
            });
        }
    });
    assert!(worker.wait_with_output().unwrap().status.success());
    let mut trials = look(storage);
    trials.pop();
    assert_eq!(trials.len(), 3 + 12 + 2 * EACH + 1);
    for (i, trial) in trials.iter().enumerate() {
        assert_eq!(trial["number"], i, "numbers are a count");
    }
    for value in (0..2).flat_map(values) {
        let value: f64 = value.parse().unwrap();
        let found = trials.iter().filter(|t| t["values"] == json!([value])).count();
        assert_eq!(found, 1, "{value}");
    }
}

#[test]
fn two_people_tell_a_journal_while_a_worker_runs() {
    if has_optuna() {
        let folder = Folder::new();
        nothing_is_lost_or_doubled(text(&folder.path.join("j.log")));
    }
}

#[test]
fn two_people_tell_a_sqlite_while_a_worker_runs() {
    if has_optuna() {
        let folder = Folder::new();
        nothing_is_lost_or_doubled(&format!("sqlite:///{}", text(&folder.path.join("s.db"))));
    }
}

#[test]
fn a_study_without_trials_is_told_with_the_space_and_one_of_two_objectives_with_both() {
    if !has_optuna() {
        return;
    }
    let folder = Folder::new();
    let script = "import optuna, sys\noptuna.create_study(study_name='s', storage=sys.argv[1], directions=['minimize', 'maximize'])";
    let storage = format!("sqlite:///{}", text(&folder.path.join("s.db")));
    let made = python().args(["-c", script, &storage]).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let space = folder.path.join("space.toml");
    fs::write(
        &space,
        "[params.x]\ntype = \"float\"\nlow = 0\nhigh = 1\n[params.k]\ntype = \"categorical\"\nchoices = [\"a\", \"b\"]\n",
    )
    .unwrap();
    let config = json!({"x": 0.25, "k": "b"});
    let no_space = refused(&storage, &config, "1", &[]);
    assert!(
        no_space.contains("--value for each") || no_space.contains("--space"),
        "{no_space}"
    );
    let more = ["--space", text(&space)];
    let one = refused(&storage, &config, "1", &more);
    assert!(one.contains("2 objectives"), "{one}");
    tell(&storage, &config, &["1.5", "-2"], &more);
    let script = "import optuna, sys, json\nt = optuna.load_study(study_name='s', storage=sys.argv[1]).trials[0]\n\
                  print(json.dumps([t.params, t.values, t.state.name]))";
    let read = python().args(["-c", script, &storage]).output().unwrap();
    assert_eq!(
        peer::json_lines(&read.stdout),
        [json!([config, [1.5, -2.0], "COMPLETE"])],
        "{}",
        said(&read)
    );
}

#[rstest]
#[case::plain(
    "id,lr,opt,val_loss\n0,0.1,sgd,0.5\n1,0.2,\"ad,am\",0.4\n",
    "2,0.15,\"ad,am\",0.25\n"
)]
#[case::no_line_end("lr,opt,val_loss\n0.1,sgd,0.5\n0.2,\"ad,am\",0.4", "\n0.15,\"ad,am\",0.25\n")]
#[case::decimal_comma("lr;opt;val_loss\n0,1;sgd;0,5\n0,2;ad,am;0,4\n", "0,15;ad,am;0,25\n")]
#[case::tabs("lr\topt\tval_loss\n0.1\tsgd\t0.5\n0.2\tad,am\t0.4\n", "0.15\tad,am\t0.25\n")]
#[case::windows(
    "\u{feff}lr,opt,val_loss\r\n0.1,sgd,0.5\r\n0.2,\"ad,am\",0.4\r\n",
    "0.15,\"ad,am\",0.25\r\n"
)]
#[case::optuna(
    "number,value,datetime_start,params_lr,params_opt,state\n0,0.5,2026-01-01 00:00:00,0.1,sgd,COMPLETE\n\
     1,0.4,2026-01-01 00:00:00,0.2,\"ad,am\",COMPLETE\n",
    "2,0.25,,0.15,\"ad,am\",COMPLETE\n"
)]
#[case::names(
    "trial_id,config/lr,config/opt,loss,status\na,0.1,sgd,0.5,done\nb,0.2,\"ad,am\",0.4,done\n",
    "told-2,0.15,\"ad,am\",0.25,done\n"
)]
fn a_table_gets_a_row_in_its_own_style(#[case] before: &str, #[case] row: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("results.csv");
    fs::write(&path, before).unwrap();
    let source = path.to_str().unwrap();
    tell(source, &json!({"lr": 0.15, "opt": "ad,am"}), &["0.25"], &[]);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{row}"));
    let read = answer(&["trials", source]);
    assert_eq!(read["counts"]["complete"], 3);
    assert_eq!(read["best"]["value"], 0.25);
    assert_eq!(read["best"]["params"], json!({"lr": 0.15, "opt": "ad,am"}));
    tell(source, &json!({"lr": 0.15, "opt": "sgd"}), &["nan"], &[]);
    let read = answer(&["trials", source]);
    assert_eq!(
        (&read["counts"]["failed"], &read["counts"]["total"]),
        (&json!(1), &json!(4))
    );
}

#[test]
fn a_new_table_begins_with_its_header() {
    let dir = tempfile::tempdir().unwrap();
    for (name, separator) in [("r.csv", ","), ("r.TSV", "\t")] {
        let path = dir.path().join(name);
        let source = path.to_str().unwrap();
        tell(source, &json!({"lr": 0.1, "n": 3}), &["2"], &[]);
        tell(source, &json!({"lr": 0.2, "n": 4}), &["1"], &[]);
        let expected = "id,state,lr,n,value\n0,complete,0.1,3,2.0\n1,complete,0.2,4,1.0\n";
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            expected.replace(',', separator)
        );
    }
}

#[test]
fn a_table_that_cannot_hold_it_stays_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("results.csv");
    for (before, config, word) in [
        // Steps of runs: a row more would be one more step.
        (
            "run,step,lr,loss\na,1,0.1,3\na,2,0.1,2\nb,1,0.2,3\nb,2,0.2,1\n",
            json!({"lr": 0.3}),
            "",
        ),
        ("lr,loss\n0.1,2\n0.2,1\n0.3", json!({"lr": 0.3}), "unfinished"),
        ("lr,loss\n0.1,2\n0.2,1\n", json!({"lr": 0.3, "x": 1}), "x"),
    ] {
        fs::write(&path, before).unwrap();
        let output = command(&[
            "tell",
            path.to_str().unwrap(),
            "--config",
            &config.to_string(),
            "--value",
            "1",
        ])
        .output()
        .unwrap();
        let after = fs::read_to_string(&path).unwrap();
        if output.status.success() {
            let read = answer(&["trials", path.to_str().unwrap()]);
            assert_eq!(read["counts"]["total"], 3, "{after}");
        } else {
            assert_eq!(after, before);
            assert!(said(&output).contains(word), "{}", said(&output));
        }
    }
}

#[test]
fn two_people_tell_one_file_and_no_number_is_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["r.jsonl", "r.csv"] {
        let path = dir.path().join(name);
        let source = path.to_str().unwrap();
        tell(source, &json!({"x": 0.5}), &["9"], &[]);
        tell(source, &json!({"x": 0.75}), &["8"], &[]);
        std::thread::scope(|scope| {
            for person in 0..3 {
                scope.spawn(move || {
                    for k in 0..4 {
                        let value = format!("{person}.{k}");
                        tell(source, &json!({"x": 0.25}), &[&value], &[]);
                    }
                });
            }
        });
        let read = answer(&["trials", source]);
        let mut ids: Vec<u64> = (read["trials"].as_array().unwrap().iter())
            .map(|t| t["id"].as_u64().unwrap())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..14).collect::<Vec<u64>>(), "{name}");
        assert_eq!(read["warnings"], json!([]));
    }
}

#[test]
fn what_only_its_own_program_can_add_to_is_left_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sources/mlruns");
    let said = refused(source.to_str().unwrap(), &json!({}), "1", &["--study", "none"]);
    assert!(said.contains("mlruns"), "{said}");
}
