//! The parameters of one study, as its trials bring them up.

use std::collections::HashMap;
use std::sync::Arc;

use crate::study::{Diagnostic, Domain, Label, Parameter, Space};

use super::distribution::{Distribution, union};

/// Parameter names in the order of appearance, with what their trials said of them.
#[derive(Debug, Default)]
pub struct Columns {
    pub names: Vec<Label>,
    of: HashMap<Box<str>, usize>,
    seen: Vec<Seen>,
}

/// What is known of one column.
#[derive(Debug, Default)]
struct Seen {
    /// The union of the domains, where it has one.
    domain: Option<Domain>,
    /// The distribution that came last: nearly always the same one again.
    last: Option<Arc<Distribution>>,
}

impl Columns {
    /// The column of a name; a new one where there is none.
    pub fn column(&mut self, name: &str) -> usize {
        if let Some(column) = self.of.get(name) {
            return *column;
        }
        let column = self.names.len();
        self.names.push(Label::new(name));
        self.of.insert(name.into(), column);
        self.seen.push(Seen::default());
        column
    }

    /// A trial used `distribution`.
    pub fn note(&mut self, column: usize, distribution: &Arc<Distribution>) {
        let Some(seen) = self.seen.get_mut(column) else {
            return;
        };
        if seen
            .last
            .as_ref()
            .is_some_and(|last| Arc::ptr_eq(last, distribution))
        {
            return;
        }
        seen.last = Some(Arc::clone(distribution));
        seen.domain = Some(match seen.domain.take() {
            Some(old) if old == distribution.domain => old,
            Some(old) => union(&old, &distribution.domain),
            None => distribution.domain.clone(),
        });
    }

    /// The search space so far. What is only queued has no range yet: a note says so.
    pub fn space(&self, notes: &mut Vec<String>, warnings: &mut Vec<Diagnostic>) -> Space {
        let mut space = Space::default();
        for (column, (name, seen)) in self.names.iter().zip(&self.seen).enumerate() {
            let Some(domain) = &seen.domain else {
                notes.push(format!(
                    "parameter {name} is only in queued trials so far: its range is not known yet."
                ));
                continue;
            };
            match Parameter::new(name.clone(), column, domain.clone()) {
                Ok(parameter) => space.params.push(parameter),
                Err(error) => warnings.push(Diagnostic {
                    line: None,
                    message: format!("{error}; the parameter is left out of the space."),
                }),
            }
        }
        space
    }
}
