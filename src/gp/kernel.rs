//! Covariance functions as trees of constants, stationary kernels, sums and products.
//!
//! A stationary kernel is `k = g(q)` of the scaled squared distance
//! `q = Σ_j (x_j − x'_j)²/ℓ_j²`, in which a category counts `1{x_j ≠ x'_j}/ℓ_j²` (an explicit embedding:
//! one-hot columns at `ℓ_j √2`, so every kernel stays positive semi-definite). All derivatives follow from `g'(q)`:
//! `∂k/∂log ℓ_j = −2 g' q_j`, `∂k/∂x_j = 2 g' (x_j − x'_j)/ℓ_j²`.
//! Source: Rasmussen & Williams 2006, ch. 4. Checked by `tests/kernels.rs`.

pub mod matern;

mod block;
mod exp;
mod family;
mod inner;
mod program;

pub(crate) use block::{Coefficients, Columns, LeafStore, Scratch};
pub(crate) use program::Program;

use super::{FitError, InputKind};

/// A covariance function with its hyperparameters. `inputs` names the columns that a leaf looks at;
/// `None` is all of them. A leaf with lengthscales has one for each of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// `k = variance` for every pair, different points included. `inputs` has no effect.
    Constant {
        variance: f64,
        inputs: Option<Vec<usize>>,
    },
    /// `k = exp(−q/2)`.
    Rbf {
        lengthscales: Vec<f64>,
        inputs: Option<Vec<usize>>,
    },
    /// `k = 2^(1−ν)/Γ(ν) · z^ν K_ν(z)`, `z = √(2ν q)`, for any `ν > 0`.
    Matern {
        nu: f64,
        lengthscales: Vec<f64>,
        inputs: Option<Vec<usize>>,
    },
    /// `k = exp(−h/(2 ℓ²))`, `h` = how many inputs differ; every input counts as a category.
    Hamming {
        lengthscale: f64,
        inputs: Option<Vec<usize>>,
    },
    Sum(Vec<Kernel>),
    Product(Vec<Kernel>),
}

/// What a hyperparameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Of a constant leaf.
    Variance,
    /// Of one input of a leaf that looks at `active` inputs.
    Lengthscale { input: usize, active: usize },
    /// The one lengthscale of a Hamming leaf.
    SharedLengthscale,
    /// Of the observation noise; never part of a kernel.
    Noise,
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

    /// The default: signal variance times Matérn-5/2 with a lengthscale an input.
    #[must_use]
    pub fn default_for(dims: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "few inputs")]
        let length = 0.2 * (dims.max(1) as f64).sqrt();
        Self::scaled_matern(2.5, 2.5, vec![length; dims])
    }

    /// The hyperparameters, depth first: variances and lengthscales, linear scale.
    #[must_use]
    pub fn parameters(&self) -> Vec<f64> {
        let mut list = Vec::new();
        self.visit(&mut |v| list.push(v));
        list
    }

    fn visit(&self, f: &mut impl FnMut(f64)) {
        match self {
            Self::Constant { variance, .. } => f(*variance),
            Self::Rbf { lengthscales, .. } | Self::Matern { lengthscales, .. } => {
                lengthscales.iter().for_each(|l| f(*l));
            }
            Self::Hamming { lengthscale, .. } => f(*lengthscale),
            Self::Sum(terms) | Self::Product(terms) => terms.iter().for_each(|t| t.visit(f)),
        }
    }

    /// The same tree with other hyperparameters, in the order of [`Kernel::parameters`]; surplus entries
    /// of the tree keep their values.
    #[must_use]
    pub fn with_parameters(&self, values: &[f64]) -> Self {
        let mut kernel = self.clone();
        let mut values = values.iter();
        kernel.assign(&mut |slot| {
            if let Some(v) = values.next() {
                *slot = *v;
            }
        });
        kernel
    }

    fn assign(&mut self, f: &mut impl FnMut(&mut f64)) {
        match self {
            Self::Constant { variance, .. } => f(variance),
            Self::Rbf { lengthscales, .. } | Self::Matern { lengthscales, .. } => {
                lengthscales.iter_mut().for_each(f);
            }
            Self::Hamming { lengthscale, .. } => f(lengthscale),
            Self::Sum(terms) | Self::Product(terms) => terms.iter_mut().for_each(|t| t.assign(f)),
        }
    }

    /// What each of [`Kernel::parameters`] is, over `dims` inputs.
    #[must_use]
    pub fn roles(&self, dims: usize) -> Vec<Role> {
        match self {
            Self::Constant { .. } => vec![Role::Variance],
            Self::Rbf { lengthscales, inputs }
            | Self::Matern {
                lengthscales, inputs, ..
            } => {
                let active = lengthscales.len();
                let of = |j: usize| inputs.as_ref().and_then(|l| l.get(j).copied()).unwrap_or(j);
                (0..active)
                    .map(|j| Role::Lengthscale {
                        input: of(j).min(dims),
                        active,
                    })
                    .collect()
            }
            Self::Hamming { .. } => vec![Role::SharedLengthscale],
            Self::Sum(terms) | Self::Product(terms) => terms.iter().flat_map(|t| t.roles(dims)).collect(),
        }
    }

    /// `k(x, x)`: the prior variance of the latent function.
    #[must_use]
    pub fn prior_variance(&self) -> f64 {
        match self {
            Self::Constant { variance, .. } => *variance,
            Self::Rbf { .. } | Self::Matern { .. } | Self::Hamming { .. } => 1.0,
            Self::Sum(terms) => terms.iter().map(Self::prior_variance).sum(),
            Self::Product(terms) => terms.iter().map(Self::prior_variance).product(),
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
