//! What conditioning on more than rows needs: prior covariances, solves and slopes with any coefficients.

use nalgebra::DMatrix;

use super::Posterior;
use crate::gp::kernel::{Columns, Scratch};

impl Posterior {
    /// The inputs of all rows, pending ones last: n × d. The rows of [`Posterior::cross_covariance`].
    #[must_use]
    pub fn conditioned_rows(&self) -> &DMatrix<f64> {
        self.rows()
    }

    /// The prior covariance between the rows of `a` (p × d) and those of `b` (m × d): p × m.
    #[must_use]
    pub fn prior_cross(&self, a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
        let (program, weights) = (&self.inner.program, &self.inner.weights);
        let (a, b) = (&*program.widen(weights, a), &*program.widen(weights, b));
        let mut out = DMatrix::zeros(a.nrows(), b.nrows());
        let mut scratch = Scratch::new(program);
        program.fill_cross(
            weights,
            Columns::new(a),
            Columns::new(b),
            out.as_mut_slice(),
            &mut scratch,
        );
        out
    }

    /// `k(X, points)`: n × m, with pending rows among the n.
    #[must_use]
    pub fn cross_covariance(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        self.cross(points)
    }

    /// `K⁻¹ b` for `b` of n rows, pending ones counted.
    #[must_use]
    pub fn solve(&self, mut b: DMatrix<f64>) -> DMatrix<f64> {
        self.inner.factor.solve(&mut b);
        self.inner.factor.solve_transposed(&mut b);
        b
    }

    /// `Σ_i c_i ∂k(x, z_i)/∂x` over the rows `z_i` of `z`: the slope of any weighted sum of prior covariances; 0 for
    /// categories.
    #[must_use]
    pub fn prior_slope(&self, x: &[f64], z: &DMatrix<f64>, c: &[f64]) -> Vec<f64> {
        let (program, weights) = (&self.inner.program, &self.inner.weights);
        let point = program.widen_point(weights, x);
        let mut gradient = vec![[0.0; 2]; point.len()];
        let none = vec![0.0; c.len()];
        program.contract_point(
            weights,
            Columns::new(&program.widen(weights, z)),
            &point,
            [c, &none],
            &mut gradient,
            &mut Scratch::new(program),
        );
        program.fold(weights, &point, &mut gradient);
        gradient.into_iter().map(|g| g[0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use crate::gp::{Data, InputKind, Kernel, Mean, Model, Posterior};

    fn posterior() -> Posterior {
        let x = DMatrix::from_row_slice(4, 2, &[0.1, 0.2, 0.4, 0.9, 0.7, 0.3, 0.95, 0.8]);
        let model = Model {
            kernel: Kernel::scaled_matern(1.3, 2.5, vec![0.3, 0.5]),
            mean: Mean::Fixed(0.2),
            noise_variance: 0.01,
        };
        let y = DVector::from_vec(vec![0.3, -0.5, 0.8, 0.1]);
        Posterior::new(&model, &[InputKind::Numeric; 2], &Data::new(x, y)).unwrap()
    }

    #[test]
    fn covariances_and_solves_give_the_posterior_back() {
        let p = posterior();
        let points = DMatrix::from_row_slice(2, 2, &[0.3, 0.3, 0.8, 0.5]);
        let cross = p.cross_covariance(&points);
        let solved = p.solve(cross.clone());
        let expected = p.covariance(&points);
        let own = p.prior_cross(&points, &points) - cross.transpose() * solved;
        assert!((own - expected).amax() < 1e-12);
        assert_eq!(p.conditioned_rows().nrows(), 4);
    }

    #[test]
    fn the_slope_of_a_weighted_sum_agrees_with_central_differences() {
        let p = posterior();
        let z = DMatrix::from_row_slice(3, 2, &[0.2, 0.6, 0.5, 0.5, 0.9, 0.1]);
        let c = [0.7, -1.2, 0.4];
        let value = |x: &[f64]| -> f64 {
            let point = DMatrix::from_row_slice(1, 2, x);
            let k = p.prior_cross(&z, &point);
            (0..3).map(|i| c[i] * k[(i, 0)]).sum()
        };
        let x = [0.33, 0.71];
        let slope = p.prior_slope(&x, &z, &c);
        for j in 0..2 {
            let h = 1e-6;
            let (mut up, mut down) = (x, x);
            up[j] += h;
            down[j] -= h;
            let difference = (value(&up) - value(&down)) / (2.0 * h);
            assert!((slope[j] - difference).abs() < 1e-8, "{j}");
        }
    }
}
