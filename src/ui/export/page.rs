//! A page that needs nothing but itself: no script, no font, no other file. Who does not see the picture reads the same in
//! words and tables below it.

use std::fmt::Write as _;

use super::ink::page_colors;
use super::{MARK, Sheets, escaped, svg};
use crate::ui::words::{Block, Section, Table};

const STYLE: &str = "\
body{background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1.5em;max-width:90em}\
h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-top:1px solid;padding-top:.6em}\
figure{margin:1em 0}figure div,.table{overflow-x:auto}svg{max-width:100%;min-width:60rem;height:auto}\
table{border-collapse:collapse;margin:.6em 0;font-variant-numeric:tabular-nums}\
caption{text-align:left;padding:.3em 0;font-style:italic}\
th,td{padding:.15em .8em .15em 0;text-align:left;vertical-align:top}\
thead th{border-bottom:1px solid}.n{text-align:right}\
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3em 1.2em}a{color:inherit}\
:focus-visible{outline:2px solid;outline-offset:2px}\
@media print{nav{display:none}figure div{overflow:visible}svg{min-width:0}}";

fn head(title: &str, sheets: &Sheets<'_>, css: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"generator\" content=\"{MARK} {}\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{}</title>\n\
         <style>{}{STYLE}{css}</style>\n</head>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(title),
        page_colors(sheets.ground)
    )
}

/// The screen alone.
pub fn bare(sheets: &Sheets<'_>) -> String {
    let drawing = svg::draw(sheets);
    format!(
        "{}<body>\n<h1>tunescope</h1>\n<figure><div>{}</div></figure>\n</body>\n</html>\n",
        head("tunescope", sheets, &drawing.css),
        svg::inline(&drawing, "The screen of tunescope")
    )
}

/// The screen and its words.
pub fn report(sheets: &Sheets<'_>, title: &str, words: &[Section]) -> String {
    let drawing = svg::draw(sheets);
    let mut out = head(title, sheets, &drawing.css);
    // Writing to a string does not fail.
    let _ = writeln!(out, "<body>\n<header>\n<h1>{}</h1>", escaped(title));
    out.push_str("<nav aria-label=\"Contents\"><ul>\n");
    for section in words {
        let _ = writeln!(
            out,
            "<li><a href=\"#{}\">{}</a></li>",
            section.id,
            escaped(&section.title)
        );
    }
    out.push_str("</ul></nav>\n</header>\n<main>\n");
    let label = "The panes of tunescope; the sections below say the same in words";
    let _ = writeln!(
        out,
        "<figure><div tabindex=\"0\" role=\"group\" aria-label=\"The panes\">{}</div></figure>",
        svg::inline(&drawing, label)
    );
    for section in words {
        let _ = writeln!(
            out,
            "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>",
            section.id,
            escaped(&section.title)
        );
        for block in &section.blocks {
            match block {
                Block::Sentence(words) => {
                    let _ = writeln!(out, "<p>{}</p>", escaped(words));
                }
                Block::Table(table) => tabulate(table, &mut out),
            }
        }
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn tabulate(table: &Table, out: &mut String) {
    let class = |column: usize| {
        if table.numbers.contains(&column) {
            " class=\"n\""
        } else {
            ""
        }
    };
    let caption = escaped(&table.caption);
    let _ = write!(
        out,
        "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\"><table><caption>{caption}</caption>\n<thead><tr>"
    );
    for (i, cell) in table.head.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(i), escaped(cell));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let (tag, scope) = if i == 0 {
                ("th", " scope=\"row\"")
            } else {
                ("td", "")
            };
            let _ = write!(out, "<{tag}{scope}{}>{}</{tag}>", class(i), escaped(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}
