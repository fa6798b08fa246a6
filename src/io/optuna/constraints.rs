//! The constraints that trials of a study told of: `constraints:<name>` since Optuna 5, a list under `constraints`
//! before. A trial satisfies one where its number is at most 0.

use crate::study::{Constraint, Label, Place, Side};

use super::super::json::{Node, elements};

/// More numbers than this under `constraints` are no list of them.
const MOST: usize = 64;

/// The constraints of a study, in the order in which they were first told.
#[derive(Clone, Debug, Default)]
pub struct Constraints {
    list: Vec<Constraint>,
}

impl Constraints {
    /// The constraints, as a study has them.
    #[must_use]
    pub fn list(&self) -> &[Constraint] {
        &self.list
    }

    /// Whether a system attribute of this name tells of a constraint.
    #[must_use]
    pub fn is_told_by(key: &str) -> bool {
        key == "constraints" || key.starts_with("constraints:")
    }

    /// Takes what a system attribute of a trial tells into its numbers (`Trial::constraints`).
    pub fn note(&mut self, told: &mut Box<[f64]>, key: &str, node: &Node<'_>) {
        if let Some(name) = key.strip_prefix("constraints:") {
            if let Some(value) = node.as_f64() {
                self.put(told, name, value);
            }
            return;
        }
        let ("constraints", Node::Array(bytes)) = (key, node) else {
            return;
        };
        for (k, node) in elements(bytes).unwrap_or_default().iter().take(MOST).enumerate() {
            if let Some(value) = node.as_f64() {
                self.put(told, &format!("constraint {k}"), value);
            }
        }
    }

    fn put(&mut self, told: &mut Box<[f64]>, name: &str, value: f64) {
        let at = self.list.iter().position(|c| c.name == *name).unwrap_or_else(|| {
            let at = self.list.len();
            self.list.push(Constraint {
                name: Label::new(name),
                side: Side::AtMost,
                bound: 0.0,
                place: Place::Told(at),
            });
            at
        });
        if told.len() <= at {
            let mut longer = std::mem::take(told).into_vec();
            longer.resize(at + 1, f64::NAN);
            *told = longer.into();
        }
        if let Some(slot) = told.get_mut(at) {
            *slot = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::json::Cursor;
    use super::*;

    #[test]
    fn both_dialects_are_told_apart_by_name_and_what_is_missing_is_not_told() {
        let mut constraints = Constraints::default();
        let mut first = Box::default();
        let mut second = Box::default();
        let mut note = |told: &mut Box<[f64]>, key: &str, json: &str| {
            constraints.note(told, key, &Cursor::new(json.as_bytes()).value().unwrap());
        };
        note(&mut first, "constraints", "[-0.5, 2]");
        note(&mut first, "constraints", "null");
        note(&mut second, "constraints:memory", "0.25");
        note(&mut second, "constraints:memory", "0.5");
        assert_eq!(*first, [-0.5, 2.0]);
        assert!(second[0].is_nan() && second[1].is_nan() && second[2] == 0.5);
        let shown: Vec<String> = constraints.list().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["constraint 0 ≤ 0", "constraint 1 ≤ 0", "memory ≤ 0"]);
    }
}
