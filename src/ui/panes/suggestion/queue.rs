//! What became of accepted configurations, and what accepting would do.

use ratatui::text::Span;

use super::Row;
use crate::language::tr;
use crate::session::receipt::{Receipt, ReceiptState};
use crate::session::{Pane, Target};
use crate::ui::context::{Context, ago};
use crate::ui::number::with_sd;
use crate::ui::text;

pub fn rows<'a>(ctx: &Context<'a>, width: usize) -> Vec<Row<'a>> {
    let (model, theme) = (ctx.model, &ctx.theme);
    let mut out = Vec::new();
    let open = model.receipts.iter().filter(|r| r.is_open()).count();
    if !model.receipts.is_empty() {
        let mut head = vec![Span::styled(tr!(ctx, "queue"), theme.strong())];
        head.push(Span::styled(
            match open {
                0 => tr!(ctx, "  nothing open").to_owned(),
                n => tr!(ctx, "  {n} open", n = n),
            },
            theme.dim(),
        ));
        out.push(Row::new(7, head));
    }
    for (i, receipt) in model.receipts.iter().enumerate() {
        let chosen = model.receipt_cursor == Some(i);
        let mut row = Row::new(rank(receipt, i, chosen), line(ctx, receipt, chosen, width));
        row.target = Some(Target::ReceiptRow(i));
        out.push(row);
    }
    if model.lab.is_some() {
        // Nothing is delivered from the lab, and nobody expects it.
        return out;
    }
    let door = match &model.door {
        Ok(words) => Span::styled(
            format!("  accepted ones go to {}", text::clean(words)),
            theme.dim(),
        ),
        Err(why) => Span::styled(
            format!("  cannot be delivered: {}", text::clean(why)),
            theme.dim(),
        ),
    };
    out.push(Row::new(5, vec![door]));
    out
}

/// Old finished receipts give way first.
fn rank(receipt: &Receipt, index: usize, chosen: bool) -> u8 {
    match (chosen, receipt.is_open(), index) {
        (true, _, _) => 9,
        (_, _, 0) => 7,
        (_, true, 1) => 6,
        (_, true, _) => 4,
        (_, _, 1..3) => 3,
        _ => 1,
    }
}

fn line<'a>(ctx: &Context<'a>, receipt: &Receipt, chosen: bool, width: usize) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let (glyph, style) = match receipt.state {
        ReceiptState::Sending => ("→", theme.dim()),
        ReceiptState::Queued => ("◌", theme.text()),
        ReceiptState::Claimed { .. } | ReceiptState::Running { .. } => ("◐", theme.accent()),
        ReceiptState::Finished { .. } => ("✓", theme.text()),
        ReceiptState::Failed { .. } | ReceiptState::Refused { .. } => ("✗", theme.error()),
        ReceiptState::Withdrawn => ("–", theme.dim()),
    };
    let focused = chosen && ctx.model.focus == Pane::Suggestion;
    let words = words(ctx, receipt);
    let mut spans = vec![
        Span::styled(if chosen { "▌" } else { " " }, theme.accent_strong()),
        Span::styled(format!("{glyph} "), style),
        Span::styled(words, if focused { theme.selected() } else { style }),
    ];
    let when = format!("  {}", ago(ctx.model.now - receipt.created));
    let used = text::spans_width(&spans) + text::width(&when);
    let what = configuration(ctx, receipt);
    if used + 12 < width {
        let what = text::fit(&what, width - used - 2).into_owned();
        spans.push(Span::styled(format!("  {what}"), theme.dim()));
    }
    spans.push(Span::styled(when, theme.dim()));
    spans
}

/// The state in words; of a result also how it compares with the prediction.
fn words(ctx: &Context<'_>, receipt: &Receipt) -> String {
    let predicted = receipt
        .predicted
        .map(|(mean, sd)| with_sd(mean, sd))
        .unwrap_or_default();
    let waiting = |state: String| {
        if predicted.is_empty() {
            state
        } else {
            format!("{state}, expected {predicted}")
        }
    };
    match &receipt.state {
        ReceiptState::Sending => "sending…".to_owned(),
        ReceiptState::Queued => waiting("queued".to_owned()),
        ReceiptState::Claimed { by } => waiting(format!("claimed by {}", text::clean(by))),
        ReceiptState::Running { trial } => waiting(format!("running as trial {trial}")),
        ReceiptState::Finished { trial, value } => {
            let result = format!("trial {trial}: {}", ctx.value.show(*value));
            match receipt.predicted {
                Some((mean, sd)) if sd > 0.0 => {
                    let z = ctx.model.study.direction().sign() * (value - mean) / sd;
                    let side = if z < 0.0 { "worse" } else { "better" };
                    format!("{result}, {:.1}σ {side} than {predicted}", z.abs())
                }
                _ => result,
            }
        }
        ReceiptState::Failed { trial } => format!("trial {trial} failed"),
        ReceiptState::Withdrawn => "withdrawn".to_owned(),
        ReceiptState::Refused { reason } => format!("refused: {}", text::clean(reason)),
    }
}

/// The values that the person changed, else the ones that matter most.
fn configuration(ctx: &Context<'_>, receipt: &Receipt) -> String {
    let params = &ctx.model.study.space.params;
    let show = |p: usize| {
        receipt
            .configuration
            .get(p)
            .map(|v| format!("{} {}", ctx.param_name(p), Context::show(v)))
    };
    let edited: Vec<String> = receipt
        .edited
        .iter()
        .filter_map(|name| params.iter().position(|p| p.name == **name))
        .filter_map(show)
        .collect();
    if edited.is_empty() {
        return ctx
            .model
            .params_by_importance()
            .into_iter()
            .take(2)
            .filter_map(show)
            .collect::<Vec<_>>()
            .join(", ");
    }
    format!("edited {}", edited.join(", "))
}
