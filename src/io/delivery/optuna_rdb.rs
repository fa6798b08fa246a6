//! Optuna's database: a decision becomes a waiting trial with fixed parameters.
//!
//! The rows are those that `study.enqueue_trial` writes, in one transaction under Optuna's own locks: the row of
//! the study in PostgreSQL and MySQL (`SELECT … FOR UPDATE`, so that trial numbers stay a count), the whole file in
//! SQLite. A tunescope that is killed leaves all of it or nothing; an answer that is lost on its way is looked for
//! before anything is written again.

use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::study::TrialId;
use crate::study::label::scrub;

use super::super::database::{
    Cell, Connection, Database, DatabaseError, Dialect, SqliteFile, Url, first, url,
};
use super::super::optuna::distribution::Distribution;
use super::super::optuna::rdb::layout::Layout;
use super::super::optuna::rdb::listing::{self, Listed};
use super::super::optuna::rdb::zone::Zone;
use super::error::printable;
use super::told::Told;
use super::waiting::{self, Domains};
use super::{Decision, DeliveryError, Plan, Receipt, Status, Written};

mod rows;

use rows::{OurTrial, insert, insert_told, lock, number_of_told, our_trials};

/// How often a transaction is tried that the server turned away, or whose answer was lost.
const TRIES: u32 = 5;

/// The door into one study of Optuna's database.
#[derive(Debug)]
pub struct OptunaRdb {
    database: Database,
    /// Without a password.
    place: String,
    study: Option<String>,
}

/// A study, as a transaction finds it.
struct Found {
    study: Listed,
    waiting: usize,
    zone: Zone,
    domains: Known,
}

/// The distributions that the parameters had last, by name.
struct Known(Vec<(String, Option<Distribution>)>);

impl Domains for Known {
    fn distribution(&self, name: &str) -> Option<&Distribution> {
        self.0.iter().find(|(n, _)| n == name)?.1.as_ref()
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(n, _)| n.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// Whether a source is Optuna's database: a server by URL, or a SQLite file with its tables.
pub(super) fn is_optuna(source: &Path) -> bool {
    match Url::of(source) {
        Some(Ok(url)) if url.dialect == Dialect::Sqlite => has_tables(Path::new(&url.database)),
        Some(_) => true,
        None => has_tables(source),
    }
}

fn has_tables(path: &Path) -> bool {
    let file = SqliteFile::new(path);
    let mut found = false;
    let asked = file.is_sqlite()
        && file
            .read(&mut |connection| {
                found = Layout::of(connection)?.is_some();
                Ok(())
            })
            .is_ok();
    asked && found
}

impl OptunaRdb {
    /// The door of a database; `study` chooses where it holds several. Nothing is read or written yet.
    ///
    /// # Errors
    /// The source is a URL that is not understood.
    pub fn new(source: &Path, study: Option<&str>) -> Result<Self, DatabaseError> {
        Ok(Self {
            database: Database::at(source)?,
            place: scrub(&url::shown(source)),
            study: study.map(str::to_owned),
        })
    }

    /// The storage, without a password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What [`Self::deliver`] would write. Checks everything that delivery checks.
    ///
    /// # Errors
    /// Why it would not be delivered.
    pub fn describe(&mut self, decision: &Decision) -> Result<Plan, DeliveryError> {
        let place = self.place.clone();
        self.read(|door, connection| {
            let found = door.find(connection)?;
            let fixed = Json::Object(waiting::fixed_params(&found.domains, decision)?);
            let content = json!({
                "study": found.study.name,
                "state": "WAITING",
                "system_attrs": {"fixed_params": &fixed},
                "user_attrs": {waiting::KEY: waiting::user_attribute(decision)},
            });
            Ok(Plan {
                action: format!(
                    "insert one waiting trial into the Optuna study {} in {place}",
                    found.study.name
                ),
                place: place.clone(),
                params: printable(&fixed.to_string()),
                content: printable(&content.to_string()),
                ahead: found.waiting,
            })
        })
    }

    /// Inserts a waiting trial in one transaction and reads it back. A decision that is in the study already is not
    /// written again.
    ///
    /// # Errors
    /// Nothing was written; where the connection was lost on the way, that is what the message says.
    pub fn deliver(&mut self, decision: &Decision) -> Result<Receipt, DeliveryError> {
        self.write(|door, connection| {
            let found = door.find(connection)?;
            lock(connection, found.study.id)?;
            if our_trials(connection, &found.study, Some(&decision.id))?.is_empty() {
                // What it is checked by may have changed while the lock was waited for.
                let found = door.find(connection)?;
                let fixed = waiting::fixed_params(&found.domains, decision)?;
                insert(connection, found.study.id, decision, &fixed)?;
            }
            Ok(())
        })?;
        self.receipt_of(&decision.id)
    }

    /// Inserts a finished trial in one transaction and reads it back.
    ///
    /// # Errors
    /// As [`Self::deliver`].
    pub fn tell(&mut self, told: &Told) -> Result<Written, DeliveryError> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of this century fit in 2^53"
        )]
        let when = told.when.as_microsecond() as f64 * 1e-6;
        self.write(|door, connection| {
            let (study, layout) = door.study(connection)?;
            lock(connection, study.id)?;
            // The answer to an earlier try may have been lost on its way.
            if number_of_told(connection, &study, &told.id)?.is_none() {
                let found = door.find(connection)?;
                let params = told.params(&found.domains)?;
                let when = found.zone.naive(when);
                insert_told(connection, (study.id, &layout), told, &params, when)?;
            }
            Ok(())
        })?;
        self.read(|door, connection| {
            let (study, _) = door.study(connection)?;
            let number = number_of_told(connection, &study, &told.id)?;
            Ok(Written {
                study: study.name.shown().to_owned(),
                number: number.ok_or_else(|| DeliveryError::ReadBackDiffers {
                    place: door.place.clone(),
                })?,
                storage: door.place.clone(),
            })
        })
    }

    /// Ends a trial that is still waiting, so that workers skip it.
    ///
    /// # Errors
    /// A worker was faster; or the decision is not in the study.
    pub fn withdraw(&mut self, receipt: &Receipt, now: Timestamp) -> Result<Receipt, DeliveryError> {
        let id = receipt.decision.id.clone();
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of this century fit in 2^53"
        )]
        let now = now.as_microsecond() as f64 * 1e-6;
        self.write(|door, connection| {
            let found = door.find(connection)?;
            let ours = our_trials(connection, &found.study, Some(&id))?
                .pop()
                .ok_or_else(|| DeliveryError::Unknown {
                    id: id.clone(),
                    place: door.place.clone(),
                })?;
            // The state is asked again by the statement itself: only one of a worker and us can change it.
            let changed = connection.execute(
                "UPDATE trials SET state = 'FAIL', datetime_complete = ? WHERE trial_id = ? AND state = 'WAITING'",
                &[Cell::Moment(found.zone.naive(now)), Cell::Int(ours.id)],
            )?;
            if changed == 1 {
                return Ok(());
            }
            let ours = our_trials(connection, &found.study, Some(&id))?.pop().unwrap_or(ours);
            Err(if ours.is_withdrawn() {
                DeliveryError::AlreadyWithdrawn { id: id.clone() }
            } else {
                DeliveryError::TrialStarted {
                    trial: ours.number,
                    state: ours.state_word(),
                }
            })
        })?;
        self.receipt_of(&id)
    }

    /// Every decision that tunescope put into this study, oldest first.
    ///
    /// # Errors
    /// The database cannot be read, or which study is meant is not clear.
    pub fn receipts(&mut self) -> Result<Vec<Receipt>, DeliveryError> {
        self.read(|door, connection| {
            let (study, _) = door.study(connection)?;
            let ours = our_trials(connection, &study, None)?;
            Ok(ours.iter().map(|t| door.receipt(&study, t)).collect())
        })
    }

    fn receipt_of(&mut self, id: &str) -> Result<Receipt, DeliveryError> {
        self.read(|door, connection| {
            let (study, _) = door.study(connection)?;
            let ours = our_trials(connection, &study, Some(id))?.pop();
            ours.map(|t| door.receipt(&study, &t))
                .ok_or_else(|| DeliveryError::ReadBackDiffers {
                    place: door.place.clone(),
                })
        })
    }

    /// The study that is meant.
    fn study(&self, connection: &mut dyn Connection) -> Result<(Listed, Layout), DeliveryError> {
        let place = || self.place.clone();
        let layout = Layout::of(connection)?.ok_or_else(|| DeliveryError::NoStudy { place: place() })?;
        if layout.has_rustuna() {
            return Err(DeliveryError::Rustuna { place: place() });
        }
        if !layout.has("trials", "number") {
            return Err(DeliveryError::OldOptuna { place: place() });
        }
        let studies = listing::studies(connection, &layout)?;
        let known = || {
            let names: Vec<&str> = studies.iter().map(|s| s.name.shown()).collect();
            names.join(", ")
        };
        let found = match (&self.study, studies.as_slice()) {
            (_, []) => Err(DeliveryError::NoStudy { place: place() }),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(DeliveryError::WhichStudy {
                place: place(),
                known: known(),
            }),
            (Some(name), _) => {
                let found = studies.iter().find(|s| s.name == **name).cloned();
                found.ok_or_else(|| DeliveryError::NoSuchStudy {
                    name: scrub(name),
                    place: place(),
                    known: known(),
                })
            }
        };
        Ok((found?, layout))
    }

    fn find(&self, connection: &mut dyn Connection) -> Result<Found, DeliveryError> {
        let (study, layout) = self.study(connection)?;
        let id = Cell::Int(study.id);
        let sql = "SELECT COUNT(*) FROM trials WHERE study_id = ? AND state = 'WAITING'";
        let waiting = first(connection, sql, std::slice::from_ref(&id), |row| {
            row.first()?.as_i64()
        })?;
        let mut known = Vec::new();
        connection.each(
            "SELECT p.param_name, p.distribution_json FROM trial_params p WHERE p.param_id IN (SELECT \
             MAX(q.param_id) FROM trial_params q JOIN trials t ON t.trial_id = q.trial_id WHERE t.study_id = ? \
             GROUP BY q.param_name)",
            &[id],
            &mut |row| {
                if let [name, text] = row
                    && let (Some(name), Some(text)) = (name.as_text(), text.as_text())
                {
                    known.push((name.to_owned(), Distribution::parse(text)));
                }
            },
        )?;
        let (written, is_file) = match &self.database {
            Database::Sqlite(file) => (SqliteFile::modified(file), true),
            _ => (
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .ok()
                    .map(|d| d.as_secs_f64()),
                false,
            ),
        };
        Ok(Found {
            waiting: waiting.and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            zone: Zone::of(study.changed, written, is_file, layout.major()),
            domains: Known(known),
            study,
        })
    }

    fn receipt(&self, study: &Listed, ours: &OurTrial) -> Receipt {
        let trial = TrialId::Number(ours.number);
        let status = match ours.state.as_str() {
            "WAITING" => Status::Queued,
            "RUNNING" => Status::Running { trial },
            "COMPLETE" | "PRUNED" => Status::Finished {
                trial: Some(trial),
                value: ours.value.filter(|v| v.is_finite()),
            },
            _ if ours.is_withdrawn() => Status::Withdrawn,
            _ => Status::Failed { trial: Some(trial) },
        };
        Receipt {
            decision: ours.decision.clone(),
            status,
            place: format!(
                "waiting trial {} of study {} in {}",
                ours.number, study.name, self.place
            ),
            file: None,
            trial: Some(Written {
                study: study.name.shown().to_owned(),
                number: ours.number,
                storage: self.place.clone(),
            }),
        }
    }

    fn read<T>(
        &mut self,
        work: impl Fn(&Self, &mut dyn Connection) -> Result<T, DeliveryError>,
    ) -> Result<T, DeliveryError> {
        self.transaction(work, false)
    }

    fn write(
        &mut self,
        work: impl Fn(&Self, &mut dyn Connection) -> Result<(), DeliveryError>,
    ) -> Result<(), DeliveryError> {
        let mut turn = 1;
        loop {
            match self.transaction(&work, true) {
                Err(DeliveryError::Database(DatabaseError::Lost { .. } | DatabaseError::Conflict { .. }))
                    if turn < TRIES =>
                {
                    thread::sleep(Duration::from_millis(50) * turn);
                    turn += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Runs `work` in one transaction. Its own refusals end the transaction as an error of the database would.
    fn transaction<T>(
        &mut self,
        work: impl Fn(&Self, &mut dyn Connection) -> Result<T, DeliveryError>,
        is_write: bool,
    ) -> Result<T, DeliveryError> {
        // The database is lent to the transaction, the rest of the door to the work.
        let nowhere = Database::Sqlite(SqliteFile::new(Path::new("")));
        let mut database = std::mem::replace(&mut self.database, nowhere);
        let mut outcome = None;
        let mut inner = |connection: &mut dyn Connection| match work(self, connection) {
            Err(DeliveryError::Database(error)) => Err(error),
            done => {
                let is_refused = done.is_err();
                outcome = Some(done);
                // Any error undoes what was begun; which one does not matter.
                let undo = || DatabaseError::Refused {
                    place: String::new(),
                    reason: String::new(),
                };
                if is_refused { Err(undo()) } else { Ok(()) }
            }
        };
        let ended = if is_write {
            database.write(&mut inner)
        } else {
            database.read(&mut inner)
        };
        self.database = database;
        match (outcome, ended) {
            (Some(Err(refused)), _) => Err(refused),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (None, Ok(())) => Err(DeliveryError::ReadBackDiffers {
                place: self.place.clone(),
            }),
        }
    }
}
