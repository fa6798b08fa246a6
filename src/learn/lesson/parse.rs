//! The body of a lesson: paragraphs, headings, directions.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use super::vocabulary::{self, KNOBS, Knob, PANELS, QUANTITIES};
use super::{Answer, Check, Lesson, MOST_ANSWERS, Setting, Step, Task, front};
use crate::learn::expression::{Expression, Kind};
use crate::study::label::scrub;

/// A line of the file, from 1, and what is wrong there.
type Mistake = (usize, String);

const FENCE: &str = "+++";

pub fn lesson(text: &str) -> Result<Lesson, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate();
    let opens = lines.next().is_some_and(|(_, line)| line.trim_end() == FENCE);
    if !opens {
        return Err((
            1,
            "a lesson starts with a line +++, its settings, and another line +++".to_owned(),
        ));
    }
    let mut settings = String::new();
    let mut closed = false;
    for (_, line) in lines.by_ref() {
        if line.trim_end() == FENCE {
            closed = true;
            break;
        }
        settings.push_str(line);
        settings.push('\n');
    }
    if !closed {
        return Err((1, "the front matter has no closing line +++".to_owned()));
    }
    let opening = front::read(&settings)?;
    let mut body = Body::default();
    for (i, line) in lines {
        body.line(i + 1, line.trim_end())?;
    }
    let (intro, steps) = body.finish()?;
    Ok(Lesson {
        title: scrub(&opening.title),
        start: opening.start,
        takeaway: opening.takeaway.as_deref().map(scrub_long),
        intro,
        steps,
    })
}

/// What was read so far of the text after the front matter.
#[derive(Default)]
struct Body {
    intro: Vec<String>,
    steps: Vec<Step>,
    /// The paragraph that is being read.
    paragraph: String,
    /// The task of the step that is being read, and the line it began on.
    task: Option<(usize, Draft)>,
}

#[derive(Default)]
struct Draft {
    ask: String,
    until: Option<Expression>,
    answers: Vec<Answer>,
    hint: Option<String>,
    then: Option<String>,
}

impl Body {
    fn line(&mut self, at: usize, line: &str) -> Result<(), Mistake> {
        if let Some(heading) = line.strip_prefix("## ") {
            self.end_step()?;
            self.steps.push(Step {
                title: scrub(heading.trim()),
                paragraphs: Vec::new(),
                settings: Vec::new(),
                shown: Vec::new(),
                task: None,
            });
            return Ok(());
        }
        if line.starts_with("<!--") && line.ends_with("-->") {
            // A remark for whoever writes the lesson.
            return Ok(());
        }
        if line.starts_with('#') {
            return Err((at, "a step begins with ## , a space and its heading".to_owned()));
        }
        if let Some(direction) = line.strip_prefix('@') {
            self.end_paragraph();
            return self.direction(at, direction);
        }
        if line.trim().is_empty() {
            self.end_paragraph();
        } else {
            join(&mut self.paragraph, line.trim());
        }
        Ok(())
    }

    fn direction(&mut self, at: usize, text: &str) -> Result<(), Mistake> {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let Some(step) = self.steps.last_mut() else {
            return Err((
                at,
                format!("@{name} stands before the first heading (## …); move it below one"),
            ));
        };
        match name {
            "set" => step.settings.push(setting(rest).map_err(|what| (at, what))?),
            "show" | "hide" => {
                for panel in rest.split([',', ' ']).filter(|p| !p.is_empty()) {
                    let found = vocabulary::find(&PANELS, panel).ok_or_else(|| {
                        let known = vocabulary::names(&PANELS);
                        (
                            at,
                            format!("there is no panel {panel} to {name}; the panels are {known}"),
                        )
                    })?;
                    step.shown.push((found, name == "show"));
                }
            }
            "do" | "until" | "right" | "wrong" | "hint" | "then" => return self.task(at, name, rest),
            _ => {
                return Err((
                    at,
                    format!(
                        "there is no direction @{name}; the directions are @do, @until, @right, @wrong, @hint, @then, @set, @show, @hide"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn task(&mut self, at: usize, name: &str, rest: &str) -> Result<(), Mistake> {
        if rest.is_empty() {
            return Err((at, format!("@{name} says nothing; write it on the same line")));
        }
        if name == "do" {
            if self.task.is_some() {
                return Err((at, "a step has one @do; begin another step with ##".to_owned()));
            }
            self.task = Some((
                at,
                Draft {
                    ask: scrub_long(rest),
                    ..Draft::default()
                },
            ));
            return Ok(());
        }
        let Some((_, draft)) = &mut self.task else {
            return Err((
                at,
                format!("@{name} has no @do before it that says what to do; add one"),
            ));
        };
        match name {
            "until" => draft.until = Some(check(rest).map_err(|what| (at, what))?),
            "right" | "wrong" => draft.answers.push(answer(rest, name == "right")),
            "hint" => draft.hint = Some(scrub_long(rest)),
            _ => draft.then = Some(scrub_long(rest)),
        }
        Ok(())
    }

    fn end_paragraph(&mut self) {
        if self.paragraph.is_empty() {
            return;
        }
        let paragraph = scrub_long(&std::mem::take(&mut self.paragraph));
        match self.steps.last_mut() {
            Some(step) => step.paragraphs.push(paragraph),
            None => self.intro.push(paragraph),
        }
    }

    fn end_step(&mut self) -> Result<(), Mistake> {
        self.end_paragraph();
        let Some((at, draft)) = self.task.take() else {
            return Ok(());
        };
        let check = done_when(draft.until, draft.answers).map_err(|what| (at, what.to_owned()))?;
        if let Some(step) = self.steps.last_mut() {
            step.task = Some(Task {
                ask: draft.ask,
                check,
                hint: draft.hint,
                then: draft.then,
            });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Vec<String>, Vec<Step>), Mistake> {
        self.end_step()?;
        Ok((self.intro, self.steps))
    }
}

/// Adds a line to a paragraph: with a space between, but not between two wide characters, since Chinese is written
/// without.
fn join(paragraph: &mut String, line: &str) {
    let wide = |c: Option<char>| c.and_then(UnicodeWidthChar::width) == Some(2);
    let apart = !wide(paragraph.chars().last()) || !wide(line.chars().next());
    if !paragraph.is_empty() && apart {
        paragraph.push(' ');
    }
    paragraph.push_str(line);
}

/// A paragraph or a message may be longer than what [`scrub`] keeps of a name: it is scrubbed in pieces of whole characters.
pub fn scrub_long(text: &str) -> String {
    let characters: Vec<&str> = text.graphemes(true).collect();
    characters
        .chunks(128)
        .map(|piece| scrub(&piece.concat()))
        .collect()
}

/// An answer, and after an arrow what is said to who gives it.
fn answer(text: &str, is_right: bool) -> Answer {
    let (text, reply) = match text.split_once("->") {
        Some((text, reply)) => (text, Some(scrub_long(reply.trim()))),
        None => (text, None),
    };
    Answer {
        text: scrub_long(text.trim()),
        reply,
        is_right,
    }
}

fn done_when(until: Option<Expression>, answers: Vec<Answer>) -> Result<Check, &'static str> {
    match (until, answers.len()) {
        (Some(until), 0) => Ok(Check::Until(until)),
        (None, 0) => Err("@do has no @until that says when it is done, and no answers; add one"),
        (Some(_), _) => Err("a task has an @until or answers, not both"),
        (None, 2..=MOST_ANSWERS) if answers.iter().filter(|a| a.is_right).count() == 1 => {
            Ok(Check::Answers(answers))
        }
        (None, _) => Err("a question has one @right answer, and one to three @wrong ones"),
    }
}

fn check(text: &str) -> Result<Expression, String> {
    let names = QUANTITIES.map(|(name, _)| name);
    let check = Expression::parse(text, &names).map_err(|error| format!("in the check, {error}"))?;
    match check.kind(&vocabulary::kind) {
        Ok(Kind::Truth) => {}
        Ok(_) => return Err("a check is true or false: compare with <, <=, >, >=, == or !=".to_owned()),
        Err(what) => return Err(format!("in the check, {what}")),
    }
    let at = |name: &str| names.iter().position(|n| *n == name).unwrap_or(usize::MAX);
    for name in check.compared_with(at("acquisition")) {
        vocabulary::acquisition(name).map_err(|what| format!("in the check, {what}"))?;
    }
    for word in check.compared_with(at("sign")) {
        vocabulary::check(Knob::Sign, &Setting::Word(word.to_owned()))
            .map_err(|what| format!("in the check, {what}"))?;
    }
    Ok(check)
}

fn setting(text: &str) -> Result<(Knob, Setting), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("write @set NAME = VALUE".to_owned());
    };
    let (name, value) = (name.trim(), value.trim().trim_matches('"'));
    let knob = vocabulary::find(&KNOBS, name).ok_or_else(|| {
        let known = vocabulary::names(&KNOBS);
        format!("there is no knob {name}; the knobs are {known}")
    })?;
    let setting = match value.parse::<f64>() {
        Ok(x) if knob.takes_numbers() && x.is_finite() => Setting::Number(x),
        _ if knob.takes_words() && !value.is_empty() => Setting::Word(value.to_owned()),
        _ => return Err(format!("{name} is set to a number, not {value}")),
    };
    vocabulary::check(knob, &setting)?;
    Ok((knob, setting))
}
