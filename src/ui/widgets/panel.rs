//! Title lines: ` 1 slices  what is shown ──────── remark `. A pane is its title and white space, no box.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::ui::text;
use crate::ui::theme::Theme;

/// A pane's title and how it stands out.
pub struct Title<'a> {
    pub number: Option<usize>,
    pub name: &'a str,
    /// What is shown and for which values.
    pub detail: Vec<Span<'a>>,
    /// At the right end, such as "stale".
    pub remark: Vec<Span<'a>>,
    pub focused: bool,
}

/// Draws a title into the first row of `area` and returns what is left below it.
pub fn titled(buf: &mut Buffer, area: Rect, theme: &Theme, title: Title<'_>) -> Rect {
    if area.height == 0 || area.width == 0 {
        return area;
    }
    let (rule, name) = if title.focused {
        ("━", theme.accent_strong())
    } else {
        ("─", theme.strong())
    };
    let rule_style = if title.focused {
        theme.accent()
    } else {
        theme.faint()
    };
    let mut spans = Vec::new();
    if let Some(number) = title.number {
        spans.push(Span::styled(
            format!("{number} "),
            if title.focused {
                theme.accent_strong()
            } else {
                theme.dim()
            },
        ));
    }
    spans.push(Span::styled(title.name.to_owned(), name));
    let remark_width = text::spans_width(&title.remark);
    let width = usize::from(area.width);
    let room = if remark_width > 0 {
        width.saturating_sub(remark_width + 3)
    } else {
        width.saturating_sub(1)
    };
    let name_width = text::spans_width(&spans);
    if !title.detail.is_empty() && room > name_width + 6 {
        spans.push(Span::raw("  "));
        spans.extend(title.detail);
    }
    spans.push(Span::raw(" "));
    let first = narrowed(text::row(area, 0), room);
    let end = text::put_spans(buf, first, &spans);
    let line = Rect::new(end, area.y, area.right().saturating_sub(end), 1);
    fill(buf, line, rule, rule_style);
    if remark_width > 0 && remark_width + name_width + 3 <= width {
        #[expect(clippy::cast_possible_truncation, reason = "narrower than the area")]
        let x = area.right() - remark_width as u16 - 1;
        let rest = Rect::new(x, area.y, area.right() - x, 1);
        let mut remark = vec![Span::raw(" ")];
        remark.extend(title.remark);
        text::put_spans(buf, rest, &remark);
    }
    below(area, 1)
}

/// The area without its first `rows` rows.
#[must_use]
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect::new(area.x, area.y + rows, area.width, area.height - rows)
}

fn narrowed(area: Rect, width: usize) -> Rect {
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(area.width);
    Rect { width, ..area }
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
    fn a_title_keeps_its_name_and_its_remark_and_cuts_the_detail() {
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
                    focused: false,
                },
            );
            assert_eq!(rest, Rect::new(0, 1, width, 1));
            (0..width)
                .map(|x| buf[(x, 0)].symbol().to_owned())
                .collect::<String>()
        };
        assert_eq!(draw(44), "2 surface  mean over lr × dropout ──── stale");
        assert_eq!(draw(30), "2 surface  mean over …── stale");
    }
}
