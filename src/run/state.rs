//! What the loop says of itself in a file, for `tunescope status` and for the next loop.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RunError;
use super::machine::End;
use super::place::Place;
use crate::study::Budget;
use crate::study::number::{duration, significant};

/// `results.logs/run.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// `running`, `done`, `stopped`, `failed` or `left`.
    pub state: String,
    /// Why it ended, as a sentence.
    pub why: Option<String>,
    pub host: String,
    pub pid: u32,
    /// The space file.
    pub space: String,
    pub metric: String,
    /// The budget, with what the command line said over what the space file says.
    pub trials: Option<u64>,
    pub seconds: Option<f64>,
    pub target: Option<f64>,
    pub jobs: usize,
    pub command: Vec<String>,
    pub started: String,
    pub ended: Option<String>,
}

impl State {
    #[must_use]
    pub fn budget(&self) -> Budget {
        Budget {
            trials: self.trials,
            seconds: self.seconds,
            target: self.target,
        }
    }

    /// What a loop on these results says of itself; whether one is at work now is [`Place::is_locked`].
    #[must_use]
    pub fn read(place: &Place) -> Option<Self> {
        let text = fs::read_to_string(place.state()).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Written under another name and renamed: nobody sees half of it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, place: &Place) -> Result<(), RunError> {
        let path = place.state();
        let temporary = path.with_extension(format!("tmp{}", std::process::id()));
        let mut text =
            serde_json::to_string_pretty(self).map_err(|e| RunError::io("write", &path)(e.into()))?;
        text.push('\n');
        put(&temporary, &path, &text).map_err(RunError::io("write", &path))
    }
}

fn put(temporary: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(temporary, text)?;
    fs::rename(temporary, path)
}

impl End {
    /// The word for it in `run.json`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Trials(_) | Self::Time(_) | Self::Target(_) | Self::Exhausted => "done",
            Self::Failures(..) | Self::NotStarted(_) | Self::Broken(_) => "failed",
            Self::Interrupted { .. } => "stopped",
            Self::Left { .. } => "left",
        }
    }

    /// Whether the budget is reached, or nothing is left to try.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.word() == "done"
    }

    /// Why the loop is over, as a sentence without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Trials(n) => format!("the budget of trials is used up: {n} are over"),
            Self::Time(seconds) => format!("the budget of time is used up: {}", duration(*seconds)),
            Self::Target(best) => format!("the target is reached: {}", significant(*best, 6)),
            Self::Exhausted => {
                "every configuration of the space that is not rejected has been tried".to_owned()
            }
            Self::Failures(1, why) => format!("a trial failed ({why})"),
            Self::Failures(n, why) => format!(
                "{n} trials in a row failed, the last one because of: {why}; see its log, mend the command and start \
                 the loop again, or allow more with --max-failures N"
            ),
            Self::NotStarted(why) => why.clone(),
            Self::Broken(why) => format!("the loop cannot go on: {why}"),
            Self::Interrupted { waiting: 0 } => "stopped; the same command goes on".to_owned(),
            Self::Interrupted { waiting: 1 } => {
                "stopped; the same command goes on, and runs the trial that was stopped again".to_owned()
            }
            Self::Interrupted { waiting } => {
                format!("stopped; the same command goes on, and runs the {waiting} trials that wait")
            }
            Self::Left { running: 0 } => "left; the same command goes on".to_owned(),
            Self::Left { running } => {
                format!("left with {running} running; they go on, and the same command takes them up again")
            }
        }
    }
}
