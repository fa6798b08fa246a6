//! How likely a configuration is feasible: satisfies the constraints on what trials measure.
//!
//! Each constraint has a Gaussian process of its own on the excess of its measurement over the bound (at most 0 where it
//! is satisfied), through
//!
//! `t(e) = sign(e)·ln(1 + |e|/s)`, `s` the median of `|e|`,
//!
//! which leaves the bound at 0 and keeps a few huge excesses from deciding all (Eriksson & Poloczek 2021, arXiv
//! 2002.08526, §3), standardised. With its posterior mean `m` and variance `v` of the latent function and `t₀` the bound in
//! its units,
//!
//! `P(feasible) = Π_k Φ((t₀ₖ − mₖ)/√vₖ)`,
//!
//! the constraints taken as independent (Gelbart, Snoek & Adams 2014, arXiv 1403.5607, eq. 5). It multiplies the
//! acquisition function, whose incumbent is the best trial that is not infeasible. While there is none, the product
//! alone is what a suggestion maximises.
//!
//! Every trial that told a measurement teaches, whether it came through or not. Checked by `tests/constraints.rs`.

use nalgebra::{DMatrix, DVector};

use super::predict::{Z95, matrix};
use super::training::Training;
use crate::acquisition::normal;
use crate::acquisition::ranking::Factor;
use crate::analysis::settings::ModelSettings;
use crate::gp::{self, Data, FitError, FitOptions, InputKind, Kernel, Mean, Model, Posterior, Priors, Role};
use crate::study::{Constraint, Study};

/// At most so many measurements a model: half those nearest to the bound, half a spread of the rest.
const MOST: usize = 300;
/// Fewer measurements than this and the hyperparameters are those of the prior.
const FITTED_FROM: usize = 4;
/// Least variance of a latent function in the probability: a certainty beyond it is rounding.
const LEAST_VARIANCE: f64 = 1e-12;

/// What is predicted of the measurement of one constraint at one configuration, in its own units.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstraintPrediction {
    pub constraint: Constraint,
    /// The median.
    pub value: f64,
    pub low95: f64,
    pub high95: f64,
    /// How likely the constraint is satisfied.
    pub probability: f64,
}

/// The models of all constraints that trials told something of.
#[derive(Clone, Debug)]
pub(in crate::analysis) struct ConstraintModels {
    list: Vec<ConstraintModel>,
    /// Whether any trial with a finite objective is not infeasible.
    pub any_feasible: bool,
    /// Infeasible trials, and feasible ones.
    pub counts: (usize, usize),
}

#[derive(Clone, Debug)]
struct ConstraintModel {
    constraint: Constraint,
    posterior: Posterior,
    scale: Scale,
}

impl ConstraintModels {
    /// `None` where the study has no constraints, or trials told nothing of any.
    ///
    /// Hyperparameters are found by maximum a posteriori, from those of `previous`; `keeps` takes them over as they are.
    ///
    /// # Errors
    /// A fit that failed or was called off.
    pub fn of(
        study: &Study,
        training: &Training,
        settings: &ModelSettings,
        previous: Option<&Self>,
        keeps: bool,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Option<Self>, FitError> {
        let mut list = Vec::new();
        for constraint in &study.constraints {
            let told = Told::of(study, training, constraint);
            if told.excess.is_empty() {
                continue;
            }
            let before = previous.and_then(|p| {
                let same = |l: &&ConstraintModel| l.constraint.name == constraint.name;
                p.list.iter().find(same).map(|l| l.posterior.model())
            });
            list.push(told.model(constraint, &training.kinds, settings, before, keeps, cancel)?);
        }
        let mut counts = (0, 0);
        let mut any_feasible = false;
        for trial in &study.trials {
            match study.is_feasible(trial) {
                Some(false) => counts.0 += 1,
                Some(true) => counts.1 += 1,
                None => {}
            }
            any_feasible |= study.feasible_objective(trial).is_some();
        }
        Ok((!list.is_empty()).then_some(Self {
            list,
            any_feasible,
            counts,
        }))
    }

    /// `ln P(feasible)` at points, in coordinates.
    pub fn log_feasible(&self, points: &[Vec<f64>]) -> Vec<f64> {
        let dims = self.list.first().map_or(0, |l| l.posterior.dims());
        self.logs(&matrix(points, dims))
    }

    /// What is predicted of each measurement at a point.
    pub fn at(&self, point: &[f64]) -> Vec<ConstraintPrediction> {
        self.list.iter().map(|model| model.at(point)).collect()
    }
}

impl ConstraintModel {
    fn at(&self, point: &[f64]) -> ConstraintPrediction {
        let at = self
            .posterior
            .predict(&matrix(&[point.to_vec()], self.posterior.dims()));
        let (mean, sd) = (at.mean[0], at.variance[0].max(0.0).sqrt());
        let value = |z: f64| self.constraint.value(self.scale.excess(mean + z * sd));
        let (a, b) = (value(-Z95), value(Z95));
        ConstraintPrediction {
            constraint: self.constraint.clone(),
            value: value(0.0),
            low95: a.min(b),
            high95: a.max(b),
            probability: normal::cdf(self.margin(mean, at.variance[0]).0),
        }
    }

    /// `a = (t₀ − m)/√v` and the variance that it is made with.
    fn margin(&self, mean: f64, variance: f64) -> (f64, f64) {
        let variance = variance.max(LEAST_VARIANCE);
        ((self.scale.bound() - mean) / variance.sqrt(), variance)
    }
}

impl Factor for ConstraintModels {
    fn logs(&self, points: &DMatrix<f64>) -> Vec<f64> {
        let mut logs = vec![0.0; points.nrows()];
        for model in &self.list {
            let at = model.posterior.predict(points);
            for (log, (mean, variance)) in logs.iter_mut().zip(at.mean.iter().zip(&at.variance)) {
                *log += normal::log_cdf(model.margin(*mean, *variance).0);
            }
        }
        logs
    }

    /// With `a = (t₀ − m)/√v`: `∇ ln Φ(a) = −(φ/Φ)(a)·(∇m/√v + a ∇v/(2v))`.
    fn log_slopes(&self, points: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)> {
        let mut all = vec![(0.0, vec![0.0; points.ncols()]); points.nrows()];
        for model in &self.list {
            let at = model.posterior.predict_batch_with_gradient(points);
            for ((log, gradient), at) in all.iter_mut().zip(&at) {
                let (a, variance) = model.margin(at.mean, at.variance);
                *log += normal::log_cdf(a);
                let slope = -normal::pdf_over_cdf(a);
                let by_variance = if at.variance > LEAST_VARIANCE {
                    a / (2.0 * variance)
                } else {
                    0.0
                };
                let by = at.dmean.iter().zip(&at.dvariance);
                for (g, (m, v)) in gradient.iter_mut().zip(by) {
                    *g += slope * (m / variance.sqrt() + by_variance * v);
                }
            }
        }
        all
    }
}

/// What trials told of one constraint.
struct Told {
    points: Vec<Vec<f64>>,
    /// In the units of the measurement, finite.
    excess: Vec<f64>,
}

impl Told {
    fn of(study: &Study, training: &Training, constraint: &Constraint) -> Self {
        let mut told: Vec<(&Vec<f64>, f64)> = training
            .points
            .iter()
            .filter_map(|(trial, point)| {
                let trial = study.trials.get(*trial)?;
                Some((point, constraint.excess(constraint.of(trial)?)))
            })
            .collect();
        // An infinite excess is as bad, or as good, as the most that was measured.
        let most = told.iter().map(|(_, e)| e.abs()).filter(|e| e.is_finite());
        let most = most.fold(1.0, f64::max);
        for (_, excess) in &mut told {
            *excess = excess.clamp(-most, most);
        }
        if told.len() > MOST {
            told.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
            let far = told.split_off(MOST / 2);
            let step = far.len().div_ceil(MOST / 2).max(1);
            told.extend(far.into_iter().step_by(step));
        }
        Self {
            points: told.iter().map(|(point, _)| (*point).clone()).collect(),
            excess: told.iter().map(|(_, e)| *e).collect(),
        }
    }

    fn model(
        &self,
        constraint: &Constraint,
        kinds: &[InputKind],
        settings: &ModelSettings,
        before: Option<&Model>,
        keeps: bool,
        cancel: &dyn Fn() -> bool,
    ) -> Result<ConstraintModel, FitError> {
        let scale = Scale::of(&self.excess);
        let y = DVector::from_iterator(self.excess.len(), self.excess.iter().map(|e| scale.output(*e)));
        let (data, _) = Data::merge_repeats(&matrix(&self.points, kinds.len()), &y);
        let posterior = match before.filter(|_| keeps) {
            Some(model) => Posterior::new(model, kinds, &data)?,
            None => fitted(kinds, &data, settings, before, cancel)?,
        };
        Ok(ConstraintModel {
            constraint: constraint.clone(),
            posterior,
            scale,
        })
    }
}

/// Matérn-5/2 with a lengthscale a parameter, under the priors of the objective's model.
fn fitted(
    kinds: &[InputKind],
    data: &Data,
    settings: &ModelSettings,
    before: Option<&Model>,
    cancel: &dyn Fn() -> bool,
) -> Result<Posterior, FitError> {
    let kernel = Kernel::default_over(kinds);
    let noise_variance = Priors::default().of(Role::Noise).location.exp();
    let given = |kernel| Model {
        kernel,
        mean: Mean::Fixed(0.0),
        noise_variance,
    };
    if data.n() < FITTED_FROM {
        return Posterior::new(&given(kernel), kinds, data);
    }
    if data.y.iter().all(|y| (y - data.y[0]).abs() < 1e-12) {
        // What has been the same in so many trials varies little: by less, the more there are.
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let variance = (data.n() as f64).powi(-2);
        let kernel = Kernel::scaled_matern(variance, 2.5, vec![1.0; kinds.len()]);
        return Posterior::new(&given(kernel), kinds, data);
    }
    let options = FitOptions {
        seed: settings.seed,
        priors: Some(Priors::default()),
        ..FitOptions::default()
    };
    Ok(gp::fit(&kernel, kinds, data, &options, before, cancel)?.posterior)
}

/// From the excess of a measurement to the outputs of its model, and back.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    /// `s`.
    unit: f64,
    mean: f64,
    sd: f64,
}

impl Scale {
    fn of(excess: &[f64]) -> Self {
        let mut sizes: Vec<f64> = excess.iter().map(|e| e.abs()).filter(|e| *e > 0.0).collect();
        sizes.sort_by(f64::total_cmp);
        let unit = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
        let logs: Vec<f64> = excess.iter().map(|e| signed_log(*e, unit)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let n = logs.len().max(1) as f64;
        let mean = logs.iter().sum::<f64>() / n;
        let square = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n;
        let sd = if square > 1e-24 { square.sqrt() } else { 1.0 };
        Self { unit, mean, sd }
    }

    fn output(self, excess: f64) -> f64 {
        (signed_log(excess, self.unit) - self.mean) / self.sd
    }

    /// `t₀`: where the excess is 0.
    fn bound(self) -> f64 {
        -self.mean / self.sd
    }

    fn excess(self, output: f64) -> f64 {
        let t = output.mul_add(self.sd, self.mean);
        t.signum() * self.unit * t.abs().exp_m1()
    }
}

fn signed_log(excess: f64, unit: f64) -> f64 {
    excess.signum() * (excess.abs() / unit).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_goes_there_and_back_and_keeps_the_bound() {
        let scale = Scale::of(&[-3.0, -1.0, 0.5, 200.0]);
        for e in [-1e3, -1.0, 0.0, 1e-9, 0.7, 1e6] {
            let back = scale.excess(scale.output(e));
            assert!((back - e).abs() <= 1e-9 * (1.0 + e.abs()), "{e}: {back}");
        }
        assert_eq!(scale.output(0.0), scale.bound());
        assert!(scale.output(0.1) > scale.bound() && scale.output(-0.1) < scale.bound());
        let flat = Scale::of(&[2.0, 2.0]);
        assert!(flat.output(2.0).abs() < 1e-12 && flat.bound() < 0.0);
    }
}
