//! `tunescope doctor`: what is wrong with a source, in sentences, each with the command that mends it.
//!
//! Nothing here writes to a source. [`repair`] writes a mended copy beside it.

mod checks;
mod damage;
mod heartbeats;
mod locks;
pub mod repair;

use serde_json::{Value as Json, json};

use crate::study::{Study, TrialId};

use super::reader::Reader;
use heartbeats::Beats;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be known; nothing to mend.
    Note,
    /// To be mended.
    Problem,
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check that found it, for scripts (`bad-lines`, `lock`, `zombies`, …).
    pub check: &'static str,
    pub severity: Severity,
    /// A complete sentence. May hold text from outside: whoever prints it scrubs it.
    pub message: String,
    /// Lines of the source that it is about, the first [`LISTED`] of them.
    pub lines: Vec<u64>,
    /// Trials that it is about, the first [`LISTED`] of them.
    pub trials: Vec<TrialId>,
    /// What mends it.
    pub command: Option<String>,
}

/// Lines and trials that a finding lists.
pub const LISTED: usize = 50;

impl Finding {
    fn new(check: &'static str, severity: Severity, message: String) -> Self {
        Self {
            check,
            severity,
            message,
            lines: Vec::new(),
            trials: Vec::new(),
            command: None,
        }
    }

    fn with_command(mut self, command: String) -> Self {
        self.command = Some(command);
        self
    }

    fn with_trials<'t>(mut self, ids: impl Iterator<Item = &'t TrialId>) -> Self {
        self.trials = ids.take(LISTED).cloned().collect();
        self
    }
}

/// What the doctor says.
#[derive(Clone, Debug)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether there is nothing to mend.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|f| f.severity == Severity::Note)
    }

    /// The JSON of `doctor --format json`, without what stands around it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let findings = self.findings.iter().map(|f| {
            json!({
                "check": f.check,
                "severity": match f.severity { Severity::Note => "note", Severity::Problem => "problem" },
                "message": crate::study::label::scrub(&f.message),
                "lines": f.lines,
                "trials": f.trials,
                "command": f.command,
            })
        });
        json!({"healthy": self.is_healthy(), "findings": findings.collect::<Vec<_>>()})
    }
}

/// Examines a source that was read to its end. `now` is seconds since the Unix epoch.
#[must_use]
pub fn examine(reader: &Reader, now: f64) -> Report {
    let study: &Study = &reader.study();
    let path = reader.path();
    // As it may be shown: a command holds no password.
    let quoted = quote(&super::database::url::shown(path));
    let kind = reader.kind().map_or("", |k| k.name);
    let mut findings = Vec::new();
    findings.extend(repair::sqlite_file(path).and_then(|file| damage::of_sqlite(&file, &quoted)));
    findings.extend(checks::bad_lines(study, &quoted));
    findings.extend(checks::other_diagnostics(study));
    if kind == "optuna-journal" {
        findings.extend(locks::of_journal(path, now));
        findings.extend(locks::torn_end(path, reader.modified(), now));
    }
    if kind == "ray" {
        findings.extend(super::sources::ray::staging_lag(path));
    }
    let beats = match kind {
        "optuna-rdb" => Beats::of(path, study),
        _ => Beats::default(),
    };
    findings.extend(checks::silent(study, &beats, kind, &quoted));
    let times = (reader.modified(), now);
    findings.extend(checks::zombies(study, times, &beats, kind, &quoted));
    findings.extend(checks::not_finite(study));
    findings.extend(checks::duplicates(study));
    findings.extend(checks::outside(study));
    findings.extend(checks::fixed(study));
    findings.extend(checks::units(study));
    findings.extend(checks::not_identified(study, &quoted));
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    Report { findings }
}

/// What is to be said of a SQLite file that cannot be read as a study because it is damaged.
#[must_use]
pub fn of_damaged(source: &std::path::Path) -> Option<Report> {
    let quoted = quote(&super::database::url::shown(source));
    let finding = damage::of_sqlite(&repair::sqlite_file(source)?, &quoted)?;
    Some(Report {
        findings: vec![finding],
    })
}

/// A word for a shell.
#[must_use]
pub fn quote(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| String::new(), std::borrow::Cow::into_owned)
}
