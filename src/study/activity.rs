//! Parameters that take part for some configurations only: a momentum for one optimizer, the width of a third layer
//! where there are three.
//!
//! A parameter is active where all of its rules hold (and its parents are active); the value of one that is not is
//! [`Value::Inactive`]. Rules are declared in the space file, or learned from the rows: a trial that came to its end
//! without a parameter did not use it. Checked by `tests/conditional.rs`.

use std::collections::HashMap;
use std::fmt;

use super::{Configuration, Domain, Parameter, Space, Trial, TrialState, Value};

/// When a parameter takes part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// All must hold. None: trials show that it is sometimes left out, and nothing says when.
    pub rules: Vec<Rule>,
    /// Whether this was learned from the rows.
    pub inferred: bool,
    /// Parameters with the same number come and go together, where no rule says when.
    pub group: usize,
}

/// A condition on another parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Raw name of the parameter that decides.
    pub parent: super::Label,
    pub when: When,
}

#[derive(Clone, Debug, PartialEq)]
pub enum When {
    OneOf(Vec<Value>),
    AtLeast(f64),
    AtMost(f64),
}

impl When {
    /// Whether a value of the other parameter lets this one take part.
    #[must_use]
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::OneOf(values) => values.contains(value),
            Self::AtLeast(x) => value.as_f64().is_some_and(|v| v >= *x),
            Self::AtMost(x) => value.as_f64().is_some_and(|v| v <= *x),
        }
    }
}

/// "scheduler = cosine or linear", "layers ≥ 2".
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.when {
            When::OneOf(values) => {
                let words: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(f, "{} = {}", self.parent, words.join(" or "))
            }
            When::AtLeast(x) => write!(f, "{} ≥ {x}", self.parent),
            When::AtMost(x) => write!(f, "{} ≤ {x}", self.parent),
        }
    }
}

/// "scheduler = cosine and layers ≥ 2"; "some trials" where no rule is known.
impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return f.write_str("some trials, by no rule that they show");
        }
        let words: Vec<String> = self.rules.iter().map(Rule::to_string).collect();
        f.write_str(&words.join(" and "))
    }
}

/// Whether parameter `i` takes part beside these values, aligned with `params`; `None` where a value that decides is
/// missing. Without a rule: whether it has a value.
#[must_use]
pub fn is_active(params: &[Parameter], value: &dyn Fn(usize) -> Option<Value>, i: usize) -> Option<bool> {
    decide(params, value, i, params.len())
}

fn decide(
    params: &[Parameter],
    value: &dyn Fn(usize) -> Option<Value>,
    i: usize,
    depth: usize,
) -> Option<bool> {
    let Some(activity) = params.get(i)?.activity.as_ref() else {
        return Some(true);
    };
    if activity.rules.is_empty() {
        return Some(value(i).is_some_and(|v| !v.is_inactive()));
    }
    // Rules that go round in a circle are refused when they are declared; this is the belt.
    let depth = depth.checked_sub(1)?;
    for rule in &activity.rules {
        let parent = params.iter().position(|p| p.name == rule.parent)?;
        if !decide(params, value, parent, depth)? {
            return Some(false);
        }
        let decides = value(parent)?;
        if !rule.when.holds(&decides) {
            return Some(false);
        }
    }
    Some(true)
}

impl Space {
    /// Whether any parameter takes part for some configurations only.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.params.iter().any(|p| p.activity.is_some())
    }

    /// Whether parameter `i` takes part beside these values.
    #[must_use]
    pub fn is_active(&self, configuration: &[Value], i: usize) -> bool {
        is_active(&self.params, &|k| configuration.get(k).cloned(), i).unwrap_or(true)
    }

    /// The configuration with what is not active marked so, and a value in the middle for what is and had none.
    #[must_use]
    pub fn settled(&self, configuration: &[Value]) -> Configuration {
        let mut values = configuration.to_vec();
        if !self.is_conditional() {
            return values;
        }
        // A parameter that becomes active may activate others: as often as there are parameters at most.
        for _ in 0..self.params.len() {
            let before = values.clone();
            for (i, p) in self.params.iter().enumerate() {
                let active = self.is_active(&values, i);
                let Some(slot) = values.get_mut(i) else { continue };
                if !active {
                    *slot = Value::Inactive;
                } else if slot.is_inactive() && p.activity.as_ref().is_some_and(|a| !a.rules.is_empty()) {
                    *slot = p.middle();
                }
            }
            if values == before {
                break;
            }
        }
        values
    }

    /// Learns from the rows which parameters take part for some configurations only, and when. Nothing is done where
    /// the space declares it.
    pub fn infer_activity(&mut self, trials: &[std::sync::Arc<Trial>]) {
        if self
            .params
            .iter()
            .any(|p| p.activity.as_ref().is_some_and(|a| !a.inferred))
        {
            return;
        }
        let ended: Vec<&Trial> = trials
            .iter()
            .map(|t| &**t)
            .filter(|t| matches!(t.state, TrialState::Complete | TrialState::Pruned))
            // A row that names no parameter at all says nothing about one.
            .filter(|t| self.params.iter().any(|p| p.of(t).is_some()))
            .collect();
        let mut patterns: HashMap<Vec<bool>, usize> = HashMap::new();
        let mut found = Vec::new();
        for p in &self.params {
            if ended.iter().all(|t| p.of(t).is_some()) {
                found.push(None);
                continue;
            }
            let pattern: Vec<bool> = ended.iter().map(|t| p.of(t).is_some()).collect();
            if !pattern.contains(&true) {
                found.push(None);
                continue;
            }
            let rule = self.explain(p, &ended, &pattern);
            let next = patterns.len();
            let group = *patterns.entry(pattern).or_insert(next);
            found.push(Some(Activity {
                rules: rule.into_iter().collect(),
                inferred: true,
                group,
            }));
        }
        for (p, activity) in self.params.iter_mut().zip(found) {
            p.activity = activity;
        }
        self.break_circles();
    }

    /// The rule on one other parameter that tells the trials with `p` from those without exactly: a choice before a
    /// threshold, and of several the nearest that was asked for before `p`.
    fn explain(&self, p: &Parameter, ended: &[&Trial], pattern: &[bool]) -> Option<Rule> {
        let mut best: Option<((bool, bool, usize), Rule)> = None;
        for parent in self.params.iter().filter(|q| q.column != p.column) {
            let Some(when) = separates(parent, ended, pattern) else {
                continue;
            };
            let is_threshold = !matches!(when, When::OneOf(_));
            let is_later = parent.column > p.column;
            let rank = (is_threshold, is_later, parent.column.abs_diff(p.column));
            if best.as_ref().is_none_or(|(b, _)| rank < *b) {
                let parent = parent.name.clone();
                best = Some((rank, Rule { parent, when }));
            }
        }
        best.map(|(_, rule)| rule)
    }

    /// Two parameters that each seem to decide on the other: neither does.
    fn break_circles(&mut self) {
        for i in 0..self.params.len() {
            let mut at = i;
            for _ in 0..=self.params.len() {
                let rule = self
                    .params
                    .get(at)
                    .and_then(|p| p.activity.as_ref()?.rules.first());
                let Some(parent) = rule.and_then(|r| self.params.iter().position(|q| q.name == r.parent))
                else {
                    break;
                };
                at = parent;
                if at == i {
                    if let Some(activity) = self.params.get_mut(i).and_then(|p| p.activity.as_mut()) {
                        activity.rules.clear();
                    }
                    break;
                }
            }
        }
    }
}

/// What of `parent` tells the rows of a pattern apart.
fn separates(parent: &Parameter, ended: &[&Trial], pattern: &[bool]) -> Option<When> {
    let mut with: Vec<&Value> = Vec::new();
    let mut without: Vec<&Value> = Vec::new();
    for (trial, present) in ended.iter().zip(pattern) {
        match (parent.of(trial), present) {
            (Some(value), true) if !with.contains(&value) => with.push(value),
            (Some(value), false) if !without.contains(&value) => without.push(value),
            (Some(_), _) | (None, false) => {}
            // It is there where its parent is not.
            (None, true) => return None,
        }
    }
    if with.is_empty() || without.is_empty() && with.len() == pattern.len() {
        return None;
    }
    match &parent.domain {
        Domain::Categorical { choices } => {
            let is_clear = !without.is_empty() && with.iter().all(|v| !without.contains(v));
            let values = choices.iter().filter(|c| with.contains(c)).cloned().collect();
            is_clear.then_some(When::OneOf(values))
        }
        // A threshold on a continuum is there for any two rows.
        Domain::Float { step: None, .. } => None,
        Domain::Float { .. } | Domain::Int { .. } => {
            let range = |list: &[&Value]| {
                list.iter()
                    .filter_map(|v| v.as_f64())
                    .fold(None, |range: Option<(f64, f64)>, x| {
                        Some(range.map_or((x, x), |(low, high)| (low.min(x), high.max(x))))
                    })
            };
            let ((low, high), (below, above)) = (range(&with)?, range(&without)?);
            if above < low {
                Some(When::AtLeast(low))
            } else if high < below {
                Some(When::AtMost(high))
            } else {
                None
            }
        }
    }
}
