use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::{HitMap, Pane};
use crate::ui::context::Context;
use crate::ui::widgets::panel;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, _hits: &mut HitMap) {
    let title = ctx.title::<()>(Pane::Improvement, Vec::new(), None);
    let body = panel::titled(buf, area, &ctx.theme, title);
    panel::say(buf, body, &ctx.theme, &["Computing…"]);
}
