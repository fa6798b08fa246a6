//! Plays lessons by key strings.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::Path;
use std::sync::Arc;

use super::desk::Desk;
use tunescope::learn::lesson::Lesson;
use tunescope::learn::lesson::catalog::{self, Language};
use tunescope::learn::play::Place;
use tunescope::session::Lab;
use tunescope::session::lab::Shelf;

/// What a step is done by.
#[derive(Clone, Debug)]
pub struct Way {
    /// What does not do it.
    pub wrong: String,
    pub keys: String,
}

/// A file of the repository, as it is now: a text can be changed and tried without a build.
fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn lab(number: usize, language: Language) -> Lab {
    let name = catalog::full_name(&number.to_string()).unwrap();
    let folder = match language {
        Language::English => "en",
        Language::SimplifiedChinese => "zh",
    };
    let text = read(&format!("assets/lessons/{folder}/{name}.md"));
    let lesson = Lesson::parse(name, &text).unwrap();
    Lab::lesson(Arc::new(lesson), Some(name), language, shelf()).unwrap()
}

/// The keys of every lesson, from the file beside this one.
pub fn course() -> Vec<Vec<Way>> {
    let mut course: Vec<Vec<Way>> = Vec::new();
    for line in read("tests/lessons.keys").lines().filter(|l| !l.starts_with('#')) {
        if line == (course.len() + 1).to_string() {
            course.push(Vec::new());
            continue;
        }
        let (wrong, keys) = line.split_once(" ~ ").unwrap_or(("", line));
        course.last_mut().unwrap().push(Way {
            wrong: wrong.to_owned(),
            keys: keys.to_owned(),
        });
    }
    assert_eq!(course.len(), 12);
    course
}

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

/// Somebody who plays a lesson.
pub struct Pupil {
    pub desk: Desk,
}

impl Pupil {
    fn is_done(&self) -> bool {
        self.desk.model.play().unwrap().is_done()
    }

    pub fn press(&mut self, keys: &str) {
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
            } else if let Some((nth, to)) = word.split_once('=') {
                let nth: usize = nth.parse().unwrap();
                self.walk(nth - 1, to.parse().unwrap());
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

/// A lesson of which so many steps are done, each by its keys and not by what is wrong.
pub fn played(number: usize, steps: usize, language: Language) -> Pupil {
    let mut pupil = Pupil {
        desk: Desk::lab(lab(number, language)),
    };
    pupil.desk.press("<Enter>");
    for (i, way) in course()[number - 1].iter().take(steps).enumerate() {
        pupil.step(number, i, way);
        pupil.desk.press("<Enter>");
    }
    pupil
}

impl Pupil {
    fn step(&mut self, number: usize, i: usize, way: &Way) {
        let step = format!("lesson {number}, step {}", i + 1);
        let play = self.desk.model.play().unwrap();
        assert_eq!(play.place(), Place::Step(i), "{step}");
        if play.task().is_none() {
            assert_eq!(way.keys, "-", "{step} asks for nothing");
            return;
        }
        assert!(
            !self.is_done(),
            "{step} is done before it began: {}",
            play.heading()
        );
        if way.keys == "?" {
            self.answer(&step);
        } else {
            self.press(&way.wrong);
            assert!(!self.is_done(), "{step} is done by {:?}", way.wrong);
            self.press(&way.keys);
        }
        let model = &self.desk.model;
        assert!(
            self.is_done(),
            "{step} is not done by {:?}: {:?}\n at {:?}, next {:?}, acquisition {:?}, notice {:?}",
            way.keys,
            model.play().unwrap().task(),
            model.in_hand(),
            model.suggestion().map(|s| &s.configuration),
            model.acquisition,
            self.desk.notice()
        );
    }

    /// Gives every wrong answer, then the right one.
    fn answer(&mut self, step: &str) {
        let answers = self.desk.model.play().unwrap().answers().to_vec();
        assert!(answers.len() > 1, "{step} asks no question");
        let right = answers.iter().position(|a| a.is_right).unwrap();
        for (i, answer) in answers.iter().enumerate().filter(|(i, _)| *i != right) {
            self.desk.press(&(i + 1).to_string());
            let play = self.desk.model.play().unwrap();
            assert!(!play.is_done(), "{step} takes {:?}", answer.text);
            assert!(play.reply().is_some(), "{step}: {:?} has no reply", answer.text);
        }
        self.desk.press(&(right + 1).to_string());
    }
}
