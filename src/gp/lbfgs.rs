//! Minimisation inside a box by a limited-memory quasi-Newton method.
//!
//! Directions come from the two-loop recursion over the free variables (those not held at a bound by the gradient);
//! steps follow the projected path `P(x + t d)` and end at the weak Wolfe conditions, found by bisection
//! with quadratic guesses (Lewis & Overton 2013). A point without a value counts as `+∞` and is
//! backed away from. Sources: Byrd, Lu, Nocedal & Zhu 1995; Bertsekas 1982.

use std::collections::VecDeque;

/// Pairs kept: more than the hyperparameters of most kernels, for an evaluation costs far more than a pair.
const MEMORY: usize = 24;
/// Largest move of a coordinate in a step; coordinates are logs, so a factor of e².
const LONGEST: f64 = 2.0;
const ARMIJO: f64 = 1e-4;
const WOLFE: f64 = 0.9;
/// Trial points a line search may cost.
const TRIALS: usize = 20;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tolerance {
    /// Largest entry of the projected gradient.
    pub gradient: f64,
    /// Decrease of the value in an iteration, relative to `1 + |value|`; twice in a row.
    pub decrease: f64,
}

/// What the objective says about a point.
pub(crate) enum Probe {
    Value(f64),
    /// Outside its domain.
    Undefined,
    Cancelled,
}

struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
}

/// The state of a minimisation; it can be run on.
pub(crate) struct Minimizer {
    low: Vec<f64>,
    high: Vec<f64>,
    pub x: Vec<f64>,
    pub value: f64,
    gradient: Vec<f64>,
    pairs: VecDeque<Pair>,
    small_steps: usize,
    direction: Vec<f64>,
    trial: Vec<f64>,
    trial_gradient: Vec<f64>,
}

impl Minimizer {
    /// At a start, moved into the box and evaluated; `None` where it has no value or the run was called off.
    pub(crate) fn new(
        start: &[f64],
        bounds: &[(f64, f64)],
        f: &mut impl FnMut(&[f64], &mut [f64]) -> Probe,
    ) -> Option<Self> {
        let x: Vec<f64> = start
            .iter()
            .zip(bounds)
            .map(|(v, (a, b))| v.clamp(*a, *b))
            .collect();
        let mut gradient = vec![0.0; x.len()];
        let Probe::Value(value) = f(&x, &mut gradient) else {
            return None;
        };
        let p = x.len();
        Some(Self {
            low: bounds.iter().map(|b| b.0).collect(),
            high: bounds.iter().map(|b| b.1).collect(),
            x,
            value,
            gradient,
            pairs: VecDeque::with_capacity(MEMORY + 1),
            small_steps: 0,
            direction: vec![0.0; p],
            trial: vec![0.0; p],
            trial_gradient: vec![0.0; p],
        })
    }

    /// Takes over the curvature that another run has seen, `scale` times as steep.
    pub(crate) fn inherit(&mut self, other: &Minimizer, scale: f64) {
        self.pairs = other
            .pairs
            .iter()
            .map(|pair| Pair {
                s: pair.s.clone(),
                y: pair.y.iter().map(|v| v * scale).collect(),
            })
            .collect();
    }

    /// Whether no coordinate is further than `distance` from that of a point.
    pub(crate) fn is_near(&self, point: &[f64], distance: f64) -> bool {
        self.x.iter().zip(point).all(|(a, b)| (a - b).abs() <= distance)
    }

    /// Largest entry of `P(x − g) − x`.
    fn projected_gradient(&self) -> f64 {
        (0..self.x.len())
            .map(|i| ((self.x[i] - self.gradient[i]).clamp(self.low[i], self.high[i]) - self.x[i]).abs())
            .fold(0.0, f64::max)
    }

    /// Up to `iterations` steps more.
    pub(crate) fn run(
        &mut self,
        iterations: usize,
        tolerance: Tolerance,
        f: &mut impl FnMut(&[f64], &mut [f64]) -> Probe,
    ) {
        for _ in 0..iterations {
            if self.projected_gradient() <= tolerance.gradient || self.small_steps >= 2 {
                return;
            }
            let before = self.value;
            self.choose_direction();
            match self.line_search(f) {
                Search::Cancelled => return,
                Search::Moved => {}
                Search::Stuck => {
                    // The curvature may have been at fault: once more along the gradient, then give up.
                    if self.pairs.is_empty() {
                        return;
                    }
                    self.pairs.clear();
                    continue;
                }
            }
            let small = before - self.value <= tolerance.decrease * (1.0 + self.value.abs());
            self.small_steps = if small { self.small_steps + 1 } else { 0 };
        }
    }

    fn is_free(&self, i: usize) -> bool {
        let held_low = self.x[i] <= self.low[i] && self.gradient[i] > 0.0;
        let held_high = self.x[i] >= self.high[i] && self.gradient[i] < 0.0;
        !(held_low || held_high)
    }

    /// `d = −H g` over the free variables, shortened to [`LONGEST`].
    fn choose_direction(&mut self) {
        let free: Vec<bool> = (0..self.x.len()).map(|i| self.is_free(i)).collect();
        let dot = |a: &[f64], b: &[f64]| -> f64 {
            let terms = a.iter().zip(b).zip(&free);
            terms.map(|((a, b), free)| if *free { a * b } else { 0.0 }).sum()
        };
        let mut d: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut factors = Vec::with_capacity(self.pairs.len());
        let mut scale = None;
        for pair in self.pairs.iter().rev() {
            let sy = dot(&pair.s, &pair.y);
            let yy = dot(&pair.y, &pair.y);
            if sy <= 1e-10 * yy {
                factors.push(None);
                continue;
            }
            let a = dot(&pair.s, &d) / sy;
            d.iter_mut().zip(&pair.y).for_each(|(d, y)| *d -= a * y);
            scale.get_or_insert(sy / yy);
            factors.push(Some((a, sy)));
        }
        let longest = d
            .iter()
            .zip(&free)
            .filter(|(_, f)| **f)
            .fold(0.0, |m: f64, (v, _)| m.max(v.abs()));
        // Without curvature: a first step of at most half a unit (a factor of 1.6).
        let scale = scale.unwrap_or_else(|| (0.5 / longest.max(1e-300)).min(1.0));
        d.iter_mut().for_each(|v| *v *= scale);
        for (pair, factor) in self.pairs.iter().zip(factors.iter().rev()) {
            if let Some((a, sy)) = factor {
                let b = dot(&pair.y, &d) / sy;
                d.iter_mut().zip(&pair.s).for_each(|(d, s)| *d += (a - b) * s);
            }
        }
        for (d, free) in d.iter_mut().zip(&free) {
            if !free {
                *d = 0.0;
            }
        }
        if dot(&d, &self.gradient) >= 0.0 {
            for (i, d) in d.iter_mut().enumerate() {
                *d = if free[i] { -self.gradient[i] } else { 0.0 };
            }
            self.pairs.clear();
        }
        let longest = d.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        if longest > LONGEST {
            d.iter_mut().for_each(|v| *v *= LONGEST / longest);
        }
        self.direction = d;
    }

    /// Moves to a point of the projected path that meets the weak Wolfe conditions, or the best it finds.
    fn line_search(&mut self, f: &mut impl FnMut(&[f64], &mut [f64]) -> Probe) -> Search {
        let (mut shortest, mut longest) = (0.0, f64::INFINITY);
        let mut t = 1.0;
        let slope: f64 = self
            .direction
            .iter()
            .zip(&self.gradient)
            .map(|(d, g)| d * g)
            .sum();
        let mut best: Option<(f64, Vec<f64>, Vec<f64>)> = None;
        for _ in 0..TRIALS {
            self.place_trial(t);
            let predicted: f64 = self.moved_along_gradient();
            let value = match f(&self.trial, &mut self.trial_gradient) {
                Probe::Cancelled => return Search::Cancelled,
                Probe::Undefined => f64::INFINITY,
                Probe::Value(v) => v,
            };
            if value.is_finite() && value <= self.value + ARMIJO * predicted && predicted < 0.0 {
                let new_slope: f64 = (0..self.x.len())
                    .filter(|&i| self.trial[i] > self.low[i] && self.trial[i] < self.high[i])
                    .map(|i| self.direction[i] * self.trial_gradient[i])
                    .sum();
                if best.as_ref().is_none_or(|(v, ..)| value <= *v) {
                    best = Some((value, self.trial.clone(), self.trial_gradient.clone()));
                }
                if new_slope >= WOLFE * slope || longest - shortest < 1e-3 * t {
                    break;
                }
                shortest = t;
                t = if longest.is_finite() {
                    0.5 * (shortest + longest)
                } else {
                    2.0 * t
                };
                if t * self.direction.iter().fold(0.0, |m: f64, d| m.max(d.abs())) > 4.0 * LONGEST {
                    break;
                }
            } else {
                longest = t;
                // The minimum of the parabola through the value and slope at 0 and the value at t.
                let guess = if value.is_finite() && shortest == 0.0 {
                    -0.5 * slope * t * t / (value - self.value - slope * t)
                } else {
                    0.5 * (shortest + longest)
                };
                let width = longest - shortest;
                t = guess.clamp(shortest + 0.1 * width, shortest + 0.5 * width);
                if best.is_some() || t * slope.abs() < 1e-16 * (1.0 + self.value.abs()) {
                    break;
                }
            }
        }
        let Some((value, x, gradient)) = best else {
            return Search::Stuck;
        };
        self.accept(value, x, gradient);
        Search::Moved
    }

    fn place_trial(&mut self, t: f64) {
        for i in 0..self.x.len() {
            self.trial[i] = (self.x[i] + t * self.direction[i]).clamp(self.low[i], self.high[i]);
        }
    }

    /// `gᵀ(trial − x)`.
    fn moved_along_gradient(&self) -> f64 {
        (0..self.x.len())
            .map(|i| self.gradient[i] * (self.trial[i] - self.x[i]))
            .sum()
    }

    fn accept(&mut self, value: f64, x: Vec<f64>, gradient: Vec<f64>) {
        let s: Vec<f64> = x.iter().zip(&self.x).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
        let sy: f64 = s.iter().zip(&y).map(|(a, b)| a * b).sum();
        let yy: f64 = y.iter().map(|v| v * v).sum();
        if sy > 1e-10 * yy {
            self.pairs.push_back(Pair { s, y });
            if self.pairs.len() > MEMORY {
                self.pairs.pop_front();
            }
        }
        self.value = value;
        self.x = x;
        self.gradient = gradient;
    }
}

enum Search {
    Moved,
    Stuck,
    Cancelled,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: Tolerance = Tolerance {
        gradient: 1e-9,
        decrease: 0.0,
    };

    fn rosenbrock(x: &[f64], g: &mut [f64]) -> Probe {
        let (a, b) = (x[0], x[1]);
        g[0] = -400.0 * a * (b - a * a) - 2.0 * (1.0 - a);
        g[1] = 200.0 * (b - a * a);
        Probe::Value(100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2))
    }

    #[test]
    fn it_finds_the_bottom_of_a_curved_valley() {
        let mut count = 0;
        let mut f = |x: &[f64], g: &mut [f64]| {
            count += 1;
            rosenbrock(x, g)
        };
        let mut m = Minimizer::new(&[-1.2, 1.0], &[(-5.0, 5.0); 2], &mut f).unwrap();
        m.run(200, TIGHT, &mut f);
        assert!(
            (m.x[0] - 1.0).abs() < 1e-7 && (m.x[1] - 1.0).abs() < 1e-7,
            "{:?}",
            m.x
        );
        assert!(count < 120, "{count} evaluations");
    }

    #[test]
    fn it_stops_at_the_bound_where_the_minimum_lies_outside() {
        let mut f = rosenbrock;
        let mut m = Minimizer::new(&[-1.2, 1.0], &[(-5.0, 0.5), (-5.0, 5.0)], &mut f).unwrap();
        m.run(200, TIGHT, &mut f);
        // On a = 1/2 the minimum is b = 1/4.
        assert!(
            (m.x[0] - 0.5).abs() < 1e-12 && (m.x[1] - 0.25).abs() < 1e-6,
            "{:?}",
            m.x
        );
    }

    #[test]
    fn it_backs_away_from_points_without_a_value() {
        let mut f = |x: &[f64], g: &mut [f64]| {
            if x[0] <= 0.0 {
                return Probe::Undefined;
            }
            g[0] = 1.0 - 0.1 / x[0];
            Probe::Value(x[0] - 0.1 * x[0].ln())
        };
        let mut m = Minimizer::new(&[3.0], &[(-5.0, 5.0)], &mut f).unwrap();
        m.run(100, TIGHT, &mut f);
        assert!((m.x[0] - 0.1).abs() < 1e-6, "{:?}", m.x);
    }
}
