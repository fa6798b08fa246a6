//! Values over time and when the best last improved.

use crate::study::{Direction, Study, TrialState};

/// One finished or running trial in the order of the study.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPoint {
    /// Index into `Study::trials`.
    pub trial: usize,
    pub state: TrialState,
    /// Objective value (last intermediate value of a pruned trial); `None`: no finite value.
    pub value: Option<f64>,
    /// Best complete value so far that is not infeasible, this trial included.
    pub best: Option<f64>,
}

/// Values and best-so-far of a study, in the user's units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub points: Vec<HistoryPoint>,
    /// Index into `points` of the trial that is the best so far.
    pub last_improvement: Option<usize>,
    /// A range that keeps outliers from flattening the rest: `[Q1 − 3·IQR, Q3 + 3·IQR]` of the finite
    /// values, cut to the data, and always holding the best.
    pub range: Option<(f64, f64)>,
    /// How many values lie outside of `range`.
    pub clipped: usize,
    /// Whether a log axis reads better: all values positive and spanning more than two decades.
    pub log: bool,
}

impl History {
    /// Reads a study once; O(n log n).
    #[must_use]
    pub fn of(study: &Study) -> Self {
        let direction = study.direction();
        let mut best: Option<f64> = None;
        let mut last_improvement = None;
        let mut points = Vec::with_capacity(study.trials.len());
        for (trial, t) in study.trials.iter().enumerate() {
            if t.state == TrialState::Waiting {
                continue;
            }
            if let Some(value) = study.feasible_objective(t)
                && best.is_none_or(|b| direction.is_better(value, b))
            {
                best = Some(value);
                last_improvement = Some(points.len());
            }
            let value = match t.state {
                TrialState::Pruned => t
                    .values
                    .first()
                    .copied()
                    .or(t.intermediate.last().map(|(_, v)| *v)),
                TrialState::Complete => t.values.first().copied(),
                _ => None,
            };
            points.push(HistoryPoint {
                trial,
                state: t.state,
                value: value.filter(|v| v.is_finite()),
                best,
            });
        }
        let (range, clipped) = robust_range(&points, best, direction);
        let log = range.is_some_and(|(low, high)| low > 0.0 && high / low > 100.0);
        Self {
            points,
            last_improvement,
            range,
            clipped,
            log,
        }
    }
}

fn robust_range(
    points: &[HistoryPoint],
    best: Option<f64>,
    direction: Direction,
) -> (Option<(f64, f64)>, usize) {
    let mut values: Vec<f64> = points.iter().filter_map(|p| p.value).collect();
    if values.is_empty() {
        return (None, 0);
    }
    values.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index"
        )]
        let i = (q * (values.len() - 1) as f64).round() as usize;
        values[i]
    };
    let (q1, q3) = (quantile(0.25), quantile(0.75));
    let margin = 3.0 * (q3 - q1);
    let mut low = values[0].max(q1 - margin);
    let mut high = values[values.len() - 1].min(q3 + margin);
    if let Some(best) = best {
        match direction {
            Direction::Minimize => low = low.min(best),
            Direction::Maximize => high = high.max(best),
        }
    }
    let clipped = values.iter().filter(|v| **v < low || **v > high).count();
    (Some((low, high)), clipped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Trial, TrialId};
    use std::sync::Arc;

    #[test]
    fn one_outlier_is_clipped_and_counted_and_pruned_values_are_never_best() {
        let mut study = Study::empty();
        for (i, v) in [1.0, 1.1, 0.9, 1.05, 1e20].into_iter().enumerate() {
            study.trials.push(Arc::new(Trial {
                state: TrialState::Complete,
                values: vec![v],
                ..Trial::new(TrialId::Number(i as u64))
            }));
        }
        study.trials.push(Arc::new(Trial {
            state: TrialState::Pruned,
            values: vec![0.1],
            ..Trial::new(TrialId::Number(9))
        }));
        let history = History::of(&study);
        assert_eq!(history.clipped, 2);
        assert_eq!(history.last_improvement, Some(2));
        assert_eq!(history.points[5].best, Some(0.9));
    }
}
