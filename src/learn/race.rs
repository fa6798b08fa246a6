//! A race: acquisition functions, chance and the learner on the same function from the same start, one evaluation each
//! in turn.
//!
//! What counts is the true value at the best place that a runner has been to (the regret, where the optimum is known).
//! Noise is the same for all: it depends on the number of the evaluation alone. One race says little; the ranks of
//! several, each with another seed, say more.

use std::fmt::Debug;
use std::sync::Arc;

use crate::acquisition::random::{Random, mix};
use crate::analysis::{
    AcquisitionFunction, AcquisitionSettings, ModelSettings, SuggestRequest, Surrogate, suggest_without_model,
};
use crate::study::{Configuration, Direction, Encoder, Space, Study, Trial, TrialId, TrialState, Value};

/// What is raced on.
pub trait Course: Send + Sync + Debug {
    fn space(&self) -> &Space;
    fn direction(&self) -> Direction;
    /// What evaluation `number` gives, with its noise; `None`: it fails.
    fn observe(&self, configuration: &[Value], number: u64) -> Option<f64>;
    /// The value without noise.
    fn truth(&self, configuration: &[Value]) -> Option<f64>;
    /// The best value there is, where it is known.
    fn optimum(&self) -> Option<f64>;
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    Function(AcquisitionFunction),
    /// Uniform over the space.
    Random,
    /// The points that the learner has placed, or the trials of a recorded study.
    You,
}

impl Runner {
    /// Those that always take part, in the order of the legend.
    pub const ALL: [Self; 7] = [
        Self::Function(AcquisitionFunction::LogEi),
        Self::Function(AcquisitionFunction::Ucb),
        Self::Function(AcquisitionFunction::Pi),
        Self::Function(AcquisitionFunction::Thompson),
        Self::Function(AcquisitionFunction::Mes),
        Self::Function(AcquisitionFunction::Pes),
        Self::Random,
    ];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Function(function) => function.title(),
            Self::Random => "random",
            Self::You => "you",
        }
    }
}

/// What to race.
#[derive(Clone, Debug)]
pub struct RaceRequest {
    pub course: Arc<dyn Course>,
    /// Where all begin, with what was seen there.
    pub start: Vec<(Configuration, f64)>,
    /// What the learner went on with; empty: they do not take part.
    pub yours: Vec<Configuration>,
    pub runners: Vec<Runner>,
    pub evaluations: usize,
    pub settings: ModelSettings,
    /// ξ and β; the function is each runner's own.
    pub acquisition: AcquisitionSettings,
    pub seed: u64,
}

/// One runner's way.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub runner: Runner,
    /// Where it went, the start not counted.
    pub points: Vec<Configuration>,
    /// The true value at the best place so far: after the start, then after each evaluation. NaN while there is none.
    pub best: Vec<f64>,
    /// It has no more to do: the space is used up, or the learner has placed no more.
    pub ended: bool,
}

/// A race as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    pub lanes: Vec<Lane>,
    pub direction: Direction,
    pub optimum: Option<f64>,
    /// Evaluations that each may make.
    pub evaluations: usize,
    pub seed: u64,
}

impl Lane {
    /// The best true value after so many evaluations; one that has ended keeps its last.
    #[must_use]
    pub fn after(&self, evaluations: usize) -> f64 {
        let last = self.best.len().saturating_sub(1);
        self.best.get(evaluations.min(last)).copied().unwrap_or(f64::NAN)
    }
}

impl Race {
    /// Evaluations that every runner who can has made.
    #[must_use]
    pub fn made(&self) -> usize {
        (self.lanes.iter())
            .filter(|l| !l.ended)
            .map(|l| l.points.len())
            .min()
            .unwrap_or(self.evaluations)
    }

    #[must_use]
    pub fn is_done(&self) -> bool {
        self.made() >= self.evaluations
    }

    /// How far the best of a lane is from the optimum: `s (f* − best)`; from the best of all lanes where the optimum is
    /// not known. Not negative.
    #[must_use]
    pub fn regret(&self, lane: &Lane, evaluations: usize) -> f64 {
        let sign = self.direction.sign();
        let all = || self.lanes.iter().map(|l| sign * l.after(self.evaluations));
        let top = self
            .optimum
            .map_or_else(|| all().fold(f64::NAN, f64::max), |o| sign * o);
        (top - sign * lane.after(evaluations)).max(0.0)
    }

    /// The rank of each lane after so many evaluations, 1 the best; equals share the middle of their ranks. One without
    /// a value comes last.
    #[must_use]
    pub fn ranks(&self, evaluations: usize) -> Vec<f64> {
        let sign = self.direction.sign();
        let scores: Vec<f64> = (self.lanes.iter())
            .map(|l| sign * l.after(evaluations))
            .map(|v| if v.is_nan() { f64::NEG_INFINITY } else { v })
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "few lanes")]
        let rank = |score: f64| {
            let better = scores.iter().filter(|s| **s > score).count();
            let equal = scores.iter().filter(|s| **s == score).count();
            better as f64 + (equal as f64 + 1.0) / 2.0
        };
        scores.iter().map(|s| rank(*s)).collect()
    }
}

/// Runs a race. `tell` is called after each round. `None`: it was called off.
#[must_use]
pub fn race(request: &RaceRequest, tell: &mut dyn FnMut(&Race), cancel: &dyn Fn() -> bool) -> Option<Race> {
    let mut runners = request.runners.clone();
    if !request.yours.is_empty() {
        runners.push(Runner::You);
    }
    let mut tracks: Vec<Track> = runners.into_iter().map(|r| Track::new(request, r)).collect();
    let standing = |tracks: &[Track]| Race {
        lanes: tracks.iter().map(|t| t.lane.clone()).collect(),
        direction: request.course.direction(),
        optimum: request.course.optimum(),
        evaluations: request.evaluations,
        seed: request.seed,
    };
    tell(&standing(&tracks));
    for _ in 0..request.evaluations {
        for track in &mut tracks {
            track.advance(request, cancel);
            if cancel() {
                return None;
            }
        }
        tell(&standing(&tracks));
    }
    Some(standing(&tracks))
}

/// A lane and what its runner knows.
struct Track {
    lane: Lane,
    study: Study,
    model: Option<Surrogate>,
    random: Random,
}

impl Track {
    fn new(request: &RaceRequest, runner: Runner) -> Self {
        let space = request.course.space().clone();
        let mut track = Self {
            lane: Lane {
                runner,
                points: Vec::new(),
                best: Vec::new(),
                ended: false,
            },
            study: Study {
                directions: vec![request.course.direction()],
                columns: space.params.iter().map(|p| p.name.clone()).collect(),
                space,
                ..Study::empty()
            },
            model: None,
            random: Random::new(mix(request.seed ^ 0x7261_6365)),
        };
        // Columns stand in the order of the space here, whatever they did in the source.
        for (i, p) in track.study.space.params.iter_mut().enumerate() {
            p.column = i;
        }
        let mut best = f64::NAN;
        for (configuration, value) in &request.start {
            track.record(configuration, Some(*value));
            best = track.better(best, request.course.truth(configuration));
        }
        track.lane.best.push(best);
        track
    }

    fn better(&self, best: f64, truth: Option<f64>) -> f64 {
        match truth {
            Some(value) if best.is_nan() || self.study.direction().is_better(value, best) => value,
            _ => best,
        }
    }

    fn record(&mut self, configuration: &Configuration, value: Option<f64>) {
        let id = TrialId::Number(self.study.trials.len() as u64 + 1);
        let known = |v: &Value| (!v.is_inactive()).then(|| v.clone());
        self.study.trials.push(Arc::new(Trial {
            state: match value {
                Some(_) => TrialState::Complete,
                None => TrialState::Failed,
            },
            params: configuration.iter().map(known).collect(),
            values: value.into_iter().collect(),
            ..Trial::new(id)
        }));
    }

    /// One evaluation.
    fn advance(&mut self, request: &RaceRequest, cancel: &dyn Fn() -> bool) {
        if self.lane.ended {
            return;
        }
        let next = match self.lane.runner {
            Runner::You => request.yours.get(self.lane.points.len()).cloned(),
            Runner::Random => Some(self.at_random()),
            Runner::Function(function) => self.suggested(request, function, cancel),
        };
        let Some(configuration) = next else {
            self.lane.ended = !cancel();
            return;
        };
        let number = self.study.trials.len() as u64;
        self.record(&configuration, request.course.observe(&configuration, number));
        let best = self.lane.best.last().copied().unwrap_or(f64::NAN);
        let best = self.better(best, request.course.truth(&configuration));
        self.lane.best.push(best);
        self.lane.points.push(configuration);
    }

    fn at_random(&mut self) -> Configuration {
        let encoder = Encoder::new(&self.study.space);
        let point: Vec<f64> = (encoder.axes())
            .map(|axis| axis.at_position(self.random.uniform()))
            .collect();
        encoder.decode(&encoder.snap(&point).0)
    }

    fn suggested(
        &mut self,
        request: &RaceRequest,
        function: AcquisitionFunction,
        cancel: &dyn Fn() -> bool,
    ) -> Option<Configuration> {
        let wanted = SuggestRequest {
            count: 1,
            acquisition: AcquisitionSettings {
                function,
                ..request.acquisition
            },
            // What is drawn anew for each evaluation must not be the same draw again.
            seed: mix(request.seed ^ self.study.trials.len() as u64),
            ..SuggestRequest::default()
        };
        let study = Arc::new(self.study.clone());
        let settings = ModelSettings {
            seed: wanted.seed,
            ..request.settings.clone()
        };
        let first =
            |found: Vec<crate::analysis::Suggestion>| found.into_iter().next().map(|s| s.configuration);
        // The initial design is one sequence for all.
        let design = SuggestRequest {
            seed: request.seed,
            ..wanted.clone()
        };
        if !study.has_objective() {
            return first(suggest_without_model(&study, &design));
        }
        match Surrogate::fit(&study, &settings, self.model.as_ref(), cancel) {
            Ok(model) => {
                let is_design = study.trials.len() < (2 * study.space.len() + 2).min(10);
                let found = model.suggest(if is_design { &design } else { &wanted }, cancel);
                self.model = Some(model);
                first(found.ok()?)
            }
            Err(_) => first(suggest_without_model(&study, &design)),
        }
    }
}

/// A function that a study may be of: the mean of its model. Good for a race where there is no truth, on ground that
/// resembles one's own.
#[derive(Clone, Debug)]
pub struct StandIn {
    surrogate: Arc<Surrogate>,
}

impl StandIn {
    #[must_use]
    pub fn new(surrogate: Arc<Surrogate>) -> Self {
        Self { surrogate }
    }
}

impl Course for StandIn {
    fn space(&self) -> &Space {
        &self.surrogate.study().space
    }

    fn direction(&self) -> Direction {
        self.surrogate.study().direction()
    }

    fn observe(&self, configuration: &[Value], _: u64) -> Option<f64> {
        self.truth(configuration)
    }

    fn truth(&self, configuration: &[Value]) -> Option<f64> {
        let p = self.surrogate.predict(configuration).ok()?;
        Some(p.mean).filter(|v| v.is_finite())
    }

    fn optimum(&self) -> Option<f64> {
        None
    }
}

impl Course for super::function::Function {
    fn space(&self) -> &Space {
        &self.space
    }

    fn direction(&self) -> Direction {
        Direction::Minimize
    }

    fn observe(&self, configuration: &[Value], _: u64) -> Option<f64> {
        Course::truth(self, configuration)
    }

    fn truth(&self, configuration: &[Value]) -> Option<f64> {
        self.evaluate(configuration).filter(|v| v.is_finite())
    }

    fn optimum(&self) -> Option<f64> {
        Some(self.minimum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::function::Function;

    fn request(evaluations: usize, seed: u64) -> RaceRequest {
        let function = Function::named("forrester").unwrap();
        let start: Vec<(Configuration, f64)> = [0.1, 0.5, 0.9]
            .map(|x| (vec![Value::Float(x)], function.at(&[x]).unwrap()))
            .to_vec();
        RaceRequest {
            course: Arc::new(function),
            start,
            yours: vec![vec![Value::Float(0.75)], vec![Value::Float(0.76)]],
            runners: vec![
                Runner::Function(AcquisitionFunction::LogEi),
                Runner::Function(AcquisitionFunction::Ucb),
                Runner::Random,
            ],
            evaluations,
            settings: ModelSettings::default(),
            acquisition: AcquisitionSettings::default(),
            seed,
        }
    }

    #[test]
    fn all_start_alike_regret_never_grows_and_a_model_beats_chance() {
        let mut rounds = 0;
        let request = request(12, 1);
        let race = race(&request, &mut |_| rounds += 1, &|| false).unwrap();
        assert_eq!(rounds, 13);
        assert!(race.is_done());
        assert_eq!(race.lanes.len(), 4);
        for lane in &race.lanes {
            assert_eq!(lane.best[0], race.lanes[0].best[0]);
            let regret: Vec<f64> = (0..=12).map(|k| race.regret(lane, k)).collect();
            assert!(regret.windows(2).all(|w| w[1] <= w[0]), "{regret:?}");
        }
        let (ei, start) = (race.regret(&race.lanes[0], 12), race.regret(&race.lanes[0], 0));
        assert!(ei < 0.01 * start, "{ei} of {start}");
        assert!(ei <= race.regret(&race.lanes[2], 12));
        // The learner stopped after two.
        let you = &race.lanes[3];
        assert!(you.ended && you.points.len() == 2);
        let f = Function::named("forrester").unwrap();
        assert_eq!(race.regret(you, 12), f.at(&[0.76]).unwrap() - f.minimum);
        let total: f64 = race.ranks(12).iter().sum();
        assert!((total - 10.0).abs() < 1e-12);
    }

    #[test]
    fn the_same_seed_gives_the_same_race_and_it_can_be_called_off() {
        let quiet = &mut |_: &Race| {};
        assert_eq!(
            race(&request(4, 7), quiet, &|| false),
            race(&request(4, 7), quiet, &|| false)
        );
        assert_eq!(race(&request(4, 7), quiet, &|| true), None);
    }

    #[test]
    fn equals_share_the_middle_of_their_ranks_and_no_value_comes_last() {
        let lane = |best: f64| Lane {
            runner: Runner::Random,
            points: Vec::new(),
            best: vec![best],
            ended: false,
        };
        let mut race = Race {
            lanes: vec![lane(2.0), lane(1.0), lane(1.0), lane(f64::NAN)],
            direction: Direction::Minimize,
            optimum: None,
            evaluations: 0,
            seed: 0,
        };
        assert_eq!(race.ranks(0), [3.0, 1.5, 1.5, 4.0]);
        assert_eq!(race.regret(&race.lanes[0], 0), 1.0);
        race.direction = Direction::Maximize;
        assert_eq!(race.ranks(0), [1.0, 2.5, 2.5, 4.0]);
    }
}
