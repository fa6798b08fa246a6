//! The pre-trained weights as a file: one line of JSON, then bfloat16, little-endian.

use serde::{Deserialize, Serialize};

use super::DemoError;
use super::model::{Model, Shape};

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// How the file was made.
    pub made_by: String,
    pub vocabulary: usize,
    pub context: usize,
    pub embedding: usize,
    pub hidden: usize,
    pub inner: usize,
    pub blocks: usize,
    pub seed: u64,
    /// Characters seen in pre-training, with repeats.
    pub characters: u64,
    /// Loss of the stored (rounded) weights on the held-out prose, in nats a character.
    pub loss: f64,
}

impl Header {
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape {
            vocabulary: self.vocabulary,
            context: self.context,
            embedding: self.embedding,
            hidden: self.hidden,
            inner: self.inner,
            blocks: self.blocks,
        }
    }
}

/// Rounds to bfloat16, to nearest, ties to even: the upper half of a single.
#[must_use]
pub fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    (bits.wrapping_add(0x7FFF + ((bits >> 16) & 1)) >> 16) as u16
}

#[must_use]
pub fn from_bf16(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

/// The file of a model whose weights are already rounded.
///
/// # Errors
/// Only if the header cannot be written as JSON.
pub fn write(header: &Header, model: &Model) -> Result<Vec<u8>, DemoError> {
    let mut bytes = serde_json::to_vec(header).map_err(|source| DemoError::Header { source })?;
    bytes.push(b'\n');
    for &w in &model.weights {
        bytes.extend_from_slice(&to_bf16(w).to_le_bytes());
    }
    Ok(bytes)
}

/// Reads what `write` made.
///
/// # Errors
/// A header that is not JSON, or a number of weights that does not fit it.
pub fn read(bytes: &[u8]) -> Result<(Header, Model), DemoError> {
    let end = bytes.iter().position(|&b| b == b'\n').unwrap_or(bytes.len());
    let (head, body) = bytes.split_at(end);
    let header: Header = serde_json::from_slice(head).map_err(|source| DemoError::Header { source })?;
    let weights = body
        .get(1..)
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| from_bf16(u16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    let model = Model::from_weights(header.shape(), weights)?;
    Ok((header, model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_the_nearest_and_to_even() {
        for (x, rounded) in [
            (1.0, 1.0),
            (-0.0, -0.0),
            (1.0 + 1.0 / 256.0, 1.0), // halfway between 1 and 1 + 2⁻⁷: to even
            (1.0 + 3.0 / 256.0, 1.0 + 1.0 / 64.0), // halfway, the even one is above
            (1.004, 1.0 + 1.0 / 128.0),
        ] {
            assert_eq!(from_bf16(to_bf16(x)), rounded, "{x}");
        }
    }
}
