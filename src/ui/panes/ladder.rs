//! The ladder of ξ: on each rung the next point's place along the chosen parameter, with the jumps between them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::analysis::Ladder;
use crate::analysis::ladder::{Jump, RUNGS, Rung, Way};
use crate::language::tr;
use crate::session::{HitMap, Pane, Target};
use crate::ui::context::Context;
use crate::ui::number::significant;
use crate::ui::widgets::{axis, panel};
use crate::ui::{hit, text};

/// Room for ξ at the left and for EI at the right.
const XI: u16 = 8;
const EI: u16 = 10;
/// From this height on jumps are told in a line of their own below.
const TALL: u16 = 10;

pub fn draw(ctx: &Context<'_>, buf: &mut Buffer, area: Rect, hits: &mut HitMap) {
    let model = ctx.model;
    let title = ctx.title(Pane::Ladder, detail(ctx), model.explained.ladder.as_ref());
    let body = panel::titled(buf, area, &ctx.theme, title);
    let ladder = model.explained.ladder.as_ref().map(|l| &l.value);
    let Some(ladder) = ladder.filter(|l| !l.rungs.is_empty()) else {
        let words = if model.is_blind() {
            tr!(ctx, "Hidden until you have placed your own point.")
        } else if model.surrogate.is_none() {
            tr!(
                ctx,
                "Where the next point lies for each ξ appears with the first model."
            )
        } else {
            tr!(ctx, "Climbing…")
        };
        panel::say(buf, body, &ctx.theme, &[words]);
        return;
    };
    View { ctx, ladder }.draw(buf, body, hits);
}

fn detail<'a>(ctx: &Context<'a>) -> Vec<Span<'a>> {
    let theme = &ctx.theme;
    let ladder = ctx.model.explained.ladder.as_ref().map(|l| &l.value);
    let function = ladder.map_or("EI", |l| ctx.language().word(l.function.linear().title()));
    let way = match ladder.map(|l| l.way) {
        Some(Way::Slice) => tr!(ctx, ", on this slice").to_owned(),
        _ => String::new(),
    };
    let progress = match ladder {
        Some(l) if !l.is_complete => tr!(
            ctx,
            ", {rungs} of {len}",
            rungs = l.rungs.len(),
            len = RUNGS.len()
        ),
        _ => String::new(),
    };
    vec![
        Span::styled(
            tr!(
                ctx,
                "next point by ξ along {param}",
                param = text::fit(ctx.param_name(ctx.model.param), 20)
            ),
            theme.text(),
        ),
        Span::styled(format!(", {function}{way}{progress}"), theme.dim()),
    ]
}

/// One line of the picture, from the top.
enum Line<'a> {
    Rung(&'a Rung),
    Jump(&'a Jump),
}

struct View<'a, 'm> {
    ctx: &'a Context<'m>,
    ladder: &'a Ladder,
}

impl View<'_, '_> {
    fn draw(&self, buf: &mut Buffer, body: Rect, hits: &mut HitMap) {
        let theme = &self.ctx.theme;
        let words = u16::from(body.height >= TALL);
        if body.width < XI + EI + 12 || body.height < 4 + words {
            panel::say(buf, body, theme, &[tr!(self.ctx, "The ladder needs more room.")]);
            return;
        }
        let plot = Rect::new(
            body.x + XI,
            body.y + 1,
            body.width - XI - EI,
            body.height - 3 - words,
        );
        text::put(buf, body.x, body.y, usize::from(XI), "     ξ", theme.dim());
        text::put(
            buf,
            plot.right() + 1,
            body.y,
            usize::from(EI - 1),
            "      EI",
            theme.dim(),
        );
        let lines = self.lines(usize::from(plot.height));
        for (i, line) in (0..plot.height).zip(&lines) {
            let row = Rect::new(body.x, plot.y + i, body.width, 1);
            match line {
                Line::Rung(rung) => self.rung(buf, row, plot, rung),
                Line::Jump(jump) => self.jump(buf, row, plot, jump),
            }
        }
        self.axis(buf, plot);
        if words > 0 {
            let line = Rect::new(body.x, body.bottom() - 1, body.width, 1);
            text::put_spans(
                buf,
                line,
                &[Span::styled(self.words(usize::from(line.width)), theme.dim())],
            );
        }
        let param = self.ctx.model.param;
        hit(hits, plot, Target::Slice { param });
    }

    /// Rungs from the highest down with the jumps between them; where they do not all fit, rungs far from jumps and from
    /// the present ξ are left out first.
    fn lines(&self, room: usize) -> Vec<Line<'_>> {
        let rungs = &self.ladder.rungs;
        let jumps: Vec<&Jump> = self.ladder.jumps.iter().take(room / 2).collect();
        let here = self.here();
        let mut kept: Vec<usize> = (0..rungs.len()).collect();
        let weight = |i: usize| -> u8 {
            let xi = rungs.get(i).map_or(f64::NAN, |r| r.xi);
            let is_here = Some(i) == here;
            let is_end = i == 0 || i + 1 == rungs.len();
            let next_to_jump = jumps.iter().any(|j| {
                let below = rungs.iter().rposition(|r| r.xi <= j.xi);
                below == Some(i) || below.map(|b| b + 1) == Some(i)
            });
            // One, three and ten times a power of ten are easier to read than what lies between.
            let digit = significant(xi, 1);
            let is_round = digit.contains('1') || digit.contains('3');
            match (is_here, is_end || next_to_jump, is_round) {
                (true, ..) => 3,
                (_, true, _) => 2,
                (_, _, true) => 1,
                _ => 0,
            }
        };
        while kept.len() + jumps.len() > room && kept.len() > 2 {
            let lightest = kept.iter().copied().map(&weight).min().unwrap_or(0);
            let least: Vec<usize> = kept.iter().copied().filter(|i| weight(*i) == lightest).collect();
            // The one that leaves the smallest hole.
            let hole = |i: usize| {
                let at = kept.iter().position(|k| *k == i).unwrap_or(0);
                let before = at.checked_sub(1).and_then(|k| kept.get(k)).copied().unwrap_or(0);
                kept.get(at + 1).copied().unwrap_or(rungs.len()) - before
            };
            let Some(out) = least.iter().copied().min_by_key(|i| hole(*i)) else {
                break;
            };
            kept.retain(|i| *i != out);
        }
        let mut lines: Vec<(f64, Line<'_>)> = kept
            .into_iter()
            .filter_map(|i| rungs.get(i))
            .map(|r| (r.xi, Line::Rung(r)))
            .chain(jumps.into_iter().map(|j| (j.xi, Line::Jump(j))))
            .collect();
        lines.sort_by(|a, b| b.0.total_cmp(&a.0));
        lines.into_iter().map(|(_, line)| line).take(room).collect()
    }

    /// The rung of the present ξ, or the one below it.
    fn here(&self) -> Option<usize> {
        let xi = self.ctx.model.acquisition.xi;
        self.ladder.rungs.iter().rposition(|r| r.xi <= xi)
    }

    fn place(&self, configuration: &[crate::study::Value]) -> Option<f64> {
        let param = self.ctx.model.param;
        self.ctx.position(param, configuration.get(param)?)
    }

    fn rung(&self, buf: &mut Buffer, row: Rect, plot: Rect, rung: &Rung) {
        let theme = &self.ctx.theme;
        let is_here = self
            .here()
            .and_then(|i| self.ladder.rungs.get(i))
            .is_some_and(|r| r.xi == rung.xi);
        let style = if is_here {
            theme.accent_strong()
        } else {
            theme.dim()
        };
        let xi = if rung.xi == 0.0 {
            "0".to_owned()
        } else {
            significant(rung.xi, 2)
        };
        let label = format!(
            "{}{}",
            if is_here { "▸" } else { " " },
            text::right(&xi, usize::from(XI) - 3)
        );
        text::put(buf, row.x, row.y, usize::from(XI), &label, style);
        let line = Rect::new(plot.x, row.y, plot.width, 1);
        panel::fill(buf, line, if is_here { "─" } else { "┈" }, theme.faint());
        if let Some(c) = self
            .place(&rung.configuration)
            .and_then(|p| axis::column(p, plot.width))
        {
            let (glyph, style) = if is_here {
                ("◆", theme.accent_strong())
            } else {
                ("◆", theme.text())
            };
            text::put(buf, plot.x + c, row.y, 1, glyph, style);
        }
        let value = text::right(&significant(rung.ei, 2), usize::from(EI) - 2);
        let style = if is_here { theme.strong() } else { theme.dim() };
        text::put(buf, plot.right() + 1, row.y, usize::from(EI) - 1, &value, style);
    }

    fn jump(&self, buf: &mut Buffer, row: Rect, plot: Rect, jump: &Jump) {
        let theme = &self.ctx.theme;
        let label = text::right(&significant(jump.xi, 3), usize::from(XI) - 2);
        text::put(buf, row.x, row.y, usize::from(XI), &label, theme.model());
        let column = |c: &[crate::study::Value]| self.place(c).and_then(|p| axis::column(p, plot.width));
        let (Some(from), Some(to)) = (column(&jump.from), column(&jump.to)) else {
            return;
        };
        let (low, high) = (from.min(to), from.max(to));
        let line = Rect::new(plot.x + low, row.y, high - low + 1, 1);
        panel::fill(buf, line, "━", theme.model());
        let ends = if from <= to {
            ["╺", "▸"]
        } else {
            ["◂", "╸"]
        };
        text::put(
            buf,
            plot.x + low,
            row.y,
            1,
            if from == to { "┃" } else { ends[0] },
            theme.model(),
        );
        if from != to {
            text::put(buf, plot.x + high, row.y, 1, ends[1], theme.model());
        }
        let word = tr!(self.ctx, " jump ");
        if usize::from(high - low) >= text::width(word) + 6 {
            let x = plot.x + low + (high - low) / 2 - 2;
            text::put(buf, x, row.y, text::width(word), word, theme.model());
        }
    }

    fn axis(&self, buf: &mut Buffer, plot: Rect) {
        let (ctx, theme) = (self.ctx, &self.ctx.theme);
        let line = Rect::new(plot.x, plot.bottom(), plot.width, 1);
        let labels = Rect {
            y: line.y + 1,
            ..line
        };
        let param = ctx.model.param;
        panel::fill(buf, line, "─", theme.faint());
        if let Some(p) = ctx.model.study.space.params.get(param) {
            let most = usize::from(plot.width / 8).clamp(2, 9);
            let mut ticks = axis::parameter_ticks(&ctx.encoder, param, p, most);
            if p.is_categorical() {
                let room = usize::from(plot.width) / ticks.len().max(1);
                for tick in &mut ticks {
                    tick.label = text::fit(&tick.label, room.saturating_sub(1).max(1)).into_owned();
                }
            }
            for c in axis::write_labels(buf, labels, &ticks, theme.dim()) {
                text::put(buf, line.x + c, line.y, 1, "┴", theme.faint());
            }
        }
        let at = |configuration: &[crate::study::Value]| {
            self.place(configuration)
                .and_then(|p| axis::column(p, plot.width))
        };
        if let Some(c) = at(ctx.model.in_hand()) {
            text::put(buf, line.x + c, line.y, 1, "┼", theme.text());
        }
        let best = ctx.best.and_then(|t| ctx.model.study.trials.get(t));
        let configuration = best.and_then(|t| ctx.model.study.space.configuration_of(t));
        if let Some(c) = configuration.as_deref().and_then(at) {
            text::put(buf, line.x + c, line.y, 1, "★", theme.strong());
        }
    }

    /// The jumps in words, as many as have room; how many more there are is said.
    fn words(&self, width: usize) -> String {
        let param = self.ctx.model.param;
        let show = |c: &[crate::study::Value]| c.get(param).map(Context::show_short).unwrap_or_default();
        let jumps: Vec<String> = self
            .ladder
            .jumps
            .iter()
            .map(|j| {
                tr!(
                    self.ctx,
                    "at ξ {xi} from {j} to {to}",
                    xi = significant(j.xi, 3),
                    j = show(&j.from),
                    to = show(&j.to)
                )
            })
            .collect();
        match (jumps.is_empty(), self.ladder.is_complete) {
            (true, true) => tr!(self.ctx, "The next point walks and never jumps, whatever ξ.").to_owned(),
            (true, false) => tr!(self.ctx, "No jump so far.").to_owned(),
            (false, _) => {
                let told = |count: usize| {
                    let mut parts = jumps.get(..count).unwrap_or_default().to_vec();
                    if count < jumps.len() {
                        parts.push(tr!(self.ctx, "and {n} times more", n = jumps.len() - count));
                    }
                    tr!(self.ctx, "It jumps {join}.", join = parts.join(", "))
                };
                (1..=jumps.len())
                    .rev()
                    .map(told)
                    .find(|words| text::width(words) <= width)
                    .unwrap_or_else(|| told(1))
            }
        }
    }
}
