//! Writing a space file.

use std::fmt::Write;

use crate::study::{Activity, Budget, Constraint, Direction, Domain, Study, Value, When};

/// The space of a study as `space.toml`, for `tunescope init`.
#[must_use]
pub fn space_toml(study: &Study) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, study);
    out
}

fn write_all(out: &mut String, study: &Study) -> std::fmt::Result {
    if study.space.inferred {
        writeln!(
            out,
            "# Inferred from {} trials: the bounds are what was tried, and numbers without a step may take\n\
             # any value between. Widen, narrow and correct before use.\n",
            study.trials.len()
        )?;
    }
    writeln!(out, "[study]")?;
    writeln!(out, "name      = {}", quoted(study.name.raw()))?;
    writeln!(out, "metric    = {}", quoted(study.metric.raw()))?;
    let direction = match study.direction() {
        Direction::Minimize => "minimize",
        Direction::Maximize => "maximize",
    };
    writeln!(out, "direction = \"{direction}\"")?;
    write_budget(out, &study.budget)?;
    write_constraints(out, &study.constraints)?;
    for parameter in &study.space.params {
        writeln!(out, "\n[params.{}]", key(parameter.name.raw()))?;
        match &parameter.domain {
            Domain::Float { low, high, log, step } => {
                writeln!(out, "type = \"float\"\nlow  = {low:?}\nhigh = {high:?}")?;
                write_scale(out, *log, step.map(|s| format!("{s:?}")))?;
            }
            Domain::Int { low, high, log, step } => {
                writeln!(out, "type = \"int\"\nlow  = {low}\nhigh = {high}")?;
                write_scale(out, *log, (*step != 1).then(|| step.to_string()))?;
            }
            Domain::Categorical { choices } => {
                let choices: Vec<String> = choices.iter().map(choice).collect();
                writeln!(
                    out,
                    "type    = \"categorical\"\nchoices = [{}]",
                    choices.join(", ")
                )?;
            }
        }
        if let Some(activity) = &parameter.activity {
            write_activity(out, activity)?;
        }
    }
    Ok(())
}

/// `active = { scheduler = ["cosine"], layers = { min = 2 } }`.
fn write_activity(out: &mut String, activity: &Activity) -> std::fmt::Result {
    if activity.rules.is_empty() {
        return writeln!(
            out,
            "# Some trials have no value here, and no other parameter tells which. If one decides, say so:\n\
             # active = {{ NAME = [\"choice\"] }}"
        );
    }
    let mut parents: Vec<(&str, Vec<&When>)> = Vec::new();
    for rule in &activity.rules {
        match parents.iter_mut().find(|(name, _)| *name == rule.parent.raw()) {
            Some((_, list)) => list.push(&rule.when),
            None => parents.push((rule.parent.raw(), vec![&rule.when])),
        }
    }
    let words: Vec<String> = parents
        .iter()
        .map(|(name, list)| format!("{} = {}", key(name), condition(list)))
        .collect();
    let remark = if activity.inferred { "   # inferred" } else { "" };
    writeln!(out, "active = {{ {} }}{remark}", words.join(", "))
}

fn condition(list: &[&When]) -> String {
    if let [When::OneOf(values)] = list {
        let values: Vec<String> = values.iter().map(choice).collect();
        return format!("[{}]", values.join(", "));
    }
    let bounds: Vec<String> = list
        .iter()
        .filter_map(|when| match when {
            When::AtLeast(x) => Some(format!("min = {x}")),
            When::AtMost(x) => Some(format!("max = {x}")),
            When::OneOf(_) => None,
        })
        .collect();
    format!("{{ {} }}", bounds.join(", "))
}

fn write_constraints(out: &mut String, constraints: &[Constraint]) -> std::fmt::Result {
    if !constraints.is_empty() {
        writeln!(out, "\n[constraints]")?;
    }
    for c in constraints {
        writeln!(out, "{} = \"{} {:?}\"", key(c.name.raw()), c.sign(), c.bound)?;
    }
    Ok(())
}

fn write_budget(out: &mut String, budget: &Budget) -> std::fmt::Result {
    if *budget == Budget::default() {
        return Ok(());
    }
    writeln!(out, "\n[budget]")?;
    if let Some(trials) = budget.trials {
        writeln!(out, "trials = {trials}")?;
    }
    if let Some(seconds) = budget.seconds {
        writeln!(out, "time   = \"{seconds}s\"")?;
    }
    if let Some(target) = budget.target {
        writeln!(out, "target = {target:?}")?;
    }
    Ok(())
}

fn write_scale(out: &mut String, log: bool, step: Option<String>) -> std::fmt::Result {
    if log {
        writeln!(out, "log  = true")?;
    }
    if let Some(step) = step {
        writeln!(out, "step = {step}")?;
    }
    Ok(())
}

fn choice(value: &Value) -> String {
    match value {
        Value::Null | Value::Inactive => "{ null = true }".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(x) if x.is_nan() => "nan".to_owned(),
        Value::Float(x) => format!("{x:?}"),
        Value::Text(label) => quoted(label.raw()),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Every character that a terminal must not see goes as its code.
            c if crate::study::label::is_hostile(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_bare { name.to_owned() } else { quoted(name) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::SpaceFile;
    use super::*;
    use crate::study::{Label, Parameter};

    fn parse(text: &str) -> Result<SpaceFile, String> {
        SpaceFile::parse(text, Path::new("space.toml")).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        let domains = [
            Domain::Float {
                low: 1e-6,
                high: 1e-2,
                log: true,
                step: None,
            },
            Domain::Float {
                low: 0.0,
                high: 0.4,
                log: false,
                step: Some(0.05),
            },
            Domain::Int {
                low: 8,
                high: 64,
                log: false,
                step: 8,
            },
            Domain::Categorical {
                choices: vec![
                    Value::Null,
                    Value::Bool(true),
                    Value::Int(1),
                    Value::Float(0.5),
                    Value::Text("a \"b\"\\\u{1b}[31m\n".into()),
                ],
            },
        ];
        let mut study = Study::empty();
        study.name = Label::new("a \u{1b} b");
        study.budget = Budget {
            trials: Some(60),
            seconds: Some(28_800.0),
            target: Some(0.35),
        };
        study.space.params = domains
            .into_iter()
            .zip(["lr", "drop.out", "ba tch", "wähl"])
            .enumerate()
            .map(|(k, (domain, name))| Parameter::new(Label::new(name), k, domain).unwrap())
            .collect();
        let text = space_toml(&study);
        assert!(!text.contains('\u{1b}'), "{text}");
        let file = parse(&text).unwrap();
        assert_eq!(file.params, study.space.params, "{text}");
        assert_eq!(file.budget, study.budget);
        assert_eq!(file.name.as_deref(), Some(study.name.raw()));
        assert_eq!(file.direction, Some(Direction::Minimize));
    }

    #[test]
    fn the_example_of_the_manual_is_read() {
        let file = parse(
            "[study]\nname = \"finetune\"\nmetric = \"val_loss\"\ndirection = \"maximize\"\n\
             [budget]\ntrials = 60\ntime = \"8h\"\ntarget = 0.35\n\
             [params.learning_rate]\ntype = \"float\"\nlow = 1e-6\nhigh = 1e-2\nlog = true\n\
             [params.batch_size]\ntype = \"int\"\nlow = 8\nhigh = 64\nstep = 8\n\
             [params.a]\nchoices = [\"linear\", \"cosine\"]\n",
        )
        .unwrap();
        assert_eq!(file.budget.seconds, Some(28_800.0));
        let names: Vec<&str> = file.params.iter().map(|p| p.name.raw()).collect();
        assert_eq!(names, ["learning_rate", "batch_size", "a"]);
    }

    #[test]
    fn faults_have_a_line_a_name_and_advice() {
        for (text, parts) in [
            (
                "[study]\ndiretion = \"minimize\"",
                vec!["space.toml:2", "direction"],
            ),
            ("[studdy]\n", vec!["space.toml:1", "`study`"]),
            (
                "[params.lr]\ntype = \"float\"\nlow = 0\nhigh = 1\nlog = true",
                vec![":3", "lr", "log"],
            ),
            ("\n[params.lr]\ntype = \"flot\"", vec![":3", "lr", "\"float\""]),
            (
                "[params.n]\ntype = \"int\"\nlow = 0.5\nhigh = 4",
                vec![":3", "n", "whole"],
            ),
            (
                "[params.n]\ntype = \"int\"\nlow = 5\nhigh = 4",
                vec![":4", "n", "5"],
            ),
            ("[params.c]\nchoices = [\"a\", \"a\"]", vec![":2", "c", "twice"]),
            (
                "[params.lr]\ntype = \"float\"\nlow = 0.1\nhigh = 1.0\nlow = 0.2",
                vec![":5", "`low`", "twice"],
            ),
            (
                "[params.lr]\n[params.b]\n[params.lr]",
                vec![":3", "`lr`", "twice"],
            ),
            (
                "[params.n]\ntype = \"int\"\nlow = 1\nhigh = 8\nstep = 100",
                vec![":5", "n", "step 100", "range 1 … 8"],
            ),
            (
                "[params.n]\ntype = \"int\"\nlow = 1\nhigh = 99999999999999999999",
                vec![":4", "`high`", "2^53"],
            ),
            (
                "[params.n]\ntype = \"int\"\nlow = 1\nhigh = 9223372036854775807",
                vec![":4", "n", "2^53"],
            ),
            (
                "[params.c]\nchoices = [1, 99999999999999999999]",
                vec![":2", "c", "64 bits", "quotes"],
            ),
            (
                "[params.lr]\ntype = \"float\"\nlow = nan\nhigh = 1.0",
                vec![":3", "lr", "NaN", "finite"],
            ),
            (
                "[params.lr]\ntype = \"float\"\nlow = 0.0\nhigh = inf",
                vec![":4", "lr", "inf", "finite"],
            ),
            (
                "[params.n]\ntype = \"int\"\nlow = -inf\nhigh = 4",
                vec![":3", "n", "whole number"],
            ),
            (
                "[params.lr]\ntype = \"float\"\nlow = 2.0\nhigh = 1.0",
                vec![":4", "lr", "low < high"],
            ),
            (
                "[params.lr]\ntype = \"float\"\nhigh = 1\nlow = -1e-3\nlog = true",
                vec![":4", "lr", "above 0"],
            ),
            (
                "[params.c]\ntype = \"categorical\"\nchoices = []",
                vec![":3", "c", "at least one"],
            ),
            (
                "[params.lr]\ntype = \"float\"\nlow = 0.0\nhigh = 1.0\nstep = 0",
                vec![":5", "lr", "step above 0"],
            ),
            ("[params.c]\ntype = \"categorical\"", vec![":1", "choices"]),
            ("[budget]\ntime = \"soon\"", vec![":2", "8h"]),
            ("[budget]\n\ntrials = -1", vec![":3", "trials"]),
            ("x = [", vec![":1"]),
        ] {
            let error = parse(text).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{error:?} for {text:?} lacks {part:?}");
            }
        }
    }
}
