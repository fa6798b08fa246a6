//! Hyperparameters for the rows of a study, as the settings want them.

use super::SurrogateError;
use super::build::names;
use super::output::Output;
use super::training::Training;
use crate::analysis::settings::{Hyperparameters, ModelSettings, NoiseSetting};
use crate::gp::spec::Specified;
use crate::gp::{
    self, Bounds, Data, Ensemble, Fit, FitOptions, InputKind, Kernel, Mean, Model, Objective, Posterior,
    Priors,
};
use crate::study::Study;

/// With more rows than this the data say enough about the hyperparameters: nothing is averaged.
const MOST_AVERAGED: usize = 64;

/// Draws that are averaged over.
const DRAWS: usize = 12;

/// Noise variance of values that are exact, or whose noise is known of each.
const EXACT: f64 = 1e-6;

/// Every so many warm fits, one also starts from the mode of the prior.
const REFRESH_EVERY: u32 = 10;

/// Boxes of a fit without priors.
const WIDE: Bounds = Bounds {
    lengthscale: (0.01, 100.0),
    variance: (1e-3, 1e3),
    noise_variance: (1e-8, 10.0),
    category_scale: (1e-3, 1e3),
    shape: (1e-2, 1e4),
    period: (0.02, 20.0),
    slope_variance: (1e-6, 1e3),
    warp: (0.05, 20.0),
};

/// A kernel and how it is fitted.
pub struct Plan {
    pub specified: Specified,
    pub options: FitOptions,
}

impl Plan {
    /// What the settings ask for; `warm_fits` in a row have started from the one before.
    pub fn of(
        settings: &ModelSettings,
        training: &Training,
        output: &Output,
        warm_fits: u32,
    ) -> Result<Self, SurrogateError> {
        let spec = settings.kernel.as_deref();
        let mut plan = Self::named(spec, settings, training)?;
        plan.options.refresh = warm_fits % REFRESH_EVERY == REFRESH_EVERY - 1;
        plan.options.noise_variance = match settings.noise {
            NoiseSetting::Estimated => None,
            NoiseSetting::Deterministic => Some(EXACT),
            NoiseSetting::Known(sd) => Some(output.variance_of(sd).map_or(EXACT, |v| v.max(EXACT))),
        };
        Ok(plan)
    }

    /// The kernel of a specification (`None`: the default) under some settings, noise to be found.
    pub fn named(
        spec: Option<&str>,
        settings: &ModelSettings,
        training: &Training,
    ) -> Result<Self, SurrogateError> {
        let mut specified = match spec {
            None => Specified {
                held: vec![false; training.kinds.len() + 1],
                kernel: Kernel::default_over(&training.kinds),
                open_orders: Vec::new(),
            },
            Some(spec) => gp::spec::read(spec, &names(&training.encoder), &training.kinds)?,
        };
        if settings.input_warp {
            specified = warped(specified, &training.kinds);
        }
        let values = specified.kernel.parameters();
        let held = values.iter().zip(&specified.held);
        Ok(Self {
            options: FitOptions {
                objective: settings.objective,
                seed: settings.seed,
                priors: settings.priors.then(Priors::default),
                bounds: if settings.priors { Bounds::default() } else { WIDE },
                held: held.map(|(v, held)| held.then_some(*v)).collect(),
                ..FitOptions::default()
            },
            specified,
        })
    }

    /// The fit; from `warm` on where there is one. Orders that are to be found are looked for in a cold fit, and every
    /// so often.
    pub fn fit(
        &self,
        kinds: &[InputKind],
        data: &Data,
        warm: Option<&Model>,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Fit, SurrogateError> {
        let Specified {
            kernel, open_orders, ..
        } = &self.specified;
        let options = &self.options;
        if open_orders.is_empty() {
            let fitted = gp::fit(kernel, kinds, data, options, warm, cancel)?;
            if options.priors.is_some() || options.objective != Objective::LeaveOneOut {
                return Ok(fitted);
            }
            // What is reported, and written down, is the objective with the mean kept. That of a mean estimated in each
            // fold has its optimum elsewhere: the plain mean of the transformed outputs may do better.
            let plain = FitOptions {
                mean: Mean::Fixed(0.0),
                ..options.clone()
            };
            let other = gp::fit(kernel, kinds, data, &plain, warm, cancel)?;
            let kept = |fit: &Fit| fit.posterior.loo().total_at_mean;
            return Ok(if kept(&other) > kept(&fitted) {
                other
            } else {
                fitted
            });
        }
        match warm {
            Some(model) if !options.refresh => {
                Ok(gp::fit(&model.kernel, kinds, data, options, Some(model), cancel)?)
            }
            _ => Ok(gp::fit_orders(kernel, open_orders, kinds, data, options, cancel)?),
        }
    }

    /// Posteriors under draws of the hyperparameters, where the settings ask for them and the rows are few.
    pub fn averaged(
        &self,
        settings: &ModelSettings,
        fit: &Fit,
        kinds: &[InputKind],
        data: &Data,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Option<Ensemble>, SurrogateError> {
        if settings.hyperparameters != Hyperparameters::Average || data.n() > MOST_AVERAGED {
            return Ok(None);
        }
        let draws = gp::sample(fit, kinds, data, &self.options, DRAWS, cancel)?;
        // A draw whose matrix does not factor is one that the data rule out.
        let members = draws.iter().filter_map(|m| Posterior::new(m, kinds, data).ok());
        Ok(Ensemble::new(members.collect()))
    }
}

/// Noise variance, in model units, that a trial of `g = s·y` is known to carry beside that of the model: what the trial
/// itself tells of its value, or what the settings say of all, where that is not the same everywhere (through a warp).
pub fn trial_noise(study: &Study, settings: &ModelSettings, output: &Output, trial: usize, g: f64) -> f64 {
    let sd = match settings.noise {
        NoiseSetting::Deterministic => None,
        NoiseSetting::Known(sd) => output.variance_of(sd).is_none().then_some(sd),
        NoiseSetting::Estimated => study
            .trials
            .get(trial)
            .and_then(|t| t.objective_sd(study.metric.raw())),
    };
    sd.map_or(0.0, |sd| {
        output
            .variance_of(sd)
            .unwrap_or_else(|| output.variance_at(g, sd))
    })
}

/// The kernel of warped numbers; one that is warped already, or has no numbers, stays as it is.
fn warped(specified: Specified, kinds: &[InputKind]) -> Specified {
    let numbers: Vec<usize> = (0..kinds.len())
        .filter(|&j| kinds[j] == InputKind::Numeric)
        .collect();
    if numbers.is_empty() || has_warp(&specified.kernel) {
        return specified;
    }
    let count = numbers.len();
    Specified {
        held: [vec![false; 2 * count], specified.held].concat(),
        kernel: Kernel::Warp {
            a: vec![1.0; count],
            b: vec![1.0; count],
            inputs: (count < kinds.len()).then_some(numbers),
            kernel: Box::new(specified.kernel),
        },
        ..specified
    }
}

fn has_warp(kernel: &Kernel) -> bool {
    match kernel {
        Kernel::Warp { .. } => true,
        Kernel::Sum(terms) | Kernel::Product(terms) => terms.iter().any(has_warp),
        _ => false,
    }
}
