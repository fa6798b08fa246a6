//! Text from outside, scrubbed once.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use unicode_segmentation::UnicodeSegmentation;

/// Longest text that is shown, in grapheme clusters.
const MAX_GRAPHEMES: usize = 256;
/// Most code points that one grapheme cluster keeps (a base and four marks).
const MAX_MARKS: usize = 5;

/// A name, message or path that somebody else wrote: the text as it was, for writing back, and
/// the text as it may be shown. There is no way to show it but scrubbed: `Display` is the scrubbed text.
#[derive(Clone)]
pub struct Label(Arc<Inner>);

struct Inner {
    raw: Box<str>,
    /// `None` where the raw text may be shown as it is.
    shown: Option<Box<str>>,
}

impl Label {
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let shown = needs_scrub(raw).then(|| scrub(raw).into_boxed_str());
        Self(Arc::new(Inner {
            raw: raw.into(),
            shown,
        }))
    }

    /// The text as it was read. Never print this to a terminal.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0.raw
    }

    /// The text without control, bidirectional or invisible characters.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.0.shown.as_deref().unwrap_or(&self.0.raw)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.raw.is_empty()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.shown())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.raw())
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.raw == other.0.raw
    }
}
impl Eq for Label {}
impl PartialEq<str> for Label {
    fn eq(&self, other: &str) -> bool {
        self.raw() == other
    }
}
impl PartialEq<&str> for Label {
    fn eq(&self, other: &&str) -> bool {
        self.raw() == *other
    }
}
impl PartialOrd for Label {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Label {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw().cmp(other.raw())
    }
}
impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw().hash(state);
    }
}
impl From<&str> for Label {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}
/// Serialises the raw text: files and scripts need the name as it is.
impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.raw())
    }
}

/// Whether a terminal must never see this character: C0, DEL, C1, bidirectional controls, zero-width.
#[must_use]
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{061c}' | '\u{e0000}'..='\u{e007f}')
}

fn needs_scrub(text: &str) -> bool {
    // One byte is the least a grapheme takes: a short text without hostile characters or marks is fine.
    text.len() > MAX_GRAPHEMES || text.chars().any(|c| is_hostile(c) || !c.is_ascii() && is_mark(c))
}

fn is_mark(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

/// Removes what a terminal must never see: control, bidirectional and zero-width characters go, tabs
/// and line ends become a space, combining marks are capped at four a base character, and the length
/// at 256 grapheme clusters (then `…`).
#[must_use]
pub fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(1024));
    let spaced: String = text
        .chars()
        .filter_map(|c| match c {
            '\t' | '\n' | '\r' => Some(' '),
            c if is_hostile(c) => None,
            c => Some(c),
        })
        .collect();
    for (i, grapheme) in spaced.graphemes(true).enumerate() {
        if i == MAX_GRAPHEMES {
            out.push('…');
            break;
        }
        out.extend(grapheme.chars().take(MAX_MARKS));
    }
    out
}

/// What an operating system said, without its number behind it (`Permission denied (os error 13)`): the words say it.
#[must_use]
pub fn without_code(text: &str) -> Cow<'_, str> {
    const BEFORE: &str = " (os error ";
    let mut text = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(at) = text
        .get(from..)
        .and_then(|rest| rest.find(BEFORE))
        .map(|at| at + from)
    {
        let number = at + BEFORE.len();
        let digits = text
            .get(number..)
            .unwrap_or_default()
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let end = number + digits;
        if digits > 0 && text.get(end..).is_some_and(|rest| rest.starts_with(')')) {
            text.to_mut().replace_range(at..=end, "");
            from = at;
        } else {
            from = number;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_system_is_left_out_behind_its_words() {
        for (text, plain) in [
            (
                "cannot be read (Permission denied (os error 13)).",
                "cannot be read (Permission denied).",
            ),
            ("a (os error 2) b (os error 104)", "a b"),
            ("a (os error x) (os error ", "a (os error x) (os error "),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_code(text), plain);
        }
    }

    #[test]
    fn control_and_bidi_characters_are_never_shown() {
        let label = Label::new("a\u{1b}[31mb\u{202e}c\u{9b}d\te\u{200b}f\u{7f}");
        assert_eq!(label.shown(), "a[31mbcd ef");
        assert_eq!(label.raw(), "a\u{1b}[31mb\u{202e}c\u{9b}d\te\u{200b}f\u{7f}");
    }

    #[test]
    fn marks_and_length_are_capped() {
        let zalgo = format!("e{}", "\u{301}".repeat(50));
        assert_eq!(scrub(&zalgo).chars().count(), MAX_MARKS);
        let long = "x".repeat(1000);
        assert_eq!(scrub(&long).chars().count(), MAX_GRAPHEMES + 1);
    }

    #[test]
    fn ordinary_text_is_shared_not_copied() {
        let label = Label::new("学習率 learning_rate");
        assert_eq!(label.shown(), "学習率 learning_rate");
        assert!(label.0.shown.is_none());
    }
}
