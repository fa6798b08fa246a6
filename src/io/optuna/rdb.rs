//! Optuna's tables (`RDBStorage`), the same in SQLite, PostgreSQL and MySQL, of every version since 0.9.
//!
//! [`layout`] finds out which version wrote them, [`listing`] which studies there are, [`rows`] gets what is new
//! of one study, [`reading`] makes trials of it, and [`zone`] says what its times without zone mean.

pub mod layout;
pub mod listing;
pub mod reading;
pub mod rows;
pub mod zone;
