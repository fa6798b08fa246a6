//! The lesson that is played in the lab: what is read, what is to be done, and whether it is done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::language::tr;
use crate::learn::lesson::{Task, catalog};
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
        Span::styled(place, theme.dim()),
        Span::styled(format!("{gap}{}", play.lesson().title), theme.strong()),
    ];
    let title = ctx.title::<()>(Pane::Lesson, detail, None);
    let body = panel::titled(buf, area, theme, title);
    let width = usize::from(body.width.saturating_sub(1)).min(MEASURE);
    let rows = rows(ctx, play, width);
    show(buf, body, &rows, lab.scroll);
}

fn rows(ctx: &Context<'_>, play: &Play, width: usize) -> Vec<Row> {
    let theme = &ctx.theme;
    let mut page = Page {
        rows: Vec::new(),
        width,
    };
    if !play.heading().is_empty() {
        page.put(play.heading(), "", None, theme.accent_strong(), false);
    }
    for paragraph in play.paragraphs() {
        page.put(paragraph, "", None, theme.text(), false);
        page.put(" ", "", None, theme.text(), false);
    }
    if let Some(task) = play.task() {
        page.task(ctx, play, task);
    }
    if play.place() == Place::End {
        page.end(ctx, play);
    }
    let foot = foot(ctx, play);
    if !foot.is_empty() {
        page.rows.push(Row {
            spans: foot,
            keeps: true,
        });
    }
    page.rows
}

/// Rows as they come.
struct Page {
    rows: Vec<Row>,
    width: usize,
}

impl Page {
    /// A text in as many rows as it needs; `first` stands in the place of the first indent.
    fn put(&mut self, text: &str, indent: &str, first: Option<Span<'static>>, style: Style, keeps: bool) {
        let room = self.width.saturating_sub(text::width(indent)).max(8);
        for (i, line) in text::wrap(text, room).into_iter().enumerate() {
            let head = match (&first, i) {
                (Some(first), 0) => first.clone(),
                _ => Span::raw(indent.to_owned()),
            };
            self.rows.push(Row {
                spans: vec![head, Span::styled(line, style)],
                keeps,
            });
        }
    }

    /// What is to be done, its answers, and what is said to it so far.
    fn task(&mut self, ctx: &Context<'_>, play: &Play, task: &Task) {
        let theme = &ctx.theme;
        let (mark, style) = match play.is_done() {
            true => ("✓ ", theme.dim()),
            false => ("○ ", theme.strong()),
        };
        let mark = Span::styled(mark, theme.accent_strong());
        self.put(&task.ask, "  ", Some(mark), style, true);
        for (i, answer) in play.answers().iter().enumerate() {
            let (mark, style) = match (play.was_given(i), answer.is_right) {
                (true, true) => (" ✓ ".to_owned(), theme.strong()),
                (true, false) => (" ✗ ".to_owned(), theme.dim()),
                (false, _) if play.is_done() => ("   ".to_owned(), theme.dim()),
                (false, _) => (format!(" {} ", i + 1), theme.text()),
            };
            let mark = Span::styled(mark, theme.accent_strong());
            self.put(&answer.text, "   ", Some(mark), style, true);
        }
        if let Some(reply) = play.reply() {
            self.put(reply, "  ", None, theme.text(), true);
        }
        if let Some(hint) = play.hint() {
            let hint = format!("{}{}{hint}", tr!(ctx, "hint"), tr!(ctx, ": "));
            self.put(&hint, "  ", None, theme.text(), true);
        }
        if play.is_done()
            && let Some(then) = &task.then
        {
            self.put(then, "  ", None, theme.text(), true);
        }
    }

    /// How the lesson went, and its one sentence.
    fn end(&mut self, ctx: &Context<'_>, play: &Play) {
        let theme = &ctx.theme;
        let said = match play.skipped() {
            0 => tr!(ctx, "You have done every task of this lesson.").to_owned(),
            1 => tr!(ctx, "The lesson is over; 1 task was passed over.").to_owned(),
            n => tr!(ctx, "The lesson is over; {n} tasks were passed over.", n = n),
        };
        self.put(&said, "", None, theme.dim(), true);
        if let Some(takeaway) = &play.lesson().takeaway {
            self.put(" ", "", None, theme.text(), true);
            self.put(tr!(ctx, "To remember"), "", None, theme.accent_strong(), true);
            self.put(takeaway, "", None, theme.strong(), true);
            self.put(" ", "", None, theme.text(), true);
        }
    }
}

/// The keys that lead on.
fn foot(ctx: &Context<'_>, play: &Play) -> Vec<Span<'static>> {
    let theme = &ctx.theme;
    let key = |key: &'static str| Span::styled(key, theme.accent_strong());
    let does = |words: &str| Span::styled(format!(" {words}"), theme.dim());
    match play.place() {
        Place::End => {
            let mut foot = Vec::new();
            if let Some(next) = next_title(ctx, play) {
                foot.push(key("enter"));
                let next = format!(" {}{}{next}   ", tr!(ctx, "next lesson"), tr!(ctx, ": "));
                foot.push(Span::styled(next, theme.text()));
            }
            foot.extend([key("J"), does(tr!(ctx, "lists them all"))]);
            foot
        }
        Place::Intro => vec![key("enter"), does(tr!(ctx, "begins"))],
        Place::Step(_) if play.is_done() => {
            let done = match play.task() {
                Some(_) => format!("✓ {}   ", tr!(ctx, "done")),
                None => String::new(),
            };
            let done = Span::styled(done, theme.accent_strong());
            vec![done, key("enter"), does(tr!(ctx, "goes on"))]
        }
        Place::Step(_) if play.is_asking() => {
            let keys: Vec<String> = (1..=play.answers().len()).map(|i| i.to_string()).collect();
            let keys = Span::styled(keys.join(" "), theme.accent_strong());
            vec![keys, does(tr!(ctx, "answers"))]
        }
        Place::Step(_) if play.has_hint() => vec![key("i"), does(tr!(ctx, "gives a hint"))],
        Place::Step(_) => Vec::new(),
    }
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
