//! What all storages of Optuna have in common, whether a journal or a database: distributions, the columns of a
//! study, attributes, and what a trial is going to run before it says so.

pub mod attribute;
pub mod columns;
pub mod constraints;
pub mod distribution;
pub mod journal;
pub mod proposal;
pub mod rdb;

/// What is said of a storage that Rustuna writes.
pub const RUSTUNA: &str = "Rustuna writes here; its workers take trials from a queue of their own, so nothing can be \
                           delivered to them through this storage.";
