//! `--on-accept`: no shell in between, everything is told, nothing waits, nobody is left behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;
use tunescope::io::delivery::hook::{Hook, HookError, HookOutcome};
use tunescope::io::delivery::{Decision, Origin};
use tunescope::study::{Label, Value};

const PATIENCE: Duration = Duration::from_secs(60);

fn decision() -> Decision {
    let text = |s: &str| Value::Text(Label::new(s));
    Decision::new(
        "2026-11-23T20:00:00Z".parse().unwrap(),
        [7; 10],
        vec![
            (Label::new("learning.rate"), Value::Float(1e-3)),
            (Label::new("batch size"), Value::Int(8)),
            (Label::new("opt"), text("$(touch pwned); `id` *")),
            (Label::new("ü"), Value::Null),
            (Label::new("nesterov"), Value::Bool(true)),
            (Label::new("nul"), text("a\0b")),
        ],
        Origin::Suggested,
    )
}

fn run(command: &str) -> HookOutcome {
    Hook::parse(command)
        .unwrap()
        .start(&decision())
        .unwrap()
        .wait(PATIENCE)
        .expect("the command ends")
}

#[test]
fn words_are_split_as_a_shell_would_but_nothing_is_expanded() {
    let outcome = run(r#"printf '%s|' 'a b' "c\"d" e\ f $HOME ';' '*' '' ~ `id` && x > y"#);
    assert_eq!(
        outcome.message.unwrap(),
        "a b|c\"d|e f|$HOME|;|*||~|`id`|&&|x|>|y|"
    );
    assert!(!Path::new("y").exists());
    let error = Hook::parse("sbatch 'job.sh").unwrap_err();
    assert!(matches!(error, HookError::OpenQuote { .. }), "{error}");
    for empty in ["", "  ", "''"] {
        assert_eq!(Hook::parse(empty), Err(HookError::Empty));
    }
}

#[test]
fn the_configuration_is_on_standard_input_and_in_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let (input, environment) = (dir.path().join("in"), dir.path().join("env"));
    let script = dir.path().join("hook.sh");
    fs::write(&script, "cat > \"$1\"\nenv > \"$2\"\n").unwrap();
    let words = [&script, &input, &environment].map(|p| p.to_str().unwrap().to_owned());
    let outcome = run(&format!("sh {}", words.join(" ")));
    assert!(outcome.succeeded, "{outcome:?}");
    assert_eq!(outcome.sentence(), "exit status 0");
    let told: Json = serde_json::from_str(&fs::read_to_string(&input).unwrap()).unwrap();
    assert_eq!(told, decision().to_json().unwrap());
    let environment = fs::read_to_string(&environment).unwrap();
    for line in [
        "TUNESCOPE_PARAM_LEARNING_RATE=0.001",
        "TUNESCOPE_PARAM_BATCH_SIZE=8",
        "TUNESCOPE_PARAM_OPT=$(touch pwned); `id` *",
        "TUNESCOPE_PARAM__=null",
        "TUNESCOPE_PARAM_NESTEROV=true",
        "TUNESCOPE_PARAM_NUL=ab",
        &format!("TUNESCOPE_ID={}", decision().id),
    ] {
        assert!(environment.lines().any(|l| l == line), "{line}:\n{environment}");
    }
}

#[test]
fn the_end_of_a_command_is_told_with_its_first_words_scrubbed() {
    let outcome = run(r#"sh -c 'echo out; echo >&2; printf "bad \033[31mred\nmore\n" >&2; exit 3'"#);
    assert!(!outcome.succeeded);
    assert_eq!(outcome.sentence(), "exit status 3: bad [31mred");
    assert_eq!(
        run("echo Submitted batch job 7").sentence(),
        "exit status 0: Submitted batch job 7"
    );
    assert_eq!(run("sh -c 'kill -9 $$'").sentence(), "killed by signal 9");
    let missing = run("/nonexistent/sbatch job.sh");
    assert!(!missing.succeeded);
    assert!(missing.status.starts_with("could not be started:"), "{missing:?}");
}

#[test]
fn a_command_that_floods_or_never_reads_does_not_hang() {
    let outcome = run("sh -c 'yes error | head -c 3000000 >&2; yes | head -c 3000000'");
    assert_eq!(outcome.sentence(), "exit status 0: error");
    let mut long = decision();
    long.note = Some(Label::new(&"x".repeat(1 << 20)));
    let outcome = Hook::parse("true").unwrap().start(&long).unwrap().wait(PATIENCE);
    assert_eq!(outcome.unwrap().sentence(), "exit status 0");
    // What it leaves running in the background keeps the pipes open; that is not waited for.
    let outcome = run("sh -c 'sleep 30 & echo started'");
    assert!(outcome.succeeded);
}

#[test]
fn starting_waits_for_nothing_and_the_child_is_reaped() {
    let dir = tempfile::tempdir().unwrap();
    let gate = dir.path().join("gate");
    let script = "echo $$; while [ ! -e \"$0\" ]; do sleep 0.01; done";
    let hook = Hook::parse(&format!("sh -c '{script}' {}", gate.display())).unwrap();
    let running = hook.start(&decision()).unwrap();
    assert_eq!(running.poll(), None, "the command cannot have ended");
    fs::write(&gate, "").unwrap();
    let outcome = running.wait(PATIENCE).unwrap();
    assert_eq!(running.poll(), None, "told once");
    let pid = outcome.message.unwrap();
    assert!(pid.parse::<u32>().is_ok(), "{pid}");
    if cfg!(target_os = "linux") {
        assert!(
            !Path::new("/proc").join(pid).exists(),
            "a zombie would still be listed"
        );
    }
}
