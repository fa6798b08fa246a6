//! Our trials as rows of Optuna's tables.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::super::super::database::{Cell, Connection, DatabaseError, Dialect, first};
use super::super::super::optuna::rdb::listing::Listed;
use super::super::Decision;
use super::super::waiting;

/// A trial that tunescope put into the study.
#[derive(Clone, Debug)]
pub(super) struct OurTrial {
    pub decision: Decision,
    pub id: i64,
    pub number: u64,
    pub state: String,
    pub has_started: bool,
    pub value: Option<f64>,
}

impl OurTrial {
    /// Ended without ever having been started.
    pub fn is_withdrawn(&self) -> bool {
        self.state == "FAIL" && !self.has_started
    }

    pub fn state_word(&self) -> &'static str {
        match self.state.as_str() {
            "WAITING" => "waiting",
            "RUNNING" => "running",
            "COMPLETE" => "complete",
            "PRUNED" => "pruned",
            _ => "failed",
        }
    }
}

/// Optuna's lock for making trials; in SQLite the transaction has the whole file already.
pub(super) fn lock(connection: &mut dyn Connection, study: i64) -> Result<(), DatabaseError> {
    if connection.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let sql = "SELECT study_id FROM studies WHERE study_id = ? FOR UPDATE";
    connection.each(sql, &[Cell::Int(study)], &mut |_| {})
}

/// The rows of a waiting trial, in the order in which Optuna writes them.
pub(super) fn insert(
    connection: &mut dyn Connection,
    study: i64,
    decision: &Decision,
    fixed: &Map<String, Json>,
) -> Result<(), DatabaseError> {
    let study = Cell::Int(study);
    let sql = "INSERT INTO trials (study_id, state) VALUES (?, 'WAITING')";
    let trial = Cell::Int(connection.insert(sql, "trial_id", std::slice::from_ref(&study))?);
    let attributes = [
        (
            "trial_user_attributes",
            waiting::KEY,
            waiting::user_attribute(decision),
        ),
        (
            "trial_system_attributes",
            "fixed_params",
            Json::Object(fixed.clone()),
        ),
    ];
    let key = match connection.dialect() {
        Dialect::Mysql => "`key`",
        _ => "key",
    };
    for (table, name, value) in attributes {
        connection.execute(
            &format!("INSERT INTO {table} (trial_id, {key}, value_json) VALUES (?, ?, ?)"),
            &[
                trial.clone(),
                Cell::text(name),
                Cell::Text(value.to_string().into()),
            ],
        )?;
    }
    let sql = "SELECT COUNT(trial_id) FROM trials WHERE study_id = ? AND trial_id < ?";
    let number = first(connection, sql, &[study, trial.clone()], |row| {
        row.first()?.as_i64()
    })?;
    let number = Cell::Int(number.unwrap_or(0));
    connection.execute(
        "UPDATE trials SET number = ? WHERE trial_id = ?",
        &[number, trial],
    )?;
    Ok(())
}

/// Our trials of a study, oldest first; all, or those of one decision. Optuna's retry of a failed trial copies the
/// attributes with our identity: from then on the decision is that newer trial.
pub(super) fn our_trials(
    connection: &mut dyn Connection,
    study: &Listed,
    decision: Option<&str>,
) -> Result<Vec<OurTrial>, DatabaseError> {
    let mut ours: Vec<OurTrial> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    let pattern = decision.map_or_else(|| "%".to_owned(), |id| format!("%{id}%"));
    connection.each(
        "SELECT t.trial_id, t.number, t.state, t.datetime_start, a.value_json, s.value_json \
         FROM trials t JOIN trial_user_attributes a ON a.trial_id = t.trial_id \
         JOIN trial_system_attributes s ON s.trial_id = t.trial_id \
         WHERE t.study_id = ? AND a.key = ? AND s.key = 'fixed_params' AND a.value_json LIKE ? \
         ORDER BY t.trial_id",
        &[
            Cell::Int(study.id),
            Cell::text(waiting::KEY),
            Cell::text(&pattern),
        ],
        &mut |row| {
            let [id, number, state, started, attribute, fixed] = row else {
                return;
            };
            let json = |cell: &Cell<'_>| cell.as_text().and_then(|t| serde_json::from_str::<Json>(t).ok());
            let decision = json(attribute)
                .zip(json(fixed))
                .and_then(|(a, f)| waiting::decision_of(&a, &f));
            let (Some(decision), Some(id)) = (decision, id.as_i64()) else {
                return;
            };
            let trial = OurTrial {
                id,
                number: number.as_i64().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                state: state.as_text().unwrap_or_default().to_owned(),
                has_started: *started != Cell::Null,
                value: None,
                decision,
            };
            let at = *positions.entry(trial.decision.id.clone()).or_insert(ours.len());
            match ours.get_mut(at) {
                Some(older) => *older = trial,
                None => ours.push(trial),
            }
        },
    )?;
    add_values(connection, study, &mut ours)?;
    Ok(ours)
}

fn add_values(
    connection: &mut dyn Connection,
    study: &Listed,
    ours: &mut [OurTrial],
) -> Result<(), DatabaseError> {
    if !ours
        .iter()
        .any(|t| matches!(t.state.as_str(), "COMPLETE" | "PRUNED"))
    {
        return Ok(());
    }
    let at: HashMap<i64, usize> = ours.iter().enumerate().map(|(i, t)| (t.id, i)).collect();
    connection.each(
        "SELECT v.trial_id, v.value FROM trial_values v JOIN trial_user_attributes a ON a.trial_id = v.trial_id \
         JOIN trials t ON t.trial_id = v.trial_id WHERE t.study_id = ? AND a.key = ? AND v.objective = 0",
        &[Cell::Int(study.id), Cell::text(waiting::KEY)],
        &mut |row| {
            if let [id, value] = row
                && let Some(trial) = id.as_i64().and_then(|id| at.get(&id)).and_then(|i| ours.get_mut(*i))
            {
                trial.value = value.as_f64();
            }
        },
    )
}
