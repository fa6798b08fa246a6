//! The screen: [`view`] draws a [`Model`] and tells where things are. Pure: it reads nothing but the model, and
//! it draws at any size, for any study, without failing.
//!
//! `theme`, `ramp` and `text` say how things look, `widgets` are the parts, `panes` and `overlays` put them
//! together, `layout` places the panes.

pub mod ascii;
pub mod context;
pub mod export;
pub mod footer;
pub mod game;
pub mod header;
pub mod layout;
pub mod lens;
pub mod marks;
pub mod news;
pub mod number;
pub mod overlays;
pub mod panes;
pub mod ramp;
pub mod text;
pub mod theme;
pub mod widgets;
pub mod words;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::hit::Area;
use crate::session::{HitMap, Model, Pane, Target};

use context::Context;
use layout::Layout;

/// A key that works right now and what it does, for the footer and the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub keys: String,
    pub label: String,
}

impl Hint {
    #[must_use]
    pub fn new(keys: &str, label: &str) -> Self {
        Self {
            keys: keys.to_owned(),
            label: label.to_owned(),
        }
    }
}

/// Draws the whole screen and returns where everything is.
pub fn view(model: &Model, hints: &[Hint], frame: &mut Frame<'_>) -> HitMap {
    let mut hits = HitMap::default();
    let area = frame.area();
    let cursor = draw(model, hints, area, frame.buffer_mut(), &mut hits);
    if let Some(position) = cursor
        && area.contains(position)
    {
        frame.set_cursor_position(position);
    }
    hits
}

/// The panes as they would be drawn at a size, without anything over them.
#[must_use]
pub fn picture(model: &Model, width: u16, height: u16) -> Buffer {
    let mut plain = model.clone();
    plain.overlay = None;
    plain.notice = None;
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    draw(&plain, &[], area, &mut buf, &mut HitMap::default());
    buf
}

/// Draws into a buffer; returns where the text cursor stands while something is typed.
fn draw(model: &Model, hints: &[Hint], area: Rect, buf: &mut Buffer, hits: &mut HitMap) -> Option<Position> {
    if model.is_blind() {
        // Whoever is to guess must not be told.
        let blind = model.blinded();
        return draw_seen(&blind, hints, area, buf, hits);
    }
    draw_seen(model, hints, area, buf, hits)
}

fn draw_seen(
    model: &Model,
    hints: &[Hint],
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) -> Option<Position> {
    let ctx = Context::new(model);
    let layout = match Layout::of(area, model) {
        Ok(layout) => layout,
        Err(needed) => {
            layout::too_small(buf, area, &ctx, needed);
            ascii::flatten_if(ctx.theme.ascii, buf);
            return None;
        }
    };
    header::draw(&ctx, buf, layout.header);
    if layout.lens.height > 0 {
        lens::draw(&ctx, buf, layout.lens);
    }
    if let Some(row) = layout.news {
        news::draw(&ctx, buf, row);
    }
    if let Some(tabs) = layout.tabs {
        layout::draw_tabs(&ctx, buf, tabs, hits);
    }
    let mut cursor = None;
    for (pane, area) in &layout.panes {
        hits.panes.push(*pane);
        hit(hits, *area, Target::Pane(*pane));
        match pane {
            Pane::Slices => panes::slices::draw(&ctx, buf, *area, hits),
            Pane::Surface => panes::surface::draw(&ctx, buf, *area, hits),
            Pane::Trials => panes::trials::draw(&ctx, buf, *area, hits),
            Pane::Suggestion => cursor = panes::suggestion::draw(&ctx, buf, *area, hits),
            Pane::History => panes::history::draw(&ctx, buf, *area),
            Pane::Improvement => panes::improvement::draw(&ctx, buf, *area, hits),
            Pane::Ladder => panes::ladder::draw(&ctx, buf, *area, hits),
            Pane::Evidence => panes::evidence::draw(&ctx, buf, *area, hits),
            Pane::Race => panes::race::draw(&ctx, buf, *area),
            Pane::Lesson => panes::lesson::draw(&ctx, buf, *area, hits),
        }
    }
    if let Some(line) = layout.summary {
        let typed = panes::suggestion::draw_summary(&ctx, buf, line);
        cursor = cursor.or(typed);
    }
    overlays::draw(&ctx, buf, &layout, hits);
    let typed = match news::over_footer(&ctx, &layout) {
        Some(lines) => news::draw_over(&ctx, buf, layout.footer, &lines),
        None => footer::draw(&ctx, hints, buf, layout.footer),
    };
    ascii::flatten_if(ctx.theme.ascii, buf);
    text::seal_wide(buf);
    typed.or(if model.overlay.is_none() { cursor } else { None })
}

/// Notes where something was drawn.
pub(crate) fn hit(hits: &mut HitMap, area: Rect, target: Target) {
    if area.width > 0 && area.height > 0 {
        let area = Area {
            x: area.x,
            y: area.y,
            width: area.width,
            height: area.height,
        };
        hits.regions.push((area, target));
    }
}
