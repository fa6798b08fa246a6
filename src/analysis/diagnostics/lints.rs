//! What looks odd about a study or its model, in complete sentences.

use crate::analysis::surrogate::Surrogate;
use crate::gp::Role;
use crate::study::encoding::Axis;
use crate::study::{TrialState, Value};

/// A best value closer than this to an end of its axis hints at a range that is too narrow.
const EDGE: f64 = 0.02;

/// Recent trials that are compared with each other.
const RECENT: usize = 6;

/// Trials without an improvement that are worth a word.
const STAGNANT: usize = 30;

impl Surrogate {
    pub(super) fn lints(&self) -> Vec<String> {
        let mut lints = Vec::new();
        self.at_bounds_lints(&mut lints);
        self.edge_lints(&mut lints);
        self.repetition_lints(&mut lints);
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
                    let name = encoder.parameter(encoder.param_of(input)).name.shown().to_owned();
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

    /// The best trial at an end of a numeric range, with a wider range to try.
    fn edge_lints(&self, lints: &mut Vec<String>) {
        let Some(best) = self.best_point() else { return };
        if self.training().trials.len() < 5 {
            return;
        }
        let encoder = &self.training().encoder;
        for (j, u) in best.iter().enumerate() {
            let Axis::Unit { low, high, log } = *encoder.axis(j) else {
                continue;
            };
            let name = encoder.parameter(encoder.param_of(j)).name.shown();
            let shown = |x: f64| Value::Float(round3(x)).to_string();
            let (end, wider) = if *u <= EDGE {
                let wider = if log {
                    low / (high / low).powf(0.25)
                } else {
                    low - 0.25 * (high - low)
                };
                ("lower", format!("{} … {}", shown(wider), shown(high)))
            } else if *u >= 1.0 - EDGE {
                let wider = if log {
                    high * (high / low).powf(0.25)
                } else {
                    high + 0.25 * (high - low)
                };
                ("upper", format!("{} … {}", shown(low), shown(wider)))
            } else {
                continue;
            };
            lints.push(format!(
                "The best trial is at the {end} end of {name}; a range of {wider} would show whether it goes on."
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

/// Three significant digits.
fn round3(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}
