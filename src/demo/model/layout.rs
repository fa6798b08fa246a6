//! Where each matrix of the network lies in the vector of weights.

use std::ops::Range;

use nalgebra::{DMatrixView, DMatrixViewMut, Dyn};

use super::Shape;

/// One matrix or vector inside the weights, column-major.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub start: usize,
    pub rows: usize,
    pub columns: usize,
    /// Layer it belongs to: 0 the input, 1 … B the blocks, B + 1 the head.
    pub layer: usize,
    /// Weight decay acts on it: on matrices, not on biases and gains.
    pub decays: bool,
    /// Gain of a normalisation; starts at one.
    pub is_gain: bool,
    /// Standard deviation at the start, for parts that decay.
    pub initial_sd: f64,
}

impl Part {
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.rows * self.columns
    }

    pub(super) fn view<'a>(&self, all: &'a [f32]) -> DMatrixView<'a, f32> {
        DMatrixView::from_slice(&all[self.range()], self.rows, self.columns)
    }

    /// The transpose, by strides: no copy.
    pub(super) fn transposed<'a>(&self, all: &'a [f32]) -> DMatrixView<'a, f32, Dyn, Dyn> {
        DMatrixView::from_slice_with_strides(&all[self.range()], self.columns, self.rows, self.rows, 1)
    }

    pub(super) fn view_mut<'a>(&self, all: &'a mut [f32]) -> DMatrixViewMut<'a, f32> {
        DMatrixViewMut::from_slice(&mut all[self.range()], self.rows, self.columns)
    }
}

/// Gain and bias of a layer normalisation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norm {
    pub gain: Part,
    pub bias: Part,
}

/// An affine map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dense {
    pub weight: Part,
    pub bias: Part,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub norm: Norm,
    pub into: Dense,
    pub out: Dense,
}

/// All parts, in the order of the layers, so that "frozen up to layer k" is a prefix.
#[derive(Clone, Debug)]
pub struct Layout {
    pub shape: Shape,
    pub(super) embedding: Part,
    pub(super) input: Dense,
    pub(super) blocks: Vec<Block>,
    pub(super) head: Dense,
    parts: Vec<Part>,
}

impl Layout {
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let Shape {
            vocabulary,
            context,
            embedding,
            hidden,
            inner,
            blocks,
        } = shape;
        let mut builder = Builder::default();
        let embedding_part = builder.matrix(0, embedding, vocabulary, 1.0);
        let input = builder.dense(0, hidden, context * embedding, 1.0);
        let blocks = (1..=blocks)
            .map(|layer| Block {
                norm: builder.norm(layer, hidden),
                into: builder.dense(layer, inner, hidden, 2.0),
                out: builder.dense(layer, hidden, inner, 0.1),
            })
            .collect::<Vec<_>>();
        let last = blocks.len() + 1;
        let head = builder.dense(last, vocabulary, hidden, 0.5);
        Self {
            shape,
            embedding: embedding_part,
            input,
            blocks,
            head,
            parts: builder.parts,
        }
    }

    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Number of weights.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_of_layer(usize::MAX)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Index of the first weight that is trained when the layers `0..frozen` are not.
    #[must_use]
    pub fn first_of_layer(&self, frozen: usize) -> usize {
        self.parts
            .iter()
            .take_while(|p| p.layer < frozen)
            .last()
            .map_or(0, |p| p.range().end)
    }
}

#[derive(Default)]
struct Builder {
    parts: Vec<Part>,
    next: usize,
}

impl Builder {
    fn part(&mut self, layer: usize, rows: usize, columns: usize) -> &mut Part {
        self.parts.push(Part {
            start: self.next,
            rows,
            columns,
            layer,
            decays: false,
            is_gain: false,
            initial_sd: 0.0,
        });
        self.next += rows * columns;
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }

    /// A matrix whose entries start with variance `scale / columns`.
    fn matrix(&mut self, layer: usize, rows: usize, columns: usize, scale: f64) -> Part {
        let part = self.part(layer, rows, columns);
        part.decays = true;
        #[expect(clippy::cast_precision_loss, reason = "small sizes")]
        let inputs = columns as f64;
        part.initial_sd = (scale / inputs).sqrt();
        *part
    }

    fn dense(&mut self, layer: usize, rows: usize, columns: usize, scale: f64) -> Dense {
        Dense {
            weight: self.matrix(layer, rows, columns, scale),
            bias: *self.part(layer, rows, 1),
        }
    }

    fn norm(&mut self, layer: usize, rows: usize) -> Norm {
        let gain = self.part(layer, rows, 1);
        gain.is_gain = true;
        Norm {
            gain: *gain,
            bias: *self.part(layer, rows, 1),
        }
    }
}
