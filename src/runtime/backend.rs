//! Cells → bytes: the only place that speaks to the screen.
//!
//! ratatui's own crossterm backend is not used, for three reasons that are kept impossible here by
//! construction: it asks the terminal for the cursor position (an unanswered query blocks two seconds),
//! it drops colours under `NO_COLOR` in a way that also wipes reverse video, and it writes through
//! whatever buffer it is given in the middle of a frame. Here nothing is ever asked, colours are what the
//! theme says, and a frame is one write between the marks of a synchronised update.

mod rendition;
mod strokes;

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use strokes::Shown;

/// "Hold the screen still until the end mark": DEC private mode 2026. Terminals without it ignore it.
pub const BEGIN_SYNCHRONIZED: &[u8] = b"\x1b[?2026h";
pub const END_SYNCHRONIZED: &[u8] = b"\x1b[?2026l";

/// Used where the kernel does not know the size of the terminal.
const FALLBACK_SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// A ratatui backend that gathers one frame in memory; [`ScreenBackend::commit`] writes it at once.
#[derive(Debug)]
pub struct ScreenBackend<W> {
    out: W,
    frame: Vec<u8>,
    shown: Shown,
    /// `None` until the first frame has said which.
    cursor_shown: Option<bool>,
    cursor: Position,
    fixed_size: Option<Size>,
    written: u64,
}

impl<W: Write> ScreenBackend<W> {
    pub fn new(out: W) -> Self {
        Self {
            out,
            frame: Vec::with_capacity(1 << 14),
            shown: Shown::default(),
            cursor_shown: None,
            cursor: Position::ORIGIN,
            fixed_size: None,
            written: 0,
        }
    }

    /// A backend for a screen of a given size, whatever the kernel says.
    pub fn with_size(out: W, width: u16, height: u16) -> Self {
        Self {
            fixed_size: Some(Size { width, height }),
            ..Self::new(out)
        }
    }

    /// Bytes written so far, the marks of synchronised updates included.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.written
    }

    /// Writes the gathered frame in one piece, wrapped in a synchronised update. An empty frame writes
    /// nothing. Because both marks are part of the one write, there is no path on which a begin is sent
    /// without its end.
    ///
    /// Returns the number of bytes.
    ///
    /// # Errors
    /// What the terminal says; after a hang-up this is how the loop learns of it.
    pub fn commit(&mut self) -> io::Result<usize> {
        if self.frame.is_empty() {
            return Ok(0);
        }
        let mut bytes =
            Vec::with_capacity(self.frame.len() + BEGIN_SYNCHRONIZED.len() + END_SYNCHRONIZED.len());
        bytes.extend_from_slice(BEGIN_SYNCHRONIZED);
        bytes.append(&mut self.frame);
        bytes.extend_from_slice(END_SYNCHRONIZED);
        self.write_now(&bytes)?;
        Ok(bytes.len())
    }

    /// Writes bytes outside any frame (mode switches, the clipboard).
    ///
    /// # Errors
    /// What the terminal says.
    pub fn write_now(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Forgets what the terminal looks like: the next frame says everything again.
    pub fn forget(&mut self) {
        self.frame.clear();
        self.shown.forget();
        self.cursor_shown = None;
    }

    #[must_use]
    pub fn out(&self) -> &W {
        &self.out
    }
}

impl<W: Write> Backend for ScreenBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        strokes::say(content, &mut self.shown, &mut self.frame);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown != Some(false) {
            self.frame.extend_from_slice(b"\x1b[?25l");
            self.cursor_shown = Some(false);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown != Some(true) {
            self.frame.extend_from_slice(b"\x1b[?25h");
            self.cursor_shown = Some(true);
        }
        Ok(())
    }

    /// The last position that was set. The terminal is never asked.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        // Drawing moves the cursor: only a frame without any cell leaves it where it was.
        if position != self.cursor || !self.frame.is_empty() {
            let (x, y) = (position.x + 1, position.y + 1);
            self.frame.extend_from_slice(format!("\x1b[{y};{x}H").as_bytes());
            self.cursor = position;
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.shown.forget();
        self.frame.extend_from_slice(match clear_type {
            ClearType::All => b"\x1b[2J".as_slice(),
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        });
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        if let Some(size) = self.fixed_size {
            return Ok(size);
        }
        let kernel = rustix::termios::tcgetwinsize(rustix::stdio::stdout())
            .map_or(Size::ZERO, |w| Size::new(w.ws_col, w.ws_row));
        Ok(if kernel.width == 0 || kernel.height == 0 {
            FALLBACK_SIZE
        } else {
            kernel
        })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size()?,
            pixels: Size::ZERO,
        })
    }

    /// Nothing: a frame leaves as a whole, in [`ScreenBackend::commit`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::rendition::Rendition;
    use super::*;
    use ratatui::Terminal;
    use ratatui::style::{Color, Modifier, Style};

    fn terminal(width: u16, height: u16) -> Terminal<ScreenBackend<Vec<u8>>> {
        Terminal::new(ScreenBackend::with_size(Vec::new(), width, height)).unwrap()
    }

    fn frame(
        terminal: &mut Terminal<ScreenBackend<Vec<u8>>>,
        draw: impl FnOnce(&mut ratatui::Frame),
    ) -> String {
        let before = terminal.backend().out().len();
        terminal.draw(draw).unwrap();
        terminal.backend_mut().commit().unwrap();
        String::from_utf8(terminal.backend().out()[before..].to_vec()).unwrap()
    }

    #[test]
    fn a_frame_is_one_synchronised_update_and_the_same_frame_again_is_no_bytes() {
        let mut t = terminal(10, 2);
        let first = frame(&mut t, |f| {
            f.buffer_mut().set_string(1, 1, "hey", Style::default());
        });
        assert_eq!(first, "\x1b[?2026h\x1b[2;2Hhey\x1b[?25l\x1b[?2026l");
        let again = frame(&mut t, |f| {
            f.buffer_mut().set_string(1, 1, "hey", Style::default());
        });
        assert_eq!(again, "");
    }

    #[test]
    fn a_style_change_is_one_sequence_and_the_frame_ends_plain() {
        let mut t = terminal(10, 1);
        let bytes = frame(&mut t, |f| {
            let style = Style::default().fg(Color::Red).bg(Color::Indexed(30));
            f.buffer_mut()
                .set_string(0, 0, "a", style.add_modifier(Modifier::BOLD));
            f.buffer_mut().set_string(1, 0, "b", style);
            f.buffer_mut()
                .set_string(3, 0, "c", Style::default().fg(Color::Rgb(1, 2, 3)));
        });
        assert_eq!(
            bytes,
            "\x1b[?2026h\x1b[38;2;1;2;3m\x1b[1;4Hc\x1b[31;48;5;30m\x1b[2Gb\x1b[1m\x1b[1Ga\x1b[m\x1b[?25l\x1b[?2026l"
        );
    }

    #[test]
    fn no_control_or_bidirectional_character_leaves_whatever_a_cell_holds() {
        let mut t = terminal(4, 1);
        let bytes = frame(&mut t, |f| {
            f.buffer_mut()[(0, 0)].set_symbol("z");
            f.buffer_mut()[(1, 0)].set_symbol("\u{202e}");
            f.buffer_mut()[(2, 0)].set_symbol("\x1b]0;x\x07");
        });
        assert!(!bytes.contains("]0;x") && !bytes.contains('\u{202e}'));
        assert!(bytes.contains('z'));
    }

    #[test]
    fn after_a_wide_glyph_the_place_is_said_again() {
        let mut t = terminal(6, 1);
        let bytes = frame(&mut t, |f| {
            f.buffer_mut().set_string(0, 0, "学x", Style::default());
        });
        assert!(bytes.contains("学\x1b[3Gx"), "{bytes:?}");
    }

    /// The colours of the upper and the lower half of a cell, its glyph where it is no half block, and its attributes.
    type Looks = (String, vt100::Color, vt100::Color, [bool; 3]);

    fn looks(cell: &vt100::Cell) -> Looks {
        let (fg, bg) = (cell.fgcolor(), cell.bgcolor());
        let attributes = [cell.inverse(), cell.underline(), cell.bold()];
        match cell.contents() {
            "▀" => (String::new(), fg, bg, attributes),
            "▄" => (String::new(), bg, fg, attributes),
            // Of a blank nobody sees whether it is bold.
            "" | " " if !cell.inverse() && !cell.underline() => (String::new(), bg, bg, [false; 3]),
            other => (other.to_owned(), fg, bg, attributes),
        }
    }

    #[test]
    fn each_look_is_said_once_and_short_gaps_are_filled() {
        let mut t = terminal(40, 1);
        let style = |color| Style::default().fg(color);
        let mut row = |text: &str, others: Color| {
            frame(&mut t, |f| {
                for (x, c) in (0..).zip(text.chars()) {
                    let color = if c.is_lowercase() { Color::Red } else { others };
                    f.buffer_mut().set_string(x, 0, c.to_string(), style(color));
                }
            })
        };
        // What is said later is left out by a blank, which is shorter than an address.
        let first = row("aBaBa", Color::Green);
        assert_eq!(
            first,
            "\x1b[?2026h\x1b[31m\x1b[1Ha a a\x1b[32m\x1b[2GB\x1b[4GB\x1b[m\x1b[?25l\x1b[?2026l"
        );
        // What stands there and looks alike is said again.
        let second = row("cBaBcbca", Color::Green);
        assert_eq!(second, "\x1b[?2026h\x1b[31m\x1b[1Hc\x1b[5Gcbca\x1b[m\x1b[?2026l");
        let third = row("cBaBdbcd", Color::Green);
        assert_eq!(third, "\x1b[?2026h\x1b[31m\x1b[1;5Hdbcd\x1b[m\x1b[?2026l");
    }

    #[test]
    fn what_is_said_in_any_order_looks_like_what_is_said_in_place() {
        let (width, height) = (40, 8);
        let colors = [
            Color::Reset,
            Color::Red,
            Color::Indexed(54),
            Color::Rgb(9, 8, 7),
            Color::Rgb(1, 2, 3),
        ];
        let mut state = 3_u32;
        let mut pick = |n: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % n
        };
        let mut t = terminal(width, height);
        let mut shown = vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
        let mut plain = vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
        let mut there = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, width, height));
        for round in 0..60 {
            let mut expected = Vec::new();
            let bytes = frame(&mut t, |f| {
                for y in 0..height {
                    for x in 0..width {
                        let cell = &mut there[(x, y)];
                        // Sometimes nearly all changes, sometimes little, and colours come in runs.
                        if pick(8) <= round % 8 {
                            cell.reset();
                            cell.set_symbol([" ", " ", "▀", "▄", "x"][pick(5)]);
                            cell.fg = colors[pick(2 + round % 4)];
                            cell.bg = colors[pick(1 + round % 5)];
                            if pick(9) == 0 {
                                cell.modifier =
                                    [Modifier::REVERSED, Modifier::BOLD, Modifier::UNDERLINED][pick(3)];
                            }
                        }
                        f.buffer_mut()[(x, y)] = cell.clone();
                        expected.extend_from_slice(format!("\x1b[{};{}H\x1b[m", y + 1, x + 1).as_bytes());
                        Rendition::PLAIN.change(Rendition::of(cell), &mut expected);
                        expected.extend_from_slice(cell.symbol().as_bytes());
                    }
                }
            });
            shown.process(bytes.as_bytes());
            plain.process(&expected);
            for y in 0..height {
                for x in 0..width {
                    let of = |p: &vt100::Parser| looks(p.screen().cell(y, x).unwrap());
                    assert_eq!(of(&shown), of(&plain), "at {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn a_short_way_is_said_as_a_way_but_not_after_what_may_be_wide_nor_from_the_edge() {
        let mut t = terminal(20, 3);
        let red = Style::default().fg(Color::Red);
        let mut say = |changed: &[(u16, u16, &str)]| {
            frame(&mut t, |f| {
                for y in 0..3 {
                    f.buffer_mut().set_string(0, y, "=".repeat(20), Style::default());
                }
                for (x, y, symbol) in changed {
                    f.buffer_mut().set_string(*x, *y, symbol, red);
                }
            })
        };
        say(&[]);
        // A few columns on; straight down and one back.
        let bytes = say(&[(9, 0, "a"), (14, 0, "b"), (14, 1, "c")]);
        assert!(bytes.contains("[1;10Ha\x1b[4Cb\x1b[B\x08c"), "{bytes:?}");
        say(&[]);
        let bytes = say(&[(9, 0, "●"), (14, 0, "b"), (19, 1, "c"), (18, 2, "d")]);
        assert!(bytes.contains("●\x1b[15Gb"), "{bytes:?}");
        assert!(bytes.contains("c\n\x1b[19Gd"), "{bytes:?}");
    }

    #[test]
    fn the_cursor_is_placed_again_after_cells_moved_it() {
        let mut t = terminal(6, 2);
        let at = Position::new(2, 1);
        frame(&mut t, |f| f.set_cursor_position(at));
        let moved = frame(&mut t, |f| {
            f.buffer_mut().set_string(0, 0, "x", Style::default());
            f.set_cursor_position(at);
        });
        assert!(moved.contains("x\x1b[2;3H"), "{moved:?}");
        let still = frame(&mut t, |f| {
            f.buffer_mut().set_string(0, 0, "x", Style::default());
            f.set_cursor_position(at);
        });
        assert_eq!(still, "");
    }
}
