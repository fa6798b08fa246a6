//! A kernel tree flattened for evaluation over one set of inputs.

use super::block::{Columns, Scratch};
use super::family::Family;
use super::{Kernel, KernelGradient, Role};
use crate::gp::{FitError, InputKind};

/// One node; children come before their parent.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Index of its variance among the parameters.
    Constant(usize),
    /// Index into the leaves.
    Leaf(usize),
    Sum(Vec<usize>),
    Product(Vec<usize>),
}

/// A stationary leaf: which columns it compares, and which parameter holds the lengthscale of each.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub family: Family,
    /// Node index of this leaf.
    pub node: usize,
    /// `(column, parameter)` of the inputs compared by difference.
    pub numeric: Vec<(usize, usize)>,
    /// `(column, parameter)` of the inputs compared by `≠`.
    pub category: Vec<(usize, usize)>,
}

/// The shape of a kernel over given inputs; hyperparameters are passed in as [`Program::weights`].
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) dims: usize,
    roles: Vec<Role>,
}

impl Program {
    /// Checks a kernel against its inputs and flattens it.
    pub(crate) fn compile(kernel: &Kernel, kinds: &[InputKind]) -> Result<Self, FitError> {
        let mut program = Self {
            nodes: Vec::new(),
            leaves: Vec::new(),
            dims: kinds.len(),
            roles: Vec::new(),
        };
        program.add(kernel, kinds)?;
        Ok(program)
    }

    /// Number of hyperparameters.
    pub(crate) fn params(&self) -> usize {
        self.roles.len()
    }

    pub(crate) fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// What the inner loops multiply with, one a parameter: variances, and `1/ℓ²` for lengthscales.
    pub(crate) fn weights(&self, parameters: &[f64]) -> Vec<f64> {
        let mut weights = vec![0.0; parameters.len()];
        self.fill_weights(parameters, &mut weights);
        weights
    }

    pub(crate) fn fill_weights(&self, parameters: &[f64], weights: &mut [f64]) {
        for ((w, p), role) in weights.iter_mut().zip(parameters).zip(&self.roles) {
            *w = match role {
                Role::Variance | Role::Noise => *p,
                Role::Lengthscale { .. } | Role::SharedLengthscale => 1.0 / (p * p),
            };
        }
    }

    fn add(&mut self, kernel: &Kernel, kinds: &[InputKind]) -> Result<usize, FitError> {
        let node = match kernel {
            Kernel::Constant { variance, .. } => {
                let param = self.parameter("variance", *variance, Role::Variance)?;
                Node::Constant(param)
            }
            Kernel::Rbf { lengthscales, inputs } => {
                Node::Leaf(self.stationary(Family::Rbf, lengthscales, inputs.as_deref(), kinds)?)
            }
            Kernel::Matern {
                nu,
                lengthscales,
                inputs,
            } => Node::Leaf(self.stationary(Family::matern(*nu)?, lengthscales, inputs.as_deref(), kinds)?),
            Kernel::Hamming { lengthscale, inputs } => {
                let param = self.parameter("lengthscale", *lengthscale, Role::SharedLengthscale)?;
                let columns = self.columns(inputs.as_deref(), kinds)?;
                Node::Leaf(self.leaf(Family::Rbf, Vec::new(), columns.map(|c| (c, param)).collect()))
            }
            Kernel::Sum(terms) => Node::Sum(self.add_all(terms, kinds)?),
            Kernel::Product(terms) => Node::Product(self.add_all(terms, kinds)?),
        };
        let index = self.nodes.len();
        if let Node::Leaf(leaf) = node
            && let Some(leaf) = self.leaves.get_mut(leaf)
        {
            leaf.node = index;
        }
        self.nodes.push(node);
        Ok(index)
    }

    fn add_all(&mut self, terms: &[Kernel], kinds: &[InputKind]) -> Result<Vec<usize>, FitError> {
        if terms.is_empty() {
            return Err(FitError::EmptyKernel);
        }
        terms.iter().map(|t| self.add(t, kinds)).collect()
    }

    fn parameter(&mut self, name: &str, value: f64, role: Role) -> Result<usize, FitError> {
        if !(value.is_finite() && value > 0.0) {
            return Err(FitError::BadHyperparameter {
                name: name.to_owned(),
                value,
            });
        }
        self.roles.push(role);
        Ok(self.roles.len() - 1)
    }

    fn columns<'a>(
        &self,
        inputs: Option<&'a [usize]>,
        kinds: &[InputKind],
    ) -> Result<Box<dyn Iterator<Item = usize> + 'a>, FitError> {
        let dims = kinds.len();
        match inputs {
            None => Ok(Box::new(0..dims)),
            Some(list) => match list.iter().find(|&&j| j >= dims) {
                Some(&input) => Err(FitError::UnknownInput { input, dims }),
                None => Ok(Box::new(list.iter().copied())),
            },
        }
    }

    fn stationary(
        &mut self,
        family: Family,
        lengthscales: &[f64],
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
    ) -> Result<usize, FitError> {
        let columns: Vec<usize> = self.columns(inputs, kinds)?.collect();
        if columns.len() != lengthscales.len() {
            return Err(FitError::Shape {
                what: "the list of lengthscales",
                expected: columns.len(),
                found: lengthscales.len(),
            });
        }
        let (mut numeric, mut category) = (Vec::new(), Vec::new());
        for (&column, &length) in columns.iter().zip(lengthscales) {
            let active = columns.len();
            let param = self.parameter(
                "lengthscale",
                length,
                Role::Lengthscale {
                    input: column,
                    active,
                },
            )?;
            match kinds[column] {
                InputKind::Numeric => numeric.push((column, param)),
                InputKind::Category => category.push((column, param)),
            }
        }
        Ok(self.leaf(family, numeric, category))
    }

    fn leaf(&mut self, family: Family, numeric: Vec<(usize, usize)>, category: Vec<(usize, usize)>) -> usize {
        self.leaves.push(Leaf {
            family,
            node: 0,
            numeric,
            category,
        });
        self.leaves.len() - 1
    }

    /// `k(x, x)`.
    pub(crate) fn prior_variance(&self, weights: &[f64]) -> f64 {
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            values.push(match node {
                Node::Constant(p) => weights[*p],
                Node::Leaf(_) => 1.0,
                Node::Sum(list) => list.iter().map(|&c| values[c]).sum(),
                Node::Product(list) => list.iter().map(|&c| values[c]).product(),
            });
        }
        values.last().copied().unwrap_or(0.0)
    }

    /// `k(a, b)`.
    pub(crate) fn pair(&self, weights: &[f64], a: &[f64], b: &[f64]) -> f64 {
        let mut value = [0.0];
        let scratch = &mut Scratch::new(self);
        self.fill_cross(weights, Columns::row(b), Columns::row(a), &mut value, scratch);
        value[0]
    }

    /// `k(a, b)` with its derivatives by the logs of the parameters and by `a`.
    pub(crate) fn pair_gradient(&self, weights: &[f64], a: &[f64], b: &[f64]) -> KernelGradient {
        let mut scratch = Scratch::new(self);
        let value = self.pair(weights, a, b);
        self.contract_pair(weights, Columns::row(b), a, &mut scratch);
        let mut dlog = vec![0.0; self.params()];
        scratch.take_gradient(&mut dlog);
        let mut dx = vec![[0.0; 2]; self.dims];
        self.contract_point(
            weights,
            Columns::row(b),
            a,
            [&[1.0], &[0.0]],
            &mut dx,
            &mut scratch,
        );
        KernelGradient {
            value,
            dlog,
            dx: dx.iter().map(|d| d[0]).collect(),
        }
    }
}
