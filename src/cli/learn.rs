//! The lab: which lesson, function or study is opened in it.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::args::{Format, Reading, learn::Learn};
use super::error::CliError;
use super::out::Out;
use super::{engine, explore, load};
use crate::config::{FileSettings, nearest};
use crate::io::kept;
use crate::language::tr;
use crate::learn::expression::{Expression, Kind};
use crate::learn::function::Function;
use crate::learn::lesson::catalog::{self, Language};
use crate::learn::lesson::{Lesson, Subject};
use crate::runtime::run::{self, Settings};
use crate::session::Lab;
use crate::session::kept::ByHand;
use crate::session::lab::{RECORDED, Shelf};
use crate::study::Study;

/// A lesson to begin one's own with: it says what everything in it is.
const TEMPLATE: &str = include_str!("../../assets/lessons/template.md");

/// Why the lab cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    #[error(
        "the lab needs a terminal, and standard output is none; run it in a terminal window, or use --list"
    )]
    NoTerminal,
    #[error(
        "--game is played on a function, a formula, a draw from a prior or a results file, not on a lesson"
    )]
    GameOnLesson,
    #[error("--lang {tag}: there are lessons in English (en) and simplified Chinese (zh)")]
    Language { tag: String },
    #[error("the formula {formula:?}: {why}; write for example 'sin(3*x) + 0.5*x'")]
    Formula { formula: String, why: String },
    #[error("--low {low} --high {high}: the bounds of a formula are finite, the first below the second")]
    Bounds { low: f64, high: f64 },
    #[error(
        "there is no lesson, function or file {name:?}{hint}; tunescope learn --list shows what there is"
    )]
    Nothing { name: String, hint: String },
    #[error("cannot read {path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Lab(#[from] crate::session::lab::LabError),
    #[error(transparent)]
    Lesson(#[from] crate::learn::lesson::LessonError),
}

pub fn run(args: &Learn) -> Result<ExitCode, CliError> {
    let language = language(args.lang.as_deref())?;
    run_in(args, language).map_err(|error| error.told_in(language))
}

fn run_in(args: &Learn, language: Language) -> Result<ExitCode, CliError> {
    let file = FileSettings::load(args.config.config.as_deref())?;
    let mut shelf = Shelf {
        studies: Vec::new(),
        done: kept::default_folder().map_or_else(Vec::new, |folder| crate::io::progress::read(&folder)),
    };
    if args.template {
        let mut out = Out::new();
        out.line(TEMPLATE.trim_end())?;
        out.finish()?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.list {
        list(args.format, language, &shelf)?;
        return Ok(ExitCode::SUCCESS);
    }
    shelf.studies.push((RECORDED.to_owned(), recorded()?));
    // What is wrong with the call is said wherever it is made: a teacher's script may check a lesson.
    let mut lab = open(args, language, shelf)?;
    if args.game && lab.play.is_some() {
        return Err(LearnError::GameOnLesson.into());
    }
    lab.plays = args.game;
    if !std::io::stdout().is_terminal() {
        return Err(LearnError::NoTerminal.into());
    }
    let mut model = engine::model_settings(&super::args::Modelling::default(), &file);
    model.seed = args.seed.or(file.seed).unwrap_or(0);
    explore::finish(run::run(Settings {
        model,
        acquisition: engine::acquisition_settings(&args.acquisition, &file),
        appearance: explore::appearance(&args.screen, &file),
        mouse: args.screen.mouse || file.mouse.unwrap_or(false),
        stated: ByHand::default(),
        title: Some("lab".to_owned()),
        menu: args.what.is_none() && !args.game && args.formula.is_none() && args.prior.is_none(),
        lab: Some(Box::new(lab)),
        ..Settings::default()
    }))
}

/// As asked for, else by the locale, else English.
fn language(asked: Option<&str>) -> Result<Language, LearnError> {
    if let Some(tag) = asked {
        return Language::of(tag).ok_or_else(|| LearnError::Language {
            tag: super::text::harmless(tag),
        });
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    Ok(locale
        .and_then(|locale| Language::of(&locale))
        .unwrap_or(Language::English))
}

fn open(args: &Learn, language: Language, mut shelf: Shelf) -> Result<Lab, CliError> {
    let (noise, seed) = (args.noise.unwrap_or(0.0), args.seed.unwrap_or(0));
    let lab = |lab: Result<Lab, crate::session::lab::LabError>| lab.map_err(|e| LearnError::from(e).into());
    if let Some(formula) = &args.formula {
        let (low, high) = (args.low, args.high);
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(LearnError::Bounds { low, high }.into());
        }
        let expression = Expression::parse(formula, &["x"]).map_err(|why| LearnError::Formula {
            formula: shortened(formula),
            why: why.to_string(),
        })?;
        if expression.kind(&|_| Kind::Number) != Ok(Kind::Number) {
            return Err(LearnError::Formula {
                formula: shortened(formula),
                why: "it gives true or false, not a number".to_owned(),
            }
            .into());
        }
        return lab(Lab::formula(
            expression,
            (low, high),
            noise,
            seed,
            language,
            Arc::new(shelf),
        ));
    }
    if let Some(kernel) = &args.prior {
        let drawn = (kernel.as_str(), args.lengthscale);
        return lab(Lab::prior(drawn, noise, seed, language, Arc::new(shelf)));
    }
    let Some(what) = &args.what else {
        return lab(Lab::function("forrester", noise, seed, language, Arc::new(shelf)));
    };
    let name = what.to_string_lossy();
    if what.extension().is_some_and(|e| e.eq_ignore_ascii_case("md")) {
        return teachers_lesson(what, language, shelf);
    }
    if catalog::full_name(&name).is_some() {
        let lesson = Lab::named_lesson(&name, language, Arc::new(shelf));
        return lesson.map_or_else(|| Err(nothing(&name).into()), lab);
    }
    if Function::named(&name).is_some() {
        return lab(Lab::function(&name, noise, seed, language, Arc::new(shelf)));
    }
    if what.exists() {
        let study = load::study(what, &Reading::default())?;
        let title = crate::study::label::scrub(&what.display().to_string());
        shelf.studies.push((title.clone(), Arc::clone(&study)));
        return Ok(Lab::recorded(study, title, language, Arc::new(shelf)));
    }
    Err(nothing(&name).into())
}

/// A lesson that somebody wrote; a study that it is about lies beside it.
fn teachers_lesson(path: &Path, language: Language, mut shelf: Shelf) -> Result<Lab, CliError> {
    let text = std::fs::read(path).map_err(|source| LearnError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let (file, text) = (path.display().to_string(), String::from_utf8_lossy(&text));
    let lesson = Lesson::parse(&file, &text).map_err(LearnError::from)?;
    if let Subject::Study(name) = &lesson.start.subject
        && name != RECORDED
    {
        let beside = path.with_file_name(name);
        let study = load::study(&beside, &Reading::default())
            .map_err(|why| LearnError::from(Lesson::error_at(&file, &text, "study", &why.to_string())))?;
        shelf.studies.push((name.clone(), study));
    }
    Lab::lesson(Arc::new(lesson), None, language, Arc::new(shelf)).map_err(|e| LearnError::from(e).into())
}

/// As much of a text as a message needs.
fn shortened(text: &str) -> String {
    let text = super::text::harmless(text);
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text,
    }
}

fn nothing(name: &str) -> LearnError {
    let known = catalog::names().chain(Function::names().iter().copied());
    LearnError::Nothing {
        name: super::text::harmless(name),
        hint: nearest(name, known).map_or_else(String::new, |near| format!(" (did you mean {near}?)")),
    }
}

/// The recorded trials of the demo as a study, read as any other source is.
fn recorded() -> Result<Arc<Study>, CliError> {
    let dir = std::env::temp_dir().join(format!("tunescope-lab-{}", std::process::id()));
    let start = crate::demo::Start {
        from: crate::demo::recorded().count(),
        trials: None,
    };
    let files = crate::demo::prepare(&dir, start)?;
    let reading = Reading {
        space: Some(files.space.clone()),
        ..Reading::default()
    };
    let study = load::study(&files.results, &reading);
    // Nothing of it is needed any more; a folder that stays is the system's to tidy up.
    let _ = std::fs::remove_dir_all(&dir);
    study
}

fn list(format: Format, language: Language, shelf: &Shelf) -> Result<(), CliError> {
    let mut out = Out::new();
    let is_done = |name: &str| shelf.done.iter().any(|n| n == name);
    let lessons: Vec<(&str, String)> = catalog::names()
        .map(|name| {
            let title = match catalog::named(name, language) {
                Some(Ok(lesson)) => lesson.title,
                _ => name.to_owned(),
            };
            (name, title)
        })
        .collect();
    let functions = || Function::names().iter().filter_map(|name| Function::named(name));
    if format == Format::Json {
        let lessons: Vec<_> = (lessons.iter())
            .map(|(name, title)| json!({"name": name, "title": title, "done": is_done(name)}))
            .collect();
        let functions: Vec<_> = functions()
            .map(|f| json!({"name": f.name, "title": f.title, "parameters": f.dims(), "formula": f.formula}))
            .collect();
        out.line(json!({"lessons": lessons, "functions": functions}).to_string())?;
        return out.finish();
    }
    for (name, title) in &lessons {
        let mark = if is_done(name) { "✓" } else { " " };
        out.line(format!("{mark} {name:<22} {title}"))?;
    }
    out.line("")?;
    for f in functions() {
        let dims = match f.dims() {
            1 => tr!(language, "1 parameter").to_owned(),
            n => tr!(language, "{n} parameters", n = n),
        };
        out.line(format!("  {:<22} {}, {dims}", f.name, language.reword(&f.title)))?;
    }
    out.finish()
}
