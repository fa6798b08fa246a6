//! The same kernel over inputs that are called otherwise: names for columns, columns for names.

use super::Kernel;

/// The inputs of a leaf under their new names.
#[derive(Clone, Debug)]
pub struct Renamed<J> {
    /// `None`: all of them.
    pub inputs: Option<Vec<J>>,
    /// Which of the old inputs are among them. One that is not has a single value: nothing is lost with it, but for what it
    /// adds to a linear leaf everywhere.
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
    /// The same covariance under other names of the inputs; `rename` gives those of a leaf. Checked below, and by
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::InputKind;

    /// A leaf of every kind but the linear one, over two inputs or over those that are named.
    fn leaves(inputs: Option<Vec<usize>>) -> Vec<Kernel> {
        let two = || vec![0.4, 0.9];
        let kernel = Box::new(Kernel::Rbf {
            lengthscales: vec![0.3; 3],
            inputs: None,
        });
        vec![
            Kernel::Rbf {
                lengthscales: two(),
                inputs: inputs.clone(),
            },
            Kernel::Matern {
                nu: 1.5,
                lengthscales: two(),
                inputs: inputs.clone(),
            },
            Kernel::Hamming {
                lengthscale: 0.7,
                inputs: inputs.clone(),
            },
            Kernel::RationalQuadratic {
                alpha: 0.8,
                lengthscales: two(),
                inputs: inputs.clone(),
            },
            Kernel::Periodic {
                lengthscales: two(),
                periods: vec![0.6, 0.7],
                inputs: inputs.clone(),
            },
            Kernel::Categorical {
                lengthscales: two(),
                inputs: inputs.clone(),
            },
            Kernel::Warp {
                a: two(),
                b: vec![1.2, 1.3],
                inputs,
                kernel,
            },
        ]
    }

    #[test]
    fn a_kernel_is_the_same_whatever_its_inputs_are_called() {
        let names = ["a", "b", "c"];
        let (x, y) = ([0.1, 0.5, 0.9], [0.7, 0.5, 0.2]);
        let kinds = [InputKind::Numeric; 3];
        let tree = Kernel::Product(vec![Kernel::constant(1.7), Kernel::Sum(leaves(Some(vec![2, 0])))]);
        let named = tree.renamed(&|columns| Renamed {
            inputs: columns.map(|list| list.iter().map(|i| names[*i].to_owned()).collect()),
            stays: vec![true; 3],
        });
        let Kernel::Product(terms) = &named else {
            panic!("{named:?}")
        };
        assert!(matches!(&terms[1], Kernel::Sum(leaves) if matches!(&leaves[0],
            Kernel::Rbf { inputs: Some(list), .. } if *list == ["c", "a"])));
        // Back, with the columns in another order.
        let back = named.renamed(&|list| Renamed {
            inputs: list.map(|list| {
                list.iter()
                    .map(|n| 2 - names.iter().position(|name| name == n).unwrap())
                    .collect()
            }),
            stays: vec![true; 3],
        });
        let turned = |p: [f64; 3]| [p[2], p[1], p[0]];
        let value = |kernel: &Kernel, x: &[f64], y: &[f64]| kernel.value(&kinds, x, y).unwrap();
        let (before, after) = (value(&tree, &x, &y), value(&back, &turned(x), &turned(y)));
        assert!((before - after).abs() < 1e-14, "{before} {after}");
    }

    #[test]
    fn an_input_that_never_differs_may_go() {
        let without = |columns: Option<&[usize]>| {
            let old = columns.map_or(vec![0, 1], <[usize]>::to_vec);
            Renamed {
                inputs: Some(old.iter().copied().filter(|i| *i != 1).collect::<Vec<usize>>()),
                stays: old.iter().map(|i| *i != 1).collect(),
            }
        };
        let kinds = [InputKind::Numeric; 3];
        let (x, y) = ([0.1, 0.5, 0.3], [0.7, 0.5, 0.3]);
        for kernel in leaves(Some(vec![0, 1])) {
            let less = kernel.renamed(&without);
            let (before, after) = (kernel.value(&kinds, &x, &y), less.value(&kinds, &x, &y));
            let (before, after) = (before.unwrap(), after.unwrap());
            assert!((before - after).abs() < 1e-14, "{kernel:?}: {before} {after}");
        }
    }
}
