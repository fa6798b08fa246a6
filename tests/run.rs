//! `tunescope run` with real processes: budgets, retries, time, killing, the queue, and hostile commands.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

#[path = "run/commands.rs"]
mod commands;
#[path = "run/constraints.rs"]
mod constraints;
#[path = "run/heeds.rs"]
mod heeds;
#[path = "run/pruned.rs"]
mod pruned;
#[path = "common/skip.rs"]
mod skip;

const SPACE: &str = "[study]\nmetric = \"loss\"\ndirection = \"minimize\"\n\
    [params.x]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\n\
    [params.n]\ntype = \"int\"\nlow = 1\nhigh = 100\n";

/// How long anything here may take; a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("space.toml"), SPACE).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, options: &[&str], words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tunescope"));
        command
            .current_dir(self.dir.path())
            .env("XDG_CONFIG_HOME", self.dir.path())
            .args(["run", "--space", "space.toml"])
            .args(options)
            .arg("--")
            .args(words)
            .stdin(Stdio::null());
        command
    }

    /// Runs the loop with a shell script as its command, to the end.
    fn run(&self, options: &[&str], script: &str) -> Output {
        self.command(options, &["sh", "-c", script]).output().unwrap()
    }

    fn start(&self, options: &[&str], script: &str) -> Child {
        self.command(options, &["sh", "-c", script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The last line of each trial.
    fn rows(&self) -> BTreeMap<u64, Json> {
        let text = fs::read_to_string(self.path("results.jsonl")).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap())
            .map(|row| (row["id"].as_u64().unwrap(), row))
            .collect()
    }

    fn lines_of(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn states(rows: &BTreeMap<u64, Json>) -> Vec<&str> {
    rows.values().map(|r| r["state"].as_str().unwrap()).collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    let done = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn the_budget_is_kept_and_every_trial_is_told_and_recorded() {
    let place = Place::new();
    let script = "echo \"{\\\"loss\\\": $TUNESCOPE_PARAM_X}\"; cat > in.$TUNESCOPE_TRIAL; echo noise >&2";
    let output = place.run(&["--budget", "trials=5", "--jobs", "2"], script);
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(states(&rows), ["complete"; 5]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 5);
    for (id, row) in &rows {
        assert_eq!(row["value"], row["params"]["x"]);
        assert!(row["seconds"].is_number() && row["started"].is_string() && row["finished"].is_string());
        let input: Json =
            serde_json::from_str(&fs::read_to_string(place.path(&format!("in.{id}"))).unwrap()).unwrap();
        assert_eq!(input["params"], row["params"]);
        let log = fs::read_to_string(place.path(&format!("results.logs/{id}.log"))).unwrap();
        assert!(log.contains("loss"));
        assert_eq!(
            fs::read_to_string(place.path(&format!("results.logs/{id}.err"))).unwrap(),
            "noise\n"
        );
    }
    // What is done is done: the same command has nothing left to do.
    let output = place.run(&["--budget", "trials=5"], script);
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(place.rows().len(), 5);
    let trials = Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .current_dir(place.dir.path())
        .args(["trials", "results.jsonl", "--format", "json"])
        .output()
        .unwrap();
    let trials: Json = serde_json::from_slice(&trials.stdout).unwrap();
    let names: BTreeSet<&str> = trials["space"]["params"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["x", "n"]),
        "what the loop notes beside is no parameter"
    );
}

#[test]
fn the_target_and_a_full_grid_end_it() {
    let place = Place::new();
    let output = place.run(
        &["--budget", "trials=50,target=2"],
        "echo loss=$((4 - TUNESCOPE_TRIAL))",
    );
    assert!(
        output.status.success() && errors(&output).contains("the target is reached"),
        "{}",
        errors(&output)
    );
    assert_eq!(place.rows().len(), 3);
    let place = Place::new();
    let grid = "[study]\nmetric = \"loss\"\n[params.n]\ntype = \"int\"\nlow = 1\nhigh = 4\n";
    fs::write(place.path("space.toml"), grid).unwrap();
    let output = place.run(&["--jobs", "2"], "echo loss: $TUNESCOPE_PARAM_N");
    assert!(
        output.status.success() && errors(&output).contains("every configuration"),
        "{}",
        errors(&output)
    );
    let tried: BTreeSet<u64> = place
        .rows()
        .values()
        .map(|r| r["params"]["n"].as_u64().unwrap())
        .collect();
    assert_eq!(tried, BTreeSet::from([1, 2, 3, 4]));
}

#[test]
fn failures_are_tried_again_and_too_many_in_a_row_end_it_with_the_reason() {
    let place = Place::new();
    let script = "[ $TUNESCOPE_ATTEMPT = 3 ] && echo loss=1 && exit; echo broken pipe dream >&2; exit 7";
    let output = place.run(&["--budget", "trials=2", "--retries", "2"], script);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(states(&place.rows()), ["complete"; 2]);
    assert!(place.path("results.logs/0.3.log").exists());
    let place = Place::new();
    let output = place.run(&["--max-failures", "3"], "echo broken pipe dream >&2; exit 7");
    assert_eq!(output.status.code(), Some(1));
    let said = errors(&output);
    assert!(
        said.contains("3 trials in a row failed") && said.contains("exit status 7: broken pipe dream"),
        "{said}"
    );
    assert_eq!(states(&place.rows()), ["failed"; 3]);
}

#[test]
fn a_trial_that_takes_too_long_is_stopped_with_all_its_processes() {
    let place = Place::new();
    let script = "trap '' TERM; (trap '' TERM; sleep 600 & echo $! > child; wait) & sleep 600; sleep 600";
    let clock = Instant::now();
    let output = place.run(&["--budget", "trials=1", "--timeout", "0.5s"], script);
    assert_eq!(
        output.status.code(),
        Some(1),
        "nothing came of it: {}",
        errors(&output)
    );
    let rows = place.rows();
    assert_eq!(states(&rows), ["failed"]);
    assert!(
        rows[&0]["error"].as_str().unwrap().contains("took longer"),
        "{rows:?}"
    );
    assert!(clock.elapsed() < PATIENCE);
    let child = fs::read_to_string(place.path("child")).unwrap();
    wait_for("the grandchild to end", || {
        !Path::new(&format!("/proc/{}", child.trim())).exists()
    });
}

#[test]
fn jobs_run_at_the_same_time() {
    let place = Place::new();
    // Each waits for the other: one after the other would never end.
    let script = "touch here.$TUNESCOPE_TRIAL; until [ -e here.$((1 - TUNESCOPE_TRIAL)) ]; do sleep 0.02; done; echo loss=1";
    let output = place.run(
        &["--budget", "trials=2", "--jobs", "2", "--timeout", "60s"],
        script,
    );
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(states(&place.rows()), ["complete"; 2]);
}

#[test]
fn the_metric_may_come_in_any_of_its_forms_and_curves_are_kept() {
    for (options, script) in [
        (
            &[][..],
            "echo '{\"loss\": 9}'; echo '{\"epoch\": 1, \"acc\": 2, \"loss\": 0.25}'; echo bye",
        ),
        (
            &[],
            "printf 'step=1 loss=0.5\\rstep=2 loss=0.4\\n'; echo 'loss: 0.25'",
        ),
        (
            &["--metric-file", "m/{id}.json"],
            "mkdir -p m; echo '{\"loss\": 0.25}' > m/0.json; echo loss=3",
        ),
        (&["--metric-file", "m.txt"], "echo 0.25 > m.txt"),
    ] {
        let place = Place::new();
        let mut all = vec!["--budget", "trials=1"];
        all.extend(options);
        let output = place.run(&all, script);
        assert!(output.status.success(), "{}", errors(&output));
        assert_eq!(place.rows()[&0]["value"], 0.25, "{script}: {:?}", place.rows());
    }
    let place = Place::new();
    place.run(
        &["--budget", "trials=1"],
        "for i in 1 2 3; do echo \"{\\\"step\\\": $i, \\\"loss\\\": 0.$i}\"; done",
    );
    assert_eq!(
        place.rows()[&0]["intermediate"],
        json!({"1": 0.1, "2": 0.2, "3": 0.3})
    );
    assert_eq!(place.rows()[&0]["value"], 0.3);
}

#[test]
fn hostile_output_is_a_failed_trial_and_no_more() {
    let place = Place::new();
    let script = "case $TUNESCOPE_TRIAL in \
        0) head -c 300000 /dev/urandom;; \
        1) head -c 3000000 /dev/zero | tr '\\0' x; echo; echo loss=1;; \
        2) exit 0;; \
        3) yes;; \
        4) echo loss=nan;; \
        5) yes >&2;; \
        *) kill -9 $$;; esac";
    let output = place.run(
        &["--budget", "trials=7", "--max-failures", "0", "--log-limit", "8"],
        script,
    );
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(
        states(&rows),
        [
            "failed", "complete", "failed", "failed", "failed", "failed", "failed"
        ]
    );
    let why = |id: u64| rows[&id]["error"].as_str().unwrap().to_owned();
    assert!(why(0).contains("it told no loss"), "{}", why(0));
    assert!(why(2).contains("loss=VALUE"), "{}", why(2));
    assert!(why(3).contains("more than 8 MB"), "{}", why(3));
    assert!(why(4).contains("NaN"), "{}", why(4));
    assert!(why(5).contains("more than 8 MB"), "{}", why(5));
    assert!(why(6).contains("killed by signal 9"), "{}", why(6));
}

#[test]
fn an_accepted_configuration_goes_first_and_reaches_its_receipt() {
    let place = Place::new();
    fs::write(
        place.path("results.jsonl"),
        "{\"id\": 0, \"params\": {\"x\": 0.1, \"n\": 3}, \"value\": 1.0}\n",
    )
    .unwrap();
    let accept = Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .current_dir(place.dir.path())
        .args([
            "accept",
            "results.jsonl",
            "--space",
            "space.toml",
            "--config",
            "{\"x\": 0.75, \"n\": 42}",
        ])
        .output()
        .unwrap();
    assert!(accept.status.success(), "{}", errors(&accept));
    let output = place.run(&["--budget", "trials=3"], "echo loss=$TUNESCOPE_PARAM_N");
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(rows[&1]["params"], json!({"x": 0.75, "n": 42}));
    assert_eq!((&rows[&1]["value"], rows.len()), (&json!(42.0), 3));
    assert!(rows[&1]["queue_id"].is_string() && rows[&2].get("queue_id").is_none());
    assert_eq!(fs::read_dir(place.path("results.queue/done")).unwrap().count(), 1);
}

#[test]
fn a_loop_killed_at_any_moment_loses_nothing_and_repeats_nothing() {
    let place = Place::new();
    // The command itself counts: what it writes down happened.
    let script = "sleep 0.0$((TUNESCOPE_TRIAL % 10)); echo $TUNESCOPE_TRIAL $TUNESCOPE_PARAM_X >> done; echo loss=$TUNESCOPE_PARAM_X";
    let options = ["--budget", "trials=24", "--jobs", "3"];
    let mut kills = 0_u64;
    let clock = Instant::now();
    loop {
        assert!(clock.elapsed() < PATIENCE, "{:?}", place.rows());
        let mut child = place.start(&options, script);
        // Moments that differ, and differ between machines: from before the first trial to after several.
        let pause = Duration::from_millis(20 + (kills * 37) % 260 + kills * 20);
        let start = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if start.elapsed() >= pause {
                break None;
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        if kills > 40 {
            // On a slow machine a life may be too short for any progress: let one live.
            assert!(place.start(&options, script).wait().unwrap().success());
            break;
        }
    }
    assert!(kills > 0);
    let rows = place.rows();
    assert_eq!(states(&rows), ["complete"; 24], "after {kills} kills");
    let params: BTreeSet<String> = rows.values().map(|r| r["params"].to_string()).collect();
    assert_eq!(params.len(), 24, "no configuration twice");
    let ran = place.lines_of("done");
    let distinct: BTreeSet<&String> = ran.iter().collect();
    assert_eq!(ran.len(), distinct.len(), "no trial ran twice: {ran:?}");
    assert_eq!(ran.len(), 24);
}

#[test]
fn an_interrupt_finishes_what_runs_and_a_second_one_stops_it_for_the_next_loop() {
    let place = Place::new();
    let script = "[ -e go ] || { touch began; until [ -e go ]; do sleep 0.02; done; }; echo loss=1";
    let options = ["--budget", "trials=2"];
    let mut child = place.start(&options, script);
    wait_for("the first trial", || place.path("began").exists());
    signal(&child, "-INT");
    fs::write(place.path("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(states(&place.rows()), ["complete"]);
    fs::remove_file(place.path("go")).unwrap();
    fs::remove_file(place.path("began")).unwrap();
    let mut child = place.start(&options, script);
    wait_for("the second trial", || place.path("began").exists());
    signal(&child, "-INT");
    signal(&child, "-INT");
    // Two signals at once may be seen as one.
    wait_for("the end", || {
        signal(&child, "-INT");
        std::thread::sleep(Duration::from_millis(100));
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(states(&place.rows()), ["complete", "waiting"]);
    fs::write(place.path("go"), "").unwrap();
    assert!(place.run(&options, script).status.success());
    let rows = place.rows();
    assert_eq!(states(&rows), ["complete"; 2]);
    assert_eq!(rows[&1]["worker"]["attempt"], 2);
}

#[test]
fn one_loop_a_file_and_a_trial_whose_keeper_is_killed_is_run_again() {
    let place = Place::new();
    let script = "[ -e go ] || { touch began; until [ -e go ]; do sleep 0.02; done; }; echo loss=1";
    let options = ["--budget", "trials=1"];
    let mut child = place.start(&options, script);
    wait_for("the first trial", || place.path("began").exists());
    let second = place.run(&options, script);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        errors(&second).contains("runs the loop on"),
        "{}",
        errors(&second)
    );
    child.kill().unwrap();
    child.wait().unwrap();
    // Its keeper too: nobody will ever know how this attempt would have ended.
    let record = fs::read_to_string(place.path("results.logs/0.run")).unwrap();
    let kept: Json = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    for key in ["keeper", "pid"] {
        let _ = Command::new("kill").args(["-9", &kept[key].to_string()]).status();
    }
    wait_for("the keeper to be gone", || {
        !Path::new(&format!("/proc/{}", kept["keeper"])).exists()
    });
    fs::write(place.path("go"), "").unwrap();
    let output = place.run(&options, script);
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(states(&rows), ["complete"]);
    assert_eq!(rows[&0]["worker"]["attempt"], 2);
}

#[test]
fn what_is_wrong_with_a_call_is_one_sentence_and_starts_nothing() {
    let place = Place::new();
    for (options, words, status, says) in [
        (
            &[][..],
            &["run", "{learning_rate}"][..],
            2,
            "which is no parameter",
        ),
        (&["--budget", "money=3"], &["true"], 2, "trials, time and target"),
        (&["--jobs", "0"], &["true"], 2, "0 is not in"),
        (&["--timeout", "soon"], &["true"], 2, "30m"),
        (
            &["--metric-file", "m", "--jobs", "2"],
            &["true"],
            2,
            "put {id} into its name",
        ),
        (&["--out", "space.toml/x.jsonl"], &["true"], 1, "space.toml"),
        (&[], &["no-such-program-anywhere"], 1, "cannot be started"),
    ] {
        let output = place.command(options, words).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(status),
            "{words:?} {}",
            errors(&output)
        );
        assert!(
            errors(&output).contains(says),
            "{words:?} {options:?} {}",
            errors(&output)
        );
    }
    assert!(!states(&place.rows()).contains(&"complete"));
}

#[test]
fn a_dry_run_prints_the_first_command_and_writes_nothing() {
    let place = Place::new();
    let output = place
        .command(&["--dry-run"], &["train me", "--x={x}", "{n}", "{id}"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(
        line.starts_with("'train me' '--x=0.") && line.trim_end().ends_with(" 0"),
        "{line}"
    );
    assert_eq!(
        fs::read_dir(place.dir.path()).unwrap().count(),
        1,
        "only the space"
    );
}

#[test]
fn the_status_says_how_it_stands_and_its_exit_status_too() {
    let place = Place::new();
    let status = |options: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_tunescope"))
            .current_dir(place.dir.path())
            .args(["status", "results.jsonl"])
            .args(options)
            .output()
            .unwrap()
    };
    let script =
        "[ -e go ] || { touch began; until [ -e go ]; do sleep 0.02; done; }; echo loss=$TUNESCOPE_PARAM_X";
    let mut child = place.start(&["--budget", "trials=4"], script);
    wait_for("the first trial", || place.path("began").exists());
    let running = status(&["--exit-code", "--format", "json"]);
    assert_eq!(running.status.code(), Some(3), "{}", errors(&running));
    let json: Json = serde_json::from_slice(&running.stdout).unwrap();
    assert_eq!(
        (&json["state"], &json["loop"]["running"]),
        (&json!("running"), &json!(true))
    );
    fs::write(place.path("go"), "").unwrap();
    assert!(child.wait().unwrap().success());
    let done = status(&["--exit-code", "--line"]);
    assert_eq!(done.status.code(), Some(0), "{}", errors(&done));
    let line = String::from_utf8(done.stdout).unwrap();
    assert!(
        line.contains("4/4") && line.contains("done") && line.contains('★'),
        "{line}"
    );
    let more = status(&["--exit-code", "--budget", "trials=9", "--format", "json"]);
    assert_eq!(more.status.code(), Some(4));
    let json: Json = serde_json::from_slice(&more.stdout).unwrap();
    assert!(json["suggestion"]["params"]["x"].is_number() && json["best"]["params"]["n"].is_number());
}
