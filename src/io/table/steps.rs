//! Rows that are steps of a trial without a name: those with the same parameters, step after step.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::study::Value;

use super::{Group, Row, Table};

impl Table {
    /// The trial without a name that a row without one continues: one with the same parameters whose last step was
    /// before. A step that does not rise begins another trial.
    pub(super) fn continued(&mut self, row: &Row) -> Option<usize> {
        let step = row.step?;
        let key = self.settings(row)?;
        let next = self.rows.len();
        let index = self.unnamed.get(&key).copied();
        let index = index.filter(|i| {
            self.rows
                .get(*i)
                .is_some_and(|old| old.is_anonymous && old.step.is_some_and(|last| last < step))
        });
        if index.is_none() {
            self.unnamed.insert(key, next);
        }
        index
    }

    /// A hash of the parameters of a row, as far as names tell which they are. Where there are none at all, rows with
    /// steps are the learning curve of a single run; `None` where only this row has none.
    fn settings(&self, row: &Row) -> Option<u64> {
        let has_settings = self.columns.iter().any(|c| c.is_setting);
        let has_params = self.columns.iter().any(|c| c.group == Group::Param);
        let mut hasher = DefaultHasher::new();
        row.label.hash(&mut hasher);
        let mut count = 0;
        for (i, (column, cell)) in self.columns.iter().zip(&row.cells).enumerate() {
            let Some(value) = cell else { continue };
            let is_setting = column.is_setting && (!has_params || column.group == Group::Param);
            if !is_setting {
                continue;
            }
            count += 1;
            i.hash(&mut hasher);
            match value {
                Value::Text(text) => text.raw().hash(&mut hasher),
                Value::Bool(b) => b.hash(&mut hasher),
                Value::Null | Value::Inactive => 0u8.hash(&mut hasher),
                value => value.as_f64().map(f64::to_bits).hash(&mut hasher),
            }
        }
        (count > 0 || !has_settings).then(|| hasher.finish())
    }
}
