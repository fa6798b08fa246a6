//! The loop: suggest, run a command, record, until the budget ends.
//!
//! [`machine`] decides (events in, effects out, nothing else), [`drive`] carries out: it takes accepted
//! configurations from the queue, asks the model ([`propose`]), writes the results file, and starts for each
//! attempt a [`keeper`], a small process of its own that outlives the loop. [`follow`] reads what a command
//! says ([`output`]), [`recover`] finds out after a kill what became of the attempts that were under way
//! ([`place`] has their records).

pub mod command;
pub mod drive;
pub mod error;
pub mod follow;
pub mod keeper;
pub mod machine;
pub mod output;
pub mod place;
pub mod propose;
pub mod recover;
pub mod state;

pub use command::Template;
pub use drive::{Control, Settings, Told, run};
pub use error::RunError;
pub use machine::{End, Rules};
