//! What looks odd about a study or its model, in complete sentences.

use super::Edge;
use crate::analysis::surrogate::{Partial, Surrogate};
use crate::gp::Role;
use crate::study::number::significant;
use crate::study::{Domain, TrialState, Value};

/// Recent trials that are compared with each other.
const RECENT: usize = 6;

/// Trials closer than this in the unit cube are at one place.
const CROWD: f64 = 0.1;

/// Trials without an improvement that are worth a word.
const STAGNANT: usize = 30;

impl Surrogate {
    pub(super) fn lints(&self, edges: &[Edge]) -> Vec<String> {
        let mut lints = Vec::new();
        self.at_bounds_lints(&mut lints);
        self.edge_lints(edges, &mut lints);
        self.repetition_lints(&mut lints);
        self.failure_lint(&mut lints);
        self.pruned_lint(&mut lints);
        self.stagnation_lint(&mut lints);
        lints
    }

    fn at_bounds_lints(&self, lints: &mut Vec<String>) {
        let encoder = &self.training().encoder;
        for bound in self.at_bounds() {
            match bound.role {
                Role::Lengthscale { input, .. } | Role::MismatchLengthscale { input, .. }
                    if input < encoder.dims() =>
                {
                    let name = crate::study::Label::new(encoder.input_name(input));
                    lints.push(if bound.upper {
                        format!("The lengthscale of {name} is at its upper bound: {name} seems not to matter.")
                    } else {
                        format!(
                            "The lengthscale of {name} is at its lower bound: the values change faster along {name} \
                             than the trials can show."
                        )
                    });
                }
                Role::Noise if !bound.upper => {
                    lints.push("The noise is at its floor: the model takes every value as exact.".to_owned())
                }
                Role::Noise => lints.push(
                    "The noise is at its upper bound: the model takes the values for noise alone.".to_owned(),
                ),
                _ => {}
            }
        }
    }

    /// The best trial at an end of a range, with a wider one to try.
    fn edge_lints(&self, edges: &[Edge], lints: &mut Vec<String>) {
        for edge in edges {
            let parameter = self.training().encoder.parameter(edge.param);
            let name = parameter.name.shown();
            let is_integer = matches!(parameter.domain, Domain::Int { .. });
            let shown = |x: f64| match is_integer {
                true => format!("{x:.0}"),
                false => significant(x, 3),
            };
            let end = if edge.upper { "upper" } else { "lower" };
            let (low, high) = (shown(edge.low), shown(edge.high));
            lints.push(format!(
                "The best trial is at the {end} end of {name}; a range of {low} … {high} would show whether it goes on."
            ));
        }
    }

    fn repetition_lints(&self, lints: &mut Vec<String>) {
        let finished: Vec<_> = self
            .study
            .trials
            .iter()
            .filter(|t| t.state.is_finished())
            .rev()
            .take(RECENT)
            .collect();
        if finished.len() < RECENT {
            return;
        }
        for (state, word) in [(TrialState::Pruned, "pruned"), (TrialState::Failed, "failed")] {
            if finished.iter().all(|t| t.state == state) {
                lints.push(format!("The last {RECENT} finished trials were all {word}."));
            }
        }
        let points: Vec<Vec<f64>> = finished
            .iter()
            .filter_map(|t| self.study.space.configuration_of(t))
            .filter_map(|c| self.training().point(&c).ok())
            .collect();
        let near = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).all(|(x, y)| (x - y).abs() < 0.01);
        if points.len() == RECENT && points[1..].iter().all(|p| near(p, &points[0])) {
            lints.push(format!(
                "The last {RECENT} trials are nearly identical: the search stands at one place."
            ));
        }
    }

    /// What the failed trials have in common, and that the model counts them.
    fn failure_lint(&self, lints: &mut Vec<String>) {
        let Some((failed, passed)) = self.failures() else {
            return;
        };
        let all = failed + passed;
        let told = match self.common_to_failures() {
            Some(words) if failed > 1 => format!("{failed} of {all} trials failed, all with {words}"),
            Some(words) => format!("{failed} of {all} trials failed, with {words}"),
            None => format!("{failed} of {all} trials failed"),
        };
        lints.push(format!(
            "{told}; P(ok), the chance to come through, weighs the acquisition."
        ));
    }

    /// The half-line or choice that holds all failed trials and the smallest share of the others, where that is less
    /// than a third.
    fn common_to_failures(&self) -> Option<String> {
        let training = self.training();
        let (failed, passed) = (&training.failed_points, &training.passed_points);
        let encoder = &training.encoder;
        let mut best: Option<(f64, String)> = None;
        for j in 0..encoder.own_dims() {
            let parameter = encoder.parameter(encoder.param_of(j));
            let name = parameter.name.shown();
            let at = |u: f64| {
                let mut point = failed.first().cloned().unwrap_or_default();
                if let Some(slot) = point.get_mut(j) {
                    *slot = u;
                }
                let value = encoder.decode(&point).swap_remove(encoder.param_of(j));
                // A whole number is told to its last digit.
                match value {
                    Value::Float(x) => Value::Float(round3(x)),
                    other => other,
                }
            };
            let low = failed.iter().map(|p| p[j]).fold(f64::INFINITY, f64::min);
            let high = failed.iter().map(|p| p[j]).fold(f64::NEG_INFINITY, f64::max);
            let candidates: Vec<(usize, String)> = if encoder.axis(j).is_category() {
                if low < high {
                    continue;
                }
                let among = passed.iter().filter(|p| p[j] == low).count();
                vec![(among, format!("{name} = {}", at(low)))]
            } else {
                vec![
                    (
                        passed.iter().filter(|p| p[j] >= low).count(),
                        format!("{name} ≥ {}", at(low)),
                    ),
                    (
                        passed.iter().filter(|p| p[j] <= high).count(),
                        format!("{name} ≤ {}", at(high)),
                    ),
                ]
            };
            for (among, words) in candidates {
                #[expect(clippy::cast_precision_loss, reason = "counts")]
                let share = among as f64 / passed.len().max(1) as f64;
                if share < 1.0 / 3.0 && best.as_ref().is_none_or(|(b, _)| share < *b) {
                    best = Some((share, words));
                }
            }
        }
        best.map(|(_, words)| words)
    }

    /// Where pruned trials crowd, and what they count as.
    fn pruned_lint(&self, lints: &mut Vec<String>) {
        let training = self.training();
        let pruned: Vec<&Partial> = training.partial.iter().filter(|p| !p.is_running).collect();
        let scales = vec![1.0; training.encoder.dims()];
        let near = |a: &Partial| -> Vec<&Partial> {
            let close = |b: &&&Partial| training.square_distance(&scales, &a.point, &b.point) < CROWD * CROWD;
            pruned.iter().filter(close).copied().collect()
        };
        let crowd = pruned
            .iter()
            .map(|p| near(p))
            .max_by_key(Vec::len)
            .unwrap_or_default();
        let Some(first) = crowd.first().filter(|_| crowd.len() >= RECENT) else {
            return;
        };
        let place: Vec<String> = training
            .encoder
            .decode(&first.point)
            .iter()
            .zip(&self.study.space.params)
            .map(|(value, p)| {
                let value = match value {
                    Value::Float(x) => significant(*x, 3),
                    other => other.to_string(),
                };
                format!("{} {value}", p.name.shown())
            })
            .collect();
        let mut values: Vec<f64> = crowd.iter().map(|p| p.promise.value).collect();
        values.sort_by(f64::total_cmp);
        lints.push(format!(
            "{} pruned trials around {}: counted as {} ± {}.",
            crowd.len(),
            place.join(", "),
            Value::Float(round4(values[values.len() / 2])),
            Value::Float(round2(first.promise.sd)),
        ));
    }

    fn stagnation_lint(&self, lints: &mut Vec<String>) {
        let Some(best) = self.study.best() else { return };
        let since = self.study.trials[best + 1..]
            .iter()
            .filter(|t| t.state.is_finished())
            .count();
        if since >= STAGNANT {
            lints.push(format!("The best value has stood for {since} finished trials."));
        }
    }
}

/// Two significant digits.
fn round2(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// Three significant digits.
fn round3(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

/// Four significant digits.
fn round4(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}
