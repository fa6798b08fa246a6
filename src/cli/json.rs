//! JSON for scripts and for terminals: nothing in it can act on the screen it is printed to.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::study::label::is_hostile;

/// Writes every control, bidirectional or invisible character as `\uXXXX`, which any JSON reader turns
/// back; all else as the formatter inside does. (Infinite numbers and NaN are `null` in serde_json.)
struct Harmless<F>(F);

macro_rules! delegate {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })*
    };
}

impl<F: Formatter> Formatter for Harmless<F> {
    delegate! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_hostile(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut units = [0_u16; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Writes one value and a line end; indented where a person will read it.
///
/// # Errors
/// What the writer says.
pub fn write(mut out: impl Write, value: &impl Serialize, indented: bool) -> io::Result<()> {
    if indented {
        value.serialize(&mut Serializer::with_formatter(
            &mut out,
            Harmless(PrettyFormatter::new()),
        ))?;
    } else {
        value.serialize(&mut Serializer::with_formatter(
            &mut out,
            Harmless(CompactFormatter),
        ))?;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_escaped_and_read_back_the_same() {
        let text = "a\u{1b}[31m\u{202e}b\u{9b}\u{7f}\u{e0001}é学\"\\";
        let mut bytes = Vec::new();
        write(&mut bytes, &serde_json::json!({ text: [text, f64::NAN] }), false).unwrap();
        let written = String::from_utf8(bytes).unwrap();
        assert!(!written.trim_end().chars().any(is_hostile), "{written}");
        assert!(written.contains("é学"));
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(back[text][0], text);
        assert_eq!(back[text][1], serde_json::Value::Null);
    }
}
