//! Which columns are measurements: by where they stand, by their names, and by when they have values.

use crate::study::TrialState;

use super::super::names::{self, Role};
use super::{Group, Table};

impl Table {
    /// For each column, whether it is a measurement.
    pub(super) fn measured(&self) -> Vec<bool> {
        let mut measured: Vec<bool> = self
            .columns
            .iter()
            .map(|c| c.group == Group::Metric || c.group == Group::Plain && names::is_metric(c.name.raw()))
            .collect();
        for i in self.measured_by_rows() {
            if let Some(slot) = measured.get_mut(i) {
                *slot = true;
            }
        }
        measured
    }

    /// Columns without a telling name that have a number in every complete row and none in those that are said to be
    /// something else, where another column has a value all the same: parameters are there before a trial runs, and
    /// stay where it fails, results are not.
    fn measured_by_rows(&self) -> Vec<usize> {
        let is_open = |state| state != TrialState::Complete;
        let mut counts = vec![(0usize, 0usize); self.columns.len()];
        let (mut open, mut complete) = (0, 0);
        // The open ones first: mostly there are none, or each has a value in every column.
        for row in self.rows.iter().filter(|row| row.state.is_some_and(is_open)) {
            open += 1;
            for (count, cell) in counts.iter_mut().zip(&row.cells) {
                count.0 += usize::from(cell.is_some());
            }
        }
        let is_given = |i: usize| counts.get(i).is_some_and(|(in_open, _)| *in_open == open);
        let suspects: Vec<usize> = (self.columns.iter().enumerate())
            .filter(|(i, c)| {
                let is_free = c.group == Group::Plain && names::role(c.name.raw()) == Role::Other;
                let is_absent = counts.get(*i).is_some_and(|(in_open, _)| *in_open == 0);
                is_free && is_absent && c.seen().is_numeric() && c.seen().has_numbers()
            })
            .map(|(i, _)| i)
            .collect();
        let has_given = (self.columns.iter().enumerate())
            .any(|(i, c)| is_given(i) && c.group == Group::Plain && names::role(c.name.raw()) == Role::Other);
        if open == 0 || suspects.is_empty() || !has_given {
            return Vec::new();
        }
        for row in self
            .rows
            .iter()
            .filter(|row| row.state == Some(TrialState::Complete))
        {
            complete += 1;
            for (count, cell) in counts.iter_mut().zip(&row.cells) {
                count.1 += usize::from(cell.is_some());
            }
        }
        let is_whole = |i: &usize| {
            counts
                .get(*i)
                .is_some_and(|(_, in_complete)| *in_complete == complete)
        };
        suspects
            .into_iter()
            .filter(|i| complete > 1 && is_whole(i))
            .collect()
    }
}
