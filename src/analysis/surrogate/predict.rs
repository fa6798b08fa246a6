//! The posterior and the acquisition functions at given configurations.

use nalgebra::DMatrix;

use super::build::{doubt, doubted_best};
use super::constraints::ConstraintPrediction;
use super::{Prediction, Readout, Surrogate};
use crate::acquisition::ranking::Ranking;
use crate::acquisition::{AcquisitionFunction, AcquisitionSettings, ei, pi, ucb};
use crate::study::{StudyError, Value};

/// Half the width of the central 95 % of a normal distribution, in standard deviations.
pub(super) const Z95: f64 = 1.959_963_984_540_054;

/// Model moments at one point.
#[derive(Clone, Copy, Debug)]
pub(in crate::analysis) struct Moments {
    pub mean: f64,
    /// Of the base posterior.
    pub sd: f64,
    /// Of the posterior that counts pending trials.
    pub believed_sd: f64,
    /// `log P(ok)`; 0 while nothing failed.
    pub log_ok: f64,
    /// `log P(feasible)`; 0 while there are no constraints.
    pub log_feasible: f64,
}

/// A median with its bands in the user's units.
#[derive(Clone, Copy, Debug)]
pub(in crate::analysis) struct Bands {
    pub median: f64,
    /// Half the width of the central 68 %.
    pub sd: f64,
    pub low68: f64,
    pub high68: f64,
    pub low95: f64,
    pub high95: f64,
}

impl Surrogate {
    /// The posterior at a configuration. `model_sd` and `model_incumbent` count pending trials, the rest does not.
    ///
    /// # Errors
    /// A configuration that has no coordinates: a missing value, an unknown choice.
    pub fn predict(&self, configuration: &[Value]) -> Result<Prediction, StudyError> {
        let point = self.training.point(configuration)?;
        Ok(self.prediction(self.moments_at(&point)))
    }

    /// What there is to beat, in the user's units: the best value, or with noise the best `μ + c·σ` at a trial with
    /// `c` = [`Surrogate::doubt`].
    #[must_use]
    pub fn to_beat(&self) -> f64 {
        self.output.to_user(self.incumbent)
    }

    /// How many standard deviations of the belief lie between a trial's mean and what there is to beat there: 0 without
    /// noise, and while trials are few. Checked by `tests/incumbent.rs`.
    #[must_use]
    pub fn doubt(&self) -> f64 {
        doubt(&self.posterior, self.settings.doubt)
    }

    /// The posterior and every acquisition function at a configuration; the latter are exact functions of
    /// the prediction's model moments.
    ///
    /// # Errors
    /// As [`Surrogate::predict`].
    pub fn readout(
        &self,
        configuration: &[Value],
        acquisition: &AcquisitionSettings,
    ) -> Result<(Prediction, Readout), StudyError> {
        let point = self.training.point(configuration)?;
        let moments = self.moments_at(&point);
        let mut read = readout(
            moments.mean,
            moments.believed_sd,
            self.believed_incumbent,
            acquisition,
        );
        let value = |function: AcquisitionFunction| {
            if !self.is_ready(function) {
                return None;
            }
            let settings = AcquisitionSettings {
                function,
                ..*acquisition
            };
            self.value_at(&self.ranking(&settings, &|| false)?, &point, moments)
        };
        read.mes = value(AcquisitionFunction::Mes);
        read.pes = value(AcquisitionFunction::Pes);
        read.jes = value(AcquisitionFunction::Jes);
        read.thompson = value(AcquisitionFunction::Thompson);
        read.eips = value(AcquisitionFunction::Eips);
        read.chosen = value(acquisition.function);
        Ok((self.prediction(moments), read))
    }

    /// What a ranking reports for one point.
    fn value_at(&self, ranking: &Ranking, point: &[f64], at: Moments) -> Option<f64> {
        let values = self.values(ranking, &[point.to_vec()], &[at]);
        values.first().map(|v| ranking.reported(*v))
    }

    /// The climbed values of a ranking of this fit, given the moments at the points.
    pub(in crate::analysis) fn values(
        &self,
        ranking: &Ranking,
        points: &[Vec<f64>],
        moments: &[Moments],
    ) -> Vec<f64> {
        let points = matrix(points, self.posterior.dims());
        if self.averaged.is_some() {
            return ranking.values_of(&points);
        }
        let believed = crate::gp::Moments {
            mean: moments.iter().map(|m| m.mean).collect(),
            variance: moments.iter().map(|m| m.believed_sd * m.believed_sd).collect(),
        };
        ranking.values_at(&points, &believed)
    }

    /// The nearest trial that was learned from: its index into `Study::trials` and its distance in
    /// lengthscales. `None` where the configuration has no coordinates.
    #[must_use]
    pub fn nearest(&self, configuration: &[Value]) -> Option<(usize, f64)> {
        let point = self.training.point(configuration).ok()?;
        self.nearest_to(&point)
    }

    pub(in crate::analysis) fn nearest_to(&self, point: &[f64]) -> Option<(usize, f64)> {
        let x = &self.training.x;
        (0..x.nrows())
            .map(|i| {
                let row: Vec<f64> = x.row(i).iter().copied().collect();
                (self.training.trials[i], self.distance(&row, point))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Distance in lengthscales; a category that differs counts as 1 divided by its lengthscale.
    pub(in crate::analysis) fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        self.training.square_distance(&self.scales, a, b).sqrt()
    }

    pub(super) fn moments_at(&self, point: &[f64]) -> Moments {
        let found = self.moments(&[point.to_vec()]);
        found.first().copied().unwrap_or(Moments {
            mean: f64::NAN,
            sd: f64::NAN,
            believed_sd: f64::NAN,
            log_ok: 0.0,
            log_feasible: 0.0,
        })
    }

    pub(in crate::analysis) fn moments(&self, points: &[Vec<f64>]) -> Vec<Moments> {
        let log_ok = self.log_ok(points);
        let log_feasible = self.log_feasible(points);
        let points = matrix(points, self.posterior.dims());
        let averaged = self.averaged.as_ref();
        let base = averaged.map_or_else(|| self.posterior.predict(&points), |a| a.base.predict(&points));
        let believed = (self.believed.pending() > 0).then(|| {
            averaged
                .map_or_else(|| self.believed.predict(&points), |a| a.believed.predict(&points))
                .variance
        });
        let believed = believed.as_ref().unwrap_or(&base.variance);
        base.mean
            .iter()
            .zip(&base.variance)
            .zip(believed)
            .zip(log_ok.into_iter().zip(log_feasible))
            .map(|(((mean, variance), believed), (log_ok, log_feasible))| Moments {
                mean: *mean,
                sd: variance.sqrt(),
                believed_sd: believed.sqrt(),
                log_ok,
                log_feasible,
            })
            .collect()
    }

    /// `log P(ok)` at points, in coordinates; 0 while nothing failed.
    fn log_ok(&self, points: &[Vec<f64>]) -> Vec<f64> {
        self.failure_model
            .as_ref()
            .map_or_else(|| vec![0.0; points.len()], |f| f.log_ok(points))
    }

    /// `log P(feasible)` at points, in coordinates; 0 while there are no constraints.
    fn log_feasible(&self, points: &[Vec<f64>]) -> Vec<f64> {
        self.constraint_models
            .as_ref()
            .map_or_else(|| vec![0.0; points.len()], |c| c.log_feasible(points))
    }

    /// What is predicted of each measurement that is constrained, at a configuration; empty while there are no
    /// constraints, or nothing was told of them.
    ///
    /// # Errors
    /// A configuration that does not fit the space.
    pub fn constraints_at(&self, configuration: &[Value]) -> Result<Vec<ConstraintPrediction>, StudyError> {
        Ok(self.constraints_at_point(&self.training.point(configuration)?))
    }

    /// As [`Surrogate::constraints_at`], at a point.
    pub(in crate::analysis) fn constraints_at_point(&self, point: &[f64]) -> Vec<ConstraintPrediction> {
        self.constraint_models
            .as_ref()
            .map_or_else(Vec::new, |c| c.at(point))
    }

    pub(in crate::analysis) fn prediction(&self, at: Moments) -> Prediction {
        let bands = self.bands(at.mean, at.sd);
        let observed = at.sd.hypot(self.noise_at(at.mean).sqrt());
        Prediction {
            mean: bands.median,
            sd: bands.sd,
            sd_observed: self.bands(at.mean, observed).sd,
            low68: bands.low68,
            high68: bands.high68,
            low95: bands.low95,
            high95: bands.high95,
            model_mean: at.mean,
            model_sd: at.believed_sd,
            model_incumbent: self.believed_incumbent,
            p_ok: self.failure_model.is_some().then(|| at.log_ok.exp()),
            p_feasible: self.constraint_models.is_some().then(|| at.log_feasible.exp()),
        }
    }

    /// Noise variance of an observation whose model output is near `t`.
    fn noise_at(&self, t: f64) -> f64 {
        let of_model = match &self.averaged {
            Some(averaged) => averaged.base.noise_variance(),
            None => self.posterior.model().noise_variance,
        };
        of_model + self.known_noise(self.output.sign() * self.output.to_user(t))
    }

    /// Quantiles through the output transform: they map one to one, means do not.
    pub(in crate::analysis) fn bands(&self, mean: f64, sd: f64) -> Bands {
        let at = |z: f64| self.output.to_user(mean + z * sd);
        let ordered = |z: f64| {
            let (a, b) = (at(-z), at(z));
            (a.min(b), a.max(b))
        };
        let (low68, high68) = ordered(1.0);
        let (low95, high95) = ordered(Z95);
        Bands {
            median: at(0.0),
            sd: 0.5 * (high68 - low68),
            low68,
            high68,
            low95,
            high95,
        }
    }

    /// How much the value in the user's units changes for a small change of the model output near `t`.
    pub(in crate::analysis) fn slope(&self, t: f64) -> f64 {
        let h = 1e-4;
        (self.output.to_user(t + h) - self.output.to_user(t - h)) / (2.0 * h)
    }

    /// What there is to beat in a search, in model units.
    pub(in crate::analysis) fn incumbent(&self) -> f64 {
        self.incumbent
    }

    /// What is had already, in model units: with noise the best mean at a trial. What may be better at a trial than its
    /// mean is still to be gained, by repeating it.
    pub(in crate::analysis) fn best_belief(&self) -> f64 {
        if self.doubt() > 0.0 {
            doubted_best(&self.posterior, self.own_rows, &self.contends, 0.0)
        } else {
            self.incumbent
        }
    }

    /// With what pending trials are believed to return: the one that acquisition values are made with.
    pub(in crate::analysis) fn believed_incumbent(&self) -> f64 {
        self.believed_incumbent
    }
}

/// Every acquisition function of given moments; EI and its terms with the wrong sign where that is in use.
pub(in crate::analysis) fn readout(
    mean: f64,
    sd: f64,
    incumbent: f64,
    acquisition: &AcquisitionSettings,
) -> Readout {
    let xi = acquisition.xi;
    let terms = acquisition.terms(mean, sd, incumbent);
    let (ei, log_ei) = match acquisition.function {
        AcquisitionFunction::MisprintedEi => {
            let log = ei::misprinted(mean, sd, incumbent, xi).value;
            (log.exp(), log)
        }
        _ => (
            ei::ei(mean, sd, incumbent, xi).value,
            ei::log_ei(mean, sd, incumbent, xi).value,
        ),
    };
    Readout {
        ei,
        log_ei,
        exploitation: terms.exploitation,
        exploration: terms.exploration,
        pi: pi::pi(mean, sd, incumbent, xi).value,
        log_pi: pi::log_pi(mean, sd, incumbent, xi).value,
        ucb: ucb::ucb(mean, sd, acquisition.beta).value,
        mes: None,
        pes: None,
        jes: None,
        thompson: None,
        eips: None,
        chosen: None,
    }
}

/// Points as the rows of a matrix.
pub(in crate::analysis) fn matrix(points: &[Vec<f64>], dims: usize) -> DMatrix<f64> {
    DMatrix::from_fn(points.len(), dims, |i, j| points[i][j])
}

#[cfg(test)]
mod tests {
    use super::Z95;
    use crate::acquisition::normal;

    #[test]
    fn the_band_of_95_percent_holds_95_percent() {
        assert!((normal::cdf(Z95) - normal::cdf(-Z95) - 0.95).abs() < 1e-15);
    }
}
