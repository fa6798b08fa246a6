//! The course, played to its end by the keys that its text names: each task is open when its step begins, not done by what
//! is wrong, and done by its keys, in both languages.

#[path = "common/desk.rs"]
mod desk;
#[path = "common/pupil.rs"]
mod pupil;

use pupil::{course, played};
use tunescope::learn::lesson::catalog::{self, Language};
use tunescope::learn::play::Place;

fn lesson(number: usize) {
    let steps = course()[number - 1].len();
    for language in Language::ALL {
        let mut pupil = played(number, steps, language);
        let play = pupil.desk.model.play().unwrap();
        assert_eq!(play.place(), Place::End, "lesson {number} has more steps");
        assert_eq!(play.skipped(), 0);
        assert!(
            play.lesson().takeaway.is_some(),
            "lesson {number} leaves nothing behind"
        );
        // From its end the next one is a key away.
        pupil.desk.press("<Enter>");
        let play = pupil.desk.model.play().unwrap();
        match number {
            12 => assert!(
                pupil.desk.notice().contains("last lesson"),
                "{}",
                pupil.desk.notice()
            ),
            n => {
                let next = catalog::named(&(n + 1).to_string(), language).unwrap().unwrap();
                assert_eq!((play.place(), play.lesson()), (Place::Intro, &next));
            }
        }
    }
}

#[test]
fn lesson_1() {
    lesson(1);
}
#[test]
fn lesson_2() {
    lesson(2);
}
#[test]
fn lesson_3() {
    lesson(3);
}
#[test]
fn lesson_4() {
    lesson(4);
}
#[test]
fn lesson_5() {
    lesson(5);
}
#[test]
fn lesson_6() {
    lesson(6);
}
#[test]
fn lesson_7() {
    lesson(7);
}
#[test]
fn lesson_8() {
    lesson(8);
}
#[test]
fn lesson_9() {
    lesson(9);
}
#[test]
fn lesson_10() {
    lesson(10);
}
#[test]
fn lesson_11() {
    lesson(11);
}
#[test]
fn lesson_12() {
    lesson(12);
}
