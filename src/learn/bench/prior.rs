//! A function drawn from a Gaussian process.
//!
//! `f(x) = k(x, G) L⁻ᵀ z`, `K(G, G) = L Lᵀ`, `z ~ N(0, I)`, over a grid `G` of the unit interval: an exact draw on the
//! grid, between its places the mean given those. Checked by the tests below.

use nalgebra::{DMatrix, DVector};

use super::BenchError;
use crate::acquisition::random::{Random, mix};
use crate::gp::{InputKind, Kernel, spec};

/// Places of the grid.
const GRID: usize = 129;
/// Share of the variance that is added to the diagonal: smooth kernels are singular on a fine grid.
const JITTER: f64 = 1e-8;

/// One function.
#[derive(Clone, Debug)]
pub struct Draw {
    kernel: Kernel,
    weights: DVector<f64>,
}

/// The kernel of signal variance 1, and the lower factor of its covariance on the grid.
fn factor(kernel: &str, lengthscale: f64) -> Result<(Kernel, DMatrix<f64>), BenchError> {
    let failed = |reason: String| BenchError::Prior {
        kernel: crate::study::label::scrub(kernel),
        reason,
    };
    let mut drawn = spec::parse(kernel, &["x"])?;
    scale(&mut drawn, lengthscale);
    let mut covariance = DMatrix::zeros(GRID, GRID);
    for i in 0..GRID {
        for j in 0..=i {
            let k = (drawn.value(&[InputKind::Numeric], &[place(i)], &[place(j)]))
                .map_err(|e| failed(e.to_string()))?;
            covariance[(i, j)] = k;
            covariance[(j, i)] = k;
        }
        covariance[(i, i)] *= 1.0 + JITTER;
    }
    let factor = covariance
        .cholesky()
        .ok_or_else(|| failed("its covariance is not positive definite".to_owned()))?;
    Ok((drawn, factor.l()))
}

fn noise(seed: u64) -> DVector<f64> {
    let mut random = Random::new(mix(seed ^ 0x0070_7269_6f72));
    DVector::from_fn(GRID, |_, _| random.normal())
}

/// So many functions drawn from a kernel of signal variance 1 and mean 0, as values `L z` at evenly spread places.
///
/// # Errors
/// As [`Draw::new`].
pub(super) fn curves(
    kernel: &str,
    lengthscale: f64,
    seed: u64,
    count: usize,
) -> Result<(Vec<f64>, Vec<Vec<f64>>), BenchError> {
    let (_, lower) = factor(kernel, lengthscale)?;
    let one = |k: usize| {
        (&lower * noise(seed.wrapping_add(k as u64)))
            .iter()
            .copied()
            .collect()
    };
    Ok(((0..GRID).map(place).collect(), (0..count).map(one).collect()))
}

impl Draw {
    /// A draw from a kernel of signal variance 1.
    ///
    /// # Errors
    /// The kernel cannot be read over one number, or is not positive definite on the grid.
    pub fn new(kernel: &str, lengthscale: f64, seed: u64) -> Result<Self, BenchError> {
        let (kernel_drawn, lower) = factor(kernel, lengthscale)?;
        let weights = lower
            .tr_solve_lower_triangular(&noise(seed))
            .ok_or_else(|| BenchError::Prior {
                kernel: crate::study::label::scrub(kernel),
                reason: "its covariance is singular".to_owned(),
            })?;
        Ok(Self {
            kernel: kernel_drawn,
            weights,
        })
    }

    /// Its value; no number where the kernel has none.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        (self.weights.iter().enumerate())
            .map(|(i, w)| {
                let k = self.kernel.value(&[InputKind::Numeric], &[x], &[place(i)]);
                w * k.unwrap_or(f64::NAN)
            })
            .sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "few places")]
fn place(i: usize) -> f64 {
    i as f64 / (GRID - 1) as f64
}

/// Sets every lengthscale, and every variance to 1.
fn scale(kernel: &mut Kernel, length: f64) {
    match kernel {
        Kernel::Constant { variance, .. } => *variance = 1.0,
        Kernel::Rbf { lengthscales, .. }
        | Kernel::Matern { lengthscales, .. }
        | Kernel::RationalQuadratic { lengthscales, .. }
        | Kernel::Periodic { lengthscales, .. }
        | Kernel::Categorical { lengthscales, .. } => lengthscales.fill(length),
        Kernel::Hamming { lengthscale, .. } => *lengthscale = length,
        Kernel::Linear { variances, .. } => variances.fill(1.0),
        Kernel::Warp { kernel, .. } => scale(kernel, length),
        Kernel::Sum(parts) | Kernel::Product(parts) => parts.iter_mut().for_each(|part| scale(part, length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_the_draws_of_their_seeds() {
        let (places, curves) = curves("matern52", 0.2, 5, 3).unwrap();
        for (k, curve) in curves.iter().enumerate() {
            let draw = Draw::new("matern52", 0.2, 5 + k as u64).unwrap();
            for (x, y) in places.iter().zip(curve).step_by(16) {
                assert!(
                    (draw.at(*x) - y).abs() < 1e-4,
                    "{k} at {x}: {} and {y}",
                    draw.at(*x)
                );
            }
        }
    }

    #[test]
    fn draws_have_the_variance_and_the_correlation_of_their_kernel() {
        let (mut square, mut product, draws) = (0.0, 0.0, 300);
        for seed in 0..draws {
            let draw = Draw::new("matern12", 0.25, seed).unwrap();
            let (a, b) = (draw.at(0.25), draw.at(0.5));
            square += a * a / draws as f64;
            product += a * b / draws as f64;
        }
        assert!((square - 1.0).abs() < 0.25, "{square}");
        assert!((product - (-1.0_f64).exp()).abs() < 0.2, "{product}");
    }

    #[test]
    fn a_seed_gives_the_same_function_again_and_smooth_kernels_smooth_ones() {
        let rough = |spec: &str| {
            let draw = Draw::new(spec, 0.2, 3).unwrap();
            (0..400)
                .map(|i| (draw.at((i + 1) as f64 / 401.0) - draw.at(i as f64 / 401.0)).powi(2))
                .sum::<f64>()
        };
        assert_eq!(rough("rbf"), rough("rbf"));
        assert!(rough("matern12") > 5.0 * rough("rbf"));
        assert!(Draw::new("matrn", 0.2, 0).is_err());
    }
}
