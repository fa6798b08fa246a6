//! The table of trials: only the rows in sight are made.

use std::collections::{HashMap, HashSet};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::analysis::Extrapolation;
use crate::language::tr;
use crate::session::model::SortKey;
use crate::session::{HitMap, Pane, Target};
use crate::study::{Domain, Place, Trial, TrialState, Value};
use crate::ui::context::{Context, state_glyph};
use crate::ui::number::{duration, signed, significant};
use crate::ui::widgets::panel;
use crate::ui::{hit, text};

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Id,
    State,
    Value,
    /// What is measured of this constraint of the study.
    Constraint(usize),
    /// Leave-one-out residual.
    Residual,
    /// Index into `Study::columns`.
    Param(usize),
    Seconds,
}

impl Kind {
    /// What the table is sorted by where a column is asked for it.
    fn sort_key(self) -> Option<SortKey> {
        match self {
            Self::Id => Some(SortKey::Order),
            Self::State => Some(SortKey::State),
            Self::Value => Some(SortKey::Value),
            Self::Param(column) => Some(SortKey::Column(column)),
            Self::Seconds => Some(SortKey::Seconds),
            Self::Constraint(at) => Some(SortKey::Constraint(at)),
            Self::Residual => None,
        }
    }
}

struct Column {
    kind: Kind,
    head: String,
    width: usize,
    /// Text goes to the left, numbers to the right.
    left: bool,
}

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let table = &ctx.model.table;
    let title = ctx.title::<()>(Pane::Trials, detail(ctx), None);
    let body = panel::titled(buf, area, &ctx.theme, title);
    if table.rows.is_empty() {
        let line = if ctx.model.study.trials.is_empty() {
            tr!(
                ctx,
                "No trial yet. Rows appear as the source is written; running trials count."
            )
        } else if table.filter.is_empty() {
            tr!(ctx, "No row to show.")
        } else {
            tr!(ctx, "No trial passes the filter. Esc in the filter clears it.")
        };
        panel::say(buf, body, &ctx.theme, &[line]);
        return;
    }
    let columns = columns(ctx, usize::from(body.width));
    head(ctx, buf, body, &columns, hits);
    let rows = panel::below(body, 1);
    hits.table_rows = usize::from(rows.height);
    let first = first_shown(ctx, usize::from(rows.height));
    let visible: Vec<usize> = table
        .rows
        .iter()
        .skip(first)
        .take(usize::from(rows.height))
        .copied()
        .collect();
    let residuals = residuals(ctx, &visible);
    for (i, trial) in (0..rows.height).zip(&visible) {
        let area = text::row(rows, i);
        draw_row(ctx, buf, area, *trial, &columns, &residuals);
        hit(hits, area, Target::TrialRow(*trial));
    }
    scrollbar(ctx, buf, rows, first);
}

/// Leave-one-out residuals of the trials in sight, found in one pass.
fn residuals(ctx: &Context<'_>, visible: &[usize]) -> HashMap<usize, f64> {
    let visible: HashSet<usize> = visible.iter().copied().collect();
    ctx.model
        .trust
        .iter()
        .flat_map(|t| &t.value.left_out)
        .filter(|l| visible.contains(&l.trial))
        .map(|l| (l.trial, l.z))
        .collect()
}

fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let (table, theme) = (&ctx.model.table, &ctx.theme);
    let (shown, all) = (table.rows.len(), ctx.model.study.trials.len());
    let mut spans = Vec::new();
    if table.filter.is_empty() {
        spans.push(Span::styled(format!("{all}"), theme.dim()));
    } else {
        spans.push(Span::styled(
            tr!(ctx, "{shown} of {all} where ", shown = shown, all = all),
            theme.dim(),
        ));
        spans.push(Span::styled(table.filter.clone(), theme.accent()));
    }
    if let Some(at) = table.cursor() {
        spans.push(Span::styled(tr!(ctx, ", row {at}", at = at + 1), theme.dim()));
    }
    if table.follow {
        spans.push(Span::styled(tr!(ctx, ", following the newest"), theme.dim()));
    }
    if !table.search.is_empty() {
        spans.push(Span::styled(
            tr!(ctx, ", search {search}", search = table.search),
            theme.dim(),
        ));
    }
    spans
}

/// The first row drawn: where the model says, moved so that the selection is in sight.
fn first_shown(ctx: &Context<'_>, height: usize) -> usize {
    let table = &ctx.model.table;
    let last = table.rows.len().saturating_sub(height);
    let mut first = table.offset.min(last);
    if let Some(at) = table.cursor() {
        if at < first {
            first = at;
        } else if at >= first + height {
            first = at + 1 - height.max(1);
        }
    }
    first
}

/// The columns that fit, the parameters that matter most first.
fn columns(ctx: &Context<'_>, width: usize) -> Vec<Column> {
    let study = &ctx.model.study;
    let widest_id = study
        .trials
        .last()
        .map_or(2, |t| text::width(&t.id.to_string()))
        .max(study.trials.first().map_or(2, |t| text::width(&t.id.to_string())));
    let column = |kind, head: &str, width: usize, left| Column {
        kind,
        head: head.to_owned(),
        width,
        left,
    };
    // As wide as the widest word: "complete", or "infeasible" where a trial can be.
    let state_width = match study.constraints.is_empty() {
        _ if width < 56 => 1,
        true => 10,
        false => 12,
    };
    let mut out = vec![
        column(Kind::Id, tr!(ctx, "id"), widest_id.clamp(3, 14), false),
        column(
            Kind::State,
            if width >= 56 { tr!(ctx, "state") } else { "" },
            state_width,
            true,
        ),
        column(
            Kind::Value,
            ctx.metric(),
            text::width(ctx.metric()).clamp(9, 14),
            false,
        ),
    ];
    // What decides whether a value counts stands beside it.
    for (i, constraint) in study.constraints.iter().enumerate() {
        let name = constraint.name.shown();
        let candidate = column(Kind::Constraint(i), name, text::width(name).clamp(8, 13), false);
        if 2 + out.iter().map(|c| c.width + 2).sum::<usize>() + candidate.width < width * 2 / 3 {
            out.push(candidate);
        }
    }
    if ctx
        .model
        .trust
        .as_ref()
        .is_some_and(|t| !t.value.left_out.is_empty())
        && width >= 84
    {
        out.push(column(Kind::Residual, tr!(ctx, "z, + better"), 11, false));
    }
    // Mark and gaps: one cell before everything, two between columns.
    // The last cell of a row is the scrollbar's.
    let width = width.saturating_sub(1);
    let mut used: usize = 2 + out.iter().map(|c| c.width + 2).sum::<usize>();
    let seconds = column(Kind::Seconds, tr!(ctx, "took"), 11, false);
    let reserve = if width >= 100 { seconds.width + 2 } else { 0 };
    for index in param_columns(ctx) {
        let candidate = param_column(ctx, index);
        if used + candidate.width + reserve > width {
            break;
        }
        used += candidate.width + 2;
        out.push(candidate);
    }
    if reserve > 0 && study.trials.iter().rev().take(64).any(|t| t.seconds.is_some()) {
        out.push(seconds);
    }
    out
}

/// Indices into `Study::columns`: tuned ones by importance, then the others; hidden ones left out.
fn param_columns(ctx: &Context<'_>) -> Vec<usize> {
    let model = ctx.model;
    let mut order: Vec<usize> = model
        .params_by_importance()
        .into_iter()
        .filter_map(|p| model.study.space.params.get(p))
        .map(|p| p.column)
        .collect();
    for c in 0..model.study.columns.len() {
        if !order.contains(&c) {
            order.push(c);
        }
    }
    let is_constraint = |c: &usize| {
        model
            .study
            .constraints
            .iter()
            .any(|k| k.place == Place::Column(*c))
    };
    order.retain(|c| !model.table.hidden.contains(c) && !is_constraint(c));
    order.into_iter().skip(model.table.column_offset).collect()
}

fn param_column(ctx: &Context<'_>, index: usize) -> Column {
    let study = &ctx.model.study;
    let head = study.columns.get(index).map_or("?", |l| l.shown());
    let domain = study
        .space
        .params
        .iter()
        .find(|p| p.column == index)
        .map(|p| &p.domain);
    let (content, left) = match domain {
        Some(Domain::Categorical { choices }) => (
            choices
                .iter()
                .map(|c| text::width(&c.to_string()))
                .max()
                .unwrap_or(4)
                .min(12),
            !choices.iter().all(|c| c.as_f64().is_some()),
        ),
        Some(Domain::Int { low, high, .. }) => (low.to_string().len().max(high.to_string().len()), false),
        Some(Domain::Float { .. }) => (7, false),
        None => (8, true),
    };
    Column {
        kind: Kind::Param(index),
        head: head.to_owned(),
        width: content.max(text::width(head).min(13)),
        left,
    }
}

fn head(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, columns: &[Column], hits: &mut HitMap) {
    let table = &ctx.model.table;
    let mut x = body.x + 2;
    for column in columns {
        let sorts = column.kind.sort_key();
        let sorted = sorts == Some(table.sort);
        let arrow = match (sorted, table.descending) {
            (false, _) => "",
            (true, true) => "↓",
            (true, false) => "↑",
        };
        let label = if sorted && column.width > 1 {
            format!("{}{arrow}", text::middle(&column.head, column.width - 1))
        } else {
            text::middle(&column.head, column.width).into_owned()
        };
        let label = if column.left {
            text::left(&label, column.width)
        } else {
            text::right(&label, column.width)
        };
        let style = if sorted {
            ctx.theme.accent()
        } else {
            ctx.theme.dim()
        };
        text::put(buf, x, body.y, column.width, &label, style);
        let w = u16::try_from(column.width).unwrap_or(0);
        let visible = Rect::new(x, body.y, w.min(body.right().saturating_sub(x)), 1);
        if let Some(key) = sorts {
            hit(hits, visible, Target::TableColumn(key));
        }
        x = x.saturating_add(w + 2);
    }
}

fn draw_row(
    ctx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    index: usize,
    columns: &[Column],
    residuals: &HashMap<usize, f64>,
) {
    let Some(trial) = ctx.model.study.trials.get(index) else {
        return;
    };
    let theme = &ctx.theme;
    let selected = ctx.model.table.selected == Some(index);
    let is_best = ctx.best == Some(index);
    let base = match trial.state {
        TrialState::Complete | TrialState::Running => theme.text(),
        TrialState::Pruned | TrialState::Waiting | TrialState::Failed => theme.dim(),
    };
    let mark = match (selected, is_best) {
        (true, _) => ("▌", theme.accent_strong()),
        (false, true) => ("★", theme.strong()),
        (false, false) => (" ", base),
    };
    text::put(buf, area.x, area.y, 1, mark.0, mark.1);
    let mut x = area.x + 2;
    for column in columns {
        let z = residuals.get(&index).copied();
        let (value, style) = cell(ctx, z, (index, trial), column, base);
        let value = if column.left {
            text::left(&value, column.width)
        } else {
            text::right(&value, column.width)
        };
        text::put(buf, x, area.y, column.width, &value, style);
        x = x.saturating_add(u16::try_from(column.width + 2).unwrap_or(u16::MAX));
    }
    if is_best {
        emphasize(buf, area, Modifier::BOLD);
    }
    if selected {
        let row = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            ..area
        };
        if ctx.model.focus == Pane::Trials {
            // One bar: cells of several colours would make patches of it.
            let plain = Style::reset().add_modifier(Modifier::REVERSED);
            buf.set_style(row.intersection(buf.area), plain);
        } else {
            emphasize(buf, row, Modifier::BOLD);
        }
    }
}

fn emphasize(buf: &mut Buffer, area: Rect, modifier: Modifier) {
    buf.set_style(area.intersection(buf.area), Style::new().add_modifier(modifier));
}

fn cell(
    ctx: &Context<'_>,
    z: Option<f64>,
    (index, trial): (usize, &Trial),
    column: &Column,
    base: Style,
) -> (String, Style) {
    let theme = &ctx.theme;
    match column.kind {
        Kind::Id => (trial.id.to_string(), base),
        Kind::State => {
            let is_infeasible = trial.state == TrialState::Complete && ctx.is_infeasible(trial);
            let (glyph, word) = match is_infeasible {
                true => ("⊗", "infeasible"),
                false => (state_glyph(trial.state), trial.state.word()),
            };
            let text = if column.width > 1 {
                format!("{glyph} {}", ctx.language().word(word))
            } else {
                glyph.to_owned()
            };
            let style = if trial.state == TrialState::Failed {
                theme.error()
            } else {
                base
            };
            (text, style)
        }
        Kind::Value => match (value_of(trial), promise(ctx, index)) {
            (Some(v), _) if trial.state == TrialState::Complete => {
                let style = if ctx.is_infeasible(trial) {
                    theme.dim()
                } else {
                    base
                };
                (ctx.value.show(v), style)
            }
            // What an unfinished curve promises, marked as such.
            (Some(_), Some(e)) => (format!("≈{}", ctx.value.show(e.value)), theme.dim()),
            (Some(v), None) => (ctx.value.show(v), theme.dim()),
            (None, _) => ("–".to_owned(), theme.dim()),
        },
        Kind::Constraint(at) => {
            let constraint = ctx.model.study.constraints.get(at);
            match constraint.and_then(|c| Some((c, c.of(trial)?))) {
                Some((c, value)) if c.excess(value) > 0.0 => (significant(value, 3), theme.accent()),
                Some((_, value)) => (significant(value, 3), base),
                None => ("–".to_owned(), theme.dim()),
            }
        }
        Kind::Residual => match z {
            Some(z) if z.abs() > 2.0 => (format!("{} !", signed(z, 1)), theme.accent()),
            Some(z) => (format!("{}  ", signed(z, 1)), theme.dim()),
            None => (String::new(), base),
        },
        Kind::Param(c) => match trial.param(c) {
            Some(Value::Float(x)) => (significant(*x, 3), base),
            Some(v) => (v.to_string(), base),
            None => ("·".to_owned(), theme.faint()),
        },
        Kind::Seconds => (trial.seconds.map(duration).unwrap_or_default(), theme.dim()),
    }
}

/// What an unfinished trial counts as in the model.
fn promise(ctx: &Context<'_>, index: usize) -> Option<Extrapolation> {
    ctx.model.surrogate.as_ref()?.value.extrapolation(index)
}

/// The value of a trial, or the last that a pruned or running one reported.
fn value_of(trial: &Trial) -> Option<f64> {
    trial
        .values
        .first()
        .copied()
        .or_else(|| trial.intermediate.last().map(|(_, v)| *v))
}

/// A thumb at the right edge where not all rows are in sight.
fn scrollbar(ctx: &Context<'_>, buf: &mut Buffer, rows: Rect, first: usize) {
    let all = ctx.model.table.rows.len();
    let height = usize::from(rows.height);
    if all <= height || height == 0 {
        return;
    }
    let size = (height * height / all).max(1);
    let top = first * (height - size) / (all - height).max(1);
    for i in 0..rows.height {
        let inside = usize::from(i) >= top && usize::from(i) < top + size;
        let (glyph, style) = if inside {
            ("┃", ctx.theme.dim())
        } else {
            ("│", ctx.theme.faint())
        };
        text::put(buf, rows.right().saturating_sub(1), rows.y + i, 1, glyph, style);
    }
}
