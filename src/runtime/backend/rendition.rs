//! Colours and attributes → SGR sequences, with as few bytes as look the same.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// The graphic rendition that is in force.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Rendition {
    pub(super) fg: Color,
    pub(super) bg: Color,
    pub(super) modifier: Modifier,
}

impl Rendition {
    pub(super) const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    pub(super) fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// A glyph and a rendition that look exactly like the cell, the same for all cells that look alike, and whether
    /// nothing but the background is seen: of a blank it is, a half block of one colour is a blank, and an upper half in two
    /// colours is a lower half in the two exchanged.
    pub(super) fn plainest(cell: &Cell) -> (&str, Self, bool) {
        let wanted = Self::of(cell);
        let blank = |bg| (" ", Self { bg, ..Self::PLAIN }, true);
        match cell.symbol() {
            " " if !wanted.modifier.intersects(SHOWN_ON_BLANK) => blank(wanted.bg),
            // The default colours are two different ones, which cannot be exchanged.
            symbol @ ("▀" | "▄")
                if wanted.modifier.is_empty() && wanted.fg != Color::Reset && wanted.bg != Color::Reset =>
            {
                let exchanged = Self {
                    fg: wanted.bg,
                    bg: wanted.fg,
                    ..wanted
                };
                let other = if symbol == "▀" { "▄" } else { "▀" };
                if wanted.fg == wanted.bg {
                    blank(wanted.bg)
                } else if number(wanted.fg) < number(wanted.bg) {
                    (other, exchanged, false)
                } else {
                    (symbol, wanted, false)
                }
            }
            symbol => (symbol, wanted, false),
        }
    }

    /// Whether a blank said in this rendition is one of that background and nothing else.
    pub(super) fn shows_blank_as(self, bg: Color) -> bool {
        self.bg == bg && !self.modifier.intersects(SHOWN_ON_BLANK)
    }

    /// Renditions with the least between them stand beside each other.
    pub(super) fn key(self) -> (u16, u32, u32) {
        (self.modifier.bits(), number(self.bg), number(self.fg))
    }

    /// Appends the one SGR sequence that leads from `self` to `to`.
    pub(super) fn change(self, to: Self, out: &mut Vec<u8>) {
        if self == to {
            return;
        }
        if to == Self::PLAIN {
            out.extend_from_slice(b"\x1b[m");
            return;
        }
        let mut codes: Vec<u8> = Vec::with_capacity(32);
        let gone = self.modifier - to.modifier;
        let mut added = to.modifier - self.modifier;
        if gone.intersects(Modifier::BOLD | Modifier::DIM) {
            push(&mut codes, "22");
            // 22 ends both: what stays is said again.
            added |= to.modifier & (Modifier::BOLD | Modifier::DIM);
        }
        for (flag, on, off) in ATTRIBUTES {
            if gone.contains(flag) && !off.is_empty() {
                push(&mut codes, off);
            }
            if added.contains(flag) {
                push(&mut codes, on);
            }
        }
        if to.fg != self.fg {
            push_color(&mut codes, to.fg, 30);
        }
        if to.bg != self.bg {
            push_color(&mut codes, to.bg, 40);
        }
        out.extend_from_slice(b"\x1b[");
        out.append(&mut codes);
        out.push(b'm');
    }
}

/// What can be seen of a blank besides its background.
const SHOWN_ON_BLANK: Modifier = Modifier::UNDERLINED
    .union(Modifier::REVERSED)
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::HIDDEN);

/// `(modifier, on, off)`; bold and dim share their end, which is handled apart.
const ATTRIBUTES: [(Modifier, &str, &str); 8] = [
    (Modifier::BOLD, "1", ""),
    (Modifier::DIM, "2", ""),
    (Modifier::ITALIC, "3", "23"),
    (Modifier::UNDERLINED, "4", "24"),
    (Modifier::SLOW_BLINK, "5", "25"),
    (Modifier::REVERSED, "7", "27"),
    (Modifier::HIDDEN, "8", "28"),
    (Modifier::CROSSED_OUT, "9", "29"),
];

/// A number for each colour.
fn number(color: Color) -> u32 {
    match color {
        Color::Reset => 0,
        Color::Black => 1,
        Color::Red => 2,
        Color::Green => 3,
        Color::Yellow => 4,
        Color::Blue => 5,
        Color::Magenta => 6,
        Color::Cyan => 7,
        Color::Gray => 8,
        Color::DarkGray => 9,
        Color::LightRed => 10,
        Color::LightGreen => 11,
        Color::LightYellow => 12,
        Color::LightBlue => 13,
        Color::LightMagenta => 14,
        Color::LightCyan => 15,
        Color::White => 16,
        Color::Indexed(i) => 0x100 + u32::from(i),
        Color::Rgb(r, g, b) => 0x0100_0000 + u32::from_be_bytes([0, r, g, b]),
    }
}

fn push(codes: &mut Vec<u8>, code: &str) {
    if !codes.is_empty() {
        codes.push(b';');
    }
    codes.extend_from_slice(code.as_bytes());
}

/// `base` is 30 for the foreground and 40 for the background.
fn push_color(codes: &mut Vec<u8>, color: Color, base: u8) {
    let basic = |n: u8| {
        if n < 8 {
            (base + n).to_string()
        } else {
            (base + 60 + n - 8).to_string()
        }
    };
    let code = match color {
        Color::Reset => (base + 9).to_string(),
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => basic(8),
        Color::LightRed => basic(9),
        Color::LightGreen => basic(10),
        Color::LightYellow => basic(11),
        Color::LightBlue => basic(12),
        Color::LightMagenta => basic(13),
        Color::LightCyan => basic(14),
        Color::White => basic(15),
        Color::Indexed(i) => format!("{};5;{i}", base + 8),
        Color::Rgb(r, g, b) => match cube_entry(r, g, b) {
            Some(i) => format!("{};5;{i}", base + 8),
            None => format!("{};2;{r};{g};{b}", base + 8),
        },
    };
    push(codes, &code);
}

/// The entry of the 6×6×6 cube of xterm's 256 colours that is exactly this colour: half as long.
fn cube_entry(r: u8, g: u8, b: u8) -> Option<u8> {
    let step = |c: u8| {
        [0, 95, 135, 175, 215, 255]
            .into_iter()
            .zip(0_u8..)
            .find(|(at, _)| *at == c)
    };
    let ((_, r), (_, g), (_, b)) = (step(r)?, step(g)?, step(b)?);
    Some(16 + 36 * r + 6 * g + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exactly_an_entry_of_the_cube_is_said_as_one() {
        let said = |color| {
            let mut out = Vec::new();
            Rendition::PLAIN.change(
                Rendition {
                    fg: color,
                    ..Rendition::PLAIN
                },
                &mut out,
            );
            String::from_utf8(out).unwrap()
        };
        assert_eq!(said(Color::Rgb(0, 0, 0)), "\x1b[38;5;16m");
        assert_eq!(said(Color::Rgb(255, 255, 255)), "\x1b[38;5;231m");
        assert_eq!(said(Color::Rgb(95, 0, 215)), "\x1b[38;5;56m");
        assert_eq!(said(Color::Rgb(255, 255, 254)), "\x1b[38;2;255;255;254m");
    }

    #[test]
    fn every_transition_of_modifiers_ends_where_a_fresh_start_does() {
        let all: Vec<Modifier> = (0..64u16)
            .map(|bits| {
                ATTRIBUTES
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| bits >> i & 1 == 1)
                    .map(|(_, (m, ..))| *m)
                    .collect()
            })
            // One intensity at a time: the emulator keeps the last of the two.
            .filter(|m: &Modifier| !m.contains(Modifier::BOLD | Modifier::DIM))
            .collect();
        let at = |modifier| Rendition {
            modifier,
            ..Rendition::PLAIN
        };
        let shown = |steps: &[Rendition]| {
            let mut parser = vt100::Parser::new(std::num::NonZero::<u16>::MIN, 2.try_into().unwrap(), 0);
            let mut bytes = Vec::new();
            for pair in steps.windows(2) {
                pair[0].change(pair[1], &mut bytes);
            }
            bytes.push(b'x');
            parser.process(&bytes);
            parser.screen().cell(0, 0).unwrap().clone()
        };
        for from in &all {
            for to in &all {
                let direct = shown(&[Rendition::PLAIN, at(*to)]);
                let around = shown(&[Rendition::PLAIN, at(*from), at(*to)]);
                assert_eq!(direct, around, "{from:?} → {to:?}");
            }
        }
    }
}
