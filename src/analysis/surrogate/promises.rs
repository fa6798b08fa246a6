//! What unfinished trials count as, in the user's words.

use super::Surrogate;
use super::training::Partial;
use crate::study::TrialState;
use crate::study::number::significant;

/// An unfinished trial and the final value that the model counts it with. Values are in the user's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extrapolation {
    /// Index into `Study::trials`.
    pub trial: usize,
    /// Pruned or running.
    pub state: TrialState,
    /// The last step that it reported, and the value.
    pub step: Option<u64>,
    pub last: f64,
    /// The final value that its curve promises.
    pub value: f64,
    pub sd: f64,
    /// Complete curves that this was learned from; 0: too few, the last value stands for itself.
    pub learned_from: usize,
}

impl Surrogate {
    /// The unfinished trials that the model learned from, in the order of the study.
    pub fn extrapolations(&self) -> impl Iterator<Item = Extrapolation> + '_ {
        self.training.partial.iter().map(|p| Extrapolation {
            trial: p.trial,
            state: if p.is_running {
                TrialState::Running
            } else {
                TrialState::Pruned
            },
            step: p.promise.step,
            last: p.promise.last,
            value: p.promise.value,
            sd: p.promise.sd,
            learned_from: p.promise.learned_from,
        })
    }

    /// What a trial counts as, where it is an unfinished one that the model learned from.
    #[must_use]
    pub fn extrapolation(&self, trial: usize) -> Option<Extrapolation> {
        self.extrapolations().find(|e| e.trial == trial)
    }

    /// One sentence each about pruned and running trials that were learned from.
    pub(super) fn promise_words(&self) -> Vec<String> {
        let of = |is_running: bool| -> Vec<&Partial> {
            let partial = self.training.partial.iter();
            partial.filter(|p| p.is_running == is_running).collect()
        };
        [(of(false), "pruned"), (of(true), "running")]
            .into_iter()
            .filter(|(list, _)| !list.is_empty())
            .map(|(list, word)| sentence(&list, word))
            .collect()
    }
}

fn sentence(list: &[&Partial], word: &str) -> String {
    let count = list.len();
    let they = if count == 1 { "it was" } else { "they were" };
    let learned = list.iter().map(|p| p.promise.learned_from).max().unwrap_or(0);
    let how = match learned {
        0 => format!("for want of complete curves the last value when {they} stopped, with a wide error"),
        n => format!("as {n} complete trials went on from the same step"),
    };
    let (low, high) = range(list.iter().map(|p| p.promise.value));
    let values = if count == 1 {
        format!("{} ± {}", significant(low, 4), significant(list[0].promise.sd, 2))
    } else {
        let (least, most) = range(list.iter().map(|p| p.promise.sd));
        format!(
            "{} to {}, ± {} to {}",
            significant(low, 4),
            significant(high, 4),
            significant(least, 2),
            significant(most, 2)
        )
    };
    if count == 1 {
        format!("1 {word} trial counts with the final value that its curve promises ({values}; {how}).")
    } else {
        format!(
            "{count} {word} trials count with the final value that their curves promise ({values}; {how})."
        )
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}
