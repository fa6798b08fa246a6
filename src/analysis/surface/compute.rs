//! Surfaces from a surrogate.

use super::{Surface, SurfaceMark};
use crate::acquisition::ranking::Ranking;
use crate::acquisition::{AcquisitionSettings, pi};
use crate::analysis::slice::{places, position};
use crate::analysis::surrogate::Surrogate;
use crate::study::Value;
use crate::study::encoding::Axis;

impl Surrogate {
    /// All layers over two parameters (indices into the space) through the probe, on at most
    /// `max_columns` by `max_rows` cells; grids and choices have one a value.
    ///
    /// `None` where a parameter has one value only or is named twice, where the probe has no coordinates, or on
    /// cancellation (asked once a row).
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "one call of the screen; a struct would be built for it alone"
    )]
    pub fn surface(
        &self,
        pair: (usize, usize),
        probe: &[Value],
        acquisition: &AcquisitionSettings,
        suggestion: Option<&[Value]>,
        max_columns: usize,
        max_rows: usize,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Surface> {
        let encoder = &self.training().encoder;
        let (i, j) = (encoder.coordinate_of(pair.0)?, encoder.coordinate_of(pair.1)?);
        if i == j {
            return None;
        }
        let probe = self.training().point(probe).ok()?;
        let (x_axis, y_axis) = (encoder.axis(i), encoder.axis(j));
        let ranking = self.ranking(acquisition, cancel)?;
        let (xs, ys) = (cells(x_axis, max_columns), cells(y_axis, max_rows));
        let mut layers: [Vec<f64>; 6] = Default::default();
        let mut feasible = Vec::new();
        for y in &ys {
            if cancel() {
                return None;
            }
            let row: Vec<Vec<f64>> = xs
                .iter()
                .map(|x| {
                    let mut point = probe.clone();
                    point[i] = *x;
                    point[j] = *y;
                    encoder.settle(&mut point);
                    point
                })
                .collect();
            self.add_row(&row, (&ranking, acquisition), &mut layers, &mut feasible);
        }
        let at = |point: Vec<f64>| (position(x_axis, point[i]), position(y_axis, point[j]));
        Some(Surface {
            x_param: pair.0,
            y_param: pair.1,
            columns: xs.len(),
            rows: ys.len(),
            xs: xs.iter().map(|u| position(x_axis, *u)).collect(),
            ys: ys.iter().map(|u| position(y_axis, *u)).collect(),
            layers,
            feasible,
            trials: self.marks(i, j, &probe),
            incumbent: self.best_point().map(at),
            suggestion: suggestion.and_then(|s| self.training().point(s).ok()).map(at),
            probe: at(probe),
            coarse: false,
        })
    }

    fn add_row(
        &self,
        row: &[Vec<f64>],
        (ranking, acquisition): (&Ranking, &AcquisitionSettings),
        layers: &mut [Vec<f64>; 6],
        feasible: &mut Vec<f64>,
    ) {
        let moments = self.moments(row);
        let climbed = self.values(ranking, row, &moments);
        let has_constraints = self.feasibility_counts().is_some();
        for (at, climbed) in moments.into_iter().zip(climbed) {
            feasible.extend(has_constraints.then(|| at.log_feasible.exp()));
            let bands = self.bands(at.mean, at.sd);
            let (mean, sd, best) = (at.mean, at.believed_sd, self.believed_incumbent());
            let terms = acquisition.terms(mean, sd, best);
            let values = [
                bands.median,
                bands.sd,
                ranking.linear(climbed),
                terms.exploitation,
                terms.exploration,
                pi::pi(mean, sd, best, acquisition.xi).value,
            ];
            for (layer, value) in layers.iter_mut().zip(values) {
                layer.push(value);
            }
        }
    }

    fn marks(&self, i: usize, j: usize, probe: &[f64]) -> Vec<SurfaceMark> {
        let encoder = &self.training().encoder;
        let mut marks: Vec<SurfaceMark> = self
            .observed()
            .filter(|(trial, ..)| self.takes_part(*trial, i) && self.takes_part(*trial, j))
            .map(|(trial, _, point)| {
                let mut foot = probe.to_vec();
                foot[i] = point[i];
                foot[j] = point[j];
                SurfaceMark {
                    trial,
                    x: position(encoder.axis(i), point[i]),
                    y: position(encoder.axis(j), point[j]),
                    weight: self.posterior().prior_correlation(&point, &foot),
                }
            })
            .collect();
        marks.sort_by(|a, b| a.weight.total_cmp(&b.weight));
        marks
    }
}

/// Cell centres of a continuum, the values of a grid or category.
fn cells(axis: &Axis, most: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "few cells")]
    match axis {
        Axis::Unit { .. } => (0..most).map(|k| (k as f64 + 0.5) / most as f64).collect(),
        Axis::Grid { .. } | Axis::Category { .. } => places(axis, most, most as u64),
    }
}
