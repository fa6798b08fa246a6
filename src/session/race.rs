//! The race as the session holds it.

use std::sync::Arc;

use crate::learn::race::{Race, Runner};

/// Evaluations of each runner.
pub const EVALUATIONS: usize = 20;

/// Races on the present ground, the last one in full.
#[derive(Clone, Debug, Default)]
pub struct Races {
    /// Counts orders; answers to an older one are late.
    pub round: u64,
    pub is_running: bool,
    /// The one that runs or ran last.
    pub last: Option<Arc<Race>>,
    /// What it is about, in words.
    pub ground: String,
    /// Ranks at the end of those that ran to it: sum and count by runner.
    pub ranks: Vec<(Runner, f64, u32)>,
    /// The seed of the next.
    pub seed: u64,
    /// The lane that stands out.
    pub cursor: usize,
}

impl Races {
    /// The mean rank of a runner over the finished races, and how many those are.
    #[must_use]
    pub fn mean_rank(&self, runner: Runner) -> Option<(f64, u32)> {
        (self.ranks.iter())
            .find(|(r, ..)| *r == runner)
            .map(|(_, sum, count)| (sum / f64::from((*count).max(1)), *count))
    }

    /// Takes the ranks of a finished race into the means.
    pub fn count(&mut self, race: &Race) {
        for (lane, rank) in race.lanes.iter().zip(race.ranks(race.evaluations)) {
            match self.ranks.iter_mut().find(|(r, ..)| *r == lane.runner) {
                Some((_, sum, count)) => {
                    *sum += rank;
                    *count += 1;
                }
                None => self.ranks.push((lane.runner, rank, 1)),
            }
        }
    }
}
