//! The loop where there is no screen: one line a trial on standard output, what else happens on standard error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;

use crate::cli::args::Format;
use crate::cli::out::Out;
use crate::cli::say;
use crate::cli::text::{harmless, value_words};
use crate::io::results::Row;
use crate::run::machine::{Params, Standing};
use crate::run::{Settings, Told};
use crate::study::Value;
use crate::study::number::{duration, significant};

/// One line a trial, on standard output.
pub struct Lines<'a> {
    format: Format,
    settings: &'a Settings,
    /// Standard output is gone; the loop goes on without it.
    is_closed: bool,
    best: Option<f64>,
    /// Nothing new is started; whoever set it has said so.
    is_ending: Arc<AtomicBool>,
}

impl<'a> Lines<'a> {
    pub fn new(format: Format, settings: &'a Settings, is_ending: Arc<AtomicBool>) -> Self {
        Self {
            format,
            settings,
            is_closed: false,
            best: None,
            is_ending,
        }
    }

    pub fn told(&mut self, told: &Told<'_>) {
        match told {
            Told::Opened {
                finished,
                running,
                waiting,
            } => {
                if finished + (*running + *waiting) as u64 > 0 {
                    say(&format!(
                        "going on with {}: {finished} trials are over, {running} still run, {waiting} are to be run again",
                        harmless(&self.settings.results.to_string_lossy())
                    ));
                }
            }
            Told::Retry { trial, attempt, why } => {
                say(&format!(
                    "trial {trial}: attempt {attempt} failed ({why}); trying again"
                ));
            }
            Told::Notice(text) => say(text),
            Told::Ended { row, standing } => self.ended(row, standing),
            Told::Standing(standing) => {
                self.best = standing.best;
                if let Some(end) = &standing.ending
                    && standing.running > 0
                    && !self.is_ending.swap(true, Ordering::SeqCst)
                {
                    let what = match standing.running {
                        1 => "the trial that still runs; Ctrl-C stops it".to_owned(),
                        n => format!("the {n} trials that still run; Ctrl-C stops them"),
                    };
                    say(&format!("{}; finishing {what}", end.sentence()));
                }
            }
            Told::Began { .. } => {}
        }
    }

    fn ended(&mut self, row: &Row, standing: &Standing) {
        let line = match self.format {
            Format::Json => Json::Object((*row).clone()).to_string(),
            Format::Text => self.line(row, standing),
        };
        if self.is_closed {
            return;
        }
        let mut out = Out::new();
        let written = out.line(line).and_then(|()| out.finish());
        self.is_closed = written.is_err();
    }

    fn line(&mut self, row: &Row, standing: &Standing) -> String {
        let id = row.get("id").and_then(Json::as_u64).unwrap_or(0);
        let state = row.get("state").and_then(Json::as_str).unwrap_or("");
        let what = match (row.get("value").and_then(Json::as_f64), row.get("error")) {
            (Some(value), _) => format!("{} {}", harmless(&self.settings.metric), significant(value, 6)),
            (None, Some(error)) => harmless(error.as_str().unwrap_or("")),
            (None, None) => on_the_way(row).map_or_else(String::new, |(step, value)| {
                format!(
                    "{} {} at step {step}",
                    harmless(&self.settings.metric),
                    significant(value, 6)
                )
            }),
        };
        let seconds = row.get("seconds").and_then(Json::as_f64);
        let took = seconds.map_or_else(String::new, |s| format!("  {}", duration(s)));
        let is_best = standing.best != self.best;
        self.best = standing.best;
        let best = match standing.best {
            Some(_) if is_best => "  the best so far".to_owned(),
            Some(best) => format!("  best {}", significant(best, 6)),
            None => String::new(),
        };
        let of = self.settings.rules.budget.trials;
        let of = of.map_or_else(String::new, |n| format!(" of {n}"));
        format!(
            "{}{of}  trial {id}  {state}  {what}{took}  {}{best}",
            standing.finished,
            params_words(row.get("params").and_then(Json::as_object))
        )
    }
}

/// The last value on the way, with its step: what is left of a trial that was pruned.
fn on_the_way(row: &Row) -> Option<(u64, f64)> {
    let points = row.get("intermediate")?.as_object()?;
    let point = |(step, value): (&String, &Json)| Some((step.parse::<u64>().ok()?, value.as_f64()?));
    points.iter().filter_map(point).max_by_key(|(step, _)| *step)
}

fn params_words(params: Option<&Params>) -> String {
    let words: Vec<String> = params
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value = Value::from_json(value).map_or_else(|| value.to_string(), |v| value_words(&v));
            format!("{}={}", harmless(name), harmless(&value))
        })
        .collect();
    words.join(" ")
}
