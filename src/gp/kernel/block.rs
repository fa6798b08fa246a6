//! The inner loops: kernel values and contracted derivatives, sixty-four rows at a time.
//!
//! Rows are read a column (one input) at a time, so every loop runs over neighbouring numbers and
//! compiles to vector code at the width that the machine has (`pulp` chooses at run time). Differences are taken
//! before scaling: `(x − x')²/ℓ²` is exact to the last place for near-duplicates, `|u|² + |u'|² − 2uu'` is not.

use pulp::{Arch, Simd, WithSimd};

use super::program::Program;

/// Rows a block.
pub(super) const BLOCK: usize = 64;
/// Widest vector of doubles; blocks are padded to a multiple of it so that no scalar tail remains.
pub(super) const LANES: usize = 8;

pub(super) type Block = [f64; BLOCK];

/// Rows as columns: entry `(i, j)` at `j·rows + i`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    values: &'a [f64],
    pub(super) rows: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(x: &'a nalgebra::DMatrix<f64>) -> Self {
        Self {
            values: x.as_slice(),
            rows: x.nrows(),
        }
    }

    /// One point.
    pub(crate) fn row(point: &'a [f64]) -> Self {
        Self {
            values: point,
            rows: 1,
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    pub(super) fn part(&self, column: usize, start: usize, len: usize) -> &'a [f64] {
        &self.values[column * self.rows + start..][..len]
    }

    fn copy_row(&self, row: usize, point: &mut [f64]) {
        for (j, p) in point.iter_mut().enumerate() {
            *p = self.values[j * self.rows + row];
        }
    }
}

/// Buffers of one evaluation, kept between calls so that inner loops do not allocate.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    /// Value of each node, and the derivative of the root by it.
    pub(super) value: Vec<Block>,
    pub(super) adjoint: Vec<Block>,
    /// `g'(q)` of each leaf.
    pub(super) slope: Vec<Block>,
    pub(super) q: Block,
    /// Partial sums of `Σ coefficient · ∂k/∂log θ`, eight a parameter.
    pub(super) sums: Vec<[f64; LANES]>,
    point: Vec<f64>,
}

impl Scratch {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            value: vec![[0.0; BLOCK]; program.nodes.len()],
            adjoint: vec![[0.0; BLOCK]; program.nodes.len()],
            slope: vec![[0.0; BLOCK]; program.leaves.len()],
            q: [0.0; BLOCK],
            sums: vec![[0.0; LANES]; program.params()],
            point: vec![0.0; program.width()],
        }
    }

    /// Adds the sums gathered so far to `gradient` and clears them.
    pub(crate) fn take_gradient(&mut self, gradient: &mut [f64]) {
        for (g, sum) in gradient.iter_mut().zip(&mut self.sums) {
            *g += sum.iter().sum::<f64>();
            *sum = [0.0; LANES];
        }
    }
}

/// Leaf values and slopes of a lower triangle, kept from the forward pass for the gradient. Columns stand one after the
/// other, each from its diagonal entry on.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeafStore {
    value: Vec<Vec<f64>>,
    slope: Vec<Vec<f64>>,
}

impl LeafStore {
    pub(crate) fn resize(&mut self, program: &Program, n: usize) {
        let size = n * (n + 1) / 2;
        for list in [&mut self.value, &mut self.slope] {
            list.resize_with(program.leaves.len(), Vec::new);
            list.iter_mut().for_each(|v| v.resize(size, 0.0));
        }
    }
}

/// `a_ij = u_i α_j + α_i u_j − b_ij` of a symmetric contraction, halved on the diagonal so that the lower triangle
/// stands for half of the whole.
#[derive(Clone, Copy)]
pub(crate) struct Coefficients<'a> {
    pub alpha: &'a [f64],
    pub u: &'a [f64],
    /// n × n, lower triangle.
    pub b: &'a [f64],
}

impl Coefficients<'_> {
    #[inline(always)]
    fn fill(&self, j: usize, start: usize, out: &mut [f64]) {
        let (n, end) = (self.alpha.len(), start + out.len());
        let (aj, uj) = (self.alpha[j], self.u[j]);
        let b = &self.b[j * n + start..][..out.len()];
        let rows = self.alpha[start..end].iter().zip(&self.u[start..end]).zip(b);
        for (out, ((a, u), b)) in out.iter_mut().zip(rows) {
            *out = u * aj + a * uj - b;
        }
        if start == j {
            out[0] *= 0.5;
        }
    }
}

/// A method of [`Program`] that is compiled once for each width of vectors; what is called picks the one that the machine
/// has. Its body inlines into [`WithSimd::with_simd`], where a closure only might.
macro_rules! at_each_width {
    (
        $(#[$doc:meta])*
        fn $name:ident<$life:lifetime>($program:ident, $($argument:ident: $type:ty),* $(,)?) $body:block
    ) => {
        $(#[$doc])*
        pub(crate) fn $name<$life>(&$life self, $($argument: $type),*) {
            struct Task<$life> {
                $program: &$life Program,
                $($argument: $type),*
            }

            impl WithSimd for Task<'_> {
                type Output = ();

                #[inline(always)]
                fn with_simd<S: Simd>(self, _: S) {
                    let Self { $program, $($argument),* } = self;
                    $body
                }
            }

            Arch::new().dispatch(Task { $program: self, $($argument),* });
        }
    };
}

impl Program {
    at_each_width! {
        /// `out[(i, c)] = k(point c, row i)`, column-major, one column a point.
        fn fill_cross<'a>(
            program,
            weights: &'a [f64],
            x: Columns<'a>,
            points: Columns<'a>,
            out: &'a mut [f64],
            scratch: &'a mut Scratch,
        ) {
            let root = program.nodes.len() - 1;
            let mut point = std::mem::take(&mut scratch.point);
            // Without rows there is nothing to fill; chunks have at least one.
            for (c, column) in out.chunks_exact_mut(x.rows.max(1)).enumerate() {
                points.copy_row(c, &mut point);
                for (b, part) in column.chunks_mut(BLOCK).enumerate() {
                    let len = part.len();
                    program.forward(weights, x, b * BLOCK, len, &point, scratch);
                    part.copy_from_slice(&scratch.value[root][..len]);
                }
            }
            scratch.point = point;
        }
    }

    at_each_width! {
        /// The lower triangle of `k(x, x)`, column-major; the rest of `out` is left alone. With a store, leaf
        /// values and slopes are kept for [`Program::contract_triangle`].
        fn fill_triangle<'a>(
            program,
            weights: &'a [f64],
            x: Columns<'a>,
            out: &'a mut [f64],
            store: Option<&'a mut LeafStore>,
            scratch: &'a mut Scratch,
        ) {
            let mut store = store;
            let n = x.rows;
            let root = program.nodes.len() - 1;
            let mut point = std::mem::take(&mut scratch.point);
            let mut at = 0;
            for j in 0..n {
                x.copy_row(j, &mut point);
                let mut start = j;
                while start < n {
                    let len = BLOCK.min(n - start);
                    program.forward(weights, x, start, len, &point, scratch);
                    out[j * n + start..][..len].copy_from_slice(&scratch.value[root][..len]);
                    if let Some(store) = store.as_deref_mut() {
                        for (l, leaf) in program.leaves.iter().enumerate() {
                            store.value[l][at..at + len].copy_from_slice(&scratch.value[leaf.node][..len]);
                            store.slope[l][at..at + len].copy_from_slice(&scratch.slope[l][..len]);
                        }
                    }
                    at += len;
                    start += len;
                }
            }
            scratch.point = point;
        }
    }

    at_each_width! {
        /// Adds `Σ_{i≥j} a_ij ∂k_ij/∂log θ` to the sums of the scratch, from the stored forward pass.
        fn contract_triangle<'a>(
            program,
            weights: &'a [f64],
            x: Columns<'a>,
            store: &'a LeafStore,
            coefficients: Coefficients<'a>,
            scratch: &'a mut Scratch,
        ) {
            let n = x.rows;
            let root = program.nodes.len() - 1;
            let mut point = std::mem::take(&mut scratch.point);
            let mut at = 0;
            for j in 0..n {
                x.copy_row(j, &mut point);
                let mut start = j;
                while start < n {
                    let len = BLOCK.min(n - start);
                    for (l, leaf) in program.leaves.iter().enumerate() {
                        scratch.value[leaf.node][..len].copy_from_slice(&store.value[l][at..at + len]);
                        scratch.slope[l][..len].copy_from_slice(&store.slope[l][at..at + len]);
                    }
                    program.inner_nodes(weights, scratch);
                    coefficients.fill(j, start, &mut scratch.adjoint[root][..len]);
                    program.backward(scratch);
                    program.add_log_gradient(weights, x, start, len, &point, scratch);
                    at += len;
                    start += len;
                }
            }
            scratch.point = point;
        }
    }

    at_each_width! {
        /// Adds `∂k(point, row)/∂log θ` of a single pair to the sums of the scratch.
        fn contract_pair<'a>(
            program,
            weights: &'a [f64],
            row: Columns<'a>,
            point: &'a [f64],
            scratch: &'a mut Scratch,
        ) {
            let root = program.nodes.len() - 1;
            program.forward(weights, row, 0, 1, point, scratch);
            scratch.adjoint[root].fill(1.0);
            program.backward(scratch);
            program.add_log_gradient(weights, row, 0, 1, point, scratch);
        }
    }

    at_each_width! {
        /// `gradient[j][s] += Σ_i coefficients[s][i] ∂k(point, row i)/∂point_j`.
        fn contract_point<'a>(
            program,
            weights: &'a [f64],
            x: Columns<'a>,
            point: &'a [f64],
            coefficients: [&'a [f64]; 2],
            gradient: &'a mut [[f64; 2]],
            scratch: &'a mut Scratch,
        ) {
            program.contract_point_here(weights, x, point, coefficients, gradient, scratch);
        }
    }
}
