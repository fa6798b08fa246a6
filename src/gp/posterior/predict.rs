//! Moments, covariances and gradients at new points.

use nalgebra::DMatrix;

use super::Posterior;
use crate::gp::kernel::{Columns, Scratch};
use crate::gp::linalg::times_transposed;

/// Points solved for at once: a panel that stays in the cache beside the factor's block.
const PANEL: usize = 256;

/// Posterior moments of the latent function, one entry a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    pub mean: Vec<f64>,
    /// Without noise; at least 0.
    pub variance: Vec<f64>,
}

/// Posterior moments at a point with their gradients by its coordinates; those of categories are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct PointGradient {
    pub mean: f64,
    /// Of the latent function; at least 0.
    pub variance: f64,
    pub dmean: Vec<f64>,
    pub dvariance: Vec<f64>,
}

impl Posterior {
    /// Mean and variance of the latent function at the rows of `points` (m × d).
    #[must_use]
    pub fn predict(&self, points: &DMatrix<f64>) -> Moments {
        let mut moments = Moments::default();
        for start in (0..points.nrows()).step_by(PANEL) {
            let len = PANEL.min(points.nrows() - start);
            let part = points.rows(start, len).into_owned();
            let prior = self.prior_variances(&part);
            let mut cross = self.cross(&part);
            moments.mean.extend(self.means(&cross));
            self.inner.factor.solve(&mut cross);
            let left = cross.column_iter().zip(prior);
            moments
                .variance
                .extend(left.map(|(v, prior)| (prior - v.norm_squared()).max(0.0)));
        }
        moments
    }

    /// `k(x, x)` at the rows of `points`.
    fn prior_variances(&self, points: &DMatrix<f64>) -> Vec<f64> {
        if self.inner.program.is_even() {
            return vec![self.prior_variance(); points.nrows()];
        }
        let point = |row: nalgebra::RowDVector<f64>| self.prior_variance_at(row.as_slice());
        points.row_iter().map(|row| point(row.into_owned())).collect()
    }

    /// The mean alone at the rows of `points`: no solve, n·m kernel values.
    #[must_use]
    pub fn predict_mean(&self, points: &DMatrix<f64>) -> Vec<f64> {
        let mut mean = Vec::with_capacity(points.nrows());
        for start in (0..points.nrows()).step_by(PANEL) {
            let len = PANEL.min(points.nrows() - start);
            mean.extend(self.means(&self.cross(&points.rows(start, len).into_owned())));
        }
        mean
    }

    /// Posterior covariance of the latent function between the rows of `points`, m × m:
    /// `k** − k*ᵀ K⁻¹ k*`.
    #[must_use]
    pub fn covariance(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        let m = points.nrows();
        let mut scratch = Scratch::new(&self.inner.program);
        let mut own = DMatrix::zeros(m, m);
        let wide = self.inner.program.widen(&self.inner.weights, points);
        let columns = Columns::new(&wide);
        self.inner.program.fill_cross(
            &self.inner.weights,
            columns,
            columns,
            own.as_mut_slice(),
            &mut scratch,
        );
        let mut cross = self.cross(points);
        self.inner.factor.solve(&mut cross);
        own.gemm_tr(-1.0, &cross, &cross, 1.0);
        // Products of two roundings: make it exactly symmetric with a variance of at least 0.
        for j in 0..m {
            own[(j, j)] = own[(j, j)].max(0.0);
            for i in j + 1..m {
                let v = 0.5 * (own[(i, j)] + own[(j, i)]);
                own[(i, j)] = v;
                own[(j, i)] = v;
            }
        }
        own
    }

    /// Moments and gradients at one point: `∇μ = Jᵀα`, `∇σ² = −2 Jᵀ K⁻¹k*`, `J = ∂k*/∂x`.
    #[must_use]
    pub fn predict_with_gradient(&self, x: &[f64]) -> PointGradient {
        let points = DMatrix::from_row_slice(1, x.len(), x);
        let mut all = self.predict_batch_with_gradient(&points);
        all.pop().unwrap_or_else(|| PointGradient {
            mean: self.inner.mean,
            variance: self.prior_variance_at(x),
            dmean: vec![0.0; x.len()],
            dvariance: vec![0.0; x.len()],
        })
    }

    /// [`Posterior::predict_with_gradient`] at every row of `points`, with one blocked solve for all.
    #[must_use]
    pub fn predict_batch_with_gradient(&self, points: &DMatrix<f64>) -> Vec<PointGradient> {
        let prior = self.prior_variances(points);
        let mut solved = self.cross(points);
        let means = self.means(&solved);
        self.inner.factor.solve(&mut solved);
        let variances: Vec<f64> = solved
            .column_iter()
            .zip(prior)
            .map(|(v, prior)| (prior - v.norm_squared()).max(0.0))
            .collect();
        self.inner.factor.solve_transposed(&mut solved);
        let mut scratch = Scratch::new(&self.inner.program);
        let wide = self.inner.program.widen(&self.inner.weights, points);
        let n = self.rows().nrows();
        let mut point = vec![0.0; wide.ncols()];
        (0..points.nrows())
            .map(|c| {
                point
                    .iter_mut()
                    .zip(wide.row(c).iter())
                    .for_each(|(p, v)| *p = *v);
                let solved = &solved.as_slice()[c * n..(c + 1) * n];
                let gradient = self.gradient_at(&point, solved, &mut scratch);
                PointGradient {
                    mean: means[c],
                    variance: variances[c],
                    dmean: gradient.iter().map(|g| g[0]).collect(),
                    dvariance: gradient.iter().map(|g| g[1]).collect(),
                }
            })
            .collect()
    }

    /// `[∇μ, ∇σ²]` at a point with its warped columns, `solved = K⁻¹k*`.
    fn gradient_at(&self, point: &[f64], solved: &[f64], scratch: &mut Scratch) -> Vec<[f64; 2]> {
        let inner = &*self.inner;
        let mut gradient = vec![[0.0; 2]; point.len()];
        inner.program.contract_point(
            &inner.weights,
            Columns::new(self.wide_rows()),
            point,
            [self.alpha(), solved],
            &mut gradient,
            scratch,
        );
        gradient.iter_mut().for_each(|g| g[1] *= -2.0);
        if !inner.program.is_even() {
            // d k(x, x): by either argument the same.
            let mut own = vec![[0.0; 2]; point.len()];
            let row = Columns::row(point);
            inner
                .program
                .contract_point(&inner.weights, row, point, [&[1.0], &[0.0]], &mut own, scratch);
            gradient.iter_mut().zip(own).for_each(|(g, o)| g[1] += 2.0 * o[0]);
        }
        inner.program.fold(&inner.weights, point, &mut gradient);
        gradient
    }

    /// `k(rows, points)`, n × m.
    pub(super) fn cross(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        let rows = self.wide_rows();
        let points = &*self.inner.program.widen(&self.inner.weights, points);
        let mut out = DMatrix::zeros(rows.nrows(), points.nrows());
        let mut scratch = Scratch::new(&self.inner.program);
        self.inner.program.fill_cross(
            &self.inner.weights,
            Columns::new(rows),
            Columns::new(points),
            out.as_mut_slice(),
            &mut scratch,
        );
        out
    }

    fn means(&self, cross: &DMatrix<f64>) -> Vec<f64> {
        let mut means = times_transposed(cross, &self.inner.alpha);
        means.iter_mut().for_each(|m| *m += self.inner.mean);
        means
    }
}
