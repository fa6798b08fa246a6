//! Forward and backward passes.

use nalgebra::{DMatrix, DVector};

use super::layout::{Dense, Norm};
use super::{Batch, Dropout, HALF_MAX, Model, resize};

/// Keeps the normalisation finite where a column is constant.
const NORM_EPSILON: f32 = 1e-5;

/// On the way back everything is scaled up, as it must be for small gradients to survive half
/// precision; a gradient beyond 65,504/2¹⁵ ≈ 2 then overflows, and nothing skips the step. Measured on
/// 60 configurations: at 2¹⁶ single noisy batches of 8 overflow at sensible rates, at 2¹⁵ only rates
/// above 0.09 do. A power of two changes no other bit.
const LOSS_SCALE: f32 = 32_768.0;

/// What one pass leaves behind for the gradient; memory is kept from batch to batch.
#[derive(Debug, Default)]
pub struct Workspace {
    /// `(context·embedding, N)`
    x: DMatrix<f32>,
    /// The residual stream after each layer, `(hidden, N)`.
    stream: Vec<DMatrix<f32>>,
    /// Normalised streams, one a block.
    norms: Vec<Normalised>,
    /// `2·m∘relu(a)`, which is the derivative of the activation; `(inner, N)`.
    slope: Vec<DMatrix<f32>>,
    /// `m∘relu(a)²`
    active: Vec<DMatrix<f32>>,
    /// Probabilities, and on the way back their gradient; `(vocabulary, N)`.
    output: DMatrix<f32>,
    d_stream: DMatrix<f32>,
    d_inner: DMatrix<f32>,
    d_norm: DMatrix<f32>,
    d_x: DMatrix<f32>,
}

#[derive(Debug, Default)]
struct Normalised {
    /// `(h − mean)/sd`
    standard: DMatrix<f32>,
    /// `gain ∘ standard + bias`
    scaled: DMatrix<f32>,
    /// 1/sd, one a column.
    inverse_sd: Vec<f32>,
}

/// Infinite beyond the range of half precision.
#[inline]
fn half_range(x: f32) -> f32 {
    if x.abs() > HALF_MAX { x * f32::INFINITY } else { x }
}

impl Model {
    /// Mean cross-entropy of a batch, in nats a character; NaN where the network overflowed.
    pub fn forward(&self, batch: &Batch, dropout: Option<Dropout<'_>>, ws: &mut Workspace) -> f64 {
        let layout = &self.layout;
        let (n, blocks) = (batch.len(), layout.blocks.len());
        ws.stream.resize_with(blocks + 1, DMatrix::default);
        ws.norms.resize_with(blocks, Normalised::default);
        ws.slope.resize_with(blocks, DMatrix::default);
        ws.active.resize_with(blocks, DMatrix::default);
        self.embed(batch, &mut ws.x);
        self.affine(layout.input, &ws.x, &mut ws.stream[0]);
        let mut masks = dropout.map(Masks::new);
        for (i, block) in layout.blocks.iter().enumerate() {
            self.normalise(block.norm, &ws.stream[i], &mut ws.norms[i]);
            self.affine(block.into, &ws.norms[i].scaled, &mut ws.slope[i]);
            activate(&mut ws.slope[i], &mut ws.active[i], masks.as_mut());
            let (before, after) = ws.stream.split_at_mut(i + 1);
            self.affine(block.out, &ws.active[i], &mut after[0]);
            for (h, &old) in after[0].as_mut_slice().iter_mut().zip(before[i].as_slice()) {
                *h = half_range(*h + old);
            }
        }
        self.affine(layout.head, &ws.stream[blocks], &mut ws.output);
        debug_assert_eq!(ws.output.ncols(), n);
        cross_entropy(&mut ws.output, &batch.targets)
    }

    /// Gradient of the mean cross-entropy of the batch that was just passed forward.
    ///
    /// Writes the part of `gradient` that belongs to the layers `frozen..`; the rest is left as it
    /// is. Checked by `the_gradient_agrees_with_finite_differences` in `tests/demo.rs`.
    pub fn backward(&self, batch: &Batch, frozen: usize, ws: &mut Workspace, gradient: &mut [f32]) {
        let layout = &self.layout;
        let blocks = layout.blocks.len();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let scale = LOSS_SCALE / batch.len() as f32;
        ws.output *= scale;
        for (column, &target) in batch.targets.iter().enumerate() {
            ws.output[(usize::from(target), column)] -= scale;
        }
        dense_gradient(layout.head, &ws.output, &ws.stream[blocks], gradient);
        self.through(layout.head, &ws.output, &mut ws.d_stream);
        for (i, block) in layout
            .blocks
            .iter()
            .enumerate()
            .skip(frozen.saturating_sub(1))
            .rev()
        {
            dense_gradient(block.out, &ws.d_stream, &ws.active[i], gradient);
            self.through(block.out, &ws.d_stream, &mut ws.d_inner);
            ws.d_inner.component_mul_assign(&ws.slope[i]);
            dense_gradient(block.into, &ws.d_inner, &ws.norms[i].scaled, gradient);
            self.through(block.into, &ws.d_inner, &mut ws.d_norm);
            self.norm_backward(block.norm, &ws.norms[i], &ws.d_norm, &mut ws.d_stream, gradient);
        }
        if frozen == 0 {
            dense_gradient(layout.input, &ws.d_stream, &ws.x, gradient);
            self.through(layout.input, &ws.d_stream, &mut ws.d_x);
            self.embedding_gradient(batch, &ws.d_x, gradient);
        }
        for g in &mut gradient[layout.first_of_layer(frozen)..] {
            *g = half_range(*g) / LOSS_SCALE;
        }
    }

    fn embed(&self, batch: &Batch, x: &mut DMatrix<f32>) {
        let shape = self.layout.shape;
        resize(x, shape.context * shape.embedding, batch.len());
        let table = &self.weights[self.layout.embedding.range()];
        for (slot, &token) in x
            .as_mut_slice()
            .chunks_exact_mut(shape.embedding)
            .zip(&batch.contexts)
        {
            let at = usize::from(token) * shape.embedding;
            slot.copy_from_slice(&table[at..at + shape.embedding]);
        }
    }

    fn embedding_gradient(&self, batch: &Batch, d_x: &DMatrix<f32>, gradient: &mut [f32]) {
        let width = self.layout.shape.embedding;
        let table = &mut gradient[self.layout.embedding.range()];
        table.fill(0.0);
        for (slot, &token) in d_x.as_slice().chunks_exact(width).zip(&batch.contexts) {
            let at = usize::from(token) * width;
            for (g, d) in table[at..at + width].iter_mut().zip(slot) {
                *g += d;
            }
        }
    }

    /// `y = W x + b`
    fn affine(&self, dense: Dense, x: &DMatrix<f32>, y: &mut DMatrix<f32>) {
        resize(y, dense.weight.rows, x.ncols());
        let bias = &self.weights[dense.bias.range()];
        for column in y.as_mut_slice().chunks_exact_mut(bias.len()) {
            column.copy_from_slice(bias);
        }
        y.gemm(1.0, &dense.weight.view(&self.weights), x, 1.0);
    }

    /// `d_x = Wᵀ d_y`
    fn through(&self, dense: Dense, d_y: &DMatrix<f32>, d_x: &mut DMatrix<f32>) {
        resize(d_x, dense.weight.columns, d_y.ncols());
        d_x.gemm(1.0, &dense.weight.transposed(&self.weights), d_y, 0.0);
    }

    /// Layer normalisation (Ba, Kiros and Hinton 2016), a column at a time.
    fn normalise(&self, norm: Norm, h: &DMatrix<f32>, out: &mut Normalised) {
        let rows = h.nrows();
        resize(&mut out.standard, rows, h.ncols());
        resize(&mut out.scaled, rows, h.ncols());
        out.inverse_sd.clear();
        let gain = &self.weights[norm.gain.range()];
        let bias = &self.weights[norm.bias.range()];
        #[expect(clippy::cast_precision_loss, reason = "small sizes")]
        let count = rows as f32;
        for ((h, standard), scaled) in h
            .as_slice()
            .chunks_exact(rows)
            .zip(out.standard.as_mut_slice().chunks_exact_mut(rows))
            .zip(out.scaled.as_mut_slice().chunks_exact_mut(rows))
        {
            let mean = h.iter().sum::<f32>() / count;
            let variance = h.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
            let inverse_sd = 1.0 / (variance + NORM_EPSILON).sqrt();
            out.inverse_sd.push(inverse_sd);
            for i in 0..rows {
                standard[i] = (h[i] - mean) * inverse_sd;
                scaled[i] = standard[i] * gain[i] + bias[i];
            }
        }
    }

    /// Adds to `d_h` what flows back through a normalisation:
    /// `d_h += (d_s − mean(d_s) − s·mean(d_s ∘ s)) / sd`, `d_s = gain ∘ d_y`.
    fn norm_backward(
        &self,
        norm: Norm,
        kept: &Normalised,
        d_y: &DMatrix<f32>,
        d_h: &mut DMatrix<f32>,
        gradient: &mut [f32],
    ) {
        let rows = d_y.nrows();
        let gain = &self.weights[norm.gain.range()];
        let mut d_gain = DVector::<f32>::zeros(rows);
        let mut d_bias = DVector::<f32>::zeros(rows);
        #[expect(clippy::cast_precision_loss, reason = "small sizes")]
        let count = rows as f32;
        for (((d_y, s), d_h), inverse_sd) in d_y
            .as_slice()
            .chunks_exact(rows)
            .zip(kept.standard.as_slice().chunks_exact(rows))
            .zip(d_h.as_mut_slice().chunks_exact_mut(rows))
            .zip(&kept.inverse_sd)
        {
            let (mut mean, mut along) = (0.0, 0.0);
            for i in 0..rows {
                let d_s = d_y[i] * gain[i];
                mean += d_s;
                along += d_s * s[i];
                d_gain[i] += d_y[i] * s[i];
                d_bias[i] += d_y[i];
            }
            for i in 0..rows {
                d_h[i] += (d_y[i] * gain[i] - mean / count - s[i] * along / count) * inverse_sd;
            }
        }
        gradient[norm.gain.range()].copy_from_slice(d_gain.as_slice());
        gradient[norm.bias.range()].copy_from_slice(d_bias.as_slice());
    }
}

/// `d_W = d_y xᵀ`, `d_b = Σ d_y`
fn dense_gradient(dense: Dense, d_y: &DMatrix<f32>, x: &DMatrix<f32>, gradient: &mut [f32]) {
    // By strides: nalgebra has no fast product with a transposed right side.
    let transposed =
        nalgebra::DMatrixView::from_slice_with_strides(x.as_slice(), x.ncols(), x.nrows(), x.nrows(), 1);
    dense.weight.view_mut(gradient).gemm(1.0, d_y, &transposed, 0.0);
    let bias = &mut gradient[dense.bias.range()];
    bias.fill(0.0);
    for column in d_y.as_slice().chunks_exact(bias.len()) {
        for (g, d) in bias.iter_mut().zip(column) {
            *g += d;
        }
    }
}

/// Scaled dropout masks, sixteen random bits an entry.
struct Masks<'a> {
    dropout: Dropout<'a>,
    threshold: u64,
    keep: f32,
    bits: u64,
    left: u32,
}

impl<'a> Masks<'a> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate in [0, 1) in steps of 2⁻¹⁶"
    )]
    fn new(dropout: Dropout<'a>) -> Self {
        let threshold = (dropout.rate.clamp(0.0, 1.0) * 65_536.0).round() as u64;
        let keep = (1.0 / (1.0 - dropout.rate)) as f32;
        Self {
            dropout,
            threshold,
            keep,
            bits: 0,
            left: 0,
        }
    }

    #[inline]
    fn draw(&mut self) -> f32 {
        if self.left == 0 {
            self.bits = self.dropout.rng.next_u64();
            self.left = 4;
        }
        let piece = self.bits & 0xFFFF;
        self.bits >>= 16;
        self.left -= 1;
        if piece < self.threshold { 0.0 } else { self.keep }
    }
}

/// Squared rectifier with dropout: `a` comes in as `slope` and leaves as the derivative.
fn activate(slope: &mut DMatrix<f32>, active: &mut DMatrix<f32>, masks: Option<&mut Masks<'_>>) {
    resize(active, slope.nrows(), slope.ncols());
    let pairs = slope.as_mut_slice().iter_mut().zip(active.as_mut_slice());
    // `max` would turn NaN into 0 and hide an overflow.
    let rectify = |a: f32| if a < 0.0 { 0.0 } else { a };
    if let Some(masks) = masks {
        for (a, r) in pairs {
            let (positive, mask) = (rectify(*a), masks.draw());
            *r = half_range(mask * positive * positive);
            *a = 2.0 * mask * positive;
        }
    } else {
        for (a, r) in pairs {
            let positive = rectify(*a);
            *r = half_range(positive * positive);
            *a = 2.0 * positive;
        }
    }
}

/// Turns logits into probabilities and returns the mean of `−ln p[target]`.
fn cross_entropy(logits: &mut DMatrix<f32>, targets: &[u8]) -> f64 {
    let rows = logits.nrows();
    let mut sum = 0.0;
    for (column, &target) in logits.as_mut_slice().chunks_exact_mut(rows).zip(targets) {
        let (mut largest, mut total) = (f32::NEG_INFINITY, 0.0);
        for logit in column.iter_mut() {
            *logit = half_range(*logit);
            largest = largest.max(*logit);
        }
        let at_target = column[usize::from(target)] - largest;
        for logit in column.iter_mut() {
            *logit = (*logit - largest).exp();
            total += *logit;
        }
        sum += f64::from(total.ln() - at_target);
        for p in column {
            *p /= total;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let n = targets.len() as f64;
    sum / n
}
