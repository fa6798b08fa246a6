//! What the command of a trial may be, and what the loop makes of what it says and leaves behind.

use std::path::Path;

use super::skip::skipped;
use super::*;

/// Runs one trial of a script that does not end well, and gives the reason of the row.
fn reason(options: &[&str], script: &str) -> String {
    let place = Place::new();
    let mut all = vec!["--budget", "trials=1"];
    all.extend(options);
    let output = place.run(&all, script);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(
        errors(&output).contains("none has given a value"),
        "{}",
        errors(&output)
    );
    let rows = place.rows();
    assert_eq!(states(&rows), ["failed"], "{script}");
    rows[&0]["error"].as_str().unwrap().to_owned()
}

#[test]
fn what_takes_no_part_in_a_configuration_is_not_missed_and_leaves_no_word_behind() {
    let place = Place::new();
    fs::write(
        place.path("space.toml"),
        "[study]\nmetric = \"loss\"\n\
         [params.kind]\ntype = \"categorical\"\nchoices = [\"plain\", \"cosine\"]\n\
         [params.x]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\n\
         [params.cycles]\ntype = \"int\"\nlow = 1\nhigh = 8\nactive = { kind = \"cosine\" }\n",
    )
    .unwrap();
    let words = [
        "sh",
        "-c",
        "echo words=$#; echo loss=0.5",
        "sh",
        "{kind}",
        "--cycles",
        "{cycles}",
    ];
    let output = place.command(&["--budget", "trials=8"], &words).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(states(&rows), ["complete"; 8]);
    let mut seen = BTreeSet::new();
    for (id, row) in &rows {
        let is_cosine = row["params"]["kind"] == "cosine";
        assert_eq!(row["params"].get("cycles").is_some(), is_cosine, "{row}");
        let log = fs::read_to_string(place.path(&format!("results.logs/{id}.log"))).unwrap();
        assert!(
            log.starts_with(if is_cosine { "words=3" } else { "words=1" }),
            "{log}"
        );
        seen.insert(is_cosine);
    }
    assert_eq!(seen.len(), 2, "both kinds were run");
}

#[test]
fn a_number_that_could_be_read_in_two_ways_is_not_read() {
    for (said, quoted) in [
        ("loss=0,5", "0,5"),
        ("loss: 1,234.5", "1,234.5"),
        ("loss=45%", "45%"),
    ] {
        let why = reason(&[], &format!("echo '{said}'"));
        assert!(why.contains(&format!("as `{quoted}`")), "{why}");
    }
}

#[test]
fn python_prints_a_metric_in_its_own_ways() {
    for said in [
        "{'loss': 0.25, 'epoch': 3.5}",
        "loss: tensor(0.2500)",
        "loss = np.float64(0.25)",
        "loss 0.25",
    ] {
        let place = Place::new();
        let output = place.run(&["--budget", "trials=1"], &format!("echo \"{said}\""));
        assert!(output.status.success(), "{said}: {}", errors(&output));
        assert_eq!(place.rows()[&0]["value"], 0.25, "{said}");
    }
}

#[test]
fn the_end_says_the_best_and_how_many_failed() {
    let place = Place::new();
    let script = "[ $TUNESCOPE_TRIAL = 1 ] && exit 3; echo loss=0.$((5 - TUNESCOPE_TRIAL))";
    let output = place.run(&["--budget", "trials=3"], script);
    assert!(output.status.success(), "{}", errors(&output));
    let said = errors(&output);
    assert!(
        said.contains("best loss 0.3 (trial 2): x=") && said.contains("1 of 3 trials failed"),
        "{said}"
    );
}

#[test]
fn what_runs_when_the_budget_is_reached_is_finished_and_that_is_said() {
    let place = Place::new();
    // The second trial waits until the first has reached the target.
    let script = "if [ $TUNESCOPE_TRIAL = 0 ]; then until [ -e second ]; do sleep 0.02; done; echo loss=0; \
        else touch second; until grep -q complete results.jsonl; do sleep 0.02; done; sleep 0.3; echo loss=1; fi";
    let output = place.run(&["--budget", "target=0.5,trials=9", "--jobs", "2"], script);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(
        errors(&output).contains("the target is reached: 0; finishing the trial that still runs"),
        "{}",
        errors(&output)
    );
    assert_eq!(states(&place.rows()), ["complete"; 2]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_left_the_group_is_ended_with_its_trial() {
    let place = Place::new();
    let script = "setsid sh -c 'echo $$ > daemon; exec sleep 600' & \
        until [ -s daemon ]; do sleep 0.02; done; sleep 600";
    let output = place.run(&["--budget", "trials=1", "--timeout", "1s"], script);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    let daemon = fs::read_to_string(place.path("daemon")).unwrap();
    wait_for("the daemon to end", || {
        !Path::new(&format!("/proc/{}", daemon.trim())).exists()
    });
}

#[test]
fn a_command_that_cannot_be_started_is_told_with_what_to_do() {
    let place = Place::new();
    fs::write(place.path("train.py"), "print('loss=1')\n").unwrap();
    for (word, says) in [
        ("no-such-program", "there is no program of this name in PATH"),
        ("train.py", "write ./train.py"),
        ("./train.py", "chmod +x"),
        ("./other.py", "there is no such file"),
        ("python train.py", "give the words of the command apart"),
        (".", "it is a folder"),
    ] {
        let output = place
            .command(&["--budget", "trials=1"], &[word])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{word}");
        let said = errors(&output);
        assert!(
            said.contains(&format!("the command {word} cannot be started: ")),
            "{said}"
        );
        assert!(said.contains(says), "{word}: {said}");
    }
    // It is the command's fault, not that of the one configuration: it waits for a command that works.
    assert_eq!(states(&place.rows()), ["waiting"]);
    let output = place.run(&["--budget", "trials=1"], "echo loss=1");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(states(&place.rows()), ["complete"]);
}

#[test]
fn the_trainer_of_the_readme_runs_and_tells_its_curve() {
    let python = std::env::var("TUNESCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if Command::new(&python).arg("--version").output().is_err() {
        skipped("there is no python3 for the trainer in demo/loop");
        return;
    }
    let place = Place::new();
    let loop_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/loop");
    fs::copy(loop_dir.join("space.toml"), place.path("space.toml")).unwrap();
    let trainer = loop_dir.join("train.py");
    let words = [
        &python,
        trainer.to_str().unwrap(),
        "--lr",
        "{learning_rate}",
        "--batch",
        "{batch_size}",
        "--decay",
        "{weight_decay}",
        "--schedule",
        "{schedule}",
    ];
    let output = place.command(&["--budget", "trials=2"], &words).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let rows = place.rows();
    assert_eq!(states(&rows), ["complete"; 2]);
    assert_eq!(rows[&0]["intermediate"].as_object().unwrap().len(), 15);
    assert_eq!(rows[&0]["intermediate"]["300"], rows[&0]["value"]);
}
