//! A configuration as text for somebody else's program: YAML, command-line arguments, Python, Optuna.

use super::{Configuration, Space, Value};

/// A notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Yaml,
    /// `--lr=0.0003 --scheduler=cosine`, quoted for a shell.
    Args,
    /// `study.enqueue_trial({…})`
    Optuna,
    /// A Python `dict`.
    Python,
}

impl Form {
    pub const ALL: [Self; 5] = [Self::Json, Self::Yaml, Self::Args, Self::Optuna, Self::Python];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Args => "args",
            Self::Optuna => "optuna",
            Self::Python => "python",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Args => "arguments",
            Self::Optuna => "a call of Optuna",
            Self::Python => "a Python dict",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The configuration, without a line end. Names and texts stand as they are in the source.
    #[must_use]
    pub fn text(self, space: &Space, configuration: &Configuration) -> String {
        let pairs = || {
            let all = space.params.iter().map(|p| p.name.raw()).zip(configuration);
            all.filter(|(_, v)| !v.is_inactive())
        };
        let joined = |pair: &dyn Fn(&str, &Value) -> String, joint: &str| {
            pairs().map(|(n, v)| pair(n, v)).collect::<Vec<_>>().join(joint)
        };
        match self {
            Self::Json => serde_json::Value::Object(space.configuration_to_json(configuration)).to_string(),
            Self::Yaml => joined(&|n, v| format!("{}: {}", yaml_text(n), yaml(v)), "\n"),
            Self::Args => joined(&|n, v| shell(&format!("--{n}={}", plain(v))), " "),
            Self::Python => format!(
                "{{{}}}",
                joined(&|n, v| format!("{}: {}", quoted(n), python(v)), ", ")
            ),
            Self::Optuna => format!("study.enqueue_trial({})", Self::Python.text(space, configuration)),
        }
    }
}

/// A text in double quotes, as JSON, YAML and Python understand it. What would change how a line is shown is
/// escaped.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        if super::label::is_hostile(c) && (c as u32) <= 0xffff {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

/// The shortest decimal that reads back as the same number.
fn number(x: f64) -> String {
    serde_json::Value::from(x).to_string()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Inactive => "None".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(x) => number(*x),
        Value::Text(text) => text.raw().to_owned(),
    }
}

/// Quoted only where a POSIX shell needs it.
fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Text(text) => quoted(text.raw()),
        other => plain(other),
    }
}

fn yaml(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => yaml_text(text.raw()),
        Value::Float(x) => yaml_float(*x),
        other => plain(other),
    }
}

/// YAML 1.1, which Python reads, takes `1e-05` for a text: a number needs its point, and an exponent its sign.
fn yaml_float(x: f64) -> String {
    let text = number(x);
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{}", exponent.trim_start_matches('+'))
}

/// Bare where it cannot be taken for anything else.
fn yaml_text(text: &str) -> String {
    const WORDS: &[&str] = &[
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf",
    ];
    let mut chars = text.chars();
    let is_bare = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_bare { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Domain, Label, Parameter};

    fn text(form: Form) -> String {
        let values: Configuration = vec![
            Value::Float(1e-5),
            Value::Int(8),
            Value::Text(Label::new("it's; rm")),
            Value::Bool(true),
            Value::Null,
            Value::Text(Label::new("no")),
        ];
        let names = ["lr", "n", "opt name", "nesterov", "clip", "warm-up"];
        let choices = values.clone();
        let params = names.iter().enumerate().map(|(k, name)| {
            let domain = Domain::Categorical {
                choices: choices.clone(),
            };
            Parameter::new(Label::new(name), k, domain).unwrap()
        });
        let space = Space {
            params: params.collect(),
            ..Space::default()
        };
        form.text(&space, &values)
    }

    #[test]
    fn every_notation_is_what_its_reader_expects() {
        assert_eq!(
            text(Form::Json),
            r#"{"lr":0.00001,"n":8,"opt name":"it's; rm","nesterov":true,"clip":null,"warm-up":"no"}"#
        );
        assert_eq!(
            text(Form::Yaml),
            "lr: 0.00001\n\"n\": 8\n\"opt name\": \"it's; rm\"\nnesterov: true\nclip: null\nwarm-up: \"no\""
        );
        assert_eq!(
            text(Form::Args),
            r"--lr=0.00001 --n=8 '--opt name=it'\''s; rm' --nesterov=true --clip=None --warm-up=no"
        );
        assert_eq!(
            text(Form::Optuna),
            r#"study.enqueue_trial({"lr": 0.00001, "n": 8, "opt name": "it's; rm", "nesterov": True, "clip": None, "warm-up": "no"})"#
        );
    }

    #[test]
    fn what_would_change_how_a_line_is_shown_is_escaped() {
        assert_eq!(quoted("a\u{202e}b\n"), r#""a\u202eb\n""#);
        assert_eq!(yaml_float(1e300), "1.0e+300");
        assert_eq!(yaml_float(1e-7), "1.0e-7");
        assert_eq!(yaml_float(0.5), "0.5");
    }
}
