//! The heartbeats of Optuna's workers, where they give any (`heartbeat_interval`): the surest sign of life there is.

use std::collections::HashMap;
use std::path::Path;

use crate::study::{Study, TrialId};

use super::super::database::Database;
use super::super::optuna::rdb::layout::Layout;
use super::super::optuna::rdb::listing;
use super::super::optuna::rdb::rows::each_heartbeat;

/// How long each running trial has been silent, by the clock of the database.
#[derive(Debug, Default)]
pub struct Beats(HashMap<u64, f64>);

impl Beats {
    /// Those of a study; none where the storage has none, or cannot be asked (which others say).
    #[must_use]
    pub fn of(source: &Path, study: &Study) -> Self {
        let Ok(mut database) = Database::at(source) else {
            return Self::default();
        };
        let mut beats = HashMap::new();
        let asked = database.read(&mut |connection| {
            beats.clear();
            let Some(layout) = Layout::of(connection)? else {
                return Ok(());
            };
            let studies = listing::studies(connection, &layout)?;
            let Some(study) = studies.iter().find(|s| s.name == study.name) else {
                return Ok(());
            };
            each_heartbeat(
                connection,
                &layout,
                study.id,
                "number",
                &mut |number, beat, now| {
                    if let Ok(number) = u64::try_from(number) {
                        beats.insert(number, now - beat);
                    }
                },
            )
        });
        if asked.is_ok() {
            Self(beats)
        } else {
            Self::default()
        }
    }

    /// Seconds since the last heartbeat; `None`: it never had any.
    #[must_use]
    pub fn silence(&self, trial: &TrialId) -> Option<f64> {
        match trial {
            TrialId::Number(n) => self.0.get(n).copied(),
            TrialId::Text(_) => None,
        }
    }
}
