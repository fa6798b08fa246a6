//! Sample paths of a fit, cut along parameters.

use std::sync::Arc;

use super::predict::matrix;
use super::{Surrogate, ranking::MemberDraws};
use crate::acquisition::paths::Paths;
use crate::analysis::samples::{SampleCut, SampleOptimum, Samples};
use crate::analysis::slice::{kind, places, position};
use crate::study::Value;

/// At most so many steps are drawn of a grid.
const MOST_STEPS: u64 = 64;

impl Surrogate {
    /// The first `count` sample paths of this fit along every parameter through the probe, without their maxima.
    /// `points` is the number of places along a continuum. `None` where the probe has no coordinates, or on
    /// cancellation.
    #[must_use]
    pub fn samples(
        &self,
        probe: &[Value],
        count: usize,
        points: usize,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Samples> {
        let encoder = &self.training.encoder;
        let probe = self.training.point(probe).ok()?;
        let drawn = self.sample_paths(count);
        let mut cuts = Vec::with_capacity(encoder.own_dims());
        for j in 0..encoder.own_dims() {
            if cancel() {
                return None;
            }
            let axis = encoder.axis(j);
            let places = places(axis, points, MOST_STEPS);
            let along: Vec<Vec<f64>> = places
                .iter()
                .map(|u| {
                    let mut point = probe.clone();
                    point[j] = *u;
                    encoder.settle(&mut point);
                    point
                })
                .collect();
            let along = matrix(&along, self.posterior.dims());
            cuts.push(SampleCut {
                param: encoder.param_of(j),
                kind: kind(axis),
                positions: places.iter().map(|u| position(axis, *u)).collect(),
                curves: drawn
                    .iter()
                    .map(|(_, paths, path)| {
                        let values = paths.values_of(*path, &along);
                        values.into_iter().map(|t| self.output.to_user(t)).collect()
                    })
                    .collect(),
            });
        }
        Some(Samples {
            count: drawn.len(),
            cuts,
            optima: Vec::new(),
        })
    }

    /// The maxima of the same paths over the whole space, found once a fit; `None` on cancellation.
    #[must_use]
    pub fn sample_optima(&self, count: usize, cancel: &dyn Fn() -> bool) -> Option<Vec<SampleOptimum>> {
        self.sample_paths(count)
            .into_iter()
            .map(|(draw, _, path)| {
                let all = self.optima(draw, cancel)?;
                let found = all.get(path)?;
                Some(SampleOptimum {
                    configuration: self.training.encoder.decode(&found.point),
                    value: self.output.to_user(found.value),
                })
            })
            .collect()
    }

    /// Every function drawn of this fit at the rows of `points`, in model units: one a column. `None` on cancellation.
    pub(in crate::analysis) fn drawn(
        &self,
        points: &nalgebra::DMatrix<f64>,
        cancel: &dyn Fn() -> bool,
    ) -> Option<nalgebra::DMatrix<f64>> {
        let mut columns = Vec::new();
        for draw in self.member_draws() {
            if cancel() {
                return None;
            }
            let values = self.paths(draw).values(points);
            columns.extend(values.column_iter().map(|c| c.into_owned()));
        }
        Some(nalgebra::DMatrix::from_columns(&columns))
    }

    /// The first paths, in turn from each posterior that is averaged over.
    fn sample_paths(&self, count: usize) -> Vec<(&MemberDraws, Arc<Paths>, usize)> {
        let draws = self.member_draws();
        (0..count)
            .filter_map(|k| {
                let draw = draws.get(k % draws.len().max(1))?;
                let paths = self.paths(draw);
                let path = k / draws.len();
                (path < paths.count()).then_some((draw, paths, path))
            })
            .collect()
    }
}
