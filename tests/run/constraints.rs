//! Constraints on what a command measures beside its metric.

use super::*;

/// The metric falls with `n`, the memory grows: half of the space needs more than there is.
const SCRIPT: &str =
    "n=$TUNESCOPE_PARAM_N; echo gb=$n; echo \"{\\\"loss\\\": $((100 - n)), \\\"other\\\": 3}\"";

fn place() -> Place {
    let place = Place::new();
    let space = fs::read_to_string(place.path("space.toml")).unwrap();
    fs::write(
        place.path("space.toml"),
        format!("{space}\n[constraints]\ngb = \"<= 50\"\n"),
    )
    .unwrap();
    place
}

#[test]
fn what_is_constrained_is_recorded_and_what_violates_it_is_neither_the_best_nor_the_target() {
    let place = place();
    // Without the constraint 50 is reached by any n from 50 on; with it by 50 alone.
    let output = place.run(&["--budget", "trials=14,target=45"], SCRIPT);
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(rows.len(), 14, "the target was taken for reached");
    let mut violated = 0;
    for row in rows.values() {
        let n = row["params"]["n"].as_f64().unwrap();
        assert_eq!(row["attributes"], json!({ "gb": n }));
        assert_eq!(row["state"], "complete");
        violated += usize::from(n > 50.0);
    }
    assert!(violated > 0, "the test shows nothing");
    let output = Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .current_dir(place.dir.path())
        .env("XDG_CONFIG_HOME", place.dir.path())
        .args([
            "trials",
            "results.jsonl",
            "--space",
            "space.toml",
            "--format",
            "json",
        ])
        .output()
        .unwrap();
    let read: Json = serde_json::from_slice(&output.stdout).unwrap();
    let best = read["best"]["params"]["n"].as_f64().unwrap();
    let all = rows.values().map(|r| r["params"]["n"].as_f64().unwrap());
    let most = all.filter(|n| *n <= 50.0).fold(0.0, f64::max);
    assert_eq!(best, most, "{}", read["best"]);
    // The loop learns the constraint: it ends near the bound, on the feasible side.
    assert!(best >= 45.0, "{best}");
}
