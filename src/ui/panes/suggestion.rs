//! The suggestion: what comes next and why, the draft that a person makes of it, and the queue.

mod queue;
mod summary;
mod table;
pub(in crate::ui) mod why;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use crate::analysis::{AcquisitionFunction, ConstraintPrediction, Prediction, Readout, Reason};
use crate::language::tr;
use crate::session::{HitMap, Pane, Target};
use crate::ui::context::Context;
use crate::ui::number::{percent, plus_minus, significant, terms as terms_of};
use crate::ui::widgets::{bars, panel};
use crate::ui::{footer, hit, marks, text};

pub use summary::draw_summary;

/// The group of EI and its two terms.
const SUM: u8 = 1;

/// One line of the pane. Lines of a low rank give way first where there is too little room.
pub(super) struct Row<'a> {
    spans: Vec<Span<'a>>,
    rank: u8,
    target: Option<Target>,
    /// Column at which a text field is drawn over the row.
    field_at: Option<u16>,
    /// Lines of one group are drawn together or not at all; 0 stands alone.
    group: u8,
}

impl<'a> Row<'a> {
    fn new(rank: u8, spans: Vec<Span<'a>>) -> Self {
        Self {
            spans,
            rank,
            target: None,
            field_at: None,
            group: 0,
        }
    }

    fn blank(rank: u8) -> Self {
        Self::new(rank, Vec::new())
    }
}

/// Draws the pane; returns where the text cursor stands while a value is typed.
pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) -> Option<Position> {
    let mut title = ctx.title(Pane::Suggestion, detail(ctx), ctx.model.suggestions.as_ref());
    title.shorter = shorter(ctx);
    if ctx.model.draft.as_ref().is_some_and(|d| d.outdated) {
        title.remark = vec![Span::styled(
            tr!(ctx, "a newer one is there (n)"),
            ctx.theme.accent(),
        )];
    }
    let body = panel::titled(buf, area, &ctx.theme, title);
    let width = usize::from(body.width);
    if ctx.model.is_blind() {
        let line = tr!(ctx, "Hidden until you have placed your own point.");
        panel::say(buf, body, &ctx.theme, &[line]);
        return None;
    }
    if ctx.model.in_hand().is_empty() && ctx.model.suggestion().is_none() {
        let line = if ctx.model.study.space.is_empty() {
            tr!(
                ctx,
                "The first suggestion comes with two different trials, or with a space file."
            )
        } else {
            tr!(ctx, "Computing the first suggestion…")
        };
        panel::say(buf, body, &ctx.theme, &[line]);
        return None;
    }
    let mut rows = headline(ctx, width);
    rows.push(Row::blank(3));
    rows.extend(table::rows(ctx, width));
    rows.push(Row::blank(4));
    rows.extend(terms(ctx, width));
    rows.extend(why::rows(ctx, width));
    rows.extend(queue::rows(ctx, width));
    let rows = shorten(rows, usize::from(body.height));
    let mut cursor = None;
    for (i, row) in (0..body.height).zip(&rows) {
        let line = text::row(body, i);
        text::put_spans(buf, line, &row.spans);
        if let Some(target) = row.target {
            hit(hits, line, target);
        }
        if let Some(at) = row.field_at {
            cursor = draw_field(ctx, buf, line, at, false);
        }
    }
    cursor
}

fn draw_field(
    ctx: &Context<'_>,
    buf: &mut Buffer,
    line: Rect,
    at: u16,
    with_remark: bool,
) -> Option<Position> {
    let field = ctx.model.draft.as_ref()?.field.as_ref()?;
    let x = line.x + at.min(line.width.saturating_sub(2));
    let room = usize::from(line.right().saturating_sub(x));
    text::put(buf, x, line.y, room, &" ".repeat(room), ctx.theme.text());
    let remark = field
        .remark
        .as_deref()
        .filter(|_| with_remark)
        .unwrap_or_default();
    let reserved = text::width(remark).min(room / 2);
    let (cursor, end) = footer::field(
        buf,
        x,
        line.y,
        room.saturating_sub(reserved + 2).max(6),
        &field.input,
        ctx,
    );
    let style = if field.is_error {
        ctx.theme.error()
    } else {
        ctx.theme.dim()
    };
    text::put(
        buf,
        end + 1,
        line.y,
        usize::from(line.right().saturating_sub(end + 1)),
        remark,
        style,
    );
    Some(Position::new(cursor, line.y))
}

/// Takes out the lines that matter least, until the rest fits.
fn shorten(mut rows: Vec<Row<'_>>, height: usize) -> Vec<Row<'_>> {
    while rows.len() > height {
        let Some(lowest) = rows.iter().map(|r| r.rank).min().filter(|r| *r < 9) else {
            break;
        };
        if let Some(i) = rows.iter().rposition(|r| r.rank == lowest) {
            let group = rows.remove(i).group;
            rows.retain(|r| group == 0 || r.group != group);
        }
    }
    while rows.last().is_some_and(|r| r.spans.is_empty()) {
        rows.pop();
    }
    // What must stay but does not fit: keep the row under the cursor in sight.
    if rows.len() > height
        && let Some(at) = rows.iter().position(|r| r.field_at.is_some())
        && at >= height
    {
        rows.drain(0..=at - height.max(1));
    }
    rows
}

fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    if let Some(draft) = &ctx.model.draft {
        let spans = vec![Span::styled(
            match draft.edits() {
                0 => tr!(ctx, "your draft, unchanged").to_owned(),
                1 => tr!(ctx, "your draft, 1 change").to_owned(),
                n => tr!(ctx, "your draft, {n} changes", n = n),
            },
            theme.accent_strong(),
        )];
        return spans;
    }
    let batch = ctx.model.suggestions.as_ref().map_or(0, |s| s.value.len());
    let words = match ctx.model.suggestion().map(|s| &s.reason) {
        Some(Reason::InitialDesign) => tr!(ctx, "what to try next, by the initial design").to_owned(),
        Some(Reason::Replicate) => tr!(ctx, "worth measuring once more").to_owned(),
        Some(Reason::Exhausted) => tr!(ctx, "the whole space has been tried").to_owned(),
        Some(Reason::Acquisition) => {
            tr!(
                ctx,
                "what to try next, by {acquisition_words}",
                acquisition_words = acquisition_words(ctx)
            )
        }
        None => String::new(),
    };
    let mut spans = vec![Span::styled(words, theme.dim())];
    if batch > 1 {
        spans.push(Span::styled(
            tr!(ctx, ", first of {batch}", batch = batch),
            theme.dim(),
        ));
    }
    spans.extend(asked_for(ctx));
    spans
}

/// What the person asked the suggestion to respect.
fn asked_for<'a>(ctx: &Context<'a>) -> Option<Span<'a>> {
    let locked = ctx.model.locks.iter().flatten().count();
    let mut words = Vec::new();
    if locked > 0 {
        words.push(tr!(ctx, "{locked} locked", locked = locked));
    }
    match ctx.model.rejections.len() {
        0 => {}
        n => words.push(tr!(ctx, "{n} rejected", n = n)),
    }
    (!words.is_empty()).then(|| Span::styled(format!(", {}", words.join(", ")), ctx.theme.accent()))
}

/// The same where there is less room.
fn shorter<'a>(ctx: &Context<'a>) -> Vec<Vec<Span<'a>>> {
    if ctx.model.draft.is_some() || ctx.model.suggestion().map(|s| &s.reason) != Some(&Reason::Acquisition) {
        return Vec::new();
    }
    let with = |words: String| {
        let mut spans = vec![Span::styled(words, ctx.theme.dim())];
        spans.extend(asked_for(ctx));
        spans
    };
    vec![
        with(tr!(ctx, "by {function}", function = acquisition_words(ctx))),
        with(tr!(
            ctx,
            "by {function}",
            function = ctx.language().word(ctx.model.acquisition.function.title())
        )),
    ]
}

/// The function that chose and what it was set to.
fn acquisition_words(ctx: &Context<'_>) -> String {
    let a = &ctx.model.acquisition;
    let surrogate = ctx.model.surrogate.as_ref().map(|s| &s.value);
    if let Some(weight) = surrogate.and_then(|s| marks::weight(s))
        && ctx.seeks_feasible()
        && a.function.is_positive()
    {
        return weight;
    }
    let mut words = ctx.language().word(a.function.title()).to_owned();
    if a.function.uses_xi() {
        words += &format!(", ξ {}", significant(a.xi, 2));
    }
    if a.function.uses_beta() {
        words += &format!(", β {}", significant(a.beta, 2));
    }
    words
}

/// Glyph of what is in hand: the person's draft or the suggestion.
fn glyph(ctx: &Context<'_>) -> &'static str {
    if ctx.model.draft.is_some() { "◇" } else { "◆" }
}

/// What is predicted for what is in hand: the draft, else the suggestion.
pub(super) fn predicted(ctx: &Context<'_>) -> (Option<Prediction>, Option<Readout>) {
    if let Some(draft) = &ctx.model.draft {
        let c = draft.consequences.as_ref();
        return (c.map(|c| c.prediction), c.map(|c| c.readout));
    }
    let s = ctx.model.suggestion();
    (s.and_then(|s| s.prediction), s.and_then(|s| s.readout))
}

/// What is predicted of each constraint, of what is in hand.
pub(super) fn constraints<'c>(ctx: &'c Context<'_>) -> &'c [ConstraintPrediction] {
    if let Some(draft) = &ctx.model.draft {
        return draft.consequences.as_ref().map_or(&[], |c| &c.constraints);
    }
    ctx.model.suggestion().map_or(&[], |s| &s.why.constraints)
}

/// μ ± σ against the best, and the chance to improve.
fn headline<'a>(ctx: &Context<'a>, width: usize) -> Vec<Row<'a>> {
    let theme = &ctx.theme;
    let (prediction, readout) = predicted(ctx);
    let Some(p) = prediction else {
        let text = if ctx.model.surrogate.is_none() {
            tr!(ctx, "No prediction yet: the model needs a few finished trials.")
        } else {
            tr!(ctx, "Working out what this would give…")
        };
        return vec![Row::new(9, vec![Span::styled(text, theme.dim())])];
    };
    let (mean, sd) = plus_minus(p.mean, p.sd);
    let mut spans = vec![
        Span::styled(format!("{} ", glyph(ctx)), theme.accent_strong()),
        Span::styled(format!("{mean} ± {sd}"), theme.strong()),
    ];
    let room = width.saturating_sub(text::spans_width(&spans) + 2);
    let words = within(against(ctx, &p), room);
    spans.push(Span::styled(format!("  {words}"), theme.text()));
    let mut rows = vec![Row::new(9, spans)];
    if let Some(cost) = cost(ctx) {
        rows.push(Row::new(
            9,
            vec![Span::styled(format!("  {cost}"), theme.accent())],
        ));
    }
    if let Some(r) = readout {
        let score = if ctx.model.acquisition.function == AcquisitionFunction::Ucb {
            format!("   UCB {}", text::minus(&significant(r.ucb, 3)))
        } else {
            String::new()
        };
        // Where nothing is feasible there is nothing to improve on.
        let (name, improve) = if ctx.seeks_feasible() {
            ("  ", String::new())
        } else {
            (tr!(ctx, "  P(improve) "), percent(r.pi))
        };
        let chances = format!("{improve}{score}{}", comes_through(ctx, &p));
        let chances = if improve.is_empty() {
            chances.trim_start().to_owned()
        } else {
            chances
        };
        let mut spans = vec![
            Span::styled(name, theme.dim()),
            Span::styled(chances, theme.text()),
            Span::styled(
                tr!(
                    ctx,
                    "   95 %: {low95} to {high95}",
                    low95 = plus_minus(p.low95, p.sd).0,
                    high95 = plus_minus(p.high95, p.sd).0
                ),
                theme.dim(),
            ),
        ];
        if text::spans_width(&spans) > width {
            spans.truncate(2);
        }
        rows.push(Row::new(8, spans));
    }
    rows
}

/// "   P(ok) 0.83   P(feasible) 0.6": whether it will come through at all, once something failed, and be feasible,
/// where there are constraints.
fn comes_through(ctx: &Context<'_>, p: &Prediction) -> String {
    // Below a thousandth all are alike.
    let chance = |p: f64| match p {
        p if p < 0.001 => "<0.001".to_owned(),
        p => significant(p, 2),
    };
    let ok = p.p_ok.map(|p| tr!(ctx, "   P(ok) {p}", p = chance(p)));
    let feasible = (p.p_feasible).map(|p| tr!(ctx, "   P(feasible) {p}", p = chance(p)));
    [ok, feasible].into_iter().flatten().collect()
}

/// "0.0076 better than the best's mean 0.3008" in words. Under noise the model improves on its own best
/// mean, or on that and a deviation (see [`Surrogate::doubt`]), not on the luckiest observation; the chance to improve is
/// against the same.
fn against(ctx: &Context<'_>, p: &Prediction) -> String {
    if ctx.seeks_feasible() {
        return tr!(ctx, "nothing feasible to beat yet").to_owned();
    }
    let sign = ctx.model.study.direction().sign();
    let best = match &ctx.model.surrogate {
        Some(s) => s.value.to_beat(),
        None => p.mean + sign * (p.model_incumbent - p.model_mean) * p.sd / p.model_sd,
    };
    let gain = sign * (p.mean - best);
    if !gain.is_finite() {
        return String::new();
    }
    let shown = ctx.value.show(best);
    let reference = if ctx.best_value().is_some_and(|b| ctx.value.show(b) == shown) {
        tr!(ctx, "the best {shown}", shown = shown)
    } else {
        match ctx.model.surrogate.as_ref().map_or(0.0, |s| s.value.doubt()) {
            0.0 => tr!(ctx, "the best's mean {shown}", shown = shown),
            1.0 => tr!(ctx, "the best's μ + σ, {shown}", shown = shown),
            doubt => tr!(
                ctx,
                "the best's μ + {doubt}σ, {shown}",
                doubt = doubt,
                shown = shown
            ),
        }
    };
    if gain.abs() < 0.1 * p.sd {
        return tr!(ctx, "level with {reference}", reference = reference);
    }
    // The deviation decides the digits of the difference, too.
    let (size, _) = plus_minus(gain.abs(), p.sd);
    let side = if gain > 0.0 {
        tr!(ctx, "better")
    } else {
        tr!(ctx, "worse")
    };
    tr!(
        ctx,
        "{size} {side} than {reference}",
        size = size,
        side = side,
        reference = reference
    )
}

/// Where there is no room for the best's own value, its name must do.
fn within(words: String, room: usize) -> String {
    match words.rsplit_once(' ') {
        Some((short, _)) if text::width(&words) > room => {
            let short = short.strip_suffix("'s mean").unwrap_or(short);
            short.split("'s μ").next().unwrap_or(short).to_owned()
        }
        _ => words,
    }
}

/// What editing costs, where a draft is open.
fn cost(ctx: &Context<'_>) -> Option<String> {
    let draft = ctx.model.draft.as_ref()?;
    let share = draft.consequences.as_ref()?.share_of_best?;
    if !share.is_finite() || draft.edits() == 0 {
        return None;
    }
    Some(if share < 0.995 {
        tr!(ctx, "your edit costs {share} of EI", share = most_of(1.0 - share))
    } else if share > 1.005 {
        tr!(ctx, "your edit gains {share} of EI", share = percent(share - 1.0))
    } else {
        tr!(ctx, "your edit costs nothing").to_owned()
    })
}

/// A share that is all but everything is not everything.
fn most_of(share: f64) -> String {
    if (0.995..1.0).contains(&share) {
        return ">99 %".to_owned();
    }
    percent(share)
}

/// The two terms of EI as bars that sum to it.
fn terms<'a>(ctx: &Context<'a>, width: usize) -> Vec<Row<'a>> {
    let theme = &ctx.theme;
    let (_, Some(r)) = predicted(ctx) else {
        return Vec::new();
    };
    // They do not rank while nothing is feasible.
    if ctx.seeks_feasible() {
        return Vec::new();
    }
    // Of the suggestion too: what a draft loses of it is to be seen.
    let largest = std::iter::once(r)
        .chain(ctx.model.suggestion().and_then(|s| s.readout))
        .flat_map(|r| [r.exploitation, r.exploration, r.ei])
        .map(f64::abs)
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let words_room = if width >= 62 { 18 } else { 0 };
    let cells = width.saturating_sub(28 + words_room).clamp(0, 32) / 2 * 2;
    let cells = if cells < 6 { 0 } else { cells };
    let shown = terms_of(&[r.exploitation, r.exploration, r.ei], 3);
    let line = |sign: &str, name: &str, (value, shown): (f64, &String), words: &str| {
        let mut spans = vec![
            Span::styled(format!("{sign} "), theme.dim()),
            Span::styled(text::left(name, 13), theme.dim()),
            Span::raw(text::left(shown, 10)),
            Span::raw(" "),
        ];
        spans.extend(if r.exploitation < 0.0 {
            bars::signed(value, largest, cells, theme)
        } else {
            bars::positive(value, largest, cells, theme)
        });
        if words_room > 0 {
            spans.push(Span::styled(format!(" {words}"), theme.dim()));
        }
        Row {
            group: SUM,
            ..Row::new(6, spans)
        }
    };
    let [exploitation, exploration, ei] = shown.as_slice() else {
        return Vec::new();
    };
    vec![
        line(
            " ",
            tr!(ctx, "exploitation"),
            (r.exploitation, exploitation),
            tr!(ctx, "a better mean"),
        ),
        line(
            "+",
            tr!(ctx, "exploration"),
            (r.exploration, exploration),
            tr!(ctx, "the unknown"),
        ),
        line("=", "EI", (r.ei, ei), tr!(ctx, "in model units")),
        Row::blank(3),
    ]
}
