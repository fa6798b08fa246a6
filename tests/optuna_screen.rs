//! The whole way: a person edits and accepts on the screen of the real program, a worker of the real Optuna
//! runs exactly that, and the receipt on the screen turns to its result.

#[path = "pty/harness.rs"]
#[allow(dead_code, reason = "each test program uses a part")]
mod harness;
#[path = "common/optuna.rs"]
mod peer;

use serde_json::{Value as Json, json};
use tunescope::io::delivery::{Door, Origin};

use harness::{Sandbox, Session, Start};
use peer::{Parked, ask, has_optuna, text};

#[test]
fn what_a_person_edits_and_accepts_on_screen_is_run_and_its_result_comes_back() {
    if !has_optuna() {
        return;
    }
    let sandbox = Sandbox::new();
    let journal = sandbox.path().join("j.log");
    ask(&["seed", text(&journal), "s", "8"]);
    let worker = Parked::start(&journal);
    let mut screen = Session::start(
        &sandbox,
        &Start {
            args: &[text(&journal)],
            size: (140, 45),
            ..Start::default()
        },
    );
    screen.wait_for("j.log");
    // The suggestion is there once editing it begins.
    screen.wait_until("a suggestion", |s| s.contents().contains("EI").then_some(()));
    screen.send("4E");
    screen.wait_for("draft");
    screen.send("ll");
    screen.send("A");
    screen.wait_for("write exactly this?");
    screen.send("y");
    screen.wait_for("queued");

    let receipt = Door::for_source(&journal, None)
        .receipts()
        .unwrap()
        .receipts
        .remove(0);
    let ours = receipt.decision;
    assert_eq!(ours.origin, Origin::Edited);
    assert_eq!(ours.edited.len(), 1, "{:?}", ours.edited);
    let ran = worker.finish();
    assert_eq!(ran[1]["ours"], json!(ours.id), "the very next one");
    assert_eq!(ran[1]["params"], Json::Object(ours.params_json().unwrap()));
    let number = ran[1]["ran"].as_u64().unwrap();
    screen.wait_for(&format!("✓ trial {number}: "));
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}
