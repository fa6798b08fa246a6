//! What ranks candidates: one acquisition function on one posterior or on several, times what else counts.
//!
//! A ranking is a surface over the whole space. What is drawn, what is reported and what is maximised are values of
//! the same ranking. Functions that are positive are carried as their logarithms: several posteriors (of different
//! hyperparameters) are averaged as `ln 1/H Σ_h exp(ln α_h)`, and a factor such as the probability of success is added. For the
//! two that are values of the objective (UCB, a sample path), the average is of the values, and a failure counts as
//! the worst value seen: `w + p·(u − w)`.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::ei::Sensitivity;
use super::fantasies::Fantasies;
use super::information::Information;
use super::maximize::{Landscape, Score};
use super::mes::MaxValues;
use super::paths::Paths;
use super::{AcquisitionFunction, ei, pi, ucb};
use crate::gp::{Moments, PointGradient, Posterior};

/// How one posterior ranks candidates.
#[derive(Clone, Debug)]
pub enum Rule {
    /// `ln EI` over the incumbent of the member.
    LogEi { xi: f64 },
    /// The logarithm of EI with the wrong sign.
    Misprinted { xi: f64 },
    /// `ln PI`.
    LogPi { xi: f64 },
    /// `μ + βσ`.
    Ucb { beta: f64 },
    /// `ln MES`.
    MaxValue(Arc<MaxValues>),
    /// One of a set of sample paths.
    Path(Arc<Paths>, usize),
    /// `ln PES` or `ln JES`.
    Information(Arc<Information>),
    /// 1 everywhere (its logarithm 0): the factors, such as `P(feasible)`, rank alone.
    FactorsOnly,
    /// `ln EI`, averaged over what pending trials may return.
    Fantasies(Arc<Fantasies>),
}

/// One posterior of a ranking.
#[derive(Clone, Debug)]
pub struct Member {
    /// Knows pending trials (with their predicted means).
    pub posterior: Posterior,
    /// What there is to beat.
    pub incumbent: f64,
    pub rule: Rule,
}

/// What multiplies an acquisition function: a probability of success, one over an expected cost.
pub trait Factor: std::fmt::Debug + Send + Sync {
    /// Its logarithm at each row of `points` (m × d, unit-cube coordinates, indices for categories).
    fn logs(&self, points: &DMatrix<f64>) -> Vec<f64>;

    /// Its logarithm and the gradient of that at each row; 0 for categories.
    fn log_slopes(&self, points: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)>;
}

/// A surface over the space; see the module.
#[derive(Clone, Debug)]
pub struct Ranking {
    pub function: AcquisitionFunction,
    /// At least one.
    pub members: Vec<Member>,
    pub factors: Vec<Arc<dyn Factor>>,
    /// What a failure counts as where values of the objective are ranked, in model units.
    pub worst: f64,
}

/// Below this variance a gradient of the deviation is rounding; values are not changed by it.
const LEAST_VARIANCE: f64 = 1e-24;

/// Information below so many nats is rounding.
const LEAST_INFORMATION: f64 = 1e-15;

impl Ranking {
    /// The first posterior: the one whose mean and deviation are shown.
    #[must_use]
    pub fn posterior(&self) -> Option<&Posterior> {
        self.members.first().map(|m| &m.posterior)
    }

    /// The value that is reported under the function's name, for one that is climbed.
    #[must_use]
    pub fn reported(&self, climbed: f64) -> f64 {
        match self.function {
            AcquisitionFunction::LogEi => climbed,
            _ => self.linear(climbed),
        }
    }

    /// The value on the scale that strips and surfaces are drawn on.
    #[must_use]
    pub fn linear(&self, climbed: f64) -> f64 {
        use AcquisitionFunction::{Jes, Mes, Pes};
        match (self.function, climbed.exp()) {
            // A logarithm has no zero: nothing is to learn where it stands at the floor, as where all is known already.
            (Mes | Pes | Jes, nats) if nats <= 2.0 * LEAST_INFORMATION => 0.0,
            (function, value) if function.is_positive() => value,
            _ => climbed,
        }
    }

    fn value(&self, logs_or_values: &[f64]) -> f64 {
        if self.function.is_positive() {
            log_mean_exp(logs_or_values)
        } else {
            mean(logs_or_values)
        }
    }

    fn with_factors(&self, value: f64, log_factor: f64) -> f64 {
        if self.factors.is_empty() {
            value
        } else if self.function.is_positive() {
            value + log_factor
        } else {
            log_factor.exp().mul_add(value - self.worst, self.worst)
        }
    }

    /// Value and gradient of all members together.
    fn joined(&self, members: &[(f64, Vec<f64>)]) -> (f64, Vec<f64>) {
        if let [one] = members {
            return one.clone();
        }
        let values: Vec<f64> = members.iter().map(|m| m.0).collect();
        let value = self.value(&values);
        let shares = shares(&values, self.function.is_positive());
        let mut gradient = vec![0.0; members.first().map_or(0, |m| m.1.len())];
        for ((_, slope), share) in members.iter().zip(&shares) {
            if *share > 0.0 {
                gradient.iter_mut().zip(slope).for_each(|(g, s)| *g += share * s);
            }
        }
        (value, gradient)
    }
}

impl Landscape for Ranking {
    fn scores(&self, points: &[Vec<f64>]) -> Vec<Score> {
        let Some(first) = self.members.first() else {
            return Vec::new();
        };
        let points = rows(points, first.posterior.dims());
        let moments = first.posterior.predict(&points);
        self.values_at(&points, &moments)
            .into_iter()
            .zip(moments.mean.iter().zip(&moments.variance))
            .map(|(value, (mean, variance))| Score {
                value,
                mean: *mean,
                sd: variance.sqrt(),
            })
            .collect()
    }

    fn slopes(&self, points: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
        let Some(first) = self.members.first() else {
            return Vec::new();
        };
        let points = rows(points, first.posterior.dims());
        let each: Vec<Vec<(f64, Vec<f64>)>> = self.members.iter().map(|m| m.slopes(&points)).collect();
        let factors: Vec<Vec<(f64, Vec<f64>)>> = self.factors.iter().map(|f| f.log_slopes(&points)).collect();
        (0..points.nrows())
            .map(|i| {
                let members: Vec<(f64, Vec<f64>)> = each.iter().map(|m| m[i].clone()).collect();
                let (value, mut gradient) = self.joined(&members);
                let log_factor: f64 = factors.iter().map(|f| f[i].0).sum();
                let whole = self.with_factors(value, log_factor);
                // Of w + p(u − w): p·∇u + (u − w)·p·∇ln p.
                let (own, of_log) = if self.factors.is_empty() || self.function.is_positive() {
                    (1.0, 1.0)
                } else {
                    (log_factor.exp(), whole - self.worst)
                };
                gradient.iter_mut().for_each(|g| *g *= own);
                for factor in &factors {
                    gradient
                        .iter_mut()
                        .zip(&factor[i].1)
                        .for_each(|(g, s)| *g += of_log * s);
                }
                (whole, gradient)
            })
            .collect()
    }
}

impl Ranking {
    /// The climbed values at the rows of `points`, given the moments of the first posterior there.
    #[must_use]
    pub fn values_at(&self, points: &DMatrix<f64>, moments: &Moments) -> Vec<f64> {
        let mut values: Vec<Vec<f64>> = Vec::with_capacity(self.members.len());
        for (h, member) in self.members.iter().enumerate() {
            values.push(if h == 0 {
                member.values(points, moments)
            } else {
                member.values(points, &member.posterior.predict(points))
            });
        }
        let logs = self.log_factors(points);
        (0..points.nrows())
            .map(|i| {
                let each: Vec<f64> = values.iter().map(|v| v[i]).collect();
                self.with_factors(self.value(&each), logs[i])
            })
            .collect()
    }

    /// The climbed values at the rows of `points`.
    #[must_use]
    pub fn values_of(&self, points: &DMatrix<f64>) -> Vec<f64> {
        let first = self.members.first();
        first.map_or_else(Vec::new, |first| {
            self.values_at(points, &first.posterior.predict(points))
        })
    }

    fn log_factors(&self, points: &DMatrix<f64>) -> Vec<f64> {
        let mut logs = vec![0.0; points.nrows()];
        for factor in &self.factors {
            let own = factor.logs(points);
            logs.iter_mut().zip(own).for_each(|(l, o)| *l += o);
        }
        logs
    }
}

impl Member {
    /// The rule as a function of the moments alone, where it is one.
    fn of_moments(&self, mean: f64, sd: f64) -> Option<Sensitivity> {
        match &self.rule {
            Rule::LogEi { xi } => Some(ei::log_ei(mean, sd, self.incumbent, *xi)),
            Rule::Misprinted { xi } => Some(ei::misprinted(mean, sd, self.incumbent, *xi)),
            Rule::LogPi { xi } => Some(pi::log_pi(mean, sd, self.incumbent, *xi)),
            Rule::Ucb { beta } => Some(ucb::ucb(mean, sd, *beta)),
            Rule::MaxValue(maxima) => Some(logarithm(maxima.mes(mean, sd))),
            Rule::FactorsOnly => Some(Sensitivity {
                value: 0.0,
                d_mean: 0.0,
                d_sd: 0.0,
            }),
            Rule::Path(..) | Rule::Information(_) | Rule::Fantasies(_) => None,
        }
    }

    fn values(&self, points: &DMatrix<f64>, moments: &Moments) -> Vec<f64> {
        match &self.rule {
            Rule::Path(paths, s) => paths.values_of(*s, points),
            Rule::Information(information) => {
                let nats = information.values(points, moments);
                nats.into_iter().map(|v| v.max(LEAST_INFORMATION).ln()).collect()
            }
            Rule::Fantasies(fantasies) => fantasies.values(points, moments),
            Rule::LogEi { .. }
            | Rule::Misprinted { .. }
            | Rule::LogPi { .. }
            | Rule::Ucb { .. }
            | Rule::FactorsOnly
            | Rule::MaxValue(_) => moments
                .mean
                .iter()
                .zip(&moments.variance)
                .map(|(m, v)| self.of_moments(*m, v.sqrt()).map_or(f64::NAN, |s| s.value))
                .collect(),
        }
    }

    fn slopes(&self, points: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)> {
        if let Rule::Path(paths, s) = &self.rule {
            return paths.slopes(*s, points);
        }
        let at = self.posterior.predict_batch_with_gradient(points);
        match &self.rule {
            Rule::Information(information) => information
                .slopes(points, &at)
                .into_iter()
                .map(|(nats, mut gradient)| {
                    let scale = if nats > LEAST_INFORMATION {
                        nats.recip()
                    } else {
                        0.0
                    };
                    gradient.iter_mut().for_each(|g| *g *= scale);
                    (nats.max(LEAST_INFORMATION).ln(), gradient)
                })
                .collect(),
            Rule::Fantasies(fantasies) => fantasies.slopes(points, &at),
            _ => at.iter().map(|at| self.slope_of_moments(at)).collect(),
        }
    }

    fn slope_of_moments(&self, at: &PointGradient) -> (f64, Vec<f64>) {
        let Some(rule) = self.of_moments(at.mean, at.variance.sqrt()) else {
            return (f64::NAN, vec![0.0; at.dmean.len()]);
        };
        (rule.value, chained(&rule, at))
    }
}

/// The gradient by the coordinates of a function of mean and deviation.
pub(super) fn chained(rule: &Sensitivity, at: &PointGradient) -> Vec<f64> {
    let by_variance = rule.d_sd / (2.0 * at.variance.max(LEAST_VARIANCE).sqrt());
    at.dmean
        .iter()
        .zip(&at.dvariance)
        .map(|(m, v)| rule.d_mean * m + by_variance * v)
        .collect()
}

/// `ln` of a positive quantity; its slope is 0 where it vanishes.
fn logarithm(of: Sensitivity) -> Sensitivity {
    let value = of.value.max(LEAST_INFORMATION);
    let scale = if of.value > LEAST_INFORMATION {
        value.recip()
    } else {
        0.0
    };
    Sensitivity {
        value: value.ln(),
        d_mean: of.d_mean * scale,
        d_sd: of.d_sd * scale,
    }
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let count = values.len() as f64;
    values.iter().sum::<f64>() / count
}

/// `ln 1/n Σ exp(v)`.
pub(super) fn log_mean_exp(values: &[f64]) -> f64 {
    if let [one] = values {
        return *one;
    }
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return top;
    }
    let scaled: Vec<f64> = values.iter().map(|v| (v - top).exp()).collect();
    top + mean(&scaled).ln()
}

/// The derivative of the average by each of its terms.
pub(super) fn shares(values: &[f64], logarithmic: bool) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let even = 1.0 / values.len() as f64;
    if !logarithmic {
        return vec![even; values.len()];
    }
    let whole = log_mean_exp(values);
    values.iter().map(|v| even * (v - whole).exp()).collect()
}

/// Points as the rows of a matrix.
pub(super) fn rows(points: &[Vec<f64>], dims: usize) -> DMatrix<f64> {
    DMatrix::from_fn(points.len(), dims, |i, j| points[i][j])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_to_learn_information_is_told_as_zero_and_a_small_improvement_as_it_is() {
        use AcquisitionFunction::{Ei, Jes, Mes, Pes};
        let told = |function, climbed| {
            let ranking = Ranking {
                function,
                members: Vec::new(),
                factors: Vec::new(),
                worst: 0.0,
            };
            (ranking.reported(climbed), ranking.linear(climbed))
        };
        let floor = logarithm(MaxValues::new(vec![0.7]).mes(0.7, 0.0)).value;
        for function in [Mes, Pes, Jes] {
            assert_eq!(told(function, floor), (0.0, 0.0));
            assert!(told(function, 1e-9_f64.ln()).0 > 0.0);
        }
        assert!(told(Ei, floor).0 > 0.0);
    }

    #[test]
    fn logarithms_average_as_their_exponentials_and_survive_underflow() {
        let v = [-1.0, 0.5, -3.0];
        let plain: f64 = (v.iter().map(|x: &f64| x.exp()).sum::<f64>() / 3.0).ln();
        assert!((log_mean_exp(&v) - plain).abs() < 1e-15);
        assert!((log_mean_exp(&[-2000.0, -2001.0]) + 2000.0).abs() < 1.0);
        assert_eq!(log_mean_exp(&[f64::NEG_INFINITY; 2]), f64::NEG_INFINITY);
        assert!((shares(&v, true).iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }
}
