//! How long a trial takes: a Gaussian process on the logarithm of the seconds of finished trials.
//!
//! With `ln seconds = a + b·g` and `g ~ N(μ, v)`, a trial is expected to take
//! `exp(a + bμ + ½b²(v + σn²))` seconds. **Source**: Snoek, Larochelle & Adams 2012, §3.3. Checked by `tests/acquisition_cost.rs`.

use std::sync::Arc;

use nalgebra::{DMatrix, DVector};

use super::Surrogate;
use crate::acquisition::ranking::Factor;
use crate::gp::{self, Data, FitOptions, Kernel, Posterior};
use crate::study::{StudyError, TrialState, Value};

/// Fewer durations than this say too little.
const FEWEST: usize = 3;

/// At most so many trials are learned from, the latest.
const MOST: usize = 500;

/// The expected duration of a trial, as one over it.
#[derive(Clone, Debug)]
pub struct Cost {
    posterior: Posterior,
    /// `a` and `b`.
    mean: f64,
    sd: f64,
}

impl Surrogate {
    /// The model of durations, fitted when first asked for; `None` where fewer than three trials say how long they
    /// took, or on cancellation.
    pub(super) fn cost(&self, cancel: &dyn Fn() -> bool) -> Option<Arc<dyn Factor>> {
        let cost = match self.draws.cost.get() {
            Some(known) => known.clone(),
            None => {
                let fitted = self.fit_cost(cancel);
                if cancel() {
                    return None;
                }
                self.draws.cost.get_or_init(|| fitted).clone()
            }
        };
        cost.map(|c| c as Arc<dyn Factor>)
    }

    /// The seconds that a trial of this configuration is expected to take, once a cost-aware function was asked
    /// for; `None` where durations are not known.
    ///
    /// # Errors
    /// As [`Surrogate::predict`].
    pub fn expected_seconds(&self, configuration: &[Value]) -> Result<Option<f64>, StudyError> {
        let point = self.training.point(configuration)?;
        let cost = self.draws.cost.get().and_then(Option::as_ref);
        Ok(cost.and_then(|cost| {
            let points = DMatrix::from_row_slice(1, point.len(), &point);
            cost.logs(&points).first().map(|log| (-log).exp())
        }))
    }

    /// Number of trials that say how long they took.
    #[must_use]
    pub fn durations(&self) -> usize {
        self.durations_of().count()
    }

    fn durations_of(&self) -> impl Iterator<Item = (Vec<f64>, f64)> + '_ {
        self.study
            .trials
            .iter()
            .filter(|t| t.state == TrialState::Complete)
            .filter_map(|trial| {
                let seconds = trial.seconds.filter(|s| s.is_finite() && *s > 0.0)?;
                let configuration = self.study.space.configuration_of(trial)?;
                let point = self.training.point(&configuration).ok()?;
                Some((point, seconds.ln()))
            })
    }

    fn fit_cost(&self, cancel: &dyn Fn() -> bool) -> Option<Arc<Cost>> {
        let mut rows: Vec<(Vec<f64>, f64)> = self.durations_of().collect();
        if rows.len() < FEWEST {
            return None;
        }
        rows.drain(..rows.len().saturating_sub(MOST));
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let n = rows.len() as f64;
        let mean = rows.iter().map(|r| r.1).sum::<f64>() / n;
        let square: f64 = rows.iter().map(|r| (r.1 - mean).powi(2)).sum();
        // Equal durations: a flat cost.
        let sd = (square / (n - 1.0)).sqrt().max(1e-6);
        let d = self.training.encoder.dims();
        let x = DMatrix::from_fn(rows.len(), d, |i, j| rows[i].0[j]);
        let y = DVector::from_iterator(rows.len(), rows.iter().map(|r| (r.1 - mean) / sd));
        let (data, _) = Data::merge_repeats(&x, &y);
        let options = FitOptions {
            seed: self.settings.seed,
            ..FitOptions::default()
        };
        let kernel = Kernel::default_over(&self.training.kinds);
        let fit = gp::fit(&kernel, &self.training.kinds, &data, &options, None, cancel).ok()?;
        Some(Arc::new(Cost {
            posterior: fit.posterior,
            mean,
            sd,
        }))
    }
}

impl Cost {
    fn log_seconds(&self, mean: f64, variance: f64) -> f64 {
        let noise = self.posterior.model().noise_variance;
        self.mean + self.sd * mean + 0.5 * self.sd * self.sd * (variance + noise)
    }
}

impl Factor for Cost {
    fn logs(&self, points: &DMatrix<f64>) -> Vec<f64> {
        let at = self.posterior.predict(points);
        at.mean
            .iter()
            .zip(&at.variance)
            .map(|(m, v)| -self.log_seconds(*m, *v))
            .collect()
    }

    fn log_slopes(&self, points: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)> {
        self.posterior
            .predict_batch_with_gradient(points)
            .into_iter()
            .map(|at| {
                let half = 0.5 * self.sd * self.sd;
                let gradient = at
                    .dmean
                    .iter()
                    .zip(&at.dvariance)
                    .map(|(m, v)| -(self.sd * m + half * v))
                    .collect();
                (-self.log_seconds(at.mean, at.variance), gradient)
            })
            .collect()
    }
}
