//! The shapes in which a document holds trials, and each trial as the object that a line of JSONL would be.

use crate::study::{Domain, Label};

use super::super::super::json::tree::Json;
use super::super::super::json::{Members, Node, elements};
use super::super::super::names::{self, Role};

/// Names under which the trials stand in an object, in the order of preference.
pub(super) const LISTS: &[&str] = &[
    "datapoints",
    "trials",
    "results",
    "history",
    "runs",
    "experiments",
    "evaluations",
    "observations",
    "data",
    "rows",
    "configs",
    "samples",
    "points",
    "log_history",
];

/// The trials of a document, in order.
pub(super) fn trials(json: &Json) -> Vec<Json> {
    if let Json::List(items) = json {
        return items.iter().map(trial).collect();
    }
    if let Some(rows) = split(json) {
        return rows;
    }
    let list = LISTS.iter().map(|name| json.at(name)).find(|list| {
        !list.items().is_empty()
            || !list.members().is_empty() && columns(list).or_else(|| named(list)).is_some()
    });
    match list {
        Some(Json::List(items)) if items.iter().any(|i| !i.members().is_empty()) => {
            items.iter().map(trial).collect()
        }
        Some(map) if !map.members().is_empty() => columns(map).or_else(|| named(map)).unwrap_or_default(),
        _ => columns(json).or_else(|| named(json)).unwrap_or_default(),
    }
}

/// One trial as an object of names and values. `HiPlot` keeps the values of a point in an object of its own; Hyperopt
/// each value in a list, and its states as numbers.
fn trial(item: &Json) -> Json {
    if let Json::Map(values) = item.at("values") {
        let own = item
            .members()
            .iter()
            .filter(|(name, _)| name == "uid" || name == "from_uid");
        return Json::Map(own.chain(values).cloned().collect());
    }
    let drawn = item.at("misc").at("vals");
    if drawn.members().is_empty() {
        return item.clone();
    }
    let params = drawn
        .members()
        .iter()
        .filter_map(|(name, list)| Some((name.clone(), list.items().first()?.clone())));
    let mut members = vec![("params".to_owned(), Json::Map(params.collect()))];
    let state = match item.at("state").as_i64() {
        Some(0) => "waiting",
        Some(1) => "running",
        Some(3 | 4) => "failed",
        _ => item.at("result").at("status").as_text().unwrap_or("complete"),
    };
    members.push(("state".to_owned(), Json::Text(state.to_owned())));
    for (name, from) in [
        ("id", "tid"),
        ("started", "book_time"),
        ("finished", "refresh_time"),
    ] {
        members.push((name.to_owned(), item.at(from).clone()));
    }
    let measured = item.at("result").members().iter();
    let measured = measured.filter(|(name, value)| name != "status" && value.as_f64().is_some());
    members.push(("result".to_owned(), Json::Map(measured.cloned().collect())));
    Json::Map(members)
}

/// `{"lr": [0.1, 0.2], "loss": [2, 1]}`, or with the rows named: `{"lr": {"0": 0.1, "1": 0.2}, …}`.
fn columns(json: &Json) -> Option<Vec<Json>> {
    let members = json.members();
    let (_, first) = members.first()?;
    let count = first.items().len().max(first.members().len());
    let is_scalar = |value: &Json| value.items().is_empty() && value.members().is_empty();
    // Rows that have numbers may hold anything (a column of objects); lists must be plain, or they are something else.
    let is_column = |column: &Json| match column {
        Json::List(items) => items.len() == count && items.iter().all(is_scalar),
        Json::Map(cells) => {
            let names = cells.iter().zip(first.members());
            cells.len() == count && names.into_iter().all(|((a, _), (b, _))| a == b)
        }
        _ => false,
    };
    let is_numbered = first
        .members()
        .iter()
        .all(|(name, _)| name.parse::<u64>().is_ok());
    if members.len() < 2 || count < 2 || !is_numbered || !members.iter().all(|(_, c)| is_column(c)) {
        return None;
    }
    let cell = |column: &Json, row: usize| match column {
        Json::List(items) => items.get(row).cloned(),
        column => column.members().get(row).map(|(_, value)| value.clone()),
    };
    let row = |row: usize| {
        let cells = members
            .iter()
            .filter_map(|(name, column)| Some((name.clone(), cell(column, row)?)));
        Json::Map(cells.collect())
    };
    Some((0..count).map(row).collect())
}

/// `{"columns": ["lr", "loss"], "data": [[0.1, 2], [0.2, 1]]}`, as pandas splits a table, and
/// `{"keys": ["x"], "params": [[0.1], [0.2]], "target": [2, 1]}`, as `bayes_opt` saves its state.
fn split(json: &Json) -> Option<Vec<Json>> {
    let is_saved = !json.at("keys").items().is_empty();
    let (names, rows) = if is_saved {
        ("keys", "params")
    } else {
        ("columns", "data")
    };
    let names: Vec<&str> = json.at(names).items().iter().filter_map(Json::as_text).collect();
    let rows = json.at(rows).items();
    if names.is_empty() || !rows.iter().all(|row| row.items().len() == names.len()) {
        return None;
    }
    let row = |(k, row): (usize, &Json)| {
        let cells = names.iter().zip(row.items());
        let cells = Json::Map(
            cells
                .map(|(name, cell)| ((*name).to_owned(), cell.clone()))
                .collect(),
        );
        if !is_saved {
            return cells;
        }
        let target = json.at("target").items().get(k).cloned().unwrap_or(Json::Null);
        Json::Map(vec![("params".to_owned(), cells), ("target".to_owned(), target)])
    };
    Some(rows.iter().enumerate().map(row).collect())
}

/// The ranges that `bayes_opt` saves beside its points.
pub(super) fn domains(json: &Json) -> Vec<(Label, Domain)> {
    let range = |(name, range): &(String, Json)| {
        let bounds: Vec<f64> = range.items().iter().filter_map(Json::as_f64).collect();
        let &[low, high] = bounds.as_slice() else {
            return None;
        };
        let domain = Domain::Float {
            low,
            high,
            log: false,
            step: None,
        };
        (low < high).then(|| (Label::new(name), domain))
    };
    json.at("pbounds").members().iter().filter_map(range).collect()
}

/// `{"run-a": {"config": {…}, "loss": 2}, "run-b": {…}}`: trials of the same make, each under its name.
fn named(json: &Json) -> Option<Vec<Json>> {
    let members = json.members();
    let (_, first) = members.first()?;
    let is_trial = |(name, item): &(String, Json)| {
        let shared = item
            .members()
            .iter()
            .filter(|(key, _)| !first.at(key).is_null())
            .count();
        names::role(name) == Role::Other && shared > 0 && shared * 2 >= item.members().len()
    };
    if members.len() < 2 || !members.iter().all(is_trial) {
        return None;
    }
    let item = |(name, item): &(String, Json)| {
        let has_id = item
            .members()
            .iter()
            .any(|(key, _)| matches!(names::role(key), Role::Id(_)));
        let id = (!has_id).then(|| ("id".to_owned(), Json::Text(name.clone())));
        Json::Map(
            id.into_iter()
                .chain(trial(item).members().iter().cloned())
                .collect(),
        )
    };
    Some(members.iter().map(item).collect())
}

/// Whether an object that begins a text, perhaps cut off, is one of columns or of named trials.
pub(super) fn is_table(first: &[u8]) -> bool {
    let members: Vec<_> = Members::of(first).map_while(Result::ok).collect();
    let Some((name, head)) = members.first() else {
        return false;
    };
    if name == "pbounds" {
        return true;
    }
    if members.len() < 2 {
        return false;
    }
    match head {
        Node::Array(bytes) => {
            let length = |bytes: &[u8]| {
                let items = elements(bytes).unwrap_or_default();
                let is_flat = items
                    .iter()
                    .all(|i| !matches!(i, Node::Array(_) | Node::Object(_)));
                is_flat.then_some(items.len())
            };
            let count = length(bytes);
            let is_split = members.iter().any(|(name, _)| name == "columns")
                && members.iter().any(|(name, _)| name == "data");
            is_split
                || count > Some(1)
                    && members
                        .iter()
                        .all(|(_, node)| matches!(node, Node::Array(bytes) if length(bytes) == count))
        }
        Node::Object(bytes) => {
            let keys = |bytes: &[u8]| -> Vec<String> {
                let members = Members::of(bytes).map_while(Result::ok);
                members.map(|(key, _)| key.into_owned()).collect()
            };
            let first = keys(bytes);
            let is_numbered = first.len() > 1 && first.iter().all(|key| key.parse::<u64>().is_ok());
            let is_alike = |name: &str, keys: &[String]| {
                let shared = keys.iter().filter(|key| first.contains(key)).count();
                if is_numbered {
                    shared == first.len()
                } else {
                    names::role(name) == Role::Other && shared > 0 && shared * 2 >= keys.len()
                }
            };
            members
                .iter()
                .all(|(name, node)| matches!(node, Node::Object(bytes) if is_alike(name, &keys(bytes))))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let json = Json::parse(text.as_bytes()).unwrap();
        trials(&json).iter().map(Json::to_string).collect()
    }

    #[test]
    fn trials_stand_in_lists_columns_and_under_names() {
        let rows = ["{\"lr\": 0.1, \"loss\": 2}", "{\"lr\": 0.2, \"loss\": 1}"];
        for text in [
            r#"[{"lr": 0.1, "loss": 2}, {"lr": 0.2, "loss": 1}]"#,
            r#"{"direction": "minimize", "results": [{"lr": 0.1, "loss": 2}, {"lr": 0.2, "loss": 1}]}"#,
            r#"{"lr": [0.1, 0.2], "loss": [2, 1]}"#,
            r#"{"lr": {"0": 0.1, "1": 0.2}, "loss": {"0": 2, "1": 1}}"#,
            r#"{"columns": ["lr", "loss"], "index": [0, 1], "data": [[0.1, 2], [0.2, 1]]}"#,
            r#"{"results": {"lr": [0.1, 0.2], "loss": [2, 1]}}"#,
        ] {
            assert_eq!(lines(text), rows, "{text}");
        }
        assert_eq!(
            lines(r#"{"a": {"config": {"lr": 1}, "loss": 2}, "b": {"config": {"lr": 3}, "loss": 4}}"#),
            [
                r#"{"id": "a", "config": {"lr": 1}, "loss": 2}"#,
                r#"{"id": "b", "config": {"lr": 3}, "loss": 4}"#
            ]
        );
        assert!(lines(r#"{"params": {"lr": 1}, "value": 3}"#).is_empty());
    }

    #[test]
    fn what_hyperopt_keeps_is_unpacked() {
        let text = r#"[{"state": 2, "tid": 7, "result": {"loss": 0.5, "status": "ok"},
            "misc": {"vals": {"lr": [0.1], "momentum": []}}, "book_time": null, "refresh_time": null}]"#;
        assert_eq!(
            lines(text),
            [
                r#"{"params": {"lr": 0.1}, "state": "ok", "id": 7, "started": null, "finished": null, "result": {"loss": 0.5}}"#
            ]
        );
    }

    #[test]
    fn a_row_is_no_table_of_columns() {
        for row in [
            r#"{"params": {"lr": 1}, "metrics": {"loss": 2}}"#,
            r#"{"params": {"lr": 1}, "value": 2}"#,
            r#"{"betas": [0.9, 0.99], "loss": 2}"#,
            r#"{"lr": 0.1, "loss": 2}"#,
            r#"{"lr": [0.1], "loss": [2]}"#,
        ] {
            assert!(!is_table(row.as_bytes()), "{row}");
        }
        for table in [
            r#"{"lr": [0.1, 0.2], "loss": [2, 1]}"#,
            "{\n \"lr\": [0.1, 0.2],\n \"loss\": [2, 1],\n \"cut\": [1,",
            r#"{"a": {"config": {"lr": 1}, "loss": 2}, "b": {"config": {"lr": 3}, "loss": 4}}"#,
            r#"{"columns": ["lr", "loss"], "data": [[0.1, 2]]}"#,
        ] {
            assert!(is_table(table.as_bytes()), "{table}");
        }
    }
}
