//! A whole JSON document as a tree, as lenient as the reader beneath it (bare `NaN`, invalid UTF-8).
//!
//! For documents that are rewritten whole. Files of many rows are read row by row instead.

use super::super::scalar::Scalar;
use super::{Cursor, JsonError, Members, Node, elements};

/// One value of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    /// Members in order; of equal names the last one counts.
    Map(Vec<(String, Json)>),
}

/// What [`Json::at`] gives where there is nothing.
static NOTHING: Json = Json::Null;

impl Json {
    /// Reads a whole document. Nesting is followed as deep as the reader beneath allows.
    ///
    /// # Errors
    /// Where the text is not JSON, or something follows it.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let mut cursor = Cursor::new(super::super::source::without_mark(bytes));
        let node = cursor.value()?;
        if !cursor.is_done() {
            return Err(JsonError {
                at: cursor.offset(),
                expected: "the end of the document",
            });
        }
        Self::of(node)
    }

    /// The tree of a value that was stepped over. The depth was checked by then.
    ///
    /// # Errors
    /// What stands between its brackets is not JSON.
    pub fn of(node: Node<'_>) -> Result<Self, JsonError> {
        Ok(match node {
            Node::Null => Self::Null,
            Node::Bool(b) => Self::Bool(b),
            Node::Int(i) => Self::Int(i),
            Node::Float(x) => Self::Float(x),
            Node::Text(text) => Self::Text(text.into_owned()),
            Node::Array(bytes) => Self::List(
                elements(bytes)?
                    .into_iter()
                    .map(Self::of)
                    .collect::<Result<_, _>>()?,
            ),
            Node::Object(bytes) => Self::Map(
                Members::of(bytes)
                    .map(|member| member.and_then(|(key, node)| Ok((key.into_owned(), Self::of(node)?))))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    /// The member of a name; [`Json::Null`] where there is none.
    #[must_use]
    pub fn at(&self, key: &str) -> &Self {
        self.members()
            .iter()
            .rev()
            .find_map(|(name, value)| (name == key).then_some(value))
            .unwrap_or(&NOTHING)
    }

    /// The members of an object; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Int(i) => Scalar::Int(*i),
            Self::Float(x) => Scalar::Real(*x),
            Self::Text(text) => Scalar::Text(text),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Map(_) => Scalar::Other,
        }
    }

    /// The number, also where it is written as a string.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.scalar().as_f64()
    }

    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.scalar().as_i64()
    }

    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_i64().and_then(|i| u64::try_from(i).ok())
    }

    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.scalar().as_text()
    }
}

/// JSON text, compact; numbers that are none in JSON as Python writes them.
impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) if x.is_infinite() => f.write_str(if *x > 0.0 { "Infinity" } else { "-Infinity" }),
            // With a point, so that it is read as what it is.
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::List(items) => {
                f.write_str("[")?;
                for (k, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if k > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Map(members) => {
                f.write_str("{")?;
                for (k, (name, value)) in members.iter().enumerate() {
                    let name = serde_json::Value::from(name.as_str());
                    write!(f, "{}{name}: {value}", if k > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_a_tree_and_what_is_missing_is_null() {
        let tree =
            Json::parse(b"\xef\xbb\xbf{\"a\": [1, {\"b\": NaN}], \"c\": \"x\", \"c\": \"y\"}\n").unwrap();
        assert_eq!(tree.at("a").items()[0].as_i64(), Some(1));
        assert!(tree.at("a").items()[1].at("b").as_f64().unwrap().is_nan());
        assert_eq!(tree.at("c").as_text(), Some("y"));
        assert!(tree.at("z").at("z").is_null());
        assert_eq!(
            Json::parse(b"[1, [null, \"a\\\"\"]]").unwrap().to_string(),
            "[1, [null, \"a\\\"\"]]"
        );
    }

    #[test]
    fn what_is_cut_or_too_deep_is_refused() {
        assert!(Json::parse(b"{\"a\": [1, 2").is_err());
        assert!(Json::parse(b"{} {}").is_err());
        assert!(Json::parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
