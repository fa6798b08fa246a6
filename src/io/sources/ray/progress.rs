//! `progress.csv` of one trial: what `result.json` says, as a table. Ray writes both unless it is told otherwise, and
//! people keep the smaller one.

use super::super::super::json::tree::Json;
use super::super::delimited::{Scalar, Separator, scalar, split};
use crate::study::Value;

/// The table of a trial, as far as it was read.
#[derive(Debug, Default)]
pub struct Progress {
    header: Option<String>,
    names: Vec<String>,
}

impl Progress {
    /// Takes a line: a report, or `None` for the header (which is written again when a trial is resumed).
    ///
    /// # Errors
    /// The line is no row of this table; what is wrong with it.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Json>, &'static str> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if self.header.as_deref() == Some(line) {
            return Ok(None);
        }
        let cells = split(line, Separator::Sign(',')).ok_or("a quote is opened and never closed")?;
        if self.header.is_none() {
            self.names = cells.into_iter().map(|c| c.text).collect();
            self.header = Some(line.to_owned());
            return Ok(None);
        }
        if cells.len() != self.names.len() {
            return Err("it has not as many cells as the header");
        }
        let (mut members, mut config) = (Vec::new(), Vec::new());
        for (name, cell) in self.names.iter().zip(cells) {
            let value = match scalar(cell.text.trim(), false) {
                Scalar::Absent | Scalar::Value(Value::Null) => continue,
                Scalar::Value(Value::Int(i)) => Json::Int(i),
                Scalar::Value(Value::Float(x)) => Json::Float(x),
                Scalar::Value(Value::Bool(b)) => Json::Bool(b),
                Scalar::Value(_) | Scalar::Text => Json::Text(cell.text),
            };
            match name.strip_prefix("config/") {
                Some(name) => config.push((name.to_owned(), value)),
                // An identity of digits is a name all the same.
                None if name == "trial_id" => {
                    let text = value.as_text().map_or_else(|| value.to_string(), str::to_owned);
                    members.push((name.clone(), Json::Text(text)));
                }
                None => members.push((name.clone(), value)),
            }
        }
        if !config.is_empty() {
            members.push(("config".to_owned(), Json::Map(config)));
        }
        Ok(Some(Json::Map(members)))
    }
}
