//! Covariance functions as trees of leaves, sums, products and warps of the inputs.
//!
//! A stationary kernel is `k = g(q)` of the scaled squared distance
//! `q = Σ_j (x_j − x'_j)²/ℓ_j²`, in which a category counts `1{x_j ≠ x'_j}/ℓ_j²` (an explicit embedding:
//! one-hot columns at `ℓ_j √2`, so every kernel stays positive semi-definite). All derivatives follow from `g'(q)`:
//! `∂k/∂log ℓ_j = −2 g' q_j`, `∂k/∂x_j = 2 g' (x_j − x'_j)/ℓ_j²`.
//! Linear leaves are the only ones that are not stationary; periodic ones put `4 sin²(πΔ/p)/ℓ²` in the place of `Δ²/ℓ²`.
//! Source: Rasmussen & Williams 2006, ch. 4. Checked by `tests/kernels.rs` and `tests/kernel_catalogue.rs`.

pub mod matern;

mod block;
mod exp;
mod family;
mod inner;
mod inputs;
mod parameters;
mod program;
mod warp;

pub(crate) use block::{Coefficients, Columns, LeafStore, Scratch};
pub use inputs::Renamed;
pub use parameters::Role;
pub(crate) use program::Program;
pub use warp::{Warped, kumaraswamy};

use super::{FitError, InputKind, Priors};

/// A covariance function with its hyperparameters. `inputs` names the inputs that a leaf looks at, as columns of the
/// data or otherwise ([`Kernel::renamed`]); `None` is all of them. A leaf with lengthscales has one for each of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel<I = usize> {
    /// `k = variance` for every pair, different points included. `inputs` has no effect.
    Constant {
        variance: f64,
        inputs: Option<Vec<I>>,
    },
    /// `k = exp(−q/2)`.
    Rbf {
        lengthscales: Vec<f64>,
        inputs: Option<Vec<I>>,
    },
    /// `k = 2^(1−ν)/Γ(ν) · z^ν K_ν(z)`, `z = √(2ν q)`, for any `ν > 0`.
    Matern {
        nu: f64,
        lengthscales: Vec<f64>,
        inputs: Option<Vec<I>>,
    },
    /// `k = exp(−h/(2 ℓ²))`, `h` = how many inputs differ; every input counts as a category.
    Hamming {
        lengthscale: f64,
        inputs: Option<Vec<I>>,
    },
    /// `k = (1 + q/(2α))^(−α)`: a mixture of RBFs of many lengthscales, the RBF itself as `α → ∞`.
    RationalQuadratic {
        alpha: f64,
        lengthscales: Vec<f64>,
        inputs: Option<Vec<I>>,
    },
    /// `k = exp(−2 Σ_j sin²(π (x_j − x'_j)/p_j)/ℓ_j²)`: repeats itself after each period `p_j`. Numeric inputs only.
    Periodic {
        lengthscales: Vec<f64>,
        periods: Vec<f64>,
        inputs: Option<Vec<I>>,
    },
    /// `k = Σ_j v_j (x_j − c)(x'_j − c)`: straight lines that meet in the `center` c, which is given and never
    /// fitted. Not stationary. Numeric inputs only.
    Linear {
        variances: Vec<f64>,
        center: f64,
        inputs: Option<Vec<I>>,
    },
    /// `k = exp(−(1/m) Σ_j 1{x_j ≠ x'_j}/ℓ_j)` over m inputs, each of which counts as a category.
    /// Source: BoTorch's mixed models (Balandat et al. 2020).
    Categorical {
        lengthscales: Vec<f64>,
        inputs: Option<Vec<I>>,
    },
    /// Another kernel of warped inputs, `w_j(x) = 1 − (1 − x^a_j)^b_j` (Kumaraswamy) with x kept within
    /// `[1e-6, 1 − 1e-6]`; inputs that are not named stay as they are. Numeric inputs only.
    /// Source: Snoek, Swersky, Zemel & Adams 2014.
    Warp {
        a: Vec<f64>,
        b: Vec<f64>,
        inputs: Option<Vec<I>>,
        kernel: Box<Kernel<I>>,
    },
    Sum(Vec<Kernel<I>>),
    Product(Vec<Kernel<I>>),
}

/// A kernel value with its derivatives.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelGradient {
    pub value: f64,
    /// With respect to the natural logs of the hyperparameters, depth first.
    pub dlog: Vec<f64>,
    /// With respect to the first point; 0 for categories.
    pub dx: Vec<f64>,
}

impl Kernel {
    /// `k = variance` for every pair.
    #[must_use]
    pub fn constant(variance: f64) -> Self {
        Self::Constant {
            variance,
            inputs: None,
        }
    }

    /// `variance · matern(ν)` over all inputs.
    #[must_use]
    pub fn scaled_matern(variance: f64, nu: f64, lengthscales: Vec<f64>) -> Self {
        Self::Product(vec![
            Self::constant(variance),
            Self::Matern {
                nu,
                lengthscales,
                inputs: None,
            },
        ])
    }

    /// The default over numbers: signal variance times Matérn-5/2 with a lengthscale an input.
    #[must_use]
    pub fn default_for(dims: usize) -> Self {
        Self::default_over(&vec![InputKind::Numeric; dims])
    }

    /// The default over inputs of these kinds, at the modes of the default priors.
    #[must_use]
    pub fn default_over(kinds: &[InputKind]) -> Self {
        let shape = Self::scaled_matern(1.0, 2.5, vec![1.0; kinds.len()]);
        let priors = Priors::default();
        let roles = shape.roles(kinds);
        let modes: Vec<f64> = roles.iter().map(|r| priors.of(*r).location.exp()).collect();
        shape.with_parameters(&modes)
    }

    /// `k(x, x)`: the prior variance of the latent function. Of a linear leaf, the mean over the unit cube.
    #[must_use]
    pub fn prior_variance(&self) -> f64 {
        match self {
            Self::Constant { variance, .. } => *variance,
            Self::Rbf { .. }
            | Self::Matern { .. }
            | Self::Hamming { .. }
            | Self::RationalQuadratic { .. }
            | Self::Periodic { .. }
            | Self::Categorical { .. } => 1.0,
            Self::Linear {
                variances, center, ..
            } => variances.iter().sum::<f64>() * mean_square_from(*center),
            Self::Warp { kernel, .. } => kernel.prior_variance(),
            Self::Sum(terms) => terms.iter().map(Self::prior_variance).sum(),
            Self::Product(terms) => terms.iter().map(Self::prior_variance).product(),
        }
    }

    /// Whether sample paths have a slope: every Matérn part has `ν > 1`.
    #[must_use]
    pub fn is_differentiable(&self) -> bool {
        match self {
            Self::Matern { nu, .. } => *nu > 1.0,
            Self::Warp { kernel, .. } => kernel.is_differentiable(),
            Self::Sum(terms) | Self::Product(terms) => terms.iter().all(Self::is_differentiable),
            Self::Constant { .. }
            | Self::Rbf { .. }
            | Self::Hamming { .. }
            | Self::RationalQuadratic { .. }
            | Self::Periodic { .. }
            | Self::Linear { .. }
            | Self::Categorical { .. } => true,
        }
    }

    /// Whether `k(a, b)` depends on differences of the inputs (warped ones included) alone.
    #[must_use]
    pub fn is_stationary(&self) -> bool {
        match self {
            Self::Linear { .. } | Self::Warp { .. } => false,
            Self::Constant { .. }
            | Self::Rbf { .. }
            | Self::Matern { .. }
            | Self::Hamming { .. }
            | Self::RationalQuadratic { .. }
            | Self::Periodic { .. }
            | Self::Categorical { .. } => true,
            Self::Sum(terms) | Self::Product(terms) => terms.iter().all(Self::is_stationary),
        }
    }

    /// The orders ν of the Matérn leaves, depth first.
    #[must_use]
    pub fn orders(&self) -> Vec<f64> {
        match self {
            Self::Matern { nu, .. } => vec![*nu],
            Self::Warp { kernel, .. } => kernel.orders(),
            Self::Sum(terms) | Self::Product(terms) => terms.iter().flat_map(Self::orders).collect(),
            _ => Vec::new(),
        }
    }

    /// The same tree with another order of the Matérn leaf of the given place in [`Kernel::orders`]; `∞` is kept
    /// as such, and evaluated as the RBF that it is.
    #[must_use]
    pub fn with_order(&self, place: usize, order: f64) -> Self {
        let mut kernel = self.clone();
        kernel.set_order(&mut place.clone(), order);
        kernel
    }

    fn set_order(&mut self, left: &mut usize, order: f64) -> bool {
        match self {
            Self::Matern { nu, .. } => {
                if *left == 0 {
                    *nu = order;
                    return true;
                }
                *left -= 1;
                false
            }
            Self::Warp { kernel, .. } => kernel.set_order(left, order),
            Self::Sum(terms) | Self::Product(terms) => terms.iter_mut().any(|t| t.set_order(left, order)),
            _ => false,
        }
    }

    /// `k(a, b)` of two points.
    ///
    /// # Errors
    /// A kernel that does not suit the inputs: see [`FitError`].
    pub fn value(&self, kinds: &[InputKind], a: &[f64], b: &[f64]) -> Result<f64, FitError> {
        self.gradient(kinds, a, b).map(|g| g.value)
    }

    /// `k(a, b)` with its derivatives by the hyperparameters and by `a`.
    ///
    /// # Errors
    /// A kernel that does not suit the inputs: see [`FitError`].
    pub fn gradient(&self, kinds: &[InputKind], a: &[f64], b: &[f64]) -> Result<KernelGradient, FitError> {
        for point in [a, b] {
            if point.len() != kinds.len() {
                return Err(FitError::Shape {
                    what: "a point",
                    expected: kinds.len(),
                    found: point.len(),
                });
            }
        }
        let program = Program::compile(self, kinds)?;
        let weights = program.weights(&self.parameters());
        Ok(program.pair_gradient(&weights, a, b))
    }
}

/// `∫₀¹ (x − c)² dx`.
fn mean_square_from(center: f64) -> f64 {
    let offset = 0.5 - center;
    1.0 / 12.0 + offset * offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::InputKind;

    #[test]
    fn the_default_stands_at_the_modes_of_its_priors_with_categories_further_apart() {
        let kernel = Kernel::default_over(&[InputKind::Numeric, InputKind::Category]);
        let [variance, number, category] = kernel.parameters()[..] else {
            panic!("{kernel:?}")
        };
        assert!((variance - 6.0).abs() < 1e-12);
        assert!((number - 0.2 * 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((category / number - 6.0_f64.sqrt()).abs() < 1e-12);
    }
}
