//! The edge to files and processes: what is read, watched and written.
//!
//! `source` says what a kind of results file is and `sources` lists the kinds; `reader` follows one file
//! (through `tail`, or `pipe`) and makes a study of it; `watch` says when to look again.

pub mod cells;
mod constraints;
pub mod database;
pub mod delivery;
pub mod doctor;
pub mod document;
pub mod encoding;
pub mod error;
pub mod games;
pub mod infer;
pub mod json;
pub mod kept;
pub mod merged;
pub mod names;
pub mod optuna;
pub mod pipe;
pub mod progress;
pub mod reader;
pub mod report;
pub mod results;
pub mod scalar;
pub mod source;
pub mod sources;
pub mod space_file;
pub mod strange;
pub mod table;
pub mod tail;
pub mod time;
pub mod told;
pub mod watch;

pub use error::ReadError;
pub use reader::{Change, Progress, Reader, read_once};
pub use report::{TrialsReport, trials_csv, trials_jsonl, trials_report};
pub use source::{ReadOptions, StudyEntry};
pub use space_file::{SpaceFile, space_toml};
pub use watch::{Pace, Sign, Watch};
