//! tunescope: a terminal explorer for Bayesian hyperparameter optimisation.

pub mod acquisition;
pub mod analysis;
pub mod cli;
pub mod config;
pub mod demo;
pub mod gp;
pub mod io;
pub mod keymap;
pub mod language;
pub mod learn;
pub mod run;
pub mod runtime;
pub mod session;
pub mod study;
pub mod ui;
