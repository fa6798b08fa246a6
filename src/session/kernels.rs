//! The kernel editor: alternatives with their evidence, and an expression that is built from them.

use crate::analysis::KernelEvidence;
use tui_input::Input;

/// The table of the kernel editor. It outlives the window: figures are dear.
#[derive(Clone, Debug, Default)]
pub struct Kernels {
    pub rows: Vec<KernelRow>,
    /// Counts the rounds of figures; answers to an older round are late.
    pub round: u64,
    /// The data, and what else the figures are of: fit settings other than the kernel, in words.
    pub about: Option<(u64, String)>,
    /// The expression being built, piece by piece.
    pub pieces: Vec<Piece>,
    /// The line it is typed into, while it is.
    pub input: Option<Input>,
    /// What is wrong with it.
    pub remark: Option<String>,
}

/// One kernel of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelRow {
    pub spec: String,
    /// Built or typed by the person.
    pub is_own: bool,
    pub figures: Option<KernelEvidence>,
}

/// How a kernel is joined to what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    First,
    Plus,
    Times,
}

/// One step of building.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub join: Join,
    pub spec: String,
}

impl Kernels {
    /// The expression that the pieces make.
    #[must_use]
    pub fn expression(&self) -> String {
        let mut text = String::new();
        let mut is_sum = false;
        for piece in &self.pieces {
            let inner_sum = has_sum(&piece.spec);
            match piece.join {
                Join::First => {
                    text.clone_from(&piece.spec);
                    is_sum = inner_sum;
                }
                Join::Plus => {
                    text = format!("{text} + {}", piece.spec);
                    is_sum = true;
                }
                Join::Times => {
                    let left = if is_sum { format!("({text})") } else { text };
                    let right = if inner_sum {
                        format!("({})", piece.spec)
                    } else {
                        piece.spec.clone()
                    };
                    text = format!("{left}*{right}");
                    is_sum = false;
                }
            }
        }
        text
    }

    /// The best score of all rows, where any is known.
    #[must_use]
    pub fn best_score(&self) -> Option<f64> {
        self.rows.iter().filter_map(|r| r.score()).reduce(f64::max)
    }
}

impl KernelRow {
    /// What it is ranked by, once it is known.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        let evidence = self.figures.as_ref()?.outcome.as_ref().ok()?;
        Some(evidence.score()).filter(|s| s.is_finite())
    }
}

/// Whether a sum stands outside of all parentheses.
fn has_sum(spec: &str) -> bool {
    let mut depth = 0i32;
    spec.chars().any(|c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        c == '+' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(join: Join, spec: &str) -> Piece {
        Piece {
            join,
            spec: spec.to_owned(),
        }
    }

    #[test]
    fn a_product_puts_sums_into_parentheses_and_nothing_else() {
        let built = |pieces: Vec<Piece>| {
            Kernels {
                pieces,
                ..Kernels::default()
            }
            .expression()
        };
        assert_eq!(
            built(vec![
                piece(Join::First, "matern52"),
                piece(Join::Plus, "rbf"),
                piece(Join::Times, "matern12[lr]"),
            ]),
            "(matern52 + rbf)*matern12[lr]"
        );
        assert_eq!(
            built(vec![
                piece(Join::First, "matern52"),
                piece(Join::Times, "rbf + constant"),
                piece(Join::Times, "rbf"),
            ]),
            "matern52*(rbf + constant)*rbf"
        );
        assert_eq!(built(Vec::new()), "");
    }
}
