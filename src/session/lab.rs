//! What only the lab has: a bench that trials come from, what is shown of it, and a lesson.

use std::sync::Arc;

use crate::language::{Language, tr};
use crate::learn::bench::{Bench, BenchError, Table};
use crate::learn::expression::Expression;
use crate::learn::function::Function;
use crate::learn::lesson::catalog;
use crate::learn::lesson::vocabulary::{Knob, Panel};
use crate::learn::lesson::{Lesson, LessonError, Setting, Subject};
use crate::learn::play::Play;
use crate::study::{Configuration, Study};

use super::model::{Model, Pane};

/// A recorded study that lessons can be about.
pub const RECORDED: &str = "finetune";

/// What the lab can look at that is not made from its name alone, and what the learner has done.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Recorded studies by the name that lessons know them by.
    pub studies: Vec<(String, Arc<Study>)>,
    /// Names of the lessons that were played to the end.
    pub done: Vec<String>,
}

/// One line of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Lesson(&'static str),
    Function(&'static str),
    /// The recorded fine-tuning study.
    Recorded,
}

/// The state of the lab.
#[derive(Clone, Debug)]
pub struct Lab {
    pub bench: Bench,
    /// What is explored, in words.
    pub title: String,
    pub language: Language,
    /// What is shown beside slices and suggestion.
    pub panels: Vec<Panel>,
    pub play: Option<Play>,
    /// Steps of the optimiser that are still to be taken; each waits for the suggestion of the newest data.
    pub steps_left: u32,
    /// They were asked to go on and on: any key ends them.
    pub runs_on: bool,
    /// Tables to step back to, the newest last.
    pub undo: Vec<Table>,
    /// The last settled suggestion with the data it was for: what jumps are counted from.
    pub next: Option<(u64, Configuration)>,
    /// A lengthscale that a lesson has asked for and that waits for the fit.
    pub lengthscale: Option<f64>,
    /// What the lesson begins with, before the first fit.
    pub settings: Vec<(Knob, Setting)>,
    /// First line of the lesson that is drawn.
    pub scroll: usize,
    /// It is opened to play the guessing game.
    pub plays: bool,
    pub shelf: Arc<Shelf>,
}

/// Why the lab cannot be opened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LabError {
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error(transparent)]
    Lesson(#[from] LessonError),
    #[error("there is no function {name}; the functions are {known}")]
    NoFunction { name: String, known: String },
    #[error("there is no recorded study {name} here; give the path of a results file beside the lesson")]
    NoStudy { name: String },
}

/// Steps back that are remembered.
pub const MOST_UNDO: usize = 200;
/// How many steps "continuously" means at most.
pub const CONTINUOUSLY: u32 = 1000;

impl Lab {
    #[must_use]
    pub fn new(bench: Bench, title: String, language: Language, shelf: Arc<Shelf>) -> Self {
        Self {
            bench,
            title,
            language,
            panels: Vec::new(),
            play: None,
            steps_left: 0,
            runs_on: false,
            undo: Vec::new(),
            next: None,
            lengthscale: None,
            settings: Vec::new(),
            scroll: 0,
            plays: false,
            shelf,
        }
    }

    /// A known function with a few points spread over its space.
    ///
    /// # Errors
    /// There is no function of that name.
    pub fn function(
        name: &str,
        noise: f64,
        seed: u64,
        language: Language,
        shelf: Arc<Shelf>,
    ) -> Result<Self, LabError> {
        let function = Function::named(name).ok_or_else(|| LabError::NoFunction {
            name: crate::study::label::scrub(name),
            known: Function::names().join(", "),
        })?;
        let title = language.reword(&function.title).into_owned();
        let bench = Bench::function(function)
            .with_seed(seed)
            .with_noise(noise)
            .spread()?;
        Ok(Self::new(bench, title, language, shelf))
    }

    /// A formula in `x`.
    ///
    /// # Errors
    /// It has no finite value between the bounds.
    pub fn formula(
        expression: Expression,
        (low, high): (f64, f64),
        noise: f64,
        seed: u64,
        language: Language,
        shelf: Arc<Shelf>,
    ) -> Result<Self, LabError> {
        let title = format!("f(x) = {}", crate::study::label::scrub(expression.text()));
        let bench = Bench::formula(expression, low, high)?
            .with_seed(seed)
            .with_noise(noise)
            .spread()?;
        Ok(Self::new(bench, title, language, shelf))
    }

    /// A function drawn from a prior.
    ///
    /// # Errors
    /// It cannot be drawn.
    pub fn prior(
        (kernel, lengthscale): (&str, f64),
        noise: f64,
        seed: u64,
        language: Language,
        shelf: Arc<Shelf>,
    ) -> Result<Self, LabError> {
        let title = tr!(
            language,
            "a draw from {kernel}",
            kernel = crate::study::label::scrub(kernel)
        );
        let bench = Bench::prior(kernel, lengthscale, seed)?
            .with_noise(noise)
            .spread()?;
        Ok(Self::new(bench, title, language, shelf))
    }

    /// A recorded study.
    #[must_use]
    pub fn recorded(study: Arc<Study>, title: String, language: Language, shelf: Arc<Shelf>) -> Self {
        Self::new(Bench::recorded(study), title, language, shelf)
    }

    /// A lesson at its beginning; `name`: it is one of ours.
    ///
    /// # Errors
    /// What it is about cannot be opened.
    pub fn lesson(
        lesson: Arc<Lesson>,
        name: Option<&'static str>,
        language: Language,
        shelf: Arc<Shelf>,
    ) -> Result<Self, LabError> {
        let seed = start_number(&lesson, Knob::Seed).map_or(0, whole);
        let bench = match &lesson.start.subject {
            Subject::Function(name) => {
                Bench::function(Function::named(name).ok_or_else(|| LabError::NoFunction {
                    name: name.clone(),
                    known: Function::names().join(", "),
                })?)
            }
            Subject::Formula {
                expression,
                low,
                high,
            } => Bench::formula(expression.clone(), *low, *high)?,
            Subject::Prior { kernel, lengthscale } => Bench::prior(kernel, *lengthscale, seed)?,
            Subject::Study(name) => Bench::recorded(
                (shelf.studies.iter())
                    .find(|(known, _)| known == name)
                    .map(|(_, study)| Arc::clone(study))
                    .ok_or_else(|| LabError::NoStudy { name: name.clone() })?,
            ),
        };
        let bench = bench
            .with_seed(seed)
            .with_noise(start_number(&lesson, Knob::Noise).unwrap_or(0.0));
        let bench = match lesson.start.points.is_empty() {
            true => bench,
            false => bench.starting_at(&lesson.start.points)?,
        };
        let mut lab = Self::new(bench, lesson.title.clone(), language, shelf);
        lab.panels.clone_from(&lesson.start.shown);
        lab.settings.clone_from(&lesson.start.settings);
        lab.play = Some(Play::new(lesson, name));
        Ok(lab)
    }

    /// One of our lessons, by its number or name. `None`: there is none of that name.
    ///
    /// # Errors
    /// As [`Lab::lesson`].
    #[must_use]
    pub fn named_lesson(name: &str, language: Language, shelf: Arc<Shelf>) -> Option<Result<Self, LabError>> {
        let full = catalog::full_name(name)?;
        let lesson = catalog::named(full, language)?;
        Some(match lesson {
            Ok(lesson) => Self::lesson(Arc::new(lesson), Some(full), language, shelf),
            Err(error) => Err(error.into()),
        })
    }

    /// What a line of the menu opens.
    ///
    /// # Errors
    /// As [`Lab::lesson`].
    pub fn chosen(choice: Choice, language: Language, shelf: Arc<Shelf>) -> Result<Self, LabError> {
        match choice {
            Choice::Lesson(name) => Self::named_lesson(name, language, shelf).unwrap_or_else(|| {
                Err(LabError::NoStudy {
                    name: name.to_owned(),
                })
            }),
            Choice::Function(name) => Self::function(name, 0.0, 0, language, shelf),
            Choice::Recorded => {
                let study = (shelf.studies.iter())
                    .find(|(name, _)| name == RECORDED)
                    .map(|(_, study)| Arc::clone(study))
                    .ok_or_else(|| LabError::NoStudy {
                        name: RECORDED.to_owned(),
                    })?;
                Ok(Self::recorded(
                    study,
                    tr!(language, "a recorded fine-tuning study").to_owned(),
                    language,
                    shelf,
                ))
            }
        }
    }

    #[must_use]
    pub fn shows(&self, panel: Panel) -> bool {
        self.panels.contains(&panel)
    }

    pub fn show(&mut self, panel: Panel, on: bool) {
        if !on {
            self.panels.retain(|p| *p != panel);
        } else if !self.shows(panel) {
            self.panels.push(panel);
        }
    }

    /// Whether the true function may be drawn.
    #[must_use]
    pub fn truth_shown(&self) -> bool {
        self.shows(Panel::Truth) && self.bench.has_truth()
    }
}

/// The lines of the menu: the course, then what can be explored freely.
#[must_use]
pub fn menu() -> Vec<Choice> {
    let lessons = catalog::names().map(Choice::Lesson);
    let functions = Function::names().iter().map(|name| Choice::Function(name));
    lessons.chain(functions).chain([Choice::Recorded]).collect()
}

fn start_number(lesson: &Lesson, knob: Knob) -> Option<f64> {
    (lesson.start.settings.iter()).find_map(|(k, setting)| match setting {
        Setting::Number(x) if *k == knob => Some(*x),
        Setting::Number(_) | Setting::Word(_) => None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a front matter takes whole numbers of at least 0"
)]
fn whole(x: f64) -> u64 {
    x as u64
}

impl Model {
    /// The language of the screen: the lab's; elsewhere there is one only.
    #[must_use]
    pub fn language(&self) -> Language {
        self.lab.as_ref().map_or(Language::English, |lab| lab.language)
    }

    /// The lesson that is being played.
    #[must_use]
    pub fn play(&self) -> Option<&Play> {
        self.lab.as_ref()?.play.as_ref()
    }

    /// The panes that there are: a lesson only where one is played.
    #[must_use]
    pub fn panes(&self) -> Vec<Pane> {
        let is_there = |pane: &Pane| *pane != Pane::Lesson || self.play().is_some();
        Pane::ALL.into_iter().filter(is_there).collect()
    }

    /// Whether everything on screen is about the newest data and the present settings.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        use super::model::FitStatus;
        let asked_for = self.answered == self.asked;
        match &self.surrogate {
            Some(surrogate) => {
                self.fit == FitStatus::Current
                    && surrogate.data == self.data
                    && asked_for
                    && (self.suggestions.as_ref()).is_some_and(|s| s.fit == self.fit_id)
            }
            // Nothing to fit yet: the initial design is suggested.
            None => self.fit == FitStatus::Idle && asked_for && self.suggestion().is_some(),
        }
    }
}
