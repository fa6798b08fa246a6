//! Comparisons from a surrogate.

use super::{CompareRequest, Compared, Comparison, NextPoint};
use crate::acquisition::{AcquisitionFunction, AcquisitionSettings};
use crate::analysis::slice::position;
use crate::analysis::surrogate::{SuggestRequest, Surrogate};

impl Surrogate {
    /// The curves of several acquisition functions along one parameter through the probe, and the next point of
    /// each. Deterministic by the seed of the request.
    ///
    /// `tell` is called with what is known so far: once with all curves and after every next point. `None`
    /// where the parameter has one value only or the probe has no coordinates, and on cancellation.
    #[must_use]
    pub fn compare_acquisitions(
        &self,
        request: &CompareRequest,
        tell: &mut dyn FnMut(&Comparison),
        cancel: &dyn Fn() -> bool,
    ) -> Option<Comparison> {
        let mut comparison = self.compared_curves(request, cancel)?;
        tell(&comparison);
        for row in 0..comparison.rows.len() {
            let function = comparison.rows.get(row)?.function;
            let next = self.next_point(request, function, cancel);
            if cancel() {
                return None;
            }
            comparison.rows.get_mut(row)?.next = next;
            tell(&comparison);
        }
        Some(comparison)
    }

    fn compared_curves(&self, request: &CompareRequest, cancel: &dyn Fn() -> bool) -> Option<Comparison> {
        let encoder = &self.training().encoder;
        let j = encoder.coordinate_of(request.param)?;
        let probe = self.training().point(&request.probe).ok()?;
        let mut rows = Vec::with_capacity(request.functions.len());
        let mut last = None;
        for &function in &request.functions {
            let settings = settings_of(request, function);
            let ranking = self.ranking(&settings, cancel)?;
            let points = self.slice_points(j, &probe, (&ranking, &settings), request.points, cancel)?;
            rows.push(compared(
                function,
                &points.iter().map(|p| p.acquisition).collect::<Vec<_>>(),
            ));
            last = Some(points);
        }
        let points = match last {
            Some(points) => points,
            None => {
                let settings = settings_of(request, AcquisitionFunction::default());
                let ranking = self.ranking(&settings, cancel)?;
                self.slice_points(j, &probe, (&ranking, &settings), request.points, cancel)?
            }
        };
        let axis = encoder.axis(j);
        Some(Comparison {
            param: request.param,
            kind: crate::analysis::slice::kind(axis),
            positions: points.iter().map(|p| p.position).collect(),
            mean: points.iter().map(|p| p.mean).collect(),
            low95: points.iter().map(|p| p.low95).collect(),
            high95: points.iter().map(|p| p.high95).collect(),
            values: points.into_iter().map(|p| p.value).collect(),
            trials: self.slice_trials(j, &probe),
            incumbent: self.best_point().map(|point| position(axis, point[j])),
            probe: position(axis, probe[j]),
            rows,
        })
    }

    fn next_point(
        &self,
        request: &CompareRequest,
        function: AcquisitionFunction,
        cancel: &dyn Fn() -> bool,
    ) -> Option<NextPoint> {
        let asked = SuggestRequest {
            count: 1,
            acquisition: settings_of(request, function),
            ..request.suggest.clone()
        };
        let found = self.suggest(&asked, cancel).ok()?.into_iter().next()?;
        let j = self.training().encoder.coordinate_of(request.param)?;
        let prediction = found.prediction?;
        Some(NextPoint {
            position: position(self.training().encoder.axis(j), *found.point.0.get(j)?),
            configuration: found.configuration,
            mean: prediction.mean,
            sd: prediction.sd,
            value: found.readout?.chosen?,
            reason: found.reason,
        })
    }
}

fn settings_of(request: &CompareRequest, function: AcquisitionFunction) -> AcquisitionSettings {
    AcquisitionSettings {
        function,
        ..request.suggest.acquisition
    }
}

/// The curve of raw values, from 0 to 1.
fn compared(function: AcquisitionFunction, raw: &[f64]) -> Compared {
    let finite = || raw.iter().copied().filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let width = high - low;
    let scaled = |v: f64| {
        if width > 0.0 && v.is_finite() {
            (v - low) / width
        } else {
            0.0
        }
    };
    let curve: Vec<f64> = raw.iter().map(|v| scaled(*v)).collect();
    let best = (0..raw.len())
        .filter(|&i| raw[i].is_finite())
        .max_by(|&a, &b| raw[a].total_cmp(&raw[b]).then(b.cmp(&a)))
        .unwrap_or(0);
    Compared {
        function,
        curve,
        range: (low, high),
        best,
        next: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_runs_from_zero_to_one_and_a_flat_one_stays_at_zero() {
        let c = compared(AcquisitionFunction::Ucb, &[-3.0, 1.0, f64::NAN, -1.0]);
        assert_eq!(c.curve, [0.0, 1.0, 0.0, 0.5]);
        assert_eq!((c.range, c.best), ((-3.0, 1.0), 1));
        assert_eq!(compared(AcquisitionFunction::Ei, &[2.0, 2.0]).curve, [0.0, 0.0]);
    }
}
