//! The loops themselves. Everything here inlines into the entry points of `block`, which are compiled once for each
//! vector width.

use super::block::{BLOCK, Block, Columns, LANES, Scratch};
use super::program::{Leaf, Node, Program};

impl Program {
    /// Values of all nodes and slopes of all leaves for `len` rows from `start`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    pub(super) fn forward(
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
    pub(super) fn inner_nodes(&self, weights: &[f64], scratch: &mut Scratch) {
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
    pub(super) fn backward(&self, scratch: &mut Scratch) {
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
    pub(super) fn add_log_gradient(
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
                let adjoint = &scratch.adjoint[i][..len];
                sum_into(&mut scratch.sums[*p], adjoint, adjoint, |a, _| a * w);
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
                sum_into(&mut scratch.sums[p], t, rows, |t, v| {
                    let d = v - at;
                    t * (w * (d * d))
                });
            }
            for &(column, p) in &leaf.category {
                let (w, at, rows) = (weights[p], point[column], x.part(column, start, len));
                sum_into(&mut scratch.sums[p], t, rows, |t, v| {
                    t * if v == at { 0.0 } else { w }
                });
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must inline into each vector width")]
    pub(super) fn contract_point_here(
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
                        sum_into(&mut sum, &scratch.q[..len], rows, |t, v| t * (at - v));
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

/// `sums[i mod 8] += f(a[i], b[i])`: eight chains, so that the additions need not wait for each other.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
fn sum_into(sums: &mut [f64; LANES], a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut local = *sums;
    for (a, b) in a.iter().zip(b) {
        for ((s, a), b) in local.iter_mut().zip(a).zip(b) {
            *s += f(*a, *b);
        }
    }
    for (s, (a, b)) in local.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *s += f(*a, *b);
    }
    *sums = local;
}
