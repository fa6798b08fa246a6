//! Sobol indices of a function of independent uniform inputs.
//!
//! With two scrambled Sobol samples `A`, `B` and `A_B^S` (A with the columns of S from B):
//! first order `S_i = 1 − Σ(f(B) − f(A_B^i))²/(2NV)` and total `T_i = Σ(f(A) − f(A_B^i))²/(2NV)`
//! (Jansen 1999; Saltelli et al. 2010), and for a pair the closed index
//! `S_{ij} = 1 − Σ(f(B) − f(A_B^{ij}))²/(2NV)`. Checked by `tests/engine.rs` against exact values.

use super::{Importance, Share};
use crate::acquisition::sobol::Sobol;
use crate::analysis::surrogate::{Surrogate, matrix};
use crate::study::encoding::Axis;

/// Points of each of the two samples.
const SAMPLES: usize = 1024;

/// Points of each of the two samples on which drawn functions are looked at, and most rows with which that is done:
/// beyond, shares are no longer in doubt, and drawing would cost more than the fit.
const DRAWN_SAMPLES: usize = 256;
const MOST_DRAWN_ROWS: usize = 500;

/// Pairs are compared among this many of the most important parameters.
const PAIR_POOL: usize = 5;

/// First-order and total index of each input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indices {
    pub first: Vec<f64>,
    pub total: Vec<f64>,
    pub variance: f64,
}

/// Values at points of the unit cube; `None` to stop.
pub type Function<'a> = dyn FnMut(&[Vec<f64>]) -> Option<Vec<f64>> + 'a;

struct Samples {
    a: Vec<Vec<f64>>,
    b: Vec<Vec<f64>>,
    at_a: Vec<f64>,
    at_b: Vec<f64>,
    variance: f64,
}

impl Samples {
    fn draw(dims: usize, count: usize, seed: u64, f: &mut Function<'_>) -> Option<Self> {
        let mut sobol = Sobol::new(2 * dims, seed);
        let (a, b): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| {
                let mut point = sobol.next_point();
                let other = point.split_off(dims);
                (point, other)
            })
            .unzip();
        let (at_a, at_b) = (f(&a)?, f(&b)?);
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let n = 2.0 * count as f64;
        let mean = at_a.iter().chain(&at_b).sum::<f64>() / n;
        let variance = at_a.iter().chain(&at_b).map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        Some(Self {
            a,
            b,
            at_a,
            at_b,
            variance,
        })
    }

    /// `A` with some columns from `B`.
    fn mixed(&self, columns: &[usize]) -> Vec<Vec<f64>> {
        self.a
            .iter()
            .zip(&self.b)
            .map(|(a, b)| {
                let mut point = a.clone();
                columns.iter().for_each(|&j| point[j] = b[j]);
                point
            })
            .collect()
    }

    /// Half the mean squared difference, as a share of the variance.
    fn share(&self, at: &[f64], mixed: &[f64]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let n = at.len() as f64;
        let sum: f64 = at.iter().zip(mixed).map(|(a, b)| (a - b).powi(2)).sum();
        sum / (2.0 * n * self.variance)
    }
}

/// Indices of `f` on the unit cube from `count·(d + 2)` evaluations; `f` returns `None` to stop. All zero
/// for a constant function.
pub fn sobol_indices(dims: usize, count: usize, seed: u64, f: &mut Function<'_>) -> Option<Indices> {
    let samples = Samples::draw(dims, count, seed, f)?;
    indices(&samples, dims, f)
}

fn indices(samples: &Samples, dims: usize, f: &mut Function<'_>) -> Option<Indices> {
    let mut out = Indices {
        variance: samples.variance,
        ..Indices::default()
    };
    for j in 0..dims {
        let mixed = f(&samples.mixed(&[j]))?;
        let (first, total) = if samples.variance > 0.0 {
            (
                1.0 - samples.share(&samples.at_b, &mixed),
                samples.share(&samples.at_a, &mixed),
            )
        } else {
            (0.0, 0.0)
        };
        out.first.push(first);
        out.total.push(total);
    }
    Some(out)
}

impl Surrogate {
    /// How much of the variation of the posterior mean over the space each parameter explains, and the
    /// pair whose joint variation is largest. The mean is taken in model units, where outliers are tamed.
    ///
    /// `None` on cancellation.
    #[must_use]
    pub fn importance(&self, cancel: &dyn Fn() -> bool) -> Option<Importance> {
        let encoder = &self.training().encoder;
        let d = encoder.own_dims();
        let mut mean = |points: &[Vec<f64>]| -> Option<Vec<f64>> {
            let mut values = Vec::with_capacity(points.len());
            for part in points.chunks(256) {
                if cancel() {
                    return None;
                }
                values.extend(self.posterior().predict_mean(&self.placed(part)));
            }
            Some(values)
        };
        let samples = Samples::draw(d, SAMPLES, self.settings().seed, &mut mean)?;
        let indices = indices(&samples, d, &mut mean)?;
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by(|&a, &b| indices.total[b].total_cmp(&indices.total[a]).then(a.cmp(&b)));
        let pair = top_pair(&samples, &order, &mut mean)?;
        let spread = self.spread(cancel)?;
        Some(Importance {
            shares: order
                .iter()
                .map(|&j| Share {
                    param: encoder.param_of(j),
                    total: indices.total[j].clamp(0.0, 1.0),
                    first: indices.first[j].clamp(0.0, 1.0),
                    spread: spread.get(j).map(|(below, above)| {
                        let around = |by: &f64| (indices.total[j] + by).clamp(0.0, 1.0);
                        (around(below), around(above))
                    }),
                })
                .collect(),
            trials: self.summary.trials_used,
            top_pair: pair.map(|(a, b)| (encoder.param_of(a), encoder.param_of(b))),
        })
    }
}

impl Surrogate {
    /// Uniform random numbers as points of the search.
    fn placed(&self, part: &[Vec<f64>]) -> nalgebra::DMatrix<f64> {
        let encoder = &self.training().encoder;
        let axes: Vec<&Axis> = encoder.axes().collect();
        let placed: Vec<Vec<f64>> = part
            .iter()
            .map(|p| {
                let mut point: Vec<f64> = p.iter().zip(&axes).map(|(u, axis)| at(axis, *u)).collect();
                // On, where no rule sets them.
                point.resize(encoder.dims(), 1.0);
                encoder.settle(&mut point);
                point
            })
            .collect();
        matrix(&placed, encoder.dims())
    }

    /// The middle 80 % of each coordinate's total index over the drawn functions, as distances from their median; empty
    /// where nothing is drawn. `None` on cancellation.
    fn spread(&self, cancel: &dyn Fn() -> bool) -> Option<Vec<(f64, f64)>> {
        let d = self.training().encoder.own_dims();
        if self.posterior().data().y.len() > MOST_DRAWN_ROWS || self.summary.prior_only {
            return Some(Vec::new());
        }
        let mut sobol = Sobol::new(2 * d, self.settings().seed);
        let (a, b): (Vec<_>, Vec<_>) = (0..DRAWN_SAMPLES)
            .map(|_| {
                let mut point = sobol.next_point();
                let other = point.split_off(d);
                (point, other)
            })
            .unzip();
        let at_a = self.drawn(&self.placed(&a), cancel)?;
        let at_b = self.drawn(&self.placed(&b), cancel)?;
        let mut out = Vec::with_capacity(d);
        for j in 0..d {
            let mixed: Vec<Vec<f64>> = (a.iter().zip(&b))
                .map(|(a, b)| {
                    let mut point = a.clone();
                    point[j] = b[j];
                    point
                })
                .collect();
            let at_mixed = self.drawn(&self.placed(&mixed), cancel)?;
            let mut totals: Vec<f64> = (0..at_a.ncols())
                .map(|k| total_index(at_a.column(k), at_b.column(k), at_mixed.column(k)))
                .filter(|t| t.is_finite())
                .collect();
            totals.sort_by(f64::total_cmp);
            let at = |share: usize| {
                let last = totals.len().saturating_sub(1);
                totals.get(last * share / 10).copied().unwrap_or(f64::NAN)
            };
            out.push((at(1) - at(5), at(9) - at(5)));
        }
        Some(out)
    }
}

/// `T = Σ(f(A) − f(A_B^i))² / (2NV)` of one function.
fn total_index(at_a: Column<'_>, at_b: Column<'_>, mixed: Column<'_>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let n = at_a.len() as f64;
    let mean = (at_a.sum() + at_b.sum()) / (2.0 * n);
    let spread: f64 = at_a.iter().chain(at_b.iter()).map(|v| (v - mean).powi(2)).sum();
    let variance = spread / (2.0 * n);
    let sum: f64 = at_a.iter().zip(mixed.iter()).map(|(a, m)| (a - m).powi(2)).sum();
    sum / (2.0 * n * variance)
}

type Column<'a> = nalgebra::DVectorView<'a, f64>;

/// The pair of coordinates with the largest closed index, the more important one first.
fn top_pair(samples: &Samples, order: &[usize], f: &mut Function<'_>) -> Option<Option<(usize, usize)>> {
    let pool = &order[..order.len().min(PAIR_POOL)];
    if samples.variance <= 0.0 || pool.len() <= 2 {
        return Some(match pool {
            [a, b, ..] => Some((*a, *b)),
            _ => None,
        });
    }
    let mut best: Option<(f64, (usize, usize))> = None;
    for (k, &a) in pool.iter().enumerate() {
        for &b in &pool[k + 1..] {
            let closed = 1.0 - samples.share(&samples.at_b, &f(&samples.mixed(&[a, b]))?);
            if best.is_none_or(|(value, _)| closed > value) {
                best = Some((closed, (a, b)));
            }
        }
    }
    Some(best.map(|(_, pair)| pair))
}

/// The coordinate at a uniform random number: every value of a grid or category is equally likely.
fn at(axis: &Axis, u: f64) -> f64 {
    match axis.count() {
        None => u,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        Some(count) => axis.coordinate(((u * count as f64) as u64).min(count - 1)),
    }
}
