//! `active`: when a parameter takes part.
//!
//! A table of other parameters, all of which must agree: `active = { scheduler = ["cosine", "linear"] }`, one value
//! without the brackets, or `{ min = 2 }` and `{ max = 4 }` for numbers.

use toml::Spanned;
use toml::de::DeValue;

use super::{Parsed, choice, fault, in_order, number, unknown};
use crate::study::{Activity, Domain, Label, Parameter, Rule, When};

/// The value of `active`.
pub(super) fn read(name: &Label, value: &Spanned<DeValue<'_>>) -> Parsed<Activity> {
    let Some(table) = value.get_ref().as_table().filter(|t| !t.is_empty()) else {
        return fault(
            value.span(),
            format!(
                "parameter {name}: `active` names another parameter and its values, such as \
                 {{ scheduler = [\"cosine\", \"linear\"] }} or {{ layers = {{ min = 2 }} }}"
            ),
        );
    };
    let mut activity = Activity::default();
    for (parent, value) in in_order(table) {
        for when in conditions(name, value)? {
            let parent = Label::new(parent.get_ref());
            activity.rules.push(Rule { parent, when });
        }
    }
    Ok(activity)
}

fn conditions(name: &Label, value: &Spanned<DeValue<'_>>) -> Parsed<Vec<When>> {
    if let Some(one) = choice(value) {
        return Ok(vec![When::OneOf(vec![one])]);
    }
    if let Some(list) = value.get_ref().as_array() {
        let values: Option<Vec<_>> = list.iter().map(choice).collect();
        if let Some(values) = values.filter(|v| !v.is_empty()) {
            return Ok(vec![When::OneOf(values)]);
        }
    }
    let Some(table) = value.get_ref().as_table().filter(|t| !t.is_empty()) else {
        return fault(
            value.span(),
            format!("parameter {name}: `active` wants a value, a list of values, or {{ min = …, max = … }}"),
        );
    };
    let mut found = Vec::new();
    for (key, value) in in_order(table) {
        let Some(x) = number(value).filter(|x| x.is_finite()) else {
            return fault(
                value.span(),
                format!("parameter {name}: `{}` is a number", key.get_ref()),
            );
        };
        match key.get_ref().as_ref() {
            "min" => found.push(When::AtLeast(x)),
            "max" => found.push(When::AtMost(x)),
            _ => unknown(key, &["min", "max"], &format!("`active` of parameter {name}"))?,
        }
    }
    Ok(found)
}

/// Whether the rules of parameter `i` name others that can decide, and none in a circle; why not.
pub(super) fn check(params: &[Parameter], i: usize) -> Result<(), String> {
    let Some((p, activity)) = params.get(i).and_then(|p| Some((p, p.activity.as_ref()?))) else {
        return Ok(());
    };
    for rule in &activity.rules {
        let Some(parent) = params.iter().find(|q| q.name == rule.parent) else {
            return Err(format!(
                "parameter {}: `active` names {}, which is no parameter of this file",
                p.name, rule.parent
            ));
        };
        match (&rule.when, &parent.domain) {
            (When::OneOf(values), Domain::Categorical { choices }) => {
                if let Some(odd) = values.iter().find(|v| !choices.contains(v)) {
                    return Err(format!(
                        "parameter {}: `active` names {odd}, which is no choice of {}",
                        p.name, parent.name
                    ));
                }
            }
            (When::AtLeast(_) | When::AtMost(_), Domain::Categorical { .. }) => {
                return Err(format!(
                    "parameter {}: {} is categorical; `active` wants a list of its choices",
                    p.name, parent.name
                ));
            }
            (_, Domain::Float { .. } | Domain::Int { .. }) => {}
        }
    }
    if goes_round(params, i) {
        return Err(format!(
            "parameter {}: `active` goes round in a circle; one of the parameters must be free of it",
            p.name
        ));
    }
    Ok(())
}

fn goes_round(params: &[Parameter], start: usize) -> bool {
    let mut reached = vec![start];
    let mut at = 0;
    while let Some(&i) = reached.get(at) {
        at += 1;
        let rules = params
            .get(i)
            .and_then(|p| p.activity.as_ref())
            .map_or(&[][..], |a| &a.rules);
        for rule in rules {
            let Some(k) = params.iter().position(|q| q.name == rule.parent) else {
                continue;
            };
            if k == start {
                return true;
            }
            if !reached.contains(&k) {
                reached.push(k);
            }
        }
    }
    false
}
