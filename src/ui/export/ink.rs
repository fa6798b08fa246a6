//! The colours of a drawn screen, for one ground or for two.

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::Ground;

/// Paper and ink, for dark and for light.
const PAPER: [&str; 2] = ["#101418", "#ffffff"];
const INK: [&str; 2] = ["#d8d8d8", "#1c1c1c"];

/// Every pair of colours that is used: on a dark ground, on a light one.
#[derive(Debug)]
pub struct Inks {
    pairs: Vec<[String; 2]>,
}

/// What one cell wears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Index of the ink.
    pub ink: usize,
    /// Index of what lies under it, where that is not the paper.
    pub ground: Option<usize>,
    pub bold: bool,
}

impl Inks {
    pub fn new() -> Self {
        let own = |[dark, light]: [&str; 2]| [dark.to_owned(), light.to_owned()];
        Self {
            pairs: vec![own(PAPER), own(INK)],
        }
    }

    fn index(&mut self, pair: [String; 2]) -> usize {
        if let Some(known) = self.pairs.iter().position(|p| *p == pair) {
            return known;
        }
        self.pairs.push(pair);
        self.pairs.len() - 1
    }

    pub fn look(&mut self, dark: &Cell, light: &Cell) -> Look {
        let ((dark_ink, dark_ground), (light_ink, light_ground)) = (colors(dark, 0), colors(light, 1));
        let ground = match (dark_ground, light_ground) {
            (None, None) => None,
            (dark, light) => Some([
                dark.unwrap_or_else(|| PAPER[0].to_owned()),
                light.unwrap_or_else(|| PAPER[1].to_owned()),
            ]),
        };
        Look {
            ink: self.index([dark_ink, light_ink]),
            ground: ground.map(|pair| self.index(pair)),
            bold: dark.modifier.contains(Modifier::BOLD),
        }
    }

    /// The style sheet: a class a pair for what is filled (`c0` is the paper), one for what is stroked.
    pub fn css(&self, ground: Ground) -> String {
        let classes = |which: usize| {
            let mut out = String::new();
            for (i, pair) in self.pairs.iter().enumerate() {
                // Writing to a string does not fail.
                let _ = write!(out, ".c{i}{{fill:{0}}}.s{i}{{stroke:{0}}}", pair[which]);
            }
            out
        };
        match ground {
            Ground::Dark => classes(0),
            Ground::Light => classes(1),
            Ground::Both => format!(
                "{}@media(prefers-color-scheme:dark){{{}}}",
                classes(1),
                classes(0)
            ),
        }
    }
}

/// Ink and ground of a cell, as the eye sees them; `on` is 0 for dark, 1 for light.
fn colors(cell: &Cell, on: usize) -> (String, Option<String>) {
    let mut ink = css(cell.fg).unwrap_or_else(|| INK[on].to_owned());
    let mut ground = css(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        let under = std::mem::replace(&mut ink, ground.unwrap_or_else(|| PAPER[on].to_owned()));
        ground = Some(under);
    }
    (ink, ground)
}

/// Style rules for a page: `--paper` and `--ink`.
pub fn page_colors(ground: Ground) -> String {
    let rule = |on: usize| format!("--paper:{};--ink:{}", PAPER[on], INK[on]);
    match ground {
        Ground::Dark => format!(":root{{color-scheme:dark;{}}}", rule(0)),
        Ground::Light => format!(":root{{color-scheme:light;{}}}", rule(1)),
        Ground::Both => format!(
            ":root{{color-scheme:light dark;{}}}@media(prefers-color-scheme:dark){{:root{{{}}}}}",
            rule(1),
            rule(0)
        ),
    }
}

fn css(color: Color) -> Option<String> {
    let (r, g, b) = match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(i) => indexed(i),
        Color::Reset => return None,
        named => indexed(index_of(named)?),
    };
    Some(format!("#{r:02x}{g:02x}{b:02x}"))
}

fn index_of(color: Color) -> Option<u8> {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    NAMED
        .iter()
        .position(|c| *c == color)
        .and_then(|i| u8::try_from(i).ok())
}

/// The usual colours of the 256: sixteen named ones, a cube of 6³, 24 greys.
fn indexed(i: u8) -> (u8, u8, u8) {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match i {
        0..16 => {
            let high = if i >= 8 { 255 } else { 205 };
            let on = |bit: u8| if i & bit != 0 { high } else { 0 };
            match i {
                7 => (229, 229, 229),
                8 => (127, 127, 127),
                _ => (on(1), on(2), on(4)),
            }
        }
        16..232 => {
            let k = i - 16;
            let at = |n: u8| STEPS.get(usize::from(n % 6)).copied().unwrap_or(0);
            (at(k / 36), at(k / 6), at(k))
        }
        232.. => {
            let grey = 8 + 10 * (i - 232);
            (grey, grey, grey)
        }
    }
}
