//! The ladder of ξ: where the next point lies as EI asks for more and more, and where it jumps.
//!
//! Each rung is a suggestion of its own, found by the same search with the same seed: the rung of the present ξ is the
//! suggestion. While suggestions come from the initial design, the rungs are maxima along one slice instead. Checked by
//! `tests/lab_numbers.rs`.

use crate::acquisition::{AcquisitionFunction, AcquisitionSettings, ei};
use crate::analysis::suggestion::Reason;
use crate::analysis::surrogate::{SuggestRequest, Surrogate};
use crate::analysis::{slice, surrogate};
use crate::study::{Configuration, Value};

/// The rungs, in standardised units.
pub const RUNGS: [f64; 18] = [
    0.0, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0,
];

/// Two next points farther apart than this (the largest difference of a coordinate of the unit cube) may be on two
/// hills.
const APART: f64 = 0.08;

/// How often the place of a jump is halved: to a hundredth of its ξ.
const HALVINGS: usize = 7;

/// Places of a slice along a continuum.
const PLACES: usize = 513;

/// What to climb.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LadderRequest {
    /// Along which parameter, and where all others stand, as long as it is a slice that is looked at.
    pub param: usize,
    pub probe: Configuration,
    /// Everything but ξ; a function that has no ξ gives way to log EI.
    pub suggest: SuggestRequest,
}

/// How the next points were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Anywhere in the space, as the suggestion is.
    Search,
    /// The largest value along the slice, others at the probe.
    Slice,
}

/// The next point at one ξ.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    pub xi: f64,
    pub configuration: Configuration,
    /// In model units.
    pub ei: f64,
    /// The prediction there, in the user's units.
    pub mean: f64,
    pub sd: f64,
    /// In the unit cube.
    point: Vec<f64>,
}

/// A ξ at which the next point leaves one hill for another.
#[derive(Clone, Debug, PartialEq)]
pub struct Jump {
    pub xi: f64,
    pub from: Configuration,
    pub to: Configuration,
}

/// The next point for each ξ.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    pub function: AcquisitionFunction,
    pub way: Way,
    /// In ascending ξ; fewer than [`RUNGS`] while it is being climbed.
    pub rungs: Vec<Rung>,
    pub jumps: Vec<Jump>,
    pub is_complete: bool,
}

impl Surrogate {
    /// The next point for each of [`RUNGS`] and the present ξ, from the lowest up. `tell` is called after every rung.
    /// `None` where nothing is left to propose, and on cancellation.
    #[must_use]
    pub fn ladder(
        &self,
        request: &LadderRequest,
        tell: &mut dyn FnMut(&Ladder),
        cancel: &dyn Fn() -> bool,
    ) -> Option<Ladder> {
        let asked = request.suggest.acquisition;
        let function = if asked.function.uses_xi() {
            asked.function
        } else {
            AcquisitionFunction::LogEi
        };
        let mut ladder = Ladder {
            function,
            way: Way::Search,
            rungs: Vec::new(),
            jumps: Vec::new(),
            is_complete: false,
        };
        let climber = Climber::of(self, request, function, cancel)?;
        ladder.way = climber.way();
        let mut all = RUNGS.to_vec();
        if asked.xi.is_finite() && !all.contains(&asked.xi) {
            all.push(asked.xi);
            all.sort_by(f64::total_cmp);
        }
        for xi in all {
            let rung = climber.rung(xi, cancel)?;
            if let Some(before) = ladder.rungs.last() {
                ladder.jumps.extend(climber.jump(before, &rung, cancel));
                if cancel() {
                    return None;
                }
            }
            ladder.rungs.push(rung);
            tell(&ladder);
        }
        ladder.is_complete = true;
        tell(&ladder);
        Some(ladder)
    }
}

/// Finds next points.
struct Climber<'a> {
    surrogate: &'a Surrogate,
    request: &'a LadderRequest,
    function: AcquisitionFunction,
    /// Points of the slice with their moments and what their chance of success adds, where it is a slice.
    slice: Option<Vec<(Vec<f64>, surrogate::Moments, f64)>>,
}

impl<'a> Climber<'a> {
    fn of(
        surrogate: &'a Surrogate,
        request: &'a LadderRequest,
        function: AcquisitionFunction,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut this = Self {
            surrogate,
            request,
            function,
            slice: None,
        };
        if this.suggested(0.0, cancel)?.reason == Reason::InitialDesign {
            this.slice = Some(this.places()?);
        }
        Some(this)
    }

    fn way(&self) -> Way {
        if self.slice.is_some() {
            Way::Slice
        } else {
            Way::Search
        }
    }

    fn suggested(&self, xi: f64, cancel: &dyn Fn() -> bool) -> Option<crate::analysis::Suggestion> {
        let asked = SuggestRequest {
            count: 1,
            acquisition: AcquisitionSettings {
                function: self.function,
                xi,
                ..self.request.suggest.acquisition
            },
            ..self.request.suggest.clone()
        };
        self.surrogate.suggest(&asked, cancel).ok()?.into_iter().next()
    }

    fn places(&self) -> Option<Vec<(Vec<f64>, surrogate::Moments, f64)>> {
        let training = self.surrogate.training();
        let j = training.encoder.coordinate_of(self.request.param)?;
        let probe = training.point(&self.request.probe).ok()?;
        let points: Vec<Vec<f64>> = slice::places(training.encoder.axis(j), PLACES, 64)
            .into_iter()
            .map(|u| {
                let mut point = probe.clone();
                point[j] = u;
                training.encoder.settle(&mut point);
                point
            })
            .collect();
        let moments = self.surrogate.moments(&points);
        let weights = self.surrogate.log_weight(&points);
        let both = moments.into_iter().zip(weights);
        Some(
            points
                .into_iter()
                .zip(both)
                .map(|(p, (m, w))| (p, m, w))
                .collect(),
        )
    }

    fn rung(&self, xi: f64, cancel: &dyn Fn() -> bool) -> Option<Rung> {
        let Some(slice) = &self.slice else {
            let found = self.suggested(xi, cancel)?;
            let prediction = found.prediction?;
            return Some(Rung {
                xi,
                ei: found.readout?.ei,
                mean: prediction.mean,
                sd: prediction.sd,
                configuration: found.configuration,
                point: found.point.0,
            });
        };
        let incumbent = self.surrogate.believed_incumbent();
        let (_, point, at) = slice
            .iter()
            .map(|(point, at, weight)| {
                let log_ei = ei::log_ei(at.mean, at.believed_sd, incumbent, xi).value;
                (log_ei + weight, point, at)
            })
            .filter(|(value, ..)| !value.is_nan())
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let prediction = self.surrogate.prediction(*at);
        Some(Rung {
            xi,
            ei: ei::ei(at.mean, at.believed_sd, incumbent, xi).value,
            mean: prediction.mean,
            sd: prediction.sd,
            configuration: self.surrogate.training().encoder.decode(point),
            point: point.clone(),
        })
    }

    /// Where between two rungs the next point jumps; `None` where it only walks.
    fn jump(&self, low: &Rung, high: &Rung, cancel: &dyn Fn() -> bool) -> Option<Jump> {
        let whole = self.apart(low, high);
        if whole <= APART {
            return None;
        }
        let (mut low, mut high) = (low.clone(), high.clone());
        for _ in 0..HALVINGS {
            // Upwards of zero the first thousandth is as good as nothing.
            let middle = (low.xi.max(high.xi * 1e-2) * high.xi).sqrt();
            let between = self.rung(middle, cancel)?;
            if self.apart(&low, &between) > self.apart(&between, &high) {
                high = between;
            } else {
                low = between;
            }
        }
        (self.apart(&low, &high) > 0.5 * whole).then(|| Jump {
            xi: (low.xi.max(high.xi * 1e-2) * high.xi).sqrt(),
            from: low.configuration,
            to: high.configuration,
        })
    }

    /// The largest difference of a coordinate; 1 for two categories.
    fn apart(&self, a: &Rung, b: &Rung) -> f64 {
        let encoder = &self.surrogate.training().encoder;
        (a.point.iter().zip(&b.point).enumerate())
            .map(|(j, (a, b))| {
                if encoder.axis(j).is_category() {
                    f64::from(u8::from(a != b))
                } else {
                    (a - b).abs()
                }
            })
            .fold(0.0, f64::max)
    }
}

impl Ladder {
    /// The rung of a ξ, where it has one.
    #[must_use]
    pub fn at(&self, xi: f64) -> Option<&Rung> {
        self.rungs.iter().find(|r| r.xi == xi)
    }
}

impl Rung {
    /// The value of one parameter.
    #[must_use]
    pub fn value(&self, param: usize) -> Option<&Value> {
        self.configuration.get(param)
    }
}
