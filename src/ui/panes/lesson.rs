//! The lesson that is played in the lab: what is read, what is to be done, and whether it is done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::language::tr;
use crate::learn::lesson::catalog;
use crate::learn::play::{Place, Play};
use crate::session::{HitMap, Pane};
use crate::ui::context::Context;
use crate::ui::text;
use crate::ui::widgets::panel;

/// Longest line that is read with ease.
const MEASURE: usize = 76;

/// A line of the lesson.
struct Row {
    spans: Vec<Span<'static>>,
    /// Stays in sight where not everything fits.
    keeps: bool,
}

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, _hits: &mut HitMap) {
    let theme = &ctx.theme;
    let Some((lab, play)) = ctx.model.lab.as_ref().and_then(|l| Some((l, l.play.as_ref()?))) else {
        let title = ctx.title::<()>(Pane::Lesson, Vec::new(), None);
        let body = panel::titled(buf, area, theme, title);
        panel::say(
            buf,
            body,
            theme,
            &[tr!(ctx, "No lesson is played: J lists them.")],
        );
        return;
    };
    let steps = play.lesson().steps.len();
    let place = match play.place() {
        Place::Intro => String::new(),
        Place::Step(i) => tr!(ctx, "step {i} of {n}", i = i + 1, n = steps),
        Place::End => tr!(ctx, "step {i} of {n}", i = steps, n = steps),
    };
    let gap = if place.is_empty() { "" } else { "  " };
    let detail = vec![
        Span::styled(format!("{place}{gap}"), theme.dim()),
        Span::styled(play.lesson().title.clone(), theme.strong()),
    ];
    let title = ctx.title::<()>(Pane::Lesson, detail, None);
    let body = panel::titled(buf, area, theme, title);
    let width = usize::from(body.width.saturating_sub(1)).min(MEASURE);
    let rows = rows(ctx, play, width);
    show(buf, body, &rows, lab.scroll);
}

fn rows(ctx: &Context<'_>, play: &Play, width: usize) -> Vec<Row> {
    let theme = &ctx.theme;
    let mut rows = Vec::new();
    let mut put = |text: &str, indent: &str, first: Option<Span<'static>>, style: Style, keeps: bool| {
        let room = width.saturating_sub(text::width(indent)).max(8);
        for (i, line) in text::wrap(text, room).into_iter().enumerate() {
            let head = match (&first, i) {
                (Some(first), 0) => first.clone(),
                _ => Span::raw(indent.to_owned()),
            };
            rows.push(Row {
                spans: vec![head, Span::styled(line, style)],
                keeps,
            });
        }
    };
    if !play.heading().is_empty() {
        put(play.heading(), "", None, theme.accent_strong(), false);
    }
    for paragraph in play.paragraphs() {
        put(paragraph, "", None, theme.text(), false);
        put(" ", "", None, theme.text(), false);
    }
    let key = |key: &'static str| Span::styled(key, theme.accent_strong());
    if let Some(task) = play.task() {
        let (mark, style) = match play.is_done() {
            true => ("✓ ", theme.dim()),
            false => ("○ ", theme.strong()),
        };
        put(
            &task.ask,
            "  ",
            Some(Span::styled(mark, theme.accent_strong())),
            style,
            true,
        );
        for (i, answer) in play.answers().iter().enumerate() {
            let (mark, style) = match (play.was_given(i), answer.is_right) {
                (true, true) => (" ✓ ".to_owned(), theme.strong()),
                (true, false) => (" ✗ ".to_owned(), theme.dim()),
                (false, _) if play.is_done() => ("   ".to_owned(), theme.dim()),
                (false, _) => (format!(" {} ", i + 1), theme.text()),
            };
            let mark = Span::styled(mark, theme.accent_strong());
            put(&answer.text, "   ", Some(mark), style, true);
        }
        if let Some(reply) = play.reply() {
            put(reply, "  ", None, theme.text(), true);
        }
        if let Some(hint) = play.hint() {
            let hint = format!("{}{}{hint}", tr!(ctx, "hint"), tr!(ctx, ": "));
            put(&hint, "  ", None, theme.text(), true);
        }
        if play.is_done()
            && let Some(then) = &task.then
        {
            put(then, "  ", None, theme.text(), true);
        }
    }
    let foot = match play.place() {
        Place::End => {
            let said = match play.skipped() {
                0 => tr!(ctx, "You have done every task of this lesson.").to_owned(),
                1 => tr!(ctx, "The lesson is over; 1 task was passed over.").to_owned(),
                n => tr!(ctx, "The lesson is over; {n} tasks were passed over.", n = n),
            };
            put(&said, "", None, theme.dim(), true);
            if let Some(takeaway) = &play.lesson().takeaway {
                put(" ", "", None, theme.text(), true);
                put(tr!(ctx, "To remember"), "", None, theme.accent_strong(), true);
                put(takeaway, "", None, theme.strong(), true);
                put(" ", "", None, theme.text(), true);
            }
            let mut foot = Vec::new();
            if let Some(next) = next_title(ctx, play) {
                foot.push(key("enter"));
                let next = format!(" {}{}{next}   ", tr!(ctx, "next lesson"), tr!(ctx, ": "));
                foot.push(Span::styled(next, theme.text()));
            }
            foot.push(key("J"));
            foot.push(Span::styled(
                format!(" {}", tr!(ctx, "lists them all")),
                theme.dim(),
            ));
            foot
        }
        Place::Intro => vec![
            key("enter"),
            Span::styled(format!(" {}", tr!(ctx, "begins")), theme.dim()),
        ],
        Place::Step(_) if play.is_done() => vec![
            Span::styled(
                match play.task() {
                    Some(_) => format!("✓ {}   ", tr!(ctx, "done")),
                    None => String::new(),
                },
                theme.accent_strong(),
            ),
            key("enter"),
            Span::styled(format!(" {}", tr!(ctx, "goes on")), theme.dim()),
        ],
        Place::Step(_) if play.is_asking() => {
            let keys: Vec<String> = (1..=play.answers().len()).map(|i| i.to_string()).collect();
            vec![
                Span::styled(keys.join(" "), theme.accent_strong()),
                Span::styled(format!(" {}", tr!(ctx, "answers")), theme.dim()),
            ]
        }
        Place::Step(_) if play.has_hint() => {
            vec![
                key("i"),
                Span::styled(format!(" {}", tr!(ctx, "gives a hint")), theme.dim()),
            ]
        }
        Place::Step(_) => Vec::new(),
    };
    if !foot.is_empty() {
        rows.push(Row {
            spans: foot,
            keeps: true,
        });
    }
    rows
}

/// What the next lesson of the course is called.
fn next_title(ctx: &Context<'_>, play: &Play) -> Option<String> {
    let language = ctx.model.lab.as_ref()?.language;
    let next = catalog::after(play.name()?)?;
    Some(catalog::named(next, language)?.ok()?.title)
}

/// What does not fit is scrolled; the task and what follows it stay at the bottom.
fn show(buf: &mut Buffer, body: Rect, rows: &[Row], scroll: usize) {
    let height = usize::from(body.height);
    let from = rows.iter().position(|r| r.keeps).unwrap_or(rows.len());
    let (read, kept) = rows.split_at(from);
    let kept_rows = kept.len().min(height);
    let room = height - kept_rows;
    let most = read.len().saturating_sub(room);
    let first = scroll.min(most);
    let shown = read.iter().skip(first).take(room);
    let last_kept = kept.iter().skip(kept.len() - kept_rows);
    for (y, row) in (body.y..).zip(shown.chain(last_kept)) {
        text::put_spans(buf, Rect::new(body.x, y, body.width, 1), &row.spans);
    }
    // More above or below is told at the right end.
    let edge = body.right().saturating_sub(1);
    if first > 0 {
        text::put(buf, edge, body.y, 1, "▴", Style::new());
    }
    if first < most && room > 0 {
        let y = body.y + u16::try_from(room - 1).unwrap_or(0);
        text::put(buf, edge, y, 1, "▾", Style::new());
    }
}
