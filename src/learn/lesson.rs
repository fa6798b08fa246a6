//! Lessons: a Markdown file with a front matter, which a teacher can write without touching Rust.
//!
//! ```text
//! +++
//! title    = "What a Gaussian process believes"
//! function = "forrester"            # or: formula = "sin(3*x) + x" with low and high; or: study = "finetune"
//! points   = [[0.1], [0.6]]         # what is evaluated at the start, in the function's units
//! +++
//! What is read first.
//!
//! ## The heading of a step
//! A paragraph. A line that begins with `@` is a direction:
//! @set xi = 0.1
//! @show truth
//! @do Move the probe until σ is large.
//! @until sd > 0.9 * prior_sd
//! @hint Far from every point.
//! @then Right: nothing is known there.
//!
//! ## A question
//! @do What happens to the band when a point is added?
//! @wrong It widens. -> Nothing that is learned makes a model less sure.
//! @right It narrows.
//! ```
//! A step without `@do` is read and left with a key. A lesson may end with `takeaway = "…"` of its front matter. The words of [`vocabulary`] are all there are: what a lesson can
//! set, show, hide and ask about. Every lesson of ours is parsed, in both languages, by the tests of [`catalog`].

pub mod catalog;
mod front;
mod parse;
pub mod vocabulary;

use super::expression::Expression;
use vocabulary::{Knob, Panel};

/// A lesson as it is played.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    pub title: String,
    pub start: Start,
    /// The one sentence to remember, shown at the end.
    pub takeaway: Option<String>,
    /// Paragraphs before the first step.
    pub intro: Vec<String>,
    pub steps: Vec<Step>,
}

/// What is on the table at the beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub subject: Subject,
    /// Evaluated at the start: one list a point, in the units of the function's parameters.
    pub points: Vec<Vec<f64>>,
    pub settings: Vec<(Knob, Setting)>,
    pub shown: Vec<Panel>,
}

/// What is explored.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// One of [`super::function::Function::names`].
    Function(String),
    /// In one variable `x` between two bounds.
    Formula {
        expression: Expression,
        low: f64,
        high: f64,
    },
    /// A function drawn from a Gaussian process on the unit interval.
    Prior { kernel: String, lengthscale: f64 },
    /// A recorded study, by the name of one of ours or the path of a file beside the lesson.
    Study(String),
}

/// What a knob is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Number(f64),
    Word(String),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub title: String,
    pub paragraphs: Vec<String>,
    /// Done when the step begins, in this order.
    pub settings: Vec<(Knob, Setting)>,
    pub shown: Vec<(Panel, bool)>,
    /// `None`: the step is only read.
    pub task: Option<Task>,
}

/// What the learner must do.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub ask: String,
    pub check: Check,
    pub hint: Option<String>,
    pub then: Option<String>,
}

/// When a task is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Over [`vocabulary::QUANTITIES`]: as soon as it holds.
    Until(Expression),
    /// When the right answer was given: one of at least two, at most [`MOST_ANSWERS`].
    Answers(Vec<Answer>),
}

/// Answers that a question may have: each is given by a digit.
pub const MOST_ANSWERS: usize = 4;

/// One answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    /// What is said to who gives it.
    pub reply: Option<String>,
    pub is_right: bool,
}

/// Why a file is no lesson. `file` is shown as it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct LessonError {
    pub file: String,
    pub line: usize,
    pub what: String,
}

impl Lesson {
    /// Reads a lesson; `file` is only for messages. Control characters in the text are dropped.
    ///
    /// # Errors
    /// [`LessonError`] with the line: a front matter that is missing or wrong, an unknown word, a check that cannot be read.
    pub fn parse(file: &str, text: &str) -> Result<Self, LessonError> {
        parse::lesson(text).map_err(|(line, what)| LessonError {
            file: crate::study::label::scrub(file),
            line,
            what: parse::scrub_long(&what),
        })
    }

    /// An error about a field of the front matter of a lesson that could be read, such as a study that is not there.
    #[must_use]
    pub fn error_at(file: &str, text: &str, field: &str, what: &str) -> LessonError {
        let front = text.split_once('\n').map_or("", |(_, rest)| rest);
        LessonError {
            file: crate::study::label::scrub(file),
            line: front::line_of(front, field),
            what: parse::scrub_long(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: &str = "+++\ntitle = \"Two points\"\nfunction = \"forrester\"\npoints = [[0.1], [0.6]]\nxi = 0.1\nshow = [\"density\"]\n+++\nRead\nthis.\n\nAnd this.\n\n## Look\nA band.\n@show truth\n@set kernel = rbf\n@do Find the wide place.\n@until sd > 0.9 * prior_sd and points >= 2\n@hint Far away.\n@then Right.\n\n## Go on\nNothing to do.\n";

    #[test]
    fn a_lesson_is_its_front_matter_its_text_and_its_directions() {
        let lesson = Lesson::parse("small.md", SMALL).unwrap();
        assert_eq!(lesson.title, "Two points");
        assert_eq!(lesson.start.subject, Subject::Function("forrester".into()));
        assert_eq!(lesson.start.points, vec![vec![0.1], vec![0.6]]);
        assert_eq!(lesson.start.settings, vec![(Knob::Xi, Setting::Number(0.1))]);
        assert_eq!(lesson.start.shown, vec![Panel::Density]);
        assert_eq!(lesson.intro, vec!["Read this.", "And this."]);
        let [look, on] = lesson.steps.as_slice() else {
            panic!("{:?}", lesson.steps)
        };
        assert_eq!((look.title.as_str(), look.paragraphs.len()), ("Look", 1));
        assert_eq!(look.shown, vec![(Panel::Truth, true)]);
        assert_eq!(look.settings, vec![(Knob::Kernel, Setting::Word("rbf".into()))]);
        let task = look.task.as_ref().unwrap();
        assert_eq!(task.ask, "Find the wide place.");
        let Check::Until(until) = &task.check else {
            panic!("{:?}", task.check)
        };
        assert_eq!(until.text(), "sd > 0.9 * prior_sd and points >= 2");
        assert_eq!(task.hint.as_deref(), Some("Far away."));
        assert_eq!(task.then.as_deref(), Some("Right."));
        assert_eq!(on.task, None);
    }

    const QUESTION: &str =
        "@do Wider?\n@wrong Yes. -> Nothing learned does that.\n@right No.\n@then Right.\n";

    fn asking(question: &str) -> Result<Lesson, LessonError> {
        Lesson::parse(
            "q.md",
            &format!(
                "+++\ntitle = \"Q\"\nfunction = \"forrester\"\ntakeaway = \"Ask.\"\n+++\n## Guess\n{question}"
            ),
        )
    }

    #[test]
    fn a_question_has_one_right_answer_and_wrong_ones_that_are_replied_to() {
        let lesson = asking(QUESTION).unwrap();
        assert_eq!(lesson.takeaway.as_deref(), Some("Ask."));
        let task = lesson.steps[0].task.as_ref().unwrap();
        assert_eq!(
            (task.ask.as_str(), task.then.as_deref()),
            ("Wider?", Some("Right."))
        );
        let answer = |text: &str, reply: Option<&str>, is_right| Answer {
            text: text.into(),
            reply: reply.map(str::to_owned),
            is_right,
        };
        assert_eq!(
            task.check,
            Check::Answers(vec![
                answer("Yes.", Some("Nothing learned does that."), false),
                answer("No.", None, true)
            ])
        );
    }

    #[test]
    fn a_question_that_cannot_be_asked_is_told_with_its_line() {
        let told = |question: &str| asking(question).unwrap_err().to_string();
        let many = "a question has one @right answer, and one to three @wrong ones";
        for (question, line, what) in [
            ("@do A?\n@right No.\n", 7, many),
            ("@do A?\n@wrong No.\n@wrong Yes.\n", 7, many),
            ("@do A?\n@right No.\n@right Yes.\n@wrong Why.\n", 7, many),
            (
                "@do A?\n@wrong a\n@wrong b\n@wrong c\n@wrong d\n@right e\n",
                7,
                many,
            ),
            (
                "@do A?\n@right No.\n@until sd > 1\n@wrong Yes.\n",
                7,
                "a task has an @until or answers, not both",
            ),
            (
                "@right No.\n",
                7,
                "@right has no @do before it that says what to do; add one",
            ),
            (
                "@do A?\n@right\n",
                8,
                "@right says nothing; write it on the same line",
            ),
        ] {
            assert_eq!(told(question), format!("q.md:{line}: {what}"), "{question}");
        }
    }

    fn error(from: &str, to: &str) -> String {
        let changed = SMALL.replacen(from, to, 1);
        assert_ne!(changed, SMALL, "{from}");
        Lesson::parse("small.md", &changed).unwrap_err().to_string()
    }

    #[test]
    fn a_mistake_is_told_with_file_and_line() {
        assert_eq!(
            error("@show truth", "@show thruth"),
            "small.md:15: there is no panel thruth to show; the panels are truth, density, terms, samples, evidence, ladder, comparison, race, surface, history"
        );
        assert_eq!(
            error("@until sd", "@until sdd"),
            "small.md:18: in the check, character 1: there is no sdd here; the names are ".to_owned()
                + &vocabulary::QUANTITIES.map(|(name, _)| name).join(", ")
        );
        assert_eq!(
            error("@set kernel = rbf", "@set kernel"),
            "small.md:16: write @set NAME = VALUE"
        );
        assert!(
            error("@set kernel = rbf", "@set kernle = rbf")
                .starts_with("small.md:16: there is no knob kernle")
        );
        assert_eq!(
            error("@set kernel = rbf", "@set xi = much"),
            "small.md:16: xi is set to a number, not much"
        );
        assert_eq!(
            error("@hint", "@hnt"),
            "small.md:19: there is no direction @hnt; the directions are @do, @until, @right, @wrong, @hint, @then, @set, @show, @hide"
        );
        assert_eq!(
            error("@do Find the wide place.\n", ""),
            "small.md:17: @until has no @do before it that says what to do; add one"
        );
        assert_eq!(
            error("@until sd > 0.9 * prior_sd and points >= 2\n", ""),
            "small.md:17: @do has no @until that says when it is done, and no answers; add one"
        );
        assert_eq!(
            error("function = \"forrester\"", "function = \"forester\""),
            "small.md:3: there is no function forester; the functions are ".to_owned()
                + &crate::learn::function::Function::names().join(", ")
        );
        assert!(error("xi = 0.1", "xii = 0.1").starts_with("small.md:5: unknown field `xii`"));
        assert_eq!(
            error("points = [[0.1], [0.6]]", "points = [[0.1, 2.0]]"),
            "small.md:4: a point has 2 values where the function has 1 parameter"
        );
        assert_eq!(
            error("points = [[0.1], [0.6]]", "points = [[1.5]]"),
            "small.md:4: 1.5 is outside 0 … 1"
        );
        assert_eq!(
            error("function = \"forrester\"", "formula = \"x +\"\nlow = 0\nhigh = 1"),
            "small.md:3: in the formula, character 4: a value was expected, not the end"
        );
        assert_eq!(
            error("function = \"forrester\"", "formula = \"x\"\nlow = 1\nhigh = 1"),
            "small.md:3: a formula needs low < high, both finite"
        );
        assert_eq!(
            error("function = \"forrester\"\n", ""),
            "small.md:1: say what is explored: one of function, formula, prior, study"
        );
        assert_eq!(
            Lesson::parse("x.md", "# no front matter")
                .unwrap_err()
                .to_string(),
            "x.md:1: a lesson starts with a line +++, its settings, and another line +++"
        );
        assert_eq!(
            Lesson::parse("x.md", "+++\ntitle = 1").unwrap_err().to_string(),
            "x.md:1: the front matter has no closing line +++"
        );
    }

    #[test]
    fn nothing_in_a_lesson_reaches_the_terminal_as_a_control() {
        let text = SMALL.replace("A band.", "A \u{1b}[31mband\u{7}\u{202e}.");
        let lesson = Lesson::parse("small.md", &text).unwrap();
        assert!(!format!("{lesson:?}").contains(['\u{1b}', '\u{7}', '\u{202e}']));
        let shown = lesson.steps[0].paragraphs[0].clone();
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(body in "(\\PC{0,20}\n|@[a-z]{0,6} \\PC{0,10}\n|## \\PC{0,5}\n){0,12}") {
            let _ = Lesson::parse("x.md", &format!("+++\ntitle = \"t\"\nfunction = \"branin\"\n+++\n{body}"));
            let _ = Lesson::parse("x.md", &body);
        }
    }
}
