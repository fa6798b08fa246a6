//! How things are drawn.

/// Which theme is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    #[default]
    Dark,
    Light,
}

/// How many colours may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorLevel {
    None,
    Sixteen,
    Indexed256,
    #[default]
    True,
}

/// How things are drawn; changed by keys and `:` commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appearance {
    pub theme: ThemeChoice,
    pub color: ColorLevel,
    /// Index of the colour ramp of surfaces.
    pub ramp: usize,
    /// Plain ASCII instead of Braille and blocks.
    pub ascii: bool,
    pub crosshair: bool,
    pub contours: bool,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            color: ColorLevel::default(),
            ramp: 0,
            ascii: false,
            crosshair: true,
            contours: true,
        }
    }
}
