//! The rows of one study that are new, as they stand in the tables.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::study::{Label, TrialState};

use super::super::super::database::{Cell, Connection, DatabaseError, Dialect, first};
use super::layout::Layout;
use super::listing::Listed;

/// What the reader has of a study already.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How many trials.
    pub count: usize,
    /// The greatest identity.
    pub last: i64,
    /// Identities of those that were not over, ascending.
    pub unfinished: Vec<i64>,
}

/// One trial with everything that hangs on it.
#[derive(Debug)]
pub struct Draft {
    pub id: i64,
    pub number: Option<i64>,
    pub state: TrialState,
    pub began: Option<f64>,
    pub ended: Option<f64>,
    /// Name and distribution as positions in `Batch::texts`, and the internal value.
    pub params: Vec<(usize, usize, f64)>,
    pub values: Vec<(i64, f64)>,
    pub intermediate: Vec<(i64, f64)>,
    /// Key and JSON.
    pub user: Vec<(usize, String)>,
    pub system: Vec<(usize, String)>,
}

/// What a look brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// Whether these are all trials of the study, so that what was known is to be forgotten.
    pub is_whole: bool,
    /// In the order of their identities.
    pub trials: Vec<Draft>,
    pub metric_names: Vec<Label>,
    /// Identity, last sign of life, and the database's own clock; of running trials.
    pub heartbeats: Vec<(i64, f64, f64)>,
    texts: Texts,
}

/// Texts that come again and again.
#[derive(Debug, Default)]
struct Texts {
    positions: HashMap<Box<str>, usize>,
    list: Vec<Box<str>>,
}

impl Texts {
    fn position(&mut self, text: &str) -> usize {
        if let Some(at) = self.positions.get(text) {
            return *at;
        }
        let at = self.list.len();
        self.list.push(text.into());
        self.positions.insert(text.into(), at);
        at
    }
}

impl Batch {
    #[must_use]
    pub fn text(&self, position: usize) -> &str {
        self.texts.list.get(position).map_or("", |t| t)
    }
}

/// The trials whose details are fetched, as a condition.
struct Which {
    study: i64,
    /// Whether no other study has trials: then all rows are its.
    is_only: bool,
    /// Identities, where not all.
    ids: Option<String>,
}

impl Which {
    /// After `WHERE`, for a table whose alias is `alias`.
    fn of(&self, alias: &str) -> String {
        match &self.ids {
            Some(ids) => format!("{alias}.trial_id IN ({ids})"),
            None if self.is_only => "1 = 1".to_owned(),
            None => format!(
                "{alias}.trial_id IN (SELECT trial_id FROM trials WHERE study_id = {})",
                self.study
            ),
        }
    }
}

/// What is new of a study since `known`. All of it, where rows went away since.
///
/// # Errors
/// The database cannot be asked.
pub fn fetch(
    connection: &mut dyn Connection,
    layout: &Layout,
    study: &Listed,
    is_only: bool,
    known: &Known,
) -> Result<Batch, DatabaseError> {
    let newer = count_after(connection, layout, study.id, known.last)?;
    let mut batch = Batch {
        is_whole: known.count == 0 || known.count + newer != study.trials,
        ..Batch::default()
    };
    trials(connection, layout, study.id, known, &mut batch)?;
    let ids = (!batch.is_whole).then(|| list(batch.trials.iter().map(|t| t.id)));
    batch.metric_names = metric_names(connection, study.id)?;
    if batch.trials.is_empty() {
        return Ok(batch);
    }
    let which = Which {
        study: study.id,
        is_only,
        ids,
    };
    params(connection, &which, &mut batch)?;
    values(connection, layout, &which, &mut batch)?;
    intermediate(connection, layout, &which, &mut batch)?;
    attributes(connection, &which, &mut batch)?;
    heartbeats(connection, layout, study.id, &mut batch)?;
    Ok(batch)
}

fn list(ids: impl Iterator<Item = i64>) -> String {
    let mut text = String::new();
    for id in ids {
        if !text.is_empty() {
            text.push(',');
        }
        let _ = write!(text, "{id}");
    }
    if text.is_empty() { "NULL".to_owned() } else { text }
}

fn count_after(
    connection: &mut dyn Connection,
    layout: &Layout,
    study: i64,
    last: i64,
) -> Result<usize, DatabaseError> {
    let living = layout.living();
    let sql = &format!("SELECT COUNT(*) FROM trials WHERE study_id = ? AND trial_id > ? AND {living}");
    let count = first(connection, sql, &[Cell::Int(study), Cell::Int(last)], |row| {
        row.first()?.as_i64()
    })?;
    Ok(count.and_then(|n| usize::try_from(n).ok()).unwrap_or(0))
}

fn state(word: &str) -> Option<TrialState> {
    Some(match word {
        "RUNNING" => TrialState::Running,
        "COMPLETE" => TrialState::Complete,
        "PRUNED" => TrialState::Pruned,
        "FAIL" => TrialState::Failed,
        "WAITING" => TrialState::Waiting,
        _ => return None,
    })
}

fn trials(
    connection: &mut dyn Connection,
    layout: &Layout,
    study: i64,
    known: &Known,
    batch: &mut Batch,
) -> Result<(), DatabaseError> {
    let number = if layout.has("trials", "number") {
        "number"
    } else {
        "NULL"
    };
    let value = if layout.has_values() { "NULL" } else { "value" };
    let new = if batch.is_whole {
        String::new()
    } else {
        let unfinished = list(known.unfinished.iter().copied());
        format!("AND (trial_id > {} OR trial_id IN ({unfinished}))", known.last)
    };
    let living = layout.living();
    let sql = format!(
        "SELECT trial_id, {number}, state, datetime_start, datetime_complete, {value} FROM trials \
         WHERE study_id = {study} AND {living} {new} ORDER BY trial_id"
    );
    connection.each(&sql, &[], &mut |row| {
        let [id, number, word, began, ended, value] = row else {
            return;
        };
        let (Some(id), Some(state)) = (id.as_i64(), word.as_text().and_then(state)) else {
            return;
        };
        batch.trials.push(Draft {
            id,
            number: number.as_i64(),
            state,
            began: began.as_moment(),
            ended: ended.as_moment(),
            params: Vec::new(),
            values: value.as_f64().map(|v| (0, v)).into_iter().collect(),
            intermediate: Vec::new(),
            user: Vec::new(),
            system: Vec::new(),
        });
    })
}

/// Finds the trial of each row. Rows of one trial mostly come one after the other.
struct Finder {
    id: i64,
    at: usize,
}

impl Finder {
    const NEW: Self = Self { id: i64::MIN, at: 0 };

    fn find<'t>(&mut self, trials: &'t mut [Draft], id: &Cell<'_>) -> Option<&'t mut Draft> {
        let id = id.as_i64()?;
        if id != self.id {
            self.at = trials.binary_search_by_key(&id, |t| t.id).ok()?;
            self.id = id;
        }
        trials.get_mut(self.at)
    }
}

fn params(connection: &mut dyn Connection, which: &Which, batch: &mut Batch) -> Result<(), DatabaseError> {
    let sql = format!(
        "SELECT p.trial_id, p.param_name, p.param_value, p.distribution_json FROM trial_params p WHERE {} \
         ORDER BY p.param_id",
        which.of("p")
    );
    let (trials, texts) = (&mut batch.trials, &mut batch.texts);
    let mut finder = Finder::NEW;
    connection.each(&sql, &[], &mut |row| {
        if let [id, name, value, distribution] = row
            && let Some(trial) = finder.find(trials, id)
            && let (Some(name), Some(value), Some(distribution)) =
                (name.as_text(), value.as_f64(), distribution.as_text())
        {
            let (name, distribution) = (texts.position(name), texts.position(distribution));
            trial.params.push((name, distribution, value));
        }
    })
}

/// A value and its kind, which says what a number in a database cannot.
fn number(value: &Cell<'_>, kind: &Cell<'_>) -> f64 {
    match kind.as_text() {
        Some("INF_POS") => f64::INFINITY,
        Some("INF_NEG") => f64::NEG_INFINITY,
        Some("NAN") => f64::NAN,
        _ => value.as_f64().unwrap_or(f64::NAN),
    }
}

fn values(
    connection: &mut dyn Connection,
    layout: &Layout,
    which: &Which,
    batch: &mut Batch,
) -> Result<(), DatabaseError> {
    if !layout.has_values() {
        return Ok(());
    }
    let kind = if layout.has("trial_values", "value_type") {
        "v.value_type"
    } else {
        "NULL"
    };
    let sql = format!(
        "SELECT v.trial_id, v.objective, v.value, {kind} FROM trial_values v WHERE {}",
        which.of("v")
    );
    let trials = &mut batch.trials;
    let mut finder = Finder::NEW;
    connection.each(&sql, &[], &mut |row| {
        if let [id, objective, value, kind] = row
            && let Some(trial) = finder.find(trials, id)
            && let Some(objective) = objective.as_i64()
        {
            trial.values.push((objective, number(value, kind)));
        }
    })
}

fn intermediate(
    connection: &mut dyn Connection,
    layout: &Layout,
    which: &Which,
    batch: &mut Batch,
) -> Result<(), DatabaseError> {
    let (table, value, kind) = layout.intermediate();
    let kind = kind.map_or_else(|| "NULL".to_owned(), |k| format!("i.{k}"));
    let sql = format!(
        "SELECT i.trial_id, i.step, i.{value}, {kind} FROM {table} i WHERE {}",
        which.of("i")
    );
    let trials = &mut batch.trials;
    let mut finder = Finder::NEW;
    connection.each(&sql, &[], &mut |row| {
        if let [id, step, value, kind] = row
            && let Some(trial) = finder.find(trials, id)
            && let Some(step) = step.as_i64()
        {
            trial.intermediate.push((step, number(value, kind)));
        }
    })
}

/// User attributes of all; among the system attributes (samplers keep megabytes there) the constraints that were told,
/// and of trials that are not over the announcements.
fn attributes(
    connection: &mut dyn Connection,
    which: &Which,
    batch: &mut Batch,
) -> Result<(), DatabaseError> {
    let user = format!(
        "SELECT a.trial_id, a.key, a.value_json FROM trial_user_attributes a WHERE {} \
         ORDER BY a.trial_user_attribute_id",
        which.of("a")
    );
    let system = format!(
        "SELECT a.trial_id, a.key, a.value_json FROM trial_system_attributes a JOIN trials t ON \
         t.trial_id = a.trial_id WHERE {} AND (a.key = 'constraints' OR a.key LIKE 'constraints:%' OR \
         t.state IN ('RUNNING', 'WAITING') AND \
         (a.key LIKE 'fixed_params%' OR a.key LIKE '%:relative_params:%' OR a.key LIKE 'category_labels:%')) \
         ORDER BY a.trial_system_attribute_id",
        which.of("a")
    );
    for (sql, is_user) in [(user, true), (system, false)] {
        let (trials, texts) = (&mut batch.trials, &mut batch.texts);
        let mut finder = Finder::NEW;
        connection.each(&sql, &[], &mut |row| {
            if let [id, key, json] = row
                && let Some(trial) = finder.find(trials, id)
                && let (Some(key), Some(json)) = (key.as_text(), json.as_text())
            {
                let entry = (texts.position(key), json.to_owned());
                if is_user {
                    trial.user.push(entry);
                } else {
                    trial.system.push(entry);
                }
            }
        })?;
    }
    Ok(())
}

fn heartbeats(
    connection: &mut dyn Connection,
    layout: &Layout,
    study: i64,
    batch: &mut Batch,
) -> Result<(), DatabaseError> {
    each_heartbeat(connection, layout, study, "trial_id", &mut |id, beat, now| {
        batch.heartbeats.push((id, beat, now));
    })
}

/// The last sign of life of each running trial that has any, with the database's own clock; by `trial_id` or `number`.
///
/// # Errors
/// The database cannot be asked.
pub fn each_heartbeat(
    connection: &mut dyn Connection,
    layout: &Layout,
    study: i64,
    by: &str,
    found: &mut dyn FnMut(i64, f64, f64),
) -> Result<(), DatabaseError> {
    if !layout.has("trial_heartbeats", "heartbeat") {
        return Ok(());
    }
    // A server's own clock, in the zone that its heartbeats have.
    let clock = match connection.dialect() {
        Dialect::Postgres => "LOCALTIMESTAMP",
        _ => "CURRENT_TIMESTAMP",
    };
    let sql = format!(
        "SELECT t.{by}, h.heartbeat, {clock} FROM trial_heartbeats h JOIN trials t ON t.trial_id = h.trial_id \
         WHERE t.study_id = {study} AND t.state = 'RUNNING' ORDER BY h.trial_id"
    );
    connection.each(&sql, &[], &mut |row| {
        if let [id, beat, now] = row
            && let (Some(id), Some(beat), Some(now)) = (id.as_i64(), beat.as_moment(), now.as_moment())
        {
            found(id, beat, now);
        }
    })
}

fn metric_names(connection: &mut dyn Connection, study: i64) -> Result<Vec<Label>, DatabaseError> {
    let sql = "SELECT a.value_json FROM study_system_attributes a WHERE a.study_id = ? AND a.key = ?";
    let arguments = [Cell::Int(study), Cell::text("study:metric_names")];
    let json = first(connection, sql, &arguments, |row| {
        Some(row.first()?.as_text()?.to_owned())
    })?;
    let names: Option<Vec<String>> = json.and_then(|json| serde_json::from_str(&json).ok());
    Ok(names.unwrap_or_default().iter().map(|n| Label::new(n)).collect())
}
