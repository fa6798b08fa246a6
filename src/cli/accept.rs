//! `tunescope accept`: a configuration into the queue that workers take from.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::args::{Accept, Format};
use super::engine;
use super::error::CliError;
use super::load;
use super::out::Out;
use crate::analysis::SuggestError;
use crate::config::FileSettings;
use crate::io::delivery::{
    AcquisitionReading, Decision, Door, Hook, Origin, Predicted, Recovered, Wishes, random_bytes,
};
use crate::io::kept::default_folder;
use crate::study::number::with_sd;
use crate::study::{Configuration, Label, Study};

/// How long the command of `--on-accept` is waited for.
const HOOK_TIME: Duration = Duration::from_secs(60);

pub fn run(args: &Accept) -> Result<(), CliError> {
    let file = FileSettings::load(None)?;
    let on_accept = args.delivery.on_accept.as_deref().or(file.on_accept.as_deref());
    let hook = on_accept
        .filter(|command| !command.trim().is_empty())
        .map(Hook::parse)
        .transpose()?;
    let study = load::study(&args.source, &args.reading)?;
    let decision = decide(args, &study, &file)?;
    let mut door = Door::for_source(&args.source, args.reading.study.as_deref());
    let wishes = Wishes::of(default_folder().as_deref(), &args.source);
    let (receipt, started) = wishes.deliver(&mut door, &decision, hook.as_ref())?;
    // What an earlier program could not start any more.
    let mut others = Vec::new();
    if hook.is_some() {
        wishes.recover(&mut door, &mut |recovered| match recovered {
            Recovered::Started { running, said, .. } => {
                super::say(&said);
                others.push(running);
            }
            Recovered::Unsure(said) => super::say(&said),
        });
    }
    let mut hook_says = None;
    if let (Some(hook), Some(started)) = (hook, started) {
        let outcome = started?.wait(HOOK_TIME);
        hook_says = Some(outcome.map_or_else(
            || format!("{} still runs", hook.describe()),
            |outcome| outcome.sentence(),
        ));
    }
    let mut out = Out::new();
    match args.output.format {
        Format::Json => {
            let mut answer = decision.to_json()?;
            answer["place"] = json!(receipt.place);
            answer["file"] = json!(receipt.file.as_ref().map(|f| f.to_string_lossy()));
            answer["trial"] = json!(receipt.trial);
            answer["on_accept"] = json!(hook_says);
            out.json(&answer)?;
        }
        Format::Text => {
            let params: Vec<String> = decision.params.iter().map(|(n, v)| format!("{n}={v}")).collect();
            out.line(format!("accepted {}", params.join(" ")))?;
            if let Some(p) = decision.predicted {
                out.line(format!("  predicted {} {}", study.metric, with_sd(p.mean, p.sd)))?;
            }
            out.line(format!("  written to {}", receipt.place))?;
            if let Some(says) = hook_says {
                out.line(format!("  {says}"))?;
            }
        }
    }
    out.finish()
}

fn decide(args: &Accept, study: &Arc<Study>, file: &FileSettings) -> Result<Decision, CliError> {
    let acquisition = engine::acquisition_settings(&args.acquisition, file);
    let (configuration, origin, reading): (Configuration, Origin, _) = match &args.configuration {
        Some(text) => {
            let object = load::object("--config", text)?;
            let configuration = load::configuration(study, "--config", &object)?;
            (configuration, Origin::Manual, None)
        }
        None => {
            let settings = engine::model_settings(&args.modelling, file);
            let modelling = (&args.modelling, &settings);
            let name = args.reading.study.as_deref();
            let found = engine::suggest(study, &args.source, name, 1, modelling, acquisition)?;
            let suggestion = found.into_iter().next().ok_or(SuggestError::Exhausted)?;
            let reading = suggestion.prediction.zip(suggestion.readout);
            (suggestion.configuration, Origin::Suggested, reading)
        }
    };
    let params = study
        .space
        .params
        .iter()
        .map(|p| p.name.clone())
        .zip(configuration)
        .filter(|(_, value)| !value.is_inactive())
        .collect();
    let mut decision = Decision::new(Timestamp::now(), random_bytes(), params, origin);
    decision.note = args.note.as_deref().map(Label::new);
    if let Some((prediction, readout)) = reading {
        let function = acquisition.function;
        decision.predicted = Some(Predicted {
            mean: prediction.mean,
            sd: prediction.sd_observed,
        });
        decision.acquisition = Some(AcquisitionReading {
            name: function.name().to_owned(),
            value: readout.of(function),
        });
    }
    Ok(decision)
}
