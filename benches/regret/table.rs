//! The summary: medians with quartiles, and ours on the seeds that each peer has.

use std::collections::BTreeMap;
use std::io;

use super::curves::{Curve, File};
use super::options::{Options, TUNED};

const PEERS: [&str; 5] = ["optuna_gp", "optuna_tpe", "botorch", "skopt", "random"];
const AT: [usize; 3] = [20, 30, 50];

type Runs = Vec<(u64, Curve)>;

pub fn print(options: &Options) -> io::Result<()> {
    for &noisy in &options.noise {
        println!(
            "\n{}\n",
            if noisy {
                "With noise: least true regret so far"
            } else {
                "Without noise"
            }
        );
        println!("| function | sampler | seeds | @20 | @30 | @50 | ours @50, same seeds | ms a suggestion |");
        println!("|---|---|---|---|---|---|---|---|");
        let mut verdicts = BTreeMap::new();
        for name in &options.functions {
            let ours = File::of(&options.dir, name, noisy, &options.label).read()?;
            if ours.is_empty() {
                continue;
            }
            row(name, &options.label, &ours, None);
            let mut best = f64::INFINITY;
            for peer in PEERS {
                let theirs = File::of(&options.dir, name, noisy, peer).read()?;
                let paired = paired(&ours, &theirs);
                if theirs.is_empty() || paired.is_empty() {
                    continue;
                }
                let theirs: Runs = theirs
                    .into_iter()
                    .filter(|(s, _)| paired.iter().any(|(t, _)| t == s))
                    .collect();
                row(name, peer, &theirs, Some(&paired));
                let ratio = median_at(&paired, 50) / median_at(&theirs, 50);
                best = best.min(1.0 / ratio);
            }
            if best.is_finite() {
                verdicts.insert(name.clone(), 1.0 / best);
            }
        }
        println!("\nOurs over the best peer (medians at 50, seeds of the peer):");
        for (name, ratio) in verdicts {
            let tuned = if TUNED.contains(&name.as_str()) {
                " (tuned on)"
            } else {
                ""
            };
            println!("- {name}{tuned}: {ratio:.3}");
        }
    }
    Ok(())
}

fn paired(ours: &Runs, theirs: &Runs) -> Runs {
    ours.iter()
        .filter(|(seed, _)| theirs.iter().any(|(s, _)| s == seed))
        .cloned()
        .collect()
}

fn row(name: &str, sampler: &str, runs: &Runs, ours: Option<&Runs>) {
    let cells: Vec<String> = AT
        .iter()
        .map(|&at| {
            let [low, middle, high] = [0.25, 0.5, 0.75].map(|p| quantile(&at_evaluation(runs, at), p));
            format!("{middle:.3e} [{low:.1e}, {high:.1e}]")
        })
        .collect();
    let same = ours.map_or_else(String::new, |runs| format!("{:.3e}", median_at(runs, 50)));
    let ask = runs.iter().map(|(_, c)| c.ask_ms).sum::<f64>() / runs.len() as f64;
    println!(
        "| {name} | {sampler} | {} | {} | {same} | {ask:.0} |",
        runs.len(),
        cells.join(" | ")
    );
}

fn at_evaluation(runs: &Runs, at: usize) -> Vec<f64> {
    runs.iter()
        .filter_map(|(_, c)| c.best().get(at - 1).copied())
        .collect()
}

fn median_at(runs: &Runs, at: usize) -> f64 {
    quantile(&at_evaluation(runs, at), 0.5)
}

fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = p * sorted.len().saturating_sub(1) as f64;
    let below = at.floor() as usize;
    match (sorted.get(below), sorted.get(below + 1)) {
        (Some(a), Some(b)) => a + (at - below as f64) * (b - a),
        (Some(a), None) => *a,
        _ => f64::NAN,
    }
}
