//! A DeepCAVE run: `history.jsonl` with `configs.json`, `configspace.json` and `meta.json` beside it.
//!
//! Or one of tables: `trials.csv` with `configspace.csv` (`dataframe`).
//!
//! A configuration may have been run at several budgets: it is one trial, whose value is the one at its highest
//! budget and whose learning curve goes over the budgets.

mod dataframe;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Direction, Label, Study, TrialId, TrialState, Value};

use super::super::cells::set_params;
use super::super::document::{Complaints, Document, Fresh, name_of};
use super::super::error::ReadError;
use super::super::json::tree::Json;
use super::super::source::{Change, Form, Kind, Place, Progress, ReadOptions, Reads, Source, Store};
use super::super::table::{Declared, Row, Table, value_column};
use super::super::watch::Target;
use super::configspace;

/// DeepCAVE's own formats.
pub static KIND: Kind = Kind {
    name: "deepcave",
    title: "DeepCAVE",
    aliases: &[],
    reads: Reads::Store {
        recognize,
        open: |path, options| {
            Ok(if dataframe::recognize(path) {
                Box::new(dataframe::DataFrame::new(path, options))
            } else {
                Box::new(DeepCave::new(path, options))
            })
        },
    },
};

fn recognize(place: &Place<'_>) -> u8 {
    let is_own = place.holds("history.jsonl") && place.holds("configs.json");
    if is_own || place.form != Form::Address && dataframe::recognize(place.path) {
        90
    } else {
        0
    }
}

/// Seconds since the Unix epoch (in 1973) before which no run began.
const EARLIEST: f64 = 1e8;

struct DeepCave {
    folder: PathBuf,
    documents: [Document; 4],
    history: Document,
    table: Table,
    notes: Vec<String>,
    configs: Json,
    origins: Json,
    complaints: Complaints,
}

impl DeepCave {
    fn new(path: &Path, options: &ReadOptions) -> Self {
        let at = |name: &str| Document::new(&path.join(name));
        Self {
            folder: path.to_owned(),
            documents: [
                at("configspace.json"),
                at("meta.json"),
                at("configs.json"),
                at("origins.json"),
            ],
            history: at("history.jsonl"),
            table: Table::new(options, false),
            notes: Vec::new(),
            configs: Json::Null,
            origins: Json::Null,
            complaints: Complaints::default(),
        }
    }

    /// Takes what is new beside the history; returns whether anything was.
    fn read_documents(&mut self) -> bool {
        let [space, meta, configs, origins] = &mut self.documents;
        let mut is_new = false;
        if let Some(json) = space.look_for_json(&mut self.complaints) {
            self.notes.clear();
            let domains = configspace::domains(&json, &mut self.notes);
            let declared = Declared {
                domains,
                ..self.table.declared.clone()
            };
            self.table.declare(declared);
            is_new = true;
        }
        if let Some(json) = meta.look_for_json(&mut self.complaints) {
            let objectives = json.at("objectives").items();
            self.table.value_names = objectives
                .iter()
                .map(|o| Label::new(o.at("name").as_text().unwrap_or("cost")))
                .collect();
            let directions = objectives.iter().map(|o| match o.at("optimize").as_text() {
                Some("upper") => Direction::Maximize,
                _ => Direction::Minimize,
            });
            let declared = Declared {
                directions: directions.collect(),
                ..self.table.declared.clone()
            };
            self.table.declare(declared);
            is_new = true;
        }
        if let Some(json) = configs.look_for_json(&mut self.complaints) {
            self.configs = json;
            is_new = true;
        }
        if let Some(json) = origins.look_for_json(&mut self.complaints) {
            self.origins = json;
            is_new = true;
        }
        is_new
    }

    fn read_history(&mut self) -> Result<bool, ReadError> {
        let name = name_of(self.history.path());
        let bytes = match self.history.look() {
            Ok(Fresh::New(bytes)) => bytes,
            Ok(Fresh::Same | Fresh::Missing) => return Ok(false),
            Err(source) => {
                return Err(ReadError::Io {
                    path: self.history.path().to_owned(),
                    source,
                });
            }
        };
        self.complaints.clear(&name);
        let mut runs: BTreeMap<u64, Vec<Run>> = BTreeMap::new();
        for (line, number) in bytes.split(|b| *b == b'\n').zip(1u64..) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match Json::parse(line).ok().as_ref().and_then(run) {
                Some((config, run)) => runs.entry(config).or_default().push(run),
                None => self
                    .complaints
                    .add(&name, Some(number), "the line is no run; it was skipped."),
            }
        }
        self.table.forget_rows();
        for (config, runs) in &runs {
            let row = self.row(*config, runs);
            self.table.replace(row);
        }
        Ok(true)
    }

    fn row(&mut self, config: u64, runs: &[Run]) -> Row {
        let key = config.to_string();
        let mut row = Row {
            id: Some(TrialId::Number(config)),
            ..Row::default()
        };
        set_params(&mut self.table, &mut row, self.configs.at(&key), '.');
        gather(&mut row, runs);
        if let Some(origin) = self.origins.at(&key).as_text() {
            row.attributes.push(("origin".into(), Value::Text(origin.into())));
        }
        row
    }
}

/// Puts the runs of a configuration into its row.
fn gather(row: &mut Row, runs: &[Run]) {
    let complete = |r: &&Run| r.state == TrialState::Complete;
    let at_budgets = by_budget(runs.iter().filter(complete));
    let best = at_budgets.last();
    let shown = runs.iter().rfind(complete).or(runs.last());
    row.state = shown.map(|r| r.state);
    row.values = best.map(|(_, costs)| costs.clone());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    let curve = at_budgets.iter().filter_map(|(budget, costs)| {
        let step = Some(*budget).filter(|b| b.is_finite() && *b > 0.0)?;
        Some((step.round() as u64, costs))
    });
    let points = curve.flat_map(|(step, costs)| {
        let costs = costs.iter().enumerate();
        costs.map(move |(k, x)| (step, value_column(k), *x))
    });
    row.steps = points.collect();
    // Seconds since the run began are no moments.
    let moment = |t: &f64| *t > EARLIEST;
    row.started = runs.iter().map(|r| r.started).reduce(f64::min).filter(moment);
    row.finished = runs.iter().map(|r| r.finished).reduce(f64::max).filter(moment);
    row.seconds = Some(runs.iter().map(|r| (r.finished - r.started).max(0.0)).sum());
    if row.state == Some(TrialState::Failed) {
        let text = shown.and_then(|r| r.traceback.as_deref());
        row.error = text
            .and_then(|t| t.lines().rev().find(|l| !l.trim().is_empty()))
            .map(Label::new);
    }
}

/// One run of a configuration.
#[derive(Debug)]
struct Run {
    budget: f64,
    costs: Vec<f64>,
    state: TrialState,
    started: f64,
    finished: f64,
    traceback: Option<String>,
}

/// The costs at each budget, lowest budget first: the mean over the runs at it, which differ by their seeds.
fn by_budget<'r>(runs: impl Iterator<Item = &'r Run>) -> Vec<(f64, Vec<f64>)> {
    let mut sorted: Vec<&Run> = runs.collect();
    sorted.sort_by(|a, b| a.budget.total_cmp(&b.budget));
    let same = sorted.chunk_by(|a, b| a.budget.total_cmp(&b.budget).is_eq());
    same.filter_map(|runs| {
        let first = runs.first()?;
        #[expect(clippy::cast_precision_loss, reason = "a count of runs")]
        let count = runs.len() as f64;
        let cost = |k: usize| {
            let sum: f64 = runs.iter().map(|r| r.costs.get(k).unwrap_or(&f64::NAN)).sum();
            sum / count
        };
        Some((first.budget, (0..first.costs.len()).map(cost).collect()))
    })
    .collect()
}

/// config, budget, \[seed,\] costs, \[CPU seconds,\] start, end, status, additional: what is in brackets came later.
fn run(json: &Json) -> Option<(u64, Run)> {
    let cells = json.items();
    let config = cells.first()?.as_u64()?;
    let costs_at = (2..4).find(|k| matches!(cells.get(*k), Some(Json::List(_))))?;
    // With the seconds there are five cells between the costs and the end, else four.
    let start_at = costs_at + usize::from(cells.len() > costs_at + 5);
    let at = |k: usize| cells.get(start_at + k).unwrap_or(&Json::Null);
    let state = match at(3).as_i64()? {
        1 => TrialState::Complete,
        6 => TrialState::Waiting,
        8 => TrialState::Pruned,
        _ => TrialState::Failed,
    };
    let found = Run {
        budget: cells.get(1).and_then(Json::as_f64).unwrap_or(f64::INFINITY),
        costs: cells
            .get(costs_at)?
            .items()
            .iter()
            .map(|c| c.as_f64().unwrap_or(f64::NAN))
            .collect(),
        state,
        started: at(1).as_f64().unwrap_or(0.0),
        finished: at(2).as_f64().unwrap_or(0.0),
        traceback: at(4).at("traceback").as_text().map(str::to_owned),
    };
    Some((config, found))
}

impl Source for DeepCave {
    fn study(&mut self) -> Study {
        self.table
            .study_of_store(&name_of(&self.folder), &self.notes, &self.complaints)
    }

    fn metrics_instead(&self) -> Option<String> {
        self.table.metrics_instead()
    }
}

impl Store for DeepCave {
    fn poll(&mut self, _: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        if self.read_documents() {
            self.history.forget();
        }
        Ok(Change::rebuilt_if(self.read_history()?))
    }

    fn watched(&self) -> Vec<Target> {
        vec![Target::Tree(self.folder.clone())]
    }

    fn is_missing(&self) -> bool {
        !self.history.path().exists()
    }

    fn modified(&self) -> Option<f64> {
        self.history.modified()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_with_other_seeds_count_by_their_mean() {
        let of = |text: &str| run(&Json::parse(text.as_bytes()).unwrap()).unwrap().1;
        let runs = [
            of("[0, 9.0, 2, [0.5, 3.0], 0.1, 1.0, 2.0, 1, {}]"),
            of("[0, 3.0, 1, [0.75, 4.0], 0.1, 0.0, 1.0, 1, {}]"),
            of("[0, 9.0, 1, [0.25, 1.0], 0.1, 1.0, 2.0, 1, {}]"),
        ];
        let expected = [(3.0, vec![0.75, 4.0]), (9.0, vec![0.375, 2.0])];
        assert_eq!(by_budget(runs.iter()), expected);
    }

    #[test]
    fn a_run_is_read_with_and_without_a_seed_and_cpu_seconds() {
        let of = |text: &str| run(&Json::parse(text.as_bytes()).unwrap()).unwrap();
        let (config, old) = of("[3, 27.0, [0.5], 1.0, 2.5, 1, {}]");
        assert_eq!((config, old.budget, old.costs), (3, 27.0, vec![0.5]));
        let (_, new) = of("[3, 27.0, 7, [0.5, NaN], 1.0, 2.5, 4, {\"traceback\": \"x\"}]");
        assert_eq!((new.costs.len(), new.state), (2, TrialState::Failed));
        let (_, now) = of("[3, 27.0, 7, [0.5], 0.75, 1.0, 2.5, 1, {}]");
        assert_eq!(
            (now.state, now.started, now.finished),
            (TrialState::Complete, 1.0, 2.5)
        );
        let state = |status: u8| {
            of(&format!("[3, 27.0, 7, [0.5], 0.75, 1.0, 2.5, {status}, {{}}]"))
                .1
                .state
        };
        assert_eq!(
            [6, 7, 8].map(state),
            [TrialState::Waiting, TrialState::Failed, TrialState::Pruned]
        );
    }
}
