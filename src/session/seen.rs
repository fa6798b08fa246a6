//! What the person saw last of a study, and what is new since.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::kept::Named;
use super::model::Model;
use super::nudge::position_of;
use crate::analysis::{Importance, Suggestion, Verdict};
use crate::study::number::significant;
use crate::study::{Study, Value};

/// A suggestion that moved by less than this share of every axis stands where it stood.
const MOVED: f64 = 0.02;

/// A study as it was when somebody looked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Seconds since the epoch.
    pub when: f64,
    /// Trials that were over, and how many of them had failed.
    pub over: usize,
    pub failed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<SeenBest>,
    /// What was suggested, by the names of the parameters.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub suggestion: Named,
    /// The parameter that mattered most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// The verdict on the model, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenBest {
    pub trial: String,
    pub value: f64,
}

/// What there is to be seen, wherever it was computed.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub study: &'a Study,
    pub suggestion: Option<&'a Suggestion>,
    pub importance: Option<&'a Importance>,
    pub verdict: Option<Verdict>,
}

/// What is new, for people ([`Changes::words`]) and for scripts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Changes {
    /// Trials that ended meanwhile, and how many of them failed.
    pub trials: usize,
    pub failed: usize,
    pub new_best: Option<NewBest>,
    /// Parameters along which the suggestion moved, the farthest first.
    pub suggestion_moved: Vec<Move>,
    /// The parameter that matters most, where it is another one: before and now.
    pub matters_most: Option<[String; 2]>,
    /// The verdict on the model, where it is another one: before and now.
    pub verdict: Option<[String; 2]>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewBest {
    pub trial: String,
    pub value: f64,
    pub before: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    pub param: String,
    pub before: Json,
    pub now: Json,
}

impl Seen {
    #[must_use]
    pub fn of(view: View<'_>, when: f64) -> Self {
        let study = view.study;
        let counts = study.counts();
        let best = study.best().and_then(|i| study.trials.get(i));
        let leader = view.importance.and_then(|i| i.shares.first());
        Self {
            when,
            over: counts.complete + counts.pruned + counts.failed,
            failed: counts.failed,
            best: best.and_then(|t| {
                Some(SeenBest {
                    trial: t.id.to_string(),
                    value: t.objective().filter(|v| v.is_finite())?,
                })
            }),
            suggestion: view
                .suggestion
                .map(|s| study.space.configuration_to_json(&s.configuration))
                .unwrap_or_default(),
            leader: leader
                .and_then(|s| study.space.params.get(s.param))
                .map(|p| p.name.to_string()),
            verdict: view.verdict.map(|v| v.word().to_owned()),
        }
    }

    /// What is new in `now` since this was seen. Where the study was begun anew, everything is.
    #[must_use]
    pub fn changes(&self, now: &Self, study: &Study) -> Changes {
        let began_anew = now.over < self.over;
        // The best of then may be infeasible by the constraints of now.
        let is_ruled_out = |old: &SeenBest| {
            let mut same = study.trials.iter().filter(|t| t.id.to_string() == old.trial);
            same.any(|t| study.is_feasible(t) == Some(false))
        };
        let before = self.best.as_ref().filter(|old| !is_ruled_out(old));
        let is_better = |best: &SeenBest| {
            let before = before.filter(|_| !began_anew);
            before.is_none_or(|old| study.direction().is_better(best.value, old.value))
        };
        Changes {
            trials: if began_anew {
                now.over
            } else {
                now.over - self.over
            },
            failed: if began_anew {
                now.failed
            } else {
                now.failed.saturating_sub(self.failed)
            },
            new_best: now.best.as_ref().filter(|b| is_better(b)).map(|best| NewBest {
                trial: best.trial.clone(),
                value: best.value,
                before: before.map(|b| b.value),
            }),
            suggestion_moved: self.moved(now, study),
            matters_most: both(&self.leader, &now.leader),
            verdict: both(&self.verdict, &now.verdict),
        }
    }

    fn moved(&self, now: &Self, study: &Study) -> Vec<Move> {
        let mut moves: Vec<(f64, Move)> = study
            .space
            .params
            .iter()
            .filter_map(|p| {
                let (old, new) = (
                    self.suggestion.get(p.name.raw())?,
                    now.suggestion.get(p.name.raw())?,
                );
                let place = |v: &Json| position_of(p, &Value::from_json(v)?);
                let by = match (place(old), place(new)) {
                    (Some(a), Some(b)) if !p.is_categorical() => (a - b).abs(),
                    _ => f64::from(u8::from(old != new)),
                };
                let step = Move {
                    param: p.name.to_string(),
                    before: old.clone(),
                    now: new.clone(),
                };
                (by > MOVED).then_some((by, step))
            })
            .collect();
        moves.sort_by(|a, b| b.0.total_cmp(&a.0));
        moves.into_iter().map(|(_, m)| m).collect()
    }
}

/// Both words, where both are known and differ.
fn both(before: &Option<String>, now: &Option<String>) -> Option<[String; 2]> {
    match (before, now) {
        (Some(a), Some(b)) if a != b => Some([a.clone(), b.clone()]),
        _ => None,
    }
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is new, the most important first, a phrase each.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(best) = &self.new_best {
            let was = best
                .before
                .map_or_else(String::new, |b| format!(", was {}", significant(b, 5)));
            out.push(format!(
                "new best {} (trial {}{was})",
                significant(best.value, 5),
                best.trial
            ));
        }
        if self.trials > 0 {
            let failed = match self.failed {
                0 => String::new(),
                n => format!(" ({n} failed)"),
            };
            let word = if self.trials == 1 { "trial" } else { "trials" };
            out.push(format!("{} more {word}{failed}", self.trials));
        }
        if let Some(first) = self.suggestion_moved.first() {
            let more = match self.suggestion_moved.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            out.push(format!(
                "suggestion moved: {} {} → {}{more}",
                first.param,
                shown(&first.before),
                shown(&first.now)
            ));
        }
        if let Some([before, now]) = &self.matters_most {
            out.push(format!("{now} matters most, not {before}"));
        }
        if let Some([before, now]) = &self.verdict {
            out.push(format!("model {now}, was {before}"));
        }
        out
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => crate::study::label::scrub(text),
        Json::Number(n) if n.is_f64() => significant(n.as_f64().unwrap_or(f64::NAN), 3),
        other => other.to_string(),
    }
}

/// What a session knows of the last look, and what it tells about it.
#[derive(Clone, Debug, Default)]
pub struct LastLook {
    /// The study that was asked about, and what was seen of it, once the answer has come.
    pub before: Option<(String, Option<Box<Seen>>)>,
    /// Whether it was compared with what there is now.
    pub is_told: bool,
    /// What is new, while it is on screen.
    pub digest: Option<Digest>,
    /// Seconds since the epoch of the look that was written down last.
    pub written: Option<f64>,
}

/// "since you last looked, 2 h ago" with its phrases.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// Seconds since the epoch of the last look.
    pub looked: f64,
    pub phrases: Vec<String>,
    /// Since when it is on screen.
    pub since: f64,
}

impl Model {
    /// The study as it is seen now; `None` while something of it is still being worked out.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        let has_model = self.surrogate.is_some();
        let is_whole =
            !has_model || (self.trust.is_some() && self.importance.is_some() && self.suggestions.is_some());
        let is_settled = !matches!(self.fit, super::model::FitStatus::Fitting { .. });
        (is_whole && is_settled && !self.study.trials.is_empty() && !self.lens.is_on()).then(|| {
            let view = View {
                study: &self.study,
                suggestion: self.suggestion().filter(|s| s.prediction.is_some()),
                importance: self.importance.as_ref().map(|i| &i.value),
                verdict: self.trust.as_ref().map(|t| t.value.verdict),
            };
            Seen::of(view, self.now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Constraint, Direction, Domain, Label, Parameter, Place, Space, Trial, TrialId};
    use std::sync::Arc;

    fn study() -> Study {
        let mut study = Study::empty();
        study.directions = vec![Direction::Minimize];
        let domain = Domain::Float {
            low: 1e-5,
            high: 1e-1,
            log: true,
            step: None,
        };
        study.space = Space {
            params: vec![Parameter::new(Label::new("lr"), 0, domain).unwrap()],
            inferred: false,
        };
        study
    }

    fn seen(over: usize, best: f64, lr: f64) -> Seen {
        Seen {
            over,
            best: Some(SeenBest {
                trial: over.to_string(),
                value: best,
            }),
            suggestion: Named::from_iter([("lr".to_owned(), lr.into())]),
            leader: Some("lr".to_owned()),
            verdict: Some("good".to_owned()),
            ..Seen::default()
        }
    }

    #[test]
    fn what_is_new_is_told_the_most_important_first() {
        let before = seen(10, 0.5, 0.001);
        let now = Seen {
            failed: 1,
            leader: Some("dropout".to_owned()),
            verdict: Some("weak".to_owned()),
            ..seen(14, 0.25, 0.01)
        };
        assert_eq!(
            before.changes(&now, &study()).words(),
            [
                "new best 0.25 (trial 14, was 0.5)",
                "4 more trials (1 failed)",
                "suggestion moved: lr 0.001 → 0.01",
                "dropout matters most, not lr",
                "model weak, was good",
            ]
        );
    }

    #[test]
    fn a_best_that_a_constraint_rules_out_since_is_none_to_beat() {
        let mut study = study();
        study.trials = vec![Arc::new(Trial {
            constraints: [0.5].into(),
            ..Trial::new(TrialId::Number(10))
        })];
        let best = |study: &Study| {
            let changes = seen(10, 0.5, 0.001).changes(&seen(14, 0.75, 0.001), study);
            changes.new_best.map(|b| (b.trial, b.before))
        };
        assert_eq!(best(&study), None);
        study.constraints = vec![Constraint {
            place: Place::Told(0),
            ..Constraint::parse("gb<=0").unwrap()
        }];
        assert_eq!(best(&study), Some(("14".to_owned(), None)));
    }

    #[test]
    fn what_stands_where_it_stood_is_no_news() {
        let before = seen(10, 0.5, 0.001);
        assert!(before.changes(&before.clone(), &study()).is_empty());
        // A hundredth of a decade is no move, and a worse value no new best.
        let now = seen(11, 0.6, 0.001_02);
        assert_eq!(before.changes(&now, &study()).words(), ["1 more trial"]);
    }

    #[test]
    fn a_study_that_began_anew_is_all_new() {
        let now = seen(3, 0.9, 0.001);
        let words = seen(10, 0.5, 0.001).changes(&now, &study()).words();
        assert_eq!(words, ["new best 0.9 (trial 3, was 0.5)", "3 more trials"]);
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&seen(10, 0.5, 0.001)).unwrap();
        assert_eq!(serde_json::from_str::<Seen>(&text).unwrap(), seen(10, 0.5, 0.001));
        assert_eq!(serde_json::from_str::<Seen>("{}").unwrap(), Seen::default());
    }
}
