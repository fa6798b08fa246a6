//! Which panes are on screen, and where.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::language::{Language, tr};
use crate::session::{HitMap, Model, Pane, Target};

use super::context::Context;
use super::{hit, text};

/// The smallest screen that shows a chart.
const SMALLEST: (u16, u16) = (60, 16);
const GAP: u16 = 2;

/// Rectangles of one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub header: Rect,
    /// What lens the study is seen through.
    pub lens: Rect,
    /// What is new since the last look, where a row is free for it.
    pub news: Option<Rect>,
    /// A row of tabs, where only one pane fits.
    pub tabs: Option<Rect>,
    /// Everything between header and footer.
    pub body: Rect,
    pub panes: Vec<(Pane, Rect)>,
    /// The suggestion in one or two lines, where its pane is not on screen.
    pub summary: Option<Rect>,
    pub footer: Rect,
}

impl Layout {
    /// Places the panes.
    ///
    /// # Errors
    /// The size needed, where the screen is too small for any.
    pub fn of(area: Rect, model: &Model) -> Result<Self, (u16, u16)> {
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            return Err(SMALLEST);
        }
        let header = Rect { height: 2, ..area };
        let lens = super::lens::height(model, area.height);
        let lens = Rect::new(area.x, area.y + 2, area.width, lens);
        let footer = Rect::new(area.x, area.bottom() - 1, area.width, 1);
        let body = Rect::new(area.x, lens.bottom(), area.width, area.height - 3 - lens.height);
        let layout = Self {
            header,
            lens,
            news: Some(Rect { height: 1, ..body }),
            tabs: None,
            body,
            panes: Vec::new(),
            summary: None,
            footer,
        };
        let spaced = Rect::new(body.x, body.y + 1, body.width, body.height - 1);
        Ok(match (area.width, area.height - lens.height) {
            _ if model.zoomed => Self {
                panes: vec![(model.focus, spaced)],
                ..layout
            },
            (140.., 40..) if model.play().is_some() => Self {
                panes: lesson_and_overview(spaced, model),
                ..layout
            },
            (100.., 28..) if model.play().is_some() => Self {
                panes: lesson_and_picture(spaced, model),
                ..layout
            },
            (140.., 40..) => Self {
                panes: overview(spaced, model),
                ..layout
            },
            (100.., 28..) => Self {
                panes: two_columns(spaced, model),
                ..layout
            },
            _ => single(layout, model),
        })
    }
}

impl Layout {
    /// Where a window goes that is worked with while a lesson is read: over everything but the lesson.
    #[must_use]
    pub fn beside_the_lesson(&self) -> Rect {
        let body = self.body;
        let Some((_, lesson)) = self.panes.iter().find(|(pane, _)| *pane == Pane::Lesson) else {
            return body;
        };
        if self.panes.len() == 1 {
            return body;
        }
        if lesson.width == body.width {
            return Rect {
                height: lesson.y.saturating_sub(body.y),
                ..body
            };
        }
        Rect {
            width: lesson.x.saturating_sub(body.x + 1),
            ..body
        }
    }
}

/// All five panes: what is learned and what was seen at the left, what comes next at the right.
fn overview(body: Rect, model: &Model) -> Vec<(Pane, Rect)> {
    let left = (body.width - GAP) * 58 / 100;
    let (l, r) = columns(body, left);
    let slices = l.height * 60 / 100;
    let suggestion = (r.height * 46 / 100).clamp(15, 27);
    let upper = surface_or_improvement(model);
    let surface = upper.map_or(0, |_| (r.height - suggestion) * 60 / 100);
    let rest = r.height - suggestion - surface;
    let mut panes = vec![(model.in_place_of(Pane::Slices), part(l, 0, slices))];
    panes.extend(upper.map(|pane| (pane, part(r, suggestion, surface))));
    panes.extend([
        (Pane::Trials, part(l, slices, l.height - slices)),
        (Pane::Suggestion, part(r, 0, suggestion)),
        (
            model.in_place_of(Pane::History),
            part(r, suggestion + surface, rest),
        ),
    ]);
    panes
}

/// Four panes; history and trials share a place, the one that has (or last had) the focus is shown.
fn two_columns(body: Rect, model: &Model) -> Vec<(Pane, Rect)> {
    let (l, r) = columns(body, (body.width - GAP) * 54 / 100);
    let slices = (l.height * 60 / 100).max(19.min(l.height - 8));
    let suggestion = (r.height / 2).clamp(12, 20);
    let shared = if model.focus == Pane::Trials {
        Pane::Trials
    } else {
        model.in_place_of(Pane::History)
    };
    let other = if shared == Pane::Trials {
        model.in_place_of(Pane::History)
    } else {
        Pane::Trials
    };
    vec![
        (model.in_place_of(Pane::Slices), part(l, 0, slices)),
        (
            surface_or_improvement(model).unwrap_or(other),
            part(r, suggestion, r.height - suggestion),
        ),
        (shared, part(l, slices, l.height - slices)),
        (Pane::Suggestion, part(r, 0, suggestion)),
    ]
}

/// A lesson at the top of the right column, and what it is about around it.
fn lesson_and_overview(body: Rect, model: &Model) -> Vec<(Pane, Rect)> {
    let (l, r) = columns(body, (body.width - GAP) * 56 / 100);
    let upper = l.height * 62 / 100;
    let lesson = (r.height * 42 / 100).clamp(14, 24);
    let suggestion = ((r.height - lesson) / 2).clamp(11, 18);
    let lower = match model.focus {
        Pane::Trials => Pane::Trials,
        _ => model.in_place_of(Pane::History),
    };
    vec![
        (model.in_place_of(Pane::Slices), part(l, 0, upper)),
        (
            beside(model, Pane::Trials),
            part(r, lesson + suggestion, r.height - lesson - suggestion),
        ),
        (lower, part(l, upper, l.height - upper)),
        (Pane::Suggestion, part(r, lesson, suggestion)),
        (Pane::Lesson, part(r, 0, lesson)),
    ]
}

/// The same where less fits: three panes and the lesson.
fn lesson_and_picture(body: Rect, model: &Model) -> Vec<(Pane, Rect)> {
    let (l, r) = columns(body, (body.width - GAP) * 56 / 100);
    let upper = (l.height * 64 / 100).max(19.min(l.height - 8));
    let lesson = (r.height * 55 / 100).clamp(12, 18);
    let lower = match model.focus {
        Pane::Trials => Pane::Trials,
        _ => model.in_place_of(Pane::History),
    };
    let right = match model.focus {
        Pane::Suggestion => Pane::Suggestion,
        _ => beside(model, Pane::Suggestion),
    };
    vec![
        (model.in_place_of(Pane::Slices), part(l, 0, upper)),
        (right, part(r, lesson, r.height - lesson)),
        (lower, part(l, upper, l.height - upper)),
        (Pane::Lesson, part(r, 0, lesson)),
    ]
}

/// In one dimension there is no surface: the picture of EI has its place; where that is elsewhere already, something else
/// may take it. The surface is there where it is asked for.
fn surface_or_improvement(model: &Model) -> Option<Pane> {
    let is_elsewhere =
        (Pane::Improvement.host()).is_some_and(|host| model.in_place_of(host) == Pane::Improvement);
    match model.in_place_of(Pane::Surface) {
        Pane::Surface if model.study.space.len() == 1 && model.focus != Pane::Surface => {
            (!is_elsewhere).then_some(Pane::Improvement)
        }
        pane => Some(pane),
    }
}

/// What stands where the surface is: in one dimension there is none.
fn beside(model: &Model, instead: Pane) -> Pane {
    match model.in_place_of(Pane::Surface) {
        Pane::Surface
            if model.study.space.len() < 2 && model.focus != Pane::Surface && model.focus != instead =>
        {
            instead
        }
        pane => pane,
    }
}

/// Rows of a lesson below the one pane that fits.
const LESSON_ROWS: u16 = 8;

fn single(layout: Layout, model: &Model) -> Layout {
    let (body, focus) = (layout.body, model.focus);
    if model.play().is_some() && focus != Pane::Lesson {
        let lesson = LESSON_ROWS.min(body.height.saturating_sub(1) / 2);
        let rest = body.height.saturating_sub(1 + lesson);
        return Layout {
            news: None,
            tabs: Some(part(body, 0, 1)),
            panes: vec![
                (focus, part(body, 1, rest)),
                (Pane::Lesson, part(body, 1 + rest, lesson)),
            ],
            ..layout
        };
    }
    let summary = if focus == Pane::Suggestion { 0 } else { 2 };
    let panes = vec![(focus, part(body, 1, body.height.saturating_sub(1 + summary)))];
    Layout {
        news: None,
        tabs: Some(part(body, 0, 1)),
        summary: (summary > 0).then(|| part(body, body.height.saturating_sub(summary), summary)),
        panes,
        ..layout
    }
}

fn columns(body: Rect, left: u16) -> (Rect, Rect) {
    (
        Rect { width: left, ..body },
        Rect::new(body.x + left + GAP, body.y, body.width - left - GAP, body.height),
    )
}

fn part(column: Rect, from: u16, height: u16) -> Rect {
    let from = from.min(column.height);
    Rect::new(
        column.x,
        column.y + from,
        column.width,
        height.min(column.height - from),
    )
}

/// Says what size is needed, on whatever there is.
pub fn too_small(buf: &mut Buffer, area: Rect, ctx: &Context<'_>, needed: (u16, u16)) {
    let message = tr!(
        ctx,
        "tunescope needs {needed}x{needed2}; this is {width}x{height}",
        needed = needed.0,
        needed2 = needed.1,
        width = area.width,
        height = area.height
    );
    let lines = text::wrap(&message, usize::from(area.width));
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = area.height.saturating_sub(count) / 2;
    for (i, line) in (top..area.height).zip(&lines) {
        let w = u16::try_from(text::width(line)).unwrap_or(0);
        let x = area.x + area.width.saturating_sub(w) / 2;
        text::put(
            buf,
            x,
            area.y + i,
            usize::from(area.width),
            line,
            ctx.theme.text(),
        );
    }
}

/// The row that says which panes there are: the one shown stands out, the others say their key.
pub fn draw_tabs(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let mut x = area.x;
    for (pane, name) in tabs(ctx.language(), &ctx.model.panes(), ctx.model.focus, area.width) {
        let shown = ctx.model.focus == pane;
        let style = if shown {
            ctx.theme.accent_strong().patch(ctx.theme.selected())
        } else {
            ctx.theme.dim()
        };
        let start = x;
        x = text::put_spans(
            buf,
            Rect::new(x, area.y, area.right().saturating_sub(x), 1),
            &[Span::styled(name, style)],
        );
        hit(hits, Rect::new(start, area.y, x - start, 1), Target::Pane(pane));
        x += 1;
    }
}

/// The tabs with their words. Where they do not all fit, the last ones are numbers alone, but for the one shown.
fn tabs(language: Language, panes: &[Pane], focus: Pane, width: u16) -> Vec<(Pane, String)> {
    let mut tabs: Vec<(Pane, String)> = (panes.iter().copied())
        .map(|p| (p, format!(" {} {} ", p.number(), language.word(p.title()))))
        .collect();
    for i in (0..tabs.len()).rev() {
        let taken: usize = tabs.iter().map(|(_, name)| text::width(name) + 1).sum();
        if taken <= usize::from(width) + 1 {
            break;
        }
        if let Some((pane, name)) = tabs.get_mut(i).filter(|(p, _)| *p != focus) {
            *name = format!(" {} ", pane.number());
        }
    }
    tabs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Lab;

    /// Every pane that can have the focus, without a lesson and with one, zoomed and not.
    fn cases() -> Vec<(Pane, Option<Box<Lab>>, bool)> {
        let lesson = || {
            let lab = Lab::named_lesson("1", Language::English, Default::default());
            Some(Box::new(lab.unwrap().unwrap()))
        };
        let mut all = Vec::new();
        for focus in Pane::ALL {
            for zoomed in [false, true] {
                all.extend((focus != Pane::Lesson).then_some((focus, None, zoomed)));
                all.push((focus, lesson(), zoomed));
            }
        }
        all
    }

    #[test]
    fn panes_lie_inside_and_never_overlap_at_any_size() {
        for (w, h) in [
            (60, 16),
            (80, 24),
            (100, 28),
            (120, 36),
            (139, 99),
            (140, 40),
            (300, 100),
        ] {
            for (focus, lesson, zoomed) in cases() {
                {
                    let mut model = Model::new(0.0, (w, h));
                    model.lab = lesson;
                    model.focus = focus;
                    model.zoomed = zoomed;
                    let area = Rect::new(0, 0, w, h);
                    let layout = Layout::of(area, &model).unwrap();
                    assert!(
                        layout.panes.iter().any(|(p, _)| *p == focus),
                        "{focus:?} is hidden at {w}x{h}"
                    );
                    for (i, (_, a)) in layout.panes.iter().enumerate() {
                        assert!(area.union(*a) == area && a.height >= 6, "{a:?}");
                        for (_, b) in layout.panes.iter().skip(i + 1) {
                            assert!(a.intersection(*b).is_empty(), "{a:?} {b:?}");
                        }
                    }
                }
            }
        }
        assert!(Layout::of(Rect::new(0, 0, 59, 40), &Model::new(0.0, (0, 0))).is_err());
    }
}
