//! Bytes of a terminal → events.
//!
//! Covers what xterm and its kin send without any extended protocol turned on: UTF-8, Alt as an ESC prefix,
//! CSI and SS3 keys with modifiers, bracketed paste, focus reports and SGR mouse reports. Replies to queries
//! (OSC, DCS, APC, DA, CPR, mode reports) are swallowed: nothing was asked, so whatever answers is late, and
//! must not become key presses.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// A lone ESC is the Escape key if nothing follows for this long.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(50);
/// A sequence that has begun may be cut by the network for this long.
const SEQUENCE_PATIENCE: Duration = Duration::from_secs(1);
/// Longest sequence that is kept; a longer one is swallowed to its end.
const MAX_SEQUENCE: usize = 64;
/// Longest reply that is swallowed. After that it is believed to be something else.
const MAX_STRING: usize = 8 * 1024;
/// Longest paste that is kept.
const MAX_PASTE: usize = 1 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// Inside a UTF-8 character; `alt` where an ESC came before it.
    Utf8 {
        bytes: Vec<u8>,
        alt: bool,
    },
    Escape,
    Csi(Vec<u8>),
    /// The three bytes of an X10 mouse report.
    X10(Vec<u8>),
    Ss3,
    /// OSC, DCS, APC, PM or SOS, begun by this byte; the number of bytes swallowed; whether the last was ESC.
    Text {
        opener: u8,
        swallowed: usize,
        escape: bool,
    },
    Paste(Vec<u8>),
}

/// An incremental parser. Cut the bytes anywhere: the events are the same.
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
}

impl Parser {
    /// How long to wait for more bytes before [`Parser::time_is_up`]; `None`: for ever.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match &self.state {
            State::Ground => None,
            State::Escape | State::Ss3 => Some(ESCAPE_PATIENCE),
            State::Csi(bytes) if bytes.is_empty() => Some(ESCAPE_PATIENCE),
            // `ESC ]` is the beginning of the one reply that is known to come late (F5): wait for the rest.
            State::Text {
                opener, swallowed: 0, ..
            } if *opener != b']' => Some(ESCAPE_PATIENCE),
            State::Utf8 { .. } | State::Csi(_) | State::X10(_) | State::Text { .. } | State::Paste(_) => {
                Some(SEQUENCE_PATIENCE)
            }
        }
    }

    /// Nothing came for [`Parser::patience`]: what has begun is all there is.
    pub fn time_is_up(&mut self, events: &mut Vec<Event>) {
        match std::mem::take(&mut self.state) {
            State::Escape => events.push(key(KeyCode::Esc, KeyModifiers::NONE)),
            State::Ss3 => events.push(character('O', true)),
            State::Csi(bytes) if bytes.is_empty() => events.push(character('[', true)),
            State::Text {
                opener, swallowed: 0, ..
            } => events.push(character(char::from(opener), true)),
            State::Paste(bytes) => events.push(paste(&bytes)),
            State::Ground | State::Utf8 { .. } | State::Csi(_) | State::X10(_) | State::Text { .. } => {}
        }
    }

    /// Takes bytes in and appends the events that are complete.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        for byte in bytes {
            self.step(*byte, events);
        }
    }

    fn step(&mut self, byte: u8, events: &mut Vec<Event>) {
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => ground(byte, false, events),
            State::Utf8 { bytes, alt } => utf8(bytes, byte, alt, events),
            State::Escape => escape(byte, events),
            State::Csi(bytes) => csi(bytes, byte, events),
            State::X10(bytes) => x10(bytes, byte, events),
            State::Ss3 => {
                if let Some(code) = ss3_key(byte) {
                    events.push(key(code, KeyModifiers::NONE));
                }
                State::Ground
            }
            State::Text {
                opener,
                swallowed,
                escape,
            } => match (byte, escape) {
                // BEL, ST, or one of the two bytes that cancel every sequence.
                (0x07 | 0x18 | 0x1a, _) | (b'\\', true) => State::Ground,
                _ if swallowed == MAX_STRING => State::Ground,
                _ => State::Text {
                    opener,
                    swallowed: swallowed + 1,
                    escape: byte == 0x1b,
                },
            },
            State::Paste(mut bytes) => {
                bytes.push(byte);
                if bytes.ends_with(PASTE_END) {
                    bytes.truncate(bytes.len() - PASTE_END.len());
                    events.push(paste(&bytes));
                    State::Ground
                } else {
                    if bytes.len() > MAX_PASTE {
                        // Keep the end: that is where the end mark will be.
                        bytes.drain(MAX_PASTE / 2..MAX_PASTE / 2 + 1024);
                    }
                    State::Paste(bytes)
                }
            }
        };
    }
}

fn ground(byte: u8, alt: bool, events: &mut Vec<Event>) -> State {
    let extra = if alt {
        KeyModifiers::ALT
    } else {
        KeyModifiers::NONE
    };
    let control = |c: u8| key(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL | extra);
    events.push(match byte {
        0x1b => return State::Escape,
        b'\r' => key(KeyCode::Enter, extra),
        b'\t' => key(KeyCode::Tab, extra),
        0x7f => key(KeyCode::Backspace, extra),
        0x00 => control(b' '),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'4'),
        0x20..=0x7e => character(char::from(byte), alt),
        0x80.. => return utf8(Vec::new(), byte, alt, events),
    });
    State::Ground
}

fn utf8(mut bytes: Vec<u8>, byte: u8, alt: bool, events: &mut Vec<Event>) -> State {
    bytes.push(byte);
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            events.extend(text.chars().map(|c| character(c, alt)));
            State::Ground
        }
        // Could still become a character.
        Err(error) if error.error_len().is_none() => State::Utf8 { bytes, alt },
        // Never: the bytes before are dropped, this one may begin something new.
        Err(_) if bytes.len() > 1 => ground(byte, false, events),
        Err(_) => State::Ground,
    }
}

fn escape(byte: u8, events: &mut Vec<Event>) -> State {
    match byte {
        b'[' => State::Csi(Vec::new()),
        b'O' => State::Ss3,
        b']' | b'P' | b'_' | b'^' | b'X' => State::Text {
            opener: byte,
            swallowed: 0,
            escape: false,
        },
        0x1b => {
            events.push(key(KeyCode::Esc, KeyModifiers::NONE));
            State::Escape
        }
        _ => ground(byte, true, events),
    }
}

fn csi(mut bytes: Vec<u8>, byte: u8, events: &mut Vec<Event>) -> State {
    match byte {
        b'M' if bytes.is_empty() => State::X10(Vec::new()),
        0x20..=0x3f => {
            if bytes.len() < MAX_SEQUENCE {
                bytes.push(byte);
            }
            State::Csi(bytes)
        }
        b'~' if bytes == b"200" => State::Paste(Vec::new()),
        0x40..=0x7e => {
            events.extend(csi_event(&bytes, byte));
            State::Ground
        }
        0x1b => State::Escape,
        // A control byte inside a sequence: the sequence was cut.
        _ => ground(byte, false, events),
    }
}

fn csi_event(bytes: &[u8], last: u8) -> Option<Event> {
    if let Some(report) = bytes.strip_prefix(b"<") {
        return sgr_mouse(&numbers(report), last);
    }
    if !bytes
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b';' | b':'))
    {
        return None; // DA, mode reports and the like
    }
    let n = numbers(bytes);
    let first = n.first().copied().unwrap_or(0);
    let modifiers = modifiers(n.get(1).copied().unwrap_or(1));
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'Z' => return Some(key(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT)),
        b'I' if bytes.is_empty() => return Some(Event::FocusGained),
        b'O' if bytes.is_empty() => return Some(Event::FocusLost),
        b'P' | b'Q' | b'S' => KeyCode::F(last - b'P' + 1),
        // `1;2R` is F3 with Shift, `12;40R` is where the cursor is: nobody asked.
        b'R' if first <= 1 && n.len() <= 2 && n.get(1).is_none_or(|m| (2..=16).contains(m)) => KeyCode::F(3),
        b'~' if first == 27 => return other_key(*n.get(2)?, modifiers),
        b'~' => tilde_key(first)?,
        b'u' => return other_key(first, modifiers),
        _ => return None,
    };
    Some(key(code, modifiers))
}

fn tilde_key(number: u32) -> Option<KeyCode> {
    #[expect(clippy::cast_possible_truncation, reason = "small")]
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F((number - 10) as u8),
        17..=21 => KeyCode::F((number - 11) as u8),
        23..=26 => KeyCode::F((number - 12) as u8),
        28..=29 => KeyCode::F((number - 13) as u8),
        31..=34 => KeyCode::F((number - 14) as u8),
        _ => return None,
    })
}

/// xterm's `modifyOtherKeys` and the `CSI u` form, which some terminals send unasked.
fn other_key(code: u32, modifiers: KeyModifiers) -> Option<Event> {
    Some(match code {
        9 => key(KeyCode::Tab, modifiers),
        13 => key(KeyCode::Enter, modifiers),
        27 => key(KeyCode::Esc, modifiers),
        127 => key(KeyCode::Backspace, modifiers),
        _ => key(
            KeyCode::Char(char::from_u32(code).filter(|c| !c.is_control())?),
            modifiers,
        ),
    })
}

fn ss3_key(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(byte - b'P' + 1),
        // The keypad in application mode.
        b'j'..=b'y' => KeyCode::Char(char::from(byte - 0x40)),
        b'X' => KeyCode::Char('='),
        _ => return None,
    })
}

fn sgr_mouse(n: &[u32], last: u8) -> Option<Event> {
    let &[code, column, row] = n else { return None };
    mouse(code, column, row, last == b'm')
}

fn x10(mut bytes: Vec<u8>, byte: u8, events: &mut Vec<Event>) -> State {
    bytes.push(byte);
    let &[code, column, row] = bytes.as_slice() else {
        return State::X10(bytes);
    };
    let at = |b: u8| u32::from(b).saturating_sub(32);
    let code = at(code);
    // In this form a release does not say of which button.
    let release = code & 0b11 == 3 && code & 64 == 0;
    events.extend(mouse(
        if release { code & !0b11 } else { code },
        at(column),
        at(row),
        release,
    ));
    State::Ground
}

/// `code`: bits 0, 1 button, 2 Shift, 3 Alt, 4 Ctrl, 5 movement, 6 wheel. Places count from 1.
fn mouse(code: u32, column: u32, row: u32, release: bool) -> Option<Event> {
    let button = match code & 0b11 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (code & 64 != 0, code & 32 != 0, code & 0b11) {
        (true, _, 0) => MouseEventKind::ScrollUp,
        (true, _, 1) => MouseEventKind::ScrollDown,
        (true, _, 2) => MouseEventKind::ScrollLeft,
        (true, _, _) => MouseEventKind::ScrollRight,
        (false, true, 3) => MouseEventKind::Moved,
        (false, true, _) => MouseEventKind::Drag(button),
        (false, false, 3) => return None,
        (false, false, _) if release => MouseEventKind::Up(button),
        (false, false, _) => MouseEventKind::Down(button),
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (4, KeyModifiers::SHIFT),
        (8, KeyModifiers::ALT),
        (16, KeyModifiers::CONTROL),
    ] {
        if code & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(Event::Mouse(MouseEvent {
        kind,
        column: u16::try_from(column.checked_sub(1)?).ok()?,
        row: u16::try_from(row.checked_sub(1)?).ok()?,
        modifiers,
    }))
}

/// The parameters of a sequence; of one with sub-parameters, the first.
fn numbers(bytes: &[u8]) -> Vec<u32> {
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|b| *b == b';')
        .map(|part| {
            part.iter()
                .take_while(|b| b.is_ascii_digit())
                .fold(0_u32, |n, b| {
                    n.saturating_mul(10).saturating_add(u32::from(b - b'0'))
                })
        })
        .collect()
}

/// `1 + bits`: 1 Shift, 2 Alt, 4 Ctrl, 8 Super.
fn modifiers(parameter: u32) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
    ] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

/// An upper-case letter carries Shift, as crossterm has it.
fn character(c: char, alt: bool) -> Event {
    let mut modifiers = KeyModifiers::NONE;
    if c.is_uppercase() {
        modifiers |= KeyModifiers::SHIFT;
    }
    if alt {
        modifiers |= KeyModifiers::ALT;
    }
    key(KeyCode::Char(c), modifiers)
}

fn paste(bytes: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for chunk in chunks {
            parser.feed(chunk, &mut events);
        }
        if parser.patience().is_some() {
            parser.time_is_up(&mut events);
        }
        events
    }

    fn plain(code: KeyCode) -> Event {
        key(code, KeyModifiers::NONE)
    }

    #[test]
    fn keys_are_what_xterm_sends() {
        let shift = KeyModifiers::SHIFT;
        let control = KeyModifiers::CONTROL;
        let cases: &[(&[u8], Event)] = &[
            (b"a", plain(KeyCode::Char('a'))),
            (b"A", key(KeyCode::Char('A'), shift)),
            ("é".as_bytes(), plain(KeyCode::Char('é'))),
            (b"\r", plain(KeyCode::Enter)),
            (b"\x7f", plain(KeyCode::Backspace)),
            (b"\x1b", plain(KeyCode::Esc)),
            (b"\x03", key(KeyCode::Char('c'), control)),
            (b"\x1a", key(KeyCode::Char('z'), control)),
            (b"\x1bx", key(KeyCode::Char('x'), KeyModifiers::ALT)),
            (b"\x1b[A", plain(KeyCode::Up)),
            (b"\x1bOA", plain(KeyCode::Up)),
            (b"\x1b[1;5C", key(KeyCode::Right, control)),
            (b"\x1b[1;2R", key(KeyCode::F(3), shift)),
            (b"\x1bOP", plain(KeyCode::F(1))),
            (b"\x1b[15~", plain(KeyCode::F(5))),
            (b"\x1b[24~", plain(KeyCode::F(12))),
            (b"\x1b[5~", plain(KeyCode::PageUp)),
            (b"\x1b[3;5~", key(KeyCode::Delete, control)),
            (b"\x1b[Z", key(KeyCode::BackTab, shift)),
            (b"\x1b[27;5;13~", key(KeyCode::Enter, control)),
            (b"\x1b[I", Event::FocusGained),
            (b"\x1b[200~two\nlines\x1b[201~", Event::Paste("two\nlines".into())),
        ];
        for (bytes, event) in cases {
            assert_eq!(
                parse(&[bytes]),
                std::slice::from_ref(event),
                "{:?}",
                bytes.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn mouse_reports_carry_place_button_and_modifiers() {
        let Event::Mouse(down) = &parse(&[b"\x1b[<16;12;3M"])[0] else {
            panic!("no mouse event")
        };
        assert_eq!(down.kind, MouseEventKind::Down(MouseButton::Left));
        assert_eq!(
            (down.column, down.row, down.modifiers),
            (11, 2, KeyModifiers::CONTROL)
        );
        let Event::Mouse(up) = &parse(&[b"\x1b[<2;1;1m"])[0] else {
            panic!("no mouse event")
        };
        assert_eq!(up.kind, MouseEventKind::Up(MouseButton::Right));
        let Event::Mouse(wheel) = &parse(&[b"\x1b[<65;1;1M"])[0] else {
            panic!("no mouse event")
        };
        assert_eq!(wheel.kind, MouseEventKind::ScrollDown);
        assert_eq!(parse(&[b"\x1b[M !!"]).len(), 1);
    }

    #[test]
    fn late_replies_of_the_terminal_never_become_keys() {
        let replies: &[&[u8]] = &[
            b"\x1b]11;rgb:1a1a/eaea/f0f0\x1b\\",
            b"\x1b]11;rgb:1a1a/eaea/f0f0\x07",
            b"\x1b[?62;22c",
            b"\x1b[12;40R",
            b"\x1bP>|xterm(390)\x1b\\",
            b"\x1b[?2026;2$y",
            b"\x1b_Gi=31;OK\x1b\\",
            b"\x1b[8;36;120t",
        ];
        for reply in replies {
            assert_eq!(parse(&[reply]), [], "{:?}", reply.escape_ascii().to_string());
            // Cut at any place, with the escape timeout in between where the terminal is slow.
            for cut in 3..reply.len() {
                assert_eq!(parse(&[&reply[..cut], &reply[cut..]]), []);
            }
        }
        // Even where the timeout strikes right after `ESC ]` there is patience for the rest.
        let mut parser = Parser::default();
        parser.feed(b"\x1b]", &mut Vec::new());
        assert_eq!(parser.patience(), Some(SEQUENCE_PATIENCE));
    }

    #[test]
    fn bytes_cut_anywhere_give_the_same_events() {
        let bytes = b"jk\x1b[1;5A\xe5\xad\xa6\x1b[<0;3;4M\x1b[200~x\x1b[201~\x1bOB\x1b]11;x\x07q";
        let whole = parse(&[bytes]);
        assert_eq!(whole.len(), 8);
        for cut in 1..bytes.len() {
            assert_eq!(parse(&[&bytes[..cut], &bytes[cut..]]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn rubbish_is_survived_and_the_next_key_is_read() {
        for rubbish in [
            &b"\xff\xfe"[..],
            b"\xe5q",
            b"\x1b[999999999999;1~",
            b"\x1b[1;\x03",
        ] {
            let mut events = parse(&[rubbish, b"z"]);
            assert_eq!(events.pop(), Some(plain(KeyCode::Char('z'))), "{rubbish:?}");
        }
    }
}
