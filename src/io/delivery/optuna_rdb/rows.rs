//! Our trials as rows of Optuna's tables.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::super::super::database::{Cell, Connection, DatabaseError, Dialect, first};
use super::super::super::optuna::rdb::layout::Layout;
use super::super::super::optuna::rdb::listing::Listed;
use super::super::Decision;
use super::super::told::{Told, ToldParam};
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
    give_number(connection, study, trial)
}

/// Numbers a new trial by those of its study that there are already.
fn give_number(
    connection: &mut dyn Connection,
    study: Cell<'_>,
    trial: Cell<'_>,
) -> Result<(), DatabaseError> {
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

/// The rows of a finished trial. `when` is in the storage's own zone.
pub(super) fn insert_told(
    connection: &mut dyn Connection,
    (study, layout): (i64, &Layout),
    told: &Told,
    params: &[ToldParam],
    when: f64,
) -> Result<(), DatabaseError> {
    let (study, when) = (Cell::Int(study), Cell::Moment(when));
    let state = if told.is_failed() { "FAIL" } else { "COMPLETE" };
    let sql = format!(
        "INSERT INTO trials (study_id, state, datetime_start, datetime_complete) VALUES (?, '{state}', ?, ?)"
    );
    let arguments = [study.clone(), when.clone(), when];
    let trial = Cell::Int(connection.insert(&sql, "trial_id", &arguments)?);
    for param in params {
        connection.execute(
            "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
            &[
                trial.clone(),
                Cell::text(&param.name),
                Cell::Real(param.internal),
                Cell::text(&param.distribution),
            ],
        )?;
    }
    for (objective, value) in (0_i64..).zip(told.finite_values()) {
        let value = Cell::Real(value);
        if !layout.has_values() {
            connection.execute(
                "UPDATE trials SET value = ? WHERE trial_id = ?",
                &[value, trial.clone()],
            )?;
            continue;
        }
        let sql = if layout.has("trial_values", "value_type") {
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, 'FINITE')"
        } else {
            "INSERT INTO trial_values (trial_id, objective, value) VALUES (?, ?, ?)"
        };
        connection.execute(sql, &[trial.clone(), Cell::Int(objective), value])?;
    }
    let key = match connection.dialect() {
        Dialect::Mysql => "`key`",
        _ => "key",
    };
    connection.execute(
        &format!("INSERT INTO trial_user_attributes (trial_id, {key}, value_json) VALUES (?, ?, ?)"),
        &[
            trial.clone(),
            Cell::text(waiting::KEY),
            Cell::Text(told.attribute().to_string().into()),
        ],
    )?;
    give_number(connection, study, trial)
}

/// The number of a trial that was told, by its identity.
pub(super) fn number_of_told(
    connection: &mut dyn Connection,
    study: &Listed,
    id: &str,
) -> Result<Option<u64>, DatabaseError> {
    first(
        connection,
        "SELECT t.number FROM trials t JOIN trial_user_attributes a ON a.trial_id = t.trial_id \
         WHERE t.study_id = ? AND a.key = ? AND a.value_json LIKE ?",
        &[
            Cell::Int(study.id),
            Cell::text(waiting::KEY),
            Cell::Text(format!("%{id}%").into()),
        ],
        |row| u64::try_from(row.first()?.as_i64()?).ok(),
    )
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
