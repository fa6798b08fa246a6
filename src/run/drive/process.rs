//! Starting the keeper of an attempt, and following it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value as Json, json};

use super::curve::Curve;
use super::{Drive, Input, Live, Told};
use crate::io::delivery::claim::host;
use crate::io::results::Row;
use crate::run::command::{environment, input};
use crate::run::follow::{self, Attempt, Rein};
use crate::run::machine::{Params, Tries, Verdict};

impl Drive<'_> {
    /// Starts the keeper of an attempt; a verdict where that is not possible.
    pub(super) fn start(&mut self, trial: u64, tries: Tries, row: Row, accepted: bool) -> Option<Verdict> {
        let params = match row.get("params") {
            Some(Json::Object(params)) => params.clone(),
            _ => Params::new(),
        };
        (self.tell)(Told::Began {
            trial,
            attempt: tries.attempt,
            params: &params,
            accepted,
        });
        let rein = self
            .spawn(trial, tries.attempt, &params)
            .and_then(|child| self.follow(trial, tries.attempt, Some(child)));
        match rein {
            Ok(rein) => {
                self.keep(trial, row, rein);
                None
            }
            Err(error) => {
                self.keep(trial, row, Rein::default());
                // The machine's want (a full disk, no process left), and not the configuration's: nothing is learned
                // from it, and the trial waits for better times.
                Some(Verdict::NotStarted(format!("a trial cannot be started: {error}")))
            }
        }
    }

    pub(super) fn keep(&mut self, trial: u64, row: Row, rein: Rein) {
        let curve = Curve::new();
        self.live.insert(trial, Live { row, curve, rein });
    }

    fn spawn(&self, trial: u64, attempt: u32, params: &Params) -> std::io::Result<Child> {
        fs::write(self.place.input(trial, attempt), input(params, trial, attempt))?;
        let mut command = Command::new(ourselves()?);
        command
            .arg("trial-keeper")
            .arg("--logs")
            .arg(self.place.dir())
            .args(["--trial", &trial.to_string(), "--attempt", &attempt.to_string()])
            .args(["--log-limit", &self.settings.log_limit.to_string()]);
        if let Some(seconds) = self.settings.timeout {
            command.args(["--timeout", &seconds.to_string()]);
        }
        if let Some(file) = &self.settings.metric_file {
            let name = file.fill(params, trial, attempt).concat();
            command.arg("--metric-file").arg(name);
        }
        command
            .arg("--")
            .args(self.settings.template.fill(params, trial, attempt));
        for (name, value) in environment(params, trial, attempt) {
            command.env(name, value);
        }
        let errors = File::create(self.place.errors(trial, attempt))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        // Its own group: what the keyboard sends to ours is for the loop to judge.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }

    pub(super) fn follow(&self, trial: u64, attempt: u32, child: Option<Child>) -> std::io::Result<Rein> {
        let inputs = self.inputs.clone();
        let attempt = Attempt {
            place: self.place.clone(),
            trial,
            attempt,
            metric: self.settings.metric.clone(),
            constrained: self
                .settings
                .constraints
                .iter()
                .map(|c| c.name.raw().to_owned())
                .collect(),
            has_metric_file: self.settings.metric_file.is_some(),
            log_limit: self.settings.log_limit,
            timeout: self.settings.timeout,
        };
        follow::spawn(attempt, child, move |news| inputs.send(Input::News(news)).is_ok())
    }
}

/// What a row says while an attempt runs.
pub(super) fn starting(row: &mut Row, tries: Tries) {
    row.insert(
        "worker".to_owned(),
        json!({
            "host": host(),
            "pid": std::process::id(),
            "attempt": tries.attempt,
            "failed": tries.failed,
        }),
    );
    row.insert("started".to_owned(), json!(jiff::Timestamp::now().to_string()));
}

/// This very program, even where its file was replaced since it was started.
fn ourselves() -> std::io::Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        return Ok(link.to_owned());
    }
    std::env::current_exe()
}
