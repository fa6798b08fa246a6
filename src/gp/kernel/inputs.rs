//! The same kernel over inputs that are called otherwise: names for columns, columns for names.

use super::Kernel;

/// The inputs of a leaf under their new names.
#[derive(Clone, Debug)]
pub struct Renamed<J> {
    /// `None`: all of them.
    pub inputs: Option<Vec<J>>,
    /// Which of the old inputs are among them. One that is not has a single value, so that nothing is lost with it.
    pub stays: Vec<bool>,
}

impl<J> Renamed<J> {
    /// The entries of a list, one an old input, that belong to inputs that stay.
    fn of(&self, list: &[f64]) -> Vec<f64> {
        let each = list.iter().zip(&self.stays);
        each.filter(|(_, stays)| **stays).map(|(v, _)| *v).collect()
    }
}

impl<I> Kernel<I> {
    /// The same covariance under other names of the inputs; `rename` gives those of a leaf. Checked by
    /// `tests/models.rs`.
    #[must_use]
    pub fn renamed<J>(&self, rename: &dyn Fn(Option<&[I]>) -> Renamed<J>) -> Kernel<J> {
        let all = |terms: &[Self]| terms.iter().map(|t| t.renamed(rename)).collect();
        let leaf = |inputs: &Option<Vec<I>>| rename(inputs.as_deref());
        match self {
            Self::Constant { variance, .. } => Kernel::Constant {
                variance: *variance,
                inputs: None,
            },
            Self::Rbf { lengthscales, inputs } => {
                let new = leaf(inputs);
                Kernel::Rbf {
                    lengthscales: new.of(lengthscales),
                    inputs: new.inputs,
                }
            }
            Self::Matern {
                nu,
                lengthscales,
                inputs,
            } => {
                let new = leaf(inputs);
                Kernel::Matern {
                    nu: *nu,
                    lengthscales: new.of(lengthscales),
                    inputs: new.inputs,
                }
            }
            Self::Hamming { lengthscale, inputs } => Kernel::Hamming {
                lengthscale: *lengthscale,
                inputs: leaf(inputs).inputs,
            },
            Self::RationalQuadratic {
                alpha,
                lengthscales,
                inputs,
            } => {
                let new = leaf(inputs);
                Kernel::RationalQuadratic {
                    alpha: *alpha,
                    lengthscales: new.of(lengthscales),
                    inputs: new.inputs,
                }
            }
            Self::Periodic {
                lengthscales,
                periods,
                inputs,
            } => {
                let new = leaf(inputs);
                Kernel::Periodic {
                    lengthscales: new.of(lengthscales),
                    periods: new.of(periods),
                    inputs: new.inputs,
                }
            }
            Self::Linear {
                variances,
                center,
                inputs,
            } => {
                let new = leaf(inputs);
                Kernel::Linear {
                    variances: new.of(variances),
                    center: *center,
                    inputs: new.inputs,
                }
            }
            Self::Categorical { lengthscales, inputs } => {
                let new = leaf(inputs);
                let kept = new.of(lengthscales);
                // The mean over inputs counts those with one value, too, which never differ.
                #[expect(clippy::cast_precision_loss, reason = "few inputs")]
                let share = lengthscales.len() as f64 / kept.len().max(1) as f64;
                Kernel::Categorical {
                    lengthscales: kept.iter().map(|l| l * share).collect(),
                    inputs: new.inputs,
                }
            }
            Self::Warp { a, b, inputs, kernel } => {
                let new = leaf(inputs);
                Kernel::Warp {
                    a: new.of(a),
                    b: new.of(b),
                    inputs: new.inputs,
                    kernel: Box::new(kernel.renamed(rename)),
                }
            }
            Self::Sum(terms) => Kernel::Sum(all(terms)),
            Self::Product(terms) => Kernel::Product(all(terms)),
        }
    }
}
