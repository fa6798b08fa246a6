//! What a command says on standard output: its metric, and the values on the way to it.
//!
//! Lines come as bytes from a program that nobody vouches for: binary, without an end, full of progress
//! bars. A line is a JSON object with the metric in it, or text with `metric=0.41` or `metric: 0.41` (as Python
//! prints a dictionary, too), `metric 0.41` alone on its line, or `metric | 0.41` in a table; with a step beside it, it
//! is a value on the way. What could be read in two ways (`0,5`, `45%`) is not read at all, and said so.
//!
//! A command that ends its trial early says so by `{"pruned": true}` or `{"state": "pruned"}`, or as text by
//! `pruned=true` or `state=pruned`.

use crate::io::json::{Members, Node};

/// A line longer than this says nothing.
const MAX_LINE: usize = 64 * 1024;
/// Names of the step, in JSON and in text.
const STEPS: [&str; 8] = [
    "step",
    "epoch",
    "iteration",
    "iter",
    "global_step",
    "training_iteration",
    "rung",
    "batch",
];

/// A value on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    pub step: u64,
    pub value: f64,
}

/// Reads output as it comes.
#[derive(Clone, Debug)]
pub struct Scanner {
    metric: String,
    line: Vec<u8>,
    /// The present line is too long: it is passed over.
    is_skipping: bool,
    json: Option<Found>,
    text: Option<Found>,
    /// Lines that were read.
    lines: u64,
    /// The last line that said anything, for the message of a failure.
    last: String,
    /// What stood behind the metric's name where that is no number.
    unread: Option<String>,
    is_pruned: bool,
}

/// The last line of a form that had the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Found {
    value: f64,
    step: Option<u64>,
    line: u64,
}

impl Scanner {
    #[must_use]
    pub fn new(metric: &str) -> Self {
        Self {
            metric: metric.to_owned(),
            line: Vec::new(),
            is_skipping: false,
            json: None,
            text: None,
            lines: 0,
            last: String::new(),
            unread: None,
            is_pruned: false,
        }
    }

    /// Takes the next bytes; values on the way go to `observe`.
    pub fn feed(&mut self, bytes: &[u8], observe: &mut dyn FnMut(Observed)) {
        for &byte in bytes {
            // A progress bar writes over its own line again and again.
            if byte == b'\n' || byte == b'\r' {
                self.end_line(observe);
            } else if self.line.len() < MAX_LINE {
                self.line.push(byte);
            } else {
                self.is_skipping = true;
            }
        }
    }

    /// The output is over: an unfinished last line counts.
    pub fn finish(&mut self, observe: &mut dyn FnMut(Observed)) {
        self.end_line(observe);
    }

    /// The metric: the last JSON line that has it; where such lines only tell values on the way, a later
    /// line of text without a step; without JSON the last line of text.
    #[must_use]
    pub fn metric(&self) -> Option<f64> {
        let found = match (self.json, self.text) {
            (Some(json), Some(text))
                if json.step.is_some() && text.step.is_none() && text.line > json.line =>
            {
                text
            }
            (Some(json), _) => json,
            (None, text) => text?,
        };
        Some(found.value)
    }

    /// What was told as the metric last, where it is no number.
    #[must_use]
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }

    /// Whether a line said that the trial was ended early.
    #[must_use]
    pub fn is_pruned(&self) -> bool {
        self.is_pruned
    }

    /// The last line with something in it.
    #[must_use]
    pub fn last_line(&self) -> &str {
        &self.last
    }

    fn end_line(&mut self, observe: &mut dyn FnMut(Observed)) {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_skipping) {
            return;
        }
        let text = plain(&line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.lines += 1;
        self.last = text.chars().take(300).collect();
        self.is_pruned |= says_pruned(text);
        // A dictionary as Python prints it is text.
        let (place, found) = if text.starts_with('{') && !text.starts_with("{'") {
            (&mut self.json, json_line(text, &self.metric))
        } else {
            let found = text_line(text, &self.metric);
            if found.is_none()
                && let Some(Told::Unread(word)) = told(text, &self.metric, Form::Metric)
            {
                self.unread = Some(word.chars().take(60).collect());
            }
            (&mut self.text, found)
        };
        if let Some((value, step)) = found {
            *place = Some(Found {
                value,
                step,
                line: self.lines,
            });
            if let Some(step) = step {
                observe(Observed { step, value });
            }
        }
    }
}

/// The metric of a text as a whole: of the file that `--metric-file` names. A lone number will do.
#[must_use]
pub fn metric_of(text: &str, metric: &str) -> Option<f64> {
    if let Ok(value) = text.trim().parse() {
        return Some(value);
    }
    // A JSON document may go over many lines.
    if let Some((value, _)) = json_line(text.trim(), metric) {
        return Some(value);
    }
    let mut scanner = Scanner::new(metric);
    scanner.feed(text.as_bytes(), &mut |_| {});
    scanner.finish(&mut |_| {});
    scanner.metric()
}

/// Whether a line, or a document as a whole, says that the trial was ended early.
#[must_use]
pub fn says_pruned(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with('{') && !text.starts_with("{'") {
        let mut members = Members::of(text.as_bytes());
        let is_said = members.by_ref().map_while(Result::ok).any(|(key, node)| {
            &*key == "pruned" && node == Node::Bool(true)
                || &*key == "state"
                    && matches!(&node, Node::Text(word) if word.eq_ignore_ascii_case("pruned"))
        });
        return is_said;
    }
    // `'pruned': True}`, as Python prints a dictionary.
    let is = |name, wanted: &str| {
        matches!(told(text, name, Form::Metric), Some(Told::Unread(word))
            if word.trim_matches(|c: char| !c.is_alphanumeric()).eq_ignore_ascii_case(wanted))
    };
    text.lines().count() == 1 && (is("pruned", "true") || is("state", "pruned"))
}

/// Text without the escape sequences of a terminal.
fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    if !text.contains('\u{1b}') {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next() == Some('[') {
            // CSI: parameters, then one letter.
            for c in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
    }
    out
}

/// The metric of a JSON object, and its step: at the top, under a dotted path, or one level down.
fn json_line(text: &str, metric: &str) -> Option<(f64, Option<u64>)> {
    let (mut value, mut step, mut below) = (None, None, None);
    let mut members = Members::of(text.as_bytes());
    for member in members.by_ref() {
        let (key, node) = member.ok()?;
        if key == metric {
            value = number(&node);
        } else if STEPS.contains(&&*key) {
            step = step.or_else(|| node.as_i64().and_then(|i| u64::try_from(i).ok()));
        } else if let Node::Object(bytes) = node {
            let path = metric.strip_prefix(&*key).and_then(|rest| rest.strip_prefix('.'));
            below = path.and_then(|rest| member_of(bytes, rest)).or(below);
            below = below.or_else(|| member_of(bytes, metric));
        }
    }
    if !text.get(members.offset()..).unwrap_or_default().trim().is_empty() {
        return None;
    }
    Some((value.or(below)?, step))
}

fn member_of(object: &[u8], name: &str) -> Option<f64> {
    let mut found = None;
    for member in Members::of(object) {
        let (key, node) = member.ok()?;
        if key == name {
            found = number(&node);
        } else if let Node::Object(bytes) = node
            && let Some(rest) = name.strip_prefix(&*key).and_then(|rest| rest.strip_prefix('.'))
        {
            found = member_of(bytes, rest).or(found);
        }
    }
    found
}

/// `null` says that there is a result, and that it is none.
fn number(node: &Node<'_>) -> Option<f64> {
    match node {
        Node::Null => Some(f64::NAN),
        Node::Bool(_) => None,
        node => node.as_f64(),
    }
}

/// `step=100 val_loss=0.42`, `epoch 3: val_loss: 0.42,`.
fn text_line(text: &str, metric: &str) -> Option<(f64, Option<u64>)> {
    let Told::Number(value) = told(text, metric, Form::Metric)? else {
        return None;
    };
    let step = STEPS.iter().find_map(|name| {
        let Told::Number(step) = told(text, name, Form::Step)? else {
            return None;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a whole number"
        )]
        (step >= 0.0 && step.fract() == 0.0 && step < 9e15).then_some(step as u64)
    });
    Some((value, step))
}

/// What stands behind a name.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told<'a> {
    Number(f64),
    /// Something that is no number, or one of which nobody can say which.
    Unread(&'a str),
}

/// How a name and its value may stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// With `=`, `:` or the bar of a table between them, or the two alone on their line.
    Metric,
    /// With a blank between them as well (`epoch 3`).
    Step,
}

/// What stands behind `name=`, `name: ` and the like: the last number of several, else the last that is none.
fn told<'a>(text: &'a str, name: &str, form: Form) -> Option<Told<'a>> {
    if name.is_empty() {
        return None;
    }
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    let mut found = None;
    for (at, _) in text.match_indices(name) {
        let before = text.get(..at).and_then(|b| b.chars().next_back());
        if before.is_some_and(is_inner) {
            continue;
        }
        let rest = text.get(at + name.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(['"', '\'', '`']).unwrap_or(rest);
        let after = rest.trim_start();
        let has_blank = after.len() < rest.len();
        let said = if let Some(after) = after.strip_prefix(['=', ':']) {
            value(after.trim_start())
        } else if let Some(after) = after.strip_prefix(['|', '│', '┃']) {
            // The next cell of a table; in its head that is another name.
            number_only(value(after.trim_start()))
        } else if has_blank && (form == Form::Step || (at == 0 && !after.contains(char::is_whitespace))) {
            number_only(value(after))
        } else {
            continue;
        };
        found = match (said, found) {
            (Some(Told::Unread(_)), Some(Told::Number(_))) | (None, _) => found,
            (said, _) => said,
        };
    }
    found
}

fn number_only(told: Option<Told<'_>>) -> Option<Told<'_>> {
    told.filter(|t| matches!(t, Told::Number(_)))
}

/// The value that a text begins with.
fn value(text: &str) -> Option<Told<'_>> {
    let is_end = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | ')' | ']' | '}' | '/' | '|' | '│' | '┃' | '"' | '\''
            )
    };
    let word = |text: &'_ str| text.find(is_end).unwrap_or(text.len());
    // `np.float64(0.41)`, `tensor(0.41, device='cuda:0')`.
    let inner = text.split_once('(').map_or(text, |(wrapper, inner)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let is_wrapper =
            wrapper.starts_with(|c: char| c.is_ascii_alphabetic()) && wrapper.chars().all(is_name);
        if is_wrapper { inner } else { text }
    });
    let inner = inner.strip_prefix(['"', '\'']).unwrap_or(inner);
    let (number, behind) = inner.split_at(word(inner));
    let is_cut = behind
        .strip_prefix(',')
        .is_some_and(|more| more.starts_with(|c: char| c.is_ascii_digit()));
    match number.trim_end_matches(['.', ':']).parse() {
        Ok(value) if !is_cut => Some(Told::Number(value)),
        _ => {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            let said = text.get(..end).filter(|t| !t.is_empty())?;
            Some(Told::Unread(said))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(output: &str) -> (Option<f64>, Vec<(u64, f64)>) {
        let mut seen = Vec::new();
        let mut scanner = Scanner::new("val_loss");
        // In pieces that cut lines anywhere.
        for piece in output.as_bytes().chunks(7) {
            scanner.feed(piece, &mut |o| seen.push((o.step, o.value)));
        }
        scanner.finish(&mut |o| seen.push((o.step, o.value)));
        (scanner.metric(), seen)
    }

    #[test]
    fn the_last_json_line_that_has_the_metric_counts() {
        let output = "hello\n{\"val_loss\": 0.9}\nnoise {\"val_loss\": 3}\n{\"val_loss\": 0.25, \"acc\": 1}\n{\"acc\": 2}\n";
        assert_eq!(scan(output), (Some(0.25), vec![]));
        assert_eq!(scan("{\"metrics\": {\"val_loss\": 0.5}}").0, Some(0.5));
        assert_eq!(scan("{\"val_loss\": \"0.5\"}").0, Some(0.5));
        assert!(scan("{\"val_loss\": NaN}").0.unwrap().is_nan());
        assert!(scan("{\"val_loss\": null}").0.unwrap().is_nan());
        assert_eq!(scan("{\"val_loss\": true}").0, None);
        assert_eq!(scan("{\"val_loss\": 0.5").0, None, "cut in the middle");
        assert_eq!(scan("{\"val_loss\": 0.5} trailing").0, None);
        assert_eq!(member_of(b"{\"a\":{\"b\":2}}", "a.b"), Some(2.0));
    }

    #[test]
    fn values_on_the_way_are_seen_and_the_last_one_is_the_metric_where_nothing_else_is_said() {
        let output = "{\"step\": 10, \"val_loss\": 0.9}\n{\"step\": 20, \"val_loss\": 0.7}\n";
        assert_eq!(scan(output), (Some(0.7), vec![(10, 0.9), (20, 0.7)]));
        let final_line = format!("{output}val_loss=0.65\n");
        assert_eq!(scan(&final_line).0, Some(0.65));
        let text = "epoch 1: train 2 val_loss=1.5\nstep=2 val_loss: 1.25, lr=1\nEpoch 3/9 val_loss 7\n";
        assert_eq!(scan(text), (Some(1.25), vec![(1, 1.5), (2, 1.25)]));
    }

    #[test]
    fn text_has_the_metric_as_a_word_of_its_own() {
        for (text, value) in [
            ("val_loss=0.5", Some(0.5)),
            ("val_loss: -1.5e-3", Some(-1.5e-3)),
            ("  best: val_loss = 0.5 (epoch 3)", Some(0.5)),
            ("'val_loss': 0.5, 'acc': 0.9", Some(0.5)),
            ("\u{1b}[32mval_loss=0.5\u{1b}[0m", Some(0.5)),
            (" 50%|####|\r100%|########| val_loss=0.5]", Some(0.5)),
            ("the val_loss is 0.5.\nval_loss: 0.4.", Some(0.4)),
            ("eval_loss=0.5 val_loss_ema=0.4 x.val_loss=1", None),
            ("val_loss", None),
            ("val_loss=", None),
            ("val_loss=abc", None),
            ("{'val_loss': 0.5, 'acc': np.float64(0.9)}", Some(0.5)),
            ("{'val_loss': np.float64(0.5)}", Some(0.5)),
            ("val_loss: tensor(0.5000, device='cuda:0')", Some(0.5)),
            ("val_loss = tensor(5.e-01)", Some(0.5)),
            ("val_loss 0.5", Some(0.5)),
            ("the val_loss 0.5", None),
            ("val_loss 0.5 0.6", None),
            ("| val_loss | 0.5 |", Some(0.5)),
            ("│        val_loss        │   0.5    │", Some(0.5)),
            ("| val_loss | train |", None),
            ("val_loss=0.5,acc=1", Some(0.5)),
            // Half, or five of something? A thousand, or one? Forty-five hundredths?
            ("val_loss=0,5", None),
            ("val_loss=1,234.5", None),
            ("val_loss=45%", None),
            ("val_loss=0.5 (was val_loss=abc)", Some(0.5)),
        ] {
            assert_eq!(scan(text).0, value, "{text}");
        }
        assert!(scan("val_loss=nan").0.unwrap().is_nan());
    }

    #[test]
    fn a_trial_that_was_ended_early_says_so_in_a_line_of_its_own_words() {
        for text in [
            "{\"pruned\": true}",
            "{\"step\": 3, \"val_loss\": 0.5, \"pruned\": true}",
            "{\"state\": \"PRUNED\"}",
            "pruned=true",
            "pruned: True",
            "step=3 val_loss=0.5 pruned=true",
            "{'step': 3, 'pruned': True}",
            "state=pruned",
        ] {
            assert!(says_pruned(text), "{text}");
            let mut scanner = Scanner::new("val_loss");
            scanner.feed(format!("a\n{text}\nbye\n").as_bytes(), &mut |_| {});
            assert!(scanner.is_pruned(), "{text}");
        }
        for text in [
            "{\"pruned\": false}",
            "{\"pruned\": 0.5}",
            "{\"config\": {\"pruned\": true}}",
            "pruned=false",
            "pruned: 45% of the weights",
            "the trial was pruned",
            "pruned",
            "unpruned=true",
            "state: running, not pruned",
        ] {
            assert!(!says_pruned(text), "{text}");
        }
    }

    #[test]
    fn a_metric_that_is_no_number_is_kept_for_the_message() {
        for (text, said) in [
            ("val_loss=0,5\n", Some("0,5")),
            ("val_loss: 45%\n", Some("45%")),
            ("val_loss=\n", None),
            ("val_loss\n", None),
        ] {
            let mut scanner = Scanner::new("val_loss");
            scanner.feed(text.as_bytes(), &mut |_| {});
            assert_eq!((scanner.metric(), scanner.unread()), (None, said), "{text}");
        }
    }

    #[test]
    fn hostile_output_costs_no_memory_and_no_metric() {
        let mut scanner = Scanner::new("val_loss");
        for _ in 0..200 {
            scanner.feed(&[b'x'; 4096], &mut |_| {});
        }
        assert!(scanner.line.capacity() <= 2 * MAX_LINE);
        scanner.feed(b" val_loss=3\n", &mut |_| {});
        assert_eq!(scanner.metric(), None, "a line without an end says nothing");
        scanner.feed(&[0, 255, 254, b'\n', 27, b'[', b'\n', 27], &mut |_| {});
        scanner.feed(b"\nval_loss=1\n", &mut |_| {});
        assert_eq!(scanner.metric(), Some(1.0));
    }

    #[test]
    fn a_file_may_hold_a_lone_number_or_a_document() {
        assert_eq!(metric_of(" 0.5\n", "val_loss"), Some(0.5));
        assert_eq!(metric_of("{\n \"val_loss\": 0.5\n}\n", "val_loss"), Some(0.5));
        assert_eq!(metric_of("a\nval_loss: 2\n", "val_loss"), Some(2.0));
        assert_eq!(metric_of("nothing", "val_loss"), None);
    }
}
