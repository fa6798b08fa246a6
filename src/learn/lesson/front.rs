//! The settings between the two `+++` lines.

use serde::Deserialize;

use super::vocabulary::{self, Knob, PANELS};
use super::{Setting, Start, Subject};
use crate::learn::expression::{Expression, Kind};
use crate::learn::function::Function;
use crate::study::{Domain, number};

/// As it is written. Numbers may be integers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    title: String,
    takeaway: Option<String>,
    function: Option<String>,
    formula: Option<String>,
    low: Option<f64>,
    high: Option<f64>,
    prior: Option<String>,
    study: Option<String>,
    #[serde(default)]
    points: Vec<Vec<f64>>,
    #[serde(default)]
    show: Vec<String>,
    acquisition: Option<String>,
    xi: Option<f64>,
    beta: Option<f64>,
    kernel: Option<String>,
    lengthscale: Option<f64>,
    noise: Option<f64>,
    sign: Option<String>,
    samples: Option<u32>,
    seed: Option<u32>,
}

/// What a front matter says.
pub struct Opening {
    pub title: String,
    pub takeaway: Option<String>,
    pub start: Start,
}

/// Reads a front matter, which begins on line 2 of its file. On a mistake: the line, and what is wrong.
pub fn read(text: &str) -> Result<Opening, (usize, String)> {
    let front: Front = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            1 + text.get(..span.start).unwrap_or_default().matches('\n').count()
        });
        (
            line + 1,
            plain(error.message().trim(), text.lines().nth(line - 1)),
        )
    })?;
    let line = |field: &str| line_of(text, field);
    let subject = subject(&front).map_err(|(field, what)| (line(field), what))?;
    points(&front, &subject).map_err(|what| (line("points"), what))?;
    let shown = front
        .show
        .iter()
        .map(|name| {
            vocabulary::find(&PANELS, name).ok_or_else(|| {
                let known = vocabulary::names(&PANELS);
                (
                    line("show"),
                    format!("there is no panel {name} to show; the panels are {known}"),
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let settings = settings(&front);
    for (knob, setting) in &settings {
        vocabulary::check(*knob, setting).map_err(|what| {
            let name = vocabulary::KNOBS.iter().find(|(_, k)| k == knob);
            (line(name.map_or("", |(name, _)| name)), what)
        })?;
    }
    let start = Start {
        settings,
        points: front.points,
        subject,
        shown,
    };
    Ok(Opening {
        title: front.title,
        takeaway: front.takeaway,
        start,
    })
}

/// What the reader of the settings says, in words of this format and with the name of the field.
fn plain(message: &str, line: Option<&str>) -> String {
    // These two are said as they are; that they stand here lets every language know them.
    if let Some((field, known)) =
        (message.strip_prefix("unknown field ")).and_then(|rest| rest.split_once(", expected one of "))
    {
        return format!("unknown field {field}, expected one of {known}");
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("missing field {field}; add it");
    }
    let Some((found, wanted)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|m| m.rsplit_once(", expected "))
    else {
        return message.to_owned();
    };
    let wanted = match wanted {
        "f64" => "a number",
        "u32" => "a whole number of at least 0",
        "a string" => "a text in quotation marks",
        "a sequence" => "a list in [ ]",
        other => other,
    };
    let field = line
        .and_then(|l| l.split_once('='))
        .map_or("", |(field, _)| field.trim());
    match field {
        "" => format!("{wanted} was expected, not {found}"),
        field => format!("{field} is {wanted}, not {found}"),
    }
}

/// The line of the file on which a field is set; the opening line where it is not.
pub(super) fn line_of(text: &str, field: &str) -> usize {
    text.lines()
        .position(|l| {
            l.trim_start()
                .strip_prefix(field)
                .is_some_and(|r| r.trim_start().starts_with('='))
        })
        .map_or(1, |i| i + 2)
}

fn subject(front: &Front) -> Result<Subject, (&'static str, String)> {
    match (&front.function, &front.formula, &front.prior, &front.study) {
        (Some(name), None, None, None) => Function::named(name)
            .map(|_| Subject::Function(name.clone()))
            .ok_or_else(|| {
                let known = Function::names().join(", ");
                (
                    "function",
                    format!("there is no function {name}; the functions are {known}"),
                )
            }),
        (None, Some(text), None, None) => formula(text, front),
        (None, None, Some(kernel), None) => match front.lengthscale.unwrap_or(0.2) {
            _ if vocabulary::kernel(kernel).is_err() => {
                let what = vocabulary::kernel(kernel).err().unwrap_or_default();
                Err(("prior", what))
            }
            l if l > 0.0 && l.is_finite() => Ok(Subject::Prior {
                kernel: kernel.clone(),
                lengthscale: l,
            }),
            l => Err(("lengthscale", format!("a lengthscale is above 0, not {l}"))),
        },
        (None, None, None, Some(study)) => Ok(Subject::Study(study.clone())),
        (None, None, None, None) => Err((
            "",
            "say what is explored: one of function, formula, prior, study".to_owned(),
        )),
        _ => Err((
            "",
            "only one of function, formula, prior and study can be explored; keep one".to_owned(),
        )),
    }
}

fn formula(text: &str, front: &Front) -> Result<Subject, (&'static str, String)> {
    let expression =
        Expression::parse(text, &["x"]).map_err(|e| ("formula", format!("in the formula, {e}")))?;
    match expression.kind(&|_| Kind::Number) {
        Ok(Kind::Number) => {}
        Ok(_) => {
            return Err((
                "formula",
                "a formula gives a number, not true or false".to_owned(),
            ));
        }
        Err(what) => return Err(("formula", format!("in the formula, {what}"))),
    }
    match (front.low, front.high) {
        (Some(low), Some(high)) if low < high && (high - low).is_finite() => Ok(Subject::Formula {
            expression,
            low,
            high,
        }),
        _ => Err(("formula", "a formula needs low < high, both finite".to_owned())),
    }
}

/// The start points must lie inside.
fn points(front: &Front, subject: &Subject) -> Result<(), String> {
    let bounds: Vec<(f64, f64)> = match subject {
        Subject::Function(name) => Function::named(name)
            .map(|f| {
                f.space
                    .params
                    .iter()
                    .filter_map(|p| bounds_of(&p.domain))
                    .collect()
            })
            .unwrap_or_default(),
        Subject::Formula { low, high, .. } => vec![(*low, *high)],
        Subject::Prior { .. } => vec![(0.0, 1.0)],
        // Its points are its trials.
        Subject::Study(_) if front.points.is_empty() => return Ok(()),
        Subject::Study(_) => return Err("a recorded study has its own points; leave this out".to_owned()),
    };
    for point in &front.points {
        if point.len() != bounds.len() {
            let (n, d) = (point.len(), bounds.len());
            let s = |k: usize| if k == 1 { "" } else { "s" };
            return Err(format!(
                "a point has {n} value{} where the function has {d} parameter{}",
                s(n),
                s(d)
            ));
        }
        for (x, (low, high)) in point.iter().zip(&bounds) {
            if !(*low..=*high).contains(x) {
                let [x, low, high] = [x, low, high].map(|v| number::significant(*v, 6));
                return Err(format!("{x} is outside {low} … {high}"));
            }
        }
    }
    Ok(())
}

/// Of a number; categories have none, so that a point for them never has the right length.
fn bounds_of(domain: &Domain) -> Option<(f64, f64)> {
    match domain {
        Domain::Float { low, high, .. } => Some((*low, *high)),
        Domain::Int { low, high, .. } => Some((*low as f64, *high as f64)),
        Domain::Categorical { .. } => None,
    }
}

fn settings(front: &Front) -> Vec<(Knob, Setting)> {
    let number = |knob, x: Option<f64>| x.map(|x| (knob, Setting::Number(x)));
    let word = |knob, x: &Option<String>| x.clone().map(|x| (knob, Setting::Word(x)));
    // The prior's own lengthscale is the truth, not what the model is told.
    let lengthscale = front.lengthscale.filter(|_| front.prior.is_none());
    [
        word(Knob::Acquisition, &front.acquisition),
        number(Knob::Xi, front.xi),
        number(Knob::Beta, front.beta),
        word(Knob::Kernel, &front.kernel),
        number(Knob::Lengthscale, lengthscale),
        number(Knob::Noise, front.noise),
        word(Knob::Sign, &front.sign),
        number(Knob::Samples, front.samples.map(f64::from)),
        number(Knob::Seed, front.seed.map(f64::from)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
