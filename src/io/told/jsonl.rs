//! A row of JSONL, in the shape of the rows that are there.

use serde_json::{Map, Value as Json, json};

use super::{Rows, TellError, next_number};
use crate::study::Study;

/// How the rows of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `{"params": {…}, "value": …}`
    Nested,
    /// `{"lr": …, "val_loss": …}`
    Flat,
}

/// The row of a finished trial: with the next free number where trials are numbered, failed where a value is not finite.
///
/// # Errors
/// The last line is not whole, and no new one can begin behind it.
pub fn row(
    rows: &Rows,
    study: Option<&Study>,
    params: Map<String, Json>,
    values: &[f64],
) -> Result<Json, TellError> {
    let shape = shape(rows)?;
    let is_failed = values.iter().any(|v| !v.is_finite());
    let mut row = Map::new();
    if let Some(id) = next_number(study) {
        row.insert("id".to_owned(), id.into());
    }
    let state = if is_failed { "failed" } else { "complete" };
    row.insert("state".to_owned(), state.into());
    let metric = match shape {
        Shape::Nested => {
            row.insert("params".to_owned(), Json::Object(params));
            "value"
        }
        Shape::Flat => {
            row.extend(params);
            study.map_or("value", |s| s.metric.raw())
        }
    };
    match values {
        [value] => row.insert(metric.to_owned(), json!(value)),
        several => row.insert("values".to_owned(), json!(several)),
    };
    Ok(Json::Object(row))
}

/// By the last line.
fn shape(rows: &Rows) -> Result<Shape, TellError> {
    let Some(last) = rows.text.lines().rfind(|line| !line.trim().is_empty()) else {
        return Ok(Shape::Nested);
    };
    let is_nested = match serde_json::from_str::<Json>(last) {
        Ok(row) => row.get("params").is_some_and(Json::is_object),
        // A whole line may still be no strict JSON (a bare NaN); an open one is being written.
        Err(_) if rows.is_open_ended() => return Err(TellError::Unfinished),
        Err(_) => last.contains("\"params\""),
    };
    Ok(if is_nested { Shape::Nested } else { Shape::Flat })
}
