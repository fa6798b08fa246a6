//! What became of the trials that an earlier loop left behind.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::RunError;
use super::command::missing;
use super::follow::bury;
use super::machine::{Past, Tries};
use super::place::{How, Place};
use crate::io::delivery::claim::{Claims, Fate};
use crate::io::results::{Results, Row};
use crate::study::{Space, Study, TrialId};

/// What is done with a trial of which nobody knows how it would have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lost {
    /// It is run again.
    #[default]
    Rerun,
    /// It is recorded as failed.
    Fail,
}

/// Looks through the results file and the records: what is over, what still runs, what is to be run again.
///
/// # Errors
/// Files that cannot be read or written.
pub fn recover(
    results: &mut Results,
    place: &Place,
    claims: &Claims,
    study: &Arc<Study>,
    lost: Lost,
    now: f64,
) -> Result<Past, RunError> {
    let counts = study.counts();
    let largest = study.trials.iter().filter_map(|t| match t.id {
        TrialId::Number(n) => Some(n),
        TrialId::Text(_) => None,
    });
    results.start_ids_at(largest.max().map_or(0, |n| n + 1));
    let mut past = Past {
        finished: (counts.complete + counts.pruned + counts.failed) as u64,
        best: study.best().and_then(|i| study.trials.get(i)?.objective()),
        busy: study.busy_seconds(now),
        ..Past::default()
    };
    let rows: Vec<(u64, Row)> = results
        .rows()?
        .iter()
        .map(|(id, row)| (*id, row.clone()))
        .collect();
    for (id, row) in &rows {
        let tries = tries_of(row);
        match row.get("state").and_then(Json::as_str) {
            // Rows of other writers are theirs.
            Some("running") if row.get("worker").is_some_and(Json::is_object) => {
                if is_under_way(place, *id, tries.attempt)? {
                    past.running.push((*id, tries));
                } else if lost == Lost::Rerun {
                    past.waiting.push((*id, tries));
                } else {
                    let mut row = row.clone();
                    row.insert("state".to_owned(), json!("failed"));
                    row.insert("value".to_owned(), Json::Null);
                    row.insert("error".to_owned(), json!("the loop was killed while it ran"));
                    results.append_synced(&row)?;
                    past.finished += 1;
                }
            }
            Some("waiting") if is_whole(row, &study.space) => past.waiting.push((*id, tries)),
            _ => {}
        }
    }
    claims.recover(&mut |queue_id| {
        let row = rows
            .iter()
            .find(|(_, row)| row.get("queue_id").and_then(Json::as_str) == Some(queue_id));
        match row.and_then(|(_, row)| row.get("state")).and_then(Json::as_str) {
            None => Fate::GiveBack,
            Some("running" | "waiting") => Fate::Keep,
            Some(_) => Fate::Done,
        }
    })?;
    Ok(past)
}

/// Whether the attempt runs, or has an end that was written down and only needs to be read. Where it has
/// neither, it is buried: a keeper that comes late will not start it.
fn is_under_way(place: &Place, trial: u64, attempt: u32) -> Result<bool, RunError> {
    if place.is_kept(trial, attempt) {
        return Ok(true);
    }
    Ok(match bury(place, trial, attempt)? {
        None => true,
        Some(over) => over.end != How::Lost,
    })
}

/// The attempts that a row tells of.
#[must_use]
pub fn tries_of(row: &Row) -> Tries {
    let number = |key: &str| {
        let worker = row.get("worker")?;
        worker.get(key)?.as_u64().and_then(|n| u32::try_from(n).ok())
    };
    Tries {
        attempt: number("attempt").unwrap_or(0),
        failed: number("failed").unwrap_or(0),
    }
}

fn is_whole(row: &Row, space: &Space) -> bool {
    row.get("params")
        .and_then(Json::as_object)
        .is_some_and(|params| missing(params, space).is_empty())
}
