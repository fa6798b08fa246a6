//! From the notation to a kernel.

mod leaf;
mod lexer;

use super::{Kernel, SpecError};
use crate::gp::InputKind;
use crate::gp::prior::Priors;

/// Deepest nesting of parentheses; beyond it only a mistake is likely.
const DEEPEST: usize = 32;

/// A piece of a kernel, with which of its hyperparameters were given.
pub(super) struct Part {
    pub kernel: Kernel,
    pub held: Vec<bool>,
}

impl Part {
    /// With nothing given.
    fn free(kernel: Kernel) -> Self {
        let held = vec![false; kernel.parameters().len()];
        Self { kernel, held }
    }
}

pub(super) struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    depth: usize,
    names: &'a [&'a str],
    kinds: &'a [InputKind],
    /// Inputs that an enclosing `warp` has no hand in and those within it alike: whether a warp encloses this place.
    in_warp: bool,
}

impl<'a> Parser<'a> {
    /// Over the inputs of the given names and kinds, one a column.
    pub fn new(spec: &str, names: &'a [&'a str], kinds: &'a [InputKind]) -> Self {
        Self {
            text: spec.chars().collect(),
            at: 0,
            depth: 0,
            names,
            kinds,
            in_warp: false,
        }
    }

    /// The specification from its first to its last word; an error says where it stops making sense.
    pub fn whole(&mut self) -> Result<Part, SpecError> {
        let part = self.sum()?;
        self.blank();
        if self.at < self.text.len() {
            return Err(self.expected("+, * or the end"));
        }
        Ok(scaled(part))
    }

    fn sum(&mut self) -> Result<Part, SpecError> {
        let mut terms = vec![self.product()?];
        while self.take('+') {
            terms.push(self.product()?);
        }
        Ok(joined(terms, Kernel::Sum))
    }

    fn product(&mut self) -> Result<Part, SpecError> {
        let mut factors = vec![self.factor()?];
        while self.take('*') {
            factors.push(self.factor()?);
        }
        Ok(joined(factors, Kernel::Product))
    }

    fn factor(&mut self) -> Result<Part, SpecError> {
        self.blank();
        if !self.take('(') {
            return self.leaf();
        }
        self.deeper()?;
        let part = self.sum()?;
        self.depth -= 1;
        self.close()?;
        Ok(part)
    }

    fn deeper(&mut self) -> Result<(), SpecError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.expected("fewer parentheses"));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), SpecError> {
        if self.take(')') {
            Ok(())
        } else {
            Err(self.expected("a closing parenthesis"))
        }
    }
}

/// One part, or a sum or product of several; a sum within a sum is one sum, and a product within a product one
/// product.
fn joined(parts: Vec<Part>, many: impl Fn(Vec<Kernel>) -> Kernel) -> Part {
    let is_sum = matches!(many(Vec::new()), Kernel::Sum(_));
    let held: Vec<bool> = parts.iter().flat_map(|p| p.held.iter().copied()).collect();
    let mut flat = Vec::new();
    for part in parts {
        match part.kernel {
            Kernel::Sum(inner) if is_sum => flat.extend(inner),
            Kernel::Product(inner) if !is_sum => flat.extend(inner),
            other => flat.push(other),
        }
    }
    let kernel = match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            many(flat)
        }
        None => many(flat),
    };
    Part { kernel, held }
}

/// Gives each term of the sum a constant factor where it has none; a linear term has a scale of its own.
fn scaled(part: Part) -> Part {
    let unit = || Part::free(Kernel::constant(Priors::default().variance.location.exp()));
    match part.kernel {
        Kernel::Sum(terms) => {
            let mut held = part.held.into_iter();
            let terms = terms.into_iter().map(|kernel| {
                let held = held.by_ref().take(kernel.parameters().len()).collect();
                scaled(Part { kernel, held })
            });
            joined(terms.collect(), Kernel::Sum)
        }
        Kernel::Warp { a, b, inputs, kernel } => {
            // The scale belongs inside: a warp of a sum is a sum of warps.
            let (outside, inside) = part.held.split_at(a.len() + b.len());
            let inner = scaled(Part {
                kernel: *kernel,
                held: inside.to_vec(),
            });
            Part {
                held: [outside, &inner.held[..]].concat(),
                kernel: Kernel::Warp {
                    a,
                    b,
                    inputs,
                    kernel: Box::new(inner.kernel),
                },
            }
        }
        kernel if has_scale(&kernel) => Part { kernel, ..part },
        kernel => joined(vec![unit(), Part { kernel, ..part }], Kernel::Product),
    }
}

fn has_scale(kernel: &Kernel) -> bool {
    let own = |k: &Kernel| matches!(k, Kernel::Constant { .. } | Kernel::Linear { .. });
    match kernel {
        Kernel::Product(factors) => factors.iter().any(own),
        other => own(other),
    }
}
