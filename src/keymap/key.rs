//! One key, and its notation: `j`, `A`, `<Down>`, `<C-d>`, `<S-Tab>`, `<Space>`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with the modifiers that tell keys apart everywhere (Shift with letters is the letter itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    control: bool,
    shift: bool,
}

/// Names of keys that are no characters.
const NAMES: [(&str, KeyCode); 14] = [
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Space", KeyCode::Char(' ')),
    ("Delete", KeyCode::Delete),
];

impl Key {
    /// The key of an event; `None` for keys that no binding can name.
    #[must_use]
    pub fn of(event: KeyEvent) -> Option<Self> {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        Some(match event.code {
            KeyCode::Char(c) => Self {
                code: KeyCode::Char(c),
                control,
                shift: false,
            },
            KeyCode::BackTab => Self {
                code: KeyCode::Tab,
                control,
                shift: true,
            },
            KeyCode::F(1) => Self {
                code: KeyCode::F(1),
                control: false,
                shift: false,
            },
            code if NAMES.iter().any(|(_, c)| *c == code) => Self { code, control, shift },
            _ => return None,
        })
    }

    /// Reads the notation.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Some(Self {
                code: KeyCode::Char(c),
                control: false,
                shift: false,
            });
        }
        let mut body = text.strip_prefix('<')?.strip_suffix('>')?;
        let (mut control, mut shift) = (false, false);
        loop {
            if let Some(rest) = body.strip_prefix("C-") {
                control = true;
                body = rest;
            } else if let Some(rest) = body.strip_prefix("S-") {
                shift = true;
                body = rest;
            } else {
                break;
            }
        }
        if body == "F1" {
            return Some(Self {
                code: KeyCode::F(1),
                control,
                shift,
            });
        }
        let code = NAMES
            .iter()
            .find(|(n, _)| *n == body)
            .map(|(_, c)| *c)
            .or_else(|| {
                let mut chars = body.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Some(KeyCode::Char(c)),
                    _ => None,
                }
            })?;
        Some(Self { code, control, shift })
    }

    /// The event that pressing it gives.
    #[must_use]
    pub fn event(self) -> KeyEvent {
        let mut modifiers = KeyModifiers::NONE;
        if self.control {
            modifiers |= KeyModifiers::CONTROL;
        }
        if self.shift {
            modifiers |= KeyModifiers::SHIFT;
        }
        let code = if self.code == KeyCode::Tab && self.shift {
            KeyCode::BackTab
        } else {
            self.code
        };
        KeyEvent::new(code, modifiers)
    }
}

/// As people write it: `^D`, `↓`, `shift-tab`, `enter`, `A`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.shift {
            f.write_str("shift-")?;
        }
        if self.control {
            f.write_str("^")?;
        }
        match self.code {
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) if self.control => write!(f, "{}", c.to_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            code => {
                let name = NAMES.iter().find(|(_, c)| *c == code).map_or("?", |(n, _)| n);
                write!(f, "{}", name.to_lowercase())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_and_events_undo_each_other() {
        for text in [
            "j", "A", "<Down>", "<C-d>", "<S-Tab>", "<Space>", "<S-Left>", "<F1>",
        ] {
            let key = Key::parse(text).unwrap();
            assert_eq!(Key::of(key.event()), Some(key), "{text}");
        }
        assert_eq!(Key::parse("<C-d>").unwrap().to_string(), "^D");
        assert_eq!(Key::parse("<Nonsense>"), None);
    }
}
