//! The keys, in columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::session::HitMap;
use crate::ui::Hint;
use crate::ui::context::Context;
use crate::ui::text;

pub fn draw(
    ctx: &Context<'_>,
    hints: &[Hint],
    buf: &mut Buffer,
    body: Rect,
    scroll: usize,
    hits: &mut HitMap,
) {
    let theme = &ctx.theme;
    let keys = hints
        .iter()
        .map(|h| text::width(&h.keys))
        .max()
        .unwrap_or(0)
        .min(16);
    let lines = hints
        .iter()
        .map(|h| {
            Line::from(vec![
                Span::styled(text::right(&h.keys, keys), theme.accent()),
                Span::raw("  "),
                Span::raw(h.label.clone()),
            ])
        })
        .collect();
    Window {
        title: "keys",
        detail: "esc closes",
        lines,
        width: 96,
    }
    .draw(ctx, buf, body, scroll, hits);
}
