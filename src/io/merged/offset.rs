//! A constant a study, learned together with the function that they share.
//!
//! Model: `y = H b + f(x) + ε` with an indicator a study in `H`, a Gaussian process `f` over the unit cube
//! (Matérn 5/2, one lengthscale) and noise. `b` is its generalized least squares estimate
//! `b = (Hᵀ K⁻¹ H)⁻¹ Hᵀ K⁻¹ y`, with standard errors from `s² (Hᵀ K⁻¹ H)⁻¹`; lengthscale and noise ratio are
//! those of a small grid with the largest profile likelihood. Estimated so, a study that searched better
//! regions is not taken for one whose values are shifted, which comparing means would do. (Rasmussen and
//! Williams 2006, section 2.7, with a flat prior on `b`.) Everything is relative to the study with the most
//! complete trials.

use nalgebra::{Cholesky, DMatrix, DVector};

use crate::study::{Encoder, Space, Study, Trial};

/// The offset of one study.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offset {
    /// What is to be taken from its values, in the user's units.
    pub value: f64,
    pub sd: f64,
    /// Whether it is the one that the others are compared with.
    pub is_reference: bool,
}

/// Trials of one study that are taken; more do not make the constant much better.
const MAX_TRIALS: usize = 120;
/// Trials of all studies that are taken.
const MAX_ALL: usize = 600;
/// Complete trials that a study needs.
const LEAST: usize = 2;

const LENGTHSCALES: [f64; 4] = [0.15, 0.35, 0.8, 2.0];
const NOISE: [f64; 3] = [1e-3, 1e-2, 1e-1];

/// The offsets of the studies (`places`: where the columns of each are in `space`); `None` where a study has too
/// few complete trials that have every parameter.
pub fn learn(space: &Space, studies: &[&Study], places: &[&[usize]]) -> Vec<Option<Offset>> {
    let mut nothing = vec![None; studies.len()];
    let encoder = Encoder::new(space);
    let each = (MAX_ALL / studies.len().max(1)).clamp(LEAST, MAX_TRIALS);
    let mut rows: Vec<(usize, Vec<f64>, f64)> = Vec::new();
    let mut counts = Vec::new();
    for (k, (study, places)) in studies.iter().zip(places).enumerate() {
        let usable: Vec<(Vec<f64>, f64)> = study
            .trials
            .iter()
            .filter_map(|t| Some((point(space, &encoder, t, places)?, t.objective()?)))
            .collect();
        counts.push(usable.len());
        if usable.len() >= LEAST {
            // Spread over the run, so that good and bad regions are among them.
            let step = usable.len().div_ceil(each).max(1);
            rows.extend(usable.into_iter().step_by(step).map(|(x, y)| (k, x, y)));
        }
    }
    let taken: Vec<usize> = (0..studies.len())
        .filter(|k| counts.get(*k).is_some_and(|c| *c >= LEAST))
        .collect();
    let Some(reference) = taken
        .iter()
        .copied()
        .max_by_key(|k| (counts.get(*k).copied(), usize::MAX - k))
    else {
        return nothing;
    };
    if taken.len() < 2 {
        return nothing;
    }
    let Some((b, covariance)) = estimate(&rows, &taken) else {
        return nothing;
    };
    let at = |k: usize| taken.iter().position(|t| *t == k).unwrap_or(0);
    let r = at(reference);
    for k in taken.iter().copied() {
        let j = at(k);
        let variance = covariance[(j, j)] + covariance[(r, r)] - 2.0 * covariance[(j, r)];
        if let Some(slot) = nothing.get_mut(k) {
            *slot = Some(Offset {
                value: if k == reference { 0.0 } else { b[j] - b[r] },
                sd: variance.max(0.0).sqrt(),
                is_reference: k == reference,
            });
        }
    }
    nothing
}

/// The coordinates of a trial, which still stands in the columns of its own study.
fn point(space: &Space, encoder: &Encoder, trial: &Trial, places: &[usize]) -> Option<Vec<f64>> {
    let configuration: Option<Vec<_>> = space
        .params
        .iter()
        .map(|p| {
            let own = places.iter().position(|place| *place == p.column)?;
            trial.param(own).cloned()
        })
        .collect();
    Some(encoder.encode(&configuration?).ok()?.0)
}

/// `b` and its covariance, for the studies of `taken`.
fn estimate(rows: &[(usize, Vec<f64>, f64)], taken: &[usize]) -> Option<(DVector<f64>, DMatrix<f64>)> {
    let n = rows.len();
    let y = DVector::from_iterator(n, rows.iter().map(|(_, _, y)| *y));
    let h = DMatrix::from_fn(n, taken.len(), |i, j| {
        f64::from(u8::from(rows.get(i).map(|r| r.0) == taken.get(j).copied()))
    });
    let dims = rows.first().map_or(1, |(_, x, _)| x.len()).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a few dimensions")]
    let spread = (dims as f64).sqrt();
    let distance = DMatrix::from_fn(n, n, |i, j| match (rows.get(i), rows.get(j)) {
        (Some((_, a, _)), Some((_, b, _))) => a
            .iter()
            .zip(b)
            .map(|(u, v)| (u - v) * (u - v))
            .sum::<f64>()
            .sqrt(),
        _ => 0.0,
    });
    let mut best: Option<(f64, DVector<f64>, DMatrix<f64>)> = None;
    for scale in LENGTHSCALES {
        for noise in NOISE {
            let mut k = distance.map(|d| matern(d / (scale * spread)));
            for i in 0..n {
                k[(i, i)] += noise;
            }
            let Some((likelihood, b, covariance)) = profile(k, &h, &y) else {
                continue;
            };
            if best.as_ref().is_none_or(|(l, ..)| likelihood > *l) {
                best = Some((likelihood, b, covariance));
            }
        }
    }
    best.map(|(_, b, covariance)| (b, covariance))
}

fn matern(r: f64) -> f64 {
    let z = 5f64.sqrt() * r;
    (1.0 + z + z * z / 3.0) * (-z).exp()
}

/// The log likelihood with `b` and the scale at their best, and both.
fn profile(k: DMatrix<f64>, h: &DMatrix<f64>, y: &DVector<f64>) -> Option<(f64, DVector<f64>, DMatrix<f64>)> {
    let chol = Cholesky::new(k)?;
    let kh = chol.solve(h);
    let inner = Cholesky::new(h.transpose() * &kh)?;
    let b = inner.solve(&(kh.transpose() * y));
    let rest = y - h * &b;
    #[expect(clippy::cast_precision_loss, reason = "few rows")]
    let (n, p) = (y.len() as f64, h.ncols() as f64);
    let scale = rest.dot(&chol.solve(&rest)) / (n - p).max(1.0);
    if !(scale > 0.0 && scale.is_finite()) {
        return None;
    }
    let log_det = 2.0 * chol.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
    let log_det_inner = 2.0 * inner.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
    // The restricted likelihood: the constants are integrated out.
    let likelihood = -0.5 * ((n - p) * scale.ln() + log_det + log_det_inner);
    Some((likelihood, b, inner.inverse() * scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Domain, Label, Parameter, TrialId, TrialState, Value};
    use std::sync::Arc;

    fn study(xs: &[f64], shift: f64) -> Study {
        let mut study = Study::empty();
        study.columns = vec![Label::new("x")];
        let trial = |x: &f64| {
            Arc::new(Trial {
                state: TrialState::Complete,
                params: vec![Some(Value::Float(*x))],
                values: vec![(x - 0.7) * (x - 0.7) * 4.0 + shift],
                ..Trial::new(TrialId::Number(0))
            })
        };
        study.trials = xs.iter().map(trial).collect();
        study
    }

    /// The second study searched only the better half: its mean is lower although its values lie higher.
    #[test]
    fn a_study_of_better_regions_is_not_taken_for_a_shifted_one() {
        let domain = Domain::Float {
            low: 0.0,
            high: 1.0,
            log: false,
            step: None,
        };
        let space = Space {
            params: vec![Parameter::new(Label::new("x"), 0, domain).unwrap()],
            inferred: false,
        };
        let wide: Vec<f64> = (0..20).map(|k| f64::from(k) / 19.0).collect();
        let good: Vec<f64> = (0..10).map(|k| 0.5 + f64::from(k) / 25.0).collect();
        let (a, b) = (study(&wide, 0.0), study(&good, 0.3));
        let mean = |s: &Study| s.trials.iter().map(|t| t.values[0]).sum::<f64>() / s.trials.len() as f64;
        assert!(mean(&b) < mean(&a));
        let offsets = learn(&space, &[&a, &b], &[&[0], &[0]]);
        assert!(offsets[0].unwrap().is_reference);
        let found = offsets[1].unwrap();
        assert!((found.value - 0.3).abs() < 0.02, "{found:?}");
        assert!(found.sd < 0.1);
        let alone = study(&[0.5], 0.0);
        assert_eq!(learn(&space, &[&a, &alone], &[&[0], &[0]]), [None, None]);
    }
}
