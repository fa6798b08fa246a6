//! Everything that the panes draw, for programs: the numbers of `trials`, `fit` and `suggest`, and the arrays behind the
//! pictures.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::analysis::{History, Importance, Layer, Slice, Suggestion, Surface, Trust};
use crate::cli::{fit, suggest};
use crate::io::trials_report;
use crate::session::model::FitStatus;
use crate::session::receipt::{Receipt, ReceiptState};
use crate::session::{Model, nudge};
use crate::study::{Configuration, Study};
use crate::ui::export::MARK;
use crate::ui::words::{self, Block, Section};

/// The report, its mark first.
#[derive(Serialize)]
pub struct Whole {
    generator: String,
    /// The answer of `trials`.
    read: Json,
    budget: Json,
    /// The answer of `fit`; `null`: there is no model, and `no_model` says why.
    fit: Json,
    no_model: Option<String>,
    trust: Json,
    /// Advice on stopping.
    advice: Option<String>,
    importance: Json,
    /// The answers of `suggest`, with the reasons.
    suggestions: Vec<Json>,
    /// The configuration that slices and surface pass through.
    probe: Json,
    slices: Vec<Json>,
    surface: Json,
    history: Json,
    queue: Vec<Json>,
    /// What the panes say, in words and tables.
    words: Vec<Json>,
}

pub fn whole(model: &Model, kind: &str, path: &str) -> Whole {
    let study = &model.study;
    let surrogate = model.surrogate.as_ref().map(|s| &s.value);
    let no_model = match (&model.fit, surrogate) {
        (_, Some(_)) => None,
        (FitStatus::Failed(why), None) => Some(why.clone()),
        (_, None) => Some("there is no complete trial with a finite value yet".to_owned()),
    };
    let suggestions = model.suggestions.iter().flat_map(|s| &s.value);
    Whole {
        generator: format!("{MARK} {}", env!("CARGO_PKG_VERSION")),
        read: trials_report(study, kind, path),
        budget: json!({
            "trials": study.budget.trials,
            "seconds": study.budget.seconds,
            "target": study.budget.target,
            "seconds_used": study.busy_seconds(model.now),
        }),
        fit: surrogate.map_or(Json::Null, |s| fit::report(s, model.settings.objective)),
        no_model,
        trust: model
            .trust
            .as_ref()
            .map_or(Json::Null, |t| trust(study, &t.value)),
        advice: model.stopping.as_ref().map(|s| s.value.sentence.clone()),
        importance: model
            .importance
            .as_ref()
            .map_or(Json::Null, |i| importance(study, &i.value)),
        suggestions: suggestions.map(|s| suggestion(model, s)).collect(),
        probe: configuration(study, &model.probe.configuration),
        slices: (model.slices.iter().flat_map(|s| &s.value))
            .map(|s| slice(study, s))
            .collect(),
        surface: model
            .surface
            .as_ref()
            .map_or(Json::Null, |s| surface(study, &s.value)),
        history: history(study, &model.history),
        queue: model.receipts.iter().map(|r| receipt(study, r)).collect(),
        words: words::sections(model).iter().map(section).collect(),
    }
}

fn configuration(study: &Study, values: &Configuration) -> Json {
    if values.len() == study.space.len() && !values.is_empty() {
        Json::Object(study.space.configuration_to_json(values))
    } else {
        Json::Null
    }
}

fn name(study: &Study, param: usize) -> Json {
    study
        .space
        .params
        .get(param)
        .map_or(Json::Null, |p| json!(p.name))
}

fn id(study: &Study, trial: usize) -> Json {
    study.trials.get(trial).map_or(Json::Null, |t| json!(t.id))
}

/// The value at a place of a drawn axis.
fn value(study: &Study, param: usize, position: f64) -> Json {
    let parameter = study.space.params.get(param);
    parameter.map_or(Json::Null, |p| nudge::at_position(p, position).to_json())
}

fn trust(study: &Study, trust: &Trust) -> Json {
    let left_out = trust.left_out.iter().map(
        |l| json!({"id": id(study, l.trial), "observed": l.observed, "predicted": l.predicted, "z": l.z}),
    );
    json!({
        "verdict": trust.verdict.word(),
        "reason": trust.reason,
        "q2": trust.q2,
        "coverage68": trust.coverage68,
        "coverage95": trust.coverage95,
        "log_predictive": trust.log_predictive,
        "one_step": trust.one_step.as_ref().map(|o| {
            json!({"count": o.count, "z_rms": o.z_rms, "coverage95": o.coverage95})
        }),
        "left_out": left_out.collect::<Vec<_>>(),
        "lints": trust.lints,
    })
}

fn importance(study: &Study, importance: &Importance) -> Json {
    let shares = importance.shares.iter().map(|s| {
        let spread = s.spread.map(|(low, high)| [low, high]);
        json!({"name": name(study, s.param), "total": s.total, "first": s.first, "total_80": spread})
    });
    json!({
        "shares": shares.collect::<Vec<_>>(),
        "trials": importance.trials,
        "top_pair": importance.top_pair.map(|(x, y)| [name(study, x), name(study, y)]),
    })
}

fn suggestion(model: &Model, suggestion: &Suggestion) -> Json {
    let study = &model.study;
    let mut answer = suggest::json(suggestion, study, model.acquisition);
    let why = &suggestion.why;
    let pulls = why.pulls.iter().map(
        |p| json!({"id": id(study, p.trial), "correlation": p.correlation, "contribution": p.contribution}),
    );
    let reasons = json!({
        "pulls": pulls.collect::<Vec<_>>(),
        "costliest": why.costliest.map(|(p, lost)| json!({"name": name(study, p), "lost": lost})),
        "runner_up": why.runner_up.as_ref().map(|(c, share)| {
            json!({"params": configuration(study, c), "share": share})
        }),
        "nearest": why.nearest.map(|(t, d)| json!({"id": id(study, t), "lengthscales": d})),
    });
    if let Some(object) = answer.as_object_mut() {
        let p = suggestion.prediction;
        object.insert("low95".to_owned(), json!(p.map(|p| p.low95)));
        object.insert("high95".to_owned(), json!(p.map(|p| p.high95)));
        object.insert("p_improve".to_owned(), json!(suggestion.readout.map(|r| r.pi)));
        object.insert("why".to_owned(), reasons);
    }
    answer
}

fn slice(study: &Study, slice: &Slice) -> Json {
    let points = slice.points.iter().map(|p| {
        json!({
            "position": p.position, "value": p.value.to_json(), "mean": p.mean,
            "low68": p.low68, "high68": p.high68, "low95": p.low95, "high95": p.high95,
            "acquisition": p.acquisition, "p_feasible": p.p_feasible,
        })
    });
    let trials = slice.trials.iter().map(
        |t| json!({"id": id(study, t.trial), "position": t.position, "value": t.value, "weight": t.weight}),
    );
    json!({
        "name": name(study, slice.param),
        "points": points.collect::<Vec<_>>(),
        "trials": trials.collect::<Vec<_>>(),
        "best_acquisition": slice.best_acquisition,
        "incumbent": slice.incumbent,
        "suggestion": slice.suggestion,
        "probe": slice.probe,
    })
}

fn surface(study: &Study, surface: &Surface) -> Json {
    let axis = |param: usize, places: &[f64]| {
        json!({
            "name": name(study, param),
            "positions": places,
            "values": places.iter().map(|u| value(study, param, *u)).collect::<Vec<_>>(),
        })
    };
    let layer = |l: Layer| -> Vec<&[f64]> { surface.layer(l).chunks(surface.columns.max(1)).collect() };
    let marks = surface
        .trials
        .iter()
        .map(|t| json!({"id": id(study, t.trial), "x": t.x, "y": t.y, "weight": t.weight}));
    json!({
        "x": axis(surface.x_param, &surface.xs),
        "y": axis(surface.y_param, &surface.ys),
        "mean": layer(Layer::Mean),
        "sd": layer(Layer::Sd),
        "acquisition": layer(Layer::Acquisition),
        "exploitation": layer(Layer::Exploitation),
        "exploration": layer(Layer::Exploration),
        "p_improve": layer(Layer::ProbabilityOfImprovement),
        "p_feasible": surface.feasible.chunks(surface.columns.max(1)).collect::<Vec<_>>(),
        "trials": marks.collect::<Vec<_>>(),
        "incumbent": surface.incumbent,
        "suggestion": surface.suggestion,
        "probe": surface.probe,
    })
}

fn history(study: &Study, history: &History) -> Json {
    let points = history.points.iter().map(
        |p| json!({"id": id(study, p.trial), "state": p.state.word(), "value": p.value, "best": p.best}),
    );
    json!({
        "points": points.collect::<Vec<_>>(),
        "last_improvement": history.last_improvement,
        "range": history.range,
        "clipped": history.clipped,
        "log": history.log,
    })
}

fn receipt(study: &Study, receipt: &Receipt) -> Json {
    let (trial, value) = match &receipt.state {
        ReceiptState::Finished { trial, value } => (Some(trial), Some(value)),
        ReceiptState::Running { trial } | ReceiptState::Failed { trial } => (Some(trial), None),
        _ => (None, None),
    };
    json!({
        "id": receipt.id,
        "params": configuration(study, &receipt.configuration),
        "state": receipt.word(),
        "trial": trial,
        "value": value,
        "predicted": receipt.predicted.map(|(mean, sd)| json!({"mean": mean, "sd": sd})),
        "edited": receipt.edited,
        "place": receipt.place,
    })
}

fn section(section: &Section) -> Json {
    let blocks = section.blocks.iter().map(|b| match b {
        Block::Sentence(words) => json!(words),
        Block::Table(t) => json!({"caption": t.caption, "head": t.head, "rows": t.rows}),
    });
    json!({"title": section.title, "blocks": blocks.collect::<Vec<_>>()})
}
