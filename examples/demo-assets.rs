//! Makes what the demo stores, with the demo's own code. Run from the root of the repository:
//!
//! ```text
//! cargo run --release --example demo-assets -- weights    # assets/demo-weights.bin, a minute
//! cargo run --release --example demo-assets -- recorded   # assets/demo-recorded.jsonl, a minute
//! cargo run --release --example demo-assets -- studies    # demo/studies/finetune.{jsonl,csv}, a minute
//! cargo run --release --example demo-assets -- evaluate '{"learning_rate": 1e-3, …}' SEED
//! cargo run --release --example demo-assets -- text       # a page of either language
//! ```
//! `evaluate` prints the learning curve as JSON lines; `demo/studies/optuna_study.py` drives it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tunescope::demo::corpus::{Register, decode};
use tunescope::demo::rng::Rng;
use tunescope::demo::training::{self, Effort, Ending, Task};
use tunescope::demo::worker::Worker;
use tunescope::demo::{METRIC, Start, objective, prepare, space};

/// Seeds of what is stored; any other gives another study.
const PRETRAINING_SEED: u64 = 1;
const RECORDED_SEED: u64 = 1;
const JSONL_SEED: u64 = 2;
const CSV_SEED: u64 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["weights"] => weights(),
        ["recorded"] => recorded(),
        ["studies"] => studies(),
        ["evaluate", params, seed] => evaluate(params, seed.parse()?),
        ["text"] => text(),
        _ => Err("say weights, recorded, studies, evaluate or text".into()),
    }
}

fn weights() -> Result<(), Box<dyn Error>> {
    let bytes = training::pretrain(
        training::PRETRAINING,
        PRETRAINING_SEED,
        &mut |characters, loss| {
            eprintln!("{characters:>9} characters  {loss:.4} nats");
        },
    )?;
    fs::write("assets/demo-weights.bin", bytes)?;
    Ok(())
}

fn recorded() -> Result<(), Box<dyn Error>> {
    write_lines("assets/demo-recorded.jsonl", &run(RECORDED_SEED, 60)?)
}

fn studies() -> Result<(), Box<dyn Error>> {
    write_lines("demo/studies/finetune.jsonl", &run(JSONL_SEED, 30)?)?;
    let rows = run(CSV_SEED, 36)?;
    let mut csv = csv::Writer::from_path("demo/studies/finetune.csv")?;
    let names: Vec<&str> = space()?.params.iter().map(|p| p.name.raw()).collect();
    let header = [&["trial"], &names[..], &[METRIC, "seconds"]].concat();
    csv.write_record(header)?;
    for row in rows {
        let mut record = vec![row["id"].to_string()];
        record.extend(names.iter().map(|name| plain(&row["params"][*name])));
        record.extend([plain(&row["value"]), plain(&row["seconds"])]);
        csv.write_record(record)?;
    }
    csv.flush()?;
    Ok(())
}

/// As a cell of a table; a trial that failed has an empty value.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The last line of every trial of a study that the worker runs by itself.
fn run(seed: u64, trials: u64) -> Result<Vec<Map<String, Json>>, Box<dyn Error>> {
    let dir = std::env::temp_dir().join(format!("demo-assets-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let files = prepare(&dir, Start::default())?;
    Worker::new(&files.results, seed, Effort::FULL, Box::new(|| false))?.run(
        trials,
        Duration::ZERO,
        &mut |_| None,
    )?;
    let mut rows = BTreeMap::new();
    for line in fs::read_to_string(&files.results)?.lines() {
        let mut row: Map<String, Json> = serde_json::from_str(line)?;
        // Names the machine it ran on.
        row.shift_remove("worker");
        rows.insert(row["id"].as_u64(), row);
    }
    fs::remove_dir_all(&dir)?;
    Ok(rows.into_values().collect())
}

fn write_lines(path: impl AsRef<Path>, rows: &[Map<String, Json>]) -> Result<(), Box<dyn Error>> {
    let lines: Vec<String> = rows.iter().map(|row| json!(row).to_string() + "\n").collect();
    Ok(fs::write(path, lines.concat())?)
}

fn evaluate(params: &str, seed: u64) -> Result<(), Box<dyn Error>> {
    let settings = objective::settings(&serde_json::from_str(params)?)?;
    let ending = Task::new(Effort::FULL)?.fine_tune(&settings, seed, &mut |progress| {
        if let Some(loss) = progress.loss {
            println!("{}", json!({"step": progress.characters, "loss": loss}));
        }
        ControlFlow::Continue(())
    });
    let value = match ending {
        Ending::Complete(value) => json!(value),
        Ending::Diverged { .. } | Ending::Stopped => Json::Null,
    };
    println!("{}", json!({ "value": value }));
    Ok(())
}

fn text() -> Result<(), Box<dyn Error>> {
    for register in [Register::Prose, Register::Log] {
        println!("{}\n", decode(&register.tokens(1_200, &mut Rng::new(1, 0))?));
    }
    Ok(())
}
