//! The bench of the lab: something that can be evaluated anywhere, and what was evaluated so far.
//!
//! Everything is to be minimised, in its own units. Noise is a function of the seed and of the number of the
//! evaluation alone: whoever does the same in the same order sees the same.

mod prior;

use std::sync::Arc;

use super::expression::Expression;
use super::function::Function;
use super::race::Course;
use crate::acquisition::random::{Random, mix};
use crate::acquisition::sobol::Sobol;
use crate::study::{
    Configuration, Direction, Domain, Encoder, Label, Parameter, Space, Study, Trial, TrialId, TrialState,
    Value,
};
use prior::Draw;

/// Values in one dimension among which a minimum is looked for before it is refined.
const SCAN: usize = 512;

/// Something to explore, and its evaluations.
#[derive(Clone, Debug)]
pub struct Bench {
    ground: Arc<Ground>,
    space: Space,
    /// Standard deviation of what is added to each value, in the units of the function.
    noise_sd: f64,
    seed: u64,
    table: Table,
    /// As it was at the start.
    start: Table,
}

/// What was evaluated: put aside and back whole, to step back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    points: Vec<Point>,
    /// Evaluations so far, those that were taken away too.
    made: u64,
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub configuration: Configuration,
    /// Counts evaluations from 0.
    pub number: u64,
    truth: f64,
}

#[derive(Debug)]
enum Ground {
    Function(Box<Function>),
    /// In `x`; its minimum over the interval.
    Formula(Expression, f64),
    Prior(Draw, f64),
    Recorded(Arc<Study>),
}

/// Why there is nothing to explore, or nothing to evaluate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BenchError {
    #[error("this study is recorded: there is nothing to evaluate, only to look at")]
    Recorded,
    #[error("{reason}")]
    Outside { reason: String },
    #[error("the function has no finite value between {low} and {high}; choose other bounds")]
    NowhereFinite { low: f64, high: f64 },
    #[error(transparent)]
    Kernel(#[from] crate::gp::spec::SpecError),
    #[error("no function can be drawn from {kernel}: {reason}")]
    Prior { kernel: String, reason: String },
}

/// Functions drawn from a Gaussian process of mean 0 and signal variance 1 along one axis: evenly spread places from 0 to
/// 1, and one list of values a function, `L z` with `K = L Lᵀ`, `z ~ N(0, I)`.
///
/// # Errors
/// The kernel cannot be read over one number, or not be drawn from.
pub fn prior_curves(
    kernel: &str,
    lengthscale: f64,
    seed: u64,
    count: usize,
) -> Result<(Vec<f64>, Vec<Vec<f64>>), BenchError> {
    prior::curves(kernel, lengthscale, seed, count)
}

impl Bench {
    /// A known function.
    #[must_use]
    pub fn function(function: Function) -> Self {
        let space = function.space.clone();
        Self::on(Ground::Function(Box::new(function)), space)
    }

    /// A formula in `x` between two bounds.
    ///
    /// # Errors
    /// It has no finite value there.
    pub fn formula(expression: Expression, low: f64, high: f64) -> Result<Self, BenchError> {
        let least = minimum(&|x| expression.number(&|_| x), low, high)
            .ok_or(BenchError::NowhereFinite { low, high })?;
        Ok(Self::on(Ground::Formula(expression, least), line(low, high)))
    }

    /// A function on the unit interval drawn from a Gaussian process of mean 0 and signal variance 1.
    ///
    /// # Errors
    /// The kernel cannot be read, or not be drawn from.
    pub fn prior(kernel: &str, lengthscale: f64, seed: u64) -> Result<Self, BenchError> {
        let draw = Draw::new(kernel, lengthscale, seed)?;
        let least =
            minimum(&|x| draw.at(x), 0.0, 1.0).ok_or(BenchError::NowhereFinite { low: 0.0, high: 1.0 })?;
        Ok(Self::on(Ground::Prior(draw, least), line(0.0, 1.0)).with_seed(seed))
    }

    /// A recorded study: it can be looked at, not evaluated.
    #[must_use]
    pub fn recorded(study: Arc<Study>) -> Self {
        let space = study.space.clone();
        Self::on(Ground::Recorded(study), space)
    }

    fn on(ground: Ground, space: Space) -> Self {
        Self {
            ground: Arc::new(ground),
            space,
            noise_sd: 0.0,
            seed: 0,
            table: Table::default(),
            start: Table::default(),
        }
    }

    /// The same with another seed of its noise.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with another noise: every value so far changes with it.
    #[must_use]
    pub fn with_noise(mut self, sd: f64) -> Self {
        self.set_noise(sd);
        self
    }

    /// The same with evaluations at numbers, from which it starts and to which [`Bench::reset`] goes back.
    ///
    /// # Errors
    /// One of them is no configuration of this space, or nothing can be evaluated.
    pub fn starting_at(mut self, points: &[Vec<f64>]) -> Result<Self, BenchError> {
        for point in points {
            let configuration: Configuration = point.iter().map(|x| Value::Float(*x)).collect();
            self.add(&configuration)?;
        }
        self.start = self.table.clone();
        Ok(self)
    }

    /// The same with a few evaluations spread over the space: three in one dimension, two more than there are
    /// parameters in several.
    ///
    /// # Errors
    /// Nothing can be evaluated.
    pub fn spread(mut self) -> Result<Self, BenchError> {
        let encoder = Encoder::new(&self.space);
        let dims = encoder.axes().count();
        let mut sobol = Sobol::new(dims, self.seed);
        for _ in 0..if dims == 1 { 3 } else { dims + 2 } {
            let point: Vec<f64> = (sobol.next_point().iter().zip(encoder.axes()))
                .map(|(u, axis)| axis.at_position(*u))
                .collect();
            self.add(&encoder.decode(&point))?;
        }
        self.start = self.table.clone();
        Ok(self)
    }

    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    #[must_use]
    pub fn noise_sd(&self) -> f64 {
        self.noise_sd
    }

    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn set_noise(&mut self, sd: f64) {
        self.noise_sd = sd.max(0.0);
    }

    /// Whether anything can be evaluated, and so whether there is a truth.
    #[must_use]
    pub fn has_truth(&self) -> bool {
        !matches!(*self.ground, Ground::Recorded(_))
    }

    /// The value without noise; `None` where it is not known or not finite.
    #[must_use]
    pub fn truth(&self, configuration: &[Value]) -> Option<f64> {
        let x = || configuration.first().and_then(Value::as_f64);
        let value = match &*self.ground {
            Ground::Function(function) => function.evaluate(configuration)?,
            Ground::Formula(expression, _) => {
                let x = x()?;
                expression.number(&|_| x)
            }
            Ground::Prior(draw, _) => draw.at(x()?),
            Ground::Recorded(_) => return None,
        };
        Some(value).filter(|v| v.is_finite())
    }

    /// Configurations at which a known function takes its smallest value; empty where they are not known.
    #[must_use]
    pub fn minimizers(&self) -> &[Configuration] {
        match &*self.ground {
            Ground::Function(function) => &function.minimizers,
            Ground::Formula(..) | Ground::Prior(..) | Ground::Recorded(_) => &[],
        }
    }

    /// The smallest value of the truth.
    #[must_use]
    pub fn minimum(&self) -> Option<f64> {
        match &*self.ground {
            Ground::Function(function) => Some(function.minimum),
            Ground::Formula(_, least) | Ground::Prior(_, least) => Some(*least),
            Ground::Recorded(_) => None,
        }
    }

    /// What evaluation `number` gives: the truth and its noise. `None` as for [`Bench::truth`].
    #[must_use]
    pub fn observe(&self, configuration: &[Value], number: u64) -> Option<f64> {
        self.truth(configuration).map(|truth| self.noisy(truth, number))
    }

    fn noisy(&self, truth: f64, number: u64) -> f64 {
        if self.noise_sd == 0.0 {
            return truth;
        }
        let stream = mix(self.seed ^ 0x006e_6f69_7365) ^ mix(number.wrapping_add(1));
        self.noise_sd.mul_add(Random::new(stream).normal(), truth)
    }

    /// The value of a point, with its noise; not finite where the evaluation failed.
    #[must_use]
    pub fn value(&self, point: &Point) -> f64 {
        self.noisy(point.truth, point.number)
    }

    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.table.points
    }

    /// Evaluates a configuration; what is not finite counts as failed.
    ///
    /// # Errors
    /// It is outside of the space, or nothing can be evaluated.
    pub fn add(&mut self, configuration: &[Value]) -> Result<f64, BenchError> {
        if !self.has_truth() {
            return Err(BenchError::Recorded);
        }
        let configuration = self.space.check(configuration).map_err(|e| BenchError::Outside {
            reason: e.to_string(),
        })?;
        let point = Point {
            truth: self.truth(&configuration).unwrap_or(f64::NAN),
            configuration,
            number: self.table.made,
        };
        let value = self.value(&point);
        self.table.made += 1;
        self.table.points.push(point);
        Ok(value)
    }

    /// Takes the point away that is nearest (largest distance on an axis from 0 to 1; the newest of equals). `None`:
    /// there is none.
    pub fn remove_nearest(&mut self, configuration: &[Value]) -> Option<Point> {
        let distances = self.distances(configuration);
        let (i, _) = distances
            .into_iter()
            .reduce(|a, b| if b.1 <= a.1 { b } else { a })?;
        Some(self.table.points.remove(i))
    }

    /// Places of the points and how far each is from a configuration.
    fn distances(&self, configuration: &[Value]) -> Vec<(usize, f64)> {
        let encoder = Encoder::new(&self.space);
        let Ok(here) = encoder.encode(configuration) else {
            return Vec::new();
        };
        let far = |point: &Point| {
            let there = encoder.encode(&point.configuration).ok()?;
            Some(largest_gap(&encoder, &here.0, &there.0))
        };
        (self.table.points.iter().enumerate())
            .filter_map(|(i, p)| Some((i, far(p)?)))
            .collect()
    }

    /// Where it starts.
    #[must_use]
    pub fn start(&self) -> &[Point] {
        &self.start.points
    }

    /// Puts everything back to the start.
    pub fn reset(&mut self) {
        self.table = self.start.clone();
    }

    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Puts back what was put aside.
    pub fn restore(&mut self, table: Table) {
        self.table = table;
    }

    /// How far the truth at the best point is from the minimum.
    #[must_use]
    pub fn regret(&self) -> Option<f64> {
        let best = (self.table.points.iter())
            .filter(|p| p.truth.is_finite())
            .min_by(|a, b| self.value(a).total_cmp(&self.value(b)))?;
        Some((best.truth - self.minimum()?).max(0.0))
    }

    /// The simple regret after each point, in the order of evaluation: the truth at the point whose observed value is the
    /// best so far, less the minimum. NaN until a value is finite.
    #[must_use]
    pub fn regrets(&self) -> Vec<f64> {
        let minimum = self.minimum().unwrap_or(f64::NAN);
        let mut best: Option<&Point> = None;
        (self.table.points.iter())
            .map(|point| {
                let is_better =
                    point.truth.is_finite() && best.is_none_or(|b| self.value(point) < self.value(b));
                if is_better {
                    best = Some(point);
                }
                best.map_or(f64::NAN, |b| (b.truth - minimum).max(0.0))
            })
            .collect()
    }

    /// What the explorer sees: a trial a point.
    #[must_use]
    pub fn study(&self, name: &str) -> Study {
        if let Ground::Recorded(study) = &*self.ground {
            return (**study).clone();
        }
        Study {
            name: Label::new(name),
            metric: Label::new("f"),
            directions: vec![Direction::Minimize],
            columns: self.space.params.iter().map(|p| p.name.clone()).collect(),
            space: self.space.clone(),
            trials: self
                .table
                .points
                .iter()
                .map(|p| Arc::new(self.trial(p)))
                .collect(),
            ..Study::empty()
        }
    }

    fn trial(&self, point: &Point) -> Trial {
        let value = self.value(point);
        Trial {
            state: if value.is_finite() {
                TrialState::Complete
            } else {
                TrialState::Failed
            },
            params: point.configuration.iter().cloned().map(Some).collect(),
            values: vec![value],
            ..Trial::new(TrialId::Number(point.number + 1))
        }
    }
}

impl Course for Bench {
    fn space(&self) -> &Space {
        &self.space
    }

    fn direction(&self) -> Direction {
        Direction::Minimize
    }

    fn observe(&self, configuration: &[Value], number: u64) -> Option<f64> {
        self.observe(configuration, number)
    }

    fn truth(&self, configuration: &[Value]) -> Option<f64> {
        self.truth(configuration)
    }

    fn optimum(&self) -> Option<f64> {
        self.minimum()
    }
}

/// The largest distance of two points on an axis from 0 to 1; other choices of a category are 1 apart.
#[must_use]
pub fn largest_gap(encoder: &Encoder, a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).zip(encoder.axes()))
        .map(|((a, b), axis)| match axis.is_category() {
            true => f64::from(a != b),
            false => (a - b).abs(),
        })
        .fold(0.0, f64::max)
}

fn line(low: f64, high: f64) -> Space {
    Space {
        params: vec![Parameter {
            name: Label::new("x"),
            column: 0,
            domain: Domain::Float {
                low,
                high,
                log: false,
                step: None,
            },
            activity: None,
        }],
        inferred: false,
    }
}

/// The smallest value between two bounds: the best of a scan, refined by golden section. `None`: none is finite.
fn minimum(f: &dyn Fn(f64) -> f64, low: f64, high: f64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "few places")]
    let at = |i: usize| (high - low).mul_add(i as f64 / SCAN as f64, low);
    let (best, value) = (0..=SCAN)
        .map(|i| (i, f(at(i))))
        .filter(|(_, v)| v.is_finite())
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (mut a, mut b) = (at(best.saturating_sub(1)), at((best + 1).min(SCAN)));
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let mut least = value;
    for _ in 0..60 {
        let (c, d) = (b - golden * (b - a), a + golden * (b - a));
        let (left, right) = (f(c), f(d));
        least = least.min(left).min(right);
        if left < right {
            b = d;
        } else {
            a = c;
        }
    }
    Some(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forrester() -> Bench {
        Bench::function(Function::named("forrester").unwrap())
            .starting_at(&[vec![0.1], vec![0.6]])
            .unwrap()
    }

    fn at(x: f64) -> Configuration {
        vec![Value::Float(x)]
    }

    #[test]
    fn points_are_added_taken_away_and_put_back() {
        let mut bench = forrester();
        let before = bench.table().clone();
        bench.add(&at(0.9)).unwrap();
        assert_eq!(bench.points().len(), 3);
        let gone = bench.remove_nearest(&at(0.55)).unwrap();
        assert_eq!(gone.configuration, at(0.6));
        assert_eq!(bench.study("b").trials.len(), 2);
        bench.restore(before.clone());
        assert_eq!(bench.points().len(), 2);
        bench.add(&at(0.2)).unwrap();
        bench.reset();
        assert_eq!(bench.table(), &before);
        assert!(bench.add(&at(1.5)).is_err());
    }

    #[test]
    fn noise_depends_on_seed_and_number_alone() {
        let noisy = |seed| forrester().with_seed(seed).with_noise(0.5);
        let (a, b) = (noisy(1), noisy(1));
        assert_eq!(a.observe(&at(0.3), 7), b.observe(&at(0.3), 7));
        assert_ne!(a.observe(&at(0.3), 7), a.observe(&at(0.3), 8));
        assert_ne!(a.observe(&at(0.3), 7), noisy(2).observe(&at(0.3), 7));
        let spread: f64 = (0..4000)
            .map(|i| (a.observe(&at(0.3), i).unwrap() - a.truth(&at(0.3)).unwrap()).powi(2))
            .sum::<f64>()
            / 4000.0;
        assert!((spread.sqrt() - 0.5).abs() < 0.03, "{}", spread.sqrt());
    }

    #[test]
    fn the_regret_is_that_of_the_truth_at_the_best_point() {
        let mut bench = forrester();
        let f = Function::named("forrester").unwrap();
        let best = f.at(&[0.1]).unwrap().min(f.at(&[0.6]).unwrap());
        assert!((bench.regret().unwrap() - (best - f.minimum)).abs() < 1e-12);
        bench.add(&f.minimizers[0].clone()).unwrap();
        assert!(bench.regret().unwrap() < 1e-9);
    }

    #[test]
    fn a_formula_knows_its_minimum_and_fails_where_it_is_no_number() {
        let expression = Expression::parse("sqrt(x) * (x - 1)^2 - 1", &["x"]).unwrap();
        let mut bench = Bench::formula(expression, -1.0, 3.0).unwrap();
        assert!((bench.minimum().unwrap() + 1.0).abs() < 1e-9);
        assert!(bench.add(&at(-0.5)).unwrap().is_nan());
        assert_eq!(bench.study("f").trials[0].state, TrialState::Failed);
        let nowhere = Expression::parse("log(-1 - x)", &["x"]).unwrap();
        assert!(Bench::formula(nowhere, 0.0, 1.0).is_err());
    }

    #[test]
    fn a_recorded_study_is_shown_as_it_is_and_cannot_be_evaluated() {
        let study = Arc::new(forrester().study("recorded"));
        let mut bench = Bench::recorded(Arc::clone(&study));
        assert_eq!(bench.add(&at(0.3)), Err(BenchError::Recorded));
        assert_eq!(bench.study("other").name, study.name);
        assert_eq!(bench.minimum(), None);
    }
}
