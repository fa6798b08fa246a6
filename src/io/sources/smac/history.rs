//! `runhistory.json`: the runs, gathered by configuration.

use crate::study::{Label, TrialId, TrialState, Value};

use super::super::super::cells::set_params;
use super::super::super::document::Complaints;
use super::super::super::json::tree::Json;
use super::super::super::table::{Row, Table, value_column};

/// One run of a configuration.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    config: i64,
    budget: Option<f64>,
    costs: Vec<f64>,
    state: TrialState,
    status: String,
    seconds: Option<f64>,
    started: Option<f64>,
    finished: Option<f64>,
    extra: Json,
}

/// A configuration with its runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub id: i64,
    pub params: Json,
    origin: Option<String>,
    runs: Vec<Run>,
}

/// The configurations that were run, in the order of their first runs. Of all three dialects: entries are
/// objects (since 2.3), lists of ten (2.0 to 2.2), or pairs of a key and a value (1.x).
pub fn configs(json: &Json, file: &str, complaints: &mut Complaints) -> Vec<Config> {
    let mut found: Vec<Config> = Vec::new();
    complaints.clear(file);
    for (k, entry) in json.at("data").items().iter().enumerate() {
        let run = match entry {
            Json::Map(_) => of_object(entry),
            Json::List(cells) if cells.len() == 2 => of_pair(cells),
            Json::List(cells) => of_list(cells),
            _ => None,
        };
        let Some(run) = run else {
            complaints.add(
                file,
                None,
                &format!("entry {k} of data is not understood; it was skipped."),
            );
            continue;
        };
        let id = run.config;
        if let Some(config) = found.iter_mut().rev().find(|c| c.id == id) {
            config.runs.push(run);
            continue;
        }
        let key = id.to_string();
        let params = json.at("configs").at(&key).clone();
        if params.is_null() {
            complaints.add(
                file,
                None,
                &format!("configuration {id} has runs and no parameters."),
            );
        }
        found.push(Config {
            id,
            params,
            origin: json.at("config_origins").at(&key).as_text().map(str::to_owned),
            runs: vec![run],
        });
    }
    found
}

fn of_object(json: &Json) -> Option<Run> {
    Some(Run {
        config: json.at("config_id").as_i64()?,
        budget: json.at("budget").as_f64(),
        costs: costs(json.at("cost")),
        state: state(json.at("status")),
        status: status_word(json.at("status")),
        seconds: json.at("time").as_f64(),
        started: moment(json.at("starttime")),
        finished: moment(json.at("endtime")),
        extra: json.at("additional_info").clone(),
    })
}

/// config, instance, seed, budget, cost, time, status, start, end, additional.
fn of_list(cells: &[Json]) -> Option<Run> {
    let at = |k: usize| cells.get(k).unwrap_or(&Json::Null);
    Some(Run {
        config: at(0).as_i64()?,
        budget: at(3).as_f64(),
        costs: costs(at(4)),
        state: state(at(6)),
        status: status_word(at(6)),
        seconds: at(5).as_f64(),
        started: moment(at(7)),
        finished: moment(at(8)),
        extra: at(9).clone(),
    })
}

/// [config, instance, seed, budget], [cost, time, status, start, end, additional].
fn of_pair(cells: &[Json]) -> Option<Run> {
    let [key, value] = cells else { return None };
    let (key, value) = (key.items(), value.items());
    let at = |list: &'_ [Json], k: usize| list.get(k).cloned().unwrap_or(Json::Null);
    Some(Run {
        config: at(key, 0).as_i64()?,
        budget: at(key, 3).as_f64(),
        costs: costs(&at(value, 0)),
        state: state(&at(value, 2)),
        status: status_word(&at(value, 2)),
        seconds: at(value, 1).as_f64(),
        started: moment(&at(value, 3)),
        finished: moment(&at(value, 4)),
        extra: at(value, 5),
    })
}

fn costs(json: &Json) -> Vec<f64> {
    match json {
        Json::List(items) => items.iter().map(|c| c.as_f64().unwrap_or(f64::NAN)).collect(),
        Json::Null => Vec::new(),
        one => vec![one.as_f64().unwrap_or(f64::NAN)],
    }
}

/// A moment; 0 means that nobody said.
fn moment(json: &Json) -> Option<f64> {
    json.as_f64().filter(|t| *t > 0.0)
}

fn status_word(json: &Json) -> String {
    let code = json.as_i64();
    let word = match code {
        Some(0) => "running",
        Some(1) => "success",
        Some(2) => "crashed",
        Some(3) => "timeout",
        Some(4) => "memoryout",
        _ => {
            let text = json.as_text().or(json.at("__enum__").as_text()).unwrap_or("");
            return text.rsplit('.').next().unwrap_or("").to_lowercase();
        }
    };
    word.to_owned()
}

fn state(json: &Json) -> TrialState {
    match status_word(json).as_str() {
        "running" => TrialState::Running,
        "success" | "donotadvance" => TrialState::Complete,
        "stop" | "capped" => TrialState::Pruned,
        _ => TrialState::Failed,
    }
}

impl Config {
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    pub fn objectives(&self) -> usize {
        self.runs.iter().map(|r| r.costs.len()).max().unwrap_or(0)
    }

    /// The mean costs of the successful runs at each budget, ascending.
    fn means(&self, objectives: usize) -> Vec<(f64, Vec<f64>, usize)> {
        let mut budgets: Vec<f64> = self.complete().map(|r| r.budget.unwrap_or(0.0)).collect();
        budgets.sort_by(f64::total_cmp);
        budgets.dedup();
        budgets
            .into_iter()
            .map(|budget| {
                let at: Vec<&Run> = self
                    .complete()
                    .filter(|r| r.budget.unwrap_or(0.0) == budget)
                    .collect();
                #[expect(clippy::cast_precision_loss, reason = "few runs")]
                let count = at.len() as f64;
                let mean = |k: usize| {
                    at.iter()
                        .map(|r| r.costs.get(k).copied().unwrap_or(f64::NAN))
                        .sum::<f64>()
                        / count
                };
                (budget, (0..objectives).map(mean).collect(), at.len())
            })
            .collect()
    }

    fn complete(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|r| r.state == TrialState::Complete)
    }

    /// The configuration as one trial.
    pub fn row(&self, table: &mut Table, objectives: usize) -> Row {
        let mut row = Row {
            id: Some(u64::try_from(self.id).map_or_else(
                |_| TrialId::Text(Label::new(&self.id.to_string())),
                TrialId::Number,
            )),
            ..Row::default()
        };
        set_params(table, &mut row, &self.params, '.');
        let has = |state| self.runs.iter().any(|r| r.state == state);
        let means = self.means(objectives);
        row.state = Some(if !means.is_empty() {
            TrialState::Complete
        } else if has(TrialState::Running) {
            TrialState::Running
        } else if has(TrialState::Pruned) {
            TrialState::Pruned
        } else {
            TrialState::Failed
        });
        if let Some((budget, values, count)) = means.last() {
            row.values = Some(values.clone());
            if self.runs.len() > 1 {
                row.attributes
                    .push(("runs".into(), Value::Int(i64::try_from(*count).unwrap_or(0))));
            }
            if *budget > 0.0 {
                row.attributes.push(("budget".into(), Value::Float(*budget)));
            }
        }
        if row.state == Some(TrialState::Failed) {
            row.error = self
                .runs
                .last()
                .map(|r| Label::new(&format!("SMAC says {}", r.status)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "budgets are not negative"
        )]
        let steps = means
            .iter()
            .filter(|(b, ..)| *b > 0.0)
            .flat_map(|(b, values, _)| {
                let step = b.round() as u64;
                let values = values.iter().enumerate();
                values.map(move |(k, x)| (step, value_column(k), *x))
            });
        row.steps = steps.collect();
        row.started = self.runs.iter().filter_map(|r| r.started).reduce(f64::min);
        row.finished = self.runs.iter().filter_map(|r| r.finished).reduce(f64::max);
        row.seconds = self.runs.iter().filter_map(|r| r.seconds).reduce(|a, b| a + b);
        self.note(&mut row);
        row
    }

    /// Puts what was noted beside the costs into a row.
    fn note(&self, row: &mut Row) {
        if let Some(origin) = &self.origin {
            row.attributes
                .push(("origin".into(), Value::Text(origin.as_str().into())));
        }
        if let Some(run) = self.complete().last() {
            for (name, value) in run.extra.members() {
                let value = super::configspace::choice(value);
                row.attributes.push((Label::new(name), value));
            }
        }
    }
}
