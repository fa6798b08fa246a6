//! What was rejected or locked in the explorer holds for the loop, too.

use tunescope::io::kept::KeptFile;

use super::*;

/// Keeps decisions where the explorer would, for the results file of a place; gives the folder of states.
fn decide(place: &Place, kept: &Json) -> PathBuf {
    let states = place.path("state");
    let folder = states.join("tunescope");
    fs::create_dir_all(&folder).unwrap();
    let results = place.path("results.jsonl");
    let file = KeptFile::of(&folder, &results, "results").unwrap();
    file.write(&serde_json::from_value(kept.clone()).unwrap())
        .unwrap();
    states
}

#[test]
fn a_locked_value_is_in_every_trial_that_the_loop_begins() {
    let place = Place::new();
    let states = decide(&place, &json!({"locks": {"n": 42}}));
    let mut command = place.command(
        &["--budget", "trials=4"],
        &["sh", "-c", "echo loss=$TUNESCOPE_PARAM_X"],
    );
    let output = command.env("XDG_STATE_HOME", states).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains("heed 1 lock"), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(rows.len(), 4);
    assert!(rows.values().all(|row| row["params"]["n"] == 42), "{rows:?}");
}

#[test]
fn a_rejected_region_is_left_alone_by_the_loop() {
    let place = Place::new();
    // Where the loss is best: without the rejection the search goes there.
    let rejected = json!({"params": {"x": 0.5, "n": 50}, "when": 0.0});
    let states = decide(&place, &json!({"rejections": [rejected]}));
    let script = "awk \"BEGIN { x = $TUNESCOPE_PARAM_X - 0.5; n = $TUNESCOPE_PARAM_N / 100 - 0.5; \
        print \\\"loss=\\\" x * x + n * n }\"";
    let mut command = place.command(&["--budget", "trials=12"], &["sh", "-c", script]);
    let output = command.env("XDG_STATE_HOME", states).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(
        errors(&output).contains("heed 1 rejection"),
        "{}",
        errors(&output)
    );
    // The region is a ball in the unit cube, wider along what matters less.
    let near = |row: &Json| {
        let (x, n) = (
            row["params"]["x"].as_f64().unwrap(),
            row["params"]["n"].as_f64().unwrap(),
        );
        (x - 0.5).hypot((n - 50.0) / 99.0) < 0.099
    };
    let rows = place.rows();
    let near: Vec<&Json> = rows.values().filter(|row| near(row)).collect();
    assert!(near.is_empty(), "{near:?}");
}
