//! Text on cells: measured by display width, cut with `…`, never a control character, never outside.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::study::label::is_hostile;

/// The text without what a terminal must never see. Labels are clean already; this also covers paths,
/// remarks and half-typed input.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) {
        Cow::Owned(
            text.chars()
                .map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c })
                .filter(|c| !is_hostile(*c))
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// Width in cells.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// At most `max` cells; what is cut off is shown as `…`.
#[must_use]
pub fn fit(text: &str, max: usize) -> Cow<'_, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    if max == 0 {
        return Cow::Borrowed("");
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = width(grapheme);
        if used + w + 1 > max {
            break;
        }
        out.push_str(grapheme);
        used += w;
    }
    out.push('…');
    Cow::Owned(out)
}

/// At most `max` cells; what is cut out of the middle is shown as `…`. Names of one study often begin alike
/// (`model.encoder.dropout`): their ends tell them apart.
#[must_use]
pub fn middle(text: &str, max: usize) -> Cow<'_, str> {
    if width(text) <= max || max < 7 {
        return fit(text, max);
    }
    let room = max - 1;
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    let (mut head, mut used) = (0, 0);
    while let Some(w) = graphemes.get(head).map(|g| width(g))
        && used + w <= room - room / 2
    {
        (head, used) = (head + 1, used + w);
    }
    let mut tail = graphemes.len();
    while tail > head
        && let Some(w) = graphemes.get(tail - 1).map(|g| width(g))
        && used + w <= room
    {
        (tail, used) = (tail - 1, used + w);
    }
    let part = |range: std::ops::Range<usize>| graphemes.get(range).unwrap_or_default().concat();
    Cow::Owned(format!("{}…{}", part(0..head), part(tail..graphemes.len())))
}

/// Exactly `cells` wide, text to the left.
#[must_use]
pub fn left(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(&text))))
}

/// Exactly `cells` wide, text to the right.
#[must_use]
pub fn right(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    format!("{}{text}", " ".repeat(cells.saturating_sub(width(&text))))
}

/// A number with a true minus sign before it; exponents keep theirs.
#[must_use]
pub fn minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => number.to_owned(),
    }
}

/// What keeps two words on one line: drawn as a blank.
pub const UNBROKEN: char = '\u{a0}';

/// Lines of at most `cells`, broken at spaces and between wide characters (inside a word where it alone is longer), and not
/// at an [`UNBROKEN`] one.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in clean(text).split(' ').filter(|w| !w.is_empty()) {
        for (k, piece) in pieces(word).into_iter().enumerate() {
            let w = width(piece);
            let gap = usize::from(k == 0 && used > 0);
            if used > 0 && used + gap + w > cells {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if gap > 0 {
                line.push(' ');
                used += 1;
            }
            if w <= cells {
                line.push_str(piece);
                used += w;
                continue;
            }
            for grapheme in piece.graphemes(true) {
                let g = width(grapheme);
                if used + g > cells && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(grapheme);
                used += g;
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
        .into_iter()
        .map(|line| line.replace(UNBROKEN, " "))
        .collect()
}

/// The parts of a word between which a line may end: around each wide character, but not before what closes and not
/// behind what opens.
fn pieces(word: &str) -> Vec<&str> {
    const CLOSING: &str = "，。、；：？！）」』》〉】”’…·,.;:?!)";
    const OPENING: &str = "（「『《〈【“‘(";
    let mut cuts = vec![0];
    let mut before: Option<&str> = None;
    for (at, grapheme) in word.grapheme_indices(true) {
        if let Some(before) = before {
            let around_wide = width(before) > 1 || width(grapheme) > 1;
            if around_wide && !CLOSING.contains(grapheme) && !OPENING.contains(before) {
                cuts.push(at);
            }
        }
        before = Some(grapheme);
    }
    cuts.push(word.len());
    cuts.windows(2).filter_map(|w| word.get(w[0]..w[1])).collect()
}

/// Parts in lines of at most `cells`, joined by `gap` where the next one fits, and never broken.
#[must_use]
pub fn wrap_parts(parts: &[String], gap: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if width(line) + width(gap) + width(part) <= cells => {
                line.push_str(gap);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// Writes text at a cell, at most `max` cells of it, and returns the column after it.
pub fn put(buf: &mut Buffer, x: u16, y: u16, max: usize, text: &str, style: Style) -> u16 {
    let area = buf.area;
    if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() {
        return x;
    }
    let room = usize::from(area.right() - x).min(max);
    let text = clean(text);
    // What lay there before lends its background at most.
    let base = Style::new()
        .fg(Color::Reset)
        .remove_modifier(Modifier::all())
        .patch(style);
    buf.set_stringn(x, y, fit(&text, room), room, base).0
}

/// Writes spans one after the other into the first row of `area`; what does not fit is cut with `…`.
pub fn put_spans(buf: &mut Buffer, area: Rect, spans: &[Span<'_>]) -> u16 {
    let mut x = area.x;
    if area.height == 0 {
        return x;
    }
    for span in spans {
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 {
            break;
        }
        x = put(buf, x, area.y, room, &span.content, span.style);
    }
    x
}

/// Marks the second cell of every wide character as hidden. Nothing of it shows, but once something narrow takes the
/// place of the character, the cell behind it has changed and is written, too: not every terminal blanks the half that
/// is left over.
pub fn seal_wide(buf: &mut Buffer) {
    for i in 1..buf.content.len() {
        let [wide, behind] = &mut buf.content[i - 1..=i] else {
            continue;
        };
        if wide.symbol().len() > 1 && width(wide.symbol()) == 2 {
            behind.modifier |= Modifier::HIDDEN;
        }
    }
}

/// Width of spans together.
#[must_use]
pub fn spans_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|s| width(&s.content)).sum()
}

/// Row `i` of an area; empty where there is none.
#[must_use]
pub fn row(area: Rect, i: u16) -> Rect {
    if i >= area.height {
        return Rect::new(area.x, area.y, 0, 0);
    }
    Rect::new(area.x, area.y + i, area.width, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_wide_characters_but_never_before_what_closes() {
        assert_eq!(
            wrap("它的面积是改进的概率，EI 是这块面积。", 20),
            ["它的面积是改进的概", "率，EI 是这块面积。"]
        );
        assert_eq!(
            wrap("均值（好）。", 8),
            ["均值", "（好）。"].map(str::to_owned).to_vec()
        );
        for cells in 2..30 {
            for line in wrap("一个地方即使预期会输，也可能值得去（z > 0）。", cells) {
                assert!(width(&line) <= cells.max(8), "{cells}: {line}");
            }
        }
    }

    #[test]
    fn wide_characters_count_two_cells_and_are_cut_whole() {
        assert_eq!(fit("学習率", 6), "学習率");
        assert_eq!(fit("学習率", 5), "学習…");
        assert_eq!(fit("学習率", 4), "学…");
        assert_eq!(left("学習", 6), "学習  ");
        assert_eq!(right("ab", 1), "…");
    }

    #[test]
    fn what_a_wide_character_leaves_behind_is_written_over() {
        let draw = |text: &str| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
            put(&mut buf, 0, 0, 9, text, Style::new());
            seal_wide(&mut buf);
            buf
        };
        let (wide, narrow) = (draw("学a"), draw("x a"));
        let written: Vec<u16> = wide.diff(&narrow).iter().map(|(x, _, _)| *x).collect();
        assert_eq!(written, [0, 1]);
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(middle("model.encoder.dropout", 13), "model.…ropout");
        assert_eq!(middle("model.encoder.dropout", 21), "model.encoder.dropout");
        assert_eq!(middle("学習率の初期値", 9), "学習…期値");
        assert_eq!(middle("abcdefgh", 5), "abcd…");
        for max in 0..24 {
            assert!(width(&middle("a_long_名前_of_a_parameter", max)) <= max, "{max}");
        }
    }

    #[test]
    fn nothing_is_written_outside_and_controls_are_dropped() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        put(&mut buf, 2, 0, 99, "a\u{1b}\u{202e}bcd", Style::new());
        put(&mut buf, 9, 9, 99, "x", Style::new());
        assert_eq!(buf, Buffer::with_lines(["  a…"]));
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_inside_giants() {
        assert_eq!(wrap("the best so far", 8), ["the best", "so far"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
