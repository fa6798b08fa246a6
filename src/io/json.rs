//! A lenient, byte-level reader of JSON text.
//!
//! Tuners write what Python's `json.dumps` writes: bare `NaN` and `Infinity`, which a strict parser
//! refuses, and people leave behind comments, a comma after the last member, and the single quotes and words of
//! Python's `print`. This one takes all that. It reads one value at a time without building a tree: scalars come out parsed, arrays
//! and objects as the bytes they span, to be entered only where their content is wanted. It allocates
//! only for strings with escapes, never recurses, and accepts invalid UTF-8 as U+FFFD.

pub mod tree;

use std::borrow::Cow;

use super::scalar::Scalar;

/// Deepest nesting that is followed; one bit a level says whether it is an object or an array.
const MAX_DEPTH: u32 = 128;

/// Where a text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Offset in bytes.
    pub at: usize,
    pub expected: &'static str,
}

/// One value. Arrays and objects are the bytes from bracket to bracket.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Array(&'a [u8]),
    Object(&'a [u8]),
}

impl Node<'_> {
    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Int(i) => Scalar::Int(*i),
            Self::Float(x) => Scalar::Real(*x),
            Self::Text(text) => Scalar::Text(text),
            Self::Null | Self::Bool(_) | Self::Array(_) | Self::Object(_) => Scalar::Other,
        }
    }

    /// The number, also where it is written as a string (`"NaN"`, `"0.3"`).
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.scalar().as_f64()
    }

    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.scalar().as_i64()
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.scalar().as_text()
    }
}

/// A position in a text.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[must_use]
    pub fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Offset of the next byte.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Whether only blanks are left.
    #[must_use]
    pub fn is_done(&mut self) -> bool {
        self.skip_blanks();
        self.at >= self.bytes.len()
    }

    /// The next byte that is not blank.
    pub fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') => {
                    let Some(length) = comment(self.bytes.get(self.at..).unwrap_or_default()) else {
                        return;
                    };
                    self.at += length;
                }
                _ => return,
            }
        }
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError {
            at: self.at,
            expected,
        })
    }

    /// Steps over `byte` if it comes next.
    pub fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads the next value.
    ///
    /// # Errors
    /// Where the text is not JSON, even leniently.
    pub fn value(&mut self) -> Result<Node<'a>, JsonError> {
        match self.peek() {
            Some(b'"' | b'\'') => Ok(Node::Text(self.string()?)),
            Some(b'{') => Ok(Node::Object(self.span()?)),
            Some(b'[') => Ok(Node::Array(self.span()?)),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number(),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.word(),
            _ => self.fail("a value"),
        }
    }

    fn word(&mut self) -> Result<Node<'a>, JsonError> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_alphabetic) {
            self.at += 1;
        }
        match self.bytes.get(start..self.at).unwrap_or_default() {
            b"null" | b"None" => Ok(Node::Null),
            b"true" | b"True" => Ok(Node::Bool(true)),
            b"false" | b"False" => Ok(Node::Bool(false)),
            b"NaN" | b"nan" => Ok(Node::Float(f64::NAN)),
            b"Infinity" | b"inf" | b"Inf" => Ok(Node::Float(f64::INFINITY)),
            _ => Err(JsonError {
                at: start,
                expected: "a value",
            }),
        }
    }

    fn number(&mut self) -> Result<Node<'a>, JsonError> {
        let start = self.at;
        let negative = self.bytes.get(start) == Some(&b'-');
        if matches!(self.bytes.get(start), Some(b'-' | b'+'))
            && self.bytes.get(start + 1).is_some_and(u8::is_ascii_alphabetic)
        {
            self.at += 1;
            return match self.word()? {
                Node::Float(x) => Ok(Node::Float(if negative { -x } else { x })),
                _ => Err(JsonError {
                    at: start,
                    expected: "a number",
                }),
            };
        }
        let (mut is_whole, mut is_grouped) = (true, false);
        self.at += 1;
        while let Some(b) = self.bytes.get(self.at) {
            match b {
                b'0'..=b'9' => {}
                b'.' | b'e' | b'E' | b'+' | b'-' => is_whole = false,
                b'_' if self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) => is_grouped = true,
                _ => break,
            }
            self.at += 1;
        }
        let text = std::str::from_utf8(self.bytes.get(start..self.at).unwrap_or_default()).unwrap_or("");
        let text = if is_grouped { &text.replace('_', "") } else { text };
        if is_whole && let Ok(i) = text.parse() {
            return Ok(Node::Int(i));
        }
        text.parse().map(Node::Float).map_err(|_| JsonError {
            at: start,
            expected: "a number",
        })
    }

    /// Reads a string.
    ///
    /// # Errors
    /// Where no string begins, or it does not end.
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let raw = self.raw_string()?;
        if raw.contains(&b'\\') {
            return Ok(Cow::Owned(unescape(raw)));
        }
        Ok(String::from_utf8_lossy(raw))
    }

    /// Reads a string and leaves its escapes as they are: the bytes between the quotes.
    ///
    /// # Errors
    /// Where no string begins, or it does not end.
    pub fn raw_string(&mut self) -> Result<&'a [u8], JsonError> {
        let quote = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return self.fail("a string"),
        };
        self.at += 1;
        let start = self.at;
        self.skip_string_rest(quote)?;
        Ok(self.bytes.get(start..self.at - 1).unwrap_or_default())
    }

    /// From after the opening quote to after the closing one.
    fn skip_string_rest(&mut self, quote: u8) -> Result<(), JsonError> {
        while let Some(b) = self.bytes.get(self.at) {
            match b {
                b if *b == quote => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        self.fail("the end of a string")
    }

    /// Steps over an array or object and returns its bytes. Brackets must match; what stands between them
    /// is checked when it is entered.
    fn span(&mut self) -> Result<&'a [u8], JsonError> {
        let start = self.at;
        let mut depth = 0u32;
        let mut is_object = 0u128;
        while let Some(b) = self.bytes.get(self.at) {
            self.at += 1;
            match b {
                b'"' | b'\'' => self.skip_string_rest(*b)?,
                b'{' | b'[' => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return self.fail("less deeply nested values");
                    }
                    is_object = is_object << 1 | u128::from(*b == b'{');
                }
                b'}' | b']' => {
                    if (is_object & 1 == 1) != (*b == b'}') {
                        self.at -= 1;
                        return self.fail("the other closing bracket");
                    }
                    is_object >>= 1;
                    depth -= 1;
                    if depth == 0 {
                        return Ok(self.bytes.get(start..self.at).unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        self.fail("the end of the object")
    }
}

/// The length of the comment that begins here, `// to the end of the line` or `/* to the other sign */`.
fn comment(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"//") {
        return Some(bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len()));
    }
    let rest = bytes.strip_prefix(b"/*")?;
    rest.windows(2).position(|w| w == b"*/").map(|at| at + 4)
}

fn unescape(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => out.push(unicode_escape(&mut chars)),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// The character of `\uXXXX`, or of a surrogate pair; U+FFFD for half of one.
fn unicode_escape(chars: &mut std::str::Chars<'_>) -> char {
    let four = |chars: &mut std::str::Chars<'_>| {
        let digits: String = chars.clone().take(4).collect();
        let code = (digits.len() == 4).then(|| u32::from_str_radix(&digits, 16).ok())??;
        chars.nth(3);
        Some(code)
    };
    let Some(high) = four(chars) else {
        return char::REPLACEMENT_CHARACTER;
    };
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    let mut ahead = chars.clone();
    if ahead.next() == Some('\\')
        && ahead.next() == Some('u')
        && let Some(low) = four(&mut ahead)
        && (0xdc00..0xe000).contains(&low)
    {
        *chars = ahead;
        return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            .unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    char::REPLACEMENT_CHARACTER
}

/// The members of an object, in order; duplicates come as often as they stand there.
#[derive(Debug)]
pub struct Members<'a> {
    cursor: Cursor<'a>,
    is_first: bool,
    is_over: bool,
}

impl<'a> Members<'a> {
    /// Of an object that begins at the next value of `cursor`.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        Self::from(Cursor::new(bytes))
    }

    /// Offset after what was read: after the closing brace once the members are exhausted.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.cursor.offset()
    }

    fn step(&mut self) -> Result<Option<(Cow<'a, str>, Node<'a>)>, JsonError> {
        if self.is_first {
            self.is_first = false;
            if !self.cursor.take(b'{') {
                return self.cursor.fail("an object");
            }
            if self.cursor.take(b'}') {
                return Ok(None);
            }
        } else {
            if self.cursor.take(b'}') {
                return Ok(None);
            }
            if !self.cursor.take(b',') {
                return self.cursor.fail("`,` or `}`");
            }
            if self.cursor.take(b'}') {
                return Ok(None);
            }
        }
        let key = self.cursor.string()?;
        if !self.cursor.take(b':') {
            return self.cursor.fail("`:`");
        }
        Ok(Some((key, self.cursor.value()?)))
    }
}

impl<'a> From<Cursor<'a>> for Members<'a> {
    fn from(cursor: Cursor<'a>) -> Self {
        Self {
            cursor,
            is_first: true,
            is_over: false,
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Cow<'a, str>, Node<'a>), JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let step = self.step();
        self.is_over = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}

/// The elements of an array.
///
/// # Errors
/// Where the text is not an array of values.
pub fn elements(bytes: &[u8]) -> Result<Vec<Node<'_>>, JsonError> {
    let mut cursor = Cursor::new(bytes);
    let mut out = Vec::new();
    if !cursor.take(b'[') {
        return cursor.fail("an array");
    }
    loop {
        if cursor.take(b']') {
            return Ok(out);
        }
        out.push(cursor.value()?);
        if !cursor.take(b',') && cursor.peek() != Some(b']') {
            return cursor.fail("`,` or `]`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Vec<(String, Node<'_>)> {
        Members::of(text.as_bytes())
            .map(|m| m.map(|(k, v)| (k.into_owned(), v)).unwrap())
            .collect()
    }

    #[test]
    fn what_python_writes_is_read() {
        let read = members(r#"{"a": 1, "b": -2.5e-3, "c": null, "d": true, "e": "x\"\u00e9\ud83d\ude00"}"#);
        assert_eq!(read[0].1, Node::Int(1));
        assert_eq!(read[1].1, Node::Float(-2.5e-3));
        assert_eq!(read[2].1, Node::Null);
        assert_eq!(read[3].1, Node::Bool(true));
        assert_eq!(read[4].1, Node::Text("x\"é😀".into()));
        let read = members(r#"{"a":NaN,"b":-Infinity,"c":"Infinity"}"#);
        assert!(read[0].1.as_f64().unwrap().is_nan());
        assert_eq!(read[1].1.as_f64(), Some(f64::NEG_INFINITY));
        assert_eq!(read[2].1.as_f64(), Some(f64::INFINITY));
    }

    #[test]
    fn what_people_leave_behind_is_read() {
        let read =
            members("{'a': True, \"it's\": 'x\\'y', /* 1 */ \"n\": 1_000, \"l\": [1, 2,],} // the end");
        assert_eq!(read[0], ("a".to_owned(), Node::Bool(true)));
        assert_eq!(read[1], ("it's".to_owned(), Node::Text("x'y".into())));
        assert_eq!(read[2].1, Node::Int(1000));
        assert_eq!(read[3].1, Node::Array(b"[1, 2,]"));
        assert_eq!(elements(b"[1, 2,]").unwrap().len(), 2);
        let mut cursor = Cursor::new(b"{} // the end\n/* and no more");
        cursor.value().unwrap();
        assert_eq!(cursor.peek(), Some(b'/'), "a comment that does not end");
    }

    #[test]
    fn spans_end_at_their_own_bracket() {
        let read = members(r#"{"a":{"b":["}",{}]},"c":[1,[2]]}"#);
        assert_eq!(read[0].1, Node::Object(br#"{"b":["}",{}]}"#));
        assert_eq!(read[1].1, Node::Array(b"[1,[2]]"));
        assert_eq!(elements(b"[1, [2]]").unwrap().len(), 2);
    }

    #[test]
    fn broken_text_says_where() {
        for (text, at) in [
            (r#"{"a":1"#, 6),
            (r#"{"a":[1}"#, 7),
            (r#"{"a" 1}"#, 5),
            (r#"{"a":"x"#, 7),
            ("[1]", 0),
        ] {
            let error = Members::of(text.as_bytes()).find_map(Result::err).unwrap();
            assert_eq!(error.at, at, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(Cursor::new(deep.as_bytes()).value().is_err());
    }

    #[test]
    fn serde_json_agrees_on_ordinary_numbers() {
        for text in ["0", "-7", "123456789012345678", "0.1", "1e-320", "4.35", "1E5"] {
            let ours = Cursor::new(text.as_bytes()).value().unwrap().as_f64().unwrap();
            let theirs: f64 = serde_json::from_str(text).unwrap();
            assert_eq!(ours.to_bits(), theirs.to_bits(), "{text}");
        }
    }
}
