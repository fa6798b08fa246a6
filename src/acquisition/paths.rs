//! Sample paths of a posterior: whole functions, drawn once and evaluated anywhere.
//!
//! `f_s(x) = ψ(x)·w_s + k(x, X) K⁻¹ (y − β − Ψ w_s − ε_s) + β`, `w_s ~ N(0, I)`, `ε_s ~ N(0, σn² diag(1/c))`: a prior
//! path of random features, corrected exactly at the rows. Far from the rows it has the features' error, near them
//! none. All paths of a set share their features.
//!
//! **Units**: model output units, larger is better. **Source**: Wilson et al. 2020, arXiv 2002.09309, eq. 13. Checked
//! by `tests/acquisition_paths.rs`.

mod features;
mod wave;

use nalgebra::DMatrix;

use super::random::{Random, mix};
use crate::gp::Posterior;
pub use features::Features;

/// Features of a set of paths.
const FEATURES: usize = 512;

/// A set of sample paths of one posterior.
#[derive(Clone, Debug)]
pub struct Paths {
    posterior: Posterior,
    features: Features,
    /// F × S.
    prior: DMatrix<f64>,
    /// n × S: what the rows add.
    update: DMatrix<f64>,
}

impl Paths {
    /// `count` paths of a posterior without pending rows; the same seed gives the same ones. `choices` is the number
    /// of choices of each category.
    #[must_use]
    pub fn draw(posterior: &Posterior, choices: &[usize], count: usize, seed: u64) -> Self {
        let mut random = Random::new(mix(seed ^ 0x7061_7468));
        let model = posterior.model();
        let features = Features::draw(&model.kernel, posterior.kinds(), choices, FEATURES, &mut random);
        let prior = DMatrix::from_fn(features.count(), count, |_, _| random.normal());
        let data = posterior.data();
        let mut rest = features.values(&data.x) * &prior;
        for s in 0..count {
            for i in 0..data.n() {
                let noise = (data.noise_of(i, model.noise_variance) + posterior.jitter()).sqrt();
                rest[(i, s)] = data.y[i] - posterior.mean_constant() - rest[(i, s)] - noise * random.normal();
            }
        }
        Self {
            update: posterior.solve(rest),
            posterior: posterior.clone(),
            features,
            prior,
        }
    }

    /// Number of paths.
    #[must_use]
    pub fn count(&self) -> usize {
        self.prior.ncols()
    }

    /// All paths at the rows of `points`: m × S.
    #[must_use]
    pub fn values(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        let mut out = self.features.values(points) * &self.prior;
        let cross = self.posterior.cross_covariance(points);
        out.gemm_tr(1.0, &cross, &self.update, 1.0);
        out.add_scalar_mut(self.posterior.mean_constant());
        out
    }

    /// One path at the rows of `points`.
    #[must_use]
    pub fn values_of(&self, path: usize, points: &DMatrix<f64>) -> Vec<f64> {
        let mut out = self.features.values(points) * self.prior.column(path);
        let cross = self.posterior.cross_covariance(points);
        out.gemv_tr(1.0, &cross, &self.update.column(path), 1.0);
        out.iter().map(|v| v + self.posterior.mean_constant()).collect()
    }

    /// Value and gradient of one path at every row of `points`; the gradient is 0 for categories.
    #[must_use]
    pub fn slopes(&self, path: usize, points: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)> {
        let weights: Vec<f64> = self.prior.column(path).iter().copied().collect();
        let update: Vec<f64> = self.update.column(path).iter().copied().collect();
        let cross = self.posterior.cross_covariance(points);
        let rows = self.posterior.conditioned_rows();
        let mut found = self.features.slopes(points, &weights);
        for (i, (value, gradient)) in found.iter_mut().enumerate() {
            let added: f64 = cross.column(i).iter().zip(&update).map(|(k, v)| k * v).sum();
            *value += added + self.posterior.mean_constant();
            let x: Vec<f64> = points.row(i).iter().copied().collect();
            let slope = self.posterior.prior_slope(&x, rows, &update);
            gradient.iter_mut().zip(slope).for_each(|(g, s)| *g += s);
        }
        found
    }
}
