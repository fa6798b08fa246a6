//! What all storages of Optuna have in common, whether a journal or a database: distributions, the columns of a
//! study, and what a trial is going to run before it says so.

pub mod columns;
pub mod distribution;
pub mod proposal;
pub mod rdb;
