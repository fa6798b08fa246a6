//! The command of a trial: parameters in its arguments, its environment and on its standard input.

use serde_json::{Map, Value as Json, json};

use crate::study::label::scrub;
use crate::study::{Space, Value};

use super::RunError;
use super::machine::Params;

/// One argument, cut at its placeholders.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Param(String),
    /// Number of the trial.
    Trial,
    /// Number of the attempt.
    Attempt,
}

/// A command line with `{name}` placeholders.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    words: Vec<Vec<Piece>>,
}

/// Names that stand for something else than a parameter, where no parameter has them.
const TRIAL: &str = "id";
const ATTEMPT: &str = "attempt";

impl Template {
    /// Reads the words of a command. `{name}` is a parameter of the space, `{id}` the number of the trial,
    /// `{attempt}` that of the attempt. `${name}`, braces around anything that is no name, and `{{name}}`
    /// (which becomes `{name}`) are text. A name that no program would spell so (`{my rate}`) counts where a
    /// parameter has it.
    ///
    /// # Errors
    /// No command, or a placeholder that nothing is known of.
    pub fn parse(words: &[String], space: &Space) -> Result<Self, RunError> {
        if words.first().is_none_or(|w| w.trim().is_empty()) {
            return Err(RunError::NoCommand);
        }
        let words = words
            .iter()
            .map(|word| pieces(word, space))
            .collect::<Result<_, _>>()?;
        Ok(Self { words })
    }

    /// Whether the number of the trial is part of it.
    #[must_use]
    pub fn tells_trials_apart(&self) -> bool {
        self.words.iter().flatten().any(|p| *p == Piece::Trial)
    }

    /// The words for one attempt of one trial. A parameter that takes no part leaves nothing behind: `{cycles}`
    /// and `--cycles={cycles}` are left out, and so is the option of `--cycles {cycles}`; within other text its
    /// place stays empty.
    #[must_use]
    pub fn fill(&self, params: &Params, trial: u64, attempt: u32) -> Vec<String> {
        let fill = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Param(name) => params.get(name).map_or_else(String::new, plain),
            Piece::Trial => trial.to_string(),
            Piece::Attempt => attempt.to_string(),
        };
        let mut words: Vec<String> = Vec::with_capacity(self.words.len());
        let mut before: Option<&[Piece]> = None;
        for pieces in &self.words {
            match pieces.as_slice() {
                [Piece::Param(name)] if !params.contains_key(name) => {
                    if before.is_some_and(is_option) {
                        words.pop();
                    }
                }
                [Piece::Text(text), Piece::Param(name)]
                    if !params.contains_key(name) && text.starts_with('-') && text.ends_with('=') => {}
                pieces => words.push(pieces.iter().map(fill).collect()),
            }
            before = Some(pieces);
        }
        words
    }
}

/// `--cycles`, of which the value is the next word.
fn is_option(pieces: &[Piece]) -> bool {
    matches!(pieces, [Piece::Text(text)] if text.len() > 1 && text.starts_with('-') && text != "--" && !text.contains('='))
}

/// Parameters that take part in a configuration and have no value in it.
#[must_use]
pub fn missing<'a>(params: &Params, space: &'a Space) -> Vec<&'a str> {
    let values: Vec<Value> = space
        .params
        .iter()
        .map(|p| {
            params
                .get(p.name.raw())
                .and_then(Value::from_json)
                .unwrap_or(Value::Inactive)
        })
        .collect();
    let names = space.params.iter().map(|p| p.name.raw()).enumerate();
    names
        .filter(|(i, name)| !params.contains_key(*name) && space.is_active(&values, *i))
        .map(|(_, name)| name)
        .collect()
}

fn pieces(word: &str, space: &Space) -> Result<Vec<Piece>, RunError> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = word;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        text.push_str(before);
        let is_doubled = from.starts_with("{{");
        let inner = from.get(1 + usize::from(is_doubled)..).unwrap_or_default();
        let name = inner
            .split_once('}')
            .map(|(name, _)| name)
            .filter(|n| is_name(n) || space.index_of(n).is_some());
        let is_shell = before.ends_with('$');
        let closing = if is_doubled { "}}" } else { "}" };
        match name {
            Some(name) if is_doubled && inner.get(name.len()..).is_some_and(|r| r.starts_with("}}")) => {
                text.push_str(&format!("{{{name}}}"));
                rest = inner.get(name.len() + closing.len()..).unwrap_or_default();
            }
            Some(name) if !is_doubled && !is_shell => {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(placeholder(name, space)?);
                rest = inner.get(name.len() + closing.len()..).unwrap_or_default();
            }
            _ => {
                text.push('{');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    if !text.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// What could be meant as a name: `{print $1}`, `{"a": 1}` and `{1..3}` are not.
fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}

fn placeholder(name: &str, space: &Space) -> Result<Piece, RunError> {
    if space.index_of(name).is_some() {
        return Ok(Piece::Param(name.to_owned()));
    }
    match name {
        TRIAL => Ok(Piece::Trial),
        ATTEMPT => Ok(Piece::Attempt),
        _ => Err(RunError::Placeholder {
            name: scrub(name),
            known: space
                .params
                .iter()
                .map(|p| p.name.shown().to_owned())
                .chain([TRIAL.to_owned(), ATTEMPT.to_owned()])
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// A text as it is, everything else as JSON spells it; without the byte that no argument can hold.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.replace('\0', ""),
        other => other.to_string(),
    }
}

/// `learning.rate` → `TUNESCOPE_PARAM_LEARNING_RATE`. Of two names that become the same, the later counts;
/// the JSON on standard input has both.
#[must_use]
pub fn environment(params: &Params, trial: u64, attempt: u32) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = params
        .iter()
        .map(|(name, value)| (crate::io::delivery::hook::variable(name), plain(value)))
        .collect();
    variables.push(("TUNESCOPE_TRIAL".to_owned(), trial.to_string()));
    variables.push(("TUNESCOPE_ATTEMPT".to_owned(), attempt.to_string()));
    variables
}

/// What the command reads on standard input: one JSON object and a line end.
#[must_use]
pub fn input(params: &Params, trial: u64, attempt: u32) -> String {
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(trial));
    object.insert("attempt".to_owned(), json!(attempt));
    object.insert("params".to_owned(), Json::Object(params.clone()));
    format!("{}\n", Json::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::activity::{Activity, Rule, When};
    use crate::study::{Domain, Parameter};

    fn space() -> Space {
        let float = || Domain::Float {
            low: 0.0,
            high: 1.0,
            log: false,
            step: None,
        };
        Space {
            params: ["lr", "opt.name", "my rate"]
                .into_iter()
                .enumerate()
                .map(|(i, name)| Parameter::new(name.into(), i, float()).unwrap())
                .collect(),
            inferred: false,
        }
    }

    fn fill(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let params = json!({"lr": 1e-7, "opt.name": "a b"});
        let params = params.as_object().unwrap();
        Template::parse(&words, &space()).unwrap().fill(params, 7, 2)
    }

    #[test]
    fn a_parameter_that_takes_no_part_leaves_nothing_behind() {
        assert_eq!(
            fill(&[
                "run",
                "--rate",
                "{my rate}",
                "--rate={my rate}",
                "-r",
                "{my rate}",
                "{my rate}",
                "end"
            ]),
            ["run", "end"]
        );
        assert_eq!(
            fill(&[
                "run",
                "--x=1",
                "{my rate}",
                "file",
                "{my rate}",
                "echo '{my rate}'",
                "--",
                "{my rate}"
            ]),
            ["run", "--x=1", "file", "echo ''", "--"]
        );
    }

    #[test]
    fn what_takes_no_part_is_not_missed() {
        let mut space = space();
        space.params[2].activity = Some(Activity {
            rules: vec![Rule {
                parent: "opt.name".into(),
                when: When::OneOf(vec![Value::Text("sgd".into())]),
            }],
            ..Activity::default()
        });
        let missed = |params: Json| missing(params.as_object().unwrap(), &space).join(",");
        assert_eq!(missed(json!({"lr": 0.1, "opt.name": "adam"})), "");
        assert_eq!(missed(json!({"lr": 0.1, "opt.name": "sgd"})), "my rate");
        assert_eq!(missed(json!({"lr": 0.1, "opt.name": "sgd", "my rate": 1})), "");
        assert_eq!(missed(json!({})), "lr,opt.name");
    }

    #[test]
    fn placeholders_are_filled_and_nothing_else_is_touched() {
        assert_eq!(
            fill(&["run", "--lr={lr}", "{opt.name}", "out/{id}-{attempt}", ""]),
            ["run", "--lr=1e-7", "a b", "out/7-2", ""]
        );
        for text in [
            "${lr}",
            "{print $1}",
            "{\"a\": {\"b\": 1}}",
            "{}",
            "{1..3}",
            "}{",
            "{",
            "{lr",
            "{{",
            "a}}b",
            "ä{ö",
        ] {
            assert_eq!(fill(&["awk", text]), ["awk", text]);
        }
        assert_eq!(fill(&["x", "{{lr}} {{{lr}}}"]), ["x", "{lr} {{lr}}"]);
    }

    #[test]
    fn a_placeholder_that_nothing_is_known_of_is_refused_with_those_that_are() {
        let words = ["run".to_owned(), "{learning_rate}".to_owned()];
        let error = Template::parse(&words, &space()).unwrap_err().to_string();
        assert!(
            error.contains("{learning_rate}") && error.contains("lr, opt.name, my rate, id"),
            "{error}"
        );
        assert!(matches!(Template::parse(&[], &space()), Err(RunError::NoCommand)));
    }

    #[test]
    fn the_environment_and_the_input_carry_every_parameter() {
        let params = json!({"opt.name": "a\u{0}b", "n": 8, "on": true});
        let variables = environment(params.as_object().unwrap(), 3, 1);
        assert_eq!(variables[0], ("TUNESCOPE_PARAM_OPT_NAME".into(), "ab".into()));
        assert_eq!(variables[1].1, "8");
        assert_eq!(variables[2].1, "true");
        assert_eq!(variables[3], ("TUNESCOPE_TRIAL".into(), "3".into()));
        let text = input(params.as_object().unwrap(), 3, 1);
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap()["params"]["n"], 8);
    }
}
