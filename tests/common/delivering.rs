//! What must hold of every door into a real Optuna, whatever the storage.
#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tunescope::io::delivery::{DeliveryError, Door, Receipt, Status};
use tunescope::study::{Label, Value};

use super::peer::{Parked, ask, decision, json_lines, params};

/// Values that Optuna would choke on, or ignore, and a part of what is said of each.
const BAD: [(&str, Bad, &str); 8] = [
    ("opt", Bad::Text("adm"), "not one of adam, sgd, none"),
    ("nesterov", Bad::Number(7.0), "not one of true, false"),
    ("lr", Bad::Number(5.0), "outside 0.00001 … 0.1"),
    ("lr", Bad::Number(f64::NAN), "not a finite number"),
    ("drop", Bad::Number(0.17), "grid"),
    ("n", Bad::Number(8.7), "not a whole number"),
    ("n", Bad::Number(6.0), "grid"),
    ("momentum", Bad::Number(0.9), "would be ignored by Optuna"),
];

#[derive(Clone, Copy)]
enum Bad {
    Text(&'static str),
    Number(f64),
}

pub fn receipts(door: &mut Door) -> Vec<Receipt> {
    door.receipts().unwrap().receipts
}

/// Each bad value is refused with its name and the reason, before anything is written.
pub fn refuses_what_optuna_would_choke_on(door: &mut Door) {
    for (name, value, why) in BAD {
        let value = match value {
            Bad::Text(text) => Value::Text(Label::new(text)),
            Bad::Number(x) => Value::Float(x),
        };
        let mut decision = decision(1e-3);
        decision.params.retain(|(n, _)| *n != name);
        decision.params.push((Label::new(name), value));
        for error in [
            door.describe(&decision).unwrap_err(),
            door.deliver(&decision).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains(why) && error.contains(name), "{error}");
        }
    }
}

/// Of two decisions the first is withdrawn before the worker goes on: it runs the second alone. Returns the receipt of
/// the second.
pub fn withdraws_the_first_of_two(worker: Parked, door: &mut Door, storage: &str) -> Receipt {
    let (first, second) = (decision(1e-3), decision(2e-3));
    let first_receipt = door.deliver(&first).unwrap();
    let second_receipt = door.deliver(&second).unwrap();
    let gone = door.withdraw(&first_receipt, Timestamp::now()).unwrap();
    assert_eq!(gone.status, Status::Withdrawn);
    let again = door.withdraw(&first_receipt, Timestamp::now()).unwrap_err();
    assert!(matches!(again, DeliveryError::AlreadyWithdrawn { .. }));
    let ran = worker.finish();
    assert_eq!(ran[1]["ours"], json!(second.id));
    assert!(ran.iter().all(|r| r["ours"] != json!(first.id)));
    let late = door.withdraw(&second_receipt, Timestamp::now()).unwrap_err();
    assert!(late.to_string().contains("a worker was faster"), "{late}");
    let trials = ask(&["dump", storage, "s"]);
    let state = |id: &str| trials.iter().find(|t| t["ours"] == json!(id)).unwrap()["state"].clone();
    assert_eq!(
        (state(&first.id), state(&second.id)),
        (json!("FAIL"), json!("COMPLETE"))
    );
    second_receipt
}

/// Delivers for so many seconds, withdraws every fourth, and says what it plans and what it did.
pub fn deliver_many(door: &mut Door) {
    let seconds: f64 = std::env::var("TUNESCOPE_TEST_SECONDS").unwrap().parse().unwrap();
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let mut i = 0_u32;
    // On a busy machine it takes longer, rather than meaning nothing.
    while Instant::now() < until || i < 12 {
        i += 1;
        let lr = 1e-3 + f64::from(i) * 1e-7;
        let decision = decision(lr);
        println!("\nplans {}", decision.id);
        let receipt = door.deliver(&decision).unwrap();
        let mut said = json!({"id": decision.id, "lr": lr, "withdrawn": false});
        if i.is_multiple_of(4) {
            match door.withdraw(&receipt, Timestamp::now()) {
                Ok(_) => said["withdrawn"] = json!(true),
                Err(DeliveryError::TrialStarted { .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
        println!("\nsaid {said}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What the lines of a role that begin so say.
pub fn after<'o>(output: &'o [u8], word: &str) -> Vec<&'o str> {
    let text = std::str::from_utf8(output).unwrap();
    text.lines()
        .filter_map(|l| l.strip_prefix(word))
        .map(str::trim)
        .collect()
}

/// By decision: the learning rate, and whether it was withdrawn.
pub type Said = BTreeMap<String, (f64, bool)>;

/// What writers said, once they are done.
pub fn said_by(writers: Vec<JoinHandle<Output>>) -> Said {
    let mut said = Said::new();
    for writer in writers {
        let output = writer.join().unwrap();
        assert!(output.status.success(), "a writer died");
        for line in after(&output.stdout, "said ") {
            let line: Json = serde_json::from_str(line).unwrap();
            let id = line["id"].as_str().unwrap().to_owned();
            let entry = (line["lr"].as_f64().unwrap(), line["withdrawn"] == json!(true));
            assert!(said.insert(id, entry).is_none());
        }
    }
    said
}

/// Every decision is in the storage once; it ran once with exactly its values, or not at all if withdrawn. `logs` are those
/// of the workers, `trials` asks Optuna once they are done; decisions that none of these writers made may be among them.
pub fn check_soak(said: &Said, logs: Vec<JoinHandle<Output>>, trials: impl FnOnce() -> Vec<Json>) {
    let mut runs: HashMap<String, Vec<Json>> = HashMap::new();
    for log in logs {
        let output = log.join().unwrap();
        assert!(output.status.success(), "a worker died");
        for line in json_lines(&output.stdout) {
            if let Some(id) = line["ours"].as_str() {
                runs.entry(id.to_owned()).or_default().push(line.clone());
            }
        }
    }
    let trials = trials();
    let withdrawn = said.values().filter(|(_, w)| *w).count();
    eprintln!(
        "{} delivered, {withdrawn} withdrawn, {} trials in all",
        said.len(),
        trials.len()
    );
    assert!(said.len() >= 20, "too few to mean anything: {}", said.len());
    let there = by_decision(&trials);
    for (id, (lr, is_withdrawn)) in said {
        let ran = runs.get(id).map_or(0, Vec::len);
        let state = &there[id.as_str()]["state"];
        if *is_withdrawn {
            assert_eq!((ran, state), (0, &json!("FAIL")), "{id}");
        } else {
            assert_eq!((ran, state), (1, &json!("COMPLETE")), "{id}");
            assert_eq!(runs[id][0]["params"], params(*lr));
            assert_eq!(there[id.as_str()]["params"], params(*lr));
        }
    }
}

/// Our trials by their decisions, each there once; and the numbers of all trials count.
pub fn by_decision(trials: &[Json]) -> HashMap<&str, &Json> {
    let numbers: Vec<u64> = trials.iter().map(|t| t["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..trials.len() as u64).collect::<Vec<_>>());
    let mut found = HashMap::new();
    for trial in trials {
        if let Some(id) = trial["ours"].as_str() {
            assert!(found.insert(id, trial).is_none(), "{id} is there twice");
            assert!(
                trial["fixed"].is_object(),
                "a trial of ours without its parameters"
            );
        }
    }
    found
}

/// What writers had planned and said when they were killed.
pub struct Killed {
    planned: BTreeSet<String>,
    told: BTreeSet<String>,
}

impl Killed {
    /// Starts writers one after the other, and kills each at another moment.
    pub fn writers(turns: u64, start: impl Fn() -> Command) -> Self {
        let (mut planned, mut told) = (BTreeSet::new(), BTreeSet::new());
        for turn in 0..turns {
            let mut child = start().stdout(Stdio::piped()).spawn().unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut output = Vec::new();
            while after(&output, "said ").len() < 2 {
                assert!(
                    out.read_until(b'\n', &mut output).unwrap() > 0,
                    "a writer died by itself"
                );
            }
            thread::sleep(Duration::from_millis(7 * turn));
            child.kill().unwrap();
            child.wait().unwrap();
            out.read_to_end(&mut output).unwrap();
            planned.extend(after(&output, "plans ").into_iter().map(str::to_owned));
            for line in after(&output, "said ") {
                if let Ok(line) = serde_json::from_str::<Json>(line) {
                    told.insert(line["id"].as_str().unwrap().to_owned());
                }
            }
        }
        Self { planned, told }
    }

    /// What was said is there, each decision once, and the door still works.
    pub fn check(&self, trials: &[Json], door: &mut Door) {
        let found = by_decision(trials);
        assert!(
            self.told.iter().all(|id| found.contains_key(id.as_str())),
            "what was told is lost"
        );
        assert!(self.told.len() >= 12 && self.planned.is_superset(&self.told));
        assert_eq!(receipts(door).len(), found.len());
        // The next one still goes in, and out.
        let receipt = door.deliver(&decision(1e-3)).unwrap();
        door.withdraw(&receipt, Timestamp::now()).unwrap();
    }
}
