//! A drawn screen as a file: plain text, HTML or SVG; and, with its words, a report.
//!
//! Pure: cells in, text out. Colours are those of the theme; what the terminal would choose itself is black or white.

mod ink;
mod page;
mod svg;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::session::{Model, Pane};
use crate::study::label::is_hostile;

use super::words::{self, Section};

/// What every report says of itself near its beginning, so that it is known again.
pub const MARK: &str = "tunescope report";

/// The panes of a report.
const PANES: [Pane; 5] = [
    Pane::Slices,
    Pane::Surface,
    Pane::Trials,
    Pane::Suggestion,
    Pane::History,
];

/// From this size on all panes fit on one screen.
const OVERVIEW: (u16, u16) = (140, 40);

/// Rows of the header, which is drawn once.
const HEADER: u16 = 2;

/// What a file is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
    Svg,
}

impl Format {
    /// The format that an ending names.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let ending = path.rsplit_once('.')?.1.to_lowercase();
        Some(match ending.as_str() {
            "txt" => Self::Text,
            "html" | "htm" => Self::Html,
            "svg" => Self::Svg,
            _ => return None,
        })
    }
}

/// What a picture lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Dark,
    Light,
    /// Whichever its reader prefers.
    Both,
}

/// One screen, drawn for a dark and for a light ground.
#[derive(Clone, Copy, Debug)]
pub struct Sheets<'a> {
    pub dark: &'a Buffer,
    pub light: &'a Buffer,
    pub ground: Ground,
}

impl<'a> Sheets<'a> {
    /// A screen that was drawn for one ground.
    #[must_use]
    pub fn one(buf: &'a Buffer, light: bool) -> Self {
        Self {
            dark: buf,
            light: buf,
            ground: if light { Ground::Light } else { Ground::Dark },
        }
    }
}

/// The screen in a format, without words.
#[must_use]
pub fn write(sheets: &Sheets<'_>, format: Format) -> String {
    match format {
        Format::Text => text(sheets.dark),
        Format::Html => page::bare(sheets),
        Format::Svg => svg::standalone(sheets, "tunescope", ""),
    }
}

/// The screen and what it says, for those who see it and for those who do not.
#[must_use]
pub fn report(sheets: &Sheets<'_>, title: &str, words: &[Section], format: Format) -> String {
    match format {
        Format::Text => {
            let drawn = text(sheets.dark);
            format!(
                "{MARK}: {title}\n\n{}\n\nthe panes\n=========\n\n{drawn}",
                words::plain(words)
            )
        }
        Format::Html => page::report(sheets, title, words),
        Format::Svg => svg::standalone(sheets, title, &words::plain(words)),
    }
}

/// All panes: on one screen where they fit, else one below the other, each as large as the screen.
#[must_use]
pub fn panes(model: &Model, (width, height): (u16, u16)) -> Buffer {
    if width >= OVERVIEW.0 && height >= OVERVIEW.1 {
        return super::picture(model, width, height);
    }
    let mut model = model.clone();
    model.zoomed = true;
    let mut all = Buffer::empty(Rect::new(0, 0, width, 0));
    for (i, pane) in PANES.into_iter().enumerate() {
        model.focus = pane;
        let drawn = super::picture(&model, width, height);
        let from = if i == 0 { 0 } else { HEADER };
        let skipped = usize::from(from) * usize::from(width);
        all.content.extend(drawn.content.into_iter().skip(skipped));
        all.area.height = all.area.height.saturating_add(height.saturating_sub(from));
    }
    all
}

fn rows(buf: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buf.content.chunks(usize::from(buf.area.width).max(1))
}

/// The cells of a row that hold something of their own: the second half of a wide character does not.
fn own_cells(row: &[Cell]) -> impl Iterator<Item = (usize, &Cell)> {
    let mut free = 0;
    row.iter().enumerate().filter(move |(x, cell)| {
        let is_own = *x >= free;
        if is_own {
            free = x + cell.symbol().width().max(1);
        }
        is_own
    })
}

fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let line: String = own_cells(row).map(|(_, cell)| cell.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Text as markup takes it; what no reader should meet is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push(c),
            c if is_hostile(c) => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Style};

    fn drawn() -> Buffer {
        let mut buf = Buffer::with_lines(["a<b  ", "▀ x学y"]);
        buf.set_string(
            0,
            0,
            "a",
            Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(196)),
        );
        buf
    }

    #[test]
    fn text_is_what_is_read() {
        assert_eq!(
            write(&Sheets::one(&drawn(), false), Format::Text),
            "a<b\n▀ x学y\n"
        );
    }

    #[test]
    fn markup_escapes_names_and_keeps_colours() {
        for format in [Format::Html, Format::Svg] {
            let markup = write(&Sheets::one(&drawn(), true), format);
            assert!(
                markup.contains("fill:#010203") && markup.contains("fill:#ff0000"),
                "{markup}"
            );
            assert!(markup.contains("&lt;b") && !markup.contains("<b "), "{markup}");
            assert!(!markup.contains("prefers-color-scheme"), "{markup}");
        }
    }

    #[test]
    fn a_picture_for_both_grounds_has_the_colours_of_both() {
        let (dark, mut light) = (drawn(), drawn());
        light.set_string(0, 0, "a", Style::new().fg(Color::Rgb(4, 5, 6)));
        let sheets = Sheets {
            dark: &dark,
            light: &light,
            ground: Ground::Both,
        };
        let svg = write(&sheets, Format::Svg);
        let (day, night) = svg.split_once("prefers-color-scheme:dark").unwrap();
        assert!(day.contains("#040506") && !day.contains("#010203"), "{svg}");
        assert!(night.contains("#010203") && !night.contains("#040506"), "{svg}");
    }

    #[test]
    fn a_small_report_has_all_panes_below_each_other() {
        let mut model = Model::new(0.0, (80, 24));
        model.zoomed = false;
        let buf = panes(&model, (80, 24));
        assert_eq!(buf.content.len(), 80 * usize::from(buf.area.height));
        let text = text(&buf);
        for pane in PANES {
            assert!(text.contains(pane.title()), "{} in {text}", pane.title());
        }
        assert_eq!(panes(&model, (160, 48)).area.height, 48);
    }

    #[test]
    fn the_ending_names_the_format() {
        assert_eq!(Format::of("x/y.SVG"), Some(Format::Svg));
        assert_eq!(Format::of("x.txt"), Some(Format::Text));
        assert_eq!(Format::of("x"), None);
    }
}
