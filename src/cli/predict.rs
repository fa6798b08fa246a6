//! `tunescope predict`: the posterior and every acquisition function at given configurations.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::args::{Format, Predict};
use super::error::CliError;
use super::out::Out;
use super::text::{Columns, harmless};
use super::{engine, load};
use crate::analysis::{
    AcquisitionFunction, AcquisitionSettings, ConstraintPrediction, Prediction, Readout, Surrogate,
};
use crate::config::FileSettings;
use crate::study::number::{significant, with_sd};
use crate::study::{Configuration, Study};

pub fn run(args: &Predict) -> Result<(), CliError> {
    let file = FileSettings::load(args.engine.config.config.as_deref())?;
    let settings = engine::model_settings(&args.engine.modelling, &file);
    let acquisition = engine::acquisition_settings(&args.engine.acquisition, &file);
    let study = load::study(&args.source, &args.engine.reading)?;
    let points = points(args, &study)?;
    let model = engine::surrogate(&study, &args.engine.modelling, &settings)?;
    // As `suggest` does: what waits in the queue counts as pending.
    let queued = engine::queued(&study, &args.source, args.engine.reading.study.as_deref());
    let model = model.with_queued(&queued).map_err(CliError::Surrogate)?;
    model.prepare(&AcquisitionFunction::ALL, &|| false);
    let answers: Vec<Answer> = points
        .into_iter()
        .map(|(place, configuration)| {
            let found = model.readout(&configuration, &acquisition);
            let (prediction, readout) = found.map_err(|source| CliError::Configuration { place, source })?;
            Ok(Answer {
                constraints: model.constraints_at(&configuration).unwrap_or_default(),
                seconds: model.expected_seconds(&configuration).ok().flatten(),
                configuration,
                prediction,
                readout,
                caution: model.caution(),
            })
        })
        .collect::<Result<_, CliError>>()?;
    let mut out = Out::new();
    match args.output.format {
        Format::Json => {
            let all: Vec<Json> = answers
                .iter()
                .map(|a| a.json(&study, &model, acquisition))
                .collect();
            out.json(&all)?;
        }
        Format::Text => {
            for (i, answer) in answers.iter().enumerate() {
                if i > 0 {
                    out.line("")?;
                }
                answer.text(&study, &mut out)?;
            }
        }
    }
    out.finish()
}

struct Answer {
    configuration: Configuration,
    prediction: Prediction,
    readout: Readout,
    /// That a trial is expected to take, where durations are known.
    seconds: Option<f64>,
    /// How often `P(ok)` counts.
    caution: f64,
    constraints: Vec<ConstraintPrediction>,
}

impl Answer {
    fn json(&self, study: &Study, model: &Surrogate, acquisition: AcquisitionSettings) -> Json {
        let (p, r) = (&self.prediction, &self.readout);
        json!({
            "params": study.space.configuration_to_json(&self.configuration),
            "mean": p.mean,
            "sd": p.sd,
            "sd_observed": p.sd_observed,
            "low95": p.low95,
            "high95": p.high95,
            "model": {
                "mean": p.model_mean,
                "sd": p.model_sd,
                "incumbent": p.model_incumbent,
                "maximum": model.maximum_values(),
            },
            "acquisition": {
                "ei": r.ei,
                "log_ei": r.log_ei,
                "exploitation": r.exploitation,
                "exploration": r.exploration,
                "pi": r.pi,
                "log_pi": r.log_pi,
                "ucb": r.ucb,
                "mes": r.mes,
                "pes": r.pes,
                "jes": r.jes,
                "thompson": r.thompson,
                "eips": self.seconds.and(r.eips),
                "chosen": {"name": acquisition.function.name(), "value": r.chosen},
            },
            "seconds": self.seconds,
            "p_ok": p.p_ok,
            "p_ok_power": p.p_ok.map(|_| self.caution),
            "p_feasible": p.p_feasible,
            "constraints": super::constraints::json(&self.constraints),
        })
    }

    fn text(&self, study: &Study, out: &mut Out) -> Result<(), CliError> {
        let (p, r) = (&self.prediction, &self.readout);
        out.line(super::text::configuration_words(
            &study.space,
            &self.configuration,
        ))?;
        let mut rows = Columns::default();
        let mut row = |name: &str, value: String| rows.row([name.to_owned(), value]);
        row(study.metric.shown(), with_sd(p.mean, p.sd));
        row(
            "95 % band",
            format!("{} … {}", significant(p.low95, 5), significant(p.high95, 5)),
        );
        row("sd of an observation", significant(p.sd_observed, 3));
        row(
            "expected improvement",
            format!(
                "{} = exploitation {} + exploration {}",
                significant(r.ei, 4),
                significant(r.exploitation, 4),
                significant(r.exploration, 4)
            ),
        );
        row("log EI", significant(r.log_ei, 5));
        row("P(improve)", significant(r.pi, 4));
        row("UCB", significant(r.ucb, 5));
        if let Some(p_ok) = p.p_ok {
            row("P(ok)", significant(p_ok, 4));
        }
        if let Some(p_feasible) = p.p_feasible {
            row("P(feasible)", significant(p_feasible, 4));
        }
        for constraint in &self.constraints {
            row("constraint", super::constraints::words(constraint));
        }
        let mut known = |function: AcquisitionFunction, value: Option<f64>| {
            if let Some(value) = value {
                let unit = function.unit();
                rows.row([
                    function.title().to_owned(),
                    format!("{} {unit}", significant(value, 4)),
                ]);
            }
        };
        known(AcquisitionFunction::Mes, r.mes);
        known(AcquisitionFunction::Pes, r.pes);
        known(AcquisitionFunction::Jes, r.jes);
        known(AcquisitionFunction::Thompson, r.thompson);
        known(AcquisitionFunction::Eips, self.seconds.and(r.eips));
        if let Some(seconds) = self.seconds {
            rows.row([
                "expected to take".to_owned(),
                format!("{} s", significant(seconds, 3)),
            ]);
        }
        out.columns(&rows, 2)
    }
}

/// The configurations that were asked for, each with the place it stands at, for messages.
fn points(args: &Predict, study: &Study) -> Result<Vec<(String, Configuration)>, CliError> {
    let mut texts: Vec<(String, String)> = args.at.iter().map(|t| ("--at".to_owned(), t.clone())).collect();
    if let Some(path) = &args.points {
        let text = read_text(path)?;
        let name = path.display();
        texts.extend(
            text.lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty())
                .map(|(i, line)| (harmless(&format!("{name}:{}", i + 1)), line.to_owned())),
        );
    }
    texts
        .into_iter()
        .map(|(place, text)| {
            let object = load::object(&place, &text)?;
            // A line of a results file may be given as it is.
            let params = match object.get("params") {
                Some(Json::Object(inner)) if study.space.index_of("params").is_none() => inner,
                _ => &object,
            };
            let configuration = load::configuration(study, &place, params)?;
            Ok((place, configuration))
        })
        .collect()
}

fn read_text(path: &Path) -> Result<String, CliError> {
    let read = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|source| CliError::File {
        path: path.to_owned(),
        action: "read",
        source,
    })
}
