//! What Ax optimizes: one metric, several, or a weighted sum of some.

use crate::study::Direction;

use super::super::super::json::tree::Json;

/// One objective, as a sum of weighted metrics; mostly of one, and then its weight is left out of its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The metric, or the sum as it is written.
    pub name: String,
    pub direction: Direction,
    pub terms: Vec<(f64, String)>,
}

impl Objective {
    fn of_one(name: &str, direction: Direction) -> Self {
        Self {
            name: name.to_owned(),
            direction,
            terms: vec![(1.0, name.to_owned())],
        }
    }

    /// Whether it is more than a metric by itself.
    pub fn is_sum(&self) -> bool {
        self.terms.len() > 1
    }

    /// The sum over the metrics, where all are known.
    pub fn value(&self, of: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        self.terms
            .iter()
            .map(|(weight, name)| Some(weight * of(name)?))
            .sum()
    }
}

/// The objectives of an experiment; `notes` takes what is not understood.
pub fn objectives(experiment: &Json, notes: &mut Vec<String>) -> Vec<Objective> {
    let mut found = Vec::new();
    one(
        experiment.at("optimization_config").at("objective"),
        &mut found,
        notes,
    );
    found
}

/// An objective, or several within one; old versions hold metrics, new ones an expression (`-val_loss, acc`).
fn one(objective: &Json, found: &mut Vec<Objective>, notes: &mut Vec<String>) {
    for inner in objective.at("objectives").items() {
        one(inner, found, notes);
    }
    let direction = |lower: Option<bool>| match objective.at("minimize").as_bool().or(lower) {
        Some(true) => Direction::Minimize,
        _ => Direction::Maximize,
    };
    if let Some(sum) = weighted(objective, direction(None)) {
        found.push(sum);
        return;
    }
    for metric in std::iter::once(objective.at("metric")).chain(objective.at("metrics").items()) {
        if let Some(name) = metric.at("name").as_text() {
            found.push(Objective::of_one(
                name,
                direction(metric.at("lower_is_better").as_bool()),
            ));
        }
    }
    let Some(expression) = objective.at("expression").as_text() else {
        return;
    };
    for part in expression.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        match sum(part) {
            Some(objective) => found.push(objective),
            None => notes.push(format!(
                "the objective {part} is no sum of weighted metrics; --metric and --direction choose one."
            )),
        }
    }
}

/// A `ScalarizedObjective` of old versions: metrics with their weights beside them.
fn weighted(objective: &Json, direction: Direction) -> Option<Objective> {
    let names: Option<Vec<&str>> = objective
        .at("metrics")
        .items()
        .iter()
        .map(|m| m.at("name").as_text())
        .collect();
    let weights: Option<Vec<f64>> = objective.at("weights").items().iter().map(Json::as_f64).collect();
    let (names, weights) = (names?, weights?);
    if names.len() < 2 || names.len() != weights.len() {
        return None;
    }
    let terms: Vec<(f64, String)> = weights
        .into_iter()
        .zip(names.into_iter().map(str::to_owned))
        .collect();
    let mut name = String::new();
    for (weight, metric) in &terms {
        let sign = match (name.is_empty(), *weight < 0.0) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        let factor = match weight.abs() {
            1.0 => String::new(),
            weight => format!("{weight}*"),
        };
        name += &format!("{sign}{factor}{metric}");
    }
    Some(Objective {
        name,
        direction,
        terms,
    })
}

/// `2*acc - 0.5*cost`, which Ax always maximizes: a metric by itself is minimized where its weight is negative.
fn sum(expression: &str) -> Option<Objective> {
    let mut terms: Vec<(f64, String)> = Vec::new();
    let mut rest = expression;
    while !rest.trim().is_empty() {
        let (weight, name, after) = term(rest, terms.is_empty())?;
        terms.push((weight, name));
        rest = after;
    }
    match terms.as_slice() {
        [] => None,
        [(weight, name)] if *weight < 0.0 => Some(Objective::of_one(name, Direction::Minimize)),
        [(_, name)] => Some(Objective::of_one(name, Direction::Maximize)),
        _ => Some(Objective {
            name: expression.to_owned(),
            direction: Direction::Maximize,
            terms,
        }),
    }
}

/// One term with its sign, and what comes after it. A name may hold dots, slashes and dashes, as Ax lets it.
fn term(text: &str, is_first: bool) -> Option<(f64, String, &str)> {
    let text = text.trim_start();
    let (sign, text) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (-1.0, rest),
        (_, Some(rest)) => (1.0, rest),
        _ if is_first => (1.0, text),
        _ => return None,
    };
    let end = text
        .char_indices()
        .skip(1)
        .find(|(i, c)| {
            let is_sign = matches!(c, '+' | '-');
            let is_spaced = text.get(..*i).is_some_and(|before| before.ends_with(' '));
            let is_whole = text.get(..*i).is_some_and(|before| !before.trim().is_empty());
            is_sign && is_spaced && is_whole
        })
        .map_or(text.len(), |(i, _)| i);
    let (own, after) = text.split_at_checked(end)?;
    let mut weight = sign;
    let mut name = None;
    for factor in own.split('*').map(str::trim) {
        let inner = factor.strip_prefix('(').and_then(|f| f.strip_suffix(')'));
        let factor = inner.unwrap_or(factor).trim();
        match factor.parse::<f64>() {
            Ok(number) if number.is_finite() => weight *= number,
            _ if name.is_none() && !factor.is_empty() && !factor.contains([' ', '(', ')']) => {
                name = Some(factor.to_owned());
            }
            _ => return None,
        }
    }
    Some((weight, name?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Vec<Objective>, Vec<String>) {
        let mut notes = Vec::new();
        let found = objectives(&Json::parse(text.as_bytes()).unwrap(), &mut notes);
        (found, notes)
    }

    fn written(expression: &str) -> Vec<Objective> {
        of(&format!(
            r#"{{"optimization_config": {{"objective": {{"expression": "{expression}"}}}}}}"#
        ))
        .0
    }

    #[test]
    fn objectives_are_read_in_every_dialect() {
        let one = |name: &str, direction| Objective::of_one(name, direction);
        assert_eq!(written("-val_loss"), [one("val_loss", Direction::Minimize)]);
        assert_eq!(written("-0.5*loss"), [one("loss", Direction::Minimize)]);
        assert_eq!(written("1.0*(val/acc)"), [one("val/acc", Direction::Maximize)]);
        assert_eq!(
            written("acc, -latency"),
            [
                one("acc", Direction::Maximize),
                one("latency", Direction::Minimize)
            ]
        );
        let (old, _) = of(
            r#"{"optimization_config": {"objective": {"__type": "MultiObjective", "objectives": [
            {"metric": {"name": "a", "lower_is_better": true}, "minimize": true},
            {"metric": {"name": "b"}, "minimize": false}]}}}"#,
        );
        assert_eq!(
            old,
            [one("a", Direction::Minimize), one("b", Direction::Maximize)]
        );
    }

    #[test]
    fn a_sum_of_metrics_is_one_objective() {
        let sums = written("acc - 2*cost + 1e-3*size");
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[0].direction, Direction::Maximize);
        let metric = |name: &str| match name {
            "acc" => Some(0.75),
            "cost" => Some(0.25),
            "size" => Some(500.0),
            _ => None,
        };
        assert_eq!(sums[0].value(metric), Some(0.75));
        assert_eq!(sums[0].value(|name| (name != "size").then_some(1.0)), None);
        let (old, _) = of(
            r#"{"optimization_config": {"objective": {"__type": "ScalarizedObjective", "minimize": true,
            "metrics": [{"name": "loss"}, {"name": "size"}], "weights": [1.0, -0.5]}}}"#,
        );
        assert_eq!((old.len(), old[0].name.as_str()), (1, "loss - 0.5*size"));
        assert_eq!(old[0].direction, Direction::Minimize);
    }

    #[test]
    fn what_is_no_sum_is_said_to_be_none() {
        for expression in ["acc * cost", "2", "acc cost", "-(a + b)"] {
            let (found, notes) = of(&format!(
                r#"{{"optimization_config": {{"objective": {{"expression": "{expression}"}}}}}}"#
            ));
            assert!(found.is_empty(), "{expression} {found:?}");
            assert!(notes[0].contains(expression), "{notes:?}");
        }
    }
}
