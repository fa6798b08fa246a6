//! Optuna's journal file (`JournalFileBackend`): one operation a line, replayed into studies.

pub mod record;
pub mod replay;

use crate::study::{Label, Study};

use super::super::json::JsonError;
use super::super::source::{Head, Kind, Lines, Problems, ReadOptions, Reads, Source, StudyEntry};
use record::Record;
use replay::{JournalStudy, Replay};

/// Optuna's `JournalStorage` on a file.
pub static KIND: Kind = Kind {
    name: "optuna-journal",
    title: "Optuna journal",
    aliases: &["optuna", "journal"],
    reads: Reads::Lines {
        recognize,
        open: |options| Box::new(Journal::new(options)),
        // To Optuna's own reader, too, a last line without its end is not there yet.
        settles: false,
    },
};

/// How every record begins; the place to go on after damage.
const OPENING: &[u8] = b"{\"op_code\"";

fn recognize(head: &Head<'_>) -> u8 {
    let is_record = |l: &[u8]| {
        Record::read(l, 0)
            .is_ok_and(|(r, _)| r.op.is_some() && (r.study_name.is_some() || r.worker.is_some()))
    };
    let has_record = head.lines().any(|l| find(l, 0).is_some()) || head.lines().next().is_some_and(is_record);
    if has_record { 95 } else { 0 }
}

fn find(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(OPENING.len())
        .position(|w| w == OPENING)
        .map(|at| at + from)
}

/// A journal and which of its studies is wanted.
struct Journal {
    options: ReadOptions,
    replay: Replay,
}

impl Journal {
    fn new(options: &ReadOptions) -> Self {
        Self {
            options: options.clone(),
            replay: Replay::default(),
        }
    }

    fn living(&self) -> impl Iterator<Item = &JournalStudy> {
        self.replay.studies.iter().filter(|s| !s.is_deleted)
    }

    /// The study of the wanted name; without one, the one whose latest trial began last.
    fn chosen(&self) -> Option<&JournalStudy> {
        match &self.options.study {
            Some(name) => self.living().find(|s| s.name == **name),
            None => {
                let mut best: Option<&JournalStudy> = None;
                for study in self.living() {
                    if best.is_none_or(|b| study.trial_ids.last() > b.trial_ids.last()) {
                        best = Some(study);
                    }
                }
                best
            }
        }
    }
}

impl Lines for Journal {
    fn line(&mut self, number: u64, text: &[u8], problems: &mut Problems) {
        if text.trim_ascii().is_empty() {
            problems.push(number, || {
                "a blank line, at which Optuna itself gives up; it was skipped.".to_owned()
            });
            return;
        }
        let mut at = 0;
        loop {
            match Record::read(text, at) {
                Ok((record, end)) => {
                    self.replay.apply(&record, number, problems);
                    if text.get(end..).unwrap_or_default().trim_ascii().is_empty() {
                        return;
                    }
                    let next = find(text, end);
                    problems.push(number, || match next {
                        Some(_) => "two records run together on one line; both were read.".to_owned(),
                        None => "there is something after the record; it was skipped.".to_owned(),
                    });
                    match next {
                        Some(next) => at = next,
                        None => return,
                    }
                }
                Err(error) => {
                    let next = find(text, at + 1);
                    problems.push(number, || complaint(text, at, error, next.is_some()));
                    match next {
                        Some(next) => at = next,
                        None => return,
                    }
                }
            }
        }
    }
}

impl Source for Journal {
    fn study(&mut self) -> Study {
        let mut study = Study::empty();
        let count = self.living().count();
        if let Some(chosen) = self.chosen() {
            study.name = chosen.name.clone();
            study.metric = chosen
                .metric_names
                .first()
                .cloned()
                .unwrap_or_else(|| Label::new("value"));
            study.directions.clone_from(&chosen.directions);
            study.columns.clone_from(&chosen.columns.names);
            study.trials.clone_from(&chosen.trials);
            study.space = chosen.columns.space(&mut study.notes, &mut study.diagnostics);
        }
        if count > 1 && self.options.study.is_none() {
            let names: Vec<&str> = self.living().map(|s| s.name.shown()).collect();
            study.notes.push(format!(
                "there are {count} studies ({}); --study NAME chooses another than {}.",
                names.join(", "),
                study.name
            ));
        }
        study
    }

    fn studies(&self) -> Vec<StudyEntry> {
        self.living()
            .map(|s| StudyEntry {
                name: s.name.clone(),
                trials: s.trials.len(),
                directions: s.directions.clone(),
                best: s.best(),
                changed: s.changed(),
            })
            .collect()
    }
}

fn complaint(text: &[u8], at: usize, error: JsonError, resumes: bool) -> String {
    let start: String = String::from_utf8_lossy(text.get(at..).unwrap_or_default())
        .chars()
        .take(40)
        .collect();
    let outcome = if resumes {
        "reading went on at the next record of the line"
    } else {
        "the rest of the line was skipped"
    };
    format!(
        "a record is damaged: {} was expected at column {}, in `{start}…`; {outcome}.",
        error.expected,
        error.at + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{TrialState, Value};

    fn read(lines: &[&str]) -> (Study, Problems) {
        let mut source = Journal::new(&ReadOptions::default());
        let mut problems = Problems::default();
        for (line, number) in lines.iter().zip(1..) {
            source.line(number, line.as_bytes(), &mut problems);
        }
        (source.study(), problems)
    }

    const STUDY: &str = r#"{"op_code":0,"worker_id":"w","study_name":"s","directions":[2]}"#;
    const TRIAL: &str =
        r#"{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-11-23T18:00:00+00:00"}"#;

    fn done(trial: u32, value: &str) -> String {
        format!(
            r#"{{"op_code":6,"worker_id":"w","trial_id":{trial},"state":1,"values":[{value}],"datetime_complete":"2026-11-23T18:00:02+00:00"}}"#
        )
    }

    #[test]
    fn the_first_word_on_a_finished_trial_is_the_last() {
        let (study, problems) = read(&[STUDY, TRIAL, &done(0, "1.5"), &done(0, "9.0"), &done(7, "1")]);
        assert_eq!(study.trials[0].values, [1.5]);
        assert_eq!(study.trials[0].seconds, Some(2.0));
        assert_eq!(problems.list().len(), 1);
        assert!(problems.list()[0].message.contains("trial 7 does not exist"));
    }

    #[test]
    fn torn_and_merged_records_are_survived_and_reported() {
        let merged = format!("{TRIAL}{TRIAL}");
        let torn = format!("{}{TRIAL}", &TRIAL[..30]);
        let doubled = format!("{}{{{TRIAL}", done(0, "NaN"));
        let (study, problems) = read(&[STUDY, &merged, "", &torn, &doubled, "junk"]);
        assert_eq!(study.trials.len(), 4);
        assert_eq!(study.trials[0].state, TrialState::Complete);
        let lines: Vec<Option<u64>> = problems.list().iter().map(|d| d.line).collect();
        assert_eq!(lines, [Some(2), Some(3), Some(4), Some(5), Some(6)]);
    }

    #[test]
    fn a_queued_trial_shows_what_it_will_run_and_the_first_worker_wins() {
        let queued = r#"{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"state":4,"system_attrs":{"fixed_params":{"lr":0.02,"opt":"sgd"}}}"#;
        let start = |minute| {
            format!(
                r#"{{"op_code":6,"worker_id":"w","trial_id":0,"state":0,"values":null,"datetime_start":"2026-11-23T18:{minute}:00+00:00"}}"#
            )
        };
        let param = r#"{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"lr","param_value_internal":0.5,"distribution":"{\"type\":\"float\",\"low\":0.1,\"high\":1.0}"}"#;
        let (study, _) = read(&[STUDY, queued]);
        assert_eq!(study.trials[0].state, TrialState::Waiting);
        assert_eq!(study.trials[0].param(0), Some(&Value::Float(0.02)));
        let (study, _) = read(&[STUDY, queued, &start("01"), &start("02"), param]);
        assert_eq!(study.trials[0].started.map(|t| t % 3600.0), Some(60.0));
        assert_eq!(study.trials[0].param(0), Some(&Value::Float(0.5)));
        assert_eq!(study.trials[0].param(1), Some(&Value::Text("sgd".into())));
        let (study, _) = read(&[STUDY, queued, &start("01"), param, &done(0, "1")]);
        assert_eq!(study.trials[0].param(1), None);
    }
}
