//! From the bytes of a file to UTF-8 text: UTF-16 (with a byte order mark or without) and gzip. What is UTF-8 already
//! is handed on as it is.
//!
//! Bytes come in pieces as a file grows; what cannot be told yet is held back.

use std::borrow::Cow;

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// Most text that is unpacked: a bomb ends there.
const MAX_UNPACKED: u64 = 1 << 30;
/// Packed bytes that are decoded at a time: they may become a thousand times as many.
const PACKED_PIECE: usize = 16 * 1024;
/// What is unpacked at a time.
const WINDOW: usize = 64 * 1024;

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    Utf16Little,
    Utf16Big,
    Gzip,
}

/// Decodes one text.
#[derive(Default)]
pub struct Decoder {
    encoding: Option<Encoding>,
    /// Bytes that wait for more.
    held: Vec<u8>,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    packed: Option<Box<Unpacker>>,
    /// Why nothing more comes out.
    trouble: Option<&'static str>,
}

impl Decoder {
    /// How the text is written, once there is enough of it to tell.
    #[must_use]
    pub fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// What was wrong with a packed text; what came before it was handed out.
    #[must_use]
    pub fn trouble(&self) -> Option<&'static str> {
        self.trouble
    }

    /// How many of these bytes are best decoded at a time.
    #[must_use]
    pub fn piece(&self, bytes: &[u8]) -> usize {
        let is_packed = match self.encoding {
            Some(encoding) => encoding == Encoding::Gzip,
            None => bytes.first() == Some(&0x1f) || self.held.first() == Some(&0x1f),
        };
        if is_packed { PACKED_PIECE } else { bytes.len() }
    }

    /// The text that these bytes bring.
    pub fn decode<'b>(&mut self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None if self.held.is_empty() && recognize(bytes) == Some(Encoding::Utf8) => {
                self.encoding = Some(Encoding::Utf8);
                Encoding::Utf8
            }
            None => {
                self.held.extend_from_slice(bytes);
                let Some(encoding) = recognize(&self.held) else {
                    return Cow::Borrowed(&[]);
                };
                self.encoding = Some(encoding);
                let all = std::mem::take(&mut self.held);
                return Cow::Owned(self.decode(&all).into_owned());
            }
        };
        match encoding {
            Encoding::Utf8 => Cow::Borrowed(bytes),
            Encoding::Utf16Little => Cow::Owned(self.utf16(bytes, u16::from_le_bytes)),
            Encoding::Utf16Big => Cow::Owned(self.utf16(bytes, u16::from_be_bytes)),
            Encoding::Gzip => {
                let mut text = Vec::new();
                let packed = self.packed.get_or_insert_with(Box::default);
                if self.trouble.is_none() {
                    self.trouble = packed.unpack(bytes, &mut text).err();
                }
                Cow::Owned(text)
            }
        }
    }

    fn utf16(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.held.len() / 2);
        let mut pairs = self.held.chunks_exact(2);
        for pair in pairs.by_ref() {
            let &[a, b] = pair else { continue };
            let unit = unit([a, b]);
            if let Some(high) = self.high.take() {
                match char::decode_utf16([high, unit]).next() {
                    Some(Ok(c)) if (0xdc00..0xe000).contains(&unit) => {
                        text.push(c);
                        continue;
                    }
                    _ => text.push(char::REPLACEMENT_CHARACTER),
                }
            }
            if (0xd800..0xdc00).contains(&unit) {
                self.high = Some(unit);
            } else {
                text.push(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        self.held = pairs.remainder().to_vec();
        text.into_bytes()
    }
}

/// How a text is written, by its first bytes; `None` where they may still become either.
fn recognize(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [] | [_] | [0x1f, 0x8b] => None,
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Little),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Big),
        [0x1f, 0x8b, 8, ..] => Some(Encoding::Gzip),
        // The first sign of a table or an object is in ASCII: half of it is zero in UTF-16.
        [0, _] | [0, _, 0] | [_, 0] | [_, 0, _] => None,
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some(Encoding::Utf16Little),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some(Encoding::Utf16Big),
        _ => Some(Encoding::Utf8),
    }
}

/// Unpacks gzip (RFC 1952), member after member.
struct Unpacker {
    state: Box<InflateState>,
    /// What of a head, a body or a foot could not be used yet.
    rest: Vec<u8>,
    part: Part,
    unpacked: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Body,
    Foot,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self {
            state: InflateState::new_boxed(DataFormat::Raw),
            rest: Vec::new(),
            part: Part::Head,
            unpacked: 0,
        }
    }
}

const DAMAGED: &str = "the packed text is damaged from here on; what came before it was read";
const TOO_LONG: &str = "the packed text is longer than 1 GiB; what comes after was left out";

impl Unpacker {
    fn unpack(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> Result<(), &'static str> {
        self.rest.extend_from_slice(bytes);
        loop {
            match self.part {
                Part::Head => {
                    // Zeros after the last member are padding.
                    if self.rest.iter().all(|b| *b == 0) {
                        self.rest.clear();
                        return Ok(());
                    }
                    let Some(end) = head_end(&self.rest)? else {
                        return Ok(());
                    };
                    self.rest.drain(..end);
                    self.state.reset(DataFormat::Raw);
                    self.part = Part::Body;
                }
                Part::Body => {
                    if !self.body(text)? {
                        return Ok(());
                    }
                    self.part = Part::Foot;
                }
                Part::Foot => {
                    if self.rest.len() < 8 {
                        return Ok(());
                    }
                    self.rest.drain(..8);
                    self.part = Part::Head;
                }
            }
        }
    }

    /// Whether the body ended.
    fn body(&mut self, text: &mut Vec<u8>) -> Result<bool, &'static str> {
        let mut window = vec![0; WINDOW];
        let rest = std::mem::take(&mut self.rest);
        let mut input = rest.as_slice();
        loop {
            let result = inflate(&mut self.state, input, &mut window, MZFlush::None);
            input = input.get(result.bytes_consumed..).unwrap_or_default();
            text.extend_from_slice(window.get(..result.bytes_written).unwrap_or_default());
            self.unpacked += result.bytes_written as u64;
            if self.unpacked > MAX_UNPACKED {
                return Err(TOO_LONG);
            }
            match result.status {
                Ok(MZStatus::StreamEnd) => {
                    self.rest = input.to_vec();
                    return Ok(true);
                }
                Ok(_) if result.bytes_written == 0 && (input.is_empty() || result.bytes_consumed == 0) => {
                    self.rest = input.to_vec();
                    return Ok(false);
                }
                Ok(_) => {}
                Err(miniz_oxide::MZError::Buf) => {
                    self.rest = input.to_vec();
                    return Ok(false);
                }
                Err(_) => return Err(DAMAGED),
            }
        }
    }
}

/// Where the head of a gzip member ends; `None` where it is not all there.
fn head_end(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let Some([0x1f, 0x8b, 8, flags, ..]) = bytes.get(..10) else {
        let is_begun = bytes.len() < 10 && [0x1f, 0x8b, 8].iter().zip(bytes).all(|(a, b)| a == b);
        return if is_begun { Ok(None) } else { Err(DAMAGED) };
    };
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(&[a, b]) = bytes.get(at..at + 2) else {
            return Ok(None);
        };
        at += 2 + usize::from(u16::from_le_bytes([a, b]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let Some(end) = bytes.get(at..).and_then(|b| b.iter().position(|b| *b == 0)) else {
                return Ok(None);
            };
            at += end + 1;
        }
    }
    at += if flags & 2 != 0 { 2 } else { 0 };
    Ok((at <= bytes.len()).then_some(at))
}

/// A text that is all there.
#[must_use]
pub fn decoded(bytes: Vec<u8>) -> Vec<u8> {
    let mut decoder = Decoder::default();
    let text = match decoder.decode(&bytes) {
        Cow::Borrowed(text) if text.len() == bytes.len() => None,
        text => Some(text.into_owned()),
    };
    match (text, decoder.encoding()) {
        (Some(text), Some(_)) => text,
        _ => bytes,
    }
}

/// The text of a line that is no UTF-8, as Windows-1252, the eight-bit code in which old tables are saved; its five
/// unused places are taken for the control signs of Latin-1, and those are no text either.
#[must_use]
pub fn eight_bit(line: &[u8]) -> String {
    const C1: [char; 32] = [
        '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
        '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
    ];
    let sign = |b: &u8| match b {
        0x80..=0x9f => C1.get(usize::from(*b - 0x80)).copied().unwrap_or('\u{fffd}'),
        b => char::from(*b),
    };
    line.iter().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of `bytes` that come `size` at a time.
    fn in_pieces(bytes: &[u8], size: usize) -> (String, Decoder) {
        let mut decoder = Decoder::default();
        let mut text = Vec::new();
        for piece in bytes.chunks(size) {
            text.extend_from_slice(&decoder.decode(piece));
        }
        (String::from_utf8_lossy(&text).into_owned(), decoder)
    }

    const TEXT: &str = "lr,opt,loss\n0.1,é🦀,0.5\n";

    fn utf16(unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(TEXT.encode_utf16())
            .flat_map(unit)
            .collect()
    }

    #[test]
    fn utf_16_is_read_however_it_is_cut() {
        for mark in [true, false] {
            for bytes in [utf16(u16::to_le_bytes, mark), utf16(u16::to_be_bytes, mark)] {
                for size in [1, 2, 3, 5, 1000] {
                    let (text, _) = in_pieces(&bytes, size);
                    assert_eq!(text.trim_start_matches('\u{feff}'), TEXT, "{size} {mark}");
                }
            }
        }
        // Half of a pair.
        let (text, _) = in_pieces(b"a\0b\0\x00\xd8c\0", 1);
        assert_eq!(text, "ab\u{fffd}c");
    }

    #[test]
    fn what_is_utf_8_is_handed_on_as_it_is() {
        for text in [TEXT, "{}\n", "a\r\nb\r\n", "a\rb\n", "\u{feff}a,b\n"] {
            for size in [1, 3, 1000] {
                assert_eq!(in_pieces(text.as_bytes(), size).0, text, "{size}");
            }
            assert!(matches!(
                Decoder::default().decode(text.as_bytes()),
                Cow::Borrowed(_)
            ));
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
        bytes.extend_from_slice(b"name\0");
        bytes.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn gzip_is_unpacked_member_after_member_and_damage_ends_it() {
        let long = TEXT.repeat(20_000);
        let mut two = gzip(long.as_bytes());
        two.extend(gzip(b"end\n"));
        for size in [1, 7, 4096, 1 << 20] {
            let (text, decoder) = in_pieces(&two, size);
            assert!(text == format!("{long}end\n"), "{size}");
            assert_eq!(decoder.trouble(), None);
        }
        let (text, decoder) = in_pieces(two.get(..two.len() / 2).unwrap(), 100);
        assert!(long.starts_with(&text));
        assert_eq!(decoder.trouble(), None, "more may come");
        two.extend(b"garbage");
        let (text, decoder) = in_pieces(&two, 1000);
        assert!(text.ends_with("end\n"));
        assert_eq!(decoder.trouble(), Some(DAMAGED));
    }

    #[test]
    fn eight_bits_are_windows_1252() {
        assert_eq!(eight_bit(b"caf\xe9 \x80 \x81"), "café € \u{fffd}");
    }
}
