//! The lines of the guessing game, and its end in a window.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

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
    let chip = Span::styled(format!(" game, round {number} of {} ", game.of), chip);
    let last = game.rounds.last().filter(|_| game.stage == Stage::Revealed);
    let Some(round) = last else {
        let score = game.score();
        let so_far = if score.rounds == 0 {
            format!(
                "points are the share of the space that a place beats: at random {AT_RANDOM:.0}, the best {BEST:.0}"
            )
        } else {
            format!(
                "so far you {:.0} points a round, the model {:.0}, at random {AT_RANDOM:.0}",
                score.you, score.model
            )
        };
        return vec![
            vec![
                chip,
                Span::styled(
                    " Where next? Move the probe, Enter places your point; the model is hidden.",
                    theme.text(),
                ),
            ],
            vec![Span::styled(so_far, theme.dim())],
            vec![Span::styled(format!("on {}", game.ground), theme.dim())],
        ];
    };
    let mut lines = vec![
        vec![
            chip,
            Span::styled(
                format!(
                    " you {:.0} points, the model {:.0}",
                    round.points, round.picked_points
                ),
                theme.strong(),
            ),
            Span::styled(
                format!(", at random {AT_RANDOM:.0}, the best {BEST:.0}"),
                theme.dim(),
            ),
            Span::styled(share(round), theme.text()),
        ],
        vec![Span::styled(band(ctx, round), theme.text())],
    ];
    lines.push(vec![
        Span::styled("the model's pick  ", theme.dim()),
        Span::styled(configuration(ctx, &round.picked), theme.text()),
    ]);
    lines
}

fn share(round: &Round) -> String {
    match round.ei_share.filter(|s| s.is_finite()) {
        Some(share) => format!("; your point has {} of the pick's EI", percent(share.min(9.99))),
        None => String::new(),
    }
}

fn band(ctx: &Context<'_>, round: &Round) -> String {
    let Some(value) = round.value else {
        return "your point fails".to_owned();
    };
    let shown = ctx.value.show(value);
    let said = |band: &Band| {
        format!(
            "{} to {} {} it (score {})",
            ctx.value.show(band.low),
            ctx.value.show(band.high),
            if band.holds(value) { "held" } else { "missed" },
            significant(band.score(value), 2)
        )
    };
    match (&round.band, &round.model_band) {
        (Some(yours), Some(model)) => format!(
            "your point gives {shown}: your band {}, the model's {}",
            said(yours),
            said(model)
        ),
        (None, Some(model)) => format!("your point gives {shown}: the model's band {}", said(model)),
        _ => format!("your point gives {shown}"),
    }
}

/// The end of a game.
pub fn summary(ctx: &Context<'_>, buf: &mut Buffer, body: Rect, scroll: usize, hits: &mut HitMap) {
    let Some(game) = &ctx.model.games.last else { return };
    let theme = &ctx.theme;
    let score = game.score();
    let mut lines = vec![
        Line::styled(format!("Played on {}.", game.ground), theme.dim()),
        Line::default(),
        Line::from(vec![
            Span::styled(format!("You {:.0} points a round", score.you), theme.strong()),
            Span::raw(format!(
                ", the model {:.0}, at random {AT_RANDOM:.0}, the best {BEST:.0}.",
                score.model
            )),
        ]),
    ];
    if let Some(verdict) = game.calibration() {
        lines.push(Line::raw(format!(
            "{} of your {} bands held the value, the model's {} ({} should): {verdict}.",
            score.held,
            score.bands,
            score.model_held,
            percent(COVERAGE)
        )));
        lines.push(Line::raw(format!(
            "Interval score (smaller is better): you {}, the model {}.",
            significant(score.band_score, 3),
            significant(score.model_band_score, 3)
        )));
    }
    lines.push(Line::default());
    lines.push(Line::styled(
        format!(
            "{:>5}  {:>4}  {:>5}  {:>9}  {:<20}",
            "round", "you", "model", "value", "your band"
        ),
        theme.dim(),
    ));
    for (i, round) in game.rounds.iter().enumerate() {
        let value = round
            .value
            .map_or_else(|| "fails".to_owned(), |v| significant(v, 4));
        let band = match (round.band, round.value) {
            (Some(b), Some(v)) => format!(
                "{} {} to {}",
                if b.holds(v) { "✓" } else { "✗" },
                significant(b.low, 3),
                significant(b.high, 3)
            ),
            _ => "–".to_owned(),
        };
        lines.push(Line::raw(format!(
            "{:>5}  {:>4.0}  {:>5.0}  {:>9}  {}",
            i + 1,
            round.points,
            round.picked_points,
            value,
            text::left(&band, 20)
        )));
    }
    Window {
        title: "the game",
        detail: "a place's points: the share of the space that it beats",
        lines,
        width: 78,
    }
    .draw(ctx, buf, body, scroll, hits);
}
