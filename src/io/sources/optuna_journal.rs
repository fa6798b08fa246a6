//! Optuna's journal file (`JournalFileBackend`): one operation a line, replayed into studies.

mod trials;

use crate::study::{Label, Study};

use super::super::optuna::RUSTUNA;
use super::super::optuna::journal::line::{Piece, find, take_apart};
use super::super::optuna::journal::record::Record;
use super::super::optuna::journal::rules::Rules;
use super::super::source::{Head, Kind, Lines, Problems, ReadOptions, Reads, Source, StudyEntry};
use trials::{JournalStudy, Studies};

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

fn recognize(head: &Head<'_>) -> u8 {
    let is_record = |l: &[u8]| {
        Record::read(l, 0)
            .is_ok_and(|(r, _)| r.op.is_some() && (r.study_name.is_some() || r.worker.is_some()))
    };
    let has_record = head.lines().any(|l| find(l, 0).is_some()) || head.lines().next().is_some_and(is_record);
    if has_record { 95 } else { 0 }
}

/// A journal and which of its studies is wanted.
struct Journal {
    options: ReadOptions,
    rules: Rules,
    studies: Studies,
}

impl Journal {
    fn new(options: &ReadOptions) -> Self {
        Self {
            options: options.clone(),
            rules: Rules::default(),
            studies: Studies::default(),
        }
    }

    fn living(&self) -> impl Iterator<Item = &JournalStudy> {
        self.studies.list.iter().filter(|s| !s.is_deleted)
    }

    /// The study of the wanted name; without one, the one whose latest trial began last.
    fn chosen(&self) -> Option<&JournalStudy> {
        match &self.options.study {
            Some(name) => self.living().find(|s| s.name == **name),
            None => {
                let mut best: Option<&JournalStudy> = None;
                for study in self.living() {
                    if best.is_none_or(|b| study.last_trial > b.last_trial) {
                        best = Some(study);
                    }
                }
                best
            }
        }
    }

    fn apply(&mut self, record: &Record<'_>, number: u64, problems: &mut Problems) {
        while let Some(made) = self.rules.hidden(record) {
            let trial = self.rules.trial_count();
            problems.push(number, || {
                format!("trial {trial} is spoken of here, so that a damaged record before must have made it.")
            });
            self.apply(&made, number, problems);
        }
        match self.rules.apply(record) {
            Ok(Some(event)) => self.studies.follow(event, record, number, &self.rules),
            Ok(None) => {}
            Err(skipped) => problems.push(number, || skipped.to_string()),
        }
    }
}

impl Lines for Journal {
    fn line(&mut self, number: u64, text: &[u8], problems: &mut Problems) {
        take_apart(text, |piece| match piece {
            Piece::Record(record, _) => self.apply(&record, number, problems),
            Piece::Salvaged(mut record, damage) => {
                problems.push(number, || {
                    let what = match record.op {
                        Some(0) if record.directions.is_none() => {
                            "study (to be minimised, as far as is known)"
                        }
                        Some(0) => "study",
                        _ => "trial",
                    };
                    format!(
                        "{damage}; it made a {what}, which later records count on: what is legible was kept."
                    )
                });
                self.rules.complete(&mut record);
                self.apply(&record, number, problems);
            }
            Piece::Damage(damage) => {
                self.rules.doubt();
                problems.push(number, || {
                    let outcome = if damage.resumes {
                        "reading went on at the next record of the line"
                    } else {
                        "the rest of the line was skipped"
                    };
                    format!("{damage}; {outcome}.")
                });
            }
            Piece::Merged => problems.push(number, || {
                "two records run together on one line; both were read.".to_owned()
            }),
            Piece::Rest => problems.push(number, || {
                "there is something after the record; it was skipped.".to_owned()
            }),
            Piece::Blank => problems.push(number, || {
                "a blank line, at which Optuna itself gives up; it was skipped.".to_owned()
            }),
        });
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
            study.constraints = chosen.constraints.list().to_vec();
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
        if self.rules.has_rustuna {
            study.notes.push(RUSTUNA.to_owned());
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
    fn a_damaged_record_that_made_a_trial_does_not_shift_the_trials_after_it() {
        let param = |trial: u8, x: &str| {
            format!(
                r#"{{"op_code":5,"worker_id":"w","trial_id":{trial},"param_name":"x","param_value_internal":{x},"distribution":"{{\"type\":\"float\",\"low\":0,\"high\":9}}"}}"#
            )
        };
        let lines = [
            STUDY,
            &TRIAL[..60],
            &param(0, "1"),
            &done(0, "0.1"),
            TRIAL,
            &param(1, "2"),
            &done(1, "0.2"),
        ];
        let (study, problems) = read(&lines);
        let shown: Vec<_> = study
            .trials
            .iter()
            .map(|t| (t.param(0).cloned(), t.objective()))
            .collect();
        let float = |x| Some(Value::Float(x));
        assert_eq!(shown, [(float(1.0), Some(0.1)), (float(2.0), Some(0.2))]);
        assert_eq!(problems.list().len(), 1);
        let (study, _) = read(&[&[&STUDY[..40]], &lines[1..]].concat());
        assert_eq!(
            (study.trials.len(), study.name.shown()),
            (2, "study 0 (its name is lost)")
        );
    }

    #[test]
    fn a_trial_that_later_records_speak_of_was_made_by_what_is_damaged_before() {
        let report = |trial: u8| {
            format!(r#"{{"op_code":7,"worker_id":"w","trial_id":{trial},"step":1,"intermediate_value":0.5}}"#)
        };
        let torn = format!("{}{}", &TRIAL[..26], report(0));
        for first in [&[torn.as_str()][..], &["{\"op_co", &report(0)]] {
            let (one, two) = (done(0, "0.1"), done(1, "0.2"));
            let lines = [&[STUDY][..], first, &[&one, TRIAL, &two]].concat();
            let (study, problems) = read(&lines);
            let values: Vec<_> = study.trials.iter().map(|t| t.objective()).collect();
            assert_eq!(values, [Some(0.1), Some(0.2)], "{lines:?}");
            assert_eq!(study.trials[0].intermediate, [(1, 0.5)], "{lines:?}");
            assert_eq!(problems.list().len(), 2, "{:?}", problems.list());
        }
        // What a writer left that died is behind no record: nothing is made of it.
        let merged = format!("{}{TRIAL}", &TRIAL[..26]);
        let (study, _) = read(&[STUDY, &merged, &done(0, "0.1"), &done(5, "1")]);
        assert_eq!(study.trials.len(), 1);
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
