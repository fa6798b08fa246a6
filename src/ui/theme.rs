//! Colours by meaning. One accent (amber: what is proposed, what has the focus), one hue for the model
//! (blue: mean and bands), greys for what was observed, red for what went wrong. Everything is also said
//! by a shape or a word, so that no theme but [`ColorLevel::None`] is needed to read the screen.
//!
//! Text without a role is the terminal's own. 256-colour entries are exact entries of the xterm cube, so
//! that nothing is rounded on the way (a rounded dark red is grey).

use ratatui::style::{Color, Modifier, Style};

use crate::session::model::{Appearance, ColorLevel, ThemeChoice};

use super::ramp::Ramp;

/// Three codings of one colour for dark and for light backgrounds: true, 256, 16.
#[derive(Clone, Copy)]
struct Hue {
    dark: ((u8, u8, u8), u8, Color),
    light: ((u8, u8, u8), u8, Color),
}

const ACCENT: Hue = Hue {
    dark: ((255, 180, 84), 215, Color::Yellow),
    light: ((172, 82, 0), 130, Color::Magenta),
};
const MODEL: Hue = Hue {
    dark: ((137, 196, 255), 117, Color::Cyan),
    light: ((0, 92, 175), 25, Color::Blue),
};
const BAND95: Hue = Hue {
    dark: ((32, 43, 60), 236, Color::Reset),
    light: ((228, 237, 248), 254, Color::Reset),
};
const BAND68: Hue = Hue {
    dark: ((48, 69, 99), 24, Color::Reset),
    light: ((196, 216, 241), 153, Color::Reset),
};
const ERROR: Hue = Hue {
    dark: ((255, 118, 108), 203, Color::Red),
    light: ((190, 28, 28), 160, Color::Red),
};
const DIM: Hue = Hue {
    dark: ((142, 149, 161), 246, Color::Reset),
    light: ((96, 102, 112), 242, Color::Reset),
};
const FAINT: Hue = Hue {
    dark: ((82, 89, 100), 240, Color::Reset),
    light: ((186, 192, 201), 250, Color::Reset),
};
const STRIP: Hue = Hue {
    dark: ((160, 112, 52), 137, Color::Yellow),
    light: ((223, 160, 105), 179, Color::Magenta),
};
/// Posterior samples: between the mean and what was observed.
const SAMPLE: Hue = Hue {
    dark: ((108, 150, 172), 67, Color::Cyan),
    light: ((92, 140, 176), 67, Color::Blue),
};
/// What is true and cannot be seen outside of the lab.
const TRUTH: Hue = Hue {
    dark: ((134, 214, 142), 114, Color::Green),
    light: ((20, 122, 56), 28, Color::Green),
};
/// The belief at the probe beyond what has to be beaten, and short of it.
const GAINS: Hue = Hue {
    dark: ((204, 142, 62), 173, Color::Yellow),
    light: ((214, 136, 62), 173, Color::Magenta),
};
const LOSES: Hue = Hue {
    dark: ((58, 84, 122), 61, Color::Reset),
    light: ((176, 200, 232), 146, Color::Reset),
};
/// Strokes over what is probably infeasible.
const HATCH: Hue = Hue {
    dark: ((112, 120, 134), 243, Color::Reset),
    light: ((150, 157, 168), 246, Color::Reset),
};
/// Trials from far off the slice to on it.
const FADES: [Hue; 4] = [
    Hue {
        dark: ((94, 102, 116), 242, Color::Reset),
        light: ((168, 175, 186), 248, Color::Reset),
    },
    Hue {
        dark: ((134, 142, 156), 246, Color::Reset),
        light: ((122, 130, 142), 244, Color::Reset),
    },
    Hue {
        dark: ((184, 191, 202), 250, Color::Reset),
        light: ((76, 83, 94), 239, Color::Reset),
    },
    Hue {
        dark: ((240, 243, 248), 255, Color::Reset),
        light: ((20, 24, 30), 234, Color::Reset),
    },
];

/// Styles by role for one appearance.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub level: ColorLevel,
    pub light: bool,
    pub ascii: bool,
    pub ramp: Ramp,
}

impl Theme {
    #[must_use]
    pub fn new(appearance: &Appearance) -> Self {
        Self {
            level: appearance.color,
            light: appearance.theme == ThemeChoice::Light,
            ascii: appearance.ascii,
            ramp: Ramp::of(appearance.color, appearance.ramp, appearance.ascii),
        }
    }

    /// Whether areas can be filled with colour (256 colours and up).
    #[must_use]
    pub fn has_fills(&self) -> bool {
        self.level >= ColorLevel::Indexed256 && !self.ascii
    }

    fn color(&self, hue: Hue) -> Option<Color> {
        let ((r, g, b), indexed, basic) = if self.light { hue.light } else { hue.dark };
        match self.level {
            ColorLevel::True => Some(Color::Rgb(r, g, b)),
            ColorLevel::Indexed256 => Some(Color::Indexed(indexed)),
            ColorLevel::Sixteen => (basic != Color::Reset).then_some(basic),
            ColorLevel::None => None,
        }
    }

    fn fg(&self, hue: Hue, otherwise: Modifier) -> Style {
        match self.color(hue) {
            Some(color) => Style::new().fg(color),
            None => Style::new().add_modifier(otherwise),
        }
    }

    #[must_use]
    pub fn text(&self) -> Style {
        Style::new()
    }

    #[must_use]
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Secondary text.
    #[must_use]
    pub fn dim(&self) -> Style {
        self.fg(DIM, Modifier::DIM)
    }

    /// Rules, tracks and ticks.
    #[must_use]
    pub fn faint(&self) -> Style {
        self.fg(FAINT, Modifier::DIM)
    }

    /// What is proposed, what has the focus.
    #[must_use]
    pub fn accent(&self) -> Style {
        self.fg(ACCENT, Modifier::BOLD)
    }

    #[must_use]
    pub fn accent_strong(&self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }

    /// The model's mean.
    #[must_use]
    pub fn model(&self) -> Style {
        self.fg(MODEL, Modifier::empty())
    }

    #[must_use]
    pub fn error(&self) -> Style {
        self.fg(ERROR, Modifier::BOLD)
    }

    /// The acquisition below a slice.
    #[must_use]
    pub fn strip(&self) -> Style {
        self.fg(STRIP, Modifier::DIM)
    }

    /// What stands under the cursor: reverse in every theme, never colour alone.
    #[must_use]
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A trial by its weight in `[0, 1]`.
    #[must_use]
    pub fn fade(&self, weight: f64) -> Style {
        let step = fade_step(weight);
        let modifier = match step {
            0 | 1 => Modifier::DIM,
            2 => Modifier::empty(),
            _ => Modifier::BOLD,
        };
        FADES
            .get(step)
            .map_or_else(Style::new, |hue| self.fg(*hue, modifier))
    }

    /// Colours of the ±1σ and ±2σ bands, where there are fills.
    #[must_use]
    pub fn bands(&self) -> Option<(Color, Color)> {
        if !self.has_fills() {
            return None;
        }
        Some((self.color(BAND68)?, self.color(BAND95)?))
    }

    /// A posterior sample.
    #[must_use]
    pub fn sample(&self) -> Style {
        self.fg(SAMPLE, Modifier::DIM)
    }

    /// The hatching of what is probably infeasible.
    #[must_use]
    pub fn hatch(&self) -> Style {
        self.fg(HATCH, Modifier::DIM)
    }

    /// The true function, where it is known.
    #[must_use]
    pub fn truth(&self) -> Style {
        self.fg(TRUTH, Modifier::empty())
    }

    /// The fill of the belief at the probe, by whether it improves; `None` without fills.
    #[must_use]
    pub fn density(&self, improves: bool) -> Option<Color> {
        let hue = if improves { GAINS } else { LOSES };
        self.color(hue).filter(|_| self.has_fills())
    }

    /// The same without fills.
    #[must_use]
    pub fn density_glyph(&self, improves: bool) -> (&'static str, Style) {
        match (improves, self.ascii) {
            (true, true) => ("#", self.accent()),
            (false, true) => (":", self.faint()),
            (true, false) => ("█", self.fg(GAINS, Modifier::BOLD)),
            (false, false) => ("░", self.faint()),
        }
    }

    /// The fills of the two terms of EI: exploitation in the colour of what is gained, exploration in that of doubt.
    #[must_use]
    pub fn term_fill(&self, exploits: bool) -> Option<Color> {
        self.density(exploits)
    }

    /// The same without fills.
    #[must_use]
    pub fn term_glyph(&self, exploits: bool) -> (&'static str, Style) {
        match (exploits, self.ascii) {
            (true, true) => ("#", self.accent()),
            (false, true) => (":", self.faint()),
            (true, false) => ("▓", self.fg(GAINS, Modifier::empty())),
            (false, false) => ("░", self.faint()),
        }
    }

    /// A positive or negative term of a sum: orange and blue, with the sign beside it.
    #[must_use]
    pub fn term(&self, value: f64) -> Style {
        if value < 0.0 { self.model() } else { self.accent() }
    }
}

/// One of four steps by weight.
#[must_use]
pub fn fade_step(weight: f64) -> usize {
    match weight {
        w if w >= 0.75 => 3,
        w if w >= 0.4 => 2,
        w if w >= 0.12 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_every_role_is_a_modifier_only() {
        let theme = Theme::new(&Appearance {
            color: ColorLevel::None,
            ..Appearance::default()
        });
        for style in [
            theme.accent(),
            theme.dim(),
            theme.error(),
            theme.model(),
            theme.strip(),
            theme.fade(0.0),
            theme.fade(1.0),
            theme.selected(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert_ne!(theme.accent(), theme.text());
        assert_ne!(theme.fade(0.0), theme.fade(1.0));
        assert!(theme.bands().is_none());
    }

    #[test]
    fn the_256_theme_uses_the_cube_only() {
        let theme = Theme::new(&Appearance {
            color: ColorLevel::Indexed256,
            ..Appearance::default()
        });
        for style in [theme.accent(), theme.dim(), theme.error(), theme.model()] {
            assert!(matches!(style.fg, Some(Color::Indexed(16..))));
        }
    }
}
