//! A drawn screen as a file: plain text, HTML or SVG.
//!
//! Pure: cells in, text out. Colours are those of the theme; what the terminal would choose itself is black or white.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Width and height of a cell in an SVG, in pixels.
const CELL: (f64, f64) = (8.4, 17.0);

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

/// The screen in a format; `light`: on a light ground.
#[must_use]
pub fn write(buf: &Buffer, format: Format, light: bool) -> String {
    match format {
        Format::Text => text(buf),
        Format::Html => html(buf, light),
        Format::Svg => svg(buf, light),
    }
}

fn rows(buf: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buf.content.chunks(usize::from(buf.area.width).max(1))
}

fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let line: String = row.iter().map(Cell::symbol).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Ink and ground of a cell, as the eye sees them.
fn colors(cell: &Cell, light: bool) -> (String, Option<String>) {
    let (paper, ink) = if light {
        ("#ffffff", "#1c1c1c")
    } else {
        ("#101418", "#d8d8d8")
    };
    let mut fg = css(cell.fg).unwrap_or_else(|| ink.to_owned());
    let mut bg = css(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        let ground = std::mem::replace(&mut fg, bg.unwrap_or_else(|| paper.to_owned()));
        bg = Some(ground);
    }
    (fg, bg)
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

fn escaped(symbol: &str) -> String {
    symbol
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn html(buf: &Buffer, light: bool) -> String {
    let (paper, ink) = if light {
        ("#ffffff", "#1c1c1c")
    } else {
        ("#101418", "#d8d8d8")
    };
    let mut out = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>tunescope</title>\n<pre style=\"background:{paper};color:{ink};\
         font:14px/1.2 monospace;padding:1em;display:inline-block\">"
    );
    for row in rows(buf) {
        for (style, words) in runs(row, light) {
            let (fg, bg, bold) = style;
            let ground = bg.map_or_else(String::new, |b| format!(";background:{b}"));
            let weight = if bold { ";font-weight:bold" } else { "" };
            // Writing to a string does not fail.
            let _ = write!(
                out,
                "<span style=\"color:{fg}{ground}{weight}\">{}</span>",
                escaped(&words)
            );
        }
        out.push('\n');
    }
    out.push_str("</pre>\n");
    out
}

type Style = (String, Option<String>, bool);

/// Neighbours of one style together.
fn runs(row: &[Cell], light: bool) -> Vec<(Style, String)> {
    let mut found: Vec<(Style, String)> = Vec::new();
    for cell in row {
        let (fg, bg) = colors(cell, light);
        let style = (fg, bg, cell.modifier.contains(Modifier::BOLD));
        match found.last_mut() {
            Some((last, words)) if *last == style => words.push_str(cell.symbol()),
            _ => found.push((style, cell.symbol().to_owned())),
        }
    }
    found
}

fn svg(buf: &Buffer, light: bool) -> String {
    let paper = if light { "#ffffff" } else { "#101418" };
    let (w, h) = (
        f64::from(buf.area.width) * CELL.0,
        f64::from(buf.area.height) * CELL.1,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.1} {h:.1}\" font-family=\"monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n"
    );
    for (y, row) in (0u16..).zip(rows(buf)) {
        let top = f64::from(y) * CELL.1;
        for (x, cell) in (0u16..).zip(row) {
            let left = f64::from(x) * CELL.0;
            let (fg, bg) = colors(cell, light);
            if let Some(bg) = bg {
                let _ = writeln!(
                    out,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{bg}\"/>",
                    CELL.0 + 0.3,
                    CELL.1 + 0.3
                );
            }
            let symbol = cell.symbol();
            if symbol == "▀" {
                let _ = writeln!(
                    out,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fg}\"/>",
                    CELL.0 + 0.3,
                    CELL.1 / 2.0
                );
            } else if !symbol.trim().is_empty() {
                let bold = if cell.modifier.contains(Modifier::BOLD) {
                    " font-weight=\"bold\""
                } else {
                    ""
                };
                let _ = writeln!(
                    out,
                    "<text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{fg}\"{bold}>{}</text>",
                    top + 0.78 * CELL.1,
                    escaped(symbol)
                );
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn drawn() -> Buffer {
        let mut buf = Buffer::with_lines(["a<b  ", "▀ x"]);
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
        assert_eq!(write(&drawn(), Format::Text, false), "a<b\n▀ x\n");
    }

    #[test]
    fn markup_escapes_names_and_keeps_colours() {
        let html = write(&drawn(), Format::Html, false);
        assert!(html.contains("color:#010203;background:#ff0000"), "{html}");
        assert!(html.contains("&lt;b"), "{html}");
        let svg = write(&drawn(), Format::Svg, true);
        assert!(svg.contains("fill=\"#ff0000\"") && svg.contains("&lt;"), "{svg}");
    }

    #[test]
    fn the_ending_names_the_format() {
        assert_eq!(Format::of("x/y.SVG"), Some(Format::Svg));
        assert_eq!(Format::of("x.txt"), Some(Format::Text));
        assert_eq!(Format::of("x"), None);
    }
}
