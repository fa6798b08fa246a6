//! Which trials the model learns from, and as which rows.

use nalgebra::DMatrix;

use crate::analysis::curves::{Curves, Promise};
use crate::gp::InputKind;
use crate::study::encoding::Axis;
use crate::study::{Configuration, Encoder, Study, Trial, TrialId, TrialState};

/// Rows of a study in the coordinates of the model.
#[derive(Clone, Debug)]
pub struct Training {
    pub encoder: Encoder,
    pub kinds: Vec<InputKind>,
    /// Indices into `Study::trials`, one a row.
    pub trials: Vec<usize>,
    /// Inputs, one row a trial.
    pub x: DMatrix<f64>,
    /// `g = s·y`, one a row: larger is better.
    pub g: Vec<f64>,
    sign: f64,
    pub left_out: Vec<(TrialId, String)>,
    /// Pruned and running trials that have reported, with what their curves promise.
    pub partial: Vec<Partial>,
    /// Every trial with a coordinate for each parameter: its index into `Study::trials` and its point. Empty where the
    /// study has no constraints.
    pub points: Vec<(usize, Vec<f64>)>,
    /// Running trials, and waiting ones with every parameter fixed.
    pub pending: Vec<Vec<f64>>,
    /// Every configuration that must not be proposed again: trials in any state.
    pub seen: Vec<Vec<f64>>,
    /// Where trials failed: in that state, complete without a finite value, or pruned at one that is not finite.
    pub failed_points: Vec<Vec<f64>>,
    /// Where trials came through: complete or pruned with finite values.
    pub passed_points: Vec<Vec<f64>>,
    /// 1 and the failures among the last ten outcomes.
    pub caution: f64,
}

/// Outcomes that decide on the caution.
const RECENT: usize = 10;

/// At most so many unfinished trials are learned from, the latest.
const MOST_PARTIAL: usize = 256;

/// A trial without a final value, as a row with a noise of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// Index into `Study::trials`.
    pub trial: usize,
    pub point: Vec<f64>,
    pub is_running: bool,
    /// In the user's units.
    pub promise: Promise,
}

impl Training {
    /// Complete trials with a finite value and a coordinate for every parameter; the others are listed
    /// with a reason. With `curves`, pruned and running trials enter by what they have reported.
    pub fn of(study: &Study, encoder: Encoder, curves: bool) -> Self {
        let kinds = encoder.axes().map(kind_of).collect();
        let sign = study.direction().sign();
        let mut this = Self {
            kinds,
            trials: Vec::new(),
            x: DMatrix::zeros(0, encoder.dims()),
            g: Vec::new(),
            sign,
            left_out: Vec::new(),
            partial: Vec::new(),
            points: Vec::new(),
            pending: Vec::new(),
            seen: Vec::new(),
            failed_points: Vec::new(),
            passed_points: Vec::new(),
            caution: 1.0,
            encoder,
        };
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut outcomes: Vec<bool> = Vec::new();
        let is_unfinished = |t: &Trial| matches!(t.state, TrialState::Pruned | TrialState::Running);
        let wanted = curves && study.trials.iter().any(|t| is_unfinished(t));
        let mut curves = wanted.then(|| Curves::of(study));
        for (index, trial) in study.trials.iter().enumerate() {
            let point = point_of(study, &this.encoder, trial);
            if let Ok(point) = &point {
                if !study.constraints.is_empty() {
                    this.points.push((index, point.clone()));
                }
                if inside(&this.encoder, point) {
                    this.seen.push(point.clone());
                }
                if trial.is_pending() {
                    this.pending.push(point.clone());
                }
                match outcome(trial) {
                    Some(Outcome::Failed) => this.failed_points.push(point.clone()),
                    Some(Outcome::Passed) => this.passed_points.push(point.clone()),
                    None => {}
                }
                outcomes.extend(outcome(trial).map(|o| matches!(o, Outcome::Failed)));
            }
            let promise = curves.as_mut().and_then(|c| promise(c, trial));
            if let (Some(promise), Ok(point)) = (promise, &point) {
                this.partial.push(Partial {
                    trial: index,
                    point: point.clone(),
                    is_running: trial.state == TrialState::Running,
                    promise,
                });
                continue;
            }
            match usable(trial, point) {
                Ok(Some((point, value))) => {
                    this.trials.push(index);
                    this.g.push(sign * value);
                    rows.push(point);
                }
                Ok(None) => {}
                Err(why) => this.left_out.push((trial.id.clone(), why)),
            }
        }
        let recent = outcomes.iter().rev().take(RECENT).filter(|failed| **failed);
        #[expect(clippy::cast_precision_loss, reason = "at most ten")]
        {
            this.caution = 1.0 + recent.count() as f64;
        }
        let surplus = this.partial.len().saturating_sub(MOST_PARTIAL);
        for early in this.partial.drain(..surplus) {
            if !early.is_running {
                let id = study.trials[early.trial].id.clone();
                let why = format!("it was pruned, and the latest {MOST_PARTIAL} such trials are enough");
                this.left_out.push((id, why));
            }
        }
        let d = this.encoder.dims();
        this.x = DMatrix::from_fn(rows.len(), d, |i, j| rows[i][j]);
        this
    }

    /// The outputs that the transform is made for: of complete trials, and what pruned ones promise.
    pub fn known_outputs(&self) -> Vec<f64> {
        let pruned = self.partial.iter().filter(|p| !p.is_running);
        let sign = self.sign;
        self.g
            .iter()
            .copied()
            .chain(pruned.map(|p| sign * p.promise.value))
            .collect()
    }

    /// Puts observation `order[k]` at place `k`.
    pub fn reorder(&mut self, order: &[usize]) {
        self.x = self.x.select_rows(order);
        self.g = order.iter().map(|&k| self.g[k]).collect();
        self.trials = order.iter().map(|&k| self.trials[k]).collect();
    }

    /// Squared distance in lengthscales; a category that differs counts as 1 divided by its lengthscale.
    pub fn square_distance(&self, scales: &[f64], a: &[f64], b: &[f64]) -> f64 {
        a.iter()
            .zip(b)
            .zip(scales)
            .enumerate()
            .map(|(j, ((a, b), scale))| {
                let apart = if self.encoder.axis(j).is_category() {
                    f64::from(u8::from(a != b))
                } else {
                    a - b
                };
                (apart / scale).powi(2)
            })
            .sum()
    }

    /// The coordinates of a configuration, on the grid where it is within rounding of it.
    pub fn point(&self, configuration: &[crate::study::Value]) -> Result<Vec<f64>, crate::study::StudyError> {
        self.encoder
            .encode(configuration)
            .map(|point| on_grid(&self.encoder, point.0))
    }
}

/// Whether a trial came through.
enum Outcome {
    Failed,
    Passed,
}

/// `None` while it is not known.
fn outcome(trial: &Trial) -> Option<Outcome> {
    let last = || {
        let told = trial.values.first().copied();
        told.or(trial.intermediate.last().map(|(_, v)| *v))
    };
    let is_failure = match trial.state {
        TrialState::Running | TrialState::Waiting => return None,
        TrialState::Failed => true,
        TrialState::Complete => trial.objective().is_none(),
        TrialState::Pruned => last().is_some_and(|v| !v.is_finite()),
    };
    Some(if is_failure {
        Outcome::Failed
    } else {
        Outcome::Passed
    })
}

fn kind_of(axis: &Axis) -> InputKind {
    if axis.is_category() {
        InputKind::Category
    } else {
        InputKind::Numeric
    }
}

/// What the reports of an unfinished trial promise.
fn promise(curves: &mut Curves<'_>, trial: &Trial) -> Option<Promise> {
    let told = match trial.state {
        // A bare value, without the step that it belongs to, says too little.
        TrialState::Pruned | TrialState::Running => None,
        TrialState::Waiting | TrialState::Complete | TrialState::Failed => return None,
    };
    curves.promise(&trial.intermediate, told)
}

/// The row of a trial, `None` for one that has no value yet, or why it is left out.
fn usable(trial: &Trial, point: Result<Vec<f64>, String>) -> Result<Option<(Vec<f64>, f64)>, String> {
    match trial.state {
        TrialState::Running | TrialState::Waiting => Ok(None),
        TrialState::Pruned => Err("it was pruned, so it has no final value".to_owned()),
        TrialState::Failed => Err("it failed".to_owned()),
        TrialState::Complete => match trial.objective() {
            None => Err("it has no finite objective value".to_owned()),
            Some(value) => point.map(|p| Some((p, value))),
        },
    }
}

fn point_of(study: &Study, encoder: &Encoder, trial: &Trial) -> Result<Vec<f64>, String> {
    let configuration: Configuration = study.space.configuration_of(trial).ok_or_else(|| {
        let missing = study
            .space
            .params
            .iter()
            .find(|p| p.activity.is_none() && p.of(trial).is_none())
            .or_else(|| study.space.params.iter().find(|p| p.of(trial).is_none()));
        missing.map_or_else(String::new, |p| {
            format!("parameter {} has no value", p.name.shown())
        })
    })?;
    encoder
        .encode(&configuration)
        .map(|point| on_grid(encoder, point.0))
        .map_err(|error| error.to_string())
}

/// Removes the rounding of decimal steps: equal values become equal bits, so that repeats merge and
/// duplicates are known.
fn on_grid(encoder: &Encoder, mut point: Vec<f64>) -> Vec<f64> {
    if encoder.axes().any(|axis| matches!(axis, Axis::Grid { .. })) {
        let snapped = encoder.snap(&point).0;
        for (j, (u, s)) in point.iter_mut().zip(snapped).enumerate() {
            if matches!(encoder.axis(j), Axis::Grid { .. }) && (*u - s).abs() < 1e-9 {
                *u = s;
            }
        }
    }
    point
}

/// Whether a point lies in the space as it is now (it may have been wider once).
fn inside(encoder: &Encoder, point: &[f64]) -> bool {
    point
        .iter()
        .zip(encoder.axes())
        .all(|(u, axis)| axis.is_category() || (-1e-9..=1.0 + 1e-9).contains(u))
}
