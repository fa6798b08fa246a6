//! Characters, words, names and lists of names.

use super::Parser;
use crate::gp::spec::{SpecError, visible};

impl Parser<'_> {
    /// `[name,…]`, where it is there.
    pub(super) fn inputs(&mut self) -> Result<Option<Vec<usize>>, SpecError> {
        if !self.take('[') {
            return Ok(None);
        }
        let mut inputs = Vec::new();
        loop {
            self.blank();
            let column = self.at + 1;
            let name = self.name()?;
            let Some(index) = self.names.iter().position(|n| *n == name) else {
                return Err(SpecError::UnknownInput {
                    column,
                    name: visible(&name),
                    known: visible(&self.names.join(", ")),
                });
            };
            if inputs.contains(&index) {
                let name = visible(&name);
                return Err(SpecError::RepeatedInput { column, name });
            }
            inputs.push(index);
            if self.take(']') {
                return Ok(Some(inputs));
            }
            if !self.take(',') {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
    }

    pub(super) fn name(&mut self) -> Result<String, SpecError> {
        if self.peek() != Some('"') {
            return Ok(self.until(&[',', ']']).trim().to_owned());
        }
        self.at += 1;
        let mut name = String::new();
        loop {
            match (self.peek(), self.text.get(self.at + 1)) {
                (Some('"'), Some('"')) => {
                    name.push('"');
                    self.at += 2;
                }
                (Some('"'), _) => {
                    self.at += 1;
                    return Ok(name);
                }
                (Some(c), _) => {
                    name.push(c);
                    self.at += 1;
                }
                (None, _) => return Err(self.expected("a closing quote")),
            }
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// 1-based column of the next character that is not blank.
    pub(super) fn column(&mut self) -> usize {
        self.blank();
        self.at + 1
    }

    pub(super) fn take(&mut self, c: char) -> bool {
        self.blank();
        let found = self.peek() == Some(c);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    pub(super) fn until(&mut self, ends: &[char]) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !ends.contains(&c)) {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    pub(super) fn expected(&self, expected: &'static str) -> SpecError {
        SpecError::Expected {
            column: self.at + 1,
            expected,
            found: self
                .peek()
                .map_or_else(|| "the end".to_owned(), |c| visible(c.encode_utf8(&mut [0; 4]))),
        }
    }
}
