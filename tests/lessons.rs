//! The course, played to its end by key strings: each task is open when its step begins and done when its keys are
//! pressed, in both languages.

#[path = "common/desk.rs"]
mod desk;

use std::sync::Arc;

use desk::Desk;
use tunescope::learn::lesson::catalog::Language;
use tunescope::learn::play::Place;
use tunescope::session::Lab;
use tunescope::session::lab::Shelf;

/// Keys for each step of a lesson, apart by blanks. `x=0.35` moves the probe there with the arrows, `y=…` along the
/// second parameter; `…*` presses keys again until the task is done; `:word` is a command line; `-` is nothing.
const COURSE: [(&str, &[&str]); 12] = [
    (
        "1",
        &[
            "x=0.35 l*",
            "x=0.6",
            "x=0.3 <Space> x=0.8 <Space> x=1.0 <Space>",
            "V",
        ],
    ),
    (
        "2",
        &[
            ":kernel_rbf",
            ":kernel_matern12",
            ":kernel_matern52",
            ":lengthscale_0.04",
            ":lengthscale_fitted V :lengthscale_0.3",
        ],
    ),
    (
        "3",
        &[
            "b <Space>",
            "<Space> <Space> <Space>",
            "x=0.2 <Space> x=0.6 <Space> x=0.95 <Space>*",
            "V x=0.95",
        ],
    ),
    (
        "4",
        &[
            ":lengthscale_0.04",
            ":lengthscale_1.5",
            ":lengthscale_fitted",
            "x=0.1 <Space> x=0.23 <Space> x=0.36 <Space> x=0.48 <Space>",
        ],
    ),
    ("5", &["x=0.2 n", "x=0.0 l*", "x=0.0 l*", "x=0.0 l*", "sss"]),
    ("6", &[":xi_0.01", "}*", ":xi_0", ":xi_6"]),
    ("7", &["ss", "x=0.5 n", "ssss", ":sign_right"]),
    (
        "8",
        &[":beta_0 x=1.0 n", ":beta_4.5 x=1.0 n", ":beta_1.8 ssss", "V"],
    ),
    (
        "9",
        &["x=0.9 n", "ssss", ":acquisition_ei", ":acquisition_pi :xi_0.3 n"],
    ),
    (
        "10",
        &[
            ":samples_16",
            ":acquisition_mes x=1.0 n",
            ":acquisition_pes x=1.0 n",
            ":acquisition_thompson sss",
            "s*",
        ],
    ),
    (
        "11",
        &["S", "sn*", "x=9.42 y=2.47 x=3.14 y=2.27 x=-3.14 y=12.27", "V"],
    ),
    ("12", &[":past_8", ":past_34 x=1e-4 l*", "n h*", "' n"]),
];

/// With the recorded study of the demo.
fn shelf() -> Arc<Shelf> {
    let dir = tempfile::tempdir().unwrap();
    let start = tunescope::demo::Start {
        from: 60,
        trials: None,
    };
    let files = tunescope::demo::prepare(dir.path(), start).unwrap();
    let options = tunescope::runtime::demo::options(&files.results);
    let mut reader = tunescope::io::reader::Reader::open(&files.results, options).unwrap();
    reader
        .poll_with(&mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    Arc::new(Shelf {
        studies: vec![("finetune".to_owned(), reader.study())],
        done: Vec::new(),
    })
}

struct Pupil {
    desk: Desk,
}

impl Pupil {
    fn is_done(&self) -> bool {
        self.desk.model.play().unwrap().is_done()
    }

    fn do_step(&mut self, keys: &str) {
        for word in keys.split_whitespace() {
            if let Some(command) = word.strip_prefix(':') {
                self.desk.press(":");
                let typed: String = command.replace('_', " ");
                for c in typed.chars() {
                    self.desk.press(&match c {
                        ' ' => "<Space>".to_owned(),
                        c => c.to_string(),
                    });
                }
                self.desk.press("<Enter>");
            } else if let Some(x) = word.strip_prefix("x=") {
                self.walk(0, x.parse().unwrap());
            } else if let Some(y) = word.strip_prefix("y=") {
                self.walk(1, y.parse().unwrap());
            } else if let Some(again) = word.strip_suffix('*') {
                for _ in 0..150 {
                    if self.is_done() {
                        break;
                    }
                    self.desk.press(again);
                }
            } else {
                self.desk.press(word);
            }
        }
    }

    /// Along a parameter with the arrows, until a step does not come nearer.
    fn walk(&mut self, param: usize, to: f64) {
        let focus = self.desk.model.focus;
        self.desk.press("1");
        for _ in 0..8 {
            if self.desk.model.param != param {
                self.desk.press("j");
            }
        }
        for _ in 0..8 {
            if self.desk.model.param != param {
                self.desk.press("k");
            }
        }
        assert_eq!(self.desk.model.param, param);
        let here = |pupil: &Self| pupil.desk.model.in_hand()[param].as_f64().unwrap();
        for (left, right) in [("<S-Left>", "<S-Right>"), ("<Left>", "<Right>")] {
            for _ in 0..120 {
                let now = here(self);
                let key = if now < to { right } else { left };
                self.desk.press(key);
                if (here(self) - to).abs() >= (now - to).abs() {
                    // Too far: back again.
                    let back = if key == right { left } else { right };
                    if here(self) != now {
                        self.desk.press(back);
                    }
                    break;
                }
            }
        }
        self.desk.model.focus = focus;
    }
}

fn play(number: &str, steps: &[&str], language: Language) {
    let lab = Lab::named_lesson(number, language, shelf()).unwrap().unwrap();
    let mut pupil = Pupil { desk: Desk::lab(lab) };
    pupil.desk.press("<Enter>");
    for (i, keys) in steps.iter().enumerate() {
        let step = format!("lesson {number}, step {}", i + 1);
        let play = pupil.desk.model.play().unwrap();
        assert_eq!(play.place(), Place::Step(i), "{step}");
        assert!(
            !pupil.is_done(),
            "{step} is done before it began: {}",
            play.heading()
        );
        pupil.do_step(keys);
        let model = &pupil.desk.model;
        assert!(
            pupil.is_done(),
            "{step} is not done by {keys:?}: {:?}\n at {:?}, next {:?}, acquisition {:?}, notice {:?}",
            model.play().unwrap().task(),
            model.in_hand(),
            model.suggestion().map(|s| &s.configuration),
            model.acquisition,
            pupil.desk.notice()
        );
        pupil.desk.press("<Enter>");
    }
    let play = pupil.desk.model.play().unwrap();
    assert_eq!(play.place(), Place::End, "lesson {number} has more steps");
    assert_eq!(play.skipped(), 0);
}

fn lesson(number: usize) {
    let (name, steps) = COURSE[number - 1];
    for language in Language::ALL {
        play(name, steps, language);
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
