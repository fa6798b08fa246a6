//! The edge to files and processes: what is read, watched and written.
//!
//! | rooms | what for |
//! |---|---|
//! | [`source`], [`sources`] | what a kind of results file is; the kinds |
//! | [`reader`], [`merged`] | one source, or several as one, from its bytes to a study, again whenever it changes |
//! | [`tail`], [`pipe`], [`document`], [`watch`] | new bytes of a growing file, of a pipe, of a file written whole; when to look |
//! | [`database`], [`optuna`] | databases of others; what all storages of Optuna have in common |
//! | [`table`], [`cells`], [`names`], [`infer`] | trials from rows with named cells: what a name means, what a space must be |
//! | [`encoding`], [`json`], [`scalar`], [`time`], [`strange`] | bytes to text, to values; what is no results file at all |
//! | [`space_file`], `constraints` | what a person says about a source, and where it has that |
//! | [`delivery`], [`told`], [`results`] | what is written: decisions, trials by hand, the rows of the loop |
//! | [`report`], [`doctor`] | what was read, and what is wrong with it |
//! | [`kept`], [`games`], [`progress`] | what outlives the program: decisions, games, lessons |

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
