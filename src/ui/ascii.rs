//! Plain ASCII: the last step replaces our own glyphs one for one, so that panes are written once.

use ratatui::buffer::Buffer;

/// Our glyphs and what stands for them.
const TABLE: &[(&str, &str)] = &[
    ("─", "-"),
    ("━", "="),
    ("│", "|"),
    ("┃", "|"),
    ("┴", "+"),
    ("┼", "+"),
    ("├", "+"),
    ("┤", "+"),
    ("╵", "'"),
    ("╷", ","),
    ("╶", "-"),
    ("╺", "="),
    ("╸", "="),
    ("╴", "-"),
    ("╭", "+"),
    ("╮", "+"),
    ("╰", "+"),
    ("╯", "+"),
    ("★", "*"),
    ("◆", "#"),
    ("✚", "V"),
    ("◇", "o"),
    ("●", "o"),
    ("•", "o"),
    ("◌", "_"),
    ("◐", "~"),
    ("✓", "+"),
    ("✗", "x"),
    ("⊘", "/"),
    ("╱", "/"),
    ("⊗", "x"),
    ("×", "x"),
    ("▲", "^"),
    ("▼", "v"),
    ("▸", ">"),
    ("▾", "v"),
    ("▴", "^"),
    ("▌", ">"),
    ("·", "."),
    ("…", "~"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("σ", "s"),
    ("μ", "m"),
    ("θ", "t"),
    ("β", "b"),
    ("ξ", "x"),
    ("²", "2"),
    ("≈", "~"),
    ("≤", "<"),
    ("≥", ">"),
    ("−", "-"),
    ("–", "-"),
    ("⚑", "!"),
    ("‖", "|"),
    ("○", "o"),
    ("■", "#"),
    ("ν", "v"),
    ("Δ", "d"),
    ("╌", "-"),
    ("┈", "."),
    ("◂", "<"),
    ("∂", "d"),
    ("Φ", "F"),
    ("φ", "f"),
    ("△", "^"),
    ("∙", "."),
    ("◉", "@"),
    ("┄", "-"),
    ("█", "#"),
    ("▓", "#"),
    ("▒", "+"),
    ("░", "."),
];

/// Replaces every glyph of ours by ASCII; text of others stays as it is.
pub fn flatten_if(wanted: bool, buf: &mut Buffer) {
    if !wanted {
        return;
    }
    let width = usize::from(buf.area.width);
    for i in 0..buf.content.len() {
        let lone = |k: Option<usize>| {
            k.and_then(|k| buf.content.get(k))
                .is_some_and(|c| c.symbol() == " ")
        };
        let is_plus_minus = buf.content.get(i).is_some_and(|c| c.symbol() == "±");
        if is_plus_minus {
            // ` ± ` has room for `+/-`; otherwise one cell must do.
            let spaced = i % width.max(1) != 0
                && (i + 1) % width.max(1) != 0
                && lone(i.checked_sub(1))
                && lone(Some(i + 1));
            let parts: [(usize, &str); 3] = if spaced {
                [(i - 1, "+"), (i, "/"), (i + 1, "-")]
            } else {
                [(i, "~"), (i, "~"), (i, "~")]
            };
            for (k, symbol) in parts {
                if let Some(cell) = buf.content.get_mut(k) {
                    cell.set_symbol(symbol);
                }
            }
            continue;
        }
        if let Some(cell) = buf.content.get_mut(i)
            && !cell.symbol().is_ascii()
            && let Some((_, plain)) = TABLE.iter().find(|(glyph, _)| *glyph == cell.symbol())
        {
            cell.set_symbol(plain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_glyphs_become_ascii_and_names_stay() {
        let mut buf = Buffer::with_lines(["★ 0.41 ± 0.02", "±1σ 学習率 ─"]);
        flatten_if(true, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["* 0.41+/-0.02", "~1s 学習率 -"]));
    }

    #[test]
    fn the_table_is_one_cell_for_one_cell() {
        for (glyph, plain) in TABLE {
            assert_eq!(crate::ui::text::width(glyph), 1, "{glyph}");
            assert!(plain.is_ascii() && plain.len() == 1);
        }
    }
}
