//! `space.toml`: the study, its budget and its parameters, as a person writes them.
//!
//! Reading refuses what it does not know, with the line and the nearest name that it does know; writing
//! gives a file that reads back as the same space.

mod active;
mod write;

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::study::label::scrub;
use crate::study::{Activity, Budget, Constraint, Direction, Domain, Label, Parameter, StudyError, Value};

use super::error::ReadError;
use super::time::parse_duration;

pub use write::space_toml;

/// What a space file says; everything may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpaceFile {
    pub name: Option<String>,
    pub metric: Option<String>,
    pub direction: Option<Direction>,
    pub budget: Budget,
    /// What the measurements of a trial must satisfy.
    pub constraints: Vec<Constraint>,
    /// `column` of these is their position in the file, until they meet a source.
    pub params: Vec<Parameter>,
}

/// What is wrong, and the bytes it is about.
struct Fault {
    at: Range<usize>,
    message: String,
}

type Parsed<T> = Result<T, Fault>;

fn fault<T>(at: Range<usize>, message: impl Into<String>) -> Parsed<T> {
    Err(Fault {
        at,
        message: message.into(),
    })
}

impl SpaceFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says something that is not understood: with the line.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ReadError::NoSpaceFile {
                path: path.to_owned(),
            },
            std::io::ErrorKind::InvalidData => ReadError::SpaceFile {
                path: path.to_owned(),
                line: 1,
                message: "is not text; a space file is TOML, as `tunescope init` writes it".to_owned(),
            },
            _ if path.is_dir() => ReadError::SpaceFile {
                path: path.to_owned(),
                line: 1,
                message: "is a folder; give the space file in it".to_owned(),
            },
            _ => ReadError::Io {
                path: path.to_owned(),
                source,
            },
        })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a file; `path` is for the message.
    ///
    /// # Errors
    /// What is not understood, with the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ReadError> {
        let located = |fault: Fault| ReadError::SpaceFile {
            path: path.to_owned(),
            line: text.get(..fault.at.start).unwrap_or("").matches('\n').count() + 1,
            message: scrub(&fault.message),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = DeTable::parse(text).map_err(|e| {
            let at = e.span().unwrap_or(0..0);
            let message = match text.get(at.clone()).filter(|_| e.message() == "duplicate key") {
                Some(key) => format!("`{}` is there twice; keep one of the two", key.trim()),
                None => format!("{}; see the example in the README", e.message()),
            };
            located(Fault { at, message })
        })?;
        let mut file = Self::default();
        for (key, value) in in_order(document.get_ref()) {
            let read = match key.get_ref().as_ref() {
                "study" => file.read_study(value),
                "budget" => file.read_budget(value),
                "constraints" => file.read_constraints(value),
                "params" => file.read_params(value),
                _ => unknown(key, &["study", "budget", "constraints", "params"], "the file"),
            };
            read.map_err(located)?;
        }
        Ok(file)
    }

    fn read_study(&mut self, value: &Spanned<DeValue<'_>>) -> Parsed<()> {
        for (key, value) in in_order(table(value, "study")?) {
            match key.get_ref().as_ref() {
                "name" => self.name = Some(text(value, "name")?.to_owned()),
                "metric" => self.metric = Some(text(value, "metric")?.to_owned()),
                "direction" => self.direction = Some(direction(value)?),
                _ => unknown(key, &["name", "metric", "direction"], "[study]")?,
            }
        }
        Ok(())
    }

    /// `peak_gb = "<= 24"`.
    fn read_constraints(&mut self, value: &Spanned<DeValue<'_>>) -> Parsed<()> {
        for (key, value) in in_order(table(value, "constraints")?) {
            let name = key.get_ref().as_ref();
            let bound = text(value, name)?;
            let read = match bound.trim_start().starts_with(['<', '>', '≤', '≥']) {
                true => Constraint::parse(&format!("{name}{bound}")),
                false => Err(format!(
                    "`{bound}` does not begin with <= or >=, such as \"<= 24\""
                )),
            };
            match read {
                Ok(constraint) => self.constraints.push(Constraint {
                    name: Label::new(name),
                    ..constraint
                }),
                Err(why) => return fault(value.span(), format!("constraint {name}: {why}")),
            }
        }
        Ok(())
    }

    fn read_budget(&mut self, value: &Spanned<DeValue<'_>>) -> Parsed<()> {
        for (key, value) in in_order(table(value, "budget")?) {
            match key.get_ref().as_ref() {
                "trials" => match whole(value).and_then(|i| u64::try_from(i).ok()) {
                    Some(n) => self.budget.trials = Some(n),
                    None => {
                        return fault(value.span(), "budget: `trials` is a whole number, such as 60");
                    }
                },
                "time" => {
                    let seconds = match value.get_ref() {
                        DeValue::String(text) => parse_duration(text),
                        _ => number(value).filter(|x| *x >= 0.0),
                    };
                    if seconds.is_none() {
                        return fault(
                            value.span(),
                            "budget: `time` is a duration, such as \"8h\", \"90min\" or \"1h30m\"",
                        );
                    }
                    self.budget.seconds = seconds;
                }
                "target" => match number(value).filter(|x| x.is_finite()) {
                    Some(x) => self.budget.target = Some(x),
                    None => {
                        return fault(
                            value.span(),
                            "budget: `target` is a number in units of the metric",
                        );
                    }
                },
                _ => unknown(key, &["trials", "time", "target"], "[budget]")?,
            }
        }
        Ok(())
    }

    fn read_params(&mut self, value: &Spanned<DeValue<'_>>) -> Parsed<()> {
        let mut places: Vec<(usize, Range<usize>)> = Vec::new();
        for (key, value) in in_order(table(value, "params")?) {
            let name = Label::new(key.get_ref());
            let mut draft = Draft::read(&name, value)?;
            let active = draft.active.take();
            let places_of = draft.places();
            let domain = draft.domain(&name, key.span())?;
            let mut parameter = Parameter::new(name, self.params.len(), domain).map_err(|error| Fault {
                at: places_of.of(&error).unwrap_or_else(|| key.span()),
                message: error.to_string(),
            })?;
            if let Some((activity, at)) = active {
                parameter.activity = Some(activity);
                places.push((self.params.len(), at));
            }
            self.params.push(parameter);
        }
        for (i, at) in places {
            active::check(&self.params, i).map_err(|message| Fault { at, message })?;
        }
        Ok(())
    }
}

/// The entries of a table as they stand in the file.
fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<toml::de::DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn table<'t, 'i>(value: &'t Spanned<DeValue<'i>>, name: &str) -> Parsed<&'t DeTable<'i>> {
    match value.get_ref().as_table() {
        Some(table) => Ok(table),
        None => fault(value.span(), format!("`{name}` is a table: write [{name}]")),
    }
}

fn text<'t>(value: &'t Spanned<DeValue<'_>>, name: &str) -> Parsed<&'t str> {
    match value.get_ref().as_str() {
        Some(text) => Ok(text),
        None => fault(value.span(), format!("`{name}` is a text: write it in quotes")),
    }
}

fn direction(value: &Spanned<DeValue<'_>>) -> Parsed<Direction> {
    match value.get_ref().as_str() {
        Some("minimize" | "minimise" | "min") => Ok(Direction::Minimize),
        Some("maximize" | "maximise" | "max") => Ok(Direction::Maximize),
        _ => fault(value.span(), "study: `direction` is \"minimize\" or \"maximize\""),
    }
}

fn whole(value: &Spanned<DeValue<'_>>) -> Option<i64> {
    let integer = value.get_ref().as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A number; a whole one beyond 64 bits as the nearest real one.
#[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 have no use")]
fn number(value: &Spanned<DeValue<'_>>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Float(x) => x.as_str().parse().ok(),
        DeValue::Integer(i) if i.radix() == 10 => i.as_str().parse().ok(),
        _ => whole(value).map(|i| i as f64),
    }
}

/// Refuses a key, and names the one that was probably meant.
fn unknown<T>(key: &Spanned<toml::de::DeString<'_>>, known: &[&str], place: &str) -> Parsed<T> {
    let name = key.get_ref();
    let nearest = known.iter().min_by_key(|k| distance(name, k));
    let hint = match nearest {
        Some(nearest) if distance(name, nearest) * 2 <= nearest.len().max(2) => {
            format!("did you mean `{nearest}`?")
        }
        _ => format!("it knows {}", known.join(", ")),
    };
    fault(key.span(), format!("{place} has no `{name}`: {hint}"))
}

/// Edits (insert, delete, replace, swap neighbours) from one word to another.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    let at = |rows: &[Vec<usize>], i: usize, j: usize| {
        rows.get(i)
            .and_then(|r| r.get(j))
            .copied()
            .unwrap_or(usize::MAX / 2)
    };
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (at(&rows, i, j) + usize::from(x != y))
                .min(at(&rows, i, j + 1) + 1)
                .min(row.last().copied().unwrap_or(0) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&rows, i - 1, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    at(&rows, a.len(), b.len())
}

/// The keys of one parameter, before they are put together.
#[derive(Default)]
struct Draft {
    kind: Option<String>,
    low: Option<Bound>,
    high: Option<Bound>,
    step: Option<Bound>,
    log: Option<bool>,
    choices: Option<(Vec<Value>, Range<usize>)>,
    active: Option<(Activity, Range<usize>)>,
}

/// Where the keys of a parameter stand.
struct Places {
    low: Option<(f64, Range<usize>)>,
    high: Option<(f64, Range<usize>)>,
    step: Option<Range<usize>>,
    choices: Option<Range<usize>>,
}

impl Places {
    /// The one that is to be changed.
    fn of(&self, error: &StudyError) -> Option<Range<usize>> {
        let bound = |wanted: f64| {
            let is_it = |bound: &&(f64, Range<usize>)| bound.0.to_bits() == wanted.to_bits();
            let both = [&self.low, &self.high];
            let found = both.into_iter().flatten().find(is_it);
            found.map(|(_, at)| at.clone())
        };
        match error {
            StudyError::EmptyRange { .. } => self.high.as_ref().map(|(_, at)| at.clone()),
            StudyError::LogOfNonPositive { .. } => self.low.as_ref().map(|(_, at)| at.clone()),
            StudyError::NotFinite { value, .. } => bound(*value),
            #[expect(clippy::cast_precision_loss, reason = "as the bound was read")]
            StudyError::TooLarge { value, .. } => bound(*value as f64),
            StudyError::BadStep { .. } | StudyError::StepTooSmall { .. } | StudyError::StepOnLog { .. } => {
                self.step.clone()
            }
            StudyError::NoChoices { .. } => self.choices.clone(),
            _ => None,
        }
    }
}

#[derive(Clone)]
struct Bound {
    float: f64,
    int: Option<i64>,
    at: Range<usize>,
}

impl Draft {
    fn read(name: &Label, value: &Spanned<DeValue<'_>>) -> Parsed<Self> {
        let Some(table) = value.get_ref().as_table() else {
            return fault(
                value.span(),
                format!("parameter {name}: write it as a table, [params.{name}]"),
            );
        };
        let mut draft = Self::default();
        for (key, value) in in_order(table) {
            let bound = |what: &str| match number(value) {
                Some(float) => Ok(Some(Bound {
                    float,
                    int: whole(value),
                    at: value.span(),
                })),
                None => fault(value.span(), format!("parameter {name}: `{what}` is a number")),
            };
            match key.get_ref().as_ref() {
                "type" => match value.get_ref().as_str() {
                    Some(kind @ ("float" | "int" | "categorical")) => draft.kind = Some(kind.to_owned()),
                    _ => {
                        return fault(
                            value.span(),
                            format!("parameter {name}: `type` is \"float\", \"int\" or \"categorical\""),
                        );
                    }
                },
                "low" => draft.low = bound("low")?,
                "high" => draft.high = bound("high")?,
                "step" => draft.step = bound("step")?,
                "log" => match value.get_ref().as_bool() {
                    Some(log) => draft.log = Some(log),
                    None => {
                        return fault(value.span(), format!("parameter {name}: `log` is true or false"));
                    }
                },
                "active" => draft.active = Some((active::read(name, value)?, value.span())),
                "choices" => draft.choices = Some((choices(name, value)?, value.span())),
                _ => unknown(
                    key,
                    &["type", "low", "high", "log", "step", "choices", "active"],
                    &format!("parameter {name}"),
                )?,
            }
        }
        Ok(draft)
    }

    fn places(&self) -> Places {
        let bound = |bound: &Option<Bound>| bound.as_ref().map(|b| (b.float, b.at.clone()));
        Places {
            low: bound(&self.low),
            high: bound(&self.high),
            step: self.step.as_ref().map(|b| b.at.clone()),
            choices: self.choices.as_ref().map(|(_, at)| at.clone()),
        }
    }

    /// The domain; `at` is where the parameter is named.
    fn domain(self, name: &Label, at: Range<usize>) -> Parsed<Domain> {
        let kind = match (self.kind.as_deref(), &self.choices) {
            (Some(kind), _) => kind,
            (None, Some(_)) => "categorical",
            (None, None) => {
                return fault(
                    at,
                    format!("parameter {name}: give `type`: \"float\", \"int\" or \"categorical\""),
                );
            }
        };
        if kind == "categorical" {
            if self.low.is_some() || self.high.is_some() || self.step.is_some() || self.log.is_some() {
                return fault(at, format!("parameter {name}: a categorical has `choices` only"));
            }
            return match self.choices {
                Some((choices, _)) => Ok(Domain::Categorical { choices }),
                None => fault(at, format!("parameter {name}: a categorical needs `choices`")),
            };
        }
        if self.choices.is_some() {
            return fault(
                at,
                format!("parameter {name}: `choices` needs type = \"categorical\""),
            );
        }
        let (Some(low), Some(high)) = (self.low, self.high) else {
            return fault(at, format!("parameter {name}: give both `low` and `high`"));
        };
        let log = self.log.unwrap_or(false);
        let range = high.float - low.float;
        if let Some(step) = self
            .step
            .as_ref()
            .filter(|step| range > 0.0 && step.float > range)
        {
            return fault(
                step.at.clone(),
                format!(
                    "parameter {name}: the step {} is larger than the range {} … {}, so that `low` alone is left; give \
                     a smaller one, or drop `step`",
                    step.float, low.float, high.float
                ),
            );
        }
        if kind == "float" {
            return Ok(Domain::Float {
                low: low.float,
                high: high.float,
                log,
                step: self.step.map(|s| s.float),
            });
        }
        let int = |bound: Bound, what: &str| match bound.int {
            Some(int) => Ok(int),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number")]
            None if bound.float.fract() == 0.0 && bound.float.abs() < 9e15 => Ok(bound.float as i64),
            None if bound.float.fract() == 0.0 => fault(
                bound.at,
                format!(
                    "parameter {name}: `{what}` {} is beyond ±2^53, where integers are no longer exact; give a nearer \
                     one, or type = \"float\"",
                    bound.float
                ),
            ),
            None => fault(
                bound.at,
                format!("parameter {name}: `{what}` of an int is a whole number"),
            ),
        };
        Ok(Domain::Int {
            low: int(low, "low")?,
            high: int(high, "high")?,
            log,
            step: self.step.map_or(Ok(1), |s| int(s, "step"))?,
        })
    }
}

fn choices(name: &Label, value: &Spanned<DeValue<'_>>) -> Parsed<Vec<Value>> {
    let Some(array) = value.get_ref().as_array() else {
        return fault(
            value.span(),
            format!("parameter {name}: `choices` is a list, such as [\"a\", \"b\"]"),
        );
    };
    let mut list: Vec<Value> = Vec::new();
    for item in array.iter() {
        if matches!(item.get_ref(), DeValue::Integer(_)) && whole(item).is_none() {
            return fault(
                item.span(),
                format!("parameter {name}: a choice is beyond 64 bits; write it as a text, in quotes"),
            );
        }
        let Some(choice) = choice(item) else {
            return fault(
                item.span(),
                format!(
                    "parameter {name}: a choice is a text, a number, true or false (or {{ null = true }})"
                ),
            );
        };
        if list.contains(&choice) {
            return fault(
                item.span(),
                format!("parameter {name}: the choice {choice} is there twice; keep one of the two"),
            );
        }
        list.push(choice);
    }
    Ok(list)
}

/// A text, a number, true, false, or what stands for null; TOML has none.
fn choice(item: &Spanned<DeValue<'_>>) -> Option<Value> {
    Some(match item.get_ref() {
        DeValue::String(text) => Value::Text(Label::new(text)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Integer(_) => whole(item).map_or(Value::Null, Value::Int),
        DeValue::Float(_) => Value::Float(number(item).unwrap_or(f64::NAN)),
        DeValue::Table(table) if table.len() == 1 && table.contains_key("null") => Value::Null,
        _ => return None,
    })
}
