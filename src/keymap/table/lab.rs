//! Keys of the lab, its lessons and the guessing game.

use super::Context::{Course, Game, Lab, Lesson, Question};
use super::{Section, b};
use crate::session::lab::CONTINUOUSLY;
use crate::session::{Action, Pane};

pub(super) static LAB: Section = Section {
    title: "in the lab",
    context: Lab,
    bindings: &[
        b(Lab, &["<Space>"], Action::LabAdd, "evaluate here", 1),
        b(
            Lab,
            &["<Backspace>"],
            Action::LabRemove,
            "take the nearest away",
            5,
        ),
        b(Lab, &["s"], Action::LabStep(1), "step", 2),
        b(Lab, &["S"], Action::LabStep(10), "ten steps", 6),
        b(
            Lab,
            &["<C-p>"],
            Action::LabStep(CONTINUOUSLY),
            "run on; any key stops",
            7,
        ),
        b(Lab, &["Z"], Action::LabUndo, "step back", 6),
        b(Lab, &["<C-r>"], Action::LabReset, "start again", 0),
        b(Lab, &["V"], Action::LabReveal, "truth", 3),
        b(Lab, &["J"], Action::ShowCourse, "lessons and functions", 4),
    ],
};

pub(super) static LESSON: Section = Section {
    title: "playing a lesson",
    context: Lesson,
    bindings: &[
        b(Lesson, &["<Enter>"], Action::LessonNext, "go on", 1),
        b(Lesson, &["<C-b>"], Action::LessonBack, "back to read", 0),
        b(Lesson, &["i"], Action::LessonHint, "hint", 2),
        b(Lesson, &["0"], Action::Focus(Pane::Lesson), "the lesson", 8),
    ],
};

pub(super) static QUESTION: Section = Section {
    title: "answering a question",
    context: Question,
    bindings: &[
        b(Question, &["1"], Action::LessonAnswer(0), "the first answer", 1),
        b(Question, &["2"], Action::LessonAnswer(1), "the second", 1),
        b(Question, &["3"], Action::LessonAnswer(2), "the third", 1),
        b(Question, &["4"], Action::LessonAnswer(3), "the fourth", 0),
    ],
};

pub(super) static COURSE: Section = Section {
    title: "choosing a lesson",
    context: Course,
    bindings: &[b(Course, &["<Enter>"], Action::Choose, "open it", 1)],
};

pub(super) static GAME: Section = Section {
    title: "playing the guessing game",
    context: Game,
    bindings: &[
        b(
            Game,
            &["<Enter>", "<Space>"],
            Action::GameEnter,
            "place your point, go on",
            1,
        ),
        b(Game, &["<Esc>", "N"], Action::Game, "end the game", 2),
    ],
};
