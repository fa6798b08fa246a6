//! What the title of the surface says: the layer, its terms at the probe, the parameters.

use ratatui::text::Span;

use crate::analysis::Layer;
use crate::language::tr;
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::text;

fn layer_name(ctx: &Context<'_>, layer: Layer) -> String {
    match layer {
        Layer::Mean => tr!(ctx, "mean {metric}", metric = ctx.metric()),
        Layer::Acquisition => {
            let name = ctx
                .language()
                .word(ctx.model.acquisition.function.linear().title());
            tr!(ctx, "acquisition {name}", name = name)
        }
        other => ctx.language().word(other.title()).to_owned(),
    }
}

/// Layer, terms and parameters, where there is room for all.
pub(super) fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let Some((x, y)) = shown_pair(ctx) else {
        return Vec::new();
    };
    let mut spans = vec![
        Span::styled(layer_name(ctx, ctx.model.layer), theme.text()),
        Span::styled(terms(ctx), theme.text()),
        Span::styled(
            tr!(
                ctx,
                ", {x} → {y} ↑, rest at {probe_words}",
                x = text::fit(ctx.param_name(x), 20),
                y = text::fit(ctx.param_name(y), 20),
                probe_words = ctx.probe_words()
            ),
            theme.dim(),
        ),
    ];
    if ctx
        .model
        .surface
        .as_ref()
        .is_some_and(|s| s.value.feasible.iter().any(|p| *p < 0.5))
    {
        spans.push(Span::styled(tr!(ctx, ", ╱ probably infeasible"), theme.dim()));
    }
    if ctx.model.surface.as_ref().is_some_and(|s| s.value.coarse) {
        spans.push(Span::styled(tr!(ctx, ", coarse"), theme.dim()));
    }
    spans
}

/// Layer and parameters where there is less room: first without the terms, then without the rest, then the layer alone.
pub(super) fn shorter<'a>(ctx: &Context<'a>) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let Some((x, y)) = shown_pair(ctx) else {
        return Vec::new();
    };
    let layer = || Span::styled(layer_name(ctx, ctx.model.layer), theme.text());
    let plain = || match ctx.model.layer {
        Layer::Mean => Span::styled(tr!(ctx, "mean"), theme.text()),
        _ => layer(),
    };
    let pair = |most: usize| {
        let name = |p| text::middle(ctx.param_name(p), most);
        Span::styled(format!(", {} → {} ↑", name(x), name(y)), theme.dim())
    };
    let at = Span::styled(
        tr!(ctx, ", rest at {probe_words}", probe_words = ctx.probe_words()),
        theme.dim(),
    );
    let mut all = vec![
        vec![layer(), pair(20), at],
        vec![layer(), pair(20)],
        vec![plain(), pair(14)],
        vec![plain(), pair(10)],
        vec![layer()],
    ];
    let terms = terms(ctx);
    if !terms.is_empty() {
        all.insert(0, vec![layer(), Span::styled(terms, theme.text()), pair(14)]);
        all.insert(
            1,
            vec![layer(), Span::styled(brief_terms(ctx), theme.text()), pair(10)],
        );
    }
    all
}

/// The parameters of the surface that is shown, else of the one that is asked for.
fn shown_pair(ctx: &Context<'_>) -> Option<(usize, usize)> {
    let shown = ctx.model.surface.as_ref();
    shown
        .map(|s| (s.value.x_param, s.value.y_param))
        .or_else(|| ctx.model.surface_pair())
}

/// The layer's own term at the probe.
fn brief_terms(ctx: &Context<'_>) -> String {
    let at = ctx.consequences().map(|c| &c.improvement);
    let own = at.map(|at| match ctx.model.layer {
        Layer::Exploitation => at.exploitation,
        _ => at.exploration,
    });
    own.map_or_else(String::new, |own| {
        tr!(ctx, " {own} here", own = significant(own, 2))
    })
}

/// On the layers of EI's terms: what both are at the probe, and their sum.
fn terms(ctx: &Context<'_>) -> String {
    let is_term = matches!(ctx.model.layer, Layer::Exploitation | Layer::Exploration);
    let Some(at) = ctx.consequences().filter(|_| is_term).map(|c| &c.improvement) else {
        return String::new();
    };
    let (own, other) = if ctx.model.layer == Layer::Exploitation {
        (
            at.exploitation,
            tr!(
                ctx,
                "exploration {exploration}",
                exploration = significant(at.exploration, 2)
            ),
        )
    } else {
        (
            at.exploration,
            tr!(
                ctx,
                "exploitation {exploitation}",
                exploitation = significant(at.exploitation, 2)
            ),
        )
    };
    tr!(
        ctx,
        " {own} at the probe, with {other} EI {ei}",
        own = significant(own, 2),
        other = other,
        ei = significant(at.ei, 2)
    )
}
