//! From a tree to its flat form, with every hyperparameter and input checked on the way.

use super::{Form, Leaf, Node, Program, Scope, WarpColumn};
use crate::gp::kernel::family::Family;
use crate::gp::kernel::{Kernel, Role};
use crate::gp::{FitError, InputKind};

impl Program {
    pub(super) fn add(
        &mut self,
        kernel: &Kernel,
        kinds: &[InputKind],
        scope: &Scope,
    ) -> Result<usize, FitError> {
        let node = match kernel {
            Kernel::Constant { variance, .. } => {
                Node::Constant(self.parameter("variance", *variance, Role::Variance)?)
            }
            Kernel::Sum(terms) => Node::Sum(self.add_all(terms, kinds, scope)?),
            Kernel::Product(terms) => Node::Product(self.add_all(terms, kinds, scope)?),
            Kernel::Warp { a, b, inputs, kernel } => {
                let scope = self.warp(a, b, inputs.as_deref(), kinds, scope)?;
                return self.add(kernel, kinds, &scope);
            }
            Kernel::Rbf { lengthscales, inputs } => {
                let form = Form::Family(Family::Rbf);
                Node::Leaf(self.distance_leaf(form, lengthscales, inputs.as_deref(), kinds, scope)?)
            }
            Kernel::Matern {
                nu,
                lengthscales,
                inputs,
            } => {
                let form = Form::Family(Family::matern(*nu)?);
                Node::Leaf(self.distance_leaf(form, lengthscales, inputs.as_deref(), kinds, scope)?)
            }
            Kernel::RationalQuadratic {
                alpha,
                lengthscales,
                inputs,
            } => {
                let form = Form::Rational(self.roles.len() + lengthscales.len());
                let leaf = self.distance_leaf(form, lengthscales, inputs.as_deref(), kinds, scope)?;
                self.parameter("alpha", *alpha, Role::Shape)?;
                Node::Leaf(leaf)
            }
            Kernel::Hamming { lengthscale, inputs } => {
                Node::Leaf(self.hamming(*lengthscale, inputs.as_deref(), kinds)?)
            }
            Kernel::Categorical { lengthscales, inputs } => {
                Node::Leaf(self.categorical(lengthscales, inputs.as_deref(), kinds)?)
            }
            Kernel::Periodic {
                lengthscales,
                periods,
                inputs,
            } => Node::Leaf(self.periodic(lengthscales, periods, inputs.as_deref(), kinds, scope)?),
            Kernel::Linear {
                variances,
                center,
                inputs,
            } => Node::Leaf(self.linear(variances, *center, inputs.as_deref(), kinds, scope)?),
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

    fn add_all(
        &mut self,
        terms: &[Kernel],
        kinds: &[InputKind],
        scope: &Scope,
    ) -> Result<Vec<usize>, FitError> {
        if terms.is_empty() {
            return Err(FitError::EmptyKernel);
        }
        terms.iter().map(|t| self.add(t, kinds, scope)).collect()
    }

    fn hamming(
        &mut self,
        lengthscale: f64,
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
    ) -> Result<usize, FitError> {
        let columns = self.columns(inputs, kinds)?;
        let param = self.parameter("lengthscale", lengthscale, Role::SharedLengthscale)?;
        let mut leaf = Leaf::new(Form::Family(Family::Rbf));
        leaf.category = columns.into_iter().map(|c| (c, param)).collect();
        Ok(self.push(leaf))
    }

    fn categorical(
        &mut self,
        lengthscales: &[f64],
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
    ) -> Result<usize, FitError> {
        let columns = self.columns(inputs, kinds)?;
        check_count("the list of lengthscales", &columns, lengthscales)?;
        let active = columns.len();
        let mut leaf = Leaf::new(Form::Family(Family::Exponential));
        leaf.power = -1.0;
        for (input, length) in columns.into_iter().zip(lengthscales) {
            let role = Role::CategoryScale { input, active };
            let param = self.parameter("lengthscale", *length, role)?;
            leaf.category.push((input, param));
        }
        Ok(self.push(leaf))
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

    /// The inputs that a leaf names.
    fn columns(&self, inputs: Option<&[usize]>, kinds: &[InputKind]) -> Result<Vec<usize>, FitError> {
        let dims = kinds.len();
        match inputs {
            None => Ok((0..dims).collect()),
            Some(list) => match list.iter().find(|&&j| j >= dims) {
                Some(&input) => Err(FitError::UnknownInput { input, dims }),
                None => Ok(list.to_vec()),
            },
        }
    }

    fn numeric_columns(
        &self,
        kernel: &'static str,
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
    ) -> Result<Vec<usize>, FitError> {
        let columns = self.columns(inputs, kinds)?;
        match columns.iter().find(|&&j| kinds[j] == InputKind::Category) {
            Some(&input) => Err(FitError::NeedsNumber { kernel, input }),
            None => Ok(columns),
        }
    }

    fn distance_leaf(
        &mut self,
        form: Form,
        lengthscales: &[f64],
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
        scope: &Scope,
    ) -> Result<usize, FitError> {
        let columns = self.columns(inputs, kinds)?;
        check_count("the list of lengthscales", &columns, lengthscales)?;
        let active = columns.len();
        let mut leaf = Leaf::new(form);
        for (input, length) in columns.into_iter().zip(lengthscales) {
            match kinds[input] {
                InputKind::Numeric => {
                    let role = Role::Lengthscale { input, active };
                    let param = self.parameter("lengthscale", *length, role)?;
                    leaf.numeric.push((scope[input], param));
                }
                InputKind::Category => {
                    let role = Role::MismatchLengthscale { input, active };
                    let param = self.parameter("lengthscale", *length, role)?;
                    leaf.category.push((input, param));
                }
            }
        }
        Ok(self.push(leaf))
    }

    fn periodic(
        &mut self,
        lengthscales: &[f64],
        periods: &[f64],
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
        scope: &Scope,
    ) -> Result<usize, FitError> {
        let columns = self.numeric_columns("periodic", inputs, kinds)?;
        check_count("the list of lengthscales", &columns, lengthscales)?;
        check_count("the list of periods", &columns, periods)?;
        let active = columns.len();
        let mut leaf = Leaf::new(Form::Family(Family::Rbf));
        for (&input, length) in columns.iter().zip(lengthscales) {
            let param = self.parameter("lengthscale", *length, Role::Lengthscale { input, active })?;
            leaf.periodic.push((scope[input], param, param + active));
        }
        for (&input, period) in columns.iter().zip(periods) {
            self.parameter("period", *period, Role::Period { input })?;
        }
        Ok(self.push(leaf))
    }

    fn linear(
        &mut self,
        variances: &[f64],
        center: f64,
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
        scope: &Scope,
    ) -> Result<usize, FitError> {
        if !center.is_finite() {
            return Err(FitError::BadHyperparameter {
                name: "center".to_owned(),
                value: center,
            });
        }
        let columns = self.numeric_columns("linear", inputs, kinds)?;
        check_count("the list of variances", &columns, variances)?;
        let active = columns.len();
        let mut leaf = Leaf::new(Form::Linear(center));
        for (input, variance) in columns.into_iter().zip(variances) {
            let param = self.parameter("variance", *variance, Role::SlopeVariance { input, active })?;
            leaf.numeric.push((scope[input], param));
        }
        Ok(self.push(leaf))
    }

    /// The columns of the warped inputs, and the scope in which they stand for them.
    fn warp(
        &mut self,
        a: &[f64],
        b: &[f64],
        inputs: Option<&[usize]>,
        kinds: &[InputKind],
        scope: &Scope,
    ) -> Result<Scope, FitError> {
        let columns = self.numeric_columns("warp", inputs, kinds)?;
        check_count("the list of exponents a", &columns, a)?;
        check_count("the list of exponents b", &columns, b)?;
        let mut inner = scope.clone();
        for (&input, a) in columns.iter().zip(a) {
            if scope[input] != input {
                return Err(FitError::WarpedTwice { input });
            }
            let a = self.parameter("a", *a, Role::WarpA { input })?;
            inner[input] = self.width();
            self.warps.push(WarpColumn {
                input,
                a,
                b: a + columns.len(),
            });
        }
        for (&input, b) in columns.iter().zip(b) {
            self.parameter("b", *b, Role::WarpB { input })?;
        }
        Ok(inner)
    }

    fn push(&mut self, leaf: Leaf) -> usize {
        self.leaves.push(leaf);
        self.leaves.len() - 1
    }
}

impl Leaf {
    fn new(form: Form) -> Self {
        Self {
            form,
            node: 0,
            power: -2.0,
            numeric: Vec::new(),
            category: Vec::new(),
            periodic: Vec::new(),
        }
    }
}

fn check_count(what: &'static str, columns: &[usize], list: &[f64]) -> Result<(), FitError> {
    if columns.len() == list.len() {
        Ok(())
    } else {
        Err(FitError::Shape {
            what,
            expected: columns.len(),
            found: list.len(),
        })
    }
}
