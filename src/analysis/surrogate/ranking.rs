//! The surface that is shown and maximised, from a fit.
//!
//! What a function draws (paths, maxima) is drawn once a fit, from the posterior that knows complete trials only,
//! with a seed of the settings and the number of trials: slices, surface and suggestion stand on the same draws, and a
//! new trial brings new ones. Pending trials shrink the deviations that the draws are held against.

use std::sync::{Arc, OnceLock};

use super::Surrogate;
use super::build::{NOISY, believe, doubted_best};
use super::cost::Cost;
use super::predict::matrix;
use super::suggest::coordinates;
use crate::acquisition::fantasies::{Best, Fantasies};
use crate::acquisition::information::{Information, Question, Setting};
use crate::acquisition::maximize::Coordinate;
use crate::acquisition::mes::{Gumbel, MaxValues};
use crate::acquisition::optima::{Optimum, Place, optima};
use crate::acquisition::paths::Paths;
use crate::acquisition::random::mix;
use crate::acquisition::ranking::{Factor, Member, Ranking, Rule};
use crate::acquisition::sobol::Sobol;
use crate::acquisition::{AcquisitionFunction, AcquisitionSettings, Pending};
use crate::gp::Posterior;

/// Sample paths of a fit: one a Thompson suggestion, all of them for the entropy searches.
const PATHS: usize = 32;

/// Candidates of the distribution of the maximum.
const CANDIDATES: usize = 1000;

/// With more pending trials than this they are believed to return their means.
const MOST_FANTASIES: usize = 8;

/// What was drawn from a fit, each when first asked for.
#[derive(Debug, Default)]
pub struct Draws {
    /// One a posterior: more than one where hyperparameters are averaged over.
    members: OnceLock<Vec<MemberDraws>>,
    pub(super) cost: OnceLock<Option<Arc<Cost>>>,
}

/// What was drawn from one posterior.
#[derive(Debug)]
pub(super) struct MemberDraws {
    base: Posterior,
    seed: u64,
    /// What complete trials say there is to beat under these hyperparameters.
    incumbent: f64,
    count: usize,
    paths: OnceLock<Arc<Paths>>,
    optima: OnceLock<Arc<Vec<Optimum>>>,
    maxima: OnceLock<Arc<MaxValues>>,
    /// With the pending points of the fit.
    place: OnceLock<Arc<Information>>,
    height: OnceLock<Arc<Information>>,
}

/// Pending trials, and what is believed of them.
pub struct Believed<'a> {
    /// Under the most likely hyperparameters.
    pub posterior: Posterior,
    pub incumbent: f64,
    pub points: &'a [Vec<f64>],
}

impl Draws {
    /// What does not depend on pending points.
    pub(super) fn without_pending(&self) -> Self {
        let members = OnceLock::new();
        if let Some(drawn) = self.members.get() {
            let kept = drawn.iter().map(MemberDraws::without_pending).collect();
            let _ = members.set(kept);
        }
        Self {
            members,
            cost: self.cost.clone(),
        }
    }
}

impl MemberDraws {
    fn without_pending(&self) -> Self {
        Self {
            base: self.base.clone(),
            seed: self.seed,
            incumbent: self.incumbent,
            count: self.count,
            paths: self.paths.clone(),
            optima: self.optima.clone(),
            maxima: self.maxima.clone(),
            place: OnceLock::new(),
            height: OnceLock::new(),
        }
    }
}

impl Surrogate {
    /// The surface of an acquisition function over the space, with all pending points; `None` on cancellation.
    pub(in crate::analysis) fn ranking(
        &self,
        acquisition: &AcquisitionSettings,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Ranking> {
        let believed = Believed {
            posterior: self.believed.clone(),
            incumbent: self.believed_incumbent,
            points: &self.pending,
        };
        self.ranking_with(acquisition, &believed, 0, cancel)
    }

    /// What is believed of pending points.
    pub(super) fn believing<'a>(
        &self,
        points: &'a [Vec<f64>],
    ) -> Result<Believed<'a>, super::SurrogateError> {
        Ok(Believed {
            posterior: believe(&self.posterior, points)?,
            incumbent: self.incumbent.max(self.best_promise(&self.posterior, points)),
            points,
        })
    }

    /// The surface of an acquisition function with other pending points; `nth` counts the suggestions of a batch.
    pub(super) fn ranking_with(
        &self,
        acquisition: &AcquisitionSettings,
        believed: &Believed<'_>,
        nth: usize,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Ranking> {
        let draws = self.member_draws();
        let mut members = Vec::with_capacity(draws.len());
        for (h, draw) in draws.iter().enumerate() {
            if cancel() {
                return None;
            }
            // One sample path is one function: of several posteriors, one is drawn.
            if acquisition.function == AcquisitionFunction::Thompson && h != nth % draws.len() {
                continue;
            }
            let posterior = if self.averaged.is_none() {
                believed.posterior.clone()
            } else {
                believe(&draw.base, believed.points).ok()?
            };
            let incumbent = draw.incumbent.max(self.best_promise(&draw.base, believed.points));
            let own = Believed {
                posterior,
                incumbent,
                points: believed.points,
            };
            members.push(Member {
                rule: self.rule(acquisition, draw, &own, nth, cancel)?,
                posterior: own.posterior,
                incumbent,
            });
        }
        let mut factors: Vec<Arc<dyn Factor>> = self.factors.clone();
        if acquisition.function == AcquisitionFunction::Eips
            && let Some(cost) = self.cost(cancel)
        {
            factors.push(cost);
        }
        Some(Ranking {
            function: acquisition.function,
            members,
            factors,
            worst: self
                .posterior
                .data()
                .y
                .iter()
                .copied()
                .fold(f64::INFINITY, f64::min),
        })
    }

    fn rule(
        &self,
        acquisition: &AcquisitionSettings,
        draw: &MemberDraws,
        believed: &Believed<'_>,
        nth: usize,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Rule> {
        let xi = acquisition.xi;
        if self.seeks_feasible() && acquisition.function.is_positive() {
            return Some(Rule::FactorsOnly);
        }
        Some(match acquisition.function {
            AcquisitionFunction::LogEi | AcquisitionFunction::Ei | AcquisitionFunction::Eips => self
                .fantasies(acquisition, draw, believed)
                .map_or(Rule::LogEi { xi }, |f| Rule::Fantasies(Arc::new(f))),
            AcquisitionFunction::Pi => Rule::LogPi { xi },
            AcquisitionFunction::MisprintedEi => Rule::Misprinted { xi },
            AcquisitionFunction::Ucb => Rule::Ucb {
                beta: acquisition.beta,
            },
            AcquisitionFunction::Mes => Rule::MaxValue(self.maxima(draw)?),
            AcquisitionFunction::Pes => {
                Rule::Information(self.information(Question::Place, draw, believed, cancel)?)
            }
            AcquisitionFunction::Jes => {
                Rule::Information(self.information(Question::PlaceAndHeight, draw, believed, cancel)?)
            }
            AcquisitionFunction::Thompson => {
                let paths = self.paths(draw);
                let path = nth % paths.count().max(1);
                Rule::Path(paths, path)
            }
        })
    }

    pub(super) fn member_draws(&self) -> &[MemberDraws] {
        self.draws.members.get_or_init(|| {
            let bases: Vec<Posterior> = match &self.averaged {
                Some(averaged) => averaged.base.members().cloned().collect(),
                None => vec![self.posterior.clone()],
            };
            let count = PATHS.div_ceil(bases.len());
            let seed = mix(self.settings.seed ^ mix(self.training.trials.len() as u64));
            bases
                .into_iter()
                .enumerate()
                .map(|(h, base)| MemberDraws {
                    incumbent: if self.averaged.is_some() && base.model().noise_variance > NOISY {
                        doubted_best(&base, self.own_rows, &self.contends, self.settings.doubt)
                    } else {
                        self.incumbent
                    },
                    base,
                    seed: mix(seed.wrapping_add(h as u64)),
                    count,
                    paths: OnceLock::new(),
                    optima: OnceLock::new(),
                    maxima: OnceLock::new(),
                    place: OnceLock::new(),
                    height: OnceLock::new(),
                })
                .collect()
        })
    }

    /// Whether a function has drawn all that it needs, so that a value costs next to nothing.
    #[must_use]
    pub fn is_ready(&self, function: AcquisitionFunction) -> bool {
        let all =
            |drawn: fn(&MemberDraws) -> bool| self.draws.members.get().is_some_and(|m| m.iter().all(drawn));
        match function {
            AcquisitionFunction::LogEi
            | AcquisitionFunction::Ei
            | AcquisitionFunction::Pi
            | AcquisitionFunction::MisprintedEi
            | AcquisitionFunction::Ucb => true,
            AcquisitionFunction::Mes => all(|m| m.maxima.get().is_some()),
            AcquisitionFunction::Pes => all(|m| m.place.get().is_some()),
            AcquisitionFunction::Jes => all(|m| m.height.get().is_some()),
            AcquisitionFunction::Thompson => {
                let first = self.draws.members.get().and_then(|m| m.first());
                first.is_some_and(|m| m.paths.get().is_some())
            }
            AcquisitionFunction::Eips => self.draws.cost.get().is_some(),
        }
    }

    /// Draws what some functions need, so that [`Surrogate::readout`] knows them; `false` on cancellation.
    pub fn prepare(&self, functions: &[AcquisitionFunction], cancel: &dyn Fn() -> bool) -> bool {
        functions.iter().all(|&function| {
            let acquisition = AcquisitionSettings {
                function,
                ..AcquisitionSettings::default()
            };
            self.is_ready(function) || self.ranking(&acquisition, cancel).is_some()
        })
    }

    /// The values that the maximum may have (of the model's output), once MES was asked for: of the first
    /// posterior, where several are averaged over.
    #[must_use]
    pub fn maximum_values(&self) -> Option<&[f64]> {
        let first = self.draws.members.get()?.first()?;
        first.maxima.get().map(|m| m.samples())
    }

    fn fantasies(
        &self,
        acquisition: &AcquisitionSettings,
        draw: &MemberDraws,
        believed: &Believed<'_>,
    ) -> Option<Fantasies> {
        let count = believed.points.len();
        if acquisition.pending != Pending::Fantasize || !(1..=MOST_FANTASIES).contains(&count) {
            return None;
        }
        let best = if draw.base.model().noise_variance > NOISY {
            Best::Mean
        } else {
            Best::Observed(draw.incumbent)
        };
        let points = matrix(believed.points, self.posterior.dims());
        Fantasies::new(&draw.base, &points, best, acquisition.xi, draw.seed).ok()
    }

    fn coordinates(&self) -> Vec<Coordinate> {
        coordinates(&self.training.encoder)
    }

    pub(super) fn paths(&self, draw: &MemberDraws) -> Arc<Paths> {
        let paths = draw.paths.get_or_init(|| {
            // Of the axes: the coordinates of a search hold switches where they are.
            let choices: Vec<usize> = self
                .training
                .encoder
                .axes()
                .map(|axis| axis.count().and_then(|n| usize::try_from(n).ok()).unwrap_or(0))
                .collect();
            Arc::new(Paths::draw(&draw.base, &choices, draw.count, draw.seed))
        });
        Arc::clone(paths)
    }

    pub(super) fn optima(&self, draw: &MemberDraws, cancel: &dyn Fn() -> bool) -> Option<Arc<Vec<Optimum>>> {
        if let Some(found) = draw.optima.get() {
            return Some(Arc::clone(found));
        }
        let encoder = &self.training.encoder;
        let place = Place {
            coordinates: &self.coordinates(),
            lengthscales: &self.scales,
            snap: &|point| {
                let mut point = encoder.snap(point).0;
                encoder.settle(&mut point);
                point
            },
            around: &self.best_rows(16),
            seed: draw.seed,
        };
        let found = optima(&self.paths(draw), &place, cancel)?;
        Some(Arc::clone(draw.optima.get_or_init(|| Arc::new(found))))
    }

    fn maxima(&self, draw: &MemberDraws) -> Option<Arc<MaxValues>> {
        if let Some(found) = draw.maxima.get() {
            return Some(Arc::clone(found));
        }
        let encoder = &self.training.encoder;
        let mut sobol = Sobol::new(encoder.dims(), draw.seed);
        let coordinates = self.coordinates();
        let mut points: Vec<Vec<f64>> = (0..CANDIDATES)
            .map(|_| {
                let raw = sobol.next_point();
                let mut point: Vec<f64> = raw.iter().zip(&coordinates).map(|(u, c)| c.at(*u)).collect();
                encoder.settle(&mut point);
                point
            })
            .collect();
        let x = &draw.base.data().x;
        points.extend(x.row_iter().map(|r| r.iter().copied().collect::<Vec<f64>>()));
        let at = draw.base.predict(&matrix(&points, encoder.dims()));
        let sd: Vec<f64> = at.variance.iter().map(|v| v.sqrt()).collect();
        let gumbel = Gumbel::match_maximum(&at.mean, &sd)?;
        // The maximum is at least what is known to be there; a margin of the noise keeps a known place from
        // looking as if it could still surprise.
        let noise = draw.base.model().noise_variance.sqrt();
        let least = draw.incumbent + 5.0 * noise.min(0.1);
        let values = MaxValues::of(&gumbel, MaxValues::COUNT, least);
        Some(Arc::clone(draw.maxima.get_or_init(|| Arc::new(values))))
    }

    fn information(
        &self,
        question: Question,
        draw: &MemberDraws,
        believed: &Believed<'_>,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Arc<Information>> {
        let kept = match question {
            Question::Place => &draw.place,
            Question::PlaceAndHeight => &draw.height,
        };
        let is_own = believed.points == self.pending.as_slice();
        if let (true, Some(found)) = (is_own, kept.get()) {
            return Some(Arc::clone(found));
        }
        let optima = self.optima(draw, cancel)?;
        let smooth = draw.base.model().kernel.is_differentiable();
        let setting = Setting {
            question,
            optima: &optima,
            lengthscales: &self.scales,
            smooth: &self
                .coordinates()
                .iter()
                .map(|c| smooth && *c == Coordinate::Continuous)
                .collect::<Vec<_>>(),
            best: draw.incumbent,
        };
        let found = Arc::new(Information::new(&believed.posterior, &setting, cancel)?);
        if is_own {
            return Some(Arc::clone(kept.get_or_init(|| found)));
        }
        Some(found)
    }
}
