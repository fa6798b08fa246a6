//! tunescope: a terminal explorer for Bayesian hyperparameter optimisation.

pub mod analysis;
pub mod session;
pub mod study;
