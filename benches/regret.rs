//! How good the suggestions are: regret on functions whose minimum is known, beside the peers' curves.
//!
//! `cargo bench --bench regret` runs what is missing (20 seeds, without noise and with) and prints the table.
//! `-- --functions branin,levy4 --seeds 0-4 --noise|--quiet --label try --dir /tmp/x --evaluations 30 --own-design --fresh`
//! narrows it, `--acquisition ucb --beta 1 --xi 0.01 --doubt 0 --hyperparameters average` tries another way (file it under a label
//! of its own); `-- --table` prints only. Rows are kept as CSV in `benches/results/regret/`, one a seed, and are not run again.
//!
//! The loop is that of `tunescope suggest` in a fresh process each time: all trials in, one suggestion out,
//! nothing kept. The first ten points of a seed are those that `regret/peers.py` gives every peer
//! (`regret/init.csv`), and the draws of the noise are the same too (`regret/noise.csv`).

#[path = "regret/curves.rs"]
mod curves;
#[path = "regret/options.rs"]
mod options;
#[path = "regret/play.rs"]
mod play;
#[path = "regret/table.rs"]
mod table;

use std::process::ExitCode;

use curves::File;
use options::Options;
use play::Game;
use tunescope::learn::function::Function;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    if !options.table_only {
        for &noisy in &options.noise {
            for name in &options.functions {
                if let Err(error) = run(&options, name, noisy) {
                    eprintln!("{name}: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    match table::print(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The seeds of one function that have no row yet.
fn run(options: &Options, name: &str, noisy: bool) -> std::io::Result<()> {
    let Some(function) = Function::named(name) else {
        return Err(std::io::Error::other("no such function"));
    };
    let file = File::of(&options.dir, name, noisy, &options.label);
    if options.fresh {
        file.remove()?;
    }
    let done = file.seeds()?;
    for seed in options.seeds.clone().filter(|s| !done.contains(s)) {
        let game = Game {
            function: &function,
            noisy,
            seed,
            own_design: options.own_design,
            evaluations: options.evaluations,
            how: &options.how,
        };
        let curve = game.play()?;
        let last = curve.best().last().copied().unwrap_or(f64::NAN);
        eprintln!(
            "{name}{} seed {seed}: {last:.3e}, {:.1} ms a suggestion",
            if noisy { " with noise" } else { "" },
            curve.ask_ms
        );
        file.append(seed, &curve)?;
    }
    Ok(())
}
