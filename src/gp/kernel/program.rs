//! A kernel tree flattened for evaluation over one set of inputs.

mod compile;

use std::borrow::Cow;
use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::block::{Columns, Scratch};
use super::family::Family;
use super::warp::kumaraswamy;
use super::{Kernel, KernelGradient, Role, mean_square_from};
use crate::gp::{FitError, InputKind};

/// Largest `1/ℓ²`.
const STEEPEST: f64 = 1e200;

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

/// What a leaf makes of its columns.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// `g(q)`.
    Family(Family),
    /// `(1 + q/(2α))^(−α)`; the parameter of α.
    Rational(usize),
    /// `Σ v (x − c)(x' − c)`; the center c.
    Linear(f64),
}

/// A leaf: which columns it compares, and which parameter holds the lengthscale (or variance) of each.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub form: Form,
    /// Node index of this leaf.
    pub node: usize,
    /// `∂q_j/∂log ℓ_j` in units of `q_j`: −2 where its weight is `1/ℓ²`, −1 where it is `1/(mℓ)`.
    pub power: f64,
    /// `(column, parameter)` of the inputs compared by difference.
    pub numeric: Vec<(usize, usize)>,
    /// `(column, parameter)` of the inputs compared by `≠`.
    pub category: Vec<(usize, usize)>,
    /// `(column, parameter of the lengthscale, of the period)`.
    pub periodic: Vec<(usize, usize, usize)>,
}

/// A column made of another one: the input, and the parameters of its warp.
#[derive(Clone, Copy, Debug)]
struct WarpColumn {
    input: usize,
    a: usize,
    b: usize,
}

/// The shape of a kernel over given inputs; hyperparameters are passed in as [`Program::weights`].
///
/// Warped inputs are columns of their own after the real ones: what is called x below has them appended
/// ([`Program::widen`]), so that the inner loops know nothing of warps.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
    /// Real inputs.
    dims: usize,
    warps: Vec<WarpColumn>,
    roles: Vec<Role>,
}

/// The column that stands for each input inside a warp.
type Scope = Vec<usize>;

impl Program {
    /// Checks a kernel against its inputs and flattens it.
    pub(crate) fn compile(kernel: &Kernel, kinds: &[InputKind]) -> Result<Self, FitError> {
        let mut program = Self {
            nodes: Vec::new(),
            leaves: Vec::new(),
            dims: kinds.len(),
            warps: Vec::new(),
            roles: Vec::new(),
        };
        let scope = (0..kinds.len()).collect();
        program.add(kernel, kinds, &scope)?;
        Ok(program)
    }

    /// Number of columns: inputs, and warped ones after them.
    pub(crate) fn width(&self) -> usize {
        self.dims + self.warps.len()
    }

    pub(crate) fn has_warps(&self) -> bool {
        !self.warps.is_empty()
    }

    /// Whether `k(x, x)` is the same everywhere.
    pub(crate) fn is_even(&self) -> bool {
        self.leaves
            .iter()
            .all(|leaf| !matches!(leaf.form, Form::Linear(_)))
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
                Role::Variance
                | Role::Noise
                | Role::Shape
                | Role::SlopeVariance { .. }
                | Role::WarpA { .. }
                | Role::WarpB { .. } => *p,
                Role::Lengthscale { .. } | Role::MismatchLengthscale { .. } | Role::SharedLengthscale => {
                    // A length whose square underflows says nothing of a difference of 0, and must not overflow.
                    (1.0 / (p * p)).min(STEEPEST)
                }
                #[expect(clippy::cast_precision_loss, reason = "few inputs")]
                Role::CategoryScale { active, .. } => 1.0 / (*active as f64 * p),
                Role::Period { .. } => PI / p,
            };
        }
    }

    /// The points with their warped columns.
    pub(crate) fn widen<'a>(&self, weights: &[f64], x: &'a DMatrix<f64>) -> Cow<'a, DMatrix<f64>> {
        if self.warps.is_empty() {
            return Cow::Borrowed(x);
        }
        let mut wide = x.clone().resize_horizontally(self.width(), 0.0);
        for (k, warp) in self.warps.iter().enumerate() {
            for i in 0..x.nrows() {
                wide[(i, self.dims + k)] =
                    kumaraswamy(x[(i, warp.input)], weights[warp.a], weights[warp.b]).value;
            }
        }
        Cow::Owned(wide)
    }

    /// Of a gradient by the columns of a point, its part by the real inputs.
    pub(crate) fn fold<const N: usize>(&self, weights: &[f64], point: &[f64], gradient: &mut Vec<[f64; N]>) {
        for (k, warp) in self.warps.iter().enumerate() {
            let slope = kumaraswamy(point[warp.input], weights[warp.a], weights[warp.b]).slope;
            let along = gradient[self.dims + k];
            for (g, a) in gradient[warp.input].iter_mut().zip(along) {
                *g += slope * a;
            }
        }
        gradient.truncate(self.dims);
    }

    /// Adds to a gradient by the logs of the parameters what the columns of a point have to do with it:
    /// `by_column` is the gradient by those.
    pub(crate) fn add_warp_gradient(
        &self,
        weights: &[f64],
        point: &[f64],
        by_column: &[[f64; 2]],
        gradient: &mut [f64],
    ) {
        for (k, warp) in self.warps.iter().enumerate() {
            let at = kumaraswamy(point[warp.input], weights[warp.a], weights[warp.b]);
            let by = by_column[self.dims + k][0];
            gradient[warp.a] += by * at.dlog_a;
            gradient[warp.b] += by * at.dlog_b;
        }
    }

    /// `k(x, x)`; where it is not the same everywhere, its mean over the unit cube (of a product, that of its
    /// factors).
    pub(crate) fn prior_variance(&self, weights: &[f64]) -> f64 {
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            values.push(match node {
                Node::Constant(p) => weights[*p],
                Node::Leaf(leaf) => match &self.leaves[*leaf] {
                    Leaf {
                        form: Form::Linear(center),
                        numeric,
                        ..
                    } => numeric.iter().map(|(_, p)| weights[*p]).sum::<f64>() * mean_square_from(*center),
                    _ => 1.0,
                },
                Node::Sum(list) => list.iter().map(|&c| values[c]).sum(),
                Node::Product(list) => list.iter().map(|&c| values[c]).product(),
            });
        }
        values.last().copied().unwrap_or(0.0)
    }

    /// `k(a, b)`.
    pub(crate) fn pair(&self, weights: &[f64], a: &[f64], b: &[f64]) -> f64 {
        let (a, b) = (self.widen_point(weights, a), self.widen_point(weights, b));
        let mut value = [0.0];
        let scratch = &mut Scratch::new(self);
        self.fill_cross(weights, Columns::row(&b), Columns::row(&a), &mut value, scratch);
        value[0]
    }

    /// As [`Program::widen`], of one point.
    pub(crate) fn widen_point(&self, weights: &[f64], point: &[f64]) -> Vec<f64> {
        let mut wide = point.to_vec();
        for warp in &self.warps {
            wide.push(kumaraswamy(point[warp.input], weights[warp.a], weights[warp.b]).value);
        }
        wide
    }

    /// `k(a, b)` with its derivatives by the logs of the parameters and by `a`.
    pub(crate) fn pair_gradient(&self, weights: &[f64], a: &[f64], b: &[f64]) -> KernelGradient {
        let mut scratch = Scratch::new(self);
        let value = self.pair(weights, a, b);
        let (wide_a, wide_b) = (self.widen_point(weights, a), self.widen_point(weights, b));
        self.contract_pair(weights, Columns::row(&wide_b), &wide_a, &mut scratch);
        let mut dlog = vec![0.0; self.params()];
        scratch.take_gradient(&mut dlog);
        let mut by_first = |first: &[f64], second: &[f64]| {
            let mut dx = vec![[0.0; 2]; self.width()];
            let none: [&[f64]; 2] = [&[1.0], &[0.0]];
            self.contract_point(weights, Columns::row(second), first, none, &mut dx, &mut scratch);
            dx
        };
        let mut dx = by_first(&wide_a, &wide_b);
        if self.has_warps() {
            self.add_warp_gradient(weights, a, &dx, &mut dlog);
            let dx_b = by_first(&wide_b, &wide_a);
            self.add_warp_gradient(weights, b, &dx_b, &mut dlog);
        }
        self.fold(weights, a, &mut dx);
        KernelGradient {
            value,
            dlog,
            dx: dx.iter().map(|d| d[0]).collect(),
        }
    }
}
