//! Trials that their own command ends early.

use super::*;

/// Tells a value a step and prunes itself after the second where the parameter is large.
const SCRIPT: &str = "for s in 1 2 3; do echo step=$s loss=$TUNESCOPE_PARAM_N.$s; \
    [ $s = 2 ] && [ $TUNESCOPE_PARAM_N -gt 50 ] && echo '{\"pruned\": true}' && exit 0; done; true";

fn tunescope(place: &Place, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .current_dir(place.dir.path())
        .env("XDG_CONFIG_HOME", place.dir.path())
        .args(words)
        .output()
        .unwrap()
}

#[test]
fn a_trial_that_says_so_is_recorded_as_pruned_and_counts_in_the_budget() {
    let place = Place::new();
    let output = place.run(&["--budget", "trials=8", "--max-failures", "1"], SCRIPT);
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(rows.len(), 8);
    let mut pruned = 0;
    for row in rows.values() {
        let n = row["params"]["n"].as_u64().unwrap();
        let at = |step: u32| format!("{n}.{step}").parse::<f64>().unwrap();
        if n > 50 {
            pruned += 1;
            assert_eq!(row["state"], "pruned");
            assert_eq!(row["intermediate"], json!({"1": at(1), "2": at(2)}));
            assert!(row.get("value").is_none() && row.get("error").is_none(), "{row}");
        } else {
            assert_eq!(
                (&row["state"], &row["value"]),
                (&json!("complete"), &json!(at(3)))
            );
        }
    }
    assert!(pruned > 0 && pruned < 8, "{pruned} of 8");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said.matches("  pruned  loss ").count(), pruned, "{said}");
    assert!(said.contains(" at step 2"), "{said}");
    let counted = if pruned == 1 {
        "1 of 8 trials was pruned".to_owned()
    } else {
        format!("{pruned} of 8 trials were pruned")
    };
    assert!(errors(&output).contains(&counted), "{}", errors(&output));
    // What is over is over, for the next loop and for those that look.
    let output = place.run(&["--budget", "trials=8"], SCRIPT);
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(place.rows(), rows);
    let status = tunescope(
        &place,
        &[
            "status",
            "results.jsonl",
            "--space",
            "space.toml",
            "--format",
            "json",
        ],
    );
    let status: Json = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["counts"]["pruned"], pruned);
    assert_eq!(status["counts"]["failed"], 0);
    let best = rows
        .values()
        .filter_map(|r| r["value"].as_f64())
        .fold(f64::INFINITY, f64::min);
    assert_eq!(status["best"]["value"], best);
    let fit = tunescope(
        &place,
        &[
            "fit",
            "results.jsonl",
            "--space",
            "space.toml",
            "--format",
            "json",
        ],
    );
    let fit: Json = serde_json::from_slice(&fit.stdout).unwrap();
    assert_eq!(
        fit["trials_extrapolated"].as_array().map(Vec::len),
        Some(pruned),
        "{fit}"
    );
    let report = tunescope(
        &place,
        &[
            "report",
            "results.jsonl",
            "--space",
            "space.toml",
            "--out",
            "report.json",
        ],
    );
    assert!(report.status.success(), "{}", errors(&report));
    assert!(
        fs::read_to_string(place.path("report.json"))
            .unwrap()
            .contains("pruned")
    );
}

#[test]
fn a_trial_that_was_pruned_while_nobody_looked_is_pruned_for_the_next_loop() {
    let place = Place::new();
    let script = "touch here.$TUNESCOPE_TRIAL; echo step=1 loss=0.5; until [ -e go ]; do sleep 0.02; done; \
        echo pruned=true; touch over.$TUNESCOPE_TRIAL";
    let mut child = place.start(&["--budget", "trials=1"], script);
    wait_for("the trial to begin", || place.path("here.0").exists());
    signal(&child, "-KILL");
    child.wait().unwrap();
    fs::write(place.path("go"), "").unwrap();
    wait_for("the trial to end", || place.path("over.0").exists());
    let output = place.run(&["--budget", "trials=1"], script);
    // No trial has a final value: that is said, and not to mend the command.
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("every trial was pruned"),
        "{}",
        errors(&output)
    );
    let rows = place.rows();
    assert_eq!(states(&rows), ["pruned"]);
    assert_eq!(rows[&0]["intermediate"], json!({"1": 0.5}));
}

#[test]
fn pruning_is_no_failure_and_a_crash_behind_it_is_one() {
    for (script, state) in [
        ("echo step=1 loss=0.5; echo pruned=true; exit 3", "failed"),
        (
            "echo step=1 loss=0.5; echo '{\"state\": \"pruned\"}'; echo loss=0.25",
            "pruned",
        ),
        (
            "echo step=1 loss=0.5; echo pruned=false; echo loss=0.25",
            "complete",
        ),
    ] {
        let place = Place::new();
        let output = place.run(&["--budget", "trials=1", "--retries", "0"], script);
        assert_eq!(states(&place.rows()), [state], "{script}: {}", errors(&output));
    }
    let place = Place::new();
    let options = ["--budget", "trials=1", "--metric-file", "m.json"];
    place.run(
        &options,
        "echo step=1 loss=0.5; echo '{\"pruned\": true}' > m.json",
    );
    assert_eq!(states(&place.rows()), ["pruned"]);
    // Without a value on the way there is nothing to learn, and that is said.
    let place = Place::new();
    let output = place.run(&["--budget", "trials=1"], "echo pruned=true");
    assert_eq!(states(&place.rows()), ["pruned"]);
    assert!(
        errors(&output).contains("learns nothing from it"),
        "{}",
        errors(&output)
    );
}
