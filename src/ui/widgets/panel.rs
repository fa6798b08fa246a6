//! Title lines: ` 1 slices  what is shown ──────── remark `. A pane is its title and white space, no box.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::ui::text;
use crate::ui::theme::Theme;

/// A pane's title and how it stands out.
#[derive(Default)]
pub struct Title<'a> {
    pub number: Option<usize>,
    pub name: &'a str,
    /// What is shown and for which values.
    pub detail: Vec<Span<'a>>,
    /// The same in fewer words, from talkative to terse.
    pub shorter: Vec<Vec<Span<'a>>>,
    /// At the right end, such as "stale".
    pub remark: Vec<Span<'a>>,
    /// The remark in fewer words; empty where there are none.
    pub brief: Vec<Span<'a>>,
    pub focused: bool,
}

/// Least rule between the words at the left and those at the right.
const RULE: usize = 2;

impl<'a> Title<'a> {
    /// The most talkative words that fit whole beside a name of `name` cells: what is shown is cut in the middle of a
    /// phrase nowhere. Of a detail without shorter forms the spans at its end go first.
    fn fit(&mut self, name: usize, width: usize) {
        let fits = |detail: &[Span<'_>], remark: &[Span<'_>]| {
            let gap = |spans: &[Span<'_>], cells| if spans.is_empty() { 0 } else { cells };
            let left = name + gap(detail, 2) + text::spans_width(detail) + 1;
            left + gap(remark, RULE + 1) + text::spans_width(remark) <= width
        };
        let mut details = vec![std::mem::take(&mut self.detail)];
        if self.shorter.is_empty() {
            let whole = details.clone();
            details.extend(
                whole
                    .iter()
                    .flat_map(|d| (1..d.len()).rev().map(|n| d[..n].to_vec())),
            );
        }
        details.append(&mut self.shorter);
        let mut remarks = vec![std::mem::take(&mut self.remark)];
        if !self.brief.is_empty() {
            remarks.push(std::mem::take(&mut self.brief));
        }
        for detail in &details {
            for remark in &remarks {
                if fits(detail, remark) {
                    (self.detail, self.remark) = (detail.clone(), remark.clone());
                    return;
                }
            }
        }
        let alone = remarks.into_iter().find(|remark| fits(&[], remark));
        self.remark = alone.unwrap_or_default();
        // Names of parameters may be of any length: they are cut, where that leaves something to read.
        let taken = if self.remark.is_empty() {
            0
        } else {
            text::spans_width(&self.remark) + RULE + 1
        };
        let room = width.saturating_sub(name + 3 + taken);
        if room >= LEAST_CUT {
            self.detail = details.pop().map(|d| cut(d, room)).unwrap_or_default();
        }
    }
}

/// Cells below which a cut phrase says nothing.
const LEAST_CUT: usize = 12;

/// Spans of at most `room` cells together.
fn cut(spans: Vec<Span<'_>>, room: usize) -> Vec<Span<'_>> {
    let mut left = room;
    let mut out = Vec::new();
    for span in spans {
        let fitted = text::fit(&span.content, left).into_owned();
        left -= text::width(&fitted).min(left);
        out.push(Span::styled(fitted, span.style));
    }
    out
}

/// Draws a title into the first row of `area` and returns what is left below it.
pub fn titled(buf: &mut Buffer, area: Rect, theme: &Theme, mut title: Title<'_>) -> Rect {
    if area.height == 0 || area.width == 0 {
        return area;
    }
    let (rule, style, faint, name) = if title.focused {
        ("━", theme.accent_strong(), theme.accent(), theme.accent_strong())
    } else {
        ("─", theme.dim(), theme.faint(), theme.strong())
    };
    let mut spans = Vec::new();
    if let Some(number) = title.number {
        spans.push(Span::styled(format!("{number} "), style));
    }
    spans.push(Span::styled(title.name.to_owned(), name));
    title.detail.retain(|s| !s.content.is_empty());
    title.fit(text::spans_width(&spans), usize::from(area.width));
    if !title.detail.is_empty() {
        spans.push(Span::raw("  "));
        spans.append(&mut title.detail);
    }
    spans.push(Span::raw(" "));
    let end = text::put_spans(buf, text::row(area, 0), &spans);
    fill(
        buf,
        Rect::new(end, area.y, area.right().saturating_sub(end), 1),
        rule,
        faint,
    );
    let remark = u16::try_from(text::spans_width(&title.remark)).unwrap_or(u16::MAX);
    if remark > 0 && remark < area.width {
        let x = area.right() - remark - 1;
        let rest = Rect::new(x, area.y, area.right() - x, 1);
        let mut spans = vec![Span::raw(" ")];
        spans.append(&mut title.remark);
        text::put_spans(buf, rest, &spans);
    }
    below(area, 1)
}

/// The area without its first `rows` rows.
#[must_use]
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect::new(area.x, area.y + rows, area.width, area.height - rows)
}

/// Fills an area with one symbol.
pub fn fill(buf: &mut Buffer, area: Rect, symbol: &str, style: Style) {
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

/// A sentence or two in the middle of an area that has nothing else to show.
pub fn say(buf: &mut Buffer, area: Rect, theme: &Theme, lines: &[&str]) {
    let width = usize::from(area.width).saturating_sub(4).min(64);
    let wrapped: Vec<String> = lines.iter().flat_map(|l| text::wrap(l, width.max(1))).collect();
    let height = u16::try_from(wrapped.len()).unwrap_or(u16::MAX);
    let top = area.y + area.height.saturating_sub(height) / 3;
    for (y, line) in (top..area.bottom()).zip(&wrapped) {
        let w = u16::try_from(text::width(line)).unwrap_or(0);
        let x = area.x + area.width.saturating_sub(w) / 2;
        text::put(
            buf,
            x,
            y,
            usize::from(area.right().saturating_sub(x)),
            line,
            theme.dim(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::model::Appearance;

    #[test]
    fn a_title_keeps_its_name_and_its_remark_before_the_detail() {
        let theme = Theme::new(&Appearance::default());
        let draw = |width| {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, 2));
            let area = buf.area;
            let rest = titled(
                &mut buf,
                area,
                &theme,
                Title {
                    number: Some(2),
                    name: "surface",
                    detail: vec![Span::raw("mean over lr × dropout")],
                    remark: vec![Span::raw("stale")],
                    ..Title::default()
                },
            );
            assert_eq!(rest, Rect::new(0, 1, width, 1));
            (0..width)
                .map(|x| buf[(x, 0)].symbol().to_owned())
                .collect::<String>()
        };
        assert_eq!(draw(44), "2 surface  mean over lr × dropout ──── stale");
        assert_eq!(draw(34), "2 surface  mean over lr … ── stale");
        assert_eq!(draw(30), "2 surface ────────────── stale");
        assert_eq!(draw(14), "2 surface ────");
    }

    #[test]
    fn a_title_says_less_rather_than_half_of_a_phrase() {
        let theme = Theme::new(&Appearance::default());
        let draw = |width| {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
            let area = buf.area;
            let title = Title {
                number: Some(1),
                name: "slices",
                detail: vec![
                    Span::raw("loss through "),
                    Span::raw("the best"),
                    Span::raw(", bands ±1σ"),
                ],
                shorter: vec![vec![Span::raw("at the best")]],
                remark: vec![Span::raw("31 unfinished ≈")],
                brief: vec![Span::raw("31 ≈")],
                focused: false,
            };
            titled(&mut buf, area, &theme, title);
            (0..width)
                .map(|x| buf[(x, 0)].symbol().to_owned())
                .collect::<String>()
        };
        assert_eq!(
            draw(62),
            "1 slices  loss through the best, bands ±1σ ─── 31 unfinished ≈"
        );
        assert_eq!(draw(50), "1 slices  loss through the best, bands ±1σ ── 31 ≈");
        assert_eq!(draw(40), "1 slices  at the best ── 31 unfinished ≈");
        assert_eq!(draw(29), "1 slices  at the best ── 31 ≈");
        assert_eq!(draw(27), "1 slices ── 31 unfinished ≈");
    }
}
