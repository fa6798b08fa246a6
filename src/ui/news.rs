//! What is new since the person looked last: one row where one is free, else over the footer until the next key.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use super::context::{Context, ago};
use super::layout::Layout;
use super::{overlays, text};

/// Lines that the news may take over the footer.
const MOST_LINES: usize = 3;

/// "since you last looked, 2 h ago", and what is new.
fn said<'a>(ctx: &Context<'a>) -> Option<(String, &'a [String])> {
    let digest = ctx.model.look.digest.as_ref()?;
    let when = ago(digest.since - digest.looked);
    // The lab remembers nothing: this is told in English only.
    Some((format!("since you last looked, {when}: "), &digest.phrases))
}

/// As many phrases as fit whole into the row, and how many more there are.
pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let Some((head, phrases)) = said(ctx) else {
        return;
    };
    let width = usize::from(area.width);
    let mut spans = vec![
        Span::styled("▸ ", ctx.theme.accent()),
        Span::styled(head, ctx.theme.dim()),
    ];
    let mut used = text::spans_width(&spans);
    let mut left = phrases.len();
    for phrase in phrases {
        let gap = if left < phrases.len() { ", " } else { "" };
        let more = if left > 1 { ", +9".len() } else { 0 };
        let wide = text::width(gap) + text::width(phrase);
        if used + wide + more > width {
            break;
        }
        used += wide;
        left -= 1;
        spans.push(Span::styled(format!("{gap}{phrase}"), ctx.theme.accent()));
    }
    if left > 0 {
        let gap = if left < phrases.len() { ", " } else { "" };
        spans.push(Span::styled(format!("{gap}+{left}"), ctx.theme.dim()));
    }
    text::put_spans(buf, area, &spans);
}

/// The news as lines, where no row is free and nobody types or was told something else.
#[must_use]
pub fn over_footer(ctx: &Context<'_>, layout: &Layout) -> Option<Vec<String>> {
    if layout.news.is_some() || ctx.model.overlay.is_some() || ctx.model.notice.is_some() {
        return None;
    }
    let (head, phrases) = said(ctx)?;
    let words = format!("{head}{}", phrases.join(", "));
    let mut lines = text::wrap(&words, usize::from(layout.footer.width).saturating_sub(2));
    lines.truncate(MOST_LINES);
    Some(lines)
}

/// Draws them so that the last line is the footer's. No text is typed there: no cursor.
pub fn draw_over(ctx: &Context<'_>, buf: &mut Buffer, footer: Rect, lines: &[String]) -> Option<Position> {
    let above = u16::try_from(lines.len().saturating_sub(1))
        .unwrap_or(0)
        .min(footer.y);
    for (i, line) in (0..=above).zip(lines) {
        let row = Rect::new(footer.x, footer.y - above + i, footer.width, 1);
        overlays::clear(buf, row);
        let head = if i == 0 { "▸ " } else { "  " };
        let spans = [
            Span::styled(head, ctx.theme.accent()),
            Span::styled(line.clone(), ctx.theme.accent()),
        ];
        text::put_spans(buf, row, &spans);
    }
    None
}
