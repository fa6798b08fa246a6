//! A configuration that a person is editing. It belongs to the person: no refit touches it.

use crate::analysis::{ConstraintPrediction, Improvement, Prediction, Readout};
use crate::study::{Configuration, Value};

/// The consequences of a configuration, recomputed at every keystroke.
#[derive(Clone, Debug, PartialEq)]
pub struct Consequences {
    pub prediction: Prediction,
    pub readout: Readout,
    /// EI taken apart.
    pub improvement: Improvement,
    /// EI as a share of the suggestion's EI (1: nothing lost); `None` without a suggestion.
    pub share_of_best: Option<f64>,
    /// Nearest trial: index into `Study::trials` and distance in lengthscales.
    pub nearest: Option<(usize, f64)>,
    /// What is predicted of each measurement that is constrained.
    pub constraints: Vec<ConstraintPrediction>,
}

/// A text field that is being typed into.
#[derive(Clone, Debug)]
pub struct Field {
    pub input: tui_input::Input,
    /// The value before the first keystroke; Esc puts it back.
    pub before: Value,
    /// Nothing has been typed yet: the first character replaces the whole value.
    pub fresh: bool,
    /// Why the text is not a value, or what it snaps to, in words.
    pub remark: Option<String>,
    /// Whether `remark` stops the value from being taken.
    pub is_error: bool,
}

/// A draft: the suggestion it began from and the values as they are now.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it was before the person touched it.
    pub base: Configuration,
    pub values: Configuration,
    /// Which parameter the cursor is on.
    pub cursor: usize,
    /// The field being typed into, if any (it is the one at `cursor`).
    pub field: Option<Field>,
    pub consequences: Option<Consequences>,
    /// A newer suggestion than `base` is available.
    pub outdated: bool,
}

impl Draft {
    #[must_use]
    pub fn new(base: Configuration, cursor: usize) -> Self {
        Self {
            values: base.clone(),
            base,
            cursor,
            field: None,
            consequences: None,
            outdated: false,
        }
    }

    /// Whether parameter `i` differs from where the draft began.
    #[must_use]
    pub fn is_edited(&self, i: usize) -> bool {
        self.base.get(i) != self.values.get(i)
    }

    #[must_use]
    pub fn edits(&self) -> usize {
        (0..self.values.len()).filter(|i| self.is_edited(*i)).count()
    }
}
