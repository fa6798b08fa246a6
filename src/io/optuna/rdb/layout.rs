//! Which of the tables and columns there are: they changed with the versions of Optuna.

use std::collections::HashSet;

use super::super::super::database::{Connection, DatabaseError, Dialect, first};

/// What the tables of a storage look like. All of it is found out by looking, for the version that a storage
/// notes is that of its creator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    columns: HashSet<(String, String)>,
    /// The version of Optuna that created the storage.
    pub library: Option<String>,
}

impl Layout {
    /// The layout; `None` where these are not Optuna's tables.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub fn of(connection: &mut dyn Connection) -> Result<Option<Self>, DatabaseError> {
        let sql = match connection.dialect() {
            Dialect::Sqlite => {
                "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            }
            Dialect::Postgres => {
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
                 AND pg_table_is_visible(c.oid) AND c.relname IN ('studies', 'study_directions', 'trials', \
                 'trial_params', 'trial_values', 'trial_intermediate_values', 'trial_heartbeats', 'version_info')"
            }
            Dialect::Mysql => {
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            }
        };
        let mut layout = Self::default();
        connection.each(sql, &[], &mut |row| {
            if let [table, column] = row
                && let (Some(table), Some(column)) = (table.as_text(), column.as_text())
            {
                layout.columns.insert((table.to_owned(), column.to_owned()));
            }
        })?;
        let is_optuna = layout.has("studies", "study_name")
            && layout.has("trials", "study_id")
            && layout.has("trial_params", "distribution_json");
        if !is_optuna {
            return Ok(None);
        }
        if layout.has("version_info", "library_version") {
            let sql = "SELECT library_version FROM version_info";
            layout.library = first(connection, sql, &[], |row| {
                Some(row.first()?.as_text()?.to_owned())
            })?;
        }
        Ok(Some(layout))
    }

    #[must_use]
    pub fn has(&self, table: &str, column: &str) -> bool {
        self.columns.contains(&(table.to_owned(), column.to_owned()))
    }

    /// Whether a study has a list of directions (since 2.4), not just one.
    #[must_use]
    pub fn has_directions(&self) -> bool {
        self.has("study_directions", "objective")
    }

    /// Whether objective values have a table (since 2.4), not just a column of `trials`.
    #[must_use]
    pub fn has_values(&self) -> bool {
        self.has("trial_values", "objective")
    }

    /// Whether Rustuna has been here; its workers do not take waiting trials.
    #[must_use]
    pub fn has_rustuna(&self) -> bool {
        self.has("trials", "discarded_at")
    }

    /// The condition on `trials` that leaves out those that Rustuna has discarded.
    #[must_use]
    pub fn living(&self) -> &'static str {
        if self.has_rustuna() {
            "discarded_at IS NULL"
        } else {
            "1 = 1"
        }
    }

    /// Where the intermediate values are: table, its column of the value, and that of its kind.
    #[must_use]
    pub fn intermediate(&self) -> (&'static str, &'static str, Option<&'static str>) {
        let kind = "intermediate_value_type";
        if self.has("trial_intermediate_values", "intermediate_value") {
            let kind = self.has("trial_intermediate_values", kind).then_some(kind);
            ("trial_intermediate_values", "intermediate_value", kind)
        } else {
            ("trial_values", "value", None)
        }
    }

    /// The major version of the Optuna that created the storage.
    #[must_use]
    pub fn major(&self) -> Option<u32> {
        self.library.as_ref()?.split('.').next()?.parse().ok()
    }
}
