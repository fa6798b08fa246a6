//! From the arguments to the engine: the same calls as the explorer makes.

use std::path::Path;
use std::sync::Arc;

use super::args::{Acquisition, Modelling, ObjectiveName, Use};
use super::error::CliError;
use super::progress::Progress;
use crate::analysis::settings::{NoiseSetting, Objective};
use crate::analysis::{
    AcquisitionFunction, AcquisitionSettings, ModelFile, ModelSettings, SuggestRequest, Suggestion,
    Surrogate, SurrogateError, suggest_without_model,
};
use crate::config::FileSettings;
use crate::io::delivery::{Door, Status};
use crate::study::{Configuration, Study, Value};

/// The command line over the settings file over the defaults.
pub fn model_settings(args: &Modelling, file: &FileSettings) -> ModelSettings {
    let defaults = ModelSettings::default();
    let kernel = args.kernel.as_deref().or(file.kernel.as_deref());
    ModelSettings {
        kernel: kernel.map(Arc::from),
        objective: match args.objective {
            Some(ObjectiveName::Loo) => Objective::LeaveOneOut,
            Some(ObjectiveName::MarginalLikelihood) => Objective::MarginalLikelihood,
            None => file.objective.unwrap_or(defaults.objective),
        },
        transform: if args.no_output_warp {
            None
        } else {
            args.transform.or(file.transform)
        },
        input_warp: args.input_warp || file.input_warp.unwrap_or(defaults.input_warp),
        noise: args.noise.or(file.noise).map_or(defaults.noise, |sd| {
            if sd > 0.0 {
                NoiseSetting::Known(sd)
            } else {
                NoiseSetting::Deterministic
            }
        }),
        hyperparameters: args
            .hyperparameters
            .or(file.hyperparameters)
            .unwrap_or(defaults.hyperparameters),
        output_warp: !args.no_output_warp && file.output_warp.unwrap_or(defaults.output_warp),
        priors: !args.no_priors,
        doubt: args.doubt.unwrap_or(defaults.doubt),
        failures: uses(args.failures, file.failures).unwrap_or(defaults.failures),
        pruned: uses(args.pruned, file.pruned).unwrap_or(defaults.pruned),
        seed: args.seed.or(file.seed).unwrap_or(defaults.seed),
        given: None,
    }
}

/// Whether a kind of trial is learned from, where somebody said so.
fn uses(argument: Option<Use>, file: Option<bool>) -> Option<bool> {
    argument.map(|a| a == Use::Model).or(file)
}

/// The command line over the settings file over the defaults.
pub fn acquisition_settings(args: &Acquisition, file: &FileSettings) -> AcquisitionSettings {
    let defaults = AcquisitionSettings::default();
    AcquisitionSettings {
        function: args
            .cost_aware
            .then_some(AcquisitionFunction::Eips)
            .or(args.acquisition)
            .or(file.acquisition)
            .unwrap_or(defaults.function),
        xi: args.xi.or(file.xi).unwrap_or(defaults.xi),
        beta: args.beta.or(file.beta).unwrap_or(defaults.beta),
        pending: args.pending.unwrap_or(defaults.pending),
        ..defaults
    }
}

/// The model: fitted, or the one that `--model` names.
pub fn surrogate(
    study: &Arc<Study>,
    args: &Modelling,
    settings: &ModelSettings,
) -> Result<Surrogate, CliError> {
    let given = args.model.as_deref().map(model_file).transpose()?;
    let _progress = Progress::start("fitting");
    let found = match &given {
        Some((_, model)) => Surrogate::with_model(study, settings, model),
        None => Surrogate::fit(study, settings, None, &|| false),
    };
    found.map_err(|error| match (error, given) {
        (SurrogateError::Model(source), Some((path, _))) => CliError::Model { path, source },
        (error, _) => CliError::Surrogate(error),
    })
}

pub fn model_file(path: &Path) -> Result<(std::path::PathBuf, ModelFile), CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        action: "read",
        source,
    })?;
    let model = ModelFile::from_json_text(&text).map_err(|source| CliError::Model {
        path: path.to_owned(),
        source,
    })?;
    Ok((path.to_owned(), model))
}

/// The next `count` configurations, and the model they come from; without one while no trial is complete.
pub fn suggest(
    study: &Arc<Study>,
    source: &Path,
    study_name: Option<&str>,
    count: usize,
    modelling: (&Modelling, &ModelSettings),
    acquisition: AcquisitionSettings,
) -> Result<Vec<Suggestion>, CliError> {
    let (args, settings) = modelling;
    let request = SuggestRequest {
        count,
        acquisition,
        locks: Vec::new(),
        rejected: Vec::new(),
        pending: queued(study, source, study_name),
        seed: settings.seed,
    };
    let model = match surrogate(study, args, settings) {
        Ok(model) => model,
        Err(CliError::Surrogate(SurrogateError::NoTrials)) => {
            return Ok(suggest_without_model(study, &request));
        }
        Err(CliError::Surrogate(error @ SurrogateError::NothingShared { .. })) => {
            super::say(&format!("{error}; these are points of the initial design"));
            return Ok(suggest_without_model(study, &request));
        }
        Err(error) => return Err(error),
    };
    let _progress = Progress::start("looking for the best place");
    Ok(model.suggest(&request, &|| false)?)
}

/// What waits in the queue beside the source: as good as running. A queue that cannot be read is no reason
/// not to answer.
pub fn queued(study: &Study, source: &Path, study_name: Option<&str>) -> Vec<Configuration> {
    if source.as_os_str() == "-" {
        return Vec::new();
    }
    let shown = Some(study.name.raw()).filter(|name| !name.is_empty());
    let listing = Door::for_source(source, study_name.or(shown)).receipts();
    let receipts = listing.map(|l| l.receipts).unwrap_or_default();
    receipts
        .into_iter()
        .filter(|r| matches!(r.status, Status::Queued | Status::Claimed { .. }))
        .filter_map(|r| {
            let value = |name| r.decision.params.iter().find(|(n, _)| n == name).map(|(_, v)| v);
            study
                .space
                .params
                .iter()
                .map(|p| {
                    let inactive = p.activity.as_ref().map(|_| Value::Inactive);
                    value(&p.name).cloned().or(inactive)
                })
                .collect::<Option<Vec<Value>>>()
        })
        .collect()
}
