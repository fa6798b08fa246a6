//! Beyond one machine, with the scripts of `demo/cluster`: an Optuna study in a real PostgreSQL with several workers; the
//! loop over Slurm and Kubernetes, with an `sbatch` and a `kubectl` that stand in for the real ones: they run the job in
//! a process of its own and tell of it as the real ones do.

#[path = "common/optuna.rs"]
mod peer;
#[path = "common/servers.rs"]
mod servers;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

const SBATCH: &str = "#!/bin/sh\n\
    for word; do case $word in --output=*) out=${word#--output=}; shift;; --*) shift;; *) break;; esac; done\n\
    echo \"Submitted batch job $$\"\n\
    \"$@\" >\"$out\" 2>&1 &\n\
    wait $!\n";

/// Keeps what it is told to apply, runs the container's command as a process, and answers for it.
const KUBECTL: &str = r#"#!/usr/bin/env python3
import json, os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
file = lambda job, end: os.path.join(here, job.removeprefix("job/") + end)
verb, job = sys.argv[1], sys.argv[-1]
if verb == "apply":
    spec = json.load(sys.stdin)
    assert (spec["apiVersion"], spec["kind"]) == ("batch/v1", "Job"), spec
    pod = spec["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never" and spec["spec"]["backoffLimit"] == 0, spec
    box, name = pod["containers"][0], spec["metadata"]["name"]
    assert len(name) <= 63 and all(c.islower() or c.isdigit() or c == "-" for c in name), name
    if os.path.exists(file(name, ".json")):
        sys.exit()
    json.dump(spec, open(file(name, ".json"), "w"))
    env = {**os.environ, **{e["name"]: e["value"] for e in box["env"]}}
    done = subprocess.run(box["command"], env=env, stdout=open(file(name, ".log"), "w"))
    open(file(name, ".state"), "w").write("1/" if done.returncode == 0 else "/1")
elif verb == "get":
    print(open(file(sys.argv[3], ".state")).read(), end="")
elif verb == "logs":
    print(open(file(job, ".log")).read(), end="")
else:
    sys.exit("no " + verb)
"#;

const SPACE: &str = "[study]\nmetric = \"loss\"\n[params.x]\ntype = \"float\"\nlow = 0\nhigh = 1\n";
const JOB: &str =
    "#!/bin/sh\necho $$ >> workers\n[ $TUNESCOPE_TRIAL = 3 ] && exit 9\necho loss=$TUNESCOPE_PARAM_X\n";

fn demo(script: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("demo/cluster")
        .join(script)
}

fn script(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Six trials, three at a time, through a script of `demo/cluster`.
fn six_trials(dir: &Path, through: &str) -> Output {
    script(dir, "job.sh", JOB);
    fs::write(dir.join("space.toml"), SPACE).unwrap();
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .current_dir(dir)
        .env("PATH", path)
        .env("TMPDIR", dir)
        .env("IMAGE", "registry/train:1")
        .env("POLL", "0.1")
        .args([
            "run",
            "--space",
            "space.toml",
            "--budget",
            "trials=6",
            "--jobs",
            "3",
            "--",
        ])
        .arg(demo(through))
        .arg("./job.sh")
        .output()
        .unwrap()
}

/// Five results, one failure, six processes.
fn check(dir: &Path, output: &Output, why: &str) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(dir.join("results.jsonl")).unwrap();
    assert_eq!(text.matches("\"state\":\"complete\"").count(), 5, "{text}");
    assert!(text.contains(why), "{text}");
    let workers = fs::read_to_string(dir.join("workers")).unwrap();
    assert_eq!(workers.lines().count(), 6);
}

#[test]
fn trials_as_slurm_jobs_run_on_several_workers_and_a_failed_job_is_a_failed_trial() {
    let dir = tempfile::tempdir().unwrap();
    script(dir.path(), "sbatch", SBATCH);
    let output = six_trials(dir.path(), "slurm.sh");
    check(dir.path(), &output, "\"error\":\"exit status 9");
}

#[test]
fn trials_as_kubernetes_jobs_carry_their_configuration_and_a_failed_job_is_a_failed_trial() {
    let dir = tempfile::tempdir().unwrap();
    script(dir.path(), "kubectl", KUBECTL);
    let output = six_trials(dir.path(), "kubernetes.sh");
    check(dir.path(), &output, "\"error\":\"exit status 1");
    let jobs = fs::read_dir(dir.path()).unwrap();
    let jobs: Vec<Json> = jobs
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .map(|p| serde_json::from_str(&fs::read_to_string(p).unwrap()).unwrap())
        .collect();
    assert_eq!(jobs.len(), 6);
    for job in jobs {
        let container = &job["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], "registry/train:1");
        let names: Vec<&str> = (container["env"].as_array().unwrap().iter())
            .map(|e| e["name"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"TUNESCOPE_PARAM_X"), "{names:?}");
    }
}

#[test]
fn the_scripts_are_good_shell() {
    for name in ["slurm.sh", "kubernetes.sh"] {
        let checked = Command::new("sh").arg("-n").arg(demo(name)).output().unwrap();
        assert!(
            checked.status.success(),
            "{}",
            String::from_utf8_lossy(&checked.stderr)
        );
    }
}

#[test]
fn workers_anywhere_share_a_study_in_postgresql_and_one_of_them_takes_what_is_accepted() {
    let Some(server) = servers::postgres() else { return };
    let worker = |trials: &str| {
        let mut command = peer::python();
        command
            .arg(demo("optuna_worker.py"))
            .args([&server.url, "finetune", trials])
            .stderr(Stdio::piped());
        command
    };
    let run = |trials: &str, workers: usize| {
        let started: Vec<_> = (0..workers).map(|_| worker(trials).spawn().unwrap()).collect();
        for child in started {
            let output = child.wait_with_output().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    };
    let tunescope = |args: &[&str]| -> Json {
        let output = Command::new(env!("CARGO_BIN_EXE_tunescope"))
            .args(args)
            .args(["--format", "json"])
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && !said.contains(servers::SECRET),
            "{said}"
        );
        serde_json::from_slice(&output.stdout).unwrap()
    };
    run("3", 1);
    tunescope(&["accept", &server.url, "--config", "{\"x\": 0.8125, \"n\": 77}"]);
    run("12", 3);
    let read = tunescope(&["trials", &server.url]);
    let trials = read["trials"].as_array().unwrap();
    let complete = trials.iter().filter(|t| t["state"] == "complete").count();
    // Workers that were under way when the budget was reached finish their trial.
    assert!((12..=14).contains(&complete), "{complete}");
    let accepted: Vec<&Json> = trials
        .iter()
        .filter(|t| t["params"]["n"] == 77 && t["params"]["x"] == 0.8125)
        .collect();
    assert_eq!(accepted.len(), 1, "run once, by one of the workers");
    assert_eq!(accepted[0]["state"], "complete");
    assert_eq!(read["counts"]["waiting"], 0);
    let next = tunescope(&["suggest", &server.url]);
    assert!(next[0]["params"]["x"].is_number());
}
