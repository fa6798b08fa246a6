//! The trials that a model of a long study stands on.

use super::training::Training;
use crate::acquisition::random::Random;

/// More observations than this and the model stands on an active set.
pub const LIMIT: usize = 2000;

/// A third each: the best, the nearest to the best one, and the farthest from all chosen.
const THIRD: usize = 500;

/// How many of the rest are looked at for the farthest ones.
const POOL: usize = 5000;

/// Indices of the observations to use, ascending; all of them up to [`LIMIT`].
pub fn active_set(training: &Training, seed: u64) -> Vec<usize> {
    let n = training.g.len();
    if n <= LIMIT {
        return (0..n).collect();
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| training.g[b].total_cmp(&training.g[a]).then(a.cmp(&b)));
    let best = order[0];
    let mut rest = order.split_off(THIRD);
    let mut chosen = order;
    rest.sort_by(|&a, &b| {
        distance(training, a, best)
            .total_cmp(&distance(training, b, best))
            .then(a.cmp(&b))
    });
    let far = rest.split_off(THIRD);
    chosen.extend(rest);
    chosen.extend(farthest(training, &chosen, far, seed));
    chosen.sort_unstable();
    chosen
}

/// Greedy farthest-point selection from a random part of `candidates`.
fn farthest(training: &Training, chosen: &[usize], mut candidates: Vec<usize>, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    for i in 0..candidates.len().min(POOL) {
        let other = i + random.below(candidates.len() - i);
        candidates.swap(i, other);
    }
    candidates.truncate(POOL);
    // Distances to the ones chosen already, thinned: they lie close together.
    let mut gaps: Vec<f64> = candidates
        .iter()
        .map(|&c| {
            chosen
                .iter()
                .step_by(10)
                .map(|&s| distance(training, c, s))
                .fold(f64::INFINITY, f64::min)
        })
        .collect();
    let mut found = Vec::with_capacity(THIRD);
    while found.len() < THIRD && !candidates.is_empty() {
        let Some((k, _)) = gaps.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)) else {
            break;
        };
        let next = candidates.swap_remove(k);
        gaps.swap_remove(k);
        for (gap, &c) in gaps.iter_mut().zip(&candidates) {
            *gap = gap.min(distance(training, c, next));
        }
        found.push(next);
    }
    found
}

/// Squared distance in the unit cube; a category that differs counts 1.
fn distance(training: &Training, a: usize, b: usize) -> f64 {
    (0..training.x.ncols())
        .map(|j| {
            let difference = training.x[(a, j)] - training.x[(b, j)];
            if training.encoder.axis(j).is_category() {
                f64::from(u8::from(difference != 0.0))
            } else {
                difference * difference
            }
        })
        .sum()
}
