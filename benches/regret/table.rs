//! The summary as `benches/README.md` has it: medians, ours with quartiles, and the ratio to the best peer.

use std::io;

use super::curves::{Curve, File};
use super::options::{Options, TUNED};

const PEERS: [(&str, &str); 5] = [
    ("optuna_gp", "Optuna GP"),
    ("optuna_tpe", "Optuna TPE"),
    ("botorch", "BoTorch"),
    ("skopt", "skopt"),
    ("random", "random"),
];

/// Not a peer to be beaten, a mark to see how hard a function is.
const MARK: &str = "random";

type Runs = Vec<(u64, Curve)>;

pub fn print(options: &Options) -> io::Result<()> {
    for &noisy in &options.noise {
        println!(
            "\n{}, medians; ours [quartiles] over all its seeds, `ours, same` over the seeds that any peer has:\n",
            if noisy {
                "With noise (least true regret)"
            } else {
                "Without noise"
            }
        );
        let peers: Vec<&str> = PEERS.iter().map(|(_, title)| *title).collect();
        println!(
            "| function | seeds | ours @20 | @30 | @50 | peers' seeds | ours, same @50 | {} | ours / best peer |",
            peers.join(" | ")
        );
        println!("|{}", "---|".repeat(8 + PEERS.len()));
        let (mut lowest, mut compared) = (0, 0);
        for name in &options.functions {
            let Some(ratio) = row(options, name, noisy)? else {
                continue;
            };
            compared += 1;
            lowest += usize::from(ratio < 1.0);
        }
        println!("\nLowest of all on {lowest} of {compared}.");
    }
    Ok(())
}

/// Prints the row of a function. Each peer is held against ours on its own seeds; the ratio is that to the one that does
/// best by it, `None` where no peer was run.
fn row(options: &Options, name: &str, noisy: bool) -> io::Result<Option<f64>> {
    let read = |sampler: &str| File::of(&options.dir, name, noisy, sampler).read();
    let ours = read(&options.label)?;
    if ours.is_empty() {
        return Ok(None);
    }
    let mut theirs: Vec<Runs> = Vec::with_capacity(PEERS.len());
    for (peer, _) in PEERS {
        theirs.push(read(peer)?.into_iter().filter(|(s, _)| has(&ours, *s)).collect());
    }
    let most = theirs.iter().map(Vec::len).max().unwrap_or(0);
    let same: Runs = ours
        .iter()
        .filter(|(s, _)| theirs.iter().any(|t| has(t, *s)))
        .cloned()
        .collect();
    let mut worst: Option<f64> = None;
    let mut cells = Vec::with_capacity(PEERS.len());
    for ((peer, _), runs) in PEERS.iter().zip(&theirs) {
        if runs.is_empty() {
            cells.push("·".to_owned());
            continue;
        }
        let median = median_at(runs, 50);
        let few = if runs.len() < most {
            format!(" ({} seeds)", runs.len())
        } else {
            String::new()
        };
        cells.push(format!("{}{few}", short(median)));
        if *peer != MARK {
            let paired: Runs = ours.iter().filter(|(s, _)| has(runs, *s)).cloned().collect();
            let ratio = median_at(&paired, 50) / median;
            worst = Some(worst.map_or(ratio, |w| w.max(ratio)));
        }
    }
    let [low, middle, high] = [0.25, 0.5, 0.75].map(|p| quantile(&at_evaluation(&ours, 50), p));
    let tuned = if TUNED.contains(&name) { " (tuned on)" } else { "" };
    println!(
        "| {name}{tuned} | {} | {} | {} | {} [{}, {}] | {} | {} | {} | {} |",
        ours.len(),
        short(median_at(&ours, 20)),
        short(median_at(&ours, 30)),
        short(middle),
        short(low),
        short(high),
        seeds(&same),
        if same.is_empty() {
            "·".to_owned()
        } else {
            short(median_at(&same, 50))
        },
        cells.join(" | "),
        worst.map_or("·".to_owned(), short),
    );
    Ok(worst)
}

fn has(runs: &Runs, seed: u64) -> bool {
    runs.iter().any(|(s, _)| *s == seed)
}

/// Two digits: `0.0043`, `3.1e-5`, `42`.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.1e}").parse().unwrap_or(value);
    if (1e-3..1e4).contains(&rounded) {
        rounded.to_string()
    } else {
        format!("{value:.1e}")
    }
}

/// `0–5`, or how many where they do not follow one another.
fn seeds(runs: &Runs) -> String {
    match (runs.first(), runs.last()) {
        (Some((first, _)), Some((last, _))) if last - first + 1 == runs.len() as u64 => {
            format!("{first}–{last}")
        }
        (None, _) | (_, None) => "·".to_owned(),
        _ => format!("{} of them", runs.len()),
    }
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
