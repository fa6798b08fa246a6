//! Text for the demo: two probabilistic grammars that describe one harbour town.
//!
//! The model is pre-trained on prose and fine-tuned on the harbour master's log: the same world in
//! another register, so that the words carry over and the form does not.

use std::collections::HashMap;

use super::DemoError;
use super::rng::Rng;

/// Every character of the two languages, in the order of their token numbers.
pub const ALPHABET: &str = "\n abcdefghijklmnopqrstuvwxyz0123456789.,:-+='()";

const PROSE: &str = include_str!("../../assets/demo-prose.grammar");
const LOG: &str = include_str!("../../assets/demo-log.grammar");

/// Expansions nest at most this deep; a rule that calls itself is cut off here.
const MAX_DEPTH: usize = 24;

/// One of the two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Unhurried sentences, for pre-training.
    Prose,
    /// Terse log entries, for fine-tuning.
    Log,
}

impl Register {
    /// Text of this register as token numbers, a pure function of the arguments.
    ///
    /// # Errors
    /// A grammar that does not hold together, or a character outside [`ALPHABET`].
    pub fn tokens(self, length: usize, rng: &mut Rng) -> Result<Vec<u8>, DemoError> {
        let grammar = Grammar::parse(match self {
            Self::Prose => PROSE,
            Self::Log => LOG,
        })?;
        let mut text = String::new();
        while text.len() < length {
            grammar.expand("text", rng, &mut text, 0)?;
        }
        text.truncate(length);
        encode(&text)
    }
}

/// Token numbers of a text.
///
/// # Errors
/// The first character outside [`ALPHABET`].
pub fn encode(text: &str) -> Result<Vec<u8>, DemoError> {
    text.chars()
        .map(|c| {
            ALPHABET
                .chars()
                .position(|a| a == c)
                .and_then(|i| u8::try_from(i).ok())
                .ok_or(DemoError::Alphabet { character: c })
        })
        .collect()
}

/// The text of token numbers; a number outside the alphabet is left out.
#[must_use]
pub fn decode(tokens: &[u8]) -> String {
    tokens
        .iter()
        .filter_map(|&t| ALPHABET.chars().nth(usize::from(t)))
        .collect()
}

/// A context-free grammar with weights on its alternatives.
#[derive(Debug)]
struct Grammar<'a> {
    rules: HashMap<&'a str, Vec<Alternative<'a>>>,
}

#[derive(Debug)]
struct Alternative<'a> {
    weight: f64,
    pieces: Vec<Piece<'a>>,
}

#[derive(Debug)]
enum Piece<'a> {
    Text(&'a str),
    Rule(&'a str),
    LineBreak,
}

impl<'a> Grammar<'a> {
    fn parse(source: &'a str) -> Result<Self, DemoError> {
        let mut rules = HashMap::new();
        for line in source.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let broken = || DemoError::Grammar {
                rule: line.to_owned(),
            };
            let (name, body) = line.split_once(" = ").ok_or_else(broken)?;
            let alternatives = body
                .split(" | ")
                .map(|a| Alternative::parse(a).ok_or_else(broken))
                .collect::<Result<_, _>>()?;
            rules.insert(name, alternatives);
        }
        Ok(Self { rules })
    }

    fn expand(&self, rule: &str, rng: &mut Rng, out: &mut String, depth: usize) -> Result<(), DemoError> {
        let broken = || DemoError::Grammar {
            rule: rule.to_owned(),
        };
        let alternatives = self.rules.get(rule).ok_or_else(broken)?;
        if depth > MAX_DEPTH {
            return Err(broken());
        }
        let total: f64 = alternatives.iter().map(|a| a.weight).sum();
        let mut left = rng.uniform() * total;
        let chosen = alternatives
            .iter()
            .find(|a| {
                left -= a.weight;
                left < 0.0
            })
            .or(alternatives.last())
            .ok_or_else(broken)?;
        for piece in &chosen.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::LineBreak => out.push('\n'),
                Piece::Rule(name) => self.expand(name, rng, out, depth + 1)?,
            }
        }
        Ok(())
    }
}

impl<'a> Alternative<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (weight, mut rest) = match text.split_once(": ") {
            Some((head, tail)) if head.bytes().all(|b| b.is_ascii_digit()) => (head.parse().ok()?, tail),
            _ => (1.0, text),
        };
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            if let Some(tail) = rest.strip_prefix('~') {
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix("\\n") {
                pieces.push(Piece::LineBreak);
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix('{') {
                let (name, tail) = tail.split_once('}')?;
                pieces.push(Piece::Rule(name));
                rest = tail;
            } else {
                let end = rest.find(['{', '\\', '~']).unwrap_or(rest.len());
                let (head, tail) = rest.split_at(end);
                if head.is_empty() {
                    return None;
                }
                pieces.push(Piece::Text(head));
                rest = tail;
            }
        }
        Some(Self { weight, pieces })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_is_named_exists_and_is_reached() {
        for source in [PROSE, LOG] {
            let grammar = Grammar::parse(source).unwrap();
            let mut named: Vec<&str> = vec!["text"];
            for alternative in grammar.rules.values().flatten() {
                for piece in &alternative.pieces {
                    if let Piece::Rule(name) = piece {
                        assert!(grammar.rules.contains_key(name), "{name} is not defined");
                        named.push(name);
                    }
                }
            }
            for rule in grammar.rules.keys() {
                assert!(named.contains(rule), "{rule} is never used");
            }
        }
    }

    #[test]
    fn a_text_is_a_function_of_its_seed_and_fits_the_alphabet() {
        for register in [Register::Prose, Register::Log] {
            let text = |seed| register.tokens(40_000, &mut Rng::new(seed, 0)).unwrap();
            assert_eq!(text(1), text(1));
            assert_ne!(text(1), text(2));
            assert_eq!(encode(&decode(&text(3))).unwrap(), text(3));
        }
    }

    #[test]
    fn a_weight_makes_an_alternative_more_frequent() {
        let grammar = Grammar::parse("text = 3: a | b").unwrap();
        let (mut rng, mut out) = (Rng::new(5, 0), String::new());
        for _ in 0..4000 {
            grammar.expand("text", &mut rng, &mut out, 0).unwrap();
        }
        // 3000 expected, standard deviation 27.
        let count = out.matches('a').count();
        assert!((2890..=3110).contains(&count), "{count}");
    }

    #[test]
    fn a_grammar_that_calls_itself_without_end_is_an_error() {
        let grammar = Grammar::parse("text = {text}").unwrap();
        let result = grammar.expand("text", &mut Rng::new(0, 0), &mut String::new(), 0);
        assert!(matches!(result, Err(DemoError::Grammar { .. })));
    }
}
