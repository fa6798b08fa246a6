//! The filter language of the trial table.
//!
//! ```text
//! filter := all ("or" all)*            all := term+            term := ["-" | "!" | "not"] test
//! test   := NAME OP VALUE | has:NAME | WORD
//! OP     := = != < <= > >= ~           (~: contains)
//! ```
//! `NAME` is `value`, `state`, `id`, `seconds`, a measurement that is constrained, or a parameter: its whole name, or any part
//! that fits one parameter only (`lr`, `rate`). A bare word matches trials with that text in a state, an id or a value;
//! where there are constraints, `feasible` and `infeasible` match the trials that are.

use crate::study::{Study, Trial, Value};

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Any of these.
    Or(Vec<Filter>),
    /// All of these; empty: everything.
    And(Vec<Filter>),
    Not(Box<Filter>),
    Has(Subject),
    Test {
        subject: Subject,
        operator: Operator,
        value: String,
    },
    Word(String),
}

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Value,
    State,
    Id,
    Seconds,
    /// Index into `Study::constraints`: what is measured of it.
    Constraint(usize),
    /// Index into `Study::columns`.
    Column(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

/// The operators as they are written; longer ones first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Operator); 8] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("==", Operator::Equal),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Contains),
];

impl Filter {
    /// Parses a filter against the columns of a study.
    ///
    /// # Errors
    /// A sentence: an unknown or ambiguous name, a comparison with something that is no number.
    pub fn parse(text: &str, study: &Study) -> Result<Self, String> {
        let mut any = Vec::new();
        let mut all = Vec::new();
        let mut negate = false;
        for token in tokens(text) {
            match token.as_str() {
                "or" | "OR" | "||" | "|" => any.push(Self::And(std::mem::take(&mut all))),
                "and" | "AND" | "&&" => {}
                "not" | "NOT" | "!" => negate = !negate,
                _ => {
                    let (flip, body) = match token.strip_prefix(['-', '!']) {
                        Some(rest) if !rest.is_empty() && rest.parse::<f64>().is_err() => (true, rest),
                        _ => (false, token.as_str()),
                    };
                    let term = Self::term(body, study)?;
                    all.push(if flip != negate {
                        Self::Not(Box::new(term))
                    } else {
                        term
                    });
                    negate = false;
                }
            }
        }
        if any.is_empty() {
            return Ok(Self::And(all));
        }
        any.push(Self::And(all));
        Ok(Self::Or(any))
    }

    fn term(text: &str, study: &Study) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("has:") {
            return Ok(Self::Has(subject(name, study)?));
        }
        let Some((at, written, operator)) = OPERATORS
            .iter()
            .filter_map(|(s, op)| text.find(s).map(|at| (at, *s, *op)))
            .min_by_key(|(at, s, _)| (*at, std::cmp::Reverse(s.len())))
        else {
            return Ok(Self::Word(text.to_lowercase()));
        };
        let subject = subject(&text[..at], study)?;
        let value = text[at + written.len()..].trim_matches('"').to_owned();
        if value.is_empty() {
            return Err(format!("{text}: give a value after {written}"));
        }
        let ordered = !matches!(
            operator,
            Operator::Equal | Operator::NotEqual | Operator::Contains
        );
        if ordered && value.parse::<f64>().is_err() {
            return Err(format!("{value} is not a number; {written} compares numbers"));
        }
        Ok(Self::Test {
            subject,
            operator,
            value,
        })
    }

    /// Whether a trial passes.
    #[must_use]
    pub fn matches(&self, trial: &Trial, study: &Study) -> bool {
        match self {
            Self::Or(any) => any.iter().any(|f| f.matches(trial, study)),
            Self::And(all) => all.iter().all(|f| f.matches(trial, study)),
            Self::Not(inner) => !inner.matches(trial, study),
            Self::Has(subject) => text_of(trial, *subject, study).is_some(),
            Self::Test {
                subject,
                operator,
                value,
            } => test((trial, study), *subject, *operator, value),
            Self::Word(word)
                if !study.constraints.is_empty() && matches!(word.as_str(), "feasible" | "infeasible") =>
            {
                study.is_feasible(trial) == Some(word == "feasible")
            }
            Self::Word(word) => {
                trial.state.word().contains(word.as_str())
                    || trial.id.to_string().to_lowercase() == *word
                    || trial.params.iter().flatten().any(|v| match v {
                        Value::Text(t) => t.shown().to_lowercase().contains(word.as_str()),
                        other => other.to_string().to_lowercase() == *word,
                    })
            }
        }
    }
}

/// Splits at spaces outside of double quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
            current.push(c);
        } else if c.is_whitespace() && !quoted {
            if !current.is_empty() {
                out.push(std::mem::take(&mut current));
            }
        } else {
            current.push(c);
        }
    }
    if !current.is_empty() {
        out.push(current);
    }
    out
}

/// The column whose name is `name`, or the only one that contains it (any case).
///
/// # Errors
/// A sentence that lists the candidates.
pub fn column(name: &str, study: &Study) -> Result<usize, String> {
    if let Some(exact) = study.columns.iter().position(|c| c == name) {
        return Ok(exact);
    }
    let wanted = name.to_lowercase();
    let initials = |c: &str| {
        c.split(['_', '.', '/', '-'])
            .filter_map(|p| p.chars().next())
            .collect::<String>()
    };
    let find = |f: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..study.columns.len())
            .filter(|i| f(&study.columns[*i].shown().to_lowercase()))
            .collect()
    };
    for found in [find(&|c| initials(c) == wanted), find(&|c| c.contains(&wanted))] {
        match found.as_slice() {
            [one] => return Ok(*one),
            [] => {}
            several => {
                let names: Vec<&str> = several.iter().map(|i| study.columns[*i].shown()).collect();
                return Err(format!(
                    "{name} could be {}; type more of the name",
                    names.join(" or ")
                ));
            }
        }
    }
    let names: Vec<&str> = study.columns.iter().map(|c| c.shown()).collect();
    Err(format!(
        "there is no parameter {name}; there are {}",
        names.join(", ")
    ))
}

fn subject(name: &str, study: &Study) -> Result<Subject, String> {
    Ok(match name {
        "state" => Subject::State,
        "value" => Subject::Value,
        "id" | "number" | "trial" => Subject::Id,
        "seconds" | "time" => Subject::Seconds,
        _ if study.metric == *name => Subject::Value,
        _ if let Some(at) = study.constraints.iter().position(|c| c.name == *name) => Subject::Constraint(at),
        _ => Subject::Column(column(name, study)?),
    })
}

fn number_of(trial: &Trial, subject: Subject, study: &Study) -> Option<f64> {
    match subject {
        Subject::Value => trial.values.first().copied(),
        Subject::State => None,
        #[expect(clippy::cast_precision_loss, reason = "ids are small")]
        Subject::Id => match &trial.id {
            crate::study::TrialId::Number(n) => Some(*n as f64),
            crate::study::TrialId::Text(t) => t.raw().parse().ok(),
        },
        Subject::Seconds => trial.seconds,
        Subject::Constraint(at) => study.constraints.get(at)?.of(trial),
        Subject::Column(c) => trial.param(c).and_then(|v| match v {
            Value::Text(t) => t.raw().parse().ok(),
            other => other.as_f64(),
        }),
    }
}

fn text_of(trial: &Trial, subject: Subject, study: &Study) -> Option<String> {
    match subject {
        Subject::State => Some(trial.state.word().to_owned()),
        Subject::Id => Some(trial.id.to_string()),
        Subject::Column(c) => trial.param(c).map(|v| v.to_string().to_lowercase()),
        Subject::Value | Subject::Seconds | Subject::Constraint(_) => {
            number_of(trial, subject, study).map(|x| x.to_string())
        }
    }
}

fn test((trial, study): (&Trial, &Study), subject: Subject, operator: Operator, value: &str) -> bool {
    let wanted = value.parse::<f64>().ok();
    let number = number_of(trial, subject, study);
    let equal = || match (number, wanted) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
        _ => text_of(trial, subject, study).is_some_and(|t| t == value.to_lowercase()),
    };
    let compare = |f: fn(f64, f64) -> bool| number.zip(wanted).is_some_and(|(a, b)| f(a, b));
    match operator {
        Operator::Equal => equal(),
        Operator::NotEqual => !equal(),
        Operator::Less => compare(|a, b| a < b),
        Operator::LessOrEqual => compare(|a, b| a <= b),
        Operator::Greater => compare(|a, b| a > b),
        Operator::GreaterOrEqual => compare(|a, b| a >= b),
        Operator::Contains => {
            text_of(trial, subject, study).is_some_and(|t| t.contains(&value.to_lowercase()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Constraint, Place, TrialId, TrialState};

    fn study() -> Study {
        let mut study = Study::empty();
        study.columns = vec!["learning_rate".into(), "batch_size".into(), "scheduler".into()];
        study
    }

    fn trial(lr: f64, batch: i64, scheduler: &str, state: TrialState) -> Trial {
        Trial {
            state,
            params: vec![
                Some(Value::Float(lr)),
                Some(Value::Int(batch)),
                Some(Value::Text(scheduler.into())),
            ],
            values: vec![0.5],
            ..Trial::new(TrialId::Number(7))
        }
    }

    #[test]
    fn comparisons_words_negation_and_alternatives_select_rows() {
        let t = trial(3e-4, 32, "cosine", TrialState::Complete);
        for (text, expected) in [
            ("", true),
            ("lr<1e-3 state=complete", true),
            ("lr>1e-3", false),
            ("learning_rate<=3e-4 batch_size!=16", true),
            ("sched=cosine", true),
            ("-sched=cosine", false),
            ("not sched=linear", true),
            ("lr>1 or value<1", true),
            ("cos", true),
            ("id=7", true),
            ("has:seconds", false),
            ("scheduler~sin", true),
        ] {
            assert_eq!(
                Filter::parse(text, &study()).unwrap().matches(&t, &study()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_constrained_can_be_asked_for() {
        let mut study = study();
        study.constraints = vec![Constraint {
            place: Place::Told(0),
            ..Constraint::parse("peak_gb<=24").unwrap()
        }];
        let t = Trial {
            constraints: [30.0].into(),
            ..trial(3e-4, 32, "cosine", TrialState::Complete)
        };
        for (text, expected) in [
            ("peak_gb>24", true),
            ("peak_gb<=24", false),
            ("has:peak_gb", true),
            ("infeasible", true),
            ("feasible", false),
            ("-infeasible", false),
            ("state=complete infeasible", true),
        ] {
            let filter = Filter::parse(text, &study).unwrap();
            assert_eq!(filter.matches(&t, &study), expected, "{text}");
        }
        // Elsewhere it is a word like any other.
        study.constraints.clear();
        assert!(!Filter::parse("infeasible", &study).unwrap().matches(&t, &study));
    }

    #[test]
    fn mistakes_are_told_in_a_sentence() {
        assert!(
            Filter::parse("depth<3", &study())
                .unwrap_err()
                .contains("learning_rate")
        );
        assert!(
            Filter::parse("lr<many", &study())
                .unwrap_err()
                .contains("not a number")
        );
        assert!(Filter::parse("a<3", &study()).unwrap_err().contains("could be"));
    }
}
