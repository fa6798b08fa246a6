//! `tunescope keys`: the table that the explorer itself obeys.

use serde_json::json;

use super::args::{Format, Keys};
use super::error::CliError;
use super::out::Out;
use super::text::Columns;
use crate::keymap::SECTIONS;

pub fn run(keys: &Keys) -> Result<(), CliError> {
    let mut out = Out::new();
    match keys.output.format {
        Format::Json => {
            let rows: Vec<_> = SECTIONS
                .iter()
                .flat_map(|s| s.bindings.iter().map(|b| (s.title, b)))
                .map(|(topic, b)| {
                    json!({
                        "context": b.context.title(),
                        "topic": topic,
                        "keys": b.keys,
                        "does": b.label,
                        "lab": b.context.is_labs(),
                    })
                })
                .collect();
            out.json(&rows)?;
        }
        Format::Text => {
            for (i, section) in SECTIONS.iter().enumerate() {
                let mut columns = Columns::default();
                for binding in section.bindings {
                    columns.row([binding.keys_for_people(usize::MAX), binding.label.to_owned()]);
                }
                if i > 0 {
                    out.line("")?;
                }
                let mark = if section.context.is_labs() {
                    "  (tunescope learn)"
                } else {
                    ""
                };
                out.line(format!("{}{mark}", section.title))?;
                out.columns(&columns, 2)?;
            }
        }
    }
    out.finish()
}
