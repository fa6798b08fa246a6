//! The edge where the pure core meets threads, signals and a real terminal.

pub mod backend;
pub mod clerk;
pub mod clipboard;
pub mod color;
pub mod demo;
pub mod input;
pub mod keeper;
pub mod modes;
pub mod panic;
pub mod picture;
pub mod reading;
pub mod run;
pub mod signals;
pub mod terminal;
pub mod worker;
