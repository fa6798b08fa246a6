//! The edge to files and processes: what is read, watched and written.

pub mod delivery;
