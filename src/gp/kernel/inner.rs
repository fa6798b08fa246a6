//! The loops themselves. Everything here inlines into the entry points of `block`, which are compiled once for each
//! vector width.

use super::block::{BLOCK, Block, Columns, LANES, Scratch};
use super::program::{Form, Leaf, Node, Program};

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
            let Scratch { q, value, slope, .. } = &mut *scratch;
            let (value, slope) = (&mut value[leaf.node][..padded], &mut slope[l][..padded]);
            match &leaf.form {
                Form::Family(family) => {
                    distance(leaf, weights, x, start, len, point, q);
                    family.fill(&q[..padded], value, slope);
                }
                Form::Rational(alpha) => {
                    distance(leaf, weights, x, start, len, point, q);
                    rational(weights[*alpha], &q[..padded], value, slope);
                }
                Form::Linear(center) => linear(leaf, *center, weights, x, start, len, point, value),
            }
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
            match leaf.form {
                Form::Linear(center) => {
                    for &(column, p) in &leaf.numeric {
                        let factor = weights[p] * (point[column] - center);
                        let rows = x.part(column, start, len);
                        sum_into(&mut scratch.sums[p], &adjoint[..len], rows, |a, v| {
                            a * (factor * (v - center))
                        });
                    }
                    continue;
                }
                Form::Rational(p) => {
                    let value = &scratch.value[leaf.node];
                    for (i, t) in t[..len].iter_mut().enumerate() {
                        *t = adjoint[i] * rational_by_log_alpha(weights[p], value[i], slope[i]);
                    }
                    sum_into(&mut scratch.sums[p], &t[..len], &t[..len], |t, _| t);
                }
                Form::Family(_) => {}
            }
            let power = leaf.power;
            for ((t, a), s) in t[..len].iter_mut().zip(&adjoint[..len]).zip(&slope[..len]) {
                *t = power * a * s;
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
            for &(column, p, period) in &leaf.periodic {
                let (w, omega, at) = (weights[p], weights[period], point[column]);
                let rows = x.part(column, start, len);
                sum_into(&mut scratch.sums[p], t, rows, |t, v| {
                    let sine = (omega * (v - at)).sin();
                    t * (4.0 * w * (sine * sine))
                });
                sum_into(&mut scratch.sums[period], t, rows, |t, v| {
                    let u = omega * (v - at);
                    2.0 * t * (w * (u * (2.0 * u).sin()))
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
                    if let Form::Linear(center) = leaf.form {
                        for (t, (a, c)) in scratch.q[..len].iter_mut().zip(adjoint.iter().zip(c)) {
                            *t = a * c;
                        }
                        for &(column, p) in &leaf.numeric {
                            let mut sum = [0.0; LANES];
                            let rows = x.part(column, start, len);
                            sum_into(&mut sum, &scratch.q[..len], rows, |t, v| t * (v - center));
                            gradient[column][s] += weights[p] * sum.iter().sum::<f64>();
                        }
                        continue;
                    }
                    for (((t, a), g), c) in scratch.q[..len].iter_mut().zip(adjoint).zip(slope).zip(c) {
                        *t = 2.0 * a * g * c;
                    }
                    for &(column, p) in &leaf.numeric {
                        let (at, rows) = (point[column], x.part(column, start, len));
                        let mut sum = [0.0; LANES];
                        sum_into(&mut sum, &scratch.q[..len], rows, |t, v| t * (at - v));
                        gradient[column][s] += weights[p] * sum.iter().sum::<f64>();
                    }
                    for &(column, p, period) in &leaf.periodic {
                        let (at, rows) = (point[column], x.part(column, start, len));
                        let omega = weights[period];
                        let mut sum = [0.0; LANES];
                        sum_into(&mut sum, &scratch.q[..len], rows, |t, v| {
                            t * (2.0 * omega * (at - v)).sin()
                        });
                        gradient[column][s] += 2.0 * weights[p] * omega * sum.iter().sum::<f64>();
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
    for &(column, p, period) in &leaf.periodic {
        let (w, omega, at) = (4.0 * weights[p], weights[period], point[column]);
        for (q, v) in q.iter_mut().zip(x.part(column, start, len)) {
            let sine = (omega * (v - at)).sin();
            *q += w * (sine * sine);
        }
    }
}

/// `Σ v_j (x_j − c)(x'_j − c)` for `len` rows from `start`; entries beyond are 0.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must inline into each vector width")]
#[expect(clippy::too_many_arguments, reason = "one block of an inner loop")]
fn linear(
    leaf: &Leaf,
    center: f64,
    weights: &[f64],
    x: Columns<'_>,
    start: usize,
    len: usize,
    point: &[f64],
    value: &mut [f64],
) {
    value.fill(0.0);
    for &(column, p) in &leaf.numeric {
        let factor = weights[p] * (point[column] - center);
        for (k, v) in value.iter_mut().zip(x.part(column, start, len)) {
            *k += factor * (v - center);
        }
    }
}

/// `k = (1 + q/(2α))^(−α)` and `dk/dq = −½ k/(1 + q/(2α))`.
fn rational(alpha: f64, q: &[f64], k: &mut [f64], s: &mut [f64]) {
    for ((q, k), s) in q.iter().zip(k).zip(s) {
        let t = q / (2.0 * alpha);
        *k = (-alpha * t.ln_1p()).exp();
        *s = -0.5 * *k / (1.0 + t);
    }
}

/// `∂k/∂log α = α k (t/(1 + t) − ln(1 + t))`, with `t = q/(2α) = −k/(2s) − 1` from the value and the slope: its
/// rounding, an ulp of 1, is multiplied by `αt = q/2`, not by α.
fn rational_by_log_alpha(alpha: f64, k: f64, s: f64) -> f64 {
    if s == 0.0 {
        return 0.0;
    }
    let t = (-0.5 * k / s - 1.0).max(0.0);
    alpha * k * (t / (1.0 + t) - t.ln_1p())
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
