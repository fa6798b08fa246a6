//! A text on its way to its kind: whole lines, one after the other, from bytes as they come.

use super::super::encoding::{Decoder, eight_bit};
use super::super::source::{Head, Kind, Lines, Reads, without_mark};
use super::super::sources;
use super::super::strange::{HOLE, LOOKED_AT, strangeness, without_hole};
use super::super::tail::Tail;
use super::{Origin, Reader};

/// Bytes from which on a text must have shown its kind.
const MAX_HEAD: usize = 256 * 1024;
/// Longest line that is read.
const MAX_LINE: usize = 64 * 1024 * 1024;

/// What the bytes of lines that are not UTF-8 are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OddBytes {
    /// Windows-1252: no line before was UTF-8 beyond ASCII.
    EightBit,
    /// Damage, in a text that is UTF-8.
    Damage,
}

const IS_EIGHT_BIT: &str = "the line is not UTF-8; it was read as Windows-1252 (Latin-1), as are later ones; save the \
                            file as UTF-8.";
const IS_DAMAGED: &str = "the line is not UTF-8; what is not is shown as \u{fffd}, here and in later lines; save the file as UTF-8.";

impl Reader {
    /// Takes new bytes. Returns whether everything had to be read anew.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut is_rebuilt = false;
        if self.settled > 0 || self.must_restart {
            let is_line_end = bytes
                .split(|b| *b == b'\n')
                .next()
                .is_some_and(|rest| rest.trim_ascii().is_empty() && bytes.contains(&b'\n'));
            if is_line_end && !self.must_restart {
                // The line was whole: step over it.
                let end = bytes.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
                self.rest.clear();
                self.settled = 0;
                self.lines += 1;
                return self.feed(bytes.get(end..).unwrap_or_default());
            }
            is_rebuilt = self.reread();
            if is_rebuilt {
                return true;
            }
        }
        let bytes = self.after_skipped(bytes);
        self.rest.extend_from_slice(bytes);
        let room = LOOKED_AT.saturating_sub(self.first.len()).min(bytes.len());
        if room > 0 {
            self.first
                .extend_from_slice(bytes.get(..room).unwrap_or_default());
            let was_strange = self.strange.is_some();
            self.strange = strangeness(&self.first);
            if was_strange && self.strange.is_none() && self.reread() {
                return true;
            }
        }
        if self.strange.is_some() {
            // It will not become a results file by growing.
            self.lines_source = None;
            self.head = None;
            self.rest.truncate(1);
            return is_rebuilt;
        }
        is_rebuilt |= self.decide(bytes);
        self.take_lines();
        self.limit_line();
        is_rebuilt
    }

    /// What follows a line that is passed over.
    fn after_skipped<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if !self.is_skipping {
            return bytes;
        }
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            return &[];
        };
        self.is_skipping = false;
        self.lines += 1;
        bytes.get(end + 1..).unwrap_or_default()
    }

    /// Gives up a line that is too long to be a row.
    fn limit_line(&mut self) {
        if self.rest.len() <= MAX_LINE {
            return;
        }
        if self.lines_source.is_none() {
            self.strange = Some("has no line end in its first 64 MiB: that is no results file");
            self.head = None;
            self.rest.truncate(1);
            return;
        }
        self.problems.push(self.lines + 1, || {
            "the line is longer than 64 MiB; it was skipped.".to_owned()
        });
        self.rest.clear();
        self.is_skipping = true;
    }

    /// Begins anew from the first byte; the bytes that were just read are read again. A pipe cannot: it
    /// goes on as if the settled line had ended there.
    fn reread(&mut self) -> bool {
        self.must_restart = false;
        if let Origin::File(tail) = &mut self.origin {
            *tail = Tail::new(&self.path);
            self.decoder = Decoder::default();
            let is_open = tail.look().is_ok();
            self.restart();
            return is_open;
        }
        self.rest.clear();
        self.settled = 0;
        self.lines += 1;
        false
    }

    pub(super) fn restart(&mut self) {
        self.kind = self.options.kind;
        self.lines_source = None;
        self.head = Some(Vec::new());
        self.rest.clear();
        self.settled = 0;
        self.must_restart = false;
        self.lines = 0;
        self.problems.clear();
        self.strange = None;
        self.first.clear();
        self.is_skipping = false;
        self.odd_bytes = None;
        self.has_wide_signs = false;
    }

    /// Finds out what kind of text it is. While the text is short the opinion may change: then everything
    /// is taken again, in the new light, and the answer is `true`.
    fn decide(&mut self, new: &[u8]) -> bool {
        if self.options.kind.is_some() {
            self.head = None;
            if self.lines_source.is_none() {
                self.lines_source = self.open_lines(self.kind);
            }
            return false;
        }
        let Some(head) = self.head.as_mut() else {
            if self.lines_source.is_none() {
                // It will not become readable by growing; what follows need not be kept.
                self.rest.truncate(MAX_HEAD);
            }
            return false;
        };
        let limit = MAX_HEAD.saturating_sub(head.len());
        // A first line that is longer is needed whole.
        let first_end = new
            .iter()
            .position(|b| *b == b'\n')
            .map_or(new.len(), |at| at + 1);
        let has_line = head.contains(&b'\n');
        let room = if has_line { limit } else { limit.max(first_end) }.min(new.len());
        head.extend_from_slice(new.get(..room).unwrap_or_default());
        let is_full = head.len() >= MAX_HEAD && head.contains(&b'\n');
        let text = Head {
            bytes: head,
            is_all: false,
        };
        let is_enough = is_full || text.lines().count() == Head::LINES;
        let kind = sources::recognize(&text);
        let is_changed = kind.is_some() && kind != self.kind;
        let is_again = is_changed && self.lines_source.is_some();
        if is_again {
            let mut all = std::mem::take(head);
            all.extend_from_slice(new.get(room..).unwrap_or_default());
            self.restart();
            self.head = Some(all.get(..all.len().min(MAX_HEAD)).unwrap_or_default().to_vec());
            self.rest = all;
        }
        if is_changed {
            self.kind = kind;
            self.lines_source = self.open_lines(kind);
        }
        if is_enough {
            self.head = None;
        }
        is_again
    }

    fn open_lines(&self, kind: Option<&'static Kind>) -> Option<Box<dyn Lines>> {
        match kind?.reads {
            Reads::Lines { open, .. } => Some(open(&self.options)),
            Reads::Store { .. } => None,
        }
    }

    /// The last chance to find the kind of a text that is all there, with or without a last line end.
    pub(super) fn decide_at_end(&mut self) {
        let text = Head {
            bytes: &self.rest,
            is_all: true,
        };
        self.kind = self.options.kind.or_else(|| sources::recognize(&text));
        self.lines_source = self.open_lines(self.kind);
        self.take_lines();
    }

    fn take_lines(&mut self) {
        let Some(mut source) = self.lines_source.take() else {
            return;
        };
        if let Some(end) = self.rest.iter().rposition(|b| *b == b'\n') {
            let rest = std::mem::take(&mut self.rest);
            for line in rest.get(..end).unwrap_or_default().split(|b| *b == b'\n') {
                self.lines += 1;
                let line = if self.lines == 1 { without_mark(line) } else { line };
                self.hand_out(source.as_mut(), line.strip_suffix(b"\r").unwrap_or(line));
            }
            self.rest = rest;
            self.rest.drain(..=end);
        }
        self.lines_source = Some(source);
    }

    /// Gives a whole line to the source, as UTF-8.
    pub(super) fn hand_out(&mut self, source: &mut dyn Lines, line: &[u8]) {
        let text = without_hole(line);
        if text.len() < line.len() {
            self.problems.push(self.lines, || HOLE.to_owned());
        }
        if text.is_ascii() {
            source.line(self.lines, text, &mut self.problems);
            return;
        }
        if std::str::from_utf8(text).is_ok() {
            self.has_wide_signs = true;
            source.line(self.lines, text, &mut self.problems);
            return;
        }
        let is_first = self.odd_bytes.is_none();
        let taken_for = *self.odd_bytes.get_or_insert(if self.has_wide_signs {
            OddBytes::Damage
        } else {
            OddBytes::EightBit
        });
        let (text, why) = match taken_for {
            OddBytes::EightBit => (eight_bit(text), IS_EIGHT_BIT),
            OddBytes::Damage => (String::from_utf8_lossy(text).into_owned(), IS_DAMAGED),
        };
        if is_first {
            self.problems.push(self.lines, || why.to_owned());
        }
        source.line(self.lines, text.as_bytes(), &mut self.problems);
    }
}
