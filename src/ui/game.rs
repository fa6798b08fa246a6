//! The lines of the guessing game, and its end in a window.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::language::tr;
use crate::learn::game::{AT_RANDOM, BEST, Band, COVERAGE, Game, Round, Stage};
use crate::session::HitMap;
use crate::ui::number::{percent, significant};

use super::context::Context;
use super::lens::configuration;
use super::overlays::window::Window;
use super::text;

/// The lines above the panes.
pub fn lines<'a>(ctx: &Context<'a>, game: &Game) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let chip = theme.accent_strong().patch(theme.selected());
    let number = match game.stage {
        Stage::Placing => game.rounds.len() + 1,
        Stage::Revealed => game.rounds.len(),
    };
    let chip = Span::styled(
        tr!(
            ctx,
            " game, round {number} of {of} ",
            number = number,
            of = game.of
        ),
        chip,
    );
    match game.rounds.last().filter(|_| game.stage == Stage::Revealed) {
        Some(round) => revealed(ctx, chip, round),
        None => placing(ctx, chip, game),
    }
}

/// What is asked, the score so far, and on what is played.
fn placing<'a>(ctx: &Context<'a>, chip: Span<'a>, game: &Game) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let score = game.score();
    let so_far = if score.rounds == 0 {
        tr!(
            ctx,
            "points are the share of the space that a place beats: at random {chance}, the best {best}",
            chance = format_args!("{AT_RANDOM:.0}"),
            best = format_args!("{BEST:.0}")
        )
    } else {
        tr!(
            ctx,
            "so far you {you} points a round, {picker} {model}, at random {chance}",
            picker = picker(ctx),
            you = format_args!("{:.0}", score.you),
            model = format_args!("{:.0}", score.model),
            chance = format_args!("{AT_RANDOM:.0}")
        )
    };
    let asked = tr!(
        ctx,
        " Where next? Move the probe, Enter places your point; the model is hidden."
    );
    let ground = tr!(ctx, "on {ground}", ground = ctx.language().reword(&game.ground));
    vec![
        vec![chip, Span::styled(asked, theme.text())],
        vec![Span::styled(so_far, theme.dim())],
        vec![Span::styled(ground, theme.dim())],
    ]
}

/// What a round gave both.
fn revealed<'a>(ctx: &Context<'a>, chip: Span<'a>, round: &Round) -> Vec<Vec<Span<'a>>> {
    let theme = &ctx.theme;
    let points = tr!(
        ctx,
        " you {points} points, {picker} {picked_points}",
        picker = picker(ctx),
        points = format_args!("{:.0}", round.points),
        picked_points = format_args!("{:.0}", round.picked_points)
    );
    let beside = tr!(
        ctx,
        ", at random {chance}, the best {best}",
        chance = format_args!("{AT_RANDOM:.0}"),
        best = format_args!("{BEST:.0}")
    );
    vec![
        vec![
            chip,
            Span::styled(points, theme.strong()),
            Span::styled(beside, theme.dim()),
            Span::styled(share(ctx, round), theme.text()),
        ],
        vec![Span::styled(band(ctx, round), theme.text())],
        vec![
            Span::styled(tr!(ctx, "the model's pick  "), theme.dim()),
            Span::styled(configuration(ctx, &round.picked), theme.text()),
        ],
    ]
}

/// What the model picks by: EI where nothing else was chosen.
fn picker<'a>(ctx: &Context<'a>) -> &'a str {
    ctx.language()
        .word(ctx.model.acquisition.function.linear().title())
}

fn share(ctx: &Context<'_>, round: &Round) -> String {
    match round.ei_share.filter(|s| s.is_finite()) {
        Some(share) => tr!(
            ctx,
            "; your point has {share} of the pick's EI",
            share = percent(share.min(9.99))
        ),
        None => String::new(),
    }
}

fn band(ctx: &Context<'_>, round: &Round) -> String {
    let Some(value) = round.value else {
        return tr!(ctx, "your point fails").to_owned();
    };
    let shown = ctx.value.show(value);
    let said = |band: &Band| {
        let (low, high) = (ctx.value.show(band.low), ctx.value.show(band.high));
        let score = significant(band.score(value), 2);
        if band.holds(value) {
            tr!(
                ctx,
                "{low} to {high} held it (score {score})",
                low = low,
                high = high,
                score = score
            )
        } else {
            tr!(
                ctx,
                "{low} to {high} missed it (score {score})",
                low = low,
                high = high,
                score = score
            )
        }
    };
    match (&round.band, &round.model_band) {
        (Some(yours), Some(model)) => tr!(
            ctx,
            "your point gives {shown}: your band {yours}, the model's {said}",
            shown = shown,
            yours = said(yours),
            said = said(model)
        ),
        (None, Some(model)) => tr!(
            ctx,
            "your point gives {shown}: the model's band {said}",
            shown = shown,
            said = said(model)
        ),
        _ => tr!(ctx, "your point gives {shown}", shown = shown),
    }
}

/// The end of a game.
pub fn summary(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, scroll: usize, hits: &mut HitMap) {
    let Some(game) = &ctx.model.games.last else { return };
    let theme = &ctx.theme;
    let score = game.score();
    let mut lines = vec![
        Line::styled(
            tr!(
                ctx,
                "Played on {ground}.",
                ground = ctx.language().reword(&game.ground)
            ),
            theme.dim(),
        ),
        Line::default(),
        Line::from(vec![
            Span::styled(
                tr!(
                    ctx,
                    "You {you} points a round",
                    you = format_args!("{:.0}", score.you)
                ),
                theme.strong(),
            ),
            Span::raw(tr!(
                ctx,
                ", {picker} {model}, at random {chance}, the best {best}.",
                picker = picker(ctx),
                model = format_args!("{:.0}", score.model),
                chance = format_args!("{AT_RANDOM:.0}"),
                best = format_args!("{BEST:.0}")
            )),
        ]),
    ];
    if let Some(verdict) = game.calibration() {
        lines.push(Line::raw(tr!(ctx, "{held} of your {bands} bands held the value, the model's {model_held} ({coverage} should): {verdict}.", held = score.held, bands = score.bands, model_held = score.model_held, coverage = percent(COVERAGE), verdict = ctx.language().word(verdict))));
        lines.push(Line::raw(tr!(
            ctx,
            "Interval score (smaller is better): you {band_score}, the model {model_band_score}.",
            band_score = significant(score.band_score, 3),
            model_band_score = significant(score.model_band_score, 3)
        )));
    }
    lines.push(Line::default());
    lines.extend(rounds(ctx, game));
    Window {
        title: tr!(ctx, "the game"),
        detail: tr!(ctx, "a place's points: the share of the space that it beats"),
        lines,
        width: 78,
    }
    .draw(ctx, buf, body, scroll, hits);
}

/// A line a round.
fn rounds<'a>(ctx: &Context<'a>, game: &Game) -> Vec<Line<'a>> {
    let mut lines = vec![Line::styled(
        format!(
            "{}  {}  {}  {}  {}",
            text::right(tr!(ctx, "round"), 5),
            text::right(tr!(ctx, "you"), 4),
            text::right(tr!(ctx, "model"), 5),
            text::right(tr!(ctx, "value"), 9),
            text::left(tr!(ctx, "your band"), 20)
        ),
        ctx.theme.dim(),
    )];
    for (i, round) in game.rounds.iter().enumerate() {
        let value = round
            .value
            .map_or_else(|| tr!(ctx, "fails").to_owned(), |v| significant(v, 4));
        let band = match (round.band, round.value) {
            (Some(b), Some(v)) => format!(
                "{} {} … {}",
                if b.holds(v) { "✓" } else { "✗" },
                significant(b.low, 3),
                significant(b.high, 3)
            ),
            _ => "–".to_owned(),
        };
        lines.push(Line::raw(format!(
            "{:>5}  {:>4.0}  {:>5.0}  {}  {}",
            i + 1,
            round.points,
            round.picked_points,
            text::right(&value, 9),
            text::left(&band, 20)
        )));
    }
    lines
}
