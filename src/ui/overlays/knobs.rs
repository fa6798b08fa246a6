//! Hyperparameters as sliders, with the evidence that turning them costs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::window::Window;
use crate::analysis::knobs::Knob;
use crate::language::tr;
use crate::session::HitMap;
use crate::session::model::FitStatus;
use crate::session::update::tune;
use crate::ui::context::Context;
use crate::ui::number::{fixed, signed, significant};
use crate::ui::text;
use crate::ui::widgets::bars;

const WIDTH: u16 = 92;
/// Factors to each side of the fitted value that a slider spans.
const SPAN: f64 = 100.0;
/// Heads of the window before the first slider.
const HEAD: usize = 6;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, cursor: usize, hits: &mut HitMap) {
    let knobs = tune::hand_knobs(ctx.model);
    let fitted = tune::fitted_knobs(ctx.model);
    let width = usize::from(WIDTH.min(body.width).saturating_sub(4));
    let mut lines = evidence(ctx);
    lines.push(Line::default());
    let name = knobs
        .iter()
        .map(|k| text::width(&words(ctx, k)))
        .max()
        .unwrap_or(0)
        .clamp(14, 34)
        .min(width / 2);
    lines.push(Line::styled(
        format!(
            "  {}  {:>9}  {:>9}",
            text::left("", name),
            tr!(ctx, "value"),
            tr!(ctx, "fitted")
        ),
        ctx.theme.dim(),
    ));
    for (i, knob) in knobs.iter().enumerate() {
        let was = fitted.get(i).filter(|_| fitted.len() == knobs.len());
        lines.push(slider(ctx, knob, was.map(|k| k.value), i == cursor, name, width));
    }
    let detail = if ctx.model.settings.given.is_some() {
        tr!(ctx, "set by hand: nothing is fitted (r fits again)")
    } else {
        tr!(ctx, "as fitted; ← → turn one")
    };
    Window {
        title: tr!(ctx, "hyperparameters"),
        detail,
        lines,
        width: WIDTH,
    }
    .draw_around(ctx, buf, body, cursor + HEAD, hits);
}

/// The evidence as it is and what was lost of it.
fn evidence<'a>(ctx: &Context<'a>) -> Vec<Line<'a>> {
    let theme = &ctx.theme;
    let now = ctx.summary;
    let fitted = ctx.model.fitted.as_ref();
    let is_by_hand = ctx.model.settings.given.is_some();
    let comparable = fitted.is_some_and(|f| f.data == ctx.model.data);
    let row = |name: &str, now: Option<f64>, was: Option<f64>| {
        let mut spans = vec![
            Span::styled(text::left(name, 26), theme.dim()),
            Span::styled(
                text::right(&now.map_or_else(|| "–".to_owned(), |v| fixed(v, 2)), 10),
                theme.strong(),
            ),
        ];
        if let (true, Some(now), Some(was)) = (is_by_hand && comparable, now, was) {
            let lost = now - was;
            let style = if lost < -3.0 {
                theme.error()
            } else {
                theme.accent()
            };
            spans.push(Span::styled(format!("  {} ", signed(lost, 2)), style));
            spans.push(Span::styled(price(ctx, lost), theme.dim()));
        }
        Line::from(spans)
    };
    let mut lines = vec![
        row(
            tr!(ctx, "log marginal likelihood"),
            now.map(|s| s.log_marginal_likelihood),
            fitted.map(|f| f.log_marginal_likelihood),
        ),
        row(
            tr!(ctx, "leave-one-out density"),
            now.map(|s| s.loo_log_predictive),
            fitted.map(|f| f.loo),
        ),
    ];
    let state = match &ctx.model.fit {
        FitStatus::Fitting { .. } => Span::styled(tr!(ctx, "working it out…"), theme.accent()),
        FitStatus::Failed(why) => Span::styled(text::clean(why).into_owned(), theme.error()),
        _ if is_by_hand && !comparable => Span::styled(
            tr!(ctx, "the data have changed since the last fit: no comparison"),
            theme.dim(),
        ),
        _ => Span::styled(
            tr!(ctx, "in nats, of the transformed output; larger is better"),
            theme.dim(),
        ),
    };
    lines.push(Line::from(state));
    lines
}

/// What a loss of evidence means.
fn price(ctx: &Context<'_>, lost: f64) -> &'static str {
    match lost {
        l if l >= 0.5 => tr!(ctx, "better than fitted: the fit also weighs its priors"),
        l if l > -1.0 => tr!(ctx, "hardly anything is lost"),
        l if l > -3.0 => tr!(ctx, "the data speak against it"),
        l if l > -5.0 => tr!(ctx, "the data speak clearly against it"),
        _ => tr!(ctx, "the data rule it out"),
    }
}

fn words(ctx: &Context<'_>, knob: &Knob) -> String {
    let what = ctx.language().word(knob.what);
    match (&knob.input, knob.kernel.as_str()) {
        (Some(input), kernel) => format!("{kernel} {what} {}", text::clean(input)),
        (None, "") => what.to_owned(),
        (None, "constant") => tr!(ctx, "signal variance").to_owned(),
        (None, kernel) => format!("{kernel} {what}"),
    }
}

fn slider<'a>(
    ctx: &Context<'a>,
    knob: &Knob,
    fitted: Option<f64>,
    here: bool,
    name: usize,
    width: usize,
) -> Line<'a> {
    let theme = &ctx.theme;
    let moved = fitted.is_some_and(|f| (knob.value / f - 1.0).abs() > 0.006);
    let value_style = match (here, moved) {
        (true, _) => theme.selected(),
        (false, true) => theme.accent_strong(),
        (false, false) => theme.text(),
    };
    let mut spans = vec![
        Span::styled(if here { "▌ " } else { "  " }, theme.accent_strong()),
        Span::styled(
            text::left(&words(ctx, knob), name),
            if here { theme.strong() } else { theme.dim() },
        ),
        Span::raw("  "),
        Span::styled(text::right(&significant(knob.value, 3), 9), value_style),
        Span::styled(
            format!(
                "  {}",
                text::right(&fitted.map_or_else(|| "–".to_owned(), |f| significant(f, 3)), 9)
            ),
            theme.dim(),
        ),
        Span::raw("  "),
    ];
    let cells = width.saturating_sub(name + 28).min(32);
    if cells >= 8 {
        let middle = fitted.unwrap_or(knob.value);
        let at = |v: f64| (0.5 + 0.5 * (v / middle).ln() / SPAN.ln()).clamp(0.0, 1.0);
        let mut marks = vec![(0.5, "┼", theme.dim())];
        marks.push((
            at(knob.value),
            if moved { "◇" } else { "◆" },
            theme.accent_strong(),
        ));
        spans.extend(bars::track(cells, &marks, theme));
    }
    Line::from(spans)
}
