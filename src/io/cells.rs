//! From JSON and from text to the cells of a table: nested names, and the value that a text means.

use crate::study::Value;

use super::json::tree::Json;
use super::sources::delimited::{Scalar, scalar};
use super::table::{Group, Row, Table};

/// Levels of nesting that are flattened.
const MAX_FLATTEN: usize = 6;

/// Calls `take` for every scalar and list of an object, with the names on the way to it joined by `joint`.
pub fn flatten<'j>(json: &'j Json, joint: char, take: &mut dyn FnMut(&str, &'j Json)) {
    let mut name = String::new();
    descend(json, joint, &mut name, 0, take);
}

fn descend<'j>(
    json: &'j Json,
    joint: char,
    name: &mut String,
    depth: usize,
    take: &mut dyn FnMut(&str, &'j Json),
) {
    for (key, value) in json.members() {
        let length = name.len();
        if !name.is_empty() {
            name.push(joint);
        }
        name.push_str(key);
        match value {
            Json::Map(_) if depth < MAX_FLATTEN => descend(value, joint, name, depth + 1, take),
            Json::Map(_) => {}
            value => take(name, value),
        }
        name.truncate(length);
    }
}

/// The value of a JSON scalar in a column; a list is the text that it is written as.
pub fn value(table: &mut Table, column: usize, json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Int(i) => Value::Int(*i),
        Json::Float(x) => Value::Float(*x),
        Json::Text(text) => table.text(column, text),
        other => table.text(column, &other.to_string()),
    }
}

/// The value that a text means: a number, a boolean, nothing, or itself.
pub fn text_value(table: &mut Table, column: usize, text: &str) -> Value {
    match scalar(text.trim(), false) {
        Scalar::Value(value) => value,
        Scalar::Text | Scalar::Absent => table.text(column, text),
    }
}

/// Sets the cells of a configuration: every leaf of `json` is a parameter.
pub fn set_params(table: &mut Table, row: &mut Row, json: &Json, joint: char) {
    flatten(json, joint, &mut |name, leaf| {
        let column = table.column(Group::Param, name);
        let value = value(table, column, leaf);
        row.set(column, value);
    });
}
