//! Several sources, or several studies of one, read as one study.
//!
//! The identity of a trial is that of its own source with the part's name before it (`a/12`), so that none is
//! taken for another. The space is the union of the spaces. With `--offset-per-study` a constant a part is
//! learned and taken away (`offset`), for parts whose objectives lie apart for a reason that is no parameter
//! (another data split, another machine).

mod offset;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::study::label::scrub;
use crate::study::{
    Constraint, Diagnostic, Direction, Domain, Label, Parameter, Place, Study, Trial, TrialId, Value,
};

use super::error::ReadError;
use super::reader::Reader;
use super::source::{Change, Kind, Progress, ReadOptions, Reads, Source, Store};
use super::watch::Target;
use offset::Offset;

/// The kind that several sources together are. It is not recognized, but asked for by naming several.
pub static KIND: Kind = Kind {
    name: "merged",
    title: "several sources",
    aliases: &[],
    reads: Reads::Store {
        recognize: |_| 0,
        open: |path, options| Ok(Box::new(Merged::open(path, options)?)),
    },
};

/// One of the sources.
struct Part {
    name: String,
    reader: Reader,
    /// What the trials became, beside what they were: those that did not change are shared.
    made: Vec<(Arc<Trial>, Arc<Trial>)>,
    /// Where its columns are among all columns, as of the last study.
    places: Vec<usize>,
    /// Its constraints in the order of those of all, as of the last study.
    constraints: Vec<Option<Constraint>>,
    offset: f64,
}

/// Several sources as one.
pub struct Merged {
    parts: Vec<Part>,
    learns_offsets: bool,
}

/// Whether the options name more than one source or study.
#[must_use]
pub fn is_wanted(options: &ReadOptions) -> bool {
    !options.also.is_empty() || !options.also_studies.is_empty()
}

impl Merged {
    /// Opens every source with every study that was named.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, ReadError> {
        let paths: Vec<PathBuf> = std::iter::once(path.to_owned())
            .chain(options.also.iter().cloned())
            .collect();
        let studies: Vec<Option<String>> = std::iter::once(options.study.clone())
            .chain(options.also_studies.iter().cloned().map(Some))
            .collect();
        let mut parts = Vec::new();
        for (path, name) in paths.iter().zip(names(&paths)) {
            for study in &studies {
                let own = ReadOptions {
                    study: study.clone(),
                    also: Vec::new(),
                    also_studies: Vec::new(),
                    offset_per_study: false,
                    ..options.clone()
                };
                let name = match (studies.len(), paths.len(), study) {
                    (1, ..) | (_, _, None) => name.clone(),
                    (_, 1, Some(study)) => study.clone(),
                    (_, _, Some(study)) => format!("{name}/{study}"),
                };
                parts.push(Part {
                    name,
                    reader: Reader::open(path, own)?,
                    made: Vec::new(),
                    places: Vec::new(),
                    constraints: Vec::new(),
                    offset: 0.0,
                });
            }
        }
        Ok(Self {
            parts,
            learns_offsets: options.offset_per_study,
        })
    }
}

/// The shortest ends of the paths that tell them apart, without the ending where it is not needed for that.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let end = |path: &Path, count: usize| {
        let parts: Vec<String> = path
            .components()
            .map(|c| c.as_os_str().to_string_lossy().into_owned())
            .collect();
        parts
            .get(parts.len().saturating_sub(count)..)
            .unwrap_or_default()
            .join("/")
    };
    let is_distinct = |names: &[String]| {
        let mut sorted = names.to_vec();
        sorted.sort();
        sorted.windows(2).all(|pair| matches!(pair, [a, b] if a != b))
    };
    for count in 1..6 {
        let stems: Vec<String> = paths.iter().map(|p| end(&p.with_extension(""), count)).collect();
        if is_distinct(&stems) {
            return stems;
        }
        let full: Vec<String> = paths.iter().map(|p| end(p, count)).collect();
        if is_distinct(&full) {
            return full;
        }
    }
    (1..=paths.len()).map(|k| k.to_string()).collect()
}

/// The union of two domains; `None` where one is of choices and the other of numbers.
fn union(a: &Domain, b: &Domain) -> Option<Domain> {
    #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 have no use")]
    let range = |d: &Domain| match d {
        Domain::Float { low, high, log, step } => Some((*low, *high, *log, *step)),
        Domain::Int { low, high, log, .. } => Some((*low as f64, *high as f64, *log, None)),
        Domain::Categorical { .. } => None,
    };
    match (a, b) {
        (Domain::Categorical { choices }, Domain::Categorical { choices: more }) => {
            let mut choices = choices.clone();
            choices.extend(more.iter().filter(|c| !a_holds(a, c)).cloned());
            Some(Domain::Categorical { choices })
        }
        (
            Domain::Int { low, high, log, step },
            Domain::Int {
                low: l,
                high: h,
                log: g,
                step: s,
            },
        ) => {
            let same = low == l && step == s;
            Some(Domain::Int {
                low: *low.min(l),
                high: *high.max(h),
                log: *log && *g,
                step: if same { *step } else { 1 },
            })
        }
        _ => {
            let ((al, ah, ag, step), (bl, bh, bg, other)) = (range(a)?, range(b)?);
            Some(Domain::Float {
                low: al.min(bl),
                high: ah.max(bh),
                log: ag && bg,
                step: step.filter(|_| step == other && (al, ah) == (bl, bh)),
            })
        }
    }
}

fn a_holds(domain: &Domain, choice: &Value) -> bool {
    matches!(domain, Domain::Categorical { choices } if choices.contains(choice))
}

impl Merged {
    /// The columns and the space of all parts; sets where the columns of each part are.
    fn join(&mut self, studies: &[Arc<Study>], study: &mut Study) {
        study.space.inferred = studies.iter().any(|s| s.space.inferred);
        for (part, own) in self.parts.iter_mut().zip(studies) {
            let place = |name: &Label, columns: &mut Vec<Label>| {
                columns.iter().position(|c| c == name).unwrap_or_else(|| {
                    columns.push(name.clone());
                    columns.len() - 1
                })
            };
            let places: Vec<usize> = own
                .columns
                .iter()
                .map(|name| place(name, &mut study.columns))
                .collect();
            if places != part.places {
                part.made.clear();
                part.places = places;
            }
            for p in &own.space.params {
                let column = part.places.get(p.column).copied().unwrap_or(0);
                match study.space.params.iter_mut().find(|q| q.column == column) {
                    None => study.space.params.push(Parameter { column, ..p.clone() }),
                    Some(q) => match union(&q.domain, &p.domain) {
                        Some(domain) => q.domain = domain,
                        None => study.diagnostics.push(Diagnostic {
                            line: None,
                            message: scrub(&format!(
                                "{}: parameter {} is of choices in one source and of numbers in another; the first counts.",
                                part.name, p.name
                            )),
                        }),
                    },
                }
            }
        }
        infer_what_is_constant_in_each(studies, study);
    }

    /// The constraints of all parts, by name; sets which of them each part has. The first of a name counts.
    fn join_constraints(&mut self, studies: &[Arc<Study>], study: &mut Study) {
        for own in studies.iter().flat_map(|s| &s.constraints) {
            if study.constraints.iter().all(|c| c.name != own.name) {
                study.constraints.push(Constraint {
                    place: Place::Told(study.constraints.len()),
                    ..own.clone()
                });
            }
        }
        for (part, own) in self.parts.iter_mut().zip(studies) {
            let of = |c: &Constraint| own.constraints.iter().find(|o| o.name == c.name).cloned();
            let constraints: Vec<Option<Constraint>> = study.constraints.iter().map(of).collect();
            if constraints != part.constraints {
                part.made.clear();
                part.constraints = constraints;
            }
        }
    }

    fn complain_of_differences(&self, studies: &[Arc<Study>], study: &mut Study) {
        let with_trials = || {
            self.parts
                .iter()
                .zip(studies)
                .filter(|(_, s)| !s.trials.is_empty())
        };
        for (part, own) in with_trials() {
            let mut warn = |message: String| {
                study.diagnostics.push(Diagnostic {
                    line: None,
                    message: scrub(&format!("{}: {message}", part.name)),
                });
            };
            if own.metric != study.metric {
                warn(format!(
                    "the objective is {} here and {} in the first source; they are taken for one.",
                    own.metric, study.metric
                ));
            }
            if own.directions != study.directions {
                warn("the directions are others than in the first source, whose are taken.".to_owned());
            }
            let missing: Vec<&str> = study
                .space
                .params
                .iter()
                .filter(|p| {
                    study
                        .columns
                        .get(p.column)
                        .is_some_and(|c| !own.columns.contains(c))
                })
                .map(|p| p.name.shown())
                .collect();
            if !missing.is_empty() {
                warn(format!(
                    "there is no parameter {}; its trials cannot be learned from, unless --params leaves it out.",
                    missing.join(", ")
                ));
            }
        }
    }

    /// What is to be large in one and small in another is no one objective.
    fn check_directions(&self) -> Result<(), ReadError> {
        let studies = self.parts.iter().map(|part| (part, part.reader.study()));
        let mut with_trials = studies.filter(|(_, study)| !study.trials.is_empty());
        let Some((first, study)) = with_trials.next() else {
            return Ok(());
        };
        let word = |study: &Study| match study.directions.first() {
            Some(Direction::Maximize) => "maximized",
            Some(Direction::Minimize) | None => "minimized",
        };
        match with_trials.find(|(_, other)| other.directions.first() != study.directions.first()) {
            Some((part, other)) => Err(ReadError::Directions {
                first: scrub(&first.name),
                other: scrub(&part.name),
                metric: study.metric.shown().to_owned(),
                other_metric: other.metric.shown().to_owned(),
                direction: word(&study),
                other_direction: word(&other),
            }),
            None => Ok(()),
        }
    }

    fn trials(&mut self, studies: &[Arc<Study>]) -> Vec<Arc<Trial>> {
        let mut all = Vec::new();
        for (part, own) in self.parts.iter_mut().zip(studies) {
            part.made.truncate(own.trials.len());
            for (k, trial) in own.trials.iter().enumerate() {
                match part.made.get(k) {
                    Some((was, _)) if Arc::ptr_eq(was, trial) => {}
                    _ => {
                        let made = (
                            Arc::clone(trial),
                            Arc::new(renamed(
                                trial,
                                &part.name,
                                &part.places,
                                &part.constraints,
                                part.offset,
                            )),
                        );
                        match part.made.get_mut(k) {
                            Some(slot) => *slot = made,
                            None => part.made.push(made),
                        }
                    }
                }
            }
            all.extend(part.made.iter().map(|(_, made)| Arc::clone(made)));
        }
        all
    }

    /// Learns the offsets and has every trial made anew where they moved.
    fn learn(&mut self, studies: &[Arc<Study>], study: &mut Study) {
        let parts: Vec<&Study> = studies.iter().map(AsRef::as_ref).collect();
        let places: Vec<&[usize]> = self.parts.iter().map(|p| p.places.as_slice()).collect();
        let offsets = offset::learn(&study.space, &parts, &places);
        for (part, offset) in self.parts.iter_mut().zip(&offsets) {
            let value = offset.as_ref().map_or(0.0, |o| o.value);
            if value.to_bits() != part.offset.to_bits() {
                part.offset = value;
                part.made.clear();
            }
        }
        for (part, offset) in self.parts.iter().zip(&offsets) {
            study.notes.push(scrub(&match offset {
                Some(Offset {
                    is_reference: true, ..
                }) => format!("{}: values are as told; the others are moved to them.", part.name),
                Some(o) => format!(
                    "{}: {} is taken from every value (learned, ± {}).",
                    part.name,
                    crate::study::number::significant(o.value, 4),
                    crate::study::number::significant(o.sd, 2)
                ),
                None => format!(
                    "{}: too few complete trials to learn an offset; values are as told.",
                    part.name
                ),
            }));
        }
    }
}

/// A parameter that never changes within a source is in no inferred space, yet may differ between sources.
fn infer_what_is_constant_in_each(studies: &[Arc<Study>], study: &mut Study) {
    if !study.space.inferred {
        return;
    }
    for (column, name) in study.columns.iter().enumerate() {
        let is_measured = || {
            studies
                .iter()
                .any(|s| s.constraints.iter().any(|c| c.name == *name))
        };
        if study.space.params.iter().any(|p| p.column == column) || is_measured() {
            continue;
        }
        let mut stats = super::infer::Stats::default();
        for own in studies {
            let Some(k) = own.columns.iter().position(|c| c == name) else {
                continue;
            };
            let is_known = |note: &String| note.contains("bookkeeping") && note.contains(name.shown());
            if own.notes.iter().any(is_known) {
                return;
            }
            own.trials
                .iter()
                .filter_map(|t| t.param(k))
                .for_each(|v| stats.observe(v));
        }
        if let super::infer::Inferred::Domain(domain) = stats.infer()
            && let Ok(parameter) = Parameter::new(name.clone(), column, domain)
        {
            study.space.params.push(parameter);
        }
    }
}

/// A trial under its name among all, with its parameters in their places.
fn renamed(
    trial: &Trial,
    part: &str,
    places: &[usize],
    constraints: &[Option<Constraint>],
    offset: f64,
) -> Trial {
    let mut made = trial.clone();
    let own = match &trial.id {
        TrialId::Number(n) => n.to_string(),
        TrialId::Text(label) => label.raw().to_owned(),
    };
    made.id = TrialId::Text(Label::new(&format!("{part}/{own}")));
    let width = places.iter().max().map_or(0, |m| m + 1);
    made.params = vec![None; width];
    for (value, place) in trial.params.iter().zip(places) {
        if let Some(slot) = made.params.get_mut(*place) {
            slot.clone_from(value);
        }
    }
    let told =
        |constraint: &Option<Constraint>| constraint.as_ref().and_then(|l| l.of(trial)).unwrap_or(f64::NAN);
    made.constraints = constraints.iter().map(told).collect();
    if offset != 0.0 {
        if let Some(first) = made.values.first_mut() {
            made.attributes
                .push(("value as told".into(), Value::Float(*first)));
            *first -= offset;
        }
        made.intermediate.iter_mut().for_each(|(_, x)| *x -= offset);
    }
    made
}

impl Source for Merged {
    fn study(&mut self) -> Study {
        let studies: Vec<Arc<Study>> = self.parts.iter().map(|p| p.reader.study()).collect();
        let first = studies.iter().find(|s| !s.trials.is_empty()).or(studies.first());
        let mut study = Study::empty();
        if let Some(first) = first {
            study.metric = first.metric.clone();
            study.directions.clone_from(&first.directions);
            study.budget = first.budget;
        }
        let names: Vec<&str> = self.parts.iter().map(|p| p.name.as_str()).collect();
        study.name = Label::new(&names.join(" + "));
        self.join(&studies, &mut study);
        self.join_constraints(&studies, &mut study);
        self.complain_of_differences(&studies, &mut study);
        if self.learns_offsets {
            self.learn(&studies, &mut study);
        }
        study.trials = self.trials(&studies);
        for (part, own) in self.parts.iter().zip(&studies) {
            study
                .diagnostics
                .extend(own.diagnostics.iter().map(|d| Diagnostic {
                    line: d.line,
                    message: scrub(&format!("{}: {}", part.name, d.message)),
                }));
            study
                .notes
                .extend(own.notes.iter().map(|n| scrub(&format!("{}: {n}", part.name))));
        }
        study
    }
}

impl Store for Merged {
    fn poll(&mut self, watch: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Change, ReadError> {
        let mut change = Change::Unchanged;
        for part in &mut self.parts {
            change = change.and(part.reader.poll_with(watch)?);
        }
        Ok(change)
    }

    fn settle(&mut self) -> Change {
        self.parts
            .iter_mut()
            .fold(Change::Unchanged, |change, part| change.and(part.reader.settle()))
    }

    fn check(&self) -> Result<(), ReadError> {
        self.parts.iter().try_for_each(|part| part.reader.check())?;
        self.check_directions()
    }

    fn watched(&self) -> Vec<Target> {
        let mut all: Vec<Target> = Vec::new();
        for target in self.parts.iter().flat_map(|p| p.reader.watched()) {
            if !all.contains(&target) {
                all.push(target);
            }
        }
        all
    }

    fn is_missing(&self) -> bool {
        self.parts.iter().all(|p| p.reader.is_missing())
    }

    fn modified(&self) -> Option<f64> {
        self.parts
            .iter()
            .filter_map(|p| p.reader.modified())
            .reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_by_what_tells_them_apart() {
        let of = |paths: &[&str]| names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(of(&["x/a.jsonl", "x/b.jsonl"]), ["a", "b"]);
        assert_eq!(of(&["x/a.jsonl", "x/a.csv"]), ["a.jsonl", "a.csv"]);
        assert_eq!(of(&["x/a.csv", "y/a.csv"]), ["x/a", "y/a"]);
        assert_eq!(of(&["a.csv", "a.csv"]), ["1", "2"]);
    }

    #[test]
    fn the_union_of_domains_holds_both() {
        let int = |low, high| Domain::Int {
            low,
            high,
            log: false,
            step: 1,
        };
        assert_eq!(union(&int(1, 4), &int(2, 9)), Some(int(1, 9)));
        let choices = |list: &[&str]| Domain::Categorical {
            choices: list.iter().map(|c| Value::Text((*c).into())).collect(),
        };
        assert_eq!(
            union(&choices(&["a", "b"]), &choices(&["c", "b"])),
            Some(choices(&["a", "b", "c"]))
        );
        assert_eq!(union(&choices(&["a"]), &int(1, 2)), None);
    }
}
