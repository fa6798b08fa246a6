//! The trial table: which rows, in which order, and where the cursor is.

use std::cmp::Ordering;

use crate::study::{Study, Trial};

use super::filter::Filter;
use super::model::SortKey;

/// State of the trial table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Sort key and whether descending; missing values always come last.
    pub sort: SortKey,
    pub descending: bool,
    /// The filter as typed; empty: none. Already valid.
    pub filter: String,
    /// Columns that are hidden (indices into `Study::columns`).
    pub hidden: Vec<usize>,
    /// Indices into `Study::trials`, filtered and sorted.
    pub rows: Vec<usize>,
    /// The selected trial (an index into `Study::trials`); it stays selected while rows move.
    pub selected: Option<usize>,
    /// First row drawn, an index into `rows`.
    pub offset: usize,
    /// First parameter column drawn.
    pub column_offset: usize,
    /// Whether the cursor follows the newest trial.
    pub follow: bool,
    /// Text searched for; empty: none.
    pub search: String,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            sort: SortKey::Order,
            descending: true,
            filter: String::new(),
            hidden: Vec::new(),
            rows: Vec::new(),
            selected: None,
            offset: 0,
            column_offset: 0,
            follow: true,
            search: String::new(),
        }
    }
}

impl Table {
    /// Position of the selected trial in `rows`.
    #[must_use]
    pub fn cursor(&self) -> Option<usize> {
        self.selected
            .and_then(|trial| self.rows.iter().position(|r| *r == trial))
    }
}

/// Filters and sorts the trials of a study; ties keep the order of the source, missing values come last.
#[must_use]
pub fn rows(study: &Study, filter: &Filter, sort: SortKey, descending: bool) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..study.trials.len())
        .filter(|i| filter.matches(&study.trials[*i], study))
        .collect();
    let compare = |a: &usize, b: &usize| -> Ordering {
        let (ta, tb) = (&study.trials[*a], &study.trials[*b]);
        let ordered = |x: Ordering| if descending { x.reverse() } else { x };
        match sort {
            SortKey::Order => ordered(a.cmp(b)),
            SortKey::State => ordered(ta.state.cmp(&tb.state)).then(a.cmp(b)),
            SortKey::Value => {
                missing_last(ta.values.first().copied(), tb.values.first().copied(), descending)
                    .then(a.cmp(b))
            }
            SortKey::Constraint(at) => {
                let of = |t: &Trial| study.constraints.get(at).and_then(|c| c.of(t));
                missing_last(of(ta), of(tb), descending).then(a.cmp(b))
            }
            SortKey::Seconds => missing_last(ta.seconds, tb.seconds, descending).then(a.cmp(b)),
            SortKey::Column(c) => match (ta.param(c), tb.param(c)) {
                (Some(va), Some(vb)) => match (va.as_f64(), vb.as_f64()) {
                    (Some(x), Some(y)) => ordered(x.total_cmp(&y)),
                    _ => ordered(va.to_string().cmp(&vb.to_string())),
                },
                (None, None) => Ordering::Equal,
                (a, _) => {
                    if a.is_none() {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    }
                }
            }
            .then(a.cmp(b)),
        }
    };
    rows.sort_by(compare);
    rows
}

fn missing_last(a: Option<f64>, b: Option<f64>, descending: bool) -> Ordering {
    match (a.filter(|x| !x.is_nan()), b.filter(|x| !x.is_nan())) {
        (Some(x), Some(y)) if descending => y.total_cmp(&x),
        (Some(x), Some(y)) => x.total_cmp(&y),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Constraint, Place, TrialId, TrialState};
    use std::sync::Arc;

    #[test]
    fn missing_values_come_last_in_both_directions() {
        let mut study = Study::empty();
        for v in [Some(2.0), None, Some(1.0), Some(f64::NAN), Some(3.0)] {
            study.trials.push(Arc::new(Trial {
                state: TrialState::Complete,
                values: v.into_iter().collect(),
                ..Trial::new(TrialId::Number(0))
            }));
        }
        let all = Filter::And(Vec::new());
        assert_eq!(rows(&study, &all, SortKey::Value, false), [2, 0, 4, 1, 3]);
        assert_eq!(rows(&study, &all, SortKey::Value, true), [4, 0, 2, 1, 3]);
    }

    #[test]
    fn rows_are_sorted_by_what_is_constrained() {
        let mut study = Study::empty();
        study.constraints = vec![Constraint {
            place: Place::Told(0),
            ..Constraint::parse("peak_gb<=24").unwrap()
        }];
        for told in [vec![30.0], vec![], vec![12.0]] {
            study.trials.push(Arc::new(Trial {
                constraints: told.into(),
                ..Trial::new(TrialId::Number(0))
            }));
        }
        let all = Filter::And(Vec::new());
        assert_eq!(rows(&study, &all, SortKey::Constraint(0), false), [2, 0, 1]);
        assert_eq!(rows(&study, &all, SortKey::Constraint(0), true), [0, 2, 1]);
    }
}
