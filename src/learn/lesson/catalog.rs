//! The lessons that come with the program, in the languages there are.

use super::{Lesson, LessonError};
pub use crate::language::Language;

macro_rules! lessons {
    ($($name:literal),* $(,)?) => {
        /// The names of the lessons, in the order of the course, with their texts (English, Chinese).
        const TEXTS: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../assets/lessons/en/", $name, ".md")),
            include_str!(concat!("../../../assets/lessons/zh/", $name, ".md")),
        )),*];
    };
}

lessons![
    "01-gaussian-process",
    "02-kernels",
    "03-noise",
    "04-likelihood",
    "05-two-terms",
    "06-xi",
    "07-wrong-sign",
    "08-ucb",
    "09-greed",
    "10-entropy",
    "11-stopping",
    "12-fine-tuning",
];

/// The names of the lessons, in the order of the course.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, ..)| *name)
}

/// A lesson by its name, its number or its name without the number (`05-two-terms`, `5`, `two-terms`). `None`: there
/// is none of that name.
///
/// # Errors
/// Never for the lessons that come with the program: a test parses them all.
#[must_use]
pub fn named(name: &str, language: Language) -> Option<Result<Lesson, LessonError>> {
    let (name, english, chinese) = found(name)?;
    let text = match language {
        Language::English => english,
        Language::SimplifiedChinese => chinese,
    };
    Some(Lesson::parse(&format!("{name}.md"), text))
}

/// The whole name of a lesson, from any that it goes by.
#[must_use]
pub fn full_name(name: &str) -> Option<&'static str> {
    found(name).map(|(name, ..)| *name)
}

/// The name of the lesson that comes after one in the course.
#[must_use]
pub fn after(name: &str) -> Option<&'static str> {
    names().skip_while(|n| *n != name).nth(1)
}

fn found(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let number = name.parse::<usize>().ok();
    TEXTS.iter().enumerate().find_map(|(i, text)| {
        let bare = text.0.split_once('-').map_or(text.0, |(_, bare)| bare);
        (text.0 == name || bare == name || number == Some(i + 1)).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::lesson::{Check, Step};

    fn course(language: Language) -> Vec<Lesson> {
        names()
            .map(|name| named(name, language).unwrap().unwrap())
            .collect()
    }

    #[test]
    fn there_are_twelve_lessons_and_each_asks_something_of_the_learner() {
        let lessons = course(Language::English);
        assert_eq!(lessons.len(), 12);
        for lesson in &lessons {
            assert!(!lesson.intro.is_empty(), "{}", lesson.title);
            let tasks = lesson.steps.iter().filter(|s| s.task.is_some()).count();
            assert!(tasks >= 2, "{}: {tasks} tasks", lesson.title);
        }
    }

    fn checked(check: &Check) -> (String, Vec<(bool, bool)>) {
        match check {
            Check::Until(until) => (until.text().to_owned(), Vec::new()),
            Check::Answers(answers) => (
                String::new(),
                answers.iter().map(|a| (a.is_right, a.reply.is_some())).collect(),
            ),
        }
    }

    /// What is the same in every language: everything but the words.
    fn bones(step: &Step) -> impl PartialEq + std::fmt::Debug {
        let task = step
            .task
            .as_ref()
            .map(|t| (checked(&t.check), t.hint.is_some(), t.then.is_some()));
        (
            step.settings.clone(),
            step.shown.clone(),
            task,
            step.paragraphs.len(),
        )
    }

    #[test]
    fn the_languages_differ_in_nothing_but_words() {
        let (english, chinese) = (course(Language::English), course(Language::SimplifiedChinese));
        for (en, zh) in english.iter().zip(&chinese) {
            assert_eq!(en.start, zh.start, "{}", en.title);
            assert_eq!(en.intro.len(), zh.intro.len(), "{}", en.title);
            assert_eq!(en.takeaway.is_some(), zh.takeaway.is_some(), "{}", en.title);
            assert_eq!(en.steps.len(), zh.steps.len(), "{}", en.title);
            for (a, b) in en.steps.iter().zip(&zh.steps) {
                assert_eq!(
                    format!("{:?}", bones(a)),
                    format!("{:?}", bones(b)),
                    "{}",
                    a.title
                );
            }
        }
    }

    #[test]
    fn the_chinese_lessons_are_in_chinese_and_the_english_ones_are_not() {
        let han = |text: &str| {
            text.chars()
                .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
                .count()
        };
        for lesson in course(Language::SimplifiedChinese) {
            for step in &lesson.steps {
                assert!(step.paragraphs.iter().all(|p| han(p) > 5), "{}", step.title);
                // Names of kernels, functions and keys stay as they are.
                assert!(step.task.iter().all(|t| han(&t.ask) >= 1), "{}", step.title);
            }
        }
        for lesson in course(Language::English) {
            assert_eq!(han(&format!("{lesson:?}")), 0, "{}", lesson.title);
        }
    }

    #[test]
    fn a_lesson_goes_by_its_number_or_either_name() {
        for name in ["5", "05-two-terms", "two-terms"] {
            let lesson = named(name, Language::English).unwrap().unwrap();
            assert_eq!(
                Some(lesson),
                named("5", Language::English).map(Result::unwrap),
                "{name}"
            );
        }
        assert!(named("0", Language::English).is_none());
        assert!(named("13", Language::English).is_none());
        assert!(named("terms", Language::English).is_none());
    }

    #[test]
    fn a_locale_chooses_its_language() {
        for (tag, language) in [
            ("zh_CN.UTF-8", Some(Language::SimplifiedChinese)),
            ("zh", Some(Language::SimplifiedChinese)),
            ("zh-Hant", Some(Language::SimplifiedChinese)),
            ("en_GB.UTF-8", Some(Language::English)),
            ("C.UTF-8", Some(Language::English)),
            ("de_DE", None),
            ("", None),
        ] {
            assert_eq!(Language::of(tag), language, "{tag}");
        }
    }
}
