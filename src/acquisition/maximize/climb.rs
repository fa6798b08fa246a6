//! L-BFGS on the continuous coordinates of many starts at once.
//!
//! One gradient evaluation serves all starts; each keeps its own quasi-Newton pairs, step and end. The
//! coordinates are divided by the lengthscales first, so that the landscape is about equally curved in all
//! of them, and steps are projected onto the box.

use std::collections::VecDeque;

use super::{Peak, Request};

/// Correction pairs kept.
const MEMORY: usize = 8;

/// Share of the promised increase that a step must reach (Armijo).
const SUFFICIENT: f64 = 1e-4;

/// Backtracks before a start gives up.
const BACKTRACKS: u32 = 20;

struct Climber<'a> {
    request: &'a Request<'a>,
    coordinates: &'a [usize],
    /// Scale of each moving coordinate.
    scales: Vec<f64>,
    tolerance: f64,
}

struct State {
    /// Scaled position and gradient at the last accepted point.
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)>,
    direction: Vec<f64>,
    step: f64,
    backtracks: u32,
    iterations: usize,
    /// Accepted steps in a row that gained next to nothing.
    idle: u32,
    done: bool,
}

/// Moves every peak uphill along `coordinates`: at most `iterations` accepted steps, until the projected
/// gradient (per lengthscale) is below `tolerance`. No peak gets worse.
pub fn climb(
    request: &Request<'_>,
    coordinates: &[usize],
    peaks: &mut [Peak],
    iterations: usize,
    tolerance: f64,
) {
    if coordinates.is_empty() || peaks.is_empty() {
        return;
    }
    let climber = Climber {
        request,
        coordinates,
        // A lengthscale far beyond the cube would make its whole width one tiny scaled step.
        scales: coordinates
            .iter()
            .map(|&j| {
                request
                    .lengthscales
                    .get(j)
                    .copied()
                    .unwrap_or(1.0)
                    .clamp(1e-3, 2.0)
            })
            .collect(),
        tolerance,
    };
    let mut states = climber.begin(peaks);
    while !(request.cancel)() {
        let active: Vec<usize> = (0..states.len())
            .filter(|&i| !states[i].done && states[i].iterations < iterations)
            .collect();
        if active.is_empty() {
            break;
        }
        let trials: Vec<Vec<f64>> = active.iter().map(|&i| climber.trial(&states[i])).collect();
        let points: Vec<Vec<f64>> = active
            .iter()
            .zip(&trials)
            .map(|(&i, x)| climber.point(&peaks[i].point, x))
            .collect();
        let slopes = request.landscape.slopes(&points);
        for (((&i, x), point), (value, gradient)) in active.iter().zip(trials).zip(points).zip(slopes) {
            let value = if request.is_rejected(&point) {
                f64::NAN
            } else {
                value
            };
            if climber.judge(&mut states[i], x, value, &gradient) {
                peaks[i].point = point;
                peaks[i].score.value = value;
            }
        }
    }
}

impl Climber<'_> {
    fn begin(&self, peaks: &[Peak]) -> Vec<State> {
        let points: Vec<Vec<f64>> = peaks.iter().map(|p| p.point.clone()).collect();
        let slopes = self.request.landscape.slopes(&points);
        points
            .iter()
            .zip(slopes)
            .map(|(point, (value, gradient))| {
                let mut state = State {
                    x: self
                        .coordinates
                        .iter()
                        .zip(&self.scales)
                        .map(|(&j, s)| point[j] / s)
                        .collect(),
                    value,
                    gradient: self.scaled(&gradient),
                    pairs: VecDeque::new(),
                    direction: Vec::new(),
                    step: 1.0,
                    backtracks: 0,
                    iterations: 0,
                    idle: 0,
                    done: !value.is_finite(),
                };
                self.aim(&mut state);
                state
            })
            .collect()
    }

    fn scaled(&self, gradient: &[f64]) -> Vec<f64> {
        self.coordinates
            .iter()
            .zip(&self.scales)
            .map(|(&j, s)| gradient[j] * s)
            .collect()
    }

    /// The full point of a scaled position.
    fn point(&self, base: &[f64], x: &[f64]) -> Vec<f64> {
        let mut point = base.to_vec();
        for ((&j, s), x) in self.coordinates.iter().zip(&self.scales).zip(x) {
            point[j] = (x * s).clamp(0.0, 1.0);
        }
        point
    }

    fn trial(&self, state: &State) -> Vec<f64> {
        state
            .x
            .iter()
            .zip(&state.direction)
            .zip(&self.scales)
            .map(|((x, d), s)| (x + state.step * d).clamp(0.0, 1.0 / s))
            .collect()
    }

    /// Takes or refuses a trial point; whether it was taken.
    fn judge(&self, state: &mut State, x: Vec<f64>, value: f64, gradient: &[f64]) -> bool {
        let moved: Vec<f64> = x.iter().zip(&state.x).map(|(a, b)| a - b).collect();
        let promised = dot(&state.gradient, &moved);
        let taken = value.is_finite() && value > state.value && value >= state.value + SUFFICIENT * promised;
        if !taken {
            state.backtracks += 1;
            state.step *= 0.3;
            state.done = state.backtracks > BACKTRACKS || norm(&moved) < 1e-10;
            return false;
        }
        let gradient = self.scaled(gradient);
        // Curvature of −f along the step.
        let change: Vec<f64> = state.gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &change);
        if curvature > 1e-12 * norm(&moved) * norm(&change) {
            if state.pairs.len() == MEMORY {
                state.pairs.pop_front();
            }
            state.pairs.push_back((moved, change, 1.0 / curvature));
        }
        let gain = value - state.value;
        state.idle = if gain < 1e-9 * (1.0 + value.abs()) {
            state.idle + 1
        } else {
            0
        };
        state.x = x;
        state.value = value;
        state.gradient = gradient;
        state.iterations += 1;
        state.backtracks = 0;
        state.done = state.idle >= 2;
        self.aim(state);
        true
    }

    /// Sets the next direction, or ends the climb where the projected gradient is small.
    fn aim(&self, state: &mut State) {
        let free: Vec<bool> = (0..state.x.len())
            .map(|k| {
                let (x, g) = (state.x[k], state.gradient[k]);
                !(x <= 0.0 && g < 0.0 || x >= 1.0 / self.scales[k] && g > 0.0)
            })
            .collect();
        let masked = |v: &[f64]| -> Vec<f64> {
            v.iter()
                .zip(&free)
                .map(|(v, f)| if *f { *v } else { 0.0 })
                .collect()
        };
        let gradient = masked(&state.gradient);
        let largest = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        if !state.gradient.iter().all(|g| g.is_finite()) || largest < self.tolerance {
            state.done = true;
            return;
        }
        let mut direction = masked(&two_loop(&state.pairs, &gradient));
        if dot(&direction, &gradient) <= 1e-12 * norm(&direction) * norm(&gradient) {
            state.pairs.clear();
            direction.clone_from(&gradient);
        }
        let length = norm(&direction);
        // The first step knows no curvature; later ones must not leave the hill either.
        let longest = if state.pairs.is_empty() { 0.3 } else { 3.0 };
        state.step = (longest / length).min(1.0);
        state.direction = direction;
    }
}

/// The inverse Hessian of `−f` times a vector (Nocedal & Wright 2006, algorithm 7.4).
fn two_loop(pairs: &VecDeque<(Vec<f64>, Vec<f64>, f64)>, gradient: &[f64]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut weights = Vec::with_capacity(pairs.len());
    for (s, y, rho) in pairs.iter().rev() {
        let a = rho * dot(s, &q);
        add(&mut q, -a, y);
        weights.push(a);
    }
    if let Some((s, y, _)) = pairs.back() {
        let scale = dot(s, y) / dot(y, y);
        q.iter_mut().for_each(|v| *v *= scale);
    }
    for ((s, y, rho), a) in pairs.iter().zip(weights.into_iter().rev()) {
        let b = rho * dot(y, &q);
        add(&mut q, a - b, s);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add(a: &mut [f64], scale: f64, b: &[f64]) {
    for (x, y) in a.iter_mut().zip(b) {
        *x += scale * y;
    }
}
