//! The hyperparameters of a tree as a list, and what each of them is.

use super::Kernel;
use crate::gp::InputKind;

/// What a hyperparameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Of a constant leaf.
    Variance,
    /// Of one input of a leaf that looks at `active` inputs.
    Lengthscale { input: usize, active: usize },
    /// The same, where the input is a category and its distance is 0 or 1.
    MismatchLengthscale { input: usize, active: usize },
    /// The one lengthscale of a Hamming leaf.
    SharedLengthscale,
    /// Of one input of a categorical leaf that looks at `active` inputs.
    CategoryScale { input: usize, active: usize },
    /// α of a rational quadratic leaf.
    Shape,
    /// Of one input of a periodic leaf.
    Period { input: usize },
    /// Of one input of a linear leaf that looks at `active` inputs.
    SlopeVariance { input: usize, active: usize },
    /// Exponent a of the warp of one input.
    WarpA { input: usize },
    /// Exponent b of the warp of one input.
    WarpB { input: usize },
    /// Of the observation noise; never part of a kernel.
    Noise,
}

impl Role {
    /// The input that the hyperparameter belongs to, where it is one.
    #[must_use]
    pub fn input(&self) -> Option<usize> {
        match *self {
            Self::Lengthscale { input, .. }
            | Self::MismatchLengthscale { input, .. }
            | Self::CategoryScale { input, .. }
            | Self::Period { input }
            | Self::SlopeVariance { input, .. }
            | Self::WarpA { input }
            | Self::WarpB { input } => Some(input),
            Self::Variance | Self::SharedLengthscale | Self::Shape | Self::Noise => None,
        }
    }
}

impl Kernel {
    /// The hyperparameters, depth first, linear scale: of a leaf its lengthscales (or variances) and then its α or
    /// periods, of a warp all a, all b and then those of its kernel.
    #[must_use]
    pub fn parameters(&self) -> Vec<f64> {
        let mut list = Vec::new();
        self.visit(&mut |v| list.push(v));
        list
    }

    fn visit(&self, f: &mut dyn FnMut(f64)) {
        match self {
            Self::Constant { variance, .. } => f(*variance),
            Self::Rbf { lengthscales, .. }
            | Self::Matern { lengthscales, .. }
            | Self::Categorical { lengthscales, .. } => lengthscales.iter().for_each(|l| f(*l)),
            Self::Hamming { lengthscale, .. } => f(*lengthscale),
            Self::RationalQuadratic {
                alpha, lengthscales, ..
            } => {
                lengthscales.iter().for_each(|l| f(*l));
                f(*alpha);
            }
            Self::Periodic {
                lengthscales,
                periods,
                ..
            } => lengthscales.iter().chain(periods).for_each(|v| f(*v)),
            Self::Linear { variances, .. } => variances.iter().for_each(|v| f(*v)),
            Self::Warp { a, b, kernel, .. } => {
                a.iter().chain(b).for_each(|v| f(*v));
                kernel.visit(f);
            }
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

    fn assign(&mut self, f: &mut dyn FnMut(&mut f64)) {
        match self {
            Self::Constant { variance, .. } => f(variance),
            Self::Rbf { lengthscales, .. }
            | Self::Matern { lengthscales, .. }
            | Self::Categorical { lengthscales, .. } => lengthscales.iter_mut().for_each(f),
            Self::Hamming { lengthscale, .. } => f(lengthscale),
            Self::RationalQuadratic {
                alpha, lengthscales, ..
            } => {
                lengthscales.iter_mut().for_each(&mut *f);
                f(alpha);
            }
            Self::Periodic {
                lengthscales,
                periods,
                ..
            } => lengthscales.iter_mut().chain(periods).for_each(f),
            Self::Linear { variances, .. } => variances.iter_mut().for_each(f),
            Self::Warp { a, b, kernel, .. } => {
                a.iter_mut().chain(b).for_each(&mut *f);
                kernel.assign(f);
            }
            Self::Sum(terms) | Self::Product(terms) => terms.iter_mut().for_each(|t| t.assign(f)),
        }
    }

    /// What each of [`Kernel::parameters`] is, over inputs of these kinds.
    #[must_use]
    pub fn roles(&self, kinds: &[InputKind]) -> Vec<Role> {
        let each = |list: &[f64], inputs: &Option<Vec<usize>>, role: &dyn Fn(usize) -> Role| -> Vec<Role> {
            let of = |j: usize| inputs.as_ref().and_then(|l| l.get(j).copied()).unwrap_or(j);
            (0..list.len()).map(|j| role(of(j).min(kinds.len()))).collect()
        };
        let lengths = |list: &[f64], inputs: &Option<Vec<usize>>| {
            let active = list.len();
            each(list, inputs, &|input| match kinds.get(input) {
                Some(InputKind::Category) => Role::MismatchLengthscale { input, active },
                _ => Role::Lengthscale { input, active },
            })
        };
        match self {
            Self::Constant { .. } => vec![Role::Variance],
            Self::Rbf { lengthscales, inputs }
            | Self::Matern {
                lengthscales, inputs, ..
            } => lengths(lengthscales, inputs),
            Self::Hamming { .. } => vec![Role::SharedLengthscale],
            Self::RationalQuadratic {
                lengthscales, inputs, ..
            } => {
                let mut roles = lengths(lengthscales, inputs);
                roles.push(Role::Shape);
                roles
            }
            Self::Periodic {
                lengthscales,
                periods,
                inputs,
            } => {
                let mut roles = lengths(lengthscales, inputs);
                roles.extend(each(periods, inputs, &|input| Role::Period { input }));
                roles
            }
            Self::Linear {
                variances, inputs, ..
            } => {
                let active = variances.len();
                each(variances, inputs, &|input| Role::SlopeVariance { input, active })
            }
            Self::Categorical { lengthscales, inputs } => {
                let active = lengthscales.len();
                each(lengthscales, inputs, &|input| Role::CategoryScale {
                    input,
                    active,
                })
            }
            Self::Warp { a, b, inputs, kernel } => {
                let mut roles = each(a, inputs, &|input| Role::WarpA { input });
                roles.extend(each(b, inputs, &|input| Role::WarpB { input }));
                roles.extend(kernel.roles(kinds));
                roles
            }
            Self::Sum(terms) | Self::Product(terms) => terms.iter().flat_map(|t| t.roles(kinds)).collect(),
        }
    }
}
