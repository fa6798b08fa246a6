//! The next configurations.

mod domain;

use std::sync::Arc;

pub(super) use self::domain::coordinates;
use self::domain::{fix, regions};
use super::build::NOISY;
use super::predict::readout;
use super::ranking::Believed;
use super::training::Training;
use super::{Surrogate, SurrogateError};
use crate::acquisition::maximize::{Coordinate, Effort, MaximizeError, Peak, Region, Request, Score, Seen};
use crate::acquisition::random::mix;
use crate::acquisition::ranking::Ranking;
use crate::acquisition::sobol::Sobol;
use crate::acquisition::{AcquisitionSettings, maximize};
use crate::analysis::suggestion::{Climb, Reason, Suggestion, Why};
use crate::study::{Configuration, Encoder, Study, UnitPoint, Value};

/// What to suggest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuggestRequest {
    /// How many; chosen one after the other, each as if those before it were pending.
    pub count: usize,
    pub acquisition: AcquisitionSettings,
    /// Values that parameters are held at, aligned with the space; shorter lists leave the rest free.
    pub locks: Vec<Option<Value>>,
    /// Configurations to keep away from, each with a radius in unit coordinates along the parameter that
    /// matters most (along others it reaches further, as their lengthscales do).
    pub rejected: Vec<(Configuration, f64)>,
    /// Configurations that are queued or running beyond what the study says.
    pub pending: Vec<Configuration>,
    pub seed: u64,
}

/// Why there is nothing to suggest.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SuggestError {
    #[error("search space exhausted: every configuration has been tried, is pending or was rejected")]
    Exhausted,
    #[error("the search was called off")]
    Cancelled,
    #[error("the locked value does not fit: {0}")]
    Lock(crate::study::StudyError),
    #[error(transparent)]
    Model(#[from] SurrogateError),
}

impl From<MaximizeError> for SuggestError {
    fn from(error: MaximizeError) -> Self {
        match error {
            MaximizeError::Exhausted => Self::Exhausted,
            MaximizeError::Cancelled => Self::Cancelled,
        }
    }
}

/// A point of the initial design may fail no more likely than this; after so many such points the likeliest to come
/// through is taken.
const LIKELY: f64 = 0.5;
const PASSED_OVER: usize = 64;

/// Tops closer than this, in lengthscales, are of one hill.
const SAME_HILL: f64 = 0.5;

/// Rows closer than this, in lengthscales, lie on one hill.
const NEIGHBOURHOOD: f64 = 0.25;

/// Everything about the space and the request that the searches share.
struct Frame<'a> {
    encoder: &'a Encoder,
    coordinates: Vec<Coordinate>,
    scales: Vec<f64>,
    fixed: Vec<Option<f64>>,
    /// The locked values as given, aligned with the space.
    locks: Vec<Option<Value>>,
    seen: Seen,
    regions: Vec<Region>,
    effort: Effort,
}

impl<'a> Frame<'a> {
    fn new(
        study: &Study,
        training: &'a Training,
        scales: Vec<f64>,
        request: &SuggestRequest,
    ) -> Result<Self, SuggestError> {
        let encoder = &training.encoder;
        let (fixed, locks) = fix(study, encoder, &request.locks)?;
        let mut seen = Seen::new(training.seen.iter().cloned());
        for configuration in &request.pending {
            if let Ok(point) = training.point(configuration) {
                seen.insert(point);
            }
        }
        let regions = regions(training, &scales, &fixed, &request.rejected);
        Ok(Self {
            coordinates: coordinates(encoder),
            encoder,
            scales,
            fixed,
            locks,
            seen,
            regions,
            effort: (request.acquisition.starts).map_or_else(Effort::default, Effort::from_places),
        })
    }

    fn search(
        &self,
        landscape: &dyn maximize::Landscape,
        around: &[Vec<f64>],
        seed: u64,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Vec<Peak>, MaximizeError> {
        self.with_request(landscape, around, seed, cancel, maximize::maximize)
    }

    /// Where each start of the search climbs to, as configurations.
    fn climbs(
        &self,
        landscape: &Ranking,
        around: &[Vec<f64>],
        seed: u64,
        cancel: &dyn Fn() -> bool,
    ) -> Vec<Climb> {
        let climbs = self.with_request(landscape, around, seed, cancel, maximize::climbs);
        let mut peaks: Vec<&Peak> = Vec::new();
        let mut tops: Vec<&Peak> = climbs.iter().map(|(_, top)| top).collect();
        tops.sort_by(|a, b| b.score.value.total_cmp(&a.score.value));
        let same = |a: &Peak, b: &Peak| {
            let apart = (a.point.iter().zip(&b.point)).zip(&self.scales);
            apart
                .map(|((x, y), l)| ((x - y) / l.max(1e-3)).powi(2))
                .sum::<f64>()
                .sqrt()
                < SAME_HILL
        };
        for top in tops {
            if !peaks.iter().any(|p| same(p, top)) {
                peaks.push(top);
            }
        }
        (climbs.iter())
            .map(|(start, top)| Climb {
                from: self.decode(&start.point),
                to: self.decode(&top.point),
                peak: peaks.iter().position(|p| same(p, top)).unwrap_or(0),
                value: landscape.reported(top.score.value),
            })
            .collect()
    }

    fn with_request<T>(
        &self,
        landscape: &dyn maximize::Landscape,
        around: &[Vec<f64>],
        seed: u64,
        cancel: &dyn Fn() -> bool,
        search: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        let settled = Settled {
            inner: landscape,
            encoder: self.encoder,
        };
        search(&Request {
            landscape: if self.encoder.is_conditional() {
                &settled
            } else {
                landscape
            },
            coordinates: &self.coordinates,
            lengthscales: &self.scales,
            fixed: &self.fixed,
            seen: &self.seen,
            regions: &self.regions,
            around,
            snap: &|point| self.snap(point),
            seed,
            effort: self.effort,
            cancel,
        })
    }

    fn snap(&self, point: &[f64]) -> Vec<f64> {
        let mut point = self.encoder.snap(point).0;
        for (u, fixed) in point.iter_mut().zip(&self.fixed) {
            if let Some(value) = fixed {
                *u = *value;
            }
        }
        // A lock holds where its parameter takes part.
        self.encoder.settle(&mut point);
        point
    }

    /// The configuration of a point, with locked values exactly as they were given.
    fn decode(&self, point: &[f64]) -> Configuration {
        let mut configuration = self.encoder.decode(point);
        for (value, lock) in configuration.iter_mut().zip(&self.locks) {
            if let Some(lock) = lock
                && !value.is_inactive()
            {
                *value = lock.clone();
            }
        }
        configuration
    }

    fn allows(&self, point: &[f64]) -> bool {
        self.seen.allows(point) && !self.regions.iter().any(|r| r.holds(point))
    }

    /// The next point of the initial design: the centre where nothing was tried, then scrambled Sobol points,
    /// passing over those that would fail, or be infeasible, more likely than not: `log_chance` is `ln P` of neither.
    fn design(&self, seed: u64, log_chance: &dyn Fn(&[f64]) -> f64) -> Option<Vec<f64>> {
        let middle: Vec<f64> = self
            .coordinates
            .iter()
            .map(|c| match c {
                Coordinate::Category(_) => 0.0,
                Coordinate::Continuous | Coordinate::Levels(_) => c.snap(0.5),
            })
            .collect();
        let middle = self.snap(&middle);
        if self.seen.is_empty() && self.allows(&middle) {
            return Some(middle);
        }
        let mut sobol = Sobol::new(self.coordinates.len(), mix(seed ^ 0x6465_7369_676e));
        // As many points as were tried are skipped, so that a run walks along one sequence.
        for _ in 1..self.seen.len().min(1 << 20) {
            let _ = sobol.next_point();
        }
        let mut likeliest: Option<(f64, Vec<f64>)> = None;
        let from_sequence = (0..4096).find_map(|k| {
            let raw = sobol.next_point();
            let point: Vec<f64> = raw.iter().zip(&self.coordinates).map(|(u, c)| c.at(*u)).collect();
            let point = self.snap(&point);
            if !self.allows(&point) {
                return None;
            }
            let log_ok = log_chance(&point);
            if likeliest.as_ref().is_none_or(|(best, _)| log_ok > *best) {
                likeliest = Some((log_ok, point));
            }
            (log_ok >= LIKELY.ln() || k >= PASSED_OVER)
                .then(|| likeliest.take().map(|(_, point)| point))
                .flatten()
        });
        let from_sequence = from_sequence.or(likeliest.map(|(_, point)| point));
        // A small or crowded space: whatever is left.
        from_sequence.or_else(|| {
            self.search(&Flat, &[], seed, &|| false)
                .ok()
                .and_then(|peaks| peaks.into_iter().next())
                .map(|peak| peak.point)
        })
    }
}

/// A landscape without hills, to ask what is left of a space.
struct Flat;

impl maximize::Landscape for Flat {
    fn scores(&self, points: &[Vec<f64>]) -> Vec<Score> {
        vec![
            Score {
                value: 0.0,
                mean: 0.0,
                sd: 0.0
            };
            points.len()
        ]
    }

    fn slopes(&self, points: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
        points.iter().map(|p| (0.0, vec![0.0; p.len()])).collect()
    }
}

/// A landscape in which all points that stand for one configuration have one value: what takes no part is put in its
/// place first, and has no slope.
struct Settled<'a> {
    inner: &'a dyn maximize::Landscape,
    encoder: &'a Encoder,
}

impl Settled<'_> {
    fn settle(&self, points: &[Vec<f64>]) -> Vec<Vec<f64>> {
        points
            .iter()
            .map(|point| {
                let mut point = point.clone();
                self.encoder.settle(&mut point);
                point
            })
            .collect()
    }
}

impl maximize::Landscape for Settled<'_> {
    fn scores(&self, points: &[Vec<f64>]) -> Vec<Score> {
        self.inner.scores(&self.settle(points))
    }

    fn slopes(&self, points: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
        let values: Vec<Configuration> = points.iter().map(|p| self.encoder.decode(p)).collect();
        let mut slopes = self.inner.slopes(&self.settle(points));
        for ((_, gradient), values) in slopes.iter_mut().zip(values) {
            for (j, slope) in gradient.iter_mut().enumerate().take(self.encoder.own_dims()) {
                if values
                    .get(self.encoder.param_of(j))
                    .is_some_and(Value::is_inactive)
                {
                    *slope = 0.0;
                }
            }
        }
        slopes
    }
}

/// Where unfinished trials have reported, so many complete ones are enough.
const GUIDED_LEAST: usize = 4;

/// Number of trials with a value from which the acquisition function takes over from the initial design.
fn guided_from(d: usize) -> usize {
    (2 * d + 2).min(10)
}

impl Surrogate {
    /// The next configurations, with the reasons. Deterministic by seed.
    ///
    /// With fewer than `min(2d + 2, 10)` complete trials they are points of the initial design, with their
    /// predictions; then maxima of the acquisition function. Never a configuration that was tried, is pending
    /// or was rejected; where a finite space is used up and the observations are noisy, ones that were
    /// tried are proposed again, each once, and marked as replicates. Fewer than asked for where no more are left.
    ///
    /// # Errors
    /// A used-up space, a lock that does not fit its parameter, or a cancellation.
    pub fn suggest(
        &self,
        request: &SuggestRequest,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Vec<Suggestion>, SuggestError> {
        let mut frame = Frame::new(&self.study, &self.training, self.scales.clone(), request)?;
        for point in &self.pending {
            frame.seen.insert(point.clone());
        }
        let mut pending: Vec<Vec<f64>> = self.pending.clone();
        for point in request.pending.iter().filter_map(|c| self.training.point(c).ok()) {
            if !pending.contains(&point) {
                pending.push(point);
            }
        }
        let around = self.best_rows(16);
        let complete = self.training.trials.len();
        let guided = request.acquisition.eager
            || complete >= GUIDED_LEAST.min(guided_from(self.training.encoder.dims()))
                && complete + self.training.partial.len() >= guided_from(self.training.encoder.dims());
        let mut found: Vec<Suggestion> = Vec::new();
        for k in 0..request.count {
            let believed = self.believing(&pending)?;
            let landscape = self
                .ranking_with(&request.acquisition, &believed, k, cancel)
                .ok_or(SuggestError::Cancelled);
            let landscape = match landscape {
                Ok(landscape) => landscape,
                Err(_) if !found.is_empty() => break,
                Err(error) => return Err(error),
            };
            let seed = mix(request.seed.wrapping_add(k as u64));
            let mut climbs = Vec::new();
            let next = if guided {
                if k == 0 && request.acquisition.starts.is_some() {
                    climbs = frame.climbs(&landscape, &around, seed, cancel);
                }
                self.guided(&frame, &landscape, &around, &pending, seed, cancel)
            } else {
                frame
                    .design(request.seed, &|point| self.log_chance(point))
                    .map_or(Err(SuggestError::Exhausted), |point| {
                        Ok((Reason::InitialDesign, peaks_at(&landscape, point)))
                    })
            };
            let (reason, peaks) = match next {
                Ok(next) => next,
                Err(_) if !found.is_empty() => break,
                Err(error) => return Err(error),
            };
            let Some(best) = peaks.first() else { break };
            frame.seen.insert(best.point.clone());
            let next = best.point.clone();
            let shown = Shown {
                ranking: &landscape,
                believed: &believed,
                acquisition: &request.acquisition,
            };
            let mut suggestion = self.explained(&frame, &shown, &peaks, reason);
            suggestion.why.climbs = climbs;
            found.push(suggestion);
            pending.push(next);
        }
        Ok(found)
    }

    fn guided(
        &self,
        frame: &Frame<'_>,
        landscape: &Ranking,
        around: &[Vec<f64>],
        pending: &[Vec<f64>],
        seed: u64,
        cancel: &dyn Fn() -> bool,
    ) -> Result<(Reason, Vec<Peak>), SuggestError> {
        match frame.search(landscape, around, seed, cancel) {
            Ok(peaks) => Ok((Reason::Acquisition, peaks)),
            Err(MaximizeError::Exhausted) if self.posterior.model().noise_variance > NOISY => {
                // Only what is under way, queued or proposed just now stays forbidden.
                let again = Frame {
                    seen: Seen::new(pending.iter().cloned()),
                    encoder: frame.encoder,
                    coordinates: frame.coordinates.clone(),
                    scales: frame.scales.clone(),
                    fixed: frame.fixed.clone(),
                    locks: frame.locks.clone(),
                    regions: frame.regions.clone(),
                    effort: frame.effort,
                };
                Ok((Reason::Replicate, again.search(landscape, around, seed, cancel)?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// `ln P` that a point comes through and is feasible; 0 while nothing is known of either.
    fn log_chance(&self, point: &[f64]) -> f64 {
        let at = self.moments_at(point);
        at.log_ok + at.log_feasible
    }

    /// Rows with large posterior means, infeasible ones last: first the best ones, then as many that are the best of
    /// their own neighbourhood, so that each of several optima has its say.
    pub(in crate::analysis) fn best_rows(&self, count: usize) -> Vec<Vec<f64>> {
        let means = self.row_means();
        let is_infeasible = |i: usize| i < self.own_rows && self.contends.get(i) == Some(&false);
        let mut order: Vec<usize> = (0..means.len()).collect();
        order.sort_by(|&a, &b| {
            let by_mean = means[b].total_cmp(&means[a]);
            is_infeasible(a)
                .cmp(&is_infeasible(b))
                .then(by_mean)
                .then(a.cmp(&b))
        });
        let x = &self.posterior.data().x;
        let rows: Vec<Vec<f64>> = order
            .into_iter()
            .map(|i| x.row(i).iter().copied().collect())
            .collect();
        let mut chosen: Vec<Vec<f64>> = rows.iter().take(count / 2).cloned().collect();
        for row in rows.iter().skip(count / 2) {
            if chosen.len() == count {
                break;
            }
            if chosen.iter().all(|c| self.distance(c, row) > NEIGHBOURHOOD) {
                chosen.push(row.clone());
            }
        }
        chosen
    }

    fn explained(&self, frame: &Frame<'_>, shown: &Shown<'_>, peaks: &[Peak], reason: Reason) -> Suggestion {
        let point = peaks[0].point.clone();
        let configuration = frame.decode(&point);
        let moments = self.moments(std::slice::from_ref(&point));
        let points = super::predict::matrix(std::slice::from_ref(&point), point.len());
        let at = shown.believed.posterior.predict(&points);
        let mut prediction = moments.first().map(|m| self.prediction(*m));
        let sd = at.variance.first().map_or(f64::NAN, |v| v.sqrt());
        let incumbent = shown.believed.incumbent;
        if let Some(prediction) = &mut prediction {
            prediction.model_sd = sd;
            prediction.model_incumbent = incumbent;
        }
        let value = shown.ranking.reported(peaks[0].score.value);
        let readout = prediction.map(|p| {
            readout(p.model_mean, sd, incumbent, shown.acquisition).with(shown.acquisition.function, value)
        });
        let runner_up = peaks.get(1).map(|p| (frame.decode(&p.point), p.point.clone()));
        let why = self.why(shown.believed, shown.acquisition.xi, &point, runner_up);
        Suggestion {
            configuration,
            point: UnitPoint(point),
            reason,
            prediction,
            readout,
            why,
        }
    }
}

/// The surface that a suggestion is the maximum of.
struct Shown<'a> {
    ranking: &'a Ranking,
    believed: &'a Believed<'a>,
    acquisition: &'a AcquisitionSettings,
}

fn peaks_at(landscape: &Ranking, point: Vec<f64>) -> Vec<Peak> {
    let scores = maximize::Landscape::scores(landscape, std::slice::from_ref(&point));
    scores
        .into_iter()
        .map(|score| Peak {
            point: point.clone(),
            score,
        })
        .collect()
}

/// Configurations for a study that has no model: the centre first, then scrambled Sobol points, never one
/// that was tried, is pending or was rejected. Fewer than asked for, or none, where the space is used up
/// or a lock does not fit.
#[must_use]
pub fn suggest_without_model(study: &Arc<Study>, request: &SuggestRequest) -> Vec<Suggestion> {
    let training = Training::of(study, Encoder::new(&study.space), false);
    let scales = vec![1.0; training.encoder.dims()];
    let Ok(mut frame) = Frame::new(study, &training, scales, request) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while found.len() < request.count {
        let Some(point) = frame.design(request.seed, &|_| 0.0) else {
            break;
        };
        frame.seen.insert(point.clone());
        found.push(Suggestion {
            configuration: frame.decode(&point),
            point: UnitPoint(point),
            reason: Reason::InitialDesign,
            prediction: None,
            readout: None,
            why: Why::default(),
        });
    }
    found
}
