//! One run: the loop that a person has with `tunescope suggest`.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tunescope::acquisition::sobol::Sobol;
use tunescope::analysis::settings::Hyperparameters;
use tunescope::analysis::{
    AcquisitionSettings, ModelSettings, SuggestRequest, Surrogate, SurrogateError, suggest_without_model,
};
use tunescope::learn::function::Function;
use tunescope::study::{Axis, Configuration, Encoder, Study, Trial, TrialId, TrialState};

use super::curves::Curve;

const DESIGN: usize = 10;

pub struct Game<'a> {
    pub function: &'a Function,
    pub noisy: bool,
    pub seed: u64,
    pub own_design: bool,
    pub evaluations: usize,
    pub how: &'a How,
}

/// What a run may do otherwise than the engine by itself.
#[derive(Clone, Debug, Default)]
pub struct How {
    pub acquisition: AcquisitionSettings,
    pub hyperparameters: Hyperparameters,
    /// Of the incumbent; `None`: as the engine has it.
    pub doubt: Option<f64>,
}

impl Game<'_> {
    pub fn play(&self) -> io::Result<Curve> {
        let mut study = Study::empty();
        study.columns = self
            .function
            .space
            .params
            .iter()
            .map(|p| p.name.clone())
            .collect();
        study.space = self.function.space.clone();
        let design = if self.own_design {
            Vec::new()
        } else {
            design(self.function, self.seed)
        };
        let noise = if self.noisy { noise(self.seed) } else { Vec::new() };
        let mut curve = Curve {
            regret: Vec::new(),
            observed: Vec::new(),
            ask_ms: 0.0,
        };
        let mut asks = Vec::new();
        for i in 0..self.evaluations {
            let configuration = match design.get(i) {
                Some(configuration) => configuration.clone(),
                None => {
                    let start = Instant::now();
                    let next =
                        suggest(&Arc::new(study.clone()), self.seed, self.how).map_err(io::Error::other)?;
                    asks.push(start.elapsed().as_secs_f64());
                    next
                }
            };
            let value = self.function.evaluate(&configuration).unwrap_or(f64::NAN);
            let told = value + self.function.noise_sd * noise.get(i).copied().unwrap_or(0.0);
            curve.regret.push(value - self.function.minimum);
            if self.noisy {
                curve.observed.push(told - self.function.minimum);
            }
            study.trials.push(Arc::new(Trial {
                state: TrialState::Complete,
                params: configuration.into_iter().map(Some).collect(),
                values: vec![told],
                ..Trial::new(TrialId::Number(i as u64))
            }));
        }
        curve.ask_ms = 1e3 * asks.iter().sum::<f64>() / asks.len().max(1) as f64;
        Ok(curve)
    }
}

/// What `tunescope suggest --seed SEED` answers, from nothing but the study.
pub fn suggest(study: &Arc<Study>, seed: u64, how: &How) -> Result<Configuration, String> {
    let defaults = ModelSettings::default();
    let settings = ModelSettings {
        seed,
        doubt: how.doubt.unwrap_or(defaults.doubt),
        hyperparameters: how.hyperparameters,
        ..defaults
    };
    let request = SuggestRequest {
        count: 1,
        seed,
        acquisition: how.acquisition,
        ..SuggestRequest::default()
    };
    let found = match Surrogate::fit(study, &settings, None, &|| false) {
        Ok(model) => model.suggest(&request, &|| false).map_err(|e| e.to_string())?,
        Err(SurrogateError::NoTrials) => suggest_without_model(study, &request),
        Err(error) => return Err(error.to_string()),
    };
    found
        .into_iter()
        .next()
        .map(|s| s.configuration)
        .ok_or_else(|| "nothing left".to_owned())
}

/// The first points of a seed: those of the peers where they exist, Sobol points of our own otherwise.
pub fn design(function: &Function, seed: u64) -> Vec<Configuration> {
    let d = function.dims();
    let head = format!("{d},{seed},");
    let mut points: Vec<Vec<f64>> = include_str!("init.csv")
        .lines()
        .filter_map(|line| line.strip_prefix(&head))
        .map(numbers)
        .collect();
    if points.is_empty() {
        let mut sobol = Sobol::new(d, seed);
        points = (0..DESIGN).map(|_| sobol.next_point()).collect();
    }
    let encoder = Encoder::new(&function.space);
    points
        .into_iter()
        .map(|mut point| {
            for (u, axis) in point.iter_mut().zip(encoder.axes()) {
                if let Axis::Category { count } = axis {
                    *u = (*u * *count as f64).floor();
                }
            }
            encoder.decode(&point)
        })
        .collect()
}

/// Standard normal draws, one an evaluation.
pub fn noise(seed: u64) -> Vec<f64> {
    let head = format!("{seed},");
    include_str!("noise.csv")
        .lines()
        .find_map(|line| line.strip_prefix(&head))
        .map(numbers)
        .unwrap_or_default()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().filter_map(|t| t.parse().ok()).collect()
}
