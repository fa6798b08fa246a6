//! Which trials the model learns from, and as which rows.

use nalgebra::DMatrix;

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
    pub left_out: Vec<(TrialId, String)>,
    /// Running trials, and waiting ones with every parameter fixed.
    pub pending: Vec<Vec<f64>>,
    /// Every configuration that must not be proposed again: trials in any state.
    pub seen: Vec<Vec<f64>>,
    /// How many trials failed.
    pub failed: usize,
}

impl Training {
    /// Complete trials with a finite value and a coordinate for every parameter; the others are listed
    /// with a reason.
    pub fn of(study: &Study, encoder: Encoder) -> Self {
        let kinds = encoder.axes().map(kind_of).collect();
        let sign = study.direction().sign();
        let mut this = Self {
            kinds,
            trials: Vec::new(),
            x: DMatrix::zeros(0, encoder.dims()),
            g: Vec::new(),
            left_out: Vec::new(),
            pending: Vec::new(),
            seen: Vec::new(),
            failed: 0,
            encoder,
        };
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for (index, trial) in study.trials.iter().enumerate() {
            let point = point_of(study, &this.encoder, trial);
            if let Ok(point) = &point {
                if inside(&this.encoder, point) {
                    this.seen.push(point.clone());
                }
                if matches!(trial.state, TrialState::Running | TrialState::Waiting) {
                    this.pending.push(point.clone());
                }
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
            this.failed += usize::from(trial.state == TrialState::Failed);
        }
        let d = this.encoder.dims();
        this.x = DMatrix::from_fn(rows.len(), d, |i, j| rows[i][j]);
        this
    }

    /// Puts observation `order[k]` at place `k`.
    pub fn reorder(&mut self, order: &[usize]) {
        self.x = self.x.select_rows(order);
        self.g = order.iter().map(|&k| self.g[k]).collect();
        self.trials = order.iter().map(|&k| self.trials[k]).collect();
    }

    /// The coordinates of a configuration, on the grid where it is within rounding of it.
    pub fn point(&self, configuration: &[crate::study::Value]) -> Result<Vec<f64>, crate::study::StudyError> {
        self.encoder
            .encode(configuration)
            .map(|point| on_grid(&self.encoder, point.0))
    }
}

fn kind_of(axis: &Axis) -> InputKind {
    if axis.is_category() {
        InputKind::Category
    } else {
        InputKind::Numeric
    }
}

/// The row of a trial, `None` for one that has no value yet, or why it is left out.
fn usable(trial: &Trial, point: Result<Vec<f64>, String>) -> Result<Option<(Vec<f64>, f64)>, String> {
    match trial.state {
        TrialState::Running | TrialState::Waiting => Ok(None),
        TrialState::Pruned => Err("it was pruned, so its value is not a final one".to_owned()),
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
            .find(|p| trial.param(p.column).is_none());
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
