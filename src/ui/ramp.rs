//! Colour ramps of surfaces: few levels, each clearly lighter than the one before it.
//!
//! True colour: 10 levels of viridis (default: contours run at every second of its steps, and a frame is a third shorter
//! than with 16), 12 of cividis, 10 greys. 256 colours: 8 entries of the
//! xterm cube that follow plasma or magma. Fewer: glyphs. Every ramp is strictly monotone in CIE L* and
//! adjacent levels differ by ΔE76 ≥ 8, so that a level is seen as a level by everybody.

use ratatui::style::Color;

use crate::session::model::ColorLevel;

/// What the levels of a surface look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ramp {
    pub name: &'static str,
    pub steps: Steps,
}

/// The levels, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    Rgb(&'static [(u8, u8, u8)]),
    Indexed(&'static [u8]),
    Glyphs(&'static [&'static str]),
}

const VIRIDIS: [(u8, u8, u8); 10] = [
    (68, 1, 84),
    (72, 40, 120),
    (62, 74, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (109, 205, 89),
    (180, 222, 44),
    (253, 231, 37),
];

const CIVIDIS: [(u8, u8, u8); 12] = [
    (0, 32, 81),
    (8, 48, 105),
    (36, 65, 110),
    (68, 81, 109),
    (95, 98, 110),
    (117, 115, 114),
    (137, 132, 119),
    (157, 151, 120),
    (180, 170, 115),
    (208, 190, 103),
    (236, 211, 84),
    (253, 234, 69),
];

const GREYS: [(u8, u8, u8); 10] = [
    (20, 20, 20),
    (42, 42, 42),
    (64, 64, 64),
    (87, 87, 87),
    (111, 111, 111),
    (136, 136, 136),
    (162, 162, 162),
    (188, 188, 188),
    (215, 215, 215),
    (243, 243, 243),
];

const PLASMA_256: [u8; 8] = [18, 55, 91, 126, 167, 209, 214, 226];
const MAGMA_256: [u8; 8] = [16, 17, 54, 89, 168, 209, 216, 229];
const GREYS_256: [u8; 8] = [233, 236, 239, 242, 245, 248, 251, 255];
/// Loss and gain around nothing: blue, a dark neutral in the middle, orange. Lighter at every step away from it.
const BLUE_ORANGE: [(u8, u8, u8); 15] = [
    (110, 185, 255),
    (98, 160, 220),
    (86, 136, 187),
    (74, 113, 154),
    (62, 91, 123),
    (50, 70, 93),
    (38, 49, 64),
    (26, 30, 38),
    (56, 50, 47),
    (87, 71, 56),
    (118, 93, 65),
    (151, 116, 74),
    (184, 140, 83),
    (219, 165, 92),
    (255, 190, 100),
];
const BLUE_ORANGE_256: [u8; 9] = [117, 74, 31, 24, 235, 94, 136, 179, 222];
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const ASCII: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];

/// Ramps of each colour level; `Appearance::ramp` counts through them.
const TRUE: [Ramp; 3] = [
    Ramp {
        name: "viridis",
        steps: Steps::Rgb(&VIRIDIS),
    },
    Ramp {
        name: "cividis",
        steps: Steps::Rgb(&CIVIDIS),
    },
    Ramp {
        name: "grey",
        steps: Steps::Rgb(&GREYS),
    },
];
const INDEXED: [Ramp; 3] = [
    Ramp {
        name: "plasma",
        steps: Steps::Indexed(&PLASMA_256),
    },
    Ramp {
        name: "magma",
        steps: Steps::Indexed(&MAGMA_256),
    },
    Ramp {
        name: "grey",
        steps: Steps::Indexed(&GREYS_256),
    },
];
const GLYPHS: Ramp = Ramp {
    name: "shades",
    steps: Steps::Glyphs(&SHADES),
};
const PLAIN: Ramp = Ramp {
    name: "ASCII",
    steps: Steps::Glyphs(&ASCII),
};

/// For signed quantities, in the place of the ramp in use.
const SIGNED: [Ramp; 2] = [
    Ramp {
        name: "blue–orange",
        steps: Steps::Rgb(&BLUE_ORANGE),
    },
    Ramp {
        name: "blue–orange",
        steps: Steps::Indexed(&BLUE_ORANGE_256),
    },
];

impl Ramp {
    /// The same in blue and orange, for what may be a loss or a gain; `None` where levels are glyphs, which have one
    /// direction only.
    #[must_use]
    pub fn signed(&self) -> Option<Self> {
        let [rgb, indexed] = SIGNED;
        match self.steps {
            Steps::Rgb(_) => Some(rgb),
            Steps::Indexed(_) => Some(indexed),
            Steps::Glyphs(_) => None,
        }
    }

    /// The ramp for what the terminal can do; `choice` counts round.
    #[must_use]
    pub fn of(level: ColorLevel, choice: usize, ascii: bool) -> Self {
        match level {
            _ if ascii => PLAIN,
            ColorLevel::True => TRUE.get(choice % TRUE.len()).copied().unwrap_or(GLYPHS),
            ColorLevel::Indexed256 => INDEXED.get(choice % INDEXED.len()).copied().unwrap_or(GLYPHS),
            ColorLevel::Sixteen | ColorLevel::None => GLYPHS,
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        match self.steps {
            Steps::Rgb(s) => s.len(),
            Steps::Indexed(s) => s.len(),
            Steps::Glyphs(s) => s.len(),
        }
    }

    /// Whether levels are shades of ink, darkest on a light ground where they are highest.
    #[must_use]
    pub fn is_glyphs(&self) -> bool {
        matches!(self.steps, Steps::Glyphs(_))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The level of a share `t` in `[0, 1]`; `None` for NaN.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to few levels"
    )]
    pub fn level(&self, t: f64) -> Option<usize> {
        if t.is_nan() {
            return None;
        }
        let n = self.len().max(1);
        Some(((t.clamp(0.0, 1.0) * n as f64) as usize).min(n - 1))
    }

    /// The colour of a level; `None` where levels are glyphs.
    #[must_use]
    pub fn color(&self, level: usize) -> Option<Color> {
        match self.steps {
            Steps::Rgb(s) => s.get(level).map(|(r, g, b)| Color::Rgb(*r, *g, *b)),
            Steps::Indexed(s) => s.get(level).map(|i| Color::Indexed(*i)),
            Steps::Glyphs(_) => None,
        }
    }

    /// The glyph of a level; a space where levels are colours.
    #[must_use]
    pub fn glyph(&self, level: usize) -> &'static str {
        match self.steps {
            Steps::Glyphs(s) => s.get(level).copied().unwrap_or(" "),
            Steps::Rgb(_) | Steps::Indexed(_) => " ",
        }
    }

    /// Ink that reads on a level: black on light ones, white on dark ones.
    #[must_use]
    pub fn ink(&self, level: usize) -> Color {
        let light = match self.steps {
            Steps::Rgb(s) => s.get(level).is_some_and(|c| lightness(*c) > 55.0),
            Steps::Indexed(s) => s.get(level).is_some_and(|c| lightness(cube(*c)) > 55.0),
            Steps::Glyphs(_) => return Color::Reset,
        };
        match (light, self.steps) {
            (true, Steps::Rgb(_)) => Color::Rgb(0, 0, 0),
            (false, Steps::Rgb(_)) => Color::Rgb(255, 255, 255),
            (true, _) => Color::Indexed(16),
            (false, _) => Color::Indexed(231),
        }
    }
}

/// The colour of an entry of the xterm cube or grey ramp (16 to 255).
fn cube(i: u8) -> (u8, u8, u8) {
    if i >= 232 {
        let v = 8 + 10 * (i - 232);
        return (v, v, v);
    }
    let i = i.saturating_sub(16);
    let part = |k: u8| if k == 0 { 0 } else { 55 + 40 * k };
    (part(i / 36), part(i / 6 % 6), part(i % 6))
}

/// CIE L*a*b* of an sRGB colour (D65).
fn lab((r, g, b): (u8, u8, u8)) -> (f64, f64, f64) {
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    let (r, g, b) = (linear(r), linear(g), linear(b));
    let f = |t: f64| {
        if t > 0.008_856 {
            t.cbrt()
        } else {
            7.787 * t + 16.0 / 116.0
        }
    };
    let x = f((0.412_456 * r + 0.357_576 * g + 0.180_437 * b) / 0.950_47);
    let y = f(0.212_673 * r + 0.715_152 * g + 0.072_175 * b);
    let z = f((0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83);
    (116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z))
}

fn lightness(c: (u8, u8, u8)) -> f64 {
    lab(c).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ramp_gets_lighter_at_every_step_and_steps_can_be_told_apart() {
        for ramp in TRUE.iter().chain(&INDEXED) {
            let colors: Vec<(u8, u8, u8)> = match ramp.steps {
                Steps::Rgb(s) => s.to_vec(),
                Steps::Indexed(s) => s.iter().map(|i| cube(*i)).collect(),
                Steps::Glyphs(_) => unreachable!(),
            };
            for (k, pair) in colors.windows(2).enumerate() {
                let (a, b) = (lab(pair[0]), lab(pair[1]));
                assert!(b.0 > a.0, "{} gets darker after level {k}", ramp.name);
                let d = ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2) + (a.2 - b.2).powi(2)).sqrt();
                assert!(
                    d >= 8.0,
                    "{}: levels {k} and {} differ by {d:.1}",
                    ramp.name,
                    k + 1
                );
            }
        }
    }

    #[test]
    fn a_signed_ramp_gets_lighter_from_its_middle_to_both_ends() {
        for ramp in &SIGNED {
            let colors: Vec<(u8, u8, u8)> = match ramp.steps {
                Steps::Rgb(s) => s.to_vec(),
                Steps::Indexed(s) => s.iter().map(|i| cube(*i)).collect(),
                Steps::Glyphs(_) => unreachable!(),
            };
            let middle = colors.len() / 2;
            assert_eq!(ramp.level(0.5), Some(middle));
            for (k, pair) in colors.windows(2).enumerate() {
                let (a, b) = (lab(pair[0]), lab(pair[1]));
                assert_eq!(b.0 > a.0, k >= middle, "{} at level {k}", ramp.len());
                let d = ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2) + (a.2 - b.2).powi(2)).sqrt();
                assert!(
                    d >= 8.0,
                    "{}: levels {k} and {} differ by {d:.1}",
                    ramp.len(),
                    k + 1
                );
            }
        }
    }

    #[test]
    fn levels_cover_the_range_evenly_and_nan_has_none() {
        let ramp = Ramp::of(ColorLevel::True, 0, false);
        assert_eq!(ramp.level(0.0), Some(0));
        assert_eq!(ramp.level(1.0), Some(9));
        assert_eq!(ramp.level(f64::INFINITY), Some(9));
        assert_eq!(ramp.level(f64::NAN), None);
        assert_eq!(Ramp::of(ColorLevel::None, 2, false).glyph(4), "█");
    }
}
