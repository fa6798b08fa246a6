//! Why a suggestion is where it is.

use super::suggestion::{Pull, Why};
use super::surrogate::{Landscape, Surrogate};
use crate::acquisition::ei;
use crate::gp::Posterior;
use crate::study::Configuration;

/// Trials named as pulling the mean.
const PULLS: usize = 3;

impl Surrogate {
    /// The reasons behind `point`; `runner_up` is the next best separate peak.
    pub(super) fn why(
        &self,
        landscape: &Landscape<'_>,
        point: &[f64],
        runner_up: Option<(Configuration, Vec<f64>)>,
    ) -> Why {
        let improvement = |points: &[Vec<f64>]| -> Vec<f64> {
            let moments = landscape
                .posterior
                .predict(&super::surrogate::matrix(points, point.len()));
            moments
                .mean
                .iter()
                .zip(&moments.variance)
                .map(|(m, v)| ei::log_ei(*m, v.sqrt(), landscape.incumbent, landscape.acquisition.xi).value)
                .collect()
        };
        let best = improvement(&[point.to_vec()])
            .first()
            .copied()
            .unwrap_or(f64::NAN);
        let runner_up = runner_up.and_then(|(configuration, other)| {
            let share = (improvement(&[other]).first()? - best).exp();
            share.is_finite().then_some((configuration, share))
        });
        Why {
            pulls: self.pulls(point),
            costliest: self.costliest(point, best, &improvement),
            runner_up,
            nearest: self.nearest_to(point),
        }
    }

    /// What each trial adds to the predicted mean, `α_i·k(x, x_i)`, in the user's units at that place.
    fn pulls(&self, point: &[f64]) -> Vec<Pull> {
        let posterior: &Posterior = self.posterior();
        let mean = self
            .moments(&[point.to_vec()])
            .first()
            .map_or(f64::NAN, |m| m.mean);
        let slope = self.slope(mean);
        let x = &posterior.data().x;
        let mut pulls: Vec<(usize, f64, f64)> = (0..x.nrows())
            .map(|i| {
                let row: Vec<f64> = x.row(i).iter().copied().collect();
                let covariance = posterior.prior_covariance(point, &row);
                (i, covariance, posterior.alpha()[i] * covariance)
            })
            .collect();
        pulls.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        pulls
            .into_iter()
            .take(PULLS)
            .filter_map(|(row, covariance, contribution)| {
                Some(Pull {
                    trial: self.trial_of_row(row)?,
                    correlation: covariance / posterior.prior_variance(),
                    contribution: contribution * slope,
                })
            })
            .collect()
    }

    /// The parameter that costs the most EI when it alone is moved to its value in the best trial.
    fn costliest(
        &self,
        point: &[f64],
        best: f64,
        improvement: &dyn Fn(&[Vec<f64>]) -> Vec<f64>,
    ) -> Option<(usize, f64)> {
        let incumbent = self.best_point()?;
        let moved: Vec<(usize, Vec<f64>)> = (0..point.len())
            .filter(|&j| (point[j] - incumbent[j]).abs() > 1e-9)
            .map(|j| {
                let mut other = point.to_vec();
                other[j] = incumbent[j];
                (j, other)
            })
            .collect();
        let points: Vec<Vec<f64>> = moved.iter().map(|(_, p)| p.clone()).collect();
        moved
            .iter()
            .zip(improvement(&points))
            .map(|((j, _), value)| (self.param_of(*j), (1.0 - (value - best).exp()).clamp(0.0, 1.0)))
            .filter(|(_, share)| share.is_finite())
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
