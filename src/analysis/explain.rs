//! Why a suggestion is where it is.

use nalgebra::DVector;

use super::suggestion::{Pull, Why};
use super::surrogate::{Believed, Surrogate};
use crate::acquisition::ei;
use crate::gp::Posterior;
use crate::study::Configuration;

/// Trials named as pulling the mean.
const PULLS: usize = 3;

impl Surrogate {
    /// The reasons behind `point`; `runner_up` is the next best separate peak.
    pub(super) fn why(
        &self,
        believed: &Believed<'_>,
        xi: f64,
        point: &[f64],
        runner_up: Option<(Configuration, Vec<f64>)>,
    ) -> Why {
        let improvement = |points: &[Vec<f64>]| -> Vec<f64> {
            // Nothing feasible is there to improve on: the weight ranks alone.
            if self.seeks_feasible() {
                return self.log_weight(points);
            }
            let moments = believed
                .posterior
                .predict(&super::surrogate::matrix(points, point.len()));
            moments
                .mean
                .iter()
                .zip(&moments.variance)
                .zip(self.log_weight(points))
                .map(|((m, v), weight)| ei::log_ei(*m, v.sqrt(), believed.incumbent, xi).value + weight)
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
            climbs: Vec::new(),
            pulls: self.pulls(point),
            costliest: self.costliest(point, best, &improvement),
            runner_up,
            nearest: self.nearest_to(point),
            constraints: self.constraints_at_point(point),
        }
    }

    /// How far each trial moves the predicted mean: the prediction as it is less the prediction without
    /// that trial, `w_i·(y_i − μ₋ᵢ)` with `w = K⁻¹k(X, x)` (its weight times its surprise), in the user's
    /// units at that place. Hyperparameters are not fitted again. Source: block inverse of a Gram matrix
    /// without row `i`; checked by `tests/engine.rs`.
    fn pulls(&self, point: &[f64]) -> Vec<Pull> {
        let posterior: &Posterior = self.posterior();
        let mean = self
            .moments(&[point.to_vec()])
            .first()
            .map_or(f64::NAN, |m| m.mean);
        let slope = self.slope(mean);
        let data = posterior.data();
        let covariance = DVector::from_iterator(
            data.x.nrows(),
            (0..data.x.nrows()).map(|i| {
                let row: Vec<f64> = data.x.row(i).iter().copied().collect();
                posterior.prior_covariance(point, &row)
            }),
        );
        let factor = posterior.cholesky_factor();
        let Some(weights) = factor
            .solve_lower_triangular(&covariance)
            .and_then(|half| factor.tr_solve_lower_triangular(&half))
        else {
            return Vec::new();
        };
        let left_out = posterior.loo();
        let mut pulls: Vec<(usize, f64)> = (0..data.x.nrows())
            .map(|i| (i, weights[i] * (data.y[i] - left_out.mean[i])))
            .filter(|(_, pull)| pull.is_finite())
            .collect();
        pulls.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        pulls
            .into_iter()
            .take(PULLS)
            .filter_map(|(row, contribution)| {
                let at: Vec<f64> = data.x.row(row).iter().copied().collect();
                Some(Pull {
                    trial: self.trial_of_row(row)?,
                    correlation: posterior.prior_correlation(point, &at),
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
        let encoder = &self.training().encoder;
        let moved: Vec<(usize, Vec<f64>)> = (0..encoder.own_dims())
            .filter(|&j| (point[j] - incumbent[j]).abs() > 1e-9)
            .map(|j| {
                let mut other = point.to_vec();
                other[j] = incumbent[j];
                encoder.settle(&mut other);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::analysis::model_file::ModelFile;
    use crate::analysis::{AcquisitionSettings, ModelSettings, Surrogate};
    use crate::study::{Domain, Label, Parameter, Study, Trial, TrialId, TrialState, Value};

    use super::super::surrogate::SuggestRequest;

    fn study(skip: Option<usize>) -> Arc<Study> {
        let mut study = Study::empty();
        study.columns = vec![Label::new("x")];
        let domain = Domain::Float {
            low: 0.0,
            high: 1.0,
            log: false,
            step: None,
        };
        study.space.params = vec![Parameter::new(Label::new("x"), 0, domain).unwrap()];
        for (i, (x, y)) in [(0.1, 0.6), (0.3, -0.2), (0.55, 0.4), (0.8, -0.5), (0.95, 0.1)]
            .into_iter()
            .enumerate()
            .filter(|(i, _)| Some(*i) != skip)
        {
            study.trials.push(Arc::new(Trial {
                state: TrialState::Complete,
                params: vec![Some(Value::Float(x))],
                values: vec![y],
                ..Trial::new(TrialId::Number(i as u64))
            }));
        }
        Arc::new(study)
    }

    fn surrogate(skip: Option<usize>) -> Surrogate {
        let json = r#"{"inputs": [{"name": "x", "encoding": "unit"}], "output": {"transform": "identity"},
            "mean": 0.0, "noise_variance": 0.01,
            "kernel": {"product": [{"constant": {"variance": 0.5}}, {"matern": {"nu": 2.5, "lengthscales": [0.2]}}]}}"#;
        let file: ModelFile = ModelFile::from_json_text(json).unwrap();
        Surrogate::with_model(&study(skip), &ModelSettings::default(), &file).unwrap()
    }

    #[test]
    fn a_pull_is_the_prediction_less_the_prediction_without_that_trial() {
        let all = surrogate(None);
        let request = SuggestRequest {
            count: 1,
            acquisition: AcquisitionSettings::default(),
            ..SuggestRequest::default()
        };
        let suggestion = all.suggest(&request, &|| false).unwrap().remove(0);
        let with = all.predict(&suggestion.configuration).unwrap().mean;
        assert!(!suggestion.why.pulls.is_empty());
        for pull in &suggestion.why.pulls {
            let without = surrogate(Some(pull.trial))
                .predict(&suggestion.configuration)
                .unwrap()
                .mean;
            assert!(
                (with - without - pull.contribution).abs() < 1e-6,
                "{pull:?} {}",
                with - without
            );
        }
    }
}
