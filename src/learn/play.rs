//! A lesson that is being played: where the learner is, what was done in this step, and whether its task is done.

mod quantities;

use std::sync::Arc;

use super::lesson::vocabulary::{Knob, Panel};
use super::lesson::{Answer, Check, Lesson, Setting, Task};
pub use quantities::Quantities;

/// What a step sets, and what it shows (`true`) and hides.
pub type Directions<'a> = (&'a [(Knob, Setting)], &'a [(Panel, bool)]);

/// Where the learner is in a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At what is read first.
    Intro,
    /// Index into `Lesson::steps`.
    Step(usize),
    /// Behind the last step.
    End,
}

/// What happened in the present step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u32,
    pub removed: u32,
    pub steps: u32,
    pub jumps: u32,
}

/// What [`Play::go_on`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// A new step: its settings are to be applied.
    Step,
    /// The lesson is over.
    End,
    /// It was over before.
    Over,
    /// The task is not done; the same again goes on without it.
    NotDone,
}

/// A lesson and how far it has come.
#[derive(Clone, Debug)]
pub struct Play {
    lesson: Arc<Lesson>,
    /// The name it goes by, where it is one of ours.
    name: Option<&'static str>,
    place: Place,
    /// The task of this step was done, at least once.
    done: bool,
    /// Answers that were given to the question of this step, in their order: indices into its answers.
    given: Vec<usize>,
    /// The hint is asked for.
    hint: bool,
    /// The learner has been told that the task is not done.
    warned: bool,
    /// Steps that were left without their task.
    skipped: Vec<usize>,
    counts: Counts,
}

impl Play {
    #[must_use]
    pub fn new(lesson: Arc<Lesson>, name: Option<&'static str>) -> Self {
        Self {
            lesson,
            name,
            place: Place::Intro,
            done: false,
            given: Vec::new(),
            hint: false,
            warned: false,
            skipped: Vec::new(),
            counts: Counts::default(),
        }
    }

    #[must_use]
    pub fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Heading of what is read now: empty at the beginning and at the end.
    #[must_use]
    pub fn heading(&self) -> &str {
        self.step().map_or("", |s| s.title.as_str())
    }

    /// Paragraphs of what is read now.
    #[must_use]
    pub fn paragraphs(&self) -> &[String] {
        match self.place {
            Place::Intro => &self.lesson.intro,
            Place::Step(_) => self.step().map_or(&[], |s| s.paragraphs.as_slice()),
            Place::End => &[],
        }
    }

    /// What is to be done now.
    #[must_use]
    pub fn task(&self) -> Option<&Task> {
        self.step().and_then(|s| s.task.as_ref())
    }

    /// What the present step sets, shows and hides.
    #[must_use]
    pub fn directions(&self) -> Directions<'_> {
        self.step()
            .map_or((&[], &[]), |s| (s.settings.as_slice(), s.shown.as_slice()))
    }

    fn step(&self) -> Option<&super::lesson::Step> {
        match self.place {
            Place::Step(i) => self.lesson.steps.get(i),
            Place::Intro | Place::End => None,
        }
    }

    /// Whether the task of this step is done; without a task it is.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done || self.task().is_none()
    }

    /// The hint, where it was asked for and the task is not done.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        let shown = self.hint && !self.is_done();
        self.task().filter(|_| shown)?.hint.as_deref()
    }

    /// Whether there is a hint that is not shown yet.
    #[must_use]
    pub fn has_hint(&self) -> bool {
        !self.hint && !self.is_done() && self.task().is_some_and(|t| t.hint.is_some())
    }

    /// Shows the hint; `false`: there is none.
    pub fn show_hint(&mut self) -> bool {
        let has_one = self.task().is_some_and(|t| t.hint.is_some());
        self.hint |= has_one;
        has_one
    }

    /// Steps that were gone over without doing their task.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped.len()
    }

    pub fn count(&mut self, what: impl FnOnce(&mut Counts)) {
        what(&mut self.counts);
        self.warned = false;
    }

    /// The answers of the question that is asked now; none where something is to be done.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        match self.task().map(|t| &t.check) {
            Some(Check::Answers(answers)) => answers,
            Some(Check::Until(_)) | None => &[],
        }
    }

    /// Whether a question waits for its right answer.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        !self.answers().is_empty() && !self.is_done()
    }

    /// Whether this answer was given.
    #[must_use]
    pub fn was_given(&self, answer: usize) -> bool {
        self.given.contains(&answer)
    }

    /// What is said to the answer that was given last.
    #[must_use]
    pub fn reply(&self) -> Option<&str> {
        let last = *self.given.last()?;
        self.answers().get(last)?.reply.as_deref()
    }

    /// Gives an answer to the question that is asked. `None`: there is no question, or no such answer; else whether it
    /// is the right one.
    pub fn answer(&mut self, answer: usize) -> Option<bool> {
        if !self.is_asking() {
            return None;
        }
        let is_right = self.answers().get(answer)?.is_right;
        self.given.retain(|a| *a != answer);
        self.given.push(answer);
        self.warned = false;
        if is_right {
            self.finish();
        }
        Some(is_right)
    }

    /// Looks whether the task is done now; says whether it has just become so. What was done stays done.
    pub fn look(&mut self, quantities: &Quantities) -> bool {
        let holds = |task: &Task| match &task.check {
            Check::Until(until) => until.holds(&|i| quantities.answer(i)),
            Check::Answers(_) => false,
        };
        if self.done || !self.task().is_some_and(holds) {
            return false;
        }
        self.finish();
        true
    }

    fn finish(&mut self) {
        self.done = true;
        if let Place::Step(i) = self.place {
            self.skipped.retain(|s| *s != i);
        }
    }

    /// Goes on. Without its task done, a step is left at the second time of asking.
    pub fn go_on(&mut self) -> Moved {
        if !self.is_done() && !self.warned {
            self.warned = true;
            self.show_hint();
            return Moved::NotDone;
        }
        if self.place == Place::End {
            return Moved::Over;
        }
        if let (Place::Step(i), false) = (self.place, self.is_done()) {
            self.skipped.retain(|s| *s != i);
            self.skipped.push(i);
        }
        let steps = self.lesson.steps.len();
        self.go(match self.place {
            Place::Intro if steps > 0 => Place::Step(0),
            Place::Step(i) if i + 1 < steps => Place::Step(i + 1),
            Place::Intro | Place::Step(_) | Place::End => Place::End,
        });
        match self.place {
            Place::End => Moved::End,
            Place::Intro | Place::Step(_) => Moved::Step,
        }
    }

    /// Goes back to read the step before: what it sets is not set again. `false`: there is none.
    pub fn back(&mut self) -> bool {
        let last = self.lesson.steps.len().checked_sub(1);
        let to = match self.place {
            Place::Intro => return false,
            Place::Step(0) => Place::Intro,
            Place::Step(i) => Place::Step(i - 1),
            Place::End => last.map_or(Place::Intro, Place::Step),
        };
        self.go(to);
        // It was left: nothing keeps the learner here a second time.
        self.done = !matches!(to, Place::Step(i) if self.skipped.contains(&i));
        true
    }

    fn go(&mut self, to: Place) {
        self.place = to;
        self.done = false;
        self.given.clear();
        self.hint = false;
        self.warned = false;
        self.counts = Counts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESSON: &str = "+++\ntitle = \"T\"\nfunction = \"forrester\"\n+++\nRead.\n\n## One\nText.\n@do Add.\n@until added >= 1\n@hint Space.\n@then Good.\n\n## Two\nOnly read.\n";

    fn play() -> Play {
        Play::new(Arc::new(Lesson::parse("t.md", LESSON).unwrap()), None)
    }

    fn quantities(play: &Play) -> Quantities {
        Quantities {
            added: f64::from(play.counts().added),
            ..Quantities::default()
        }
    }

    #[test]
    fn a_task_is_done_when_its_check_holds_and_stays_done() {
        let mut play = play();
        assert_eq!(play.paragraphs(), ["Read."]);
        assert_eq!(play.go_on(), Moved::Step);
        assert!(!play.is_done() && !play.look(&quantities(&play)));
        play.count(|c| c.added += 1);
        assert!(play.look(&quantities(&play)));
        assert!(!play.look(&quantities(&play)), "it is told once");
        play.count(|c| c.added = 0);
        play.look(&quantities(&play));
        assert!(play.is_done());
        assert_eq!(play.go_on(), Moved::Step);
        assert!(play.is_done(), "a step without a task");
        assert_eq!(play.go_on(), Moved::End);
        assert_eq!(play.go_on(), Moved::Over, "it ends once");
        assert_eq!(play.skipped(), 0);
    }

    #[test]
    fn who_goes_on_without_the_task_is_told_once_and_sees_the_hint() {
        let mut play = play();
        play.go_on();
        assert!(play.has_hint() && play.hint().is_none());
        assert_eq!(play.go_on(), Moved::NotDone);
        assert_eq!(play.hint(), Some("Space."));
        assert_eq!(play.go_on(), Moved::Step);
        assert_eq!(play.skipped(), 1);
    }

    #[test]
    fn a_wrong_answer_is_refused_with_its_reply_and_the_right_one_is_done() {
        let text = "+++\ntitle = \"T\"\nfunction = \"forrester\"\n+++\n## One\n@do Which?\n@wrong A -> Not A.\n@right B -> Yes.\n@wrong C\n## Two\nRead.\n";
        let mut play = Play::new(Arc::new(Lesson::parse("t.md", text).unwrap()), None);
        assert_eq!(play.answer(1), None, "nothing is asked yet");
        play.go_on();
        assert!(play.is_asking() && !play.look(&Quantities::default()));
        assert_eq!(play.answer(3), None, "there are three answers");
        assert_eq!(play.answer(0), Some(false));
        assert!(!play.is_done() && play.was_given(0) && !play.was_given(1));
        assert_eq!(play.reply(), Some("Not A."));
        assert_eq!(play.answer(2), Some(false));
        assert_eq!(play.reply(), None);
        assert_eq!(play.answer(1), Some(true));
        assert!(play.is_done() && !play.is_asking());
        assert_eq!(play.reply(), Some("Yes."));
        assert_eq!(play.answer(0), None, "it is answered");
        assert_eq!(play.go_on(), Moved::Step);
        assert!(play.answers().is_empty() && play.reply().is_none());
    }

    #[test]
    fn going_back_is_for_reading() {
        let mut play = play();
        assert!(!play.back());
        play.go_on();
        play.count(|c| c.added += 1);
        play.look(&quantities(&play));
        play.go_on();
        assert!(play.back() && play.is_done() && play.heading() == "One");
        assert!(play.back() && play.place() == Place::Intro);
    }
}
