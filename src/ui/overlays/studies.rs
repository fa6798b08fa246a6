//! The studies of a source, to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::session::HitMap;
use crate::study::{Direction, StudyEntry};
use crate::ui::context::{Context, ago};
use crate::ui::number::significant;
use crate::ui::text;

const WIDTH: u16 = 84;
const NAME: usize = 40;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, cursor: usize, hits: &mut HitMap) {
    let theme = &ctx.theme;
    let studies = &ctx.model.source.studies;
    let name = studies
        .iter()
        .map(|s| text::width(s.name.shown()))
        .max()
        .unwrap_or(0)
        .clamp(8, NAME.min(usize::from(body.width / 2)));
    let mut lines = vec![Line::from(vec![Span::styled(
        format!(
            "   {}  {:>7}  {:<12}  {:>9}  last change",
            text::left("study", name),
            "trials",
            "direction",
            "best"
        ),
        theme.dim(),
    )])];
    for (i, study) in studies.iter().enumerate() {
        let here = i == cursor;
        let style = if here { theme.selected() } else { theme.text() };
        let shown = study.name == ctx.model.study.name;
        lines.push(Line::from(vec![
            Span::styled(if here { "▌" } else { " " }, theme.accent_strong()),
            Span::styled(if shown { "● " } else { "  " }, theme.accent()),
            Span::styled(text::left(study.name.shown(), name), style),
            Span::raw(format!("  {:>7}  ", study.trials)),
            Span::styled(text::left(&directions(study), 12), theme.dim()),
            Span::raw(format!(
                "  {:>9}",
                study.best.map_or_else(|| "–".to_owned(), |v| significant(v, 4))
            )),
            Span::styled(
                format!(
                    "  {}",
                    study
                        .changed
                        .map_or_else(|| "–".to_owned(), |t| ago(ctx.model.now - t))
                ),
                theme.dim(),
            ),
        ]));
    }
    let detail = match studies.len() {
        1 => "1 in this source".to_owned(),
        n => format!("{n} in this source, ● is shown"),
    };
    Window {
        title: "studies",
        detail: &detail,
        lines,
        width: WIDTH,
    }
    .draw_around(ctx, buf, body, cursor + 1, hits);
}

fn directions(study: &StudyEntry) -> String {
    let word = |d: &Direction| match d {
        Direction::Minimize => "minimize",
        Direction::Maximize => "maximize",
    };
    match study.directions.as_slice() {
        [] => "–".to_owned(),
        [one] => word(one).to_owned(),
        several => format!("{} objectives", several.len()),
    }
}
