//! The learning curve of a running trial, on its way into the results file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};

use crate::run::output::Observed;

/// Most points that are kept: a row is written again with every few of them.
const MOST: usize = 512;
/// Time from the first value to the first line.
const FIRST: Duration = Duration::from_millis(300);

/// Values on the way, thinned out where they are many.
#[derive(Debug)]
pub struct Curve {
    points: BTreeMap<u64, f64>,
    began: Instant,
    written: Option<Instant>,
    is_changed: bool,
}

impl Curve {
    pub fn new() -> Self {
        Self {
            points: BTreeMap::new(),
            began: Instant::now(),
            written: None,
            is_changed: false,
        }
    }

    pub fn add(&mut self, point: Observed) {
        self.is_changed = true;
        self.points.insert(point.step, point.value);
        if self.points.len() > MOST {
            let last = self.points.last_key_value().map(|(step, _)| *step);
            let mut keep = false;
            self.points.retain(|step, _| {
                keep = !keep;
                keep || Some(*step) == last
            });
        }
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether it is time to write: a curve of hours is written a few hundred times, not at each value.
    pub fn is_due(&self) -> bool {
        let gap = match self.written {
            None => return self.is_changed,
            Some(at) => at.elapsed(),
        };
        self.is_changed && gap >= FIRST.max(self.began.elapsed() / 20)
    }

    pub fn written(&mut self) {
        self.written = Some(Instant::now());
        self.is_changed = false;
    }

    /// `{"step": value}`; what JSON cannot hold is written as a word.
    pub fn to_json(&self) -> Json {
        let points: Map<String, Json> = self
            .points
            .iter()
            .map(|(step, value)| {
                let value = if value.is_finite() {
                    json!(value)
                } else {
                    json!(value.to_string())
                };
                (step.to_string(), value)
            })
            .collect();
        Json::Object(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_is_thinned_and_keeps_its_ends() {
        let mut curve = Curve::new();
        for step in 0..10_000 {
            curve.add(Observed { step, value: 0.5 });
        }
        assert!(curve.points.len() <= MOST && curve.points.len() >= MOST / 2);
        assert!(curve.points.contains_key(&0) && curve.points.contains_key(&9_999));
        curve.add(Observed {
            step: 10_000,
            value: f64::NAN,
        });
        assert_eq!(curve.to_json()["10000"], "NaN");
        assert!(curve.is_due());
        curve.written();
        assert!(!curve.is_due());
    }
}
