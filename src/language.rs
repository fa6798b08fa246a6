//! The languages of the lab, and the words of each.
//!
//! What is shown is written in English where it is drawn, as `tr!(ctx, "best so far")` or, with values in it,
//! `tr!(ctx, "round {k} of {n}", k = 1, n = 10)`. A language is a table from these texts to its own: adding one is a file
//! beside `zh.rs` and a line in [`Language::table`]. `tests/languages.rs` reads the sources and checks that every text
//! has an entry in every table, with the same values in it, and that no entry is left over. Numbers, names of parameters
//! and metrics, and symbols are the same in all.

mod zh;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

/// A language that lessons and labels are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    SimplifiedChinese,
}

/// Fixed characters that a template needs before finished sentences are compared with it: "{a} of {b}" would take anything.
const LEAST_FIXED: usize = 14;

/// English texts, and what stands for them.
pub type Words = &'static [(&'static str, &'static str)];

static CHINESE: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| zh::WORDS.iter().flat_map(|part| part.iter().copied()).collect());

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// The language of a tag (`en`, `zh`, `zh-CN`) or of a POSIX locale (`zh_CN.UTF-8`). `None`: a language we do not
    /// have. The traditional script (`zh_TW`, `zh-Hant`) is served by the simplified one, which is nearer than English.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let language = tag.split(['_', '-', '.', '@']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "en" | "c" | "posix" => Some(Self::English),
            "zh" => Some(Self::SimplifiedChinese),
            _ => None,
        }
    }

    /// The table of a language, in parts; English needs none.
    #[must_use]
    pub fn table(self) -> &'static [Words] {
        match self {
            Self::English => &[],
            Self::SimplifiedChinese => zh::WORDS,
        }
    }

    /// The sentences of the table that are recognised whole.
    fn said(self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        let parts: &'static [Words] = match self {
            Self::English => &[],
            Self::SimplifiedChinese => zh::WHOLE,
        };
        parts.iter().flat_map(|part| part.iter())
    }

    /// What stands for an English text; the text itself where nothing does.
    #[must_use]
    pub fn word(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::SimplifiedChinese => CHINESE.get(english).copied().unwrap_or(english),
        }
    }

    /// The same with values in the place of `{name}`.
    #[must_use]
    pub fn fill(self, english: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut out = String::new();
        let mut rest = self.word(english);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => out.push_str(&value.to_string()),
                None => out.extend(["{", name, "}"]),
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    /// A finished English sentence in this language: what is below the screen (the engine, errors, notices) speaks
    /// English, and is recognised by its fixed parts. The sentence itself where no table knows it.
    #[must_use]
    pub fn reword(self, sentence: &str) -> Cow<'_, str> {
        let whole = self.word(sentence);
        if whole != sentence {
            return Cow::Borrowed(whole);
        }
        let found = (self.said()).find_map(|(english, _)| Some((*english, values(english, sentence)?)));
        let Some((english, values)) = found else {
            return Cow::Borrowed(sentence);
        };
        // What stands in it may be one, too.
        let values: Vec<(&str, Cow<'_, str>)> = (values.into_iter())
            .map(|(name, value)| (name, self.reword(value)))
            .collect();
        let shown: Vec<(&str, &dyn Display)> = (values.iter())
            .map(|(name, value)| (*name, value as &dyn Display))
            .collect();
        Cow::Owned(self.fill(english, &shown))
    }

    /// Itself: so that `tr!` takes whatever knows its language.
    #[must_use]
    pub fn language(self) -> Self {
        self
    }
}

/// What stands for the names of a template in a sentence that was made from it; `None`: it was not. Only templates that
/// begin with enough fixed text to be told apart are tried.
fn values<'e, 's>(template: &'e str, sentence: &'s str) -> Option<Vec<(&'e str, &'s str)>> {
    let (first, mut pattern) = template.split_once('{')?;
    let fixed = template.len() - template.matches('{').count();
    let mut rest = sentence.strip_prefix(first).filter(|_| fixed >= LEAST_FIXED)?;
    let mut found = Vec::new();
    loop {
        let (name, after) = pattern.split_once('}')?;
        let (literal, next) = after.split_once('{').map_or((after, None), |(l, n)| (l, Some(n)));
        let end = match (literal, next) {
            ("", None) => rest.len(),
            (_, None) => rest
                .len()
                .checked_sub(literal.len())
                .filter(|_| rest.ends_with(literal))?,
            _ => rest.find(literal)?,
        };
        found.push((name, rest.get(..end)?));
        rest = rest.get(end + literal.len()..)?;
        match next {
            Some(next) => pattern = next,
            None => return Some(found),
        }
    }
}

/// A text in the language of `$of` (anything with a method `language`), with its values where it has some.
macro_rules! tr {
    ($of:expr, $english:literal $(,)?) => {
        $of.language().word($english)
    };
    ($of:expr, $english:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $of.language().fill($english, &[$((stringify!($name), &$value as &dyn std::fmt::Display)),+])
    };
}
pub(crate) use tr;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_its_language() {
        use Language::{English, SimplifiedChinese};
        for (tag, language) in [
            ("zh_CN.UTF-8", Some(SimplifiedChinese)),
            ("zh-Hant", Some(SimplifiedChinese)),
            ("en_GB", Some(English)),
            ("C", Some(English)),
            ("de_DE", None),
        ] {
            assert_eq!(Language::of(tag), language, "{tag}");
        }
    }

    #[test]
    fn values_stand_where_their_names_do() {
        let text = Language::English.fill("{b} of {a}, {c} {", &[("a", &3), ("b", &"two")]);
        assert_eq!(text, "two of 3, {c} {");
    }

    #[test]
    fn what_no_table_knows_stays_english() {
        assert_eq!(Language::SimplifiedChinese.word("zzz"), "zzz");
    }
}
