//! The menu of the lab: lessons, and what can be explored freely.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::language::tr;
use crate::learn::function::Function;
use crate::learn::lesson::catalog::{self, Language};
use crate::session::HitMap;
use crate::session::lab::{Choice, menu};
use crate::ui::context::Context;
use crate::ui::text;

const WIDTH: u16 = 84;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, cursor: usize, hits: &mut HitMap) {
    let theme = &ctx.theme;
    let language = ctx.model.lab.as_ref().map_or(Language::English, |l| l.language);
    let done = |name: &str| (ctx.model.lab.as_ref()).is_some_and(|l| l.shelf.done.iter().any(|d| d == name));
    let mut lines = Vec::new();
    let mut cursor_line = 0;
    for (i, choice) in menu().into_iter().enumerate() {
        let here = i == cursor;
        if here {
            cursor_line = lines.len();
        }
        let style = if here { theme.selected() } else { theme.text() };
        let (mark, name, aside) = match choice {
            Choice::Lesson(name) => {
                let title = match catalog::named(name, language) {
                    Some(Ok(lesson)) => lesson.title,
                    _ => name.to_owned(),
                };
                let number = name
                    .split('-')
                    .next()
                    .unwrap_or(name)
                    .trim_start_matches('0')
                    .to_owned();
                (
                    if done(name) { "✓ " } else { "  " },
                    format!("{number:>2}  {title}"),
                    String::new(),
                )
            }
            Choice::Function(name) => {
                let function = Function::named(name);
                let title = function
                    .as_ref()
                    .map_or_else(|| name.to_owned(), |f| f.title.clone());
                let dims = function.map_or(0, |f| f.dims());
                let aside = match dims {
                    1 => tr!(ctx, "1 parameter").to_owned(),
                    n => tr!(ctx, "{n} parameters", n = n),
                };
                ("  ", format!("    {}", language.reword(&title)), aside)
            }
            Choice::Recorded => (
                "  ",
                format!("    {}", tr!(ctx, "a recorded fine-tuning study")),
                String::new(),
            ),
        };
        lines.push(Line::from(vec![
            Span::styled(if here { "▌" } else { " " }, theme.accent_strong()),
            Span::styled(mark, theme.accent_strong()),
            Span::styled(text::left(&name, 56), style),
            Span::styled(format!("  {aside}"), theme.dim()),
        ]));
    }
    let room = usize::from(body.height.saturating_sub(4)).max(1);
    Window {
        title: tr!(ctx, "lessons and functions"),
        detail: tr!(ctx, "enter opens one"),
        lines,
        width: WIDTH,
    }
    .draw(ctx, buf, body, (cursor_line + 1).saturating_sub(room), hits);
}
