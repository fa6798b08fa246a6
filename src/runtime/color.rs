//! How many colours to use: what was asked for, else what the environment says.

use std::ffi::OsString;

use crate::session::model::ColorLevel;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    #[default]
    Auto,
    Level(ColorLevel),
}

impl ColorChoice {
    pub const NAMES: [&'static str; 5] = ["auto", "none", "16", "256", "true"];

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "none" => Self::Level(ColorLevel::None),
            "16" => Self::Level(ColorLevel::Sixteen),
            "256" => Self::Level(ColorLevel::Indexed256),
            "true" => Self::Level(ColorLevel::True),
            _ => return None,
        })
    }

    /// The level for a screen. An explicit choice wins; then `NO_COLOR` (where not empty), then what
    /// `COLORTERM` and `TERM` promise; `CLICOLOR_FORCE` lifts a `TERM` that promises nothing to 16.
    /// `var` looks an environment variable up.
    #[must_use]
    pub fn resolve(self, var: impl Fn(&str) -> Option<OsString>) -> ColorLevel {
        let Self::Auto = self else {
            let Self::Level(level) = self else {
                return ColorLevel::None;
            };
            return level;
        };
        let text = |name: &str| {
            var(name)
                .map(|v| v.to_string_lossy().to_lowercase())
                .unwrap_or_default()
        };
        if !text("NO_COLOR").is_empty() {
            return ColorLevel::None;
        }
        let forced = !matches!(text("CLICOLOR_FORCE").as_str(), "" | "0");
        let floor = if forced {
            ColorLevel::Sixteen
        } else {
            ColorLevel::None
        };
        let term = text("TERM");
        let level = match text("COLORTERM").as_str() {
            "truecolor" | "24bit" => ColorLevel::True,
            _ if term.is_empty() || term == "dumb" => ColorLevel::None,
            _ if term.ends_with("-direct") || term.ends_with("-truecolor") => ColorLevel::True,
            _ if ["kitty", "ghostty", "alacritty", "wezterm", "foot"]
                .iter()
                .any(|t| term.contains(t)) =>
            {
                ColorLevel::True
            }
            _ if term.contains("256") => ColorLevel::Indexed256,
            _ if term.starts_with("vt") && !term.contains("color") => ColorLevel::None,
            _ => ColorLevel::Sixteen,
        };
        level.max(floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColorLevel::{Indexed256 as Ansi256, None, Sixteen as Ansi16, True as TrueColor};

    #[test]
    fn the_environment_is_read_in_the_order_that_people_expect() {
        type Case<'a> = (&'a [(&'a str, &'a str)], ColorLevel);
        let cases: [Case<'_>; 11] = [
            (&[("TERM", "xterm-256color")], Ansi256),
            (
                &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
                TrueColor,
            ),
            (
                &[
                    ("TERM", "xterm-256color"),
                    ("NO_COLOR", "1"),
                    ("CLICOLOR_FORCE", "1"),
                ],
                None,
            ),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Ansi256),
            (&[("TERM", "xterm")], Ansi16),
            (&[("TERM", "linux")], Ansi16),
            (&[("TERM", "dumb")], None),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], Ansi16),
            (&[("TERM", "vt100")], None),
            (&[("TERM", "xterm-kitty")], TrueColor),
            (&[], None),
        ];
        for (env, level) in cases {
            let var = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into());
            assert_eq!(ColorChoice::Auto.resolve(var), level, "{env:?}");
        }
        let no_color = |name: &str| (name == "NO_COLOR").then(|| "1".into());
        assert_eq!(ColorChoice::Level(Ansi256).resolve(no_color), Ansi256);
    }
}
