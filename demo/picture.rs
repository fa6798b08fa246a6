//! Makes a picture of the real program: runs it in a pseudo-terminal, presses keys, and writes the screen as
//! SVG.
//!
//! ```text
//! cargo build --release --bins --example picture
//! mkdir target/picture && cd target/picture
//! cp ../../demo/studies/finetune.jsonl results.jsonl
//! { printf '[study]\nname = "finetune"\nmetric = "val_loss"\ndirection = "minimize"\n[budget]\ntrials = 60\n\n'
//!   cat ../../assets/demo-space.toml; } > space.toml
//! ../release/examples/picture ../../assets/explorer.svg 160x46 $':pair learning_rate weight_decay\r\e' -- \
//!     ../release/tunescope results.jsonl --space space.toml --theme dark
//! ../release/examples/picture ../../assets/lab.svg 132x38 $'\rn' -- ../release/tunescope learn 5 --lang en --theme dark
//! ```
//!
//! The third argument is typed once the screen has settled, and the picture is taken when it has settled
//! again.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// A screen has settled when nothing was written for this long.
const QUIET: Duration = Duration::from_millis(1500);
const CELL: (f64, f64) = (8.4, 17.0);
const FONT: &str = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
const BACKGROUND: &str = "#101216";
const FOREGROUND: &str = "#dcdfe4";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (head, command) = args.split_at(args.iter().position(|a| a == "--").unwrap_or(args.len()));
    let ([out, size, keys], [_, program, rest @ ..]) = (head, command) else {
        return Err("usage: picture OUT.svg COLSxROWS KEYS -- PROGRAM [ARG …]".into());
    };
    let (columns, rows) = size.split_once('x').ok_or("the size is COLSxROWS")?;
    let size = PtySize {
        rows: rows.parse()?,
        cols: columns.parse()?,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pty = native_pty_system().openpty(size)?;
    // What has a slash is a path from here; the rest is looked for in PATH.
    let program = match std::fs::canonicalize(program) {
        Ok(path) if program.contains('/') => path.into_os_string(),
        _ => program.into(),
    };
    let mut builder = CommandBuilder::new(program);
    builder.args(rest);
    builder.cwd(std::env::current_dir()?);
    builder.env("TERM", "xterm-256color");
    builder.env("COLORTERM", "truecolor");
    builder.env("SSH_CONNECTION", "none: no question is asked of this terminal");
    let mut child = pty.slave.spawn_command(builder)?;
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader()?;
    let mut writer = pty.master.take_writer()?;
    let (sender, chunks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 65536];
        while let Ok(n) = reader.read(&mut bytes) {
            if n == 0 || sender.send(bytes[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let (Some(high), Some(wide)) = (NonZero::new(size.rows), NonZero::new(size.cols)) else {
        return Err("the size is COLSxROWS, both above 0".into());
    };
    let mut screen = vt100::Parser::new(high, wide, 0);
    settle(&chunks, &mut screen);
    for key in keys.chars() {
        writer.write_all(key.to_string().as_bytes())?;
        writer.flush()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    settle(&chunks, &mut screen);
    std::fs::write(out, svg(screen.screen(), size))?;
    writer.write_all(b"\x03")?;
    writer.flush()?;
    child.wait()?;
    Ok(())
}

fn settle(chunks: &Receiver<Vec<u8>>, screen: &mut vt100::Parser) {
    loop {
        match chunks.recv_timeout(QUIET) {
            Ok(bytes) => screen.process(&bytes),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn svg(screen: &vt100::Screen, size: PtySize) -> String {
    let (width, height) = (f64::from(size.cols) * CELL.0, f64::from(size.rows) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\">\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\
         <g transform=\"translate(12 12)\" font-family=\"{FONT}\" font-size=\"14\" xml:space=\"preserve\">\n",
        w = width + 24.0,
        h = height + 24.0
    );
    for row in 0..size.rows {
        grounds(&mut out, screen, row, size.cols);
        glyphs(&mut out, screen, row, size.cols);
    }
    out.push_str("</g></svg>\n");
    out
}

/// Colours of the glyph and of what is behind it.
fn inks(cell: &vt100::Cell) -> (String, String) {
    let (fg, bg) = (
        color(cell.fgcolor(), FOREGROUND),
        color(cell.bgcolor(), BACKGROUND),
    );
    if cell.inverse() { (bg, fg) } else { (fg, bg) }
}

/// One rectangle for neighbours of one background.
fn grounds(out: &mut String, screen: &vt100::Screen, row: u16, columns: u16) {
    let ground = |c: u16| {
        let cell = screen.cell(row, c)?;
        // What leaves the terminal's own background free below it is drawn from above instead.
        Some(match hanging(cell) {
            Some(_) => BACKGROUND.to_owned(),
            None => inks(cell).1,
        })
    };
    let mut column = 0;
    while column < columns {
        let here = ground(column);
        let end = (column..columns).find(|c| ground(*c) != here).unwrap_or(columns);
        if let Some(fill) = here.filter(|fill| fill != BACKGROUND) {
            let (x, y) = (f64::from(column) * CELL.0, f64::from(row) * CELL.1);
            rectangle(out, x, y, f64::from(end - column) * CELL.0, CELL.1, &fill);
        }
        column = end;
    }
}

/// Eighths of a cell that hang from its top: a lower block in the colour of the background over another.
fn hanging(cell: &vt100::Cell) -> Option<u32> {
    let code = u32::from(cell.contents().chars().next()?);
    let is_free = inks(cell).0 == BACKGROUND && inks(cell).1 != BACKGROUND;
    (is_free && (0x2581..0x2588).contains(&code)).then(|| 0x2588 - code)
}

/// What is drawn as a shape is drawn; of text, a word is one element with a place for each of its letters, so that no font
/// can move them.
fn glyphs(out: &mut String, screen: &vt100::Screen, row: u16, columns: u16) {
    let y = f64::from(row) * CELL.1;
    let mut word: Option<Word> = None;
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        let x = f64::from(column) * CELL.0;
        let (fg, bg) = inks(cell);
        if let Some(eighths) = hanging(cell) {
            word.take().into_iter().for_each(|w| w.write(out, y));
            rectangle(out, x, y, CELL.0, CELL.1 * f64::from(eighths) / 8.0, &bg);
            continue;
        }
        let first = cell.contents().chars().next().filter(|c| !c.is_whitespace());
        let style = (fg, cell.bold(), cell.dim());
        let is_shape = first.is_some_and(|c| shape(&mut String::new(), c, (x, y), &style.0));
        if word
            .as_ref()
            .is_some_and(|w| first.is_none() || is_shape || w.style != style)
        {
            word.take().into_iter().for_each(|w| w.write(out, y));
        }
        match first {
            Some(c) if is_shape => {
                shape(out, c, (x, y), &style.0);
            }
            Some(_) => {
                let word = word.get_or_insert_with(|| Word::new(style));
                word.places.push(format!("{x:.1}"));
                word.text.extend(cell.contents().chars().map(escaped));
            }
            None => {}
        }
    }
    word.into_iter().for_each(|w| w.write(out, y));
}

fn escaped(c: char) -> String {
    match c {
        '<' => "&lt;".to_owned(),
        '&' => "&amp;".to_owned(),
        c => c.to_string(),
    }
}

/// Letters of one style beside each other.
struct Word {
    /// Colour, bold, dim.
    style: (String, bool, bool),
    places: Vec<String>,
    text: String,
}

impl Word {
    fn new(style: (String, bool, bool)) -> Self {
        Self {
            style,
            places: Vec::new(),
            text: String::new(),
        }
    }

    fn write(self, out: &mut String, y: f64) {
        let (fg, bold, dim) = &self.style;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" fill=\"{fg}\"{}{}>{}</text>",
            self.places.join(" "),
            y + CELL.1 * 0.76,
            if *bold { " font-weight=\"bold\"" } else { "" },
            if *dim { " opacity=\"0.6\"" } else { "" },
            self.text
        );
    }
}

/// Draws blocks and Braille as what they look like; false for everything else.
fn shape(out: &mut String, c: char, (x, y): (f64, f64), fg: &str) -> bool {
    let (w, h) = CELL;
    let code = u32::from(c);
    match code {
        0x2580 => rectangle(out, x, y, w, h / 2.0, fg),
        0x2581..=0x2588 => {
            let part = h * f64::from(code - 0x2580) / 8.0;
            rectangle(out, x, y + h - part, w, part, fg);
        }
        0x2589..=0x258F => rectangle(out, x, y, w * f64::from(0x2590 - code) / 8.0, h, fg),
        0x2590 => rectangle(out, x + w / 2.0, y, w / 2.0, h, fg),
        // Lines meet from cell to cell.
        0x2500 => rectangle(out, x, y + h / 2.0 - 0.6, w, 1.2, fg),
        0x2501 => rectangle(out, x, y + h / 2.0 - 1.2, w, 2.4, fg),
        0x2502 => rectangle(out, x + w / 2.0 - 0.6, y, 1.2, h, fg),
        0x2503 => rectangle(out, x + w / 2.0 - 1.2, y, 2.4, h, fg),
        0x2800..=0x28FF => {
            for (bit, (dx, dy)) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
                .into_iter()
                .enumerate()
            {
                if (code - 0x2800) >> bit & 1 == 1 {
                    let (cx, cy) = (
                        x + (f64::from(dx) + 0.5) * w / 2.0,
                        y + (f64::from(dy) + 0.5) * h / 4.0,
                    );
                    let _ = writeln!(
                        out,
                        "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"1.1\" fill=\"{fg}\"/>"
                    );
                }
            }
        }
        _ => return false,
    }
    true
}

fn rectangle(out: &mut String, x: f64, y: f64, w: f64, h: f64, fill: &str) {
    // A hair wider, so that neighbours meet without a seam.
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>",
        w + 0.3,
        h + 0.3
    );
}

fn color(color: vt100::Color, default: &str) -> String {
    const BASIC: [&str; 16] = [
        "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666",
        "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
    ];
    match color {
        vt100::Color::Default => default.to_owned(),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        vt100::Color::Idx(i @ 0..16) => BASIC[usize::from(i)].to_owned(),
        vt100::Color::Idx(i @ 16..=231) => {
            let level = |k: u8| if k == 0 { 0 } else { 55 + 40 * k };
            let i = i - 16;
            format!(
                "#{:02x}{:02x}{:02x}",
                level(i / 36),
                level(i / 6 % 6),
                level(i % 6)
            )
        }
        vt100::Color::Idx(i) => {
            let grey = 8 + 10 * (i - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}
