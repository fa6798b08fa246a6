//! `hparams.yaml`: names and plain values, in maps within maps. No more of YAML is read than what loggers write: blocks
//! by indentation, scalars plain or in quotes, lists of scalars (which become one text).

use super::super::super::json::tree::Json;
use super::super::delimited::{Scalar, scalar};
use crate::study::Value;

/// Levels of maps that are followed.
const MAX_DEPTH: usize = 8;

/// The settings; what is not understood is left out.
pub(super) fn settings(text: &str) -> Json {
    let is_said = |line: &&str| {
        let bare = line.trim();
        !bare.is_empty() && !bare.starts_with('#') && bare != "---" && bare != "..."
    };
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let mut at = 0;
    map(&lines, &mut at, 0, 0)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The map whose lines stand at this indentation.
fn map(lines: &[&str], at: &mut usize, indent: usize, depth: usize) -> Json {
    let mut members = Vec::new();
    while let Some(line) = lines.get(*at) {
        let here = indentation(line);
        if here < indent {
            break;
        }
        *at += 1;
        let Some((name, rest)) = line.split_once(':').filter(|_| here == indent) else {
            continue;
        };
        let (name, rest) = (unquoted(name.trim()), without_remark(rest.trim()));
        let below = lines.get(*at).map_or(0, |next| indentation(next));
        let is_list = lines
            .get(*at)
            .is_some_and(|next| next.trim_start().starts_with("- "));
        let value = if !rest.is_empty() {
            // A tag (`!!python/object:…`) makes of it something that no plain value is.
            if rest.starts_with(['!', '&', '*', '|', '>']) {
                continue;
            }
            plain(rest)
        } else if is_list && below >= indent {
            list(lines, at, below)
        } else if below > indent && depth < MAX_DEPTH {
            map(lines, at, below, depth + 1)
        } else {
            Json::Null
        };
        members.push((name.to_owned(), value));
    }
    Json::Map(members)
}

/// `- a` lines, as one list.
fn list(lines: &[&str], at: &mut usize, indent: usize) -> Json {
    let mut items = Vec::new();
    while let Some(item) = lines
        .get(*at)
        .filter(|line| indentation(line) == indent)
        .and_then(|line| line.trim_start().strip_prefix("- "))
    {
        items.push(plain(without_remark(item.trim())));
        *at += 1;
    }
    Json::List(items)
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

/// Without ` # …`.
fn without_remark(text: &str) -> &str {
    if text.starts_with(['"', '\'']) {
        return text;
    }
    text.split_once(" #")
        .map_or(text, |(before, _)| before.trim_end())
}

fn plain(text: &str) -> Json {
    let inner = unquoted(text);
    if inner.len() < text.len() {
        return Json::Text(inner.to_owned());
    }
    if text == "~" {
        return Json::Null;
    }
    if text.starts_with(['[', '{']) {
        return Json::parse(text.as_bytes()).unwrap_or_else(|_| Json::Text(text.to_owned()));
    }
    match scalar(text, false) {
        Scalar::Value(Value::Int(i)) => Json::Int(i),
        Scalar::Value(Value::Float(x)) => Json::Float(x),
        Scalar::Value(Value::Bool(b)) => Json::Bool(b),
        Scalar::Value(_) => Json::Null,
        Scalar::Text | Scalar::Absent => Json::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loggers_write_is_read_and_the_rest_is_left_out() {
        let text = "# a remark\nlr: 0.001\nbatch_size: 32\noptimizer: adam\nname: 'a: b'\nnesterov: true\nwd: null\n\
                    model:\n  depth: 4\n  act: \"relu\"  \n  inner:\n    p: 1.0e-05\nbetas:\n- 0.9\n- 0.999\n\
                    layers: [64, 32]\nempty: {}\nobj: !!python/object:x.Y\n  a: 1\nlast: 7 # seven\n";
        assert_eq!(
            settings(text).to_string(),
            r#"{"lr": 0.001, "batch_size": 32, "optimizer": "adam", "name": "a: b", "nesterov": true, "wd": null, "model": {"depth": 4, "act": "relu", "inner": {"p": 1e-5}}, "betas": [0.9, 0.999], "layers": [64, 32], "empty": {}, "last": 7}"#
        );
        assert_eq!(settings("{}\n").to_string(), "{}");
        assert_eq!(settings(": :\n- x\n\t\n").to_string(), r#"{"": ":"}"#);
    }
}
