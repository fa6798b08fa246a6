//! tunescope: a terminal explorer for Bayesian hyperparameter optimisation.

pub mod analysis;
pub mod study;
