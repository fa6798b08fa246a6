//! Settings: the command line over the settings file over the defaults.
//!
//! The file is read strictly: an unknown key or name is refused with its place and the nearest valid one,
//! because a setting that is silently ignored is worse than none.

pub mod error;
pub mod file;
pub mod nearest;

pub use error::ConfigError;
pub use file::FileSettings;
pub use nearest::nearest;
