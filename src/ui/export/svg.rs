//! A drawn screen as SVG: blocks and dots as shapes, so that no font leaves gaps between them; everything else as text.

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use unicode_width::UnicodeWidthStr as _;

use super::ink::{Inks, Look};
use super::{MARK, Sheets, escaped, own_cells, rows};

/// Width and height of a cell, in pixels.
const CELL: (f64, f64) = (8.4, 17.0);
const FONT: &str = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace";
/// Paper around the cells.
const MARGIN: f64 = 10.0;
/// A hair wider, so that neighbours meet without a seam.
const SEAM: f64 = 0.3;

/// The drawing and the style sheet that it needs.
pub struct Drawing {
    pub body: String,
    pub css: String,
    /// Width and height of the cells.
    size: (f64, f64),
}

impl Drawing {
    /// The attributes that say how large it is.
    fn extent(&self) -> String {
        let (w, h) = (self.size.0 + 2.0 * MARGIN, self.size.1 + 2.0 * MARGIN);
        format!(
            "viewBox=\"{0} {0} {w:.1} {h:.1}\" width=\"{w:.0}\" height=\"{h:.0}\"",
            -MARGIN
        )
    }
}

/// Neighbours that are drawn as one.
struct Run {
    x: usize,
    cells: usize,
    look: Look,
    kind: Mark,
    words: String,
}

/// How a symbol is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mark {
    Blank,
    /// A part of the cell: left, top, width and height as shares of it, and how opaque it is.
    Block([f64; 4], f64),
    /// Dots of Braille, by bit.
    Dots,
    Text,
}

fn mark(symbol: &str) -> Mark {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return if symbol.trim().is_empty() {
            Mark::Blank
        } else {
            Mark::Text
        };
    };
    let eighths = |from: u32| f64::from(u32::from(c) - from) / 8.0;
    let solid = |shape| Mark::Block(shape, 1.0);
    match c {
        c if c.is_whitespace() => Mark::Blank,
        '\u{2580}' => solid([0.0, 0.0, 1.0, 0.5]),
        '\u{2581}'..='\u{2588}' => {
            let part = eighths(0x2580);
            solid([0.0, 1.0 - part, 1.0, part])
        }
        '\u{2589}'..='\u{258f}' => solid([0.0, 0.0, 1.0 - eighths(0x2588), 1.0]),
        '\u{2590}' => solid([0.5, 0.0, 0.5, 1.0]),
        '\u{2591}'..='\u{2593}' => Mark::Block([0.0, 0.0, 1.0, 1.0], 2.0 * eighths(0x2590)),
        '\u{2594}' => solid([0.0, 0.0, 1.0, 0.125]),
        '\u{2595}' => solid([0.875, 0.0, 0.125, 1.0]),
        '─' => solid([0.0, 0.47, 1.0, 0.06]),
        '│' => solid([0.44, 0.0, 0.12, 1.0]),
        '\u{2800}' => Mark::Blank,
        '\u{2801}'..='\u{28ff}' => Mark::Dots,
        _ => Mark::Text,
    }
}

/// Draws the cells.
pub fn draw(sheets: &Sheets<'_>) -> Drawing {
    let mut inks = Inks::new();
    let area = sheets.dark.area;
    let size = (f64::from(area.width) * CELL.0, f64::from(area.height) * CELL.1);
    let mut body = String::new();
    let (at, paper) = ((-MARGIN, -MARGIN), (size.0 + 2.0 * MARGIN, size.1 + 2.0 * MARGIN));
    rectangle(&mut body, 0, at, paper, 1.0);
    for (y, (dark, light)) in rows(sheets.dark).zip(rows(sheets.light)).enumerate() {
        let runs = runs(dark, light, &mut inks);
        grounds(&runs, y, &mut body);
        for run in &runs {
            symbols(run, y, &mut body);
        }
    }
    Drawing {
        body,
        css: format!(
            "{}.b{{font-weight:bold}}.d{{fill:none;stroke-width:2.2;stroke-linecap:round}}",
            inks.css(sheets.ground)
        ),
        size,
    }
}

/// Neighbours of one kind and look together; a single space between words of one look is part of the text, more are a gap
/// that no font may move.
fn runs(dark: &[Cell], light: &[Cell], inks: &mut Inks) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    for (x, cell) in own_cells(dark) {
        let look = inks.look(cell, light.get(x).unwrap_or(cell));
        let symbol = cell.symbol();
        let (kind, cells) = (mark(symbol), symbol.width().max(1));
        let last = found.last_mut();
        if let Some(last) = last.filter(|l| l.kind == kind && alike(l.look, look, kind)) {
            last.cells += cells;
            last.words.push_str(symbol);
            continue;
        }
        let words = symbol.to_owned();
        found.push(Run {
            x,
            cells,
            look,
            kind,
            words,
        });
        join_words(&mut found);
    }
    found
}

/// Of what is blank nobody sees the ink.
fn alike(a: Look, b: Look, kind: Mark) -> bool {
    a == b || kind == Mark::Blank && a.ground == b.ground
}

fn join_words(found: &mut Vec<Run>) {
    if let [.., before, blank, after] = found.as_mut_slice()
        && before.kind == Mark::Text
        && after.kind == Mark::Text
        && blank.kind == Mark::Blank
        && blank.cells == 1
        && before.look == after.look
        && before.look.ground == blank.look.ground
    {
        before.cells += 1 + after.cells;
        before.words.push(' ');
        before.words.push_str(&after.words);
        found.truncate(found.len() - 2);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred cells")]
fn left(x: usize) -> f64 {
    x as f64 * CELL.0
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand rows")]
fn top(y: usize) -> f64 {
    y as f64 * CELL.1
}

/// What lies under the symbols, neighbours of one colour together.
fn grounds(runs: &[Run], y: usize, out: &mut String) {
    let mut open: Option<(usize, usize, usize)> = None;
    let mut close = |open: &mut Option<(usize, usize, usize)>| {
        if let Some((class, x, cells)) = open.take() {
            rectangle(out, class, (left(x), top(y)), (left(cells), CELL.1), 1.0);
        }
    };
    for run in runs {
        match (&mut open, run.look.ground) {
            (Some((class, _, cells)), Some(ground)) if *class == ground => *cells += run.cells,
            (_, ground) => {
                close(&mut open);
                open = ground.map(|g| (g, run.x, run.cells));
            }
        }
    }
    close(&mut open);
}

fn rectangle(out: &mut String, class: usize, at: (f64, f64), size: (f64, f64), opacity: f64) {
    let faint = if opacity < 1.0 {
        format!(" opacity=\"{opacity}\"")
    } else {
        String::new()
    };
    let _ = writeln!(
        out,
        "<rect class=\"c{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"{faint}/>",
        at.0,
        at.1,
        size.0 + SEAM,
        size.1 + SEAM
    );
}

fn symbols(run: &Run, y: usize, out: &mut String) {
    match run.kind {
        Mark::Blank => {}
        Mark::Block([x, dy, w, h], opacity) if w >= 1.0 => {
            let at = (left(run.x) + x, top(y) + dy * CELL.1);
            rectangle(
                out,
                run.look.ink,
                at,
                (left(run.cells), h * CELL.1 - SEAM),
                opacity,
            );
        }
        Mark::Block([x, dy, w, h], opacity) => {
            for k in 0..run.cells {
                let at = (left(run.x + k) + x * CELL.0, top(y) + dy * CELL.1);
                rectangle(
                    out,
                    run.look.ink,
                    at,
                    (w * CELL.0 - SEAM, h * CELL.1 - SEAM),
                    opacity,
                );
            }
        }
        Mark::Dots => dots(run, y, out),
        Mark::Text => {
            let bold = if run.look.bold { " b" } else { "" };
            let _ = writeln!(
                out,
                "<text class=\"c{}{bold}\" x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" \
                 lengthAdjust=\"spacingAndGlyphs\">{}</text>",
                run.look.ink,
                left(run.x),
                top(y) + 0.76 * CELL.1,
                left(run.cells),
                escaped(&run.words)
            );
        }
    }
}

/// Each dot is a line of no length with a round end.
fn dots(run: &Run, y: usize, out: &mut String) {
    const PLACES: [(f64, f64); 8] = [
        (0.0, 0.0),
        (0.0, 1.0),
        (0.0, 2.0),
        (1.0, 0.0),
        (1.0, 1.0),
        (1.0, 2.0),
        (0.0, 3.0),
        (1.0, 3.0),
    ];
    let mut path = String::new();
    for (k, c) in run.words.chars().enumerate() {
        let bits = u32::from(c).saturating_sub(0x2800);
        for (bit, (dx, dy)) in PLACES.iter().enumerate() {
            if bits >> bit & 1 == 1 {
                let _ = write!(
                    path,
                    "M{:.1} {:.1}h0",
                    left(run.x + k) + (dx + 0.5) * CELL.0 / 2.0,
                    top(y) + (dy + 0.5) * CELL.1 / 4.0
                );
            }
        }
    }
    let _ = writeln!(out, "<path class=\"d s{}\" d=\"{path}\"/>", run.look.ink);
}

/// A file of its own; `words` say what is to be seen.
pub fn standalone(sheets: &Sheets<'_>, title: &str, words: &str) -> String {
    let drawing = draw(sheets);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" {} \
         role=\"img\" aria-labelledby=\"title\" aria-describedby=\"words\" font-family=\"{FONT}\" font-size=\"14\">\n\
         <!-- {MARK} -->\n<title id=\"title\">{}</title>\n<desc id=\"words\">{}</desc>\n<style>{}</style>\n{}</svg>\n",
        drawing.extent(),
        escaped(title),
        escaped(words),
        drawing.css,
        drawing.body
    )
}

/// The drawing as a part of a page, whose style sheet has its colours; `label` says what it is.
pub fn inline(drawing: &Drawing, label: &str) -> String {
    format!(
        "<svg {} role=\"img\" aria-label=\"{}\" \
         font-family=\"{FONT}\" font-size=\"14\">\n{}</svg>",
        drawing.extent(),
        escaped(label),
        drawing.body
    )
}
