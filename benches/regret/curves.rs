//! Curves as CSV: a row a seed, `regret` (true value of each evaluation minus the minimum) and, with noise, `observed`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// One run.
#[derive(Clone, Debug)]
pub struct Curve {
    /// True value minus minimum of each evaluation, in order.
    pub regret: Vec<f64>,
    /// What was told instead, minus the minimum; empty without noise.
    pub observed: Vec<f64>,
    /// Mean time of a suggestion after the design.
    pub ask_ms: f64,
}

impl Curve {
    /// The least regret up to each evaluation.
    pub fn best(&self) -> Vec<f64> {
        let mut best = f64::INFINITY;
        self.regret
            .iter()
            .map(|r| {
                best = best.min(*r);
                best
            })
            .collect()
    }
}

/// The rows of one function and one sampler.
pub struct File(PathBuf);

impl File {
    pub fn of(dir: &Path, function: &str, noisy: bool, sampler: &str) -> Self {
        let middle = if noisy { ".noisy" } else { "" };
        Self(dir.join(format!("{function}{middle}.{sampler}.csv")))
    }

    pub fn remove(&self) -> io::Result<()> {
        if self.0.exists() {
            fs::remove_file(&self.0)
        } else {
            Ok(())
        }
    }

    pub fn seeds(&self) -> io::Result<Vec<u64>> {
        Ok(self.read()?.into_iter().map(|(seed, _)| seed).collect())
    }

    /// All runs, by seed; none where there is no file.
    pub fn read(&self) -> io::Result<Vec<(u64, Curve)>> {
        if !self.0.exists() {
            return Ok(Vec::new());
        }
        let mut runs: Vec<(u64, Curve)> = Vec::new();
        for line in fs::read_to_string(&self.0)?.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let [seed, kind, ask, values @ ..] = cells.as_slice() else {
                continue;
            };
            let bad = || io::Error::other(format!("{}: {line}", self.0.display()));
            let seed: u64 = seed.parse().map_err(|_| bad())?;
            let values: Result<Vec<f64>, _> = values.iter().map(|v| v.parse()).collect();
            let values = values.map_err(|_| bad())?;
            match (runs.iter_mut().find(|(s, _)| *s == seed), *kind) {
                (Some((_, run)), "observed") => run.observed = values,
                _ => runs.push((
                    seed,
                    Curve {
                        regret: values,
                        observed: Vec::new(),
                        ask_ms: ask.parse().map_err(|_| bad())?,
                    },
                )),
            }
        }
        runs.sort_by_key(|(seed, _)| *seed);
        Ok(runs)
    }

    pub fn append(&self, seed: u64, curve: &Curve) -> io::Result<()> {
        if let Some(dir) = self.0.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut text = String::new();
        if !self.0.exists() {
            text.push_str("seed,kind,ask_ms");
            for i in 0..curve.regret.len() {
                let _ = write!(text, ",{}", i + 1);
            }
            text.push('\n');
        }
        for (kind, values) in [("regret", &curve.regret), ("observed", &curve.observed)] {
            if values.is_empty() {
                continue;
            }
            let _ = write!(text, "{seed},{kind},{:.1}", curve.ask_ms);
            for v in values {
                let _ = write!(text, ",{v:.4e}");
            }
            text.push('\n');
        }
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.0)?;
        file.write_all(text.as_bytes())
    }
}
