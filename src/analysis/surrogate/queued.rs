//! Pending points that the study does not know of: what waits in a queue or was taken from it just now.

use std::sync::Arc;

use super::build::believe;
use super::training::Training;
use super::{Averaged, Surrogate, SurrogateError};
use crate::study::Configuration;

/// At most so many pending trials are believed, the latest.
const MOST_PENDING: usize = 64;

impl Surrogate {
    /// The same fit with configurations counted as pending that the study says nothing of, in place of those that were
    /// counted so before. Means, bands and diagnostics stay; acquisition values change wherever they are shown, predicted or
    /// maximised. What has no coordinates, and what the study has as pending already, does not count again.
    ///
    /// O(n²) a configuration. Checked by `tests/shown.rs`.
    ///
    /// # Errors
    /// A matrix that does not factor.
    pub fn with_queued(&self, queued: &[Configuration]) -> Result<Self, SurrogateError> {
        let points: Vec<Vec<f64>> = queued
            .iter()
            .filter_map(|c| self.training.point(c).ok())
            .collect();
        let pending = all_pending(&self.training, &points);
        let averaged = match &self.averaged {
            None => None,
            Some(averaged) => Some(Averaged {
                believed: averaged.base.map(|member| believe(member, &pending))?,
                base: averaged.base.clone(),
            }),
        };
        Ok(Self {
            believed: believe(&self.posterior, &pending)?,
            believed_incumbent: self.incumbent.max(self.best_promise(&self.posterior, &pending)),
            averaged,
            pending,
            queued: queued.to_vec(),
            draws: Arc::new(self.draws.without_pending()),
            ..self.clone()
        })
    }

    /// What is counted as pending beyond what the study says.
    #[must_use]
    pub fn queued(&self) -> &[Configuration] {
        &self.queued
    }

    /// How many pending configurations acquisition values count.
    #[must_use]
    pub fn pending_counted(&self) -> usize {
        self.pending.len()
    }
}

/// The pending points of a study, then others that are none of them, each once; the latest.
pub(super) fn all_pending(training: &Training, queued: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut all = training.pending.clone();
    for point in queued {
        if !all.contains(point) {
            all.push(point.clone());
        }
    }
    all.drain(..all.len().saturating_sub(MOST_PENDING));
    all
}
