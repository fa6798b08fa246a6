//! Every key, from the table that also dispatches them, and every sign: what holds here first, a page at a time; or those
//! alone that match what is sought.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::keymap::{Binding, Context as Place, SECTIONS, Section, contexts_behind, works};
use crate::language::tr;
use crate::session::HitMap;
use crate::ui::context::Context;
use crate::ui::text;

/// Narrowest and widest column, with the gap to the next.
const LEAST: usize = 36;
const MOST: usize = 50;
/// Widths that the keys of a block may take.
const KEYS: std::ops::RangeInclusive<usize> = 5..=13;
/// Most keys shown for one action.
const MOST_KEYS: usize = 3;
/// Columns beyond which the eye loses its place.
const MOST_COLUMNS: usize = 4;
/// A block that does not fit is begun at the end of a column only where so many of its rows do.
const LEAST_PART: usize = 6;

type Block<'a> = Vec<Line<'a>>;

pub fn draw(
    ctx: &Context<'_>,
    buf: &mut Buffer,
    body: Rect,
    (scroll, sought): (usize, &str),
    hits: &mut HitMap,
) {
    let room = usize::from(body.width.saturating_sub(4));
    let columns = (room / LEAST).clamp(1, MOST_COLUMNS);
    let width = (room / columns).clamp(1, MOST);
    let mut blocks = blocks(ctx, width, sought.trim());
    if blocks.is_empty() {
        let words = tr!(ctx, "No key or sign is told of in these words.");
        blocks.push(vec![Line::styled(words, ctx.theme.dim())]);
    }
    let height = usize::from(body.height.saturating_sub(2)).max(1);
    let lines = pages(&blocks, columns, width, height);
    let detail = if sought.trim().is_empty() {
        tr!(ctx, "/ finds, space turns the page, esc closes").to_owned()
    } else {
        tr!(ctx, "with “{sought}”", sought = text::clean(sought.trim()))
    };
    Window {
        title: tr!(ctx, "keys"),
        detail: &detail,
        lines,
        width: u16::try_from(columns * width + 4).unwrap_or(u16::MAX),
    }
    .draw(ctx, buf, body, scroll, hits);
}

/// What holds where the person is, what holds everywhere, the signs, what holds elsewhere.
fn blocks<'a>(ctx: &Context<'a>, width: usize, sought: &str) -> Vec<Block<'a>> {
    let here = contexts_behind(ctx.model);
    let rank = |section: &Section| match section.context {
        Place::Everywhere | Place::Always => (1, 0),
        context => match here.iter().position(|c| *c == context) {
            Some(at) => (0, at),
            None if matches!(context, Place::Pane(_)) => (3, 0),
            None => (4, 0),
        },
    };
    let mut sections = SECTIONS;
    sections.sort_by_key(|s| rank(s));
    let after_signs = sections
        .iter()
        .position(|s| rank(s).0 > 1)
        .unwrap_or(sections.len());
    let of_section = |section: &&'static Section| keys(ctx, section, width, sought);
    let (before, after) = sections.split_at(after_signs);
    before
        .iter()
        .map(of_section)
        .chain([signs(ctx, width, sought)])
        .chain(after.iter().map(of_section))
        .flatten()
        .collect()
}

/// The keys of a section that match; `None` where none does.
fn keys<'a>(ctx: &Context<'a>, section: &'static Section, width: usize, sought: &str) -> Option<Block<'a>> {
    let language = ctx.language();
    let title = language.word(section.title);
    let is_told = |b: &&Binding| {
        works(ctx.model, b) && (contains(title, sought) || matches(b, language.word(b.label), sought))
    };
    let rows: Vec<(String, &str)> = (section.bindings.iter().filter(is_told))
        .map(|b| (b.keys_for_people(MOST_KEYS), language.word(b.label)))
        .collect();
    block(ctx, title, &rows, width)
}

/// Whether a binding is what is sought: one letter is a key, more are words.
fn matches(binding: &Binding, label: &str, sought: &str) -> bool {
    let keys = binding.keys_for_people(usize::MAX);
    keys.split(' ').any(|k| k == sought) || contains(label, sought) || contains(&keys, sought)
}

/// Whether words contain others, whatever their case; one ASCII letter would be in all.
fn contains(words: &str, sought: &str) -> bool {
    sought.is_empty()
        || !(sought.len() == 1 && sought.is_ascii()) && words.to_lowercase().contains(&sought.to_lowercase())
}

/// What the marks of charts, tables and titles stand for.
fn signs<'a>(ctx: &Context<'a>, width: usize, sought: &str) -> Option<Block<'a>> {
    let told: [(&str, &str); 16] = [
        ("★", tr!(ctx, "the best trial")),
        ("◆", tr!(ctx, "the suggestion")),
        ("┼ │", tr!(ctx, "the probe")),
        ("◇", tr!(ctx, "your draft")),
        ("▲", tr!(ctx, "largest acquisition of a slice")),
        ("● • ·", tr!(ctx, "trials, near the slice to far off")),
        ("▴ ▾", tr!(ctx, "trials beyond the axis")),
        ("⊗", tr!(ctx, "an infeasible trial")),
        ("╱", tr!(ctx, "probably infeasible")),
        ("◌", tr!(ctx, "waiting")),
        ("◐", tr!(ctx, "running")),
        ("✗", tr!(ctx, "failed")),
        ("⊘", tr!(ctx, "pruned")),
        ("≈", tr!(ctx, "the end that its curve promises")),
        ("P(ok)", tr!(ctx, "chance to come through")),
        ("P(ok)^c", tr!(ctx, "c: 1 + failures of last 10 outcomes")),
    ];
    let title = tr!(ctx, "signs");
    let is_told =
        |sign: &str, words: &str| [title, sign, words].iter().any(|t| contains(t, sought)) || sign == sought;
    let rows: Vec<(String, &str)> = (told.into_iter())
        .filter(|(sign, words)| is_told(sign, words))
        .map(|(sign, words)| (sign.to_owned(), words))
        .collect();
    block(ctx, title, &rows, width)
}

/// A title and its rows; what is told goes on below itself where it is long.
fn block<'a>(
    ctx: &Context<'a>,
    title: &'a str,
    rows: &[(String, &'a str)],
    width: usize,
) -> Option<Block<'a>> {
    let theme = &ctx.theme;
    let widest = rows.iter().map(|(keys, _)| text::width(keys)).max()?;
    let head = widest.clamp(*KEYS.start(), *KEYS.end());
    let mut lines = vec![Line::styled(title, theme.strong())];
    for (keys, words) in rows {
        let room = width.saturating_sub(head + 4).max(1);
        for (i, part) in text::wrap(words, room).into_iter().enumerate() {
            let keys = if i == 0 { keys.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(text::left(keys, head), theme.accent()),
                Span::raw("  "),
                Span::raw(part),
            ]));
        }
    }
    Some(lines)
}

/// The blocks dealt to pages of so many columns and rows, in reading order; a single page is as low as it can be.
fn pages<'a>(blocks: &[Block<'a>], columns: usize, width: usize, height: usize) -> Vec<Line<'a>> {
    let total: usize = blocks.iter().map(|b| b.len() + 1).sum();
    let fits = |h: &usize| dealt(blocks, *h).len() <= columns;
    let least = total.div_ceil(columns).saturating_sub(columns).max(1);
    let height = (least..height).find(fits).unwrap_or(height);
    dealt(blocks, height)
        .chunks(columns)
        .flat_map(|page| {
            (0..height).map(|row| {
                let cells = page.iter().flat_map(|column| cell(column.get(row), width));
                Line::from(cells.collect::<Vec<_>>())
            })
        })
        .collect()
}

/// Columns of at most so many rows. A block is broken where it would leave much of a column empty, or fits nowhere whole.
fn dealt<'a>(blocks: &[Block<'a>], height: usize) -> Vec<Block<'a>> {
    let mut columns: Vec<Block<'a>> = vec![Vec::new()];
    for block in blocks {
        let (title, mut rows) = (
            block.first().cloned().unwrap_or_default(),
            block.get(1..).unwrap_or_default(),
        );
        loop {
            let last = columns.last_mut();
            let Some(column) = last else { return columns };
            let gap = usize::from(!column.is_empty());
            let room = height.saturating_sub(column.len() + gap + 1);
            let breaks = rows.len() + 1 > height || room >= LEAST_PART && rows.len() >= room + 2;
            if rows.len() > room && !column.is_empty() && !(breaks && room >= LEAST_PART) {
                columns.push(Vec::new());
                continue;
            }
            column.extend((gap > 0).then(Line::default));
            column.push(title.clone());
            // A row that goes on is not torn from its key.
            let goes_on = |at: &usize| rows.get(*at).is_some_and(is_continued);
            let most = room.max(1).min(rows.len());
            let at = (1..=most).rev().find(|at| !goes_on(at)).unwrap_or(most);
            let (now, later) = rows.split_at(at);
            column.extend(now.iter().cloned());
            rows = later;
            if rows.is_empty() {
                break;
            }
            columns.push(Vec::new());
        }
    }
    columns
}

/// Whether a row goes on with what the row before it tells: it has no key of its own.
fn is_continued(row: &Line<'_>) -> bool {
    row.spans.first().is_some_and(|key| key.content.trim().is_empty())
}

/// A line made exactly as wide as a column.
fn cell<'a>(line: Option<&Line<'a>>, column: usize) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let mut used = 0;
    for span in line.map(|l| l.spans.as_slice()).unwrap_or_default() {
        let style = line.map_or(span.style, |l| l.style.patch(span.style));
        let content = text::fit(&span.content, (column - 1).saturating_sub(used)).into_owned();
        used += text::width(&content);
        spans.push(Span::styled(content, style));
    }
    spans.push(Span::raw(" ".repeat(column.saturating_sub(used))));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Model, Pane};

    fn in_the_lab() -> Model {
        let mut model = Model::new(0.0, (120, 36));
        let lab =
            crate::session::Lab::named_lesson("1", crate::language::Language::English, Default::default());
        model.lab = Some(Box::new(lab.unwrap().unwrap()));
        model
    }

    fn told(model: &Model, columns: usize, height: usize, sought: &str) -> Vec<String> {
        let ctx = Context::new(model);
        let lines = pages(&blocks(&ctx, 64, sought), columns, 64, height);
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_binding_that_can_hold_is_in_the_help() {
        for model in [Model::new(0.0, (120, 36)), in_the_lab()] {
            for (columns, height) in [(1, 20), (2, 20), (3, 34), (4, 58)] {
                let all = told(&model, columns, height, "");
                let is_told = |words: &str| all.iter().any(|l| l.contains(words));
                for section in SECTIONS {
                    let works: Vec<_> = section.bindings.iter().filter(|b| works(&model, b)).collect();
                    assert_eq!(is_told(section.title), !works.is_empty(), "{}", section.title);
                    for binding in works {
                        assert!(is_told(binding.label), "{}", binding.label);
                    }
                }
            }
        }
    }

    #[test]
    fn the_keys_of_the_pane_in_focus_come_first_and_pages_are_whole() {
        let mut model = Model::new(0.0, (80, 24));
        model.focus = Pane::History;
        let all = told(&model, 2, 20, "");
        assert!(all[0].starts_with(Pane::History.title()), "{}", all[0]);
        assert_eq!(all.len() % 20, 0);
        // No page begins with the second half of a row.
        for page in all.chunks(20).skip(1) {
            let below = page
                .iter()
                .skip(1)
                .map(|l| l.chars().take(14).collect::<String>());
            let first = below.clone().next().unwrap();
            assert!(!first.trim().is_empty(), "{}", page.join("\n"));
        }
        let deciding = all.iter().position(|l| l.contains("deciding")).unwrap();
        assert!(deciding < 20, "what decides is on the first page");
    }

    #[test]
    fn a_letter_finds_its_key_and_words_find_what_is_told() {
        let model = Model::new(0.0, (80, 24));
        let found = |sought| told(&model, 1, 20, sought).join("\n");
        assert!(
            found("K").contains("next kernel") && !found("K").contains("lock"),
            "{}",
            found("K")
        );
        assert!(found("LOCK").contains("lock the parameter"));
        assert!(found("⊗").contains("infeasible"));
        assert!(blocks(&Context::new(&model), 64, "no such words").is_empty());
    }
}
