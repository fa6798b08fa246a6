//! The queue clients of `demo/clients` take what tunescope delivers, each configuration once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use jiff::Timestamp;
use serde_json::Value as Json;
use tunescope::io::delivery::{Decision, Origin, QueueFolder, Status, random_bytes};
use tunescope::study::{Label, Value};

#[path = "common/skip.rs"]
mod skip;

use skip::skipped;

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("demo/clients")
        .join(name)
}

/// The clients that can run here. A shell always can.
fn clients() -> Vec<&'static str> {
    let has_python = Command::new("python3")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if has_python {
        return vec!["claim.sh", "claim.py"];
    }
    skipped("there is no python3 for claim.py");
    vec!["claim.sh"]
}

fn run(name: &str, arguments: &[&Path]) -> Output {
    let program = if name.ends_with(".py") { "python3" } else { "sh" };
    Command::new(program)
        .arg(client(name))
        .args(arguments)
        .output()
        .unwrap()
}

/// `(file, body)` of what was claimed; `None` where nothing waits.
fn claim(name: &str, queue: &QueueFolder) -> Option<(PathBuf, Json)> {
    let output = run(name, &[queue.root()]);
    assert!(output.stderr.is_empty(), "{name}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    if output.status.code() == Some(1) {
        assert_eq!(text, "");
        return None;
    }
    assert!(output.status.success());
    if name.ends_with(".py") {
        let body: Json = serde_json::from_str(&text).unwrap();
        return Some((PathBuf::from(body["claim"].as_str().unwrap()), body));
    }
    let (file, body) = text.split_once('\n').unwrap();
    Some((PathBuf::from(file), serde_json::from_str(body).unwrap()))
}

fn decision(lr: f64) -> Decision {
    Decision::new(
        Timestamp::now(),
        random_bytes(),
        vec![
            (Label::new("lr"), Value::Float(lr)),
            (Label::new("note"), Value::Text(Label::new("it's \"quoted\" ü"))),
        ],
        Origin::Manual,
    )
}

#[test]
fn a_client_takes_the_oldest_configuration_and_says_who_it_is() {
    for name in clients() {
        let dir = tempfile::tempdir().unwrap();
        // A name with a blank must not trip a shell.
        let queue = QueueFolder::beside(&dir.path().join("my results.jsonl"));
        assert_eq!(claim(name, &queue), None, "{name}: no folder yet");
        let (first, second) = (decision(1e-3), decision(2e-3));
        queue.deliver(&first).unwrap();
        queue.deliver(&second).unwrap();
        fs::write(queue.root().join("pending/.half.tmp"), "{").unwrap();
        let (file, body) = claim(name, &queue).unwrap();
        assert_eq!(body["id"], first.id);
        assert_eq!(body["params"], Json::Object(first.params_json().unwrap()));
        assert_eq!(body["params"]["note"], "it's \"quoted\" ü");
        let receipts = queue.list().receipts;
        let host = gethostname::gethostname();
        // The worker is the process that called the client: this test.
        let by = format!("{} ({})", host.to_str().unwrap(), std::process::id());
        assert_eq!(receipts[0].status, Status::Claimed { by });
        assert_eq!(receipts[1].status, Status::Queued);
        assert!(run(name, &[Path::new("--done"), &file]).status.success());
        assert!(matches!(queue.list().receipts[0].status, Status::Finished { .. }));
        queue.withdraw(&queue.list().receipts[1]).unwrap();
        assert_eq!(claim(name, &queue), None, "{name}: withdrawn");
    }
}

#[test]
fn clients_of_both_kinds_at_once_take_each_configuration_once() {
    let dir = tempfile::tempdir().unwrap();
    let queue = QueueFolder::beside(&dir.path().join("results.jsonl"));
    let delivered: BTreeSet<String> = (0..24)
        .map(|i| queue.deliver(&decision(f64::from(i))).unwrap().decision.id)
        .collect();
    let names = clients();
    let taken: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|i| {
                let (queue, name) = (&queue, names[i % names.len()]);
                scope.spawn(move || {
                    std::iter::from_fn(|| claim(name, queue))
                        .map(|(_, body)| body["id"].as_str().unwrap().to_owned())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert_eq!(taken.len(), delivered.len(), "something was taken twice");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), delivered);
}
