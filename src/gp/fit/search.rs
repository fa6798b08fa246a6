//! The search for the optimum: starts race on few rows, the winners go on to all.

use super::{Tally, Task};
use crate::gp::kernel::Role;
use crate::gp::lbfgs::{Minimizer, Tolerance};
use crate::gp::random::Random;
use crate::gp::{Data, FitError};

/// Steps that every start gets before they are compared.
const TRIAL_ITERATIONS: usize = 12;
/// A start that is this many nats behind after its trial is given up.
const HOPELESS: f64 = 5.0;
/// The same without priors, where a slow start may still win.
const HOPELESS_UNGUIDED: f64 = 15.0;
/// A start within this distance of the best (largest difference of logs) is on its way to the same optimum.
const SAME_BASIN: f64 = 0.05;
/// Optima of a subset and of all rows are no further apart than this (largest difference of logs).
const SAME_OPTIMUM: f64 = 1.0;

/// Smallest relative decrease of an objective that is worth another step.
const DECREASE: f64 = 1e-7;
/// The same without priors: ridges towards infinite variances and lengthscales rise by whole nats in such steps.
const DECREASE_UNGUIDED: f64 = 1e-10;
/// Largest slope at an optimum, times `√n`, with priors and without.
const SLOPE: f64 = 1e-3;
const SLOPE_UNGUIDED: f64 = 1e-5;
/// Steps without priors, as a multiple of those with them.
const LONGER: usize = 4;
/// With more rows than this, the starts of a cold fit race on [`RACE_SIZE`] rows.
const RACE_ABOVE: usize = 300;
const RACE_SIZE: usize = 200;
/// Steps on all rows after a subset has been fitted.
const POLISH_ITERATIONS: usize = 10;
/// Their smallest relative decrease: less than what the choice of the subset has cost.
const POLISH_DECREASE: f64 = 1e-5;

/// At most so many optima of few rows are followed to more.
const MOST_RIVALS: usize = 2;
/// Steps that the second of them gets before it is compared with the first.
const RIVAL_ITERATIONS: usize = 6;
/// Optima closer than this (largest difference of logs) are one.
const ONE_OPTIMUM: f64 = 0.3;

/// Starts of a cold fit without priors beside those that it has with them, by the number of rows: few rows have many
/// optima, and cost little.
fn unguided_starts(n: usize) -> usize {
    match n {
        0..=64 => 24,
        65..=128 => 16,
        _ => 8,
    }
}

/// Optima by their value, each once.
fn apart(mut optima: Vec<Minimizer>) -> Vec<Minimizer> {
    optima.sort_by(|a, b| a.value.total_cmp(&b.value));
    let mut kept: Vec<Minimizer> = Vec::new();
    for run in optima {
        if kept.iter().all(|k| !run.is_near(&k.x, ONE_OPTIMUM)) {
            kept.push(run);
        }
    }
    kept
}

impl Task<'_> {
    /// Starts of a cold fit, the most likely to win first.
    fn cold_starts(&self, n: usize) -> Vec<Vec<f64>> {
        let mode = self.mode();
        let halved = 0.5_f64.ln();
        let mut short = mode.clone();
        let mut noisy = mode.clone();
        for (i, role) in self.roles.iter().enumerate() {
            match role {
                Role::Lengthscale { .. }
                | Role::MismatchLengthscale { .. }
                | Role::SharedLengthscale
                | Role::Period { .. } => {
                    short[i] += halved;
                }
                Role::Noise => noisy[i] = 0.1_f64.ln(),
                Role::Variance
                | Role::CategoryScale { .. }
                | Role::Shape
                | Role::SlopeVariance { .. }
                | Role::WarpA { .. }
                | Role::WarpB { .. } => {}
            }
        }
        let mut starts = vec![mode.clone(), short, noisy];
        let draws = self.options.extra_starts.unwrap_or(if n < 100 { 2 } else { 0 });
        let mut random = Random::new(self.options.seed);
        if self.options.priors.is_none() {
            starts.extend((0..unguided_starts(n)).map(|_| self.anywhere(&mut random)));
        }
        let priors = self.options.priors.unwrap_or_default();
        for _ in 0..draws {
            starts.push(
                self.roles
                    .iter()
                    .map(|role| {
                        let prior = priors.of(*role);
                        prior.location + prior.sd * random.normal()
                    })
                    .collect(),
            );
        }
        starts
    }

    /// A start from where a likelihood without priors may have an optimum: lengthscales from a tenth of those of
    /// a wiggle to those of a plane, all noise to hardly any.
    fn anywhere(&self, random: &mut Random) -> Vec<f64> {
        let mut between = |low: f64, high: f64| low.ln() + random.uniform() * (high / low).ln();
        self.roles
            .iter()
            .map(|role| match role {
                Role::Lengthscale { .. } | Role::MismatchLengthscale { .. } | Role::SharedLengthscale => {
                    between(0.02, 20.0)
                }
                Role::Variance => between(0.1, 30.0),
                Role::Noise => between(1e-7, 1.0),
                Role::CategoryScale { .. } => between(0.1, 10.0),
                Role::Shape => between(0.1, 100.0),
                Role::Period { .. } => between(0.1, 3.0),
                Role::SlopeVariance { .. } => between(0.1, 30.0),
                Role::WarpA { .. } | Role::WarpB { .. } => between(0.3, 3.0),
            })
            .collect()
    }

    fn is_guided(&self) -> bool {
        self.options.priors.is_some()
    }

    fn hopeless(&self) -> f64 {
        if self.is_guided() {
            HOPELESS
        } else {
            HOPELESS_UNGUIDED
        }
    }

    fn decrease(&self) -> f64 {
        if self.is_guided() {
            DECREASE
        } else {
            DECREASE_UNGUIDED
        }
    }

    /// Cap on the steps of a cold or warm fit.
    fn cap(&self, is_warm: bool) -> usize {
        let steps = if is_warm {
            self.options.warm_iterations
        } else {
            self.options.cold_iterations
        };
        if self.is_guided() || is_warm {
            steps
        } else {
            LONGER * steps
        }
    }

    fn tolerance(&self, n: usize) -> Tolerance {
        let slope = if self.is_guided() { SLOPE } else { SLOPE_UNGUIDED };
        Tolerance {
            #[expect(clippy::cast_precision_loss, reason = "a count")]
            gradient: slope * (n as f64).sqrt(),
            decrease: self.decrease(),
        }
    }

    /// The optima that the starts lead to on the rows given, the best first, none near another.
    fn race(
        &self,
        data: &Data,
        warm: Option<Vec<f64>>,
        tally: &mut Tally,
    ) -> Result<Vec<Minimizer>, FitError> {
        let n = data.n();
        let is_warm = warm.is_some();
        let starts = match warm {
            Some(theta) if self.options.refresh => vec![theta, self.mode()],
            Some(theta) => vec![theta],
            None => self.cold_starts(n),
        };
        let cap = self.cap(is_warm);
        let mut objective = self.objective(data, tally);
        let mut runs: Vec<Minimizer> = starts
            .iter()
            .filter_map(|start| Minimizer::new(start, &self.bounds, &mut objective))
            .collect();
        let tolerance = self.tolerance(n);
        let first = if runs.len() > 1 {
            cap.min(TRIAL_ITERATIONS)
        } else {
            cap
        };
        for run in &mut runs {
            run.run(first, tolerance, &mut objective);
        }
        runs.sort_by(|a, b| a.value.total_cmp(&b.value));
        let mut optima: Vec<Minimizer> = Vec::new();
        for mut run in runs {
            let best = optima.iter().map(|o| o.value).fold(f64::INFINITY, f64::min);
            let known = optima.iter().any(|o| run.is_near(&o.x, SAME_BASIN));
            if run.value - best <= self.hopeless() && !known {
                run.run(cap - first, tolerance, &mut objective);
                optima.push(run);
            }
        }
        drop(objective);
        if tally.cancelled {
            return Err(FitError::Cancelled);
        }
        if optima.is_empty() {
            return Err(FitError::NoFiniteStart { rows: n });
        }
        Ok(apart(optima))
    }

    /// From few rows to all: starts race on the first size, each further size goes on from the winners with
    /// the curvature learned so far. Gives `θ` and the size of the largest subset that stood for all rows.
    pub(super) fn optimum(
        &self,
        data: &Data,
        warm: Option<Vec<f64>>,
        tally: &mut Tally,
    ) -> Result<(Vec<f64>, Option<usize>), FitError> {
        let n = data.n();
        let is_large = n > self.options.subset_above && self.options.subset_size < n;
        let mut sizes = Vec::new();
        if warm.is_none() && n > RACE_ABOVE {
            sizes.push(RACE_SIZE);
        }
        if is_large {
            sizes.push(self.options.subset_size);
        }
        sizes.sort_unstable();
        sizes.dedup();
        let cap = self.cap(warm.is_some());
        let mut field: Vec<Minimizer> = Vec::new();
        let mut from = 0;
        for size in sizes {
            let part = data.select(&self.subset(data, size));
            field = if field.is_empty() {
                self.race(&part, warm.clone(), tally)?
            } else {
                self.refine(&part, (&field, from, None), cap, self.decrease(), tally)?
            };
            from = size;
        }
        if field.is_empty() {
            field = self.race(data, warm, tally)?;
        } else {
            let (cap, decrease) = if is_large {
                self.polish()
            } else {
                (cap, self.decrease())
            };
            // A warm start was polished on nearly all of these rows: the subset lends its curvature alone,
            // unless it has found another optimum.
            let near = |theta: &&Vec<f64>| field.first().is_some_and(|run| run.is_near(theta, SAME_OPTIMUM));
            let start = warm.as_ref().filter(near).map(Vec::as_slice);
            field = self.refine(data, (&field, from, start), cap, decrease, tally)?;
        }
        let best = field
            .into_iter()
            .next()
            .ok_or(FitError::NoFiniteStart { rows: n })?;
        Ok((best.x, is_large.then_some(self.options.subset_size)))
    }

    /// Steps on all rows after a subset, and their smallest relative decrease. Priors make up for what the choice of the
    /// subset has cost; without them there are directions that only all rows settle.
    fn polish(&self) -> (usize, f64) {
        let free = (0..self.roles.len()).filter(|&i| !self.is_fixed(i)).count();
        if self.options.priors.is_some() {
            (POLISH_ITERATIONS.max(free), POLISH_DECREASE)
        } else {
            (POLISH_ITERATIONS + 3 * free, 0.1 * POLISH_DECREASE)
        }
    }

    /// Goes on from the optima of `from` rows with their curvature: from the best (or from `start` in its place), and
    /// from those that are hardly behind it as long as they may still win.
    fn refine(
        &self,
        data: &Data,
        (field, from, start): (&[Minimizer], usize, Option<&[f64]>),
        cap: usize,
        decrease: f64,
        tally: &mut Tally,
    ) -> Result<Vec<Minimizer>, FitError> {
        let n = data.n();
        let tolerance = Tolerance {
            decrease,
            ..self.tolerance(n)
        };
        let mut objective = self.objective(data, tally);
        let mut optima: Vec<Minimizer> = Vec::new();
        let lead = field.first().map_or(0.0, |run| run.value);
        for (place, run) in field.iter().take(MOST_RIVALS).enumerate() {
            if run.value - lead > self.hopeless() {
                break;
            }
            let at = start.filter(|_| place == 0).unwrap_or(&run.x);
            let Some(mut fine) = Minimizer::new(at, &self.bounds, &mut objective) else {
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "counts")]
            fine.inherit(run, n as f64 / from as f64);
            // A rival shows in a few steps whether it is worth the rest.
            let first = if place == 0 {
                cap
            } else {
                cap.min(RIVAL_ITERATIONS)
            };
            fine.run(first, tolerance, &mut objective);
            let best = optima.iter().map(|o| o.value).fold(f64::INFINITY, f64::min);
            if place > 0 && fine.value - best <= self.hopeless() {
                fine.run(cap - first, tolerance, &mut objective);
            }
            optima.push(fine);
        }
        drop(objective);
        if tally.cancelled {
            return Err(FitError::Cancelled);
        }
        if optima.is_empty() {
            // The winners of the subset have no value on all rows: look afresh.
            return self.race(data, None, tally);
        }
        Ok(apart(optima))
    }

    /// The rows with the largest outputs (the best, as the engine has them) for a quarter, and a random choice
    /// of the others.
    fn subset(&self, data: &Data, size: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..data.n()).collect();
        rows.sort_by(|a, b| data.y[*b].total_cmp(&data.y[*a]).then(a.cmp(b)));
        let best = size / 4;
        Random::new(self.options.seed).choose_front(&mut rows[best..], size - best);
        rows.truncate(size);
        rows.sort_unstable();
        rows
    }
}
