//! The tiny language model: an n-gram network with residual blocks, and its gradient by hand.
//!
//! ```text
//! x  = [E c₁ … E c_n]                       embeddings of the last n characters
//! h₀ = A x + a                              layer 0
//! hᵢ = hᵢ₋₁ + Uᵢ (m ∘ relu(Vᵢ LN(hᵢ₋₁) + vᵢ)²) + uᵢ   layers 1 … B, m a dropout mask
//! p  = softmax(W h_B + w)               the head, always trained
//! ```
//! Squared rectifiers (So et al. 2021, "Primer") grow with the square of the weights. Activations, and
//! gradients under a static loss scale, are held to the range of half precision, as they are where such
//! models are tuned on accelerators: beyond ±65,504 a number becomes infinite. A learning rate that is
//! too high for its warm-up thus ends in NaN by arithmetic, not by a rule.
//!
//! **Shapes**: a column is one predicted character; N columns a batch.

mod layout;
mod pass;

use nalgebra::DMatrix;

use super::DemoError;
use super::rng::Rng;

pub use layout::{Layout, Part};
pub use pass::Workspace;

/// Sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub vocabulary: usize,
    /// Characters that are seen.
    pub context: usize,
    /// Numbers a character.
    pub embedding: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width inside a block.
    pub inner: usize,
    pub blocks: usize,
}

/// Largest finite number of half precision (IEEE 754 binary16).
pub const HALF_MAX: f32 = 65_504.0;

/// The weights, in one piece: an optimiser sees a vector, the passes see matrices in it.
#[derive(Clone, Debug)]
pub struct Model {
    layout: Layout,
    pub weights: Vec<f32>,
}

/// Dropout of one training pass; the mask is drawn from `rng`.
pub struct Dropout<'a> {
    /// Probability that an inner activation is dropped, in `[0, 1)`.
    pub rate: f64,
    pub rng: &'a mut Rng,
}

/// Characters to predict and what comes before each.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// `context · N` tokens, oldest first within a column.
    pub contexts: Vec<u8>,
    /// `N` tokens.
    pub targets: Vec<u8>,
}

impl Batch {
    /// Adds the predictions of `text[at..at + count]`; each needs `context` characters before it.
    pub fn push(&mut self, text: &[u8], at: usize, count: usize, context: usize) {
        for end in at..(at + count).min(text.len()) {
            if let (Some(before), Some(&target)) = (text.get(end - context..end), text.get(end)) {
                self.contexts.extend_from_slice(before);
                self.targets.push(target);
            }
        }
    }

    pub fn clear(&mut self) {
        self.contexts.clear();
        self.targets.clear();
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

impl Model {
    /// Random weights: normal with variance 2/inputs into a rectifier and 1/inputs elsewhere, the
    /// way out of a block smaller so that the stream keeps its scale; normalisation at identity.
    #[must_use]
    pub fn random(shape: Shape, rng: &mut Rng) -> Self {
        let layout = Layout::new(shape);
        let mut weights = vec![0.0; layout.len()];
        for part in layout.parts() {
            let slice = &mut weights[part.range()];
            if part.is_gain {
                slice.fill(1.0);
            } else if part.decays {
                for w in slice {
                    #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
                    let draw = (rng.normal() * part.initial_sd) as f32;
                    *w = draw;
                }
            }
        }
        Self { layout, weights }
    }

    /// A model with given weights.
    ///
    /// # Errors
    /// A number of weights that is not the shape's.
    pub fn from_weights(shape: Shape, weights: Vec<f32>) -> Result<Self, DemoError> {
        let layout = Layout::new(shape);
        if weights.len() == layout.len() {
            Ok(Self { layout, weights })
        } else {
            Err(DemoError::Weights {
                expected: layout.len(),
                found: weights.len(),
            })
        }
    }

    #[must_use]
    pub fn shape(&self) -> Shape {
        self.layout.shape
    }

    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Mean cross-entropy of a whole text, in nats a character, without dropout.
    #[must_use]
    pub fn loss(&self, text: &[u8], workspace: &mut Workspace) -> f64 {
        let context = self.shape().context;
        let (mut sum, mut count, mut at) = (0.0, 0.0, context);
        let mut batch = Batch::default();
        while at < text.len() {
            batch.clear();
            batch.push(text, at, EVALUATION_COLUMNS, context);
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let n = batch.len() as f64;
            sum += n * self.forward(&batch, None, workspace);
            count += n;
            at += EVALUATION_COLUMNS;
        }
        sum / count
    }
}

/// Columns of one pass where only the loss is wanted; keeps the activations in the cache.
const EVALUATION_COLUMNS: usize = 256;

/// A matrix of the wanted shape, in the memory of the old one where it fits.
fn resize(matrix: &mut DMatrix<f32>, rows: usize, columns: usize) {
    if matrix.shape() != (rows, columns) {
        *matrix = DMatrix::zeros(rows, columns);
    }
}
