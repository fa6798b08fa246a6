//! From characters to words.

use super::ExpressionError;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(f64),
    Text(String),
    Word(String),
    Symbol(&'static str),
    End,
}

/// Longer ones first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 14] = [
    "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",",
];

/// The words of a text, each with the character (from 1) where it starts; the last is [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut at = 1;
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else {
            let (token, length) = next(rest, first, at)?;
            (Some(token), length)
        };
        let (taken, left) = rest.split_at(length);
        found.extend(token.map(|token| (at, token)));
        at += taken.chars().count();
        rest = left;
    }
    found.push((at, Token::End));
    Ok(found)
}

/// The word at the start of `rest`, and its length in bytes.
fn next(rest: &str, first: char, at: usize) -> Result<(Token, usize), ExpressionError> {
    if first.is_ascii_digit() || first == '.' {
        let length = number_length(rest);
        let written = rest.get(..length).unwrap_or(rest);
        return match written.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok((Token::Number(x), length)),
            _ => Err(ExpressionError::BadNumber {
                at,
                found: written.chars().take(24).collect(),
            }),
        };
    }
    if first.is_alphabetic() || first == '_' {
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        return Ok((Token::Word(rest.get(..length).unwrap_or(rest).to_owned()), length));
    }
    if first == '"' || first == '\'' {
        let inside = rest.get(1..).unwrap_or_default();
        let Some(end) = inside.find(first) else {
            return Err(ExpressionError::OpenText { at });
        };
        let text = inside.get(..end).unwrap_or_default().to_owned();
        return Ok((Token::Text(text), end + 2));
    }
    SYMBOLS
        .iter()
        .find(|symbol| rest.starts_with(**symbol))
        .map(|symbol| (Token::Symbol(symbol), symbol.len()))
        .ok_or(ExpressionError::Stray { at, found: first })
}

/// How many bytes look like one number: digits and points, and an exponent with its sign.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        let exponent = matches!(byte, b'e' | b'E')
            && match bytes.get(i + 1) {
                Some(b'+' | b'-') => bytes.get(i + 2).is_some_and(u8::is_ascii_digit),
                Some(next) => next.is_ascii_digit(),
                None => false,
            };
        if exponent {
            i += 2;
        } else if byte.is_ascii_digit() || byte == b'.' {
            i += 1;
        } else {
            break;
        }
    }
    i
}
