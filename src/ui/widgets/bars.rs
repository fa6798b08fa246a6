//! Bars: a filled strip under a curve, signed terms around zero, a place on a track, a gauge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::ui::theme::Theme;

/// Blocks that fill a cell from below, in eighths.
pub const LOWER: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// Blocks that fill a cell from the left, in eighths.
pub const LEFT: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const ASCII_LOWER: [&str; 9] = [" ", ".", ".", ":", ":", "|", "|", "#", "#"];

/// A share in `[0, 1]` in steps of `1/n`; NaN is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to a few steps"
)]
fn steps(share: f64, n: usize) -> usize {
    if share.is_nan() {
        return 0;
    }
    ((share.clamp(0.0, 1.0) * n as f64).round() as usize).min(n)
}

/// One bar a column, heights in `[0, 1]`, filling `area` from below.
pub fn strip(buf: &mut Buffer, area: Rect, heights: &[f64], style: Style, theme: &Theme) {
    let glyphs = if theme.ascii { &ASCII_LOWER } else { &LOWER };
    for (x, height) in (area.x..area.right()).zip(heights) {
        let full = steps(*height, usize::from(area.height) * 8);
        for (i, y) in (area.y..area.bottom()).rev().enumerate() {
            let level = full.saturating_sub(i * 8).min(8);
            if level > 0
                && let Some(cell) = buf.cell_mut((x, y))
            {
                cell.set_symbol(glyphs.get(level).copied().unwrap_or(" "))
                    .set_style(style);
            }
        }
    }
}

/// A thin bar from the left of `cells`, for sums without a negative term.
#[must_use]
pub fn positive<'a>(value: f64, largest: f64, cells: usize, theme: &Theme) -> Vec<Span<'a>> {
    let share = if largest > 0.0 { value / largest } else { 0.0 };
    let room = cells.saturating_sub(1);
    let halves = steps(share, room * 2);
    let (full, half) = (halves / 2, halves % 2);
    vec![
        Span::styled("│", theme.faint()),
        Span::styled(
            format!("{}{}", "━".repeat(full), "╸".repeat(half)),
            theme.term(value),
        ),
        Span::raw(" ".repeat(room - full - half)),
    ]
}

/// A thin bar from the middle of `cells`: to the right for positive shares of `largest`, to the left for
/// negative ones, in steps of half a cell.
#[must_use]
pub fn signed<'a>(value: f64, largest: f64, cells: usize, theme: &Theme) -> Vec<Span<'a>> {
    let half = cells / 2;
    let share = if largest > 0.0 { value / largest } else { 0.0 };
    let thin = |share: f64| {
        let halves = steps(share, half * 2);
        (halves / 2, halves % 2)
    };
    let ((left, left_half), (right, right_half)) = (thin(-share), thin(share));
    let axis = if theme.ascii { "|" } else { "│" };
    let style = theme.term(value);
    vec![
        Span::raw(" ".repeat(half - left - left_half)),
        Span::styled(format!("{}{}", "╺".repeat(left_half), "━".repeat(left)), style),
        Span::styled(axis, theme.faint()),
        Span::styled(format!("{}{}", "━".repeat(right), "╸".repeat(right_half)), style),
        Span::raw(" ".repeat(half - right - right_half)),
    ]
}

/// `━━━━━━────`: a share done.
#[must_use]
pub fn gauge<'a>(share: f64, cells: usize, theme: &Theme) -> Vec<Span<'a>> {
    let done = steps(share, cells);
    vec![
        Span::styled("━".repeat(done), theme.accent()),
        Span::styled("─".repeat(cells - done), theme.faint()),
    ]
}

/// A track with marks at shares of it; later marks lie on top.
#[must_use]
pub fn track<'a>(cells: usize, marks: &[(f64, &'static str, Style)], theme: &Theme) -> Vec<Span<'a>> {
    let mut row: Vec<(&'static str, Style)> = vec![("─", theme.faint()); cells];
    if let Some(first) = row.first_mut() {
        first.0 = "╶";
    }
    if let Some(last) = row.last_mut() {
        last.0 = "╴";
    }
    for (share, glyph, style) in marks {
        if share.is_nan() || cells == 0 {
            continue;
        }
        if let Some(cell) = row.get_mut(steps(*share, cells - 1)) {
            *cell = (glyph, *style);
        }
    }
    let mut spans: Vec<Span<'a>> = Vec::new();
    for (glyph, style) in row {
        match spans.last_mut() {
            Some(span) if span.style == style => span.content.to_mut().push_str(glyph),
            _ => spans.push(Span::styled(glyph.to_owned(), style)),
        }
    }
    spans
}

/// Values as one row of blocks, the largest highest.
#[must_use]
pub fn sparkline(values: &[f64], theme: &Theme) -> String {
    let glyphs = if theme.ascii { &ASCII_LOWER } else { &LOWER };
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    });
    values
        .iter()
        .map(|v| {
            if !v.is_finite() {
                return "×";
            }
            let share = if high > low { (v - low) / (high - low) } else { 0.5 };
            glyphs.get(1 + steps(share, 7)).copied().unwrap_or(" ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::model::Appearance;

    fn plain(spans: &[Span<'_>]) -> String {
        spans.iter().map(|s| s.content.to_string()).collect()
    }

    #[test]
    fn signed_bars_grow_away_from_zero_and_keep_their_width() {
        let theme = Theme::new(&Appearance::default());
        assert_eq!(plain(&signed(1.0, 1.0, 8, &theme)), "    │━━━━");
        assert_eq!(plain(&signed(-0.5, 1.0, 8, &theme)), "  ━━│    ");
        assert_eq!(plain(&signed(f64::NAN, 0.0, 8, &theme)), "    │    ");
    }

    #[test]
    fn tracks_and_gauges_survive_any_share() {
        let theme = Theme::new(&Appearance::default());
        let marks = [(0.0, "★", theme.strong()), (9.0, "◆", theme.accent())];
        assert_eq!(plain(&track(6, &marks, &theme)), "★────◆");
        assert_eq!(plain(&track(0, &marks, &theme)), "");
        assert_eq!(plain(&gauge(0.5, 8, &theme)), "━━━━────");
        assert_eq!(plain(&gauge(f64::NAN, 3, &theme)), "───");
    }

    #[test]
    fn strips_fill_from_below() {
        let theme = Theme::new(&Appearance::default());
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 2));
        let area = buf.area;
        strip(&mut buf, area, &[0.0, 0.25, 0.5, 1.0], Style::new(), &theme);
        assert_eq!(buf, Buffer::with_lines(["   █", " ▄██"]));
        assert_eq!(sparkline(&[0.0, 1.0, f64::NAN], &theme), "▁█×");
    }
}
