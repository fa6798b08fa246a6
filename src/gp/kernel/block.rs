//! The inner loops: kernel values and contracted derivatives, sixty-four rows at a time.
//!
//! Rows are read a column (one input) at a time, so every loop runs over neighbouring numbers and
//! compiles to vector code at the width that the machine has (`pulp` chooses at run time). Differences are taken
//! before scaling: `(x − x')²/ℓ²` is exact to the last place for near-duplicates, `|u|² + |u'|² − 2uu'` is not.

use pulp::{Arch, Simd, WithSimd};

use super::program::{Leaf, Node, Program};

/// Rows a block.
const BLOCK: usize = 64;
/// Widest vector of doubles; blocks are padded to a multiple of it so that no scalar tail remains.
const LANES: usize = 8;

type Block = [f64; BLOCK];

/// Rows as columns: entry `(i, j)` at `j·rows + i`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    values: &'a [f64],
    rows: usize,
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
    fn part(&self, column: usize, start: usize, len: usize) -> &'a [f64] {
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
    value: Vec<Block>,
    adjoint: Vec<Block>,
    /// `g'(q)` of each leaf.
    slope: Vec<Block>,
    q: Block,
    /// Partial sums of `Σ coefficient · ∂k/∂log θ`, eight a parameter.
    sums: Vec<[f64; LANES]>,
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
            point: vec![0.0; program.dims],
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

/// Leaf values and slopes of a lower triangle, kept from the forward pass for the gradient.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeafStore {
    value: Vec<Vec<f64>>,
    slope: Vec<Vec<f64>>,
}

impl LeafStore {
    pub(crate) fn resize(&mut self, program: &Program, n: usize) {
        let size = n * n;
        for list in [&mut self.value, &mut self.slope] {
            list.resize_with(program.leaves.len(), Vec::new);
            list.iter_mut().for_each(|v| v.resize(size, 0.0));
        }
    }
}

/// Runs its body compiled for the widest vectors of this machine.
struct Vectorized<F>(F);

impl<F: FnOnce()> WithSimd for Vectorized<F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        (self.0)();
    }
}

impl Program {
    /// `out[i] = k(point, row start+i)`.
    pub(crate) fn fill(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        start: usize,
        point: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        Arch::new().dispatch(Vectorized(
            #[inline(always)]
            || self.fill_here(weights, x, start, point, out, scratch),
        ));
    }

    /// `out[(i, c)] = k(point c, row i)`, column-major, one column a point.
    pub(crate) fn fill_cross(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        points: Columns<'_>,
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        if x.rows == 0 {
            return;
        }
        let mut point = std::mem::take(&mut scratch.point);
        Arch::new().dispatch(Vectorized(
            #[inline(always)]
            || {
                for (c, column) in out.chunks_exact_mut(x.rows).enumerate() {
                    points.copy_row(c, &mut point);
                    self.fill_here(weights, x, 0, &point, column, scratch);
                }
            },
        ));
        scratch.point = point;
    }

    /// The lower triangle of `k(x, x)`, column-major; the rest of `out` is left alone. With a store, leaf
    /// values and slopes are kept for [`Program::contract_triangle`].
    pub(crate) fn fill_triangle(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        out: &mut [f64],
        mut store: Option<&mut LeafStore>,
        scratch: &mut Scratch,
    ) {
        let n = x.rows;
        let mut point = std::mem::take(&mut scratch.point);
        Arch::new().dispatch(Vectorized(
            #[inline(always)]
            || {
                for j in 0..n {
                    x.copy_row(j, &mut point);
                    let mut start = j;
                    while start < n {
                        let len = BLOCK.min(n - start);
                        self.forward(weights, x, start, len, &point, scratch);
                        let at = j * n + start;
                        out[at..at + len].copy_from_slice(&scratch.value[self.nodes.len() - 1][..len]);
                        if let Some(store) = store.as_deref_mut() {
                            for (l, leaf) in self.leaves.iter().enumerate() {
                                store.value[l][at..at + len]
                                    .copy_from_slice(&scratch.value[leaf.node][..len]);
                                store.slope[l][at..at + len].copy_from_slice(&scratch.slope[l][..len]);
                            }
                        }
                        start += len;
                    }
                }
            },
        ));
        scratch.point = point;
    }

    /// Adds `Σ_{i≥j} a_ij ∂k_ij/∂log θ` to the sums of the scratch, from the stored forward pass;
    /// `coefficients(j, start, block)` gives `a_ij` for the rows from `start`.
    pub(crate) fn contract_triangle(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        store: &LeafStore,
        coefficients: impl Fn(usize, usize, &mut [f64]),
        scratch: &mut Scratch,
    ) {
        let n = x.rows;
        let mut point = std::mem::take(&mut scratch.point);
        let root = self.nodes.len() - 1;
        Arch::new().dispatch(Vectorized(
            #[inline(always)]
            || {
                for j in 0..n {
                    x.copy_row(j, &mut point);
                    let mut start = j;
                    while start < n {
                        let len = BLOCK.min(n - start);
                        let at = j * n + start;
                        for (l, leaf) in self.leaves.iter().enumerate() {
                            scratch.value[leaf.node][..len].copy_from_slice(&store.value[l][at..at + len]);
                            scratch.slope[l][..len].copy_from_slice(&store.slope[l][at..at + len]);
                        }
                        self.inner_nodes(weights, scratch);
                        let adjoint = &mut scratch.adjoint[root];
                        coefficients(j, start, &mut adjoint[..len]);
                        adjoint[len..].fill(0.0);
                        self.backward(scratch);
                        self.add_log_gradient(weights, x, start, len, &point, scratch);
                        start += len;
                    }
                }
            },
        ));
        scratch.point = point;
    }

    /// Adds `Σ_i c_i ∂k(point, row i)/∂log θ` to the sums of the scratch.
    pub(crate) fn contract_log_parameters(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        start: usize,
        point: &[f64],
        coefficients: &[f64],
        scratch: &mut Scratch,
    ) {
        let root = self.nodes.len() - 1;
        Arch::new().dispatch(Vectorized(
            #[inline(always)]
            || {
                for (b, part) in coefficients.chunks(BLOCK).enumerate() {
                    let (start, len) = (start + b * BLOCK, part.len());
                    self.forward(weights, x, start, len, point, scratch);
                    scratch.adjoint[root][..len].copy_from_slice(part);
                    scratch.adjoint[root][len..].fill(0.0);
                    self.backward(scratch);
                    self.add_log_gradient(weights, x, start, len, point, scratch);
                }
            },
        ));
    }

    /// `gradient[j][s] += Σ_i coefficients[s][i] ∂k(point, row i)/∂point_j`.
    pub(crate) fn contract_point(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        point: &[f64],
        coefficients: [&[f64]; 2],
        gradient: &mut [[f64; 2]],
        scratch: &mut Scratch,
    ) {
        Arch::new().dispatch(Vectorized(
            #[inline(always)]
            || self.contract_point_here(weights, x, point, coefficients, gradient, scratch),
        ));
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    fn fill_here(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        start: usize,
        point: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let root = self.nodes.len() - 1;
        for (b, part) in out.chunks_mut(BLOCK).enumerate() {
            let len = part.len();
            self.forward(weights, x, start + b * BLOCK, len, point, scratch);
            part.copy_from_slice(&scratch.value[root][..len]);
        }
    }

    /// Values of all nodes and slopes of all leaves for `len` rows from `start`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    fn forward(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        start: usize,
        len: usize,
        point: &[f64],
        scratch: &mut Scratch,
    ) {
        let padded = len.next_multiple_of(LANES);
        for (l, leaf) in self.leaves.iter().enumerate() {
            distance(leaf, weights, x, start, len, point, &mut scratch.q);
            leaf.family.fill(
                &scratch.q[..padded],
                &mut scratch.value[leaf.node][..padded],
                &mut scratch.slope[l][..padded],
            );
        }
        self.inner_nodes(weights, scratch);
    }

    /// Values of constants, sums and products from those of the leaves.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    fn inner_nodes(&self, weights: &[f64], scratch: &mut Scratch) {
        for (i, node) in self.nodes.iter().enumerate() {
            let (below, rest) = scratch.value.split_at_mut(i);
            let own = &mut rest[0];
            match node {
                Node::Leaf(_) => {}
                Node::Constant(p) => own.fill(weights[*p]),
                Node::Sum(children) => {
                    own.fill(0.0);
                    for &c in children {
                        own.iter_mut().zip(&below[c]).for_each(|(o, v)| *o += v);
                    }
                }
                Node::Product(children) => {
                    own.fill(1.0);
                    for &c in children {
                        own.iter_mut().zip(&below[c]).for_each(|(o, v)| *o *= v);
                    }
                }
            }
        }
    }

    /// Adjoints of all nodes from that of the root.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    fn backward(&self, scratch: &mut Scratch) {
        for (i, node) in self.nodes.iter().enumerate().rev() {
            let (below, rest) = scratch.adjoint.split_at_mut(i);
            let own = &rest[0];
            match node {
                Node::Leaf(_) | Node::Constant(_) => {}
                Node::Sum(children) => children.iter().for_each(|&c| below[c] = *own),
                Node::Product(children) => {
                    for &c in children {
                        below[c] = *own;
                        for &other in children.iter().filter(|&&other| other != c) {
                            let values = &scratch.value[other];
                            below[c].iter_mut().zip(values).for_each(|(a, v)| *a *= v);
                        }
                    }
                }
            }
        }
    }

    /// Adds `Σ adjoint · ∂leaf/∂log θ` of a block to the sums.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    fn add_log_gradient(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        start: usize,
        len: usize,
        point: &[f64],
        scratch: &mut Scratch,
    ) {
        for (i, node) in self.nodes.iter().enumerate() {
            if let Node::Constant(p) = node {
                let w = weights[*p];
                sum_into(&mut scratch.sums[*p], &scratch.adjoint[i][..len], |_, a| a * w);
            }
        }
        for (l, leaf) in self.leaves.iter().enumerate() {
            let t = &mut scratch.q;
            let (adjoint, slope) = (&scratch.adjoint[leaf.node], &scratch.slope[l]);
            for ((t, a), s) in t[..len].iter_mut().zip(&adjoint[..len]).zip(&slope[..len]) {
                *t = -2.0 * a * s;
            }
            let t = &scratch.q[..len];
            for &(column, p) in &leaf.numeric {
                let (w, at, rows) = (weights[p], point[column], x.part(column, start, len));
                sum_into(&mut scratch.sums[p], t, |i, t| {
                    let d = rows[i] - at;
                    t * (w * (d * d))
                });
            }
            for &(column, p) in &leaf.category {
                let (w, at, rows) = (weights[p], point[column], x.part(column, start, len));
                sum_into(&mut scratch.sums[p], t, |i, t| {
                    t * if rows[i] == at { 0.0 } else { w }
                });
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    fn contract_point_here(
        &self,
        weights: &[f64],
        x: Columns<'_>,
        point: &[f64],
        coefficients: [&[f64]; 2],
        gradient: &mut [[f64; 2]],
        scratch: &mut Scratch,
    ) {
        let root = self.nodes.len() - 1;
        let mut start = 0;
        while start < x.rows {
            let len = BLOCK.min(x.rows - start);
            self.forward(weights, x, start, len, point, scratch);
            scratch.adjoint[root].fill(1.0);
            self.backward(scratch);
            for (l, leaf) in self.leaves.iter().enumerate() {
                let (adjoint, slope) = (&scratch.adjoint[leaf.node], &scratch.slope[l]);
                for (s, c) in coefficients.iter().enumerate() {
                    let c = &c[start..start + len];
                    for (((t, a), g), c) in scratch.q[..len].iter_mut().zip(adjoint).zip(slope).zip(c) {
                        *t = 2.0 * a * g * c;
                    }
                    for &(column, p) in &leaf.numeric {
                        let (at, rows) = (point[column], x.part(column, start, len));
                        let mut sum = [0.0; LANES];
                        sum_into(&mut sum, &scratch.q[..len], |i, t| t * (at - rows[i]));
                        gradient[column][s] += weights[p] * sum.iter().sum::<f64>();
                    }
                }
            }
            start += len;
        }
    }
}

/// `q` of a leaf for `len` rows from `start`; entries beyond are 0.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn distance(
    leaf: &Leaf,
    weights: &[f64],
    x: Columns<'_>,
    start: usize,
    len: usize,
    point: &[f64],
    q: &mut Block,
) {
    q.fill(0.0);
    for &(column, p) in &leaf.numeric {
        let (w, at) = (weights[p], point[column]);
        for (q, v) in q.iter_mut().zip(x.part(column, start, len)) {
            let d = v - at;
            *q += w * (d * d);
        }
    }
    for &(column, p) in &leaf.category {
        let (w, at) = (weights[p], point[column]);
        for (q, v) in q.iter_mut().zip(x.part(column, start, len)) {
            *q += if *v == at { 0.0 } else { w };
        }
    }
}

/// `sums[i mod 8] += f(i, values[i])`: eight chains, so that the additions need not wait for each other.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn sum_into(sums: &mut [f64; LANES], values: &[f64], f: impl Fn(usize, f64) -> f64) {
    let whole = values.len() / LANES * LANES;
    let mut local = *sums;
    for (b, part) in values[..whole].chunks_exact(LANES).enumerate() {
        for (lane, (s, v)) in local.iter_mut().zip(part).enumerate() {
            *s += f(b * LANES + lane, *v);
        }
    }
    for (lane, v) in values[whole..].iter().enumerate() {
        local[lane] += f(whole + lane, *v);
    }
    *sums = local;
}
