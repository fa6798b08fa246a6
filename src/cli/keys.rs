//! `tunescope keys`: the table that the explorer itself obeys.

use serde_json::json;

use super::args::{Format, Keys};
use super::error::CliError;
use super::out::Out;
use super::text::Columns;
use crate::keymap::{Context, TABLE};

pub fn run(keys: &Keys) -> Result<(), CliError> {
    let mut out = Out::new();
    match keys.output.format {
        Format::Json => {
            let rows: Vec<_> = TABLE
                .iter()
                .map(|b| {
                    let keys: Vec<&str> = b.keys.to_vec();
                    json!({"context": b.context.title(), "keys": keys, "does": b.label, "lab": b.context.is_labs()})
                })
                .collect();
            out.json(&rows)?;
        }
        Format::Text => {
            for (i, context) in Context::ALL.into_iter().enumerate() {
                let mut columns = Columns::default();
                for binding in TABLE.iter().filter(|b| b.context == context) {
                    columns.row([binding.keys_for_people(usize::MAX), binding.label.to_owned()]);
                }
                if columns.is_empty() {
                    continue;
                }
                if i > 0 {
                    out.line("")?;
                }
                let mark = if context.is_labs() {
                    "  (tunescope learn)"
                } else {
                    ""
                };
                out.line(format!("{}{mark}", context.title()))?;
                out.columns(&columns, 2)?;
            }
        }
    }
    out.finish()
}
